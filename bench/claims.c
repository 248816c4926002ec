/* SPDX-License-Identifier: MIT */
/* claims.c: see claims.h. */
#include "claims.h"

#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024.0
#define MIB 1048576.0
#define ARTICLE_ROWS 5
#define WORD 64

/* The five rows of a language: sequential, 20 threads, 100 threads, fibers, loop. */
typedef struct five {
    bool   known;
    double wall[ARTICLE_ROWS]; /* without the program's start */
    double peak[ARTICLE_ROWS];
    double above[ARTICLE_ROWS]; /* the idle program */
} five;

static void five_read(five *result, const plan *work, row_kind kind)
{
    size_t found = 0;
    memset(result, 0, sizeof *result);
    for (size_t i = 0; i < row_count; i++) {
        const row *subject = &row_table[i];
        if (subject->sweep || subject->kind != kind || subject->article < 0) {
            continue;
        }
        spread wall = summary_of(work, (int)i, RUN_JOB, 0, FIGURE_WALL);
        spread start = summary_of(work, (int)i, RUN_IDLE, 0, FIGURE_WALL);
        result->wall[subject->article] = wall.median - start.median;
        result->peak[subject->article] = summary_of(work, (int)i, RUN_JOB, 0, FIGURE_PEAK).median /
                                         MIB;
        result->above[subject->article] = summary_above_idle(work, (int)i) / MIB;
        found += wall.count > 0 ? 1 : 0;
    }
    result->known = found == ARTICLE_ROWS;
}

const char *verdict_name(verdict result)
{
    static const char *const names[] = { "not measured", "confirmed", "confirmed with a difference",
                                         "refuted" };
    return names[result];
}

/* Up to `good` confirmed, up to `fair` confirmed with a difference, else refuted. */
static verdict verdict_below(double value, double good, double fair)
{
    if (value <= good) {
        return VERDICT_CONFIRMED;
    }
    return value <= fair ? VERDICT_DIFFERENT : VERDICT_REFUTED;
}

static double least_of(const double *values, size_t count)
{
    double least = values[0];
    for (size_t i = 1; i < count; i++) {
        least = fmin(least, values[i]);
    }
    return least;
}

static double most_of(const double *values, size_t count)
{
    double most = values[0];
    for (size_t i = 1; i < count; i++) {
        most = fmax(most, values[i]);
    }
    return most;
}

static void claim_faster(claim *result, const five *of)
{
    double parallel = least_of(of->wall + 1, 4);
    double slowest = most_of(of->wall + 1, 4);
    result->title = "Parallel is much faster than sequential";
    result->said = "about 29 s against about 17 s: 40 % less, a speed-up of 1.7";
    result->rule = "speed-up of even the slowest parallel way: 1.5 confirms, below 1.1 refutes";
    text_print(result->measured, CLAIMS_TEXT,
               "%.2f s against %.2f to %.2f s, start of the program subtracted: a speed-up of %.2f "
               "to %.2f",
               of->wall[0], parallel, slowest, of->wall[0] / slowest, of->wall[0] / parallel);
    result->result = verdict_below(slowest / of->wall[0], 1 / 1.5, 1 / 1.1);
}

static void claim_alike(claim *result, const five *of)
{
    double least = least_of(of->wall + 1, 4);
    double most = most_of(of->wall + 1, 4);
    result->title = "The parallel ways hardly differ in time";
    result->said = "between 16.4 and 20.6 s by its charts: the slowest takes 26 % longer";
    result->rule = "slowest over fastest: within 10 % confirms, above 30 % refutes";
    text_print(result->measured, CLAIMS_TEXT,
               "between %.2f and %.2f s, start of the program subtracted: the slowest takes %.1f "
               "%% longer",
               least, most, (most / least - 1) * 100);
    result->result = verdict_below(most / least, 1.10, 1.30);
}

static void claim_hundred(claim *result, const five *of)
{
    double whole = of->peak[2] / of->peak[1];
    double above = of->above[1] > 0 ? of->above[2] / of->above[1] : 0;
    result->title = "100 threads cost much more memory than 20";
    result->said = "481 MiB against 168 MiB: 2.9 times as much";
    result->rule = "whole program twice as large confirms; only what is above the idle program "
                   "twice as large: with a difference; else refuted";
    text_print(result->measured, CLAIMS_TEXT,
               "%.1f MiB against %.1f MiB: %.2f times as much; above the idle program %.2f against "
               "%.2f MiB: %.1f times",
               of->peak[2], of->peak[1], whole, of->above[2], of->above[1], above);
    result->result = verdict_below(-whole, -2, -2);
    if (result->result == VERDICT_REFUTED && above >= 2) {
        result->result = VERDICT_DIFFERENT;
    }
}

