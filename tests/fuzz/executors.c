/* SPDX-License-Identifier: MIT */
#define TEST_NO_MAIN
#define FUZZ_PROGRAM
#include "executors.h"

FUZZ_TARGET(fuzz_executors)
