/* SPDX-License-Identifier: MIT */
/* stage.c: see stage.h. */
#include "stage.h"

#include "launcher.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int stage_signal_fd = -1;
static int stage_signal_seen;

double stage_clock(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The signals that end the experiment. */
static void stage_signal_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGHUP);
}

bool stage_signals(void)
{
    sigset_t set;
    stage_signal_set(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return false;
    }
    /* what a killed launcher leaves behind becomes our child, and is waited for */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return false;
    }
    stage_signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return stage_signal_fd >= 0;
}

int stage_signal(void)
{
    return stage_signal_seen;
}

void stage_open(stage *state)
{
    memset(state, 0, sizeof *state);
    state->server_in = -1;
    state->client_in = -1;
    for (int i = 0; i < STAGE_SOURCES; i++) {
        state->source[i].fd = -1;
    }
}

static void close_one(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* The child's side of a start. `ends`: its standard input, output and error. */
static void stage_become(pid_t parent, char *const argv[], const char *environment,
                         const int ends[3]) __attribute__((noreturn));

static void stage_become(pid_t parent, char *const argv[], const char *environment,
                         const int ends[3])
{
    static char room[128];
    sigset_t    set;
    stage_signal_set(&set);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || setpgid(0, 0) != 0) {
        _exit(127);
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(ends[i], i) != i) {
            _exit(127);
        }
    }
    if (environment != NULL) {
        text_copy(room, sizeof room, environment);
        if (putenv(room) != 0) {
            _exit(127);
        }
    }
    if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_UNBLOCK, &set, NULL) != 0) {
        _exit(127);
    }
    (void)execvp(argv[0], argv);
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Starts a process in a group of its own; its three ends go to *in, *out and *err. */
static pid_t stage_spawn(char *const argv[], const char *environment, int *in, int *out, int *err)
{
    int   input[2] = { -1, -1 };
    int   output[2] = { -1, -1 };
    int   error[2] = { -1, -1 };
    pid_t self = getpid();
    pid_t pid = -1;
    if (pipe_open(input) && pipe_open(output) && pipe_open(error)) {
        pid = fork();
    }
    if (pid == 0) {
        const int ends[3] = { input[0], output[1], error[1] };
        stage_become(self, argv, environment, ends);
    }
    int kept = errno;
    close_one(&input[0]);
    close_one(&output[1]);
    close_one(&error[1]);
    if (pid < 0) {
        close_one(&input[1]);
        close_one(&output[0]);
        close_one(&error[0]);
        errno = kept;
        return -1;
    }
    (void)setpgid(pid, pid); /* also here: it may be killed before it came to it */
    *in = input[1];
    *out = output[0];
    *err = error[0];
    return pid;
}

bool stage_start_server(stage *state, char *const argv[])
{
    pid_t pid = stage_spawn(argv, NULL, &state->server_in, &state->source[STAGE_SERVER_OUT].fd,
                            &state->source[STAGE_SERVER_ERROR].fd);
    state->server = pid < 0 ? 0 : pid;
    return pid > 0;
}

bool stage_start_client(stage *state, char *const argv[], const char *environment)
{
    static char program[] = "/proc/self/exe";
    static char word[] = LAUNCHER_WORD;
    char        number[16];
    char       *command[STAGE_ARGUMENTS + 4];
    int         report[2];
    size_t      count = 0;
    if (!pipe_open(report)) {
        return false;
    }
    text_print(number, sizeof number, "%d", report[1]);
    command[0] = program;
    command[1] = word;
    command[2] = number;
    for (; argv[count] != NULL && count < STAGE_ARGUMENTS; count++) {
        command[3 + count] = argv[count];
    }
    command[3 + count] = NULL;
    if (fcntl(report[1], F_SETFD, 0) != 0) { /* the launcher gets it, and nobody else */
        close_one(&report[0]);
        close_one(&report[1]);
        return false;
    }
    pid_t pid = stage_spawn(command, environment, &state->client_in,
                            &state->source[STAGE_CLIENT_OUT].fd,
                            &state->source[STAGE_CLIENT_ERROR].fd);
    close_one(&report[1]);
    state->source[STAGE_REPORT].fd = report[0];
    state->launcher = pid < 0 ? 0 : pid;
    return pid > 0;
}

