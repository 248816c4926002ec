/* SPDX-License-Identifier: MIT */
/* The field table, from any state: the place for the next field is within the block.
 *
 * bound: any number of fields
 * compile: -DPARIO_SECTIONS=3
 */
#include <stddef.h>

static void *proof_realloc(size_t size);
#define PARIO_MALLOC(size) proof_realloc(size)
#define PARIO_REALLOC(pointer, size) proof_realloc(size)
#define PARIO_FREE(pointer) ((void)(pointer))
#include "proof.h"

static void *proof_realloc(size_t size)
{
    bool fails;
    return fails || size >= (size_t)1 << 55 ? NULL : malloc(size);
}

void proof(void)
{
    pario_i_head head;
    bool         fresh;
    ASSUME(head.count <= head.room && head.room < (size_t)1 << 40);
    head.fields = fresh ? NULL : (pario_i_field *)malloc(head.room * sizeof *head.fields);
    if (head.fields == NULL) {
        head.room = 0;
        head.count = 0;
    }
    pario_i_field *place = pario_i_head_place(&head);
    if (place != NULL) {
        PROVE(head.count < head.room && place == head.fields + head.count);
        PROVE(__CPROVER_w_ok(head.fields, head.room * sizeof *head.fields));
        PROVE(__CPROVER_w_ok(place, sizeof *place));
    }
}
