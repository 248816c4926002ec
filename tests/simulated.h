/* SPDX-License-Identifier: MIT */
/*
 * simulated.h: a world for pario.h to live in: a clock, threads, descriptors and a network,
 * all of them driven by one seed. Include it after all other headers and right before
 * pario.h's implementation; from there on the names of libc's functions are macros that lead
 * here, and nothing of the library touches the machine but for memory.
 *
 * Time passes only where the library calls, by a little, and where everybody waits: then the
 * clock goes on to what comes next. Threads are coroutines, of which one runs at a time; who
 * goes on after a call is drawn by lot. If all wait and nothing is to come, they hang, and
 * that is reported. The same seed makes the same run.
 *
 * The network knows places (an address with a port), links (connections) and the bytes on
 * their way. What servers do is up to the includer, who gives the hooks of sim_hooks.
 */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIM_FDS 256
#define SIM_FIRST_FD 3
#define SIM_THREADS 32
#define SIM_STACK_BYTES 524288
#define SIM_LOCKS 32
#define SIM_MAX_LOOKUPS 8
#define SIM_PLACES 16
#define SIM_HOSTS 8
#define SIM_PATH "/simulated/socket"     /* a unix socket, */
#define SIM_LOCAL_PLACE (SIM_PLACES - 1) /* where it is, */
#define SIM_LOCAL_HOST (SIM_HOSTS - 1)   /* and who is there until somebody is asked for */
#define SIM_SOURCE 200                   /* the last byte of the client's source address */
#define SIM_SINKS 64
#define SIM_SUPPLIES 64
#define SIM_MS INT64_C(1000000)
#define SIM_DIED 3 /* the program's status after a run that was not as it should be */
#if !defined(SIM_END)
#define SIM_END() _exit(SIM_DIED)
#endif
#define SIM_MANY_CALLS 3000000 /* more than any run needs: somebody is busy with nothing */

typedef struct sim_bytes {
    unsigned char *data;
    size_t         size;
    size_t         room;
} sim_bytes;

/* What an address does to those who connect to it. */
typedef enum sim_manner {
    SIM_ACCEPTS,
    SIM_REFUSES,
    SIM_REFUSES_AT_ONCE,
    SIM_IS_SILENT,
    SIM_IS_MOODY /* any of these, each time anew */
} sim_manner;

typedef struct sim_place {
    sim_manner manner;
    bool       ipv6;
    unsigned   host;
    unsigned   failures; /* connects that did not succeed */
    uint64_t   errors;   /* bits: the errnos, 0 to 127 folded into 64, of those */
    int64_t    tried_at;
} sim_place;

typedef struct sim_host {
    const char *name; /* as it stands in URLs */
    unsigned    port;
    unsigned    places[4];
    unsigned    place_count;
    unsigned    open; /* sockets of the client, connecting or connected */
    unsigned    lookup_fails;
    bool        https;     /* the includer's */
    unsigned    tls_fails; /* the includer's */
    bool        looked_up; /* right now */
    int64_t     told_at;   /* a lookup was over */
} sim_host;

typedef enum sim_link_state {
    SIM_CONNECTING,
    SIM_OPEN,
    SIM_FAILED
} sim_link_state;

/* A connection, both its ends and what is in between. */
typedef struct sim_link {
    struct sim_link *next;
    int              number;
    int              fd; /* the client's, -1: closed */
    unsigned         place;
    unsigned         host; /* the one that is there; the includer may change it */
    sim_link_state   state;
    int              error;     /* the client's socket has to report it */
    bool             shut;      /* by the client */
    bool             fin;       /* has arrived at the client */
    bool             reset;     /* has arrived at the client */
    bool             closed;    /* by the server */
    bool             deaf;      /* the server does not read */
    size_t           buffer;    /* so many bytes may be on their way to the server */
    sim_bytes        up;        /* those */
    sim_bytes        inbox;     /* at the server */
    sim_bytes        outbox;    /* the server's answer, not yet sent */
    sim_bytes        down;      /* at the client, unread */
    uint64_t         served;    /* answers begun */
    int64_t          looked_at; /* the client saw that nothing was to be read */
    int64_t          came_at;   /* bytes or the end, which the client has not taken; 0: none */
    int64_t          ignored;   /* for so long, when the client closed */
    bool             used;      /* the client has sent on it */
    size_t           extra;     /* the includer's: so many of the last bytes nobody asked for */
    int64_t          stray_at;  /* the includer's: bytes came that nobody asked for */
    bool             excused;   /* the includer's: the client could not see that */
    unsigned         asked;     /* the includer's: requests sent */
    int64_t          asked_at;  /* the includer's: the last of them */
    int64_t          rested_at; /* the includer's: its answer was taken */
    bool             greeted;   /* the includer's: TLS was begun */
    bool             notifies;  /* the includer's: TLS is told of the end */
    bool             asks;      /* the includer's: it is asked for a tunnel */
    bool             drips;     /* the includer's: the answer comes byte by byte */
    void            *asker;     /* the includer's: whose request is being read, behind its head */
    bool             chunked;   /* the includer's: that is */
    bool             answered;  /* the includer's: that was, before it was complete */
    bool             pondered;  /* the includer's: it was, whether to ask for its content */
    bool             hinted;    /* the includer's: an interim answer was said to it */
    size_t           sent;      /* the includer's: so many bytes of it went on their way */
    int64_t          sent_at;   /* the includer's: the last of them */
    size_t           head;      /* the includer's: so large is its head */
    size_t           content;   /* the includer's: so much is in it */
    size_t           taken;     /* the includer's: content of it that was read */
    size_t           left;      /* the includer's: so much more comes, or so much of a chunk */
    size_t           early_at;  /* the includer's: so much content is enough to answer it */
    uint64_t         promised;  /* the includer's: in which answer's place one says to go on */
    int              step;      /* the includer's: what the server is doing */
    int              last;      /* the includer's: what it does after the answer */
    void            *answer;    /* the includer's */
    void            *owner;     /* the includer's: whose request was sent last */
    bool             busy;      /* the includer's: that request is not over */
} sim_link;

typedef enum sim_fd_kind {
    SIM_FREE,
    SIM_SOCKET,
    SIM_EVENT,
    SIM_TIMER,
    SIM_EPOLL,
    SIM_SINK,
    SIM_SUPPLY
} sim_fd_kind;

/* What the includer lets the library write to: a pipe, a file. */
typedef struct sim_sink {
    sim_bytes bytes; /* written */
    size_t    room;  /* so much may be written now */
    size_t    least; /* so much comes free at once, at most */
    size_t    left;  /* so much can be written at all, */
    int       error; /* before this happens */
    bool      waits; /* somebody was told that there is no room */
    int64_t  *moved_at;
} sim_sink;

/* What the includer lets the library read from: a file, or a pipe that blocks. */
typedef struct sim_supply {
    const unsigned char *bytes;
    size_t               size;
    size_t               start; /* where a file stands: its bytes are from there on */
    size_t               taken; /* so many were read of a pipe */
    size_t               here;  /* so many have come into it */
    size_t               least; /* so many come at once, at most */
    int                  error; /* what happens behind the last of them; 0: the end */
    bool                 file;
    bool                 over;  /* the pipe's end, or the error, has come */
    bool                 comes; /* more is on its way */
    int64_t             *moved_at;
} sim_supply;

typedef struct sim_fd {
    sim_fd_kind        kind;
    int                epoll;  /* where it is registered, or -1 */
    int                family; /* a socket's */
    bool               bound;  /* to the source address */
    struct epoll_event event;
    bool               edge;  /* something has happened that was not told yet */
    uint64_t           count; /* an eventfd's */
    int64_t            at;    /* a timer's, 0: not set */
    sim_link          *link;
    unsigned           sink; /* or supply */
} sim_fd;

typedef enum sim_event_kind {
    SIM_EVENT_CONNECT, /* number: 0 or the errno */
    SIM_EVENT_UP,      /* so many bytes arrive at the server */
    SIM_EVENT_DOWN,    /* the server sends some more */
    SIM_EVENT_FIN,
    SIM_EVENT_RESET,
    SIM_EVENT_ROOM, /* in the sink of this number */
    SIM_EVENT_MORE, /* in the supply of this number */
    SIM_EVENT_OTHER /* the includer's */
} sim_event_kind;

typedef struct sim_event {
    int64_t        at;
    uint64_t       order;
    sim_event_kind kind;
    sim_link      *link;
    size_t         number;
} sim_event;

typedef enum sim_wait {
    SIM_RUNS,
    SIM_WAITS_LOCK,
    SIM_WAITS_COND,
    SIM_WAITS_POLL,
    SIM_WAITS_EPOLL,
    SIM_WAITS_JOIN,
    SIM_WAITS_ALL, /* for all other threads to end */
    SIM_WAITS_TIME
} sim_wait;

typedef struct sim_thread {
    ucontext_t     context;
    unsigned char *stack;
    void          *fake_stack; /* the address sanitizer's */
    void          *race_fiber; /* the thread sanitizer's */
    const void    *stack_bottom;
    size_t         stack_size;
    void *(*run)(void *argument);
    void          *argument;
    bool           used;
    bool           ended;
    bool           left; /* joined or detached */
    bool           signalled;
    sim_wait       wait;
    const void    *on; /* a lock or a condition */
    struct pollfd *polled;
    size_t         polled_count;
    int            epoll;
    unsigned       other; /* thread to join */
    int64_t        until;
    int            errno_kept;
    unsigned       held; /* locks */
} sim_thread;

