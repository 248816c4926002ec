/* SPDX-License-Identifier: MIT */
/* Every limit: what just fits is fine, one more is the limit's own error. */
#include "pario.h"

#include "e2e.h"

/* Sends `count` times a byte. */
static bool say_times(server_peer *peer, size_t count, char byte)
{
    char block[16384];
    bool fine = true;
    memset(block, byte, count < sizeof block ? count : sizeof block);
    while (fine && count > 0) {
        size_t size = count < sizeof block ? count : sizeof block;
        fine = server_send(peer, block, size);
        count -= size;
    }
    return fine;
}

/* "/head/N": a head of exactly N bytes. */
static bool say_head(server_peer *peer, size_t size)
{
    static const char before[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ";
    return server_say(peer, before) && say_times(peer, size - (sizeof before - 1) - 4, 'x') &&
           server_say(peer, "\r\n\r\nok");
}

/* "/fields/N": N fields. */
static bool say_fields(server_peer *peer, size_t count)
{
    bool fine = server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    for (size_t i = 1; fine && i < count; i++) {
        fine = server_sayf(peer, "X%zu: %zu\r\n", i, i);
    }
    return fine && server_say(peer, "\r\nok");
}

/* "/interim/N": N interim responses before the final one. */
static bool say_interim(server_peer *peer, size_t count)
{
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        fine = server_say(peer, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    }
    return fine && server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* "/length/N": N bytes with their length. */
static bool say_length(server_peer *peer, size_t size)
{
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size) &&
           say_times(peer, size, 'x');
}

/* "/chunked/N": N bytes in chunks of up to 9999. */
static bool say_chunked(server_peer *peer, size_t size)
{
    bool fine = server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (fine && size > 0) {
        size_t part = size < 9999 ? size : 9999;
        fine = server_sayf(peer, "%zx\r\n", part) && say_times(peer, part, 'x') &&
               server_say(peer, "\r\n");
        size -= part;
    }
    return fine && server_say(peer, "0\r\n\r\n");
}

/* "/close/N": N bytes until the end. */
static bool say_close(server_peer *peer, size_t size)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\n\r\n") && say_times(peer, size, 'x') && false;
}

/* "/extensions/N": two chunks, whose extensions have N bytes together. */
static bool say_extensions(server_peer *peer, size_t size)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;") &&
           say_times(peer, size / 2 - 1, 'x') && server_say(peer, "\r\na\r\n1;") &&
           say_times(peer, size - size / 2 - 1, 'y') && server_say(peer, "\r\nb\r\n0\r\n\r\n");
}

/* "/trailers/N": a trailer section of N bytes, with its empty line or without: see below. */
static bool say_trailers(server_peer *peer, size_t size)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "2\r\nok\r\n0\r\nT: ") &&
           say_times(peer, size - 5, 'x') && server_say(peer, "\r\n\r\n");
}

/* "/tails/N": N trailer fields. */
static bool say_tails(server_peer *peer, size_t count)
{
    bool fine = server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (size_t i = 0; fine && i < count; i++) {
        fine = server_sayf(peer, "T: %zu\r\n", i);
    }
    return fine && server_say(peer, "\r\n");
}

typedef struct speech {
    const char *prefix;
    bool (*say)(server_peer *peer, size_t number);
} speech;

static const speech speeches[] = {
    { "/head/", say_head },
    { "/fields/", say_fields },
    { "/interim/", say_interim },
    { "/length/", say_length },
    { "/chunked/", say_chunked },
    { "/close/", say_close },
    { "/extensions/", say_extensions },
    { "/trailers/", say_trailers },
    { "/tails/", say_tails },
};

static bool serve_speech(server_peer *peer, const server_request *request, void *context)
{
    (void)context;
    for (size_t i = 0; i < COUNT(speeches); i++) {
        long number = server_target_number(request, speeches[i].prefix);
        if (number >= 0) {
            return speeches[i].say(peer, (size_t)number);
        }
    }
    return false;
}

/* A limit, the member of pario_config that sets it, and what runs into it. */
typedef struct limit {
    const char *name;
    size_t      member;
    const char *prefix;
    int64_t     fallback; /* the default */
    int64_t     small;    /* another value to try */
    pario_error error;
    bool        unlimited; /* whether PARIO_UNLIMITED lifts it */
    bool        off;       /* whether PARIO_OFF allows nothing at all */
} limit;

#define MEMBER(name) offsetof(pario_config, name)

