/* SPDX-License-Identifier: MIT */
/* run.c: see run.h. */
#include "run.h"

#include "system.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_SIZE 4096
#define EXIT_USAGE 2    /* what a client says to no days: that is how it is made to do nothing */
#define EXIT_MISSING 69 /* EX_UNAVAILABLE: the client says a module is missing */
#define SERVER_PATIENCE 10.0
#define SETTLE_TRIES 40
#define PLATEAU_SCALE 0.01 /* of the delays */
#define HELD_BYTES 100L    /* of content in each answer of /hold */

/* A command, cut into words. */
typedef struct command {
    char  bytes[COMMAND_SIZE];
    char *words[STAGE_ARGUMENTS + 1];
} command;

const char *run_state_name(run_state state)
{
    static const char *const names[] = { "ok",      "void",       "failed",     "refused",
                                         "missing", "impossible", "interrupted" };
    return names[state];
}

const char *run_kind_name(run_kind kind)
{
    static const char *const names[] = { "job", "trace", "idle", "plateau" };
    return names[kind];
}

double run_guess(const run_setup *setup, const run_record *record)
{
    const row *subject = &row_table[record->row];
    double     start = subject->kind == ROW_PYTHON ? 0.7 : 0.05;
    if (record->kind == RUN_IDLE) {
        return start;
    }
    if (record->kind == RUN_HOLD) {
        return start + 0.1 + (double)record->in_flight / 10000;
    }
    return start + (subject->in_flight == 1 ? 29.0 : 17.0) * setup->scale;
}

/* The value of a placeholder of rows.h, or NULL. */
static const char *command_value(const char *name, size_t size, const run_setup *setup,
                                 const char *url, const char *number)
{
    const struct {
        const char *name;
        const char *value;
    } table[] = { { "bin", setup->bin },
                  { "python", setup->python },
                  { "py", setup->scripts },
                  { "url", url },
                  { "n", number } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strlen(table[i].name) == size && strncmp(table[i].name, name, size) == 0) {
            return table[i].value;
        }
    }
    return NULL;
}

/* Adds a word of a template, its placeholders filled in, which may hold spaces then. */
static void command_word(text *line, const char *word, size_t size, const run_setup *setup,
                         const char *url, const char *number)
{
    while (size > 0) {
        const char *brace = memchr(word, '{', size);
        size_t      plain = brace == NULL ? size : (size_t)(brace - word);
        text_add(line, "%.*s", (int)plain, word);
        word += plain;
        size -= plain;
        if (size > 0) {
            size_t      inner = strcspn(word, "}") + 1;
            const char *value = command_value(word + 1, inner - 2, setup, url, number);
            text_add(line, "%s", value == NULL ? "" : value);
            word += inner;
            size -= inner;
        }
    }
}

/* Cuts a template at its spaces and fills it in. */
static void command_make(command *result, const char *template, const run_setup *setup,
                         const char *url, long in_flight)
{
    char   number[24];
    size_t count = 0;
    size_t used = 0;
    text_print(number, sizeof number, "%ld", in_flight);
    while (*template != '\0' && count < STAGE_ARGUMENTS) {
        text   word = { NULL, 0, 0, false };
        size_t size = strcspn(template, " ");
        command_word(&word, template, size, setup, url, number);
        text_copy(result->bytes + used, sizeof result->bytes - used,
                  word.bytes == NULL ? "" : word.bytes);
        text_free(&word);
        result->words[count++] = result->bytes + used;
        used += strlen(result->bytes + used) + 1;
        used = used < sizeof result->bytes ? used : sizeof result->bytes - 1;
        template += size;
        template += strspn(template, " ");
    }
    result->words[count] = NULL;
}

static void run_end(run_record *record, run_state state, const char *note)
{
    record->state = state;
    text_copy(record->note, sizeof record->note, note);
}

/* What the client said last: its error, else its result, else the launcher's complaint. */
static const char *run_last_words(const stage *state)
{
    const char *launcher = state->source[STAGE_REPORT].last;
    if (state->source[STAGE_CLIENT_ERROR].last[0] != '\0') {
        return state->source[STAGE_CLIENT_ERROR].last;
    }
    if (strncmp(launcher, "error ", 6) == 0) {
        return launcher + 6;
    }
    return state->source[STAGE_CLIENT_OUT].last[0] != '\0' ? state->source[STAGE_CLIENT_OUT].last
                                                           : "nothing";
}

