/* SPDX-License-Identifier: MIT */
/*
 * tickets.h: what the ticket job is, for the server and for the peers written in C.
 *
 * For each of N days from 13.03.18 on: GET /m/ for the cookie, then POST /m/search with it.
 * Of the page that comes back each element of class select-line is a connection; its text is
 * "06:15 &ndash; 08:45 23 free 149 CZK". The page also says how many connections there are,
 * between which stations and on which day, and ends in </html>; all of this is checked.
 *
 * A day's checksum is the CRC-32 (zlib's) of its date and its connections, one a line:
 *
 *     13.03.18
 *     06:15 08:45 23 149
 *
 * The job's checksum is the sum of its days', so the order of completion does not matter.
 */
#ifndef TICKETS_H
#define TICKETS_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TICKETS_FIRST_DAY 17603u /* 13.03.18, in days since 1970 */
#define TICKETS_FROM 10203u      /* the stations that every client asks for */
#define TICKETS_TO 10317u
#define TICKETS_FORM "fromStation=%u&toStation=%u&departure=%s"
#define TICKETS_MAX_DAYS 29000u /* to the end of 2097: the date has two digits for the year */

/* What is known of one day, or of all of them together. */
typedef struct tickets {
    uint32_t checksum;
    unsigned days;
    unsigned connections;
    unsigned cheapest; /* 0: no connection yet */
    uint64_t sum;      /* of the prices */
} tickets;

/* Continues a CRC-32, which begins as 0. */
static inline uint32_t tickets_crc(uint32_t crc, const char *data, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1u) ? 0xEDB88320u : 0u);
        }
    }
    return ~crc;
}

/* Writes the last two digits of a number. */
static inline void tickets_two(char *at, int number)
{
    at[0] = (char)('0' + number / 10 % 10);
    at[1] = (char)('0' + number % 10);
}

/* Writes the date of a day, counted from the first one, as dd.mm.yy. */
static inline void tickets_date(unsigned day, char date[9])
{
    time_t    seconds = ((time_t)TICKETS_FIRST_DAY + (time_t)day) * 86400;
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    (void)gmtime_r(&seconds, &parts); /* fails only for years beyond an int */
    memcpy(date, "00.00.00", 9);
    tickets_two(date, parts.tm_mday);
    tickets_two(date + 3, parts.tm_mon + 1);
    tickets_two(date + 6, parts.tm_year % 100);
}

/* Begins a day. */
static inline void tickets_begin(tickets *day, const char *date)
{
    memset(day, 0, sizeof *day);
    day->days = 1;
    day->checksum = tickets_crc(0, date, strlen(date));
    day->checksum = tickets_crc(day->checksum, "\n", 1);
}

/* Takes a connection into a day. */
static inline void tickets_take(tickets *day, const char *departs, const char *arrives,
                                unsigned seats, unsigned price)
{
    char line[64];
    int  size = snprintf(line, sizeof line, "%s %s %u %u\n", departs, arrives, seats, price);
    day->checksum = tickets_crc(day->checksum, line, (size > 0) ? (size_t)size : 0u);
    day->cheapest = (day->connections == 0 || price < day->cheapest) ? price : day->cheapest;
    day->connections++;
    day->sum += price;
}

/* Adds a finished day to the total, in any order. */
static inline void tickets_add(tickets *total, const tickets *day)
{
    if (total->connections == 0 || (day->connections > 0 && day->cheapest < total->cheapest)) {
        total->cheapest = day->cheapest;
    }
    total->checksum += day->checksum;
    total->days += day->days;
    total->connections += day->connections;
    total->sum += day->sum;
}

/* The text of an element, its tags replaced by spaces, cut to fit. */
static inline void tickets_text(const char *element, const char *end, char *text, size_t room)
{
    size_t size = 0;
    int    in_tag = 1; /* element points into its start tag */
    for (const char *at = element; at < end && size + 1 < room; at++) {
        if (*at == '<' || *at == '>') {
            in_tag = *at == '<';
            text[size++] = ' ';
        } else if (!in_tag) {
            text[size++] = *at;
        } else {
            /* inside a tag: not text */
        }
    }
    text[size] = '\0';
}

/*
 * Cuts the connections out of a page, which ends in a NUL, and checks that it is the whole page
 * of this date. Returns NULL, or what is wrong with the page.
 */
static inline const char *tickets_read(const char *page, const char *date, tickets *day)
{
    static const char mark[] = "class=\"select-line\"";
    char              expected[128];
    tickets_begin(day, date);
    for (const char *at = strstr(page, mark); at != NULL; at = strstr(at, mark)) {
        const char *end = strstr(at, "</a>");
        char        text[160];
        char        departs[6];
        char        arrives[6];
        unsigned    seats;
        unsigned    price;
        int         scanned = 0;
        if (end == NULL) {
            return "a connection does not end";
        }
        tickets_text(at, end, text, sizeof text);
        if (sscanf(text, " %5[0-9:] &ndash; %5[0-9:] %u free %u CZK %n", departs, arrives, &seats,
                   &price, &scanned) != 4 ||
            scanned == 0 || text[scanned] != '\0') {
            return "a connection is not times, seats and price";
        }
        tickets_take(day, departs, arrives, seats, price);
        at = end;
    }
    (void)snprintf(expected, sizeof expected, "<p class=\"found\">%u connections %u-%u on %s</p>",
                   day->connections, TICKETS_FROM, TICKETS_TO, date);
    if (day->connections == 0 || strstr(page, expected) == NULL) {
        return "not the page that was asked for, or connections are missing";
    }
    return (strstr(page, "</html>\n") != NULL) ? NULL : "the page does not end";
}

