/* SPDX-License-Identifier: MIT */
/*
 * A real server: nginx, started by the test on a free port of 127.0.0.1 with a configuration
 * and files of its own. It is handed the listening socket, so that requests may be made before
 * it is ready: they wait in the backlog.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include "e2e.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define REQUESTS 10000
#define SMALL_SIZE 5000
#define PART_SIZE 70000
#define LARGE_SIZE 104857600 /* 100 MiB */
#define BLOCK 65536

static struct {
    char     program[256];
    char     directory[64];
    pid_t    pid;
    uint16_t port;
} nginx;

/* Files are made of this block, whose first bytes are the block's number and the file's seed. */
static char block[BLOCK];

static const char *block_at(size_t number, size_t seed)
{
    if (block[BLOCK - 1] == 0) {
        for (size_t i = 0; i < BLOCK; i++) {
            block[i] = (char)('A' + (i * 31 + i / 977) % 53);
        }
    }
    memcpy(block, &number, sizeof number);
    memcpy(block + sizeof number, &seed, sizeof seed);
    return block;
}

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
    perror(what);
    exit(3);
}

/* A path in the directory; one of a few static texts. */
static const char *in_directory(const char *name)
{
    static char   texts[4][128];
    static size_t next;
    char         *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "%s/%s", nginx.directory, name);
    return text;
}

static FILE *create(const char *name)
{
    FILE *file = fopen(in_directory(name), "w");
    if (file == NULL) {
        die(name);
    }
    return file;
}

static void write_file(const char *name, size_t size, size_t seed)
{
    FILE *file = create(name);
    for (size_t at = 0; at < size; at += BLOCK) {
        size_t part = size - at < BLOCK ? size - at : BLOCK;
        if (fwrite(block_at(at / BLOCK, seed), 1, part, file) != part) {
            die(name);
        }
    }
    if (fclose(file) != 0) {
        die(name);
    }
}

/* "/part" is included by "/whole.shtml", which nginx therefore sends in chunks. */
static void write_files(void)
{
    write_file("small", SMALL_SIZE, 1);
    write_file("part", PART_SIZE, 2);
    write_file("large", LARGE_SIZE, 3);
    FILE *file = create("whole.shtml");
    fprintf(file, "<!--#include virtual=\"/part\" -->");
    if (fclose(file) != 0) {
        die("whole.shtml");
    }
}

static void write_configuration(void)
{
    FILE *file = create("nginx.conf");
    fprintf(file,
            "daemon off;\nworker_processes 1;\nerror_log stderr crit;\npid %s/pid;\n%s"
            "events { worker_connections 512; }\n"
            "http {\n"
            "  access_log off;\n  keepalive_requests 1000;\n  sendfile on;\n"
            "  client_body_temp_path %s/b;\n  proxy_temp_path %s/p;\n"
            "  fastcgi_temp_path %s/f;\n  uwsgi_temp_path %s/u;\n  scgi_temp_path %s/s;\n"
            "  server {\n"
            "    listen 127.0.0.1:%u;\n    root %s;\n"
            "    location / { }\n"
            "    location /seven/ { alias %s/; keepalive_requests 7; }\n"
            "    location = /whole.shtml { ssi on; ssi_types *; }\n"
            "    location = /away { return 302 /small; }\n"
            "  }\n}\n",
            nginx.directory, geteuid() == 0 ? "user root;\n" : "", nginx.directory, nginx.directory,
            nginx.directory, nginx.directory, nginx.directory, (unsigned)nginx.port,
            nginx.directory, nginx.directory);
    if (fclose(file) != 0) {
        die("nginx.conf");
    }
}

