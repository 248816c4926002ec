/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a byte for the limit of extensions, and content in the chunked coding up to its
 * trailers.
 *
 * Oracles: every cut gives the same verdict and the same data; a decoder that sees everything
 * at once agrees in each error; what was decoded and is coded again in other chunks decodes to
 * the same.
 */
#ifndef FUZZ_CHUNKED_H
#define FUZZ_CHUNKED_H

#include "dechunk.h"

static void fuzz_chunked_piece(fuzz_chunked_result *result, pario_i_chunked *chunked,
                               const unsigned char *s, size_t size)
{
    size_t at = 0;
    while (at < size && result->error == PARIO_OK && !result->done) {
        size_t   data = 0;
        size_t   before = at;
        uint64_t left = chunked->left;
        result->error = pario_i_chunked_read(chunked, s, &at, size, &data);
        FUZZ_CHECK(before < at && at <= size);
        if (result->error == PARIO_OK) {
            FUZZ_CHECK(before <= data && data <= at);
            FUZZ_CHECK(before < data || data == at || at - data <= left);
            fuzz_add(&result->data, s + data, at - data);
        }
        result->done = result->error == PARIO_OK && chunked->phase == PARIO_I_CHUNK_TRAILER;
    }
    result->consumed += at;
}

static fuzz_chunked_result fuzz_chunked_run(core_text text, uint64_t limit, unsigned cut)
{
    pario_i_chunked     chunked;
    fuzz_chunked_result result;
    fuzz_random         random = fuzz_seed(text.bytes, text.size);
    memset(&result, 0, sizeof result);
    fuzz_add(&result.data, "", 0);
    random.state += cut;
    pario_i_chunked_begin(&chunked, limit);
    for (size_t at = 0; at < text.size && result.error == PARIO_OK && !result.done;) {
        size_t         size = fuzz_piece(&random, cut, text.size - at);
        unsigned char *s = fuzz_copy(text.bytes + at, size);
        fuzz_chunked_piece(&result, &chunked, s, size);
        free(s);
        at += size;
    }
    return result;
}

/* ---- the target -------------------------------------------------------------------- */

/* An extension that is too long is found one byte later by the machine that goes byte by byte:
 * where its next byte is missing, it still waits. */
static void fuzz_chunked_compare(core_text text, uint64_t limit, const fuzz_chunked_result *seen)
{
    fuzz_chunked_result other;
    fuzz_chunked_other(text, limit, &other);
    if (other.error == PARIO_TIME_OVER) {
        FUZZ_CHECK(seen->error == PARIO_OK && !seen->done && seen->consumed == text.size);
    } else if (other.error == PARIO_ERROR_CHUNK_EXTENSIONS && seen->error == PARIO_OK) {
        FUZZ_CHECK(!seen->done && seen->consumed == text.size);
    } else {
        FUZZ_CHECK(seen->error == other.error && seen->done == other.done);
    }
    FUZZ_CHECK(!seen->done || seen->consumed == other.consumed);
    FUZZ_CHECK(fuzz_same(seen->data.bytes, seen->data.size, other.data.bytes, other.data.size));
    fuzz_clear(&other.data);
}

/* Codes data in chunks of random sizes, and decodes that. */
static void fuzz_chunked_again(const fuzz_text *data)
{
    fuzz_random random = fuzz_seed(data->bytes, data->size);
    fuzz_text   coded = { NULL, 0, 0 };
    for (size_t at = 0; at < data->size;) {
        char   line[40];
        size_t size = 1 + fuzz_below(&random, data->size - at);
        snprintf(line, sizeof line, fuzz_below(&random, 2) == 0 ? "%zx\r\n" : "%zX ;a=b\r\n", size);
        fuzz_add_string(&coded, line);
        fuzz_add(&coded, data->bytes + at, size);
        fuzz_add_string(&coded, "\r\n");
        at += size;
    }
    fuzz_add_string(&coded, "0\r\n\r\n");
    core_text           text = { coded.bytes, coded.size };
    fuzz_chunked_result again = fuzz_chunked_run(text, UINT64_MAX, 3);
    FUZZ_CHECK(again.error == PARIO_OK && again.done && again.consumed <= coded.size - 2);
    FUZZ_CHECK(fuzz_same(data->bytes, data->size, again.data.bytes, again.data.size));
    fuzz_clear(&again.data);
    fuzz_clear(&coded);
}

static void fuzz_chunked(const uint8_t *data, size_t size)
{
    fuzz_input          in = { data, size, 0 };
    uint64_t            limit = fuzz_byte(&in);
    core_text           text = { (const char *)data + in.at, fuzz_left(&in) };
    fuzz_chunked_result whole = fuzz_chunked_run(text, limit, 0);
    for (unsigned cut = 1; cut < FUZZ_CUTS; cut++) {
        fuzz_chunked_result cutted = fuzz_chunked_run(text, limit, cut);
        FUZZ_CHECK(whole.error == cutted.error && whole.done == cutted.done);
        FUZZ_CHECK(!whole.done || whole.consumed == cutted.consumed);
        FUZZ_CHECK(
            fuzz_same(whole.data.bytes, whole.data.size, cutted.data.bytes, cutted.data.size));
        fuzz_clear(&cutted.data);
    }
    fuzz_chunked_compare(text, limit, &whole);
    fuzz_chunked_again(&whole.data);
    fuzz_clear(&whole.data);
}

#endif /* FUZZ_CHUNKED_H */
