/* SPDX-License-Identifier: MIT */
/* Section memory: reading /proc, and the sampler. */
#include <stddef.h>
#include <stdlib.h>

static void *test_malloc(size_t size);
static void *test_realloc(void *pointer, size_t size);
static void  test_free(void *pointer);

#define PARIO_MALLOC(size) test_malloc(size)
#define PARIO_REALLOC(pointer, size) test_realloc(pointer, size)
#define PARIO_FREE(pointer) test_free(pointer)
#define PARIO_IMPLEMENTATION
#include "../pario.h"

#include "test.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MIB 1048576u

/*
 * Where 16 MiB were touched, PSS and private bytes may have grown by a little less: pages of
 * libc stop being private when another process maps them meanwhile.
 */

static int allocations_left = -1; /* before they fail; -1: for ever */
static int allocations_held;

static bool test_may_allocate(void)
{
    const int left = __atomic_load_n(&allocations_left, __ATOMIC_SEQ_CST);
    if (left > 0) {
        __atomic_fetch_sub(&allocations_left, 1, __ATOMIC_SEQ_CST);
    }
    return left != 0;
}

static void *test_malloc(size_t size)
{
    void *made = test_may_allocate() ? malloc(size) : NULL;
    if (made != NULL) {
        __atomic_fetch_add(&allocations_held, 1, __ATOMIC_SEQ_CST);
    }
    return made;
}

static void *test_realloc(void *pointer, size_t size)
{
    if (pointer == NULL) {
        return test_malloc(size);
    }
    return test_may_allocate() ? realloc(pointer, size) : NULL;
}

static void test_free(void *pointer)
{
    if (pointer != NULL) {
        __atomic_fetch_sub(&allocations_held, 1, __ATOMIC_SEQ_CST);
    }
    free(pointer);
}

/* Sanitizers put their own memory and threads beside the test's. */
static bool has_sanitizer(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) {
        return true; /* valgrind's memory is the program's, too */
    }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

static char *map_touched(size_t size)
{
    char *map =
        (char *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((void *)map == MAP_FAILED) {
        perror("mmap");
        exit(3);
    }
    memset(map, 1, size);
    return map;
}

/* The lowest descriptor that is free. */
static int next_descriptor(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)close(fd);
    return fd;
}

/* A child that waits for a byte or the end of the pipe, and then ends. */
typedef struct child {
    pid_t pid;
    int   pipe;
} child;

static child child_start(void)
{
    child made = { -1, -1 };
    int   ends[2] = { -1, -1 };
    if (pipe(ends) != 0) {
        perror("pipe");
        exit(3);
    }
    made.pid = fork();
    if (made.pid == 0) {
        char byte;
        (void)close(ends[1]);
        _exit(read(ends[0], &byte, 1) < 0 ? 1 : 0);
    }
    (void)close(ends[0]);
    made.pipe = ends[1];
    return made;
}

/* Lets the child end and waits until it is a zombie. */
static void child_end(const child *ended)
{
    siginfo_t info;
    (void)close(ended->pipe);
    (void)waitid(P_PID, (id_t)ended->pid, &info, WEXITED | WNOWAIT);
}

static void child_reap(const child *ended)
{
    (void)waitpid(ended->pid, NULL, 0);
}

static bool is_zero(const void *bytes, size_t size)
{
    const unsigned char *all = (const unsigned char *)bytes;
    size_t               set = 0;
    for (size_t i = 0; i < size; i++) {
        set += all[i] != 0 ? 1u : 0u;
    }
    return set == 0;
}

TEST(memory_read_of_zero_is_the_calling_process)
{
    pario_memory zero;
    pario_memory own;
    CHECK_ERROR(pario_memory_read(0, &zero), PARIO_OK);
    CHECK_ERROR(pario_memory_read((int)getpid(), &own), PARIO_OK);
    CHECK(zero.rss_bytes > 0);
    CHECK(zero.pss_bytes > 0);
    CHECK(zero.pss_bytes <= zero.rss_bytes);
    CHECK(zero.private_bytes > 0);
    CHECK(zero.private_bytes <= zero.rss_bytes);
    CHECK(zero.peak_rss_bytes >= zero.rss_bytes);
    CHECK(zero.page_table_bytes > 0);
    CHECK(zero.threads >= 1);
    if (!has_sanitizer()) {
        CHECK_UINT(zero.threads, 1);
    }
    CHECK(own.rss_bytes >= zero.rss_bytes);
    CHECK(own.rss_bytes - zero.rss_bytes < MIB);
}

