/* SPDX-License-Identifier: MIT */
/* Content of requests: from descriptors, in chunks, asked for by the server, or stopped by it. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* pipe2 */
#endif
#include "pario.h"

#include <poll.h>
#include <sys/syscall.h>

#include "e2e.h"

#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
#define SAY_CONTINUE S_SEND("HTTP/1.1 100 Continue\r\n\r\n")
#define FILE_BYTES 200000    /* some pieces */
#define LARGE_BYTES 16777216 /* more than sockets hold */
#define ECHOED_BYTES 1000000

static char content[LARGE_BYTES];

static void fill_content(void)
{
    for (size_t i = 0; i < sizeof content && content[1] == 0; i++) {
        content[sizeof content - 1 - i] = (char)(unsigned char)((i * 2654435761u) >> 13 & 255u);
    }
    content[1] = 1;
}

/* A file without a name, which holds the first so many bytes of the content. */
static int file_of(size_t size)
{
    fill_content();
    FILE *file = tmpfile();
    int   fd = file != NULL && fwrite(content, 1, size, file) == size && fflush(file) == 0
                   ? dup(fileno(file))
                   : -1;
    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0) {
        perror("a temporary file");
        exit(3);
    }
    (void)fclose(file);
    return fd;
}

/* Sends a request, which has to end so, and records it. Returns its status. */
static int send_request(e2e_run *run, const pario_request *request, pario_error expected)
{
    pario_response response;
    CHECK_ERROR(e2e_do(run, request, &response), expected);
    e2e_record(run, &response);
    int status = response.status;
    pario_response_free(&response);
    return status;
}

/* Whether a request of the server's has a field, of this value. */
static bool has_field(const server_request *request, const char *name, const char *value)
{
    char own[64] = "";
    return request != NULL && server_field(request, name, own, sizeof own) &&
           strcmp(own, value) == 0;
}

static bool has_no_field(const server_request *request, const char *name)
{
    char own[64];
    return request != NULL && !server_field(request, name, own, sizeof own);
}

/* Checks the body that the server has got. */
static void check_body(const server_request *request, size_t from, size_t size)
{
    if (CHECK(request != NULL)) {
        CHECK_BYTES(request->body, request->body_size, content + from, size);
    }
}

/* ---- descriptors ------------------------------------------------------------------------ */

E2E_WAYS(a_file_is_sent_with_its_length_and_stays_where_it_is)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    int                      fd = file_of(FILE_BYTES);
    pario_request            request = { .method = "PUT", .body_fd = fd };
    CHECK_INT(lseek(fd, 1000, SEEK_SET), 1000);
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
        request.body_fd_size = 500;
        send_request(run, &request, PARIO_OK);
        check_body(server_request_at(peer, 0), 1000, FILE_BYTES - 1000);
        CHECK(has_field(server_request_at(peer, 0), "Content-Length", "199000"));
        CHECK(has_no_field(server_request_at(peer, 0), "Expect"));
        check_body(server_request_at(peer, 1), 1000, 500);
        CHECK_UINT(server_count(peer).connections, 1);
        CHECK_INT(lseek(fd, 0, SEEK_CUR), 1000);
    }
    close(fd);
}

E2E_WAYS(what_has_no_known_length_is_sent_in_chunks)
{
    static const size_t      sizes[] = { 0, 1, 65535, 65536, 65537, FILE_BYTES };
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body_fd_size = PARIO_UNLIMITED };
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        request.url = e2e_url(peer, "/");
        request.body_fd = file_of(sizes[i]);
        send_request(run, &request, PARIO_OK);
        const server_request *got = server_request_at(peer, i);
        check_body(got, 0, sizes[i]);
        CHECK(has_field(got, "Transfer-Encoding", "chunked"));
        CHECK(has_field(got, "Expect", "100-continue"));
        CHECK(has_no_field(got, "Content-Length"));
        close(request.body_fd);
    }
    CHECK_UINT(server_count(peer).connections, 1);
}

