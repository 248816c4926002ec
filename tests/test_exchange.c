/* SPDX-License-Identifier: MIT */
/*
 * Section exchange: the life of a request, driven by hand: no socket, and a clock that stands
 * where the test puts it. Replies come in every cut, each piece flush against a fence.
 */
#include "core.h"

/* ---- the drive --------------------------------------------------------------------- */

#define PATIENCE_CONNECT 10
#define PATIENCE_PROGRESS 30
#define PATIENCE_TOTAL 100

typedef struct drive {
    pario_request     request;
    pario_i_limits    limits;
    pario_i_exchange *x;
    pario_i_head      spare;
    pario_i_buffer    head; /* of the request, as it was sent last */
    test_fence        fence;
    int64_t           now;
} drive;

/* Limits that are small enough to be reached; the request is a GET of http://h/a. */
static void drive_prepare(drive *d)
{
    memset(d, 0, sizeof *d);
    d->request.url = "http://h/a";
    d->limits.connect = PATIENCE_CONNECT;
    d->limits.progress = PATIENCE_PROGRESS;
    d->limits.total = PATIENCE_TOTAL;
    d->limits.body_bytes = 300000;
    d->limits.chunk_extension_bytes = 16;
    d->limits.head_bytes = 200;
    d->limits.fields = 4;
    d->limits.trailer_bytes = 40;
    d->limits.interim = 2;
    d->fence = test_fence_open(300000);
}

static void drive_end(drive *d)
{
    if (d->x != NULL) {
        pario_i_exchange_free(d->x);
    }
    core_free(d->spare.fields);
    core_free(d->head.data);
    test_fence_close(&d->fence);
    CHECK_UINT(core_held(), 0);
}

/* Makes the exchange; it leaves the queue. False: refused. */
static bool drive_begin(drive *d)
{
    if (!CHECK_ERROR(pario_i_exchange_new(&d->request, &d->limits, NULL, &d->x), PARIO_OK)) {
        return false;
    }
    CHECK_INT(d->x->phase, PARIO_I_QUEUED);
    pario_i_exchange_start(d->x, d->now);
    CHECK_INT(d->x->phase, PARIO_I_CONNECT);
    return true;
}

/* A connection stands, and everything is sent. */
static void drive_send(drive *d, bool reused)
{
    pario_i_exchange_connected(d->x, reused, d->now);
    CHECK_INT(d->x->phase, PARIO_I_SEND);
    if (CHECK(pario_i_request_write(&d->x->order, "", NULL, &d->head))) {
        d->x->head_size = (uint32_t)d->head.size;
        pario_i_exchange_sent(d->x, d->head.size + pario_i_order_content(&d->x->order).size,
                              d->now);
        CHECK_INT(d->x->phase, PARIO_I_RECEIVE);
    }
}

/* Whether the head that was sent last holds a text. */
static bool drive_sent(const drive *d, const char *text)
{
    d->head.data[d->head.size] = '\0';
    return strstr((const char *)d->head.data, text) != NULL;
}

/* Whether the exchange still wants bytes. */
static bool drive_wants(const drive *d)
{
    return d->x->phase == PARIO_I_RECEIVE || d->x->phase == PARIO_I_SEND;
}

/* The server's bytes, as long as somebody wants them. */
static void drive_receive(drive *d, core_text text, size_t cut)
{
    size_t at = 0;
    while (at < text.size && drive_wants(d)) {
        size_t end = core_piece_end(cut, at, text.size);
        char  *s = test_fence_put(&d->fence, text.bytes + at, end - at);
        pario_i_exchange_received(d->x, &d->spare, (unsigned char *)s, end - at, d->now);
        at = end;
    }
}

static void drive_receive_string(drive *d, const char *string)
{
    core_text text = { string, strlen(string) };
    drive_receive(d, text, CORE_WHOLE);
}

/* The server's end of the stream, if somebody still listens. */
static void drive_close(drive *d, int system_error)
{
    if (drive_wants(d)) {
        pario_i_exchange_closed(d->x, system_error, d->now);
    }
}

static void say_fields(core_line *line, const pario_i_head *head, const unsigned char *s)
{
    for (size_t i = 0; i < head->count; i++) {
        const pario_i_field *field = &head->fields[i];
        core_say(line, " ");
        core_say_bytes(line, s + field->name_beg, field->name_end - field->name_beg);
        core_say(line, "=");
        core_say_bytes(line, s + field->value_beg, field->value_end - field->value_beg);
    }
}

/*
 * Where an exchange is: "200 <content> A=b, trailers T=u, keep", an error's name and stage,
 * "GET http://h/b" where it wants to go, or "sends" or "receives".
 */
static void say_drive(core_line *line, const drive *d)
{
    static const char *const stages[] = { "queue", "resolve", "connect", "tls",
                                          "send",  "head",    "body" };
    const pario_i_exchange  *x = d->x;
    const pario_i_reply     *reply = x->reply;
    line->size = 0;
    line->text[0] = '\0';
    if (x->phase == PARIO_I_CONNECT) {
        const char *name = pario_i_method_name(x->order.method);
        core_say(line, "%s %s", name != NULL ? name : "OTHER", (const char *)x->order.url);
    } else if (x->phase != PARIO_I_END) {
        core_say(line, x->phase == PARIO_I_SEND ? "sends" : "receives");
    } else if (x->error != PARIO_OK) {
        test_saw(pario_error_name((pario_error)x->error));
        core_say(line, "%s, %s", pario_error_name((pario_error)x->error), stages[x->stage]);
        CHECK(!x->keep);
    } else {
        core_say(line, "%u <", reply->head.status);
        core_say_bytes(line, reply->content.data, reply->content.size);
        core_say(line, ">");
        say_fields(line, &reply->head, reply->bytes.data);
        core_say(line, reply->trailer.count > 0 ? ", trailers" : "");
        say_fields(line, &reply->trailer, reply->trailer_bytes.data);
        core_say(line, x->keep ? ", keep" : "");
    }
}

static void check_drive(const drive *d, const char *expected)
{
    core_line line;
    say_drive(&line, d);
    CHECK_STR(line.text, expected);
}

typedef struct reply_case {
    core_text   text;
    const char *expected;
} reply_case;

/* One reply to a method, in one cut; then the server closes. */
static void check_reply(const reply_case *reply, const char *method, uint32_t redirects, size_t cut)
{
    drive d;
    drive_prepare(&d);
    d.request.method = method;
    d.limits.redirects = redirects;
    core_case(reply->text.bytes, cut);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive(&d, reply->text, cut);
        drive_close(&d, 0);
        check_drive(&d, reply->expected);
        CHECK_UINT(d.x->bytes_sent, d.head.size);
        CHECK(pario_i_exchange_bytes_received(d.x) <= reply->text.size);
    }
    drive_end(&d);
}

static void check_replies(const char *method, uint32_t redirects, const reply_case *cases,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t cut = 0; cut < CORE_CUTS(cases[i].text.size); cut++) {
            check_reply(&cases[i], method, redirects, cut);
        }
    }
}

#define CHECK_REPLIES(method, cases) check_replies(method, 0, cases, COUNT(cases))

/* ---- whole replies ----------------------------------------------------------------- */

#define OK_ "HTTP/1.1 200 OK\r\n"

static const reply_case complete[] = {
    { CORE_TEXT(OK_ "Content-Length: 0\r\n\r\n"), "200 <> Content-Length=0, keep" },
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\nabc"), "200 <abc> Content-Length=3, keep" },
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\n\0\r\n"),
      "200 <\\x00\\x0d\\x0a> Content-Length=3, keep" },
    { CORE_TEXT(OK_ "Content-Length: 1\r\nConnection: close\r\n\r\nx"),
      "200 <x> Content-Length=1 Connection=close" },
    { CORE_TEXT(OK_ "\r\nabc"), "200 <abc>" },
    { CORE_TEXT(OK_ "\r\n"), "200 <>" },
    { CORE_TEXT("HTTP/1.0 200 OK\r\n\r\nabc"), "200 <abc>" },
    { CORE_TEXT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"), "200 <x> Content-Length=1" },
    { CORE_TEXT("HTTP/1.1 204 x\r\n\r\n"), "204 <>, keep" },
    { CORE_TEXT("HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n"), "304 <> Content-Length=9, keep" },
    { CORE_TEXT("HTTP/1.1 999\r\nContent-Length: 1\r\n\r\nx"), "999 <x> Content-Length=1, keep" },
    { CORE_TEXT("HTTP/1.1 200\n\n"), "200 <>" },
    { CORE_TEXT(OK_ "A:\r\n b\r\nContent-Length: 0\r\n\r\n"), "200 <> A=b Content-Length=0, keep" },
};

TEST(exchange_takes_complete_replies)
{
    CHECK_REPLIES("GET", complete);
}

static const reply_case to_head[] = {
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\n"), "200 <> Content-Length=3, keep" },
    { CORE_TEXT(OK_ "Transfer-Encoding: chunked\r\n\r\n"),
      "200 <> Transfer-Encoding=chunked, keep" },
    { CORE_TEXT(OK_ "\r\n"), "200 <>, keep" },
    { CORE_TEXT("HTTP/1.0 200 OK\r\n\r\n"), "200 <>" },
};

TEST(exchange_expects_no_content_after_a_head)
{
    CHECK_REPLIES("HEAD", to_head);
}

#define CHUNKED OK_ "Transfer-Encoding: chunked\r\n\r\n"
#define SAYS "Transfer-Encoding=chunked"

static const reply_case chunked[] = {
    { CORE_TEXT(CHUNKED "0\r\n\r\n"), "200 <> " SAYS ", keep" },
    { CORE_TEXT(CHUNKED "3\r\nabc\r\n0\r\n\r\n"), "200 <abc> " SAYS ", keep" },
    { CORE_TEXT(CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), "200 <abc> " SAYS ", keep" },
    { CORE_TEXT(CHUNKED "1;x\r\na\r\n0;y\r\n\r\n"), "200 <a> " SAYS ", keep" },
    { CORE_TEXT(CHUNKED "1\r\na\r\n0\r\nT: u\r\n\r\n"), "200 <a> " SAYS ", trailers T=u, keep" },
    { CORE_TEXT(CHUNKED "0\r\nT: u\r\nV:\r\n w\r\n\r\n"),
      "200 <> " SAYS ", trailers T=u V=w, keep" },
    /* fields may end in a bare line feed in trailers too */
    { CORE_TEXT(CHUNKED "0\r\nT: u\n\n"), "200 <> " SAYS ", trailers T=u, keep" },
    { CORE_TEXT(CHUNKED "0\r\n\n"), "200 <> " SAYS ", keep" },
    /* a trailer has no say in framing */
    { CORE_TEXT(CHUNKED "0\r\nContent-Length: 5\r\n\r\n"),
      "200 <> " SAYS ", trailers Content-Length=5, keep" },
    { CORE_TEXT(CHUNKED "0\r\nConnection: close\r\n\r\n"),
      "200 <> " SAYS ", trailers Connection=close, keep" },
};

TEST(exchange_takes_chunks_and_trailers)
{
    CHECK_REPLIES("GET", chunked);
}

