/* SPDX-License-Identifier: MIT */
/* ticket_pages.h: the bus company's timetable, which follows from a seed, and its pages. */
#ifndef BENCH_TICKET_PAGES_H
#define BENCH_TICKET_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_HEAD_ROOM 512u  /* of a response, before its content */
#define PAGE_ROOM 131072u    /* of its content */
#define STATION_FIRST 10200u /* the stations' numbers */
#define STATION_COUNT 256u

/* A date and two stations. */
struct search {
    unsigned day; /* since 1970 */
    unsigned from;
    unsigned to;
};

/* A page being written. */
struct page {
    char   bytes[PAGE_HEAD_ROOM + PAGE_ROOM]; /* the head is put right before the content */
    size_t size;                              /* of the content */
    bool   full;
};

/* One step of splitmix64: a well mixed number for each number. */
static inline uint64_t mix(uint64_t number)
{
    number += 0x9E3779B97F4A7C15u;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
    return number ^ (number >> 31);
}

/* The number of days from 1970 to a date of the years 2000 to 2099; false if there is none. */
bool day_number(unsigned day, unsigned month, unsigned year, unsigned *number);

/* Prints the line that a correct client ends with. */
void print_expected(uint64_t seed, unsigned days);

/* Adds to the page as printf does; sets `full` where it does not fit. */
void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The search form, with which every session begins. */
void put_form(struct page *page);

/* The connections of a day. */
void put_search(struct page *page, uint64_t seed, const struct search *search);

/* A hundred bytes exactly. */
void put_fast(struct page *page);

#endif
