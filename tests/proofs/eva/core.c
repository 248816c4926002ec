/* SPDX-License-Identifier: MIT */
/*
 * The core's readers as Frama-C's Eva sees them: any input of any size up to SIZE bytes, and no
 * undefined behaviour. Each proof_NAME is one entry point.
 */
#include "__fc_builtin.h"
#include <stdlib.h>

#define SIZE 65535
#define FIELDS 65536

static void *proof_allocate(void);
#define PARIO_MALLOC(size) proof_allocate()
#define PARIO_REALLOC(pointer, size) proof_allocate()
#define PARIO_FREE(pointer) ((void)(pointer))
#define PARIO_IMPLEMENTATION
#include <pario.h>

/* What cbmc/equals.c proves of it: it reads nothing outside of what it is given. */
/*@ requires beg >= end || \valid_read(s + (beg .. end - 1));
    assigns \result \from s[beg .. end - 1], word[0 .. 19];
    ensures \result == 0 || \result == 1; */
static inline bool pario_i_equals(const unsigned char *s, size_t beg, size_t end, const char *word);

static unsigned char input[SIZE];
static pario_i_field table[FIELDS];

/* A field table for as many fields as a head may have, or no memory. That a smaller one grows in
 * time is what cbmc/head_place.c proves. */
static void *proof_allocate(void)
{
    return Frama_C_nondet(0, 1) == 1 ? (void *)table : NULL;
}

static size_t proof_size(size_t most)
{
    return Frama_C_size_t_interval(0, most);
}

static uint32_t proof_index(uint32_t most)
{
    return Frama_C_unsigned_int_interval(0, most);
}

/* Any URL. */
void proof_url(void)
{
    pario_i_url url;
    Frama_C_make_unknown((char *)input, SIZE);
    (void)pario_i_url_parse(input, proof_size(SIZE), &url);
}

/* Any head or trailer section under any limits, in any number of pieces of any size. */
void proof_head(void)
{
    pario_i_head head;
    size_t       size = 0;
    bool         trailer = Frama_C_nondet(0, 1) == 1;
    Frama_C_make_unknown((char *)input, SIZE);
    head.fields = NULL;
    head.room = 0;
    pario_i_head_begin(&head, trailer ? PARIO_I_HEAD_FIELDS : PARIO_I_HEAD_STATUS,
                       1 + proof_index(16777215), 1 + proof_index(FIELDS - 1));
    pario_error error = PARIO_OK;
    //@ loop widen_hints global:"all", 65535, 65536, 65600, 131072;
    while (error == PARIO_OK) {
        size_t more = proof_size(SIZE);
        size = more > size ? more : size;
        error = pario_i_head_read(&head, input, size);
    }
}

/* Framing by any table of fields. */
void proof_fields(void)
{
    pario_i_head    head;
    pario_i_framing framing;
    Frama_C_make_unknown((char *)input, SIZE);
    for (size_t i = 0; i < FIELDS; i++) {
        table[i].name_beg = proof_index(SIZE);
        table[i].name_end = proof_index(SIZE);
        table[i].value_beg = proof_index(SIZE);
        table[i].value_end = proof_index(SIZE);
    }
    head.fields = table;
    head.count = proof_index(FIELDS);
    head.version = Frama_C_nondet(0, 1) == 1 ? 10 : 11;
    head.status = (uint16_t)proof_index(999);
    (void)pario_i_framing_decide(&head, input, Frama_C_nondet(0, 1) == 1, &framing);
}

/* Any chunked content, read on from any place. */
void proof_chunked(void)
{
    pario_i_chunked chunked;
    size_t          at = 0;
    size_t          data;
    Frama_C_make_unknown((char *)input, SIZE);
    pario_i_chunked_begin(&chunked, Frama_C_unsigned_long_long_interval(0, UINT64_MAX));
    size_t      end = proof_size(SIZE);
    pario_error error = PARIO_OK;
    while (error == PARIO_OK) {
        error = pario_i_chunked_read(&chunked, input, &at, end, &data);
    }
}
