/* SPDX-License-Identifier: MIT */
/* What the experiment in bench/ computes: statistics, plans, tables, raw data, verdicts. */
#include "test.h" /* first, for the others name a type "text" */

#include "bench/claims.h"
#include "bench/plan.h"
#include "bench/results.h"
#include "bench/statistics.h"
#include "bench/summary.h"
#include "bench/svg.h"
#include "bench/system.h"
#include "bench/tables.h"
#include "bench/text.h"

#include <math.h>
#include <sys/stat.h>

static bool near(double value, double wanted)
{
    return fabs(value - wanted) <= 1e-9 * fmax(1, fabs(wanted));
}

/* ---- statistics -------------------------------------------------------------------------- */

TEST(spread_is_median_and_ends)
{
    double odd[] = { 9, 1, 5 };
    double even[] = { 4, 1, 3, 2 };
    spread none = spread_of(odd, 0);
    spread three = spread_of(odd, 3);
    spread four = spread_of(even, 4);
    CHECK_UINT(none.count, 0);
    CHECK(near(spread_percent(&none), 0));
    CHECK(near(three.median, 5) && near(three.least, 1) && near(three.most, 9));
    CHECK(near(spread_percent(&three), 80));
    CHECK(near(four.median, 2.5));
}

TEST(line_finds_slope_and_its_error)
{
    const double x[] = { 1, 10, 100, 1000, 10000 };
    const double exact[] = { 107, 170, 800, 7100, 70100 };
    const double steps[] = { 0, 0, 1, 1 };
    fitted       fit = fitted_line(x, exact, 5);
    CHECK(near(fit.slope, 7) && near(fit.intercept, 100) && near(fit.fit, 1));
    CHECK(fit.error < 1e-9);
    /* by hand: x 0 to 3, mean 1.5, sum of squares 5; slope 2/5, rest 0.2 */
    const double four[] = { 0, 1, 2, 3 };
    fit = fitted_line(four, steps, 4);
    CHECK(near(fit.slope, 0.4) && near(fit.intercept, -0.1) && near(fit.fit, 0.8));
    CHECK(near(fit.error, sqrt(0.2 / 2 / 5)));
}

TEST(line_needs_two_places)
{
    const double x[] = { 5, 5, 5 };
    const double y[] = { 1, 2, 3 };
    CHECK_UINT(fitted_line(x, y, 0).count, 0);
    CHECK_UINT(fitted_line(x, y, 1).count, 0);
    CHECK_UINT(fitted_line(x, y, 3).count, 0);
}

/* ---- text -------------------------------------------------------------------------------- */

/* Compares what a text has, and empties it. */
static void check_text(text *out, const char *wanted)
{
    CHECK(!out->failed);
    CHECK_STR(out->bytes == NULL ? "" : out->bytes, wanted);
    text_free(out);
}

TEST(text_escapes_for_what_it_is_in)
{
    text out = { NULL, 0, 0, false };
    text_add_html(&out, "a<b> & \"c\"");
    check_text(&out, "a&lt;b&gt; &amp; &quot;c&quot;");
    text_add_json(&out, "a\"b\\c\nd\xFF");
    check_text(&out, "\"a\\\"b\\\\c\\u000ad\\u00ff\"");
    text_add_csv(&out, "plain words");
    check_text(&out, "plain words");
    text_add_csv(&out, "a, \"b\"\nc");
    check_text(&out, "\"a, \"\"b\"\"\nc\"");
}

TEST(text_groups_digits)
{
    static const struct {
        double      value;
        const char *wanted;
    } table[] = { { 0, "0" },         { -0.4, "0" },         { 999, "999" },
                  { 1000, "1,000" },  { -1234.4, "-1,234" }, { 999999.5, "1,000,000" },
                  { 12345, "12,345" } };
    char room[32];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        CHECK_STR(text_grouped(table[i].value, room, sizeof room), table[i].wanted);
    }
}

