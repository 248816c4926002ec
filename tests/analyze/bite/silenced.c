/* seen by: suppressions */
static int pario_i_bite_silenced(void)
{
    return 0; /* NO@LINT */
}
