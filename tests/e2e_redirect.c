/* SPDX-License-Identifier: MIT */
/* Redirects: which are followed, with which method, to where, and what stays behind. */
#include "pario.h"

#include "e2e.h"

/* "/STATUS/..." is redirected to "/end" with that status; all else is answered. */
static bool serve_status(server_peer *peer, const server_request *request, void *context)
{
    long status = server_target_number(request, "/status/");
    (void)context;
    if (status > 0) {
        return server_sayf(peer,
                           "HTTP/1.1 %ld Elsewhere\r\nLocation: /end\r\nContent-Length: 3\r\n\r\n"
                           "see",
                           status);
    }
    return server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
}

typedef struct turn {
    int         status;
    const char *method;
    const char *becomes; /* NULL: it is not followed */
    bool        keeps_body;
} turn;

static const turn turns[] = {
    { 301, "GET", "GET", false },      { 301, "HEAD", "HEAD", false },
    { 301, "POST", "GET", false },     { 301, "PUT", "PUT", true },
    { 301, "DELETE", "DELETE", true }, { 302, "GET", "GET", false },
    { 302, "HEAD", "HEAD", false },    { 302, "POST", "GET", false },
    { 302, "PUT", "PUT", true },       { 303, "GET", "GET", false },
    { 303, "HEAD", "HEAD", false },    { 303, "POST", "GET", false },
    { 303, "PUT", "GET", false },      { 303, "DELETE", "GET", false },
    { 307, "GET", "GET", false },      { 307, "POST", "POST", true },
    { 307, "PUT", "PUT", true },       { 308, "GET", "GET", false },
    { 308, "POST", "POST", true },     { 308, "HEAD", "HEAD", false },
    { 300, "GET", NULL, false },       { 304, "GET", NULL, false },
    { 305, "GET", NULL, false },       { 306, "GET", NULL, false },
    { 399, "GET", NULL, false },       { 201, "POST", NULL, false },
};

static bool has_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
}

/* What the second request must look like. */
static void check_turn(const turn *wanted, const server_request *second)
{
    char value[64];
    bool with = wanted->keeps_body && has_body(wanted->method);
    if (!CHECK(second != NULL)) {
        return;
    }
    size_t size = strlen(wanted->becomes);
    CHECK_BYTES(second->head, size, wanted->becomes, size);
    CHECK(server_target_is(second, "/end"));
    CHECK_BYTES(second->body, second->body_size, "a=b", with ? 3 : 0);
    CHECK_INT(server_field(second, "Content-Type", value, sizeof value), with);
    CHECK_INT(server_field(second, "Content-Length", value, sizeof value), with);
    CHECK(server_field(second, "X-Kept", value, sizeof value));
}

static void try_turn(e2e_run *run, server *peer, const turn *wanted)
{
    static const pario_field fields[] = { { "X-Kept", "1" }, { "Content-Type", "text/plain" } };
    char                     path[32];
    snprintf(path, sizeof path, "/status/%d", wanted->status);
    bool           with = has_body(wanted->method);
    pario_request  request = { .url = e2e_url(peer, path),
                               .method = wanted->method,
                               .fields = fields,
                               .field_count = with ? 2 : 1,
                               .body = with ? "a=b" : NULL,
                               .body_size = with ? 3 : 0,
                               .redirects = 1 };
    pario_response response;
    size_t         before = server_count(peer).requests;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK_INT(response.status, wanted->becomes == NULL ? wanted->status : 200);
    CHECK_INT(response.redirects, wanted->becomes == NULL ? 0 : 1);
    CHECK_STR(response.url, e2e_url(peer, wanted->becomes == NULL ? path : "/end"));
    CHECK_UINT(server_count(peer).requests - before, wanted->becomes == NULL ? 1 : 2);
    if (wanted->becomes != NULL) {
        check_turn(wanted, server_request_at(peer, before + 1));
        e2e_record_request(run, server_request_at(peer, before + 1));
    }
    run->loose = strcmp(wanted->method, "HEAD") == 0 || wanted->status == 304;
    e2e_record(run, &response);
    pario_response_free(&response);
}

