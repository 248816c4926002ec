/* SPDX-License-Identifier: MIT */
/*
 * Every allocation and every system call of the library fails once: at the first of them, at
 * the second, and so on until none is left to fail, in each scenario on each executor. It is
 * also interrupted, told that there is nothing to do, and given one byte only.
 *
 * Each time: what was accepted comes back exactly once, right or with the error, the stage and
 * the errno of the call that failed; nothing hangs; the client works afterwards; and nothing
 * is left behind.
 *
 *     test_faults                  some of the scenarios and of the ways to fail
 *     FAULTS=whole test_faults     all of them
 *     SCENARIO=NAME test_faults    this scenario
 */
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>

#include "server.h"
#include "test.h"

/* The test's own wait, which is none of the library's calls. */
static int wait_readable(int fd, int ms)
{
    struct pollfd polled = { fd, POLLIN, 0 };
    return poll(&polled, 1, ms);
}

/* So are these, of descriptors that are not the library's. */
static int raw_close(int fd)
{
    return close(fd);
}

static ssize_t raw_read(int fd, void *bytes, size_t size)
{
    return read(fd, bytes, size);
}

/* A pipe whose ends do not block, full to the brim; how much is in it, 0: there is none. */
static size_t full_pipe(int ends[2])
{
    static const char block[4096];
    size_t            size = 0;
    ssize_t           wrote = 1;
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) {
        return 0;
    }
    while (wrote > 0) {
        size += (size_t)wrote;
        wrote = write(ends[1], block, sizeof block);
    }
    return size - 1;
}

/* A pipe with something in it. */
static bool raw_pipe(int ends[2], const void *bytes, size_t size)
{
    return pipe(ends) == 0 && write(ends[1], bytes, size) == (ssize_t)size;
}

/* A file without a name, or the test cannot be. */
static int raw_file(const void *bytes, size_t size)
{
    FILE *file = tmpfile();
    int   fd = file != NULL && fwrite(bytes, 1, size, file) == size && fflush(file) == 0
                   ? dup(fileno(file))
                   : -1;
    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0) {
        perror("a temporary file");
        exit(3);
    }
    (void)fclose(file);
    return fd;
}

#define PARIO_IMPLEMENTATION
#include "faults.h"
#include "pario.h"

#define MOST 64            /* requests of a scenario */
#define TIME_LIMIT_MS 4000 /* so long nothing takes, unless something was lost */
#define STACK_BYTES 262144
#define BODY_BYTES 1500000

/* What is to come back for a request. */
typedef enum wanted {
    HELLO,     /* 200 and "hello TAG" */
    LENGTH,    /* 200 and the size of the request's body, which came as it is */
    REFUSED,   /* no connection */
    CANCELLED, /* that, or HELLO if it was sooner */
    LATE,      /* the total timeout */
    NOTHING    /* it is not submitted */
} wanted;

typedef struct trial {
    pario_executor executor;
    faults_mode    mode;
    unsigned       port;       /* of a server that keeps connections */
    unsigned       other_port; /* of another one */
    pario_client  *client;
    wanted         wants[MOST];
    uint64_t       ids[MOST];
    unsigned       came[MOST];
    unsigned       accepted[MOST];
    char           texts[MOST][16]; /* what came in parts, or went elsewhere */
    size_t         sizes[MOST];
    int            pipe[2];    /* where to it went, if not 0 */
    unsigned       complaints; /* of pario_next */
    bool           closing;    /* tasks may be cancelled */
    bool           pieces;     /* what is posted comes from a file, */
    bool           little;     /* or from a pipe */
} trial;

typedef struct scenario {
    const char *name;
    void (*run)(trial *t);
    bool whole; /* only where all is asked for */
    bool tasks; /* not on epoll */
    bool alone; /* knows no executor: run once */
} scenario;

static char posted[BODY_BYTES];

/* ---- the server ------------------------------------------------------------------------ */

/* What was posted, where it is that, as a number: its size. */
static bool answer_posted(server_peer *peer, const server_request *request)
{
    char   text[32];
    size_t size = request->body_size;
    bool   same = size <= sizeof posted && memcmp(request->body, posted, size) == 0;
    int    length = snprintf(text, sizeof text, "size %zu", same ? size : 0);
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, text);
}

/* A head and content that come in many pieces, after an interim response. */
static bool answer_in_pieces(server_peer *peer, long tag)
{
    static const char *const pieces[] = {
        "HTTP/1.1 103 Early",
        " Hints\r\nLink: <x>\r\n\r",
        "\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n",
        "Content-Length: 8\r",
        "\n\r\nhel",
        "lo ",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (!server_say(peer, pieces[i]) || !server_until_read(peer)) {
            return false;
        }
    }
    return server_sayf(peer, "%02ld", tag);
}

/* Chunks with extensions and trailers, in pieces. */
static bool answer_in_chunks(server_peer *peer, long tag)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nh") &&
           server_until_read(peer) && server_say(peer, "el\r\n3\r\nlo \r\n2\r\n") &&
           server_until_read(peer) && server_sayf(peer, "%02ld\r\n0\r\nA: 1\r\nB", tag) &&
           server_until_read(peer) && server_say(peer, ": 2\r\n\r\n");
}

/* Content up to the end of the connection, larger than a receive buffer. */
static bool answer_to_the_end(server_peer *peer, long tag)
{
    (void)server_sayf(peer, "HTTP/1.0 200 OK\r\n\r\nhello %02ld", tag);
    return false;
}

/* /hello/7, /pieces/7, /chunks/7, /end/7, /once/7, /hold/7, /size, /on/size, /to/PORT/7: see
 * below. */
static bool answer(server_peer *peer, const server_request *request, void *context)
{
    static const struct {
        const char *prefix;
        bool (*answer)(server_peer *peer, long tag);
    } others[] = {
        { "/pieces/", answer_in_pieces },
        { "/chunks/", answer_in_chunks },
        { "/end/", answer_to_the_end },
    };
    (void)context;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        long tag = server_target_number(request, others[i].prefix);
        if (tag >= 0) {
            return others[i].answer(peer, tag);
        }
    }
    if (strncmp(request->head, "CONNECT ", 8) == 0) {
        return server_say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    }
    long proxied = server_target_number(request, "http://192.0.2.1/hello/");
    long hello = proxied >= 0 ? proxied : server_target_number(request, "/hello/");
    long once = server_target_number(request, "/once/"); /* the connection is closed silently */
    long to = server_target_number(request, "/to/");     /* the port, times 100, plus the tag */
    if (to >= 0) {
        return server_sayf(peer,
                           "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%ld/hello/%ld\r\n"
                           "Content-Length: 3\r\n\r\nno!",
                           to / 100, to % 100);
    }
    if (hello >= 0 || once >= 0) {
        return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhello %02ld",
                           hello >= 0 ? hello : once) &&
               once < 0;
    }
    if (server_target_is(request, "/on/size")) {
        return server_say(peer, "HTTP/1.1 307 On\r\nLocation: /size\r\n"
                                "Content-Length: 0\r\n\r\n");
    }
    return server_target_is(request, "/size") ? answer_posted(peer, request) : server_hold(peer);
}

