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
#include <unistd.h>

#define SPARE 16           /* descriptors and threads that a program has anyway */
#define SPARE_MAPPINGS 200 /* Python has the most */

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

/* The number in a file such as /proc/sys/vm/max_map_count, or -1. */
static long limits_number(const char *path)
{
    char  bytes[64];
    char *end = bytes;
    if (!file_read_small(path, bytes, sizeof bytes)) {
        return -1;
    }
    long value = strtol(bytes, &end, 10);
    return end == bytes ? -1 : value; /* "max" of a control group is no limit */
}

/* How many ports connections may begin at, or -1. */
static long limits_ports(void)
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

/* The least pids.max from a group's directory, which is `top` bytes or more, upwards; or -1. */
static long limits_group_least(char *path, size_t top)
{
    long least = -1;
    while (strlen(path) > top) {
        char file[700];
        text_print(file, sizeof file, "%s/pids.max", path);
        long found = limits_number(file);
        least = found >= 0 && (least < 0 || found < least) ? found : least;
        *strrchr(path, '/') = '\0';
    }
    return least;
}

long limits_group_pids(const char *groups, const char *root)
{
    char path[600];
    long least = -1;
    for (const char *line = groups; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        const char *controller = strchr(line, ':');
        const char *group = controller == NULL ? NULL : strchr(controller + 1, ':');
        if (group == NULL) {
            continue;
        }
        if (strncmp(controller, "::", 2) == 0) { /* version 2 */
            text_print(path, sizeof path, "%s%.*s", root, (int)strcspn(group + 1, "\n"), group + 1);
        } else if (strncmp(controller, ":pids:", 6) == 0) {
            text_print(path, sizeof path, "%s/pids%.*s", root, (int)strcspn(group + 1, "\n"),
                       group + 1);
        } else {
            continue;
        }
        long found = limits_group_least(path, strlen(root));
        least = found >= 0 && (least < 0 || found < least) ? found : least;
    }
    return least;
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

/* The limits of threads. That of a user's processes does not bind root. */
static bool limits_refuse_threads(long need, char *note, size_t size)
{
    char groups[4096];
    long processes = geteuid() == 0 ? LONG_MAX : limits_soft(RLIMIT_NPROC);
    (void)file_read_small("/proc/self/cgroup", groups, sizeof groups);
    return limits_short(processes, need, "threads", "raise it with ulimit -Hu", note, size) ||
           limits_short(limits_number("/proc/sys/kernel/threads-max"), need, "threads",
                        "raise kernel.threads-max with sysctl -w", note, size) ||
           limits_short(limits_number("/proc/sys/kernel/pid_max"), need, "thread ids",
                        "raise kernel.pid_max with sysctl -w", note, size) ||
           limits_short(limits_group_pids(groups, "/sys/fs/cgroup"), need, "threads",
                        "raise the control group's pids.max", note, size);
}

bool limits_refuse(const row *subject, long in_flight, char *note, size_t size)
{
    const bool threads = subject->way == WAY_THREADS || subject->way == WAY_ARENA;
    const bool stacks = threads || (subject->way == WAY_FIBERS && subject->kind == ROW_PARIO);
    const long need = in_flight + SPARE;
    const long each = subject->descriptors > 0 ? subject->descriptors : 1;
    if (limits_short(limits_soft(RLIMIT_NOFILE), each * in_flight + SPARE, "descriptors",
                     "raise it with ulimit -Hn", note, size) ||
        limits_short(limits_ports(), need, "ports",
                     "widen net.ipv4.ip_local_port_range with sysctl -w", note, size)) {
        return true;
    }
    if (stacks &&
        limits_short(limits_number("/proc/sys/vm/max_map_count"), 2 * in_flight + SPARE_MAPPINGS,
                     "mappings", "raise vm.max_map_count with sysctl -w", note, size)) {
        return true;
    }
    return threads && limits_refuse_threads(need, note, size);
}
