/* SPDX-License-Identifier: MIT */
/* Section url: taking URLs apart, and resolving references against them. */
#include "core.h"

/* ---- helpers ----------------------------------------------------------------------- */

/* Writes what a URL was taken apart into: "https user@host:port target", the host of a literal
 * in brackets, or the error's name. */
static void say_url(core_line *line, const unsigned char *s, size_t size)
{
    pario_i_url url;
    pario_error error = pario_i_url_parse(s, size, &url);
    line->size = 0;
    line->text[0] = '\0';
    test_saw(pario_error_name(error));
    if (error != PARIO_OK) {
        core_say(line, "%s", pario_error_name(error));
        return;
    }
    CHECK(pario_i_url_user_beg(&url) <= pario_i_url_user_end(&url) &&
          pario_i_url_user_end(&url) <= url.host_beg);
    CHECK(url.host_beg < url.host_end && url.host_end <= url.target_beg);
    CHECK(url.target_beg <= url.target_end && url.target_end <= size);
    core_say(line, "%s ", url.https ? "https" : "http");
    if (pario_i_url_user_beg(&url) < pario_i_url_user_end(&url)) {
        core_say_bytes(line, s + pario_i_url_user_beg(&url),
                       pario_i_url_user_end(&url) - pario_i_url_user_beg(&url));
        core_say(line, "@");
    }
    core_say(line, url.literal ? "[" : "");
    core_say_bytes(line, s + url.host_beg, (size_t)url.host_end - url.host_beg);
    core_say(line, "%s:%u ", url.literal ? "]" : "", url.port);
    core_say_bytes(line, s + url.target_beg, (size_t)url.target_end - url.target_beg);
}

/* A URL flush against the fence behind it, then against the one before it. */
static void check_url(test_fence *fence, core_text url, const char *expected)
{
    core_line line;
    test_case("%.*s", (int)url.size, url.bytes);
    say_url(&line, (const unsigned char *)test_fence_put(fence, url.bytes, url.size), url.size);
    CHECK_STR(line.text, expected);
    say_url(&line, (const unsigned char *)test_fence_put_first(fence, url.bytes, url.size),
            url.size);
    CHECK_STR(line.text, expected);
}

/* The verdict on `before` BYTE `after`. */
static pario_error verdict_with(const char *before, unsigned byte, const char *after)
{
    char        bytes[256];
    pario_i_url url;
    int         size = snprintf(bytes, sizeof bytes, "%s%c%s", before, 'x', after);
    bytes[strlen(before)] = (char)byte;
    return pario_i_url_parse((const unsigned char *)bytes, (size_t)size, &url);
}

/* ---- absolute URLs ----------------------------------------------------------------- */

typedef struct url_case {
    core_text   url;
    const char *expected;
} url_case;

static void check_urls(const url_case *cases, size_t count)
{
    test_fence fence = test_fence_open(4096);
    for (size_t i = 0; i < count; i++) {
        check_url(&fence, cases[i].url, cases[i].expected);
    }
    test_fence_close(&fence);
}

static const url_case good_urls[] = {
    { CORE_TEXT("http://a"), "http a:80 " },
    { CORE_TEXT("http://a/"), "http a:80 /" },
    { CORE_TEXT("https://a/"), "https a:443 /" },
    { CORE_TEXT("HTTP://A/"), "http A:80 /" },
    { CORE_TEXT("hTTpS://a/"), "https a:443 /" },
    { CORE_TEXT("http://a/b/c?d=e&f"), "http a:80 /b/c?d=e&f" },
    { CORE_TEXT("http://a?b"), "http a:80 ?b" },
    { CORE_TEXT("http://a/?"), "http a:80 /?" },
    { CORE_TEXT("http://a/?b?c/d:e@f"), "http a:80 /?b?c/d:e@f" },
    { CORE_TEXT("http://a//b//"), "http a:80 //b//" },
    { CORE_TEXT("http://a/b/../c/./d"), "http a:80 /b/../c/./d" },
    { CORE_TEXT("http://a/b:c@d;e=f,g!h$i&j'k(l)m*n+o"), "http a:80 /b:c@d;e=f,g!h$i&j'k(l)m*n+o" },
    { CORE_TEXT("http://a/-._~"), "http a:80 /-._~" },
    { CORE_TEXT("http://a-b.c_d~e.1"), "http a-b.c_d~e.1:80 " },
    { CORE_TEXT("http://a!$&'()*+,;=b/"), "http a!$&'()*+,;=b:80 /" },
    { CORE_TEXT("http://1.2.3.4/"), "http 1.2.3.4:80 /" },
    { CORE_TEXT("http://256.256.256.256/"), "http 256.256.256.256:80 /" },
    { CORE_TEXT("http://a./"), "http a.:80 /" },
};

