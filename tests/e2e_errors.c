/* SPDX-License-Identifier: MIT */
/* What goes wrong on the way: the network, the machine, and the caller's change of mind. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>

/* The library's memory and threads come from here, so that they can run out. */
static long faults_left = -1; /* allocations before they fail; -1: they do not */
static long faults_held;      /* allocations that were not given back */
static long no_threads;       /* whether threads can be had */

static bool fault_is_due(void)
{
    long left = __atomic_load_n(&faults_left, __ATOMIC_SEQ_CST);
    while (left > 0 && !__atomic_compare_exchange_n(&faults_left, &left, left - 1, false,
                                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return left == 0;
}

static void *fault_malloc(size_t size)
{
    void *made = fault_is_due() ? NULL : malloc(size);
    __atomic_fetch_add(&faults_held, made != NULL, __ATOMIC_SEQ_CST);
    return made;
}

static void *fault_realloc(void *old, size_t size)
{
    if (old == NULL) {
        return fault_malloc(size);
    }
    return fault_is_due() ? NULL : realloc(old, size);
}

static void fault_free(void *old)
{
    __atomic_fetch_sub(&faults_held, old != NULL, __ATOMIC_SEQ_CST);
    free(old);
}

static int fault_thread(pthread_t *thread, const pthread_attr_t *attributes,
                        void *(*function)(void *), void         *argument)
{
    if (__atomic_load_n(&no_threads, __ATOMIC_SEQ_CST)) {
        return EAGAIN;
    }
    return pthread_create(thread, attributes, function, argument);
}

#define PARIO_MALLOC(size) fault_malloc(size)
#define PARIO_REALLOC(pointer, size) fault_realloc(pointer, size)
#define PARIO_FREE(pointer) fault_free(pointer)
#define pthread_create fault_thread
#define PARIO_IMPLEMENTATION
#include "pario.h"
#undef pthread_create

#include "e2e.h"

/* Fired when pario_wake has returned: before that, the client must not be closed. */
#define WOKE 15
#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

/* ---- the network ----------------------------------------------------------------------- */

E2E_WAYS(a_refused_connection_says_who_refused_it)
{
    server        *peer = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    char           address[PARIO_ADDRESS_SIZE];
    char           wanted[PARIO_ADDRESS_SIZE];
    snprintf(wanted, sizeof wanted, "127.0.0.1:%u", (unsigned)server_port(peer));
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT);
    CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
    CHECK_INT(response.system_error, ECONNREFUSED);
    CHECK_INT(response.status, 0);
    pario_response_address(&response, address, sizeof address);
    CHECK_STR(address, wanted);
    pario_describe(&response, line, sizeof line);
    CHECK(strstr(line, "onnection refused") != NULL);
    CHECK(strstr(line, wanted) != NULL);
    CHECK(strchr(line, '\n') == NULL);
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* How a server breaks off, and what that is called. */
static const server_step reset_at_once[] = { S_READ, S_RESET };
static const server_step reset_in_head[] = { S_READ, S_SEND("HTTP/1.1 200 O"), S_UNTIL_READ,
                                             S_RESET };
static const server_step reset_in_body[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), S_UNTIL_READ, S_RESET
};
static const server_step reset_by_close[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\n\r\nhel"),
                                              S_UNTIL_READ, S_RESET };
static const server_step reset_in_chunk[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), S_UNTIL_READ,
    S_RESET
};
static const server_step close_at_once[] = { S_READ, S_END };
static const server_step half_close_at_once[] = { S_READ, S_HALF_CLOSE, S_HOLD, S_END };
static const server_step half_close_in_head[] = { S_READ, S_SEND("HTTP/1.1 2"), S_HALF_CLOSE,
                                                  S_HOLD, S_END };
static const server_step half_close_in_body[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), S_HALF_CLOSE, S_HOLD, S_END
};
static const server_step half_close_after[] = { S_READ, SAY_OK, S_HALF_CLOSE, S_HOLD, S_END };
static const server_step half_close_by_close[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\n\r\nok"),
                                                   S_HALF_CLOSE, S_HOLD, S_END };

typedef struct breach {
    const server_step *script;
    pario_error        error;
    pario_stage        stage;
    int                system_error;
    int                status;
} breach;