/* A client that ended when it should not have. */
static void run_blame(const stage *state, const char *what, run_record *record)
{
    record->state = RUN_FAILED;
    if (!state->ended) {
        text_print(record->note, sizeof record->note,
                   "no client, or no launcher, before %s: %.120s", what, run_last_words(state));
    } else if (state->end.signal != 0) {
        text_print(record->note, sizeof record->note, "the client died of signal %d (%s) before %s",
                   state->end.signal, strsignal(state->end.signal), what);
    } else {
        text_print(record->note, sizeof record->note,
                   "the client ended with status %d before %s: %.120s", state->end.exit_status,
                   what, run_last_words(state));
    }
}

/* Says why a wait did not come to what was waited for. */
static void run_explain(const stage *state, stage_wait wait, const char *what, run_record *record)
{
    const char *server = state->source[STAGE_SERVER_ERROR].last;
    record->state = RUN_FAILED;
    switch (wait) {
    case STAGE_INTERRUPTED:
        run_end(record, RUN_INTERRUPTED, "interrupted");
        break;
    case STAGE_TOO_LONG:
        text_print(record->note, sizeof record->note,
                   "hangs: killed before %s; --patience waits longer; it last said: %.100s", what,
                   run_last_words(state));
        break;
    case STAGE_SERVER_GONE:
        text_print(record->note, sizeof record->note, "the server ended: %.170s",
                   server[0] == '\0' ? "it was killed, for it did not say why" : server);
        break;
    case STAGE_CLIENT_GONE:
    case STAGE_HAPPENED:
        run_blame(state, what, record);
        break;
    }
}

static bool done_listening(const stage *state)
{
    return state->port != 0;
}

static bool done_started(const stage *state)
{
    return state->client != 0;
}

static bool done_ready(const stage *state)
{
    return state->ready;
}

static bool done_plateau(const stage *state)
{
    return state->plateau != 0;
}

/* The client has ended, and all that it said has been read. */
static bool done_ended(const stage *state)
{
    return state->ended && state->source[STAGE_CLIENT_OUT].fd < 0 &&
           state->source[STAGE_CLIENT_ERROR].fd < 0;
}

/*
 * The server's command. The plateau of the job keeps the article's pace, only faster: answers come
 * one at a time, so that it is not chance how many pages a client reads at once on the way there.
 */
static void run_server_command(const run_setup *setup, const run_record *record, command *server)
{
    char        line[512];
    char        hold[64] = "";
    double      scale = setup->scale;
    const char *profile = "article";
    if (record->kind == RUN_HOLD && row_table[record->row].sweep) {
        profile = "none";
    } else if (record->kind == RUN_HOLD) {
        text_print(hold, sizeof hold, " --hold %ld", record->in_flight);
        scale = scale < PLATEAU_SCALE ? scale : PLATEAU_SCALE;
    } else {
        /* the job as it is */
    }
    text_print(line, sizeof line,
               "{bin}/ticket_server --port %d --profile %s --scale %g --seed %u --until-eof%s",
               setup->port, profile, scale, setup->data_seed, hold);
    command_make(server, line, setup, "", 0);
}

/* Starts the run's own server. */
static bool run_server(const run_setup *setup, stage *state, run_record *record)
{
    command server;
    char    line[256];
    run_server_command(setup, record, &server);
    if (server.words[0] == NULL || access(server.words[0], X_OK) != 0) {
        run_end(record, RUN_FAILED, "ticket_server is not there: run make, or say --bin DIRECTORY");
        return false;
    }
    if (!stage_start_server(state, server.words)) {
        text_print(line, sizeof line, "cannot start the server: %s", strerror(errno));
        run_end(record, RUN_FAILED, line);
        return false;
    }
    stage_wait wait = stage_until(state, done_listening, SERVER_PATIENCE);
    if (wait != STAGE_HAPPENED) {
        run_explain(state, wait, "the server listened", record);
        return false;
    }
    return true;
}

/* Starts the client and waits until it is one. */
static bool run_client(const run_setup *setup, stage *state, run_record *record)
{
    const row *subject = &row_table[record->row];
    const char *template = record->kind == RUN_IDLE ? subject->idle : subject->command;
    command client;
    char    url[128];
    if (subject->sweep && subject->kind == ROW_PARIO) {
        /* as long at each point, for it is a part of what is weighed */
        text_print(url, sizeof url, "http://127.0.0.1:%d/hold?n=%05ld", state->port,
                   record->in_flight);
    } else {
        text_print(url, sizeof url, "http://127.0.0.1:%d", state->port);
    }
    record->url_bytes = strlen(url);
    command_make(&client, template, setup, url, record->in_flight);
    kernel_read_all(&state->kernel);
    if (!stage_start_client(state, client.words, subject->environment)) {
        run_end(record, RUN_FAILED, strerror(errno));
        return false;
    }
    stage_wait wait = stage_until(state, done_started, SERVER_PATIENCE);
    if (wait != STAGE_HAPPENED) {
        run_explain(state, wait, "it was started", record);
        return false;
    }
    return true;
}

