/* SPDX-License-Identifier: MIT */
/*
 * request.h: what the proofs of the writers of requests share: an order that was checked, and the
 * bytes that are written of it. Checked means what url_parse and order_line prove: the parts of
 * the URL in order and without a control byte, field lines that are lines.
 *
 * What is copied to the output, never from it, is not stored but followed: byte by byte, as it
 * would be read.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>
#include <string.h>

static void *proof_copy(void *to, const void *from, size_t size);
#define memcpy(to, from, size) proof_copy(to, from, size)
#define memmove(to, from, size) proof_copy(to, from, size)
#include "proof.h"

/* The output as far as it is known: how many bytes, how much of an empty line they end in, and
 * how many empty lines there are in all. */
static size_t   written;
static unsigned matched;
static unsigned empty_lines;

static void proof_follow(unsigned char byte)
{
    if (byte == '\n' && (matched & 1u) != 0) {
        matched++;
        empty_lines += matched == 4 ? 1u : 0u;
    } else if (byte == '\r') {
        matched = matched == 2 || matched == 4 ? 3 : 1;
    } else {
        matched = 0;
    }
}

/* memcpy, to the output or not. The output is written from its beginning to its end; what was
 * stored there without memcpy just before this copy is taken out of it again. */
static void *proof_copy(void *to, const void *from, size_t size)
{
    if (__CPROVER_same_object(to, proof_memory)) {
        size_t at = (size_t)((unsigned char *)to - proof_memory);
        PROVE(written <= at && at - written <= 2 && size <= PROOF_ROOM - at);
        for (size_t i = 0; i < 2; i++) {
            if (written + i < at) {
                proof_follow(proof_memory[written + i]);
                proof_memory[written + i] = 0;
            }
        }
        for (size_t i = 0; i < size; i++) {
            proof_follow(((const unsigned char *)from)[i]);
        }
        written = at + size;
    } else {
        for (size_t i = 0; i < size; i++) {
            ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
        }
    }
    return to;
}

#define URL 13                            /* bytes of the URL */
#define FIELD 6                           /* of a field line */
#define CONTENT (URL + 1 + FIELD + 1 + 2) /* where the content is at most */

/* A URL's parts in order, its bytes visible ASCII. */
static void proof_url(const unsigned char *s, const pario_i_url *url)
{
    ASSUME(pario_i_url_user_beg(url) + (url->literal ? 1u : 0u) <= url->host_beg);
    ASSUME(url->host_beg < url->host_end);
    ASSUME((size_t)url->host_end + (url->literal ? 1u : 0u) <= url->target_beg);
    ASSUME(url->target_beg <= url->target_end && url->target_end <= url->end && url->end == URL);
    for (size_t i = 0; i < URL; i++) {
        ASSUME(proof_in(s[i], 0x21, 0x7e));
    }
}

/* Behind the URL: field lines, the name of an other method, the content. */
static void proof_text(unsigned char *s, const pario_i_order *order, pario_i_upload *upload)
{
    unsigned char   name;
    unsigned char   value;
    unsigned char   method;
    bool            field;
    size_t          at = 0;
    bool            uploads;
    pario_i_content content;
    ASSUME(upload->size <= 99 || upload->size == PARIO_I_UNKNOWN);
    content.upload = uploads ? upload : NULL;
    ASSUME(proof_is(name, PARIO_I_TOKEN) && !proof_is(value, PARIO_I_CONTROL));
    ASSUME(proof_is(method, PARIO_I_TOKEN) && content.size <= 99);
    s[at++] = '\0';
    if ((order->flags & PARIO_I_HAS_TEXT) != 0) {
        if (field) {
            s[at++] = name;
            s[at++] = ':';
            s[at++] = ' ';
            s[at++] = value;
            s[at++] = '\r';
            s[at++] = '\n';
        }
        s[at++] = '\0';
        if (order->method == PARIO_I_OTHER) {
            s[at++] = method;
            s[at++] = '\0';
        }
    }
    memcpy(s + at, &content, sizeof content);
}

/* Any order that was checked; `block` has room for CONTENT bytes and the content. */
static void proof_order(pario_i_order *order, unsigned char *block, pario_i_upload *upload)
{
    ASSUME(order->method <= PARIO_I_OTHER);
    ASSUME(order->method != PARIO_I_OTHER || (order->flags & PARIO_I_HAS_TEXT) != 0);
    ASSUME((order->flags & PARIO_I_HAS_CONTENT) == 0 || (order->flags & PARIO_I_HAS_TEXT) != 0);
    order->url = block;
    proof_url(block, &order->parts);
    proof_text(block + URL, order, upload);
}

/* What was written has one empty line, at its end, and stayed within its room. */
static void proof_written(const pario_i_buffer *out)
{
    size_t at;
    PROVE(out->size < out->room && out->size == written);
    PROVE(empty_lines == 1 && matched == 4);
    PROVE(at >= PROOF_ROOM || proof_memory[at] == 0); /* nothing was stored unseen */
}

#endif /* REQUEST_H */
