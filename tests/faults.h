/* SPDX-License-Identifier: MIT */
/*
 * faults.h: stands between pario.h and libc, so that each call the library makes can be made
 * to fail. Include it after all other headers and right before pario.h's implementation:
 *
 *     #define PARIO_IMPLEMENTATION
 *     #include "faults.h"
 *     #include "pario.h"
 *
 * From there on the names of libc's functions are macros, so only calls that stand in pario.h,
 * and in what follows it, are counted; a server in an object of its own is left in peace.
 *
 *     faults_arm(FAULTS_FAIL, 7);      the 7th call that can fail will
 *     ... use the library ...
 *     faults_disarm();
 *     faults_struck()                  which kind of call it was, or FAULTS_KINDS: none
 *
 * Beside that it keeps the books: memory, descriptors, mappings, threads, locks and lists of
 * addresses that the library has taken and not given back.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define FAULTS_FDS 65536

/*
 * Every kind of call: its name, two errors it can fail with, and what else can happen to it:
 * I it can be interrupted, A it can find nothing to do, S it can do a part only.
 * An eventfd's write cannot fail but for EAGAIN, which says that it is readable already; so
 * nothing but an interruption is done to it.
 */
#define FAULTS_TABLE(X)                                                                            \
    X(MALLOC, "malloc", ENOMEM, 0, 0)                                                              \
    X(REALLOC, "realloc", ENOMEM, 0, 0)                                                            \
    X(SOCKET, "socket", EMFILE, ENOBUFS, 0)                                                        \
    X(BIND, "bind", EADDRNOTAVAIL, EADDRINUSE, 0)                                                  \
    X(CONNECT, "connect", ECONNREFUSED, ENETUNREACH, FAULTS_I)                                     \
    X(SEND, "send", ECONNRESET, ENOBUFS, FAULTS_I | FAULTS_A | FAULTS_S)                           \
    X(SENDMSG, "sendmsg", EPIPE, ENOMEM, FAULTS_I | FAULTS_A | FAULTS_S)                           \
    X(RECV, "recv", ECONNRESET, ENOMEM, FAULTS_I | FAULTS_A | FAULTS_S)                            \
    X(PEEK, "recv with MSG_PEEK", ECONNRESET, ENOMEM, FAULTS_I)                                    \
    X(GETSOCKOPT, "getsockopt", ENOBUFS, ENOMEM, 0)                                                \
    X(SETSOCKOPT, "setsockopt", ENOBUFS, ENOPROTOOPT, 0)                                           \
    X(SHUTDOWN, "shutdown", ENOTCONN, ENOTCONN, 0)                                                 \
    X(CLOSE, "close", EIO, ENOSPC, FAULTS_I)                                                       \
    X(EPOLL_CREATE, "epoll_create1", EMFILE, ENOMEM, 0)                                            \
    X(EPOLL_CTL, "epoll_ctl", ENOSPC, ENOMEM, 0)                                                   \
    X(EPOLL_WAIT, "epoll_wait", ENOMEM, EINVAL, FAULTS_I)                                          \
    X(POLL, "poll", ENOMEM, EINVAL, FAULTS_I)                                                      \
    X(EVENTFD, "eventfd", EMFILE, ENOMEM, 0)                                                       \
    X(TIMER_CREATE, "timerfd_create", EMFILE, ENOMEM, 0)                                           \
    X(TIMER_SET, "timerfd_settime", EINVAL, ENOMEM, 0)                                             \
    X(READ, "read", EIO, ENOMEM, FAULTS_I)                                                         \
    X(FSTAT, "fstat", EIO, EOVERFLOW, 0)                                                           \
    X(LSEEK, "lseek", EIO, EOVERFLOW, 0)                                                           \
    X(PREAD, "pread", EIO, EISDIR, FAULTS_I | FAULTS_S)                                            \
    X(WRITE, "write", 0, 0, FAULTS_I)                                                              \
    X(STORE, "write to the user's descriptor", ENOSPC, EIO, FAULTS_I | FAULTS_A | FAULTS_S)        \
    X(COPY, "fcntl", EMFILE, EBADF, 0)                                                             \
    X(OPEN, "openat", EMFILE, EACCES, FAULTS_I)                                                    \
    X(LOOKUP, "getaddrinfo", EAI_AGAIN, EAI_SYSTEM, 0)                                             \
    X(THREAD, "pthread_create", EAGAIN, EPERM, 0)                                                  \
    X(THREAD_ATTR, "pthread_attr_init", ENOMEM, EAGAIN, 0)                                         \
    X(THREAD_STACK, "pthread_attr_setstacksize", EINVAL, ENOMEM, 0)                                \
    X(THREAD_MASK, "pthread_sigmask", EINVAL, ENOMEM, 0)                                           \
    X(MUTEX, "pthread_mutex_init", ENOMEM, EAGAIN, 0)                                              \
    X(COND, "pthread_cond_init", ENOMEM, EAGAIN, 0)                                                \
    X(COND_ATTR, "pthread_condattr_init", ENOMEM, EAGAIN, 0)                                       \
    X(COND_CLOCK, "pthread_condattr_setclock", EINVAL, ENOMEM, 0)                                  \
    X(COND_WAIT, "pthread_cond_wait", 0, 0, FAULTS_I)                                              \
    X(MMAP, "mmap", ENOMEM, EAGAIN, 0)                                                             \
    X(MPROTECT, "mprotect", ENOMEM, EACCES, 0)

