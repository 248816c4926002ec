/* SPDX-License-Identifier: MIT */
/*
 * peer_raw: the jobs of the experiment written by hand, without pario: the practical floor.
 *
 *     build/peer_raw -c 100 http://127.0.0.1:8080             the tickets of 100 days
 *     build/peer_raw --hold -c 10000 http://127.0.0.1:8080    one GET /hold?n=10000 each
 *     build/peer_raw --load -c 100 -n 100000 [--close] URL    GETs of one URL, as fast as may be
 *
 * With --interface ADDRESS connections begin at that address.
 *
 * One epoll loop and 24 bytes of state for a request in flight. A response is read into one
 * buffer for all; only one that comes in several parts is kept by its request meanwhile. On a
 * kept connection a request is one send and one recv, and a part of an epoll_wait. It knows no
 * more HTTP than responses with a Content-Length, and no names; everything else it is given is
 * an error with a line and exit 1.
 */
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tickets.h"

#define INPUT_ROOM 262144u /* the largest response */
#define REQUEST_ROOM 2048u
#define MAX_HEAD 65536u
#define MAX_IN_FLIGHT 1000000u

/* A request in flight, or one that is over whose connection is kept. */
struct slot {
    char    *kept; /* of a request what is to be sent, of a response what has come; or NULL */
    int      fd;   /* -1: no connection */
    uint32_t kept_size;
    uint32_t day;
    bool     unsent;
    bool     searching;
};

enum mode {
    TICKETS,
    HOLD,
    LOAD
};

struct job {
    enum mode               mode;
    bool                    quiet;
    bool                    close;
    bool                    wait; /* for a line, before the first request */
    unsigned long           width;
    unsigned long           count;
    unsigned long           begun;
    unsigned long           done;
    uint64_t                bytes;
    tickets                 total;
    struct slot            *slots;
    int                     epoll;
    struct sockaddr_storage address;
    socklen_t               address_size;
    struct sockaddr_storage source;      /* where connections begin */
    socklen_t               source_size; /* 0: anywhere */
    char                    authority[272];
    char                    path[1024];
    char                    request[REQUEST_ROOM]; /* the GET, the same for all */
    size_t                  request_size;
    char                    input[INPUT_ROOM + 1];
};

/* What a response's head says. Places are offsets into the input. */
struct response {
    unsigned status;
    size_t   head_size;
    size_t   body_size;
    size_t   cookie;
    size_t   cookie_size;
    bool     close;
};

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "peer_raw: %s: %s\n", what, why);
    return false;
}

/* As fail, and says which request it is about. */
static bool fail_slot(const struct job *job, const struct slot *slot, const char *why)
{
    char what[64];
    char date[9];
    tickets_date(slot->day, date);
    if (job->mode == TICKETS) {
        (void)snprintf(what, sizeof what, "%s, %s", date, slot->searching ? "/m/search" : "/m/");
    } else {
        (void)snprintf(what, sizeof what, "request %u", (unsigned)slot->day + 1);
    }
    return fail(what, why);
}

/* ------------------------------------------------------------------ responses */

/* Reads digits up to the CR at the end of a line. */
static bool read_number(const char *at, size_t *number)
{
    size_t value = 0;
    bool   good = *at != '\r';
    for (; good && *at != '\r'; at++) {
        size_t digit = (size_t)(unsigned char)*at - '0';
        good = digit <= 9 && value <= INPUT_ROOM;
        value = value * 10 + digit;
    }
    *number = value;
    return good;
}

/* The value of a field line if it has this name, else NULL. The line ends in a CR. */
static const char *value_of(const char *line, size_t size, const char *name, size_t name_size)
{
    const char *value = NULL;
    if (size > name_size + 2 && line[name_size] == ':' && strncasecmp(line, name, name_size) == 0) {
        value = line + name_size + 1;
        while (*value == ' ' || *value == '\t') {
            value++;
        }
    }
    return value;
}

/* Takes a field line in. Returns false if it says what cannot be handled here. */
static bool read_field(const char *input, const char *line, size_t size, struct response *response)
{
    const char *value = NULL;
    switch (line[0] | 0x20) {
    case 'c':
        value = value_of(line, size, "content-length", 14);
        if (value != NULL) {
            return response->body_size == SIZE_MAX && read_number(value, &response->body_size);
        }
        value = value_of(line, size, "connection", 10);
        response->close = response->close || (value != NULL && strncasecmp(value, "close", 5) == 0);
        return true;
    case 's':
        value = value_of(line, size, "set-cookie", 10);
        if (value != NULL) {
            response->cookie = (size_t)(value - input);
            response->cookie_size = strcspn(value, ";\r");
        }
        return true;
    case 't':
        return value_of(line, size, "transfer-encoding", 17) == NULL;
    default:
        return true;
    }
}

