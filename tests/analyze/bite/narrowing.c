/* seen by: gcc clang clang-tidy */
static int pario_i_bite_narrowing(size_t bite)
{
    int value = bite;
    return value;
}