#define FAULTS_I 1u
#define FAULTS_A 2u
#define FAULTS_S 4u

typedef enum faults_kind {
#define FAULTS_X(kind, name, first, second, can) FAULTS_##kind,
    FAULTS_TABLE(FAULTS_X)
#undef FAULTS_X
    FAULTS_KINDS
} faults_kind;

typedef enum faults_mode {
    FAULTS_NONE,
    FAULTS_FAIL,        /* one call fails */
    FAULTS_FAIL_ELSE,   /* one call fails, for another reason */
    FAULTS_STAY,        /* and so do all later ones of its kind */
    FAULTS_INTERRUPT,   /* one call is interrupted */
    FAULTS_AGAIN,       /* one call finds nothing to do although there is */
    FAULTS_SHORT,       /* one call moves one byte */
    FAULTS_SHORT_ALL,   /* and so do all later ones */
    FAULTS_SHORT_STUCK, /* and no watch can be changed */
    FAULTS_MODES
} faults_mode;

typedef struct faults_about {
    const char *name;
    int         first;
    int         second;
    unsigned    can;
} faults_about;

static const faults_about faults_abouts[FAULTS_KINDS] = {
#define FAULTS_X(kind, name, first, second, can) { name, first, second, can },
    FAULTS_TABLE(FAULTS_X)
#undef FAULTS_X
};

/* What the library holds. */
typedef struct faults_books {
    long memory;
    long fds;
    long maps;
    long threads; /* started, neither joined nor detached */
    long alive;   /* running */
    long locks;
    long lists;
    long wrong; /* things given back that were not taken */
} faults_books;

/* What a descriptor was registered for in an epoll set. */
typedef struct faults_watch {
    int                epoll;
    struct epoll_event event;
} faults_watch;

typedef struct faults_state {
    faults_mode   mode; /* changed only while the library is idle */
    unsigned long at;
    unsigned long calls;  /* atomic, as are those below */
    unsigned      struck; /* a faults_kind */
    faults_books  books;
} faults_state;

static faults_state  faults_now = { FAULTS_NONE, 0, 0, FAULTS_KINDS, { 0, 0, 0, 0, 0, 0, 0, 0 } };
static unsigned char faults_open[FAULTS_FDS];
static int           faults_copies[FAULTS_FDS]; /* of the user's descriptors, the latest */
static faults_watch  faults_watched[FAULTS_FDS];

