/* SPDX-License-Identifier: MIT */
/* grid.h: a table, which can be written for a terminal, a page, or as Markdown. */
#ifndef BENCH_GRID_H
#define BENCH_GRID_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>

#define GRID_COLUMNS 10
#define GRID_ROWS 64
#define GRID_CELL 40

typedef struct grid_row {
    bool heading; /* of the rows that follow: the first cell only */
    char cells[GRID_COLUMNS][GRID_CELL];
} grid_row;

/* The first column is text, the others are numbers. */
typedef struct grid {
    const char *title;
    const char *note; /* below it, lines of at most 80 columns */
    size_t      columns;
    const char *heads[GRID_COLUMNS]; /* in one or two lines */
    size_t      count;
    grid_row    rows[GRID_ROWS];
} grid;

/* An empty table with so many columns. */
void grid_begin(grid *table, const char *title, const char *note, const char *const *heads,
                size_t columns);

/* A further row, to be filled in; a full table hands out its last row again. */
grid_row *grid_add(grid *table);

/* A heading, unless the last one was the same. former: what it was, NULL at first. */
void grid_heading(grid *table, const char *heading, const char **former);

/* For a terminal: at most 80 columns if the cells are as long as they should be. */
void grid_text(text *out, const grid *table);

void grid_html(text *out, const grid *table);

void grid_markdown(text *out, const grid *table);

#endif
