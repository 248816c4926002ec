/* SPDX-License-Identifier: MIT */
/* Connections: which are kept, which are given up, and what happens when a kept one dies. */
#include "pario.h"

#include "e2e.h"

#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

/* Answers everything with its own target, on one connection after the other. */
static bool serve_echo(server_peer *peer, const server_request *request, void *context)
{
    const char *target = strchr(request->head, ' ') + 1;
    int         size = (int)strcspn(target, " ");
    (void)context;
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s", size, size,
                       target);
}

E2E_WAYS(a_connection_serves_one_request_after_the_other)
{
    char    path[32];
    server *peer = e2e_serve_handler(run, serve_echo, NULL);
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "/%zu", i);
        e2e_get(run, e2e_url(peer, path), PARIO_OK);
    }
    server_counts counts = server_count(peer);
    CHECK_UINT(counts.connections, 1);
    CHECK_UINT(counts.requests, 20);
    pario_statistics statistics;
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.connections, 1);
    CHECK_UINT(statistics.reused, 19);
    CHECK_UINT(statistics.idle, 1);
    for (size_t i = 0; i < 20; i++) {
        e2e_record_request(run, server_request_at(peer, i));
    }
}

/* What a server says about the connection, and whether the next request may use it. */
typedef struct spelling {
    const char *fields;
    const char *version;
    bool        kept;
} spelling;

static const spelling spellings[] = {
    { "", "1.1", true },
    { "Connection: close\r\n", "1.1", false },
    { "connection: CLOSE\r\n", "1.1", false },
    { "CONNECTION:close\r\n", "1.1", false },
    { "Connection: foo, close\r\n", "1.1", false },
    { "Connection: close, foo\r\n", "1.1", false },
    { "Connection: foo ,\t close \r\n", "1.1", false },
    { "Connection: foo\r\nConnection: close\r\n", "1.1", false },
    { "Connection: close\r\nConnection: keep-alive\r\n", "1.1", false },
    { "Connection: keep-alive, close\r\n", "1.1", false },
    { "Connection: ,,close,\r\n", "1.1", false },
    { "Connection: keep-alive\r\n", "1.1", true },
    { "Connection: Keep-Alive\r\nKeep-Alive: timeout=5\r\n", "1.1", true },
    { "Connection: closed\r\n", "1.1", true },
    { "Connection: not-close\r\n", "1.1", true },
    { "Connection: \r\n", "1.1", true },
    { "Close: connection\r\n", "1.1", true },
    { "", "1.0", false },
    { "Connection: keep-alive\r\n", "1.0", true },
    { "Connection: KEEP-ALIVE\r\n", "1.0", true },
    { "connection: foo, Keep-Alive\r\n", "1.0", true },
    { "Connection: foo\r\n", "1.0", false },
    { "Connection: close\r\n", "1.0", false },
    { "Connection: keep-alive, close\r\n", "1.0", false },
    { "Keep-Alive: timeout=5\r\n", "1.0", false },
};

/* Says what spelling N says, but leaves it to the client to close the connection. */
static bool serve_spelling(server_peer *peer, const server_request *request, void *context)
{
    const spelling *said = &spellings[server_target_number(request, "/")];
    (void)context;
    return server_sayf(peer, "HTTP/%s 200 OK\r\n%sContent-Length: 2\r\n\r\nok", said->version,
                       said->fields);
}

E2E(connection_is_understood_in_all_spellings)
{
    char             path[32];
    pario_statistics statistics;
    server          *peer = e2e_serve_handler(run, serve_spelling, NULL);
    for (size_t i = 0; i < COUNT(spellings) && e2e_open(run); i++) {
        snprintf(path, sizeof path, "/%zu", i);
        test_case("%s, HTTP/%s, %s", e2e_executor_name(run->executor), spellings[i].version,
                  spellings[i].fields);
        e2e_get(run, e2e_url(peer, path), PARIO_OK);
        pario_stats(run->client, &statistics);
        CHECK_UINT(statistics.idle, spellings[i].kept ? 1 : 0);
        size_t before = server_count(peer).connections;
        e2e_get(run, e2e_url(peer, path), PARIO_OK);
        CHECK_UINT(server_count(peer).connections - before, spellings[i].kept ? 0 : 1);
        e2e_close(run);
    }
}

