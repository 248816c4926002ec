/* SPDX-License-Identifier: MIT */
/*
 * raw_server: the tests' server as a program, for tests of programs.
 *
 *     raw_server [-6FRT] [-r FILE] [-u PATH] STEP... [-- STEP...]...
 *     raw_server [-6] [-r FILE] -b
 *
 * It writes its port and a line end to standard output, and serves until SIGTERM. The steps
 * before the first -- are those of the first connection, and so on; the last ones are those
 * of all further connections:
 *
 *     read            a whole request         send TEXT, drip TEXT   with \r \n \t \0 \\ \xHH
 *     read-head       a head only             zeros N                N bytes
 *     half-close      send no more            reset, close           at once
 *     hold            until the client closes drain                  reading until then
 *     again           from the first step
 *
 *     -b  built-in answers instead: /status/N, /bytes/N, /chunked/N, /close/N, /redirect/N
 *         (leads to /redirect/N-1, and at 0 to /echo), /never (no answer), and /echo, which is
 *         also for all else: the request itself, as content
 *     -r  write all requests to FILE at the end     -6  listen on [::1]
 *     -u  listen on a unix socket of this path instead; the port it says is 0
 *     -R  take a port, but refuse connections       -F  never complete a connection
 */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void die(const char *what) __attribute__((noreturn));

static void die(const char *what)
{
    fprintf(stderr, "raw_server: %s\n", what);
    exit(2);
}

/* The value of two hexadecimal digits, or -1. */
static int hex(const char *text)
{
    char  digits[3] = { text[0], text[0] == '\0' ? '\0' : text[1], '\0' };
    char *end;
    long  value = strtol(digits, &end, 16);
    return end == digits + 2 ? (int)value : -1;
}

/* What stands for a byte behind a backslash; *from is moved behind it. */
static char escaped(const char **from)
{
    static const char letters[] = "rnt0\\";
    static const char bytes[] = { '\r', '\n', '\t', '\0', '\\' };
    char              letter = *(*from)++;
    const char       *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (letter == 'x') {
        int value = hex(*from);
        if (value >= 0) {
            *from += 2;
            return (char)value;
        }
    }
    if (found == NULL) {
        die("bad escape in a text");
    }
    return bytes[found - letters];
}

static void set_text(server_step *step, const char *text)
{
    char  *bytes = (char *)malloc(strlen(text) + 1);
    size_t size = 0;
    if (bytes == NULL) {
        die("out of memory");
    }
    while (*text != '\0') {
        char byte = *text++;
        bytes[size++] = byte == '\\' ? escaped(&text) : byte;
    }
    step->bytes = bytes;
    step->number = size;
}

static const struct {
    const char *name;
    server_verb verb;
    bool        has_text;
} verbs[] = {
    { "read", SERVER_READ, false },   { "read-head", SERVER_READ_HEAD, false },
    { "send", SERVER_SEND, true },    { "drip", SERVER_DRIP, true },
    { "reset", SERVER_RESET, false }, { "half-close", SERVER_HALF_CLOSE, false },
    { "hold", SERVER_HOLD, false },   { "drain", SERVER_DRAIN, false },
    { "again", SERVER_AGAIN, false }, { "close", SERVER_END, false },
};

/* Reads one step from argv at *at, and moves *at behind it. */
static server_step read_step(char **argv, int *at)
{
    const char *name = argv[(*at)++];
    server_step step = S_END;
    if (strcmp(name, "zeros") == 0 && argv[*at] != NULL) {
        step.verb = SERVER_SEND;
        step.number = (size_t)strtoull(argv[(*at)++], NULL, 10);
        step.bytes = (const char *)calloc(1, step.number + 1);
        return step;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(name, verbs[i].name) == 0 && (!verbs[i].has_text || argv[*at] != NULL)) {
            step.verb = verbs[i].verb;
            if (verbs[i].has_text) {
                set_text(&step, argv[(*at)++]);
            }
            return step;
        }
    }
    fprintf(stderr, "raw_server: %s: no such step, or no text behind it\n", name);
    exit(2);
}

/* Turns arguments into scripts; returns how many. All of it lives to the end. */
static size_t read_scripts(char **argv, int at, int argc, const server_step ***scripts)
{
    size_t              room = (size_t)(argc - at) + 2;
    server_step        *steps = (server_step *)calloc(room * 2, sizeof *steps);
    server_step        *next = steps;
    const server_step **all = (const server_step **)calloc(room, sizeof *all);
    size_t              count = 0;
    if (steps == NULL || all == NULL) {
        die("out of memory");
    }
    all[count++] = next;
    while (at < argc) {
        if (strcmp(argv[at], "--") == 0) {
            next++; /* the zeroed step that ends the script */
            all[count++] = next;
            at++;
        } else {
            *next++ = read_step(argv, &at);
        }
    }
    *scripts = all;
    return count;
}

