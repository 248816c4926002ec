/* SPDX-License-Identifier: MIT */
/* What is accepted as a URL: its parts are in order and within its size, the host is not empty,
 * the port not 0, the target begins with "/" or "?" and ends where the fragment begins; no byte
 * of it is a space, a control byte or beyond ASCII, the inside of brackets aside (url_ipv4 and
 * the tests have that).
 *
 * bound: 12 bytes
 * compile: -DPARIO_SECTIONS=2 -DPARIO_NO_MEMCHR -DN=12
 * by-contract: pario_i_is
 * any-result: pario_i_url_is_ipv6
 * solve: --unwind 14
 */
#include "proof.h"

void proof(void)
{
    unsigned char s[N];
    size_t        size;
    size_t        at;
    pario_i_url   url;
    ASSUME(size <= N && at < size);
    if (pario_i_url_parse(s, size, &url) == PARIO_OK) {
        bool bracketed = url.literal && at >= url.host_beg && at < url.host_end;
        PROVE(pario_i_url_user_beg(&url) <= url.host_beg && url.host_beg < url.host_end);
        PROVE(url.host_end <= url.target_beg && url.target_beg <= url.target_end);
        PROVE(url.target_end <= url.end && url.end == size);
        PROVE(url.port >= 1);
        PROVE(bracketed || proof_in(s[at], 0x21, 0x7e));
        PROVE(url.target_beg == url.target_end || s[url.target_beg] == '/' ||
              s[url.target_beg] == '?');
        PROVE(url.target_end == size || s[url.target_end] == '#');
        PROVE(s[url.https ? 5 : 4] == ':');
    }
}
