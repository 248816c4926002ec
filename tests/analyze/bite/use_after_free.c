/* seen by: gcc gcc-analyzer scan-build */
static int pario_i_bite_use_after_free(void)
{
    int *bite = (int *)malloc(sizeof *bite);
    if (bite == NULL) {
        return 0;
    }
    *bite = 1;
    free(bite);
    return *bite;
}
