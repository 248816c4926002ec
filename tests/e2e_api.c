/* SPDX-License-Identifier: MIT */
/* The API's promises: arguments, waking, waiting elsewhere, closing, what is sent. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* pipe2 */
#endif
#include <sys/timerfd.h>

/* How often a loop set its timer; clients of several threads count. */
static size_t timers;

static int counted_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *from)
{
    (void)__atomic_add_fetch(&timers, 1u, __ATOMIC_RELAXED);
    return timerfd_settime(fd, flags, to, from);
}

#define timerfd_settime counted_settime
#define PARIO_IMPLEMENTATION
#include "pario.h"
#undef timerfd_settime

#include "e2e.h"

#include <poll.h>
#include <sys/resource.h>

/* Fired when pario_wake has returned: before that, the client must not be closed. */
#define WOKE 15
#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

static const server_step answers[] = { S_READ, SAY_OK, S_AGAIN };
static const server_step holds[] = { S_READ, S_HOLD, S_END };
static const server_step holds_in_body[] = {
    S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), S_UNTIL_READ, S_HOLD,
    S_END
};

/* ---- configurations -------------------------------------------------------------------- */

typedef struct option {
    const char *name;
    size_t      member;
    int64_t     fallback; /* what 0 stands for */
    int64_t     least;    /* the smallest and the largest that are allowed */
    int64_t     most;
    bool        unlimited;
    bool        off;
} option;

#define MEMBER(name) #name, offsetof(pario_config, name)

static const option options[] = {
    { MEMBER(concurrency), PARIO_DEFAULT_CONCURRENCY, 1, PARIO_MAX_CONCURRENCY, false, false },
    { MEMBER(per_host), 0, 1, 1000, true, false },
    { MEMBER(queue), PARIO_DEFAULT_QUEUE, 1, 10000000, true, false },
    { MEMBER(idle_connections), PARIO_DEFAULT_CONCURRENCY, 1, 1000, true, true },
    { MEMBER(idle_timeout_ms), PARIO_DEFAULT_IDLE_MS, 1, 86400000, true, false },
    { MEMBER(connect_timeout_ms), PARIO_DEFAULT_CONNECT_MS, 1, 86400000, true, false },
    { MEMBER(progress_timeout_ms), PARIO_DEFAULT_PROGRESS_MS, 1, 86400000, true, false },
    { MEMBER(total_timeout_ms), PARIO_DEFAULT_TOTAL_MS, 1, 86400000, true, false },
    { MEMBER(lookup_cache_ms), PARIO_DEFAULT_LOOKUP_CACHE_MS, 1, 86400000, true, true },
    { MEMBER(head_bytes), PARIO_DEFAULT_HEAD_BYTES, 1, 16777216, false, false },
    { MEMBER(fields), PARIO_DEFAULT_FIELDS, 1, 65536, false, false },
    { MEMBER(body_bytes), PARIO_DEFAULT_BODY_BYTES, 1, 1000000000, true, false },
    { MEMBER(interim), PARIO_DEFAULT_INTERIM, 1, 1000, true, true },
    { MEMBER(chunk_extension_bytes), PARIO_DEFAULT_CHUNK_EXTENSION_BYTES, 1, 1000000, true, true },
    { MEMBER(trailer_bytes), PARIO_DEFAULT_TRAILER_BYTES, 1, 16777216, false, true },
    { MEMBER(redirects), 0, 1, 1000, true, true },
    { MEMBER(expect_bytes), PARIO_DEFAULT_EXPECT_BYTES, 1, 1000000000, false, true },
    { MEMBER(expect_timeout_ms), PARIO_DEFAULT_EXPECT_MS, 1, 86400000, true, false },
    { MEMBER(stack_bytes), PARIO_DEFAULT_STACK_BYTES, 16384, 1073741824, false, false },
};

/* Opens a client with one option set; a right one must be readable back. */
static void try_option(pario_executor executor, const option *it, int64_t value, bool right)
{
    pario_config  config = { .executor = executor };
    pario_client *client = NULL;
    int64_t       read = 0;
    memcpy((char *)&config + it->member, &value, sizeof value);
    test_case("%s, %s = %jd", e2e_executor_name(executor), it->name, (intmax_t)value);
    CHECK_ERROR(pario_open(&config, &client), right ? PARIO_OK : PARIO_ERROR_CONFIG);
    CHECK((client != NULL) == right);
    bool forced = executor == PARIO_SEQUENTIAL && it->member == offsetof(pario_config, concurrency);
    if (client != NULL && !forced) {
        memcpy(&read, (const char *)pario_config_of(client) + it->member, sizeof read);
        if (value != 0 || it->fallback != 0) {
            CHECK_INT(read, value == 0 ? it->fallback : value);
        }
    }
    pario_close(client);
}

E2E(options_are_checked_and_can_be_read_back)
{
    for (size_t i = 0; i < COUNT(options); i++) {
        bool sequential = run->executor == PARIO_SEQUENTIAL &&
                          strcmp(options[i].name, "idle_connections") == 0;
        if (!sequential) {
            try_option(run->executor, &options[i], 0, true);
        }
        try_option(run->executor, &options[i], options[i].least, true);
        try_option(run->executor, &options[i], options[i].most, true);
        try_option(run->executor, &options[i], PARIO_UNLIMITED, options[i].unlimited);
        try_option(run->executor, &options[i], PARIO_OFF, options[i].off);
        try_option(run->executor, &options[i], -3, false);
        try_option(run->executor, &options[i], INT64_MIN, false);
    }
}

