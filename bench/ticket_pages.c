/* SPDX-License-Identifier: MIT */
/* ticket_pages.c: see ticket_pages.h. */
#include "ticket_pages.h"

#include "tickets.h"

#include <stdarg.h>

#define MAX_RIDES 32u /* of a day */

/* The next number below a limit. */
static unsigned draw(uint64_t *random, unsigned limit)
{
    *random = mix(*random);
    return (unsigned)(*random % limit);
}

/* ------------------------------------------------------------------ the timetable */

struct ride {
    unsigned departs; /* minutes of the day */
    unsigned arrives;
    unsigned seats;
    unsigned price;
};

/* The rides of a day, at most MAX_RIDES: a function of seed, stations and date alone. */
static size_t make_rides(uint64_t seed, const struct search *search, struct ride rides[MAX_RIDES])
{
    uint64_t way = mix(seed ^ mix(((uint64_t)search->from << 32) | search->to));
    uint64_t random = mix(way ^ mix(search->day));
    unsigned lasts = 60 + (unsigned)(way % 240);
    unsigned weekend = ((search->day + 4) % 7 == 0 || (search->day + 4) % 7 > 4) ? 40 : 0;
    size_t   count = 18 + draw(&random, 11);
    unsigned step = 1080 / (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        rides[i].departs = 300 + (unsigned)i * step + draw(&random, step);
        rides[i].arrives = (rides[i].departs + lasts + draw(&random, 20)) % 1440;
        rides[i].seats = draw(&random, 50);
        rides[i].price = lasts / 2 + weekend + 29 + draw(&random, 25) * 10;
    }
    return count;
}

/* Writes a time of the day as hh:mm. */
static void clock_text(unsigned minutes, char text[6])
{
    text[0] = (char)('0' + minutes / 600 % 10);
    text[1] = (char)('0' + minutes / 60 % 10);
    text[2] = ':';
    text[3] = (char)('0' + minutes / 10 % 6);
    text[4] = (char)('0' + minutes % 10);
    text[5] = '\0';
}

bool day_number(unsigned day, unsigned month, unsigned year, unsigned *number)
{
    static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned                   leap = (year % 4 == 0) ? 1 : 0; /* 2000 was one, too */
    if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (month == 2 ? leap : 0)) {
        return false;
    }
    *number = 10957 + (year - 2000) * 365 + (year - 2000 + 3) / 4;
    for (unsigned i = 1; i < month; i++) {
        *number += lengths[i - 1] + (i == 2 ? leap : 0);
    }
    *number += day - 1;
    return true;
}

void print_expected(uint64_t seed, unsigned days)
{
    tickets total = { 0 };
    for (unsigned i = 0; i < days; i++) {
        struct search search = { TICKETS_FIRST_DAY + i, TICKETS_FROM, TICKETS_TO };
        struct ride   rides[MAX_RIDES];
        size_t        count = make_rides(seed, &search, rides);
        tickets       day;
        char          date[9];
        tickets_date(i, date);
        tickets_begin(&day, date);
        for (size_t k = 0; k < count; k++) {
            char departs[6];
            char arrives[6];
            clock_text(rides[k].departs, departs);
            clock_text(rides[k].arrives, arrives);
            tickets_take(&day, departs, arrives, rides[k].seats, rides[k].price);
        }
        tickets_add(&total, &day);
    }
    tickets_print_total(&total);
}

/* ------------------------------------------------------------------ pages */

void put(struct page *page, const char *format, ...)
{
    size_t  room = PAGE_ROOM - page->size;
    int     size;
    va_list arguments;
    va_start(arguments, format);
    size = vsnprintf(page->bytes + PAGE_HEAD_ROOM + page->size, room, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= room) {
        page->full = true;
    } else {
        page->size += (size_t)size;
    }
}

