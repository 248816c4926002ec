/* SPDX-License-Identifier: MIT */
/* summary.c: see summary.h. */
#include "summary.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/*
 * The highest RSS that is known of a run. VmHWM at the client's end has it, but is off by up to
 * some 100 kB after memory was unmapped; so exact readings are compared with it.
 */
static double summary_peak(const run_record *record)
{
    uint64_t peak = record->end.traced ? record->end.peak_bytes : record->end.maxrss_bytes;
    if (record->end.traced && record->end.rss_bytes > peak) {
        peak = record->end.rss_bytes;
    }
    if (record->plateau.memory.rss_bytes > peak) {
        peak = record->plateau.memory.rss_bytes;
    }
    for (size_t i = 0; i < record->series.count; i++) {
        if (record->series.samples[i].rss_bytes > peak) {
            peak = record->series.samples[i].rss_bytes;
        }
    }
    return (double)peak;
}

/* What the launcher said at the client's end. */
static void summary_end(const run_record *record, double values[FIGURE_COUNT])
{
    const stage_end *end = &record->end;
    values[FIGURE_WALL] = (double)end->wall_ns / 1e9;
    values[FIGURE_USER] = (double)end->user_us / 1e6;
    values[FIGURE_SYSTEM] = (double)end->system_us / 1e6;
    values[FIGURE_CPU] = values[FIGURE_USER] + values[FIGURE_SYSTEM];
    values[FIGURE_FAULTS] = (double)end->minor_faults;
    values[FIGURE_PEAK] = summary_peak(record);
    values[FIGURE_HWM] = (double)end->peak_bytes;
    values[FIGURE_MAXRSS] = (double)end->maxrss_bytes;
    values[FIGURE_EXIT_RSS] = (double)end->rss_bytes;
    values[FIGURE_EXIT_PRIVATE] = (double)end->private_bytes;
}

/* What was read at the plateau. */
static void summary_plateau(const run_record *record, double values[FIGURE_COUNT])
{
    const pario_memory *now = &record->plateau.memory;
    const pario_memory *then = &record->before.memory;
    const kernel_read  *kernel = &record->kernel;
    values[FIGURE_RSS] = (double)now->rss_bytes;
    values[FIGURE_PSS] = (double)now->pss_bytes;
    values[FIGURE_PRIVATE] = (double)now->private_bytes;
    values[FIGURE_TABLES] = (double)now->page_table_bytes;
    values[FIGURE_THREADS] = (double)now->threads;
    values[FIGURE_PLATEAU_FAULTS] = (double)record->plateau.minor_faults;
    values[FIGURE_MORE_RSS] = (double)now->rss_bytes - (double)then->rss_bytes;
    values[FIGURE_MORE_PRIVATE] = (double)now->private_bytes - (double)then->private_bytes;
    values[FIGURE_MORE_FAULTS] = (double)record->plateau.minor_faults -
                                 (double)record->before.minor_faults;
    values[FIGURE_STACKS] = (double)kernel->stacks;
    values[FIGURE_SLAB] = (double)kernel->slab;
    values[FIGURE_ALL_TABLES] = (double)kernel->page_tables;
    values[FIGURE_SOCKETS] = (double)kernel->sockets;
}

bool summary_has(const run_record *record, figure what)
{
    bool growth = what == FIGURE_MORE_RSS || what == FIGURE_MORE_PRIVATE ||
                  what == FIGURE_MORE_FAULTS;
    return !growth || record->before.memory.rss_bytes > 0;
}

double summary_figure(const run_record *record, figure what)
{
    double values[FIGURE_COUNT];
    summary_end(record, values);
    summary_plateau(record, values);
    return values[what];
}

/* Whether a run is one of these. */
static bool summary_is(const run_record *record, int row_index, run_kind kind, long in_flight)
{
    return record->row == row_index && record->kind == kind &&
           (in_flight == 0 || record->in_flight == in_flight);
}

spread summary_of(const plan *work, int row_index, run_kind kind, long in_flight, figure what)
{
    double values[STATISTICS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < work->done && count < STATISTICS_MAX; i++) {
        const run_record *record = &work->runs[i];
        if (record->state == RUN_OK && summary_is(record, row_index, kind, in_flight) &&
            summary_has(record, what)) {
            values[count++] = summary_figure(record, what);
        }
    }
    return spread_of(values, count);
}

fitted summary_line(const plan *work, int row_index, long least, figure what)
{
    double x[STATISTICS_MAX];
    double y[STATISTICS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < work->done && count < STATISTICS_MAX; i++) {
        const run_record *record = &work->runs[i];
        if (record->state == RUN_OK && record->in_flight >= least &&
            summary_is(record, row_index, RUN_HOLD, 0) && summary_has(record, what)) {
            x[count] = (double)record->in_flight;
            y[count++] = summary_figure(record, what);
        }
    }
    return fitted_line(x, y, count);
}

double summary_above_idle(const plan *work, int row_index)
{
    spread job = summary_of(work, row_index, RUN_JOB, 0, FIGURE_PEAK);
    spread idle = summary_of(work, row_index, RUN_IDLE, 0, FIGURE_PEAK);
    return job.count == 0 || idle.count == 0 ? 0 : job.median - idle.median;
}

size_t summary_count(const plan *work, int row_index, run_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < work->done; i++) {
        if ((row_index < 0 || work->runs[i].row == row_index) && work->runs[i].state == state) {
            count++;
        }
    }
    return count;
}

size_t summary_untraced(const plan *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->done; i++) {
        count += work->runs[i].state == RUN_OK && !work->runs[i].end.traced ? 1 : 0;
    }
    return count;
}

const run_record *summary_trouble(const plan *work, int row_index, run_kind kind, long in_flight)
{
    for (size_t i = 0; i < work->done; i++) {
        const run_record *record = &work->runs[i];
        if (record->state != RUN_OK && summary_is(record, row_index, kind, in_flight)) {
            return record;
        }
    }
    return NULL;
}

const run_record *summary_first(const plan *work, int row_index, run_kind kind, long in_flight)
{
    for (size_t i = 0; i < work->done; i++) {
        const run_record *record = &work->runs[i];
        if (record->state == RUN_OK && summary_is(record, row_index, kind, in_flight)) {
            return record;
        }
    }
    return NULL;
}