/* ---- what is right --------------------------------------------------------------------- */

/* Whether an errno is the one that the armed call failed with. That a call was interrupted, or
 * found nothing to do, is no failure to be told of. */
static bool is_the_errno(const trial *t, int number)
{
    faults_kind kind = faults_struck();
    bool        fails = t->mode != FAULTS_INTERRUPT && t->mode != FAULTS_AGAIN;
    return fails && kind != FAULTS_KINDS && number == faults_error(t->mode, kind);
}

/* Errors that a failed call may make, and where. */
typedef struct permit {
    faults_kind kind;
    pario_error error;
    unsigned    stages; /* bits */
    bool        carries_errno;
} permit;

#define STAGE(name) (1u << PARIO_STAGE_##name)
#define ANY_STAGE 0xffu

static const permit permits[] = {
    { FAULTS_MALLOC, PARIO_ERROR_MEMORY, ANY_STAGE, false },
    { FAULTS_REALLOC, PARIO_ERROR_MEMORY, ANY_STAGE, false },
    { FAULTS_MALLOC, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), false },
    { FAULTS_SOCKET, PARIO_ERROR_CONNECT, STAGE(CONNECT), true },
    { FAULTS_BIND, PARIO_ERROR_CONNECT, STAGE(CONNECT), true },
    { FAULTS_CONNECT, PARIO_ERROR_CONNECT, STAGE(CONNECT), true },
    { FAULTS_GETSOCKOPT, PARIO_ERROR_CONNECT, STAGE(CONNECT), true },
    { FAULTS_EPOLL_CTL, PARIO_ERROR_CONNECT, STAGE(CONNECT), true },
    { FAULTS_SEND, PARIO_ERROR_SEND, STAGE(CONNECT) | STAGE(SEND), true },
    { FAULTS_RECV, PARIO_ERROR_SEND, STAGE(SEND), true }, /* before any answer */
    { FAULTS_SEND, PARIO_ERROR_TLS, STAGE(SEND), false },
    { FAULTS_RECV, PARIO_ERROR_TLS, STAGE(SEND) | STAGE(HEAD) | STAGE(BODY), false },
    { FAULTS_SENDMSG, PARIO_ERROR_SEND, STAGE(SEND), true },
    { FAULTS_RECV, PARIO_ERROR_RECEIVE, STAGE(CONNECT) | STAGE(SEND) | STAGE(HEAD) | STAGE(BODY),
      true },
    { FAULTS_STORE, PARIO_ERROR_BODY_WRITE, STAGE(BODY), true },
    { FAULTS_COPY, PARIO_ERROR_BODY_WRITE, STAGE(BODY), true },
    { FAULTS_THREAD_MASK, PARIO_ERROR_BODY_WRITE, STAGE(BODY), true },
    { FAULTS_EPOLL_CTL, PARIO_ERROR_BODY_WRITE, STAGE(BODY), true },
    { FAULTS_EPOLL_WAIT, PARIO_ERROR_SYSTEM, ANY_STAGE, true },
    { FAULTS_POLL, PARIO_ERROR_SYSTEM, ANY_STAGE, true },
    { FAULTS_MMAP, PARIO_ERROR_SYSTEM, ANY_STAGE, true },
    { FAULTS_MPROTECT, PARIO_ERROR_SYSTEM, ANY_STAGE, true },
    { FAULTS_PREAD, PARIO_ERROR_BODY_READ, STAGE(SEND), true },
    { FAULTS_READ, PARIO_ERROR_BODY_READ, STAGE(SEND), true },
    { FAULTS_POLL, PARIO_ERROR_BODY_READ, STAGE(SEND), true },
    { FAULTS_COPY, PARIO_ERROR_BODY_READ, STAGE(SEND), true },
    { FAULTS_EPOLL_CTL, PARIO_ERROR_BODY_READ, STAGE(SEND), true },
    { FAULTS_LOOKUP, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), false },
    { FAULTS_THREAD, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_THREAD_ATTR, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_THREAD_STACK, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_THREAD_MASK, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_MUTEX, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_COND, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_COND_ATTR, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
    { FAULTS_COND_CLOCK, PARIO_ERROR_RESOLVE, STAGE(RESOLVE), true },
};

/* Whether a response's error is one that the call that was struck accounts for. */
static bool is_permitted(const trial *t, const pario_response *r)
{
    faults_kind kind = faults_struck();
    bool        fine = t->closing && r->error == PARIO_ERROR_CANCELLED;
    for (size_t i = 0; i < sizeof permits / sizeof permits[0]; i++) {
        const permit *p = &permits[i];
        fine = fine ||
               (p->kind == kind && p->error == r->error && ((1u << r->stage) & p->stages) != 0 &&
                (!p->carries_errno || is_the_errno(t, r->system_error)));
    }
    return fine;
}

static void complain(const trial *t, const pario_response *r, const char *what)
{
    char        line[PARIO_LINE_SIZE];
    faults_kind kind = faults_struck();
    (void)t;
    pario_describe(r, line, sizeof line);
    FAIL("%s: request %zu: %s (%s, errno %d, resolver %d); struck: %s", what, r->tag, line,
         pario_error_name(r->error), r->system_error, r->resolver_error,
         kind < FAULTS_KINDS ? faults_abouts[kind].name : "nothing");
}

static bool is_hello(const trial *t, const pario_response *r)
{
    char        text[32];
    size_t      size = (size_t)snprintf(text, sizeof text, "hello %02zu", r->tag);
    bool        kept = r->part == PARIO_PART_WHOLE && (t->pipe[1] == 0 || r->body_size > 0);
    const char *body = kept ? r->body : t->texts[r->tag];
    return r->error == PARIO_OK && r->status == 200 && r->content_bytes == size &&
           (kept ? r->body_size : t->sizes[r->tag]) == size && memcmp(body, text, size) == 0;
}

/* What is posted: more than sockets hold, or some pieces of a file, unless it goes byte by byte. */
static size_t posted_size(const trial *t)
{
    size_t size = t->pieces ? 140000 : sizeof posted;
    size = t->little ? 500 : size;
    return t->mode == FAULTS_SHORT_ALL || t->mode == FAULTS_SHORT_STUCK ? 500 : size;
}