E2E_WAYS(an_empty_file_is_empty_content)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body_fd = file_of(0) };
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
        CHECK(has_field(server_request_at(peer, 0), "Content-Length", "0"));
    }
    close(request.body_fd);
}

/* What came of a request with a descriptor that cannot give what it should. */
static void fails(e2e_run *run, int fd, int64_t size, int number)
{
    static const server_step script[] = { S_DRAIN, S_END };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body_fd = fd, .body_fd_size = size };
    pario_response           response;
    char                     line[PARIO_LINE_SIZE];
    request.url = e2e_url(peer, "/");
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_BODY_READ);
    CHECK_INT(response.system_error, number);
    CHECK_INT(response.stage, PARIO_STAGE_SEND);
    pario_describe(&response, line, sizeof line);
    CHECK(strstr(line, "errno") == NULL);
    run->loose = true; /* the bytes that the server read */
    e2e_record(run, &response);
    pario_response_free(&response);
    close(fd);
}

E2E_WAYS(a_descriptor_that_cannot_be_read_is_an_error)
{
    if (e2e_open(run)) {
        fails(run, file_of(100), 101, 0);
        fails(run, file_of(70000), 70001, 0);
        fails(run, open("/", O_RDONLY | O_CLOEXEC), 1, EISDIR);
        fails(run, open("/dev/null", O_WRONLY | O_CLOEXEC), 1, EBADF);
    }
}

E2E(a_descriptor_that_is_not_open_is_refused)
{
    pario_request request = { .url = "http://127.0.0.1:1/", .body_fd = 9999 };
    if (e2e_open(run)) {
        errno = 0;
        CHECK_ERROR(pario_submit(run->client, &request), PARIO_ERROR_BODY_READ);
        CHECK_INT(errno, EBADF);
    }
}

E2E(content_from_two_places_is_refused)
{
    const pario_request requests[] = {
        { .url = "http://h/", .body_fd = 1, .body = "x", .body_size = 1 },
        { .url = "http://h/", .body_fd = -1 },
        { .url = "http://h/", .body_fd_size = 5 },
        { .url = "http://h/", .body_fd = 1, .body_fd_size = PARIO_OFF },
    };
    for (size_t i = 0; i < COUNT(requests) && (run->client != NULL || e2e_open(run)); i++) {
        CHECK_ERROR(pario_submit(run->client, &requests[i]), PARIO_ERROR_ARGUMENT);
    }
}

E2E(one_file_is_sent_by_many_requests_at_once)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body_fd = file_of(FILE_BYTES) };
    run->config.concurrency = 10;
    run->apart = true;
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        for (request.tag = 0; request.tag < 40; request.tag++) {
            CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
        }
        e2e_collect(run, 40);
        for (size_t i = 0; i < 40; i++) {
            check_body(server_request_at(peer, i), 0, FILE_BYTES);
        }
    }
    e2e_close(run);
    close(request.body_fd);
}

/* ---- once more -------------------------------------------------------------------------- */

static const server_step kept[] = { S_READ, SAY_OK, S_AGAIN };

/* Sends a file to a server whose first connection runs the script, and others work. */
static server *send_file_to(e2e_run *run, const server_step *first, const char *method)
{
    server       *peer = e2e_serve_two(run, first, kept);
    pario_request request = { .method = method, .body_fd = file_of(FILE_BYTES) };
    run->config.redirects = 2;
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        CHECK_INT(send_request(run, &request, PARIO_OK), 200);
    }
    close(request.body_fd);
    return peer;
}

E2E_WAYS(a_file_follows_a_redirect_that_keeps_the_method)
{
    static const server_step away[] = { S_READ,
                                        S_SEND("HTTP/1.1 307 On\r\nLocation: /b\r\n"
                                               "Content-Length: 0\r\n\r\n"),
                                        S_READ, SAY_OK, S_END };
    server                  *peer = send_file_to(run, away, "POST");
    check_body(server_request_at(peer, 0), 0, FILE_BYTES);
    check_body(server_request_at(peer, 1), 0, FILE_BYTES);
    CHECK_UINT(server_count(peer).connections, 1);
}

