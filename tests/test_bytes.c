/* SPDX-License-Identifier: MIT */
/* Section bytes: arithmetic, character classes, searching, numbers, the growing buffer. */
#include "core.h"

/* ---- arithmetic -------------------------------------------------------------------- */

TEST(size_add_is_exact_or_refused)
{
    static const struct {
        size_t a;
        size_t b;
        bool   fits;
    } cases[] = {
        { 0, 0, true },
        { 1, 2, true },
        { SIZE_MAX, 0, true },
        { 0, SIZE_MAX, true },
        { SIZE_MAX - 1, 1, true },
        { SIZE_MAX, 1, false },
        { 1, SIZE_MAX, false },
        { SIZE_MAX, SIZE_MAX, false },
        { SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t sum = 77;
        test_case("%zu + %zu", cases[i].a, cases[i].b);
        CHECK_INT(pario_i_size_add(cases[i].a, cases[i].b, &sum), cases[i].fits);
        CHECK_UINT(sum, cases[i].fits ? cases[i].a + cases[i].b : 0);
    }
}

TEST(size_multiply_is_exact_or_refused)
{
    static const struct {
        size_t a;
        size_t b;
        bool   fits;
    } cases[] = {
        { 0, 0, true },
        { 0, SIZE_MAX, true },
        { SIZE_MAX, 0, true },
        { 1, SIZE_MAX, true },
        { SIZE_MAX, 1, true },
        { 2, SIZE_MAX / 2, true },
        { 2, SIZE_MAX / 2 + 1, false },
        { SIZE_MAX / 2 + 1, 2, false },
        { 16, SIZE_MAX / 16, true },
        { 16, SIZE_MAX / 16 + 1, false },
        { SIZE_MAX, SIZE_MAX, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t product = 77;
        test_case("%zu * %zu", cases[i].a, cases[i].b);
        CHECK_INT(pario_i_size_multiply(cases[i].a, cases[i].b, &product), cases[i].fits);
        CHECK_UINT(product, cases[i].fits ? cases[i].a * cases[i].b : 0);
    }
}

TEST(min_is_the_smaller)
{
    CHECK_UINT(pario_i_min(1, 2), 1);
    CHECK_UINT(pario_i_min(2, 1), 1);
    CHECK_UINT(pario_i_min(0, SIZE_MAX), 0);
    CHECK_UINT(pario_i_min(SIZE_MAX, SIZE_MAX), SIZE_MAX);
}

/* ---- characters -------------------------------------------------------------------- */

#define ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UNRESERVED ALPHA DIGITS "-._~"
#define SUB_DELIMS "!$&'()*+,;="

/* The classes as the RFCs write them. Those of a text and of what is not ASCII are below. */
static const struct {
    unsigned    bit;
    const char *name;
    const char *members;
} classes[] = {
    { PARIO_I_TOKEN, "tchar, RFC 9110 section 5.6.2", "!#$%&'*+-.^_`|~" DIGITS ALPHA },
    { PARIO_I_HOST, "reg-name, RFC 3986 section 3.2.2", UNRESERVED SUB_DELIMS },
    { PARIO_I_TARGET, "path and query, RFC 3986 section 3.3", UNRESERVED SUB_DELIMS ":@/?" },
    { PARIO_I_USERINFO, "userinfo, RFC 3986 section 3.2.1", UNRESERVED SUB_DELIMS ":" },
    { PARIO_I_HEX, "HEXDIG, RFC 5234 appendix B.1", DIGITS "ABCDEFabcdef" },
    { PARIO_I_DIGIT, "DIGIT, RFC 5234 appendix B.1", DIGITS },
    { PARIO_I_SCHEME, "scheme, RFC 3986 section 3.1", ALPHA DIGITS "+-." },
};

TEST(classes_are_those_of_the_grammars)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            bool member = byte != 0 && byte < 128 && strchr(classes[i].members, (int)byte) != NULL;
            test_case("%s, byte 0x%02x", classes[i].name, byte);
            CHECK_INT(pario_i_is((unsigned char)byte, classes[i].bit), member);
        }
    }
}

/* field-vchar, SP and HTAB of RFC 9110 section 5.5; obs-text is among them. */
static bool is_text(unsigned byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

TEST(text_is_what_a_field_value_may_hold)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        test_case("byte 0x%02x", byte);
        CHECK_INT(pario_i_is((unsigned char)byte, PARIO_I_CONTROL), !is_text(byte));
    }
}

TEST(lower_changes_capital_letters_only)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned lower = byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
        test_case("byte 0x%02x", byte);
        CHECK_UINT(pario_i_lower((unsigned char)byte), lower);
    }
}