TEST(memory_read_counts_pages_that_were_touched)
{
    pario_memory before;
    pario_memory after;
    CHECK_ERROR(pario_memory_read(0, &before), PARIO_OK);
    char *map = map_touched(16 * MIB);
    CHECK_ERROR(pario_memory_read(0, &after), PARIO_OK);
    munmap(map, 16 * MIB);
    CHECK(after.rss_bytes >= before.rss_bytes + 16 * MIB);
    CHECK(after.private_bytes >= before.private_bytes + 15 * MIB);
    CHECK(after.pss_bytes >= before.pss_bytes + 15 * MIB);
    CHECK(after.peak_rss_bytes >= before.rss_bytes + 16 * MIB);
    if (!has_sanitizer()) {
        CHECK(after.private_bytes <= before.private_bytes + 17 * MIB);
    }
}

TEST(memory_read_remembers_the_peak)
{
    pario_memory before;
    pario_memory after;
    CHECK_ERROR(pario_memory_read(0, &before), PARIO_OK);
    munmap(map_touched(64 * MIB), 64 * MIB);
    CHECK_ERROR(pario_memory_read(0, &after), PARIO_OK);
    CHECK(after.peak_rss_bytes >= before.rss_bytes + 63 * MIB);
    CHECK(after.rss_bytes < before.rss_bytes + 32 * MIB || has_sanitizer());
}

TEST(memory_read_counts_threads)
{
    pario_memory   before;
    pario_memory   after;
    pario_sampler *sampler = NULL;
    CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK);
    CHECK_ERROR(pario_memory_read(0, &before), PARIO_OK);
    pario_sampler *second = NULL;
    CHECK_ERROR(pario_sampler_start(0, 3600000, &second), PARIO_OK);
    CHECK_ERROR(pario_memory_read(0, &after), PARIO_OK);
    CHECK_UINT(after.threads, before.threads + 1);
    CHECK_ERROR(pario_sampler_stop(second, NULL), PARIO_OK);
    CHECK_ERROR(pario_sampler_stop(sampler, NULL), PARIO_OK);
}

TEST(memory_read_of_a_child_a_zombie_and_nobody)
{
    pario_memory memory;
    const child  other = child_start();
    CHECK_ERROR(pario_memory_read((int)other.pid, &memory), PARIO_OK);
    CHECK(memory.rss_bytes > 0);
    child_end(&other);
    memset(&memory, 1, sizeof memory);
    CHECK_ERROR(pario_memory_read((int)other.pid, &memory), PARIO_ERROR_PROCESS);
    CHECK_INT(errno, ESRCH);
    CHECK(is_zero(&memory, sizeof memory));
    child_reap(&other);
    memset(&memory, 1, sizeof memory);
    CHECK_ERROR(pario_memory_read((int)other.pid, &memory), PARIO_ERROR_PROCESS);
    CHECK_INT(errno, ESRCH);
    CHECK(is_zero(&memory, sizeof memory));
    CHECK_ERROR(pario_memory_read(2147483647, &memory), PARIO_ERROR_PROCESS);
    CHECK_INT(errno, ESRCH);
}

/* Becomes another user than a process is of: than our parent, or else than the first process. */
static bool is_other_user(void)
{
    struct stat first;
    return getuid() == 0 ? setuid(65534) == 0
                         : stat("/proc/1", &first) == 0 && first.st_uid != getuid();
}

