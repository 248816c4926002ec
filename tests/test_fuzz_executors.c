/* SPDX-License-Identifier: MIT */
/* The fuzz target that compares the executors, over its seeds. */
#include "fuzz/executors.h"

#include "fuzz/replay.h"

TEST(fuzz_executors_seeds)
{
    fuzz_run_seeds(fuzz_executors, "executors", 100);
}
