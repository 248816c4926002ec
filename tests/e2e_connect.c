/* SPDX-License-Identifier: MIT */
/*
 * Connecting: hosts with several addresses, of which some hang, unix sockets, source addresses.
 * Names are looked up in this file.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A name is its addresses, with an x between two: "v6xv4" is ::1 and 127.0.0.1. */
static const struct {
    const char *word;
    const char *address;
} entries[] = { { "v4", "127.0.0.1" }, { "v6", "::1" }, { "no", "127.0.0.2" } };

typedef union any_address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
} any_address;

typedef struct listed {
    struct addrinfo info;
    any_address     address;
} listed;

/* One address, from its word; NULL: there is no such word, or no memory. */
static listed *list_address(const char *word)
{
    listed *made = (listed *)calloc(1, sizeof *made);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0] && made != NULL; i++) {
        if (strncmp(word, entries[i].word, 2) == 0) {
            bool  v6 = strchr(entries[i].address, ':') != NULL;
            void *place = v6 ? (void *)&made->address.v6.sin6_addr
                             : (void *)&made->address.v4.sin_addr;
            made->info.ai_family = v6 ? AF_INET6 : AF_INET;
            made->info.ai_addrlen = v6 ? sizeof made->address.v6 : sizeof made->address.v4;
            made->info.ai_addr = &made->address.any;
            made->address.any.sa_family = (sa_family_t)made->info.ai_family;
            inet_pton(made->info.ai_family, entries[i].address, place);
        }
    }
    return made;
}

static int list_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                            struct addrinfo **list)
{
    struct addrinfo **last = list;
    (void)service;
    (void)hints;
    *list = NULL;
    for (const char *at = name; strlen(at) >= 2; at += at[2] == 'x' ? 3 : 2) {
        listed *made = list_address(at);
        if (made == NULL) {
            return EAI_MEMORY;
        }
        *last = &made->info;
        last = &made->info.ai_next;
    }
    return 0;
}

static void list_freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

/* Whether the client sees a connection only when something has come on it, or it has failed. */
static bool sees_late;

static int late_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    struct pollfd polled = { fd, POLLIN, 0 };
    const int     got = connect(fd, to, size);
    const int     failed = errno;
    if (sees_late && got != 0 && failed == EINPROGRESS) {
        (void)poll(&polled, 1, -1);
    }
    errno = failed;
    return got;
}

#define getaddrinfo list_getaddrinfo
#define freeaddrinfo list_freeaddrinfo
#define connect late_connect
#define PARIO_IMPLEMENTATION
#include "pario.h"
#undef getaddrinfo
#undef freeaddrinfo
#undef connect

#include "e2e.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const server_step        answers[] = { S_READ, S_SEND(OK_REPLY), S_AGAIN };
static const server_step *const scripts[] = { answers };

/* "http://NAME:PORT/", for the server's port; one of a few static texts. */
static const char *url_of(const char *name, server *peer)
{
    static char   texts[16][512];
    static size_t next;
    char         *text = texts[next++ % 16];
    snprintf(text, sizeof texts[0], "http://%s:%u/", name, (unsigned)server_port(peer));
    return text;
}

/* GETs by name, and says what became of it and at which address. */
static void get_by_name(e2e_run *run, const char *name, server *peer, pario_error expected,
                        int64_t least_us)
{
    pario_request  request = { .url = url_of(name, peer) };
    pario_response response;
    char           address[PARIO_ADDRESS_SIZE];
    CHECK_ERROR(e2e_do(run, &request, &response), expected);
    pario_response_address(&response, address, sizeof address);
    if (strchr(address, ':') != NULL) {
        *strrchr(address, ':') = '\0'; /* the port differs */
    }
    CHECK(response.times.total_us >= least_us);
    e2e_note(run, "%s: %s in stage %d, errno %d, %s", name, pario_error_name(response.error),
             (int)response.stage, response.system_error, address);
    pario_response_free(&response);
    CHECK_UINT(server_connecting(), 0);
}

/* ---- several addresses ----------------------------------------------------------------- */

/* Nobody waits for the one that hangs longer than it takes to try the next, nor leaves it open. */
E2E_WAYS(an_address_that_hangs_is_overtaken)
{
    server *hanging;
    server *answering;
    if (e2e_serve_hanging(run, answers, &hanging, &answering) && e2e_open(run)) {
        get_by_name(run, "v6xv4", answering, PARIO_OK, PARIO_NEXT_ADDRESS_MS * 1000);
        CHECK_UINT(server_count(answering).connections, 1);
    }
}

/* What has failed is no reason to wait: the third is tried while the first hangs. */
E2E_WAYS(a_refusal_is_not_waited_for)
{
    server *hanging;
    server *answering;
    if (e2e_serve_hanging(run, answers, &hanging, &answering) && e2e_open(run)) {
        get_by_name(run, "v6xnoxv4", answering, PARIO_OK, PARIO_NEXT_ADDRESS_MS * 1000);
        get_by_name(run, "noxv4", answering, PARIO_OK, 0);
        get_by_name(run, "v4xv6", answering, PARIO_OK, 0);
        get_by_name(run, "noxno", answering, PARIO_ERROR_CONNECT, 0);
        CHECK_UINT(server_count(answering).connections, 3);
    }
}

