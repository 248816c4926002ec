#!/bin/sh
# SPDX-License-Identifier: MIT
# https by a real TLS library against a real server: build/get and build/fetch_many against an
# nginx of this script's own, with certificates of its own, on every executor.
#
#     tests/test_https.sh [-x EXECUTOR] [-v]       BUILD=build
#
# Nothing here waits for time to pass: nginx returns to the shell when it listens.

set -u
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"
PATH=$PATH:/usr/sbin

for tool in nginx openssl; do
    command -v "$tool" > /dev/null || skip_all 'https against nginx' "$tool is not installed"
done
"$build/get" --help | grep -q cacert ||
    skip_all 'https against nginx' 'get and fetch_many were built without TLS'

stop() {
    if [ -s pid ]; then
        kill "$(cat pid)" 2> /dev/null
    fi
}

# certificate NAME WHO OPTIONS...: signed by the authority, good for whom WHO names.
certificate() {
    name=$1
    echo "subjectAltName=$2" > "$name.ext"
    shift 2
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
        -keyout "$name.key" -out "$name.csr" 2> /dev/null &&
        openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
            -extfile "$name.ext" -out "$name.pem" "$@" 2> /dev/null
}

self_signed() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -addext 'subjectAltName=DNS:localhost' -keyout "$1.key" -out "$1.pem" -days 5 2> /dev/null
}

# listen NAME PORT OPTIONS: a server of nginx's with the certificate of that name.
listen() {
    echo "server { listen 127.0.0.1:$2 ssl; ssl_certificate $directory/$1.pem;
                   ssl_certificate_key $directory/$1.key; $3 }"
}

configure() {
    cat << END
pid $directory/pid;
error_log $directory/log;
worker_processes 1;
events { worker_connections 1024; }
http {
    access_log off;
    log_format sessions '\$ssl_session_reused';
    root $directory/www;
    client_body_temp_path $directory/body;
    proxy_temp_path $directory/proxy;
    fastcgi_temp_path $directory/fastcgi;
    uwsgi_temp_path $directory/uwsgi;
    scgi_temp_path $directory/scgi;
    keepalive_requests 1000;
    ssl_session_cache shared:all:1m;
    $(listen good "$1" '')
    $(listen expired $(($1 + 1)) '')
    $(listen other $(($1 + 2)) '')
    $(listen self $(($1 + 3)) '')
    $(listen good $(($1 + 4)) "ssl_protocols TLSv1.2; keepalive_requests 7;
        access_log $directory/sessions sessions;")
    $(listen good $(($1 + 5)) 'ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;')
    server { listen 127.0.0.1:$(($1 + 6)); }
}
END
}

# Ports are tried until a row of seven is free; nginx says so by starting.
start_nginx() {
    tries=0
    port=$((20000 + $$ % 10000))
    until configure "$port" > conf && nginx -p "$directory" -c "$directory/conf" 2> start; do
        tries=$((tries + 1))
        port=$((port + 97))
        if [ "$tries" -eq 20 ]; then
            cat start
            return 1
        fi
    done
}

self_signed ca
self_signed self
certificate good DNS:localhost,IP:127.0.0.1 -days 5
certificate other DNS:example.org -days 5
certificate expired DNS:localhost -days -1
mkdir www
head -c 100 /dev/zero | tr '\0' x > www/small
head -c 20000000 /dev/urandom > www/large
chmod -R a+rX "$directory"
check 'nginx starts' start_nginx
: "${port:=0}"

# get OPTIONS... URL: with the authority trusted.
get() {
    "$build/get" --cacert ca.pem -x "$executor" "$@" > out 2> err
}

# refused TEXT OPTIONS... URL: exit status 35, and a line that says why.
refused() {
    pattern=$1
    shift
    get "$@"
    [ $? -eq 35 ] && grep -Eqi "$pattern" err || { cat err && false; }
}

same() {
    get "https://localhost:$port/$1" && cmp -s out "www/$1"
}

# many PORT COUNT: all of so many requests come back with the page.
many() {
    "$build/fetch_many" --cacert ca.pem -x "$executor" -c 20 -n "$2" "https://localhost:$1/small" \
        2> err | awk -F '\t' -v count="$2" '$1 == 200 && $2 == 100 { good++ }
                                            END { exit good != count }' || { cat err && false; }
}

for executor in $executors; do
    if ! "$build/get" -x "$executor" --help > /dev/null 2>&1; then
        continue
    fi
    check "$executor: a page" same small
    check "$executor: 20 MB" same large
    check "$executor: an expired certificate" \
        refused 'expired' "https://localhost:$((port + 1))/small"
    check "$executor: a certificate of another host" \
        refused 'mismatch|does not match' "https://localhost:$((port + 2))/small"
    check "$executor: a self-signed certificate" \
        refused 'self.signed|not correctly signed' "https://localhost:$((port + 3))/small"
    check "$executor: any certificate, where that is wanted" \
        get -k "https://localhost:$((port + 3))/small"
    check "$executor: nothing below TLS 1.2" \
        refused '.' "https://localhost:$((port + 5))/small"
    check "$executor: a server without TLS" \
        refused '.' "https://localhost:$((port + 6))/small"
    check "$executor: 10,000 requests" many "$port" 10000
    check "$executor: sessions of seven requests, TLS 1.2" many $((port + 4)) 1000
done
check 'sessions are resumed' grep -q r sessions
executor=epoll
get --cacert nowhere.pem "https://localhost:$port/small"
check 'a file of certificates that is not there' [ $? -eq 77 ]
"$build/fetch_many" --cacert nowhere.pem "https://localhost:$port/small" >lines 2>&1
check 'a file of certificates that is not there, for many' [ $? -eq 77 ]

finish