/* Prints one day. */
static inline void tickets_print_day(const char *date, const tickets *day)
{
    printf("%s  %u connections  cheapest %u  mean %.2f\n", date, day->connections, day->cheapest,
           (double)day->sum / (day->connections ? day->connections : 1u));
}

/* Prints the last line of the job, the same from every correct client. */
static inline void tickets_print_total(const tickets *total)
{
    printf("checksum %08X  days %u  connections %u  cheapest %u  mean %.2f\n",
           (unsigned)total->checksum, total->days, total->connections, total->cheapest,
           (double)total->sum / (total->connections ? total->connections : 1u));
}

/* Reads an option's number between two; else says what is wrong. */
static inline bool tickets_number(const char *text, unsigned long minimum, unsigned long maximum,
                                  unsigned long *number)
{
    char *end;
    *number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || *number < minimum || *number > maximum) {
        fprintf(stderr, "\"%s\" is not a number from %lu to %lu\n", text, minimum, maximum);
        return false;
    }
    return true;
}

/* Puts a path behind the server's URL; else says what is wrong. */
static inline bool tickets_url(const char *server, const char *path, char *url, size_t room)
{
    size_t size = strlen(server);
    size -= (size > 0 && server[size - 1] == '/') ? 1u : 0u;
    if (strncmp(server, "http://", 7) != 0 || size + strlen(path) >= room) {
        fprintf(stderr, "\"%.60s\" is not a URL like http://127.0.0.1:8080\n", server);
        return false;
    }
    memcpy(url, server, size);
    memcpy(url + size, path, strlen(path) + 1);
    return true;
}

/* Allows as many descriptors as the system lets us have, for ten thousand connections. */
static inline void tickets_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            fprintf(stderr, "the limit of descriptors stays as it is: %s\n", strerror(errno));
        }
    }
}

/*
 * Says `ready` and waits for a line: so that a client can be weighed before its first request.
 * Without stdio, whose buffers would be weighed as well.
 */
static inline bool tickets_handshake(void)
{
    char answer[8];
    bool good = write(STDOUT_FILENO, "ready\n", 6) == 6 &&
                read(STDIN_FILENO, answer, sizeof answer) > 0;
    if (!good) {
        fprintf(stderr, "-w, and nobody says go\n");
    }
    return good;
}

/* The command line of a client that can wait in several ways: which way, how wide, where. */
typedef struct tickets_options {
    unsigned long way; /* index of the name given with -x */
    unsigned long width;
    unsigned long days;
    int           quiet;
    char          session[256]; /* the URLs of the two steps */
    char          search[256];
} tickets_options;

/* Sets one option. False: it is a wrong one, and has been complained about. */
static inline bool tickets_option(int letter, const char *value, const char *const *ways,
                                  tickets_options *options)
{
    unsigned long way = 0;
    switch (letter) {
    case 'x':
        while (ways[way] != NULL && strcmp(ways[way], value) != 0) {
            way++;
        }
        options->way = way;
        if (ways[way] == NULL) {
            fprintf(stderr, "\"%s\" is no way to wait that is known here\n", value);
        }
        return ways[way] != NULL;
    case 'c':
        return tickets_number(value, 1, 1000000, &options->width);
    case 'd':
        return tickets_number(value, 0, TICKETS_MAX_DAYS, &options->days);
    case 'q':
        options->quiet = 1;
        return true;
    default:
        return false;
    }
}

/* Reads [-x WAY] [-c N] [--days N] [-q] URL; `ways` ends in NULL. False: it was wrong. */
static inline bool tickets_command_line(int count, char **words, const char *const *ways,
                                        tickets_options *options)
{
    static const struct option names[] = { { "days", required_argument, NULL, 'd' },
                                           { NULL, 0, NULL, 0 } };
    bool                       good = true;
    memset(options, 0, sizeof *options);
    options->width = 100;
    options->days = 100;
    for (int letter = 0; good && letter != -1;) {
        letter = getopt_long(count, words, "x:c:q", names, NULL);
        good = letter == -1 || tickets_option(letter, optarg, ways, options);
    }
    if (good && optind + 1 != count) {
        fprintf(stderr, "usage: %s [-x NAME] [-c N] [--days N] [-q] URL\n", words[0]);
        good = false;
    }
    return good && tickets_url(words[optind], "/m/", options->session, sizeof options->session) &&
           tickets_url(words[optind], "/m/search", options->search, sizeof options->search);
}

#endif /* TICKETS_H */