TEST(memory_read_says_that_another_users_process_is_closed)
{
    pario_memory memory;
    int          status = 0;
    const pid_t  parent = getpid();
    const pid_t  pid = fork();
    if (pid == 0) {
        const int  target = getuid() == 0 ? (int)parent : 1;
        const bool changed = is_other_user();
        const bool closed = pario_memory_read(target, &memory) == PARIO_ERROR_PROCESS &&
                            errno == EACCES && is_zero(&memory, sizeof memory);
        _exit(!changed ? 2 : closed ? 0 : 1);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
        test_skip("there is no process of another user");
        return;
    }
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

/* Writes a file as /proc has it into a directory; nothing at all: it is removed. */
static void put_proc(int directory, const char *name, const char *text)
{
    if (text == NULL) {
        (void)unlinkat(directory, name, 0);
        return;
    }
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
}

TEST(memory_read_tells_that_there_is_no_memory)
{
    static const struct {
        const char *smaps;
        const char *status;
        int         failed;
        uint64_t    rss_bytes;
    } cases[] = {
        { NULL, NULL, ESRCH, 0 },
        { NULL, "S\nVmHWM: 1 kB\nThreads: 1\n", ENOENT, 0 },
        { "x\n", "S\nState: Z\n", ESRCH, 0 },
        { "x\n", "S\nVmHWM: 1 kB\nThreads: 1\n", ESRCH, 0 },
        { "x\nRss: 1 kB\n", "S\nVmHWM: 1 kB\nThreads: 1\n", ESRCH, 0 },
        { "x\nRss: 1 kB\nPss: 1 kB\n", "S\nVmHWM: 1 kB\nThreads: 1\n", ESRCH, 0 },
        { "x\nRss: 1 kB\nPss: 1 kB\nPrivate_Dirty: 1 kB\n", "S\nThreads: 1\n", ESRCH, 0 },
        { "x\nRss: 1 kB\nPss: 1 kB\nPrivate_Dirty: 1 kB\n", "S\nVmHWM: 1 kB\n", ESRCH, 0 },
        { "x\nRss: 1 kB\nPss: 1 kB\nPrivate_Dirty: 1 kB\n", NULL, ESRCH, 0 },
        { "x\nRss: 1 kB\nPss: 1 kB\nPrivate_Dirty: 1 kB\n", "S\nVmHWM: 1 kB\nThreads: 1\n", 0,
          1024 },
        { "x\nRss: 18014398509481984 kB\nPss: 1 kB\nPrivate_Dirty: 1 kB\n",
          "S\nVmHWM: 1 kB\nThreads: 1\n", 0, UINT64_MAX },
    };
    char         path[] = "/tmp/pario-proc-XXXXXX";
    pario_memory memory = { .rss_bytes = 0 };
    CHECK(mkdtemp(path) != NULL);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_case("%zu", i);
        put_proc(directory, "smaps_rollup", cases[i].smaps);
        put_proc(directory, "status", cases[i].status);
        CHECK_INT(pario_i_memory_read_at(directory, &memory), cases[i].failed);
        CHECK_UINT(memory.rss_bytes, cases[i].rss_bytes);
    }
    put_proc(directory, "smaps_rollup", NULL);
    put_proc(directory, "status", NULL);
    (void)close(directory);
    CHECK_INT(rmdir(path), 0);
}

TEST(memory_read_refuses_wrong_arguments)
{
    pario_memory memory;
    CHECK_ERROR(pario_memory_read(0, NULL), PARIO_ERROR_ARGUMENT);
    memset(&memory, 1, sizeof memory);
    CHECK_ERROR(pario_memory_read(-1, &memory), PARIO_ERROR_ARGUMENT);
    CHECK(is_zero(&memory, sizeof memory));
    CHECK_ERROR(pario_memory_read(-2147483647 - 1, &memory), PARIO_ERROR_ARGUMENT);
}

TEST(memory_read_leaves_no_descriptor)
{
    pario_memory memory;
    const int    before = next_descriptor();
    CHECK_ERROR(pario_memory_read(0, &memory), PARIO_OK);
    CHECK_ERROR(pario_memory_read(2147483647, &memory), PARIO_ERROR_PROCESS);
    CHECK_INT(next_descriptor(), before);
}

/* Writes a file of `padding` bytes in lines, then two figures, into the directory. */
static void write_figures(int directory, size_t padding, bool long_line)
{
    const int fd = openat(directory, "figures", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE     *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        perror("figures");
        exit(3);
    }
    for (size_t i = 0; i < padding; i++) {
        fputc((!long_line && i % 40 == 39) || i + 1 == padding ? '\n' : 'x', file);
    }
    fprintf(file, "Rss:\t  123456 kB\nNot_Rss:  1 kB\nPss: 7 kB\nRss_not: 2 kB\n");
    (void)fclose(file);
}