static const breach breaches[] = {
    { reset_at_once, PARIO_ERROR_RECEIVE, PARIO_STAGE_HEAD, ECONNRESET, 0 },
    { reset_in_head, PARIO_ERROR_RECEIVE, PARIO_STAGE_HEAD, ECONNRESET, 0 },
    { reset_in_body, PARIO_ERROR_RECEIVE, PARIO_STAGE_BODY, ECONNRESET, 200 },
    { reset_by_close, PARIO_ERROR_RECEIVE, PARIO_STAGE_BODY, ECONNRESET, 200 },
    { reset_in_chunk, PARIO_ERROR_RECEIVE, PARIO_STAGE_BODY, ECONNRESET, 200 },
    { close_at_once, PARIO_ERROR_EMPTY_REPLY, PARIO_STAGE_HEAD, 0, 0 },
    { half_close_at_once, PARIO_ERROR_EMPTY_REPLY, PARIO_STAGE_HEAD, 0, 0 },
    { half_close_in_head, PARIO_ERROR_HEAD_TRUNCATED, PARIO_STAGE_HEAD, 0, 0 },
    { half_close_in_body, PARIO_ERROR_BODY_TRUNCATED, PARIO_STAGE_BODY, 0, 200 },
    { half_close_after, PARIO_OK, PARIO_STAGE_BODY, 0, 200 },
    { half_close_by_close, PARIO_OK, PARIO_STAGE_BODY, 0, 200 },
};

static void try_breach(e2e_run *run, const breach *wanted)
{
    server_options options = { .scripts = &wanted->script, .script_count = 1 };
    server        *peer = server_start(&options);
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    run->servers[0] = peer;
    run->server_count = 1;
    if (e2e_open(run)) {
        CHECK_ERROR(e2e_do(run, &request, &response), wanted->error);
        if (wanted->error != PARIO_OK) {
            CHECK_INT(response.stage, wanted->stage);
        }
        CHECK_INT(response.system_error, wanted->system_error);
        CHECK_INT(response.status, wanted->status);
        CHECK_UINT(server_count(peer).requests, 1);
        e2e_record(run, &response);
        pario_response_free(&response);
    }
    e2e_close(run);
    server_stop(peer);
    run->server_count = 0;
}

E2E_WAYS(a_server_that_breaks_off_is_told_by_how_it_does)
{
    for (size_t i = 0; i < COUNT(breaches); i++) {
        test_case("%s, way %d, breach %zu", e2e_executor_name(run->executor), (int)run->way, i);
        try_breach(run, &breaches[i]);
    }
}

/* Bodies that do not fit any socket's buffer. */
#define UPLOAD (16 * 1024 * 1024)
static char upload[UPLOAD];

static void fill_upload(void)
{
    static bool filled;
    for (size_t i = 0; i < UPLOAD && !filled; i++) {
        upload[i] = (char)(unsigned char)((i * 2654435761u) >> 13 & 255u);
    }
    filled = true;
}

static pario_error send_upload(e2e_run *run, server *peer, pario_response *response)
{
    pario_request request = { .url = e2e_url(peer, "/up"), .body = upload, .body_size = UPLOAD };
    return e2e_do(run, &request, response);
}

E2E_WAYS(a_large_upload_arrives_whole)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_response           response;
    fill_upload();
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERROR(send_upload(run, peer, &response), PARIO_OK);
        e2e_record(run, &response);
        CHECK(response.bytes_sent > UPLOAD);
        pario_response_free(&response);
        const server_request *request = server_request_at(peer, i);
        if (CHECK(request != NULL)) {
            CHECK_BYTES(request->body, request->body_size, upload, UPLOAD);
            CHECK(memcmp(request->head, "POST /up HTTP/1.1\r\n", 19) == 0);
        }
    }
    CHECK_UINT(server_count(peer).connections, 1);
}

