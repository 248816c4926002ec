/* seen by: sparse */
const char *pario_i_bite_zero_pointer(void)
{
    const char *bite = 0;
    return bite;
}