typedef struct sim_lock {
    const void *where;
    bool        condition;
    int         owner; /* thread, or -1 */
} sim_lock;

/* What the includer does. */
typedef struct sim_hooks {
    void (*died)(void); /* says how to see this run again */
    void (*connecting)(sim_link *link);
    void (*sent)(sim_link *link, const struct iovec *first, size_t moved);
    void (*received)(sim_link *link, size_t moved);
    void (*arrived)(sim_link *link);           /* bytes, at the server */
    void (*emptied)(sim_link *link);           /* the answer is on its way */
    void (*ended)(sim_link *link, bool reset); /* the end has come to the client */
    void (*other)(sim_link *link, size_t number);
    void (*signalled)(void); /* a moment at which a signal may come */
} sim_hooks;

typedef struct sim_world {
    uint64_t         seed;
    uint64_t         state; /* of the lots */
    int64_t          now;
    int64_t          polled_at; /* the client asked its epoll set */
    int64_t          served_at; /* the client's owner gave it time to wait */
    int64_t          behind;    /* for so long it was not, while more events waited than it took */
    int64_t          away;      /* for so long it was not, at most */
    unsigned         first;     /* descriptor of which epoll_wait tells, if it could */
    bool             backlog;   /* it could not tell of all */
    uint64_t         calls;
    const sim_hooks *hooks;
    bool             verbose;
    bool             calm;   /* nothing goes wrong in the network */
    bool             wild;   /* the library may ask for names and addresses that nobody has */
    bool             local;  /* all connections are to lead to the unix socket, */
    int              source; /* or to begin at an address of this family; 0: anywhere */
    unsigned         faulty; /* so many of 100,000 calls fail */
    bool             memory_failed;
    bool             call_failed;
    const char      *title;
    char             doing[160];
    sim_event       *events;
    size_t           event_count;
    size_t           event_room;
    uint64_t         order;
    unsigned         running;
    unsigned         before;
    sim_thread       threads[SIM_THREADS];
    sim_lock         locks[SIM_LOCKS];
    sim_fd           fds[SIM_FDS];
    sim_sink         sinks[SIM_SINKS];
    unsigned         sink_count;
    sim_supply       supplies[SIM_SUPPLIES];
    unsigned         supply_count;
    sim_place        places[SIM_PLACES];
    sim_host         hosts[SIM_HOSTS];
    unsigned         host_count;
    sim_link        *links;
    int              link_count;
    unsigned         sockets; /* open */
    long             memory;
    long             maps;
    long             lists;
    uint64_t         lookups;
    unsigned         looking;   /* lookups under way */
    unsigned         fruitless; /* waits in a row that did not wait and brought nothing */
} sim_world;

static sim_world sim;

/* ---- reporting ------------------------------------------------------------------------- */

static void sim_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void sim_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Says what happens, if asked. */
static void sim_log(const char *format, ...)
{
    va_list arguments;
    if (sim.verbose) {
        printf("%12.6f  %u  ", (double)sim.now / 1e9, sim.running);
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
    }
}

/* The run is not as it should be: says so, and ends the program. */
static void sim_die(const char *format, ...)
{
    va_list arguments;
    printf("seed %ju fails: ", (uintmax_t)sim.seed);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n  at %.6f s, %s%s%s\n", (double)sim.now / 1e9, sim.title,
           sim.doing[0] != '\0' ? ", while " : "", sim.doing);
    sim.hooks->died();
    fflush(stdout);
    SIM_END();
}

/* ---- lots ------------------------------------------------------------------------------ */

