/* SPDX-License-Identifier: MIT */
/* Content that is not kept: in parts, into memory of the caller's, into a descriptor. */
#include "pario.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "e2e.h"

#define MIB 1048576u

/* ---- a server ---------------------------------------------------------------------------- */

/* The byte of a content at a place: the same for every framing. */
static char byte_at(size_t at)
{
    return (char)('a' + (at * 7 + at / 1000) % 26);
}

/* Sends `count` bytes of a content, from its place `at`. */
static bool say_content(server_peer *peer, size_t at, size_t count)
{
    char   block[16384];
    bool   fine = true;
    size_t done = 0;
    while (fine && done < count) {
        size_t size = count - done < sizeof block ? count - done : sizeof block;
        for (size_t i = 0; i < size; i++) {
            block[i] = byte_at(at + done + i);
        }
        fine = server_send(peer, block, size);
        done += size;
    }
    return fine;
}

static bool say_chunks(server_peer *peer, size_t size)
{
    bool   fine = server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    size_t at = 0;
    while (fine && at < size) {
        size_t part = size - at < 9999 ? size - at : 9999;
        fine = server_sayf(peer, "%zx\r\n", part) && say_content(peer, at, part) &&
               server_say(peer, "\r\n");
        at += part;
    }
    return fine && server_say(peer, "0\r\nSum: 17\r\n\r\n");
}

/* "/length/N", "/chunked/N", "/close/N": N bytes. "/short/N": N of N + 1. "/hop/N" redirects. */
static bool serve(server_peer *peer, const server_request *request, void *context)
{
    static const char *const prefixes[] = { "/length/", "/chunked/", "/close/", "/short/",
                                            "/hop/" };
    long                     number = -1;
    size_t                   which = 0;
    (void)context;
    for (size_t i = 0; i < COUNT(prefixes) && number < 0; i++) {
        number = server_target_number(request, prefixes[i]);
        which = i;
    }
    size_t size = number > 0 ? (size_t)number : 0;
    switch (which) {
    case 0:
        return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size) &&
               say_content(peer, 0, size);
    case 1:
        return say_chunks(peer, size);
    case 2:
        return server_say(peer, "HTTP/1.1 200 OK\r\n\r\n") && say_content(peer, 0, size) && false;
    case 3:
        return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size + 1) &&
               say_content(peer, 0, size) && false;
    default:
        return server_sayf(peer,
                           "HTTP/1.1 302 Found\r\nLocation: /length/%zu\r\n"
                           "Content-Length: 5\r\n\r\nthere",
                           size);
    }
}

/* ---- a consumer -------------------------------------------------------------------------- */

/* What a stream was so far. */
typedef struct stream {
    unsigned    heads;
    unsigned    contents;
    unsigned    ends;
    size_t      bytes;
    bool        good; /* the bytes were those of byte_at */
    pario_error error;
} stream;

/* Takes a part in, and checks that it may come now. */
static void take_part(stream *to, const pario_response *part)
{
    to->good = to->ends == 0 && (to->heads == 1 || part->part != PARIO_PART_CONTENT);
    for (size_t i = 0; i < part->body_size && to->good; i++) {
        to->good = part->body[i] == byte_at(to->bytes + i);
    }
    to->bytes += part->body_size;
    to->heads += part->part == PARIO_PART_HEAD ? 1u : 0u;
    to->contents += part->part == PARIO_PART_CONTENT ? 1u : 0u;
    to->ends += part->part == PARIO_PART_END ? 1u : 0u;
    to->error = part->error;
    CHECK(to->good);
    CHECK(part->part != PARIO_PART_WHOLE);
    CHECK_INT(part->body[part->body_size], '\0');
    CHECK((part->body_size > 0) == (part->part == PARIO_PART_CONTENT));
    CHECK(part->body_size <= 65536);
    CHECK_UINT(part->content_bytes, to->bytes);
    CHECK(part->part == PARIO_PART_END || part->error == PARIO_OK);
    /* Not more than one part is ever taken from the server. */
    CHECK(part->bytes_received <= to->bytes + 65536 + 4096 + to->bytes / 8);
}

/* Takes one part, which has to come, gives it back and says what it was. */
static pario_part step(e2e_run *run, stream *to)
{
    pario_response part;
    if (!CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK)) {
        return PARIO_PART_WHOLE;
    }
    pario_part kind = part.part;
    take_part(to, &part);
    pario_response_free(&part);
    return kind;
}

/* Takes all that is left of the only stream, and notes what it was. */
static void finish(e2e_run *run, stream *to)
{
    pario_part     kind = PARIO_PART_HEAD;
    pario_response part;
    while (kind == PARIO_PART_HEAD || kind == PARIO_PART_CONTENT) {
        kind = step(run, to);
    }
    CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_UINT(to->ends, 1);
    test_saw(pario_error_name(to->error));
    e2e_note(run, "stream: %u heads, %zu bytes, %s", to->heads, to->bytes,
             pario_error_name(to->error));
}