E2E_WAYS(an_upload_whose_server_resets_is_an_error_of_sending)
{
    static const server_step script[] = { S_READ_HEAD, S_RESET };
    const server_step *const scripts[] = { script };
    server_options options = { .scripts = scripts, .script_count = 1, .receive_buffer = 4096 };
    server        *peer = e2e_serve(run, &options);
    pario_response response;
    run->loose = true; /* ECONNRESET or EPIPE */
    run->config.expect_bytes = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(send_upload(run, peer, &response), PARIO_ERROR_SEND);
    CHECK_INT(response.stage, PARIO_STAGE_SEND);
    CHECK(response.system_error == ECONNRESET || response.system_error == EPIPE);
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* The server has heard enough, says so, and reads no more; or does, but only to the end. */
static const server_step enough_holding[] = {
    S_READ_HEAD, S_SEND("HTTP/1.1 413 Too much\r\nContent-Length: 6\r\n\r\nenough"), S_HOLD, S_END
};
static const server_step enough_draining[] = {
    S_READ_HEAD,
    S_SEND("HTTP/1.1 413 Too much\r\nConnection: close\r\nContent-Length: 6\r\n\r\nenough"),
    S_HALF_CLOSE, S_DRAIN, S_END
};

static void try_early(e2e_run *run, const server_step *script)
{
    static const server_step next[] = { S_READ, SAY_OK, S_AGAIN };
    const server_step *const scripts[] = { script, next };
    server_options options = { .scripts = scripts, .script_count = 2, .receive_buffer = 4096 };
    server        *peer = e2e_serve(run, &options);
    pario_response response;
    run->config.expect_bytes = PARIO_OFF;
    if (e2e_open(run)) {
        CHECK_ERROR(send_upload(run, peer, &response), PARIO_OK);
        CHECK_INT(response.status, 413);
        CHECK_STR(response.body, "enough");
        CHECK(script != enough_holding || response.bytes_sent < UPLOAD);
        pario_response_free(&response);
        run->loose = true;
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        CHECK_UINT(server_count(peer).connections, 2);
    }
    e2e_close(run);
}

E2E_WAYS(a_server_may_answer_before_the_upload_is_complete)
{
    try_early(run, enough_holding);
    try_early(run, enough_draining);
}

/* ---- cancelling ------------------------------------------------------------------------ */

/* A server's step that wakes the client, whose thread then cancels. */
static void wake_client(server_peer *peer, void *context)
{
    (void)peer;
    pario_wake((pario_client *)context);
}

static server *serve_waking(e2e_run *run, const server_step *script)
{
    static const server_step *scripts[1];
    scripts[0] = script;
    server_options options = { .scripts = scripts,
                               .script_count = 1,
                               .function = wake_client,
                               .context = run->client,
                               .receive_buffer = 4096 };
    return e2e_serve(run, &options);
}

static const server_step wake_in_head[] = { S_READ, S_CALL, S_FIRE(WOKE), S_HOLD, S_END };
static const server_step wake_in_body[] = {
    S_READ,       S_SEND("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nh"),
    S_UNTIL_READ, S_SEND("e"),
    S_UNTIL_READ, S_CALL,
    S_FIRE(WOKE), S_HOLD,
    S_END
};
static const server_step wake_in_send[] = { S_READ_HEAD, S_CALL,  S_FIRE(WOKE),
                                            S_WAIT(0),   S_DRAIN, S_END };

typedef struct change_of_mind {
    const server_step *script;
    pario_stage        stage;
    int                status;
    bool               uploads;
} change_of_mind;

static const change_of_mind changes_of_mind[] = {
    { wake_in_head, PARIO_STAGE_HEAD, 0, false },
    { wake_in_body, PARIO_STAGE_BODY, 200, false },
    { wake_in_send, PARIO_STAGE_SEND, 0, true },
};

/* Takes the one response, which must be that of a cancelled request. */
static void expect_cancelled(e2e_run *run, size_t tag, pario_stage stage)
{
    pario_response response;
    if (!CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
        return;
    }
    CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
    CHECK_UINT(response.tag, tag);
    CHECK_INT(response.stage, stage);
    e2e_record(run, &response);
    pario_response_free(&response);
}

static void try_cancel(e2e_run *run, const change_of_mind *wanted)
{
    uint64_t       id = 0;
    pario_response response;
    server        *peer = serve_waking(run, wanted->script);
    pario_request  request = { .url = e2e_url(peer, "/"),
                               .body = wanted->uploads ? upload : NULL,
                               .body_size = wanted->uploads ? UPLOAD : 0,
                               .tag = 7,
                               .id = &id };
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    expect_cancelled(run, 7, wanted->stage);
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_ERROR_UNKNOWN_ID);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    server_fire(peer, 0);
    server_await_closed(peer, 1);
}

