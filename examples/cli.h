/* SPDX-License-Identifier: MIT */
/*
 * cli.h: what the command-line tools get and fetch_many share: options as a table, numbers,
 * header fields, the choice of an executor. Include it after pario.h.
 */
#ifndef CLI_H
#define CLI_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* https, by what CLI_OPENSSL or CLI_MBEDTLS says the program is linked with; or none. */
#if defined(CLI_OPENSSL)
#include "tls_openssl.h"
#define CLI_HAS_TLS 1
typedef tls_openssl cli_tls;
#define cli_tls_begin tls_openssl_open
#define cli_tls_end tls_openssl_close
#elif defined(CLI_MBEDTLS)
#include "tls_mbedtls.h"
#define CLI_HAS_TLS 1
typedef tls_mbedtls cli_tls;
#define cli_tls_begin tls_mbedtls_open
#define cli_tls_end tls_mbedtls_close
#else
#define CLI_HAS_TLS 0
#endif

#define CLI_BAD_CA_FILE 77 /* and after a file of certificates that is no good */
#define CLI_USAGE 2        /* the exit status after a wrong command line */
#define CLI_DEFAULT_REDIRECTS 50

/* What pario_config takes at most; more than that is as good as no limit. */
#define CLI_MOST_MS INT64_C(100000000000)
#define CLI_MOST_BYTES INT64_C(1000000000000000)
#define CLI_MOST_REDIRECTS INT64_C(4000000000)

/* What the options that both tools have are read into. */
typedef struct cli_common {
    const char    *program;
    const char    *help;
    pario_executor executor;
    pario_field   *fields;
    char         **names; /* of the fields, which are copies */
    size_t         field_count;
    int64_t        total_ms;   /* 0: not given */
    int64_t        connect_ms; /* 0: not given */
    int64_t        body_bytes; /* 0: not given */
    int64_t        redirects;
    const char    *proxy;    /* NULL: not given */
    const char    *no_proxy; /* NULL: not given */
    const char    *unix_socket;
    const char    *source;
    char          *texts[2]; /* proxies with a scheme put before them */
    bool           follow;
    bool           helped; /* the help was asked for and printed */
#if CLI_HAS_TLS
    cli_tls     tls;
    bool        tls_begun;
    bool        insecure; /* any certificate will do */
    const char *ca_file;
#endif
    const char **operands;
    size_t       operand_count;
} cli_common;

/* Sets one option; value is NULL if it takes none. Returns false if it is a wrong one. */
typedef bool (*cli_setter)(cli_common *common, const char *value);

/* An option; a table of them ends with one whose name is NULL. */
typedef struct cli_option {
    char        letter; /* or 0 */
    const char *name;   /* behind -- */
    bool        takes_value;
    cli_setter  set;
    const char *expected; /* what a value must be like */
} cli_option;

/* One line on standard error, with the status that the program will end with. Returns it. */
static inline int cli_complain(const cli_common *common, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline int cli_complain(const cli_common *common, int status, const char *format, ...)
{
    va_list arguments;
    (void)fprintf(stderr, "%s: (%d) ", common->program, status);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return status;
}

/* A whole number up to INT64_MAX, optionally with one of the suffixes K, M, G, T. */
static inline bool cli_number(const char *text, bool suffixes, int64_t *number)
{
    static const char letters[] = "KMGTkmgt";
    const char       *rest = &text[strspn(text, "0123456789")];
    int64_t           unit = 1;
    long long         value = 0;
    *number = 0;
    if (rest == text) {
        return false;
    }
    if (suffixes && rest[0] != '\0' && strchr(letters, rest[0]) != NULL) {
        unit = (int64_t)1 << (10 * ((strchr(letters, rest[0]) - letters) % 4 + 1));
        rest++;
    }
    errno = 0;
    value = strtoll(text, NULL, 10);
    if (rest[0] != '\0' || errno != 0 || value > INT64_MAX / unit) {
        return false;
    }
    *number = value * unit;
    return true;
}

/* A limit as pario_config has it; 0 stands for none, as in curl. */
static inline int64_t cli_limit(int64_t limit, int64_t most)
{
    if (limit == 0) {
        return PARIO_UNLIMITED;
    }
    return limit < most ? limit : most;
}

/* Three digits behind a decimal point as thousandths; more digits round up. */
static inline int64_t cli_thousandths(const char *digits, size_t count)
{
    int64_t thousandths = 0;
    for (size_t i = 0; i < 3; i++) {
        thousandths = thousandths * 10 + (i < count ? digits[i] - '0' : 0);
    }
    return thousandths + (count > 3 && strspn(&digits[3], "0") < count - 3 ? 1 : 0);
}

/* Seconds, also fractions, as milliseconds, rounded up; CLI_MOST_MS at most. */
static inline bool cli_seconds(const char *text, int64_t *milliseconds)
{
    const size_t whole = strspn(text, "0123456789");
    const char  *fraction = &text[whole + (text[whole] == '.' ? 1u : 0u)];
    const size_t digits = strspn(fraction, "0123456789");
    *milliseconds = 0;
    if (fraction[digits] != '\0' || whole + digits == 0 || whole > 15) {
        return false;
    }
    for (size_t i = 0; i < whole; i++) {
        *milliseconds = *milliseconds * 10 + (text[i] - '0');
    }
    *milliseconds = *milliseconds * 1000 + cli_thousandths(fraction, digits);
    if (*milliseconds > CLI_MOST_MS) {
        *milliseconds = CLI_MOST_MS;
    }
    return true;
}

static inline bool cli_set_executor(cli_common *common, const char *value)
{
    static const struct {
        const char    *name;
        pario_executor executor;
    } known[] = { { "sequential", PARIO_SEQUENTIAL },
                  { "threads", PARIO_THREADS },
                  { "fibers", PARIO_FIBERS },
                  { "epoll", PARIO_EPOLL } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(value, known[i].name) == 0) {
            common->executor = known[i].executor;
            return true;
        }
    }
    return false;
}