E2E_WAYS(method_and_body_change_as_the_rules_have_it)
{
    server *peer = e2e_serve_handler(run, serve_status, NULL);
    for (size_t i = 0; i < COUNT(turns); i++) {
        test_case("%s, way %d, %d %s", e2e_executor_name(run->executor), (int)run->way,
                  turns[i].status, turns[i].method);
        if (e2e_open(run)) {
            try_turn(run, peer, &turns[i]);
        }
        e2e_close(run);
    }
}

/* Where a Location leads from "/a/b/c?q#f"; the rest of the URL is the server's. */
typedef struct reference {
    const char *location;
    const char *target; /* as requested */
    const char *url;    /* as said by the response, NULL: as target */
} reference;

static const reference references[] = {
    { "/x", "/x", NULL },
    { "x", "/a/b/x", NULL },
    { "./x", "/a/b/x", NULL },
    { "../x", "/a/x", NULL },
    { "../../x", "/x", NULL },
    { "../../../x", "/x", NULL },
    { "/a/./b/../x", "/a/x", NULL },
    { "x/..", "/a/b/", NULL },
    { "..", "/a/", NULL },
    { ".", "/a/b/", NULL },
    { "?y=z", "/a/b/c?y=z", NULL },
    { "x?y=../z", "/a/b/x?y=../z", NULL },
    { "/x#there", "/x", NULL },
    { "/%7Ex%2f", "/%7Ex%2f", NULL },
    { "/x;p=1", "/x;p=1", NULL },
    { "/a b\xc3\xa4\"<>", "/a%20b%C3%A4%22%3C%3E", NULL }, /* repaired, as browsers do */
    { "g:h", NULL, NULL },
};

/* Redirects "/a/b/c?q" with the Location of the context, and says of all else what it was. */
static bool serve_reference(server_peer *peer, const server_request *request, void *context)
{
    const char *location = *(const char *const *)context;
    if (server_target_is(request, "/a/b/c?q")) {
        return server_sayf(peer, "HTTP/1.1 302 Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                           location);
    }
    const char *target = strchr(request->head, ' ') + 1;
    int         size = (int)strcspn(target, " ");
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s", size, size,
                       target);
}

E2E(references_are_resolved_against_the_url)
{
    const char *location = NULL;
    server     *peer = e2e_serve_handler(run, serve_reference, &location);
    run->config.redirects = 1;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(references); i++) {
        pario_request  request = { .url = e2e_url(peer, "/a/b/c?q#f") };
        pario_response response;
        bool           followed = references[i].target != NULL;
        location = references[i].location;
        test_case("%s, %s", e2e_executor_name(run->executor), location);
        CHECK_ERROR(e2e_do(run, &request, &response),
                    followed ? PARIO_OK : PARIO_ERROR_REDIRECT_SCHEME);
        if (followed && response.error == PARIO_OK) {
            CHECK_STR(response.body, references[i].target);
        }
        e2e_record(run, &response);
        pario_response_free(&response);
    }
}

/* References that name a host: it is the other server's. */
E2E(references_may_lead_to_another_host)
{
    static const char *const forms[] = { "//", "http://", "HTTP://" };
    char                     text[64];
    const char              *location = text;
    server                  *peer = e2e_serve_handler(run, serve_reference, &location);
    server                  *other = e2e_serve_handler(run, serve_reference, &location);
    run->config.idle_connections = 4;
    run->config.redirects = 1;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(forms); i++) {
        snprintf(text, sizeof text, "%s127.0.0.1:%u/x", forms[i], (unsigned)server_port(other));
        e2e_get(run, e2e_url(peer, "/a/b/c?q"), PARIO_OK);
    }
    CHECK_UINT(server_count(other).requests, COUNT(forms));
    CHECK_UINT(server_count(peer).requests, COUNT(forms));
    CHECK_UINT(server_count(peer).connections, 1);
}

/* Redirects that cannot be followed, each with its error. */
typedef struct dead_end {
    const char *fields;
    pario_error error;
} dead_end;

