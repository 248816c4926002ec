/* SPDX-License-Identifier: MIT */
/*
 * fetch_many: fetches URLs, so many at once, and writes one line for each as it completes.
 *
 *     make examples && build/fetch_many -c 100 < urls > results
 *     cc -O2 -I. examples/fetch_many.c -o fetch_many -pthread
 *
 * A line is: status, bytes, milliseconds, URL, error, with tabs between them; the error of a
 * complete response is empty, whatever its status. Control bytes in a URL are shown as "?".
 * A summary goes to standard error. Input is streamed, empty lines are skipped: a million URLs
 * need no more memory than those in flight and those that wait for another try.
 *
 * It shows how much policy the library leaves to its user, and where it goes:
 *
 *     source.h    where URLs come from            retry.h   what is worth another try, and when
 *     report.h    the lines that are written      resume.h  what an earlier output lists as done
 *     progress.h  the line on a terminal          save.h    a file for each URL
 *     interrupt.h an end in order                 cli.h     the command line
 *     json.h, hash.h  what some of these need
 */
#define _FILE_OFFSET_BITS 64 /* large files, on 32 bits, too */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#define PARIO_IMPLEMENTATION
#define PARIO_STATIC /* this file alone needs it */
#include "pario.h"

#include "cli.h"
#include "interrupt.h"
#include "progress.h"
#include "report.h"
#include "resume.h"
#include "retry.h"
#include "save.h"
#include "source.h"

#define OTHER_FILES 16     /* descriptors that are not a request's */
#define MOST_FILES 4000000 /* more are never needed */
#define MOST_WAITING 10000 /* URLs that wait for another try; then no more are read */
#define MOST_AHEAD 10000   /* URLs that wait because their host has all it may have */
#define MOST_RETRIES 1000

/* The text of a URL that is under way; the room stays for the next one. */
typedef struct slot {
    char   *text;
    size_t  size;
    size_t  room;
    int64_t tries; /* that were begun */
    int     fd;    /* of -o: the file that its content is written to, or 0 */
} slot;

/*
 * A slot is free, or its URL is with the client, or it waits for another try. At most `window`
 * are with the client, so some slots are there for waiting only.
 */
typedef struct many {
    cli_common    common; /* the first member: setters are given a pointer to it */
    int64_t       concurrency;
    int64_t       per_host;
    int64_t       total;
    const char   *directory_name; /* -o */
    const char   *earlier;        /* --resume */
    source        source;
    report        report;
    progress      progress;
    retry_policy  retry;
    retry_queue   waiting;
    resume_set    done_before;
    pario_client *client;
    pario_request request; /* what is the same for all URLs stays in it */
    slot         *slots;
    size_t       *free_slots;
    size_t        slot_count;
    size_t        free_count;
    size_t        window;
    size_t        in_flight;
    size_t        files;     /* that may be open, beside a few */
    int           directory; /* of -o, or -1 */
    int           fd;        /* the client's descriptor, or -1 */
    uint64_t      requests;
    uint64_t      failures;
    uint64_t      tries;
    uint64_t      retries; /* of the tries */
    uint64_t      skipped;
    int           failed; /* errno of a wait that failed: nothing more will come */
    char          reason[PARIO_LINE_SIZE];
} many;

