/* SPDX-License-Identifier: MIT */
/* See server.h. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* POLLRDHUP */
#endif
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define STACK_BYTES 262144
#define SCANNED_FDS 4096 /* where a client's socket is looked for */

typedef struct record {
    server_request request;
    struct record *next;
} record;

struct server_peer {
    server      *server;
    server_peer *next;
    pthread_t    thread;
    int          fd;
    int          client_fd; /* the other end, if it is in this process, or -1 */
    bool         foreign;   /* it never was: nothing can be said of what it has read */
    size_t       index;
    size_t       requests;
    uint64_t     sent;
    char        *buffer; /* read, not yet taken */
    size_t       used;
    size_t       room;
    record      *last; /* that was read */
    bool         done; /* under the server's lock */
};

struct server {
    server_options  options;
    server_step   **scripts; /* copies of the options' */
    int             listener;
    int             stop;   /* an eventfd, readable once the server is to end */
    int             filler; /* the connection that fills the backlog, or -1 */
    uint16_t        port;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    /* under the lock */
    bool          stopping;
    bool          events[SERVER_EVENTS];
    server_counts counts;
    server_peer  *peers;
    record       *first;
    record      **last;
};

static void die(const char *what) __attribute__((noreturn));

static void die(const char *what)
{
    perror(what);
    exit(3);
}

static void *must(void *pointer)
{
    if (pointer == NULL) {
        die("out of memory");
    }
    return pointer;
}

/* ---- addresses ------------------------------------------------------------------------- */

typedef union address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
} address;

static socklen_t loopback(address *to, bool ipv6, uint16_t port)
{
    memset(to, 0, sizeof *to);
    if (ipv6) {
        to->v6.sin6_family = AF_INET6;
        to->v6.sin6_addr = in6addr_loopback;
        to->v6.sin6_port = htons(port);
        return sizeof to->v6;
    }
    to->v4.sin_family = AF_INET;
    to->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to->v4.sin_port = htons(port);
    return sizeof to->v4;
}

static uint16_t port_of(const address *from)
{
    return ntohs(from->any.sa_family == AF_INET6 ? from->v6.sin6_port : from->v4.sin_port);
}

bool server_has_ipv6(void)
{
    address   there;
    socklen_t size = loopback(&there, true, 0);
    int       fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool      has = fd >= 0 && bind(fd, &there.any, size) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return has;
}

/*
 * Asks the kernel about a descriptor that may be anybody's, or closed by now; as a bare
 * system call, because it is no use of the descriptor that a race detector should count.
 */
static bool name_of(int fd, bool remote, address *name)
{
    socklen_t size = sizeof *name;
    memset(name, 0, sizeof *name);
    return syscall(remote ? SYS_getpeername : SYS_getsockname, fd, name, &size) == 0;
}