/* Takes the status line in. */
static bool read_status(const char *line, size_t size, struct response *response)
{
    bool good = size >= 13 && memcmp(line, "HTTP/1.1 ", 9) == 0;
    for (size_t i = 9; good && i < 12; i++) {
        unsigned digit = (unsigned)(unsigned char)line[i] - '0';
        good = digit <= 9;
        response->status = response->status * 10 + digit;
    }
    return good;
}

/* Takes a line in that ends before `end`: a field, or the empty one that ends the head. */
static bool read_line(const char *input, const char *line, const char *end,
                      struct response *response)
{
    if (end == line || end[-1] != '\r') {
        return false;
    }
    if (end > line + 1) {
        return read_field(input, line, (size_t)(end - line), response);
    }
    response->head_size = (size_t)(end - input) + 1;
    return true;
}

/* Reads the head. Returns false if it cannot be read; head_size is 0 until all of it is there. */
static bool read_head(const char *input, size_t size, struct response *response)
{
    const char *end = memchr(input, '\n', size);
    bool        good = true;
    memset(response, 0, sizeof *response);
    response->body_size = SIZE_MAX;
    if (end != NULL) {
        good = read_status(input, (size_t)(end - input), response);
    }
    while (good && end != NULL && response->head_size == 0) {
        const char *line = end + 1;
        end = memchr(line, '\n', size - (size_t)(line - input));
        good = end == NULL || read_line(input, line, end, response);
    }
    if (response->head_size == 0) {
        return good && size < MAX_HEAD;
    }
    return good && response->body_size <= INPUT_ROOM - response->head_size;
}

/* ------------------------------------------------------------------ connections */

/* Keeps bytes for a slot, in place of what it has. */
static bool keep(struct slot *slot, const char *bytes, size_t size)
{
    char *kept = (size > 0) ? malloc(size) : NULL;
    if (size > 0 && kept == NULL) {
        return fail("keeping a part", "out of memory");
    }
    if (kept != NULL) {
        memcpy(kept, bytes, size);
    }
    free(slot->kept);
    slot->kept = kept;
    slot->kept_size = (uint32_t)size;
    return true;
}

/* Sends a request, or what is left of one; what does not go now is kept. */
static bool send_bytes(const struct job *job, struct slot *slot, const char *bytes, size_t size)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = slot };
    ssize_t            sent = send(slot->fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        return fail_slot(job, slot, strerror(errno));
    }
    sent = (sent < 0) ? 0 : sent;
    slot->unsent = (size_t)sent < size;
    if (slot->unsent && epoll_ctl(job->epoll, EPOLL_CTL_MOD, slot->fd, &event) != 0) {
        return fail("epoll_ctl", strerror(errno));
    }
    return (!slot->unsent && slot->kept == NULL) || keep(slot, bytes + sent, size - (size_t)sent);
}

