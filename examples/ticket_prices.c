/* SPDX-License-Identifier: MIT */
/*
 * ticket_prices: the bus tickets of a hundred days, on the executor of your choice. For each day:
 * GET a session's cookie, POST the search with it, cut the prices out of the page.
 *
 *     build/ticket_server --port 8080 &
 *     build/ticket_prices -x fibers -c 20 http://127.0.0.1:8080
 */
#define PARIO_IMPLEMENTATION
#define PARIO_STATIC /* what is not used here is not in the program either */
#include "bench/tickets.h"
#include "pario.h"

typedef struct day {
    char form[72]; /* the search's body: stays as it is until the response has come */
    bool searched;
} day;
static day             days[TICKETS_MAX_DAYS];
static tickets         total;
static tickets_options options;

/* Searches with the session's cookie. Returns NULL, or what is wrong. */
static const char *search(pario_client *client, size_t tag, const char *cookie, const char *date)
{
    pario_field   fields[] = { { "Cookie", cookie },
                               { "Content-Type", "application/x-www-form-urlencoded" } };
    pario_request request = { .url = options.search, .fields = fields, .field_count = 2 };
    request.tag = tag;
    days[tag].searched = true;
    request.body = days[tag].form;
    request.body_size = (size_t)snprintf(days[tag].form, sizeof days[tag].form, TICKETS_FORM,
                                         TICKETS_FROM, TICKETS_TO, date);
    bool sent = cookie != NULL && pario_submit(client, &request) == PARIO_OK;
    return sent ? NULL : "no cookie came, or it is no cookie";
}

/* Does what comes after a response. Returns whether all is well. */
static bool take(pario_client *client, const pario_response *response)
{
    tickets     found;
    char        date[9], line[PARIO_LINE_SIZE];
    const char *wrong = line;
    tickets_date((unsigned)response->tag, date);
    pario_describe(response, line, sizeof line);
    if (response->error == PARIO_OK && response->status == 200 && !days[response->tag].searched) {
        const char *cookie = pario_response_field(response, "Set-Cookie", 0);
        wrong = search(client, response->tag, cookie, date);
    } else if (response->error == PARIO_OK && response->status == 200) {
        wrong = tickets_read(response->body, date, &found);
        tickets_add(&total, &found);
        if (!options.quiet) {
            tickets_print_day(date, &found);
        }
    }
    return wrong == NULL || fprintf(stderr, "ticket_prices: %s: %s\n", date, wrong) < 0;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "epoll", "sequential", "threads", "fibers", NULL };
    if (!tickets_command_line(argc, argv, names, &options)) {
        return 2;
    }
    tickets_raise_limit();
    pario_config   config = { .executor = (pario_executor)options.way,
                              .concurrency = (int64_t)options.width };
    pario_client  *client;
    pario_response response;
    pario_error    error = pario_open(&config, &client);
    for (unsigned i = 0; i < options.days && error == PARIO_OK; i++) {
        error = pario_submit(client, &(pario_request){ .url = options.session, .tag = i });
    }
    for (bool good = error == PARIO_OK; good; pario_response_free(&response)) {
        error = pario_next(client, &response, PARIO_UNLIMITED);
        good = error == PARIO_OK && take(client, &response);
    }
    pario_close(client);
    tickets_print_total(&total);
    return error == PARIO_NOTHING_LEFT && total.days == options.days ? 0 : 1;
}