static void claim_fibers(claim *result, const five *of)
{
    double fibers = of->peak[3];
    double low = fmin(of->peak[1], of->peak[2]);
    double high = fmax(of->peak[1], of->peak[2]);
    double off = fibers < low ? low / fibers : fibers > high ? fibers / high : 1;
    result->title = "gevent's memory resembles that of threads";
    result->said = "165 MiB against 168 MiB with 20 threads and 481 MiB with 100";
    result->rule = "between 20 and 100 threads, or within 15 % of them, confirms; more than twice "
                   "as far off refutes";
    text_print(result->measured, CLAIMS_TEXT,
               "%.1f MiB against %.1f with 20 threads and %.1f with 100; above the idle program "
               "%.2f against %.2f and %.2f MiB",
               fibers, of->peak[1], of->peak[2], of->above[3], of->above[1], of->above[2]);
    result->result = verdict_below(off, 1.15, 2);
}

static void claim_loop(claim *result, const five *of)
{
    double ratio = of->peak[4] / of->peak[0];
    result->title = "asyncio's memory is close to sequential's";
    result->said = "105 MiB against 75 MiB: 40 % more, and the least of the parallel ways";
    result->rule = "at most 10 % above sequential confirms, more than 50 % refutes";
    text_print(
        result->measured, CLAIMS_TEXT,
        "%.1f MiB against %.1f MiB: %+.1f %%; the parallel ways lie between %.1f and %.1f MiB",
        of->peak[4], of->peak[0], (ratio - 1) * 100, least_of(of->peak + 1, 4),
        most_of(of->peak + 1, 4));
    result->result = verdict_below(ratio, 1.10, 1.50);
}

void claims_judge(claim claims[CLAIMS_COUNT], const output_source *source, row_kind kind)
{
    static void (*const judges[CLAIMS_COUNT])(claim *, const five *) = { claim_faster, claim_alike,
                                                                         claim_hundred,
                                                                         claim_fibers, claim_loop };
    five of;
    five_read(&of, source->work, kind);
    for (size_t i = 0; i < CLAIMS_COUNT; i++) {
        memset(&claims[i], 0, sizeof claims[i]);
        judges[i](&claims[i], &of);
        if (!of.known) {
            text_copy(claims[i].measured, CLAIMS_TEXT, "not measured in this run");
            claims[i].result = VERDICT_UNKNOWN;
        }
    }
}

/* ---- goals ---- */

static void goal_set(goal *result, const char *what, const char *wanted, bool known, bool reached)
{
    result->what = what;
    result->wanted = wanted;
    result->known = known;
    result->reached = known && reached;
    if (!known) {
        text_copy(result->measured, CLAIMS_TEXT, "not measured in this run");
    }
}

/* Whether the two rows are known that most goals are about: sequential and epoll. */
static bool goal_ends(const five *of)
{
    return of->peak[0] > 0 && of->peak[4] > 0;
}

static void goal_ratio(goal *result, const five *of)
{
    double ratio = goal_ends(of) ? of->wall[0] / of->wall[4] : 0;
    text_print(result->measured, CLAIMS_TEXT, "%.2f s : %.2f s = %.2f", of->wall[0], of->wall[4],
               ratio);
    goal_set(result, "Sequential to parallel (epoll) near 29 : 17", "1.71, within 5 %",
             goal_ends(of), fabs(ratio / (29.0 / 17.0) - 1) <= 0.05);
}

static void goal_prices(goal *result, const output_source *source)
{
    size_t good = summary_count(source->work, -1, RUN_OK);
    size_t wrong = summary_count(source->work, -1, RUN_VOID);
    char   word[WORD] = "";
    (void)sscanf(source->setup->expected, "checksum %63s", word);
    text_print(result->measured, CLAIMS_TEXT, "%zu good runs, %zu void; checksum %s", good, wrong,
               word);
    goal_set(result, "The same prices everywhere", "no run void", good > 0, wrong == 0);
}

static void goal_peak(goal *result, const five *of)
{
    double more = goal_ends(of) ? (of->peak[4] / of->peak[0] - 1) * 100 : 0;
    text_print(result->measured, CLAIMS_TEXT, "%.0f kB against %.0f kB: %+.1f %%",
               of->peak[4] * KIB, of->peak[0] * KIB, more);
    goal_set(result, "Epoll's peak RSS, 100 in flight, above sequential's", "at most 3 %",
             goal_ends(of), more <= 3);
}

/* A slope over the sweep, minus the URL's bytes where `url` says so. */
static void goal_slope(goal *result, const output_source *source, const char *name, figure what,
                       bool url, double most)
{
    int    index = row_find(name, true);
    fitted fit = summary_line(source->work, index, 0, what);
    bool   known = fit.count > 2 && fit.fit > 0;
    double value = fit.slope;
    spread hundred = summary_of(source->work, index, RUN_HOLD, 100, what);
    char   number[WORD];
    char   other[WORD];
    if (url) {
        const run_record *any = summary_first(source->work, index, RUN_HOLD, 0);
        value -= any == NULL ? 0 : (double)any->url_bytes;
        text_print(result->measured, CLAIMS_TEXT, "%s bytes, ± %.0f; R² %.5f",
                   text_grouped(value, number, sizeof number), fit.error, fit.fit);
    } else {
        text_print(result->measured, CLAIMS_TEXT,
                   "%s bytes, ± %.0f; R² %.5f; at 100, by division: %s",
                   text_grouped(value, number, sizeof number), fit.error, fit.fit,
                   text_grouped(hundred.median / 100, other, sizeof other));
    }
    result->known = known;
    result->reached = known && value <= most;
}