static const limit limits[] = {
    { "limit HEAD_BYTES", MEMBER(head_bytes), "/head/", PARIO_DEFAULT_HEAD_BYTES, 1000,
      PARIO_ERROR_HEAD_TOO_LARGE, false, false },
    { "limit FIELDS", MEMBER(fields), "/fields/", PARIO_DEFAULT_FIELDS, 3,
      PARIO_ERROR_TOO_MANY_FIELDS, false, false },
    { "limit BODY_BYTES", MEMBER(body_bytes), "/length/", PARIO_DEFAULT_BODY_BYTES, 100,
      PARIO_ERROR_BODY_TOO_LARGE, true, false },
    { "limit INTERIM", MEMBER(interim), "/interim/", PARIO_DEFAULT_INTERIM, 2,
      PARIO_ERROR_TOO_MANY_INTERIM, true, true },
    { "limit CHUNK_EXTENSION_BYTES", MEMBER(chunk_extension_bytes), "/extensions/",
      PARIO_DEFAULT_CHUNK_EXTENSION_BYTES, 20, PARIO_ERROR_CHUNK_EXTENSIONS, true, true },
    { "limit TRAILER_BYTES", MEMBER(trailer_bytes), "/trailers/", PARIO_DEFAULT_TRAILER_BYTES, 50,
      PARIO_ERROR_TRAILERS_TOO_LARGE, false, true },
    { "limit FIELDS", MEMBER(fields), "/tails/", PARIO_DEFAULT_FIELDS, 3,
      PARIO_ERROR_TRAILERS_TOO_LARGE, false, false },
};

/* The same limit on contents that are framed otherwise. */
static const limit more_limits[] = {
    { "limit BODY_BYTES", MEMBER(body_bytes), "/chunked/", 20000, 5000, PARIO_ERROR_BODY_TOO_LARGE,
      true, false },
    { "limit BODY_BYTES", MEMBER(body_bytes), "/close/", 20000, 100, PARIO_ERROR_BODY_TOO_LARGE,
      true, false },
};

/* How far the exact border may lie from the number: line ends may count or not. */
static int64_t slack_of(const limit *wanted)
{
    bool framed = strcmp(wanted->prefix, "/extensions/") == 0 ||
                  strcmp(wanted->prefix, "/trailers/") == 0;
    return framed ? 4 : 0;
}

static void try_number(e2e_run *run, const limit *wanted, int64_t number, pario_error error)
{
    char path[64];
    snprintf(path, sizeof path, "%s%jd", wanted->prefix, (intmax_t)number);
    test_case("%s, %s", e2e_executor_name(run->executor), path);
    e2e_get(run, e2e_url(run->servers[0], path), error);
}

/* Opens a client with the limit set so; the member is found by its place. */
static bool open_with(e2e_run *run, const limit *wanted, int64_t value)
{
    e2e_close(run);
    memset(&run->config, 0, sizeof run->config);
    run->config.executor = run->executor;
    run->config.stack_bytes = E2E_STACK;
    memcpy((char *)&run->config + wanted->member, &value, sizeof value);
    return e2e_open(run);
}

static void try_default(e2e_run *run, const limit *wanted)
{
    int64_t slack = slack_of(wanted);
    if (open_with(run, wanted, 0)) {
        try_number(run, wanted, wanted->fallback - slack, PARIO_OK);
        try_number(run, wanted, wanted->fallback + 1 + slack, wanted->error);
        try_number(run, wanted, wanted->fallback - slack, PARIO_OK);
    }
}

static void try_limit(e2e_run *run, const limit *wanted)
{
    int64_t slack = slack_of(wanted);
    if (open_with(run, wanted, wanted->small)) {
        try_number(run, wanted, wanted->small - slack, PARIO_OK);
        try_number(run, wanted, wanted->small + 1 + slack, wanted->error);
    }
    if (open_with(run, wanted, wanted->fallback + 100)) {
        try_number(run, wanted, wanted->fallback + 100 - slack, PARIO_OK);
        try_number(run, wanted, wanted->fallback + 101 + slack, wanted->error);
    }
    if (wanted->unlimited && open_with(run, wanted, PARIO_UNLIMITED)) {
        try_number(run, wanted, wanted->fallback + 100, PARIO_OK);
    }
    if (wanted->off && open_with(run, wanted, PARIO_OFF)) {
        try_number(run, wanted, 8, wanted->error);
    }
    test_saw(wanted->name);
}

