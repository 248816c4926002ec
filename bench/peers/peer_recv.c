/* SPDX-License-Identifier: MIT */
/*
 * peer_recv: one response received by hand: a socket, a loop around recv, and nothing done with
 * what comes, or each piece written to a file. It is what one large response costs at least. With
 * -e it does not wait in recv but by epoll, as who has more than one connection has to, and no
 * longer than ten seconds. With -b it receives so many bytes at once, at most a million.
 *
 *     build/peer_recv [-e] [-b BYTES] http://127.0.0.1:8080/size/1000000000 [FILE]
 *
 * The address is a number, the response has a Content-Length and a head that comes at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65500 /* no multiple of a page: see PARIO_I_PART_BYTES in the header */
#define MOST_ROOM 1000000
#define PATIENCE_MS 10000

typedef struct peer {
    int    fd;
    int    epoll; /* that says when there is something, or -1 */
    bool   dry;   /* until it says so there is nothing */
    size_t room;  /* so much is received at once */
} peer;

/* Connects to "host:port", both numbers. Returns a descriptor, or -1. */
static int connect_to(char *place)
{
    struct addrinfo  hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char            *colon = strrchr(place, ':');
    int              fd = -1;
    if (colon == NULL) {
        return -1;
    }
    *colon = '\0';
    if (getaddrinfo(place, colon + 1, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
        freeaddrinfo(found);
    }
    return fd;
}

/* Has a connection waited for by epoll. */
static bool watch(peer *from)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
    from->epoll = epoll_create1(EPOLL_CLOEXEC);
    return from->epoll >= 0 && epoll_ctl(from->epoll, EPOLL_CTL_ADD, from->fd, &event) == 0;
}

/* Receives what there is, and waits until there is something. Returns as recv does. */
static ssize_t receive_some(peer *from, char *bytes)
{
    struct epoll_event event;
    ssize_t            got;
    if (from->epoll < 0) {
        return recv(from->fd, bytes, from->room, 0);
    }
    do {
        if (from->dry && epoll_wait(from->epoll, &event, 1, PATIENCE_MS) != 1) {
            return -1;
        }
        got = recv(from->fd, bytes, from->room, MSG_DONTWAIT);
        from->dry = got < (ssize_t)from->room;
    } while (got < 0 && errno == EAGAIN);
    return got;
}

/* Receives a head and the content behind it, which goes into a file, or nowhere for -1. Returns
 * whether all of it came. */
static bool receive(peer *from, int file)
{
    static char bytes[MOST_ROOM + 1];
    ssize_t     got = receive_some(from, bytes);
    bytes[got > 0 ? got : 0] = '\0';
    const char *end = strstr(bytes, "\r\n\r\n");
    const char *length = strstr(bytes, "\r\nContent-Length: ");
    if (end == NULL || length == NULL || length > end) {
        return false;
    }
    unsigned long long left = strtoull(length + 18, NULL, 10);
    left += (unsigned long long)(end + 4 - bytes);
    while (got > 0 && left > (unsigned long long)got) {
        left -= (unsigned long long)got;
        got = receive_some(from, bytes);
        if (got > 0 && file >= 0 && write(file, bytes, (size_t)got) != got) {
            return false;
        }
    }
    return got > 0;
}

/* Sends a request for path to the server of a URL. Returns a descriptor, or -1. */
static int ask(const char *url, const char *path)
{
    char         request[512];
    char         place[128];
    const size_t width = (size_t)(path - url - 7);
    if (width >= sizeof place) {
        return -1;
    }
    (void)snprintf(place, sizeof place, "%.*s", (int)width, url + 7);
    const int size =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, place);
    if (size >= (int)sizeof request) {
        return -1;
    }
    const int fd = connect_to(place);
    return fd >= 0 && send(fd, request, (size_t)size, MSG_NOSIGNAL) == size ? fd : -1;
}

/* Opens all that it takes. */
static bool begin(peer *from, const char *url, const char *path, bool watched)
{
    from->fd = ask(url, path);
    return from->fd >= 0 && (!watched || watch(from));
}

/* Reads the options. Returns whether they and the URL are there and good. */
static bool parse_options(peer *from, bool *watched, int argc, char **argv)
{
    bool good = true;
    for (int letter = getopt(argc, argv, "eb:"); letter != -1; letter = getopt(argc, argv, "eb:")) {
        if (letter == 'b') {
            from->room = strtoul(optarg, NULL, 10);
        }
        *watched = *watched || letter == 'e';
        good = good && letter != '?';
    }
    return good && from->room > 0 && from->room <= MOST_ROOM && optind < argc &&
           strncmp(argv[optind], "http://", 7) == 0;
}

int main(int argc, char **argv)
{
    peer from = { .fd = -1, .epoll = -1, .dry = false, .room = ROOM };
    bool watched = false;
    bool good = parse_options(&from, &watched, argc, argv);
    int  file = -1;

    const char *path = good ? strchr(argv[optind] + 7, '/') : NULL;
    if (path == NULL) {
        (void)fputs("usage: peer_recv [-e] [-b BYTES] http://ADDRESS:PORT/PATH [FILE]\n", stderr);
        return 2;
    }
    if (optind + 1 < argc) {
        file = open(argv[optind + 1], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        good = file >= 0;
    }
    if (!good || !begin(&from, argv[optind], path, watched) || !receive(&from, file)) {
        perror("peer_recv");
        return 1;
    }
    return 0; /* which closes them */
}
