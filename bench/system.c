/* SPDX-License-Identifier: MIT */
/* system.c: see system.h. */
#include "system.h"

#include "process.h"
#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SPARE 64 /* descriptors, threads and mappings that a program has anyway */

static void limits_raise_one(int resource)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        /* if it is refused, limits_refuse finds the limit as it is */
        (void)setrlimit((__rlimit_resource_t)resource, &limit);
    }
}

void limits_raise(void)
{
    limits_raise_one(RLIMIT_NOFILE);
    limits_raise_one(RLIMIT_NPROC);
}

/* The soft limit, LONG_MAX for none. */
static long limits_soft(int resource)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0 ||
        limit.rlim_cur > (rlim_t)LONG_MAX) {
        return LONG_MAX;
    }
    return (long)limit.rlim_cur;
}

long limits_number(const char *path)
{
    char  bytes[64];
    char *end = bytes;
    if (!file_read_small(path, bytes, sizeof bytes)) {
        return -1;
    }
    long value = strtol(bytes, &end, 10);
    return end == bytes ? -1 : value; /* "max" of a cgroup is no limit */
}

long limits_ports(void)
{
    char bytes[64];
    long low;
    long high;
    if (!file_read_small("/proc/sys/net/ipv4/ip_local_port_range", bytes, sizeof bytes) ||
        sscanf(bytes, "%ld %ld", &low, &high) != 2) {
        return -1;
    }
    return high - low + 1;
}

/* The pids.max of this process's control group, or -1. */
static long limits_group_pids(void)
{
    char bytes[512];
    char path[600];
    if (!file_read_small("/proc/self/cgroup", bytes, sizeof bytes)) {
        return -1;
    }
    char *line = strstr(bytes, "0::");
    if (line == NULL) {
        return -1;
    }
    line[strcspn(line, "\n")] = '\0';
    text_print(path, sizeof path, "/sys/fs/cgroup%s/pids.max", line + 3);
    return limits_number(path);
}

/* One limit against what is needed; -1 and LONG_MAX are no limit. */
static bool limits_short(long limit, long need, const char *what, const char *how, char *note,
                         size_t size)
{
    if (limit < 0 || limit >= need) {
        return false;
    }
    text_print(note, size, "%ld %s are needed, the limit is %ld: %s", need, what, limit, how);
    return true;
}

/* The limits of threads. */
static bool limits_refuse_threads(long need, char *note, size_t size)
{
    return limits_short(limits_soft(RLIMIT_NPROC), need, "threads", "raise it with ulimit -u", note,
                        size) ||
           limits_short(limits_number("/proc/sys/kernel/threads-max"), need, "threads",
                        "raise kernel.threads-max with sysctl -w", note, size) ||
           limits_short(limits_number("/proc/sys/kernel/pid_max"), need, "thread ids",
                        "raise kernel.pid_max with sysctl -w", note, size) ||
           limits_short(limits_group_pids(), need, "threads", "raise the control group's pids.max",
                        note, size);
}

bool limits_refuse(row_way way, long in_flight, char *note, size_t size)
{
    const bool threads = way == WAY_THREADS || way == WAY_ARENA;
    const bool stacks = threads || way == WAY_FIBERS;
    const long need = in_flight + SPARE;
    if (limits_short(limits_soft(RLIMIT_NOFILE), need, "descriptors", "raise it with ulimit -n",
                     note, size) ||
        limits_short(limits_ports(), need, "ports",
                     "widen net.ipv4.ip_local_port_range with sysctl -w", note, size)) {
        return true;
    }
    if (stacks && limits_short(limits_number("/proc/sys/vm/max_map_count"), 2 * need, "mappings",
                               "raise vm.max_map_count with sysctl -w", note, size)) {
        return true;
    }
    return threads && limits_refuse_threads(need, note, size);
}
