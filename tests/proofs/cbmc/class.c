/* SPDX-License-Identifier: MIT */
/* The table of character classes says of each byte and all classes what the RFCs do.
 *
 * bound: all arguments
 * compile: -DPARIO_SECTIONS=1
 */
#include "proof.h"

void proof(void)
{
    unsigned char byte;
    unsigned      classes;
    ASSUME(classes <= 0xffu);
    PROVE(pario_i_is(byte, classes) == proof_is(byte, classes));
    PROVE(pario_i_lower(byte) == (proof_in(byte, 'A', 'Z') ? byte - 'A' + 'a' : byte));
    PROVE(!pario_i_is(byte, PARIO_I_HEX) || pario_i_hex_value(byte) < 16);
}