static const char help[] =
    "usage: fetch_many [options] [URL... | -]\n"
    "Fetches URLs from arguments or lines of standard input, many at once, and\n"
    "writes a line for each: status, bytes, milliseconds, URL, error, with tabs\n"
    "between them. Control bytes in a URL are shown as \"?\". Empty lines of standard\n"
    "input are skipped.\n"
    "  -c, --concurrency N        requests in flight (default 100)\n"
    "      --per-host N           of them to one host and port (default: no limit)\n"
    "  -n, --number TOTAL         requests in all; the list is repeated\n"
    "  -x, --executor NAME        epoll (the default), sequential, threads or fibers\n"
    "  -H, --header 'Name: value' send a field; 'Name;' sends an empty one,\n"
    "                             'Name:' leaves one out\n"
    "  -L, --location             follow redirects\n"
    "      --max-redirs N         so many (default 50, -1: any number)\n"
    "  -m, --max-time SECONDS     for each request (default 300; 0: no limit)\n"
    "      --connect-timeout SECONDS  for each connection (default 10; 0: no limit)\n"
    "      --max-filesize BYTES   of content (default 16M; 0: no limit)\n" CLI_PROXY_HELP
        CLI_ENDS_HELP CLI_TLS_HELP "what is written:\n"
    "  -q, --quiet                no lines, only the summary\n"
    "      --json                 a line is a JSON object: url, status, bytes, ms,\n"
    "                             tries, file (with -o), error or null\n"
    "  -o, --output-dir DIR       the content of each complete response, whatever its\n"
    "                             status, as a file of DIR: http://host/a/b?c becomes\n"
    "                             http,host,a,b%3Fc\n"
    "trying again, after no connection, one that broke before the response, 429, 503:\n"
    "      --retries N            so often; the lines get a sixth field, the tries\n"
    "      --retry-wait SECONDS   the first wait, half of it to all; each further one\n"
    "                             is twice as long (default 1)\n"
    "      --retry-max-wait SECONDS  the longest, also where a Retry-After asks\n"
    "                             for more (default 300)\n"
    "      --resume FILE          skip what FILE, an earlier output, lists as done:\n"
    "                             no error, and a status other than 429 and 503\n"
    "exit: 0 all responses were complete, 1 some were not, 2 usage,\n"
    "  77 the file of --cacert cannot be used\n";

static many *many_of(cli_common *common)
{
    return (many *)(void *)common;
}

static bool set_concurrency(cli_common *common, const char *value)
{
    many *all = many_of(common);
    return cli_number(value, false, &all->concurrency) && all->concurrency >= 1 &&
           all->concurrency <= PARIO_MAX_CONCURRENCY;
}

static bool set_total(cli_common *common, const char *value)
{
    many *all = many_of(common);
    return cli_number(value, false, &all->total) && all->total >= 1;
}

static bool set_per_host(cli_common *common, const char *value)
{
    many *all = many_of(common);
    return cli_number(value, false, &all->per_host) && all->per_host >= 1 &&
           all->per_host <= PARIO_MAX_CONCURRENCY;
}

static bool set_quiet(cli_common *common, const char *value)
{
    (void)value;
    many_of(common)->report.quiet = true;
    return true;
}

static bool set_json(cli_common *common, const char *value)
{
    (void)value;
    many_of(common)->report.json = true;
    return true;
}

static bool set_directory(cli_common *common, const char *value)
{
    many_of(common)->directory_name = value;
    return true;
}

static bool set_retries(cli_common *common, const char *value)
{
    many *all = many_of(common);
    all->report.tries = true;
    return cli_number(value, false, &all->retry.tries) && all->retry.tries <= MOST_RETRIES;
}

static bool set_retry_wait(cli_common *common, const char *value)
{
    return cli_seconds(value, &many_of(common)->retry.first_ms);
}

static bool set_retry_max_wait(cli_common *common, const char *value)
{
    return cli_seconds(value, &many_of(common)->retry.most_ms);
}

static bool set_resume(cli_common *common, const char *value)
{
    many_of(common)->earlier = value;
    return true;
}

static const cli_option options[] = {
    { 'c', "concurrency", true, set_concurrency, "a number from 1 to 1000000" },
    { '\0', "per-host", true, set_per_host, "a number from 1 to 1000000" },
    { 'n', "number", true, set_total, "a number from 1" },
    { 'x', "executor", true, cli_set_executor, "sequential, threads, fibers or epoll" },
    { 'q', "quiet", false, set_quiet, "" },
    { '\0', "json", false, set_json, "" },
    { 'o', "output-dir", true, set_directory, "a directory" },
    { '\0', "retries", true, set_retries, "a number from 0 to 1000" },
    { '\0', "retry-wait", true, set_retry_wait, "seconds" },
    { '\0', "retry-max-wait", true, set_retry_max_wait, "seconds" },
    { '\0', "resume", true, set_resume, "a file" },
    { 'H', "header", true, cli_set_field, "a field like 'Name: value'" },
    { 'L', "location", false, cli_set_follow, "" },
    { '\0', "max-redirs", true, cli_set_redirects, "a number, or -1" },
    { 'm', "max-time", true, cli_set_total, "seconds" },
    { '\0', "connect-timeout", true, cli_set_connect, "seconds" },
    { '\0', "max-filesize", true, cli_set_body_bytes, "a number of bytes" },
    CLI_PROXY_OPTIONS CLI_ENDS_OPTIONS CLI_TLS_OPTIONS{ 'h', "help", false, cli_set_help, "" },
    { '\0', NULL, false, NULL, NULL },
};

