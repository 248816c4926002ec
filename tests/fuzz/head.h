/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a byte for the limit of fields, one for that of bytes, and a head or trailers.
 *
 * Oracles: every cut gives the same verdict and the same fields; a reader that unfolds the
 * whole head first and then splits it into lines agrees; what is written out of an accepted
 * head means the same; the fast searches agree with slow ones; nothing leaks.
 */
#ifndef FUZZ_HEAD_H
#define FUZZ_HEAD_H

#include "fuzz.h"

/* What was read: the fields are copied, with each run of blanks in a value made one space. */
typedef struct fuzz_head_result {
    pario_error error;
    bool        done;
    size_t      size;
    unsigned    version;
    unsigned    status;
    fuzz_text   text; /* the reason, then names and values, each with a line feed behind it */
} fuzz_head_result;

static void fuzz_head_add(fuzz_text *text, const void *bytes, size_t size)
{
    const unsigned char *s = (const unsigned char *)bytes;
    bool                 blank = false;
    for (size_t i = 0; i < size; i++) {
        if (!fuzz_is_blank(s[i])) {
            fuzz_add(text, s + i, 1);
        } else if (!blank) {
            fuzz_add_string(text, " ");
        }
        blank = fuzz_is_blank(s[i]);
    }
    fuzz_add_string(text, "\n");
}

static void fuzz_head_keep(fuzz_head_result *result, const pario_i_head *head,
                           const unsigned char *s)
{
    fuzz_head_add(&result->text, s + head->reason_beg, head->reason_end - head->reason_beg);
    for (size_t i = 0; i < head->count; i++) {
        const pario_i_field *field = &head->fields[i];
        FUZZ_CHECK(field->name_beg < field->name_end && field->name_end < field->value_beg);
        FUZZ_CHECK(field->value_beg <= field->value_end && field->value_end < head->line_beg);
        fuzz_head_add(&result->text, s + field->name_beg, field->name_end - field->name_beg);
        fuzz_head_add(&result->text, s + field->value_beg, field->value_end - field->value_beg);
        FUZZ_CHECK(fuzz_is_text(s + field->value_beg, field->value_end - field->value_beg));
    }
    result->size = head->line_beg;
    result->version = head->version;
    result->status = head->status;
}

/* Reads in pieces, each time from a block of exactly what has come. */
static fuzz_head_result fuzz_head_run(core_text text, pario_i_head_phase phase, uint32_t bytes,
                                      uint32_t fields, unsigned cut)
{
    pario_i_head     head;
    fuzz_head_result result;
    unsigned char   *s = fuzz_copy("", 0);
    size_t           at = 0;
    fuzz_random      random = fuzz_seed(text.bytes, text.size);
    memset(&head, 0, sizeof head);
    memset(&result, 0, sizeof result);
    random.state += cut;
    pario_i_head_begin(&head, phase, bytes, fields);
    while (at < text.size && result.error == PARIO_OK && !result.done) {
        size_t end = at + fuzz_piece(&random, cut, text.size - at);
        s = (unsigned char *)realloc(s, end);
        FUZZ_CHECK(s != NULL);
        memcpy(s + at, text.bytes + at, end - at);
        result.error = pario_i_head_read(&head, s, end);
        result.done = head.phase == PARIO_I_HEAD_DONE;
        at = end;
    }
    result.done = result.done && result.error == PARIO_OK;
    if (result.done) {
        FUZZ_CHECK(head.line_beg <= at && head.line_beg <= bytes && head.count <= fields);
        fuzz_head_keep(&result, &head, s);
    }
    free(s);
    core_free(head.fields);
    return result;
}

static bool fuzz_head_equal(const fuzz_head_result *a, const fuzz_head_result *b)
{
    return a->error == b->error && a->done == b->done && a->status == b->status &&
           a->version == b->version &&
           fuzz_same(a->text.bytes, a->text.size, b->text.bytes, b->text.size);
}

/* ---- the other reader -------------------------------------------------------------- */

/* The next line of a text, without its line end. False: there is none. */
static bool fuzz_head_line(core_text *rest, core_text *line)
{
    const char *end = rest->size > 0 ? (const char *)memchr(rest->bytes, '\n', rest->size) : NULL;
    if (end == NULL) {
        return false;
    }
    line->bytes = rest->bytes;
    line->size = (size_t)(end - rest->bytes);
    rest->size -= line->size + 1;
    rest->bytes = end + 1;
    line->size -= line->size > 0 && line->bytes[line->size - 1] == '\r' ? 1u : 0u;
    return true;
}

