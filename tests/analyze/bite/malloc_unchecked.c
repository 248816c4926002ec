/* seen by: gcc-analyzer */
static unsigned char *pario_i_bite_malloc_unchecked(void)
{
    unsigned char *bite = (unsigned char *)malloc(4);
    *bite = 0;
    return bite;
}
