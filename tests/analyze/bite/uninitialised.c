/* seen by: clang scan-build cppcheck */
static int pario_i_bite_uninitialised(int bite)
{
    int value;
    if (bite > 3) {
        value = 1;
    }
    return value;
}
