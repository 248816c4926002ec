/* SPDX-License-Identifier: MIT */
/* report.c: see report.h. */
#include "report.h"

#include "charts.h"
#include "claims.h"
#include "summary.h"
#include "svg.h"
#include "tables.h"

#include <stdio.h>
#include <string.h>

static const char page_style[] =
    "*{box-sizing:border-box}html{color-scheme:light dark}\n"
    "body{margin:0 auto;padding:1.2rem 1rem 3rem;max-width:70rem;color:var(--ink);"
    "background:var(--paper);font:16px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,"
    "sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0 .6rem}h2{font-size:1.2rem;margin:2.2rem 0 "
    ".5rem}\n"
    "p{max-width:46rem;margin:.5rem 0}.note,figcaption{color:var(--muted);font-size:.875rem}\n"
    "tr{break-inside:avoid}.key{break-after:avoid}\n"
    "figure{margin:.8rem 0;break-inside:avoid}figcaption b{color:var(--ink)}\n"
    "svg{display:block;width:100%;height:auto}\n"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));"
    "gap:1rem 2rem;align-items:start}.two figure{display:grid;grid-row:span 2;"
    "grid-template-rows:subgrid;gap:.5rem}.two figure{max-width:27rem}.one{max-width:32rem}\n"
    ".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.6rem,1fr));"
    "gap:.8rem .6rem;margin-top:.5rem}.panels svg{max-width:15rem;break-inside:avoid}\n"
    ".scroll{overflow-x:auto;margin:.8rem 0;background:linear-gradient(to left,var(--paper) 30%,"
    "transparent) right/2.5rem 100% local no-repeat,linear-gradient(to "
    "left,var(--grid),transparent)"
    " right/.9rem 100% scroll "
    "no-repeat,var(--paper)}table{border-collapse:collapse;font-size:.875rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2rem .55rem;text-align:right;border-bottom:1px solid var(--grid);"
    "vertical-align:bottom;white-space:nowrap}\n"
    "th:first-child{text-align:left;padding-left:0}thead th{color:var(--muted);font-weight:400}\n"
    "tbody th{font-weight:400}tr.group th{font-weight:600;padding-top:.6rem}\n"
    ".claims{display:grid;gap:.8rem}.claims section{border-left:4px solid var(--grid);"
    "padding:.1rem 0 .1rem .9rem;break-inside:avoid}\n"
    "h3{font-size:1rem;margin:1.4rem 0 0}.claims h3{margin:0}.claims p{margin:.15rem 0}\n"
    ".v{display:inline-block;border:1.5px solid;border-radius:3px;padding:0 "
    ".4em;font-size:.8125rem;"
    "font-weight:600;white-space:nowrap}\n"
    ".v1{color:var(--k3)}.v2{color:var(--k0)}.v3{color:var(--k2)}.v0{color:var(--muted)}\n"
    ".key span{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 .9em}"
    ".key span:first-child{margin-left:0}\n"
    ".s0{background:var(--k0)}.s1{background:var(--k1)}.s2{background:var(--k2)}"
    ".s3{background:var(--k3)}\n"
    "dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.15rem 1rem;"
    "font-size:.875rem}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}\n"
    "li{margin:.2rem 0}svg .i{stroke-dasharray:3 3}\n"
    ".stop{border:2px solid var(--k2);padding:.4rem .8rem;font-weight:600}\n"
    "@media (max-width:40rem){th,td{padding:.2rem .35rem}tbody th:first-child,thead "
    "th:first-child{position:sticky;left:0;background:var(--paper)}}\n"
    "@media (max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}h2,h3{break-after:avoid}"
    "th,td{padding:.08rem .5rem}.scroll+.note{break-before:avoid}"
    ".scroll{overflow:visible;background:none;break-inside:avoid}.panels{grid-template-columns:"
    "repeat(5,1fr)}"
    ".two{grid-template-columns:1fr 1fr}span{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}svg{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n";

