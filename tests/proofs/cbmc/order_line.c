/* SPDX-License-Identifier: MIT */
/* Nothing can be injected by a field: what is accepted, whatever its name and value are, becomes
 * one line, which begins with the name, has no line end but the one at its end, and no control
 * byte but a tab.
 *
 * bound: names of up to 2 bytes, values of up to 3
 * compile: -DPARIO_SECTIONS=5 -DPARIO_NO_MEMCHR -DPROOF_ROOM=16
 * by-contract: pario_i_is
 * solve: --unwind 17
 */
#include <stddef.h>
#include <string.h>

/* memcpy byte by byte, which is cheaper here than CBMC's own. */
static inline void *proof_copy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    }
    return to;
}
#define memcpy(to, from, size) proof_copy(to, from, size)
#include "proof.h"

void proof(void)
{
    char           name[3];
    char           value[4];
    size_t         at;
    pario_field    field;
    pario_i_buffer text;
    memset(&text, 0, sizeof text);
    name[2] = '\0';
    value[3] = '\0';
    field.name = name;
    field.value = value;
    ASSUME(pario_i_is_token((const unsigned char *)name, strlen(name)));
    if (pario_i_order_line(&field, &text) == PARIO_OK) {
        const unsigned char *s = proof_memory;
        PROVE(text.size == strlen(name) + strlen(value) + 4 && text.size < text.room);
        PROVE(s[0] == (unsigned char)name[0] && s[strlen(name)] == ':');
        PROVE(s[text.size - 2] == '\r' && s[text.size - 1] == '\n');
        PROVE(at >= text.size - 2 || !proof_is(s[at], PARIO_I_CONTROL));
    }
}
