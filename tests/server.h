/* SPDX-License-Identifier: MIT */
/*
 * server.h: a raw server for tests, scripted byte by byte. It lives in threads of the test
 * program, one to accept and one per connection, and does to its peers whatever the script
 * says; nothing in it knows or enforces HTTP, except for where a request ends.
 *
 * A script is an array of steps that ends in a zeroed one, at which the server closes, or in
 * S_AGAIN; the server keeps a copy of it, not of the bytes that its steps point to:
 *
 *     static const server_step once[] = { S_READ, S_SEND("HTTP/1.1 204 Done\r\n\r\n"), S_END };
 *     static const server_step *const scripts[] = { once };
 *     server_options options = { .scripts = scripts, .script_count = 1 };
 *     server *peer = server_start(&options);
 *     ... server_port(peer) ...
 *     server_stop(peer);
 *
 * Connection number n runs script n, all further ones the last script. Instead, a handler
 * may be called for each request: it answers by means of the functions below.
 *
 * No function here sleeps: all of them wait for events, and end early when the server is
 * stopped. None ends the program, except for failures of the machine at the start.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_EVENTS 16

typedef struct server      server;
typedef struct server_peer server_peer; /* one connection, as the server sees it */

typedef enum server_verb {
    SERVER_END,        /* close; what the client sent and nobody read makes it a reset */
    SERVER_READ,       /* one whole request, which is remembered; a body is asked for if it waits */
    SERVER_READ_HEAD,  /* one head, which is remembered; its body stays unread, */
    SERVER_READ_BODY,  /* until it is read by this */
    SERVER_READ_BYTES, /* so many bytes, which are dropped */
    SERVER_SEND,       /* the bytes */
    SERVER_DRIP,       /* one byte after the other, each taken by the client before the next */
    SERVER_UNTIL_READ, /* wait until the client has taken what was sent */
    SERVER_UNTIL_THERE, /* wait until the client's machine has it, taken or not */
    SERVER_FIRE,        /* an event, once and for all */
    SERVER_WAIT,        /* for an event */
    SERVER_CALL,        /* the options' function */
    SERVER_HALF_CLOSE,  /* send no more */
    SERVER_RESET,       /* at once */
    SERVER_HOLD,        /* until the client closes; reads nothing of what it sends before */
    SERVER_DRAIN,       /* read and drop until the client closes */
    SERVER_AGAIN        /* from the first step on; ends when the client has closed */
} server_verb;

typedef struct server_step {
    server_verb verb;
    const char *bytes;
    size_t      number; /* of bytes, or of the event */
} server_step;

#define S_END                                                                                      \
    {                                                                                              \
        SERVER_END, NULL, 0                                                                        \
    }
#define S_READ                                                                                     \
    {                                                                                              \
        SERVER_READ, NULL, 0                                                                       \
    }
#define S_READ_HEAD                                                                                \
    {                                                                                              \
        SERVER_READ_HEAD, NULL, 0                                                                  \
    }
#define S_READ_BODY                                                                                \
    {                                                                                              \
        SERVER_READ_BODY, NULL, 0                                                                  \
    }
#define S_READ_BYTES(n)                                                                            \
    {                                                                                              \
        SERVER_READ_BYTES, NULL, n                                                                 \
    }
#define S_SEND(text)                                                                               \
    {                                                                                              \
        SERVER_SEND, text, sizeof text - 1                                                         \
    }
#define S_DRIP(text)                                                                               \
    {                                                                                              \
        SERVER_DRIP, text, sizeof text - 1                                                         \
    }
#define S_UNTIL_READ                                                                               \
    {                                                                                              \
        SERVER_UNTIL_READ, NULL, 0                                                                 \
    }
#define S_UNTIL_THERE                                                                              \
    {                                                                                              \
        SERVER_UNTIL_THERE, NULL, 0                                                                \
    }
#define S_FIRE(event)                                                                              \
    {                                                                                              \
        SERVER_FIRE, NULL, event                                                                   \
    }
#define S_WAIT(event)                                                                              \
    {                                                                                              \
        SERVER_WAIT, NULL, event                                                                   \
    }
#define S_CALL                                                                                     \
    {                                                                                              \
        SERVER_CALL, NULL, 0                                                                       \
    }
