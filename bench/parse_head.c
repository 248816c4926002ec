/* SPDX-License-Identifier: MIT */
/*
 * parse_head: reads the head of a response so many times, to count what that takes.
 *
 *     valgrind --tool=callgrind build/parse_head 723 1000
 *
 * The heads are one of 723 bytes with 16 fields, as sites send them, and one of 100 bytes. Each
 * time the head is copied in, parsed, validated and indexed. With a third argument, "copy", it is
 * only copied, so that the difference is the parser's; with "framing" it is also decided what
 * content follows. Ends with the number of fields found.
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char large[] =
    "HTTP/1.1 200 OK\r\n"
    "Date: Tue, 13 Mar 2018 09:30:00 GMT\r\n"
    "Server: Apache/2.4.29 (Unix) OpenSSL/1.0.2 PHP/7.20\r\n"
    "Last-Modified: Mon, 12 Mar 2018 23:59:59 GMT\r\n"
    "ETag: \"2d3a-5673b2c9d1f40-gzip\"\r\n"
    "Accept-Ranges: bytes\r\n"
    "Cache-Control: private, max-age=0, must-revalidate, public\r\n"
    "Expires: Tue, 13 Mar 2018 09:30:00 GMT\r\n"
    "Vary: Accept-Encoding, User-Agent\r\n"
    "X-Frame-Options: SAMEORIGIN\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-XSS-Protection: 1; mode=block\r\n"
    "Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; Domain=example.com; "
    "Max-Age=1209600; HttpOnly; SameSite=Lax\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: 11578\r\n"
    "Connection: keep-alive\r\n"
    "\r\n";

static const char small[] = "HTTP/1.1 200 OK\r\n"
                            "Server: nginx/1.22\r\n"
                            "Content-Length: 100\r\n"
                            "Content-Type: text/plain; q=1.0\r\n"
                            "A: 12\r\n"
                            "\r\n";

/* Parses a head. Returns how many fields it has; 0: it is wrong. */
static size_t parse(pario_i_head *head, unsigned char *bytes, size_t size)
{
    pario_i_head_begin(head, PARIO_I_HEAD_STATUS, PARIO_DEFAULT_HEAD_BYTES, PARIO_DEFAULT_FIELDS);
    bool good = pario_i_head_read(head, bytes, size) == PARIO_OK &&
                head->phase == PARIO_I_HEAD_DONE;
    return good ? head->count : 0;
}

/* Decides how the content is framed. Returns 0 if that is not by its length. */
static size_t frame(const pario_i_head *head, const unsigned char *bytes)
{
    pario_i_framing framing;
    bool            good = pario_i_framing_decide(head, bytes, false, &framing) == PARIO_OK;
    return good && framing.kind == PARIO_I_FRAMING_LENGTH ? 1 : 0;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[sizeof large];
    const size_t         size = argc > 2 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
    const char          *text = size == sizeof small - 1 ? small : large;
    pario_i_head         head;
    size_t               fields = 0;
    const char           what = argc > 3 ? argv[3][0] : 'p';
    if (size != sizeof small - 1 && size != sizeof large - 1) {
        fprintf(stderr, "usage: parse_head %zu|%zu TIMES [copy|framing]\n", sizeof large - 1,
                sizeof small - 1);
        return 2;
    }
    memset(&head, 0, sizeof head);
    for (unsigned long left = strtoul(argv[2], NULL, 10); left > 0; left--) {
        memcpy(bytes, text, size);
        size_t found = what == 'c' ? 1 : parse(&head, bytes, size);
        fields += what == 'f' ? found * frame(&head, bytes) : found;
    }
    free(head.fields);
    printf("%zu fields\n", fields);
    return fields > 0 ? 0 : 1;
}
