/* SPDX-License-Identifier: MIT */
/* Straight-line tasks: what they may do, what they may not, and how they end. */
#include "pario.h"

#include <fcntl.h>
#include <poll.h>

#include "e2e.h"

/* Fired when pario_wake has returned: before that, the client must not be closed. */
#define WOKE 15
#define SAY_OK S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

static const server_step answers[] = { S_READ, SAY_OK, S_AGAIN };

/* Answers with the request's target, so that a task can see that the answer is its own. */
static bool serve_echo(server_peer *peer, const server_request *request, void *context)
{
    const char *target = strchr(request->head, ' ') + 1;
    int         size = (int)strcspn(target, " ");
    (void)context;
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s", size, size,
                       target);
}

static bool has_tasks(const e2e_run *run)
{
    return run->executor != PARIO_EPOLL;
}

/* What a task fetches and what it found. Each task has its own. */
typedef struct errand {
    server *peer;
    size_t  number;
    size_t  good;
    bool    began;
    bool    ended;
} errand;

/* Fetches "/NUMBER/0", then what the answer says with another digit, and so on. */
static void fetch_in_a_row(pario_client *client, void *argument)
{
    errand        *it = (errand *)argument;
    char           url[128];
    char           path[32];
    pario_response response;
    it->began = true;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/%zu/%zu", it->number, i);
        snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)server_port(it->peer), path);
        pario_request request = { .url = url };
        if (pario_fetch(client, &request, &response) == PARIO_OK &&
            strcmp(response.body, path) == 0) {
            it->good++;
        }
        pario_response_free(&response);
    }
    it->ended = true;
}

E2E(tasks_fetch_several_times_in_a_row)
{
    enum {
        TASKS = 50
    };
    errand           errands[TASKS];
    pario_response   response;
    pario_statistics statistics;
    server          *peer = e2e_serve_handler(run, serve_echo, NULL);
    run->config.concurrency = 8;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < TASKS; i++) {
        errands[i] = (errand){ peer, i, 0, false, false };
        pario_error error = pario_spawn(run->client, fetch_in_a_row, &errands[i]);
        CHECK_ERROR(error, has_tasks(run) ? PARIO_OK : PARIO_ERROR_NO_STACKS);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    for (size_t i = 0; i < TASKS && has_tasks(run); i++) {
        CHECK_UINT(errands[i].good, 3);
        CHECK(errands[i].ended);
    }
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.tasks, 0);
    CHECK_UINT(server_count(peer).requests, has_tasks(run) ? 3 * TASKS : 0);
    CHECK(server_count(peer).most_open <= 8);
}

/* Tasks and submitted requests share the client. */
E2E(tasks_and_requests_run_side_by_side)
{
    enum {
        EACH = 20
    };
    errand         errands[EACH];
    pario_response response;
    size_t         total = 0;
    server        *peer = e2e_serve_handler(run, serve_echo, NULL);
    run->config.concurrency = 4;
    if (!has_tasks(run) || !e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < EACH; i++) {
        errands[i] = (errand){ peer, i, 0, false, false };
        CHECK_ERROR(pario_spawn(run->client, fetch_in_a_row, &errands[i]), PARIO_OK);
        e2e_submit(run, e2e_url(peer, "/"), i, NULL);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        CHECK_ERROR(response.error, PARIO_OK);
        CHECK_STR(response.body, "/");
        pario_response_free(&response);
        total++;
    }
    CHECK_UINT(total, EACH);
    for (size_t i = 0; i < EACH; i++) {
        CHECK_UINT(errands[i].good, 3);
    }
}

/* What each function answers when a task calls it. */
typedef struct misuse {
    server     *peer;
    pario_error next;
    pario_error cancel;
    pario_error fd;
    pario_error submit;
    pario_error spawn;
    pario_error nothing;
    bool        spawned;
} misuse;

static void note_spawned(pario_client *client, void *argument)
{
    (void)client;
    ((misuse *)argument)->spawned = true;
}

static void use_wrongly(pario_client *client, void *argument)
{
    misuse        *it = (misuse *)argument;
    int            fd = -1;
    char           url[64];
    pario_response response;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(it->peer));
    pario_request request = { .url = url, .tag = 77 };
    it->next = pario_next(client, &response, 0);
    it->cancel = pario_cancel(client, 12345);
    it->fd = pario_fd(client, &fd);
    it->spawn = pario_spawn(client, note_spawned, it);
    it->submit = pario_submit(client, &request);
    it->nothing = pario_spawn(client, NULL, NULL);
    pario_close(client);
}

