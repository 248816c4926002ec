# What the gates share. Sourced with bash; `HEADER` is the header to look at.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
HEADER=$(realpath "${HEADER:-$root/pario.h}")
top=$(dirname "$HEADER")
warnings=$here/warnings

# A directory that goes when the gate ends.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# need TOOL...: ends the gate as skipped if one of them is not installed.
need() {
    local tool missing=()
    for tool in "$@"; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "not installed: ${missing[*]}"
        exit 77
    fi
}

# installed NAME...: those of the commands that are there, in order; verdict names the others.
installed() {
    local tool
    for tool in "$@"; do
        if command -v "$tool" >/dev/null; then echo "$tool"; else echo "$tool" >>"$scratch/missing"; fi
    done
}

# The findings of a gate: each failing call of check is one, and all are shown.
findings=0

# check WHAT COMMAND...: runs it; shows what it printed if it fails or prints anything.
check() {
    local what=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    if [ "$status" -ne 0 ] || [ -n "$output" ]; then
        findings=$((findings + 1))
        printf '%s (exit %d):\n%s\n' "$what" "$status" "$output"
    fi
}

# unless_fails COMMAND...: what it prints counts only if it fails.
unless_fails() {
    "$@" >"$scratch/printed" 2>&1 || { local status=$?; cat "$scratch/printed"; return "$status"; }
}

# The last line of a gate: its exit status says whether there were findings.
verdict() {
    if [ -s "$scratch/missing" ]; then
        echo "skipped, as not installed: $(sort -u "$scratch/missing" | tr '\n' ' ')"
        if [ "${CI:-}" = true ]; then return 1; fi
    fi
    [ "$findings" -eq 0 ]
}

# supported COMPILER FILE: the options of a warnings file that this compiler knows.
supported() {
    sh "$here/supported" "$@" 2>/dev/null
}

# language COMPILER: c or c++, by its name.
language() {
    case $(basename "$1") in
    *++*) echo c++ ;;
    *) echo c ;;
    esac
}

# compile COMPILER OPTION...: the implementation as one translation unit.
compile() {
    local compiler=$1
    shift
    "$compiler" -DPARIO_IMPLEMENTATION "$@" -include "$HEADER" -x "$(language "$compiler")" \
        -c /dev/null -o "$scratch/$BASHPID.o"
}

# sections: the names of the implementation's sections in their order, by their tags.
sections() {
    sed -n '/^#if.*PARIO_IMPLEMENTATION/,$ s,^\(/\*\| \*\) >>\([a-z]*\).*,\2,p' "$HEADER"
}

# functions: the names of all functions of the implementation, as the compiler sees them.
functions() {
    gcc -std=gnu11 -O0 -w -fkeep-static-functions -fkeep-inline-functions -DPARIO_IMPLEMENTATION -include "$HEADER" \
        -x c -c /dev/null -o "$scratch/functions.o"
    nm "$scratch/functions.o" | sed -n 's/.* [tT] \(pario_[a-z0-9_]*\)$/\1/p' | sort
}

# programs PATTERN...: the sources around the header, from where it is; there may be none around
# another one than ours.
programs() {
    local pattern
    for pattern in "$@"; do
        (cd "$top" && find tests bench examples -name "$pattern" ! -path 'tests/analyze/*' \
            2>"$scratch/no_programs" || true)
    done | sort
}
