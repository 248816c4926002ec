#!/bin/sh
# SPDX-License-Identifier: MIT
# The benchmarks' contract: what the ticket server answers and refuses, that every client finds the
# same prices, and what the experiment writes, says and leaves behind when something goes wrong.
#
#     tests/test_bench.sh [-v]       BUILD=build
#
# Nothing here waits for time to pass, but for one client that must be found hanging after a second.

set -u
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"
server=

# Ends the server.
stop() {
    if [ -n "$server" ]; then
        kill "$server" 2> /dev/null
        wait "$server" 2> /dev/null
        server=
    fi
}

# start ARGUMENTS...: a ticket server; sets $url to where it is. What it says later is read from 3.
start() {
    stop
    rm -f said
    mkfifo said
    "$build/ticket_server" "$@" > said 2> server_err < /dev/null &
    server=$!
    exec 3< said
    line=
    read -r line <&3
    url=http://${line#listening }
}

# run COMMAND...: sets $status, and the files out and err.
run() {
    "$@" > out 2> err < /dev/null
    status=$?
}

# holds NAME COMMAND...: the command must succeed; else out and err are shown.
holds() {
    name=$1
    shift
    if "$@" > /dev/null 2>&1; then
        pass "$name"
    else
        fail "$name: not \"$*\""
        head -n 8 out err | sed 's/^/    /'
    fi
}

for program in ticket_server hold_client experiment peer_raw ticket_prices get; do
    if [ ! -x "$build/$program" ]; then
        echo "$build/$program is not built"
        failed=1
        finish
        exit
    fi
done

# ---- the server -----------------------------------------------------------------------------

# answers NAME STATUS ARGUMENTS...: what the server makes of a request of get's.
answers() {
    name=$1
    wanted=$2
    shift 2
    run "$build/get" -i "$@"
    holds "server: $name" grep -q "^HTTP/1.1 $wanted " out
}

form='fromStation=10203&toStation=10317&departure=13.03.18'
start --profile none
answers 'the form' 200 "$url/m/"
cookie=$(sed -n 's/^Set-Cookie: \(session=[0-9a-f]*\);.*/Cookie: \1/p' out)
answers 'a search without a cookie' 403 -d "$form" "$url/m/search"
answers 'a search with a cookie never given out' 403 -d "$form" "$url/m/search" \
    -H 'Cookie: session=00000000000000000123456789abcdef'
answers 'a search with a cookie too short' 403 -d "$form" -H 'Cookie: session=0' "$url/m/search"
answers 'a search' 200 -d "$form" -H "$cookie" "$url/m/search"
holds 'server: the page ends' grep -q '^</html>' out
answers 'a search with other cookies' 200 -d "$form" "$url/m/search" \
    -H "Cookie: a=b; ${cookie#Cookie: }; c=d"
for wrong in 'fromStation=10203&toStation=10317&departure=29.02.19' \
    'fromStation=10203&toStation=10317&departure=31.04.18' \
    'fromStation=10203&toStation=10317&departure=13.3.18' \
    'fromStation=10203&toStation=10317' \
    'fromStation=1&toStation=10317&departure=13.03.18' \
    'fromStation=10203&fromStation=10203&toStation=10317&departure=13.03.18'; do
    answers "a search for $wrong" 400 -d "$wrong" -H "$cookie" "$url/m/search"
done
answers 'a search of another type' 400 -d "$form" -H "$cookie" -H 'Content-Type: a/b' "$url/m/search"
answers 'a search by GET' 405 "$url/m/search"
answers 'a page that is not there' 404 "$url/m"
answers 'a plateau of nobody' 400 "$url/hold?n=0"
run "$build/get" "$url/size/28"
holds 'server: /size' grep -qx 'abcdefghijklmnopqrstuvwxyzab' out
run "$build/get" "$url/fast"
holds 'server: /fast has a hundred bytes' [ "$(wc -c < out)" -eq 100 ]

run "$build/ticket_server" --expect 100
expected=$(cat out)
holds 'server: the line to expect' [ "$expected" = \
    'checksum 8BABF84A  days 100  connections 2258  cheapest 90  mean 225.96' ]
run "$build/ticket_server" --expect 100 --seed 2
holds 'server: other seeds, other prices' [ "$(cat out)" != "$expected" ]
run "$build/ticket_server" --port "${url##*:}"
holds 'server: a port in use ends it' [ "$status" -eq 1 ]
holds 'server: a port in use is said' grep -q 'in use: end the program that uses this port' err
for wrong in --port=x --port=65536 --scale=0 --profile=none-such --seed=-1 --no-such word; do
    run "$build/ticket_server" "$wrong"
    holds "server: $wrong is wrong usage" [ "$status" -eq 2 ]
done

