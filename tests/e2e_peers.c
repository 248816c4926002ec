/* SPDX-License-Identifier: MIT */
/*
 * Real servers: nginx, Apache, haproxy in front of another one, and Python's http.server, each
 * started by the test on a port of 127.0.0.1 with a configuration and files of its own.
 *
 *     e2e_peers                       2,000 requests to each, on all executors together
 *     REQUESTS=100000 e2e_peers -t 0  more
 *
 * They close connections after seven requests, and each is killed and started again in the
 * middle. Every request comes back exactly once; its content is right by its hash; it fails only
 * if the server was down at some time between its submission and its return, and with an error
 * that says so. Afterwards descriptors, threads and memory are what they were before.
 */
#include <stdlib.h>

#define PARIO_MALLOC(size) counted_malloc(size)
#define PARIO_REALLOC(old, size) counted_realloc(old, size)
#define PARIO_FREE(old) counted_free(old)
static inline void *counted_malloc(size_t size);
static inline void *counted_realloc(void *old, size_t size);
static inline void  counted_free(void *old);
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include "e2e.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define REQUESTS 2000
#define WARM_UP 100 /* before anything is measured */
#define WINDOW 40   /* submitted and not yet back */
#define CONCURRENCY 20
#define RESTARTS 4 /* of each run */
#define DOWN 20    /* so many come back while the server is down */
#define FILES 128
#define MOST_BYTES 65536
#define GROWTH_BYTES 8388608 /* of resident memory, which the allocator may keep */
#define LARGE_BYTES 104857600

/* ---- memory ---------------------------------------------------------------------------- */

static long held_blocks;

static inline void *counted_malloc(size_t size)
{
    void *made = malloc(size);
    __atomic_add_fetch(&held_blocks, made != NULL, __ATOMIC_RELAXED);
    return made;
}

static inline void *counted_realloc(void *old, size_t size)
{
    return old != NULL ? realloc(old, size) : counted_malloc(size);
}

static inline void counted_free(void *old)
{
    __atomic_sub_fetch(&held_blocks, old != NULL, __ATOMIC_RELAXED);
    free(old);
}

/* Sanitizers and valgrind keep what was freed. */
static bool memory_tells(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    bool        plain = preloaded == NULL || strstr(preloaded, "vgpreload") == NULL;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    plain = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
    plain = false;
#endif
#endif
    return plain;
}

static uint64_t resident_bytes(void)
{
    pario_memory memory;
    CHECK_ERROR(pario_memory_read(0, &memory), PARIO_OK);
    return memory.rss_bytes;
}

/* ---- files ----------------------------------------------------------------------------- */

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
    perror(what);
    exit(3);
}

static char directory[64];

static struct {
    size_t   size;
    uint64_t sum;
} files[FILES];

/* A path in the directory; one of a few static texts. */
static const char *in_directory(const char *name)
{
    static char   texts[4][128];
    static size_t next;
    char         *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "%s/%s", directory, name);
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

static void finish(FILE *file, const char *name)
{
    if (fclose(file) != 0) {
        die(name);
    }
}

/* Small steps through all numbers, the same ones in every run. */
static uint32_t draw(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Files of all orders of size, from nothing to MOST_BYTES, each of bytes of its own. */
static void write_file(size_t number)
{
    static unsigned char bytes[MOST_BYTES];
    char                 name[32];
    size_t               most = (size_t)1 << (draw() % 17);
    size_t               size = number == 0 ? 0 : draw() % most + 1;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(draw() & 255u);
    }
    files[number].size = size;
    files[number].sum = e2e_sum(bytes, size);
    snprintf(name, sizeof name, "www/%zu", number);
    FILE *file = create(name);
    if (fwrite(bytes, 1, size, file) != size) {
        die(name);
    }
    finish(file, name);
}

static void write_files(void)
{
    snprintf(directory, sizeof directory, "/tmp/pario-peers-XXXXXX");
    if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0 ||
        mkdir(in_directory("www"), 0755) != 0) {
        die(directory);
    }
    for (size_t i = 0; i < FILES; i++) {
        write_file(i);
    }
}