E2E(a_task_may_fetch_submit_and_spawn_but_not_wait_or_close)
{
    misuse         it;
    pario_response response;
    memset(&it, 0, sizeof it);
    if (!has_tasks(run)) {
        return;
    }
    it.peer = e2e_serve_script(run, answers);
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_spawn(run->client, use_wrongly, &it), PARIO_OK);
    if (CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_OK)) {
        CHECK_UINT(response.tag, 77);
        CHECK_ERROR(response.error, PARIO_OK);
        pario_response_free(&response);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_ERROR(it.next, PARIO_ERROR_IN_TASK);
    CHECK_ERROR(it.submit, PARIO_OK);
    CHECK_ERROR(it.spawn, PARIO_OK);
    CHECK(it.spawned);
    CHECK_ERROR(it.nothing, PARIO_ERROR_ARGUMENT);
    CHECK(it.cancel != PARIO_OK);
    CHECK_ERROR(pario_spawn(run->client, NULL, NULL), PARIO_ERROR_ARGUMENT);
}

/* A task spawns the next one, which spawns the next one: no depth is reached. */
typedef struct chain {
    size_t left;
    bool   failed;
} chain;

static void spawn_next(pario_client *client, void *argument)
{
    chain *it = (chain *)argument;
    if (it->left > 0) {
        it->left--;
        if (pario_spawn(client, spawn_next, it) != PARIO_OK) {
            it->failed = true; /* and nobody else looks at it any more */
        }
    }
}

E2E(a_chain_of_tasks_needs_no_depth)
{
    chain          it = { 10000, false };
    pario_response response;
    if (!has_tasks(run) || !e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_spawn(run->client, spawn_next, &it), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_UINT(it.left, 0);
    CHECK(!it.failed);
}

/* The error of a refused request comes at once, that of a failed one with a response. */
typedef struct failures {
    server     *refuses;
    pario_error wrong;
    pario_error refused;
    pario_error null;
    size_t      body_size;
} failures;

static void fetch_badly(pario_client *client, void *argument)
{
    failures      *it = (failures *)argument;
    char           url[64];
    pario_response response;
    pario_request  request = { .url = "nonsense" };
    it->wrong = pario_fetch(client, &request, &response);
    pario_response_free(&response);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(it->refuses));
    request.url = url;
    it->refused = pario_fetch(client, &request, &response);
    it->body_size = response.body_size;
    pario_response_free(&response);
    it->null = pario_fetch(client, NULL, &response);
}

E2E(errors_reach_the_task)
{
    failures       it;
    pario_response response;
    memset(&it, 0, sizeof it);
    it.refuses = e2e_serve(run, &(server_options){ .mood = SERVER_REFUSES });
    if (!has_tasks(run) || !e2e_open(run)) {
        return;
    }
    CHECK_ERROR(pario_spawn(run->client, fetch_badly, &it), PARIO_OK);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_ERROR(it.wrong, PARIO_ERROR_URL);
    CHECK_ERROR(it.refused, PARIO_ERROR_CONNECT);
    CHECK_ERROR(it.null, PARIO_ERROR_ARGUMENT);
    CHECK_UINT(it.body_size, 0);
}

/* ---- closing --------------------------------------------------------------------------- */

typedef struct hanging {
    server     *peer;
    pario_error error; /* of the fetch that the closing ended */
    pario_error second;
    pario_error third; /* of submitting */
    bool        began;
    bool        ended;
} hanging;

static void fetch_and_hang(pario_client *client, void *argument)
{
    hanging       *it = (hanging *)argument;
    char           url[64];
    pario_response response;
    it->began = true;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(it->peer));
    pario_request request = { .url = url };
    it->error = pario_fetch(client, &request, &response);
    pario_response_free(&response);
    it->second = pario_fetch(client, &request, &response);
    pario_response_free(&response);
    it->third = pario_submit(client, &request);
    it->ended = true;
}

static void wake_client(server_peer *peer, void *context)
{
    (void)peer;
    pario_wake((pario_client *)context);
}

