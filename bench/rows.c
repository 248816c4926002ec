/* SPDX-License-Identifier: MIT */
/* rows.c: see rows.h. */
#include "rows.h"

#include <string.h>

const row_reference row_article[] = {
    { "sequential", 29.0, 29.5, 75.0 },      { "ThreadPool, 20", 17.0, 18.3, 168.0 },
    { "ThreadPool, 100", 0.0, 20.6, 481.0 }, { "gevent, 100", 0.0, 18.0, 165.0 },
    { "asyncio, 100", 0.0, 16.4, 105.0 },
};
const size_t row_article_count = sizeof row_article / sizeof row_article[0];

const long row_points[ROW_POINTS] = { 1, 10, 100, 1000, 10000 };

#define TICKETS "{bin}/ticket_prices -q "
#define HOLD "{bin}/hold_client -w -c {n} "
#define RAW "{bin}/peer_raw -q "
#define CURL "{bin}/peer_curl -q "
#define GO "{bin}/peer_go -q "
#define PYTHON(script) "{python} {py}/tickets_" script ".py -q "
#define IDLE "--days 0 {url}" /* nothing to do, after all has been loaded */
#define ONE_ARENA "MALLOC_ARENA_MAX=1"

#define IS_PARIO .language = "C, pario", .kind = ROW_PARIO
#define IS_RAW .language = "C, by hand", .kind = ROW_RAW, .idle = RAW IDLE
#define IS_CURL                                                                                    \
    .language = "C, libcurl", .kind = ROW_PEER, .optional = true, .package = "libcurl4-openssl-dev"
#define IS_GO                                                                                      \
    .language = "Go", .kind = ROW_PEER, .optional = true, .package = "golang-go", .idle = GO IDLE
#define IS_PYTHON(script, needs)                                                                   \
    .language = "Python", .kind = ROW_PYTHON, .optional = true, .package = needs,                  \
    .idle = PYTHON(script) IDLE
#define REQUESTS "python3-requests"
#define GEVENT "python3-gevent and python3-requests"
#define AIOHTTP "python3-aiohttp"

