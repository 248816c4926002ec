/* SPDX-License-Identifier: MIT */
/*
 * pario.h: many HTTP/1.1 requests at once, on the executor of your choice.
 *
 * One header for Linux, no dependency beyond libc. Requests are submitted, and
 * come back in the order of their completion; whether they run one after another,
 * on a pool of threads, on fibers or on one epoll loop is one word in the
 * configuration, and the code around it does not change. A memory sampler in the
 * same header shows what each choice costs.
 *
 * Quick start: in exactly one source file
 *
 *     #define PARIO_IMPLEMENTATION
 *     #include "pario.h"
 *
 * and in all others just the include. Compile with gcc or clang, as C (gnu11 or
 * later) or C++ (17 or later), and link with -pthread.
 *
 * ```c
 * #include <stdio.h>
 * #define PARIO_IMPLEMENTATION
 * #include "pario.h"
 *
 * int main(void)
 * {
 *     const char   *urls[] = { "http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b" };
 *     pario_config  config = { .executor = PARIO_EPOLL, .concurrency = 100 };
 *     pario_client *client;
 *     if (pario_open(&config, &client) != PARIO_OK) {
 *         return 1;
 *     }
 *     for (size_t i = 0; i < 2; i++) {
 *         pario_request request = { .url = urls[i], .tag = i };
 *         pario_error   error = pario_submit(client, &request);
 *         if (error != PARIO_OK) {
 *             fprintf(stderr, "%s: %s\n", urls[i], pario_error_text(error));
 *         }
 *     }
 *     pario_response response;
 *     while (pario_next(client, &response, PARIO_UNLIMITED) == PARIO_OK) {
 *         char line[PARIO_LINE_SIZE];
 *         pario_describe(&response, line, sizeof line);
 *         printf("%s: %s, %zu bytes\n", urls[response.tag], line, response.body_size);
 *         pario_response_free(&response);
 *     }
 *     pario_close(client);
 *     return 0;
 * }
 * ```
 *
 * TABLE OF CONTENTS (search for the tag)
 *
 *     >>manual     the rules of the house: time, ownership, threads, errors
 *     >>limits     every limit and its default
 *     >>api        types and functions
 *     >>bytes  >>url  >>head  >>body  >>request  >>exchange      the core: pure functions
 *     >>memory                                                   /proc readers, the sampler
 *     >>transport  >>resolver  >>pool  >>deadlines               sockets, names, clocks
 *     >>executors  >>client                                      four ways to wait, the API
 *
 * >>manual
 *
 * Zero is a default. Every struct that goes in may be zero-initialised; a member
 * that is 0 takes its documented default. Where "none" or "no limit" must be said
 * apart from the default, say PARIO_OFF or PARIO_UNLIMITED.
 *
 * Executors. PARIO_SEQUENTIAL runs one request after another in the caller's thread.
 * PARIO_THREADS runs each on one of `concurrency` pool threads, created as they are
 * needed. PARIO_FIBERS gives each a small stack in user space and switches between
 * them in the caller's thread. PARIO_EPOLL keeps a few hundred bytes for each and no
 * stack. Except on PARIO_THREADS, work is done inside pario_next and pario_fetch only.
 *
 * What comes back. Each request that pario_submit accepted comes back from
 * pario_next exactly once, with a response or with an error, also when it was
 * cancelled and when memory ran out; of a stream the end does. An HTTP status is not an error. A
 * response whose error is PARIO_OK is complete: a body that stops early is an error, never short.
 *
 * Ownership. pario_submit copies what it needs, except the request's body, which must
 * stay valid and unchanged until the request has come back. What a response points to
 * belongs to the response, until pario_response_free; it may outlive the client.
 *
 * Uploads. A body is in memory, or is read from a descriptor in pieces of 64 KiB, which stays
 * yours and open until the request has come back. A file is read from where it stood at
 * pario_submit, and stays there; so it can be sent again after a redirect or on another connection,
 * which what comes from a pipe or a socket cannot. Large content waits for a server that asks for
 * it (100 Continue), for a second at most. A server that answers before it has got all of it with a
 * status from 300 on, or with a whole response, gets no more of it, and its connection is closed.
 * For files from 2 GiB, here or in `into_fd`, 32-bit glibc needs -D_FILE_OFFSET_BITS=64.
 *
 * Threads. A client belongs to one thread at a time; different threads use different
 * clients. pario_wake alone may be called from everywhere, signal handlers included.
 * On PARIO_THREADS, pario_fetch may be called from any thread.
 *
 * Connections are kept and reused per origin. A reused connection that dies before the
 * first byte of a response is replaced by a fresh one, once, if the method is
 * idempotent. Anything unexpected retires a connection. Bytes that a server sends unasked between
 * the last look at an idle connection and the next request cannot be told from the answer to it.
 * An idle connection that the server closes is closed by pario_next: at once on epoll and fibers;
 * else before it answers PARIO_NOTHING_LEFT, and when it turns to others, once a second at most.
 *
 * Streams. With `stream` a response comes in parts, all with its tag and id: its head, its
 * content as it arrives, at most 64 KiB at once, and its end. After the head and after each
 * content the connection rests until pario_response_free has given that part back, so that a slow
 * consumer holds a fast server back; until then nothing else comes of this request. A stream that
 * is cancelled, or whose total time is over, loses its connection at once, and its end is handed
 * out when the part is given back. While a part is out, or a descriptor takes no more, only the
 * total time goes on. A consumer that never gives a part back waits for ever, or until pario_wake.
 * pario_fetch waits, too, where held streams have all the connections that `per_host` allows.
 *
 * With `into_fd` the content of the final response, whatever its status, is written as it comes, at
 * most 64 KiB at once to a pipe or a socket, and 256 KiB to a file.
 * If that fails, PARIO_ERROR_BODY_WRITE says so with the errno: a full disk, a pipe that nobody
 * reads. SIGPIPE is held back meanwhile in the thread that writes to what at pario_submit is a pipe
 * or a socket. A descriptor that does not block is waited for; one that does, such as a file's,
 * holds up what runs in the same thread.
 * Redirects that are followed hand nothing out; a complete stream's connection is kept as others'.
 *
 * Time. All intervals are milliseconds, measured times are microseconds, both of
 * CLOCK_MONOTONIC. A request's clock starts when it leaves the queue, and stands still while it
 * waits because its host has all the connections that `per_host` allows.
 *
 * Names are resolved by getaddrinfo on helper threads, which exist only once a name
 * had to be resolved; numeric hosts never need them. One lookup serves all requests
 * that want the same name, and its result is kept for `lookup_cache_ms`. The addresses of a host
 * are tried as RFC 8305 has it: families in turns, the next one after PARIO_NEXT_ADDRESS_MS or when
 * one has failed, and sooner where all would not be tried in time; the first to connect is taken.
 *
 * Redirects (301, 302, 303, 307, 308) are followed when `redirects` says how many.
 * A 303, and a 301 or 302 after a POST, goes on as a GET without the body. Credentials,
 * Authorization, Cookie and Proxy-Authorization stay behind when the origin changes.
 *
 * https needs a TLS transport: six functions around a TLS library of yours, in pario_config.tls.
 * Content that ends with the connection counts as complete only after a close_notify.
 *
 * A proxy is asked for http with whole URLs, on connections that serve all hosts, and for https to
 * open a tunnel to each host. Its own name is looked up, those of the hosts are left to it. Its
 * credentials go to it alone. What it says instead of opening a tunnel is PARIO_ERROR_PROXY_REFUSED
 * or, before the stage of TLS, what is wrong with it; it is never taken for the host's answer.
 *
 * Out of scope: TLS of its own, HTTP/2, content codings, cookies, caches.
 *
 * Switches, to be defined before the implementation is included:
 *
 *     PARIO_MALLOC(size), PARIO_REALLOC(pointer, size), PARIO_FREE(pointer)
 *                      your allocator, all three or none; called from several threads
 *     PARIO_STATIC     everything has internal linkage: for one file, without what it does not use
 *     PARIO_NO_FIBERS  leave the fibers out (the default where ucontext is missing)
 *     PARIO_SECTIONS   for analyzers, not a feature: compile only the first N sections
 *                      of the implementation (1 bytes, 2 url, 3 head, 4 body, 5 request,
 *                      6 exchange, 7 memory, 8 transport, 9 resolver, 10 pool,
 *                      11 deadlines, 12 executors, 13 client)
 *     PARIO_NO_MEMCHR  for provers, not a feature: loops in the place of memchr and of words
 */
#ifndef PARIO_H
#define PARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARIO_VERSION_MAJOR 0
#define PARIO_VERSION_MINOR 1
#define PARIO_VERSION_PATCH 0
#define PARIO_VERSION_HEX 0x000100
#define PARIO_VERSION "0.1.0"

/* >>limits
 *
 * What a zero in pario_config or pario_request stands for.
 */
#define PARIO_DEFAULT_CONCURRENCY 100            /* requests in flight */
#define PARIO_DEFAULT_QUEUE 65536                /* requests waiting for their turn */
#define PARIO_DEFAULT_CONNECT_MS 10000           /* lookup and connect, all addresses */
#define PARIO_DEFAULT_PROGRESS_MS 30000          /* without a byte either way */
#define PARIO_DEFAULT_TOTAL_MS 300000            /* from the queue to the last byte */
#define PARIO_DEFAULT_IDLE_MS 60000              /* a connection kept without a request */
#define PARIO_DEFAULT_LOOKUP_CACHE_MS 60000      /* a resolved name */
#define PARIO_DEFAULT_HEAD_BYTES 65536           /* status line and fields together */
#define PARIO_DEFAULT_FIELDS 128                 /* header fields; as many trailer fields */
#define PARIO_DEFAULT_BODY_BYTES 16777216        /* content kept in memory */
#define PARIO_DEFAULT_INTERIM 16                 /* 1xx responses before the final one */
#define PARIO_DEFAULT_CHUNK_EXTENSION_BYTES 4096 /* all chunk extensions of a response */
#define PARIO_DEFAULT_TRAILER_BYTES 8192         /* trailer section */
#define PARIO_DEFAULT_EXPECT_BYTES 1048576       /* content that waits for 100 (Continue) */
#define PARIO_DEFAULT_EXPECT_MS 1000             /* and for how long */
#define PARIO_DEFAULT_STACK_BYTES 65536          /* of a thread or fiber; see pario_config */

/* What cannot be changed by an option. */
#define PARIO_MAX_URL_BYTES 65535     /* a URL, also one that a redirect leads to */
#define PARIO_MAX_HOST_BYTES 255      /* a host */
#define PARIO_MAX_CONCURRENCY 1000000 /* requests in flight */
#define PARIO_MAX_LOOKUPS 8           /* names being resolved at the same moment */
#define PARIO_MAX_CACHED_NAMES 4096   /* resolved names kept */
#define PARIO_LOOKUP_FAILURE_MS 1000  /* for so long a failed lookup is not repeated */
#define PARIO_NEXT_ADDRESS_MS 250     /* of a host with several: until the next is tried, too */
#define PARIO_LINE_SIZE 256           /* room that pario_describe can use */
#define PARIO_ADDRESS_SIZE 64         /* room that pario_response_address can use */

#define PARIO_UNLIMITED (-1) /* no limit, where one may be lifted */
#define PARIO_OFF (-2)       /* none at all, where 0 stands for a default */

/* >>api */

#if defined(__has_attribute)
#if __has_attribute(warn_unused_result)
#define PARIO_NODISCARD __attribute__((warn_unused_result))
#endif
#if __has_attribute(access)
#define PARIO_WRITES(pointer, size) __attribute__((access(write_only, pointer, size)))
#endif
#endif
#if !defined(PARIO_NODISCARD)
#define PARIO_NODISCARD
#endif
#if !defined(PARIO_WRITES)
#define PARIO_WRITES(pointer, size)
#endif

#if defined(__cplusplus)
#define PARIO_EXTERN_C_BEGIN extern "C" {
#define PARIO_EXTERN_C_END }
#else
#define PARIO_EXTERN_C_BEGIN
#define PARIO_EXTERN_C_END
#endif

#if defined(PARIO_STATIC)
#define PARIO_API static inline
#define PARIO_DEF static inline
#elif defined(__cplusplus)
#define PARIO_API
#define PARIO_DEF
#else
#define PARIO_API extern
#define PARIO_DEF
#endif

/* If no file has the implementation, the linker says that this is undefined. */
#if !defined(PARIO_STATIC)
PARIO_EXTERN_C_BEGIN
extern const char pario_one_file_must_define_PARIO_IMPLEMENTATION;
PARIO_EXTERN_C_END
__attribute__((used)) static inline const char *pario_i_implemented(void)
{
    return &pario_one_file_must_define_PARIO_IMPLEMENTATION;
}
#endif

/* Every error: its name, its kind of trouble, and a line of text that helps. */
#define PARIO_ERRORS(X)                                                                            \
    X(OK, "complete")                                                                              \
    /* what pario_next answers when it has no response */                                          \
    X(NOTHING_LEFT, "nothing is outstanding")                                                      \
    X(TIME_OVER, "nothing came back in time")                                                      \
    X(WOKEN, "pario_wake was called")                                                              \
    /* wrong arguments: found before a byte is sent */                                             \
    X(ERROR_ARGUMENT, "an argument is NULL, or does not fit the others")                           \
    X(ERROR_CONFIG, "an option is out of its range")                                               \
    X(ERROR_EXECUTOR, "no such executor")                                                          \
    X(ERROR_NO_FIBERS, "fibers are not compiled in")                                               \
    X(ERROR_NO_STACKS, "tasks need another executor than epoll")                                   \
    X(ERROR_NO_DESCRIPTOR, "the sequential executor has no descriptor")                            \
    X(ERROR_IN_TASK, "a task may call pario_fetch, not this")                                      \
    X(ERROR_URL, "the URL is not an absolute URL as RFC 3986 has it")                              \
    X(ERROR_URL_TOO_LONG, "the URL or its host is too long")                                       \
    X(ERROR_URL_BYTE, "the URL holds a byte that must be percent-encoded")                         \
    X(ERROR_URL_HOST, "the URL's host is empty or malformed")                                      \
    X(ERROR_URL_PORT, "the URL's port is not a number from 1 to 65535")                            \
    X(ERROR_SCHEME, "the URL's scheme is neither http nor https")                                  \
    X(ERROR_NEEDS_TLS, "https needs a TLS transport")                                              \
    X(ERROR_PROXY_URL, "the proxy is not http://[user:password@]host[:port]")                      \
    X(ERROR_PROXY_SCHEME, "the proxy's scheme is not http")                                        \
    X(ERROR_METHOD, "the method is no token, or cannot be carried out")                            \
    X(ERROR_FIELD_NAME, "a field name is not a token")                                             \
    X(ERROR_FIELD_VALUE, "a field value holds a control byte")                                     \
    X(ERROR_FIELD_RESERVED, "only the library writes this field")                                  \
    X(ERROR_CREDENTIALS, "no user for the password, or one with a colon or control byte")          \
    X(ERROR_TOO_LARGE, "the request is larger than memory")                                        \
    X(ERROR_QUEUE_FULL, "the queue is full: take responses first")                                 \
    X(ERROR_UNKNOWN_ID, "no such request is outstanding")                                          \
    /* the machine */                                                                              \
    X(ERROR_MEMORY, "out of memory")                                                               \
    X(ERROR_SYSTEM, "a system call failed")                                                        \
    X(ERROR_THREAD, "a thread could not be started")                                               \
    X(ERROR_PROCESS, "this process cannot be read")                                                \
    X(ERROR_BODY_READ, "the content cannot be read, or ends too early")                            \
    X(ERROR_BODY_REWIND, "the content cannot be sent again: it is from no file")                   \
    /* the connection */                                                                           \
    X(ERROR_CANCELLED, "cancelled")                                                                \
    X(ERROR_RESOLVE, "the host's name was not resolved")                                           \
    X(ERROR_SOURCE, "the host has no address of the source's family")                              \
    X(ERROR_CONNECT, "no connection")                                                              \
    X(ERROR_PROXY_REFUSED, "the proxy refused a tunnel to the host")                               \
    X(ERROR_PROXY_BYTES, "the proxy sent more than its answer")                                    \
    X(ERROR_TLS, "the TLS transport failed")                                                       \
    X(ERROR_SEND, "the connection broke while sending")                                            \
    X(ERROR_RECEIVE, "the connection broke while receiving")                                       \
    X(ERROR_CONNECT_TIMEOUT, "no connection in time")                                              \
    X(ERROR_PROGRESS_TIMEOUT, "no byte came or went for too long")                                 \
    X(ERROR_TOTAL_TIMEOUT, "the request took longer than allowed")                                 \
    /* the head, RFC 9112 sections 2 to 5 */                                                       \
    X(ERROR_EMPTY_REPLY, "the connection ended without a reply")                                   \
    X(ERROR_HEAD_TRUNCATED, "the reply ended within its head")                                     \
    X(ERROR_STATUS_LINE, "the reply begins with no status line")                                   \
    X(ERROR_VERSION, "the reply's version is not HTTP/1")                                          \
    X(ERROR_FIELD_LINE, "a field line of the reply is malformed")                                  \
    X(ERROR_HEAD_TOO_LARGE, "the head is larger than allowed")                                     \
    X(ERROR_TOO_MANY_FIELDS, "more fields than allowed")                                           \
    X(ERROR_TOO_MANY_INTERIM, "more interim responses than allowed")                               \
    X(ERROR_UPGRADE, "the server switches protocols unasked")                                      \
    /* framing, RFC 9112 sections 6 and 7 */                                                       \
    X(ERROR_LENGTH_DUPLICATE, "more than one Content-Length")                                      \
    X(ERROR_LENGTH_DIGITS, "Content-Length is not a number")                                       \
    X(ERROR_LENGTH_OVERFLOW, "Content-Length is beyond all measure")                               \
    X(ERROR_TRANSFER_ENCODING, "Transfer-Encoding is not just chunked")                            \
    X(ERROR_LENGTH_AND_ENCODING, "both Content-Length and Transfer-Encoding")                      \
    X(ERROR_CHUNK_SIZE, "a chunk's size line is malformed")                                        \
    X(ERROR_CHUNK_OVERFLOW, "a chunk's size is beyond all measure")                                \
    X(ERROR_CHUNK_END, "no line end follows a chunk's data")                                       \
    X(ERROR_CHUNK_EXTENSIONS, "more chunk extensions than allowed")                                \
    X(ERROR_TRAILER, "a trailer field is malformed")                                               \
    X(ERROR_TRAILERS_TOO_LARGE, "the trailers are larger than allowed")                            \
    X(ERROR_BODY_TRUNCATED, "the reply ended within its content")                                  \
    X(ERROR_BODY_TOO_LARGE, "the reply's content is larger than allowed")                          \
    X(ERROR_BODY_WRITE, "the content could not be written")                                        \
    /* redirects, RFC 9110 section 15.4 */                                                         \
    X(ERROR_TOO_MANY_REDIRECTS, "more redirects than allowed")                                     \
    X(ERROR_REDIRECT_LOOP, "the redirects run in a circle")                                        \
    X(ERROR_REDIRECT_LOCATION, "Location is repeated or malformed")                                \
    X(ERROR_REDIRECT_SCHEME, "the redirect's scheme is not allowed")

typedef enum pario_error {
#define PARIO_X(name, text) PARIO_##name,
    PARIO_ERRORS(PARIO_X)
#undef PARIO_X
} pario_error;

/* How far a request had come. */
typedef enum pario_stage {
    PARIO_STAGE_QUEUE,
    PARIO_STAGE_RESOLVE,
    PARIO_STAGE_CONNECT,
    PARIO_STAGE_TLS,
    PARIO_STAGE_SEND,
    PARIO_STAGE_HEAD,
    PARIO_STAGE_BODY
} pario_stage;

/* How requests are run; see the manual. */
typedef enum pario_executor {
    PARIO_EPOLL,
    PARIO_SEQUENTIAL,
    PARIO_THREADS,
    PARIO_FIBERS
} pario_executor;

typedef struct pario_client pario_client;

/* What the functions of a TLS transport answer. */
typedef enum pario_tls_result {
    PARIO_TLS_OK,          /* it is done; or *moved bytes were, one at least */
    PARIO_TLS_WANTS_READ,  /* to be called again when the descriptor is readable, */
    PARIO_TLS_WANTS_WRITE, /* or writable */
    PARIO_TLS_END,         /* the server has ended its side, and said so (close_notify) */
    PARIO_TLS_CUT,         /* it has ended without saying so, or the connection broke */
    PARIO_TLS_ERROR        /* refused or broken: explain says why */
} pario_tls_result;

/*
 * A TLS transport: functions of yours around a TLS library; examples/tls_openssl.h is one. They
 * run on the stack that runs the request, on PARIO_THREADS for several sessions at once, never
 * for one. None may block, raise SIGPIPE or call the client. They say WANTS_ only after the
 * descriptor itself said EAGAIN.
 */
typedef struct pario_tls {
    void *context; /* yours: the first argument of begin */
    /* Begins a session on a connected descriptor, which stays the client's, with a host, a name
     * or a numeric address, that the certificate must be for. NULL: out of memory. */
    void *(*begin)(void *context, int fd, const char *host);
    pario_tls_result (*handshake)(void *session);
    pario_tls_result (*read_some)(void *session, void *bytes, size_t size, size_t *moved);
    /* After WANTS_READ or WANTS_WRITE it is called again with the same bytes, elsewhere maybe. */
    pario_tls_result (*write_some)(void *session, const void *bytes, size_t size, size_t *moved);
    /* Writes why the last call failed, one line and a NUL, into text of so many bytes. */
    void (*explain)(void *session, char *text, size_t size);
    void (*end)(void *session); /* frees it; says close_notify where that is possible at once */
} pario_tls;

/*
 * A client's options. 0 is the default of each. U: PARIO_UNLIMITED is allowed,
 * O: PARIO_OFF is allowed. Other negative values are PARIO_ERROR_CONFIG, and so is more than is
 * said, or than PARIO_MAX_CONCURRENCY connections, 10^11 ms, 10^15 bytes, 4 * 10^9 of others.
 */
typedef struct pario_config {
    pario_executor executor;
    int64_t        concurrency;           /* requests in flight; always 1 on PARIO_SEQUENTIAL */
    int64_t        per_host;              /* of them to one origin; 0: no limit of its own, U */
    int64_t        queue;                 /* requests waiting, U */
    int64_t        idle_connections;      /* kept for reuse; 0: as many as concurrency, U, O */
    int64_t        idle_timeout_ms;       /* and for how long, U */
    int64_t        connect_timeout_ms;    /* U */
    int64_t        progress_timeout_ms;   /* U */
    int64_t        total_timeout_ms;      /* U */
    int64_t        lookup_cache_ms;       /* U, O */
    int64_t        head_bytes;            /* 16 MiB at most */
    int64_t        fields;                /* 65,536 at most */
    int64_t        body_bytes;            /* U */
    int64_t        interim;               /* U, O */
    int64_t        chunk_extension_bytes; /* U, O */
    int64_t        trailer_bytes;         /* 16 MiB at most, O */
    int64_t        redirects;             /* followed; 0: none, U, O */
    int64_t        expect_bytes;      /* so much content, or of unknown size, waits for 100, O */
    int64_t        expect_timeout_ms; /* for so long, U */
    /*
     * The stack of a pool thread or of a fiber, 16 KiB to 1 GiB. The library itself
     * needs less than 8 KiB of it. The default is small because a thread with a stack
     * of 8 MiB costs 4 kB of page tables, and one of 64 KiB a thirtieth of that; tasks
     * (pario_spawn) that call printf or other libraries may need more.
     */
    int64_t          stack_bytes;
    const char      *user_agent; /* NULL: "pario/VERSION"; "": none. Copied. */
    const pario_tls *tls;        /* for https; NULL: there is none. It outlives the client. */
    /*
     * "http://[user:password@]host[:port]", port 80 where none is given; the credentials are for
     * Basic. NULL or "": no proxy. Copied.
     */
    const char *proxy;
    const char *https_proxy; /* the one for https; NULL: the same. "": none. Copied. */
    /*
     * What is asked directly: entries with spaces or commas between. Each is "*" for all, a domain
     * with all that is in it ("example.com", or with a leading dot), a numeric address ("::1" or
     * "[::1]") or a network ("10.0.0.0/8"); but for bare IPv6, ":port" may follow. What is no such
     * entry matches nothing, and no name is looked up to be compared. NULL: "". Copied.
     */
    const char *no_proxy;
    /* The path of a unix socket that all connections lead to, whatever the URL's host is; one whose
     * queue is full refuses at once, with EAGAIN. NULL: as the URL says. Copied. */
    const char *unix_socket;
    /* The numeric address that all connections begin at, "192.0.2.1" or "2001:db8::1"; only hosts
     * with an address of its family can be reached then. NULL: the system's choice. Copied. */
    const char *source;
} pario_config;

/* A header field to send. A NULL value leaves out the library's own field of that name. */
typedef struct pario_field {
    const char *name;
    const char *value;
} pario_field;

/* A request. Only the URL must be given; 0 is the default of everything else. */
typedef struct pario_request {
    const char        *url;    /* absolute; a fragment is never sent */
    const char        *method; /* NULL: "GET", or "POST" where there is a body */
    const pario_field *fields; /* sent as they are, after the library's own */
    size_t             field_count;
    const void        *body; /* not copied: valid until the request has come back */
    size_t             body_size;
    int                body_fd;      /* above 0: the body is read from there; see Uploads above */
    int64_t            body_fd_size; /* so many; 0: what is left of a file, else all there is; U */
    const char        *user;         /* Basic authentication, instead of the URL's userinfo */
    const char        *password;     /* NULL: "" */
    size_t             tag;          /* yours: comes back with the response */
    uint64_t          *id;           /* where to put the request's id for pario_cancel, or NULL */
    int64_t            redirects;    /* followed; 0: as the client, U, O */
    int64_t            connect_timeout_ms;  /* 0: as the client, U */
    int64_t            progress_timeout_ms; /* 0: as the client, U */
    int64_t            total_timeout_ms;    /* 0: as the client, U */
    int64_t            body_bytes;          /* limit of the response's content, as the client, U */
    /*
     * Where the content goes, one of these at most. It is not kept then, so that `body_bytes` of
     * the client is no limit for it, only that of the request. See >>manual, Streams.
     */
    bool   stream;    /* it comes from pario_next in parts; pario_fetch refuses that */
    void  *into;      /* memory of yours, valid until the request has come back */
    size_t into_size; /* its size, and so the content's limit: PARIO_ERROR_BODY_TOO_LARGE */
    int    into_fd;   /* a descriptor of yours, above 0, open until the request has come back */
} pario_request;

/* Microseconds from the moment the request left the queue; all but total_us stop at 71 minutes. */
typedef struct pario_times {
    int64_t queued_us;     /* waited before it, in the queue, or for a connection to its host */
    int64_t resolved_us;   /* the addresses were known; 0 on a reused connection */
    int64_t connected_us;  /* the connection stood; 0 on a reused connection */
    int64_t first_byte_us; /* the first byte of the reply came; 0 if none did */
    int64_t total_us;      /* the request came to its end */
} pario_times;

/* What of a response this is. Of a request that is no stream all comes as a whole. */
typedef enum pario_part {
    PARIO_PART_WHOLE,
    PARIO_PART_HEAD,    /* of a stream; content, or its end, follows */
    PARIO_PART_CONTENT, /* the next bytes of a stream's content; more, or its end, follow */
    PARIO_PART_END      /* of a stream: complete, or ended by an error, also before its head */
} pario_part;

/*
 * What became of a request, or a part of that. Strings end in a NUL. After an error, status,
 * fields and url say how far it came; there is no content then.
 */
typedef struct pario_response {
    pario_part               part;
    size_t                   tag;
    uint64_t                 id;
    pario_error              error;          /* PARIO_OK: the response is complete */
    pario_stage              stage;          /* where the error happened */
    int                      system_error;   /* errno of the call that failed, or 0 */
    int                      resolver_error; /* EAI_ code of getaddrinfo, or 0 */
    int                      status;         /* 100 to 999; 0: no head came */
    int                      version;        /* 10 or 11, for HTTP/1.0 and HTTP/1.1 */
    const char              *explanation;    /* what the TLS transport or proxy says of it, or "" */
    const char              *reason;         /* "" where there is none */
    const char              *url;            /* the URL that answered, after redirects */
    size_t                   field_count;
    size_t                   trailer_count;
    const char              *body;      /* the content, never NULL; one NUL follows it, or `into` */
    size_t                   body_size; /* without that NUL */
    uint64_t                 content_bytes;  /* of content so far, streamed and written ones too */
    int64_t                  redirects;      /* followed */
    bool                     reused;         /* the connection had served a request before */
    bool                     proxied;        /* it was one to the proxy, and so is the address */
    int                      proxy_status;   /* PARIO_ERROR_PROXY_REFUSED: with which; or 0 */
    uint64_t                 bytes_sent;     /* heads and bodies, redirects and replays included */
    uint64_t                 bytes_received; /* neither counts what opens a tunnel, or is TLS's */
    pario_times              times;
    struct pario_i_exchange *internal;
} pario_response;

/* What a client has done so far. */
typedef struct pario_statistics {
    uint64_t submitted;   /* accepted by pario_submit or begun by pario_fetch */
    uint64_t completed;   /* came to their end, whichever */
    uint64_t failed;      /* of them with an error */
    uint64_t queued;      /* waiting now */
    uint64_t running;     /* in flight now */
    uint64_t tasks;       /* spawned, not ended */
    uint64_t connections; /* opened */
    uint64_t reused;      /* requests sent on a connection that had served before */
    uint64_t idle;        /* connections kept now */
    uint64_t lookups;     /* getaddrinfo was called so often */
    uint64_t bytes_sent;
    uint64_t bytes_received;
} pario_statistics;

/* A straight-line task: see pario_spawn. */
typedef void (*pario_task)(pario_client *client, void *argument);

PARIO_EXTERN_C_BEGIN

/*
 * Opens a client.
 *
 * config: NULL or a struct whose zeros are defaults; copied, its strings too.
 * client: receives the client, or NULL on failure.
 * Returns PARIO_OK, PARIO_ERROR_ARGUMENT (client, or a function of tls, is NULL),
 * PARIO_ERROR_EXECUTOR, PARIO_ERROR_NO_FIBERS, PARIO_ERROR_CONFIG, PARIO_ERROR_FIELD_VALUE
 * (user_agent), PARIO_ERROR_PROXY_URL, PARIO_ERROR_PROXY_SCHEME, PARIO_ERROR_CREDENTIALS (the
 * proxy's), PARIO_ERROR_MEMORY, PARIO_ERROR_SYSTEM (errno says which limit).
 * The caller closes the client with pario_close. Any thread. Does not block.
 */
PARIO_API pario_error pario_open(const pario_config *config, pario_client **client) PARIO_NODISCARD;

/*
 * Puts a request into the queue.
 *
 * client, request: not NULL. The request is copied, all but its body.
 * Returns PARIO_OK: the request will come back from pario_next, exactly once. Otherwise it will
 * not: PARIO_ERROR_QUEUE_FULL, PARIO_ERROR_MEMORY, PARIO_ERROR_TOO_LARGE, PARIO_ERROR_THREAD (not
 * even one), PARIO_ERROR_BODY_READ (body_fd is not open; errno), or what is wrong with it:
 * PARIO_ERROR_ARGUMENT, _URL, _URL_TOO_LONG, _URL_BYTE, _URL_HOST, _URL_PORT, _SCHEME, _NEEDS_TLS,
 * _METHOD, _FIELD_NAME, _FIELD_VALUE, _FIELD_RESERVED, _CREDENTIALS, _CONFIG (a limit out of its
 * range). Reserved fields: Content-Length, Transfer-Encoding, Host without a value, Authorization
 * beside credentials, Proxy-Authorization where the client has a proxy.
 * The client's thread, or a task. Never blocks. RFC 9110 section 9, RFC 9112 section 3.
 */
PARIO_API pario_error pario_submit(pario_client *client, const pario_request *request)
    PARIO_NODISCARD;

/*
 * Takes the next response, in the order of completion.
 *
 * response: receives it, or a part of a stream; give it back with pario_response_free.
 * timeout_ms: how long to wait; 0: not at all, PARIO_UNLIMITED: as long as it takes.
 * Returns PARIO_OK: there is a response, which may carry an error of its own.
 * PARIO_NOTHING_LEFT: no request and no task is outstanding. PARIO_TIME_OVER.
 * PARIO_WOKEN: by pario_wake. PARIO_ERROR_ARGUMENT. PARIO_ERROR_IN_TASK: called by a task.
 * PARIO_ERROR_SYSTEM: waiting failed (errno); nothing is lost, call again.
 * The client's thread. Blocks until one of these holds.
 */
PARIO_API pario_error pario_next(pario_client *client, pario_response *response, int timeout_ms)
    PARIO_NODISCARD;

/*
 * Runs one request to its end.
 *
 * client: where to run it, or NULL for a client of its own, of defaults.
 * response: receives what came of it; give it back with pario_response_free also after an
 * error.
 * Returns what response->error says, or why the request was refused, as pario_submit does;
 * of other submitted requests nothing is lost meanwhile.
 * On PARIO_THREADS any thread, on the others the client's thread, or a task. Blocks the caller; in
 * a task on fibers only the fiber. It runs where it is called, beside the `concurrency` others.
 */
PARIO_API pario_error pario_fetch(pario_client *client, const pario_request *request,
                                  pario_response *response) PARIO_NODISCARD;

/*
 * Runs a function that calls pario_fetch as often as it likes, as if each call blocked.
 *
 * function(client, argument) runs once, later: on a pool thread (PARIO_THREADS), on a fiber
 * (PARIO_FIBERS) or inside pario_next (PARIO_SEQUENTIAL). It yields no response of its own;
 * pario_next answers PARIO_NOTHING_LEFT only when all tasks have ended. Of the functions on
 * clients a task calls pario_fetch, pario_submit and pario_spawn. It must not throw or longjmp
 * out. pario_close drops tasks that have not begun and lets the others run to their end.
 * Returns PARIO_OK, PARIO_ERROR_NO_STACKS (PARIO_EPOLL), PARIO_ERROR_ARGUMENT,
 * PARIO_ERROR_QUEUE_FULL, PARIO_ERROR_MEMORY, PARIO_ERROR_THREAD (not even one).
 * The client's thread, or a task. Never blocks.
 */
PARIO_API pario_error pario_spawn(pario_client *client, pario_task function, void *argument)
    PARIO_NODISCARD;

/*
 * Ends a request early; it comes back as PARIO_ERROR_CANCELLED.
 *
 * id: what pario_submit put into *request.id.
 * Returns PARIO_OK, PARIO_ERROR_UNKNOWN_ID (it has come to its end already, or never was),
 * PARIO_ERROR_ARGUMENT, PARIO_ERROR_IN_TASK.
 * The client's thread. Never blocks, also not for a lookup under way.
 */
PARIO_API pario_error pario_cancel(pario_client *client, uint64_t id) PARIO_NODISCARD;

/*
 * A descriptor for somebody else's loop: readable when pario_next with a timeout of 0 has
 * something to do or to hand out. All timers are inside it; only what idles too long on
 * PARIO_THREADS is closed when pario_next is called next.
 *
 * fd: receives it; it belongs to the client, and is only to be waited on.
 * Returns PARIO_OK, PARIO_ERROR_ARGUMENT, PARIO_ERROR_NO_DESCRIPTOR (PARIO_SEQUENTIAL),
 * PARIO_ERROR_IN_TASK.
 * Call pario_next until it answers PARIO_TIME_OVER or PARIO_NOTHING_LEFT, then wait again.
 * The client's thread. Does not block.
 */
PARIO_API pario_error pario_fd(pario_client *client, int *fd) PARIO_NODISCARD;

/*
 * Makes a waiting pario_next, or else the next one to wait, return PARIO_WOKEN.
 *
 * client: NULL is ignored. From any thread and from signal handlers. Does not block.
 * Several calls before pario_next looks count as one. errno is kept.
 */
PARIO_API void pario_wake(pario_client *client);

/* Reads the counters into *statistics, zeros for a NULL client. The client's thread. */
PARIO_API void pario_stats(pario_client *client, pario_statistics *statistics);

/*
 * The options in force, with the defaults filled in; NULL for NULL. Valid until pario_close.
 * PARIO_UNLIMITED and PARIO_OFF stay as they are, so that the result may open another client.
 */
PARIO_API const pario_config *pario_config_of(const pario_client *client);

/*
 * Closes a client: connections, threads, queue. What is still outstanding is dropped.
 *
 * client: NULL is ignored; and so is a call by one of the client's own tasks. Responses that
 * were handed out stay valid. The client's thread. Never waits for the network or a lookup,
 * only for tasks that have begun; their pario_fetch returns PARIO_ERROR_CANCELLED.
 */
PARIO_API void pario_close(pario_client *client);

/*
 * A header field's value by name, case ignored: the one at `index` among those of that name.
 * Returns NULL where there is none, or an argument is NULL. Valid until pario_response_free.
 * Surrounding whitespace is removed, line folding has become spaces (RFC 9112 section 5.2).
 */
PARIO_API const char *pario_response_field(const pario_response *response, const char *name,
                                           size_t index);

/* As pario_response_field, among the trailer fields (RFC 9110 section 6.5). */
PARIO_API const char *pario_response_trailer(const pario_response *response, const char *name,
                                             size_t index);

/*
 * All fields in the order they came: 0 to field_count - 1, then the trailers, field_count to
 * field_count + trailer_count - 1. Returns false, and writes nothing, beyond that or for NULL.
 */
PARIO_API bool pario_response_field_at(const pario_response *response, size_t index,
                                       pario_field *field);

/*
 * The address that was tried last, or answered, as "192.0.2.1:80" or "[2001:db8::1]:80": the
 * proxy's, where response->proxied says so.
 * text: receives it, "" where there was none, and before a stream's end; size: its room,
 * PARIO_ADDRESS_SIZE is enough.
 */
PARIO_API void pario_response_address(const pario_response *response, char *text, size_t size)
    PARIO_WRITES(2, 3);

/*
 * Gives a response's memory back; after a stream's head or content, the stream goes on. NULL, a
 * zeroed struct and a second call are harmless. Any thread, also after the client was closed; but
 * the client's thread for a stream's head and content, as long as the client is open.
 */
PARIO_API void pario_response_free(pario_response *response);

/*
 * One line for people: "200 OK", or "connect: no connection: connection refused
 * (127.0.0.1:81)". No line end, cut to fit; what a server sent is shown without control bytes.
 * text: receives it and a NUL; size: its room, PARIO_LINE_SIZE is plenty.
 */
PARIO_API void pario_describe(const pario_response *response, char *text, size_t size)
    PARIO_WRITES(2, 3);

/* An error's text, a sentence without its full stop; any value is allowed. Static. */
PARIO_API const char *pario_error_text(pario_error error);

/* An error's name, "PARIO_ERROR_CONNECT"; any value is allowed. Static. */
PARIO_API const char *pario_error_name(pario_error error);

/* The memory of a process, in bytes, as the kernel reports it in smaps_rollup and status. */
typedef struct pario_memory {
    uint64_t rss_bytes;        /* pages present, shared ones included */
    uint64_t pss_bytes;        /* each shared page divided by its users */
    uint64_t private_bytes;    /* present and mapped by this process alone */
    uint64_t peak_rss_bytes;   /* VmHWM: the largest RSS since exec */
    uint64_t page_table_bytes; /* VmPTE */
    uint64_t threads;
} pario_memory;

/* One line of a series. */
typedef struct pario_sample {
    int64_t  time_us; /* since pario_sampler_start */
    uint64_t rss_bytes;
    uint64_t pss_bytes;
    uint64_t private_bytes;
    uint64_t threads;
} pario_sample;

/* What a sampler saw. */
typedef struct pario_series {
    pario_sample *samples; /* in the order of time */
    size_t        count;
    uint64_t      failed;         /* readings that could not be had; not among the samples */
    uint64_t      peak_rss_bytes; /* VmHWM at the last reading: no peak is missed between two */
    int64_t       cpu_us;         /* what the sampling thread itself used */
    uint64_t      own_bytes;      /* the sampler's memory: part of a series of this process */
} pario_series;

typedef struct pario_sampler pario_sampler;

/*
 * Reads the memory of a process once.
 *
 * pid: 0 for the calling process. memory: receives the figures, zeros on failure.
 * Returns PARIO_OK, PARIO_ERROR_ARGUMENT, PARIO_ERROR_PROCESS (it is gone, is a zombie or
 * belongs to somebody else; errno says which). Any thread. Costs some 20 microseconds and
 * more for large processes, for whose mappings the kernel takes a lock. Allocates nothing.
 */
PARIO_API pario_error pario_memory_read(int pid, pario_memory *memory) PARIO_NODISCARD;

/*
 * Starts a thread that reads a process's memory every interval_ms milliseconds.
 *
 * pid: 0 for the calling process. interval_ms: 1 to 3,600,000. sampler: receives it.
 * When this returns PARIO_OK the first sample has been taken: start the work now.
 * Returns PARIO_OK, PARIO_ERROR_ARGUMENT, PARIO_ERROR_PROCESS, PARIO_ERROR_MEMORY,
 * PARIO_ERROR_SYSTEM (no timer; errno), PARIO_ERROR_THREAD. Any thread. The sampler is given
 * back to pario_sampler_stop.
 */
PARIO_API pario_error pario_sampler_start(int pid, int interval_ms, pario_sampler **sampler)
    PARIO_NODISCARD;

/*
 * Takes one more sample, ends the thread and hands out the series.
 *
 * sampler: no longer valid afterwards, whatever is returned; NULL is PARIO_ERROR_ARGUMENT.
 * series: receives it, to be given to pario_series_free; or NULL, if it is not wanted.
 * Returns PARIO_OK; PARIO_ERROR_MEMORY if samples had to be left out, the others are there.
 */
PARIO_API pario_error pario_sampler_stop(pario_sampler *sampler, pario_series *series)
    PARIO_NODISCARD;

/* Gives a series' memory back and zeroes it. NULL and a second call are harmless. */
PARIO_API void pario_series_free(pario_series *series);

PARIO_EXTERN_C_END

#endif /* PARIO_H */

#if defined(PARIO_IMPLEMENTATION) && !defined(PARIO_IMPLEMENTED)
#define PARIO_IMPLEMENTED

/* Design notes.
 *
 * Bytes in, decisions out. The sections up to >>exchange know neither sockets nor clocks: an
 * exchange is fed with bytes and with the time, and says what it wants next: a connection, to
 * send, to receive, or nothing more. The executors below differ in how they wait, and in that
 * alone; what is done between two waits is one function for all of them, pario_i_carry.
 *
 * Two system calls a request. A kept connection is registered once, edge-triggered, so a
 * request is one send and one receive; the loop asks for events once for all that are ready.
 * A receive that did not fill the buffer has emptied the socket, so no second one asks. Deadlines
 * have a timer that is set once for many waits, so that these need no end of their own. The head to
 * send is written anew from the request when a send has to be taken up again.
 *
 * Where a waiting request's bytes are. Two small blocks, the exchange with its URL and the
 * connection, 136 and 72 bytes large; a place in the heap of deadlines, a slot that its id leads
 * to: about 250 bytes. What never holds at the same time shares a place, a list's links and the
 * connection for one; what few requests have is with the URL (fields, content, the memory of
 * redirects) or with the reply, which is made when the first byte has come. Receive buffer, send
 * buffer and field table belong to the loop.
 *
 * Why the head is read fast. Eight bytes at a time are taken as one number, with which a few
 * additions find the first byte that is no letter or hyphen of a name, and the first control byte
 * of a value: the line's end, and the proof that what is before it is text. A line that is not of
 * the usual form is read again with all care. Nothing is copied, a field is four indexes.
 */

#if defined(PARIO_MALLOC) != defined(PARIO_REALLOC) || defined(PARIO_MALLOC) != defined(PARIO_FREE)
#error "define PARIO_MALLOC, PARIO_REALLOC and PARIO_FREE, all three or none"
#endif

#if !defined(PARIO_SECTIONS)
#define PARIO_SECTIONS 13
#endif

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if !defined(PARIO_STATIC)
const char pario_one_file_must_define_PARIO_IMPLEMENTATION = 0;
#endif

#if !defined(PARIO_MALLOC)
#define PARIO_MALLOC(size) malloc(size)
#define PARIO_REALLOC(pointer, size) realloc(pointer, size)
#define PARIO_FREE(pointer) free(pointer)
#endif

/* ------------------------------------------------------------------------------------------ */
/* >>bytes */

typedef struct pario_i_buffer {
    unsigned char *data;
    size_t         size;
    size_t         room;
} pario_i_buffer;

/* A decimal number's fate. */
typedef enum pario_i_number {
    PARIO_I_NUMBER,
    PARIO_I_NUMBER_MALFORMED,
    PARIO_I_NUMBER_OVERFLOW
} pario_i_number;

/* Character classes: bits of pario_i_class. */
#define PARIO_I_TOKEN 1u     /* tchar, RFC 9110 section 5.6.2 */
#define PARIO_I_CONTROL 2u   /* neither field-vchar nor SP or HTAB, section 5.5 */
#define PARIO_I_HOST 4u      /* unreserved, sub-delims, RFC 3986 section 2 */
#define PARIO_I_TARGET 8u    /* pchar, "/", "?", without the percent sign */
#define PARIO_I_USERINFO 16u /* userinfo, without the percent sign */
#define PARIO_I_HEX 32u
#define PARIO_I_DIGIT 64u
#define PARIO_I_SCHEME 128u

/* Of ASCII; bytes beyond that are of none. */
static const unsigned char pario_i_class[256] = {
    0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x00, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02,
    0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02,
    0x00, 0x1d, 0x00, 0x01, 0x1d, 0x01, 0x1d, 0x1d, 0x1c, 0x1c, 0x1d, 0x9d, 0x1c, 0x9d, 0x9d, 0x08,
    0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0x18, 0x1c, 0x00, 0x1c, 0x00, 0x08,
    0x08, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d,
    0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x00, 0x00, 0x00, 0x01, 0x1d,
    0x01, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd, 0xbd, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d,
    0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x9d, 0x00, 0x01, 0x00, 0x1d, 0x02,
};

/* Whether a byte is of one of the classes. */
static bool pario_i_is(unsigned char byte, unsigned classes)
{
    return (pario_i_class[byte] & classes) != 0;
}

/* *sum = a + b, or 0 and false where that overflows. */
static bool pario_i_size_add(size_t a, size_t b, size_t *sum)
{
    bool fits = b <= SIZE_MAX - a;
    *sum = fits ? a + b : 0;
    return fits;
}

/* *product = a * b, or 0 and false where that overflows. */
static bool pario_i_size_multiply(size_t a, size_t b, size_t *product)
{
    bool fits = a == 0 || b <= SIZE_MAX / a;
    *product = fits ? a * b : 0;
    return fits;
}

/* The smaller of two sizes. */
static size_t pario_i_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ASCII lower case; other bytes stay. */
static unsigned char pario_i_lower(unsigned char byte)
{
    unsigned letter = (unsigned)byte - 'A';
    return (unsigned char)(letter < 26u ? byte + 32u : byte);
}

/* Whether two texts of a size are the same, in letters of whatever case. */
static bool pario_i_same(const unsigned char *a, const unsigned char *b, size_t size)
{
    size_t i = 0;
    while (i < size && pario_i_lower(a[i]) == pario_i_lower(b[i])) {
        i++;
    }
    return i == size;
}

/* Index of the first `byte` in s[beg..end), or end. */
static size_t pario_i_find(const unsigned char *s, size_t beg, size_t end, unsigned char byte)
{
#if defined(PARIO_NO_MEMCHR)
    size_t found = end;
    for (size_t i = beg; i < end && found == end; i++) {
        if (s[i] == byte) {
            found = i;
        }
    }
    return found;
#else
    const void *at = beg < end ? memchr(s + beg, byte, end - beg) : NULL;
    return at != NULL ? (size_t)((const unsigned char *)at - s) : end;
#endif
}

/* Eight bytes as a number, and a number of eight equal bytes. */
static uint64_t pario_i_word(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}
#define PARIO_I_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether s[beg..end) is the word, which is in lower case, case ignored. What it can take for a
 * match by mistake are control bytes, which none of its callers has. Eight bytes at once, the last
 * eight again where the size is no multiple of that. */
static inline bool pario_i_equals(const unsigned char *s, size_t beg, size_t end, const char *word)
{
    size_t size = strlen(word);
    size_t k = 0;
    bool   same = beg <= end && end - beg == size;
#if !defined(PARIO_NO_MEMCHR)
    while (same && size >= 8 && k < size) {
        size_t at = pario_i_min(k, size - 8);
        same = (pario_i_word(s + beg + at) | PARIO_I_EACH(0x20u)) == pario_i_word(word + at);
        k += 8;
    }
#endif
    while (same && k < size) {
        same = (s[beg + k] | 0x20u) == (unsigned char)word[k];
        k++;
    }
    return same;
}

/* In eight bytes, the high bit of each that is below a space, a DEL or beyond ASCII; and perhaps of
 * later ones, if there is one. */
static uint64_t pario_i_controls(uint64_t word)
{
    return ((word - PARIO_I_EACH(0x20u)) | (word + PARIO_I_EACH(1u))) & PARIO_I_EACH(0x80u);
}

/* Whether s[beg..end) holds nothing but printable bytes, spaces and tabs. Eight bytes at once; byte
 * by byte where there are fewer, or a tab or one beyond ASCII is among them. */
static inline bool pario_i_is_text(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
#if !defined(PARIO_NO_MEMCHR)
    if (beg < end && end - beg >= 8) {
        uint64_t found = pario_i_controls(pario_i_word(s + end - 8));
        while (end - i >= 8) {
            found |= pario_i_controls(pario_i_word(s + i));
            i += 8;
        }
        i = found == 0 ? end : beg;
    }
#endif
    while (i < end && !pario_i_is(s[i], PARIO_I_CONTROL)) {
        i++;
    }
    return i >= end;
}

/* Whether the first byte of a word is its lowest, and words are to be used at all. */
#if !defined(PARIO_NO_MEMCHR) && defined(__ORDER_LITTLE_ENDIAN__) &&                               \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PARIO_I_WORDS
#endif

#if defined(PARIO_I_WORDS)
/* In eight bytes, the high bit of each that is neither a letter nor a hyphen; and perhaps of later
 * ones, if there is one. */
static uint64_t pario_i_not_letters(uint64_t word)
{
    uint64_t lower = word | PARIO_I_EACH(0x20u);
    uint64_t letter = (PARIO_I_EACH(0x80u + 0x60u) - lower) | (lower + PARIO_I_EACH(0x7fu - 'z'));
    uint64_t hyphen = (word ^ PARIO_I_EACH('-')) + PARIO_I_EACH(0x7fu);
    return ((letter & hyphen) | word) & PARIO_I_EACH(0x80u);
}
#endif

/* Index of the first byte in s[beg..end) that does not belong to a token, or end. Field names are
 * mostly letters and hyphens: these are passed over eight at once. */
static inline size_t pario_i_token_end(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
#if defined(PARIO_I_WORDS)
    uint64_t other = 0;
    while (i + 8 <= end && other == 0) {
        other = pario_i_not_letters(pario_i_word(s + i));
        i += other == 0 ? 8u : (unsigned)__builtin_ctzll(other) / 8u;
    }
#endif
    while (i < end && pario_i_is(s[i], PARIO_I_TOKEN)) {
        i++;
    }
    return i;
}

/* Index of the first byte in s[beg..end) that is a control byte, or only may be one; or end. */
static inline size_t pario_i_text_end(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
#if defined(PARIO_I_WORDS)
    for (; i + 8 <= end; i += 8) {
        uint64_t found = pario_i_controls(pario_i_word(s + i));
        if (found != 0) {
            return i + ((unsigned)__builtin_ctzll(found) / 8u);
        }
    }
#endif
    while (i < end && s[i] >= 0x20 && s[i] != 0x7f) {
        i++;
    }
    return i;
}

/* Reads 1*DIGIT. Leading zeros count for nothing; 10^18 and more is an overflow. */
static pario_i_number pario_i_decimal(const unsigned char *s, size_t beg, size_t end,
                                      uint64_t *value)
{
    uint64_t number = 0;
    size_t   first = beg;
    size_t   i = beg;
    *value = 0;
    while (first < end && s[first] == '0') {
        first++;
    }
    while (i < end && pario_i_is(s[i], PARIO_I_DIGIT)) {
        number = number * 10u + ((uint64_t)s[i] - '0');
        i++;
    }
    if (i < end || beg == end) {
        return PARIO_I_NUMBER_MALFORMED;
    }
    if (end - first > 18) {
        return PARIO_I_NUMBER_OVERFLOW;
    }
    *value = number;
    return PARIO_I_NUMBER;
}

/* The value of a hexadecimal digit. */
static unsigned pario_i_hex_value(unsigned char digit)
{
    return pario_i_is(digit, PARIO_I_DIGIT) ? (unsigned)digit - '0'
                                            : (unsigned)pario_i_lower(digit) - 'a' + 10u;
}

/* Makes room for `more` bytes and a NUL behind them. False: no memory, nothing has changed. */
static bool pario_i_buffer_reserve(pario_i_buffer *buffer, size_t more)
{
    size_t need;
    if (!pario_i_size_add(buffer->size, more, &need) || need == SIZE_MAX) {
        return false;
    }
    if (buffer->data != NULL && need < buffer->room) {
        return true;
    }
    size_t room = buffer->room > SIZE_MAX / 2 ? need : buffer->room * 2;
    room = room <= need ? need + 1 : room;
    void *data = PARIO_REALLOC(buffer->data, room);
    if (data == NULL) {
        return false;
    }
    buffer->data = (unsigned char *)data;
    buffer->room = room;
    return true;
}

/* Zeroed memory for an object of so many bytes, with count items of `item` bytes behind it. NULL:
 * there is none. */
static void *pario_i_new(size_t size, size_t count, size_t item)
{
    size_t bytes;
    void  *block = NULL;
    if (pario_i_size_multiply(count, item, &bytes) && pario_i_size_add(bytes, size, &bytes)) {
        block = PARIO_MALLOC(bytes);
    }
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

/* Doubles an array of *room items of a size, 16 at first; NULL: no memory, it stays as it was. */
static void *pario_i_grow(void *array, size_t *room, size_t size)
{
    size_t items;
    size_t bytes;
    void  *grown = NULL;
    if (pario_i_size_add(*room, *room < 16 ? 16 : *room, &items) &&
        pario_i_size_multiply(items, size, &bytes) && bytes > 0) {
        grown = PARIO_REALLOC(array, bytes);
    }
    *room = grown != NULL ? items : *room;
    return grown;
}

/* Sees that there is room for one more behind `count` items of a size in an array, whose pointer is
 * at *array: it is doubled, 16 at first. False: out of memory, nothing has changed. */
static bool pario_i_reserve(void *array, size_t count, size_t *room, size_t size)
{
    void *items;
    if (count < *room) {
        return true;
    }
    memcpy((void *)&items, array, sizeof(void *));
    items = pario_i_grow(items, room, size);
    if (items != NULL) {
        memcpy(array, (const void *)&items, sizeof(void *));
    }
    return items != NULL;
}

/* Appends size bytes, which may be the buffer's own from behind its end, if it has room for them.
 * False: no memory, nothing has changed. */
static bool pario_i_buffer_append(pario_i_buffer *buffer, const void *bytes, size_t size)
{
    if (!pario_i_buffer_reserve(buffer, size)) {
        return false;
    }
    if (size > 0) {
        memmove(buffer->data + buffer->size, bytes, size);
        buffer->size += size;
    }
    return true;
}

/* Appends so many texts. False: no memory. */
static bool pario_i_buffer_join(pario_i_buffer *buffer, const char *const *texts, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = pario_i_buffer_append(buffer, texts[i], strlen(texts[i]));
    }
    return good;
}

/* Gives the memory back; the buffer is empty then. */
static void pario_i_buffer_free(pario_i_buffer *buffer)
{
    PARIO_FREE(buffer->data);
    memset(buffer, 0, sizeof *buffer);
}

/* Writes a number in decimal and a NUL into text[21]; returns how many digits. */
static size_t pario_i_write_decimal(uint64_t number, char *text)
{
    char   digits[20];
    size_t count = 0;
    do {
        digits[count] = (char)('0' + (char)(number % 10u));
        number /= 10u;
        count++;
    } while (number != 0 && count < sizeof digits);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    text[count] = '\0';
    return count;
}

#if PARIO_SECTIONS >= 2
/* ------------------------------------------------------------------------------------------ */
/* >>url */

/* The parts of an absolute http or https URL, as indexes into its text. */
typedef struct pario_i_url {
    uint16_t host_beg; /* without the brackets of an IPv6 literal */
    uint16_t host_end;
    uint16_t target_beg; /* path and query */
    uint16_t target_end;
    uint16_t end; /* of the fragment, and of it all */
    uint16_t port;
    bool     https;
    bool     literal; /* the host is an IPv6 literal */
} pario_i_url;

/* Where the authority of a URL that was parsed begins, and its userinfo if it has any. */
static size_t pario_i_url_user_beg(const pario_i_url *url)
{
    return url->https ? 8 : 7;
}

/* Where the userinfo ends: at its "@"; where it begins, if there is none. */
static size_t pario_i_url_user_end(const pario_i_url *url)
{
    size_t host = (size_t)url->host_beg - (url->literal ? 1u : 0u);
    return host > pario_i_url_user_beg(url) ? host - 1 : pario_i_url_user_beg(url);
}

/* Index of the first byte in s[beg..end) that is not of the classes, percent-encoded octets
 * passed over; or end. */
static inline size_t pario_i_url_span(const unsigned char *s, size_t beg, size_t end,
                                      unsigned classes)
{
    size_t i = beg;
    bool   more = true;
    while (i < end && more) {
        if (pario_i_is(s[i], classes)) {
            i++;
        } else if (s[i] == '%' && end >= 3 && i <= end - 3 && pario_i_is(s[i + 1], PARIO_I_HEX) &&
                   pario_i_is(s[i + 2], PARIO_I_HEX)) {
            i += 3;
        } else {
            more = false;
        }
    }
    return pario_i_min(i, end);
}

/* Index of the first of "/", "?" and "#" in s[beg..end), or end. */
static size_t pario_i_url_authority_end(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
    while (i < end &&
           (pario_i_is(s[i], PARIO_I_HOST) || (s[i] != '/' && s[i] != '?' && s[i] != '#'))) {
        i++;
    }
    return i;
}

/* One to three digits without a superfluous zero, at most 255; moves *at behind them. */
static bool pario_i_url_octet(const unsigned char *s, size_t *at, size_t end)
{
    unsigned value = 0;
    size_t   beg = *at;
    size_t   i = beg;
    bool     zero = beg < end && s[beg] == '0';
    while (i < end && i - beg < 3 && pario_i_is(s[i], PARIO_I_DIGIT)) {
        value = value * 10u + (unsigned)s[i] - '0';
        i++;
    }
    *at = i;
    return i > beg && value <= 255u && (i - beg == 1 || !zero);
}

/* Whether s[beg..end) is four octets with dots between, IPv4address of RFC 3986. */
static bool pario_i_url_is_ipv4(const unsigned char *s, size_t beg, size_t end)
{
    size_t at = beg;
    bool   good = pario_i_url_octet(s, &at, end);
    for (unsigned i = 0; i < 3 && good; i++) {
        good = at < end && s[at] == '.';
        at++;
        good = good && pario_i_url_octet(s, &at, end);
    }
    return good && at == end;
}

/* Index behind the hexadecimal digits at the beginning of s[beg..end). */
static size_t pario_i_url_hex_end(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
    while (i < end && pario_i_is(s[i], PARIO_I_HEX)) {
        i++;
    }
    return i;
}

/* Counts the groups of hexadecimal digits with colons between in s[beg..end), in which an IPv4
 * address counts as two; 9 and more where there is anything else. Nothing at all is no group. */
static unsigned pario_i_url_groups(const unsigned char *s, size_t beg, size_t end)
{
    unsigned groups = beg < end && s[end - 1] == ':' ? 9 : 0;
    size_t   i = beg;
    while (i < end && groups < 9) {
        size_t colon = pario_i_find(s, i, end, ':');
        size_t digits = pario_i_url_hex_end(s, i, colon);
        if (colon == end && pario_i_url_is_ipv4(s, i, end)) {
            groups += 2;
        } else {
            groups += digits == colon && colon > i && colon - i <= 4 ? 1u : 9u;
        }
        i = colon + 1;
    }
    return groups;
}

/* Whether s[beg..end) is an IPv6address of RFC 3986 section 3.2.2. */
static bool pario_i_url_is_ipv6(const unsigned char *s, size_t beg, size_t end)
{
    size_t gap = end;
    for (size_t i = beg; i + 1 < end && gap == end; i++) {
        gap = s[i] == ':' && s[i + 1] == ':' ? i : end;
    }
    if (gap == end) {
        return pario_i_url_groups(s, beg, end) == 8;
    }
    /* An IPv4 address may stand at the very end only. */
    bool dotted = pario_i_find(s, beg, gap, '.') < gap;
    return !dotted && pario_i_url_groups(s, beg, gap) + pario_i_url_groups(s, gap + 2, end) <= 7;
}

/* Index behind the scheme that s begins with, RFC 3986 section 3.1; 0: there is none. */
static size_t pario_i_url_scheme_end(const unsigned char *s, size_t size)
{
    size_t end = 0;
    while (end < size && pario_i_is(s[end], PARIO_I_SCHEME)) {
        end++;
    }
    bool letter = end > 0 && pario_i_lower(s[0]) >= 'a';
    return letter && end < size && s[end] == ':' ? end : 0;
}

/* Index behind "http://" or "https://" as it nearly always is, in lower case; 0: it is not. */
static size_t pario_i_url_usual_scheme(const unsigned char *s, size_t size)
{
    if (size >= 7 && memcmp(s, "http://", 7) == 0) {
        return 7;
    }
    return size >= 8 && memcmp(s, "https://", 8) == 0 ? 8 : 0;
}

/* The scheme: sets url->https and *after to the index behind the "://". */
static pario_error pario_i_url_scheme(const unsigned char *s, size_t size, pario_i_url *url,
                                      size_t *after)
{
    size_t end = pario_i_url_scheme_end(s, size);
    *after = pario_i_min(end + 3, size);
    url->https = pario_i_equals(s, 0, end, "https");
    if (end > 0 && !url->https && !pario_i_equals(s, 0, end, "http")) {
        return PARIO_ERROR_SCHEME;
    }
    bool slashes = end > 0 && size >= 3 && end <= size - 3 && s[end + 1] == '/' &&
                   s[end + 2] == '/';
    return slashes ? PARIO_OK : PARIO_ERROR_URL;
}

/* The port in s[beg..end), which begins with its colon if there is one at all. */
static pario_error pario_i_url_port(const unsigned char *s, size_t beg, size_t end,
                                    pario_i_url *url)
{
    uint64_t port = url->https ? 443u : 80u;
    if (beg < end && s[beg] != ':') {
        return PARIO_ERROR_URL_HOST;
    }
    if (beg < end && end - beg > 1 && pario_i_decimal(s, beg + 1, end, &port) != PARIO_I_NUMBER) {
        return PARIO_ERROR_URL_PORT;
    }
    url->port = (uint16_t)(port & 0xffffu);
    return port >= 1 && port <= 65535u ? PARIO_OK : PARIO_ERROR_URL_PORT;
}

/* Index behind the bytes of a name or an IPv4 address at the beginning of s[beg..end). */
static inline size_t pario_i_url_host_end(const unsigned char *s, size_t beg, size_t end)
{
    size_t i = beg;
    while (i < end && pario_i_is(s[i], PARIO_I_HOST)) {
        i++;
    }
    return i;
}

/* Host and port in s[beg..end). */
static pario_error pario_i_url_host(const unsigned char *s, size_t beg, size_t end,
                                    pario_i_url *url)
{
    size_t from = beg;
    size_t to;
    url->literal = beg < end && s[beg] == '[';
    if (url->literal) {
        from = beg + 1;
        to = pario_i_find(s, from, end, ']');
        if (to == end || !pario_i_url_is_ipv6(s, from, to)) {
            return PARIO_ERROR_URL_HOST;
        }
    } else {
        to = pario_i_url_host_end(s, beg, end);
    }
    if (from >= to) {
        return PARIO_ERROR_URL_HOST;
    }
    if (to - from > PARIO_MAX_HOST_BYTES) {
        return PARIO_ERROR_URL_TOO_LONG;
    }
    url->host_beg = (uint16_t)from;
    url->host_end = (uint16_t)to;
    return pario_i_url_port(s, url->literal ? to + 1 : to, end, url);
}

/* Userinfo, host and port in s[beg..end). */
static pario_error pario_i_url_authority(const unsigned char *s, size_t beg, size_t end,
                                         pario_i_url *url)
{
    size_t from = beg;
    size_t at = pario_i_find(s, beg, end, '@');
    if (at < end) {
        if (pario_i_url_span(s, beg, at, PARIO_I_USERINFO) < at) {
            return PARIO_ERROR_URL_BYTE;
        }
        from = at + 1;
    }
    return pario_i_url_host(s, from, end, url);
}

/* Reads an authority that begins at s[beg] and is of the usual form, a host and at most five digits
 * of a port, and returns where it ends. 0: it is of another form. All others are left to
 * pario_i_url_authority, which would say the same of these, byte by byte several times. */
static size_t pario_i_url_usual(const unsigned char *s, size_t beg, size_t size, pario_i_url *url)
{
    uint32_t port = url->https ? 443u : 80u;
    size_t   to = pario_i_url_host_end(s, beg, size);
    size_t   at = to;
    size_t   most = pario_i_min(to + 6, size);
    if (to < size && s[to] == ':') {
        port = 0;
        at++;
        while (at < most && pario_i_is(s[at], PARIO_I_DIGIT)) {
            port = (port * 10u) + ((uint32_t)s[at] - '0');
            at++;
        }
    }
    url->host_beg = (uint16_t)beg;
    url->host_end = (uint16_t)to;
    url->port = (uint16_t)(port & 0xffffu);
    bool good = to > beg && to - beg <= PARIO_MAX_HOST_BYTES && port - 1u < 65535u;
    return good && pario_i_url_authority_end(s, at, size) == at ? at : 0;
}

/*
 * Takes an absolute URL of size bytes apart, RFC 3986 section 3. On PARIO_OK all indexes of
 * *url are in order and within the size.
 */
static pario_error pario_i_url_parse(const unsigned char *s, size_t size, pario_i_url *url)
{
    memset(url, 0, sizeof *url);
    if (size > PARIO_MAX_URL_BYTES) {
        return PARIO_ERROR_URL_TOO_LONG;
    }
    pario_error error = PARIO_OK;
    size_t      beg = pario_i_url_usual_scheme(s, size);
    url->https = beg == 8;
    if (beg == 0) {
        error = pario_i_url_scheme(s, size, url, &beg);
    }
    if (error != PARIO_OK) {
        return error;
    }
    size_t path = pario_i_url_usual(s, beg, size, url);
    if (path == 0) {
        path = pario_i_url_authority_end(s, beg, size);
        error = pario_i_url_authority(s, beg, path, url);
        if (error != PARIO_OK) {
            return error;
        }
    }
    size_t hash = pario_i_url_span(s, path, size, PARIO_I_TARGET);
    url->target_beg = (uint16_t)path;
    url->target_end = (uint16_t)hash;
    url->end = (uint16_t)size;
    if (hash < size && s[hash] == '#') {
        hash = pario_i_url_span(s, hash + 1, size, PARIO_I_TARGET);
    }
    return hash == size ? PARIO_OK : PARIO_ERROR_URL_BYTE;
}

/* Whether two URLs have the same origin, RFC 9110 section 4.3.1. */
static bool pario_i_url_same_origin(const unsigned char *s, const pario_i_url *a,
                                    const unsigned char *t, const pario_i_url *b)
{
    size_t size = (size_t)a->host_end - a->host_beg;
    return a->https == b->https && a->port == b->port &&
           size == (size_t)b->host_end - b->host_beg &&
           pario_i_same(s + a->host_beg, t + b->host_beg, size);
}

/* Appends s[beg..end); what may not stand in a URL is percent-encoded. */
static bool pario_i_url_append(pario_i_buffer *out, const unsigned char *s, size_t beg, size_t end)
{
    static const char hex[] = "0123456789ABCDEF";
    bool              good = true;
    size_t            i = beg;
    while (i < end && good) {
        size_t plain = pario_i_url_span(s, i, end, PARIO_I_TARGET);
        good = pario_i_buffer_append(out, s + i, plain - i);
        i = plain;
        if (good && i < end) {
            const char octet[] = { '%', hex[(unsigned)s[i] >> 4], hex[(unsigned)s[i] & 15u] };
            good = pario_i_buffer_append(out, octet, 3);
            i++;
        }
    }
    return good;
}

/* Takes the last segment off again, but nothing before root. */
static void pario_i_url_pop(pario_i_buffer *out, size_t root)
{
    while (out->size > root && out->data[out->size - 1] != '/') {
        out->size--;
    }
    out->size -= out->size > root ? 1u : 0u;
}

/* How many dots a segment is made of, if that is all there is to it and they are one or two. */
static unsigned pario_i_url_dots(const unsigned char *s, size_t beg, size_t end)
{
    size_t size = end - beg;
    bool   dots = (size == 1 || size == 2) && s[beg] == '.' && s[end - 1] == '.';
    return dots ? (unsigned)size : 0;
}

/* Carries "." and ".." out in the path that begins at out->data[root] with a slash: RFC 3986
 * section 5.2.4. What stands before it stays. */
static void pario_i_url_remove_dots(pario_i_buffer *out, size_t root)
{
    unsigned dots = 0;
    size_t   end = out->size;
    size_t   beg = root;
    out->size = root;
    while (beg < end) {
        size_t next = pario_i_find(out->data, beg + 1, end, '/');
        dots = pario_i_url_dots(out->data, beg + 1, next);
        if (dots == 2) {
            pario_i_url_pop(out, root);
        } else if (dots == 0) {
            (void)pario_i_buffer_append(out, out->data + beg, next - beg); /* it has the room */
        }
        beg = next;
    }
    if (dots > 0) {
        (void)pario_i_buffer_append(out, "/", 1);
    }
}

/* Where a reference's path, query and fragment end. */
typedef struct pario_i_reference {
    size_t path_beg;
    size_t path_end;
    size_t query_end;
    bool   authority; /* it names a host of its own, which begins at authority_beg */
    bool   slash;     /* its path begins with one */
    bool   rooted;    /* it goes on from nothing of the base's path */
    size_t authority_beg;
    size_t scheme_end; /* 0: it has no scheme */
} pario_i_reference;

/* Takes a reference apart, RFC 3986 section 4.1. Never fails: everything is a reference. */
static void pario_i_reference_split(const unsigned char *s, size_t size, pario_i_reference *r)
{
    memset(r, 0, sizeof *r);
    r->scheme_end = pario_i_url_scheme_end(s, size);
    r->path_beg = r->scheme_end > 0 ? r->scheme_end + 1 : 0;
    size_t beg = r->path_beg;
    if (size >= 2 && beg <= size - 2 && s[beg] == '/' && s[beg + 1] == '/') {
        r->authority = true;
        r->authority_beg = beg + 2;
        r->path_beg = pario_i_url_authority_end(s, r->authority_beg, size);
    }
    r->query_end = pario_i_find(s, r->path_beg, size, '#');
    r->path_end = pario_i_find(s, r->path_beg, r->query_end, '?');
    r->slash = r->path_beg < r->path_end && s[r->path_beg] == '/';
    r->rooted = r->slash || r->authority || r->scheme_end > 0;
}

/* Appends scheme, "://" and authority of the target, without userinfo. */
static bool pario_i_url_put_authority(pario_i_buffer *out, const unsigned char *base,
                                      const pario_i_url *url, const unsigned char *s,
                                      const pario_i_reference *r)
{
    const unsigned char *from = base;
    bool                 scheme = r->scheme_end > 0;
    size_t               beg = (size_t)url->host_beg - (url->literal ? 1u : 0u);
    size_t               end = url->target_beg;
    bool                 good = scheme ? pario_i_buffer_append(out, s, r->scheme_end)
                                       : pario_i_buffer_append(out, base, url->https ? 5 : 4);
    if (r->authority) {
        size_t at = pario_i_find(s, r->authority_beg, r->path_beg, '@');
        from = s;
        beg = at < r->path_beg ? at + 1 : r->authority_beg;
        end = r->path_beg;
    } else if (scheme) {
        beg = end; /* a scheme without a host: found out when the result is parsed */
    }
    return good && pario_i_buffer_append(out, "://", 3) &&
           pario_i_buffer_append(out, from + beg, end - beg);
}

/* Where that part of the base's path and query ends which a reference goes on from. */
static size_t pario_i_url_kept(const unsigned char *base, const pario_i_url *url,
                               const pario_i_reference *r)
{
    size_t end = url->target_beg;
    size_t path_end = pario_i_find(base, end, url->target_end, '?');
    if (r->path_beg == r->path_end) {
        return r->path_end < r->query_end ? path_end : (size_t)url->target_end;
    }
    for (size_t i = end; i < path_end; i++) { /* without its last segment, section 5.2.3 */
        end = base[i] == '/' ? i : end;
    }
    return end;
}

/* Appends path and query of the target, RFC 3986 section 5.2.2. */
static bool pario_i_url_put_target(pario_i_buffer *out, const unsigned char *base,
                                   const pario_i_url *url, const unsigned char *s,
                                   const pario_i_reference *r)
{
    size_t root = out->size;
    size_t beg = url->target_beg;
    bool   path = r->rooted || r->path_beg < r->path_end;
    size_t end = r->rooted ? beg : pario_i_url_kept(base, url, r);
    bool   good = pario_i_buffer_append(out, base + beg, end - beg) &&
                pario_i_buffer_append(out, "/", path && !r->slash ? 1 : 0) &&
                pario_i_url_append(out, s, r->path_beg, r->path_end);
    if (good && path) {
        pario_i_url_remove_dots(out, root);
    }
    return good && pario_i_url_append(out, s, r->path_end, r->query_end);
}

/*
 * Appends to *out the absolute URL that a reference means, seen from a base: RFC 3986 section
 * 5.2, and the fragment's inheritance of RFC 9110 section 10.2.2. Userinfo is left out, bytes
 * that should have been percent-encoded are. False: out of memory. What was appended still has
 * to be parsed: a host that is malformed stays so.
 */
static bool pario_i_url_resolve(const unsigned char *base, const pario_i_url *url,
                                const unsigned char *s, size_t size, pario_i_buffer *out)
{
    pario_i_reference r;
    pario_i_reference_split(s, size, &r);
    bool good = pario_i_url_put_authority(out, base, url, s, &r) &&
                pario_i_url_put_target(out, base, url, s, &r);
    if (good && r.query_end < size) {
        good = pario_i_buffer_append(out, "#", 1) &&
               pario_i_url_append(out, s, r.query_end + 1, size);
    } else if (good && url->target_end < url->end) {
        good =
            pario_i_buffer_append(out, base + url->target_end, (size_t)url->end - url->target_end);
    }
    return good && pario_i_buffer_reserve(out, 0);
}
#endif

#if PARIO_SECTIONS >= 3
/* ------------------------------------------------------------------------------------------ */
/* >>head */

/* A field's place in the bytes of its head. */
typedef struct pario_i_field {
    uint32_t name_beg;
    uint32_t name_end;
    uint32_t value_beg; /* without surrounding whitespace */
    uint32_t value_end;
} pario_i_field;

typedef enum pario_i_head_phase {
    PARIO_I_HEAD_STATUS,
    PARIO_I_HEAD_FIELDS,
    PARIO_I_HEAD_DONE
} pario_i_head_phase;

/* Reads a status line and fields, or trailer fields. All indexes count from the head's start. */
typedef struct pario_i_head {
    pario_i_field     *fields;
    size_t             room; /* of fields */
    uint32_t           count;
    uint32_t           max_fields;
    uint32_t           max_bytes;
    uint32_t           scanned;  /* no line end is between line_beg and here */
    uint32_t           line_beg; /* when done: the size of the whole head */
    uint32_t           reason_beg;
    uint32_t           reason_end;
    uint16_t           status;
    uint8_t            version; /* 10 or 11 */
    pario_i_head_phase phase;
} pario_i_head;

/* Begins a head; what the field table has of room is used again. */
static void pario_i_head_begin(pario_i_head *head, pario_i_head_phase phase, uint32_t max_bytes,
                               uint32_t max_fields)
{
    head->count = 0;
    head->max_fields = max_fields;
    head->max_bytes = max_bytes;
    head->scanned = 0;
    head->line_beg = 0;
    head->reason_beg = 0;
    head->reason_end = 0;
    head->status = 0;
    head->version = 11;
    head->phase = phase;
}

/* Whether what has come of the first line can still become one of HTTP. */
static bool pario_i_head_plausible(const unsigned char *s, size_t end)
{
    return memcmp(s, "HTTP/", pario_i_min(end, 5)) == 0;
}

/* Whether s begins with "HTTP/1.x NNN" and a space or the end of the line. */
static bool pario_i_head_is_status_line(const unsigned char *s, size_t end)
{
    return end >= 12 && s[6] == '.' && pario_i_is(s[7], PARIO_I_DIGIT) && s[8] == ' ' &&
           (end == 12 || s[12] == ' ');
}

/* The status line s[0..end), RFC 9112 section 4. A missing space before no reason is let pass. */
static pario_error pario_i_head_status_line(pario_i_head *head, const unsigned char *s, size_t end)
{
    uint64_t status;
    if (end < 6 || !pario_i_head_plausible(s, end) || !pario_i_is(s[5], PARIO_I_DIGIT)) {
        return PARIO_ERROR_STATUS_LINE;
    }
    if (s[5] != '1') {
        return PARIO_ERROR_VERSION;
    }
    if (!pario_i_head_is_status_line(s, end) ||
        pario_i_decimal(s, 9, 12, &status) != PARIO_I_NUMBER || status < 100u) {
        return PARIO_ERROR_STATUS_LINE;
    }
    head->version = s[7] == '0' ? 10 : 11;
    head->status = (uint16_t)(status & 0xffffu);
    head->reason_beg = (uint32_t)pario_i_min(13, end);
    head->reason_end = (uint32_t)end;
    head->phase = PARIO_I_HEAD_FIELDS;
    return pario_i_is_text(s, head->reason_beg, end) ? PARIO_OK : PARIO_ERROR_STATUS_LINE;
}

/* The next free place in the field table, or NULL: no memory. */
static pario_i_field *pario_i_head_place(pario_i_head *head)
{
    if (head->fields == NULL || head->count >= head->room) {
        void *fields = pario_i_grow(head->fields, &head->room, sizeof *head->fields);
        if (fields == NULL) {
            return NULL;
        }
        head->fields = (pario_i_field *)fields;
    }
    return &head->fields[head->count];
}

/* Narrows [*beg, *end) by the spaces and tabs at both its ends. */
static inline void pario_i_trim(const unsigned char *s, size_t *beg, size_t *end)
{
    size_t from = *beg;
    size_t to = *end;
    while (from < to && (s[from] == ' ' || s[from] == '\t')) {
        from++;
    }
    while (to > from && (s[to - 1] == ' ' || s[to - 1] == '\t')) {
        to--;
    }
    *beg = from;
    *end = to;
}

/* A line that goes on with the value of the field before it: RFC 9112 section 5.2 wants the line
 * end between to become spaces. */
static pario_error pario_i_head_fold(pario_i_head *head, unsigned char *s, size_t beg, size_t end)
{
    if (head->count == 0 || head->fields == NULL || !pario_i_is_text(s, beg, end)) {
        return PARIO_ERROR_FIELD_LINE;
    }
    pario_i_field *field = &head->fields[head->count - 1];
    pario_i_trim(s, &beg, &end);
    if (beg < end) {
        if (field->value_beg == field->value_end) {
            field->value_beg = (uint32_t)beg;
        } else {
            for (size_t i = field->value_end; i < beg; i++) {
                s[i] = ' ';
            }
        }
        field->value_end = (uint32_t)end;
        s[end] = '\0';
    }
    return PARIO_OK;
}

/* A field line s[beg..end) without its line end, RFC 9112 section 5. NULs end its name and its
 * value, over the colon and what follows the value. */
static pario_error pario_i_head_field_line(pario_i_head *head, unsigned char *s, size_t beg,
                                           size_t end)
{
    size_t colon = pario_i_token_end(s, beg, end);
    if (colon == beg || colon >= end || s[colon] != ':') {
        return PARIO_ERROR_FIELD_LINE;
    }
    size_t from = colon + 1;
    size_t to = end;
    pario_i_trim(s, &from, &to);
    if (head->count >= head->max_fields) {
        return PARIO_ERROR_TOO_MANY_FIELDS;
    }
    pario_i_field *field = pario_i_head_place(head);
    if (field == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    if (!pario_i_is_text(s, from, to)) {
        return PARIO_ERROR_FIELD_LINE;
    }
    field->name_beg = (uint32_t)beg;
    field->name_end = (uint32_t)colon;
    field->value_beg = (uint32_t)from;
    field->value_end = (uint32_t)to;
    s[colon] = '\0';
    s[to] = '\0';
    head->count++;
    return PARIO_OK;
}

/* Whether a colon, a space and the first byte of a value stand at s[at]. */
static inline bool pario_i_head_is_usual(const unsigned char *s, size_t at)
{
    return memcmp(s + at, ": ", 2) == 0 && s[at + 2] > ' ';
}

/* Whether a line ends at s[at], and not in a space. */
static inline bool pario_i_head_is_end(const unsigned char *s, size_t at)
{
    return memcmp(s + at, "\r\n", 2) == 0 && s[at - 1] != ' ';
}

/* As pario_i_head_field_line, of a whole line of the usual form that begins at s[beg]: name, colon,
 * space, a value without a tab or spaces around it, CR LF. Returns where the next one begins; 0: it
 * is of another form. */
static inline size_t pario_i_head_usual_line(unsigned char *s, size_t beg, size_t end,
                                             pario_i_field *field)
{
    size_t most = end > 3 ? end - 3 : 0; /* what two bytes follow */
    size_t colon = pario_i_token_end(s, beg, end);
    if (colon == beg || colon > most || !pario_i_head_is_usual(s, colon)) {
        return 0;
    }
    field->name_beg = (uint32_t)beg;
    field->name_end = (uint32_t)colon;
    field->value_beg = (uint32_t)(colon + 2);
    size_t to = pario_i_text_end(s, colon + 2, end);
    if (to > most + 1 || !pario_i_head_is_end(s, to)) {
        return 0;
    }
    field->value_end = (uint32_t)to;
    s[colon] = '\0';
    s[to] = '\0';
    return to + 2;
}

/* Reads field lines as long as they are of the usual form and have room in the table, and the empty
 * line. All others are left to pario_i_head_line, which would say the same of these; here their end
 * and their bytes are looked for in one go. Returns whether the head is done. */
static bool pario_i_head_usual_lines(pario_i_head *head, unsigned char *s, size_t end)
{
    pario_i_field *fields = head->fields;
    size_t         most = pario_i_min(head->room, head->max_fields);
    size_t         count = head->count;
    size_t         beg = head->line_beg;
    if (head->phase != PARIO_I_HEAD_FIELDS || head->scanned != beg || fields == NULL) {
        return false;
    }
    while (count < most) {
        size_t next = pario_i_head_usual_line(s, beg, end, &fields[count]);
        if (next > 0) {
            count++;
            beg = next;
        } else {
            most = count;
        }
    }
    bool done = end - beg >= 2 && memcmp(s + beg, "\r\n", 2) == 0;
    beg += done ? 2u : 0u;
    head->phase = done ? PARIO_I_HEAD_DONE : PARIO_I_HEAD_FIELDS;
    head->count = (uint32_t)count;
    head->scanned = (uint32_t)beg;
    head->line_beg = (uint32_t)beg;
    return done;
}

/* A line s[beg..end) without its line end: whatever its first byte says it is. */
static pario_error pario_i_head_line(pario_i_head *head, unsigned char *s, size_t beg, size_t end)
{
    if (head->phase == PARIO_I_HEAD_STATUS) {
        return pario_i_head_status_line(head, s, end);
    }
    if (beg >= end) {
        head->phase = PARIO_I_HEAD_DONE;
        return PARIO_OK;
    }
    if (s[beg] == ' ' || s[beg] == '\t') {
        return pario_i_head_fold(head, s, beg, end);
    }
    return pario_i_head_field_line(head, s, beg, end);
}

/*
 * Reads on in a head of which s[0..size) has come so far. PARIO_OK: head->phase says whether it
 * is done, and then head->line_beg how long it is. Nothing at or behind `size` is read; line
 * folding, and what follows names and values, is written over. The verdict does not depend on the
 * pieces in which the bytes came.
 */
static pario_error pario_i_head_read(pario_i_head *head, unsigned char *s, size_t size)
{
    pario_error error = PARIO_OK;
    size_t      end = pario_i_min(size, head->max_bytes);
    while (error == PARIO_OK && head->phase != PARIO_I_HEAD_DONE) {
        if (pario_i_head_usual_lines(head, s, end)) {
            return PARIO_OK;
        }
        size_t line_end = pario_i_find(s, head->scanned, end, '\n');
        if (line_end >= end) {
            if (head->phase == PARIO_I_HEAD_STATUS && !pario_i_head_plausible(s, end)) {
                return PARIO_ERROR_STATUS_LINE;
            }
            head->scanned = (uint32_t)end;
            return end == head->max_bytes ? PARIO_ERROR_HEAD_TOO_LARGE : PARIO_OK;
        }
        size_t beg = head->line_beg;
        size_t to = line_end > beg && s[line_end - 1] == '\r' ? line_end - 1 : line_end;
        error = pario_i_head_line(head, s, beg, to);
        head->line_beg = (uint32_t)(line_end + 1);
        head->scanned = head->line_beg;
    }
    return error;
}

/* Index of the index-th field of a name, in whatever case, or count where there is none. */
static size_t pario_i_head_lookup(const pario_i_head *head, const unsigned char *s,
                                  const char *name, size_t index)
{
    size_t found = head->count;
    size_t left = index;
    size_t size = strlen(name);
    for (size_t i = 0; i < head->count && found == head->count; i++) {
        size_t beg = head->fields[i].name_beg;
        if (head->fields[i].name_end - beg == size &&
            pario_i_same(s + beg, (const unsigned char *)name, size)) {
            found = left == 0 ? i : found;
            left -= left > 0 ? 1u : 0u;
        }
    }
    return found;
}
#endif

#if PARIO_SECTIONS >= 4
/* ------------------------------------------------------------------------------------------ */
/* >>body */

/* How a response's content is framed, RFC 9112 section 6.3. */
typedef enum pario_i_framing_kind {
    PARIO_I_FRAMING_NONE,
    PARIO_I_FRAMING_LENGTH,
    PARIO_I_FRAMING_CHUNKED,
    PARIO_I_FRAMING_CLOSE
} pario_i_framing_kind;

typedef struct pario_i_framing {
    pario_i_framing_kind kind;
    bool                 persistent; /* the connection may serve another request */
    uint64_t             left;       /* of PARIO_I_FRAMING_LENGTH: bytes to come */
} pario_i_framing;

/* What the fields say about framing, before it is decided. */
typedef struct pario_i_framing_fields {
    unsigned    lengths;
    unsigned    codings;
    bool        chunked;
    bool        close;
    bool        keep_alive;
    uint64_t    length;
    pario_error length_error;
} pario_i_framing_fields;

/* Notes "close" and "keep-alive" in a Connection field, RFC 9112 section 9.6. */
static void pario_i_framing_connection(pario_i_framing_fields *fields, const unsigned char *s,
                                       size_t beg, size_t end)
{
    bool   close = pario_i_equals(s, beg, end, "close");
    bool   keep_alive = pario_i_equals(s, beg, end, "keep-alive");
    size_t i = close || keep_alive ? end : beg; /* nearly always one of them is all of it */
    fields->close = fields->close || close;
    fields->keep_alive = fields->keep_alive || keep_alive;
    while (i < end) {
        size_t comma = pario_i_find(s, i, end, ',');
        size_t from = i;
        size_t to = comma;
        pario_i_trim(s, &from, &to);
        fields->close = fields->close || pario_i_equals(s, from, to, "close");
        fields->keep_alive = fields->keep_alive || pario_i_equals(s, from, to, "keep-alive");
        i = comma + 1;
    }
}

/* Notes a Content-Length, s[beg..end). */
static void pario_i_framing_length(pario_i_framing_fields *fields, const unsigned char *s,
                                   size_t beg, size_t end)
{
    pario_i_number number = pario_i_decimal(s, beg, end, &fields->length);
    fields->lengths++;
    if (number == PARIO_I_NUMBER_OVERFLOW) {
        fields->length_error = PARIO_ERROR_LENGTH_OVERFLOW;
    } else if (number == PARIO_I_NUMBER_MALFORMED) {
        fields->length_error = PARIO_ERROR_LENGTH_DIGITS;
        fields->lengths += pario_i_find(s, beg, end, ',') < end ? 1u : 0u;
    } else {
        fields->length_error = PARIO_OK;
    }
}

/* Notes a field's value if it has a say in framing; the name's length tells most others apart. */
static void pario_i_framing_note(pario_i_framing_fields *fields, const unsigned char *s,
                                 const pario_i_field *field)
{
    size_t beg = field->name_beg;
    size_t end = field->name_end;
    switch (end - beg) {
    case 10:
        if (pario_i_equals(s, beg, end, "connection")) {
            pario_i_framing_connection(fields, s, field->value_beg, field->value_end);
        }
        break;
    case 14:
        if (pario_i_equals(s, beg, end, "content-length")) {
            pario_i_framing_length(fields, s, field->value_beg, field->value_end);
        }
        break;
    case 17:
        if (pario_i_equals(s, beg, end, "transfer-encoding")) {
            fields->codings++;
            fields->chunked = pario_i_equals(s, field->value_beg, field->value_end, "chunked");
        }
        break;
    default:
        break;
    }
}

/* The steps of RFC 9112 section 6.3 that need the fields, in its order. */
static pario_error pario_i_framing_judge(const pario_i_framing_fields *fields, unsigned version,
                                         pario_i_framing *framing)
{
    if (fields->codings > 0) {
        if (fields->lengths > 0) {
            return PARIO_ERROR_LENGTH_AND_ENCODING;
        }
        if (fields->codings > 1 || !fields->chunked || version < 11u) {
            return PARIO_ERROR_TRANSFER_ENCODING;
        }
        framing->kind = PARIO_I_FRAMING_CHUNKED;
    } else if (fields->lengths > 1) {
        return PARIO_ERROR_LENGTH_DUPLICATE;
    } else if (fields->lengths == 1) {
        framing->kind = PARIO_I_FRAMING_LENGTH;
        framing->left = fields->length;
        return fields->length_error;
    } else {
        framing->kind = PARIO_I_FRAMING_CLOSE;
        framing->persistent = false;
    }
    return PARIO_OK;
}

/* Whether the fields announce content. A 204 that does may well send it, and nobody reads it. */
static bool pario_i_framing_announces(const pario_i_framing_fields *fields)
{
    return fields->codings > 0 || fields->lengths > 1 || fields->length > 0 ||
           fields->length_error != PARIO_OK;
}

/* Decides how the content of a complete head is framed. `bodiless`: the request was a HEAD. */
static pario_error pario_i_framing_decide(const pario_i_head *head, const unsigned char *s,
                                          bool bodiless, pario_i_framing *framing)
{
    pario_i_framing_fields fields;
    memset(&fields, 0, sizeof fields);
    memset(framing, 0, sizeof *framing);
    for (size_t i = 0; i < head->count; i++) {
        pario_i_framing_note(&fields, s, &head->fields[i]);
    }
    framing->persistent = !fields.close && (head->version >= 11 || fields.keep_alive);
    if (bodiless || head->status < 200 || head->status == 204 || head->status == 304) {
        framing->persistent = framing->persistent &&
                              (head->status != 204 || !pario_i_framing_announces(&fields));
        framing->kind = PARIO_I_FRAMING_NONE;
        return PARIO_OK;
    }
    return pario_i_framing_judge(&fields, head->version, framing);
}

typedef enum pario_i_chunk_phase {
    PARIO_I_CHUNK_SIZE,
    PARIO_I_CHUNK_BLANK, /* whitespace before an extension */
    PARIO_I_CHUNK_EXTENSION,
    PARIO_I_CHUNK_SIZE_LF,
    PARIO_I_CHUNK_DATA,
    PARIO_I_CHUNK_DATA_CR,
    PARIO_I_CHUNK_DATA_LF,
    PARIO_I_CHUNK_TRAILER /* the last chunk is over: trailer fields follow */
} pario_i_chunk_phase;

/* The chunked coding, RFC 9112 section 7.1. */
typedef struct pario_i_chunked {
    pario_i_chunk_phase phase;
    uint32_t            digits;
    uint64_t            left; /* the size while it is read, then the data to come */
    uint64_t            extension_bytes;
    uint64_t            max_extension_bytes;
} pario_i_chunked;

/* Begins a chunked content. */
static void pario_i_chunked_begin(pario_i_chunked *chunked, uint64_t max_extension_bytes)
{
    memset(chunked, 0, sizeof *chunked);
    chunked->max_extension_bytes = max_extension_bytes;
}

/* A byte of a chunk's size, or the first one behind it. */
static pario_error pario_i_chunked_size(pario_i_chunked *chunked, unsigned char byte)
{
    if (pario_i_is(byte, PARIO_I_HEX)) {
        if (chunked->digits >= 15u) {
            return PARIO_ERROR_CHUNK_OVERFLOW;
        }
        chunked->digits++;
        chunked->left = (chunked->left << 4) | pario_i_hex_value(byte);
        return PARIO_OK;
    }
    if (chunked->digits == 0) {
        return PARIO_ERROR_CHUNK_SIZE;
    }
    if (byte == '\r') {
        chunked->phase = PARIO_I_CHUNK_SIZE_LF;
    } else if (byte == ';') {
        chunked->phase = PARIO_I_CHUNK_EXTENSION;
    } else if (byte == ' ' || byte == '\t') {
        chunked->phase = PARIO_I_CHUNK_BLANK;
    } else {
        return PARIO_ERROR_CHUNK_SIZE;
    }
    return PARIO_OK;
}

/* A byte between a chunk's size and its line end. */
static pario_error pario_i_chunked_extension(pario_i_chunked *chunked, unsigned char byte)
{
    chunked->extension_bytes++;
    if (chunked->extension_bytes > chunked->max_extension_bytes) {
        return PARIO_ERROR_CHUNK_EXTENSIONS;
    }
    if (chunked->phase == PARIO_I_CHUNK_BLANK && byte == ';') {
        chunked->phase = PARIO_I_CHUNK_EXTENSION;
    } else if (chunked->phase == PARIO_I_CHUNK_BLANK) {
        return byte == ' ' || byte == '\t' ? PARIO_OK : PARIO_ERROR_CHUNK_SIZE;
    } else if (byte == '\r') {
        chunked->phase = PARIO_I_CHUNK_SIZE_LF;
    } else if (pario_i_is(byte, PARIO_I_CONTROL)) {
        return PARIO_ERROR_CHUNK_SIZE;
    }
    return PARIO_OK;
}

/* The line end behind a chunk's size or data, byte by byte. */
static pario_error pario_i_chunked_line_end(pario_i_chunked *chunked, unsigned char byte)
{
    pario_error error = PARIO_ERROR_CHUNK_END;
    if (chunked->phase == PARIO_I_CHUNK_SIZE_LF) {
        error = byte == '\n' ? PARIO_OK : PARIO_ERROR_CHUNK_SIZE;
        chunked->phase = chunked->left > 0 ? PARIO_I_CHUNK_DATA : PARIO_I_CHUNK_TRAILER;
    } else if (chunked->phase == PARIO_I_CHUNK_DATA_CR) {
        error = byte == '\r' ? PARIO_OK : PARIO_ERROR_CHUNK_END;
        chunked->phase = PARIO_I_CHUNK_DATA_LF;
    } else {
        error = byte == '\n' ? PARIO_OK : PARIO_ERROR_CHUNK_END;
        chunked->phase = PARIO_I_CHUNK_SIZE;
        chunked->digits = 0;
    }
    return error;
}

/* A byte outside of the data. */
static pario_error pario_i_chunked_byte(pario_i_chunked *chunked, unsigned char byte)
{
    if (chunked->phase == PARIO_I_CHUNK_SIZE) {
        return pario_i_chunked_size(chunked, byte);
    }
    bool behind = chunked->phase == PARIO_I_CHUNK_BLANK ||
                  chunked->phase == PARIO_I_CHUNK_EXTENSION;
    return behind ? pario_i_chunked_extension(chunked, byte)
                  : pario_i_chunked_line_end(chunked, byte);
}

/*
 * Reads on in s[*at..end) until data are found, the trailers begin, the input is over, or it is
 * wrong. The data are s[*data_beg..*at), empty in the other cases.
 */
static pario_error pario_i_chunked_read(pario_i_chunked *chunked, const unsigned char *s,
                                        size_t *at, size_t end, size_t *data_beg)
{
    pario_error error = PARIO_OK;
    size_t      i = *at;
    while (i < end && error == PARIO_OK && chunked->phase != PARIO_I_CHUNK_DATA &&
           chunked->phase != PARIO_I_CHUNK_TRAILER) {
        error = pario_i_chunked_byte(chunked, s[i]);
        i++;
    }
    *data_beg = i;
    if (error == PARIO_OK && i < end && chunked->phase == PARIO_I_CHUNK_DATA) {
        size_t size = end - i;
        size = chunked->left < size ? (size_t)chunked->left : size;
        chunked->left -= size;
        i += size;
        if (chunked->left == 0) {
            chunked->phase = PARIO_I_CHUNK_DATA_CR;
        }
    }
    *at = i;
    return error;
}
#endif

#if PARIO_SECTIONS >= 5
/* ------------------------------------------------------------------------------------------ */
/* >>request */

/* Methods by name, and 1 if they are idempotent, RFC 9110 section 9.2.2. */
#define PARIO_I_METHODS(X)                                                                         \
    X(GET, 1)                                                                                      \
    X(HEAD, 1)                                                                                     \
    X(POST, 0)                                                                                     \
    X(PUT, 1)                                                                                      \
    X(DELETE, 1)                                                                                   \
    X(OPTIONS, 1)                                                                                  \
    X(PATCH, 0)                                                                                    \
    X(TRACE, 1)

typedef enum pario_i_method {
#define PARIO_X(name, idempotent) PARIO_I_##name,
    PARIO_I_METHODS(PARIO_X)
#undef PARIO_X
    PARIO_I_OTHER
} pario_i_method;

/* Facts about a request: bits of pario_i_order.flags. */
#define PARIO_I_HAS_CONTENT 1u
#define PARIO_I_OWN_HOST 2u   /* the user's fields hold a Host */
#define PARIO_I_OWN_AGENT 4u  /* hold a User-Agent, or want none */
#define PARIO_I_OWN_ACCEPT 8u /* hold an Accept, or want none */
#define PARIO_I_CLOSE 16u     /* ask for the connection to be closed */
#define PARIO_I_SECRET 32u    /* hold credentials */
#define PARIO_I_DETOUR 64u    /* url is in a block of its own, from a redirect */
#define PARIO_I_HAS_TEXT 128u /* there is something behind the URL */
/* And of a field alone, never in flags: */
#define PARIO_I_RESERVED 256u /* only the library writes it */
#define PARIO_I_PRIVATE 512u  /* it is for this origin only */
#define PARIO_I_ABOUT 1024u   /* it is about the content */

/* Content of a size that nobody knows is sent in chunks. */
#define PARIO_I_UNKNOWN UINT64_MAX
/* So much is read from a descriptor at once, */
#define PARIO_I_PIECE_BYTES 65536u
/* and so much room is before it for "10000" and a line end; as much is behind it. */
#define PARIO_I_PIECE_MARGIN 7u

/* Content that is read from a descriptor, or is sent only after the server has asked for it. */
typedef struct pario_i_upload {
    uint64_t       size;       /* or PARIO_I_UNKNOWN */
    int64_t        offset;     /* where it begins in a file; -1: it can be read but once */
    int            fd;         /* -1: it is in memory */
    bool           expects;    /* the head says "Expect: 100-continue" */
    bool           waits;      /* the head was sent: what the server says to that is waited for, */
    bool           ended;      /* all of it was read */
    bool           starves;    /* there was nothing to be read when that was tried last */
    int64_t        wait_until; /* not longer than this */
    uint64_t       received;   /* of replies that are forgotten */
    uint64_t       taken;      /* was read, for this connection */
    unsigned char *piece;      /* what was read last, while there is something to be read */
    uint32_t       beg;        /* of what is still to be sent of it */
    uint32_t       end;
} pario_i_upload;

/* Content to be sent: bytes of the user's, or what the upload says. */
typedef struct pario_i_content {
    const unsigned char *bytes;
    size_t               size;
    pario_i_upload      *upload; /* or NULL */
} pario_i_content;

/* What is to be asked of a server: the user's request, checked and copied. Behind the URL there
 * are, with PARIO_I_HAS_TEXT, the user's field lines and a NUL, the name of an other method and a
 * NUL, and where there is content, a pario_i_content. */
typedef struct pario_i_order {
    unsigned char *url; /* ends in a NUL */
    pario_i_url    parts;
    uint8_t        method; /* a pario_i_method */
    uint8_t        flags;
} pario_i_order;

/* The user's field lines; where there are none, the NUL at the URL's end. */
static unsigned char *pario_i_order_fields(const pario_i_order *order)
{
    return order->url + order->parts.end + ((order->flags & PARIO_I_HAS_TEXT) != 0 ? 1u : 0u);
}

/* The name of an other method. */
static const char *pario_i_order_method_name(const pario_i_order *order)
{
    const char *fields = (const char *)pario_i_order_fields(order);
    return fields + strlen(fields) + 1;
}

/* How many bytes there are behind the URL and before the content. */
static size_t pario_i_order_text_size(const pario_i_order *order)
{
    if ((order->flags & PARIO_I_HAS_TEXT) == 0) {
        return 0;
    }
    const char *fields = (const char *)pario_i_order_fields(order);
    size_t      size = strlen(fields) + 1;
    return size + (order->method == PARIO_I_OTHER ? strlen(fields + size) + 1 : 0);
}

/* Where the content's description is, if there is content. */
static unsigned char *pario_i_order_behind(const pario_i_order *order)
{
    return pario_i_order_fields(order) + pario_i_order_text_size(order);
}

/* The content that is to be sent. */
static inline pario_i_content pario_i_order_content(const pario_i_order *order)
{
    pario_i_content content = { NULL, 0, NULL };
    if ((order->flags & PARIO_I_HAS_CONTENT) != 0) {
        memcpy((void *)&content, pario_i_order_behind(order), sizeof content);
    }
    return content;
}

/* Puts an upload into the place of content, which there is. */
static void pario_i_order_set_upload(const pario_i_order *order, pario_i_upload *upload)
{
    pario_i_content content = pario_i_order_content(order);
    content.upload = upload;
    memcpy(pario_i_order_behind(order), (const void *)&content, sizeof content);
}

/* Gives the room for a piece back; there is nothing more to be sent, or to be sent now. */
static void pario_i_upload_drop(pario_i_upload *upload)
{
    PARIO_FREE(upload->piece);
    upload->piece = NULL;
    upload->beg = 0;
    upload->end = 0;
}

/* Gives an upload's memory back; NULL is harmless. */
static void pario_i_upload_free(pario_i_upload *upload)
{
    if (upload != NULL) {
        pario_i_upload_drop(upload);
        PARIO_FREE(upload);
    }
}

/* Whether it can be sent from its beginning on. */
static bool pario_i_upload_rewinds(const pario_i_upload *upload)
{
    return upload->fd < 0 || upload->offset >= 0 || upload->taken == 0;
}

/* Is to be sent from its beginning on. */
static void pario_i_upload_rewind(pario_i_upload *upload)
{
    pario_i_upload_drop(upload);
    upload->taken = 0;
    upload->ended = upload->size == 0;
    upload->waits = false;
    upload->starves = false;
}

/* Whether all of it, from a descriptor, has been sent. */
static bool pario_i_upload_is_sent(const pario_i_upload *upload)
{
    return upload->ended && upload->beg == upload->end;
}

/* Where what comes next is to be read to, and how much of it at most; 0: no memory. */
static size_t pario_i_upload_room(pario_i_upload *upload, unsigned char **to)
{
    uint64_t left = upload->size - upload->taken;
    if (upload->piece == NULL) {
        void *piece = PARIO_MALLOC(PARIO_I_PIECE_BYTES + (2u * PARIO_I_PIECE_MARGIN));
        upload->piece = (unsigned char *)piece;
    }
    if (upload->piece == NULL) {
        return 0;
    }
    *to = upload->piece + PARIO_I_PIECE_MARGIN;
    return left < PARIO_I_PIECE_BYTES ? (size_t)left : PARIO_I_PIECE_BYTES;
}

/* Frames the piece of `size` bytes as a chunk, the last one if there are none: RFC 9112 section
 * 7.1, without trailers. */
static void pario_i_upload_frame(pario_i_upload *upload, size_t size)
{
    unsigned char *piece = upload->piece;
    size_t         left = size;
    piece[--upload->beg] = '\n';
    piece[--upload->beg] = '\r';
    do {
        piece[--upload->beg] = (unsigned char)"0123456789abcdef"[left & 15u];
        left >>= 4;
    } while (left > 0);
    piece[upload->end++] = '\r';
    piece[upload->end++] = '\n';
}

/* So many bytes were read, none at the end: they are to be sent. False: that is too early. */
static bool pario_i_upload_take(pario_i_upload *upload, size_t size)
{
    upload->taken += size;
    upload->beg = PARIO_I_PIECE_MARGIN;
    upload->end = PARIO_I_PIECE_MARGIN + (uint32_t)size;
    if (upload->size != PARIO_I_UNKNOWN) {
        upload->ended = upload->taken == upload->size;
        return size > 0;
    }
    upload->ended = size == 0;
    pario_i_upload_frame(upload, size);
    return true;
}

/* The name of a known method, or NULL. */
static const char *pario_i_method_name(unsigned method)
{
    static const char *const names[] = {
#define PARIO_X(name, idempotent) #name,
        PARIO_I_METHODS(PARIO_X)
#undef PARIO_X
    };
    return method < sizeof names / sizeof names[0] ? names[method] : NULL;
}

/* Whether a method may be repeated without harm. */
static bool pario_i_method_is_idempotent(unsigned method)
{
    static const unsigned char idempotent[] = {
#define PARIO_X(name, idempotent) idempotent,
        PARIO_I_METHODS(PARIO_X)
#undef PARIO_X
    };
    return method < sizeof idempotent && idempotent[method] != 0;
}

/* Whether s[0..size) is a token, RFC 9110 section 5.6.2. */
static bool pario_i_is_token(const unsigned char *s, size_t size)
{
    return size > 0 && pario_i_token_end(s, 0, size) == size;
}

/* The method of a name; NULL is GET, or POST where there is content. */
static unsigned pario_i_method_of(const char *name, bool content)
{
    unsigned method = 0;
    if (name == NULL) {
        return content ? PARIO_I_POST : PARIO_I_GET;
    }
    while (method < PARIO_I_OTHER && strcmp(name, pario_i_method_name(method)) != 0) {
        method++;
    }
    return method;
}

/* Recognises the method. */
static pario_error pario_i_order_method(pario_i_order *order, const char *name)
{
    bool     content = (order->flags & PARIO_I_HAS_CONTENT) != 0;
    unsigned method = pario_i_method_of(name, content);
    order->method = (uint8_t)method;
    if (method == PARIO_I_TRACE && content) {
        return PARIO_ERROR_METHOD;
    }
    if (method != PARIO_I_OTHER || name == NULL) {
        return PARIO_OK;
    }
    bool good = pario_i_is_token((const unsigned char *)name, strlen(name)) &&
                strcmp(name, "CONNECT") != 0;
    return good ? PARIO_OK : PARIO_ERROR_METHOD;
}

/* Appends what stands behind the field lines: a NUL, an other method's name, the content. */
static bool pario_i_order_put_rest(const pario_request *request, bool other, bool sends,
                                   pario_i_buffer *text)
{
    pario_i_content content = { (const unsigned char *)request->body, request->body_size, NULL };
    return pario_i_buffer_append(text, "", 1) &&
           (!other || pario_i_buffer_append(text, request->method, strlen(request->method) + 1)) &&
           (!sends || pario_i_buffer_append(text, &content, sizeof content));
}

/* Recognises the method, and appends to the field lines in *text what comes behind them. */
static pario_error pario_i_order_rest(pario_i_order *order, const pario_request *request,
                                      pario_i_buffer *text)
{
    pario_error error = pario_i_order_method(order, request->method);
    bool        other = order->method == PARIO_I_OTHER && request->method != NULL;
    bool        sends = (order->flags & PARIO_I_HAS_CONTENT) != 0;
    if (error != PARIO_OK || (text->size == 0 && !other && !sends)) {
        return error;
    }
    order->flags = (uint8_t)(order->flags | PARIO_I_HAS_TEXT);
    return pario_i_order_put_rest(request, other, sends, text) ? PARIO_OK : PARIO_ERROR_MEMORY;
}

/* What is known of a field of the user's: the bits that it sets, which say what it replaces or asks
 * for, and those that are for fields alone. */
static unsigned pario_i_order_bits(const unsigned char *name, size_t size, const char *value)
{
    static const struct {
        const char *name;
        unsigned    bits;
    } known[] = {
        { "host", PARIO_I_OWN_HOST | PARIO_I_PRIVATE },
        { "authorization", PARIO_I_SECRET | PARIO_I_PRIVATE },
        { "proxy-authorization", PARIO_I_PRIVATE },
        { "cookie", PARIO_I_PRIVATE },
        { "user-agent", PARIO_I_OWN_AGENT },
        { "accept", PARIO_I_OWN_ACCEPT },
        { "content-length", PARIO_I_RESERVED },
        { "transfer-encoding", PARIO_I_RESERVED },
        { "content-type", PARIO_I_ABOUT },
        { "content-encoding", PARIO_I_ABOUT },
        { "content-language", PARIO_I_ABOUT },
        { "content-location", PARIO_I_ABOUT },
        { "digest", PARIO_I_ABOUT },
        { "last-modified", PARIO_I_ABOUT },
    };
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bool first = (name[0] | 0x20u) ==
                     (unsigned char)known[i].name[0]; /* that tells most apart */
        bits |= first && pario_i_equals(name, 0, size, known[i].name) ? known[i].bits : 0u;
    }
    if (value != NULL && pario_i_equals(name, 0, size, "connection")) {
        pario_i_framing_fields fields;
        memset(&fields, 0, sizeof fields);
        pario_i_framing_connection(&fields, (const unsigned char *)value, 0, strlen(value));
        bits = fields.close ? PARIO_I_CLOSE : 0u;
    }
    return bits;
}

/* Appends a field line to *text. */
static pario_error pario_i_order_line(const pario_field *field, pario_i_buffer *text)
{
    const char *const line[] = { field->name, ": ", field->value, "\r\n" };
    if (!pario_i_is_text((const unsigned char *)field->value, 0, strlen(field->value))) {
        return PARIO_ERROR_FIELD_VALUE;
    }
    return pario_i_buffer_join(text, line, 4) ? PARIO_OK : PARIO_ERROR_MEMORY;
}

/* Checks a field of the user's and appends its line to *text. */
static pario_error pario_i_order_field(pario_i_order *order, const pario_field *field,
                                       pario_i_buffer *text)
{
    const unsigned char *name = (const unsigned char *)field->name;
    size_t               size = name != NULL ? strlen(field->name) : 0;
    if (!pario_i_is_token(name, size)) {
        return PARIO_ERROR_FIELD_NAME;
    }
    unsigned bits = pario_i_order_bits(name, size, field->value);
    bool     host = (bits & PARIO_I_OWN_HOST) != 0;
    bool     twice = (bits & order->flags & PARIO_I_OWN_HOST) != 0;
    if ((bits & PARIO_I_RESERVED) != 0 || twice || (host && field->value == NULL)) {
        return PARIO_ERROR_FIELD_RESERVED;
    }
    order->flags = (uint8_t)((order->flags | bits) & 255u);
    return field->value != NULL ? pario_i_order_line(field, text) : PARIO_OK;
}

/* Appends bytes in base64, RFC 4648 section 4. */
static bool pario_i_base64(pario_i_buffer *text, const unsigned char *bytes, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    bool good = true;
    for (size_t i = 0; i < size && good; i += 3) {
        size_t   have = pario_i_min(size - i, 3);
        unsigned group = (unsigned)bytes[i] << 16;
        group |= have > 1 ? (unsigned)bytes[i + 1] << 8 : 0u;
        group |= have > 2 ? (unsigned)bytes[i + 2] : 0u;
        char four[4];
        for (unsigned k = 0; k < 4; k++) {
            four[k] = letters[k <= have ? (group >> (18u - (6u * k))) & 63u : 64u];
        }
        good = pario_i_buffer_append(text, four, 4);
    }
    return good;
}

/* Appends the URL's userinfo with its percent-encoding undone, and the colon if it lacks one.
 * *good: the user has no colon of his own. False: out of memory. */
static bool pario_i_userinfo(const pario_i_url *parts, const unsigned char *s,
                             pario_i_buffer *plain, bool *good)
{
    size_t beg = pario_i_url_user_beg(parts);
    size_t end = pario_i_url_user_end(parts);
    size_t colon = pario_i_find(s, beg, end, ':');
    bool   room = true;
    for (size_t i = beg; i < end && room; i++) {
        unsigned char byte = s[i];
        if (byte == '%' && end - i >= 3) {
            unsigned value = (pario_i_hex_value(s[i + 1]) << 4) | pario_i_hex_value(s[i + 2]);
            byte = (unsigned char)(value & 255u);
            i += 2;
        }
        *good = *good && (byte != ':' || i >= colon);
        room = pario_i_buffer_append(plain, &byte, 1);
    }
    return room && (colon < end || pario_i_buffer_append(plain, ":", 1));
}

/* Appends "user:password" of a request, or else of its URL, which has these parts. */
static pario_error pario_i_plain(const pario_request *request, const pario_i_url *parts,
                                 pario_i_buffer *plain)
{
    bool room;
    bool good = true;
    if (request->user != NULL) {
        const char       *password = request->password != NULL ? request->password : "";
        const char *const pieces[] = { request->user, ":", password };
        good = strchr(request->user, ':') == NULL;
        room = pario_i_buffer_join(plain, pieces, 3);
    } else {
        room = pario_i_userinfo(parts, (const unsigned char *)request->url, plain, &good);
    }
    if (!room) {
        return PARIO_ERROR_MEMORY;
    }
    good = good && pario_i_is_text(plain->data, 0, plain->size) &&
           pario_i_find(plain->data, 0, plain->size, '\t') == plain->size;
    return good ? PARIO_OK : PARIO_ERROR_CREDENTIALS;
}

/* Appends a field line with these credentials for Basic authentication, RFC 7617 section 2. */
static pario_error pario_i_basic(const char *name, const pario_request *request,
                                 const pario_i_url *parts, pario_i_buffer *text)
{
    const char *const begin[] = { name, ": Basic " };
    pario_i_buffer    plain = { NULL, 0, 0 };
    pario_error       error = pario_i_plain(request, parts, &plain);
    if (error == PARIO_OK) {
        bool room = pario_i_buffer_join(text, begin, 2) &&
                    pario_i_base64(text, plain.data, plain.size) &&
                    pario_i_buffer_append(text, "\r\n", 2);
        error = room ? PARIO_OK : PARIO_ERROR_MEMORY;
    }
    pario_i_buffer_free(&plain);
    return error;
}

/* Appends the Authorization line, where the request or its URL has credentials. */
static pario_error pario_i_order_credentials(pario_i_order *order, const pario_request *request,
                                             pario_i_buffer *text)
{
    if (request->user == NULL) {
        if (request->password != NULL) {
            return PARIO_ERROR_CREDENTIALS;
        }
        if (pario_i_url_user_beg(&order->parts) == pario_i_url_user_end(&order->parts)) {
            return PARIO_OK;
        }
    }
    if ((order->flags & PARIO_I_SECRET) != 0) {
        return PARIO_ERROR_FIELD_RESERVED;
    }
    order->flags = (uint8_t)(order->flags | PARIO_I_SECRET);
    return pario_i_basic("Authorization", request, &order->parts, text);
}

/* Checks the URL and notes its parts. `tls`: https may be had. */
static pario_error pario_i_order_url(pario_i_order *order, const char *url, bool tls)
{
    pario_error error = pario_i_url_parse((const unsigned char *)url, strlen(url), &order->parts);
    return error == PARIO_OK && order->parts.https && !tls ? PARIO_ERROR_NEEDS_TLS : error;
}

/* Whether a request has content, which may be empty. */
static bool pario_i_request_has_content(const pario_request *request)
{
    return request->body != NULL || request->body_fd > 0;
}

/* Whether a pointer is there wherever a size says that it is needed, and content comes from one
 * place only. */
static bool pario_i_request_is_whole(const pario_request *request)
{
    return request->url != NULL && (request->body != NULL || request->body_size == 0) &&
           (request->fields != NULL || request->field_count == 0) && request->body_fd >= 0 &&
           request->body_fd_size >= PARIO_UNLIMITED &&
           (request->body_fd == 0 ? request->body_fd_size == 0 : request->body == NULL);
}

/* Whether a request's content has at most one place to go to. */
static bool pario_i_request_is_aimed(const pario_request *request)
{
    int places = (request->stream ? 1 : 0) + (request->into != NULL ? 1 : 0) +
                 (request->into_fd != 0 ? 1 : 0);
    return places <= 1 && request->into_fd >= 0 &&
           (request->into != NULL) == (request->into_size != 0);
}

/*
 * Checks a request, all of it, and notes it in *order. What has to stand behind the URL is
 * appended to *text. `tls`: https may be had.
 */
static pario_error pario_i_order_read(pario_i_order *order, const pario_request *request, bool tls,
                                      pario_i_buffer *text)
{
    memset(order, 0, sizeof *order);
    if (!pario_i_request_is_whole(request) || !pario_i_request_is_aimed(request)) {
        return PARIO_ERROR_ARGUMENT;
    }
    pario_error error = pario_i_order_url(order, request->url, tls);
    order->flags = pario_i_request_has_content(request) ? PARIO_I_HAS_CONTENT : 0;
    for (size_t i = 0; i < request->field_count && error == PARIO_OK; i++) {
        error = pario_i_order_field(order, &request->fields[i], text);
    }
    if (error == PARIO_OK) {
        error = pario_i_order_credentials(order, request, text);
    }
    if (error == PARIO_OK) {
        bool fits = text->size <= UINT32_MAX / 2 && request->body_size <= SIZE_MAX / 4;
        error = fits ? pario_i_order_rest(order, request, text) : PARIO_ERROR_TOO_LARGE;
    }
    return error;
}

/* Makes the request fit for another origin, for another method: RFC 9110 section 15.4. */
static void pario_i_order_redirect(pario_i_order *order, bool other_origin, bool other_method)
{
    unsigned char *s = pario_i_order_fields(order);
    size_t         end = strlen((const char *)s);
    size_t         size = pario_i_order_text_size(order);
    size_t         kept = 0;
    size_t         beg = 0;
    unsigned drops = (other_origin ? PARIO_I_PRIVATE : 0u) | (other_method ? PARIO_I_ABOUT : 0u);
    size += (order->flags & PARIO_I_HAS_CONTENT) != 0 ? sizeof(pario_i_content) : 0u;
    while (beg < end) {
        size_t next = pario_i_min(pario_i_find(s, beg, end, '\n') + 1, end);
        size_t colon = pario_i_find(s, beg, next, ':');
        if ((pario_i_order_bits(s + beg, colon - beg, NULL) & drops) == 0) {
            memmove(s + kept, s + beg, next - beg);
            kept += next - beg;
        }
        beg = next;
    }
    if (kept < end) {
        memmove(s + kept, s + end, size - end);
    }
    if (other_origin) {
        order->flags = (uint8_t)(order->flags & ~(PARIO_I_SECRET | PARIO_I_OWN_HOST));
    }
    if (other_method) {
        order->method = PARIO_I_GET;
        order->flags = (uint8_t)(order->flags & ~PARIO_I_HAS_CONTENT);
    }
}

/* Copies size bytes to out[at..] and returns the index behind them. */
static size_t pario_i_put(unsigned char *out, size_t at, const void *bytes, size_t size)
{
    memcpy(out + at, bytes, size);
    return at + size;
}

/* Writes the host as the URL has it, with its port unless that is the scheme's own. */
static inline size_t pario_i_request_put_authority(const pario_i_order *order, unsigned char *out,
                                                   size_t at)
{
    const pario_i_url *parts = &order->parts;
    size_t             around = parts->literal ? 1u : 0u;
    bool               own = parts->port != (parts->https ? 443u : 80u);
    size_t             beg = (size_t)parts->host_beg - around;
    size_t             end = own ? (size_t)parts->target_beg : (size_t)parts->host_end + around;
    return pario_i_put(out, at, order->url + beg, end - beg);
}

/* Writes "METHOD target HTTP/1.1" and Host, RFC 9112 section 3. There is room for it. `whole`: the
 * target is the whole URL, without userinfo and fragment. */
static size_t pario_i_request_put_line(const pario_i_order *order, bool whole, unsigned char *out)
{
    const pario_i_url   *parts = &order->parts;
    const unsigned char *url = order->url;
    const char          *name = pario_i_method_name(order->method);
    if (name == NULL) {
        name = pario_i_order_method_name(order);
    }
    size_t at = pario_i_put(out, 0, name, strlen(name));
    out[at++] = ' ';
    if (whole) {
        at = pario_i_put(out, at, "http://", 7);
        at = pario_i_request_put_authority(order, out, at);
    }
    if (parts->target_beg == parts->target_end || url[parts->target_beg] != '/') {
        out[at++] = '/';
    }
    at = pario_i_put(out, at, url + parts->target_beg,
                     (size_t)parts->target_end - parts->target_beg);
    at = pario_i_put(out, at, " HTTP/1.1\r\n", 11);
    if ((order->flags & PARIO_I_OWN_HOST) == 0) {
        at = pario_i_put(out, at, "Host: ", 6);
        at = pario_i_request_put_authority(order, out, at);
        at = pario_i_put(out, at, "\r\n", 2);
    }
    return at;
}

/* Room that a request's head needs at most; 0: more than memory can hold. The host may stand in it
 * twice. The numbers, line ends and names that are added take less than 128 bytes. */
static inline size_t pario_i_request_room(const pario_i_order *order, size_t agent_size,
                                          const char *via)
{
    size_t room;
    size_t more = via != NULL ? strlen(via) : 0;
    bool   fits = pario_i_size_add(order->parts.end, pario_i_order_text_size(order), &room) &&
                pario_i_size_add(room, via != NULL ? order->parts.end : 0, &room) &&
                pario_i_size_add(room, more, &room) && pario_i_size_add(room, agent_size, &room) &&
                pario_i_size_add(room, 128, &room);
    return fits ? room : 0;
}

/* Whether the request says how long its content is, RFC 9110 section 8.6. */
static bool pario_i_request_has_length(const pario_i_order *order)
{
    return (order->flags & PARIO_I_HAS_CONTENT) != 0 || order->method == PARIO_I_POST ||
           order->method == PARIO_I_PUT || order->method == PARIO_I_PATCH;
}

/* Writes a field line of the library's own. */
static size_t pario_i_put_field(unsigned char *out, size_t end, const char *name, const char *value)
{
    size_t at = pario_i_put(out, end, name, strlen(name));
    at = pario_i_put(out, at, ": ", 2);
    at = pario_i_put(out, at, value, strlen(value));
    return pario_i_put(out, at, "\r\n", 2);
}

/* Writes how the content is framed, and whether the server is to ask for it. */
static size_t pario_i_request_put_framing(const pario_i_order *order, unsigned char *s, size_t end)
{
    pario_i_content       content = pario_i_order_content(order);
    const pario_i_upload *upload = content.upload;
    uint64_t              size = upload != NULL ? upload->size : content.size;
    size_t                at = end;
    if (size == PARIO_I_UNKNOWN) {
        at = pario_i_put_field(s, at, "Transfer-Encoding", "chunked");
    } else {
        char   digits[21];
        size_t count = pario_i_write_decimal(size, digits);
        at = pario_i_put(s, at, "Content-Length: ", 16);
        at = pario_i_put(s, at, digits, count);
        at = pario_i_put(s, at, "\r\n", 2);
    }
    return upload != NULL && upload->expects ? pario_i_put_field(s, at, "Expect", "100-continue")
                                             : at;
}

/*
 * Writes the whole head of a request into *out, which is emptied first. `agent`: the User-Agent
 * line with its line end, or "". `via`: NULL, or for a proxy, which is to be told the whole URL,
 * its Proxy-Authorization line or "". False: out of memory.
 */
static bool pario_i_request_write(const pario_i_order *order, const char *agent, const char *via,
                                  pario_i_buffer *out)
{
    size_t agent_size = strlen(agent);
    size_t room = pario_i_request_room(order, agent_size, via);
    out->size = 0;
    if (room == 0 || !pario_i_buffer_reserve(out, room)) {
        return false;
    }
    unsigned char *s = out->data;
    size_t         at = pario_i_request_put_line(order, via != NULL, s);
    if (via != NULL) {
        at = pario_i_put(s, at, via, strlen(via));
    }
    if ((order->flags & PARIO_I_OWN_AGENT) == 0) {
        at = pario_i_put(s, at, agent, agent_size);
    }
    if ((order->flags & PARIO_I_OWN_ACCEPT) == 0) {
        at = pario_i_put(s, at, "Accept: */*\r\n", 13);
    }
    if (pario_i_request_has_length(order)) {
        at = pario_i_request_put_framing(order, s, at);
    }
    if ((order->flags & PARIO_I_HAS_TEXT) != 0) {
        const unsigned char *fields = pario_i_order_fields(order);
        at = pario_i_put(s, at, fields, strlen((const char *)fields));
    }
    out->size = pario_i_put(s, at, "\r\n", 2);
    return true;
}

/* As pario_i_request_write, the request to a proxy for a tunnel to the order's host and port, RFC
 * 9110 section 9.3.6. Of what the origin is to be told, the User-Agent alone stands in it. */
static bool pario_i_request_write_connect(const pario_i_order *order, const char *agent,
                                          const char *via, pario_i_buffer *out)
{
    static const char *const before[] = { "CONNECT ", " HTTP/1.1\r\nHost: " };
    const pario_i_url       *parts = &order->parts;
    size_t                   around = parts->literal ? 1u : 0u;
    const unsigned char     *host = order->url + parts->host_beg - around;
    size_t                   size = (size_t)parts->host_end - parts->host_beg + around + around;
    bool                     own = (order->flags & PARIO_I_OWN_AGENT) != 0;
    char                     port[21];
    const char *const        colon[] = { ":", port };
    const char *const        rest[] = { "\r\n", via, own ? "" : agent, "\r\n" };
    bool                     good = true;
    (void)pario_i_write_decimal(parts->port, port);
    out->size = 0;
    for (size_t i = 0; i < 2 && good; i++) {
        good = pario_i_buffer_join(out, &before[i], 1) && pario_i_buffer_append(out, host, size) &&
               pario_i_buffer_join(out, colon, 2);
    }
    return good && pario_i_buffer_join(out, rest, 4);
}

/* A proxy, and what is not asked through it. */
typedef struct pario_i_proxy {
    const unsigned char *url;
    pario_i_url          parts;
    const char          *exceptions;    /* as pario_config has them */
    const char          *authorization; /* the Proxy-Authorization line, or "" */
} pario_i_proxy;

/* Appends the Proxy-Authorization line, if the proxy's URL has credentials. */
static pario_error pario_i_proxy_credentials(const pario_i_proxy *proxy, pario_i_buffer *text)
{
    pario_request request;
    if (pario_i_url_user_beg(&proxy->parts) == pario_i_url_user_end(&proxy->parts)) {
        return PARIO_OK;
    }
    memset(&request, 0, sizeof request);
    request.url = (const char *)proxy->url;
    return pario_i_basic("Proxy-Authorization", &request, &proxy->parts, text);
}

/* Checks a proxy's URL and notes its parts: http, and nothing behind the port but a slash. */
static pario_error pario_i_proxy_parse(pario_i_proxy *proxy)
{
    pario_i_url *parts = &proxy->parts;
    pario_error  error = pario_i_url_parse(proxy->url, strlen((const char *)proxy->url), parts);
    if (error == PARIO_ERROR_SCHEME || (error == PARIO_OK && parts->https)) {
        return PARIO_ERROR_PROXY_SCHEME;
    }
    bool bare = parts->target_beg == parts->end ||
                (parts->target_beg + 1u == parts->end && proxy->url[parts->target_beg] == '/');
    return error == PARIO_OK && bare ? PARIO_OK : PARIO_ERROR_PROXY_URL;
}

/* Reads a proxy's URL and the list of what is not asked through it. Copies of them, and what comes
 * of them, are put into *text, the caller's, which must outlive the proxy. */
static pario_error pario_i_proxy_read(pario_i_proxy *proxy, const char *url, const char *exceptions,
                                      pario_i_buffer *text)
{
    proxy->url = (const unsigned char *)url;
    pario_error error = pario_i_proxy_parse(proxy);
    if (error != PARIO_OK) {
        return error;
    }
    if (!pario_i_buffer_append(text, url, strlen(url) + 1) ||
        !pario_i_buffer_append(text, exceptions, strlen(exceptions) + 1)) {
        return PARIO_ERROR_MEMORY;
    }
    error = pario_i_proxy_credentials(proxy, text);
    if (error == PARIO_OK) {
        error = pario_i_buffer_append(text, "", 1) ? PARIO_OK : PARIO_ERROR_MEMORY;
    }
    proxy->url = text->data;
    proxy->exceptions = (const char *)text->data + strlen(url) + 1;
    proxy->authorization = proxy->exceptions + strlen(exceptions) + 1;
    return error;
}
#endif

#if PARIO_SECTIONS >= 6
/* ------------------------------------------------------------------------------------------ */
/* >>exchange */

/* Content of a redirect that is read only to keep the connection: not more than this. */
#define PARIO_I_DISCARD_BYTES 131072u
/* Content of a known length up to this is kept with its head; */
#define PARIO_I_INNER_CONTENT_BYTES 16384u
/* room is made beforehand up to this; beyond it grows as bytes come. */
#define PARIO_I_FIRST_CONTENT_BYTES 1048576u
/* So much of content that is passed on is in memory at most. It is above the 65,483 bytes of the
 * loopback interface's largest segment. It is no multiple of a page, as some processors copy ten
 * times slower to a few bytes behind the source's place in its page: who comes to that would stay
 * there, as the slower a receiver is the more often its buffer is full. */
#define PARIO_I_PART_BYTES 65500u
/* So much of what goes to a file, which takes it at once. */
#define PARIO_I_FILE_PART_BYTES 262000u

/* The limits of a request, in nanoseconds, bytes and numbers; the largest value is no limit. And
 * where its content goes. */
typedef struct pario_i_limits {
    int64_t        connect;
    int64_t        progress;
    int64_t        total;
    int64_t        expect;
    uint64_t       expect_bytes; /* 0: no content waits */
    uint64_t       body_bytes;
    uint64_t       chunk_extension_bytes;
    uint32_t       head_bytes;
    uint32_t       fields;
    uint32_t       trailer_bytes;
    uint32_t       interim;
    uint32_t       redirects;
    bool           tls;    /* https may be had */
    bool           passes; /* content is passed on as it comes, and not kept: */
    bool           pipes;  /* into_fd is one, or a socket, or is not known not to be */
    int            into_fd;
    pario_client  *consumer; /* to who calls pario_next, or, if this is NULL, to a descriptor */
    unsigned char *into;     /* where else it is kept, or NULL */
} pario_i_limits;

/* What a server has answered so far. */
typedef struct pario_i_reply {
    pario_i_head             head;
    pario_i_buffer           bytes; /* of the head */
    pario_i_buffer           content;
    bool                     headed;  /* the head is complete */
    bool                     discard; /* a redirect that is followed: the content is not kept */
    bool                     packed;  /* the head's fields and bytes are in this very block */
    bool                     holds;   /* so is the content, or it is in the user's memory */
    bool                     direct;  /* content is received where it belongs */
    bool                     opened;  /* the head has been handed out, and given back */
    bool                     last;    /* no content follows what is here */
    bool                     exact;   /* and nothing else */
    bool                     early;   /* the request has not been sent to its end */
    bool                     orphan;  /* the client was closed while its consumer had a part */
    uint32_t                 first_byte_us;
    uint64_t                 passed; /* content that has gone already */
    pario_i_framing          framing;
    pario_i_chunked          chunked;
    pario_i_head             trailer;
    pario_i_buffer           trailer_bytes;
    struct pario_i_exchange *next;     /* among those of which a part is to be handed out */
    size_t                   written;  /* of the part of it that is here */
    uint64_t                 received; /* bytes, interim responses and framing included */
    uint32_t                 interim;  /* responses before this one */
} pario_i_reply;

/* What an exchange wants next. */
typedef enum pario_i_phase {
    PARIO_I_QUEUED,  /* its turn */
    PARIO_I_CONNECT, /* a connection to order.parts; one it still has is to be given back */
    PARIO_I_SEND,    /* to send, and to receive if the server is early */
    PARIO_I_RECEIVE, /* to receive */
    PARIO_I_STORE,   /* to write a part of its content to the user's descriptor */
    PARIO_I_HELD,    /* its consumer to take the head or a part, and to give it back */
    PARIO_I_END      /* nothing: its result is there */
} pario_i_phase;

/* Bit of a peer's port: it is a proxy's. */
#define PARIO_I_PROXIED 65536u

/* What is remembered of the way that redirects led. It stands before the URL. */
typedef struct pario_i_detour {
    uint64_t mark;     /* see pario_i_exchange_loops */
    uint64_t received; /* bytes of all replies on the way */
    uint32_t first_byte_us;
    uint32_t redirects; /* followed */
} pario_i_detour;

/*
 * The life of one request, from the queue to its result. There are as many as requests are in
 * flight, so what never holds at the same time shares a place, and what few of them have is
 * elsewhere: in the reply, or with the URL. On PARIO_THREADS the first row of bits belongs to who
 * runs it, the second to who has the lock.
 */
typedef struct pario_i_exchange {
    union {
        struct pario_i_exchange   *next;       /* in a list: the queue, the done, its host's */
        struct pario_i_connection *connection; /* where it is attached; it is in no list then */
    };
    union {
        struct pario_i_exchange *previous;
        uint64_t                 sent; /* on this connection, head and content */
    };
    union {
        struct pario_i_fiber     *fiber; /* that runs it and waits */
        struct pario_i_addresses *peer;  /* in the end: the addresses of the last connection */
    };
    const pario_i_limits *limits;
    pario_i_reply        *reply;       /* from the first byte on */
    int64_t               started_at;  /* while it is queued: since when */
    int64_t               progress_at; /* in the end: when that was */
    pario_i_order         order;
    union {
        uint32_t head_size; /* once it has been written */
        uint32_t peer_port; /* in the end: of the last connection; 0: it had none */
    };
    int16_t system_error;
    int16_t resolver_error;
    uint8_t peer_index;
    uint8_t phase;           /* a pario_i_phase */
    uint8_t error;           /* a pario_error */
    uint8_t stage;           /* a pario_stage */
    bool    cancelled;       /* atomic: somebody wants it to end */
    bool    attached;        /* it has a connection */
    bool    reused : 1;      /* the connection had served before */
    bool    answered : 1;    /* a byte of a reply came on this connection */
    bool    replayed : 1;    /* after a stale connection: wants a new one */
    bool    moves : 1;       /* the connection it has is not for what comes next */
    bool    send_failed : 1; /* system_error says why */
    bool    cut : 1;         /* the connection's end is not to be relied on */
    bool    keep : 1;        /* its connection may serve again */
    bool    paused : 1;      /* its clock stands still while it is parked */
    bool : 0;
    bool          queued : 1;     /* in the client's queue */
    bool          parked : 1;     /* waits for a connection to its host */
    bool          inlined : 1;    /* runs where pario_fetch was called */
    bool          waited_for : 1; /* by pario_fetch: not for pario_next */
    bool          finished : 1;   /* nobody works on it any more */
    bool          ready : 1;    /* a part of it is to be handed out, or its end in place of that */
    bool          held : 1;     /* its consumer has the head or a part, */
    bool          released : 1; /* has given it back */
    size_t        tag;
    uint64_t      id;
    uint64_t      bytes_sent; /* all in all */
    uint32_t      queued_us;
    uint32_t      resolved_us;
    uint32_t      connected_us;
    unsigned char text[1]; /* the URL begins here, or behind limits of its own */
} pario_i_exchange;

/* a + b for b >= 0, INT64_MAX where that overflows. */
static int64_t pario_i_time_add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Whole microseconds between two times, as far as 32 bits reach (71 minutes). */
static uint32_t pario_i_elapsed_us(int64_t from, int64_t to)
{
    int64_t us = to > from ? (to - from) / 1000 : 0;
    return us < (int64_t)UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* Forgets a reply's content. */
static void pario_i_reply_drop_content(pario_i_reply *reply)
{
    if (!reply->holds) {
        PARIO_FREE(reply->content.data);
    }
    reply->holds = false;
    reply->content.data = NULL;
    reply->content.size = 0;
    reply->content.room = 0;
}

/* Gives a reply's memory back; NULL is harmless. */
static void pario_i_reply_free(pario_i_reply *reply)
{
    if (reply != NULL) {
        if (!reply->packed) {
            PARIO_FREE(reply->head.fields);
            PARIO_FREE(reply->bytes.data);
        }
        if (reply->trailer_bytes.data != NULL) {
            PARIO_FREE(reply->trailer.fields);
            PARIO_FREE(reply->trailer_bytes.data);
        }
        pario_i_reply_drop_content(reply);
        PARIO_FREE(reply);
    }
}

/* A reply whose head has come in part: takes the bytes over, and the parser with its fields. */
static pario_i_reply *pario_i_reply_partial(pario_i_head *spare, const unsigned char *s,
                                            size_t size)
{
    pario_i_reply *reply = (pario_i_reply *)pario_i_new(sizeof *reply, 0, 0);
    if (reply == NULL || !pario_i_buffer_append(&reply->bytes, s, size)) {
        PARIO_FREE(reply);
        return NULL;
    }
    reply->head = *spare;
    spare->fields = NULL;
    spare->room = 0;
    return reply;
}

/* A reply whose head came whole: one block with copies of its fields and of its bytes, and with
 * room for content, if that is not 0, and a NUL behind it. */
static pario_i_reply *pario_i_reply_packed(const pario_i_head *spare, const unsigned char *s,
                                           size_t size, size_t content)
{
    size_t table;
    size_t room;
    void  *block = NULL;
    if (pario_i_size_multiply(spare->count, sizeof(pario_i_field), &table) &&
        pario_i_size_add(table, sizeof(pario_i_reply), &room) &&
        pario_i_size_add(room, size, &room) && pario_i_size_add(room, content + 1, &room)) {
        block = PARIO_MALLOC(room);
    }
    if (block == NULL) {
        return NULL;
    }
    pario_i_reply *reply = (pario_i_reply *)block;
    void          *fields = (unsigned char *)block + sizeof *reply;
    memset(reply, 0, sizeof *reply);
    reply->packed = true;
    reply->head = *spare;
    reply->head.fields = (pario_i_field *)fields;
    reply->bytes.data = (unsigned char *)fields + table;
    reply->bytes.size = size;
    if (content > 0) {
        reply->holds = true;
        reply->content.data = reply->bytes.data + size;
        reply->content.room = content + 1;
    }
    if (table > 0) {
        memcpy(fields, spare->fields, table);
    }
    memcpy(reply->bytes.data, s, size);
    return reply;
}

/* Makes an exchange of a request. PARIO_OK: *made is one; the caller frees it. `specific`: limits
 * of its own, or NULL for `limits`, which must outlive the exchange. */
static pario_error pario_i_exchange_new(const pario_request *request, const pario_i_limits *limits,
                                        const pario_i_limits *specific, pario_i_exchange **made)
{
    pario_i_order  order;
    pario_i_buffer text = { NULL, 0, 0 };
    *made = NULL;
    pario_error error = pario_i_order_read(&order, request, limits->tls, &text);
    if (error == PARIO_OK) {
        size_t head = specific != NULL ? sizeof(pario_i_exchange) + sizeof *specific
                                       : offsetof(pario_i_exchange, text);
        size_t size;
        void  *block = NULL;
        /* The URL, which has 9 bytes at least, ends behind the struct. */
        if (pario_i_size_add(head + order.parts.end + 1u, text.size, &size)) {
            block = PARIO_MALLOC(size);
        }
        error = block != NULL ? PARIO_OK : PARIO_ERROR_MEMORY;
        if (block != NULL) {
            pario_i_exchange *x = (pario_i_exchange *)block;
            memset(x, 0, sizeof *x);
            x->order = order;
            x->tag = request->tag;
            x->limits = limits;
            if (specific != NULL) {
                void *own = x + 1;
                memcpy(own, specific, sizeof *specific);
                x->limits = (const pario_i_limits *)own;
            }
            x->order.url = (unsigned char *)block + head;
            memcpy(x->order.url, request->url, order.parts.end + 1u);
            if (text.size > 0) {
                memcpy(pario_i_order_fields(&x->order), text.data, text.size);
            }
            *made = x;
        }
    }
    pario_i_buffer_free(&text);
    return error;
}

/* The upload of its content, or NULL. */
static inline pario_i_upload *pario_i_exchange_upload(const pario_i_exchange *x)
{
    return pario_i_order_content(&x->order).upload;
}

/* Whether the user has a field of his own with this name, or wants the library to send none. */
static bool pario_i_request_names(const pario_request *request, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < request->field_count && !found; i++) {
        const char *own = request->fields[i].name;
        found = pario_i_equals((const unsigned char *)own, 0, strlen(own), name);
    }
    return found;
}

/* Gives an exchange that was made of the request the upload that its content needs, if it does: as
 * `source` has it, whose fd, offset and size are set. False: out of memory. */
static bool pario_i_exchange_prepare(pario_i_exchange *x, const pario_request *request,
                                     const pario_i_upload *source)
{
    pario_i_content content = pario_i_order_content(&x->order);
    uint64_t        least = x->limits->expect_bytes;
    uint64_t        size = source->fd >= 0 ? source->size : content.size;
    bool expects = least > 0 && size >= least && !pario_i_request_names(request, "expect");
    if (source->fd < 0 && !expects) {
        return true;
    }
    pario_i_upload *upload = (pario_i_upload *)PARIO_MALLOC(sizeof *upload);
    if (upload != NULL) {
        *upload = *source;
        upload->size = size;
        upload->expects = expects;
        pario_i_order_set_upload(&x->order, upload);
    }
    return upload != NULL;
}

/* Whether all of the content can be sent, for the first time or again. */
static bool pario_i_exchange_rewinds(const pario_i_exchange *x)
{
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    return upload == NULL || pario_i_upload_rewinds(upload);
}

/* What is remembered of redirects. False, and NULL: there were none. */
static bool pario_i_exchange_detour(const pario_i_exchange *x, pario_i_detour **detour)
{
    bool  came = (x->order.flags & PARIO_I_DETOUR) != 0;
    void *before = came ? x->order.url - sizeof(pario_i_detour) : NULL;
    *detour = (pario_i_detour *)before;
    return came;
}

/* How many redirects were followed. */
static uint32_t pario_i_exchange_redirects(const pario_i_exchange *x)
{
    pario_i_detour *detour;
    return pario_i_exchange_detour(x, &detour) ? detour->redirects : 0;
}

/* How many bytes came, all in all. */
static inline uint64_t pario_i_exchange_bytes_received(const pario_i_exchange *x)
{
    pario_i_detour       *detour;
    uint64_t              before = pario_i_exchange_detour(x, &detour) ? detour->received : 0;
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    before += upload != NULL ? upload->received : 0;
    return before + (x->reply != NULL ? x->reply->received : 0);
}

/* When the first of them came; 0 if none did. */
static uint32_t pario_i_exchange_first_byte_us(const pario_i_exchange *x)
{
    pario_i_detour *detour;
    uint32_t        here = x->reply != NULL ? x->reply->first_byte_us : 0;
    return pario_i_exchange_detour(x, &detour) ? detour->first_byte_us : here;
}

/* Forgets the way that redirects led, and with it the URL that they led to. */
static void pario_i_exchange_drop_detour(const pario_i_exchange *x)
{
    pario_i_detour *detour;
    if (pario_i_exchange_detour(x, &detour)) {
        PARIO_FREE(detour);
    }
}

/* Gives an exchange's own memory back, all but what `peer` and `connection` point to. */
static void pario_i_exchange_free(pario_i_exchange *x)
{
    pario_i_reply_free(x->reply);
    pario_i_upload_free(pario_i_exchange_upload(x));
    pario_i_exchange_drop_detour(x);
    PARIO_FREE(x);
}

/* Its turn has come. */
static void pario_i_exchange_start(pario_i_exchange *x, int64_t now)
{
    x->queued_us = pario_i_elapsed_us(x->started_at, now);
    x->started_at = now;
    x->progress_at = now;
    x->phase = PARIO_I_CONNECT;
    x->stage = PARIO_STAGE_RESOLVE;
}

/* It has to wait for a connection to its host, which does not count as time of its own. */
static void pario_i_exchange_pause(pario_i_exchange *x, int64_t now)
{
    if (!x->paused && x->phase == PARIO_I_CONNECT) {
        x->paused = true;
        x->progress_at = now;
    }
}

/* It waits no longer: the time since then goes to the queue's account. */
static void pario_i_exchange_resume(pario_i_exchange *x, int64_t now)
{
    if (x->paused) {
        x->paused = false;
        uint32_t waited = pario_i_elapsed_us(x->progress_at, now);
        x->queued_us = waited < UINT32_MAX - x->queued_us ? x->queued_us + waited : UINT32_MAX;
        x->started_at += now - x->progress_at;
        x->progress_at = now;
    }
}

/* The end, with an error or without. */
static void pario_i_exchange_end(pario_i_exchange *x, pario_error error, int64_t now)
{
    pario_i_exchange_resume(x, now);
    x->error = (uint8_t)error;
    x->phase = PARIO_I_END;
    x->progress_at = now;
    x->peer_port = 0;
    x->keep = x->keep && error == PARIO_OK;
    if (error != PARIO_OK && x->reply != NULL && !x->held) {
        pario_i_reply_drop_content(x->reply);
    }
    if (pario_i_exchange_upload(x) != NULL) {
        pario_i_upload_drop(pario_i_exchange_upload(x));
    }
}

/* A system call failed for good: ends with the error and its errno. */
static void pario_i_exchange_fail(pario_i_exchange *x, pario_error error, int system_error,
                                  int64_t now)
{
    x->system_error = (int16_t)system_error;
    pario_i_exchange_end(x, error, now);
}

/* A connection stands. */
static inline void pario_i_exchange_connected(pario_i_exchange *x, bool reused, int64_t now)
{
    x->phase = PARIO_I_SEND;
    x->stage = PARIO_STAGE_SEND;
    x->reused = reused;
    x->connected_us = reused ? 0 : pario_i_elapsed_us(x->started_at, now);
    x->resolved_us = reused ? 0 : x->resolved_us;
    x->progress_at = now;
    x->sent = 0;
    x->system_error = 0;
    x->answered = false;
    x->send_failed = false;
    x->cut = false;
    x->keep = false;
    if (pario_i_exchange_upload(x) != NULL) {
        pario_i_upload_rewind(pario_i_exchange_upload(x));
    }
}

/* The content that is to be sent next, as far as it is in memory: none beside a head that asks
 * whether the server wants it, and none of a descriptor before it was read. */
static pario_i_content pario_i_exchange_content_left(const pario_i_exchange *x)
{
    pario_i_content       content = pario_i_order_content(&x->order);
    const pario_i_upload *upload = content.upload;
    size_t                beg = x->sent > x->head_size ? (size_t)(x->sent - x->head_size) : 0;
    if (upload != NULL && upload->fd >= 0) {
        content.bytes = upload->piece;
        content.size = upload->end;
        beg = upload->beg;
    } else if (upload != NULL && upload->expects && x->sent < x->head_size) {
        content.size = 0;
    }
    content.size -= beg;
    content.bytes = content.size > 0 ? content.bytes + beg : NULL;
    return content;
}

/* Whether, something having been sent, there is no more to be sent before it has been read. */
static bool pario_i_exchange_wants_piece(const pario_i_exchange *x)
{
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    return upload != NULL && upload->fd >= 0 && x->sent >= x->head_size &&
           upload->beg == upload->end;
}

/* So many bytes of the content were read, none at its end. */
static void pario_i_exchange_take(pario_i_exchange *x, size_t size, int64_t now)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    upload->starves = false;
    x->progress_at = now;
    if (!pario_i_upload_take(upload, size)) {
        pario_i_exchange_end(x, PARIO_ERROR_BODY_READ, now);
    }
}

/* Whether the request has been sent to its end. */
static inline bool pario_i_exchange_is_sent(const pario_i_exchange *x)
{
    pario_i_content       content = pario_i_order_content(&x->order);
    const pario_i_upload *upload = content.upload;
    if (upload != NULL && upload->fd >= 0) {
        return x->sent >= x->head_size && pario_i_upload_is_sent(upload);
    }
    return x->sent >= (uint64_t)x->head_size + content.size;
}

/* `bytes` more have been sent: of the head, of the content, or of both if that is in memory. */
static void pario_i_exchange_sent(pario_i_exchange *x, size_t bytes, int64_t now)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    if (upload != NULL && upload->fd >= 0 && x->sent >= x->head_size) {
        upload->beg += (uint32_t)bytes;
    }
    x->sent += bytes;
    x->bytes_sent += bytes;
    x->progress_at = now;
    if (pario_i_exchange_is_sent(x)) {
        x->phase = PARIO_I_RECEIVE;
        if (x->stage == PARIO_STAGE_SEND) {
            x->stage = PARIO_STAGE_HEAD;
        }
        if (upload != NULL) {
            pario_i_upload_drop(upload);
        }
    } else if (upload != NULL && upload->expects && x->sent == x->head_size) {
        upload->waits = true; /* the head asks for 100 (Continue): the server's turn, for a while */
        upload->wait_until = pario_i_time_add(now, x->limits->expect);
        x->phase = PARIO_I_RECEIVE;
    }
}

/* A fingerprint of what is asked for: FNV-1a over the method and the URL without its fragment. */
static uint64_t pario_i_exchange_fingerprint(const pario_i_exchange *x)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ x->order.method;
    for (size_t i = 0; i < x->order.parts.target_end; i++) {
        hash = (hash ^ x->order.url[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Whether the redirects run in a circle, by Brent's method: the mark stays where the number of
 * redirects was a power of two, and a circle comes back to it. */
static bool pario_i_exchange_loops(const pario_i_exchange *x)
{
    pario_i_detour *detour;
    uint64_t        hash = pario_i_exchange_fingerprint(x);
    bool            loops = pario_i_exchange_detour(x, &detour) && hash == detour->mark;
    if (detour != NULL && (detour->redirects & (detour->redirects - 1u)) == 0) {
        detour->mark = hash;
    }
    return loops;
}

/* Whether a status asks to go elsewhere by itself, RFC 9110 section 15.4. */
static bool pario_i_status_redirects(unsigned status)
{
    return (status >= 301u && status <= 303u) || status == 307u || status == 308u;
}

/* What is wrong with a URL that a redirect leads to and that was parsed with this result. */
static pario_error pario_i_relocation_error(pario_error error, const pario_i_url *parts, bool tls)
{
    if (error == PARIO_ERROR_SCHEME) {
        return PARIO_ERROR_REDIRECT_SCHEME;
    }
    /* One userinfo has been left out; where there is another, the authority is malformed. */
    size_t authority = (size_t)parts->host_beg - (parts->literal ? 1u : 0u);
    if (error != PARIO_OK || authority != (parts->https ? 8u : 7u)) {
        return PARIO_ERROR_REDIRECT_LOCATION;
    }
    return parts->https && !tls ? PARIO_ERROR_NEEDS_TLS : PARIO_OK;
}

/* Appends what is remembered of the way so far, this redirect included. */
static bool pario_i_exchange_put_detour(const pario_i_exchange *x, pario_i_buffer *out)
{
    pario_i_detour *before;
    pario_i_detour  detour;
    bool            first = !pario_i_exchange_detour(x, &before);
    detour.mark = first ? pario_i_exchange_fingerprint(x) : before->mark;
    detour.received = pario_i_exchange_bytes_received(x);
    detour.first_byte_us = pario_i_exchange_first_byte_us(x);
    detour.redirects = pario_i_exchange_redirects(x) + 1u;
    return pario_i_buffer_append(out, &detour, sizeof detour);
}

/* Appends what stands behind the URL, and its NUL. */
static bool pario_i_exchange_put_text(const pario_i_exchange *x, pario_i_buffer *out)
{
    size_t size = pario_i_order_text_size(&x->order);
    size += (x->order.flags & PARIO_I_HAS_CONTENT) != 0 ? sizeof(pario_i_content) : 0u;
    return pario_i_buffer_append(out, "", 1) &&
           pario_i_buffer_append(out, pario_i_order_fields(&x->order), size);
}

/* Makes *to the order for the URL that the reply's Location means. On PARIO_OK its block, which
 * begins with a detour, is in *block, the caller's. */
static pario_error pario_i_exchange_relocate(const pario_i_exchange *x, pario_i_order *to,
                                             pario_i_buffer *block)
{
    const pario_i_reply *reply = x->reply;
    size_t               at = pario_i_head_lookup(&reply->head, reply->bytes.data, "location", 0);
    const pario_i_field *field = &reply->head.fields[at];
    size_t               beg = sizeof(pario_i_detour);
    *to = x->order;
    if (!pario_i_exchange_put_detour(x, block) ||
        !pario_i_url_resolve(x->order.url, &x->order.parts, reply->bytes.data + field->value_beg,
                             field->value_end - field->value_beg, block) ||
        block->data == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    size_t      size = block->size - beg;
    pario_error error = pario_i_relocation_error(
        pario_i_url_parse(block->data + beg, size, &to->parts), &to->parts, x->limits->tls);
    if (error == PARIO_OK && !pario_i_exchange_put_text(x, block)) {
        error = PARIO_ERROR_MEMORY;
    }
    to->url = block->data + beg;
    to->flags = (uint8_t)(to->flags | PARIO_I_DETOUR);
    return error;
}

/* Puts another order in the place of the present one, made fit for where it goes. */
static void pario_i_exchange_reorder(pario_i_exchange *x, const pario_i_order *to)
{
    unsigned status = x->reply->head.status;
    bool     origin = !pario_i_url_same_origin(x->order.url, &x->order.parts, to->url, &to->parts);
    bool     other = to->method != PARIO_I_GET && to->method != PARIO_I_HEAD;
    bool     method = (status == 303u && other) || (status <= 302u && to->method == PARIO_I_POST);
    pario_i_upload *upload = pario_i_exchange_upload(x);
    pario_i_exchange_drop_detour(x);
    x->order = *to;
    x->reply->received = 0; /* the detour has counted it, */
    if (upload != NULL) {
        upload->received = 0; /* and this */
    }
    if (method) {
        pario_i_upload_free(upload);
    }
    pario_i_order_redirect(&x->order, origin, method);
}

/* Wants another connection, for whatever comes next; from this one nothing is waited for. */
static void pario_i_exchange_move(pario_i_exchange *x, int64_t now)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    if (upload != NULL) {
        upload->waits = false;
    }
    x->phase = PARIO_I_CONNECT;
    x->stage = PARIO_STAGE_RESOLVE;
    x->moves = true;
    x->progress_at = now;
}

/* Goes on to where the reply points, or ends with an error. */
static void pario_i_exchange_redirect(pario_i_exchange *x, int64_t now)
{
    pario_i_order  to;
    pario_i_buffer block = { NULL, 0, 0 };
    pario_error    error = pario_i_exchange_relocate(x, &to, &block);
    if (error == PARIO_OK) {
        bool downgrade = x->order.parts.https && !to.parts.https;
        pario_i_exchange_reorder(x, &to);
        if (downgrade) {
            error = PARIO_ERROR_REDIRECT_SCHEME;
        } else if (pario_i_exchange_loops(x)) {
            error = PARIO_ERROR_REDIRECT_LOOP;
        } else if (!pario_i_exchange_rewinds(x)) {
            error = PARIO_ERROR_BODY_REWIND;
        }
    } else {
        pario_i_buffer_free(&block);
    }
    if (error != PARIO_OK) {
        pario_i_exchange_end(x, error, now);
        return;
    }
    pario_i_reply_free(x->reply);
    x->reply = NULL;
    x->replayed = false;
    pario_i_exchange_move(x, now);
}

/* The server does not know what to do with an Expect: asks again without one. */
static void pario_i_exchange_repeat(pario_i_exchange *x, pario_i_upload *upload, int64_t now)
{
    upload->expects = false;
    upload->received += x->reply->received;
    pario_i_reply_free(x->reply);
    x->reply = NULL;
    pario_i_exchange_move(x, now);
}

/* The reply is complete. `exact`: the server sent nothing behind it. */
static inline void pario_i_exchange_complete(pario_i_exchange *x, bool exact, int64_t now)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    x->keep = exact && x->reply->framing.persistent && (x->order.flags & PARIO_I_CLOSE) == 0 &&
              pario_i_exchange_is_sent(x) && !x->send_failed;
    if (!x->reply->discard) {
        pario_i_exchange_end(x, PARIO_OK, now);
    } else if (upload != NULL && x->reply->head.status == 417u) {
        pario_i_exchange_repeat(x, upload, now);
    } else {
        pario_i_exchange_redirect(x, now);
    }
}

/* Whether a final answer is one to "Expect: 100-continue" alone, RFC 9110 section 10.1.1. */
static bool pario_i_exchange_was_unexpected(const pario_i_exchange *x)
{
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    return x->reply->head.status == 417u && upload != NULL && upload->expects &&
           pario_i_upload_rewinds(upload);
}

/* The server wants the content, or has had time enough to say so. */
static void pario_i_exchange_go_on(pario_i_exchange *x, pario_i_upload *upload)
{
    upload->waits = false;
    x->phase = PARIO_I_SEND;
}

/* A final head has come before all was sent: RFC 9112 section 9.5. A server that answers with the
 * content it gets is sent that, also if it has not asked for it; one that wants something else is
 * sent no more. */
static void pario_i_exchange_stop_upload(pario_i_exchange *x)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    if (upload != NULL && upload->waits) {
        pario_i_exchange_go_on(x, upload);
    }
    if (x->reply->head.status >= 300u) {
        x->phase = PARIO_I_RECEIVE;
    }
}

/* Decides whether this reply is a redirect to be followed. */
static pario_error pario_i_exchange_consider_redirect(pario_i_exchange *x)
{
    pario_i_reply *reply = x->reply;
    if (!pario_i_status_redirects(reply->head.status) || x->limits->redirects == 0) {
        return PARIO_OK;
    }
    const unsigned char *s = reply->bytes.data;
    if (pario_i_head_lookup(&reply->head, s, "location", 0) == reply->head.count) {
        return PARIO_OK;
    }
    if (pario_i_head_lookup(&reply->head, s, "location", 1) < reply->head.count) {
        return PARIO_ERROR_REDIRECT_LOCATION;
    }
    reply->discard = true;
    return pario_i_exchange_redirects(x) < x->limits->redirects ? PARIO_OK
                                                                : PARIO_ERROR_TOO_MANY_REDIRECTS;
}

/* Content that is passed on: what has come is taken before more is received, and then, at its end,
 * the reply is complete. */
static void pario_i_exchange_pass_on(pario_i_exchange *x, int64_t now)
{
    pario_i_reply *reply = x->reply;
    bool           stream = x->limits->consumer != NULL;
    if (reply->content.size > 0 || (stream && !reply->opened)) {
        x->phase = stream ? PARIO_I_HELD : PARIO_I_STORE;
        return;
    }
    x->phase = reply->early ? PARIO_I_SEND : PARIO_I_RECEIVE;
    if (reply->last) {
        pario_i_exchange_complete(x, reply->exact, now);
    }
}

/* So many bytes of the part that is here have been taken. */
static void pario_i_exchange_passed(pario_i_exchange *x, size_t size, int64_t now)
{
    pario_i_reply *reply = x->reply;
    reply->passed += size;
    reply->written += size;
    x->progress_at = now;
    if (reply->written >= reply->content.size) {
        reply->content.size = 0;
        reply->written = 0;
        pario_i_exchange_pass_on(x, now);
    }
}

/* Its consumer has given back what it had: the head, or the part that is here. */
static void pario_i_exchange_released(pario_i_exchange *x, int64_t now)
{
    pario_i_reply *reply = x->reply;
    if (x->phase == PARIO_I_END) { /* it came to that meanwhile */
        reply->passed += reply->opened ? reply->content.size : 0;
        pario_i_reply_drop_content(reply);
    } else if (reply->opened) {
        pario_i_exchange_passed(x, reply->content.size, now);
    } else {
        reply->opened = true;
        x->progress_at = now;
        pario_i_exchange_pass_on(x, now);
    }
}

/* Whether the exchange still waits for its final head. */
static bool pario_i_exchange_wants_head(const pario_i_exchange *x)
{
    return x->reply == NULL || !x->reply->headed;
}

/* What came has been taken in. `done`: the content is complete; `exact`: nothing is behind it. */
static void pario_i_exchange_took_in(pario_i_exchange *x, bool done, bool exact, int64_t now)
{
    pario_i_reply *reply = x->reply;
    if (pario_i_exchange_wants_head(x)) {
        return;
    }
    if (x->limits->passes && !reply->discard) {
        reply->early = x->phase == PARIO_I_SEND;
        reply->last = done;
        reply->exact = exact;
        pario_i_exchange_pass_on(x, now);
    } else if (done) {
        pario_i_exchange_complete(x, exact, now);
    }
}

/* Where content may be received without being copied, and how much of it; NULL: nowhere. */
static unsigned char *pario_i_exchange_place(pario_i_exchange *x, size_t *room)
{
    pario_i_reply *reply = x->reply;
    if (reply == NULL || !reply->direct) {
        return NULL;
    }
    pario_i_buffer *content = &reply->content;
    if (reply->holds) {
        uint64_t left = content->room - 1 - content->size;
        *room = (size_t)(reply->framing.left < left ? reply->framing.left : left);
        return *room > 0 ? content->data + content->size : NULL;
    }
    bool waits = x->limits->consumer != NULL || x->limits->pipes; /* with what it has */
    *room = waits ? PARIO_I_PART_BYTES : PARIO_I_FILE_PART_BYTES;
    if (content->room <= *room) {
        pario_i_reply_drop_content(reply);
        (void)pario_i_buffer_reserve(content, *room);
    }
    return content->data;
}

/* It has to wait for content: the memory for it is given back meanwhile. */
static void pario_i_exchange_relax(const pario_i_exchange *x)
{
    if (x->reply != NULL && x->reply->direct && !x->reply->holds) {
        pario_i_reply_drop_content(x->reply);
    }
}

/* The content is not to be kept in the reply: prepares for that. */
static void pario_i_exchange_aim(const pario_i_exchange *x)
{
    pario_i_reply *reply = x->reply;
    if (x->limits->into != NULL) {
        reply->holds = true;
        reply->content.data = x->limits->into;
        reply->content.room = (size_t)x->limits->body_bytes + 1;
    }
    reply->direct = x->limits->passes || reply->framing.kind == PARIO_I_FRAMING_LENGTH;
}

/* Makes room for content of a known length. */
static pario_error pario_i_exchange_expect(pario_i_exchange *x, uint64_t length)
{
    pario_i_reply *reply = x->reply;
    if (length > x->limits->body_bytes && !reply->discard) {
        return PARIO_ERROR_BODY_TOO_LARGE;
    }
    size_t first = length < PARIO_I_FIRST_CONTENT_BYTES ? (size_t)length
                                                        : PARIO_I_FIRST_CONTENT_BYTES;
    bool   need = first > 0 && !reply->holds && !reply->discard && !reply->direct;
    return !need || pario_i_buffer_reserve(&reply->content, first) ? PARIO_OK : PARIO_ERROR_MEMORY;
}

/* The final head is complete, and its framing decided: prepares for the content. */
static pario_error pario_i_exchange_headed(pario_i_exchange *x, const pario_i_framing *framing)
{
    pario_i_reply *reply = x->reply;
    reply->framing = *framing;
    x->stage = PARIO_STAGE_BODY;
    pario_i_exchange_stop_upload(x);
    if (pario_i_exchange_was_unexpected(x)) {
        reply->discard = true;
        reply->framing.kind = PARIO_I_FRAMING_NONE; /* its content stays behind, with all else */
        reply->framing.persistent = false;
        return PARIO_OK;
    }
    pario_error error = pario_i_exchange_consider_redirect(x);
    if ((x->limits->passes || x->limits->into != NULL) && !reply->discard) {
        pario_i_exchange_aim(x);
    }
    if (framing->kind == PARIO_I_FRAMING_CHUNKED) {
        pario_i_chunked_begin(&reply->chunked, x->limits->chunk_extension_bytes);
        pario_i_head_begin(&reply->trailer, PARIO_I_HEAD_FIELDS, x->limits->trailer_bytes,
                           x->limits->fields);
    } else if (error == PARIO_OK && framing->kind == PARIO_I_FRAMING_LENGTH) {
        error = pario_i_exchange_expect(x, framing->left);
    }
    return error;
}

/* An interim response has come, RFC 9110 section 15.2: it is counted and forgotten. What is
 * behind it is read into an empty reply. */
static pario_error pario_i_exchange_interim(pario_i_exchange *x)
{
    pario_i_reply  *reply = x->reply;
    pario_i_upload *upload = pario_i_exchange_upload(x);
    if (reply->head.status == 101u) {
        return PARIO_ERROR_UPGRADE;
    }
    if (upload != NULL && upload->waits && reply->head.status == 100u) {
        pario_i_exchange_go_on(x, upload);
    }
    if (reply->interim >= x->limits->interim) {
        return PARIO_ERROR_TOO_MANY_INTERIM;
    }
    reply->interim++;
    reply->bytes.size = 0;
    pario_i_head_begin(&reply->head, PARIO_I_HEAD_STATUS, x->limits->head_bytes, x->limits->fields);
    return PARIO_OK;
}

/* A final head came whole: makes the reply of it. */
static pario_error pario_i_exchange_take_head(pario_i_exchange *x, const pario_i_head *spare,
                                              const unsigned char *s)
{
    pario_i_framing framing;
    pario_error error = pario_i_framing_decide(spare, s, x->order.method == PARIO_I_HEAD, &framing);
    bool        inner = error == PARIO_OK && framing.kind == PARIO_I_FRAMING_LENGTH &&
                 framing.left <= PARIO_I_INNER_CONTENT_BYTES && !x->limits->passes &&
                 x->limits->into == NULL;
    x->reply = pario_i_reply_packed(spare, s, spare->line_beg, inner ? (size_t)framing.left : 0);
    if (x->reply == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    x->reply->headed = true;
    return error == PARIO_OK ? pario_i_exchange_headed(x, &framing) : error;
}

/* Reads a head of which nothing came before. Moves *at behind what it took. */
static pario_error pario_i_exchange_read_new_head(pario_i_exchange *x, pario_i_head *spare,
                                                  unsigned char *s, size_t *at, size_t end)
{
    pario_i_head_begin(spare, PARIO_I_HEAD_STATUS, x->limits->head_bytes, x->limits->fields);
    pario_error error = pario_i_head_read(spare, s, end);
    bool        whole = error == PARIO_OK && spare->phase == PARIO_I_HEAD_DONE;
    *at = whole ? spare->line_beg : end;
    if (whole && spare->status >= 200) {
        return pario_i_exchange_take_head(x, spare, s);
    }
    x->reply = pario_i_reply_partial(spare, s, *at);
    if (x->reply == NULL) {
        return error != PARIO_OK ? error : PARIO_ERROR_MEMORY;
    }
    return whole ? pario_i_exchange_interim(x) : error;
}

/* Reads on in a head of which a part came before, or passes over an interim one. Moves *at behind
 * what it took. *whole: it is complete, and the final one. */
static pario_error pario_i_exchange_read_on(pario_i_exchange *x, const unsigned char *s, size_t *at,
                                            size_t end, bool *whole)
{
    pario_i_reply *reply = x->reply;
    size_t         before = reply->bytes.size;
    *whole = false;
    if (!pario_i_buffer_append(&reply->bytes, s + *at, end - *at)) {
        return PARIO_ERROR_MEMORY;
    }
    pario_error error = pario_i_head_read(&reply->head, reply->bytes.data, reply->bytes.size);
    if (error != PARIO_OK || reply->head.phase != PARIO_I_HEAD_DONE) {
        *at = end;
        return error;
    }
    *at += reply->head.line_beg - before;
    reply->bytes.size = reply->head.line_beg;
    *whole = reply->head.status >= 200;
    return *whole ? PARIO_OK : pario_i_exchange_interim(x);
}

/* As pario_i_exchange_read_on, of the origin's head. */
static pario_error pario_i_exchange_read_head(pario_i_exchange *x, const unsigned char *s,
                                              size_t *at, size_t end)
{
    pario_i_reply  *reply = x->reply;
    pario_i_framing framing;
    bool            whole;
    pario_error     error = pario_i_exchange_read_on(x, s, at, end, &whole);
    if (!whole) {
        return error;
    }
    reply->headed = true;
    error = pario_i_framing_decide(&reply->head, reply->bytes.data, x->order.method == PARIO_I_HEAD,
                                   &framing);
    return error == PARIO_OK ? pario_i_exchange_headed(x, &framing) : error;
}

/* Keeps content, or counts it where it is not wanted. */
static inline pario_error pario_i_exchange_content(pario_i_exchange *x, const unsigned char *bytes,
                                                   size_t size)
{
    pario_i_reply *reply = x->reply;
    if (reply->discard || size == 0) {
        reply->passed += size;
        return PARIO_OK;
    }
    if (size > x->limits->body_bytes - reply->passed - reply->content.size) {
        return PARIO_ERROR_BODY_TOO_LARGE;
    }
    return pario_i_buffer_append(&reply->content, bytes, size) ? PARIO_OK : PARIO_ERROR_MEMORY;
}

/* What is wrong with a trailer section, where its fields are read as those of a head are. */
static pario_error pario_i_trailer_error(pario_error error)
{
    if (error == PARIO_ERROR_FIELD_LINE) {
        return PARIO_ERROR_TRAILER;
    }
    bool large = error == PARIO_ERROR_HEAD_TOO_LARGE || error == PARIO_ERROR_TOO_MANY_FIELDS;
    return large ? PARIO_ERROR_TRAILERS_TOO_LARGE : error;
}

/* Reads on in the trailer section, if there is more: RFC 9112 section 7.1.2. *done: it is over. */
static pario_error pario_i_exchange_read_trailer(pario_i_exchange *x, const unsigned char *s,
                                                 size_t *at, size_t end, bool *done)
{
    pario_i_reply *reply = x->reply;
    size_t         before = reply->trailer_bytes.size;
    size_t         size = end - *at;
    if (size == 0) {
        return PARIO_OK;
    }
    if (before == 0 && size >= 2 && s[*at] == '\r' && s[*at + 1] == '\n') {
        *at += 2;
        *done = true;
        return PARIO_OK;
    }
    if (!pario_i_buffer_append(&reply->trailer_bytes, s + *at, size)) {
        return PARIO_ERROR_MEMORY;
    }
    pario_error error =
        pario_i_head_read(&reply->trailer, reply->trailer_bytes.data, reply->trailer_bytes.size);
    *done = error == PARIO_OK && reply->trailer.phase == PARIO_I_HEAD_DONE;
    *at = *done ? *at + reply->trailer.line_beg - before : end;
    return pario_i_trailer_error(error);
}

/* Reads on in chunked content. *done: it is complete. */
static pario_error pario_i_exchange_read_chunks(pario_i_exchange *x, const unsigned char *s,
                                                size_t *at, size_t end, bool *done)
{
    pario_i_reply *reply = x->reply;
    pario_error    error = PARIO_OK;
    while (*at < end && error == PARIO_OK && reply->chunked.phase != PARIO_I_CHUNK_TRAILER) {
        size_t data = *at;
        error = pario_i_chunked_read(&reply->chunked, s, at, end, &data);
        if (error == PARIO_OK && data < *at) {
            error = pario_i_exchange_content(x, s + data, *at - data);
        }
    }
    return error == PARIO_OK ? pario_i_exchange_read_trailer(x, s, at, end, done) : error;
}

/* Whether so much of a redirect's content is still to come that the connection is given up. */
static bool pario_i_exchange_gives_up(const pario_i_reply *reply)
{
    return reply->discard &&
           (reply->framing.kind == PARIO_I_FRAMING_CLOSE ||
            reply->framing.left > PARIO_I_DISCARD_BYTES || reply->passed > PARIO_I_DISCARD_BYTES);
}

/* Reads on in the content. *done: it is complete. */
static pario_error pario_i_exchange_read_content(pario_i_exchange *x, const unsigned char *s,
                                                 size_t *at, size_t end, bool *done)
{
    pario_i_framing *framing = &x->reply->framing;
    pario_error      error = PARIO_OK;
    size_t           size = end - *at;
    switch (framing->kind) {
    case PARIO_I_FRAMING_NONE:
        *done = true;
        break;
    case PARIO_I_FRAMING_LENGTH:
        size = framing->left < size ? (size_t)framing->left : size;
        error = pario_i_exchange_content(x, s + *at, size);
        *at += size;
        framing->left -= size;
        *done = framing->left == 0;
        break;
    case PARIO_I_FRAMING_CHUNKED:
        error = pario_i_exchange_read_chunks(x, s, at, end, done);
        break;
    case PARIO_I_FRAMING_CLOSE:
        error = pario_i_exchange_content(x, s + *at, size);
        *at = end;
        break;
    }
    if (!*done && pario_i_exchange_gives_up(x->reply)) {
        framing->persistent = false;
        *done = true;
    }
    return error;
}

/*
 * Takes s[0..size) in, size > 0, which came from the server at the time `now`. `spare` is a
 * parser whose field table is used for the time of the call; not where pario_i_exchange_place said
 * to receive. The bytes may be written over.
 */
static void pario_i_exchange_received(pario_i_exchange *x, pario_i_head *spare, unsigned char *s,
                                      size_t size, int64_t now)
{
    pario_error error = PARIO_OK;
    size_t      at = 0;
    bool        done = false;
    bool        first = x->reply == NULL;
    x->answered = true;
    x->progress_at = now;
    if (first) {
        error = pario_i_exchange_read_new_head(x, spare, s, &at, size);
    }
    while (error == PARIO_OK && at < size && pario_i_exchange_wants_head(x)) {
        error = pario_i_exchange_read_head(x, s, &at, size);
    }
    if (error == PARIO_OK && !pario_i_exchange_wants_head(x)) {
        error = pario_i_exchange_read_content(x, s, &at, size, &done);
    }
    if (x->reply != NULL) {
        x->reply->received += size;
        x->reply->first_byte_us += first ? pario_i_elapsed_us(x->started_at, now) : 0;
    }
    if (error != PARIO_OK) {
        pario_i_exchange_end(x, error, now);
    } else {
        pario_i_exchange_took_in(x, done, at == size, now);
    }
}

/* What a proxy's answer to CONNECT means, of which nothing is left to come but the tunnel: RFC 9110
 * section 9.3.6. `behind`: there are bytes behind it, which cannot be the origin's, as TLS lets
 * the client speak first. */
static pario_error pario_i_exchange_judge_tunnel(const pario_i_reply *reply, bool behind)
{
    if (reply->head.status > 299) {
        return PARIO_ERROR_PROXY_REFUSED;
    }
    return behind ? PARIO_ERROR_PROXY_BYTES : PARIO_OK;
}

/*
 * Takes s[0..size) in, size > 0, with which a proxy answers to CONNECT; otherwise as
 * pario_i_exchange_received. Returns whether the tunnel stands; the answer is forgotten then. It is
 * never the origin's: a refusal ends the exchange, its fields and content are not handed out.
 */
static bool pario_i_exchange_tunnelled(pario_i_exchange *x, pario_i_head *spare,
                                       const unsigned char *s, size_t size, int64_t now)
{
    pario_error error = PARIO_OK;
    size_t      at = 0;
    bool        whole = false;
    if (x->reply == NULL) {
        pario_i_head_begin(spare, PARIO_I_HEAD_STATUS, x->limits->head_bytes, x->limits->fields);
        x->reply = pario_i_reply_partial(spare, s, 0);
        error = x->reply != NULL ? PARIO_OK : PARIO_ERROR_MEMORY;
    }
    while (error == PARIO_OK && at < size && !whole) {
        error = pario_i_exchange_read_on(x, s, &at, size, &whole);
    }
    if (whole) {
        error = pario_i_exchange_judge_tunnel(x->reply, at < size);
    }
    if (error != PARIO_OK) {
        pario_i_exchange_end(x, error, now);
    } else if (whole) {
        pario_i_reply_free(x->reply);
        x->reply = NULL;
    }
    return whole && error == PARIO_OK;
}

/* The proxy has closed its side before it answered to CONNECT; or, where system_error is not 0,
 * the connection broke. */
static void pario_i_exchange_not_tunnelled(pario_i_exchange *x, int system_error, int64_t now)
{
    pario_error error = x->reply != NULL ? PARIO_ERROR_HEAD_TRUNCATED : PARIO_ERROR_EMPTY_REPLY;
    pario_i_exchange_fail(x, system_error != 0 ? PARIO_ERROR_RECEIVE : error, system_error, now);
}

/* Whether the connection was a stale one and the request may be sent again on another: RFC 9110
 * section 9.2.2, RFC 9112 section 9.3.1. If so, that is what the exchange wants now. */
static bool pario_i_exchange_replays(pario_i_exchange *x, int64_t now)
{
    bool stale = x->reused && !x->answered && !x->replayed && pario_i_exchange_rewinds(x);
    if (!stale || (x->sent > 0 && !pario_i_method_is_idempotent(x->order.method))) {
        return false;
    }
    x->replayed = true;
    x->keep = false;
    pario_i_exchange_move(x, now);
    return true;
}

/* What it means that the connection has ended where the exchange is now; PARIO_OK: just that. */
static pario_error pario_i_exchange_cut(const pario_i_exchange *x, int system_error)
{
    if (x->send_failed && (!x->answered || system_error == x->system_error)) {
        return PARIO_ERROR_SEND;
    }
    if (system_error != 0) {
        return PARIO_ERROR_RECEIVE;
    }
    if (pario_i_exchange_wants_head(x)) {
        return x->answered ? PARIO_ERROR_HEAD_TRUNCATED : PARIO_ERROR_EMPTY_REPLY;
    }
    if (x->reply->framing.kind != PARIO_I_FRAMING_CLOSE || x->cut) {
        return PARIO_ERROR_BODY_TRUNCATED;
    }
    return x->send_failed ? PARIO_ERROR_SEND : PARIO_OK; /* a reset may look like the end */
}

/* The server has closed its side; or, where system_error is not 0, the connection broke. */
static void pario_i_exchange_closed(pario_i_exchange *x, int system_error, int64_t now)
{
    if (pario_i_exchange_replays(x, now)) {
        return;
    }
    if (system_error != 0 && x->phase == PARIO_I_SEND && !x->answered) {
        x->send_failed = true; /* as it would have, had it been tried sooner */
        x->system_error = (int16_t)system_error;
    }
    pario_error error = pario_i_exchange_cut(x, system_error);
    x->keep = false;
    if (error == PARIO_OK) {
        pario_i_exchange_complete(x, false, now);
    } else {
        int failed = error == PARIO_ERROR_SEND ? x->system_error : system_error;
        pario_i_exchange_fail(x, error, failed, now);
    }
}

/* The TLS transport failed and explains itself, which is kept if there is memory for it. */
static void pario_i_exchange_refused(pario_i_exchange *x, const char *explanation, int64_t now)
{
    if (x->phase != PARIO_I_CONNECT && pario_i_exchange_replays(x, now)) {
        return;
    }
    pario_i_exchange_end(x, PARIO_ERROR_TLS, now);
    if (x->reply == NULL) {
        x->reply = (pario_i_reply *)pario_i_new(sizeof *x->reply, 0, 0);
    }
    if (x->reply != NULL) {
        (void)pario_i_buffer_append(&x->reply->content, explanation, strlen(explanation));
    }
}

/* Sending failed. What the server may have said before is still worth reading, unless nothing was
 * sent: then it cannot be an answer. */
static void pario_i_exchange_send_failed(pario_i_exchange *x, int system_error, int64_t now)
{
    x->send_failed = true;
    x->system_error = (int16_t)system_error;
    x->phase = PARIO_I_RECEIVE;
    if (x->reused && x->sent == 0) {
        pario_i_exchange_closed(x, system_error, now);
    }
}

/* Whether it waits for the user, not for the server: for who takes content, or has it. */
static bool pario_i_exchange_is_idle(const pario_i_exchange *x)
{
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    return x->phase == PARIO_I_STORE || x->phase == PARIO_I_HELD ||
           (x->phase == PARIO_I_SEND && upload != NULL && upload->starves);
}

/* When the exchange runs out of time, as things stand. */
static inline int64_t pario_i_exchange_limit(const pario_i_exchange *x)
{
    int64_t total = pario_i_time_add(x->started_at, x->limits->total);
    int64_t step = x->phase == PARIO_I_CONNECT ? x->limits->connect : x->limits->progress;
    int64_t next = pario_i_time_add(x->progress_at, step);
    if (pario_i_exchange_is_idle(x)) {
        return total;
    }
    if (x->phase == PARIO_I_QUEUED || x->phase == PARIO_I_END || x->paused) {
        return INT64_MAX;
    }
    return next < total ? next : total;
}

/* When something is to be done about it at the latest. */
static inline int64_t pario_i_exchange_deadline(const pario_i_exchange *x)
{
    const pario_i_upload *upload = pario_i_exchange_upload(x);
    int64_t               limit = pario_i_exchange_limit(x);
    return upload != NULL && upload->waits && upload->wait_until < limit ? upload->wait_until
                                                                         : limit;
}

/* The deadline has passed: content is sent unasked, or the exchange ends, saying why. */
static void pario_i_exchange_expire(pario_i_exchange *x, int64_t now)
{
    pario_i_upload *upload = pario_i_exchange_upload(x);
    pario_error     error = PARIO_ERROR_PROGRESS_TIMEOUT;
    if (upload != NULL && upload->waits && now < pario_i_exchange_limit(x)) {
        pario_i_exchange_go_on(x, upload);
        return;
    }
    if (now >= pario_i_time_add(x->started_at, x->limits->total)) {
        error = PARIO_ERROR_TOTAL_TIMEOUT;
    } else if (x->phase == PARIO_I_CONNECT) {
        error = PARIO_ERROR_CONNECT_TIMEOUT;
    }
    pario_i_exchange_end(x, error, now);
}
#endif

#if PARIO_SECTIONS >= 7
#include <fcntl.h>
#include <time.h>
/* Without these, nothing below compiles, and nothing below is shown to the compiler. */
#if !defined(CLOCK_MONOTONIC) || !defined(O_CLOEXEC)
#error "pario.h: compile with -std=gnu11 or later, or with -D_DEFAULT_SOURCE"
#undef PARIO_SECTIONS
#define PARIO_SECTIONS 6
#endif

/* So many addresses of a host are tried. */
#define PARIO_I_MAX_ADDRESSES 64u

/* An address of a race that is being connected to. */
typedef struct pario_i_try {
    int     fd;
    uint8_t address; /* its index */
} pario_i_try;

/*
 * The addresses of a host in a race, RFC 8305 section 5: each is tried when its predecessor has
 * had PARIO_NEXT_ADDRESS_MS, or its share of what time there is, or when a try has failed; the
 * first to connect wins. Here is decided when; who connects opens and closes the descriptors. It
 * exists only as long as it lasts.
 */
typedef struct pario_i_race {
    int64_t      next_at; /* the next address has its turn then */
    int          system_error;
    uint8_t      address; /* that was tried last, or failed last with this error */
    uint8_t      next;    /* to be tried */
    uint8_t      count;   /* of the addresses */
    uint8_t      running; /* tries */
    pario_i_try *tries;   /* in the order of their addresses; in this very block */
} pario_i_race;

/* A race between so many addresses, PARIO_I_MAX_ADDRESSES at most; NULL: out of memory. */
static pario_i_race *pario_i_race_new(size_t count)
{
    pario_i_race *race = (pario_i_race *)pario_i_new(sizeof *race, count, sizeof(pario_i_try));
    if (race != NULL) {
        void *tries = race + 1;
        race->count = (uint8_t)count;
        race->tries = (pario_i_try *)tries;
    }
    return race;
}

/* Whether the next address is to be tried now. */
static bool pario_i_race_wants(const pario_i_race *race, int64_t now)
{
    return race->next < race->count && (race->running == 0 || now >= race->next_at);
}

/* When the next address has its turn, if nothing happens before; INT64_MAX: there is none left. */
static int64_t pario_i_race_due(const pario_i_race *race)
{
    return race->next < race->count ? race->next_at : INT64_MAX;
}

/* The next address is tried, with this descriptor. All shall have been until the deadline. */
static void pario_i_race_begun(pario_i_race *race, int fd, int64_t now, int64_t deadline)
{
    int64_t left = (int64_t)race->count - race->next;
    int64_t share = deadline > now ? (deadline - now) / left : 0;
    int64_t step = (int64_t)PARIO_NEXT_ADDRESS_MS * 1000000;
    race->tries[race->running].fd = fd;
    race->tries[race->running].address = race->next;
    race->running++;
    race->address = race->next;
    race->next++;
    race->next_at = now + (share < step ? share : step);
}

/* A try has failed: the next address has its turn at once. */
static void pario_i_race_lost(pario_i_race *race, size_t index, int system_error, int64_t now)
{
    race->address = race->tries[index].address;
    race->system_error = system_error;
    race->next_at = now;
    race->running--;
    for (size_t i = index; i < race->running; i++) {
        race->tries[i] = race->tries[i + 1];
    }
}
#endif

#if PARIO_SECTIONS >= 7
/* ------------------------------------------------------------------------------------------ */
/* >>memory */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Clang checks in C++ mode only that what a lock guards is not touched without it. */
#if defined(__clang__) && defined(__cplusplus)
#define PARIO_I_CAPABILITY __attribute__((capability("mutex")))
#define PARIO_I_GUARDED_BY(m) __attribute__((guarded_by(m)))
#define PARIO_I_REQUIRES(m) __attribute__((requires_capability(m)))
#define PARIO_I_ACQUIRE(m) __attribute__((acquire_capability(m)))
#define PARIO_I_RELEASE(m) __attribute__((release_capability(m)))
#define PARIO_I_NO_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define PARIO_I_CAPABILITY
#define PARIO_I_GUARDED_BY(m)
#define PARIO_I_REQUIRES(m)
#define PARIO_I_ACQUIRE(m)
#define PARIO_I_RELEASE(m)
#define PARIO_I_NO_ANALYSIS
#endif

#define PARIO_I_SAMPLER_STACK_BYTES 65536u /* of which a reading needs less than 8 KiB */
#define PARIO_I_SAMPLER_FIRST 512u         /* samples that have room from the start */
#define PARIO_I_SAMPLER_MAX_MS 3600000     /* the longest interval */
#define PARIO_I_PROC_WINDOW 2048u          /* bytes of a /proc file looked at together */
#define PARIO_I_PROC_LINE 64u              /* no line with a figure is as long as this */
#define PARIO_I_NS_PER_S 1000000000

/* A mutex that clang knows to be a lock. */
typedef struct pario_i_mutex {
    pthread_mutex_t mutex;
} PARIO_I_CAPABILITY pario_i_mutex;

/* Takes the lock; waits for it. Not recursive. */
static void pario_i_mutex_lock(pario_i_mutex *lock) PARIO_I_ACQUIRE(lock) PARIO_I_NO_ANALYSIS
{
    (void)pthread_mutex_lock(&lock->mutex);
}

/* Gives the lock back. */
static void pario_i_mutex_unlock(pario_i_mutex *lock) PARIO_I_RELEASE(lock) PARIO_I_NO_ANALYSIS
{
    (void)pthread_mutex_unlock(&lock->mutex);
}

/* Makes a condition whose timed waits go by CLOCK_MONOTONIC. Returns 0 or an errno. */
static int pario_i_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int                failed = pthread_condattr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failed == 0) {
        failed = pthread_cond_init(condition, &attributes);
    }
    (void)pthread_condattr_destroy(&attributes);
    return failed;
}

/* Makes a lock and a condition. Returns 0 or an errno, and then neither of them is there. */
static int pario_i_lock_init(pario_i_mutex *lock, pthread_cond_t *condition)
{
    int failed = pthread_mutex_init(&lock->mutex, NULL);
    if (failed != 0) {
        return failed;
    }
    failed = pario_i_condition_init(condition);
    if (failed != 0) {
        (void)pthread_mutex_destroy(&lock->mutex);
    }
    return failed;
}

/* Ends a lock that nobody holds and a condition that nobody waits for. */
static void pario_i_lock_destroy(pario_i_mutex *lock, pthread_cond_t *condition)
{
    (void)pthread_cond_destroy(condition);
    (void)pthread_mutex_destroy(&lock->mutex);
}

/* A time in nanoseconds, which is not negative, as the system wants it. */
static struct timespec pario_i_timespec(int64_t ns)
{
    struct timespec time;
    memset(&time, 0, sizeof time);
    time.tv_sec = (time_t)(ns / PARIO_I_NS_PER_S);
    time.tv_nsec = (int)(ns % PARIO_I_NS_PER_S);
    return time;
}

/* A clock's value in nanoseconds. */
static int64_t pario_i_clock_ns(clockid_t clock)
{
    struct timespec now;
    memset(&now, 0, sizeof now);
    (void)clock_gettime(clock, &now);
    return ((int64_t)now.tv_sec * PARIO_I_NS_PER_S) + (int64_t)now.tv_nsec;
}

/* Waits until signalled, or until a time of CLOCK_MONOTONIC; but for an hour at most, as not every
 * clock can express more. */
static void pario_i_condition_wait_until(pthread_cond_t *condition, pario_i_mutex *lock,
                                         int64_t until) PARIO_I_REQUIRES(lock)
{
    int64_t         hour = pario_i_clock_ns(CLOCK_MONOTONIC) + INT64_C(3600000000000);
    struct timespec deadline = pario_i_timespec(until < hour ? until : hour);
    (void)pthread_cond_timedwait(condition, &lock->mutex, &deadline);
}

/* Starts a thread with all signals blocked, so that no handler runs on it. 0 or an errno. */
static int pario_i_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
                                void *argument)
{
    const size_t   least = (size_t)PTHREAD_STACK_MIN;
    pthread_attr_t attributes;
    sigset_t       all;
    sigset_t       before;
    int            failed = pthread_attr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    failed = pthread_attr_setstacksize(&attributes, (stack_bytes > least) ? stack_bytes : least);
    if (failed == 0) {
        (void)sigfillset(&all);
        failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    if (failed == 0) {
        failed = pthread_create(thread, &attributes, run, argument);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return failed;
}

/* As open with O_CLOEXEC in a directory, but signals do not disturb it. -1 and errno on failure. */
static int pario_i_proc_open(int directory, const char *name, int flags)
{
    int fd;
    do {
        fd = openat(directory, name, flags | O_CLOEXEC);
    } while ((fd < 0) && (errno == EINTR));
    return fd;
}

/* Closes a descriptor, if it is one. errno is kept. */
static void pario_i_fd_close(int fd)
{
    int before = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = before;
}

/* As read, but signals do not disturb it. -1 and errno on failure. */
static ssize_t pario_i_fd_read(int fd, char *bytes, size_t size)
{
    ssize_t got;
    do {
        got = read(fd, bytes, size);
    } while ((got < 0) && (errno == EINTR));
    return got;
}

/* A line that is wanted of smaps_rollup or of status: "\nName:", the unit of the number that
 * follows it, and that times the unit; UINT64_MAX where that does not fit. */
typedef struct pario_i_figure {
    const char *key;
    uint64_t    unit;
    bool        found; /* or not to be missed */
    uint64_t    value;
} pario_i_figure;

#define PARIO_I_FIGURES 8u

/* Looks for the figures in a window of a file; a later window's number replaces an earlier. */
static void pario_i_proc_look(const char *window, pario_i_figure *figures)
{
    for (size_t i = 0; i < PARIO_I_FIGURES; i++) {
        const char *found = strstr(window, figures[i].key);
        if (found != NULL) {
            uint64_t number = strtoull(&found[strlen(figures[i].key)], NULL, 10);
            bool     fits = number <= UINT64_MAX / figures[i].unit;
            figures[i].found = true;
            figures[i].value = fits ? number * figures[i].unit : UINT64_MAX;
        }
    }
}

/*
 * Reads the figures from a file of any length. Returns 0 or an errno. The end of each window
 * is looked at again with the next one, so that no line is lost or cut between two.
 */
static int pario_i_proc_figures(int directory, const char *name, pario_i_figure *figures)
{
    char      window[PARIO_I_PROC_WINDOW + 1u];
    size_t    used = 0;
    ssize_t   got = 0;
    int       failed = 0;
    const int fd = pario_i_proc_open(directory, name, O_RDONLY);
    if (fd < 0) {
        return errno;
    }
    do {
        got = pario_i_fd_read(fd, &window[used], PARIO_I_PROC_WINDOW - used);
        failed = (got < 0) ? errno : 0;
        used += (got > 0) ? (size_t)got : 0u;
        window[used] = '\0';
        pario_i_proc_look(window, figures);
        if (used > PARIO_I_PROC_LINE) {
            memmove(window, &window[used - PARIO_I_PROC_LINE], PARIO_I_PROC_LINE);
            used = PARIO_I_PROC_LINE;
        }
    } while (got > 0);
    (void)close(fd);
    return failed;
}

/* The directory of a process in /proc, 0 for the own one. -1 and errno on failure. */
static int pario_i_process_open(int pid)
{
    char path[32] = "/proc/self";
    if (pid > 0) {
        (void)pario_i_write_decimal((uint64_t)pid, path + 6);
    }
    int fd = pario_i_proc_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if ((fd < 0) && (errno == ENOENT) && (pid > 0)) {
        errno = ESRCH;
    }
    return fd;
}

/* Reads the memory of the process whose directory is open. Returns 0 or an errno, and then *memory
 * stays: ESRCH where there is none to read, as of a zombie, or of a process that is gone, and with
 * it the names in its directory. */
static int pario_i_memory_read_at(int directory, pario_memory *memory)
{
    pario_i_figure f[PARIO_I_FIGURES] = {
        { "\nRss:", 1024, false, 0 },
        { "\nPss:", 1024, false, 0 },
        { "\nPrivate_Clean:", 1024, true, 0 },
        { "\nPrivate_Dirty:", 1024, false, 0 },
        { "\nPrivate_Hugetlb:", 1024, true, 0 },
        { "\nVmHWM:", 1024, false, 0 },
        { "\nVmPTE:", 1024, true, 0 },
        { "\nThreads:", 1, false, 0 },
    };
    int  failed = pario_i_proc_figures(directory, "smaps_rollup", f);
    int  status = pario_i_proc_figures(directory, "status", f);
    bool whole = true;
    for (size_t i = 0; i < PARIO_I_FIGURES; i++) {
        whole = whole && f[i].found;
    }
    failed = failed != 0 ? failed : status;
    if (status == ENOENT || (failed == 0 && !whole)) {
        failed = ESRCH;
    }
    if (failed != 0) {
        return failed;
    }
    memory->rss_bytes = f[0].value;
    memory->pss_bytes = f[1].value;
    memory->private_bytes = f[2].value + f[3].value + f[4].value;
    /* newer kernels count VmHWM per CPU, which lags behind the exact figure of smaps_rollup */
    memory->peak_rss_bytes = f[5].value < f[0].value ? f[0].value : f[5].value;
    memory->page_table_bytes = f[6].value;
    memory->threads = f[7].value;
    return 0;
}

/*
 * A sampler. Its thread alone touches the series until it has been joined; the lock guards
 * what the two threads tell each other.
 */
struct pario_sampler {
    pario_i_mutex  lock;
    pthread_cond_t changed;
    bool           ready PARIO_I_GUARDED_BY(lock);       /* the first reading was tried */
    int            first_error PARIO_I_GUARDED_BY(lock); /* errno of the first reading, or 0 */
    bool           stop;                                 /* atomic */
    pthread_t      thread;
    int            directory; /* in /proc; stays with the process, whoever gets its number next */
    int            timer;     /* readable when the next turn begins */
    int64_t        interval_ns;
    int64_t        begin_ns;
    size_t         room; /* samples */
    bool           left_out;
    pario_series   series;
};

/* Takes one reading into the series. Returns 0, or the errno of a reading that failed. */
static int pario_i_sampler_take(pario_sampler *sampler)
{
    pario_memory  memory;
    pario_series *series = &sampler->series;
    const int     failed = pario_i_memory_read_at(sampler->directory, &memory);
    if (failed != 0) {
        series->failed++;
        return failed;
    }
    if (series->peak_rss_bytes < memory.peak_rss_bytes) {
        series->peak_rss_bytes = memory.peak_rss_bytes;
    }
    if (pario_i_reserve((void *)&series->samples, series->count, &sampler->room,
                        sizeof(pario_sample))) {
        pario_sample *sample = &series->samples[series->count];
        const int64_t now = pario_i_clock_ns(CLOCK_MONOTONIC);
        sample->time_us = (now - sampler->begin_ns) / 1000;
        sample->rss_bytes = memory.rss_bytes;
        sample->pss_bytes = memory.pss_bytes;
        sample->private_bytes = memory.private_bytes;
        sample->threads = memory.threads;
        series->count++;
    } else {
        sampler->left_out = true;
    }
    return 0;
}

/*
 * When the next sample is due: at a whole number of intervals since the beginning, so that
 * nothing drifts; those that were missed are not made up for.
 */
static int64_t pario_i_sampler_due(const pario_sampler *sampler)
{
    const int64_t passed = pario_i_clock_ns(CLOCK_MONOTONIC) - sampler->begin_ns;
    const int64_t turns = (passed / sampler->interval_ns) + 1;
    return sampler->begin_ns + (turns * sampler->interval_ns);
}

/* Sets a timer to a time of CLOCK_MONOTONIC, which may be over; 0: to none. Returns whether that
 * could be done. */
static bool pario_i_timer_set(int timer, int64_t at_ns)
{
    struct itimerspec at;
    memset(&at, 0, sizeof at);
    at.it_value = pario_i_timespec(at_ns);
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) == 0;
}

/* Has it stop. */
static void pario_i_sampler_end(pario_sampler *sampler)
{
    (void)__atomic_exchange_n(&sampler->stop, true, __ATOMIC_ACQ_REL);
}

/*
 * Waits for the next turn. Returns false when the sampler is to stop, or its timer is broken. Who
 * stops it says so first and sets the timer then: one who has set it anew sees that it was said.
 */
static bool pario_i_sampler_wait(pario_sampler *sampler)
{
    bool works = pario_i_timer_set(sampler->timer, pario_i_sampler_due(sampler));
    if (works && !__atomic_load_n(&sampler->stop, __ATOMIC_ACQUIRE)) {
        char turns[sizeof(uint64_t)];
        works = pario_i_fd_read(sampler->timer, turns, sizeof turns) > 0;
    }
    if (!works) {
        sampler->series.failed++;
    }
    return works && !__atomic_load_n(&sampler->stop, __ATOMIC_ACQUIRE);
}

/* The sampling thread: says so when it has taken the first sample, and takes one at the end. */
static void *pario_i_sampler_run(void *argument)
{
    pario_sampler *sampler = (pario_sampler *)argument;
    const int      failed = pario_i_sampler_take(sampler);
    if (failed != 0) {
        pario_i_sampler_end(sampler);
    }
    pario_i_mutex_lock(&sampler->lock);
    sampler->ready = true;
    sampler->first_error = failed;
    (void)pthread_cond_broadcast(&sampler->changed);
    pario_i_mutex_unlock(&sampler->lock);
    while (pario_i_sampler_wait(sampler)) {
        (void)pario_i_sampler_take(sampler);
    }
    (void)pario_i_sampler_take(sampler);
    sampler->series.cpu_us = pario_i_clock_ns(CLOCK_THREAD_CPUTIME_ID) / 1000;
    return NULL;
}

/* Waits for the first sample. Returns 0, or its errno; the thread is ending then. */
static int pario_i_sampler_first(pario_sampler *sampler)
{
    pario_i_mutex_lock(&sampler->lock);
    while (!sampler->ready) {
        (void)pthread_cond_wait(&sampler->changed, &sampler->lock.mutex);
    }
    int failed = sampler->first_error;
    pario_i_mutex_unlock(&sampler->lock);
    return failed;
}

/* Gives back a sampler without its thread, and its samples. errno is kept. */
static void pario_i_sampler_free(pario_sampler *sampler)
{
    const int before = errno;
    pario_i_fd_close(sampler->directory);
    pario_i_fd_close(sampler->timer);
    PARIO_FREE(sampler->series.samples);
    PARIO_FREE(sampler);
    errno = before;
}

/* A sampler with room for its first samples, or NULL. Nothing is open yet. */
static pario_sampler *pario_i_sampler_new(int interval_ms)
{
    pario_sampler *sampler = (pario_sampler *)pario_i_new(sizeof *sampler, 0, 0);
    if (sampler == NULL) {
        return NULL;
    }
    sampler->directory = -1;
    sampler->timer = -1;
    sampler->interval_ns = (int64_t)interval_ms * 1000000;
    /*
     * Room for many at once: a first allocation on a thread of its own would cost glibc an
     * arena, which would then be found in the series.
     */
    sampler->room = PARIO_I_SAMPLER_FIRST;
    sampler->series.samples =
        (pario_sample *)PARIO_MALLOC(PARIO_I_SAMPLER_FIRST * sizeof(pario_sample));
    if (sampler->series.samples == NULL) {
        pario_i_sampler_free(sampler);
        return NULL;
    }
    return sampler;
}

/* Starts the thread and waits for its first sample. On failure no thread is left. */
static pario_error pario_i_sampler_launch(pario_sampler *sampler)
{
    pario_error error = PARIO_ERROR_THREAD;
    int         failed = pario_i_lock_init(&sampler->lock, &sampler->changed);
    if (failed != 0) {
        errno = failed;
        return error;
    }
    sampler->begin_ns = pario_i_clock_ns(CLOCK_MONOTONIC);
    failed = pario_i_thread_start(&sampler->thread, PARIO_I_SAMPLER_STACK_BYTES,
                                  pario_i_sampler_run, sampler);
    if (failed == 0) {
        failed = pario_i_sampler_first(sampler);
        if (failed == 0) {
            return PARIO_OK;
        }
        (void)pthread_join(sampler->thread, NULL);
        error = PARIO_ERROR_PROCESS;
    }
    pario_i_lock_destroy(&sampler->lock, &sampler->changed);
    errno = failed;
    return error;
}

PARIO_DEF pario_error pario_memory_read(int pid, pario_memory *memory)
{
    if (memory == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    memset(memory, 0, sizeof *memory);
    if (pid < 0) {
        return PARIO_ERROR_ARGUMENT;
    }
    int directory = pario_i_process_open(pid);
    if (directory < 0) {
        return PARIO_ERROR_PROCESS;
    }
    int failed = pario_i_memory_read_at(directory, memory);
    (void)close(directory);
    errno = failed;
    return (failed == 0) ? PARIO_OK : PARIO_ERROR_PROCESS;
}

PARIO_DEF pario_error pario_sampler_start(int pid, int interval_ms, pario_sampler **sampler)
{
    pario_error error = PARIO_ERROR_PROCESS;
    if (sampler == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    *sampler = NULL;
    if ((pid < 0) || (interval_ms < 1) || (interval_ms > PARIO_I_SAMPLER_MAX_MS)) {
        return PARIO_ERROR_ARGUMENT;
    }
    pario_sampler *made = pario_i_sampler_new(interval_ms);
    if (made == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    made->directory = pario_i_process_open(pid);
    if (made->directory >= 0) {
        made->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        error = (made->timer >= 0) ? pario_i_sampler_launch(made) : PARIO_ERROR_SYSTEM;
    }
    if (error != PARIO_OK) {
        pario_i_sampler_free(made);
        return error;
    }
    *sampler = made;
    return PARIO_OK;
}

PARIO_DEF pario_error pario_sampler_stop(pario_sampler *sampler, pario_series *series)
{
    if (series != NULL) {
        memset(series, 0, sizeof *series);
    }
    if (sampler == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    pario_i_sampler_end(sampler);
    (void)pario_i_timer_set(sampler->timer, 1); /* if that fails, the turn ends the wait */
    (void)pthread_join(sampler->thread, NULL);
    pario_i_lock_destroy(&sampler->lock, &sampler->changed);
    pario_error error = sampler->left_out ? PARIO_ERROR_MEMORY : PARIO_OK;
    if (series != NULL) {
        *series = sampler->series;
        series->own_bytes = (uint64_t)sizeof *sampler + PARIO_I_SAMPLER_STACK_BYTES +
                            ((uint64_t)sampler->room * sizeof(pario_sample));
        sampler->series.samples = NULL;
    }
    pario_i_sampler_free(sampler);
    return error;
}

PARIO_DEF void pario_series_free(pario_series *series)
{
    if (series != NULL) {
        PARIO_FREE(series->samples);
        memset(series, 0, sizeof *series);
    }
}
#endif

#if PARIO_SECTIONS >= 8
/* ------------------------------------------------------------------------------------------ */
/* >>transport */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

/* AF_UNIX: a struct sockaddr_un stands in its place, see pario_i_addresses_unix. */
typedef union pario_i_address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
} pario_i_address;

/* The addresses of a host, shared by all who use them; their ports are not set. */
typedef struct pario_i_addresses {
    unsigned         references; /* atomic */
    uint16_t         count;
    pario_i_address *list;
} pario_i_addresses;

/* A numeric address, without brackets, of size bytes. False: it is none. */
static bool pario_i_address_read(pario_i_address *address, const unsigned char *s, size_t size)
{
    char  text[INET6_ADDRSTRLEN];
    void *bytes = &address->v4.sin_addr;
    memset(address, 0, sizeof *address);
    if (size >= sizeof text) {
        return false;
    }
    memcpy(text, s, size);
    text[size] = '\0';
    address->any.sa_family = AF_INET;
    if (strchr(text, ':') != NULL) {
        address->any.sa_family = AF_INET6;
        bytes = &address->v6.sin6_addr;
    }
    return inet_pton(address->any.sa_family, text, bytes) == 1;
}

/* Where the bytes of a numeric address are; returns how many. */
static size_t pario_i_address_bytes(const pario_i_address *address, const unsigned char **bytes)
{
    bool        v6 = address->any.sa_family == AF_INET6;
    const void *place = v6 ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr;
    *bytes = (const unsigned char *)place;
    return v6 ? sizeof address->v6.sin6_addr : sizeof address->v4.sin_addr;
}

/* What became of an attempt to send or to receive. */
typedef enum pario_i_io {
    PARIO_I_MOVED,
    PARIO_I_BLOCKED,
    PARIO_I_CLOSED,
    PARIO_I_CUT,    /* closed or broken, and TLS was not told */
    PARIO_I_BROKEN, /* errno says why */
    PARIO_I_REFUSED /* the TLS transport can explain */
} pario_i_io;

/* A connection, from the moment an exchange needs one to the moment it is closed. */
typedef struct pario_i_connection {
    struct pario_i_connection *next; /* among the active, its origin's idle, the spare or dead */
    struct pario_i_connection *previous;
    union {
        pario_i_exchange          *exchange; /* that it is attached to */
        struct pario_i_connection *newer;    /* idle: among all that are */
    };
    union {
        struct pario_i_name       *name; /* the lookup its exchange waits for */
        struct pario_i_connection *older;
    };
    struct pario_i_origin *origin;
    pario_i_addresses     *addresses;
    union {
        int64_t              idle_since;
        struct pario_i_race *race; /* connecting to one of several addresses */
    };
    uint32_t heap_place; /* 0: it is not in the heap */
    int      fd;
    int      other;   /* what else its exchange waits for: see pario_i_await_other */
    uint8_t  address; /* index of the one that was tried last, or stands */
    bool     idle;
    bool     secure : 1;     /* there is room for a session of TLS behind it */
    bool     connecting : 1; /* resolving or connecting */
    bool     racing : 1;     /* fd is the first of the race's, or -1 */
    bool     served : 1;     /* a request before this one */
    bool     readable : 1;
    bool     writable : 1;
    bool     hung_up : 1; /* there is an end or an error to be read */
    bool     stirred : 1; /* the other descriptor may be able to go on */
    bool     tunnels : 1; /* connecting: the proxy has been reached, and is asked */
    bool     prompt : 1;  /* no segment waits until those before have arrived */
} pario_i_connection;

/* A secure connection. */
typedef struct pario_i_secured {
    pario_i_connection connection;
    void              *session;
} pario_i_secured;

/* The connection's session of TLS, or NULL: that is not wanted, or has not begun. */
static void *pario_i_session(const pario_i_connection *c)
{
    const void *secured = c;
    return c->secure ? ((const pario_i_secured *)secured)->session : NULL;
}

/* Notes the session of a secure connection, or NULL. */
static void pario_i_session_set(pario_i_connection *c, void *session)
{
    void *secured = c;
    ((pario_i_secured *)secured)->session = session;
}

/* Room for count addresses, with one reference; NULL: out of memory. */
static pario_i_addresses *pario_i_addresses_new(size_t count)
{
    pario_i_addresses *addresses =
        (pario_i_addresses *)pario_i_new(sizeof *addresses, count, sizeof(pario_i_address));
    if (addresses != NULL) {
        void *list = addresses + 1;
        addresses->references = 1;
        addresses->count = (uint16_t)count;
        addresses->list = (pario_i_address *)list;
    }
    return addresses;
}

/* One reference more; NULL stays NULL. */
static pario_i_addresses *pario_i_addresses_keep(pario_i_addresses *addresses)
{
    if (addresses != NULL) {
        (void)__atomic_add_fetch(&addresses->references, 1u, __ATOMIC_RELAXED);
    }
    return addresses;
}

/* One reference less, the last one frees; NULL is harmless. */
static void pario_i_addresses_drop(pario_i_addresses *addresses)
{
    if (addresses != NULL &&
        __atomic_sub_fetch(&addresses->references, 1u, __ATOMIC_ACQ_REL) == 0) {
        PARIO_FREE(addresses);
    }
}

/* A list of one address; NULL: out of memory. */
static pario_i_addresses *pario_i_addresses_one(const pario_i_address *address)
{
    pario_i_addresses *addresses = pario_i_addresses_new(1);
    if (addresses != NULL) {
        addresses->list[0] = *address;
    }
    return addresses;
}

/* The one address of a unix socket; NULL: out of memory, or (*fits) the path has no room. */
static pario_i_addresses *pario_i_addresses_unix(const char *path, bool *fits)
{
    struct sockaddr_un to;
    size_t             size = strlen(path);
    pario_i_addresses *addresses = NULL;
    const size_t       place_size = sizeof(pario_i_address);
    memset(&to, 0, sizeof to);
    *fits = size > 0 && size < sizeof to.sun_path;
    if (*fits) {
        addresses = pario_i_addresses_new((sizeof to / place_size) + 1);
    }
    if (addresses != NULL) {
        void *place = addresses->list;
        to.sun_family = AF_UNIX;
        memcpy(to.sun_path, path, size);
        memcpy(place, &to, sizeof to);
        addresses->count = 1;
    }
    return addresses;
}

/* A socket that begins at the source address, if there is one (AF_UNSPEC); -1 and errno. */
static int pario_i_transport_socket(const pario_i_address *source, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || source->any.sa_family != family) {
        return fd;
    }
#if defined(IP_BIND_ADDRESS_NO_PORT)
    int yes = 1; /* the port is chosen when connecting: one may serve for many servers then */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
#endif
    socklen_t size = family == AF_INET6 ? sizeof source->v6 : sizeof source->v4;
    if (bind(fd, &source->any, size) != 0) {
        pario_i_fd_close(fd);
        return -1;
    }
    return fd;
}

/* Begins to connect to an address and port: a descriptor, or -1 and errno. */
static int pario_i_transport_open(const pario_i_address *source, const pario_i_address *to,
                                  uint16_t port)
{
    pario_i_address        address = *to;
    const struct sockaddr *name = &address.any;
    socklen_t              size = sizeof address.v4;
    if (address.any.sa_family == AF_INET6) {
        size = sizeof address.v6;
        address.v6.sin6_port = htons(port);
    } else if (address.any.sa_family == AF_UNIX) {
        size = sizeof(struct sockaddr_un);
        name = &to->any;
    } else {
        address.v4.sin_port = htons(port);
    }
    int fd = pario_i_transport_socket(source, address.any.sa_family);
    if (fd < 0) {
        return -1;
    }
    /* Interrupted, a connect goes on by itself. */
    if (connect(fd, name, size) != 0 && errno != EINPROGRESS && errno != EINTR) {
        pario_i_fd_close(fd);
        return -1;
    }
    return fd;
}

/* Has each segment sent at once, where what is to be sent takes several calls. */
static void pario_i_transport_be_prompt(pario_i_connection *c)
{
    int yes = 1;
    if (!c->prompt) {
        c->prompt = true;
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
}

/* What a socket has to report, as an errno; 0 for nothing. */
static int pario_i_transport_error(int fd)
{
    int       failed = 0;
    socklen_t size = sizeof failed;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
}

/* What a TLS transport's answer means; the direction that it waits for is noted. `moved`: how
 * many of `size` bytes it claims to have moved. */
static pario_i_io pario_i_transport_tls(pario_i_connection *c, pario_tls_result result,
                                        size_t moved, size_t size)
{
    static const pario_i_io meanings[] = { PARIO_I_MOVED,  PARIO_I_BLOCKED, PARIO_I_BLOCKED,
                                           PARIO_I_CLOSED, PARIO_I_CUT,     PARIO_I_REFUSED };
    size_t                  index = (size_t)result;
    bool                    known = index < sizeof meanings / sizeof meanings[0];
    bool                    lies = result == PARIO_TLS_OK && (moved == 0 || moved > size);
    c->readable = c->readable && result != PARIO_TLS_WANTS_READ;
    c->writable = c->writable && result != PARIO_TLS_WANTS_WRITE;
    return known && !lies ? meanings[index] : PARIO_I_REFUSED;
}

/* Sends what fits of one or two pieces of bytes; *moved says how many. */
static inline pario_i_io pario_i_transport_send(const pario_tls *tls, pario_i_connection *c,
                                                struct iovec *pieces, size_t count, size_t *moved)
{
    struct msghdr message;
    ssize_t       sent;
    *moved = 0;
    if (pario_i_session(c) != NULL) {
        pario_tls_result result =
            tls->write_some(pario_i_session(c), pieces[0].iov_base, pieces[0].iov_len, moved);
        errno = 0; /* the transport does not say that */
        return pario_i_transport_tls(c, result, *moved, pieces[0].iov_len);
    }
    memset(&message, 0, sizeof message);
    message.msg_iov = pieces;
    message.msg_iovlen = 2; /* a number of another type in each libc */
    do {
        sent = count == 1 ? send(c->fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                          : sendmsg(c->fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        *moved = (size_t)sent;
        return PARIO_I_MOVED;
    }
    c->writable = errno != EAGAIN;
    return c->writable ? PARIO_I_BROKEN : PARIO_I_BLOCKED;
}

/* Receives up to size bytes; *moved says how many. Notes when there is no more for now. */
static inline pario_i_io pario_i_transport_receive(const pario_tls *tls, pario_i_connection *c,
                                                   unsigned char *bytes, size_t size, size_t *moved)
{
    ssize_t got;
    *moved = 0;
    if (pario_i_session(c) != NULL) {
        pario_tls_result result = tls->read_some(pario_i_session(c), bytes, size, moved);
        return pario_i_transport_tls(c, result, *moved, size);
    }
    do {
        got = recv(c->fd, bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        /* What did not fill the buffer has emptied the socket; an end may still be behind it. */
        c->readable = (size_t)got == size || c->hung_up;
        *moved = (size_t)got;
        return PARIO_I_MOVED;
    }
    if (got == 0) {
        return PARIO_I_CLOSED;
    }
    c->readable = errno != EAGAIN;
    return c->readable ? PARIO_I_BROKEN : PARIO_I_BLOCKED;
}

/* Writes to a descriptor of the user's. The SIGPIPE of a pipe or a socket that nobody reads is held
 * back in this thread, and taken away. Returns as write does. */
static ssize_t pario_i_transport_write(int fd, bool pipes, const unsigned char *bytes, size_t size)
{
    const struct timespec at_once = { 0, 0 };
    sigset_t              sigpipe;
    sigset_t              before;
    ssize_t               wrote;
    (void)sigemptyset(&sigpipe);
    (void)sigaddset(&sigpipe, SIGPIPE);
    int failed = pipes ? pthread_sigmask(SIG_BLOCK, &sigpipe, &before) : 0;
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    do {
        wrote = write(fd, bytes, size);
    } while (wrote < 0 && errno == EINTR);
    failed = errno;
    if (wrote < 0 && failed == EPIPE) {
        (void)sigtimedwait(&sigpipe, NULL, &at_once);
    }
    if (pipes) {
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    errno = failed;
    return wrote;
}

/* Whether an idle connection is silent and open, as it has to be. */
static bool pario_i_transport_is_quiet(int fd)
{
    unsigned char byte;
    return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* Reads content from a descriptor of the user's: from a place in a file, or, with an offset of -1,
 * what there is. EAGAIN also where reading would block. */
static ssize_t pario_i_transport_read(int fd, unsigned char *to, size_t size, int64_t offset,
                                      uint64_t at)
{
    struct pollfd polled;
    ssize_t       got;
    memset(&polled, 0, sizeof polled);
    polled.fd = fd;
    polled.events = POLLIN;
    do {
        if (offset >= 0) {
            got = pread(fd, to, size, (off_t)(offset + (int64_t)at));
        } else {
            got = poll(&polled, 1, 0);
            errno = got == 0 ? EAGAIN : errno;
            got = got > 0 ? read(fd, to, size) : -1;
        }
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Makes an eventfd readable. Keeps errno; safe in signal handlers. */
static void pario_i_event_raise(int fd)
{
    int      before = errno;
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    errno = before;
}

/* Makes an eventfd or a timerfd unreadable. */
static void pario_i_event_clear(int fd)
{
    char count[sizeof(uint64_t)];
    (void)pario_i_fd_read(fd, count, sizeof count);
}
#endif

#if PARIO_SECTIONS >= 9
/* ------------------------------------------------------------------------------------------ */
/* >>resolver */

#define PARIO_I_NAME_BUCKETS 256u
/* getaddrinfo runs plugins of the system's, whose appetite nobody documents. */
#define PARIO_I_LOOKUP_STACK_BYTES 262144u

/* A name, and what is known of it. */
typedef struct pario_i_name {
    struct pario_i_name *next;        /* in its bucket */
    struct pario_i_name *next_wanted; /* in the queue of lookups */
    pario_i_addresses   *addresses;   /* NULL: not known, or the last lookup has failed */
    int64_t              expires_at;
    size_t               waiting; /* connections; as long as there are any, it stays */
    size_t               size;
    char                *host;   /* in lower case; in this very block */
    bool                 wanted; /* in the queue, or being looked up */
    int                  resolver_error;
    int                  system_error;
} pario_i_name;

/* Belongs to its client and to the threads that look names up; the last of them frees it, so
 * that nobody ever waits for getaddrinfo. */
typedef struct pario_i_resolver {
    pario_i_mutex  lock;
    pthread_cond_t changed; /* a name is no longer wanted, or somebody was cancelled */
    pario_i_name  *buckets[PARIO_I_NAME_BUCKETS] PARIO_I_GUARDED_BY(lock);
    pario_i_name  *wanted PARIO_I_GUARDED_BY(lock);
    pario_i_name **wanted_end PARIO_I_GUARDED_BY(lock); /* where the next one is linked to */
    size_t         count PARIO_I_GUARDED_BY(lock);
    size_t         helpers PARIO_I_GUARDED_BY(lock);
    size_t         references PARIO_I_GUARDED_BY(lock);
    uint64_t       lookups PARIO_I_GUARDED_BY(lock);
    int64_t        cache_ns PARIO_I_GUARDED_BY(lock);
    int            notify_fd PARIO_I_GUARDED_BY(lock); /* raised at each change; -1: closed */
    int            family; /* of the addresses that are wanted; AF_UNSPEC: both */
} pario_i_resolver;

/* A new resolver with one reference, or NULL and errno. */
static pario_i_resolver *pario_i_resolver_new(int notify_fd, int64_t cache_ns, int family)
{
    pario_i_resolver *resolver = (pario_i_resolver *)pario_i_new(sizeof *resolver, 0, 0);
    if (resolver == NULL) {
        return NULL;
    }
    int failed = pario_i_lock_init(&resolver->lock, &resolver->changed);
    if (failed != 0) {
        PARIO_FREE(resolver);
        errno = failed;
        return NULL;
    }
    pario_i_mutex_lock(&resolver->lock);
    resolver->references = 1;
    resolver->notify_fd = notify_fd;
    resolver->cache_ns = cache_ns;
    resolver->family = family;
    resolver->wanted_end = &resolver->wanted;
    pario_i_mutex_unlock(&resolver->lock);
    return resolver;
}

/* Takes the names that nobody waits for, or all, out of the buckets and frees them. */
static void pario_i_resolver_empty(pario_i_resolver *resolver, bool all)
    PARIO_I_REQUIRES(resolver->lock)
{
    for (size_t i = 0; i < PARIO_I_NAME_BUCKETS; i++) {
        pario_i_name **link = &resolver->buckets[i];
        while (*link != NULL) {
            pario_i_name *name = *link;
            if (all || (name->waiting == 0 && !name->wanted)) {
                *link = name->next;
                resolver->count--;
                pario_i_addresses_drop(name->addresses);
                PARIO_FREE(name);
            } else {
                link = &name->next;
            }
        }
    }
}

/* One reference less. The last one takes all names along, wanted or not. */
static void pario_i_resolver_drop(pario_i_resolver *resolver)
{
    pario_i_mutex_lock(&resolver->lock);
    resolver->references--;
    bool last = resolver->references == 0;
    if (last) {
        pario_i_resolver_empty(resolver, true);
    }
    pario_i_mutex_unlock(&resolver->lock);
    if (last) {
        pario_i_lock_destroy(&resolver->lock, &resolver->changed);
        PARIO_FREE(resolver);
    }
}

/* The client goes: nobody is told of results any more, and what is only wanted is not begun. */
static void pario_i_resolver_close(pario_i_resolver *resolver)
{
    pario_i_mutex_lock(&resolver->lock);
    resolver->notify_fd = -1;
    resolver->wanted = NULL;
    pario_i_mutex_unlock(&resolver->lock);
    pario_i_resolver_drop(resolver);
}

/* Whether an address is of a kind that can be connected to. */
static bool pario_i_resolver_likes(const struct addrinfo *at)
{
    return (at->ai_family == AF_INET && at->ai_addrlen == sizeof(struct sockaddr_in)) ||
           (at->ai_family == AF_INET6 && at->ai_addrlen == sizeof(struct sockaddr_in6));
}

/* The next address in getaddrinfo's list that can be used, and is of a family or (not) of it;
 * NULL: there is none. */
static const struct addrinfo *pario_i_resolver_pick(const struct addrinfo *at, int family, bool of)
{
    while (at != NULL && (!pario_i_resolver_likes(at) || (at->ai_family == family) != of)) {
        at = at->ai_next;
    }
    return at;
}

/* Copies those of getaddrinfo's list that can be used and are of the family that is wanted, or of
 * both (AF_UNSPEC): then they take turns, RFC 8305 section 4, and the first begins. NULL: out of
 * memory, or (*found is 0) there is none such. */
static pario_i_addresses *pario_i_resolver_copy(const struct addrinfo *list, int wanted,
                                                size_t *found)
{
    const struct addrinfo *first = pario_i_resolver_pick(list, AF_UNSPEC, false);
    const struct addrinfo *heads[2];
    bool                   both = wanted == AF_UNSPEC && first != NULL;
    int                    family = both ? first->ai_family : wanted;
    heads[0] = pario_i_resolver_pick(list, family, true);
    heads[1] = both ? pario_i_resolver_pick(list, family, false) : NULL;
    *found = 0;
    for (size_t turn = 0; turn < 2; turn++) {
        for (const struct addrinfo *at = heads[turn]; at != NULL; *found += 1) {
            at = pario_i_resolver_pick(at->ai_next, family, turn == 0);
        }
    }
    size_t             count = pario_i_min(*found, PARIO_I_MAX_ADDRESSES);
    pario_i_addresses *addresses = count > 0 ? pario_i_addresses_new(count) : NULL;
    for (size_t filled = 0; filled < count && addresses != NULL; filled++) {
        size_t                 turn = heads[filled % 2] != NULL ? filled % 2 : 1 - (filled % 2);
        const struct addrinfo *at = heads[turn];
        memcpy(&addresses->list[filled], at->ai_addr, at->ai_addrlen);
        heads[turn] = pario_i_resolver_pick(at->ai_next, family, turn == 0);
    }
    return addresses;
}

/* Looks one name up. Only `host` of it is touched, and nobody else changes that. EAI_FAMILY: it has
 * no address of the family that is wanted. */
static void pario_i_resolver_ask(const pario_i_name *name, int family, pario_i_name *answer)
{
    struct addrinfo  hints;
    struct addrinfo *list = NULL;
    size_t           found;
    memset(&hints, 0, sizeof hints);
    memset(answer, 0, sizeof *answer);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    errno = 0;
    answer->resolver_error = getaddrinfo(name->host, NULL, &hints, &list);
    answer->system_error = answer->resolver_error == EAI_SYSTEM ? errno : 0;
    if (answer->resolver_error == 0) {
        answer->addresses = pario_i_resolver_copy(list, family, &found);
        if (answer->addresses == NULL) {
            answer->resolver_error = family != AF_UNSPEC && found == 0 ? EAI_FAMILY : EAI_MEMORY;
        }
        freeaddrinfo(list);
    }
}

/* Notes what became of a lookup and tells all who wait. */
static void pario_i_resolver_note(pario_i_resolver *resolver, pario_i_name *name,
                                  const pario_i_name *answer) PARIO_I_REQUIRES(resolver->lock)
{
    bool known = answer->addresses != NULL;
    pario_i_addresses_drop(name->addresses);
    name->addresses = answer->addresses;
    name->resolver_error = answer->resolver_error;
    name->system_error = answer->system_error;
    name->wanted = false;
    name->expires_at =
        pario_i_time_add(pario_i_clock_ns(CLOCK_MONOTONIC),
                         known ? resolver->cache_ns : (int64_t)PARIO_LOOKUP_FAILURE_MS * 1000000);
    (void)pthread_cond_broadcast(&resolver->changed);
    if (resolver->notify_fd >= 0) {
        pario_i_event_raise(resolver->notify_fd);
    }
}

/* The first name of the queue, taken out of it; or NULL, and the helper's reference is over. */
static pario_i_name *pario_i_resolver_take(pario_i_resolver *resolver)
    PARIO_I_REQUIRES(resolver->lock)
{
    pario_i_name *name = resolver->wanted;
    if (name != NULL) {
        resolver->wanted = name->next_wanted;
        if (resolver->wanted == NULL) {
            resolver->wanted_end = &resolver->wanted;
        }
        resolver->lookups++;
    } else {
        resolver->helpers--;
    }
    return name;
}

/* A helper thread: looks names up until none is wanted. */
static void *pario_i_resolver_help(void *argument)
{
    pario_i_resolver *resolver = (pario_i_resolver *)argument;
    pario_i_name     *name;
    pario_i_mutex_lock(&resolver->lock);
    do {
        name = pario_i_resolver_take(resolver);
        if (name != NULL) {
            pario_i_name answer;
            pario_i_mutex_unlock(&resolver->lock);
            pario_i_resolver_ask(name, resolver->family, &answer);
            pario_i_mutex_lock(&resolver->lock);
            pario_i_resolver_note(resolver, name, &answer);
        }
    } while (name != NULL);
    pario_i_mutex_unlock(&resolver->lock);
    pario_i_resolver_drop(resolver);
    return NULL;
}

/* Puts a name into the queue, and sees that there is somebody to serve it. */
static void pario_i_resolver_begin(pario_i_resolver *resolver, pario_i_name *name)
    PARIO_I_REQUIRES(resolver->lock)
{
    name->wanted = true;
    name->next_wanted = NULL;
    *resolver->wanted_end = name;
    resolver->wanted_end = &name->next_wanted;
    if (resolver->helpers >= PARIO_MAX_LOOKUPS) {
        return;
    }
    pthread_t thread;
    int       failed =
        pario_i_thread_start(&thread, PARIO_I_LOOKUP_STACK_BYTES, pario_i_resolver_help, resolver);
    if (failed == 0) {
        (void)pthread_detach(thread);
        resolver->helpers++;
        resolver->references++;
    } else if (resolver->helpers == 0) {
        pario_i_name answer;
        memset(&answer, 0, sizeof answer);
        answer.resolver_error = EAI_SYSTEM;
        answer.system_error = failed;
        resolver->wanted = NULL;
        resolver->wanted_end = &resolver->wanted;
        pario_i_resolver_note(resolver, name, &answer);
    }
}

/* FNV-1a over a host in lower case, going on from a hash. */
static uint32_t pario_i_host_hash(uint32_t before, const unsigned char *host, size_t size)
{
    uint32_t hash = before;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ pario_i_lower(host[i])) * 16777619u;
    }
    return hash;
}

/* Copies a host in lower case, with a NUL. */
static void pario_i_host_copy(char *to, const unsigned char *host, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (char)pario_i_lower(host[i]);
    }
    to[size] = '\0';
}

/* The name's entry in the cache, made if need be; NULL: out of memory. */
static pario_i_name *pario_i_resolver_entry(pario_i_resolver *resolver, const unsigned char *host,
                                            size_t size) PARIO_I_REQUIRES(resolver->lock)
{
    size_t        bucket = pario_i_host_hash(2166136261u, host, size) % PARIO_I_NAME_BUCKETS;
    pario_i_name *name = resolver->buckets[bucket];
    while (name != NULL && (name->size != size || !pario_i_equals(host, 0, size, name->host))) {
        name = name->next;
    }
    if (name != NULL) {
        return name;
    }
    if (resolver->count >= PARIO_MAX_CACHED_NAMES) {
        pario_i_resolver_empty(resolver, false);
    }
    name = (pario_i_name *)pario_i_new(sizeof *name, size + 1, 1);
    if (name == NULL) {
        return NULL;
    }
    void *behind = name + 1;
    name->host = (char *)behind;
    name->size = size;
    pario_i_host_copy(name->host, host, size);
    name->next = resolver->buckets[bucket];
    resolver->buckets[bucket] = name;
    resolver->count++;
    return name;
}

/* Begins to wait for a name, which is looked up unless it is known; NULL: out of memory. */
static pario_i_name *pario_i_resolver_want(pario_i_resolver *resolver, const unsigned char *host,
                                           size_t size, int64_t now)
{
    pario_i_mutex_lock(&resolver->lock);
    pario_i_name *name = pario_i_resolver_entry(resolver, host, size);
    if (name != NULL) {
        name->waiting++;
        if (name->waiting == 1 && !name->wanted && now >= name->expires_at) {
            pario_i_resolver_begin(resolver, name);
        }
    }
    pario_i_mutex_unlock(&resolver->lock);
    return name;
}

/* Asks for a name that is waited for. True: *answer is filled, with a reference to the addresses if
 * there are any, and the waiting is over. */
static bool pario_i_resolver_check(pario_i_resolver *resolver, pario_i_name *name,
                                   pario_i_name *answer)
{
    pario_i_mutex_lock(&resolver->lock);
    bool over = !name->wanted;
    if (over) {
        *answer = *name;
        (void)pario_i_addresses_keep(name->addresses);
        name->waiting--;
    }
    pario_i_mutex_unlock(&resolver->lock);
    return over;
}

/* Waits no longer for a name. */
static void pario_i_resolver_leave(pario_i_resolver *resolver, pario_i_name *name)
{
    pario_i_mutex_lock(&resolver->lock);
    name->waiting--;
    pario_i_mutex_unlock(&resolver->lock);
}
#endif

#if PARIO_SECTIONS >= 10
/* ------------------------------------------------------------------------------------------ */
/* >>pool */

/* Whether two addresses are equal in their first so many bits. */
static bool pario_i_bypass_equal_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
    bool same = true;
    for (size_t i = 0; i < bits && same; i++) {
        same = ((unsigned)(a[i / 8] ^ b[i / 8]) & (128u >> (i % 8))) == 0;
    }
    return same;
}

/* Whether the network or address t[beg..end) holds an address. */
static bool pario_i_bypass_network(const unsigned char *t, size_t beg, size_t end,
                                   const pario_i_address *address)
{
    pario_i_address      network;
    const unsigned char *a;
    const unsigned char *b;
    size_t               slash = pario_i_find(t, beg, end, '/');
    size_t               size = pario_i_address_bytes(address, &a);
    uint64_t             bits = size * 8;
    bool                 good = pario_i_address_read(&network, t + beg, slash - beg) &&
                pario_i_address_bytes(&network, &b) == size;
    if (slash < end) {
        good = good && pario_i_decimal(t, slash + 1, end, &bits) == PARIO_I_NUMBER;
    }
    return good && bits <= size * 8 && pario_i_bypass_equal_bits(a, b, (size_t)bits);
}

/* Where s[beg..end) ends without a dot. */
static size_t pario_i_bypass_end(const unsigned char *s, size_t beg, size_t end)
{
    return beg < end && s[end - 1] == '.' ? end - 1 : end;
}

/* Whether the domain t[beg..end) is the host, or one that the host is in; case ignored, as a dot
 * before it and one at the end of either. */
static bool pario_i_bypass_domain(const unsigned char *t, size_t beg, size_t end,
                                  const unsigned char *host, size_t size)
{
    size_t from = beg < end && t[beg] == '.' ? beg + 1 : beg;
    size_t to = pario_i_bypass_end(t, from, end);
    size_t last = pario_i_bypass_end(host, 0, size);
    size_t count = to - from;
    return count > 0 && count <= last && pario_i_same(t + from, host + last - count, count) &&
           (count == last || host[last - count - 1] == '.');
}

/* Whether t[beg..end), which is behind an entry's host, is nothing, or a colon and this port. */
static bool pario_i_bypass_port(const unsigned char *t, size_t beg, size_t end, uint16_t port)
{
    uint64_t wanted = port;
    bool     good = beg >= end ||
                (t[beg] == ':' && pario_i_decimal(t, beg + 1, end, &wanted) == PARIO_I_NUMBER);
    return good && wanted == port;
}

/* Narrows an entry t[*beg..*end), which is not empty, to its host, without brackets and port.
 * False: it is for another port than this one, or malformed. */
static bool pario_i_bypass_host(const unsigned char *t, size_t *beg, size_t *end, uint16_t port)
{
    size_t last = *end;
    size_t colon = pario_i_find(t, *beg, last, ':');
    size_t behind = last;
    if (t[*beg] == '[') {
        *beg += 1;
        *end = pario_i_find(t, *beg, last, ']');
        if (*end == last) {
            return false;
        }
        behind = *end + 1;
    } else if (colon < last && pario_i_find(t, colon + 1, last, ':') == last) {
        *end = colon; /* more colons than one are those of a bare IPv6 address */
        behind = colon;
    }
    return pario_i_bypass_port(t, behind, last, port);
}

/* Whether the list of exceptions holds a URL's host: pario_config.no_proxy says how. */
static bool pario_i_bypasses(const char *exceptions, const unsigned char *url,
                             const pario_i_url *parts)
{
    const unsigned char *t = (const unsigned char *)exceptions;
    const unsigned char *host = url + parts->host_beg;
    size_t               size = (size_t)parts->host_end - parts->host_beg;
    pario_i_address      address;
    bool                 numeric = pario_i_address_read(&address, host, size);
    size_t               at = strspn(exceptions, " \t,");
    bool                 found = false;
    while (t[at] != '\0' && !found) {
        size_t beg = at;
        size_t end = at + strcspn(exceptions + at, " \t,");
        at = end + strspn(exceptions + end, " \t,");
        if (end - beg == 1 && t[beg] == '*') {
            found = true;
        } else if (pario_i_bypass_host(t, &beg, &end, parts->port)) {
            found = numeric ? pario_i_bypass_network(t, beg, end, &address)
                            : pario_i_bypass_domain(t, beg, end, host, size);
        }
    }
    return found;
}

/* Scheme, host and port: what connections can be shared by. */
typedef struct pario_i_origin {
    struct pario_i_origin *next;          /* in its bucket */
    pario_i_connection    *idle;          /* the one used last comes first */
    pario_i_exchange      *first_waiting; /* for the limit of connections per host */
    pario_i_exchange      *last_waiting;
    pario_i_addresses     *numeric; /* of a host that needs no lookup */
    const pario_i_proxy   *via;     /* what is connected to in its place, or NULL */
    size_t                 active;  /* connections with an exchange */
    size_t                 idle_count;
    size_t                 size;
    uint32_t               hash;
    uint16_t               port;
    bool                   https;
    char                  *host; /* in lower case; in this very block */
} pario_i_origin;

typedef struct pario_i_pool {
    pario_i_origin     **buckets;
    size_t               bucket_count; /* a power of two, or 0 */
    size_t               count;
    pario_i_connection  *oldest; /* of all idle ones */
    pario_i_connection  *newest;
    pario_i_connection  *active; /* all that have an exchange */
    pario_i_connection  *spare;  /* closed ones, whose memory is for the next ones */
    size_t               idle_count;
    size_t               connections; /* idle or active */
    size_t               made;        /* these and the spare */
    pario_i_origin      *recent;      /* the one that was asked for last, or NULL */
    const pario_i_proxy *proxies[2];  /* for http and for https; or NULL */
    pario_i_origin shared; /* has the idle connections to a proxy that no tunnel goes through */
} pario_i_pool;

/* A hash over the origin's parts. */
static uint32_t pario_i_origin_hash(const unsigned char *url, const pario_i_url *parts)
{
    uint32_t before = 2166136261u ^ parts->port ^ (parts->https ? 65536u : 0u);
    return pario_i_host_hash(before, url + parts->host_beg,
                             (size_t)parts->host_end - parts->host_beg);
}

/* Whether an origin is the one of a URL. */
static bool pario_i_origin_is(const pario_i_origin *origin, const unsigned char *url,
                              const pario_i_url *parts)
{
    return origin->port == parts->port && origin->https == parts->https &&
           origin->size == (size_t)parts->host_end - parts->host_beg &&
           (memcmp(url + parts->host_beg, origin->host, origin->size) == 0 ||
            pario_i_equals(url, parts->host_beg, parts->host_end, origin->host));
}

/* Doubles the table. Where there is no memory for it the old one goes on. */
static void pario_i_pool_widen(pario_i_pool *pool)
{
    size_t           count = pool->bucket_count;
    pario_i_origin **buckets =
        (pario_i_origin **)pario_i_grow(NULL, &count, sizeof(pario_i_origin *));
    if (buckets == NULL) {
        return;
    }
    memset((void *)buckets, 0, count * sizeof(pario_i_origin *));
    for (size_t i = 0; i < pool->bucket_count; i++) {
        while (pool->buckets[i] != NULL) {
            pario_i_origin *origin = pool->buckets[i];
            pool->buckets[i] = origin->next;
            origin->next = buckets[origin->hash & (count - 1)];
            buckets[origin->hash & (count - 1)] = origin;
        }
    }
    PARIO_FREE((void *)pool->buckets);
    pool->buckets = buckets;
    pool->bucket_count = count;
}

/* A new origin, in its bucket; NULL: out of memory. */
static pario_i_origin *pario_i_pool_add(pario_i_pool *pool, const unsigned char *url,
                                        const pario_i_url *parts)
{
    uint32_t hash = pario_i_origin_hash(url, parts);
    size_t   size = (size_t)parts->host_end - parts->host_beg;
    if (pool->count >= pool->bucket_count) {
        pario_i_pool_widen(pool);
    }
    void *block = pool->bucket_count > 0 ? pario_i_new(sizeof(pario_i_origin), size + 1, 1) : NULL;
    if (block == NULL) {
        return NULL;
    }
    pario_i_origin *origin = (pario_i_origin *)block;
    origin->host = (char *)block + sizeof *origin;
    pario_i_host_copy(origin->host, url + parts->host_beg, size);
    origin->size = size;
    origin->hash = hash;
    origin->port = parts->port;
    origin->https = parts->https;
    origin->via = pool->proxies[parts->https ? 1 : 0];
    if (origin->via != NULL && pario_i_bypasses(origin->via->exceptions, url, parts)) {
        origin->via = NULL;
    }
    origin->next = pool->buckets[hash & (pool->bucket_count - 1)];
    pool->buckets[hash & (pool->bucket_count - 1)] = origin;
    pool->count++;
    return origin;
}

/* The origin of a URL, or NULL: none is known. */
static pario_i_origin *pario_i_pool_known(pario_i_pool *pool, const unsigned char *url,
                                          const pario_i_url *parts)
{
    if (pool->recent != NULL && pario_i_origin_is(pool->recent, url, parts)) {
        return pool->recent;
    }
    pario_i_origin *origin = NULL;
    if (pool->bucket_count > 0) {
        origin = pool->buckets[pario_i_origin_hash(url, parts) & (pool->bucket_count - 1)];
    }
    while (origin != NULL && !pario_i_origin_is(origin, url, parts)) {
        origin = origin->next;
    }
    pool->recent = origin;
    return origin;
}

/* Frees an origin that nobody needs any more. */
static void pario_i_pool_forget(pario_i_pool *pool, pario_i_origin *origin)
{
    if (origin->active > 0 || origin->idle != NULL || origin->first_waiting != NULL) {
        return;
    }
    pario_i_origin **link = &pool->buckets[origin->hash & (pool->bucket_count - 1)];
    while (*link != NULL && *link != origin) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = origin->next;
    }
    pool->count--;
    pool->recent = pool->recent == origin ? NULL : pool->recent;
    pario_i_addresses_drop(origin->numeric);
    PARIO_FREE(origin);
}

/* Puts a connection at the head of a list that goes by next and previous. */
static void pario_i_connection_link(pario_i_connection **list, pario_i_connection *c)
{
    c->previous = NULL;
    c->next = *list;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    *list = c;
}

/* Takes a connection out of such a list. */
static void pario_i_connection_unlink(pario_i_connection **list, pario_i_connection *c)
{
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        *list = c->next;
    }
    c->next = NULL;
    c->previous = NULL;
}

/* Which origin's idle connections may serve this one: its own, but to a proxy that is told whole
 * URLs any connection will do. */
static pario_i_origin *pario_i_pool_shelf(pario_i_pool *pool, pario_i_origin *origin)
{
    return origin->via != NULL && !origin->https ? &pool->shared : origin;
}

/* An active connection has no exchange any more and is kept; `now`: since when. */
static void pario_i_pool_rest(pario_i_pool *pool, pario_i_connection *c, int64_t now)
{
    pario_i_connection_unlink(&pool->active, c);
    c->origin->active--;
    c->origin = pario_i_pool_shelf(pool, c->origin);
    pario_i_connection_link(&c->origin->idle, c);
    c->origin->idle_count++;
    c->idle_since = now;
    c->idle = true;
    c->newer = NULL;
    c->older = pool->newest;
    if (pool->newest != NULL) {
        pool->newest->newer = c;
    } else {
        pool->oldest = c;
    }
    pool->newest = c;
    pool->idle_count++;
}

/* An idle connection is wanted again, or is to be closed: it becomes an active one of an origin. */
static void pario_i_pool_rouse(pario_i_pool *pool, pario_i_connection *c, pario_i_origin *origin)
{
    pario_i_connection_unlink(&c->origin->idle, c);
    pario_i_connection_link(&pool->active, c);
    c->origin->idle_count--;
    c->origin = origin;
    c->origin->active++;
    if (c->newer != NULL) {
        c->newer->older = c->older;
    } else {
        pool->newest = c->older;
    }
    if (c->older != NULL) {
        c->older->newer = c->newer;
    } else {
        pool->oldest = c->newer;
    }
    c->idle = false;
    c->exchange = NULL;
    c->name = NULL;
    pool->idle_count--;
}

/* A new active connection of an origin, not yet connecting; NULL: out of memory. */
static pario_i_connection *pario_i_pool_connection(pario_i_pool *pool, pario_i_origin *origin)
{
    size_t              size = origin->https ? sizeof(pario_i_secured) : sizeof(pario_i_connection);
    pario_i_connection *c = origin->https ? NULL : pool->spare;
    uint32_t            place = c != NULL ? c->heap_place : 0;
    if (c != NULL) {
        pool->spare = c->next;
    } else {
        c = (pario_i_connection *)PARIO_MALLOC(size);
        pool->made += c != NULL ? 1u : 0u;
    }
    if (c != NULL) {
        memset((void *)c, 0, size);
        c->heap_place = place;
        c->fd = -1;
        c->origin = origin;
        c->secure = origin->https;
        c->connecting = true;
        c->addresses = pario_i_addresses_keep(origin->numeric);
        origin->active++;
        pool->connections++;
        pario_i_connection_link(&pool->active, c);
    }
    return c;
}
#endif

#if PARIO_SECTIONS >= 11
/* ------------------------------------------------------------------------------------------ */
/* >>deadlines */

/*
 * A heap of connections by the time at which somebody must look at them. That time may be too
 * early, never too late: a deadline that moves away, as most do at each byte, does not touch the
 * heap; it is found out when the old time comes. A connection that is used again and again costs
 * one step here per interval, not per request.
 */
typedef struct pario_i_place {
    int64_t             at;
    pario_i_connection *connection;
} pario_i_place;

typedef struct pario_i_heap {
    pario_i_place *places; /* the first is places[1] */
    size_t         count;
    size_t         room;
} pario_i_heap;

/* Puts a connection into a place. */
static void pario_i_heap_put(pario_i_heap *heap, size_t place, pario_i_place what)
{
    heap->places[place] = what;
    what.connection->heap_place = (uint32_t)place;
}

/* Moves a connection up from a free place to where it belongs. */
static void pario_i_heap_rise(pario_i_heap *heap, size_t place, pario_i_place what)
{
    size_t at = place;
    while (at > 1 && heap->places[at / 2].at > what.at) {
        pario_i_heap_put(heap, at, heap->places[at / 2]);
        at /= 2;
    }
    pario_i_heap_put(heap, at, what);
}

/* Moves a connection down from a free place to where it belongs. */
static void pario_i_heap_sink(pario_i_heap *heap, size_t place, pario_i_place what)
{
    size_t at = place;
    bool   more = true;
    while (more && at * 2 <= heap->count) {
        size_t child = at * 2;
        if (child < heap->count && heap->places[child + 1].at < heap->places[child].at) {
            child++;
        }
        more = heap->places[child].at < what.at;
        if (more) {
            pario_i_heap_put(heap, at, heap->places[child]);
            at = child;
        }
    }
    pario_i_heap_put(heap, at, what);
}

/* Sees that a connection is looked at when `at` comes, or before. There is room for it. */
static void pario_i_heap_wake(pario_i_heap *heap, pario_i_connection *c, int64_t at)
{
    pario_i_place what;
    what.at = at;
    what.connection = c;
    if (c->heap_place == 0) {
        heap->count++;
        pario_i_heap_rise(heap, heap->count, what);
    } else if (at < heap->places[c->heap_place].at) {
        pario_i_heap_rise(heap, c->heap_place, what);
    }
}

/* Moves the first connection to the time at which it is to be looked at next. */
static void pario_i_heap_delay_first(pario_i_heap *heap, int64_t at)
{
    pario_i_place what = heap->places[1];
    what.at = at;
    pario_i_heap_sink(heap, 1, what);
}

/* Takes a connection out, if it is in. */
static void pario_i_heap_remove(pario_i_heap *heap, pario_i_connection *c)
{
    size_t place = c->heap_place;
    if (place == 0) {
        return;
    }
    pario_i_place last = heap->places[heap->count];
    heap->count--;
    c->heap_place = 0;
    if (last.connection != c) {
        if (place > 1 && heap->places[place / 2].at > last.at) {
            pario_i_heap_rise(heap, place, last);
        } else {
            pario_i_heap_sink(heap, place, last);
        }
    }
}

/* The earliest time, INT64_MAX where there is none. */
static int64_t pario_i_heap_next(const pario_i_heap *heap)
{
    return heap->count > 0 ? heap->places[1].at : INT64_MAX;
}
#endif

#if PARIO_SECTIONS >= 12
/* ------------------------------------------------------------------------------------------ */
/* >>executors */

/* glibc has a working ucontext; other libcs may say so by defining PARIO_HAVE_UCONTEXT. */
#if !defined(PARIO_NO_FIBERS) && !defined(__GLIBC__) && !defined(PARIO_HAVE_UCONTEXT)
#define PARIO_NO_FIBERS
#endif

#if !defined(PARIO_NO_FIBERS)
#include <ucontext.h>
#endif

#define PARIO_I_RECEIVE_BYTES 65536u
#if !defined(PARIO_I_EVENTS)
#define PARIO_I_EVENTS 128 /* taken from the kernel at once */
#endif
/* A connection that has received so often in a row lets the others go first. */
#define PARIO_I_TURNS 16
/* One whose time is over goes on so often, to take in what had come before. */
#define PARIO_I_LAST_TURNS 1024
/* How often idle connections are looked at where no loop watches them. */
#define PARIO_I_TEND_NS INT64_C(1000000000)

/* What receiving and sending need for the moment. */
typedef struct pario_i_scratch {
    struct pario_i_scratch *next;
    pario_i_buffer          send;
    pario_i_head            head;
    unsigned char          *receive; /* PARIO_I_RECEIVE_BYTES, in this very block */
} pario_i_scratch;

/* A spawned task that waits for its turn. */
typedef struct pario_i_task {
    struct pario_i_task *next;
    pario_task           function;
    void                *argument;
} pario_i_task;

/* Where a request's id leads. An exchange is at an even address, so that free slots, which are
 * chained, can be told by an odd number. */
typedef union pario_i_slot {
    pario_i_exchange *exchange;
    uintptr_t         next_free; /* twice its index, and one */
} pario_i_slot;

#define PARIO_I_NO_SLOT (UINT32_MAX / 2)

#if !defined(PARIO_NO_FIBERS)
/* A fiber lives at the upper end of its own stack. */
typedef struct pario_i_fiber {
    ucontext_t            context;
    struct pario_i_fiber *next; /* among all */
    struct pario_i_fiber *next_free;
    pario_client         *client;
    pario_i_exchange     *exchange; /* what it is to run: this, */
    pario_i_task         *task;     /* or this */
    unsigned char        *mapping;  /* begins with the guard page */
    size_t                mapping_size;
    size_t                stack_size; /* of it, below the fiber itself */
    void                 *fake_stack; /* the address sanitizer's */
    void                 *race_fiber; /* the thread sanitizer's */
    pario_i_exchange     *waiting;    /* what it waits with */
    bool                  busy;
} pario_i_fiber;
#endif

/* What most functions use stands first, where short instructions reach it. What is guarded is what
 * the pool's threads share. On the other executors nobody else is there, and the lock is not taken.
 */
struct pario_client {
    int               epoll_fd; /* -1 where the executor has no loop */
    int               wake_fd;
    int               timer_fd; /* -1 where there is none, too */
    uint32_t          free_slot PARIO_I_GUARDED_BY(lock);
    bool              woken;   /* atomic: by pario_wake */
    bool              in_task; /* on PARIO_SEQUENTIAL */
    bool              watched; /* somebody has asked for the descriptor; set with the lock held */
    bool              polled;  /* in this turn: what idle connections had to say is known */
    bool              awaited PARIO_I_GUARDED_BY(lock); /* pario_next found nothing last time */
    bool              changed PARIO_I_GUARDED_BY(lock); /* something has ended in this turn */
    bool              closing PARIO_I_GUARDED_BY(lock);
    bool              parts_first PARIO_I_GUARDED_BY(lock);
    int64_t           now;     /* of the loop's present turn */
    int64_t           seen;    /* all events until then are known */
    int64_t           asked;   /* for those since, at this time */
    size_t            backlog; /* of them, so many may still be there */
    pario_i_resolver *resolver PARIO_I_GUARDED_BY(lock);
    size_t            running PARIO_I_GUARDED_BY(lock);
    size_t            waiting_tasks PARIO_I_GUARDED_BY(lock);
    size_t            outstanding PARIO_I_GUARDED_BY(lock); /* for pario_next: requests, tasks */
    pario_i_exchange *first_queued PARIO_I_GUARDED_BY(lock);
    pario_i_exchange *last_queued PARIO_I_GUARDED_BY(lock);
    pario_i_task     *first_task PARIO_I_GUARDED_BY(lock);
    pario_i_slot     *slots PARIO_I_GUARDED_BY(lock);
    size_t            slot_count PARIO_I_GUARDED_BY(lock); /* that were in use once */
    size_t            worker_count PARIO_I_GUARDED_BY(lock);
    pario_i_scratch  *scratch PARIO_I_GUARDED_BY(lock);
    pario_config      config;      /* resolved */
    pario_i_exchange *current;     /* on PARIO_SEQUENTIAL */
    int64_t           timer_at;    /* what the timer is set to; 0: not set */
    int               fiber_error; /* errno: not even one fiber can be had for the tasks */
#if !defined(PARIO_NO_FIBERS)
    pario_i_fiber *fiber; /* that runs now */
    pario_i_fiber *fibers;
    pario_i_fiber *free_fibers;
    ucontext_t    *context; /* of the loop, while a fiber runs */
    void          *fake_stack;
    void          *race_fiber;
    const void    *stack_bottom;
    size_t         stack_size;
#endif
    pario_i_exchange *first_done PARIO_I_GUARDED_BY(lock);
    pario_i_exchange *last_done PARIO_I_GUARDED_BY(lock);
    pario_i_exchange *unparked PARIO_I_GUARDED_BY(lock);   /* inlined ones, for their fibers */
    pario_i_exchange *first_part PARIO_I_GUARDED_BY(lock); /* streams that are ready */
    pario_i_exchange *last_part PARIO_I_GUARDED_BY(lock);
    pario_i_task    **tasks_end PARIO_I_GUARDED_BY(lock); /* where the next one is linked to */
    size_t            slot_room PARIO_I_GUARDED_BY(lock);
    uint32_t          serial PARIO_I_GUARDED_BY(lock);
    size_t            resolving PARIO_I_GUARDED_BY(lock); /* connections that wait for a name */
    int64_t           tend_at PARIO_I_GUARDED_BY(lock);   /* when pario_i_tend_idle looks again */
    /* Secure ones that were closed, to be freed: the loop may still hold events of theirs. */
    pario_i_connection *dead PARIO_I_GUARDED_BY(lock);
    pario_i_pool        pool PARIO_I_GUARDED_BY(lock);
    pario_i_heap        heap PARIO_I_GUARDED_BY(lock);
    pario_statistics    statistics PARIO_I_GUARDED_BY(lock);
    pthread_t          *workers PARIO_I_GUARDED_BY(lock);
    size_t              worker_room PARIO_I_GUARDED_BY(lock);
    size_t              idle_workers PARIO_I_GUARDED_BY(lock);
    pario_i_mutex       lock;
    pthread_cond_t      work;   /* for idle workers */
    pthread_cond_t      vacant; /* for tasks that wait for a connection to their host */
    pario_i_limits      limits;
    char               *agent;          /* the User-Agent line, or "" */
    pario_i_proxy       proxies[2];     /* for http and for https */
    pario_i_buffer      proxy_texts[2]; /* what they point to */
    pario_i_addresses  *unix_socket;    /* that all connections lead to, or NULL */
    pario_i_address     source;         /* that they begin at; AF_UNSPEC: anywhere */
    char                source_text[INET6_ADDRSTRLEN];
};

/* How far an exchange was carried. */
typedef enum pario_i_carried {
    PARIO_I_ONWARD,  /* something was done: go on */
    PARIO_I_WAITING, /* it waits for its socket, for a name or for its deadline */
    PARIO_I_RESTING, /* there is more to do, but others should go first */
    /* And when it is no longer run: */
    PARIO_I_PARKED, /* a redirect led to a host that has all its connections: it is queued */
    PARIO_I_ENDED
} pario_i_carried;

/* Whether exchanges wait in an epoll loop, and their connections in the heap. */
static bool pario_i_has_loop(const pario_client *client)
{
    return client->config.executor == PARIO_EPOLL || client->config.executor == PARIO_FIBERS;
}

/* Takes the lock where there are threads. */
static void pario_i_client_lock(pario_client *client) PARIO_I_ACQUIRE(client->lock)
    PARIO_I_NO_ANALYSIS
{
    if (client->config.executor == PARIO_THREADS) {
        pario_i_mutex_lock(&client->lock);
    }
}

/* Gives the lock back where there are threads. */
static void pario_i_client_unlock(pario_client *client) PARIO_I_RELEASE(client->lock)
    PARIO_I_NO_ANALYSIS
{
    if (client->config.executor == PARIO_THREADS) {
        pario_i_mutex_unlock(&client->lock);
    }
}

/* A scratch for a moment's use; NULL: out of memory. */
static inline pario_i_scratch *pario_i_scratch_take(pario_client *client)
{
    pario_i_client_lock(client);
    pario_i_scratch *scratch = client->scratch;
    if (scratch != NULL) {
        client->scratch = scratch->next;
    }
    pario_i_client_unlock(client);
    if (scratch == NULL) {
        void *block = PARIO_MALLOC(sizeof *scratch + PARIO_I_RECEIVE_BYTES);
        if (block != NULL) {
            scratch = (pario_i_scratch *)block;
            memset(scratch, 0, sizeof *scratch);
            scratch->receive = (unsigned char *)block + sizeof *scratch;
        }
    }
    return scratch;
}

/* Gives a scratch back. */
static void pario_i_scratch_put(pario_client *client, pario_i_scratch *scratch)
{
    pario_i_client_lock(client);
    scratch->next = client->scratch;
    client->scratch = scratch;
    pario_i_client_unlock(client);
}

/* Takes an exchange out of a list that goes by next and previous. */
static void pario_i_list_remove(pario_i_exchange **first, pario_i_exchange **last,
                                pario_i_exchange *x)
{
    if (x->previous != NULL) {
        x->previous->next = x->next;
    } else {
        *first = x->next;
    }
    if (x->next != NULL) {
        x->next->previous = x->previous;
    } else {
        *last = x->previous;
    }
    x->next = NULL;
    x->previous = NULL;
}

/* Puts an exchange into such a list: before another one of it, or, if that is NULL, at its end. */
static void pario_i_list_insert(pario_i_exchange **first, pario_i_exchange **last,
                                pario_i_exchange *next, pario_i_exchange *x)
{
    x->next = next;
    x->previous = next != NULL ? next->previous : *last;
    if (x->previous != NULL) {
        x->previous->next = x;
    } else {
        *first = x;
    }
    if (next != NULL) {
        next->previous = x;
    } else {
        *last = x;
    }
}

/* Makes pario_next, or who waits for the descriptor, look; once for all that comes meanwhile. */
static void pario_i_notify(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    if (client->awaited && (!pario_i_has_loop(client) || client->watched)) {
        client->awaited = false;
        pario_i_event_raise(client->wake_fd);
    }
}

/* An exchange is to be handed out as a whole, or at its end. */
static void pario_i_hand_over(pario_client *client, pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_list_insert(&client->first_done, &client->last_done, NULL, x);
    pario_i_notify(client);
}

/* The head or a part of a stream is to be handed out. */
static void pario_i_hand_out(pario_client *client, pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    x->ready = true;
    x->reply->next = NULL;
    if (client->first_part != NULL) {
        client->last_part->reply->next = x;
    } else {
        client->first_part = x;
    }
    client->last_part = x;
    client->changed = true;
    pario_i_notify(client);
}

/* An exchange has ended and nobody works on it: it is counted and handed over, once its consumer
 * has nothing of it in its hands. */
static void pario_i_finish(pario_client *client, pario_i_exchange *x) PARIO_I_REQUIRES(client->lock)
{
    client->statistics.completed++;
    client->statistics.failed += x->error != PARIO_OK ? 1u : 0u;
    client->statistics.bytes_sent += x->bytes_sent;
    client->statistics.bytes_received += pario_i_exchange_bytes_received(x);
    x->finished = true;
    client->changed = true;
    if (!x->waited_for && !x->ready && !x->held) {
        pario_i_hand_over(client, x);
    }
}

/* What there is to be told of a connection's socket, once for each change. */
#define PARIO_I_CHANGES                                                                            \
    ((uint32_t)EPOLLIN | (uint32_t)EPOLLPRI | (uint32_t)EPOLLOUT | (uint32_t)EPOLLRDHUP |          \
     (uint32_t)EPOLLET)

/* Tells the loop, if there is one, which events of a descriptor to watch, and the place that they
 * are told by. False: errno says why. */
static bool pario_i_watch(const pario_client *client, int operation, int fd, uint32_t events,
                          void *place)
{
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.ptr = place;
    return client->epoll_fd < 0 || epoll_ctl(client->epoll_fd, operation, fd, &event) == 0;
}

/* Closes a descriptor that the loop watches. It is told, as a child of this process may hold a
 * copy, for which events would go on coming. */
static void pario_i_hang_up(const pario_client *client, int fd)
{
    (void)pario_i_watch(client, EPOLL_CTL_DEL, fd, 0, NULL);
    (void)close(fd);
}

/*
 * Has the exchange of a connection wait for a descriptor of the user's, which has just said EAGAIN,
 * to be readable or writable: c->stirred says when it may be tried again. What is watched is a copy
 * of it, c->other, as others may have the loop watch the same one. False: errno says why.
 */
static bool pario_i_await_other(const pario_client *client, pario_i_connection *c, int fd)
{
    c->stirred = false;
    if (c->other != 0) {
        return true; /* the loop will tell when that changes */
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 1);
    if (copy < 0) {
        return false;
    }
    void *place = (unsigned char *)c + 1; /* an odd address: see pario_i_event_all */
    if (!pario_i_watch(client, EPOLL_CTL_ADD, copy, PARIO_I_CHANGES, place)) {
        pario_i_fd_close(copy);
        return false;
    }
    c->other = copy;
    return true;
}

/* Whether a connection's exchange has to go on waiting for a descriptor of the user's. */
static bool pario_i_awaits_other(const pario_i_connection *c)
{
    return c->other != 0 && !c->stirred;
}

/* A connection's exchange does not need the other descriptor any more, if there is one. */
static void pario_i_forget_other(const pario_client *client, pario_i_connection *c)
{
    if (c->other != 0) {
        pario_i_hang_up(client, c->other);
        c->other = 0;
    }
}

/* Ends a connection's race, and closes all descriptors of it but one that has won, or -1. */
static void pario_i_race_end(const pario_client *client, pario_i_connection *c, int winner)
{
    for (size_t i = 0; i < c->race->running; i++) {
        if (c->race->tries[i].fd != winner) {
            pario_i_hang_up(client, c->race->tries[i].fd);
        }
    }
    PARIO_FREE(c->race);
    c->race = NULL;
    c->racing = false;
    c->fd = winner;
}

/* Closes what a connection has of descriptors. */
static void pario_i_connection_shut(const pario_client *client, pario_i_connection *c)
{
    if (pario_i_session(c) != NULL) {
        client->config.tls->end(pario_i_session(c));
        pario_i_session_set(c, NULL);
    }
    if (c->racing) {
        pario_i_race_end(client, c, -1);
    }
    if (c->fd >= 0) {
        pario_i_hang_up(client, c->fd);
        c->fd = -1;
    }
}

/* Closes a connection that has no exchange and is in the active list. With a loop it stays in the
 * heap, for the one that is to have its place. */
static void pario_i_connection_close(pario_client *client, pario_i_connection *c)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_connection **list = c->secure ? &client->dead : &client->pool.spare;
    if (c->secure || !pario_i_has_loop(client)) {
        pario_i_heap_remove(&client->heap, c);
    }
    pario_i_connection_unlink(&client->pool.active, c);
    bool later = pario_i_session(c) != NULL && client->config.executor == PARIO_THREADS;
    if (!later) { /* no function of the user's is called with the lock held */
        pario_i_connection_shut(client, c);
    }
    if (c->name != NULL) {
        pario_i_resolver_leave(client->resolver, c->name);
        c->name = NULL;
        client->resolving--;
    }
    pario_i_addresses_drop(c->addresses);
    c->addresses = NULL;
    c->origin->active--;
    client->pool.connections--;
    client->pool.made -= c->secure ? 1u : 0u;
    c->next = *list;
    *list = c;
}

/* Frees the secure connections that were closed; no event of theirs is held any more. */
static void pario_i_bury(pario_client *client)
{
    pario_i_client_lock(client);
    pario_i_connection *c = client->dead;
    client->dead = NULL;
    pario_i_client_unlock(client);
    while (c != NULL) {
        pario_i_connection *next = c->next;
        pario_i_connection_shut(client, c);
        PARIO_FREE(c);
        c = next;
    }
}

/* Closes what waits for being closed without the lock; a loop sees to that at its turn's end. */
static void pario_i_bury_sessions(pario_client *client)
{
    if (client->config.tls != NULL && !pario_i_has_loop(client)) {
        pario_i_bury(client);
    }
}

/* Closes an idle connection, and forgets its origin if that was all there was of it. */
static void pario_i_idle_close(pario_client *client, pario_i_connection *c)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_origin *origin = c->origin;
    pario_i_pool_rouse(&client->pool, c, origin);
    pario_i_connection_close(client, c);
    pario_i_pool_forget(&client->pool, origin);
}

/* An option in milliseconds as nanoseconds. */
static int64_t pario_i_limit_ns(int64_t ms)
{
    return ms < 0 ? INT64_MAX : ms * 1000000;
}

/* An option as a number that means no limit by being large, and none at all by being 0. */
static uint64_t pario_i_limit_size(int64_t value, uint64_t largest)
{
    if (value == PARIO_UNLIMITED) {
        return largest;
    }
    return value < 0 ? 0 : (uint64_t)value;
}

/* How many connections may be kept without a request. */
static size_t pario_i_idle_limit(const pario_client *client)
{
    return (size_t)pario_i_limit_size(client->config.idle_connections, SIZE_MAX);
}

/* The first exchange that waits for a connection to this origin may try again. */
static void pario_i_unpark(pario_client *client, pario_i_origin *origin)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_exchange *x = origin->first_waiting;
    if (x == NULL) {
        return;
    }
    pario_i_list_remove(&origin->first_waiting, &origin->last_waiting, x);
    x->parked = false;
    if (!x->inlined) {
        x->queued = true;
        pario_i_list_insert(&client->first_queued, &client->last_queued, client->first_queued, x);
        (void)pthread_cond_signal(&client->work);
    } else if (x->fiber != NULL) {
        x->next = client->unparked;
        client->unparked = x;
    } else {
        (void)pthread_cond_broadcast(&client->vacant);
    }
}

/* Whether an exchange has to wait because its host has all the connections it may have. */
static bool pario_i_host_is_full(const pario_client *client, const pario_i_origin *origin,
                                 const pario_i_exchange *x)
{
    int64_t limit = client->config.per_host;
    bool    may_wait = !x->inlined || client->config.executor != PARIO_SEQUENTIAL;
    return limit > 0 && origin->active >= (size_t)limit && may_wait;
}

/* An exchange that waited for a connection to its host, or was just about to get one, has no use
 * for it any more: the next one may try. */
static void pario_i_pass_on(pario_client *client, pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_origin *origin = pario_i_pool_known(&client->pool, x->order.url, &x->order.parts);
    if (origin == NULL) {
        return;
    }
    if (x->parked) {
        pario_i_list_remove(&origin->first_waiting, &origin->last_waiting, x);
        x->parked = false;
    } else if (!pario_i_host_is_full(client, origin, x)) {
        pario_i_unpark(client, origin);
    }
    pario_i_pool_forget(&client->pool, origin);
}

/* Whether a connection may serve others after this exchange. */
static bool pario_i_may_rest(const pario_client *client, const pario_i_exchange *x,
                             const pario_i_connection *c) PARIO_I_REQUIRES(client->lock)
{
    return x->keep && !c->hung_up && !client->closing && pario_i_idle_limit(client) > 0 &&
           (!c->readable || (pario_i_session(c) == NULL && pario_i_transport_is_quiet(c->fd)));
}

/* Before a TLS connection is given back: takes in what the server has for the session alone, such
 * as tickets for resuming it. Bytes of content that nobody asked for retire it. */
static void pario_i_settle(const pario_client *client, pario_i_exchange *x)
{
    pario_i_connection *c = client->config.tls != NULL && x->attached ? x->connection : NULL;
    unsigned char       byte;
    size_t              moved;
    if (c != NULL && pario_i_session(c) != NULL && x->keep && c->readable) {
        pario_i_io io = pario_i_transport_receive(client->config.tls, c, &byte, 1, &moved);
        x->keep = io == PARIO_I_BLOCKED && !c->readable;
    }
}

/* When a connection that has been idle since then is closed. */
static int64_t pario_i_idle_end(const pario_client *client, int64_t since)
{
    return pario_i_time_add(since, pario_i_limit_ns(client->config.idle_timeout_ms));
}

/* Keeps a connection for others; the oldest one goes if there are too many. */
static void pario_i_rest(pario_client *client, pario_i_connection *c, int64_t now)
    PARIO_I_REQUIRES(client->lock)
{
    c->served = true;
    c->readable = false;
    pario_i_pool_rest(&client->pool, c, now);
    pario_i_heap_wake(&client->heap, c, pario_i_idle_end(client, now));
    if (client->pool.idle_count > pario_i_idle_limit(client)) {
        pario_i_idle_close(client, client->pool.oldest);
    }
}

/* The port that a connection is to: its origin's, or the proxy's. */
static uint16_t pario_i_connection_port(const pario_i_connection *c)
{
    return c->origin->via != NULL ? c->origin->via->parts.port : c->origin->port;
}

/* Parts an exchange from its connection, which is kept for others or closed. */
static void pario_i_detach(pario_client *client, pario_i_exchange *x, int64_t now)
    PARIO_I_REQUIRES(client->lock)
{
    if (!x->attached) {
        pario_i_pass_on(client, x);
        return;
    }
    pario_i_connection *c = x->connection;
    pario_i_origin     *origin = c->origin;
    if (x->phase == PARIO_I_END) {
        x->peer = pario_i_addresses_keep(c->addresses);
        x->peer_index = c->address;
        x->peer_port = pario_i_connection_port(c) | (c->origin->via != NULL ? PARIO_I_PROXIED : 0u);
    }
    x->attached = false;
    x->connection = NULL;
    c->exchange = NULL;
    pario_i_forget_other(client, c);
    origin->active++; /* so that it is not forgotten meanwhile */
    if (pario_i_may_rest(client, x, c)) {
        pario_i_rest(client, c, now);
    } else {
        pario_i_connection_close(client, c);
    }
    origin->active--;
    pario_i_unpark(client, origin);
    pario_i_pool_forget(&client->pool, origin);
}

/* An idle connection of the origin that can be relied on, or NULL. */
static pario_i_connection *pario_i_reuse(pario_client *client, pario_i_origin *origin,
                                         const pario_i_exchange *x, int64_t now)
    PARIO_I_REQUIRES(client->lock)
{
    bool look = !client->polled || x->inlined || !pario_i_method_is_idempotent(x->order.method);
    pario_i_connection *next = x->replayed ? NULL : pario_i_pool_shelf(&client->pool, origin)->idle;
    while (next != NULL) {
        pario_i_connection *c = next;
        bool                late = now >= pario_i_idle_end(client, c->idle_since);
        next = c->next;
        pario_i_pool_rouse(&client->pool, c, origin);
        if (!late && (!look || pario_i_transport_is_quiet(c->fd))) {
            if (!pario_i_has_loop(client)) {
                pario_i_heap_remove(&client->heap, c);
            }
            client->statistics.reused++;
            return c;
        }
        pario_i_connection_close(client, c);
    }
    return NULL;
}

/* Closes an idle connection of the origin if one more would be one too many for its host. */
static void pario_i_make_room(pario_client *client, pario_i_origin *origin)
    PARIO_I_REQUIRES(client->lock)
{
    int64_t limit = client->config.per_host;
    if (limit > 0 && origin->idle != NULL && origin->active + origin->idle_count >= (size_t)limit) {
        origin->active++; /* so that it is not forgotten meanwhile */
        pario_i_idle_close(client, origin->idle);
        origin->active--;
    }
}

/* Gives an exchange a connection: an idle one, or one that still has to be made.
 * PARIO_I_ONWARD; PARIO_I_PARKED: its host has all it may have; PARIO_I_ENDED: no memory. */
static pario_i_carried pario_i_attach(pario_client *client, pario_i_exchange *x, int64_t now)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_origin *origin = pario_i_pool_known(&client->pool, x->order.url, &x->order.parts);
    if (origin == NULL) {
        origin = pario_i_pool_add(&client->pool, x->order.url, &x->order.parts);
    }
    if (origin == NULL) {
        return PARIO_I_ENDED;
    }
    if (pario_i_host_is_full(client, origin, x)) {
        x->parked = true;
        pario_i_exchange_pause(x, now);
        /* An inlined one holds a thread or a fiber meanwhile, so it comes first. */
        pario_i_list_insert(&origin->first_waiting, &origin->last_waiting,
                            x->inlined ? origin->first_waiting : NULL, x);
        return PARIO_I_PARKED;
    }
    pario_i_connection *c = pario_i_reuse(client, origin, x, now);
    if (c == NULL) {
        pario_i_make_room(client, origin);
        pario_i_heap *heap = &client->heap; /* with one place more, as the first is not used */
        if (pario_i_reserve((void *)&heap->places, client->pool.made + 1, &heap->room,
                            sizeof *heap->places)) {
            c = pario_i_pool_connection(&client->pool, origin);
        }
    }
    if (c == NULL) {
        pario_i_pool_forget(&client->pool, origin);
        return PARIO_I_ENDED;
    }
    pario_i_exchange_resume(x, now);
    c->exchange = x;
    x->connection = c;
    x->attached = true;
    return PARIO_I_ONWARD;
}

/* Whether the first exchange of the queue may begin. What pario_fetch waits for may at any time, as
 * those that run may be streams that rest until its caller goes on. */
static bool pario_i_may_begin(const pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    const pario_i_exchange *x = client->first_queued;
    return x != NULL && (client->running < (size_t)client->config.concurrency || x->waited_for);
}

/* The next exchange of the queue that can begin, with a connection; or NULL. */
static pario_i_exchange *pario_i_take(pario_client *client, int64_t now)
    PARIO_I_REQUIRES(client->lock)
{
    while (pario_i_may_begin(client)) {
        pario_i_exchange *x = client->first_queued;
        pario_i_list_remove(&client->first_queued, &client->last_queued, x);
        x->queued = false;
        pario_i_carried attached = pario_i_attach(client, x, now);
        if (attached == PARIO_I_PARKED) {
            continue;
        }
        if (x->phase == PARIO_I_QUEUED) {
            pario_i_exchange_start(x, now);
            client->statistics.queued--;
        }
        if (attached == PARIO_I_ONWARD) {
            client->running++;
            return x;
        }
        pario_i_exchange_end(x, PARIO_ERROR_MEMORY, now);
        pario_i_pass_on(client, x);
        pario_i_finish(client, x);
    }
    return NULL;
}

/* The next task that can begin, or NULL. */
static pario_i_task *pario_i_take_task(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    pario_i_task *task = client->first_task;
    if (task == NULL || client->running >= (size_t)client->config.concurrency) {
        return NULL;
    }
    client->first_task = task->next;
    if (client->first_task == NULL) {
        client->tasks_end = &client->first_task;
    }
    client->running++;
    client->waiting_tasks--;
    return task;
}

/* A time that is over, though it is one that a timer can be set to. */
#define PARIO_I_AT_ONCE 1

/* When a connection with an exchange, which has this deadline, has to be looked at. */
static int64_t pario_i_due(const pario_i_connection *c, int64_t deadline)
{
    if (c->exchange->released) {
        return PARIO_I_AT_ONCE;
    }
    int64_t next = c->racing ? pario_i_race_due(c->race) : INT64_MAX;
    return next < deadline ? next : deadline;
}

/* Closes the oldest idle connection when descriptors have run out. False: there is none. */
static bool pario_i_spare_descriptor(pario_client *client, int failed)
{
    bool closed = false;
    if (failed == EMFILE || failed == ENFILE) {
        pario_i_client_lock(client);
        closed = client->pool.oldest != NULL;
        if (closed) {
            pario_i_idle_close(client, client->pool.oldest);
        }
        pario_i_client_unlock(client);
        pario_i_bury_sessions(client);
    }
    return closed;
}

/* Begins to connect to one of a connection's addresses: a descriptor that the loop watches, or -1
 * and errno. */
static int pario_i_dial(pario_client *client, pario_i_connection *c, size_t address)
{
    int fd;
    int failed;
    do {
        fd = pario_i_transport_open(&client->source, &c->addresses->list[address],
                                    pario_i_connection_port(c));
        failed = errno;
    } while (fd < 0 && pario_i_spare_descriptor(client, failed));
    if (fd >= 0 && !pario_i_watch(client, EPOLL_CTL_ADD, fd, PARIO_I_CHANGES, c)) {
        failed = errno;
        (void)close(fd);
        fd = -1;
    }
    errno = failed;
    return fd;
}

/* Wants the exchange to end. Atomic exchanges: helgrind tells them from writes without a lock. */
static void pario_i_be_cancelled(pario_i_exchange *x)
{
    (void)__atomic_exchange_n(&x->cancelled, true, __ATOMIC_ACQ_REL);
}

/* Whether somebody wants the exchange to end. */
static bool pario_i_is_cancelled(const pario_i_exchange *x)
{
    return __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE);
}

/* Something has failed, with an errno or 0: the exchange ends. Unless its connection was shut down
 * because somebody cancelled: the next step says that then. */
static pario_i_carried pario_i_carry_fail(pario_i_exchange *x, pario_error error, int system_error,
                                          int64_t now)
{
    if (!pario_i_is_cancelled(x)) {
        pario_i_exchange_fail(x, error, system_error, now);
    }
    return PARIO_I_ONWARD;
}

/* Begins to connect: to the one address there is, or to several in a race. */
static pario_i_carried pario_i_carry_open(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    if (c->addresses->count > 1) {
        pario_i_race *race = pario_i_race_new(c->addresses->count);
        if (race == NULL) {
            return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
        }
        c->race = race;
        c->racing = true;
        return PARIO_I_ONWARD;
    }
    int fd = pario_i_dial(client, c, 0);
    if (fd < 0) {
        return pario_i_carry_fail(x, PARIO_ERROR_CONNECT, errno, now);
    }
    pario_i_client_lock(client);
    c->fd = fd;
    pario_i_client_unlock(client);
    return PARIO_I_WAITING;
}

/* The TLS transport has failed, likewise: the exchange ends with what it says of that. */
static void pario_i_carry_refused(const pario_client *client, pario_i_exchange *x, int64_t now)
{
    char text[128];
    if (pario_i_is_cancelled(x)) {
        return;
    }
    text[0] = '\0';
    client->config.tls->explain(pario_i_session(x->connection), text, sizeof text);
    text[sizeof text - 1] = '\0';
    pario_i_exchange_refused(x, text, now);
}

/* A connection stands that is wanted: counts it, and lets the exchange send. */
static pario_i_carried pario_i_carry_connected(pario_client *client, pario_i_exchange *x,
                                               int64_t now)
{
    pario_i_client_lock(client);
    x->connection->connecting = false;
    client->statistics.connections++;
    pario_i_client_unlock(client);
    pario_i_exchange_connected(x, false, now);
    return PARIO_I_ONWARD;
}

/* Goes on with the TLS handshake on a connection, RFC 8446 section 2. */
static pario_i_carried pario_i_carry_handshake(pario_client *client, pario_i_exchange *x,
                                               int64_t now)
{
    const pario_tls    *tls = client->config.tls;
    pario_i_connection *c = x->connection;
    if (pario_i_session(c) == NULL) {
        x->stage = PARIO_STAGE_TLS;
        pario_i_session_set(c, tls->begin(tls->context, c->fd, c->origin->host));
        if (pario_i_session(c) == NULL) {
            return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
        }
    }
    pario_i_io io = pario_i_transport_tls(c, tls->handshake(pario_i_session(c)), 1, 1);
    if (io == PARIO_I_BLOCKED) {
        return PARIO_I_WAITING;
    }
    if (io == PARIO_I_CUT) {
        return pario_i_carry_fail(x, PARIO_ERROR_EMPTY_REPLY, 0, now);
    }
    if (io != PARIO_I_MOVED) {
        pario_i_carry_refused(client, x, now);
        return PARIO_I_ONWARD;
    }
    c->readable = true; /* the transport may have taken in more than it needed */
    c->writable = true;
    return pario_i_carry_connected(client, x, now);
}

/* Asks the proxy for a tunnel to the origin: sends what is left of that. A send that was cut short
 * is taken up from a head written anew. */
static pario_i_carried pario_i_carry_ask_proxy(const pario_client *client, pario_i_exchange *x,
                                               pario_i_scratch *scratch, int64_t now)
{
    pario_i_connection *c = x->connection;
    struct iovec        piece;
    size_t              moved;
    if (!c->writable && !c->hung_up) {
        return PARIO_I_WAITING;
    }
    if (!pario_i_request_write_connect(&x->order, client->agent, c->origin->via->authorization,
                                       &scratch->send)) {
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    x->head_size = (uint32_t)scratch->send.size;
    piece.iov_base = scratch->send.data + x->sent;
    piece.iov_len = (size_t)(x->head_size - x->sent);
    pario_i_io io = pario_i_transport_send(client->config.tls, c, &piece, 1, &moved);
    x->sent += moved;
    if (io == PARIO_I_BROKEN) {
        return pario_i_carry_fail(x, PARIO_ERROR_SEND, errno, now);
    }
    return io == PARIO_I_BLOCKED ? PARIO_I_WAITING : PARIO_I_ONWARD;
}

/* Takes in what the proxy answers. */
static pario_i_carried pario_i_carry_hear_proxy(const pario_client *client, pario_i_exchange *x,
                                                pario_i_scratch *scratch, int64_t now)
{
    pario_i_connection *c = x->connection;
    size_t              size;
    if (!c->readable) {
        return PARIO_I_WAITING;
    }
    pario_i_io io = pario_i_transport_receive(client->config.tls, c, scratch->receive,
                                              PARIO_I_RECEIVE_BYTES, &size);
    int        failed = io == PARIO_I_BROKEN ? errno : 0;
    if (io == PARIO_I_BLOCKED) {
        return PARIO_I_WAITING;
    }
    if (io == PARIO_I_MOVED) {
        c->tunnels = !pario_i_exchange_tunnelled(x, &scratch->head, scratch->receive, size, now);
    } else if (!pario_i_is_cancelled(x)) { /* likewise */
        pario_i_exchange_not_tunnelled(x, failed, now);
    }
    return PARIO_I_ONWARD;
}

/* Goes on with the way through the proxy, from where that has been reached. */
static pario_i_carried pario_i_carry_tunnel(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    pario_i_scratch    *scratch = pario_i_scratch_take(client);
    if (scratch == NULL) {
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    if (!c->tunnels) {
        c->tunnels = true;
        x->sent = 0;
        x->head_size = UINT32_MAX;
    }
    pario_i_carried carried = x->sent < x->head_size
                                  ? pario_i_carry_ask_proxy(client, x, scratch, now)
                                  : pario_i_carry_hear_proxy(client, x, scratch, now);
    pario_i_scratch_put(client, scratch);
    bool stands = !c->tunnels && x->phase == PARIO_I_CONNECT;
    return stands ? pario_i_carry_handshake(client, x, now) : carried;
}

/* The connection stands, but for a tunnel and TLS. */
static pario_i_carried pario_i_carry_reached(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    if (!c->secure) {
        return pario_i_carry_connected(client, x, now);
    }
    pario_i_transport_be_prompt(c);
    return c->origin->via != NULL ? pario_i_carry_tunnel(client, x, now)
                                  : pario_i_carry_handshake(client, x, now);
}

/* What a race's tries are polled for; returns how many they are. */
static size_t pario_i_race_poll_set(const pario_i_race *race, struct pollfd *fds)
{
    for (size_t i = 0; i < race->running; i++) {
        fds[i].fd = race->tries[i].fd;
        fds[i].events = POLLOUT;
        fds[i].revents = 0;
    }
    return race->running;
}

/* Takes the tries that have failed out of a race. Returns the descriptor of the first that has
 * connected, whose address is noted; -1: of none. */
static int pario_i_race_look(pario_client *client, pario_i_connection *c, const struct pollfd *fds,
                             int64_t now)
{
    pario_i_race *race = c->race;
    int           winner = -1;
    for (size_t i = race->running; i > 0; i--) {
        const struct pollfd *at = &fds[i - 1];
        if ((at->revents & (POLLHUP | POLLERR)) != 0) {
            int failed = pario_i_transport_error(at->fd);
            pario_i_hang_up(client, at->fd);
            pario_i_race_lost(race, i - 1, failed != 0 ? failed : ECONNRESET, now);
        } else if (at->revents != 0) {
            winner = at->fd;
            c->address = race->tries[i - 1].address;
        }
    }
    c->fd = race->running > 0 ? race->tries[0].fd : -1;
    return winner;
}

/* Tries the addresses of a race whose turn it is. */
static void pario_i_race_go_on(pario_client *client, pario_i_connection *c, int64_t now)
{
    pario_i_race *race = c->race;
    while (pario_i_race_wants(race, now)) {
        int fd = pario_i_dial(client, c, race->next);
        int failed = errno;
        pario_i_client_lock(client);
        pario_i_race_begun(race, fd, now, pario_i_exchange_deadline(c->exchange));
        if (fd < 0) {
            pario_i_race_lost(race, (size_t)race->running - 1, failed, now);
        }
        c->fd = race->running > 0 ? race->tries[0].fd : -1;
        pario_i_client_unlock(client);
    }
    c->address = race->address;
}

/* A try has won its race. The loop is asked anew what there is to say of it, as it has told of all
 * tries without a difference; if it cannot be asked, there may be an end to be read. */
static pario_i_carried pario_i_carry_won(pario_client *client, pario_i_exchange *x, int winner,
                                         int64_t now)
{
    pario_i_connection *c = x->connection;
    pario_i_client_lock(client);
    pario_i_race_end(client, c, winner);
    pario_i_client_unlock(client);
    c->hung_up = !pario_i_watch(client, EPOLL_CTL_MOD, winner, PARIO_I_CHANGES, c);
    c->readable = c->hung_up;
    c->writable = true;
    return pario_i_carry_reached(client, x, now);
}

/* Sees how a race goes. */
static pario_i_carried pario_i_carry_race(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    struct pollfd       fds[PARIO_I_MAX_ADDRESSES];
    size_t              count = pario_i_race_poll_set(c->race, fds);
    int                 got = 0;
    do {
        got = count > 0 ? poll(fds, count, 0) : 0;
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return pario_i_carry_fail(x, PARIO_ERROR_SYSTEM, errno, now);
    }
    pario_i_client_lock(client);
    int winner = pario_i_race_look(client, c, fds, now);
    pario_i_client_unlock(client);
    if (winner >= 0) {
        return pario_i_carry_won(client, x, winner, now);
    }
    pario_i_race_go_on(client, c, now);
    if (c->race->running > 0) {
        return PARIO_I_WAITING;
    }
    return pario_i_carry_fail(x, PARIO_ERROR_CONNECT, c->race->system_error, now);
}

/* Sees how connecting goes. */
static pario_i_carried pario_i_carry_connecting(pario_client *client, pario_i_exchange *x,
                                                int64_t now)
{
    pario_i_connection *c = x->connection;
    if (c->racing) {
        return pario_i_carry_race(client, x, now);
    }
    if (c->fd < 0) {
        return pario_i_carry_open(client, x, now);
    }
    if (pario_i_session(c) != NULL) {
        return pario_i_carry_handshake(client, x, now);
    }
    if (c->tunnels) {
        return pario_i_carry_tunnel(client, x, now);
    }
    int failed = c->hung_up ? pario_i_transport_error(c->fd) : 0;
    if (failed != 0) {
        return pario_i_carry_fail(x, PARIO_ERROR_CONNECT, failed, now);
    }
    return c->writable ? pario_i_carry_reached(client, x, now) : PARIO_I_WAITING;
}

/* The client's resolver, made when it is needed first; NULL and errno. */
static pario_i_resolver *pario_i_get_resolver(pario_client *client)
{
    pario_i_client_lock(client);
    if (client->resolver == NULL) {
        int64_t ms = client->config.lookup_cache_ms;
        client->resolver = pario_i_resolver_new(client->wake_fd,
                                                pario_i_limit_ns(ms == PARIO_OFF ? 0 : ms),
                                                client->source.any.sa_family);
    }
    pario_i_resolver *resolver = client->resolver;
    pario_i_client_unlock(client);
    return resolver;
}

/* Whether an address can be reached from the source address. */
static bool pario_i_is_within_reach(const pario_client *client, const pario_i_address *to)
{
    int source = client->source.any.sa_family;
    return source == AF_UNSPEC || to->any.sa_family == source;
}

/* Begins to look a connection's host, or the proxy, up. */
static pario_i_carried pario_i_carry_want(pario_client *client, pario_i_exchange *x,
                                          const unsigned char *host, size_t size, int64_t now)
{
    pario_i_resolver *resolver = pario_i_get_resolver(client);
    if (resolver == NULL) {
        return pario_i_carry_fail(x, PARIO_ERROR_RESOLVE, errno, now);
    }
    pario_i_name *wanted = pario_i_resolver_want(resolver, host, size, now);
    if (wanted == NULL) {
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    pario_i_client_lock(client);
    x->connection->name = wanted;
    client->resolving++;
    pario_i_client_unlock(client);
    return PARIO_I_ONWARD;
}

/* Finds out the address that a connection is to lead to, or begins to look it up. */
static pario_i_carried pario_i_carry_name(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection  *c = x->connection;
    const pario_i_proxy *via = c->origin->via;
    const pario_i_url   *parts = via != NULL ? &via->parts : &x->order.parts;
    const unsigned char *host = (via != NULL ? via->url : x->order.url) + parts->host_beg;
    size_t               size = (size_t)parts->host_end - parts->host_beg;
    pario_i_address      numeric;
    bool                 name = !pario_i_address_read(&numeric, host, size);
    pario_i_addresses   *known = pario_i_addresses_keep(client->unix_socket);
    if (known == NULL && name) {
        return pario_i_carry_want(client, x, host, size, now);
    }
    if (known == NULL && !pario_i_is_within_reach(client, &numeric)) {
        return pario_i_carry_fail(x, PARIO_ERROR_SOURCE, 0, now);
    }
    known = known != NULL ? known : pario_i_addresses_one(&numeric);
    if (known == NULL) {
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    pario_i_client_lock(client);
    c->addresses = known;
    if (c->origin->numeric == NULL) {
        c->origin->numeric = pario_i_addresses_keep(known);
    }
    pario_i_client_unlock(client);
    return PARIO_I_ONWARD;
}

/* Sees whether the name of a connection's host is known by now. */
static pario_i_carried pario_i_carry_lookup(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    pario_i_name        answer;
    if (!pario_i_resolver_check(pario_i_get_resolver(client), c->name, &answer)) {
        return PARIO_I_WAITING;
    }
    pario_i_client_lock(client);
    c->name = NULL;
    client->resolving--;
    c->addresses = answer.addresses;
    pario_i_client_unlock(client);
    if (answer.addresses == NULL) {
        bool source = answer.resolver_error == EAI_FAMILY;
        x->resolver_error = (int16_t)(source ? 0 : answer.resolver_error);
        pario_i_exchange_fail(x, source ? PARIO_ERROR_SOURCE : PARIO_ERROR_RESOLVE,
                              answer.system_error, now);
    }
    return PARIO_I_ONWARD;
}

/* Sees that an exchange that has none gets a connection, and parts it from one it had before.
 * PARIO_I_ENDED: no memory. */
static pario_i_carried pario_i_carry_attach(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_carried attached = PARIO_I_ONWARD;
    pario_i_settle(client, x);
    pario_i_client_lock(client);
    if (x->moves) {
        x->moves = false;
        pario_i_detach(client, x, now);
    }
    if (client->closing) {
        pario_i_be_cancelled(x);
    }
    if (x->parked) {
        attached = PARIO_I_PARKED;
    } else if (!x->attached) {
        attached = pario_i_attach(client, x, now);
        client->running -= attached == PARIO_I_PARKED && !x->inlined ? 1u : 0u;
    }
    if (attached == PARIO_I_PARKED && x->inlined) {
        attached = PARIO_I_WAITING;
    }
    pario_i_client_unlock(client);
    return attached;
}

/* Does what is next on the way to a connection. */
static pario_i_carried pario_i_carry_connect(pario_client *client, pario_i_exchange *x, int64_t now)
{
    if (!x->attached || x->moves) {
        pario_i_carried attached = pario_i_carry_attach(client, x, now);
        if (attached == PARIO_I_ENDED) {
            return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
        }
        if (attached != PARIO_I_ONWARD) {
            return attached;
        }
    }
    pario_i_bury_sessions(client); /* before the connection that takes their place is opened */
    pario_i_connection *c = x->connection;
    if (!c->connecting) {
        c->writable = true;
        pario_i_exchange_connected(x, true, now);
        return PARIO_I_ONWARD;
    }
    if (c->addresses == NULL) {
        return c->name == NULL ? pario_i_carry_name(client, x, now)
                               : pario_i_carry_lookup(client, x, now);
    }
    if (x->stage == PARIO_STAGE_RESOLVE) {
        x->stage = PARIO_STAGE_CONNECT;
        x->resolved_us = pario_i_elapsed_us(x->started_at, now);
    }
    return pario_i_carry_connecting(client, x, now);
}

/* Receives once, as much as fits into *where, and lets the exchange take it in. */
static inline pario_i_io pario_i_carry_take_in(const pario_client *client, pario_i_exchange *x,
                                               pario_i_head *spare, const struct iovec *where,
                                               int64_t now)
{
    pario_i_connection *c = x->connection;
    unsigned char      *bytes = (unsigned char *)where->iov_base;
    size_t              size;
    pario_i_io io = pario_i_transport_receive(client->config.tls, c, bytes, where->iov_len, &size);
    int        failed = io == PARIO_I_BROKEN ? errno : 0;
    if (io == PARIO_I_MOVED) {
        pario_i_exchange_received(x, spare, bytes, size, now);
        return io;
    }
    if (io == PARIO_I_BLOCKED) {
        if (!x->send_failed) {
            return io;
        }
        io = PARIO_I_BROKEN; /* there is no answer to be read, so that was all */
        failed = x->system_error;
    } else {
        c->hung_up = true;
    }
    x->cut = io == PARIO_I_CUT;
    /* It may have been shut down because somebody cancelled: that is said then. */
    if (!pario_i_is_cancelled(x)) {
        if (io == PARIO_I_REFUSED) {
            pario_i_carry_refused(client, x, now);
        } else {
            pario_i_exchange_closed(x, failed, now);
        }
    }
    return io;
}

/* Receives once, to where the content belongs or else for the moment. PARIO_I_BLOCKED: nothing. */
static pario_i_io pario_i_carry_hear(pario_client *client, pario_i_exchange *x, int64_t now)
{
    struct iovec where;
    where.iov_base = pario_i_exchange_place(x, &where.iov_len);
    if (where.iov_base != NULL) {
        return pario_i_carry_take_in(client, x, NULL, &where, now);
    }
    pario_i_scratch *scratch = pario_i_scratch_take(client);
    if (scratch == NULL) {
        (void)pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
        return PARIO_I_BROKEN;
    }
    where.iov_base = scratch->receive;
    where.iov_len = PARIO_I_RECEIVE_BYTES;
    pario_i_io io = pario_i_carry_take_in(client, x, &scratch->head, &where, now);
    pario_i_scratch_put(client, scratch);
    return io;
}

/* Receives, if there may be something. */
static inline pario_i_carried pario_i_carry_receive(pario_client *client, pario_i_exchange *x,
                                                    int64_t now)
{
    if (x->connection->readable && pario_i_carry_hear(client, x, now) != PARIO_I_BLOCKED) {
        return PARIO_I_ONWARD;
    }
    pario_i_exchange_relax(x);
    return PARIO_I_WAITING;
}

/* Writes once what fits of the part that is here to the user's descriptor. */
static pario_i_carried pario_i_carry_store(const pario_client *client, pario_i_exchange *x,
                                           int64_t now)
{
    pario_i_connection  *c = x->connection;
    const pario_i_reply *reply = x->reply;
    pario_i_upload      *upload = pario_i_exchange_upload(x);
    int                  fd = x->limits->into_fd;
    bool                 starves = upload != NULL && upload->starves;
    if (pario_i_awaits_other(c) && !starves) { /* otherwise that is where its content comes from */
        return PARIO_I_WAITING;
    }
    ssize_t wrote = pario_i_transport_write(fd, x->limits->pipes,
                                            reply->content.data + reply->written,
                                            reply->content.size - reply->written);
    if (wrote > 0) {
        pario_i_exchange_passed(x, (size_t)wrote, now);
        return PARIO_I_ONWARD;
    }
    if (wrote < 0 && errno == EAGAIN) {
        if (upload != NULL) {
            pario_i_forget_other(client, c);
            upload->starves = false;
        }
        if (pario_i_await_other(client, c, fd)) {
            return PARIO_I_WAITING;
        }
    }
    return pario_i_carry_fail(x, PARIO_ERROR_BODY_WRITE, wrote < 0 ? errno : EIO, now);
}

/*
 * The consumer has a stream's head or a part of it, or is to have it, and nothing is received. What
 * an exchange comes to meanwhile it comes to with the lock held, as pario_next reads it.
 */
static pario_i_carried pario_i_carry_held(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_client_lock(client);
    if (x->released) {
        x->released = false;
        pario_i_exchange_released(x, now);
    } else if (pario_i_is_cancelled(x)) {
        pario_i_exchange_end(x, PARIO_ERROR_CANCELLED, now);
    } else if (now >= pario_i_exchange_deadline(x)) {
        pario_i_exchange_expire(x, now);
    } else if (!x->ready && !x->held) {
        pario_i_hand_out(client, x);
    }
    bool waits = x->phase == PARIO_I_HELD && (x->ready || x->held);
    pario_i_client_unlock(client);
    return waits ? PARIO_I_WAITING : PARIO_I_ONWARD;
}

/* The pieces that are still to be sent: of the head in scratch, of the content. */
static size_t pario_i_carry_pieces(const pario_i_exchange *x, const pario_i_scratch *scratch,
                                   struct iovec *pieces)
{
    size_t count = 0;
    if (x->sent < x->head_size) {
        pieces[0].iov_base = scratch->send.data + x->sent;
        pieces[0].iov_len = (size_t)(x->head_size - x->sent);
        count++;
    }
    pario_i_content content = pario_i_exchange_content_left(x);
    if (content.size > 0) {
        /* sendmsg takes what it only reads as not const. */
        memcpy((void *)&pieces[count].iov_base, (const void *)&content.bytes, sizeof(void *));
        pieces[count].iov_len = content.size;
        count++;
    }
    return count;
}

/* What a head on this connection says to a proxy; NULL: it is for the origin itself. */
static const char *pario_i_connection_via(const pario_i_connection *c)
{
    return c->origin->via != NULL && !c->secure ? c->origin->via->authorization : NULL;
}

/* Reads a piece of the content from its descriptor. What is no file is looked at first, as it may
 * be one that blocks. PARIO_I_WAITING: nothing is there; PARIO_I_ONWARD: the piece, or the end. */
static pario_i_carried pario_i_carry_piece(const pario_client *client, pario_i_exchange *x,
                                           int64_t now)
{
    pario_i_connection *c = x->connection;
    pario_i_upload     *upload = pario_i_exchange_upload(x);
    unsigned char      *to = NULL;
    if (pario_i_awaits_other(c)) {
        return PARIO_I_WAITING;
    }
    size_t  room = pario_i_upload_room(upload, &to);
    ssize_t got = pario_i_transport_read(upload->fd, to, room, upload->offset, upload->taken);
    if (room > 0 && got < 0 && errno == EAGAIN) {
        if (!pario_i_exchange_wants_head(x)) {
            pario_i_forget_other(client, c); /* which may be where the response goes to */
        }
        if (pario_i_await_other(client, c, upload->fd)) {
            upload->starves = true;
            return PARIO_I_WAITING;
        }
    }
    if (room == 0) {
        pario_i_exchange_end(x, PARIO_ERROR_MEMORY, now);
    } else if (got < 0) {
        pario_i_exchange_fail(x, PARIO_ERROR_BODY_READ, errno, now);
    } else {
        pario_i_exchange_take(x, (size_t)got, now);
    }
    return PARIO_I_ONWARD;
}

/* Before more is sent than went at first: takes in what the server may have said meanwhile, and
 * reads what comes next. *carried: PARIO_I_WAITING if that is not there. True: it can be sent. */
static bool pario_i_carry_prepare(pario_client *client, pario_i_exchange *x, int64_t now,
                                  pario_i_carried *carried)
{
    pario_i_connection *c = x->connection;
    pario_i_transport_be_prompt(c);
    c->readable = true; /* not every executor has looked */
    *carried = PARIO_I_ONWARD;
    if (pario_i_carry_receive(client, x, now) != PARIO_I_WAITING || !c->writable) {
        return false;
    }
    if (pario_i_exchange_wants_piece(x)) {
        *carried = pario_i_carry_piece(client, x, now);
    }
    return *carried == PARIO_I_ONWARD && x->phase == PARIO_I_SEND;
}

/* Writes the request's head, unless that is sent already. Where sending was cut short within it,
 * that is taken up from a head written anew. False: out of memory. */
static bool pario_i_carry_head(const pario_client *client, pario_i_exchange *x,
                               pario_i_scratch *scratch)
{
    if (x->sent > 0 && x->sent >= x->head_size) {
        return true;
    }
    bool written = pario_i_request_write(&x->order, client->agent,
                                         pario_i_connection_via(x->connection), &scratch->send);
    x->head_size = written ? (uint32_t)scratch->send.size : x->head_size;
    return written;
}

/* Sends once what fits. */
static pario_i_carried pario_i_carry_send(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->connection;
    pario_i_carried     carried;
    struct iovec        pieces[2];
    size_t              moved;
    memset(pieces, 0, sizeof pieces);
    if (!c->writable) {
        return pario_i_carry_receive(client, x, now);
    }
    if (x->sent > 0 && !pario_i_carry_prepare(client, x, now, &carried)) {
        return carried;
    }
    pario_i_scratch *scratch = pario_i_scratch_take(client);
    if (scratch == NULL) {
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    if (!pario_i_carry_head(client, x, scratch)) {
        pario_i_scratch_put(client, scratch);
        return pario_i_carry_fail(x, PARIO_ERROR_MEMORY, 0, now);
    }
    size_t     count = pario_i_carry_pieces(x, scratch, pieces);
    pario_i_io io = pario_i_transport_send(client->config.tls, c, pieces, count, &moved);
    int        failed = errno;
    pario_i_scratch_put(client, scratch);
    if (io == PARIO_I_MOVED) {
        pario_i_exchange_sent(x, moved, now);
    } else if (io == PARIO_I_BLOCKED) {
        return c->writable ? PARIO_I_WAITING : PARIO_I_ONWARD;
    } else if (io == PARIO_I_REFUSED) {
        pario_i_carry_refused(client, x, now);
    } else {
        pario_i_exchange_send_failed(x, failed, now);
        c->readable = true;
    }
    return PARIO_I_ONWARD;
}

/* Does the next thing that an exchange wants. */
static pario_i_carried pario_i_carry_step(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_carried carried = PARIO_I_ENDED;
    switch ((pario_i_phase)x->phase) {
    case PARIO_I_CONNECT:
        carried = pario_i_carry_connect(client, x, now);
        break;
    case PARIO_I_SEND:
        carried = pario_i_carry_send(client, x, now);
        break;
    case PARIO_I_RECEIVE:
        carried = pario_i_carry_receive(client, x, now);
        break;
    case PARIO_I_STORE:
        carried = pario_i_carry_store(client, x, now);
        break;
    case PARIO_I_HELD:
        carried = pario_i_carry_held(client, x, now);
        break;
    case PARIO_I_QUEUED:
    case PARIO_I_END:
        break;
    }
    return carried == PARIO_I_ONWARD && x->phase == PARIO_I_END ? PARIO_I_ENDED : carried;
}

/* An exchange has ended: its connection goes back, or on. */
static void pario_i_carry_end(pario_client *client, pario_i_exchange *x, int64_t now)
{
    pario_i_settle(client, x);
    pario_i_client_lock(client);
    pario_i_detach(client, x, now);
    pario_i_client_unlock(client);
    pario_i_bury_sessions(client);
}

/* Whether an exchange's time is over, and all that came until then is known: a loop may be about to
 * be told of it. */
static bool pario_i_is_late(const pario_client *client, int64_t deadline, int64_t now)
{
    return now >= deadline && (!pario_i_has_loop(client) || client->seen >= deadline);
}

/* An exchange's time is over: it ends, unless there is more of its answer than it has taken yet. */
static void pario_i_carry_late(pario_i_exchange *x, bool rests, unsigned turns, int64_t now)
{
    if (!rests || x->phase < PARIO_I_RECEIVE || turns >= PARIO_I_LAST_TURNS) {
        pario_i_exchange_expire(x, now);
    }
}

/* Carries an exchange on until it has to wait, at most until *deadline, or has ended and given its
 * connection back. This is all that executors do with exchanges; after PARIO_I_PARKED it is no
 * longer the caller's. */
static pario_i_carried pario_i_carry(pario_client *client, pario_i_exchange *x, int64_t now,
                                     int64_t *deadline)
{
    pario_i_carried carried = PARIO_I_ONWARD;
    for (unsigned turns = 1; carried == PARIO_I_ONWARD; turns++) {
        if (pario_i_is_cancelled(x) && x->phase < PARIO_I_HELD) {
            pario_i_exchange_end(x, PARIO_ERROR_CANCELLED, now);
        }
        carried = pario_i_carry_step(client, x, now);
        bool rests = carried == PARIO_I_ONWARD && turns % PARIO_I_TURNS == 0;
        carried = rests ? PARIO_I_RESTING : carried;
        if (carried == PARIO_I_WAITING || carried == PARIO_I_RESTING) {
            *deadline = pario_i_exchange_deadline(x);
            if (pario_i_is_late(client, *deadline, now)) {
                pario_i_carry_late(x, carried == PARIO_I_RESTING, turns, now);
                carried = PARIO_I_ONWARD;
            }
        }
    }
    if (carried == PARIO_I_ENDED) {
        pario_i_carry_end(client, x, now);
    }
    return carried;
}

/* Milliseconds from now until then, rounded up, as poll wants them; -1 for ever. */
static int pario_i_poll_ms(int64_t now, int64_t then)
{
    if (then == INT64_MAX) {
        return -1;
    }
    int64_t ms = then > now ? ((then - now - 1) / 1000000) + 1 : 0;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* Notes what poll or epoll said of a connection. */
static void pario_i_connection_note(pario_i_connection *c, bool reads, bool writes, bool ends)
{
    c->readable = c->readable || reads || ends;
    c->writable = c->writable || writes;
    c->hung_up = c->hung_up || ends;
}

/* Whether a connection's exchange waits for the user, and not for its socket. */
static bool pario_i_waits_for_user(const pario_i_connection *c)
{
    return c->exchange->phase == PARIO_I_HELD || c->exchange->phase == PARIO_I_STORE;
}

/* What a connection's socket is polled for: what it could not do when it was last tried. */
static int pario_i_poll_events(const pario_i_connection *c)
{
    bool tls = pario_i_session(c) != NULL;
    if (pario_i_waits_for_user(c)) {
        return 0; /* but for its end, with which another thread calls the exchange off */
    }
    bool reads = tls || c->tunnels ? !c->readable : !c->connecting;
    bool sends = c->connecting || tls || c->exchange->phase == PARIO_I_SEND;
    return (reads ? POLLIN : 0) | (sends && !c->writable ? POLLOUT : 0);
}

/* Whether a connection's socket has nothing more to say while its exchange waits for the user: it
 * would report its end for ever. */
static bool pario_i_is_mute(const pario_i_connection *c)
{
    return c->hung_up && pario_i_waits_for_user(c);
}

/* What is to be polled: a connection's socket, the client's descriptor if it is wanted (wake), the
 * other one if there is one, and the tries of a race. Returns how many they are. */
static size_t pario_i_poll_set(const pario_client *client, const pario_i_connection *c, bool wake,
                               struct pollfd *fds)
{
    memset(fds, 0, 3 * sizeof *fds);
    fds[0].fd = pario_i_is_mute(c) || c->racing ? -1 : c->fd;
    fds[0].events = (short)pario_i_poll_events(c);
    fds[1].fd = wake ? client->wake_fd : -1;
    fds[1].events = POLLIN;
    fds[2].fd = pario_i_awaits_other(c) ? c->other : -1;
    fds[2].events = c->exchange->phase == PARIO_I_STORE ? POLLOUT : POLLIN;
    return 3 + (c->racing ? pario_i_race_poll_set(c->race, fds + 3) : 0);
}

/* How often a thread looks whether it is called off, where no connection is left to tell it so. */
#define PARIO_I_GLANCE INT64_C(100000000)

/* Waits for a connection's socket or its race, for what else its exchange waits for, and for the
 * client's descriptor if it is wanted (wake). If it cannot, the exchange ends. */
static void pario_i_wait_socket(const pario_client *client, pario_i_connection *c, bool wake,
                                int64_t until)
{
    struct pollfd fds[3 + PARIO_I_MAX_ADDRESSES];
    int64_t       now = pario_i_clock_ns(CLOCK_MONOTONIC);
    int64_t       glance = pario_i_is_mute(c) && !wake ? now + PARIO_I_GLANCE : INT64_MAX;
    size_t        count = pario_i_poll_set(client, c, wake, fds);
    if (poll(fds, count, pario_i_poll_ms(now, glance < until ? glance : until)) < 0) {
        if (errno != EINTR) {
            pario_i_exchange_fail(c->exchange, PARIO_ERROR_SYSTEM, errno, now);
        }
        return;
    }
    c->stirred = c->stirred || fds[2].revents != 0;
    pario_i_connection_note(c, (fds[0].revents & POLLIN) != 0, (fds[0].revents & POLLOUT) != 0,
                            (fds[0].revents & (POLLHUP | POLLERR)) != 0);
    if (fds[1].revents != 0) {
        pario_i_event_clear(client->wake_fd);
    }
}

/* Waits in the calling thread until a lookup is over. */
static void pario_i_wait_name(pario_client *client, const pario_i_exchange *x, int64_t deadline)
{
    pario_i_resolver   *resolver = pario_i_get_resolver(client);
    const pario_i_name *name = x->connection->name;
    pario_i_mutex_lock(&resolver->lock);
    if (name->wanted && !pario_i_is_cancelled(x)) {
        pario_i_condition_wait_until(&resolver->changed, &resolver->lock, deadline);
    }
    pario_i_mutex_unlock(&resolver->lock);
}

/* Waits in a thread until the exchange's host has a connection to spare, or until its consumer has
 * given back what it has. */
static void pario_i_wait_vacancy(pario_client *client, const pario_i_exchange *x, int64_t deadline)
{
    pario_i_mutex_lock(&client->lock);
    bool waits = x->phase == PARIO_I_HELD ? !x->released : x->parked;
    if (waits && !client->closing && !pario_i_is_cancelled(x)) {
        pario_i_condition_wait_until(&client->vacant, &client->lock, deadline);
    }
    pario_i_mutex_unlock(&client->lock);
}

#if !defined(PARIO_NO_FIBERS)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARIO_I_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define PARIO_I_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PARIO_I_ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#define PARIO_I_TSAN
#endif

#if defined(PARIO_I_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(PARIO_I_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

/* Tells the sanitizers that another stack comes next: its lower end and its size. */
static void pario_i_switch_begins(void **fake_stack, const void *bottom, size_t size,
                                  void *race_fiber)
{
#if defined(PARIO_I_ASAN)
    __sanitizer_start_switch_fiber(fake_stack, bottom, size);
#else
    (void)fake_stack;
    (void)bottom;
    (void)size;
#endif
#if defined(PARIO_I_TSAN)
    __tsan_switch_to_fiber(race_fiber, 0);
#else
    (void)race_fiber;
#endif
}

/* Tells the address sanitizer that this stack is back; learns where the other one was, which a
 * fiber has to know before it leaves again. */
static void pario_i_switch_ended(pario_client *client, void *fake_stack)
{
#if defined(PARIO_I_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, &client->stack_bottom, &client->stack_size);
#else
    (void)client;
    (void)fake_stack;
#endif
}

/* Goes from the loop into a fiber, and comes back when that waits or is done. */
static void pario_i_fiber_enter(pario_client *client, pario_i_fiber *fiber)
{
    ucontext_t loop;
    loop.uc_stack.ss_sp = NULL; /* swapcontext leaves it alone; sanitizers read it */
    loop.uc_stack.ss_size = 0;
    client->context = &loop;
    client->fiber = fiber;
#if defined(PARIO_I_TSAN)
    client->race_fiber = __tsan_get_current_fiber();
#endif
    pario_i_switch_begins(&client->fake_stack, fiber->mapping, fiber->stack_size,
                          fiber->race_fiber);
    (void)swapcontext(&loop, &fiber->context);
    pario_i_switch_ended(client, client->fake_stack);
    client->fiber = NULL;
    client->context = NULL;
}

/* Goes from a fiber back into the loop, and comes back when the fiber is entered again. */
static void pario_i_fiber_leave(pario_client *client, pario_i_fiber *fiber)
{
    pario_i_switch_begins(&fiber->fake_stack, client->stack_bottom, client->stack_size,
                          client->race_fiber);
    (void)swapcontext(&fiber->context, client->context);
    pario_i_switch_ended(client, fiber->fake_stack);
}

/* Waits on a fiber: for its connection's events, for a name, a vacancy or the deadline. */
static void pario_i_wait_fiber(pario_client *client, pario_i_exchange *x, int64_t deadline)
{
    pario_i_fiber *fiber = client->fiber;
    x->fiber = fiber;
    fiber->waiting = x;
    if (x->attached) {
        pario_i_heap_wake(&client->heap, x->connection, pario_i_due(x->connection, deadline));
    }
    pario_i_fiber_leave(client, fiber);
    x->fiber = NULL;
    fiber->waiting = NULL;
}
#endif

/* Waits where the exchange is run, on its own thread or fiber. */
static void pario_i_wait(pario_client *client, pario_i_exchange *x, int64_t deadline)
{
#if !defined(PARIO_NO_FIBERS)
    if (client->fiber != NULL) {
        pario_i_wait_fiber(client, x, deadline);
        return;
    }
#endif
    if (!x->attached || x->phase == PARIO_I_HELD) {
        pario_i_wait_vacancy(client, x, deadline);
    } else if (x->connection->name != NULL) {
        pario_i_wait_name(client, x, deadline);
    } else if (!pario_i_is_cancelled(x)) {
        /* Who cancels from now on finds the descriptor, and shuts it down. */
        pario_i_wait_socket(client, x->connection, false, pario_i_due(x->connection, deadline));
    }
}

/* Lets the others go first. False: where there is no loop, or it cannot be told. */
static bool pario_i_yield(const pario_client *client, const pario_i_exchange *x)
{
    pario_i_connection *c = x->connection;
    return pario_i_has_loop(client) &&
           pario_i_watch(client, EPOLL_CTL_MOD, c->fd, PARIO_I_CHANGES, c);
}

/* Runs an exchange on the calling thread or fiber until it has ended, or is parked. */
static pario_i_carried pario_i_run(pario_client *client, pario_i_exchange *x)
{
    pario_i_carried carried;
    int64_t         deadline;
    do {
        carried = pario_i_carry(client, x, pario_i_clock_ns(CLOCK_MONOTONIC), &deadline);
        if (carried == PARIO_I_WAITING ||
            (carried == PARIO_I_RESTING && pario_i_yield(client, x))) {
            pario_i_wait(client, x, deadline);
        }
    } while (carried == PARIO_I_WAITING || carried == PARIO_I_RESTING);
    return carried;
}

/* Runs a task of the user's. */
static void pario_i_run_task(pario_client *client, pario_i_task *task)
{
    task->function(client, task->argument);
    PARIO_FREE(task);
    pario_i_client_lock(client);
    client->running--;
    client->outstanding--;
    client->statistics.tasks--;
    client->changed = true;
    pario_i_notify(client);
    pario_i_client_unlock(client);
}

/* An exchange that was run has come to a stop: it is handed over, unless it is parked. */
static void pario_i_retire(pario_client *client, pario_i_exchange *x, pario_i_carried carried)
    PARIO_I_REQUIRES(client->lock)
{
    if (carried == PARIO_I_ENDED) {
        client->running--;
        pario_i_finish(client, x);
    }
}

/* A pool thread. */
static void *pario_i_work(void *argument)
{
    pario_client *client = (pario_client *)argument;
    pario_i_client_lock(client);
    while (!client->closing) {
        pario_i_task     *task = pario_i_take_task(client);
        pario_i_exchange *x = NULL;
        if (task == NULL && client->first_queued != NULL) {
            x = pario_i_take(client, pario_i_clock_ns(CLOCK_MONOTONIC));
        }
        if (task == NULL && x == NULL) {
            client->idle_workers++;
            (void)pthread_cond_wait(&client->work, &client->lock.mutex);
            client->idle_workers--;
            continue;
        }
        pario_i_client_unlock(client);
        if (task != NULL) {
            pario_i_run_task(client, task);
        }
        pario_i_carried carried = x != NULL ? pario_i_run(client, x) : PARIO_I_PARKED;
        pario_i_client_lock(client);
        pario_i_retire(client, x, carried);
    }
    pario_i_client_unlock(client);
    return NULL;
}

/* Sees that there is a worker for one more job. PARIO_OK, also when an older one will have to do;
 * else what is in the way of the first. */
static pario_error pario_i_hire(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    if (client->closing) {
        return PARIO_OK; /* what is queued now is dropped with the rest */
    }
    (void)pthread_cond_signal(&client->work); /* who is idle may well do */
    if (client->idle_workers >= client->statistics.queued + client->waiting_tasks ||
        client->worker_count >= (size_t)client->config.concurrency) {
        return PARIO_OK;
    }
    if (!pario_i_reserve((void *)&client->workers, client->worker_count, &client->worker_room,
                         sizeof *client->workers)) {
        return client->worker_count > 0 ? PARIO_OK : PARIO_ERROR_MEMORY;
    }
    int failed = pario_i_thread_start(&client->workers[client->worker_count],
                                      (size_t)client->config.stack_bytes, pario_i_work, client);
    if (failed == 0) {
        client->worker_count++;
        return PARIO_OK;
    }
    errno = failed;
    return client->worker_count > 0 ? PARIO_OK : PARIO_ERROR_THREAD;
}

/* Without a loop, where only idle connections are in the heap: closes those whose time has come,
 * and those that the server has closed. These are looked for when nothing else is to be done, and
 * otherwise once a second at most, as each look is a system call. */
static void pario_i_tend_idle(pario_client *client, int64_t now) PARIO_I_REQUIRES(client->lock)
{
    while (pario_i_heap_next(&client->heap) <= now) {
        pario_i_idle_close(client, client->heap.places[1].connection);
    }
    if (client->outstanding > 0 && now < client->tend_at) {
        return;
    }
    client->tend_at = now + PARIO_I_TEND_NS;
    pario_i_connection *c = client->pool.oldest;
    while (c != NULL) {
        pario_i_connection *newer = c->newer;
        if (!pario_i_transport_is_quiet(c->fd)) {
            pario_i_idle_close(client, c);
        }
        c = newer;
    }
}

/* PARIO_THREADS: waits until something has come back, somebody calls, or `until`. */
static pario_error pario_i_turn_threads(pario_client *client, int64_t until)
{
    struct pollfd fd;
    memset(&fd, 0, sizeof fd);
    fd.fd = client->wake_fd;
    fd.events = POLLIN;
    pario_i_client_lock(client);
    int64_t next = pario_i_heap_next(&client->heap);
    pario_i_client_unlock(client);
    int got = poll(&fd, 1,
                   pario_i_poll_ms(pario_i_clock_ns(CLOCK_MONOTONIC), next < until ? next : until));
    if (got < 0 && errno != EINTR) {
        return PARIO_ERROR_SYSTEM;
    }
    if (got > 0) {
        pario_i_event_clear(client->wake_fd);
    }
    pario_i_client_lock(client);
    pario_i_tend_idle(client, pario_i_clock_ns(CLOCK_MONOTONIC));
    pario_i_client_unlock(client);
    pario_i_bury(client);
    return PARIO_OK;
}

/* An exchange whose time is over may have got its answer while the caller was away. */
static void pario_i_look_again(const pario_client *client, const pario_i_exchange *x, int64_t now)
{
    pario_i_connection *c = x->attached ? x->connection : NULL;
    if (c != NULL && c->fd >= 0 && now >= pario_i_due(c, pario_i_exchange_deadline(x))) {
        pario_i_wait_socket(client, c, false, now);
    }
}

/* PARIO_SEQUENTIAL: carries the one exchange on, and waits for it at most until `until`. */
static pario_error pario_i_turn_sequential(pario_client *client, int64_t until)
{
    int64_t now = pario_i_clock_ns(CLOCK_MONOTONIC);
    pario_i_client_lock(client);
    pario_i_tend_idle(client, now);
    pario_i_task *task = client->current == NULL ? pario_i_take_task(client) : NULL;
    if (client->current == NULL && task == NULL) {
        client->current = pario_i_take(client, now);
    }
    pario_i_client_unlock(client);
    pario_i_exchange *x = client->current;
    if (task != NULL) {
        client->in_task = true;
        pario_i_run_task(client, task);
        client->in_task = false;
    }
    if (x == NULL) {
        return PARIO_OK;
    }
    pario_i_look_again(client, x, now);
    int64_t         deadline;
    pario_i_carried carried = pario_i_carry(client, x, now, &deadline);
    if (carried == PARIO_I_WAITING && !x->ready) { /* a part that is ready is handed out first */
        int64_t due = pario_i_due(x->connection, deadline);
        pario_i_wait_socket(client, x->connection, true, due < until ? due : until);
    } else if (carried >= PARIO_I_PARKED) {
        client->current = NULL;
        pario_i_client_lock(client);
        pario_i_retire(client, x, carried);
        pario_i_client_unlock(client);
    }
    return PARIO_OK;
}

#if !defined(PARIO_NO_FIBERS)
/* What a fiber does: one job after another, back to the loop in between. */
__attribute__((noreturn)) static void pario_i_fiber_main(unsigned low, unsigned high)
{
    pario_i_fiber *fiber;
    unsigned       halves[2];
    halves[0] = low;
    halves[1] = high;
    memcpy((void *)&fiber, halves, sizeof(void *));
    pario_client *client = fiber->client;
    pario_i_switch_ended(client, fiber->fake_stack);
    for (;;) {
        if (fiber->task != NULL) {
            pario_i_run_task(client, fiber->task);
        } else {
            pario_i_exchange *x = fiber->exchange;
            pario_i_carried   carried = pario_i_run(client, x);
            pario_i_client_lock(client);
            pario_i_retire(client, x, carried);
            pario_i_client_unlock(client);
        }
        fiber->busy = false;
        fiber->next_free = client->free_fibers;
        client->free_fibers = fiber;
        pario_i_fiber_leave(client, fiber);
    }
}

/* A mapping for a stack, its lowest page without access; NULL and errno. */
static unsigned char *pario_i_stack_new(size_t size, size_t guard)
{
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(mapping, guard, PROT_NONE) != 0) {
        int failed = errno;
        (void)munmap(mapping, size);
        errno = failed;
        return NULL;
    }
    return (unsigned char *)mapping;
}

/* makecontext is given a function without arguments, and calls it with some. */
typedef union pario_i_entry {
    void (*with_halves)(unsigned low, unsigned high);
    void (*as_makecontext_wants_it)(void);
} pario_i_entry;

/* A new fiber in the list of free ones. False and errno: there is no room for one. */
static bool pario_i_fiber_new(pario_client *client)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (((size_t)client->config.stack_bytes + guard - 1) / guard * guard) + guard;
    size_t own = (sizeof(pario_i_fiber) + 63) / 64 * 64;
    unsigned char *mapping = pario_i_stack_new(size, guard);
    if (mapping == NULL) {
        return false;
    }
    void          *place = mapping + size - own;
    pario_i_fiber *fiber = (pario_i_fiber *)place;
    fiber->client = client;
    fiber->mapping = mapping;
    fiber->mapping_size = size;
    fiber->stack_size = size - own;
    (void)getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = mapping;
    fiber->context.uc_stack.ss_size = size - own;
    fiber->context.uc_link = NULL;
#if defined(PARIO_I_TSAN)
    fiber->race_fiber = __tsan_create_fiber(0);
#endif
    unsigned halves[2] = { 0, 0 };
    memcpy(halves, (const void *)&fiber, sizeof(void *));
    pario_i_entry entry;
    entry.with_halves = pario_i_fiber_main;
    makecontext(&fiber->context, entry.as_makecontext_wants_it, 2, halves[0], halves[1]);
    fiber->next = client->fibers;
    client->fibers = fiber;
    fiber->next_free = client->free_fibers;
    client->free_fibers = fiber;
    return true;
}

/* Whether a job waits and may run; *alone: none runs. */
static bool pario_i_has_job(pario_client *client, bool *alone)
{
    pario_i_client_lock(client);
    bool may = client->running < (size_t)client->config.concurrency;
    bool found = (client->first_task != NULL && may) || pario_i_may_begin(client);
    *alone = client->running == 0;
    pario_i_client_unlock(client);
    return found;
}

/* Not even one fiber can be had: the next request comes back with the error; for tasks, which
 * cannot, pario_next says it. False: there was no request. */
static bool pario_i_fiber_fail(pario_client *client, int failed)
{
    pario_i_client_lock(client);
    pario_i_exchange *x = pario_i_take(client, client->now);
    if (x != NULL) {
        pario_i_exchange_fail(x, PARIO_ERROR_SYSTEM, failed, client->now);
        pario_i_detach(client, x, client->now);
        pario_i_retire(client, x, PARIO_I_ENDED);
    } else {
        client->fiber_error = failed;
    }
    pario_i_client_unlock(client);
    return x != NULL;
}

/* Gives the next job to a free fiber and lets it begin. False: no job, or no fiber. */
static bool pario_i_fiber_begin(pario_client *client)
{
    bool alone;
    if (!pario_i_has_job(client, &alone)) {
        return false;
    }
    if (client->free_fibers == NULL && !pario_i_fiber_new(client)) {
        return alone && pario_i_fiber_fail(client, errno); /* otherwise those that run will do */
    }
    pario_i_client_lock(client);
    pario_i_task     *task = pario_i_take_task(client);
    pario_i_exchange *x = task == NULL ? pario_i_take(client, client->now) : NULL;
    pario_i_client_unlock(client);
    if (task == NULL && x == NULL) {
        return false;
    }
    pario_i_fiber *fiber = client->free_fibers;
    client->free_fibers = fiber->next_free;
    fiber->exchange = x;
    fiber->task = task;
    fiber->busy = true;
    pario_i_fiber_enter(client, fiber);
    return true;
}
#endif

/* Something has happened to an exchange in the loop: it goes on, here or on its fiber. */
static void pario_i_poke(pario_client *client, pario_i_exchange *x)
{
#if !defined(PARIO_NO_FIBERS)
    if (x->fiber != NULL) {
        pario_i_fiber_enter(client, x->fiber);
        return;
    }
#endif
    pario_i_carried carried;
    int64_t         deadline;
    do {
        carried = pario_i_carry(client, x, client->now, &deadline);
    } while (carried == PARIO_I_RESTING && !pario_i_yield(client, x));
    pario_i_client_lock(client);
    if (carried == PARIO_I_WAITING || carried == PARIO_I_RESTING) {
        pario_i_heap_wake(&client->heap, x->connection, pario_i_due(x->connection, deadline));
    } else {
        pario_i_retire(client, x, carried);
    }
    pario_i_client_unlock(client);
}

/* Begins as many queued jobs as may run; not while idle connections may have something to say. */
static void pario_i_begin(pario_client *client)
{
    if (client->backlog > 0) {
        return;
    }
#if !defined(PARIO_NO_FIBERS)
    if (client->config.executor == PARIO_FIBERS) {
        while (pario_i_fiber_begin(client)) {
        }
        return;
    }
#endif
    pario_i_exchange *x;
    do {
        pario_i_client_lock(client);
        x = pario_i_take(client, client->now);
        pario_i_client_unlock(client);
        if (x != NULL) {
            pario_i_poke(client, x);
        }
    } while (x != NULL);
}

/* Notes what epoll says of a connection. An idle one that has anything to say is closed. */
static void pario_i_event_note(pario_client *client, pario_i_connection *c, uint32_t events)
{
    /* Urgent data, which HTTP does not know, count as an end: then all is read that there is. */
    const uint32_t ends = (uint32_t)EPOLLHUP | (uint32_t)EPOLLERR | (uint32_t)EPOLLRDHUP |
                          (uint32_t)EPOLLPRI;
    pario_i_connection_note(c, (events & (uint32_t)EPOLLIN) != 0,
                            (events & (uint32_t)EPOLLOUT) != 0, (events & ends) != 0);
    bool lasts = client->epoll_fd >= 0; /* until the turn's end: another event may be about it */
    if (c->idle && c->readable && c->fd >= 0 && lasts) {
        pario_i_client_lock(client);
        pario_i_idle_close(client, c);
        pario_i_client_unlock(client);
    }
}

/* Notes all events before any exchange goes on, and takes an idle connection for its own. What each
 * is about is written over with its connection, or NULL. Returns whether the client was woken. */
static bool pario_i_event_all(pario_client *client, struct epoll_event *events, size_t count)
{
    bool woken = false;
    for (size_t i = 0; i < count; i++) {
        void               *place = events[i].data.ptr;
        pario_i_connection *c = NULL;
        if (place == &client->wake_fd) {
            pario_i_event_clear(client->wake_fd);
            woken = true;
        } else if (place == &client->timer_fd) {
            pario_i_event_clear(client->timer_fd);
            client->timer_at = 0;
        } else if ((uintptr_t)place % 2u != 0) { /* see pario_i_await_other */
            place = (unsigned char *)place - 1;
            c = (pario_i_connection *)place;
            c->stirred = true;
        } else {
            c = (pario_i_connection *)place;
            pario_i_event_note(client, c, events[i].events);
        }
        events[i].data.ptr = c;
    }
    for (size_t i = 0; i < count; i++) {
        pario_i_connection *c = (pario_i_connection *)events[i].data.ptr;
        if (c != NULL && c->fd >= 0 && !c->idle) {
            pario_i_poke(client, c->exchange);
        }
    }
    return woken;
}

/* A lookup is over: the exchanges that wait for names go on. */
static void pario_i_look_names(pario_client *client)
{
    pario_i_client_lock(client);
    pario_i_connection *c = client->resolving > 0 ? client->pool.active : NULL;
    pario_i_client_unlock(client);
    while (c != NULL) {
        pario_i_connection *next = c->next;
        if (c->name != NULL) {
            pario_i_poke(client, c->exchange);
        }
        c = next;
    }
}

/* Notes that so many events have come. The kernel tells first of what has waited longest. */
static void pario_i_count_events(pario_client *client, size_t count)
{
    client->polled = count < PARIO_I_EVENTS;
    if (client->backlog == 0) {
        client->asked = client->now;
        pario_i_client_lock(client);
        client->backlog = 2u * (client->pool.connections + 1u); /* each with another, and our two */
        pario_i_client_unlock(client);
    }
    client->backlog -= client->polled ? client->backlog : pario_i_min(client->backlog, count);
    if (client->backlog == 0) {
        client->seen = client->polled ? client->now : client->asked;
    }
}

/* Waits for events until `until` and passes them on. */
static pario_error pario_i_collect(pario_client *client, int64_t until)
{
    struct epoll_event events[PARIO_I_EVENTS];
    int                ms = pario_i_poll_ms(client->now, until);
    int                count = epoll_wait(client->epoll_fd, events, PARIO_I_EVENTS, ms);
    if (count < 0 && errno != EINTR) {
        return PARIO_ERROR_SYSTEM;
    }
    client->now = pario_i_clock_ns(CLOCK_MONOTONIC);
    pario_i_count_events(client, count > 0 ? (size_t)count : 0);
    bool woken = pario_i_event_all(client, events, count > 0 ? (size_t)count : 0);
    if (woken) {
        pario_i_look_names(client);
    }
    return PARIO_OK;
}

/* Sees to the connection whose time comes first: an exchange whose time is over is returned, what
 * has more time is moved, what was idle for too long is closed. *more: its time had come. */
static pario_i_exchange *pario_i_expire_one(pario_client *client, bool *more)
    PARIO_I_REQUIRES(client->lock)
{
    *more = pario_i_heap_next(&client->heap) <= client->seen;
    if (!*more) {
        return NULL;
    }
    pario_i_connection *c = client->heap.places[1].connection;
    pario_i_exchange   *x = c->idle ? NULL : c->exchange;
    int64_t             due = x != NULL ? pario_i_due(c, pario_i_exchange_deadline(x))
                                        : pario_i_idle_end(client, c->idle_since);
    if (due > client->seen) {
        pario_i_heap_delay_first(&client->heap, due);
        return NULL;
    }
    if (c->idle) {
        pario_i_idle_close(client, c);
    } else {
        pario_i_heap_remove(&client->heap, c);
    }
    return x;
}

/* Looks at all connections whose time has come. */
static void pario_i_expire(pario_client *client)
{
    bool more = true;
    while (more) {
        pario_i_client_lock(client);
        pario_i_exchange *x = pario_i_expire_one(client, &more);
        pario_i_client_unlock(client);
        if (x != NULL) {
            pario_i_poke(client, x);
        }
    }
}

/* Tasks on fibers that waited for a connection to their host go on. */
static void pario_i_resume_unparked(pario_client *client)
{
    pario_i_client_lock(client);
    pario_i_exchange *x = client->unparked;
    client->unparked = NULL;
    pario_i_client_unlock(client);
    while (x != NULL) {
        pario_i_exchange *next = x->next;
        x->next = NULL;
        pario_i_poke(client, x);
        x = next;
    }
}

/* Sets the loop's timer to a time, or to none: 0. Returns whether that could be done. */
static bool pario_i_move_timer(pario_client *client, int64_t at)
{
    bool moved = pario_i_timer_set(client->timer_fd, at);
    client->timer_at = moved ? at : -1;
    return moved;
}

/* When a wait until `until` has to end by itself. Deadlines before that have the timer, in whole
 * milliseconds, so that it is set once for many waits: an end for each costs the kernel more. */
static int64_t pario_i_wait_end(pario_client *client, int64_t until)
{
    pario_i_client_lock(client);
    int64_t next = pario_i_heap_next(&client->heap);
    pario_i_client_unlock(client);
    if (next >= until || next <= client->now) {
        return next < until ? next : until;
    }
    int64_t at = pario_i_time_add(next, 999999) / 1000000 * 1000000;
    bool set = (client->timer_at > 0 && client->timer_at <= at) || pario_i_move_timer(client, at);
    return set ? until : next;
}

/* Waits, and does what comes of it: begins, collects, expires, begins. If more events wait than are
 * taken at once, what has come back goes to the caller first, so that few answers are kept. */
static pario_error pario_i_turn_round(pario_client *client, int64_t until)
{
    pario_i_client_lock(client);
    client->changed = false;
    bool look = client->first_queued != NULL && client->pool.idle_count > 0;
    pario_i_client_unlock(client);
    if (look && pario_i_collect(client, 0) != PARIO_OK) {
        return PARIO_ERROR_SYSTEM;
    }
    pario_i_begin(client);
    pario_i_client_lock(client);
    bool now = client->changed || client->unparked != NULL || client->fiber_error != 0;
    pario_i_client_unlock(client);
    now = now || client->backlog > 0 || until == 0;
    if (pario_i_collect(client, now ? 0 : pario_i_wait_end(client, until)) != PARIO_OK) {
        return PARIO_ERROR_SYSTEM;
    }
    pario_i_expire(client);
    pario_i_resume_unparked(client);
    pario_i_begin(client);
    return PARIO_OK;
}

/* PARIO_EPOLL, PARIO_FIBERS: one turn of the loop. */
static pario_error pario_i_turn_loop(pario_client *client, int64_t until)
{
    client->now = pario_i_clock_ns(CLOCK_MONOTONIC);
    pario_error error = pario_i_turn_round(client, until);
    int         failed = error != PARIO_OK ? errno : client->fiber_error;
    client->fiber_error = 0;
    client->polled = false;
    pario_i_bury(client);
    errno = failed != 0 ? failed : errno;
    return failed != 0 ? PARIO_ERROR_SYSTEM : PARIO_OK;
}

/* Waits once, as the executor does, until something may have come back or `until`. */
static pario_error pario_i_turn(pario_client *client, int64_t until)
{
    pario_error error = PARIO_OK;
    switch (client->config.executor) {
    case PARIO_SEQUENTIAL:
        error = pario_i_turn_sequential(client, until);
        break;
    case PARIO_THREADS:
        error = pario_i_turn_threads(client, until);
        break;
    case PARIO_FIBERS:
    case PARIO_EPOLL:
        error = pario_i_turn_loop(client, until);
        break;
    }
    return error;
}
#endif

#if PARIO_SECTIONS >= 13
/* ------------------------------------------------------------------------------------------ */
/* >>client */

/* What an option may be beside a number in its range. */
#define PARIO_I_U 1u /* PARIO_UNLIMITED */
#define PARIO_I_O 2u /* PARIO_OFF */

/* An option: where it is, what 0 means, and how large it may be. */
typedef struct pario_i_option {
    uint16_t offset;
    uint16_t special; /* PARIO_I_U, PARIO_I_O */
    int32_t  fallback;
    int64_t  most;
} pario_i_option;

#define PARIO_I_MAX_MS INT64_C(100000000000)
#define PARIO_I_MAX_COUNT INT64_C(4000000000)
#define PARIO_I_MAX_BYTES INT64_C(1000000000000000)
#define PARIO_I_MAX_HEAD 16777216
#define PARIO_I_MIN_STACK 16384
#define PARIO_I_MAX_STACK 1073741824

/* Fills one option in: where it is 0, with the default or, if they are `given`, as another
 * configuration has it. False: it is out of its range. */
static bool pario_i_option_resolve(const pario_i_option *option, void *config, const void *given)
{
    void       *place = (unsigned char *)config + option->offset;
    int64_t    *value = (int64_t *)place;
    const void *other = given != NULL ? (const unsigned char *)given + option->offset : NULL;
    if (*value == 0) {
        *value = other != NULL ? *(const int64_t *)other : option->fallback;
    }
    return (*value >= 0 && *value <= option->most) ||
           (*value == PARIO_UNLIMITED && (option->special & PARIO_I_U) != 0) ||
           (*value == PARIO_OFF && (option->special & PARIO_I_O) != 0);
}

/* Fills all options in, likewise; the strings stay the caller's. */
static pario_error pario_i_config_resolve(pario_config *config, const pario_config *given)
{
#define PARIO_I_AT(member) (uint16_t) offsetof(pario_config, member)
    static const pario_i_option options[] = {
        { PARIO_I_AT(concurrency), 0, PARIO_DEFAULT_CONCURRENCY, PARIO_MAX_CONCURRENCY },
        { PARIO_I_AT(per_host), PARIO_I_U, PARIO_UNLIMITED, PARIO_MAX_CONCURRENCY },
        { PARIO_I_AT(queue), PARIO_I_U, PARIO_DEFAULT_QUEUE, PARIO_I_MAX_COUNT },
        { PARIO_I_AT(idle_connections), PARIO_I_U | PARIO_I_O, 0, PARIO_MAX_CONCURRENCY },
        { PARIO_I_AT(idle_timeout_ms), PARIO_I_U, PARIO_DEFAULT_IDLE_MS, PARIO_I_MAX_MS },
        { PARIO_I_AT(connect_timeout_ms), PARIO_I_U, PARIO_DEFAULT_CONNECT_MS, PARIO_I_MAX_MS },
        { PARIO_I_AT(progress_timeout_ms), PARIO_I_U, PARIO_DEFAULT_PROGRESS_MS, PARIO_I_MAX_MS },
        { PARIO_I_AT(total_timeout_ms), PARIO_I_U, PARIO_DEFAULT_TOTAL_MS, PARIO_I_MAX_MS },
        { PARIO_I_AT(lookup_cache_ms), PARIO_I_U | PARIO_I_O, PARIO_DEFAULT_LOOKUP_CACHE_MS,
          PARIO_I_MAX_MS },
        { PARIO_I_AT(head_bytes), 0, PARIO_DEFAULT_HEAD_BYTES, PARIO_I_MAX_HEAD },
        { PARIO_I_AT(fields), 0, PARIO_DEFAULT_FIELDS, 65536 },
        { PARIO_I_AT(body_bytes), PARIO_I_U, PARIO_DEFAULT_BODY_BYTES, PARIO_I_MAX_BYTES },
        { PARIO_I_AT(interim), PARIO_I_U | PARIO_I_O, PARIO_DEFAULT_INTERIM, PARIO_I_MAX_COUNT },
        { PARIO_I_AT(chunk_extension_bytes), PARIO_I_U | PARIO_I_O,
          PARIO_DEFAULT_CHUNK_EXTENSION_BYTES, PARIO_I_MAX_BYTES },
        { PARIO_I_AT(trailer_bytes), PARIO_I_O, PARIO_DEFAULT_TRAILER_BYTES, PARIO_I_MAX_HEAD },
        { PARIO_I_AT(redirects), PARIO_I_U | PARIO_I_O, 0, PARIO_I_MAX_COUNT },
        { PARIO_I_AT(expect_bytes), PARIO_I_O, PARIO_DEFAULT_EXPECT_BYTES, PARIO_I_MAX_BYTES },
        { PARIO_I_AT(expect_timeout_ms), PARIO_I_U, PARIO_DEFAULT_EXPECT_MS, PARIO_I_MAX_MS },
        { PARIO_I_AT(stack_bytes), 0, PARIO_DEFAULT_STACK_BYTES, PARIO_I_MAX_STACK },
    };
#undef PARIO_I_AT
    bool good = true;
    for (size_t i = 0; i < sizeof options / sizeof options[0] && good; i++) {
        good = pario_i_option_resolve(&options[i], config, given);
    }
    if (config->executor == PARIO_SEQUENTIAL) {
        config->concurrency = 1;
    }
    if (config->idle_connections == 0) {
        config->idle_connections = config->concurrency;
    }
    return good && config->stack_bytes >= PARIO_I_MIN_STACK ? PARIO_OK : PARIO_ERROR_CONFIG;
}

/* The limits of a resolved configuration. */
static void pario_i_limits_of(const pario_config *config, pario_i_limits *limits)
{
    memset(limits, 0, sizeof *limits);
    limits->connect = pario_i_limit_ns(config->connect_timeout_ms);
    limits->progress = pario_i_limit_ns(config->progress_timeout_ms);
    limits->total = pario_i_limit_ns(config->total_timeout_ms);
    limits->expect = pario_i_limit_ns(config->expect_timeout_ms);
    limits->expect_bytes = pario_i_limit_size(config->expect_bytes, UINT64_MAX);
    limits->body_bytes = pario_i_limit_size(config->body_bytes, SIZE_MAX / 2);
    limits->body_bytes = limits->body_bytes < SIZE_MAX / 2 ? limits->body_bytes : SIZE_MAX / 2;
    limits->chunk_extension_bytes = pario_i_limit_size(config->chunk_extension_bytes, UINT64_MAX);
    limits->head_bytes = (uint32_t)config->head_bytes;
    limits->fields = (uint32_t)config->fields;
    limits->trailer_bytes = (uint32_t)pario_i_limit_size(config->trailer_bytes, UINT32_MAX);
    /* The empty line at its end always has room. */
    limits->trailer_bytes += limits->trailer_bytes < UINT32_MAX - 2u ? 2u : 0u;
    limits->interim = (uint32_t)pario_i_limit_size(config->interim, UINT32_MAX);
    limits->redirects = (uint32_t)pario_i_limit_size(config->redirects, UINT32_MAX);
    limits->tls = config->tls != NULL;
}

/* Notes where a request's content goes. If it is not kept, only the request itself limits it. */
static void pario_i_limits_aim(pario_client *client, const pario_request *request,
                               pario_i_limits *limits)
{
    uint64_t    most = request->body_bytes > 0 ? (uint64_t)request->body_bytes : UINT64_MAX;
    struct stat about;
    limits->pipes = request->into_fd > 0 && (fstat(request->into_fd, &about) != 0 ||
                                             S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
    limits->into = (unsigned char *)request->into;
    limits->into_fd = request->into_fd;
    limits->consumer = request->stream ? client : NULL;
    limits->passes = request->stream || request->into_fd != 0;
    if (limits->passes) {
        limits->body_bytes = most;
    } else if (request->into != NULL) {
        size_t room = pario_i_min(request->into_size, SIZE_MAX / 2);
        limits->body_bytes = most < room ? most : room;
    }
}

/* The limits of a request that sets some of its own. *own: whether it does. */
static pario_error pario_i_request_limits(pario_client *client, const pario_request *request,
                                          pario_i_limits *limits, bool *own)
{
    *own = (request->redirects | request->connect_timeout_ms | request->progress_timeout_ms |
            request->total_timeout_ms | request->body_bytes) != 0 ||
           request->stream || request->into != NULL || request->into_fd != 0;
    if (!*own) {
        return PARIO_OK;
    }
    pario_config config = client->config;
    config.redirects = request->redirects;
    config.connect_timeout_ms = request->connect_timeout_ms;
    config.progress_timeout_ms = request->progress_timeout_ms;
    config.total_timeout_ms = request->total_timeout_ms;
    config.body_bytes = request->body_bytes;
    pario_error error = pario_i_config_resolve(&config, &client->config);
    if (error == PARIO_OK) {
        pario_i_limits_of(&config, limits);
        pario_i_limits_aim(client, request, limits);
    }
    return error;
}

/* The exchange of a slot, or NULL: the slot is free, or there is no such slot. */
static pario_i_exchange *pario_i_slot_exchange(const pario_client *client, size_t slot)
    PARIO_I_REQUIRES(client->lock)
{
    bool taken = slot < client->slot_count && client->slots[slot].next_free % 2u == 0;
    return taken ? client->slots[slot].exchange : NULL;
}

/* Gives back all that a client owns. No thread or fiber of it runs any more. */
static void pario_i_client_free(pario_client *client)
{
    pario_i_client_lock(client);
    for (size_t i = 0; i < client->slot_count; i++) {
        pario_i_exchange *x = pario_i_slot_exchange(client, i);
        if (x != NULL && x->held) {
            x->reply->orphan = true; /* what its consumer has stays valid */
        } else if (x != NULL) {
            pario_i_addresses_drop(x->peer);
            pario_i_exchange_free(x);
        }
    }
    while (client->first_task != NULL) {
        pario_i_task *task = client->first_task;
        client->first_task = task->next;
        PARIO_FREE(task);
    }
    while (client->scratch != NULL) {
        pario_i_scratch *scratch = client->scratch;
        client->scratch = scratch->next;
        pario_i_buffer_free(&scratch->send);
        PARIO_FREE(scratch->head.fields);
        PARIO_FREE(scratch);
    }
    while (client->pool.spare != NULL) {
        pario_i_connection *c = client->pool.spare;
        client->pool.spare = c->next;
        PARIO_FREE(c);
    }
    PARIO_FREE(client->slots);
    PARIO_FREE(client->workers);
    PARIO_FREE((void *)client->heap.places);
    PARIO_FREE((void *)client->pool.buckets);
    pario_i_client_unlock(client);
    pario_i_bury(client);
    (void)pthread_cond_destroy(&client->vacant);
    pario_i_lock_destroy(&client->lock, &client->work);
    pario_i_buffer_free(&client->proxy_texts[0]);
    pario_i_buffer_free(&client->proxy_texts[1]);
    pario_i_addresses_drop(client->unix_socket);
    pario_i_fd_close(client->epoll_fd);
    pario_i_fd_close(client->wake_fd);
    pario_i_fd_close(client->timer_fd);
    PARIO_FREE(client->agent);
    PARIO_FREE(client);
}

/* Has the loop watch a descriptor of the client's own, by the place of its number. */
static bool pario_i_client_watch(const pario_client *client, int *fd)
{
    return pario_i_watch(client, EPOLL_CTL_ADD, *fd, (uint32_t)EPOLLIN, fd);
}

/* Makes the descriptors the executor needs. False: errno says why, some may be there. */
static bool pario_i_client_open_descriptors(pario_client *client)
{
    client->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (client->wake_fd >= 0 && pario_i_has_loop(client)) {
        client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        return client->epoll_fd >= 0 && client->timer_fd >= 0 &&
               pario_i_client_watch(client, &client->wake_fd) &&
               pario_i_client_watch(client, &client->timer_fd);
    }
    return client->wake_fd >= 0;
}

/* Makes the lock and its conditions. Returns 0 or an errno, and then none of them is there. */
static int pario_i_client_locks(pario_client *client)
{
    int failed = pario_i_lock_init(&client->lock, &client->work);
    if (failed == 0) {
        failed = pario_i_condition_init(&client->vacant);
        if (failed != 0) {
            pario_i_lock_destroy(&client->lock, &client->work);
        }
    }
    return failed;
}

/* Writes the User-Agent line, a NUL and, for pario_config_of, the bare text. */
static pario_error pario_i_client_agent(pario_client *client, const char *wanted)
{
    const char       *agent = wanted != NULL ? wanted : "pario/" PARIO_VERSION;
    const char *const line[] = { "User-Agent: ", agent, "\r\n" };
    pario_i_buffer    text = { NULL, 0, 0 };
    if (!pario_i_is_text((const unsigned char *)agent, 0, strlen(agent))) {
        return PARIO_ERROR_FIELD_VALUE;
    }
    bool   good = pario_i_buffer_join(&text, line, agent[0] != '\0' ? 3 : 0);
    size_t size = text.size + 1;
    good = good && pario_i_buffer_append(&text, "", 1) &&
           pario_i_buffer_append(&text, agent, strlen(agent) + 1);
    client->agent = (char *)text.data;
    if (!good) {
        return PARIO_ERROR_MEMORY;
    }
    client->config.user_agent = client->agent + size;
    return PARIO_OK;
}

/* Reads the proxy for http (0) or for https (1), if it has one; *wanted becomes the client's. */
static pario_error pario_i_client_proxy(pario_client *client, size_t https, const char *exceptions,
                                        const char **wanted)
{
    pario_i_proxy *proxy = &client->proxies[https];
    if ((*wanted)[0] == '\0') {
        return PARIO_OK;
    }
    pario_error error = pario_i_proxy_read(proxy, *wanted, exceptions, &client->proxy_texts[https]);
    if (error == PARIO_OK) {
        *wanted = (const char *)proxy->url;
        client->config.no_proxy = proxy->exceptions;
        pario_i_client_lock(client);
        client->pool.proxies[https] = proxy;
        client->pool.shared.active = 1; /* so that it is never forgotten */
        pario_i_client_unlock(client);
    }
    return error;
}

/* Reads the proxies; the strings of client->config become the client's own. */
static pario_error pario_i_client_proxies(pario_client *client)
{
    pario_config *config = &client->config;
    const char   *exceptions = config->no_proxy != NULL ? config->no_proxy : "";
    config->proxy = config->proxy != NULL ? config->proxy : "";
    config->https_proxy = config->https_proxy != NULL ? config->https_proxy : config->proxy;
    config->no_proxy = "";
    const char **wanted[] = { &config->proxy, &config->https_proxy };
    pario_error  error = PARIO_OK;
    for (size_t https = 0; https < 2 && error == PARIO_OK; https++) {
        error = pario_i_client_proxy(client, https, exceptions, wanted[https]);
    }
    return error;
}

/* Whether a TLS transport lacks none of its functions. */
static bool pario_i_tls_is_whole(const pario_tls *tls)
{
    return tls->begin != NULL && tls->handshake != NULL && tls->read_some != NULL &&
           tls->write_some != NULL && tls->explain != NULL && tls->end != NULL;
}

/* Whether there is such an executor here, and whether the TLS transport is whole. */
static pario_error pario_i_check_parts(const pario_config *config)
{
    if ((unsigned)config->executor > (unsigned)PARIO_FIBERS) {
        return PARIO_ERROR_EXECUTOR;
    }
#if defined(PARIO_NO_FIBERS)
    if (config->executor == PARIO_FIBERS) {
        return PARIO_ERROR_NO_FIBERS;
    }
#endif
    return config->tls == NULL || pario_i_tls_is_whole(config->tls) ? PARIO_OK
                                                                    : PARIO_ERROR_ARGUMENT;
}

/* A client that has its locks and nothing else yet; NULL and *error. */
static pario_client *pario_i_client_new(const pario_config *config, pario_error *error)
{
    pario_client *client = (pario_client *)pario_i_new(sizeof *client, 0, 0);
    *error = client != NULL ? PARIO_OK : PARIO_ERROR_MEMORY;
    if (client == NULL) {
        return NULL;
    }
    client->config = *config;
    client->epoll_fd = -1;
    client->wake_fd = -1;
    client->timer_fd = -1;
    pario_i_limits_of(config, &client->limits);
    int failed = pario_i_client_locks(client);
    if (failed != 0) {
        PARIO_FREE(client);
        errno = failed;
        *error = PARIO_ERROR_SYSTEM;
        return NULL;
    }
    pario_i_client_lock(client);
    client->free_slot = PARIO_I_NO_SLOT;
    client->tasks_end = &client->first_task;
    pario_i_client_unlock(client);
    return client;
}

/* Reads the source address; client->config.source becomes the client's own string. */
static pario_error pario_i_client_source(pario_client *client, const char *text)
{
    if (text == NULL) {
        return PARIO_OK;
    }
    size_t size = strlen(text);
    if (!pario_i_address_read(&client->source, (const unsigned char *)text, size)) {
        return PARIO_ERROR_CONFIG;
    }
    memcpy(client->source_text, text, size);
    client->config.source = client->source_text;
    return PARIO_OK;
}

/* Reads where connections are to begin and to lead to; the strings become the client's own. */
static pario_error pario_i_client_ends(pario_client *client)
{
    const char *path = client->config.unix_socket;
    if (path != NULL) {
        bool fits;
        client->unix_socket = pario_i_addresses_unix(path, &fits);
        if (client->unix_socket == NULL) {
            return fits ? PARIO_ERROR_MEMORY : PARIO_ERROR_CONFIG;
        }
        const void *place = client->unix_socket->list;
        client->config.unix_socket = ((const struct sockaddr_un *)place)->sun_path;
    }
    return pario_i_client_source(client, client->config.source);
}

/* Takes over all strings of the configuration. */
static pario_error pario_i_client_texts(pario_client *client)
{
    pario_error error = pario_i_client_agent(client, client->config.user_agent);
    if (error == PARIO_OK) {
        error = pario_i_client_proxies(client);
    }
    return error == PARIO_OK ? pario_i_client_ends(client) : error;
}

PARIO_DEF pario_error pario_open(const pario_config *config, pario_client **client)
{
    if (client == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    *client = NULL;
    pario_config resolved;
    memset(&resolved, 0, sizeof resolved);
    if (config != NULL) {
        resolved = *config;
    }
    pario_error error = pario_i_check_parts(&resolved);
    if (error == PARIO_OK) {
        error = pario_i_config_resolve(&resolved, NULL);
    }
    pario_client *made = error == PARIO_OK ? pario_i_client_new(&resolved, &error) : NULL;
    if (made == NULL) {
        return error;
    }
    error = pario_i_client_texts(made);
    if (error == PARIO_OK && !pario_i_client_open_descriptors(made)) {
        error = PARIO_ERROR_SYSTEM;
    }
    if (error != PARIO_OK) {
        int failed = errno;
        pario_i_client_free(made);
        errno = failed;
        return error;
    }
    *client = made;
    return PARIO_OK;
}

/* Finds out what there is to be known of a request's content. False: errno says why not. */
static bool pario_i_source_look(const pario_request *request, pario_i_upload *source)
{
    struct stat about;
    memset(source, 0, sizeof *source);
    source->fd = request->body_fd > 0 ? request->body_fd : -1;
    source->offset = -1;
    source->size = request->body_fd_size > 0 ? (uint64_t)request->body_fd_size : PARIO_I_UNKNOWN;
    if (source->fd < 0) {
        return true;
    }
    if (fstat(source->fd, &about) != 0) {
        return false;
    }
    if (!S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode)) {
        return true;
    }
    source->offset = lseek(source->fd, 0, SEEK_CUR);
    if (request->body_fd_size == 0 && S_ISREG(about.st_mode)) {
        source->size = about.st_size > source->offset ? (uint64_t)(about.st_size - source->offset)
                                                      : 0;
    }
    return source->offset >= 0;
}

/* Makes an exchange of a request of the user's. */
static pario_error pario_i_client_exchange(pario_client *client, const pario_request *request,
                                           pario_i_exchange **made)
{
    pario_i_limits limits;
    pario_i_upload source;
    bool           own;
    *made = NULL;
    pario_error error = pario_i_request_limits(client, request, &limits, &own);
    if (error == PARIO_OK) {
        error = pario_i_exchange_new(request, &client->limits, own ? &limits : NULL, made);
    }
    if (error != PARIO_OK) {
        return error;
    }
    bool direct = client->config.proxy[0] == '\0' && client->config.https_proxy[0] == '\0';
    if (!direct && pario_i_request_names(request, "proxy-authorization")) {
        error = PARIO_ERROR_FIELD_RESERVED; /* it would be carried to the origin as well */
    } else if (!pario_i_source_look(request, &source)) {
        error = PARIO_ERROR_BODY_READ;
    } else if (!pario_i_exchange_prepare(*made, request, &source)) {
        error = PARIO_ERROR_MEMORY;
    }
    if (error != PARIO_OK) {
        int failed = errno;
        pario_i_exchange_free(*made);
        *made = NULL;
        errno = failed;
        return error;
    }
    (*made)->started_at = pario_i_clock_ns(CLOCK_MONOTONIC);
    return PARIO_OK;
}

/* A slot that is free, or PARIO_I_NO_SLOT: out of memory. */
static uint32_t pario_i_slot_take(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    uint32_t slot = client->free_slot;
    if (slot != PARIO_I_NO_SLOT) {
        client->free_slot = (uint32_t)(client->slots[slot].next_free / 2u);
        return slot;
    }
    if (client->slot_count >= PARIO_I_NO_SLOT ||
        !pario_i_reserve((void *)&client->slots, client->slot_count, &client->slot_room,
                         sizeof *client->slots)) {
        return PARIO_I_NO_SLOT;
    }
    client->slot_count++;
    return (uint32_t)(client->slot_count - 1);
}

/* Gives an exchange an id and a slot, by which it is found. False: out of memory. */
static bool pario_i_enlist(pario_client *client, pario_i_exchange *x) PARIO_I_REQUIRES(client->lock)
{
    uint32_t slot = pario_i_slot_take(client);
    if (slot == PARIO_I_NO_SLOT) {
        return false;
    }
    client->slots[slot].exchange = x;
    client->serial++;
    client->serial += client->serial == 0 ? 1u : 0u;
    x->id = ((uint64_t)client->serial << 32) | slot;
    return true;
}

/* Frees an exchange's slot; its id leads nowhere from now on. */
static void pario_i_delist(pario_client *client, const pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    uint32_t slot = (uint32_t)(x->id & UINT32_MAX);
    client->slots[slot].next_free = ((uintptr_t)client->free_slot * 2u) + 1u;
    client->free_slot = slot;
}

/* Whether the queue has no room for one more. */
static bool pario_i_queue_is_full(const pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    return client->config.queue != PARIO_UNLIMITED &&
           client->statistics.queued + client->waiting_tasks >= (uint64_t)client->config.queue;
}

/* Puts an exchange into the queue. */
static pario_error pario_i_enqueue(pario_client *client, pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    pario_error error = PARIO_OK;
    if (pario_i_queue_is_full(client)) {
        return PARIO_ERROR_QUEUE_FULL;
    }
    if (!pario_i_enlist(client, x)) {
        return PARIO_ERROR_MEMORY;
    }
    client->statistics.queued++;
    if (client->config.executor == PARIO_THREADS) {
        error = pario_i_hire(client);
    }
    if (error != PARIO_OK) {
        client->statistics.queued--;
        pario_i_delist(client, x);
        return error;
    }
    x->queued = true;
    pario_i_list_insert(&client->first_queued, &client->last_queued, NULL, x);
    client->outstanding++;
    client->statistics.submitted++;
    pario_i_notify(client);
    return PARIO_OK;
}

PARIO_DEF pario_error pario_submit(pario_client *client, const pario_request *request)
{
    pario_i_exchange *x;
    if (client == NULL || request == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    pario_error error = pario_i_client_exchange(client, request, &x);
    if (error != PARIO_OK) {
        return error;
    }
    pario_i_client_lock(client);
    error = pario_i_enqueue(client, x);
    if (error == PARIO_OK && request->id != NULL) {
        *request->id = x->id;
    }
    pario_i_client_unlock(client);
    if (error != PARIO_OK) {
        pario_i_exchange_free(x);
    }
    return error;
}

/* Fills the content in, or the part of it that is here. */
static void pario_i_fill_content(const pario_i_exchange *x, pario_response *response)
{
    const pario_i_reply  *reply = x->reply;
    const pario_i_buffer *content = &reply->content;
    response->content_bytes = reply->discard ? 0 : reply->passed;
    if (x->error != PARIO_OK || content->data == NULL || response->part == PARIO_PART_HEAD) {
        return;
    }
    if (x->limits->into == NULL) {
        content->data[content->size] = '\0';
    }
    response->content_bytes += content->size;
    response->body = (const char *)content->data;
    response->body_size = content->size;
}

/* Fills in what the TLS transport or the proxy has to say of an error. */
static void pario_i_fill_explanation(const pario_i_exchange *x, pario_response *response)
{
    pario_i_reply *reply = x->reply;
    if (reply == NULL) {
        return;
    }
    if (x->error == PARIO_ERROR_TLS && reply->content.data != NULL) {
        reply->content.data[reply->content.size] = '\0';
        response->explanation = (const char *)reply->content.data;
    } else if (x->error == PARIO_ERROR_PROXY_REFUSED) {
        reply->bytes.data[reply->head.reason_end] = '\0';
        response->explanation = (const char *)reply->bytes.data + 9; /* behind the version */
        response->proxy_status = reply->head.status;
    }
}

/* Fills in what came back from the server. */
static void pario_i_fill_reply(const pario_i_exchange *x, pario_response *response)
{
    pario_i_reply *reply = x->reply;
    if (reply == NULL || !reply->headed) {
        return;
    }
    reply->bytes.data[reply->head.reason_end] = '\0';
    response->status = reply->head.status;
    response->version = reply->head.version;
    response->reason = (const char *)reply->bytes.data + reply->head.reason_beg;
    response->field_count = reply->head.count;
    response->trailer_count = x->error == PARIO_OK && !x->held ? reply->trailer.count : 0;
    pario_i_fill_content(x, response);
}

/* What of a response it is that an exchange has to be handed out now. */
static pario_part pario_i_part_of(const pario_i_exchange *x)
{
    if (x->limits->consumer == NULL) {
        return PARIO_PART_WHOLE;
    }
    if (!x->held) {
        return PARIO_PART_END;
    }
    return x->reply->opened ? PARIO_PART_CONTENT : PARIO_PART_HEAD;
}

/* Fills a response, of which nothing but strings was set, in from an exchange, which it owns from
 * now on, or has on loan if it is a stream's and not its end. */
static void pario_i_fill(pario_i_exchange *x, pario_response *response)
{
    response->part = pario_i_part_of(x);
    response->tag = x->tag;
    response->id = x->id;
    response->error = (pario_error)x->error;
    response->stage = (pario_stage)x->stage;
    response->system_error = x->error != PARIO_OK ? x->system_error : 0;
    response->resolver_error = x->error != PARIO_OK ? x->resolver_error : 0;
    response->url = (const char *)x->order.url;
    response->explanation = "";
    response->reason = "";
    response->body = "";
    response->redirects = pario_i_exchange_redirects(x);
    response->reused = x->reused;
    response->proxied = x->phase == PARIO_I_END && (x->peer_port & PARIO_I_PROXIED) != 0;
    response->bytes_sent = x->bytes_sent;
    response->bytes_received = pario_i_exchange_bytes_received(x);
    response->times.queued_us = x->queued_us;
    response->times.resolved_us = x->resolved_us;
    response->times.connected_us = x->connected_us;
    response->times.first_byte_us = pario_i_exchange_first_byte_us(x);
    response->times.total_us = (x->progress_at - x->started_at) / 1000;
    response->internal = x;
    pario_i_fill_explanation(x, response);
    pario_i_fill_reply(x, response);
}

/* The stream that has waited longest for being handed out, in turns with what else is done. */
static pario_i_exchange *pario_i_take_part(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    pario_i_exchange *x = client->first_part;
    client->parts_first = x != NULL && (client->parts_first || client->first_done == NULL);
    if (!client->parts_first) {
        client->parts_first = true;
        return NULL;
    }
    client->parts_first = false;
    client->first_part = x->reply->next;
    x->ready = false;
    x->held = x->phase == PARIO_I_HELD && !pario_i_is_cancelled(x);
    return x->held || x->finished ? x : NULL; /* it may be just about to end */
}

/* Hands out what has waited longest for it. False: there is nothing. *left: whether more is
 * outstanding. */
static bool pario_i_take_done(pario_client *client, pario_response *response, bool *left)
{
    pario_i_client_lock(client);
    pario_i_exchange *x = pario_i_take_part(client);
    if (x == NULL && client->first_done != NULL) {
        x = client->first_done;
        pario_i_list_remove(&client->first_done, &client->last_done, x);
    }
    if (x != NULL && !x->held) {
        pario_i_delist(client, x);
        client->outstanding--;
    }
    if (x != NULL) {
        pario_i_fill(x, response);
    }
    *left = client->outstanding > 0;
    client->awaited = x == NULL;
    pario_i_client_unlock(client);
    return x != NULL;
}

/* Whether the caller is one of the client's tasks, not its owner. */
static bool pario_i_is_in_task(pario_client *client)
{
    bool found = client->in_task;
#if !defined(PARIO_NO_FIBERS)
    found = found || client->fiber != NULL;
#endif
    if (client->config.executor == PARIO_THREADS) {
        pario_i_client_lock(client);
        size_t count = client->statistics.tasks > 0 ? client->worker_count : 0;
        for (size_t i = 0; i < count && !found; i++) {
            found = pthread_equal(client->workers[i], pthread_self()) != 0;
        }
        pario_i_client_unlock(client);
    }
    return found;
}

/* Sets the descriptor's timer to when pario_next has something to do. */
static void pario_i_set_timer(pario_client *client)
{
    if (!client->watched || client->timer_fd < 0) {
        return;
    }
    pario_i_client_lock(client);
    bool    more = client->backlog > 0 || client->unparked != NULL;
    int64_t at = more ? PARIO_I_AT_ONCE : pario_i_heap_next(&client->heap);
    pario_i_client_unlock(client);
    at = at == INT64_MAX ? 0 : at;
    if (at != client->timer_at && !pario_i_move_timer(client, at)) {
        pario_i_event_raise(client->wake_fd); /* look again, at once */
    }
}

/* Waits once for something to come back. PARIO_OK: look again; otherwise why not to wait more. */
static pario_error pario_i_await_turn(pario_client *client, int timeout_ms, int64_t until)
{
    pario_error error = pario_i_turn(client, until);
    if (error != PARIO_OK || timeout_ms < 0) {
        return error;
    }
    return pario_i_clock_ns(CLOCK_MONOTONIC) >= until ? PARIO_TIME_OVER : PARIO_OK;
}

/* When a time-out that begins now is over; any time that has passed will do for 0. */
static int64_t pario_i_until(int timeout_ms)
{
    if (timeout_ms <= 0) {
        return timeout_ms < 0 ? INT64_MAX : 0;
    }
    return pario_i_clock_ns(CLOCK_MONOTONIC) + ((int64_t)timeout_ms * 1000000);
}

/* Waits until there is a response, or a reason to return without one. False and PARIO_OK: nothing
 * is left. */
static bool pario_i_await(pario_client *client, pario_response *response, int timeout_ms,
                          pario_error *why)
{
    int64_t     until = pario_i_until(timeout_ms);
    bool        left = true;
    pario_error error = PARIO_OK;
    bool        found = pario_i_take_done(client, response, &left);
    bool        more = !found && left;
    while (more && error == PARIO_OK) {
        if (!__atomic_load_n(&client->woken, __ATOMIC_ACQUIRE)) {
            error = pario_i_await_turn(client, timeout_ms, until);
        }
        found = pario_i_take_done(client, response, &left);
        more = !found && left;
        if (more && __atomic_exchange_n(&client->woken, false, __ATOMIC_ACQ_REL)) {
            error = PARIO_WOKEN;
        }
    }
    *why = left ? error : PARIO_OK;
    return found;
}

/* Nothing is left: what all idle connections have to say is heard. */
static pario_error pario_i_look_idle(pario_client *client)
{
    pario_error error = PARIO_OK;
    client->backlog = 0; /* what was asked before will not do */
    do {
        error = pario_i_turn(client, 0);
    } while (error == PARIO_OK && client->backlog > 0);
    return error == PARIO_OK ? PARIO_NOTHING_LEFT : error;
}

PARIO_DEF pario_error pario_next(pario_client *client, pario_response *response, int timeout_ms)
{
    pario_error why = PARIO_OK;
    if (response == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    memset(response, 0, sizeof *response);
    if (client == NULL || timeout_ms < PARIO_UNLIMITED) {
        return PARIO_ERROR_ARGUMENT;
    }
    if (client->config.executor != PARIO_EPOLL && pario_i_is_in_task(client)) {
        return PARIO_ERROR_IN_TASK;
    }
    if (pario_i_await(client, response, timeout_ms, &why)) {
        return PARIO_OK;
    }
    why = why == PARIO_OK ? pario_i_look_idle(client) : why;
    pario_i_set_timer(client);
    return why;
}

/* Takes an exchange that nobody runs out of where it waits, and ends it. */
static void pario_i_drop_waiting(pario_client *client, pario_i_exchange *x, pario_error error)
    PARIO_I_REQUIRES(client->lock)
{
    int64_t now = pario_i_clock_ns(CLOCK_MONOTONIC);
    if (x->queued) {
        pario_i_list_remove(&client->first_queued, &client->last_queued, x);
        x->queued = false;
    }
    pario_i_pass_on(client, x);
    if (x->phase == PARIO_I_QUEUED) {
        client->statistics.queued--;
        x->queued_us = pario_i_elapsed_us(x->started_at, now);
        x->started_at = now;
    }
    pario_i_exchange_end(x, error, now);
    pario_i_finish(client, x);
}

/* Tells an exchange that is being run to end. Another thread that waits for its socket, or for a
 * name, notices; where there is a loop the caller has to poke it. */
static void pario_i_call_off(pario_client *client, pario_i_exchange *x)
    PARIO_I_REQUIRES(client->lock)
{
    const pario_i_connection *c = x->attached ? x->connection : NULL;
    pario_i_be_cancelled(x);
    if (client->config.executor != PARIO_THREADS) {
        return;
    }
    if (c != NULL && c->fd >= 0) {
        (void)shutdown(c->fd, SHUT_RDWR);
    }
    if (c != NULL && c->name != NULL) {
        pario_i_mutex_lock(&client->resolver->lock);
        (void)pthread_cond_broadcast(&client->resolver->changed);
        pario_i_mutex_unlock(&client->resolver->lock);
    }
    (void)pthread_cond_broadcast(&client->vacant);
}

/* Ends an exchange early, with an error if nobody runs it. Returns whether it is being run: it has
 * been told then, and becomes PARIO_ERROR_CANCELLED. */
static bool pario_i_cancel(pario_client *client, pario_i_exchange *x, pario_error error)
    PARIO_I_REQUIRES(client->lock)
{
    bool runs = !x->queued && !x->parked;
    if (runs) {
        pario_i_call_off(client, x);
        pario_i_notify(client); /* its place is another's, though its end may have to wait */
    } else {
        pario_i_drop_waiting(client, x, error);
    }
    return runs;
}

/* The exchange of an id; NULL: it has come to its end, or never was. */
static pario_i_exchange *pario_i_exchange_of(const pario_client *client, uint64_t id)
    PARIO_I_REQUIRES(client->lock)
{
    pario_i_exchange *x = pario_i_slot_exchange(client, (size_t)(id & UINT32_MAX));
    return x != NULL && x->id == id && !x->finished ? x : NULL;
}

PARIO_DEF pario_error pario_cancel(pario_client *client, uint64_t id)
{
    if (client == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    if (pario_i_is_in_task(client)) {
        return PARIO_ERROR_IN_TASK;
    }
    pario_i_client_lock(client);
    pario_i_exchange *x = pario_i_exchange_of(client, id);
    bool              runs = x != NULL && pario_i_cancel(client, x, PARIO_ERROR_CANCELLED);
    pario_i_client_unlock(client);
    if (runs && pario_i_has_loop(client)) {
        client->now = pario_i_clock_ns(CLOCK_MONOTONIC);
        pario_i_poke(client, x);
    } else if (runs && x == client->current) {
        (void)pario_i_turn_sequential(client, 0);
    }
    return x != NULL ? PARIO_OK : PARIO_ERROR_UNKNOWN_ID;
}

/* Runs an exchange where pario_fetch was called. */
static void pario_i_fetch_here(pario_client *client, pario_i_exchange *x)
{
    x->inlined = true;
    pario_i_exchange_start(x, pario_i_clock_ns(CLOCK_MONOTONIC));
    (void)pario_i_run(client, x);
    pario_i_client_lock(client);
    pario_i_finish(client, x);
    pario_i_client_unlock(client);
}

/* The loop cannot go on: an exchange that pario_fetch waits for ends with what is in the way. */
static void pario_i_fetch_abort(pario_client *client, pario_i_exchange *x, pario_error error)
{
    int failed = errno;
    if (x->finished) {
        return;
    }
    pario_i_client_lock(client);
    bool runs = pario_i_cancel(client, x, error);
    pario_i_client_unlock(client);
    if (runs) {
        pario_i_poke(client, x);
    }
    x->error = (uint8_t)error;
    x->system_error = (int16_t)failed;
}

/* Runs an exchange in the loop, before all others that wait, until it has ended. */
static void pario_i_fetch_in_loop(pario_client *client, pario_i_exchange *x)
{
    pario_i_client_lock(client);
    x->queued = true;
    client->statistics.queued++;
    pario_i_list_insert(&client->first_queued, &client->last_queued, client->first_queued, x);
    pario_i_client_unlock(client);
    while (!x->finished) {
        pario_error error = pario_i_turn(client, INT64_MAX);
        if (error != PARIO_OK) {
            pario_i_fetch_abort(client, x, error);
        }
    }
    if (client->watched) {
        pario_i_event_raise(client->wake_fd); /* what was seen here has to be seen by pario_next */
    }
}

/* As pario_fetch, with arguments that are not NULL. */
static pario_error pario_i_fetch(pario_client *client, const pario_request *request,
                                 pario_response *response)
{
    pario_i_exchange *x;
    pario_error       error = pario_i_client_exchange(client, request, &x);
    if (error != PARIO_OK) {
        return error;
    }
    if (request->stream) { /* who would take its parts? */
        pario_i_exchange_free(x);
        return PARIO_ERROR_ARGUMENT;
    }
    if (request->id != NULL) {
        *request->id = 0;
    }
    x->waited_for = true;
    pario_i_client_lock(client);
    bool closing = client->closing;
    client->statistics.submitted++;
    pario_i_client_unlock(client);
    if (closing) {
        pario_i_exchange_free(x);
        return PARIO_ERROR_CANCELLED;
    }
    if (!pario_i_has_loop(client) || pario_i_is_in_task(client)) {
        pario_i_fetch_here(client, x);
    } else {
        pario_i_fetch_in_loop(client, x);
    }
    pario_i_fill(x, response);
    return response->error;
}

PARIO_DEF pario_error pario_fetch(pario_client *client, const pario_request *request,
                                  pario_response *response)
{
    if (response == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    memset(response, 0, sizeof *response);
    response->explanation = "";
    response->reason = "";
    response->body = "";
    response->url = "";
    if (request == NULL) {
        response->error = PARIO_ERROR_ARGUMENT;
        return PARIO_ERROR_ARGUMENT;
    }
    pario_client *own = NULL;
    pario_error   error = PARIO_OK;
    response->tag = request->tag;
    if (client == NULL) {
        pario_config config;
        memset(&config, 0, sizeof config);
        config.executor = PARIO_SEQUENTIAL;
        error = pario_open(&config, &own);
    }
    if (error == PARIO_OK) {
        error = pario_i_fetch(client != NULL ? client : own, request, response);
    }
    response->error = error;
    pario_close(own);
    return error;
}

/* Puts a task into the queue. */
static pario_error pario_i_enqueue_task(pario_client *client, pario_i_task *task)
    PARIO_I_REQUIRES(client->lock)
{
    pario_error error = pario_i_queue_is_full(client) ? PARIO_ERROR_QUEUE_FULL : PARIO_OK;
    client->waiting_tasks++;
    if (error == PARIO_OK && client->config.executor == PARIO_THREADS) {
        error = pario_i_hire(client);
    }
    if (error != PARIO_OK) {
        client->waiting_tasks--;
        return error;
    }
    *client->tasks_end = task;
    client->tasks_end = &task->next;
    client->outstanding++;
    client->statistics.tasks++;
    pario_i_notify(client);
    return PARIO_OK;
}

PARIO_DEF pario_error pario_spawn(pario_client *client, pario_task function, void *argument)
{
    if (client == NULL || function == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    if (client->config.executor == PARIO_EPOLL) {
        return PARIO_ERROR_NO_STACKS;
    }
    pario_i_task *task = (pario_i_task *)PARIO_MALLOC(sizeof *task);
    if (task == NULL) {
        return PARIO_ERROR_MEMORY;
    }
    task->next = NULL;
    task->function = function;
    task->argument = argument;
    pario_i_client_lock(client);
    pario_error error = pario_i_enqueue_task(client, task);
    pario_i_client_unlock(client);
    if (error != PARIO_OK) {
        PARIO_FREE(task);
    }
    return error;
}

PARIO_DEF pario_error pario_fd(pario_client *client, int *fd)
{
    if (client == NULL || fd == NULL) {
        return PARIO_ERROR_ARGUMENT;
    }
    *fd = -1;
    if (client->config.executor == PARIO_SEQUENTIAL) {
        return PARIO_ERROR_NO_DESCRIPTOR;
    }
    if (pario_i_is_in_task(client)) {
        return PARIO_ERROR_IN_TASK;
    }
    if (!client->watched) {
        pario_i_client_lock(client);
        client->watched = true;
        pario_i_client_unlock(client);
        /* Whatever was submitted or has ended before is told now. */
        pario_i_event_raise(client->wake_fd);
        pario_i_set_timer(client);
    }
    *fd = pario_i_has_loop(client) ? client->epoll_fd : client->wake_fd;
    return PARIO_OK;
}

PARIO_DEF void pario_wake(pario_client *client)
{
    if (client != NULL) {
        (void)__atomic_exchange_n(&client->woken, true, __ATOMIC_ACQ_REL);
        pario_i_event_raise(client->wake_fd);
    }
}

PARIO_DEF void pario_stats(pario_client *client, pario_statistics *statistics)
{
    if (statistics == NULL) {
        return;
    }
    memset(statistics, 0, sizeof *statistics);
    if (client == NULL) {
        return;
    }
    pario_i_client_lock(client);
    *statistics = client->statistics;
    statistics->running = client->running;
    statistics->idle = client->pool.idle_count;
    if (client->resolver != NULL) {
        pario_i_mutex_lock(&client->resolver->lock);
        statistics->lookups = client->resolver->lookups;
        pario_i_mutex_unlock(&client->resolver->lock);
    }
    pario_i_client_unlock(client);
}

PARIO_DEF const pario_config *pario_config_of(const pario_client *client)
{
    return client != NULL ? &client->config : NULL;
}

/* Ends the pool's threads; tasks run to their end, exchanges are called off. */
static void pario_i_close_threads(pario_client *client)
{
    pario_i_client_lock(client);
    for (pario_i_connection *c = client->pool.active; c != NULL; c = c->next) {
        pario_i_call_off(client, c->exchange);
    }
    (void)pthread_cond_broadcast(&client->work);
    (void)pthread_cond_broadcast(&client->vacant);
    size_t     count = client->worker_count;
    pthread_t *workers = client->workers;
    pario_i_client_unlock(client);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(workers[i], NULL);
    }
}

#if !defined(PARIO_NO_FIBERS)
/* Lets the tasks that have begun come to their end, and gives all stacks back. */
static void pario_i_close_fibers(pario_client *client)
{
    while (client->fibers != NULL) {
        pario_i_fiber *fiber = client->fibers;
        while (fiber->busy) {
            if (fiber->waiting != NULL) {
                pario_i_be_cancelled(fiber->waiting);
            }
            pario_i_fiber_enter(client, fiber);
        }
        client->fibers = fiber->next;
#if defined(PARIO_I_TSAN)
        __tsan_destroy_fiber(fiber->race_fiber);
#endif
        (void)munmap(fiber->mapping, fiber->mapping_size);
    }
}
#endif

/* Closes all connections and forgets all origins; nobody runs any more. */
static void pario_i_close_pool(pario_client *client) PARIO_I_REQUIRES(client->lock)
{
    while (client->pool.oldest != NULL) {
        pario_i_idle_close(client, client->pool.oldest);
    }
    while (client->pool.active != NULL) {
        pario_i_exchange *x = client->pool.active->exchange;
        x->keep = false;
        pario_i_detach(client, x, 0);
    }
    for (size_t i = 0; i < client->slot_count; i++) {
        pario_i_exchange *x = pario_i_slot_exchange(client, i);
        if (x != NULL && x->parked) {
            pario_i_pass_on(client, x);
        }
    }
}

PARIO_DEF void pario_close(pario_client *client)
{
    if (client == NULL || pario_i_is_in_task(client)) {
        return;
    }
    pario_i_client_lock(client);
    client->closing = true;
    pario_i_client_unlock(client);
    if (client->config.executor == PARIO_THREADS) {
        pario_i_close_threads(client);
    }
#if !defined(PARIO_NO_FIBERS)
    if (client->config.executor == PARIO_FIBERS) {
        pario_i_close_fibers(client);
    }
#endif
    pario_i_client_lock(client);
    pario_i_close_pool(client);
    if (client->resolver != NULL) {
        pario_i_resolver_close(client->resolver); /* it writes to a descriptor until then */
        client->resolver = NULL;
    }
    pario_i_client_unlock(client);
    pario_i_client_free(client);
}

/* The reply behind a response, or NULL: no head came, or there is no response. */
static const pario_i_reply *pario_i_reply_of(const pario_response *response)
{
    if (response == NULL || response->internal == NULL || response->status == 0) {
        return NULL;
    }
    return response->internal->reply;
}

/* The value of the index-th field of a name, or NULL. */
static const char *pario_i_value_of(const pario_i_head *head, const unsigned char *s,
                                    const char *name, size_t index)
{
    size_t at = name != NULL ? pario_i_head_lookup(head, s, name, index) : head->count;
    return at < head->count ? (const char *)s + head->fields[at].value_beg : NULL;
}

PARIO_DEF const char *pario_response_field(const pario_response *response, const char *name,
                                           size_t index)
{
    const pario_i_reply *reply = pario_i_reply_of(response);
    return reply != NULL ? pario_i_value_of(&reply->head, reply->bytes.data, name, index) : NULL;
}

PARIO_DEF const char *pario_response_trailer(const pario_response *response, const char *name,
                                             size_t index)
{
    const pario_i_reply *reply = pario_i_reply_of(response);
    return reply != NULL && response->trailer_count > 0
               ? pario_i_value_of(&reply->trailer, reply->trailer_bytes.data, name, index)
               : NULL;
}

PARIO_DEF bool pario_response_field_at(const pario_response *response, size_t index,
                                       pario_field *field)
{
    const pario_i_reply *reply = pario_i_reply_of(response);
    if (reply == NULL || field == NULL) {
        return false;
    }
    bool   trailer = index >= response->field_count;
    size_t at = trailer ? index - response->field_count : index;
    if (trailer && at >= response->trailer_count) {
        return false;
    }
    const pario_i_head *head = trailer ? &reply->trailer : &reply->head;
    const char         *s = (const char *)(trailer ? reply->trailer_bytes.data : reply->bytes.data);
    field->name = s + head->fields[at].name_beg;
    field->value = s + head->fields[at].value_beg;
    return true;
}

/* Whether a response is the head or a part of a stream, whose exchange is still the client's. */
static bool pario_i_is_lent(const pario_response *response)
{
    return response->part == PARIO_PART_HEAD || response->part == PARIO_PART_CONTENT;
}

/* The consumer gives back what it had of a stream: that goes on, or its end is handed out. */
static void pario_i_release(pario_client *client, pario_i_exchange *x)
{
    pario_i_client_lock(client);
    x->held = false;
    if (x->phase == PARIO_I_END) {
        pario_i_exchange_released(x, 0);
        if (x->finished) {
            pario_i_hand_over(client, x);
        }
    } else {
        x->released = true;
        if (pario_i_has_loop(client)) {
            pario_i_heap_wake(&client->heap, x->connection, PARIO_I_AT_ONCE);
        }
        (void)pthread_cond_broadcast(&client->vacant);
        pario_i_notify(client);
    }
    pario_i_client_unlock(client);
}

PARIO_DEF void pario_response_free(pario_response *response)
{
    if (response != NULL) {
        bool lent = pario_i_is_lent(response);
        if (lent && response->internal != NULL && !response->internal->reply->orphan) {
            pario_i_release(response->internal->limits->consumer, response->internal);
        } else if (response->internal != NULL) {
            pario_i_addresses_drop(response->internal->peer);
            pario_i_exchange_free(response->internal);
        }
        memset(response, 0, sizeof *response);
    }
}

/* A text that is written piece by piece and cut where its room ends. */
typedef struct pario_i_line {
    char  *text;
    size_t size; /* room, with the NUL */
    size_t used;
} pario_i_line;

/* Appends a text; what is not printable becomes a question mark. */
static void pario_i_line_add(pario_i_line *line, const char *text)
{
    for (size_t i = 0; text[i] != '\0' && line->size > 0 && line->used < line->size - 1; i++) {
        unsigned char byte = (unsigned char)text[i];
        line->text[line->used] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '?');
        line->used++;
    }
    if (line->size > 0) {
        line->text[line->used] = '\0';
    }
}

/* Appends a number. */
static void pario_i_line_number(pario_i_line *line, uint64_t number)
{
    char digits[21];
    (void)pario_i_write_decimal(number, digits);
    pario_i_line_add(line, digits);
}

/* Adds where a connection ends: an address and a port, or a path. */
static void pario_i_line_end(pario_i_line *line, const pario_i_address *address, uint64_t port)
{
    char                 host[INET6_ADDRSTRLEN];
    const unsigned char *bytes;
    const void          *place = address;
    bool                 v6 = pario_i_address_bytes(address, &bytes) > 4;
    if (address->any.sa_family == AF_UNIX) {
        pario_i_line_add(line, ((const struct sockaddr_un *)place)->sun_path);
    } else if (inet_ntop(address->any.sa_family, bytes, host, sizeof host) != NULL) {
        pario_i_line_add(line, v6 ? "[" : "");
        pario_i_line_add(line, host);
        pario_i_line_add(line, v6 ? "]:" : ":");
        pario_i_line_number(line, port);
    }
}

PARIO_DEF void pario_response_address(const pario_response *response, char *text, size_t size)
{
    pario_i_line line;
    line.text = text;
    line.size = text != NULL ? size : 0;
    line.used = 0;
    pario_i_line_add(&line, "");
    if (response == NULL || response->internal == NULL || pario_i_is_lent(response) ||
        response->internal->peer == NULL) {
        return;
    }
    const pario_i_exchange  *x = response->internal;
    const pario_i_addresses *peer = x->peer;
    pario_i_line_end(&line, &peer->list[pario_i_min(x->peer_index, peer->count - 1u)],
                     x->peer_port & ~PARIO_I_PROXIED);
}

/* What an errno means to somebody who waits for a page, or for it to be written. */
static void pario_i_line_errno(pario_i_line *line, int number, bool writing)
{
    static const struct {
        int         number;
        bool        writing;
        const char *text;
    } known[] = {
        { ECONNREFUSED, false, "connection refused" },
        { ECONNRESET, false, "connection reset by the server" },
        { ECONNABORTED, false, "connection aborted" },
        { EPIPE, false, "connection closed by the server" },
        { ETIMEDOUT, false, "timed out" },
        { EHOSTUNREACH, false, "no route to the host" },
        { ENETUNREACH, false, "network unreachable" },
        { ENETDOWN, false, "network down" },
        { EADDRNOTAVAIL, false, "no local port or address left" },
        { EADDRINUSE, false, "address in use" },
        { EAFNOSUPPORT, false, "address family not supported here" },
        { EMFILE, false, "too many open descriptors in this process" },
        { ENFILE, false, "too many open descriptors in this system" },
        { ENOBUFS, false, "no buffer space" },
        { ENOMEM, false, "out of memory" },
        { EAGAIN, false, "no room for more at the moment" },
        { EACCES, false, "permission denied" },
        { EPERM, false, "not permitted" },
        { ENOSPC, false, "too many descriptors are watched" },
        { EINVAL, false, "invalid address" },
        { ENOENT, false, "no such socket" },
        { EISDIR, false, "it is a directory" },
        { EBADF, false, "not open for reading" },
        { EPIPE, true, "nobody reads it" },
        { ENOSPC, true, "no space left" },
        { EBADF, true, "not open for writing" },
    };
    const char *text = NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bool same = known[i].number == number && (writing || !known[i].writing);
        text = same ? known[i].text : text;
    }
    pario_i_line_add(line, text != NULL ? text : "errno ");
    if (text == NULL) {
        pario_i_line_number(line, (uint64_t)(number > 0 ? number : 0));
    }
}

/* A stage's name. */
static const char *pario_i_stage_name(pario_stage stage)
{
    static const char *const names[] = { "queue", "resolve", "connect", "tls",
                                         "send",  "head",    "body" };
    size_t                   index = (size_t)stage;
    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

/* Appends where the connection was to, in parentheses, where that is known. */
static void pario_i_line_address(pario_i_line *line, const pario_response *response)
{
    char address[PARIO_ADDRESS_SIZE];
    pario_response_address(response, address, sizeof address);
    bool known = address[0] != '\0';
    if (response->proxied || known) {
        pario_i_line_add(line, response->proxied ? " (proxy" : " (");
        pario_i_line_add(line, response->proxied && known ? " " : "");
        pario_i_line_add(line, address);
        pario_i_line_add(line, ")");
    }
}

/* Appends why a request failed. */
static void pario_i_line_failure(pario_i_line *line, const pario_response *response)
{
    pario_i_line_add(line, pario_i_stage_name(response->stage));
    pario_i_line_add(line, ": ");
    pario_i_line_add(line, pario_error_text(response->error));
    if (response->resolver_error != 0 && response->resolver_error != EAI_SYSTEM) {
        pario_i_line_add(line, ": ");
        pario_i_line_add(line, gai_strerror(response->resolver_error));
    }
    if (response->system_error != 0) {
        pario_i_line_add(line, ": ");
        pario_i_line_errno(line, response->system_error, response->error == PARIO_ERROR_BODY_WRITE);
    }
    if (response->explanation != NULL && response->explanation[0] != '\0') {
        pario_i_line_add(line, ": ");
        pario_i_line_add(line, response->explanation);
    }
    pario_i_line_address(line, response);
}

PARIO_DEF void pario_describe(const pario_response *response, char *text, size_t size)
{
    pario_i_line line;
    line.text = text;
    line.size = text != NULL ? size : 0;
    line.used = 0;
    if (response == NULL) {
        pario_i_line_add(&line, "no response");
    } else if (response->error != PARIO_OK) {
        pario_i_line_failure(&line, response);
    } else {
        const char *reason = response->reason != NULL ? response->reason : "";
        pario_i_line_number(&line, (uint64_t)(response->status > 0 ? response->status : 0));
        pario_i_line_add(&line, reason[0] != '\0' ? " " : "");
        pario_i_line_add(&line, reason);
    }
}

PARIO_DEF const char *pario_error_text(pario_error error)
{
    static const char *const texts[] = {
#define PARIO_X(name, text) text,
        PARIO_ERRORS(PARIO_X)
#undef PARIO_X
    };
    size_t index = (size_t)error;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown error";
}

PARIO_DEF const char *pario_error_name(pario_error error)
{
    static const char *const names[] = {
#define PARIO_X(name, text) "PARIO_" #name,
        PARIO_ERRORS(PARIO_X)
#undef PARIO_X
    };
    size_t index = (size_t)error;
    return index < sizeof names / sizeof names[0] ? names[index] : "PARIO_ERROR_UNKNOWN";
}
#endif

#endif /* PARIO_IMPLEMENTATION */
