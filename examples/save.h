/* SPDX-License-Identifier: MIT */
/*
 * save.h: a file for each URL, in one directory. A file's name follows from its URL alone, and
 * two URLs have two names: "http://host/a/b?c" is "http,host,a,b%3Fc". Letters, digits and
 * "-._=:@+" stay, "://" and "/" become ",", all else is percent-encoded. So no name begins with
 * a dot, holds a slash or is longer than a name may be: a long one ends with "~" and a hash of
 * the whole URL in place of its rest. The same URL again replaces the file.
 *
 * A file is written as NAME.part and then renamed: what is there is complete. Symbolic links of
 * either name are replaced, never followed.
 */
#ifndef SAVE_H
#define SAVE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

#define SAVE_PART ".part"
#define SAVE_NAME_BYTES 250 /* with SAVE_PART it is 255, which is the most that Linux allows */
#define SAVE_HASH_BYTES 17  /* "~" and 16 digits */

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
    char         whole[SAVE_NAME_BYTES + 8]; /* one byte too many tells that it is cut */
    const char  *mark = strstr(url, "://");
    const size_t part = strlen(SAVE_PART);
    size_t       used = 0;
    for (size_t i = 0; i < size && used <= SAVE_NAME_BYTES; i++) {
        if (mark == &url[i]) {
            i += 2; /* to its last byte, a slash */
        }
        used = save_add(whole, used, (unsigned char)url[i]);
    }
    if (used >= part && used <= SAVE_NAME_BYTES &&
        memcmp(&whole[used - part], SAVE_PART, part) == 0) {
        memcpy(&whole[used - part], "%2Epart", part + 2); /* not the other name of another file */
        used += 2;
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

/* Writes all bytes. Returns an errno or 0. */
static inline int save_bytes(int fd, const char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t wrote = write(fd, &bytes[done], size - done);
        if (wrote < 0 && errno != EINTR) {
            return errno;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

/* Writes a file, or leaves what there was as it is. Returns an errno or 0. */
static inline int save_write(int directory, const char *name, const char *bytes, size_t size)
{
    char part[SAVE_NAME_BYTES + sizeof SAVE_PART];
    int  failed = 0;
    (void)snprintf(part, sizeof part, "%s" SAVE_PART, name);
    (void)unlinkat(directory, part, 0); /* left by a run that was ended, or put there as a link */
    const int fd = openat(directory, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return errno;
    }
    failed = save_bytes(fd, bytes, size);
    if (close(fd) != 0 && failed == 0) {
        failed = errno;
    }
    if (failed == 0 && renameat(directory, part, directory, name) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        (void)unlinkat(directory, part, 0);
    }
    return failed;
}

#endif /* SAVE_H */
