/* SPDX-License-Identifier: MIT */
/*
 * Proxies: the raw server is one, for http and for tunnels. Hosts that only a proxy knows are
 * numeric addresses, to none of which anything is ever sent.
 */
#include "pario.h"

#include "e2e.h"
#include "pretended.h"

#define BASIC "dXNlcjpwYXNz" /* user:pass */
#define STANDS S_SEND("HTTP/1.1 200 Connection established\r\n\r\n")

/* The proxy's URL, with credentials. */
static const char *proxy_url(server *proxy)
{
    static char texts[4][128];
    static int  next;
    char       *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "http://user:pass@127.0.0.1:%u", (unsigned)server_port(proxy));
    return text;
}

/* Opens the run's client with a proxy, and with a transport if there is one. */
static bool open_through(e2e_run *run, server *proxy, mock *with)
{
    run->config.proxy = proxy_url(proxy);
    run->config.idle_connections = 50; /* on each executor */
    return with != NULL ? open_with(run, with) : e2e_open(run);
}

/* Whether the text stands in a request that the server has read. */
static bool told(server *to, size_t index, const char *text)
{
    const server_request *request = server_request_at(to, index);
    return CHECK(request != NULL) && strstr(request->head, text) != NULL;
}

/* ---- http ------------------------------------------------------------------------------ */

E2E_WAYS(http_asks_the_proxy_with_the_whole_url)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, NULL)) {
        e2e_get(run, "http://me:secret@192.0.2.1/a?b=c#d", PARIO_OK);
        e2e_get(run, "HTTP://[2001:DB8::1]:8080?q", PARIO_OK);
        e2e_get(run, "http://192.0.2.1:80", PARIO_OK);
        for (size_t i = 0; i < 3; i++) {
            e2e_record_request(run, server_request_at(proxy, i));
            CHECK(told(proxy, i, "\r\nProxy-Authorization: Basic " BASIC "\r\n"));
            CHECK(!told(proxy, i, "secret") && !told(proxy, i, "#"));
        }
        CHECK(told(proxy, 0, "GET http://192.0.2.1/a?b=c HTTP/1.1\r\nHost: 192.0.2.1\r\n"));
        CHECK(told(proxy, 1, "GET http://[2001:DB8::1]:8080/?q HTTP/1.1\r\n"));
        CHECK(told(proxy, 2, "GET http://192.0.2.1/ HTTP/1.1\r\n"));
        e2e_close(run);
        CHECK_UINT(server_count(proxy).connections, 1);
    }
}

E2E_WAYS(content_is_sent_to_a_proxy)
{
    static const server_step script[] = { S_READ, SAY_OK, S_END };
    pario_request  request = { .url = "http://192.0.2.1/", .body = "content", .body_size = 7 };
    pario_response response;
    server        *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, NULL)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK(response.proxied);
        CHECK_INT(response.proxy_status, 0);
        e2e_record(run, &response);
        pario_response_free(&response);
        e2e_record_request(run, server_request_at(proxy, 0));
    }
}

E2E_WAYS(a_proxy_that_wants_credentials_for_http_says_so_in_a_response)
{
    static const server_step script[] = {
        S_READ,
        S_SEND("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
               "Content-Length: 4\r\n\r\npage"),
        S_END
    };
    pario_request  request = { .url = "http://192.0.2.1/" };
    pario_response response;
    server        *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, NULL)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK_INT(response.status, 407);
        CHECK_STR(response.body, "page");
        e2e_record(run, &response);
        pario_response_free(&response);
    }
}

/* Two hosts of two requests each, one at a time to each: two connections, of whatever host. */
E2E(a_limit_per_host_counts_the_origins_connections)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    static const char *const urls[] = { "http://192.0.2.1/", "http://192.0.2.2/" };
    server                  *proxy = e2e_serve_script(run, script);
    run->config.per_host = 1;
    run->config.concurrency = 50;
    if (open_through(run, proxy, NULL)) {
        for (size_t i = 0; i < 40; i++) {
            CHECK_ERROR(e2e_submit(run, urls[i % 2], i, NULL), PARIO_OK);
        }
        run->apart = true;
        e2e_collect(run, 40);
        e2e_close(run);
        CHECK(server_count(proxy).connections <= 2);
        CHECK_UINT(server_count(proxy).requests, 40);
    }
}

