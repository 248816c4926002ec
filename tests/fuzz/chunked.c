/* SPDX-License-Identifier: MIT */
#define TEST_NO_MAIN
#define FUZZ_PROGRAM
#include "chunked.h"

FUZZ_TARGET(fuzz_chunked)
