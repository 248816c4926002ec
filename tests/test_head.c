/* SPDX-License-Identifier: MIT */
/* Section head: status lines and fields. Every case runs in every cut, flush against a fence. */
#include "core.h"

/* ---- helpers ----------------------------------------------------------------------- */

typedef struct head_limits {
    uint32_t bytes;
    uint32_t fields;
} head_limits;

static const head_limits usual = { 65536, 128 };

/* A parser that is fed piece by piece. */
typedef struct feeding {
    pario_i_head       head;
    pario_i_head_phase phase; /* it begins in */
    head_limits        limits;
    unsigned char      bytes[4096]; /* that have come so far, as the parser left them */
    size_t             size;
} feeding;

/* Feeds all pieces of a cut, each time flush against the fence; stops where the head is over. */
static pario_error feed(feeding *f, test_fence *fence, core_text text, size_t cut)
{
    pario_error error = PARIO_OK;
    size_t      at = 0;
    pario_i_head_begin(&f->head, f->phase, f->limits.bytes, f->limits.fields);
    f->size = 0;
    while (at < text.size && error == PARIO_OK && f->head.phase != PARIO_I_HEAD_DONE) {
        size_t end = core_piece_end(cut, at, text.size);
        memcpy(f->bytes + at, text.bytes + at, end - at);
        f->size = end;
        char *s = test_fence_put(fence, f->bytes, end);
        error = pario_i_head_read(&f->head, (unsigned char *)s, end);
        memcpy(f->bytes, s, end);
        at = end;
    }
    return error;
}

/* "1.1 200 <OK> A=<b> C=<d> (23)", the size last; an error's name; or "incomplete". */
static void say_head(core_line *line, const feeding *f, pario_error error)
{
    const pario_i_head *head = &f->head;
    line->size = 0;
    line->text[0] = '\0';
    test_saw(pario_error_name(error));
    if (error != PARIO_OK) {
        core_say(line, "%s", pario_error_name(error));
        return;
    }
    if (head->phase != PARIO_I_HEAD_DONE) {
        core_say(line, "incomplete");
        return;
    }
    if (f->phase == PARIO_I_HEAD_STATUS) {
        core_say(line, "%u.%u %u <", head->version / 10u, head->version % 10u, head->status);
        core_say_bytes(line, f->bytes + head->reason_beg, head->reason_end - head->reason_beg);
        core_say(line, "> ");
    }
    for (size_t i = 0; i < head->count; i++) {
        const pario_i_field *field = &head->fields[i];
        core_say_bytes(line, f->bytes + field->name_beg, field->name_end - field->name_beg);
        core_say(line, "=<");
        core_say_bytes(line, f->bytes + field->value_beg, field->value_end - field->value_beg);
        core_say(line, "> ");
    }
    core_say(line, "(%u)", head->line_beg);
}

static void check_in_every_cut(feeding *f, core_text text, const char *name, const char *expected)
{
    test_fence fence = test_fence_open(sizeof f->bytes);
    core_line  line;
    for (size_t cut = 0; cut < CORE_CUTS(text.size); cut++) {
        core_case(name, cut);
        say_head(&line, f, feed(f, &fence, text, cut));
        CHECK_STR(line.text, expected);
    }
    test_fence_close(&fence);
}

typedef struct head_case {
    const char *name;
    core_text   text;
    const char *expected;
} head_case;

/* Each case as it is, and where it is complete again with the next message's bytes behind it. */
static void check_heads(pario_i_head_phase phase, const head_case *cases, size_t count)
{
    static feeding f;
    char           bytes[2048];
    f.phase = phase;
    f.limits = usual;
    for (size_t i = 0; i < count; i++) {
        core_text text = { bytes, cases[i].text.size };
        memcpy(bytes, cases[i].text.bytes, text.size);
        check_in_every_cut(&f, text, cases[i].name, cases[i].expected);
        if (strcmp(cases[i].expected, "incomplete") != 0) {
            memcpy(bytes + text.size, "\r\nHTTP/1.1 200\r\n \0", 18);
            text.size += 18;
            check_in_every_cut(&f, text, cases[i].name, cases[i].expected);
        }
    }
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
    CHECK_UINT(core_held(), 0);
}

