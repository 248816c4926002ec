/* seen by: scan-build */
static int pario_i_bite_null_pointer(const int *bite)
{
    int value = 0;
    if (bite == NULL) {
        value = 1;
    }
    return value + *bite;
}