TEST(memory_figures_are_found_wherever_reads_are_cut)
{
    char      name[] = "/tmp/pario_test_XXXXXX";
    const int directory = mkdtemp(name) == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (!CHECK(directory >= 0)) {
        return;
    }
    for (size_t padding = 1; padding < 6300; padding += padding % 2048 < 1900 ? 97 : 1) {
        pario_i_figure figures[PARIO_I_FIGURES] = { { "\nRss:", 1, false, 0 },
                                                    { "\nPss:", 1, false, 0 } };
        for (size_t i = 2; i < PARIO_I_FIGURES; i++) {
            figures[i].key = "\nNone:";
        }
        test_case("after %zu bytes", padding);
        write_figures(directory, padding, padding % 2 == 0);
        CHECK_INT(pario_i_proc_figures(directory, "figures", figures), 0);
        CHECK(figures[0].found);
        CHECK_UINT(figures[0].value, 123456);
        CHECK(figures[1].found);
        CHECK_UINT(figures[1].value, 7);
        CHECK(!figures[2].found);
    }
    (void)unlinkat(directory, "figures", 0);
    (void)close(directory);
    (void)rmdir(name);
}

TEST(sampler_takes_one_sample_before_the_work_and_one_after)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    if (!CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK)) {
        return;
    }
    char *map = map_touched(16 * MIB);
    CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_OK);
    munmap(map, 16 * MIB);
    if (CHECK_UINT(series.count, 2)) {
        CHECK(series.samples[0].time_us >= 0);
        CHECK(series.samples[1].time_us >= series.samples[0].time_us);
        CHECK(series.samples[0].threads >= 2);
        CHECK(series.samples[1].private_bytes >= series.samples[0].private_bytes + 15 * MIB);
        CHECK(series.samples[1].rss_bytes >= series.samples[0].rss_bytes + 16 * MIB);
        CHECK(series.samples[1].pss_bytes >= series.samples[0].pss_bytes + 15 * MIB);
    }
    CHECK_UINT(series.failed, 0);
    CHECK(series.cpu_us > 0);
    CHECK(series.own_bytes >= series.count * sizeof(pario_sample));
    pario_series_free(&series);
}

TEST(sampler_misses_no_peak_between_samples)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    if (!CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK)) {
        return;
    }
    munmap(map_touched(128 * MIB), 128 * MIB);
    CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_OK);
    if (CHECK_UINT(series.count, 2)) {
        CHECK(series.peak_rss_bytes >= series.samples[0].rss_bytes + 127 * MIB);
    }
    pario_series_free(&series);
}

TEST(sampler_does_not_drift)
{
    const int64_t  interval_us = 4000;
    pario_sampler *sampler = NULL;
    pario_series   series;
    if (!CHECK_ERROR(pario_sampler_start(0, 4, &sampler), PARIO_OK)) {
        return;
    }
    CHECK_INT(poll(NULL, 0, 400), 0);
    CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_OK);
    CHECK(series.count >= 3);
    /* each turn has one sample at most, taken after the turn began: no bursts, no drift */
    for (size_t i = 1; i + 1 < series.count; i++) {
        const int64_t turn = series.samples[i].time_us / interval_us;
        CHECK(turn > series.samples[i - 1].time_us / interval_us);
    }
    pario_series_free(&series);
}

/* A sampler without its thread, which has tried to take so many samples. */
static pario_sampler *sampler_after(size_t samples)
{
    pario_sampler *sampler = pario_i_sampler_new(1);
    if (sampler == NULL) {
        perror("sampler");
        exit(3);
    }
    sampler->begin_ns = pario_i_clock_ns(CLOCK_MONOTONIC);
    sampler->directory = pario_i_process_open(0);
    for (size_t i = 0; i < samples; i++) {
        CHECK_INT(pario_i_sampler_take(sampler), 0);
    }
    return sampler;
}

TEST(sampler_series_grows)
{
    const size_t   count = (PARIO_I_SAMPLER_FIRST * 2) + 1;
    pario_sampler *sampler = sampler_after(count);
    CHECK_UINT(sampler->series.count, count);
    CHECK(sampler->room >= count);
    CHECK(!sampler->left_out);
    for (size_t i = 1; i < sampler->series.count; i++) {
        CHECK(sampler->series.samples[i].time_us >= sampler->series.samples[i - 1].time_us);
        CHECK(sampler->series.samples[i].rss_bytes > 0);
    }
    pario_i_sampler_free(sampler);
    CHECK_INT(allocations_held, 0);
}

