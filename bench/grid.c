/* SPDX-License-Identifier: MIT */
/* grid.c: see grid.h. */
#include "grid.h"

#include <string.h>

void grid_begin(grid *table, const char *title, const char *note, const char *const *heads,
                size_t columns)
{
    memset(table, 0, sizeof *table);
    table->title = title;
    table->note = note;
    table->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        table->heads[i] = heads[i];
    }
}

grid_row *grid_add(grid *table)
{
    if (table->count < GRID_ROWS) {
        table->count++;
    }
    return &table->rows[table->count - 1];
}

void grid_heading(grid *table, const char *heading, const char **former)
{
    if (*former != NULL && strcmp(*former, heading) == 0) {
        return;
    }
    grid_row *line = grid_add(table);
    line->heading = true;
    text_copy(line->cells[0], GRID_CELL, heading);
    *former = heading;
}

/* The upper (0) or lower (1) line of a head; a head of one line stands below. */
static void grid_head(const char *head, int which, char room[GRID_CELL])
{
    const char *end = strchr(head, '\n');
    room[0] = '\0';
    if (end == NULL) {
        text_copy(room, GRID_CELL, which == 1 ? head : "");
    } else if (which == 1) {
        text_copy(room, GRID_CELL, end + 1);
    } else {
        text_print(room, GRID_CELL, "%.*s", (int)(end - head), head);
    }
}

static size_t grid_width(const grid *table, size_t column)
{
    size_t width = 0;
    char   head[GRID_CELL];
    for (int which = 0; which < 2; which++) {
        grid_head(table->heads[column], which, head);
        width = text_columns(head) > width ? text_columns(head) : width;
    }
    for (size_t i = 0; i < table->count; i++) {
        size_t size = text_columns(table->rows[i].cells[column]);
        size += column == 0 && !table->rows[i].heading ? 1 : 0;
        width = size > width ? size : width;
    }
    return width;
}

/* A cell with blanks around it: text to the left, numbers to the right. */
static void grid_cell(text *out, const char *cell, size_t width, bool left)
{
    int blanks = width > text_columns(cell) ? (int)(width - text_columns(cell)) : 0;
    if (left) {
        text_add(out, "%s%*s", cell, blanks, "");
    } else {
        text_add(out, " %*s%s", blanks, "", cell);
    }
}

void grid_text(text *out, const grid *table)
{
    size_t widths[GRID_COLUMNS];
    char   cell[GRID_CELL + 1];
    for (size_t k = 0; k < table->columns; k++) {
        widths[k] = grid_width(table, k);
    }
    text_add(out, "%s\n\n", table->title);
    for (int which = 0; which < 2; which++) {
        for (size_t k = 0; k < table->columns; k++) {
            grid_head(table->heads[k], which, cell);
            grid_cell(out, cell, widths[k], k == 0);
        }
        text_trim(out);
        text_add(out, "\n");
    }
    for (size_t i = 0; i < table->count; i++) {
        const grid_row *line = &table->rows[i];
        text_print(cell, sizeof cell, "%s%s", line->heading ? "" : " ", line->cells[0]);
        grid_cell(out, cell, line->heading ? 0 : widths[0], true);
        for (size_t k = 1; k < table->columns && !line->heading; k++) {
            grid_cell(out, line->cells[k], widths[k], false);
        }
        text_trim(out);
        text_add(out, "\n");
    }
    text_add(out, "%s%s", table->note[0] == '\0' ? "" : "\n", table->note);
}

/* A head in one piece, its lines joined by `join`. */
static void grid_joined(text *out, const char *head, const char *join)
{
    const char *end = strchr(head, '\n');
    if (end == NULL) {
        text_add_html(out, head);
        return;
    }
    text_add(out, "%.*s%s", (int)(end - head), head, join);
    text_add_html(out, end + 1);
}

void grid_html(text *out, const grid *table)
{
    text_add(out, "<div class=\"scroll\"><table>\n<thead><tr>");
    for (size_t k = 0; k < table->columns; k++) {
        text_add(out, "<th scope=\"col\">");
        grid_joined(out, table->heads[k], "<br>");
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < table->count; i++) {
        const grid_row *line = &table->rows[i];
        text_add(out,
                 line->heading ? "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"%zu\">"
                               : "<tr><th scope=\"row\">",
                 table->columns);
        text_add_html(out, line->cells[0]);
        text_add(out, "</th>");
        for (size_t k = 1; k < table->columns && !line->heading; k++) {
            text_add(out, "<td>");
            text_add_html(out, line->cells[k]);
            text_add(out, "</td>");
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
    if (table->note[0] != '\0') {
        text_add(out, "<p class=\"note\">");
        text_add_html(out, table->note);
        text_add(out, "</p>\n");
    }
}

/* The head and the rule below it. */
static void grid_markdown_head(text *out, const grid *table)
{
    for (size_t k = 0; k < table->columns; k++) {
        text_add(out, "| ");
        grid_joined(out, table->heads[k], " ");
        text_add(out, " ");
    }
    text_add(out, "|\n");
    for (size_t k = 0; k < table->columns; k++) {
        text_add(out, k == 0 ? "| --- " : "| ---: ");
    }
    text_add(out, "|\n");
}

void grid_markdown(text *out, const grid *table)
{
    grid_markdown_head(out, table);
    for (size_t i = 0; i < table->count; i++) {
        const grid_row *line = &table->rows[i];
        for (size_t k = 0; k < table->columns; k++) {
            const char *stars = line->heading && k == 0 ? "**" : "";
            text_add(out, "| %s%s%s ", stars, line->cells[k], stars);
        }
        text_add(out, "|\n");
    }
}
