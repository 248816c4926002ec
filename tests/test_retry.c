/* SPDX-License-Identifier: MIT */
/* examples/retry.h: dates, Retry-After, waits, and the queue of those that wait. */
#include "../pario.h"

#include "../examples/retry.h"
#include "test.h"

#define NEVER (-1)

/* 1994-11-06 08:49:37, the moment of the RFC's examples. */
#define THEN 784111777

/* The date, or NEVER if it is none. */
static int64_t date(const char *text, int64_t now)
{
    int64_t seconds = 0;
    return retry_date(text, now, &seconds) ? seconds : NEVER;
}

/* What a Retry-After says at this moment, or NEVER. */
static int64_t after(const char *text, int64_t now)
{
    int64_t seconds = 0;
    return retry_after(text, now, &seconds) ? seconds : NEVER;
}

TEST(retry_reads_the_three_forms_of_a_date)
{
    CHECK_INT(date("Sun, 06 Nov 1994 08:49:37 GMT", THEN), THEN);
    CHECK_INT(date("Sunday, 06-Nov-94 08:49:37 GMT", THEN), THEN);
    CHECK_INT(date("Sun Nov  6 08:49:37 1994", THEN), THEN);
    CHECK_INT(date("Wed Nov 16 08:49:37 1994", THEN), THEN + 10 * 86400);
    CHECK_INT(date("Thu, 01 Jan 1970 00:00:00 GMT", THEN), 0);
    CHECK_INT(date("Tue, 29 Feb 2000 00:00:00 GMT", THEN), 951782400);
    CHECK_INT(date("Fri, 31 Dec 9999 23:59:59 GMT", THEN), INT64_C(253402300799));
    CHECK_INT(date("Sat, 31 Dec 2016 23:59:60 GMT", THEN), 1483228800);
}

TEST(retry_reads_every_day_that_libc_writes)
{
    for (int64_t day = 0; day < 200 * 366; day++) {
        const time_t then = (time_t)(day * 86400 + day % 86400);
        struct tm    parts;
        char         text[64];
        char         rest[32];
        char         line[128];
        gmtime_r(&then, &parts);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        if (!CHECK_INT(date(text, 0), then)) {
            return;
        }
        strftime(text, sizeof text, "%A, %d-%b-", &parts);
        strftime(rest, sizeof rest, " %H:%M:%S GMT", &parts);
        snprintf(line, sizeof line, "%s%02d%s", text, parts.tm_year % 100, rest);
        if (!CHECK_INT(date(line, then), then)) {
            return;
        }
        strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
        if (!CHECK_INT(date(text, 0), then)) {
            return;
        }
    }
}

TEST(retry_takes_two_digits_for_a_year_at_most_fifty_years_ahead)
{
    static const char text[] = "Friday, 01-Jan-%02d 00:00:00 GMT";
    static const struct {
        int digits;
        int year;
    } rows[] = {
        { 26, 2026 }, { 25, 2025 }, { 76, 2076 }, { 77, 1977 }, { 99, 1999 }, { 0, 2000 }
    };
    const int64_t now = retry_days(2026, 5, 15) * 86400;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, text, rows[i].digits);
        CHECK_INT(date(line, now), retry_days(rows[i].year, 0, 1) * 86400);
    }
    CHECK_INT(date("Friday, 01-Jan-01 00:00:00 GMT", retry_days(2099, 0, 1) * 86400),
              retry_days(2101, 0, 1) * 86400);
}

TEST(retry_refuses_what_is_no_date)
{
    static const char *const texts[] = {
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Someday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_case("%s", texts[i]);
        CHECK_INT(date(texts[i], THEN), NEVER);
    }
}

TEST(retry_refuses_every_date_that_is_cut)
{
    static const char *const texts[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
                                         "Sunday, 06-Nov-94 08:49:37 GMT",
                                         "Sun Nov  6 08:49:37 1994" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t size = 0; size < strlen(texts[i]); size++) {
            char *cut = strndup(texts[i], size); /* which ends where its memory ends */
            test_case("%s", cut);
            CHECK_INT(date(cut, THEN), NEVER);
            free(cut);
        }
    }
}