static const reply_case truncated[] = {
    { CORE_TEXT(""), "PARIO_ERROR_EMPTY_REPLY, head" },
    { CORE_TEXT("H"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT("HTTP/1.1 200 OK\r\n"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT(OK_ "A: b"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT(OK_ "A: b\r\n\r"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\n"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\nHTTP/1.1"), "PARIO_ERROR_HEAD_TRUNCATED, head" },
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\n"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\nab"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "3"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "3\r\nabc"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "3\r\nabc\r\n"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "0\r\n"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "0\r\n\r"), "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT(CHUNKED "0\r\nT: u\r\n"), "PARIO_ERROR_BODY_TRUNCATED, body" },
};

TEST(exchange_calls_a_reply_that_stops_early_an_error)
{
    CHECK_REPLIES("GET", truncated);
}

static const reply_case malformed_heads[] = {
    { CORE_TEXT("\r\n" OK_ "\r\n"), "PARIO_ERROR_STATUS_LINE, head" },
    { CORE_TEXT("hello"), "PARIO_ERROR_STATUS_LINE, head" },
    { CORE_TEXT("HTTP/2 200\r\n\r\n"), "PARIO_ERROR_VERSION, head" },
    { CORE_TEXT(OK_ "A : b\r\n\r\n"), "PARIO_ERROR_FIELD_LINE, head" },
    { CORE_TEXT(OK_ "A: b\0\r\n\r\n"), "PARIO_ERROR_FIELD_LINE, head" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\nhello"), "PARIO_ERROR_STATUS_LINE, head" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\n\r\n" OK_ "\r\n"), "PARIO_ERROR_STATUS_LINE, head" },
    { CORE_TEXT(OK_ "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n"),
      "PARIO_ERROR_TOO_MANY_FIELDS, head" },
};

TEST(exchange_ends_at_a_malformed_head)
{
    CHECK_REPLIES("GET", malformed_heads);
}

static const reply_case malformed_framing[] = {
    { CORE_TEXT(OK_ "Content-Length: x\r\n\r\n"), "PARIO_ERROR_LENGTH_DIGITS" },
    { CORE_TEXT(OK_ "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
      "PARIO_ERROR_LENGTH_DUPLICATE" },
    { CORE_TEXT(OK_ "Content-Length: 99999999999999999999\r\n\r\nx"),
      "PARIO_ERROR_LENGTH_OVERFLOW" },
    { CORE_TEXT(OK_ "Transfer-Encoding: gzip\r\n\r\n"), "PARIO_ERROR_TRANSFER_ENCODING" },
    { CORE_TEXT(OK_ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      "PARIO_ERROR_LENGTH_AND_ENCODING" },
};

static const reply_case malformed_content[] = {
    { CORE_TEXT(CHUNKED "x\r\n"), "PARIO_ERROR_CHUNK_SIZE, body" },
    { CORE_TEXT(CHUNKED "3\nabc\r\n0\r\n\r\n"), "PARIO_ERROR_CHUNK_SIZE, body" },
    { CORE_TEXT(CHUNKED "fffffffffffffffff\r\n"), "PARIO_ERROR_CHUNK_OVERFLOW, body" },
    { CORE_TEXT(CHUNKED "3\r\nabcd\r\n"), "PARIO_ERROR_CHUNK_END, body" },
    { CORE_TEXT(CHUNKED "1;0123456789abcdef\r\na\r\n"), "PARIO_ERROR_CHUNK_EXTENSIONS, body" },
    { CORE_TEXT(CHUNKED "0\r\nT\r\n\r\n"), "PARIO_ERROR_TRAILER, body" },
    { CORE_TEXT(CHUNKED "0\r\nT : u\r\n\r\n"), "PARIO_ERROR_TRAILER, body" },
    { CORE_TEXT(CHUNKED "0\r\n T: u\r\n\r\n"), "PARIO_ERROR_TRAILER, body" },
    { CORE_TEXT(CHUNKED "0\r\nT: u\0\r\n\r\n"), "PARIO_ERROR_TRAILER, body" },
    { CORE_TEXT(CHUNKED "0\r\n\r \r\n\r\n"), "PARIO_ERROR_TRAILER, body" },
};

TEST(exchange_ends_at_malformed_content)
{
    CHECK_REPLIES("GET", malformed_content);
}

/* The stage of these is not said: it is between the head and the content. */
TEST(exchange_ends_at_malformed_framing)
{
    for (size_t i = 0; i < COUNT(malformed_framing); i++) {
        const reply_case *reply = &malformed_framing[i];
        for (size_t cut = 0; cut < CORE_CUTS(reply->text.size); cut++) {
            drive d;
            drive_prepare(&d);
            core_case(reply->text.bytes, cut);
            if (drive_begin(&d)) {
                drive_send(&d, false);
                drive_receive(&d, reply->text, cut);
                CHECK_INT(d.x->phase, PARIO_I_END);
                CHECK_STR(pario_error_name((pario_error)d.x->error), reply->expected);
                CHECK(!d.x->keep);
            }
            drive_end(&d);
        }
    }
}

/* ---- interim responses, RFC 9110 section 15.2 -------------------------------------- */

static const reply_case interim[] = {
    { CORE_TEXT("HTTP/1.1 100 Continue\r\n\r\n" OK_ "Content-Length: 1\r\n\r\nx"),
      "200 <x> Content-Length=1, keep" },
    { CORE_TEXT("HTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 100\r\n\r\n" OK_
                "Content-Length: 0\r\n\r\n"),
      "200 <> Content-Length=0, keep" },
    { CORE_TEXT("HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n" OK_ "Content-Length: 0\r\n\r\n"),
      "200 <> Content-Length=0, keep" },
    { CORE_TEXT("HTTP/1.1 100 x\r\nConnection: close\r\n\r\n" OK_ "Content-Length: 0\r\n\r\n"),
      "200 <> Content-Length=0, keep" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\n"),
      "PARIO_ERROR_TOO_MANY_INTERIM, head" },
    { CORE_TEXT("HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n"), "PARIO_ERROR_UPGRADE, head" },
    { CORE_TEXT("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 101 x\r\n\r\n"), "PARIO_ERROR_UPGRADE, head" },
};

TEST(exchange_passes_over_interim_responses)
{
    CHECK_REPLIES("GET", interim);
}

/* Each head may be as large as the limit, not all of them together. */
TEST(exchange_measures_each_head_for_itself)
{
    drive d;
    char  head[256];
    for (unsigned over = 0; over < 2; over++) {
        drive_prepare(&d);
        test_case("%u too large", over);
        int size =
            snprintf(head, sizeof head, "HTTP/1.1 100 %0*u\r\n\r\n", 200 - 17 + (int)over, 0u);
        if (CHECK_INT(size, 200 + (int)over) && drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive_string(&d, head);
            drive_receive_string(&d, head);
            check_drive(&d, over > 0 ? "PARIO_ERROR_HEAD_TOO_LARGE, head" : "receives");
        }
        drive_end(&d);
    }
}

/* What a response hands out are strings: there is a byte behind each that may become a NUL. */
TEST(exchange_strings_of_a_head_can_be_ended)
{
    static const char *const replies[] = {
        OK_ "A:\r\nB: c\r\nD: e \r\nF:\r\n g\r\n\r\n",
        "HTTP/1.1 200\nA:\nB:c\nD:\te\nF:g\n\n",
    };
    static const char *const values[] = { "", "c", "e", "g" };
    for (size_t i = 0; i < 2 * COUNT(replies); i++) {
        drive     d;
        core_text text = { replies[i / 2], strlen(replies[i / 2]) };
        drive_prepare(&d);
        core_case(text.bytes, i % 2);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive(&d, text, i % 2);
            pario_i_reply *reply = d.x->reply;
            CHECK_UINT(reply->head.count, 4);
            for (size_t k = 0; k < reply->head.count; k++) {
                char name[2] = { "ABDF"[k], '\0' };
                CHECK_STR((const char *)reply->bytes.data + reply->head.fields[k].name_beg, name);
                CHECK_STR((const char *)reply->bytes.data + reply->head.fields[k].value_beg,
                          values[k]);
            }
        }
        drive_end(&d);
    }
}

/* ---- limits of content ------------------------------------------------------------- */

static void check_body_limit(const char *reply, uint64_t limit, const char *expected)
{
    const core_text text = { reply, strlen(reply) };
    for (size_t cut = 0; cut < CORE_CUTS(text.size); cut++) {
        drive d;
        drive_prepare(&d);
        d.limits.body_bytes = limit;
        core_case(reply, cut);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive(&d, text, cut);
            drive_close(&d, 0);
            check_drive(&d, expected);
        }
        drive_end(&d);
    }
}

#define TOO_LARGE "PARIO_ERROR_BODY_TOO_LARGE, body"

TEST(exchange_content_may_be_exactly_as_large_as_allowed)
{
    check_body_limit(OK_ "Content-Length: 3\r\n\r\nabc", 3, "200 <abc> Content-Length=3, keep");
    check_body_limit(OK_ "Content-Length: 3\r\n\r\nabc", 2, TOO_LARGE);
    check_body_limit(OK_ "Content-Length: 3\r\n\r\n", 2, TOO_LARGE);
    check_body_limit(OK_ "Content-Length: 0\r\n\r\n", 0, "200 <> Content-Length=0, keep");
    check_body_limit(OK_ "Content-Length: 999999999999999999\r\n\r\n", 3, TOO_LARGE);
    check_body_limit(CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 3, "200 <abc> " SAYS ", keep");
    check_body_limit(CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 2, TOO_LARGE);
    check_body_limit(CHUNKED "0\r\n\r\n", 0, "200 <> " SAYS ", keep");
    check_body_limit(OK_ "\r\nabc", 3, "200 <abc>");
    check_body_limit(OK_ "\r\nabc", 2, TOO_LARGE);
    check_body_limit(OK_ "\r\n", 0, "200 <>");
}

static void check_trailers(const char *trailers, pario_error expected)
{
    char      bytes[256];
    core_text text = { bytes, 0 };
    text.size = (size_t)snprintf(bytes, sizeof bytes, CHUNKED "0\r\n%s\r\n", trailers);
    for (size_t cut = 0; cut < CORE_CUTS(text.size); cut++) {
        drive d;
        drive_prepare(&d);
        core_case(trailers, cut);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive(&d, text, cut);
            CHECK_INT(d.x->phase, PARIO_I_END);
            CHECK_ERROR((pario_error)d.x->error, expected);
        }
        drive_end(&d);
    }
}

TEST(exchange_trailers_may_be_exactly_as_large_as_allowed)
{
    static const char value[] = "0123456789012345678901234567890123456789";
    char              trailers[64];
    for (int size = 38; size <= 42; size++) {
        snprintf(trailers, sizeof trailers, "T: %.*s\r\n", size - 7, value);
        CHECK_UINT(strlen(trailers) + 2, (size_t)size);
        check_trailers(trailers, size <= 40 ? PARIO_OK : PARIO_ERROR_TRAILERS_TOO_LARGE);
    }
    check_trailers("A:\r\nB:\r\nC:\r\nD:\r\n", PARIO_OK);
    check_trailers("A:\r\nB:\r\nC:\r\nD:\r\nE:\r\n", PARIO_ERROR_TRAILERS_TOO_LARGE);
}

/* No memory is set aside for content that was only announced. */
TEST(exchange_does_not_believe_a_large_length)
{
    drive d;
    drive_prepare(&d);
    d.limits.body_bytes = UINT64_MAX;
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 999999999999999999\r\n\r\nabc");
        check_drive(&d, "receives");
        CHECK(d.x->reply->content.room <= 2097152);
        CHECK_UINT(d.x->reply->content.size, 3);
    }
    drive_end(&d);
}

TEST(exchange_content_of_every_size_is_kept_byte_for_byte)
{
    static const size_t sizes[] = { 1, 15, 16383, 16384, 16385, 65536, 200000 };
    char               *bytes = (char *)malloc(200000);
    if (!CHECK(bytes != NULL)) {
        return;
    }
    for (size_t i = 0; i < 200000; i++) {
        bytes[i] = (char)(i * 31u % 251u);
    }
    for (size_t i = 0; i < COUNT(sizes) * 2; i++) {
        drive     d;
        char      head[100];
        core_text text = { bytes, sizes[i / 2] };
        drive_prepare(&d);
        test_case("%zu bytes, in %s", text.size, i % 2 == 0 ? "one piece" : "single bytes");
        snprintf(head, sizeof head, OK_ "Content-Length: %zu\r\n\r\n", text.size);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive_string(&d, head);
            drive_receive(&d, text, i % 2);
            CHECK_INT(d.x->phase, PARIO_I_END);
            CHECK_ERROR((pario_error)d.x->error, PARIO_OK);
            CHECK_BYTES(d.x->reply->content.data, d.x->reply->content.size, bytes, text.size);
            CHECK(d.x->reply->content.room > text.size);
        }
        drive_end(&d);
    }
    free(bytes);
}

