/* SPDX-License-Identifier: MIT */
/*
 * Names: the library asks a getaddrinfo of this file's, which answers from a table, counts,
 * and may be held up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What is known of a name: its addresses, or the error. */
typedef struct page {
    const char *name;
    const char *addresses[3]; /* "::1" and the like with a colon */
    int         error;        /* EAI_, if there are none */
    int         system_error;
} page;

static const page pages[] = {
    { "one.example", { "127.0.0.1" }, 0, 0 },
    { "six.example", { "::1" }, 0, 0 },
    { "second.example", { "127.0.0.2", "127.0.0.1" }, 0, 0 },
    { "both.example", { "::1", "127.0.0.1" }, 0, 0 },
    { "third.example", { "127.0.0.2", "127.0.0.3", "127.0.0.1" }, 0, 0 },
    { "none.example", { "127.0.0.2", "127.0.0.3" }, 0, 0 },
    { "missing.example", { NULL }, EAI_NONAME, 0 },
    { "later.example", { NULL }, EAI_AGAIN, 0 },
    { "broken.example", { NULL }, EAI_SYSTEM, ENETDOWN },
    { "empty.example", { NULL }, 0, 0 },
    { "crowd.example", { "127.0.0.1" }, 0, 0 },
    { "throng.example", { "127.0.0.1" }, 0, 0 },
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    size_t          asked;
    size_t          inside; /* now, held up */
    size_t          most_inside;
    bool            held; /* nobody gets an answer */
} book = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* One address after the other; each in one allocation with its socket address. */
static struct addrinfo *make_address(const char *text, int port)
{
    struct whole {
        struct addrinfo         info;
        struct sockaddr_storage address;
    } *made = (struct whole *)calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    void *address = &made->address;
    if (strchr(text, ':') != NULL) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        inet_pton(AF_INET6, text, &six->sin6_addr);
        made->info.ai_addrlen = sizeof *six;
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)address;
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        inet_pton(AF_INET, text, &four->sin_addr);
        made->info.ai_addrlen = sizeof *four;
    }
    made->info.ai_addr = (struct sockaddr *)address;
    made->info.ai_family = made->address.ss_family;
    made->info.ai_socktype = SOCK_STREAM;
    return &made->info;
}

static void wait_for_the_book(void)
{
    pthread_mutex_lock(&book.lock);
    book.asked++;
    book.inside++;
    book.most_inside = book.inside > book.most_inside ? book.inside : book.most_inside;
    pthread_cond_broadcast(&book.changed);
    while (book.held) {
        pthread_cond_wait(&book.changed, &book.lock);
    }
    book.inside--;
    pthread_cond_broadcast(&book.changed);
    pthread_mutex_unlock(&book.lock);
}

static const page *find_name(const char *name)
{
    static const page any = { "", { "127.0.0.1" }, 0, 0 };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].name, name) == 0) {
            return &pages[i];
        }
    }
    return strncmp(name, "any", 3) == 0 ? &any : &pages[6];
}

/* How many addresses that refuse come before those of the table. */
static size_t crowd_before(const char *name)
{
    size_t crowd = strcmp(name, "crowd.example") == 0 ? 63 : 0;
    return strcmp(name, "throng.example") == 0 ? 100 : crowd;
}

static int book_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                            struct addrinfo **result)
{
    struct addrinfo **last = result;
    int               port = service == NULL ? 0 : atoi(service);
    (void)hints;
    *result = NULL;
    wait_for_the_book();
    const page *found = find_name(name);
    size_t      crowd = crowd_before(name);
    for (size_t i = 0; i < crowd + 3 && (i < crowd || found->addresses[i - crowd] != NULL); i++) {
        *last = make_address(i < crowd ? "127.0.0.2" : found->addresses[i - crowd], port);
        if (*last == NULL) {
            return EAI_MEMORY;
        }
        last = &(*last)->ai_next;
    }
    errno = found->system_error;
    return found->error;
}