/* Those with a largest or smallest value of their own. */
E2E(options_beyond_their_range_are_refused)
{
    static const struct {
        size_t  member;
        int64_t value;
    } beyond[] = {
        { offsetof(pario_config, concurrency), PARIO_MAX_CONCURRENCY + 1 },
        { offsetof(pario_config, concurrency), INT64_MAX },
        { offsetof(pario_config, head_bytes), 16777217 },
        { offsetof(pario_config, head_bytes), INT64_MAX },
        { offsetof(pario_config, fields), 65537 },
        { offsetof(pario_config, trailer_bytes), 16777217 },
        { offsetof(pario_config, stack_bytes), 16383 },
        { offsetof(pario_config, stack_bytes), 1073741825 },
        { offsetof(pario_config, stack_bytes), 1 },
    };
    for (size_t i = 0; i < COUNT(beyond); i++) {
        pario_config  config = { .executor = run->executor };
        pario_client *client = NULL;
        memcpy((char *)&config + beyond[i].member, &beyond[i].value, sizeof beyond[i].value);
        test_case("%s, row %zu", e2e_executor_name(run->executor), i);
        CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_CONFIG);
        CHECK(client == NULL);
        pario_close(client);
    }
    test_saw("limit MAX_CONCURRENCY");
    test_saw("limit STACK_BYTES");
}

E2E(what_was_read_back_opens_another_client)
{
    run->config.user_agent = "mine/1";
    run->config.redirects = PARIO_UNLIMITED;
    run->config.interim = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    const pario_config *read = e2e_config(run->client);
    CHECK_INT((int)read->executor, (int)run->executor);
    CHECK_STR(read->user_agent, "mine/1");
    pario_client *second = NULL;
    CHECK_ERROR(pario_open(read, &second), PARIO_OK);
    e2e_close(run);
    const pario_config *again = e2e_config(second);
    CHECK_STR(again->user_agent, "mine/1");
    CHECK_INT(again->redirects, PARIO_UNLIMITED);
    CHECK_INT(again->interim, PARIO_OFF);
    CHECK_INT(again->fields, PARIO_DEFAULT_FIELDS);
    pario_close(second);
}

TEST(opening_wrongly_is_refused)
{
    pario_client    *client = NULL;
    int              number = 99;
    pario_config     config;
    pario_statistics statistics = { .submitted = 1 };
    memset(&config, 0, sizeof config);
    CHECK_ERROR(pario_open(NULL, NULL), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_open(&config, NULL), PARIO_ERROR_ARGUMENT);
    memcpy(&config.executor, &number, sizeof number);
    CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_EXECUTOR);
    CHECK(client == NULL);
    config.executor = PARIO_EPOLL;
    config.user_agent = "evil\r\nX: y";
    CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_FIELD_VALUE);
    CHECK(client == NULL);
    CHECK(pario_config_of(NULL) == NULL);
    pario_close(NULL);
    pario_wake(NULL);
    pario_stats(NULL, NULL);
    pario_stats(NULL, &statistics);
    CHECK_UINT(statistics.submitted, 0);
    CHECK_ERROR(pario_open(NULL, &client), PARIO_OK);
    CHECK_INT(e2e_config(client)->executor, PARIO_EPOLL);
    pario_stats(client, NULL);
    pario_close(client);
}

/* ---- requests that are refused --------------------------------------------------------- */

typedef struct refusal {
    pario_request request;
    pario_error   error;
} refusal;

#define FIELD(name, value) .fields = (const pario_field[]){ { name, value } }, .field_count = 1
#define GOOD .url = "http://127.0.0.1:1/"