static void faults_arm(faults_mode mode, unsigned long at)
{
    faults_now.at = at;
    __atomic_store_n(&faults_now.calls, 0ul, __ATOMIC_RELAXED);
    __atomic_store_n(&faults_now.struck, (unsigned)FAULTS_KINDS, __ATOMIC_RELAXED);
    __atomic_store_n(&faults_now.mode, mode, __ATOMIC_RELAXED);
}

/* What happened stays known; nothing more happens. */
static void faults_disarm(void)
{
    __atomic_store_n(&faults_now.mode, FAULTS_NONE, __ATOMIC_RELAXED);
}

static faults_kind faults_struck(void)
{
    unsigned kind = __atomic_load_n(&faults_now.struck, __ATOMIC_RELAXED);
    return (faults_kind)kind;
}

/* The error that an armed call of this kind fails with; 0: it does not fail in this mode. */
static int faults_error(faults_mode mode, faults_kind kind)
{
    const faults_about *about = &faults_abouts[kind];
    const int           errors[FAULTS_MODES] = {
                  [FAULTS_FAIL] = about->first,
                  [FAULTS_FAIL_ELSE] = about->second,
                  [FAULTS_STAY] = about->first,
                  [FAULTS_INTERRUPT] = (about->can & FAULTS_I) != 0 ? EINTR : 0,
                  [FAULTS_AGAIN] = (about->can & FAULTS_A) != 0 ? EAGAIN : 0,
    };
    return errors[mode];
}

/* Counts a call that can be struck; whether this one is. */
static bool faults_counts(faults_kind kind, bool stays)
{
    unsigned long number = __atomic_add_fetch(&faults_now.calls, 1ul, __ATOMIC_RELAXED);
    if (number == faults_now.at) {
        __atomic_store_n(&faults_now.struck, (unsigned)kind, __ATOMIC_RELAXED);
        return true;
    }
    return stays && number > faults_now.at && faults_struck() == kind;
}

/* The error to fail with now, or 0. */
static int faults_strikes(faults_kind kind)
{
    faults_mode mode = __atomic_load_n(&faults_now.mode, __ATOMIC_RELAXED);
    int         error = faults_error(mode, kind);
    return error != 0 && faults_counts(kind, mode == FAULTS_STAY) ? error : 0;
}

/* As faults_strikes, for calls that set errno: whether to fail. */
static bool faults_fails(faults_kind kind)
{
    int error = faults_strikes(kind);
    errno = error != 0 ? error : errno;
    return error != 0;
}

/* Whether a call is to move one byte only. */
static bool faults_shortens(faults_kind kind)
{
    faults_mode mode = __atomic_load_n(&faults_now.mode, __ATOMIC_RELAXED);
    bool        all = mode == FAULTS_SHORT_ALL || mode == FAULTS_SHORT_STUCK;
    return (all || mode == FAULTS_SHORT) && (faults_abouts[kind].can & FAULTS_S) != 0 &&
           (faults_counts(kind, all) || (all && faults_struck() != FAULTS_KINDS));
}

static void faults_note(long *count, long more)
{
    (void)__atomic_add_fetch(count, more, __ATOMIC_RELAXED);
}

/* ---- memory ---------------------------------------------------------------------------- */

static void *faults_malloc(size_t size)
{
    void *block = faults_fails(FAULTS_MALLOC) ? NULL : malloc(size);
    faults_note(&faults_now.books.memory, block != NULL ? 1 : 0);
    return block;
}

static void *faults_realloc(void *old, size_t size)
{
    if (faults_fails(FAULTS_REALLOC)) {
        return NULL;
    }
    if (old != NULL) {
        return realloc(old, size);
    }
    void *block = malloc(size);
    faults_note(&faults_now.books.memory, block != NULL ? 1 : 0);
    return block;
}

static void faults_free(void *block)
{
    faults_note(&faults_now.books.memory, block != NULL ? -1 : 0);
    free(block);
}