E2E(limits_of_a_response_hold_to_the_byte)
{
    e2e_serve_handler(run, serve_speech, NULL);
    run->loose = true;
    for (size_t i = 0; i < COUNT(limits); i++) {
        try_default(run, &limits[i]);
        try_limit(run, &limits[i]);
    }
    for (size_t i = 0; i < COUNT(more_limits); i++) {
        try_limit(run, &more_limits[i]);
    }
}

/* The request's own limit goes before the client's. */
E2E(a_request_has_a_limit_of_its_own_for_the_content)
{
    static const int64_t values[] = { 0, 200, PARIO_UNLIMITED };
    static const size_t  fits[] = { 100, 200, 100000 };
    server              *peer = e2e_serve_handler(run, serve_speech, NULL);
    char                 path[64];
    pario_response       response;
    run->loose = true;
    run->config.body_bytes = 100;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(values); i++) {
        for (size_t more = 0; more < (values[i] == PARIO_UNLIMITED ? 1 : 2); more++) {
            snprintf(path, sizeof path, "/length/%zu", fits[i] + more);
            pario_request request = { .url = e2e_url(peer, path), .body_bytes = values[i] };
            CHECK_ERROR(e2e_do(run, &request, &response),
                        more == 0 ? PARIO_OK : PARIO_ERROR_BODY_TOO_LARGE);
            CHECK_UINT(response.body_size, more == 0 ? fits[i] : 0);
            e2e_record(run, &response);
            pario_response_free(&response);
        }
    }
}

/* An endless response is given up; HEAD of a large one is not. */
E2E(a_length_beyond_the_limit_is_refused_before_it_is_read)
{
    static const server_step script[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n"), S_HOLD,
        S_END
    };
    server        *peer = e2e_serve_script(run, script);
    pario_request  request = { .url = e2e_url(peer, "/"), .method = "HEAD" };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    e2e_record(run, &response);
    pario_response_free(&response);
    e2e_close(run);
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_BODY_TOO_LARGE);
    }
}

/* Many fields, all of them found again. */
E2E(very_many_fields_are_all_there)
{
    server        *peer = e2e_serve_handler(run, serve_speech, NULL);
    pario_request  request = { .url = e2e_url(peer, "/fields/20000") };
    pario_response response;
    char           name[32];
    run->config.fields = 20000;
    run->config.head_bytes = 1000000;
    if (!e2e_open(run) || !CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK)) {
        return;
    }
    CHECK_UINT(response.field_count, 20000);
    for (size_t i = 1; i < 20000; i += 1999) {
        snprintf(name, sizeof name, "x%zu", i);
        CHECK_STR(pario_response_field(&response, name, 0), name + 1);
    }
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* ---- the queue and what is in flight --------------------------------------------------- */

E2E(the_queue_takes_as_many_as_it_may)
{
    static const server_step held[] = { S_READ, S_WAIT(0), S_SEND("HTTP/1.1 204 Done\r\n\r\n"),
                                        S_AGAIN };
    server                  *peer = e2e_serve_script(run, held);
    pario_request            request = { .url = e2e_url(peer, "/") };
    pario_response           response;
    pario_statistics         statistics;
    size_t                   accepted = 0;
    run->config.concurrency = 1;
    run->config.queue = 10;
    if (!e2e_open(run)) {
        return;
    }
    pario_error error = PARIO_OK;
    while (error == PARIO_OK && accepted < 100) {
        request.tag = accepted;
        error = pario_submit(run->client, &request);
        accepted += error == PARIO_OK ? 1 : 0;
    }
    CHECK_ERROR(error, PARIO_ERROR_QUEUE_FULL);
    /* One may have left the queue already. */
    CHECK(accepted == 10 || accepted == 11);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.queued + statistics.running, accepted);
    CHECK_UINT(statistics.submitted, accepted);
    server_fire(peer, 0);
    if (CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
        pario_response_free(&response);
    }
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    size_t taken = 1;
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        taken++;
    }
    CHECK_UINT(taken, accepted + 1);
}