TEST(retry_after_is_seconds_or_a_date)
{
    CHECK_INT(after("0", THEN), 0);
    CHECK_INT(after("120", THEN), 120);
    CHECK_INT(after("007", THEN), 7);
    CHECK_INT(after("Sun, 06 Nov 1994 08:50:37 GMT", THEN), 60);
    CHECK_INT(after("Sun, 06 Nov 1994 08:48:37 GMT", THEN), 0);
    CHECK_INT(after("31556952000", THEN), INT64_C(31556952000)); /* a thousand years */
    CHECK_INT(after("Sun, 06 Nov 2994 08:49:37 GMT", THEN), INT64_C(31556995200));
    CHECK_INT(after("99999999999999999999999999999999999999", THEN), RETRY_SECONDS_MAX);
    CHECK_INT(after("", THEN), NEVER);
    CHECK_INT(after("-1", THEN), NEVER);
    CHECK_INT(after("+1", THEN), NEVER);
    CHECK_INT(after("1.5", THEN), NEVER);
    CHECK_INT(after("1 s", THEN), NEVER);
    CHECK_INT(after("soon", THEN), NEVER);
}

/* Not inlined: with constants for arguments gcc would warn of what it may assume of them. */
static int64_t wait_of(retry_policy *own, int64_t tries, int64_t asked) __attribute__((noinline));
static int64_t wait_of(retry_policy *own, int64_t tries, int64_t asked)
{
    return retry_wait_ms(own, tries, asked);
}

static bool take(retry_queue *queue, int64_t now, size_t *index) __attribute__((noinline));
static bool take(retry_queue *queue, int64_t now, size_t *index)
{
    return retry_queue_take(queue, now, index);
}

static const retry_policy policy = { 5, 1000, 60000, 88172645463325252u };

TEST(retry_waits_double_and_differ)
{
    retry_policy own = policy;
    for (int64_t tries = 1; tries < 12; tries++) {
        const int64_t most = tries < 7 ? 1000 << (tries - 1) : 60000;
        bool          differ = false;
        int64_t       first = wait_of(&own, tries, NEVER);
        for (int i = 0; i < 100; i++) {
            const int64_t wait = wait_of(&own, tries, NEVER);
            CHECK(wait >= most / 2 && wait <= most);
            differ = differ || wait != first;
        }
        CHECK(differ);
    }
}

TEST(retry_waits_as_long_as_asked_and_never_longer_than_allowed)
{
    retry_policy own = policy;
    for (int i = 0; i < 100; i++) {
        const int64_t wait = wait_of(&own, 1, 16);
        CHECK(wait >= 16000 && wait <= 18000);
        CHECK_INT(wait_of(&own, 9, 0), 0);
        CHECK_INT(wait_of(&own, 1, 60), 60000);
        CHECK_INT(wait_of(&own, 1, RETRY_SECONDS_MAX), 60000);
        CHECK(wait_of(&own, INT64_MAX, NEVER) <= 60000);
    }
    own.first_ms = 0;
    CHECK_INT(wait_of(&own, 5, NEVER), 0);
    own.most_ms = 0;
    CHECK_INT(wait_of(&own, 5, 7), 0);
}