/* Submits a stream. */
static uint64_t begin(e2e_run *run, const char *url, size_t tag)
{
    uint64_t      id = 0;
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = url;
    request.stream = true;
    request.tag = tag;
    request.id = &id;
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    return id;
}

/* Runs a stream to its end. */
static void run_stream(e2e_run *run, server *peer, const char *path)
{
    stream whole;
    memset(&whole, 0, sizeof whole);
    test_case("%s, %s", e2e_executor_name(run->executor), path);
    (void)begin(run, e2e_url(peer, path), 0);
    finish(run, &whole);
}

/* ---- streams ----------------------------------------------------------------------------- */

E2E(a_stream_is_its_head_its_content_and_its_end)
{
    static const char *const paths[] = { "/length/0",       "/length/1",      "/length/100000",
                                         "/length/5000000", "/chunked/0",     "/chunked/1",
                                         "/chunked/300000", "/close/300000",  "/close/0",
                                         "/short/70000",    "/length/16384",  "/short/0",
                                         "/chunked/9999",   "/chunked/65536", "/length/65536" };
    server                  *peer = e2e_serve_handler(run, serve, NULL);
    if (e2e_open(run)) {
        for (size_t i = 0; i < COUNT(paths); i++) {
            run_stream(run, peer, paths[i]);
        }
    }
}

E2E(every_part_says_whose_it_is)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response part;
    if (!e2e_open(run)) {
        return;
    }
    uint64_t id = begin(run, e2e_url(peer, "/chunked/20000"), 77);
    do {
        if (!CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK)) {
            return;
        }
        CHECK_UINT(part.tag, 77);
        CHECK_UINT(part.id, id);
        CHECK_INT(part.status, 200);
        CHECK_STR(pario_response_field(&part, "transfer-encoding", 0), "chunked");
        CHECK(strstr(part.url, "/chunked/20000") != NULL);
        char address[PARIO_ADDRESS_SIZE];
        pario_response_address(&part, address, sizeof address);
        CHECK((address[0] != '\0') == (part.part == PARIO_PART_END));
        CHECK_UINT(part.trailer_count, part.part == PARIO_PART_END ? 1 : 0);
        pario_response_free(&part);
    } while (part.part != PARIO_PART_WHOLE && part.part != PARIO_PART_END && part.id != 0);
    CHECK(part.internal == NULL);
}

static const server_step drips[] = {
    S_READ, S_DRIP("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"),
    S_DRIP("3;x=y\r\nfgh\r\n0\r\nA: b\r\n\r\n"), S_AGAIN
};

/* Each byte is handed out before the server goes on, so nothing waits for a part to be full. */
E2E(what_drips_is_handed_out_as_it_comes)
{
    server        *peer = e2e_serve_script(run, drips);
    pario_response part;
    char           text[64] = "";
    unsigned       parts = 0;
    if (!e2e_open(run)) {
        return;
    }
    (void)begin(run, e2e_url(peer, "/"), 0);
    while (pario_next(run->client, &part, PARIO_UNLIMITED) == PARIO_OK) {
        parts += part.part == PARIO_PART_CONTENT ? 1u : 0u;
        strncat(text, part.body, part.body_size);
        CHECK_ERROR(part.error, PARIO_OK);
        pario_response_free(&part);
    }
    CHECK_STR(text, "abcdefgh");
    CHECK(parts > 2);
}

E2E(redirects_hand_nothing_out)
{
    server *peer = e2e_serve_handler(run, serve, NULL);
    run->config.redirects = 3;
    if (e2e_open(run)) {
        run_stream(run, peer, "/hop/70000");
        CHECK_UINT(server_count(peer).requests, 2);
        CHECK_UINT(server_count(peer).connections, 1);
    }
}

E2E(the_connection_of_a_complete_stream_is_kept)
{
    server *peer = e2e_serve_handler(run, serve, NULL);
    if (e2e_open(run)) {
        run_stream(run, peer, "/length/200000");
        run_stream(run, peer, "/chunked/200000");
        run_stream(run, peer, "/length/0");
        e2e_get(run, e2e_url(peer, "/length/10"), PARIO_OK);
        CHECK_UINT(server_count(peer).connections, 1);
    }
}

E2E(a_stream_that_does_not_begin_has_an_end_only)
{
    server_options options;
    memset(&options, 0, sizeof options);
    options.mood = SERVER_REFUSES;
    server *peer = e2e_serve(run, &options);
    if (e2e_open(run)) {
        run_stream(run, peer, "/");
    }
}