E2E_WAYS(a_file_stays_behind_when_a_redirect_becomes_a_get)
{
    static const server_step away[] = { S_READ,
                                        S_SEND("HTTP/1.1 303 Look\r\nLocation: /b\r\n"
                                               "Content-Length: 0\r\n\r\n"),
                                        S_READ, SAY_OK, S_END };
    server                  *peer = send_file_to(run, away, "PUT");
    check_body(server_request_at(peer, 1), 0, 0);
    CHECK(has_no_field(server_request_at(peer, 1), "Content-Length"));
}

/* The first connection serves one request, and takes another only to drop it. */
E2E_WAYS(a_file_is_sent_again_when_a_kept_connection_was_dead)
{
    static const server_step once[] = { S_READ, SAY_OK, S_READ_HEAD, S_END };
    server                  *peer = e2e_serve_two(run, once, kept);
    pario_request            request = { .method = "PUT", .body_fd = file_of(FILE_BYTES) };
    run->loose = true; /* the bytes that went to the dead one */
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
        check_body(server_request_at(peer, 2), 0, FILE_BYTES);
    }
    close(request.body_fd);
}

/* ---- Expect ----------------------------------------------------------------------------- */

/* Content in memory, and from a file, that waits for a server which runs the script. */
static void expects(e2e_run *run, const server_step *script, int status, bool sent)
{
    int fd = file_of(FILE_BYTES);
    for (size_t i = 0; i < 2; i++) {
        const server_step *const scripts[] = { script, kept };
        server_options           options = { .scripts = scripts, .script_count = 2 };
        server                  *peer = server_start(&options);
        pario_request            request = { .method = "POST" };
        run->servers[0] = peer;
        run->server_count = 1;
        run->config.expect_bytes = FILE_BYTES;
        if (e2e_open(run)) {
            request.url = e2e_url(peer, "/");
            request.body = i == 0 ? content : NULL;
            request.body_size = i == 0 ? FILE_BYTES : 0;
            request.body_fd = i == 0 ? 0 : fd;
            CHECK_INT(send_request(run, &request, PARIO_OK), status);
            CHECK(has_field(server_request_at(peer, 0), "Expect", "100-continue"));
            check_body(server_request_at(peer, 0), 0, sent ? FILE_BYTES : 0);
            e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        }
        e2e_close(run);
        server_stop(peer);
        run->server_count = 0;
    }
    close(fd);
}

E2E_WAYS(content_waits_until_it_is_asked_for)
{
    static const server_step script[] = { S_READ_HEAD,  S_SEND("HTTP/1.1 103 Soon\r\n\r\n"),
                                          S_UNTIL_READ, SAY_CONTINUE,
                                          S_READ_BODY,  SAY_OK,
                                          S_READ,       SAY_OK,
                                          S_END };
    expects(run, script, 200, true);
}

E2E_WAYS(content_does_not_wait_for_ever)
{
    static const server_step script[] = { S_READ_HEAD, S_READ_BODY, SAY_CONTINUE, SAY_OK,
                                          S_READ,      SAY_OK,      S_END };
    run->config.expect_timeout_ms = 20;
    expects(run, script, 200, true);
    test_saw("limit EXPECT_MS");
}

E2E_WAYS(large_content_waits_if_nothing_else_is_said)
{
    static const server_step script[] = { S_READ, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body = content };
    fill_content();
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        request.body_size = PARIO_DEFAULT_EXPECT_BYTES - 1;
        send_request(run, &request, PARIO_OK);
        request.body_size = PARIO_DEFAULT_EXPECT_BYTES;
        send_request(run, &request, PARIO_OK);
        CHECK(has_no_field(server_request_at(peer, 0), "Expect"));
        CHECK(has_field(server_request_at(peer, 1), "Expect", "100-continue"));
        check_body(server_request_at(peer, 1), 0, PARIO_DEFAULT_EXPECT_BYTES);
    }
    test_saw("limit EXPECT_BYTES");
}