TEST(hex_value_knows_both_cases)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (unsigned i = 0; i < 22; i++) {
        test_case("%c", digits[i]);
        CHECK_UINT(pario_i_hex_value((unsigned char)digits[i]), i < 16 ? i : i - 6);
    }
}

/* ---- searching and comparing ------------------------------------------------------- */

/* Every size up to 40, every place of the byte, twice in it, at both fences. */
TEST(find_finds_the_first_and_stays_inside)
{
    test_fence fence = test_fence_open(64);
    char       bytes[40];
    for (size_t size = 0; size <= sizeof bytes; size++) {
        for (size_t place = 0; place <= size; place++) {
            memset(bytes, 'a', sizeof bytes);
            if (place < size) {
                bytes[place] = 'b';
                bytes[size - 1] = 'b';
            }
            const unsigned char *s = (const unsigned char *)test_fence_put(&fence, bytes, size);
            test_case("%zu of %zu", place, size);
            CHECK_UINT(pario_i_find(s, 0, size, 'b'), place);
            s = (const unsigned char *)test_fence_put_first(&fence, bytes, size);
            CHECK_UINT(pario_i_find(s, 0, size, 'b'), place);
        }
    }
    test_fence_close(&fence);
}

TEST(find_looks_between_its_bounds_only)
{
    static const unsigned char s[] = "xaxaxaxax";
    CHECK_UINT(pario_i_find(s, 1, 9, 'x'), 2);
    CHECK_UINT(pario_i_find(s, 3, 4, 'x'), 4);
    CHECK_UINT(pario_i_find(s, 5, 5, 'a'), 5);
    CHECK_UINT(pario_i_find(s, 6, 3, 'a'), 3);
    CHECK_UINT(pario_i_find(s, 0, 9, '\0'), 9);
    CHECK_UINT(pario_i_find(s, 0, 10, '\0'), 9);
}

TEST(equals_ignores_the_case_of_letters_only)
{
    static const struct {
        core_text   text;
        const char *word;
        bool        equal;
    } cases[] = {
        { CORE_TEXT(""), "", true },
        { CORE_TEXT(""), "a", false },
        { CORE_TEXT("a"), "", false },
        { CORE_TEXT("Content-Length"), "content-length", true },
        { CORE_TEXT("CONTENT-LENGTH"), "content-length", true },
        { CORE_TEXT("content_length"), "content-length", false },
        { CORE_TEXT("content-lengt"), "content-length", false },
        { CORE_TEXT("content-length "), "content-length", false },
        { CORE_TEXT("content-length\0"), "content-length", false },
        { CORE_TEXT("a\0b"), "a", false },
        { CORE_TEXT("\0"), "", false },
    };
    test_fence fence = test_fence_open(64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *s = test_fence_put(&fence, cases[i].text.bytes, cases[i].text.size);
        test_case("%zu: %s", i, cases[i].word);
        CHECK_INT(pario_i_equals((const unsigned char *)s, 0, cases[i].text.size, cases[i].word),
                  cases[i].equal);
    }
    test_fence_close(&fence);
}

/* Control bytes apart, which never come this far. */
TEST(equals_takes_no_other_byte_for_a_letter_of_the_word)
{
    static const char *const words[] = { ".", "..", "https", "keep-alive", "content-length" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t        size = strlen(words[i]);
        unsigned char s[16];
        for (size_t place = 0; place < size; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                memcpy(s, words[i], size);
                s[place] = (unsigned char)byte;
                bool same = pario_i_lower((unsigned char)byte) == (unsigned char)words[i][place];
                test_case("%s with 0x%02x at %zu", words[i], byte, place);
                CHECK(!is_text(byte) || pario_i_equals(s, 0, size, words[i]) == same);
            }
        }
    }
}

/* Eight bytes at once and one at a time must agree: each byte at each place of each size. */
TEST(is_text_judges_each_byte_at_each_place)
{
    test_fence     fence = test_fence_open(64);
    unsigned char *map = (unsigned char *)test_fence_put_first(&fence, "", 0);
    for (size_t size = 1; size <= 26; size++) {
        unsigned char *s = map + fence.room - size;
        memset(s, 'x', size);
        bool right = true;
        for (size_t place = 0; place < size; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                s[place] = (unsigned char)byte;
                right = right && pario_i_is_text(s, 0, size) == is_text(byte);
                right = right && pario_i_is_text(s, place + 1, size);
                right = right && pario_i_is_text(s, 0, place);
            }
            s[place] = 'x';
        }
        test_case("%zu bytes", size);
        CHECK(right);
    }
    CHECK(pario_i_is_text(map, 0, 0));
    test_fence_close(&fence);
}

