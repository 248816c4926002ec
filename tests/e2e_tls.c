/* SPDX-License-Identifier: MIT */
/*
 * https, by a transport that is none: it greets, and then passes bytes on as they are, few at a
 * time, so that the raw server can talk to it. A byte 0xff from the server is a close_notify, a
 * byte 0xfe a failure of the session.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include "e2e.h"

#define NOTIFY "\xff"
#define FAILURE "\xfe"
#define WELCOME "welcome!"
#define GREET S_READ, S_SEND(WELCOME)
#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

/* What all sessions of a client share. */
typedef struct mock {
    pario_tls transport;
    size_t    begun; /* atomic, as are all counts here */
    size_t    ended;
    size_t    step;      /* bytes that read and write move at most */
    bool      no_memory; /* begin fails */
    bool      boasts;    /* read claims to have moved more than it was given room for */
    bool      idles;     /* write claims success, and moves nothing */
    server   *waits;     /* is told (event 1) once no more can be written */
} mock;

typedef struct mock_session {
    mock  *of;
    int    fd;
    size_t greeted; /* bytes of the greeting that are out */
    size_t welcome; /* and of the answer that are in */
    bool   ended;
    bool   failed;
    char   greeting[300];
} mock_session;

static void *mock_begin(void *context, int fd, const char *host)
{
    mock         *of = (mock *)context;
    mock_session *session = of->no_memory ? NULL : (mock_session *)calloc(1, sizeof *session);
    if (session != NULL) {
        session->of = of;
        session->fd = fd;
        snprintf(session->greeting, sizeof session->greeting, "HELLO %s\r\n\r\n", host);
        (void)__atomic_add_fetch(&of->begun, 1u, __ATOMIC_RELAXED);
    }
    return session;
}

static void mock_end(void *opened)
{
    mock_session *session = (mock_session *)opened;
    (void)__atomic_add_fetch(&session->of->ended, 1u, __ATOMIC_RELAXED);
    free(session);
}

/* Reads raw bytes; -1 with *result where there are none. */
static ssize_t mock_receive(const mock_session *session, char *bytes, size_t size,
                            pario_tls_result *result)
{
    ssize_t got = recv(session->fd, bytes, size, 0);
    *result = PARIO_TLS_OK;
    if (got == 0) {
        *result = PARIO_TLS_CUT;
    } else if (got < 0) {
        *result = errno == EAGAIN ? PARIO_TLS_WANTS_READ : PARIO_TLS_ERROR;
    }
    return *result == PARIO_TLS_OK ? got : -1;
}

static pario_tls_result mock_write(void *opened, const void *bytes, size_t size, size_t *moved)
{
    mock_session *session = (mock_session *)opened;
    if (session->of->idles) {
        return PARIO_TLS_OK;
    }
    size_t  step = pario_i_min(size, session->of->step);
    ssize_t sent = send(session->fd, bytes, step, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
        if (session->of->waits != NULL) {
            server_fire(session->of->waits, 1);
        }
        return PARIO_TLS_WANTS_WRITE;
    }
    if (sent < 0) {
        return PARIO_TLS_ERROR;
    }
    *moved = (size_t)sent;
    return PARIO_TLS_OK;
}

static pario_tls_result mock_handshake(void *opened)
{
    mock_session    *session = (mock_session *)opened;
    size_t           size = strlen(session->greeting);
    pario_tls_result result = PARIO_TLS_OK;
    char             byte;
    while (result == PARIO_TLS_OK && session->greeted < size) {
        ssize_t sent = send(session->fd, session->greeting + session->greeted,
                            size - session->greeted, MSG_NOSIGNAL);
        result = sent < 0 ? PARIO_TLS_ERROR : PARIO_TLS_OK;
        session->greeted += sent > 0 ? (size_t)sent : 0;
    }
    while (result == PARIO_TLS_OK && session->welcome < sizeof WELCOME - 1) {
        if (mock_receive(session, &byte, 1, &result) == 1) {
            result = byte == WELCOME[session->welcome] ? PARIO_TLS_OK : PARIO_TLS_ERROR;
            session->welcome++;
        }
    }
    session->failed = result == PARIO_TLS_ERROR;
    return result;
}

