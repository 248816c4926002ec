/* SPDX-License-Identifier: MIT */
/*
 * memory_of: runs a command, draws its resident memory (RSS) over time, exits as it did.
 *
 *     make examples && build/memory_of [-o FILE.csv] COMMAND [ARGUMENT...]
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#define PARIO_IMPLEMENTATION
#include "pario.h"

/* Time goes downwards; a bar is the most that was seen since the one above it. */
static void report(const pario_series *series, const char *command, FILE *csv)
{
    static const char bar[] = "####################################################";
    const size_t      count = series->count, rows = count < 12 ? count : 12;
    const double      peak = (double)series->peak_rss_bytes;
    uint64_t          most = 0;
    fprintf(stderr, "RSS of %s itself, without its children, every 10 ms\n", command);
    fputs("time_us,rss_bytes\n", csv);
    for (size_t i = 0; i < count; i++) {
        const pario_sample *at = &series->samples[i];
        fprintf(csv, "%jd,%ju\n", (intmax_t)at->time_us, (uintmax_t)at->rss_bytes);
        most = at->rss_bytes > most ? at->rss_bytes : most;
        if ((i + 1) * rows / count > i * rows / count) { /* the last one of its row */
            fprintf(stderr, "%8.3f s %8.2f MiB |%.*s\n", (double)at->time_us / 1e6,
                    (double)most / 1048576, (int)((double)most / peak * (sizeof bar - 1)), bar);
            most = 0;
        }
    }
    fprintf(stderr, "its peak %10.2f MiB%s\n", peak / 1048576, count > 1 ? "" : " or more");
}

/* Samples a child, which stops as its exec succeeds, from there to its end. Its exit status. */
static int measure(pid_t pid, const char *command, FILE *csv)
{
    int            status = 125 << 8; /* there is no child, or no sampler for it */
    pario_sampler *sampler = NULL;
    pario_series   series;
    if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
        pario_sampler_start(pid, 10, &sampler) == PARIO_OK &&
        ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
        pario_sampler_stop(sampler, &series) == PARIO_OK) {
        report(&series, command, csv);
        pario_series_free(&series);
    }
    status = WIFSTOPPED(status) && kill(pid, SIGKILL) == 0 ? 125 << 8 : status;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    const int   first = argc > 2 && strcmp(argv[1], "-o") == 0 ? 3 : 1;
    const char *word = argc > first ? argv[first] : "-";
    if (word[0] == '-') {
        fputs("usage: memory_of [-o FILE.csv] COMMAND [ARGUMENT...]\n", stderr);
        return word[strspn(word, "-")] == 'h' ? 0 : 2;
    }
    FILE *csv = fopen(first == 3 ? argv[2] : "/dev/null", "we");
    if (csv == NULL) {
        perror(argv[2]);
        return 2;
    }
    void (*const interrupted)(int) = signal(SIGINT, SIG_IGN); /* it is for the command */
    const pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGINT, interrupted);
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execvp(word, &argv[first]);
        perror(word);
        _exit(127);
    }
    const int status = measure(pid, word, csv);
    return fclose(csv) == 0 ? status : 1; /* 1: not whole */
}
