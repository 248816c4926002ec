#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Proxies that others have written: build/get and build/fetch_many through a squid of this script's
# own that wants credentials, and through a haproxy before it, to an nginx with http and https, on
# every executor.
#
#     tests/test_proxies.sh [-x EXECUTOR] [-v]       BUILD=build
#
# Nothing here waits for time to pass: nginx and haproxy return to the shell when they listen, and
# squid says so.
set -euo pipefail
# shellcheck source=tests/script.inc
. "$(dirname "$0")/script.inc"
PATH=$PATH:/usr/sbin

for tool in nginx openssl squid; do
    command -v "$tool" >/dev/null || skip_all 'proxies' "$tool is not installed"
done
has_tls=yes
"$build/get" --help | grep -q cacert || has_tls=
if [ -z "$has_tls" ]; then
    skip 'tunnels' 'get and fetch_many were built without TLS'
fi

squid=
stop() {
    local pid
    for pid in $squid $(cat ./*.pid 2>/dev/null); do
        kill "$pid" 2>/dev/null || true
    done
    wait
}

fail() {
    failed=$((failed + 1))
    echo "failed: $*"
    tail -n 3 err || true
}

nginx_configuration() {
    cat <<END
pid $directory/nginx.pid;
error_log $directory/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
    access_log $directory/origin.log;
    root $directory/www;
    client_body_temp_path $directory/nginx/body;
    proxy_temp_path $directory/nginx/proxy;
    fastcgi_temp_path $directory/nginx/fastcgi;
    uwsgi_temp_path $directory/nginx/uwsgi;
    scgi_temp_path $directory/nginx/scgi;
    keepalive_requests 100000;
    log_format secrets '\$http_proxy_authorization';
    access_log $directory/secrets.log secrets;
    server {
        listen 127.0.0.1:$1;
        listen 127.0.0.1:$(($1 + 1)) ssl;
        ssl_certificate $directory/origin.pem;
        ssl_certificate_key $directory/origin.key;
        location = /there { return 302 http://localhost:$1/small; }
    }
}
END
}

# Whatever a browser may do, but with credentials alone; and nothing is kept.
squid_configuration() {
    cat <<END
http_port 127.0.0.1:$(($1 + 2))
auth_param basic program /usr/lib/squid/basic_ncsa_auth $directory/passwords
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
cache_mem 1 MB
dns_nameservers 127.0.0.1
pid_filename none
cache_log /dev/null
access_log stdio:$directory/squid/access.log
coredump_dir $directory/squid
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname localhost
END
}

# One port leads on to squid, the next to the origin; a third opens no tunnels.
haproxy_configuration() {
    cat <<END
global
    maxconn 1000
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 10s
frontend before_squid
    bind 127.0.0.1:$(($1 + 3))
    default_backend squid
frontend before_origin
    bind 127.0.0.1:$(($1 + 4))
    http-request return status 403 content-type text/html string "<h1>No</h1>" if METH_CONNECT
    default_backend origin
backend squid
    server squid 127.0.0.1:$(($1 + 2))
backend origin
    server origin 127.0.0.1:$1
END
}

# Ports are tried until a row is free for nginx, squid and haproxy, which say so by starting.
start_all() {
    local tries line
    for ((tries = 0; tries < 20; tries++)); do
        port=$((20000 + ($$ + tries * 97) % 10000))
        nginx_configuration "$port" >nginx.conf
        squid_configuration "$port" >squid.conf
        haproxy_configuration "$port" >haproxy.conf
        nginx -p "$directory" -c "$directory/nginx.conf" 2>start || continue
        exec 8< <(exec squid -N -d 1 -f "$directory/squid.conf" 2>&1)
        squid=$!
        while read -r line <&8; do
            if [[ $line == *Accepting* ]]; then
                cat <&8 >/dev/null & # so that it can go on
                exec 8<&-
                if has_haproxy && ! haproxy -D -f haproxy.conf -p haproxy.pid 2>start; then
                    cat start
                    return 1
                fi
                return 0
            fi
            echo "$line" >>start
        done
        exec 8<&-
        kill "$(cat nginx.pid)"
    done
    cat start
    return 1
}

has_haproxy() {
    command -v haproxy >/dev/null
}

mkdir www nginx squid
chmod 755 . && chmod 777 squid
head -c 100 /dev/zero | tr '\0' x >www/small
head -c 5000000 /dev/urandom >www/large
echo "user:$(openssl passwd -apr1 'pass:word')" >passwords
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=origin \
    -addext 'subjectAltName=DNS:localhost' -keyout origin.key -out origin.pem -days 5 2>/dev/null
: >err
check 'nginx, squid and haproxy start' start_all
: "${port:=0}"
has_haproxy || {
    skip 'haproxy' 'it is not installed'
}

plain=http://localhost:$port secure=https://localhost:$((port + 1))
proxy=http://user:pass%3aword@127.0.0.1

trusted=()
[ -z "$has_tls" ] || trusted=(--cacert origin.pem)

# get OPTIONS... URL
get() {
    "$build/get" "${trusted[@]}" -x "$executor" "$@" >out 2>err
}

# same PROXY URL FILE: the file comes through the proxy, and no credentials of it with it.
same() {
    get --proxy "$1" "$2/$3" && cmp -s out "www/$3" && ! grep -q Basic secrets.log
}

# ends STATUS PATTERN OPTIONS... URL: with that exit status and a line like that.
ends() {
    local status=0 wanted=$1 pattern=$2
    shift 2
    get "$@" || status=$?
    [ "$status" -eq "$wanted" ] && cat out err | grep -Eq "$pattern"
}

# many PROXY COUNT URL...: all of so many requests come back with the page.
many() {
    local through=$1 count=$2
    shift 2
    "$build/fetch_many" "${trusted[@]}" -x "$executor" --proxy "$through" -c 20 -n "$count" "$@" \
        2>err | awk -F '\t' -v count="$count" '$1 == 200 && $2 == 100 { good++ }
                                               END { exit good != count }'
}

# through NAME PORT: pages, and many of them, through the proxy there.
through() {
    local name="$executor, $1"
    check "$name: a page" same "$proxy:$2" "$plain" small
    check "$name: 5 MB" same "$proxy:$2" "$plain" large
    check "$name: 407 is a response" ends 0 '^HTTP/1.1 407' -i \
        --proxy "http://127.0.0.1:$2" "$plain/small"
    if [ -z "$has_tls" ]; then
        check "$name: 1,000 requests" many "$proxy:$2" 1000 "$plain/small"
        return
    fi
    check "$name: a page in a tunnel" same "$proxy:$2" "$secure" small
    check "$name: 5 MB in a tunnel" same "$proxy:$2" "$secure" large
    check "$name: no tunnel without credentials" \
        ends 56 'refused a tunnel.*: 407 .*\(proxy 127.0.0.1:' \
        --proxy "http://127.0.0.1:$2" "$secure/small"
    check "$name: no tunnel to where nobody listens" \
        ends 56 'refused a tunnel.*: 50[0-9] ' --proxy "$proxy:$2" "https://localhost:1/"
    check "$name: 2,000 requests" many "$proxy:$2" 2000 "$plain/small" "$secure/small"
}

for executor in $executors; do
    if ! "$build/get" -x "$executor" --help >/dev/null 2>&1; then
        continue
    fi
    through squid $((port + 2))
    check "$executor: a redirect goes through the proxy again" \
        ends 0 '^x{100}$' -L --proxy "$proxy:$((port + 2))" "$plain/there"
    check "$executor: an exception goes directly" \
        ends 0 '^x{100}$' --noproxy 'x, localhost' --proxy http://127.0.0.1:1 "$plain/small"
    if has_haproxy; then
        through 'haproxy before squid' $((port + 3))
        check "$executor: haproxy before nginx" same "http://127.0.0.1:$((port + 4))" \
            "$plain" small
        [ -z "$has_tls" ] || check "$executor: haproxy opens no tunnel" \
            ends 56 'refused a tunnel.*: 403 Forbidden' --proxy "http://127.0.0.1:$((port + 4))" \
            "$secure/small"
    fi
done
check 'the origin was never told the credentials' [ -z "$(grep Basic secrets.log)" ]

finish