static bool is_size(const trial *t, const pario_response *r)
{
    char text[32];
    int  size = snprintf(text, sizeof text, "size %zu", posted_size(t));
    return r->error == PARIO_OK && r->status == 200 && r->body_size == (size_t)size &&
           memcmp(r->body, text, (size_t)size) == 0;
}

/* Whether a response is what was wanted. */
static bool is_right(const trial *t, const pario_response *r)
{
    switch (t->wants[r->tag]) {
    case HELLO:
        return is_hello(t, r);
    case LENGTH:
        return is_size(t, r);
    case REFUSED:
        return r->error == PARIO_ERROR_CONNECT && r->system_error == ECONNREFUSED;
    case CANCELLED:
        return r->error == PARIO_ERROR_CANCELLED || is_hello(t, r);
    case LATE:
        return r->error == PARIO_ERROR_TOTAL_TIMEOUT;
    case NOTHING:
        break;
    }
    return false;
}

/* Judges a response: right, or an error that the call that was struck accounts for. */
static void judge(trial *t, const pario_response *r)
{
    if (!is_right(t, r) && (r->error == PARIO_OK || !is_permitted(t, r))) {
        complain(t, r, "wrong");
    }
}

/* ---- steps of scenarios ---------------------------------------------------------------- */

/* Whether a call of the API failed, for a reason that is accounted for. */
static bool failed(const trial *t, const char *call, pario_error error, int number)
{
    faults_kind kind = faults_struck();
    bool        fine = t->closing && error == PARIO_ERROR_CANCELLED;
    if (error == PARIO_ERROR_MEMORY) {
        fine = kind == FAULTS_MALLOC || kind == FAULTS_REALLOC;
    } else if (error == PARIO_ERROR_SYSTEM || error == PARIO_ERROR_THREAD ||
               error == PARIO_ERROR_BODY_READ) {
        fine = is_the_errno(t, number);
    }
    if (error == PARIO_OK) {
        return false;
    }
    if (!fine) {
        FAIL("%s: %s, errno %d, is not accounted for; struck: %s", call, pario_error_name(error),
             number, kind < FAULTS_KINDS ? faults_abouts[kind].name : "nothing");
    }
    return true;
}

static bool start(trial *t, pario_config *config)
{
    config->executor = t->executor;
    config->stack_bytes = STACK_BYTES;
    config->connect_timeout_ms = TIME_LIMIT_MS;
    config->progress_timeout_ms = TIME_LIMIT_MS;
    config->redirects = 5;
    errno = 0;
    pario_error error = pario_open(config, &t->client);
    return !failed(t, "pario_open", error, errno);
}

static bool start_plainly(trial *t, int64_t concurrency)
{
    pario_config config;
    memset(&config, 0, sizeof config);
    config.concurrency = concurrency;
    return start(t, &config);
}

static void ask(trial *t, size_t tag, wanted wants, pario_request *request)
{
    request->tag = tag;
    request->id = &t->ids[tag];
    t->wants[tag] = wants;
    errno = 0;
    pario_error error = pario_submit(t->client, request);
    t->accepted[tag] += failed(t, "pario_submit", error, errno) ? 0u : 1u;
}

/* Asks for http://HOST:PORT/PATH/TAG. */
static void ask_for(trial *t, size_t tag, wanted wants, const char *host, unsigned port,
                    const char *path)
{
    char          url[256];
    pario_request request;
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://%s:%u/%s/%02zu", host, port, path, tag);
    request.url = url;
    ask(t, tag, wants, &request);
}

/* Keeps the content that is in a part, or was written. */
static void note_content(trial *t, const pario_response *response)
{
    char  *text = t->texts[response->tag];
    size_t room = sizeof t->texts[0] - t->sizes[response->tag];
    text += t->sizes[response->tag];
    if (response->part == PARIO_PART_CONTENT && response->body_size <= room) {
        memcpy(text, response->body, response->body_size);
        t->sizes[response->tag] += response->body_size;
    } else if (response->part == PARIO_PART_WHOLE && t->pipe[1] != 0) {
        ssize_t got = raw_read(t->pipe[0], text, room);
        t->sizes[response->tag] += got > 0 ? (size_t)got : 0;
    }
}

static void note_response(trial *t, pario_response *response)
{
    if (response->tag < MOST) {
        note_content(t, response);
    }
    if (response->part == PARIO_PART_HEAD || response->part == PARIO_PART_CONTENT) {
        if (response->error != PARIO_OK) {
            complain(t, response, "a part with an error");
        }
    } else if (response->tag < MOST) {
        t->came[response->tag]++;
        judge(t, response);
    } else {
        complain(t, response, "unknown");
    }
    pario_response_free(response);
}

/* pario_next has failed: whether to go on. A call that always fails is healed after a while. */
static bool bears(trial *t, pario_error error, int number)
{
    if (error == PARIO_TIME_OVER) {
        FAIL("nothing comes back: it hangs");
        return false;
    }
    (void)failed(t, "pario_next", error, number);
    t->complaints++;
    if (t->complaints > 3) {
        faults_disarm();
    }
    if (t->complaints > 10) {
        FAIL("pario_next does not recover");
    }
    return t->complaints <= 10;
}

/* Takes what has come back, until nothing is left. */
static void collect(trial *t)
{
    pario_response response;
    bool           more = true;
    while (more) {
        errno = 0;
        pario_error error = pario_next(t->client, &response, 2 * TIME_LIMIT_MS);
        int         number = errno;
        if (error == PARIO_OK) {
            note_response(t, &response);
        } else if (error == PARIO_NOTHING_LEFT) {
            more = false;
        } else {
            more = bears(t, error, number);
        }
    }
    for (size_t i = 0; i < MOST; i++) {
        if (t->came[i] != t->accepted[i]) {
            FAIL("request %zu was accepted %u times and came back %u times", i, t->accepted[i],
                 t->came[i]);
        }
    }
}

/* Fetches here, and judges what comes. */
static void fetch(trial *t, size_t tag, const char *host, unsigned port, const char *path)
{
    char           url[256];
    pario_request  request;
    pario_response response;
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://%s:%u/%s/%02zu", host, port, path, tag);
    request.url = url;
    request.tag = tag;
    t->wants[tag] = HELLO;
    errno = 0;
    pario_error error = pario_fetch(t->client, &request, &response);
    int         number = errno;
    if (error != response.error) {
        FAIL("pario_fetch returned %s, the response says %s", pario_error_name(error),
             pario_error_name(response.error));
    }
    if (response.internal == NULL) {
        (void)failed(t, "pario_fetch", error, number);
    } else {
        judge(t, &response);
    }
    pario_response_free(&response);
}

