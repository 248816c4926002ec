/* SPDX-License-Identifier: MIT */
/* What else fetch_many is made of: strings of JSON, names of files, and what is done already. */
#include "../pario.h"

#include "../examples/resume.h"
#include "../examples/save.h"
#include "test.h"

/* The bytes as a string of JSON. */
static const char *written(const char *text, size_t size)
{
    static char  line[4096];
    const size_t used = json_write_string(line, text, size);
    CHECK(used <= JSON_GROWTH * size + 2);
    line[used] = '\0';
    return line;
}

TEST(json_writes_what_must_be_escaped)
{
    CHECK_STR(written("", 0), "\"\"");
    CHECK_STR(written("a/b", 3), "\"a/b\"");
    CHECK_STR(written("\"\\", 2), "\"\\\"\\\\\"");
    CHECK_STR(written("\0\n\x1f\x7f", 4), "\"\\u0000\\u000a\\u001f\\u007f\"");
    CHECK_STR(written("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9),
              "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(json_writes_what_is_no_utf8_as_a_replacement)
{
    static const char *const bad[] = { "\x80", "\xbf", "\xc0", "\xc1", "\xf5",
                                       "\xff", "\xc3", "\xe2", "\xf0" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STR(written(bad[i], 1), "\"\\ufffd\"");
    }
    CHECK_STR(written("\xc3(", 2), "\"\\ufffd(\"");
    CHECK_STR(written("\xe2\x82", 2), "\"\\ufffd\\ufffd\"");
    CHECK_STR(written("\xed\xa0\x80", 3), "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
    CHECK_STR(written("\xe0\x80\x80", 3), "\"\\ufffd\\ufffd\\ufffd\""); /* too long a form */
    CHECK_STR(written("\xf4\x90\x80\x80", 4), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

/* Reads a string back; "bad" if it is none. */
static const char *read_back(const char *text)
{
    static char line[4096];
    json_reader reader;
    json_value  name;
    json_value  value;
    const int   size = snprintf(line, sizeof line, "{\"a\":%s}", text);
    json_read(&reader, line, (size_t)size);
    if (!json_read_member(&reader, &name, &value) || !value.is_string) {
        return "bad";
    }
    if (json_read_member(&reader, &name, &name) || reader.bad) {
        return "bad";
    }
    line[(size_t)(value.text - line) + value.size] = '\0';
    return value.text;
}

TEST(json_reads_what_it_writes)
{
    char every[256];
    for (size_t i = 1; i < 128; i++) {
        every[i - 1] = (char)i;
    }
    every[127] = '\0';
    CHECK_STR(read_back(written(every, 127)), every);
    CHECK_STR(read_back("\"\\u00e9\\u20ac\\ud83d\\ude00\\u0041\""),
              "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
              "A");
    CHECK_STR(read_back("\"\\/\\b\\f\\n\\r\\t\\\"\\\\\""), "/\b\f\n\r\t\"\\");
}

TEST(json_refuses_what_is_no_string)
{
    static const char *const bad[] = {
        "\"",           "\"a",
        "\"\\\"",       "\"\\x\"",
        "\"\\u\"",      "\"\\u12\"",
        "\"\\u12g4\"",  "\"\\ud83d\"",
        "\"\\ud83dx\"", "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",  "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        test_case("%s", bad[i]);
        CHECK_STR(read_back(bad[i]), "bad");
    }
}

/* Whether a line says that http://h/ is done. */
static bool is_done(const char *text)
{
    resume_set set = { NULL, 0, 0 };
    char      *line = strdup(text); /* whose memory ends where the line ends */
    CHECK(resume_take(&set, line, strlen(text)));
    const bool done = resume_has(&set, "http://h/", 9);
    CHECK_INT(done ? 1 : 0, (int)set.count);
    resume_close(&set);
    free(line);
    return done;
}

TEST(resume_knows_what_is_done)
{
    static const char *const done[] = {
        "200\t5\t1\thttp://h/\t",
        "200\t5\t1\thttp://h/\t\t3",
        "404\t5\t1\thttp://h/\t",
        "{\"url\":\"http://h/\",\"status\":200,\"bytes\":5,\"ms\":1,\"tries\":1,\"error\":null}",
        "{\"url\":\"http://h/\",\"status\":200,\"file\":\"x\",\"error\":null}",
        " { \"error\" : null , \"status\" : 404 , \"url\" : \"http:\\/\\/h\\/\" } ",
        "{\"a\":-1.5e+7,\"b\":true,\"url\":\"http://h/\",\"status\":200,\"error\":null}",
    };
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
        const bool spaced = done[i][0] == ' ';
        test_case("%s", done[i]);
        CHECK(is_done(&done[i][spaced ? 1 : 0]));
    }
}

TEST(resume_knows_what_is_not_done)
{
    static const char *const lines[] = {
        "",
        "200",
        "200\t5\t1\thttp://h/",
        "0\t0\t1\thttp://h/\tconnect: no connection",
        "200\t5\t1\thttp://h/\tfile: not written: no space",
        "503\t5\t1\thttp://h/\t",
        "429\t5\t1\thttp://h/\t\t4",
        "0\t5\t1\thttp://h/\t",
        "2000\t5\t1\thttp://h/\t",
        "2x0\t5\t1\thttp://h/\t",
        "{}",
        "{",
        "{\"url\":\"http://h/\"}",
        "{\"url\":\"http://h/\",\"status\":200}",
        "{\"url\":\"http://h/\",\"status\":200,\"error\":null",
        "{\"url\":\"http://h/\",\"status\":200,\"error\":null} x",
        "{\"url\":\"http://h/\",\"status\":200,\"error\":\"\"}",
        "{\"url\":\"http://h/\",\"status\":200,\"error\":\"body: ...\"}",
        "{\"url\":\"http://h/\",\"status\":503,\"error\":null}",
        "{\"url\":\"http://h/\",\"status\":0,\"error\":null}",
        "{\"url\":\"http://h/\",\"status\":200,\"error\":null,\"a\":[1]}",
        "{\"url\":\"http://h/\",,\"status\":200,\"error\":null}",
        "{\"url\":\"http://h/\" \"status\":200,\"error\":null}",
        "{\"status\":200,\"error\":null}",
        "{\"url\":null,\"status\":200,\"error\":null}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        test_case("%s", lines[i]);
        CHECK(!is_done(lines[i]));
    }
}

TEST(resume_keeps_many)
{
    enum {
        COUNT = 100000
    };
    resume_set set = { NULL, 0, 0 };
    char       url[64];
    CHECK(!resume_has(&set, "", 0));
    for (int i = 0; i < COUNT; i++) {
        const int size = snprintf(url, sizeof url, "http://h/%d", i);
        if (!CHECK(resume_add(&set, url, (size_t)size))) {
            return;
        }
    }
    CHECK_INT(set.count, COUNT);
    CHECK(set.room <= 4 * COUNT);
    for (int i = 0; i < 2 * COUNT; i++) {
        const int size = snprintf(url, sizeof url, "http://h/%d", i);
        if (!CHECK_INT(resume_has(&set, url, (size_t)size), i < COUNT)) {
            break;
        }
    }
    resume_close(&set);
}

static const char *name_of(const char *url)
{
    static char name[SAVE_NAME_BYTES + 1];
    save_name(url, strlen(url), name);
    return name;
}

TEST(save_names_follow_from_urls)
{
    CHECK_STR(name_of("http://h:80/a/b?c=d&e"), "http,h:80,a,b%3Fc=d%26e");
    CHECK_STR(name_of("http://h"), "http,h");
    CHECK_STR(name_of("http://h/"), "http,h,");
    CHECK_STR(name_of("http://h//"), "http,h,,");
    CHECK_STR(name_of("http://h/../../etc/passwd"), "http,h,..,..,etc,passwd");
    CHECK_STR(name_of("http://h/%2e%2E%2f%00"), "http,h,%252e%252E%252f%2500");
    CHECK_STR(name_of("http://h/,~%"), "http,h,%2C%7E%25");
    CHECK_STR(name_of("http://h/a://b"), "http,h,a:,,b");
    CHECK_STR(name_of("http://h/7.part"), "http,h,7.part");
    CHECK_STR(name_of("7.part"), "7.part"); /* nothing is fetched from there */
    CHECK_STR(name_of("http://[::1]/"), "http,%5B::1%5D,");
    CHECK_STR(name_of("http://h/\xff\x01"), "http,h,%FF%01");
}

TEST(save_names_of_long_urls_end_in_a_hash)
{
    static char url[2][1000];
    char        first[SAVE_NAME_BYTES + 1];
    for (size_t size = 240; size < 260; size++) {
        for (size_t i = 0; i < 2; i++) {
            memset(url[i], 'x', sizeof url[i]);
            memcpy(url[i], "http://h/", 9);
            url[i][size] = '\0';
            memcpy(&url[i][size - 5], i == 0 ? ".part" : "apart", 5);
        }
        test_case("%zu bytes", size);
        CHECK(strlen(name_of(url[0])) <= SAVE_NAME_BYTES);
        memcpy(first, name_of(url[0]), sizeof first);
        CHECK(strcmp(first, name_of(url[1])) != 0);
        CHECK_INT(strchr(first, '~') != NULL, size - 2 > SAVE_NAME_BYTES); /* "://" is a comma */
    }
}
