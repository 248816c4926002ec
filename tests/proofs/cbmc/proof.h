/* SPDX-License-Identifier: MIT */
/*
 * proof.h: what the harnesses for CBMC share. A variable that is declared and not set has an
 * arbitrary value; ASSUME narrows it, PROVE states what must hold then.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ASSUME(condition) __CPROVER_assume(condition)
#define PROVE(condition) __CPROVER_assert(condition, #condition)

void proof(void);

/* What pario_i_is means, without its table; class.c proves the two equal. The other harnesses
 * put this in the place of the calls, as a table of 256 costs the solver dear. */
static bool proof_is(unsigned char byte, unsigned classes);
static bool pario_i_is(unsigned char byte, unsigned classes)
    __CPROVER_ensures(__CPROVER_return_value == proof_is(byte, classes));

#if defined(PROOF_ROOM)
/* An allocator that may fail at any time, and never has more than PROOF_ROOM bytes. */
static unsigned char proof_memory[PROOF_ROOM];
static void         *proof_realloc(size_t size)
{
    bool fails;
    return fails || size > PROOF_ROOM ? NULL : proof_memory;
}
#define PARIO_MALLOC(size) proof_realloc(size)
#define PARIO_REALLOC(pointer, size) proof_realloc(size)
#define PARIO_FREE(pointer) ((void)(pointer))
#endif

#define PARIO_IMPLEMENTATION
#include <pario.h>

static bool proof_in(unsigned char byte, unsigned from, unsigned to)
{
    return byte >= from && byte <= to;
}

static bool proof_is(unsigned char b, unsigned classes)
{
    bool digit = proof_in(b, '0', '9');
    bool letter = proof_in(b, 'A', 'Z') || proof_in(b, 'a', 'z');
    bool common = digit || letter || b == '-' || b == '.';
    bool mark = b == '!' || b == '$' || b == '&' || b == '\'' || b == '*' || b == '+';
    bool other = b == '(' || b == ')' || b == ',' || b == ';' || b == '=';
    bool host = common || mark || other || b == '_' || b == '~';
    bool token = common || mark || b == '#' || b == '%' || proof_in(b, '^', '`') || b == '|' ||
                 b == '~';
    unsigned is = 0;
    is |= digit ? PARIO_I_DIGIT : 0u;
    is |= digit || proof_in(b, 'A', 'F') || proof_in(b, 'a', 'f') ? PARIO_I_HEX : 0u;
    is |= common || b == '+' ? PARIO_I_SCHEME : 0u;
    is |= host ? PARIO_I_HOST : 0u;
    is |= host || b == ':' ? PARIO_I_USERINFO : 0u;
    is |= host || b == ':' || b == '@' || b == '/' || b == '?' ? PARIO_I_TARGET : 0u;
    is |= token ? PARIO_I_TOKEN : 0u;
    is |= (b < 0x20 && b != '\t') || b == 0x7f ? PARIO_I_CONTROL : 0u;
    return (is & classes) != 0;
}
#endif
