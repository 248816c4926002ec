/* SPDX-License-Identifier: MIT */
/*
 * get: one request, with curl's letters and curl's exit codes.
 *
 *     make examples && build/get -sfL http://127.0.0.1:8080/
 *     cc -I. examples/get.c -o get -pthread
 *
 * The body is written when the response is complete, and not before; but to -o FILE as it comes,
 * by way of FILE.part, so that it may be larger than memory. https needs a TLS library:
 * make finds OpenSSL or Mbed TLS; by hand, add -DCLI_OPENSSL -lssl -lcrypto.
 */
#define _FILE_OFFSET_BITS 64 /* large files, on 32 bits, too */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#define PARIO_IMPLEMENTATION
#define PARIO_STATIC /* this file alone needs it */
#include "pario.h"

#include "cli.h"

#define CHUNK_BYTES 65536
#define SMALL_BYTES 1048576 /* a body up to this is kept in memory */

/* The exit statuses, curl's as far as it has them. */
enum {
    EXIT_SCHEME = 1,
    EXIT_USAGE = CLI_USAGE,
    EXIT_URL = 3,
    EXIT_NOT_BUILT_IN = 4,
    EXIT_PROXY = 5,
    EXIT_RESOLVE = 6,
    EXIT_CONNECT = 7,
    EXIT_HEAD = 8,
    EXIT_SHORT_BODY = 18,
    EXIT_STATUS = 22,
    EXIT_WRITE = 23,
    EXIT_READ = 26,
    EXIT_MEMORY = 27,
    EXIT_TIMEOUT = 28,
    EXIT_TLS = 35,
    EXIT_INTERFACE = 45,
    EXIT_REDIRECTS = 47,
    EXIT_EMPTY = 52,
    EXIT_SEND = 55,
    EXIT_RECEIVE = 56,
    EXIT_TOO_LARGE = 63,
    EXIT_REWIND = 65,
    EXIT_OTHER = 71
};

typedef struct get_settings {
    cli_common  common; /* the first member: setters are given a pointer to it */
    const char *method;
    const char *output;
    char       *user; /* a copy */
    const char *password;
    char       *body;
    size_t      body_size;
    FILE       *spilled;   /* where a body that is not small is, or NULL */
    int         body_fd;   /* a file that is all of the body, or 0 */
    int         upload_fd; /* what -T sends, or 0 */
    bool        has_body;
    bool        head_only;
    bool        with_head;
    bool        silent;
    bool        shows_errors;
    bool        fails;
    int         data_status; /* what went wrong with -d: an exit status, or 0 */
} get_settings;

/* The file of -o while a body is written to it. */
typedef struct get_file {
    const char *name;
    char       *part; /* what it is called until the response is complete, or NULL */
    int         fd;   /* 0: none */
} get_file;

static const char help[] =
    "usage: get [options] URL\n"
    "  -x, --executor NAME        epoll (the default), sequential, threads or fibers\n"
    "  -X, --request METHOD       instead of GET, HEAD or POST\n"
    "  -H, --header 'Name: value' send a field; 'Name;' sends an empty one,\n"
    "                             'Name:' leaves one out\n"
    "  -d, --data DATA            POST it; @FILE: content of FILE, @-: of stdin, both\n"
    "                             without line ends and NULs, not held in memory\n"
    "  -T, --upload-file FILE     PUT it, as it is; -: stdin, in chunks\n"
    "  -I, --head                 HEAD, and write the head\n"
    "  -i, --include              write the head before the body\n"
    "  -o, --output FILE          write to FILE, without -i by way of FILE.part\n"
    "  -s, --silent               no errors on standard error\n"
    "  -S, --show-error           errors all the same\n"
    "  -u, --user USER:PASSWORD   Basic authentication\n"
    "  -f, --fail                 exit 22 and write no body if the status is >= 400\n"
    "  -L, --location             follow redirects\n"
    "      --max-redirs N         so many (default 50, -1: any number)\n"
    "  -m, --max-time SECONDS     for all of it; 0: no limit, the default\n"
    "      --connect-timeout SECONDS  for the connection (default 10; 0: no limit)\n"
    "      --max-filesize BYTES   of content (default 0: no limit)\n" CLI_PROXY_HELP CLI_ENDS_HELP
        CLI_TLS_HELP
    "exit: 0 complete response, 1 scheme not supported, 2 usage, 3 malformed URL,\n"
    "  5 proxy not resolved, 6 name not resolved, 7 connect failed,\n"
    "  8 malformed reply head,\n"
    "  18 body ended early, 22 -f and status >= 400, 23 write failed, 26 read failed,\n"
    "  28 timed out, 35 TLS failed, 45 --interface is of another family,\n"
    "  47 too many redirects, 52 empty reply,\n"
    "  55 send failed, 56 malformed framing, reset, or tunnel refused,\n"
    "  63 over --max-filesize, 77 the file of --cacert cannot be used,\n"
    "  any other: named on standard error\n";

