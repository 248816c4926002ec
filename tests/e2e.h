/* SPDX-License-Identifier: MIT */
/*
 * e2e.h: tests that run a whole client against a scripted server, on every executor, and
 * compare what came out of it.
 *
 *     E2E(name) { ... run->executor ... }       once per executor
 *     E2E_WAYS(name) { ... e2e_do(run, ...) }   once per executor and way of asking: with
 *                                               pario_submit and pario_next, with
 *                                               pario_fetch, and in a task
 *
 * What a run notes with e2e_note and e2e_record is its transcript; the transcripts of all
 * runs of a test must be equal byte for byte. Ports differ from run to run: a server's
 * address is written as "SERVER0", "SERVER1" and so on. Around each run, descriptors and
 * threads of the process are counted: a run must leave none behind.
 *
 * Include it after pario.h, with its implementation or without: pario.c has one to link.
 */
#ifndef E2E_H
#define E2E_H

#include <dirent.h>
#include <sched.h>
#include <time.h>

#include "server.h"
#include "test.h"

#define E2E_SERVERS 8
#define E2E_STACK 262144 /* sanitizers and printf want more than the default */

typedef enum e2e_way {
    E2E_NEXT,
    E2E_FETCH,
    E2E_TASK
} e2e_way;

typedef struct e2e_text {
    char  *bytes;
    size_t size;
    size_t room;
} e2e_text;

typedef struct e2e_run {
    pario_executor executor;
    e2e_way        way;
    pario_config   config; /* for e2e_open; the executor is set */
    pario_client  *client;
    server        *servers[E2E_SERVERS];
    size_t         server_count;
    e2e_text       text;
    bool           loose; /* let counts of bytes and errno out of the transcript */
    bool           apart; /* the transcript is not like those of other executors: it is dropped */
} e2e_run;

typedef void (*e2e_body)(e2e_run *run);

