#!/bin/sh
# SPDX-License-Identifier: MIT
# No call of libc is forgotten: what an object with the whole implementation wants from libc must
# be made to fail by faults.h, or stand below among what cannot fail; and the other way round.
#
#     tests/test_calls.sh          CC=gcc
set -eu
here=$(cd "$(dirname "$0")" && pwd)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
passed=0
failed=0

# What cannot fail, and why; faults.h keeps the books on what gives something back.
cannot_fail() {
    sed 's/ *#.*//' <<'LIST' | tr -s ' ' '\n' | grep .
__errno_location clock_gettime sysconf      # says what the process knows: no failure for these arguments
free munmap freeaddrinfo                    # give back what was got
memchr memcmp memcpy memmove memset         # bytes
strchr strcmp strlen strspn strcspn strstr  # bytes
strtoull htons                              # strtoull reads lines of the kernel's
inet_ntop inet_pton gai_strerror sigfillset # bytes
sigemptyset sigaddset                       # bytes
sigtimedwait                                # of a signal that waits already
getcontext makecontext swapcontext          # glibc's fail for no reason but a broken pointer
pthread_attr_destroy pthread_cond_destroy pthread_condattr_destroy pthread_mutex_destroy
pthread_mutex_lock pthread_mutex_unlock     # of a plain mutex that was made
pthread_cond_signal pthread_cond_broadcast pthread_equal pthread_self
pthread_join pthread_detach                 # of a thread that was started
pthread_cond_timedwait                      # ends early as pthread_cond_wait does, which is in the table
LIST
}

# The table of faults.h, and the macros that lead there.
in_table() {
    sed -n 's/^    X([A-Z_]*, "\([a-z_0-9]*\).*/\1/p' "$here/faults.h"
}

is_led() {
    grep -qE "^#define (PARIO_)?$1\(" "$here/faults.h" ||
        grep -qE "^#define PARIO_$(printf %s "$1" | tr '[:lower:]' '[:upper:]')\(" "$here/faults.h"
}

# check NAME FILE: nothing is left in it.
check() {
    if [ -s "$directory/$2" ]; then
        sed "s/^/$1: /" "$directory/$2"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

printf '#define PARIO_IMPLEMENTATION\n#include "pario.h"\n' >"$directory/header.c"
"${CC:-gcc}" -std=gnu11 -O0 -w -I"$here/.." -c "$directory/header.c" -o "$directory/header.o"
nm -u "$directory/header.o" |
    sed 's/.* //; s/@.*//; s/^__isoc23_//; /_GLOBAL_OFFSET_TABLE_/d' | sort -u >"$directory/called"
cannot_fail | sort -u >"$directory/safe"
in_table | sort -u >"$directory/table"
[ "$(wc -l <"$directory/called")" -gt 50 ] || echo 'too few' >"$directory/called"

sort -u "$directory/safe" "$directory/table" | comm -23 "$directory/called" - >"$directory/forgotten"
check 'the library calls it, and no test makes it fail' forgotten
sort "$directory/safe" "$directory/table" | uniq -d >"$directory/twice"
check 'it fails and cannot fail' twice
sort -u "$directory/safe" "$directory/table" | comm -13 "$directory/called" - >"$directory/stale"
check 'the library does not call it' stale
while read -r name; do
    is_led "$name" || echo "$name"
done <"$directory/table" >"$directory/bypassed"
check 'faults.h does not stand before it' bypassed

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
