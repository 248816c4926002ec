/* SPDX-License-Identifier: MIT */
/* What a path becomes: it begins with a slash, none of its segments is "." or "..", and what
 * stands before it is left alone.
 *
 * bound: a slash and 5 bytes
 * compile: -DPARIO_SECTIONS=2 -DPARIO_NO_MEMCHR -DPROOF_ROOM=8 -DSIZE=6
 * solve: --unwind 8 --object-bits 12
 */
#include <stddef.h>
#include <string.h>

/* memmove byte by byte, which is cheaper here than CBMC's own; towards the front, as it is used. */
static inline void *proof_move(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    }
    return to;
}
#define memmove(to, from, size) proof_move(to, from, size)
#include "proof.h"

/* Whether a segment begins or ends at out[at]. */
static bool proof_slash(const pario_i_buffer *out, size_t at)
{
    return at >= out->size || out->data[at] == '/';
}

void proof(void)
{
    unsigned char  s[SIZE];
    size_t         size;
    size_t         at;
    pario_i_buffer out;
    ASSUME(size >= 1 && size <= SIZE);
    ASSUME(s[0] == '/');
    out.data = proof_memory;
    out.data[0] = 'h';
    for (size_t i = 0; i < SIZE; i++) {
        out.data[1 + i] = s[i];
    }
    out.size = 1 + size;
    out.room = PROOF_ROOM;
    pario_i_url_remove_dots(&out, 1);
    PROVE(out.size > 1 && out.size <= 1 + size && out.data[0] == 'h' && out.data[1] == '/');
    ASSUME(at >= 1 && at < out.size - 1 && out.data[at] == '/' && out.data[at + 1] == '.');
    PROVE(!proof_slash(&out, at + 2));
    PROVE(out.data[at + 2] != '.' || !proof_slash(&out, at + 3));
}
