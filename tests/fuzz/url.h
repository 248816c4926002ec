/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a URL, a line feed, a reference.
 *
 * Oracles: a parser that is written after the grammar (RFC 3986 appendix A) and knows nothing
 * of the other; the steps of sections 5.2.2 to 5.3 carried out on strings as they stand there;
 * what was resolved once stays as it is; no userinfo is ever left; nothing leaks.
 */
#ifndef FUZZ_URL_H
#define FUZZ_URL_H

#include "fuzz.h"

#include <arpa/inet.h>

#define FUZZ_URL_REGNAME FUZZ_ALPHA FUZZ_DIGITS "-._~!$&'()*+,;="
#define FUZZ_URL_USERINFO FUZZ_URL_REGNAME ":"
#define FUZZ_URL_TARGET FUZZ_URL_USERINFO "@/?"

/* ---- the grammar ------------------------------------------------------------------- */

/* Whether a text consists of characters and percent-encoded octets. */
static bool fuzz_url_consists(core_text text, const char *characters)
{
    size_t i = 0;
    while (i < text.size) {
        const char *s = text.bytes + i;
        if (fuzz_among((unsigned char)*s, characters)) {
            i += 1;
        } else if (*s == '%' && text.size - i > 2 && fuzz_among((unsigned char)s[1], FUZZ_HEX) &&
                   fuzz_among((unsigned char)s[2], FUZZ_HEX)) {
            i += 3;
        } else {
            return false;
        }
    }
    return true;
}

/* How many bytes come before the first of some characters. */
static size_t fuzz_url_before(core_text text, const char *characters)
{
    size_t i = 0;
    while (i < text.size && !fuzz_among((unsigned char)text.bytes[i], characters)) {
        i++;
    }
    return i;
}

/* Takes the first bytes off a text. */
static core_text fuzz_url_take(core_text *text, size_t size)
{
    core_text taken = { text->bytes, size };
    text->bytes += size;
    text->size -= size;
    return taken;
}

static bool fuzz_url_is_ipv6(core_text text)
{
    char            name[64];
    struct in6_addr address;
    if (text.size >= sizeof name || memchr(text.bytes, '\0', text.size) != NULL) {
        return false;
    }
    memcpy(name, text.bytes, text.size);
    name[text.size] = '\0';
    return inet_pton(AF_INET6, name, &address) == 1;
}

/* The port of ":..." or of nothing, or 0. */
static unsigned fuzz_url_port(core_text text, bool https)
{
    unsigned long port = https ? 443 : 80;
    if (text.size > 1) {
        port = 0;
        for (size_t i = 1; i < text.size && port < 100000; i++) {
            if (!fuzz_among((unsigned char)text.bytes[i], FUZZ_DIGITS)) {
                return 0;
            }
            port = port * 10 + (unsigned long)(text.bytes[i] - '0');
        }
    }
    return port <= 65535 ? (unsigned)port : 0;
}

typedef struct fuzz_url_parts {
    bool      https;
    core_text user;
    core_text host;
    unsigned  port;
    core_text target;
} fuzz_url_parts;

/* Takes a host off; whether it is one. */
static bool fuzz_url_host(core_text *text, core_text *host)
{
    if (text->size == 0 || text->bytes[0] != '[') {
        *host = fuzz_url_take(text, fuzz_url_before(*text, ":"));
        return memchr(host->bytes, '%', host->size) == NULL &&
               fuzz_url_consists(*host, FUZZ_URL_REGNAME);
    }
    (void)fuzz_url_take(text, 1);
    *host = fuzz_url_take(text, fuzz_url_before(*text, "]"));
    bool closed = text->size > 0;
    (void)fuzz_url_take(text, closed ? 1 : 0);
    return closed && fuzz_url_is_ipv6(*host);
}

