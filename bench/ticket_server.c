/* SPDX-License-Identifier: MIT */
/*
 * ticket_server: the bus company's site of the experiment, on a loopback address.
 *
 *     build/ticket_server --port 8080 --profile article --scale 0.1
 *
 *     GET /m/         a search form, and the cookie "session"
 *     POST /m/search  a form of fromStation, toStation and departure (dd.mm.yy), with that
 *                     cookie: a page of about 40 KB, whose connections follow from stations,
 *                     date and seed alone. Without a cookie that was given out: 403.
 *     GET /hold?n=N   the plateau: nobody is answered until N requests are held. Then one line,
 *                     "plateau N", goes to stdout, and all of them wait for SIGUSR1, which is
 *                     answered by the line "released N" and by 100 bytes for each.
 *     GET /size/N     N bytes; the byte at i is 'a' + i % 26
 *     GET /fast       100 bytes, at once
 *
 * Delays of /m/ and /m/search, profile "article": each request first waits 60 ms, all of them
 * at the same time; then it is served for 85 ms at a single counter, one after another, in the
 * order of their arrival. A day is two requests. One after another a day takes 2 x (60 + 85) =
 * 290 ms, and 100 days 29 s. In parallel only the counter matters: a day takes 2 x 85 = 170 ms
 * of it, and 100 days 17 s, however many are in flight. These are the article's figures; --scale
 * shrinks them. Profile "ideal" has the 60 ms only, "none" has no delay.
 *
 * ticket_pages.c has the timetable and the pages, ticket_request.c reads the requests. Here are the
 * sessions, the delays and the connections: one thread, one epoll loop. A connection is registered
 * once, edge-triggered for both ways, and costs about a hundred bytes while it is held. Requests
 * are answered in their order, one at a time on each connection, so pipelining is safe.
 */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ticket_pages.h"
#include "ticket_request.h"
#include "tickets.h"

#define INPUT_ROOM 65536u    /* received at once */
#define MAX_LINGER 1048576u  /* thrown away after an error, before the connection is closed */
#define MAX_TURN 1048576u    /* bytes sent before the others have their turn */
#define MAX_HELD 1000000u    /* of a plateau */
#define PATTERN_ROOM 260003u /* sent at once by /size; odd, so that it drifts through the pages */
#define OVERLAP_NS 60000000  /* the profile "article", a request */
#define COUNTER_NS 85000000
#define SECOND_NS 1000000000

/* ------------------------------------------------------------------ types */

/* What the user asked for. */
struct options {
    uint64_t port;
    uint64_t seed;
    uint64_t hold;
    uint64_t expect_days;
    double   scale;
    int64_t  overlap_ns; /* of the profile, before scaling */
    int64_t  counter_ns;
    bool     until_eof;
};

/* What is to be sent. */
enum page_kind {
    PAGE_TEXT,
    PAGE_FORM,
    PAGE_SEARCH,
    PAGE_FAST,
    PAGE_SIZE
};

/* When it is to be sent. */
enum wait_kind {
    WAIT_NOT,
    WAIT_DELAY,
    WAIT_HOLD
};

struct answer {
    const char    *text; /* PAGE_TEXT: static */
    uint64_t       size; /* PAGE_SIZE: the bytes; WAIT_HOLD: how many are to be held */
    struct search  search;
    short          status;
    bool           head_only;
    bool           close;
    bool           linger; /* what else comes is thrown away before the connection is closed */
    enum page_kind page;
    enum wait_kind wait;
};

enum state {
    READING,
    WAITING,
    SENDING,
    LINGERING
};

/* Links of a ring; every connection is in exactly one. */
struct ring {
    struct ring *previous;
    struct ring *next;
};

struct connection {
    struct ring   ring;    /* first: a place in a ring is its connection */
    int64_t       due;     /* when a delayed answer is sent */
    char         *in;      /* received but not yet used, or NULL */
    char         *out;     /* to be sent, or NULL */
    uint64_t      more;    /* bytes of /size to be sent after that; LINGERING: thrown away */
    uint64_t      more_at; /* where they begin */
    uint32_t      in_size;
    uint32_t      out_size;
    uint32_t      out_at;
    int           fd;
    struct answer answer;
    enum state    state;
    bool          partial;  /* in is known to be no whole request */
    bool          readable; /* since the last read came to its end */
    bool          ended;    /* the client sends no more */
};