static uint64_t sim_random(void)
{
    sim.state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = sim.state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number from 0 to below - 1. */
static size_t sim_below(size_t below)
{
    return below > 0 ? (size_t)(sim_random() % below) : 0;
}

/* Whether something happens that happens so often in a hundred times. */
static bool sim_chance(unsigned percent)
{
    return sim_below(100) < percent;
}

/* Whether a call fails here that may fail; *failed remembers that one did. */
static bool sim_fails(bool *failed)
{
    bool fails = sim.faulty > 0 && sim_below(100000) < sim.faulty;
    *failed = *failed || fails;
    return fails;
}

/* ---- bytes ----------------------------------------------------------------------------- */

static void sim_bytes_add(sim_bytes *bytes, const void *from, size_t size)
{
    if (bytes->room - bytes->size < size) {
        bytes->room = (bytes->size + size) * 2;
        bytes->data = (unsigned char *)realloc(bytes->data, bytes->room);
        if (bytes->data == NULL) {
            sim_die("no memory for the simulation itself");
        }
    }
    if (size > 0) {
        memcpy(bytes->data + bytes->size, from, size);
        bytes->size += size;
    }
}

static void sim_bytes_take(sim_bytes *bytes, size_t size)
{
    bytes->size -= size;
    if (bytes->size > 0) {
        memmove(bytes->data, bytes->data + size, bytes->size);
    }
}

static void sim_bytes_free(sim_bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

/* ---- what comes when ------------------------------------------------------------------- */

static bool sim_event_before(const sim_event *a, const sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* Has something happen in a while. */
static void sim_later(int64_t delay, sim_event_kind kind, sim_link *link, size_t number)
{
    if (sim.event_count == sim.event_room) {
        sim.event_room = sim.event_room * 2 + 64;
        sim.events = (sim_event *)realloc(sim.events, sim.event_room * sizeof *sim.events);
        if (sim.events == NULL) {
            sim_die("no memory for the simulation itself");
        }
    }
    sim_event event = { sim.now + delay, sim.order++, kind, link, number };
    size_t    at = sim.event_count++;
    while (at > 0 && sim_event_before(&event, &sim.events[(at - 1) / 2])) {
        sim.events[at] = sim.events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sim.events[at] = event;
}

/* Takes what comes first out of the heap. */
static sim_event sim_next_event(void)
{
    sim_event first = sim.events[0];
    sim_event last = sim.events[--sim.event_count];
    size_t    at = 0;
    size_t    child = 1;
    while (child < sim.event_count) {
        if (child + 1 < sim.event_count &&
            sim_event_before(&sim.events[child + 1], &sim.events[child])) {
            child++;
        }
        if (!sim_event_before(&sim.events[child], &last)) {
            break;
        }
        sim.events[at] = sim.events[child];
        at = child;
        child = at * 2 + 1;
    }
    if (sim.event_count > 0) {
        sim.events[at] = last;
    }
    return first;
}

/* ---- links ----------------------------------------------------------------------------- */

/* Something has changed for the client's socket. */
static void sim_stir(const sim_link *link)
{
    if (link->fd >= 0) {
        sim.fds[link->fd].edge = true;
    }
}

/* What poll says of the client's end, in epoll's bits. */
static uint32_t sim_link_ready(const sim_link *link)
{
    const uint32_t over = (uint32_t)EPOLLIN | (uint32_t)EPOLLOUT | (uint32_t)EPOLLHUP |
                          (uint32_t)EPOLLRDHUP;
    uint32_t ready = 0;
    if (link->state == SIM_CONNECTING) {
        return 0;
    }
    if (link->state == SIM_FAILED || link->reset || link->shut) {
        ready = over;
    }
    if (link->error != 0) {
        ready |= (uint32_t)EPOLLERR;
    }
    if (link->down.size > 0 || link->fin) {
        ready |= (uint32_t)EPOLLIN;
    }
    if (link->fin) {
        ready |= (uint32_t)EPOLLRDHUP;
    }
    if (link->up.size <= link->buffer / 2) {
        ready |= (uint32_t)EPOLLOUT;
    }
    return ready;
}

/* A connection attempt comes to its end. */
static void sim_do_connect(sim_link *link, size_t number)
{
    sim_place *place = &sim.places[link->place];
    if (link->state != SIM_CONNECTING) {
        return;
    }
    link->state = number == 0 ? SIM_OPEN : SIM_FAILED;
    link->error = (int)number;
    if (number != 0) {
        place->failures++;
        place->errors |= UINT64_C(1) << (number % 64);
    }
    sim_log("link %d: %s", link->number, number == 0 ? "connected" : strerror((int)number));
    sim_stir(link);
}

/* The network resets a connection. */
static void sim_do_reset(sim_link *link)
{
    if (link->state != SIM_OPEN || link->reset) {
        return;
    }
    sim_log("link %d: reset", link->number);
    link->reset = true;
    link->came_at = link->came_at != 0 ? link->came_at : sim.now;
    link->error = ECONNRESET;
    link->closed = true;
    link->up.size = 0;
    sim_stir(link);
    sim.hooks->ended(link, true);
}

static void sim_do_fin(sim_link *link)
{
    if (link->state == SIM_OPEN && !link->fin && !link->reset) {
        sim_log("link %d: end", link->number);
        link->fin = true;
        link->came_at = link->came_at != 0 ? link->came_at : sim.now;
        sim_stir(link);
        sim.hooks->ended(link, false);
    }
}

/* Bytes arrive at the server; one that has closed resets the connection. */
static void sim_do_up(sim_link *link, size_t number)
{
    size_t size = number < link->up.size ? number : link->up.size;
    if (link->fd < 0) {
        link->up.size = 0; /* nobody cares any more */
    } else if (link->closed) {
        link->up.size = 0;
        sim_do_reset(link);
    } else if (!link->deaf && size > 0) {
        sim_bytes_add(&link->inbox, link->up.data, size);
        sim_bytes_take(&link->up, size);
        sim_stir(link);
        sim.hooks->arrived(link);
    }
}

/* A piece of the answer arrives at the client, and the next one sets out. */
static void sim_do_down(sim_link *link, size_t number)
{
    size_t size = number < link->outbox.size ? number : link->outbox.size;
    if (link->fd < 0 || link->reset) {
        link->outbox.size = 0;
        return;
    }
    sim_log("link %d: %zu bytes arrive", link->number, size);
    sim_bytes_add(&link->down, link->outbox.data, size);
    sim_bytes_take(&link->outbox, size);
    link->came_at = link->came_at != 0 ? link->came_at : sim.now;
    sim_stir(link);
    sim.hooks->emptied(link);
}

/* Something has changed for all descriptors of a sink or a supply. */
static void sim_stir_all(sim_fd_kind kind, unsigned number)
{
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS; fd++) {
        if (sim.fds[fd].kind == kind && sim.fds[fd].sink == number) {
            sim.fds[fd].edge = true;
        }
    }
}

/* Who reads what is written has taken some of it. */
static void sim_do_room(unsigned number)
{
    sim_sink *sink = &sim.sinks[number];
    sink->room += 1 + sim_below(sink->least);
    sink->waits = false;
    sim_stir_all(SIM_SINK, number);
}

/* Who writes into a pipe has written some more, or that was all. */
static void sim_do_more(unsigned number)
{
    sim_supply *supply = &sim.supplies[number];
    size_t      left = supply->size - supply->here;
    size_t      more = 1 + sim_below(supply->least);
    supply->comes = false;
    supply->over = left == 0;
    supply->here += more < left ? more : left;
    sim_stir_all(SIM_SUPPLY, number);
}

static void sim_do(const sim_event *event)
{
    switch (event->kind) {
    case SIM_EVENT_ROOM:
        sim_do_room((unsigned)event->number);
        break;
    case SIM_EVENT_MORE:
        sim_do_more((unsigned)event->number);
        break;
    case SIM_EVENT_CONNECT:
        sim_do_connect(event->link, event->number);
        break;
    case SIM_EVENT_UP:
        sim_do_up(event->link, event->number);
        break;
    case SIM_EVENT_DOWN:
        sim_do_down(event->link, event->number);
        break;
    case SIM_EVENT_FIN:
        sim_do_fin(event->link);
        break;
    case SIM_EVENT_RESET:
        sim_do_reset(event->link);
        break;
    case SIM_EVENT_OTHER:
        sim.hooks->other(event->link, event->number);
        break;
    }
}

/* All that is due happens. */
static void sim_catch_up(void)
{
    while (sim.event_count > 0 && sim.events[0].at <= sim.now) {
        sim_event event = sim_next_event();
        sim_do(&event);
    }
}

/* ---- descriptors ----------------------------------------------------------------------- */

static sim_fd *sim_fd_of(int fd, sim_fd_kind kind, const char *call)
{
    if (fd < SIM_FIRST_FD || fd >= SIM_FDS || sim.fds[fd].kind == SIM_FREE) {
        sim_die("%s uses descriptor %d, which is not open", call, fd);
    }
    if (kind != SIM_FREE && sim.fds[fd].kind != kind) {
        sim_die("%s uses descriptor %d, which is of another kind", call, fd);
    }
    return &sim.fds[fd];
}

/* The lowest free descriptor, as it is in the kernel; -1 and EMFILE. */
static int sim_fd_new(sim_fd_kind kind)
{
    int fd = SIM_FIRST_FD;
    while (fd < SIM_FDS && sim.fds[fd].kind != SIM_FREE) {
        fd++;
    }
    if (fd >= SIM_FDS || sim_fails(&sim.call_failed)) {
        errno = EMFILE;
        return -1;
    }
    memset(&sim.fds[fd], 0, sizeof sim.fds[fd]);
    sim.fds[fd].kind = kind;
    sim.fds[fd].epoll = -1;
    return fd;
}

static uint32_t sim_epoll_any(int epoll);

/* What a file or a pipe is ready for, in epoll's bits. */
static uint32_t sim_supply_ready(const sim_supply *supply)
{
    uint32_t ready = supply->file || supply->here > supply->taken ? (uint32_t)EPOLLIN : 0u;
    return ready | (!supply->file && supply->over ? (uint32_t)EPOLLHUP : 0u);
}

/* What a descriptor is ready for, in epoll's bits. */
static uint32_t sim_ready(int fd)
{
    const sim_fd *it = &sim.fds[fd];
    switch (it->kind) {
    case SIM_SOCKET:
        return it->link != NULL ? sim_link_ready(it->link)
                                : (uint32_t)EPOLLHUP | (uint32_t)EPOLLOUT;
    case SIM_EVENT:
        return (it->count > 0 ? (uint32_t)EPOLLIN : 0u) | (uint32_t)EPOLLOUT;
    case SIM_TIMER:
        return it->at != 0 && it->at <= sim.now ? (uint32_t)EPOLLIN : 0u;
    case SIM_EPOLL:
        return sim_epoll_any(fd);
    case SIM_SINK:
        return sim.sinks[it->sink].room > 0 ? (uint32_t)EPOLLOUT : 0u;
    case SIM_SUPPLY:
        return sim_supply_ready(&sim.supplies[it->sink]);
    case SIM_FREE:
        break;
    }
    return 0;
}

/* What an epoll set would tell of a descriptor now; 0: nothing. */
static uint32_t sim_epoll_tells(int epoll, int fd)
{
    const sim_fd  *it = &sim.fds[fd];
    const uint32_t always = (uint32_t)EPOLLERR | (uint32_t)EPOLLHUP;
    if (it->kind == SIM_FREE || it->epoll != epoll ||
        ((it->event.events & (uint32_t)EPOLLET) != 0 && !it->edge)) {
        return 0;
    }
    return sim_ready(fd) & (it->event.events | always);
}

static uint32_t sim_epoll_any(int epoll)
{
    uint32_t ready = 0;
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS && ready == 0; fd++) {
        ready = sim_epoll_tells(epoll, fd) != 0 ? (uint32_t)EPOLLIN : 0u;
    }
    return ready;
}

/* What poll would report of one descriptor. */
static short sim_poll_tells(const struct pollfd *polled)
{
    unsigned wanted = (unsigned)polled->events | (unsigned)POLLERR | (unsigned)POLLHUP;
    return polled->fd < 0 ? (short)0 : (short)(sim_ready(polled->fd) & wanted);
}

static bool sim_poll_any(const struct pollfd *polled, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count && !any; i++) {
        any = sim_poll_tells(&polled[i]) != 0;
    }
    return any;
}

/* ---- threads --------------------------------------------------------------------------- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define SIM_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SIM_ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#define SIM_TSAN
#endif

#if defined(SIM_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(SIM_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

/* This stack has just come back; the one that ran before is told apart by it. */
static void sim_arrive(sim_thread *here)
{
#if defined(SIM_ASAN)
    sim_thread *before = &sim.threads[sim.before];
    __sanitizer_finish_switch_fiber(here->fake_stack, &before->stack_bottom, &before->stack_size);
#else
    (void)here;
#endif
}

static void sim_switch(unsigned to)
{
    sim_thread *here = &sim.threads[sim.running];
    sim_thread *there = &sim.threads[to];
    if (here == there) {
        return;
    }
    sim.before = sim.running;
    sim.running = to;
#if defined(SIM_ASAN)
    __sanitizer_start_switch_fiber(&here->fake_stack, there->stack_bottom, there->stack_size);
#endif
#if defined(SIM_TSAN)
    here->race_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(there->race_fiber, 0);
#endif
    here->errno_kept = errno;
    (void)swapcontext(&here->context, &there->context);
    errno = here->errno_kept;
    sim_arrive(here);
}

static sim_lock *sim_lock_of(const void *where, bool condition)
{
    for (size_t i = 0; i < SIM_LOCKS; i++) {
        if (sim.locks[i].where == where && sim.locks[i].condition == condition) {
            return &sim.locks[i];
        }
    }
    sim_die("a lock is used that was not made, or is gone");
}

static bool sim_all_ended(void)
{
    bool all = true;
    for (unsigned i = 1; i < SIM_THREADS; i++) {
        all = all && (!sim.threads[i].used || sim.threads[i].ended);
    }
    return all;
}

/* Whether a thread can go on: what it waits for is there, or its patience is over. */
static bool sim_can_go(const sim_thread *t)
{
    bool there = t->until <= sim.now;
    switch (t->wait) {
    case SIM_RUNS:
        there = true;
        break;
    case SIM_WAITS_LOCK:
        there = sim_lock_of(t->on, false)->owner < 0;
        break;
    case SIM_WAITS_COND:
        there |= t->signalled;
        break;
    case SIM_WAITS_POLL:
        there |= sim_poll_any(t->polled, t->polled_count);
        break;
    case SIM_WAITS_EPOLL:
        there |= sim_epoll_any(t->epoll) != 0;
        break;
    case SIM_WAITS_JOIN:
        there = sim.threads[t->other].ended;
        break;
    case SIM_WAITS_ALL:
        there = sim_all_ended();
        break;
    case SIM_WAITS_TIME:
        break;
    }
    return there;
}

static bool sim_is_live(const sim_thread *t)
{
    return t->used && !t->ended;
}

/* When something is to come next: an event, a timer, the end of somebody's patience. */
static int64_t sim_next_time(void)
{
    int64_t next = sim.event_count > 0 ? sim.events[0].at : INT64_MAX;
    for (unsigned i = 0; i < SIM_THREADS; i++) {
        if (sim_is_live(&sim.threads[i]) && sim.threads[i].until < next) {
            next = sim.threads[i].until;
        }
    }
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS; fd++) {
        const sim_fd *it = &sim.fds[fd];
        if (it->kind == SIM_TIMER && it->at > sim.now && it->at < next) {
            next = it->at;
        }
    }
    return next;
}

