/* SPDX-License-Identifier: MIT */
/*
 * peer_curl: the jobs of the experiment with libcurl.
 *
 *     build/peer_curl -x easy http://127.0.0.1:8080              one after another
 *     build/peer_curl -x threads -c 20 http://127.0.0.1:8080     an easy handle on each thread
 *     build/peer_curl -x multi -c 100 http://127.0.0.1:8080      a multi handle on epoll
 *     build/peer_curl -x multi --hold -c 10000 URL               one GET /hold?n=10000 each
 *     build/peer_curl -x multi --load -c 100 -n 100000 [--close] URL    GETs of one URL
 *
 * As libcurl's own examples do it: a handle for each request in flight, used again for the next
 * one, with its cookie engine for the session, which is emptied for each day.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../tickets.h"

#define MAX_IN_FLIGHT 1000000u
#define URL_ROOM 1024u

enum mode {
    TICKETS,
    HOLD,
    LOAD
};

enum result {
    FAILED,
    AGAIN,
    DONE
};

/* A request in flight. */
struct transfer {
    struct job *job;
    CURL       *easy;
    char       *page; /* what has come, with a NUL behind it, or NULL */
    size_t      size;
    size_t      room;
    unsigned    day;
    bool        searching;
    CURLcode    code;   /* of the options */
    pthread_t   thread; /* -x threads */
};

struct job {
    enum mode          mode;
    const char        *executor;
    bool               quiet;
    bool               close;
    bool               wait; /* for a line, before the first request */
    unsigned long      width;
    unsigned long      count;
    char               urls[2][URL_ROOM]; /* of all, or of the session and of the search */
    struct curl_slist *headers;
    CURLM             *multi;
    int                epoll;
    int64_t            due_ms; /* when libcurl wants to be called, -1: not at all */
    struct transfer   *transfers;
    pthread_mutex_t    lock; /* of what follows: -x threads shares it */
    bool               failed;
    unsigned long      begun;
    unsigned long      done;
    uint64_t           bytes;
    tickets            total;
};

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "peer_curl: %s: %s\n", what, why);
    return false;
}

static void lock(struct job *job)
{
    (void)pthread_mutex_lock(&job->lock); /* a plain mutex, used as it should be: cannot fail */
}

static void unlock(struct job *job)
{
    (void)pthread_mutex_unlock(&job->lock);
}

/* ------------------------------------------------------------------ a transfer */

/* libcurl's write function: keeps what has come. */
static size_t on_bytes(char *bytes, size_t unit, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t           size = unit * count; /* unit is 1 */
    if (transfer->room - transfer->size <= size) {
        size_t room = 2 * transfer->room + size + 1;
        char  *page = realloc(transfer->page, room);
        if (page == NULL) {
            return 0; /* makes the transfer fail */
        }
        transfer->page = page;
        transfer->room = room;
    }
    memcpy(transfer->page + transfer->size, bytes, size);
    transfer->size += size;
    transfer->page[transfer->size] = '\0';
    return size;
}

static void drop_page(struct transfer *transfer)
{
    free(transfer->page);
    transfer->page = NULL;
    transfer->size = 0;
    transfer->room = 0;
}

/* Set an option; the first failure stays in transfer->code. */
static void set_long(struct transfer *transfer, CURLoption option, long value)
{
    if (transfer->code == CURLE_OK) {
        transfer->code = curl_easy_setopt(transfer->easy, option, value);
    }
}

static void set_pointer(struct transfer *transfer, CURLoption option, const void *value)
{
    if (transfer->code == CURLE_OK) {
        transfer->code = curl_easy_setopt(transfer->easy, option, value);
    }
}

/* What the options came to. */
static enum result ready(const struct transfer *transfer)
{
    bool good = transfer->code == CURLE_OK;
    return (good || fail("curl_easy_setopt", curl_easy_strerror(transfer->code))) ? AGAIN : FAILED;
}

/* Makes a transfer's handle. */
static enum result open_transfer(const struct job *job, struct transfer *transfer)
{
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        (void)fail("curl_easy_init", "out of memory");
        return FAILED;
    }
    transfer->code = curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_bytes);
    set_pointer(transfer, CURLOPT_WRITEDATA, transfer);
    set_pointer(transfer, CURLOPT_PRIVATE, transfer);
    set_pointer(transfer, CURLOPT_NOPROXY, "*");
    set_pointer(transfer, CURLOPT_URL, job->urls[0]);
    set_long(transfer, CURLOPT_NOSIGNAL, 1);
    if (job->mode == TICKETS) {
        set_pointer(transfer, CURLOPT_COOKIEFILE, ""); /* only turns cookies on */
    }
    if (job->close) {
        set_long(transfer, CURLOPT_FORBID_REUSE, 1);
        set_pointer(transfer, CURLOPT_HTTPHEADER, job->headers);
    }
    return ready(transfer);
}

