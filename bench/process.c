/* SPDX-License-Identifier: MIT */
/* process.c: see process.h. The implementation of pario.h is compiled here. */
#define PARIO_IMPLEMENTATION
#include "process.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool file_read_small(const char *path, char *room, size_t size)
{
    size_t  have = 0;
    ssize_t got = 1;
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    room[0] = '\0';
    if (fd < 0) {
        return false;
    }
    while (got > 0 && have + 1 < size) {
        got = read(fd, room + have, size - 1 - have);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got > 0) {
            have += (size_t)got;
        }
    }
    room[have] = '\0';
    (void)close(fd);
    return have > 0;
}

/* Field 10 of /proc/PID/stat, counted after the last ')', for a name may hold anything. */
static uint64_t process_minor_faults(pid_t pid)
{
    char path[64];
    char bytes[1024];
    if (pid == 0) {
        text_print(path, sizeof path, "/proc/self/stat");
    } else {
        text_print(path, sizeof path, "/proc/%ld/stat", (long)pid);
    }
    if (!file_read_small(path, bytes, sizeof bytes)) {
        return 0;
    }
    const char *at = strrchr(bytes, ')');
    for (int field = 2; at != NULL && field < 10; field++) {
        at = strchr(at + 1, ' ');
    }
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

bool process_read_all(pid_t pid, process_read *result)
{
    memset(result, 0, sizeof *result);
    if (pario_memory_read((int)pid, &result->memory) != PARIO_OK) {
        return false;
    }
    result->minor_faults = process_minor_faults(pid);
    return true;
}

/* The number after `label` at the beginning of a line, or 0. */
static int64_t label_number(const char *bytes, const char *label)
{
    size_t size = strlen(label);
    for (const char *line = bytes; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncmp(line, label, size) == 0) {
            return strtoll(line + size, NULL, 10);
        }
    }
    return 0;
}

void kernel_read_all(kernel_read *result)
{
    char bytes[8192];
    memset(result, 0, sizeof *result);
    if (file_read_small("/proc/meminfo", bytes, sizeof bytes)) {
        result->stacks = label_number(bytes, "KernelStack:") * 1024;
        result->slab = label_number(bytes, "Slab:") * 1024;
        result->page_tables = label_number(bytes, "PageTables:") * 1024;
    }
    if (file_read_small("/proc/net/sockstat", bytes, sizeof bytes)) {
        const char *tcp = strstr(bytes, "\nTCP:");
        const char *pages = tcp == NULL ? NULL : strstr(tcp, " mem ");
        if (pages != NULL) {
            result->sockets = strtoll(pages + 5, NULL, 10) * sysconf(_SC_PAGESIZE);
        }
    }
}

kernel_read kernel_difference(const kernel_read *after, const kernel_read *before)
{
    kernel_read result;
    result.stacks = after->stacks - before->stacks;
    result.slab = after->slab - before->slab;
    result.page_tables = after->page_tables - before->page_tables;
    result.sockets = after->sockets - before->sockets;
    return result;
}

bool pipe_open(int ends[2])
{
    if (pipe(ends) != 0) {
        return false;
    }
    if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0) {
        return true;
    }
    int error = errno;
    (void)close(ends[0]);
    (void)close(ends[1]);
    errno = error;
    return false;
}
