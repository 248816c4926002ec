/* SPDX-License-Identifier: MIT */
/* A number is accepted if it is digits, at least one, of which all but 18 are leading zeros, and
 * nothing else. What is refused is 0.
 *
 * bound: 24 bytes, any part of them
 * compile: -DPARIO_SECTIONS=1 -DN=24
 * by-contract: pario_i_is
 * solve: --unwind 25
 */
#include "proof.h"

void proof(void)
{
    unsigned char s[N];
    size_t        beg;
    size_t        end;
    uint64_t      value;
    bool          digits = true;
    bool          fits = true;
    ASSUME(beg <= end && end <= N);
    pario_i_number verdict = pario_i_decimal(s, beg, end, &value);
    for (size_t i = 0; i < N; i++) {
        digits = digits && (i < beg || i >= end || proof_in(s[i], '0', '9'));
        fits = fits && (i < beg || i + 18 >= end || s[i] == '0');
    }
    PROVE((verdict == PARIO_I_NUMBER_MALFORMED) == (!digits || beg == end));
    PROVE((verdict == PARIO_I_NUMBER_OVERFLOW) == (digits && beg < end && !fits));
    PROVE(verdict == PARIO_I_NUMBER || value == 0);
}
