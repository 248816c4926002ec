/* SPDX-License-Identifier: MIT */
/* machine.h: where and with what it was measured. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#define MACHINE_FACTS 40

/* A name and its value, as the report shows them. */
typedef struct machine_fact {
    char name[48];
    char value[200];
} machine_fact;

typedef struct machine {
    machine_fact facts[MACHINE_FACTS];
    size_t       count;
} machine;

/*
 * Finds out. python: the interpreter, which is asked for its modules' versions, or NULL; peers:
 * whether libcurl and Go are of interest.
 */
void machine_describe(machine *result, const char *python, bool peers);

/* The processes that want to run, on average over the last minute; 0 if it is not known. */
double machine_load(void);

/* Adds a fact; a value that is empty is left out. */
void machine_add(machine *result, const char *name, const char *value);

#endif