/* Responses after which the connection is known to be at a message's end, and can go on. */
E2E_WAYS(a_connection_is_reused_after_each_kind_of_framing)
{
    static const server_step script[] = {
        S_READ,
        SAY_OK,
        S_READ,
        S_SEND("HTTP/1.1 204 None\r\n\r\n"),
        S_READ,
        S_SEND("HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n"),
        S_READ,
        S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        S_READ,
        S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "1;x\r\na\r\n0\r\nT: 1\r\n\r\n"),
        S_READ,
        S_SEND("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        S_READ,
        S_SEND("HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nx"),
        S_READ,
        SAY_OK,
        S_HOLD,
        S_END
    };
    server *peer = e2e_serve_script(run, script);
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    }
    CHECK_UINT(server_count(peer).connections, 1);
}

E2E_WAYS(a_connection_is_reused_after_head)
{
    static const server_step script[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        S_READ, S_SEND("HTTP/1.1 200 OK\r\n\r\n"),
        S_READ, SAY_OK,
        S_HOLD, S_END
    };
    server        *peer = e2e_serve_script(run, script);
    pario_request  request = { .url = e2e_url(peer, "/"), .method = "HEAD" };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        e2e_record(run, &response);
        pario_response_free(&response);
    }
    e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 1);
}

/* Bytes that nobody asked for, in the same piece as the response. */
E2E_WAYS(a_leftover_byte_is_never_the_next_response)
{
    static const server_step first[] = { S_READ,
                                         S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
                                         S_HOLD, S_END };
    static const server_step second[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"), S_HOLD, S_END
    };
    server *peer = e2e_serve_two(run, first, second);
    run->loose = true;
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/1"), PARIO_OK);
    e2e_get(run, e2e_url(peer, "/2"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 2);
}

/* The same, but they come when the connection is already idle. */
E2E_WAYS(a_byte_on_an_idle_connection_retires_it)
{
    static const server_step first[] = {
        S_READ,        SAY_OK,
        S_WAIT(0),     S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
        S_UNTIL_THERE, S_FIRE(1),
        S_HOLD,        S_END
    };
    static const server_step second[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"), S_HOLD, S_END
    };
    server *peer = e2e_serve_two(run, first, second);
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/1"), PARIO_OK);
    server_fire(peer, 0);
    server_await_event(peer, 1);
    e2e_get(run, e2e_url(peer, "/2"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 2);
}

/* A server that closes after each response without saying so. */
E2E_WAYS(an_idle_connection_that_was_closed_is_not_used)
{
    static const server_step script[] = { S_READ, SAY_OK, S_END };
    server                  *peer = e2e_serve_script(run, script);
    run->loose = true;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        server_await_closed(peer, i + 1);
    }
    CHECK_UINT(server_count(peer).connections, 3);
    CHECK_UINT(server_count(peer).requests, 3);
}

/* Three servers that end a connection which is kept: not one stays in CLOSE_WAIT. */
E2E(idle_connections_that_the_server_closes_are_closed)
{
    static const server_step script[] = { S_READ, SAY_OK, S_WAIT(0), S_END };
    server                  *peers[3];
    pario_response           response;
    pario_statistics         statistics;
    run->loose = true;
    run->config.idle_connections = 3;
    for (size_t i = 0; i < 3; i++) {
        peers[i] = e2e_serve_script(run, script);
    }
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_get(run, e2e_url(peers[i], "/"), PARIO_OK);
    }
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.idle, 3);
    for (size_t i = 0; i < 3; i++) {
        server_fire(peers[i], 0);
        server_await_closed(peers[i], 1);
    }
    CHECK_UINT(server_left_open(), 3);
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_NOTHING_LEFT);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.idle, 0);
    CHECK_UINT(server_left_open(), 0);
}

/* The first connection answers once, and dies with the second request in its hands. */
static const server_step dies_closing[] = { S_READ, SAY_OK, S_READ, S_END };
static const server_step dies_resetting[] = { S_READ, SAY_OK, S_READ, S_RESET };
static const server_step answers[] = { S_READ, SAY_OK, S_AGAIN };
static const server_step closes[] = { S_READ, S_END };
static const server_step says_little[] = { S_READ, SAY_OK, S_READ, S_SEND("H"), S_END };