/* The client still works, and is closed. */
static void finish(trial *t)
{
    faults_disarm();
    if (t->client != NULL) {
        char           url[64];
        pario_request  request;
        pario_response response;
        memset(&request, 0, sizeof request);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/hello/63", t->port);
        request.url = url;
        request.tag = 63;
        pario_error error = pario_fetch(t->client, &request, &response);
        if (error != PARIO_OK || !is_hello(t, &response)) {
            complain(t, &response, "afterwards");
        }
        pario_response_free(&response);
    }
    pario_close(t->client);
    t->client = NULL;
}

/* ---- scenarios ------------------------------------------------------------------------- */

static void get_three(trial *t)
{
    if (start_plainly(t, 0)) {
        for (size_t i = 0; i < 3; i++) {
            ask_for(t, i, HELLO, "127.0.0.1", t->port, "hello");
            collect(t);
        }
    }
}

static void fetch_two(trial *t)
{
    if (start_plainly(t, 0)) {
        fetch(t, 1, "127.0.0.1", t->port, "hello");
        fetch(t, 2, "127.0.0.1", t->port, "chunks");
    }
}

static void fetch_without_client(trial *t)
{
    fetch(t, 3, "127.0.0.1", t->port, "hello");
}

static void in_pieces(trial *t)
{
    if (start_plainly(t, 0)) {
        ask_for(t, 0, HELLO, "127.0.0.1", t->port, "pieces");
        ask_for(t, 1, HELLO, "127.0.0.1", t->port, "end");
        collect(t);
    }
}

static void in_chunks(trial *t)
{
    if (start_plainly(t, 0)) {
        ask_for(t, 4, HELLO, "127.0.0.1", t->port, "chunks");
        collect(t);
    }
}

static void redirected(trial *t)
{
    char          url[128];
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = url;
    if (start_plainly(t, 0)) {
        for (size_t i = 0; i < 2; i++) {
            snprintf(url, sizeof url, "http://u:p@127.0.0.1:%u/to/%u%02zu", t->port,
                     i == 0 ? t->other_port : t->port, i);
            ask(t, i, HELLO, &request);
            collect(t);
        }
    }
}

static void post_much(trial *t)
{
    char          url[64];
    pario_field   fields[] = { { "X-One", "1" }, { "Accept", NULL } };
    pario_request request;
    pario_config  config;
    memset(&config, 0, sizeof config);
    config.expect_bytes = PARIO_OFF;
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/size", t->port);
    request.url = url;
    request.method = "SEARCH";
    request.fields = fields;
    request.field_count = 2;
    request.user = "me";
    request.body = posted;
    request.body_size = posted_size(t);
    if (start(t, &config)) {
        ask(t, 7, LENGTH, &request);
        collect(t);
    }
}

/* Gives what was asked for a moment to get under way. */
static void get_under_way(trial *t)
{
    pario_response response;
    for (int turns = 0; turns < 3; turns++) {
        errno = 0;
        pario_error error = pario_next(t->client, &response, 1);
        int         number = errno;
        if (error == PARIO_OK) {
            note_response(t, &response);
        } else if (error != PARIO_TIME_OVER && error != PARIO_NOTHING_LEFT) {
            (void)failed(t, "pario_next", error, number);
        }
    }
}

/* Streams, and content into memory of the caller's. */
static void streamed(trial *t)
{
    static const char *const paths[] = { "hello", "pieces", "chunks", "end", "hello", "chunks" };
    char                     url[64];
    pario_request            request;
    if (!start_plainly(t, 2)) {
        return;
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        memset(&request, 0, sizeof request);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/%s/%02zu", t->port, paths[i], i);
        request.url = url;
        request.stream = i < 4;
        request.into = i < 4 ? NULL : t->texts[i];
        request.into_size = i < 4 ? 0 : sizeof t->texts[i];
        ask(t, i, HELLO, &request);
        if (i % 2 != 0) {
            collect(t);
        }
    }
}

/* A stream whose head is held while it is cancelled, and one while the client is closed. */
static void stream_is_held(trial *t)
{
    char           url[64];
    pario_request  request;
    pario_response head;
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hello/01", t->port);
    request.url = url;
    request.stream = true;
    for (size_t i = 1; i < 3 && start_plainly(t, 0); i++) {
        ask(t, i, CANCELLED, &request);
        memset(&head, 0, sizeof head);
        if (t->accepted[i] > 0 && pario_next(t->client, &head, TIME_LIMIT_MS) == PARIO_OK &&
            head.part == PARIO_PART_HEAD) {
            pario_error error = i == 1 ? pario_cancel(t->client, head.id) : PARIO_OK;
            if (error != PARIO_OK && error != PARIO_ERROR_UNKNOWN_ID) {
                FAIL("pario_cancel: %s", pario_error_name(error));
            }
        } else if (head.part == PARIO_PART_END) {
            t->came[i]++;
        }
        if (i == 1) {
            pario_response_free(&head);
            collect(t);
        }
        pario_close(t->client);
        t->client = NULL;
        pario_response_free(&head);
    }
}

/* Content into a pipe that is full at first. */
static void into_a_pipe(trial *t)
{
    char          drained[4096];
    char          url[64];
    pario_request request;
    size_t        size = full_pipe(t->pipe);
    memset(&request, 0, sizeof request);
    request.url = url;
    request.into_fd = t->pipe[1];
    if (size > 0 && start_plainly(t, 0)) {
        for (size_t i = 0; i < 2; i++) {
            snprintf(url, sizeof url, "http://127.0.0.1:%u/%s/%02zu", t->port,
                     i == 0 ? "hello" : "chunks", i);
            ask(t, i, HELLO, &request);
            for (int turns = 0; i == 0 && turns < 3; turns++) {
                get_under_way(t);
            }
            while (i == 0 && size > 0) {
                ssize_t got = raw_read(t->pipe[0], drained, size < 4096 ? size : 4096);
                size -= got > 0 ? (size_t)got : size;
            }
            collect(t);
        }
    }
    (void)raw_close(t->pipe[0]);
    (void)raw_close(t->pipe[1]);
}

/* Content from a file: in chunks, and then of a known size, for which the server is asked first,
 * and which is sent a second time after a redirect. */
static void put_file(trial *t)
{
    char          url[64];
    pario_request request;
    pario_config  config;
    memset(&config, 0, sizeof config);
    memset(&request, 0, sizeof request);
    config.expect_bytes = 400;
    t->pieces = true;
    int fd = raw_file(posted, posted_size(t));
    request.url = url;
    request.method = "PUT";
    request.body_fd = fd;
    if (start(t, &config)) {
        for (size_t i = 7; i < 9; i++) {
            snprintf(url, sizeof url, "http://127.0.0.1:%u/%ssize", t->port, i == 8 ? "on/" : "");
            request.body_fd_size = i == 7 ? PARIO_UNLIMITED : 0;
            ask(t, i, LENGTH, &request);
            collect(t);
        }
    }
    finish(t);
    (void)raw_close(fd);
}