static const refusal refusals[] = {
    { { .url = NULL }, PARIO_ERROR_ARGUMENT },
    { { .url = "" }, PARIO_ERROR_URL },
    { { .url = "nonsense" }, PARIO_ERROR_URL },
    { { .url = "/path" }, PARIO_ERROR_URL },
    { { .url = "//127.0.0.1/" }, PARIO_ERROR_URL },
    { { .url = "127.0.0.1/" }, PARIO_ERROR_URL },
    { { .url = "http" }, PARIO_ERROR_URL },
    { { .url = "http:" }, PARIO_ERROR_URL },
    { { .url = "http:/127.0.0.1/" }, PARIO_ERROR_URL },
    { { .url = "http://" }, PARIO_ERROR_URL_HOST },
    { { .url = "http:///path" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://:80/" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://user@/" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://[::1/" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://[::g]/" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://[]/" }, PARIO_ERROR_URL_HOST },
    { { .url = "http://127.0.0.1:0/" }, PARIO_ERROR_URL_PORT },
    { { .url = "http://127.0.0.1:65536/" }, PARIO_ERROR_URL_PORT },
    { { .url = "http://127.0.0.1:99999999999999999999/" }, PARIO_ERROR_URL_PORT },
    { { .url = "http://127.0.0.1:80a/" }, PARIO_ERROR_URL_PORT },
    { { .url = "http://127.0.0.1:-80/" }, PARIO_ERROR_URL_PORT },
    { { .url = "http://127.0.0.1/a b" }, PARIO_ERROR_URL_BYTE },
    { { .url = "http://127.0.0.1/a\r\nX: y" }, PARIO_ERROR_URL_BYTE },
    { { .url = "http://127.0.0.1/a\tb" }, PARIO_ERROR_URL_BYTE },
    { { .url = "http://127.0.0.1/\x7f" }, PARIO_ERROR_URL_BYTE },
    { { .url = "http://127.0.0.1/\xc3\xa4" }, PARIO_ERROR_URL_BYTE },
    { { .url = "http://127.0.0.1/?a\nb" }, PARIO_ERROR_URL_BYTE },
    { { .url = "ftp://127.0.0.1/" }, PARIO_ERROR_SCHEME },
    { { .url = "file:///etc/passwd" }, PARIO_ERROR_SCHEME },
    { { .url = "https://127.0.0.1/" }, PARIO_ERROR_NEEDS_TLS },
    { { GOOD, .method = "" }, PARIO_ERROR_METHOD },
    { { GOOD, .method = "GE T" }, PARIO_ERROR_METHOD },
    { { GOOD, .method = "GET\r\nX: y" }, PARIO_ERROR_METHOD },
    { { GOOD, .method = "G:T" }, PARIO_ERROR_METHOD },
    { { GOOD, .method = "CONNECT" }, PARIO_ERROR_METHOD },
    { { GOOD, .fields = NULL, .field_count = 1 }, PARIO_ERROR_ARGUMENT },
    { { GOOD, FIELD(NULL, "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("", "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("X Y", "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("X:", "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("X\r\nY", "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("X\xc3\xa4", "x") }, PARIO_ERROR_FIELD_NAME },
    { { GOOD, FIELD("X", "a\r\nY: z") }, PARIO_ERROR_FIELD_VALUE },
    { { GOOD, FIELD("X", "a\nb") }, PARIO_ERROR_FIELD_VALUE },
    { { GOOD, FIELD("X", "a\rb") }, PARIO_ERROR_FIELD_VALUE },
    { { GOOD, FIELD("X", "a\x01z") }, PARIO_ERROR_FIELD_VALUE },
    { { GOOD, FIELD("X", "a\x7fz") }, PARIO_ERROR_FIELD_VALUE },
    { { GOOD, FIELD("Content-Length", "5") }, PARIO_ERROR_FIELD_RESERVED },
    { { GOOD, FIELD("content-length", "0") }, PARIO_ERROR_FIELD_RESERVED },
    { { GOOD, FIELD("Transfer-Encoding", "chunked") }, PARIO_ERROR_FIELD_RESERVED },
    { { GOOD, FIELD("Host", NULL) }, PARIO_ERROR_FIELD_RESERVED },
    { { GOOD, FIELD("Authorization", "x"), .user = "u" }, PARIO_ERROR_FIELD_RESERVED },
    { { .url = "http://u:p@127.0.0.1:1/", FIELD("authorization", "x") },
      PARIO_ERROR_FIELD_RESERVED },
    { { GOOD, .user = "a:b" }, PARIO_ERROR_CREDENTIALS },
    { { GOOD, .user = "a\nb" }, PARIO_ERROR_CREDENTIALS },
    { { GOOD, .user = "a", .password = "b\r\nX: y" }, PARIO_ERROR_CREDENTIALS },
    { { GOOD, .body = NULL, .body_size = 1 }, PARIO_ERROR_ARGUMENT },
    { { GOOD, .body = "x", .body_size = SIZE_MAX }, PARIO_ERROR_TOO_LARGE },
    { { GOOD, .redirects = -3 }, PARIO_ERROR_CONFIG },
    { { GOOD, .connect_timeout_ms = PARIO_OFF }, PARIO_ERROR_CONFIG },
    { { GOOD, .connect_timeout_ms = -9 }, PARIO_ERROR_CONFIG },
    { { GOOD, .progress_timeout_ms = PARIO_OFF }, PARIO_ERROR_CONFIG },
    { { GOOD, .total_timeout_ms = -7 }, PARIO_ERROR_CONFIG },
    { { GOOD, .body_bytes = PARIO_OFF }, PARIO_ERROR_CONFIG },
    { { GOOD, .body_bytes = INT64_MIN }, PARIO_ERROR_CONFIG },
};

E2E(wrong_requests_are_refused_at_once)
{
    pario_response   response;
    pario_statistics statistics;
    uint64_t         id = 0;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(refusals); i++) {
        pario_request request = refusals[i].request;
        test_case("%s, row %zu, %s", e2e_executor_name(run->executor), i,
                  request.url == NULL ? "NULL" : request.url);
        request.id = &id;
        CHECK_ERROR(pario_submit(run->client, &request), refusals[i].error);
        CHECK_ERROR(pario_fetch(run->client, &request, &response), refusals[i].error);
        pario_response_free(&response);
    }
    test_case("%s", e2e_executor_name(run->executor));
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.connections, 0);
    CHECK_UINT(statistics.submitted, 0);
    CHECK_ERROR(pario_submit(NULL, &refusals[0].request), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_submit(run->client, NULL), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_fetch(run->client, NULL, &response), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_fetch(run->client, &refusals[0].request, NULL), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_next(NULL, &response, 0), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_next(run->client, NULL, 0), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_cancel(NULL, 1), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_fd(run->client, NULL), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_fd(NULL, NULL), PARIO_ERROR_ARGUMENT);
    CHECK_ERROR(pario_spawn(NULL, NULL, NULL), PARIO_ERROR_ARGUMENT);
}

/* ---- what is sent ---------------------------------------------------------------------- */

typedef struct sending {
    pario_request request; /* its URL is a path here */
    const char   *agent;   /* the client's user_agent */
    const char   *head;    /* what must arrive; %s stands for host and port */
} sending;

#define AGENT "User-Agent: pario/" PARIO_VERSION "\r\n"
#define ACCEPT "Accept: */*\r\n"

static const sending sendings[] = {
    { { .url = "/" }, NULL, "GET / HTTP/1.1\r\nHost: %s\r\n" AGENT ACCEPT "\r\n" },
    { { .url = "" }, NULL, "GET / HTTP/1.1\r\nHost: %s\r\n" AGENT ACCEPT "\r\n" },
    { { .url = "?a=b" }, NULL, "GET /?a=b HTTP/1.1\r\nHost: %s\r\n" AGENT ACCEPT "\r\n" },
    { { .url = "/a%20b?c=d&e=/?#frag" },
      NULL,
      "GET /a%20b?c=d&e=/? HTTP/1.1\r\nHost: %s\r\n" AGENT ACCEPT "\r\n" },
    { { .url = "/" },
      "mine/1",
      "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: mine/1\r\n" ACCEPT "\r\n" },
    { { .url = "/" }, "", "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "\r\n" },
    { { .url = "/", FIELD("User-Agent", "yours/2") },
      NULL,
      "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "User-Agent: yours/2\r\n\r\n" },
    { { .url = "/", FIELD("user-agent", NULL) },
      NULL,
      "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "\r\n" },
    { { .url = "/", FIELD("Accept", NULL) }, NULL, "GET / HTTP/1.1\r\nHost: %s\r\n" AGENT "\r\n" },
    { { .url = "/", FIELD("Host", "other.example") },
      "",
      "GET / HTTP/1.1\r\n" ACCEPT "Host: other.example\r\n\r\n" },
    { { .url = "/", FIELD("X", "") }, "", "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "X: \r\n\r\n" },
    { { .url = "/", FIELD("X", "\xc3\xa4\tb c") },
      "",
      "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "X: \xc3\xa4\tb c\r\n\r\n" },
    { { .url = "/", .method = "OPTIONS" }, "", "OPTIONS / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "\r\n" },
    { { .url = "/", .method = "MY-own!" }, "", "MY-own! / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "\r\n" },
    { { .url = "/", .body = "abc", .body_size = 3 },
      "",
      "POST / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "Content-Length: 3\r\n\r\n" },
    { { .url = "/", .method = "PUT", .body = "abc", .body_size = 3 },
      "",
      "PUT / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "Content-Length: 3\r\n\r\n" },
    { { .url = "/", .method = "POST" },
      "",
      "POST / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "Content-Length: 0\r\n\r\n" },
    { { .url = "/", .user = "Aladdin", .password = "open sesame" },
      "",
      "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT
      "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n" },
    { { .url = "/", .user = "u" },
      "",
      "GET / HTTP/1.1\r\nHost: %s\r\n" ACCEPT "Authorization: Basic dTo=\r\n\r\n" },
};

/* Lines after the first one, sorted, so that the order of fields is left to the library. */
static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
    char  *lines[32];
    char   copy[4096];
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    char *line = strtok(copy, "\n");
    while (line != NULL && count < 32) {
        lines[count++] = line;
        line = strtok(NULL, "\n");
    }
    if (count > 1) {
        qsort(lines + 1, count - 1, sizeof lines[0], compare_lines);
    }
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, lines[i]), "\n");
    }
}

/* `head` with "%s" replaced by the server's host and port. */
static void expect_head(const char *head, const server *peer, char *text, size_t room)
{
    const char *place = strstr(head, "%s");
    size_t      before = place == NULL ? strlen(head) : (size_t)(place - head);
    size_t      after = place == NULL ? before : before + 2;
    char        where[32] = "";
    if (place != NULL) {
        snprintf(where, sizeof where, "127.0.0.1:%u", (unsigned)server_port(peer));
    }
    if (strlen(head) + sizeof where > room) {
        exit(3);
    }
    memcpy(text, head, before);
    text[before] = '\0';
    strcat(strcat(text, where), head + after);
}

static void try_sending(e2e_run *run, server *peer, const sending *it)
{
    char           wanted[4096];
    char           came[4096];
    pario_request  request = it->request;
    pario_response response;
    size_t         before = server_count(peer).requests;
    request.url = e2e_url(peer, request.url);
    run->config.user_agent = it->agent;
    if (!e2e_open(run) || !CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK)) {
        return;
    }
    const server_request *request_seen = server_request_at(peer, before);
    if (CHECK(request_seen != NULL)) {
        expect_head(it->head, peer, wanted, sizeof wanted);
        snprintf(came, sizeof came, "%s", request_seen->head);
        sort_lines(wanted);
        sort_lines(came);
        CHECK_STR(came, wanted);
        CHECK_BYTES(request_seen->body, request_seen->body_size, request.body, request.body_size);
        CHECK_UINT(response.bytes_sent, request_seen->head_size + request_seen->body_size);
        e2e_record_request(run, request_seen);
    }
    pario_response_free(&response);
    e2e_close(run);
}

E2E_WAYS(what_is_sent_is_what_was_asked_for)
{
    server *peer = e2e_serve_script(run, answers);
    for (size_t i = 0; i < COUNT(sendings); i++) {
        test_case("%s, way %d, sending %zu", e2e_executor_name(run->executor), (int)run->way, i);
        try_sending(run, peer, &sendings[i]);
    }
}

E2E_WAYS(userinfo_becomes_basic_authentication)
{
    static const char *const infos[][2] = {
        { "u:p@", "Basic dTpw" },       { "u@", "Basic dTo=" },
        { "u:@", "Basic dTo=" },        { "u%40x:p%3aq@", "Basic dUB4OnA6cQ==" },
        { "u:p:q@", "Basic dTpwOnE=" },
    };
    char           url[128];
    char           value[128];
    pario_response response;
    server        *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(infos); i++) {
        snprintf(url, sizeof url, "http://%s127.0.0.1:%u/", infos[i][0],
                 (unsigned)server_port(peer));
        pario_request request = { .url = url };
        test_case("%s, %s", e2e_executor_name(run->executor), infos[i][0]);
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        pario_response_free(&response);
        const server_request *seen = server_request_at(peer, i);
        if (CHECK(seen != NULL)) {
            CHECK(server_field(seen, "Authorization", value, sizeof value));
            CHECK_STR(value, infos[i][1]);
            CHECK(server_field(seen, "Host", value, sizeof value));
            CHECK(strchr(value, '@') == NULL);
        }
    }
}

E2E_WAYS(a_literal_of_ipv6_is_a_host)
{
    char    url[64];
    char    value[64];
    char    wanted[64];
    server *peer;
    if (!server_has_ipv6()) {
        test_skip("this machine has no ::1");
        return;
    }
    const server_step *const scripts[] = { answers };
    peer = e2e_serve(run, &(server_options){ .scripts = scripts, .script_count = 1, .ipv6 = true });
    snprintf(url, sizeof url, "http://[::1]:%u/", (unsigned)server_port(peer));
    snprintf(wanted, sizeof wanted, "[::1]:%u", (unsigned)server_port(peer));
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, url, PARIO_OK);
    e2e_get(run, url, PARIO_OK);
    CHECK(server_field(server_request_at(peer, 0), "Host", value, sizeof value));
    CHECK_STR(value, wanted);
    CHECK_UINT(server_count(peer).connections, 1);
    pario_request  request = { .url = url };
    pario_response response;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    pario_response_address(&response, value, sizeof value);
    CHECK_STR(value, wanted);
    pario_response_free(&response);
}

/* ---- ways of asking -------------------------------------------------------------------- */

TEST(a_fetch_needs_no_client)
{
    const server_step *const scripts[] = { answers };
    size_t                   fds = e2e_entries("/proc/self/fd");
    size_t                   threads = e2e_entries("/proc/self/task");
    server        *peer = server_start(&(server_options){ .scripts = scripts, .script_count = 1 });
    pario_request  request = { .url = e2e_url(peer, "/"), .tag = 5 };
    pario_response response;
    CHECK_ERROR(pario_fetch(NULL, &request, &response), PARIO_OK);
    CHECK_STR(response.body, "ok");
    CHECK_UINT(response.tag, 5);
    pario_response_free(&response);
    server_await_closed(peer, 1);
    request.url = "nonsense";
    CHECK_ERROR(pario_fetch(NULL, &request, &response), PARIO_ERROR_URL);
    pario_response_free(&response);
    CHECK_ERROR(pario_fetch(NULL, NULL, &response), PARIO_ERROR_ARGUMENT);
    server_stop(peer);
    CHECK_UINT(e2e_settled_threads(threads), threads);
    CHECK_UINT(e2e_entries("/proc/self/fd"), fds);
}

/* Fetches in between do not take or lose what was submitted. */
E2E(a_fetch_among_submitted_requests_gets_its_own)
{
    enum {
        TOTAL = 20
    };
    server        *peer = e2e_serve_script(run, answers);
    pario_request  request = { .url = e2e_url(peer, "/fetched"), .tag = 1000 };
    pario_response response;
    run->config.concurrency = 3;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < TOTAL; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
        if (i % 5 == 4) {
            CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
            CHECK_UINT(response.tag, 1000);
            pario_response_free(&response);
        }
    }
    run->loose = true;
    size_t total = 0;
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK(response.tag < TOTAL);
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, TOTAL);
    CHECK_UINT(server_count(peer).requests, TOTAL + 4);
}

/* Each request waits for an event of its own; they are fired from the last one on. */
static bool serve_event(server_peer *peer, const server_request *request, void *context)
{
    (void)context;
    return server_wait(peer, (size_t)server_target_number(request, "/")) &&
           server_say(peer, "HTTP/1.1 204 Done\r\n\r\n");
}

E2E(responses_come_in_the_order_of_completion)
{
    char           path[16];
    pario_response response;
    server        *peer = e2e_serve_handler(run, serve_event, NULL);
    run->apart = run->executor == PARIO_SEQUENTIAL;
    if (run->apart || !e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        snprintf(path, sizeof path, "/%zu", i);
        e2e_submit(run, e2e_url(peer, path), i, NULL);
    }
    for (size_t i = 8; i-- > 0;) {
        server_fire(peer, i);
        if (CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
            CHECK_UINT(response.tag, i);
            e2e_record(run, &response);
            pario_response_free(&response);
        }
    }
}

E2E(requests_begin_in_the_order_of_submission)
{
    char    path[16];
    server *peer = e2e_serve_script(run, answers);
    run->config.concurrency = 1;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "/%zu", i);
        e2e_submit(run, e2e_url(peer, path), i, NULL);
    }
    e2e_collect(run, 20);
    for (size_t i = 0; i < 20; i++) {
        const server_request *seen = server_request_at(peer, i);
        snprintf(path, sizeof path, "/%zu", i);
        CHECK(seen != NULL && server_target_is(seen, path));
    }
}

/* Threads are started as they are needed: one request needs no more than one. */
E2E(there_are_no_more_threads_than_requests)
{
    server *peer = e2e_serve_script(run, answers);
    run->config.concurrency = 50;
    if (!e2e_open(run)) {
        return;
    }
    size_t before = e2e_entries("/proc/self/task");
    for (size_t i = 0; i < 5; i++) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    }
    /* One for the server's connection. */
    size_t more = e2e_entries("/proc/self/task") - before - 1;
    CHECK(more <= (run->executor == PARIO_THREADS ? 1 : 0));
}

E2E(a_response_outlives_its_client)
{
    server        *peer = e2e_serve_script(run, answers);
    pario_request  request = { .url = e2e_url(peer, "/") };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    e2e_close(run);
    e2e_record(run, &response);
    CHECK_STR(pario_response_field(&response, "content-length", 0), "2");
    pario_response_free(&response);
    pario_response_free(&response);
}

E2E(a_request_is_copied)
{
    char        url[64];
    char        method[] = "PUT";
    char        name[] = "X-Name";
    char        value[] = "value";
    char        user[] = "u";
    pario_field field = { name, value };
    server     *peer = e2e_serve_script(run, answers);
    snprintf(url, sizeof url, "%s", e2e_url(peer, "/copied"));
    pario_request request = { .url = url,
                              .method = method,
                              .fields = &field,
                              .field_count = 1,
                              .user = user,
                              .password = user };
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    memset(url, '!', sizeof url - 1);
    memset(method, '!', sizeof method - 1);
    memset(name, '!', sizeof name - 1);
    memset(value, '!', sizeof value - 1);
    user[0] = '!';
    field.name = NULL;
    memset(&request, 0xff, sizeof request);
    e2e_collect(run, 1);
    e2e_record_request(run, server_request_at(peer, 0));
}

/* ---- pario_next, pario_wake and pario_fd ----------------------------------------------- */

E2E(next_tells_nothing_left_from_time_over)
{
    pario_response response;
    server        *peer = e2e_serve_script(run, holds);
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_NOTHING_LEFT);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_TIME_OVER);
    CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    while (server_count(peer).requests == 0) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_TIME_OVER);
}