#define E2E(title)                                                                                 \
    static void e2e_body_##title(e2e_run *run);                                                    \
    TEST(title)                                                                                    \
    {                                                                                              \
        e2e_each(e2e_body_##title, false);                                                         \
    }                                                                                              \
    static void e2e_body_##title(e2e_run *run)

#define E2E_WAYS(title)                                                                            \
    static void e2e_body_##title(e2e_run *run);                                                    \
    TEST(title)                                                                                    \
    {                                                                                              \
        e2e_each(e2e_body_##title, true);                                                          \
    }                                                                                              \
    static void e2e_body_##title(e2e_run *run)

/* ---- the process ----------------------------------------------------------------------- */

/* Entries of a directory in /proc/self, less the one for reading it. */
static inline size_t e2e_entries(const char *path)
{
    size_t count = 0;
    DIR   *directory = opendir(path);
    if (directory == NULL) {
        return 0;
    }
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static inline int64_t e2e_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Lets the clock go on by so much; where a timer has to be over there is no other event. */
static inline void e2e_pass_ms(int64_t duration)
{
    int64_t start = e2e_now_ms();
    while (e2e_now_ms() - start <= duration) {
        sched_yield();
    }
}

static inline void *e2e_do_nothing(void *argument)
{
    return argument;
}

/* Sanitizers start a thread of their own beside the first one: before any are counted. */
static inline void e2e_warm_up(void)
{
    static bool warm;
    pthread_t   thread;
    if (!warm && pthread_create(&thread, NULL, e2e_do_nothing, NULL) == 0) {
        pthread_join(thread, NULL);
    }
    warm = true;
}

/* A thread that was joined, or has ended, may be listed for a moment more. */
static inline size_t e2e_settled_threads(size_t wanted)
{
    int64_t start = e2e_now_ms();
    size_t  count = e2e_entries("/proc/self/task");
    while (count != wanted && e2e_now_ms() - start < 5000) {
        sched_yield();
        count = e2e_entries("/proc/self/task");
    }
    return count;
}

/* ---- transcripts ----------------------------------------------------------------------- */

static inline void e2e_append(e2e_text *text, const char *bytes, size_t size)
{
    if (text->room - text->size < size + 1) {
        text->room = (text->size + size + 1) * 2;
        text->bytes = (char *)realloc(text->bytes, text->room);
        if (text->bytes == NULL) {
            perror("realloc");
            exit(3);
        }
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

/* If one of the run's servers is named here, its number; otherwise -1. */
static inline int e2e_server_at(const e2e_run *run, const char *bytes, size_t left, size_t *size)
{
    char name[64];
    for (size_t i = 0; i < 2 * run->server_count; i++) {
        unsigned port = server_port(run->servers[i / 2]);
        *size = (size_t)(i % 2 == 0 ? snprintf(name, sizeof name, "127.0.0.1:%u", port)
                                    : snprintf(name, sizeof name, "[::1]:%u", port));
        if (left >= *size && memcmp(bytes, name, *size) == 0) {
            return (int)(i / 2);
        }
    }
    return -1;
}

/* Appends bytes, with the addresses of the run's servers replaced. */
static inline void e2e_append_neutral(e2e_run *run, const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        size_t length = 1;
        int    named = e2e_server_at(run, bytes + at, size - at, &length);
        if (named >= 0) {
            char neutral[32];
            int  made = snprintf(neutral, sizeof neutral, "SERVER%d", named);
            e2e_append(&run->text, neutral, (size_t)made);
        } else {
            length = 1;
            e2e_append(&run->text, bytes + at, 1);
        }
        at += length;
    }
}

static inline void e2e_note(e2e_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void e2e_note(e2e_run *run, const char *format, ...)
{
    char    line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    e2e_append_neutral(run, line, strlen(line));
    e2e_append(&run->text, "\n", 1);
}

/* A sum over bytes that tells contents apart: FNV-1a, of eight bytes at once as far as it goes. */
static inline uint64_t e2e_sum(const void *bytes, size_t size)
{
    const unsigned char *from = (const unsigned char *)bytes;
    const uint64_t       prime = 1099511628211u;
    uint64_t             sum = 14695981039346656037u;
    size_t               i = 0;
    for (uint64_t word; size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        sum = (sum ^ word) * prime;
        sum ^= sum >> 32;
    }
    for (; i < size; i++) {
        sum = (sum ^ from[i]) * prime;
    }
    return sum;
}

static inline void e2e_record_fields(e2e_run *run, const pario_response *response)
{
    pario_field field = { NULL, NULL };
    for (size_t i = 0; pario_response_field_at(response, i, &field); i++) {
        e2e_note(run, "  %s %s: %s", i < response->field_count ? "field" : "trailer", field.name,
                 field.value);
    }
}

static inline void e2e_check_whole(const pario_response *response)
{
    if (!CHECK(response->body != NULL) || !CHECK(response->url != NULL) ||
        !CHECK(response->reason != NULL)) {
        return;
    }
    CHECK_INT(response->body[response->body_size], '\0');
    CHECK(response->times.total_us >= 0);
    CHECK(response->times.queued_us >= 0);
    if (response->error != PARIO_OK) {
        CHECK_UINT(response->body_size, 0);
    }
}

/* Appends all of a response that must not depend on the executor, and checks its shape. */
static inline void e2e_record(e2e_run *run, const pario_response *response)
{
    char address[PARIO_ADDRESS_SIZE];
    char line[PARIO_LINE_SIZE];
    test_saw(pario_error_name(response->error));
    e2e_check_whole(response);
    pario_response_address(response, address, sizeof address);
    pario_describe(response, line, sizeof line);
    e2e_note(run, "response %zu: %s in stage %d: %s", response->tag,
             pario_error_name(response->error), (int)response->stage, run->loose ? "" : line);
    e2e_note(run, "  HTTP/%d %d %s from %s at %s, %jd redirects%s", response->version,
             response->status, response->reason, response->url, address,
             (intmax_t)response->redirects, response->reused ? ", reused" : "");
    if (!run->loose) {
        e2e_note(run, "  errno %d, resolver %d", response->system_error, response->resolver_error);
    }
    if (!run->loose && response->error == PARIO_OK) {
        e2e_note(run, "  %ju bytes sent, %ju received", (uintmax_t)response->bytes_sent,
                 (uintmax_t)response->bytes_received);
    }
    e2e_record_fields(run, response);
    e2e_note(run, "  content %zu, %016jx", response->body_size,
             (uintmax_t)e2e_sum(response->body, response->body_size));
}

/* Appends the request that a server saw. */
static inline void e2e_record_request(e2e_run *run, const server_request *request)
{
    if (!CHECK(request != NULL)) {
        return;
    }
    e2e_note(run, "request %zu on its connection:", request->number);
    e2e_append_neutral(run, request->head, request->head_size);
    e2e_note(run, "  body %zu, %016jx", request->body_size,
             (uintmax_t)e2e_sum(request->body, request->body_size));
}

/* ---- clients and servers --------------------------------------------------------------- */

static inline server *e2e_serve(e2e_run *run, const server_options *options)
{
    if (run->server_count == E2E_SERVERS) {
        fprintf(stderr, "e2e_serve: too many servers\n");
        exit(3);
    }
    server *started = server_start(options);
    if (started != NULL) {
        run->servers[run->server_count++] = started;
    }
    return started;
}

/* A server that runs a script on its first connection and another one on all others; the function
 * is what both may call. */
static inline server *e2e_serve_scripts(e2e_run *run, const server_step *first,
                                        const server_step *others, server_function function,
                                        void *context)
{
    const server_step *const scripts[] = { first, others };
    server_options           options;
    memset(&options, 0, sizeof options);
    options.scripts = scripts;
    options.script_count = 2;
    options.function = function;
    options.context = context;
    return e2e_serve(run, &options);
}

/* A server that runs one script on all connections. */
static inline server *e2e_serve_script(e2e_run *run, const server_step *script)
{
    return e2e_serve_scripts(run, script, script, NULL, NULL);
}

/* One that runs a script on its first connection and another one on all others. */
static inline server *e2e_serve_two(e2e_run *run, const server_step *first,
                                    const server_step *others)
{
    return e2e_serve_scripts(run, first, others, NULL, NULL);
}

/* One whose script calls a function. */
static inline server *e2e_serve_calling(e2e_run *run, const server_step *script,
                                        server_function function, void *context)
{
    return e2e_serve_scripts(run, script, script, function, context);
}

/* Two at one port: one on ::1 that never completes a connection, and one on 127.0.0.1 that runs a
 * script. False, and the test is skipped: there is no ::1. */
static inline bool e2e_serve_hanging(e2e_run *run, const server_step *script, server **hanging,
                                     server **answering)
{
    server_options hangs = { .mood = SERVER_FULL, .ipv6 = true };
    server_options answers = { .scripts = &script, .script_count = 1 };
    if (!server_has_ipv6()) {
        test_skip("this machine has no ::1");
        return false;
    }
    do { /* until nobody else has the port on 127.0.0.1 */
        *hanging = e2e_serve(run, &hangs);
        answers.port = server_port(*hanging);
        *answering = e2e_serve(run, &answers);
    } while (*answering == NULL);
    return true;
}

static inline server *e2e_serve_handler(e2e_run *run, server_handler handler, void *context)
{
    server_options options;
    memset(&options, 0, sizeof options);
    options.handler = handler;
    options.context = context;
    return e2e_serve(run, &options);
}

/* Opens run->client with run->config; false, and a failed check, if it cannot be. */
static inline bool e2e_open(e2e_run *run)
{
    pario_error error = pario_open(&run->config, &run->client);
    return CHECK_ERROR(error, PARIO_OK) && CHECK(run->client != NULL);
}

/* The options of a client, which there is. */
static inline const pario_config *e2e_config(const pario_client *client)
{
    static const pario_config none;
    const pario_config       *config = pario_config_of(client);
    return CHECK(config != NULL) ? config : &none;
}

static inline void e2e_close(e2e_run *run)
{
    pario_close(run->client);
    run->client = NULL;
}

/* One of a few static texts, so that several may be in use: "http://127.0.0.1:PORT" + path. */
static inline const char *e2e_url(server *to, const char *path)
{
    static char   texts[16][1024];
    static size_t next;
    char         *text = texts[next++ % 16];
    snprintf(text, sizeof texts[0], "http://127.0.0.1:%u%s", (unsigned)server_port(to), path);
    return text;
}

typedef struct e2e_errand {
    const pario_request *request;
    pario_response      *response;
    pario_error          error;
    bool                 ran;
} e2e_errand;

static inline void e2e_errand_task(pario_client *client, void *argument)
{
    e2e_errand *errand = (e2e_errand *)argument;
    errand->error = pario_fetch(client, errand->request, errand->response);
    errand->ran = true;
}

static inline pario_error e2e_do_in_task(e2e_run *run, const pario_request *request,
                                         pario_response *response)
{
    e2e_errand     errand = { request, response, PARIO_OK, false };
    pario_response other;
    pario_error    error = pario_spawn(run->client, e2e_errand_task, &errand);
    if (!CHECK_ERROR(error, PARIO_OK)) {
        return error;
    }
    CHECK_ERROR(pario_next(run->client, &other, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK(errand.ran);
    return errand.error;
}

static inline pario_error e2e_do_with_next(e2e_run *run, const pario_request *request,
                                           pario_response *response)
{
    pario_response other;
    pario_error    error = pario_submit(run->client, request);
    if (error != PARIO_OK) {
        return error;
    }
    if (!CHECK_ERROR(pario_next(run->client, response, PARIO_UNLIMITED), PARIO_OK)) {
        return PARIO_NOTHING_LEFT;
    }
    CHECK_ERROR(pario_next(run->client, &other, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    return response->error;
}

/* Runs one request to its end, in the run's way. The response is to be freed. */
static inline pario_error e2e_do(e2e_run *run, const pario_request *request,
                                 pario_response *response)
{
    pario_error error;
    memset(response, 0, sizeof *response);
    if (run->way == E2E_TASK) {
        error = e2e_do_in_task(run, request, response);
    } else if (run->way == E2E_FETCH) {
        error = pario_fetch(run->client, request, response);
    } else {
        error = e2e_do_with_next(run, request, response);
    }
    test_saw(pario_error_name(error));
    return error;
}

/* GETs and records one URL; returns what came of it, which is checked against `expected`. */
static inline pario_error e2e_get(e2e_run *run, const char *url, pario_error expected)
{
    pario_request  request;
    pario_response response;
    memset(&request, 0, sizeof request);
    request.url = url;
    pario_error error = e2e_do(run, &request, &response);
    CHECK_ERROR(error, expected);
    CHECK_ERROR(response.error, error);
    e2e_record(run, &response);
    pario_response_free(&response);
    return error;
}

/* Submits a GET. */
static inline pario_error e2e_submit(e2e_run *run, const char *url, size_t tag, uint64_t *id)
{
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = url;
    request.tag = tag;
    request.id = id;
    pario_error error = pario_submit(run->client, &request);
    CHECK_ERROR(error, PARIO_OK);
    return error;
}

/*
 * Takes all that is outstanding: checks that the tags 0 to count - 1 come back once each,
 * and records them in the order of their tags.
 */
static inline void e2e_collect(e2e_run *run, size_t count)
{
    pario_response *all = (pario_response *)calloc(count + 1, sizeof *all);
    bool           *came = (bool *)calloc(count + 1, sizeof *came);
    pario_response  response;
    size_t          total = 0;
    if (all == NULL || came == NULL) {
        exit(3);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        total++;
        if (!CHECK(response.tag < count) || !CHECK(!came[response.tag])) {
            pario_response_free(&response);
        } else {
            all[response.tag] = response;
            came[response.tag] = true;
        }
    }
    CHECK_UINT(total, count);
    for (size_t i = 0; i < count; i++) {
        if (came[i]) {
            e2e_record(run, &all[i]);
        }
        pario_response_free(&all[i]);
    }
    free(all);
    free(came);
}

/* ---- running --------------------------------------------------------------------------- */

static inline const char *e2e_executor_name(pario_executor executor)
{
    static const char *const names[] = { "epoll", "sequential", "threads", "fibers" };
    return names[executor];
}

/* Runs a test's body once, and returns its transcript, whose bytes may be NULL. */
static inline e2e_text e2e_run_once(e2e_body body, pario_executor executor, e2e_way way)
{
    static const char *const ways[] = { "", " fetch", " task" };
    e2e_run                  run;
    memset(&run, 0, sizeof run);
    run.executor = executor;
    run.way = way;
    run.config.executor = executor;
    run.config.stack_bytes = E2E_STACK;
    e2e_append(&run.text, "", 0);
    test_case("%s%s", e2e_executor_name(executor), ways[way]);
    e2e_warm_up();
    size_t fds = e2e_entries("/proc/self/fd");
    size_t threads = e2e_entries("/proc/self/task");
    body(&run);
    test_case("%s%s, afterwards", e2e_executor_name(executor), ways[way]);
    pario_close(run.client);
    for (size_t i = 0; i < run.server_count; i++) {
        server_stop(run.servers[i]);
    }
    CHECK_UINT(e2e_settled_threads(threads), threads);
    CHECK_UINT(e2e_entries("/proc/self/fd"), fds);
    if (run.apart) {
        free(run.text.bytes);
        run.text.bytes = NULL;
    }
    return run.text;
}

static inline bool e2e_is_wanted(pario_executor executor, e2e_way way, bool ways)
{
    if (test_global.executor != NULL &&
        strcmp(test_global.executor, e2e_executor_name(executor)) != 0) {
        return false;
    }
#if defined(PARIO_NO_FIBERS)
    if (executor == PARIO_FIBERS) {
        return false;
    }
#endif
    return way == E2E_NEXT || (ways && !(way == E2E_TASK && executor == PARIO_EPOLL));
}

static inline void e2e_each(e2e_body body, bool ways)
{
    static const pario_executor order[] = { PARIO_SEQUENTIAL, PARIO_EPOLL, PARIO_FIBERS,
                                            PARIO_THREADS };
    e2e_text                    first = { NULL, 0, 0 };
    for (size_t i = 0; i < 4; i++) {
        for (int way = E2E_NEXT; way <= E2E_TASK; way++) {
            if (!e2e_is_wanted(order[i], (e2e_way)way, ways)) {
                continue;
            }
            e2e_text text = e2e_run_once(body, order[i], (e2e_way)way);
            if (first.bytes == NULL) {
                first = text;
            } else if (text.bytes != NULL) {
                test_check_bytes(test_of_bytes(text.bytes, text.size),
                                 test_of_bytes(first.bytes, first.size), __FILE__, __LINE__,
                                 "the transcript");
                free(text.bytes);
            }
        }
    }
    free(first.bytes);
}

#endif /* E2E_H */