void goals_judge(goal goals[GOALS_COUNT], const output_source *source)
{
    five of;
    five_read(&of, source->work, ROW_PARIO);
    memset(goals, 0, GOALS_COUNT * sizeof goals[0]);
    goal_ratio(&goals[0], &of);
    goal_prices(&goals[1], source);
    goal_peak(&goals[2], &of);
    goal_slope(&goals[3], source, "threads", FIGURE_MORE_RSS, false, 14 * KIB);
    goal_set(&goals[3], "RSS of a waiting thread", "at most 14,336 bytes (14 kB)", goals[3].known,
             goals[3].reached);
    goal_slope(&goals[4], source, "fibers", FIGURE_MORE_RSS, false, 6 * KIB);
    goal_set(&goals[4], "RSS of a waiting fiber", "at most 6,144 bytes (6 kB)", goals[4].known,
             goals[4].reached);
    goal_slope(&goals[5], source, "epoll", FIGURE_MORE_PRIVATE, true, 256);
    goal_set(&goals[5], "Private memory of a request on epoll, beyond its URL", "at most 256 bytes",
             goals[5].known, goals[5].reached);
}

/* ---- where pario loses ---- */

/* A figure in which less is better. */
typedef struct contest {
    const char *name;
    figure      what;
    run_kind    kind;
    double      unit;
    int         digits;
    const char *unit_name;
} contest;

static const contest contests[] = {
    { "time", FIGURE_WALL, RUN_JOB, 1, 3, "s" },
    { "CPU time", FIGURE_CPU, RUN_JOB, 1e-3, 1, "ms" },
    { "peak RSS", FIGURE_PEAK, RUN_JOB, KIB, 0, "kB" },
    { "private memory with 100 in flight", FIGURE_PRIVATE, RUN_HOLD, KIB, 0, "kB" },
    { "page tables with 100 in flight", FIGURE_TABLES, RUN_HOLD, KIB, 0, "kB" },
};

/* Whether a row takes part: of the job, with 100 in flight. */
static bool contest_row(size_t i)
{
    return !row_table[i].sweep && !row_table[i].once && row_table[i].in_flight == 100;
}

/* pario's best row in a contest, or -1. */
static int contest_best(const plan *work, const contest *of, spread *best)
{
    int winner = -1;
    for (size_t i = 0; i < row_count; i++) {
        spread found = summary_of(work, (int)i, of->kind, 0, of->what);
        if (contest_row(i) && row_table[i].kind == ROW_PARIO && found.count > 0 &&
            (winner < 0 || found.median < best->median)) {
            winner = (int)i;
            *best = found;
        }
    }
    return winner;
}

static size_t contest_list(text *out, const plan *work, const contest *of, const char *before,
                           const char *after)
{
    spread best = { 0, 0, 0, 0 };
    size_t count = 0;
    int    winner = contest_best(work, of, &best);
    for (size_t i = 0; i < row_count && winner >= 0; i++) {
        spread found = summary_of(work, (int)i, of->kind, 0, of->what);
        if (!contest_row(i) || row_table[i].kind == ROW_PARIO || found.count == 0 ||
            found.most >= best.least) {
            continue;
        }
        text_add(out, "%s%s: %s, %s, %.*f %s; pario's best, %s, %.*f %s%s", before, of->name,
                 row_table[i].language, row_table[i].name, of->digits, found.median / of->unit,
                 of->unit_name, row_table[winner].name, of->digits, best.median / of->unit,
                 of->unit_name, after);
        count++;
    }
    return count;
}

/* The same for the slope of the sweep. */
static size_t slope_list(text *out, const plan *work, const char *before, const char *after)
{
    int    epoll = row_find("epoll", true);
    fitted own = summary_line(work, epoll, 0, FIGURE_MORE_PRIVATE);
    size_t count = 0;
    for (size_t i = 0; i < row_count && own.count > 2; i++) {
        fitted other = summary_line(work, (int)i, 0, FIGURE_MORE_PRIVATE);
        if (!row_table[i].sweep || row_table[i].kind == ROW_PARIO || other.count < 3 ||
            other.slope + 2 * other.error >= own.slope - 2 * own.error) {
            continue;
        }
        text_add(out,
                 "%sprivate bytes for one request more in flight: %s, %s, %.0f; pario's best, "
                 "epoll, %.0f%s",
                 before, row_table[i].language, row_table[i].name, other.slope, own.slope, after);
        count++;
    }
    return count;
}

size_t losses_list(text *out, const output_source *source, const char *before, const char *after)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof contests / sizeof contests[0]; i++) {
        count += contest_list(out, source->work, &contests[i], before, after);
    }
    return count + slope_list(out, source->work, before, after);
}
