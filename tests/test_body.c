/* SPDX-License-Identifier: MIT */
/* Section body: the framing decision, and the chunked coding. */
#include "core.h"

/* ---- the framing decision, RFC 9112 section 6.3 ------------------------------------ */

typedef struct framing_case {
    core_text   head; /* the status line without its version, and fields with line feeds */
    const char *expected;
} framing_case;

/* "length 5 keep", "chunked keep", "close", "none keep"; or an error's name. */
static void say_framing(core_line *line, const pario_i_framing *framing, pario_error error)
{
    static const char *const kinds[] = { "none", "length", "chunked", "until close" };
    line->size = 0;
    line->text[0] = '\0';
    test_saw(pario_error_name(error));
    if (error != PARIO_OK) {
        core_say(line, "%s", pario_error_name(error));
        return;
    }
    core_say(line, "%s", kinds[framing->kind]);
    if (framing->kind == PARIO_I_FRAMING_LENGTH) {
        core_say(line, " %ju", (uintmax_t)framing->left);
    }
    core_say(line, "%s", framing->persistent ? ", keep" : "");
}

static void check_framing(const char *version, core_text text, bool bodiless, const char *expected)
{
    pario_i_head    head;
    pario_i_framing framing;
    core_line       line;
    unsigned char   bytes[1024];
    size_t          size = strlen(version);
    memset(&head, 0, sizeof head);
    memset(&framing, 0, sizeof framing);
    memcpy(bytes, version, size);
    memcpy(bytes + size, text.bytes, text.size);
    memcpy(bytes + size + text.size, "\n\n", 2);
    size += text.size + 2;
    test_case("%s%s%s", version, text.bytes, bodiless ? " to a HEAD" : "");
    pario_i_head_begin(&head, PARIO_I_HEAD_STATUS, 4096, 64);
    CHECK_ERROR(pario_i_head_read(&head, bytes, size), PARIO_OK);
    CHECK_INT(head.phase, PARIO_I_HEAD_DONE);
    say_framing(&line, &framing, pario_i_framing_decide(&head, bytes, bodiless, &framing));
    CHECK_STR(line.text, expected);
    core_free(head.fields);
    CHECK_UINT(core_held(), 0);
}

static void check_framings(const char *version, bool bodiless, const framing_case *cases,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_framing(version, cases[i].head, bodiless, cases[i].expected);
    }
}

static const framing_case without_content[] = {
    { CORE_TEXT("204 x"), "none, keep" },
    { CORE_TEXT("204 x\nContent-Length: 5"), "none" },
    { CORE_TEXT("204 x\nTransfer-Encoding: chunked"), "none" },
    { CORE_TEXT("304 x\nContent-Length: 5"), "none, keep" },
    { CORE_TEXT("304 x\nContent-Length: x\nContent-Length: y"), "none, keep" },
    { CORE_TEXT("304 x\nTransfer-Encoding: gzip\nContent-Length: 1"), "none, keep" },
    { CORE_TEXT("304 x\nConnection: close"), "none" },
    { CORE_TEXT("100 x\nContent-Length: 5"), "none, keep" },
    { CORE_TEXT("103 x"), "none, keep" },
    { CORE_TEXT("199 x\nTransfer-Encoding: chunked"), "none, keep" },
    { CORE_TEXT("205 x\nContent-Length: 0"), "length 0, keep" },
    { CORE_TEXT("205 x\nContent-Length: 3"), "length 3, keep" },
    { CORE_TEXT("203 x"), "until close" },
    { CORE_TEXT("303 x"), "until close" },
    { CORE_TEXT("305 x"), "until close" },
};

TEST(framing_step_1_1xx_204_and_304_have_no_content)
{
    check_framings("HTTP/1.1 ", false, without_content, COUNT(without_content));
}

static const framing_case to_a_head[] = {
    { CORE_TEXT("200 x"), "none, keep" },
    { CORE_TEXT("200 x\nContent-Length: 5"), "none, keep" },
    { CORE_TEXT("200 x\nContent-Length: 5\nContent-Length: 6"), "none, keep" },
    { CORE_TEXT("200 x\nContent-Length: x"), "none, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked"), "none, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding: gzip"), "none, keep" },
    { CORE_TEXT("404 x\nConnection: close"), "none" },
};