E2E(a_request_is_cancelled_in_each_stage)
{
    run->loose = true;
    run->config.expect_bytes = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(changes_of_mind); i++) {
        test_case("%s, change %zu", e2e_executor_name(run->executor), i);
        try_cancel(run, &changes_of_mind[i]);
    }
}

E2E(a_request_is_cancelled_while_connecting)
{
    uint64_t       id = 0;
    pario_response response;
    server        *peer = e2e_serve(run, &(server_options){ .mood = SERVER_FULL });
    if (!e2e_open(run)) {
        return;
    }
    e2e_submit(run, e2e_url(peer, "/"), 3, &id);
    while (server_connecting() == 0) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    expect_cancelled(run, 3, PARIO_STAGE_CONNECT);
}

E2E(a_request_is_cancelled_in_the_queue)
{
    uint64_t       id[3] = { 0, 0, 0 };
    pario_response response;
    run->config.concurrency = 1;
    if (!e2e_open(run)) {
        return;
    }
    server *peer = serve_waking(run, wake_in_head);
    for (size_t i = 0; i < 3; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, &id[i]);
    }
    CHECK(id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    CHECK_ERROR(pario_cancel(run->client, id[1]), PARIO_OK);
    expect_cancelled(run, 1, PARIO_STAGE_QUEUE);
    CHECK_ERROR(pario_cancel(run->client, id[2]), PARIO_OK);
    CHECK_ERROR(pario_cancel(run->client, id[2]), PARIO_ERROR_UNKNOWN_ID);
    expect_cancelled(run, 2, PARIO_STAGE_QUEUE);
    CHECK_ERROR(pario_cancel(run->client, id[0]), PARIO_OK);
    expect_cancelled(run, 0, PARIO_STAGE_HEAD);
    CHECK_ERROR(pario_cancel(run->client, id[0]), PARIO_ERROR_UNKNOWN_ID);
    CHECK_ERROR(pario_cancel(run->client, 0), PARIO_ERROR_UNKNOWN_ID);
    CHECK_ERROR(pario_cancel(run->client, UINT64_MAX), PARIO_ERROR_UNKNOWN_ID);
    CHECK_UINT(server_count(peer).connections, 1);
}

/* A place that becomes free by cancelling is taken by the next one in the queue. */
E2E(cancelling_makes_room_for_the_next)
{
    uint64_t       id = 0;
    pario_response response;
    run->config.concurrency = 1;
    if (!e2e_open(run)) {
        return;
    }
    server                  *peer = serve_waking(run, wake_in_head);
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *other = e2e_serve_script(run, script);
    e2e_submit(run, e2e_url(peer, "/"), 0, &id);
    e2e_submit(run, e2e_url(other, "/"), 1, NULL);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, response.tag == 0 ? PARIO_ERROR_CANCELLED : PARIO_OK);
        pario_response_free(&response);
    }
}

/* Any hundred requests, every third cancelled at once: each comes back once. */
E2E(cancelling_many_loses_none)
{
    enum {
        TOTAL = 300
    };
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    uint64_t                 ids[TOTAL];
    bool                     came[TOTAL] = { false };
    size_t                   count = 0;
    pario_response           response;
    run->config.concurrency = 10;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < TOTAL; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, &ids[i]);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK(response.error == PARIO_OK || response.error == PARIO_ERROR_CANCELLED);
        CHECK(response.tag < TOTAL && !came[response.tag]);
        came[response.tag] = true;
        CHECK_UINT(response.id, ids[response.tag]);
        pario_response_free(&response);
        for (size_t i = count % 3; i < TOTAL && count < 30; i += 10) {
            pario_error error = pario_cancel(run->client, ids[i]);
            CHECK(error == PARIO_OK || error == PARIO_ERROR_UNKNOWN_ID);
            CHECK(error == PARIO_ERROR_UNKNOWN_ID || !came[i]);
        }
        count++;
    }
    CHECK_UINT(count, TOTAL);
}

/* ---- the machine ----------------------------------------------------------------------- */