static inline bool cli_set_total(cli_common *common, const char *value)
{
    const bool right = cli_seconds(value, &common->total_ms);
    common->total_ms = cli_limit(common->total_ms, CLI_MOST_MS);
    return right;
}

static inline bool cli_set_connect(cli_common *common, const char *value)
{
    const bool right = cli_seconds(value, &common->connect_ms);
    common->connect_ms = cli_limit(common->connect_ms, CLI_MOST_MS);
    return right;
}

static inline bool cli_set_body_bytes(cli_common *common, const char *value)
{
    const bool right = cli_number(value, true, &common->body_bytes);
    common->body_bytes = cli_limit(common->body_bytes, CLI_MOST_BYTES);
    return right;
}

static inline bool cli_set_follow(cli_common *common, const char *value)
{
    (void)value;
    common->follow = true;
    return true;
}

static inline bool cli_set_redirects(cli_common *common, const char *value)
{
    if (strcmp(value, "-1") == 0) {
        common->redirects = PARIO_UNLIMITED;
        return true;
    }
    const bool right = cli_number(value, false, &common->redirects);
    if (common->redirects > CLI_MOST_REDIRECTS) {
        common->redirects = CLI_MOST_REDIRECTS;
    }
    return right;
}

static inline bool cli_set_proxy(cli_common *common, const char *value)
{
    common->proxy = value;
    return true;
}

static inline bool cli_set_no_proxy(cli_common *common, const char *value)
{
    common->no_proxy = value;
    return true;
}

static inline bool cli_set_unix_socket(cli_common *common, const char *value)
{
    common->unix_socket = value;
    return value[0] != '\0';
}

static inline bool cli_set_source(cli_common *common, const char *value)
{
    common->source = value;
    return value[0] != '\0';
}

#define CLI_ENDS_OPTIONS                                                                           \
    { '\0', "unix-socket", true, cli_set_unix_socket, "a path" },                                  \
        { '\0', "interface", true, cli_set_source, "a numeric address" },
#define CLI_ENDS_HELP                                                                              \
    "      --unix-socket PATH     connect to that socket, whatever the host is\n"                  \
    "      --interface ADDRESS    a numeric address of this machine to connect from\n"

#define CLI_PROXY_OPTIONS                                                                          \
    { '\0', "proxy", true, cli_set_proxy, "a URL" },                                               \
        { '\0', "noproxy", true, cli_set_no_proxy, "a list of hosts" },
#define CLI_PROXY_HELP                                                                             \
    "      --proxy URL            http://[USER:PASSWORD@]HOST[:PORT], the port is 80\n"            \
    "                             if none is said; '': no proxy; without this option\n"            \
    "                             as http_proxy, https_proxy, all_proxy say\n"                     \
    "      --noproxy LIST         hosts asked directly, as no_proxy says; '*': all\n"

/* The options of TLS, where there is one; for the table of options. */
#if CLI_HAS_TLS
static inline bool cli_set_ca_file(cli_common *common, const char *value)
{
    common->ca_file = value;
    return value[0] != '\0';
}

static inline bool cli_set_insecure(cli_common *common, const char *value)
{
    (void)value;
    common->insecure = true;
    return true;
}

#define CLI_TLS_OPTIONS                                                                            \
    { '\0', "cacert", true, cli_set_ca_file, "a file" },                                           \
        { 'k', "insecure", false, cli_set_insecure, "" },
