/* seen by: format */
static int pario_i_bite_layout( int  bite )
{
  return bite;
}
