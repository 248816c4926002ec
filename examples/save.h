/* SPDX-License-Identifier: MIT */
/*
 * save.h: a file for each URL, in one directory. A file's name follows from its URL alone, and
 * two URLs have two names: "http://host/a/b?c" is "http,host,a,b%3Fc". Letters, digits and
 * "-._=:@+" stay, "://" and "/" become ",", all else is percent-encoded. So no name begins with
 * a dot, holds a slash or is longer than a name may be: a long one ends with "~" and a hash of
 * the whole URL in place of its rest. The same URL again replaces the file.
 *
 * While a file is written it is called NUMBER.part, which is no URL's; then it is renamed: what has
 * a URL's name is complete. Symbolic links of either name are replaced, never followed.
 */
#ifndef SAVE_H
#define SAVE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

#define SAVE_NAME_BYTES 255 /* the most that Linux allows */
#define SAVE_HASH_BYTES 17  /* "~" and 16 digits */
#define SAVE_PART_BYTES 32

/* Opens the directory, which is made if it is missing. Returns an errno or 0. */
static inline int save_open(const char *path, int *directory)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return errno;
    }
    *directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *directory < 0 ? errno : 0;
}

/* Whether a byte of a URL stays as it is in a name. */
static inline bool save_keeps(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._=:@+", byte) != NULL);
}

/* Adds a byte of a URL to a name that has room for three bytes. Returns the name's new size. */
static inline size_t save_add(char *name, size_t used, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    if (byte == '/') {
        name[used] = ',';
        return used + 1;
    }
    if (save_keeps(byte)) {
        name[used] = (char)byte;
        return used + 1;
    }
    name[used] = '%';
    name[used + 1] = digits[byte >> 4];
    name[used + 2] = digits[byte & 15u];
    return used + 3;
}

/* The name of a URL's file. */
static inline void save_name(const char *url, size_t size, char name[SAVE_NAME_BYTES + 1])
{
    char        whole[SAVE_NAME_BYTES + 8]; /* one byte too many tells that it is cut */
    const char *mark = strstr(url, "://");
    size_t      used = 0;
    for (size_t i = 0; i < size && used <= SAVE_NAME_BYTES; i++) {
        if (mark == &url[i]) {
            i += 2; /* to its last byte, a slash */
        }
        used = save_add(whole, used, (unsigned char)url[i]);
    }
    if (used > SAVE_NAME_BYTES) {
        used = SAVE_NAME_BYTES - SAVE_HASH_BYTES;
        (void)snprintf(&whole[used], SAVE_HASH_BYTES + 1, "~%016jx",
                       (uintmax_t)hash_bytes(url, size));
        used = SAVE_NAME_BYTES;
    }
    memcpy(name, whole, used);
    name[used] = '\0';
}

/* What a file is called while it is written. */
static inline void save_part(size_t number, char name[SAVE_PART_BYTES])
{
    (void)snprintf(name, SAVE_PART_BYTES, "%zu.part", number);
}

/* Begins a file, the only one of this number: a descriptor to write to, or -1 and errno. */
static inline int save_begin(int directory, size_t number)
{
    char part[SAVE_PART_BYTES];
    save_part(number, part);
    (void)unlinkat(directory, part, 0); /* left by a run that was ended, or put there as a link */
    return openat(directory, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* Ends it: it gets its name, or is removed where that is NULL, or fails. Returns an errno or 0. */
static inline int save_end(int directory, size_t number, int fd, const char *name)
{
    char part[SAVE_PART_BYTES];
    int  failed = close(fd) == 0 ? 0 : errno;
    save_part(number, part);
    if (failed == 0 && name != NULL && renameat(directory, part, directory, name) != 0) {
        failed = errno;
    }
    if (failed != 0 || name == NULL) {
        (void)unlinkat(directory, part, 0);
    }
    return failed;
}

#endif /* SAVE_H */
