/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a whole exchange. Four bytes say what is asked and allowed; a line is the URL,
 * a line is a script of times and pieces; what follows is what the server says, with 0xfe
 * between one connection and the next.
 *
 * Oracles: every cut ends in the same way; the content is what another decoder makes of the
 * bytes behind the head; a complete reply that is written out again means the same; each head
 * that is sent is one head and ends there; credentials never reach another origin; https is
 * left neither for http nor entered without TLS; limits hold; deadlines are never in the past
 * of what they wait for; nothing leaks.
 */
#ifndef FUZZ_EXCHANGE_H
#define FUZZ_EXCHANGE_H

#include "dechunk.h"

#define FUZZ_X_URL "http://user:secret@h/a"

/* What an input asks for. */
typedef struct fuzz_x {
    pario_request  request;
    pario_field    field;
    pario_i_limits limits;
    char          *url;
    core_text      script;
    core_text      stream;
    bool           reused;
} fuzz_x;

/* Where it is when it runs. */
typedef struct fuzz_x_run {
    const fuzz_x     *input;
    pario_i_exchange *x;
    pario_i_head      spare;
    pario_i_buffer    head;  /* of the request, as it was sent last */
    pario_i_buffer    first; /* the URL that was asked for */
    core_text         rest;  /* of the stream */
    size_t            hops;
    bool              strayed; /* it has been at another origin */
    bool              secure;  /* it has been at https */
} fuzz_x_run;

#define FUZZ_X_TRACE 7u
static const char *const fuzz_x_methods[] = { NULL,     "GET",     "HEAD",  "POST",   "PUT",
                                              "DELETE", "OPTIONS", "TRACE", "SEARCH", "PATCH" };

/* The limits: a small one or a large one for each bit. */
static void fuzz_x_read_limits(fuzz_x *x, unsigned small)
{
    x->limits.connect = 10;
    x->limits.progress = 30;
    x->limits.total = 100;
    x->limits.body_bytes = (small & 1u) != 0 ? 10 : 100000;
    x->limits.chunk_extension_bytes = (small & 2u) != 0 ? 3 : 1000;
    x->limits.head_bytes = (small & 4u) != 0 ? 60 : 100000;
    x->limits.fields = (small & 8u) != 0 ? 2 : 1000;
    x->limits.trailer_bytes = (small & 16u) != 0 ? 8 : 100000;
    x->limits.interim = (small & 32u) != 0 ? 1 : 100;
}

static void fuzz_x_read_url(fuzz_x *x, core_text url)
{
    if (url.size == 0) {
        url.bytes = FUZZ_X_URL;
        url.size = strlen(FUZZ_X_URL);
    }
    x->url = (char *)malloc(url.size + 1);
    FUZZ_CHECK(x->url != NULL);
    memcpy(x->url, url.bytes, url.size);
    x->url[url.size] = '\0';
    x->request.url = x->url;
}

static void fuzz_x_read(fuzz_x *x, const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size, 0 };
    memset(x, 0, sizeof *x);
    unsigned method = fuzz_byte(&in) % 10u;
    unsigned flags = fuzz_byte(&in);
    fuzz_x_read_limits(x, fuzz_byte(&in));
    x->limits.redirects = fuzz_byte(&in) % 8u;
    x->limits.tls = (flags & 1u) != 0;
    x->reused = (flags & 2u) != 0;
    x->request.method = fuzz_x_methods[method];
    if ((flags & 4u) != 0 && method != FUZZ_X_TRACE) {
        x->request.body = "content";
        x->request.body_size = 7;
    }
    x->field.name = "Cookie";
    x->field.value = "secret";
    x->request.fields = &x->field;
    x->request.field_count = (flags & 8u) != 0 ? 1 : 0;
    fuzz_x_read_url(x, fuzz_until(&in, '\n'));
    x->script = fuzz_until(&in, '\n');
    x->stream.bytes = (const char *)data + in.at;
    x->stream.size = fuzz_left(&in);
}

/* ---- what must hold whenever it wants a connection --------------------------------- */

/* Whether the head that is sent holds a text. */
static bool fuzz_x_sends(const fuzz_x_run *run, const char *text)
{
    size_t size = strlen(text);
    bool   found = false;
    for (size_t i = 0; i + size <= run->head.size && !found; i++) {
        found = memcmp(run->head.data + i, text, size) == 0;
    }
    return found;
}