TEST(framing_step_1_nothing_follows_the_head_of_a_head)
{
    check_framings("HTTP/1.1 ", true, to_a_head, COUNT(to_a_head));
}

#define BOTH "PARIO_ERROR_LENGTH_AND_ENCODING"

static const framing_case both_lengths[] = {
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nContent-Length: 5"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: 5\nTransfer-Encoding: chunked"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: 5\nTransfer-Encoding: identity"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: 0\nTransfer-Encoding:"), BOTH },
    { CORE_TEXT("200 x\ncontent-length: 5\nTRANSFER-ENCODING: chunked"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: x\nTransfer-Encoding: chunked"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: 5\nContent-Length: 6\nTransfer-Encoding: chunked"), BOTH },
    { CORE_TEXT("200 x\nContent-Length: 5\n A: b\nTransfer-Encoding: chunked"), BOTH },
};

TEST(framing_step_3_length_and_encoding_together_are_an_error)
{
    check_framings("HTTP/1.1 ", false, both_lengths, COUNT(both_lengths));
    check_framings("HTTP/1.0 ", false, both_lengths, COUNT(both_lengths));
}

#define CODING "PARIO_ERROR_TRANSFER_ENCODING"

static const framing_case codings[] = {
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked"), "chunked, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding: Chunked"), "chunked, keep" },
    { CORE_TEXT("200 x\nTRANSFER-ENCODING:CHUNKED"), "chunked, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding: \t chunked \t "), "chunked, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding:\n chunked"), "chunked, keep" },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nConnection: close"), "chunked" },
    { CORE_TEXT("200 x\nTransfer-Encoding: gzip"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: identity"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding:"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: gzip, chunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked, gzip"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked, chunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked, identity"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked;a=b"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: \"chunked\""), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: xchunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunke"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chun ked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\n x"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: gzip\nTransfer-Encoding: chunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nTransfer-Encoding: gzip"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nTransfer-Encoding:"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding:\nTransfer-Encoding: chunked"), CODING },
    { CORE_TEXT("200 x\nXTransfer-Encoding: chunked"), "until close" },
    { CORE_TEXT("200 x\nTransfer-Encodin: chunked"), "until close" },
};

TEST(framing_step_4_encoding_is_exactly_one_chunked)
{
    check_framings("HTTP/1.1 ", false, codings, COUNT(codings));
    check_framings("HTTP/1.9 ", false, codings, COUNT(codings));
}

static const framing_case codings_of_old[] = {
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked"), CODING },
    { CORE_TEXT("200 x\nTransfer-Encoding: chunked\nConnection: keep-alive"), CODING },
};

TEST(framing_step_4_http_1_0_knows_no_encoding)
{
    check_framings("HTTP/1.0 ", false, codings_of_old, COUNT(codings_of_old));
}

#define DUPLICATE "PARIO_ERROR_LENGTH_DUPLICATE"
#define NO_DIGITS "PARIO_ERROR_LENGTH_DIGITS"
#define OVERFLOW "PARIO_ERROR_LENGTH_OVERFLOW"

