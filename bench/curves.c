/* SPDX-License-Identifier: MIT */
/* curves.c: memory per request in flight, and the README's picture. See charts.h. */
#include "charts.h"

#include "summary.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD 64
#define MIB 1048576.0
#define LABEL_ROOM 128.0

/* A point of a curve: the median, per request. */
typedef struct curve_point {
    double x;
    double y;
} curve_point;

typedef struct curve {
    int         row;
    size_t      count;
    curve_point points[ROW_POINTS];
} curve;

typedef struct curves {
    size_t count;
    double least;
    double most;
    curve  list[32];
} curves;

/* The medians of a row that a logarithmic scale can show. */
static void curve_read(curve *result, const plan *work, int row_index)
{
    result->row = row_index;
    result->count = 0;
    for (int i = 0; i < ROW_POINTS; i++) {
        spread more = summary_of(work, row_index, RUN_HOLD, row_points[i], FIGURE_MORE_PRIVATE);
        if (more.count > 0 && more.median > 0) {
            curve_point *point = &result->points[result->count++];
            point->x = (double)row_points[i];
            point->y = more.median / point->x;
        }
    }
}

static void curves_read(curves *all, const plan *work)
{
    memset(all, 0, sizeof *all);
    all->least = 100;
    all->most = 1000;
    for (size_t i = 0; i < row_count && all->count < 32; i++) {
        curve *next = &all->list[all->count];
        if (!row_table[i].sweep) {
            continue;
        }
        curve_read(next, work, (int)i);
        for (size_t k = 0; k < next->count && next->count > 1; k++) {
            all->least = fmin(all->least, next->points[k].y);
            all->most = fmax(all->most, next->points[k].y);
        }
        all->count += next->count > 1 ? 1 : 0; /* a single point is no curve */
    }
}

/* The scales: whole powers of ten, 1 to 10,000 from left to right. */
static void curves_scales(const curves *all, double left, double top, double width, double height,
                          axis *x, axis *y)
{
    const axis across = { 1, (double)row_points[ROW_POINTS - 1], left, left + width, true };
    const axis up = { pow(10, floor(log10(all->least))), pow(10, ceil(log10(all->most))),
                      top + height, top, true };
    *x = across;
    *y = up;
}

/* 1, 10, 100, 1k, 10k: a power of ten as short as can be. */
static const char *curves_power(double value, char room[WORD])
{
    if (value >= 1e6) {
        text_print(room, WORD, "%.0fM", value / 1e6);
    } else {
        text_print(room, WORD, "%.0f%s", value >= 1e3 ? value / 1e3 : value,
                   value >= 1e3 ? "k" : "");
    }
    return room;
}

static void curves_grid(text *out, const axis *x, const axis *y)
{
    char word[WORD];
    for (double value = y->low; value <= y->high * 1.001; value *= 10) {
        double at = axis_at(y, value);
        svg_line(out, x->from, at, x->to, at, "g");
        svg_text(out, x->from - 6, at + 4, "m e", curves_power(value, word));
    }
    for (int i = 0; i < ROW_POINTS; i++) {
        double at = axis_at(x, (double)row_points[i]);
        svg_line(out, at, y->from, at, y->to, "g");
        svg_text(out, at, y->from + 15, "m c", curves_power((double)row_points[i], word));
    }
}

static void curve_draw(text *out, const curve *one, const axis *x, const axis *y)
{
    const row *subject = &row_table[one->row];
    text_add(out, "<path class=\"%s\" d=\"", svg_line_class(subject->kind));
    for (size_t i = 0; i < one->count; i++) {
        text_add(out, "%s%.1f %.1f", i == 0 ? "M" : "L", axis_at(x, one->points[i].x),
                 axis_at(y, one->points[i].y));
    }
    text_add(out, "\"/>\n");
    for (size_t i = 0; i < one->count; i++) {
        svg_mark(out, subject->way, subject->kind, axis_at(x, one->points[i].x),
                 axis_at(y, one->points[i].y));
    }
}

/* From low curves to high ones: the order of their labels. */
static int curve_order(const void *left, const void *right)
{
    const curve *a = (const curve *)left;
    const curve *b = (const curve *)right;
    double       at_a = a->points[a->count - 1].y;
    double       at_b = b->points[b->count - 1].y;
    return (at_a < at_b) - (at_a > at_b);
}

/* Each curve's name beside its end, moved apart, and a thin line from the one to the other. */
static void curves_label(text *out, curves *all, const axis *x, const axis *y)
{
    double positions[32];
    qsort(all->list, all->count, sizeof all->list[0], curve_order);
    for (size_t i = 0; i < all->count; i++) {
        const curve *one = &all->list[i];
        positions[i] = axis_at(y, one->points[one->count - 1].y);
    }
    svg_apart(positions, all->count, SVG_LINE_HEIGHT, y->to + 4, y->from - 2);
    for (size_t i = 0; i < all->count; i++) {
        const curve       *one = &all->list[i];
        const row         *subject = &row_table[one->row];
        const curve_point *last = &one->points[one->count - 1];
        svg_line(out, axis_at(x, last->x) + 5, axis_at(y, last->y), x->to + 13, positions[i], "d");
        svg_mark(out, subject->way, subject->kind, x->to + 18, positions[i]);
        svg_text(out, x->to + 26, positions[i] + 4, "t", subject->name);
    }
}