E2E(only_the_request_limits_what_is_streamed)
{
    server       *peer = e2e_serve_handler(run, serve, NULL);
    pario_request request;
    stream        whole;
    run->config.body_bytes = 1000;
    memset(&request, 0, sizeof request);
    memset(&whole, 0, sizeof whole);
    if (!e2e_open(run)) {
        return;
    }
    run_stream(run, peer, "/chunked/200000");
    request.url = e2e_url(peer, "/chunked/200000");
    request.stream = true;
    request.body_bytes = 150000;
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    finish(run, &whole);
    CHECK_ERROR(whole.error, PARIO_ERROR_BODY_TOO_LARGE);
    CHECK(whole.bytes <= 150000);
    request.url = e2e_url(peer, "/length/150001");
    memset(&whole, 0, sizeof whole);
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    finish(run, &whole);
    CHECK_UINT(whole.heads, 0);
    run->apart = true; /* how much of the first had come is a matter of chance */
}

/* ---- consumers that take their time ------------------------------------------------------ */

/* What "/endless" could send. */
typedef struct sent {
    size_t bytes; /* atomic */
} sent;

static bool serve_endless(server_peer *peer, const server_request *request, void *context)
{
    sent *count = (sent *)context;
    char  block[16384];
    bool  fine = server_say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    (void)request;
    memset(block, 'x', sizeof block);
    while (fine) {
        fine = server_send(peer, block, sizeof block);
        (void)__atomic_add_fetch(&count->bytes, fine ? sizeof block : 0u, __ATOMIC_RELAXED);
    }
    return false;
}

static size_t sent_so_far(const sent *count)
{
    return __atomic_load_n(&count->bytes, __ATOMIC_RELAXED);
}

/* The largest of the system's buffers, of one side of a connection. */
static size_t largest_buffer(const char *name)
{
    size_t largest = 0;
    FILE  *file = fopen(name, "r");
    if (file == NULL || fscanf(file, "%*u %*u %zu", &largest) != 1) {
        largest = 64 * MIB;
    }
    if (file != NULL) {
        fclose(file);
    }
    return largest;
}

/* What has been sent and not handed out is in the system's buffers, and one part is here. */
E2E(a_slow_consumer_holds_a_fast_server_back)
{
    sent           count = { 0 };
    server        *peer = e2e_serve_handler(run, serve_endless, &count);
    pario_response part;
    size_t         bytes = 0;
    size_t         buffers = largest_buffer("/proc/sys/net/ipv4/tcp_rmem") +
                     largest_buffer("/proc/sys/net/ipv4/tcp_wmem") + MIB;
    if (!e2e_open(run)) {
        return;
    }
    uint64_t id = begin(run, e2e_url(peer, "/endless"), 0);
    while (bytes < 64 * MIB) {
        if (!CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK)) {
            return;
        }
        bytes += part.body_size;
        CHECK(part.bytes_received < bytes + 65536 + 64);
        CHECK_ERROR(pario_next(run->client, &(pario_response){ 0 }, 0), PARIO_TIME_OVER);
        if (!CHECK(sent_so_far(&count) <= bytes + buffers)) {
            break;
        }
        pario_response_free(&part);
    }
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    pario_response_free(&part);
    do {
        CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
        CHECK(part.part == PARIO_PART_END);
        CHECK_ERROR(part.error, PARIO_ERROR_CANCELLED);
        pario_response_free(&part);
    } while (part.part != PARIO_PART_WHOLE);
    server_await_closed(peer, 1);
}

/* While a part is out, the time without progress stands still. */
E2E(a_part_in_the_consumers_hands_is_no_lack_of_progress)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response part;
    stream         whole;
    memset(&whole, 0, sizeof whole);
    run->config.progress_timeout_ms = 300;
    if (!e2e_open(run)) {
        return;
    }
    (void)begin(run, e2e_url(peer, "/length/3000000"), 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(pario_next(run->client, &(pario_response){ 0 }, 400), PARIO_TIME_OVER);
        take_part(&whole, &part);
        pario_response_free(&part);
    }
    finish(run, &whole);
    CHECK_ERROR(whole.error, PARIO_OK);
}

/* The total time goes on: the connection goes, and the end comes once the part is given back. */
E2E(the_total_time_goes_on_in_the_consumers_hands)
{
    sent           count = { 0 };
    server        *peer = e2e_serve_handler(run, serve_endless, &count);
    pario_response part;
    stream         whole;
    memset(&whole, 0, sizeof whole);
    run->config.total_timeout_ms = 600;
    if (!e2e_open(run)) {
        return;
    }
    (void)begin(run, e2e_url(peer, "/"), 0);
    CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
    CHECK(part.part == PARIO_PART_HEAD);
    CHECK_ERROR(pario_next(run->client, &(pario_response){ 0 }, 700), PARIO_TIME_OVER);
    server_await_closed(peer, 1);
    CHECK_INT(part.status, 200);
    CHECK_STR(part.reason, "OK");
    CHECK_ERROR(pario_cancel(run->client, part.id), PARIO_ERROR_UNKNOWN_ID);
    pario_response_free(&part);
    finish(run, &whole);
    CHECK_ERROR(whole.error, PARIO_ERROR_TOTAL_TIMEOUT);
}

