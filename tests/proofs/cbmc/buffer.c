/* SPDX-License-Identifier: MIT */
/* The growing buffer, from any state: what is appended stands behind what was there, which stays;
 * there is always room for a NUL; where memory runs out nothing has changed.
 *
 * bound: any size up to 2^55
 * compile: -DPARIO_SECTIONS=1
 */
#include <stddef.h>

static void *proof_realloc(void *old, size_t size);
#define PARIO_MALLOC(size) proof_realloc(NULL, size)
#define PARIO_REALLOC(pointer, size) proof_realloc(pointer, size)
#define PARIO_FREE(pointer) ((void)(pointer))
#include "proof.h"

#define MOST ((size_t)1 << 55)

/* Of the bytes that were there one is watched: any one. */
static size_t        watched;
static unsigned char before;

/* No memory; or a new block of that size, in which the watched byte is what it was. */
static void *proof_realloc(void *old, size_t size)
{
    bool fails;
    PROVE(size > 0);
    if (fails || size >= MOST) {
        return NULL;
    }
    unsigned char *block = (unsigned char *)malloc(size);
    ASSUME(block != NULL);
    if (old != NULL && watched < size) {
        block[watched] = before;
    }
    return block;
}

void proof(void)
{
    pario_i_buffer buffer;
    size_t         watch;
    size_t         size;
    size_t         at;
    bool           fresh;
    watched = watch;
    ASSUME(buffer.room < MOST && size < MOST);
    if (fresh) {
        memset(&buffer, 0, sizeof buffer);
    } else {
        buffer.data = (unsigned char *)malloc(buffer.room);
        ASSUME(buffer.data != NULL && buffer.size < buffer.room);
    }
    pario_i_buffer old = buffer;
    before = watched < old.size ? buffer.data[watched] : 0;
    unsigned char *bytes = (unsigned char *)malloc(size);
    ASSUME(bytes != NULL);
    if (pario_i_buffer_append(&buffer, bytes, size)) {
        PROVE(buffer.size == old.size + size && buffer.size < buffer.room);
        PROVE(__CPROVER_w_ok(buffer.data, buffer.room));
        PROVE(at >= size || buffer.data[old.size + at] == bytes[at]);
    } else {
        PROVE(buffer.size == old.size && buffer.room == old.room && buffer.data == old.data);
    }
    PROVE(watched >= old.size || buffer.data[watched] == before);
}
