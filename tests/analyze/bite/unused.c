/* seen by: unused */
#define PARIO_I_BITE_UNUSED 1
static int pario_i_bite_unused(void)
{
    return 0;
}
