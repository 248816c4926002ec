/* SPDX-License-Identifier: MIT */
/*
 * source.h: where fetch_many's URLs come from: arguments, or lines of standard input, which are
 * read as they are needed; and again, where the list is to be repeated. Include it after pario.h.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_READ_BYTES 16384 /* of standard input at a time */
#define SOURCE_BYTES 98304      /* room for the longest URL and reads behind it */

/* Where URLs come from. */
typedef enum source_kind {
    FROM_ARGUMENTS,
    FROM_STREAM,
    FROM_MEMORY
} source_kind;

/* A line of input, or an argument. */
typedef struct line {
    const char *text;
    size_t      size;
} line;

/* Bytes in memory that grow. */
typedef struct buffer {
    char  *at;
    size_t size;
    size_t room;
} buffer;

/*
 * The list of URLs, which -n repeats. Lines are taken from `input` at `taken`. A stream that
 * cannot be read twice is remembered as it goes by, if it may be needed again.
 */
typedef struct source {
    source_kind  kind;
    const char **arguments;
    size_t       argument_count;
    size_t       next_argument;
    buffer       input;
    size_t       taken;
    buffer       remembered;
    int64_t      left;    /* requests still to be made, or PARIO_UNLIMITED */
    off_t        begin;   /* where a stream begins that can be read again, or -1 */
    bool         at_end;  /* of the stream */
    bool         had_any; /* lines since its beginning */
    int          failed;  /* errno of what went wrong with it */
} source;

/* What source_next found. */
typedef enum source_state {
    SOURCE_LINE,
    SOURCE_STARVED,
    SOURCE_END
} source_state;

/* Adds to bytes. Returns false if there is no memory. */
static inline bool buffer_add(buffer *to, const char *from, size_t size)
{
    if (to->room - to->size < size) {
        const size_t room = (to->room + size) * 2;
        char        *grown = (char *)realloc(to->at, room);
        if (grown == NULL) {
            return false;
        }
        to->at = grown;
        to->room = room;
    }
    memcpy(&to->at[to->size], from, size);
    to->size += size;
    return true;
}

/*
 * Decides where URLs come from: the operands, or standard input if there is none or "-". If total
 * is not 0, so many are handed out, and the list is repeated. Returns false without memory.
 */
static inline bool source_open(source *from, const char **operands, size_t count, int64_t total)
{
    from->left = total > 0 ? total : PARIO_UNLIMITED;
    from->begin = -1;
    if (count > 1 || (count == 1 && strcmp(operands[0], "-") != 0)) {
        from->kind = FROM_ARGUMENTS;
        from->arguments = operands;
        from->argument_count = count;
        return true;
    }
    from->kind = FROM_STREAM;
    from->begin = lseek(STDIN_FILENO, 0, SEEK_CUR);
    from->input.at = (char *)malloc(SOURCE_BYTES);
    from->input.room = SOURCE_BYTES;
    return from->input.at != NULL;
}

static inline void source_close(source *from)
{
    free(from->input.at);
    free(from->remembered.at);
}

/* Ends the source because of an errno. */
static inline void source_fail(source *from, int failed)
{
    from->failed = failed;
    from->left = 0;
}

/*
 * Reads once from the stream; waits if there is nothing to be read. Of a line that is longer
 * than any URL so much is kept that its length tells.
 */
static inline void source_read(source *from)
{
    buffer      *input = &from->input;
    const size_t kept = input->size - from->taken;
    ssize_t      got = 0;
    memmove(input->at, &input->at[from->taken], kept);
    from->taken = 0;
    input->size = kept <= PARIO_MAX_URL_BYTES ? kept : PARIO_MAX_URL_BYTES + 1;
    got = read(STDIN_FILENO, &input->at[input->size], SOURCE_READ_BYTES);
    if (got > 0) {
        input->size += (size_t)got;
    } else if (got == 0) {
        from->at_end = true;
        if (input->size > 0) {
            input->at[input->size] = '\n'; /* which the last line lacks */
            input->size++;
        }
    } else if (errno != EINTR) {
        source_fail(from, errno);
    }
}

/* Cuts the next line out of the input. Returns false if there is no whole line. */
static inline bool source_cut(source *from, line *taken)
{
    const char  *begin = &from->input.at[from->taken];
    const size_t left = from->input.size - from->taken;
    const char  *stop = left == 0 ? NULL : (const char *)memchr(begin, '\n', left);
    if (stop == NULL) {
        return false;
    }
    taken->text = begin;
    taken->size = (size_t)(stop - begin);
    from->taken += taken->size + 1;
    if (taken->size > 0 && begin[taken->size - 1] == '\r') {
        taken->size--;
    }
    return true;
}

/* Takes the next line that is not empty. Returns false if there is none yet. */
static inline bool source_take(source *from, line *taken)
{
    do {
        if (!source_cut(from, taken)) {
            return false;
        }
    } while (taken->size == 0);
    from->had_any = true;
    if (from->kind == FROM_STREAM && from->left > 0 && from->begin < 0 &&
        !(buffer_add(&from->remembered, taken->text, taken->size) &&
          buffer_add(&from->remembered, "\n", 1))) {
        source_fail(from, ENOMEM);
    }
    return true;
}

/* At the end of the list: goes back to its beginning, where it is to be repeated. */
static inline source_state source_repeat(source *from)
{
    if (from->left < 0 || !from->had_any) {
        return SOURCE_END;
    }
    from->had_any = false;
    from->taken = 0;
    if (from->kind == FROM_STREAM && from->begin < 0) {
        free(from->input.at);
        from->input = from->remembered;
        memset(&from->remembered, 0, sizeof from->remembered);
        from->kind = FROM_MEMORY;
    } else if (from->kind == FROM_STREAM) {
        from->input.size = 0;
        from->at_end = false;
        if (lseek(STDIN_FILENO, from->begin, SEEK_SET) < 0) {
            source_fail(from, errno);
            return SOURCE_END;
        }
    }
    return SOURCE_STARVED;
}

/* The next argument, again and again if that is wanted. */
static inline source_state source_argument(source *from, line *taken)
{
    if (from->next_argument == from->argument_count) {
        if (from->left < 0) {
            return SOURCE_END;
        }
        from->next_argument = 0;
    }
    taken->text = from->arguments[from->next_argument];
    taken->size = strlen(taken->text);
    from->next_argument++;
    return SOURCE_LINE;
}

/* The next line of a stream or of what is remembered of it. */
static inline source_state source_line(source *from, line *taken)
{
    source_state state = SOURCE_LINE;
    if (!source_take(from, taken)) {
        const bool over = from->at_end || from->kind == FROM_MEMORY;
        state = over ? source_repeat(from) : SOURCE_STARVED;
        if (state == SOURCE_STARVED && from->kind == FROM_MEMORY) {
            state = source_take(from, taken) ? SOURCE_LINE : SOURCE_END;
        }
    }
    return state;
}

/* The next URL; SOURCE_STARVED says that source_read must be called first. */
static inline source_state source_next(source *from, line *taken)
{
    source_state state = SOURCE_END;
    if (from->left != 0) {
        state = from->kind == FROM_ARGUMENTS ? source_argument(from, taken)
                                             : source_line(from, taken);
    }
    if (state == SOURCE_LINE && from->left > 0) {
        from->left--;
    }
    return state;
}

#endif /* SOURCE_H */
