/* SPDX-License-Identifier: MIT */
/* A lookup finds the index-th field of the name, in letters of any case, or none.
 *
 * bound: 3 fields with names anywhere in 12 bytes, any index
 * compile: -DPARIO_SECTIONS=3 -DN=12
 * solve: --unwind 14
 */
#include "proof.h"

#define FIELDS 3

static bool proof_is_age(const unsigned char *s, const pario_i_field *field)
{
    size_t at = field->name_beg;
    return field->name_end - at == 3 && pario_i_lower(s[at]) == 'a' &&
           pario_i_lower(s[at + 1]) == 'g' && pario_i_lower(s[at + 2]) == 'e';
}

void proof(void)
{
    unsigned char s[N];
    pario_i_field fields[FIELDS];
    pario_i_head  head;
    size_t        index;
    size_t        before = 0;
    head.fields = fields;
    ASSUME(head.count <= FIELDS);
    for (size_t i = 0; i < FIELDS; i++) {
        ASSUME(fields[i].name_beg <= fields[i].name_end && fields[i].name_end <= N);
    }
    size_t found = pario_i_head_lookup(&head, s, "age", index);
    for (size_t i = 0; i < FIELDS; i++) {
        before += i < head.count && i < found && proof_is_age(s, &fields[i]);
    }
    PROVE(found <= head.count);
    PROVE(found == head.count ? before <= index : before == index);
    PROVE(found == head.count || proof_is_age(s, &fields[found]));
}