/* What the client's last line must be. */
static void run_expected(const run_setup *setup, const run_record *record, char *line, size_t size)
{
    if (row_table[record->row].sweep) {
        text_print(line, size, "held %ld  bytes %ld", record->in_flight,
                   record->in_flight * HELD_BYTES);
    } else {
        text_copy(line, size, setup->expected);
    }
}

/* A client that says it succeeded: did it find every page, and every price on it? */
static void run_check(const run_setup *setup, run_record *record)
{
    char expected[160];
    if (record->kind == RUN_IDLE) {
        run_end(record, RUN_OK, "");
        return;
    }
    run_expected(setup, record, expected, sizeof expected);
    if (strcmp(expected, record->answer) == 0) {
        run_end(record, RUN_OK, "");
        return;
    }
    record->state = RUN_VOID;
    text_print(record->note, sizeof record->note, "found \"%.80s\", not \"%.80s\"", record->answer,
               expected);
}

/* Waits for the client's end and judges it. */
static void run_finish(const run_setup *setup, stage *state, run_record *record)
{
    const char *error = state->source[STAGE_CLIENT_ERROR].last;
    stage_wait  wait = stage_until(state, done_ended, setup->patience);
    if (wait != STAGE_HAPPENED) {
        run_explain(state, wait, "its work was done", record);
        return;
    }
    record->end = state->end;
    text_copy(record->answer, sizeof record->answer, state->source[STAGE_CLIENT_OUT].last);
    if (state->end.exit_status == 0 ||
        (record->kind == RUN_IDLE && state->end.exit_status == EXIT_USAGE)) {
        run_check(setup, record);
    } else if (state->end.exit_status == EXIT_MISSING && row_table[record->row].optional) {
        text_print(record->note, sizeof record->note, "install %.150s",
                   strncmp(error, "missing: ", 9) == 0 ? error + 9 : error);
        record->state = RUN_MISSING;
    } else {
        run_blame(state, "its work was done", record);
    }
}

/* Reads the client until two readings in a row agree: all its threads are at rest. */
static bool run_settle(pid_t client, process_read *result)
{
    const struct timespec moment = { 0, 5000000 };
    process_read          former;
    if (!process_read_all(client, &former)) {
        return false;
    }
    for (int i = 0; i < SETTLE_TRIES; i++) {
        (void)nanosleep(&moment, NULL);
        if (!process_read_all(client, result)) {
            return false;
        }
        if (result->memory.rss_bytes == former.memory.rss_bytes &&
            result->memory.threads == former.memory.threads) {
            return true;
        }
        former = *result;
    }
    return true;
}

/* Reads a client that is ready and has sent nothing, and lets it go on. */
static bool run_ready(const run_setup *setup, stage *state, run_record *record)
{
    stage_wait wait = stage_until(state, done_ready, setup->patience);
    if (wait != STAGE_HAPPENED) {
        run_explain(state, wait, "it was ready", record);
        return false;
    }
    bool have = run_settle(state->client, &record->before);
    kernel_read_all(&state->kernel);
    if (!have || !stage_tell(state->client_in, "go\n")) {
        run_end(record, RUN_FAILED, "the client ended before its requests were sent");
        return false;
    }
    return true;
}

/*
 * Whether a client that did not come to its plateau was refused threads, as by a limit that
 * limits_refuse does not know of.
 */
static bool run_short(const stage *state, run_record *record)
{
    process_read now;
    row_way      way = row_table[record->row].way;
    if ((way != WAY_THREADS && way != WAY_ARENA) || !process_read_all(state->client, &now) ||
        now.memory.threads > (uint64_t)record->in_flight) {
        return false;
    }
    text_print(record->note, sizeof record->note,
               "%ld threads are needed, %llu are there: raise ulimit -u, -v or -n, pids.max of the "
               "control group, or vm.overcommit_memory",
               record->in_flight + 1, (unsigned long long)now.memory.threads);
    record->state = RUN_REFUSED;
    return true;
}