#define S_HALF_CLOSE                                                                               \
    {                                                                                              \
        SERVER_HALF_CLOSE, NULL, 0                                                                 \
    }
#define S_RESET                                                                                    \
    {                                                                                              \
        SERVER_RESET, NULL, 0                                                                      \
    }
#define S_HOLD                                                                                     \
    {                                                                                              \
        SERVER_HOLD, NULL, 0                                                                       \
    }
#define S_DRAIN                                                                                    \
    {                                                                                              \
        SERVER_DRAIN, NULL, 0                                                                      \
    }
#define S_AGAIN                                                                                    \
    {                                                                                              \
        SERVER_AGAIN, NULL, 0                                                                      \
    }

typedef struct server_request {
    size_t      connection; /* in the order they were accepted, from 0 */
    size_t      number;     /* of the request on its connection, from 0 */
    const char *head;       /* with its empty line and one NUL after it */
    size_t      head_size;
    const char *body; /* without its framing; with one NUL after it */
    size_t      body_size;
} server_request;

/* Answers a request; returns false to have the connection closed. */
typedef bool (*server_handler)(server_peer *peer, const server_request *request, void *context);

/* What a SERVER_CALL step calls, in the connection's thread. */
typedef void (*server_function)(server_peer *peer, void *context);

typedef enum server_mood {
    SERVER_LISTENS,
    SERVER_REFUSES, /* its port is taken, but nobody listens */
    SERVER_FULL     /* its backlog is full: no connection is ever completed */
} server_mood;

typedef struct server_options {
    const server_step *const *scripts;
    size_t                    script_count;
    server_handler            handler;
    server_function           function;
    void                     *context; /* for handler and function */
    server_mood               mood;
    bool                      ipv6;           /* [::1] instead of 127.0.0.1 */
    bool                      forget;         /* keep no requests: only count them */
    int                       receive_buffer; /* bytes, 0: the system's default */
    uint16_t                  port;           /* 0: a free one */
    const char               *path;           /* of a unix socket instead; NULL: none */
} server_options;

typedef struct server_counts {
    size_t connections; /* accepted */
    size_t open;        /* now */
    size_t most_open;   /* at the same time */
    size_t closed;
    size_t requests;
} server_counts;

/* Whether this machine has the loopback address of IPv6. */
bool server_has_ipv6(void);

/* Starts a server, or prints why not and exits. NULL: the port that is wanted is taken. */
server *server_start(const server_options *options);

/* Ends all its connections and threads, and forgets its requests. NULL is ignored. */
void server_stop(server *it);

uint16_t      server_port(const server *it);
server_counts server_count(server *it);

/* Request number `index` of all, in the order they were read; NULL if there is none such. */
const server_request *server_request_at(server *it, size_t index);

/* The value of a request's field, copied into value; false where there is none. */
bool server_field(const server_request *request, const char *name, char *value, size_t room);

/* Whether the request's target (its path) is this one. */
bool server_target_is(const server_request *request, const char *target);

/* The number behind this prefix in the request's target, as in "/bytes/17"; -1: another one. */
long server_target_number(const server_request *request, const char *prefix);

void server_fire(server *it, size_t event);
bool server_fired(server *it, size_t event);

/* Each waits until it holds; for the test's thread. */
void server_await_event(server *it, size_t event);
void server_await_requests(server *it, size_t count);
void server_await_closed(server *it, size_t count);

/* How many sockets of this process are being connected right now, and not yet answered. */
size_t server_connecting(void);

/* How many sockets of this process the other side has closed, and this side has not. */
size_t server_left_open(void);

/* For handlers and functions. Each returns false when the connection is of no more use. */
server *server_of(server_peer *peer);
bool    server_send(server_peer *peer, const void *bytes, size_t size);
bool    server_say(server_peer *peer, const char *text);
bool server_sayf(server_peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool server_drip(server_peer *peer, const void *bytes, size_t size);
bool server_until_read(server_peer *peer);
bool server_until_there(server_peer *peer);
bool server_wait(server_peer *peer, size_t event);
bool server_hold(server_peer *peer);
bool server_half_close(server_peer *peer);
void server_reset(server_peer *peer);

#endif /* SERVER_H */
