/* seen by: thread-safety */
typedef struct pario_i_bite_shared {
    pario_i_mutex lock;
    bool          stop PARIO_I_GUARDED_BY(lock);
} pario_i_bite_shared;
static void pario_i_bite_unguarded(pario_i_bite_shared *bite)
{
    bite->stop = true;
}