static int64_t now_us(clockid_t clock)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_ms(clockid_t clock)
{
    return now_us(clock) / 1000;
}

/* The sooner of two waits, of which -1 has no end. */
static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* ------------------------------------------------------------------------------------------ */
/* Requests */

/* Writes a line, if lines are wanted. */
static void many_write(many *all, const report_entry *entry)
{
    if (!all->report.quiet) {
        report_line(&all->report, entry, now_ms(CLOCK_MONOTONIC_COARSE));
    }
}

/* Writes the line of a URL that is not tried, or not again, after so many tries. */
static void many_refuse(many *all, const line *url, int64_t tries, const char *reason)
{
    report_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.url = url->text;
    entry.url_size = url->size;
    entry.refused = true;
    entry.tries = (uint64_t)tries;
    entry.error = reason;
    all->failures++;
    many_write(all, &entry);
}

/* Says why a file could not be written. */
static const char *many_unwritten(many *all, int failed)
{
    (void)snprintf(all->reason, sizeof all->reason, "file: not written: %s", strerror(failed));
    return all->reason;
}

/* Puts the URL into a slot, as a string. Returns false if there is no memory. */
static bool slot_set(slot *to, const line *url)
{
    if (to->room <= url->size) {
        const size_t room = url->size + 64;
        char        *grown = (char *)realloc(to->text, room);
        if (grown == NULL) {
            return false;
        }
        to->text = grown;
        to->room = room;
    }
    memcpy(to->text, url->text, url->size);
    to->text[url->size] = '\0';
    to->size = url->size;
    to->tries = 0;
    return true;
}

/* Ends what a slot has of a file, which gets a name or is removed. Returns an errno or 0. */
static int many_end_file(const many *all, size_t index, const char *name)
{
    slot     *url = &all->slots[index];
    const int failed = url->fd > 0 ? save_end(all->directory, index, url->fd, name) : 0;
    url->fd = 0;
    return failed;
}

/* Begins a try of the URL in a slot. Returns NULL, or why it cannot be. */
static const char *many_begin(many *all, size_t index)
{
    slot *url = &all->slots[index];
    if (all->directory >= 0) {
        url->fd = save_begin(all->directory, index);
        if (url->fd < 0) {
            return many_unwritten(all, errno);
        }
    }
    all->request.url = url->text;
    all->request.tag = index;
    all->request.into_fd = url->fd;
    const pario_error error = pario_submit(all->client, &all->request);
    if (error != PARIO_OK) {
        (void)many_end_file(all, index, NULL);
        return pario_error_text(error);
    }
    url->tries++;
    all->tries++;
    all->in_flight++;
    return NULL;
}

static void many_free_slot(many *all, size_t index)
{
    all->free_slots[all->free_count] = index;
    all->free_count++;
}

/* Begins the request for a line, which needs a free slot. */
static void many_submit(many *all, const line *url)
{
    const size_t index = all->free_slots[all->free_count - 1];
    const char  *reason = pario_error_text(PARIO_ERROR_MEMORY);
    if (all->earlier != NULL && resume_has(&all->done_before, url->text, url->size)) {
        all->skipped++;
        return;
    }
    all->requests++;
    if (url->size == 0) {
        many_refuse(all, url, 0, "the URL is empty");
        return;
    }
    if (url->size > PARIO_MAX_URL_BYTES) {
        many_refuse(all, url, 0, pario_error_text(PARIO_ERROR_URL_TOO_LONG));
        return;
    }
    if (memchr(url->text, '\0', url->size) != NULL) {
        many_refuse(all, url, 0, "the URL holds a NUL");
        return;
    }
    if (slot_set(&all->slots[index], url)) {
        reason = many_begin(all, index);
    }
    if (reason == NULL) {
        all->free_count--;
    } else {
        many_refuse(all, url, 0, reason);
    }
}