struct server {
    struct options options;
    struct ring    idle;    /* neither delayed nor held */
    struct ring    delayed; /* in the order of due */
    struct ring    held;
    size_t         held_count;
    bool           plateau;  /* it has been reached and announced */
    bool           released; /* --hold is over */
    bool           release;  /* SIGUSR1 came */
    bool           stop;
    bool           failed;
    bool           accepting;
    bool           complained; /* about having no descriptor left */
    int            epoll;
    int            listener;
    int            timer;
    int            signals;
    int64_t        counter_free; /* when the counter has served all who are in line */
    int64_t        timer_due;    /* what the timer is set to */
    uint64_t       sessions;     /* given out */
    time_t         date_second;  /* of date */
    char           date[40];
    struct page    page;
    char           input[INPUT_ROOM];
    char           pattern[PATTERN_ROOM + 26];
};

/* ------------------------------------------------------------------ small things */

static int64_t now_ns(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void ring_open(struct ring *ring)
{
    ring->previous = ring;
    ring->next = ring;
}

/* Moves a connection to the end of a ring. */
static void ring_move(struct connection *connection, struct ring *ring)
{
    struct ring *moved = &connection->ring;
    moved->previous->next = moved->next;
    moved->next->previous = moved->previous;
    moved->previous = ring->previous;
    moved->next = ring;
    ring->previous->next = moved;
    ring->previous = moved;
}

static struct connection *ring_first(const struct ring *ring)
{
    return (ring->next == ring) ? NULL : (struct connection *)(void *)ring->next;
}

/* ------------------------------------------------------------------ sessions */

/* What makes a session's number hard to guess. */
static uint64_t session_seal(const struct server *server, uint64_t number)
{
    return mix(number ^ mix(server->options.seed ^ 0x5E5510u));
}

/* Whether a seal and number are those of a session that was given out. */
static bool session_known(const struct server *server, struct text value)
{
    uint64_t numbers[2] = { 0, 0 };
    if (value.size != 32) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        int digit = hex_digit(value.at[i]);
        if (digit < 0) {
            return false;
        }
        numbers[i / 16] = numbers[i / 16] * 16 + (unsigned)digit;
    }
    return numbers[0] < server->sessions && numbers[1] == session_seal(server, numbers[0]);
}

/* Whether a Cookie field brings a session that was given out. */
static bool cookie_known(const struct server *server, struct text cookies)
{
    bool known = false;
    while (cookies.size > 0 && !known) {
        struct text pair = text_trim(text_until(&cookies, ';'));
        struct text name = text_until(&pair, '=');
        known = text_is(name, "session") && session_known(server, pair);
    }
    return known;
}

/* ------------------------------------------------------------------ routes */

static void refuse(struct answer *answer, short status, const char *text)
{
    answer->status = status;
    answer->page = PAGE_TEXT;
    answer->text = text;
    answer->wait = WAIT_NOT;
}

static void route_form(struct server *server, const struct request *request, struct answer *answer)
{
    (void)server;
    (void)request;
    answer->page = PAGE_FORM;
    answer->wait = WAIT_DELAY;
}

static void route_search(struct server *server, const struct request *request,
                         struct answer *answer)
{
    struct search *search = &answer->search;
    answer->page = PAGE_SEARCH;
    answer->wait = WAIT_DELAY;
    if (!cookie_known(server, request->fields[FIELD_COOKIE])) {
        refuse(answer, 403, "No session is known by this cookie: GET /m/ gives one.\n");
    } else if (!text_begins(request->fields[FIELD_CONTENT_TYPE],
                            "application/x-www-form-urlencoded")) {
        refuse(answer, 400, "The form must be application/x-www-form-urlencoded.\n");
    } else if (!form_station(request->form, "fromStation", &search->from) ||
               !form_station(request->form, "toStation", &search->to)) {
        refuse(answer, 400, "fromStation and toStation are numbers from 10200 to 10455.\n");
    } else if (!form_date(request->form, "departure", &search->day)) {
        refuse(answer, 400, "departure is a date written dd.mm.yy.\n");
    } else if (server->options.hold > 0 && !server->released) {
        answer->wait = WAIT_HOLD;
        answer->size = server->options.hold;
    } else {
        /* a good search */
    }
}

static void route_hold(struct server *server, const struct request *request, struct answer *answer)
{
    struct text count = request->target;
    (void)server;
    (void)text_until(&count, '=');
    answer->page = PAGE_FAST;
    answer->wait = WAIT_HOLD;
    if (!text_number(count, MAX_HELD, &answer->size) || answer->size == 0) {
        refuse(answer, 400, "/hold?n=N takes a number from 1 to 1000000.\n");
    }
}