/* ---- what becomes of the connection ------------------------------------------------ */

static const reply_case leftovers[] = {
    { CORE_TEXT(OK_ "Content-Length: 1\r\n\r\nxy"), "200 <x> Content-Length=1" },
    { CORE_TEXT(OK_ "Content-Length: 0\r\n\r\n\r\n"), "200 <> Content-Length=0" },
    { CORE_TEXT(OK_ "Content-Length: 0\r\n\r\n" OK_), "200 <> Content-Length=0" },
    { CORE_TEXT(CHUNKED "0\r\n\r\n\r\n"), "200 <> " SAYS },
    { CORE_TEXT(CHUNKED "0\r\n\nx"), "200 <> " SAYS },
    { CORE_TEXT(CHUNKED "0\r\nT: u\r\n\r\nx"), "200 <> " SAYS ", trailers T=u" },
    { CORE_TEXT("HTTP/1.1 204 x\r\n\r\nx"), "204 <>" },
    { CORE_TEXT("HTTP/1.1 304 x\r\n\r\nx"), "304 <>" },
};

TEST(exchange_retires_a_connection_with_leftover_bytes)
{
    for (size_t i = 0; i < COUNT(leftovers); i++) {
        check_reply(&leftovers[i], "GET", 0, CORE_WHOLE);
    }
    const reply_case head = { CORE_TEXT(OK_ "Content-Length: 1\r\n\r\nx"),
                              "200 <> Content-Length=1" };
    check_reply(&head, "HEAD", 0, CORE_WHOLE);
}

TEST(exchange_retires_a_connection_that_it_asked_to_close)
{
    static const pario_field field = { "Connection", "close" };
    drive                    d;
    drive_prepare(&d);
    d.request.fields = &field;
    d.request.field_count = 1;
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0");
    }
    drive_end(&d);
}

/* The server need not wait for the end of the request; but then the rest of it is not sent. */
TEST(exchange_takes_an_early_answer_and_retires_the_connection)
{
    drive d;
    drive_prepare(&d);
    d.request.method = "POST";
    d.request.body = "abc";
    d.request.body_size = 3;
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, d.now);
        d.x->head_size = 50;
        pario_i_exchange_sent(d.x, 52, d.now);
        check_drive(&d, "sends");
        drive_receive_string(&d, "HTTP/1.1 100 x\r\n\r\n");
        check_drive(&d, "sends");
        drive_receive_string(&d, "HTTP/1.1 413 x\r\nContent-Length: 2\r\n\r\nn");
        check_drive(&d, "receives");
        drive_receive_string(&d, "o");
        check_drive(&d, "413 <no> Content-Length=2");
    }
    drive_end(&d);
}

TEST(exchange_that_sends_to_the_end_meanwhile_keeps_the_connection)
{
    drive d;
    drive_prepare(&d);
    d.request.body = "abc";
    d.request.body_size = 3;
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, d.now);
        d.x->head_size = 50;
        pario_i_exchange_sent(d.x, 49, d.now);
        drive_receive_string(&d, OK_ "Content-Length: 1\r\n");
        pario_i_exchange_sent(d.x, 4, d.now);
        check_drive(&d, "receives");
        CHECK_UINT(d.x->bytes_sent, 53);
        drive_receive_string(&d, "\r\nx");
        check_drive(&d, "200 <x> Content-Length=1, keep");
    }
    drive_end(&d);
}

TEST(exchange_reads_what_came_before_sending_failed)
{
    drive d;
    drive_prepare(&d);
    d.request.body = "abc";
    d.request.body_size = 3;
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, d.now);
        d.x->head_size = 50;
        pario_i_exchange_sent(d.x, 50, d.now);
        pario_i_exchange_send_failed(d.x, EPIPE, d.now);
        check_drive(&d, "receives");
        drive_receive_string(&d, "HTTP/1.1 413 x\r\nContent-Length: 2\r\n\r\nno");
        check_drive(&d, "413 <no> Content-Length=2");
    }
    drive_end(&d);
}

TEST(exchange_says_that_sending_failed_where_no_answer_came)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, d.now);
        d.x->head_size = 50;
        pario_i_exchange_send_failed(d.x, EPIPE, d.now);
        drive_close(&d, 0);
        check_drive(&d, "PARIO_ERROR_SEND, send");
        CHECK_INT(d.x->system_error, EPIPE);
    }
    drive_end(&d);
}

TEST(exchange_says_where_the_connection_broke)
{
    static const struct {
        const char *reply;
        int         system_error;
        const char *expected;
    } cases[] = {
        { "", ECONNRESET, "PARIO_ERROR_RECEIVE, head" },
        { "HTTP/1.1", ECONNRESET, "PARIO_ERROR_RECEIVE, head" },
        { OK_ "Content-Length: 3\r\n\r\na", ECONNRESET, "PARIO_ERROR_RECEIVE, body" },
        { OK_ "\r\nabc", ECONNRESET, "PARIO_ERROR_RECEIVE, body" },
        { CHUNKED "1\r\n", ETIMEDOUT, "PARIO_ERROR_RECEIVE, body" },
        { OK_ "\r\nabc", 0, "200 <abc>" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        drive d;
        drive_prepare(&d);
        test_case("%s, %d", cases[i].reply, cases[i].system_error);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive_string(&d, cases[i].reply);
            drive_close(&d, cases[i].system_error);
            check_drive(&d, cases[i].expected);
            CHECK_INT(d.x->system_error, cases[i].system_error);
        }
        drive_end(&d);
    }
}

TEST(exchange_keeps_no_content_after_an_error)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 5\r\n\r\nabc");
        CHECK_UINT(d.x->reply->content.size, 3);
        drive_close(&d, 0);
        CHECK_UINT(d.x->reply->content.size, 0);
        CHECK_UINT(d.x->reply->head.status, 200);
    }
    drive_end(&d);
}

/* ---- sending again, RFC 9110 section 9.2.2 ----------------------------------------- */

static void check_replay(const char *method, bool reused, const char *reply, int system_error,
                         const char *expected)
{
    drive d;
    drive_prepare(&d);
    d.request.method = method;
    test_case("%s, %s connection, reply %s, %d", method, reused ? "old" : "new", reply,
              system_error);
    if (drive_begin(&d)) {
        drive_send(&d, reused);
        drive_receive_string(&d, reply);
        drive_close(&d, system_error);
        check_drive(&d, expected);
    }
    drive_end(&d);
}

TEST(exchange_is_sent_again_where_an_old_connection_was_stale)
{
    static const struct {
        const char *method;
        bool        idempotent;
    } methods[] = {
        { "GET", true },     { "HEAD", true },  { "PUT", true },   { "DELETE", true },
        { "OPTIONS", true }, { "TRACE", true }, { "POST", false }, { "PATCH", false },
        { "SEARCH", false }, { "get", false },
    };
    for (size_t i = 0; i < COUNT(methods); i++) {
        char        again[64];
        const char *known = methods[i].method;
        snprintf(again, sizeof again, "%s http://h/a", known);
        check_replay(known, true, "", 0,
                     methods[i].idempotent ? again : "PARIO_ERROR_EMPTY_REPLY, head");
        check_replay(known, true, "", ECONNRESET,
                     methods[i].idempotent ? again : "PARIO_ERROR_RECEIVE, head");
        check_replay(known, false, "", 0, "PARIO_ERROR_EMPTY_REPLY, head");
        check_replay(known, false, "", ECONNRESET, "PARIO_ERROR_RECEIVE, head");
        check_replay(known, true, "H", 0, "PARIO_ERROR_HEAD_TRUNCATED, head");
        check_replay(known, true, "HTTP/1.1 100 x\r\n\r\n", 0, "PARIO_ERROR_HEAD_TRUNCATED, head");
        check_replay(known, true, "H", ECONNRESET, "PARIO_ERROR_RECEIVE, head");
    }
}

TEST(exchange_is_sent_again_once_and_on_a_new_connection)
{
    drive d;
    drive_prepare(&d);
    d.request.method = "PUT";
    d.request.body = "abc";
    d.request.body_size = 3;
    if (drive_begin(&d)) {
        drive_send(&d, true);
        drive_close(&d, 0);
        check_drive(&d, "PUT http://h/a");
        CHECK(d.x->replayed && d.x->moves && !d.x->keep);
        drive_send(&d, false);
        CHECK_UINT(d.x->bytes_sent, 2 * (d.head.size + 3));
        CHECK_UINT(d.x->sent, d.head.size + 3);
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0, keep");
        CHECK(!d.x->reused);
    }
    drive_end(&d);
    drive_prepare(&d);
    if (drive_begin(&d)) {
        drive_send(&d, true);
        drive_close(&d, 0);
        drive_send(&d, true);
        drive_close(&d, 0);
        check_drive(&d, "PARIO_ERROR_EMPTY_REPLY, head");
    }
    drive_end(&d);
}

TEST(exchange_whose_sending_failed_on_an_old_connection_is_sent_again)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, true, d.now);
        d.x->head_size = 50;
        pario_i_exchange_send_failed(d.x, EPIPE, d.now);
        check_drive(&d, "GET http://h/a");
        drive_send(&d, false);
        CHECK_INT(d.x->system_error, 0);
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0, keep");
    }
    drive_end(&d);
}

/* ---- time -------------------------------------------------------------------------- */

TEST(exchange_deadline_is_none_in_the_queue_and_in_the_end)
{
    drive d;
    drive_prepare(&d);
    if (CHECK_ERROR(pario_i_exchange_new(&d.request, &d.limits, NULL, &d.x), PARIO_OK)) {
        CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
        pario_i_exchange_end(d.x, PARIO_ERROR_CANCELLED, 5);
        CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
        check_drive(&d, "PARIO_ERROR_CANCELLED, queue");
    }
    drive_end(&d);
}

TEST(exchange_deadline_for_connecting)
{
    drive d;
    drive_prepare(&d);
    d.now = 1000;
    if (drive_begin(&d)) {
        CHECK_INT(pario_i_exchange_deadline(d.x), 1010);
        d.x->stage = PARIO_STAGE_CONNECT;
        CHECK_INT(pario_i_exchange_deadline(d.x), 1010);
        pario_i_exchange_expire(d.x, 1010);
        check_drive(&d, "PARIO_ERROR_CONNECT_TIMEOUT, connect");
    }
    drive_end(&d);
}

TEST(exchange_deadline_moves_with_each_byte_either_way)
{
    drive d;
    drive_prepare(&d);
    d.now = 1000;
    d.request.body = "abc";
    d.request.body_size = 3;
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, 1005);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1035);
        d.x->head_size = 50;
        pario_i_exchange_sent(d.x, 1, 1010);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1040);
        d.now = 1020;
        drive_receive_string(&d, "HTTP/1.1 1");
        CHECK_INT(pario_i_exchange_deadline(d.x), 1050);
        d.now = 1030;
        drive_receive_string(&d, "00 x\r\n\r\n");
        CHECK_INT(pario_i_exchange_deadline(d.x), 1060);
        pario_i_exchange_sent(d.x, 52, 1040);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1070);
        d.now = 1050;
        drive_receive_string(&d, CHUNKED);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1080);
        pario_i_exchange_expire(d.x, 1080);
        check_drive(&d, "PARIO_ERROR_PROGRESS_TIMEOUT, body");
    }
    drive_end(&d);
}