/* A consumer that never gives a part back waits, but it can be woken. */
E2E(who_waits_for_a_held_stream_can_be_woken)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response part;
    pario_response other;
    if (!e2e_open(run)) {
        return;
    }
    (void)begin(run, e2e_url(peer, "/length/3000000"), 0);
    CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
    pario_wake(run->client);
    CHECK_ERROR(pario_next(run->client, &other, PARIO_UNLIMITED), PARIO_WOKEN);
    CHECK_ERROR(pario_next(run->client, &other, 20), PARIO_TIME_OVER);
    pario_response_free(&part);
}

/* Cancelled before part number `at` is taken, or while it is in the consumer's hands. */
static void cancel_at(e2e_run *run, server *peer, unsigned at, bool held)
{
    stream         whole;
    pario_response part;
    memset(&whole, 0, sizeof whole);
    test_case("%s, part %u%s", e2e_executor_name(run->executor), at, held ? ", held" : "");
    uint64_t id = begin(run, e2e_url(peer, "/length/3000000"), 0);
    for (unsigned i = 0; i < at; i++) {
        (void)step(run, &whole);
    }
    if (held) {
        CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
        take_part(&whole, &part);
    }
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    if (held) {
        CHECK_ERROR(pario_next(run->client, &(pario_response){ 0 }, 0), PARIO_TIME_OVER);
        CHECK_INT(part.status, 200);
        CHECK(part.body_size == 0 || part.body[0] == byte_at(whole.bytes - part.body_size));
        pario_response_free(&part);
    }
    finish(run, &whole);
    CHECK_ERROR(whole.error, PARIO_ERROR_CANCELLED);
}

E2E(a_stream_can_be_cancelled_at_any_moment)
{
    server *peer = e2e_serve_handler(run, serve, NULL);
    run->apart = true;
    if (e2e_open(run)) {
        for (unsigned at = 0; at < 4; at++) {
            cancel_at(run, peer, at, false);
            cancel_at(run, peer, at, true);
        }
        server_await_closed(peer, server_count(peer).connections);
    }
}

/* A part outlives the client. */
E2E(a_part_outlives_its_client)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response parts[3];
    for (unsigned at = 0; at < COUNT(parts); at++) {
        stream whole;
        memset(&whole, 0, sizeof whole);
        if (!e2e_open(run)) {
            return;
        }
        (void)begin(run, e2e_url(peer, "/length/3000000"), 0);
        for (unsigned i = 0; i < at; i++) {
            (void)step(run, &whole);
        }
        CHECK_ERROR(pario_next(run->client, &parts[at], PARIO_UNLIMITED), PARIO_OK);
        e2e_close(run);
        take_part(&whole, &parts[at]);
        CHECK_STR(pario_response_field(&parts[at], "content-length", 0), "3000000");
    }
    for (unsigned at = 0; at < COUNT(parts); at++) {
        pario_response_free(&parts[at]);
    }
}

/* A client is closed while streams wait for being taken. */
E2E(streams_that_nobody_takes_are_dropped)
{
    server *peer = e2e_serve_handler(run, serve, NULL);
    stream  first;
    memset(&first, 0, sizeof first);
    if (e2e_open(run)) {
        for (size_t i = 0; i < 5; i++) {
            (void)begin(run, e2e_url(peer, "/length/3000000"), i);
        }
        (void)step(run, &first);
        server_await_requests(peer, run->executor == PARIO_SEQUENTIAL ? 1 : 5);
    }
}

E2E(streams_and_whole_responses_come_side_by_side)
{
    enum {
        STREAMS = 12
    };
    server        *peer = e2e_serve_handler(run, serve, NULL);
    stream         streams[STREAMS];
    size_t         wholes = 0;
    pario_response part;
    memset(streams, 0, sizeof streams);
    run->config.concurrency = 7;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < STREAMS; i++) {
        (void)begin(run, e2e_url(peer, i % 2 == 0 ? "/length/700000" : "/chunked/300000"), i);
        e2e_submit(run, e2e_url(peer, "/length/100"), 100 + i, NULL);
    }
    while (pario_next(run->client, &part, PARIO_UNLIMITED) == PARIO_OK) {
        if (part.tag < STREAMS) {
            take_part(&streams[part.tag], &part);
        } else {
            CHECK(part.part == PARIO_PART_WHOLE);
            CHECK_UINT(part.content_bytes, 100);
            wholes++;
        }
        pario_response_free(&part);
    }
    CHECK_UINT(wholes, STREAMS);
    for (size_t i = 0; i < STREAMS; i++) {
        CHECK_UINT(streams[i].ends, 1);
        CHECK_UINT(streams[i].bytes, i % 2 == 0 ? 700000 : 300000);
    }
}