static pario_tls_result mock_read(void *opened, void *bytes, size_t size, size_t *moved)
{
    mock_session    *session = (mock_session *)opened;
    pario_tls_result result = PARIO_TLS_OK;
    char            *to = (char *)bytes;
    if (session->of->boasts) {
        *moved = size + 1;
        return PARIO_TLS_OK;
    }
    while (*moved < pario_i_min(size, session->of->step) && result == PARIO_TLS_OK &&
           !session->ended && !session->failed) {
        if (mock_receive(session, to + *moved, 1, &result) == 1) {
            session->ended = to[*moved] == NOTIFY[0];
            session->failed = to[*moved] == FAILURE[0];
            *moved += session->ended || session->failed ? 0u : 1u;
        }
    }
    if (*moved > 0) {
        return PARIO_TLS_OK;
    }
    if (session->ended || session->failed) {
        return session->ended ? PARIO_TLS_END : PARIO_TLS_ERROR;
    }
    return result;
}

static void mock_explain(void *opened, char *text, size_t size)
{
    const mock_session *session = (const mock_session *)opened;
    snprintf(text, size, "%s", session->failed ? "the pretence is over" : "something is off");
}

/* Opens run->client with the transport. */
static bool open_with(e2e_run *run, mock *with)
{
    const pario_tls transport = { with,       mock_begin,   mock_handshake, mock_read,
                                  mock_write, mock_explain, mock_end };
    with->transport = transport;
    with->step = with->step == 0 ? 7 : with->step;
    run->config.tls = &with->transport;
    return e2e_open(run);
}

/* Closes the client: no session may be left. */
static void close_with(e2e_run *run, mock *with)
{
    e2e_close(run);
    CHECK_UINT(__atomic_load_n(&with->ended, __ATOMIC_RELAXED),
               __atomic_load_n(&with->begun, __ATOMIC_RELAXED));
    e2e_note(run, "%zu sessions", with->begun);
}

static const char *https_url(server *to, const char *path)
{
    static char   texts[8][256];
    static size_t next;
    char         *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "https://127.0.0.1:%u%s", (unsigned)server_port(to), path);
    return text;
}

E2E_WAYS(https_runs_over_the_transport_and_keeps_its_session)
{
    static const server_step script[] = { GREET, S_READ, SAY_OK, S_READ, SAY_OK, S_END };
    mock                     with = { .step = 7 };
    server                  *peer = e2e_serve_script(run, script);
    if (open_with(run, &with)) {
        e2e_get(run, https_url(peer, "/one"), PARIO_OK);
        e2e_get(run, https_url(peer, "/two"), PARIO_OK);
        for (size_t i = 0; i < 3; i++) {
            e2e_record_request(run, server_request_at(peer, i));
        }
        close_with(run, &with);
        CHECK_UINT(with.begun, 1);
    }
}

E2E_WAYS(content_goes_out_and_comes_in_by_small_steps)
{
    static char              body[100000];
    static const server_step script[] = {
        GREET, S_READ, S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        S_DRIP("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"), S_END
    };
    mock           with = { .step = 3 };
    server        *peer = e2e_serve_script(run, script);
    pario_request  request = { .body = body, .body_size = sizeof body };
    pario_response response;
    memset(body, 'x', sizeof body);
    if (open_with(run, &with)) {
        request.url = https_url(peer, "/");
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        e2e_record(run, &response);
        CHECK_STR(response.body, "hello, world");
        pario_response_free(&response);
        e2e_record_request(run, server_request_at(peer, 1));
        close_with(run, &with);
    }
}

/* More than sockets hold, to a server that reads only once they are full. */
E2E(content_waits_until_there_is_room_for_it)
{
    static char              body[16777216];
    static const server_step script[] = { GREET, S_WAIT(1), S_READ, SAY_OK, S_END };
    mock                     with = { .step = 1048576 };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body = body, .body_size = sizeof body };
    pario_response           response;
    with.waits = peer;
    if (open_with(run, &with)) {
        request.url = https_url(peer, "/");
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        pario_response_free(&response);
        CHECK_UINT(server_request_at(peer, 1)->body_size, sizeof body);
        close_with(run, &with);
    }
}

/* What comes of one GET, with what text. */
static void fails(e2e_run *run, mock *with, const server_step *script, pario_error expected,
                  const char *explanation)
{
    pario_request  request = { .url = NULL };
    pario_response response;
    server        *peer = e2e_serve_script(run, script);
    if (open_with(run, with)) {
        request.url = https_url(peer, "/");
        CHECK_ERROR(e2e_do(run, &request, &response), expected);
        CHECK_STR(response.explanation, explanation);
        e2e_record(run, &response);
        pario_response_free(&response);
        close_with(run, with);
    }
}