TEST(exchange_deadline_for_everything_together_does_not_move)
{
    drive d;
    drive_prepare(&d);
    d.now = 1000;
    if (drive_begin(&d)) {
        drive_send(&d, false);
        for (d.now = 1000; d.now < 1100; d.now += 9) {
            drive_receive_string(&d, d.now == 1000 ? OK_ "\r\n" : "x");
            int64_t progress = d.now + PATIENCE_PROGRESS;
            CHECK_INT(pario_i_exchange_deadline(d.x), progress < 1100 ? progress : 1100);
        }
        pario_i_exchange_expire(d.x, 1100);
        check_drive(&d, "PARIO_ERROR_TOTAL_TIMEOUT, body");
    }
    drive_end(&d);
}

TEST(exchange_deadline_for_connecting_is_cut_by_that_for_everything)
{
    drive d;
    drive_prepare(&d);
    d.limits.total = 5;
    d.now = 1000;
    if (drive_begin(&d)) {
        CHECK_INT(pario_i_exchange_deadline(d.x), 1005);
        pario_i_exchange_expire(d.x, 1005);
        check_drive(&d, "PARIO_ERROR_TOTAL_TIMEOUT, resolve");
    }
    drive_end(&d);
}

TEST(exchange_without_limits_of_time_has_no_deadline)
{
    static const int64_t starts[] = { 0, 1000, INT64_MAX / 2, INT64_MAX - 1 };
    for (size_t i = 0; i < COUNT(starts); i++) {
        drive d;
        drive_prepare(&d);
        d.limits.connect = INT64_MAX;
        d.limits.progress = INT64_MAX;
        d.limits.total = INT64_MAX;
        d.now = starts[i];
        test_case("from %jd", (intmax_t)starts[i]);
        if (drive_begin(&d)) {
            CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
            drive_send(&d, false);
            CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
        }
        drive_end(&d);
    }
}

TEST(exchange_deadline_for_connecting_begins_anew_with_each_connection)
{
    drive d;
    drive_prepare(&d);
    d.limits.redirects = 5;
    d.now = 1000;
    if (drive_begin(&d)) {
        drive_send(&d, true);
        d.now = 1020;
        drive_close(&d, 0);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1030);
        drive_send(&d, false);
        d.now = 1040;
        drive_receive_string(&d, "HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
        check_drive(&d, "GET http://h/b");
        CHECK_INT(pario_i_exchange_deadline(d.x), 1050);
        d.now = 1050;
        drive_send(&d, false);
        CHECK_INT(pario_i_exchange_deadline(d.x), 1080);
        d.now = 1090;
        drive_receive_string(&d, "H");
        CHECK_INT(pario_i_exchange_deadline(d.x), 1100);
    }
    drive_end(&d);
}

/* Waiting for a connection to a host that has all it may have is like waiting in the queue. */
TEST(exchange_deadlines_stand_still_while_it_is_paused)
{
    drive d;
    drive_prepare(&d);
    d.now = 1000000;
    if (drive_begin(&d)) {
        pario_i_exchange_pause(d.x, 1000005);
        CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
        pario_i_exchange_resume(d.x, 6000005);
        CHECK_UINT(d.x->queued_us, 6000);
        CHECK_INT(pario_i_exchange_deadline(d.x), 6000005 + PATIENCE_CONNECT);
        pario_i_exchange_connected(d.x, false, 6000010);
        CHECK_INT(pario_i_exchange_deadline(d.x), 6000010 + PATIENCE_PROGRESS);
        d.now = 6000080;
        drive_receive_string(&d, "H");
        CHECK_INT(pario_i_exchange_deadline(d.x), 6000000 + PATIENCE_TOTAL);
        pario_i_exchange_resume(d.x, 6000090);
        CHECK_INT(pario_i_exchange_deadline(d.x), 6000000 + PATIENCE_TOTAL);
    }
    drive_end(&d);
}

TEST(exchange_that_is_paused_twice_waits_all_the_time)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin(&d)) {
        pario_i_exchange_pause(d.x, 10000);
        pario_i_exchange_pause(d.x, 50000);
        pario_i_exchange_resume(d.x, 70000);
        CHECK_UINT(d.x->queued_us, 60);
        CHECK_INT(d.x->started_at, 60000);
    }
    drive_end(&d);
    drive_prepare(&d);
    if (drive_begin(&d)) {
        d.x->queued_us = UINT32_MAX - 1;
        pario_i_exchange_pause(d.x, 0);
        pario_i_exchange_resume(d.x, 5000);
        CHECK_UINT(d.x->queued_us, UINT32_MAX);
    }
    drive_end(&d);
}

TEST(exchange_may_be_paused_before_it_begins)
{
    drive d;
    drive_prepare(&d);
    if (CHECK_ERROR(pario_i_exchange_new(&d.request, &d.limits, NULL, &d.x), PARIO_OK)) {
        d.x->started_at = 1000000;
        pario_i_exchange_pause(d.x, 2000000);
        CHECK_INT(pario_i_exchange_deadline(d.x), INT64_MAX);
        pario_i_exchange_resume(d.x, 3000000);
        pario_i_exchange_start(d.x, 3000000);
        CHECK_UINT(d.x->queued_us, 2000);
        CHECK_INT(pario_i_exchange_deadline(d.x), 3000000 + PATIENCE_CONNECT);
    }
    drive_end(&d);
}

TEST(exchange_measures_its_times_in_microseconds)
{
    drive d;
    drive_prepare(&d);
    if (CHECK_ERROR(pario_i_exchange_new(&d.request, &d.limits, NULL, &d.x), PARIO_OK)) {
        d.x->started_at = 1000000;
        pario_i_exchange_start(d.x, 3000999);
        CHECK_UINT(d.x->queued_us, 2000);
        d.now = 8000999;
        drive_send(&d, false);
        CHECK_UINT(d.x->connected_us, 5000);
        d.now = 10000999;
        drive_receive_string(&d, "H");
        d.now = 99000999;
        drive_receive_string(&d, "T");
        CHECK_UINT(pario_i_exchange_first_byte_us(d.x), 7000);
    }
    drive_end(&d);
    CHECK_UINT(pario_i_elapsed_us(0, 0), 0);
    CHECK_UINT(pario_i_elapsed_us(5, 4), 0);
    CHECK_UINT(pario_i_elapsed_us(0, 999), 0);
    CHECK_UINT(pario_i_elapsed_us(0, 1000), 1);
    CHECK_UINT(pario_i_elapsed_us(0, INT64_MAX), UINT32_MAX);
    CHECK_UINT(pario_i_elapsed_us(0, (int64_t)UINT32_MAX * 1000), UINT32_MAX);
}

/* ---- redirects, RFC 9110 section 15.4 ---------------------------------------------- */

#define TO(status, location)                                                                       \
    "HTTP/1.1 " #status " x\r\nLocation: " location "\r\nContent-Length: 0\r\n\r\n"

static const reply_case followed[] = {
    { CORE_TEXT(TO(301, "/b")), "GET http://h/b" },
    { CORE_TEXT(TO(302, "b?c#d")), "GET http://h/b?c#d" },
    { CORE_TEXT(TO(303, "http://i/b")), "GET http://i/b" },
    { CORE_TEXT(TO(307, "//i:81")), "GET http://i:81/" },
    { CORE_TEXT(TO(308, "")), "PARIO_ERROR_REDIRECT_LOOP, body" },
    { CORE_TEXT(TO(302, "/a")), "PARIO_ERROR_REDIRECT_LOOP, body" },
    { CORE_TEXT(TO(302, "/a#b")), "PARIO_ERROR_REDIRECT_LOOP, body" },
    { CORE_TEXT(TO(302, "/b c")), "GET http://h/b%20c" },
    { CORE_TEXT(TO(302, "http://u:p@i/")), "GET http://i/" },
    { CORE_TEXT(TO(302, "http:b")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//i:0/")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//i j/")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//u@v@i/")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//u@@i/")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//u@@[::1]/")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "//u@[::1]/")), "GET http://[::1]/" },
    { CORE_TEXT(TO(302, "ftp://i/")), "PARIO_ERROR_REDIRECT_SCHEME, body" },
    { CORE_TEXT(TO(302, "file:///etc/passwd")), "PARIO_ERROR_REDIRECT_SCHEME, body" },
    { CORE_TEXT(TO(302, "javascript:alert(1)")), "PARIO_ERROR_REDIRECT_SCHEME, body" },
    { CORE_TEXT(TO(302, "/b\r\nLocation: /c")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(302, "/b\r\nlocation: /b")), "PARIO_ERROR_REDIRECT_LOCATION, body" },
    { CORE_TEXT(TO(300, "/b")), "300 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT(TO(304, "/b")), "304 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT(TO(305, "/b")), "305 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT(TO(306, "/b")), "306 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT(TO(201, "/b")), "201 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nContent-Length: 1\r\n\r\nx"), "302 <x> Content-Length=1, keep" },
};

TEST(exchange_follows_redirects)
{
    check_replies("GET", 5, followed, COUNT(followed));
}

static const reply_case not_followed[] = {
    { CORE_TEXT(TO(301, "/b")), "301 <> Location=/b Content-Length=0, keep" },
    { CORE_TEXT(TO(302, "ftp://i/")), "302 <> Location=ftp://i/ Content-Length=0, keep" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\n\r\nabc"), "302 <abc> Location=/b" },
};

TEST(exchange_hands_redirects_out_unless_asked_to_follow)
{
    check_replies("GET", 0, not_followed, COUNT(not_followed));
}

static const reply_case with_content[] = {
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nabc"),
      "GET http://h/b" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n0\r\nT: u\r\n\r\n"),
      "GET http://h/b" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\n\r\nabc"), "GET http://h/b" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nab"),
      "PARIO_ERROR_BODY_TRUNCATED, body" },
    { CORE_TEXT("HTTP/1.1 302 x\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\nx"),
      "PARIO_ERROR_CHUNK_SIZE, body" },
};

TEST(exchange_passes_over_the_content_of_redirects)
{
    check_replies("GET", 5, with_content, COUNT(with_content));
}

/* Content that is thrown away is not limited by how much may be kept. */
TEST(exchange_does_not_mind_large_content_of_redirects)
{
    static const char *const framings[] = {
        "Content-Length: 100\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n64\r\n",
    };
    for (size_t i = 0; i < COUNT(framings); i++) {
        drive d;
        drive_prepare(&d);
        d.limits.redirects = 5;
        d.limits.body_bytes = 10;
        test_case("%s", framings[i]);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive_string(&d, "HTTP/1.1 302 x\r\nLocation: /b\r\n");
            drive_receive_string(&d, framings[i]);
            for (unsigned k = 0; k < 10; k++) {
                check_drive(&d, "receives");
                drive_receive_string(&d, "0123456789");
            }
            drive_receive_string(&d, i == 0 ? "" : "\r\n0\r\n\r\n");
            check_drive(&d, "GET http://h/b");
            CHECK(d.x->keep);
        }
        drive_end(&d);
    }
}

/* A redirect with more content than it is worth reading costs its connection instead. */
TEST(exchange_gives_a_connection_up_rather_than_read_on_for_ever)
{
    static const char *const framings[] = {
        "Content-Length: 999999999\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        "\r\n",
    };
    char *bytes = (char *)malloc(200000);
    if (!CHECK(bytes != NULL)) {
        return;
    }
    memset(bytes, 'x', 200000);
    for (size_t i = 0; i < COUNT(framings); i++) {
        drive     d;
        core_text text = { bytes, 200000 };
        drive_prepare(&d);
        d.limits.redirects = 5;
        test_case("%s", framings[i]);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            drive_receive_string(&d, "HTTP/1.1 302 x\r\nLocation: /b\r\n");
            drive_receive_string(&d, framings[i]);
            drive_receive(&d, text, CORE_WHOLE);
            check_drive(&d, "GET http://h/b");
            CHECK(!d.x->keep);
            CHECK(d.x->moves);
        }
        drive_end(&d);
    }
    free(bytes);
}