static bool say_content(server_peer *peer, long size, bool chunked)
{
    static const char block[4096];
    bool              fine = true;
    while (fine && size > 0) {
        size_t part = size < 4096 ? (size_t)size : sizeof block;
        fine = (!chunked || server_sayf(peer, "%zx\r\n", part)) && server_send(peer, block, part) &&
               (!chunked || server_say(peer, "\r\n"));
        size -= (long)part;
    }
    return fine && (!chunked || server_say(peer, "0\r\n\r\n"));
}

static bool is_head(const server_request *request)
{
    return strncmp(request->head, "HEAD ", 5) == 0;
}

static bool echo(server_peer *peer, const server_request *request)
{
    return server_sayf(peer,
                       "HTTP/1.1 200 OK\r\nX-Echo: yes\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       request->head_size + request->body_size) &&
           (is_head(request) || (server_send(peer, request->head, request->head_size) &&
                                 server_send(peer, request->body, request->body_size)));
}

static bool say_status(server_peer *peer, const server_request *request, long number)
{
    return server_sayf(peer, "HTTP/1.1 %ld Status\r\nContent-Length: 7\r\n\r\n%s", number,
                       is_head(request) ? "" : "status\n");
}

static bool say_bytes(server_peer *peer, const server_request *request, long number)
{
    return server_sayf(peer, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", number) &&
           (is_head(request) || say_content(peer, number, false));
}

static bool say_chunked(server_peer *peer, const server_request *request, long number)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") &&
           (is_head(request) || say_content(peer, number, true));
}

static bool say_close(server_peer *peer, const server_request *request, long number)
{
    return server_say(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n") &&
           say_content(peer, is_head(request) ? 0 : number, false) && false;
}

static bool say_redirect(server_peer *peer, const server_request *request, long number)
{
    static const char format[] =
        "HTTP/1.1 302 Go\r\nLocation: /redirect/%ld\r\nContent-Length: 0\r\n\r\n";
    (void)request;
    return number > 0 ? server_sayf(peer, format, number - 1)
                      : server_say(peer, "HTTP/1.1 302 Go\r\nLocation: /echo\r\n"
                                         "Content-Length: 0\r\n\r\n");
}

/* Answers that have a number in their path. */
static const struct {
    const char *prefix;
    bool (*say)(server_peer *peer, const server_request *request, long number);
} answers[] = {
    { "/status/", say_status }, { "/bytes/", say_bytes },       { "/chunked/", say_chunked },
    { "/close/", say_close },   { "/redirect/", say_redirect },
};

static bool serve_builtin(server_peer *peer, const server_request *request, void *context)
{
    (void)context;
    if (server_target_is(request, "/never")) {
        return server_hold(peer);
    }
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        long number = server_target_number(request, answers[i].prefix);
        if (number >= 0) {
            return answers[i].say(peer, request, number);
        }
    }
    return echo(peer, request);
}

static void write_requests(server *it, const char *name)
{
    FILE *file = name == NULL ? NULL : fopen(name, "wb");
    if (name != NULL && file == NULL) {
        die(name);
    }
    const server_request *request = NULL;
    for (size_t i = 0; file != NULL && (request = server_request_at(it, i)) != NULL; i++) {
        fwrite(request->head, 1, request->head_size, file);
        fwrite(request->body, 1, request->body_size, file);
    }
    if (file != NULL && fclose(file) != 0) {
        die(name);
    }
}

static const char *read_options(int argc, char **argv, server_options *options)
{
    const char *record = NULL;
    int         option;
    while ((option = getopt(argc, argv, "+6FRbr:u:")) != -1) {
        if (option == '6') {
            options->ipv6 = true;
        } else if (option == 'F') {
            options->mood = SERVER_FULL;
        } else if (option == 'R') {
            options->mood = SERVER_REFUSES;
        } else if (option == 'b') {
            options->handler = serve_builtin;
        } else if (option == 'r') {
            record = optarg;
        } else if (option == 'u') {
            options->path = optarg;
        } else {
            exit(2);
        }
    }
    return record;
}

int main(int argc, char **argv)
{
    server_options      options = { .forget = false };
    const server_step **scripts = NULL;
    sigset_t            ends;
    int                 number;
    pid_t               parent = getppid();
    const char         *record = read_options(argc, argv, &options);
    options.script_count = read_scripts(argv, optind, argc, &scripts);
    options.scripts = scripts;
    options.forget = record == NULL;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) {
        return 1;
    }
    server *it = server_start(&options);
    printf("%u\n", (unsigned)server_port(it));
    if (fclose(stdout) != 0) {
        die("standard output");
    }
    while (sigwait(&ends, &number) != 0) {
    }
    write_requests(it, record);
    server_stop(it);
    return 0;
}