TEST(text_wraps_at_blanks)
{
    text out = { NULL, 0, 0, false };
    text_add_wrapped(&out, "one two three\nfour\n", 8);
    check_text(&out, "one two\n  three\nfour\n");
    text_add_wrapped(&out, "± ± ±\n", 5);
    check_text(&out, "± ± ±\n");
    CHECK_UINT(text_columns("a±b"), 3);
}

TEST(text_files_are_whole_or_not_there)
{
    char path[] = "/tmp/text_XXXXXX";
    char below[sizeof path + 8];
    text out = { NULL, 0, 0, false };
    text back = { NULL, 0, 0, false };
    int  fd = mkstemp(path);
    CHECK(fd >= 0 && close(fd) == 0);
    text_add(&out, "%s", "bytes\n");
    CHECK(text_write(&out, path));
    CHECK(text_read(&back, path));
    check_text(&back, "bytes\n");
    text_print(below, sizeof below, "%s/x", path);
    CHECK(!text_write(&out, below)); /* says so on standard error */
    CHECK(!text_read(&back, below));
    out.failed = true;
    CHECK(!text_write(&out, path));
    CHECK(text_read(&back, path)); /* the former file is still whole */
    check_text(&back, "bytes\n");
    text_free(&out);
    CHECK_INT(remove(path), 0);
}

/* ---- limits ------------------------------------------------------------------------------ */

/* Writes a file below a directory, and the directories on the way. */
static void put_file(const char *root, const char *name, const char *bytes)
{
    char path[256];
    text out = { NULL, 0, 0, false };
    text_print(path, sizeof path, "%s%s", root, name);
    for (char *at = strchr(path + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        CHECK(mkdir(path, 0777) == 0 || errno == EEXIST);
        *at = '/';
    }
    text_add(&out, "%s", bytes);
    CHECK(text_write(&out, path));
    text_free(&out);
}

TEST(limits_of_control_groups_are_the_least_up_to_the_top)
{
    char root[] = "/tmp/groups_XXXXXX";
    char command[64];
    if (!CHECK(mkdtemp(root) != NULL)) {
        return;
    }
    put_file(root, "/a/pids.max", "300\n");
    put_file(root, "/a/b/pids.max", "max\n");
    put_file(root, "/a/c/pids.max", "200\n");
    put_file(root, "/pids/x/pids.max", "100\n");
    CHECK_INT(limits_group_pids("0::/a/b\n", root), 300);
    CHECK_INT(limits_group_pids("0::/a/c\n", root), 200);
    CHECK_INT(limits_group_pids("0::/\n", root), -1);
    CHECK_INT(limits_group_pids("0::/none/there\n", root), -1);
    CHECK_INT(limits_group_pids("9:cpu:/a\n8:pids:/x\n0::/a/b\n", root), 100);
    CHECK_INT(limits_group_pids("9:cpu:/a\n8:pids:/\n", root), -1);
    CHECK_INT(limits_group_pids("", root), -1);
    text_print(command, sizeof command, "rm -r %s", root);
    CHECK_INT(system(command), 0);
}

/* ---- charts ------------------------------------------------------------------------------ */

TEST(labels_are_moved_apart)
{
    double labels[] = { 10, 11, 12, 60, 99 };
    svg_apart(labels, 5, 14, 0, 100);
    for (size_t i = 1; i < 5; i++) {
        CHECK(labels[i] - labels[i - 1] >= 14 - 1e-9);
    }
    CHECK(near(labels[0], 10) && near(labels[3], 60) && labels[4] <= 100);
}

TEST(axes_place_values)
{
    const axis linear = { 0, 10, 100, 200, false };
    const axis powers = { 1, 10000, 0, 400, true };
    CHECK(near(axis_at(&linear, 5), 150) && near(axis_at(&linear, 20), 200));
    CHECK(near(axis_at(&powers, 100), 200) && near(axis_at(&powers, 0), 0));
    CHECK(near(axis_step(47, 3), 20) && near(axis_end(47, 3), 60) && near(axis_end(0, 3), 1));
}

/* ---- plans ------------------------------------------------------------------------------- */

static const run_setup no_programs = {
    .bin = "/nowhere", .python = "/nowhere/python3", .scripts = "/nowhere", .scale = 0.1
};

static plan_options all_rows(int rounds)
{
    plan_options options = {
        .rounds = rounds, .most = 10000, .job = true, .sweep = true, .seed = 1
    };
    return options;
}

static size_t count_runs(const plan *work, int round, run_kind kind, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < work->count; i++) {
        const run_record *record = &work->runs[i];
        count += record->round == round && record->kind == kind &&
                         strcmp(row_table[record->row].name, name) == 0
                     ? 1
                     : 0;
    }
    return count;
}

