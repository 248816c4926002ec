/* SPDX-License-Identifier: MIT */
/* svg.h: the few shapes that the charts are drawn with. Colours are classes: see svg_style. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include "rows.h"
#include "text.h"

#include <stdbool.h>

#define SVG_LINE_HEIGHT 14.0 /* between two labels that must not touch */

/* An axis: values from low to high lie at positions from `from` to `to`. */
typedef struct axis {
    double low;
    double high;
    double from;
    double to;
    bool   logarithmic;
} axis;

/* Where a value lies; values beyond the axis lie at its end. */
double axis_at(const axis *scale, double value);

/* A step of 1, 2 or 5 times a power of ten, so that a range takes at most `count` steps. */
double axis_step(double range, int count);

/* The same, rounded up to whole steps: where an axis from 0 may end. */
double axis_end(double most, int count);

/*
 * Opens and closes a drawing. width, height: of its own coordinates, in which letters are 12
 * high; label: what it shows, for who cannot see it; style: whether it must bring its own.
 */
void svg_begin(text *out, double width, double height, const char *label, bool style);
void svg_end(text *out);

/* Text. class: "t" plain, "m" muted, "b" bold; with "e" it ends at x, with "c" x is its middle. */
void svg_text(text *out, double x, double y, const char *class, const char *string);

void svg_line(text *out, double x1, double y1, double x2, double y2, const char *class);

/* A rectangle, with a title that a pointer brings up, or NULL. */
void svg_box(text *out, double x, double y, double width, double height, const char *class,
             const char *title);

/* A mark of the shape of a way of waiting, in the colour of a kind of row. */
void svg_mark(text *out, row_way way, row_kind kind, double x, double y);

/* The class of a kind's lines ("l0") and of its areas ("f0"). */
const char *svg_line_class(row_kind kind);
const char *svg_fill_class(row_kind kind);

/*
 * Moves positions, which are in order, apart until none is nearer than `gap` to its neighbour,
 * within `low` and `high` as far as they fit.
 */
void svg_apart(double *positions, size_t count, double gap, double low, double high);

/* The colours, as CSS: light, dark, and on paper. */
void svg_style(text *out);

#endif
