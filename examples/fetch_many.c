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
 * need no more memory than those in flight.
 */
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include "cli.h"

#define READ_BYTES 16384  /* of standard input at a time */
#define INPUT_BYTES 98304 /* room for the longest URL and reads behind it */
#define WRITE_BYTES 65536 /* of output at a time; there is room for a longest line behind it */
#define LINE_BYTES 512    /* room for all of a line but its URL */
#define SHOWN_BYTES 200   /* of a URL that is refused before it is tried */
#define OTHER_FILES 16    /* descriptors that are not a request's */
#define FLUSH_MS 100      /* a result waits so long for others to be written with it */

/* Where URLs come from. */
typedef enum source_kind {
    FROM_ARGUMENTS,
    FROM_STREAM,
    FROM_MEMORY
} source_kind;

/* A line of input, or an argument. */
typedef struct line {
    const char *text;
    size_t      size;
} line;

/* Bytes in memory that grow. */
typedef struct buffer {
    char  *at;
    size_t size;
    size_t room;
} buffer;

/*
 * The list of URLs, which -n repeats. Lines are taken from `input` at `taken`. A stream that
 * cannot be read twice is remembered as it goes by, if it may be needed again.
 */
typedef struct source {
    source_kind  kind;
    const char **arguments;
    size_t       argument_count;
    size_t       next_argument;
    buffer       input;
    size_t       taken;
    buffer       remembered;
    int64_t      left;    /* requests still to be made, or PARIO_UNLIMITED */
    off_t        begin;   /* where a stream begins that can be read again, or -1 */
    bool         at_end;  /* of the stream */
    bool         had_any; /* lines since its beginning */
    int          failed;  /* errno of what went wrong with it */
} source;

/* What source_next found. */
typedef enum source_state {
    SOURCE_LINE,
    SOURCE_STARVED,
    SOURCE_END
} source_state;

/* The text of a URL that is under way; the room stays for the next one. */
typedef struct slot {
    char  *text;
    size_t size;
    size_t room;
} slot;

typedef struct output {
    char   *bytes;
    size_t  used;
    int64_t due_ms; /* when what is in bytes must be written */
    bool    quiet;
    bool    instant; /* somebody is looking */
    int     failed;  /* errno of a write */
} output;

typedef struct many {
    cli_common    common; /* the first member: setters are given a pointer to it */
    int64_t       concurrency;
    int64_t       total;
    source        source;
    output        output;
    pario_client *client;
    slot         *slots;
    size_t       *free_slots;
    size_t        slot_count;
    size_t        free_count;
    int           fd; /* the client's descriptor, or -1 */
    uint64_t      requests;
    uint64_t      failures;
    int           failed; /* errno of a wait that failed: nothing more will come */
} many;

static const char help[] =
    "usage: fetch_many [options] [URL... | -]\n"
    "Fetches URLs from arguments or lines of standard input, many at once, and\n"
    "writes a line for each: status, bytes, milliseconds, URL, error, with tabs\n"
    "between them. Control bytes in a URL are shown as \"?\". Empty lines of standard\n"
    "input are skipped.\n"
    "  -c, --concurrency N        requests in flight (default 100)\n"
    "  -n, --number TOTAL         requests in all; the list is repeated\n"
    "  -x, --executor NAME        epoll (the default), sequential, threads or fibers\n"
    "  -q, --quiet                no lines, only the summary\n"
    "  -H, --header 'Name: value' send a field; 'Name;' sends an empty one,\n"
    "                             'Name:' leaves one out\n"
    "  -L, --location             follow redirects\n"
    "      --max-redirs N         so many (default 50, -1: any number)\n"
    "  -m, --max-time SECONDS     for each request (default 300; 0: no limit)\n"
    "      --connect-timeout SECONDS  for each connection (default 10; 0: no limit)\n"
    "      --max-filesize BYTES   of content (default 16M; 0: no limit)\n"
    "exit: 0 all responses were complete, 1 some were not, 2 usage\n";

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

static bool set_quiet(cli_common *common, const char *value)
{
    (void)value;
    many_of(common)->output.quiet = true;
    return true;
}

