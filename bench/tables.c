/* SPDX-License-Identifier: MIT */
/* tables.c: see tables.h. */
#include "tables.h"

#include "summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024.0
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A cell with a figure, "-" where nothing is known. */
static void cell_figure(char *cell, const spread *found, double unit, int digits)
{
    if (found->count == 0) {
        text_copy(cell, GRID_CELL, "-");
    } else if (digits == 0) {
        (void)text_grouped(found->median / unit, cell, GRID_CELL);
    } else {
        text_print(cell, GRID_CELL, "%.*f", digits, found->median / unit);
    }
}

/* A spread as a percentage, "-" where one run cannot show any. */
static void cell_percent(char *cell, const spread *found)
{
    text_copy(cell, GRID_CELL, "-");
    if (found->count > 1) {
        text_print(cell, GRID_CELL, "%.1f", spread_percent(found));
    }
}

/* A slope, "-" where there is no line. */
static void cell_slope(char *cell, const fitted *fit)
{
    text_copy(cell, GRID_CELL, "-");
    if (fit->count > 2) {
        (void)text_grouped(fit->slope, cell, GRID_CELL);
    }
}

/* Whether a row has anything to show: figures, or why there are none. */
static bool shown(const plan *work, size_t row_index, run_kind kind, bool sweep)
{
    const run_record *trouble = summary_trouble(work, (int)row_index, kind, 0);
    bool said = trouble != NULL && (trouble->state == RUN_REFUSED || trouble->state == RUN_FAILED ||
                                    trouble->state == RUN_VOID);
    return row_table[row_index].sweep == sweep &&
           (said || summary_first(work, (int)row_index, kind, 0) != NULL);
}

/* What stands where a row has no figure. */
static void cell_absent(char *cell, const plan *work, int row_index, run_kind kind, long in_flight)
{
    const run_record *trouble = summary_trouble(work, row_index, kind, in_flight);
    text_copy(cell, GRID_CELL, "-");
    if (trouble != NULL && trouble->state != RUN_IMPOSSIBLE) {
        text_copy(cell, GRID_CELL, run_state_name(trouble->state));
    }
}

/* The sequential row's median seconds that a row is compared with, or 0. */
static double tables_sequential(const plan *work, row_kind kind)
{
    row_kind wanted = kind == ROW_PYTHON ? ROW_PYTHON : ROW_PARIO;
    for (size_t i = 0; i < row_count; i++) {
        const row *subject = &row_table[i];
        if (!subject->sweep && subject->kind == wanted && subject->way == WAY_SEQUENTIAL) {
            return summary_of(work, (int)i, RUN_JOB, 0, FIGURE_WALL).median;
        }
    }
    return 0;
}

static void tables_job_row(grid_row *line, const plan *work, int row_index)
{
    const row *subject = &row_table[row_index];
    spread     wall = summary_of(work, row_index, RUN_JOB, 0, FIGURE_WALL);
    spread     cpu = summary_of(work, row_index, RUN_JOB, 0, FIGURE_CPU);
    spread     peak = summary_of(work, row_index, RUN_JOB, 0, FIGURE_PEAK);
    double     sequential = tables_sequential(work, subject->kind);
    text_copy(line->cells[0], GRID_CELL, subject->name);
    if (subject->article >= 0) {
        const row_reference *reference = &row_article[subject->article];
        text_print(line->cells[1], GRID_CELL, "%.1f", reference->chart_seconds);
        text_print(line->cells[2], GRID_CELL, "%.0f", reference->chart_mib);
    }
    if (wall.count == 0) {
        cell_absent(line->cells[3], work, row_index, RUN_JOB, 0);
        return;
    }
    cell_figure(line->cells[3], &wall, 1, 3);
    cell_percent(line->cells[4], &wall);
    text_copy(line->cells[5], GRID_CELL, "-");
    if (sequential > 0) {
        text_print(line->cells[5], GRID_CELL, "%.2f", sequential / wall.median);
    }
    cell_figure(line->cells[6], &cpu, 1e-3, 0);
    cell_figure(line->cells[7], &peak, KIB, 0);
    cell_percent(line->cells[8], &peak);
    text_copy(line->cells[9], GRID_CELL, "-");
    if (summary_first(work, row_index, RUN_IDLE, 0) != NULL) {
        (void)text_grouped(summary_above_idle(work, row_index) / KIB, line->cells[9], GRID_CELL);
    }
}

