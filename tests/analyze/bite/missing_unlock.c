/* seen by: thread-safety */
static void pario_i_bite_missing_unlock(pario_i_mutex *bite, int count)
{
    pario_i_mutex_lock(bite);
    if (count > 3) {
        return;
    }
    pario_i_mutex_unlock(bite);
}