E2E_WAYS(a_stale_connection_to_the_proxy_is_replaced)
{
    static const server_step dying[] = { S_READ, SAY_OK, S_READ, S_END };
    static const server_step fresh[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    server                  *proxy = e2e_serve_two(run, dying, fresh);
    if (open_through(run, proxy, NULL)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_OK);
        e2e_get(run, "http://192.0.2.2/", PARIO_OK);
        CHECK_UINT(server_count(proxy).connections, 2);
    }
}

/* ---- what is asked directly ------------------------------------------------------------ */

E2E_WAYS(an_exception_is_asked_directly)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *proxy = e2e_serve_script(run, script);
    server                  *origin = e2e_serve_script(run, script);
    pario_request            request = { .url = e2e_url(origin, "/here") };
    pario_response           response;
    run->config.no_proxy = "example.com, 127.0.0.0/8";
    if (open_through(run, proxy, NULL)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK(!response.proxied);
        pario_response_free(&response);
        e2e_get(run, "http://192.0.2.1/there", PARIO_OK);
        CHECK(told(origin, 0, "GET /here HTTP/1.1\r\n") && !told(origin, 0, "Proxy-"));
        CHECK(told(proxy, 0, "GET http://192.0.2.1/there HTTP/1.1\r\n"));
        e2e_record_request(run, server_request_at(origin, 0));
    }
}

/* From a host behind the proxy to one that is none, and on to the first: each hop goes its way. */
E2E_WAYS(a_redirect_is_decided_anew)
{
    static char              there[200];
    static const server_step back[] = { S_READ,
                                        S_SEND("HTTP/1.1 302 On\r\nContent-Length: 0\r\n"
                                               "Location: http://192.0.2.1/home\r\n\r\n"),
                                        S_DRAIN, S_END };
    server_step ways[] = { S_READ, { SERVER_SEND, there, 0 }, S_READ, SAY_OK, S_DRAIN, S_END };
    server     *origin = e2e_serve_script(run, back);
    ways[1].number = (size_t)snprintf(
        there, sizeof there, "HTTP/1.1 307 On\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n",
        e2e_url(origin, "/away"));
    server *proxy = e2e_serve_script(run, ways);
    run->config.no_proxy = "127.0.0.1";
    run->config.redirects = 5;
    if (open_through(run, proxy, NULL)) {
        e2e_get(run, "http://192.0.2.1/first", PARIO_OK);
        CHECK(told(proxy, 0, "GET http://192.0.2.1/first ") && told(proxy, 0, BASIC));
        CHECK(told(origin, 0, "GET /away ") && !told(origin, 0, "Proxy-"));
        CHECK(told(proxy, 1, "GET http://192.0.2.1/home ") && told(proxy, 1, BASIC));
        e2e_close(run);
        CHECK_UINT(server_count(proxy).connections, 1);
    }
}

