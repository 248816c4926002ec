/* SPDX-License-Identifier: MIT */
/* ticket_request.c: see ticket_request.h. */
#define _GNU_SOURCE /* memmem */
#include "ticket_request.h"

#include "ticket_pages.h"

#include <string.h>
#include <strings.h>

#define MAX_HEAD 16384u /* of a request */
#define MAX_FORM 4096u  /* its content */

static const char *const field_names[FIELD_COUNT] = {
    "connection", "content-length", "content-type", "cookie", "host", "transfer-encoding",
};

/* ------------------------------------------------------------------ text */

bool text_is(struct text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.at, word, text.size) == 0;
}

bool text_begins(struct text text, const char *word)
{
    return text.size >= strlen(word) && memcmp(text.at, word, strlen(word)) == 0;
}

struct text text_until(struct text *from, char mark)
{
    const char *found = (from->size > 0) ? memchr(from->at, mark, from->size) : NULL;
    struct text taken = *from;
    if (found != NULL) {
        taken.size = (size_t)(found - from->at);
        from->at += taken.size + 1;
        from->size -= taken.size + 1;
    } else {
        from->at += from->size;
        from->size = 0;
    }
    return taken;
}

struct text text_trim(struct text text)
{
    while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

bool text_number(struct text text, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';
        if (digit > 9 || value > (maximum - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return text.size > 0;
}

/* ------------------------------------------------------------------ heads */

/* Finds the place of a field by its name, without case; FIELD_COUNT for all others. */
static size_t field_find(struct text name)
{
    size_t found = FIELD_COUNT;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (name.size == strlen(field_names[i]) &&
            strncasecmp(name.at, field_names[i], name.size) == 0) {
            found = i;
        }
    }
    return found;
}

/* Takes a field line apart. Returns false if it is malformed, or repeats one that matters. */
static bool parse_field(struct text line, struct request *request)
{
    struct text value = line;
    struct text name = text_until(&value, ':');
    size_t      place;
    if (name.size == 0 || name.size == line.size || memchr(name.at, ' ', name.size) != NULL ||
        memchr(name.at, '\t', name.size) != NULL) {
        return false;
    }
    place = field_find(name);
    if (place == FIELD_COUNT) {
        return true;
    }
    if (request->fields[place].at != NULL) {
        return false;
    }
    request->fields[place] = text_trim(value);
    return true;
}

/* Whether a list of words has this one in it, without case. */
static bool list_has(struct text list, const char *word)
{
    bool found = false;
    while (list.size > 0 && !found) {
        struct text item = text_trim(text_until(&list, ','));
        found = item.size == strlen(word) && strncasecmp(item.at, word, item.size) == 0;
    }
    return found;
}

/* Takes a line off the head. Returns false if it does not end in CR LF, or holds another CR. */
static bool take_line(struct text *head, struct text *line)
{
    *line = text_until(head, '\n');
    if (line->size == 0 || line->at[line->size - 1] != '\r') {
        return false;
    }
    line->size--;
    return line->size == 0 || memchr(line->at, '\r', line->size) == NULL;
}

/* Takes the request line apart. Returns 0 or the status of the refusal. */
static short parse_line(struct text line, struct request *request)
{
    request->method = text_until(&line, ' ');
    request->target = text_until(&line, ' ');
    if (!text_begins(request->target, "/") || !text_begins(line, "HTTP/")) {
        return 400;
    }
    request->old = text_is(line, "HTTP/1.0");
    return (request->old || text_is(line, "HTTP/1.1")) ? 0 : 505;
}

/* Takes the field lines apart, up to the empty one. Returns false if one of them is no good. */
static bool parse_fields(struct text lines, struct request *request)
{
    struct text line;
    bool        good = take_line(&lines, &line);
    while (good && line.size > 0) {
        good = parse_field(line, request) && take_line(&lines, &line);
    }
    return good && (request->old || request->fields[FIELD_HOST].at != NULL);
}

/* Takes a head apart, which ends in an empty line. Returns 0 or the status of the refusal. */
static short parse_head(struct text head, struct request *request)
{
    struct text line;
    short       status = take_line(&head, &line) ? parse_line(line, request) : 400;
    if (status == 0 && !parse_fields(head, request)) {
        status = 400;
    }
    if (status == 0 && request->fields[FIELD_TRANSFER_ENCODING].at != NULL) {
        status = 501;
    }
    request->close = request->old || list_has(request->fields[FIELD_CONNECTION], "close");
    return status;
}

short parse_request(struct text input, struct request *request)
{
    const char *end = memmem(input.at, input.size, "\r\n\r\n", 4);
    struct text head = input;
    uint64_t    length = 0;
    short       status;
    memset(request, 0, sizeof *request);
    if (end == NULL) {
        return (input.size > MAX_HEAD) ? 431 : 0;
    }
    head.size = (size_t)(end - input.at) + 4;
    status = (head.size > MAX_HEAD) ? 431 : parse_head(head, request);
    if (status != 0) {
        return status;
    }
    if (request->fields[FIELD_CONTENT_LENGTH].at != NULL &&
        !text_number(request->fields[FIELD_CONTENT_LENGTH], UINT64_MAX, &length)) {
        return 400;
    }
    if (length > MAX_FORM) {
        return 413;
    }
    if (input.size - head.size >= length) {
        request->form.at = input.at + head.size;
        request->form.size = (size_t)length;
        request->size = head.size + (size_t)length;
    }
    return 0;
}

/* ------------------------------------------------------------------ forms */

int hex_digit(char byte)
{
    const char *digits = "0123456789abcdef";
    const char *found = (byte != '\0') ? strchr(digits, byte | 0x20) : NULL;
    return (found != NULL) ? (int)(found - digits) : -1;
}

/* Decodes a form's value into room for `room` bytes. Returns false if it does not fit, or holds
 * a broken escape. */
static bool form_decode(struct text value, char *decoded, size_t room, size_t *size)
{
    size_t at = 0;
    *size = 0;
    while (at < value.size) {
        char byte = value.at[at++];
        if (*size == room) {
            return false;
        }
        if (byte == '%') {
            int high = (at < value.size) ? hex_digit(value.at[at]) : -1;
            int low = (at + 1 < value.size) ? hex_digit(value.at[at + 1]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            at += 2;
        } else if (byte == '+') {
            byte = ' ';
        } else {
            /* stands for itself */
        }
        decoded[(*size)++] = byte;
    }
    return true;
}

/* Finds a form's value by name, and decodes it. Returns false if it is not there exactly once. */
static bool form_value(struct text form, const char *name, char decoded[16], struct text *value)
{
    int  found = 0;
    bool good = true;
    value->at = decoded;
    value->size = 0;
    while (form.size > 0) {
        struct text pair = text_until(&form, '&');
        struct text key = text_until(&pair, '=');
        if (text_is(key, name)) {
            found++;
            good = good && form_decode(pair, decoded, 16, &value->size);
        }
    }
    return good && found == 1;
}

bool form_station(struct text form, const char *name, unsigned *station)
{
    char        decoded[16];
    struct text value;
    uint64_t    number = 0;
    bool        good = form_value(form, name, decoded, &value) &&
                text_number(value, STATION_FIRST + STATION_COUNT - 1, &number) &&
                number >= STATION_FIRST;
    *station = (unsigned)number;
    return good;
}

bool form_date(struct text form, const char *name, unsigned *day)
{
    char        decoded[16];
    struct text value;
    uint64_t    numbers[3];
    if (!form_value(form, name, decoded, &value) || value.size != 8) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        struct text part = text_until(&value, '.');
        if (part.size != 2 || !text_number(part, 99, &numbers[i])) {
            return false;
        }
    }
    return day_number((unsigned)numbers[0], (unsigned)numbers[1], (unsigned)numbers[2] + 2000, day);
}