static const dead_end dead_ends[] = {
    { "", PARIO_OK }, /* it leads nowhere, and so is the answer */
    { "Location:\r\n", PARIO_ERROR_REDIRECT_LOOP },
    { "Location: /x\r\nLocation: /y\r\n", PARIO_ERROR_REDIRECT_LOCATION },
    { "Location: http://\r\n", PARIO_ERROR_REDIRECT_LOCATION },
    { "Location: http://a b/\r\n", PARIO_ERROR_REDIRECT_LOCATION },
    { "Location: http://127.0.0.1:99999/\r\n", PARIO_ERROR_REDIRECT_LOCATION },
    { "Location: http://127.0.0.1:0/\r\n", PARIO_ERROR_REDIRECT_LOCATION },
    { "Location: ftp://127.0.0.1/\r\n", PARIO_ERROR_REDIRECT_SCHEME },
    { "Location: file:///etc/passwd\r\n", PARIO_ERROR_REDIRECT_SCHEME },
    { "Location: javascript:alert(1)\r\n", PARIO_ERROR_REDIRECT_SCHEME },
    { "Location: https://127.0.0.1/\r\n", PARIO_ERROR_NEEDS_TLS },
    { "Location: /\r\n", PARIO_ERROR_REDIRECT_LOOP },
};

static bool serve_dead_end(server_peer *peer, const server_request *request, void *context)
{
    const dead_end *end = *(const dead_end *const *)context;
    (void)request;
    return server_sayf(peer, "HTTP/1.1 302 Go\r\n%sContent-Length: 0\r\n\r\n", end->fields);
}

E2E_WAYS(redirects_that_cannot_be_followed)
{
    const dead_end *end = NULL;
    server         *peer = e2e_serve_handler(run, serve_dead_end, &end);
    run->config.redirects = 5;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(dead_ends); i++) {
        end = &dead_ends[i];
        test_case("%s, way %d, %s", e2e_executor_name(run->executor), (int)run->way, end->fields);
        size_t before = server_count(peer).requests;
        e2e_get(run, e2e_url(peer, "/"), end->error);
        CHECK_UINT(server_count(peer).requests - before, 1);
    }
}

/* "/N" leads to "/N+1", to the other server if N is odd and the context is there. */
static bool serve_ladder(server_peer *peer, const server_request *request, void *context)
{
    server *const *all = (server *const *)context;
    long           step = server_target_number(request, "/");
    if (server_target_is(request, "/8")) {
        return server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntop");
    }
    return server_sayf(peer,
                       "HTTP/1.1 307 Up\r\nLocation: http://127.0.0.1:%u/%ld\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n3\r\nsee\r\n0\r\n\r\n",
                       (unsigned)server_port(all[step % 2]), step + 1);
}

E2E_WAYS(a_ladder_of_redirects_is_climbed_as_far_as_allowed)
{
    static const int64_t limits[] = { 8, 7, 1, 0, PARIO_OFF, PARIO_UNLIMITED };
    server              *peers[2] = { NULL, NULL };
    peers[0] = e2e_serve_handler(run, serve_ladder, peers);
    peers[1] = e2e_serve_handler(run, serve_ladder, peers);
    run->config.redirects = 7;
    run->config.idle_connections = 4;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(limits); i++) {
        pario_request  request = { .url = e2e_url(peers[0], "/0"), .redirects = limits[i] };
        pario_response response;
        pario_error    error = e2e_do(run, &request, &response);
        test_case("%s, limit %jd", e2e_executor_name(run->executor), (intmax_t)limits[i]);
        if (limits[i] == 8 || limits[i] == PARIO_UNLIMITED || limits[i] == PARIO_OFF) {
            CHECK_ERROR(error, PARIO_OK);
            CHECK_INT(response.status, limits[i] == PARIO_OFF ? 307 : 200);
            CHECK_INT(response.redirects, limits[i] == PARIO_OFF ? 0 : 8);
        } else {
            CHECK_ERROR(error, PARIO_ERROR_TOO_MANY_REDIRECTS);
        }
        e2e_record(run, &response);
        pario_response_free(&response);
    }
    /* The three errors retire a connection each, always the last one. */
    CHECK_UINT(server_count(peers[0]).connections + server_count(peers[1]).connections, 5);
}