#if !defined(PARIO_NO_FIBERS)
static void *faults_mmap(void *where, size_t size, int protection, int flags, int fd, off_t at)
{
    void *map = faults_fails(FAULTS_MMAP) ? MAP_FAILED
                                          : mmap(where, size, protection, flags, fd, at);
    faults_note(&faults_now.books.maps, map != MAP_FAILED ? 1 : 0);
    return map;
}

static int faults_munmap(void *where, size_t size)
{
    faults_note(&faults_now.books.maps, -1);
    return munmap(where, size);
}

static int faults_mprotect(void *where, size_t size, int protection)
{
    return faults_fails(FAULTS_MPROTECT) ? -1 : mprotect(where, size, protection);
}
#endif

/* ---- descriptors ----------------------------------------------------------------------- */

static int faults_opened(int fd)
{
    if (fd >= 0 && fd < FAULTS_FDS) {
        __atomic_store_n(&faults_open[fd], (unsigned char)1, __ATOMIC_RELAXED);
        __atomic_store_n(&faults_watched[fd].epoll, -1, __ATOMIC_RELAXED);
        faults_note(&faults_now.books.fds, 1);
    }
    return fd;
}

/* Every descriptor that is used has to be one of the library's. */
static void faults_uses(int fd)
{
    bool good = fd >= 0 && fd < FAULTS_FDS &&
                __atomic_load_n(&faults_open[fd], __ATOMIC_RELAXED) != 0;
    faults_note(&faults_now.books.wrong, good ? 0 : 1);
}

/* A close that fails has closed all the same. */
static int faults_close(int fd)
{
    faults_uses(fd);
    if (fd >= 0 && fd < FAULTS_FDS) {
        __atomic_store_n(&faults_open[fd], (unsigned char)0, __ATOMIC_RELAXED);
        faults_note(&faults_now.books.fds, -1);
    }
    int result = close(fd);
    return faults_fails(FAULTS_CLOSE) ? -1 : result;
}

static int faults_socket(int domain, int type, int protocol)
{
    return faults_fails(FAULTS_SOCKET) ? -1 : faults_opened(socket(domain, type, protocol));
}

static int faults_bind(int fd, const struct sockaddr *from, socklen_t size)
{
    faults_uses(fd);
    return faults_fails(FAULTS_BIND) ? -1 : bind(fd, from, size);
}

static int faults_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    faults_uses(fd);
    int error = faults_strikes(FAULTS_CONNECT);
    int result = error == 0 || error == EINTR ? connect(fd, to, size) : -1;
    errno = error != 0 ? error : errno;
    return error != 0 ? -1 : result;
}

static int faults_eventfd(unsigned start, int flags)
{
    return faults_fails(FAULTS_EVENTFD) ? -1 : faults_opened(eventfd(start, flags));
}

static int faults_timerfd_create(clockid_t clock, int flags)
{
    return faults_fails(FAULTS_TIMER_CREATE) ? -1 : faults_opened(timerfd_create(clock, flags));
}

static int faults_timerfd_settime(int fd, int flags, const struct itimerspec *to,
                                  struct itimerspec *from)
{
    faults_uses(fd);
    return faults_fails(FAULTS_TIMER_SET) ? -1 : timerfd_settime(fd, flags, to, from);
}

static int faults_epoll_create1(int flags)
{
    return faults_fails(FAULTS_EPOLL_CREATE) ? -1 : faults_opened(epoll_create1(flags));
}

static int faults_openat(int directory, const char *name, int flags)
{
    return faults_fails(FAULTS_OPEN) ? -1 : faults_opened(openat(directory, name, flags));
}

/* ---- bytes ----------------------------------------------------------------------------- */

/*
 * A socket that was read or written in part, or not at all, has more to say: where it is
 * watched for changes, it is watched anew, as the kernel would tell of what is left.
 */
static void faults_rearm(int fd)
{
    int failed = errno;
    int epoll = __atomic_load_n(&faults_watched[fd].epoll, __ATOMIC_RELAXED);
    if (epoll >= 0) {
        (void)epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &faults_watched[fd].event);
    }
    errno = failed;
}

