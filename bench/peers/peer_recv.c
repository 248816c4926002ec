/* SPDX-License-Identifier: MIT */
/*
 * peer_recv: one response received by hand: a socket, a loop around recv, and nothing done with
 * what comes, or each piece written to a file. It is what one large response costs at least.
 *
 *     build/peer_recv http://127.0.0.1:8080/size/1000000000 [FILE]
 *
 * The address is a number, the response has a Content-Length and a head that comes at once.
 */
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536

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

/* Receives a head and the content behind it, which goes into a file, or nowhere for -1. Returns
 * whether all of it came. */
static bool receive(int fd, int file)
{
    static char bytes[ROOM + 1];
    ssize_t     got = recv(fd, bytes, ROOM, 0);
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
        got = recv(fd, bytes, ROOM, 0);
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

int main(int argc, char **argv)
{
    const bool  good = (argc == 2 || argc == 3) && strncmp(argv[1], "http://", 7) == 0;
    const char *path = good ? strchr(argv[1] + 7, '/') : NULL;
    if (path == NULL) {
        (void)fputs("usage: peer_recv http://ADDRESS:PORT/PATH [FILE]\n", stderr);
        return 2;
    }
    const int file = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
    const int fd = ask(argv[1], path);
    if (fd < 0 || (argc == 3 && file < 0) || !receive(fd, file)) {
        perror("peer_recv");
        return 1;
    }
    return 0; /* which closes them */
}
