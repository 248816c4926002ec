/* seen by: languages */
static size_t pario_i_bite_long_is_short(uint64_t bite)
{
    return bite;
}