# ---- the clients ----------------------------------------------------------------------------

# finds COMMAND...: this client finds all the prices, and notices when there is no server.
finds() {
    run "$@" -q "$url"
    holds "$*: its last line" [ "$status $(tail -n 1 out)" = "0 $expected" ]
    run "$@" -q http://127.0.0.1:1
    holds "$*: no server" [ "$status" -eq 1 ]
    holds "$*: no server, one line" [ "$(wc -l < err)" -eq 1 ]
}

for executor in sequential threads fibers epoll; do
    finds "$build/ticket_prices" -x "$executor"
done
finds "$build/peer_raw"
if [ -x "$build/peer_curl" ]; then
    for way in easy threads multi; do
        finds "$build/peer_curl" -x "$way"
    done
else
    skip 'peer_curl' 'it is not built'
fi
if [ -x "$build/peer_go" ]; then
    finds "$build/peer_go"
else
    skip 'peer_go' 'it is not built'
fi
for script in sequential threads gevent asyncio; do
    script=$here/../bench/python/tickets_$script.py
    if [ ! -x /usr/bin/python3 ]; then
        skip "${script##*/}" '/usr/bin/python3 is not installed'
    elif run "$script" --days 0 http://127.0.0.1:1 && [ "$status" -eq 69 ]; then
        skip "${script##*/}" "it says: $(cat err)"
    else
        finds "$script"
    fi
done

# The plateau: nobody is answered until all are there, and then not until the release.
"$build/hold_client" -x epoll -c 5 "$url/hold?n=5" > held &
client=$!
read -r line <&3
holds 'the plateau stands' [ "$line" = 'plateau 5' ]
holds 'the plateau: nobody is answered' [ ! -s held ]
kill -USR1 "$server"
read -r line <&3
holds 'the plateau is released' [ "$line" = 'released 5' ]
wait "$client"
holds 'the plateau: all are answered' grep -qx 'held 5  bytes 500' held
stop

# ---- the experiment -------------------------------------------------------------------------

# measure ARGUMENTS...: the experiment, small.
measure() {
    run "$build/experiment" --rounds 1 --scale 0.001 --out results --scripts "$here/../bench/python" \
        "$@"
}

