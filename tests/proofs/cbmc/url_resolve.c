/* SPDX-License-Identifier: MIT */
/* What a reference means, seen from a base: nothing outside of the two is read, and however many
 * ".." there are, they take nothing off the scheme, its "://" and the base's host. What is
 * appended, and taken off, is what buffer.c, url_append.c and url_remove_dots.c prove of it, so
 * the bytes of the result are any bytes here; the buffer has room for it, and yet any call may
 * fail.
 *
 * bound: a base of "http://h" and 3 bytes, a reference of 4
 * compile: -DPARIO_SECTIONS=2 -DPARIO_NO_MEMCHR -DPROOF_ROOM=64 -DBASE=3 -DSIZE=4
 * by-contract: pario_i_is pario_i_buffer_append pario_i_url_append pario_i_url_remove_dots
 * solve: --unwind 6 --unwindset proof.0:9 --object-bits 12
 */
#include <stdbool.h>
#include <stddef.h>

#include "proof.h"

#define HOST 8 /* where the host of the base ends */

static bool pario_i_buffer_append(pario_i_buffer *buffer, const void *bytes, size_t size)
    __CPROVER_requires(size <= PROOF_ROOM && __CPROVER_r_ok(bytes, size))
        __CPROVER_assigns(buffer->size, __CPROVER_object_whole(buffer->data))
            __CPROVER_ensures(buffer->size == __CPROVER_old(buffer->size) +
                                                  (__CPROVER_return_value ? size : 0u) &&
                              buffer->size < buffer->room);

static bool pario_i_url_append(pario_i_buffer *out, const unsigned char *s, size_t beg, size_t end)
    __CPROVER_requires(beg <= end && end <= PROOF_ROOM && __CPROVER_r_ok(s, end))
        __CPROVER_assigns(out->size, __CPROVER_object_whole(out->data))
            __CPROVER_ensures(out->size >= __CPROVER_old(out->size) +
                                               (__CPROVER_return_value ? end - beg : 0u) &&
                              out->size <= __CPROVER_old(out->size) + 3 * (end - beg) &&
                              out->size < out->room);

static void pario_i_url_remove_dots(pario_i_buffer *out, size_t root)
    __CPROVER_requires(root < out->size && out->size < out->room)
        __CPROVER_assigns(out->size, __CPROVER_object_whole(out->data))
            __CPROVER_ensures(out->size > root && out->size <= __CPROVER_old(out->size));

void proof(void)
{
    unsigned char  base[HOST + BASE];
    unsigned char  s[SIZE];
    size_t         size;
    pario_i_url    url;
    pario_i_buffer out;
    for (size_t i = 0; i < HOST; i++) {
        base[i] = (unsigned char)"http://h"[i];
    }
    out.data = proof_memory;
    out.size = 0;
    out.room = PROOF_ROOM;
    url.host_beg = 7;
    url.host_end = HOST;
    url.https = false;
    url.literal = false;
    url.target_beg = HOST;
    url.end = HOST + BASE;
    ASSUME(size <= SIZE);
    ASSUME(url.target_beg <= url.target_end && url.target_end <= url.end);
    ASSUME(url.target_end == url.target_beg || base[HOST] == '/' || base[HOST] == '?');
    if (pario_i_url_resolve(base, &url, s, size, &out)) {
        pario_i_reference r;
        pario_i_reference_split(s, size, &r);
        PROVE(out.size >= (r.scheme_end > 0 ? r.scheme_end : 4) + 3);
        PROVE(r.authority || r.scheme_end > 0 || out.size >= HOST);
    }
}