static const framing_case lengths[] = {
    { CORE_TEXT("200 x\nContent-Length: 0"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 5"), "length 5, keep" },
    { CORE_TEXT("200 x\nCONTENT-LENGTH:5"), "length 5, keep" },
    { CORE_TEXT("200 x\nContent-Length: \t 5 \t "), "length 5, keep" },
    { CORE_TEXT("200 x\nContent-Length: 005"), "length 5, keep" },
    { CORE_TEXT("200 x\nContent-Length:\n 5"), "length 5, keep" },
    { CORE_TEXT("200 x\nContent-Length: 999999999999999999"), "length 999999999999999999, keep" },
    { CORE_TEXT("200 x\nContent-Length: 5\nConnection: close"), "length 5" },
    { CORE_TEXT("500 x\nContent-Length: 5"), "length 5, keep" },
    { CORE_TEXT("200 x\nContent-Length: 5\nContent-Length: 5"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: 5\nContent-Length: 6"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: 5\ncontent-length: x"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: 5, 5"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: 5,6"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: 5,"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length: ,"), DUPLICATE },
    { CORE_TEXT("200 x\nContent-Length:"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: x"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: -1"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: +5"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 5 5"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 5\n 5"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 5;"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: \"5\""), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 0x5"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 5.0"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 5a"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: \xb2"), NO_DIGITS },
    { CORE_TEXT("200 x\nContent-Length: 1000000000000000000"), OVERFLOW },
    { CORE_TEXT("200 x\nContent-Length: 9223372036854775808"), OVERFLOW },
    { CORE_TEXT("200 x\nContent-Length: 18446744073709551615"), OVERFLOW },
    { CORE_TEXT("200 x\nContent-Length: 18446744073709551621"), OVERFLOW },
    { CORE_TEXT("200 x\nContent-Length: 99999999999999999999999999999999999999"), OVERFLOW },
    { CORE_TEXT("200 x\nContent-Length2: 5"), "until close" },
    { CORE_TEXT("200 x\nContent_Length: 5"), "until close" },
    { CORE_TEXT("200 x\nContent-Lengtx: 5"), "until close" },
};

TEST(framing_step_5_and_6_length_is_one_number)
{
    check_framings("HTTP/1.1 ", false, lengths, COUNT(lengths));
}

static const framing_case until_close[] = {
    { CORE_TEXT("200 x"), "until close" },
    { CORE_TEXT("200 x\nConnection: keep-alive"), "until close" },
    { CORE_TEXT("200 x\nContent-Type: text/plain"), "until close" },
    { CORE_TEXT("301 x\nLocation: /"), "until close" },
};

TEST(framing_step_8_otherwise_content_ends_with_the_connection)
{
    check_framings("HTTP/1.1 ", false, until_close, COUNT(until_close));
    check_framings("HTTP/1.0 ", false, until_close, COUNT(until_close));
}

/* ---- persistence, RFC 9112 section 9.3 --------------------------------------------- */

static const framing_case persistence[] = {
    { CORE_TEXT("200 x\nContent-Length: 0"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: Close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nCONNECTION:CLOSE"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: keep-alive"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: Keep-Alive, close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: close,keep-alive"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: a,\tclose\t,b"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: , ,close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: a\nConnection: close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: close\nConnection: keep-alive"),
      "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: a,\n close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: closed"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: not-close"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: close x"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection:"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nProxy-Connection: close"), "length 0, keep" },
};

TEST(framing_connection_lasts_in_1_1_unless_told_otherwise)
{
    check_framings("HTTP/1.1 ", false, persistence, COUNT(persistence));
}

static const framing_case persistence_of_old[] = {
    { CORE_TEXT("200 x\nContent-Length: 0"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: keep-alive"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: Keep-Alive"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: x , KEEP-ALIVE"), "length 0, keep" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: close, keep-alive"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: keep-alive, close"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nConnection: keep alive"), "length 0" },
    { CORE_TEXT("200 x\nContent-Length: 0\nKeep-Alive: timeout=5"), "length 0" },
    { CORE_TEXT("304 x\nConnection: keep-alive"), "none, keep" },
    { CORE_TEXT("304 x"), "none" },
};

TEST(framing_connection_lasts_in_1_0_where_keep_alive_is_said)
{
    check_framings("HTTP/1.0 ", false, persistence_of_old, COUNT(persistence_of_old));
}

/* ---- the chunked coding, RFC 9112 section 7.1 -------------------------------------- */

typedef struct decoding {
    pario_i_chunked chunked;
    char            data[1024];
    size_t          size;
    size_t          consumed;
} decoding;

static bool decoding_is_over(const decoding *d)
{
    return d->chunked.phase == PARIO_I_CHUNK_TRAILER;
}

/* Decodes a piece; d->consumed grows by what was taken of it. */
static pario_error decode_piece(decoding *d, const unsigned char *s, size_t size)
{
    pario_error error = PARIO_OK;
    size_t      at = 0;
    while (at < size && error == PARIO_OK && !decoding_is_over(d)) {
        size_t data;
        size_t before = at;
        error = pario_i_chunked_read(&d->chunked, s, &at, size, &data);
        d->consumed += at - before;
        if (!CHECK(before < at && at <= size)) {
            return PARIO_ERROR_SYSTEM;
        }
        if (error == PARIO_OK && CHECK(before <= data && data <= at)) {
            memcpy(d->data + d->size, s + data, at - data);
            d->size += at - data;
        }
    }
    return error;
}

/* Decodes all pieces of a cut, each flush against the fence. */
static pario_error decode(decoding *d, test_fence *fence, core_text text, size_t cut,
                          uint64_t limit)
{
    pario_error error = PARIO_OK;
    size_t      from = 0;
    pario_i_chunked_begin(&d->chunked, limit);
    d->size = 0;
    d->consumed = 0;
    while (from < text.size && error == PARIO_OK && !decoding_is_over(d)) {
        size_t      size = core_piece_end(cut, from, text.size) - from;
        const char *s = test_fence_put(fence, text.bytes + from, size);
        error = decode_piece(d, (const unsigned char *)s, size);
        from += size;
    }
    return error;
}

/* "<data> done (12)" with what was consumed; "<data> wants more"; or an error's name. */
static void say_decoding(core_line *line, const decoding *d, pario_error error)
{
    line->size = 0;
    line->text[0] = '\0';
    test_saw(pario_error_name(error));
    if (error != PARIO_OK) {
        core_say(line, "%s", pario_error_name(error));
        return;
    }
    core_say(line, "<");
    core_say_bytes(line, d->data, d->size);
    if (d->chunked.phase == PARIO_I_CHUNK_TRAILER) {
        core_say(line, "> done (%zu)", d->consumed);
    } else {
        core_say(line, "> wants more");
    }
}

typedef struct chunk_case {
    core_text   text;
    const char *expected;
} chunk_case;

static void check_chunks_with(core_text text, uint64_t limit, const char *expected)
{
    static decoding d;
    test_fence      fence = test_fence_open(1024);
    core_line       line;
    core_line       name;
    name.size = 0;
    core_say_bytes(&name, text.bytes, text.size);
    for (size_t cut = 0; cut < CORE_CUTS(text.size); cut++) {
        core_case(name.text, cut);
        say_decoding(&line, &d, decode(&d, &fence, text, cut, limit));
        CHECK_STR(line.text, expected);
    }
    test_fence_close(&fence);
}

static void check_chunks(const chunk_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_chunks_with(cases[i].text, 64, cases[i].expected);
    }
}

