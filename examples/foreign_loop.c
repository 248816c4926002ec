/* SPDX-License-Identifier: MIT */
/*
 * foreign_loop: a client inside somebody else's loop. This loop polls its own things, here
 * standard input, where each line is a URL, and a clock that ticks; and pario_fd among them.
 *     make examples && build/foreign_loop     (then type URLs; the end of input ends it)
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

/* Submits each whole line of the input, and keeps the rest. */
static size_t submit_lines(pario_client *client, char *text, size_t size)
{
    char *begin = text;
    char *end = NULL;
    for (; (end = memchr(begin, '\n', size - (size_t)(begin - text))) != NULL; begin = end + 1) {
        *end = '\0';
        pario_error error = pario_submit(client, &(pario_request){ .url = begin });
        if (error != PARIO_OK) {
            printf("%s: %s\n", begin, pario_error_text(error));
        }
    }
    size -= (size_t)(begin - text);
    memmove(text, begin, size);
    return size;
}

/* Takes what has come; returns false when nothing is outstanding any more. */
static bool take_responses(pario_client *client)
{
    pario_response response;
    pario_error    error = PARIO_OK;
    while ((error = pario_next(client, &response, 0)) == PARIO_OK) {
        char line[PARIO_LINE_SIZE];
        pario_describe(&response, line, sizeof line);
        printf("%s: %s, %zu bytes\n", response.url, line, response.body_size);
        pario_response_free(&response);
    }
    fflush(stdout);
    return error != PARIO_NOTHING_LEFT;
}

/* Reads more of the input; false at its end, where a last line gets the end that it lacks. */
static bool read_more(char *text, size_t room, size_t *size)
{
    const ssize_t got = read(STDIN_FILENO, &text[*size], room - 1 - *size);
    *size += got > 0 ? (size_t)got : 0;
    text[*size] = '\n';
    *size += got <= 0 && *size > 0 ? 1u : 0u;
    return got > 0;
}

int main(void)
{
    static char   text[PARIO_MAX_URL_BYTES + 2];
    size_t        size = 0;
    pario_client *client = NULL;
    int           fd = -1;
    if (pario_open(NULL, &client) != PARIO_OK || pario_fd(client, &fd) != PARIO_OK) {
        fprintf(stderr, "foreign_loop: no client\n");
        return 1;
    }
    bool reading = true;
    while (take_responses(client) || reading) {
        struct pollfd polled[2] = { { fd, POLLIN, 0 }, { reading ? STDIN_FILENO : -1, POLLIN, 0 } };
        if (poll(polled, 2, 1000) == 0) {
            fputs("tick\n", stderr); /* the loop's own work */
        }
        if (polled[1].revents != 0) {
            reading = read_more(text, sizeof text, &size);
            size = submit_lines(client, text, size);
        }
    }
    pario_close(client);
    return 0;
}