/* Content from a pipe, of which the end comes when it has been waited for. */
static void put_pipe(trial *t)
{
    char          url[64];
    int           ends[2] = { -1, -1 };
    pario_request request;
    pario_config  config;
    memset(&config, 0, sizeof config);
    memset(&request, 0, sizeof request);
    config.expect_bytes = PARIO_OFF;
    t->pieces = true;
    t->little = true;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/size", t->port);
    request.url = url;
    if (!raw_pipe(ends, posted, posted_size(t)) || !start(t, &config)) {
        return;
    }
    request.body_fd = ends[0];
    ask(t, 7, LENGTH, &request);
    get_under_way(t);
    (void)raw_close(ends[1]);
    collect(t);
    finish(t);
    (void)raw_close(ends[0]);
}

/* A TLS transport that passes bytes on as they are; what it calls is struck as well. */
static void *passing_begin(void *context, int fd, const char *host)
{
    int *session = (int *)malloc(sizeof *session);
    (void)context;
    (void)host;
    if (session != NULL) {
        *session = fd;
    }
    return session;
}

static pario_tls_result passing_handshake(void *session)
{
    (void)session;
    return PARIO_TLS_OK;
}

static pario_tls_result passing_read(void *session, void *bytes, size_t size, size_t *moved)
{
    ssize_t got;
    do {
        got = recv(*(int *)session, bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        *moved = (size_t)got;
        return PARIO_TLS_OK;
    }
    if (got == 0) {
        return PARIO_TLS_CUT;
    }
    return errno == EAGAIN ? PARIO_TLS_WANTS_READ : PARIO_TLS_ERROR;
}

static pario_tls_result passing_write(void *session, const void *bytes, size_t size, size_t *moved)
{
    ssize_t sent;
    do {
        sent = send(*(int *)session, bytes, size, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent > 0) {
        *moved = (size_t)sent;
        return PARIO_TLS_OK;
    }
    return errno == EAGAIN ? PARIO_TLS_WANTS_WRITE : PARIO_TLS_ERROR;
}

static void passing_explain(void *session, char *text, size_t size)
{
    (void)session;
    snprintf(text, size, "%s", strerror(errno));
}

static void passing_end(void *session)
{
    free(session);
}

static const pario_tls passing = { NULL,          passing_begin,   passing_handshake, passing_read,
                                   passing_write, passing_explain, passing_end };

static void by_https(trial *t)
{
    static const char *const paths[] = { "hello", "pieces", "chunks", "hello" };
    char                     url[128];
    pario_request            request;
    pario_config             config;
    memset(&config, 0, sizeof config);
    memset(&request, 0, sizeof request);
    config.tls = &passing;
    request.url = url;
    if (start(t, &config)) {
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            snprintf(url, sizeof url, "https://127.0.0.1:%u/%s/%02zu", t->port, paths[i], i);
            ask(t, i, HELLO, &request);
            collect(t);
        }
        snprintf(url, sizeof url, "https://127.0.0.1:%u/size", t->port);
        request.body = posted;
        request.body_size = posted_size(t);
        ask(t, 7, LENGTH, &request);
        collect(t);
    }
}

/* The server is a proxy, and what is behind it as well: tunnels and whole URLs, two of each. */
static void by_proxy(trial *t)
{
    char          proxy[64];
    char          url[64];
    pario_request request;
    pario_config  config;
    memset(&config, 0, sizeof config);
    memset(&request, 0, sizeof request);
    snprintf(proxy, sizeof proxy, "http://user:pass@localhost:%u", t->port);
    config.tls = &passing;
    config.proxy = proxy;
    config.no_proxy = "10.0.0.0/8, 127.0.0.1"; /* what is fetched afterwards */
    request.url = url;
    if (start(t, &config)) {
        for (size_t i = 0; i < 4; i++) {
            snprintf(url, sizeof url, "http%s://192.0.2.1/hello/%02zu", i % 2 == 0 ? "s" : "", i);
            ask(t, i, HELLO, &request);
            collect(t);
        }
    }
}

static void by_name(trial *t)
{
    if (start_plainly(t, 0)) {
        ask_for(t, 0, HELLO, "localhost", t->port, "hello");
        ask_for(t, 1, HELLO, "LOCALHOST", t->port, "hello");
        ask_for(t, 2, HELLO, "localhost", t->other_port, "hello");
        collect(t);
    }
}

static void by_one_of_two_addresses(trial *t)
{
    if (start_plainly(t, 0)) {
        ask_for(t, 0, HELLO, "two.example", t->port, "hello");
        ask_for(t, 1, HELLO, "two.example", t->other_port, "hello");
        collect(t);
    }
}

static void from_an_address(trial *t)
{
    pario_config config;
    memset(&config, 0, sizeof config);
    config.source = "127.0.0.1";
    if (start(t, &config)) {
        ask_for(t, 0, HELLO, "127.0.0.1", t->port, "hello");
        ask_for(t, 1, HELLO, "two.example", t->port, "hello");
        collect(t);
    }
}

static char unix_path[64]; /* where a server listens, too */

static void by_a_unix_socket(trial *t)
{
    pario_config config;
    memset(&config, 0, sizeof config);
    config.unix_socket = unix_path;
    if (start(t, &config)) {
        ask_for(t, 0, HELLO, "nobody.example", 80, "hello");
        ask_for(t, 1, HELLO, "127.0.0.1", t->port, "hello");
        collect(t);
    }
}

static void task_body(pario_client *client, void *argument)
{
    trial *t = (trial *)argument;
    (void)client;
    fetch(t, 30, "127.0.0.1", t->port, "hello");
    ask_for(t, 31, HELLO, "127.0.0.1", t->port, "hello");
    fetch(t, 32, "127.0.0.1", t->other_port, "pieces");
}

static void other_task_body(pario_client *client, void *argument)
{
    trial *t = (trial *)argument;
    (void)client;
    fetch(t, 33, "127.0.0.1", t->port, "hello");
    fetch(t, 34, "localhost", t->port, "hello");
}

static void in_tasks(trial *t)
{
    if (start_plainly(t, 0)) {
        errno = 0;
        pario_error error = pario_spawn(t->client, task_body, t);
        (void)failed(t, "pario_spawn", error, errno);
        errno = 0;
        error = pario_spawn(t->client, other_task_body, t);
        (void)failed(t, "pario_spawn", error, errno);
        ask_for(t, 0, HELLO, "127.0.0.1", t->port, "hello");
        collect(t);
    }
}

/* Nothing but a task: where it cannot begin there is no request that could say so. */
static void in_one_task(trial *t)
{
    if (start_plainly(t, 0)) {
        errno = 0;
        pario_error error = pario_spawn(t->client, other_task_body, t);
        (void)failed(t, "pario_spawn", error, errno);
        collect(t);
    }
}

/* No descriptor is left, so that a request ends while the loop has still to look for events. */
static void out_of_descriptors(trial *t)
{
    struct rlimit  all;
    struct rlimit  none;
    pario_request  request;
    pario_response response;
    if (!start_plainly(t, 0)) {
        return;
    }
    memset(&request, 0, sizeof request);
    request.url = "http://127.0.0.36:1/";
    (void)getrlimit(RLIMIT_NOFILE, &all);
    none = all;
    none.rlim_cur = STDERR_FILENO + 1; /* the servers' threads may close some beyond that */
    (void)setrlimit(RLIMIT_NOFILE, &none);
    errno = 0;
    pario_error error = pario_fetch(t->client, &request, &response);
    int         number = errno;
    (void)setrlimit(RLIMIT_NOFILE, &all);
    if (response.internal == NULL) {
        (void)failed(t, "pario_fetch", error, number);
    } else if (error != PARIO_ERROR_CONNECT || response.system_error != EMFILE) {
        judge(t, &response);
    }
    pario_response_free(&response);
}

/* Tasks, redirects and requests that wait for the one connection their host may have. */
static void one_per_host(trial *t)
{
    char         url[64];
    pario_config config;
    memset(&config, 0, sizeof config);
    config.per_host = 1;
    if (start(t, &config)) {
        if (t->executor != PARIO_EPOLL) {
            errno = 0;
            pario_error error = pario_spawn(t->client, other_task_body, t);
            (void)failed(t, "pario_spawn", error, errno);
        }
        for (size_t i = 0; i < 6; i++) {
            pario_request request;
            memset(&request, 0, sizeof request);
            request.url = url;
            snprintf(url, sizeof url, "http://127.0.0.1:%u/to/%u%02zu",
                     i % 2 == 0 ? t->port : t->other_port, i % 3 == 0 ? t->port : t->other_port, i);
            ask(t, i, HELLO, &request);
        }
        collect(t);
    }
}

/* Waits for the client's descriptor, as somebody else's loop does. */
static bool is_told(int fd)
{
    return wait_readable(fd, 2 * TIME_LIMIT_MS) > 0;
}

/* Everything that has come back by now. Returns false when nothing is outstanding. */
static bool collect_now(trial *t)
{
    pario_response response;
    pario_error    error = PARIO_OK;
    while (error == PARIO_OK) {
        errno = 0;
        error = pario_next(t->client, &response, 0);
        int number = errno;
        if (error == PARIO_OK) {
            note_response(t, &response);
        } else if (error != PARIO_TIME_OVER && error != PARIO_NOTHING_LEFT) {
            error = bears(t, error, number) ? PARIO_OK : PARIO_NOTHING_LEFT;
        }
    }
    return error == PARIO_TIME_OVER;
}

/* Somebody else's loop, until nothing is outstanding. */
static void loop(trial *t, int fd)
{
    bool more = true;
    while (more) {
        if (!is_told(fd)) {
            FAIL("the descriptor does not become readable: it hangs");
            more = false;
        } else {
            more = collect_now(t);
        }
    }
}

static void in_a_foreign_loop(trial *t)
{
    int fd = -1;
    if (t->executor == PARIO_SEQUENTIAL || !start_plainly(t, 0)) {
        return;
    }
    ask_for(t, 0, HELLO, "127.0.0.1", t->port, "hello");
    errno = 0;
    pario_error error = pario_fd(t->client, &fd);
    bool        has = !failed(t, "pario_fd", error, errno);
    ask_for(t, 1, HELLO, "localhost", t->port, "pieces");
    ask_for(t, 2, HELLO, "127.0.0.1", t->other_port, "chunks");
    if (has) {
        loop(t, fd);
    }
    collect(t);
}

/* A timeout that only the timer inside the descriptor can tell of. */
static void timer_in_a_foreign_loop(trial *t)
{
    char          url[64];
    int           fd = -1;
    pario_request request;
    if (t->executor == PARIO_SEQUENTIAL || !start_plainly(t, 0)) {
        return;
    }
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hold", t->port);
    request.url = url;
    request.total_timeout_ms = 20;
    errno = 0;
    pario_error error = pario_fd(t->client, &fd);
    if (!failed(t, "pario_fd", error, errno)) {
        ask(t, 0, LATE, &request);
        loop(t, fd);
    }
    collect(t);
}

/* When the answer comes, the memory that was sent from is in use elsewhere, as by a thread. */
static void received_elsewhere(trial *t)
{
    pario_response response;
    int            fd = -1;
    if (t->executor != PARIO_EPOLL || !start_plainly(t, 0)) {
        return;
    }
    ask_for(t, 0, HELLO, "127.0.0.1", t->port, "hello");
    if (t->accepted[0] > 0 && !failed(t, "pario_fd", pario_fd(t->client, &fd), errno)) {
        for (int turns = 0; turns < 5 && t->client->scratch == NULL && t->came[0] == 0; turns++) {
            if (pario_next(t->client, &response, 0) == PARIO_OK) {
                note_response(t, &response);
            } else if (t->client->scratch == NULL) {
                (void)wait_readable(fd, 100);
            }
        }
    }
    pario_i_scratch *sent = t->client->scratch != NULL ? pario_i_scratch_take(t->client) : NULL;
    collect(t);
    if (sent != NULL) {
        pario_i_scratch_put(t->client, sent);
    }
}

static void cancelled(trial *t)
{
    if (!start_plainly(t, 3)) {
        return;
    }
    for (size_t i = 0; i < 5; i++) {
        ask_for(t, i, CANCELLED, i == 1 ? "localhost" : "127.0.0.1", t->port, "hold");
    }
    get_under_way(t);
    for (size_t i = 0; i < 5; i++) {
        pario_error error = t->accepted[i] > 0 ? pario_cancel(t->client, t->ids[i]) : PARIO_OK;
        if (error != PARIO_OK && error != PARIO_ERROR_UNKNOWN_ID) {
            FAIL("pario_cancel: %s", pario_error_name(error));
        }
    }
    collect(t);
}

/* A port that nobody listens at: the refusal comes while connecting. */
static void refused(trial *t)
{
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = "http://127.0.0.1:1/";
    if (start_plainly(t, 0)) {
        ask(t, 0, REFUSED, &request);
        ask_for(t, 1, HELLO, "127.0.0.1", t->port, "hello");
        collect(t);
    }
}

/* More at once than the tables have room for at first. */
static void many_at_once(trial *t)
{
    if (start_plainly(t, 50)) {
        for (size_t i = 0; i < 36; i++) {
            ask_for(t, i, HELLO, "127.0.0.1", i % 2 == 0 ? t->port : t->other_port, "hello");
        }
        for (size_t i = 36; i < 56; i++) {
            char          url[64];
            pario_request request;
            memset(&request, 0, sizeof request);
            snprintf(url, sizeof url, "http://127.0.0.%zu:1/", i);
            request.url = url;
            ask(t, i, REFUSED, &request);
        }
        collect(t);
    }
}

/* Connections that the server closes silently after one answer each. */
static void on_stale_connections(trial *t)
{
    if (start_plainly(t, 0)) {
        for (size_t i = 0; i < 3; i++) {
            ask_for(t, i, HELLO, "127.0.0.1", t->port, "once");
            collect(t);
        }
    }
}

/* Woken, and closed while requests, tasks and a lookup are outstanding. */
static void closed_in_between(trial *t)
{
    pario_response response;
    t->closing = true;
    if (!start_plainly(t, 3)) {
        return;
    }
    if (t->executor != PARIO_EPOLL) {
        errno = 0;
        pario_error error = pario_spawn(t->client, other_task_body, t);
        (void)failed(t, "pario_spawn", error, errno);
    }
    for (size_t i = 0; i < 5; i++) {
        ask_for(t, i, CANCELLED, i == 1 ? "localhost" : "127.0.0.1", t->port, "hold");
    }
    pario_wake(t->client);
    for (int turns = 0; turns < 2; turns++) {
        if (pario_next(t->client, &response, 1) == PARIO_OK) {
            note_response(t, &response);
        }
    }
    pario_close(t->client);
    t->client = NULL;
}

/* Reads the memory of a process, this one. */
static void read_memory(const trial *t, int pid)
{
    pario_memory memory;
    errno = 0;
    pario_error error = pario_memory_read(pid, &memory);
    bool        right = error == PARIO_OK ? memory.rss_bytes > 0 && memory.threads > 0
                                          : error == PARIO_ERROR_PROCESS && errno != 0;
    if (!right || (error != PARIO_OK && t->mode == FAULTS_INTERRUPT)) {
        FAIL("pario_memory_read: %s, errno %d", pario_error_name(error), errno);
    }
}

static void memory_is_read(trial *t)
{
    read_memory(t, 0);
    read_memory(t, (int)getpid());
}

static void memory_is_sampled(trial *t)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    errno = 0;
    pario_error error = pario_sampler_start(0, 1, &sampler);
    if (error == PARIO_OK) {
        error = pario_sampler_stop(sampler, &series);
        if (error != PARIO_OK || series.count + series.failed < 2 ||
            (series.failed > 0 && t->mode == FAULTS_INTERRUPT)) {
            FAIL("pario_sampler_stop: %s, %zu samples, %ju failed", pario_error_name(error),
                 series.count, (uintmax_t)series.failed);
        }
        pario_series_free(&series);
    } else if (error == PARIO_ERROR_MEMORY ? faults_struck() != FAULTS_MALLOC
                                           : errno == 0 || errno == EINTR || sampler != NULL) {
        FAIL("pario_sampler_start: %s, errno %d", pario_error_name(error), errno);
    }
}

