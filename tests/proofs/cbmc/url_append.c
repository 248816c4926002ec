/* SPDX-License-Identifier: MIT */
/* What a reference's path, query and fragment become: whatever is appended may stand in a URL,
 * each byte of it, and it is no shorter than the original, nor more than three times as long.
 *
 * bound: 4 bytes, any part of them
 * compile: -DPARIO_SECTIONS=2 -DPARIO_NO_MEMCHR -DPROOF_ROOM=16 -DSIZE=4
 * by-contract: pario_i_is
 * solve: --unwind 5
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

void proof(void)
{
    unsigned char  s[SIZE];
    size_t         beg;
    size_t         end;
    size_t         at;
    pario_i_buffer out;
    out.data = proof_memory;
    out.size = 0;
    out.room = PROOF_ROOM;
    ASSUME(beg <= end && end <= SIZE);
    bool good = pario_i_url_append(&out, s, beg, end);
    PROVE(!good || out.size >= end - beg);
    PROVE(out.size <= 3 * (end - beg));
    PROVE(at >= out.size || proof_is(out.data[at], PARIO_I_TARGET) || out.data[at] == '%');
}