E2E_WAYS(a_redirect_leads_from_http_into_a_tunnel)
{
    static const server_step first[] = { S_READ,
                                         S_SEND("HTTP/1.1 301 On\r\nContent-Length: 0\r\n"
                                                "Location: https://192.0.2.1/home\r\n\r\n"),
                                         S_DRAIN, S_END };
    static const server_step second[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *proxy = e2e_serve_two(run, first, second);
    run->config.redirects = 5;
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_OK);
        CHECK(told(proxy, 1, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n"));
        CHECK(told(proxy, 3, "GET /home HTTP/1.1\r\n") && !told(proxy, 3, "Proxy-"));
        close_with(run, &with);
    }
}

/* ---- tunnels --------------------------------------------------------------------------- */

E2E_WAYS(https_goes_through_a_tunnel_which_is_kept)
{
    static const server_step script[] = { S_READ, STANDS, GREET,   S_READ, SAY_OK,
                                          S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    pario_field              field = { "Cookie", "a=b" };
    pario_request            request = { .url = "https://u:p@192.0.2.1/one#f",
                                         .fields = &field,
                                         .field_count = 1,
                                         .body = "hidden",
                                         .body_size = 6 };
    pario_response           response;
    server                  *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, &with)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK(response.proxied);
        e2e_record(run, &response);
        pario_response_free(&response);
        e2e_get(run, "https://192.0.2.1/two", PARIO_OK);
        for (size_t i = 0; i < 4; i++) {
            e2e_record_request(run, server_request_at(proxy, i));
        }
        close_with(run, &with);
        const server_request *asked = server_request_at(proxy, 0);
        CHECK_STR(asked != NULL ? asked->head : "",
                  "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n"
                  "Proxy-Authorization: Basic " BASIC "\r\nUser-Agent: pario/" PARIO_VERSION
                  "\r\n\r\n");
        CHECK(told(proxy, 1, "HELLO 192.0.2.1\r\n"));
        CHECK(told(proxy, 2, "POST /one HTTP/1.1\r\nHost: 192.0.2.1\r\n"));
        CHECK(!told(proxy, 2, "Proxy-") && !told(proxy, 3, "Proxy-"));
        CHECK_UINT(server_count(proxy).connections, 1);
    }
}

E2E_WAYS(a_tunnel_serves_its_own_origin_alone)
{
    static const server_step script[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "https://192.0.2.1/", PARIO_OK);
        e2e_get(run, "https://192.0.2.1:8443/", PARIO_OK);
        e2e_get(run, "https://[2001:db8::1]/", PARIO_OK);
        CHECK(told(proxy, 0, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n"));
        CHECK(told(proxy, 3, "CONNECT 192.0.2.1:8443 HTTP/1.1\r\nHost: 192.0.2.1:8443\r\n"));
        CHECK(told(proxy, 6, "CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"));
        CHECK(told(proxy, 7, "HELLO 2001:db8::1\r\n"));
        close_with(run, &with);
        CHECK_UINT(with.begun, 3);
        CHECK_UINT(server_count(proxy).connections, 3);
    }
}

E2E_WAYS(a_tunnel_is_not_for_http_nor_the_other_way_round)
{
    static const server_step tunnel[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step plain[] = { S_READ, SAY_OK, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *proxy = e2e_serve_two(run, plain, tunnel);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "http://192.0.2.1:443/", PARIO_OK);
        e2e_get(run, "https://192.0.2.1/", PARIO_OK);
        e2e_get(run, "http://192.0.2.1:443/", PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(server_count(proxy).connections, 2);
    }
}

E2E_WAYS(a_kept_tunnel_that_dies_is_replaced_by_a_fresh_one)
{
    static const server_step dying[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_READ, S_END };
    static const server_step fresh[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *proxy = e2e_serve_two(run, dying, fresh);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "https://192.0.2.1/one", PARIO_OK);
        e2e_get(run, "https://192.0.2.1/two", PARIO_OK);
        CHECK(told(proxy, 4, "CONNECT 192.0.2.1:443 "));
        close_with(run, &with);
        CHECK_UINT(with.begun, 2);
    }
}

/* A tunnel that stands after this answer, whatever it says of content and however it comes. */
static void stands_after(e2e_run *run, const server_step *script)
{
    mock    with = { .step = 4096 };
    server *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "https://192.0.2.1/", PARIO_OK);
        close_with(run, &with);
    }
}

#define THEN GREET, S_READ, SAY_OK, S_DRAIN, S_END

E2E_WAYS(a_tunnel_stands_after_any_answer_of_success)
{
    static const server_step old[] = { S_READ, S_SEND("HTTP/1.0 200\r\n\r\n"), THEN };
    static const server_step length[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: x\r\n\r\n"), THEN
    };
    static const server_step chunked[] = {
        S_READ,
        S_SEND("HTTP/1.1 299 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"), THEN
    };
    static const server_step interim[] = {
        S_READ,
        S_SEND("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 102 On\r\nA: b\r\n\r\nHTTP/1.1 204 X\r\n\r\n"), THEN
    };
    static const server_step drip[] = {
        S_READ, S_DRIP("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nVia: y\r\n\r\n"),
        THEN
    };
    stands_after(run, old);
    stands_after(run, length);
    stands_after(run, chunked);
    stands_after(run, interim);
    stands_after(run, drip);
}