/* A series that outgrows its first room; a real one would take its time for that. */
static void memory_series_grows(trial *t)
{
    pario_sampler *sampler = pario_i_sampler_new(1);
    if (sampler == NULL) {
        return;
    }
    sampler->directory = pario_i_process_open(0);
    sampler->room = 1;
    for (int i = 0; i < 5 && sampler->directory >= 0; i++) {
        (void)pario_i_sampler_take(sampler);
    }
    if (sampler->directory >= 0 && faults_struck() == FAULTS_KINDS &&
        (sampler->series.count != 5 || sampler->left_out)) {
        FAIL("%zu samples", sampler->series.count);
    }
    pario_i_sampler_free(sampler);
    (void)t;
}

/* A directory of /proc from which all has gone; here one in which it never was. */
static void memory_of_nobody(trial *t)
{
    pario_memory memory;
    memset(&memory, 0, sizeof memory);
    (void)t;
    int directory = openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        int  seen = pario_i_memory_read_at(directory, &memory);
        bool struck = faults_struck() != FAULTS_KINDS;
        if (seen == 0 || (!struck && seen != ESRCH)) {
            FAIL("the memory of nobody: %d", seen);
        }
        (void)close(directory);
    }
}

static const scenario scenarios[] = {
    { "get_three", get_three, false, false, false },
    { "fetch_two", fetch_two, false, false, false },
    { "fetch_without_client", fetch_without_client, false, false, true },
    { "in_pieces", in_pieces, false, false, false },
    { "in_chunks", in_chunks, false, false, false },
    { "redirected", redirected, false, false, false },
    { "post_much", post_much, false, false, false },
    { "streamed", streamed, false, false, false },
    { "stream_is_held", stream_is_held, true, false, false },
    { "into_a_pipe", into_a_pipe, false, false, false },
    { "put_file", put_file, false, false, false },
    { "put_pipe", put_pipe, false, false, false },
    { "by_https", by_https, false, false, false },
    { "by_proxy", by_proxy, false, false, false },
    { "by_name", by_name, false, false, false },
    { "by_one_of_two_addresses", by_one_of_two_addresses, true, false, false },
    { "from_an_address", from_an_address, false, false, false },
    { "by_a_unix_socket", by_a_unix_socket, true, false, false },
    { "in_tasks", in_tasks, false, true, false },
    { "in_one_task", in_one_task, true, true, false },
    { "out_of_descriptors", out_of_descriptors, true, false, false },
    { "one_per_host", one_per_host, true, false, false },
    { "in_a_foreign_loop", in_a_foreign_loop, false, false, false },
    { "timer_in_a_foreign_loop", timer_in_a_foreign_loop, true, false, false },
    { "received_elsewhere", received_elsewhere, false, false, false },
    { "cancelled", cancelled, false, false, false },
    { "refused", refused, false, false, false },
    { "many_at_once", many_at_once, true, false, false },
    { "on_stale_connections", on_stale_connections, false, false, false },
    { "closed_in_between", closed_in_between, false, false, false },
    { "memory_is_read", memory_is_read, false, false, true },
    { "memory_is_sampled", memory_is_sampled, false, false, true },
    { "memory_series_grows", memory_series_grows, false, false, true },
    { "memory_of_nobody", memory_of_nobody, false, false, true },
};