#define CHECK_HEADS(phase, cases) check_heads(phase, cases, sizeof(cases) / sizeof((cases)[0]))

/* ---- the status line, RFC 9112 section 4 ------------------------------------------- */

#define END "\r\n\r\n"

static const head_case good_status_lines[] = {
    { "usual", CORE_TEXT("HTTP/1.1 200 OK" END), "1.1 200 <OK> (19)" },
    { "1.0", CORE_TEXT("HTTP/1.0 200 OK" END), "1.0 200 <OK> (19)" },
    { "a later minor version", CORE_TEXT("HTTP/1.7 200 OK" END), "1.1 200 <OK> (19)" },
    { "no reason", CORE_TEXT("HTTP/1.1 200 " END), "1.1 200 <> (17)" },
    { "no reason and no space", CORE_TEXT("HTTP/1.1 200" END), "1.1 200 <> (16)" },
    { "long reason", CORE_TEXT("HTTP/1.1 404 Not Found At All" END),
      "1.1 404 <Not Found At All> (33)" },
    { "reason with bytes beyond ASCII", CORE_TEXT("HTTP/1.1 200 \xc3\x84h\xff" END),
      "1.1 200 <\\xc3\\x84h\\xff> (21)" },
    { "reason with tab and spaces", CORE_TEXT("HTTP/1.1 200 \t a " END),
      "1.1 200 <\\x09 a > (21)" },
    { "lowest status", CORE_TEXT("HTTP/1.1 100 x" END), "1.1 100 <x> (18)" },
    { "highest status", CORE_TEXT("HTTP/1.1 999 x" END), "1.1 999 <x> (18)" },
    { "bare line feeds", CORE_TEXT("HTTP/1.1 200 OK\n\n"), "1.1 200 <OK> (17)" },
    { "mixed line ends", CORE_TEXT("HTTP/1.1 200 OK\n\r\n"), "1.1 200 <OK> (18)" },
};

TEST(head_reads_status_lines)
{
    CHECK_HEADS(PARIO_I_HEAD_STATUS, good_status_lines);
}

#define STATUS_LINE "PARIO_ERROR_STATUS_LINE"