TEST(exchange_changes_the_method_as_the_status_says)
{
    static const struct {
        const char *method;
        unsigned    status;
        const char *then;
    } cases[] = {
        { "GET", 301, "GET" },      { "GET", 303, "GET" },      { "GET", 308, "GET" },
        { "HEAD", 301, "HEAD" },    { "HEAD", 302, "HEAD" },    { "HEAD", 303, "HEAD" },
        { "HEAD", 307, "HEAD" },    { "POST", 301, "GET" },     { "POST", 302, "GET" },
        { "POST", 303, "GET" },     { "POST", 307, "POST" },    { "POST", 308, "POST" },
        { "PUT", 301, "PUT" },      { "PUT", 302, "PUT" },      { "PUT", 303, "GET" },
        { "PUT", 307, "PUT" },      { "PUT", 308, "PUT" },      { "DELETE", 302, "DELETE" },
        { "DELETE", 303, "GET" },   { "SEARCH", 301, "OTHER" }, { "SEARCH", 303, "GET" },
        { "SEARCH", 307, "OTHER" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        drive d;
        char  text[128];
        bool  changed = strcmp(cases[i].method, cases[i].then) != 0 && cases[i].then[0] == 'G';
        drive_prepare(&d);
        d.limits.redirects = 5;
        d.request.method = cases[i].method;
        d.request.body = "abc";
        d.request.body_size = 3;
        test_case("%s, %u", cases[i].method, cases[i].status);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            snprintf(text, sizeof text,
                     "HTTP/1.1 %u x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", cases[i].status);
            drive_receive_string(&d, text);
            snprintf(text, sizeof text, "%s http://h/b", cases[i].then);
            check_drive(&d, text);
            CHECK_UINT(pario_i_order_content(&d.x->order).size, changed ? 0 : 3);
            drive_send(&d, false);
            bool has = drive_sent(&d, "Content-Length");
            CHECK_INT(has, !changed);
        }
        drive_end(&d);
    }
}

static void check_secret(const char *url, const char *location, bool stays)
{
    static const pario_field fields[] = { { "Cookie", "secret" }, { "Authorization", "secret" } };
    drive                    d;
    char                     text[256];
    drive_prepare(&d);
    d.limits.redirects = 5;
    d.limits.tls = true;
    d.request.url = url;
    d.request.fields = fields;
    d.request.field_count = strchr(url, '@') == NULL ? 2 : 1;
    test_case("%s to %s", url, location);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        snprintf(text, sizeof text, "HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                 location);
        drive_receive_string(&d, text);
        CHECK_INT(d.x->phase, PARIO_I_CONNECT);
        drive_send(&d, false);
        CHECK_INT(drive_sent(&d, "secret"), stays);
        CHECK_INT(drive_sent(&d, "Authorization"), stays);
        CHECK_INT((d.x->order.flags & PARIO_I_SECRET) != 0, stays);
        CHECK(strchr((const char *)d.x->order.url, '@') == NULL);
    }
    drive_end(&d);
}

TEST(exchange_leaves_secrets_behind_on_another_origin)
{
    check_secret("http://h/a", "/b", true);
    check_secret("http://h/a", "http://h/b", true);
    check_secret("http://h/a", "http://H:80/b", true);
    check_secret("http://u:p@h/a", "/b", true);
    check_secret("http://h/a", "http://i/b", false);
    check_secret("http://h/a", "http://h.i/b", false);
    check_secret("http://h/a", "http://h:81/b", false);
    check_secret("http://h/a", "https://h/b", false);
    check_secret("http://h/a", "https://h:80/b", false);
    check_secret("http://u:p@h/a", "http://i/b", false);
    check_secret("http://u:p@h/a", "//v:q@i/b", false);
    check_secret("https://h/a", "https://i/b", false);
}

/* They do not come back when a later redirect leads to where they were meant for. */
TEST(exchange_leaves_secrets_behind_for_good)
{
    drive d;
    drive_prepare(&d);
    d.limits.redirects = 5;
    d.request.user = "u";
    if (drive_begin(&d)) {
        drive_send(&d, false);
        CHECK(drive_sent(&d, "Authorization"));
        drive_receive_string(&d, TO(302, "http://i/"));
        drive_send(&d, false);
        drive_receive_string(&d, TO(302, "http://h/b"));
        check_drive(&d, "GET http://h/b");
        drive_send(&d, false);
        CHECK(!drive_sent(&d, "Authorization"));
    }
    drive_end(&d);
}

TEST(exchange_follows_to_https_only_where_it_can_be_had_and_never_back)
{
    static const struct {
        const char *url;
        bool        tls;
        const char *location;
        const char *expected;
    } cases[] = {
        { "http://h/a", false, "https://h/b", "PARIO_ERROR_NEEDS_TLS, body" },
        { "http://h/a", true, "https://h/b", "GET https://h/b" },
        { "https://h/a", true, "/b", "GET https://h/b" },
        { "https://h/a", true, "//i/b", "GET https://i/b" },
        { "https://h/a", true, "http://h/b", "PARIO_ERROR_REDIRECT_SCHEME, body" },
        { "https://h/a", true, "HTTP://h:443/b", "PARIO_ERROR_REDIRECT_SCHEME, body" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        drive d;
        char  text[128];
        drive_prepare(&d);
        d.limits.redirects = 5;
        d.limits.tls = cases[i].tls;
        d.request.url = cases[i].url;
        test_case("%s to %s", cases[i].url, cases[i].location);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            snprintf(text, sizeof text,
                     "HTTP/1.1 302 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                     cases[i].location);
            drive_receive_string(&d, text);
            check_drive(&d, cases[i].expected);
        }
        drive_end(&d);
    }
}

TEST(exchange_follows_exactly_as_many_redirects_as_allowed)
{
    for (uint32_t allowed = 1; allowed < 6; allowed++) {
        drive d;
        char  text[128];
        drive_prepare(&d);
        d.limits.redirects = allowed;
        test_case("%u allowed", allowed);
        if (drive_begin(&d)) {
            for (uint32_t i = 0; i <= allowed; i++) {
                CHECK_INT(d.x->phase, PARIO_I_CONNECT);
                CHECK_UINT(pario_i_exchange_redirects(d.x), i);
                drive_send(&d, false);
                snprintf(text, sizeof text,
                         "HTTP/1.1 302 x\r\nLocation: /%u\r\nContent-Length: 0\r\n\r\n", i);
                drive_receive_string(&d, text);
            }
            check_drive(&d, "PARIO_ERROR_TOO_MANY_REDIRECTS, body");
        }
        drive_end(&d);
    }
}

/* Circles of each length, entered by a tail of each length. */
TEST(exchange_notices_that_redirects_run_in_a_circle)
{
    for (unsigned tail = 0; tail < 6; tail++) {
        for (unsigned circle = 1; circle < 8; circle++) {
            drive d;
            char  text[128];
            drive_prepare(&d);
            d.limits.redirects = UINT32_MAX;
            d.limits.total = INT64_MAX;
            d.request.url = "http://h/0";
            test_case("%u before a circle of %u", tail, circle);
            bool     begun = drive_begin(&d);
            unsigned steps = 0;
            for (unsigned at = 0; begun && d.x->phase == PARIO_I_CONNECT && steps < 60; steps++) {
                at = at + 1 < tail + circle ? at + 1 : tail;
                drive_send(&d, false);
                snprintf(text, sizeof text,
                         "HTTP/1.1 302 x\r\nLocation: /%u\r\nContent-Length: 0\r\n\r\n", at);
                drive_receive_string(&d, text);
            }
            check_drive(&d, "PARIO_ERROR_REDIRECT_LOOP, body");
            CHECK(steps <= 3 * (tail + circle) + 1);
            drive_end(&d);
        }
    }
}

/* The page that a form leads back to is not a circle: it is asked for with another method. */
TEST(exchange_may_come_back_with_another_method)
{
    drive d;
    drive_prepare(&d);
    d.limits.redirects = 5;
    d.request.method = "POST";
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, TO(303, "/a"));
        check_drive(&d, "GET http://h/a");
        drive_send(&d, false);
        drive_receive_string(&d, TO(303, "/a"));
        check_drive(&d, "PARIO_ERROR_REDIRECT_LOOP, body");
    }
    drive_end(&d);
}

TEST(exchange_may_be_sent_again_after_a_redirect_too)
{
    drive d;
    drive_prepare(&d);
    d.limits.redirects = 5;
    if (drive_begin(&d)) {
        drive_send(&d, true);
        drive_close(&d, 0);
        drive_send(&d, false);
        drive_receive_string(&d, TO(302, "/b"));
        check_drive(&d, "GET http://h/b");
        CHECK(!d.x->replayed);
        drive_send(&d, true);
        drive_close(&d, 0);
        check_drive(&d, "GET http://h/b");
        CHECK(d.x->replayed);
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0, keep");
        CHECK_UINT(pario_i_exchange_redirects(d.x), 1);
    }
    drive_end(&d);
}

/* ---- memory ------------------------------------------------------------------------ */

static const struct {
    const char *reply;
    size_t      cut;
} hungry[] = {
    { OK_ "A: b\r\nContent-Length: 3\r\n\r\nabc", CORE_WHOLE },
    { OK_ "A: b\r\nContent-Length: 3\r\n\r\nabc", CORE_BYTE_BY_BYTE },
    { OK_ "\r\nabc", CORE_BYTE_BY_BYTE },
    { CHUNKED "3\r\nabc\r\n0\r\nT: u\r\n\r\n", CORE_WHOLE },
    { CHUNKED "3\r\nabc\r\n0\r\nT: u\r\n\r\n", CORE_BYTE_BY_BYTE },
    { "HTTP/1.1 100 x\r\nA: b\r\n\r\n" TO(302, "/b"), CORE_WHOLE },
    { "HTTP/1.1 100 x\r\nA: b\r\n\r\n" TO(302, "/b"), CORE_BYTE_BY_BYTE },
};

/* Runs one reply with the n-th allocation failing; whether that one was reached. */
static bool check_hungry(size_t i, unsigned long n)
{
    drive     d;
    core_text text = { hungry[i].reply, strlen(hungry[i].reply) };
    bool      reached = false;
    drive_prepare(&d);
    d.limits.redirects = 5;
    test_case("%s, allocation %lu", hungry[i].reply, n);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        core_fail_at(n);
        drive_receive(&d, text, hungry[i].cut);
        reached = !core_failure_is_due();
        core_fail_at(0);
        drive_close(&d, 0);
        if (reached) {
            CHECK_INT(d.x->phase, PARIO_I_END);
            CHECK_ERROR((pario_error)d.x->error, PARIO_ERROR_MEMORY);
            CHECK(!d.x->keep);
        } else {
            CHECK(d.x->phase == PARIO_I_CONNECT || d.x->error == PARIO_OK);
        }
    }
    drive_end(&d);
    return reached;
}

TEST(exchange_survives_that_memory_runs_out_at_any_moment)
{
    for (size_t i = 0; i < COUNT(hungry); i++) {
        unsigned long n = 1;
        while (n < 100 && check_hungry(i, n)) {
            n++;
        }
        CHECK(n > 2 && n < 100);
    }
}

TEST(exchange_with_limits_of_its_own_carries_them)
{
    drive          d;
    pario_i_limits own;
    drive_prepare(&d);
    own = d.limits;
    own.body_bytes = 2;
    if (CHECK_ERROR(pario_i_exchange_new(&d.request, &d.limits, &own, &d.x), PARIO_OK)) {
        memset(&own, 0, sizeof own);
        pario_i_exchange_start(d.x, 0);
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 3\r\n\r\n");
        check_drive(&d, TOO_LARGE);
    }
    drive_end(&d);
}