static void report_head(text *out, const output_source *source)
{
    const plan *work = source->work;
    text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<title>What waiting costs: pario's experiment</title>\n<style>\n");
    svg_style(out);
    text_add(out, "%s</style>\n</head>\n<body>\n<h1>What waiting costs</h1>\n", page_style);
    text_add(
        out,
        "<p>A hundred bus-ticket pages, fetched in different ways: the job of &ldquo;Memory "
        "efficiency of parallel IO operations in Python&rdquo; (2018), against a server on the "
        "same machine. With pario only the executor changes; beside it run the article's own "
        "scripts and other libraries. Delays are the article's &times; %g; figures are medians "
        "of %d %s, each in a fresh process, in random order (seed %u): %zu good runs, %zu "
        "void, %zu failed, %zu refused.</p>\n",
        source->setup->scale, source->work->rounds, source->work->rounds == 1 ? "round" : "rounds",
        source->options->seed, summary_count(work, -1, RUN_OK), summary_count(work, -1, RUN_VOID),
        summary_count(work, -1, RUN_FAILED), summary_count(work, -1, RUN_REFUSED));
    if (work->done < work->count) {
        text_add(
            out,
            "<p class=\"stop\">Interrupted after %zu runs: what follows is what there is.</p>\n",
            work->done);
    }
}

static void report_table(text *out, const output_source *source, const char *heading,
                         void (*maker)(grid *table, const output_source *source))
{
    static grid table;
    maker(&table, source);
    if (table.count == 0) {
        return;
    }
    if (heading != NULL) {
        text_add(out, "<h2>%s</h2>\n", heading);
    } else {
        text_add(out, "<h3>");
        text_add_html(out, table.title);
        text_add(out, "</h3>\n");
    }
    grid_html(out, &table);
}

/* Whether the job's rows were run at all. */
static bool report_has(const output_source *source, run_kind kind, bool sweep)
{
    for (size_t i = 0; i < row_count; i++) {
        if (row_table[i].sweep == sweep && summary_first(source->work, (int)i, kind, 0) != NULL) {
            return true;
        }
    }
    return false;
}

static void report_key(text *out)
{
    text_add(out, "<p class=\"note key\"><span class=\"s0\"></span>pario"
                  "<span class=\"s1\"></span>by hand"
                  "<span class=\"s3\"></span>libcurl, Go"
                  "<span class=\"s2\"></span>Python</p>\n");
}

static void report_bars(text *out, const output_source *source)
{
    text_add(out, "<h2>Time and peak memory</h2>\n");
    report_key(out);
    text_add(out,
             "<div class=\"two\">\n<figure>\n<figcaption><b>Seconds for the hundred days</b>, "
             "from exec to exit. Fainter: the program starting, with nothing to do. Thin line: "
             "from the fastest run to the slowest. Upright: the article's time &times; %g."
             "</figcaption>\n",
             source->setup->scale);
    chart_bars_of(out, source, CHART_TIME);
    text_add(out, "</figure>\n<figure>\n<figcaption><b>Peak RSS, MiB.</b> Fainter: what the same "
                  "program takes with nothing to do. Thin line: from the least run to the most."
                  "</figcaption>\n");
    chart_bars_of(out, source, CHART_PEAK);
    text_add(out, "</figure>\n</div>\n");
}

/* What the sampler itself cost, over all traces. */
static void report_sampler(text *out, const output_source *source)
{
    double samples = 0;
    double failed = 0;
    double cpu = 0;
    for (size_t i = 0; i < source->work->done; i++) {
        const pario_series *series = &source->work->runs[i].series;
        samples += (double)series->count;
        failed += (double)series->failed;
        cpu += (double)series->cpu_us;
    }
    if (samples > 0) {
        text_add(
            out,
            "Read from outside every %d ms, in a run of its own: a reading costs %.0f "
            "&micro;s of CPU in the experiment's process, not in the client; %.0f readings, and "
            "%.0f that came too late, the client having just ended. The table's figures come "
            "from runs at which nothing looked on.",
            source->setup->interval_ms, cpu / samples, samples, failed);
    }
}

static void report_memory(text *out, const output_source *source)
{
    text_add(out,
             "<h2>Memory over time</h2>\n<figure>\n<figcaption><b>RSS in MiB over seconds</b>, "
             "all rows on one scale. Dashed: the program with nothing to do. ");
    report_sampler(out, source);
    text_add(out, "</figcaption>\n");
    chart_memory(out, source, false);
    text_add(out, "</figure>\n<figure>\n<figcaption><b>The same, pario only</b>, on one scale of "
                  "its own.</figcaption>\n");
    chart_memory(out, source, true);
    text_add(out, "</figure>\n");
}

static void report_sweep(text *out, const output_source *source)
{
    text_add(out, "<h2>Memory per request in flight</h2>\n");
    report_key(out);
    text_add(out, "<figure class=\"one\">\n<figcaption><b>Private bytes per request in flight</b>, "
                  "both axes logarithmic: (all in flight, held by the server &minus; before the "
                  "first request) / requests. Squares: threads; triangles: fibers and green "
                  "threads; circles: loops.</figcaption>\n");
    chart_per_request(out, source);
    text_add(out, "</figure>\n");
    report_table(out, source, NULL, tables_sweep);
    report_table(out, source, NULL, tables_cost);
}

