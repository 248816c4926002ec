/* SPDX-License-Identifier: MIT */
/*
 * hold_client: so many requests in flight and nothing else, to weigh what one of them costs.
 *
 *     build/hold_client -x epoll -c 10000 'http://127.0.0.1:8080/hold?n=10000'
 *
 * Submits N requests of one URL under one executor and takes the responses. It keeps nothing of
 * its own for a request, so that what its memory grows by is the library's, and the URL's copy.
 * With -w it says `ready` when the client is open, and begins when it is told `go`: so that it
 * can be weighed empty. Ends with `held N  bytes TOTAL`; any failure is exit 1 and a line.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct hold {
    pario_config config;
    const char  *url;
    bool         wait; /* for `go` */
} hold;

static const char usage[] =
    "usage: hold_client [-x sequential|threads|fibers|epoll] [-c N] [-w] URL\n";

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

static bool hold_number(const char *word, int64_t *number)
{
    char *end = NULL;
    *number = strtoll(word, &end, 10);
    if (end == word || *end != '\0' || *number < 1 || *number > PARIO_MAX_CONCURRENCY) {
        fprintf(stderr, "hold_client: -c takes a number from 1 to %d, not %s\n",
                PARIO_MAX_CONCURRENCY, word);
        return false;
    }
    return true;
}

static bool hold_options(int argc, char **argv, hold *job)
{
    bool good = true;
    int  letter;
    job->config.concurrency = 1;
    while (good && (letter = getopt(argc, argv, "x:c:w")) != -1) {
        switch (letter) {
        case 'x':
            good = hold_executor(optarg, &job->config.executor);
            break;
        case 'c':
            good = hold_number(optarg, &job->config.concurrency);
            break;
        case 'w':
            job->wait = true;
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

/* As many descriptors as the system allows. What is missing shows when they are used. */
static void hold_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Says `ready`, waits for a line. Without stdio: its buffers would be weighed as well. */
static bool hold_handshake(void)
{
    char answer[8];
    if (write(STDOUT_FILENO, "ready\n", 6) != 6 || read(STDIN_FILENO, answer, sizeof answer) <= 0) {
        fprintf(stderr, "hold_client: -w, and nobody says go\n");
        return false;
    }
    return true;
}

static bool hold_submit(pario_client *client, const hold *job)
{
    for (int64_t i = 0; i < job->config.concurrency; i++) {
        pario_request request = { .url = job->url, .tag = (size_t)i };
        pario_error   error = pario_submit(client, &request);
        if (error != PARIO_OK) {
            fprintf(stderr, "hold_client: %s: %s\n", job->url, pario_error_text(error));
            return false;
        }
    }
    return true;
}

/* Takes one response into the count. */
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
    if ((job->wait && !hold_handshake()) || !hold_submit(client, job)) {
        return false;
    }
    while ((error = pario_next(client, &response, PARIO_UNLIMITED)) == PARIO_OK) {
        if (!hold_take(&response, &bytes)) {
            return false; /* the others would be held for ever */
        }
        count++;
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
    hold_raise_limit();
    pario_error error = pario_open(&job.config, &client);
    if (error != PARIO_OK) {
        fprintf(stderr, "hold_client: %s\n", pario_error_text(error));
        return 1;
    }
    bool good = hold_run(client, &job);
    pario_close(client);
    return good ? 0 : 1;
}