TEST(url_good_ones_are_taken_apart)
{
    check_urls(good_urls, sizeof good_urls / sizeof good_urls[0]);
}

static const url_case fragments[] = {
    { CORE_TEXT("http://a#b"), "http a:80 " },
    { CORE_TEXT("http://a/#"), "http a:80 /" },
    { CORE_TEXT("http://a/b#c/d?e"), "http a:80 /b" },
    { CORE_TEXT("http://a/b?c#d"), "http a:80 /b?c" },
    { CORE_TEXT("http://a/b#c%20d"), "http a:80 /b" },
    { CORE_TEXT("http://a/b#c#d"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/b#c d"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/b#c%2"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/b#\r\nX: y"), "PARIO_ERROR_URL_BYTE" },
};

TEST(url_fragment_is_checked_and_is_not_part_of_the_target)
{
    check_urls(fragments, sizeof fragments / sizeof fragments[0]);
}

static const url_case encoded[] = {
    { CORE_TEXT("http://a/%41%2f%2F?%00"), "http a:80 /%41%2f%2F?%00" },
    { CORE_TEXT("http://a/%"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/%4"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/%4g"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/%g4"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/%%41"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/?%zz"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a/?%4#1"), "PARIO_ERROR_URL_BYTE" },
};

TEST(url_percent_encoding_is_kept_if_it_is_one)
{
    check_urls(encoded, sizeof encoded / sizeof encoded[0]);
}

static const url_case schemes[] = {
    { CORE_TEXT("ftp://a/"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("file:///etc/passwd"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("javascript:alert(1)"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("httpx://a/"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("htt://a/"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("https+x://a/"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT("a:80/"), "PARIO_ERROR_SCHEME" },
    { CORE_TEXT(""), "PARIO_ERROR_URL" },
    { CORE_TEXT("a"), "PARIO_ERROR_URL" },
    { CORE_TEXT("/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("//a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("1http://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("+http://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("ht tp://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT(" http://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("\thttp://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:/a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:a"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:\\\\a\\"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http:/\\a"), "PARIO_ERROR_URL" },
    { CORE_TEXT("http\0://a/"), "PARIO_ERROR_URL" },
    { CORE_TEXT("www.example.com/"), "PARIO_ERROR_URL" },
};

TEST(url_scheme_is_http_or_https_and_has_an_authority)
{
    check_urls(schemes, sizeof schemes / sizeof schemes[0]);
}

static const url_case hosts[] = {
    { CORE_TEXT("http://"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http:///"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http:///a"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://?"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://#"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://:80/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://u@/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://u@:80/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a b/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a%20b/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://%61/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a\\b/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a\\@b/"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://a]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a[/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a\r\nX: y/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a\0b/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://\xc3\xa4/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://<a>/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a\x7f/"), "PARIO_ERROR_URL_HOST" },
};

TEST(url_host_is_neither_empty_nor_encoded_nor_anything_else)
{
    check_urls(hosts, sizeof hosts / sizeof hosts[0]);
}

static const url_case ports[] = {
    { CORE_TEXT("http://a:80/"), "http a:80 /" },
    { CORE_TEXT("http://a:443/"), "http a:443 /" },
    { CORE_TEXT("https://a:80/"), "https a:80 /" },
    { CORE_TEXT("http://a:/"), "http a:80 /" },
    { CORE_TEXT("https://a:"), "https a:443 " },
    { CORE_TEXT("http://a:1"), "http a:1 " },
    { CORE_TEXT("http://a:65535?b"), "http a:65535 ?b" },
    { CORE_TEXT("http://a:00080/"), "http a:80 /" },
    { CORE_TEXT("http://a:0000000000000000000000000080/"), "http a:80 /" },
    { CORE_TEXT("http://a:0/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:65536/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:65616/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:4294967376/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:18446744073709551696/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:340282366920938463463374607431768211536/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:-1/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:+80/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:8 0/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a: 80/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:80:80/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:b/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:80\r\n/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a:0x50/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://a::80/"), "PARIO_ERROR_URL_PORT" },
};

TEST(url_port_is_1_to_65535_or_the_scheme_s)
{
    check_urls(ports, sizeof ports / sizeof ports[0]);
}

static const url_case users[] = {
    { CORE_TEXT("http://u@a/"), "http u@a:80 /" },
    { CORE_TEXT("http://u:p@a:81/"), "http u:p@a:81 /" },
    { CORE_TEXT("http://u:@a/"), "http u:@a:80 /" },
    { CORE_TEXT("http://:p@a/"), "http :p@a:80 /" },
    { CORE_TEXT("http://@a/"), "http a:80 /" },
    { CORE_TEXT("http://u:p:q@a/"), "http u:p:q@a:80 /" },
    { CORE_TEXT("http://u%40x:p%3a%2F@a/"), "http u%40x:p%3a%2F@a:80 /" },
    { CORE_TEXT("http://-._~!$&'()*+,;=@a/"), "http -._~!$&'()*+,;=@a:80 /" },
    { CORE_TEXT("http://a:80@b/"), "http a:80@b:80 /" },
    { CORE_TEXT("http://u@[::1]:81/"), "http u@[::1]:81 /" },
    { CORE_TEXT("http://a/u@b"), "http a:80 /u@b" },
    { CORE_TEXT("http://a?u@b"), "http a:80 ?u@b" },
    { CORE_TEXT("http://a#u@b"), "http a:80 " },
    { CORE_TEXT("http://u%4@a/"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://u %40@a/"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://u\r\n@a/"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://[::1]@a/"), "PARIO_ERROR_URL_BYTE" },
    { CORE_TEXT("http://u@v@a/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://u@@a/"), "PARIO_ERROR_URL_HOST" },
};

TEST(url_userinfo_ends_at_the_first_at_sign_of_the_authority)
{
    check_urls(users, sizeof users / sizeof users[0]);
}

/* ---- IPv6 literals, RFC 3986 section 3.2.2 ----------------------------------------- */

static const char *const good_literals[] = {
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "2001:db8::1",
    "2001:DB8:0:0:8:800:200C:417A",
    "ff01::101",
    "0:0:0:0:0:0:0:0",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "abcd:ef01:2345:6789:ABCD:EF01:2345:6789",
    /* each line of the grammar, with as many groups as it allows */
    "::2:3:4:5:6:7:8",
    "1::3:4:5:6:7:8",
    "1:2::4:5:6:7:8",
    "1:2:3::5:6:7:8",
    "1:2:3:4::6:7:8",
    "1:2:3:4:5::7:8",
    "1:2:3:4:5:6::8",
    "1:2:3:4:5:6:7::",
    /* and with an IPv4 address as the last two */
    "1:2:3:4:5:6:1.2.3.4",
    "::2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5::1.2.3.4",
    "::1.2.3.4",
    "::ffff:192.0.2.128",
    "64:ff9b::192.0.2.33",
    "::0.0.0.0",
    "::255.255.255.255",
};

static const char *const bad_literals[] = {
    "",
    ":",
    ":::",
    "1",
    "1:2",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1:::2",
    ":::1",
    "1:::",
    "1::2::3",
    "::1::",
    "1:2:3:4:5:6:7::8",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "1::2:3:4:5:6:7:8",
    "12345::",
    "::12345",
    "::00001",
    "1:2:3:4:5:6:7:00008",
    "::g",
    "::1 ",
    " ::1",
    "::-1",
    "fe80::1%25eth0",
    "fe80::1%eth0",
    "v1.x",
    "v1.fe80::a+en1",
    "1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::2:3:4:5:6:7:1.2.3.4",
    "1.2.3.4::",
    "1.2.3.4:2:3:4:5:6:7",
    "1:1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.",
    "::1.2.3.4.",
    "::.1.2.3.4",
    "::1.2.3.4.5",
    "::1..3.4",
    "::256.2.3.4",
    "::1.2.3.256",
    "::1.2.3.1000",
    "::01.2.3.4",
    "::1.2.3.04",
    "::00.0.0.0",
    "::1.2.3.a",
    "::0x1.2.3.4",
};

static void check_literal(test_fence *fence, const char *literal, bool good)
{
    char      bytes[128];
    char      expected[128];
    core_text url = { bytes, 0 };
    url.size = (size_t)snprintf(bytes, sizeof bytes, "http://[%s]:81/x", literal);
    snprintf(expected, sizeof expected, good ? "http [%s]:81 /x" : "PARIO_ERROR_URL_HOST%.0s",
             literal);
    check_url(fence, url, expected);
    url.size = (size_t)snprintf(bytes, sizeof bytes, "http://[%s]", literal);
    snprintf(expected, sizeof expected, good ? "http [%s]:80 " : "PARIO_ERROR_URL_HOST%.0s",
             literal);
    check_url(fence, url, expected);
}

TEST(url_ipv6_literals_that_the_grammar_allows)
{
    test_fence fence = test_fence_open(4096);
    for (size_t i = 0; i < sizeof good_literals / sizeof good_literals[0]; i++) {
        check_literal(&fence, good_literals[i], true);
    }
    test_fence_close(&fence);
}

TEST(url_ipv6_literals_that_it_does_not_allow)
{
    test_fence fence = test_fence_open(4096);
    for (size_t i = 0; i < sizeof bad_literals / sizeof bad_literals[0]; i++) {
        check_literal(&fence, bad_literals[i], false);
    }
    test_fence_close(&fence);
}

static const url_case brackets[] = {
    { CORE_TEXT("http://[::1/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[::1"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://["), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://::1/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://::1]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[[::1]]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[::1]]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[::1]a/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[::1]80/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://[::1]:0/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://[::1]:x/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://[::1]:/"), "http [::1]:80 /" },
    { CORE_TEXT("http://a[::1]/"), "PARIO_ERROR_URL_HOST" },
    { CORE_TEXT("http://a:[::1]/"), "PARIO_ERROR_URL_PORT" },
    { CORE_TEXT("http://[::1\0]/"), "PARIO_ERROR_URL_HOST" },
};

TEST(url_brackets_hold_a_whole_host)
{
    check_urls(brackets, sizeof brackets / sizeof brackets[0]);
}

/* ---- each byte in each part -------------------------------------------------------- */

#define ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define REG_NAME ALPHA "0123456789-._~!$&'()*+,;="

TEST(url_admits_in_each_part_the_bytes_of_its_grammar)
{
    static const struct {
        const char *before;
        const char *after;
        const char *admitted;
    } parts[] = {
        { "http://a", "b/", REG_NAME "/?#:@" }, /* all but the colon, which has no port */
        { "http://a", "b@c/", REG_NAME "/?#:" },  { "http://a/b", "c", REG_NAME ":@/?#" },
        { "http://a/?b", "c", REG_NAME ":@/?#" }, { "http://a/#b", "c", REG_NAME ":@/?" },
        { "http://a:8", "1/", "0123456789/?#@" },
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            bool admitted = byte > 0 && byte < 128 && strchr(parts[i].admitted, (int)byte) != NULL;
            pario_error error = verdict_with(parts[i].before, byte, parts[i].after);
            test_case("%s, 0x%02x, %s", parts[i].before, byte, parts[i].after);
            if (i == 0 && byte == ':') {
                CHECK_ERROR(error, PARIO_ERROR_URL_PORT);
            } else {
                CHECK_INT(error == PARIO_OK, admitted);
            }
        }
    }
}

/* ---- limits ------------------------------------------------------------------------ */

/* "http://" and a host of so many bytes. */
static pario_error verdict_on_host(size_t host)
{
    char        bytes[1024];
    pario_i_url url;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "http://", 7);
    return pario_i_url_parse((const unsigned char *)bytes, 7 + host, &url);
}

TEST(url_host_has_255_bytes_at_most)
{
    CHECK_INT(PARIO_MAX_HOST_BYTES, 255);
    CHECK_ERROR(verdict_on_host(254), PARIO_OK);
    CHECK_ERROR(verdict_on_host(255), PARIO_OK);
    CHECK_ERROR(verdict_on_host(256), PARIO_ERROR_URL_TOO_LONG);
    CHECK_ERROR(verdict_on_host(900), PARIO_ERROR_URL_TOO_LONG);
}

TEST(url_has_65535_bytes_at_most)
{
    const size_t most = PARIO_MAX_URL_BYTES;
    test_fence   fence = test_fence_open(most + 1);
    pario_i_url  url;
    char        *bytes = test_fence_put_first(&fence, "", 0) + fence.room - (most + 1);
    memset(bytes, 'a', most + 1);
    memcpy(bytes + 1, "http://h/", 9);
    CHECK_INT(most, 65535);
    CHECK_ERROR(pario_i_url_parse((const unsigned char *)bytes + 1, most, &url), PARIO_OK);
    CHECK_UINT(url.target_beg, 8);
    CHECK_UINT(url.target_end, 65535);
    memcpy(bytes, "http://h/", 9);
    CHECK_ERROR(pario_i_url_parse((const unsigned char *)bytes, most + 1, &url),
                PARIO_ERROR_URL_TOO_LONG);
    CHECK_ERROR(pario_i_url_parse((const unsigned char *)bytes, SIZE_MAX, &url),
                PARIO_ERROR_URL_TOO_LONG);
    test_fence_close(&fence);
}

/* ---- references -------------------------------------------------------------------- */

/* Writes the absolute URL that a reference means, and checks that memory is given back. */
static void resolve(const char *base, const unsigned char *s, size_t size, pario_i_buffer *out)
{
    pario_i_url url;
    memset(out, 0, sizeof *out);
    if (CHECK_ERROR(pario_i_url_parse((const unsigned char *)base, strlen(base), &url), PARIO_OK)) {
        CHECK(pario_i_url_resolve((const unsigned char *)base, &url, s, size, out));
    }
}

/*
 * expected: the URL, or an error's name where the result cannot be parsed. A result is resolved
 * once more: it is absolute, so it must stay as it is, unless its path is still empty.
 */
static void check_reference(test_fence *fence, const char *base, core_text reference,
                            const char *expected)
{
    pario_i_buffer       out;
    pario_i_buffer       again;
    pario_i_url          url;
    const unsigned char *s =
        (const unsigned char *)test_fence_put(fence, reference.bytes, reference.size);
    test_case("%s and %.*s", base, (int)reference.size, reference.bytes);
    resolve(base, s, reference.size, &out);
    pario_error error = pario_i_url_parse(out.data, out.size, &url);
    if (error != PARIO_OK) {
        CHECK_STR(pario_error_name(error), expected);
    } else {
        CHECK_BYTES(out.data, out.size, expected, strlen(expected));
        CHECK_UINT(pario_i_url_user_beg(&url), pario_i_url_user_end(&url));
        resolve(base, out.data, out.size, &again);
        if (url.target_beg < out.size && out.data[url.target_beg] == '/') {
            CHECK_BYTES(again.data, again.size, out.data, out.size);
        }
        pario_i_buffer_free(&again);
    }
    pario_i_buffer_free(&out);
    s = (const unsigned char *)test_fence_put_first(fence, reference.bytes, reference.size);
    resolve(base, s, reference.size, &again);
    CHECK(error != PARIO_OK || again.size == strlen(expected));
    pario_i_buffer_free(&again);
    CHECK_UINT(core_held(), 0);
}

typedef struct reference_case {
    const char *base;
    core_text   reference;
    const char *expected;
} reference_case;

static void check_references(const reference_case *cases, size_t count)
{
    test_fence fence = test_fence_open(4096);
    for (size_t i = 0; i < count; i++) {
        check_reference(&fence, cases[i].base, cases[i].reference, cases[i].expected);
    }
    test_fence_close(&fence);
}

#define BASE "http://a/b/c/d;p?q"

/* An empty path is written as "/", which means the same: RFC 3986 section 6.2.3. */
static const reference_case normal_examples[] = {
    { BASE, CORE_TEXT("g:h"), "PARIO_ERROR_SCHEME" },
    { BASE, CORE_TEXT("g"), "http://a/b/c/g" },
    { BASE, CORE_TEXT("./g"), "http://a/b/c/g" },
    { BASE, CORE_TEXT("g/"), "http://a/b/c/g/" },
    { BASE, CORE_TEXT("/g"), "http://a/g" },
    { BASE, CORE_TEXT("//g"), "http://g/" },
    { BASE, CORE_TEXT("?y"), "http://a/b/c/d;p?y" },
    { BASE, CORE_TEXT("g?y"), "http://a/b/c/g?y" },
    { BASE, CORE_TEXT("#s"), "http://a/b/c/d;p?q#s" },
    { BASE, CORE_TEXT("g#s"), "http://a/b/c/g#s" },
    { BASE, CORE_TEXT("g?y#s"), "http://a/b/c/g?y#s" },
    { BASE, CORE_TEXT(";x"), "http://a/b/c/;x" },
    { BASE, CORE_TEXT("g;x"), "http://a/b/c/g;x" },
    { BASE, CORE_TEXT("g;x?y#s"), "http://a/b/c/g;x?y#s" },
    { BASE, CORE_TEXT(""), "http://a/b/c/d;p?q" },
    { BASE, CORE_TEXT("."), "http://a/b/c/" },
    { BASE, CORE_TEXT("./"), "http://a/b/c/" },
    { BASE, CORE_TEXT(".."), "http://a/b/" },
    { BASE, CORE_TEXT("../"), "http://a/b/" },
    { BASE, CORE_TEXT("../g"), "http://a/b/g" },
    { BASE, CORE_TEXT("../.."), "http://a/" },
    { BASE, CORE_TEXT("../../"), "http://a/" },
    { BASE, CORE_TEXT("../../g"), "http://a/g" },
};

TEST(reference_normal_examples_of_rfc_3986_section_5_4_1)
{
    check_references(normal_examples, sizeof normal_examples / sizeof normal_examples[0]);
}

/* "http:g" is read as strict parsers read it, and then has no host. */
static const reference_case abnormal_examples[] = {
    { BASE, CORE_TEXT("../../../g"), "http://a/g" },
    { BASE, CORE_TEXT("../../../../g"), "http://a/g" },
    { BASE, CORE_TEXT("/./g"), "http://a/g" },
    { BASE, CORE_TEXT("/../g"), "http://a/g" },
    { BASE, CORE_TEXT("g."), "http://a/b/c/g." },
    { BASE, CORE_TEXT(".g"), "http://a/b/c/.g" },
    { BASE, CORE_TEXT("g.."), "http://a/b/c/g.." },
    { BASE, CORE_TEXT("..g"), "http://a/b/c/..g" },
    { BASE, CORE_TEXT("./../g"), "http://a/b/g" },
    { BASE, CORE_TEXT("./g/."), "http://a/b/c/g/" },
    { BASE, CORE_TEXT("g/./h"), "http://a/b/c/g/h" },
    { BASE, CORE_TEXT("g/../h"), "http://a/b/c/h" },
    { BASE, CORE_TEXT("g;x=1/./y"), "http://a/b/c/g;x=1/y" },
    { BASE, CORE_TEXT("g;x=1/../y"), "http://a/b/c/y" },
    { BASE, CORE_TEXT("g?y/./x"), "http://a/b/c/g?y/./x" },
    { BASE, CORE_TEXT("g?y/../x"), "http://a/b/c/g?y/../x" },
    { BASE, CORE_TEXT("g#s/./x"), "http://a/b/c/g#s/./x" },
    { BASE, CORE_TEXT("g#s/../x"), "http://a/b/c/g#s/../x" },
    { BASE, CORE_TEXT("http:g"), "PARIO_ERROR_URL_HOST" },
};

TEST(reference_abnormal_examples_of_rfc_3986_section_5_4_2)
{
    check_references(abnormal_examples, sizeof abnormal_examples / sizeof abnormal_examples[0]);
}

static const reference_case dots[] = {
    { "http://a", CORE_TEXT("g"), "http://a/g" },
    { "http://a", CORE_TEXT(""), "http://a" },
    { "http://a", CORE_TEXT("."), "http://a/" },
    { "http://a", CORE_TEXT(".."), "http://a/" },
    { "http://a", CORE_TEXT("?y"), "http://a?y" },
    { "http://a?q", CORE_TEXT("g"), "http://a/g" },
    { "http://a?q", CORE_TEXT(""), "http://a?q" },
    { "http://a?q/r", CORE_TEXT("g"), "http://a/g" },
    { "http://a/b", CORE_TEXT(".."), "http://a/" },
    { "http://a/b/", CORE_TEXT(".."), "http://a/" },
    { "http://a/b/", CORE_TEXT("g"), "http://a/b/g" },
    { "http://a/b/../c/d", CORE_TEXT("g"), "http://a/c/g" },
    { "http://a/b/../../c/d", CORE_TEXT("../g"), "http://a/g" },
    { "http://a/b/..", CORE_TEXT("g"), "http://a/b/g" },
    { "http://a/b/../", CORE_TEXT("g"), "http://a/g" },
    { "http://a/b?c/d", CORE_TEXT("g"), "http://a/g" },
    { BASE, CORE_TEXT("/a/b/c/./../../g"), "http://a/a/g" },
    { BASE, CORE_TEXT("/a//../b"), "http://a/a/b" },
    { BASE, CORE_TEXT("/a//..//b"), "http://a/a//b" },
    { BASE, CORE_TEXT("/..//../g"), "http://a/g" },
    { BASE, CORE_TEXT("/a/.."), "http://a/" },
    { BASE, CORE_TEXT("/a/."), "http://a/a/" },
    { BASE, CORE_TEXT("/.//g"), "http://a//g" },
    { BASE, CORE_TEXT("..//g"), "http://a/b//g" },
    { BASE, CORE_TEXT("/..."), "http://a/..." },
    { BASE, CORE_TEXT(".../g"), "http://a/b/c/.../g" },
    { BASE, CORE_TEXT("..?y"), "http://a/b/?y" },
    { BASE, CORE_TEXT("//g/../h/."), "http://g/h/" },
    { BASE, CORE_TEXT("//g?y"), "http://g/?y" },
    { BASE, CORE_TEXT("//g#s"), "http://g/#s" },
    { BASE, CORE_TEXT("http://g/a/../b"), "http://g/b" },
    { BASE, CORE_TEXT("%2e%2e/g"), "http://a/b/c/%2e%2e/g" },
    { BASE, CORE_TEXT("./g:h"), "http://a/b/c/g:h" },
    { BASE, CORE_TEXT("g/h:i"), "http://a/b/c/g/h:i" },
    { BASE, CORE_TEXT("1:2"), "http://a/b/c/1:2" },
};

TEST(reference_dot_segments_and_empty_paths)
{
    check_references(dots, sizeof dots / sizeof dots[0]);
}

static const reference_case authorities[] = {
    { BASE, CORE_TEXT("https://g/h"), "https://g/h" },
    { BASE, CORE_TEXT("HTTP://G/h"), "HTTP://G/h" },
    { "https://a/b", CORE_TEXT("//g/h"), "https://g/h" },
    { "https://a:81/b", CORE_TEXT("c"), "https://a:81/c" },
    { "HttpS://a:81/b", CORE_TEXT("c"), "HttpS://a:81/c" },
    { "http://[2001:db8::1]:81/b", CORE_TEXT("c"), "http://[2001:db8::1]:81/c" },
    { "http://[::1]", CORE_TEXT("?c"), "http://[::1]?c" },
    { BASE, CORE_TEXT("//[::1]:81/c"), "http://[::1]:81/c" },
    { BASE, CORE_TEXT("//g:81"), "http://g:81/" },
    { BASE, CORE_TEXT("//g:/"), "http://g:/" },
    /* userinfo stays behind: that of the base, and that of the reference */
    { "http://u:p@a:81/b", CORE_TEXT("c"), "http://a:81/c" },
    { "http://u:p@[::1]:81/b", CORE_TEXT("c"), "http://[::1]:81/c" },
    { "http://u@a/b", CORE_TEXT(""), "http://a/b" },
    { BASE, CORE_TEXT("//u:p@g/h"), "http://g/h" },
    { BASE, CORE_TEXT("http://u:p@g/h"), "http://g/h" },
    { BASE, CORE_TEXT("//u%40x@[::1]/h"), "http://[::1]/h" },
    { BASE, CORE_TEXT("//g/h@i"), "http://g/h@i" },
    { BASE, CORE_TEXT("//g?h@i"), "http://g/?h@i" },
};

TEST(reference_authority_is_taken_without_its_userinfo)
{
    check_references(authorities, sizeof authorities / sizeof authorities[0]);
}

static const reference_case malformed[] = {
    { BASE, CORE_TEXT("//"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("///g"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//@/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("http:"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("http:/g"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("http:?y"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("http:///g"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("https:g"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//g h/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//g\r\nh/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//\xc3\xa4/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//g\\h/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//g:0/"), "PARIO_ERROR_URL_PORT" },
    { BASE, CORE_TEXT("//g:99999/"), "PARIO_ERROR_URL_PORT" },
    { BASE, CORE_TEXT("//[::1/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("//[1.2.3.4]/"), "PARIO_ERROR_URL_HOST" },
    { BASE, CORE_TEXT("mailto:a@b"), "PARIO_ERROR_SCHEME" },
    { BASE, CORE_TEXT("javascript:alert(1)"), "PARIO_ERROR_SCHEME" },
    { BASE, CORE_TEXT("file:///etc/passwd"), "PARIO_ERROR_SCHEME" },
    { BASE, CORE_TEXT("ftp://g/"), "PARIO_ERROR_SCHEME" },
};

TEST(reference_that_is_malformed_stays_so)
{
    check_references(malformed, sizeof malformed / sizeof malformed[0]);
}

/* A redirect's Location is often not encoded as it should be: what can be repaired is. */
static const reference_case repaired[] = {
    { BASE, CORE_TEXT("g h"), "http://a/b/c/g%20h" },
    { BASE, CORE_TEXT(" g "), "http://a/b/c/%20g%20" },
    { BASE, CORE_TEXT("/\xc3\xa4?\xff#\x80"), "http://a/%C3%A4?%FF#%80" },
    { BASE, CORE_TEXT("g?a b"), "http://a/b/c/g?a%20b" },
    { BASE, CORE_TEXT("g#a b#c"), "http://a/b/c/g#a%20b%23c" },
    { BASE, CORE_TEXT("g\"<>\\^`{|}"), "http://a/b/c/g%22%3C%3E%5C%5E%60%7B%7C%7D" },
    { BASE, CORE_TEXT("g[]"), "http://a/b/c/g%5B%5D" },
    { BASE, CORE_TEXT("g%"), "http://a/b/c/g%25" },
    { BASE, CORE_TEXT("g%4"), "http://a/b/c/g%254" },
    { BASE, CORE_TEXT("g%4x"), "http://a/b/c/g%254x" },
    { BASE, CORE_TEXT("g%41%"), "http://a/b/c/g%41%25" },
    { BASE, CORE_TEXT("g\r\nX: y"), "http://a/b/c/g%0D%0AX:%20y" },
    { BASE, CORE_TEXT("g\0h\x7f"), "http://a/b/c/g%00h%7F" },
    { BASE, CORE_TEXT("\tg"), "http://a/b/c/%09g" },
    { BASE, CORE_TEXT("\\\\g"), "http://a/b/c/%5C%5Cg" },
    { BASE, CORE_TEXT("?a\nb"), "http://a/b/c/d;p?a%0Ab" },
};

TEST(reference_bytes_that_need_percent_encoding_get_it)
{
    check_references(repaired, sizeof repaired / sizeof repaired[0]);
}

/* RFC 9110 section 10.2.2 */
static const reference_case inherited[] = {
    { "http://a/b#f", CORE_TEXT("c"), "http://a/c#f" },
    { "http://a/b#f", CORE_TEXT("c#g"), "http://a/c#g" },
    { "http://a/b#f", CORE_TEXT("c#"), "http://a/c#" },
    { "http://a/b#f", CORE_TEXT(""), "http://a/b#f" },
    { "http://a/b?q#f", CORE_TEXT("?y"), "http://a/b?y#f" },
    { "http://a/b#f", CORE_TEXT("//g"), "http://g/#f" },
    { "http://a#f", CORE_TEXT(""), "http://a#f" },
    { "http://a/b#", CORE_TEXT("c"), "http://a/c#" },
};

TEST(reference_without_a_fragment_takes_that_of_the_base)
{
    check_references(inherited, sizeof inherited / sizeof inherited[0]);
}

TEST(reference_is_refused_where_the_result_is_too_long)
{
    const size_t   most = PARIO_MAX_URL_BYTES;
    const size_t   room = most + 10;
    char          *bytes = (char *)malloc(room);
    pario_i_buffer out;
    pario_i_url    url;
    if (!CHECK(bytes != NULL)) {
        return;
    }
    memset(bytes, 'x', room);
    for (size_t size = most - 12; size <= most; size++) {
        resolve("http://a/bb", (const unsigned char *)bytes, size, &out);
        test_case("%zu bytes", size);
        CHECK_UINT(out.size, size + 9);
        CHECK_ERROR(pario_i_url_parse(out.data, out.size, &url),
                    out.size <= most ? PARIO_OK : PARIO_ERROR_URL_TOO_LONG);
        pario_i_buffer_free(&out);
    }
    free(bytes);
    CHECK_UINT(core_held(), 0);
}

TEST(reference_reports_that_memory_ran_out)
{
    static const char reference[] = "//g.example/a/../some path/\xc3\xa4/b?c d#e f";
    static const char base[] = "http://a/b/c/d;p?q#f";
    pario_i_url       url;
    unsigned long     failures = 0;
    bool              good = false;
    CHECK_ERROR(pario_i_url_parse((const unsigned char *)base, strlen(base), &url), PARIO_OK);
    for (unsigned long n = 1; n < 100 && !good; n++) {
        pario_i_buffer out;
        memset(&out, 0, sizeof out);
        core_fail_at(n);
        good = pario_i_url_resolve((const unsigned char *)base, &url,
                                   (const unsigned char *)reference, strlen(reference), &out);
        failures += good ? 0u : 1u;
        test_case("allocation %lu", n);
        CHECK(good == core_failure_is_due());
        core_fail_at(0);
        pario_i_buffer_free(&out);
        CHECK_UINT(core_held(), 0);
    }
    CHECK(good);
    CHECK(failures >= 3);
}

/* ---- origins ----------------------------------------------------------------------- */

TEST(origin_is_scheme_host_and_port)
{
    static const struct {
        const char *a;
        const char *b;
        bool        same;
    } cases[] = {
        { "http://a/", "http://a/", true },
        { "http://a/b", "http://a?c#d", true },
        { "http://a/", "http://a:80/", true },
        { "http://a/", "http://a:/", true },
        { "https://a/", "https://a:443/", true },
        { "http://Example.COM/", "HTTP://eXAMPLE.com/", true },
        { "http://u:p@a/", "http://a/", true },
        { "http://[2001:DB8::1]/", "http://[2001:db8::1]/", true },
        { "http://a/", "https://a/", false },
        { "http://a:443/", "https://a/", false },
        { "http://a/", "https://a:80/", false },
        { "http://a/", "http://a:81/", false },
        { "http://a/", "http://b/", false },
        { "http://a/", "http://aa/", false },
        { "http://a/", "http://a./", false },
        { "http://a/", "http://b@a:81/", false },
        { "http://a@b/", "http://a/", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const unsigned char *a = (const unsigned char *)cases[i].a;
        const unsigned char *b = (const unsigned char *)cases[i].b;
        pario_i_url          left;
        pario_i_url          right;
        test_case("%s and %s", cases[i].a, cases[i].b);
        CHECK_ERROR(pario_i_url_parse(a, strlen(cases[i].a), &left), PARIO_OK);
        CHECK_ERROR(pario_i_url_parse(b, strlen(cases[i].b), &right), PARIO_OK);
        CHECK_INT(pario_i_url_same_origin(a, &left, b, &right), cases[i].same);
        CHECK_INT(pario_i_url_same_origin(b, &right, a, &left), cases[i].same);
    }
}