static const head_case bad_status_lines[] = {
    { "empty line first", CORE_TEXT("\r\nHTTP/1.1 200 OK" END), STATUS_LINE },
    { "bare empty line", CORE_TEXT("\nHTTP/1.1 200 OK" END), STATUS_LINE },
    { "space first", CORE_TEXT(" HTTP/1.1 200 OK" END), STATUS_LINE },
    { "NUL first", CORE_TEXT("\0HTTP/1.1 200 OK" END), STATUS_LINE },
    { "lower case", CORE_TEXT("http/1.1 200 OK" END), STATUS_LINE },
    { "mixed case", CORE_TEXT("HTTp/1.1 200 OK" END), STATUS_LINE },
    { "a request", CORE_TEXT("GET / HTTP/1.1" END), STATUS_LINE },
    { "another protocol", CORE_TEXT("SSH-2.0-x" END), STATUS_LINE },
    { "icy", CORE_TEXT("ICY 200 OK" END), STATUS_LINE },
    { "html", CORE_TEXT("<html>\n"), STATUS_LINE },
    { "no version", CORE_TEXT("HTTP/ 200 OK" END), STATUS_LINE },
    { "a letter for a version", CORE_TEXT("HTTP/x.1 200 OK" END), STATUS_LINE },
    { "no minor version", CORE_TEXT("HTTP/1 200 OK" END), STATUS_LINE },
    { "empty minor version", CORE_TEXT("HTTP/1. 200 OK" END), STATUS_LINE },
    { "long major version", CORE_TEXT("HTTP/11.1 200 OK" END), STATUS_LINE },
    { "long minor version", CORE_TEXT("HTTP/1.10 200 OK" END), STATUS_LINE },
    { "comma in the version", CORE_TEXT("HTTP/1,1 200 OK" END), STATUS_LINE },
    { "letter in the version", CORE_TEXT("HTTP/1.a 200 OK" END), STATUS_LINE },
    { "two spaces", CORE_TEXT("HTTP/1.1  200 OK" END), STATUS_LINE },
    { "tab before the status", CORE_TEXT("HTTP/1.1\t200 OK" END), STATUS_LINE },
    { "tab behind the status", CORE_TEXT("HTTP/1.1 200\tOK" END), STATUS_LINE },
    { "no status", CORE_TEXT("HTTP/1.1" END), STATUS_LINE },
    { "empty status", CORE_TEXT("HTTP/1.1 " END), STATUS_LINE },
    { "one digit", CORE_TEXT("HTTP/1.1 2 OK" END), STATUS_LINE },
    { "two digits", CORE_TEXT("HTTP/1.1 20 OK" END), STATUS_LINE },
    { "two digits at the end", CORE_TEXT("HTTP/1.1 20" END), STATUS_LINE },
    { "four digits", CORE_TEXT("HTTP/1.1 2000 OK" END), STATUS_LINE },
    { "status 000", CORE_TEXT("HTTP/1.1 000 OK" END), STATUS_LINE },
    { "status 099", CORE_TEXT("HTTP/1.1 099 OK" END), STATUS_LINE },
    { "a sign", CORE_TEXT("HTTP/1.1 +20 OK" END), STATUS_LINE },
    { "a negative one", CORE_TEXT("HTTP/1.1 -20 OK" END), STATUS_LINE },
    { "hexadecimal", CORE_TEXT("HTTP/1.1 0x2 OK" END), STATUS_LINE },
    { "letters", CORE_TEXT("HTTP/1.1 2OO OK" END), STATUS_LINE },
    { "status runs on", CORE_TEXT("HTTP/1.1 200OK" END), STATUS_LINE },
    { "NUL in the reason", CORE_TEXT("HTTP/1.1 200 O\0K" END), STATUS_LINE },
    { "control byte in the reason", CORE_TEXT("HTTP/1.1 200 O\x01K" END), STATUS_LINE },
    { "DEL in the reason", CORE_TEXT("HTTP/1.1 200 O\x7fK" END), STATUS_LINE },
    { "bare CR in the reason", CORE_TEXT("HTTP/1.1 200 O\rK" END), STATUS_LINE },
    { "two CRs at the end", CORE_TEXT("HTTP/1.1 200 OK\r\r\n\r\n"), STATUS_LINE },
    { "bare CR for a space", CORE_TEXT("HTTP/1.1 200\rOK" END), STATUS_LINE },
};

TEST(head_rejects_what_is_not_a_status_line)
{
    CHECK_HEADS(PARIO_I_HEAD_STATUS, bad_status_lines);
}

static const head_case other_versions[] = {
    { "HTTP/0.9", CORE_TEXT("HTTP/0.9 200 OK" END), "PARIO_ERROR_VERSION" },
    { "HTTP/2.0", CORE_TEXT("HTTP/2.0 200 OK" END), "PARIO_ERROR_VERSION" },
    { "HTTP/2", CORE_TEXT("HTTP/2 200" END), "PARIO_ERROR_VERSION" },
    { "HTTP/3", CORE_TEXT("HTTP/3 200" END), "PARIO_ERROR_VERSION" },
};

TEST(head_rejects_other_major_versions)
{
    CHECK_HEADS(PARIO_I_HEAD_STATUS, other_versions);
}

static const head_case incomplete[] = {
    { "one byte", CORE_TEXT("H"), "incomplete" },
    { "half a status line", CORE_TEXT("HTTP/1.1 2"), "incomplete" },
    { "no line end", CORE_TEXT("HTTP/1.1 200 OK"), "incomplete" },
    { "no line feed", CORE_TEXT("HTTP/1.1 200 OK\r"), "incomplete" },
    { "no empty line", CORE_TEXT("HTTP/1.1 200 OK\r\n"), "incomplete" },
    { "half an empty line", CORE_TEXT("HTTP/1.1 200 OK\r\n\r"), "incomplete" },
    { "half a field", CORE_TEXT("HTTP/1.1 200 OK\r\nA: b"), "incomplete" },
    { "a field", CORE_TEXT("HTTP/1.1 200 OK\r\nA: b\r\n"), "incomplete" },
    { "a fold", CORE_TEXT("HTTP/1.1 200 OK\r\nA: b\r\n "), "incomplete" },
};