typedef struct replay {
    const server_step *first;  /* the connection that is reused */
    const server_step *second; /* the next one */
    const char        *method;
    const char        *body;
    bool               replayed; /* whether the request is made again */
    pario_error        error;
} replay;

static const replay replays[] = {
    { dies_closing, answers, "GET", NULL, true, PARIO_OK },
    { dies_resetting, answers, "GET", NULL, true, PARIO_OK },
    { dies_closing, answers, "HEAD", NULL, true, PARIO_OK },
    { dies_closing, answers, "PUT", "some content", true, PARIO_OK },
    { dies_closing, answers, "DELETE", NULL, true, PARIO_OK },
    { dies_closing, answers, "OPTIONS", NULL, true, PARIO_OK },
    { dies_closing, answers, "TRACE", NULL, true, PARIO_OK },
    { dies_closing, answers, "POST", "some content", false, PARIO_ERROR_EMPTY_REPLY },
    { dies_resetting, answers, "POST", "some content", false, PARIO_ERROR_RECEIVE },
    { dies_closing, answers, "PATCH", "some content", false, PARIO_ERROR_EMPTY_REPLY },
    { dies_closing, answers, "get", NULL, false, PARIO_ERROR_EMPTY_REPLY },
    { dies_closing, answers, "MINE", NULL, false, PARIO_ERROR_EMPTY_REPLY },
    { says_little, answers, "GET", NULL, false, PARIO_ERROR_HEAD_TRUNCATED },
    { dies_closing, closes, "GET", NULL, true, PARIO_ERROR_EMPTY_REPLY },
};

static void try_replay(e2e_run *run, const replay *wanted)
{
    const server_step *const scripts[] = { wanted->first, wanted->second };
    server_options           options = { .scripts = scripts, .script_count = 2 };
    server                  *peer = server_start(&options);
    run->servers[0] = peer;
    run->server_count = 1;
    pario_request  request = { .url = e2e_url(peer, "/2"),
                               .method = wanted->method,
                               .body = wanted->body,
                               .body_size = wanted->body == NULL ? 0 : strlen(wanted->body) };
    pario_response response;
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/1"), PARIO_OK);
        CHECK_ERROR(e2e_do(run, &request, &response), wanted->error);
        e2e_record(run, &response);
        CHECK(response.reused != wanted->replayed);
        pario_response_free(&response);
        server_counts counts = server_count(peer);
        CHECK_UINT(counts.connections, wanted->replayed ? 2 : 1);
        CHECK_UINT(counts.requests, wanted->replayed ? 3 : 2);
        for (size_t i = 0; i < counts.requests; i++) {
            e2e_record_request(run, server_request_at(peer, i));
        }
    }
    e2e_close(run);
    server_stop(peer);
    run->server_count = 0;
}

E2E_WAYS(a_request_on_a_dead_connection_is_replayed_once_if_idempotent)
{
    /* HEAD and its "ok" leave bytes over: what is received then depends on the pieces. */
    run->loose = true;
    for (size_t i = 0; i < COUNT(replays); i++) {
        test_case("%s, way %d, replay %zu %s", e2e_executor_name(run->executor), (int)run->way, i,
                  replays[i].method);
        try_replay(run, &replays[i]);
    }
}

E2E_WAYS(a_fresh_connection_that_dies_is_not_replaced)
{
    server *peer = e2e_serve_script(run, closes);
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_EMPTY_REPLY);
    CHECK_UINT(server_count(peer).connections, 1);
    CHECK_UINT(server_count(peer).requests, 1);
}

E2E(an_error_retires_the_connection)
{
    static const server_step broken[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        S_HOLD, S_END
    };
    server *peer = e2e_serve_two(run, broken, answers);
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/1"), PARIO_ERROR_LENGTH_DUPLICATE);
    server_await_closed(peer, 1);
    e2e_get(run, e2e_url(peer, "/2"), PARIO_OK);
    e2e_get(run, e2e_url(peer, "/3"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 2);
}

/* The caller may ask for the connection to be closed. */
E2E(connection_close_in_the_request_is_kept_to)
{
    static const pario_field fields[] = { { "Connection", "close" } };
    server                  *peer = e2e_serve_handler(run, serve_echo, NULL);
    pario_request  request = { .url = e2e_url(peer, "/"), .fields = fields, .field_count = 1 };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        e2e_record(run, &response);
        pario_response_free(&response);
        e2e_record_request(run, server_request_at(peer, i));
    }
    CHECK_UINT(server_count(peer).connections, 3);
}

