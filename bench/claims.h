/* SPDX-License-Identifier: MIT */
/* claims.h: what the article said, what pario is to reach, and where it loses: each measured. */
#ifndef BENCH_CLAIMS_H
#define BENCH_CLAIMS_H

#include "output.h"
#include "rows.h"
#include "text.h"

#define CLAIMS_COUNT 5
#define CLAIMS_TEXT 300

typedef enum verdict {
    VERDICT_UNKNOWN,
    VERDICT_CONFIRMED,
    VERDICT_DIFFERENT,
    VERDICT_REFUTED
} verdict;

/* A claim of the article, measured in one language. */
typedef struct claim {
    const char *title;
    const char *said;
    const char *rule; /* what decides */
    char        measured[CLAIMS_TEXT];
    verdict     result;
} claim;

/* A figure that was to be reached. */
typedef struct goal {
    const char *what;
    const char *wanted;
    char        measured[CLAIMS_TEXT];
    bool        known;
    bool        reached;
} goal;
#define GOALS_COUNT 6

/* Judges the article's claims by the rows of a kind, ROW_PARIO or ROW_PYTHON. */
void claims_judge(claim claims[CLAIMS_COUNT], const output_source *source, row_kind kind);

/* Measures the goals. */
void goals_judge(goal goals[GOALS_COUNT], const output_source *source);

/* Adds a line, each after `before` and followed by `after`, for each figure in which another
 * program of the same job is ahead of all of pario's, by more than the spread. Returns how many. */
size_t losses_list(text *out, const output_source *source, const char *before, const char *after);

/* "confirmed", "confirmed with a difference", "refuted", "not measured". */
const char *verdict_name(verdict result);

#endif
