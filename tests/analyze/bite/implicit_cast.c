/* seen by: gcc clang thread-safety */
static int *pario_i_bite_implicit_cast(void *bite)
{
    int *value = bite;
    return value;
}
