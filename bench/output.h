/* SPDX-License-Identifier: MIT */
/* output.h: everything that stays: tables, raw data, the report. */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include "machine.h"
#include "plan.h"

#include <stdbool.h>

/* Where it goes; NULL: not wanted. */
typedef struct output_paths {
    const char *directory;
    const char *picture;
    const char *results;
    const char *readme;
} output_paths;

/* What the outputs are made of. */
typedef struct output_source {
    const plan         *work;
    const run_setup    *setup;
    const plan_options *options;
    const machine      *facts;
    double              seconds; /* of the whole experiment */
} output_source;

/* Makes the directory and those above it. Returns false after saying why not. */
bool output_prepare(const char *directory);

/* Prints the tables. */
bool output_tables(const output_source *source);

/*
 * Writes the files; of an interrupted experiment those in the directory only. Returns false, after
 * saying why, if one could not be written.
 */
bool output_files(const output_source *source, const output_paths *paths);

#endif