/* Parts that are given back late, and in another order than they came. */
E2E(parts_may_be_given_back_in_any_order)
{
    enum {
        STREAMS = 4
    };
    server        *peer = e2e_serve_handler(run, serve, NULL);
    stream         streams[STREAMS];
    pario_response parts[STREAMS];
    memset(streams, 0, sizeof streams);
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return; /* a held stream is the only one there */
    }
    for (size_t i = 0; i < STREAMS; i++) {
        (void)begin(run, e2e_url(peer, "/length/500000"), i);
    }
    size_t ends = 0;
    while (ends < STREAMS) {
        size_t wanted = STREAMS - ends;
        for (size_t i = 0; i < wanted; i++) {
            CHECK_ERROR(pario_next(run->client, &parts[i], PARIO_UNLIMITED), PARIO_OK);
            take_part(&streams[parts[i].tag % STREAMS], &parts[i]);
            ends += parts[i].part == PARIO_PART_END ? 1u : 0u;
        }
        while (wanted > 0) {
            pario_response_free(&parts[--wanted]);
        }
    }
    for (size_t i = 0; i < STREAMS; i++) {
        CHECK_UINT(streams[i].bytes, 500000);
    }
}

/* In a loop of somebody else's, giving a part back makes the descriptor readable. */
E2E(the_descriptor_tells_of_parts)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response part;
    stream         whole;
    struct pollfd  fd;
    memset(&whole, 0, sizeof whole);
    memset(&fd, 0, sizeof fd);
    run->apart = true;
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_fd(run->client, &fd.fd), PARIO_OK);
    fd.events = POLLIN;
    (void)begin(run, e2e_url(peer, "/length/900000"), 0);
    while (whole.ends == 0) {
        if (!CHECK_INT(poll(&fd, 1, 20000), 1)) {
            return;
        }
        pario_error error = pario_next(run->client, &part, 0);
        if (error == PARIO_OK) {
            take_part(&whole, &part);
            CHECK_ERROR(pario_next(run->client, &(pario_response){ 0 }, 0),
                        whole.ends == 0 ? PARIO_TIME_OVER : PARIO_NOTHING_LEFT);
            pario_response_free(&part); /* after the client was seen to have nothing */
        }
    }
    CHECK_UINT(whole.bytes, 900000);
}

/* A stream that is cancelled while its consumer has a part leaves its place to the next request,
 * which a loop of somebody else's learns from the descriptor. */
E2E(the_descriptor_tells_of_a_place_that_a_cancelled_stream_leaves)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    stream         both[2];
    pario_response held;
    pario_response part;
    struct pollfd  fd;
    memset(both, 0, sizeof both);
    memset(&fd, 0, sizeof fd);
    run->config.concurrency = 1;
    run->config.connect_timeout_ms = PARIO_UNLIMITED; /* no timer tells of it instead */
    run->config.progress_timeout_ms = PARIO_UNLIMITED;
    run->config.total_timeout_ms = PARIO_UNLIMITED;
    run->apart = true;
    if (run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return;
    }
    uint64_t id = begin(run, e2e_url(peer, "/length/900000"), 0);
    (void)begin(run, e2e_url(peer, "/length/1"), 1);
    CHECK_ERROR(pario_next(run->client, &held, PARIO_UNLIMITED), PARIO_OK);
    CHECK_UINT(held.tag, 0);
    CHECK_ERROR(pario_fd(run->client, &fd.fd), PARIO_OK);
    fd.events = POLLIN;
    CHECK_ERROR(pario_next(run->client, &part, 0), PARIO_TIME_OVER);
    CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
    while (both[1].ends == 0) {
        if (!CHECK_INT(poll(&fd, 1, 20000), 1)) {
            break;
        }
        while (pario_next(run->client, &part, 0) == PARIO_OK) {
            take_part(&both[part.tag % 2], &part);
            pario_response_free(&part);
        }
    }
    CHECK_UINT(both[1].bytes, 1);
    CHECK_UINT(both[0].ends, 0);
    pario_response_free(&held);
    CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(part.error, PARIO_ERROR_CANCELLED);
    pario_response_free(&part);
}

E2E(only_pario_next_streams)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_request  request;
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    memset(&request, 0, sizeof request);
    request.url = e2e_url(peer, "/length/1");
    request.stream = true;
    CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_ERROR_ARGUMENT);
    pario_response_free(&response);
    CHECK_ERROR(pario_fetch(NULL, &request, &response), PARIO_ERROR_ARGUMENT);
    pario_response_free(&response);
    CHECK_UINT(server_count(peer).connections, 0);
}