/* Removes what is in a directory, files and empty directories. */
static void empty(const char *path)
{
    char           name[512];
    struct dirent *entry;
    DIR           *opened = opendir(path);
    while (opened != NULL && (entry = readdir(opened)) != NULL) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            (void)remove(name);
        }
    }
    if (opened != NULL) {
        closedir(opened);
    }
}

static void remove_files(void)
{
    empty(in_directory("www"));
    empty(directory);
    CHECK_INT(rmdir(directory), 0);
}

/* ---- servers --------------------------------------------------------------------------- */

typedef struct peer peer;

/* How a server is started. */
typedef struct kind {
    const char *name;
    const char *programs[3];           /* where it may be */
    void (*configure)(const peer *it); /* writes the file `configuration` */
    const char *configuration;
    const char *arguments[8]; /* FILE, PORT and DIRECTORY are replaced */
    bool (*is_whole)(void);   /* whether all is there that it needs; NULL: yes */
} kind;

struct peer {
    const kind *kind;
    uint16_t    port;
    uint16_t    behind;  /* the port of the server it stands in front of */
    int         reserve; /* holds the port while the server is down */
    pid_t       pid;
};

static const char *program_of(const kind *it)
{
    for (size_t i = 0; i < 3; i++) {
        if (it->programs[i] != NULL && access(it->programs[i], X_OK) == 0) {
            return it->is_whole == NULL || it->is_whole() ? it->programs[i] : NULL;
        }
    }
    return NULL;
}

static void configure_nginx(const peer *it)
{
    FILE *file = create("nginx.conf");
    fprintf(file,
            "daemon off;\nworker_processes 1;\nerror_log stderr crit;\npid %s/nginx.pid;\n%s"
            "events { worker_connections 512; }\n"
            "http {\n"
            "  access_log off;\n  keepalive_requests 7;\n  sendfile on;\n"
            "  client_body_temp_path %s/b;\n  proxy_temp_path %s/p;\n"
            "  fastcgi_temp_path %s/f;\n  uwsgi_temp_path %s/u;\n  scgi_temp_path %s/s;\n"
            "  server {\n"
            "    listen 127.0.0.1:%u;\n    root %s/www;\n    location / { }\n"
            "    location = /whole.shtml { ssi on; ssi_types *; }\n"
            "    location = /away { return 302 /1; }\n"
            "  }\n}\n",
            directory, geteuid() == 0 ? "user root;\n" : "", directory, directory, directory,
            directory, directory, (unsigned)it->port, directory);
    finish(file, "nginx.conf");
}

#define APACHE_MODULES "/usr/lib/apache2/modules"

static bool has_apache_modules(void)
{
    return access(APACHE_MODULES "/mod_mpm_event.so", R_OK) == 0;
}

static void configure_apache(const peer *it)
{
    FILE *file = create("apache.conf");
    fprintf(file,
            "ServerRoot %s\nServerName 127.0.0.1\nListen 127.0.0.1:%u\n"
            "PidFile %s/apache.pid\nErrorLog %s/apache.log\nDefaultRuntimeDir %s\n"
            "LoadModule mpm_event_module " APACHE_MODULES "/mod_mpm_event.so\n"
            "LoadModule authz_core_module " APACHE_MODULES "/mod_authz_core.so\n%s"
            "DocumentRoot %s/www\nKeepAlive On\nMaxKeepAliveRequests 7\nKeepAliveTimeout 60\n"
            "StartServers 1\nServerLimit 2\nThreadsPerChild 32\nMaxRequestWorkers 64\n",
            directory, (unsigned)it->port, directory, directory, directory,
            geteuid() == 0 ? "User #65534\nGroup #65534\n" : "", directory);
    finish(file, "apache.conf");
}

static void configure_haproxy(const peer *it)
{
    FILE *file = create("haproxy.conf");
    fprintf(file,
            "global\n  maxconn 500\n"
            "defaults\n  mode http\n  retries 0\n  timeout connect 60s\n"
            "  timeout client 60s\n  timeout server 60s\n"
            "frontend here\n  bind 127.0.0.1:%u\n  default_backend there\n"
            "  http-after-response set-header Connection close if { rand(7) eq 0 }\n"
            "backend there\n  server one 127.0.0.1:%u\n",
            (unsigned)it->port, (unsigned)it->behind);
    finish(file, "haproxy.conf");
}

