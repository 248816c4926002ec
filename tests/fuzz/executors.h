/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the same bytes, served to all executors. Two bytes of choices; then, with 0xfe in
 * between, what the server answers to /0, /1, /2 and /3: a digit for what the connection does
 * afterwards, and the bytes. The client lives in the world of ../simulated.h, where they come in
 * other pieces and at other times in each run.
 *
 * Oracles: whatever the executor, and whether the requests run at once or one by one, each ends
 * in the same way, and with the same content; nothing is left behind, nothing hangs, and no call
 * is made that the world does not allow.
 *
 * Left out of the comparison is only what the manual says that nobody can tell apart: a request
 * that is sent while bytes that were not asked for are on their way.
 */
#ifndef FUZZ_EXECUTORS_H
#define FUZZ_EXECUTORS_H

#include <stdlib.h>

#include "../test.h"

#define SIM_END() abort()
#include "../simulated.h"

#define PARIO_IMPLEMENTATION
#include "../../pario.h"

#define FUZZ_WORLD
#include "fuzz.h"

#define FUZZ_E_REQUESTS 4
#define FUZZ_E_RUNS 8 /* each executor, one by one and at once */
#define FUZZ_E_STACK_BYTES 262144

/* What a server does with a connection behind its answer. */
enum {
    FUZZ_E_KEEPS,
    FUZZ_E_CLOSES,
    FUZZ_E_RESETS,
    FUZZ_E_CLOSES_NEXT, /* when the next request comes, in place of an answer */
    FUZZ_E_RESETS_NEXT,
    FUZZ_E_ENDINGS
};

typedef struct fuzz_e {
    pario_config config;
    bool         calm;
    unsigned     heads; /* bits: the requests whose method is HEAD */
    core_text    answers[FUZZ_E_REQUESTS];
    unsigned     endings[FUZZ_E_REQUESTS];
    size_t       count;
} fuzz_e;

static fuzz_e fuzz_e_input;
static bool   fuzz_e_raced; /* in this run */

/* A small limit, or the default, for each bit. */
static void fuzz_e_read_config(pario_config *config, unsigned small)
{
    memset(config, 0, sizeof *config);
    config->body_bytes = (small & 1u) != 0 ? 10 : 0;
    config->chunk_extension_bytes = (small & 2u) != 0 ? 3 : 0;
    config->head_bytes = (small & 4u) != 0 ? 60 : 0;
    config->fields = (small & 8u) != 0 ? 2 : 0;
    config->trailer_bytes = (small & 16u) != 0 ? 8 : 0;
    config->interim = (small & 32u) != 0 ? 1 : 0;
    config->redirects = small >> 6;
    config->stack_bytes = FUZZ_E_STACK_BYTES;
}

static void fuzz_e_read(fuzz_e *e, const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size, 0 };
    memset(e, 0, sizeof *e);
    fuzz_e_read_config(&e->config, fuzz_byte(&in));
    unsigned choices = fuzz_byte(&in);
    e->heads = choices & 15u;
    e->calm = (choices & 16u) == 0;
    do {
        core_text answer = fuzz_until(&in, (char)0xfe);
        if (answer.size > 0) {
            e->endings[e->count] = (unsigned char)answer.bytes[0] % FUZZ_E_ENDINGS;
            answer.bytes++;
            answer.size--;
        }
        e->answers[e->count++] = answer;
    } while (e->count < FUZZ_E_REQUESTS && fuzz_left(&in) > 0);
}

/* ---- the server -------------------------------------------------------------------- */

/* The end of a connection comes together with the last byte, so that all see both or none. */
static void fuzz_e_end(sim_link *link, unsigned ending)
{
    if (ending == FUZZ_E_CLOSES) {
        link->closed = true;
        sim_do_fin(link);
    } else if (ending == FUZZ_E_RESETS) {
        sim_do_reset(link);
    }
}

static void fuzz_e_send_piece(sim_link *link)
{
    size_t piece = sim_chance(50) ? link->outbox.size : 1 + sim_below(link->outbox.size);
    sim_later(sim_delay(), SIM_EVENT_DOWN, link, piece);
}

