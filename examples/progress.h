/* SPDX-License-Identifier: MIT */
/*
 * progress.h: one line on a terminal that says how far it all is. It is drawn by whoever calls
 * progress_draw, without a thread and without escape sequences. Include it after pario.h.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PROGRESS_MS 300     /* between two drawings */
#define PROGRESS_COLUMNS 79 /* the last of 80 stays free: the cursor is there */

/* What there is to say. */
typedef struct progress_counts {
    uint64_t done; /* failed ones included */
    uint64_t failed;
    uint64_t flying;
    uint64_t waiting; /* for another try */
} progress_counts;

typedef struct progress {
    bool     on;
    size_t   shown; /* columns that are on the screen now */
    int64_t  due_ms;
    int64_t  drawn_ms; /* 0: never yet */
    uint64_t drawn_done;
    double   per_second;
} progress;

/* Begins, if standard error is a terminal. */
static inline void progress_open(progress *line, int64_t now_ms)
{
    line->on = isatty(STDERR_FILENO) == 1;
    line->drawn_ms = now_ms;
    line->due_ms = now_ms + PROGRESS_MS;
}

/* Writes to the terminal; if that fails, there is nobody to tell. */
static inline void progress_write(const char *text, size_t size)
{
    const ssize_t wrote = write(STDERR_FILENO, text, size);
    (void)wrote;
}

/* Takes the line away, and leaves the cursor where it was. */
static inline void progress_clear(progress *line)
{
    char blank[PROGRESS_COLUMNS + 2];
    if (line->shown > 0) {
        memset(blank, ' ', sizeof blank);
        blank[0] = '\r';
        blank[line->shown + 1] = '\r';
        progress_write(blank, line->shown + 2);
        line->shown = 0;
    }
}

/* How many columns may be used. */
static inline size_t progress_room(void)
{
    struct winsize screen;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &screen) != 0 || screen.ws_col == 0 ||
        screen.ws_col > PROGRESS_COLUMNS) {
        return PROGRESS_COLUMNS;
    }
    return screen.ws_col - 1u;
}

/* The requests per second lately: the newest interval counts for a third. */
static inline void progress_measure(progress *line, uint64_t done, int64_t now_ms)
{
    const int64_t took_ms = now_ms - line->drawn_ms;
    if (took_ms > 0) {
        const double newest = (double)(done - line->drawn_done) * 1000 / (double)took_ms;
        line->per_second = line->drawn_done == 0 ? newest : (2 * line->per_second + newest) / 3;
        line->drawn_ms = now_ms;
        line->drawn_done = done;
    }
}

/* Writes what there is to say into text, behind a carriage return. Returns its columns. */
static inline size_t progress_text(const progress *line, const progress_counts *counts, char *text,
                                   size_t size)
{
    char         wait[32] = "";
    pario_memory memory;
    if (pario_memory_read(0, &memory) != PARIO_OK) {
        memset(&memory, 0, sizeof memory);
    }
    if (counts->waiting > 0) {
        (void)snprintf(wait, sizeof wait, ", %ju waiting", (uintmax_t)counts->waiting);
    }
    const int wrote =
        snprintf(text, size, "\r%ju done, %ju failed, %ju in flight%s, %ju/s, RSS %ju kB",
                 (uintmax_t)counts->done, (uintmax_t)counts->failed, (uintmax_t)counts->flying,
                 wait, (uintmax_t)line->per_second, (uintmax_t)(memory.rss_bytes / 1024));
    return wrote > 1 ? (size_t)wrote - 1 : 0;
}

/* Whether there is a line, and it is time to draw it. */
static inline bool progress_is_due(const progress *line, int64_t now_ms)
{
    return line->on && now_ms >= line->due_ms;
}

/* Draws the line. */
static inline void progress_draw(progress *line, const progress_counts *counts, int64_t now_ms)
{
    char text[256];
    progress_measure(line, counts->done, now_ms);
    const size_t size = progress_text(line, counts, text, sizeof text);
    const size_t room = progress_room();
    const size_t shown = size < room ? size : room;
    size_t       end = shown + 1;
    while (end < line->shown + 1) { /* over the rest of a longer one */
        text[end] = ' ';
        end++;
    }
    progress_write(text, end);
    line->shown = end - 1;
    line->due_ms = now_ms + PROGRESS_MS;
}

#endif /* PROGRESS_H */
