/* seen by: complexity clang-tidy */
static int pario_i_bite_branches(int bite)
{
    int value = 0;
    if (bite == 1 || bite == 4 || bite == 9) {
        value = 1;
    }
    while (value < bite && value < 100) {
        value++;
    }
    for (int i = 0; i < bite; i++) {
        if (i == 5 && bite > 7) {
            if (value > 9) {
                while (value > 9) {
                    value = value > 11 ? value - 2 : value - 1;
                }
            }
        }
    }
    return value;
}