static bool find_nginx(void)
{
    static const char *const places[] = { "/usr/sbin", "/usr/local/sbin", "/usr/bin",
                                          "/usr/local/bin", "/opt/nginx/sbin" };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(nginx.program, sizeof nginx.program, "%s/nginx", places[i]);
        if (access(nginx.program, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* A listening socket on a free port, which nginx takes over as if it had been upgraded. */
static int listen_somewhere(void)
{
    struct sockaddr_in here;
    socklen_t          size = sizeof here;
    memset(&here, 0, sizeof here);
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void *address = &here;
    int   fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, size) != 0 || listen(fd, 511) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0) {
        die("listen");
    }
    nginx.port = ntohs(here.sin_port);
    return fd;
}

static void become_nginx(int listener, pid_t parent) __attribute__((noreturn));
static void become_nginx(int listener, pid_t parent)
{
    char  file[128];
    char  inherited[32];
    char *environment[] = { inherited, NULL };
    char  names[3][8] = { "nginx", "-c", "-p" };
    char *arguments[] = { names[0], names[1], file, names[2], nginx.directory, NULL };
    snprintf(file, sizeof file, "%s/nginx.conf", nginx.directory);
    snprintf(inherited, sizeof inherited, "NGINX=%d;", listener);
    int log = open(in_directory("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
        fcntl(listener, F_SETFD, 0) == 0 && dup2(log, STDERR_FILENO) == STDERR_FILENO) {
        execve(nginx.program, arguments, environment);
    }
    _exit(127);
}

static void start_nginx(void)
{
    pid_t self = getpid();
    snprintf(nginx.directory, sizeof nginx.directory, "/tmp/pario-nginx-XXXXXX");
    if (mkdtemp(nginx.directory) == NULL) {
        die("mkdtemp");
    }
    int listener = listen_somewhere();
    write_files();
    write_configuration();
    fflush(NULL);
    nginx.pid = fork();
    if (nginx.pid < 0) {
        die("fork");
    }
    if (nginx.pid == 0) {
        become_nginx(listener, self);
    }
    close(listener);
}

static void stop_nginx(void)
{
    static const char *const files[] = { "small",      "part", "large", "whole.shtml",
                                         "nginx.conf", "log",  "pid",   "b",
                                         "p",          "f",    "u",     "s" };
    int                      status = 0;
    kill(nginx.pid, SIGTERM);
    CHECK(waitpid(nginx.pid, &status, 0) == nginx.pid);
    CHECK(WIFEXITED(status) || WIFSIGNALED(status));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        remove(in_directory(files[i]));
    }
    CHECK_INT(rmdir(nginx.directory), 0);
}

static const char *nginx_url(const char *path)
{
    static char   texts[8][128];
    static size_t next;
    char         *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "http://127.0.0.1:%u%s", (unsigned)nginx.port, path);
    return text;
}

/* Whether a response is the whole of a file. */
static bool is_file(const pario_response *response, size_t size, size_t seed)
{
    bool same = response->error == PARIO_OK && response->status == 200 &&
                response->body_size == size;
    for (size_t at = 0; at < size && same; at += BLOCK) {
        size_t part = size - at < BLOCK ? size - at : BLOCK;
        same = memcmp(response->body + at, block_at(at / BLOCK, seed), part) == 0;
    }
    return same;
}

/* The paths in turn; each response must be its file. */
static const struct {
    const char *path;
    size_t      size;
    size_t      seed;
} pages[] = {
    { "/small", SMALL_SIZE, 1 },       { "/seven/small", SMALL_SIZE, 1 },
    { "/small", SMALL_SIZE, 1 },       { "/away", SMALL_SIZE, 1 },
    { "/whole.shtml", PART_SIZE, 2 },  { "/small", SMALL_SIZE, 1 },
    { "/seven/small", SMALL_SIZE, 1 }, { "/small", SMALL_SIZE, 1 },
};

static void submit_page(e2e_run *run, size_t tag)
{
    pario_request request = { .url = nginx_url(pages[tag % 8].path), .tag = tag, .redirects = 1 };
    CHECK_ERROR(pario_submit(run->client, &request), PARIO_OK);
}

/* Many requests on kept connections, with chunks, redirects and servers that close. */
static void try_many(e2e_run *run)
{
    static bool      came[REQUESTS];
    pario_response   response;
    pario_statistics statistics;
    size_t           total = 0;
    memset(came, 0, sizeof came);
    run->config.concurrency = 20;
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        submit_page(run, i);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        total++;
        CHECK_ERROR(response.error, PARIO_OK);
        if (CHECK(response.tag < REQUESTS) && CHECK(!came[response.tag])) {
            came[response.tag] = true;
            CHECK(is_file(&response, pages[response.tag % 8].size, pages[response.tag % 8].seed));
        }
        pario_response_free(&response);
    }
    CHECK_UINT(total, REQUESTS);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.failed, 0);
    e2e_close(run);
}

/* A large file: refused by default, whole where it is allowed. */
static void try_large(e2e_run *run)
{
    pario_request  request = { .url = nginx_url("/large") };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_BODY_TOO_LARGE);
    pario_response_free(&response);
    request.body_bytes = LARGE_SIZE;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK(is_file(&response, LARGE_SIZE, 3));
    pario_response_free(&response);
    e2e_close(run);
}

static void try_small(e2e_run *run)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "OPTIONS", "DELETE" };
    if (!e2e_open(run)) {
        return;
    }
    run->loose = true;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        pario_request  request = { .url = nginx_url("/small"), .method = methods[i] };
        pario_response response;
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        e2e_note(run, "%s: %d %s, %zu bytes, %s", methods[i], response.status, response.reason,
                 response.body_size, pario_response_field(&response, "content-type", 0));
        pario_response_free(&response);
    }
    e2e_close(run);
}

static void try_everything(e2e_run *run)
{
    try_small(run);
    try_large(run);
    try_many(run);
}

TEST(nginx_is_a_server_like_any_other)
{
    if (!find_nginx()) {
        test_skip("nginx is not installed");
        return;
    }
    start_nginx();
    e2e_each(try_everything, false);
    stop_nginx();
}
