/* seen by: gcc-analyzer scan-build */
static pario_error pario_i_bite_leak(size_t count)
{
    unsigned char *bite = (unsigned char *)malloc(count + 1);
    if (bite == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    bite[0] = 0;
    if (count > 3) {
        return PARIO_ERROR_ARGUMENT;
    }
    free(bite);
    return PARIO_OK;
}