E2E_WAYS(content_that_is_not_wanted_is_not_sent)
{
    static const server_step script[] = { S_READ_HEAD,
                                          S_SEND("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno"),
                                          S_DRAIN, S_END };
    static const server_step pleased[] = { S_READ_HEAD, SAY_OK, S_DRAIN, S_END };
    expects(run, script, 401, false);
    expects(run, pleased, 200, false);
}

E2E_WAYS(a_server_that_does_not_know_expect_is_asked_without_it)
{
    static const server_step script[] = {
        S_READ_HEAD, S_SEND("HTTP/1.1 417 What\r\nContent-Length: 9\r\n\r\nwhatever!"), S_DRAIN,
        S_END
    };
    expects(run, script, 200, false);
}

E2E_WAYS(a_second_417_is_a_response_as_any_other)
{
    static const server_step script[] = { S_READ,
                                          S_SEND("HTTP/1.1 417 What\r\nContent-Length: 0\r\n\r\n"),
                                          S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .body = content, .body_size = 10 };
    run->config.expect_bytes = 10;
    fill_content();
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        CHECK_INT(send_request(run, &request, PARIO_OK), 417);
        CHECK_UINT(server_count(peer).requests, 2);
        CHECK(has_field(server_request_at(peer, 0), "Expect", "100-continue"));
        CHECK(has_no_field(server_request_at(peer, 1), "Expect"));
        check_body(server_request_at(peer, 1), 0, 10);
    }
}