/* ---- tunnels ----------------------------------------------------------------------- */

/* A proxy's answer in pieces; returns whether the tunnel stands. */
static bool drive_answer(drive *d, core_text text, size_t cut)
{
    bool   stands = false;
    size_t at = 0;
    while (at < text.size && d->x->phase == PARIO_I_CONNECT && !stands) {
        size_t      end = core_piece_end(cut, at, text.size);
        const char *s = test_fence_put(&d->fence, text.bytes + at, end - at);
        stands =
            pario_i_exchange_tunnelled(d->x, &d->spare, (const unsigned char *)s, end - at, d->now);
        at = end;
    }
    return stands;
}

TEST(exchange_judges_a_proxys_answer_the_same_in_every_cut)
{
    static const struct {
        core_text   answer;
        pario_error error;
        bool        stands;
    } cases[] = {
        { CORE_TEXT("HTTP/1.1 200 OK\r\n\r\n"), PARIO_OK, true },
        { CORE_TEXT("HTTP/1.0 299\nA: b\n\n"), PARIO_OK, true },
        { CORE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\n"),
          PARIO_OK, true },
        { CORE_TEXT("HTTP/1.1 100 A\r\n\r\nHTTP/1.1 102 B\r\nC: d\r\n\r\nHTTP/1.1 204 E\r\n\r\n"),
          PARIO_OK, true },
        { CORE_TEXT("HTTP/1.1 200 OK\r\n"), PARIO_OK, false },
        { CORE_TEXT("HTTP/1.1 100 A\r\n\r\n"), PARIO_OK, false },
        { CORE_TEXT("HTTP/1.1 300 Many\r\n\r\n"), PARIO_ERROR_PROXY_REFUSED, false },
        { CORE_TEXT("HTTP/1.1 407 Who\r\nContent-Length: 4\r\n\r\n"), PARIO_ERROR_PROXY_REFUSED,
          false },
        { CORE_TEXT("HTTP/1.1 100 A\r\n\r\nHTTP/1.1 999 B\r\n\r\n"), PARIO_ERROR_PROXY_REFUSED,
          false },
        { CORE_TEXT("HTTP/1.1 101 Up\r\n\r\n"), PARIO_ERROR_UPGRADE, false },
        { CORE_TEXT("HTTP/2 200 OK\r\n"), PARIO_ERROR_VERSION, false },
        { CORE_TEXT("HTTQ"), PARIO_ERROR_STATUS_LINE, false },
        { CORE_TEXT("HTTP/1.1 200 OK\r\nA b\r\n"), PARIO_ERROR_FIELD_LINE, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut < CORE_CUTS(cases[i].answer.size); cut++) {
            drive d;
            drive_prepare(&d);
            core_case(cases[i].answer.bytes, cut);
            if (drive_begin(&d)) {
                CHECK_INT(drive_answer(&d, cases[i].answer, cut), cases[i].stands);
                CHECK_ERROR((pario_error)d.x->error, cases[i].error);
                CHECK_INT(d.x->phase, cases[i].error == PARIO_OK ? PARIO_I_CONNECT : PARIO_I_END);
                CHECK(!cases[i].stands || d.x->reply == NULL);
            }
            drive_end(&d);
        }
    }
}

/* What comes with the answer is refused; what comes behind it is for TLS to judge. */
TEST(exchange_refuses_bytes_behind_a_proxys_answer)
{
    static const core_text text = CORE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for (size_t cut = 0; cut < CORE_CUTS(text.size); cut++) {
        bool  apart = cut == CORE_BYTE_BY_BYTE || cut == text.size - 1;
        drive d;
        drive_prepare(&d);
        core_case("content", cut);
        if (drive_begin(&d)) {
            CHECK_INT(drive_answer(&d, text, cut), apart);
            CHECK_ERROR((pario_error)d.x->error, apart ? PARIO_OK : PARIO_ERROR_PROXY_BYTES);
        }
        drive_end(&d);
    }
}

TEST(exchange_without_a_tunnel_says_how_far_the_proxy_came)
{
    static const struct {
        core_text   answer;
        int         system_error;
        pario_error error;
    } cases[] = {
        { CORE_TEXT(""), 0, PARIO_ERROR_EMPTY_REPLY },
        { CORE_TEXT("H"), 0, PARIO_ERROR_HEAD_TRUNCATED },
        { CORE_TEXT("HTTP/1.1 100 A\r\n\r\n"), 0, PARIO_ERROR_HEAD_TRUNCATED },
        { CORE_TEXT(""), 104, PARIO_ERROR_RECEIVE },
        { CORE_TEXT("HTTP/1.1 200 OK\r\n"), 104, PARIO_ERROR_RECEIVE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        drive d;
        drive_prepare(&d);
        test_case("%s, %d", cases[i].answer.bytes, cases[i].system_error);
        if (drive_begin(&d)) {
            CHECK(!drive_answer(&d, cases[i].answer, CORE_WHOLE));
            pario_i_exchange_not_tunnelled(d.x, cases[i].system_error, d.now);
            CHECK_ERROR((pario_error)d.x->error, cases[i].error);
            CHECK_INT(d.x->system_error, cases[i].system_error);
        }
        drive_end(&d);
    }
}

/* Each allocation on the way to a tunnel fails once. */
TEST(exchange_survives_when_memory_runs_out_for_a_proxys_answer)
{
    static const core_text text =
        CORE_TEXT("HTTP/1.1 100 A\r\nB: c\r\n\r\nHTTP/1.1 200 OK\r\nD: e\r\n\r\n");
    bool          stands = false;
    unsigned long n = 0;
    while (!stands && n < 100) {
        drive d;
        drive_prepare(&d);
        n++;
        if (drive_begin(&d)) {
            core_fail_at(n);
            stands = drive_answer(&d, text, CORE_BYTE_BY_BYTE);
            CHECK_ERROR((pario_error)d.x->error, stands ? PARIO_OK : PARIO_ERROR_MEMORY);
            core_fail_at(0);
        }
        drive_end(&d);
    }
    CHECK(n > 3);
    CHECK(stands);
}

/* ---- races of addresses, RFC 8305 --------------------------------------------------------- */

#define MS INT64_C(1000000)
#define FAR (INT64_MAX / 2)

/* Tries the next address with a descriptor of the same number, if it has its turn. */
static bool race_tries(pario_i_race *race, int64_t at, int64_t deadline)
{
    bool wants = pario_i_race_wants(race, at);
    if (wants) {
        pario_i_race_begun(race, race->next, at, deadline);
    }
    return wants;
}

TEST(race_gives_each_address_a_head_start)
{
    pario_i_race *race = pario_i_race_new(3);
    if (CHECK(race != NULL)) {
        CHECK(race_tries(race, 0, FAR));
        CHECK(!race_tries(race, 0, FAR));
        CHECK_INT(pario_i_race_due(race), PARIO_NEXT_ADDRESS_MS * MS);
        CHECK(!race_tries(race, (PARIO_NEXT_ADDRESS_MS * MS) - 1, FAR));
        CHECK(race_tries(race, PARIO_NEXT_ADDRESS_MS * MS, FAR));
        CHECK_INT(pario_i_race_due(race), 2 * PARIO_NEXT_ADDRESS_MS * MS);
        CHECK(race_tries(race, 2 * PARIO_NEXT_ADDRESS_MS * MS, FAR));
        CHECK_INT(pario_i_race_due(race), INT64_MAX);
        CHECK(!race_tries(race, FAR, FAR));
        CHECK_UINT(race->running, 3);
        CHECK_UINT(race->address, 2);
        PARIO_FREE(race);
    }
}

TEST(race_goes_on_at_once_when_a_try_fails)
{
    pario_i_race *race = pario_i_race_new(4);
    if (CHECK(race != NULL)) {
        CHECK(race_tries(race, 0, FAR));
        CHECK(race_tries(race, 300 * MS, FAR));
        pario_i_race_lost(race, 0, ECONNREFUSED, 310 * MS);
        CHECK_UINT(race->running, 1);
        CHECK_INT(race->tries[0].fd, 1);
        CHECK_UINT(race->address, 0);
        CHECK_INT(race->system_error, ECONNREFUSED);
        CHECK_INT(pario_i_race_due(race), 310 * MS);
        CHECK(race_tries(race, 310 * MS, FAR));
        CHECK_INT(pario_i_race_due(race), (310 + PARIO_NEXT_ADDRESS_MS) * MS);
        pario_i_race_lost(race, 1, ENETUNREACH, 320 * MS);
        pario_i_race_lost(race, 0, ETIMEDOUT, 320 * MS);
        CHECK_UINT(race->address, 1);
        CHECK(race_tries(race, 320 * MS, FAR));
        pario_i_race_lost(race, 0, EHOSTUNREACH, 330 * MS);
        CHECK(!race_tries(race, FAR, FAR));
        CHECK_UINT(race->running, 0);
        CHECK_UINT(race->address, 3);
        CHECK_INT(race->system_error, EHOSTUNREACH);
        PARIO_FREE(race);
    }
}

/* Where there is little time, all addresses share it. */
TEST(race_leaves_time_for_each_address)
{
    pario_i_race *race = pario_i_race_new(3);
    if (CHECK(race != NULL)) {
        CHECK(race_tries(race, 0, 300 * MS));
        CHECK_INT(pario_i_race_due(race), 100 * MS);
        CHECK(race_tries(race, 100 * MS, 300 * MS));
        CHECK_INT(pario_i_race_due(race), 200 * MS);
        CHECK(race_tries(race, 300 * MS, 300 * MS));
        PARIO_FREE(race);
    }
}

/* With each answer that the world may give, no address is tried twice or before its turn. */
TEST(race_tries_every_address_once)
{
    for (unsigned seed = 1; seed <= 2000; seed++) {
        unsigned      state = seed;
        unsigned      tried = 0;
        int64_t       at = 0;
        pario_i_race *race = pario_i_race_new(1 + (seed % PARIO_I_MAX_ADDRESSES));
        if (!CHECK(race != NULL)) {
            return;
        }
        while (race->next < race->count || race->running > 0) {
            state = (state * 1103515245u) + 12345u;
            if (race_tries(race, at, FAR)) {
                CHECK_UINT(race->address, tried);
                tried++;
            } else if (race->running > 0 && (state >> 16) % 3 == 0) {
                pario_i_race_lost(race, (state >> 20) % race->running, ECONNREFUSED, at);
            } else {
                at += (state >> 16) % 100 * MS;
            }
            for (size_t i = 1; i < race->running; i++) {
                CHECK(race->tries[i - 1].address < race->tries[i].address);
            }
        }
        CHECK_UINT(tried, race->count);
        PARIO_FREE(race);
    }
}

/* ---- content that is passed on ------------------------------------------------------ */

/* Has the content passed on: to a consumer, or to a descriptor. */
static void pass_on(drive *d, bool stream)
{
    static char nobody; /* whose place is all that is looked at */
    void       *consumer = &nobody;
    d->limits.passes = true;
    d->limits.consumer = stream ? (pario_client *)consumer : NULL;
    d->limits.into_fd = stream ? 0 : 7;
}

/* Takes what is here, as whoever it is for would; says it as "[head]", "[abc]". */
static void take_parts(drive *d, core_line *line, bool stream)
{
    uint8_t wanted = stream ? PARIO_I_HELD : PARIO_I_STORE;
    while (d->x->phase == wanted) {
        const pario_i_buffer *content = &d->x->reply->content;
        bool                  head = stream && !d->x->reply->opened;
        core_say(line, "[");
        core_say_bytes(line, head ? (const void *)"head" : content->data, head ? 4 : content->size);
        core_say(line, "]");
        if (stream) {
            pario_i_exchange_released(d->x, d->now);
        } else {
            pario_i_exchange_passed(d->x, 1, d->now); /* byte by byte, as a slow pipe does */
        }
    }
}

/* Receives a reply whose parts are taken as they come: where content is to be received at once it
 * is put there, as the kernel would. */
static void receive_parts(drive *d, core_text text, size_t cut, core_line *line)
{
    bool   stream = d->limits.consumer != NULL;
    size_t at = 0;
    while (at < text.size && drive_wants(d)) {
        size_t         end = core_piece_end(cut, at, text.size);
        size_t         room = 0;
        unsigned char *place = pario_i_exchange_place(d->x, &room);
        if (place != NULL && CHECK(room >= end - at)) {
            memcpy(place, text.bytes + at, end - at);
            pario_i_exchange_received(d->x, NULL, place, end - at, d->now);
        } else {
            place = (unsigned char *)test_fence_put(&d->fence, text.bytes + at, end - at);
            pario_i_exchange_received(d->x, &d->spare, place, end - at, d->now);
        }
        take_parts(d, line, stream);
        at = end;
    }
    drive_close(d, 0);
    take_parts(d, line, stream);
}

static const reply_case passed[] = {
    { CORE_TEXT(OK_ "Content-Length: 3\r\n\r\nabc"), "200 <> Content-Length=3, keep" },
    { CORE_TEXT(OK_ "Content-Length: 0\r\n\r\n"), "200 <> Content-Length=0, keep" },
    { CORE_TEXT(OK_ "\r\nabc"), "200 <>" },
    { CORE_TEXT(CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n"),
      "200 <> " SAYS ", trailers T=u, keep" },
    { CORE_TEXT("HTTP/1.1 103 x\r\n\r\n" OK_ "Content-Length: 3\r\n\r\nabc"),
      "200 <> Content-Length=3, keep" },
};

/* The parts of a case, in one cut, put together again. */
static void check_passed(const reply_case *reply, size_t cut, bool stream, bool empty)
{
    drive     d;
    core_line parts = { "", 0 };
    drive_prepare(&d);
    pass_on(&d, stream);
    core_case(reply->text.bytes, cut);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        receive_parts(&d, reply->text, cut, &parts);
        check_drive(&d, reply->expected);
        CHECK((strstr(parts.text, "[head]") == parts.text) == stream);
        CHECK_UINT(d.x->reply->passed, empty ? 0 : 3);
        CHECK_UINT(d.x->reply->content.size, 0);
    }
    drive_end(&d);
}

TEST(exchange_passes_content_on_in_every_cut)
{
    for (size_t i = 0; i < COUNT(passed); i++) {
        for (size_t cut = 0; cut < CORE_CUTS(passed[i].text.size); cut++) {
            check_passed(&passed[i], cut, true, i == 1);
            check_passed(&passed[i], cut, false, i == 1);
        }
    }
}

/* How much is received at once where content is passed on. */
static size_t part_room(bool stream, bool pipes)
{
    drive  d;
    size_t room = 0;
    drive_prepare(&d);
    pass_on(&d, stream);
    d.limits.pipes = pipes;
    if (drive_begin(&d)) {
        core_line parts = { "", 0 };
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 1000000\r\n\r\nabc");
        take_parts(&d, &parts, stream);
        CHECK(pario_i_exchange_place(d.x, &room) != NULL);
        CHECK(d.x->reply->content.room > room);
        drive_close(&d, 0);
    }
    drive_end(&d);
    return room;
}

TEST(exchange_receives_more_at_once_for_what_does_not_wait)
{
    CHECK(part_room(true, false) <= 65536);
    CHECK_UINT(part_room(true, false), part_room(false, true));
    CHECK(part_room(false, false) > part_room(false, true));
    CHECK(part_room(false, false) <= 262144);
    CHECK(part_room(false, false) % 4096 != 0); /* see PARIO_I_PART_BYTES */
    CHECK(part_room(false, true) % 4096 != 0);
}

/* The order in which parts are handed out, and that nothing is wanted of the server before each. */
TEST(exchange_wants_nothing_while_a_part_is_out)
{
    drive     d;
    core_line parts = { "", 0 };
    drive_prepare(&d);
    pass_on(&d, true);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, CHUNKED "2\r\nab\r\n");
        CHECK_INT(d.x->phase, PARIO_I_HELD);
        CHECK(!drive_wants(&d));
        take_parts(&d, &parts, true);
        CHECK_INT(d.x->phase, PARIO_I_RECEIVE);
        drive_receive_string(&d, "1\r\nc\r\n0\r\n\r\n");
        CHECK_INT(d.x->phase, PARIO_I_HELD);
        take_parts(&d, &parts, true);
        CHECK_STR(parts.text, "[head][ab][c]");
        CHECK_INT(d.x->phase, PARIO_I_END);
        CHECK(d.x->keep);
    }
    drive_end(&d);
}