static void fuzz_x_check_head(const fuzz_x_run *run)
{
    FUZZ_CHECK(fuzz_is_one_head(run->head.data, run->head.size));
    if (run->strayed) {
        FUZZ_CHECK(!fuzz_x_sends(run, "\nAuthorization") && !fuzz_x_sends(run, "\nCookie"));
    }
}

/* The way to the next connection: where it leads, and what is sent there. */
static void fuzz_x_check_way(fuzz_x_run *run)
{
    pario_i_exchange *x = run->x;
    pario_i_url       first;
    pario_i_url       now;
    FUZZ_CHECK(pario_i_url_parse(run->first.data, run->first.size, &first) == PARIO_OK);
    FUZZ_CHECK(pario_i_url_parse(x->order.url, x->order.parts.end, &now) == PARIO_OK);
    FUZZ_CHECK(memcmp(&now, &x->order.parts, sizeof now) == 0);
    FUZZ_CHECK(pario_i_exchange_redirects(x) == 0 ||
               memchr(x->order.url, '@', now.host_beg) == NULL);
    FUZZ_CHECK(pario_i_exchange_redirects(x) <= x->limits->redirects);
    FUZZ_CHECK(!now.https || x->limits->tls);
    FUZZ_CHECK(!run->secure || now.https);
    run->secure = now.https;
    run->strayed = run->strayed ||
                   !pario_i_url_same_origin(run->first.data, &first, x->order.url, &now);
    FUZZ_CHECK(pario_i_request_write(&x->order, "User-Agent: t\r\n", NULL, &run->head));
    fuzz_x_check_head(run);
    x->head_size = (uint32_t)run->head.size;
}

/* ---- running ----------------------------------------------------------------------- */

static bool fuzz_x_begin(fuzz_x_run *run, const fuzz_x *input)
{
    memset(run, 0, sizeof *run);
    run->input = input;
    run->rest = input->stream;
    if (pario_i_exchange_new(&input->request, &input->limits, NULL, &run->x) != PARIO_OK) {
        FUZZ_CHECK(run->x == NULL);
        return false;
    }
    FUZZ_CHECK(pario_i_buffer_append(&run->first, input->url, strlen(input->url)));
    pario_i_exchange_start(run->x, 0);
    return true;
}

static void fuzz_x_end(fuzz_x_run *run)
{
    if (run->x != NULL) {
        pario_i_exchange_free(run->x);
    }
    core_free(run->spare.fields);
    core_free(run->head.data);
    core_free(run->first.data);
}

static bool fuzz_x_wants(const fuzz_x_run *run)
{
    return run->x->phase == PARIO_I_SEND || run->x->phase == PARIO_I_RECEIVE;
}

/* What the server says on the next connection. */
static core_text fuzz_x_section(fuzz_x_run *run)
{
    fuzz_input in = { (const uint8_t *)run->rest.bytes, run->rest.size, 0 };
    core_text  section = fuzz_until(&in, (char)0xfe);
    run->rest.bytes += in.at;
    run->rest.size -= in.at;
    return section;
}

/* Hands a piece over, in a block of its own. */
static void fuzz_x_receive(fuzz_x_run *run, core_text piece, int64_t now)
{
    unsigned char *s = fuzz_copy(piece.bytes, piece.size);
    pario_i_exchange_received(run->x, &run->spare, s, piece.size, now);
    free(s);
    const pario_i_reply *reply = run->x->reply;
    if (reply != NULL) {
        FUZZ_CHECK(reply->content.size <= run->x->limits->body_bytes);
        FUZZ_CHECK(reply->head.count <= run->x->limits->fields);
        FUZZ_CHECK(reply->trailer.count <= run->x->limits->fields);
        FUZZ_CHECK(reply->content.size == 0 || reply->content.size < reply->content.room);
    }
    FUZZ_CHECK(!run->x->keep || run->x->phase != PARIO_I_END || run->x->error == PARIO_OK);
}