/* Wakes before anybody waits: the next one to wait returns, once for all of them. */
E2E(a_wake_before_waiting_is_not_lost)
{
    pario_response response;
    server        *peer = e2e_serve_script(run, holds);
    if (!e2e_open(run)) {
        return;
    }
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    errno = ENOTTY;
    pario_wake(run->client);
    pario_wake(run->client);
    pario_wake(run->client);
    CHECK_INT(errno, ENOTTY);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
}

static void wake_client(server_peer *peer, void *context)
{
    (void)peer;
    pario_wake((pario_client *)context);
}

E2E(another_thread_wakes_a_waiting_next)
{
    static const server_step wakes[] = { S_READ, S_CALL, S_FIRE(WOKE), S_WAIT(0), SAY_OK, S_AGAIN };
    pario_response           response;
    if (!e2e_open(run)) {
        return;
    }
    server *peer = e2e_serve_calling(run, wakes, wake_client, run->client);
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    server_fire(peer, 0);
    e2e_collect(run, 1);
}

static pario_client *handled; /* whom the signal handler wakes, or nobody */
static pthread_t     waiting; /* the thread that is signalled */
static int           signals;

static void on_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&signals, 1, __ATOMIC_SEQ_CST);
    pario_wake(__atomic_load_n(&handled, __ATOMIC_SEQ_CST));
}

