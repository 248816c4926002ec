/* SPDX-License-Identifier: MIT */
/* The library as those test programs have it that want nothing but its public functions. */
#define PARIO_IMPLEMENTATION
#include "pario.h"