/* The loop tells once of what it watches: what came before the race was won is not lost. */
E2E_WAYS(a_winner_that_speaks_first_is_heard)
{
    static const server_step greeting[] = { S_SEND(OK_REPLY), S_READ, S_HOLD, S_END };
    server                  *peer = e2e_serve_script(run, greeting);
    sees_late = true;
    run->config.progress_timeout_ms = 3000;
    if (e2e_open(run)) {
        get_by_name(run, "noxv4", peer, PARIO_OK, 0);
    }
    sees_late = false;
}

/* The time to connect is that of all addresses together. */
E2E_WAYS(all_addresses_hang_until_the_time_is_over)
{
    server *hanging;
    server *answering;
    run->config.connect_timeout_ms = 250; /* the lookup is within it, on a busy machine as well */
    if (e2e_serve_hanging(run, answers, &hanging, &answering) && e2e_open(run)) {
        get_by_name(run, "v6xv6xv6", hanging, PARIO_ERROR_CONNECT_TIMEOUT, 250000);
        get_by_name(run, "v6xno", hanging, PARIO_ERROR_CONNECT_TIMEOUT, 250000);
    }
}

E2E(many_race_at_once)
{
    server        *hanging;
    server        *answering;
    pario_response response;
    run->apart = true;
    run->config.per_host = 2;
    run->config.idle_connections = 2;
    if (!e2e_serve_hanging(run, answers, &hanging, &answering) || !e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 20; i++) {
        e2e_submit(run, url_of("v6xv4", answering), i, NULL);
    }
    for (size_t i = 0; i < 20; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
    }
    CHECK_UINT(server_count(answering).requests, 20);
    CHECK(server_count(answering).most_open <= 2);
    CHECK_UINT(server_connecting(), 0);
}

/* A cancel finds two sockets that are being connected. */
E2E(a_race_is_cancelled)
{
    uint64_t       id = 0;
    server        *hanging;
    server        *answering;
    pario_response response;
    if (!e2e_serve_hanging(run, answers, &hanging, &answering) || !e2e_open(run)) {
        return;
    }
    e2e_submit(run, url_of("v6xv6", hanging), 7, &id);
    while (server_connecting() < 2) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
    CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
    pario_response_free(&response);
    CHECK_UINT(server_connecting(), 0);
}

/* A client that is closed in the middle of a race. */
E2E(closing_ends_a_race)
{
    server        *hanging;
    server        *answering;
    pario_response response;
    if (!e2e_serve_hanging(run, answers, &hanging, &answering) || !e2e_open(run)) {
        return;
    }
    e2e_submit(run, url_of("v6xv6", hanging), 0, NULL);
    while (server_connecting() < 2) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    e2e_close(run);
    CHECK_UINT(server_connecting(), 0);
}

/* RFC 8305 section 4: the families take turns, whatever the resolver's order is. */
TEST(families_take_turns)
{
    static const struct {
        const char *name;
        const char *order;
    } cases[] = {
        { "v4xv4xv4xv6xv6", "46464" }, { "v6xv6xv6xv4", "6466" }, { "v4xv4", "44" }, { "v6", "6" },
        { "v4xv6xv6xv6", "4666" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addrinfo *list;
        char             order[16] = "";
        CHECK_INT(list_getaddrinfo(cases[i].name, NULL, NULL, &list), 0);
        pario_i_addresses *addresses = pario_i_resolver_copy(list, AF_UNSPEC, &(size_t){ 0 });
        for (size_t k = 0; CHECK(addresses != NULL) && k < addresses->count; k++) {
            order[k] = addresses->list[k].any.sa_family == AF_INET6 ? '6' : '4';
        }
        CHECK_STR(order, cases[i].order);
        pario_i_addresses_drop(addresses);
        list_freeaddrinfo(list);
    }
}

/* ---- unix sockets ---------------------------------------------------------------------- */

/* A path that nobody else has; one of a few static texts. */
static const char *path_of(unsigned number)
{
    static char texts[2][64];
    snprintf(texts[number], sizeof texts[0], "/tmp/pario-e2e-%d-%u", (int)getpid(), number);
    return texts[number];
}

E2E_WAYS(a_unix_socket_serves_all_hosts)
{
    const char    *path = path_of(0);
    char           value[64];
    char           address[PARIO_ADDRESS_SIZE];
    pario_request  request = { .url = "http://nobody.example/one" };
    pario_response response;
    server        *peer =
        e2e_serve(run, &(server_options){ .scripts = scripts, .script_count = 1, .path = path });
    run->config.unix_socket = path;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_STR(e2e_config(run->client)->unix_socket, path);
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK(response.reused == (i == 1));
        pario_response_address(&response, address, sizeof address);
        CHECK_STR(address, path);
        pario_response_free(&response);
    }
    request.url = "http://[::1]:8080/other";
    request.body = "content";
    request.body_size = 7;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK(!response.reused);
    pario_response_free(&response);
    CHECK_UINT(server_count(peer).connections, 2);
    CHECK(server_field(server_request_at(peer, 0), "Host", value, sizeof value));
    CHECK_STR(value, "nobody.example");
    CHECK(server_field(server_request_at(peer, 2), "Host", value, sizeof value));
    CHECK_STR(value, "[::1]:8080");
    pario_statistics statistics;
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.lookups, 0);
}

