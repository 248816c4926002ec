/* SPDX-License-Identifier: MIT */
/* statistics.h: medians, spreads and straight lines. */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

#define STATISTICS_MAX 512 /* values in one figure: more are left out */

/* What several runs say of one figure. */
typedef struct spread {
    size_t count; /* 0: nothing is known, the rest is 0 */
    double median;
    double least;
    double most;
} spread;

/* A straight line through points, by least squares. */
typedef struct fitted {
    size_t count; /* points; 0 where they do not have two different x */
    double slope;
    double intercept;
    double error; /* the slope's standard error */
    double fit;   /* R squared */
} fitted;

/* Median, least and most of `count` values, which are put into order. */
spread spread_of(double *values, size_t count);

/* Half the width of the spread, in percent of the median. */
double spread_percent(const spread *figure);

/* The least-squares line. */
fitted fitted_line(const double *x, const double *y, size_t count);

#endif
