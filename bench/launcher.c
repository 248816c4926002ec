/* SPDX-License-Identifier: MIT */
/* launcher.c: see launcher.h. Kept small in memory: no stdio, no heap. */
#include "launcher.h"

#include "process.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct launch {
    pid_t        client;
    int          report;   /* where the lines go */
    bool         traced;   /* the client will stop at its end */
    bool         at_end;   /* and did */
    int64_t      begin_ns; /* just before exec */
    int64_t      held_ns;  /* how long the client was kept stopped by the readings */
    process_read last;     /* what was read there */
} launch;

static int64_t launch_clock(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Writes one line whole; if the experiment is gone there is nobody to tell. */
static void launch_say(const launch *state, const char *line)
{
    size_t size = strlen(line);
    while (size > 0) {
        ssize_t wrote = write(state->report, line, size);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return;
        }
        line += wrote;
        size -= (size_t)wrote;
    }
}

static void launch_say_error(const launch *state, const char *what, const char *name, int error)
{
    char line[512];
    text_print(line, sizeof line, "error %s %s: %s\n", what, name, strerror(error));
    launch_say(state, line);
}

/* The client's side: waits until it is watched, then becomes the program. */
static void launch_exec(pid_t launcher, int gate, int result, char **argv)
    __attribute__((noreturn));

static void launch_exec(pid_t launcher, int gate, int result, char **argv)
{
    char byte = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != launcher) {
        _exit(127);
    }
    while (read(gate, &byte, 1) < 0 && errno == EINTR) {
    }
    (void)execvp(argv[0], argv);
    int error = errno;
    if (write(result, &error, sizeof error) != (ssize_t)sizeof error) {
        _exit(126);
    }
    _exit(127);
}

/* Opens the gate, and waits for the exec. Returns 0 or the errno of exec. */
static int launch_release(launch *state, int gate, int result)
{
    int     error = 0;
    ssize_t size;
    state->begin_ns = launch_clock();
    if (write(gate, "g", 1) != 1) {
        return errno;
    }
    do {
        size = read(result, &error, sizeof error);
    } while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof error ? error : 0; /* closed by a successful exec */
}

/* Starts the client. Returns 0, or the exit status after saying what went wrong. */
static int launch_start(launch *state, char **argv)
{
    int   gate[2];
    int   result[2];
    pid_t self = getpid();
    if (!pipe_open(gate) || !pipe_open(result)) {
        launch_say_error(state, "cannot make a pipe for", argv[0], errno);
        return 1;
    }
    state->client = fork();
    if (state->client < 0) {
        launch_say_error(state, "cannot fork for", argv[0], errno);
        return 1;
    }
    if (state->client == 0) {
        launch_exec(self, gate[0], result[1], argv);
    }
    state->traced = ptrace(PTRACE_SEIZE, state->client, NULL,
                           (void *)(intptr_t)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)) == 0;
    (void)close(result[1]);
    int error = launch_release(state, gate[1], result[0]);
    (void)close(gate[0]);
    (void)close(gate[1]);
    (void)close(result[0]);
    if (error != 0) {
        launch_say_error(state, "cannot run", argv[0], error);
        return 1;
    }
    return 0;
}

/* A stop of the client: at its end it is read; a signal on its way is passed on. */
static void launch_stopped(launch *state, int status)
{
    int64_t from = launch_clock();
    int     event = status >> 16;
    int     number = event == 0 ? WSTOPSIG(status) : 0;
    if (event == PTRACE_EVENT_EXIT) {
        state->at_end = process_read_all(state->client, &state->last);
    }
    if (ptrace(PTRACE_CONT, state->client, NULL, (void *)(intptr_t)number) != 0) {
        (void)kill(state->client, SIGKILL); /* it is gone already, or must not stay stopped */
    }
    state->held_ns += launch_clock() - from;
}

/* Waits for the end of the client and says what it cost. */
static int launch_watch(launch *state)
{
    int           status = 0;
    struct rusage use;
    process_read  own;
    char          line[256];
    memset(&use, 0, sizeof use);
    for (;;) {
        pid_t pid = wait4(state->client, &status, __WALL, &use);
        if (pid < 0 && errno == EINTR) {
            continue;
        }
        if (pid < 0) {
            launch_say_error(state, "cannot wait for", "the client", errno);
            return 1;
        }
        if (!WIFSTOPPED(status)) {
            break;
        }
        launch_stopped(state, status);
    }
    int64_t wall = launch_clock() - state->begin_ns - state->held_ns;
    (void)process_read_all(0, &own);
    text_print(line, sizeof line, "end %d %d %lld %lld %lld %ld %ld %ld %d %llu %llu %llu %llu\n",
               WIFEXITED(status) ? WEXITSTATUS(status) : -1,
               WIFSIGNALED(status) ? WTERMSIG(status) : 0, (long long)wall,
               (long long)use.ru_utime.tv_sec * 1000000 + use.ru_utime.tv_usec,
               (long long)use.ru_stime.tv_sec * 1000000 + use.ru_stime.tv_usec, use.ru_minflt,
               use.ru_majflt, use.ru_maxrss, state->at_end ? 1 : 0,
               (unsigned long long)(state->last.memory.peak_rss_bytes / 1024),
               (unsigned long long)(state->last.memory.rss_bytes / 1024),
               (unsigned long long)(state->last.memory.private_bytes / 1024),
               (unsigned long long)(own.memory.peak_rss_bytes / 1024));
    launch_say(state, line);
    return 0;
}

int launcher_main(int argc, char **argv)
{
    launch state;
    char   line[64];
    memset(&state, 0, sizeof state);
    if (argc < 4) {
        return 2;
    }
    state.report = atoi(argv[2]);
    if (fcntl(state.report, F_SETFD, FD_CLOEXEC) != 0) {
        return 2; /* the client must not hold it open */
    }
    int status = launch_start(&state, argv + 3);
    if (status != 0) {
        return status;
    }
    text_print(line, sizeof line, "pid %ld\n", (long)state.client);
    launch_say(&state, line);
    return launch_watch(&state);
}
