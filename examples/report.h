/* SPDX-License-Identifier: MIT */
/*
 * report.h: the lines that fetch_many writes, with tabs between their fields or as JSON, and
 * when they are written. Include it after pario.h.
 */
#ifndef REPORT_H
#define REPORT_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "progress.h"

#define REPORT_BYTES 65536     /* at a time; there is room for a longest line behind it */
#define REPORT_LINE_BYTES 4096 /* room for all of a line but its URL */
#define REPORT_FLUSH_MS 100    /* a line waits so long for others to be written with it */

/* What became of a URL. */
typedef struct report_entry {
    const char *url;
    size_t      url_size;
    bool        refused; /* so the URL may be of any size and hold any bytes */
    int         status;
    uint64_t    bytes;
    uint64_t    ms;
    uint64_t    tries;
    const char *file;  /* where the content is, or NULL */
    const char *error; /* "": none; less than PARIO_LINE_SIZE bytes */
} report_entry;

typedef struct report {
    char     *bytes;
    size_t    used;
    int64_t   due_ms; /* when what is in bytes must be written */
    bool      json;
    bool      tries;    /* are counted in a field of their own, which JSON always has */
    bool      quiet;    /* nothing is written */
    bool      instant;  /* somebody is looking */
    progress *progress; /* what may be on the same screen */
    int       failed;   /* errno of a write */
} report;

/* Returns false if there is no memory. */
static inline bool report_open(report *out, progress *shown)
{
    out->bytes =
        (char *)malloc(REPORT_BYTES + JSON_GROWTH * PARIO_MAX_URL_BYTES + REPORT_LINE_BYTES);
    out->instant = isatty(STDOUT_FILENO) == 1;
    out->progress = shown;
    return out->bytes != NULL;
}

static inline void report_close(report *out)
{
    free(out->bytes);
    out->bytes = NULL;
}

/* Adds to a line, which always fits: report_end leaves room for the longest one. */
static inline void report_bytes(report *out, const char *bytes, size_t size)
{
    memcpy(&out->bytes[out->used], bytes, size);
    out->used += size;
}

static inline void report_text(report *out, const char *text)
{
    report_bytes(out, text, strlen(text));
}

static inline void report_number(report *out, uint64_t number)
{
    char   digits[24];
    size_t at = sizeof digits;
    do {
        at--;
        digits[at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    report_bytes(out, &digits[at], sizeof digits - at);
}

/* A URL that was refused: what could break the line is shown as a question mark. */
static inline void report_plain(report *out, const char *text, size_t size)
{
    char *to = &out->bytes[out->used];
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        to[i] = byte < 32 || byte == 127 ? '?' : text[i];
    }
    out->used += size;
}

static inline void report_tabs(report *out, const report_entry *entry, size_t url_size)
{
    report_number(out, (uint64_t)entry->status);
    report_bytes(out, "\t", 1);
    report_number(out, entry->bytes);
    report_bytes(out, "\t", 1);
    report_number(out, entry->ms);
    report_bytes(out, "\t", 1);
    if (entry->refused) {
        report_plain(out, entry->url, url_size);
        report_text(out, url_size < entry->url_size ? "..." : "");
    } else {
        report_bytes(out, entry->url, url_size);
    }
    report_bytes(out, "\t", 1);
    report_text(out, entry->error);
    if (out->tries) {
        report_bytes(out, "\t", 1);
        report_number(out, entry->tries);
    }
}

static inline void report_string(report *out, const char *text, size_t size)
{
    out->used += json_write_string(&out->bytes[out->used], text, size);
}

/* A string, or null where there is none. */
static inline void report_string_or_null(report *out, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        report_text(out, "null");
    } else {
        report_string(out, text, strlen(text));
    }
}

static inline void report_json(report *out, const report_entry *entry, size_t url_size)
{
    report_text(out, "{\"url\":");
    report_string(out, entry->url, url_size);
    if (url_size < entry->url_size) {
        out->used--; /* into the string */
        report_text(out, "...\"");
    }
    report_text(out, ",\"status\":");
    report_number(out, (uint64_t)entry->status);
    report_text(out, ",\"bytes\":");
    report_number(out, entry->bytes);
    report_text(out, ",\"ms\":");
    report_number(out, entry->ms);
    report_text(out, ",\"tries\":");
    report_number(out, entry->tries);
    if (entry->file != NULL) {
        report_text(out, ",\"file\":");
        report_string_or_null(out, entry->file);
    }
    report_text(out, ",\"error\":");
    report_string_or_null(out, entry->error);
    report_bytes(out, "}", 1);
}

/* Writes what there is. */
static inline void report_flush(report *out)
{
    size_t done = 0;
    if (out->used > 0 && out->instant) {
        progress_clear(out->progress);
    }
    while (done < out->used && out->failed == 0) {
        const ssize_t wrote = write(STDOUT_FILENO, &out->bytes[done], out->used - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR) {
            out->failed = errno;
        }
    }
    out->used = 0;
    out->due_ms = 0;
}

/* Adds a line, and writes when it is time to; now is of CLOCK_MONOTONIC_COARSE. */
static inline void report_line(report *out, const report_entry *entry, int64_t now_ms)
{
    const bool   cut = entry->url_size > PARIO_MAX_URL_BYTES; /* so it was refused */
    const size_t url_size = cut ? PARIO_MAX_URL_BYTES : entry->url_size;
    if (out->json) {
        report_json(out, entry, url_size);
    } else {
        report_tabs(out, entry, url_size);
    }
    report_bytes(out, "\n", 1);
    if (out->due_ms == 0) {
        out->due_ms = now_ms + REPORT_FLUSH_MS;
    }
    if (out->instant || now_ms >= out->due_ms || out->used >= REPORT_BYTES) {
        report_flush(out);
    }
}

/* For how long may be waited; if nothing comes until then, report_flush must be called. */
static inline int64_t report_wait_ms(const report *out)
{
    return out->used == 0 ? -1 : REPORT_FLUSH_MS;
}

#endif /* REPORT_H */