/* Appends a field line as "name LF value LF". */
static bool fuzz_head_field(core_text line, fuzz_text *out)
{
    const char *colon = (const char *)memchr(line.bytes, ':', line.size);
    if (colon == NULL || colon == line.bytes || !fuzz_is_text(line.bytes, line.size)) {
        return false;
    }
    for (const char *c = line.bytes; c < colon; c++) {
        if (!fuzz_among((unsigned char)*c, FUZZ_TCHAR)) {
            return false;
        }
    }
    fuzz_head_add(out, line.bytes, (size_t)(colon - line.bytes));
    const char *end = line.bytes + line.size;
    colon++;
    while (colon < end && fuzz_is_blank((unsigned char)*colon)) {
        colon++;
    }
    while (end > colon && fuzz_is_blank((unsigned char)end[-1])) {
        end--;
    }
    fuzz_head_add(out, colon, (size_t)(end - colon));
    return true;
}

/* The lines of a head that were read so far, the last one with all that was folded to it. */
typedef struct fuzz_head_lines {
    fuzz_text last;
    fuzz_text fields; /* those before, as fuzz_head_field writes them */
    int       count;
    bool      good;
    bool      done;
} fuzz_head_lines;

/* A line that begins with a blank goes on with the line before. */
static void fuzz_head_next(fuzz_head_lines *lines, core_text line)
{
    bool folds = line.size > 0 && fuzz_is_blank((unsigned char)line.bytes[0]);
    if (!folds && lines->last.size > 0) {
        core_text whole = { lines->last.bytes, lines->last.size };
        lines->good = fuzz_head_field(whole, &lines->fields);
        fuzz_clear(&lines->last);
    } else if (folds && lines->last.size == 0) {
        lines->good = false;
    }
    lines->done = line.size == 0;
    lines->count += folds || lines->done ? 0 : 1;
    fuzz_add(&lines->last, line.bytes, line.size);
}

/* How many fields there are, or -1. */
static int fuzz_head_fields(core_text rest, fuzz_text *out, bool *done)
{
    fuzz_head_lines lines;
    core_text       line;
    memset(&lines, 0, sizeof lines);
    lines.good = true;
    while (lines.good && !lines.done && fuzz_head_line(&rest, &line)) {
        fuzz_head_next(&lines, line);
    }
    fuzz_add(out, lines.fields.bytes, lines.fields.size);
    fuzz_clear(&lines.fields);
    fuzz_clear(&lines.last);
    *done = lines.done && lines.good;
    return lines.good ? lines.count : -1;
}

/* Whether twelve characters are "HTTP/1.D DDD", the status not below 100. */
static bool fuzz_head_is_version_and_status(const char *copy)
{
    bool good = memcmp(copy, "HTTP/1.", 7) == 0 && copy[8] == ' ' && copy[9] != '0';
    for (size_t i = 7; i < 12 && good; i++) {
        good = i == 8 || fuzz_among((unsigned char)copy[i], FUZZ_DIGITS);
    }
    return good;
}

/* Whether a line is "HTTP/1.D DDD" and then nothing, or a space and text. */
static bool fuzz_head_status(core_text line, fuzz_head_result *result)
{
    char   copy[13];
    size_t skip = pario_i_min(13, line.size);
    memset(copy, 0, sizeof copy);
    memcpy(copy, line.bytes, pario_i_min(line.size, 12));
    bool good = line.size == 12 || (line.size > 12 && line.bytes[12] == ' ');
    if (!good || !fuzz_head_is_version_and_status(copy)) {
        return false;
    }
    result->version = copy[7] == '0' ? 10 : 11;
    result->status = (unsigned)strtoul(copy + 9, NULL, 10);
    fuzz_head_add(&result->text, line.bytes + skip, line.size - skip);
    return fuzz_is_text(line.bytes + skip, line.size - skip);
}