/* Userinfo, host and port. */
static bool fuzz_url_authority(core_text text, fuzz_url_parts *parts)
{
    size_t at = fuzz_url_before(text, "@");
    if (at < text.size) {
        parts->user = fuzz_url_take(&text, at);
        (void)fuzz_url_take(&text, 1);
    }
    bool good = fuzz_url_consists(parts->user, FUZZ_URL_USERINFO) &&
                fuzz_url_host(&text, &parts->host);
    parts->port = fuzz_url_port(text, parts->https);
    return good && parts->port > 0 && parts->host.size > 0 &&
           parts->host.size <= PARIO_MAX_HOST_BYTES && (text.size == 0 || text.bytes[0] == ':');
}

/* Whether a text is a URL of ours. */
static bool fuzz_url_is_url(core_text text, fuzz_url_parts *parts)
{
    memset(parts, 0, sizeof *parts);
    size_t scheme = text.size >= 8 && strncasecmp(text.bytes, "https://", 8) == 0 ? 8 : 7;
    if (text.size > PARIO_MAX_URL_BYTES || text.size < 7 ||
        (scheme == 7 && strncasecmp(text.bytes, "http://", 7) != 0)) {
        return false;
    }
    parts->https = scheme == 8;
    (void)fuzz_url_take(&text, scheme);
    if (!fuzz_url_authority(fuzz_url_take(&text, fuzz_url_before(text, "/?#")), parts)) {
        return false;
    }
    parts->target = fuzz_url_take(&text, fuzz_url_before(text, "#"));
    (void)fuzz_url_take(&text, text.size > 0 ? 1 : 0);
    return fuzz_url_consists(parts->target, FUZZ_URL_TARGET) &&
           fuzz_url_consists(text, FUZZ_URL_TARGET);
}

/* Parses with both; whether it is a URL. */
static bool fuzz_url_parse(core_text text, pario_i_url *url)
{
    fuzz_url_parts       parts;
    const unsigned char *s = (const unsigned char *)text.bytes;
    bool                 good = pario_i_url_parse(s, text.size, url) == PARIO_OK;
    FUZZ_CHECK(good == fuzz_url_is_url(text, &parts));
    if (good) {
        FUZZ_CHECK(url->https == parts.https && url->port == parts.port);
        FUZZ_CHECK(fuzz_same(s + pario_i_url_user_beg(url),
                             pario_i_url_user_end(url) - pario_i_url_user_beg(url),
                             parts.user.bytes, parts.user.size));
        FUZZ_CHECK(fuzz_same(s + url->host_beg, (size_t)url->host_end - url->host_beg,
                             parts.host.bytes, parts.host.size));
        FUZZ_CHECK(fuzz_same(s + url->target_beg, (size_t)url->target_end - url->target_beg,
                             parts.target.bytes, parts.target.size));
        FUZZ_CHECK(pario_i_url_same_origin(s, url, s, url));
    }
    return good;
}

/* ---- RFC 3986 section 5.2 ---------------------------------------------------------- */

/* A reference's components; where bytes is NULL it has none such. */
typedef struct fuzz_url_components {
    core_text scheme;
    core_text authority;
    core_text path;
    core_text query;
    core_text fragment;
} fuzz_url_components;

static bool fuzz_url_is_scheme(core_text text)
{
    return text.size > 0 && fuzz_among((unsigned char)text.bytes[0], FUZZ_ALPHA) &&
           fuzz_url_consists(text, FUZZ_ALPHA FUZZ_DIGITS "+-.") &&
           memchr(text.bytes, '%', text.size) == NULL;
}

/* The regular expression of appendix B, but that a scheme is one. */
static fuzz_url_components fuzz_url_split(core_text text)
{
    fuzz_url_components c;
    memset(&c, 0, sizeof c);
    core_text scheme = { text.bytes, fuzz_url_before(text, ":/?#") };
    if (scheme.size < text.size && text.bytes[scheme.size] == ':' && fuzz_url_is_scheme(scheme)) {
        c.scheme = scheme;
        (void)fuzz_url_take(&text, scheme.size + 1);
    }
    if (text.size >= 2 && memcmp(text.bytes, "//", 2) == 0) {
        (void)fuzz_url_take(&text, 2);
        c.authority = fuzz_url_take(&text, fuzz_url_before(text, "/?#"));
    }
    c.path = fuzz_url_take(&text, fuzz_url_before(text, "?#"));
    if (text.size > 0 && text.bytes[0] == '?') {
        c.query = fuzz_url_take(&text, fuzz_url_before(text, "#"));
    }
    if (text.size > 0) {
        c.fragment = text;
    }
    return c;
}