/* Signals the waiting thread, from the server's. */
static void signal_client(server_peer *peer, void *context)
{
    (void)peer;
    (void)context;
    pthread_kill(waiting, SIGUSR1);
}

static server *serve_signalling(e2e_run *run)
{
    static const server_step script[] = {
        S_READ, S_CALL, S_FIRE(WOKE), S_WAIT(0), SAY_OK, S_AGAIN
    };
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    waiting = pthread_self();
    __atomic_store_n(&signals, 0, __ATOMIC_SEQ_CST);
    return e2e_serve_calling(run, script, signal_client, NULL);
}

E2E(a_signal_handler_wakes_a_waiting_next)
{
    pario_response response;
    server        *peer = serve_signalling(run);
    if (!e2e_open(run)) {
        return;
    }
    __atomic_store_n(&handled, run->client, __ATOMIC_SEQ_CST);
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    CHECK_INT(__atomic_load_n(&signals, __ATOMIC_SEQ_CST), 1);
    server_fire(peer, 0);
    e2e_collect(run, 1);
    __atomic_store_n(&handled, NULL, __ATOMIC_SEQ_CST);
}

/* A signal that wakes nobody interrupts a system call, but no request. */
E2E(a_signal_does_no_harm)
{
    server *peer = serve_signalling(run);
    server_fire(peer, 0);
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 20; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    run->loose = true;
    pario_response response;
    size_t         total = 0;
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, 20);
}