/* An accepted head must be one for the other reader too, and mean the same; and the other way. */
static void fuzz_head_compare(core_text text, pario_i_head_phase phase, uint32_t max_fields,
                              const fuzz_head_result *seen)
{
    fuzz_head_result other;
    core_text        line;
    bool             done = false;
    bool             good = true;
    memset(&other, 0, sizeof other);
    if (phase == PARIO_I_HEAD_STATUS) {
        good = fuzz_head_line(&text, &line) && fuzz_head_status(line, &other);
    } else {
        fuzz_head_add(&other.text, "", 0);
        other.version = 11;
    }
    int fields = good ? fuzz_head_fields(text, &other.text, &done) : -1;
    if (seen->done) {
        FUZZ_CHECK(fields >= 0 && done);
        other.done = true;
        FUZZ_CHECK(fuzz_head_equal(seen, &other));
    } else {
        bool limits = seen->error == PARIO_ERROR_HEAD_TOO_LARGE ||
                      seen->error == PARIO_ERROR_TOO_MANY_FIELDS;
        FUZZ_CHECK(!done || limits || fields > (int)max_fields);
    }
    fuzz_clear(&other.text);
}

/* ---- the target -------------------------------------------------------------------- */

/* Writes an accepted head out again, and reads that. */
static void fuzz_head_rewrite(const fuzz_head_result *seen)
{
    fuzz_text  text = { NULL, 0, 0 };
    fuzz_input in = { (const uint8_t *)seen->text.bytes, seen->text.size, 0 };
    char       status[32];
    core_text  part = fuzz_until(&in, '\n');
    snprintf(status, sizeof status, "HTTP/1.%u %u ", seen->version - 10, seen->status);
    fuzz_add_string(&text, status);
    fuzz_add(&text, part.bytes, part.size);
    fuzz_add_string(&text, "\r\n");
    while (fuzz_left(&in) > 0) {
        part = fuzz_until(&in, '\n');
        fuzz_add(&text, part.bytes, part.size);
        fuzz_add_string(&text, ":");
        part = fuzz_until(&in, '\n');
        fuzz_add(&text, part.bytes, part.size);
        fuzz_add_string(&text, "\r\n");
    }
    fuzz_add_string(&text, "\r\n");
    core_text        whole = { text.bytes, text.size };
    fuzz_head_result again =
        fuzz_head_run(whole, PARIO_I_HEAD_STATUS, UINT32_MAX / 2, UINT32_MAX / 2, 0);
    FUZZ_CHECK(again.size == text.size);
    FUZZ_CHECK(fuzz_head_equal(seen, &again));
    fuzz_clear(&again.text);
    fuzz_clear(&text);
}

static void fuzz_head_search(const uint8_t *s, size_t size)
{
    static const unsigned char bytes[] = { '\n', ':', '\r', 'a', 0 };
    fuzz_random                random = fuzz_seed(s, size);
    size_t                     beg = fuzz_below(&random, size + 1);
    size_t                     end = beg + fuzz_below(&random, size - beg + 1);
    for (size_t i = 0; i < sizeof bytes; i++) {
        size_t at = beg;
        while (at < end && s[at] != bytes[i]) {
            at++;
        }
        FUZZ_CHECK(pario_i_find(s, beg, end, bytes[i]) == at);
    }
    FUZZ_CHECK(pario_i_is_text(s, beg, end) == fuzz_is_text(s + beg, end - beg));
}

static void fuzz_head(const uint8_t *data, size_t size)
{
    fuzz_input         in = { data, size, 0 };
    unsigned           first = fuzz_byte(&in);
    uint32_t           fields = first % 128u;
    uint32_t           bytes = (uint32_t)fuzz_byte(&in) * 8u + 1u;
    pario_i_head_phase phase = first < 128u ? PARIO_I_HEAD_STATUS : PARIO_I_HEAD_FIELDS;
    core_text          text = { (const char *)data + in.at, fuzz_left(&in) };
    fuzz_head_result   whole = fuzz_head_run(text, phase, bytes, fields, 0);
    for (unsigned cut = 1; cut < FUZZ_CUTS; cut++) {
        fuzz_head_result cutted = fuzz_head_run(text, phase, bytes, fields, cut);
        FUZZ_CHECK(fuzz_head_equal(&whole, &cutted) && whole.size == cutted.size);
        fuzz_clear(&cutted.text);
    }
    fuzz_head_compare(text, phase, fields, &whole);
    if (whole.done && phase == PARIO_I_HEAD_STATUS) {
        fuzz_head_rewrite(&whole);
    }
    fuzz_head_search((const uint8_t *)text.bytes, text.size);
    fuzz_clear(&whole.text);
    FUZZ_CHECK(core_held() == 0);
}

#endif /* FUZZ_HEAD_H */