/* What a call that is struck answers; *shorter: it is done, with one byte. */
static bool faults_moves(faults_kind kind, int fd, bool *shorter)
{
    faults_uses(fd);
    *shorter = faults_shortens(kind);
    bool fails = faults_fails(kind);
    if (*shorter || (fails && errno == EAGAIN)) {
        faults_rearm(fd);
    }
    return !fails;
}

static ssize_t faults_send(int fd, const void *bytes, size_t size, int flags)
{
    bool shorter;
    if (!faults_moves(FAULTS_SEND, fd, &shorter)) {
        return -1;
    }
    return send(fd, bytes, shorter && size > 0 ? 1 : size, flags);
}

static ssize_t faults_sendmsg(int fd, const struct msghdr *message, int flags)
{
    bool shorter;
    if (!faults_moves(FAULTS_SENDMSG, fd, &shorter)) {
        return -1;
    }
    return shorter ? send(fd, message->msg_iov[0].iov_base, 1, flags) : sendmsg(fd, message, flags);
}

static ssize_t faults_recv(int fd, void *bytes, size_t size, int flags)
{
    bool shorter;
    bool peeks = (flags & MSG_PEEK) != 0;
    if (!faults_moves(peeks ? FAULTS_PEEK : FAULTS_RECV, fd, &shorter)) {
        return -1;
    }
    ssize_t got = recv(fd, bytes, shorter ? 1 : size, flags);
    if (shorter) {
        faults_rearm(fd);
    }
    return got;
}

static ssize_t faults_read(int fd, void *bytes, size_t size)
{
    bool own = fd < 0 || fd >= FAULTS_FDS ||
               __atomic_load_n(&faults_open[fd], __ATOMIC_RELAXED) != 0 || size == sizeof(uint64_t);
    if (own) { /* and not content from a descriptor of the user's */
        faults_uses(fd);
    }
    return faults_fails(FAULTS_READ) ? -1 : read(fd, bytes, size);
}

/* A descriptor of the user's, that is what none of the library's is. */
static ssize_t faults_store(int fd, const void *bytes, size_t size)
{
    bool shorter = faults_shortens(FAULTS_STORE);
    bool fails = faults_fails(FAULTS_STORE);
    int  copy = fd < FAULTS_FDS ? __atomic_load_n(&faults_copies[fd], __ATOMIC_RELAXED) : 0;
    if (copy > 0 && (shorter || fails)) {
        faults_rearm(copy);
    }
    return fails ? -1 : write(fd, bytes, shorter ? 1 : size);
}

/* These three are done to descriptors of the user's. */
static int faults_fstat(int fd, struct stat *about)
{
    return faults_fails(FAULTS_FSTAT) ? -1 : fstat(fd, about);
}

static off_t faults_lseek(int fd, off_t to, int from)
{
    return faults_fails(FAULTS_LSEEK) ? -1 : lseek(fd, to, from);
}

static ssize_t faults_pread(int fd, void *bytes, size_t size, off_t at)
{
    bool shorter = faults_shortens(FAULTS_PREAD);
    return faults_fails(FAULTS_PREAD) ? -1 : pread(fd, bytes, shorter ? 1 : size, at);
}

static ssize_t faults_write(int fd, const void *bytes, size_t size)
{
    if (fd >= 0 && fd < FAULTS_FDS && __atomic_load_n(&faults_open[fd], __ATOMIC_RELAXED) == 0) {
        return faults_store(fd, bytes, size);
    }
    faults_uses(fd);
    return faults_fails(FAULTS_WRITE) ? -1 : write(fd, bytes, size);
}

static int faults_fcntl(int fd, int command, int least)
{
    int copy = faults_fails(FAULTS_COPY) ? -1 : faults_opened(fcntl(fd, command, least));
    if (fd >= 0 && fd < FAULTS_FDS && copy > 0) {
        __atomic_store_n(&faults_copies[fd], copy, __ATOMIC_RELAXED);
    }
    return copy;
}