/* Has the URL of a response wait for another try, if that is wanted. */
static bool many_retry(many *all, const pario_response *response)
{
    const int64_t tries = all->slots[response->tag].tries;
    if (tries > all->retry.tries || !retry_helps(response)) {
        return false;
    }
    const int64_t asked = retry_asked(response, now_ms(CLOCK_REALTIME) / 1000);
    const int64_t wait_ms = retry_wait_ms(&all->retry, tries, asked);
    retry_queue_add(&all->waiting, now_ms(CLOCK_MONOTONIC) + wait_ms, response->tag);
    return true;
}

/* Begins as many as can be of the tries that are due. */
static void many_try_again(many *all)
{
    const int64_t now = now_ms(CLOCK_MONOTONIC);
    size_t        index = 0;
    while (all->in_flight < all->window && retry_queue_take(&all->waiting, now, &index)) {
        const char *reason = many_begin(all, index);
        all->retries++;
        if (reason != NULL) {
            const line url = { all->slots[index].text, all->slots[index].size };
            many_refuse(all, &url, all->slots[index].tries, reason);
            many_free_slot(all, index);
        }
    }
}

/* Gives the file of a response its name, if it is whole. Returns "", or what is wrong with
 * either. */
static const char *many_judge(many *all, const pario_response *response, char *name)
{
    const slot *url = &all->slots[response->tag];
    const bool  good = response->error == PARIO_OK;
    int         failed = 0;
    if (all->directory >= 0) {
        save_name(url->text, url->size, name);
        failed = many_end_file(all, response->tag, good ? name : NULL);
    }
    if (response->error == PARIO_ERROR_BODY_WRITE) {
        return many_unwritten(all, response->system_error);
    }
    if (!good) {
        pario_describe(response, all->reason, sizeof all->reason);
        return all->reason;
    }
    return failed != 0 ? many_unwritten(all, failed) : "";
}

/* Writes the line of a response that is the last one of its URL. */
static void many_finish(many *all, const pario_response *response)
{
    const slot  *url = &all->slots[response->tag];
    char         name[SAVE_NAME_BYTES + 1];
    report_entry entry;
    entry.error = many_judge(all, response, name);
    const bool good = entry.error[0] == '\0';
    all->failures += good ? 0 : 1;
    if (all->report.quiet) {
        return;
    }
    entry.url = url->text;
    entry.url_size = url->size;
    entry.refused = false;
    entry.status = response->status;
    entry.bytes = response->error == PARIO_OK ? response->content_bytes : 0;
    entry.ms = (uint64_t)((response->times.total_us + 500) / 1000);
    entry.tries = (uint64_t)url->tries;
    entry.file = all->directory < 0 ? NULL : good ? name : "";
    many_write(all, &entry);
}

/* Deals with a response, and takes its slot back if that was the last try. */
static void many_report(many *all, pario_response *response)
{
    all->in_flight--;
    if (all->retry.tries > 0 && many_retry(all, response)) {
        (void)many_end_file(all, response->tag, NULL);
    } else {
        many_finish(all, response);
        many_free_slot(all, response->tag);
    }
    pario_response_free(response);
}

/* Takes a response, or waits for one. Returns whether there was one. */
static bool many_take(many *all, int timeout_ms)
{
    pario_response    response;
    const pario_error error = pario_next(all->client, &response, timeout_ms);
    if (error == PARIO_OK) {
        many_report(all, &response);
    } else if (error == PARIO_ERROR_SYSTEM) {
        all->failed = errno;
    } else if (timeout_ms != 0) {
        report_flush(&all->report);
    }
    return error == PARIO_OK;
}

