/* SPDX-License-Identifier: MIT */
/* text.h: text that grows while a report is written, and files that are whole or not there. */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise it. Once memory has run out, `failed` stays set and additions do nothing. */
typedef struct text {
    char  *bytes; /* NUL-terminated as soon as something was added */
    size_t size;
    size_t room;
    bool   failed;
} text;

/* Adds what printf would print. */
void text_add(text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a string with the characters escaped that HTML and XML take for markup. */
void text_add_html(text *out, const char *string);

/* Adds a string as a JSON string, quotes included. */
void text_add_json(text *out, const char *string);

/* Adds a string as one field of a CSV line. */
void text_add_csv(text *out, const char *string);

/* Adds lines, each broken at blanks where it would be longer than `columns`. */
void text_add_wrapped(text *out, const char *lines, size_t columns);

/* Takes blanks off its end. */
void text_trim(text *out);

/*
 * Writes the text to a file, by way of a temporary one that is renamed. On failure says why on
 * standard error and returns false; a former file of that name is still whole then.
 */
bool text_write(const text *out, const char *path);

/* Adds a whole file. On failure says why on standard error and returns false. */
bool text_read(text *out, const char *path);

/* Gives the memory back; the text is empty and may be used again. */
void text_free(text *out);

/* 31,776 for 31776: digits in groups of three. `room` must hold at least 32 bytes. */
const char *text_grouped(double value, char *room, size_t size);

/* strcpy that never overruns: a longer string is cut. */
void text_copy(char *to, size_t size, const char *from);

/* snprintf for names and notes: what does not fit is cut. */
void text_print(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How many columns a UTF-8 string takes in a terminal, each character counted as one. */
size_t text_columns(const char *string);

#endif
