/* SPDX-License-Identifier: MIT */
/* What a field counts for: a Content-Length, in letters of any case, once, or twice if it is a
 * list, and its value is that of its digits; a Transfer-Encoding once, and it is chunked if that
 * is all it says; another name of these lengths for nothing.
 *
 * bound: names of 14 and of 17 bytes, values of up to 8 bytes
 * compile: -DPARIO_SECTIONS=4 -DPARIO_NO_MEMCHR -DN=8
 * by-contract: pario_i_is
 * solve: --unwind 26 --unwindset pario_i_equals.0:19,pario_i_equals.1:19
 * solve: --unwindset pario_i_decimal.0:10,pario_i_decimal.1:10,pario_i_find.0:10
 */
#include "proof.h"

/* Whether s[at..) is the word, case ignored. */
static bool proof_says(const unsigned char *s, size_t at, const char *word, size_t size)
{
    bool same = true;
    for (size_t i = 0; i < size; i++) {
        same = same && pario_i_lower(s[at + i]) == (unsigned char)word[i];
    }
    return same;
}

static void proof_of(const char *name, size_t size)
{
    unsigned char          s[17 + N];
    pario_i_field          field;
    pario_i_framing_fields fields;
    field.name_beg = 0;
    field.name_end = (uint32_t)size;
    field.value_beg = (uint32_t)size;
    ASSUME(field.value_end >= size && field.value_end <= size + N);
    ASSUME(fields.lengths < 1000 && fields.codings < 1000);
    for (size_t i = 0; i < 17 + N; i++) {
        ASSUME(s[i] >= 0x20);
    }
    pario_i_framing_fields old = fields;
    pario_i_framing_note(&fields, s, &field);
    bool   named = proof_says(s, 0, name, size);
    bool   sized = named && size == 14;
    bool   coded = named && size == 17;
    size_t value = field.value_end - size;
    PROVE(sized ? fields.lengths > old.lengths && fields.lengths <= old.lengths + 2
                : fields.lengths == old.lengths);
    PROVE(fields.codings == old.codings + (coded ? 1u : 0u));
    PROVE(!sized || fields.length_error != PARIO_OK ||
          (value > 0 && fields.length < 100000000 && fields.lengths == old.lengths + 1));
    PROVE(sized || fields.length == old.length);
    PROVE(!coded || fields.chunked == (value == 7 && proof_says(s, size, "chunked", 7)));
}

void proof(void)
{
    proof_of("content-length", 14);
    proof_of("transfer-encoding", 17);
}
