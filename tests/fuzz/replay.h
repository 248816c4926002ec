/* SPDX-License-Identifier: MIT */
/*
 * The fuzz targets without a fuzzer: each runs over its seeds, which hold every input that ever
 * broke something, and over some variations of them that are always the same.
 */
#ifndef FUZZ_REPLAY_H
#define FUZZ_REPLAY_H

#include "fuzz.h"

typedef void (*fuzz_target)(const uint8_t *data, size_t size);

/* Undoes the escapes of a line of seeds: \r, \n, \\ and \0ooo. */
static size_t fuzz_unescape(const char *line, size_t size, uint8_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        char byte = line[i];
        if (byte == '\\' && i + 1 < size) {
            char kind = line[++i];
            byte = kind;
            if (kind == 'r' || kind == 'n') {
                byte = kind == 'r' ? '\r' : '\n';
            } else if (kind == '0') {
                char digits[4] = { 0, 0, 0, 0 };
                memcpy(digits, line + i + 1, pario_i_min(3, size - i - 1));
                byte = (char)(unsigned char)strtoul(digits, NULL, 8);
                i += strlen(digits);
            }
        }
        out[count++] = (uint8_t)byte;
    }
    return count;
}

/* Changes, removes, repeats or adds a few bytes. There is room for twice the size. */
static size_t fuzz_vary(fuzz_random *random, uint8_t *bytes, size_t size, size_t room)
{
    static const uint8_t liked[] = "\r\n :;,/?#@%.\\0\0019\177\200\376\377";
    for (size_t n = 1 + fuzz_below(random, 3); n > 0 && size > 0; n--) {
        size_t at = fuzz_below(random, size);
        size_t count = 1 + fuzz_below(random, pario_i_min(size - at, 8));
        switch (fuzz_below(random, 4)) {
        case 0:
            bytes[at] = liked[fuzz_below(random, sizeof liked)];
            break;
        case 1:
            memmove(bytes + at, bytes + at + count, size - at - count);
            size -= count;
            break;
        case 2:
            if (size + count <= room) {
                memmove(bytes + at + count, bytes + at, size - at);
                size += count;
            }
            break;
        default:
            bytes[at] = (uint8_t)(bytes[at] ^ (1u << fuzz_below(random, 8)));
            break;
        }
    }
    return size;
}

static void fuzz_run_variations(fuzz_target function, unsigned variations, const uint8_t *bytes,
                                size_t size)
{
    uint8_t     varied[8192];
    fuzz_random random = fuzz_seed(bytes, size);
    function(bytes, size);
    for (unsigned i = 0; i < variations; i++) {
        memcpy(varied, bytes, size);
        size_t now = fuzz_vary(&random, varied, size, sizeof varied);
        function(varied, now);
    }
}

/* Runs a target over its seeds, and over so many variations of each. */
static void fuzz_run_seeds(fuzz_target function, const char *name, unsigned variations)
{
    char    path[512] = __FILE__;
    char    line[4096];
    uint8_t bytes[4096];
    size_t  seeds = 0;
    char   *slash = strrchr(path, '/');
    char   *at = slash != NULL ? slash + 1 : path;
    snprintf(at, sizeof path - (size_t)(at - path), "seeds/%s", name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        FAIL("%s: %s", path, strerror(errno));
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            fuzz_run_variations(function, variations, bytes,
                                fuzz_unescape(line, strcspn(line, "\n"), bytes));
            seeds++;
        }
    }
    fclose(file);
    CHECK(seeds > 3);
}

#endif /* FUZZ_REPLAY_H */
