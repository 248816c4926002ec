/* SPDX-License-Identifier: MIT */
/*
 * least: of a request what any client has to do that validates all and keeps the response for its
 * user, and nothing else: no connection, no call of the system, no wait, no options, no errors.
 *
 *     valgrind --tool=callgrind build/least 3000
 *
 * The URL is copied, taken apart and checked, the request written; the response is copied in, as
 * receiving does, its head parsed, validated and indexed, the framing decided, and head, fields
 * and content kept in one block until its user is done with it. So it takes the core alone, as
 * often as is said. Ends with how much content there was.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char url[] = "http://127.0.0.1:23456/page";

/* As nginx says it. */
static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Server: nginx/1.22.1\r\n"
                             "Date: Tue, 13 Mar 2018 09:30:00 GMT\r\n"
                             "Content-Type: application/octet-stream\r\n"
                             "Content-Length: 100\r\n"
                             "Last-Modified: Mon, 12 Mar 2018 23:59:59 GMT\r\n"
                             "Connection: keep-alive\r\n"
                             "ETag: \"5aa71540-64\"\r\n"
                             "Accept-Ranges: bytes\r\n"
                             "\r\n"
                             "0000000000000000000000000000000000000000000000000000000000000000000"
                             "000000000000000000000000000000000";

/* What is the same for all requests, as a loop has it. */
typedef struct room {
    unsigned char  input[1024];
    pario_i_head   head;
    pario_i_buffer output;
} room;

/* Checks and copies a URL and writes its request. Returns the copy, or NULL. */
static unsigned char *ask(room *r)
{
    const size_t   size = strlen(url);
    unsigned char *copy = malloc(size + 1);
    pario_i_order  order;
    memset(&order, 0, sizeof order);
    order.url = copy;
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, url, size + 1);
    if (pario_i_url_parse(copy, size, &order.parts) != PARIO_OK ||
        !pario_i_request_write(&order, "User-Agent: pario\r\n", NULL, &r->output)) {
        free(copy);
        return NULL;
    }
    return copy;
}

/* Reads the answer that has come, and keeps it. Returns the block that it is in, or NULL. */
static unsigned char *take(room *r, size_t size, size_t *content)
{
    pario_i_framing framing;
    pario_i_head_begin(&r->head, PARIO_I_HEAD_STATUS, PARIO_DEFAULT_HEAD_BYTES,
                       PARIO_DEFAULT_FIELDS);
    if (pario_i_head_read(&r->head, r->input, size) != PARIO_OK ||
        r->head.phase != PARIO_I_HEAD_DONE ||
        pario_i_framing_decide(&r->head, r->input, false, &framing) != PARIO_OK ||
        framing.kind != PARIO_I_FRAMING_LENGTH) {
        return NULL;
    }
    const size_t   fields = r->head.count * sizeof *r->head.fields;
    unsigned char *kept = malloc(fields + size + 1);
    if (kept != NULL) {
        memcpy(kept, r->head.fields, fields);
        memcpy(kept + fields, r->input, size);
        kept[fields + size] = '\0';
        *content += (size_t)framing.left;
    }
    return kept;
}

int main(int argc, char **argv)
{
    static room   r;
    const size_t  size = sizeof answer - 1;
    size_t        content = 0;
    bool          good = true;
    unsigned long left = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (left == 0) {
        fprintf(stderr, "usage: least TIMES\n");
        return 2;
    }
    for (; left > 0 && good; left--) {
        unsigned char *asked = ask(&r);
        memcpy(r.input, answer, size);
        unsigned char *kept = take(&r, size, &content);
        good = asked != NULL && kept != NULL;
        free(asked);
        free(kept);
    }
    free(r.head.fields);
    free(r.output.data);
    printf("%zu bytes\n", content);
    return good ? 0 : 1;
}