E2E(the_default_queue_takes_65536)
{
    server       *peer = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    pario_request request = { .url = e2e_url(peer, "/") };
    size_t        accepted = 0;
    pario_error   error = PARIO_OK;
    run->config.concurrency = 1;
    if (run->executor == PARIO_THREADS || !e2e_open(run)) {
        run->apart = true;
        return; /* its threads would empty the queue meanwhile */
    }
    while (error == PARIO_OK && accepted < 2 * PARIO_DEFAULT_QUEUE) {
        error = pario_submit(run->client, &request);
        accepted += error == PARIO_OK ? 1 : 0;
    }
    CHECK_ERROR(error, PARIO_ERROR_QUEUE_FULL);
    CHECK(accepted == PARIO_DEFAULT_QUEUE || accepted == PARIO_DEFAULT_QUEUE + 1);
    test_saw("limit QUEUE");
}

/* Counts those that are served at once, and lets none go before `size` are there. */
typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    size_t          inside;
    size_t          most;
    size_t          size;
    bool            open;
} gate;

static bool serve_gate(server_peer *peer, const server_request *request, void *context)
{
    gate *it = (gate *)context;
    (void)request;
    pthread_mutex_lock(&it->lock);
    it->inside++;
    it->most = it->inside > it->most ? it->inside : it->most;
    it->open = it->open || it->inside == it->size;
    pthread_cond_broadcast(&it->changed);
    while (!it->open) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    it->inside--;
    pthread_mutex_unlock(&it->lock);
    return server_say(peer, "HTTP/1.1 204 Done\r\n\r\n");
}

static void try_concurrency(e2e_run *run, int64_t asked, size_t wanted, size_t requests)
{
    gate           it = { .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER,
                          .size = run->executor == PARIO_SEQUENTIAL ? 1 : wanted };
    pario_response response;
    size_t         total = 0;
    run->config.concurrency = asked;
    server_options options = { .handler = serve_gate, .context = &it, .forget = true };
    server        *peer = server_start(&options);
    if (e2e_open(run)) {
        for (size_t i = 0; i < requests; i++) {
            e2e_submit(run, e2e_url(peer, "/"), i, NULL);
        }
        while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
            CHECK_ERROR(response.error, PARIO_OK);
            pario_response_free(&response);
            total++;
        }
        CHECK_UINT(total, requests);
    }
    e2e_close(run);
    CHECK_UINT(it.most, it.size);
    CHECK_UINT(server_count(peer).most_open, it.size);
    server_stop(peer);
}

E2E(as_many_are_in_flight_as_may_be)
{
    try_concurrency(run, 1, 1, 5);
    try_concurrency(run, 7, 7, 50);
    try_concurrency(run, 0, PARIO_DEFAULT_CONCURRENCY, 300);
    test_saw("limit CONCURRENCY");
}

/* ---- time ------------------------------------------------------------------------------ */

E2E_WAYS(connecting_takes_as_long_as_it_may)
{
    server        *peer = e2e_serve(run, &(server_options){ .mood = SERVER_FULL });
    pario_request  request = { .url = e2e_url(peer, "/"), .connect_timeout_ms = 5 };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT_TIMEOUT);
    CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
    CHECK(response.times.total_us >= 5000);
    e2e_record(run, &response);
    pario_response_free(&response);
    e2e_close(run);
    run->config.connect_timeout_ms = 5;
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_CONNECT_TIMEOUT);
    }
    test_saw("limit CONNECT_MS");
}

E2E_WAYS(the_total_time_covers_connecting_too)
{
    server *peer = e2e_serve(run, &(server_options){ .mood = SERVER_FULL });
    run->config.total_timeout_ms = 5;
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_TOTAL_TIMEOUT);
    }
}

/* What a server does that never comes to the end, and the stage in which it is noticed. */
static const server_step never_reads[] = { S_HOLD, S_END };
static const server_step never_answers[] = { S_READ, S_HOLD, S_END };
static const server_step half_a_head[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\nConte"), S_HOLD,
                                           S_END };
static const server_step half_a_body[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), S_HOLD, S_END
};
static const server_step by_close[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\n\r\nhello"), S_HOLD,
                                        S_END };
static const server_step half_a_chunk[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), S_HOLD, S_END
};

typedef struct standstill {
    const server_step *script;
    pario_stage        stage;
    int                status;
} standstill;

static const standstill standstills[] = {
    { never_reads, PARIO_STAGE_HEAD, 0 }, { never_answers, PARIO_STAGE_HEAD, 0 },
    { half_a_head, PARIO_STAGE_HEAD, 0 }, { half_a_body, PARIO_STAGE_BODY, 200 },
    { by_close, PARIO_STAGE_BODY, 200 },  { half_a_chunk, PARIO_STAGE_BODY, 200 },
};

