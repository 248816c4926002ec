/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a byte of choices; then lines for URL, method, user, password and content, and
 * pairs of lines for field names and values. A line that begins with 0xff is NULL.
 *
 * Oracles: a request is refused, or what is written is one head and ends there; read back, its
 * first line has the method and the target, its fields are one Host, at most one
 * Content-Length with the content's size, the credentials, and the user's fields in their
 * order; a refused one leaks nothing.
 */
#ifndef FUZZ_REQUEST_H
#define FUZZ_REQUEST_H

#include "fuzz.h"

#define FUZZ_R_FIELDS 8

typedef struct fuzz_r {
    pario_request request;
    pario_field   fields[FUZZ_R_FIELDS];
    char         *strings[5 + 2 * FUZZ_R_FIELDS];
    size_t        count;
    bool          tls;
} fuzz_r;

static char *fuzz_r_string(fuzz_r *r, fuzz_input *in)
{
    core_text line = fuzz_until(in, '\n');
    if (line.size > 0 && (unsigned char)line.bytes[0] == 0xff) {
        return NULL;
    }
    char *string = (char *)malloc(line.size + 1);
    FUZZ_CHECK(string != NULL);
    if (line.size > 0) {
        memcpy(string, line.bytes, line.size);
    }
    string[line.size] = '\0';
    /* a vertical tab stands for a line feed, which ends a line here */
    for (size_t i = 0; i < line.size; i++) {
        string[i] = string[i] == '\x0b' ? '\n' : string[i];
    }
    r->strings[r->count++] = string;
    return string;
}

static void fuzz_r_read(fuzz_r *r, const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size, 0 };
    memset(r, 0, sizeof *r);
    unsigned choices = fuzz_byte(&in);
    r->tls = (choices & 1u) != 0;
    r->request.url = fuzz_r_string(r, &in);
    r->request.method = fuzz_r_string(r, &in);
    r->request.user = fuzz_r_string(r, &in);
    r->request.password = fuzz_r_string(r, &in);
    r->request.method = (choices & 2u) != 0 ? NULL : r->request.method;
    r->request.user = (choices & 4u) != 0 ? NULL : r->request.user;
    r->request.password = (choices & 8u) != 0 ? NULL : r->request.password;
    const char *body = fuzz_r_string(r, &in);
    if (body != NULL && (choices & 16u) != 0) {
        r->request.body = body;
        r->request.body_size = strlen(body);
    }
    while (fuzz_left(&in) > 0 && r->request.field_count < FUZZ_R_FIELDS) {
        pario_field *field = &r->fields[r->request.field_count++];
        field->name = fuzz_r_string(r, &in);
        field->value = fuzz_r_string(r, &in);
    }
    r->request.fields = r->fields;
}

/* ---- reading it back --------------------------------------------------------------- */

/* How many fields of a name there are. */
static size_t fuzz_r_count(const pario_i_head *head, const unsigned char *s, const char *name)
{
    size_t count = 0;
    while (pario_i_head_lookup(head, s, name, count) < head->count) {
        count++;
    }
    return count;
}

static bool fuzz_r_value_is(const pario_i_field *field, const unsigned char *s, const char *value)
{
    size_t beg = 0;
    size_t end = strlen(value);
    pario_i_trim((const unsigned char *)value, &beg, &end);
    return fuzz_same(s + field->value_beg, field->value_end - field->value_beg, value + beg,
                     end - beg);
}

static bool fuzz_r_has_credentials(const fuzz_r *r)
{
    pario_i_url          url;
    const unsigned char *s = (const unsigned char *)r->request.url;
    FUZZ_CHECK(pario_i_url_parse(s, strlen(r->request.url), &url) == PARIO_OK);
    return r->request.user != NULL || pario_i_url_user_beg(&url) < pario_i_url_user_end(&url);
}

/* The user's fields stand in their order, behind the library's own; behind them the
 * credentials. */