static int faults_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    faults_uses(fd);
    return faults_fails(FAULTS_GETSOCKOPT) ? -1 : getsockopt(fd, level, option, value, size);
}

static int faults_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    faults_uses(fd);
    return faults_fails(FAULTS_SETSOCKOPT) ? -1 : setsockopt(fd, level, option, value, size);
}

/* A shutdown that says that there is no connection has waked who waits for one. */
static int faults_shutdown(int fd, int how)
{
    faults_uses(fd);
    int result = shutdown(fd, how);
    return faults_fails(FAULTS_SHUTDOWN) ? -1 : result;
}

/* ---- waiting --------------------------------------------------------------------------- */

static int faults_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    faults_uses(epoll);
    faults_uses(fd);
    if (faults_fails(FAULTS_EPOLL_CTL)) {
        return -1;
    }
    if (operation == EPOLL_CTL_MOD &&
        __atomic_load_n(&faults_now.mode, __ATOMIC_RELAXED) == FAULTS_SHORT_STUCK) {
        errno = ENOMEM;
        return -1;
    }
    if (fd >= 0 && fd < FAULTS_FDS) {
        int watched = operation != EPOLL_CTL_DEL ? epoll : -1;
        __atomic_store_n(&faults_watched[fd].epoll, watched, __ATOMIC_RELAXED);
        faults_watched[fd].event = *event;
    }
    return epoll_ctl(epoll, operation, fd, event);
}

static int faults_epoll_wait(int epoll, struct epoll_event *events, int room, int ms)
{
    faults_uses(epoll);
    return faults_fails(FAULTS_EPOLL_WAIT) ? -1 : epoll_wait(epoll, events, room, ms);
}

static int faults_poll(struct pollfd *fds, nfds_t count, int ms)
{
    return faults_fails(FAULTS_POLL) ? -1 : poll(fds, count, ms);
}

/* ---- names ----------------------------------------------------------------------------- */

/* The only name that is asked for is localhost, which is not known to every machine. */
/* "two.example" has an address that refuses, and then the one that is served. */
static int faults_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                              struct addrinfo **list)
{
    int error = faults_strikes(FAULTS_LOOKUP);
    if (error == EAI_SYSTEM) {
        errno = ENFILE;
    }
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    bool two = strcmp(host, "two.example") == 0;
    host = two ? "127.0.0.2" : host;
    error = error != 0 ? error : getaddrinfo(host, service, hints, list);
    if (two && error == 0) {
        error = getaddrinfo("127.0.0.1", service, hints, &(*list)->ai_next);
    }
    faults_note(&faults_now.books.lists, error == 0 ? 1 : 0);
    return error;
}

static void faults_freeaddrinfo(struct addrinfo *list)
{
    faults_note(&faults_now.books.lists, -1);
    freeaddrinfo(list);
}

/* ---- threads --------------------------------------------------------------------------- */

typedef struct faults_start {
    void *(*run)(void *argument);
    void *argument;
} faults_start;

static void *faults_thread(void *argument)
{
    faults_start *start = (faults_start *)argument;
    faults_start  copy = *start;
    free(start);
    void *result = copy.run(copy.argument);
    (void)__atomic_sub_fetch(&faults_now.books.alive, 1l, __ATOMIC_RELEASE);
    return result;
}

static int faults_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*run)(void *argument), void      *argument)
{
    int           error = faults_strikes(FAULTS_THREAD);
    faults_start *start = error == 0 ? (faults_start *)malloc(sizeof *start) : NULL;
    if (start == NULL) {
        return error;
    }
    start->run = run;
    start->argument = argument;
    faults_note(&faults_now.books.threads, 1);
    faults_note(&faults_now.books.alive, 1);
    error = pthread_create(thread, attributes, faults_thread, start);
    if (error != 0) {
        faults_note(&faults_now.books.threads, -1);
        faults_note(&faults_now.books.alive, -1);
        free(start);
    }
    return error;
}

