/* SPDX-License-Identifier: MIT */
/* What a path becomes: it begins with a slash, none of its segments is "." or "..", and what
 * stands before it is left alone.
 *
 * bound: 4 bytes that need no percent-encoding
 * compile: -DPARIO_SECTIONS=2 -DPARIO_NO_MEMCHR -DPROOF_ROOM=8 -DSIZE=4
 * by-contract: pario_i_is
 * solve: --unwind 6 --unwindset pario_i_url_append.0:2 --object-bits 12
 */
#include <stddef.h>
#include <string.h>

/* memcpy byte by byte, which is cheaper here than CBMC's own. */
static inline void *proof_copy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    }
    return to;
}
#define memcpy(to, from, size) proof_copy(to, from, size)
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
    out.data = proof_memory;
    out.data[0] = 'h';
    out.size = 1;
    out.room = PROOF_ROOM;
    ASSUME(size <= SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        ASSUME(proof_is(s[i], PARIO_I_TARGET));
    }
    if (pario_i_url_path(&out, 1, s, 0, size)) {
        PROVE(out.size > 1 && out.data[0] == 'h' && out.data[1] == '/');
        ASSUME(at >= 1 && at < out.size - 1 && out.data[at] == '/' && out.data[at + 1] == '.');
        PROVE(!proof_slash(&out, at + 2));
        PROVE(out.data[at + 2] != '.' || !proof_slash(&out, at + 3));
    }
}
