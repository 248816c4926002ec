/* SPDX-License-Identifier: MIT */
/*
 * tls_mbedtls.h: https for pario by Mbed TLS, 2.28 or later; used as tls_openssl.h is. Link with
 * -lmbedtls -lmbedx509 -lmbedcrypto.
 *
 * Certificate and host name are verified, TLS 1.2 is the least, sessions are resumed. Mbed TLS
 * before 3.5 finds no numeric address in a certificate, and refuses such a host.
 */
#ifndef TLS_MBEDTLS_H
#define TLS_MBEDTLS_H

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

typedef struct tls_mbedtls {
    pario_tls           transport; /* for pario_config.tls */
    mbedtls_ssl_config  config;
    mbedtls_x509_crt    trusted;
    pthread_mutex_t     lock;      /* of what follows */
    mbedtls_ssl_session kept;      /* the last session that may be resumed, */
    char                host[256]; /* and the only host that it is good for */
} tls_mbedtls;

/* What a connection has. */
typedef struct tls_mbedtls_session {
    tls_mbedtls        *tls;
    mbedtls_ssl_context ssl;
    int                 fd;
    int                 failed; /* what the last call answered */
    char                host[256];
} tls_mbedtls_session;

static inline int tls_mbedtls_random(void *context, unsigned char *bytes, size_t size)
{
    ssize_t got = 1;
    (void)context;
    for (size_t done = 0; done < size && got > 0; done += got > 0 ? (size_t)got : 0) {
        got = getrandom(bytes + done, size - done, 0);
    }
    return got > 0 ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* What a socket answered, as Mbed TLS wants it. */
static inline int tls_mbedtls_moved(ssize_t moved, int again)
{
    const bool later = moved < 0 && (errno == EAGAIN || errno == EINTR);
    return moved >= 0 ? (int)moved : later ? again : MBEDTLS_ERR_SSL_CONN_EOF;
}

static inline int tls_mbedtls_send(void *opened, const unsigned char *bytes, size_t size)
{
    const int fd = ((const tls_mbedtls_session *)opened)->fd;
    return tls_mbedtls_moved(send(fd, bytes, size, MSG_NOSIGNAL), MBEDTLS_ERR_SSL_WANT_WRITE);
}

static inline int tls_mbedtls_receive(void *opened, unsigned char *bytes, size_t size)
{
    const int fd = ((const tls_mbedtls_session *)opened)->fd;
    return tls_mbedtls_moved(recv(fd, bytes, size, 0), MBEDTLS_ERR_SSL_WANT_READ);
}

static inline void tls_mbedtls_end(void *opened)
{
    tls_mbedtls_session *session = (tls_mbedtls_session *)opened;
    (void)mbedtls_ssl_close_notify(&session->ssl);
    mbedtls_ssl_free(&session->ssl);
    free(session);
}

static inline void *tls_mbedtls_begin(void *context, int fd, const char *host)
{
    tls_mbedtls         *tls = (tls_mbedtls *)context;
    tls_mbedtls_session *session = (tls_mbedtls_session *)calloc(1, sizeof *session);
    if (session == NULL) {
        return NULL;
    }
    session->tls = tls;
    session->fd = fd;
    strncpy(session->host, host, sizeof session->host - 1);
    mbedtls_ssl_init(&session->ssl);
    if (mbedtls_ssl_setup(&session->ssl, &tls->config) != 0 ||
        mbedtls_ssl_set_hostname(&session->ssl, host) != 0) {
        tls_mbedtls_end(session);
        return NULL;
    }
    mbedtls_ssl_set_bio(&session->ssl, session, tls_mbedtls_send, tls_mbedtls_receive, NULL);
    (void)pthread_mutex_lock(&tls->lock);
    if (strcmp(tls->host, session->host) == 0) {
        (void)mbedtls_ssl_set_session(&session->ssl, &tls->kept);
    }
    (void)pthread_mutex_unlock(&tls->lock);
    return session;
}

static inline pario_tls_result tls_mbedtls_result(tls_mbedtls_session *session, int result)
{
    const bool cut = result == 0 || result == MBEDTLS_ERR_SSL_CONN_EOF;
    session->failed = result;
    return result > 0                                    ? PARIO_TLS_OK
           : result == MBEDTLS_ERR_SSL_WANT_READ         ? PARIO_TLS_WANTS_READ
           : result == MBEDTLS_ERR_SSL_WANT_WRITE        ? PARIO_TLS_WANTS_WRITE
           : result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? PARIO_TLS_END
           : cut                                         ? PARIO_TLS_CUT
                                                         : PARIO_TLS_ERROR;
}

static inline pario_tls_result tls_mbedtls_handshake(void *opened)
{
    tls_mbedtls_session *session = (tls_mbedtls_session *)opened;
    tls_mbedtls         *tls = session->tls;
    const int            failed = mbedtls_ssl_handshake(&session->ssl);
    (void)pthread_mutex_lock(&tls->lock);
    if (failed == 0 && mbedtls_ssl_get_session(&session->ssl, &tls->kept) == 0) {
        memcpy(tls->host, session->host, sizeof session->host);
    }
    (void)pthread_mutex_unlock(&tls->lock);
    return failed == 0 ? PARIO_TLS_OK : tls_mbedtls_result(session, failed);
}

static inline pario_tls_result tls_mbedtls_read(void *opened, void *to, size_t size, size_t *moved)
{
    tls_mbedtls_session *session = (tls_mbedtls_session *)opened;
    const int            got = mbedtls_ssl_read(&session->ssl, (unsigned char *)to, size);
    *moved = got > 0 ? (size_t)got : 0;
    return tls_mbedtls_result(session, got);
}

static inline pario_tls_result tls_mbedtls_write(void *opened, const void *from, size_t size,
                                                 size_t *moved)
{
    tls_mbedtls_session *session = (tls_mbedtls_session *)opened;
    const int            sent = mbedtls_ssl_write(&session->ssl, (const unsigned char *)from, size);
    *moved = sent > 0 ? (size_t)sent : 0;
    return tls_mbedtls_result(session, sent);
}

static inline void tls_mbedtls_explain(void *opened, char *text, size_t size)
{
    const tls_mbedtls_session *session = (const tls_mbedtls_session *)opened;
    const uint32_t             flaws = mbedtls_ssl_get_verify_result(&session->ssl);
    mbedtls_strerror(session->failed, text, size);
    if (session->failed == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flaws != UINT32_MAX) {
        (void)mbedtls_x509_crt_verify_info(text, size, "", flaws);
        text[strcspn(text, "\n")] = '\0'; /* the first flaw says enough */
    }
}

static inline void tls_mbedtls_close(tls_mbedtls *tls)
{
    mbedtls_ssl_session_free(&tls->kept);
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->trusted);
    (void)pthread_mutex_destroy(&tls->lock);
}

