/* SPDX-License-Identifier: MIT */
/* tables.h: the experiment's tables. */
#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include "grid.h"
#include "output.h"
#include "text.h"

/* The job: time and peak, beside the article's. */
void tables_job(grid *table, const output_source *source);

/* The job's plateau, and what it cost. */
void tables_plateau(grid *table, const output_source *source);

/* The sweep: private bytes per request in flight. */
void tables_sweep(grid *table, const output_source *source);

/* What one request more costs, in the process and in the kernel. */
void tables_cost(grid *table, const output_source *source);

/*
 * Adds a line, each after `before` and followed by `after`, for what is missing, refused, void or
 * failed, with its reason. Returns how many.
 */
size_t tables_trouble(text *out, const output_source *source, const char *before,
                      const char *after);

#endif
