/* SPDX-License-Identifier: MIT */
#define TEST_NO_MAIN
#define FUZZ_PROGRAM
#include "exchange.h"

FUZZ_TARGET(fuzz_exchange)