/* Makes the next piece of work ready. Returns DONE if there is none. */
static enum result next(struct job *job, struct transfer *transfer)
{
    bool        some;
    enum result result = AGAIN;
    lock(job);
    some = job->begun < job->count && !job->failed;
    transfer->day = (unsigned)job->begun;
    job->begun += some ? 1 : 0;
    unlock(job);
    if (!some) {
        return DONE;
    }
    if (transfer->easy == NULL) {
        result = open_transfer(job, transfer);
    }
    if (job->mode == TICKETS && result == AGAIN) {
        transfer->searching = false;
        set_pointer(transfer, CURLOPT_COOKIELIST, "ALL"); /* a new session */
        set_long(transfer, CURLOPT_HTTPGET, 1);
        set_pointer(transfer, CURLOPT_URL, job->urls[0]);
        result = ready(transfer);
    }
    return result;
}

/* After the session: makes the search ready. */
static enum result search(const struct job *job, struct transfer *transfer, const char *date)
{
    char form[128];
    (void)snprintf(form, sizeof form, TICKETS_FORM, TICKETS_FROM, TICKETS_TO, date);
    transfer->searching = true;
    set_pointer(transfer, CURLOPT_COPYPOSTFIELDS, form);
    set_pointer(transfer, CURLOPT_URL, job->urls[1]);
    return ready(transfer);
}

/* After the search: reads the page. */
static bool read_page(struct job *job, const struct transfer *transfer, const char *date)
{
    tickets     day;
    const char *wrong = tickets_read((transfer->page != NULL) ? transfer->page : "", date, &day);
    if (wrong != NULL) {
        return fail(date, wrong);
    }
    lock(job);
    if (!job->quiet) {
        tickets_print_day(date, &day);
    }
    tickets_add(&job->total, &day);
    unlock(job);
    return true;
}

/* Says why a transfer failed, if it did. */
static bool check(const struct job *job, const struct transfer *transfer, CURLcode code)
{
    const char *path = transfer->searching ? "/m/search" : "/m/";
    long        status = 0;
    char        what[32];
    char        text[32];
    char        date[9];
    tickets_date(transfer->day, date);
    if (job->mode == TICKETS) {
        (void)snprintf(what, sizeof what, "%s, %s", date, path);
    } else {
        (void)snprintf(what, sizeof what, "request %u", transfer->day + 1);
    }
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    }
    if (code != CURLE_OK) {
        return fail(what, curl_easy_strerror(code));
    }
    (void)snprintf(text, sizeof text, "status %ld", status);
    return (status == 200 || fail(what, text)) &&
           (job->mode != HOLD || transfer->size == 100 || fail(what, "not a hundred bytes"));
}

/* Takes what came. Returns AGAIN if the transfer is ready for the second request of its day. */
static enum result finish(struct job *job, struct transfer *transfer, CURLcode code)
{
    bool   session = job->mode == TICKETS && !transfer->searching;
    bool   good = check(job, transfer, code);
    size_t size = transfer->size;
    char   date[9];
    tickets_date(transfer->day, date);
    if (good && transfer->searching) {
        good = read_page(job, transfer, date);
    }
    drop_page(transfer);
    if (good && session) {
        return search(job, transfer, date);
    }
    lock(job);
    job->done++;
    job->bytes += size;
    job->failed = job->failed || !good;
    unlock(job);
    return good ? DONE : FAILED;
}

/* ------------------------------------------------------------------ easy and threads */

/* Does pieces of work as long as there are some. A pthread's function. */
static void *work(void *user)
{
    struct transfer *transfer = user;
    struct job      *job = transfer->job;
    enum result      result = next(job, transfer);
    while (result == AGAIN) {
        result = finish(job, transfer, curl_easy_perform(transfer->easy));
        result = (result == DONE) ? next(job, transfer) : result;
    }
    if (result == FAILED) {
        _exit(1); /* it has been said why; the other threads may be held for ever */
    }
    return NULL;
}

static void run_threads(struct job *job)
{
    unsigned long started = 0;
    int           error = 0;
    while (error == 0 && started < job->width) {
        struct transfer *transfer = &job->transfers[started];
        error = pthread_create(&transfer->thread, NULL, work, transfer);
        started += (error == 0) ? 1 : 0;
    }
    if (error != 0) {
        char text[64];
        (void)snprintf(text, sizeof text, "thread %lu of %lu", started + 1, job->width);
        lock(job);
        job->failed = !fail(text, strerror(error));
        unlock(job);
    }
    for (unsigned long i = 0; i < started && error == 0; i++) {
        (void)pthread_join(job->transfers[i].thread, NULL);
    }
}

