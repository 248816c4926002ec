#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What build/fetch_many does beyond its lines: trying again, limits per host, files, JSON,
# resuming, the line on a terminal, bad input. The servers are tests/raw_server.c.
#
#     tests/test_fetch_many.sh [-x EXECUTOR] [-v]       BUILD=build, CC=gcc
#
# Nothing here waits for time to pass. Where a wait of fetch_many would be seen, it is told to
# wait for longer than anybody has, and must not; `timeout` ends what hangs in spite of that.
set -euo pipefail
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"

status=0
server= other= program= url=

cleanup() {
    stop
    if [ -n "$program$other" ]; then
        # shellcheck disable=SC2086
        kill $program $other 2>/dev/null || true
    fi
    rm -rf "$directory"
}

fail() {
    failed=$((failed + 1))
    echo "failed: $*"
    head -n 8 out err 2>/dev/null | cut -c 1-300 | sed 's/^/    /' || true
}

# check NAME COMMAND...: the command must succeed.
check() {
    local name=$1
    shift
    if "$@" >checked 2>&1; then
        pass "$name"
    else
        fail "$name: not so: $*"
    fi
}

# start ARGUMENTS...: a raw server with these; sets $url to where it is.
start() {
    local number=
    stop
    rm -f port
    mkfifo port
    ./raw_server "$@" >port &
    server=$!
    read -r number <port || fail "raw_server $* does not start"
    url=http://127.0.0.1:$number
}

# stop: ends the server, which writes what -r wants.
stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}

# run ARGUMENTS...: fetch_many on $executor with these and the file input. Sets $status and the
# files out and err.
run() {
    status=0
    timeout 60 "$build/fetch_many" -x "$executor" "$@" <input >out 2>err || status=$?
}

# want NAME STATUS LINES: the last run must have ended so, and have said these lines, which are
# sorted; their third field, which is a time, becomes "ms", and the server "URL".
want() {
    local lines
    lines=$(awk -F '\t' -v OFS='\t' '{ if ($3 ~ /^[0-9]+$/) { $3 = "ms" } print }' out |
        sed "s|$url|URL|g" | LC_ALL=C sort)
    if [ "$status" -ne "$2" ]; then
        fail "$1, $executor: exit status $status, not $2"
    elif [ "$lines" != "$(printf '%b' "$3")" ]; then
        fail "$1, $executor: the lines are not"$'\n'"$3"
    else
        pass "$1, $executor"
    fi
}

# says NAME TEXT: the last run must have said so on standard error.
says() {
    if grep -qF -- "$2" err; then
        pass "$1, $executor"
    else
        fail "$1, $executor: it does not say '$2'"
    fi
}

# peak: what the last run said of its memory, in kB.
peak() {
    sed -n 's/.*peak RSS \([0-9]*\) kB.*/\1/p' err
}

# needs NAME MOST: the last run must have needed at most so many kB more than one without URLs.
needs() {
    check "$1, $executor" [ "$(peak)" -le $((least + $2)) ]
}

mkdir -p "$directory/in/side"
cd "$directory/in/side"
: >input
executor=epoll
if [ ! -x "$build/fetch_many" ]; then
    fail "$build/fetch_many is not built"
    finish
    exit
fi
"${CC:-gcc}" -std=gnu11 -O1 -I"$here" "$here/raw_server.c" "$here/server.c" -o raw_server -pthread

run
least=$(peak)
ok='HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
# busy STATUS [FIELD...]: a response without content that asks to come back.
busy() {
    local head="HTTP/1.1 $1 Later\\r\\nContent-Length: 0\\r\\n" field
    shift
    for field in "$@"; do
        head+="$field\\r\\n"
    done
    printf '%s' "$head\\r\\n"
}

# ---- trying again ---------------------------------------------------------------------------

tls=$("$build/fetch_many" --help | grep -e --cacert || true) # "": it was built without
patient=(--retry-wait 1000000 --retry-max-wait 1000000) # for any wait but none
now='Retry-After: 0'