TEST(plan_has_each_run_once_a_round)
{
    plan               work;
    const plan_options options = all_rows(3);
    CHECK(plan_make(&work, &options, &no_programs));
    for (int round = 0; round < 3; round++) {
        CHECK_UINT(count_runs(&work, round, RUN_JOB, "epoll 100"), 1);
        CHECK_UINT(count_runs(&work, round, RUN_IDLE, "epoll 100"), 1);
        CHECK_UINT(count_runs(&work, round, RUN_HOLD, "epoll 100"), 1);
        CHECK_UINT(count_runs(&work, round, RUN_TRACE, "epoll 100"), round == 0 ? 1 : 0);
        CHECK_UINT(count_runs(&work, round, RUN_HOLD, "epoll"), 5);
        CHECK_UINT(count_runs(&work, round, RUN_HOLD, "threads 1 arena"), round == 0 ? 5 : 0);
        /* not installed: one run says so */
        CHECK_UINT(count_runs(&work, round, RUN_JOB, "asyncio 100"), round == 0 ? 1 : 0);
    }
    CHECK_UINT(summary_count(&work, -1, RUN_MISSING), 0); /* of those that are done */
    plan_free(&work);
}

TEST(plan_order_follows_from_the_seed)
{
    plan         work[3];
    plan_options options = all_rows(2);
    size_t       same = 0;
    for (size_t i = 0; i < 3; i++) {
        options.seed = i == 2 ? 2 : 1;
        CHECK(plan_make(&work[i], &options, &no_programs));
    }
    for (size_t i = 0; i < work[0].count; i++) {
        CHECK_INT(work[0].runs[i].row, work[1].runs[i].row);
        same += work[0].runs[i].row == work[2].runs[i].row ? 1 : 0;
        CHECK(i == 0 || work[0].runs[i].round >= work[0].runs[i - 1].round);
    }
    CHECK(same < work[0].count / 2);
    for (size_t i = 0; i < 3; i++) {
        plan_free(&work[i]);
    }
}

TEST(plan_takes_names_that_are_known)
{
    plan         work;
    plan_options options = all_rows(1);
    options.only = "epoll, threads 20";
    CHECK(plan_make(&work, &options, &no_programs));
    CHECK_UINT(work.count, 5 + 4);
    plan_free(&work);
    options.only = "epoll,nobody"; /* says so on standard error */
    CHECK(!plan_make(&work, &options, &no_programs));
    plan_free(&work);
}

TEST(plan_ends_where_the_budget_does)
{
    plan         work;
    plan_options options = all_rows(5);
    options.only = "epoll 100"; /* four runs, then three a round */
    CHECK(plan_make(&work, &options, &no_programs));
    CHECK_UINT(plan_left(&work, &options, &no_programs).runs, 16);
    options.budget = 0.001; /* two rounds there are in any case */
    CHECK_UINT(plan_left(&work, &options, &no_programs).runs, 7);
    for (; work.done < 7; work.done++) {
        CHECK(!plan_over(&work, &options, &no_programs));
        work.seconds[work.done] = 1;
    }
    options.budget = 10; /* a third fits in, just so, for each run took a second */
    CHECK_UINT(plan_left(&work, &options, &no_programs).runs, 3);
    CHECK(!plan_over(&work, &options, &no_programs));
    work.done++;
    options.budget = 1; /* a round that has begun is not broken off */
    CHECK(!plan_over(&work, &options, &no_programs));
    CHECK_UINT(plan_left(&work, &options, &no_programs).runs, 2);
    work.done += 2;
    CHECK(plan_over(&work, &options, &no_programs));
    CHECK_INT(work.rounds, 3);
    CHECK_UINT(work.count, 10);
    plan_free(&work);
}