static const cli_option options[] = {
    { 'c', "concurrency", true, set_concurrency, "a number from 1 to 1000000" },
    { 'n', "number", true, set_total, "a number from 1" },
    { 'x', "executor", true, cli_set_executor, "sequential, threads, fibers or epoll" },
    { 'q', "quiet", false, set_quiet, "" },
    { 'H', "header", true, cli_set_field, "a field like 'Name: value'" },
    { 'L', "location", false, cli_set_follow, "" },
    { '\0', "max-redirs", true, cli_set_redirects, "a number, or -1" },
    { 'm', "max-time", true, cli_set_total, "seconds" },
    { '\0', "connect-timeout", true, cli_set_connect, "seconds" },
    { '\0', "max-filesize", true, cli_set_body_bytes, "a number of bytes" },
    { 'h', "help", false, cli_set_help, "" },
    { '\0', NULL, false, NULL, NULL },
};

static int64_t now_us(clockid_t clock)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ------------------------------------------------------------------------------------------ */
/* Output */

/* A line always fits: output_line_end leaves room for the longest one. */
static void output_bytes(output *out, const char *bytes, size_t size)
{
    memcpy(&out->bytes[out->used], bytes, size);
    out->used += size;
}

static void output_text(output *out, const char *text)
{
    output_bytes(out, text, strlen(text));
}

