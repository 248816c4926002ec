/* seen by: gcc clang clang-tidy programs */
static int pario_i_bite_narrowing(size_t bite)
{
    int value = bite;
    return value;
}
