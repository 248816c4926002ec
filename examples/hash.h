/* SPDX-License-Identifier: MIT */
/*
 * hash.h: a number of 64 bits that stands for some bytes. Among a million different texts two
 * have the same number with a probability of 1 to 37 million. No secret is in it: who wants to
 * find two such texts can.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, and then every bit mixed into the low ones. */
static inline uint64_t hash_bytes(const char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    return hash;
}

#endif /* HASH_H */
