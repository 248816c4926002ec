/* SPDX-License-Identifier: MIT */
/* The header with fibers left out: they are refused by name, all else works. */
#if !defined(PARIO_NO_FIBERS)
#define PARIO_NO_FIBERS
#endif
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include "e2e.h"

TEST(fibers_that_are_not_compiled_in_are_refused)
{
    pario_config  config = { .executor = PARIO_FIBERS };
    pario_client *client = NULL;
    CHECK_ERROR(pario_open(&config, &client), PARIO_ERROR_NO_FIBERS);
    CHECK(client == NULL);
    pario_close(client);
}

E2E_WAYS(the_other_executors_work_without_fibers)
{
    static const server_step script[] = { S_READ,
                                          S_SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                          S_AGAIN };
    server                  *peer = e2e_serve_script(run, script);
    if (e2e_open(run)) {
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
        e2e_get(run, e2e_url(peer, "/"), PARIO_OK);
    }
}
