/* SPDX-License-Identifier: MIT */
/* https, by the transport that is none. */
#include "pario.h"

#include "e2e.h"
#include "pretended.h"

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

/* A file, with its length and in chunks, that waits to be asked for. */
E2E_WAYS(a_file_goes_out_when_it_is_asked_for)
{
    static char              body[100000];
    static const server_step script[] = { GREET, S_READ, SAY_OK, S_READ, SAY_OK, S_END };
    mock                     with = { .step = 4096 };
    server                  *peer = e2e_serve_script(run, script);
    FILE                    *file = tmpfile();
    pario_request            request = { .method = "PUT" };
    memset(body, 'x', sizeof body);
    run->config.expect_bytes = 1;
    if (CHECK(file != NULL) && CHECK_UINT(fwrite(body, 1, sizeof body, file), sizeof body) &&
        CHECK_INT(fflush(file), 0) && CHECK_INT(lseek(fileno(file), 0, SEEK_SET), 0) &&
        open_with(run, &with)) {
        request.url = https_url(peer, "/");
        request.body_fd = fileno(file);
        for (size_t i = 0; i < 2; i++) {
            pario_response response;
            request.body_fd_size = i == 0 ? 0 : PARIO_UNLIMITED;
            CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
            e2e_record(run, &response);
            pario_response_free(&response);
            e2e_record_request(run, server_request_at(peer, i + 1));
            CHECK_UINT(server_request_at(peer, i + 1)->body_size, sizeof body);
        }
        close_with(run, &with);
        CHECK_UINT(with.begun, 1);
    }
    if (file != NULL) {
        (void)fclose(file);
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
    run->config.expect_bytes = PARIO_OFF;
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

/* What has come in time is taken, in however many steps, by who looks when the time is over. */
E2E(an_answer_in_many_records_that_came_in_time_is_taken)
{
    static const server_step script[] = {
        GREET,
        S_READ,
        S_WAIT(1),
        S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"),
        S_SEND("0123456789012345678901234567890123456789012345678901234567890123456789"),
        S_SEND("0123456789012345678901234567890123456789012345678901234567890123456789"),
        S_SEND("012345678901234567890123456789012345678901234567890123456789"),
        S_UNTIL_THERE,
        S_FIRE(2),
        S_DRAIN,
        S_END
    };
    mock           with = { .step = 3 };
    server        *peer = e2e_serve_script(run, script);
    pario_response response;
    run->config.total_timeout_ms = 1000;
    if (!open_with(run, &with)) {
        return;
    }
    int64_t begin = e2e_now_ms();
    e2e_submit(run, https_url(peer, "/"), 0, NULL);
    while (server_count(peer).requests < 2 &&
           pario_next(run->client, &response, 1) == PARIO_TIME_OVER) {
    }
    server_fire(peer, 1);
    server_await_event(peer, 2);
    bool in_time = e2e_now_ms() - begin < 1000;
    e2e_pass_ms(1000);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, in_time ? PARIO_OK : response.error);
    pario_response_free(&response);
    close_with(run, &with);
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
    fails(run, &with, script, PARIO_ERROR_EMPTY_REPLY, "");
}

E2E_WAYS(a_connection_that_breaks_under_a_session_has_ended)
{
    static const server_step before[] = { GREET, S_READ, S_RESET, S_END };
    static const server_step within[] = { GREET, S_READ, S_SEND("HTTP/1.1 200"), S_END };
    mock                     with = { .step = 7 };
    fails(run, &with, before, PARIO_ERROR_EMPTY_REPLY, "");
    fails(run, &with, within, PARIO_ERROR_HEAD_TRUNCATED, "");
}

/* Whether sending or receiving notices it first is a matter of time. */
E2E(a_connection_that_breaks_while_content_is_sent_has_ended)
{
    static char              body[16777216];
    static const server_step script[] = { GREET, S_WAIT(1), S_RESET, S_END };
    mock                     with = { .step = 1048576 };
    pario_request            request = { .body = body, .body_size = sizeof body };
    pario_response           response;
    with.waits = e2e_serve_script(run, script);
    run->config.expect_bytes = PARIO_OFF;
    run->apart = true;
    if (open_with(run, &with)) {
        request.url = https_url(with.waits, "/");
        (void)e2e_do(run, &request, &response);
        CHECK(response.error == PARIO_ERROR_SEND || response.error == PARIO_ERROR_EMPTY_REPLY);
        CHECK_INT(response.stage, PARIO_STAGE_SEND);
        CHECK_STR(response.explanation, "");
        pario_response_free(&response);
        close_with(run, &with);
    }
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
    static const server_step again[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *peer = e2e_serve_two(run, script, again);
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
    static const server_step script[] = { GREET, S_READ, SAY_OK, S_READ, S_END };
    static const server_step again[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *peer = e2e_serve_two(run, script, again);
    if (open_with(run, &with)) {
        e2e_get(run, https_url(peer, "/one"), PARIO_OK);
        e2e_get(run, https_url(peer, "/two"), PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(with.begun, 2);
    }
}

E2E_WAYS(a_connection_without_a_session_is_not_for_https)
{
    static const server_step plain[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step secure[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *peer = e2e_serve_two(run, plain, secure);
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

/* The thread that shakes hands is told by a shutdown of the socket, which cuts the handshake or, as
 * the transport sees it, fails it. */
static void cancel_in_its_midst(e2e_run *run, bool blames)
{
    static const server_step script[] = { S_READ, S_DRAIN, S_END };
    mock                     with = { .step = 7, .blames = blames };
    pario_response           response;
    uint64_t                 id = 0;
    with.stalls = e2e_serve_script(run, script);
    if (open_with(run, &with)) {
        CHECK_ERROR(e2e_submit(run, https_url(with.stalls, "/"), 0, &id), PARIO_OK);
        server_await_event(with.stalls, 2);
        CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
        CHECK_INT(response.stage, PARIO_STAGE_TLS);
        CHECK_STR(response.explanation, "");
        pario_response_free(&response);
        close_with(run, &with);
    }
}

E2E(a_handshake_that_is_cancelled_in_its_midst_has_not_failed)
{
    run->apart = true;
    if (run->executor == PARIO_THREADS) {
        cancel_in_its_midst(run, false);
        cancel_in_its_midst(run, true);
    }
}

E2E(a_client_is_closed_with_sessions_in_every_state)
{
    static const server_step ready[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step stuck[] = { S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    pario_response           response;
    server                  *peer = e2e_serve_two(run, ready, stuck);
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