/* Begins as many requests as there is room for, and are due or at hand. */
static source_state many_fill(many *all)
{
    source_state state = SOURCE_LINE;
    line         url;
    if (all->waiting.count > 0) {
        many_try_again(all);
    }
    while (all->free_count > 0 && all->in_flight < all->window && state == SOURCE_LINE &&
           all->report.failed == 0) {
        state = source_next(&all->source, &url);
        if (state == SOURCE_LINE) {
            many_submit(all, &url);
        }
    }
    return state;
}

/* For how long there is nothing to do but to wait, or -1. */
static int many_wait_ms(const many *all)
{
    int64_t wait = report_wait_ms(&all->report);
    if (all->progress.on) {
        wait = sooner(wait, PROGRESS_MS);
    }
    if (all->waiting.count > 0 && all->in_flight < all->window) {
        wait = sooner(wait, retry_queue_wait_ms(&all->waiting, now_ms(CLOCK_MONOTONIC)));
    }
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

/*
 * Waits for the client, and for more input if there may be some; reads if there is. Either
 * descriptor may be -1. Returns whether anything came.
 */
static bool many_poll(many *all, int input_fd, int client_fd, int wait_ms)
{
    struct pollfd fds[3] = { { input_fd, POLLIN, 0 },
                             { client_fd, POLLIN, 0 },
                             { interrupt.fd, POLLIN, 0 } };
    const int     ready = poll(fds, 3, wait_ms);
    if (ready == 0) {
        report_flush(&all->report);
    } else if (fds[0].revents != 0) {
        source_read(&all->source);
    }
    return ready > 0;
}

/*
 * Takes a response, or waits for what comes first: more input, a response, or the time to do
 * something else. The client's descriptor is waited on only when nothing is left to be taken.
 */
static void many_wait_for_input(many *all)
{
    const int wait_ms = many_wait_ms(all);
    if (all->in_flight == 0) {
        (void)many_poll(all, STDIN_FILENO, -1, wait_ms);
    } else if (all->fd < 0) {
        /* The sequential executor works in pario_next only; a file is always ready. */
        if (!many_poll(all, STDIN_FILENO, -1, 0)) {
            (void)many_take(all, wait_ms);
        }
    } else if (!many_take(all, 0)) {
        (void)many_poll(all, STDIN_FILENO, all->fd, wait_ms);
    }
}

static void many_show_progress(many *all)
{
    const int64_t now = now_ms(CLOCK_MONOTONIC_COARSE);
    if (progress_is_due(&all->progress, now)) {
        const size_t     busy = all->in_flight + all->waiting.count;
        pario_statistics client;
        pario_stats(all->client, &client);
        const progress_counts counts = { all->requests - busy, all->failures, client.running,
                                         all->waiting.count };
        progress_draw(&all->progress, &counts, now);
    }
}

/* Makes all requests. Returns when all are done, or when it makes no sense to go on. */
static void many_run(many *all)
{
    bool goes_on = true;
    while (goes_on && all->failed == 0 && all->report.failed == 0 && interrupt.number == 0) {
        const source_state state = many_fill(all);
        if (all->progress.on) {
            many_show_progress(all);
        }
        if (state == SOURCE_STARVED) {
            many_wait_for_input(all);
        } else if (all->in_flight > 0) {
            (void)many_take(all, many_wait_ms(all));
        } else if (all->waiting.count > 0) {
            (void)many_poll(all, -1, -1, many_wait_ms(all));
        } else {
            goes_on = false;
        }
    }
    report_flush(&all->report);
    progress_clear(&all->progress);
    all->failures += all->slot_count - all->free_count;
}

/* ------------------------------------------------------------------------------------------ */
/* The program */

/* How many URLs are read ahead so that hosts further down in the list have their turn. With -o each
 * has a file open. */
static size_t many_ahead(const many *all)
{
    const size_t most = all->directory_name != NULL ? all->files / 4 : MOST_AHEAD;
    const size_t ahead = most < MOST_AHEAD ? most : MOST_AHEAD;
    return all->per_host > 0 ? ahead : 0;
}

/*
 * Makes the slots: a few more than requests in flight, so that one can follow another at once;
 * with --per-host many more; and those for waiting.
 */
static bool many_make_slots(many *all)
{
    const pario_config *config = pario_config_of(all->client);
    const size_t        flight = config != NULL ? (size_t)config->concurrency : 0;
    all->window = flight + flight / 8 + 1 + many_ahead(all);
    all->slot_count = all->window + (all->retry.tries > 0 ? MOST_WAITING : 0);
    all->slots = (slot *)calloc(all->slot_count, sizeof *all->slots);
    all->free_slots = (size_t *)calloc(all->slot_count, sizeof *all->free_slots);
    if (all->slots == NULL || all->free_slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < all->slot_count; i++) {
        all->free_slots[i] = all->slot_count - 1 - i;
    }
    all->free_count = all->slot_count;
    return true;
}

/* Complains of an errno, if it is one, of a file or of memory. Returns the exit status. */
static int many_complain(const many *all, const char *name, int failed)
{
    return failed == 0 ? 0 : cli_complain(&all->common, 1, "%s: %s", name, strerror(failed));
}

/* Opens what only some options need. Returns the exit status. */
static int many_open_options(many *all)
{
    int status = 0;
    if (all->retry.tries > 0) {
        all->retry.random = ((uint64_t)now_us(CLOCK_REALTIME) << 16 ^ (uint64_t)getpid()) | 1u;
        status = retry_queue_open(&all->waiting, all->slot_count)
                     ? 0
                     : many_complain(all, "--retries", ENOMEM);
    }
    if (status == 0 && all->earlier != NULL) {
        status = many_complain(all, all->earlier, resume_open(&all->done_before, all->earlier));
    }
    if (status == 0 && all->directory_name != NULL) {
        (void)signal(SIGXFSZ, SIG_IGN); /* a file that is too large is an error like others */
        status = many_complain(all, all->directory_name,
                               save_open(all->directory_name, &all->directory));
    }
    return status;
}

/* As many descriptors as are allowed, and no more requests in flight than there are of them: each
 * has a socket, and with -o a file as well. */
static void many_limit_files(many *all)
{
    struct rlimit files;
    all->files = MOST_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return;
    }
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max != RLIM_INFINITY && files.rlim_max < MOST_FILES) {
        all->files = files.rlim_max > 2 * OTHER_FILES ? (size_t)files.rlim_max - OTHER_FILES : 3;
    }
    const int64_t wanted = all->concurrency > 0 ? all->concurrency : PARIO_DEFAULT_CONCURRENCY;
    const int64_t most = (int64_t)(all->directory_name != NULL ? all->files / 3 : all->files);
    if (wanted <= most) {
        return;
    }
    if (all->concurrency > 0) {
        (void)fprintf(stderr, "%s: %ju open files are allowed (ulimit -n): -c is %jd\n",
                      all->common.program, (uintmax_t)files.rlim_max, (intmax_t)most);
    }
    all->concurrency = most;
}

