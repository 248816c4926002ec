/* SPDX-License-Identifier: MIT */
/* plan.h: which runs there are, in which order, and how long the rest of them will take. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include "run.h"

#include <stdbool.h>
#include <stddef.h>

/* What the user asked for. */
typedef struct plan_options {
    int      rounds;
    double   budget;  /* seconds for the rows that are not optional, two rounds at least; 0: none */
    long     most;    /* the sweep goes so far */
    unsigned seed;    /* of the order */
    bool     job;     /* the rows of the job */
    bool     sweep;   /* the rows of the sweep */
    bool     full;    /* also what takes long */
    const char *only; /* names of rows, separated by commas; NULL: all */
} plan_options;

/* All runs, in the order in which they are carried out. */
typedef struct plan {
    run_record *runs;
    double     *seconds; /* what each took; 0: not carried out */
    size_t      count;
    size_t      room;
    size_t      done;
    int         rounds; /* so many, unless the budget ends them */
} plan;

/* Makes the plan. Returns false, after saying why: no memory, or a name that no row has. */
bool plan_make(plan *result, const plan_options *options, const run_setup *setup);

/* Whether rows of this kind are in it. */
bool plan_has(const plan *work, row_kind kind);

/* What is still to be done. */
typedef struct plan_rest {
    size_t runs;
    double seconds;
} plan_rest;

/* What the runs from `done` on will take, as far as they fit into the budget. */
plan_rest plan_left(const plan *work, const plan_options *options, const run_setup *setup);

/* At the beginning of a round: whether it does not fit into the budget. If so, the plan ends. */
bool plan_over(plan *work, const plan_options *options, const run_setup *setup);

/*
 * Settles a run without carrying it out, where its outcome is known: a program of the row is
 * missing, or the same run hung before. Returns whether it did.
 */
bool plan_settle(plan *work, size_t index);

void plan_free(plan *work);

#endif
