/* SPDX-License-Identifier: MIT */
/* summary.h: what all runs of a row say together. Only runs that are RUN_OK count. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include "plan.h"
#include "statistics.h"

/* What is measured of a run. Memory is in bytes. */
typedef enum figure {
    FIGURE_WALL, /* seconds from exec to exit */
    FIGURE_CPU,  /* seconds, user and system */
    FIGURE_USER,
    FIGURE_SYSTEM,
    FIGURE_PEAK,     /* RSS at its highest, of all that is known */
    FIGURE_HWM,      /* VmHWM at the end */
    FIGURE_MAXRSS,   /* ru_maxrss */
    FIGURE_EXIT_RSS, /* exact, at the end */
    FIGURE_EXIT_PRIVATE,
    FIGURE_FAULTS, /* minor page faults of the whole run */
    FIGURE_RSS,    /* these at the plateau */
    FIGURE_PSS,
    FIGURE_PRIVATE,
    FIGURE_TABLES, /* the process's page tables */
    FIGURE_THREADS,
    FIGURE_PLATEAU_FAULTS, /* minor page faults until then */
    FIGURE_STACKS,         /* the kernel's, of the whole machine: after - before */
    FIGURE_SLAB,
    FIGURE_ALL_TABLES,
    FIGURE_SOCKETS,
    FIGURE_MORE_RSS, /* at the plateau, minus before the first request */
    FIGURE_MORE_PRIVATE,
    FIGURE_MORE_FAULTS,
    FIGURE_COUNT
} figure;

/* Whether a run has this figure: growth needs a reading from before. */
bool summary_has(const run_record *record, figure what);

/* The figure of one run. */
double summary_figure(const run_record *record, figure what);

/* The figure over all good runs of a row, of one kind, with so many in flight (0: any). */
spread summary_of(const plan *work, int row_index, run_kind kind, long in_flight, figure what);

/* A figure of the plateaus as a straight line over the requests in flight, from `least` on. */
fitted summary_line(const plan *work, int row_index, long least, figure what);

/* The peak of the job above that of the same program without work, medians; 0: not known. */
double summary_above_idle(const plan *work, int row_index);

/* The number of runs in this state; of one row, or of all with -1. */
size_t summary_count(const plan *work, int row_index, run_state state);

/* The number of good runs that could not be read at their end, and have ru_maxrss as their peak. */
size_t summary_untraced(const plan *work);

/* The first run of these that is not RUN_OK, or NULL: its note says why. */
const run_record *summary_trouble(const plan *work, int row_index, run_kind kind, long in_flight);

/* The first good run of these, or NULL. */
const run_record *summary_first(const plan *work, int row_index, run_kind kind, long in_flight);

#endif
