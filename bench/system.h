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
 * Whether the system refuses this row so many requests in flight. If so, note receives a line that
 * says which limit it is and how to raise it.
 */
bool limits_refuse(const row *subject, long in_flight, char *note, size_t size);

/*
 * The least pids.max of a control group and of those above it, -1 for none. groups: what
 * /proc/self/cgroup says; root: where control groups are mounted, usually /sys/fs/cgroup.
 */
long limits_group_pids(const char *groups, const char *root);

#endif