TEST(sampler_leaves_samples_out_while_memory_is_out)
{
    allocations_left = 2;
    pario_sampler *sampler = sampler_after(PARIO_I_SAMPLER_FIRST + 3);
    CHECK_UINT(sampler->series.count, PARIO_I_SAMPLER_FIRST);
    CHECK(sampler->left_out);
    CHECK(sampler->series.peak_rss_bytes > 0);
    allocations_left = -1;
    CHECK_INT(pario_i_sampler_take(sampler), 0);
    CHECK_UINT(sampler->series.count, PARIO_I_SAMPLER_FIRST + 1);
    pario_i_sampler_free(sampler);
    CHECK_INT(allocations_held, 0);
}

TEST(sampler_room_is_not_doubled_beyond_all_measure)
{
    pario_sampler *sampler = pario_i_sampler_new(1);
    if (CHECK(sampler != NULL)) {
        size_t rooms[] = { SIZE_MAX, SIZE_MAX / 4 };
        for (size_t i = 0; i < 2; i++) {
            sampler->room = rooms[i];
            sampler->series.count = rooms[i];
            CHECK(!pario_i_reserve((void *)&sampler->series.samples, rooms[i], &sampler->room,
                                   sizeof(pario_sample)));
            CHECK_UINT(sampler->room, rooms[i]);
        }
        pario_i_sampler_free(sampler);
    }
}

TEST(sampler_stop_says_that_samples_were_left_out)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    if (CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK)) {
        sampler->left_out = true;
        CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_ERROR_MEMORY);
        CHECK_UINT(series.count, 2);
        pario_series_free(&series);
    }
    CHECK_INT(allocations_held, 0);
}

TEST(sampler_start_survives_each_failed_allocation)
{
    for (int granted = 0; granted < 2; granted++) {
        pario_sampler *sampler = NULL;
        test_case("%d allocations", granted);
        allocations_left = granted;
        CHECK_ERROR(pario_sampler_start(0, 10, &sampler), PARIO_ERROR_MEMORY);
        CHECK(sampler == NULL);
        CHECK_INT(allocations_held, 0);
    }
    allocations_left = -1;
}

TEST(sampler_counts_failed_readings_apart)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    const child    other = child_start();
    if (!CHECK_ERROR(pario_sampler_start((int)other.pid, 3600000, &sampler), PARIO_OK)) {
        return;
    }
    child_end(&other);
    CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_OK);
    CHECK_UINT(series.count, 1);
    CHECK_UINT(series.failed, 1);
    CHECK(series.samples[0].rss_bytes > 0);
    CHECK(series.peak_rss_bytes >= series.samples[0].rss_bytes);
    pario_series_free(&series);
    child_reap(&other);
}

TEST(sampler_start_refuses_a_zombie_and_nobody)
{
    pario_sampler *sampler = NULL;
    const child    other = child_start();
    const int      before = next_descriptor();
    child_end(&other);
    CHECK_ERROR(pario_sampler_start((int)other.pid, 10, &sampler), PARIO_ERROR_PROCESS);
    CHECK_INT(errno, ESRCH);
    CHECK(sampler == NULL);
    child_reap(&other);
    CHECK_ERROR(pario_sampler_start((int)other.pid, 10, &sampler), PARIO_ERROR_PROCESS);
    CHECK_INT(errno, ESRCH);
    CHECK(sampler == NULL);
    CHECK_INT(next_descriptor(), before);
    CHECK_INT(allocations_held, 0);
}