static void fuzz_r_check_fields(const fuzz_r *r, const pario_i_head *head, const unsigned char *s)
{
    size_t wanted = fuzz_r_has_credentials(r) ? 1 : 0;
    for (size_t i = 0; i < r->request.field_count; i++) {
        wanted += r->fields[i].value != NULL ? 1u : 0u;
    }
    FUZZ_CHECK(wanted <= head->count);
    size_t at = head->count - wanted;
    for (size_t i = 0; i < r->request.field_count; i++) {
        const pario_field *field = &r->fields[i];
        if (field->value != NULL) {
            const pario_i_field *seen = &head->fields[at++];
            FUZZ_CHECK(fuzz_same(s + seen->name_beg, seen->name_end - seen->name_beg, field->name,
                                 strlen(field->name)));
            FUZZ_CHECK(fuzz_r_value_is(seen, s, field->value));
        }
    }
    if (fuzz_r_has_credentials(r)) {
        const pario_i_field *seen = &head->fields[at];
        FUZZ_CHECK(pario_i_equals(s, seen->name_beg, seen->name_end, "authorization"));
        FUZZ_CHECK(fuzz_r_count(head, s, "authorization") == 1);
        FUZZ_CHECK(pario_i_equals(s, seen->value_beg, (size_t)seen->value_beg + 6, "basic "));
    }
}

/* The first line: the method and the target, as they were handed in. */
static void fuzz_r_check_line(const fuzz_r *r, const char *line, size_t size)
{
    fuzz_text   expected = { NULL, 0, 0 };
    const char *method = r->request.method;
    const char *path = strstr(r->request.url, "//") + 2;
    if (method == NULL) {
        method = r->request.body != NULL ? "POST" : "GET";
    }
    path += strcspn(path, "/?#");
    fuzz_add_string(&expected, method);
    fuzz_add_string(&expected, *path == '/' ? " " : " /");
    fuzz_add(&expected, path, strcspn(path, "#"));
    fuzz_add_string(&expected, " HTTP/1.1\r\n");
    FUZZ_CHECK(fuzz_same(line, size, expected.bytes, expected.size));
    fuzz_clear(&expected);
}

/* Content-Length: there is one, and only one, where there is content. */
static void fuzz_r_check_length(const fuzz_r *r, const pario_i_head *head, const unsigned char *s)
{
    char   digits[32];
    size_t count = fuzz_r_count(head, s, "content-length");
    FUZZ_CHECK(count <= 1 && (r->request.body == NULL || count == 1));
    FUZZ_CHECK(fuzz_r_count(head, s, "transfer-encoding") == 0);
    FUZZ_CHECK(fuzz_r_count(head, s, "host") == 1);
    if (count == 1) {
        size_t at = pario_i_head_lookup(head, s, "content-length", 0);
        snprintf(digits, sizeof digits, "%zu", r->request.body_size);
        FUZZ_CHECK(fuzz_r_value_is(&head->fields[at], s, digits));
    }
}

/* What was written must be one line and one section of fields, and nothing behind them. */
static void fuzz_r_check(const fuzz_r *r, const pario_i_buffer *out)
{
    pario_i_head head;
    const char  *end = (const char *)memchr(out->data, '\n', out->size);
    FUZZ_CHECK(end != NULL && fuzz_is_one_head(out->data, out->size));
    size_t line = (size_t)(end - (const char *)out->data) + 1;
    fuzz_r_check_line(r, (const char *)out->data, line);
    size_t         size = out->size - line;
    unsigned char *s = fuzz_copy(out->data + line, size);
    memset(&head, 0, sizeof head);
    pario_i_head_begin(&head, PARIO_I_HEAD_FIELDS, UINT32_MAX / 2, 1000);
    FUZZ_CHECK(pario_i_head_read(&head, s, size) == PARIO_OK);
    FUZZ_CHECK(head.phase == PARIO_I_HEAD_DONE && head.line_beg == size);
    for (size_t i = 0; i < size; i++) { /* nothing was folded */
        FUZZ_CHECK(s[i] == '\0' || s[i] == out->data[line + i]);
    }
    fuzz_r_check_length(r, &head, s);
    fuzz_r_check_fields(r, &head, s);
    core_free(head.fields);
    free(s);
}

/* ---- the target -------------------------------------------------------------------- */

static void fuzz_request(const uint8_t *data, size_t size)
{
    fuzz_r            r;
    pario_i_exchange *x;
    pario_i_limits    limits;
    pario_i_buffer    out;
    memset(&limits, 0, sizeof limits);
    memset(&out, 0, sizeof out);
    fuzz_r_read(&r, data, size);
    limits.tls = r.tls;
    if (pario_i_exchange_new(&r.request, &limits, NULL, &x) == PARIO_OK) {
        FUZZ_CHECK(pario_i_request_write(&x->order, "", NULL, &out));
        fuzz_r_check(&r, &out);
        pario_i_exchange_free(x);
    } else {
        FUZZ_CHECK(x == NULL);
    }
    core_free(out.data);
    for (size_t i = 0; i < r.count; i++) {
        free(r.strings[i]);
    }
    FUZZ_CHECK(core_held() == 0);
}

#endif /* FUZZ_REQUEST_H */