static get_settings *settings_of(cli_common *common)
{
    return (get_settings *)(void *)common;
}

static bool set_method(cli_common *common, const char *value)
{
    settings_of(common)->method = value;
    return true;
}

/* As in curl, each -o is for one URL; so the first one counts. */
static bool set_output(cli_common *common, const char *value)
{
    get_settings *settings = settings_of(common);
    settings->output = settings->output == NULL ? value : settings->output;
    return value[0] != '\0';
}

static bool set_head(cli_common *common, const char *value)
{
    (void)value;
    settings_of(common)->head_only = true;
    return true;
}

static bool set_include(cli_common *common, const char *value)
{
    (void)value;
    settings_of(common)->with_head = true;
    return true;
}

static bool set_silent(cli_common *common, const char *value)
{
    (void)value;
    settings_of(common)->silent = true;
    return true;
}

static bool set_show_error(cli_common *common, const char *value)
{
    (void)value;
    settings_of(common)->shows_errors = true;
    return true;
}

static bool set_fail(cli_common *common, const char *value)
{
    (void)value;
    settings_of(common)->fails = true;
    return true;
}

/* The user ends at the first colon; without one the password is empty. */
static bool set_user(cli_common *common, const char *value)
{
    get_settings *settings = settings_of(common);
    char         *copy = strdup(value);
    char         *colon = copy == NULL ? NULL : strchr(copy, ':');
    if (copy == NULL) {
        return false;
    }
    free(settings->user);
    settings->user = copy;
    settings->password = "";
    if (colon != NULL) {
        *colon = '\0';
        settings->password = colon + 1;
    }
    return true;
}

/* Puts the body into a file without a name, where it goes on to grow. An exit status, or 0. */
static int spill_data(get_settings *settings)
{
    settings->spilled = tmpfile();
    if (settings->spilled == NULL ||
        fwrite(settings->body, 1, settings->body_size, settings->spilled) != settings->body_size) {
        return cli_complain(&settings->common, EXIT_READ, "a temporary file: %s", strerror(errno));
    }
    free(settings->body);
    settings->body = NULL;
    return 0;
}

/* Adds to the body: in memory as long as it is small. Returns an exit status, or 0. */
static int add_data(get_settings *settings, const char *bytes, size_t size)
{
    char *grown = NULL;
    if (settings->spilled == NULL && settings->body_size + size > SMALL_BYTES) {
        const int status = spill_data(settings);
        if (status != 0) {
            return status;
        }
    }
    if (settings->spilled != NULL) {
        return fwrite(bytes, 1, size, settings->spilled) == size ? 0 : EXIT_READ;
    }
    grown = (char *)realloc(settings->body, settings->body_size + size + 1);
    if (grown == NULL) {
        return EXIT_MEMORY;
    }
    memcpy(&grown[settings->body_size], bytes, size);
    settings->body = grown;
    settings->body_size += size;
    return 0;
}

/* Takes line ends and NULs out of bytes, as curl does. Returns how many are left. */
static size_t keep_data(char *bytes, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        const char byte = bytes[i];
        bytes[kept] = byte;
        kept += (byte != '\r' && byte != '\n' && byte != '\0') ? 1u : 0u;
    }
    return kept;
}

/* Adds what can be read, without line ends and NULs. An exit status, or 0. */
static int add_stream(get_settings *settings, int fd)
{
    static char chunk[CHUNK_BYTES];
    int         status = 0;
    ssize_t     got = 1;
    while (status == 0 && got > 0) {
        got = read(fd, chunk, sizeof chunk);
        status = got < 0 ? EXIT_READ : add_data(settings, chunk, keep_data(chunk, (size_t)got));
    }
    return status;
}