/* One connection after another, each cut in the same way; without any delay. */
static void fuzz_x_cut(fuzz_x_run *run, unsigned cut)
{
    fuzz_random random = fuzz_seed(run->input->stream.bytes, run->input->stream.size);
    random.state += cut;
    while (run->x->phase == PARIO_I_CONNECT) {
        core_text section = fuzz_x_section(run);
        FUZZ_CHECK(run->hops++ < 20);
        pario_i_exchange_connected(run->x, run->input->reused && !run->x->replayed, 0);
        fuzz_x_check_way(run);
        pario_i_exchange_sent(run->x, run->head.size + pario_i_order_content(&run->x->order).size,
                              0);
        while (section.size > 0 && fuzz_x_wants(run)) {
            core_text piece = { section.bytes, fuzz_piece(&random, cut, section.size) };
            fuzz_x_receive(run, piece, 0);
            section.bytes += piece.size;
            section.size -= piece.size;
        }
        if (fuzz_x_wants(run)) {
            pario_i_exchange_closed(run->x, 0, 0);
        }
    }
    FUZZ_CHECK(run->x->phase == PARIO_I_END);
}

/* ---- what comes of it -------------------------------------------------------------- */

static void fuzz_x_say_fields(fuzz_text *text, const pario_i_head *head, const unsigned char *s)
{
    for (size_t i = 0; i < head->count; i++) {
        const pario_i_field *field = &head->fields[i];
        fuzz_add(text, s + field->name_beg, field->name_end - field->name_beg);
        fuzz_add_string(text, ":");
        fuzz_add(text, s + field->value_beg, field->value_end - field->value_beg);
        fuzz_add_string(text, "\r\n");
    }
}

/* Everything that a caller could see, but for what depends on bytes behind the reply. */
static void fuzz_x_say(fuzz_text *text, const fuzz_x_run *run)
{
    const pario_i_exchange *x = run->x;
    const pario_i_reply    *reply = x->reply;
    char                    line[128];
    snprintf(line, sizeof line, "%u %u %u %u %u\n", x->error, x->stage,
             pario_i_exchange_redirects(x), reply != NULL ? reply->interim : 0, x->order.method);
    fuzz_add_string(text, line);
    fuzz_add(text, x->order.url, x->order.parts.end);
    if (reply != NULL && x->error == PARIO_OK) {
        snprintf(line, sizeof line, "\n%u %u\n", reply->head.status, reply->head.version);
        fuzz_add_string(text, line);
        fuzz_add(text, reply->bytes.data + reply->head.reason_beg,
                 reply->head.reason_end - reply->head.reason_beg);
        fuzz_x_say_fields(text, &reply->head, reply->bytes.data);
        fuzz_add(text, reply->content.data, reply->content.size);
        fuzz_x_say_fields(text, &reply->trailer, reply->trailer_bytes.data);
    }
}

/* The reply's content must be what follows its head in its section, decoded by another. */
static void fuzz_x_check_content(const fuzz_x_run *run, core_text section)
{
    const pario_i_reply *reply = run->x->reply;
    size_t               head = reply->head.line_beg;
    core_text            content = { section.bytes + head, section.size - head };
    fuzz_chunked_result  other;
    memset(&other, 0, sizeof other);
    FUZZ_CHECK(head <= section.size);
    switch (reply->framing.kind) {
    case PARIO_I_FRAMING_NONE:
        content.size = 0;
        break;
    case PARIO_I_FRAMING_LENGTH:
        FUZZ_CHECK(reply->framing.left == 0 && reply->content.size <= content.size);
        content.size = reply->content.size;
        break;
    case PARIO_I_FRAMING_CHUNKED:
        fuzz_chunked_other(content, run->x->limits->chunk_extension_bytes, &other);
        FUZZ_CHECK(other.done);
        content.bytes = other.data.bytes;
        content.size = other.data.size;
        break;
    case PARIO_I_FRAMING_CLOSE:
        FUZZ_CHECK(!run->x->keep);
        break;
    }
    FUZZ_CHECK(fuzz_same(reply->content.data, reply->content.size, content.bytes, content.size));
    fuzz_clear(&other.data);
}

/* Fields that say how content is framed, which another framing has to do without. */
static bool fuzz_x_frames(const pario_i_field *field, const unsigned char *s)
{
    return pario_i_equals(s, field->name_beg, field->name_end, "content-length") ||
           pario_i_equals(s, field->name_beg, field->name_end, "transfer-encoding");
}