E2E_WAYS(a_handshake_that_is_refused_says_why)
{
    static const server_step script[] = { S_READ, S_SEND("unwelcome"), S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    fails(run, &with, script, PARIO_ERROR_TLS, "the pretence is over");
}

E2E_WAYS(a_handshake_that_is_cut_is_an_error)
{
    static const server_step script[] = { S_READ, S_SEND("welc"), S_END };
    mock                     with = { .step = 7 };
    fails(run, &with, script, PARIO_ERROR_TLS, "something is off");
}

E2E_WAYS(a_session_that_fails_says_why)
{
    static const server_step script[] = {
        GREET, S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart" FAILURE), S_DRAIN,
        S_END
    };
    mock with = { .step = 7 };
    fails(run, &with, script, PARIO_ERROR_TLS, "the pretence is over");
}

E2E_WAYS(a_close_notify_ends_content_that_is_delimited_by_it)
{
    static const server_step script[] = { GREET, S_READ,
                                          S_SEND("HTTP/1.1 200 OK\r\n\r\nall of it" NOTIFY),
                                          S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    fails(run, &with, script, PARIO_OK, "");
}

E2E_WAYS(without_a_close_notify_such_content_has_ended_early)
{
    static const server_step script[] = { GREET, S_READ,
                                          S_SEND("HTTP/1.1 200 OK\r\n\r\nhalf of it"), S_END };
    mock                     with = { .step = 7 };
    fails(run, &with, script, PARIO_ERROR_BODY_TRUNCATED, "");
}

E2E_WAYS(a_session_that_cannot_begin_is_out_of_memory)
{
    static const server_step script[] = { S_DRAIN, S_END };
    mock                     with = { .no_memory = true };
    fails(run, &with, script, PARIO_ERROR_MEMORY, "");
}

E2E_WAYS(a_transport_that_claims_to_have_read_more_than_asked_is_not_believed)
{
    static const server_step script[] = { GREET, S_DRAIN, S_END };
    mock                     with = { .boasts = true, .step = 4096 };
    run->loose = true;
    fails(run, &with, script, PARIO_ERROR_TLS, "something is off");
}

E2E_WAYS(a_transport_that_claims_to_have_written_nothing_is_not_believed)
{
    static const server_step script[] = { GREET, S_DRAIN, S_END };
    mock                     with = { .idles = true };
    fails(run, &with, script, PARIO_ERROR_TLS, "something is off");
}

E2E_WAYS(a_handshake_without_end_is_a_connect_timeout)
{
    static const server_step script[] = { S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    run->config.connect_timeout_ms = 30;
    fails(run, &with, script, PARIO_ERROR_CONNECT_TIMEOUT, "");
}

E2E_WAYS(bytes_that_nobody_asked_for_retire_the_session)
{
    static const server_step script[] = {
        GREET, S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 No\r\n"),
        S_DRAIN, S_END
    };
    static const server_step        again[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step *const scripts[] = { script, again };
    const server_options            options = { .scripts = scripts, .script_count = 2 };
    mock                            with = { .step = 4096 };
    server                         *peer = e2e_serve(run, &options);
    if (open_with(run, &with)) {
        e2e_get(run, https_url(peer, "/one"), PARIO_OK);
        e2e_get(run, https_url(peer, "/two"), PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(with.begun, 2);
    }
}

/* The first connection serves one request, and takes another only to drop it. */
E2E_WAYS(a_kept_session_that_dies_is_replaced_by_a_fresh_one)
{
    static const server_step        script[] = { GREET, S_READ, SAY_OK, S_READ, S_END };
    static const server_step        again[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step *const scripts[] = { script, again };
    const server_options            options = { .scripts = scripts, .script_count = 2 };
    mock                            with = { .step = 4096 };
    server                         *peer = e2e_serve(run, &options);
    if (open_with(run, &with)) {
        e2e_get(run, https_url(peer, "/one"), PARIO_OK);
        e2e_get(run, https_url(peer, "/two"), PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(with.begun, 2);
    }
}

E2E_WAYS(a_connection_without_a_session_is_not_for_https)
{
    static const server_step        plain[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step        secure[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step *const scripts[] = { plain, secure };
    const server_options            options = { .scripts = scripts, .script_count = 2 };
    mock                            with = { .step = 4096 };
    server                         *peer = e2e_serve(run, &options);
    if (open_with(run, &with)) {
        e2e_get(run, e2e_url(peer, "/one"), PARIO_OK);
        e2e_get(run, https_url(peer, "/two"), PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(with.begun, 1);
    }
}

E2E_WAYS(a_redirect_leads_to_https_but_not_back)
{
    static char              reply[300];
    static const server_step secure[] = {
        GREET, S_READ,
        S_SEND("HTTP/1.1 302 Back\r\nLocation: http://127.0.0.1:1/\r\n"
               "Content-Length: 0\r\n\r\n"),
        S_DRAIN, S_END
    };
    server_step plain[] = { S_READ, { SERVER_SEND, reply, 0 }, S_DRAIN, S_END };
    mock        with = { .step = 4096 };
    server     *to = e2e_serve_script(run, secure);
    plain[1].number = (size_t)snprintf(reply, sizeof reply,
                                       "HTTP/1.1 302 On\r\nLocation: %s\r\n"
                                       "Content-Length: 0\r\n\r\n",
                                       https_url(to, "/"));
    server *from = e2e_serve_script(run, plain);
    run->config.redirects = 5;
    if (open_with(run, &with)) {
        e2e_get(run, e2e_url(from, "/"), PARIO_ERROR_REDIRECT_SCHEME);
        close_with(run, &with);
    }
}

E2E(many_sessions_are_begun_and_ended)
{
    static const server_step script[] = { GREET, S_READ, SAY_OK, S_READ, SAY_OK, S_END };
    mock                     with = { .step = 11 };
    server                  *peer = e2e_serve_script(run, script);
    run->config.concurrency = 10;
    if (open_with(run, &with)) {
        for (size_t i = 0; i < 100; i++) {
            CHECK_ERROR(e2e_submit(run, https_url(peer, "/"), i, NULL), PARIO_OK);
        }
        pario_response response;
        size_t         good = 0;
        while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
            good += response.error == PARIO_OK ? 1u : 0u;
            pario_response_free(&response);
        }
        CHECK_UINT(good, 100);
        run->apart = true;
        close_with(run, &with);
    }
}

E2E(a_request_is_cancelled_within_its_handshake)
{
    static const server_step script[] = { S_READ, S_FIRE(0), S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    pario_response           response;
    uint64_t                 id = 0;
    server                  *peer = e2e_serve_script(run, script);
    if (open_with(run, &with)) {
        CHECK_ERROR(e2e_submit(run, https_url(peer, "/"), 0, &id), PARIO_OK);
        while (!server_fired(peer, 0)) {
            CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
        }
        CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
        CHECK_INT(response.stage, PARIO_STAGE_TLS);
        e2e_record(run, &response);
        pario_response_free(&response);
        close_with(run, &with);
    }
}

E2E(a_client_is_closed_with_sessions_in_every_state)
{
    static const server_step        ready[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step        stuck[] = { S_DRAIN, S_END };
    static const server_step *const scripts[] = { ready, stuck };
    const server_options            options = { .scripts = scripts, .script_count = 2 };
    mock                            with = { .step = 7 };
    pario_response                  response;
    server                         *peer = e2e_serve(run, &options);
    if (open_with(run, &with)) {
        CHECK_ERROR(e2e_submit(run, https_url(peer, "/"), 0, NULL), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        pario_response_free(&response);
        CHECK_ERROR(e2e_submit(run, https_url(peer, "/"), 1, NULL), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
        run->apart = true;
        close_with(run, &with);
    }
}

TEST(a_transport_that_lacks_a_function_is_refused)
{
    mock          with;
    pario_config  config = { .executor = PARIO_EPOLL };
    pario_client *client = NULL;
    memset(&with, 0, sizeof with);
    config.tls = &with.transport;
    for (size_t lacks = 0; lacks < 6; lacks++) {
        pario_tls transport = { &with,      mock_begin,   mock_handshake, mock_read,
                                mock_write, mock_explain, mock_end };
        transport.begin = lacks == 0 ? NULL : transport.begin;
        transport.handshake = lacks == 1 ? NULL : transport.handshake;
        transport.read_some = lacks == 2 ? NULL : transport.read_some;
        transport.write_some = lacks == 3 ? NULL : transport.write_some;
        transport.explain = lacks == 4 ? NULL : transport.explain;
        transport.end = lacks == 5 ? NULL : transport.end;
        with.transport = transport;
        CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_ARGUMENT);
        CHECK(client == NULL);
    }
}