/* What comes of an answer to CONNECT: no tunnel, and nothing of it is the origin's. */
static void stands_not(e2e_run *run, const server_step *script, pario_error expected,
                       const char *explanation)
{
    mock           with = { .step = 4096 };
    pario_request  request = { .url = "https://192.0.2.1/" };
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    server        *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, &with)) {
        CHECK_ERROR(e2e_do(run, &request, &response), expected);
        CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
        CHECK_INT(response.status, 0);
        CHECK_UINT(response.field_count, 0);
        CHECK_STR(response.explanation, explanation);
        CHECK_INT(response.proxy_status, atoi(explanation));
        pario_describe(&response, line, sizeof line);
        CHECK(strstr(line, " (proxy 127.0.0.1:") != NULL);
        e2e_record(run, &response);
        pario_response_free(&response);
        close_with(run, &with);
        CHECK_UINT(with.begun, 0);
    }
}

E2E_WAYS(a_refused_tunnel_is_an_error_with_its_status)
{
    static const server_step who[] = {
        S_READ,
        S_SEND("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\npage"),
        S_DRAIN, S_END
    };
    static const server_step moved[] = {
        S_READ, S_DRIP("HTTP/1.1 302\r\nLocation: http://192.0.2.9/\r\n\r\n"), S_DRAIN, S_END
    };
    static const server_step late[] = {
        S_READ, S_SEND("HTTP/1.1 100 Go\r\n\r\nHTTP/1.0 503 Not \x07now\xff\r\n"), S_END
    };
    static const server_step odd[] = { S_READ, S_SEND("HTTP/1.1 999 Not \xff now\r\n\r\n"), S_END };
    stands_not(run, who, PARIO_ERROR_PROXY_REFUSED, "407 Proxy Authentication Required");
    stands_not(run, moved, PARIO_ERROR_PROXY_REFUSED, "302");
    stands_not(run, late, PARIO_ERROR_STATUS_LINE, "");
    stands_not(run, odd, PARIO_ERROR_PROXY_REFUSED, "999 Not \xff now");
}

E2E_WAYS(a_proxy_that_talks_nonsense_is_an_error)
{
    static const server_step nonsense[] = { S_READ, S_SEND("SSH-2.0-x\r\n"), S_DRAIN, S_END };
    static const server_step two[] = { S_READ, S_SEND("HTTP/2 200 OK\r\n\r\n"), S_DRAIN, S_END };
    static const server_step field[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
                                         S_DRAIN, S_END };
    static const server_step upgrade[] = { S_READ, S_SEND("HTTP/1.1 101 Up\r\n\r\n"), S_DRAIN,
                                           S_END };
    static const server_step behind[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\n\r\nwelcome!"),
                                          S_DRAIN, S_END };
    static const server_step body[] = { S_READ,
                                        S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                        S_DRAIN, S_END };
    stands_not(run, nonsense, PARIO_ERROR_STATUS_LINE, "");
    stands_not(run, two, PARIO_ERROR_VERSION, "");
    stands_not(run, field, PARIO_ERROR_FIELD_LINE, "");
    stands_not(run, upgrade, PARIO_ERROR_UPGRADE, "");
    stands_not(run, behind, PARIO_ERROR_PROXY_BYTES, "");
    stands_not(run, body, PARIO_ERROR_PROXY_BYTES, "");
}