static void put_station(struct page *page, unsigned station)
{
    static const char *const begins[] = { "Hradi", "Kralo", "Novo", "Stare", "Dolni", "Lipo",
                                          "Bysto", "Tepli", "Horo", "Ostra", "Jablo", "Mezi",
                                          "Vyso",  "Kame",  "Rado", "Zele" };
    static const char *const ends[] = { "vice", "mesto", "hora",  "nice", "brod",  "les",
                                        "dvur", "pole",  "mlyn",  "hrad", "vesel", "luky",
                                        "most", "tin",   "skala", "voda" };
    unsigned                 index = (station - STATION_FIRST) % STATION_COUNT;
    put(page, "%s%s", begins[index % 16], ends[index / 16]);
}

static void put_stations(struct page *page)
{
    put(page, "<datalist id=\"stations\">\n");
    for (unsigned i = 0; i < STATION_COUNT; i++) {
        put(page, "<option value=\"%u\">", STATION_FIRST + i);
        put_station(page, STATION_FIRST + i);
        put(page, "</option>\n");
    }
    put(page, "</datalist>\n");
}

static void put_begin(struct page *page, const char *title)
{
    put(page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>%s</title>\n<style>\nbody { font: 16px sans-serif; margin: 0 auto; "
        "max-width: 40em; }\n.select-line { display: flex; }\n.select-line span "
        "{ flex: 1; }\n.price { font-weight: bold; }\n.stops { color: #666; "
        "font-size: 80%%; }\n</style>\n</head>\n<body>\n<h1>%s</h1>\n",
        title, title);
}

void put_form(struct page *page)
{
    put_begin(page, "Bus tickets");
    put(page, "<form method=\"post\" action=\"/m/search\">\n"
              "<label>From <input name=\"fromStation\" list=\"stations\"></label>\n"
              "<label>To <input name=\"toStation\" list=\"stations\"></label>\n"
              "<label>On <input name=\"departure\" placeholder=\"dd.mm.yy\"></label>\n"
              "<button>Search</button>\n</form>\n");
    put_stations(page);
    put(page, "</body>\n</html>\n");
}

/* One ride: the line that counts, and below it the stops, which make the page as long as it is. */
static void put_ride(struct page *page, const struct ride *ride, size_t number)
{
    uint64_t random = mix(ride->departs * 1000u + ride->price);
    unsigned minutes = ride->departs;
    unsigned stops = 20 + draw(&random, 6);
    char     departs[6];
    char     arrives[6];
    clock_text(ride->departs, departs);
    clock_text(ride->arrives, arrives);
    put(page,
        "<a class=\"select-line\" href=\"/m/detail?ride=%zu\"><span class=\"times\">%s &ndash; "
        "%s</span> <span class=\"seats\">%u free</span> <span class=\"price\">%u CZK</span></a>\n"
        "<ul class=\"stops\">\n",
        number, departs, arrives, ride->seats, ride->price);
    for (unsigned i = 0; i < stops; i++) {
        char stop[6];
        minutes += 2 + draw(&random, 9);
        clock_text(minutes % 1440, stop);
        put(page, "<li><time>%s</time> ", stop);
        put_station(page, STATION_FIRST + draw(&random, STATION_COUNT));
        put(page, ", platform %u</li>\n", 1 + draw(&random, 12));
    }
    put(page, "</ul>\n");
}

void put_search(struct page *page, uint64_t seed, const struct search *search)
{
    struct ride rides[MAX_RIDES];
    char        date[9];
    size_t      count = make_rides(seed, search, rides);
    tickets_date(search->day - TICKETS_FIRST_DAY, date);
    put_begin(page, "Connections");
    put(page, "<p class=\"select-line-head\"><b>Times</b> <b>Seats</b> <b>Price</b></p>\n");
    for (size_t i = 0; i < count; i++) {
        put_ride(page, &rides[i], i);
    }
    put(page, "<p class=\"found\">%zu connections %u-%u on %s</p>\n<p>From ", count, search->from,
        search->to, date);
    put_station(page, search->from);
    put(page, " to ");
    put_station(page, search->to);
    put(page, "</p>\n<a class=\"select-line-offer\" href=\"/m/offer\">Anywhere from 19 CZK</a>\n");
    put_stations(page);
    put(page, "</body>\n</html>\n");
}

void put_fast(struct page *page)
{
    put(page, "<!DOCTYPE html>\n<title>fast</title>\n<p>A page of one hundred bytes, "
              "not more, not less, to measure.\n");
}
