/* SPDX-License-Identifier: MIT */
/*
 * json.h: strings as RFC 8259 has them, and flat objects of one line, which are all that
 * fetch_many writes and reads back.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_GROWTH 6 /* a byte becomes at most so many, and the quotation marks are two more */

/* ------------------------------------------------------------------------------------------ */
/* Writing */

/* The size of the well-formed UTF-8 sequence that the text begins with, or 0 (Unicode, 3-7). */
static inline size_t json_utf8(const char *text, size_t size)
{
    static const struct {
        unsigned char first;
        unsigned char last;
        unsigned char low; /* of the second byte */
        unsigned char high;
        size_t        size;
    } rows[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (size >= rows[i].size && s[0] >= rows[i].first && s[0] <= rows[i].last) {
            bool good = rows[i].size == 1 || (s[1] >= rows[i].low && s[1] <= rows[i].high);
            for (size_t k = 2; k < rows[i].size; k++) {
                good = good && (s[k] & 0xc0u) == 0x80u;
            }
            return good ? rows[i].size : 0;
        }
    }
    return 0;
}

/* A byte as \u00XX. Returns how many bytes that are. */
static inline size_t json_write_escaped(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    memcpy(to, "\\u00", 4);
    to[4] = digits[byte >> 4];
    to[5] = digits[byte & 15u];
    return 6;
}

/*
 * Any bytes as a string with its quotation marks; a byte that is no UTF-8 becomes U+FFFD. There
 * must be room for JSON_GROWTH * size + 2 bytes. Returns how many were written; no NUL follows.
 */
static inline size_t json_write_string(char *to, const char *text, size_t size)
{
    size_t used = 1;
    size_t part = 1;
    to[0] = '"';
    for (size_t i = 0; i < size; i += part) {
        const unsigned char byte = (unsigned char)text[i];
        part = json_utf8(&text[i], size - i);
        if (part == 0) {
            part = 1;
            memcpy(&to[used], "\\ufffd", 6);
            used += 6;
        } else if (byte < 32 || byte == 127) {
            used += json_write_escaped(&to[used], byte);
        } else {
            if (byte == '"' || byte == '\\') {
                to[used++] = '\\';
            }
            memcpy(&to[used], &text[i], part);
            used += part;
        }
    }
    to[used] = '"';
    return used + 1;
}

/* ------------------------------------------------------------------------------------------ */
/* Reading */

/* A string without its quotation marks and escapes, or another value as it is written. */
typedef struct json_value {
    const char *text;
    size_t      size;
    bool        is_string;
} json_value;

/* Where the reading of a line has come to; strings in it are unescaped in their place. */
typedef struct json_reader {
    char *at;
    char *end;
    bool  bad;   /* it is no object, or one with objects or arrays inside */
    bool  begun; /* a member was read */
} json_reader;

static inline void json_skip_spaces(json_reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", reader->at[0]) != NULL &&
           reader->at[0] != '\0') {
        reader->at++;
    }
}

/* Whether the next byte but spaces is this one, which is taken then. */
static inline bool json_take(json_reader *reader, char byte)
{
    json_skip_spaces(reader);
    if (reader->at < reader->end && reader->at[0] == byte) {
        reader->at++;
        return true;
    }
    return false;
}

/* Four hexadecimal digits. */
static inline bool json_read_unit(json_reader *reader, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        const char *found = NULL;
        if (reader->at < reader->end && reader->at[0] != '\0') {
            found = strchr(digits, reader->at[0]);
        }
        if (found == NULL) {
            return false;
        }
        *unit = *unit * 16 + (uint32_t)(found - digits) % 16;
        reader->at++;
    }
    return true;
}

/* A code point as UTF-8. Returns its size. */
static inline size_t json_encode(uint32_t point, char *to)
{
    const size_t   size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const uint32_t marks[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80u | (point & 0x3fu));
        point >>= 6;
    }
    to[0] = (char)(marks[size] | point);
    return size;
}

/* The second half of a surrogate pair, which must follow the first. */
static inline bool json_read_low(json_reader *reader, uint32_t *low)
{
    if (reader->end - reader->at < 2 || memcmp(reader->at, "\\u", 2) != 0) {
        return false;
    }
    reader->at += 2;
    return json_read_unit(reader, low) && *low >= 0xdc00 && *low <= 0xdfff;
}

/* What follows \u: one unit, or two that are a surrogate pair. */
static inline bool json_read_point(json_reader *reader, char **to)
{
    uint32_t point = 0;
    uint32_t low = 0;
    if (!json_read_unit(reader, &point) || (point >= 0xdc00 && point <= 0xdfff)) {
        return false;
    }
    if (point >= 0xd800 && point <= 0xdbff) {
        if (!json_read_low(reader, &low)) {
            return false;
        }
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    *to += json_encode(point, *to);
    return true;
}

/* What follows a backslash. */
static inline bool json_read_escape(json_reader *reader, char **to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    const char        letter = reader->at < reader->end ? reader->at[0] : '\0';
    const char       *found = letter != '\0' ? strchr(letters, letter) : NULL;
    reader->at++;
    if (letter == 'u') {
        return json_read_point(reader, to);
    }
    if (found == NULL) {
        return false;
    }
    **to = bytes[found - letters];
    (*to)++;
    return true;
}

/* A string; its first quotation mark is taken already. What is unescaped never grows. */
static inline bool json_read_string(json_reader *reader, json_value *value)
{
    char *to = reader->at;
    value->text = to;
    value->is_string = true;
    while (reader->at < reader->end && reader->at[0] != '"') {
        if (reader->at[0] == '\\') {
            reader->at++;
            if (!json_read_escape(reader, &to)) {
                return false;
            }
        } else {
            *to = reader->at[0];
            to++;
            reader->at++;
        }
    }
    value->size = (size_t)(to - value->text);
    return json_take(reader, '"');
}

/* A value that is neither an object nor an array. */
static inline bool json_read_value(json_reader *reader, json_value *value)
{
    static const char plain[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
    if (json_take(reader, '"')) {
        return json_read_string(reader, value);
    }
    value->text = reader->at;
    value->is_string = false;
    while (reader->at < reader->end && reader->at[0] != '\0' &&
           strchr(plain, reader->at[0]) != NULL) {
        reader->at++;
    }
    value->size = (size_t)(reader->at - value->text);
    return value->size > 0;
}

/* Begins to read a line. */
static inline void json_read(json_reader *reader, char *line, size_t size)
{
    reader->at = line;
    reader->end = &line[size];
    reader->begun = false;
    reader->bad = !json_take(reader, '{');
}

/* Reads the next member. Returns false at the end, and where the line is bad. */
static inline bool json_read_member(json_reader *reader, json_value *name, json_value *value)
{
    if (reader->bad) {
        return false;
    }
    if (json_take(reader, '}')) {
        json_skip_spaces(reader);
        reader->bad = reader->at != reader->end;
        return false;
    }
    reader->bad = (reader->begun && !json_take(reader, ',')) || !json_take(reader, '"') ||
                  !json_read_string(reader, name) || !json_take(reader, ':') ||
                  !json_read_value(reader, value);
    reader->begun = true;
    return !reader->bad;
}

#endif /* JSON_H */