static void route_size(struct server *server, const struct request *request, struct answer *answer)
{
    struct text size = request->target;
    (void)server;
    size.at += strlen("/size/");
    size.size -= strlen("/size/");
    answer->page = PAGE_SIZE;
    if (!text_number(size, INT64_MAX, &answer->size)) {
        refuse(answer, 400, "/size/N takes a number of bytes.\n");
    }
}

static void route_fast(struct server *server, const struct request *request, struct answer *answer)
{
    (void)server;
    (void)request;
    answer->page = PAGE_FAST;
}

struct route {
    const char *path;
    bool        whole; /* the target is this path, and does not only begin with it */
    bool        post;
    void (*decide)(struct server *, const struct request *, struct answer *);
};

static const struct route routes[] = {
    { "/fast", true, false, route_fast },      { "/m/", true, false, route_form },
    { "/m/search", true, true, route_search }, { "/hold?n=", false, false, route_hold },
    { "/size/", false, false, route_size },
};

/* Decides what a request is answered. */
static void decide(struct server *server, const struct request *request, struct answer *answer)
{
    bool head = text_is(request->method, "HEAD");
    memset(answer, 0, sizeof *answer);
    answer->status = 200;
    answer->close = request->close;
    answer->head_only = head;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];
        if (!(route->whole ? text_is(request->target, route->path)
                           : text_begins(request->target, route->path))) {
            continue;
        }
        if (text_is(request->method, route->post ? "POST" : "GET") || (head && !route->post)) {
            route->decide(server, request, answer);
        } else {
            refuse(answer, 405, "Not with this method.\n");
        }
        return;
    }
    refuse(answer, 404, "There is /m/, /m/search, /hold?n=N, /size/N and /fast.\n");
}

/* ------------------------------------------------------------------ responses */

static const char *reason_of(short status)
{
    static const struct {
        short       status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 400, "Bad Request" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 413, "Content Too Large" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 505, "HTTP Version Not Supported" },
    };
    const char *reason = "";
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        reason = (reasons[i].status == status) ? reasons[i].reason : reason;
    }
    return reason;
}

/* The value of Date, made once a second. */
static const char *date_text(struct server *server)
{
    time_t    now = time(NULL);
    struct tm parts;
    if (now != server->date_second && gmtime_r(&now, &parts) != NULL) {
        server->date_second = now;
        (void)strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return server->date;
}

/* Writes the content of an answer, of a large one only the beginning. Returns its whole size. */
static uint64_t put_content(struct server *server, const struct answer *answer)
{
    struct page *page = &server->page;
    uint64_t     size = 0;
    page->size = 0;
    page->full = false;
    switch (answer->page) {
    case PAGE_TEXT:
        put(page, "%s", answer->text);
        break;
    case PAGE_FORM:
        put_form(page);
        break;
    case PAGE_SEARCH:
        put_search(page, server->options.seed, &answer->search);
        break;
    case PAGE_FAST:
        put_fast(page);
        break;
    case PAGE_SIZE:
        size = answer->size;
        page->size = (size < PAGE_ROOM) ? (size_t)size : PAGE_ROOM;
        memcpy(page->bytes + PAGE_HEAD_ROOM, server->pattern, page->size);
        break;
    }
    return (answer->page == PAGE_SIZE) ? size : page->size;
}

/* Writes the head right before the content. Returns where the response begins. */
static struct text put_head(struct server *server, const struct answer *answer, uint64_t size)
{
    struct page *page = &server->page;
    char         head[PAGE_HEAD_ROOM];
    char         cookie[80] = "";
    struct text  whole = { page->bytes + PAGE_HEAD_ROOM, answer->head_only ? 0 : page->size };
    bool         plain = answer->page == PAGE_TEXT || answer->page == PAGE_SIZE;
    int          length;
    if (answer->page == PAGE_FORM) {
        (void)snprintf(cookie, sizeof cookie,
                       "Set-Cookie: session=%016llx%016llx; Path=/m/; HttpOnly\r\n",
                       (unsigned long long)server->sessions,
                       (unsigned long long)session_seal(server, server->sessions));
        server->sessions++;
    }
    length = snprintf(head, sizeof head,
                      "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s; charset=utf-8\r\n"
                      "Content-Length: %llu\r\n%s%s%s\r\n",
                      answer->status, reason_of(answer->status), date_text(server),
                      plain ? "text/plain" : "text/html", (unsigned long long)size,
                      (answer->status == 405) ? "Allow: GET, POST\r\n" : "", cookie,
                      answer->close ? "Connection: close\r\n" : "");
    whole.at -= length; /* at most some 350 bytes */
    whole.size += (size_t)length;
    memcpy(page->bytes + PAGE_HEAD_ROOM - length, head, (size_t)length);
    return whole;
}

/* ------------------------------------------------------------------ connections */

/* Ends a connection. */
static void drop(struct server *server, struct connection *connection)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &server->listener };
    if (connection->state == WAITING && connection->answer.wait == WAIT_HOLD) {
        server->held_count--;
    }
    connection->ring.previous->next = connection->ring.next;
    connection->ring.next->previous = connection->ring.previous;
    (void)close(connection->fd);
    free(connection->in);
    free(connection->out);
    free(connection);
    if (!server->accepting &&
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event) == 0) {
        server->accepting = true;
    }
}

