/* SPDX-License-Identifier: MIT */
/* plan.c: see plan.h. */
#include "plan.h"

#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERHEAD 0.08       /* seconds to start and end a server, to settle, to look */
#define PLAN_LEAST_ROUNDS 2 /* whatever the budget says */

/* splitmix64: an order that a seed reproduces. */
static uint64_t plan_random(uint64_t *state)
{
    uint64_t value = (*state += 0x9E3779B97F4A7C15u);
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/* Whether `name` is one of those that are separated by commas. */
static bool plan_named(const char *only, const char *name)
{
    size_t size = strlen(name);
    while (only != NULL) {
        only += strspn(only, ", ");
        if (strncmp(only, name, size) == 0 && (only[size] == ',' || only[size] == '\0')) {
            return true;
        }
        only = strchr(only, ',');
    }
    return false;
}

static bool plan_wants(const plan_options *options, const row *subject)
{
    bool kind = subject->sweep ? options->sweep : options->job;
    return kind && (options->only == NULL || plan_named(options->only, subject->name));
}

/* Whether a row is wanted whose name is the `size` bytes at `name`. */
static bool plan_name_known(const plan_options *options, const char *name, size_t size)
{
    for (size_t i = 0; i < row_count; i++) {
        if (strlen(row_table[i].name) == size && strncmp(row_table[i].name, name, size) == 0 &&
            plan_wants(options, &row_table[i])) {
            return true;
        }
    }
    return false;
}

/* Whether there is a row for each name; else says for which there is none. */
static bool plan_names_known(const plan_options *options)
{
    const char *name = options->only;
    while (name != NULL) {
        name += strspn(name, ", ");
        size_t size = strcspn(name, ",");
        if (!plan_name_known(options, name, size)) {
            fprintf(stderr, "experiment: no row is called \"%.*s\"; --list shows the names\n",
                    (int)size, name);
            return false;
        }
        name = strchr(name, ',');
    }
    return true;
}

static bool plan_add(plan *work, int row_index, run_kind kind, int round, long in_flight)
{
    if (work->count == work->room) {
        size_t      room = work->room == 0 ? 64 : work->room * 2;
        run_record *runs = realloc(work->runs, room * sizeof runs[0]);
        if (runs == NULL) {
            return false;
        }
        work->runs = runs;
        double *seconds = realloc(work->seconds, room * sizeof seconds[0]);
        if (seconds == NULL) {
            return false;
        }
        work->seconds = seconds;
        work->room = room;
    }
    run_record *record = &work->runs[work->count];
    memset(record, 0, sizeof *record);
    record->row = row_index;
    record->kind = kind;
    record->round = round;
    record->in_flight = in_flight;
    record->state = RUN_INTERRUPTED;
    work->seconds[work->count] = 0;
    work->count++;
    return true;
}

/* The points of the sweep of one row in one round. */
static bool plan_add_sweep(plan *work, const plan_options *options, int row_index, int round)
{
    const row *subject = &row_table[row_index];
    bool       good = true;
    long most = subject->end > 0 && subject->end < options->most ? subject->end : options->most;
    for (int i = 0; i < ROW_POINTS && row_points[i] <= most; i++) {
        if (subject->limit == 0 || row_points[i] <= subject->limit ||
            (options->full && round == 0)) {
            good = good && plan_add(work, row_index, RUN_HOLD, round, row_points[i]);
        }
    }
    return good;
}

/* A row that cannot be measured as something is not installed: one run says so. */
static bool plan_add_missing(plan *work, int row_index, int round, const char *note)
{
    const row *subject = &row_table[row_index];
    bool       good = true;
    if (round == 0) {
        good = plan_add(work, row_index, subject->sweep ? RUN_HOLD : RUN_JOB, round,
                        subject->sweep ? row_points[0] : subject->in_flight);
    }
    if (round == 0 && good) {
        run_record *record = &work->runs[work->count - 1];
        record->state = RUN_MISSING;
        text_copy(record->note, sizeof record->note, note);
    }
    return good;
}

/* The runs of a row of the job in one round. */
static bool plan_add_job(plan *work, int row_index, int round)
{
    long in_flight = row_table[row_index].in_flight;
    return plan_add(work, row_index, RUN_JOB, round, in_flight) &&
           plan_add(work, row_index, RUN_IDLE, round, in_flight) &&
           plan_add(work, row_index, RUN_HOLD, round, in_flight) &&
           (round > 0 || plan_add(work, row_index, RUN_TRACE, 0, in_flight));
}

/* The runs of one row in one round. */
static bool plan_add_row(plan *work, const plan_options *options, const run_setup *setup,
                         int row_index, int round)
{
    const row *subject = &row_table[row_index];
    char       note[sizeof work->runs->note];
    if (subject->once && round > 0) {
        return true;
    }
    if (subject->optional && run_missing(setup, row_index, note, sizeof note)) {
        return plan_add_missing(work, row_index, round, note);
    }
    return subject->sweep ? plan_add_sweep(work, options, row_index, round)
                          : plan_add_job(work, row_index, round);
}

/* Puts the runs from `from` on into a random order. */
static void plan_shuffle(plan *work, size_t from, uint64_t *state)
{
    for (size_t i = work->count; i > from + 1; i--) {
        size_t     other = from + (size_t)(plan_random(state) % (i - from));
        run_record kept = work->runs[i - 1];
        work->runs[i - 1] = work->runs[other];
        work->runs[other] = kept;
    }
}

bool plan_make(plan *result, const plan_options *options, const run_setup *setup)
{
    uint64_t state = options->seed;
    bool     good = true;
    memset(result, 0, sizeof *result);
    result->rounds = options->rounds;
    if (!plan_names_known(options)) {
        return false;
    }
    for (int round = 0; round < options->rounds && good; round++) {
        size_t from = result->count;
        for (size_t i = 0; i < row_count && good; i++) {
            if (plan_wants(options, &row_table[i])) {
                good = plan_add_row(result, options, setup, (int)i, round);
            }
        }
        plan_shuffle(result, from, &state);
    }
    if (!good) {
        fprintf(stderr, "experiment: out of memory for the plan\n");
    }
    return good;
}

/* Whether two runs differ in the round only. */
static bool plan_same(const run_record *a, const run_record *b)
{
    return a->row == b->row && a->kind == b->kind && a->in_flight == b->in_flight;
}

/* What a run will take: as long as the same one took before, or a guess. */
static double plan_expect(const plan *work, const run_setup *setup, size_t index)
{
    const run_record *record = &work->runs[index];
    if (record->state == RUN_MISSING) {
        return 0;
    }
    for (size_t k = work->done; k > 0; k--) {
        if (work->seconds[k - 1] > 0 && plan_same(record, &work->runs[k - 1])) {
            return work->seconds[k - 1];
        }
    }
    return run_guess(setup, record) + OVERHEAD;
}

bool plan_has(const plan *work, row_kind kind)
{
    for (size_t i = 0; i < work->count; i++) {
        if (row_table[work->runs[i].row].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Whether the budget may end the plan before the round of run `index`: it has not begun yet. */
static bool plan_may_end(const plan *work, const plan_options *options, size_t index)
{
    int round = work->runs[index].round;
    int former = work->done == 0 ? 0 : work->runs[work->done - 1].round;
    return options->budget > 0 && round >= PLAN_LEAST_ROUNDS && former < round;
}

plan_rest plan_left(const plan *work, const plan_options *options, const run_setup *setup)
{
    plan_rest rest = { 0, 0 };
    plan_rest before = rest; /* at the beginning of the round of run i */
    double    bound = 0;     /* seconds of the rows that the budget is for */
    for (size_t i = 0; i < work->count; i++) {
        bool   past = i < work->done;
        double seconds = past ? work->seconds[i] : plan_expect(work, setup, i);
        if (i > 0 && work->runs[i].round != work->runs[i - 1].round) {
            before = rest;
        }
        bound += row_table[work->runs[i].row].optional ? 0 : seconds;
        if (bound > options->budget && plan_may_end(work, options, i)) {
            return before;
        }
        rest.runs += past ? 0 : 1;
        rest.seconds += past ? 0 : seconds;
    }
    return rest;
}

bool plan_over(plan *work, const plan_options *options, const run_setup *setup)
{
    if (work->done == work->count || plan_left(work, options, setup).runs > 0) {
        return false;
    }
    work->rounds = work->runs[work->done].round;
    work->count = work->done;
    return true;
}

bool plan_settle(plan *work, size_t index)
{
    run_record *record = &work->runs[index];
    if (record->state == RUN_MISSING) {
        return true;
    }
    for (size_t i = 0; i < index; i++) {
        const run_record *other = &work->runs[i];
        bool              missing = other->row == record->row && other->state == RUN_MISSING;
        bool              again = plan_same(other, record) &&
                     (other->state == RUN_IMPOSSIBLE || other->state == RUN_REFUSED ||
                      (other->state == RUN_FAILED && strncmp(other->note, "hangs", 5) == 0));
        if (missing || again) {
            record->state = other->state;
            text_copy(record->note, sizeof record->note, other->note);
            return true;
        }
    }
    return false;
}

void plan_free(plan *work)
{
    for (size_t i = 0; i < work->count; i++) {
        pario_series_free(&work->runs[i].series);
    }
    free(work->runs);
    free(work->seconds);
    memset(work, 0, sizeof *work);
}