E2E_WAYS(who_has_an_expect_of_his_own_does_not_wait)
{
    static const char *const values[] = { NULL, "100-continue" };
    static const server_step script[] = { S_READ_HEAD, S_READ_BODY, SAY_OK, S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    run->config.expect_timeout_ms = PARIO_UNLIMITED;
    run->config.expect_bytes = 1;
    fill_content();
    for (size_t i = 0; i < 2 && (run->client != NULL || e2e_open(run)); i++) {
        pario_field   field = { "expect", values[i] };
        pario_request request = { .url = e2e_url(peer, "/"),
                                  .fields = &field,
                                  .field_count = 1,
                                  .body = content,
                                  .body_size = 1000 };
        send_request(run, &request, PARIO_OK);
        check_body(server_request_at(peer, i), 0, 1000);
    }
    CHECK(has_no_field(server_request_at(peer, 0), "Expect"));
    CHECK(has_field(server_request_at(peer, 1), "Expect", "100-continue"));
}

E2E(a_request_is_cancelled_while_its_content_waits)
{
    static const server_step script[] = { S_READ_HEAD, S_FIRE(0), S_DRAIN, S_END };
    server                  *peer = e2e_serve_script(run, script);
    uint64_t                 id = 0;
    pario_response           response;
    pario_request            request = { .body = content, .body_size = 10, .id = &id };
    run->config.expect_bytes = 1;
    run->config.expect_timeout_ms = PARIO_UNLIMITED;
    fill_content();
    if (!e2e_open(run)) {
        return;
    }
    request.url = e2e_url(peer, "/");
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    while (!server_fired(peer, 0)) {
        CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
    }
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
    CHECK_INT(response.stage, PARIO_STAGE_SEND);
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* ---- early answers ---------------------------------------------------------------------- */

/* Sends much to a server that answers before it has read all of it. Returns how much was sent. */
static uint64_t send_much(e2e_run *run, const server_step *script, bool from_file, int status,
                          size_t size)
{
    const server_step *const scripts[] = { script, kept };
    server_options options = { .scripts = scripts, .script_count = 2, .receive_buffer = 4096 };
    server        *peer = e2e_serve(run, &options);
    pario_request  request = { .method = "POST" };
    pario_response response;
    uint64_t       sent = 0;
    run->config.expect_bytes = PARIO_OFF;
    run->loose = true; /* how much that is */
    int fd = file_of(size);
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        request.body = from_file ? NULL : content;
        request.body_size = from_file ? 0 : size;
        request.body_fd = from_file ? fd : 0;
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK_INT(response.status, status);
        sent = response.bytes_sent;
        e2e_record(run, &response);
        pario_response_free(&response);
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        CHECK_UINT(server_count(peer).connections, 2);
    }
    e2e_close(run);
    close(fd);
    return sent;
}

E2E_WAYS(a_server_that_has_heard_enough_stops_the_upload)
{
    static const server_step script[] = {
        S_READ_HEAD, S_SEND("HTTP/1.1 413 Much\r\nContent-Length: 6\r\n\r\nenough"), S_HOLD, S_END
    };
    CHECK(send_much(run, script, false, 413, LARGE_BYTES) < LARGE_BYTES);
    CHECK(send_much(run, script, true, 413, LARGE_BYTES) < LARGE_BYTES);
}

/* Its answer goes on while nothing is sent any more. */
E2E_WAYS(the_rest_of_an_early_refusal_is_waited_for)
{
    static const server_step script[] = { S_READ_HEAD,  S_SEND("HTTP/1.1 403 No\r\n\r\nthat is"),
                                          S_UNTIL_READ, S_DRIP(" not allowed"),
                                          S_HALF_CLOSE, S_HOLD,
                                          S_END };
    CHECK(send_much(run, script, true, 403, LARGE_BYTES) < LARGE_BYTES);
}

/* A server that echoes begins to answer before it has all, and wants all nevertheless. */
E2E_WAYS(an_early_200_does_not_stop_the_upload)
{
    static const server_step script[] = {
        S_READ_HEAD,
        S_SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsi"),
        S_UNTIL_READ,
        S_READ_BODY,
        S_SEND("lent"),
        S_END
    };
    CHECK(send_much(run, script, false, 200, ECHOED_BYTES) > ECHOED_BYTES);
    CHECK(send_much(run, script, true, 200, ECHOED_BYTES) > ECHOED_BYTES);
}

E2E_WAYS(a_server_that_goes_away_in_the_middle_is_an_error_of_sending)
{
    static const server_step script[] = { S_READ_HEAD, S_READ_BYTES(100000), S_RESET };
    server                  *peer = e2e_serve_script(run, script);
    pario_request            request = { .method = "PUT", .body_fd = file_of(LARGE_BYTES) };
    run->config.expect_bytes = PARIO_OFF;
    run->loose = true; /* ECONNRESET or EPIPE */
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_ERROR_SEND);
    }
    close(request.body_fd);
}

/* ---- pipes ------------------------------------------------------------------------------ */

/* The end of a pipe into which a server puts something each time that it is called. */
typedef struct source {
    int                fd;
    const char *const *parts;
} source;

static void give(server_peer *peer, void *context)
{
    source *it = (source *)context;
    size_t  size = it->parts[0] != NULL ? strlen(it->parts[0]) : 0;
    (void)peer;
    if (size == 0) {
        close(it->fd);
        it->fd = -1;
    } else if (write(it->fd, it->parts[0], size) == (ssize_t)size) {
        it->parts++;
    }
}

/* Sends what the parts are from a pipe, of which more comes only when the server has got what came
 * before. */
static void send_pipe(e2e_run *run, bool blocks, int64_t size, const server_step *script,
                      pario_error expected)
{
    static const char *const parts[] = { "hello", ", pipe", NULL };
    int                      ends[2] = { -1, -1 };
    CHECK_INT(pipe2(ends, O_CLOEXEC | (blocks ? 0 : O_NONBLOCK)), 0);
    source        it = { ends[1], parts };
    server       *peer = e2e_serve_calling(run, script, give, &it);
    pario_request request = { .body_fd = ends[0], .body_fd_size = size };
    run->config.progress_timeout_ms = 2000;
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, expected);
    }
    e2e_close(run);
    server_await_closed(peer, 1);
    close(ends[0]);
    if (it.fd >= 0) {
        close(it.fd);
    }
}