/* Appends a component; what may not stand in a URL is percent-encoded. */
static void fuzz_url_add_repaired(fuzz_text *out, core_text text)
{
    while (text.size > 0) {
        core_text one = { text.bytes, text.bytes[0] == '%' && text.size > 2 ? 3 : 1 };
        if (fuzz_url_consists(one, FUZZ_URL_TARGET)) {
            fuzz_add(out, one.bytes, one.size);
        } else {
            char octet[4];
            one.size = 1;
            snprintf(octet, sizeof octet, "%%%02X", (unsigned)(unsigned char)text.bytes[0]);
            fuzz_add(out, octet, 3);
        }
        (void)fuzz_url_take(&text, one.size);
    }
}

/* Whether a text begins so; with nothing behind it, where `whole` is set. */
static bool fuzz_url_begins(core_text text, const char *with, bool whole)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.bytes, with, size) == 0 &&
           (!whole || text.size == size);
}

/* The last segment and its slash go. */
static void fuzz_url_up(fuzz_text *out, size_t root)
{
    while (out->size > root && out->bytes[out->size - 1] != '/') {
        out->size--;
    }
    out->size -= out->size > root ? 1u : 0u;
}

/* The first segment, with its slash, moves from in to out. */
static void fuzz_url_move(core_text *in, fuzz_text *out)
{
    core_text rest = *in;
    size_t    first = in->bytes[0] == '/' ? 1 : 0;
    (void)fuzz_url_take(&rest, first);
    core_text segment = fuzz_url_take(in, first + fuzz_url_before(rest, "/"));
    fuzz_add(out, segment.bytes, segment.size);
}

/* Section 5.2.4, from A to E as it stands there; D cannot be, as all our paths begin with "/". */
static void fuzz_url_remove_dots(core_text in, fuzz_text *out)
{
    const core_text slash = { "/", 1 };
    size_t          root = out->size;
    while (in.size > 0) {
        if (fuzz_url_begins(in, "../", false)) {
            (void)fuzz_url_take(&in, 3);
        } else if (fuzz_url_begins(in, "./", false) || fuzz_url_begins(in, "/./", false)) {
            (void)fuzz_url_take(&in, 2);
        } else if (fuzz_url_begins(in, "/.", true)) {
            in = slash;
        } else if (fuzz_url_begins(in, "/../", false)) {
            (void)fuzz_url_take(&in, 3);
            fuzz_url_up(out, root);
        } else if (fuzz_url_begins(in, "/..", true)) {
            in = slash;
            fuzz_url_up(out, root);
        } else {
            fuzz_url_move(&in, out);
        }
    }
}

/* Section 5.2.3. */
static void fuzz_url_merge(core_text base, core_text path, fuzz_text *merged)
{
    size_t keep = base.size;
    while (keep > 0 && base.bytes[keep - 1] != '/') {
        keep--;
    }
    fuzz_add(merged, base.bytes, keep);
    if (base.size == 0) {
        fuzz_add_string(merged, "/");
    }
    fuzz_url_add_repaired(merged, path);
}

/* Path and query of the target, section 5.2.2. An empty path becomes "/" (section 6.2.3). */
static void fuzz_url_target(const fuzz_url_components *base, const fuzz_url_components *r,
                            fuzz_text *out)
{
    fuzz_text path = { NULL, 0, 0 };
    core_text query = r->query;
    bool      own = r->scheme.bytes != NULL || r->authority.bytes != NULL;
    if (!own && r->path.size == 0) {
        fuzz_add(out, base->path.bytes, base->path.size);
        query = query.bytes != NULL ? query : base->query;
    } else {
        if (own && r->path.size == 0) {
            fuzz_add_string(&path, "/");
        } else if (own || r->path.bytes[0] == '/') {
            fuzz_add(&path, "", 0);
            fuzz_url_add_repaired(&path, r->path);
        } else {
            fuzz_url_merge(base->path, r->path, &path);
        }
        core_text whole = { path.bytes, path.size };
        fuzz_url_remove_dots(whole, out);
    }
    fuzz_clear(&path);
    fuzz_url_add_repaired(out, query);
}