/* A number and a tab. */
static void output_number(output *out, uint64_t number)
{
    char   digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\t';
    do {
        at--;
        digits[at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    output_bytes(out, &digits[at], sizeof digits - at);
}

/* A URL that came from outside: what could break the line is shown as a question mark. */
static void output_shown(output *out, const char *text, size_t size)
{
    char         shown[SHOWN_BYTES];
    const size_t part = size < sizeof shown ? size : sizeof shown;
    memcpy(shown, text, part);
    for (size_t i = 0; i < part; i++) {
        const unsigned char byte = (unsigned char)shown[i];
        if (byte < 32 || byte == 127) {
            shown[i] = '?';
        }
    }
    output_bytes(out, shown, part);
    if (part < size) {
        output_text(out, "...");
    }
}

static void output_flush(output *out)
{
    size_t done = 0;
    while (done < out->used && out->failed == 0) {
        const ssize_t wrote = write(STDOUT_FILENO, &out->bytes[done], out->used - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR) {
            out->failed = errno;
        }
    }
    out->used = 0;
    out->due_ms = 0;
}

/* Ends a line, and writes when it is time to. */
static void output_line_end(output *out)
{
    const int64_t now = now_us(CLOCK_MONOTONIC_COARSE) / 1000;
    output_bytes(out, "\n", 1);
    if (out->due_ms == 0) {
        out->due_ms = now + FLUSH_MS;
    }
    if (out->instant || now >= out->due_ms || out->used >= WRITE_BYTES) {
        output_flush(out);
    }
}

/* For how long may be waited; if nothing comes until then, output_flush must be called. */
static int output_wait_ms(const output *out)
{
    return out->used == 0 ? -1 : FLUSH_MS;
}

/* ------------------------------------------------------------------------------------------ */
/* Input */

/* Adds to bytes. Returns false if there is no memory. */
static bool buffer_add(buffer *to, const char *from, size_t size)
{
    if (to->room - to->size < size) {
        const size_t room = (to->room + size) * 2;
        char        *grown = (char *)realloc(to->at, room);
        if (grown == NULL) {
            return false;
        }
        to->at = grown;
        to->room = room;
    }
    memcpy(&to->at[to->size], from, size);
    to->size += size;
    return true;
}

/* Decides where URLs come from. Returns false if there is no memory. */
static bool source_open(source *from, const cli_common *common, int64_t total)
{
    const size_t count = common->operand_count;
    from->left = total > 0 ? total : PARIO_UNLIMITED;
    from->begin = -1;
    if (count > 1 || (count == 1 && strcmp(common->operands[0], "-") != 0)) {
        from->kind = FROM_ARGUMENTS;
        from->arguments = common->operands;
        from->argument_count = count;
        return true;
    }
    from->kind = FROM_STREAM;
    from->begin = lseek(STDIN_FILENO, 0, SEEK_CUR);
    from->input.at = (char *)malloc(INPUT_BYTES);
    from->input.room = INPUT_BYTES;
    return from->input.at != NULL;
}

static void source_close(source *from)
{
    free(from->input.at);
    free(from->remembered.at);
}

/* Ends the source because of an errno. */
static void source_fail(source *from, int failed)
{
    from->failed = failed;
    from->left = 0;
}

/*
 * Reads once from the stream; waits if there is nothing to be read. Of a line that is longer
 * than any URL so much is kept that its length tells.
 */
static void source_read(source *from)
{
    buffer      *input = &from->input;
    const size_t kept = input->size - from->taken;
    ssize_t      got = 0;
    memmove(input->at, &input->at[from->taken], kept);
    from->taken = 0;
    input->size = kept <= PARIO_MAX_URL_BYTES ? kept : PARIO_MAX_URL_BYTES + 1;
    got = read(STDIN_FILENO, &input->at[input->size], READ_BYTES);
    if (got > 0) {
        input->size += (size_t)got;
    } else if (got == 0) {
        from->at_end = true;
        if (input->size > 0) {
            input->at[input->size] = '\n'; /* which the last line lacks */
            input->size++;
        }
    } else if (errno != EINTR) {
        source_fail(from, errno);
    }
}

/* Cuts the next line out of the input. Returns false if there is no whole line. */
static bool source_cut(source *from, line *taken)
{
    const char  *begin = &from->input.at[from->taken];
    const size_t left = from->input.size - from->taken;
    const char  *stop = left == 0 ? NULL : (const char *)memchr(begin, '\n', left);
    if (stop == NULL) {
        return false;
    }
    taken->text = begin;
    taken->size = (size_t)(stop - begin);
    from->taken += taken->size + 1;
    if (taken->size > 0 && begin[taken->size - 1] == '\r') {
        taken->size--;
    }
    return true;
}

/* Takes the next line that is not empty. Returns false if there is none yet. */
static bool source_take(source *from, line *taken)
{
    do {
        if (!source_cut(from, taken)) {
            return false;
        }
    } while (taken->size == 0);
    from->had_any = true;
    if (from->kind == FROM_STREAM && from->left > 0 && from->begin < 0 &&
        !(buffer_add(&from->remembered, taken->text, taken->size) &&
          buffer_add(&from->remembered, "\n", 1))) {
        source_fail(from, ENOMEM);
    }
    return true;
}

/* At the end of the list: goes back to its beginning, where it is to be repeated. */
static source_state source_repeat(source *from)
{
    if (from->left < 0 || !from->had_any) {
        return SOURCE_END;
    }
    from->had_any = false;
    from->taken = 0;
    if (from->kind == FROM_STREAM && from->begin < 0) {
        free(from->input.at);
        from->input = from->remembered;
        memset(&from->remembered, 0, sizeof from->remembered);
        from->kind = FROM_MEMORY;
    } else if (from->kind == FROM_STREAM) {
        from->input.size = 0;
        from->at_end = false;
        if (lseek(STDIN_FILENO, from->begin, SEEK_SET) < 0) {
            source_fail(from, errno);
            return SOURCE_END;
        }
    }
    return SOURCE_STARVED;
}

/* The next argument, again and again if that is wanted. */
static source_state source_argument(source *from, line *taken)
{
    if (from->next_argument == from->argument_count) {
        if (from->left < 0) {
            return SOURCE_END;
        }
        from->next_argument = 0;
    }
    taken->text = from->arguments[from->next_argument];
    taken->size = strlen(taken->text);
    from->next_argument++;
    return SOURCE_LINE;
}

/* The next line of a stream or of what is remembered of it. */
static source_state source_line(source *from, line *taken)
{
    source_state state = SOURCE_LINE;
    if (!source_take(from, taken)) {
        const bool over = from->at_end || from->kind == FROM_MEMORY;
        state = over ? source_repeat(from) : SOURCE_STARVED;
        if (state == SOURCE_STARVED && from->kind == FROM_MEMORY) {
            state = source_take(from, taken) ? SOURCE_LINE : SOURCE_END;
        }
    }
    return state;
}

/* The next URL; SOURCE_STARVED says that source_read must be called first. */
static source_state source_next(source *from, line *taken)
{
    source_state state = SOURCE_END;
    if (from->left != 0) {
        state = from->kind == FROM_ARGUMENTS ? source_argument(from, taken)
                                             : source_line(from, taken);
    }
    if (state == SOURCE_LINE && from->left > 0) {
        from->left--;
    }
    return state;
}

/* ------------------------------------------------------------------------------------------ */
/* Requests */

/* Writes the line of a URL that was not even tried. */
static void many_refuse(many *all, const line *url, const char *reason)
{
    output *out = &all->output;
    all->failures++;
    if (!out->quiet) {
        output_text(out, "0\t0\t0\t");
        output_shown(out, url->text, url->size);
        output_text(out, "\t");
        output_text(out, reason);
        output_line_end(out);
    }
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
    return true;
}

/* Begins the request for a line, which needs a free slot. */
static void many_submit(many *all, const line *url)
{
    const size_t  index = all->free_slots[all->free_count - 1];
    pario_request request;
    pario_error   error = PARIO_ERROR_MEMORY;
    all->requests++;
    if (url->size == 0) {
        many_refuse(all, url, "the URL is empty");
        return;
    }
    if (url->size > PARIO_MAX_URL_BYTES) {
        many_refuse(all, url, pario_error_text(PARIO_ERROR_URL_TOO_LONG));
        return;
    }
    if (memchr(url->text, '\0', url->size) != NULL) {
        many_refuse(all, url, "the URL holds a NUL");
        return;
    }
    if (slot_set(&all->slots[index], url)) {
        memset(&request, 0, sizeof request);
        request.url = all->slots[index].text;
        request.fields = all->common.fields;
        request.field_count = all->common.field_count;
        request.tag = index;
        error = pario_submit(all->client, &request);
    }
    if (error == PARIO_OK) {
        all->free_count--;
    } else {
        many_refuse(all, url, pario_error_text(error));
    }
}

/* Writes the line of a response and takes its slot back. */
static void many_report(many *all, pario_response *response)
{
    output     *out = &all->output;
    const slot *url = &all->slots[response->tag];
    char        reason[PARIO_LINE_SIZE];
    if (response->error != PARIO_OK) {
        all->failures++;
    }
    if (!out->quiet) {
        output_number(out, (uint64_t)response->status);
        output_number(out, (uint64_t)response->body_size);
        output_number(out, (uint64_t)((response->times.total_us + 500) / 1000));
        output_bytes(out, url->text, url->size);
        output_bytes(out, "\t", 1);
        if (response->error != PARIO_OK) {
            pario_describe(response, reason, sizeof reason);
            output_text(out, reason);
        }
        output_line_end(out);
    }
    all->free_slots[all->free_count] = response->tag;
    all->free_count++;
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
        output_flush(&all->output);
    }
    return error == PARIO_OK;
}

/* Begins as many requests as there are slots and lines at hand. */
static source_state many_fill(many *all)
{
    source_state state = SOURCE_LINE;
    line         url;
    while (all->free_count > 0 && state == SOURCE_LINE && all->output.failed == 0) {
        state = source_next(&all->source, &url);
        if (state == SOURCE_LINE) {
            many_submit(all, &url);
        }
    }
    return state;
}

/* Waits for more input or for the client; reads if there is input. Returns whether any came. */
static bool many_poll(many *all, int client_fd, int wait_ms)
{
    struct pollfd both[2] = { { STDIN_FILENO, POLLIN, 0 }, { client_fd, POLLIN, 0 } };
    const int     ready = poll(both, 2, wait_ms);
    if (ready == 0) {
        output_flush(&all->output);
    } else if (both[0].revents != 0) {
        source_read(&all->source);
    }
    return ready > 0;
}

/* Waits for what comes first: more input, a response, or the time to write. */
static void many_wait_for_input(many *all)
{
    const int wait_ms = output_wait_ms(&all->output);
    if (all->free_count == all->slot_count) {
        (void)many_poll(all, -1, wait_ms);
    } else if (all->fd >= 0) {
        (void)many_poll(all, all->fd, wait_ms);
        while (all->free_count < all->slot_count && many_take(all, 0)) {
        }
    } else if (!many_poll(all, -1, 0)) {
        (void)many_take(all, wait_ms); /* the sequential executor works in pario_next only */
    }
}

/* Makes all requests. Returns when all are done, or when it makes no sense to go on. */
static void many_run(many *all)
{
    bool goes_on = true;
    while (goes_on && all->failed == 0 && all->output.failed == 0) {
        const source_state state = many_fill(all);
        if (state == SOURCE_STARVED) {
            many_wait_for_input(all);
        } else if (all->free_count < all->slot_count) {
            (void)many_take(all, output_wait_ms(&all->output));
        } else {
            goes_on = false;
        }
    }
    output_flush(&all->output);
    all->failures += all->slot_count - all->free_count;
}

/* ------------------------------------------------------------------------------------------ */
/* The program */

/* Makes the slots: a few more than requests in flight, so that one can follow another at once. */
static bool many_make_slots(many *all)
{
    const pario_config *config = pario_config_of(all->client);
    const size_t        flight = (size_t)config->concurrency;
    all->slot_count = flight + flight / 8 + 1;
    all->slots = (slot *)calloc(all->slot_count, sizeof *all->slots);
    all->free_slots = (size_t *)calloc(all->slot_count, sizeof *all->free_slots);
    all->output.bytes = (char *)malloc(WRITE_BYTES + PARIO_MAX_URL_BYTES + LINE_BYTES);
    if (all->slots == NULL || all->free_slots == NULL || all->output.bytes == NULL) {
        return false;
    }
    for (size_t i = 0; i < all->slot_count; i++) {
        all->free_slots[i] = all->slot_count - 1 - i;
    }
    all->free_count = all->slot_count;
    return true;
}

/* As many descriptors as are allowed, and no more requests in flight than there are of them. */
static void many_limit_files(many *all)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return;
    }
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    const int64_t wanted = all->concurrency > 0 ? all->concurrency : PARIO_DEFAULT_CONCURRENCY;
    const rlim_t  most = files.rlim_max > 2 * OTHER_FILES ? files.rlim_max - OTHER_FILES : 1;
    if (files.rlim_max == RLIM_INFINITY || (rlim_t)wanted <= most) {
        return;
    }
    if (all->concurrency > 0) {
        (void)fprintf(stderr, "%s: %ju open files are allowed (ulimit -n): -c is %ju\n",
                      all->common.program, (uintmax_t)files.rlim_max, (uintmax_t)most);
    }
    all->concurrency = (int64_t)most;
}

