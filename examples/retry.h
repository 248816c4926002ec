/* SPDX-License-Identifier: MIT */
/*
 * retry.h: whether a request is worth another try, for how long to wait before it, and a queue
 * of those that wait. Nothing here waits, or knows what time it is, or touches the network.
 * Include it after pario.h.
 *
 * A try is repeated where that is safe and may help: no connection, a connection that broke
 * before a whole head came, the statuses 429 and 503, a proxy's, too. It is meant for idempotent
 * methods.
 */
#ifndef RETRY_H
#define RETRY_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 1000             /* the first wait, at most */
#define RETRY_MOST_MS 300000            /* any wait, also one that a server asks for */
#define RETRY_SECONDS_MAX 1000000000000 /* more is not told apart: 30,000 years */

typedef struct retry_policy {
    int64_t  tries;    /* after the first one */
    int64_t  first_ms; /* the first wait is between half of it and all of it */
    int64_t  most_ms;
    uint64_t random; /* any number but 0: waits differ between programs that begin at once */
} retry_policy;

/* ------------------------------------------------------------------------------------------ */
/* Retry-After, RFC 9110 section 10.2.3, and dates, section 5.6.7 */

typedef struct retry_date_parts {
    int64_t year;
    int64_t month; /* 0 to 11 */
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
} retry_date_parts;

/* Reads so many digits. */
static inline bool retry_read_digits(const char **text, size_t count, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        *number = *number * 10 + (**text - '0');
        (*text)++;
    }
    return true;
}

/* Reads one of the names, or its first `size` letters; names end with a NULL. */
static inline bool retry_read_name(const char **text, const char *const *names, size_t size,
                                   int64_t *index)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        const size_t whole = strlen(names[i]);
        const size_t part = size < whole ? size : whole;
        if (strncmp(*text, names[i], part) == 0) {
            *text += part;
            *index = (int64_t)i;
            return true;
        }
    }
    return false;
}