for executor in $executors; do
    start -r requests read send "$(busy 503 "$now")" read send "$(busy 429 "$now")" \
        read send "$ok" hold
    run "${patient[@]}" --retries 5 "$url/a"
    want 'a third try that succeeds' 0 '200\t5\tms\tURL/a\t\t3'
    says 'the tries are summed up' 'tries 3, of which 2 were retries'
    says 'a URL is one request' 'requests 1, failures 0'
    stop
    check "three tries are three requests, $executor" [ "$(grep -c '^GET' requests)" = 3 ]

    start -r requests read send "$(busy 503 "$now")" again
    run "${patient[@]}" --retries 2 "$url/a"
    want 'the last try counts' 0 '503\t0\tms\tURL/a\t\t3'
    stop
    check "two retries are three requests, $executor" [ "$(grep -c '^GET' requests)" = 3 ]

    start -R
    run --retry-wait 0 --retries 2 "$url/"
    address=${url#http://}
    want 'no connection' 1 \
        "0\t0\tms\tURL/\tconnect: no connection: connection refused ($address)\t3"

    for end in reset close; do
        start read "$end" -- read send "$ok" hold
        run --retry-wait 0 --retries 1 "$url/"
        want "a $end before the response" 0 '200\t5\tms\tURL/\t\t2'
    done

    for end in reset close; do
        if [ -n "$tls" ]; then
            start send x "$end"
            run --retry-wait 0 --retries 1 -k "https${url#http}/"
            check "a $end within the handshake, $executor" [ "$(cut -f 6 out)" = 2 ]
        fi
    done
    if [ -n "$tls" ]; then
        start read-head send "$(busy 503)" hold
        run --retry-wait 0 --retries 1 -k --proxy "$url" https://127.0.0.1/
        check "a proxy that has no tunnel now, $executor" [ "$(cut -f 6 out)" = 2 ]
    fi

    start read send 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' close
    run "${patient[@]}" --retries 1 "$url/"
    want 'no retry within the content' 1 '200\t0\tms\tURL/\tbody: the reply ended within its content ('"${url#http://}"')\t1'
done

executor=epoll
start -b
for code in 200 404 500 502 504; do
    run "${patient[@]}" --retries 1 "$url/status/$code"
    want "no retry after $code" 0 "$code"'\t7\tms\tURL/status/'"$code"'\t\t1'
done
run "$url/status/503"
want 'no retry unless it is wanted' 0 '503\t7\tms\tURL/status/503\t'
run --retries 0 "$url/status/503"
want '--retries 0' 0 '503\t7\tms\tURL/status/503\t\t1'

date='Sun, 06 Nov 1994 08:49:37 GMT'
for after in "$date" 'Sunday, 06-Nov-94 08:49:37 GMT' 'Sun Nov  6 08:49:37 1994' \
    'Sun, 06 Nov 1994 08:00:00 GMT'; do
    start read send "$(busy 503 "Date: $date" "Retry-After: $after")" read send "$ok" hold
    run "${patient[@]}" --retries 1 "$url/"
    want "Retry-After: $after" 0 '200\t5\tms\tURL/\t\t2'
done
for after in 31556952000 99999999999999999999999999 'Fri, 31 Dec 9999 23:59:59 GMT'; do
    start read send "$(busy 503 "Retry-After: $after")" read send "$ok" hold
    run --retry-wait 1000000 --retry-max-wait 0.001 --retries 1 "$url/"
    want "Retry-After: $after, and no longer than allowed" 0 '200\t5\tms\tURL/\t\t2'
done
start read send "$(busy 503 'Retry-After: whenever')" read send "$ok" hold
run --retry-wait 0 --retries 1 "$url/"
want 'a Retry-After that says nothing' 0 '200\t5\tms\tURL/\t\t2'

for executor in $executors; do
    run --retries 1001
    want 'too many retries' 2 ''
    run --retries -1
    want 'a negative number of retries' 2 ''
    run --retry-wait soon
    want 'a wait that is none' 2 ''
    break
done

# Those that wait hold up nobody: the input is still open, and one waits for days.
start -b
rm -f lines results
mkfifo lines results
for executor in $executors; do
    "$build/fetch_many" -x "$executor" -c 1 "${patient[@]}" --retries 1 <lines >results 2>err &
    program=$!
    exec 8>lines 9<results
    good=yes
    echo "$url/status/503" >&8
    for size in 1 2 3; do
        echo "$url/bytes/$size" >&8
        line=
        read -r -t 60 line <&9 || true
        case $line in
        "200	$size	"*) ;;
        *) good=no ;;
        esac
    done
    kill "$program"
    wait "$program" 2>/dev/null || true
    exec 8>&- 9<&-
    program=
    check "others are fetched while one waits, $executor" [ "$good" = yes ]