/* What is the same for all requests. */
static void many_prepare(many *all, const pario_config *config)
{
    all->request.fields = all->common.fields;
    all->request.field_count = all->common.field_count;
    const int64_t most = config->body_bytes != 0 ? config->body_bytes : PARIO_DEFAULT_BODY_BYTES;
    all->request.body_bytes = all->directory_name != NULL ? most : 0; /* it limits files, too */
}

/* Opens the client and everything else. Returns the exit status. */
static int many_open(many *all)
{
    pario_config config;
    pario_error  error = PARIO_OK;
    memset(&config, 0, sizeof config);
    many_limit_files(all);
    config.concurrency = all->concurrency;
    config.per_host = all->per_host;
    config.queue = PARIO_UNLIMITED; /* the slots are the limit */
    cli_configure(&all->common, &config);
    int status = cli_set_proxies(&all->common, &config);
    if (status == 0) {
        status = cli_secure(&all->common, &config);
    }
    if (status != 0) {
        return status;
    }
    error = pario_open(&config, &all->client);
    if (error != PARIO_OK) {
        return cli_complain(&all->common, CLI_USAGE, "%s", pario_error_text(error));
    }
    many_prepare(all, &config);
    if (!many_make_slots(all) || !report_open(&all->report, &all->progress) ||
        !source_open(&all->source, all->common.operands, all->common.operand_count, all->total)) {
        return cli_complain(&all->common, 1, "%s", pario_error_text(PARIO_ERROR_MEMORY));
    }
    /* Only input that is waited for needs it, and each readiness costs the client two calls. */
    const bool waits = all->source.kind == FROM_STREAM && all->source.begin < 0;
    if (!waits || pario_fd(all->client, &all->fd) != PARIO_OK) {
        all->fd = -1;
    }
    progress_open(&all->progress, now_ms(CLOCK_MONOTONIC_COARSE));
    interrupt_open(all->client);
    return many_open_options(all);
}