E2E(closing_ends_the_fetches_of_tasks)
{
    static const server_step holds[] = { S_READ, S_CALL, S_FIRE(WOKE), S_HOLD, S_END };
    hanging                  it[3];
    pario_response           response;
    memset(it, 0, sizeof it);
    run->config.concurrency = 1;
    if (!has_tasks(run) || run->executor == PARIO_SEQUENTIAL || !e2e_open(run)) {
        return; /* sequentially, a task is over when pario_next returns */
    }
    server *peer = e2e_serve_calling(run, holds, wake_client, run->client);
    for (size_t i = 0; i < COUNT(it); i++) {
        it[i].peer = peer;
        CHECK_ERROR(pario_spawn(run->client, fetch_and_hang, &it[i]), PARIO_OK);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_WOKEN);
    server_await_event(peer, WOKE);
    e2e_close(run);
    CHECK(it[0].began && it[0].ended);
    CHECK_ERROR(it[0].error, PARIO_ERROR_CANCELLED);
    CHECK_ERROR(it[0].second, PARIO_ERROR_CANCELLED);
    CHECK_ERROR(it[0].third, PARIO_OK); /* it is dropped with all the others */
    /* One at a time was allowed, so that the others have not begun, and never will. */
    CHECK(!it[1].began && !it[2].began);
    CHECK_UINT(server_count(peer).requests, 1);
}

/* Tasks that have not begun are dropped. */
E2E(closing_drops_tasks_that_have_not_begun)
{
    hanging it[3];
    memset(it, 0, sizeof it);
    if (!has_tasks(run) || run->executor == PARIO_THREADS || !e2e_open(run)) {
        return; /* there they begin at once */
    }
    for (size_t i = 0; i < COUNT(it); i++) {
        CHECK_ERROR(pario_spawn(run->client, fetch_and_hang, &it[i]), PARIO_OK);
    }
    e2e_close(run);
    CHECK(!it[0].began && !it[1].began && !it[2].began);
}

/* ---- fetching from elsewhere ----------------------------------------------------------- */

typedef struct stranger {
    pario_client *client;
    server       *peer;
    size_t        good;
} stranger;

static void *fetch_from_outside(void *argument)
{
    stranger *it = (stranger *)argument;
    errand    same = { it->peer, 0, 0, false, false };
    for (size_t i = 0; i < 20; i++) {
        same.number = i;
        same.good = 0;
        fetch_in_a_row(it->client, &same);
        it->good += same.good;
    }
    return NULL;
}

/* On PARIO_THREADS, any thread may fetch, and each finds a connection that another is done with.
 * As many are kept as there are threads: what is kept is never closed to open another, which the
 * server might see only after it has seen the other. */
TEST(any_thread_may_fetch_on_the_executor_of_threads)
{
    enum {
        STRANGERS = 4
    };
    server_options options = { .handler = serve_echo };
    server        *peer = server_start(&options);
    pario_config   config = { .executor = PARIO_THREADS,
                              .concurrency = STRANGERS,
                              .stack_bytes = E2E_STACK };
    pario_client  *client = NULL;
    stranger       all[STRANGERS];
    pthread_t      threads[STRANGERS];
    if (!e2e_is_wanted(PARIO_THREADS, E2E_NEXT, false)) {
        test_skip("another executor is asked for");
    } else if (CHECK_ERROR(pario_open(&config, &client), PARIO_OK)) {
        for (size_t i = 0; i < STRANGERS; i++) {
            all[i] = (stranger){ client, peer, 0 };
            CHECK_INT(pthread_create(&threads[i], NULL, fetch_from_outside, &all[i]), 0);
        }
        for (size_t i = 0; i < STRANGERS; i++) {
            pthread_join(threads[i], NULL);
            CHECK_UINT(all[i].good, 60);
        }
        CHECK(server_count(peer).most_open <= STRANGERS);
    }
    pario_close(client);
    server_stop(peer);
}

/* Fibers are deep enough for what a task does, and their stacks are used again. */
static void use_stack(pario_client *client, void *argument)
{
    char          line[16384];
    volatile char last;
    (void)client;
    memset(line, 'x', sizeof line);
    last = line[sizeof line - 1];
    *(size_t *)argument += last == 'x' ? 1 : 0;
}

E2E(stacks_hold_what_they_promise)
{
    size_t         good = 0;
    pario_response response;
    run->config.stack_bytes = 65536;
    run->config.concurrency = 1;
    if (!has_tasks(run) || !e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < 100; i++) {
        CHECK_ERROR(pario_spawn(run->client, use_stack, &good), PARIO_OK);
    }
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_UINT(good, 100);
}

/* Whether the stack that it runs on has no access right below it. */
static void look_below_stack(pario_client *client, void *argument)
{
    static char        line[4096];
    uintptr_t          here = (uintptr_t)&client;
    unsigned long long from;
    unsigned long long to;
    unsigned long long closed = 0; /* where a mapping without access has ended */
    char               access[5];
    FILE              *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%llx-%llx %4s", &from, &to, access) == 3) {
            *(bool *)argument = *(bool *)argument || (from == closed && from <= here && here < to);
            closed = access[0] == '-' ? to : closed;
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
}