/* "/a" leads to "/b" and "/b" to "/a"; the fragment makes no difference. */
static bool serve_circle(server_peer *peer, const server_request *request, void *context)
{
    (void)context;
    return server_sayf(peer, "HTTP/1.1 302 Round\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                       server_target_is(request, "/a") ? "/b#x" : "/a#y");
}

E2E_WAYS(a_circle_of_redirects_is_noticed)
{
    server        *peer = e2e_serve_handler(run, serve_circle, NULL);
    pario_request  request = { .url = e2e_url(peer, "/a"), .redirects = PARIO_UNLIMITED };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_REDIRECT_LOOP);
    e2e_record(run, &response);
    pario_response_free(&response);
    CHECK(server_count(peer).requests <= 50);
}

/* "/same" stays on this server, all else leads to the other one. */
static bool serve_away(server_peer *peer, const server_request *request, void *context)
{
    server *const *other = (server *const *)context;
    if (server_target_is(request, "/end")) {
        return server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
    }
    if (server_target_is(request, "/same")) {
        return server_say(peer, "HTTP/1.1 307 Go\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n");
    }
    return server_sayf(peer,
                       "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%u/end\r\n"
                       "Content-Length: 0\r\n\r\n",
                       (unsigned)server_port(*other));
}

/* Which of the secret fields a request carried, as a word of letters. */
static const char *secrets(const server_request *request)
{
    static const char *const names[] = { "Authorization", "Cookie", "Proxy-Authorization",
                                         "X-Other" };
    static char              seen[8];
    char                     value[128];
    size_t                   at = 0;
    for (size_t i = 0; request != NULL && i < COUNT(names); i++) {
        if (server_field(request, names[i], value, sizeof value)) {
            seen[at++] = "ACPX"[i];
        }
    }
    seen[at] = '\0';
    return seen;
}

/* One request with all secrets; `credentials` says how Authorization is made. */
static void try_secrets(e2e_run *run, server *const peers[2], const char *path, int credentials)
{
    static const pario_field fields[] = { { "Cookie", "c=1" },
                                          { "X-Other", "o" },
                                          { "proxy-authorization", "p" },
                                          { "AUTHORIZATION", "Bearer t" } };
    char                     url[128];
    bool                     same = strcmp(path, "/same") == 0;
    pario_response           response;
    snprintf(url, sizeof url, "http://%s127.0.0.1:%u%s", credentials == 2 ? "u:p@" : "",
             (unsigned)server_port(peers[0]), path);
    pario_request request = { .url = url,
                              .fields = fields,
                              .field_count = credentials == 0 ? 4 : 3,
                              .user = credentials == 1 ? "u" : NULL,
                              .password = credentials == 1 ? "p" : NULL,
                              .redirects = 1 };
    size_t        before[2] = { server_count(peers[0]).requests, server_count(peers[1]).requests };
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    e2e_record(run, &response);
    pario_response_free(&response);
    CHECK_STR(secrets(server_request_at(peers[0], before[0])), "ACPX");
    const server_request *second = same ? server_request_at(peers[0], before[0] + 1)
                                        : server_request_at(peers[1], before[1]);
    CHECK_STR(secrets(second), same ? "ACPX" : "X");
    e2e_record_request(run, second);
}

E2E_WAYS(secrets_stay_behind_when_the_origin_changes)
{
    server *peers[2] = { NULL, NULL };
    peers[0] = e2e_serve_handler(run, serve_away, &peers[1]);
    peers[1] = e2e_serve_handler(run, serve_away, &peers[0]);
    run->config.idle_connections = 4;
    if (!e2e_open(run)) {
        return;
    }
    for (int credentials = 0; credentials < 3; credentials++) {
        test_case("%s, way %d, credentials %d", e2e_executor_name(run->executor), (int)run->way,
                  credentials);
        try_secrets(run, peers, "/same", credentials);
        try_secrets(run, peers, "/other", credentials);
    }
}

/* There and back again: what was dropped does not return with the first origin. */
static bool serve_return(server_peer *peer, const server_request *request, void *context)
{
    server *const *all = (server *const *)context;
    long           step = server_target_number(request, "/");
    if (step == 2) {
        return server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
    }
    return server_sayf(peer,
                       "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%u/%ld\r\n"
                       "Content-Length: 0\r\n\r\n",
                       (unsigned)server_port(all[(step + 1) % 2]), step + 1);
}