static bool same_address(const address *a, const address *b)
{
    if (a->any.sa_family != b->any.sa_family || port_of(a) != port_of(b)) {
        return false;
    }
    if (a->any.sa_family == AF_INET6) {
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
    }
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

/* Whether a descriptor is at one end of a connection, of which the other is there. Its own address
 * alone does not say so: connections to two servers may begin at the same port. */
static bool is_end(int fd, const address *here, const address *there)
{
    address name;
    return name_of(fd, false, &name) && same_address(&name, here) && name_of(fd, true, &name) &&
           same_address(&name, there);
}

/* The descriptor of the other end of a connection, or -1: it is closed, or not ours. */
static int find_client(server_peer *peer)
{
    address here;
    address there;
    int     known = peer->client_fd;
    peer->client_fd = -1;
    if (!name_of(peer->fd, false, &here) || !name_of(peer->fd, true, &there)) {
        return -1;
    }
    if (known >= 0 && is_end(known, &there, &here)) {
        peer->client_fd = known;
    }
    for (int fd = 0; fd < SCANNED_FDS && peer->client_fd < 0; fd++) {
        peer->client_fd = is_end(fd, &there, &here) ? fd : -1;
    }
    return peer->client_fd;
}

static bool tcp_state(int fd, struct tcp_info *info)
{
    socklen_t size = sizeof *info;
    memset(info, 0, sizeof *info);
    return syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0;
}

/* How many sockets of this process are in a state of TCP. */
static size_t sockets_in(unsigned state)
{
    struct tcp_info info;
    size_t          count = 0;
    for (int fd = 0; fd < SCANNED_FDS; fd++) {
        count += tcp_state(fd, &info) && info.tcpi_state == state ? 1 : 0;
    }
    return count;
}

size_t server_connecting(void)
{
    return sockets_in(2); /* TCP_SYN_SENT */
}

size_t server_left_open(void)
{
    return sockets_in(8); /* TCP_CLOSE_WAIT */
}

/* ---- bytes ----------------------------------------------------------------------------- */

/* Waits until the peer's socket is ready, or the server is to stop, which is false. */
static bool ready(server_peer *peer, short events)
{
    struct pollfd fds[2] = { { peer->fd, events, 0 }, { peer->server->stop, POLLIN, 0 } };
    while (poll(fds, 2, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return fds[1].revents == 0;
}

bool server_send(server_peer *peer, const void *bytes, size_t size)
{
    const char *from = (const char *)bytes;
    while (size > 0) {
        ssize_t sent = send(peer->fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            from += sent;
            size -= (size_t)sent;
            peer->sent += (uint64_t)sent;
        } else if (errno == EAGAIN) {
            if (!ready(peer, POLLOUT)) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool server_say(server_peer *peer, const char *text)
{
    return server_send(peer, text, strlen(text));
}

bool server_sayf(server_peer *peer, const char *format, ...)
{
    char    text[4096];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof text) {
        fprintf(stderr, "server_sayf: too long\n");
        exit(3);
    }
    return server_send(peer, text, (size_t)size);
}

static bool is_stopping(server *it)
{
    pthread_mutex_lock(&it->lock);
    bool stopping = it->stopping;
    pthread_mutex_unlock(&it->lock);
    return stopping;
}

/*
 * Waits until the client's kernel has received all bytes, and its program has taken them
 * too, if asked. No event tells this end of it, so this yields the processor until it is so.
 */
static bool until(server_peer *peer, bool taken)
{
    for (;;) {
        struct tcp_info info;
        int             unread = 0;
        int             fd = peer->foreign ? -1 : find_client(peer);
        if (fd < 0 || is_stopping(peer->server)) {
            return peer->foreign;
        }
        if (tcp_state(fd, &info) && info.tcpi_bytes_received >= peer->sent &&
            (!taken || (syscall(SYS_ioctl, fd, FIONREAD, &unread) == 0 && unread == 0))) {
            return true;
        }
        sched_yield();
    }
}

bool server_until_read(server_peer *peer)
{
    return until(peer, true);
}

bool server_until_there(server_peer *peer)
{
    return until(peer, false);
}

bool server_drip(server_peer *peer, const void *bytes, size_t size)
{
    const char *from = (const char *)bytes;
    for (size_t i = 0; i < size; i++) {
        if (!server_send(peer, from + i, 1) || !server_until_read(peer)) {
            return false;
        }
    }
    return true;
}

/* Receives what there is; false at the end, after an error, or when the server stops. */
static bool receive(server_peer *peer, char *into, size_t room, size_t *got)
{
    for (;;) {
        ssize_t size = recv(peer->fd, into, room, MSG_DONTWAIT);
        if (size > 0) {
            *got = (size_t)size;
            return true;
        }
        if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        }
        if (!ready(peer, POLLIN)) {
            return false;
        }
    }
}

/* Receives more into the peer's buffer. */
static bool fill(server_peer *peer)
{
    size_t got = 0;
    if (peer->room - peer->used < 4096) {
        peer->room = peer->room * 2 + 8192;
        peer->buffer = (char *)must(realloc(peer->buffer, peer->room));
    }
    if (!receive(peer, peer->buffer + peer->used, peer->room - peer->used, &got)) {
        return false;
    }
    peer->used += got;
    return true;
}

static void take(server_peer *peer, size_t size)
{
    memmove(peer->buffer, peer->buffer + size, peer->used - size);
    peer->used -= size;
}

static bool drain(server_peer *peer)
{
    char   dropped[16384];
    size_t got;
    while (receive(peer, dropped, sizeof dropped, &got)) {
    }
    return false;
}

static bool read_bytes(server_peer *peer, size_t count)
{
    while (peer->used < count) {
        if (!fill(peer)) {
            return false;
        }
    }
    take(peer, count);
    return true;
}

bool server_hold(server_peer *peer)
{
    struct pollfd fds[2] = { { peer->fd, POLLRDHUP, 0 }, { peer->server->stop, POLLIN, 0 } };
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    return false;
}

bool server_half_close(server_peer *peer)
{
    return shutdown(peer->fd, SHUT_WR) == 0;
}

void server_reset(server_peer *peer)
{
    struct linger now = { 1, 0 };
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* ---- requests -------------------------------------------------------------------------- */

/* The number of bytes of the head at the front of the buffer, 0: it is not complete. */
static size_t head_length(const server_peer *peer)
{
    const char *end = NULL;
    if (peer->used > 0) {
        end = (const char *)memmem(peer->buffer, peer->used, "\r\n\r\n", 4);
    }
    return end == NULL ? 0 : (size_t)(end - peer->buffer) + 4;
}

static record *new_record(const server_peer *peer, size_t head_size)
{
    record *made = (record *)must(calloc(1, sizeof *made));
    char   *head = (char *)must(malloc(head_size + 1));
    memcpy(head, peer->buffer, head_size);
    head[head_size] = '\0';
    made->request.connection = peer->index;
    made->request.number = peer->requests;
    made->request.head = head;
    made->request.head_size = head_size;
    made->request.body = (char *)must(calloc(1, 1));
    return made;
}

/* Pointers to const are for the readers; the bytes are this file's to give back. */
static void release(const char *bytes)
{
    free((void *)(uintptr_t)bytes);
}

static void free_record(record *it)
{
    release(it->request.head);
    release(it->request.body);
    free(it);
}

/* Moves more of the request's body out of the buffer and off the wire. */
static bool read_more(server_peer *peer, server_request *into, size_t count)
{
    size_t before = into->body_size;
    char  *body = (char *)must(realloc((void *)(uintptr_t)into->body, before + count + 1));
    size_t at = peer->used < count ? peer->used : count;
    memcpy(body + before, peer->buffer, at);
    into->body = body;
    into->body_size += count;
    body[into->body_size] = '\0';
    take(peer, at);
    while (at < count) {
        size_t got = 0;
        if (!receive(peer, body + before + at, count - at, &got)) {
            return false;
        }
        at += got;
    }
    return true;
}

/* Reads a line, which is short and ends in CR LF, without that. */
static bool read_line(server_peer *peer, char *line, size_t room)
{
    const char *end = NULL;
    while ((end = (const char *)memchr(peer->buffer, '\n', peer->used)) == NULL) {
        if (!fill(peer)) {
            return false;
        }
    }
    size_t size = (size_t)(end - peer->buffer);
    if (size == 0 || size > room || end[-1] != '\r') {
        return false;
    }
    memcpy(line, peer->buffer, size - 1);
    line[size - 1] = '\0';
    take(peer, size + 1);
    return true;
}

/* Reads a body in chunks, which have neither extensions nor trailers: RFC 9112 section 7.1. */
static bool read_chunks(server_peer *peer, server_request *into)
{
    char   line[32];
    char  *end = line;
    size_t size = 1;
    while (size > 0) {
        if (!read_line(peer, line, sizeof line)) {
            return false;
        }
        size = (size_t)strtoull(line, &end, 16);
        if (end == line || *end != '\0' || !read_more(peer, into, size) ||
            !read_line(peer, line, sizeof line) || line[0] != '\0') {
            return false;
        }
    }
    return true;
}

/* Reads the body that the request's head announces. */
static bool read_body(server_peer *peer, server_request *into)
{
    char value[32];
    if (server_field(into, "Transfer-Encoding", value, sizeof value)) {
        return strcmp(value, "chunked") == 0 && read_chunks(peer, into);
    }
    return !server_field(into, "Content-Length", value, sizeof value) ||
           read_more(peer, into, (size_t)strtoull(value, NULL, 10));
}

/* Reads one request; NULL: there is none. The record stays the caller's. A body that waits to be
 * asked for is asked for. */
static record *read_request(server_peer *peer, bool with_body)
{
    size_t head_size;
    char   value[32];
    while ((head_size = head_length(peer)) == 0) {
        if (!fill(peer)) {
            return NULL;
        }
    }
    record *made = new_record(peer, head_size);
    take(peer, head_size);
    bool asks = with_body && server_field(&made->request, "Expect", value, sizeof value);
    if ((asks && !server_say(peer, "HTTP/1.1 100 Continue\r\n\r\n")) ||
        (with_body && !read_body(peer, &made->request))) {
        free_record(made);
        return NULL;
    }
    peer->requests++;
    return made;
}

/* Counts a request, and keeps it if the server does; otherwise it goes after its answer. */
static void note_request(server *it, record *made)
{
    pthread_mutex_lock(&it->lock);
    it->counts.requests++;
    if (!it->options.forget) {
        *it->last = made;
        it->last = &made->next;
    }
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

bool server_field(const server_request *request, const char *name, char *value, size_t room)
{
    const char *end = request->head + request->head_size;
    const char *line = request->head;
    size_t      size = strlen(name);
    while (line < end) {
        const char *stop = (const char *)memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL || stop == line) {
            return false;
        }
        if ((size_t)(stop - line) > size && strncasecmp(line, name, size) == 0 &&
            line[size] == ':') {
            const char *from = line + size + 1;
            from += *from == ' ' ? 1 : 0;
            size_t length = (size_t)(stop - 1 - from);
            length = length < room - 1 ? length : room - 1;
            memcpy(value, from, length);
            value[length] = '\0';
            return true;
        }
        line = stop + 1;
    }
    return false;
}

/* Where the request's target begins, and how long it is. */
static const char *target_of(const server_request *request, size_t *size)
{
    const char *from = (const char *)memchr(request->head, ' ', request->head_size);
    const char *stop = from == NULL ? NULL : strchr(from + 1, ' ');
    *size = stop == NULL ? 0 : (size_t)(stop - from - 1);
    return stop == NULL ? "" : from + 1;
}

bool server_target_is(const server_request *request, const char *target)
{
    size_t      size;
    const char *from = target_of(request, &size);
    return size == strlen(target) && memcmp(from, target, size) == 0;
}

long server_target_number(const server_request *request, const char *prefix)
{
    size_t      size;
    size_t      skip = strlen(prefix);
    const char *from = target_of(request, &size);
    if (size <= skip || memcmp(from, prefix, skip) != 0) {
        return -1;
    }
    return strtol(from + skip, NULL, 10);
}

/* ---- scripts --------------------------------------------------------------------------- */

bool server_wait(server_peer *peer, size_t event)
{
    server *it = peer->server;
    pthread_mutex_lock(&it->lock);
    while (!it->events[event] && !it->stopping) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    bool fired = it->events[event];
    pthread_mutex_unlock(&it->lock);
    return fired;
}

static bool read_step(server_peer *peer, bool with_body)
{
    record *made = read_request(peer, with_body);
    if (made == NULL) {
        return false;
    }
    note_request(peer->server, made);
    peer->last = made;
    if (peer->server->options.forget) {
        free_record(made);
    }
    return true;
}

/* Reads the body of the request whose head was read last, which the server keeps. */
static bool body_step(server_peer *peer)
{
    bool good = read_body(peer, &peer->last->request);
    pthread_mutex_lock(&peer->server->lock); /* who asks for the request sees all of it */
    pthread_mutex_unlock(&peer->server->lock);
    return good;
}

static bool call_step(server_peer *peer)
{
    const server_options *options = &peer->server->options;
    options->function(peer, options->context);
    return true;
}

static bool fire_step(server_peer *peer, size_t event)
{
    server_fire(peer->server, event);
    return true;
}

static bool reset_step(server_peer *peer)
{
    server_reset(peer);
    return false;
}

/* Does one step; returns false if it is the last one. */
static bool do_step(server_peer *peer, const server_step *step)
{
    switch (step->verb) {
    case SERVER_READ:
        return read_step(peer, true);
    case SERVER_READ_HEAD:
        return read_step(peer, false);
    case SERVER_READ_BODY:
        return body_step(peer);
    case SERVER_READ_BYTES:
        return read_bytes(peer, step->number);
    case SERVER_SEND:
        return server_send(peer, step->bytes, step->number);
    case SERVER_DRIP:
        return server_drip(peer, step->bytes, step->number);
    case SERVER_UNTIL_READ:
        return server_until_read(peer);
    case SERVER_UNTIL_THERE:
        return server_until_there(peer);
    case SERVER_FIRE:
        return fire_step(peer, step->number);
    case SERVER_WAIT:
        return server_wait(peer, step->number);
    case SERVER_CALL:
        return call_step(peer);
    case SERVER_HALF_CLOSE:
        return server_half_close(peer);
    case SERVER_RESET:
        return reset_step(peer);
    case SERVER_HOLD:
        return server_hold(peer);
    case SERVER_DRAIN:
        return drain(peer);
    case SERVER_END:
    case SERVER_AGAIN:
        break;
    }
    return false;
}

static void run_script(server_peer *peer)
{
    const server_options *options = &peer->server->options;
    size_t which = peer->index < options->script_count ? peer->index : options->script_count - 1;
    const server_step *first = peer->server->scripts[which];
    const server_step *step = first;
    while (do_step(peer, step)) {
        step++;
        if (step->verb == SERVER_AGAIN) {
            step = first;
        }
    }
}

static void run_handler(server_peer *peer)
{
    const server_options *options = &peer->server->options;
    bool                  more = true;
    while (more) {
        record *made = read_request(peer, true);
        more = made != NULL;
        if (more) {
            note_request(peer->server, made);
            more = options->handler(peer, &made->request, options->context);
            if (options->forget) {
                free_record(made);
            }
        }
    }
}

/* ---- threads --------------------------------------------------------------------------- */

static void *run_peer(void *argument)
{
    server_peer *peer = (server_peer *)argument;
    server      *it = peer->server;
    if (it->options.handler != NULL) {
        run_handler(peer);
    } else {
        run_script(peer);
    }
    close(peer->fd);
    free(peer->buffer);
    pthread_mutex_lock(&it->lock);
    peer->done = true;
    it->counts.open--;
    it->counts.closed++;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    return NULL;
}

/* Joins the threads of connections that have ended, or of all. */
static void reap(server *it, bool all)
{
    server_peer **link = &it->peers;
    while (*link != NULL) {
        server_peer *peer = *link;
        pthread_mutex_lock(&it->lock);
        bool done = peer->done;
        pthread_mutex_unlock(&it->lock);
        if (done || all) {
            *link = peer->next;
            pthread_join(peer->thread, NULL);
            free(peer);
        } else {
            link = &peer->next;
        }
    }
}

/* A thread that no signal disturbs. */
static void start_thread(pthread_t *thread, void *(*function)(void *), void *argument)
{
    sigset_t       all;
    sigset_t       before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(thread, &attributes, function, argument);
    if (error != 0) {
        errno = error;
        die("pthread_create");
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void welcome(server *it, int fd)
{
    int          one = 1;
    server_peer *peer = (server_peer *)must(calloc(1, sizeof *peer));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peer->server = it;
    peer->fd = fd;
    peer->client_fd = -1;
    peer->next = it->peers;
    it->peers = peer;
    pthread_mutex_lock(&it->lock);
    peer->index = it->counts.connections++;
    it->counts.open++;
    if (it->counts.open > it->counts.most_open) {
        it->counts.most_open = it->counts.open;
    }
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    peer->foreign = find_client(peer) < 0;
    start_thread(&peer->thread, run_peer, peer);
}

static void *run_server(void *argument)
{
    server       *it = (server *)argument;
    struct pollfd fds[2] = { { it->listener, POLLIN, 0 }, { it->stop, POLLIN, 0 } };
    while (fds[1].revents == 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            die("poll");
        }
        if (fds[0].revents != 0) {
            int fd = accept(it->listener, NULL, NULL);
            if (fd >= 0) {
                fcntl(fd, F_SETFD, FD_CLOEXEC);
                welcome(it, fd);
            }
        }
        reap(it, false);
    }
    reap(it, true);
    return NULL;
}

/* ---- start and stop -------------------------------------------------------------------- */

/* Listens on a unix socket. */
static void listen_on_path(server *it)
{
    struct sockaddr_un here = { .sun_family = AF_UNIX };
    snprintf(here.sun_path, sizeof here.sun_path, "%s", it->options.path);
    it->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (it->listener < 0 ||
        bind(it->listener, (const struct sockaddr *)(const void *)&here, sizeof here) != 0 ||
        listen(it->listener, 4096) != 0) {
        die(it->options.path);
    }
}

/* False: the port that is wanted is taken. */
static bool listen_on(server *it)
{
    address   here;
    socklen_t size = loopback(&here, it->options.ipv6, it->options.port);
    int       one = 1;
    it->listener = socket(here.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (it->listener < 0 ||
        setsockopt(it->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) {
        die("socket");
    }
    if (it->options.receive_buffer > 0 &&
        setsockopt(it->listener, SOL_SOCKET, SO_RCVBUF, &it->options.receive_buffer,
                   sizeof it->options.receive_buffer) != 0) {
        die("SO_RCVBUF");
    }
    if (bind(it->listener, &here.any, size) != 0) {
        if (it->options.port == 0 || errno != EADDRINUSE) {
            die("bind");
        }
        return false;
    }
    if (!name_of(it->listener, false, &here)) {
        die("getsockname");
    }
    it->port = port_of(&here);
    if (it->options.mood != SERVER_REFUSES &&
        listen(it->listener, it->options.mood == SERVER_FULL ? 0 : 4096) != 0) {
        die("listen");
    }
    return true;
}

/*
 * A backlog of 0 holds one connection; once it is there, Linux drops each further SYN, and
 * who sends one waits for an answer that never comes.
 */
static void fill_backlog(server *it)
{
    address       there;
    socklen_t     size = loopback(&there, it->options.ipv6, it->port);
    struct pollfd fds[2] = { { it->listener, POLLIN, 0 }, { -1, POLLOUT, 0 } };
    it->filler = socket(there.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (it->filler < 0 || (connect(it->filler, &there.any, size) != 0 && errno != EINPROGRESS)) {
        die("connect");
    }
    fds[1].fd = it->filler;
    while (fds[0].revents == 0 || fds[1].revents == 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            die("poll");
        }
    }
}

/* Whether no step comes behind one of this kind. */
static bool is_last(server_verb verb)
{
    return verb == SERVER_END || verb == SERVER_RESET || verb == SERVER_HOLD ||
           verb == SERVER_DRAIN || verb == SERVER_AGAIN;
}

/* Copies the scripts, which may lie on the stack of a test that ends before its server does. */
static void keep_scripts(server *it)
{
    size_t        count = it->options.script_count;
    server_step **kept = (server_step **)must(calloc(count + 1, sizeof *kept));
    for (size_t i = 0; i < count; i++) {
        const server_step *script = it->options.scripts[i];
        size_t             steps = 1;
        while (!is_last(script[steps - 1].verb)) {
            steps++;
        }
        kept[i] = (server_step *)must(calloc(steps, sizeof **kept));
        memcpy(kept[i], script, steps * sizeof **kept);
    }
    it->scripts = kept;
}

/* Gives back what a server has that does not run. */
static void free_server(server *it)
{
    close(it->listener);
    close(it->stop);
    for (size_t i = 0; i < it->options.script_count; i++) {
        free(it->scripts[i]);
    }
    free(it->scripts);
    pthread_cond_destroy(&it->changed);
    pthread_mutex_destroy(&it->lock);
    free(it);
}

server *server_start(const server_options *options)
{
    server *it = (server *)must(calloc(1, sizeof *it));
    it->options = *options;
    keep_scripts(it);
    it->last = &it->first;
    it->filler = -1;
    pthread_mutex_init(&it->lock, NULL);
    pthread_cond_init(&it->changed, NULL);
    it->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (it->stop < 0) {
        die("eventfd");
    }
    if (it->options.path != NULL) {
        listen_on_path(it);
    } else if (!listen_on(it)) {
        free_server(it);
        return NULL;
    }
    if (it->options.mood == SERVER_FULL) {
        fill_backlog(it);
    }
    if (it->options.mood == SERVER_LISTENS) {
        start_thread(&it->thread, run_server, it);
    }
    return it;
}

void server_stop(server *it)
{
    uint64_t one = 1;
    if (it == NULL) {
        return;
    }
    pthread_mutex_lock(&it->lock);
    it->stopping = true;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    if (write(it->stop, &one, sizeof one) != (ssize_t)sizeof one) {
        die("eventfd");
    }
    if (it->options.mood == SERVER_LISTENS) {
        pthread_join(it->thread, NULL);
    }
    if (it->filler >= 0) {
        close(it->filler);
    }
    if (it->options.path != NULL) {
        unlink(it->options.path);
    }
    while (it->first != NULL) {
        record *next = it->first->next;
        free_record(it->first);
        it->first = next;
    }
    free_server(it);
}

uint16_t server_port(const server *it)
{
    return it->port;
}

server *server_of(server_peer *peer)
{
    return peer->server;
}

server_counts server_count(server *it)
{
    pthread_mutex_lock(&it->lock);
    server_counts counts = it->counts;
    pthread_mutex_unlock(&it->lock);
    return counts;
}

const server_request *server_request_at(server *it, size_t index)
{
    pthread_mutex_lock(&it->lock);
    const record *at = it->first;
    while (at != NULL && index > 0) {
        at = at->next;
        index--;
    }
    pthread_mutex_unlock(&it->lock);
    return at == NULL ? NULL : &at->request;
}

void server_fire(server *it, size_t event)
{
    pthread_mutex_lock(&it->lock);
    it->events[event] = true;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

bool server_fired(server *it, size_t event)
{
    pthread_mutex_lock(&it->lock);
    bool fired = it->events[event];
    pthread_mutex_unlock(&it->lock);
    return fired;
}

void server_await_event(server *it, size_t event)
{
    pthread_mutex_lock(&it->lock);
    while (!it->events[event]) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    pthread_mutex_unlock(&it->lock);
}

void server_await_requests(server *it, size_t count)
{
    pthread_mutex_lock(&it->lock);
    while (it->counts.requests < count) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    pthread_mutex_unlock(&it->lock);
}

void server_await_closed(server *it, size_t count)
{
    pthread_mutex_lock(&it->lock);
    while (it->counts.closed < count) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    pthread_mutex_unlock(&it->lock);
}