TEST(plan_does_not_repeat_what_hung)
{
    plan         work;
    plan_options options = all_rows(2);
    options.only = "raw loop";
    options.most = 1;
    CHECK(plan_make(&work, &options, &no_programs));
    CHECK_UINT(work.count, 2);
    work.runs[0].state = RUN_FAILED;
    text_print(work.runs[0].note, sizeof work.runs[0].note, "died");
    CHECK(!plan_settle(&work, 1));
    text_print(work.runs[0].note, sizeof work.runs[0].note, "hangs: killed");
    CHECK(plan_settle(&work, 1));
    CHECK_INT(work.runs[1].state, RUN_FAILED);
    plan_free(&work);
}

/* ---- what is made of the runs ------------------------------------------------------------ */

/* A plan whose runs are given one by one. */
typedef struct story {
    plan          work;
    plan_options  options;
    run_setup     setup;
    machine       facts;
    output_source source;
} story;

static story *story_open(void)
{
    story *told = calloc(1, sizeof *told);
    if (told == NULL) {
        abort();
    }
    told->work.runs = calloc(64, sizeof told->work.runs[0]);
    told->work.rounds = 3;
    text_copy(told->setup.expected, sizeof told->setup.expected, "checksum 8BABF84A  days 100");
    told->source.work = &told->work;
    told->source.setup = &told->setup;
    told->source.options = &told->options;
    told->source.facts = &told->facts;
    return told;
}

static void story_close(story *told)
{
    free(told->work.runs);
    free(told);
}

/* A run of a row: of the sweep if it is a plateau, else of the job. */
static run_record *tell(story *told, const char *name, run_kind kind, long in_flight,
                        run_state state)
{
    run_record *record = &told->work.runs[told->work.done];
    record->row = row_find(name, kind == RUN_HOLD);
    record->kind = kind;
    record->in_flight = in_flight;
    record->state = state;
    record->end.traced = true;
    told->work.done++;
    told->work.count++;
    return record;
}

static run_record *tell_job(story *told, const char *name, run_state state, double seconds,
                            uint64_t peak_kb)
{
    run_record *record = tell(told, name, RUN_JOB, 100, state);
    record->end.wall_ns = (int64_t)(seconds * 1e9);
    record->end.peak_bytes = peak_kb * 1024;
    return record;
}

/* A plateau: `each` private bytes a request, above a megabyte. */
static run_record *tell_plateau(story *told, const char *name, long in_flight, run_state state,
                                uint64_t each)
{
    run_record *record = tell(told, name, RUN_HOLD, in_flight, state);
    record->before.memory.private_bytes = 1048576;
    record->plateau.memory.private_bytes = 1048576 + each * (uint64_t)in_flight;
    record->before.memory.rss_bytes = record->before.memory.private_bytes;
    record->plateau.memory.rss_bytes = record->plateau.memory.private_bytes;
    record->url_bytes = 36;
    return record;
}

TEST(void_runs_count_in_no_figure)
{
    story *told = story_open();
    int    epoll = row_find("epoll 100", false);
    (void)tell_job(told, "epoll 100", RUN_OK, 1.7, 2000);
    (void)tell_job(told, "epoll 100", RUN_VOID, 0.1, 100);
    (void)tell_job(told, "epoll 100", RUN_FAILED, 0.1, 100);
    (void)tell_job(told, "epoll 100", RUN_OK, 1.9, 2100);
    spread wall = summary_of(&told->work, epoll, RUN_JOB, 0, FIGURE_WALL);
    CHECK_UINT(wall.count, 2);
    CHECK(near(wall.median, 1.8) && near(wall.least, 1.7));
    CHECK_UINT(summary_count(&told->work, epoll, RUN_VOID), 1);
    story_close(told);
}