/* Who goes on; if nobody can, time passes first. */
static unsigned sim_pick(void)
{
    unsigned able[SIM_THREADS];
    for (;;) {
        unsigned count = 0;
        for (unsigned i = 0; i < SIM_THREADS; i++) {
            if (sim_is_live(&sim.threads[i]) && sim_can_go(&sim.threads[i])) {
                able[count++] = i;
            }
        }
        if (count > 0) {
            return able[sim_below(count)];
        }
        int64_t next = sim_next_time();
        if (next == INT64_MAX) {
            sim_die("everybody waits and nothing is to come: it hangs");
        }
        sim.now = next > sim.now ? next : sim.now;
        sim_catch_up();
    }
}

/* Lets somebody else go on, or nobody; returns when it is this thread's turn again. */
static void sim_wait_for(sim_wait wait, int64_t until)
{
    sim_thread *here = &sim.threads[sim.running];
    here->wait = wait;
    here->until = until;
    sim_switch(sim_pick());
    here->wait = SIM_RUNS;
    here->until = INT64_MAX;
}

/* Each call of the library begins here: time passes, things happen, others may go first. */
static void sim_enter(const char *call)
{
    sim.calls++;
    sim.now += (int64_t)sim_below(2000);
    if (sim.calls > SIM_MANY_CALLS) {
        sim_die("no end after %d calls, the last of %s: somebody is busy with nothing",
                SIM_MANY_CALLS, call);
    }
    sim_catch_up();
    if (sim.running == 0) {
        sim.hooks->signalled();
    }
    if (sim_chance(20)) {
        sim_wait_for(SIM_RUNS, INT64_MAX);
    }
}

/* A call that waits must not hold a lock. */
static void sim_enter_to_wait(const char *call)
{
    sim_enter(call);
    if (sim.threads[sim.running].held > 0) {
        sim_die("%s waits while it holds a lock", call);
    }
}

static void sim_thread_main(unsigned index) __attribute__((noreturn));
static void sim_thread_main(unsigned index)
{
    sim_thread *here = &sim.threads[index];
    sim_arrive(here);
    for (;;) {
        (void)here->run(here->argument);
        if (here->held > 0) {
            sim_die("a thread ends and holds a lock");
        }
        here->ended = true;
        sim_switch(sim_pick());
    }
}

/* Whether nobody needs to know of a thread any more. */
static bool sim_is_gone(const sim_thread *t)
{
    return t->ended && t->left;
}

static void sim_thread_make(sim_thread *t, unsigned index)
{
    memset(t, 0, sizeof *t);
    t->stack = (unsigned char *)malloc(SIM_STACK_BYTES);
    if (t->stack == NULL) {
        sim_die("no memory for the simulation itself");
    }
    t->stack_bottom = t->stack;
    t->stack_size = SIM_STACK_BYTES;
    (void)getcontext(&t->context);
    t->context.uc_stack.ss_sp = t->stack;
    t->context.uc_stack.ss_size = SIM_STACK_BYTES;
    makecontext(&t->context, (void (*)(void))sim_thread_main, 1, index);
#if defined(SIM_TSAN)
    t->race_fiber = __tsan_create_fiber(0);
#endif
}

static int sim_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*run)(void *argument), void      *argument)
{
    unsigned i = 1;
    sim_enter("pthread_create");
    (void)attributes;
    while (i < SIM_THREADS && sim.threads[i].used && !sim_is_gone(&sim.threads[i])) {
        i++;
    }
    if (i == SIM_THREADS || sim_fails(&sim.call_failed)) {
        return EAGAIN;
    }
    sim_thread *t = &sim.threads[i];
    if (t->stack == NULL) {
        sim_thread_make(t, i);
    }
    t->run = run;
    t->argument = argument;
    t->used = true;
    t->ended = false;
    t->left = false;
    t->signalled = false;
    t->wait = SIM_RUNS;
    t->until = INT64_MAX;
    *thread = (pthread_t)i;
    sim_log("thread %u starts", i);
    return 0;
}

static int sim_pthread_join(pthread_t thread, void **result)
{
    sim_enter_to_wait("pthread_join");
    sim_thread *t = &sim.threads[thread];
    if (result != NULL || !t->used || t->left) {
        sim_die("pthread_join of a thread that is not there");
    }
    sim.threads[sim.running].other = (unsigned)thread;
    sim_wait_for(SIM_WAITS_JOIN, INT64_MAX);
    t->left = true;
    t->used = false;
    return 0;
}

static int sim_pthread_detach(pthread_t thread)
{
    sim_enter("pthread_detach");
    if (!sim.threads[thread].used || sim.threads[thread].left) {
        sim_die("pthread_detach of a thread that is not there");
    }
    sim.threads[thread].left = true;
    return 0;
}

/* ---- locks ----------------------------------------------------------------------------- */

static int sim_lock_make(const void *where, bool condition)
{
    size_t i = 0;
    if (sim_fails(&sim.call_failed)) {
        return ENOMEM;
    }
    while (i < SIM_LOCKS && sim.locks[i].where != NULL) {
        i++;
    }
    if (i == SIM_LOCKS) {
        sim_die("too many locks");
    }
    sim.locks[i].where = where;
    sim.locks[i].condition = condition;
    sim.locks[i].owner = -1;
    return 0;
}

static int sim_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
    (void)attributes;
    return sim_lock_make(lock, false);
}

static int sim_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    (void)attributes;
    return sim_lock_make(condition, true);
}

static int sim_pthread_mutex_destroy(pthread_mutex_t *lock)
{
    sim_lock *it = sim_lock_of(lock, false);
    if (it->owner >= 0) {
        sim_die("a lock is destroyed that somebody holds");
    }
    it->where = NULL;
    return 0;
}

static int sim_pthread_cond_destroy(pthread_cond_t *condition)
{
    for (unsigned i = 0; i < SIM_THREADS; i++) {
        const sim_thread *t = &sim.threads[i];
        if (sim_is_live(t) && t->wait == SIM_WAITS_COND && t->on == condition) {
            sim_die("a condition is destroyed that somebody waits for");
        }
    }
    sim_lock_of(condition, true)->where = NULL;
    return 0;
}

/* Takes a lock, when it is free. */
static void sim_take(pthread_mutex_t *lock)
{
    sim_thread *here = &sim.threads[sim.running];
    sim_lock   *it = sim_lock_of(lock, false);
    if (it->owner == (int)sim.running) {
        sim_die("a thread takes a lock twice");
    }
    here->on = lock;
    if (it->owner >= 0) {
        sim_wait_for(SIM_WAITS_LOCK, INT64_MAX);
    }
    it->owner = (int)sim.running;
    here->held++;
}

static void sim_give(pthread_mutex_t *lock)
{
    sim_lock *it = sim_lock_of(lock, false);
    if (it->owner != (int)sim.running) {
        sim_die("a thread gives a lock back that it does not hold");
    }
    it->owner = -1;
    sim.threads[sim.running].held--;
}

static int sim_pthread_mutex_lock(pthread_mutex_t *lock)
{
    sim_enter("pthread_mutex_lock");
    sim_take(lock);
    return 0;
}

static int sim_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    sim_give(lock);
    sim_enter("pthread_mutex_unlock");
    return 0;
}

/* Waits for a signal, now and then for nothing. Returns whether it came in time. */
static bool sim_cond(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until)
{
    sim_thread *here = &sim.threads[sim.running];
    (void)sim_lock_of(condition, true);
    sim_give(lock);
    if (here->held > 0) {
        sim_die("a thread waits for a condition while it holds another lock");
    }
    here->on = condition;
    here->signalled = sim_chance(2);
    sim_wait_for(SIM_WAITS_COND, until);
    bool signalled = here->signalled;
    sim_take(lock);
    return signalled;
}

static int sim_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    (void)sim_cond(condition, lock, INT64_MAX);
    return 0;
}

static int sim_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                      const struct timespec *until)
{
    int64_t at = (int64_t)until->tv_sec * 1000 * SIM_MS + until->tv_nsec;
    return sim_cond(condition, lock, at) ? 0 : ETIMEDOUT;
}

/* Wakes those who wait for a condition: all of them, or one, drawn by lot. */
static void sim_signal(const pthread_cond_t *condition, bool all)
{
    sim_thread *waiting[SIM_THREADS];
    size_t      count = 0;
    (void)sim_lock_of(condition, true);
    for (unsigned i = 0; i < SIM_THREADS; i++) {
        sim_thread *t = &sim.threads[i];
        if (sim_is_live(t) && t->wait == SIM_WAITS_COND && t->on == condition && !t->signalled) {
            waiting[count++] = t;
        }
    }
    size_t chosen = sim_below(count);
    for (size_t i = 0; i < count; i++) {
        waiting[i]->signalled = waiting[i]->signalled || all || i == chosen;
    }
}

static int sim_pthread_cond_signal(pthread_cond_t *condition)
{
    sim_signal(condition, false);
    return 0;
}

static int sim_pthread_cond_broadcast(pthread_cond_t *condition)
{
    sim_signal(condition, true);
    return 0;
}

/* ---- system calls ---------------------------------------------------------------------- */

static int sim_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    sim.now += (int64_t)sim_below(200);
    now->tv_sec = (time_t)(sim.now / (1000 * SIM_MS));
    now->tv_nsec = (long)(sim.now % (1000 * SIM_MS));
    return 0;
}