E2E_WAYS(a_proxy_that_closes_early_is_an_error)
{
    static const server_step nothing[] = { S_READ, S_END };
    static const server_step cut[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\nVia:"), S_END };
    static const server_step interim[] = { S_READ, S_SEND("HTTP/1.1 100 Go\r\n\r\n"), S_END };
    static const server_step reset[] = { S_READ, S_RESET, S_END };
    stands_not(run, nothing, PARIO_ERROR_EMPTY_REPLY, "");
    stands_not(run, cut, PARIO_ERROR_HEAD_TRUNCATED, "");
    stands_not(run, interim, PARIO_ERROR_HEAD_TRUNCATED, "");
    stands_not(run, reset, PARIO_ERROR_RECEIVE, "");
}

E2E_WAYS(the_limits_hold_for_the_proxys_answer)
{
    static const server_step large[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nA: 0123456789012345678901234567890123456789\r\n\r\n"),
        S_DRAIN, S_END
    };
    static const server_step fields[] = { S_READ, S_SEND("HTTP/1.1 200 OK\r\na:b\r\nc:d\r\n\r\n"),
                                          S_DRAIN, S_END };
    static const server_step interim[] = {
        S_READ, S_SEND("HTTP/1.1 100 A\r\n\r\nHTTP/1.1 100 B\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
        S_DRAIN, S_END
    };
    run->config.head_bytes = 50;
    run->config.fields = 1;
    run->config.interim = 1;
    stands_not(run, large, PARIO_ERROR_HEAD_TOO_LARGE, "");
    stands_not(run, fields, PARIO_ERROR_TOO_MANY_FIELDS, "");
    stands_not(run, interim, PARIO_ERROR_TOO_MANY_INTERIM, "");
}

E2E_WAYS(a_proxy_that_never_answers_is_a_connect_timeout)
{
    static const server_step silent[] = { S_DRAIN, S_END };
    run->config.connect_timeout_ms = 30;
    stands_not(run, silent, PARIO_ERROR_CONNECT_TIMEOUT, "");
}

E2E_WAYS(a_proxy_that_refuses_connections_is_named)
{
    static const server_options options = { .mood = SERVER_REFUSES };
    mock                        with = { .step = 4096 };
    server                     *proxy = e2e_serve(run, &options);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_ERROR_CONNECT);
        e2e_get(run, "https://192.0.2.1/", PARIO_ERROR_CONNECT);
        close_with(run, &with);
        CHECK(strstr(run->text.bytes, "connection refused (proxy SERVER0)") != NULL);
    }
}

/* A question that is larger than what sockets hold, to a proxy that reads only once they are full;
 * and to one that does not read it to its end. */
static char long_agent[8388608];

static void ask_at_length(e2e_run *run, const server_step *script, pario_error expected)
{
    mock    with = { .step = 1048576 };
    server *proxy = e2e_serve_script(run, script);
    memset(long_agent, 'x', sizeof long_agent - 1);
    run->config.user_agent = long_agent;
    run->loose = true;
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "https://192.0.2.1/", expected);
        close_with(run, &with);
    }
}

E2E(a_long_question_to_the_proxy_is_sent_in_pieces)
{
    static const server_step script[] = { S_READ_HEAD, STANDS,  GREET, S_READ_HEAD,
                                          SAY_OK,      S_DRAIN, S_END };
    ask_at_length(run, script, PARIO_OK);
}

E2E(a_proxy_may_hang_up_within_the_question)
{
    static const server_step script[] = { S_READ_BYTES(100000), S_RESET, S_END };
    ask_at_length(run, script, PARIO_ERROR_SEND);
}

E2E(a_request_is_cancelled_while_the_proxy_is_asked)
{
    static const server_step script[] = { S_READ, S_FIRE(0), S_DRAIN, S_END };
    mock                     with = { .step = 7 };
    pario_response           response;
    uint64_t                 id = 0;
    server                  *proxy = e2e_serve_script(run, script);
    if (open_through(run, proxy, &with)) {
        CHECK_ERROR(e2e_submit(run, "https://192.0.2.1/", 0, &id), PARIO_OK);
        while (!server_fired(proxy, 0)) {
            CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
        }
        CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
        CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
        e2e_record(run, &response);
        pario_response_free(&response);
        close_with(run, &with);
    }
}

