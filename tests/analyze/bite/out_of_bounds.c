/* seen by: gcc cppcheck */
static int pario_i_bite_out_of_bounds(int first)
{
    int bite[4] = { first, 1, 2, 3 };
    int sum = 0;
    for (int i = 0; i <= 4; i++) {
        sum += bite[i];
    }
    return sum;
}