static int sim_socket(int domain, int type, int protocol)
{
    sim_enter("socket");
    if ((type & SOCK_NONBLOCK) == 0 || (type & SOCK_CLOEXEC) == 0 || protocol != 0 ||
        (domain == AF_UNIX) != sim.local) {
        sim_die("socket(%d, %d, %d)", domain, type, protocol);
    }
    int fd = sim_fd_new(SIM_SOCKET);
    if (fd >= 0) {
        sim.fds[fd].family = domain;
    }
    return fd;
}

/* The place of the unix socket, which is the only one there is. */
static unsigned sim_local_place(const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_un local;
    const void        *bytes = to;
    if (size != sizeof local) {
        sim_die("connect to a unix socket of %u bytes", (unsigned)size);
    }
    memcpy(&local, bytes, sizeof local);
    if (memcmp(local.sun_path, SIM_PATH, sizeof SIM_PATH) != 0) {
        sim_die("connect to another unix socket");
    }
    return SIM_LOCAL_PLACE;
}

/* The place that an address means; SIM_PLACES: nobody's. */
static unsigned sim_place_of(const struct sockaddr *to, socklen_t size)
{
    unsigned            port;
    unsigned            place;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
    const void         *bytes = to;
    if (to->sa_family == AF_UNIX) {
        return sim_local_place(to, size);
    }
    if (to->sa_family == AF_INET6 && size == sizeof v6) {
        memcpy(&v6, bytes, sizeof v6);
        port = ntohs(v6.sin6_port);
        place = v6.sin6_addr.s6_addr[15];
    } else if (to->sa_family == AF_INET && size == sizeof v4) {
        memcpy(&v4, bytes, sizeof v4);
        port = ntohs(v4.sin_port);
        place = ntohl(v4.sin_addr.s_addr) & 0xffu;
    } else {
        sim_die("connect to an address that is none");
    }
    if (place >= SIM_PLACES || port != sim.hosts[sim.places[place].host].port ||
        sim.places[place].ipv6 != (to->sa_family == AF_INET6)) {
        if (!sim.wild) {
            sim_die("connect to an address that nobody has");
        }
        place = SIM_PLACES;
    }
    return place;
}

static int64_t sim_delay(void)
{
    int64_t delay = (int64_t)sim_below(300000);
    if (!sim.calm && sim_chance(15)) {
        delay = (int64_t)sim_below(20 * (size_t)SIM_MS);
    }
    if (!sim.calm && sim_chance(3)) {
        delay = (int64_t)sim_below(400 * (size_t)SIM_MS);
    }
    return delay;
}

/* Begins a connection as the place's manner has it. Returns 0 or an errno. */
static int sim_connect_to(sim_link *link, sim_manner manner)
{
    static const int at_once[] = { ENETUNREACH, ECONNREFUSED, EADDRNOTAVAIL, EACCES };
    sim_place       *place = &sim.places[link->place];
    place->tried_at = sim.now;
    size_t later = sim_chance(80) ? ECONNREFUSED : EHOSTUNREACH;
    int    error = EINPROGRESS;
    switch (manner) {
    case SIM_ACCEPTS:
        if (sim_chance(3)) {
            sim_do_connect(link, 0);
            error = 0;
        } else {
            sim_later(sim_delay(), SIM_EVENT_CONNECT, link, 0);
        }
        break;
    case SIM_REFUSES:
        sim_later(sim_delay(), SIM_EVENT_CONNECT, link, later);
        break;
    case SIM_REFUSES_AT_ONCE:
        error = at_once[sim_below(4)];
        place->failures++;
        place->errors |= UINT64_C(1) << (error % 64);
        break;
    case SIM_IS_SILENT:
    case SIM_IS_MOODY:
        place->failures++;
        place->errors |= UINT64_C(1) << (ETIMEDOUT % 64);
        break;
    }
    return sim_chance(2) && error == EINPROGRESS ? EINTR : error;
}

/* A unix socket tells at once. Returns 0 or an errno. */
static int sim_connect_locally(sim_link *link, bool accepts)
{
    static const int at_once[] = { ENOENT, ECONNREFUSED, EAGAIN, EACCES };
    sim_place       *place = &sim.places[link->place];
    int              error = accepts ? 0 : at_once[sim_below(4)];
    place->tried_at = sim.now;
    if (accepts) {
        sim_do_connect(link, 0);
    } else {
        place->failures++;
        place->errors |= UINT64_C(1) << (error % 64);
    }
    return error;
}

/* The last byte of an address, or -1: it is none, or not as large as its family has it. */
static int sim_last_byte(const struct sockaddr *from, socklen_t size)
{
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
    const void         *bytes = from;
    int                 last = -1;
    if (from->sa_family == AF_INET6 && size == sizeof v6) {
        memcpy(&v6, bytes, sizeof v6);
        last = v6.sin6_addr.s6_addr[15];
    } else if (from->sa_family == AF_INET && size == sizeof v4) {
        memcpy(&v4, bytes, sizeof v4);
        last = (int)(ntohl(v4.sin_addr.s_addr) & 0xffu);
    }
    return last;
}

/* Only the source address can be bound, to a socket of its family. These two are on their own, as
 * compilers otherwise think they know better what the address is. */
static int sim_bind(int fd, const struct sockaddr *from, socklen_t size) __attribute__((noinline));
static int sim_bind(int fd, const struct sockaddr *from, socklen_t size)
{
    sim_enter("bind");
    sim_fd *it = sim_fd_of(fd, SIM_SOCKET, "bind");
    if (it->link != NULL || it->bound || from->sa_family != sim.source ||
        from->sa_family != it->family || sim_last_byte(from, size) != SIM_SOURCE) {
        sim_die("bind, after connect, or to what is not the source address");
    }
    if (sim_fails(&sim.call_failed)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    it->bound = true;
    return 0;
}

static int sim_connect(int fd, const struct sockaddr *to, socklen_t size) __attribute__((noinline));
static int sim_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    sim_enter("connect");
    sim_fd  *it = sim_fd_of(fd, SIM_SOCKET, "connect");
    unsigned at = sim_place_of(to, size);
    if (it->family != to->sa_family || (sim.source != 0 && !sim.local && !it->bound)) {
        sim_die("connect from elsewhere than the source address, or to another family");
    }
    if (at == SIM_PLACES) {
        errno = ENETUNREACH;
        return -1;
    }
    sim_link *link = (sim_link *)calloc(1, sizeof *link);
    if (link == NULL || it->link != NULL) {
        sim_die("connect, a second time");
    }
    link->number = sim.link_count++;
    link->place = at;
    link->host = sim.places[at].host;
    link->fd = fd;
    link->buffer = sim_chance(50) ? 65536 : 1 + sim_below(3000);
    link->next = sim.links;
    sim.links = link;
    it->link = link;
    sim_manner manner = sim.places[link->place].manner;
    if (manner == SIM_IS_MOODY) {
        static const sim_manner moods[] = { SIM_ACCEPTS, SIM_REFUSES, SIM_REFUSES_AT_ONCE,
                                            SIM_IS_SILENT };
        manner = moods[sim_below(4)];
    }
    sim.sockets++;
    sim.hosts[sim.places[link->place].host].open++;
    sim.hooks->connecting(link);
    int error = sim.local ? sim_connect_locally(link, manner == SIM_ACCEPTS)
                          : sim_connect_to(link, manner);
    sim_log("link %d: descriptor %d to place %u: %s", link->number, fd, link->place,
            strerror(error));
    errno = error;
    return error == 0 ? 0 : -1;
}

/* The server learns that the client has closed. */
static void sim_hang_up(sim_link *link)
{
    if (link->state == SIM_CONNECTING) {
        sim.places[link->place].failures++;
        sim.places[link->place].errors |= UINT64_C(1) << (ETIMEDOUT % 64);
    }
    link->ignored = link->came_at != 0 ? sim.now - link->came_at : 0;
    link->fd = -1;
    link->outbox.size = 0;
    link->down.size = 0;
    sim.sockets--;
    sim.hosts[sim.places[link->place].host].open--;
}

static int sim_close(int fd)
{
    sim_enter("close");
    sim_fd *it = sim_fd_of(fd, SIM_FREE, "close");
    sim_log("close %d", fd);
    if (it->link != NULL) {
        sim_hang_up(it->link);
    }
    for (int i = SIM_FIRST_FD; i < SIM_FDS; i++) {
        if (sim.fds[i].kind != SIM_FREE && sim.fds[i].epoll == fd) {
            sim.fds[i].epoll = -1;
        }
    }
    it->kind = SIM_FREE;
    it->link = NULL;
    return 0;
}

/* Why nothing can be sent, as an errno; 0: it can. The kernel tells of an error once. */
static int sim_send_error(sim_link *link)
{
    int error = link->error;
    if (error == 0 && (link->reset || link->shut || link->state == SIM_FAILED)) {
        error = EPIPE;
    }
    link->error = 0;
    return error == 0 && sim_fails(&sim.call_failed) ? ENOBUFS : error;
}

/* Puts bytes on their way. */
static void sim_set_out(sim_link *link, size_t size)
{
    for (size_t left = size; left > 0;) {
        size_t piece = sim_chance(70) ? left : 1 + sim_below(left);
        sim_later(sim_delay(), SIM_EVENT_UP, link, piece);
        left -= piece;
    }
}