/* ---- sweeps ---------------------------------------------------------------------------- */

static const char *const mode_names[FAULTS_MODES] = {
    "none",       "fails",    "fails otherwise",       "fails from then on", "interrupted",
    "says again", "one byte", "one byte from then on", "one byte and stuck",
};

static const char *const executor_names[] = { "epoll", "sequential", "threads", "fibers" };

static server       *keeper;
static server       *other;
static unsigned long injected[FAULTS_KINDS + 1]; /* of each kind; the last: struck at nothing */

static void check_books(const faults_books *before)
{
    faults_books after = faults_settle();
    CHECK_INT(after.memory, before->memory);
    CHECK_INT(after.fds, before->fds);
    CHECK_INT(after.maps, before->maps);
    CHECK_INT(after.threads, before->threads);
    CHECK_INT(after.locks, before->locks);
    CHECK_INT(after.lists, before->lists);
    CHECK_INT(after.wrong, 0);
}

/* Runs a scenario with its at-th call struck. Returns false if there was none to strike. */
static bool strike(const scenario *s, pario_executor executor, faults_mode mode, unsigned long at)
{
    trial t;
    memset(&t, 0, sizeof t);
    t.executor = executor;
    t.mode = mode;
    t.port = server_port(keeper);
    t.other_port = server_port(other);
    for (size_t i = 0; i < MOST; i++) {
        t.wants[i] = NOTHING;
    }
    test_case("%s on %s, %s at %lu", s->name, executor_names[executor], mode_names[mode], at);
    faults_books before = faults_settle();
    faults_arm(mode, at);
    s->run(&t);
    finish(&t);
    check_books(&before);
    injected[faults_struck()]++;
    return faults_struck() != FAULTS_KINDS;
}

