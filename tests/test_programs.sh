#!/bin/sh
# SPDX-License-Identifier: MIT
# The contract of build/get and build/fetch_many: options, output, exit statuses, on every
# executor. The servers are tests/raw_server.c; where curl is installed, it must answer the
# same on the rows marked so.
#
#     tests/test_programs.sh [-x EXECUTOR] [-v]       BUILD=build, CC=gcc
#
# Nothing here waits for time to pass: a server is ready when it has said its port.

set -u
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"
compiler=${CC:-gcc}
server=

# start ARGUMENTS...: a raw server with these; sets $url to where it is.
start() {
    stop
    rm -f port
    mkfifo port
    ./raw_server "$@" > port &
    server=$!
    number=
    read -r number < port
    url=http://127.0.0.1:$number
    if [ -z "$number" ]; then
        fail "raw_server $* does not start"
    fi
}

stop() {
    if [ -n "$server" ]; then
        kill "$server"
        wait "$server" 2> /dev/null
        server=
    fi
}

# run PROGRAM ARGUMENTS...: sets $status, and the files out and err.
run() {
    "$@" > out 2> err < input
    status=$?
}

show() {
    sed 's/^/    /' "$1" | head -n 8
}

# check NAME STATUS: compares $status with STATUS, and the file out with the file wanted, if
# there is one.
check() {
    if [ "$status" -ne "$2" ]; then
        fail "$1: exit status $status, not $2"
        show err
    elif [ -f wanted ] && ! cmp -s out wanted; then
        fail "$1: the output differs: it is"
        show out
        echo "  and not"
        show wanted
    else
        pass "$1"
    fi
}

# try NAME STATUS ARGUMENTS...: get on each executor. Before it, the file wanted may be made.
try() {
    name=$1
    wanted_status=$2
    shift 2
    for executor in $executors; do
        run "$build/get" -x "$executor" "$@"
        check "get, $name, $executor" "$wanted_status"
    done
}

# same NAME STATUS ARGUMENTS...: as try, and curl does the same.
same() {
    try "$@"
    if [ -n "$curl" ]; then
        name=$1
        wanted_status=$2
        shift 2
        run curl -q -sS --noproxy '*' "$@"
        check "curl, $name" "$wanted_status"
    fi
}

# want TEXT: makes the file that output is compared with; TEXT has escapes like \r and \n.
want() {
    printf '%b' "$1" > wanted
}

ok='HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

if [ ! -x "$build/get" ] || [ ! -x "$build/fetch_many" ]; then
    echo "$build/get and $build/fetch_many are not built"
    failed=1
    finish
    exit
fi
if ! "$compiler" -std=gnu11 -O1 -I"$here" "$here/raw_server.c" "$here/server.c" -o raw_server \
    -pthread 2> err; then
    show err
    failed=1
    finish
    exit
fi
curl=$(command -v curl)
if [ -z "$curl" ]; then
    skip 'the comparison with curl' 'it is not installed'
fi
: > input

# ---- what is written ------------------------------------------------------------------------

