/* SPDX-License-Identifier: MIT */
/* A word is recognised, in letters of any case, and nothing else is taken for it; nothing outside
 * of what is given is looked at, though eight bytes are compared at once.
 *
 * bound: "age", "location" and "transfer-encoding", any part of 18 bytes that are no controls
 * compile: -DPARIO_SECTIONS=1 -DN=18
 * solve: --unwind 20
 */
#include "proof.h"

static void proof_word(const char *word, size_t size)
{
    unsigned char s[N];
    bool          same = true;
    for (size_t i = 0; i < size; i++) {
        ASSUME(s[i] >= 0x20);
        same = same && pario_i_lower(s[i]) == (unsigned char)word[i];
    }
    PROVE(pario_i_equals(s, 0, size, word) == same);
    size_t beg;
    size_t end;
    ASSUME(end <= N);
    PROVE(!pario_i_equals(s, beg, end, word) || end - beg == size);
}

void proof(void)
{
    proof_word("age", 3);
    proof_word("location", 8);
    proof_word("transfer-encoding", 17);
}