/* Keeps bytes for later. Returns NULL for none, and when there is no memory for them. */
static char *keep(const char *bytes, size_t size)
{
    char *kept = (size > 0) ? malloc(size) : NULL;
    if (kept != NULL) {
        memcpy(kept, bytes, size);
    } else if (size > 0) {
        fprintf(stderr, "ticket_server: out of memory, a connection is closed\n");
    } else {
        /* nothing to keep */
    }
    return kept;
}

/* What a step of a connection came to. */
enum step {
    STEP_ON,
    STEP_BLOCKED,
    STEP_TURN,
    STEP_DROP
};

/* Sends bytes; *sent says how many went. */
static enum step send_some(const struct connection *connection, struct text bytes, size_t *sent)
{
    ssize_t went = send(connection->fd, bytes.at, bytes.size, MSG_NOSIGNAL);
    *sent = (went > 0) ? (size_t)went : 0;
    if (went >= 0 || errno == EINTR) {
        return STEP_ON;
    }
    return (errno == EAGAIN) ? STEP_BLOCKED : STEP_DROP; /* else the client went away */
}

/* After the last byte of a response: the next request, or the end. */
static enum step sent_all(struct server *server, struct connection *connection)
{
    connection->state = READING;
    ring_move(connection, &server->idle);
    if (!connection->answer.close) {
        return STEP_ON;
    }
    if (!connection->answer.linger || shutdown(connection->fd, SHUT_WR) != 0) {
        return STEP_DROP;
    }
    connection->state = LINGERING;
    connection->more = 0;
    return STEP_ON;
}

/* Sends what is left of a response. */
static enum step step_send(struct server *server, struct connection *connection)
{
    size_t    sent = 0;
    size_t    turn = 0;
    enum step step = STEP_ON;
    while (step == STEP_ON && connection->out_at < connection->out_size) {
        struct text left = { connection->out + connection->out_at,
                             connection->out_size - connection->out_at };
        step = send_some(connection, left, &sent);
        connection->out_at += (uint32_t)sent;
    }
    while (step == STEP_ON && connection->more > 0 && turn < MAX_TURN) {
        struct text left = { server->pattern + connection->more_at % 26, PATTERN_ROOM };
        left.size = (connection->more < left.size) ? (size_t)connection->more : left.size;
        step = send_some(connection, left, &sent);
        connection->more -= sent;
        connection->more_at += sent;
        turn += sent;
    }
    if (step != STEP_ON) {
        return step;
    }
    if (connection->more > 0) {
        return STEP_TURN;
    }
    free(connection->out);
    connection->out = NULL;
    return sent_all(server, connection);
}

/* Sends the answer of a connection whose time has come. */
static enum step step_respond(struct server *server, struct connection *connection)
{
    struct answer *answer = &connection->answer;
    uint64_t       size = put_content(server, answer);
    struct text    whole;
    size_t         sent;
    enum step      step;
    connection->state = SENDING;
    if (server->page.full) {
        refuse(answer, 500, "The page is larger than its room.\n");
        size = put_content(server, answer);
    }
    whole = put_head(server, answer, size);
    step = send_some(connection, whole, &sent);
    if (step == STEP_DROP) {
        return step;
    }
    connection->more = answer->head_only ? 0 : size - server->page.size;
    connection->more_at = server->page.size;
    if (sent == whole.size && connection->more == 0) {
        return sent_all(server, connection);
    }
    connection->out_at = 0;
    connection->out_size = (uint32_t)(whole.size - sent);
    connection->out = keep(whole.at + sent, whole.size - sent);
    if (connection->out == NULL && connection->out_size > 0) {
        return STEP_DROP;
    }
    return step;
}

