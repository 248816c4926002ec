/* SPDX-License-Identifier: MIT */
/*
 * experiment: what each way of waiting costs, in time and in memory.
 *
 *     build/experiment                    what `make bench` runs
 *     build/experiment --full             what `make bench-full` runs
 *     build/experiment --rounds 1 --scale 0.01      the smallest
 *     build/experiment --help
 *
 * Each run is a fresh server and a fresh client, started by a small launcher and measured from
 * outside; the runs of a round are in random order. bench/README.md says what is measured, how,
 * and which mistakes of the article and of later comparisons are avoided, and by what.
 */
#include "launcher.h"
#include "machine.h"
#include "output.h"
#include "plan.h"
#include "summary.h"
#include "system.h"
#include "text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_LEFT_OUT 1 /* a row that is not optional failed or is void */
#define EXIT_USAGE 2
#define EXIT_REFUSED 3 /* nothing but points that the system's limits refuse was left out */
#define BUDGET 112.0   /* seconds, so that `make bench` takes less than two minutes */
#define ROUNDS 5
#define BUSY 1.0           /* load average from which the machine is not ours alone */
#define PROGRESS_EVERY 5.0 /* seconds between lines where the output is not a terminal */

typedef struct choices {
    run_setup    setup;
    plan_options plan;
    output_paths output;
    bool         rounds_given;
    bool         scale_given;
    bool         only_job;
    bool         only_sweep;
} choices;

static const char usage[] =
    "usage: experiment [options]\n"
    "  --rounds N       repeat each run N times; also the variable ROUNDS. Default:\n"
    "                   5, or, two at least, as many as fit into two minutes of the\n"
    "                   rows that need gcc and make alone\n"
    "  --scale X        the article's delays times X (default 0.1, with --full 1)\n"
    "  --full           the article's own delays, 5 rounds of all: takes long\n"
    "  --most N         the sweep ends at N requests in flight (default 10000)\n"
    "  --rows A,B       only the rows of these names\n"
    "  --job, --sweep   only the hundred-day job, only the sweep\n"
    "  --list           the names of the rows\n"
    "  --port N         where the servers listen (default 0: a free port each)\n"
    "  --seed N         of the order of the runs (default: from the clock; printed)\n"
    "  --patience S     seconds after which a client counts as hanging\n"
    "  --interval MS    between two samples of a memory curve (default 5)\n"
    "  --bin DIR        where the programs are (default: where experiment is)\n"
    "  --scripts DIR    where the Python scripts are (default bench/python)\n"
    "  --python FILE    the interpreter (default /usr/bin/python3)\n"
    "  --out DIR        report.html, results.csv, results.json (default BIN/bench)\n"
    "  --picture FILE   also the picture of the README, an SVG\n"
    "  --results FILE   also the results as Markdown\n"
    "  --readme FILE    also the main table, between the marks that FILE has for it\n"
    "exit: 0 all measured, optional rows aside; 1 a row failed or is void; 2 wrong\n"
    "      usage; 3 the system's limits refused a point of the sweep; 130 interrupted\n";

/* A number from `least` to `most`, or a line that says what was wrong. */
static bool option_number(const char *name, const char *word, double least, double most,
                          double *number)
{
    char *end = NULL;
    *number = strtod(word, &end);
    if (end == word || *end != '\0' || !(*number >= least && *number <= most)) {
        fprintf(stderr, "experiment: --%s takes a number from %g to %g, not \"%s\"\n", name, least,
                most, word);
        return false;
    }
    return true;
}

/* A whole number from `least` to `most`, or a line that says what was wrong. */
static bool option_whole(const char *name, const char *word, long least, long most, long *number)
{
    char *end = NULL;
    *number = strtol(word, &end, 10);
    if (end == word || *end != '\0' || *number < least || *number > most) {
        fprintf(stderr, "experiment: --%s takes a whole number from %ld to %ld, not \"%s\"\n", name,
                least, most, word);
        return false;
    }
    return true;
}