E2E_WAYS(what_comes_out_of_a_pipe_is_sent_as_it_comes)
{
    static const server_step script[] = {
        S_READ_HEAD,      SAY_CONTINUE, S_CALL,      S_READ_BYTES(10), S_CALL,
        S_READ_BYTES(11), S_CALL,       S_READ_BODY, SAY_OK,           S_END
    };
    send_pipe(run, true, 0, script, PARIO_OK);
    send_pipe(run, false, 0, script, PARIO_OK);
}

E2E_WAYS(so_much_of_a_pipe_is_sent_as_was_said)
{
    static const server_step script[] = { S_READ_HEAD,     S_CALL, S_READ_BYTES(5), S_CALL,
                                          S_READ_BYTES(4), SAY_OK, S_CALL,          S_END };
    send_pipe(run, true, 9, script, PARIO_OK);
}

E2E_WAYS(a_pipe_that_ends_too_early_is_an_error)
{
    static const server_step script[] = { S_READ_HEAD,     S_CALL, S_READ_BYTES(5), S_CALL,
                                          S_READ_BYTES(6), S_CALL, S_DRAIN,         S_END };
    send_pipe(run, true, 12, script, PARIO_ERROR_BODY_READ);
}

/* Closes the file that content comes from; or has the number of a pipe's end mean something that
 * cannot be read, as it might get another meaning when it is closed, and puts something into the
 * other end. By bare system calls: TSan would name the race that is to be had here. */
static void close_under_it(server_peer *peer, void *context)
{
    const int *ends = (const int *)context;
    (void)peer;
    if (ends[1] < 0) {
        CHECK_INT(syscall(SYS_close, ends[0]), 0);
        return;
    }
    int other = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK_INT(syscall(SYS_dup3, other, ends[0], O_CLOEXEC), ends[0]);
    close(other);
    CHECK_INT(write(ends[1], "more", 4), 4);
}

/* Its content comes from ends[0], until the server closes that. */
static void send_closed(e2e_run *run, int *ends)
{
    static const server_step script[] = { S_READ_HEAD, S_READ_BYTES(5), S_CALL, S_DRAIN, S_END };
    server                  *peer = e2e_serve_calling(run, script, close_under_it, ends);
    pario_request            request = { .url = e2e_url(peer, "/"), .body_fd = ends[0] };
    pario_response           response;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_BODY_READ);
    CHECK_INT(response.system_error, EBADF);
    CHECK_INT(response.stage, PARIO_STAGE_SEND);
    pario_response_free(&response);
    server_await_closed(peer, 1);
}

E2E_WAYS(a_descriptor_may_be_closed_under_what_is_sent)
{
    int file[2] = { file_of(LARGE_BYTES), -1 };
    int ends[2] = { -1, -1 };
    run->config.expect_bytes = PARIO_OFF;
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    int reader = dup(ends[0]); /* so that the pipe can still be written to */
    CHECK_INT(write(ends[1], "hello", 5), 5);
    if (e2e_open(run)) {
        send_closed(run, file);
        send_closed(run, ends);
    }
    close(ends[0]);
    close(ends[1]);
    close(reader);
}

/* A request with content from a pipe into which nothing comes. Returns the response's status. */
static int wait_for_pipe(e2e_run *run, const server_step *script, pario_error expected)
{
    int           ends[2] = { -1, -1 };
    int           status = 0;
    server       *peer = e2e_serve_script(run, script);
    pario_request request = { .method = "PUT" };
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    run->config.expect_bytes = PARIO_OFF;
    request.body_fd = ends[0];
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        status = send_request(run, &request, expected);
    }
    e2e_close(run);
    close(ends[0]);
    close(ends[1]);
    return status;
}