TEST(head_says_that_it_wants_more)
{
    CHECK_HEADS(PARIO_I_HEAD_STATUS, incomplete);
}

/* ---- fields, RFC 9112 section 5 ---------------------------------------------------- */

/* Fields are tested without a status line, as trailers come. */
static const head_case good_fields[] = {
    { "none", CORE_TEXT("\r\n"), "(2)" },
    { "none, bare", CORE_TEXT("\n"), "(1)" },
    { "one", CORE_TEXT("A: b" END), "A=<b> (8)" },
    { "two", CORE_TEXT("A: b\r\nC: d" END), "A=<b> C=<d> (14)" },
    { "twice the same", CORE_TEXT("A: b\r\na: c" END), "A=<b> a=<c> (14)" },
    { "no space", CORE_TEXT("A:b" END), "A=<b> (7)" },
    { "much space", CORE_TEXT("A: \t b \t " END), "A=<b> (13)" },
    { "space inside", CORE_TEXT("A: b \t c" END), "A=<b \\x09 c> (12)" },
    { "empty", CORE_TEXT("A:" END), "A=<> (6)" },
    { "blank", CORE_TEXT("A: \t " END), "A=<> (9)" },
    { "colons", CORE_TEXT("A::b:c" END), "A=<:b:c> (10)" },
    { "every byte of a token", CORE_TEXT("!#$%&'*+-.^_`|~09AZaz: x" END),
      "!#$%&'*+-.^_`|~09AZaz=<x> (28)" },
    { "bytes beyond ASCII", CORE_TEXT("A: \x80\xff" END), "A=<\\x80\\xff> (9)" },
    { "quotes and comments", CORE_TEXT("A: \"b\\\"\" (c)" END), "A=<\"b\\x5c\"\" (c)> (16)" },
    { "bare line feeds", CORE_TEXT("A: b\nC: d\n\n"), "A=<b> C=<d> (11)" },
    { "mixed line ends", CORE_TEXT("A: b\r\nC: d\n\r\n"), "A=<b> C=<d> (13)" },
    { "a long value", CORE_TEXT("A: 0123456789abcdefghijklmnopqrstuvwxyz" END),
      "A=<0123456789abcdefghijklmnopqrstuvwxyz> (43)" },
};

TEST(head_reads_fields)
{
    CHECK_HEADS(PARIO_I_HEAD_FIELDS, good_fields);
}

#define FIELD_LINE "PARIO_ERROR_FIELD_LINE"

static const head_case spaces_before_colon[] = {
    { "space", CORE_TEXT("A : b" END), FIELD_LINE },
    { "tab", CORE_TEXT("A\t: b" END), FIELD_LINE },
    { "in a later line", CORE_TEXT("A: b\r\nTransfer-Encoding : chunked" END), FIELD_LINE },
    { "space inside", CORE_TEXT("Content Length: 5" END), FIELD_LINE },
};

TEST(head_rejects_space_before_colon)
{
    CHECK_HEADS(PARIO_I_HEAD_FIELDS, spaces_before_colon);
}

static const head_case bad_names[] = {
    { "no colon", CORE_TEXT("A" END), FIELD_LINE },
    { "no name", CORE_TEXT(": b" END), FIELD_LINE },
    { "only a colon", CORE_TEXT(":" END), FIELD_LINE },
    { "NUL", CORE_TEXT("A\0B: c" END), FIELD_LINE },
    { "NUL alone", CORE_TEXT("\0: c" END), FIELD_LINE },
    { "bare CR", CORE_TEXT("A\rB: c" END), FIELD_LINE },
    { "CR before the colon", CORE_TEXT("A\r: c" END), FIELD_LINE },
    { "CR first", CORE_TEXT("\rA: c" END), FIELD_LINE },
    { "two CRs in the empty line", CORE_TEXT("A: b\r\n\r\r\n"), FIELD_LINE },
    { "CR and a space", CORE_TEXT("\r \r\n\r\n"), FIELD_LINE },
    { "byte beyond ASCII", CORE_TEXT("\xc3\x84: c" END), FIELD_LINE },
    { "DEL", CORE_TEXT("A\x7f: c" END), FIELD_LINE },
    { "bracket", CORE_TEXT("A[: c" END), FIELD_LINE },
    { "at sign", CORE_TEXT("@A: c" END), FIELD_LINE },
    { "quotes", CORE_TEXT("\"A\": c" END), FIELD_LINE },
    { "slash", CORE_TEXT("HTTP/1.1 200 OK" END), FIELD_LINE },
};

