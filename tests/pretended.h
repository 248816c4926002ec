/* SPDX-License-Identifier: MIT */
/*
 * pretended.h: a TLS transport that is none: it greets, and then passes bytes on as they are, few
 * at a time, so that the raw server can talk to it. A byte 0xff from the server is a close_notify,
 * a byte 0xfe a failure of the session. Include it after e2e.h.
 */
#ifndef PRETENDED_H
#define PRETENDED_H

#include <poll.h>
#include <sys/socket.h>

#define NOTIFY "\xff"
#define FAILURE "\xfe"
#define WELCOME "welcome!"
#define GREET S_READ, S_SEND(WELCOME)
#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

/* What all sessions of a client share. */
typedef struct mock {
    pario_tls transport;
    size_t    begun; /* atomic, as are all counts here */
    size_t    ended;
    size_t    step;      /* bytes that read and write move at most */
    bool      no_memory; /* begin fails */
    bool      boasts;    /* read claims to have moved more than it was given room for */
    bool      idles;     /* write claims success, and moves nothing */
    bool      blames;    /* an end within the handshake is a failure, not a cut */
    server   *waits;     /* is told (event 1) once no more can be written */
    server   *stalls;    /* is told (event 2) of a handshake that lasts until something comes */
} mock;

typedef struct mock_session {
    mock  *of;
    int    fd;
    size_t greeted; /* bytes of the greeting that are out */
    size_t welcome; /* and of the answer that are in */
    bool   ended;
    bool   failed;
    char   greeting[300];
} mock_session;

static inline size_t mock_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline void *mock_begin(void *context, int fd, const char *host)
{
    mock         *of = (mock *)context;
    mock_session *session = of->no_memory ? NULL : (mock_session *)calloc(1, sizeof *session);
    if (session != NULL) {
        session->of = of;
        session->fd = fd;
        snprintf(session->greeting, sizeof session->greeting, "HELLO %s\r\n\r\n", host);
        (void)__atomic_add_fetch(&of->begun, 1u, __ATOMIC_RELAXED);
    }
    return session;
}

static inline void mock_end(void *opened)
{
    mock_session *session = (mock_session *)opened;
    (void)__atomic_add_fetch(&session->of->ended, 1u, __ATOMIC_RELAXED);
    free(session);
}

/* Reads raw bytes; -1 with *result where there are none. */
static inline ssize_t mock_receive(const mock_session *session, char *bytes, size_t size,
                                   pario_tls_result *result)
{
    ssize_t got = recv(session->fd, bytes, size, 0);
    *result = PARIO_TLS_OK;
    if (got == 0) {
        *result = PARIO_TLS_CUT;
    } else if (got < 0) {
        *result = errno == EAGAIN ? PARIO_TLS_WANTS_READ : PARIO_TLS_CUT;
    }
    return *result == PARIO_TLS_OK ? got : -1;
}

static inline pario_tls_result mock_write(void *opened, const void *bytes, size_t size,
                                          size_t *moved)
{
    mock_session *session = (mock_session *)opened;
    if (session->of->idles) {
        return PARIO_TLS_OK;
    }
    size_t  step = mock_least(size, session->of->step);
    ssize_t sent = send(session->fd, bytes, step, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
        if (session->of->waits != NULL) {
            server_fire(session->of->waits, 1);
        }
        return PARIO_TLS_WANTS_WRITE;
    }
    if (sent < 0) {
        return PARIO_TLS_CUT;
    }
    *moved = (size_t)sent;
    return PARIO_TLS_OK;
}

static inline pario_tls_result mock_handshake(void *opened)
{
    mock_session    *session = (mock_session *)opened;
    size_t           size = strlen(session->greeting);
    pario_tls_result result = PARIO_TLS_OK;
    char             byte;
    while (result == PARIO_TLS_OK && session->greeted < size) {
        ssize_t sent = send(session->fd, session->greeting + session->greeted,
                            size - session->greeted, MSG_NOSIGNAL);
        result = sent < 0 ? PARIO_TLS_CUT : PARIO_TLS_OK;
        session->greeted += sent > 0 ? (size_t)sent : 0;
    }
    if (session->of->stalls != NULL) {
        struct pollfd until = { session->fd, POLLIN, 0 };
        server_fire(session->of->stalls, 2);
        (void)poll(&until, 1, -1);
    }
    while (result == PARIO_TLS_OK && session->welcome < sizeof WELCOME - 1) {
        if (mock_receive(session, &byte, 1, &result) == 1) {
            result = byte == WELCOME[session->welcome] ? PARIO_TLS_OK : PARIO_TLS_ERROR;
            session->welcome++;
        }
    }
    if (result == PARIO_TLS_CUT && session->of->blames) {
        result = PARIO_TLS_ERROR;
    }
    session->failed = result == PARIO_TLS_ERROR;
    return result;
}

static inline pario_tls_result mock_read(void *opened, void *bytes, size_t size, size_t *moved)
{
    mock_session    *session = (mock_session *)opened;
    pario_tls_result result = PARIO_TLS_OK;
    char            *to = (char *)bytes;
    if (session->of->boasts) {
        *moved = size + 1;
        return PARIO_TLS_OK;
    }
    while (*moved < mock_least(size, session->of->step) && result == PARIO_TLS_OK &&
           !session->ended && !session->failed) {
        if (mock_receive(session, to + *moved, 1, &result) == 1) {
            session->ended = to[*moved] == NOTIFY[0];
            session->failed = to[*moved] == FAILURE[0];
            *moved += session->ended || session->failed ? 0u : 1u;
        }
    }
    if (*moved > 0) {
        return PARIO_TLS_OK;
    }
    if (session->ended || session->failed) {
        return session->ended ? PARIO_TLS_END : PARIO_TLS_ERROR;
    }
    return result;
}

static inline void mock_explain(void *opened, char *text, size_t size)
{
    const mock_session *session = (const mock_session *)opened;
    snprintf(text, size, "%s", session->failed ? "the pretence is over" : "something is off");
}

/* Opens run->client with the transport. */
static inline bool open_with(e2e_run *run, mock *with)
{
    const pario_tls transport = { with,       mock_begin,   mock_handshake, mock_read,
                                  mock_write, mock_explain, mock_end };
    with->transport = transport;
    with->step = with->step == 0 ? 7 : with->step;
    run->config.tls = &with->transport;
    return e2e_open(run);
}

/* Closes the client: no session may be left. */
static inline void close_with(e2e_run *run, mock *with)
{
    e2e_close(run);
    CHECK_UINT(__atomic_load_n(&with->ended, __ATOMIC_RELAXED),
               __atomic_load_n(&with->begun, __ATOMIC_RELAXED));
    e2e_note(run, "%zu sessions", with->begun);
}

static inline const char *https_url(server *to, const char *path)
{
    static char   texts[8][256];
    static size_t next;
    char         *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "https://127.0.0.1:%u%s", (unsigned)server_port(to), path);
    return text;
}

#endif /* PRETENDED_H */