/* A request that was answered early goes on being sent after each part. */
TEST(exchange_goes_on_sending_after_a_part)
{
    drive     d;
    core_line parts = { "", 0 };
    drive_prepare(&d);
    pass_on(&d, true);
    if (drive_begin(&d)) {
        pario_i_exchange_connected(d.x, false, d.now);
        d.x->head_size = 50;
        pario_i_exchange_sent(d.x, 20, d.now);
        drive_receive_string(&d, OK_ "Content-Length: 3\r\n\r\na");
        take_parts(&d, &parts, true);
        CHECK_INT(d.x->phase, PARIO_I_SEND);
        pario_i_exchange_sent(d.x, 30, d.now);
        CHECK_INT(d.x->phase, PARIO_I_RECEIVE);
        drive_receive_string(&d, "bc");
        take_parts(&d, &parts, true);
        CHECK_STR(parts.text, "[head][a][bc]");
        check_drive(&d, "200 <> Content-Length=3, keep");
    }
    drive_end(&d);
}

/* The total time alone goes on while a part is out; then progress is counted anew. */
TEST(exchange_is_not_late_while_a_part_is_out)
{
    drive d;
    drive_prepare(&d);
    pass_on(&d, true);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 3\r\n\r\n");
        CHECK_INT(pario_i_exchange_deadline(d.x), PATIENCE_TOTAL);
        d.now = PATIENCE_PROGRESS + 5;
        pario_i_exchange_released(d.x, d.now);
        CHECK_INT(pario_i_exchange_deadline(d.x), 2 * PATIENCE_PROGRESS + 5);
        drive_receive_string(&d, "ab");
        CHECK_INT(d.x->phase, PARIO_I_HELD);
        pario_i_exchange_expire(d.x, PATIENCE_TOTAL);
        check_drive(&d, "PARIO_ERROR_TOTAL_TIMEOUT, body");
    }
    drive_end(&d);
}

/* What a consumer has in its hands stays, whatever becomes of the exchange; and it has had it. */
TEST(exchange_keeps_a_part_that_is_out)
{
    drive d;
    drive_prepare(&d);
    pass_on(&d, true);
    if (drive_begin(&d)) {
        drive_send(&d, false);
        drive_receive_string(&d, OK_ "Content-Length: 3\r\n\r\nab");
        pario_i_exchange_released(d.x, d.now);
        d.x->held = true;
        pario_i_exchange_end(d.x, PARIO_ERROR_CANCELLED, d.now);
        CHECK_UINT(d.x->reply->content.size, 2);
        CHECK(d.x->reply->content.data != NULL && d.x->reply->content.data[0] == 'a');
        d.x->held = false;
        pario_i_exchange_released(d.x, d.now);
        CHECK_UINT(d.x->reply->passed, 2);
        CHECK(d.x->reply->content.data == NULL);
        check_drive(&d, "PARIO_ERROR_CANCELLED, body");
    }
    drive_end(&d);
}

static const reply_case too_large_to_pass[] = {
    { CORE_TEXT(OK_ "Content-Length: 4\r\n\r\nabcd"), "PARIO_ERROR_BODY_TOO_LARGE, body" },
    { CORE_TEXT(OK_ "\r\nabcd"), "PARIO_ERROR_BODY_TOO_LARGE, body" },
    { CORE_TEXT(CHUNKED "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), "PARIO_ERROR_BODY_TOO_LARGE, body" },
    { CORE_TEXT(OK_ "Content-Length: 4\r\n\r\nab"), "PARIO_ERROR_BODY_TOO_LARGE, body" },
};

/* The limit is one of all content, not of that which is here. */
TEST(exchange_limits_content_that_is_passed_on)
{
    for (size_t i = 0; i < COUNT(too_large_to_pass); i++) {
        const reply_case *reply = &too_large_to_pass[i];
        for (size_t cut = 0; cut < CORE_CUTS(reply->text.size); cut++) {
            drive     d;
            core_line parts = { "", 0 };
            drive_prepare(&d);
            pass_on(&d, cut % 2 == 0);
            d.limits.body_bytes = 3;
            core_case(reply->text.bytes, cut);
            if (drive_begin(&d)) {
                drive_send(&d, false);
                receive_parts(&d, reply->text, cut, &parts);
                check_drive(&d, reply->expected);
            }
            drive_end(&d);
        }
    }
}

/* Content into the user's memory: there from the first byte on, and not one byte behind it. */
TEST(exchange_receives_into_memory)
{
    unsigned char memory[4];
    for (size_t i = 0; i < COUNT(passed); i++) {
        for (size_t cut = 0; cut < CORE_CUTS(passed[i].text.size); cut++) {
            drive     d;
            core_line parts = { "", 0 };
            memset(memory, '!', sizeof memory);
            drive_prepare(&d);
            d.limits.into = memory;
            d.limits.body_bytes = 3;
            core_case(passed[i].text.bytes, cut);
            if (drive_begin(&d)) {
                drive_send(&d, false);
                receive_parts(&d, passed[i].text, cut, &parts);
                CHECK_INT(d.x->error, PARIO_OK);
                CHECK(i == 1 || memcmp(memory, "abc!", 4) == 0);
                CHECK_UINT(d.x->reply->content.size, i == 1 ? 0 : 3);
                CHECK(d.x->reply->content.data == memory);
            }
            drive_end(&d);
        }
    }
}

/* Memory may be out for a part, as for all else. */
TEST(exchange_survives_the_lack_of_memory_for_a_part)
{
    for (unsigned long at = 1; at < 8; at++) {
        drive     d;
        core_line parts = { "", 0 };
        drive_prepare(&d);
        pass_on(&d, true);
        if (drive_begin(&d)) {
            drive_send(&d, false);
            core_fail_at(at);
            receive_parts(&d, passed[3].text, 60, &parts);
            core_fail_at(0);
            CHECK(d.x->error == PARIO_OK || d.x->error == PARIO_ERROR_MEMORY);
        }
        drive_end(&d);
    }
}

/* ---- uploads --------------------------------------------------------------------------- */

#define EXPECT_PATIENCE 5

/* Begins a request whose content comes from there, and connects. `least`: what asks first. */
static bool drive_begin_upload(drive *d, pario_i_upload source, uint64_t least)
{
    d->limits.expect = EXPECT_PATIENCE;
    d->limits.expect_bytes = least;
    d->request.method = "PUT";
    d->request.body_fd = source.fd > 0 ? source.fd : 0;
    d->request.body = source.fd > 0 ? NULL : "0123456789";
    d->request.body_size = source.fd > 0 ? 0 : 10;
    return drive_begin(d) && CHECK(pario_i_exchange_prepare(d->x, &d->request, &source));
}

/* A connection stands, and the head is sent, which is written anew. */
static void drive_send_head(drive *d, bool reused)
{
    pario_i_exchange_connected(d->x, reused, d->now);
    if (CHECK(pario_i_request_write(&d->x->order, "", NULL, &d->head))) {
        d->x->head_size = (uint32_t)d->head.size;
        pario_i_exchange_sent(d->x, d->head.size - 1, d->now);
        CHECK_INT(d->x->phase, PARIO_I_SEND);
        pario_i_exchange_sent(d->x, 1, d->now);
    }
}

/* Gives the upload so many bytes, and checks what it makes of them, which is then sent. */
static void drive_give(drive *d, const char *bytes, const char *framed)
{
    size_t          size = strlen(bytes);
    unsigned char  *to = NULL;
    pario_i_upload *upload = pario_i_exchange_upload(d->x);
    CHECK_INT(d->x->phase, PARIO_I_SEND);
    CHECK(pario_i_exchange_wants_piece(d->x));
    CHECK(pario_i_upload_room(upload, &to) >= size);
    memcpy(to, bytes, size);
    CHECK(pario_i_upload_take(upload, size));
    CHECK(!pario_i_exchange_wants_piece(d->x));
    pario_i_content left = pario_i_exchange_content_left(d->x);
    CHECK_BYTES(left.bytes, left.size, framed, strlen(framed));
    pario_i_exchange_sent(d->x, 1, d->now);
    left = pario_i_exchange_content_left(d->x);
    CHECK_BYTES(left.bytes, left.size, framed + 1, strlen(framed) - 1);
    pario_i_exchange_sent(d->x, left.size, d->now);
}

static const pario_i_upload of_memory = { .fd = -1, .offset = -1 };
static const pario_i_upload of_pipe = { .fd = 7, .offset = -1, .size = PARIO_I_UNKNOWN };
static const pario_i_upload of_file = { .fd = 7, .offset = 100, .size = 5 };

TEST(exchange_sends_content_of_unknown_size_in_chunks)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_pipe, 0)) {
        drive_send_head(&d, false);
        CHECK(drive_sent(&d, "\r\nTransfer-Encoding: chunked\r\n"));
        CHECK(!drive_sent(&d, "Content-Length"));
        drive_give(&d, "hello, wonderful", "10\r\nhello, wonderful\r\n");
        drive_give(&d, "world", "5\r\nworld\r\n");
        drive_give(&d, "", "0\r\n\r\n");
        check_drive(&d, "receives");
        CHECK(pario_i_exchange_upload(d.x)->piece == NULL);
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0, keep");
    }
    drive_end(&d);
}

