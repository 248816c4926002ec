/* SPDX-License-Identifier: MIT */
/* output.c: see output.h. */
#include "output.h"

#include "charts.h"
#include "claims.h"
#include "report.h"
#include "results.h"
#include "summary.h"
#include "tables.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define README_BEGIN "<!-- table:begin -->"
#define README_END "<!-- table:end -->"

bool output_prepare(const char *directory)
{
    char   path[1024];
    size_t size = strlen(directory);
    if (size == 0 || size >= sizeof path) {
        fprintf(stderr, "experiment: --out takes the name of a directory\n");
        return false;
    }
    text_copy(path, sizeof path, directory);
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        char kept = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            fprintf(stderr, "experiment: cannot make %s: %s\n", path, strerror(errno));
            return false;
        }
        path[i] = kept;
    }
    return true;
}

/* One table, followed by an empty line. */
static void output_grid(text *out, const output_source *source,
                        void (*maker)(grid *table, const output_source *source))
{
    static grid table;
    maker(&table, source);
    if (table.count > 0) {
        grid_text(out, &table);
        text_add(out, "\n");
    }
}

/* What the article said, and what is measured here, in a few lines. */
static void output_claims(text *out, const output_source *source)
{
    static const row_kind    kinds[] = { ROW_PARIO, ROW_PYTHON };
    static const char *const names[] = { "C", "Python" };
    claim                    claims[CLAIMS_COUNT];
    bool                     any = false;
    for (size_t k = 0; k < 2; k++) {
        claims_judge(claims, source, kinds[k]);
        for (size_t i = 0; i < CLAIMS_COUNT; i++) {
            if (claims[i].result != VERDICT_UNKNOWN) {
                text_add(out, "%s %-6s %-43s %s\n", any ? "" : "The article's claims\n\n", names[k],
                         claims[i].title, verdict_name(claims[i].result));
                any = true;
            }
        }
    }
    text_add(out, "%s", any ? "\n" : "");
}

static void output_goals(text *out, const output_source *source)
{
    goal goals[GOALS_COUNT];
    goals_judge(goals, source);
    bool any = false;
    for (size_t i = 0; i < GOALS_COUNT; i++) {
        if (goals[i].known) {
            text_add(out, "%s", any ? "" : "Goals\n\n");
            any = true;
            text_add(out, " %-7s %s:\n         %s\n         wanted: %s\n",
                     goals[i].reached ? "reached" : "MISSED", goals[i].what, goals[i].measured,
                     goals[i].wanted);
        }
    }
    text_add(out, "%s", any ? "\n" : "");
}

/* Where pario loses, what was left out, and how to look into it. */
static void output_trouble(text *out, const output_source *source)
{
    const plan *work = source->work;
    size_t      bad = summary_count(work, -1, RUN_FAILED) + summary_count(work, -1, RUN_VOID);
    text        lines = { NULL, 0, 0, false };
    if (losses_list(&lines, source, "ahead of pario in ", "\n") > 0) {
        text_add(&lines, "\n");
    }
    (void)tables_trouble(&lines, source, "", "\n");
    if (summary_untraced(work) > 0) {
        text_add(
            &lines,
            "ptrace is not allowed here: the peaks of %zu runs are ru_maxrss, never below some "
            "2 MB\n",
            summary_untraced(work));
    }
    if (work->done < work->count) {
        text_add(&lines, "interrupted: this is what %zu runs have come to\n", work->done);
    }
    if (bad > 0) {
        text_add(&lines,
                 "%zu of %zu runs do not count; to try one row alone: --rows NAME --rounds 1\n",
                 bad, work->done);
    }
    text_add_wrapped(out, lines.bytes == NULL ? "" : lines.bytes, 80);
    out->failed = out->failed || lines.failed;
    text_free(&lines);
}

bool output_tables(const output_source *source)
{
    text out = { NULL, 0, 0, false };
    text_add(&out, "\n");
    output_grid(&out, source, tables_job);
    output_grid(&out, source, tables_plateau);
    output_grid(&out, source, tables_sweep);
    output_grid(&out, source, tables_cost);
    output_claims(&out, source);
    output_goals(&out, source);
    output_trouble(&out, source);
    bool good = !out.failed && fputs(out.bytes, stdout) >= 0 && fflush(stdout) == 0;
    text_free(&out);
    return good;
}

/* Makes one file by its writer. */
static bool output_one(const output_source *source, const char *directory, const char *name,
                       void (*writer)(text *out, const output_source *source))
{
    text out = { NULL, 0, 0, false };
    char path[1200];
    if (directory == NULL) {
        text_copy(path, sizeof path, name);
    } else {
        text_print(path, sizeof path, "%s/%s", directory, name);
    }
    writer(&out, source);
    bool good = text_write(&out, path);
    text_free(&out);
    return good;
}

/* Puts the main table between the marks of a file. */
static bool output_readme(const output_source *source, const char *path)
{
    text        out = { NULL, 0, 0, false };
    text        before = { NULL, 0, 0, false };
    bool        good = text_read(&before, path);
    const char *begin = good ? strstr(before.bytes, README_BEGIN) : NULL;
    const char *end = begin == NULL ? NULL : strstr(begin, README_END);
    if (good && end == NULL) {
        fprintf(stderr,
                "experiment: %s has no \"" README_BEGIN "\" with \"" README_END "\" below\n", path);
        good = false;
    }
    if (good) {
        text_add(&out, "%.*s" README_BEGIN "\n", (int)(begin - before.bytes), before.bytes);
        report_readme(&out, source);
        text_add(&out, "%s", end);
        good = text_write(&out, path);
    }
    text_free(&before);
    text_free(&out);
    return good;
}

bool output_files(const output_source *source, const output_paths *paths)
{
    bool good = output_one(source, paths->directory, "results.csv", results_csv);
    good = output_one(source, paths->directory, "results.json", results_json) && good;
    good = output_one(source, paths->directory, "report.html", report_html) && good;
    if (source->work->done < source->work->count) {
        return good;
    }
    if (paths->picture != NULL) {
        good = output_one(source, NULL, paths->picture, chart_picture) && good;
    }
    if (paths->results != NULL) {
        good = output_one(source, NULL, paths->results, report_markdown) && good;
    }
    if (paths->readme != NULL) {
        good = output_readme(source, paths->readme) && good;
    }
    return good;
}