E2E_WAYS(an_answer_is_heard_while_a_pipe_is_waited_for)
{
    static const server_step script[] = { S_READ_HEAD,
                                          S_SEND("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
                                          S_DRAIN, S_END };
    CHECK_INT(wait_for_pipe(run, script, PARIO_OK), 403);
}

E2E_WAYS(a_server_that_goes_is_noticed_while_a_pipe_is_waited_for)
{
    static const server_step script[] = { S_READ_HEAD, S_END };
    (void)wait_for_pipe(run, script, PARIO_ERROR_EMPTY_REPLY);
}

E2E_WAYS(a_pipe_is_waited_for_until_all_time_is_over)
{
    static const server_step script[] = { S_READ_HEAD, S_DRAIN, S_END };
    run->config.progress_timeout_ms = 1;
    run->config.total_timeout_ms = 30;
    (void)wait_for_pipe(run, script, PARIO_ERROR_TOTAL_TIMEOUT);
}

E2E(a_request_is_cancelled_while_a_pipe_is_waited_for)
{
    static const server_step script[] = { S_READ_HEAD, S_FIRE(0), S_DRAIN, S_END };
    server                  *peer = e2e_serve_script(run, script);
    uint64_t                 id = 0;
    int                      ends[2] = { -1, -1 };
    pario_response           response;
    pario_request            request = { .id = &id };
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    run->config.expect_bytes = PARIO_OFF;
    request.body_fd = ends[0];
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
        while (!server_fired(peer, 0)) {
            CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER);
        }
        CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_ERROR_CANCELLED);
        e2e_record(run, &response);
        pario_response_free(&response);
    }
    e2e_close(run);
    close(ends[0]);
    close(ends[1]);
}

E2E_WAYS(what_came_out_of_a_pipe_cannot_follow_a_redirect)
{
    static const server_step script[] = { S_READ_HEAD,
                                          SAY_CONTINUE,
                                          S_CALL,
                                          S_READ_BYTES(10),
                                          S_SEND("HTTP/1.1 308 On\r\nLocation: /b\r\n"
                                                 "Content-Length: 0\r\n\r\n"),
                                          S_DRAIN,
                                          S_END };
    run->config.redirects = 1;
    send_pipe(run, true, 0, script, PARIO_ERROR_BODY_REWIND);
}

/* A response that goes into a pipe, to content that comes from another. */
E2E_WAYS(content_goes_from_a_pipe_into_a_pipe)
{
    static const char *const parts[] = { "hello", NULL };
    static const server_step script[] = { S_READ_HEAD, SAY_CONTINUE, S_CALL, S_READ_BYTES(10),
                                          S_CALL,      S_READ_BODY,  SAY_OK, S_END };
    int                      ends[4] = { -1, -1, -1, -1 };
    char                     got[8] = "";
    CHECK_INT(pipe2(ends, O_CLOEXEC) + pipe2(ends + 2, O_CLOEXEC), 0);
    source        it = { ends[1], parts };
    server       *peer = e2e_serve_calling(run, script, give, &it);
    pario_request request = { .body_fd = ends[0], .into_fd = ends[3] };
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
        CHECK_INT(read(ends[2], got, sizeof got), 2);
        CHECK_STR(got, "ok");
    }
    e2e_close(run);
    server_await_closed(peer, 1);
    close(ends[0]);
    close(ends[2]);
    close(ends[3]);
}

/* A server that gives more of its answer, and then sees that arrive, before the request goes on. */
typedef struct echo {
    int      source; /* where the content comes from */
    int      sink;   /* where the response goes to */
    unsigned calls;
    char     got[8];
} echo;

static void listen_or_end(server_peer *peer, void *context)
{
    echo         *it = (echo *)context;
    struct pollfd sink = { .fd = it->sink, .events = POLLIN };
    (void)peer;
    if (it->calls++ == 0) {
        CHECK_INT(write(it->source, "hello", 5), 5);
    } else if (it->calls <= 3) {
        CHECK_INT(poll(&sink, 1, 10000), 1);
        CHECK_INT(sink.revents != 0 ? read(it->sink, it->got, 3) : 0, 3);
    } else {
        close(it->source);
    }
}