TEST(retry_helps_where_a_try_is_safe_and_may_end_better)
{
    static const struct {
        pario_error error;
        pario_stage stage;
        int         resolver_error;
        int         status;
        bool        helps;
    } rows[] = {
        { PARIO_OK, PARIO_STAGE_BODY, 0, 200, false },
        { PARIO_OK, PARIO_STAGE_BODY, 0, 404, false },
        { PARIO_OK, PARIO_STAGE_BODY, 0, 500, false },
        { PARIO_OK, PARIO_STAGE_BODY, 0, 429, true },
        { PARIO_OK, PARIO_STAGE_BODY, 0, 503, true },
        { PARIO_ERROR_BODY_TRUNCATED, PARIO_STAGE_BODY, 0, 503, true },
        { PARIO_ERROR_BODY_TRUNCATED, PARIO_STAGE_BODY, 0, 200, false },
        { PARIO_ERROR_CONNECT, PARIO_STAGE_CONNECT, 0, 0, true },
        { PARIO_ERROR_CONNECT_TIMEOUT, PARIO_STAGE_CONNECT, 0, 0, true },
        { PARIO_ERROR_RESOLVE, PARIO_STAGE_RESOLVE, EAI_AGAIN, 0, true },
        { PARIO_ERROR_RESOLVE, PARIO_STAGE_RESOLVE, EAI_NONAME, 0, false },
        { PARIO_ERROR_SEND, PARIO_STAGE_SEND, 0, 0, true },
        { PARIO_ERROR_RECEIVE, PARIO_STAGE_HEAD, 0, 0, true },
        { PARIO_ERROR_RECEIVE, PARIO_STAGE_BODY, 0, 200, false },
        { PARIO_ERROR_EMPTY_REPLY, PARIO_STAGE_HEAD, 0, 0, true },
        { PARIO_ERROR_EMPTY_REPLY, PARIO_STAGE_TLS, 0, 0, true },
        { PARIO_ERROR_TLS, PARIO_STAGE_TLS, 0, 0, false },
        { PARIO_ERROR_HEAD_TRUNCATED, PARIO_STAGE_HEAD, 0, 0, true },
        { PARIO_ERROR_TOTAL_TIMEOUT, PARIO_STAGE_BODY, 0, 200, false },
        { PARIO_ERROR_STATUS_LINE, PARIO_STAGE_HEAD, 0, 0, false },
        { PARIO_ERROR_CANCELLED, PARIO_STAGE_QUEUE, 0, 0, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pario_response response;
        memset(&response, 0, sizeof response);
        response.error = rows[i].error;
        response.stage = rows[i].stage;
        response.resolver_error = rows[i].resolver_error;
        response.status = rows[i].status;
        test_case("%s, status %d", pario_error_name(rows[i].error), rows[i].status);
        CHECK_INT(retry_helps(&response), rows[i].helps);
        CHECK_INT(retry_asked(&response, THEN), NEVER);
    }
}

TEST(retry_helps_where_a_proxy_is_busy)
{
    pario_response response;
    memset(&response, 0, sizeof response);
    response.error = PARIO_ERROR_PROXY_REFUSED;
    response.proxy_status = 503;
    CHECK(retry_helps(&response));
    response.proxy_status = 403;
    CHECK(!retry_helps(&response));
}

TEST(retry_queue_gives_back_in_the_order_of_what_is_due)
{
    enum {
        COUNT = 1000
    };
    retry_queue  queue;
    retry_policy own = policy;
    int64_t      due[COUNT];
    int64_t      last = 0;
    size_t       index = 0;
    if (!CHECK(retry_queue_open(&queue, COUNT))) {
        return;
    }
    CHECK_INT(retry_queue_wait_ms(&queue, 0), NEVER);
    CHECK(!take(&queue, INT64_MAX, &index));
    for (size_t i = 0; i < COUNT; i++) {
        due[i] = retry_random(&own, 500);
        retry_queue_add(&queue, due[i], i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        const int64_t next = retry_queue_wait_ms(&queue, 0);
        CHECK(next == 0 || !take(&queue, next - 1, &index));
        CHECK_INT(retry_queue_wait_ms(&queue, next + 1), 0);
        if (!CHECK(take(&queue, next, &index)) || !CHECK(index < COUNT)) {
            break;
        }
        CHECK_INT(due[index], next);
        CHECK(next >= last);
        due[index] = NEVER; /* each comes once */
        last = next;
    }
    CHECK(!take(&queue, INT64_MAX, &index));
    retry_queue_close(&queue);
}