static int faults_pthread_join(pthread_t thread, void **result)
{
    faults_note(&faults_now.books.threads, -1);
    return pthread_join(thread, result);
}

static int faults_pthread_detach(pthread_t thread)
{
    faults_note(&faults_now.books.threads, -1);
    return pthread_detach(thread);
}

static int faults_pthread_attr_init(pthread_attr_t *attributes)
{
    int error = faults_strikes(FAULTS_THREAD_ATTR);
    faults_note(&faults_now.books.locks, error == 0 ? 1 : 0);
    return error != 0 ? error : pthread_attr_init(attributes);
}

static int faults_pthread_attr_destroy(pthread_attr_t *attributes)
{
    faults_note(&faults_now.books.locks, -1);
    return pthread_attr_destroy(attributes);
}

static int faults_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    int error = faults_strikes(FAULTS_THREAD_STACK);
    return error != 0 ? error : pthread_attr_setstacksize(attributes, size);
}

/* Only what sets signals aside is struck, not what puts them back. */
static int faults_pthread_sigmask(int how, const sigset_t *to, sigset_t *from)
{
    int error = from != NULL ? faults_strikes(FAULTS_THREAD_MASK) : 0;
    return error != 0 ? error : pthread_sigmask(how, to, from);
}

static int faults_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
    int error = faults_strikes(FAULTS_MUTEX);
    faults_note(&faults_now.books.locks, error == 0 ? 1 : 0);
    return error != 0 ? error : pthread_mutex_init(lock, attributes);
}

static int faults_pthread_mutex_destroy(pthread_mutex_t *lock)
{
    int error = pthread_mutex_destroy(lock);
    faults_note(&faults_now.books.locks, -1);
    faults_note(&faults_now.books.wrong, error != 0 ? 1 : 0);
    return error;
}

static int faults_pthread_condattr_init(pthread_condattr_t *attributes)
{
    int error = faults_strikes(FAULTS_COND_ATTR);
    faults_note(&faults_now.books.locks, error == 0 ? 1 : 0);
    return error != 0 ? error : pthread_condattr_init(attributes);
}

static int faults_pthread_condattr_destroy(pthread_condattr_t *attributes)
{
    faults_note(&faults_now.books.locks, -1);
    return pthread_condattr_destroy(attributes);
}

static int faults_pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
    int error = faults_strikes(FAULTS_COND_CLOCK);
    return error != 0 ? error : pthread_condattr_setclock(attributes, clock);
}

static int faults_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    int error = faults_strikes(FAULTS_COND);
    faults_note(&faults_now.books.locks, error == 0 ? 1 : 0);
    return error != 0 ? error : pthread_cond_init(condition, attributes);
}

static int faults_pthread_cond_destroy(pthread_cond_t *condition)
{
    faults_note(&faults_now.books.locks, -1);
    return pthread_cond_destroy(condition);
}

/* A wait that is interrupted ends although nobody has signalled. */
static int faults_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    return faults_strikes(FAULTS_COND_WAIT) != 0 ? 0 : pthread_cond_wait(condition, lock);
}

static int faults_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                         const struct timespec *until)
{
    return faults_strikes(FAULTS_COND_WAIT) != 0 ? 0
                                                 : pthread_cond_timedwait(condition, lock, until);
}

/* ---- books ----------------------------------------------------------------------------- */

/* Lets the library's threads come to their end, and says what it still holds. */
static faults_books faults_settle(void)
{
    while (__atomic_load_n(&faults_now.books.alive, __ATOMIC_ACQUIRE) > 0) {
        (void)sched_yield();
    }
    faults_books books = faults_now.books;
    books.wrong = __atomic_exchange_n(&faults_now.books.wrong, 0l, __ATOMIC_RELAXED);
    return books;
}

#define PARIO_MALLOC(size) faults_malloc(size)
#define PARIO_REALLOC(pointer, size) faults_realloc(pointer, size)
#define PARIO_FREE(pointer) faults_free(pointer)

