/* SPDX-License-Identifier: MIT */
/* rows.h: what is measured: the rows of the job, the rows of the sweep, and the article's. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#define ROW_NAME 32
#define ROW_NO_ARTICLE (-1)
#define ROW_POINTS 5

/* Who runs. It also decides the colour. */
typedef enum row_kind {
    ROW_PARIO,  /* pario, in C */
    ROW_RAW,    /* the hand-written loop */
    ROW_PYTHON, /* the article's scripts */
    ROW_PEER    /* libcurl, Go */
} row_kind;

/* How it waits. It also decides the colour of a line. */
typedef enum row_way {
    WAY_SEQUENTIAL,
    WAY_THREADS,
    WAY_ARENA,
    WAY_FIBERS,
    WAY_LOOP
} row_way;

/*
 * A row. In the command {bin} is the directory of the programs, {python} the interpreter,
 * {py} the directory of the scripts, {url} the server's address, {n} the number in flight.
 */
typedef struct row {
    const char *name;
    const char *language; /* as the tables say it */
    row_kind    kind;
    row_way     way;
    bool        sweep;       /* a row of the sweep; else of the job */
    bool        optional;    /* needs more than a C compiler and make */
    bool        once;        /* in the first round only */
    long        in_flight;   /* of the job */
    int         article;     /* its counterpart in row_article, or ROW_NO_ARTICLE */
    long        limit;       /* of the sweep: beyond it with --full only, and once; 0: none */
    long        end;         /* of the sweep: never beyond it; 0: none */
    long        descriptors; /* that a request in flight needs; 0: one */
    const char *command;     /* of the job or of the plateau */
    const char *idle;        /* the same program with nothing to do */
    const char *environment; /* NAME=VALUE for it, or NULL */
    const char *package;     /* Debian's, that its program is made with or from; NULL: none */
} row;

/* The article's figures. */
typedef struct row_reference {
    const char *name;
    double      text_seconds;  /* 0: the text has no figure */
    double      chart_seconds; /* read off the author's charts, 2 % */
    double      chart_mib;
} row_reference;

extern const row           row_table[];
extern const size_t        row_count;
extern const row_reference row_article[];
extern const size_t        row_article_count;
extern const long          row_points[ROW_POINTS];

/* The row of that name; sweep and job have names of their own. -1 if there is none. */
int row_find(const char *name, bool sweep);

#endif
