/* seen by: gcc clang cppcheck */
static void pario_i_bite_sizeof_pointer(unsigned char *bite)
{
    memset(bite, 0, sizeof bite);
}