/* Sends what fits. */
static ssize_t sim_push(int fd, const struct iovec *pieces, size_t count, int flags)
{
    sim_fd   *it = sim_fd_of(fd, SIM_SOCKET, "send");
    sim_link *link = it->link;
    size_t    moved = 0;
    if ((flags & MSG_NOSIGNAL) == 0 || link == NULL) {
        sim_die("send without MSG_NOSIGNAL, or without a connection");
    }
    int error = sim_send_error(link);
    if (error != 0) {
        sim.hooks->sent(link, pieces, 0);
        errno = error;
        return -1;
    }
    for (size_t i = 0; i < count && link->state == SIM_OPEN; i++) {
        size_t space = link->buffer > link->up.size ? link->buffer - link->up.size : 0;
        size_t size = pieces[i].iov_len < space ? pieces[i].iov_len : space;
        sim_bytes_add(&link->up, pieces[i].iov_base, size);
        moved += size;
    }
    if (moved == 0) {
        errno = EAGAIN;
        return -1;
    }
    sim_log("link %d: %zu bytes sent", link->number, moved);
    sim.hooks->sent(link, pieces, moved);
    sim_set_out(link, moved);
    return (ssize_t)moved;
}

static ssize_t sim_send(int fd, const void *bytes, size_t size, int flags)
{
    struct iovec piece;
    sim_enter("send");
    memcpy(&piece.iov_base, &bytes, sizeof bytes);
    piece.iov_len = size;
    return sim_push(fd, &piece, 1, flags);
}

static ssize_t sim_sendmsg(int fd, const struct msghdr *message, int flags)
{
    sim_enter("sendmsg");
    return sim_push(fd, message->msg_iov, message->msg_iovlen, flags);
}

/* Takes what has come, or looks at it. */
static ssize_t sim_pull(sim_link *link, void *bytes, size_t size, bool peeks)
{
    size_t moved = link->down.size < size ? link->down.size : size;
    memcpy(bytes, link->down.data, moved);
    if (!peeks) {
        sim_bytes_take(&link->down, moved);
        link->came_at = link->down.size > 0 ? sim.now : 0;
        sim_log("link %d: %zu bytes received", link->number, moved);
        sim.hooks->received(link, moved);
    }
    return (ssize_t)moved;
}

static ssize_t sim_recv(int fd, void *bytes, size_t size, int flags)
{
    sim_enter("recv");
    sim_fd   *it = sim_fd_of(fd, SIM_SOCKET, "recv");
    sim_link *link = it->link;
    bool      peeks = (flags & MSG_PEEK) != 0;
    if (link == NULL) {
        errno = ENOTCONN;
        return -1;
    }
    if (link->down.size > 0) {
        return sim_pull(link, bytes, size, peeks);
    }
    link->came_at = 0;
    errno = link->error != 0 ? link->error : EAGAIN;
    if (link->error != 0) {
        link->error = peeks ? link->error : 0;
        return -1;
    }
    if (link->fin || link->reset || link->shut || link->state == SIM_FAILED) {
        return 0;
    }
    link->looked_at = sim.now;
    return -1;
}

static int sim_shutdown(int fd, int how)
{
    sim_enter("shutdown");
    sim_fd   *it = sim_fd_of(fd, SIM_SOCKET, "shutdown");
    sim_link *link = it->link;
    if (link == NULL || how != SHUT_RDWR) {
        sim_die("shutdown of a socket that is not connected");
    }
    link->error = link->state == SIM_CONNECTING ? ECONNRESET : link->error;
    link->state = link->state == SIM_CONNECTING ? SIM_FAILED : link->state;
    link->shut = true;
    sim_stir(link);
    return 0;
}

static int sim_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    sim_enter("getsockopt");
    sim_fd *it = sim_fd_of(fd, SIM_SOCKET, "getsockopt");
    if (level != SOL_SOCKET || option != SO_ERROR || *size != sizeof(int) || it->link == NULL) {
        sim_die("getsockopt(%d, %d)", level, option);
    }
    memcpy(value, &it->link->error, sizeof(int));
    it->link->error = 0;
    return 0;
}

static int sim_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    sim_enter("setsockopt");
    (void)sim_fd_of(fd, SIM_SOCKET, "setsockopt");
    bool known = (level == IPPROTO_TCP && option == TCP_NODELAY) ||
                 (level == IPPROTO_IP && option == IP_BIND_ADDRESS_NO_PORT);
    if (!known || size != sizeof(int) || value == NULL) {
        sim_die("setsockopt(%d, %d)", level, option);
    }
    return 0;
}

static int sim_eventfd(unsigned start, int flags)
{
    sim_enter("eventfd");
    if (start != 0 || flags != (EFD_NONBLOCK | EFD_CLOEXEC)) {
        sim_die("eventfd(%u, %d)", start, flags);
    }
    return sim_fd_new(SIM_EVENT);
}

static int sim_timerfd_create(clockid_t clock, int flags)
{
    sim_enter("timerfd_create");
    if (clock != CLOCK_MONOTONIC || flags != (TFD_NONBLOCK | TFD_CLOEXEC)) {
        sim_die("timerfd_create(%d, %d)", (int)clock, flags);
    }
    return sim_fd_new(SIM_TIMER);
}

static int sim_timerfd_settime(int fd, int flags, const struct itimerspec *to,
                               struct itimerspec *from)
{
    sim_enter("timerfd_settime");
    sim_fd *it = sim_fd_of(fd, SIM_TIMER, "timerfd_settime");
    if (flags != TFD_TIMER_ABSTIME || from != NULL || to->it_interval.tv_sec != 0 ||
        to->it_interval.tv_nsec != 0) {
        sim_die("timerfd_settime with flags %d", flags);
    }
    it->at = (int64_t)to->it_value.tv_sec * 1000 * SIM_MS + to->it_value.tv_nsec;
    return 0;
}

/* More comes into a pipe in a while, if there is nothing in it. */
static void sim_refill(unsigned number)
{
    sim_supply *supply = &sim.supplies[number];
    if (!supply->file && !supply->over && !supply->comes && supply->taken == supply->here) {
        supply->comes = true;
        sim_later(sim_delay(), SIM_EVENT_MORE, NULL, number);
    }
}

/* A new descriptor of the includer's to be read from, or -1. */
static inline int sim_supply_open(const unsigned char *bytes, size_t size, bool file,
                                  int64_t *moved_at)
{
    int fd = sim.supply_count < SIM_SUPPLIES ? sim_fd_new(SIM_SUPPLY) : -1;
    if (fd >= 0) {
        sim_supply *supply = &sim.supplies[sim.supply_count];
        sim.fds[fd].sink = sim.supply_count;
        supply->bytes = bytes;
        supply->size = size;
        supply->start = sim_chance(50) ? sim_below(5000) : 0;
        supply->least = 1 + sim_below(sim_chance(50) ? 300 : 70000);
        supply->error = !sim.calm && sim_chance(10) ? EIO : 0;
        supply->file = file;
        supply->moved_at = moved_at;
        sim_refill(sim.supply_count++);
    }
    return fd;
}

static int sim_fstat(int fd, struct stat *about)
{
    sim_enter("fstat");
    const sim_fd *it = sim_fd_of(fd, SIM_FREE, "fstat");
    memset(about, 0, sizeof *about);
    if (it->kind == SIM_SINK) {
        about->st_mode = sim.sinks[it->sink].error == EPIPE ? S_IFIFO : S_IFCHR;
    } else {
        const sim_supply *supply = &sim.supplies[sim_fd_of(fd, SIM_SUPPLY, "fstat")->sink];
        about->st_mode = supply->file ? S_IFREG : S_IFIFO;
        about->st_size = supply->file ? (off_t)(supply->start + supply->size) : 0;
    }
    errno = EIO;
    return sim_fails(&sim.call_failed) ? -1 : 0;
}

static off_t sim_lseek(int fd, off_t to, int from)
{
    sim_enter("lseek");
    const sim_supply *supply = &sim.supplies[sim_fd_of(fd, SIM_SUPPLY, "lseek")->sink];
    if (!supply->file || to != 0 || from != SEEK_CUR) {
        sim_die("lseek(%d, %jd, %d)", fd, (intmax_t)to, from);
    }
    errno = EIO;
    return sim_fails(&sim.call_failed) ? -1 : (off_t)supply->start;
}

/* Copies what a read from there gets: some of it, nothing at the end, or the error there. */
static ssize_t sim_draw(const sim_supply *supply, size_t from, size_t end, void *bytes, size_t size)
{
    size_t moved = end - from < size ? end - from : size;
    errno = EIO;
    if (sim_fails(&sim.call_failed)) {
        return -1;
    }
    if (moved == 0 && size > 0 && supply->error != 0) {
        errno = supply->error;
        return -1;
    }
    moved = moved > 0 && sim_chance(20) ? 1 + sim_below(moved) : moved;
    if (moved > 0) {
        memcpy(bytes, supply->bytes + from, moved);
    }
    return (ssize_t)moved;
}

/* A thread that holds a lock must not read, which may last. */
static ssize_t sim_pread(int fd, void *bytes, size_t size, off_t at)
{
    sim_enter_to_wait("pread");
    const sim_supply *supply = &sim.supplies[sim_fd_of(fd, SIM_SUPPLY, "pread")->sink];
    if (!supply->file || at < (off_t)supply->start || at > (off_t)(supply->start + supply->size)) {
        sim_die("pread at %jd, where it has no business", (intmax_t)at);
    }
    return sim_draw(supply, (size_t)at - supply->start, supply->size, bytes, size);
}

