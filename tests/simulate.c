/* SPDX-License-Identifier: MIT */
/*
 * A whole client, its core and its executors, in a simulated world (simulated.h), against
 * servers that answer rightly, wrongly, in pieces, late, or not at all. The seed decides the
 * configuration, what the program does with its client, and all that happens to it.
 *
 *     simulate [--seeds N] [--from N] [-x EXECUTOR] [-j JOBS]    seeds from 1, or from N
 *     simulate --seed N [-x EXECUTOR] -v                         one seed, told in detail
 *
 * After each seed: every request came back exactly once; what came back as complete is, byte
 * for byte, what the server said to this very request; every error is accounted for by what
 * the world did; no limit of connections, idle ones, redirects, content or the queue was
 * passed; no timeout came early, or late by more than a tick; and nothing is left behind.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "simulated.h"

/* So few that more events often wait than are taken at once. */
#if !defined(PARIO_I_EVENTS)
#define PARIO_I_EVENTS 2
#endif

#define PARIO_IMPLEMENTATION
#include "pario.h"

#define PLANS 96
#define ANSWERS 24
#define HELD 6
#define ERRORS 96
#define TICK_US 3000 /* a timeout may be late by this */
#define STACK_BYTES 262144
#define BODY_BYTES 150000 /* content of a request, at most */
#define SEED_SECONDS 60   /* a seed takes a thousandth of one, and no calls end it if it hangs */
#define MOST_JOBS 64

/* One answer of a server to a request. */
typedef struct answer {
    unsigned number;
    int      status;
    size_t   size;  /* of the content that the client is to see */
    bool     good;  /* it can be taken as complete */
    bool     whole; /* all of it has arrived */
    bool     trailer;
    bool     until_end; /* its content ends with the connection */
    bool     leads;     /* it is a redirect, which was not followed yet */
    bool     loops;     /* to where it came from */
    bool     elsewhere; /* to another host, */
    unsigned host;      /* this one */
    bool     repeats;   /* it is a 417: the client asks once more, without an Expect */
    bool     stops;     /* what is left of the request's content is not to be sent, */
    size_t   behind;    /* when this much of the answer is left to be taken */
} answer;

/* A request: what is asked for, what happened to it. */
typedef struct plan {
    bool        used;
    size_t      tag;
    size_t      asked; /* accepted so often */
    size_t      came;
    uint64_t    id;
    const char *method;
    bool        idempotent;
    bool        head;
    bool        secret;    /* credentials are sent to the first host */
    bool        moved;     /* a redirect has led to another one */
    bool        on_reused; /* it was begun last on a connection that had served before */
    bool        inlined;   /* by pario_fetch */
    unsigned    home;
    unsigned    hosts;     /* bits: those that it may have come to */
    size_t      body_size; /* content that there is to be sent */
    size_t      length;    /* what is said of it before */
    bool        chunked;   /* it is sent in chunks, nothing is said of it */
    bool        expects;   /* the server is to ask for it */
    bool        fails;     /* it ends too early, or cannot be read to its end */
    bool        piped;     /* it can be read but once */
    int         from;      /* the descriptor that it comes from, or 0 */
    unsigned    supply;    /* of that */
    int64_t     redirects;
    int64_t     hops;
    unsigned    stale;    /* replays since the last redirect */
    int64_t     sent_hop; /* after so many redirects bytes of it were sent last */
    int64_t     hop;      /* after so many redirects it was begun last, */
    unsigned    tries;    /* so often */
    int64_t     total_ms;
    int64_t     progress_ms;
    int64_t     connect_ms;
    int64_t     body_limit;
    int64_t     asked_at;
    int64_t     moved_at; /* a byte of it */
    int64_t     longest;  /* silence on its connection */
    bool        cancelled;
    bool        stream;
    bool        opened;  /* its head has come */
    bool        held;    /* a part of it is in the program's hands */
    int         fd;      /* where its content goes, or 0 */
    unsigned    sink;    /* of that */
    size_t      taken;   /* content that came in parts */
    bool        strayed; /* sent where bytes lay that the client could not see */
    bool        allowed[ERRORS];
    answer      answers[ANSWERS];
    unsigned    answer_count;
} plan;

/* What is simulated. */
typedef struct play {
    pario_client  *client;
    pario_config   config;
    plan           plans[PLANS];
    size_t         plan_count;
    size_t         outstanding; /* for pario_next */
    unsigned       tasks;       /* not ended */
    unsigned       fetching;    /* outside of tasks */
    bool           waked;       /* pario_wake was called, so pario_next has to say it */
    bool           may_wake;    /* it may have to, or has said it already */
    int64_t        waked_at;
    bool           may_signal;
    bool           closing;
    bool           blocked; /* a call has kept the others waiting */
    bool           tls;     /* the client has a TLS transport */
    int            proxy;   /* the host that is one, or -1 */
    unsigned       direct;  /* bits: the hosts that are asked directly all the same */
    unsigned       fooled;  /* bits: those to which a proxy did not open a tunnel as it should */
    char           proxy_url[64];
    char           exceptions[64];
    bool           hasty; /* parts are given back at once */
    unsigned       held;  /* parts in the program's hands */
    pario_response parts[HELD];
    int            asked; /* the executor that was asked for, or -1 */
} play;

typedef struct totals {
    uint64_t seeds;
    uint64_t requests;
    uint64_t links;
    uint64_t lookups;
    uint64_t errors[ERRORS];
    int64_t  seconds;
} totals;

static play   now;
static totals total;

/* ---- how to see a seed again ------------------------------------------------------------ */

static const char *const executor_names[] = { "epoll", "sequential", "threads", "fibers" };

/* Prints the command that runs a seed again; executor: -1 where the seed decides. */
static void print_command(uint64_t seed, int executor)
{
    printf("  build/tests/simulate --seed %ju%s%s -v\n", (uintmax_t)seed,
           executor >= 0 ? " -x " : "", executor >= 0 ? executor_names[executor] : "");
}

static void on_died(void)
{
    print_command(sim.seed, now.asked);
}

/* ---- content --------------------------------------------------------------------------- */

/* The bytes of contents; those of requests have their high bit set. */
static unsigned char byte_of(size_t tag, unsigned number, size_t at)
{
    return (unsigned char)(tag * 37u + number * 11u + at * 7u + (at >> 8));
}

static void fill(unsigned char *bytes, size_t tag, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = byte_of(tag, 99, i) | 0x80u;
    }
}

static void allow(plan *p, pario_error error)
{
    p->allowed[error] = true;
}

/* Whether TLS is spoken on a connection. */
static bool is_tls(const sim_link *link)
{
    return sim.hosts[link->host].https;
}

/* Whether a host is asked through the proxy. */
static bool is_proxied(unsigned host)
{
    return now.proxy >= 0 && (now.direct & (1u << host)) == 0;
}

/* ---- servers --------------------------------------------------------------------------- */

/* What a server does when its answer is out: the link's `last`. */
enum {
    KEEPS,
    CLOSES,
    RESETS,
    TUNNELS,
    FALLS_SILENT,
    HALF_CLOSES,
    STRAYS
};

static void say(sim_link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(sim_link *link, const char *format, ...)
{
    char    text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sim_bytes_add(&link->outbox, text, (size_t)size);
}

/* Answers that nobody may take for complete, and what is said of them. */
static const struct {
    const char *text;
    pario_error error;
    bool        in_content; /* or what is said of it: no fault in the answer to a HEAD */
    bool        redirects;
} wrongs[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      PARIO_ERROR_LENGTH_DUPLICATE, true, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc", PARIO_ERROR_LENGTH_DIGITS, true, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      PARIO_ERROR_LENGTH_OVERFLOW, true, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", PARIO_ERROR_TRANSFER_ENCODING, true,
      false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      PARIO_ERROR_LENGTH_AND_ENCODING, true, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", PARIO_ERROR_CHUNK_SIZE, true,
      false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      PARIO_ERROR_CHUNK_OVERFLOW, true, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
      PARIO_ERROR_CHUNK_END, true, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
      PARIO_ERROR_TRAILER, true, false },
    { "ICY 200 OK\r\n\r\n", PARIO_ERROR_STATUS_LINE, false, false },
    { "HTTP/2.0 200 OK\r\n\r\n", PARIO_ERROR_VERSION, false, false },
    { "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", PARIO_ERROR_FIELD_LINE, false, false },
    { "HTTP/1.1 101 Switching\r\n\r\n", PARIO_ERROR_UPGRADE, false, false },
    { "HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n",
      PARIO_ERROR_REDIRECT_LOCATION, false, true },
    { "HTTP/1.1 302 Found\r\nLocation: ftp://a.test/\r\nContent-Length: 0\r\n\r\n",
      PARIO_ERROR_REDIRECT_SCHEME, false, true },
};

/* An answer that nobody has asked for. */
static const char stray[] = "HTTP/1.1 200 Stray\r\nContent-Length: 0\r\n\r\n";

static answer *new_answer(plan *p, int status)
{
    if (p->answer_count >= ANSWERS) {
        sim_die("request %zu is answered again and again", p->tag);
    }
    answer *a = &p->answers[p->answer_count];
    memset(a, 0, sizeof *a);
    a->number = p->answer_count++;
    a->status = status;
    return a;
}

static size_t random_size(void)
{
    if (sim_chance(3)) {
        return sim_below(200000);
    }
    return sim_below(sim_chance(20) ? 20000 : 300);
}

static void say_content(sim_link *link, const plan *p, const answer *a, size_t from, size_t to)
{
    unsigned char bytes[512];
    for (size_t at = from; at < to;) {
        size_t size = to - at < sizeof bytes ? to - at : sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = byte_of(p->tag, a->number, at + i);
        }
        sim_bytes_add(&link->outbox, bytes, size);
        at += size;
    }
}

static void say_chunks(sim_link *link, const plan *p, answer *a)
{
    static const char *const extensions[] = { "", "", ";a", ";a=b", " ; a = \"b\"" };
    for (size_t at = 0; at < a->size;) {
        size_t size = 1 + sim_below(sim_chance(30) ? 20 : a->size);
        size = size < a->size - at ? size : a->size - at;
        say(link, sim_chance(50) ? "%zx%s\r\n" : "0%zX%s\r\n", size, extensions[sim_below(5)]);
        say_content(link, p, a, at, at + size);
        say(link, "\r\n");
        at += size;
    }
    a->trailer = sim_chance(30);
    say(link, "0\r\n");
    if (a->trailer) {
        say(link, "X-Sum: %zu-%u\r\n", p->tag, a->number);
    }
    say(link, "\r\n");
}

/* Says that it is to be limited: the client's limits are passed, so it cannot be complete. */
static void note_limits(plan *p, answer *a)
{
    if (p->body_limit > 0 && a->size > (size_t)p->body_limit) {
        allow(p, PARIO_ERROR_BODY_TOO_LARGE);
        a->good = false;
    }
}

/* The rest of an answer with content, framed in one of the three ways. */
static void say_framed(sim_link *link, plan *p, answer *a)
{
    size_t way = sim_below(3);
    note_limits(p, a);
    if (way == 0) {
        say(link, "Content-Length: %zu\r\n\r\n", a->size);
        say_content(link, p, a, 0, a->size);
    } else if (way == 1) {
        say(link, "Transfer-Encoding: chunked\r\n\r\n");
        say_chunks(link, p, a);
    } else {
        say(link, "\r\n");
        say_content(link, p, a, 0, a->size);
        a->until_end = true;
        link->last = CLOSES;
        if (is_tls(link) && !link->notifies) { /* it may have been cut by anybody */
            a->good = false;
            allow(p, PARIO_ERROR_BODY_TRUNCATED);
        }
    }
}