static void book_freeaddrinfo(struct addrinfo *first)
{
    while (first != NULL) {
        struct addrinfo *next = first->ai_next;
        free(first);
        first = next;
    }
}

#define getaddrinfo book_getaddrinfo
#define freeaddrinfo book_freeaddrinfo
#define PARIO_IMPLEMENTATION
#include "pario.h"
#undef getaddrinfo
#undef freeaddrinfo

#include "e2e.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const server_step        answers[] = { S_READ, S_SEND(OK_REPLY), S_AGAIN };
static const server_step *const scripts[] = { answers };

static void hold_the_book(bool held)
{
    pthread_mutex_lock(&book.lock);
    book.held = held;
    book.most_inside = book.inside;
    pthread_cond_broadcast(&book.changed);
    pthread_mutex_unlock(&book.lock);
}

static size_t asked_so_far(void)
{
    pthread_mutex_lock(&book.lock);
    size_t asked = book.asked;
    pthread_mutex_unlock(&book.lock);
    return asked;
}

static size_t inside_now(void)
{
    pthread_mutex_lock(&book.lock);
    size_t inside = book.inside;
    pthread_mutex_unlock(&book.lock);
    return inside;
}

static void await_all_answered(void)
{
    pthread_mutex_lock(&book.lock);
    while (book.inside > 0) {
        pthread_cond_wait(&book.changed, &book.lock);
    }
    pthread_mutex_unlock(&book.lock);
}

/* "http://NAME:PORT/", for the server's port; one of a few static texts. */
static const char *url_of(const char *name, server *peer)
{
    static char   texts[16][512];
    static size_t next;
    char         *text = texts[next++ % 16];
    snprintf(text, sizeof texts[0], "http://%s:%u/", name, (unsigned)server_port(peer));
    return text;
}

/* GETs by name; what is recorded is without the port, which differs. */
static void get_by_name(e2e_run *run, const char *name, server *peer, pario_error expected)
{
    pario_request  request = { .url = url_of(name, peer) };
    pario_response response;
    CHECK_ERROR(e2e_do(run, &request, &response), expected);
    CHECK_ERROR(response.error, expected);
    e2e_note(run, "%s: %s in stage %d, errno %d, resolver %d, %s", name,
             pario_error_name(response.error), (int)response.stage, response.system_error,
             response.resolver_error, response.reused ? "reused" : "fresh");
    pario_response_free(&response);
}

/* ---- addresses ------------------------------------------------------------------------- */

E2E_WAYS(a_name_leads_to_its_address)
{
    char    value[64];
    char    wanted[64];
    server *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    get_by_name(run, "one.example", peer, PARIO_OK);
    CHECK(server_field(server_request_at(peer, 0), "Host", value, sizeof value));
    snprintf(wanted, sizeof wanted, "one.example:%u", (unsigned)server_port(peer));
    CHECK_STR(value, wanted);
}

E2E_WAYS(each_address_is_tried_in_turn)
{
    server *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    get_by_name(run, "second.example", peer, PARIO_OK);
    get_by_name(run, "third.example", peer, PARIO_OK);
    get_by_name(run, "both.example", peer, PARIO_OK);
    get_by_name(run, "none.example", peer, PARIO_ERROR_CONNECT);
}

E2E_WAYS(only_so_many_addresses_are_tried)
{
    server *peer = e2e_serve_script(run, answers);
    if (e2e_open(run)) {
        get_by_name(run, "crowd.example", peer, PARIO_OK);
        get_by_name(run, "throng.example", peer, PARIO_ERROR_CONNECT);
    }
}

E2E_WAYS(a_name_may_have_an_address_of_ipv6)
{
    if (!server_has_ipv6()) {
        test_skip("this machine has no ::1");
        return;
    }
    server_options options = { .scripts = scripts, .script_count = 1, .ipv6 = true };
    server        *peer = e2e_serve(run, &options);
    if (e2e_open(run)) {
        get_by_name(run, "six.example", peer, PARIO_OK);
    }
}

