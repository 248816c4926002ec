/* SPDX-License-Identifier: MIT */
/* A number that is accepted, and so a Content-Length, has the value of its digits.
 *
 * bound: 1 to 20 digits
 * compile: -DPARIO_SECTIONS=1 -DN=20
 * solve: --unwind 21 --z3
 */
#include "proof.h"

void proof(void)
{
    unsigned char s[N];
    uint64_t      expected = 0;
    for (size_t i = 0; i < N; i++) {
        ASSUME(proof_in(s[i], '0', '9'));
    }
    for (size_t size = 1; size <= N; size++) {
        uint64_t value;
        expected = expected * 10u + ((uint64_t)s[size - 1] - '0');
        pario_i_number verdict = pario_i_decimal(s, 0, size, &value);
        PROVE(verdict != PARIO_I_NUMBER || value == expected);
        PROVE(verdict == PARIO_I_NUMBER || size > 18);
    }
}
