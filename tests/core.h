/* SPDX-License-Identifier: MIT */
/*
 * core.h: what the tests of the core share. Include it in place of pario.h and test.h.
 *
 * Memory: every allocation of the library is counted, and any of them can be made to fail.
 *
 *     core_fail_at(n)       the n-th allocation from now on fails, once; 0: none
 *     core_held()           how many blocks are out
 *
 * Pieces: a byte-level case runs in every cut of CORE_CUTS: whole, byte by byte, and in two
 * pieces for each place to cut. core_piece_end says where the piece ends that begins at `at`.
 */
#ifndef CORE_H
#define CORE_H

#include <stddef.h>
#include <stdlib.h>

static inline void *core_malloc(size_t size);
static inline void *core_realloc(void *pointer, size_t size);
static inline void  core_free(void *pointer);

#define PARIO_MALLOC(size) core_malloc(size)
#define PARIO_REALLOC(pointer, size) core_realloc(pointer, size)
#define PARIO_FREE(pointer) core_free(pointer)
#define PARIO_IMPLEMENTATION
#include "../pario.h"

#include "test.h"

/* A string with its size, NULs inside included. */
#define CORE_TEXT(string)                                                                          \
    {                                                                                              \
        string, sizeof(string) - 1                                                                 \
    }

typedef struct core_text {
    const char *bytes;
    size_t      size;
} core_text;

/* ---- memory ---------------------------------------------------------------------------- */

typedef struct core_memory {
    unsigned long held;
    unsigned long until_failure; /* 0: never */
} core_memory;

static core_memory core_memory_state;

static inline void core_fail_at(unsigned long n)
{
    core_memory_state.until_failure = n;
}

/* Whether the failure that was asked for is still to come. */
static inline bool core_failure_is_due(void)
{
    return core_memory_state.until_failure > 0;
}

static inline unsigned long core_held(void)
{
    return core_memory_state.held;
}

static inline bool core_may_allocate(void)
{
    if (core_memory_state.until_failure > 0) {
        core_memory_state.until_failure--;
        return core_memory_state.until_failure > 0;
    }
    return true;
}

static inline void *core_malloc(size_t size)
{
    void *made = core_may_allocate() ? malloc(size) : NULL;
    core_memory_state.held += made != NULL ? 1u : 0u;
    return made;
}

static inline void *core_realloc(void *pointer, size_t size)
{
    if (pointer == NULL) {
        return core_malloc(size);
    }
    return core_may_allocate() ? realloc(pointer, size) : NULL;
}

static inline void core_free(void *pointer)
{
    core_memory_state.held -= pointer != NULL ? 1u : 0u;
    free(pointer);
}

/* ---- pieces ---------------------------------------------------------------------------- */

#define CORE_WHOLE 0
#define CORE_BYTE_BY_BYTE 1
/* The number of ways to cut size bytes: whole, byte by byte, and after 1 to size - 1 bytes. */
#define CORE_CUTS(size) ((size) < 2 ? 1u : (size) + 1u)

/* Where the piece ends that begins at `at`, of size bytes that are cut in this way. */
static inline size_t core_piece_end(size_t cut, size_t at, size_t size)
{
    if (cut == CORE_BYTE_BY_BYTE) {
        return at + 1;
    }
    return cut > CORE_BYTE_BY_BYTE && at < cut - 1 ? cut - 1 : size;
}

/* Tells the framework which case and which cut of it runs. */
static inline void core_case(const char *name, size_t cut)
{
    if (cut == CORE_WHOLE) {
        test_case("%s, whole", name);
    } else if (cut == CORE_BYTE_BY_BYTE) {
        test_case("%s, byte by byte", name);
    } else {
        test_case("%s, cut after %zu", name, cut - 1);
    }
}

/* ---- a line of text that a test compares ------------------------------------------------ */

typedef struct core_line {
    char   text[4096];
    size_t size;
} core_line;

static inline void core_say(core_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void core_say(core_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size =
        vsnprintf(line->text + line->size, sizeof line->text - line->size, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof line->text - line->size) {
        FAIL("a line is too long to compare");
        return;
    }
    line->size += (size_t)size;
}

/* Appends bytes; those that are not printable, and the backslash, are escaped. */
static inline void core_say_bytes(core_line *line, const void *bytes, size_t size)
{
    const unsigned char *s = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i++) {
        if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '\\') {
            core_say(line, "\\x%02x", s[i]);
        } else {
            core_say(line, "%c", s[i]);
        }
    }
}

#endif /* CORE_H */
