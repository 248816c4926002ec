/* SPDX-License-Identifier: MIT */
/*
 * stage.h: a server and one client for one run, both fresh processes, and what they say.
 *
 * The experiment talks to them in lines: the server says `listening ADDRESS:PORT` and, for a
 * plateau, `plateau N`; the client may say `ready` and ends with a line of its result; the
 * launcher says what launcher.h has. Whatever happens, stage_close leaves no process behind.
 */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include "process.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STAGE_ARGUMENTS 24 /* words of a command */

typedef enum stage_source {
    STAGE_SERVER_OUT,
    STAGE_SERVER_ERROR,
    STAGE_CLIENT_OUT,
    STAGE_CLIENT_ERROR,
    STAGE_REPORT,
    STAGE_SOURCES
} stage_source;

/* A pipe that is read in lines. */
typedef struct stage_lines {
    int    fd; /* -1: at its end */
    size_t size;
    char   bytes[1024];
    char   last[256]; /* the last line that was not empty */
} stage_lines;

/* What the launcher says of a client that has ended. */
typedef struct stage_end {
    int      exit_status; /* -1: ended by a signal */
    int      signal;
    int64_t  wall_ns;
    int64_t  user_us;
    int64_t  system_us;
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t maxrss_bytes; /* ru_maxrss, as time(1) has it */
    bool     traced;       /* the next three were read at the client's end */
    uint64_t peak_bytes;   /* VmHWM */
    uint64_t rss_bytes;    /* exact */
    uint64_t private_bytes;
    uint64_t launcher_bytes;
} stage_end;

typedef struct stage {
    pid_t       server; /* 0: not started */
    pid_t       launcher;
    pid_t       client;
    int         server_in; /* -1: none */
    int         client_in;
    stage_lines source[STAGE_SOURCES];
    int         port;    /* where the server listens; 0: not known yet */
    long        plateau; /* so many requests are held; 0: not yet */
    bool        ready;   /* the client says it is */
    bool        ended;   /* the client has, and `end` is filled in */
    stage_end   end;
    kernel_read kernel; /* before the client, or its requests, began */
} stage;

typedef enum stage_wait {
    STAGE_HAPPENED,    /* what was waited for */
    STAGE_CLIENT_GONE, /* the client or its launcher ended first */
    STAGE_SERVER_GONE,
    STAGE_TOO_LONG,
    STAGE_INTERRUPTED /* by SIGINT, SIGTERM or SIGHUP */
} stage_wait;

/* Once, first of all: signals are from now on seen by stage_until only. False on failure. */
bool stage_signals(void);

/* The signal that ended the experiment, or 0. */
int stage_signal(void);

/* An empty stage. */
void stage_open(stage *state);

/* Starts the server. Returns false, with errno, if it cannot. */
bool stage_start_server(stage *state, char *const argv[]);

/*
 * Starts a client through a launcher. argv: the client's command; environment: NAME=VALUE more
 * for it, or NULL. Returns false, with errno, if it cannot.
 */
bool stage_start_client(stage *state, char *const argv[], const char *environment);

/* Reads what the processes say until `done` holds, or something else ends it. */
stage_wait stage_until(stage *state, bool (*done)(const stage *state), double seconds);

/* Writes a line to a descriptor of a process's standard input. False if it is gone. */
bool stage_tell(int fd, const char *line);

/*
 * Runs a command to its end, ten seconds at most, and hands out the last line of its standard
 * output, "" if there was none.
 */
void stage_ask(char *const argv[], char *line, size_t size);

/* Kills what is left, waits for it, closes all. */
void stage_close(stage *state);

/* Seconds of CLOCK_MONOTONIC. */
double stage_clock(void);

#endif