done

# Waiting costs no CPU time: of 200 to 400 ms hardly any.
for executor in $executors; do
    run --retry-wait 0.4 --retries 1 "$url/status/503"
    want 'a wait' 0 '503\t7\tms\tURL/status/503\t\t2'
    check "waiting is not working, $executor" awk '
        /CPU seconds/ { fast = $4 + $6 < 0.12 }
        /requests/ { for (i = 1; i < NF; i++) if ($i == "seconds") slow = $(i + 1) >= 0.2 }
        END { exit !(fast && slow) }' err
done

# So many wait and no more: 30,000 URLs of 1,000 bytes are never in memory at the same time.
executor=epoll
long=$(head -c 1000 /dev/zero | tr '\0' x)
start -R
awk -v url="$url/$long" 'BEGIN { for (i = 0; i < 30000; i++) { print url } }' >input
run -q --retry-wait 0.2 --retries 1
want 'more than may wait' 1 ''
says 'all of them were tried twice' 'tries 60000, of which 30000 were retries'
needs 'what waits is bounded' 20000
: >input

# ---- limits per host ------------------------------------------------------------------------

# A third connection would be closed, and its request fail.
for executor in $executors; do
    start read send "$ok" again -- read send "$ok" again -- close
    run -q -c 10 -n 200 --per-host 2 "$url/"
    want '--per-host' 0 ''
    says '--per-host fetches all' 'requests 200, failures 0'
done

# A host that never answers has its one request; the other host's, far behind, has its turn. The
# signal ends it all in order: what came is written, and the summary too.
start -b
rm -f port results
mkfifo port results
./raw_server -b >port &
other=$!
read -r number <port
{
    for i in {1..300}; do
        echo "$url/never"
    done
    echo "http://127.0.0.1:$number/bytes/1"
} >input
for executor in $executors; do
    if [ "$executor" = sequential ]; then
        continue # it makes one request at a time
    fi
    "$build/fetch_many" -x "$executor" -c 10 --per-host 1 <input >results 2>err &
    program=$!
    exec 9<results
    line=
    read -r -t 60 line <&9 || true
    case $line in
    "200	1	"*) pass "a slow host holds up no other, $executor" ;;
    *) fail "a slow host holds up others, $executor" ;;
    esac
    kill "$program"
    status=0
    wait "$program" || status=$?
    exec 9<&-
    program=
    check "SIGTERM ends it, $executor" [ "$status" = 143 ]
    says 'after its summary' 'requests 301, failures 300'
done
kill "$other"
wait "$other" 2>/dev/null || true
other=
: >input
executor=epoll
run --per-host 0
want '--per-host 0' 2 ''

# ---- files ----------------------------------------------------------------------------------

