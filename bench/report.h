/* SPDX-License-Identifier: MIT */
/* report.h: the report as a page of its own, and as Markdown. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "output.h"
#include "text.h"

/* report.html: needs nothing but itself. */
void report_html(text *out, const output_source *source);

/* RESULTS.md: the figures of one run. */
void report_markdown(text *out, const output_source *source);

/* The main table and what it is, for the README. */
void report_readme(text *out, const output_source *source);

#endif