/* A reused connection takes no time to be made. */
E2E(times_of_a_reused_connection)
{
    server        *peer = e2e_serve_handler(run, serve_echo, NULL);
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK((response.times.connected_us > 0) == (i == 0));
        CHECK(i == 0 || response.times.resolved_us == 0);
        CHECK(response.times.first_byte_us > 0);
        CHECK(response.times.first_byte_us <= response.times.total_us);
        CHECK(response.times.connected_us <= response.times.first_byte_us);
        pario_response_free(&response);
    }
}

E2E(connections_are_kept_per_origin)
{
    server *first = e2e_serve_handler(run, serve_echo, NULL);
    server *second = e2e_serve_handler(run, serve_echo, NULL);
    run->config.idle_connections = 2;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        e2e_get(run, e2e_url(first, "/a"), PARIO_OK);
        e2e_get(run, e2e_url(second, "/b"), PARIO_OK);
    }
    CHECK_UINT(server_count(first).connections, 1);
    CHECK_UINT(server_count(second).connections, 1);
    CHECK_UINT(server_count(first).requests, 4);
    CHECK_UINT(server_count(second).requests, 4);
}

E2E(idle_connections_off_keeps_none)
{
    server *peer = e2e_serve_handler(run, serve_echo, NULL);
    run->config.idle_connections = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    }
    server_await_closed(peer, 3);
    CHECK_UINT(server_count(peer).connections, 3);
}

E2E(idle_connections_may_be_without_limit)
{
    server *peer = e2e_serve_handler(run, serve_echo, NULL);
    run->config.idle_connections = PARIO_UNLIMITED;
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        CHECK_UINT(server_count(peer).connections, 1);
    }
}

/*
 * Sequentially, a fetch beside a request that waits may take one connection more than its host
 * may have; when one of the two has to be replaced, the other one goes.
 */
TEST(one_connection_too_many_goes_before_another_is_made)
{
    static const server_step        waits[] = { S_READ, S_WAIT(1), SAY_OK, S_READ, S_END };
    static const server_step *const scripts[] = { waits, answers, answers };
    server_options                  options = { .scripts = scripts, .script_count = 3 };
    server                         *peer = server_start(&options);
    pario_config   config = { .executor = PARIO_SEQUENTIAL, .per_host = 1, .idle_connections = 2 };
    pario_client  *client;
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    pario_statistics statistics;
    CHECK_ERROR(pario_open(&config, &client), PARIO_OK);
    CHECK_ERROR(pario_submit(client, &request), PARIO_OK);
    while (server_count(peer).requests == 0) {
        CHECK_ERROR(pario_next(client, &response, 1), PARIO_TIME_OVER);
    }
    CHECK_ERROR(pario_fetch(client, &request, &response), PARIO_OK);
    pario_response_free(&response);
    server_fire(peer, 1);
    CHECK_ERROR(pario_next(client, &response, PARIO_UNLIMITED), PARIO_OK);
    pario_response_free(&response);
    pario_stats(client, &statistics);
    CHECK_UINT(statistics.idle, 2);
    CHECK_ERROR(pario_submit(client, &request), PARIO_OK);
    CHECK_ERROR(pario_next(client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, PARIO_OK);
    pario_response_free(&response);
    pario_stats(client, &statistics);
    CHECK_UINT(statistics.connections, 3);
    CHECK_UINT(statistics.idle, 1);
    pario_close(client);
    server_stop(peer);
}

/* Each request is answered only once as many as may be in flight are there. */
typedef struct crowd {
    size_t          size;
    size_t          there; /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t  full;
} crowd;

static bool serve_crowd(server_peer *peer, const server_request *request, void *context)
{
    crowd *all = (crowd *)context;
    pthread_mutex_lock(&all->lock);
    all->there++;
    while (all->there < all->size) {
        pthread_cond_wait(&all->full, &all->lock);
    }
    pthread_cond_broadcast(&all->full);
    pthread_mutex_unlock(&all->lock);
    return serve_echo(peer, request, NULL);
}

E2E(the_oldest_idle_connections_go_when_there_are_too_many)
{
    crowd all = { .size = 4, .lock = PTHREAD_MUTEX_INITIALIZER, .full = PTHREAD_COND_INITIALIZER };
    pario_statistics statistics;
    if (run->executor == PARIO_SEQUENTIAL) {
        all.size = 1;
    }
    server *peer = e2e_serve_handler(run, serve_crowd, &all);
    run->config.idle_connections = 2;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < all.size; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    pario_response response;
    for (size_t i = 0; i < all.size; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.idle, all.size == 1 ? 1 : 2);
    server_await_closed(peer, all.size == 1 ? 0 : 2);
}

E2E(an_idle_connection_is_given_up_after_its_time)
{
    server *peer = e2e_serve_handler(run, serve_echo, NULL);
    run->config.idle_timeout_ms = 1;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        e2e_pass_ms(2);
    }
    CHECK_UINT(server_count(peer).connections, 3);
    test_saw("limit IDLE_MS");
}

