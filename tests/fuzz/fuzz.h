/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h: what the fuzz targets share. A target is a function in NAME.h that takes bytes and
 * ends the program where one of its oracles does not hold. NAME.c makes a libFuzzer program of
 * it; tests/test_fuzz.c runs all of them over the seeds, with any compiler.
 */
#ifndef FUZZ_H
#define FUZZ_H

/* FUZZ_WORLD: pario.h is there already, in a world of its own. */
#if defined(FUZZ_WORLD)
typedef struct core_text {
    const char *bytes;
    size_t      size;
} core_text;
#else
#include "../core.h"
#endif

#define FUZZ_CHECK(condition) fuzz_check((condition), __FILE__, __LINE__, #condition)

static inline void fuzz_check(bool held, const char *file, int line, const char *what)
{
    if (!held) {
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
        abort();
    }
}

/* The bytes of an input, taken one after another; zeros behind its end. */
typedef struct fuzz_input {
    const uint8_t *bytes;
    size_t         size;
    size_t         at;
} fuzz_input;

static inline uint8_t fuzz_byte(fuzz_input *in)
{
    uint8_t byte = in->at < in->size ? in->bytes[in->at] : 0;
    in->at += in->at < in->size ? 1u : 0u;
    return byte;
}

static inline size_t fuzz_left(const fuzz_input *in)
{
    return in->size - in->at;
}

/* The next bytes up to a separator, which is passed over, or to the end. */
static inline core_text fuzz_until(fuzz_input *in, char separator)
{
    core_text   text = { (const char *)in->bytes + in->at, fuzz_left(in) };
    const void *found = text.size > 0 ? memchr(text.bytes, separator, text.size) : NULL;
    if (found != NULL) {
        text.size = (size_t)((const char *)found - text.bytes);
        in->at += text.size + 1;
    } else {
        in->at = in->size;
    }
    return text;
}

/* Random numbers that depend on the input alone. */
typedef struct fuzz_random {
    uint64_t state;
} fuzz_random;

static inline fuzz_random fuzz_seed(const void *bytes, size_t size)
{
    const uint8_t *s = (const uint8_t *)bytes;
    fuzz_random    random = { UINT64_C(14695981039346656037) };
    for (size_t i = 0; i < size; i++) {
        random.state = (random.state ^ s[i]) * UINT64_C(1099511628211);
    }
    random.state |= 1u;
    return random;
}

/* From 0 to limit - 1, by Marsaglia's xorshift. */
static inline size_t fuzz_below(fuzz_random *random, size_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (size_t)(random->state >> 11) % limit;
}

/*
 * How an input is cut: 0 whole, 1 byte by byte, otherwise at random, in pieces that are mostly
 * small.
 */
#define FUZZ_CUTS 5

static inline size_t fuzz_piece(fuzz_random *random, unsigned cut, size_t left)
{
    size_t most = cut == 0 ? left : 1;
    if (cut > 1) {
        most = 1 + fuzz_below(random, cut == 2 ? 4 : 2 * left);
    }
    return pario_i_min(most, left);
}

/* A block of its own for some bytes, so that a step beyond them is seen; to be freed. */
static inline unsigned char *fuzz_copy(const void *bytes, size_t size)
{
    unsigned char *copy = (unsigned char *)malloc(size > 0 ? size : 1);
    FUZZ_CHECK(copy != NULL);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

/* Bytes that grow, with a NUL behind them. */
typedef struct fuzz_text {
    char  *bytes;
    size_t size;
    size_t room;
} fuzz_text;

static inline void fuzz_add(fuzz_text *text, const void *bytes, size_t size)
{
    if (text->room <= text->size + size) {
        text->room = 2 * (text->size + size) + 64;
        text->bytes = (char *)realloc(text->bytes, text->room);
        FUZZ_CHECK(text->bytes != NULL);
    }
    if (size > 0) {
        memcpy(text->bytes + text->size, bytes, size);
    }
    text->size += size;
    text->bytes[text->size] = '\0';
}

static inline void fuzz_add_string(fuzz_text *text, const char *string)
{
    fuzz_add(text, string, strlen(string));
}

static inline void fuzz_clear(fuzz_text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

static inline bool fuzz_same(const void *a, size_t a_size, const void *b, size_t b_size)
{
    return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size) == 0);
}

/* Whether a byte is one of the characters of a string; NUL never is. */
static inline bool fuzz_among(unsigned char byte, const char *characters)
{
    return byte != '\0' && strchr(characters, (int)byte) != NULL;
}

#define FUZZ_ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FUZZ_DIGITS "0123456789"
#define FUZZ_HEX FUZZ_DIGITS "ABCDEFabcdef"
#define FUZZ_TCHAR "!#$%&'*+-.^_`|~" FUZZ_DIGITS FUZZ_ALPHA

/* field-vchar, SP, HTAB. */
static inline bool fuzz_is_text(const void *bytes, size_t size)
{
    const unsigned char *s = (const unsigned char *)bytes;
    size_t               i = 0;
    while (i < size && (s[i] == '\t' || (s[i] >= 0x20 && s[i] != 0x7f))) {
        i++;
    }
    return i == size;
}

/* Whether the byte at i may stand there in a head that is sent. */
static inline bool fuzz_is_fit(const unsigned char *s, size_t size, size_t i)
{
    if (s[i] == '\r') {
        return i + 1 < size && s[i + 1] == '\n';
    }
    return s[i] == '\n' ? i > 0 && s[i - 1] == '\r' : fuzz_is_text(s + i, 1);
}

/* Whether there is one empty line and nothing behind it, no bare CR or LF, no control byte. */
static inline bool fuzz_is_one_head(const unsigned char *s, size_t size)
{
    size_t empty = 0;
    bool   good = size >= 4 && memcmp(s + size - 4, "\r\n\r\n", 4) == 0;
    for (size_t i = 0; i < size && good; i++) {
        good = fuzz_is_fit(s, size, i);
        empty += i >= 3 && memcmp(s + i - 3, "\r\n\r\n", 4) == 0 ? 1u : 0u;
    }
    return good && empty == 1;
}

static inline bool fuzz_is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t';
}

#if defined(FUZZ_PROGRAM)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes a libFuzzer program of a target. */
#define FUZZ_TARGET(function)                                                                      \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        function(data, size);                                                                      \
        return 0;                                                                                  \
    }
#endif

#endif /* FUZZ_H */