# ended NAME STATUS [TEXT]: how the experiment ended, and what it said.
ended() {
    holds "experiment, $1: exit status $2" [ "$status" -eq "$2" ]
    if [ $# -gt 2 ]; then
        tr -s ' \n' '  ' < out > joined
        tr -s ' \n' '  ' < err >> joined
        holds "experiment, $1: says it" grep -qF -- "$3" joined
    fi
}

printf 'above\n<!-- table:begin -->\nold\n<!-- table:end -->\nbelow\n' > readme
measure --rounds 2 --most 10 --rows 'sequential,epoll 100,epoll,raw loop 100,raw loop' \
    --readme readme --picture picture.svg --results results.md
ended 'some rows' 0
holds 'experiment: lines of 80 columns' awk \
    '{ gsub(/\302|\303|\342/, "") } length($0) > 80 { exit 1 }' out
holds 'experiment: the sweep' grep -q '^ epoll  *[0-9,]*  *[0-9,]*' out
holds 'experiment: goals, reached or missed' grep -Eq '^ (reached|MISSED) ' out
holds 'experiment: the picture' grep -q '</svg>' picture.svg
holds 'experiment: the results' grep -q '^| epoll 100 |' results.md
holds "experiment: the README's table" awk 'NR == 1 && $0 != "above" { exit 1 } /^old$/ { exit 1 }
    /^\| epoll 100 \|/ { found = 1 } END { exit !(found && $0 == "below") }' readme
holds 'experiment: the page needs nothing else' [ "$(grep -Ec \
    '(src|href)=|url\(|@import' results/report.html)" -eq 0 ]
holds 'experiment: the page is whole' grep -q '^</html>' results/report.html
holds 'experiment: two rounds of all' [ "$(grep -c ',ok,' results/results.csv)" -eq 31 ]
if [ -x /usr/bin/python3 ]; then
    holds 'experiment: results.json is JSON, results.csv the same' /usr/bin/python3 -c '
import csv, json, xml.dom.minidom
runs = json.load(open("results/results.json"))["runs"]
rows = list(csv.DictReader(open("results/results.csv"), strict=True))
assert len(runs) == len(rows) > 30
for run, row in zip(runs, rows):
    assert None not in row and None not in row.values()
    for name, value in row.items():
        assert (value == "" and name not in run) or float(run[name]) == float(value) \
            if name.endswith(("_kb", "_s", "faults", "threads")) else str(run[name]) == value
assert any("samples" in run for run in runs)
xml.dom.minidom.parse("picture.svg")'
else
    skip 'results.json as JSON' '/usr/bin/python3 is not installed'
fi
measure --most 1 --rows epoll --readme held
ended 'a README without the marks' 1 'has no "<!-- table:begin -->"'

# Wrong usage, each with a line.
for wrong in --rounds=0 --rounds=1.5 --rounds=x --scale=0 --most=0 --port=65536 --patience=0 \
    --interval=0 --rows=tortoises '--rows=epoll,tortoises' --out=/proc/none --no-such word; do
    run "$build/experiment" "$wrong"
    ended "$wrong" 2
    holds "experiment, $wrong: one or two lines" [ "$(wc -l < err)" -ge 1 -a "$(wc -l < err)" -le 2 ]
done
ROUNDS=none run "$build/experiment"
ended 'ROUNDS=none' 2 '(ROUNDS) takes a whole number from 1 to 100, not "none"'
ROUNDS=3 run "$build/experiment" --scale 0.001 --out results --sweep --rows epoll --most 1
ended 'ROUNDS=3' 0
holds 'experiment, ROUNDS=3: three rounds' [ "$(grep -c ',ok,' results/results.csv)" -eq 3 ]

# What is missing, refused or in use.
start
measure --port "${url##*:}" --rows epoll
ended 'a port in use' 1 'end the program that uses this port, or let --port 0 find a free one'
stop
(ulimit -n 100 && measure --rows 'epoll,threads 20,epoll 100' --most 1000 && exit "$status")
status=$?
ended 'too few descriptors' 3 '1016 descriptors are needed, the limit is 100: raise it with ulimit'
holds 'experiment, too few descriptors: the row says so' grep -q '^ epoll  .*refused' out
holds 'experiment, too few descriptors: the others go on' grep -q '^ threads 20  ' out
measure --rows 'epoll,requests' --most 1 --python "$directory/python"
ended 'no Python' 0 'python is not there: install python3-requests'

# Clients that are not what they should be, in a directory of their own.
mkdir bin
for program in ticket_server experiment peer_raw ticket_prices hold_client; do
    ln -s "$build/$program" bin/
done

# replace PROGRAM LINE...: makes it a script of these lines.
replace() {
    rm -f "bin/$1"
    printf '%s\n' '#!/bin/sh' "$2" > "bin/$1"
    chmod +x "bin/$1"
}

replace ticket_prices 'echo "checksum 00000000  days 100  connections 2258  cheapest 90  mean 225.96"'
measure --bin bin --job --rows 'epoll 100,raw loop 100'
ended 'a wrong price' 1 'void: C, pario, epoll 100, job: found "checksum 00000000'
holds 'experiment, a wrong price: no figure' grep -q '^ epoll 100 .* void$' out
holds 'experiment, a wrong price: the others go on' grep -q '^ raw loop 100  *[0-9]' out
replace ticket_prices 'echo "no price" >&2; exit 1'
measure --bin bin --job --rows 'epoll 100'
ended 'a client that fails' 1 'the client ended with status 1 before its work was done: no price'
replace ticket_prices 'kill -9 $$'
measure --bin bin --job --rows 'epoll 100'
ended 'a client that dies' 1 'the client died of signal 9'
replace hold_client "echo \$\$ > $directory/pid; exec sleep 1000"
measure --bin bin --sweep --most 1 --rows epoll,fibers --patience 1
ended 'a client that hangs' 1 'hangs: killed before it was ready; --patience waits longer'
holds 'experiment, a client that hangs: it is gone' [ ! -d "/proc/$(cat pid)" ]
rm bin/hold_client
measure --bin bin --most 1 --rows 'epoll,raw loop 100'
ended 'a program that is missing' 1 'hold_client is not there: run make'
rm bin/ticket_server
measure --bin bin --rows epoll
ended 'no server' 1 'ticket_server is not there: run make'
ln -s "$build/ticket_server" bin/

# Interrupted: it keeps what it has, and leaves nobody behind.
mkfifo going
replace hold_client "echo \$\$ > $directory/going; exec sleep 1000"
for signal in INT TERM; do
    rm -rf results
    "$build/experiment" --rounds 1 --out results --bin bin --sweep --most 1 --rows epoll \
        --picture stays > out 2> err < /dev/null &
    experiment=$!
    read -r client < going
    kill -s "$signal" "$experiment"
    wait "$experiment"
    status=$?
    ended "SIG$signal" "$([ "$signal" = INT ] && echo 130 || echo 143)" 'interrupted: '
    holds "experiment, SIG$signal: the client is gone" [ ! -d "/proc/$client" ]
    holds "experiment, SIG$signal: the files are there" grep -q '^</html>' results/report.html
    holds "experiment, SIG$signal: nothing half done beside them" [ ! -e stays ]
done

finish
