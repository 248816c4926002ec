/* SPDX-License-Identifier: MIT */
/*
 * test.h: a small test framework. One test program is one source file that includes this
 * header; main is in here.
 *
 *     TEST(url_refuses_a_space)
 *     {
 *         CHECK_INT(parse("http://a b/"), 1);
 *     }
 *
 * Checks do not end a test; each returns whether it held, so that a test can:
 *
 *     if (!CHECK(pointer != NULL)) {
 *         return;
 *     }
 *
 * Checks may be made from any thread. A failure names file, line, values, and what
 * test_case() was told last. A program's last line is "N passed, N failed, N skipped".
 *
 *     program [-l] [-v] [-t SECONDS] [-x EXECUTOR] [-e FILE] [NAME...]
 *
 *     -l  list the tests           -v  name each test before it runs, and say its time
 *     -t  kill the program when one test runs longer (default 120, 0: never)
 *     -x  of tests that run on every executor, run this one only
 *     -e  append to FILE what test_saw() was told, for tests/provoked
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define TEST_MAX_SHOWN 20 /* failures printed of one test */
#define TEST_MAX_SEEN 512 /* different things that test_saw can remember */

typedef struct test_entry {
    const char *name;
    void (*run)(void);
    struct test_entry *next;
} test_entry;

typedef struct test_state {
    pthread_mutex_t lock;
    test_entry     *first;
    test_entry     *last;
    const char     *running; /* the name of the test that runs */
    const char     *skipped; /* why it was skipped */
    char            label[512];
    unsigned        failures; /* of the running test */
    unsigned        passed;
    unsigned        failed;
    unsigned        skips;
    unsigned        timeout;
    bool            verbose;
    const char     *executor;  /* -x */
    const char     *seen_file; /* -e */
    const char     *seen[TEST_MAX_SEEN];
    size_t          seen_count;
} test_state;

static test_state test_global = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .timeout = 120,
};

static inline void test_register(test_entry *entry)
{
    if (test_global.last == NULL) {
        test_global.first = entry;
    } else {
        test_global.last->next = entry;
    }
    test_global.last = entry;
}

/* A test; its body follows the macro. */
#define TEST(title)                                                                                \
    static void test_run_##title(void);                                                            \
    static void test_register_##title(void) __attribute__((constructor));                          \
    static void test_register_##title(void)                                                        \
    {                                                                                              \
        static test_entry entry = { #title, test_run_##title, NULL };                              \
        test_register(&entry);                                                                     \
    }                                                                                              \
    static void test_run_##title(void)

/* Says which case of a table the following checks belong to; "" ends it. */
static inline void test_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void test_case(const char *format, ...)
{
    va_list arguments;
    pthread_mutex_lock(&test_global.lock);
    va_start(arguments, format);
    vsnprintf(test_global.label, sizeof test_global.label, format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&test_global.lock);
}

/* Marks the running test as skipped, unless something fails; return from it afterwards. */
static inline void test_skip(const char *reason)
{
    pthread_mutex_lock(&test_global.lock);
    test_global.skipped = reason;
    pthread_mutex_unlock(&test_global.lock);
}

/* Skips the running test, as something is not installed. With CI=true all must be: it fails. */
static inline void test_lacks(const char *what)
{
    const char *ci = getenv("CI");
    printf("%s is not installed\n", what);
    test_skip("it needs what is not installed");
    if (ci != NULL && strcmp(ci, "true") == 0) {
        pthread_mutex_lock(&test_global.lock);
        test_global.failures++;
        pthread_mutex_unlock(&test_global.lock);
    }
}

/* Remembers a static string for the meta-test that wants to see every error and limit. */
static inline void test_saw(const char *what)
{
    bool known = false;
    pthread_mutex_lock(&test_global.lock);
    for (size_t i = 0; i < test_global.seen_count && !known; i++) {
        known = test_global.seen[i] == what || strcmp(test_global.seen[i], what) == 0;
    }
    if (!known && test_global.seen_count < TEST_MAX_SEEN) {
        test_global.seen[test_global.seen_count++] = what;
    }
    pthread_mutex_unlock(&test_global.lock);
}

/* Whether the running test has failed so far. */
static inline bool test_has_failed(void)
{
    bool failed;
    pthread_mutex_lock(&test_global.lock);
    failed = test_global.failures > 0;
    pthread_mutex_unlock(&test_global.lock);
    return failed;
}

/* Counts a failure and prints it, with what went wrong in printf's manner. */
static inline void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void test_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    pthread_mutex_lock(&test_global.lock);
    test_global.failures++;
    if (test_global.failures <= TEST_MAX_SHOWN) {
        printf("%s:%d: %s: ", file, line, test_global.running);
        if (test_global.label[0] != '\0') {
            printf("[%s] ", test_global.label);
        }
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
    } else if (test_global.failures == TEST_MAX_SHOWN + 1) {
        printf("%s: more failures of %s are not shown\n", file, test_global.running);
    }
    fflush(stdout);
    pthread_mutex_unlock(&test_global.lock);
}