E2E(a_client_is_closed_while_the_proxy_is_asked)
{
    static const server_step plain[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step stuck[] = { S_READ, S_SEND("HTTP/1.1 200 "), S_FIRE(0), S_DRAIN,
                                         S_END };
    mock                     with = { .step = 7 };
    pario_response           response;
    server                  *proxy = e2e_serve_two(run, plain, stuck);
    if (open_through(run, proxy, &with)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_OK);
        CHECK_ERROR(e2e_submit(run, "https://192.0.2.1/", 0, NULL), PARIO_OK);
        while (!server_fired(proxy, 0)) {
            CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
        }
        close_with(run, &with);
    }
}

/* Many hosts at once, by http and through tunnels, each of which must get its own answer. */
static bool answer_as_proxy(server_peer *peer, const server_request *request, void *context)
{
    char host[64];
    (void)context;
    if (strncmp(request->head, "CONNECT ", 8) == 0) {
        return server_say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    }
    if (strncmp(request->head, "HELLO ", 6) == 0) {
        return server_say(peer, WELCOME);
    }
    return server_field(request, "Host", host, sizeof host) &&
           server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(host),
                       host);
}

E2E(many_hosts_are_asked_through_one_proxy)
{
    mock           with = { .step = 97 };
    pario_response response;
    size_t         good = 0;
    server        *proxy = e2e_serve_handler(run, answer_as_proxy, NULL);
    run->config.concurrency = 20;
    run->config.per_host = 3;
    if (open_through(run, proxy, &with)) {
        for (size_t i = 0; i < 400; i++) {
            char url[64];
            snprintf(url, sizeof url, "http%s://192.0.2.%zu/", i % 2 == 0 ? "" : "s", i % 7);
            CHECK_ERROR(e2e_submit(run, url, i, NULL), PARIO_OK);
        }
        while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
            char host[64];
            snprintf(host, sizeof host, "192.0.2.%zu", response.tag % 7);
            good += response.error == PARIO_OK && strcmp(response.body, host) == 0 ? 1u : 0u;
            pario_response_free(&response);
        }
        CHECK_UINT(good, 400);
        run->apart = true;
        close_with(run, &with);
    }
}

