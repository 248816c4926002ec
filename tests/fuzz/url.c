/* SPDX-License-Identifier: MIT */
#define TEST_NO_MAIN
#define FUZZ_PROGRAM
#include "url.h"

FUZZ_TARGET(fuzz_url)