/* The options whose value is a number. */
static bool option_take_number(choices *wanted, int letter, const char *word)
{
    long number = 0;
    bool good = true;
    switch (letter) {
    case 'n':
        good = option_whole("rounds", word, 1, 100, &number);
        wanted->plan.rounds = (int)number;
        wanted->rounds_given = true;
        break;
    case 'x':
        good = option_number("scale", word, 0.001, 10, &wanted->setup.scale);
        wanted->scale_given = true;
        break;
    case 'm':
        good = option_whole("most", word, 1, 10000, &number);
        wanted->plan.most = number;
        break;
    case 'p':
        good = option_whole("port", word, 0, 65535, &number);
        wanted->setup.port = (int)number;
        break;
    case 's':
        good = option_whole("seed", word, 0, 4294967295, &number);
        wanted->plan.seed = (unsigned)number;
        break;
    case 't':
        good = option_number("patience", word, 1, 3600, &wanted->setup.patience);
        break;
    default:
        good = option_whole("interval", word, 1, 10000, &number);
        wanted->setup.interval_ms = (int)number;
        break;
    }
    return good;
}

static void option_list(void)
{
    for (size_t i = 0; i < row_count; i++) {
        printf("%-6s %-22s %s\n", row_table[i].sweep ? "sweep" : "job", row_table[i].name,
               row_table[i].language);
    }
}

/* The options that are words or nothing. Returns 0 to go on, 1 for done, 2 for wrong usage. */
static int option_take_word(choices *wanted, int letter, const char *word)
{
    switch (letter) {
    case 'F':
        wanted->plan.full = true;
        break;
    case 'R':
        wanted->plan.only = word;
        break;
    case 'J':
        wanted->only_job = true;
        break;
    case 'W':
        wanted->only_sweep = true;
        break;
    case 'B':
        wanted->setup.bin = word;
        break;
    case 'S':
        wanted->setup.scripts = word;
        break;
    case 'Y':
        wanted->setup.python = word;
        break;
    case 'O':
        wanted->output.directory = word;
        break;
    case 'P':
        wanted->output.picture = word;
        break;
    case 'E':
        wanted->output.results = word;
        break;
    case 'D':
        wanted->output.readme = word;
        break;
    case 'L':
        option_list();
        return 1;
    case 'H':
        return fputs(usage, stdout) < 0 ? 2 : 1;
    default:
        (void)fputs("experiment: --help shows the options\n", stderr);
        return 2;
    }
    return 0;
}

static int option_take_all(int argc, char **argv, choices *wanted)
{
    static const struct option names[] = {
        { "rounds", required_argument, NULL, 'n' },
        { "scale", required_argument, NULL, 'x' },
        { "full", no_argument, NULL, 'F' },
        { "most", required_argument, NULL, 'm' },
        { "rows", required_argument, NULL, 'R' },
        { "job", no_argument, NULL, 'J' },
        { "sweep", no_argument, NULL, 'W' },
        { "list", no_argument, NULL, 'L' },
        { "port", required_argument, NULL, 'p' },
        { "seed", required_argument, NULL, 's' },
        { "patience", required_argument, NULL, 't' },
        { "interval", required_argument, NULL, 'i' },
        { "bin", required_argument, NULL, 'B' },
        { "scripts", required_argument, NULL, 'S' },
        { "python", required_argument, NULL, 'Y' },
        { "out", required_argument, NULL, 'O' },
        { "picture", required_argument, NULL, 'P' },
        { "results", required_argument, NULL, 'E' },
        { "readme", required_argument, NULL, 'D' },
        { "help", no_argument, NULL, 'H' },
        { NULL, 0, NULL, 0 },
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (strchr("nxmpsti", letter) != NULL) {
            if (!option_take_number(wanted, letter, optarg)) {
                return 2;
            }
            continue;
        }
        int result = option_take_word(wanted, letter, optarg);
        if (result != 0) {
            return result;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "experiment: \"%s\" is not an option; --help shows them\n", argv[optind]);
        return 2;
    }
    return 0;
}

/* The scripts lie below the working directory, or beside the programs' directory. */
static void option_scripts(choices *wanted)
{
    static char scripts[1100];
    if (wanted->setup.scripts != NULL) {
        return;
    }
    wanted->setup.scripts = "bench/python";
    if (access(wanted->setup.scripts, X_OK) != 0) {
        text_print(scripts, sizeof scripts, "%s/../bench/python", wanted->setup.bin);
        wanted->setup.scripts = scripts;
    }
}