start -b
host=${url#http://}
head -c 5000 /dev/zero >zeros
for executor in $executors; do
    rm -rf files
    run -o files "$url/bytes/5000" "$url/status/404" http://127.0.0.1:99999/
    want '-o' 1 '0\t0\tms\thttp://127.0.0.1:99999/\tthe URL'"'"'s port is not a number from 1 to 65535\n200\t5000\tms\tURL/bytes/5000\t\n404\t7\tms\tURL/status/404\t'
    check "the file is there, $executor" cmp zeros "files/http,$host,bytes,5000"
    check "the other file is there, $executor" cmp <(echo status) "files/http,$host,status,404"
    check "and no more files, $executor" [ "$(ls -A files | wc -l)" = 2 ]
done
executor=epoll

# The names that an attacker would choose stay in the directory.
rm -rf files
mkdir -p files victim
for path in ../../x %2e%2e%2fx .. . '' /// '?../x' ..%2f..%2fx '?a=/../../x'; do
    echo "$url/$path"
done >input
run -q -o files
want 'names that would leave the directory' 0 ''
check 'each has its file' [ "$(ls -A files | wc -l)" = "$(wc -l <input)" ]
check 'all are plain files of this directory' [ "$(find files -mindepth 1 -type f | wc -l)" = \
    "$(wc -l <input)" ]
check 'nothing is written elsewhere' [ ! -e x -a ! -e ../x -a ! -e ../../x ]
: >input

# A link is replaced, not followed; what another run left of a file too.
rm -rf files
mkdir files
echo precious >victim/file
ln -s ../victim/file "files/http,$host,bytes,5000"
ln -s ../victim/file files/0.part
echo 'half a file' >files/1.part
run -q -o files "$url/bytes/5000" "$url/status/200"
want 'links in the way' 0 ''
check 'where a link leads nothing changes' cmp <(echo precious) victim/file
check 'the link is a file now' [ -f "files/http,$host,bytes,5000" -a \
    ! -L "files/http,$host,bytes,5000" ]
check 'with its content' cmp zeros "files/http,$host,bytes,5000"
check 'and a half one is whole' cmp <(echo status) "files/http,$host,status,200"
check 'nothing is left over' [ "$(ls -A files | wc -l)" = 2 ]

# The same URL again replaces its file, also while both are under way.
rm -rf files
run -q -o files "$url/a" "$url/0.part" "$url/a"
want 'a URL that ends in .part' 0 ''
check 'has its name' [ "$(ls files | tr '\n' ' ')" = "http,$host,0.part http,$host,a " ]
run -q -o files "$url/$long/1" "$url/$long/2"
want 'long URLs' 0 ''
check 'have two names' [ "$(ls files | grep -c '~')" = 2 ]

# What cannot be written is an error of that URL, and the others go on.
rm -rf files
mkdir -p "files/http,$host,bytes,5000"
run -o files "$url/bytes/5000" "$url/status/200"
want 'a directory in the way' 1 '200\t5000\tms\tURL/bytes/5000\tfile: not written: Is a directory\n200\t7\tms\tURL/status/200\t'
status=0
(
    ulimit -f 1 # KiB, for each file
    exec timeout 60 "$build/fetch_many" -o files "$url/bytes/4000" "$url/status/200" >out 2>err
) || status=$?
want 'a file that becomes too large' 1 '200\t0\tms\tURL/bytes/4000\tfile: not written: File too large\n200\t7\tms\tURL/status/200\t'
check 'nothing of it is left' [ "$(find files -type f | wc -l)" = 1 ]
if unshare -rm true 2>/dev/null; then
    status=0
    mkdir small
    # shellcheck disable=SC2016
    unshare -rm bash -c 'mount -t tmpfs -o size=8k none small && exec timeout 60 "$@"' bash \
        "$build/fetch_many" -c 1 -o small "$url/status/200" "$url/bytes/9000" "$url/status/201" \
        >out 2>err || status=$?
    want 'a full disk' 1 '200\t0\tms\tURL/bytes/9000\tfile: not written: No space left on device\n200\t7\tms\tURL/status/200\t\n201\t7\tms\tURL/status/201\t'
else
    skip 'a full disk' 'unshare cannot make a mount namespace'
fi
status=0
rm -rf files
(
    ulimit -n 40 # 24 files, a third of which may be in flight
    yes "$url/bytes/5000" | head -n 100 >input
    exec timeout 60 "$build/fetch_many" -c 100 --per-host 2 -q -o files <input >out 2>err
) || status=$?
: >input
want 'few open files are allowed' 0 ''
says 'which it says' '40 open files are allowed (ulimit -n): -c is 8'

# It goes to the file as it comes, from where a redirect leads, and not before another try.
large=30000000 # beyond the limit, unless another is said
for executor in $executors; do
    rm -rf files
    mkdir files
    run -q -o files --max-filesize 0 "$url/bytes/$large" "$url/chunked/$large" "$url/close/$large"
    want 'large content' 0 ''
    needs 'large content is not kept in memory' 2000
    check "all of it is in the files, $executor" [ \
        "$(find files -size "${large}c" -name 'http,*' | wc -l)" = 3 ]
    run -o files "$url/bytes/$large"
    want 'content larger than allowed' 1 "200\\t0\\tms\\tURL/bytes/$large\\tbody: the reply's content is larger than allowed ($host)"
    check "a file that was whole stays, $executor" [ \
        "$(find files -type f -size "${large}c" | wc -l)" = 3 ]
    rm -rf files
    run -q -L -o files "$url/redirect/2"
    want 'redirects to a file' 0 ''
    check "it has the last content, $executor" grep -q '^GET /echo' "files/http,$host,redirect,2"
done
rm -rf files
for executor in $executors; do
    start read send 'HTTP/1.1 503 Later\r\nRetry-After: 0\r\nContent-Length: 9\r\n\r\nsorry now' \
        read send "$ok" read send 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' close
    host=${url#http://}
    run "${patient[@]}" --retries 1 -o files "$url/again"
    want 'another try to a file' 0 '200\t5\tms\tURL/again\t\t2'
    check "the file has the last try only, $executor" cmp <(printf hello) "files/http,$host,again"
    stop
done
start read send 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello' close
host=${url#http://}
for executor in $executors; do
    rm -rf files
    run -o files "$url/short"
    want 'short content to a file' 1 "200\\t0\\tms\\tURL/short\\tbody: the reply ended within its content ($host)"
    check "nothing is left of it, $executor" [ "$(ls -A files | wc -l)" = 0 ]
done
executor=epoll
start -b
host=${url#http://}

# Nothing is left of what is under way when it is ended.
rm -rf files
"$build/fetch_many" -o files "$url/never" "$url/bytes/5" >results 2>err &
program=$!
read -r -t 60 line <results || true
kill "$program"
wait "$program" || true
program=
check 'an end in the midst of a file' [ "$(ls -A files)" = "http,$host,bytes,5" ]

echo file >occupied
run -o occupied "$url/"
want '-o with a file' 1 ''
says '-o with a file says so' 'occupied: Not a directory'
run -o nowhere/files "$url/"
want '-o into no directory' 1 ''

# ---- JSON -----------------------------------------------------------------------------------

# fields NAME... of each line of JSON, with tabs between them, sorted.
fields() {
    python3 -c '
import json, sys
for line in sys.stdin.buffer:
    entry = json.loads(line.decode())
    assert list(entry) == [n for n in ["url", "status", "bytes", "ms", "tries", "file", "error"]
                           if n in entry]
    print("\t".join(ascii(entry[name]) for name in sys.argv[1:]))
' "$@" <out | sed "s|$host|HOST|g" | LC_ALL=C sort
}

if command -v python3 >/dev/null; then
    printf '%s\n' "$url/bytes/99" 'http://a b/"\' $'http://\xff/\xc3\xa9\x01\t' nonsense >input
    printf 'http://a\0b/\n' >>input
    for executor in $executors; do
        run --json
        check "--json, $executor" cmp <(fields url status bytes tries error) - <<'END'
'http://HOST/bytes/99'	200	99	1	None
'http://\ufffd/\xe9\x01\t'	0	0	0	"the URL's host is empty or malformed"
'http://a b/"\\'	0	0	0	"the URL's host is empty or malformed"
'http://a\x00b/'	0	0	0	'the URL holds a NUL'
'nonsense'	0	0	0	'the URL is not an absolute URL as RFC 3986 has it'
END
    done
    executor=epoll
    rm -rf files
    printf '%s\n' "$url/bytes/99" http://127.0.0.1:1/ >input
    run --json --retries 0 -o files
    check '--json with files' cmp <(fields file status) - <<'END'
'http,HOST,bytes,99'	200
None	0
END
else
    skip '--json' 'python3 is not installed'
fi
: >input

# ---- resuming -------------------------------------------------------------------------------

# A first run in which one of each kind happens; what a second one then fetches.
printf '%s\n' "$url/bytes/1" "$url/status/404" "$url/status/503" "$url/redirect/0" \
    http://127.0.0.1:1/ >input
for form in '' --json '--retries 0' '--json --retries 0 -o files'; do
    for executor in $executors; do
        # shellcheck disable=SC2086
        run $form
        cp out earlier
        # Cut as by a kill in the middle of a line; and lines that are none.
        printf '\n\t\t\t\t\n{}\nnonsense\n\0\n%s' "200	9	0	$url/bytes/9	" >>earlier
        echo "$url/bytes/9" | cat input - >again
        mv input first
        mv again input
        # shellcheck disable=SC2086
        run --resume earlier
        mv first input
        want "--resume${form:+ after $form}" 1 '0\t0\tms\thttp://127.0.0.1:1/\tconnect: no connection: connection refused (127.0.0.1:1)\n200\t9\tms\tURL/bytes/9\t\n503\t7\tms\tURL/status/503\t'
        says 'what is skipped is counted' 'skipped 3 that were done before'
    done
done
executor=epoll
run --resume earlier -n 10 "$url/bytes/1"
want '--resume where all is done already' 0 ''
run --resume nothing
want '--resume of no file' 1 ''
says '--resume of no file says so' 'nothing: No such file or directory'
run --resume files
want '--resume of a directory' 1 ''
head -c 3000000 /dev/zero | tr '\0' '\t' >earlier
run --resume earlier "$url/bytes/1"
want '--resume of an endless line' 0 '200\t1\tms\tURL/bytes/1\t'

# A list of a hundred thousand URLs, of which all are done: eight bytes each, in a table.
awk -v url="$url" 'BEGIN { for (i = 0; i < 100000; i++) { print url "/bytes/" i } }' >input
awk -v OFS='\t' '{ print 200, 1, 1, $0, "" }' input >earlier
run --resume earlier
want '--resume of a hundred thousand' 0 ''
says '--resume of a hundred thousand skips all' 'skipped 100000 that'
needs 'eight bytes each, in a table' 5000

# ---- input ----------------------------------------------------------------------------------

for form in '' --json; do
    {
        printf '%s\n' "$url/bytes/1"
        printf '%s\0%s\n' "$url/bytes/2" "$url/bytes/3"
        head -c 1000000 /dev/zero | tr '\0' 'x'
        printf '\n%s\n' "$url/bytes/4"
    } >input
    for executor in $executors; do
        # shellcheck disable=SC2086
        run $form
        check "a NUL and a line of 1 MB, $executor $form" [ "$status" = 1 ]
        says 'they are errors, and the others go on' 'requests 4, failures 2'
        check 'the NUL is named' grep -q 'the URL holds a NUL' out
        check 'the long line is named' grep -q 'the URL or its host is too long' out
        check 'the others are fetched' [ "$(grep -c '200' out)" = 2 ]
    done
done
executor=epoll
awk 'BEGIN { for (i = 0; i < 1000000; i++) { print "nonsense" } }' >input
run -q
says 'a million lines' 'requests 1000000, failures 1000000'
needs 'need no memory' 1000
: >input

# The short example of the same: each of more URLs than it has ahead comes back.
awk -v url="$url" 'BEGIN { for (i = 0; i < 500; i++) { print url "/bytes/" i } }' >input
status=0
timeout 60 "$build/long_list" <input >out 2>err || status=$?
check 'long_list' cmp <(sed 's/$/: 200 OK/' input | sort) <(sort out)
check 'long_list ends well' [ "$status" = 0 ]
: >input

# ---- on a terminal --------------------------------------------------------------------------

check 'without a terminal there is no progress' [ "$(grep -c 'in flight' err)" = 0 ]
check '--help fits 80 columns' awk 'length > 80 { exit 1 }' <("$build/fetch_many" --help)

# The line is there while a response is awaited, and gone at the end.
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then # it also needs a pseudo-terminal
    mkfifo screen
    script -qfec "timeout 60 $build/fetch_many -q $url/bytes/1 $url/never nonsense" /dev/null \
        </dev/null >screen &
    program=$!
    exec 9<screen
    shown=
    while IFS= read -r -t 60 -d $'\r' part <&9; do
        shown+=$part$'\r'
        case $part in
        *'in flight'*) break ;;
        esac
    done
    stop # so the last response comes to its end
    shown+=$(cat <&9)
    exec 9<&-
    wait "$program" || true
    program=
    printf '%s\n' "$shown" | tr '\r' '\n' >screen.txt
    grep 'in flight' screen.txt >drawn || true
    check 'progress on a terminal' grep -qE \
        '^2 done, 1 failed, 1 in flight, [0-9]+/s, RSS [0-9]+ kB *$' drawn
    check 'progress fits 80 columns' awk 'length > 79 { exit 1 }' drawn
    check 'progress is cleaned away before the summary' awk '
        /in flight/ { size = length; blank = 0 }
        /^ +$/ { blank = length }
        /requests 3, failures 2/ { clean = size > 0 && blank == size }
        END { exit !clean }' screen.txt
    check 'progress is drawn a few times a second' awk '
        /in flight/ { drawn++ }
        /requests/ { for (i = 1; i < NF; i++) if ($i == "seconds") seconds = $(i + 1) }
        END { exit !(drawn > 0 && drawn <= seconds * 4 + 1) }' screen.txt
else
    skip 'progress on a terminal' 'script is not installed or has no pseudo-terminal'
fi
stop

finish