TEST(below_the_stack_of_a_fiber_is_no_access)
{
    bool           closed = false;
    pario_config   config = { .executor = PARIO_FIBERS, .stack_bytes = E2E_STACK };
    pario_client  *client = NULL;
    pario_response response;
    if (!e2e_is_wanted(PARIO_FIBERS, E2E_NEXT, false)) {
        test_skip("another executor is asked for");
    } else if (CHECK_ERROR(pario_open(&config, &client), PARIO_OK)) {
        CHECK_ERROR(pario_spawn(client, look_below_stack, &closed), PARIO_OK);
        CHECK_ERROR(pario_next(client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
        CHECK(closed);
    }
    pario_close(client);
}

/* Where tasks go: hosts that have one connection only each. */
typedef struct turns {
    server *host;
    server *late;
    int     unreadable; /* a descriptor for writing only */
    bool    failed;
    bool    done;
} turns;

static pario_error fetch_quietly(pario_client *client, server *from, int body_fd)
{
    char           url[64];
    pario_response response;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)server_port(from));
    pario_request request = { .url = url, .body_fd = body_fd };
    pario_error   error = pario_fetch(client, &request, &response);
    pario_response_free(&response);
    return error;
}

static void fetch_late(pario_client *client, void *argument)
{
    (void)fetch_quietly(client, ((const turns *)argument)->late, 0);
}

static void fetch_both(pario_client *client, void *argument)
{
    (void)fetch_quietly(client, ((const turns *)argument)->host, 0);
    fetch_late(client, argument);
}

static void fail_between(pario_client *client, void *argument)
{
    turns *all = (turns *)argument;
    all->failed = fetch_quietly(client, all->host, all->unreadable) == PARIO_ERROR_BODY_READ;
    fetch_late(client, argument);
}

static void fetch_host(pario_client *client, void *argument)
{
    turns *all = (turns *)argument;
    all->done = fetch_quietly(client, all->host, 0) == PARIO_OK;
}

/* A task that gets its host's connection and has no use for it leaves it to the next one. In a loop
 * of somebody else's the descriptor tells of that, though nothing came back and no time is over. */
E2E(the_descriptor_tells_of_a_connection_that_a_task_leaves)
{
    static const server_step waits[] = { S_READ, S_WAIT(1), SAY_OK, S_AGAIN };
    turns all = { .host = e2e_serve_script(run, waits), .late = e2e_serve_script(run, waits) };
    struct pollfd  fd = { -1, POLLIN, 0 };
    pario_response response;
    run->apart = true;
    run->config.per_host = 1;
    run->config.expect_bytes = PARIO_OFF;
    run->config.connect_timeout_ms = PARIO_UNLIMITED;
    run->config.progress_timeout_ms = PARIO_UNLIMITED;
    run->config.total_timeout_ms = PARIO_UNLIMITED;
    if (run->executor != PARIO_FIBERS || !e2e_open(run)) {
        return;
    }
    const pario_task tasks[] = { fetch_late, fetch_both, fetch_host, fail_between };
    all.unreadable = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK_ERROR(pario_fd(run->client, &fd.fd), PARIO_OK);
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        CHECK_ERROR(pario_spawn(run->client, tasks[i], &all),
                    PARIO_OK); /* who comes last waits first */
    }
    while (server_count(all.host).requests + server_count(all.late).requests < 2 &&
           CHECK_ERROR(pario_next(run->client, &response, 1), PARIO_TIME_OVER)) {
    }
    server_fire(all.host, 1);
    while (!all.done && CHECK_INT(poll(&fd, 1, 20000), 1)) {
        CHECK_ERROR(pario_next(run->client, &response, 0), PARIO_TIME_OVER);
    }
    CHECK(all.failed);
    server_fire(all.late, 1);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    close(all.unreadable);
}

/* Tasks count against the queue, as requests do. */
E2E(the_queue_takes_only_so_many_tasks)
{
    size_t         good = 0;
    size_t         accepted = 0;
    pario_response response;
    pario_error    error = PARIO_OK;
    run->config.queue = 5;
    if (!has_tasks(run) || run->executor == PARIO_THREADS || !e2e_open(run)) {
        return; /* there the queue empties itself meanwhile */
    }
    while (error == PARIO_OK && accepted < 1000) {
        error = pario_spawn(run->client, use_stack, &good);
        accepted += error == PARIO_OK ? 1 : 0;
    }
    CHECK_ERROR(error, PARIO_ERROR_QUEUE_FULL);
    CHECK_ERROR(pario_next(run->client, &response, PARIO_UNLIMITED), PARIO_NOTHING_LEFT);
    CHECK_UINT(good, accepted);
}