/* An answer as it should be. */
static void say_rightly(sim_link *link, plan *p)
{
    static const int statuses[] = { 200, 200, 200, 204, 304, 404, 500, 299 };
    int              status = statuses[sim_below(8)];
    bool             bare = p->head || status == 204 || status == 304;
    answer          *a = new_answer(p, status);
    a->good = true;
    a->size = bare ? 0 : random_size();
    link->answer = a;
    for (size_t i = sim_chance(15) ? sim_below(3) : 0; i > 0; i--) {
        say(link, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    }
    say(link, "HTTP/1.1 %d Fine\r\nX-Id: %zu-%u\r\n", status, p->tag, a->number);
    if (bare) {
        say(link, sim_chance(50) && status != 204 ? "Content-Length: 77\r\n\r\n" : "\r\n");
    } else {
        say_framed(link, p, a);
    }
}

/* Whether a redirect turns the request into a GET without content. */
static bool is_get_behind(const plan *p, int status)
{
    bool posts = !p->head && strcmp(p->method, "GET") != 0;
    return (status == 303 && posts) || (status <= 302 && strcmp(p->method, "POST") == 0);
}

/* The client has read a redirect and follows it: what it asks for from now on. */
static void follow(plan *p, answer *a)
{
    a->leads = false;
    p->hops++;
    p->stale = 0;
    p->hosts |= 1u << a->host;
    p->moved = p->moved || a->elsewhere;
    p->allowed[PARIO_ERROR_REDIRECT_LOOP] = p->allowed[PARIO_ERROR_REDIRECT_LOOP] || a->loops;
    if (is_get_behind(p, a->status)) {
        p->method = "GET";
        p->idempotent = true;
        p->body_size = 0;
        p->length = 0;
        p->chunked = false;
        p->expects = false;
        p->fails = false;
    }
}

/* Sends the client elsewhere, and sees that it may go. */
static void say_elsewhere(sim_link *link, plan *p)
{
    static const int statuses[] = { 301, 302, 303, 307, 308 };
    int              status = statuses[sim_below(5)];
    unsigned         host = (unsigned)sim_below(sim.host_count);
    unsigned         here = link->host;
    answer          *a = new_answer(p, status);
    bool             again = !sim.calm && sim_chance(5);
    char             place[128] = "";
    bool             down = sim.hosts[here].https && !sim.hosts[host].https;
    a->good = p->redirects <= 0;
    link->answer = a;
    if (host != here || sim_chance(50)) {
        snprintf(place, sizeof place, "http%s://%s:%u", sim.hosts[host].https ? "s" : "",
                 sim.hosts[host].name, sim.hosts[host].port);
    } else {
        host = here;
    }
    say(link, "HTTP/1.1 %d Elsewhere\r\nX-Id: %zu-%u\r\nLocation: %s/r/%zu/%d\r\n", status, p->tag,
        a->number, place, p->tag, again ? 0 : (int)p->hops + 1);
    say(link, "Content-Length: 3\r\n\r\n");
    a->size = p->head ? 0 : 3;
    if (a->good) {
        note_limits(p, a); /* it is not followed, and its content is the user's */
    }
    say_content(link, p, a, 0, a->size);
    a->leads = p->redirects > 0 && !down;
    a->loops = again;
    a->host = host;
    a->elsewhere = host != here;
    if (down) {
        allow(p, PARIO_ERROR_REDIRECT_SCHEME);
    }
    if (p->redirects > 0 && p->hops >= p->redirects) {
        allow(p, PARIO_ERROR_TOO_MANY_REDIRECTS); /* is said before its content is read */
    }
    if (p->piped && !is_get_behind(p, status)) {
        allow(p, PARIO_ERROR_BODY_REWIND);
    }
}

/* The server does not know what to do with an Expect. */
static void say_unexpected(sim_link *link, plan *p)
{
    answer *a = new_answer(p, 417);
    a->good = true;
    a->size = sim_below(50);
    a->repeats = true;
    link->answer = a;
    link->last = sim_chance(50) ? KEEPS : CLOSES;
    note_limits(p, a);
    say(link, "HTTP/1.1 417 What\r\nX-Id: %zu-%u\r\nContent-Length: %zu\r\n\r\n", p->tag, a->number,
        a->size);
    say_content(link, p, a, 0, a->size);
}

/* Notes where the head of an answer ends that stops the content of its request. */
static void note_stop(sim_link *link, answer *a, size_t from)
{
    const unsigned char *s = link->outbox.data;
    size_t               at = from;
    while (at + 4 <= link->outbox.size && memcmp(s + at, "X-Id", 4) != 0) {
        at++;
    }
    while (at + 4 <= link->outbox.size && memcmp(s + at, "\r\n\r\n", 4) != 0) {
        at++;
    }
    a->stops = a->status >= 300 && at + 4 <= link->outbox.size;
    a->behind = a->stops ? link->outbox.size - at - 4 : 0;
}

static void say_wrongly(sim_link *link, plan *p)
{
    size_t  which = sim_below(sizeof wrongs / sizeof wrongs[0]);
    answer *a = new_answer(p, 0);
    link->answer = a;
    while ((p->head && wrongs[which].in_content) ||
           (p->redirects <= 0 && wrongs[which].redirects)) {
        which = sim_below(sizeof wrongs / sizeof wrongs[0]);
    }
    say(link, "%s", wrongs[which].text);
    if (wrongs[which].redirects) {
        allow(p, PARIO_ERROR_TOO_MANY_REDIRECTS);
        allow(p, PARIO_ERROR_REDIRECT_SCHEME); /* "http:" already, from https */
    }
    allow(p, wrongs[which].error);
    allow(p, PARIO_ERROR_HEAD_TRUNCATED);
    allow(p, PARIO_ERROR_BODY_TRUNCATED);
    allow(p, PARIO_ERROR_RECEIVE);
    link->last = sim_chance(50) ? CLOSES : FALLS_SILENT;
}

/* Too many interim responses. */
static void say_interim(sim_link *link, plan *p)
{
    answer *a = new_answer(p, 0);
    link->answer = a;
    for (int i = 0; i < 20; i++) {
        say(link, "HTTP/1.1 102 Wait\r\n\r\n");
    }
    allow(p, PARIO_ERROR_TOO_MANY_INTERIM);
    link->last = FALLS_SILENT;
}

/* Cuts the answer short, or does something else with its end. */
static void spoil_end(sim_link *link, plan *p)
{
    const answer *a = (const answer *)link->answer;
    size_t        which = sim_below(5);
    if (which == 0 && a->until_end) {
        sim_log("link %d: where the connection ends, the answer ends", link->number);
    } else if (which < 2) {
        link->outbox.size = sim_below(link->outbox.size);
        link->last = which == 0 ? CLOSES : RESETS;
        allow(p, PARIO_ERROR_HEAD_TRUNCATED);
        allow(p, PARIO_ERROR_BODY_TRUNCATED);
        allow(p, PARIO_ERROR_RECEIVE);
    } else if (which == 2) {
        link->outbox.size = sim_below(link->outbox.size);
        link->last = FALLS_SILENT;
    } else if (which == 3 && !a->until_end) {
        link->last = STRAYS;
    } else if (!a->until_end) {
        link->last = HALF_CLOSES;
    }
}

/* Cuts an answer, or has more behind it; one that is cut is not to be taken for complete. */
static void spoil(sim_link *link, plan *p)
{
    answer *a = (answer *)link->answer;
    size_t  before = link->outbox.size;
    spoil_end(link, p);
    a->good = a->good && link->outbox.size == before;
    a->stops = a->stops && link->outbox.size == before;
    if (link->last == STRAYS && sim_chance(50)) {
        say(link, "%s", stray);
        link->extra = sizeof stray - 1;
        a->behind += link->extra;
        link->last = FALLS_SILENT;
    }
}

/* Makes up an answer, behind what is on its way. */
static void make_answer(sim_link *link, plan *p)
{
    size_t what = sim_below(100);
    size_t from = link->outbox.size;
    link->last = sim_chance(80) ? KEEPS : CLOSES;
    link->drips = !sim.calm && sim_chance(3);
    if (what < 20) {
        say_elsewhere(link, p);
    } else if (what < 88 || sim.calm) {
        say_rightly(link, p);
    } else if (what < 98) {
        say_wrongly(link, p);
    } else {
        say_interim(link, p);
    }
    note_stop(link, (answer *)link->answer, from);
    if (!sim.calm && what >= 20 && from == 0 && sim_chance(12)) {
        spoil(link, p);
    }
    sim_log("link %d: the server answers request %zu with %zu bytes, then %d", link->number, p->tag,
            link->outbox.size, link->last);
}

/* The next piece of the answer sets out. */
static void send_piece(sim_link *link)
{
    size_t piece = link->outbox.size;
    if (link->drips) {
        sim_later(sim_delay() + SIM_MS, SIM_EVENT_DOWN, link, 1);
        return;
    }
    if (sim_chance(30)) {
        piece = 1 + sim_below(piece);
    }
    if (link->outbox.size < 200 && sim_chance(15)) {
        piece = 1;
    }
    sim_later(sim_delay(), SIM_EVENT_DOWN, link, piece);
}

/* The number behind a field's name in a head that ends in a NUL; -1 where there is none. */
static long field_number(const char *head, const char *name)
{
    const char *at = strstr(head, name);
    return at != NULL ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* What a request to a host says of it. */
static void host_field(char *field, size_t room, const sim_host *host)
{
    snprintf(field, room,
             host->port == 80 && !host->https ? "\r\nHost: %s\r\n" : "\r\nHost: %s:%u\r\n",
             host->name, host->port);
}

/* Behind the unix socket are all hosts: the first head says for which one a connection is. */
static void find_host_behind(sim_link *link, const char *head)
{
    char wanted[128];
    for (unsigned h = 0; h < sim.host_count && link->host == SIM_LOCAL_HOST; h++) {
        host_field(wanted, sizeof wanted, &sim.hosts[h]);
        link->host = strstr(head, wanted) != NULL && !sim.hosts[h].https ? h : link->host;
    }
    if (link->host == SIM_LOCAL_HOST || strstr(head, " http://") != NULL) {
        sim_die("link %d: nobody behind the unix socket is asked so: %.60s", link->number, head);
    }
}

/* The proxy is told the whole URL: whose it is decides what the connection is now. Otherwise it is
 * to the host itself, or through a tunnel. */
static void find_host(sim_link *link, const char *head)
{
    char        wanted[128];
    const char *target = strchr(head, ' ');
    bool        whole = target != NULL && strncmp(target, " http://", 8) == 0;
    bool        found = !whole;
    for (unsigned h = 0; h < sim.host_count && whole && !found; h++) {
        const sim_host *host = &sim.hosts[h];
        snprintf(wanted, sizeof wanted, host->port == 80 ? " http://%s/" : " http://%s:%u/",
                 host->name, host->port);
        found = !host->https && is_proxied(h) && strncmp(target, wanted, strlen(wanted)) == 0;
        link->host = found ? h : link->host;
    }
    bool tunnel = is_tls(link) && link->host != sim.places[link->place].host;
    bool told = strstr(head, "\r\nProxy-Authorization: ") != NULL;
    if (!found || told != whole || is_proxied(link->host) != (whole || tunnel) ||
        (whole && (int)sim.places[link->place].host != now.proxy)) {
        sim_die("link %d: not the way to ask this: %.60s", link->number, head);
    }
}

/* What a head says of the content. */
static void check_framing(const plan *p, const char *head)
{
    long length = field_number(head, "\r\nContent-Length: ");
    bool chunked = strstr(head, "\r\nTransfer-Encoding: chunked\r\n") != NULL;
    bool expects = strstr(head, "\r\nExpect: 100-continue\r\n") != NULL;
    if (chunked != p->chunked || (chunked && length >= 0) ||
        (length < 0 ? 0 : (size_t)length) != p->length) {
        sim_die("request %zu has a body of %ld bytes, not %zu, or in chunks", p->tag, length,
                p->length);
    }
    if (expects != p->expects) {
        sim_die("request %zu expects %s", p->tag, expects ? "to be asked" : "nothing");
    }
}

/* A request's head as it arrived must be what was asked for. */
static void check_head(sim_link *link, const plan *p, const char *head)
{
    char wanted[128];
    char origin[80] = "";
    if (sim.local) {
        find_host_behind(link, head);
    } else {
        find_host(link, head);
    }
    const sim_host *host = &sim.hosts[link->host];
    if (is_proxied(link->host) && !host->https) {
        snprintf(origin, sizeof origin, host->port == 80 ? "http://%s" : "http://%s:%u", host->name,
                 host->port);
    }
    snprintf(wanted, sizeof wanted, "%s %s/r/%zu/", p->method, origin, p->tag);
    if (strncmp(head, wanted, strlen(wanted)) != 0) {
        sim_die("request %zu begins otherwise than \"%s\": %.60s", p->tag, wanted, head);
    }
    host_field(wanted, sizeof wanted, host);
    if (strstr(head, wanted) == NULL) {
        sim_die("request %zu does not say \"%s\"", p->tag, wanted + 2);
    }
    if ((strstr(head, "\r\nAuthorization: ") != NULL) != (p->secret && !p->moved)) {
        sim_die("request %zu carries credentials, or does not", p->tag);
    }
    check_framing(p, head);
}

/* The request that a head belongs to. Its target says after how many redirects it comes. */
static plan *plan_of_head(const char *head)
{
    const char *at = strstr(head, "/r/");
    char       *end = NULL;
    size_t      tag = at != NULL ? (size_t)strtoul(at + 3, &end, 10) : PLANS;
    if (tag >= PLANS || !now.plans[tag].used) {
        sim_die("a server is asked for nonsense: %.60s", head);
    }
    plan *p = &now.plans[tag];
    long  hops = *end == '/' ? strtol(end + 1, NULL, 10) : LONG_MAX;
    if (hops > p->hops || hops > (p->redirects > 0 ? p->redirects : 0)) {
        sim_die("request %zu follows redirect %ld of %jd", tag, hops, (intmax_t)p->redirects);
    }
    return p;
}

/* Reads a request's head from what has arrived, if it is complete. */
static void read_head(sim_link *link)
{
    char   head[2048];
    size_t size = 0;
    while (size + 4 <= link->inbox.size && memcmp(link->inbox.data + size, "\r\n\r\n", 4) != 0) {
        size++;
    }
    if (size + 4 > link->inbox.size) {
        return;
    }
    if (size + 4 >= sizeof head) {
        sim_die("a head is too long");
    }
    memcpy(head, link->inbox.data, size + 4);
    head[size + 4] = '\0';
    plan *p = plan_of_head(head);
    check_head(link, p, head);
    sim_bytes_take(&link->inbox, size + 4);
    link->asker = p;
    link->chunked = p->chunked;
    link->answered = false;
    link->pondered = false;
    link->taken = 0;
    link->head = size + 4;
    link->content = p->body_size;
    link->left = p->length;
    link->early_at = sim_chance(10) ? sim_below(p->body_size + 1) : SIZE_MAX;
}

/* Reads the line before a chunk, and what ends the chunk before it. `last`: there are no more.
 * False: not all of it has come. */
static bool read_chunk_line(sim_link *link, const plan *p, bool *last)
{
    char   line[32];
    size_t size = link->inbox.size < sizeof line - 1 ? link->inbox.size : sizeof line - 1;
    size_t before = link->taken > 0 ? 2 : 0;
    char  *end = NULL;
    memcpy(line, link->inbox.data, size);
    line[size] = '\0';
    if (size < before + 3 || strchr(line + before, '\n') == NULL) {
        return false;
    }
    size_t chunk = (size_t)strtoul(line + before, &end, 16);
    size_t behind = chunk == 0 ? 4 : 2;
    if (size < (size_t)(end - line) + behind) {
        return false;
    }
    if (memcmp(line, "\r\n", before) != 0 || end == line + before ||
        memcmp(end, "\r\n\r\n", behind) != 0) {
        sim_die("request %zu has a chunk that is none, behind %zu bytes", p->tag, link->taken);
    }
    sim_bytes_take(&link->inbox, (size_t)(end - line) + behind);
    link->left = chunk;
    *last = chunk == 0;
    return true;
}

/* Takes content that has arrived. It must be what was to be sent. */
static void take_content(sim_link *link, const plan *p)
{
    size_t size = link->inbox.size < link->left ? link->inbox.size : link->left;
    for (size_t i = 0; i < size; i++) {
        size_t at = link->taken + i;
        if (at >= link->content || link->inbox.data[i] != (byte_of(p->tag, 99, at) | 0x80u)) {
            sim_die("request %zu comes with a wrong body, at %zu", p->tag, at);
        }
    }
    sim_bytes_take(&link->inbox, size);
    link->taken += size;
    link->left -= size;
}

/* Reads the content of a request, as far as it has come. Returns whether that is all. */
static bool read_content(sim_link *link, const plan *p)
{
    bool last = !link->chunked;
    take_content(link, p);
    while (link->chunked && link->left == 0 && read_chunk_line(link, p, &last) && !last) {
        take_content(link, p);
    }
    if (!last || link->left > 0) {
        return false;
    }
    if (link->taken != link->content || p->fails) {
        sim_die("request %zu comes with %zu bytes as complete, not %zu", p->tag, link->taken,
                link->content);
    }
    if (link->inbox.size > 0 && !link->answered) {
        sim_die("request %zu comes with more than its body", p->tag);
    }
    return true;
}

/* The connection may break at any point of the request. */
static void allow_broken(plan *p)
{
    allow(p, PARIO_ERROR_RECEIVE);
    allow(p, PARIO_ERROR_SEND);
    allow(p, PARIO_ERROR_BODY_TRUNCATED);
    allow(p, PARIO_ERROR_HEAD_TRUNCATED);
    allow(p, PARIO_ERROR_EMPTY_REPLY);
}

/* The server does not answer, now and then. */
static bool refuses(sim_link *link)
{
    if (sim.calm || link->outbox.size > 0 || !sim_chance(8)) {
        return false;
    }
    link->step = 2;
    if (sim_chance(50)) {
        sim_log("link %d: the server never answers", link->number);
        link->deaf = sim_chance(50);
    } else {
        sim_log("link %d: the server closes instead of an answer", link->number);
        link->closed = true;
        sim_later(sim_delay(), sim_chance(50) ? SIM_EVENT_FIN : SIM_EVENT_RESET, link, 0);
    }
    return true;
}

/* What comes later, for on_other. */
#define STRAY SIZE_MAX
#define HELLO (SIZE_MAX - 1)
#define ALERT (SIZE_MAX - 2)
#define GO_ON (SIZE_MAX - 3)

/* A server has the first byte of TLS, and answers it with one, or otherwise. */
static void greet(sim_link *link)
{
    size_t how = sim.calm ? 99 : sim_below(100);
    if (link->inbox.data[0] != 0x16 || link->inbox.size > 1) {
        sim_die("link %d: TLS is not spoken to a host that wants it", link->number);
    }
    link->inbox.size = 0;
    link->greeted = true;
    link->notifies = sim_chance(50);
    if (how < 4) {
        sim_later(sim_delay(), how < 2 ? SIM_EVENT_FIN : SIM_EVENT_RESET, link, 0);
    } else if (how > 5) {
        sim_later(sim_delay(), SIM_EVENT_OTHER, link, how < 9 ? ALERT : HELLO);
    }
}

/* Other threads may be about to close one connection each, without the lock. */
static int64_t closing_at_most(void)
{
    return now.tls && now.config.executor == PARIO_THREADS ? now.config.concurrency : 0;
}

/* One more tunnel to a host, to which there must not be too many. */
static void count_tunnels(unsigned host)
{
    int64_t open = 0;
    for (const sim_link *link = sim.links; link != NULL; link = link->next) {
        open += link->fd >= 0 && link->host == host ? 1 : 0;
    }
    if (now.config.per_host > 0 && now.config.executor != PARIO_SEQUENTIAL &&
        open > now.config.per_host + closing_at_most()) {
        sim_die("%jd tunnels are open to %s", (intmax_t)open, sim.hosts[host].name);
    }
}

/* The host that a proxy is asked for a tunnel to; what asks must be as it should. */
static unsigned tunnel_to(const sim_link *link, const char *head)
{
    char wanted[300];
    for (unsigned h = 0; h < sim.host_count; h++) {
        const sim_host *host = &sim.hosts[h];
        snprintf(wanted, sizeof wanted,
                 "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\nProxy-Authorization: Basic dXM6ZXI=\r\n"
                 "User-Agent: pario/" PARIO_VERSION "\r\n\r\n",
                 host->name, host->port, host->name, host->port);
        if (host->https && is_proxied(h) && strcmp(head, wanted) == 0) {
            return h;
        }
    }
    sim_die("link %d: nobody asks for a tunnel so: %.60s", link->number, head);
}

/* A proxy opens a tunnel, or does not. What follows on it is between the client and its host. */
static void open_tunnel(sim_link *link)
{
    static const char *const others[] = {
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\npage",
        "HTTP/1.1 407 Who\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nwelcome",
        "SSH-2.0-sim\r\n",
        "HTTP/1.1 200 OK\r\nVia:",
    };
    char   head[512];
    size_t size = link->inbox.size;
    size_t how = sim.calm ? 99 : sim_below(100);
    if (size < 4 || memcmp(link->inbox.data + size - 4, "\r\n\r\n", 4) != 0) {
        return;
    }
    if (size >= sizeof head) {
        sim_die("link %d: more than a question for a tunnel", link->number);
    }
    memcpy(head, link->inbox.data, size);
    head[size] = '\0';
    unsigned host = tunnel_to(link, head);
    link->inbox.size = 0;
    link->asks = false;
    now.fooled |= how < 12 ? 1u << host : 0u;
    link->step = 1;
    link->last = how < 5 ? CLOSES : TUNNELS;
    if (how < 5) {
        say(link, "%s", others[how]);
    } else if (how < 7) {
        sim_later(sim_delay(), how < 6 ? SIM_EVENT_FIN : SIM_EVENT_RESET, link, 0);
    } else if (how >= 12) {
        say(link, "%sHTTP/1.1 200 Stands\r\n%s\r\n",
            sim_chance(10) ? "HTTP/1.1 100 Go\r\n\r\n" : "",
            sim_chance(30) ? "Content-Length: 9\r\n" : "");
        link->host = host;
        count_tunnels(host);
    }
    sim_log("link %d: a tunnel to %s %s", link->number, sim.hosts[host].name,
            how < 12 ? "is not opened" : "is opened");
    if (how == 2) { /* as one piece: what comes late is the business of TLS */
        sim_later(sim_delay(), SIM_EVENT_DOWN, link, link->outbox.size);
    } else if (link->outbox.size > 0) {
        send_piece(link);
    }
}

/* Answers a request, all of which has been read, or not. */
static void answer_request(sim_link *link, plan *p, bool whole, bool expected)
{
    bool under_way = link->outbox.size > 0;
    link->step = 1;
    link->served++;
    link->answered = true;
    if (expected) {
        make_answer(link, p);
    } else {
        say_unexpected(link, p);
        note_stop(link, (answer *)link->answer, 0);
    }
    if (!whole && link->last != KEEPS) {
        allow_broken(p);
    }
    if (!under_way && link->outbox.size > 0) {
        send_piece(link);
    } else if (!under_way) {
        sim.hooks->emptied(link);
    }
}

/* A server asks for the content. */
static void say_go_on(sim_link *link)
{
    sim_log("link %d: the server asks for the content", link->number);
    say(link, "HTTP/1.1 100 Continue\r\n\r\n");
    link->hinted = true;
    send_piece(link);
}

/* A server is asked whether it wants the content. */
static void consider(sim_link *link, plan *p)
{
    size_t  how = sim_below(100);
    int64_t ms = now.config.expect_timeout_ms;
    if (how < 40) {
        say_go_on(link);
    } else if (how < 55) {
        ms = ms > 0 ? ms : 1000;
        link->promised = link->served + 1;
        sim_later((int64_t)sim_below((size_t)ms * 2) * SIM_MS, SIM_EVENT_OTHER, link, GO_ON);
    } else if (how < 70) {
        answer_request(link, p, false, false);
    } else if (how < 85) {
        link->early_at = 0;
    }
}

/* When content goes on its way that was not asked for, if its head did at that time. */
static int64_t unasked_at(int64_t head_at)
{
    int64_t ms = now.config.expect_timeout_ms;
    return ms < 0 ? INT64_MAX : head_at + ms * SIM_MS;
}

/* Content must have been asked for, or the client have waited for that. */
static void check_asked(const sim_link *link, const plan *p)
{
    bool asked = !p->expects || link->hinted || link->answered;
    if (!asked && link->inbox.size > 0 && sim.now < unasked_at(link->asked_at) - TICK_US * 1000) {
        sim_die("request %zu sends its content unasked", p->tag);
    }
}

/* A server has bytes of a request that it has not answered, whose head has come. */
static void hear(sim_link *link, plan *p)
{
    check_asked(link, p);
    bool whole = read_content(link, p);
    if (!whole && p->expects && !link->pondered) {
        link->pondered = true;
        consider(link, p);
    }
    link->asker = whole ? NULL : p;
    bool enough = whole || link->taken >= link->early_at;
    if (enough && link->step == 0 && !link->answered && !refuses(link)) {
        answer_request(link, p, whole, true);
    }
}

/* A server has bytes of a request. */
static void on_arrived(sim_link *link)
{
    if (link->step == 0 && link->inbox.size > 0 && link->inbox.data[0] == 'C' && !is_tls(link)) {
        open_tunnel(link);
        return;
    }
    if (is_tls(link) && !link->greeted) {
        greet(link);
        return;
    }
    /* Content may still come behind its answer, and the next request with it. */
    if (link->asker != NULL && link->answered && read_content(link, (plan *)link->asker)) {
        link->asker = NULL;
    }
    if (link->asker == NULL && link->step == 0) {
        read_head(link);
    }
    if (link->asker != NULL && !link->answered) {
        hear(link, (plan *)link->asker);
    }
}

/* What a server does with a connection that it has answered on. */
static void finish_answer(sim_link *link)
{
    switch (link->last) {
    case KEEPS:
        link->step = 0;
        if (sim_chance(10)) {
            sim_later(sim_delay() * 10, SIM_EVENT_OTHER, link, (size_t)link->served);
        }
        break;
    case CLOSES:
        link->closed = true;
        sim_later(sim_chance(50) ? 0 : sim_delay(), SIM_EVENT_FIN, link, 0);
        break;
    case RESETS:
        sim_later(sim_delay(), SIM_EVENT_RESET, link, 0);
        break;
    case TUNNELS:
        link->step = 0;
        break;
    case HALF_CLOSES:
        sim_later(sim_delay(), SIM_EVENT_FIN, link, 0);
        link->step = 2;
        break;
    case STRAYS:
        sim_later(sim_delay(), SIM_EVENT_OTHER, link, STRAY);
        break;
    default:
        break;
    }
}

/* A piece has arrived at the client; was it the last? */
static void on_emptied(sim_link *link)
{
    answer *a = (answer *)link->answer;
    if (a != NULL && link->step == 1) {
        a->whole = a->whole || (!a->until_end && link->outbox.size <= link->extra);
    }
    if (link->outbox.size < link->extra && link->stray_at == 0) {
        link->stray_at = sim.now;
    }
    if (link->outbox.size > 0) {
        send_piece(link);
    } else if (link->step == 1) {
        finish_answer(link);
    }
}

/* A server closes a connection that has been idle, or says what nobody asked for. */
static void on_other(sim_link *link, size_t number)
{
    if (link->fd < 0 || link->reset || link->fin) {
        return;
    }
    if (number == HELLO || number == ALERT) {
        unsigned char byte = number == HELLO ? 0x16 : 0x15;
        sim_bytes_add(&link->down, &byte, 1);
        link->came_at = link->came_at != 0 ? link->came_at : sim.now;
        sim_stir(link);
    } else if (number == STRAY && !link->busy) {
        sim_log("link %d: the server says more than it was asked for", link->number);
        sim_bytes_add(&link->down, stray, sizeof stray - 1);
        link->stray_at = sim.now;
        sim_stir(link);
    } else if (number == GO_ON && link->step == 0 && link->promised == link->served + 1) {
        say_go_on(link);
    } else if (link->step == 0 && link->served == number && link->asker == NULL) {
        link->closed = true;
        sim_later(0, sim_chance(70) ? SIM_EVENT_FIN : SIM_EVENT_RESET, link, 0);
    }
}

/* A request meets the end of its connection: it is sent again, or may say so. */
static void meet_end(const sim_link *link, plan *p)
{
    bool fresh = link->asked == 1 || link->hinted || p->piped;
    if (!fresh && link->answer == NULL && p->idempotent && p->stale == 0) {
        p->stale++;
        return;
    }
    allow_broken(p);
}

/* The end has come to the client. */
static void on_ended(sim_link *link, bool reset)
{
    plan   *p = (plan *)link->owner;
    answer *a = (answer *)link->answer;
    bool    done = false;
    if (a != NULL) {
        a->whole = a->whole ||
                   (a->until_end && link->step == 1 && link->outbox.size == 0 && !reset);
        done = a->good && a->whole;
    }
    if (p != NULL && link->busy && !done) {
        meet_end(link, p);
    }
}

/* ---- the client's side of the network -------------------------------------------------- */

/* A byte of a request went or came. */
static void note_byte(plan *p)
{
    int64_t silence = sim.now - p->moved_at;
    if (p->moved_at != 0 && silence > p->longest) {
        p->longest = silence;
    }
    p->moved_at = sim.now;
}

static void check_busy(void)
{
    size_t busy = 0;
    for (const sim_link *link = sim.links; link != NULL; link = link->next) {
        busy += link->busy && link->fd >= 0 ? 1u : 0u;
    }
    if (busy > (size_t)now.config.concurrency + now.fetching) {
        sim_die("%zu requests are in flight", busy);
    }
}

/* Whether bytes that nobody asked for have come since the client looked last. */
static bool hides_stray(const sim_link *link)
{
    bool looked = link->looked_at + sim.polled_at > 0;
    if (link->extra > 0 && link->stray_at == 0) {
        return true;
    }
    return link->stray_at != 0 && link->down.size > 0 && looked &&
           link->stray_at >= link->looked_at && link->stray_at >= sim.polled_at;
}

/* A request is sent once to where it goes, or twice if the first connection was a stale one. */
static void count_try(const sim_link *link, plan *p)
{
    if (!p->idempotent && p->sent_hop == p->hops) {
        sim_die("request %zu is sent a second time, although it is a %s", p->tag, p->method);
    }
    p->tries = p->hop == p->hops ? p->tries + 1 : 1;
    p->hop = p->hops;
    if (p->tries > 2 || (p->tries == 2 && (link->asked > 0 || !p->on_reused))) {
        sim_die("request %zu is sent for the %u. time", p->tag, p->tries);
    }
    p->on_reused = link->asked > 0;
}

/* A connection is used for another request: it must not have been idle for too long. */
static void check_idle_time(const sim_link *link)
{
    int64_t     idle_us = (sim.now - link->rested_at) / 1000;
    const plan *before = (const plan *)link->owner;
    if (before != NULL && (before->stream || before->fd != 0)) {
        return; /* it was not idle as soon as all bytes were there */
    }
    if (link->asked > 0 && now.config.idle_timeout_ms > 0 &&
        idle_us > now.config.idle_timeout_ms * 1000 + TICK_US) {
        sim_die("link %d is used again after %jd us", link->number, (intmax_t)idle_us);
    }
}

/* A request begins to be sent, or tries to. */
static void begin_request(sim_link *link, plan *p)
{
    sim_log("link %d: that is request %zu", link->number, p->tag);
    count_try(link, p);
    check_idle_time(link);
    link->owner = p;
    link->answer = NULL;
    link->hinted = false;
    link->sent = 0;
    link->head = 0;
    link->busy = true;
    link->asked++;
    link->asked_at = sim.now;
    link->excused = hides_stray(link);
    p->moved_at = 0;
    p->strayed = p->strayed || link->excused;
    if (link->outbox.size + link->down.size < link->extra) {
        sim_die("link %d is used again although more came than was asked for", link->number);
    }
    if (link->excused) {
        link->extra = 0; /* it is the answer to this request, as far as anybody can tell */
        allow_broken(p);
    }
    if (link->fin || link->reset || link->closed) {
        meet_end(link, p);
    }
    check_busy();
}

/* How many connections are open on which something was sent: of all, and of a host. */
static void count_used(const sim_host *host, unsigned *all, unsigned *own)
{
    *all = 0;
    *own = 0;
    for (const sim_link *link = sim.links; link != NULL; link = link->next) {
        bool counts = link->fd >= 0 && link->used;
        *all += counts ? 1 : 0;
        *own += counts && &sim.hosts[sim.places[link->place].host] == host ? 1 : 0;
    }
}

/* Of all connections and of a host's there must not be too many; while they are connecting, there
 * may be one to each address for each of those. */
static void check_limits(const sim_host *host, unsigned all, unsigned own, unsigned each)
{
    int64_t kept = now.config.idle_connections;
    int64_t most = now.config.concurrency + (kept > 0 ? kept : 0) + (int64_t)now.fetching;
    int64_t closing = closing_at_most();
    if (now.config.concurrency > 0 && (int64_t)all > (most + closing) * each) {
        sim_die("%u connections are open", all);
    }
    /* Who fetches on the sequential executor cannot wait for a request that waits for him. */
    bool counts = now.config.per_host > 0 && now.config.executor != PARIO_SEQUENTIAL;
    /* Of whose connections to a proxy, or to the unix socket, it is one is not known yet. */
    counts = counts && !sim.local && (now.proxy < 0 || host != &sim.hosts[now.proxy]);
    if (counts && (int64_t)own > (now.config.per_host + closing) * each) {
        sim_die("%u connections are open to %s", own, host->name);
    }
}

static void on_connecting(sim_link *link)
{
    const sim_host *host = &sim.hosts[sim.places[link->place].host];
    unsigned        each = 1;
    for (unsigned i = 0; i < sim.host_count; i++) {
        each = sim.hosts[i].place_count > each ? sim.hosts[i].place_count : each;
    }
    check_limits(host, sim.sockets, host->open, each);
}

/* So much of the answer is left to be taken. */
static size_t left_of_answer(const sim_link *link)
{
    return link->outbox.size + link->down.size;
}

/* Whether the client knows that no more content is wanted. */
static bool is_stopped(const sim_link *link)
{
    const answer *a = (const answer *)link->answer;
    return a != NULL && a->stops && left_of_answer(link) <= a->behind;
}

/* Content is sent on a connection. */
static void check_going_on(const sim_link *link)
{
    if (is_stopped(link)) {
        sim_die("link %d: content is sent behind a final answer", link->number);
    }
}

/* The client has the head of an answer to its Expect alone, and asks once more, if it can. */
static void ask_again(sim_link *link, plan *p, answer *a)
{
    a->repeats = false;
    if (!p->piped || sim.supplies[p->supply].taken == 0) {
        a->good = false;
        p->expects = false;
        p->sent_hop = -1;
        p->tries = 0;
        link->busy = false;
    }
}

static void on_sent(sim_link *link, const struct iovec *first, size_t moved)
{
    char   head[128];
    size_t size = first->iov_len < sizeof head - 1 ? first->iov_len : sizeof head - 1;
    if (!link->used) {
        const sim_host *host = &sim.hosts[sim.places[link->place].host];
        unsigned        all;
        unsigned        own;
        link->used = true;
        count_used(host, &all, &own);
        check_limits(host, all, own, 1);
    }
    memcpy(head, first->iov_base, size);
    head[size] = '\0';
    link->asks = link->asks || strncmp(head, "CONNECT ", 8) == 0;
    if (head[0] >= 'A' && head[0] <= 'Z' && !link->busy && !link->asks) {
        begin_request(link, plan_of_head(head));
    }
    plan *p = (plan *)link->owner;
    if (p != NULL && moved > 0) {
        check_going_on(link);
        link->sent += moved;
        link->sent_at = sim.now;
        p->sent_hop = p->hops;
        note_byte(p);
    }
}

static void on_received(sim_link *link, size_t moved)
{
    (void)moved;
    answer *a = (answer *)link->answer;
    plan   *p = (plan *)link->owner;
    bool    over = a != NULL && a->whole && link->outbox.size + link->down.size <= link->extra;
    if (p == NULL) {
        return;
    }
    if (link->busy) {
        note_byte(p);
    }
    if (over && a->leads) {
        follow(p, a);
    }
    if (is_stopped(link) && a->repeats) {
        ask_again(link, p, a);
    }
    link->rested_at = sim.now;
    link->busy = link->busy && !over && !link->excused;
}

/* ---- TLS ------------------------------------------------------------------------------- */

/*
 * A TLS transport that enciphers nothing: a byte each way, then what is said. It takes more from
 * its descriptor than it hands out at once, as real ones do.
 */
typedef struct session {
    int           fd;
    bool          spoken;
    size_t        at;
    size_t        size;
    unsigned char bytes[300];
} session;

static sim_host *host_of(const session *it)
{
    return &sim.hosts[sim.fds[it->fd].link->host];
}

static void check_unlocked(const char *what)
{
    if (sim.threads[sim.running].held > 0) {
        sim_die("the TLS transport's %s is called while a lock is held", what);
    }
}

/* Whether a host of https has this name, which is told to TLS without brackets. */
static bool is_named(const sim_host *host, const char *name)
{
    size_t bracket = host->name[0] == '[' ? 1 : 0;
    return strncmp(host->name + bracket, name, strlen(name)) == 0 &&
           strlen(host->name) == strlen(name) + 2 * bracket;
}

static void *tls_begin(void *context, int fd, const char *host)
{
    check_unlocked("begin");
    session *it = (session *)sim_malloc(sizeof *it);
    if (it == NULL) {
        return NULL;
    }
    memset(it, 0, sizeof *it);
    it->fd = fd;
    for (unsigned h = 0; h < sim.host_count && sim.local; h++) {
        sim_link *link = sim.fds[fd].link;
        link->host = sim.hosts[h].https && is_named(&sim.hosts[h], host) ? h : link->host;
    }
    if (context != &now || !is_named(host_of(it), host)) {
        sim_die("TLS is begun with %s at %s", host, host_of(it)->name);
    }
    return it;
}

/* The transport fails, or says that the connection broke; or the direction in which the descriptor
 * said EAGAIN is wanted. */
static pario_tls_result tls_fails(const session *it, pario_tls_result direction)
{
    bool again = errno == EAGAIN;
    host_of(it)->tls_fails += again ? 0u : 1u;
    return again ? direction : sim_chance(50) ? PARIO_TLS_CUT : PARIO_TLS_ERROR;
}

static pario_tls_result tls_handshake(void *context)
{
    session      *it = (session *)context;
    unsigned char byte = 0x16;
    check_unlocked("handshake");
    if (!it->spoken && send(it->fd, &byte, 1, MSG_NOSIGNAL) != 1) {
        return tls_fails(it, PARIO_TLS_WANTS_WRITE);
    }
    it->spoken = true;
    ssize_t got = recv(it->fd, &byte, 1, 0);
    if (got < 0) {
        return tls_fails(it, PARIO_TLS_WANTS_READ);
    }
    bool fine = got == 1 && byte == 0x16;
    host_of(it)->tls_fails += fine ? 0u : 1u;
    return fine ? PARIO_TLS_OK : got == 0 ? PARIO_TLS_CUT : PARIO_TLS_ERROR;
}

static pario_tls_result tls_read(void *context, void *bytes, size_t size, size_t *moved)
{
    session *it = (session *)context;
    check_unlocked("read_some");
    if (it->at == it->size) {
        ssize_t got = recv(it->fd, it->bytes, 1 + sim_below(sizeof it->bytes), 0);
        if (got < 0) {
            return tls_fails(it, PARIO_TLS_WANTS_READ);
        }
        if (got == 0) {
            return sim.fds[it->fd].link->notifies ? PARIO_TLS_END : PARIO_TLS_CUT;
        }
        it->at = 0;
        it->size = (size_t)got;
    }
    *moved = it->size - it->at < size ? it->size - it->at : size;
    *moved = sim_chance(20) ? 1 + sim_below(*moved) : *moved;
    memcpy(bytes, it->bytes + it->at, *moved);
    it->at += *moved;
    return PARIO_TLS_OK;
}

static pario_tls_result tls_write(void *context, const void *bytes, size_t size, size_t *moved)
{
    session *it = (session *)context;
    check_unlocked("write_some");
    ssize_t sent = send(it->fd, bytes, size, MSG_NOSIGNAL);
    *moved = sent > 0 ? (size_t)sent : 0;
    return sent > 0 ? PARIO_TLS_OK : tls_fails(it, PARIO_TLS_WANTS_WRITE);
}

static void tls_explain(void *context, char *text, size_t size)
{
    (void)context;
    check_unlocked("explain");
    snprintf(text, size, "it is simulated");
}

static void tls_end(void *context)
{
    check_unlocked("end");
    sim_free(context);
}

static const pario_tls tls = { &now,      tls_begin,   tls_handshake, tls_read,
                               tls_write, tls_explain, tls_end };

/* ---- judging --------------------------------------------------------------------------- */

/*
 * Bytes that nobody asked for may be taken for an answer if they came after the client had
 * looked last, and before it sent: it cannot know.
 */
static bool is_stray(const plan *p, const pario_response *r)
{
    return p->strayed && r->status == 200 && strcmp(r->reason, "Stray") == 0;
}

/* The answer that a response says it is. */
static const answer *answer_of(const plan *p, const pario_response *r)
{
    size_t      tag = 0;
    unsigned    number = 0;
    const char *id = pario_response_field(r, "x-id", 0);
    if (id == NULL || sscanf(id, "%zu-%u", &tag, &number) != 2) {
        sim_die("request %zu comes back with an answer that was never given", p->tag);
    }
    if (tag != p->tag || number >= p->answer_count) {
        sim_die("request %zu comes back with the answer %s of another one", p->tag, id);
    }
    return &p->answers[number];
}

static void judge_content(const plan *p, const pario_response *r)
{
    const answer *a = answer_of(p, r);
    const char   *sum = pario_response_trailer(r, "X-Sum", 0);
    if (r->status != a->status || !a->good || !a->whole) {
        sim_die("request %zu comes back as complete (%d), the answer was %d, %s, %s", p->tag,
                r->status, a->status, a->good ? "good" : "not good",
                a->whole ? "whole" : "not whole");
    }
    size_t               size = p->stream ? p->taken : r->body_size;
    const unsigned char *bytes = (const unsigned char *)r->body;
    if (p->fd != 0) {
        size = sim.sinks[p->sink].bytes.size;
        bytes = sim.sinks[p->sink].bytes.data;
    }
    if (r->content_bytes != size) {
        sim_die("request %zu has %zu bytes of content, and says %ju", p->tag, size,
                (uintmax_t)r->content_bytes);
    }
    if (r->redirects != p->hops) {
        sim_die("request %zu comes back after %jd redirects, it followed %jd", p->tag,
                (intmax_t)r->redirects, (intmax_t)p->hops);
    }
    if (size != a->size || (sum != NULL) != a->trailer) {
        sim_die("request %zu comes back with %zu bytes, not %zu", p->tag, size, a->size);
    }
    for (size_t i = 0; i < a->size && !p->stream; i++) {
        if (bytes[i] != byte_of(p->tag, a->number, i)) {
            sim_die("request %zu comes back with a wrong byte at %zu", p->tag, i);
        }
    }
}

/* Whether a place can be reached from the client's source address. */
static bool is_reachable(unsigned place)
{
    const char *source = now.config.source;
    return source == NULL || sim.local || sim.places[place].ipv6 == (strchr(source, ':') != NULL);
}

/* Whether each place of some host has failed, and this errno is one of theirs. */
static bool connect_may_fail(const plan *p, int number)
{
    bool may = false;
    for (unsigned h = 0; h < sim.host_count; h++) {
        const sim_host *host = &sim.hosts[h];
        bool            all = (p->hosts & (1u << h)) != 0;
        uint64_t        errors = 0;
        for (unsigned i = 0; i < host->place_count; i++) {
            all = all &&
                  (sim.places[host->places[i]].failures > 0 || !is_reachable(host->places[i]));
            errors |= sim.places[host->places[i]].errors;
        }
        may = may || (all && (errors & (UINT64_C(1) << ((unsigned)number % 64))) != 0);
    }
    return may || sim.call_failed;
}

static bool lookup_may_fail(const plan *p)
{
    bool may = false;
    for (unsigned h = 0; h < sim.host_count; h++) {
        may = may || ((p->hosts & (1u << h)) != 0 && sim.hosts[h].lookup_fails > 0);
    }
    return may || sim.call_failed || sim.memory_failed;
}

/* Whether the TLS transport has failed, or the connection under it. */
static bool tls_may_fail(const plan *p)
{
    bool may = false;
    for (unsigned h = 0; h < sim.host_count; h++) {
        may = may || ((p->hosts & (1u << h)) != 0 && sim.hosts[h].tls_fails > 0);
    }
    return may;
}

/* Whether a proxy has not opened a tunnel as it should. */
static bool tunnel_may_fail(const plan *p, const pario_response *r)
{
    static const pario_error errors[] = {
        PARIO_ERROR_PROXY_REFUSED, PARIO_ERROR_PROXY_BYTES, PARIO_ERROR_STATUS_LINE,
        PARIO_ERROR_EMPTY_REPLY,   PARIO_ERROR_RECEIVE,     PARIO_ERROR_HEAD_TRUNCATED,
        PARIO_ERROR_SEND,
    };
    bool may = false;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        may = may || r->error == errors[i];
    }
    return may && r->stage == PARIO_STAGE_CONNECT && (p->hosts & now.fooled) != 0;
}

/* How late a timeout may be, in microseconds; INT64_MAX where nobody is there to see to it. */
static int64_t slack_us(void)
{
    if (now.config.executor == PARIO_SEQUENTIAL && now.blocked) {
        return INT64_MAX / 2;
    }
    int64_t away = sim.now - sim.served_at + sim.behind;
    away = away > sim.away ? away : sim.away;
    return TICK_US + (now.config.executor == PARIO_THREADS ? 0 : away / 1000);
}

/* A timeout of a lookup needs one that is under way, or was until just now. */
static void judge_late_lookup(const plan *p, int64_t end)
{
    bool fine = sim.faulty > 0 || now.config.lookup_cache_ms == PARIO_OFF;
    for (unsigned h = 0; h < sim.host_count; h++) {
        const sim_host *host = &sim.hosts[h];
        int64_t         told_us = (end - host->told_at) / 1000;
        bool            known = host->told_at != 0 && !host->looked_up && told_us >= slack_us();
        fine = fine || ((p->hosts & (1u << h)) != 0 && !known);
    }
    if (!fine) {
        sim_die("request %zu ends for lack of addresses that were found long ago", p->tag);
    }
}

/* Whether a request wanted a host of which nothing can be reached. */
static bool source_may_fail(const plan *p)
{
    bool may = false;
    for (unsigned h = 0; h < sim.host_count; h++) {
        const sim_host *host = &sim.hosts[h];
        bool            none = true;
        for (unsigned i = 0; i < host->place_count; i++) {
            none = none && !is_reachable(host->places[i]);
        }
        may = may || ((p->hosts & (1u << h)) != 0 && none);
    }
    return may;
}

/* When there was no connection in time, each address must have been tried. */
static void judge_late_connect(const plan *p, const pario_response *r, int64_t end)
{
    bool            proxied = is_proxied(p->home);
    const sim_host *host = &sim.hosts[proxied ? (unsigned)now.proxy : p->home];
    int64_t         begun = end - (r->times.total_us + TICK_US) * 1000;
    bool            all = true;
    for (unsigned i = 0; i < host->place_count; i++) {
        all = all &&
              (sim.places[host->places[i]].tried_at >= begun || !is_reachable(host->places[i]));
    }
    /* The client may have been kept from trying, or had a tick or two for all of it. */
    bool kept = sim.away >= SIM_MS || slack_us() > TICK_US * 2 ||
                r->times.total_us < TICK_US * host->place_count ||
                (proxied && sim.hosts[p->home].https); /* the proxy may have been silent */
    if (!all && p->hops == 0 && sim.faulty == 0 && !kept &&
        r->times.resolved_us * 2 <
            (p->connect_ms < p->total_ms ? p->connect_ms : p->total_ms) * 1000) {
        sim_die("request %zu ends for lack of a connection: not every address was tried", p->tag);
    }
}

/* The connection on which a request was sent last, or NULL. */
static const sim_link *last_link(const plan *p)
{
    const sim_link *last = NULL;
    for (const sim_link *link = sim.links; link != NULL; link = link->next) {
        bool later = last == NULL || link->asked_at > last->asked_at;
        last = link->owner == p && later ? link : last;
    }
    return last;
}

/* What has come must not lie there until time is over; and what came in time counts, however long
 * the program was away. */
static void judge_late_bytes(const plan *p, pario_error error)
{
    const sim_link *last = last_link(p);
    if (last != NULL && last->ignored / 1000 > slack_us()) {
        sim_die("request %zu ends although bytes lay there for %jd us", p->tag,
                (intmax_t)(last->ignored / 1000));
    }
    bool silent = error == PARIO_ERROR_PROGRESS_TIMEOUT && last != NULL && last->ignored != 0;
    if (silent && p->moved_at != 0 &&
        (last->came_at - p->moved_at) / 1000 < p->progress_ms * 1000 - TICK_US) {
        sim_die("request %zu ends for lack of progress, but bytes had come in time", p->tag);
    }
}

/* Content that nobody asked for must have gone on its way in the end. */
static void judge_late_content(const plan *p, int64_t end)
{
    const sim_link *link = last_link(p);
    bool waits = link != NULL && link->asker == p && !link->answered && p->expects && !p->piped &&
                 link->content > 0 && link->sent <= link->head;
    if (waits && (end - unasked_at(link->sent_at)) / 1000 > slack_us()) {
        sim_die("request %zu ends, and has not sent its content", p->tag);
    }
}

static void judge_timeout(const plan *p, const pario_response *r)
{
    int64_t end = p->asked_at + (r->times.queued_us + r->times.total_us) * 1000;
    if (r->stage == PARIO_STAGE_RESOLVE) {
        judge_late_lookup(p, end);
    } else if (r->stage == PARIO_STAGE_CONNECT) {
        judge_late_connect(p, r, end);
    } else if (r->stage != PARIO_STAGE_TLS && !p->stream && p->fd == 0) {
        judge_late_bytes(p, r->error);
        judge_late_content(p, end);
    }
    int64_t least = p->total_ms;
    int64_t silence = (sim.now - p->moved_at) / 1000;
    if (r->error == PARIO_ERROR_PROGRESS_TIMEOUT) {
        least = p->progress_ms;
        if (p->moved_at != 0 && silence < least * 1000 - 1000) {
            sim_die("request %zu: a byte moved %jd us ago, and it ends for lack of progress",
                    p->tag, (intmax_t)silence);
        }
    } else if (r->error == PARIO_ERROR_CONNECT_TIMEOUT) {
        least = p->connect_ms;
    }
    if (r->times.total_us < least * 1000) {
        sim_die("request %zu ends by %s after %jd us", p->tag, pario_error_name(r->error),
                (intmax_t)r->times.total_us);
    }
}

/* Whether the machine accounts for an error: memory or a call that failed. */
static bool machine_may_fail(pario_error error)
{
    bool call = error == PARIO_ERROR_SYSTEM || error == PARIO_ERROR_THREAD ||
                error == PARIO_ERROR_SEND || error == PARIO_ERROR_BODY_WRITE ||
                error == PARIO_ERROR_BODY_READ;
    return (call && sim.call_failed) || (error == PARIO_ERROR_MEMORY && sim.memory_failed);
}

/* Whether an error is one that any request may end with. */
static bool is_usual(const plan *p, const pario_response *r)
{
    return machine_may_fail(r->error) || tunnel_may_fail(p, r) ||
           (r->error < ERRORS && p->allowed[r->error]);
}

static bool is_accounted_for(const plan *p, const pario_response *r)
{
    switch ((int)r->error) {
    case PARIO_ERROR_TLS:
        return tls_may_fail(p);
    case PARIO_ERROR_SEND:
    case PARIO_ERROR_EMPTY_REPLY:
    case PARIO_ERROR_HEAD_TRUNCATED:
    case PARIO_ERROR_BODY_TRUNCATED:
        return tls_may_fail(p) || is_usual(p, r);
    case PARIO_ERROR_CONNECT:
        return connect_may_fail(p, r->system_error);
    case PARIO_ERROR_RESOLVE:
        return lookup_may_fail(p);
    case PARIO_ERROR_SOURCE:
        return source_may_fail(p);
    case PARIO_ERROR_CANCELLED:
        return p->cancelled || now.closing;
    case PARIO_ERROR_TOTAL_TIMEOUT:
    case PARIO_ERROR_PROGRESS_TIMEOUT:
    case PARIO_ERROR_CONNECT_TIMEOUT:
        judge_timeout(p, r);
        return true;
    case PARIO_ERROR_BODY_READ:
        return sim.call_failed || (p->fails && r->system_error == sim.supplies[p->supply].error);
    case PARIO_ERROR_BODY_REWIND:
        return p->allowed[r->error] && sim.supplies[p->supply].taken > 0;
    case PARIO_ERROR_BODY_WRITE:
        return sim.call_failed || (p->fd != 0 && sim.sinks[p->sink].left == 0 &&
                                   sim.sinks[p->sink].error == r->system_error);
    default:
        return is_usual(p, r);
    }
}

static void judge_times(const plan *p, const pario_response *r)
{
    int64_t end = p->asked_at + (r->times.queued_us + r->times.total_us) * 1000;
    if (end > sim.now + TICK_US * 1000 || r->times.total_us < 0 || r->times.queued_us < 0) {
        sim_die("request %zu ended at %jd ns, it is %jd now", p->tag, (intmax_t)end,
                (intmax_t)sim.now);
    }
    if (r->times.total_us > p->total_ms * 1000 + slack_us()) {
        sim_die("request %zu took %jd us, of %jd ms allowed", p->tag, (intmax_t)r->times.total_us,
                (intmax_t)p->total_ms);
    }
    /* Where a pipe has nothing, the silence is its own. */
    if (!p->piped && p->longest / 1000 > p->progress_ms * 1000 + slack_us()) {
        sim_die("request %zu was silent for %jd us, of %jd ms allowed", p->tag,
                (intmax_t)(p->longest / 1000), (intmax_t)p->progress_ms);
    }
    if (r->times.first_byte_us > r->times.total_us || r->times.connected_us > r->times.total_us ||
        r->times.resolved_us > r->times.total_us) {
        sim_die("request %zu: a part took longer than the whole", p->tag);
    }
}

/* What came back of a request. */
static void judge(plan *p, const pario_response *r)
{
    char line[PARIO_LINE_SIZE];
    pario_describe(r, line, sizeof line);
    sim_log("request %zu comes back: %s", p->tag, line);
    p->came++;
    total.errors[r->error < ERRORS ? r->error : 0]++;
    if (r->tag != p->tag || (!p->inlined && r->id != p->id)) {
        sim_die("request %zu comes back under another name", p->tag);
    }
    for (sim_link *link = sim.links; link != NULL; link = link->next) {
        if (link->owner == p) {
            link->busy = false;
            link->rested_at = p->stream || p->fd != 0 ? sim.now : link->rested_at;
        }
    }
    if (r->part != (p->stream ? PARIO_PART_END : PARIO_PART_WHOLE) || p->held) {
        sim_die("request %zu ends with part %d%s", p->tag, (int)r->part,
                p->held ? ", while another part of it is out" : "");
    }
    judge_times(p, r);
    if (r->error == PARIO_OK) {
        if (!is_stray(p, r)) {
            judge_content(p, r);
        }
    } else if (!is_accounted_for(p, r)) {
        sim_die("request %zu: %s (%s) is not accounted for", p->tag, line,
                pario_error_name(r->error));
    }
}

/* A stream's head or content: the next bytes of the answer that it says it is. */
static void judge_part(plan *p, const pario_response *r)
{
    const char *id = pario_response_field(r, "x-id", 0);
    bool        head = r->part == PARIO_PART_HEAD;
    sim_log("request %zu: %s, %zu bytes", p->tag, head ? "its head" : "content", r->body_size);
    if (!p->stream || p->came > 0 || p->held || p->cancelled || head == p->opened ||
        r->error != PARIO_OK || r->id != p->id || (r->body_size == 0) != head) {
        sim_die("request %zu has a part %d that it may not have", p->tag, (int)r->part);
    }
    const answer *a = id != NULL ? answer_of(p, r) : NULL;
    for (size_t i = 0; i < r->body_size && a != NULL; i++) {
        if ((unsigned char)r->body[i] != byte_of(p->tag, a->number, p->taken + i)) {
            sim_die("request %zu has a wrong byte at %zu", p->tag, p->taken + i);
        }
    }
    p->opened = true;
    p->taken += r->body_size;
    sim.fruitless = 0; /* something comes of waiting */
    if (r->content_bytes != p->taken || r->body_size > 65536) {
        sim_die("request %zu has a part of %zu bytes, %ju in all", p->tag, r->body_size,
                (uintmax_t)r->content_bytes);
    }
}

/* ---- what the program does ------------------------------------------------------------- */

/* Bodies stay where they are until their requests have come back. */
static unsigned char bodies[PLANS][BODY_BYTES];

/* How much of what is in a descriptor a request is to have. */
static void draw_size(plan *p, pario_request *request)
{
    size_t there = p->body_size;
    size_t how = sim_below(10);
    request->body_fd_size = how < 3 ? 0 : (int64_t)there;
    if (how == 6 && there > 0) {
        request->body_fd_size = 1 + (int64_t)sim_below(there);
    } else if (how == 7) {
        request->body_fd_size = (int64_t)there + 1 + (int64_t)sim_below(100);
    } else if (how > 7) {
        request->body_fd_size = PARIO_UNLIMITED;
    }
    p->length = request->body_fd_size > 0 ? (size_t)request->body_fd_size : there;
    p->body_size = p->length < there ? p->length : there;
    p->chunked = request->body_fd_size < 0 || (p->piped && request->body_fd_size == 0);
    p->length = p->chunked ? 0 : p->length;
    p->fails = p->length > there || (p->chunked && sim.supplies[p->supply].error != 0);
}

/* A request's content: none, in memory, in a file, from a pipe. */
static void give_content(plan *p, pario_request *request)
{
    bool descriptor = sim_chance(40);
    bool file = sim_chance(50);
    if (p->method[0] == 'P') {
        p->body_size = sim_chance(10) ? sim_below(20000) : sim_below(500);
        p->body_size = descriptor && sim_chance(10) ? sim_below(BODY_BYTES) : p->body_size;
    }
    fill(bodies[p->tag], p->tag, p->body_size);
    p->length = p->body_size;
    int fd = p->method[0] == 'P' && descriptor
                 ? sim_supply_open(bodies[p->tag], p->body_size, file, &p->moved_at)
                 : -1;
    if (fd > 0) {
        p->from = fd;
        p->supply = sim.fds[fd].sink;
        p->piped = !file;
        request->body_fd = fd;
        draw_size(p, request);
    } else {
        request->body = bodies[p->tag];
        request->body_size = p->body_size;
    }
    int64_t least = now.config.expect_bytes;
    p->expects = least >= 0 && (p->chunked || (int64_t)p->length >= least);
}

static plan *new_plan(pario_request *request, char *url, size_t room)
{
    static const char *const methods[] = { "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE" };
    plan                    *p = &now.plans[now.plan_count];
    if (now.plan_count >= PLANS) {
        return NULL;
    }
    memset(p, 0, sizeof *p);
    memset(request, 0, sizeof *request);
    p->used = true;
    p->tag = now.plan_count++;
    p->method = methods[sim_below(7)];
    p->head = strcmp(p->method, "HEAD") == 0;
    p->idempotent = strcmp(p->method, "POST") != 0;
    p->home = (unsigned)sim_below(sim.host_count);
    p->hosts = 1u << p->home;
    p->hosts |= now.proxy >= 0 ? 1u << now.proxy : 0u;
    p->secret = sim_chance(20);
    give_content(p, request);
    snprintf(url, room, "http%s://%s%s:%u/r/%zu/0", sim.hosts[p->home].https ? "s" : "",
             p->secret ? "me:secret@" : "", sim.hosts[p->home].name, sim.hosts[p->home].port,
             p->tag);
    request->url = url;
    request->method = p->method;
    request->tag = p->tag;
    request->id = &p->id;
    p->redirects = now.config.redirects;
    p->total_ms = now.config.total_timeout_ms;
    p->progress_ms = now.config.progress_timeout_ms;
    p->connect_ms = now.config.connect_timeout_ms;
    p->body_limit = now.config.body_bytes;
    if (sim_chance(20)) {
        p->total_ms = 1 + (int64_t)sim_below(1000);
        request->total_timeout_ms = p->total_ms;
    }
    p->asked_at = sim.now;
    p->sent_hop = -1;
    p->hop = -1;
    return p;
}

/* Where contents go that are not the response's. */
static unsigned char memories[PLANS][20000];

/* Now and then the content is to go elsewhere, and so only the request limits it. */
static void aim(plan *p, pario_request *request)
{
    size_t where = sim_below(10);
    if (where < 3) {
        request->stream = true;
        p->stream = true;
    } else if (where == 3) {
        request->into = memories[p->tag];
        request->into_size = 1 + sim_below(sizeof memories[0]);
        p->body_limit = (int64_t)request->into_size;
    } else if (where == 4) {
        int fd = sim_sink_open(&p->moved_at);
        p->fd = fd > 0 ? fd : 0;
        p->sink = fd > 0 ? sim.fds[fd].sink : 0;
        request->into_fd = p->fd;
    }
    if (p->stream || p->fd != 0) {
        request->body_bytes = sim_chance(10) ? 500 : 0;
        p->body_limit = request->body_bytes;
    }
}

static bool may_refuse(pario_error error)
{
    return error == PARIO_ERROR_QUEUE_FULL || machine_may_fail(error) ||
           (error == PARIO_ERROR_CANCELLED && now.closing);
}

static void do_submit(void)
{
    char          url[256];
    pario_request request;
    plan         *p = new_plan(&request, url, sizeof url);
    if (p == NULL) {
        return;
    }
    aim(p, &request);
    pario_error error = pario_submit(now.client, &request);
    sim_log("submit %zu: %s %s: %s", p->tag, p->method, url, pario_error_name(error));
    if (error == PARIO_OK) {
        p->asked = 1;
        now.outstanding++;
        total.requests++;
    } else if (!may_refuse(error)) {
        sim_die("request %zu is refused: %s", p->tag, pario_error_name(error));
    }
}

static void do_fetch(bool in_task)
{
    char           url[256];
    pario_request  request;
    pario_response response;
    plan          *p = new_plan(&request, url, sizeof url);
    if (p == NULL) {
        return;
    }
    p->inlined = true;
    p->asked = 1;
    now.fetching += in_task ? 0u : 1u;
    now.blocked = true;
    total.requests++;
    sim_log("fetch %zu: %s %s", p->tag, p->method, url);
    pario_error error = pario_fetch(now.client, &request, &response);
    now.fetching -= in_task ? 0u : 1u;
    if (error != response.error) {
        sim_die("pario_fetch returns %s, the response says %s", pario_error_name(error),
                pario_error_name(response.error));
    }
    if (response.internal != NULL) {
        judge(p, &response);
    } else if (may_refuse(error)) {
        p->came++;
    } else {
        sim_die("pario_fetch %zu is refused: %s", p->tag, pario_error_name(error));
    }
    pario_response_free(&response);
}

static void do_spawn(void);

static void task(pario_client *client, void *argument)
{
    pario_response response;
    (void)argument;
    if (sim_chance(10) && pario_next(client, &response, 0) != PARIO_ERROR_IN_TASK) {
        sim_die("a task may call pario_next");
    }
    for (size_t left = sim_below(3); left > 0; left--) {
        do_fetch(true);
        if (sim.threads[sim.running].held > 0) {
            sim_die("a task runs while a lock is held");
        }
        if (sim_chance(20) && !now.closing) {
            do_submit();
        }
        if (sim_chance(10) && !now.closing) {
            do_spawn();
        }
    }
    now.tasks--;
    sim_log("a task ends");
}

static void do_spawn(void)
{
    pario_error error = pario_spawn(now.client, task, NULL);
    sim_log("spawn: %s", pario_error_name(error));
    if (error == PARIO_OK && now.config.executor == PARIO_EPOLL) {
        sim_die("a task is spawned on epoll");
    }
    if (error == PARIO_OK) {
        now.tasks++;
        now.blocked = true;
    } else if (error != PARIO_ERROR_NO_STACKS && !may_refuse(error)) {
        sim_die("pario_spawn: %s", pario_error_name(error));
    }
}

/* Gives a part of a stream back; the silence on its connection was the program's. */
static void give_back(pario_response *part)
{
    plan *p = &now.plans[part->tag];
    sim_log("request %zu: its part is given back", p->tag);
    p->held = false;
    p->moved_at = p->moved_at != 0 ? sim.now : 0;
    pario_response_free(part);
}

/* Gives back one of the parts that the program has. */
static void do_give_back(void)
{
    if (now.held > 0) {
        size_t which = sim_below(now.held);
        give_back(&now.parts[which]);
        now.parts[which] = now.parts[--now.held];
    }
}

static void take(pario_response *response)
{
    if (response->tag >= now.plan_count || now.plans[response->tag].came > 0) {
        sim_die("request %zu comes back again, or was never asked for", response->tag);
    }
    if (response->part == PARIO_PART_HEAD || response->part == PARIO_PART_CONTENT) {
        judge_part(&now.plans[response->tag], response);
        now.plans[response->tag].held = true;
        if (now.held < HELD && !now.hasty && sim_chance(30)) {
            now.parts[now.held++] = *response;
        } else {
            give_back(response);
        }
        return;
    }
    judge(&now.plans[response->tag], response);
    now.outstanding--;
    pario_response_free(response);
}

/* Also no connection that a server had closed before pario_next was called. */
static void check_nothing_left(int64_t called_at)
{
    if (now.outstanding > 0 || now.tasks > 0) {
        sim_die("nothing is left, but %zu requests and %u tasks", now.outstanding, now.tasks);
    }
    for (const sim_link *link = sim.links; link != NULL; link = link->next) {
        if (link->fd >= 0 && link->fin && link->came_at != 0 && link->came_at < called_at) {
            sim_die("connection %d is still open, though its server has closed it", link->number);
        }
    }
}

static void check_time_over(int timeout_ms, int64_t passed, bool waked)
{
    if (timeout_ms < 0 || passed < timeout_ms * SIM_MS || waked) {
        sim_die("pario_next(%d) says after %jd ns that time is over%s", timeout_ms,
                (intmax_t)passed, waked ? " although it was woken" : "");
    }
}

static pario_error do_next(int timeout_ms)
{
    pario_response response;
    bool           waked = now.waked;
    int64_t        before = sim.now;
    pario_error    error = pario_next(now.client, &response, timeout_ms);
    sim_log("next(%d): %s", timeout_ms, pario_error_name(error));
    if (error == PARIO_OK) {
        take(&response);
    } else if (error == PARIO_NOTHING_LEFT) {
        check_nothing_left(before);
    } else if (error == PARIO_TIME_OVER) {
        check_time_over(timeout_ms, sim.now - before, waked);
    } else if (error == PARIO_WOKEN && (waked || now.may_wake)) {
        now.may_wake = now.waked && now.waked_at >= before;
        now.waked = false;
    } else if (error != PARIO_ERROR_SYSTEM || !sim.call_failed) {
        sim_die("pario_next: %s", pario_error_name(error));
    }
    return error;
}

static void do_cancel(void)
{
    plan *p = now.plan_count > 0 ? &now.plans[sim_below(now.plan_count)] : NULL;
    if (p == NULL || p->inlined || p->asked == 0) {
        return;
    }
    bool        over = p->came > 0;
    pario_error error = pario_cancel(now.client, p->id);
    sim_log("cancel %zu: %s", p->tag, pario_error_name(error));
    if (error == PARIO_OK && !over) {
        p->cancelled = true;
    } else if (error != PARIO_ERROR_UNKNOWN_ID) {
        sim_die("pario_cancel: %s", pario_error_name(error));
    }
}

/* A signal's handler, or another thread, wakes the client. */
static void on_signalled(void)
{
    if (now.may_signal && now.client != NULL && !now.closing && sim_below(300) == 0) {
        sim_log("wake");
        now.waked = true;
        now.may_wake = true;
        now.waked_at = sim.now;
        pario_wake(now.client);
    }
}

/* The program does something else for a while. */
static void do_pause(void)
{
    sim_wait_for(SIM_WAITS_TIME, sim.now + (int64_t)sim_below(30 * (size_t)SIM_MS));
}

static void *run_other_thread(void *argument)
{
    (void)argument;
    do_fetch(false);
    return NULL;
}

static void do_fetch_elsewhere(void)
{
    pthread_t thread;
    if (now.config.executor == PARIO_THREADS) {
        if (pthread_create(&thread, NULL, run_other_thread, NULL) == 0) {
            for (size_t i = sim_below(3); i > 0; i--) {
                do_submit();
            }
            (void)pthread_join(thread, NULL);
        }
    } else {
        do_fetch(false);
    }
}

/* The client's descriptor for a loop of the program's own, or -1. */
static int descriptor(void)
{
    int         fd = -1;
    pario_error error = pario_fd(now.client, &fd);
    if (error != PARIO_OK && error != PARIO_ERROR_NO_DESCRIPTOR && !may_refuse(error)) {
        sim_die("pario_fd: %s", pario_error_name(error));
    }
    return error == PARIO_OK ? fd : -1;
}

/* Takes all that there is, as is due before the program waits in a loop of its own. */
static void take_all(void)
{
    pario_error error = PARIO_OK;
    while (error != PARIO_TIME_OVER && error != PARIO_NOTHING_LEFT) {
        error = do_next(0);
    }
}

/* A turn of such a loop. */
static void turn(int fd, int ms)
{
    struct pollfd polled = { fd, POLLIN, 0 };
    (void)poll(&polled, 1, ms);
    take_all();
}

/* Some turns, between which the program asks for more. */
static void do_turns(void)
{
    int fd = descriptor();
    take_all();
    for (size_t turns = fd >= 0 ? sim_below(5) : 0; turns > 0; turns--) {
        if (sim_chance(50)) {
            do_submit();
        }
        turn(fd, (int)sim_below(30));
    }
}

static void do_something(void)
{
    size_t what = sim_below(100);
    if (sim_chance(20)) {
        do_give_back();
    }
    if (what < 45) {
        do_submit();
    } else if (what < 75) {
        (void)do_next(sim_chance(50) ? 0 : (int)sim_below(50));
    } else if (what < 83) {
        do_cancel();
    } else if (what < 88) {
        do_pause();
    } else if (what < 92) {
        do_spawn();
    } else if (what < 96) {
        do_fetch_elsewhere();
    } else {
        do_turns();
    }
}

/* Takes everything, in the program's own loop. */
static void drain_by_fd(void)
{
    int fd = descriptor();
    if (fd < 0) {
        return;
    }
    now.may_signal = false;
    take_all();
    while (now.outstanding > 0 || now.tasks > 0) {
        turn(fd, -1);
    }
}

static void drain(void)
{
    snprintf(sim.doing, sizeof sim.doing, "taking all that is left");
    now.hasty = true;
    while (now.held > 0) {
        do_give_back();
    }
    if (sim_chance(30)) {
        drain_by_fd();
    }
    pario_error error = PARIO_OK;
    while (error != PARIO_NOTHING_LEFT) {
        error = do_next(sim_chance(70) ? PARIO_UNLIMITED : (int)sim_below(100));
    }
    pario_statistics s;
    memset(&s, 0, sizeof s);
    pario_stats(now.client, &s);
    if (s.submitted != s.completed || s.queued + s.running + s.tasks > 0) {
        sim_die("all is over, but %ju of %ju requests, %ju waiting, %ju in flight, %ju tasks",
                (uintmax_t)(s.submitted - s.completed), (uintmax_t)s.submitted, (uintmax_t)s.queued,
                (uintmax_t)s.running, (uintmax_t)s.tasks);
    }
    for (size_t i = 0; i < now.plan_count; i++) {
        if (now.plans[i].came != now.plans[i].asked) {
            sim_die("request %zu was accepted %zu times and came back %zu times", i,
                    now.plans[i].asked, now.plans[i].came);
        }
    }
}

/* ---- one seed -------------------------------------------------------------------------- */

static const sim_hooks hooks = { on_died,    on_connecting, on_sent,  on_received, on_arrived,
                                 on_emptied, on_ended,      on_other, on_signalled };

static void make_places(void)
{
    static const struct {
        const char *name;
        unsigned    port;
    } hosts[] = {
        { "10.0.0.0", 80 }, { "10.0.0.1", 8080 }, { "[fd00::2]", 80 },
        { "a.test", 80 },   { "b.test", 8080 },   { "c.test", 80 },
    };
    static const sim_manner manners[] = { SIM_ACCEPTS, SIM_REFUSES, SIM_REFUSES_AT_ONCE,
                                          SIM_IS_SILENT, SIM_IS_MOODY };
    unsigned                place = 3;
    sim.host_count = 1 + (unsigned)sim_below(6);
    for (unsigned h = 0; h < sim.host_count; h++) {
        sim_host *host = &sim.hosts[h];
        host->name = hosts[h].name;
        host->port = hosts[h].port;
        host->https = now.tls && sim_chance(60);
        host->place_count = h < 3 ? 1 : 1 + (unsigned)sim_below(3);
        for (unsigned i = 0; i < host->place_count; i++) {
            unsigned at = h < 3 ? h : place++;
            host->places[i] = at;
            sim.places[at].host = h;
            sim.places[at].ipv6 = h == 2 || (h > 2 && sim_chance(40));
            if (!sim.calm && sim_chance(30)) {
                sim.places[at].manner = manners[sim_below(5)];
            }
        }
    }
}

static int64_t some_ms(void)
{
    return 20 + (int64_t)sim_below(sim_chance(50) ? 300 : 5000);
}

static void make_config(pario_config *config)
{
    memset(config, 0, sizeof *config);
    config->concurrency = 1 + (int64_t)sim_below(sim_chance(10) ? 60 : 8);
    config->per_host = sim_chance(40) ? 1 + (int64_t)sim_below(3) : 0;
    config->queue = sim_chance(10) ? 1 + (int64_t)sim_below(5) : 0;
    config->idle_connections = sim_chance(30) ? 1 + (int64_t)sim_below(2) : 0;
    config->idle_connections = sim_chance(10) ? PARIO_OFF : config->idle_connections;
    config->idle_timeout_ms = sim_chance(50) ? some_ms() : 0;
    config->connect_timeout_ms = some_ms();
    config->progress_timeout_ms = some_ms();
    config->total_timeout_ms = some_ms() * 4;
    config->lookup_cache_ms = sim_chance(50) ? 0 : PARIO_OFF;
    config->redirects = (int64_t)sim_below(4);
    config->body_bytes = sim_chance(10) ? 1000 : 0;
    config->expect_bytes = sim_chance(60) ? 1 + (int64_t)sim_below(300) : 0;
    config->expect_bytes = sim_chance(10) ? PARIO_OFF : config->expect_bytes;
    config->expect_timeout_ms = sim_chance(70) ? 1 + (int64_t)sim_below(200) : 0;
    config->expect_timeout_ms = sim_chance(5) ? PARIO_UNLIMITED : config->expect_timeout_ms;
    config->stack_bytes = STACK_BYTES;
    config->tls = now.tls ? &tls : NULL;
    if (sim_chance(15)) {
        bool v4 = sim_chance(60);
        config->source = v4 ? "10.0.0.200" : "fd00::c8";
        sim.source = v4 ? AF_INET : AF_INET6;
    }
}

/* Has all connections lead to a unix socket, behind which is every host. */
static void make_socket(pario_config *config)
{
    sim_place *place = &sim.places[SIM_LOCAL_PLACE];
    sim.local = sim_chance(10);
    if (!sim.local) {
        return;
    }
    config->unix_socket = SIM_PATH;
    place->host = SIM_LOCAL_HOST;
    if (!sim.calm && sim_chance(30)) {
        place->manner = sim_chance(70) ? SIM_IS_MOODY : SIM_REFUSES_AT_ONCE;
    }
    sim.hosts[SIM_LOCAL_HOST].name = SIM_PATH;
    for (unsigned h = 0; h < sim.host_count; h++) {
        sim.hosts[h].places[0] = SIM_LOCAL_PLACE;
        sim.hosts[h].place_count = 1;
    }
}

/* Makes one of the hosts a proxy for some of them. Its URL is never that of https. */
static void make_proxy(pario_config *config)
{
    unsigned h = (unsigned)sim_below(sim.host_count);
    unsigned d = (unsigned)sim_below(sim.host_count);
    now.proxy = !sim.hosts[h].https && !sim.local && sim_chance(60) ? (int)h : -1;
    if (now.proxy < 0) {
        return;
    }
    snprintf(now.proxy_url, sizeof now.proxy_url, "http://us:er@%s:%u", sim.hosts[h].name,
             sim.hosts[h].port);
    config->proxy = now.proxy_url;
    if (sim_chance(40)) {
        snprintf(now.exceptions, sizeof now.exceptions, "elsewhere, %s:%u", sim.hosts[d].name,
                 sim.hosts[d].port);
        config->no_proxy = now.exceptions;
        now.direct = 1u << d;
    }
}

/* What the client says of itself must agree with what the world sees. */
static void check_statistics(void)
{
    pario_statistics s;
    int64_t          kept = now.config.idle_connections;
    memset(&s, 0, sizeof s);
    pario_stats(now.client, &s);
    if (kept != PARIO_UNLIMITED && (int64_t)s.idle > (kept > 0 ? kept : 0)) {
        sim_die("%ju connections are kept", (uintmax_t)s.idle);
    }
    for (unsigned h = 0; h < sim.host_count; h++) {
        if (is_proxied(h) && (int)h != now.proxy && sim.hosts[h].told_at != 0) {
            sim_die("%s is looked up, which is the proxy's business", sim.hosts[h].name);
        }
    }
    if (now.config.queue > 0 && (int64_t)s.queued > now.config.queue) {
        sim_die("%ju requests are waiting", (uintmax_t)s.queued);
    }
    unsigned used;
    unsigned own;
    count_used(NULL, &used, &own);
    if (now.config.executor != PARIO_THREADS && used > s.idle + s.running) {
        sim_die("%u connections are open, %ju kept, for %ju requests", used, (uintmax_t)s.idle,
                (uintmax_t)s.running);
    }
    if (s.submitted - s.completed + s.tasks < s.queued + s.running) {
        sim_die("of %ju requests %ju are over, %ju wait, %ju are in flight", (uintmax_t)s.submitted,
                (uintmax_t)s.completed, (uintmax_t)s.queued, (uintmax_t)s.running);
    }
}

static void play_on(void)
{
    for (size_t steps = 3 + sim_below(60); steps > 0; steps--) {
        snprintf(sim.doing, sizeof sim.doing, "%zu steps before the end", steps);
        do_something();
        check_statistics();
    }
    if (sim_chance(80)) {
        drain();
    }
    snprintf(sim.doing, sizeof sim.doing, "closing");
    now.closing = true;
    pario_close(now.client);
    now.client = NULL;
    while (now.held > 0) {
        do_give_back(); /* it has outlived the client */
    }
}

/* The program closes what it had opened. */
static void close_sinks(void)
{
    for (size_t i = 0; i < now.plan_count; i++) {
        if (now.plans[i].fd != 0) {
            (void)close(now.plans[i].fd);
        }
        if (now.plans[i].from != 0) {
            (void)close(now.plans[i].from);
        }
    }
}

static void run_seed(uint64_t seed, int executor, bool verbose)
{
    pario_config config;
    sim_begin(seed, &hooks, verbose);
    memset(&now, 0, sizeof now);
    now.asked = executor;
    sim.calm = sim_chance(20);
    sim.faulty = !sim.calm && sim_chance(15) ? 1000 : 0;
    now.tls = sim_chance(40);
    make_places();
    make_config(&config);
    make_socket(&config);
    make_proxy(&config);
    config.executor = (pario_executor)(executor >= 0 ? executor : (int)sim_below(4));
    sim.title = executor_names[config.executor];
    now.may_signal = sim_chance(30);
    pario_error         error = pario_open(&config, &now.client);
    const pario_config *resolved = pario_config_of(now.client);
    if (error == PARIO_OK && resolved != NULL) {
        now.config = *resolved;
        play_on();
    } else if (!may_refuse(error)) {
        sim_die("pario_open: %s", pario_error_name(error));
    }
    close_sinks();
    total.seeds++;
    total.links += (uint64_t)sim.link_count;
    total.lookups += sim.lookups;
    total.seconds += sim.now / (1000 * SIM_MS);
    sim_end();
}

static int64_t real_ms(void)
{
    struct timespec at = { 0, 0 };
    (void)(clock_gettime)(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / SIM_MS;
}

/* What was seen, and how many seeds that was in a second of real time. */
static void report(int64_t ms)
{
    printf("%ju seeds, %jd a second: %ju requests, %ju connections, %ju lookups, %jd simulated "
           "seconds\n",
           (uintmax_t)total.seeds, (intmax_t)((int64_t)total.seeds * 1000 / (ms > 0 ? ms : 1)),
           (uintmax_t)total.requests, (uintmax_t)total.links, (uintmax_t)total.lookups,
           (intmax_t)total.seconds);
    for (int i = 0; i < ERRORS; i++) {
        if (total.errors[i] > 0) {
            printf("  %10ju  %s\n", (uintmax_t)total.errors[i], pario_error_name((pario_error)i));
        }
    }
}

/* ---- many seeds ------------------------------------------------------------------------ */

typedef struct options {
    uint64_t    from;
    uint64_t    count;
    int         executor; /* -1: any */
    unsigned    jobs;
    bool        asked; /* how many seeds: then there is a report */
    bool        verbose;
    const char *seen_file; /* for tests/provoked */
} options;

static int executor_of(const char *name)
{
    int found = -1;
    for (int i = 0; i < 4; i++) {
        found = strcmp(name, executor_names[i]) == 0 ? i : found;
    }
    return found;
}

/* The options that all test programs have. */
static bool read_test_option(options *o, const char *name, const char *value)
{
    bool seen = strcmp(name, "-e") == 0;
    bool time = strcmp(name, "-t") == 0;
    if (seen) {
        o->seen_file = value;
    }
    if (time) {
        (void)alarm((unsigned)strtoul(value, NULL, 10));
    }
    return seen || time;
}

/* Reads an option that has a value. False: there is no such one. */
static bool read_option(options *o, const char *name, const char *value)
{
    bool is_seed = strcmp(name, "--seed") == 0;
    if (is_seed || strcmp(name, "--from") == 0) {
        o->from = strtoull(value, NULL, 10);
        o->count = is_seed ? 1 : o->count;
    } else if (strcmp(name, "--seeds") == 0) {
        o->count = strtoull(value, NULL, 10);
        o->asked = true;
    } else if (strcmp(name, "-x") == 0 && executor_of(value) >= 0) {
        o->executor = executor_of(value);
    } else if (strcmp(name, "-j") == 0 && strtoul(value, NULL, 10) > 0) {
        o->jobs = (unsigned)strtoul(value, NULL, 10);
    } else {
        return read_test_option(o, name, value);
    }
    return true;
}

static bool read_options(options *o, int argc, char **argv)
{
    bool right = true;
    for (int i = 1; i < argc && right; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            o->verbose = true;
        } else {
            right = i + 1 < argc && read_option(o, argv[i], argv[i + 1]);
            i++;
        }
    }
    return right;
}

static void add_totals(const totals *more)
{
    total.seeds += more->seeds;
    total.requests += more->requests;
    total.links += more->links;
    total.lookups += more->lookups;
    total.seconds += more->seconds;
    for (int i = 0; i < ERRORS; i++) {
        total.errors[i] += more->errors[i];
    }
}

/* What a process and the one that started it share. */
typedef struct share {
    pid_t    process;
    uint64_t seed; /* that it is at */
    totals   sum;  /* when it is through */
} share;

/* One that hangs without a call is ended by the alarm. */
static void run_share(const options *o, unsigned job, share *mine)
{
    for (uint64_t i = job; i < o->count; i += o->jobs) {
        mine->seed = o->from + i;
        (void)alarm(SEED_SECONDS);
        run_seed(o->from + i, o->executor, o->verbose);
    }
    mine->sum = total;
}

/* Starts a process for each share. Returns how many there are. */
static unsigned start_jobs(const options *o, share *shares)
{
    unsigned count = 0;
    fflush(stdout);
    while (count < o->jobs) {
        pid_t child = fork();
        if (child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            run_share(o, count, &shares[count]);
            exit(0); /* not _exit: what was covered is noted on the way out */
        }
        if (child < 0) {
            return count;
        }
        shares[count++].process = child;
    }
    return count;
}

/* How a process ended that did not get through, unless it has said so itself. */
static void tell_end(const options *o, const share *it, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == SIM_DIED) {
        return;
    }
    bool hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    printf("seed %ju fails: %s, status %#x\n", (uintmax_t)it->seed,
           hangs ? "it hangs" : "the program ended", (unsigned)status);
    print_command(it->seed, o->executor);
}