#define mmap(where, size, protection, flags, fd, at)                                               \
    faults_mmap(where, size, protection, flags, fd, at)
#define munmap(where, size) faults_munmap(where, size)
#define mprotect(where, size, protection) faults_mprotect(where, size, protection)
#define close(fd) faults_close(fd)
#define socket(domain, type, protocol) faults_socket(domain, type, protocol)
#define bind(fd, from, size) faults_bind(fd, from, size)
#define connect(fd, to, size) faults_connect(fd, to, size)
#define eventfd(start, flags) faults_eventfd(start, flags)
#define timerfd_create(clock, flags) faults_timerfd_create(clock, flags)
#define timerfd_settime(fd, flags, to, from) faults_timerfd_settime(fd, flags, to, from)
#define epoll_create1(flags) faults_epoll_create1(flags)
#define openat(directory, name, flags) faults_openat(directory, name, flags)
#define send(fd, bytes, size, flags) faults_send(fd, bytes, size, flags)
#define sendmsg(fd, message, flags) faults_sendmsg(fd, message, flags)
#define recv(fd, bytes, size, flags) faults_recv(fd, bytes, size, flags)
#define read(fd, bytes, size) faults_read(fd, bytes, size)
#define fstat(fd, about) faults_fstat(fd, about)
#define lseek(fd, to, from) faults_lseek(fd, to, from)
#define pread(fd, bytes, size, at) faults_pread(fd, bytes, size, at)
#define write(fd, bytes, size) faults_write(fd, bytes, size)
#define fcntl(fd, command, least) faults_fcntl(fd, command, least)
#define getsockopt(fd, level, option, value, size) faults_getsockopt(fd, level, option, value, size)
#define setsockopt(fd, level, option, value, size) faults_setsockopt(fd, level, option, value, size)
#define shutdown(fd, how) faults_shutdown(fd, how)
#define epoll_ctl(epoll, operation, fd, event) faults_epoll_ctl(epoll, operation, fd, event)
#define epoll_wait(epoll, events, room, ms) faults_epoll_wait(epoll, events, room, ms)
#define poll(fds, count, ms) faults_poll(fds, count, ms)
#define getaddrinfo(host, service, hints, list) faults_getaddrinfo(host, service, hints, list)
#define freeaddrinfo(list) faults_freeaddrinfo(list)
#define pthread_create(thread, attributes, run, argument)                                          \
    faults_pthread_create(thread, attributes, run, argument)
#define pthread_join(thread, result) faults_pthread_join(thread, result)
#define pthread_detach(thread) faults_pthread_detach(thread)
#define pthread_attr_init(attributes) faults_pthread_attr_init(attributes)
#define pthread_attr_destroy(attributes) faults_pthread_attr_destroy(attributes)
#define pthread_attr_setstacksize(attributes, size)                                                \
    faults_pthread_attr_setstacksize(attributes, size)
#define pthread_sigmask(how, to, from) faults_pthread_sigmask(how, to, from)
#define pthread_mutex_init(lock, attributes) faults_pthread_mutex_init(lock, attributes)
#define pthread_mutex_destroy(lock) faults_pthread_mutex_destroy(lock)
#define pthread_condattr_init(attributes) faults_pthread_condattr_init(attributes)
#define pthread_condattr_destroy(attributes) faults_pthread_condattr_destroy(attributes)
#define pthread_condattr_setclock(attributes, clock)                                               \
    faults_pthread_condattr_setclock(attributes, clock)
#define pthread_cond_init(condition, attributes) faults_pthread_cond_init(condition, attributes)
#define pthread_cond_destroy(condition) faults_pthread_cond_destroy(condition)
#define pthread_cond_wait(condition, lock) faults_pthread_cond_wait(condition, lock)
#define pthread_cond_timedwait(condition, lock, until)                                             \
    faults_pthread_cond_timedwait(condition, lock, until)

#endif /* FAULTS_H */
