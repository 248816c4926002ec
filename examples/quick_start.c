/* SPDX-License-Identifier: MIT */
/*
 * quick_start: fetches all URLs it is given at once, and says what became of each.
 *
 *     make examples && build/quick_start http://127.0.0.1:8080/a http://127.0.0.1:8080/b
 */
#include <stdio.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: quick_start URL...\n");
        return 2;
    }
    pario_config  config = { .executor = PARIO_EPOLL, .concurrency = 100 };
    pario_client *client;
    pario_error   error = pario_open(&config, &client);
    if (error != PARIO_OK) {
        fprintf(stderr, "quick_start: %s\n", pario_error_text(error));
        return 1;
    }
    int failures = 0;
    for (int i = 1; i < argc; i++) {
        pario_request request = { .url = argv[i], .tag = (size_t)i };
        error = pario_submit(client, &request);
        if (error != PARIO_OK) { /* refused, before a byte was sent */
            fprintf(stderr, "%s: %s\n", argv[i], pario_error_text(error));
            failures++;
        }
    }
    pario_response response;
    while (pario_next(client, &response, PARIO_UNLIMITED) == PARIO_OK) { /* as they complete */
        char line[PARIO_LINE_SIZE];
        pario_describe(&response, line, sizeof line);
        printf("%s: %s, %zu bytes\n", argv[response.tag], line, response.body_size);
        failures += response.error != PARIO_OK;
        pario_response_free(&response);
    }
    pario_close(client);
    return failures == 0 ? 0 : 1;
}