/* Takes in the launcher's last line. */
static void stage_take_end(stage *state, const char *line)
{
    stage_end         *end = &state->end;
    long long          wall, user, kernel;
    unsigned long long minor, major, maxrss, peak, rss, private, own;
    int                traced;
    int count = sscanf(line, "end %d %d %lld %lld %lld %llu %llu %llu %d %llu %llu %llu %llu",
                       &end->exit_status, &end->signal, &wall, &user, &kernel, &minor, &major,
                       &maxrss, &traced, &peak, &rss, &private, &own);
    if (count != 13) {
        return;
    }
    end->wall_ns = wall;
    end->user_us = user;
    end->system_us = kernel;
    end->minor_faults = minor;
    end->major_faults = major;
    end->maxrss_bytes = maxrss * 1024;
    end->traced = traced != 0;
    end->peak_bytes = peak * 1024;
    end->rss_bytes = rss * 1024;
    end->private_bytes = private * 1024;
    end->launcher_bytes = own * 1024;
    state->ended = true;
}

static bool begins(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

/* What the server says. */
static void stage_take_server(stage *state, const char *line)
{
    const char *colon = strrchr(line, ':');
    if (begins(line, "listening ") && colon != NULL) {
        state->port = atoi(colon + 1);
    } else if (begins(line, "plateau ")) {
        state->plateau = atol(line + strlen("plateau "));
    } else {
        return; /* kept as the last line, that is all */
    }
}

/* What the launcher says. */
static void stage_take_report(stage *state, const char *line)
{
    if (begins(line, "pid ")) {
        state->client = (pid_t)atol(line + strlen("pid "));
    } else if (begins(line, "end ")) {
        stage_take_end(state, line);
    } else {
        return; /* an error: kept as the last line */
    }
}

/* Takes in one line of one source. */
static void stage_take(stage *state, stage_source from, const char *line)
{
    if (line[0] != '\0') {
        text_copy(state->source[from].last, sizeof state->source[from].last, line);
    }
    if (from == STAGE_SERVER_OUT) {
        stage_take_server(state, line);
    } else if (from == STAGE_REPORT) {
        stage_take_report(state, line);
    } else if (from == STAGE_CLIENT_OUT && strcmp(line, "ready") == 0) {
        state->ready = true;
    } else {
        return; /* the last line is wanted, and kept */
    }
}

/* Cuts what came into lines. A line that is too long is cut. */
static void stage_cut(stage *state, stage_source from)
{
    stage_lines *lines = &state->source[from];
    size_t       start = 0;
    for (size_t i = 0; i < lines->size; i++) {
        if (lines->bytes[i] == '\n') {
            lines->bytes[i] = '\0';
            stage_take(state, from, lines->bytes + start);
            start = i + 1;
        }
    }
    if (start == 0 && lines->size == sizeof lines->bytes - 1) {
        lines->bytes[lines->size] = '\0';
        stage_take(state, from, lines->bytes);
        start = lines->size;
    }
    lines->size -= start;
    memmove(lines->bytes, lines->bytes + start, lines->size);
}

/* Reads one source; at its end it is closed. */
static void stage_read(stage *state, stage_source from)
{
    stage_lines *lines = &state->source[from];
    ssize_t      got =
        read(lines->fd, lines->bytes + lines->size, sizeof lines->bytes - 1 - lines->size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (got > 0) {
        lines->size += (size_t)got;
        stage_cut(state, from);
        return;
    }
    if (lines->size > 0) { /* a last line without its end */
        lines->bytes[lines->size] = '\0';
        stage_take(state, from, lines->bytes);
        lines->size = 0;
    }
    close_one(&lines->fd);
}

/* Waits for a word of anybody, at most `timeout_ms`. Returns false after a signal. */
static bool stage_pump(stage *state, int timeout_ms)
{
    struct pollfd           wait[STAGE_SOURCES + 1];
    struct signalfd_siginfo info;
    for (int i = 0; i < STAGE_SOURCES; i++) {
        wait[i] = (struct pollfd){ .fd = state->source[i].fd, .events = POLLIN };
    }
    wait[STAGE_SOURCES] = (struct pollfd){ .fd = stage_signal_fd, .events = POLLIN };
    if (poll(wait, STAGE_SOURCES + 1, timeout_ms) < 0) {
        return true; /* EINTR: the caller asks again */
    }
    if (wait[STAGE_SOURCES].revents != 0 &&
        read(stage_signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        stage_signal_seen = (int)info.ssi_signo;
    }
    for (int i = 0; i < STAGE_SOURCES; i++) {
        if (wait[i].fd >= 0 && wait[i].revents != 0) {
            stage_read(state, (stage_source)i);
        }
    }
    return stage_signal_seen == 0;
}

/* The client's pipes are all at their end, its launcher's too. */
static bool stage_client_gone(const stage *state)
{
    return state->launcher != 0 && state->source[STAGE_REPORT].fd < 0 &&
           state->source[STAGE_CLIENT_OUT].fd < 0 && state->source[STAGE_CLIENT_ERROR].fd < 0;
}

stage_wait stage_until(stage *state, bool (*done)(const stage *state), double seconds)
{
    double deadline = stage_clock() + seconds;
    for (;;) {
        double left = deadline - stage_clock();
        if (stage_signal_seen != 0) {
            return STAGE_INTERRUPTED;
        }
        if (done(state)) {
            return STAGE_HAPPENED;
        }
        if (stage_client_gone(state)) {
            return STAGE_CLIENT_GONE;
        }
        if (state->server != 0 && state->source[STAGE_SERVER_OUT].fd < 0) {
            return STAGE_SERVER_GONE;
        }
        if (left <= 0) {
            return STAGE_TOO_LONG;
        }
        (void)stage_pump(state, left > 1 ? 1000 : (int)(left * 1000) + 1);
    }
}

bool stage_tell(int fd, const char *line)
{
    size_t size = strlen(line);
    return fd >= 0 && write(fd, line, size) == (ssize_t)size;
}

/* Waits for what has been killed: the two, and, as a subreaper, whoever was left by them. */
static void stage_reap(const pid_t groups[2])
{
    const struct timespec moment = { 0, 1000000 };
    for (int i = 0; i < 2; i++) {
        while (groups[i] > 0 && waitpid(groups[i], NULL, 0) < 0 && errno == EINTR) {
        }
    }
    for (int tries = 0; tries < 2000; tries++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0) {
            return; /* nobody is left */
        }
        if (pid == 0) {
            (void)nanosleep(&moment, NULL);
        }
    }
}

void stage_close(stage *state)
{
    const pid_t groups[2] = { state->launcher, state->server };
    for (int i = 0; i < 2; i++) {
        if (groups[i] > 0) {
            (void)kill(-groups[i], SIGKILL);
        }
    }
    stage_reap(groups);
    for (int i = 0; i < STAGE_SOURCES; i++) {
        close_one(&state->source[i].fd);
    }
    close_one(&state->server_in);
    close_one(&state->client_in);
}

/* Until the end. */
static bool stage_never(const stage *state)
{
    (void)state;
    return false;
}

void stage_ask(char *const argv[], char *line, size_t size)
{
    stage state;
    stage_open(&state);
    if (stage_start_server(&state, argv)) {
        (void)stage_until(&state, stage_never, 10);
    }
    text_copy(line, size, state.source[STAGE_SERVER_OUT].last);
    stage_close(&state);
}