/* An address that does not answer takes its share of the time, and not the whole of it. */
E2E(an_address_that_hangs_leaves_time_for_the_next)
{
    server *hanging;
    server *answering;
    run->config.connect_timeout_ms = 300;
    if (e2e_serve_hanging(run, answers, &hanging, &answering) && e2e_open(run)) {
        get_by_name(run, "both.example", answering, PARIO_OK);
    }
}

/* Each of the proxy's addresses is tried, and its name is looked up once; the hosts' are not. */
E2E_WAYS(a_proxys_name_is_looked_up_and_no_hosts_is)
{
    pario_statistics statistics;
    server          *proxy = e2e_serve_script(run, answers);
    run->config.proxy = url_of("second.example", proxy);
    if (!e2e_open(run)) {
        return;
    }
    get_by_name(run, "missing.example", proxy, PARIO_OK);
    get_by_name(run, "later.example", proxy, PARIO_OK);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.lookups, 1);
}

E2E_WAYS(a_proxy_that_is_not_resolved_is_named)
{
    pario_request  request = { .url = "http://one.example/" };
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    run->config.proxy = "http://missing.example";
    if (e2e_open(run)) {
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_RESOLVE);
        CHECK(response.proxied);
        pario_describe(&response, line, sizeof line);
        CHECK(strstr(line, " (proxy)") != NULL);
        e2e_note(run, "%s", line);
        pario_response_free(&response);
    }
}

E2E_WAYS(a_name_that_is_not_resolved_says_why)
{
    static const struct {
        const char *name;
        int         resolver_error;
        int         system_error;
    } rows[] = {
        { "missing.example", EAI_NONAME, 0 },
        { "later.example", EAI_AGAIN, 0 },
        { "broken.example", EAI_SYSTEM, ENETDOWN },
    };
    server        *peer = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        pario_request request = { .url = url_of(rows[i].name, peer) };
        test_case("%s, way %d, %s", e2e_executor_name(run->executor), (int)run->way, rows[i].name);
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_RESOLVE);
        CHECK_INT(response.stage, PARIO_STAGE_RESOLVE);
        CHECK_INT(response.resolver_error, rows[i].resolver_error);
        CHECK_INT(response.system_error, rows[i].system_error);
        pario_describe(&response, line, sizeof line);
        e2e_note(run, "%s", line);
        pario_response_free(&response);
    }
    get_by_name(run, "empty.example", peer, PARIO_ERROR_RESOLVE);
}

E2E_WAYS(numeric_hosts_are_not_looked_up)
{
    pario_statistics statistics;
    size_t           before = asked_so_far();
    server          *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    get_by_name(run, "127.0.0.1", peer, PARIO_OK);
    if (server_has_ipv6()) {
        get_by_name(run, "[::1]", peer, PARIO_ERROR_CONNECT);
    }
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.lookups, 0);
    CHECK_UINT(asked_so_far(), before);
}

/* ---- one lookup for all ---------------------------------------------------------------- */

E2E(one_lookup_serves_all_that_want_the_name)
{
    pario_statistics statistics;
    pario_response   response;
    size_t           before = asked_so_far();
    size_t           total = 0;
    server          *peer = e2e_serve_script(run, answers);
    run->config.concurrency = 10;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 30; i++) {
        e2e_submit(run, url_of(i % 2 == 0 ? "one.example" : "ONE.example", peer), i, NULL);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, 30);
    CHECK_UINT(asked_so_far() - before, 1);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.lookups, 1);
}

E2E(names_of_different_case_are_one_origin)
{
    server *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    get_by_name(run, "one.example", peer, PARIO_OK);
    get_by_name(run, "One.Example", peer, PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 1);
}