/* The directory of this program, and what lies below it by default. */
static bool option_directories(choices *wanted)
{
    static char bin[1024];
    static char out[1100];
    ssize_t     size = readlink("/proc/self/exe", bin, sizeof bin - 1);
    char       *slash = size <= 0 ? NULL : strrchr(bin, '/');
    if (slash == NULL) {
        fprintf(stderr, "experiment: cannot find its own directory: say it with --bin\n");
        return wanted->setup.bin != NULL && wanted->setup.scripts != NULL &&
               wanted->output.directory != NULL;
    }
    *slash = '\0';
    wanted->setup.bin = wanted->setup.bin == NULL ? bin : wanted->setup.bin;
    text_print(out, sizeof out, "%s/bench", wanted->setup.bin);
    wanted->output.directory = wanted->output.directory == NULL ? out : wanted->output.directory;
    option_scripts(wanted);
    return true;
}

/* The rounds: by option, by variable, or by default. */
static bool option_rounds(choices *wanted)
{
    const char *rounds = getenv("ROUNDS");
    long        number = 0;
    if (!wanted->rounds_given && rounds != NULL && rounds[0] != '\0') {
        if (!option_whole("rounds (ROUNDS)", rounds, 1, 100, &number)) {
            return false;
        }
        wanted->plan.rounds = (int)number;
        wanted->rounds_given = true;
    }
    if (!wanted->rounds_given) {
        wanted->plan.rounds = ROUNDS;
        wanted->plan.budget = wanted->plan.full ? 0 : BUDGET;
    }
    return true;
}

/* What was not asked for. */
static bool option_defaults(choices *wanted)
{
    wanted->plan.job = wanted->only_job || !wanted->only_sweep;
    wanted->plan.sweep = wanted->only_sweep || !wanted->only_job;
    if (!wanted->scale_given) {
        wanted->setup.scale = wanted->plan.full ? 1.0 : 0.1;
    }
    if (wanted->setup.patience <= 0) {
        wanted->setup.patience = 30 + 90 * wanted->setup.scale;
    }
    return option_rounds(wanted) && option_directories(wanted);
}

/* Variables that would change what the clients are. */
static void clean_environment(void)
{
    static const char *const names[] = {
        "MALLOC_ARENA_MAX", "MALLOC_CONF", "GLIBC_TUNABLES", "LD_PRELOAD",
        "http_proxy",       "HTTP_PROXY",  "all_proxy",      "ALL_PROXY",
        "GOMAXPROCS",       "GOGC",        "PYTHONMALLOC",   "PYTHONSTARTUP"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]); /* fails for malformed names only */
    }
}

/* A duration for people. */
static void progress_duration(double seconds, char *room, size_t size)
{
    int whole = (int)(seconds + 0.5);
    if (whole < 100) {
        text_print(room, size, "%d s", whole);
    } else if (whole < 3600) {
        text_print(room, size, "%d min %d s", whole / 60, whole % 60);
    } else {
        text_print(room, size, "%d h %d min", whole / 3600, whole / 60 % 60);
    }
}

/* Makes room on a terminal for a line that is not of progress. */
static void progress_clear(bool terminal)
{
    if (terminal) {
        fprintf(stderr, "\r%*s\r", 79, "");
    }
}

/* Done, left, estimate: one line that is written over, or a line now and then. */
static void progress(const plan *work, const plan_options *options, const run_setup *setup,
                     bool terminal)
{
    static double     former;
    const run_record *next = work->done < work->count ? &work->runs[work->done] : NULL;
    const plan_rest   rest = plan_left(work, options, setup);
    char              left[32];
    char              name[64] = "";
    double            now = stage_clock();
    if (!terminal && next != NULL && former > 0 && now - former < PROGRESS_EVERY) {
        return;
    }
    former = now;
    progress_duration(rest.seconds, left, sizeof left);
    if (next != NULL) {
        text_print(name, sizeof name, "%s %s, %ld", run_kind_name(next->kind),
                   row_table[next->row].name, next->in_flight);
    }
    progress_clear(terminal);
    fprintf(stderr, "%4zu of %zu done, %zu left, about %s: %.31s%s", work->done,
            work->done + rest.runs, rest.runs, left, next == NULL ? "the report" : name,
            next == NULL || !terminal ? "\n" : "");
}

