/* SPDX-License-Identifier: MIT */
/* svg.c: see svg.h. */
#include "svg.h"

#include <math.h>
#include <string.h>

/*
 * The palette of Okabe and Ito, which stays apart for all kinds of colour vision. Colours never
 * stand alone: marks differ in shape, and each line and bar has its name beside it.
 */
static const char style[] =
    ":root{--ink:#1b1f23;--muted:#57606a;--grid:#d8dee4;--paper:#fff;--soft:#f3f5f7;"
    "--k0:#0072b2;--k1:#1b1f23;--k2:#c44e00;--k3:#00795a;"
    "--w0:#a9d0e8;--w1:#b9bec4;--w2:#f3c19b;--w3:#9fd9c5}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--muted:#a3abb3;--grid:#3a4149;"
    "--paper:#15181c;--soft:#1e2227;"
    "--k0:#56b4e9;--k1:#f0f0f0;--k2:#f09a3c;--k3:#2fc79a;"
    "--w0:#2b5670;--w1:#6b7178;--w2:#7a4f22;--w3:#1d6650}}\n"
    "@media print{:root{--ink:#000;--muted:#444;--grid:#ccc;--paper:#fff;--soft:#fff;"
    "--k0:#0072b2;--k1:#000;--k2:#c44e00;--k3:#00795a;"
    "--w0:#a9d0e8;--w1:#b9bec4;--w2:#f3c19b;--w3:#9fd9c5}}\n"
    "svg text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif;"
    "fill:var(--ink)}\n"
    "svg text.m{fill:var(--muted)}svg text.b{font-weight:600}\n"
    "svg text.e{text-anchor:end}svg text.c{text-anchor:middle}\n"
    "svg .g{stroke:var(--grid);stroke-width:1}svg .a{stroke:var(--muted);stroke-width:1}\n"
    "svg .w{stroke:var(--ink);stroke-width:1.5}svg .d{stroke:var(--muted);stroke-width:.75}\n"
    "svg .l0,svg .l1,svg .l2,svg .l3{fill:none;stroke-width:1.75;stroke-linejoin:round}\n"
    "svg .l0{stroke:var(--k0)}svg .l1{stroke:var(--k1)}svg .l2{stroke:var(--k2)}"
    "svg .l3{stroke:var(--k3)}\n"
    "svg .f0{fill:var(--k0)}svg .f1{fill:var(--k1)}svg .f2{fill:var(--k2)}"
    "svg .f3{fill:var(--k3)}\n"
    "svg .p0{fill:var(--w0)}svg .p1{fill:var(--w1)}svg .p2{fill:var(--w2)}"
    "svg .p3{fill:var(--w3)}\n"
    "svg .h{fill:var(--paper)}svg .r{fill:none;stroke:var(--ink);stroke-width:1.5}\n";

void svg_style(text *out)
{
    text_add(out, "%s", style);
}

double axis_at(const axis *scale, double value)
{
    double low = scale->low;
    double high = scale->high;
    if (scale->logarithmic) {
        value = log10(value > low ? value : low);
        low = log10(low);
        high = log10(high);
    }
    double part = (value - low) / (high - low);
    part = part < 0 ? 0 : part;
    part = part > 1 ? 1 : part;
    return scale->from + part * (scale->to - scale->from);
}

double axis_step(double range, int count)
{
    double rough = range / count;
    double power = rough > 0 ? pow(10, floor(log10(rough))) : 1;
    double factor = rough / power;
    if (factor <= 1) {
        return power;
    }
    return power * (factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

double axis_end(double most, int count)
{
    double step = axis_step(most, count);
    double end = ceil(most / step - 1e-9) * step;
    return end > 0 ? end : 1;
}

void svg_begin(text *out, double width, double height, const char *label, bool own_style)
{
    text_add(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
             "aria-label=\"",
             width, height);
    text_add_html(out, label);
    text_add(out, "\"");
    if (!own_style) {
        text_add(out, ">\n");
    } else {
        text_add(out, " width=\"%.0f\" height=\"%.0f\">\n<style>\n", width, height);
        svg_style(out);
        text_add(out, "</style>\n<rect class=\"h\" width=\"%.0f\" height=\"%.0f\"/>\n", width,
                 height);
    }
}

void svg_end(text *out)
{
    text_add(out, "</svg>\n");
}

void svg_text(text *out, double x, double y, const char *class, const char *string)
{
    text_add(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    text_add_html(out, string);
    text_add(out, "</text>\n");
}

void svg_line(text *out, double x1, double y1, double x2, double y2, const char *class)
{
    text_add(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1,
             x2, y2, class);
}

void svg_box(text *out, double x, double y, double width, double height, const char *class,
             const char *title)
{
    text_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"", x, y,
             width < 0 ? 0 : width, height < 0 ? 0 : height, class);
    if (title == NULL) {
        text_add(out, "/>\n");
        return;
    }
    text_add(out, "><title>");
    text_add_html(out, title);
    text_add(out, "</title></rect>\n");
}

const char *svg_line_class(row_kind kind)
{
    static const char *const names[] = { "l0", "l1", "l2", "l3" };
    return names[kind];
}

const char *svg_fill_class(row_kind kind)
{
    static const char *const names[] = { "f0", "f1", "f2", "f3" };
    return names[kind];
}

void svg_mark(text *out, row_way way, row_kind kind, double x, double y)
{
    const char *class = svg_fill_class(kind);
    switch (way) {
    case WAY_THREADS:
        svg_box(out, x - 3.5, y - 3.5, 7, 7, class, NULL);
        break;
    case WAY_ARENA:
        svg_box(out, x - 3.5, y - 3.5, 7, 7, class, NULL);
        svg_box(out, x - 1.75, y - 1.75, 3.5, 3.5, "h", NULL);
        break;
    case WAY_FIBERS:
        text_add(out, "<path d=\"M%.1f %.1fl4.5 8h-9z\" class=\"%s\"/>\n", x, y - 5, class);
        break;
    case WAY_SEQUENTIAL:
        text_add(out, "<path d=\"M%.1f %.1fl5 5l-5 5l-5-5z\" class=\"%s\"/>\n", x, y - 5, class);
        break;
    case WAY_LOOP:
        text_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"%s\"/>\n", x, y, class);
        break;
    }
}

void svg_apart(double *positions, size_t count, double gap, double low, double high)
{
    for (size_t i = 0; i < count; i++) {
        double least = i == 0 ? low : positions[i - 1] + gap;
        positions[i] = positions[i] < least ? least : positions[i];
    }
    for (size_t i = count; i > 0; i--) {
        double most = i == count ? high : positions[i] - gap;
        positions[i - 1] = positions[i - 1] > most ? most : positions[i - 1];
    }
}