TEST(peak_is_the_largest_of_what_is_known)
{
    story      *told = story_open();
    run_record *record = tell_job(told, "epoll 100", RUN_OK, 1.7, 2000);
    CHECK(near(summary_figure(record, FIGURE_PEAK), 2000 * 1024));
    record->end.rss_bytes = 2048 * 1024; /* exact, and more than VmHWM */
    CHECK(near(summary_figure(record, FIGURE_PEAK), 2048 * 1024));
    record->plateau.memory.rss_bytes = 2100 * 1024;
    CHECK(near(summary_figure(record, FIGURE_PEAK), 2100 * 1024));
    record->end.traced = false; /* then VmHWM and what was read with it are not known */
    record->end.maxrss_bytes = 2200 * 1024;
    CHECK(near(summary_figure(record, FIGURE_PEAK), 2200 * 1024));
    CHECK_UINT(summary_untraced(&told->work), 1);
    story_close(told);
}

TEST(growth_needs_a_reading_from_before)
{
    story *told = story_open();
    int    raw = row_find("raw loop", true);
    for (long n = 10; n <= 10000; n *= 10) {
        run_record *record = tell_plateau(told, "raw loop", n, RUN_OK, 24);
        memset(&record->before, 0, sizeof record->before);
    }
    CHECK_UINT(summary_of(&told->work, raw, RUN_HOLD, 0, FIGURE_PRIVATE).count, 4);
    CHECK_UINT(summary_of(&told->work, raw, RUN_HOLD, 0, FIGURE_MORE_PRIVATE).count, 0);
    CHECK_UINT(summary_line(&told->work, raw, 0, FIGURE_MORE_RSS).count, 0);
    story_close(told);
}

TEST(goals_follow_from_the_slope)
{
    story *told = story_open();
    goal   goals[GOALS_COUNT];
    for (long n = 1; n <= 10000; n *= 10) {
        (void)tell_plateau(told, "epoll", n, RUN_OK, 255 + 36);
        (void)tell_plateau(told, "fibers", n, RUN_OK, 6145);
        (void)tell_plateau(told, "epoll", n, RUN_VOID, 9999);
    }
    goals_judge(goals, &told->source);
    CHECK(!goals[0].known && !goals[3].known);
    CHECK(!goals[1].reached); /* void runs */
    CHECK(goals[4].known && !goals[4].reached);
    CHECK(goals[5].known && goals[5].reached);
    (void)tell_plateau(told, "epoll", 10000, RUN_OK, 260 + 36);
    goals_judge(goals, &told->source);
    CHECK(goals[5].known && !goals[5].reached);
    story_close(told);
}

TEST(claims_are_judged_by_their_rules)
{
    static const char *const names[] = { "sequential", "threads 20", "threads 100", "fibers 100",
                                         "epoll 100" };
    static const double      seconds[] = { 2.9, 1.7, 1.7, 1.7, 1.7 };
    static const uint64_t    peaks[] = { 75, 168, 481, 165, 105 };
    story                   *told = story_open();
    claim                    claims[CLAIMS_COUNT];
    for (size_t i = 0; i < 5; i++) {
        (void)tell_job(told, names[i], RUN_OK, seconds[i], peaks[i] * 1024);
    }
    claims_judge(claims, &told->source, ROW_PARIO);
    for (size_t i = 0; i < 4; i++) {
        CHECK_STR(verdict_name(claims[i].result), "confirmed"); /* the article's own figures */
    }
    CHECK_STR(verdict_name(claims[4].result), "confirmed with a difference"); /* 40 % more */
    claims_judge(claims, &told->source, ROW_PYTHON);
    CHECK_STR(verdict_name(claims[0].result), "not measured");
    (void)tell_job(told, "epoll 100", RUN_OK, 3.1, 5000 * 1024);
    (void)tell_job(told, "epoll 100", RUN_OK, 3.1, 5000 * 1024);
    claims_judge(claims, &told->source, ROW_PARIO);
    CHECK_STR(verdict_name(claims[0].result), "refuted");
    CHECK_STR(verdict_name(claims[1].result), "refuted");
    CHECK_STR(verdict_name(claims[4].result), "refuted");
    story_close(told);
}