/* The stream has the only place among those in flight, and keeps it for as long as it is held. */
E2E(a_held_stream_leaves_room_for_pario_fetch)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    stream         both[2];
    pario_response part;
    run->config.concurrency = 1;
    memset(both, 0, sizeof both);
    if (!e2e_open(run)) {
        return;
    }
    (void)begin(run, e2e_url(peer, "/length/100000"), 0);
    (void)begin(run, e2e_url(peer, "/length/1"), 1); /* waits for the stream */
    CHECK_ERROR(pario_next(run->client, &part, PARIO_UNLIMITED), PARIO_OK);
    CHECK_UINT(part.tag, 0);
    take_part(&both[0], &part);
    for (size_t i = 0; i < 2; i++) {
        pario_request  request = { .url = e2e_url(peer, "/length/7") };
        pario_response response;
        CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
        CHECK_UINT(response.body_size, 7);
        pario_response_free(&response);
    }
    pario_response_free(&part);
    while (pario_next(run->client, &part, PARIO_UNLIMITED) == PARIO_OK) { /* in either order */
        take_part(&both[part.tag], &part);
        pario_response_free(&part);
    }
    CHECK_UINT(both[0].bytes, 100000);
    CHECK_UINT(both[1].bytes, 1);
    CHECK_UINT(both[0].ends + both[1].ends, 2);
}

/* ---- into memory ------------------------------------------------------------------------- */

E2E_WAYS(content_goes_into_the_callers_memory)
{
    static const char *const paths[] = { "/length/0",      "/length/1",       "/length/99999",
                                         "/length/100000", "/chunked/5",      "/chunked/100000",
                                         "/close/100000",  "/hop/100000",     "/length/100001",
                                         "/close/100001",  "/chunked/100001", "/short/100" };
    static char              memory[100001];
    server                  *peer = e2e_serve_handler(run, serve, NULL);
    pario_request            request;
    pario_response           response;
    run->config.redirects = 1;
    run->config.body_bytes = 10; /* of no account here */
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(paths); i++) {
        test_case("%s, %s", e2e_executor_name(run->executor), paths[i]);
        memset(&request, 0, sizeof request);
        memset(memory, '!', sizeof memory);
        request.url = e2e_url(peer, paths[i]);
        request.into = memory;
        request.into_size = sizeof memory - 1;
        pario_error error = e2e_do(run, &request, &response);
        CHECK_ERROR(error, i < 8    ? PARIO_OK
                           : i < 11 ? PARIO_ERROR_BODY_TOO_LARGE
                                    : PARIO_ERROR_BODY_TRUNCATED);
        CHECK_INT(memory[sizeof memory - 1], '!');
        CHECK_UINT(response.content_bytes, response.body_size);
        CHECK(error != PARIO_OK || response.body == memory);
        for (size_t k = 0; k < response.body_size; k++) {
            if (!CHECK(memory[k] == byte_at(k))) {
                break;
            }
        }
        e2e_note(run, "%s: %s, %zu bytes", paths[i], pario_error_name(error), response.body_size);
        pario_response_free(&response);
    }
}

E2E(memory_and_limit_both_hold)
{
    char           memory[1000];
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_request  request;
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    memset(&request, 0, sizeof request);
    request.url = e2e_url(peer, "/length/600");
    request.into = memory;
    request.into_size = sizeof memory;
    request.body_bytes = 500;
    CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_ERROR_BODY_TOO_LARGE);
    pario_response_free(&response);
    request.body_bytes = PARIO_UNLIMITED;
    CHECK_ERROR(pario_fetch(run->client, &request, &response), PARIO_OK);
    CHECK_UINT(response.body_size, 600);
    pario_response_free(&response);
}

/* ---- into a descriptor ------------------------------------------------------------------- */

/* A file that has no name. */
static int scratch_file(void)
{
    char name[] = "/tmp/pario-stream-XXXXXX";
    int  fd = mkstemp(name);
    if (fd >= 0) {
        unlink(name);
    }
    return fd;
}

/* Whether a file holds so many bytes, those of byte_at. */
static bool holds(int fd, size_t size)
{
    char    block[16384];
    size_t  at = 0;
    bool    good = lseek(fd, 0, SEEK_SET) == 0;
    ssize_t got = good ? read(fd, block, sizeof block) : 0;
    while (got > 0 && good) {
        for (size_t i = 0; i < (size_t)got && good; i++) {
            good = block[i] == byte_at(at + i);
        }
        at += (size_t)got;
        got = read(fd, block, sizeof block);
    }
    return good && at == size;
}

/* Requests a path, its content into fd. */
static pario_error get_into(e2e_run *run, server *peer, const char *path, int fd,
                            pario_response *response)
{
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = e2e_url(peer, path);
    request.into_fd = fd;
    request.redirects = 2;
    return e2e_do(run, &request, response);
}

E2E_WAYS(content_goes_into_a_file)
{
    static const char *const paths[] = { "/length/0",       "/length/1",       "/length/100000",
                                         "/length/3000000", "/chunked/100000", "/close/3000000",
                                         "/hop/70000",      "/short/70000" };
    static const size_t      sizes[] = { 0, 1, 100000, 3000000, 100000, 3000000, 70000, 70000 };
    server                  *peer = e2e_serve_handler(run, serve, NULL);
    pario_response           response;
    run->config.body_bytes = 10; /* of no account here */
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(paths); i++) {
        int fd = scratch_file();
        test_case("%s, %s", e2e_executor_name(run->executor), paths[i]);
        pario_error error = get_into(run, peer, paths[i], fd, &response);
        CHECK_ERROR(error, i < 7 ? PARIO_OK : PARIO_ERROR_BODY_TRUNCATED);
        CHECK(holds(fd, sizes[i]));
        CHECK_UINT(response.content_bytes, sizes[i]);
        CHECK_UINT(response.body_size, 0);
        CHECK(response.part == PARIO_PART_WHOLE);
        pario_response_free(&response);
        close(fd);
    }
}