static void report_claim(text *out, const claim *one, const char *language)
{
    text_add(out, "<p><span class=\"v v%d\">%s</span> %s: ", (int)one->result,
             verdict_name(one->result), language);
    text_add_html(out, one->measured);
    text_add(out, ".</p>\n");
}

static void report_claims(text *out, const output_source *source)
{
    claim in_c[CLAIMS_COUNT];
    claim in_python[CLAIMS_COUNT];
    claims_judge(in_c, source, ROW_PARIO);
    claims_judge(in_python, source, ROW_PYTHON);
    text_add(out, "<h2>The article's claims</h2>\n<div class=\"claims\">\n");
    for (size_t i = 0; i < CLAIMS_COUNT; i++) {
        text_add(out, "<section>\n<h3>");
        text_add_html(out, in_c[i].title);
        text_add(out, "</h3>\n<p>The article: ");
        text_add_html(out, in_c[i].said);
        text_add(out, ".</p>\n");
        report_claim(out, &in_c[i], "C, pario");
        report_claim(out, &in_python[i], "Python, its own scripts");
        text_add(out, "<p class=\"note\">Rule: ");
        text_add_html(out, in_c[i].rule);
        text_add(out, ".</p>\n</section>\n");
    }
    text_add(out, "</div>\n");
}

static void report_goals(text *out, const output_source *source)
{
    goal goals[GOALS_COUNT];
    goals_judge(goals, source);
    text_add(out, "<h2>What pario is to reach</h2>\n<div class=\"claims\">\n");
    for (size_t i = 0; i < GOALS_COUNT; i++) {
        const char *word = !goals[i].known    ? "not measured"
                           : goals[i].reached ? "reached"
                                              : "missed";
        text_add(out, "<section>\n<h3>%s</h3>\n<p><span class=\"v v%d\">%s</span> ", goals[i].what,
                 !goals[i].known    ? 0
                 : goals[i].reached ? 1
                                    : 3,
                 word);
        text_add_html(out, goals[i].measured);
        text_add(out, ". Wanted: ");
        text_add_html(out, goals[i].wanted);
        text_add(out, ".</p>\n</section>\n");
    }
    text_add(out, "</div>\n");
}

static void report_losses(text *out, const output_source *source)
{
    text list = { NULL, 0, 0, false };
    text_add(out, "<h2>Where pario loses</h2>\n<p>Every figure in which another program that does "
                  "the same job, 100 in flight, is ahead of each of pario's rows by more than the "
                  "spread of the runs:</p>\n");
    if (losses_list(&list, source, "<li>", "</li>\n") == 0) {
        text_add(out, "<p>None in this run.</p>\n");
    } else {
        text_add(out, "<ul>\n%s</ul>\n", list.bytes);
    }
    out->failed = out->failed || list.failed;
    text_free(&list);
}

static void report_trouble(text *out, const output_source *source)
{
    text list = { NULL, 0, 0, false };
    if (tables_trouble(&list, source, "", "\n") > 0) {
        text_add(out, "<h2>What is not in the tables, and why</h2>\n<ul>\n");
        char *rest = NULL;
        for (char *one = strtok_r(list.bytes, "\n", &rest); one != NULL;
             one = strtok_r(NULL, "\n", &rest)) {
            text_add(out, "<li>");
            text_add_html(out, one);
            text_add(out, "</li>\n");
        }
        text_add(out, "</ul>\n");
    }
    out->failed = out->failed || list.failed;
    text_free(&list);
}

static void report_machine(text *out, const output_source *source)
{
    text_add(out, "<h2>Machine and method</h2>\n<dl>\n");
    for (size_t i = 0; i < source->facts->count; i++) {
        text_add(out, "<dt>");
        text_add_html(out, source->facts->facts[i].name);
        text_add(out, "</dt><dd>");
        text_add_html(out, source->facts->facts[i].value);
        text_add(out, "</dd>\n");
    }
    text_add(out, "<dt>experiment</dt><dd>%zu runs in %.0f s</dd>\n</dl>\n", source->work->done,
             source->seconds);
    text_add(out,
             "<p class=\"note\">Peak memory is VmHWM, read while the kernel holds the client at "
             "its very end, or a larger exact reading; RSS, PSS and private bytes are "
             "smaps_rollup's, read when two readings in a row agree. ");
    if (summary_untraced(source->work) > 0) {
        text_add(
            out,
            "ptrace is not allowed here: the peaks of %zu runs are ru_maxrss, never below some "
            "2 MB. ",
            summary_untraced(source->work));
    }
    text_add(out, "A run with one wrong or missing price is void. Raw data: results.csv and "
                  "results.json beside this page; method and traps: bench/README.md.</p>\n");
}