/* Strikes at all of a scenario's calls. Where threads run, their number varies a little. */
static void sweep(const scenario *s, pario_executor executor, faults_mode mode)
{
    unsigned missed = 0;
    unsigned before = test_global.failures;
    for (unsigned long at = 1; missed < 3 && test_global.failures == before; at++) {
        missed = strike(s, executor, mode, at) ? 0 : missed + 1;
    }
}

static bool is_whole(void)
{
    const char *asked = getenv("FAULTS");
    return asked != NULL && strcmp(asked, "whole") == 0;
}

static bool is_wanted(const scenario *s, pario_executor executor)
{
#if defined(PARIO_NO_FIBERS)
    if (executor == PARIO_FIBERS) {
        return false;
    }
#endif
    if (s->alone) {
        return executor == PARIO_SEQUENTIAL;
    }
    return !(s->tasks && executor == PARIO_EPOLL) &&
           (test_global.executor == NULL ||
            strcmp(test_global.executor, executor_names[executor]) == 0);
}

/* Sweeps one scenario in these ways on all executors, unless it is not wanted. */
static void sweep_scenario(const scenario *s, const faults_mode *modes, size_t count)
{
    static const pario_executor executors[] = { PARIO_SEQUENTIAL, PARIO_EPOLL, PARIO_FIBERS,
                                                PARIO_THREADS };
    const char                 *only = getenv("SCENARIO");
    bool chosen = only != NULL ? strcmp(only, s->name) == 0 : is_whole() || !s->whole;
    for (size_t k = 0; k < 4 && chosen; k++) {
        for (size_t m = 0; m < count && is_wanted(s, executors[k]); m++) {
            sweep(s, executors[k], modes[m]);
        }
    }
}

/* Whether calls of a kind can be struck in one of these ways. */
static bool can_be_struck(faults_kind kind, const faults_mode *modes, size_t count)
{
    bool can = false;
    for (size_t m = 0; m < count; m++) {
        bool shortens = modes[m] == FAULTS_SHORT || modes[m] == FAULTS_SHORT_ALL;
        can = can || faults_error(modes[m], kind) != 0 ||
              (shortens && (faults_abouts[kind].can & FAULTS_S) != 0);
    }
    return can;
}

/* Says how often each kind of call was struck, and that none was left out; but shutdown, called
 * only if a cancel finds another thread at a socket, has to come in the whole sweep alone. */
static void tell_injected(const faults_mode *modes, size_t count)
{
    unsigned long sum = 0;
    bool          all = getenv("SCENARIO") == NULL && test_global.executor == NULL;
    for (size_t kind = 0; kind < FAULTS_KINDS; kind++) {
        sum += injected[kind];
        if (is_whole() && injected[kind] > 0) {
            printf("  %6lu  %s\n", injected[kind], faults_abouts[kind].name);
        }
        bool must = is_whole() || kind != (size_t)FAULTS_SHUTDOWN;
        if (all && must && injected[kind] == 0 && can_be_struck((faults_kind)kind, modes, count)) {
            FAIL("no scenario calls %s", faults_abouts[kind].name);
        }
    }
    printf("  %lu calls struck\n", sum);
}

/* Sweeps all scenarios in these ways. */
static void sweep_all(const faults_mode *modes, size_t count)
{
    server_options options;
    memset(&options, 0, sizeof options);
    for (size_t i = 0; i < sizeof posted; i++) {
        posted[i] = (char)('a' + i * 7 % 23);
    }
    options.handler = answer;
    options.forget = true;
    keeper = server_start(&options);
    other = server_start(&options);
    snprintf(unix_path, sizeof unix_path, "/tmp/pario-faults-%d", (int)getpid());
    options.path = unix_path;
    server *by_path = server_start(&options);
    memset(injected, 0, sizeof injected);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        sweep_scenario(&scenarios[i], modes, count);
    }
    server_stop(keeper);
    server_stop(other);
    server_stop(by_path);
    tell_injected(modes, count);
}

TEST(each_call_fails_once)
{
    static const faults_mode modes[] = { FAULTS_FAIL, FAULTS_FAIL_ELSE };
    sweep_all(modes, is_whole() ? 2 : 1);
}

TEST(each_call_fails_from_then_on)
{
    static const faults_mode modes[] = { FAULTS_STAY };
    if (!is_whole()) {
        test_skip("FAULTS=whole runs it");
        return;
    }
    sweep_all(modes, 1);
}

TEST(each_call_is_interrupted_once)
{
    static const faults_mode modes[] = { FAULTS_INTERRUPT, FAULTS_AGAIN };
    sweep_all(modes, 2);
}

TEST(each_call_moves_one_byte)
{
    static const faults_mode modes[] = { FAULTS_SHORT, FAULTS_SHORT_ALL, FAULTS_SHORT_STUCK };
    sweep_all(modes, is_whole() ? 3 : 1);
}
