/* SPDX-License-Identifier: MIT */
/* statistics.c: see statistics.h. */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int spread_order(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

spread spread_of(double *values, size_t count)
{
    spread result;
    memset(&result, 0, sizeof result);
    if (count == 0) {
        return result;
    }
    qsort(values, count, sizeof values[0], spread_order);
    result.count = count;
    result.median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    result.least = values[0];
    result.most = values[count - 1];
    return result;
}

double spread_percent(const spread *figure)
{
    if (figure->count == 0 || figure->median <= 0) {
        return 0;
    }
    return (figure->most - figure->least) / 2 / figure->median * 100;
}

/* The standard error of the slope, and R squared. */
static void line_judge(fitted *result, const double *x, const double *y, double sum_xx,
                       double sum_yy)
{
    double rest = 0;
    for (size_t i = 0; i < result->count; i++) {
        double off = y[i] - (result->intercept + result->slope * x[i]);
        rest += off * off;
    }
    if (result->count > 2) {
        result->error = sqrt(rest / (double)(result->count - 2) / sum_xx);
    }
    result->fit = sum_yy > 0 ? 1 - rest / sum_yy : 1;
}

fitted fitted_line(const double *x, const double *y, size_t count)
{
    fitted result;
    double mean_x = 0;
    double mean_y = 0;
    double sum_xx = 0;
    double sum_xy = 0;
    double sum_yy = 0;
    memset(&result, 0, sizeof result);
    for (size_t i = 0; i < count; i++) {
        mean_x += x[i] / (double)count;
        mean_y += y[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        sum_xx += (x[i] - mean_x) * (x[i] - mean_x);
        sum_xy += (x[i] - mean_x) * (y[i] - mean_y);
        sum_yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    if (count < 2 || sum_xx <= 0) {
        return result;
    }
    result.count = count;
    result.slope = sum_xy / sum_xx;
    result.intercept = mean_y - result.slope * mean_x;
    line_judge(&result, x, y, sum_xx, sum_yy);
    return result;
}
