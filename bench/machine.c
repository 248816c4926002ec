/* SPDX-License-Identifier: MIT */
/* machine.c: see machine.h. */
#include "machine.h"

#include "process.h"
#include "stage.h"
#include "system.h"
#include "text.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* With which flags the programs were compiled: the Makefile may say so. */
#if !defined(BENCH_FLAGS) && defined(__OPTIMIZE__)
#define BENCH_FLAGS "with optimisation"
#elif !defined(BENCH_FLAGS)
#define BENCH_FLAGS "without optimisation"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

void machine_add(machine *result, const char *name, const char *value)
{
    if (value[0] == '\0' || result->count == MACHINE_FACTS) {
        return;
    }
    machine_fact *fact = &result->facts[result->count++];
    text_copy(fact->name, sizeof fact->name, name);
    text_copy(fact->value, sizeof fact->value, value);
}

/* The value of the first line of a /proc file that begins with `label`, without its colon. */
static void machine_label(const char *path, const char *label, char *value, size_t size)
{
    char bytes[8192];
    value[0] = '\0';
    if (!file_read_small(path, bytes, sizeof bytes)) {
        return;
    }
    char *at = strstr(bytes, label);
    at = at == NULL ? NULL : strchr(at, ':');
    if (at != NULL) {
        at += 1 + strspn(at + 1, " \t");
        at[strcspn(at, "\n")] = '\0';
        text_copy(value, size, at);
    }
}

/* A whole file of one line. */
static void machine_file(machine *result, const char *name, const char *path)
{
    char bytes[256];
    if (file_read_small(path, bytes, sizeof bytes)) {
        bytes[strcspn(bytes, "\n")] = '\0';
        for (char *at = bytes; *at != '\0'; at++) {
            *at = *at == '\t' ? ' ' : *at;
        }
        machine_add(result, name, bytes);
    }
}

double machine_load(void)
{
    char   bytes[128];
    double load = 0;
    if (!file_read_small("/proc/loadavg", bytes, sizeof bytes) ||
        sscanf(bytes, "%lf", &load) != 1) {
        return 0;
    }
    return load;
}

static void machine_system(machine *result)
{
    struct utsname name;
    char           value[200];
    time_t         now = time(NULL);
    struct tm      parts;
    if (gmtime_r(&now, &parts) != NULL && strftime(value, sizeof value, "%Y-%m-%d", &parts) > 0) {
        machine_add(result, "date", value);
    }
    if (uname(&name) == 0) {
        text_print(value, sizeof value, "%s %s %s", name.sysname, name.release, name.machine);
        machine_add(result, "kernel", value);
    }
    machine_label("/proc/cpuinfo", "model name", value, sizeof value);
    machine_add(result, "processor", value);
    text_print(value, sizeof value, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    machine_add(result, "CPUs online", value);
    text_print(value, sizeof value, "%.2f", machine_load());
    machine_add(result, "load average at the start", value);
    machine_label("/proc/meminfo", "MemTotal", value, sizeof value);
    machine_add(result, "memory", value);
    text_print(value, sizeof value, "%ld bytes", sysconf(_SC_PAGESIZE));
    machine_add(result, "page", value);
    machine_file(result, "transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled");
}

static void machine_build(machine *result)
{
    char value[200];
    machine_add(result, "compiler", COMPILER);
    machine_add(result, "flags", BENCH_FLAGS);
    text_print(value, sizeof value, "glibc %s", gnu_get_libc_version());
    machine_add(result, "libc", value);
    machine_add(result, "pario", PARIO_VERSION);
    machine_add(result, "malloc arenas", "glibc's default; the rows \"1 arena\" have one");
}

static void machine_limit(machine *result, const char *name, int resource)
{
    struct rlimit limit;
    char          value[64];
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) {
        return;
    }
    if (limit.rlim_cur == RLIM_INFINITY) {
        machine_add(result, name, "unlimited");
    } else {
        text_print(value, sizeof value, "%llu", (unsigned long long)limit.rlim_cur);
        machine_add(result, name, value);
    }
}

static void machine_limits(machine *result)
{
    machine_limit(result, "descriptors (ulimit -n)", RLIMIT_NOFILE);
    machine_limit(result, "processes and threads (ulimit -u)", RLIMIT_NPROC);
    machine_limit(result, "stack, bytes (ulimit -s x 1024)", RLIMIT_STACK);
    machine_file(result, "vm.max_map_count", "/proc/sys/vm/max_map_count");
    machine_file(result, "kernel.threads-max", "/proc/sys/kernel/threads-max");
    machine_file(result, "vm.overcommit_memory", "/proc/sys/vm/overcommit_memory");
    machine_file(result, "net.ipv4.ip_local_port_range", "/proc/sys/net/ipv4/ip_local_port_range");
    machine_file(result, "net.ipv4.tcp_tw_reuse", "/proc/sys/net/ipv4/tcp_tw_reuse");
    machine_file(result, "net.core.somaxconn", "/proc/sys/net/core/somaxconn");
}

/* What a command's last line says. */
static void machine_ask(machine *result, const char *name, const char *const argv[])
{
    char  line[200];
    char  words[4][512];
    char *command[5] = { NULL, NULL, NULL, NULL, NULL };
    for (int i = 0; i < 4 && argv[i] != NULL; i++) {
        text_copy(words[i], sizeof words[i], argv[i]);
        command[i] = words[i];
    }
    stage_ask(command, line, sizeof line);
    machine_add(result, name, line);
}

void machine_describe(machine *result, const char *python, bool peers)
{
    static const char modules[] = "import sys\n"
                                  "from importlib.metadata import version\n"
                                  "out = ['Python ' + sys.version.split()[0]]\n"
                                  "for name in ('requests', 'gevent', 'aiohttp'):\n"
                                  "    try:\n"
                                  "        out.append(name + ' ' + version(name))\n"
                                  "    except ImportError:\n"
                                  "        out.append(name + ' is missing')\n"
                                  "print(', '.join(out))\n";
    const char *const ask_python[] = { python, "-c", modules, NULL };
    const char *const ask_curl[] = { "curl-config", "--version", NULL };
    const char *const ask_go[] = { "go", "version", NULL };
    memset(result, 0, sizeof *result);
    machine_system(result);
    machine_build(result);
    if (python != NULL) {
        machine_ask(result, "Python", ask_python);
    }
    if (peers) {
        machine_ask(result, "libcurl", ask_curl);
        machine_ask(result, "Go", ask_go);
    }
    machine_limits(result);
}
