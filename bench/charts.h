/* SPDX-License-Identifier: MIT */
/* charts.h: the report's drawings, each 360 wide or less, so that a phone shows them whole. */
#ifndef BENCH_CHARTS_H
#define BENCH_CHARTS_H

#include "output.h"
#include "text.h"

/* What a bar chart shows. */
typedef enum chart_bars {
    CHART_TIME,
    CHART_PEAK
} chart_bars;

/* Memory over time: a small drawing per row, all on one scale; pario's only, or all. */
void chart_memory(text *out, const output_source *source, bool pario_only);

/* Bars of time, or of peak memory, row by row. */
void chart_bars_of(text *out, const output_source *source, chart_bars what);

/* Memory per request in flight against the number in flight, both logarithmic. */
void chart_per_request(text *out, const output_source *source);

/* The README's picture: an SVG of its own. */
void chart_picture(text *out, const output_source *source);

#endif