void tables_job(grid *table, const output_source *source)
{
    static const char *const heads[] = { "",     "article\ns",    "article\nMiB", "here\ns",
                                         "±\n%", "speed\nup",     "CPU\nms",      "peak\nkB",
                                         "±\n%", "above\nidle kB" };
    const char              *language = NULL;
    grid_begin(table, "The job: prices of 100 days, delays scaled. Medians.",
               "article: read off its charts, to 2 %; its text says ~29 s and ~17 s. ±: half the\n"
               "width from the least run to the most. speed up: sequential / this. CPU: user and\n"
               "system. peak: RSS. above idle: than the same program doing nothing.\n",
               heads, COUNT(heads));
    for (size_t i = 0; i < row_count; i++) {
        if (shown(source->work, i, RUN_JOB, false)) {
            grid_heading(table, row_table[i].language, &language);
            tables_job_row(grid_add(table), source->work, (int)i);
        }
    }
}

static void tables_plateau_row(grid_row *line, const plan *work, int row_index)
{
    static const figure figures[] = { FIGURE_RSS,     FIGURE_RSS,           FIGURE_PSS,
                                      FIGURE_PRIVATE, FIGURE_PRIVATE,       FIGURE_TABLES,
                                      FIGURE_THREADS, FIGURE_PLATEAU_FAULTS };
    text_copy(line->cells[0], GRID_CELL, row_table[row_index].name);
    if (summary_first(work, row_index, RUN_HOLD, 0) == NULL) {
        cell_absent(line->cells[1], work, row_index, RUN_HOLD, 0);
        return;
    }
    for (size_t k = 0; k < COUNT(figures); k++) {
        spread found = summary_of(work, row_index, RUN_HOLD, 0, figures[k]);
        if (k > 0 && figures[k] == figures[k - 1]) {
            cell_percent(line->cells[k + 1], &found);
        } else {
            cell_figure(line->cells[k + 1], &found, k < COUNT(figures) - 2 ? KIB : 1, 0);
        }
    }
}

void tables_plateau(grid *table, const output_source *source)
{
    static const char *const heads[] = { "",           "RSS\nkB",     "±\n%",
                                         "PSS\nkB",    "private\nkB", "±\n%",
                                         "tables\nkB", "threads",     "minor\nfaults" };
    const char              *language = NULL;
    grid_begin(table, "The job again, held by the server with all of them in flight.",
               "tables: its page tables. minor faults: page faults until then.\n", heads,
               COUNT(heads));
    for (size_t i = 0; i < row_count; i++) {
        if (shown(source->work, i, RUN_HOLD, false)) {
            grid_heading(table, row_table[i].language, &language);
            tables_plateau_row(grid_add(table), source->work, (int)i);
        }
    }
}

static void tables_sweep_row(grid_row *line, const plan *work, int row_index)
{
    fitted fit = summary_line(work, row_index, 0, FIGURE_MORE_PRIVATE);
    text_copy(line->cells[0], GRID_CELL, row_table[row_index].name);
    for (int i = 0; i < ROW_POINTS; i++) {
        spread more = summary_of(work, row_index, RUN_HOLD, row_points[i], FIGURE_MORE_PRIVATE);
        cell_figure(line->cells[i + 1], &more, (double)row_points[i], 0);
        if (more.count == 0) {
            cell_absent(line->cells[i + 1], work, row_index, RUN_HOLD, row_points[i]);
        }
    }
    cell_slope(line->cells[6], &fit);
    text_copy(line->cells[7], GRID_CELL, "-");
    if (fit.count > 2) {
        text_print(line->cells[7], GRID_CELL, "%.0f", fit.error);
    }
}

void tables_sweep(grid *table, const output_source *source)
{
    static const char *const heads[] = { "",      "in flight\n1", "10",    "100",
                                         "1,000", "10,000",       "slope", "±" };
    const char              *language = NULL;
    grid_begin(table, "Private bytes per request in flight, all held by the server.",
               "(at the plateau - before the first request) / requests. slope: what one request\n"
               "more costs, by least squares over all runs; ±: its standard error.\n",
               heads, COUNT(heads));
    for (size_t i = 0; i < row_count; i++) {
        if (shown(source->work, i, RUN_HOLD, true)) {
            grid_heading(table, row_table[i].language, &language);
            tables_sweep_row(grid_add(table), source->work, (int)i);
        }
    }
}