/* The plateau, and the release. */
static bool run_plateau(const run_setup *setup, stage *state, run_record *record)
{
    kernel_read after;
    if (row_table[record->row].sweep && !run_ready(setup, state, record)) {
        return false;
    }
    stage_wait wait = stage_until(state, done_plateau, setup->patience);
    if (wait == STAGE_TOO_LONG && run_short(state, record)) {
        return false;
    }
    if (wait != STAGE_HAPPENED) {
        run_explain(state, wait, "all requests were in flight", record);
        return false;
    }
    bool have = run_settle(state->client, &record->plateau);
    kernel_read_all(&after);
    record->kernel = kernel_difference(&after, &state->kernel);
    if (!have || kill(state->server, SIGUSR1) != 0) {
        run_end(record, RUN_FAILED, "client or server ended during the plateau");
        return false;
    }
    return true;
}

/* The job, with a sampler looking on. */
static void run_traced(const run_setup *setup, stage *state, run_record *record)
{
    pario_sampler *sampler = NULL;
    pario_error    error = pario_sampler_start((int)state->client, setup->interval_ms, &sampler);
    run_finish(setup, state, record);
    if (error == PARIO_OK) {
        error = pario_sampler_stop(sampler, &record->series);
    }
    if (error != PARIO_OK && record->state == RUN_OK) {
        run_end(record, RUN_FAILED, pario_error_text(error));
    }
}

/* What to do about a program that is not there. */
static void run_remedy(const row *subject, const char *program, char *note, size_t size)
{
    const char *slash = program == NULL ? NULL : strrchr(program, '/');
    const char *name = slash == NULL ? "its program" : slash + 1;
    if (subject->kind == ROW_PYTHON) {
        text_print(note, size, "%s is not there: install %s, or name another with --python", name,
                   subject->package);
    } else if (subject->package != NULL) {
        text_print(note, size, "%s is not there: install %s, then run make", name,
                   subject->package);
    } else {
        text_print(note, size, "%s is not there: run make", name);
    }
}

bool run_missing(const run_setup *setup, int row_index, char *note, size_t size)
{
    const row *subject = &row_table[row_index];
    command    client;
    command_make(&client, subject->command, setup, "", 1);
    if (client.words[0] == NULL || access(client.words[0], X_OK) != 0) {
        run_remedy(subject, client.words[0], note, size);
        return true;
    }
    if (subject->kind == ROW_PYTHON && access(client.words[1], R_OK) != 0) {
        text_print(note, size, "%.150s is not there: name its directory with --scripts",
                   client.words[1]);
        return true;
    }
    return false;
}

/* Whether this run need not be tried; says why. */
static bool run_hopeless(const run_setup *setup, run_record *record)
{
    const row *subject = &row_table[record->row];
    if (run_missing(setup, record->row, record->note, sizeof record->note)) {
        record->state = subject->optional ? RUN_MISSING : RUN_FAILED;
        return true;
    }
    if (record->kind == RUN_HOLD && subject->way == WAY_SEQUENTIAL && record->in_flight > 1) {
        run_end(record, RUN_IMPOSSIBLE, "one at a time, by definition");
        return true;
    }
    if (record->kind != RUN_IDLE &&
        limits_refuse(subject, record->in_flight, record->note, sizeof record->note)) {
        record->state = RUN_REFUSED;
        return true;
    }
    return false;
}

bool run_probe(run_setup *setup, char *note, size_t size)
{
    stage      state;
    run_record record;
    command    ask;
    char template[128];
    memset(&record, 0, sizeof record);
    stage_open(&state);
    bool good = run_server(setup, &state, &record);
    stage_close(&state);
    text_copy(note, size, record.note);
    if (!good) {
        return false;
    }
    text_print(template, sizeof template, "{bin}/ticket_server --seed %u --expect 100",
               setup->data_seed);
    command_make(&ask, template, setup, "", 0);
    stage_ask(ask.words, setup->expected, sizeof setup->expected);
    if (setup->expected[0] == '\0') {
        text_copy(note, size, "ticket_server --expect says nothing: run make");
        return false;
    }
    return true;
}

void run_once(const run_setup *setup, run_record *record)
{
    stage state;
    if (run_hopeless(setup, record)) {
        return;
    }
    stage_open(&state);
    bool going = run_server(setup, &state, record) && run_client(setup, &state, record);
    if (going && record->kind == RUN_HOLD) {
        going = run_plateau(setup, &state, record);
    }
    if (going && record->kind == RUN_TRACE) {
        run_traced(setup, &state, record);
    } else if (going) {
        run_finish(setup, &state, record);
    } else if (state.ended && state.end.exit_status == EXIT_MISSING) {
        run_finish(setup, &state, record); /* it has said what is missing */
    } else {
        /* run_explain has said it */
    }
    stage_close(&state);
}