/*
 * Makes a context. ca_file: certificates to trust, in PEM; NULL: those of the system. verify:
 * false takes any certificate, and is for tests. False: out of memory, or the file is no good.
 */
static inline bool tls_mbedtls_open(tls_mbedtls *tls, const char *ca_file, bool verify)
{
    static const char  system[] = "/etc/ssl/certs/ca-certificates.crt";
    static const char *protocols[] = { "http/1.1", NULL };
    const pario_tls    transport = { tls,
                                     tls_mbedtls_begin,
                                     tls_mbedtls_handshake,
                                     tls_mbedtls_read,
                                     tls_mbedtls_write,
                                     tls_mbedtls_explain,
                                     tls_mbedtls_end };
    memset(tls, 0, sizeof *tls);
    (void)pthread_mutex_init(&tls->lock, NULL);
    tls->transport = transport;
    mbedtls_ssl_session_init(&tls->kept);
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_x509_crt_init(&tls->trusted);
    if (mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(&tls->config, protocols) != 0 ||
        mbedtls_x509_crt_parse_file(&tls->trusted, ca_file != NULL ? ca_file : system) < 0) {
        tls_mbedtls_close(tls);
        return false;
    }
    mbedtls_ssl_conf_min_version(&tls->config, 3, 3); /* which is TLS 1.2 */
    mbedtls_ssl_conf_authmode(&tls->config,
                              verify ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ca_chain(&tls->config, &tls->trusted, NULL);
    mbedtls_ssl_conf_rng(&tls->config, tls_mbedtls_random, tls);
    return true;
}

#endif /* TLS_MBEDTLS_H */