E2E_WAYS(an_answer_is_written_while_a_pipe_is_waited_for)
{
    static const server_step script[] = {
        S_READ_HEAD,
        SAY_CONTINUE,
        S_CALL,
        S_READ_BYTES(10),
        S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        S_UNTIL_READ,
        S_SEND("3\r\none\r\n"),
        S_CALL,
        S_SEND("3\r\ntwo\r\n"),
        S_CALL,
        S_CALL,
        S_READ_BODY,
        S_SEND("0\r\n\r\n"),
        S_END
    };
    int ends[4] = { -1, -1, -1, -1 };
    CHECK_INT(pipe2(ends, O_CLOEXEC) + pipe2(ends + 2, O_CLOEXEC), 0);
    echo          it = { .source = ends[1], .sink = ends[2] };
    server       *peer = e2e_serve_calling(run, script, listen_or_end, &it);
    pario_request request = { .body_fd = ends[0], .into_fd = ends[3] };
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
    }
    e2e_close(run);
    server_await_closed(peer, 1);
    CHECK_UINT(it.calls, 4);
    CHECK_STR(it.got, "two");
    close(ends[0]);
    close(ends[2]);
    close(ends[3]);
}

/* A server whose answer waits for a pipe that is full, while the content waits for another. */
typedef struct press {
    int      source; /* where the content comes from */
    int      sink;   /* where the response goes to, behind what is in there already */
    size_t   full;
    unsigned calls;
} press;

static void begin_or_drain(server_peer *peer, void *context)
{
    press *it = (press *)context;
    char   got[4096];
    (void)peer;
    if (it->calls++ == 0) {
        CHECK_INT(write(it->source, "hello", 5), 5);
        return;
    }
    for (size_t left = it->full; left > 0; left -= sizeof got) {
        CHECK_INT(read(it->sink, got, sizeof got), (ssize_t)sizeof got);
    }
    CHECK_INT(read(it->sink, got, 3), 3);
    close(it->source);
}

E2E_WAYS(an_answer_waits_for_a_full_pipe_while_another_is_waited_for)
{
    static const server_step script[] = {
        S_READ_HEAD,
        SAY_CONTINUE,
        S_CALL,
        S_READ_BYTES(10),
        S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        S_SEND("3\r\none\r\n"),
        S_UNTIL_READ,
        S_CALL,
        S_READ_BODY,
        S_SEND("0\r\n\r\n"),
        S_END
    };
    static const char block[4096];
    int               ends[4] = { -1, -1, -1, -1 };
    CHECK_INT(pipe2(ends, O_CLOEXEC) + pipe2(ends + 2, O_CLOEXEC), 0);
    CHECK_INT(fcntl(ends[3], F_SETFL, O_NONBLOCK), 0);
    press it = { .source = ends[1], .sink = ends[2] };
    while (write(ends[3], block, sizeof block) == (ssize_t)sizeof block) {
        it.full += sizeof block;
    }
    server       *peer = e2e_serve_calling(run, script, begin_or_drain, &it);
    pario_request request = { .body_fd = ends[0], .into_fd = ends[3] };
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
    }
    e2e_close(run);
    server_await_closed(peer, 1);
    CHECK_UINT(it.calls, 2);
    close(ends[0]);
    close(ends[2]);
    close(ends[3]);
}

/* A server that says yes without having asked for the content, and takes it then. */
E2E_WAYS(content_that_a_200_did_not_ask_for_is_sent)
{
    static const server_step script[] = {
        S_READ_HEAD, S_SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        S_READ_BYTES(5), S_SEND("0\r\n\r\n"), S_END
    };
    server       *peer = e2e_serve_script(run, script);
    pario_request request = { .body = "hello", .body_size = 5, .method = "PUT" };
    run->config.expect_bytes = 1;
    run->config.expect_timeout_ms = PARIO_UNLIMITED;
    if (e2e_open(run)) {
        request.url = e2e_url(peer, "/");
        send_request(run, &request, PARIO_OK);
    }
    e2e_close(run);
    server_await_closed(peer, 1);
}