TEST(upload_frames_pieces_of_each_size)
{
    pario_i_upload upload;
    char           size[16];
    memset(&upload, 0, sizeof upload);
    upload.size = PARIO_I_UNKNOWN;
    for (size_t i = 1; i <= PARIO_I_PIECE_BYTES; i += i < 20 ? 1 : i - 16) {
        unsigned char *to = NULL;
        CHECK_UINT(pario_i_upload_room(&upload, &to), PARIO_I_PIECE_BYTES);
        memset(to, 'x', i);
        CHECK(pario_i_upload_take(&upload, i));
        int digits = snprintf(size, sizeof size, "%zx\r\n", i);
        CHECK_UINT(upload.end - upload.beg, (size_t)digits + i + 2);
        CHECK(memcmp(upload.piece + upload.beg, size, (size_t)digits) == 0);
        CHECK(memcmp(upload.piece + upload.end - 3, "x\r\n", 3) == 0);
    }
    pario_i_upload_drop(&upload);
    CHECK_UINT(core_held(), 0);
}

TEST(exchange_sends_so_much_of_a_file_and_no_more)
{
    drive          d;
    unsigned char *to = NULL;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_file, 0)) {
        drive_send_head(&d, false);
        CHECK(drive_sent(&d, "\r\nContent-Length: 5\r\n"));
        CHECK_UINT(pario_i_upload_room(pario_i_exchange_upload(d.x), &to), 5);
        drive_give(&d, "abc", "abc");
        CHECK_UINT(pario_i_upload_room(pario_i_exchange_upload(d.x), &to), 2);
        CHECK(!pario_i_upload_take(pario_i_exchange_upload(d.x), 0));
        drive_give(&d, "de", "de");
        check_drive(&d, "receives");
        CHECK_UINT(d.x->bytes_sent, d.head.size + 5);
    }
    drive_end(&d);
}

/* An early answer, of which the rest is waited for, to content of which the rest is not sent. */
TEST(exchange_stops_an_upload_when_it_is_refused)
{
    static const char *const answers[] = { "HTTP/1.1 301 x\r\n", "HTTP/1.1 413 x\r\n",
                                           "HTTP/1.1 500 x\r\n", OK_ };
    for (size_t i = 0; i < COUNT(answers); i++) {
        drive d;
        drive_prepare(&d);
        if (drive_begin_upload(&d, of_pipe, 0)) {
            drive_send_head(&d, false);
            drive_give(&d, "some", "4\r\nsome\r\n");
            drive_receive_string(&d, answers[i]);
            check_drive(&d, "sends");
            drive_receive_string(&d, "Content-Length: 2\r\n\r\n");
            check_drive(&d, i < 3 ? "receives" : "sends");
            drive_receive_string(&d, "no");
            CHECK_INT(d.x->phase, PARIO_I_END);
            CHECK(!d.x->keep);
        }
        drive_end(&d);
    }
}

TEST(exchange_waits_with_its_content_until_it_is_asked_for)
{
    const pario_i_upload sources[] = { of_memory, of_file };
    for (size_t i = 0; i < COUNT(sources); i++) {
        drive d;
        drive_prepare(&d);
        if (drive_begin_upload(&d, sources[i], 5)) {
            drive_send_head(&d, false);
            CHECK(drive_sent(&d, "\r\nExpect: 100-continue\r\n"));
            check_drive(&d, "receives");
            CHECK_INT(pario_i_exchange_deadline(d.x), EXPECT_PATIENCE);
            drive_receive_string(&d, "HTTP/1.1 102 x\r\n\r\n");
            check_drive(&d, "receives");
            drive_receive_string(&d, "HTTP/1.1 100 x\r\n\r\n");
            check_drive(&d, "sends");
            CHECK_INT(pario_i_exchange_deadline(d.x), PATIENCE_PROGRESS);
        }
        drive_end(&d);
    }
}

TEST(exchange_sends_its_content_unasked_after_a_while)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_memory, 10)) {
        drive_send_head(&d, false);
        pario_i_exchange_expire(d.x, EXPECT_PATIENCE);
        check_drive(&d, "sends");
        CHECK_UINT(pario_i_exchange_content_left(d.x).size, 10);
        pario_i_exchange_sent(d.x, 10, d.now);
        check_drive(&d, "receives");
        drive_receive_string(&d, "HTTP/1.1 100 x\r\n\r\n");
        check_drive(&d, "receives");
        drive_receive_string(&d, OK_ "Content-Length: 0\r\n\r\n");
        check_drive(&d, "200 <> Content-Length=0, keep");
    }
    drive_end(&d);
}

TEST(exchange_that_waits_with_its_content_still_runs_out_of_time)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_memory, 10)) {
        d.x->limits = &d.limits;
        d.limits.expect = INT64_MAX;
        drive_send_head(&d, false);
        CHECK_INT(pario_i_exchange_deadline(d.x), PATIENCE_PROGRESS);
        pario_i_exchange_expire(d.x, PATIENCE_PROGRESS);
        check_drive(&d, "PARIO_ERROR_PROGRESS_TIMEOUT, send");
    }
    drive_end(&d);
}

TEST(exchange_does_not_ask_for_little_or_for_who_forbids_it)
{
    pario_field own = { "eXpect", NULL };
    for (size_t i = 0; i < 3; i++) {
        drive d;
        drive_prepare(&d);
        d.request.fields = &own;
        d.request.field_count = i == 2 ? 1 : 0;
        if (drive_begin_upload(&d, of_memory, i == 0 ? 0 : i == 1 ? 11 : 1)) {
            CHECK(pario_i_exchange_upload(d.x) == NULL);
        }
        drive_end(&d);
    }
}

TEST(exchange_asks_again_without_expect_after_a_417)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_pipe, 1)) {
        drive_send_head(&d, false);
        drive_receive_string(&d, "HTTP/1.1 417 x\r\nContent-Length: 2\r\n\r\n");
        check_drive(&d, "PUT http://h/a");
        CHECK(d.x->moves && !d.x->keep);
        CHECK_UINT(pario_i_exchange_bytes_received(d.x), 37);
        drive_send_head(&d, false);
        CHECK(!drive_sent(&d, "Expect"));
        drive_give(&d, "", "0\r\n\r\n");
        drive_receive_string(&d, "HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n");
        check_drive(&d, "417 <> Content-Length=0, keep");
        CHECK_UINT(pario_i_exchange_bytes_received(d.x), 74);
    }
    drive_end(&d);
}

/* What has been read from a pipe cannot be sent again: not after a redirect, not after a 417, not
 * on another connection. What comes from a file can. */
TEST(exchange_sends_content_again_only_if_it_can)
{
    static const char *const answers[] = { "HTTP/1.1 307 x\r\nLocation: /b\r\n",
                                           "HTTP/1.1 417 x\r\n" };
    for (size_t i = 0; i < 6; i++) {
        bool  file = i % 2 == 0;
        drive d;
        drive_prepare(&d);
        d.limits.redirects = 1;
        if (drive_begin_upload(&d, file ? of_file : of_pipe, 1)) {
            drive_send_head(&d, true);
            pario_i_exchange_expire(d.x, EXPECT_PATIENCE);
            drive_give(&d, "abc", file ? "abc" : "3\r\nabc\r\n");
            if (i < 4) {
                drive_receive_string(&d, answers[i / 2]);
                drive_receive_string(&d, "Content-Length: 0\r\n\r\n");
            } else {
                drive_close(&d, 0);
            }
            static const char *const expected[] = { "PARIO_ERROR_BODY_REWIND, body",
                                                    "417 <> Content-Length=0",
                                                    "PARIO_ERROR_EMPTY_REPLY, send" };
            check_drive(&d, !file ? expected[i / 2] : i < 2 ? "PUT http://h/b" : "PUT http://h/a");
        }
        drive_end(&d);
    }
}

/* A server that closed a kept connection instead of asking is not waited for on the next one. */
TEST(exchange_does_not_send_its_content_before_it_is_connected_again)
{
    drive d;
    drive_prepare(&d);
    if (drive_begin_upload(&d, of_file, 1)) {
        drive_send_head(&d, true);
        CHECK_INT(pario_i_exchange_deadline(d.x), EXPECT_PATIENCE);
        drive_close(&d, 0);
        check_drive(&d, "PUT http://h/a");
        CHECK_INT(pario_i_exchange_deadline(d.x), PATIENCE_CONNECT);
        pario_i_exchange_expire(d.x, PATIENCE_CONNECT);
        check_drive(&d, "PARIO_ERROR_CONNECT_TIMEOUT, resolve");
    }
    drive_end(&d);
}

TEST(exchange_gives_its_upload_back_when_a_redirect_leaves_it_behind)
{
    drive d;
    drive_prepare(&d);
    d.limits.redirects = 1;
    if (drive_begin_upload(&d, of_pipe, 0)) {
        drive_send_head(&d, false);
        drive_give(&d, "abc", "3\r\nabc\r\n");
        drive_receive_string(&d, "HTTP/1.1 303 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
        check_drive(&d, "GET http://h/b");
        CHECK(pario_i_exchange_upload(d.x) == NULL);
    }
    drive_end(&d);
}

TEST(exchange_without_memory_for_an_upload_says_so)
{
    drive d;
    drive_prepare(&d);
    d.request.body_fd = 7;
    if (drive_begin(&d)) {
        core_fail_at(1);
        CHECK(!pario_i_exchange_prepare(d.x, &d.request, &of_file));
        CHECK(pario_i_exchange_prepare(d.x, &d.request, &of_file));
        unsigned char *to = NULL;
        core_fail_at(1);
        CHECK_UINT(pario_i_upload_room(pario_i_exchange_upload(d.x), &to), 0);
    }
    drive_end(&d);
}