/* Opens the client and everything else. Returns the exit status. */
static int many_open(many *all)
{
    pario_config config;
    pario_error  error = PARIO_OK;
    memset(&config, 0, sizeof config);
    many_limit_files(all);
    config.concurrency = all->concurrency;
    cli_configure(&all->common, &config);
    error = pario_open(&config, &all->client);
    if (error != PARIO_OK) {
        return cli_complain(&all->common, CLI_USAGE, "%s", pario_error_text(error));
    }
    if (pario_fd(all->client, &all->fd) != PARIO_OK) {
        all->fd = -1;
    }
    all->output.instant = isatty(STDOUT_FILENO) == 1;
    if (!many_make_slots(all) || !source_open(&all->source, &all->common, all->total)) {
        return cli_complain(&all->common, 1, "%s", pario_error_text(PARIO_ERROR_MEMORY));
    }
    return 0;
}

static void many_close(many *all)
{
    pario_close(all->client);
    source_close(&all->source);
    for (size_t i = 0; all->slots != NULL && i < all->slot_count; i++) {
        free(all->slots[i].text);
    }
    free(all->slots);
    free(all->free_slots);
    free(all->output.bytes);
    cli_free(&all->common);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Two lines on standard error. The peak is VmHWM: rusage's would be that of whoever started us. */
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
    pario_close(all->client); /* which makes sure of a descriptor to read /proc with */
    all->client = NULL;
    many_summarise(all, took_us);
    if (all->source.failed != 0) {
        status = cli_complain(&all->common, 1, "standard input: %s", strerror(all->source.failed));
    }
    if (all->output.failed != 0) {
        status = cli_complain(&all->common, 1, "standard output: %s", strerror(all->output.failed));
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
    if (cli_parse(&all.common, options, argc, argv)) {
        status = all.common.helped ? 0 : run(&all);
    }
    many_close(&all);
    return status;
}