/* Checks that what comes of a descriptor is this error, with its text, and that others live on. */
static void check_unwritable(e2e_run *run, server *peer, int fd, int system_error,
                             const char *words)
{
    pario_response response;
    char           line[PARIO_LINE_SIZE];
    CHECK_ERROR(get_into(run, peer, "/length/300000", fd, &response), PARIO_ERROR_BODY_WRITE);
    CHECK_INT(response.system_error, system_error);
    CHECK(response.stage == PARIO_STAGE_BODY);
    pario_describe(&response, line, sizeof line);
    CHECK(strstr(line, words) != NULL);
    test_saw(pario_error_name(response.error));
    pario_response_free(&response);
    e2e_get(run, e2e_url(peer, "/length/10"), PARIO_OK);
}

static void fail_on_signal(int number)
{
    (void)number;
    FAIL("SIGPIPE was raised");
}

E2E_WAYS(a_descriptor_that_cannot_be_written_is_named)
{
    server *peer = e2e_serve_handler(run, serve, NULL);
    int     ends[2];
    int     full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int     unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);
    void (*before)(int) = signal(SIGPIPE, fail_on_signal);
    if (!e2e_open(run) || !CHECK(pipe(ends) == 0)) {
        return;
    }
    close(ends[0]);
    if (full >= 0) {
        check_unwritable(run, peer, full, ENOSPC, "no space left");
        close(full);
    }
    check_unwritable(run, peer, unwritable, EBADF, "not open for writing");
    close(unwritable);
    check_unwritable(run, peer, ends[1], EPIPE, "nobody reads it");
    close(ends[1]);
    if (CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)) {
        close(ends[0]);
        check_unwritable(run, peer, ends[1], EPIPE, "nobody reads it");
        close(ends[1]);
    }
    check_unwritable(run, peer, 1000, EBADF, "not open for writing");
    signal(SIGPIPE, before);
}

/* Waits for what has been written to a pipe, and closes the end that it came from. */
static void close_under_it(server_peer *peer, void *context)
{
    const int *ends = (const int *)context;
    char       got[3];
    (void)peer;
    CHECK_INT(read(ends[0], got, sizeof got), sizeof got);
    close(ends[1]);
}

E2E_WAYS(a_descriptor_may_be_closed_under_its_content)
{
    static const server_step script[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none"),
        S_CALL, S_SEND("two"),
        S_HOLD, S_END
    };
    int            ends[2];
    pario_response response;
    server        *peer = e2e_serve_calling(run, script, close_under_it, ends);
    if (!e2e_open(run) || !CHECK(pipe(ends) == 0)) {
        return;
    }
    CHECK_ERROR(get_into(run, peer, "/", ends[1], &response), PARIO_ERROR_BODY_WRITE);
    CHECK_INT(response.system_error, EBADF);
    pario_response_free(&response);
    close(ends[0]);
}

/* What reads a pipe, once it is told to. */
typedef struct reader {
    pthread_t thread;
    int       fd;
    server   *peer;
    size_t    event; /* to wait for before each piece is read; SERVER_EVENTS: none */
    size_t    bytes;
    bool      good;
} reader;

static void *read_pipe(void *argument)
{
    reader *it = (reader *)argument;
    char    block[4096];
    ssize_t got = 1;
    if (it->event < SERVER_EVENTS) {
        server_await_event(it->peer, it->event);
    }
    it->good = true;
    while (got > 0) {
        got = read(it->fd, block, sizeof block);
        for (size_t i = 0; got > 0 && i < (size_t)got; i++) {
            it->good = it->good && block[i] == byte_at(it->bytes + i);
        }
        it->bytes += got > 0 ? (size_t)got : 0;
    }
    close(it->fd);
    return NULL;
}

/* A pipe whose end to write does not block. */
static bool open_pipe(int ends[2])
{
    return CHECK(pipe(ends) == 0) && CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
}

E2E_WAYS(a_pipe_that_is_full_is_waited_for)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_response response;
    reader         it;
    int            ends[2];
    memset(&it, 0, sizeof it);
    if (!e2e_open(run) || !open_pipe(ends)) {
        return;
    }
    it.fd = ends[0];
    it.event = SERVER_EVENTS;
    pthread_create(&it.thread, NULL, read_pipe, &it);
    CHECK_ERROR(get_into(run, peer, "/chunked/3000000", ends[1], &response), PARIO_OK);
    CHECK_UINT(response.content_bytes, 3000000);
    pario_response_free(&response);
    close(ends[1]);
    pthread_join(it.thread, NULL);
    CHECK_UINT(it.bytes, 3000000);
    CHECK(it.good);
    e2e_get(run, e2e_url(peer, "/length/10"), PARIO_OK);
    CHECK_UINT(server_count(peer).connections, 1);
}