/* Reads from a pipe that would block. */
static ssize_t sim_drain(unsigned number, void *bytes, size_t size)
{
    sim_supply *supply = &sim.supplies[number];
    if (supply->file || sim.threads[sim.running].held > 0 || sim_supply_ready(supply) == 0) {
        sim_die("a read that would block, or of a file whose place it moves");
    }
    ssize_t moved = sim_draw(supply, supply->taken, supply->here, bytes, size);
    supply->taken += moved > 0 ? (size_t)moved : 0;
    *supply->moved_at = sim.now;
    sim_refill(number);
    return moved;
}

static ssize_t sim_read(int fd, void *bytes, size_t size)
{
    uint64_t count = 1;
    sim_enter("read");
    sim_fd *it = sim_fd_of(fd, SIM_FREE, "read");
    if (it->kind == SIM_SUPPLY) {
        return sim_drain(it->sink, bytes, size);
    }
    if (size != sizeof count || (it->kind != SIM_EVENT && it->kind != SIM_TIMER)) {
        sim_die("read of %zu bytes from descriptor %d", size, fd);
    }
    if ((sim_ready(fd) & (uint32_t)EPOLLIN) == 0) {
        errno = EAGAIN;
        return -1;
    }
    count = it->kind == SIM_EVENT ? it->count : count;
    it->count = 0;
    it->at = 0;
    memcpy(bytes, &count, sizeof count);
    return (ssize_t)sizeof count;
}

/* A new descriptor of the includer's to be written to, or -1. */
static inline int sim_sink_open(int64_t *moved_at)
{
    int fd = sim.sink_count < SIM_SINKS ? sim_fd_new(SIM_SINK) : -1;
    if (fd >= 0) {
        sim_sink *sink = &sim.sinks[sim.sink_count];
        sim.fds[fd].sink = sim.sink_count++;
        sink->least = 1 + sim_below(sim_chance(50) ? 300 : 70000);
        sink->room = sim_chance(50) ? sink->least : 1000000;
        sink->left = !sim.calm && sim_chance(20) ? sim_below(1000) : 1000000;
        sink->error = sim_chance(50) ? ENOSPC : EPIPE;
        sink->moved_at = moved_at;
    }
    return fd;
}

/* A thread that holds a lock must not write, which may last. */
static ssize_t sim_store(unsigned number, const void *bytes, size_t size)
{
    sim_sink *sink = &sim.sinks[number];
    size_t    most = sink->room < sink->left ? sink->room : sink->left;
    size_t    moved = size < most ? size : most;
    sim_enter_to_wait("write");
    errno = sink->left == 0 ? sink->error : EAGAIN;
    if (moved == 0 && sink->left > 0 && !sink->waits) {
        sink->waits = true;
        sim_later(sim_delay(), SIM_EVENT_ROOM, NULL, number);
    }
    if (moved == 0) {
        return -1;
    }
    moved = sim_chance(20) ? 1 + sim_below(moved) : moved;
    sim_bytes_add(&sink->bytes, bytes, moved);
    sink->room -= moved;
    sink->left -= moved;
    *sink->moved_at = sim.now;
    return (ssize_t)moved;
}

static int sim_fcntl(int fd, int command, int least)
{
    sim_enter("fcntl");
    const sim_fd *from = sim_fd_of(fd, SIM_FREE, "fcntl");
    bool          known = from->kind == SIM_SINK || from->kind == SIM_SUPPLY;
    if (command != F_DUPFD_CLOEXEC || least != 1 || !known) {
        sim_die("fcntl(%d, %d)", command, least);
    }
    int copy = sim_fd_new(from->kind);
    if (copy >= 0) {
        sim.fds[copy].sink = from->sink;
    }
    return copy;
}

static ssize_t sim_write(int fd, const void *bytes, size_t size)
{
    uint64_t count = 0;
    if (sim_fd_of(fd, SIM_FREE, "write")->kind == SIM_SINK) {
        return sim_store(sim.fds[fd].sink, bytes, size);
    }
    sim_fd *it = sim_fd_of(fd, SIM_EVENT, "write");
    if (size != sizeof count) {
        sim_die("write of %zu bytes to descriptor %d", size, fd);
    }
    memcpy(&count, bytes, sizeof count);
    it->count += count;
    it->edge = true;
    return (ssize_t)size;
}

static int sim_epoll_create1(int flags)
{
    sim_enter("epoll_create1");
    if (flags != EPOLL_CLOEXEC) {
        sim_die("epoll_create1(%d)", flags);
    }
    return sim_fd_new(SIM_EPOLL);
}

static int sim_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    sim_enter("epoll_ctl");
    (void)sim_fd_of(epoll, SIM_EPOLL, "epoll_ctl");
    sim_fd *it = sim_fd_of(fd, SIM_FREE, "epoll_ctl");
    if (operation == EPOLL_CTL_ADD ? it->epoll >= 0 : it->epoll != epoll) {
        errno = operation == EPOLL_CTL_ADD ? EEXIST : ENOENT;
        return -1;
    }
    if (sim_fails(&sim.call_failed)) {
        errno = ENOSPC;
        return -1;
    }
    it->epoll = operation == EPOLL_CTL_DEL ? -1 : epoll;
    it->edge = true;
    if (event != NULL) {
        it->event = *event;
    }
    return 0;
}

/* Many waits that last no time and bring nothing: somebody is busy with nothing. */
static void sim_note_fruit(int64_t since, bool fruit)
{
    sim.fruitless = fruit || sim.now - since > SIM_MS / 10 ? 0 : sim.fruitless + 1;
    if (sim.fruitless > 300) {
        sim_die("somebody waits again and again for no time at all");
    }
}

/* When a wait of so many milliseconds ends. The client's owner gives it time, if it is that. */
static int64_t sim_until(int ms)
{
    if (sim.running == 0) {
        sim.behind += sim.now - sim.served_at;
        sim.away = sim.behind > sim.away ? sim.behind : sim.away;
        sim.served_at = sim.now;
    }
    return ms < 0 ? INT64_MAX : sim.now + (int64_t)ms * SIM_MS;
}

/* That wait is over, and it told of all there was, or not. */
static void sim_served(bool all)
{
    if (sim.running == 0) {
        sim.served_at = sim.now;
        sim.behind = all ? 0 : sim.behind;
    }
}

static int sim_epoll_wait(int epoll, struct epoll_event *events, int room, int ms)
{
    sim_enter_to_wait("epoll_wait");
    (void)sim_fd_of(epoll, SIM_EPOLL, "epoll_wait");
    int64_t     since = sim.now;
    int64_t     until = sim_until(ms);
    sim_thread *here = &sim.threads[sim.running];
    unsigned    count = 0;
    unsigned    from = sim.backlog ? sim.first : (unsigned)sim_below(SIM_FDS);
    here->epoll = epoll;
    /* The kernel tells of a signal only where there is no event to tell of. */
    if (!sim.calm && ms != 0 && sim_epoll_any(epoll) == 0 && sim_chance(2)) {
        errno = EINTR;
        return -1;
    }
    sim_wait_for(SIM_WAITS_EPOLL, until);
    sim.polled_at = sim.now;
    for (unsigned i = 0; i < SIM_FDS && count < (unsigned)room; i++) {
        int      fd = (int)((from + i) % SIM_FDS);
        uint32_t tells = sim_epoll_tells(epoll, fd);
        if (tells != 0) {
            events[count] = sim.fds[fd].event;
            events[count].events = tells;
            sim.fds[fd].edge = false;
            sim_log("epoll: descriptor %d, %#x", fd, tells);
            count++;
            sim.first = (unsigned)fd + 1;
        }
    }
    sim.backlog = count == (unsigned)room; /* who has waited longest comes first next time */
    sim_served(!sim.backlog);
    sim_note_fruit(since, count > 0);
    return (int)count;
}

static int sim_poll(struct pollfd *fds, nfds_t count, int ms)
{
    sim_enter_to_wait("poll");
    int64_t     since = sim.now;
    int64_t     until = sim_until(ms);
    sim_thread *here = &sim.threads[sim.running];
    int         told = 0;
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].fd >= 0) {
            (void)sim_fd_of(fds[i].fd, SIM_FREE, "poll");
        }
    }
    if (!sim.calm && !sim_poll_any(fds, count) && sim_chance(2)) {
        errno = EINTR;
        return -1;
    }
    here->polled = fds;
    here->polled_count = count;
    sim_wait_for(SIM_WAITS_POLL, until);
    sim_served(!sim.backlog);
    for (nfds_t i = 0; i < count; i++) {
        fds[i].revents = sim_poll_tells(&fds[i]);
        told += fds[i].revents != 0 ? 1 : 0;
    }
    sim_note_fruit(since, told > 0);
    return told;
}

/* ---- memory ---------------------------------------------------------------------------- */

static void *sim_malloc(size_t size)
{
    void *block = sim_fails(&sim.memory_failed) ? NULL : malloc(size);
    sim.memory += block != NULL ? 1 : 0;
    errno = block == NULL ? ENOMEM : errno;
    return block;
}

static void *sim_realloc(void *old, size_t size)
{
    sim.memory += old == NULL ? 1 : 0;
    void *block = sim_fails(&sim.memory_failed) ? NULL : realloc(old, size);
    if (block == NULL) {
        sim.memory -= old == NULL ? 1 : 0;
        errno = ENOMEM;
    }
    return block;
}

static void sim_free(void *block)
{
    sim.memory -= block != NULL ? 1 : 0;
    free(block);
}

