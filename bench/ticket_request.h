/* SPDX-License-Identifier: MIT */
/* ticket_request.h: the requests that the ticket server understands, and the form in them. */
#ifndef BENCH_TICKET_REQUEST_H
#define BENCH_TICKET_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else. */
struct text {
    const char *at;
    size_t      size;
};

/* The fields of a request that matter here. */
enum field_name {
    FIELD_CONNECTION,
    FIELD_CONTENT_LENGTH,
    FIELD_CONTENT_TYPE,
    FIELD_COOKIE,
    FIELD_HOST,
    FIELD_TRANSFER_ENCODING,
    FIELD_COUNT
};

struct request {
    struct text method;
    struct text target;
    struct text fields[FIELD_COUNT]; /* at is NULL where there is none */
    struct text form;
    size_t      size; /* of all of it */
    bool        old;  /* HTTP/1.0 */
    bool        close;
};

bool text_is(struct text text, const char *word);
bool text_begins(struct text text, const char *word);

/* Takes what stands before a mark off the text; all of it where there is no mark. */
struct text text_until(struct text *from, char mark);

/* Removes blanks at both ends. */
struct text text_trim(struct text text);

/* Reads a number of digits alone, up to a maximum. */
bool text_number(struct text text, uint64_t maximum, uint64_t *number);

/*
 * Takes a whole request off the input: its size says how much that was, and 0 that more must
 * come. Returns 0, or the status of a refusal, after which the connection cannot go on.
 */
short parse_request(struct text input, struct request *request);

/* The value of a hexadecimal digit, or -1. */
int hex_digit(char byte);

/* Reads the number of a station that exists. */
bool form_station(struct text form, const char *name, unsigned *station);

/* Reads a date written dd.mm.yy. */
bool form_date(struct text form, const char *name, unsigned *day);

#endif