#define LAST "0\r\n"

static const chunk_case good_chunks[] = {
    { CORE_TEXT(LAST), "<> done (3)" },
    { CORE_TEXT(LAST "\r\n"), "<> done (3)" },
    { CORE_TEXT("5\r\nabcde\r\n" LAST), "<abcde> done (13)" },
    { CORE_TEXT("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n" LAST "x"), "<abcdef> done (24)" },
    { CORE_TEXT("a\r\n0123456789\r\n" LAST), "<0123456789> done (18)" },
    { CORE_TEXT("A\r\n0123456789\r\n" LAST), "<0123456789> done (18)" },
    { CORE_TEXT("10\r\n0123456789abcdef\r\n" LAST), "<0123456789abcdef> done (25)" },
    { CORE_TEXT("4\r\n\r\n\r\n\r\n" LAST), "<\\x0d\\x0a\\x0d\\x0a> done (12)" },
    { CORE_TEXT("3\r\n0\r\n\r\n" LAST), "<0\\x0d\\x0a> done (11)" },
    { CORE_TEXT("2\r\n\0\xff\r\n" LAST), "<\\x00\\xff> done (10)" },
    { CORE_TEXT("00000000000003\r\nabc\r\n" LAST), "<abc> done (24)" },
    { CORE_TEXT("000000000000000\r\n"), "<> done (17)" },
};