/* A request has come whole: its target says which answer it gets. */
static void fuzz_e_answer(sim_link *link, const char *target)
{
    size_t which = target[0] == '/' ? (unsigned char)target[1] % fuzz_e_input.count : 0;
    if (link->last >= FUZZ_E_CLOSES_NEXT) {
        fuzz_e_end(link, link->last == FUZZ_E_CLOSES_NEXT ? FUZZ_E_CLOSES : FUZZ_E_RESETS);
        return;
    }
    bool idle = link->outbox.size == 0;
    link->last = (int)fuzz_e_input.endings[which];
    sim_bytes_add(&link->outbox, fuzz_e_input.answers[which].bytes,
                  fuzz_e_input.answers[which].size);
    if (link->outbox.size == 0) {
        fuzz_e_end(link, (unsigned)link->last);
    } else if (idle) {
        fuzz_e_send_piece(link);
    }
}

static void fuzz_e_arrived(sim_link *link)
{
    for (size_t i = 0; i + 4 <= link->inbox.size;) {
        if (memcmp(link->inbox.data + i, "\r\n\r\n", 4) != 0) {
            i++;
            continue;
        }
        char        head[256];
        size_t      size = i < sizeof head - 1 ? i : sizeof head - 1;
        const char *space = NULL;
        memcpy(head, link->inbox.data, size);
        head[size] = '\0';
        sim_bytes_take(&link->inbox, i + 4);
        space = strchr(head, ' ');
        FUZZ_CHECK(space != NULL);
        fuzz_e_answer(link, space + 1);
        i = 0;
    }
}

static void fuzz_e_emptied(sim_link *link)
{
    if (link->outbox.size > 0) {
        fuzz_e_send_piece(link);
    } else {
        fuzz_e_end(link, (unsigned)link->last);
    }
}

/* A request begins to be sent where bytes lie, or are on their way, that nobody asked for. */
static void fuzz_e_sent(sim_link *link, const struct iovec *first, size_t moved)
{
    const char *s = (const char *)first->iov_base;
    (void)moved;
    if (first->iov_len > 5 && (memcmp(s, "GET /", 5) == 0 || memcmp(s, "HEAD /", 6) == 0)) {
        fuzz_e_raced = fuzz_e_raced || link->outbox.size + link->down.size > 0;
    }
}

static void fuzz_e_nothing(void)
{
}

static void fuzz_e_no_link(sim_link *link)
{
    (void)link;
}

static void fuzz_e_no_size(sim_link *link, size_t size)
{
    (void)link;
    (void)size;
}

static void fuzz_e_no_end(sim_link *link, bool reset)
{
    (void)link;
    (void)reset;
}

static const sim_hooks fuzz_e_hooks = { fuzz_e_nothing, fuzz_e_no_link, fuzz_e_sent,
                                        fuzz_e_no_size, fuzz_e_arrived, fuzz_e_emptied,
                                        fuzz_e_no_end,  fuzz_e_no_size, fuzz_e_nothing };

/* ---- the client -------------------------------------------------------------------- */

/* Everything of a response that must not depend on the executor. */
static void fuzz_e_say(fuzz_text *text, const pario_response *r)
{
    char        line[128];
    pario_field field;
    snprintf(line, sizeof line, "%s, stage %u, errno %d, %d %d, %jd redirects\n",
             pario_error_name(r->error), r->stage, r->system_error, r->status, r->version,
             (intmax_t)r->redirects);
    fuzz_add_string(text, line);
    fuzz_add_string(text, r->url);
    fuzz_add_string(text, "\n");
    fuzz_add_string(text, r->reason);
    for (size_t i = 0; pario_response_field_at(r, i, &field); i++) {
        fuzz_add_string(text, "\n");
        fuzz_add_string(text, field.name);
        fuzz_add_string(text, ": ");
        fuzz_add_string(text, field.value);
    }
    fuzz_add_string(text, "\n\n");
    fuzz_add(text, r->body, r->body_size);
}

