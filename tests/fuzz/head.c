/* SPDX-License-Identifier: MIT */
#define TEST_NO_MAIN
#define FUZZ_PROGRAM
#include "head.h"

FUZZ_TARGET(fuzz_head)
