/* SPDX-License-Identifier: MIT */
/*
 * many_cores: more than one processor is one client per thread, with nothing shared.
 *
 *     make examples && build/many_cores 4 100000 http://127.0.0.1:8080/a http://127.0.0.1:8081/b
 *
 * So many threads make so many requests in all; the URLs are dealt out again and again.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PARIO_IMPLEMENTATION
#include "pario.h"

#define MOST_THREADS 256
#define AT_ONCE 100 /* of each thread */

typedef struct hand {
    char        **urls;
    unsigned long count, next, step, all; /* of the URLs; of the requests: next, next + step... */
    unsigned long done;
} hand;

/* Keeps AT_ONCE requests under way until all are made. False: they cannot be. */
static bool play_on(hand *mine, pario_client *client)
{
    pario_response response;
    for (unsigned long waiting = 0; waiting > 0 || mine->next < mine->all; waiting--) {
        for (; waiting < AT_ONCE && mine->next < mine->all; waiting++, mine->next += mine->step) {
            pario_request request = { .url = mine->urls[mine->next % mine->count] };
            if (pario_submit(client, &request) != PARIO_OK) {
                return false;
            }
        }
        if (pario_next(client, &response, PARIO_UNLIMITED) != PARIO_OK) {
            return false;
        }
        mine->done += response.error == PARIO_OK ? 1 : 0;
        pario_response_free(&response);
    }
    return true;
}

static void *play(void *argument)
{
    pario_config  config = { .executor = PARIO_EPOLL, .concurrency = AT_ONCE };
    pario_client *client;
    if (pario_open(&config, &client) != PARIO_OK || !play_on((hand *)argument, client)) {
        fprintf(stderr, "many_cores: a thread has given up\n");
    }
    pario_close(client);
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned long threads = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long all = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long started = 0, done = 0;
    pthread_t     ids[MOST_THREADS];
    hand          hands[MOST_THREADS];
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: many_cores THREADS REQUESTS URL...\n");
        return 2;
    }
    for (bool good = true; good && started < threads; started += good) {
        hands[started] = (hand){ argv + 3, (unsigned long)argc - 3, started, threads, all, 0 };
        good = pthread_create(&ids[started], NULL, play, &hands[started]) == 0;
    }
    for (unsigned long i = 0; i < started; i++) {
        done += pthread_join(ids[i], NULL) == 0 ? hands[i].done : 0;
    }
    printf("%lu of %lu requests, %lu threads\n", done, all, started);
    return done == all ? 0 : 1;
}