/* How many bytes a reply's only Content-Length says. */
static void fuzz_x_check_length(const pario_i_reply *reply)
{
    size_t at = pario_i_head_lookup(&reply->head, reply->bytes.data, "content-length", 0);
    FUZZ_CHECK(at < reply->head.count);
    core_text            digits = { (const char *)reply->bytes.data, 0 };
    const pario_i_field *field = &reply->head.fields[at];
    digits.bytes += field->value_beg;
    digits.size = field->value_end - field->value_beg;
    char number[32];
    while (digits.size > 1 && digits.bytes[0] == '0') {
        digits.bytes++;
        digits.size--;
    }
    int size = snprintf(number, sizeof number, "%zu", reply->content.size);
    FUZZ_CHECK(fuzz_same(number, (size_t)size, digits.bytes, digits.size));
}

/* The same reply with its length said in numbers, or until close. */
static void fuzz_x_rewrite(const pario_i_reply *reply, bool closes, fuzz_text *out)
{
    char line[64];
    snprintf(line, sizeof line, "HTTP/1.%u %u ", reply->head.version - 10u, reply->head.status);
    fuzz_add_string(out, line);
    fuzz_add(out, reply->bytes.data + reply->head.reason_beg,
             reply->head.reason_end - reply->head.reason_beg);
    fuzz_add_string(out, "\r\n");
    for (size_t i = 0; i < reply->head.count; i++) {
        pario_i_head one = reply->head;
        one.fields = &reply->head.fields[i];
        one.count = fuzz_x_frames(one.fields, reply->bytes.data) ? 0 : 1;
        fuzz_x_say_fields(out, &one, reply->bytes.data);
    }
    snprintf(line, sizeof line, "Content-Length: %zu\r\n", reply->content.size);
    fuzz_add_string(out, closes ? "\r\n" : line);
    fuzz_add_string(out, closes ? "" : "\r\n");
    fuzz_add(out, reply->content.data, reply->content.size);
}

/* Reads what was written, and compares. */
static void fuzz_x_check_again(const fuzz_x_run *run, bool closes)
{
    const pario_i_reply *reply = run->x->reply;
    fuzz_text            text = { NULL, 0, 0 };
    fuzz_text            more = { NULL, 0, 0 };
    fuzz_x               input = *run->input;
    fuzz_x_run           again;
    fuzz_x_rewrite(reply, closes, &text);
    input.reused = false;
    input.stream.bytes = text.bytes;
    input.stream.size = text.size;
    input.limits.redirects = 0;
    input.limits.head_bytes = UINT32_MAX / 2;
    input.limits.fields = UINT32_MAX / 2;
    if (memchr(text.bytes, 0xfe, text.size) == NULL && fuzz_x_begin(&again, &input)) {
        fuzz_x_cut(&again, closes ? 0 : 2);
        FUZZ_CHECK(again.x->error == PARIO_OK);
        fuzz_x_rewrite(again.x->reply, closes, &more);
        FUZZ_CHECK(fuzz_same(text.bytes, text.size, more.bytes, more.size));
        fuzz_x_end(&again);
    }
    fuzz_clear(&text);
    fuzz_clear(&more);
}

/* The oracles on a run that ended well. */
static void fuzz_x_check_complete(const fuzz_x_run *run)
{
    const pario_i_exchange    *x = run->x;
    const pario_i_framing_kind kind = x->reply->framing.kind;
    fuzz_input in = { (const uint8_t *)run->input->stream.bytes, run->input->stream.size, 0 };
    FUZZ_CHECK(x->reply->head.status >= 200 && x->reply->head.status <= 999);
    if (kind == PARIO_I_FRAMING_LENGTH) {
        fuzz_x_check_length(x->reply);
    }
    if (run->hops == 1 && x->reply->interim == 0) {
        fuzz_x_check_content(run, fuzz_until(&in, (char)0xfe));
    }
    if (kind != PARIO_I_FRAMING_NONE && pario_i_exchange_redirects(x) == 0) {
        fuzz_x_check_again(run, false);
        fuzz_x_check_again(run, true);
    }
}

static void fuzz_x_check_result(const fuzz_x_run *run)
{
    const pario_i_exchange *x = run->x;
    if (x->error == PARIO_OK) {
        fuzz_x_check_complete(run);
    } else {
        FUZZ_CHECK(!x->keep && (x->reply == NULL || x->reply->content.size == 0));
    }
}

