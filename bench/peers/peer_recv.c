/* SPDX-License-Identifier: MIT */
/*
 * peer_recv: one response received by hand: a socket, a loop around recv, and nothing done with
 * what comes. It is what one large response costs at least.
 *
 *     build/peer_recv http://127.0.0.1:8080/size/1000000000
 *
 * The address is a number, the response has a Content-Length and a head that comes at once.
 */
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

/* Receives a head and the content behind it. Returns whether all of it came. */
static bool receive(int fd)
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
    }
    return got > 0;
}

int main(int argc, char **argv)
{
    char        request[512];
    char        place[128];
    const char *path = argc == 2 && strncmp(argv[1], "http://", 7) == 0 ? strchr(argv[1] + 7, '/')
                                                                        : NULL;
    if (path == NULL || (size_t)(path - argv[1]) >= sizeof place) {
        (void)fputs("usage: peer_recv http://ADDRESS:PORT/PATH\n", stderr);
        return 2;
    }
    (void)snprintf(place, sizeof place, "%.*s", (int)(path - argv[1] - 7), argv[1] + 7);
    const int size =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, place);
    const int fd = connect_to(place);
    if (fd < 0 || size >= (int)sizeof request ||
        send(fd, request, (size_t)size, MSG_NOSIGNAL) != size || !receive(fd)) {
        perror("peer_recv");
        return 1;
    }
    return close(fd) == 0 ? 0 : 1;
}