TEST(sampler_follows_a_process_over_exec)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    int            ends[2] = { -1, -1 };
    siginfo_t      info;
    if (!CHECK(pipe(ends) == 0)) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        char byte;
        (void)close(ends[1]);
        if (read(ends[0], &byte, 1) == 1) {
            (void)execl("/bin/sh", "sh", "-c", "kill -STOP $$", (char *)NULL);
        }
        _exit(1);
    }
    (void)close(ends[0]);
    CHECK_ERROR(pario_sampler_start((int)pid, 3600000, &sampler), PARIO_OK);
    CHECK_INT(write(ends[1], "x", 1), 1);
    CHECK_INT(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
    CHECK_ERROR(pario_sampler_stop(sampler, &series), PARIO_OK);
    CHECK_UINT(series.count, 2);
    CHECK_UINT(series.failed, 0);
    pario_series_free(&series);
    (void)close(ends[1]);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

TEST(sampler_refuses_wrong_arguments)
{
    pario_sampler *sampler = NULL;
    pario_series   series;
    const struct {
        int pid;
        int interval_ms;
    } cases[] = { { -1, 10 }, { 0, 0 }, { 0, -1 }, { 0, 3600001 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_case("pid %d, interval %d", cases[i].pid, cases[i].interval_ms);
        CHECK_ERROR(pario_sampler_start(cases[i].pid, cases[i].interval_ms, &sampler),
                    PARIO_ERROR_ARGUMENT);
        CHECK(sampler == NULL);
    }
    test_case("%s", "");
    CHECK_ERROR(pario_sampler_start(0, 10, NULL), PARIO_ERROR_ARGUMENT);
    memset(&series, 1, sizeof series);
    CHECK_ERROR(pario_sampler_stop(NULL, &series), PARIO_ERROR_ARGUMENT);
    CHECK(is_zero(&series, sizeof series));
    CHECK_ERROR(pario_sampler_stop(NULL, NULL), PARIO_ERROR_ARGUMENT);
    pario_series_free(NULL);
    pario_series_free(&series);
    pario_series_free(&series);
}

TEST(sampler_runs_no_signal_handler)
{
    pario_sampler *sampler = NULL;
    sigset_t       set;
    sigset_t       before;
    sigset_t       pending;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    if (!CHECK_ERROR(pario_sampler_start(0, 1, &sampler), PARIO_OK)) {
        return;
    }
    /* blocked here: if any other thread took it, its default action would end the program */
    CHECK_INT(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
    CHECK_INT(kill(getpid(), SIGUSR1), 0);
    CHECK_INT(poll(NULL, 0, 20), 0);
    CHECK_INT(sigpending(&pending), 0);
    CHECK_INT(sigismember(&pending, SIGUSR1), 1);
    CHECK_INT(sigwaitinfo(&set, NULL), SIGUSR1);
    CHECK_INT(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_INT(sigismember(&before, SIGUSR1), 0);
    CHECK_ERROR(pario_sampler_stop(sampler, NULL), PARIO_OK);
}

TEST(sampler_stop_does_not_wait_for_the_interval)
{
    pario_sampler *sampler = NULL;
    const int64_t  begin = pario_i_clock_ns(CLOCK_MONOTONIC);
    if (CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK)) {
        CHECK_ERROR(pario_sampler_stop(sampler, NULL), PARIO_OK);
    }
    CHECK(pario_i_clock_ns(CLOCK_MONOTONIC) - begin < 10 * (int64_t)1000000000);
    CHECK_INT(allocations_held, 0);
}

TEST(sampler_descriptors_do_not_survive_exec)
{
    pario_sampler *sampler = NULL;
    const int      first = next_descriptor();
    if (!CHECK_ERROR(pario_sampler_start(0, 3600000, &sampler), PARIO_OK)) {
        return;
    }
    const int flags = fcntl(first, F_GETFD);
    CHECK(flags >= 0);
    CHECK((flags & FD_CLOEXEC) != 0);
    CHECK_ERROR(pario_sampler_stop(sampler, NULL), PARIO_OK);
    CHECK_INT(next_descriptor(), first);
}

TEST(samplers_do_not_meet)
{
    pario_sampler *samplers[8] = { NULL };
    for (size_t i = 0; i < 8; i++) {
        CHECK_ERROR(pario_sampler_start(0, 1 + (int)i, &samplers[i]), PARIO_OK);
    }
    for (size_t i = 0; i < 8; i++) {
        pario_series series;
        CHECK_ERROR(pario_sampler_stop(samplers[i], &series), PARIO_OK);
        CHECK(series.count >= 2);
        CHECK_UINT(series.failed, 0);
        pario_series_free(&series);
    }
    CHECK_INT(allocations_held, 0);
}
