/* SPDX-License-Identifier: MIT */
/* The framing decision, RFC 9112 section 6.3, whatever the fields were: chunked if and only if
 * the one coding is chunked, on HTTP/1.1 and without a Content-Length; by length if and only if
 * there is one good Content-Length, and then of its value; by close if there is neither, and the
 * connection does not persist then; all else is an error.
 *
 * bound: any counts of the fields
 * compile: -DPARIO_SECTIONS=4
 */
#include "proof.h"

void proof(void)
{
    pario_i_framing_fields fields;
    pario_i_framing        framing;
    unsigned               version;
    unsigned               any;
    bool                   persistent = any != 0;
    framing.kind = PARIO_I_FRAMING_NONE;
    framing.persistent = persistent;
    pario_error error = pario_i_framing_judge(&fields, version, &framing);
    bool        coded = fields.codings == 1 && fields.chunked && version >= 11;
    bool        chunked = coded && fields.lengths == 0;
    bool        sized = fields.codings == 0 && fields.lengths == 1;
    bool        bare = fields.codings == 0 && fields.lengths == 0;
    bool        good = chunked || (sized && fields.length_error == PARIO_OK) || bare;
    PROVE((error == PARIO_OK) == good);
    if (error == PARIO_OK) {
        PROVE((framing.kind == PARIO_I_FRAMING_CHUNKED) == chunked);
        PROVE((framing.kind == PARIO_I_FRAMING_LENGTH) == sized);
        PROVE((framing.kind == PARIO_I_FRAMING_CLOSE) == bare);
        PROVE(!sized || framing.left == fields.length);
        PROVE(framing.persistent == (persistent && !bare));
    }
    PROVE(fields.codings == 0 || fields.lengths == 0 || error == PARIO_ERROR_LENGTH_AND_ENCODING);
}