/* Connections are not kept here, so that each request wants the name. */
static size_t lookups_of(e2e_run *run, int64_t cache_ms, const char *name, pario_error expected)
{
    size_t  before = asked_so_far();
    server *peer = e2e_serve_script(run, answers);
    run->config.lookup_cache_ms = cache_ms;
    run->config.idle_connections = PARIO_OFF;
    if (e2e_open(run)) {
        for (size_t i = 0; i < 3; i++) {
            get_by_name(run, name, peer, expected);
            e2e_pass_ms(2);
        }
    }
    e2e_close(run);
    return asked_so_far() - before;
}

E2E(a_lookup_is_kept_for_as_long_as_wanted)
{
    CHECK_UINT(lookups_of(run, 0, "one.example", PARIO_OK), 1);
    CHECK_UINT(lookups_of(run, PARIO_OFF, "one.example", PARIO_OK), 3);
    CHECK_UINT(lookups_of(run, 1, "one.example", PARIO_OK), 3);
    CHECK_UINT(lookups_of(run, PARIO_UNLIMITED, "one.example", PARIO_OK), 1);
    test_saw("limit LOOKUP_CACHE_MS");
}

E2E(a_failed_lookup_is_not_repeated_at_once)
{
    CHECK_UINT(lookups_of(run, 0, "missing.example", PARIO_ERROR_RESOLVE), 1);
    test_saw("limit LOOKUP_FAILURE_MS");
}

/* After its time, a failed lookup is tried again; one executor's clock is like another's. */
E2E(a_failed_lookup_is_repeated_later)
{
    size_t  before = asked_so_far();
    server *peer = e2e_serve_script(run, answers);
    run->apart = run->executor != PARIO_EPOLL;
    if (run->apart || !e2e_open(run)) {
        return;
    }
    get_by_name(run, "missing.example", peer, PARIO_ERROR_RESOLVE);
    e2e_pass_ms(PARIO_LOOKUP_FAILURE_MS + 1);
    get_by_name(run, "missing.example", peer, PARIO_ERROR_RESOLVE);
    CHECK_UINT(asked_so_far() - before, 2);
}

/* More names than are kept: the client goes on, and an old one is asked for again. */
E2E(only_so_many_names_are_kept)
{
    enum {
        NAMES = PARIO_MAX_CACHED_NAMES + 10
    };
    char    name[64];
    size_t  before = asked_so_far();
    server *peer = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    run->apart = run->executor == PARIO_THREADS;
    if (run->apart || !e2e_open(run)) {
        return; /* the resolver is the same, and the lookups would take their time */
    }
    for (size_t i = 0; i <= NAMES; i++) {
        pario_response response;
        snprintf(name, sizeof name, "any%zu.example", i % NAMES);
        pario_request request = { .url = url_of(name, peer) };
        CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_ERROR_CONNECT);
        pario_response_free(&response);
    }
    CHECK_UINT(asked_so_far() - before, NAMES + 1);
    test_saw("limit MAX_CACHED_NAMES");
}

/* ---- a resolver that hangs ------------------------------------------------------------- */

/* Runs the client until so many lookups hang. */
static void until_inside(e2e_run *run, size_t count)
{
    pario_response response;
    while (inside_now() < count) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
}

E2E(a_request_is_cancelled_during_its_lookup)
{
    uint64_t       id = 0;
    pario_response response;
    server        *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    hold_the_book(true);
    e2e_submit(run, url_of("one.example", peer), 4, &id);
    until_inside(run, 1);
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    if (CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
        CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
        CHECK_INT(response.stage, PARIO_STAGE_RESOLVE);
        CHECK_UINT(response.tag, 4);
        pario_response_free(&response);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_UINT(inside_now(), 1);
    hold_the_book(false);
    get_by_name(run, "one.example", peer, PARIO_OK);
}

E2E(a_lookup_counts_against_the_time_to_connect)
{
    pario_request  request = { .connect_timeout_ms = 5 };
    pario_response response;
    server        *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    request.url = url_of("one.example", peer);
    hold_the_book(true);
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_CONNECT_TIMEOUT);
    CHECK_INT(response.stage, PARIO_STAGE_RESOLVE);
    pario_response_free(&response);
    hold_the_book(false);
    get_by_name(run, "one.example", peer, PARIO_OK);
}

