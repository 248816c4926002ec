/* SPDX-License-Identifier: MIT */
/*
 * long_list: fetches a list of any length that is never in memory: a URL is read when there is
 * room for one more. What fetch_many does, without its options.
 *
 *     make examples && build/long_list < urls
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

#define AHEAD 120 /* more than are in flight, so that one can follow another at once */

/* Begins the request for the next line. Returns how many it began; *more: there may be others. */
static size_t begin_next(pario_client *client, bool *more)
{
    static char  *line = NULL; /* getline's, to be used again */
    static size_t room = 0;
    if (getline(&line, &room, stdin) < 0) {
        free(line);
        line = NULL;
        *more = false;
        return 0;
    }
    line[strcspn(line, "\r\n")] = '\0';
    pario_request request = { .url = line };
    pario_error   error = pario_submit(client, &request);
    if (error != PARIO_OK) { /* refused, so it does not come back */
        printf("%s: %s\n", line, pario_error_text(error));
        return 0;
    }
    return 1;
}

int main(void)
{
    pario_config  config = { .concurrency = 100 };
    pario_client *client;
    pario_error   error = pario_open(&config, &client);
    if (error != PARIO_OK) {
        fprintf(stderr, "long_list: %s\n", pario_error_text(error));
        return 1;
    }
    size_t under_way = 0;
    bool   more = true;
    while (more || under_way > 0) {
        if (more && under_way < AHEAD) {
            under_way += begin_next(client, &more);
            continue;
        }
        pario_response response;
        error = pario_next(client, &response, PARIO_UNLIMITED);
        if (error != PARIO_OK) {
            fprintf(stderr, "long_list: %s\n", pario_error_text(error));
            break;
        }
        char text[PARIO_LINE_SIZE];
        pario_describe(&response, text, sizeof text);
        printf("%s: %s\n", response.url, text);
        pario_response_free(&response);
        under_way--;
    }
    pario_close(client);
    return error == PARIO_OK ? 0 : 1;
}