/* Waits for the descriptor alone, and takes what there is; returns how many came. */
static size_t drive_by_fd(e2e_run *run, int fd, size_t *rounds)
{
    size_t         total = 0;
    pario_error    error = PARIO_OK;
    pario_response response;
    while (error != PARIO_NOTHING_LEFT) {
        struct pollfd one = { fd, POLLIN, 0 };
        while (poll(&one, 1, -1) < 0 && errno == EINTR) {
        }
        ++*rounds;
        while ((error = pario_next(run->client, &response, 0)) == PARIO_OK) {
            total++;
            e2e_record(run, &response);
            pario_response_free(&response);
        }
        CHECK(error == PARIO_TIME_OVER || error == PARIO_NOTHING_LEFT);
    }
    return total;
}

E2E(a_client_lives_in_another_loop)
{
    int     fd = -1;
    size_t  rounds = 0;
    server *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    if (run->executor == PARIO_SEQUENTIAL) {
        CHECK_ERROR(pario_fd(run->client, &fd), PARIO_ERROR_NO_DESCRIPTOR);
        run->apart = true;
        return;
    }
    CHECK_ERROR(pario_fd(run->client, &fd), PARIO_OK);
    CHECK(fd >= 0);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    for (size_t i = 0; i < 50; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    run->apart = true; /* the order of completion is nobody's promise */
    CHECK_UINT(drive_by_fd(run, fd, &rounds), 50);
}

/* Timers are inside the descriptor; and it is quiet while there is nothing to do. */
E2E(the_descriptor_knows_the_timers_and_is_quiet_otherwise)
{
    int              fd = -1;
    size_t           rounds = 0;
    pario_response   response;
    pario_statistics statistics;
    server          *peer = e2e_serve_script(run, holds);
    run->apart = true;
    run->config.total_timeout_ms = 200;
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_fd(run->client, &fd), PARIO_OK);
    struct pollfd one = { fd, POLLIN, 0 };
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_NOTHING_LEFT);
    CHECK_INT(poll(&one, 1, 0), 0);
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_TIME_OVER);
    size_t total = drive_by_fd(run, fd, &rounds);
    CHECK_UINT(total, 1);
    CHECK(rounds < 20);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.failed, 1);
    CHECK_INT(poll(&one, 1, 0), 0);
    pario_wake(run->client);
    CHECK_INT(poll(&one, 1, -1), 1);
}

/* ---- closing --------------------------------------------------------------------------- */

