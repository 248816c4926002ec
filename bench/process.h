/* SPDX-License-Identifier: MIT */
/* process.h: what the kernel says of one process, and of itself. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include "pario.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One reading of a process: pario's own, and the page faults so far. */
typedef struct process_read {
    pario_memory memory;
    uint64_t     minor_faults;
} process_read;

/* The kernel's own memory, of the whole machine, in bytes: only differences mean something. */
typedef struct kernel_read {
    int64_t stacks;      /* KernelStack of /proc/meminfo */
    int64_t slab;        /* Slab: sockets, files, tasks, mappings */
    int64_t page_tables; /* PageTables, of all processes */
    int64_t sockets;     /* TCP's buffers, by /proc/net/sockstat */
} kernel_read;

/* Reads process `pid`, 0 for this one. Returns false, and zeros, if it cannot be read. */
bool process_read_all(pid_t pid, process_read *result);

/* Reads the kernel's share. What cannot be read is 0. */
void kernel_read_all(kernel_read *result);

/* after - before, member by member. */
kernel_read kernel_difference(const kernel_read *after, const kernel_read *before);

/* Reads a small file of /proc or /sys whole and ends it with a NUL. Returns false on failure. */
bool file_read_small(const char *path, char *room, size_t size);

/* A pipe whose ends are closed by exec. Returns false, with errno, on failure. */
bool pipe_open(int ends[2]);

#endif
