/* SPDX-License-Identifier: MIT */
/*
 * hold_client: so many requests in flight and nothing else, to weigh what one of them costs.
 *
 *     build/hold_client -x epoll -c 10000 'http://127.0.0.1:8080/hold?n=10000'
 *
 * Submits N requests of one URL under one executor and takes the responses. It keeps nothing of
 * its own for a request, so that what its memory grows by is the library's, and the URL's copy.
 * With -w it says `ready` when the client is open, and begins when it is told `go`: so that it
 * can be weighed empty. With -s each response is a stream, of which every part is dropped as it
 * comes. Ends with `held N  bytes TOTAL`; any failure is exit 1 and a line.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"
#include "tickets.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct hold {
    pario_config config;
    const char  *url;
    bool         wait;   /* for `go` */
    bool         stream; /* and drop all parts */
} hold;

static const char usage[] =
    "usage: hold_client [-x sequential|threads|fibers|epoll] [-c N] [-w] [-s] URL\n";

static bool hold_executor(const char *word, pario_executor *executor)
{
    static const struct {
        const char    *name;
        pario_executor executor;
    } table[] = { { "sequential", PARIO_SEQUENTIAL },
                  { "threads", PARIO_THREADS },
                  { "fibers", PARIO_FIBERS },
                  { "epoll", PARIO_EPOLL } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(word, table[i].name) == 0) {
            *executor = table[i].executor;
            return true;
        }
    }
    fprintf(stderr, "hold_client: no executor is called %s\n", word);
    return false;
}

static bool hold_options(int argc, char **argv, hold *job)
{
    unsigned long number = 1;
    bool          good = true;
    int           letter;
    job->config.concurrency = 1;
    while (good && (letter = getopt(argc, argv, "x:c:ws")) != -1) {
        switch (letter) {
        case 'x':
            good = hold_executor(optarg, &job->config.executor);
            break;
        case 'c':
            good = tickets_number(optarg, 1, PARIO_MAX_CONCURRENCY, &number);
            job->config.concurrency = (int64_t)number;
            break;
        case 'w':
            job->wait = true;
            break;
        case 's':
            job->stream = true;
            break;
        default:
            good = false;
            break;
        }
    }
    if (good && optind + 1 == argc) {
        job->url = argv[optind];
        return true;
    }
    (void)fputs(usage, stderr);
    return false;
}

static bool hold_submit(pario_client *client, const hold *job)
{
    for (int64_t i = 0; i < job->config.concurrency; i++) {
        pario_request request = { .url = job->url, .tag = (size_t)i, .stream = job->stream };
        pario_error   error = pario_submit(client, &request);
        if (error != PARIO_OK) {
            fprintf(stderr, "hold_client: %s: %s\n", job->url, pario_error_text(error));
            return false;
        }
    }
    return true;
}

/* Takes one response, or a part of one, into the count. */
static bool hold_take(pario_response *response, uint64_t *bytes)
{
    bool good = response->error == PARIO_OK && response->status == 200;
    if (!good) {
        char line[PARIO_LINE_SIZE];
        pario_describe(response, line, sizeof line);
        fprintf(stderr, "hold_client: request %zu: %s\n", response->tag, line);
    }
    *bytes += response->body_size;
    pario_response_free(response);
    return good;
}

static bool hold_run(pario_client *client, const hold *job)
{
    pario_response response;
    pario_error    error;
    int64_t        count = 0;
    uint64_t       bytes = 0;
    if ((job->wait && !tickets_handshake()) || !hold_submit(client, job)) {
        return false;
    }
    while ((error = pario_next(client, &response, PARIO_UNLIMITED)) == PARIO_OK) {
        bool whole = response.part == PARIO_PART_WHOLE || response.part == PARIO_PART_END;
        if (!hold_take(&response, &bytes)) {
            return false; /* the others would be held for ever */
        }
        count += whole ? 1 : 0;
    }
    if (error != PARIO_NOTHING_LEFT) {
        fprintf(stderr, "hold_client: %s\n", pario_error_text(error));
        return false;
    }
    printf("held %lld  bytes %llu\n", (long long)count, (unsigned long long)bytes);
    return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    hold          job = { .url = NULL };
    pario_client *client = NULL;
    if (!hold_options(argc, argv, &job)) {
        return 2;
    }
    tickets_raise_limit();
    pario_error error = pario_open(&job.config, &client);
    if (error != PARIO_OK) {
        fprintf(stderr, "hold_client: %s\n", pario_error_text(error));
        return 1;
    }
    bool good = hold_run(client, &job);
    pario_close(client);
    return good ? 0 : 1;
}