/* Reads what stands for a letter of retry_date's patterns. */
static inline bool retry_read_part(const char **text, char letter, retry_date_parts *date)
{
    static const char *const days[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday",    NULL };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                          "Aug", "Sep", "Oct", "Nov", "Dec", NULL };
    int64_t                  weekday = 0;
    size_t                   skip = 0;
    switch (letter) {
    case 'w':
        return retry_read_name(text, days, 3, &weekday);
    case 'W':
        return retry_read_name(text, days, SIZE_MAX, &weekday);
    case 'b':
        return retry_read_name(text, months, 3, &date->month);
    case 'd':
        return retry_read_digits(text, 2, &date->day);
    case 'e': /* asctime has a space in the place of a first zero */
        skip = **text == ' ' ? 1 : 0;
        *text += skip;
        return retry_read_digits(text, 2 - skip, &date->day);
    case 'Y':
        return retry_read_digits(text, 4, &date->year);
    case 'y':
        return retry_read_digits(text, 2, &date->year);
    case 'H':
        return retry_read_digits(text, 2, &date->hour);
    case 'M':
        return retry_read_digits(text, 2, &date->minute);
    default:
        return retry_read_digits(text, 2, &date->second);
    }
}

/* Whether all of the text is what the pattern says: letters behind a percent sign are parts. */
static inline bool retry_match(const char *text, const char *pattern, retry_date_parts *date)
{
    bool same = true;
    memset(date, 0, sizeof *date);
    while (same && pattern[0] != '\0') {
        if (pattern[0] == '%') {
            same = retry_read_part(&text, pattern[1], date);
            pattern += 2;
        } else {
            same = text[0] == pattern[0];
            pattern++;
            text++;
        }
    }
    return same && text[0] == '\0';
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static inline int64_t retry_days(int64_t year, int64_t month, int64_t day)
{
    /* The year begins with March: so its leap day is the last one. */
    const int64_t years = month < 2 ? year - 1 : year;
    const int64_t months = month < 2 ? month + 10 : month - 2;
    return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 -
           719468;
}

/* Seconds from 1970 to a date. Returns false if there is no such date. */
static inline bool retry_seconds(const retry_date_parts *date, int64_t *seconds)
{
    const int64_t first = retry_days(date->year, date->month, 1);
    const int64_t next = date->month == 11 ? retry_days(date->year + 1, 0, 1)
                                           : retry_days(date->year, date->month + 1, 1);
    *seconds = (first + date->day - 1) * 86400 + date->hour * 3600 + date->minute * 60 +
               date->second; /* 60 is a leap second */
    return date->day >= 1 && date->day <= next - first && date->hour < 24 && date->minute < 60 &&
           date->second <= 60;
}

/*
 * A date in any of the three forms that section 5.6.7 wants understood, in seconds since 1970.
 * Years of two digits are those that are the nearest to now but no more than 50 years ahead.
 */
static inline bool retry_date(const char *text, int64_t now, int64_t *seconds)
{
    retry_date_parts date;
    if (retry_match(text, "%W, %d-%b-%y %H:%M:%S GMT", &date)) {
        const int64_t this_year = 1970 + now / 31556952;
        date.year += this_year / 100 * 100 + 100;
        while (date.year > this_year + 50) {
            date.year -= 100;
        }
        return retry_seconds(&date, seconds);
    }
    return (retry_match(text, "%w, %d %b %Y %H:%M:%S GMT", &date) ||
            retry_match(text, "%w %b %e %H:%M:%S %Y", &date)) &&
           retry_seconds(&date, seconds);
}

/* What a Retry-After says, in seconds from now; false if it says nothing that is understood. */
static inline bool retry_after(const char *text, int64_t now, int64_t *seconds)
{
    const size_t digits = strspn(text, "0123456789");
    int64_t      then = now;
    *seconds = 0;
    if (digits > 0 && text[digits] == '\0') {
        for (size_t i = 0; i < digits && *seconds < RETRY_SECONDS_MAX; i++) {
            *seconds = *seconds * 10 + (text[i] - '0');
        }
    } else if (retry_date(text, now, &then)) {
        *seconds = then > now ? then - now : 0;
    } else {
        return false;
    }
    *seconds = *seconds < RETRY_SECONDS_MAX ? *seconds : RETRY_SECONDS_MAX;
    return true;
}

/*
 * For how many seconds a response asks to wait, or -1. A date is compared with the date that the
 * response itself bears, so that a clock that is wrong, here or there, does no harm; now, in
 * seconds since 1970, counts where it bears none.
 */
static inline int64_t retry_asked(const pario_response *response, int64_t now)
{
    const char *after = pario_response_field(response, "Retry-After", 0);
    const char *date = pario_response_field(response, "Date", 0);
    int64_t     theirs = now;
    int64_t     seconds = -1;
    if (date == NULL || !retry_date(date, now, &theirs)) {
        theirs = now;
    }
    return after != NULL && retry_after(after, theirs, &seconds) ? seconds : -1;
}

/* ------------------------------------------------------------------------------------------ */
/* Whether to try again, and when */

/* Whether a status says that the same request may be answered later. */
static inline bool retry_status(int64_t status)
{
    return status == 429 || status == 503;
}

/* Whether another try is safe, if the method is idempotent, and may end better. */
static inline bool retry_helps(const pario_response *response)
{
    switch ((int)response->error) {
    case PARIO_ERROR_CONNECT:
    case PARIO_ERROR_CONNECT_TIMEOUT:
        return true;
    case PARIO_ERROR_RESOLVE:
        return response->resolver_error == EAI_AGAIN;
    case PARIO_ERROR_SEND:
    case PARIO_ERROR_RECEIVE:
    case PARIO_ERROR_EMPTY_REPLY:
    case PARIO_ERROR_HEAD_TRUNCATED:
        return response->stage != PARIO_STAGE_BODY || retry_status(response->status);
    case PARIO_ERROR_PROXY_REFUSED:
        return retry_status(response->proxy_status);
    default:
        return retry_status(response->status);
    }
}

/* A number from 0 to most, from a generator of the kind xorshift64. */
static inline int64_t retry_random(retry_policy *policy, int64_t most)
{
    policy->random ^= policy->random << 13;
    policy->random ^= policy->random >> 7;
    policy->random ^= policy->random << 17;
    return (int64_t)(policy->random % ((uint64_t)most + 1));
}

/*
 * For how many milliseconds to wait after so many tries. Without a wish of the server's, which
 * is -1, the waits double; with one, it is that and up to an eighth more, so that not all that
 * were turned away together come back together. Never more than the policy's longest wait.
 */
static inline int64_t retry_wait_ms(retry_policy *policy, int64_t tries, int64_t asked_seconds)
{
    int64_t wait = policy->first_ms;
    if (asked_seconds >= 0) {
        wait = asked_seconds * 1000;
        wait += retry_random(policy, wait / 8);
    } else {
        for (int64_t i = 1; i < tries && wait < policy->most_ms; i++) {
            wait *= 2;
        }
        wait = wait < policy->most_ms ? wait : policy->most_ms;
        wait -= retry_random(policy, wait / 2);
    }
    return wait < policy->most_ms ? wait : policy->most_ms;
}

/* ------------------------------------------------------------------------------------------ */
/* Those that wait: a heap, the next one due on top */

typedef struct retry_waiting {
    int64_t due_ms;
    size_t  index; /* the caller's */
} retry_waiting;

typedef struct retry_queue {
    retry_waiting *heap;
    size_t         count;
} retry_queue;

/* Makes room for so many. Returns false if there is no memory. */
static inline bool retry_queue_open(retry_queue *queue, size_t room)
{
    queue->heap = (retry_waiting *)calloc(room, sizeof *queue->heap);
    queue->count = 0;
    return queue->heap != NULL;
}

static inline void retry_queue_close(retry_queue *queue)
{
    free(queue->heap);
    queue->heap = NULL;
    queue->count = 0;
}

/* Adds one, for which there must be room. */
static inline void retry_queue_add(retry_queue *queue, int64_t due_ms, size_t index)
{
    size_t at = queue->count;
    queue->count++;
    while (at > 0 && queue->heap[(at - 1) / 2].due_ms > due_ms) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at].due_ms = due_ms;
    queue->heap[at].index = index;
}

/* Takes the one that has been due first. Returns false if none is due. */
static inline bool retry_queue_take(retry_queue *queue, int64_t now_ms, size_t *index)
{
    retry_waiting *heap = queue->heap;
    size_t         at = 0;
    if (queue->count == 0 || heap[0].due_ms > now_ms) {
        return false;
    }
    *index = heap[0].index;
    queue->count--;
    for (size_t child = 1; child < queue->count; child = 2 * at + 1) {
        if (child + 1 < queue->count && heap[child + 1].due_ms < heap[child].due_ms) {
            child++;
        }
        if (heap[child].due_ms >= heap[queue->count].due_ms) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = heap[queue->count];
    return true;
}

/* For how long the next one still has to wait, or -1 if there is none. */
static inline int64_t retry_queue_wait_ms(const retry_queue *queue, int64_t now_ms)
{
    if (queue->count == 0) {
        return -1;
    }
    return queue->heap[0].due_ms > now_ms ? queue->heap[0].due_ms - now_ms : 0;
}

#endif /* RETRY_H */