E2E_WAYS(each_scheme_has_its_proxy)
{
    static const server_step plain[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step tunnel[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *first = e2e_serve_script(run, plain);
    server                  *second = e2e_serve_script(run, tunnel);
    run->config.https_proxy = e2e_url(second, "");
    if (open_through(run, first, &with)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_OK);
        e2e_get(run, "https://192.0.2.1/", PARIO_OK);
        CHECK(told(first, 0, "GET http://192.0.2.1/ ") && told(first, 0, BASIC));
        CHECK(told(second, 0, "CONNECT 192.0.2.1:443 ") && !told(second, 0, "Proxy-"));
        close_with(run, &with);
    }
}

E2E_WAYS(a_scheme_may_go_without_a_proxy)
{
    static const server_step plain[] = { S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step secure[] = { GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    static const server_step tunnel[] = { S_READ, STANDS, GREET, S_READ, SAY_OK, S_DRAIN, S_END };
    mock                     with = { .step = 4096 };
    server                  *first = e2e_serve_script(run, plain);
    server                  *second = e2e_serve_script(run, secure);
    run->config.https_proxy = "";
    if (open_through(run, first, &with)) {
        e2e_get(run, "http://192.0.2.1/", PARIO_OK);
        e2e_get(run, https_url(second, "/"), PARIO_OK);
        close_with(run, &with);
        CHECK_UINT(server_count(first).requests, 1);
    }
    server *third = e2e_serve_script(run, plain);
    server *fourth = e2e_serve_script(run, tunnel);
    run->config.proxy = NULL;
    run->config.https_proxy = proxy_url(fourth);
    if (open_with(run, &with)) {
        e2e_get(run, e2e_url(third, "/"), PARIO_OK);
        e2e_get(run, "https://192.0.2.1/", PARIO_OK);
        close_with(run, &with);
        CHECK(told(third, 0, "GET / ") && !told(third, 0, "Proxy-"));
        CHECK(told(fourth, 0, "CONNECT 192.0.2.1:443 "));
    }
}

/* ---- what is refused beforehand -------------------------------------------------------- */

TEST(a_proxy_is_an_http_url_without_a_path)
{
    static const struct {
        const char *proxy;
        pario_error error;
    } cases[] = {
        { "http://h", PARIO_OK },
        { "http://h:3128/", PARIO_OK },
        { "HTTP://u:p@[::1]:1", PARIO_OK },
        { "", PARIO_OK },
        { "https://h", PARIO_ERROR_PROXY_SCHEME },
        { "socks5://h", PARIO_ERROR_PROXY_SCHEME },
        { "h:3128", PARIO_ERROR_PROXY_SCHEME },
        { "h", PARIO_ERROR_PROXY_URL },
        { "http://", PARIO_ERROR_PROXY_URL },
        { "http://h:0", PARIO_ERROR_PROXY_URL },
        { "http://h:65536", PARIO_ERROR_PROXY_URL },
        { "http://h/path", PARIO_ERROR_PROXY_URL },
        { "http://h?q", PARIO_ERROR_PROXY_URL },
        { "http://h#f", PARIO_ERROR_PROXY_URL },
        { "http://h/#f", PARIO_ERROR_PROXY_URL },
        { "http://h\r\nX: y", PARIO_ERROR_PROXY_URL },
        { "http://a b", PARIO_ERROR_PROXY_URL },
        { "http://u%0d:p@h", PARIO_ERROR_CREDENTIALS },
        { "http://u%3a:p@h", PARIO_ERROR_CREDENTIALS },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pario_config  config = { .proxy = cases[i].proxy };
        pario_client *client = NULL;
        test_case("%s", cases[i].proxy);
        CHECK_ERROR(pario_open(&config, &client), cases[i].error);
        pario_close(client);
        config.https_proxy = config.proxy;
        config.proxy = "";
        CHECK_ERROR(pario_open(&config, &client), cases[i].error);
        pario_close(client);
    }
}

TEST(the_proxy_and_its_exceptions_are_copied)
{
    char          proxy[] = "http://u:p@h:1";
    char          exceptions[] = "a,b";
    pario_config  config = { .proxy = proxy, .no_proxy = exceptions };
    pario_client *client = NULL;
    pario_client *other = NULL;
    CHECK_ERROR(pario_open(&config, &client), PARIO_OK);
    memset(proxy, 'x', sizeof proxy - 1);
    memset(exceptions, 'x', sizeof exceptions - 1);
    CHECK_STR(e2e_config(client)->proxy, "http://u:p@h:1");
    CHECK_STR(e2e_config(client)->https_proxy, "http://u:p@h:1");
    CHECK_STR(e2e_config(client)->no_proxy, "a,b");
    CHECK_ERROR(pario_open(pario_config_of(client), &other), PARIO_OK);
    pario_close(client);
    CHECK_STR(e2e_config(other)->proxy, "http://u:p@h:1");
    pario_close(other);
    config.proxy = NULL;
    CHECK_ERROR(pario_open(&config, &client), PARIO_OK);
    CHECK_STR(e2e_config(client)->no_proxy, "");
    CHECK_STR(e2e_config(client)->https_proxy, "");
    pario_close(client);
}

TEST(credentials_for_a_proxy_do_not_stand_in_a_request)
{
    const pario_field fields[] = { { "Accept", "x" }, { "PROXY-authorization", "Basic eDp5" } };
    pario_request     request = { .url = "http://192.0.2.1/", .fields = fields, .field_count = 2 };
    pario_config      config = { .proxy = "http://127.0.0.1:1" };
    pario_client     *client = NULL;
    CHECK_ERROR(pario_open(&config, &client), PARIO_OK);
    CHECK_ERROR(pario_submit(client, &request), PARIO_ERROR_FIELD_RESERVED);
    request.fields = NULL;
    CHECK_ERROR(pario_submit(client, &request), PARIO_ERROR_ARGUMENT);
    pario_close(client);
    config.proxy = NULL;
    request.fields = fields;
    CHECK_ERROR(pario_open(&config, &client), PARIO_OK);
    CHECK_ERROR(pario_submit(client, &request), PARIO_OK);
    pario_close(client);
}
