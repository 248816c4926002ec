/* SPDX-License-Identifier: MIT */
/* The fuzz targets of the core, over their seeds. */
#include "fuzz/chunked.h"
#include "fuzz/exchange.h"
#include "fuzz/head.h"
#include "fuzz/replay.h"
#include "fuzz/request.h"
#include "fuzz/url.h"

#define VARIATIONS 1000

TEST(fuzz_url_seeds)
{
    fuzz_run_seeds(fuzz_url, "url", VARIATIONS);
}

TEST(fuzz_head_seeds)
{
    fuzz_run_seeds(fuzz_head, "head", VARIATIONS);
}

TEST(fuzz_chunked_seeds)
{
    fuzz_run_seeds(fuzz_chunked, "chunked", VARIATIONS);
}

TEST(fuzz_request_seeds)
{
    fuzz_run_seeds(fuzz_request, "request", VARIATIONS);
}

TEST(fuzz_exchange_seeds)
{
    fuzz_run_seeds(fuzz_exchange, "exchange", VARIATIONS);
}