/* Waits for all processes; the first that fails ends the others. */
static bool await_jobs(const options *o, const share *shares, unsigned count)
{
    bool fine = count == o->jobs;
    for (unsigned left = count; left > 0; left--) {
        int   status = 0;
        pid_t ended = wait(&status);
        for (unsigned i = 0; i < count && fine && status != 0; i++) {
            if (shares[i].process == ended) {
                tell_end(o, &shares[i], status);
            }
        }
        for (unsigned i = 0; i < count && status != 0; i++) {
            (void)kill(shares[i].process, SIGKILL);
        }
        fine = fine && status == 0;
    }
    return fine;
}

/* Runs all seeds in processes of their own. Returns whether none failed. */
static bool run_jobs(const options *o)
{
    size_t size = o->jobs * sizeof(share);
    void  *map = (mmap)(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    share *shares = (share *)map;
    bool   fine = await_jobs(o, shares, start_jobs(o, shares));
    for (unsigned i = 0; i < o->jobs && fine; i++) {
        add_totals(&shares[i].sum);
    }
    (void)(munmap)(map, size);
    return fine;
}

/* Appends the names of all errors that came back, for those who look whether each one did. */
static bool write_seen(const char *path)
{
    FILE *file = fopen(path, "a");
    for (int i = 0; i < ERRORS && file != NULL; i++) {
        if (total.errors[i] > 0) {
            fprintf(file, "%s\n", pario_error_name((pario_error)i));
        }
    }
    return file != NULL && fclose(file) == 0;
}

/* Runs all seeds; returns whether none failed. */
static bool run_all(options *o)
{
    bool fine = true;
    o->jobs = o->jobs < MOST_JOBS ? o->jobs : MOST_JOBS;
    if (o->count > 1) {
        fine = run_jobs(o);
    } else {
        run_seed(o->from, o->executor, o->verbose);
    }
    return fine && (o->seen_file == NULL || write_seen(o->seen_file));
}

int main(int argc, char **argv)
{
    options o = { 1, 3000, -1, 1, false, false, NULL };
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr,
                "usage: %s [--seeds N] [--from N] [--seed N] [-x EXECUTOR] [-j JOBS] [-v]\n",
                argv[0]);
        return 2;
    }
    int64_t begin = real_ms();
    bool    fine = run_all(&o);
    if (o.asked && fine) {
        report(real_ms() - begin);
    }
    printf("%d passed, %d failed, 0 skipped\n", fine ? 1 : 0, fine ? 0 : 1);
    return fine ? 0 : 1;
}