TEST(chunked_reads_what_the_grammar_allows)
{
    check_chunks(good_chunks, COUNT(good_chunks));
}

static const chunk_case incomplete_chunks[] = {
    { CORE_TEXT("5"), "<> wants more" },
    { CORE_TEXT("5\r"), "<> wants more" },
    { CORE_TEXT("5\r\n"), "<> wants more" },
    { CORE_TEXT("5\r\nabcd"), "<abcd> wants more" },
    { CORE_TEXT("5\r\nabcde"), "<abcde> wants more" },
    { CORE_TEXT("5\r\nabcde\r"), "<abcde> wants more" },
    { CORE_TEXT("5\r\nabcde\r\n"), "<abcde> wants more" },
    { CORE_TEXT("5\r\nabcde\r\n0"), "<abcde> wants more" },
    { CORE_TEXT("5\r\nabcde\r\n0\r"), "<abcde> wants more" },
    { CORE_TEXT("fffffffffffffff\r\nabc"), "<abc> wants more" },
};

TEST(chunked_says_that_it_wants_more)
{
    check_chunks(incomplete_chunks, COUNT(incomplete_chunks));
}

#define BAD_SIZE "PARIO_ERROR_CHUNK_SIZE"

static const chunk_case bad_sizes[] = {
    { CORE_TEXT("\r\n"), BAD_SIZE },
    { CORE_TEXT("\n"), BAD_SIZE },
    { CORE_TEXT(" 5\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT(";a\r\n"), BAD_SIZE },
    { CORE_TEXT("-1\r\n"), BAD_SIZE },
    { CORE_TEXT("+1\r\na\r\n"), BAD_SIZE },
    { CORE_TEXT("0x5\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("g\r\n"), BAD_SIZE },
    { CORE_TEXT("5g\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5\0\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5,5\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5.\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5\xb2\r\n"), BAD_SIZE },
    /* bare line feeds and bare CRs are no line ends here */
    { CORE_TEXT("5\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("0\n"), BAD_SIZE },
    { CORE_TEXT("5\rabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5\r\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5;a\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5;a\rabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5 \nabcde\r\n"), BAD_SIZE },
    /* whitespace may stand before an extension only */
    { CORE_TEXT("5 \r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5\t\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5 5\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5 a\r\nabcde\r\n"), BAD_SIZE },
    { CORE_TEXT("5\r\nabcde\r\n\r\n" LAST), BAD_SIZE },
};

TEST(chunked_rejects_malformed_size_lines)
{
    check_chunks(bad_sizes, COUNT(bad_sizes));
}

#define BAD_END "PARIO_ERROR_CHUNK_END"

static const chunk_case bad_ends[] = {
    { CORE_TEXT("5\r\nabcdef\r\n"), BAD_END },   { CORE_TEXT("5\r\nabcde\n0\r\n"), BAD_END },
    { CORE_TEXT("5\r\nabcde\r0\r\n"), BAD_END }, { CORE_TEXT("5\r\nabcde\r\r\n"), BAD_END },
    { CORE_TEXT("5\r\nabcde0\r\n"), BAD_END },   { CORE_TEXT("5\r\nabcde \r\n0\r\n"), BAD_END },
    { CORE_TEXT("1\r\na\0\r\n"), BAD_END },
};

TEST(chunked_rejects_data_without_a_line_end)
{
    check_chunks(bad_ends, COUNT(bad_ends));
}

#define TOO_LARGE "PARIO_ERROR_CHUNK_OVERFLOW"

/* Fifteen digits are the most, zeros included: a line of zeros must not go on for ever. */
static const chunk_case overflows[] = {
    { CORE_TEXT("1000000000000000\r\n"), TOO_LARGE },
    { CORE_TEXT("ffffffffffffffff\r\n"), TOO_LARGE },
    { CORE_TEXT("10000000000000005\r\nabcde\r\n"), TOO_LARGE },
    { CORE_TEXT("100000000000000000000000000000005\r\nabcde\r\n"), TOO_LARGE },
    { CORE_TEXT("0000000000000005\r\nabcde\r\n"), TOO_LARGE },
    { CORE_TEXT("0000000000000000\r\n"), TOO_LARGE },
    { CORE_TEXT("1\r\na\r\nfffffffffffffffffffffff"), TOO_LARGE },
};

TEST(chunked_rejects_sizes_beyond_measure)
{
    check_chunks(overflows, COUNT(overflows));
}

TEST(chunked_size_is_read_exactly)
{
    static const struct {
        core_text text;
        uint64_t  size;
    } cases[] = {
        { CORE_TEXT("1\r\n"), 1 },
        { CORE_TEXT("f\r\n"), 15 },
        { CORE_TEXT("F0\r\n"), 240 },
        { CORE_TEXT("DeadBeef\r\n"), 0xdeadbeef },
        { CORE_TEXT("123456789abcdef\r\n"), 0x123456789abcdef },
        { CORE_TEXT("fffffffffffffff\r\n"), 0xfffffffffffffff },
    };
    static decoding d;
    test_fence      fence = test_fence_open(64);
    for (size_t i = 0; i < COUNT(cases); i++) {
        test_case("%s", cases[i].text.bytes);
        CHECK_ERROR(decode(&d, &fence, cases[i].text, CORE_WHOLE, 64), PARIO_OK);
        CHECK_INT(d.chunked.phase, PARIO_I_CHUNK_DATA);
        CHECK_UINT(d.chunked.left, cases[i].size);
    }
    test_fence_close(&fence);
}

/* ---- chunk extensions, RFC 9112 section 7.1.1 -------------------------------------- */

static const chunk_case extensions[] = {
    { CORE_TEXT("2;a\r\nbc\r\n" LAST), "<bc> done (12)" },
    { CORE_TEXT("2;a=b;c=\"d e\"\r\nfg\r\n" LAST), "<fg> done (22)" },
    { CORE_TEXT("2 ;a\r\nbc\r\n" LAST), "<bc> done (13)" },
    { CORE_TEXT("2 \t ; a = b\r\ncd\r\n" LAST), "<cd> done (20)" },
    { CORE_TEXT("2;\r\nbc\r\n" LAST), "<bc> done (11)" },
    { CORE_TEXT("2;\xc3\xa4\r\nbc\r\n" LAST), "<bc> done (13)" },
    { CORE_TEXT("0;a=b\r\n"), "<> done (7)" },
    { CORE_TEXT("2;a\0\r\nbc\r\n"), BAD_SIZE },
    { CORE_TEXT("2;a\x01\r\nbc\r\n"), BAD_SIZE },
    { CORE_TEXT("2;a\x7f\r\nbc\r\n"), BAD_SIZE },
};

TEST(chunked_passes_over_extensions)
{
    check_chunks(extensions, COUNT(extensions));
}

#define MANY "PARIO_ERROR_CHUNK_EXTENSIONS"

/* Everything between the digits and the line end counts, of all chunks together. */
TEST(chunked_extensions_may_be_exactly_as_long_as_allowed)
{
    const core_text one = CORE_TEXT("1;abc\r\nx\r\n0\r\n");
    const core_text two = CORE_TEXT("1;a\r\nx\r\n1 ;b\r\ny\r\n0;\r\n");
    const core_text none = CORE_TEXT("1\r\nx\r\n0\r\n");
    const core_text endless = CORE_TEXT("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    const core_text blank = CORE_TEXT("1                                               ");
    check_chunks_with(one, 5, "<x> done (13)");
    check_chunks_with(one, 4, "<x> done (13)");
    check_chunks_with(one, 3, MANY);
    check_chunks_with(one, 0, MANY);
    check_chunks_with(two, 6, "<xy> done (21)");
    check_chunks_with(two, 5, MANY);
    check_chunks_with(none, 0, "<x> done (9)");
    check_chunks_with(endless, 20, MANY);
    check_chunks_with(blank, 20, MANY);
    check_chunks_with(endless, UINT64_MAX, "<> wants more");
}