/* Whether a large file may be sent as it is, from its beginning: no byte of it is left out. */
static bool is_clean(int fd)
{
    static char chunk[CHUNK_BYTES];
    struct stat about;
    off_t       at = 0;
    ssize_t     got = 1;
    bool clean = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > SMALL_BYTES &&
                 lseek(fd, 0, SEEK_CUR) == 0;
    while (clean && got > 0) {
        got = pread(fd, chunk, sizeof chunk, at);
        clean = got < 0 || keep_data(chunk, (size_t)got) == (size_t)got;
        at += got;
    }
    return clean && got == 0;
}

/* Opens a file, or a copy of standard input for -, of which 0 may be the descriptor. -1: errno. */
static int open_source(const char *name)
{
    return strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(name, O_RDONLY | O_CLOEXEC);
}

/* Adds the file's content; - is standard input. An exit status, or 0. */
static int add_file(get_settings *settings, const char *name)
{
    const int fd = open_source(name);
    int       status = fd < 0 ? EXIT_READ : 0;
    if (fd >= 0 && !settings->has_body && is_clean(fd)) {
        settings->body_fd = fd;
        return 0;
    }
    if (fd >= 0) {
        status = add_stream(settings, fd);
    }
    if (status == EXIT_READ) {
        (void)cli_complain(&settings->common, status, "%s: %s", name, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

/* Makes room for more: a file that was to be all of the body becomes a part. A status, or 0. */
static int separate_data(get_settings *settings)
{
    int status = 0;
    if (settings->body_fd > 0) {
        status = add_stream(settings, settings->body_fd);
        (void)close(settings->body_fd);
        settings->body_fd = 0;
    }
    return status != 0 ? status : add_data(settings, "&", 1);
}

/* Several -d are joined by &. Whatever fails is kept for later: it is not a matter of usage. */
static bool set_data(cli_common *common, const char *value)
{
    get_settings *settings = settings_of(common);
    int           status = settings->has_body ? separate_data(settings) : 0;
    if (status == 0) {
        status = value[0] == '@' ? add_file(settings, &value[1])
                                 : add_data(settings, value, strlen(value));
    }
    settings->has_body = true;
    settings->data_status = settings->data_status != 0 ? settings->data_status : status;
    return true;
}

/* The file is sent as it is read. */
static bool set_upload(cli_common *common, const char *value)
{
    get_settings *settings = settings_of(common);
    if (settings->upload_fd == 0) { /* as in curl, each -T is for one URL */
        settings->upload_fd = open_source(value);
    }
    if (settings->upload_fd < 0 && settings->data_status == 0) {
        settings->data_status = cli_complain(common, EXIT_READ, "%s: %s", value, strerror(errno));
    }
    return value[0] != '\0';
}

static const cli_option options[] = {
    { 'x', "executor", true, cli_set_executor, "sequential, threads, fibers or epoll" },
    { 'X', "request", true, set_method, "a method" },
    { 'H', "header", true, cli_set_field, "a field like 'Name: value'" },
    { 'd', "data", true, set_data, "data, or @ and a file" },
    { 'T', "upload-file", true, set_upload, "a file, or -" },
    { 'I', "head", false, set_head, "" },
    { 'i', "include", false, set_include, "" },
    { 'o', "output", true, set_output, "a file" },
    { 's', "silent", false, set_silent, "" },
    { 'S', "show-error", false, set_show_error, "" },
    { 'u', "user", true, set_user, "USER:PASSWORD" },
    { 'f', "fail", false, set_fail, "" },
    { 'L', "location", false, cli_set_follow, "" },
    { '\0', "max-redirs", true, cli_set_redirects, "a number, or -1" },
    { 'm', "max-time", true, cli_set_total, "seconds" },
    { '\0', "connect-timeout", true, cli_set_connect, "seconds" },
    { '\0', "max-filesize", true, cli_set_body_bytes, "a number of bytes" },
    CLI_PROXY_OPTIONS CLI_ENDS_OPTIONS CLI_TLS_OPTIONS{ 'h', "help", false, cli_set_help, "" },
    { '\0', NULL, false, NULL, NULL },
};

/* The exit status of each error; 0 where there is none of its own. */
static const unsigned char error_statuses[] = {
    [PARIO_OK] = 0,
    [PARIO_ERROR_ARGUMENT] = EXIT_USAGE,
    [PARIO_ERROR_CONFIG] = EXIT_USAGE,
    [PARIO_ERROR_EXECUTOR] = EXIT_USAGE,
    [PARIO_ERROR_NO_FIBERS] = EXIT_NOT_BUILT_IN,
    [PARIO_ERROR_URL] = EXIT_URL,
    [PARIO_ERROR_URL_TOO_LONG] = EXIT_URL,
    [PARIO_ERROR_URL_BYTE] = EXIT_URL,
    [PARIO_ERROR_URL_HOST] = EXIT_URL,
    [PARIO_ERROR_URL_PORT] = EXIT_URL,
    [PARIO_ERROR_SCHEME] = EXIT_SCHEME,
    [PARIO_ERROR_NEEDS_TLS] = EXIT_SCHEME,
    [PARIO_ERROR_PROXY_URL] = EXIT_PROXY,
    [PARIO_ERROR_PROXY_SCHEME] = EXIT_CONNECT,
    [PARIO_ERROR_METHOD] = EXIT_USAGE,
    [PARIO_ERROR_FIELD_NAME] = EXIT_USAGE,
    [PARIO_ERROR_FIELD_VALUE] = EXIT_USAGE,
    [PARIO_ERROR_FIELD_RESERVED] = EXIT_USAGE,
    [PARIO_ERROR_CREDENTIALS] = EXIT_USAGE,
    [PARIO_ERROR_BODY_READ] = EXIT_READ,
    [PARIO_ERROR_BODY_REWIND] = EXIT_REWIND,
    [PARIO_ERROR_TOO_LARGE] = EXIT_MEMORY,
    [PARIO_ERROR_MEMORY] = EXIT_MEMORY,
    [PARIO_ERROR_RESOLVE] = EXIT_RESOLVE,
    [PARIO_ERROR_CONNECT] = EXIT_CONNECT,
    [PARIO_ERROR_SOURCE] = EXIT_INTERFACE,
    [PARIO_ERROR_PROXY_REFUSED] = EXIT_RECEIVE,
    [PARIO_ERROR_PROXY_BYTES] = EXIT_RECEIVE,
    [PARIO_ERROR_TLS] = EXIT_TLS,
    [PARIO_ERROR_SEND] = EXIT_SEND,
    [PARIO_ERROR_RECEIVE] = EXIT_RECEIVE,
    [PARIO_ERROR_CONNECT_TIMEOUT] = EXIT_TIMEOUT,
    [PARIO_ERROR_PROGRESS_TIMEOUT] = EXIT_TIMEOUT,
    [PARIO_ERROR_TOTAL_TIMEOUT] = EXIT_TIMEOUT,
    [PARIO_ERROR_EMPTY_REPLY] = EXIT_EMPTY,
    [PARIO_ERROR_HEAD_TRUNCATED] = EXIT_HEAD,
    [PARIO_ERROR_STATUS_LINE] = EXIT_HEAD,
    [PARIO_ERROR_VERSION] = EXIT_HEAD,
    [PARIO_ERROR_FIELD_LINE] = EXIT_HEAD,
    [PARIO_ERROR_HEAD_TOO_LARGE] = EXIT_HEAD,
    [PARIO_ERROR_TOO_MANY_FIELDS] = EXIT_HEAD,
    [PARIO_ERROR_TOO_MANY_INTERIM] = EXIT_HEAD,
    [PARIO_ERROR_UPGRADE] = EXIT_HEAD,
    [PARIO_ERROR_LENGTH_DUPLICATE] = EXIT_RECEIVE,
    [PARIO_ERROR_LENGTH_DIGITS] = EXIT_RECEIVE,
    [PARIO_ERROR_LENGTH_OVERFLOW] = EXIT_RECEIVE,
    [PARIO_ERROR_TRANSFER_ENCODING] = EXIT_RECEIVE,
    [PARIO_ERROR_LENGTH_AND_ENCODING] = EXIT_RECEIVE,
    [PARIO_ERROR_CHUNK_SIZE] = EXIT_RECEIVE,
    [PARIO_ERROR_CHUNK_OVERFLOW] = EXIT_RECEIVE,
    [PARIO_ERROR_CHUNK_END] = EXIT_RECEIVE,
    [PARIO_ERROR_CHUNK_EXTENSIONS] = EXIT_RECEIVE,
    [PARIO_ERROR_TRAILER] = EXIT_RECEIVE,
    [PARIO_ERROR_TRAILERS_TOO_LARGE] = EXIT_RECEIVE,
    [PARIO_ERROR_BODY_TRUNCATED] = EXIT_SHORT_BODY,
    [PARIO_ERROR_BODY_TOO_LARGE] = EXIT_TOO_LARGE,
    [PARIO_ERROR_BODY_WRITE] = EXIT_WRITE,
    [PARIO_ERROR_TOO_MANY_REDIRECTS] = EXIT_REDIRECTS,
    [PARIO_ERROR_REDIRECT_LOOP] = EXIT_REDIRECTS,
    [PARIO_ERROR_REDIRECT_LOCATION] = EXIT_URL,
    [PARIO_ERROR_REDIRECT_SCHEME] = EXIT_SCHEME,
};

static int status_of(pario_error error)
{
    const size_t index = (size_t)error;
    const int    known = index < sizeof error_statuses ? error_statuses[index] : 0;
    return (known == 0 && error != PARIO_OK) ? EXIT_OTHER : known;
}

/* Says what went wrong, and with what, unless errors are not wanted. Returns status. */
static int complain(const get_settings *settings, int status, const char *what, const char *text)
{
    if (!settings->silent || settings->shows_errors) {
        (void)cli_complain(&settings->common, status, "%s%s", what, text);
    }
    return status;
}

static void write_head(FILE *file, const pario_response *response)
{
    pario_field field;
    (void)fprintf(file, "HTTP/%d.%d %03d %s\r\n", response->version / 10, response->version % 10,
                  response->status, response->reason);
    for (size_t i = 0; i < response->field_count; i++) {
        if (pario_response_field_at(response, i, &field)) {
            (void)fprintf(file, "%s: %s\r\n", field.name, field.value);
        }
    }
    (void)fputs("\r\n", file);
}

/* Writes the head, the body, or both. Returns whether all could be written, or errno says why. */
static bool write_parts(FILE *file, const pario_response *response, bool with_head, bool with_body)
{
    if (with_head) {
        write_head(file, response);
    }
    if (with_body) {
        (void)fwrite(response->body, 1, response->body_size, file);
    }
    return fflush(file) == 0 && ferror(file) == 0;
}

/* Says that something could not be written; errno says why. Returns the exit status. */
static int complain_write(const get_settings *settings, const char *name)
{
    const char *reason = strerror(errno);
    if (!settings->silent || settings->shows_errors) {
        (void)cli_complain(&settings->common, EXIT_WRITE, "writing %s: %s", name, reason);
    }
    return EXIT_WRITE;
}

/* Opens what a body is written to as it comes: a file under its other name, anything else, such as
 * a device, as it is. Returns an exit status, or 0 and perhaps no file: it is not to be so. */
static int open_file(const get_settings *settings, get_file *file)
{
    const char *name = settings->output;
    const char  suffix[] = ".part";
    struct stat about;
    memset(file, 0, sizeof *file);
    if (name == NULL || strcmp(name, "-") == 0 || settings->with_head || settings->head_only) {
        return 0;
    }
    file->name = name;
    if (lstat(name, &about) == 0 && !S_ISREG(about.st_mode)) {
        file->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    } else {
        const size_t size = strlen(name);
        file->part = (char *)malloc(size + sizeof suffix);
        if (file->part == NULL) {
            return EXIT_MEMORY;
        }
        memcpy(file->part, name, size);
        memcpy(&file->part[size], suffix, sizeof suffix);
        (void)unlink(file->part); /* left by a run that was ended */
        file->fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    return file->fd < 0 ? complain_write(settings, name) : 0;
}

/* Closes the file, which gets its name if it is to be kept. Returns an exit status. */
static int close_file(const get_settings *settings, const get_file *file, bool keep)
{
    bool good = file->fd <= 0 || close(file->fd) == 0;
    int  status = 0;
    if (file->part != NULL && keep) {
        good = good && rename(file->part, file->name) == 0;
    }
    if (keep && !good) {
        status = complain_write(settings, file->name);
    }
    if (file->part != NULL && !(keep && good)) {
        (void)unlink(file->part);
    }
    free(file->part);
    return status;
}

/* Writes what the options ask for. Returns an exit status. */
static int write_response(const get_settings *settings, const pario_response *response,
                          bool with_body)
{
    const bool  with_head = settings->with_head || settings->head_only;
    const bool  named = settings->output != NULL && strcmp(settings->output, "-") != 0;
    const char *name = "standard output";
    FILE       *file = stdout;
    bool        good = false;
    if (!with_head && !with_body) {
        return 0;
    }
    if (named) {
        name = settings->output;
        file = fopen(name, "wb");
    }
    if (file != NULL) {
        good = write_parts(file, response, with_head, with_body);
        good = (!named || fclose(file) == 0) && good;
    }
    return good ? 0 : complain_write(settings, name);
}

/* Whether a complete response is a redirect that --max-redirs 0 does not allow to follow. */
static bool is_redirect_too_many(const get_settings *settings, const pario_response *response)
{
    const int  status = response->status;
    const bool redirect = (status >= 301 && status <= 303) || status == 307 || status == 308;
    return redirect && settings->common.follow && settings->common.redirects == 0 &&
           pario_response_field(response, "Location", 0) != NULL;
}

/* Writes a complete response, or says what is wrong with it; *keep: the file it is in is good.
 * Returns the exit status. */
static int finish(const get_settings *settings, const pario_response *response, bool *keep)
{
    const bool failed = settings->fails && response->status >= 400;
    char       line[PARIO_LINE_SIZE];
    int        status = 0;
    if (is_redirect_too_many(settings, response)) {
        *keep = false;
        return complain(settings, EXIT_REDIRECTS, "",
                        pario_error_text(PARIO_ERROR_TOO_MANY_REDIRECTS));
    }
    if (*keep) { /* it is written already */
        *keep = !failed;
    } else {
        status = write_response(settings, response, !failed && !settings->head_only);
    }
    if (status == 0 && failed) {
        pario_describe(response, line, sizeof line);
        status = complain(settings, EXIT_STATUS, "the server answered ", line);
    }
    return status;
}

/* Says why a request was refused before it began, and what may be meant. Returns the status. */
static int complain_refused(const get_settings *settings, pario_error error)
{
    const bool  url_error = error == PARIO_ERROR_URL || error == PARIO_ERROR_SCHEME;
    const bool  hint = url_error && strstr(settings->common.operands[0], "://") == NULL;
    const char *text = pario_error_text(error);
    if (!settings->silent || settings->shows_errors) {
        (void)cli_complain(&settings->common, status_of(error), "%s%s", text,
                           hint ? " (try http://...)" : "");
    }
    return status_of(error);
}

/* The exit status of a request that had begun. */
static int status_of_failed(pario_error error, const pario_response *response)
{
    if (error == PARIO_ERROR_RESOLVE && response->proxied) {
        return EXIT_PROXY;
    }
    if (error == PARIO_ERROR_EMPTY_REPLY && response->stage == PARIO_STAGE_TLS) {
        return EXIT_TLS; /* a handshake that was cut */
    }
    return status_of(error);
}

/* Says why a request failed that had begun, or was refused. Returns the status. */
static int complain_failed(const get_settings *settings, pario_error error,
                           const pario_response *response)
{
    char line[PARIO_LINE_SIZE];
    if (error == PARIO_ERROR_BODY_WRITE) {
        errno = response->system_error;
        return complain_write(settings, settings->output);
    }
    if (response->stage == PARIO_STAGE_QUEUE) {
        return complain_refused(settings, error);
    }
    pario_describe(response, line, sizeof line);
    return complain(settings, status_of_failed(error, response), "", line);
}

/* Which method is asked for; NULL: GET, or POST where there is content. */
static const char *method_of(const get_settings *settings)
{
    const char *method = settings->method;
    if (method == NULL && settings->head_only) {
        method = "HEAD";
    }
    if (method == NULL && settings->has_body) {
        method = "POST";
    }
    if (method == NULL && settings->upload_fd > 0) {
        method = "PUT";
    }
    return method;
}

/* The descriptor that the request's content comes from, or 0. */
static int source_of(const get_settings *settings)
{
    const int spilled = settings->spilled != NULL ? fileno(settings->spilled) : 0;
    const int body = settings->body_fd > 0 ? settings->body_fd : spilled;
    return settings->upload_fd > 0 ? settings->upload_fd : body;
}

/* Runs the request on an open client, its content into a file if there is one. *keep: whether there
 * is, and then whether it is good. Returns the exit status. */
static int fetch(const get_settings *settings, pario_client *client, int fd, bool *keep)
{
    pario_request  request = { .url = settings->common.operands[0],
                               .method = method_of(settings),
                               .fields = settings->common.fields,
                               .field_count = settings->common.field_count,
                               .body = settings->body,
                               .body_size = settings->body != NULL ? settings->body_size : 0,
                               .body_fd = source_of(settings),
                               .user = settings->user,
                               .password = settings->password,
                               .into_fd = fd,
                               .body_bytes = settings->common.body_bytes };
    pario_response response;
    pario_error    error = PARIO_OK;
    int            status = 0;
    memset(&response, 0, sizeof response);
    error = pario_fetch(client, &request, &response);
    *keep = *keep && error == PARIO_OK;
    status = error == PARIO_OK ? finish(settings, &response, keep)
                               : complain_failed(settings, error, &response);
    pario_response_free(&response);
    return status;
}

/* Whether different methods are asked for. */
static bool is_torn(const get_settings *settings)
{
    const int asked = (settings->has_body ? 1 : 0) + (settings->head_only ? 1 : 0) +
                      (settings->upload_fd > 0 ? 1 : 0);
    return asked > 1;
}

/* What the command line asks for without saying it, and what it may not ask for. */
static int complete_settings(get_settings *settings)
{
    cli_common *common = &settings->common;
    bool        typed = !settings->has_body;
    if (common->operand_count != 1) {
        return cli_complain(common, EXIT_USAGE, "one URL is needed, not %zu; try --help",
                            common->operand_count);
    }
    if (is_torn(settings)) {
        return cli_complain(common, EXIT_USAGE, "-d, -I and -T ask for different methods");
    }
    if (settings->spilled != NULL && fseek(settings->spilled, 0, SEEK_SET) != 0) {
        return cli_complain(common, EXIT_READ, "a temporary file: %s", strerror(errno));
    }
    for (size_t i = 0; i < common->field_count; i++) {
        typed = typed || strcasecmp(common->fields[i].name, "Content-Type") == 0;
    }
    if (!typed && !cli_add_field(common, "Content-Type", 12, "application/x-www-form-urlencoded")) {
        return cli_complain(common, EXIT_MEMORY, "out of memory");
    }
    if (common->body_bytes == 0) {
        common->body_bytes = PARIO_UNLIMITED;
    }
    return 0;
}

static int run(get_settings *settings)
{
    pario_config  config = { .concurrency = 1 };
    pario_client *client = NULL;
    pario_error   error = PARIO_OK;
    get_file      file;
    bool          keep = false;
    int           status = complete_settings(settings);
    if (status != 0) {
        return status;
    }
    cli_configure(&settings->common, &config);
    if (config.total_timeout_ms == 0) {
        config.total_timeout_ms = PARIO_UNLIMITED; /* as curl has it; a stall is still noticed */
    }
    status = cli_set_proxies(&settings->common, &config);
    if (status == 0) {
        status = cli_secure(&settings->common, &config);
    }
    if (status != 0) {
        return status;
    }
    error = pario_open(&config, &client);
    if (error != PARIO_OK) {
        return complain(settings, status_of(error), "", pario_error_text(error));
    }
    status = open_file(settings, &file);
    if (status == 0) {
        keep = file.fd > 0;
        status = fetch(settings, client, file.fd, &keep);
    }
    pario_close(client);
    const int closed = close_file(settings, &file, keep);
    return status != 0 ? status : closed;
}

int main(int argc, char **argv)
{
    get_settings settings;
    int          status = EXIT_USAGE;
    memset(&settings, 0, sizeof settings);
    settings.common.program = "get";
    settings.common.help = help;
    (void)signal(SIGPIPE, SIG_IGN); /* a closed standard output is a failed write */
    if (cli_parse(&settings.common, options, argc, argv)) {
        status = settings.data_status;
        if (status == 0 && !settings.common.helped) {
            status = run(&settings);
        }
    }
    free(settings.user);
    free(settings.body);
    if (settings.spilled != NULL) {
        (void)fclose(settings.spilled);
    }
    cli_free(&settings.common);
    return status;
}