/* A thousand requests, a few at a time: few connections, each request answered as its own. */
E2E(a_thousand_requests_take_few_connections)
{
    enum {
        TOTAL = 1000
    };
    static bool    came[TOTAL];
    char           path[32];
    pario_response response;
    server        *peer = e2e_serve_handler(run, serve_echo, NULL);
    memset(came, 0, sizeof came);
    run->config.concurrency = 4;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < TOTAL; i++) {
        snprintf(path, sizeof path, "/%zu", i);
        e2e_submit(run, e2e_url(peer, path), i, NULL);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        snprintf(path, sizeof path, "/%zu", response.tag);
        CHECK_STR(response.body, path);
        CHECK(response.tag < TOTAL && !came[response.tag]);
        came[response.tag] = true;
        pario_response_free(&response);
    }
    for (size_t i = 0; i < TOTAL; i++) {
        CHECK(came[i]);
    }
    server_counts counts = server_count(peer);
    CHECK_UINT(counts.requests, TOTAL);
    CHECK(counts.connections <= 4);
    CHECK(counts.connections >= 1);
}

/* Two servers that answer only once two requests are there: no more may ever come. */
E2E(per_host_holds_to_the_number)
{
    crowd          all[2];
    server        *both[2];
    pario_response response;
    size_t         total = 0;
    size_t         wanted = run->executor == PARIO_SEQUENTIAL ? 1 : 2;
    run->config.concurrency = 10;
    run->config.per_host = 2;
    run->config.idle_connections = 10;
    for (size_t i = 0; i < 2; i++) {
        all[i] = (crowd){ .size = wanted,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .full = PTHREAD_COND_INITIALIZER };
        both[i] = e2e_serve_handler(run, serve_crowd, &all[i]);
    }
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 60; i++) {
        e2e_submit(run, e2e_url(both[i % 2], "/"), i, NULL);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, 60);
    for (size_t i = 0; i < 2; i++) {
        server_counts counts = server_count(both[i]);
        CHECK_UINT(counts.most_open, wanted);
        CHECK_UINT(counts.requests, 30);
    }
}

/* All of the first origin's requests are queued before the second's; it must not wait. */
E2E(a_host_at_its_limit_does_not_hold_up_another)
{
    static const server_step held[] = { S_READ, S_WAIT(0), SAY_OK, S_AGAIN };
    server                  *slow = e2e_serve_script(run, held);
    server                  *fast = e2e_serve_handler(run, serve_echo, NULL);
    pario_response           response;
    run->apart = true;
    if (run->executor == PARIO_SEQUENTIAL) {
        return;
    }
    run->config.concurrency = 2;
    run->config.per_host = 1;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_submit(run, e2e_url(slow, "/"), i, NULL);
    }
    e2e_submit(run, e2e_url(fast, "/fast"), 3, NULL);
    if (CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
        CHECK_UINT(response.tag, 3);
        pario_response_free(&response);
    }
    server_fire(slow, 0);
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
    }
    CHECK_UINT(server_count(slow).most_open, 1);
}