/* It closes without a word after seven requests, whoever may be sending an eighth. */
static void configure_python(const peer *it)
{
    FILE *file = create("peer.py");
    (void)it;
    fprintf(file, "import http.server, sys\n"
                  "port, directory, version = sys.argv[1:]\n"
                  "class Handler(http.server.SimpleHTTPRequestHandler):\n"
                  "    protocol_version = version\n"
                  "    disable_nagle_algorithm = True\n"
                  "    left = 7\n"
                  "    def __init__(self, *rest):\n"
                  "        super().__init__(*rest, directory=directory + '/www')\n"
                  "    def log_message(self, *rest):\n"
                  "        pass\n"
                  "    def handle_one_request(self):\n"
                  "        super().handle_one_request()\n"
                  "        self.left -= 1\n"
                  "        self.close_connection |= self.left == 0\n"
                  "class Server(http.server.ThreadingHTTPServer):\n"
                  "    request_queue_size = 511\n"
                  "    def handle_error(self, *rest):\n"
                  "        pass\n"
                  "Server(('127.0.0.1', int(port)), Handler).serve_forever()\n");
    finish(file, "peer.py");
}

#define PYTHON                                                                                     \
    {                                                                                              \
        "/usr/bin/python3", "/usr/local/bin/python3", NULL                                         \
    }

enum {
    NGINX,
    APACHE,
    PYTHON_1_1,
    PYTHON_1_0,
    HAPROXY
};

static const kind kinds[] = {
    { "nginx",
      { "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx" },
      configure_nginx,
      "nginx.conf",
      { "nginx", "-c", "FILE", "-p", "DIRECTORY", NULL },
      NULL },
    { "Apache",
      { "/usr/sbin/apache2", NULL, NULL },
      configure_apache,
      "apache.conf",
      { "apache2", "-f", "FILE", "-DFOREGROUND", NULL },
      has_apache_modules },
    { "Python's http.server with HTTP/1.1",
      PYTHON,
      configure_python,
      "peer.py",
      { "python3", "-I", "FILE", "PORT", "DIRECTORY", "HTTP/1.1", NULL },
      NULL },
    { "Python's http.server with HTTP/1.0",
      PYTHON,
      configure_python,
      "peer.py",
      { "python3", "-I", "FILE", "PORT", "DIRECTORY", "HTTP/1.0", NULL },
      NULL },
    { "haproxy",
      { "/usr/sbin/haproxy", "/usr/local/sbin/haproxy", NULL },
      configure_haproxy,
      "haproxy.conf",
      { "haproxy", "-f", "FILE", "-db", NULL },
      NULL },
};

static struct sockaddr_in address_of(uint16_t port)
{
    struct sockaddr_in here;
    memset(&here, 0, sizeof here);
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    here.sin_port = htons(port);
    return here;
}

/* A port that nobody else gets, as it is bound; the server may bind it too, as both reuse it. */
static int reserve_port(uint16_t *port)
{
    struct sockaddr_in here = address_of(0);
    socklen_t          size = sizeof here;
    void              *address = &here;
    int                yes = 1;
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0) {
        die("a port");
    }
    *port = ntohs(here.sin_port);
    return fd;
}

static bool answers(uint16_t port)
{
    struct sockaddr_in here = address_of(port);
    void              *address = &here;
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket");
    }
    bool connected = connect(fd, (struct sockaddr *)address, sizeof here) == 0;
    close(fd);
    return connected;
}

/* Until the server listens, or does no more: no event tells that of somebody else's program. */
static void await(const peer *it, bool up)
{
    while (answers(it->port) != up) {
        int status;
        if (up && waitpid(it->pid, &status, WNOHANG) == it->pid) {
            fprintf(stderr, "%s ended with status %d\n", it->kind->name, status);
            exit(3);
        }
        poll(NULL, 0, 1);
    }
}

/* An argument as it is to be given; the text is static or in *room. */
static const char *argument_of(const peer *it, const char *argument, char *room, size_t size)
{
    if (strcmp(argument, "FILE") == 0) {
        snprintf(room, size, "%s/%s", directory, it->kind->configuration);
    } else if (strcmp(argument, "PORT") == 0) {
        snprintf(room, size, "%u", (unsigned)it->port);
    } else {
        snprintf(room, size, "%s", strcmp(argument, "DIRECTORY") == 0 ? directory : argument);
    }
    return room;
}

