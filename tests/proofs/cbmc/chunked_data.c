/* SPDX-License-Identifier: MIT */
/* Inside of a chunk's data: never more than was given, nor more than is left of the chunk; and
 * whole or in two pieces, the same bytes are data and the same state follows.
 *
 * bound: 1023 bytes of input, a chunk of any size
 * compile: -DPARIO_SECTIONS=4
 * solve: --unwind 2
 */
#include "proof.h"

void proof(void)
{
    static unsigned char s[1]; /* data are passed over, not read */
    pario_i_chunked      whole;
    size_t               at;
    size_t               cut;
    size_t               end;
    size_t               data;
    ASSUME(at <= cut && cut <= end && end <= 1023);
    ASSUME(whole.phase == PARIO_I_CHUNK_DATA && whole.left > 0);
    pario_i_chunked split = whole;
    uint64_t        left = whole.left;
    size_t          one = at;
    size_t          two = at;
    pario_error     error = pario_i_chunked_read(&whole, s, &one, end, &data);
    PROVE(error == PARIO_OK && data == at && one <= end && one - at + whole.left == left);
    PROVE(one == end || whole.left == 0);
    PROVE((whole.phase == PARIO_I_CHUNK_DATA) == (whole.left > 0));
    error = pario_i_chunked_read(&split, s, &two, cut, &data);
    PROVE(error == PARIO_OK && data == at && two <= cut);
    if (split.phase == PARIO_I_CHUNK_DATA) {
        PROVE(two == cut);
        error = pario_i_chunked_read(&split, s, &two, end, &data);
        PROVE(error == PARIO_OK && data == cut);
    }
    PROVE(one == two && whole.left == split.left && whole.phase == split.phase);
}
