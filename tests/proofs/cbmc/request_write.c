/* SPDX-License-Identifier: MIT */
/* What is written for a checked request has exactly one empty line, at its very end, and fits the
 * room that was reserved; request.h says what is meant by that.
 *
 * bound: host, port, target and fragment anywhere in a URL of 7 + 6 bytes, no field or one of one
 *        byte, any method or one of one byte, a User-Agent or none, content of up to 99 bytes or in
 *        chunks, asked for or not
 * compile: -DPARIO_SECTIONS=5 -DPARIO_NO_MEMCHR -DPROOF_ROOM=192
 * solve: --unwind 18
 * solve: --unwindset pario_i_write_decimal.0:3,pario_i_write_decimal.1:3,proof_copy.2:26
 */
#include "request.h"

void proof(void)
{
    unsigned char  block[CONTENT + sizeof(pario_i_content)];
    pario_i_upload upload;
    pario_i_order  order;
    pario_i_buffer out;
    bool           agent;
    memset(&out, 0, sizeof out);
    proof_order(&order, block, &upload);
    if (pario_i_request_write(&order, agent ? "U: a\r\n" : "", NULL, &out)) {
        proof_written(&out);
    }
}