/* In a group of its own, so that all its processes can be killed; it dies with the test. */
static void become(const peer *it, pid_t parent) __attribute__((noreturn));
static void become(const peer *it, pid_t parent)
{
    char  texts[8][128];
    char *arguments[9] = { NULL };
    char  path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = { path, NULL };
    for (size_t i = 0; i < 8 && it->kind->arguments[i] != NULL; i++) {
        (void)argument_of(it, it->kind->arguments[i], texts[i], sizeof texts[i]);
        arguments[i] = texts[i];
    }
    int log = open(in_directory("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        execve(program_of(it->kind), arguments, environment);
    }
    _exit(127);
}

static void start_peer(peer *it)
{
    pid_t self = getpid();
    fflush(NULL);
    it->pid = fork();
    if (it->pid < 0) {
        die("fork");
    }
    if (it->pid == 0) {
        become(it, self);
    }
    (void)setpgid(it->pid, it->pid);
    await(it, true);
}

/* Ends it, abruptly or as an administrator does. */
static void stop_peer(const peer *it, bool abruptly)
{
    int status = 0;
    kill(abruptly ? -it->pid : it->pid, abruptly ? SIGKILL : SIGTERM);
    CHECK(waitpid(it->pid, &status, 0) == it->pid);
    kill(-it->pid, SIGKILL);
    await(it, false);
}

static void open_peer(peer *it, const kind *what, uint16_t behind)
{
    it->kind = what;
    it->behind = behind;
    it->reserve = reserve_port(&it->port);
    what->configure(it);
    start_peer(it);
}

static void close_peer(const peer *it)
{
    stop_peer(it, false);
    close(it->reserve);
}

/* ---- many requests --------------------------------------------------------------------- */

/* The server under test, and the one behind it if there is one. */
static struct {
    peer   front;
    peer   back;
    bool   has_back;
    size_t sent; /* of all runs */
    size_t whole;
    size_t broken;
    size_t restarts;
    size_t connections;
} scene;

typedef struct plan {
    uint32_t epoch; /* in which it was submitted */
    uint8_t  file;
    bool     head;
    bool     came;
} plan;

/* Many requests to one server on one executor. */
typedef struct crowd {
    e2e_run *run;
    plan    *plans;
    size_t   total;
    size_t   submitted;
    size_t   came;
    uint32_t epoch;    /* even: the server is up; odd: it is down */
    size_t   up_again; /* when so many have come */
    size_t   restarts;
    peer    *down;
} crowd;

static const char *url_of(const char *path)
{
    static char   texts[4][128];
    static size_t next;
    char         *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "http://127.0.0.1:%u%s", (unsigned)scene.front.port, path);
    return text;
}

static void submit_one(crowd *it)
{
    char  path[64];
    plan *next = &it->plans[it->submitted];
    next->epoch = it->epoch;
    next->file = (uint8_t)(draw() % FILES);
    next->head = draw() % 16 == 0;
    snprintf(path, sizeof path, "/%u?%zu", next->file, it->submitted);
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = url_of(path);
    request.method = next->head ? "HEAD" : "GET";
    request.tag = it->submitted;
    if (CHECK_ERROR(pario_submit(it->run->client, &request), PARIO_OK)) {
        it->submitted++;
    }
}

/* Whether it is the whole of its file. */
static bool is_right(const pario_response *response, const plan *asked)
{
    const char *length = pario_response_field(response, "content-length", 0);
    size_t      size = files[asked->file].size;
    if (asked->head) { /* of an empty file Apache does not say how long it is */
        return response->body_size == 0 &&
               (length != NULL ? strtoull(length, NULL, 10) == size : size == 0);
    }
    return response->body_size == size &&
           e2e_sum(response->body, response->body_size) == files[asked->file].sum;
}