void report_html(text *out, const output_source *source)
{
    report_head(out, source);
    if (report_has(source, RUN_JOB, false)) {
        report_table(out, source, "The hundred-day job", tables_job);
        report_bars(out, source);
    }
    if (report_has(source, RUN_TRACE, false)) {
        report_memory(out, source);
    }
    if (report_has(source, RUN_HOLD, true)) {
        report_sweep(out, source);
    }
    if (report_has(source, RUN_HOLD, false)) {
        report_table(out, source, "The job, held with all of them in flight", tables_plateau);
    }
    if (report_has(source, RUN_JOB, false)) {
        report_claims(out, source);
    }
    report_goals(out, source);
    report_losses(out, source);
    report_trouble(out, source);
    report_machine(out, source);
    text_add(out, "</body>\n</html>\n");
}

/* ---- Markdown ---- */

static void markdown_table(text *out, const output_source *source,
                           void (*maker)(grid *table, const output_source *source))
{
    static grid table;
    maker(&table, source);
    if (table.count > 0) {
        text_add(out, "## %s\n\n", table.title);
        grid_markdown(out, &table);
        text_add(out, "\n%s\n", table.note);
    }
}

static void markdown_claims(text *out, const output_source *source)
{
    static const row_kind    kinds[] = { ROW_PARIO, ROW_PYTHON };
    static const char *const names[] = { "C, pario", "Python" };
    claim                    claims[CLAIMS_COUNT];
    text_add(out, "## The article's claims\n\n| claim | article | measured in | here | verdict |\n"
                  "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < CLAIMS_COUNT; i++) {
        for (size_t k = 0; k < 2; k++) {
            claims_judge(claims, source, kinds[k]);
            text_add(out, "| %s | %s | %s | %s | %s |\n", claims[i].title, claims[i].said, names[k],
                     claims[i].measured, verdict_name(claims[i].result));
        }
    }
    text_add(out, "\n");
}

static void markdown_goals(text *out, const output_source *source)
{
    goal goals[GOALS_COUNT];
    goals_judge(goals, source);
    text_add(out, "## Goals\n\n| figure | wanted | here | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < GOALS_COUNT; i++) {
        text_add(out, "| %s | %s | %s | %s |\n", goals[i].what, goals[i].wanted, goals[i].measured,
                 !goals[i].known    ? "not measured"
                 : goals[i].reached ? "reached"
                                    : "**missed**");
    }
    text_add(out, "\n");
}

void report_markdown(text *out, const output_source *source)
{
    text_add(out,
             "# Results of one full run\n\nWritten by `make bench-results`; "
             "bench/README.md says how it is measured. Delays: the article's x %g; medians of "
             "%d rounds; %zu runs in %.0f s, order seed %u.\n\n",
             source->setup->scale, source->work->rounds, source->work->done, source->seconds,
             source->options->seed);
    markdown_table(out, source, tables_job);
    markdown_table(out, source, tables_plateau);
    markdown_table(out, source, tables_sweep);
    markdown_table(out, source, tables_cost);
    markdown_claims(out, source);
    markdown_goals(out, source);
    text_add(out, "## Where pario loses\n\n");
    if (losses_list(out, source, "- ", "\n") == 0) {
        text_add(out, "Nowhere in this run.\n");
    }
    text_add(out, "\n## Not in the tables\n\n");
    if (tables_trouble(out, source, "- ", "\n") == 0) {
        text_add(out, "Nothing is missing.\n");
    }
    text_add(out, "\n## Machine\n\n| what | |\n| --- | --- |\n");
    for (size_t i = 0; i < source->facts->count; i++) {
        text_add(out, "| %s | %s |\n", source->facts->facts[i].name, source->facts->facts[i].value);
    }
}

void report_readme(text *out, const output_source *source)
{
    static grid table;
    tables_job(&table, source);
    grid_markdown(out, &table);
    text_add(out, "\nMedians of %d %s, delays the article's x %g.\n%s", source->work->rounds,
             source->work->rounds == 1 ? "round" : "rounds", source->setup->scale, table.note);
}
