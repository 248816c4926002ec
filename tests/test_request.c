/* SPDX-License-Identifier: MIT */
/* Section request: what is sent, what is refused, and what a redirect leaves of it. */
#include "core.h"

/* ---- helpers ----------------------------------------------------------------------- */

#define AGENT "User-Agent: t\r\n"

/* Makes an exchange of a request. PARIO_OK: *x is to be given to pario_i_exchange_free. */
static pario_error make(const pario_request *request, bool tls, pario_i_exchange **x)
{
    static pario_i_limits limits;
    memset(&limits, 0, sizeof limits);
    limits.tls = tls;
    return pario_i_exchange_new(request, &limits, NULL, x);
}

/* Writes the head of a request, or nothing where it is refused. The caller frees *out. */
static pario_error head_of(const pario_request *request, bool tls, pario_i_buffer *out)
{
    pario_i_exchange *x;
    pario_error       error = make(request, tls, &x);
    memset(out, 0, sizeof *out);
    if (error == PARIO_OK) {
        CHECK(pario_i_request_write(&x->order, AGENT, NULL, out));
        pario_i_exchange_free(x);
    }
    return error;
}

/* Whether the byte at i may stand there in a head: CR and LF together only, no control byte. */
static bool is_fit(const pario_i_buffer *out, size_t i)
{
    unsigned char byte = out->data[i];
    if (byte == '\n') {
        return i > 0 && out->data[i - 1] == '\r';
    }
    if (byte == '\r') {
        return i + 1 < out->size && out->data[i + 1] == '\n';
    }
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/* Every line ends in CR LF, no byte is a control byte otherwise, and the one empty line there is
 * comes last. That is what no request may break, whatever it was made of. */
static bool is_one_head(const pario_i_buffer *out)
{
    size_t empty = 0;
    bool   good = out->size >= 4;
    for (size_t i = 0; i < out->size && good; i++) {
        good = is_fit(out, i);
        empty += i >= 3 && memcmp(out->data + i - 3, "\r\n\r\n", 4) == 0 ? 1u : 0u;
    }
    return good && empty == 1 && memcmp(out->data + out->size - 4, "\r\n\r\n", 4) == 0;
}

static void check_head(const pario_request *request, bool tls, const char *expected)
{
    pario_i_buffer out;
    if (CHECK_ERROR(head_of(request, tls, &out), PARIO_OK)) {
        CHECK_BYTES(out.data, out.size, expected, strlen(expected));
        CHECK(is_one_head(&out));
    }
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

static void check_refused(const pario_request *request, pario_error expected)
{
    pario_i_buffer out;
    CHECK_ERROR(head_of(request, false, &out), expected);
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

/* Accepted or refused, but never broken. */
static pario_error check_unbroken(const pario_request *request)
{
    pario_i_buffer out;
    pario_error    error = head_of(request, false, &out);
    test_saw(pario_error_name(error));
    CHECK(error != PARIO_OK || is_one_head(&out));
    core_free(out.data);
    return error;
}

/* The verdict on one field. */
static pario_error verdict_on_field(const char *name, const char *value)
{
    pario_field   field = { name, value };
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.fields = &field;
    request.field_count = 1;
    return check_unbroken(&request);
}

/* ---- the request line and Host, RFC 9112 section 3 --------------------------------- */

TEST(request_line_is_in_origin_form)
{
    static const struct {
        const char *url;
        const char *line;
    } cases[] = {
        { "http://h", "GET / HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/", "GET / HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/a/b;c?d=e", "GET /a/b;c?d=e HTTP/1.1\r\nHost: h\r\n" },
        { "http://h?a", "GET /?a HTTP/1.1\r\nHost: h\r\n" },
        { "http://h#a", "GET / HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/a#b", "GET /a HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/a?#b", "GET /a? HTTP/1.1\r\nHost: h\r\n" },
        { "http://h//a", "GET //a HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/../a", "GET /../a HTTP/1.1\r\nHost: h\r\n" },
        { "http://h/%20%2F", "GET /%20%2F HTTP/1.1\r\nHost: h\r\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char          expected[256];
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        snprintf(expected, sizeof expected, "%s" AGENT "Accept: */*\r\n\r\n", cases[i].line);
        test_case("%s", cases[i].url);
        check_head(&request, false, expected);
    }
}

TEST(request_host_is_that_of_the_url_with_a_port_that_is_not_the_scheme_s)
{
    static const struct {
        const char *url;
        const char *host;
    } cases[] = {
        { "http://Example.COM/", "Example.COM" },
        { "http://h:80/", "h" },
        { "http://h:/", "h" },
        { "http://h:00080/", "h" },
        { "http://h:81/", "h:81" },
        { "http://h:443/", "h:443" },
        { "http://h:65535", "h:65535" },
        { "http://h:81?a", "h:81" },
        { "https://h:443/", "h" },
        { "https://h:80/", "h:80" },
        { "https://h/", "h" },
        { "http://u:p@h:81/", "h:81" },
        { "http://1.2.3.4:81/", "1.2.3.4:81" },
        { "http://[2001:DB8::1]/", "[2001:DB8::1]" },
        { "http://[::1]:81/", "[::1]:81" },
        { "http://u@[::1]:80/", "[::1]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char           expected[64];
        pario_i_buffer out;
        pario_request  request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        int size =
            snprintf(expected, sizeof expected, "GET / HTTP/1.1\r\nHost: %s\r\n", cases[i].host);
        if (strchr(cases[i].url, '?') != NULL) {
            size = snprintf(expected, sizeof expected, "GET /?a HTTP/1.1\r\nHost: %s\r\n",
                            cases[i].host);
        }
        test_case("%s", cases[i].url);
        CHECK_ERROR(head_of(&request, true, &out), PARIO_OK);
        CHECK(out.size > (size_t)size && memcmp(out.data, expected, (size_t)size) == 0);
        core_free(out.data);
    }
    CHECK_UINT(core_held(), 0);
}

TEST(request_own_host_takes_the_place_of_the_url_s)
{
    static const pario_field fields[] = { { "host", "other:8080" } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/a";
    request.fields = fields;
    request.field_count = 1;
    check_head(&request, false,
               "GET /a HTTP/1.1\r\n" AGENT "Accept: */*\r\nhost: other:8080\r\n\r\n");
}

TEST(request_has_one_host_always)
{
    static const pario_field twice[] = { { "Host", "a" }, { "HOST", "a" } };
    static const pario_field without[] = { { "Host", NULL } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.fields = twice;
    request.field_count = 2;
    check_refused(&request, PARIO_ERROR_FIELD_RESERVED);
    request.fields = without;
    request.field_count = 1;
    check_refused(&request, PARIO_ERROR_FIELD_RESERVED);
}

/* ---- methods and content ----------------------------------------------------------- */

TEST(request_methods_and_content_say_each_other)
{
    static const struct {
        const char *method;
        const char *body;
        const char *line;
        const char *length;
    } cases[] = {
        { NULL, NULL, "GET", "" },
        { NULL, "", "POST", "Content-Length: 0\r\n" },
        { NULL, "abc", "POST", "Content-Length: 3\r\n" },
        { "GET", NULL, "GET", "" },
        { "GET", "", "GET", "Content-Length: 0\r\n" },
        { "GET", "abc", "GET", "Content-Length: 3\r\n" },
        { "HEAD", NULL, "HEAD", "" },
        { "POST", NULL, "POST", "Content-Length: 0\r\n" },
        { "PUT", NULL, "PUT", "Content-Length: 0\r\n" },
        { "PATCH", NULL, "PATCH", "Content-Length: 0\r\n" },
        { "DELETE", NULL, "DELETE", "" },
        { "DELETE", "x", "DELETE", "Content-Length: 1\r\n" },
        { "OPTIONS", NULL, "OPTIONS", "" },
        { "TRACE", NULL, "TRACE", "" },
        { "PROPFIND", NULL, "PROPFIND", "" },
        { "REPORT", "<x/>", "REPORT", "Content-Length: 4\r\n" },
        { "get", NULL, "get", "" },
        { "Post", "abc", "Post", "Content-Length: 3\r\n" },
        { "!#$%&'*+-.^_`|~09", NULL, "!#$%&'*+-.^_`|~09", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char          expected[256];
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = "http://h/";
        request.method = cases[i].method;
        request.body = cases[i].body;
        request.body_size = cases[i].body != NULL ? strlen(cases[i].body) : 0;
        snprintf(expected, sizeof expected,
                 "%s / HTTP/1.1\r\nHost: h\r\n" AGENT "Accept: */*\r\n%s\r\n", cases[i].line,
                 cases[i].length);
        test_case("%s with %s", cases[i].method != NULL ? cases[i].method : "no method",
                  cases[i].body != NULL ? cases[i].body : "no body");
        check_head(&request, false, expected);
    }
}

TEST(request_refuses_methods_that_are_no_tokens_or_that_it_cannot_do)
{
    static const char *const methods[] = {
        "",          " ",     "GET ",     " GET",  "G ET",      "GET\t",
        "GET\r\n",   "GET\n", "GET / X",  "GET:",  "GET\x7f",   "GET\x01",
        "G\xc3\xa4", "(GET)", "GET,HEAD", "GET\"", "GET\r\nX:", "CONNECT",
    };
    for (size_t i = 0; i < COUNT(methods); i++) {
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = "http://h/";
        request.method = methods[i];
        test_case("%s", methods[i]);
        check_refused(&request, PARIO_ERROR_METHOD);
    }
    pario_request trace;
    memset(&trace, 0, sizeof trace);
    trace.url = "http://h/";
    trace.method = "TRACE";
    trace.body = "x";
    trace.body_size = 1;
    check_refused(&trace, PARIO_ERROR_METHOD);
}

TEST(request_content_length_is_written_in_full)
{
    const size_t   most = SIZE_MAX / 4;
    char           line[64];
    pario_i_buffer out;
    pario_request  request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.body = "x";
    request.body_size = most;
    snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", most);
    if (CHECK_ERROR(head_of(&request, false, &out), PARIO_OK)) {
        out.data[out.size] = '\0';
        CHECK(strstr((const char *)out.data, line) != NULL);
        CHECK(is_one_head(&out));
    }
    core_free(out.data);
    request.body_size = most + 1;
    check_refused(&request, PARIO_ERROR_TOO_LARGE);
    request.body_size = SIZE_MAX;
    check_refused(&request, PARIO_ERROR_TOO_LARGE);
}

TEST(request_is_whole_or_refused)
{
    pario_request request;
    memset(&request, 0, sizeof request);
    check_refused(&request, PARIO_ERROR_ARGUMENT);
    request.url = "http://h/";
    request.body_size = 1;
    check_refused(&request, PARIO_ERROR_ARGUMENT);
    request.body_size = 0;
    request.field_count = 1;
    check_refused(&request, PARIO_ERROR_ARGUMENT);
}

TEST(request_refuses_urls_for_what_is_wrong_with_them)
{
    static const struct {
        const char *url;
        pario_error error;
    } cases[] = {
        { "", PARIO_ERROR_URL },
        { "h/", PARIO_ERROR_URL },
        { "ftp://h/", PARIO_ERROR_SCHEME },
        { "https://h/", PARIO_ERROR_NEEDS_TLS },
        { "http://", PARIO_ERROR_URL_HOST },
        { "http://h:0/", PARIO_ERROR_URL_PORT },
        { "http://h/ HTTP/1.1", PARIO_ERROR_URL_BYTE },
        { "http://h/\r\nX: y", PARIO_ERROR_URL_BYTE },
        { "http://h/\n", PARIO_ERROR_URL_BYTE },
        { "http://h\r\nX: y/", PARIO_ERROR_URL_HOST },
        { "http://u\r\nX: y@h/", PARIO_ERROR_URL_BYTE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        test_case("%s", cases[i].url);
        check_refused(&request, cases[i].error);
    }
}

/* ---- fields ------------------------------------------------------------------------ */

TEST(request_fields_follow_the_library_s_own_in_their_order)
{
    static const pario_field fields[] = {
        { "X-One", "1" },
        { "X-Two", "" },
        { "x-one", " 2\t" },
        { "X-Three", "\xc3\xa4" },
    };
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.fields = fields;
    request.field_count = COUNT(fields);
    check_head(&request, false,
               "GET / HTTP/1.1\r\nHost: h\r\n" AGENT "Accept: */*\r\n"
               "X-One: 1\r\nX-Two: \r\nx-one:  2\t\r\nX-Three: \xc3\xa4\r\n\r\n");
}

TEST(request_fields_replace_or_remove_the_library_s_own)
{
    static const pario_field replaced[] = { { "user-agent", "me" }, { "ACCEPT", "text/plain" } };
    static const pario_field removed[] = { { "User-Agent", NULL }, { "accept", NULL } };
    static const pario_field unknown[] = { { "X-None", NULL }, { "Connection", NULL } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.fields = replaced;
    request.field_count = 2;
    check_head(&request, false,
               "GET / HTTP/1.1\r\nHost: h\r\nuser-agent: me\r\nACCEPT: text/plain\r\n\r\n");
    request.fields = removed;
    check_head(&request, false, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    request.fields = unknown;
    check_head(&request, false, "GET / HTTP/1.1\r\nHost: h\r\n" AGENT "Accept: */*\r\n\r\n");
}

TEST(request_framing_fields_are_the_library_s_alone)
{
    static const char *const names[] = { "Content-Length", "content-length", "CONTENT-LENGTH",
                                         "Transfer-Encoding", "transfer-encoding" };
    for (size_t i = 0; i < COUNT(names); i++) {
        test_case("%s", names[i]);
        CHECK_ERROR(verdict_on_field(names[i], "5"), PARIO_ERROR_FIELD_RESERVED);
        CHECK_ERROR(verdict_on_field(names[i], "chunked"), PARIO_ERROR_FIELD_RESERVED);
        CHECK_ERROR(verdict_on_field(names[i], ""), PARIO_ERROR_FIELD_RESERVED);
        CHECK_ERROR(verdict_on_field(names[i], NULL), PARIO_ERROR_FIELD_RESERVED);
    }
    CHECK_ERROR(verdict_on_field("Content-Length2", "5"), PARIO_OK);
    CHECK_ERROR(verdict_on_field("X-Transfer-Encoding", "5"), PARIO_OK);
}

TEST(request_refuses_field_names_that_are_no_tokens)
{
    static const char *const names[] = {
        NULL,
        "",
        " ",
        "A ",
        " A",
        "A B",
        "A:",
        ":A",
        "A: b\r\n",
        "A\r\nB",
        "A\n",
        "A\t",
        "\x01",
        "A\x7f",
        "\xc3\xa4",
        "A(",
        "Content-Length ",
        "\r\n",
        "\r",
        "A\rB",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        test_case("%s", names[i] != NULL ? names[i] : "NULL");
        CHECK_ERROR(verdict_on_field(names[i], "x"), PARIO_ERROR_FIELD_NAME);
        CHECK_ERROR(verdict_on_field(names[i], NULL), PARIO_ERROR_FIELD_NAME);
    }
}

TEST(request_refuses_control_bytes_in_field_values)
{
    static const char *const values[] = {
        "\r\nX: y", "a\r\nX: y", "a\nX: y", "a\rX: y", "a\r\n X: y", "a\r\n\r\nGET / HTTP/1.1",
        "\n",       "\r",        "a\x01",   "\x7f",    "\x1b[0m",    "a\x0b",
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        test_case("%s", values[i]);
        CHECK_ERROR(verdict_on_field("X", values[i]), PARIO_ERROR_FIELD_VALUE);
        CHECK_ERROR(verdict_on_field("Host", values[i]), PARIO_ERROR_FIELD_VALUE);
        CHECK_ERROR(verdict_on_field("User-Agent", values[i]), PARIO_ERROR_FIELD_VALUE);
        CHECK_ERROR(verdict_on_field("Connection", values[i]), PARIO_ERROR_FIELD_VALUE);
        CHECK_ERROR(verdict_on_field("Authorization", values[i]), PARIO_ERROR_FIELD_VALUE);
    }
}

static const struct {
    const char *before;
    const char *after;
} url_parts[] = { { "http://", "@h/" }, { "http://u:", "@h/" }, { "http://", "/" },
                  { "http://h:", "/" }, { "http://h/", "" },    { "http://h/?", "" },
                  { "http://h/#", "" } };

/* Each byte in each part that a user hands in: accepted or refused, never injected. */
TEST(request_no_byte_of_the_user_s_breaks_a_line)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        char          text[8] = { 'a', (char)byte, 'b', '\0', '\0', '\0', '\0', '\0' };
        char          url[32];
        bool          control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        pario_request request;
        test_case("byte 0x%02x", byte);
        CHECK_INT(verdict_on_field("X", text), control ? PARIO_ERROR_FIELD_VALUE : PARIO_OK);
        CHECK_INT(verdict_on_field(text, "x") == PARIO_OK,
                  pario_i_is((unsigned char)byte, PARIO_I_TOKEN));
        memset(&request, 0, sizeof request);
        request.url = "http://h/";
        request.method = text;
        CHECK_INT(check_unbroken(&request) == PARIO_OK,
                  pario_i_is((unsigned char)byte, PARIO_I_TOKEN));
        request.method = NULL;
        request.user = text;
        CHECK_INT(check_unbroken(&request) == PARIO_OK, !control && byte != '\t' && byte != ':');
        request.password = text;
        request.user = "u";
        CHECK_INT(check_unbroken(&request) == PARIO_OK, !control && byte != '\t');
        request.user = NULL;
        request.password = NULL;
        request.url = url;
        for (size_t i = 0; i < COUNT(url_parts); i++) {
            snprintf(url, sizeof url, "%s%.3s%s", url_parts[i].before, text, url_parts[i].after);
            (void)check_unbroken(&request);
        }
    }
    CHECK_UINT(core_held(), 0);
}

TEST(request_user_agent_of_the_client_cannot_inject)
{
    static const char *const agents[] = { "a\r\nX: y", "a\n", "\r", "a\x01", "a\x7f" };
    for (size_t i = 0; i < COUNT(agents); i++) {
        pario_config  config;
        pario_client *client;
        memset(&config, 0, sizeof config);
        config.user_agent = agents[i];
        test_case("%s", agents[i]);
        CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_FIELD_VALUE);
        CHECK(client == NULL);
    }
    CHECK_UINT(core_held(), 0);
}

TEST(request_connection_close_is_noticed)
{
    static const struct {
        const char *value;
        bool        close;
    } cases[] = {
        { "close", true },       { "Close", true },   { "x, CLOSE", true },
        { "keep-alive", false }, { "closed", false }, { "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_field       field = { "connection", cases[i].value };
        pario_i_exchange *x;
        pario_request     request;
        memset(&request, 0, sizeof request);
        request.url = "http://h/";
        request.fields = &field;
        request.field_count = 1;
        test_case("%s", cases[i].value);
        if (CHECK_ERROR(make(&request, false, &x), PARIO_OK)) {
            CHECK_INT((x->order.flags & PARIO_I_CLOSE) != 0, cases[i].close);
            pario_i_exchange_free(x);
        }
    }
    CHECK_UINT(core_held(), 0);
}

/* ---- credentials, RFC 7617 --------------------------------------------------------- */

static void check_credentials(const pario_request *request, const char *expected)
{
    char expect[512];
    snprintf(expect, sizeof expect,
             "GET / HTTP/1.1\r\nHost: h\r\n" AGENT "Accept: */*\r\n%s%s%s\r\n",
             expected[0] != '\0' ? "Authorization: Basic " : "", expected,
             expected[0] != '\0' ? "\r\n" : "");
    check_head(request, false, expect);
}

TEST(request_credentials_are_written_as_basic)
{
    static const struct {
        const char *user;
        const char *password;
        const char *expected;
    } cases[] = {
        { "Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
        { "test", "123\xc2\xa3", "dGVzdDoxMjPCow==" },
        { "", "", "Og==" },
        { "", NULL, "Og==" },
        { "a", "", "YTo=" },
        { "a", NULL, "YTo=" },
        { "a", "b", "YTpi" },
        { "a", "b:c", "YTpiOmM=" },
        { "a", "\xff\xfe\xfd", "YTr//v0=" },
        { "a", ">>>???", "YTo+Pj4/Pz8=" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = "http://h/";
        request.user = cases[i].user;
        request.password = cases[i].password;
        test_case("%s", cases[i].expected);
        check_credentials(&request, cases[i].expected);
    }
}

TEST(request_userinfo_is_decoded_and_written_as_basic)
{
    static const struct {
        const char *url;
        const char *expected;
    } cases[] = {
        { "http://h/", "" },
        { "http://@h/", "" },
        { "http://a:b@h/", "YTpi" },
        { "http://a@h/", "YTo=" },
        { "http://a:@h/", "YTo=" },
        { "http://:b@h/", "OmI=" },
        { "http://:@h/", "Og==" },
        { "http://a:b:c@h/", "YTpiOmM=" },
        { "http://a:b%3Ac@h/", "YTpiOmM=" },
        { "http://%61:%62@h/", "YTpi" },
        { "http://Aladdin:open%20sesame@h/", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
        { "http://test:123%C2%a3@h/", "dGVzdDoxMjPCow==" },
        { "http://a:%2525@h/", "YTolMjU=" },
        { "http://a%40b:c%2F@h/", "YUBiOmMv" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        test_case("%s", cases[i].url);
        check_credentials(&request, cases[i].expected);
    }
}

TEST(request_credentials_take_the_place_of_userinfo)
{
    pario_request request;
    memset(&request, 0, sizeof request);
    request.url = "http://x:y@h/";
    request.user = "a";
    request.password = "b";
    check_credentials(&request, "YTpi");
}

/* RFC 7617 section 2: no colon in the user, no control byte, not even a tab, in either. */
TEST(request_refuses_credentials_that_basic_cannot_carry)
{
    static const struct {
        const char *url;
        const char *user;
        const char *password;
    } cases[] = {
        { "http://h/", "a:b", "c" },       { "http://h/", ":", NULL },
        { "http://h/", "a\r\nX: y", "c" }, { "http://h/", "a\tb", "c" },
        { "http://h/", "a", "c\n" },       { "http://h/", "a", "c\t" },
        { "http://h/", "a", "c\x7f" },     { "http://h/", NULL, "c" },
        { "http://u@h/", NULL, "c" },      { "http://a%0D%0AX:y@h/", NULL, NULL },
        { "http://a:%00@h/", NULL, NULL }, { "http://a:%09@h/", NULL, NULL },
        { "http://a:%7f@h/", NULL, NULL }, { "http://a%3Ab:c@h/", NULL, NULL },
        { "http://a%3ab@h/", NULL, NULL }, { "http://%3A@h/", NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        request.user = cases[i].user;
        request.password = cases[i].password;
        test_case("%zu: %s", i, cases[i].url);
        check_refused(&request, PARIO_ERROR_CREDENTIALS);
    }
}

TEST(request_own_authorization_is_not_written_beside_credentials)
{
    static const pario_field fields[] = { { "authorization", "Bearer x" } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "http://h/";
    request.fields = fields;
    request.field_count = 1;
    check_head(&request, false,
               "GET / HTTP/1.1\r\nHost: h\r\n" AGENT
               "Accept: */*\r\nauthorization: Bearer x\r\n\r\n");
    request.user = "a";
    check_refused(&request, PARIO_ERROR_FIELD_RESERVED);
    request.user = NULL;
    request.url = "http://a:b@h/";
    check_refused(&request, PARIO_ERROR_FIELD_RESERVED);
}

/* ---- what a redirect leaves, RFC 9110 section 15.4 --------------------------------- */

static const pario_field many_fields[] = {
    { "X-First", "1" },
    { "Authorization", "Bearer x" },
    { "COOKIE", "a=b" },
    { "proxy-authorization", "Basic x" },
    { "Content-Type", "text/plain" },
    { "content-encoding", "gzip" },
    { "Content-Language", "en" },
    { "Content-Location", "/x" },
    { "Digest", "sha-256=x" },
    { "Last-Modified", "x" },
    { "Host", "own" },
    { "X-Content-Type", "kept" },
    { "Cookie2", "kept" },
};

/* What is left of many_fields and of a method after a redirect. */
static void check_redirect(const char *method, bool origin, bool other, const char *expected)
{
    pario_i_buffer    out;
    pario_i_exchange *x;
    pario_request     request;
    memset(&request, 0, sizeof request);
    memset(&out, 0, sizeof out);
    request.url = "http://h/";
    request.method = method;
    request.body = "abc";
    request.body_size = 3;
    request.fields = many_fields;
    request.field_count = COUNT(many_fields);
    test_case("%s, %s origin, %s method", method, origin ? "other" : "same",
              other ? "other" : "same");
    if (CHECK_ERROR(make(&request, false, &x), PARIO_OK)) {
        pario_i_order_redirect(&x->order, origin, other);
        CHECK(pario_i_request_write(&x->order, "", NULL, &out));
        CHECK_BYTES(out.data, out.size, expected, strlen(expected));
        CHECK(is_one_head(&out));
        CHECK_UINT(pario_i_order_content(&x->order).size, other ? 0 : 3);
        CHECK((pario_i_order_content(&x->order).bytes == NULL) == other);
        pario_i_exchange_free(x);
    }
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

#define SECRETS "Authorization: Bearer x\r\nCOOKIE: a=b\r\nproxy-authorization: Basic x\r\n"
#define CONTENTS                                                                                   \
    "Content-Type: text/plain\r\ncontent-encoding: gzip\r\nContent-Language: en\r\n"               \
    "Content-Location: /x\r\nDigest: sha-256=x\r\nLast-Modified: x\r\n"
#define KEPT "X-Content-Type: kept\r\nCookie2: kept\r\n"
#define ACCEPT "Accept: */*\r\n"

TEST(request_keeps_everything_on_a_redirect_to_the_same_origin_and_method)
{
    check_redirect("PUT", false, false,
                   "PUT / HTTP/1.1\r\n" ACCEPT
                   "Content-Length: 3\r\nX-First: 1\r\n" SECRETS CONTENTS "Host: own\r\n" KEPT
                   "\r\n");
    check_redirect("OTHER", false, false,
                   "OTHER / HTTP/1.1\r\n" ACCEPT
                   "Content-Length: 3\r\nX-First: 1\r\n" SECRETS CONTENTS "Host: own\r\n" KEPT
                   "\r\n");
}

TEST(request_loses_its_secrets_and_its_host_on_a_redirect_to_another_origin)
{
    check_redirect("PUT", true, false,
                   "PUT / HTTP/1.1\r\nHost: h\r\n" ACCEPT
                   "Content-Length: 3\r\nX-First: 1\r\n" CONTENTS KEPT "\r\n");
    check_redirect("OTHER", true, false,
                   "OTHER / HTTP/1.1\r\nHost: h\r\n" ACCEPT
                   "Content-Length: 3\r\nX-First: 1\r\n" CONTENTS KEPT "\r\n");
}

TEST(request_loses_its_content_on_a_redirect_with_another_method)
{
    check_redirect("POST", false, true,
                   "GET / HTTP/1.1\r\n" ACCEPT "X-First: 1\r\n" SECRETS "Host: own\r\n" KEPT
                   "\r\n");
    check_redirect("OTHER", false, true,
                   "GET / HTTP/1.1\r\n" ACCEPT "X-First: 1\r\n" SECRETS "Host: own\r\n" KEPT
                   "\r\n");
    check_redirect("POST", true, true,
                   "GET / HTTP/1.1\r\nHost: h\r\n" ACCEPT "X-First: 1\r\n" KEPT "\r\n");
}

TEST(request_loses_the_credentials_of_its_url_too)
{
    pario_i_buffer    out;
    pario_i_exchange *x;
    pario_request     request;
    memset(&request, 0, sizeof request);
    memset(&out, 0, sizeof out);
    request.url = "http://a:b@h/";
    if (CHECK_ERROR(make(&request, false, &x), PARIO_OK)) {
        pario_i_order_redirect(&x->order, true, false);
        CHECK(pario_i_request_write(&x->order, "", NULL, &out));
        out.data[out.size] = '\0';
        CHECK_STR((const char *)out.data, "GET / HTTP/1.1\r\nHost: h\r\n" ACCEPT "\r\n");
        pario_i_exchange_free(x);
    }
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

/* ---- memory ------------------------------------------------------------------------ */

TEST(request_that_memory_runs_out_for_is_refused_and_leaks_nothing)
{
    static const pario_field fields[] = { { "X-One", "1" }, { "X-Two", "2" } };
    pario_request            request;
    unsigned long            failures = 0;
    bool                     good = false;
    memset(&request, 0, sizeof request);
    request.url = "http://h/a";
    request.method = "SOMETHING";
    request.user = "user";
    request.password = "password";
    request.fields = fields;
    request.field_count = 2;
    for (unsigned long n = 1; n < 100 && !good; n++) {
        pario_i_exchange *x;
        core_fail_at(n);
        pario_error error = make(&request, false, &x);
        good = error == PARIO_OK;
        test_case("allocation %lu", n);
        CHECK(good == core_failure_is_due());
        core_fail_at(0);
        if (good) {
            pario_i_exchange_free(x);
        } else {
            CHECK_ERROR(error, PARIO_ERROR_MEMORY);
            CHECK(x == NULL);
            failures++;
        }
        CHECK_UINT(core_held(), 0);
    }
    CHECK(good);
    CHECK(failures >= 3);
}

TEST(request_head_that_memory_runs_out_for_is_not_written)
{
    pario_i_buffer    out;
    pario_i_exchange *x;
    pario_request     request;
    memset(&request, 0, sizeof request);
    memset(&out, 0, sizeof out);
    request.url = "http://h/a";
    if (CHECK_ERROR(make(&request, false, &x), PARIO_OK)) {
        core_fail_at(1);
        CHECK(!pario_i_request_write(&x->order, AGENT, NULL, &out));
        CHECK(pario_i_request_write(&x->order, AGENT, NULL, &out));
        /* once more into the same buffer: the same bytes, and no allocation */
        size_t size = out.size;
        core_fail_at(1);
        CHECK(pario_i_request_write(&x->order, AGENT, NULL, &out));
        core_fail_at(0);
        CHECK_UINT(out.size, size);
        CHECK(is_one_head(&out));
        pario_i_exchange_free(x);
    }
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

/* The room that is asked for beforehand suffices for the longest of everything: the head is
 * written into exactly that much, in front of a fence. */
TEST(request_head_fits_into_the_room_that_was_reckoned)
{
    static const char *const urls[] = { "http://h", "http://[1111:2222:3333:4444::]:65535",
                                        "http://u@h:65535?q", "http://h:1#f" };
    static const char *const methods[] = { "OPTIONS", "POST", "VERSION-CONTROL" };
    test_fence               fence = test_fence_open(4096);
    for (size_t i = 0; i < COUNT(urls) * COUNT(methods); i++) {
        pario_i_exchange *x;
        pario_request     request;
        memset(&request, 0, sizeof request);
        request.url = urls[i % COUNT(urls)];
        request.method = methods[i / COUNT(urls)];
        request.body = "x";
        request.body_size = SIZE_MAX / 4;
        test_case("%s %s", request.method, request.url);
        if (CHECK_ERROR(make(&request, false, &x), PARIO_OK)) {
            pario_i_buffer out;
            size_t         room = pario_i_request_room(&x->order, strlen(AGENT), NULL);
            out.data = (unsigned char *)test_fence_put_first(&fence, "", 0) + fence.room - room - 1;
            out.room = room + 1;
            out.size = 0;
            CHECK(pario_i_request_write(&x->order, AGENT, NULL, &out));
            CHECK(is_one_head(&out));
            pario_i_exchange_free(x);
        }
    }
    test_fence_close(&fence);
    CHECK_UINT(core_held(), 0);
}

/* ---- proxies ----------------------------------------------------------------------- */

#define VIA "Proxy-Authorization: Basic dTpw\r\n"

typedef bool (*writer)(const pario_i_order *order, const char *agent, const char *via,
                       pario_i_buffer *out);

/* What is written for a request to a proxy. */
static void check_written(writer write_head, const pario_request *request, const char *expected)
{
    pario_i_buffer    out;
    pario_i_exchange *x;
    memset(&out, 0, sizeof out);
    test_case("%s", request->url);
    if (CHECK_ERROR(make(request, true, &x), PARIO_OK)) {
        CHECK(write_head(&x->order, AGENT, VIA, &out));
        CHECK_BYTES(out.data, out.size, expected, strlen(expected));
        CHECK(is_one_head(&out));
        pario_i_exchange_free(x);
    }
    core_free(out.data);
    CHECK_UINT(core_held(), 0);
}

TEST(request_to_a_proxy_has_the_whole_url_but_no_userinfo_and_no_fragment)
{
    static const struct {
        const char *url;
        const char *target;
        const char *host;
    } cases[] = {
        { "http://h", "http://h/", "h" },
        { "http://h/a?b=c#d", "http://h/a?b=c", "h" },
        { "http://h?b", "http://h/?b", "h" },
        { "http://h:80/", "http://h/", "h" },
        { "http://h:8080/", "http://h:8080/", "h:8080" },
        { "HTTP://H:/x", "http://H/x", "H" },
        { "http://[::1]:81", "http://[::1]:81/", "[::1]:81" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        core_line     expected = { "", 0 };
        pario_request request;
        memset(&request, 0, sizeof request);
        request.url = cases[i].url;
        core_say(&expected, "GET %s HTTP/1.1\r\nHost: %s\r\n" VIA AGENT "Accept: */*\r\n\r\n",
                 cases[i].target, cases[i].host);
        check_written(pario_i_request_write, &request, expected.text);
    }
}

TEST(request_to_a_proxy_keeps_what_is_for_the_origin_apart)
{
    static const pario_field fields[] = { { "Host", "other" }, { "X", "y" } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "http://me:secret@h/";
    request.fields = fields;
    request.field_count = 2;
    check_written(pario_i_request_write, &request,
                  "GET http://h/ HTTP/1.1\r\n" VIA AGENT
                  "Accept: */*\r\nHost: other\r\nX: y\r\nAuthorization: Basic "
                  "bWU6c2VjcmV0\r\n\r\n");
}

TEST(request_for_a_tunnel_tells_host_and_port_and_nothing_of_the_request)
{
    static const pario_field own[] = { { "Host", "other" }, { "User-Agent", "mine" } };
    pario_request            request;
    memset(&request, 0, sizeof request);
    request.url = "https://me:secret@h/path?q#f";
    request.body = "body";
    request.body_size = 4;
    check_written(pario_i_request_write_connect, &request,
                  "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n" VIA AGENT "\r\n");
    request.url = "https://[2001:DB8::1]:08443";
    check_written(pario_i_request_write_connect, &request,
                  "CONNECT [2001:DB8::1]:8443 HTTP/1.1\r\nHost: [2001:DB8::1]:8443\r\n" VIA AGENT
                  "\r\n");
    request.url = "https://h:80";
    request.fields = own;
    request.field_count = 2;
    check_written(pario_i_request_write_connect, &request,
                  "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n" VIA "\r\n");
}

/* As above: the room suffices, in front of a fence, and where there is none nothing is written. */
TEST(request_to_a_proxy_fits_into_the_room_that_was_reckoned)
{
    static const char *const urls[] = { "https://h", "https://[1111:2222:3333:4444::]:65535",
                                        "https://h:00000000000000000000000000000001" };
    static const writer      writers[] = { pario_i_request_write, pario_i_request_write_connect };
    test_fence               fence = test_fence_open(4096);
    for (size_t i = 0; i < COUNT(urls) * COUNT(writers); i++) {
        pario_i_exchange *x;
        pario_request     request;
        memset(&request, 0, sizeof request);
        request.url = urls[i / COUNT(writers)];
        request.method = "VERSION-CONTROL";
        request.body_size = SIZE_MAX / 4;
        request.body = "x";
        test_case("%s, %zu", request.url, i % COUNT(writers));
        if (CHECK_ERROR(make(&request, true, &x), PARIO_OK)) {
            pario_i_buffer out;
            size_t         room = pario_i_request_room(&x->order, strlen(AGENT), VIA);
            out.data = (unsigned char *)test_fence_put_first(&fence, "", 0) + fence.room - room - 1;
            out.room = room + 1;
            out.size = 0;
            CHECK(writers[i % COUNT(writers)](&x->order, AGENT, VIA, &out));
            CHECK(is_one_head(&out));
            memset(&out, 0, sizeof out);
            core_fail_at(1);
            CHECK(!writers[i % COUNT(writers)](&x->order, AGENT, VIA, &out));
            core_fail_at(0);
            pario_i_exchange_free(x);
        }
    }
    test_fence_close(&fence);
    CHECK_UINT(core_held(), 0);
}

TEST(proxy_is_read_with_its_credentials)
{
    static const struct {
        const char *url;
        const char *authorization;
    } cases[] = {
        { "http://h", "" },
        { "http://@h", "" },
        { "http://u:p@h", VIA },
        { "http://u@h", "Proxy-Authorization: Basic dTo=\r\n" },
        { "http://%75:p%3A@h/", "Proxy-Authorization: Basic dTpwOg==\r\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_i_proxy  proxy;
        pario_i_buffer text;
        memset(&text, 0, sizeof text);
        test_case("%s", cases[i].url);
        CHECK_ERROR(pario_i_proxy_read(&proxy, cases[i].url, "a,b", &text), PARIO_OK);
        CHECK_STR((const char *)proxy.url, cases[i].url);
        CHECK_STR(proxy.exceptions, "a,b");
        CHECK_STR(proxy.authorization, cases[i].authorization);
        core_free(text.data);
    }
    CHECK_UINT(core_held(), 0);
}

TEST(proxy_that_memory_runs_out_for_is_not_read)
{
    pario_error   error = PARIO_ERROR_MEMORY;
    unsigned long n = 0;
    while (error == PARIO_ERROR_MEMORY) {
        pario_i_proxy  proxy;
        pario_i_buffer text;
        memset(&text, 0, sizeof text);
        n++;
        core_fail_at(n);
        error = pario_i_proxy_read(&proxy, "http://user:password@host", "a list of hosts", &text);
        core_fail_at(0);
        core_free(text.data);
        CHECK_UINT(core_held(), 0);
    }
    CHECK_ERROR(error, PARIO_OK);
    CHECK(n > 4);
}

TEST(proxy_is_not_asked_for_its_exceptions)
{
    static const struct {
        const char *url;
        const char *exceptions;
        bool        direct;
    } cases[] = {
        { "http://h", "", false },
        { "http://h", " ,\t, ", false },
        { "http://h", "*", true },
        { "http://[::1]", "x, *", true },
        { "http://h", "**", false },
        { "http://h", "h", true },
        { "http://H", "a,h", true },
        { "http://h", "a H b", true },
        { "http://h.", "h", true },
        { "http://h", "h.", true },
        { "http://h", ".h", true },
        { "http://h", "..h", false },
        { "http://h", ".", false },
        { "http://h", "hh", false },
        { "http://www.example.com", "example.com", true },
        { "http://www.example.com", ".example.com", true },
        { "http://www.example.com", "com", true },
        { "http://example.com", ".example.com", true },
        { "http://example.com", "www.example.com", false },
        { "http://badexample.com", "example.com", false },
        { "http://badexample.com", ".example.com", false },
        { "http://example.com.evil", "example.com", false },
        { "http://www.example.com.", ".example.com.", true },
        { "http://h", "h:80", true },
        { "https://h", "h:80", false },
        { "https://h", "h:443", true },
        { "http://h:81", "h:80 h:81", true },
        { "http://h", "h:", false },
        { "http://h", "h:x", false },
        { "http://h", ":80", false },
        { "http://127.0.0.1", "127.0.0.1", true },
        { "http://127.0.0.1:81", "127.0.0.1:81", true },
        { "http://127.0.0.1:81", "127.0.0.1:80", false },
        { "http://127.0.0.1", "0.0.1", false },
        { "http://127.0.0.1", "127.0.0.2", false },
        { "http://127.0.0.1", "localhost", false },
        { "http://localhost", "127.0.0.1", false },
        { "http://10.1.2.3", "10.0.0.0/8", true },
        { "http://11.1.2.3", "10.0.0.0/8", false },
        { "http://11.1.2.3", "10.0.0.0/7", true },
        { "http://12.1.2.3", "10.0.0.0/7", false },
        { "http://10.1.2.3", "10.1.2.2/31", true },
        { "http://10.1.2.3", "10.1.2.3/32", true },
        { "http://10.1.2.3", "10.1.2.2/32", false },
        { "http://10.1.2.3", "10.1.2.3/33", false },
        { "http://10.1.2.3", "10.1.2.3/", false },
        { "http://10.1.2.3", "10.1.2.3/x", false },
        { "http://10.1.2.3", "/8", false },
        { "http://10.1.2.3", "0.0.0.0/0", true },
        { "http://10.1.2.3", "::/0", false },
        { "http://10.1.2.3:81", "10.0.0.0/8:81", true },
        { "http://10.1.2.3:81", "10.0.0.0/8:82", false },
        { "http://10.example", "10.0.0.0/8", false },
        { "http://[::1]", "::1", true },
        { "http://[::1]", "0:0:0:0:0:0:0:1", true },
        { "http://[::1]", "[::1]", true },
        { "http://[::1]:81", "[::1]:81", true },
        { "http://[::1]:81", "[::1]:80", false },
        { "http://[::1]", "[::1]80", false },
        { "http://[::1]", "[::1", false },
        { "http://[::1]", "[", false },
        { "http://[::1]", "[]", false },
        { "http://[::1]", "::2", false },
        { "http://[FD00::1]", "fd00::/8", true },
        { "http://[fe00::1]", "fd00::/8", false },
        { "http://[fd00::1]", "::1/129", false },
        { "http://[::ffff:10.1.2.3]", "10.0.0.0/8", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        pario_i_url          parts;
        const unsigned char *url = (const unsigned char *)cases[i].url;
        test_case("%s, %s", cases[i].url, cases[i].exceptions);
        CHECK_ERROR(pario_i_url_parse(url, strlen(cases[i].url), &parts), PARIO_OK);
        CHECK_INT(pario_i_bypasses(cases[i].exceptions, url, &parts), cases[i].direct);
    }
}
