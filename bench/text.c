/* SPDX-License-Identifier: MIT */
/* text.c: see text.h. */
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` bytes and a NUL. */
static bool text_reserve(text *out, size_t more)
{
    if (out->failed || more > SIZE_MAX / 4 || out->size > SIZE_MAX / 4) {
        out->failed = true;
        return false;
    }
    size_t need = out->size + more + 1;
    if (need <= out->room) {
        return true;
    }
    size_t room = need < 4096 ? 4096 : need * 2;
    char  *bytes = realloc(out->bytes, room);
    if (bytes == NULL) {
        out->failed = true;
        return false;
    }
    out->bytes = bytes;
    out->room = room;
    return true;
}

void text_add(text *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (size < 0 || !text_reserve(out, (size_t)size)) {
        out->failed = true;
        return;
    }
    va_start(list, format);
    (void)vsnprintf(out->bytes + out->size, (size_t)size + 1, format, list);
    va_end(list);
    out->size += (size_t)size;
}

/* Adds `size` bytes as they are. */
static void text_add_bytes(text *out, const char *bytes, size_t size)
{
    if (!text_reserve(out, size)) {
        return;
    }
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    out->bytes[out->size] = '\0';
}

void text_add_html(text *out, const char *string)
{
    for (; *string != '\0'; string++) {
        switch (*string) {
        case '&':
            text_add(out, "&amp;");
            break;
        case '<':
            text_add(out, "&lt;");
            break;
        case '>':
            text_add(out, "&gt;");
            break;
        case '"':
            text_add(out, "&quot;");
            break;
        default:
            text_add_bytes(out, string, 1);
            break;
        }
    }
}

void text_add_json(text *out, const char *string)
{
    text_add(out, "\"");
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte == '"' || byte == '\\') {
            text_add(out, "\\%c", *string);
        } else if (byte < 0x20 || byte > 0x7e) { /* never bytes that are no UTF-8 */
            text_add(out, "\\u%04x", byte);
        } else {
            text_add_bytes(out, string, 1);
        }
    }
    text_add(out, "\"");
}

void text_add_csv(text *out, const char *string)
{
    if (strpbrk(string, ",\"\n\r") == NULL) {
        text_add(out, "%s", string);
        return;
    }
    text_add(out, "\"");
    for (; *string != '\0'; string++) {
        text_add_bytes(out, string, 1);
        if (*string == '"') {
            text_add(out, "\"");
        }
    }
    text_add(out, "\"");
}

void text_add_wrapped(text *out, const char *lines, size_t columns)
{
    size_t used = 0;
    while (*lines != '\0') {
        size_t size = strcspn(lines, " \n");
        char   word[256];
        text_print(word, sizeof word, "%.*s", (int)size, lines);
        if (used > 0 && used + 1 + text_columns(word) > columns) {
            text_add(out, "\n  ");
            used = 2;
        } else if (used > 0) {
            text_add(out, " ");
            used++;
        } else {
            /* the first word of a line */
        }
        text_add(out, "%s", word);
        used += text_columns(word);
        if (lines[size] == '\n') {
            text_add(out, "\n");
            used = 0;
        }
        lines += size + (lines[size] == '\0' ? 0 : 1);
    }
}

void text_trim(text *out)
{
    while (out->size > 0 && out->bytes[out->size - 1] == ' ') {
        out->bytes[--out->size] = '\0';
    }
}

/* Writes and closes; returns 0 or errno. */
static int text_save(const text *out, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return errno;
    }
    int error = 0;
    if (out->size > 0 && fwrite(out->bytes, 1, out->size, file) != out->size) {
        error = errno;
    }
    if (fclose(file) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

bool text_write(const text *out, const char *path)
{
    char part[4096];
    text_print(part, sizeof part, "%s.part", path);
    int error = out->failed ? ENOMEM : text_save(out, part);
    if (error == 0 && rename(part, path) != 0) {
        error = errno;
    }
    if (error != 0) {
        fprintf(stderr, "experiment: cannot write %s: %s\n", path, strerror(error));
        (void)remove(part);
    }
    return error == 0;
}

bool text_read(text *out, const char *path)
{
    char   bytes[4096];
    size_t size = 1;
    int    error = 0;
    FILE  *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "experiment: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    text_add(out, "%s", ""); /* bytes is not NULL then */
    while (size > 0) {
        size = fread(bytes, 1, sizeof bytes, file);
        text_add_bytes(out, bytes, size);
    }
    error = ferror(file) != 0 ? EIO : out->failed ? ENOMEM : 0;
    (void)fclose(file);
    if (error != 0) {
        fprintf(stderr, "experiment: cannot read %s: %s\n", path, strerror(error));
    }
    return error == 0;
}

void text_free(text *out)
{
    free(out->bytes);
    memset(out, 0, sizeof *out);
}

const char *text_grouped(double value, char *room, size_t size)
{
    char digits[40];
    text_print(digits, sizeof digits, "%.0f", fabs(value));
    size_t count = strlen(digits);
    size_t at = 0;
    if (value <= -0.5 && size > 1) {
        room[at++] = '-';
    }
    for (size_t i = 0; i < count && at + 2 < size; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            room[at++] = ',';
        }
        room[at++] = digits[i];
    }
    room[at] = '\0';
    return room;
}

void text_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
    }
    memmove(to, from, length);
    to[length] = '\0';
}

void text_print(char *to, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(to, size, format, list);
    va_end(list);
    if (length < 0) {
        to[0] = '\0';
    }
}

size_t text_columns(const char *string)
{
    size_t columns = 0;
    for (; *string != '\0'; string++) {
        if (((unsigned char)*string & 0xC0u) != 0x80u) {
            columns++;
        }
    }
    return columns;
}
