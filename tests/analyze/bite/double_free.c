/* seen by: gcc-analyzer scan-build cppcheck */
static void pario_i_bite_double_free(size_t count)
{
    void *bite = malloc(count);
    if (count > 3) {
        free(bite);
    }
    free(bite);
}