static void *sim_mmap(void *where, size_t size, int protection, int flags, int fd, off_t at)
{
    void *map = MAP_FAILED;
    if (sim_fails(&sim.call_failed)) {
        errno = ENOMEM;
    } else {
        map = mmap(where, size, protection, flags, fd, at);
    }
    sim.maps += map != MAP_FAILED ? 1 : 0;
    return map;
}

static int sim_munmap(void *where, size_t size)
{
    sim.maps--;
    return munmap(where, size);
}

/* ---- names ----------------------------------------------------------------------------- */

/* One address of the list that getaddrinfo makes. */
static struct addrinfo *sim_address(unsigned place, struct addrinfo *next)
{
    struct {
        struct addrinfo     info;
        struct sockaddr_in6 address;
    } *block = NULL;
    struct sockaddr_in v4;
    block = calloc(1, sizeof *block);
    if (block == NULL) {
        sim_die("no memory for the simulation itself");
    }
    bool v6 = sim.places[place].ipv6;
    block->info.ai_family = v6 ? AF_INET6 : AF_INET;
    block->info.ai_addrlen = v6 ? sizeof block->address : sizeof v4;
    block->info.ai_addr = (struct sockaddr *)(void *)&block->address;
    block->info.ai_next = next;
    if (v6) {
        block->address.sin6_family = AF_INET6;
        block->address.sin6_addr.s6_addr[0] = 0xfd;
        block->address.sin6_addr.s6_addr[15] = (unsigned char)place;
    } else {
        memset(&v4, 0, sizeof v4);
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(0x0a000000u + place);
        memcpy(&block->address, &v4, sizeof v4);
    }
    return &block->info;
}

/* Takes the time of a lookup; no host is looked up twice at a time. NULL: there is no such one. */
static sim_host *sim_look_up(const char *name)
{
    sim_host *host = NULL;
    for (unsigned i = 0; i < sim.host_count; i++) {
        host = strcmp(sim.hosts[i].name, name) == 0 ? &sim.hosts[i] : host;
    }
    if (host == NULL && sim.wild) {
        return NULL;
    }
    if (host == NULL || host->looked_up || sim.looking >= SIM_MAX_LOOKUPS || sim.local) {
        sim_die("%s is looked up: twice at a time, or one of too many, or for nobody", name);
    }
    host->looked_up = true;
    sim.looking++;
    sim_wait_for(SIM_WAITS_TIME, sim.now + sim_delay() * (sim_chance(20) ? 10 : 1));
    host->looked_up = false;
    host->told_at = sim.now;
    sim.looking--;
    return host;
}

static int sim_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                           struct addrinfo **list)
{
    static const int failures[] = { EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_SYSTEM };
    sim_enter_to_wait("getaddrinfo");
    (void)hints;
    *list = NULL;
    if (service != NULL) {
        sim_die("getaddrinfo of a service");
    }
    sim_host *host = sim_look_up(name);
    sim.lookups++;
    if (host == NULL) {
        return EAI_NONAME;
    }
    if (!sim.calm && !sim.wild && sim_chance(15)) {
        host->lookup_fails++;
        errno = ENFILE;
        sim_log("the lookup of %s fails", name);
        return failures[sim_below(4)];
    }
    for (unsigned i = 0; i < host->place_count; i++) {
        *list = sim_address(host->places[i], *list);
    }
    sim_log("the lookup of %s is over", name);
    sim.lists++;
    return 0;
}

static void sim_freeaddrinfo(struct addrinfo *list)
{
    sim.lists--;
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

/* ---- the world's beginning and end ----------------------------------------------------- */

/* A new world; stacks are kept from one to the next. */
static void sim_begin(uint64_t seed, const sim_hooks *hooks, bool verbose)
{
    static sim_thread kept[SIM_THREADS];
    sim_event        *events = sim.events;
    size_t            room = sim.event_room;
    memcpy(kept, sim.threads, sizeof kept);
    memset(&sim, 0, sizeof sim);
    memcpy(sim.threads, kept, sizeof kept);
    for (unsigned i = 0; i < SIM_THREADS; i++) {
        sim.threads[i].used = i == 0;
        sim.threads[i].ended = false;
        sim.threads[i].until = INT64_MAX;
    }
    sim.events = events;
    sim.event_room = room;
    sim.seed = seed;
    sim.state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    sim.now = 1000 * SIM_MS + (int64_t)sim_below(1000000);
    sim.served_at = sim.now;
    sim.hooks = hooks;
    sim.verbose = verbose;
    sim.title = "";
}

static void sim_free_links(void)
{
    while (sim.links != NULL) {
        sim_link *link = sim.links;
        sim.links = link->next;
        sim_bytes_free(&link->up);
        sim_bytes_free(&link->inbox);
        sim_bytes_free(&link->outbox);
        sim_bytes_free(&link->down);
        free(link);
    }
}

/* Waits until the library's threads have ended. */
static void sim_end_threads(void)
{
    sim_wait_for(SIM_WAITS_ALL, INT64_MAX);
    for (unsigned i = 1; i < SIM_THREADS; i++) {
        if (sim.threads[i].used && !sim.threads[i].left) {
            sim_die("a thread was neither joined nor detached");
        }
    }
}

/* Sees that nothing of the library is left. */
static void sim_end(void)
{
    sim_end_threads();
    sim_free_links();
    for (unsigned i = 0; i < sim.sink_count; i++) {
        sim_bytes_free(&sim.sinks[i].bytes);
    }
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS; fd++) {
        if (sim.fds[fd].kind != SIM_FREE) {
            sim_die("descriptor %d was left open", fd);
        }
    }
    for (size_t i = 0; i < SIM_LOCKS; i++) {
        if (sim.locks[i].where != NULL) {
            sim_die("a lock was not destroyed");
        }
    }
    if (sim.memory != 0 || sim.maps != 0 || sim.lists != 0) {
        sim_die("left behind: %ld blocks, %ld mappings, %ld lists of addresses", sim.memory,
                sim.maps, sim.lists);
    }
}

#define PARIO_MALLOC(size) sim_malloc(size)
#define PARIO_REALLOC(pointer, size) sim_realloc(pointer, size)
#define PARIO_FREE(pointer) sim_free(pointer)

#define mmap(where, size, protection, flags, fd, at)                                               \
    sim_mmap(where, size, protection, flags, fd, at)
#define munmap(where, size) sim_munmap(where, size)
#define close(fd) sim_close(fd)
#define clock_gettime(clock, now) sim_clock_gettime(clock, now)
#define socket(domain, type, protocol) sim_socket(domain, type, protocol)
#define bind(fd, from, size) sim_bind(fd, from, size)
#define connect(fd, to, size) sim_connect(fd, to, size)
#define eventfd(start, flags) sim_eventfd(start, flags)
#define timerfd_create(clock, flags) sim_timerfd_create(clock, flags)
#define timerfd_settime(fd, flags, to, from) sim_timerfd_settime(fd, flags, to, from)
#define epoll_create1(flags) sim_epoll_create1(flags)
#define send(fd, bytes, size, flags) sim_send(fd, bytes, size, flags)
#define sendmsg(fd, message, flags) sim_sendmsg(fd, message, flags)
#define recv(fd, bytes, size, flags) sim_recv(fd, bytes, size, flags)
#define read(fd, bytes, size) sim_read(fd, bytes, size)
#define write(fd, bytes, size) sim_write(fd, bytes, size)
#define fcntl(fd, command, least) sim_fcntl(fd, command, least)
#define fstat(fd, about) sim_fstat(fd, about)
#define lseek(fd, to, from) sim_lseek(fd, to, from)
#define pread(fd, bytes, size, at) sim_pread(fd, bytes, size, at)
#define getsockopt(fd, level, option, value, size) sim_getsockopt(fd, level, option, value, size)
#define setsockopt(fd, level, option, value, size) sim_setsockopt(fd, level, option, value, size)
#define shutdown(fd, how) sim_shutdown(fd, how)
#define epoll_ctl(epoll, operation, fd, event) sim_epoll_ctl(epoll, operation, fd, event)
#define epoll_wait(epoll, events, room, ms) sim_epoll_wait(epoll, events, room, ms)
#define poll(fds, count, ms) sim_poll(fds, count, ms)
#define getaddrinfo(name, service, hints, list) sim_getaddrinfo(name, service, hints, list)
#define freeaddrinfo(list) sim_freeaddrinfo(list)
#define pthread_create(thread, attributes, run, argument)                                          \
    sim_pthread_create(thread, attributes, run, argument)
#define pthread_join(thread, result) sim_pthread_join(thread, result)
#define pthread_detach(thread) sim_pthread_detach(thread)
#define pthread_self() ((pthread_t)sim.running)
#define pthread_mutex_init(lock, attributes) sim_pthread_mutex_init(lock, attributes)
#define pthread_mutex_destroy(lock) sim_pthread_mutex_destroy(lock)
#define pthread_mutex_lock(lock) sim_pthread_mutex_lock(lock)
#define pthread_mutex_unlock(lock) sim_pthread_mutex_unlock(lock)
#define pthread_cond_init(condition, attributes) sim_pthread_cond_init(condition, attributes)
#define pthread_cond_destroy(condition) sim_pthread_cond_destroy(condition)
#define pthread_cond_wait(condition, lock) sim_pthread_cond_wait(condition, lock)
#define pthread_cond_timedwait(condition, lock, until)                                             \
    sim_pthread_cond_timedwait(condition, lock, until)
#define pthread_cond_signal(condition) sim_pthread_cond_signal(condition)
#define pthread_cond_broadcast(condition) sim_pthread_cond_broadcast(condition)

#endif /* SIMULATED_H */
