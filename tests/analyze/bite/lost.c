/* seen by: complexity */
#define PARIO_I_BITE_LOST(name, value)                                                             \
    static int name(void)                                                                   \
    {                                                                                              \
        return value;                                                                              \
    }
PARIO_I_BITE_LOST(pario_i_bite_lost, 7)
