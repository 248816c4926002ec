/* SPDX-License-Identifier: MIT */
/* results.c: see results.h. */
#include "results.h"

#include "summary.h"

#include <string.h>

#define KIB 1024.0

/* A column of numbers: a figure, or, without one, a member of the launcher's report. */
typedef struct column {
    const char *name;
    figure      what;
    double      unit;
    int         digits;
    bool        plateau; /* only where there was one */
} column;

static const column columns[] = {
    { "wall_s", FIGURE_WALL, 1, 6, false },
    { "cpu_s", FIGURE_CPU, 1, 6, false },
    { "user_s", FIGURE_USER, 1, 6, false },
    { "system_s", FIGURE_SYSTEM, 1, 6, false },
    { "minor_faults", FIGURE_FAULTS, 1, 0, false },
    { "peak_rss_kb", FIGURE_PEAK, KIB, 0, false },
    { "vm_hwm_kb", FIGURE_HWM, KIB, 0, false },
    { "ru_maxrss_kb", FIGURE_MAXRSS, KIB, 0, false },
    { "exit_rss_kb", FIGURE_EXIT_RSS, KIB, 0, false },
    { "exit_private_kb", FIGURE_EXIT_PRIVATE, KIB, 0, false },
    { "plateau_rss_kb", FIGURE_RSS, KIB, 0, true },
    { "plateau_pss_kb", FIGURE_PSS, KIB, 0, true },
    { "plateau_private_kb", FIGURE_PRIVATE, KIB, 0, true },
    { "plateau_page_tables_kb", FIGURE_TABLES, KIB, 0, true },
    { "plateau_threads", FIGURE_THREADS, 1, 0, true },
    { "plateau_minor_faults", FIGURE_PLATEAU_FAULTS, 1, 0, true },
    { "more_rss_kb", FIGURE_MORE_RSS, KIB, 0, true },
    { "more_private_kb", FIGURE_MORE_PRIVATE, KIB, 0, true },
    { "more_minor_faults", FIGURE_MORE_FAULTS, 1, 0, true },
    { "kernel_stacks_kb", FIGURE_STACKS, KIB, 0, true },
    { "kernel_slab_kb", FIGURE_SLAB, KIB, 0, true },
    { "kernel_page_tables_kb", FIGURE_ALL_TABLES, KIB, 0, true },
    { "kernel_sockets_kb", FIGURE_SOCKETS, KIB, 0, true },
};
#define COLUMNS (sizeof columns / sizeof columns[0])

/* Whether a run has something to say in a column. */
static bool results_has(const run_record *record, const column *wanted)
{
    bool ran = record->state == RUN_OK || record->state == RUN_VOID;
    return ran && (!wanted->plateau || record->kind == RUN_HOLD) &&
           summary_has(record, wanted->what);
}

static void results_csv_run(text *out, const run_record *record, size_t order)
{
    const row *subject = &row_table[record->row];
    text_add(out, "%zu,%d,", order, record->round);
    text_add_csv(out, subject->language);
    text_add(out, ",");
    text_add_csv(out, subject->name);
    text_add(out, ",%s,%s,%ld,%s", subject->sweep ? "sweep" : "job", run_kind_name(record->kind),
             record->in_flight, run_state_name(record->state));
    for (size_t i = 0; i < COLUMNS; i++) {
        text_add(out, ",");
        if (results_has(record, &columns[i])) {
            text_add(out, "%.*f", columns[i].digits,
                     summary_figure(record, columns[i].what) / columns[i].unit);
        }
    }
    text_add(out, ",%zu,", record->url_bytes);
    text_add_csv(out, record->answer);
    text_add(out, ",");
    text_add_csv(out, record->note);
    text_add(out, "\n");
}

void results_csv(text *out, const output_source *source)
{
    text_add(out, "order,round,language,row,part,kind,in_flight,state");
    for (size_t i = 0; i < COLUMNS; i++) {
        text_add(out, ",%s", columns[i].name);
    }
    text_add(out, ",url_bytes,answer,note\n");
    for (size_t i = 0; i < source->work->done; i++) {
        results_csv_run(out, &source->work->runs[i], i + 1);
    }
}