#define CLI_TLS_HELP                                                                               \
    "      --cacert FILE          trust these certificates (PEM), not the system's\n"              \
    "  -k, --insecure             take any certificate\n"
#else
#define CLI_TLS_OPTIONS
#define CLI_TLS_HELP
#endif

static inline bool cli_set_help(cli_common *common, const char *value)
{
    (void)value;
    (void)fputs(common->help, stdout);
    common->helped = true;
    return true;
}

/* Adds a field. The name is copied, size bytes of it; the value is not. False: out of memory. */
static inline bool cli_add_field(cli_common *common, const char *name, size_t size,
                                 const char *value)
{
    const size_t count = common->field_count;
    char        *copy = (char *)malloc(size + 1);
    char       **names = (char **)realloc(common->names, (count + 1) * sizeof *names);
    pario_field *fields = (pario_field *)realloc(common->fields, (count + 1) * sizeof *fields);
    common->names = names != NULL ? names : common->names;
    common->fields = fields != NULL ? fields : common->fields;
    if (copy == NULL || names == NULL || fields == NULL) {
        free(copy);
        return false;
    }
    memcpy(copy, name, size);
    copy[size] = '\0';
    names[count] = copy;
    fields[count].name = copy;
    fields[count].value = value;
    common->field_count++;
    return true;
}

/* As curl has it: "Name: value", "Name;" for an empty value, "Name:" to leave a field out. */
static inline bool cli_set_field(cli_common *common, const char *value)
{
    const size_t size = strcspn(value, ":;");
    const char  *rest = &value[size];
    if (size == 0 || rest[0] == '\0' || (rest[0] == ';' && rest[1] != '\0')) {
        return false;
    }
    if (rest[0] == ';') {
        return cli_add_field(common, value, size, "");
    }
    rest++;
    rest += strspn(rest, " \t");
    return cli_add_field(common, value, size, rest[0] == '\0' ? NULL : rest);
}

static inline const cli_option *cli_find(const cli_option *options, char letter, const char *name)
{
    for (const cli_option *option = options; option->name != NULL; option++) {
        if (name != NULL ? strcmp(option->name, name) == 0 : option->letter == letter) {
            return option;
        }
    }
    return NULL;
}

/* Sets an option; label is how it was given. Returns false if it was wrong, and has said why. */
static inline bool cli_apply(cli_common *common, const cli_option *option, const char *label,
                             const char *value)
{
    if (option == NULL) {
        (void)cli_complain(common, CLI_USAGE, "option %s: is unknown; try --help", label);
        return false;
    }
    if (option->takes_value && value == NULL) {
        (void)cli_complain(common, CLI_USAGE, "option %s: needs %s", label, option->expected);
        return false;
    }
    if (!option->set(common, option->takes_value ? value : "")) {
        (void)cli_complain(common, CLI_USAGE, "option %s: needs %s, not '%s'", label,
                           option->expected, value == NULL ? "" : value);
        return false;
    }
    return true;
}

/* Reads the letters of a word "-abc". Returns how many words were used, 0 if they were wrong. */
static inline int cli_letters(cli_common *common, const cli_option *options, const char *word,
                              const char *next)
{
    for (size_t i = 1; word[i] != '\0'; i++) {
        const cli_option *option = cli_find(options, word[i], NULL);
        const bool        ends = option != NULL && option->takes_value;
        const bool        inside = word[i + 1] != '\0';
        const char        label[3] = { '-', word[i], '\0' };
        if (!cli_apply(common, option, label, inside ? &word[i + 1] : next)) {
            return 0;
        }
        if (ends) {
            return inside ? 1 : 2;
        }
    }
    return 1;
}

/* Reads one option. Returns how many words were used, 0 if they were wrong. */
static inline int cli_word(cli_common *common, const cli_option *options, const char *word,
                           const char *next)
{
    const cli_option *option = NULL;
    if (word[1] != '-') {
        return cli_letters(common, options, word, next);
    }
    option = cli_find(options, '\0', &word[2]);
    if (!cli_apply(common, option, word, next)) {
        return 0;
    }
    return option->takes_value ? 2 : 1;
}

/*
 * Where standard input or output is closed, puts something into its place that cannot be read
 * or written: a socket must not get its number.
 */
static inline void cli_guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

/* Reads the command line. Returns false if it was wrong, and has said why. */
static inline bool cli_parse(cli_common *common, const cli_option *options, int argc, char **argv)
{
    bool options_end = false;
    cli_guard_descriptors();
    common->redirects = CLI_DEFAULT_REDIRECTS;
    common->operands = (const char **)calloc((size_t)argc + 1, sizeof *common->operands);
    if (common->operands == NULL) {
        (void)cli_complain(common, CLI_USAGE, "out of memory");
        return false;
    }
    for (int i = 1; i < argc;) {
        const char *word = argv[i];
        if (options_end || word[0] != '-' || word[1] == '\0') {
            common->operands[common->operand_count] = word;
            common->operand_count++;
            i++;
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
            i++;
        } else {
            const int used = cli_word(common, options, word, argv[i + 1]);
            if (used == 0) {
                return false;
            }
            i += used;
        }
    }
    return true;
}