static void fuzz_e_ask(pario_client *client, size_t tag)
{
    char          url[64];
    pario_request request;
    memset(&request, 0, sizeof request);
    snprintf(url, sizeof url, "http://10.0.0.0/%zu", tag);
    request.url = url;
    request.tag = tag;
    request.method = (fuzz_e_input.heads >> tag & 1u) != 0 ? "HEAD" : "GET";
    FUZZ_CHECK(pario_submit(client, &request) == PARIO_OK);
}

/* Takes all that comes back; each request does, once. */
static void fuzz_e_take(pario_client *client, fuzz_text *texts)
{
    pario_response response;
    pario_error    error;
    while ((error = pario_next(client, &response, PARIO_UNLIMITED)) == PARIO_OK) {
        FUZZ_CHECK(response.tag < fuzz_e_input.count && texts[response.tag].size == 0);
        fuzz_e_say(&texts[response.tag], &response);
        pario_response_free(&response);
    }
    FUZZ_CHECK(error == PARIO_NOTHING_LEFT);
}

/* Two hosts that share a server; what else a redirect may lead to does not exist. */
static void fuzz_e_world(unsigned run)
{
    static const char *const names[] = { "10.0.0.0", "a.test" };
    sim_begin(run + 1, &fuzz_e_hooks, false);
    sim.wild = true;
    sim.calm = true;
    sim.host_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        sim.hosts[i].name = names[i];
        sim.hosts[i].port = 80;
        sim.hosts[i].place_count = 1;
        sim.hosts[i].places[0] = i;
        sim.places[i].host = i;
    }
    sim.title = "executors";
}

/* One run, the requests at once or one by one. Returns whether it may be compared. */
static bool fuzz_e_run(unsigned run, fuzz_text *texts)
{
    static const pario_executor executors[] = { PARIO_EPOLL, PARIO_SEQUENTIAL, PARIO_THREADS,
                                                PARIO_FIBERS };
    pario_config                config = fuzz_e_input.config;
    pario_client               *client = NULL;
    bool                        at_once = run >= 4;
    fuzz_e_world(run);
    fuzz_e_raced = false;
    config.executor = executors[run % 4];
    config.concurrency = 3;
    FUZZ_CHECK(pario_open(&config, &client) == PARIO_OK);
    sim.calm = fuzz_e_input.calm;
    for (size_t i = 0; i < fuzz_e_input.count; i++) {
        fuzz_e_ask(client, i);
        if (!at_once) {
            fuzz_e_take(client, texts);
            sim_wait_for(SIM_WAITS_TIME, sim.now + 1000 * SIM_MS);
        }
    }
    fuzz_e_take(client, texts);
    pario_close(client);
    sim_end();
    return !fuzz_e_raced;
}

/* ---- the target -------------------------------------------------------------------- */

static void fuzz_executors(const uint8_t *data, size_t size)
{
    fuzz_text texts[FUZZ_E_RUNS][FUZZ_E_REQUESTS];
    bool      counts[FUZZ_E_RUNS];
    unsigned  first = 0;
    memset(texts, 0, sizeof texts);
    fuzz_e_read(&fuzz_e_input, data, size);
    for (unsigned run = 0; run < FUZZ_E_RUNS; run++) {
        counts[run] = fuzz_e_run(run, texts[run]);
        first = counts[first] ? first : run;
        for (size_t i = 0; i < fuzz_e_input.count && counts[run]; i++) {
            fuzz_text *a = &texts[first][i];
            fuzz_text *b = &texts[run][i];
            FUZZ_CHECK(a->size > 0);
            if (!fuzz_same(a->bytes, a->size, b->bytes, b->size)) {
                printf("run %u, request %zu:\n%s\nrun %u:\n%s\n", first, i, a->bytes, run,
                       b->bytes);
            }
            FUZZ_CHECK(fuzz_same(a->bytes, a->size, b->bytes, b->size));
        }
    }
    for (unsigned run = 0; run < FUZZ_E_RUNS; run++) {
        for (size_t i = 0; i < FUZZ_E_REQUESTS; i++) {
            fuzz_clear(&texts[run][i]);
        }
    }
}

#endif /* FUZZ_EXECUTORS_H */
