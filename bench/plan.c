/* SPDX-License-Identifier: MIT */
/* plan.c: see plan.h. */
#include "plan.h"

#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERHEAD 0.08 /* seconds to start and end a server, to settle, to look */

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
    for (int i = 0; i < ROW_POINTS && row_points[i] <= options->most; i++) {
        if (subject->limit == 0 || row_points[i] <= subject->limit ||
            (options->full && round == 0)) {
            good = good && plan_add(work, row_index, RUN_HOLD, round, row_points[i]);
        }
    }
    return good;
}

/* The runs of one row in one round. */
static bool plan_add_row(plan *work, const plan_options *options, int row_index, int round)
{
    const row *subject = &row_table[row_index];
    if ((subject->once && round > 0) || (subject->optional && round >= options->optional_rounds)) {
        return true;
    }
    if (subject->sweep) {
        return plan_add_sweep(work, options, row_index, round);
    }
    return plan_add(work, row_index, RUN_JOB, round, subject->in_flight) &&
           plan_add(work, row_index, RUN_IDLE, round, subject->in_flight) &&
           plan_add(work, row_index, RUN_HOLD, round, subject->in_flight) &&
           (round > 0 || plan_add(work, row_index, RUN_TRACE, 0, subject->in_flight));
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

/* Settles the runs of optional rows whose program is not there. */
static void plan_mark_missing(plan *work, const run_setup *setup)
{
    for (size_t i = 0; i < work->count; i++) {
        run_record *record = &work->runs[i];
        if (row_table[record->row].optional &&
            run_missing(setup, record->row, record->note, sizeof record->note)) {
            record->state = RUN_MISSING;
        }
    }
}

bool plan_make(plan *result, const plan_options *options, const run_setup *setup)
{
    uint64_t state = options->seed;
    bool     good = true;
    memset(result, 0, sizeof *result);
    result->rounds = options->rounds;
    for (int round = 0; round < options->rounds && good; round++) {
        size_t from = result->count;
        for (size_t i = 0; i < row_count && good; i++) {
            if (plan_wants(options, &row_table[i])) {
                good = plan_add_row(result, options, (int)i, round);
            }
        }
        plan_shuffle(result, from, &state);
    }
    if (!good) {
        fprintf(stderr, "experiment: out of memory for the plan\n");
    } else if (result->count == 0) {
        fprintf(stderr, "experiment: no row of that name; --list shows them all\n");
        good = false;
    } else {
        plan_mark_missing(result, setup);
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

double plan_left(const plan *work, const run_setup *setup)
{
    double total = 0;
    for (size_t i = work->done; i < work->count; i++) {
        total += plan_expect(work, setup, i);
    }
    return total;
}

bool plan_over(plan *work, const plan_options *options, const run_setup *setup)
{
    int    round = work->done < work->count ? work->runs[work->done].round : 0;
    double seconds = 0;
    if (options->budget <= 0 || round < 2 || work->runs[work->done - 1].round == round) {
        return false;
    }
    for (size_t i = 0; i < work->count && work->runs[i].round <= round; i++) {
        if (!row_table[work->runs[i].row].optional) {
            seconds += i < work->done ? work->seconds[i] : plan_expect(work, setup, i);
        }
    }
    if (seconds <= options->budget) {
        return false;
    }
    work->count = work->done;
    work->rounds = round;
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

void plan_baselines(plan *work)
{
    for (size_t i = 0; i < work->done; i++) {
        run_record *record = &work->runs[i];
        if (record->kind != RUN_HOLD || row_table[record->row].shakes) {
            continue;
        }
        for (size_t k = 0; k < work->done; k++) {
            const run_record *one = &work->runs[k];
            if (one->row == record->row && one->kind == RUN_HOLD && one->in_flight == 1 &&
                one->state == RUN_OK) {
                record->before = one->plateau;
            }
        }
    }
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
