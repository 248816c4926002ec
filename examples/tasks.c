/* SPDX-License-Identifier: MIT */
/*
 * tasks: straight-line code that fetches twice in a row, many times at once. Each task asks
 * the first URL for its cookie and shows that to the second one.
 *
 *     make examples && build/tasks http://127.0.0.1:8080/m/ http://127.0.0.1:8080/m/ 20
 *
 * The executor is fibers; PARIO_THREADS and PARIO_SEQUENTIAL run the same code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

#define MAX_TASKS 1000

typedef struct visit {
    const char *urls[2];
    pario_error error;
    size_t      bytes;
    char        line[PARIO_LINE_SIZE];
} visit;

/* One of the visit's fetches. What it waits for, the fiber waits for; the others go on. */
static void fetch(pario_client *client, visit *mine, size_t which, char *cookie, size_t size)
{
    const pario_field field = { "Cookie", cookie };
    pario_request     request = { .url = mine->urls[which], .fields = &field };
    pario_response    response;
    request.field_count = cookie[0] != '\0' ? 1 : 0;
    mine->error = pario_fetch(client, &request, &response);
    mine->bytes += response.body_size;
    const char  *set = pario_response_field(&response, "Set-Cookie", 0);
    const size_t part = set == NULL ? 0 : strcspn(set, ";"); /* without its attributes */
    if (part > 0 && part < size) {
        memcpy(cookie, set, part);
        cookie[part] = '\0';
    }
    pario_describe(&response, mine->line, sizeof mine->line);
    pario_response_free(&response);
}

static void visit_twice(pario_client *client, void *argument)
{
    visit *mine = (visit *)argument;
    char   cookie[256] = "";
    fetch(client, mine, 0, cookie, sizeof cookie);
    if (mine->error == PARIO_OK) {
        fetch(client, mine, 1, cookie, sizeof cookie);
    }
}

int main(int argc, char **argv)
{
    static visit   visits[MAX_TASKS];
    const size_t   count = argc == 4 ? strtoul(argv[3], NULL, 10) : 10;
    pario_config   config = { .executor = PARIO_FIBERS };
    pario_client  *client = NULL;
    pario_response none;
    size_t         failed = 0;
    if (argc < 3 || count - 1 >= MAX_TASKS || pario_open(&config, &client) != PARIO_OK) {
        fprintf(stderr, "usage: tasks URL URL [N, from 1 to %d]\n", MAX_TASKS);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        visits[i] = (visit){ .urls = { argv[1], argv[2] }, .line = "not begun" };
        visits[i].error = pario_spawn(client, visit_twice, &visits[i]);
    }
    if (pario_next(client, &none, PARIO_UNLIMITED) != PARIO_NOTHING_LEFT) {
        fprintf(stderr, "tasks: some did not end\n");
    }
    for (size_t i = 0; i < count; i++) {
        printf("%zu: %s, %zu bytes\n", i + 1, visits[i].line, visits[i].bytes);
        failed += visits[i].error != PARIO_OK;
    }
    pario_close(client);
    return failed == 0 ? 0 : 1;
}