static void many_close(many *all)
{
    pario_close(all->client);
    source_close(&all->source);
    for (size_t i = 0; all->slots != NULL && i < all->slot_count; i++) {
        (void)many_end_file(all, i, NULL); /* it is in the midst of something */
        free(all->slots[i].text);
    }
    free(all->slots);
    free(all->free_slots);
    retry_queue_close(&all->waiting);
    resume_close(&all->done_before);
    report_close(&all->report);
    if (all->directory >= 0) {
        (void)close(all->directory);
    }
    cli_free(&all->common);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Some lines on standard error. The peak is VmHWM: rusage's would be that of whoever started us. */
static void many_summarise(const many *all, int64_t took_us)
{
    struct rusage usage;
    pario_memory  memory;
    const double  seconds = (double)(took_us > 0 ? took_us : 1) / 1e6;
    memset(&usage, 0, sizeof usage);
    (void)getrusage(RUSAGE_SELF, &usage);
    if (pario_memory_read(0, &memory) != PARIO_OK) {
        memset(&memory, 0, sizeof memory);
    }
    (void)fprintf(stderr, "%s: requests %ju, failures %ju, seconds %.3f, per second %.1f\n",
                  all->common.program, (uintmax_t)all->requests, (uintmax_t)all->failures, seconds,
                  (double)all->requests / seconds);
    (void)fprintf(stderr, "%s: CPU seconds %.3f user, %.3f system, peak RSS %ju kB\n",
                  all->common.program, seconds_of(usage.ru_utime), seconds_of(usage.ru_stime),
                  (uintmax_t)(memory.peak_rss_bytes / 1024));
    if (all->retry.tries > 0) {
        (void)fprintf(stderr, "%s: tries %ju, of which %ju were retries\n", all->common.program,
                      (uintmax_t)all->tries, (uintmax_t)all->retries);
    }
    if (all->earlier != NULL) {
        (void)fprintf(stderr, "%s: skipped %ju that were done before\n", all->common.program,
                      (uintmax_t)all->skipped);
    }
}

/* Runs it all. Returns the exit status. */
static int run(many *all)
{
    const int64_t begin = now_us(CLOCK_MONOTONIC);
    int           status = many_open(all);
    if (status != 0) {
        return status;
    }
    many_run(all);
    const int64_t took_us = now_us(CLOCK_MONOTONIC) - begin;
    interrupt_forget_client();
    pario_close(all->client); /* which makes sure of a descriptor to read /proc with */
    all->client = NULL;
    many_summarise(all, took_us);
    if (all->source.failed != 0) {
        status = cli_complain(&all->common, 1, "standard input: %s", strerror(all->source.failed));
    }
    if (all->report.failed != 0) {
        status = cli_complain(&all->common, 1, "standard output: %s", strerror(all->report.failed));
    }
    if (all->failed != 0) {
        status = cli_complain(&all->common, 1, "waiting: %s", strerror(all->failed));
    }
    return all->failures > 0 ? 1 : status;
}

int main(int argc, char **argv)
{
    many all;
    int  status = CLI_USAGE;
    memset(&all, 0, sizeof all);
    all.common.program = "fetch_many";
    all.common.help = help;
    all.retry.first_ms = RETRY_FIRST_MS;
    all.retry.most_ms = RETRY_MOST_MS;
    all.directory = -1;
    if (cli_parse(&all.common, options, argc, argv)) {
        status = all.common.helped ? 0 : run(&all);
    }
    interrupt_forget_client();
    many_close(&all);
    interrupt_end();
    return status;
}
