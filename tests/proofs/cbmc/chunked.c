/* SPDX-License-Identifier: MIT */
/* Whole or in two pieces, from any state: the same verdict, the same bytes are data, and the same
 * state follows; never more is read than was given.
 *
 * bound: 2 bytes from any state, and so any number by induction
 * compile: -DPARIO_SECTIONS=4 -DN=2
 * by-contract: pario_i_is
 * solve: --unwind 4
 */
#include "proof.h"

void proof(void)
{
    unsigned char   s[N];
    pario_i_chunked whole;
    size_t          cut;
    size_t          at = 0;
    size_t          data;
    ASSUME(cut <= N && whole.phase <= PARIO_I_CHUNK_TRAILER);
    ASSUME(whole.phase != PARIO_I_CHUNK_DATA || whole.left > 0);
    pario_i_chunked split = whole;

    pario_error error = pario_i_chunked_read(&whole, s, &at, N, &data);
    PROVE(data <= at && at <= N);

    size_t      at2 = 0;
    size_t      data2;
    pario_error error2 = pario_i_chunked_read(&split, s, &at2, cut, &data2);
    PROVE(data2 <= at2 && at2 <= cut);
    bool clipped = data2 < at2 && split.phase == PARIO_I_CHUNK_DATA;
    bool hungry = data2 == at2 && split.phase != PARIO_I_CHUNK_TRAILER;
    if (error2 == PARIO_OK && (clipped || hungry)) {
        size_t more;
        PROVE(at2 == cut);
        error2 = pario_i_chunked_read(&split, s, &at2, N, &more);
        PROVE(!clipped || more == cut);
        data2 = clipped ? data2 : more;
    }
    PROVE(error == error2 && at == at2 && data == data2);
    PROVE(error != PARIO_OK || (whole.phase == split.phase && whole.left == split.left));
}