const row row_table[] = {
    /* the job: the article's five, and one with glibc's arenas limited */
    { .name = "sequential",
      IS_PARIO,
      .way = WAY_SEQUENTIAL,
      .in_flight = 1,
      .article = 0,
      .command = TICKETS "-x sequential {url}",
      .idle = TICKETS "-x sequential " IDLE },
    { .name = "threads 20",
      IS_PARIO,
      .way = WAY_THREADS,
      .in_flight = 20,
      .article = 1,
      .command = TICKETS "-x threads -c 20 {url}",
      .idle = TICKETS "-x threads " IDLE },
    { .name = "threads 100",
      IS_PARIO,
      .way = WAY_THREADS,
      .in_flight = 100,
      .article = 2,
      .command = TICKETS "-x threads -c 100 {url}",
      .idle = TICKETS "-x threads " IDLE },
    { .name = "fibers 100",
      IS_PARIO,
      .way = WAY_FIBERS,
      .in_flight = 100,
      .article = 3,
      .command = TICKETS "-x fibers -c 100 {url}",
      .idle = TICKETS "-x fibers " IDLE },
    { .name = "epoll 100",
      IS_PARIO,
      .way = WAY_LOOP,
      .in_flight = 100,
      .article = 4,
      .command = TICKETS "-x epoll -c 100 {url}",
      .idle = TICKETS "-x epoll " IDLE },
    { .name = "threads 100 1 arena",
      IS_PARIO,
      .way = WAY_ARENA,
      .in_flight = 100,
      .article = ROW_NO_ARTICLE,
      .once = true,
      .environment = ONE_ARENA,
      .command = TICKETS "-x threads -c 100 {url}",
      .idle = TICKETS "-x threads " IDLE },

    /* the peers */
    { .name = "raw loop 100",
      IS_RAW,
      .way = WAY_LOOP,
      .in_flight = 100,
      .article = ROW_NO_ARTICLE,
      .command = RAW "-c 100 {url}" },
    { .name = "curl easy",
      IS_CURL,
      .way = WAY_SEQUENTIAL,
      .in_flight = 1,
      .article = ROW_NO_ARTICLE,
      .command = CURL "-x easy {url}",
      .idle = CURL "-x easy " IDLE },
    { .name = "curl threads 20",
      IS_CURL,
      .way = WAY_THREADS,
      .in_flight = 20,
      .article = ROW_NO_ARTICLE,
      .command = CURL "-x threads -c 20 {url}",
      .idle = CURL "-x threads " IDLE },
    { .name = "curl threads 100",
      IS_CURL,
      .way = WAY_THREADS,
      .in_flight = 100,
      .article = ROW_NO_ARTICLE,
      .command = CURL "-x threads -c 100 {url}",
      .idle = CURL "-x threads " IDLE },
    { .name = "curl multi 100",
      IS_CURL,
      .way = WAY_LOOP,
      .in_flight = 100,
      .article = ROW_NO_ARTICLE,
      .command = CURL "-x multi -c 100 {url}",
      .idle = CURL "-x multi " IDLE },
    { .name = "goroutines 100",
      IS_GO,
      .way = WAY_FIBERS,
      .in_flight = 100,
      .article = ROW_NO_ARTICLE,
      .command = GO "-c 100 {url}" },

    /* the article's scripts */
    { .name = "requests",
      IS_PYTHON("sequential", REQUESTS),
      .way = WAY_SEQUENTIAL,
      .in_flight = 1,
      .article = 0,
      .command = PYTHON("sequential") "{url}" },
    { .name = "ThreadPool 20",
      IS_PYTHON("threads", REQUESTS),
      .way = WAY_THREADS,
      .in_flight = 20,
      .article = 1,
      .command = PYTHON("threads") "-c 20 {url}" },
    { .name = "ThreadPool 100",
      IS_PYTHON("threads", REQUESTS),
      .way = WAY_THREADS,
      .in_flight = 100,
      .article = 2,
      .command = PYTHON("threads") "-c 100 {url}" },
    { .name = "gevent 100",
      IS_PYTHON("gevent", GEVENT),
      .way = WAY_FIBERS,
      .in_flight = 100,
      .article = 3,
      .command = PYTHON("gevent") "-c 100 {url}" },
    { .name = "asyncio 100",
      IS_PYTHON("asyncio", AIOHTTP),
      .way = WAY_LOOP,
      .in_flight = 100,
      .article = 4,
      .command = PYTHON("asyncio") "-c 100 {url}" },

    /* the sweep */
    { .name = "sequential",
      IS_PARIO,
      .way = WAY_SEQUENTIAL,
      .sweep = true,
      .command = HOLD "-x sequential {url}" },
    { .name = "threads",
      IS_PARIO,
      .way = WAY_THREADS,
      .sweep = true,
      .command = HOLD "-x threads {url}" },
    { .name = "threads 1 arena",
      IS_PARIO,
      .way = WAY_ARENA,
      .sweep = true,
      .once = true,
      .environment = ONE_ARENA,
      .command = HOLD "-x threads {url}" },
    { .name = "fibers",
      IS_PARIO,
      .way = WAY_FIBERS,
      .sweep = true,
      .command = HOLD "-x fibers {url}" },
    { .name = "epoll", IS_PARIO, .way = WAY_LOOP, .sweep = true, .command = HOLD "-x epoll {url}" },
    { .name = "raw loop",
      IS_RAW,
      .way = WAY_LOOP,
      .sweep = true,
      .command = RAW "--hold -w -c {n} {url}" },
    { .name = "curl threads",
      IS_CURL,
      .way = WAY_THREADS,
      .sweep = true,
      .limit = 1000,
      .descriptors = 3,
      .command = CURL "-x threads --hold -w -c {n} {url}" },
    { .name = "curl multi",
      IS_CURL,
      .way = WAY_LOOP,
      .sweep = true,
      .command = CURL "-x multi --hold -w -c {n} {url}" },
    { .name = "goroutines",
      IS_GO,
      .way = WAY_FIBERS,
      .sweep = true,
      .command = GO "--hold -w -c {n} {url}" },
    { .name = "ThreadPool",
      IS_PYTHON("threads", REQUESTS),
      .way = WAY_THREADS,
      .sweep = true,
      .end = 1000, /* 10,000 of its threads take minutes to end */
      .command = PYTHON("threads") "--hold -w -c {n} {url}" },
    { .name = "gevent",
      IS_PYTHON("gevent", GEVENT),
      .way = WAY_FIBERS,
      .sweep = true,
      .limit = 1000,
      .command = PYTHON("gevent") "--hold -w -c {n} {url}" },
    { .name = "asyncio",
      IS_PYTHON("asyncio", AIOHTTP),
      .way = WAY_LOOP,
      .sweep = true,
      .limit = 1000,
      .command = PYTHON("asyncio") "--hold -w -c {n} {url}" },
};
const size_t row_count = sizeof row_table / sizeof row_table[0];

int row_find(const char *name, bool sweep)
{
    for (size_t i = 0; i < row_count; i++) {
        if (row_table[i].sweep == sweep && strcmp(row_table[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}
