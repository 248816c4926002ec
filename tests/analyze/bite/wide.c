/* seen by: format */
/* pario_i_bite_wide: a comment that goes on and on, far beyond the hundredth column, where nobody reads. */