#if CLI_HAS_TLS
/* Whether https cannot come up. The system's certificates cost 5 MB and 20 ms of CPU. */
static inline bool cli_is_plain(const cli_common *common)
{
    bool plain = common->operand_count > 0 && !common->follow && common->ca_file == NULL;
    for (size_t i = 0; i < common->operand_count; i++) {
        plain = plain && strncasecmp(common->operands[i], "http://", 7) == 0;
    }
    return plain;
}
#endif

/* Puts the TLS transport into a configuration. Returns an exit status, or 0. */
static inline int cli_secure(cli_common *common, pario_config *config)
{
    int status = 0;
#if CLI_HAS_TLS
    if (cli_is_plain(common)) {
        return 0;
    }
    common->tls_begun = cli_tls_begin(&common->tls, common->ca_file, !common->insecure);
    config->tls = &common->tls.transport;
    if (!common->tls_begun) {
        const char *file = common->ca_file != NULL ? common->ca_file : "the system's certificates";
        status = cli_complain(common, CLI_BAD_CA_FILE, "%s: cannot be used", file);
    }
#else
    (void)common;
    (void)config;
#endif
    return status;
}

/* A variable by its name in lower case, or else in upper case; NULL: it is not set, or empty. */
static inline const char *cli_variable(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    if (upper != NULL && (value == NULL || value[0] == '\0')) {
        value = getenv(upper);
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A proxy as curl has it, with or without its scheme; *text is the caller's. NULL: none; or out
 * of memory, which *good says. */
static inline const char *cli_proxy_url(const char *value, char **text, bool *good)
{
    if (value == NULL || value[0] == '\0' || strstr(value, "://") != NULL) {
        return value;
    }
    const size_t size = strlen(value);
    *text = (char *)malloc(size + 8);
    *good = *good && *text != NULL;
    if (*text != NULL) {
        memcpy(*text, "http://", 7);
        memcpy(&(*text)[7], value, size + 1);
    }
    return *text;
}

/*
 * Puts the proxies into a configuration: those of the options, or else of the environment, as curl
 * does. http_proxy counts in lower case alone: a web server calls its programs with what a client
 * has sent as "Proxy:" in HTTP_PROXY. Returns an exit status, or 0.
 */
static inline int cli_set_proxies(cli_common *common, pario_config *config)
{
    const char *plain = common->proxy;
    const char *secure = common->proxy;
    bool        good = true;
    if (plain == NULL) {
        const char *all = cli_variable("all_proxy", "ALL_PROXY");
        plain = cli_variable("http_proxy", NULL);
        secure = cli_variable("https_proxy", "HTTPS_PROXY");
        plain = plain != NULL ? plain : all;
        secure = secure != NULL ? secure : all;
    }
    config->proxy = cli_proxy_url(plain, &common->texts[0], &good);
    config->https_proxy = cli_proxy_url(secure != NULL ? secure : "", &common->texts[1], &good);
    config->no_proxy = common->no_proxy != NULL ? common->no_proxy
                                                : cli_variable("no_proxy", "NO_PROXY");
    return good ? 0 : cli_complain(common, CLI_USAGE, "out of memory");
}

/* Puts the limits into a configuration. */
static inline void cli_configure(const cli_common *common, pario_config *config)
{
    config->executor = common->executor;
    config->total_timeout_ms = common->total_ms;
    config->connect_timeout_ms = common->connect_ms;
    config->unix_socket = common->unix_socket;
    config->source = common->source;
    config->body_bytes = common->body_bytes;
    if (common->total_ms != 0) {
        config->progress_timeout_ms = PARIO_UNLIMITED; /* -m alone says how long to wait */
    }
    config->redirects = common->redirects;
    if (!common->follow) {
        config->redirects = 0; /* none, which is the library's default */
    }
}

/* Gives back what the options took. */
static inline void cli_free(cli_common *common)
{
    for (size_t i = 0; i < common->field_count; i++) {
        free(common->names[i]);
    }
    free(common->texts[0]);
    free(common->texts[1]);
    free(common->names);
    free(common->fields);
    free(common->operands);
#if CLI_HAS_TLS
    if (common->tls_begun) {
        cli_tls_end(&common->tls);
    }
#endif
    memset(common, 0, sizeof *common);
}

#endif /* CLI_H */
