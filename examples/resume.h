/* SPDX-License-Identifier: MIT */
/*
 * resume.h: which URLs an earlier output of fetch_many, in either of its forms, lists as done:
 * they have a status that is not one to try again for, and no error. A line without its end was
 * cut, and does not count. Of each URL eight bytes are kept, its hash, in a table that is between
 * a quarter and half full. Include it after pario.h.
 */
#ifndef RESUME_H
#define RESUME_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "json.h"
#include "retry.h"

#define RESUME_ROOM 1024          /* of the table, at first */
#define RESUME_LINE_BYTES 1048576 /* a longer line lists no URL that could be done */

typedef struct resume_set {
    uint64_t *hashes; /* 0: a free place */
    size_t    count;
    size_t    room; /* a power of two, or 0 */
} resume_set;

/* Where a hash is, or would be. */
static inline size_t resume_place(const resume_set *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->room - 1);
    while (set->hashes[at] != 0 && set->hashes[at] != hash) {
        at = (at + 1) & (set->room - 1);
    }
    return at;
}

/* The hash of a URL, which is never 0. */
static inline uint64_t resume_hash(const char *url, size_t size)
{
    const uint64_t hash = hash_bytes(url, size);
    return hash == 0 ? 1 : hash;
}

/* Doubles the table. Returns false if there is no memory. */
static inline bool resume_grow(resume_set *set)
{
    resume_set larger = { NULL, set->count, set->room == 0 ? RESUME_ROOM : set->room * 2 };
    larger.hashes = (uint64_t *)calloc(larger.room, sizeof *larger.hashes);
    if (larger.hashes == NULL) {
        return false;
    }
    for (size_t i = 0; i < set->room; i++) {
        if (set->hashes[i] != 0) {
            larger.hashes[resume_place(&larger, set->hashes[i])] = set->hashes[i];
        }
    }
    free(set->hashes);
    *set = larger;
    return true;
}

/* Adds a URL. Returns false if there is no memory. */
static inline bool resume_add(resume_set *set, const char *url, size_t size)
{
    const uint64_t hash = resume_hash(url, size);
    if (set->count >= set->room / 2 && !resume_grow(set)) {
        return false;
    }
    const size_t at = resume_place(set, hash);
    set->count += set->hashes[at] == 0 ? 1 : 0;
    set->hashes[at] = hash;
    return true;
}

static inline bool resume_has(const resume_set *set, const char *url, size_t size)
{
    const uint64_t hash = resume_hash(url, size);
    return set->count > 0 && set->hashes[resume_place(set, hash)] == hash;
}

static inline void resume_close(resume_set *set)
{
    free(set->hashes);
    memset(set, 0, sizeof *set);
}

/* ------------------------------------------------------------------------------------------ */
/* Reading an earlier output */

/* What a line says of a URL. */
typedef struct resume_entry {
    const char *url;
    size_t      url_size;
    int64_t     status;
    bool        failed;
} resume_entry;

/* A status: three digits; anything else is 0. */
static inline int64_t resume_status(const char *text, size_t size)
{
    int64_t status = 0;
    for (size_t i = 0; i < size && size == 3; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        status = status * 10 + (text[i] - '0');
    }
    return status;
}

/* Reads a line of fields with tabs between them. */
static inline bool resume_read_tabs(const char *line, size_t size, resume_entry *entry)
{
    const char *fields[5];
    size_t      sizes[5];
    size_t      count = 0;
    size_t      at = 0;
    while (count < 5 && at <= size) {
        const char *tab = (const char *)memchr(&line[at], '\t', size - at);
        fields[count] = &line[at];
        sizes[count] = tab != NULL ? (size_t)(tab - &line[at]) : size - at;
        at += sizes[count] + 1;
        count++;
    }
    if (count < 5) {
        return false;
    }
    entry->status = resume_status(fields[0], sizes[0]);
    entry->url = fields[3];
    entry->url_size = sizes[3];
    entry->failed = sizes[4] > 0;
    return true;
}

/* Whether a member's name is this one. */
static inline bool resume_is(const json_value *value, const char *name)
{
    return value->size == strlen(name) && memcmp(value->text, name, value->size) == 0;
}

/* Reads a line of JSON, which is written over. */
static inline bool resume_read_json(char *line, size_t size, resume_entry *entry)
{
    json_reader reader;
    json_value  name;
    json_value  value;
    bool        judged = false;
    json_read(&reader, line, size);
    while (json_read_member(&reader, &name, &value)) {
        if (resume_is(&name, "url") && value.is_string) {
            entry->url = value.text;
            entry->url_size = value.size;
        } else if (resume_is(&name, "status")) {
            entry->status = resume_status(value.text, value.size);
        } else if (resume_is(&name, "error")) {
            entry->failed = value.is_string || !resume_is(&value, "null");
            judged = true;
        }
    }
    return !reader.bad && judged && entry->url != NULL;
}

/* Takes a line into the set, if it says that a URL is done. Returns false without memory. */
static inline bool resume_take(resume_set *set, char *line, size_t size)
{
    resume_entry entry = { NULL, 0, 0, true };
    const bool   read = size > 0 && line[0] == '{' ? resume_read_json(line, size, &entry)
                                                   : resume_read_tabs(line, size, &entry);
    if (!read || entry.failed || entry.status == 0 || retry_status(entry.status)) {
        return true;
    }
    return resume_add(set, entry.url, entry.url_size);
}

/* Reads the rest of a line, of which what has no room in it is dropped. False: it has no end. */
static inline bool resume_read_line(FILE *from, char *line, size_t *size)
{
    int byte = getc_unlocked(from);
    *size = 0;
    while (byte != '\n' && byte != EOF) {
        if (*size < RESUME_LINE_BYTES) {
            line[*size] = (char)byte;
        }
        (*size)++;
        byte = getc_unlocked(from);
    }
    return byte == '\n';
}

/* Reads an earlier output. Returns an errno or 0. */
static inline int resume_open(resume_set *set, const char *path)
{
    FILE  *from = fopen(path, "re");
    char  *line = (char *)malloc(RESUME_LINE_BYTES);
    size_t size = 0;
    int    failed = 0;
    if (from == NULL) {
        failed = errno;
    } else if (line == NULL) {
        failed = ENOMEM;
    }
    while (failed == 0 && resume_read_line(from, line, &size)) {
        if (size <= RESUME_LINE_BYTES && !resume_take(set, line, size)) {
            failed = ENOMEM;
        }
    }
    if (failed == 0 && ferror(from)) {
        failed = errno;
    }
    if (from != NULL) {
        (void)fclose(from);
    }
    free(line);
    return failed;
}

#endif /* RESUME_H */