E2E(closing_does_not_wait_for_a_lookup)
{
    server *peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    hold_the_book(true);
    e2e_submit(run, url_of("one.example", peer), 0, NULL);
    e2e_submit(run, url_of("second.example", peer), 1, NULL);
    until_inside(run, run->executor == PARIO_SEQUENTIAL ? 1 : 2);
    e2e_close(run);
    CHECK(inside_now() > 0);
    hold_the_book(false);
    await_all_answered();
}

/* A name that hangs does not hold up a name that does not, nor a number. */
E2E(a_lookup_holds_up_nobody_else)
{
    pario_response response;
    server        *peer = e2e_serve_script(run, answers);
    run->apart = true;
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return;
    }
    get_by_name(run, "second.example", peer, PARIO_OK);
    hold_the_book(true);
    e2e_submit(run, url_of("one.example", peer), 0, NULL);
    until_inside(run, 1);
    e2e_submit(run, url_of("second.example", peer), 1, NULL);
    e2e_submit(run, url_of("127.0.0.1", peer), 2, NULL);
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_OK);
        CHECK(response.tag != 0);
        pario_response_free(&response);
    }
    hold_the_book(false);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_UINT(response.tag, 0);
    CHECK_ERROR(response.error, PARIO_OK);
    pario_response_free(&response);
}

E2E(only_so_many_names_are_looked_up_at_once)
{
    enum {
        NAMES = 3 * PARIO_MAX_LOOKUPS
    };
    char           name[64];
    size_t         total = 0;
    pario_response response;
    server        *peer = e2e_serve_script(run, answers);
    run->apart = true;
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return;
    }
    hold_the_book(true);
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "any%zu.example", i);
        e2e_submit(run, url_of(name, peer), i, NULL);
    }
    until_inside(run, PARIO_MAX_LOOKUPS);
    CHECK_ERROR(pario_next(run->client, &response, 20), PARIO_TIME_OVER);
    pthread_mutex_lock(&book.lock);
    CHECK_UINT(book.most_inside, PARIO_MAX_LOOKUPS);
    pthread_mutex_unlock(&book.lock);
    hold_the_book(false);
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, NAMES);
    test_saw("limit MAX_LOOKUPS");
}

/* Helper threads exist only once a name had to be resolved. */
E2E(numbers_need_no_thread)
{
    server *peer = e2e_serve_script(run, answers);
    run->apart = run->executor == PARIO_THREADS;
    if (run->apart || !e2e_open(run)) {
        return;
    }
    get_by_name(run, "127.0.0.1", peer, PARIO_OK);
    size_t with_server = e2e_entries("/proc/self/task");
    get_by_name(run, "127.0.0.1", peer, PARIO_OK);
    CHECK_UINT(e2e_entries("/proc/self/task"), with_server);
}

/* A full cache is emptied, but for the names that somebody waits for or that are looked up. */
TEST(a_name_that_is_waited_for_stays_in_the_cache)
{
    static const unsigned char hosts[] = "abc";
    pario_i_resolver          *resolver = pario_i_resolver_new(-1, 0, AF_UNSPEC);
    pario_i_name              *names[3];
    if (!CHECK(resolver != NULL)) {
        return;
    }
    pario_i_mutex_lock(&resolver->lock);
    for (size_t i = 0; i < 3; i++) {
        names[i] = pario_i_resolver_entry(resolver, hosts + i, 1);
        CHECK(names[i] != NULL);
    }
    names[0]->waiting = 1;
    names[1]->wanted = true;
    pario_i_resolver_empty(resolver, false);
    CHECK_UINT(resolver->count, 2);
    CHECK(pario_i_resolver_entry(resolver, hosts, 1) == names[0]);
    CHECK(pario_i_resolver_entry(resolver, hosts + 1, 1) == names[1]);
    pario_i_mutex_unlock(&resolver->lock);
    pario_i_resolver_drop(resolver);
}
