/* SPDX-License-Identifier: MIT */
/* Whole exchanges: what comes over the wire, in one piece, byte by byte, in two pieces. */
#include "pario.h"

#include "e2e.h"

typedef struct row {
    const char *name;
    const char *method; /* NULL: GET */
    pario_error error;
    int         status; /* of the response, if there is to be one */
    const char *body;
    const char *reply; /* after which the server closes */
    size_t      reply_size;
} row;

#define REPLY(text) text, sizeof text - 1
#define OK PARIO_OK

static const row good[] = {
    { "length", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") },
    { "length 0", NULL, OK, 200, "", REPLY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") },
    { "length with zeros", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 00005\r\n\r\nhello") },
    { "length, name in capitals", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nCONTENT-LENGTH:5\r\n\r\nhello") },
    { "length between spaces", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: \t 5 \t\r\n\r\nhello") },
    { "chunked", NULL, OK, 200, "hello world",
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n") },
    { "chunked in capitals", NULL, OK, 200, "0123456789abcdef",
      REPLY("HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n"
            "A\r\n0123456789\r\n006\r\nabcdef\r\n000\r\n\r\n") },
    { "chunk extensions", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5;a=b;c=\"d;\\\"e\"\r\nhello\r\n0;last\r\n\r\n") },
    { "chunked and trailers", NULL, OK, 200, "hello",
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
            "5\r\nhello\r\n0\r\nSum: 42\r\nSum: 43\r\nEmpty:\r\n\r\n") },
    { "chunked and empty", NULL, OK, 200, "",
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
    { "by close", NULL, OK, 200, "to the end", REPLY("HTTP/1.1 200 OK\r\n\r\nto the end") },
    { "by close and empty", NULL, OK, 200, "", REPLY("HTTP/1.1 200 OK\r\n\r\n") },
    { "by close, 1.0", NULL, OK, 200, "to the end", REPLY("HTTP/1.0 200 OK\r\n\r\nto the end") },
    { "by length, 1.0", NULL, OK, 200, "hello",
      REPLY("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello") },
    { "HEAD with a length", "HEAD", OK, 200, "",
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n") },
    { "HEAD with chunked", "HEAD", OK, 200, "",
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { "HEAD with neither", "HEAD", OK, 200, "", REPLY("HTTP/1.1 200 OK\r\n\r\n") },
    { "204", NULL, OK, 204, "", REPLY("HTTP/1.1 204 No Content\r\n\r\n") },
    { "204 with a length", NULL, OK, 204, "",
      REPLY("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n") },
    { "304 with a length", NULL, OK, 304, "",
      REPLY("HTTP/1.1 304 Not Modified\r\nContent-Length: 777\r\n\r\n") },
    { "100 before", NULL, OK, 200, "ok",
      REPLY("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
    { "103 with fields before", NULL, OK, 200, "ok",
      REPLY("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n"
            "HTTP/1.1 102 Processing\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
    { "no reason", NULL, OK, 200, "ok", REPLY("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok") },
    { "a reason in other bytes", NULL, OK, 200, "ok",
      REPLY("HTTP/1.1 200 d'acc\xc3\xb4rd\tdone\r\nContent-Length: 2\r\n\r\nok") },
    { "a status of its own", NULL, OK, 799, "ok",
      REPLY("HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok") },
    { "404", NULL, OK, 404, "gone", REPLY("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone") },
    { "500", NULL, OK, 500, "oops", REPLY("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops") },
    { "line folding", NULL, OK, 200, "ok",
      REPLY("HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\n\tthree\r\nContent-Length: 2\r\n\r\nok") },
    { "fields repeated and empty", NULL, OK, 200, "ok",
      REPLY("HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nX:\r\nX: 4 \r\nContent-Length: 2\r\n\r\nok") },
};

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const row bad[] = {
    { "nothing", NULL, PARIO_ERROR_EMPTY_REPLY, 0, NULL, REPLY("") },
    { "half a status line", NULL, PARIO_ERROR_HEAD_TRUNCATED, 0, NULL, REPLY("HTTP/1.1 20") },
    { "half a field", NULL, PARIO_ERROR_HEAD_TRUNCATED, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Len") },
    { "no empty line", NULL, PARIO_ERROR_HEAD_TRUNCATED, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n") },
    { "an interim response only", NULL, PARIO_ERROR_HEAD_TRUNCATED, 0, NULL,
      REPLY("HTTP/1.1 100 Continue\r\n\r\n") },
    { "another protocol", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("220 mail.example ESMTP ready\r\n\r\n") },
    { "a page without a head", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("<html>this is HTTP/0.9</html>") },
    { "a status of two digits", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("HTTP/1.1 20 OK\r\n\r\n") },
    { "a status of four digits", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("HTTP/1.1 2000 OK\r\n\r\n") },
    { "a status below 100", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("HTTP/1.1 099 OK\r\n\r\n") },
    { "a status in letters", NULL, PARIO_ERROR_STATUS_LINE, 0, NULL,
      REPLY("HTTP/1.1 2OO OK\r\n\r\n") },
    { "HTTP/2", NULL, PARIO_ERROR_VERSION, 0, NULL, REPLY("HTTP/2.0 200 OK\r\n\r\n") },
    { "HTTP/0.9", NULL, PARIO_ERROR_VERSION, 0, NULL, REPLY("HTTP/0.9 200 OK\r\n\r\n") },
    { "space before the colon", NULL, PARIO_ERROR_FIELD_LINE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello") },
    { "a field without a colon", NULL, PARIO_ERROR_FIELD_LINE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nNonsense\r\n\r\n") },
    { "a field without a name", NULL, PARIO_ERROR_FIELD_LINE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\n: value\r\n\r\n") },
    { "folding of nothing", NULL, PARIO_ERROR_FIELD_LINE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\n folded\r\n\r\n") },
    { "NUL in a value", NULL, PARIO_ERROR_FIELD_LINE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n") },
    { "switching protocols", NULL, PARIO_ERROR_UPGRADE, 0, NULL,
      REPLY("HTTP/1.1 101 Switching\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n") },
    { "two lengths", NULL, PARIO_ERROR_LENGTH_DUPLICATE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!") },
    { "a length twice", NULL, PARIO_ERROR_LENGTH_DUPLICATE, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello") },
    { "a length with a sign", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello") },
    { "a negative length", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello") },
    { "a length in letters", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello") },
    { "an empty length", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello") },
    { "a length in two words", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello") },
    { "a length in hexadecimal", NULL, PARIO_ERROR_LENGTH_DIGITS, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello") },
    { "a length beyond 64 bits", NULL, PARIO_ERROR_LENGTH_OVERFLOW, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello") },
    { "a length of many digits", NULL, PARIO_ERROR_LENGTH_OVERFLOW, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\nhello") },
    { "length and chunked", NULL, PARIO_ERROR_LENGTH_AND_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello") },
    { "chunked and length", NULL, PARIO_ERROR_LENGTH_AND_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello") },
    { "gzip", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello") },
    { "gzip and chunked", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") },
    { "chunked and gzip", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n") },
    { "chunked and chunked", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n") },
    { "chunked twice", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n") },
    { "identity", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello") },
    { "almost chunked", NULL, PARIO_ERROR_TRANSFER_ENCODING, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n") },
    { "no chunk size", NULL, PARIO_ERROR_CHUNK_SIZE, 0, NULL, REPLY(CHUNKED "\r\nhello\r\n") },
    { "a chunk size in letters", NULL, PARIO_ERROR_CHUNK_SIZE, 0, NULL,
      REPLY(CHUNKED "five\r\nhello\r\n0\r\n\r\n") },
    { "a negative chunk size", NULL, PARIO_ERROR_CHUNK_SIZE, 0, NULL,
      REPLY(CHUNKED "-5\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size with 0x", NULL, PARIO_ERROR_CHUNK_SIZE, 0, NULL,
      REPLY(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size in two words", NULL, PARIO_ERROR_CHUNK_SIZE, 0, NULL,
      REPLY(CHUNKED "5 5\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size beyond 64 bits", NULL, PARIO_ERROR_CHUNK_OVERFLOW, 0, NULL,
      REPLY(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n") },
    { "a chunk that is longer than said", NULL, PARIO_ERROR_CHUNK_END, 0, NULL,
      REPLY(CHUNKED "4\r\nhello\r\n0\r\n\r\n") },
    { "a chunk without its line end", NULL, PARIO_ERROR_CHUNK_END, 0, NULL,
      REPLY(CHUNKED "5\r\nhello0\r\n\r\n") },
    { "a chunk ended by CR alone", NULL, PARIO_ERROR_CHUNK_END, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r0\r\n\r\n") },
    { "a trailer without a colon", NULL, PARIO_ERROR_TRAILER, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r\n0\r\nnonsense\r\n\r\n") },
    { "a trailer with a space before the colon", NULL, PARIO_ERROR_TRAILER, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r\n0\r\na : b\r\n\r\n") },
    { "ends within the length", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell") },
    { "ends before the content", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") },
    { "ends before the first chunk", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL, REPLY(CHUNKED) },
    { "ends within a chunk size", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL, REPLY(CHUNKED "5") },
    { "ends within a chunk", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL, REPLY(CHUNKED "5\r\nhel") },
    { "ends within a chunk's line end", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r") },
    { "ends before the last chunk", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r\n") },
    { "ends within the last chunk", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r\n0\r\n") },
    { "ends within the trailers", NULL, PARIO_ERROR_BODY_TRUNCATED, 0, NULL,
      REPLY(CHUNKED "5\r\nhello\r\n0\r\nSum: 1\r\n") },
};

/* Answers "/whole/N", "/drip/N" with row N of a table, and "/split/K" with row 0 in two. */
static bool serve_rows(server_peer *peer, const server_request *request, void *context)
{
    const row *table = (const row *)context;
    long       whole = server_target_number(request, "/whole/");
    long       drip = server_target_number(request, "/drip/");
    long       split = server_target_number(request, "/split/");
    if (whole >= 0) {
        server_send(peer, table[whole].reply, table[whole].reply_size);
    } else if (drip >= 0) {
        server_drip(peer, table[drip].reply, table[drip].reply_size);
    } else if (split >= 0 && server_send(peer, table->reply, (size_t)split) &&
               server_until_read(peer)) {
        server_send(peer, table->reply + split, table->reply_size - (size_t)split);
    }
    return false;
}

/* Asks for one row, and compares what came with what the table says. */
static void try_row(e2e_run *run, server *peer, const row *wanted, const char *path)
{
    pario_request  request;
    pario_response response;
    memset(&request, 0, sizeof request);
    request.url = e2e_url(peer, path);
    request.method = wanted->method;
    test_case("%s, way %d, %s, %s", e2e_executor_name(run->executor), (int)run->way, wanted->name,
              path);
    e2e_note(run, "%s", wanted->name);
    CHECK_ERROR(e2e_do(run, &request, &response), wanted->error);
    CHECK_ERROR(response.error, wanted->error);
    if (wanted->error == PARIO_OK && response.error == PARIO_OK) {
        CHECK_INT(response.status, wanted->status);
        CHECK_BYTES(response.body, response.body_size, wanted->body, strlen(wanted->body));
        CHECK_INT(response.version, strstr(wanted->reply, "HTTP/1.0") != NULL ? 10 : 11);
    }
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* Connections are not kept, as the server closes them without saying so. */
static void try_table(e2e_run *run, const row *table, size_t count, const char *prefix)
{
    char    path[64];
    server *peer = e2e_serve_handler(run, serve_rows, (void *)(uintptr_t)table);
    run->config.idle_connections = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s%zu", prefix, i);
        try_row(run, peer, &table[i], path);
    }
}

E2E_WAYS(replies_that_are_right)
{
    try_table(run, good, COUNT(good), "/whole/");
}

E2E(replies_that_are_right_byte_by_byte)
{
    try_table(run, good, COUNT(good), "/drip/");
}

E2E_WAYS(replies_that_are_wrong)
{
    /* The reset that follows unread bytes may overtake them: no errno is promised. */
    run->loose = true;
    try_table(run, bad, COUNT(bad), "/whole/");
}

E2E(replies_that_are_wrong_byte_by_byte)
{
    run->loose = true;
    try_table(run, bad, COUNT(bad), "/drip/");
}

/* One reply with everything in it, cut in two at each place. */
static const row everything[] = {
    { "everything", NULL, OK, 200, "hello world",
      REPLY("HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n z\r\n"
            "Transfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n6\r\n world\r\n"
            "0;z\r\nSum: 42\r\n\r\n") },
    { "by length", NULL, OK, 404, "hello world",
      REPLY("HTTP/1.1 404 No\r\nContent-Length: 11\r\n\r\nhello world") },
};

E2E(a_reply_in_two_pieces_is_the_same_wherever_it_is_cut)
{
    char path[64];
    run->config.idle_connections = PARIO_OFF;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t k = 0; k < COUNT(everything); k++) {
        server *peer = e2e_serve_handler(run, serve_rows, (void *)(uintptr_t)&everything[k]);
        for (size_t i = 0; i <= everything[k].reply_size; i++) {
            snprintf(path, sizeof path, "/split/%zu", i);
            try_row(run, peer, &everything[k], path);
        }
    }
}

E2E(a_nul_in_the_content_is_content)
{
    static const server_step script[] = {
        S_READ, S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\0b\0"), S_END
    };
    pario_request  request = { .url = e2e_url(e2e_serve_script(run, script), "/") };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK_BYTES(response.body, response.body_size, "a\0b\0", 4);
    e2e_record(run, &response);
    pario_response_free(&response);
}

/* The trailers are apart from the fields, duplicates are in order, names have no case. */
E2E(fields_and_trailers_are_found_by_name)
{
    static const server_step script[] = {
        S_READ,
        S_SEND("HTTP/1.1 200 OK\r\nSet: 1\r\nother: x\r\nsEt: 2\r\nTransfer-Encoding: chunked\r\n"
               "Padded: \t  in the middle \t \r\n\r\n2\r\nok\r\n0\r\nSet: 3\r\nTail: end\r\n\r\n"),
        S_END
    };
    pario_request  request = { .url = e2e_url(e2e_serve_script(run, script), "/") };
    pario_response response;
    pario_field    field = { NULL, NULL };
    if (!e2e_open(run) || !CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK)) {
        return;
    }
    CHECK_STR(response.reason, "OK");
    CHECK_STR(response.url, request.url);
    CHECK_UINT(response.field_count, 5);
    CHECK_UINT(response.trailer_count, 2);
    CHECK_STR(pario_response_field(&response, "SET", 0), "1");
    CHECK_STR(pario_response_field(&response, "set", 1), "2");
    CHECK(pario_response_field(&response, "set", 2) == NULL);
    CHECK_STR(pario_response_field(&response, "padded", 0), "in the middle");
    CHECK(pario_response_field(&response, "Tail", 0) == NULL);
    CHECK(pario_response_field(&response, "Se", 0) == NULL);
    CHECK_STR(pario_response_trailer(&response, "set", 0), "3");
    CHECK_STR(pario_response_trailer(&response, "TAIL", 0), "end");
    CHECK(pario_response_trailer(&response, "other", 0) == NULL);
    CHECK(pario_response_field_at(&response, 0, &field));
    CHECK_STR(field.name, "Set");
    CHECK(pario_response_field_at(&response, 6, &field));
    CHECK_STR(field.name, "Tail");
    CHECK_STR(field.value, "end");
    CHECK(!pario_response_field_at(&response, 7, &field));
    CHECK_STR(field.value, "end");
    CHECK(!pario_response_field_at(&response, SIZE_MAX, &field));
    e2e_record(run, &response);
    pario_response_free(&response);
}

#define BLOCK_BYTES 65536

static bool say_part(server_peer *peer, size_t size, bool chunked)
{
    static const char block[BLOCK_BYTES] = { 'x', 'y', 'z' };
    return (!chunked || server_sayf(peer, "%zx\r\n", size)) && server_send(peer, block, size) &&
           (!chunked || server_say(peer, "\r\n"));
}

/* Sends so many bytes, in pieces that grow, or in chunks. */
static bool say_content(server_peer *peer, size_t left, bool chunked)
{
    size_t chunk = 1;
    bool   fine = true;
    while (fine && left > 0) {
        size_t size = left < chunk ? left : chunk;
        fine = say_part(peer, size, chunked);
        left -= size;
        chunk = chunk < BLOCK_BYTES ? chunk * 2 : BLOCK_BYTES;
    }
    return fine && (!chunked || server_say(peer, "0\r\n\r\n"));
}

/* Contents of many sizes, by length, chunked and by close: "/length/N" and so on. */
static bool serve_sizes(server_peer *peer, const server_request *request, void *context)
{
    long length = server_target_number(request, "/length/");
    long chunked = server_target_number(request, "/chunked/");
    long by_close = server_target_number(request, "/close/");
    (void)context;
    if (length >= 0) {
        return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", length) &&
               say_content(peer, (size_t)length, false);
    }
    if (chunked >= 0) {
        return server_say(peer, CHUNKED) && say_content(peer, (size_t)chunked, true);
    }
    return server_say(peer, "HTTP/1.1 200 OK\r\n\r\n") &&
           say_content(peer, (size_t)by_close, false) && false;
}

E2E(contents_of_all_sizes)
{
    static const size_t      sizes[] = { 1,     2,     4095,  4096,  4097,    16383,
                                         16384, 65535, 65536, 65537, 1000000, 5000000 };
    static const char *const kinds[] = { "length", "chunked", "close" };
    char                     path[64];
    server                  *peer = e2e_serve_handler(run, serve_sizes, NULL);
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t k = 0; k < COUNT(kinds); k++) {
            snprintf(path, sizeof path, "/%s/%zu", kinds[k], sizes[i]);
            e2e_get(run, e2e_url(peer, path), PARIO_OK);
        }
    }
}