/* Writes one byte so that it can be read, as a C escape if need be. Returns its length. */
static inline size_t test_show_byte(unsigned char byte, char *text, size_t room)
{
    if (byte == '\r' || byte == '\n') {
        return (size_t)snprintf(text, room, byte == '\r' ? "\\r" : "\\n");
    }
    if (byte < 32 || byte > 126 || byte == '"' || byte == '\\') {
        return (size_t)snprintf(text, room, "\\x%02x", byte);
    }
    return (size_t)snprintf(text, room, "%c", byte);
}

/* Writes bytes so that they can be read, cut to fit. Returns text. */
static inline const char *test_show(const char *bytes, size_t size, char *text, size_t room)
{
    size_t at = 0;
    size_t i = 0;
    while (i < size && at + 8 < room) {
        at += test_show_byte((unsigned char)bytes[i], text + at, room - at);
        i++;
    }
    if (i < size) {
        at += (size_t)snprintf(text + at, room - at, "...");
    }
    text[at] = '\0';
    return text;
}

static inline bool test_check(bool held, const char *file, int line, const char *what)
{
    if (!held) {
        test_fail(file, line, "does not hold: %s", what);
    }
    return held;
}

static inline bool test_check_int(intmax_t actual, intmax_t expected, const char *file, int line,
                                  const char *what)
{
    if (actual != expected) {
        test_fail(file, line, "%s is %jd, not %jd", what, actual, expected);
    }
    return actual == expected;
}

static inline bool test_check_uint(uintmax_t actual, uintmax_t expected, const char *file, int line,
                                   const char *what)
{
    if (actual != expected) {
        test_fail(file, line, "%s is %ju, not %ju", what, actual, expected);
    }
    return actual == expected;
}

typedef struct test_bytes {
    const void *bytes;
    size_t      size;
} test_bytes;

/* How many bytes are the same, from the first one on. */
static inline size_t test_common(const test_bytes *a, const test_bytes *b)
{
    const char *left = (const char *)a->bytes;
    const char *right = (const char *)b->bytes;
    size_t      at = 0;
    while (at < a->size && at < b->size && left[at] == right[at]) {
        at++;
    }
    return at;
}

/* The first byte that differs helps most, so the values are shown from just before it. */
static inline bool test_check_bytes(test_bytes actual, test_bytes expected, const char *file,
                                    int line, const char *what)
{
    const char *left = (const char *)actual.bytes;
    const char *right = (const char *)expected.bytes;
    char        show[2][160];
    if (actual.size == 0 && expected.size == 0) {
        return true;
    }
    if (left == NULL || right == NULL) {
        test_fail(file, line, "%s is %s", what, left == NULL ? "NULL" : "not NULL");
        return false;
    }
    if (actual.size == expected.size && memcmp(left, right, actual.size) == 0) {
        return true;
    }
    size_t at = test_common(&actual, &expected);
    size_t from = at < 24 ? 0 : at - 24;
    test_fail(file, line, "%s (%zu bytes, not %zu) differs at %zu: from %zu on \"%s\", not \"%s\"",
              what, actual.size, expected.size, at, from,
              test_show(left + from, actual.size - from, show[0], sizeof show[0]),
              test_show(right + from, expected.size - from, show[1], sizeof show[1]));
    return false;
}

