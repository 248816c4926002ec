/* SPDX-License-Identifier: MIT */
/*
 * interrupt.h: SIGINT and SIGTERM end a program soon but in order: what is done is written, and
 * the screen is left clean. The second one ends it at once. Include it after pario.h.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A signal handler is given nothing but a number, so this is the one global of the program. */
static struct {
    volatile sig_atomic_t number; /* of the signal that came, or 0 */
    int                   fd;     /* readable once it has come */
    pario_client         *client; /* whose pario_next is to return then */
} interrupt;

static inline void interrupt_handle(int number)
{
    const int     saved = errno;
    const ssize_t wrote = write(interrupt.fd, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void)wrote; /* it cannot fail, and there would be nothing to be done */
    interrupt.number = number;
    pario_wake(interrupt.client);
    errno = saved;
}

/* Takes over a signal, unless it is to be ignored, as it is behind nohup. */
static inline void interrupt_take_over(int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        return;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt_handle;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(number, &action, NULL);
}

/* From now on signals only say that it is time to end. Without a descriptor all stays as it was. */
static inline void interrupt_open(pario_client *client)
{
    interrupt.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    interrupt.client = client;
    if (interrupt.fd >= 0) {
        interrupt_take_over(SIGINT);
        interrupt_take_over(SIGTERM);
    }
}

/* To be called before the client is closed. */
static inline void interrupt_forget_client(void)
{
    interrupt.client = NULL;
}

/* If a signal has come, ends the program as the signal would have. */
static inline void interrupt_end(void)
{
    if (interrupt.number != 0) {
        (void)raise(interrupt.number);
    }
}

#endif /* INTERRUPT_H */