/* The chart within a drawing. */
static void curves_draw(text *out, const plan *work, double left, double top, double width,
                        double height)
{
    static curves all;
    axis          x;
    axis          y;
    curves_read(&all, work);
    curves_scales(&all, left, top, width, height, &x, &y);
    curves_grid(out, &x, &y);
    for (size_t i = 0; i < all.count; i++) {
        curve_draw(out, &all.list[i], &x, &y);
    }
    curves_label(out, &all, &x, &y);
    svg_text(out, (x.from + x.to) / 2, y.from + 31, "m c", "requests in flight");
}

void chart_per_request(text *out, const output_source *source)
{
    svg_begin(out, 360, 330, "Private bytes per request in flight, by requests in flight", false);
    curves_draw(out, source->work, 38, 10, 360 - 38 - LABEL_ROOM - 14, 280);
    svg_end(out);
}

/* ---- the picture ---- */

#define PICTURE_WIDTH 840.0
#define PICTURE_ROW 20.0

/* The rows of the picture's left half: the article's five, in C and in Python. */
static bool picture_wants(size_t row_index)
{
    const row *subject = &row_table[row_index];
    return !subject->sweep && (subject->article >= 0 || subject->kind == ROW_RAW);
}

static double picture_most(const plan *work)
{
    double most = 1;
    for (size_t i = 0; i < row_count; i++) {
        if (picture_wants(i)) {
            most = fmax(most, summary_of(work, (int)i, RUN_JOB, 0, FIGURE_PEAK).median / MIB);
        }
    }
    return most;
}

/* A row: name, seconds, bar, MiB. */
static void picture_row(text *out, const plan *work, int i, const axis *x, double y)
{
    const row *subject = &row_table[i];
    spread     wall = summary_of(work, i, RUN_JOB, 0, FIGURE_WALL);
    spread     peak = summary_of(work, i, RUN_JOB, 0, FIGURE_PEAK);
    spread     idle = summary_of(work, i, RUN_IDLE, 0, FIGURE_PEAK);
    double     end = axis_at(x, peak.median / MIB);
    double     begin = axis_at(x, fmin(idle.median, peak.median) / MIB);
    char       pale[] = "p0";
    char       word[WORD];
    pale[1] = (char)('0' + (int)subject->kind);
    svg_text(out, 22, y + 14, "t", subject->name);
    text_print(word, sizeof word, "%.2f s", wall.median);
    svg_text(out, x->from - 10, y + 14, "t e", word);
    svg_box(out, x->from, y + 4, begin - x->from, PICTURE_ROW - 7, pale, NULL);
    svg_box(out, begin, y + 4, end - begin, PICTURE_ROW - 7, svg_fill_class(subject->kind), NULL);
    text_print(word, sizeof word, "%.1f MiB", peak.median / MIB);
    svg_text(out, end + 5, y + 14, "t", word);
}

/* The left half. Returns where it ends. */
static double picture_bars(text *out, const plan *work, double y)
{
    const char *language = NULL;
    axis        x = { 0, picture_most(work), 178, 360, false };
    for (size_t i = 0; i < row_count; i++) {
        if (!picture_wants(i) || summary_first(work, (int)i, RUN_JOB, 0) == NULL) {
            continue;
        }
        if (language == NULL || strcmp(language, row_table[i].language) != 0) {
            language = row_table[i].language;
            svg_text(out, 14, y + 14, "b", language);
            y += PICTURE_ROW;
        }
        picture_row(out, work, (int)i, &x, y);
        y += PICTURE_ROW;
    }
    return y;
}

void chart_picture(text *out, const output_source *source)
{
    text   body = { NULL, 0, 0, false };
    char   word[160];
    double end = picture_bars(&body, source->work, 52);
    double height = fmax(end + 40, 400);
    svg_begin(out, PICTURE_WIDTH, height,
              "Peak memory of a hundred ticket pages fetched in different ways, and private memory "
              "per request in flight",
              true);
    svg_text(out, 14, 22, "b", "A hundred ticket pages: seconds and peak memory");
    text_print(word, sizeof word,
               "the article's delays × %g; fainter: the program with nothing to do",
               source->setup->scale);
    svg_text(out, 14, 40, "m", word);
    svg_text(out, 448, 22, "b", "Private bytes per request in flight");
    svg_text(out, 448, 40, "m", "all held by the server at the same moment");
    text_add(out, "%s", body.bytes == NULL ? "" : body.bytes);
    out->failed = out->failed || body.failed;
    text_free(&body);
    curves_draw(out, source->work, 486, 56, PICTURE_WIDTH - 486 - LABEL_ROOM - 14,
                height - 56 - 44);
    svg_end(out);
}