/* A member whose value is a string. */
static void results_member(text *out, const char *name, const char *value, const char *after)
{
    text_add_json(out, name);
    text_add(out, ": ");
    text_add_json(out, value);
    text_add(out, "%s", after);
}

/* The samples of a run: milliseconds, then kB of RSS, PSS and private memory, then threads. */
static void results_json_series(text *out, const pario_series *series)
{
    text_add(out, ", \"failed_samples\": %llu, \"sampler_cpu_us\": %lld, \"samples\": [",
             (unsigned long long)series->failed, (long long)series->cpu_us);
    for (size_t i = 0; i < series->count; i++) {
        const pario_sample *sample = &series->samples[i];
        text_add(out, "%s[%.1f,%.0f,%.0f,%.0f,%llu]", i == 0 ? "" : ",",
                 (double)sample->time_us / 1e3, (double)sample->rss_bytes / KIB,
                 (double)sample->pss_bytes / KIB, (double)sample->private_bytes / KIB,
                 (unsigned long long)sample->threads);
    }
    text_add(out, "]");
}

static void results_json_run(text *out, const run_record *record, size_t order)
{
    const row *subject = &row_table[record->row];
    text_add(out, "    {\"order\": %zu, \"round\": %d, ", order, record->round);
    results_member(out, "language", subject->language, ", ");
    results_member(out, "row", subject->name, ", ");
    results_member(out, "part", subject->sweep ? "sweep" : "job", ", ");
    results_member(out, "kind", run_kind_name(record->kind), ", ");
    text_add(out, "\"in_flight\": %ld, ", record->in_flight);
    results_member(out, "state", run_state_name(record->state), ", ");
    for (size_t i = 0; i < COLUMNS; i++) {
        if (results_has(record, &columns[i])) {
            text_add(out, "\"%s\": %.*f, ", columns[i].name, columns[i].digits,
                     summary_figure(record, columns[i].what) / columns[i].unit);
        }
    }
    text_add(out, "\"url_bytes\": %zu, ", record->url_bytes);
    results_member(out, "answer", record->answer, ", ");
    results_member(out, "note", record->note, "");
    if (record->series.count > 0) {
        results_json_series(out, &record->series);
    }
    text_add(out, "}");
}

static void results_json_machine(text *out, const machine *facts)
{
    text_add(out, "  \"machine\": {\n");
    for (size_t i = 0; i < facts->count; i++) {
        text_add(out, "    ");
        results_member(out, facts->facts[i].name, facts->facts[i].value,
                       i + 1 < facts->count ? ",\n" : "\n");
    }
    text_add(out, "  },\n");
}

void results_json(text *out, const output_source *source)
{
    text_add(out, "{\n  \"rounds\": %d, \"scale\": %g, \"order_seed\": %u, \"data_seed\": %u,\n",
             source->work->rounds, source->setup->scale, source->options->seed,
             source->setup->data_seed);
    text_add(out, "  \"planned_runs\": %zu, \"seconds\": %.1f,\n", source->work->count,
             source->seconds);
    results_json_machine(out, source->facts);
    text_add(out, "  \"article\": [\n");
    for (size_t i = 0; i < row_article_count; i++) {
        text_add(out, "    {");
        results_member(out, "row", row_article[i].name, ", ");
        text_add(out, "\"text_s\": %.1f, \"chart_s\": %.1f, \"chart_mib\": %.0f}%s\n",
                 row_article[i].text_seconds, row_article[i].chart_seconds,
                 row_article[i].chart_mib, i + 1 < row_article_count ? "," : "");
    }
    text_add(out, "  ],\n  \"runs\": [\n");
    for (size_t i = 0; i < source->work->done; i++) {
        results_json_run(out, &source->work->runs[i], i + 1);
        text_add(out, "%s\n", i + 1 < source->work->done ? "," : "");
    }
    text_add(out, "  ]\n}\n");
}