E2E(secrets_do_not_return_with_the_first_origin)
{
    static const pario_field fields[] = { { "Cookie", "c=1" }, { "Authorization", "Bearer t" } };
    server                  *peers[2] = { NULL, NULL };
    pario_response           response;
    peers[0] = e2e_serve_handler(run, serve_return, peers);
    peers[1] = e2e_serve_handler(run, serve_return, peers);
    pario_request request = {
        .url = e2e_url(peers[0], "/0"), .fields = fields, .field_count = 2, .redirects = 2
    };
    run->config.idle_connections = 4;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    e2e_record(run, &response);
    pario_response_free(&response);
    CHECK_STR(secrets(server_request_at(peers[0], 0)), "AC");
    CHECK_STR(secrets(server_request_at(peers[1], 0)), "");
    CHECK_STR(secrets(server_request_at(peers[0], 1)), "");
}

/* A Host that the caller wrote is for the first origin only. */
E2E(a_host_of_ones_own_stays_behind)
{
    static const pario_field fields[] = { { "Host", "mine.example" } };
    server                  *peers[2] = { NULL, NULL };
    char                     value[64];
    pario_response           response;
    peers[0] = e2e_serve_handler(run, serve_away, &peers[1]);
    peers[1] = e2e_serve_handler(run, serve_away, &peers[0]);
    pario_request request = {
        .url = e2e_url(peers[0], "/other"), .fields = fields, .field_count = 1, .redirects = 1
    };
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    e2e_record(run, &response);
    pario_response_free(&response);
    const server_request *first = server_request_at(peers[0], 0);
    CHECK(first != NULL && server_field(first, "Host", value, sizeof value));
    CHECK_STR(value, "mine.example");
    const server_request *second = server_request_at(peers[1], 0);
    CHECK(second != NULL && server_field(second, "Host", value, sizeof value));
    CHECK(strcmp(value, "mine.example") != 0);
}

/* A redirect's own content is read and dropped, and counts against the limit. */
static bool serve_content(server_peer *peer, const server_request *request, void *context)
{
    char  *content;
    size_t size = (size_t)server_target_number(request, "/size/");
    (void)context;
    if (server_target_is(request, "/end")) {
        return server_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
    }
    content = (char *)calloc(1, size + 1);
    bool fine = content != NULL &&
                server_sayf(peer,
                            "HTTP/1.1 302 Go\r\nLocation: /end\r\nContent-Length: %zu\r\n\r\n",
                            size) &&
                server_send(peer, content, size);
    free(content);
    return fine;
}

E2E(the_content_of_a_redirect_is_dropped)
{
    server *peer = e2e_serve_handler(run, serve_content, NULL);
    run->config.redirects = 1;
    run->config.body_bytes = 100000;
    run->loose = true;
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/size/0"), PARIO_OK);
    e2e_get(run, e2e_url(peer, "/size/1"), PARIO_OK);
    e2e_get(run, e2e_url(peer, "/size/100000"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 1);
    /* Beyond the limit the connection is given up, or the content is; never the client. */
    pario_request  request = { .url = e2e_url(peer, "/size/1000000") };
    pario_response response;
    pario_error    error = e2e_do(run, &request, &response);
    CHECK(error == PARIO_OK || error == PARIO_ERROR_BODY_TOO_LARGE);
    e2e_record(run, &response);
    pario_response_free(&response);
    e2e_get(run, e2e_url(peer, "/size/10"), PARIO_OK);
}

/* A Location longer than any URL may be. */
static bool serve_long(server_peer *peer, const server_request *request, void *context)
{
    static char location[PARIO_MAX_URL_BYTES + 1000];
    (void)request;
    (void)context;
    memset(location, 'x', sizeof location - 1);
    return server_say(peer, "HTTP/1.1 302 Go\r\nContent-Length: 0\r\nLocation: /") &&
           server_say(peer, location) && server_say(peer, "\r\n\r\n");
}

E2E(a_location_that_is_too_long_is_refused)
{
    server *peer = e2e_serve_handler(run, serve_long, NULL);
    run->config.redirects = 1;
    run->config.head_bytes = 1000000;
    if (!e2e_open(run)) {
        return;
    }
    e2e_get(run, e2e_url(peer, "/"), PARIO_ERROR_REDIRECT_LOCATION);
    CHECK_UINT(server_count(peer).requests, 1);
    test_saw("limit MAX_URL_BYTES");
}