static void submit_standstills(e2e_run *run, bool total, int64_t ms)
{
    for (size_t i = 0; i < COUNT(standstills); i++) {
        pario_request request = { .url = e2e_url(run->servers[i], "/"),
                                  .progress_timeout_ms = total ? 0 : ms,
                                  .total_timeout_ms = total ? ms : 0,
                                  .tag = i };
        CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    }
}

/* Whether the time was over in the stage that the server had come to. */
static bool take_standstills(e2e_run *run, bool total, int64_t ms)
{
    bool           fits = true;
    pario_response response;
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        const standstill *wanted = &standstills[response.tag];
        test_case("%s, standstill %zu, %jd ms", e2e_executor_name(run->executor), response.tag,
                  (intmax_t)ms);
        CHECK_ERROR(response.error,
                    total ? PARIO_ERROR_TOTAL_TIMEOUT : PARIO_ERROR_PROGRESS_TIMEOUT);
        CHECK_UINT(response.body_size, 0);
        CHECK(response.times.total_us >= ms * 1000);
        fits = fits && response.stage == wanted->stage && response.status == wanted->status;
        pario_response_free(&response);
    }
    return fits;
}

/* On a busy machine the time may be over before the server's bytes come: then with more of it. */
static void try_standstills(e2e_run *run, bool total)
{
    bool fits = false;
    for (size_t i = 0; i < COUNT(standstills); i++) {
        e2e_serve_script(run, standstills[i].script);
    }
    for (int64_t ms = 50; !fits && ms < 10000 && e2e_open(run); ms *= 4) {
        submit_standstills(run, total, ms);
        fits = take_standstills(run, total, ms);
        e2e_close(run);
    }
    CHECK(fits);
}

E2E(nothing_happens_for_as_long_as_it_may)
{
    try_standstills(run, false);
    test_saw("limit PROGRESS_MS");
}

E2E(everything_together_takes_as_long_as_it_may)
{
    try_standstills(run, true);
    test_saw("limit TOTAL_MS");
}

/* So long that a server's answer comes before, unless the machine is very busy. */
#define A_WHILE_MS 100

/* Sends a byte whenever the client has taken the one before, until it gives up. */
static bool serve_drops(server_peer *peer, const server_request *request, void *context)
{
    (void)request;
    (void)context;
    bool fine = server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    while (fine) {
        fine = server_drip(peer, "x", 1);
    }
    return false;
}

E2E(progress_does_not_help_against_the_total_time)
{
    server *peer = e2e_serve_handler(run, serve_drops, NULL);
    run->apart = true; /* how far it comes is a matter of luck */
    run->config.body_bytes = PARIO_UNLIMITED;
    run->config.total_timeout_ms = A_WHILE_MS;
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_TOTAL_TIMEOUT);
    }
}

/* A body that the server does not take: sending makes no progress either. */
E2E(an_upload_that_nobody_takes_is_given_up)
{
    enum {
        SIZE = 32 * 1024 * 1024
    };
    static char              body[SIZE];
    static const server_step script[] = { S_READ_HEAD, S_HOLD, S_END };
    const server_step *const scripts[] = { script };
    server_options options = { .scripts = scripts, .script_count = 1, .receive_buffer = 4096 };
    server        *peer = e2e_serve(run, &options);
    pario_request  request = { .url = e2e_url(peer, "/"),
                               .body = body,
                               .body_size = sizeof body,
                               .progress_timeout_ms = A_WHILE_MS };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_PROGRESS_TIMEOUT);
    CHECK_INT(response.stage, PARIO_STAGE_SEND);
    CHECK(response.bytes_sent < sizeof body);
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* No time at all is no limit of time: the server answers when told, after a while. */
E2E(unlimited_times_are_allowed)
{
    static const server_step script[] = { S_READ, S_SEND("HTTP/1.1 204 Done\r\n\r\n"), S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    run->config.connect_timeout_ms = PARIO_UNLIMITED;
    run->config.progress_timeout_ms = PARIO_UNLIMITED;
    run->config.total_timeout_ms = PARIO_UNLIMITED;
    run->config.idle_timeout_ms = PARIO_UNLIMITED;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    }
}

