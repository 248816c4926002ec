/* SPDX-License-Identifier: MIT */
/* run.h: one run: a fresh server, a fresh client, and what was measured of it. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "process.h"
#include "rows.h"
#include "stage.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum run_kind {
    RUN_JOB,   /* the ticket job, measured at its end only: nothing looks on */
    RUN_TRACE, /* the ticket job once more, its memory read every few milliseconds */
    RUN_IDLE,  /* the same program with nothing to do */
    RUN_HOLD   /* a plateau of so many requests in flight */
} run_kind;

typedef enum run_state {
    RUN_OK,
    RUN_VOID,       /* it ran, but a page was wrong or missing: its figures do not count */
    RUN_FAILED,     /* the client died, hung, or reported a failure */
    RUN_REFUSED,    /* the system does not allow so many in flight */
    RUN_MISSING,    /* an optional part is not installed */
    RUN_IMPOSSIBLE, /* not a failure: this way cannot have so many in flight by definition */
    RUN_INTERRUPTED
} run_state;

typedef struct run_record {
    int          row; /* in row_table */
    run_kind     kind;
    int          round;
    long         in_flight;
    run_state    state;
    char         note[200];   /* why, when the state is not RUN_OK */
    char         answer[160]; /* the client's last line */
    stage_end    end;
    process_read before;  /* at the plateaus of the sweep: ready, nothing sent yet */
    process_read plateau; /* all in flight, all at rest */
    kernel_read  kernel;  /* what the whole machine's kernel took between the two */
    size_t       url_bytes;
    pario_series series; /* at the trace runs */
} run_record;

/* What a run needs to know of the experiment. */
typedef struct run_setup {
    const char *bin;       /* the directory of the programs */
    const char *python;    /* the interpreter */
    const char *scripts;   /* the directory of the Python scripts */
    int         port;      /* of the server; 0: any free one */
    double      scale;     /* of the article's delays */
    unsigned    data_seed; /* of the server's prices */
    int         interval_ms;
    double      patience;      /* seconds after which a client hangs */
    char        expected[160]; /* the last line of the job, by run_probe */
} run_setup;

/* Whether the program of a row is not there; if so, note receives a line that says what to do. */
bool run_missing(const run_setup *setup, int row_index, char *note, size_t size);

/*
 * Starts the server once and ends it, and asks it for the line that the job must end with. Returns
 * false, and why, if nothing can be measured so.
 */
bool run_probe(run_setup *setup, char *note, size_t size);

/* Carries out the run that record->row, kind and in_flight ask for, and fills in the rest. */
void run_once(const run_setup *setup, run_record *record);

/* The seconds that a run of this kind takes, before anything is known. */
double run_guess(const run_setup *setup, const run_record *record);

/* The name of a state, for tables and files. */
const char *run_state_name(run_state state);

/* The name of a kind, for files. */
const char *run_kind_name(run_kind kind);

#endif
