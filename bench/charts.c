/* SPDX-License-Identifier: MIT */
/* charts.c: see charts.h. */
#include "charts.h"

#include "summary.h"
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576.0
#define WORD 64

/* ---- memory over time ---- */

#define PANEL_WIDTH 172.0
#define PANEL_HEIGHT 132.0

/* The scales that all panels share. */
typedef struct panel_scale {
    double seconds;
    double mib;
} panel_scale;

/* The good trace of a row, if it belongs to those that are shown. */
static const run_record *panel_trace(const plan *work, size_t row_index, bool pario_only)
{
    const row *subject = &row_table[row_index];
    if (subject->sweep || (pario_only && subject->kind != ROW_PARIO)) {
        return NULL;
    }
    return summary_first(work, (int)row_index, RUN_TRACE, 0);
}

static panel_scale panel_scale_of(const plan *work, bool pario_only)
{
    panel_scale scale = { 0, 0 };
    for (size_t i = 0; i < row_count; i++) {
        const run_record *record = panel_trace(work, i, pario_only);
        if (record != NULL) {
            scale.seconds = fmax(scale.seconds, summary_figure(record, FIGURE_WALL));
            scale.mib = fmax(scale.mib, summary_figure(record, FIGURE_PEAK) / MIB);
        }
    }
    return scale;
}

/* The curve as a path: where it hardly moves, a point is left out. */
static void panel_path(text *out, const pario_series *series, const axis *x, const axis *y)
{
    double at_x = -10;
    double at_y = -10;
    for (size_t i = 0; i < series->count; i++) {
        double next_x = axis_at(x, (double)series->samples[i].time_us / 1e6);
        double next_y = axis_at(y, (double)series->samples[i].rss_bytes / MIB);
        if (i > 0 && i + 1 < series->count && fabs(next_x - at_x) < 0.8 &&
            fabs(next_y - at_y) < 0.3) {
            continue;
        }
        at_x = next_x;
        at_y = next_y;
        text_add(out, "%s%.1f %.1f", i == 0 ? "M" : "L", at_x, at_y);
    }
}

static void panel_curve(text *out, const run_record *record, const axis *x, const axis *y)
{
    const pario_series *series = &record->series;
    row_kind            kind = row_table[record->row].kind;
    if (series->count == 0) {
        return;
    }
    double last = axis_at(x, (double)series->samples[series->count - 1].time_us / 1e6);
    text_add(out, "<path class=\"p%d\" d=\"", (int)kind);
    panel_path(out, series, x, y);
    text_add(out, "L%.1f %.1fL%.1f %.1fz\"/>\n", last, y->from, x->from, y->from);
    text_add(out, "<path class=\"%s\" d=\"", svg_line_class(kind));
    panel_path(out, series, x, y);
    text_add(out, "\"/>\n");
}

/* Grid lines and their numbers. */
static void panel_grid(text *out, const axis *x, const axis *y)
{
    char   word[WORD];
    double step = axis_step(y->high, 3);
    for (double value = 0; value <= y->high * 1.001; value += step) {
        double at = axis_at(y, value);
        svg_line(out, x->from, at, x->to, at, value > 0 ? "g" : "a");
        text_print(word, sizeof word, "%g", value);
        svg_text(out, x->from - 4, at + 4, "m e", word);
    }
    step = axis_step(x->high, 3);
    for (double value = 0; value <= x->high * 1.001; value += step) {
        text_print(word, sizeof word, "%g", value);
        svg_text(out, axis_at(x, value), y->from + 14, "m c", word);
    }
}

static void panel_draw(text *out, const plan *work, const run_record *record,
                       const panel_scale *scale)
{
    const row *subject = &row_table[record->row];
    axis       x = { 0, axis_end(scale->seconds, 3), 26, PANEL_WIDTH - 14, false };
    axis       y = { 0, axis_end(scale->mib, 3), PANEL_HEIGHT - 20, 36, false };
    spread     idle = summary_of(work, record->row, RUN_IDLE, 0, FIGURE_PEAK);
    char       word[WORD];
    char       label[2 * WORD];
    text_print(word, sizeof word, "%s: peak %.1f MiB", subject->language,
               summary_figure(record, FIGURE_PEAK) / MIB);
    text_print(label, sizeof label, "Memory over time: %s, %s", subject->name, word);
    svg_begin(out, PANEL_WIDTH, PANEL_HEIGHT, label, false);
    svg_text(out, 2, 12, "b", subject->name);
    svg_text(out, 2, 26, "m", word);
    panel_grid(out, &x, &y);
    panel_curve(out, record, &x, &y);
    if (idle.count > 0) {
        double at = axis_at(&y, idle.median / MIB);
        svg_line(out, x.from, at, x.to, at, "d i");
    }
    svg_end(out);
}