/* Very large times must not overflow into small ones. */
E2E(very_large_times_are_allowed)
{
    static const server_step script[] = { S_READ, S_SEND("HTTP/1.1 204 Done\r\n\r\n"), S_AGAIN };
    static const int64_t     times[] = { INT64_MAX, INT64_MAX / 1000000, INT64_MAX / 1000000 + 1,
                                         (int64_t)INT32_MAX, (int64_t)INT32_MAX + 1 };
    server                  *peer = e2e_serve_script(run, script);
    for (size_t i = 0; i < COUNT(times); i++) {
        run->config.connect_timeout_ms = times[i];
        run->config.progress_timeout_ms = times[i];
        run->config.total_timeout_ms = times[i];
        run->config.idle_timeout_ms = times[i];
        test_case("%s, %jd", e2e_executor_name(run->executor), (intmax_t)times[i]);
        pario_error error = pario_open(&run->config, &run->client);
        if (error == PARIO_OK) {
            e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
            e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        } else {
            CHECK_ERROR(error, PARIO_ERROR_CONFIG);
        }
        e2e_close(run);
    }
}

/* The time in the queue is not the request's own. */
E2E(the_clock_starts_when_the_request_leaves_the_queue)
{
    static const server_step script[] = { S_READ, S_SEND("HTTP/1.1 204 Done\r\n\r\n"), S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_response           response;
    pario_request            request = { .url = e2e_url(peer, "/"),
                                         .connect_timeout_ms = 10000,
                                         .total_timeout_ms = 10000 };
    run->config.concurrency = 1;
    if (run->executor == PARIO_THREADS || !e2e_open(run)) {
        return; /* there it does not wait for pario_next */
    }
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    e2e_pass_ms(20);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, PARIO_OK);
    CHECK(response.times.queued_us >= 20000);
    CHECK(response.times.connected_us <= response.times.first_byte_us);
    CHECK(response.times.first_byte_us <= response.times.total_us);
    pario_response_free(&response);
}

/* ---- what no option changes ------------------------------------------------------------ */

E2E(urls_and_hosts_have_a_largest_size)
{
    static const server_step script[] = { S_READ, S_SEND("HTTP/1.1 204 Done\r\n\r\n"), S_AGAIN };
    static char              url[PARIO_MAX_URL_BYTES + 2];
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .url = url };
    pario_response           response;
    int before = snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(peer));
    memset(url + before, 'x', sizeof url - (size_t)before);
    if (!e2e_open(run)) {
        return;
    }
    url[PARIO_MAX_URL_BYTES] = '\0';
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK_STR(response.url, url);
    e2e_record(run, &response);
    pario_response_free(&response);
    url[PARIO_MAX_URL_BYTES] = 'x';
    url[PARIO_MAX_URL_BYTES + 1] = '\0';
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_ERROR_URL_TOO_LONG);
    memset(url, 'h', sizeof url);
    memcpy(url, "http://", 7);
    memcpy(url + 7 + PARIO_MAX_HOST_BYTES + 1, ".example/", 10);
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_ERROR_URL_TOO_LONG);
    test_saw("limit MAX_HOST_BYTES");
}

/* The rooms that the header promises are enough, and smaller ones are never overrun. */
E2E(texts_fit_the_rooms_that_are_promised)
{
    static const server_step script[] = {
        S_READ,
        S_SEND("HTTP/1.1 200 \t\x9b[31mAn exceedingly long reason, written by somebody with time: "
               "0123456789012345678901234567890123456789012345678901234567890123456789"
               "0123456789012345678901234567890123456789012345678901234567890123456789"
               "0123456789012345678901234567890123456789\r\nContent-Length: 0\r\n\r\n"),
        S_END
    };
    server        *peer = e2e_serve_script(run, script);
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    test_fence     fence = test_fence_open(PARIO_LINE_SIZE);
    char           filled[PARIO_LINE_SIZE];
    memset(filled, '#', sizeof filled);
    run->loose = true;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    for (size_t room = 0; room <= sizeof filled; room++) {
        char *text = test_fence_put(&fence, filled, room);
        pario_describe(&response, text, room);
        CHECK(room == 0 || strlen(text) < room);
        CHECK(room == 0 || strchr(text, '\t') == NULL);
        CHECK(room == 0 || strchr(text, '\x9b') == NULL);
        text = test_fence_put(&fence, filled, room);
        pario_response_address(&response, text, room);
        CHECK(room == 0 || strlen(text) < room);
    }
    test_fence_close(&fence);
    pario_response_free(&response);
    test_saw("limit LINE_SIZE");
    test_saw("limit ADDRESS_SIZE");
}