/* What a reference means, where it does not bring a scheme without an authority. */
static void fuzz_url_transform(core_text base, core_text reference, fuzz_text *out)
{
    fuzz_url_components b = fuzz_url_split(base);
    fuzz_url_components r = fuzz_url_split(reference);
    core_text           scheme = r.scheme.bytes != NULL ? r.scheme : b.scheme;
    core_text           authority = r.authority.bytes != NULL ? r.authority : b.authority;
    core_text           fragment = r.fragment.bytes != NULL ? r.fragment : b.fragment;
    fuzz_add(out, scheme.bytes, scheme.size);
    fuzz_add_string(out, "://");
    size_t at = fuzz_url_before(authority, "@");
    if (at < authority.size) {
        (void)fuzz_url_take(&authority, at + 1);
    }
    fuzz_add(out, authority.bytes, authority.size);
    fuzz_url_target(&b, &r, out);
    if (fragment.bytes != NULL) {
        fuzz_add_string(out, "#");
        (void)fuzz_url_take(&fragment, 1);
        fuzz_url_add_repaired(out, fragment);
    }
}

/* ---- the target -------------------------------------------------------------------- */

static void fuzz_url_resolve(core_text base, const pario_i_url *url, core_text reference)
{
    pario_i_buffer out;
    pario_i_buffer again;
    pario_i_url    parts;
    fuzz_text      expected = { NULL, 0, 0 };
    memset(&out, 0, sizeof out);
    memset(&again, 0, sizeof again);
    FUZZ_CHECK(pario_i_url_resolve((const unsigned char *)base.bytes, url,
                                   (const unsigned char *)reference.bytes, reference.size, &out));
    fuzz_url_components r = fuzz_url_split(reference);
    core_text           result = { (const char *)out.data, out.size };
    bool                good = fuzz_url_parse(result, &parts);
    if (r.scheme.bytes != NULL && r.authority.bytes == NULL) {
        FUZZ_CHECK(!good);
    } else {
        fuzz_url_transform(base, reference, &expected);
        FUZZ_CHECK(fuzz_same(out.data, out.size, expected.bytes, expected.size));
    }
    bool rooted = good && parts.target_beg < parts.target_end && out.data[parts.target_beg] == '/';
    /* Two "@" are malformed: what is left of them is refused by who follows a redirect. */
    size_t ats = 0;
    for (size_t i = 0; i < r.authority.size; i++) {
        ats += r.authority.bytes[i] == '@' ? 1u : 0u;
    }
    if (rooted && ats < 2) {
        FUZZ_CHECK(pario_i_url_resolve(out.data, &parts, out.data, out.size, &again));
        bool same = fuzz_same(out.data, out.size, again.data, again.size);
        FUZZ_CHECK(same || r.path.size == 0); /* the base's own dots stay where its path does */
    }
    fuzz_clear(&expected);
    core_free(out.data);
    core_free(again.data);
}

static void fuzz_url(const uint8_t *data, size_t size)
{
    fuzz_input     in = { data, size, 0 };
    core_text      base = fuzz_until(&in, '\n');
    core_text      reference = { (const char *)data + in.at, fuzz_left(&in) };
    unsigned char *base_copy = fuzz_copy(base.bytes, base.size);
    unsigned char *reference_copy = fuzz_copy(reference.bytes, reference.size);
    pario_i_url    url;
    base.bytes = (const char *)base_copy;
    reference.bytes = (const char *)reference_copy;
    /* A Location is a field's value: control bytes never come that far. */
    if (fuzz_url_parse(base, &url) && fuzz_is_text(reference.bytes, reference.size)) {
        fuzz_url_resolve(base, &url, reference);
    }
    (void)fuzz_url_parse(reference, &url);
    free(base_copy);
    free(reference_copy);
    FUZZ_CHECK(core_held() == 0);
}

#endif /* FUZZ_URL_H */