/* Whether it says that a server is not there, or went away. */
static bool is_honest(const pario_response *response)
{
    static const pario_error honest[] = {
        PARIO_ERROR_CONNECT,     PARIO_ERROR_SEND,           PARIO_ERROR_RECEIVE,
        PARIO_ERROR_EMPTY_REPLY, PARIO_ERROR_HEAD_TRUNCATED, PARIO_ERROR_BODY_TRUNCATED,
    };
    bool found = response->error == PARIO_OK && scene.has_back && response->status >= 502 &&
                 response->status <= 504;
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        found = found || response->error == honest[i];
    }
    return found;
}

static void note_one(crowd *it, const pario_response *response)
{
    it->came++;
    if (!CHECK(response->tag < it->submitted) || !CHECK(!it->plans[response->tag].came)) {
        return;
    }
    plan *asked = &it->plans[response->tag];
    bool  calm = asked->epoch == it->epoch && it->epoch % 2 == 0;
    asked->came = true;
    if (response->error == PARIO_OK && response->status == 200) {
        scene.whole++;
        if (!is_right(response, asked)) {
            FAIL("request %zu: %zu bytes are not the %zu of file %u%s", response->tag,
                 response->body_size, files[asked->file].size, (unsigned)asked->file,
                 asked->head ? ", HEAD" : "");
        }
    } else {
        char line[PARIO_LINE_SIZE];
        pario_describe(response, line, sizeof line);
        scene.broken++;
        if (calm || !is_honest(response)) {
            FAIL("request %zu%s: %s", response->tag, calm ? "" : " while it was down", line);
        }
    }
}

/* Kills the server at each part of the way, and starts it again some responses later. */
static void disturb(crowd *it)
{
    if (it->down != NULL && it->came >= it->up_again) {
        start_peer(it->down);
        it->down = NULL;
        it->epoch++;
    } else if (it->down == NULL && it->restarts < RESTARTS && it->total > WARM_UP &&
               it->came > it->total * (it->restarts + 1) / (RESTARTS + 1)) {
        it->down = scene.has_back && it->restarts % 2 == 1 ? &scene.back : &scene.front;
        stop_peer(it->down, it->restarts / 2 % 2 == 0);
        it->up_again = it->came + DOWN;
        it->restarts++;
        it->epoch++;
    }
}

/* Sends so many requests, with restarts in between. */
static void run_crowd(e2e_run *run, size_t total)
{
    crowd            it = { .run = run, .total = total };
    pario_response   response;
    pario_statistics statistics;
    it.plans = (plan *)calloc(total, sizeof *it.plans);
    if (it.plans == NULL || !e2e_open(run)) {
        exit(3);
    }
    while (it.submitted < total && it.submitted < WINDOW) {
        submit_one(&it);
    }
    while (pario_next(run->client, &response, PARIO_UNLIMITED) == PARIO_OK) {
        note_one(&it, &response);
        pario_response_free(&response);
        disturb(&it);
        if (it.submitted < total) {
            submit_one(&it);
        }
    }
    CHECK_UINT(it.came, total);
    pario_stats(run->client, &statistics);
    CHECK_UINT(statistics.completed, total);
    scene.sent += total;
    scene.restarts += it.restarts;
    scene.connections += (size_t)statistics.connections;
    if (it.down != NULL) {
        start_peer(it.down);
    }
    e2e_close(run);
    free(it.plans);
}

static size_t wanted_requests(void)
{
    const char *text = getenv("REQUESTS");
    size_t      wanted = text != NULL ? (size_t)strtoull(text, NULL, 10) : REQUESTS;
    return wanted < 1000 ? 1000 : wanted;
}

/* A fourth of the requests: this runs on each of four executors. */
static void try_many(e2e_run *run)
{
    run->config.concurrency = CONCURRENCY;
    run_crowd(run, WARM_UP);
    uint64_t before = resident_bytes();
    run_crowd(run, wanted_requests() / 4);
    uint64_t after = resident_bytes();
    CHECK_INT(held_blocks, 0);
    CHECK(after < before + GROWTH_BYTES || !memory_tells());
}

static void try_crowds(const char *name)
{
    e2e_each(try_many, false);
    printf("  %s: %zu requests, %zu whole, %zu broken off by %zu restarts, %zu connections\n", name,
           scene.sent, scene.whole, scene.broken, scene.restarts, scene.connections);
    CHECK(scene.whole > scene.sent / 2);
    CHECK(scene.broken > 0);
}