/* The reader begins only when the consumer has seen that nothing goes on; that is not a lack of
 * progress. The server's end of the connection is long closed, which must not wake anybody. */
E2E(a_full_pipe_is_waited_for_without_progress)
{
    server         *peer = e2e_serve_handler(run, serve, NULL);
    pario_request   request;
    pario_response  response;
    struct timespec before;
    struct timespec after;
    reader          it;
    int             ends[2];
    memset(&it, 0, sizeof it);
    memset(&request, 0, sizeof request);
    run->config.progress_timeout_ms = 300;
    if (!e2e_open(run) || !open_pipe(ends)) {
        return;
    }
    it.fd = ends[0];
    it.event = 3;
    it.peer = peer;
    pthread_create(&it.thread, NULL, read_pipe, &it);
    request.url = e2e_url(peer, "/close/200000");
    request.into_fd = ends[1];
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CHECK_ERROR(pario_next(run->client, &response, 400), PARIO_TIME_OVER);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t spent = ((int64_t)after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
                    before.tv_nsec;
    CHECK(spent < 150000000); /* it waits, it does not ask again and again */
    server_fire(peer, 3);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
    CHECK_ERROR(response.error, PARIO_OK);
    CHECK_UINT(response.content_bytes, 200000);
    pario_response_free(&response);
    close(ends[1]);
    pthread_join(it.thread, NULL);
    CHECK_UINT(it.bytes, 200000);
}

/* What waits for a pipe is ended by pario_cancel, by the total time, and by pario_close. */
E2E(who_waits_for_a_pipe_can_be_ended)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_request  request;
    pario_response response;
    uint64_t       id = 0;
    int            ends[2];
    memset(&request, 0, sizeof request);
    if (!e2e_open(run) || !open_pipe(ends)) {
        return;
    }
    for (unsigned way = 0; way < 4; way++) {
        /* The server's end is there in the one half of the cases, and not in the other. */
        request.url = e2e_url(peer, way % 2 == 0 ? "/close/100000" : "/length/3000000");
        request.into_fd = ends[1];
        request.id = &id;
        request.total_timeout_ms = way < 2 ? 0 : 100;
        CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
        if (way < 2) {
            CHECK_ERROR(pario_next(run->client, &response, 50), PARIO_TIME_OVER);
            CHECK_ERROR(pario_cancel(run->client, id), PARIO_OK);
        }
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, way < 2 ? PARIO_ERROR_CANCELLED : PARIO_ERROR_TOTAL_TIMEOUT);
        pario_response_free(&response);
    }
    request.total_timeout_ms = 0;
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, 50), PARIO_TIME_OVER);
    e2e_close(run);
    close(ends[0]);
    close(ends[1]);
}

/* The same pipe for several at once: what they write is mixed, and none is lost. */
E2E(several_share_a_pipe)
{
    server        *peer = e2e_serve_handler(run, serve, NULL);
    pario_request  request;
    pario_response response;
    reader         it;
    int            ends[2];
    memset(&it, 0, sizeof it);
    memset(&request, 0, sizeof request);
    if (!e2e_open(run) || !open_pipe(ends)) {
        return;
    }
    it.fd = ends[0];
    it.event = SERVER_EVENTS;
    pthread_create(&it.thread, NULL, read_pipe, &it);
    request.url = e2e_url(peer, "/length/400000");
    request.into_fd = ends[1];
    for (size_t i = 0; i < 5; i++) {
        CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK);
        CHECK_ERROR(response.error, PARIO_OK);
        CHECK_UINT(response.content_bytes, 400000);
        pario_response_free(&response);
    }
    close(ends[1]);
    pthread_join(it.thread, NULL);
    CHECK_UINT(it.bytes, 2000000);
}

E2E(content_goes_to_one_place_at_most)
{
    char           memory[8];
    pario_request  good;
    pario_request  requests[6];
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    memset(&good, 0, sizeof good);
    good.url = "http://127.0.0.1:1/";
    for (size_t i = 0; i < COUNT(requests); i++) {
        requests[i] = good;
        requests[i].into = i < 3 ? memory : NULL;
        requests[i].into_size = i == 1 || i == 2 || i == 3 ? sizeof memory : 0;
        requests[i].into_fd = i == 2 || i == 4 ? 1 : i == 5 ? -1 : 0;
        requests[i].stream = i == 1 || i == 4;
        CHECK_ERROR(pario_submit(run->client, &requests[i]), PARIO_ERROR_ARGUMENT);
    }
    CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_NOTHING_LEFT);
}