/* "/redirect" leads to "/chunked", which has some fields, trailers and 100,000 bytes. */
static bool serve_scenario(server_peer *peer, const server_request *request, void *context)
{
    static const char block[1000];
    (void)context;
    if (server_target_is(request, "/redirect")) {
        return server_say(peer,
                          "HTTP/1.1 302 Go\r\nLocation: /chunked\r\nContent-Length: 0\r\n\r\n");
    }
    bool fine = server_say(peer, "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < 100 && fine; i++) {
        fine = server_say(peer, "3e8\r\n") && server_send(peer, block, sizeof block) &&
               server_say(peer, "\r\n");
    }
    return fine && server_say(peer, "0\r\nT: 2\r\n\r\n");
}

/* Submits a few requests; returns how many were accepted of them. */
static size_t submit_scenario(e2e_run *run, server *peer, size_t count)
{
    static const pario_field fields[] = { { "X-A", "b" } };
    size_t                   accepted = 0;
    for (size_t i = 0; i < count; i++) {
        pario_request request = { .url = e2e_url(peer, i % 2 == 0 ? "/redirect" : "/chunked"),
                                  .fields = fields,
                                  .field_count = 1,
                                  .user = "u",
                                  .password = "p",
                                  .redirects = 1 };
        pario_error   error = pario_submit(run->client, &request);
        CHECK(error == PARIO_OK || error == PARIO_ERROR_MEMORY);
        accepted += error == PARIO_OK ? 1 : 0;
    }
    return accepted;
}

/* Submits a few requests and takes what comes back; returns whether memory ran out. */
static bool run_scenario(e2e_run *run, server *peer)
{
    size_t         accepted = submit_scenario(run, peer, 4);
    size_t         whole = 0;
    pario_response response;
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK(response.error == PARIO_OK || response.error == PARIO_ERROR_MEMORY ||
              response.error == PARIO_ERROR_THREAD);
        test_saw(pario_error_name(response.error));
        CHECK_UINT(response.body_size, response.error == PARIO_OK ? 100000 : 0);
        whole += response.error == PARIO_OK ? 1 : 0;
        accepted--;
        pario_response_free(&response);
    }
    CHECK_UINT(accepted, 0);
    return whole < 4;
}

/* Whether the client still works once there is memory again. */
static void check_alive(e2e_run *run, server *peer)
{
    pario_request  request = { .url = e2e_url(peer, "/redirect"), .redirects = 1 };
    pario_response response;
    CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
    CHECK_UINT(response.body_size, 100000);
    pario_response_free(&response);
}

E2E(memory_may_run_out_at_any_moment)
{
    server *peer = e2e_serve_handler(run, serve_scenario, NULL);
    bool    short_of = true;
    run->config.concurrency = 2;
    long held = __atomic_load_n(&faults_held, __ATOMIC_SEQ_CST);
    for (long n = 0; short_of && n < 2000; n++) {
        test_case("%s, after %ld allocations", e2e_executor_name(run->executor), n);
        __atomic_store_n(&faults_left, n, __ATOMIC_SEQ_CST);
        pario_error error = pario_open(&run->config, &run->client);
        if (error == PARIO_OK) {
            short_of = run_scenario(run, peer);
            __atomic_store_n(&faults_left, -1, __ATOMIC_SEQ_CST);
            check_alive(run, peer);
        } else {
            CHECK_ERROR(error, PARIO_ERROR_MEMORY);
            CHECK(run->client == NULL);
        }
        __atomic_store_n(&faults_left, -1, __ATOMIC_SEQ_CST);
        e2e_close(run);
        CHECK_INT(__atomic_load_n(&faults_held, __ATOMIC_SEQ_CST), held);
    }
    CHECK(!short_of);
}

/* No thread can be had: on the executor of threads no request can run, but none is lost. */
E2E(threads_may_not_be_had)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .url = e2e_url(peer, "/") };
    pario_response           response;
    pario_error wanted = run->executor == PARIO_THREADS ? PARIO_ERROR_THREAD : PARIO_OK;
    if (!e2e_open(run)) {
        return;
    }
    __atomic_store_n(&no_threads, 1, __ATOMIC_SEQ_CST);
    pario_error error = pario_submit(run->client, &request);
    if (error == PARIO_OK) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        error = response.error;
        pario_response_free(&response);
    }
    CHECK_ERROR(error, wanted);
    __atomic_store_n(&no_threads, 0, __ATOMIC_SEQ_CST);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
    pario_response_free(&response);
}