/* ---- with a clock ------------------------------------------------------------------ */

static void fuzz_x_event_time(fuzz_x_run *run, int64_t *now, int64_t more)
{
    int64_t deadline = pario_i_exchange_deadline(run->x);
    *now += more;
    if (*now >= deadline) {
        pario_i_exchange_expire(run->x, *now);
        FUZZ_CHECK(run->x->phase == PARIO_I_END && run->x->error != PARIO_OK);
    }
}

static void fuzz_x_event_send(fuzz_x_run *run, int64_t now, size_t size)
{
    pario_i_exchange *x = run->x;
    size_t all = run->head.size + pario_i_order_content(&x->order).size - (size_t)x->sent;
    if (size == 63) {
        pario_i_exchange_send_failed(x, EPIPE, now);
    } else {
        pario_i_exchange_sent(x, pario_i_min(size, all), now);
    }
}

/* One byte of the script: time goes by, something is sent, comes or breaks. */
static void fuzz_x_event(fuzz_x_run *run, unsigned op, core_text *section, int64_t *now)
{
    pario_i_exchange *x = run->x;
    size_t            size = op >> 2;
    int64_t           deadline = pario_i_exchange_deadline(x);
    FUZZ_CHECK(deadline >= *now && deadline <= x->started_at + x->limits->total);
    if ((op & 3u) == 0) {
        fuzz_x_event_time(run, now, (int64_t)size);
    } else if ((op & 3u) == 1 && x->phase == PARIO_I_SEND) {
        fuzz_x_event_send(run, *now, size);
    } else if (section->size > 0) {
        core_text piece = { section->bytes, pario_i_min(size + 1, section->size) };
        section->bytes += piece.size;
        section->size -= piece.size;
        fuzz_x_receive(run, piece, *now);
    } else if (size > 32) {
        pario_i_exchange_closed(x, size > 48 ? ECONNRESET : 0, *now);
    }
}

/* What a connection does at one moment, or that there is one. */
static void fuzz_x_timed(fuzz_x_run *run)
{
    core_text section = { NULL, 0 };
    int64_t   now = 0;
    for (size_t i = 0; i < run->input->script.size && run->x->phase != PARIO_I_END; i++) {
        unsigned op = (unsigned char)run->input->script.bytes[i];
        if (run->x->phase != PARIO_I_CONNECT || (op & 3u) == 0) {
            fuzz_x_event(run, op, &section, &now);
        } else if ((op & 3u) == 1) {
            pario_i_exchange_pause(run->x, now);
            FUZZ_CHECK(pario_i_exchange_deadline(run->x) == INT64_MAX);
            now += (int64_t)(op >> 2) * 100;
            pario_i_exchange_resume(run->x, now);
        } else {
            section = fuzz_x_section(run);
            FUZZ_CHECK(run->hops++ < 20);
            pario_i_exchange_connected(run->x, run->input->reused && !run->x->replayed, now);
            fuzz_x_check_way(run);
        }
    }
    FUZZ_CHECK(run->x->phase == PARIO_I_END || pario_i_exchange_deadline(run->x) >= now);
}

/* ---- the target -------------------------------------------------------------------- */

static void fuzz_exchange(const uint8_t *data, size_t size)
{
    fuzz_x     input;
    fuzz_x_run run;
    fuzz_text  whole = { NULL, 0, 0 };
    fuzz_x_read(&input, data, size);
    for (unsigned cut = 0; cut < FUZZ_CUTS; cut++) {
        if (fuzz_x_begin(&run, &input)) {
            fuzz_text text = { NULL, 0, 0 };
            fuzz_x_cut(&run, cut);
            fuzz_x_say(cut == 0 ? &whole : &text, &run);
            FUZZ_CHECK(cut == 0 || fuzz_same(whole.bytes, whole.size, text.bytes, text.size));
            if (cut == 0) {
                fuzz_x_check_result(&run);
            }
            fuzz_clear(&text);
        }
        fuzz_x_end(&run);
    }
    if (fuzz_x_begin(&run, &input)) {
        fuzz_x_timed(&run);
    }
    fuzz_x_end(&run);
    fuzz_clear(&whole);
    free(input.url);
    FUZZ_CHECK(core_held() == 0);
}

#endif /* FUZZ_EXCHANGE_H */
