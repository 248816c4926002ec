/* SPDX-License-Identifier: MIT */
/* A decoder of the chunked coding that sees everything at once, to compare with. */
#ifndef FUZZ_DECHUNK_H
#define FUZZ_DECHUNK_H

#include "fuzz.h"

typedef struct fuzz_chunked_result {
    pario_error error;
    bool        done;
    size_t      consumed;
    fuzz_text   data;
} fuzz_chunked_result;

/* Takes as many bytes off as are among some characters. */
static core_text fuzz_chunked_span(core_text *rest, const char *characters)
{
    core_text span = { rest->bytes, 0 };
    while (span.size < rest->size && fuzz_among((unsigned char)span.bytes[span.size], characters)) {
        span.size++;
    }
    rest->bytes += span.size;
    rest->size -= span.size;
    return span;
}

/* Takes CR LF off: PARIO_OK, an error, or, where it is not all there, PARIO_TIME_OVER. */
static pario_error fuzz_chunked_crlf(core_text *rest, pario_error error)
{
    static const char crlf[] = "\r\n";
    for (size_t i = 0; i < 2; i++) {
        if (rest->size == 0) {
            return PARIO_TIME_OVER;
        }
        if (rest->bytes[0] != crlf[i]) {
            return error;
        }
        rest->bytes++;
        rest->size--;
    }
    return PARIO_OK;
}

/* Takes the extensions off, [BWS ";" text]. *left: how many more bytes of them are allowed. */
static pario_error fuzz_chunked_extension(core_text *rest, uint64_t *left)
{
    bool blank = true; /* no semicolon came yet */
    while (rest->size > 0 && (blank || rest->bytes[0] != '\r')) {
        unsigned char byte = (unsigned char)rest->bytes[0];
        if ((blank && !fuzz_is_blank(byte) && byte != ';') || !fuzz_is_text(&byte, 1)) {
            return PARIO_ERROR_CHUNK_SIZE;
        }
        if (*left == 0) {
            return PARIO_ERROR_CHUNK_EXTENSIONS;
        }
        blank = blank && byte != ';';
        (*left)--;
        rest->bytes++;
        rest->size--;
    }
    return PARIO_OK;
}

/* Takes a size line off; PARIO_TIME_OVER: it is not all there. */
static pario_error fuzz_chunked_size(core_text *rest, uint64_t *left, uint64_t *size)
{
    char        digits[16];
    core_text   span = fuzz_chunked_span(rest, FUZZ_HEX);
    pario_error error = PARIO_OK;
    if (span.size > 15) {
        return PARIO_ERROR_CHUNK_OVERFLOW;
    }
    memset(digits, 0, sizeof digits);
    memcpy(digits, span.bytes, span.size);
    *size = strtoull(digits, NULL, 16);
    if (rest->size == 0) {
        return PARIO_TIME_OVER;
    }
    if (span.size == 0) {
        return PARIO_ERROR_CHUNK_SIZE;
    }
    if (fuzz_among((unsigned char)rest->bytes[0], " \t;")) {
        error = fuzz_chunked_extension(rest, left);
    }
    return error == PARIO_OK ? fuzz_chunked_crlf(rest, PARIO_ERROR_CHUNK_SIZE) : error;
}

static void fuzz_chunked_other(core_text text, uint64_t limit, fuzz_chunked_result *result)
{
    core_text rest = text;
    uint64_t  size = 1;
    memset(result, 0, sizeof *result);
    fuzz_add(&result->data, "", 0);
    while (result->error == PARIO_OK && !result->done) {
        result->error = fuzz_chunked_size(&rest, &limit, &size);
        result->done = result->error == PARIO_OK && size == 0;
        if (result->error == PARIO_OK && !result->done) {
            size_t have = size < rest.size ? (size_t)size : rest.size;
            fuzz_add(&result->data, rest.bytes, have);
            rest.bytes += have;
            rest.size -= have;
            result->error = have < size ? PARIO_TIME_OVER
                                        : fuzz_chunked_crlf(&rest, PARIO_ERROR_CHUNK_END);
        }
    }
    result->consumed = text.size - rest.size;
}

#endif /* FUZZ_DECHUNK_H */
