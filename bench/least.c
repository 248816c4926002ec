/* SPDX-License-Identifier: MIT */
/*
 * least: of a request what no client can leave out, without a connection, a call of the system or a
 * wait, so that what the rest of a client costs can be told.
 *
 *     valgrind --tool=callgrind build/least bytes 3000
 *     valgrind --tool=callgrind build/least client 3000
 *
 * bytes: what any client has to do that validates all and keeps the response for its user, with no
 * options and no errors. The URL is copied, taken apart and checked, the request written; the
 * response is copied in, as receiving does, its head parsed, validated and indexed, the framing
 * decided, and head, fields and content kept in one block until its user is done with it.
 *
 * client: the same bytes by way of this library's functions, as pario.h promises it: a request that
 * may ask for all that there is, is checked, gets an id and waits in the queue; the exchange is
 * told that it is connected, what it has sent and what it has received; its result is counted,
 * handed over, and filled in for the user. Left out is what an executor does: connections, limits
 * per host, deadlines, events, and the calls of the system.
 *
 * Does either as often as is said, and ends with how much content there was.
 */
#define PARIO_STATIC
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

/* The bytes alone. Returns whether all went well. */
static bool do_bytes(room *r, size_t *content)
{
    const size_t   size = sizeof answer - 1;
    unsigned char *asked = ask(r);
    memcpy(r->input, answer, size);
    unsigned char *kept = take(r, size, content);
    const bool     good = asked != NULL && kept != NULL;
    free(asked);
    free(kept);
    return good;
}

/* What an executor tells the exchange that comes next in the queue. */
static bool do_exchange(pario_client *client, room *r)
{
    const size_t      size = sizeof answer - 1;
    pario_i_exchange *x = client->first_queued;
    pario_i_list_remove(&client->first_queued, &client->last_queued, x);
    x->queued = false;
    client->statistics.queued--;
    pario_i_exchange_start(x, client->now);
    pario_i_exchange_connected(x, true, client->now);
    if (!pario_i_request_write(&x->order, client->agent, NULL, &r->output)) {
        return false;
    }
    x->head_size = (uint32_t)r->output.size;
    pario_i_exchange_sent(x, r->output.size, client->now);
    memcpy(r->input, answer, size);
    pario_i_exchange_received(x, &r->head, r->input, size, client->now);
    pario_i_finish(client, x);
    return x->phase == PARIO_I_END;
}

/* The whole client, but for its executor. Returns whether all went well. */
static bool do_client(pario_client *client, room *r, size_t *content)
{
    pario_request  request;
    pario_response response;
    memset(&request, 0, sizeof request);
    request.url = url;
    if (pario_submit(client, &request) != PARIO_OK || !do_exchange(client, r) ||
        pario_next(client, &response, 0) != PARIO_OK) {
        return false;
    }
    const bool good = response.error == PARIO_OK && response.status == 200;
    *content += response.body_size;
    pario_response_free(&response);
    return good;
}

int main(int argc, char **argv)
{
    static room   r;
    pario_client *client = NULL;
    size_t        content = 0;
    const bool    whole = argc == 3 && strcmp(argv[1], "client") == 0;
    bool          good = whole || (argc == 3 && strcmp(argv[1], "bytes") == 0);
    unsigned long left = good ? strtoul(argv[2], NULL, 10) : 0;
    if (left == 0) {
        fprintf(stderr, "usage: least bytes|client TIMES\n");
        return 2;
    }
    good = pario_open(NULL, &client) == PARIO_OK;
    for (; left > 0 && good; left--) {
        good = whole ? do_client(client, &r, &content) : do_bytes(&r, &content);
    }
    pario_close(client);
    free(r.head.fields);
    free(r.output.data);
    printf("%zu bytes\n", content);
    return good ? 0 : 1;
}