/* Says once that the plateau stands. */
static void announce(struct server *server, uint64_t wanted)
{
    if (server->plateau || server->held_count < wanted) {
        return;
    }
    server->plateau = true;
    if (printf("plateau %zu\n", server->held_count) < 0 || fflush(stdout) != 0) {
        fprintf(stderr, "ticket_server: nobody reads \"plateau\" on stdout: %s\n", strerror(errno));
        server->failed = true;
        server->stop = true;
    }
}

/* Puts an answer off, or sends it. */
static enum step step_answer(struct server *server, struct connection *connection)
{
    const struct options *options = &server->options;
    int64_t               ready;
    connection->state = WAITING;
    if (connection->answer.wait == WAIT_HOLD) {
        ring_move(connection, &server->held);
        server->held_count++;
        announce(server, connection->answer.size);
        return STEP_BLOCKED;
    }
    if (connection->answer.wait == WAIT_NOT || options->overlap_ns == 0) {
        return step_respond(server, connection);
    }
    /* All overlap for the same time, so that the line at the counter is in order of arrival. */
    ready = now_ns() + options->overlap_ns;
    if (options->counter_ns > 0) {
        ready = (ready > server->counter_free) ? ready : server->counter_free;
        ready += options->counter_ns;
        server->counter_free = ready;
    }
    connection->due = ready;
    ring_move(connection, &server->delayed);
    return STEP_BLOCKED;
}

/* Receives behind what is in server->input already. Fewer bytes than fit: the socket is empty. */
static enum step receive(struct server *server, struct connection *connection, size_t *size)
{
    size_t  room = INPUT_ROOM - *size;
    ssize_t got = recv(connection->fd, server->input + *size, room, 0);
    if (got < 0 && errno == EAGAIN) {
        connection->readable = false;
        return STEP_BLOCKED;
    }
    if (got <= 0) {
        return (got < 0 && errno == EINTR) ? STEP_ON : STEP_DROP;
    }
    connection->readable = (size_t)got == room || connection->ended;
    *size += (size_t)got;
    return STEP_ON;
}

/* Uses the input: a whole request, or it is kept. */
static enum step use_input(struct server *server, struct connection *connection, size_t size)
{
    struct request request;
    struct text    input = { server->input, size };
    short          status = parse_request(input, &request);
    if (status == 0 && request.size == 0) {
        connection->in = keep(server->input, size);
        connection->in_size = (connection->in != NULL) ? (uint32_t)size : 0;
        connection->partial = true;
        return (connection->in != NULL) ? STEP_ON : STEP_DROP;
    }
    connection->partial = false;
    decide(server, &request, &connection->answer);
    if (status != 0) {
        refuse(&connection->answer, status, "This request cannot be read.\n");
        connection->answer.close = true;
        connection->answer.linger = true;
        request.size = size;
    }
    connection->in = keep(server->input + request.size, size - request.size);
    connection->in_size = (connection->in != NULL) ? (uint32_t)(size - request.size) : 0;
    if (connection->in == NULL && size > request.size) {
        return STEP_DROP;
    }
    return step_answer(server, connection);
}

/* Takes a request from what is there already, or from what can be received. */
static enum step step_read(struct server *server, struct connection *connection)
{
    size_t size = connection->in_size;
    bool   need = connection->in == NULL || connection->partial;
    if (need && !connection->readable) {
        return STEP_BLOCKED;
    }
    if (connection->in != NULL) {
        memcpy(server->input, connection->in, size);
    }
    if (need) {
        enum step step = receive(server, connection, &size);
        if (step != STEP_ON || size == connection->in_size) {
            return step;
        }
    }
    free(connection->in);
    connection->in = NULL;
    return use_input(server, connection, size);
}

/* Throws away what comes, so that the refusal before it is not lost in a reset. */
static enum step step_linger(struct server *server, struct connection *connection)
{
    size_t    size = 0;
    enum step step = receive(server, connection, &size);
    connection->more += size;
    return (connection->more > MAX_LINGER) ? STEP_DROP : step;
}

/* Does what can be done for a connection now. It may be gone afterwards. */
static void advance(struct server *server, struct connection *connection)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data.ptr = connection };
    enum step          step = STEP_ON;
    for (unsigned turn = 0; turn < 64 && step == STEP_ON; turn++) {
        switch (connection->state) {
        case READING:
            step = step_read(server, connection);
            break;
        case WAITING:
            step = STEP_BLOCKED;
            break;
        case SENDING:
            step = step_send(server, connection);
            break;
        case LINGERING:
            step = step_linger(server, connection);
            break;
        }
    }
    /* One that could go on gets a new event, after the others have had their turn. */
    if (step == STEP_DROP || (step != STEP_BLOCKED && epoll_ctl(server->epoll, EPOLL_CTL_MOD,
                                                                connection->fd, &event) != 0)) {
        drop(server, connection);
    }
}