/* ------------------------------------------------------------------ multi, on epoll */

static int64_t now_ms(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* libcurl's timer function. */
static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct job *job = user;
    (void)multi;
    job->due_ms = (timeout_ms < 0) ? -1 : now_ms() + timeout_ms;
    return 0;
}

/* libcurl's socket function: what to wait for. `known` is not NULL once epoll has the socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct job        *job = user;
    struct epoll_event event = { .data.fd = fd };
    int                result;
    (void)easy;
    event.events = ((what & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0u) |
                   ((what & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(job->epoll, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
        return 0;
    }
    result = epoll_ctl(job->epoll, (known != NULL) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (result == 0 && known == NULL) {
        result = (curl_multi_assign(job->multi, fd, job) == CURLM_OK) ? 0 : -1;
    }
    return result;
}

/* Hands a transfer that is ready to libcurl. */
static bool start(struct job *job, struct transfer *transfer, enum result result)
{
    CURLMcode code;
    if (result != AGAIN) {
        return result == DONE;
    }
    code = curl_multi_add_handle(job->multi, transfer->easy);
    return code == CURLM_OK || fail("curl_multi_add_handle", curl_multi_strerror(code));
}

/* Takes all transfers that have ended, and starts what comes after them. */
static bool take_finished(struct job *job)
{
    bool     good = true;
    int      left = 0;
    CURLMsg *message = curl_multi_info_read(job->multi, &left);
    for (; good && message != NULL; message = curl_multi_info_read(job->multi, &left)) {
        struct transfer *transfer = NULL;
        CURLcode         code = message->data.result;
        enum result      result;
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK ||
            curl_multi_remove_handle(job->multi, message->easy_handle) != CURLM_OK) {
            return fail("curl_multi_remove_handle", "failed");
        }
        result = finish(job, transfer, code);
        result = (result == DONE) ? next(job, transfer) : result;
        good = start(job, transfer, result);
    }
    return good;
}