TEST(head_rejects_names_that_are_not_tokens)
{
    CHECK_HEADS(PARIO_I_HEAD_FIELDS, bad_names);
}

static const head_case bad_values[] = {
    { "NUL", CORE_TEXT("A: b\0c" END), FIELD_LINE },
    { "NUL at the end", CORE_TEXT("A: b\0" END), FIELD_LINE },
    { "bare CR", CORE_TEXT("A: b\rc" END), FIELD_LINE },
    { "CR and a space", CORE_TEXT("A: b\r c" END), FIELD_LINE },
    { "CR that hides a field", CORE_TEXT("A: b\rContent-Length: 5" END), FIELD_LINE },
    { "two CRs at the end", CORE_TEXT("A: b\r\r\n\r\n"), FIELD_LINE },
    { "CR and no value", CORE_TEXT("A:\r\r\n\r\n"), FIELD_LINE },
    { "bell", CORE_TEXT("A: b\x07" END), FIELD_LINE },
    { "escape", CORE_TEXT("A: \x1b[31m" END), FIELD_LINE },
    { "vertical tab", CORE_TEXT("A: b\x0b" END), FIELD_LINE },
    { "form feed", CORE_TEXT("A: \x0c" END), FIELD_LINE },
    { "DEL", CORE_TEXT("A: b\x7f" END), FIELD_LINE },
    { "a late one", CORE_TEXT("A: 0123456789abcdefghijklmnopqrstuvwxy\x01" END), FIELD_LINE },
};

TEST(head_rejects_nul_bare_cr_and_control_bytes_in_values)
{
    CHECK_HEADS(PARIO_I_HEAD_FIELDS, bad_values);
}

