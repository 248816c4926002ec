/* SPDX-License-Identifier: MIT */
/* results.h: the raw data, one run a line, nothing left out. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "output.h"
#include "text.h"

/* All runs as CSV with a heading. */
void results_csv(text *out, const output_source *source);

/* All runs, the series, the machine and the article's figures as JSON. */
void results_json(text *out, const output_source *source);

#endif