/* ---- each server ----------------------------------------------------------------------- */

/* The methods that a server of files may or may not know. */
static void try_methods(e2e_run *run)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "OPTIONS", "DELETE" };
    if (!e2e_open(run)) {
        return;
    }
    run->loose = true;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        pario_request  request = { .url = url_of("/1"), .method = methods[i] };
        pario_response response;
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        e2e_note(run, "%s: %d %s, %zu bytes, %s", methods[i], response.status, response.reason,
                 response.body_size, pario_response_field(&response, "content-type", 0));
        pario_response_free(&response);
    }
    e2e_close(run);
}

/* Starts one server, runs what is to be run, and ends it. False, and the test is skipped or, in a
 * run that must be complete, failed: it is not installed. */
static bool with_peer(size_t which, void (*body)(const char *name))
{
    const kind *what = &kinds[which];
    if (program_of(what) == NULL || (which == HAPROXY && program_of(&kinds[NGINX]) == NULL)) {
        test_lacks(what->name);
        return false;
    }
    memset(&scene, 0, sizeof scene);
    write_files();
    scene.has_back = which == HAPROXY;
    if (scene.has_back) {
        open_peer(&scene.back, &kinds[NGINX], 0);
    }
    open_peer(&scene.front, what, scene.back.port);
    body(what->name);
    close_peer(&scene.front);
    if (scene.has_back) {
        close_peer(&scene.back);
    }
    remove_files();
    return true;
}

static void try_server(const char *name)
{
    e2e_each(try_methods, false);
    try_crowds(name);
}

/* What only nginx is asked for: chunks, a redirect, and a file beyond the default limit. */
static void try_chunks(e2e_run *run)
{
    static const char *const paths[] = { "/whole.shtml", "/away", "/whole.shtml" };
    if (!e2e_open(run)) {
        return;
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        pario_request  request = { .url = url_of(paths[i]), .redirects = 1 };
        pario_response response;
        CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
        CHECK_INT(response.status, 200);
        CHECK_UINT(response.body_size, files[1].size);
        CHECK_UINT(e2e_sum(response.body, response.body_size), files[1].sum);
        CHECK((pario_response_field(&response, "transfer-encoding", 0) != NULL) == (i != 1));
        pario_response_free(&response);
    }
    e2e_close(run);
}

static void try_large(e2e_run *run)
{
    pario_request  request = { .url = url_of("/large") };
    pario_response response;
    if (!e2e_open(run)) {
        return;
    }
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_ERROR_BODY_TOO_LARGE);
    pario_response_free(&response);
    request.body_bytes = LARGE_BYTES;
    CHECK_ERROR(e2e_do(run, &request, &response), PARIO_OK);
    CHECK_UINT(response.body_size, LARGE_BYTES);
    size_t zeros = 0;
    for (size_t i = 0; i < response.body_size; i++) {
        zeros += response.body[i] == 0;
    }
    CHECK_UINT(zeros, LARGE_BYTES - 1);
    CHECK_INT(response.body_size > 0 ? response.body[response.body_size - 1] : 0, '!');
    pario_response_free(&response);
    e2e_close(run);
}

static void try_nginx(const char *name)
{
    FILE *file = create("www/whole.shtml");
    fprintf(file, "<!--#include virtual=\"/1\" -->");
    finish(file, "whole.shtml");
    file = create("www/large");
    if (fseek(file, LARGE_BYTES - 1, SEEK_SET) != 0 || fputc('!', file) == EOF) {
        die("large");
    }
    finish(file, "large");
    e2e_each(try_chunks, false);
    e2e_each(try_large, false);
    try_server(name);
}

TEST(nginx_is_a_server_like_any_other)
{
    (void)with_peer(NGINX, try_nginx);
}

TEST(apache_is_a_server_like_any_other)
{
    (void)with_peer(APACHE, try_server);
}

TEST(haproxy_passes_on_what_nginx_says)
{
    (void)with_peer(HAPROXY, try_server);
}

TEST(python_closes_without_a_word)
{
    (void)with_peer(PYTHON_1_1, try_server);
}

TEST(python_speaks_http_1_0)
{
    (void)with_peer(PYTHON_1_0, try_server);
}