static void close_with(e2e_run *run, server *peer, size_t requests, bool started)
{
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    size_t before = server_count(peer).requests;
    for (size_t i = 0; i < requests; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    while (started && server_count(peer).requests == before && server_connecting() == 0) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    e2e_close(run);
}

E2E(closing_drops_what_is_outstanding)
{
    server *peers[3];
    peers[0] = e2e_serve(run, &(server_options){ .mood = SERVER_FULL });
    peers[1] = e2e_serve_script(run, holds);
    peers[2] = e2e_serve_script(run, holds_in_body);
    run->config.concurrency = 5;
    for (size_t i = 0; i < COUNT(peers); i++) {
        test_case("%s, server %zu", e2e_executor_name(run->executor), i);
        close_with(run, peers[i], 1, true);
        close_with(run, peers[i], 20, true);
        close_with(run, peers[i], 20, false);
        server_await_closed(peers[i], server_count(peers[i]).connections);
        CHECK_UINT(server_connecting(), 0);
    }
}

/* Responses that came but were not taken are the client's to free. */
E2E(closing_drops_what_was_not_taken)
{
    server        *peer = e2e_serve_script(run, answers);
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 20; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    pario_response_free(&response);
    e2e_close(run);
}

/* ---- everything else ------------------------------------------------------------------- */

/* No descriptor of the library survives exec; looked at while a request is under way. */
E2E(descriptors_are_closed_on_exec)
{
    pario_response response;
    bool           before[256];
    int            fd = -1;
    server        *peer = e2e_serve_script(run, holds);
    for (int i = 0; i < 256; i++) {
        before[i] = fcntl(i, F_GETFD) >= 0;
    }
    if (!e2e_open(run)) {
        return;
    }
    if (run->executor != PARIO_SEQUENTIAL) {
        CHECK_ERROR(pario_fd(run->client, &fd), PARIO_OK);
    }
    e2e_submit(run, e2e_url(peer, "/"), 0, NULL);
    while (server_count(peer).requests == 0) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    for (int i = 0; i < 256; i++) {
        int flags = fcntl(i, F_GETFD);
        CHECK(before[i] || flags < 0 || (flags & FD_CLOEXEC) != 0);
    }
}

E2E(statistics_add_up)
{
    server          *peer = e2e_serve_script(run, answers);
    server          *refuses = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    pario_statistics it;
    pario_response   response;
    uint64_t         sent = 0;
    uint64_t         received = 0;
    run->config.concurrency = 1;
    if (!e2e_open(run)) {
        return;
    }
    pario_stats(run->client, &it);
    CHECK_UINT(it.submitted + it.completed + it.queued + it.running + it.connections, 0);
    for (size_t i = 0; i < 10; i++) {
        e2e_submit(run, e2e_url(i % 5 == 4 ? refuses : peer, "/"), i, NULL);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        sent += response.bytes_sent;
        received += response.bytes_received;
        pario_response_free(&response);
    }
    pario_stats(run->client, &it);
    CHECK_UINT(it.submitted, 10);
    CHECK_UINT(it.completed, 10);
    CHECK_UINT(it.failed, 2);
    CHECK_UINT(it.queued, 0);
    CHECK_UINT(it.running, 0);
    CHECK_UINT(it.tasks, 0);
    CHECK_UINT(it.connections, 1);
    CHECK_UINT(it.reused, 7);
    CHECK_UINT(it.lookups, 0);
    CHECK_UINT(it.bytes_sent, sent);
    CHECK_UINT(it.bytes_received, received);
}

/* Clients know nothing of each other: one in each of several threads. */
typedef struct lonely {
    pario_executor executor;
    server        *peer;
    size_t         good;
} lonely;

static void *run_lonely(void *argument)
{
    lonely       *it = (lonely *)argument;
    pario_config  config = { .executor = it->executor, .concurrency = 3, .stack_bytes = E2E_STACK };
    pario_client *client = NULL;
    pario_response response;
    char           url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(it->peer));
    pario_request request = { .url = url };
    if (pario_open(&config, &client) != PARIO_OK) {
        return NULL;
    }
    for (size_t i = 0; i < 50; i++) {
        it->good += pario_submit(client, &request) == PARIO_OK ? 0 : 1000;
    }
    while (pario_next(client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        it->good += response.error == PARIO_OK && strcmp(response.body, "ok") == 0 ? 1 : 0;
        pario_response_free(&response);
    }
    pario_close(client);
    return NULL;
}

E2E(several_clients_live_in_several_threads)
{
    enum {
        THREADS = 4
    };
    lonely    all[THREADS];
    pthread_t threads[THREADS];
    server   *peer = e2e_serve_script(run, answers);
    for (size_t i = 0; i < THREADS; i++) {
        all[i] = (lonely){ run->executor, peer, 0 };
        CHECK_INT(pthread_create(&threads[i], NULL, run_lonely, &all[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_UINT(all[i].good, 50);
    }
}

/* ---- texts ----------------------------------------------------------------------------- */

TEST(a_description_says_what_it_does_not_know)
{
    static const struct {
        int         number;
        pario_stage stage;
        const char *text;
    } cases[] = {
        { ECONNREFUSED, PARIO_STAGE_CONNECT, "connect: no connection: connection refused" },
        { 9999, PARIO_STAGE_CONNECT, "connect: no connection: errno 9999" },
        { -5, PARIO_STAGE_BODY, "body: no connection: errno 0" },
    };
    char           line[PARIO_LINE_SIZE];
    pario_response response;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&response, 0, sizeof response);
        response.error = PARIO_ERROR_CONNECT;
        response.stage = cases[i].stage;
        response.system_error = cases[i].number;
        pario_describe(&response, line, sizeof line);
        CHECK_STR(line, cases[i].text);
    }
    pario_describe(&response, NULL, 0);
    pario_response_address(&response, NULL, 0);
    pario_describe(NULL, line, sizeof line);
    CHECK_STR(line, "no response");
}

/* ---- more events at once than are taken at once ------------------------------------------ */

#define FLOOD 300

typedef struct flood {
    size_t there; /* atomic: answers that lie in the client's machine */
} flood;

static bool serve_flood(server_peer *peer, const server_request *request, void *context)
{
    flood *all = (flood *)context;
    (void)request;
    if (!server_wait(peer, 1) ||
        !server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") ||
        !server_until_there(peer)) {
        return false;
    }
    __atomic_add_fetch(&all->there, 1, __ATOMIC_RELEASE);
    return true;
}

E2E(a_flood_of_answers_is_taken_in_one_turn)
{
    flood          all = { 0 };
    server        *peer = e2e_serve_handler(run, serve_flood, &all);
    size_t         came = 0;
    pario_response response;
    run->config.concurrency = FLOOD;
    if ((run->executor != PARIO_EPOLL && run->executor != PARIO_FIBERS) || !e2e_open(run)) {
        return; /* the others have no loop */
    }
    run->apart = true;
    for (size_t i = 0; i < FLOOD; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    while (server_count(peer).requests < FLOOD) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    server_fire(peer, 1);
    while (__atomic_load_n(&all.there, __ATOMIC_ACQUIRE) < FLOOD) {
        sched_yield();
    }
    while (pario_next(run->client, &response, 0) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        came++;
    }
    CHECK_UINT(came, FLOOD);
}

/* Sends a part of the content, and the rest when all others have been answered. */
static bool serve_in_two(server_peer *peer, const server_request *request, void *context)
{
    flood *all = (flood *)context;
    if (!server_target_is(request, "/two")) {
        return serve_flood(peer, request, context);
    }
    if (!server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n1234") ||
        !server_until_read(peer)) {
        return false;
    }
    server_fire(server_of(peer), 3);
    if (!server_wait(peer, 2) || !server_say(peer, "5678") || !server_until_there(peer)) {
        return false;
    }
    __atomic_add_fetch(&all->there, 1, __ATOMIC_RELEASE);
    return true;
}

/* Fills a pipe, or empties it. */
static void move_all(int fd, bool fill)
{
    char bytes[4096] = { 0 };
    while ((fill ? write(fd, bytes, sizeof bytes) : read(fd, bytes, sizeof bytes)) > 0) {
    }
}

static void await_there(const flood *all, size_t wanted)
{
    while (__atomic_load_n(&all->there, __ATOMIC_ACQUIRE) < wanted) {
        sched_yield();
    }
}

/* A flood of events stands between that of a pipe, which an exchange waits for, and that of the
 * rest of its answer, which came in time. */
E2E(an_answer_behind_a_flood_came_in_time)
{
    enum {
        LIMIT = 2000
    };
    flood          all = { 0 };
    int            ends[2];
    server        *peer = e2e_serve_handler(run, serve_in_two, &all);
    pario_request  request = { .tag = FLOOD, .total_timeout_ms = LIMIT };
    pario_response response;
    run->config.concurrency = FLOOD + 1;
    run->apart = true;
    if ((run->executor != PARIO_EPOLL && run->executor != PARIO_FIBERS) || !e2e_open(run) ||
        !CHECK_INT(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0)) {
        return;
    }
    request.into_fd = ends[1];
    for (size_t i = 0; i < FLOOD; i++) {
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    while (server_count(peer).requests < FLOOD) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    move_all(ends[1], true);
    int64_t begin = e2e_now_ms();
    request.url = e2e_url(peer, "/two");
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    while (!server_fired(peer, 3)) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    move_all(ends[0], false);
    server_fire(peer, 1);
    await_there(&all, FLOOD);
    server_fire(peer, 2);
    await_there(&all, FLOOD + 1);
    bool in_time = e2e_now_ms() - begin < LIMIT;
    e2e_pass_ms(LIMIT);
    for (size_t i = 0; i <= FLOOD; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, in_time ? PARIO_OK : response.error);
        pario_response_free(&response);
    }
    close(ends[0]);
    close(ends[1]);
}

/* The loop has its timer for deadlines: a stream goes on at once, without one. */
E2E(a_stream_without_deadlines_needs_no_timer)
{
    static const char        text[4096];
    static const server_step sends[] = { S_READ,
                                         S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 12288\r\n\r\n"),
                                         { SERVER_SEND, text, sizeof text },
                                         S_UNTIL_READ,
                                         { SERVER_SEND, text, sizeof text },
                                         S_UNTIL_READ,
                                         { SERVER_SEND, text, sizeof text },
                                         S_AGAIN };
    server                  *peer = e2e_serve_script(run, sends);
    pario_request            request = { .url = e2e_url(peer, "/"), .stream = true };
    pario_response           part;
    size_t                   bytes = 0;
    run->config.connect_timeout_ms = PARIO_UNLIMITED;
    run->config.progress_timeout_ms = PARIO_UNLIMITED;
    run->config.total_timeout_ms = PARIO_UNLIMITED;
    run->config.idle_timeout_ms = PARIO_UNLIMITED;
    timers = 0;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    while (pario_next(run->client, &part, PARIO_UNLIMITED) == PARIO_OK) {
        bytes += part.body_size;
        pario_response_free(&part);
    }
    CHECK_UINT(bytes, 3 * sizeof text);
    CHECK_UINT(timers, 0);
}

/* An id holds 31 bits of slot; more requests than that are as many as memory cannot hold. */
TEST(slots_end_where_ids_do)
{
    pario_client *client = NULL;
    if (!CHECK_ERROR(pario_open(NULL, &client), PARIO_OK)) {
        return;
    }
    pario_i_client_lock(client);
    size_t before = client->slot_count;
    client->slot_count = PARIO_I_NO_SLOT;
    CHECK_UINT(pario_i_slot_take(client), PARIO_I_NO_SLOT);
    client->slot_count = before;
    pario_i_client_unlock(client);
    pario_close(client);
}