E2E_WAYS(a_unix_socket_may_not_be_there)
{
    pario_request  request = { .url = "http://nobody.example/" };
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    run->config.unix_socket = path_of(1);
    if (e2e_open(run)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT);
        CHECK_INT(response.system_error, ENOENT);
        CHECK_INT(response.stage, PARIO_STAGE_CONNECT);
        pario_describe(&response, line, sizeof line);
        CHECK(strstr(line, "no connection: no such socket (/tmp/") != NULL);
        pario_response_free(&response);
    }
}

/* A unix socket to which no more can connect until somebody is taken in; *first is one of them. */
static int full_socket(const char *path, int *first)
{
    struct sockaddr_un     at = { .sun_family = AF_UNIX };
    const struct sockaddr *name = (const struct sockaddr *)(const void *)&at;
    int                    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    unlink(path);
    CHECK(bind(fd, name, sizeof at) == 0 && listen(fd, 0) == 0);
    CHECK_INT(connect(*first, name, sizeof at), 0);
    return fd;
}

/* The system has nothing to wait for then: it is an error at once. */
E2E_WAYS(a_unix_socket_may_be_full)
{
    const char    *path = path_of(0);
    pario_request  request = { .url = "http://nobody.example/" };
    pario_response response;
    int            first;
    int            fd = full_socket(path, &first);
    char           line[PARIO_LINE_SIZE];
    run->config.unix_socket = path;
    if (e2e_open(run)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT);
        CHECK_INT(response.system_error, EAGAIN);
        pario_describe(&response, line, sizeof line);
        CHECK(strstr(line, "no connection: no room for more") != NULL);
        pario_response_free(&response);
    }
    close(first);
    close(fd);
    unlink(path);
}

/* ---- source addresses ------------------------------------------------------------------ */

/* How many sockets of this process begin at an address. */
static size_t beginning_at(const char *wanted)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in here;
        socklen_t          size = sizeof here;
        char               text[INET_ADDRSTRLEN];
        memset(&here, 0, sizeof here);
        if (getsockname(fd, (struct sockaddr *)(void *)&here, &size) == 0 &&
            here.sin_family == AF_INET &&
            inet_ntop(AF_INET, &here.sin_addr, text, sizeof text) != NULL) {
            count += strcmp(text, wanted) == 0 ? 1 : 0;
        }
    }
    return count;
}

E2E_WAYS(connections_begin_at_the_source_address)
{
    server *peer = e2e_serve_script(run, answers);
    run->config.source = "127.0.0.9";
    run->config.idle_connections = 1;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_STR(e2e_config(run->client)->source, "127.0.0.9");
    get_by_name(run, "v4", peer, PARIO_OK, 0);
    get_by_name(run, "v6xv4", peer, PARIO_OK, 0);
    get_by_name(run, "v6", peer, PARIO_ERROR_SOURCE, -1);
    CHECK_UINT(beginning_at("127.0.0.9"), 1);
}

E2E_WAYS(a_source_address_has_its_family)
{
    pario_request  request = { .url = "http://127.0.0.1:1/" };
    pario_response response;
    run->config.source = "::1";
    if (!server_has_ipv6() || !e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_SOURCE);
    CHECK_INT(response.stage, PARIO_STAGE_RESOLVE);
    CHECK_INT(response.resolver_error, 0);
    pario_response_free(&response);
    request.url = "http://[::1]:1/";
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT);
    CHECK_INT(response.system_error, ECONNREFUSED);
    pario_response_free(&response);
}

/* TEST-NET-1 is nobody's. */
E2E_WAYS(a_source_address_may_not_be_ours)
{
    pario_request  request = { .url = "http://127.0.0.1:1/" };
    pario_response response;
    run->config.source = "192.0.2.1";
    if (e2e_open(run)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT);
        CHECK_INT(response.system_error, EADDRNOTAVAIL);
        pario_response_free(&response);
    }
}

TEST(what_is_no_address_is_refused)
{
    static char              path[200];
    static const char *const wrong[] = {
        "",          "1.2.3", "localhost",
        "1.2.3.4.5", "::g",   "1.2.3.4 ",
        "[::1]",     "eth0",  "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"
    };
    pario_client *client;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pario_config config = { .source = wrong[i] };
        CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_CONFIG);
        CHECK(client == NULL);
    }
    memset(path, 'x', sizeof path - 1);
    for (size_t i = 0; i < 2; i++) {
        pario_config config = { .unix_socket = i == 0 ? "" : path };
        CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_CONFIG);
    }
}
