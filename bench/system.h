/* SPDX-License-Identifier: MIT */
/* system.h: what this system allows, so that a run it will refuse is not tried for minutes. */
#ifndef BENCH_SYSTEM_H
#define BENCH_SYSTEM_H

#include "rows.h"

#include <stdbool.h>
#include <stddef.h>

/* Raises the soft limits of descriptors and processes as far as allowed. */
void limits_raise(void);

/*
 * Whether the system refuses `in_flight` requests on a client that waits this way. If so, note
 * receives a line that says which limit it is and how to raise it.
 */
bool limits_refuse(row_way way, long in_flight, char *note, size_t size);

/* The number in a file such as /proc/sys/vm/max_map_count, or -1. */
long limits_number(const char *path);

/* How many ports connections may begin at, or -1. */
long limits_ports(void);

#endif