/* A byte that borrows from the next one in the word must not hide it. */
TEST(is_text_is_not_confused_by_neighbours)
{
    static const unsigned char edges[] = { 0x00, 0x01, 0x09, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xff };
    const size_t               count = sizeof edges;
    bool                       right = true;
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < count; b++) {
            for (size_t c = 0; c < count; c++) {
                unsigned char s[8] = { 'x', edges[a], edges[b], edges[c], 'x', 'x', 'x', 'x' };
                bool          good = is_text(edges[a]) && is_text(edges[b]) && is_text(edges[c]);
                right = right && pario_i_is_text(s, 0, sizeof s) == good;
            }
        }
    }
    CHECK(right);
}

/* ---- numbers ----------------------------------------------------------------------- */

static const struct {
    core_text      text;
    pario_i_number verdict;
    uint64_t       value;
} decimals[] = {
    { CORE_TEXT("0"), PARIO_I_NUMBER, 0 },
    { CORE_TEXT("7"), PARIO_I_NUMBER, 7 },
    { CORE_TEXT("00"), PARIO_I_NUMBER, 0 },
    { CORE_TEXT("007"), PARIO_I_NUMBER, 7 },
    { CORE_TEXT("1234567890"), PARIO_I_NUMBER, 1234567890 },
    { CORE_TEXT("999999999999999999"), PARIO_I_NUMBER, 999999999999999999 },
    { CORE_TEXT("0000000000000000000000000000042"), PARIO_I_NUMBER, 42 },
    { CORE_TEXT("000999999999999999999"), PARIO_I_NUMBER, 999999999999999999 },
    { CORE_TEXT("1000000000000000000"), PARIO_I_NUMBER_OVERFLOW, 0 },
    { CORE_TEXT("9223372036854775808"), PARIO_I_NUMBER_OVERFLOW, 0 },
    { CORE_TEXT("18446744073709551615"), PARIO_I_NUMBER_OVERFLOW, 0 },
    { CORE_TEXT("18446744073709551617"), PARIO_I_NUMBER_OVERFLOW, 0 },
    { CORE_TEXT("99999999999999999999999999999999999999"), PARIO_I_NUMBER_OVERFLOW, 0 },
    { CORE_TEXT(""), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT(" "), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT(" 1"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("1 "), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("+1"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("-1"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("-0"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("1.0"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("1e3"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("0x10"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("1,1"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("12a"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("/"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT(":"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("1\0"), PARIO_I_NUMBER_MALFORMED, 0 },
    { CORE_TEXT("\xb2"), PARIO_I_NUMBER_MALFORMED, 0 },
    /* what is not a number at all is not a large one */
    { CORE_TEXT("99999999999999999999x"), PARIO_I_NUMBER_MALFORMED, 0 },
};

TEST(decimal_is_exact_malformed_or_too_large)
{
    test_fence fence = test_fence_open(64);
    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
        const char *s = test_fence_put(&fence, decimals[i].text.bytes, decimals[i].text.size);
        uint64_t    value = 77;
        test_case("\"%s\"", decimals[i].text.bytes);
        CHECK_INT(pario_i_decimal((const unsigned char *)s, 0, decimals[i].text.size, &value),
                  decimals[i].verdict);
        CHECK_UINT(value, decimals[i].value);
    }
    test_fence_close(&fence);
}

TEST(decimal_reads_what_write_decimal_wrote)
{
    static const uint64_t numbers[] = { 0, 1, 9, 10, 99, 100, 65535, 999999999999999999 };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char     text[21];
        char     expected[32];
        uint64_t value;
        size_t   size = pario_i_write_decimal(numbers[i], text);
        int      count = snprintf(expected, sizeof expected, "%ju", (uintmax_t)numbers[i]);
        CHECK_BYTES(text, size, expected, (size_t)count);
        CHECK_INT(pario_i_decimal((const unsigned char *)text, 0, size, &value), PARIO_I_NUMBER);
        CHECK_UINT(value, numbers[i]);
    }
}

TEST(write_decimal_needs_twenty_digits_at_most)
{
    char   text[21];
    size_t size = pario_i_write_decimal(UINT64_MAX, text);
    CHECK_BYTES(text, size, "18446744073709551615", 20);
    CHECK_INT(text[20], 0);
}

/* ---- the growing buffer ------------------------------------------------------------ */

TEST(buffer_keeps_every_byte_while_it_grows)
{
    pario_i_buffer buffer;
    bool           right = true;
    memset(&buffer, 0, sizeof buffer);
    for (size_t i = 0; i < 5000; i++) {
        unsigned char byte = (unsigned char)(i * 7u % 256u);
        right = right && pario_i_buffer_append(&buffer, &byte, 1);
        right = right && buffer.size == i + 1 && buffer.room > buffer.size;
    }
    for (size_t i = 0; i < buffer.size; i++) {
        right = right && buffer.data[i] == (unsigned char)(i * 7u % 256u);
    }
    CHECK(right);
    CHECK_UINT(core_held(), 1);
    pario_i_buffer_free(&buffer);
    CHECK(buffer.data == NULL && buffer.size == 0 && buffer.room == 0);
    CHECK_UINT(core_held(), 0);
    pario_i_buffer_free(&buffer);
}

TEST(buffer_has_room_for_a_nul_behind_what_was_reserved)
{
    for (size_t size = 0; size < 40; size++) {
        pario_i_buffer buffer;
        memset(&buffer, 0, sizeof buffer);
        test_case("%zu bytes", size);
        if (CHECK(pario_i_buffer_reserve(&buffer, size))) {
            CHECK(buffer.room >= size + 1);
            CHECK_UINT(buffer.size, 0);
            memset(buffer.data, 'x', size + 1);
        }
        pario_i_buffer_free(&buffer);
    }
    CHECK_UINT(core_held(), 0);
}

TEST(buffer_takes_nothing_from_nowhere)
{
    pario_i_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    CHECK(pario_i_buffer_append(&buffer, NULL, 0));
    CHECK_UINT(buffer.size, 0);
    pario_i_buffer_free(&buffer);
}

TEST(buffer_refuses_a_size_that_overflows)
{
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 2, SIZE_MAX - 3 };
    pario_i_buffer      buffer;
    memset(&buffer, 0, sizeof buffer);
    CHECK(pario_i_buffer_append(&buffer, "abc", 3));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t         room = buffer.room;
        unsigned char *data = buffer.data;
        test_case("%zu more", sizes[i]);
        CHECK(!pario_i_buffer_reserve(&buffer, sizes[i]));
        CHECK(buffer.data == data && buffer.room == room && buffer.size == 3);
    }
    pario_i_buffer_free(&buffer);
}

TEST(buffer_is_unchanged_when_memory_runs_out)
{
    pario_i_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    core_fail_at(1);
    CHECK(!pario_i_buffer_append(&buffer, "abc", 3));
    CHECK(buffer.data == NULL && buffer.size == 0 && buffer.room == 0);
    CHECK(pario_i_buffer_append(&buffer, "abc", 3));
    char more[100];
    memset(more, 'x', sizeof more);
    core_fail_at(1);
    CHECK(!pario_i_buffer_append(&buffer, more, sizeof more));
    CHECK_BYTES(buffer.data, buffer.size, "abc", 3);
    CHECK(pario_i_buffer_append(&buffer, more, sizeof more));
    CHECK_UINT(buffer.size, 103);
    pario_i_buffer_free(&buffer);
    CHECK_UINT(core_held(), 0);
}

/* Growing by doubling: appending n bytes one by one costs few moves. */
TEST(buffer_grows_geometrically)
{
    pario_i_buffer buffer;
    size_t         moves = 0;
    size_t         room = 0;
    memset(&buffer, 0, sizeof buffer);
    for (size_t i = 0; i < 100000; i++) {
        if (!pario_i_buffer_append(&buffer, "x", 1)) {
            FAIL("no memory");
        }
        moves += buffer.room != room ? 1u : 0u;
        room = buffer.room;
    }
    CHECK(moves <= 20);
    pario_i_buffer_free(&buffer);
}

TEST(reserve_doubles_and_refuses_what_overflows)
{
    static const size_t too_many[] = { SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 };
    size_t              room = 0;
    void               *array = NULL;
    for (size_t expected = 16; expected <= 256; expected *= 2) {
        if (!CHECK(pario_i_reserve((void *)&array, room, &room, 8))) {
            break;
        }
        CHECK_UINT(room, expected);
        memset(array, 'x', room * 8);
    }
    room = 256;
    CHECK(pario_i_reserve((void *)&array, 255, &room, 8));
    core_fail_at(1);
    CHECK(!pario_i_reserve((void *)&array, 256, &room, 8));
    CHECK_UINT(room, 256);
    for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++) {
        room = too_many[i];
        CHECK(!pario_i_reserve((void *)&array, room, &room, 8));
        CHECK_UINT(room, too_many[i]);
    }
    core_free(array);
    CHECK_UINT(core_held(), 0);
}