static bool is_text(unsigned byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

TEST(head_takes_each_byte_of_a_value_as_the_grammar_does)
{
    static feeding f;
    char           bytes[] = "A: bxc\r\n\r\n";
    test_fence     fence = test_fence_open(64);
    core_text      text = { bytes, sizeof bytes - 1 };
    f.phase = PARIO_I_HEAD_FIELDS;
    f.limits = usual;
    for (unsigned byte = 0; byte < 256; byte++) {
        bytes[4] = (char)byte;
        test_case("byte 0x%02x", byte);
        if (byte == '\n') {
            /* "A: b" and then "c", which has no colon */
            CHECK_ERROR(feed(&f, &fence, text, CORE_WHOLE), PARIO_ERROR_FIELD_LINE);
        } else {
            CHECK_INT(feed(&f, &fence, text, CORE_WHOLE) == PARIO_OK, is_text(byte));
        }
    }
    core_free(f.head.fields);
    test_fence_close(&fence);
}

/* ---- line folding, RFC 9112 section 5.2 -------------------------------------------- */

static const head_case folds[] = {
    { "space", CORE_TEXT("A: b\r\n c" END), "A=<b   c> (12)" },
    { "tab", CORE_TEXT("A: b\r\n\tc" END), "A=<b   c> (12)" },
    { "bare line feed", CORE_TEXT("A: b\n c\n\n"), "A=<b  c> (9)" },
    { "several spaces", CORE_TEXT("A: b \t\r\n \t c \t" END), "A=<b       c> (18)" },
    { "three lines", CORE_TEXT("A: b\r\n c\r\n d" END), "A=<b   c   d> (16)" },
    { "nothing before", CORE_TEXT("A:\r\n b" END), "A=<b> (10)" },
    { "blank before", CORE_TEXT("A: \r\n b\r\n c" END), "A=<b   c> (15)" },
    { "nothing behind", CORE_TEXT("A: b\r\n " END), "A=<b> (11)" },
    { "nothing at all", CORE_TEXT("A:\r\n \r\n\t" END), "A=<> (12)" },
    { "a blank line between", CORE_TEXT("A: b\r\n \r\n c" END), "A=<b      c> (15)" },
    { "a field behind", CORE_TEXT("A: b\r\n c\r\nD: e" END), "A=<b   c> D=<e> (18)" },
    { "looks like a field", CORE_TEXT("A: b\r\n C: d" END), "A=<b   C: d> (15)" },
    { "no field before", CORE_TEXT(" A: b" END), FIELD_LINE },
    { "blank line first", CORE_TEXT(" \r\nA: b" END), FIELD_LINE },
    { "NUL", CORE_TEXT("A: b\r\n c\0" END), FIELD_LINE },
    { "bare CR", CORE_TEXT("A: b\r\n \rc" END), FIELD_LINE },
    { "CR only", CORE_TEXT("A: b\r\n \r\r\n\r\n"), FIELD_LINE },
    { "control byte", CORE_TEXT("A: b\r\n \x01" END), FIELD_LINE },
};

TEST(head_makes_spaces_of_line_folding)
{
    CHECK_HEADS(PARIO_I_HEAD_FIELDS, folds);
}

static const head_case folds_behind_status[] = {
    { "space", CORE_TEXT("HTTP/1.1 200 OK\r\n A: b" END), FIELD_LINE },
    { "tab", CORE_TEXT("HTTP/1.1 200 OK\r\n\tA: b" END), FIELD_LINE },
    { "behind a field", CORE_TEXT("HTTP/1.1 200 OK\r\nA: b\r\n c" END),
      "1.1 200 <OK> A=<b   c> (29)" },
};

TEST(head_rejects_folding_of_the_status_line)
{
    CHECK_HEADS(PARIO_I_HEAD_STATUS, folds_behind_status);
}

/* ---- limits ------------------------------------------------------------------------ */

static void check_limits(core_text text, uint32_t bytes, uint32_t fields, const char *expected)
{
    static feeding f;
    char           name[64];
    f.phase = PARIO_I_HEAD_STATUS;
    f.limits.bytes = bytes;
    f.limits.fields = fields;
    snprintf(name, sizeof name, "limits %u, %u", bytes, fields);
    check_in_every_cut(&f, text, name, expected);
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
}

TEST(head_may_be_exactly_as_large_as_allowed)
{
    const core_text text = CORE_TEXT("HTTP/1.1 200 OK\r\nA: b" END);
    const char     *good = "1.1 200 <OK> A=<b> (25)";
    const char     *large = "PARIO_ERROR_HEAD_TOO_LARGE";
    check_limits(text, 26, 9, good);
    check_limits(text, 25, 9, good);
    for (uint32_t limit = 1; limit < 25; limit++) {
        check_limits(text, limit, 9, large);
    }
}

/* A line without an end, of a server that never stops. */
TEST(head_too_large_is_noticed_within_a_line)
{
    const core_text status = CORE_TEXT("HTTP/1.1 200 OOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOO");
    const core_text name = CORE_TEXT("HTTP/1.1 200 OK\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    const core_text value = CORE_TEXT("HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    check_limits(status, 40, 9, "PARIO_ERROR_HEAD_TOO_LARGE");
    check_limits(name, 40, 9, "PARIO_ERROR_HEAD_TOO_LARGE");
    check_limits(value, 40, 9, "PARIO_ERROR_HEAD_TOO_LARGE");
}

/* What is not HTTP is called so, however short the limit. */
TEST(head_that_is_not_http_is_not_called_too_large)
{
    const core_text text = CORE_TEXT("hello, this is another protocol");
    check_limits(text, 1, 9, "PARIO_ERROR_STATUS_LINE");
    check_limits(text, 10, 9, "PARIO_ERROR_STATUS_LINE");
}

TEST(head_may_have_exactly_as_many_fields_as_allowed)
{
    const core_text text = CORE_TEXT("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n e\r\nF:" END);
    const char     *good = "1.1 200 <OK> A=<b> C=<d   e> F=<> (39)";
    check_limits(text, 100, 4, good);
    check_limits(text, 100, 3, good);
    check_limits(text, 100, 2, "PARIO_ERROR_TOO_MANY_FIELDS");
    check_limits(text, 100, 1, "PARIO_ERROR_TOO_MANY_FIELDS");
    check_limits(text, 100, 0, "PARIO_ERROR_TOO_MANY_FIELDS");
    const core_text none = CORE_TEXT("HTTP/1.1 200 OK" END);
    check_limits(none, 100, 0, "1.1 200 <OK> (19)");
}

TEST(head_reads_as_many_fields_as_there_are)
{
    static feeding f;
    core_line      text;
    test_fence     fence = test_fence_open(sizeof text.text);
    text.size = 0;
    for (unsigned i = 0; i < 300; i++) {
        core_say(&text, "n%u: v%u\r\n", i, i);
    }
    core_say(&text, "\r\n");
    core_text all = { text.text, text.size };
    f.phase = PARIO_I_HEAD_FIELDS;
    f.limits.bytes = 65536;
    f.limits.fields = 300;
    CHECK_ERROR(feed(&f, &fence, all, CORE_WHOLE), PARIO_OK);
    CHECK_UINT(f.head.count, 300);
    for (unsigned i = 0; i < 300; i++) {
        char name[16];
        char value[16];
        snprintf(name, sizeof name, "n%u", i);
        size_t size = (size_t)snprintf(value, sizeof value, "v%u", i);
        CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, name, 0), i);
        CHECK_BYTES(f.bytes + f.head.fields[i].value_beg,
                    f.head.fields[i].value_end - f.head.fields[i].value_beg, value, size);
    }
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
    test_fence_close(&fence);
    CHECK_UINT(core_held(), 0);
}

