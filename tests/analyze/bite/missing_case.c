/* seen by: gcc clang clang-tidy */
static int pario_i_bite_missing_case(pario_executor bite)
{
    int value = 0;
    switch (bite) {
    case PARIO_EPOLL:
    case PARIO_SEQUENTIAL:
    case PARIO_THREADS:
        value = 1;
        break;
    }
    return value;
}
