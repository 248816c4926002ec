/* SPDX-License-Identifier: MIT */
/*
 * tls_openssl.h: https for pario by OpenSSL, 3.0 or later. Link with -lssl -lcrypto.
 *
 *     tls_openssl tls;
 *     if (!tls_openssl_open(&tls, NULL, true)) ...     NULL: the system's certificates
 *     pario_config config = { .tls = &tls.transport }; ... pario_close(client);
 *     tls_openssl_close(&tls);
 * Certificate and host name are verified, TLS 1.2 is the least, sessions are resumed. One
 * tls_openssl may serve several clients, on several threads. Include it after pario.h.
 */
#ifndef TLS_OPENSSL_H
#define TLS_OPENSSL_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef struct tls_openssl {
    pario_tls       transport; /* for pario_config.tls */
    SSL_CTX        *context;
    BIO_METHOD     *socket;
    SSL_SESSION    *kept; /* the last one that may be resumed */
    pthread_mutex_t lock; /* of it */
} tls_openssl;

/* What a socket answered, as OpenSSL wants it. Its own way to sockets would raise SIGPIPE. */
static inline int tls_openssl_moved(BIO *bio, ssize_t moved, int direction)
{
    const bool again = moved < 0 && (errno == EAGAIN || errno == EINTR);
    BIO_clear_retry_flags(bio);
    BIO_set_flags(bio, again ? direction | BIO_FLAGS_SHOULD_RETRY : 0);
    return (int)moved;
}

static inline int tls_openssl_send(BIO *bio, const char *bytes, int size)
{
    const void   *fd = BIO_get_data(bio);
    const ssize_t sent = send((int)(intptr_t)fd, bytes, (size_t)size, MSG_NOSIGNAL);
    return tls_openssl_moved(bio, sent, BIO_FLAGS_WRITE);
}

static inline int tls_openssl_receive(BIO *bio, char *bytes, int size)
{
    const void *fd = BIO_get_data(bio);
    return tls_openssl_moved(bio, recv((int)(intptr_t)fd, bytes, (size_t)size, 0), BIO_FLAGS_READ);
}

static inline long tls_openssl_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* A session has come that can be resumed later: it is taken over. */
static inline int tls_openssl_keep(SSL *ssl, SSL_SESSION *resumable)
{
    tls_openssl *tls = (tls_openssl *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)pthread_mutex_lock(&tls->lock);
    SSL_SESSION_free(tls->kept);
    tls->kept = resumable;
    (void)pthread_mutex_unlock(&tls->lock);
    return 1;
}

static inline void tls_openssl_end(void *session)
{
    (void)SSL_shutdown((SSL *)session); /* says close_notify, if that goes at once */
    SSL_free((SSL *)session);
}

static inline void *tls_openssl_begin(void *context, int fd, const char *host)
{
    tls_openssl *tls = (tls_openssl *)context;
    SSL         *ssl = SSL_new(tls->context);
    BIO         *bio = BIO_new(tls->socket);
    const bool   made = ssl != NULL && bio != NULL;
    const bool   numeric = made && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    if (!made ||
        (!numeric && (SSL_set_tlsext_host_name(ssl, host) != 1 || SSL_set1_host(ssl, host) != 1))) {
        (void)BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    (void)pthread_mutex_lock(&tls->lock);
    const char *known = tls->kept != NULL ? SSL_SESSION_get0_hostname(tls->kept) : NULL;
    if (known != NULL && strcmp(known, host) == 0) { /* verified for this host, not for others */
        (void)SSL_set_session(ssl, tls->kept);
    }
    (void)pthread_mutex_unlock(&tls->lock);
    return ssl;
}

static inline pario_tls_result tls_openssl_result(const SSL *ssl, int result)
{
    const int  why = SSL_get_error(ssl, result);
    const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return why == SSL_ERROR_NONE             ? PARIO_TLS_OK
           : why == SSL_ERROR_WANT_READ      ? PARIO_TLS_WANTS_READ
           : why == SSL_ERROR_WANT_WRITE     ? PARIO_TLS_WANTS_WRITE
           : why == SSL_ERROR_ZERO_RETURN    ? PARIO_TLS_END
           : cut || why == SSL_ERROR_SYSCALL ? PARIO_TLS_CUT
                                             : PARIO_TLS_ERROR;
}

static inline pario_tls_result tls_openssl_handshake(void *session)
{
    ERR_clear_error();
    return tls_openssl_result((SSL *)session, SSL_do_handshake((SSL *)session));
}

static inline pario_tls_result tls_openssl_read(void *session, void *to, size_t size, size_t *moved)
{
    ERR_clear_error();
    return tls_openssl_result((SSL *)session, SSL_read_ex((SSL *)session, to, size, moved));
}

static inline pario_tls_result tls_openssl_write(void *session, const void *from, size_t size,
                                                 size_t *moved)
{
    ERR_clear_error();
    return tls_openssl_result((SSL *)session, SSL_write_ex((SSL *)session, from, size, moved));
}

static inline void tls_openssl_explain(void *session, char *text, size_t size)
{
    const SSL  *ssl = (const SSL *)session;
    const long  verdict = SSL_get_verify_result(ssl);
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    if (verdict != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
        why = X509_verify_cert_error_string(verdict);
    }
    (void)snprintf(text, size, "%s", why != NULL ? why : "the connection broke");
}

/* Gives all back. No client uses it any more. */
static inline void tls_openssl_close(tls_openssl *tls)
{
    SSL_SESSION_free(tls->kept);
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->socket);
    (void)pthread_mutex_destroy(&tls->lock);
}

/* Sets what is the same for all connections. */
static inline bool tls_openssl_set(tls_openssl *tls, const char *ca_file, bool verify)
{
    static const unsigned char http11[] = "\x08http/1.1";
    SSL_CTX                   *ssl = tls->context;
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    (void)SSL_CTX_set_app_data(ssl, tls);
    SSL_CTX_sess_set_new_cb(ssl, tls_openssl_keep);
    SSL_CTX_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_alpn_protos(ssl, http11, sizeof http11 - 1) == 0 &&
           (ca_file != NULL ? SSL_CTX_load_verify_locations(ssl, ca_file, NULL)
                            : SSL_CTX_set_default_verify_paths(ssl)) == 1 &&
           BIO_meth_set_write(tls->socket, tls_openssl_send) == 1 &&
           BIO_meth_set_read(tls->socket, tls_openssl_receive) == 1 &&
           BIO_meth_set_ctrl(tls->socket, tls_openssl_control) == 1;
}

/*
 * Makes a context. ca_file: certificates to trust, in PEM; NULL: those of the system. verify:
 * false takes any certificate, and is for tests. False: out of memory, or the file is no good.
 */
static inline bool tls_openssl_open(tls_openssl *tls, const char *ca_file, bool verify)
{
    const pario_tls transport = { tls,
                                  tls_openssl_begin,
                                  tls_openssl_handshake,
                                  tls_openssl_read,
                                  tls_openssl_write,
                                  tls_openssl_explain,
                                  tls_openssl_end };
    memset(tls, 0, sizeof *tls);
    (void)pthread_mutex_init(&tls->lock, NULL);
    tls->transport = transport;
    tls->context = SSL_CTX_new(TLS_client_method());
    tls->socket = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pario");
    if (tls->context == NULL || tls->socket == NULL || !tls_openssl_set(tls, ca_file, verify)) {
        tls_openssl_close(tls);
        return false;
    }
    return true;
}

#endif /* TLS_OPENSSL_H */