/* ---- what is written --------------------------------------------------------------------- */

TEST(tables_show_rows_that_were_refused)
{
    static grid table;
    story      *told = story_open();
    text        out = { NULL, 0, 0, false };
    for (long n = 1; n <= 10000; n *= 10) {
        (void)tell_plateau(told, "epoll", n, n < 10000 ? RUN_OK : RUN_REFUSED, 400);
    }
    text_print(told->work.runs[4].note, sizeof told->work.runs[4].note, "no");
    text_print(tell(told, "asyncio", RUN_HOLD, 1, RUN_MISSING)->note, 100, "aiohttp");
    (void)tell(told, "gevent", RUN_HOLD, 1, RUN_MISSING);
    (void)tell(told, "gevent", RUN_HOLD, 1, RUN_MISSING);
    text_print(tell(told, "asyncio", RUN_HOLD, 10, RUN_MISSING)->note, 100, "aiohttp");
    tables_sweep(&table, &told->source);
    grid_text(&out, &table);
    CHECK(strstr(out.bytes, "\n epoll ") != NULL && strstr(out.bytes, " refused ") != NULL);
    CHECK(strstr(out.bytes, "gevent") == NULL); /* it is below, with its reason */
    text_free(&out);
    CHECK_UINT(tables_trouble(&out, &told->source, "- ", "\n"), 3); /* each once */
    check_text(&out, "- refused: C, pario, epoll at 10,000: no\n- missing: Python: \n"
                     "- missing: Python: aiohttp\n");
    story_close(told);
}

/* The widest figures that can be: no line has more than 80 columns. */
TEST(tables_fit_a_terminal)
{
    static void (*const makers[])(grid *, const output_source *) = { tables_job, tables_plateau,
                                                                     tables_sweep, tables_cost };
    static grid table;
    story      *told = story_open();
    text        out = { NULL, 0, 0, false };
    for (int round = 0; round < 2; round++) {
        run_record *record = tell_job(told, "threads 100 1 arena", RUN_OK, 17.123 + round, 99999);
        record->end.user_us = 9000000;
        for (long n = 1; n <= 10000; n *= 10) {
            record = tell_plateau(told, "threads 1 arena", n, RUN_OK, 99999 + (uint64_t)round);
            record->kernel.slab = 20000 * n;
            record->kernel.sockets = -1000 * n;
        }
    }
    (void)tell_job(told, "requests", RUN_REFUSED, 1, 1);
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        makers[i](&table, &told->source);
        grid_text(&out, &table);
        for (char *line = strtok(out.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            test_case("%s", line);
            CHECK(text_columns(line) <= 80);
            CHECK(line[strlen(line) - 1] != ' ');
        }
        text_free(&out);
    }
    story_close(told);
}

/* The number of commas outside quotes. */
static size_t count_commas(const char *line)
{
    size_t count = 0;
    bool   quoted = false;
    for (; *line != '\0' && (quoted || *line != '\n'); line++) {
        quoted = quoted != (*line == '"');
        count += !quoted && *line == ',' ? 1 : 0;
    }
    return count;
}

TEST(csv_has_as_many_fields_in_every_line)
{
    story *told = story_open();
    text   out = { NULL, 0, 0, false };
    (void)tell_job(told, "epoll 100", RUN_OK, 1.7, 2000);
    (void)tell_plateau(told, "epoll", 100, RUN_OK, 400);
    text_print(tell_job(told, "sequential", RUN_FAILED, 1, 1)->note, 100, "\"a\", b");
    results_csv(&out, &told->source);
    size_t wanted = count_commas(out.bytes);
    size_t lines = 0;
    for (const char *line = out.bytes; *line != '\0'; line = strchr(line, '\n') + 1) {
        CHECK_UINT(count_commas(line), wanted);
        lines++;
    }
    CHECK_UINT(lines, 4);
    CHECK(strstr(out.bytes, ",\"\"\"a\"\", b\"\n") != NULL);
    text_free(&out);
    story_close(told);
}