/* The lowest number that no descriptor has. */
static int next_fd(void)
{
    int fd = dup(2);
    if (fd >= 0) {
        close(fd);
    }
    return fd;
}

/* Allows descriptors below `end` only; returns what was allowed before. */
static rlim_t limit_fds(rlim_t end)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = end;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

/* Descriptors run out after 0, 1, 2, ... of them, at opening, connecting, or never. */
E2E(descriptors_may_run_out)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    bool                     short_of = true;
    int                      first = next_fd();
    for (int n = 0; short_of && n < 20; n++) {
        server        *refuses = server_start(&(server_options){ .mood = SERVER_REFUSES });
        pario_request  request = { .url = e2e_url(refuses, "/") };
        pario_response response;
        test_case("%s, %d descriptors left", e2e_executor_name(run->executor), n);
        rlim_t      before = limit_fds((rlim_t)(first + 2 + n)); /* two are the server's */
        pario_error error = pario_open(&run->config, &run->client);
        if (error == PARIO_OK) {
            error = pario_fetch(run->client, &request, &response);
            short_of = error != PARIO_ERROR_CONNECT;
            CHECK(!short_of || response.system_error == EMFILE);
            pario_response_free(&response);
        }
        limit_fds(before);
        CHECK_ERROR(error, short_of ? PARIO_ERROR_SYSTEM : PARIO_ERROR_CONNECT);
        if (run->client != NULL) {
            server_options options = { .scripts = &(const server_step *const){ script },
                                       .script_count = 1 };
            server        *peer = server_start(&options);
            request.url = e2e_url(peer, "/");
            CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
            pario_response_free(&response);
            e2e_close(run);
            server_stop(peer);
        }
        server_stop(refuses);
    }
    CHECK(!short_of);
}

/* ---- names and texts ------------------------------------------------------------------- */

TEST(every_error_has_a_name_and_a_text)
{
    static const char *const names[] = {
#define ROW(name, text) "PARIO_" #name,
        PARIO_ERRORS(ROW)
#undef ROW
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        CHECK_STR(pario_error_name((pario_error)i), names[i]);
        const char *text = pario_error_text((pario_error)i);
        CHECK(strlen(text) > 5 && text[strlen(text) - 1] != '.');
        for (size_t k = 0; k < i; k++) {
            CHECK(strcmp(text, pario_error_text((pario_error)k)) != 0);
        }
    }
    int beyond[] = { (int)COUNT(names), 9999, -1 };
    for (size_t i = 0; i < COUNT(beyond); i++) {
        pario_error error = PARIO_OK;
        memcpy(&error, &beyond[i], sizeof error);
        CHECK(pario_error_name(error) != NULL && pario_error_name(error)[0] != '\0');
        CHECK(pario_error_text(error) != NULL && pario_error_text(error)[0] != '\0');
    }
}

TEST(nothing_is_needed_to_describe_or_free)
{
    char           line[PARIO_LINE_SIZE] = "before";
    pario_response response;
    memset(&response, 0, sizeof response);
    pario_describe(NULL, line, sizeof line);
    CHECK(strlen(line) < sizeof line);
    pario_describe(&response, line, sizeof line);
    CHECK(strlen(line) < sizeof line);
    pario_describe(&response, NULL, 0);
    pario_response_address(NULL, line, sizeof line);
    CHECK_STR(line, "");
    pario_response_address(&response, line, sizeof line);
    CHECK_STR(line, "");
    CHECK(pario_response_field(NULL, "a", 0) == NULL);
    CHECK(pario_response_field(&response, "a", 0) == NULL);
    CHECK(pario_response_field(&response, NULL, 0) == NULL);
    CHECK(pario_response_trailer(NULL, "a", 0) == NULL);
    CHECK(pario_response_trailer(&response, "a", 0) == NULL);
    CHECK(!pario_response_field_at(&response, 0, NULL));
    CHECK(!pario_response_field_at(NULL, 0, NULL));
    pario_response_free(NULL);
    pario_response_free(&response);
    pario_response_free(&response);
}