/* Carries out the plan, until its end or a signal. */
static void carry_out(plan *work, const plan_options *options, const run_setup *setup)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    for (; work->done < work->count && stage_signal() == 0; work->done++) {
        if (plan_over(work, options, setup)) {
            progress_clear(terminal);
            fprintf(stderr,
                    "%d rounds, for more do not fit into two minutes of the rows that need gcc "
                    "alone; --rounds N asks for N\n",
                    work->rounds);
            break;
        }
        progress(work, options, setup, terminal);
        if (plan_settle(work, work->done)) {
            continue;
        }
        double from = stage_clock();
        run_once(setup, &work->runs[work->done]);
        work->seconds[work->done] = stage_clock() - from;
        const run_record *record = &work->runs[work->done];
        if (record->state == RUN_INTERRUPTED) {
            break;
        }
        if (record->state == RUN_FAILED || record->state == RUN_VOID) {
            progress_clear(terminal);
            fprintf(stderr, "%s, %s, %s: %s\n", row_table[record->row].name,
                    run_kind_name(record->kind), run_state_name(record->state), record->note);
        }
    }
    progress(work, options, setup, terminal);
}

/* The exit status that the runs deserve. */
static int judge(const plan *work)
{
    if (stage_signal() != 0) {
        return 128 + stage_signal();
    }
    if (summary_count(work, -1, RUN_FAILED) + summary_count(work, -1, RUN_VOID) > 0) {
        return EXIT_LEFT_OUT;
    }
    return summary_count(work, -1, RUN_REFUSED) > 0 ? EXIT_REFUSED : 0;
}

/* Says how much there is to do. */
static void announce(const plan *work, const choices *wanted)
{
    const plan_rest all = plan_left(work, &wanted->plan, &wanted->setup);
    char            left[32];
    progress_duration(all.seconds, left, sizeof left);
    fprintf(stderr, "%zu %s, %s%d %s, delays x %g, order seed %u: about %s\n", all.runs,
            all.runs == 1 ? "run" : "runs", wanted->plan.budget > 0 ? "at most " : "", work->rounds,
            work->rounds == 1 ? "round" : "rounds", wanted->setup.scale, wanted->plan.seed, left);
    if (machine_load() > BUSY) {
        fprintf(stderr, "note: the machine is busy (load average %.1f): expect wide spreads\n",
                machine_load());
    }
}

/* The experiment. */
static int experiment(choices *wanted)
{
    static machine facts;
    plan           work;
    char           note[200];
    double         from = stage_clock();
    if (!output_prepare(wanted->output.directory) ||
        !plan_make(&work, &wanted->plan, &wanted->setup)) {
        return EXIT_USAGE;
    }
    if (!run_probe(&wanted->setup, note, sizeof note)) {
        fprintf(stderr, "experiment: %s\n", note);
        plan_free(&work);
        return EXIT_LEFT_OUT;
    }
    announce(&work, wanted);
    machine_describe(&facts, plan_has(&work, ROW_PYTHON) ? wanted->setup.python : NULL,
                     plan_has(&work, ROW_PEER));
    carry_out(&work, &wanted->plan, &wanted->setup);
    const output_source source = { &work, &wanted->setup, &wanted->plan, &facts,
                                   stage_clock() - from };
    bool                good = output_files(&source, &wanted->output);
    good = output_tables(&source) && good;
    int status = judge(&work);
    plan_free(&work);
    return status == 0 && !good ? EXIT_LEFT_OUT : status;
}

int main(int argc, char **argv)
{
    choices wanted;
    if (argc > 1 && strcmp(argv[1], LAUNCHER_WORD) == 0) {
        return launcher_main(argc, argv);
    }
    memset(&wanted, 0, sizeof wanted);
    wanted.setup.python = "/usr/bin/python3";
    wanted.setup.data_seed = 1;
    wanted.setup.interval_ms = 5;
    wanted.plan.seed = (unsigned)time(NULL);
    wanted.plan.most = row_points[ROW_POINTS - 1];
    int result = option_take_all(argc, argv, &wanted);
    if (result != 0) {
        return result == 1 ? 0 : EXIT_USAGE;
    }
    if (!option_defaults(&wanted)) {
        return EXIT_USAGE;
    }
    if (!stage_signals()) {
        perror("experiment: cannot watch for signals");
        return EXIT_LEFT_OUT;
    }
    clean_environment();
    limits_raise();
    return experiment(&wanted);
}
