/* SPDX-License-Identifier: MIT */
/* An IPv4 address that is accepted is digits and three dots, and has 7 to 15 bytes.
 *
 * bound: 17 bytes, any part of them
 * compile: -DPARIO_SECTIONS=2 -DN=17
 * by-contract: pario_i_is
 * solve: --unwind 18 --unwindset pario_i_url_octet.0:4,pario_i_url_is_ipv4.0:4
 */
#include "proof.h"

void proof(void)
{
    unsigned char s[N];
    size_t        beg;
    size_t        end;
    size_t        dots = 0;
    size_t        digits = 0;
    ASSUME(beg <= end && end <= N);
    bool good = pario_i_url_is_ipv4(s, beg, end);
    for (size_t i = 0; i < N; i++) {
        dots += i >= beg && i < end && s[i] == '.';
        digits += i >= beg && i < end && proof_in(s[i], '0', '9');
    }
    PROVE(!good || (dots == 3 && digits == end - beg - 3));
    PROVE(!good || (end - beg >= 7 && end - beg <= 15));
}
