#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles all C that the README and the header's manual show: what is between ```c and ```.
#
#     tests/readme_code.sh [FILE...]        CC=gcc; default: README.md and pario.h
#
# A block with a main is a program, and is linked; any other is a fragment, which must compile
# at file scope, or within a function that has a client, request, response and so on. Warnings
# are errors; -fsyntax-only would not do, as gcc finds a result that is not used only later.

set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=${CC:-gcc}
while getopts x:e:t: option; do
    case $option in
    x | e | t) ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
    set -- "$here/../README.md" "$here/../pario.h"
fi
passed=0
failed=0
skipped=0
directory=$(mktemp -d) || exit 2
trap 'rm -rf "$directory"' EXIT

# Writes the blocks of a file to block.LINE.c; in the header, lines begin with " * ".
extract() {
    awk -v directory="$directory" '
        { line = $0; sub(/^ \*( |$)/, "", line) }
        inside && line ~ /^[ \t]*```/ { inside = 0; close(file); next }
        inside { print line > file }
        line ~ /^[ \t]*```c[ \t]*$/ { inside = 1; file = directory "/block." NR ".c"; printf "" > file }
        END { if (inside) { print FILENAME ": a block of code does not end" > file } }
    ' "$1"
}

compile() {
    "$compiler" -std=gnu11 -Wall -Wextra -Werror -I"$here/.." "$@" \
        > "$directory/messages" 2>&1
}

# A fragment as part of a function.
wrap() {
    cat << 'END'
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pario.h"
void fragment(pario_client *client, pario_config config, pario_request request,
              pario_response response, pario_error error, const char *url, const char **urls);
void fragment(pario_client *client, pario_config config, pario_request request,
              pario_response response, pario_error error, const char *url, const char **urls)
{
    (void)client, (void)config, (void)request, (void)response, (void)error, (void)url, (void)urls;
    {
END
    cat "$1"
    echo '    }'
    echo '}'
}

# Whether a block compiles, as a program or as a fragment.
compiles() {
    if grep -q '[^a-z_]main *(' "$1"; then
        compile -O1 "$1" -o "$directory/program" -pthread
        return
    fi
    { printf '#include <stdio.h>\n#include "pario.h"\n'; cat "$1"; } > "$directory/scope.c"
    wrap "$1" > "$directory/wrapped.c"
    compile -c "$directory/scope.c" -o /dev/null || compile -c "$directory/wrapped.c" -o /dev/null
}

for file in "$@"; do
    name=$(basename "$file")
    if [ ! -f "$file" ]; then
        echo "skipped: $name is not there"
        skipped=$((skipped + 1))
        continue
    fi
    rm -f "$directory"/block.*
    extract "$file"
    blocks=0
    for block in "$directory"/block.*.c; do
        [ -f "$block" ] || continue
        blocks=$((blocks + 1))
        line=${block##*/block.}
        line=${line%.c}
        if compiles "$block"; then
            passed=$((passed + 1))
        else
            echo "failed: $name:$line: this does not compile:"
            sed 's/^/    /' "$directory/messages" | head -n 12
            failed=$((failed + 1))
        fi
    done
    if [ "$blocks" -eq 0 ]; then
        echo "failed: $name shows no C"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