/* Answers a connection that was delayed or held. */
static void answer_now(struct server *server, struct connection *connection)
{
    enum step step;
    ring_move(connection, &server->idle);
    step = step_respond(server, connection);
    if (step == STEP_DROP) {
        drop(server, connection);
    } else if (step == STEP_ON) {
        advance(server, connection);
    } else {
        /* the rest is sent when there is room */
    }
}

/* ------------------------------------------------------------------ the loop */

/* After accept failed: whether there may be more to accept. */
static bool accept_failed(struct server *server, int error)
{
    if (error == EAGAIN || error == EINTR || error == ECONNABORTED) {
        return error != EAGAIN;
    }
    if (!server->complained) {
        fprintf(stderr,
                "ticket_server: no more connections for now: %s; raise the hard limit of "
                "descriptors (ulimit -Hn)\n",
                strerror(error));
    }
    server->complained = true;
    /* Else the listener would be reported again and again; drop() takes it back. */
    server->accepting = epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL) != 0;
    return false;
}

/* Takes a socket in. Returns false if there is no memory for it. */
static bool add_connection(struct server *server, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data.ptr = connection };
    if (connection == NULL || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(connection);
        return false;
    }
    connection->fd = fd;
    ring_open(&connection->ring);
    ring_move(connection, &server->idle);
    return true;
}

/* Takes the connections that came. */
static void accept_some(struct server *server)
{
    bool more = true;
    for (int i = 0; i < 256 && more; i++) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            more = accept_failed(server, errno);
        } else if (!add_connection(server, fd)) {
            (void)close(fd);
            more = accept_failed(server, ENOMEM);
        } else {
            /* its first event comes */
        }
    }
}

/* Handles what epoll said about a connection. */
static void on_connection(struct server *server, struct connection *connection, uint32_t events)
{
    bool held = connection->state == WAITING && connection->answer.wait == WAIT_HOLD;
    connection->ended = connection->ended || (events & EPOLLRDHUP) != 0;
    connection->readable = connection->readable || (events & (EPOLLIN | EPOLLRDHUP)) != 0;
    /* One who leaves a plateau is not counted; all others may close their side early. */
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 || (held && connection->ended)) {
        drop(server, connection);
    } else {
        advance(server, connection);
    }
}