/* Makes a connection, which need not stand yet. */
static bool connect_slot(const struct job *job, struct slot *slot)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = slot };
    int                on = 1;
    slot->fd = socket(job->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot->fd < 0) {
        return fail("socket", strerror(errno));
    }
    if (job->source_size > 0 &&
        (setsockopt(slot->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
         bind(slot->fd, (const struct sockaddr *)&job->source, job->source_size) != 0)) {
        return fail("bind", strerror(errno));
    }
    if (setsockopt(slot->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (connect(slot->fd, (const struct sockaddr *)&job->address, job->address_size) != 0 &&
         errno != EINPROGRESS)) {
        return fail("connect", strerror(errno));
    }
    if (epoll_ctl(job->epoll, EPOLL_CTL_ADD, slot->fd, &event) != 0) {
        return fail("epoll_ctl", strerror(errno));
    }
    return true;
}

/* Sends a request on the connection kept, or on a new one. */
static bool ask(const struct job *job, struct slot *slot, const char *bytes, size_t size)
{
    return (slot->fd >= 0 || connect_slot(job, slot)) && send_bytes(job, slot, bytes, size);
}

/* ------------------------------------------------------------------ the jobs */

/* Begins the next piece of work, if there is one, with the GET that is the same for all. */
static bool begin(struct job *job, struct slot *slot)
{
    if (job->begun == job->count) {
        return true;
    }
    slot->day = (uint32_t)job->begun++;
    slot->searching = false;
    return ask(job, slot, job->request, job->request_size);
}

/* Sends the search of a day, with the cookie that came. */
static bool search(struct job *job, struct slot *slot, const struct response *response)
{
    char request[REQUEST_ROOM];
    char form[128];
    char date[9];
    int  size;
    tickets_date(slot->day, date);
    if (response->cookie_size == 0 || response->cookie_size > 1024) {
        return fail(date, "no cookie came, or one that is too long");
    }
    slot->searching = true;
    size = snprintf(form, sizeof form, TICKETS_FORM, TICKETS_FROM, TICKETS_TO, date);
    size = snprintf(request, sizeof request,
                    "POST /m/search HTTP/1.1\r\nHost: %s\r\nCookie: %.*s\r\nContent-Type: "
                    "application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                    job->authority, (int)response->cookie_size, job->input + response->cookie, size,
                    form);
    return ask(job, slot, request, (size_t)size); /* at most some 1,600 bytes */
}

/* Reads the page of a day. */
static bool read_page(struct job *job, const struct slot *slot, const char *page)
{
    tickets     day;
    char        date[9];
    const char *wrong;
    tickets_date(slot->day, date);
    wrong = tickets_read(page, date, &day);
    if (wrong != NULL) {
        return fail(date, wrong);
    }
    if (!job->quiet) {
        tickets_print_day(date, &day);
    }
    tickets_add(&job->total, &day);
    return true;
}

/* Takes a whole response, which ends in a NUL, and goes on to the next request. */
static bool finish(struct job *job, struct slot *slot, const struct response *response)
{
    if (response->status != 200) {
        job->input[strcspn(job->input, "\r")] = '\0';
        return fail_slot(job, slot, job->input);
    }
    if (response->close || job->close) {
        (void)close(slot->fd);
        slot->fd = -1;
    }
    if (job->mode == TICKETS && !slot->searching) {
        return search(job, slot, response);
    }
    if (job->mode == TICKETS && !read_page(job, slot, job->input + response->head_size)) {
        return false;
    }
    if (job->mode == HOLD && response->body_size != 100) {
        return fail("/hold", "not a hundred bytes");
    }
    job->done++;
    job->bytes += response->body_size;
    return begin(job, slot);
}

/* Takes what is in the input: a whole response, or a part that is kept. */
static bool take_input(struct job *job, struct slot *slot, size_t size)
{
    struct response response;
    size_t          whole;
    job->input[size] = '\0';
    if (!read_head(job->input, size, &response)) {
        return fail_slot(job, slot, "a response that this program cannot read");
    }
    whole = response.head_size + response.body_size;
    if (response.head_size == 0 || size < whole) {
        return keep(slot, job->input, size);
    }
    if (size > whole) {
        return fail_slot(job, slot, "more bytes than the response has");
    }
    return (slot->kept == NULL || keep(slot, NULL, 0)) && finish(job, slot, &response);
}

/* Receives what has come, behind what came before; after a part once more, as its end may have
 * come with it and is not reported again. */
static bool receive(struct job *job, struct slot *slot)
{
    bool more = true;
    while (more) {
        size_t  size = slot->kept_size;
        ssize_t got = recv(slot->fd, job->input + size, INPUT_ROOM - size, 0);
        if (got < 0 && errno == EAGAIN) {
            return true;
        }
        if (got <= 0) {
            return fail_slot(job, slot, (got < 0) ? strerror(errno) : "the server hung up");
        }
        if (size > 0) {
            memcpy(job->input, slot->kept, size);
        }
        if (!take_input(job, slot, size + (size_t)got)) {
            return false;
        }
        more = slot->kept != NULL && !slot->unsent;
    }
    return true;
}

/* Handles an event. */
static bool on_event(struct job *job, const struct epoll_event *event)
{
    struct slot *slot = event->data.ptr;
    if (slot->unsent && !send_bytes(job, slot, slot->kept, slot->kept_size)) {
        return false;
    }
    return slot->unsent || receive(job, slot);
}

/* Runs the job to its end. */
static bool run(struct job *job)
{
    struct epoll_event events[256];
    bool               good = true;
    for (unsigned long i = 0; good && i < job->width && job->begun < job->count; i++) {
        job->slots[i].fd = -1;
        good = begin(job, &job->slots[i]);
    }
    while (good && job->done < job->count) {
        int count = epoll_wait(job->epoll, events, 256, -1);
        if (count < 0 && errno != EINTR) {
            good = fail("epoll_wait", strerror(errno));
        }
        for (int i = 0; good && i < count; i++) {
            good = on_event(job, &events[i]);
        }
    }
    return good;
}

/* ------------------------------------------------------------------ the command line */

/* Makes an address of a host that is a number, and a port. */
static bool parse_address(const char *host, const char *port, struct sockaddr_storage *address,
                          socklen_t *size)
{
    struct addrinfo  hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        return fail(host, "not a numeric address");
    }
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

/* Takes the URL apart and looks at its host. */
static bool parse_url(struct job *job, const char *url)
{
    char   host[256] = "";
    char   port[6] = "80";
    size_t size = strcspn(url, "/");
    bool   six = url[0] == '[';
    if (size >= sizeof job->authority || strlen(url + size) >= sizeof job->path) {
        return fail(url, "the URL is too long");
    }
    (void)snprintf(job->authority, sizeof job->authority, "%.*s", (int)size, url);
    (void)snprintf(job->path, sizeof job->path, "%s", (url[size] == '/') ? url + size : "/");
    (void)sscanf(job->authority, six ? "[%255[^]]]:%5[0-9]" : "%255[^:]:%5[0-9]", host, port);
    return parse_address(host, port, &job->address, &job->address_size);
}

/* Writes the GET that all begin with. */
static bool write_request(struct job *job)
{
    char hold[64];
    int  size;
    (void)snprintf(hold, sizeof hold, "/hold?n=%lu", job->count);
    size = snprintf(job->request, sizeof job->request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                    (job->mode == HOLD)   ? hold
                    : (job->mode == LOAD) ? job->path
                                          : "/m/",
                    job->authority, job->close ? "Connection: close\r\n" : "");
    job->request_size = (size > 0) ? (size_t)size : 0;
    return job->request_size < sizeof job->request || fail("the request", "too long");
}

static const char usage[] =
    "usage: peer_raw [-c N] [--days N] [-q] URL          the tickets; URL is the server's\n"
    "       peer_raw --hold [-c N] [-w] URL              N requests held by /hold?n=N\n"
    "       peer_raw --load [-c N] [-n N] [--close] URL  N requests of one URL\n"
    "       and --interface ADDRESS                      where connections begin\n";

static bool take_option(struct job *job, int letter)
{
    bool good = true;
    switch (letter) {
    case 'c':
        good = tickets_number(optarg, 1, MAX_IN_FLIGHT, &job->width);
        break;
    case 'd':
        good = tickets_number(optarg, 0, TICKETS_MAX_DAYS, &job->count);
        break;
    case 'n':
        good = tickets_number(optarg, 1, UINT32_MAX, &job->count);
        break;
    case 'h':
        job->mode = HOLD;
        break;
    case 'l':
        job->mode = LOAD;
        break;
    case 'i':
        good = parse_address(optarg, NULL, &job->source, &job->source_size);
        break;
    case 'k':
        job->close = true;
        break;
    case 'q':
        job->quiet = true;
        break;
    case 'w':
        job->wait = true;
        break;
    default:
        good = false;
    }
    return good;
}

static bool parse_options(struct job *job, int count, char **words)
{
    static const struct option names[] = {
        { "days", required_argument, NULL, 'd' },      { "hold", no_argument, NULL, 'h' },
        { "interface", required_argument, NULL, 'i' }, { "load", no_argument, NULL, 'l' },
        { "close", no_argument, NULL, 'k' },           { NULL, 0, NULL, 0 },
    };
    bool good = true;
    int  letter = getopt_long(count, words, "c:n:qw", names, NULL);
    for (; good && letter != -1; letter = getopt_long(count, words, "c:n:qw", names, NULL)) {
        good = take_option(job, letter);
    }
    if (!good || optind + 1 != count || strncmp(words[optind], "http://", 7) != 0) {
        (void)fputs(usage, stderr);
        return false;
    }
    job->count = (job->mode == HOLD) ? job->width : job->count;
    job->width = (job->width < job->count) ? job->width : job->count;
    return parse_url(job, words[optind] + 7) && write_request(job);
}

/* What it came to, for the mode. */
static void report(const struct job *job, double seconds)
{
    struct rusage used = { 0 };
    (void)getrusage(RUSAGE_SELF, &used);
    if (job->mode == TICKETS) {
        tickets_print_total(&job->total);
    } else if (job->mode == HOLD) {
        printf("held %lu  bytes %llu\n", job->done, (unsigned long long)job->bytes);
    } else {
        printf("requests %lu  bytes %llu  seconds %.3f  rate %.0f  user %.3f  system %.3f\n",
               job->done, (unsigned long long)job->bytes, seconds, (double)job->done / seconds,
               (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6,
               (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6);
    }
}

/* Everything before the first request. */
static bool open_job(struct job *job)
{
    tickets_raise_limit();
    if (job->wait && !tickets_handshake()) {
        return false;
    }
    job->slots = calloc(job->width + 1, sizeof *job->slots);
    job->epoll = epoll_create1(EPOLL_CLOEXEC);
    return (job->slots != NULL && job->epoll >= 0) || fail("start", strerror(errno));
}

int main(int count, char **words)
{
    static struct job job = { .width = 100, .count = 100 };
    struct timespec   began = { 0 };
    struct timespec   ended = { 0 };
    bool              good;
    if (!parse_options(&job, count, words)) {
        return 2;
    }
    good = open_job(&job);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    good = good && run(&job);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (good) {
        report(&job, (double)(ended.tv_sec - began.tv_sec) +
                         (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
        good = fflush(stdout) == 0;
    }
    for (unsigned long i = 0; job.slots != NULL && i < job.width; i++) {
        free(job.slots[i].kept);
    }
    free(job.slots);
    return good ? 0 : 1;
}
