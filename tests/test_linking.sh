#!/bin/sh
# SPDX-License-Identifier: MIT
# One implementation among several files, several static ones, two versions in one program, and
# what the linker says where there is none: with each compiler that is installed.
#
#     tests/test_linking.sh [-v]       COMPILERS='gcc g++ clang clang++ clang-19'

set -u
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"
compilers=${COMPILERS:-gcc g++ clang clang++ clang-19}
server=

stop() {
    [ -z "$server" ] || kill "$server" 2> /dev/null
}

# check WHAT COMMAND...: the command must succeed.
check() {
    what=$1
    shift
    if "$@" > output 2>&1; then
        pass "$what"
    else
        fail "$what"
        cat output
    fi
}

# compile OUTPUT ARGUMENT...: the last of which is a file of C, or of what C and C++ have in common.
compile() {
    output=$1
    shift
    case $compiler in
    *++*) "$compiler" -std=gnu++17 -O0 -w -x c++ "$@" -c -o "$output" ;;
    *) "$compiler" -std=gnu11 -O0 -w "$@" -c -o "$output" ;;
    esac
}

# The names that an object defines for others, by a pattern that it takes out.
global() {
    nm -g --defined-only "$1" | sed 's/.* //' | grep -vE "$2"
}

# Whether objects have no such names.
hides() {
    for object in "$@"; do
        if global "$object" '^(main|one|other)$'; then
            return 1
        fi
    done
}

# Whether each function that is declared can be linked to, and nothing else.
exports() {
    sed -n 's/^PARIO_API .*[ *]\(pario_[a-z_]*\)(.*/\1/p' "$here/../pario.h" | sort > declared
    [ "$(wc -l < declared)" -gt 20 ] || return 1
    global "$1" '^(one|pario_one_file_must_define_PARIO_IMPLEMENTATION)$' | sort | diff declared -
}

# Whether linking fails, and the linker names what is not there.
explains() {
    if LC_ALL=C "$compiler" main.o static.o user.o -o none -pthread 2> message; then
        return 1
    fi
    cat message
    grep -q 'undefined.*pario_one_file_must_define_PARIO_IMPLEMENTATION' message
}

# A file that fetches: the header's version and a default of it are to be seen.
cat > fetch.c << 'END'
#include "pario.h"
#include <stdio.h>
#if defined(__cplusplus)
extern "C"
#endif
int FETCH(const char *url);
int FETCH(const char *url)
{
    pario_client *client;
    pario_request request = {};
    pario_response response;
    request.url = url;
    if (pario_open(NULL, &client) != PARIO_OK) {
        return 1;
    }
    pario_error error = pario_fetch(client, &request, &response);
    const pario_config *config = pario_config_of(client);
    printf("%s %d %s %s\n", config->user_agent, (int)config->queue, pario_error_name(error), response.body);
    pario_response_free(&response);
    pario_close(client);
    return 0;
}
END
cat > main.c << 'END'
#if defined(__cplusplus)
extern "C" {
#endif
int one(const char *url);
int other(const char *url);
#if defined(__cplusplus)
}
#endif
int main(int argc, char **argv)
{
    (void)argc;
    return one(argv[1]) + other(argv[1]);
}
END
mkdir newer
sed -e 's/^\(#define PARIO_VERSION\) .*/\1 "9.8.7"/' \
    -e 's/^\(#define PARIO_DEFAULT_QUEUE\) 65536/\1 12345/' "$here/../pario.h" > newer/pario.h

mkfifo port
gcc -std=gnu11 -O1 -I"$here" "$here/raw_server.c" "$here/server.c" -o raw_server -pthread || exit 2
./raw_server read send 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello' close > port &
server=$!
read -r number < port
version=$(sed -n 's/^#define PARIO_VERSION "\(.*\)"/\1/p' "$here/../pario.h")
line="pario/$version 65536 PARIO_OK hello"

# prints LINE LINE OBJECT...: a program of these says so.
prints() {
    printf '%s\n%s\n' "$1" "$2" > want
    shift 2
    "$compiler" "$@" -o program -pthread && ./program "http://127.0.0.1:$number/" | diff want -
}

for compiler in $compilers; do
    if ! command -v "$compiler" > /dev/null; then
        skip "linking with $compiler" 'it is not installed'
        continue
    fi
    compile main.o main.c
    compile one.o -I"$here/.." -DFETCH=one -DPARIO_IMPLEMENTATION fetch.c
    compile user.o -I"$here/.." -DFETCH=other fetch.c
    compile static.o -I"$here/.." -DFETCH=one -DPARIO_STATIC -DPARIO_IMPLEMENTATION fetch.c
    compile static_too.o -I"$here/.." -DFETCH=other -DPARIO_STATIC -DPARIO_IMPLEMENTATION fetch.c
    compile newer.o -Inewer -DFETCH=other -DPARIO_STATIC -DPARIO_IMPLEMENTATION fetch.c
    check "$compiler: one file has the implementation, others use it" \
        prints "$line" "$line" main.o one.o user.o
    check "$compiler: the implementation defines what is declared, and nothing else" exports one.o
    check "$compiler: two files have one of their own" \
        prints "$line" "$line" main.o static.o static_too.o
    check "$compiler: two versions in one program" \
        prints "$line" 'pario/9.8.7 12345 PARIO_OK hello' main.o static.o newer.o
    check "$compiler: a static one beside one that is not" \
        prints "$line" 'pario/9.8.7 12345 PARIO_OK hello' main.o one.o newer.o
    check "$compiler: what is static is seen by nobody" hides static.o static_too.o newer.o
    check "$compiler: the linker explains that there is no implementation" explains
done

finish
