/* SPDX-License-Identifier: MIT */
/* As request_write, for a request that a proxy is asked with the whole URL.
 *
 * bound: host, port, target and fragment anywhere in a URL of 7 + 6 bytes, GET without fields and
 *        content, a User-Agent or none, with credentials for the proxy
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
    ASSUME(order.method == PARIO_I_GET && order.flags == 0);
    memset(&out, 0, sizeof out);
    proof_order(&order, block, &upload);
    if (pario_i_request_write(&order, agent ? "U: a\r\n" : "", "P: b\r\n", &out)) {
        proof_written(&out);
    }
}