void chart_memory(text *out, const output_source *source, bool pario_only)
{
    const plan *work = source->work;
    panel_scale scale = panel_scale_of(work, pario_only);
    text_add(out, "<div class=\"panels\">\n");
    for (size_t i = 0; i < row_count; i++) {
        const run_record *record = panel_trace(work, i, pario_only);
        if (record != NULL) {
            panel_draw(out, work, record, &scale);
        }
    }
    text_add(out, "</div>\n");
}

/* ---- bars ---- */

#define BARS_WIDTH 360.0
#define BARS_ROW 18.0
#define BARS_LABEL 140.0
#define BARS_VALUE 62.0 /* room for the number behind the longest bar */

static double bars_unit(chart_bars what)
{
    return what == CHART_TIME ? 1 : MIB;
}

static spread bars_figure(const plan *work, size_t row_index, chart_bars what)
{
    figure wanted = what == CHART_TIME ? FIGURE_WALL : FIGURE_PEAK;
    spread result = { 0, 0, 0, 0 };
    if (row_table[row_index].sweep) {
        return result;
    }
    return summary_of(work, (int)row_index, RUN_JOB, 0, wanted);
}

/* The article's time at this scale, or 0. */
static double bars_reference(const output_source *source, size_t row_index, chart_bars what)
{
    int article = row_table[row_index].article;
    if (what != CHART_TIME || article < 0) {
        return 0;
    }
    return row_article[article].chart_seconds * source->setup->scale;
}

/* How many lines the chart takes, headings included, and the longest bar. */
static size_t bars_measure(const output_source *source, chart_bars what, double *most)
{
    const char *language = NULL;
    size_t      lines = 0;
    *most = 0;
    for (size_t i = 0; i < row_count; i++) {
        spread found = bars_figure(source->work, i, what);
        if (found.count == 0) {
            continue;
        }
        if (language == NULL || strcmp(language, row_table[i].language) != 0) {
            language = row_table[i].language;
            lines++;
        }
        lines++;
        *most = fmax(*most, found.most / bars_unit(what));
        *most = fmax(*most, bars_reference(source, i, what));
    }
    return lines;
}

/* One bar: the part of the idle program fainter, the spread as a thin line, the article's tick. */
static void bars_draw(text *out, const output_source *source, size_t i, chart_bars what,
                      const axis *x, double y)
{
    const row *subject = &row_table[i];
    spread     found = bars_figure(source->work, i, what);
    spread     idle = summary_of(source->work, (int)i, RUN_IDLE, 0,
                             what == CHART_TIME ? FIGURE_WALL : FIGURE_PEAK);
    double     unit = bars_unit(what);
    double     end = axis_at(x, found.median / unit);
    double     begin = axis_at(x, fmin(idle.median, found.median) / unit);
    double     reference = bars_reference(source, i, what);
    char       pale[] = "p0";
    char       word[WORD];
    pale[1] = (char)('0' + (int)subject->kind);
    svg_text(out, x->from - 6, y + 13, "t e", subject->name);
    svg_box(out, x->from, y + 3, begin - x->from, BARS_ROW - 6, pale, NULL);
    svg_box(out, begin, y + 3, end - begin, BARS_ROW - 6, svg_fill_class(subject->kind), NULL);
    if (found.count > 1) {
        svg_line(out, axis_at(x, found.least / unit), y + 9, axis_at(x, found.most / unit), y + 9,
                 "w");
        end = axis_at(x, found.most / unit);
    }
    if (reference > 0) {
        double at = axis_at(x, reference);
        svg_line(out, at, y + 1, at, y + BARS_ROW - 1, "w");
        end = fmax(end, at);
    }
    text_print(word, sizeof word, what == CHART_TIME ? "%.2f s" : "%.1f MiB", found.median / unit);
    svg_text(out, end + 5, y + 13, "t", word);
}

void chart_bars_of(text *out, const output_source *source, chart_bars what)
{
    const char *language = NULL;
    double      most = 0;
    double      y = 0;
    size_t      lines = bars_measure(source, what, &most);
    axis        x = { 0, most > 0 ? most : 1, BARS_LABEL, BARS_WIDTH - BARS_VALUE, false };
    svg_begin(out, BARS_WIDTH, (double)lines * BARS_ROW + 4,
              what == CHART_TIME ? "Seconds of each row" : "Peak memory of each row, MiB", false);
    for (size_t i = 0; i < row_count; i++) {
        if (bars_figure(source->work, i, what).count == 0) {
            continue;
        }
        if (language == NULL || strcmp(language, row_table[i].language) != 0) {
            language = row_table[i].language;
            svg_text(out, x.from - 6, y + 13, "b e", language);
            y += BARS_ROW;
        }
        bars_draw(out, source, i, what, &x, y);
        y += BARS_ROW;
    }
    svg_line(out, x.from, 0, x.from, y, "a");
    svg_end(out);
}