start -b
host=${url#http://}
want 'status\n'
same 'a body' 0 "$url/status/200"
same 'a status is no error' 0 "$url/status/404"
same '-s' 0 -s "$url/status/200"
same '-X' 0 -X DELETE "$url/status/200"
want 'HTTP/1.1 200 Status\r\nContent-Length: 7\r\n\r\nstatus\n'
same '-i' 0 -i "$url/status/200"
want 'HTTP/1.1 200 Status\r\nContent-Length: 7\r\n\r\n'
same '-I' 0 -I "$url/status/200"
: > wanted
same '-o leaves the output empty' 0 -o file "$url/status/200"
printf 'status\n' > wanted
run cat file
check 'the file of -o' 0
: > wanted
same 'an empty body' 0 "$url/bytes/0"
same 'the first -o of two' 0 -o first -o second "$url/status/200"
printf 'status\n' > wanted
run cat first
check 'the file of the first -o' 0
: > wanted
same '-o to a device' 0 -o /dev/null "$url/status/200"
same '-o to a full disk' 23 -o /dev/full "$url/bytes/1000"
try '-o and -f' 22 -f -o file "$url/status/404"
try '-o over its limit' 63 --max-filesize 10 -o file "$url/chunked/100"
same '-o and -i' 0 -i -o whole "$url/status/200"
printf 'status\n' > wanted
run cat file
check 'the file of -o stays as it was when something fails' 0
ls ./*.part > out 2> /dev/null
: > wanted
status=0
check 'nothing is left of files that were not complete' 0
rm -f wanted
same '-o into no directory' 23 -o nowhere/file "$url/status/200"
# said NAME TEXT ARGUMENTS...: get says TEXT on standard error.
said() {
    name=$1
    text=$2
    shift 2
    run "$build/get" "$@"
    grep -qF -- "$text" err
    status=$?
    check "get, $name" 0
}
said '-o names its file' nowhere/file -o nowhere/file "$url/status/200"
said 'a hint where the scheme is missing' '(try http://...)' "$host/"
said 'a hint where the scheme seems to be the host' '(try http://...)' localhost:80/

for kind in bytes chunked close; do
    head -c 300000 /dev/zero > wanted
    same "/$kind" 0 "$url/$kind/300000"
done

# ---- what is sent ---------------------------------------------------------------------------

agent="User-Agent: pario/$(sed -n 's/^.define PARIO_VERSION "\(.*\)"/\1/p' "$here/../pario.h")"
plain="$agent"'\r\nAccept: */*\r\n'
form='Content-Type: application/x-www-form-urlencoded\r\n'

# sent NAME WANTED ARGUMENTS...: the request, its lines sorted, must be WANTED.
sent() {
    name=$1
    printf '%b' "$2" | tr -d '\r' | LC_ALL=C sort > wanted_lines
    shift 2
    for executor in $executors; do
        rm -f wanted
        run "$build/get" -x "$executor" "$@" "$url/echo"
        tr -d '\r' < out | LC_ALL=C sort > lines
        if [ "$status" -eq 0 ] && cmp -s lines wanted_lines; then
            pass "get, $name, $executor"
        else
            fail "get, $name, $executor: exit status $status, it sent"
            show out
        fi
    done
}

sent 'a plain request' "GET /echo HTTP/1.1\r\nHost: $host\r\n$plain\r\n"
sent '-X' "PURGE /echo HTTP/1.1\r\nHost: $host\r\n$plain\r\n" -X PURGE
sent '-H' "GET /echo HTTP/1.1\r\nHost: $host\r\n${plain}X-A: b\r\nX-C: d\r\n\r\n" \
    -H 'X-A: b' -H 'X-C: d'
sent '-H replaces' "GET /echo HTTP/1.1\r\nHost: $host\r\nUser-Agent: me\r\nAccept: */*\r\n\r\n" \
    -H 'User-Agent: me'
sent '-H removes' "GET /echo HTTP/1.1\r\nHost: $host\r\nAccept: */*\r\n\r\n" -H 'User-Agent:'
sent '-u' "GET /echo HTTP/1.1\r\nHost: $host\r\n${plain}Authorization: Basic dTpw\r\n\r\n" -u u:p
body="POST /echo HTTP/1.1\r\nHost: $host\r\n${plain}${form}Content-Length: 7\r\n\r\na=b&c=d"
sent '-d' "$body" -d 'a=b&c=d'
sent '-d twice' "$body" -d a=b -d c=d
sent '-d with nothing, twice' \
    "POST /echo HTTP/1.1\r\nHost: $host\r\n${plain}${form}Content-Length: 2\r\n\r\n&&" \
    -d '' -d @/dev/null -d ''
printf 'a=b&c=d' > data
sent '-d @FILE' "$body" -d @data
sent '-d with another type' \
    "POST /echo HTTP/1.1\r\nHost: $host\r\n${plain}Content-Type: x/y\r\nContent-Length: 3\r\n\r\na=b" \
    -d a=b -H 'Content-Type: x/y'
sent '-d with another method' \
    "PUT /echo HTTP/1.1\r\nHost: $host\r\n${plain}${form}Content-Length: 3\r\n\r\na=b" \
    -d a=b -X PUT
rm -f wanted
head -c 3000000 /dev/zero | tr '\0' 'x' > data
for executor in $executors; do
    run "$build/get" -x "$executor" -d @data "$url/echo"
    tail -c 3000000 out | cmp -s - data
    status=$?
    check "get, a large upload, $executor" 0
done
try '-d @FILE that is not there' 26 -d @nothing "$url/echo"
try '-T FILE that is not there' 26 -T nothing "$url/echo"
try '-T of a directory' 26 -T . "$url/echo"
try '-d and -T' 2 -d a=b -T data "$url/echo"
printf 'a=b\r\nc=d' > small
sent '-T FILE' "PUT /echo HTTP/1.1\r\nHost: $host\r\n${plain}Content-Length: 8\r\n\r\na=b\r\nc=d" \
    -T small
sent '-d @FILE without line ends' \
    "POST /echo HTTP/1.1\r\nHost: $host\r\n${plain}${form}Content-Length: 6\r\n\r\na=bc=d" -d @small
for executor in $executors; do
    { cat data; echo; } > lines
    run "$build/get" -x "$executor" -d @lines -d x "$url/echo"
    tail -c 3000002 out > lines
    { cat data; printf '&x'; } | cmp -s - lines
    status=$?
    check "get, a large upload of parts, $executor" 0
    run sh -c '"$@" < data' - "$build/get" -x "$executor" -T - "$url/echo"
    tail -c 3000000 out | cmp -s - data
    status=$?
    check "get, a large upload from standard input, $executor" 0
done


# ---- redirects ------------------------------------------------------------------------------

want 'HTTP/1.1 302 Go\r\nLocation: /redirect/1\r\nContent-Length: 0\r\n\r\n'
same 'a redirect is not followed by itself' 0 -i "$url/redirect/2"
rm -f wanted
same '-L' 0 -L "$url/redirect/2"
same '-L as far as --max-redirs' 0 -L --max-redirs 3 "$url/redirect/2"
same '-L beyond --max-redirs' 47 -L --max-redirs 2 "$url/redirect/2"
same '-L with --max-redirs 0' 47 -L --max-redirs 0 "$url/redirect/2"
same '-L beyond the default' 47 -L "$url/redirect/60"
same '-L without a limit' 0 -L --max-redirs -1 "$url/redirect/60"

# ---- exit statuses --------------------------------------------------------------------------

same '-f and 200' 0 -f "$url/status/200"
: > wanted
same '-f and 400' 22 -f "$url/status/400"
same '-f and 500' 22 -f "$url/status/500"
rm -f wanted
same '-f and 399' 0 -f "$url/status/399"
same '-m' 28 -m 0.05 "$url/never"
same '-m that is not reached' 0 -m 100 "$url/status/200"
same '-m beyond all measure' 0 -m 9999999999 "$url/status/200"
same '--connect-timeout beyond all measure' 0 --connect-timeout 9999999999 "$url/status/200"
same '--max-redirs beyond all measure' 0 -L --max-redirs 99999999999 "$url/redirect/2"
same '--max-filesize beyond all measure' 0 --max-filesize 9223372036854775807 "$url/status/200"
same 'a number beyond all numbers' 2 --max-filesize 9223372036854775808 "$url/status/200"
same 'a negative number' 2 -m -1 "$url/"
same '--max-filesize' 63 --max-filesize 99 "$url/bytes/100"
same '--max-filesize that fits' 0 --max-filesize 100 "$url/bytes/100"
try '--max-filesize of chunks' 63 --max-filesize 99 "$url/chunked/100"
same 'an unknown scheme' 1 gopherr://127.0.0.1/
# Nothing listens there; with a TLS library in the program that is all there is to say.
"$build/get" --help | grep -q cacert && https=7 || https=1
try 'https' "$https" https://127.0.0.1:1/
same 'no URL' 2
same 'an unknown option' 2 --no-such-option "$url/"
same 'an option without its value' 2 "$url/" -m
same 'a bad number' 2 -m soon "$url/"
try 'an unknown executor' 2 -x tortoises "$url/"
same 'a bad port' 3 http://127.0.0.1:99999/
try 'a space in the URL' 3 "$url/a b"

# What is uploaded does not have to fit into memory: here it cannot. Of lines the ends are left out,
# by way of a file without a name; of a pipe nobody knows how long it is.
head -c 150000000 /dev/zero | tr '\0' 'x' > large
{ cat large; echo; } > lines_large
truncate -s 268435456 sparse
start read send 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
# with_little UPLOAD: on $executor.
with_little() {
    # shellcheck disable=SC2086
    run sh -c 'ulimit -v 100000 && exec "$@" < large' - "$build/get" -x "$executor" $1 "$url/"
    check "get, $1 with little memory, $executor" 0
}
for executor in $executors; do
    with_little '-d @large'
done
executor=epoll
for upload in '-d @lines_large' '-d @-' '-T sparse' '-T -'; do
    with_little "$upload"
done
run sh -c 'cat large | (ulimit -v 100000 && exec "$@")' - "$build/get" -d @- "$url/"
check 'get, -d @- from a pipe with little memory' 0
rm -f large lines_large sparse
stop

for mood in -R -F; do
    start "$mood"
    if [ "$mood" = -R ]; then
        same 'refused' 7 "$url/"
        stop
    else
        same '--connect-timeout' 28 --connect-timeout 0.05 "$url/"
        same '-m while connecting' 28 -m 0.05 "$url/"
    fi
done
# A label of 64 letters is no name: that is found out without asking anybody.
label=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
same 'a name that is none' 6 "http://$label.invalid/"

# reply NAME STATUS STEP...: what get makes of one scripted connection.
reply() {
    name=$1
    wanted_status=$2
    shift 2
    start "$@"
    try "$name" "$wanted_status" "$url/"
}
want hello
reply 'a scripted reply' 0 read send "$ok" hold
reply 'a reply in drops' 0 read drip "$ok" hold
rm -f wanted
reply 'an empty reply' 52 read close
reply 'no HTTP' 8 read send 'SSH-2.0-x\r\n' close
reply 'half a head' 8 read send 'HTTP/1.1 200 OK\r\nCont' close
reply 'a malformed field' 8 read send 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n' close
reply 'a short body' 18 read send 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' close
reply 'a short chunk' 18 read send 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe' close
reply 'a bad chunk size' 56 read send \
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n' close
reply 'two lengths' 56 read send \
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' close
reply 'an unknown coding' 56 read send 'HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n' close
reply 'a reset' 56 read reset
reply 'a reset in the body' 56 read send 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' reset
reply 'a redirect to nowhere' 0 read send 'HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n' close

# Errors are said on standard error, unless -s.
start -R
for executor in $executors; do
    run "$build/get" -x "$executor" "$url/"
    if [ -s err ]; then
        pass "get, an error is said, $executor"
    else
        fail "get, an error is said, $executor: it is not"
    fi
    run "$build/get" -x "$executor" -s "$url/"
    : > wanted
    cp err out
    check "get, -s says nothing, $executor" 7
done
rm -f wanted

# ---- fetch_many -----------------------------------------------------------------------------

# many NAME STATUS ARGUMENTS...: fetch_many on each executor. Lines are sorted and their third
# field, which is a time, must be a number and becomes "ms"; the port becomes PORT.
many() {
    name=$1
    wanted_status=$2
    shift 2
    for executor in $executors; do
        run "$build/fetch_many" -x "$executor" "$@"
        awk -F '\t' -v OFS='\t' '{ if ($3 ~ /^[0-9]+([.][0-9]+)?$/) { $3 = "ms" } print }' out |
            sed "s|$host|HOST|g" | LC_ALL=C sort > sorted
        mv sorted out
        check "fetch_many, $name, $executor" "$wanted_status"
    done
}

# summary REQUESTS FAILURES: what the last one said on standard error.
summary() {
    if grep -q "requests $1, failures $2, seconds [0-9.]*, per second [0-9.]*$" err; then
        pass "fetch_many, the summary of $1"
    else
        fail "fetch_many, the summary of $1: it is"
        show err
    fi
}

start -b
host=${url#http://}
want '200\t7\tms\thttp://HOST/status/200\t\n200\t99\tms\thttp://HOST/bytes/99\t\n404\t7\tms\thttp://HOST/status/404\t\n'
many 'arguments' 0 "$url/status/200" "$url/bytes/99" "$url/status/404"
summary 3 0
printf '%s\n' "$url/status/200" "$url/bytes/99" "$url/status/404" > input
many 'standard input' 0
many 'standard input as -' 0 -
many '-c' 0 -c 1
printf '%s\n%s\r\n%s' "$url/status/200" "$url/bytes/99" "$url/status/404" > input
many 'a last line without its end' 0
printf '\n%s\n\n\r\n%s\n%s\n\n' "$url/status/200" "$url/bytes/99" "$url/status/404" > input
many 'empty lines are skipped' 0
summary 3 0
: > wanted
many '-q' 0 -q
summary 3 0
: > input
many 'no input at all' 0
summary 0 0
printf '\n\r\n\n' > input
many 'nothing but empty lines, repeated' 0 -n 7
summary 0 0
line='200\t7\tms\thttp://HOST/status/200\t\n'
want "$line$line$line$line$line$line$line"
many '-n repeats an argument' 0 -n 7 "$url/status/200"
summary 7 0
printf '%s\n' "$url/status/200" > input
many '-n repeats the input' 0 -n 7
printf '%s\n' "$url/status/200" "$url/status/200" "$url/status/200" > input
many '-n repeats the input in part' 0 -n 7
want "$line"
many '-n cuts the input' 0 -n 1
want "$line$line$line"
printf '\n%s\n\n' "$url/status/200" > input
many '-n repeats the input without its empty lines' 0 -n 3
for executor in $executors; do
    # A pipe cannot be read twice: what is repeated is remembered.
    printf '\n%s\n\n' "$url/status/200" | "$build/fetch_many" -x "$executor" -n 3 -q 2> err
    summary 3 0
done
rm -f wanted
: > input
many 'an unknown option' 2 --no-such-option
many '-c 0' 2 -c 0
many '-n none' 2 -n none

# Failures are lines with an error, and the others go on.
printf '%s\n' nonsense "$url/status/200" http://127.0.0.1:99999/ "$url/status/500" > input
for executor in $executors; do
    run "$build/fetch_many" -x "$executor"
    awk -F '\t' 'NF != 5 { bad++ } $1 == 0 && $5 != "" { errors++ } $1 > 0 && $5 == "" { good++ }
        END { exit !(bad == 0 && errors == 2 && good == 2 && NR == 4) }' out
    lines=$?
    if [ "$lines" -eq 0 ] && [ "$status" -eq 1 ]; then
        pass "fetch_many, failures among others, $executor"
    else
        fail "fetch_many, failures among others, $executor: exit status $status"
        show out
    fi
    summary 4 2
done

# A URL that is refused is shown whole, so that the line can be found again; of one that is longer
# than any URL, the first 65,535 bytes.
start_of_long="$url/|"
long=$start_of_long$(head -c $((65535 - ${#start_of_long})) /dev/zero | tr '\0' x)
printf '%s\n%sy\n' "$long" "$long" > input
printf '0\t0\t0\t%s\tthe URL holds a byte that must be percent-encoded\n' "$long" > wanted
printf '0\t0\t0\t%s...\tthe URL or its host is too long\n' "$long" >> wanted
for executor in $executors; do
    run "$build/fetch_many" -x "$executor"
    check "fetch_many, long URLs that are refused, $executor" 1
done
rm -f wanted

# Many requests; their input is only as long as it has to be.
awk -v url="$url" 'BEGIN { for (i = 0; i < 5000; i++) { print url "/bytes/" i } }' > input
for executor in $executors; do
    run "$build/fetch_many" -x "$executor" -c 20
    awk -F '\t' '{ split($4, part, "/bytes/") } $1 != 200 || $2 != part[2] || seen[$2]++ { bad++ }
        END { exit !(bad == 0 && NR == 5000) }' out
    lines=$?
    if [ "$lines" -eq 0 ] && [ "$status" -eq 0 ]; then
        pass "fetch_many, 5000 requests, $executor"
    else
        fail "fetch_many, 5000 requests, $executor: exit status $status"
        show err
    fi
done

# A result comes while the input is still open: nothing waits for its end.
: > input
rm -f lines results
mkfifo lines results
for executor in $executors; do
    "$build/fetch_many" -x "$executor" < lines > results 2> err &
    program=$!
    exec 8> lines 9< results
    good=yes
    for size in 1 2 3; do
        echo "$url/bytes/$size" >&8
        line=
        read -r line <&9
        case $line in
        "200	$size	"*) ;;
        *) good=no ;;
        esac
    done
    exec 8>&- 9<&-
    wait "$program"
    status=$?
    if [ "$good" = yes ] && [ "$status" -eq 0 ]; then
        pass "fetch_many, results as they come, $executor"
    else
        fail "fetch_many, results as they come, $executor: exit status $status, last '$line'"
    fi
done

# ---- memory_of and ticket_prices ------------------------------------------------------------

# More than a client could keep: it goes on to the file, and memory stays what it was.
start -b
for executor in $executors; do
    run "$build/memory_of" "$build/get" -x "$executor" -o large "$url/bytes/268435456"
    peak=$(sed -n 's/^its peak *\([0-9]*\).*/\1/p' err)
    size=$(wc -c < large)
    if [ "$status" -eq 0 ] && [ "$size" -eq 268435456 ] && [ "${peak:-99}" -lt 40 ]; then
        pass "get, 256 MiB to a file, $executor"
    else
        fail "get, 256 MiB to a file, $executor: exit status $status, $size bytes, peak $peak MiB"
    fi
done
rm -f large

: > input
# measured NAME STATUS TEXT ARGUMENTS...: memory_of ends with STATUS and says TEXT.
measured() {
    name=$1
    wanted_status=$2
    text=$3
    shift 3
    run "$build/memory_of" "$@"
    grep -q -- "$text" err || status="$status without '$text'"
    if [ "$status" = "$wanted_status" ]; then
        pass "memory_of, $name"
    else
        fail "memory_of, $name: exit status $status"
        show err
    fi
}
measured 'a command that succeeds' 0 'its peak .* MiB' true
measured 'a command that fails' 77 'its peak .* MiB' sh -c 'exit 77'
measured 'a command that is killed' 137 'its peak .* MiB' sh -c 'kill -9 $$'
measured 'a command that is not there' 127 'No such file' ./nothing
measured 'no command' 2 usage
measured 'help' 0 usage --help
measured 'a file that cannot be made' 2 'No such file' -o nowhere/file true
measured 'a file with samples' 0 'its peak .* MiB' -o samples true
printf 'time_us,rss_bytes\n' > wanted
head -n 1 samples > out
awk -F , 'NR > 1 && (NF != 2 || $1 !~ /^[0-9]+$/ || $2 + 0 <= 0) { bad = 1 }
    END { exit bad || NR < 2 }' samples
status=$?
check 'memory_of, the samples' 0
rm -f wanted

# ---- the short examples ---------------------------------------------------------------------

start -b
for program in quick_start foreign_loop; do
    # The last line lacks its end.
    printf '%s\n%s' "$url/status/200" "$url/bytes/99" > input
    if [ "$program" = quick_start ]; then
        run "$build/quick_start" "$url/status/200" "$url/bytes/99"
    else
        run "$build/foreign_loop"
    fi
    LC_ALL=C sort out > sorted
    mv sorted out
    printf '%s: 200 OK, 99 bytes\n%s: 200 Status, 7 bytes\n' "$url/bytes/99" "$url/status/200" > wanted
    check "$program" 0
done
: > input
printf '1: 200 Status, 14 bytes\n2: 200 Status, 14 bytes\n' > wanted
run "$build/tasks" "$url/status/200" "$url/status/200" 2
check 'tasks' 0
rm -f wanted
for number in 0 x 1001; do
    run "$build/tasks" "$url/" "$url/" "$number"
    check "tasks, $number of them" 2
done

printf '100 of 100 requests, 3 threads\n' > wanted
run "$build/many_cores" 3 100 "$url/status/200" "$url/bytes/99"
check 'many_cores' 0
printf '0 of 10 requests, 2 threads\n' > wanted
run "$build/many_cores" 2 10 "$url%"
check 'many_cores, a URL that is none' 1
rm -f wanted
for number in 0 x 257; do
    run "$build/many_cores" "$number" 10 "$url/"
    check "many_cores, $number threads" 2
done

# ---- proxies --------------------------------------------------------------------------------

# The server is the origin and the proxy: the request that it shows says for which it was taken.
# way NAME LINE [VARIABLE=VALUE]... ./program ARGUMENTS...: the first line of it, as get has it, and
# as curl has it.
way() {
    name=$1
    printf '%s HTTP/1.1\n' "$2" > wanted
    shift 2
    for which in get ${curl:+curl}; do
        cp "way_$which" program
        run env "$@" "$url/echo"
        head -n 1 out | tr -d '\r' > line
        mv line out
        check "proxies, $name, $which" 0
    done
}
printf '#!/bin/sh\nexec "%s" -s "$@"\n' "$build/get" > way_get
printf '#!/bin/sh\nexec curl -q -sS "$@"\n' > way_curl
chmod +x way_get way_curl
start -b
whole="GET $url/echo"
way 'none' 'GET /echo' ./program
way 'http_proxy' "$whole" http_proxy="$url" ./program
way 'HTTP_PROXY is not believed' 'GET /echo' HTTP_PROXY="$url" ./program
way 'all_proxy' "$whole" all_proxy="$url" ./program
way 'ALL_PROXY' "$whole" ALL_PROXY="$url" ./program
way 'an empty http_proxy' "$whole" http_proxy= all_proxy="$url" ./program
way 'https_proxy is for https' 'GET /echo' https_proxy="$url" HTTPS_PROXY="$url" ./program
way 'no_proxy' 'GET /echo' http_proxy="$url" no_proxy=localhost,127.0.0.1 ./program
way 'NO_PROXY' 'GET /echo' http_proxy="$url" NO_PROXY='*' ./program
way 'another no_proxy' "$whole" http_proxy="$url" no_proxy=127.0.0.2 ./program
way 'a network' 'GET /echo' http_proxy="$url" no_proxy=127.0.0.0/8 ./program
way '--proxy' "$whole" http_proxy=http://127.0.0.1:1 ./program --proxy "$url"
way '--proxy without a scheme' "$whole" ./program --proxy "${url#http://}"
way '--proxy of nothing' 'GET /echo' http_proxy="$url" ./program --proxy ''
way '--noproxy' 'GET /echo' http_proxy="$url" no_proxy=x ./program --noproxy '*'
way '--noproxy of nothing' "$whole" http_proxy="$url" no_proxy='*' ./program --noproxy ''
printf '200 http://192.0.2.1/\n200 http://[2001:db8::1]/\n' > wanted
for executor in $executors; do
    run env http_proxy="$url" "$build/fetch_many" -c 1 -x "$executor" http://192.0.2.1/ 'http://[2001:db8::1]/'
    awk -F '\t' '{ print $1, $4 }' out | LC_ALL=C sort > line
    mv line out
    check "fetch_many, http_proxy, $executor" 0
    run env all_proxy=http://127.0.0.1:1 "$build/fetch_many" -c 1 -x "$executor" \
        --proxy "$url" http://192.0.2.1/ 'http://[2001:db8::1]/'
    awk -F '\t' '{ print $1, $4 }' out | LC_ALL=C sort > line
    mv line out
    check "fetch_many, --proxy, $executor" 0
done
rm -f wanted
try 'a proxy that is no URL' 5 --proxy 'http://a b' "$url/"
try 'a proxy with a path' 5 --proxy "$url/path" "$url/"
try 'a proxy of another scheme' 7 --proxy ftp://127.0.0.1 "$url/"
try 'a proxy over TLS' 7 --proxy https://127.0.0.1 "$url/"
if "$build/get" --help | grep -q cacert; then
    start read send 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'
    try 'a tunnel is refused' 56 --proxy "$url" https://192.0.2.1/
    run env https_proxy="$url" "$build/get" https://192.0.2.1/
    check 'get, https_proxy' 56
    run env all_proxy=http://127.0.0.1:1 HTTPS_PROXY="$url" "$build/get" https://192.0.2.1/
    check 'get, HTTPS_PROXY' 56
fi
start -R
try 'a proxy that refuses' 7 --proxy "$url" http://192.0.2.1/
said 'which is named' '(proxy 127.0.0.1:' --proxy "$url" http://192.0.2.1/

# ---- where connections begin and lead to ----------------------------------------------------

start -b
way '--interface' 'GET /echo' ./program --interface 127.0.0.9
rm -f wanted
try 'an interface of another family' 45 --interface ::1 "$url/"
try 'an interface that is no address' 2 --interface eth0.example "$url/"
start -b -u ./socket
url=http://nobody.example
way '--unix-socket' 'GET /echo' ./program --unix-socket ./socket
for executor in $executors; do
    run "$build/fetch_many" -c 1 -x "$executor" --unix-socket ./socket "$url/"
    printf '200 %s/\n' "$url" > wanted
    awk -F '\t' '{ print $1, $4 }' out > line
    mv line out
    check "fetch_many, --unix-socket, $executor" 0
done
rm -f wanted
try 'a unix socket that is not there' 7 --unix-socket ./nobody "$url/"

# ---- help -----------------------------------------------------------------------------------

for program in get fetch_many memory_of ticket_server experiment; do
    if [ -x "$build/$program" ]; then
        run "$build/$program" --help
        cat err >> out
        awk 'length > 80 { print; wide = 1 } END { exit wide || NR == 0 }' out > err || status=9
        check "the help of $program fits into 80 columns" 0
    fi
done

# A server that is not the ticket server, and none: said, and the exit status tells.
start -b
for executor in $executors; do
    run "$build/ticket_prices" -x "$executor" "$url"
    grep -q 'no cookie' err || status=2
    check "ticket_prices, another server, $executor" 1
done
start -R
for executor in $executors; do
    run "$build/ticket_prices" -x "$executor" "$url"
    grep -q 'no connection' err || status=2
    check "ticket_prices, no server, $executor" 1
done

finish