/* Tells libcurl of an event. */
static CURLMcode tell(struct job *job, const struct epoll_event *event)
{
    int running = 0;
    int what = ((event->events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
               ((event->events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
               ((event->events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
    return curl_multi_socket_action(job->multi, event->data.fd, what, &running);
}

/* How long libcurl's timer has still to go, for epoll_wait. */
static int timer_left(const struct job *job)
{
    int64_t left = (job->due_ms < 0) ? -1 : job->due_ms - now_ms();
    return (job->due_ms >= 0 && left < 0) ? 0 : (int)left;
}

/* Waits for a round of events and tells libcurl of them. */
static bool step(struct job *job)
{
    struct epoll_event events[256];
    int                running = 0;
    int                count = epoll_wait(job->epoll, events, 256, timer_left(job));
    CURLMcode          code = CURLM_OK;
    if (count < 0 && errno != EINTR) {
        return fail("epoll_wait", strerror(errno));
    }
    for (int i = 0; i < count && code == CURLM_OK; i++) {
        code = tell(job, &events[i]);
    }
    if (code == CURLM_OK && timer_left(job) == 0) {
        job->due_ms = -1;
        code = curl_multi_socket_action(job->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    if (code != CURLM_OK) {
        return fail("curl_multi_socket_action", curl_multi_strerror(code));
    }
    return take_finished(job);
}

static bool open_multi(struct job *job)
{
    CURLMcode code;
    job->due_ms = -1;
    job->epoll = epoll_create1(EPOLL_CLOEXEC);
    job->multi = curl_multi_init();
    if (job->epoll < 0 || job->multi == NULL) {
        return fail("multi", "cannot be opened");
    }
    code = curl_multi_setopt(job->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    code = (code == CURLM_OK) ? curl_multi_setopt(job->multi, CURLMOPT_SOCKETDATA, job) : code;
    code = (code == CURLM_OK) ? curl_multi_setopt(job->multi, CURLMOPT_TIMERFUNCTION, on_timer)
                              : code;
    code = (code == CURLM_OK) ? curl_multi_setopt(job->multi, CURLMOPT_TIMERDATA, job) : code;
    code = (code == CURLM_OK)
               ? curl_multi_setopt(job->multi, CURLMOPT_MAXCONNECTS, (long)job->width)
               : code;
    return code == CURLM_OK || fail("curl_multi_setopt", curl_multi_strerror(code));
}

static void run_multi(struct job *job)
{
    bool good = open_multi(job);
    for (unsigned long i = 0; good && i < job->width && job->begun < job->count; i++) {
        good = start(job, &job->transfers[i], next(job, &job->transfers[i]));
    }
    while (good && job->done < job->count) {
        good = step(job);
    }
    job->failed = job->failed || !good;
}

/* ------------------------------------------------------------------ the command line */

static const char usage[] =
    "usage: peer_curl [-x easy|threads|multi] [-c N] [--days N] [-q] URL   the tickets\n"
    "       peer_curl [-x ...] --hold [-c N] [-w] URL              N requests held by /hold?n=N\n"
    "       peer_curl [-x ...] --load [-c N] [-n N] [--close] URL  N requests of one URL\n";

static bool take_option(struct job *job, int letter)
{
    bool good = true;
    switch (letter) {
    case 'x':
        job->executor = optarg;
        break;
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

/* Makes the URLs of the mode out of the one that was given. */
static bool make_urls(struct job *job, const char *url)
{
    char hold[64];
    (void)snprintf(hold, sizeof hold, "/hold?n=%lu", job->width);
    job->count = (job->mode == HOLD) ? job->width : job->count;
    if (job->width > job->count) {
        job->width = (job->count > 0) ? job->count : 1;
    }
    if (job->mode == LOAD) {
        (void)snprintf(job->urls[0], URL_ROOM, "%s", url);
        return strlen(url) < URL_ROOM || fail(url, "the URL is too long");
    }
    return tickets_url(url, (job->mode == HOLD) ? hold : "/m/", job->urls[0], URL_ROOM) &&
           tickets_url(url, "/m/search", job->urls[1], URL_ROOM);
}

static bool parse_options(struct job *job, int count, char **words)
{
    static const struct option names[] = {
        { "days", required_argument, NULL, 'd' },
        { "hold", no_argument, NULL, 'h' },
        { "load", no_argument, NULL, 'l' },
        { "close", no_argument, NULL, 'k' },
        { NULL, 0, NULL, 0 },
    };
    bool good = true;
    int  letter = getopt_long(count, words, "x:c:n:qw", names, NULL);
    for (; good && letter != -1; letter = getopt_long(count, words, "x:c:n:qw", names, NULL)) {
        good = take_option(job, letter);
    }
    if (!good || optind + 1 != count ||
        (strcmp(job->executor, "easy") != 0 && strcmp(job->executor, "threads") != 0 &&
         strcmp(job->executor, "multi") != 0)) {
        (void)fputs(usage, stderr);
        return false;
    }
    job->width = (strcmp(job->executor, "easy") == 0) ? 1 : job->width;
    return make_urls(job, words[optind]);
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

static void run(struct job *job)
{
    struct timespec began = { 0 };
    struct timespec ended = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    if (strcmp(job->executor, "multi") == 0) {
        run_multi(job);
    } else if (strcmp(job->executor, "threads") == 0) {
        run_threads(job);
    } else {
        (void)work(&job->transfers[0]);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (!job->failed) {
        report(job, (double)(ended.tv_sec - began.tv_sec) +
                        (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
        job->failed = fflush(stdout) != 0;
    }
}

static void clean_up(struct job *job)
{
    for (unsigned long i = 0; i < job->width; i++) {
        drop_page(&job->transfers[i]);
        curl_easy_cleanup(job->transfers[i].easy);
    }
    (void)curl_multi_cleanup(job->multi);
    curl_slist_free_all(job->headers);
    free(job->transfers);
    curl_global_cleanup();
}

/* Everything before the first request. */
static bool open_job(struct job *job)
{
    tickets_raise_limit();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return fail("start", "libcurl cannot be initialised");
    }
    if (job->wait && !tickets_handshake()) {
        return false;
    }
    job->transfers = calloc(job->width + 1, sizeof *job->transfers);
    job->headers = curl_slist_append(NULL, "Connection: close");
    if (job->transfers == NULL || job->headers == NULL) {
        return fail("start", "out of memory");
    }
    for (unsigned long i = 0; i < job->width; i++) {
        job->transfers[i].job = job;
    }
    return true;
}

int main(int count, char **words)
{
    static struct job job = {
        .executor = "multi", .width = 100, .count = 100, .lock = PTHREAD_MUTEX_INITIALIZER
    };
    if (!parse_options(&job, count, words)) {
        return 2;
    }
    if (!open_job(&job)) {
        return 1;
    }
    run(&job);
    if (job.failed) {
        return 1; /* threads may still be waiting: the end of the process ends them */
    }
    clean_up(&job);
    return 0;
}