TEST(head_reports_that_memory_ran_out)
{
    static feeding  f;
    test_fence      fence = test_fence_open(4096);
    const core_text text = CORE_TEXT("A: b\r\n\r\n");
    f.phase = PARIO_I_HEAD_FIELDS;
    f.limits = usual;
    core_fail_at(1);
    CHECK_ERROR(feed(&f, &fence, text, CORE_WHOLE), PARIO_ERROR_MEMORY);
    CHECK(!core_failure_is_due());
    CHECK_ERROR(feed(&f, &fence, text, CORE_WHOLE), PARIO_OK);
    /* the table is there already: no allocation any more */
    core_fail_at(1);
    CHECK_ERROR(feed(&f, &fence, text, CORE_WHOLE), PARIO_OK);
    CHECK(core_failure_is_due());
    core_fail_at(0);
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
    test_fence_close(&fence);
    CHECK_UINT(core_held(), 0);
}

/* ---- looking fields up ------------------------------------------------------------- */

TEST(head_lookup_ignores_case_and_keeps_the_order)
{
    static feeding  f;
    test_fence      fence = test_fence_open(4096);
    const core_text text = CORE_TEXT("A: 1\r\nB: 2\r\na: 3\r\nAB: 4\r\nA: 5\r\n\r\n");
    f.phase = PARIO_I_HEAD_FIELDS;
    f.limits = usual;
    CHECK_ERROR(feed(&f, &fence, text, CORE_BYTE_BY_BYTE), PARIO_OK);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "a", 0), 0);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "a", 1), 2);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "a", 2), 4);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "a", 3), 5);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "a", SIZE_MAX), 5);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "b", 0), 1);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "ab", 0), 3);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "c", 0), 5);
    CHECK_UINT(pario_i_head_lookup(&f.head, f.bytes, "", 0), 5);
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
    test_fence_close(&fence);
}

/* What a table was grown to is used again by the next head. */
TEST(head_begins_anew_with_the_same_table)
{
    static feeding  f;
    test_fence      fence = test_fence_open(4096);
    const core_text first = CORE_TEXT("A: 1\r\nB: 2\r\n\r\n");
    const core_text second = CORE_TEXT("C: 3\r\n\r\n");
    core_line       line;
    f.phase = PARIO_I_HEAD_FIELDS;
    f.limits = usual;
    say_head(&line, &f, feed(&f, &fence, first, CORE_WHOLE));
    CHECK_STR(line.text, "A=<1> B=<2> (14)");
    say_head(&line, &f, feed(&f, &fence, second, CORE_WHOLE));
    CHECK_STR(line.text, "C=<3> (8)");
    CHECK_UINT(core_held(), 1);
    core_free(f.head.fields);
    memset(&f, 0, sizeof f);
    test_fence_close(&fence);
}