/* With its NUL, so that NULL and "" differ. */
static inline test_bytes test_of_string(const char *string)
{
    test_bytes bytes = { string, string == NULL ? 0 : strlen(string) + 1 };
    return bytes;
}

static inline test_bytes test_of_bytes(const void *bytes, size_t size)
{
    test_bytes result = { bytes, size };
    return result;
}

#define CHECK(condition) test_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(actual, expected)                                                                \
    test_check_int((intmax_t)((actual) + 0), (intmax_t)((expected) + 0), __FILE__, __LINE__,       \
                   #actual)
#define CHECK_UINT(actual, expected)                                                               \
    test_check_uint((uintmax_t)((actual) + 0), (uintmax_t)((expected) + 0), __FILE__, __LINE__,    \
                    #actual)
#define CHECK_STR(actual, expected)                                                                \
    test_check_bytes(test_of_string(actual), test_of_string(expected), __FILE__, __LINE__, #actual)
#define CHECK_BYTES(actual, actual_size, expected, expected_size)                                  \
    test_check_bytes(test_of_bytes(actual, actual_size), test_of_bytes(expected, expected_size),   \
                     __FILE__, __LINE__, #actual)
#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

/* Compares two errors by name, and remembers the one that came. Needs pario.h. */
#define CHECK_ERROR(actual, expected)                                                              \
    test_check_error(pario_error_name(actual), pario_error_name(expected), __FILE__, __LINE__,     \
                     #actual)
static inline bool test_check_error(const char *actual, const char *expected, const char *file,
                                    int line, const char *what)
{
    test_saw(actual);
    if (strcmp(actual, expected) != 0) {
        test_fail(file, line, "%s is %s, not %s", what, actual, expected);
        return false;
    }
    return true;
}

/*
 * Bytes flush against memory that must not be touched: test_fence_put places them so that
 * the byte after the last one is forbidden, test_fence_put_first so that the byte before
 * the first one is. One fence serves any number of placements, one at a time.
 */
typedef struct test_fence {
    char  *map;
    size_t room; /* between the two forbidden pages */
    size_t page;
} test_fence;

static inline test_fence test_fence_open(size_t room)
{
    test_fence fence = { NULL, 0, (size_t)sysconf(_SC_PAGESIZE) };
    fence.room = (room / fence.page + 1) * fence.page;
    void *map =
        mmap(NULL, fence.room + 2 * fence.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        perror("mmap");
        exit(3);
    }
    fence.map = (char *)map;
    if (mprotect(fence.map + fence.page, fence.room, PROT_READ | PROT_WRITE) != 0) {
        perror("mprotect");
        exit(3);
    }
    return fence;
}

static inline char *test_fence_put(test_fence *fence, const void *bytes, size_t size)
{
    if (size > fence->room) {
        fprintf(stderr, "test_fence_put: %zu bytes do not fit\n", size);
        exit(3);
    }
    char *place = fence->map + fence->page + fence->room - size;
    if (size > 0) {
        memcpy(place, bytes, size);
    }
    return place;
}

static inline char *test_fence_put_first(test_fence *fence, const void *bytes, size_t size)
{
    if (size > fence->room) {
        fprintf(stderr, "test_fence_put_first: %zu bytes do not fit\n", size);
        exit(3);
    }
    char *place = fence->map + fence->page;
    if (size > 0) {
        memcpy(place, bytes, size);
    }
    return place;
}

static inline void test_fence_close(test_fence *fence)
{
    munmap(fence->map, fence->room + 2 * fence->page);
    fence->map = NULL;
}

/* Ends a program whose test hangs. */
static inline void test_on_alarm(int number) __attribute__((noreturn));
static inline void test_on_alarm(int number)
{
    static const char text[] = ": hangs, ended by its own alarm\n";
    const char       *name = test_global.running;
    ssize_t           written = write(2, name, strlen(name));
    (void)number;
    if (written >= 0) {
        written = write(2, text, sizeof text - 1);
    }
    _exit(written >= 0 ? 4 : 5);
}

static inline void test_run_entry(const test_entry *entry)
{
    struct timespec begun;
    struct timespec ended;
    test_global.running = entry->name;
    test_global.skipped = NULL;
    test_global.failures = 0;
    test_global.label[0] = '\0';
    if (test_global.verbose) {
        printf("%s ...\n", entry->name);
        fflush(stdout);
    }
    clock_gettime(CLOCK_MONOTONIC, &begun);
    alarm(test_global.timeout);
    entry->run();
    alarm(0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    if (test_global.verbose) {
        printf("  %jd ms\n", (intmax_t)(ended.tv_sec - begun.tv_sec) * 1000 +
                                 (ended.tv_nsec - begun.tv_nsec) / 1000000);
    }
    if (test_global.failures > 0) {
        printf("failed: %s (%u)\n", entry->name, test_global.failures);
        test_global.failed++;
    } else if (test_global.skipped != NULL) {
        printf("skipped: %s: %s\n", entry->name, test_global.skipped);
        test_global.skips++;
    } else {
        test_global.passed++;
    }
    fflush(stdout);
}

/* Appends what was seen, each line with one write. */
static inline void test_write_seen(void)
{
    if (test_global.seen_file == NULL) {
        return;
    }
    int fd = open(test_global.seen_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    for (size_t i = 0; fd >= 0 && i < test_global.seen_count; i++) {
        if (dprintf(fd, "%s\n", test_global.seen[i]) < 0) {
            test_global.failed++;
        }
    }
    if (fd < 0 || close(fd) != 0) {
        fprintf(stderr, "%s: %s\n", test_global.seen_file, strerror(errno));
        test_global.failed++;
    }
}

static inline bool test_is_wanted(const char *name, char **wanted, int count)
{
    bool found = count == 0;
    for (int i = 0; i < count && !found; i++) {
        found = strcmp(name, wanted[i]) == 0;
    }
    return found;
}

/* Reads the options; returns false where the program only lists or was used wrongly. */
static inline bool test_options(int argc, char **argv, int *status)
{
    int option;
    *status = 0;
    while ((option = getopt(argc, argv, "lvt:x:e:")) != -1) {
        if (option == 'l') {
            for (const test_entry *entry = test_global.first; entry != NULL; entry = entry->next) {
                printf("%s\n", entry->name);
            }
            return false;
        } else if (option == 'v') {
            test_global.verbose = true;
        } else if (option == 't') {
            test_global.timeout = (unsigned)strtoul(optarg, NULL, 10);
        } else if (option == 'x') {
            test_global.executor = optarg;
        } else if (option == 'e') {
            test_global.seen_file = optarg;
        } else {
            fprintf(stderr, "usage: %s [-lv] [-t SECONDS] [-x EXECUTOR] [-e FILE] [NAME...]\n",
                    argv[0]);
            *status = 2;
            return false;
        }
    }
    return true;
}

static inline int test_main(int argc, char **argv)
{
    int status;
    if (!test_options(argc, argv, &status)) {
        return status;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = test_on_alarm;
    sigaction(SIGALRM, &action, NULL);
    unsigned run = 0;
    for (const test_entry *entry = test_global.first; entry != NULL; entry = entry->next) {
        if (test_is_wanted(entry->name, argv + optind, argc - optind)) {
            test_run_entry(entry);
            run++;
        }
    }
    if (run == 0) {
        fprintf(stderr, "%s: no such test\n", argv[0]);
        test_global.failed++;
    }
    test_write_seen();
    printf("%u passed, %u failed, %u skipped\n", test_global.passed, test_global.failed,
           test_global.skips);
    return test_global.failed == 0 ? 0 : 1;
}

#if !defined(TEST_NO_MAIN)
int main(int argc, char **argv)
{
    return test_main(argc, argv);
}
#endif

#endif /* TEST_H */