static void tables_cost_row(grid_row *line, const plan *work, int row_index)
{
    static const figure figures[] = { FIGURE_MORE_RSS,   FIGURE_MORE_PRIVATE, FIGURE_TABLES,
                                      FIGURE_STACKS,     FIGURE_SLAB,         FIGURE_SOCKETS,
                                      FIGURE_MORE_FAULTS };
    text_copy(line->cells[0], GRID_CELL, row_table[row_index].name);
    for (size_t k = 0; k < COUNT(figures); k++) {
        fitted fit = summary_line(work, row_index, 0, figures[k]);
        cell_slope(line->cells[k + 1], &fit);
        if (figures[k] == FIGURE_MORE_FAULTS && fit.count > 2) {
            text_print(line->cells[k + 1], GRID_CELL, "%.2f", fit.slope);
        }
    }
}

void tables_cost(grid *table, const output_source *source)
{
    static const char *const heads[] = { "",        "process\nRSS",   "private",
                                         "tables",  "kernel\nstacks", "slab",
                                         "sockets", "page\nfaults" };
    const char              *language = NULL;
    grid_begin(table, "What one request more in flight costs, in bytes.",
               "Slopes over the sweep. tables: the process's page tables. kernel: what the whole\n"
               "machine's kernel took meanwhile, both ends of the connection included; other\n"
               "processes make it noisy, and slab that was free before hides some of it.\n",
               heads, COUNT(heads));
    for (size_t i = 0; i < row_count; i++) {
        if (shown(source->work, i, RUN_HOLD, true) && row_table[i].way != WAY_SEQUENTIAL) {
            grid_heading(table, row_table[i].language, &language);
            tables_cost_row(grid_add(table), source->work, (int)i);
        }
    }
}

/* What went wrong first stands first; then in the order of the tables. */
static int trouble_order(const void *left, const void *right)
{
    const run_record *a = *(const run_record *const *)left;
    const run_record *b = *(const run_record *const *)right;
    const long        keys[][2] = { { (long)a->state, (long)b->state },
                                    { a->row, b->row },
                                    { (long)a->kind, (long)b->kind },
                                    { a->in_flight, b->in_flight },
                                    { a->round, b->round } };
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* All runs that have no figures and a reason, in order. NULL when memory has run out. */
static const run_record **trouble_collect(const plan *work, size_t *count)
{
    const run_record **list = malloc((work->done + 1) * sizeof *list);
    *count = 0;
    for (size_t i = 0; i < work->done && list != NULL; i++) {
        run_state state = work->runs[i].state;
        if (state != RUN_OK && state != RUN_INTERRUPTED) {
            list[(*count)++] = &work->runs[i];
        }
    }
    if (list != NULL) {
        qsort(list, *count, sizeof *list, trouble_order);
    }
    return list;
}

/* Whether two runs have the same line of trouble. */
static bool trouble_same(const run_record *a, const run_record *b)
{
    if (a->state != b->state || strcmp(a->note, b->note) != 0) {
        return false;
    }
    if (a->state == RUN_MISSING || a->state == RUN_IMPOSSIBLE) {
        return strcmp(row_table[a->row].language, row_table[b->row].language) == 0;
    }
    return a->row == b->row && a->kind == b->kind && a->in_flight == b->in_flight;
}

/* One line of trouble. */
static void tables_trouble_line(text *out, const run_record *record)
{
    const row *subject = &row_table[record->row];
    char       number[GRID_CELL];
    text_add(out, "%s: %s", run_state_name(record->state), subject->language);
    if (record->state == RUN_MISSING) {
        text_add(out, ": %s", record->note);
        return;
    }
    text_add(out, ", %s", subject->name);
    if (record->state == RUN_IMPOSSIBLE) {
        text_add(out, " at 10 and more");
    } else if (subject->sweep) {
        text_add(out, " at %s", text_grouped((double)record->in_flight, number, GRID_CELL));
    } else {
        text_add(out, ", %s", run_kind_name(record->kind));
    }
    text_add(out, ": %s", record->note);
}

size_t tables_trouble(text *out, const output_source *source, const char *before, const char *after)
{
    size_t             count = 0;
    size_t             said = 0;
    const run_record **list = trouble_collect(source->work, &count);
    out->failed = out->failed || list == NULL;
    for (size_t i = 0; i < count; i++) {
        size_t former = 0;
        while (!trouble_same(list[former], list[i])) { /* it is the same as itself */
            former++;
        }
        if (former < i) {
            continue;
        }
        text_add(out, "%s", before);
        tables_trouble_line(out, list[i]);
        text_add(out, "%s", after);
        said++;
    }
    free(list);
    return said;
}