static void on_signal(struct server *server)
{
    struct signalfd_siginfo info;
    if (read(server->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        server->release = server->release || info.ssi_signo == SIGUSR1;
        server->stop = server->stop || info.ssi_signo != SIGUSR1;
    }
}

/* --until-eof: what is typed is ignored. */
static void on_stdin(struct server *server)
{
    char    bytes[512];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    server->stop = server->stop || got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

/* Answers those whose delay is over. */
static void serve_due(struct server *server)
{
    struct connection *first = ring_first(&server->delayed);
    int64_t            now = (first != NULL) ? now_ns() : 0;
    while (first != NULL && first->due <= now) {
        answer_now(server, first);
        first = ring_first(&server->delayed);
    }
}

/* Lets those go who are held now; what comes after them is held anew. */
static void serve_held(struct server *server)
{
    size_t count = server->held_count;
    server->release = false;
    server->released = true;
    server->plateau = false;
    if (printf("released %zu\n", count) < 0 || fflush(stdout) != 0) {
        fprintf(stderr, "ticket_server: nobody reads \"released\" on stdout: %s\n",
                strerror(errno));
        server->failed = true;
        server->stop = true;
    }
    for (size_t i = 0; i < count; i++) {
        server->held_count--;
        answer_now(server, ring_first(&server->held));
    }
}

/* Sets the timer to the next delay's end. */
static bool set_timer(struct server *server)
{
    struct connection *first = ring_first(&server->delayed);
    struct itimerspec  when = { 0 };
    if (first == NULL || first->due == server->timer_due) {
        return true;
    }
    server->timer_due = first->due;
    when.it_value.tv_sec = (time_t)(first->due / SECOND_NS);
    when.it_value.tv_nsec = (long)(first->due % SECOND_NS);
    return timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0;
}

static void on_event(struct server *server, const struct epoll_event *event)
{
    if (event->data.ptr == &server->listener) {
        accept_some(server);
    } else if (event->data.ptr == &server->signals) {
        on_signal(server);
    } else if (event->data.ptr == &server->options) {
        on_stdin(server);
    } else if (event->data.ptr != &server->timer) {
        on_connection(server, event->data.ptr, event->events);
    } else {
        /* the timer: serve_due looks at the clock */
    }
}

/*
 * Connections are ended by their own event, and after all events of a round by the clock or a
 * release, so that no event in hand belongs to one that is gone.
 */
static void serve(struct server *server)
{
    struct epoll_event events[256];
    while (!server->stop) {
        int count = epoll_wait(server->epoll, events, 256, -1);
        if (count < 0 && errno != EINTR) {
            fprintf(stderr, "ticket_server: epoll_wait: %s\n", strerror(errno));
            server->failed = true;
            return;
        }
        for (int i = 0; i < count; i++) {
            on_event(server, &events[i]);
        }
        serve_due(server);
        if (server->release) {
            serve_held(server);
        }
        if (!set_timer(server)) {
            fprintf(stderr, "ticket_server: timerfd_settime: %s\n", strerror(errno));
            server->failed = true;
            return;
        }
    }
}

/* ------------------------------------------------------------------ set-up */

static bool watch(const struct server *server, int fd, uint32_t events, void *mark)
{
    struct epoll_event event = { .events = events, .data.ptr = mark };
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Opens the listening socket. */
static bool open_listener(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t          size = sizeof address;
    int                on = 1;
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)server->options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = fd;
    /* Accepted sockets inherit TCP_NODELAY. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        fprintf(stderr, "ticket_server: socket: %s\n", strerror(errno));
        return false;
    }
    if (bind(fd, (const struct sockaddr *)&address, size) != 0 || listen(fd, 65535) != 0) {
        fprintf(stderr, "ticket_server: 127.0.0.1:%u: %s: %s\n", (unsigned)server->options.port,
                strerror(errno),
                (errno == EADDRINUSE) ? "end the program that uses this port, or let --port 0 "
                                        "find a free one"
                                      : "try --port 0");
        return false;
    }
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        fprintf(stderr, "ticket_server: getsockname: %s\n", strerror(errno));
        return false;
    }
    server->options.port = ntohs(address.sin_port);
    return true;
}

/* Opens everything that the loop waits on. */
static bool open_server(struct server *server)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    ring_open(&server->idle);
    ring_open(&server->delayed);
    ring_open(&server->held);
    for (size_t i = 0; i < sizeof server->pattern; i++) {
        server->pattern[i] = (char)('a' + i % 26);
    }
    tickets_raise_limit();
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
        fprintf(stderr, "ticket_server: signals: %s\n", strerror(errno));
        return false;
    }
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    server->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (!open_listener(server)) {
        return false;
    }
    server->accepting = watch(server, server->listener, EPOLLIN, &server->listener);
    if (!server->accepting || !watch(server, server->signals, EPOLLIN, &server->signals) ||
        !watch(server, server->timer, EPOLLIN | EPOLLET, &server->timer)) {
        fprintf(stderr, "ticket_server: epoll: %s\n", strerror(errno));
        return false;
    }
    if (server->options.until_eof && !watch(server, STDIN_FILENO, EPOLLIN, &server->options)) {
        fprintf(stderr, "ticket_server: --until-eof: stdin must be a pipe or a terminal: %s\n",
                strerror(errno));
        return false;
    }
    return true;
}

static void close_ring(struct server *server, const struct ring *ring)
{
    server->accepting = true; /* it is not taken back any more */
    for (struct connection *first = ring_first(ring); first != NULL; first = ring_first(ring)) {
        drop(server, first);
    }
}

static void close_server(struct server *server)
{
    int fds[] = { server->listener, server->signals, server->timer, server->epoll };
    close_ring(server, &server->idle);
    close_ring(server, &server->delayed);
    close_ring(server, &server->held);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

/* ------------------------------------------------------------------ the command line */

static const char usage[] =
    "usage: ticket_server [options]\n"
    "  --port N        listen on 127.0.0.1:N; 0, the default: a free port\n"
    "  --profile NAME  article (default): 60 ms overlapping and 85 ms one at a time,\n"
    "                  for each request;\n"
    "                  ideal: 60 ms overlapping; none: no delay\n"
    "  --scale X       multiplies the delays, default 0.1\n"
    "  --seed N        of the timetable, default 1\n"
    "  --hold N        hold the first searches until N are in flight, as /hold?n=N\n"
    "  --until-eof     end when stdin ends\n"
    "  --expect DAYS   print the line that a correct client ends with, and leave\n"
    "On stdout: \"listening 127.0.0.1:PORT\" when ready, \"plateau N\" when all are held;\n"
    "SIGUSR1 releases them: \"released N\". SIGTERM and SIGINT end the server.\n";

static bool option_number(const char *name, const char *value, uint64_t maximum, uint64_t *number)
{
    struct text text = { value, strlen(value) };
    bool        good = text_number(text, maximum, number);
    if (!good) {
        fprintf(stderr, "ticket_server: --%s takes a number from 0 to %llu, not \"%s\"\n", name,
                (unsigned long long)maximum, value);
    }
    return good;
}

static bool option_profile(const char *value, struct options *options)
{
    bool article = strcmp(value, "article") == 0;
    bool ideal = strcmp(value, "ideal") == 0;
    options->overlap_ns = (article || ideal) ? OVERLAP_NS : 0;
    options->counter_ns = article ? COUNTER_NS : 0;
    if (!article && !ideal && strcmp(value, "none") != 0) {
        fprintf(stderr, "ticket_server: --profile is article, ideal or none, not \"%s\"\n", value);
        return false;
    }
    return true;
}

static bool option_scale(const char *value, struct options *options)
{
    char *end = NULL;
    options->scale = strtod(value, &end);
    if (end == value || *end != '\0' || !(options->scale > 0 && options->scale <= 1000)) {
        fprintf(stderr, "ticket_server: --scale takes a number above 0, up to 1000, not \"%s\"\n",
                value);
        return false;
    }
    return true;
}

/* Returns 0 to go on, 1 for --help, 2 for what cannot be. */
static int take_option(int letter, const char *value, struct options *options)
{
    bool good = true;
    switch (letter) {
    case 'p':
        good = option_number("port", value, 65535, &options->port);
        break;
    case 's':
        good = option_number("seed", value, UINT64_MAX, &options->seed);
        break;
    case 'o':
        good = option_number("hold", value, MAX_HELD, &options->hold);
        break;
    case 'd':
        good = option_number("expect", value, TICKETS_MAX_DAYS, &options->expect_days);
        break;
    case 'f':
        good = option_profile(value, options);
        break;
    case 'x':
        good = option_scale(value, options);
        break;
    case 'e':
        options->until_eof = true;
        break;
    case 'h':
        return 1;
    default:
        good = false; /* getopt_long has said why */
    }
    return good ? 0 : 2;
}

/* As take_option. */
static int parse_options(int count, char **words, struct options *options)
{
    static const struct option names[] = {
        { "port", required_argument, NULL, 'p' },
        { "profile", required_argument, NULL, 'f' },
        { "scale", required_argument, NULL, 'x' },
        { "seed", required_argument, NULL, 's' },
        { "hold", required_argument, NULL, 'o' },
        { "until-eof", no_argument, NULL, 'e' },
        { "expect", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int result = 0;
    int letter = getopt_long(count, words, "", names, NULL);
    while (result == 0 && letter != -1) {
        result = take_option(letter, optarg, options);
        letter = (result == 0) ? getopt_long(count, words, "", names, NULL) : -1;
    }
    if (result == 0 && optind < count) {
        fprintf(stderr, "ticket_server: \"%s\" is not an option; try --help\n", words[optind]);
        result = 2;
    }
    options->overlap_ns = (int64_t)((double)options->overlap_ns * options->scale);
    options->counter_ns = (int64_t)((double)options->counter_ns * options->scale);
    return result;
}

int main(int count, char **words)
{
    static struct server server = { .epoll = -1, .listener = -1, .timer = -1, .signals = -1 };
    struct options      *options = &server.options;
    int                  result;
    options->seed = 1;
    options->scale = 0.1;
    options->overlap_ns = OVERLAP_NS;
    options->counter_ns = COUNTER_NS;
    result = parse_options(count, words, options);
    if (result == 1) {
        return (fputs(usage, stdout) < 0 || fflush(stdout) != 0) ? 1 : 0;
    }
    if (result != 0) {
        return result;
    }
    if (options->expect_days > 0) {
        print_expected(options->seed, (unsigned)options->expect_days);
        return (fflush(stdout) != 0) ? 1 : 0;
    }
    server.failed = !open_server(&server);
    if (!server.failed) {
        printf("listening 127.0.0.1:%u\n", (unsigned)options->port);
        server.failed = fflush(stdout) != 0;
    }
    if (!server.failed) {
        serve(&server);
    }
    close_server(&server);
    return server.failed ? 1 : 0;
}
