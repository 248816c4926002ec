/* SPDX-License-Identifier: MIT */
/*
 * The threads executor's protocol, for spin: a caller submits jobs, hires workers, takes what is
 * done and closes the pool; jobs wait for a name that a helper thread looks up. Who waits on a
 * condition may wake for nothing, a few times. spin looks for a state in which somebody waits
 * for ever, and for a job that does not come back exactly once.
 */
#define JOBS 3
#define MOST 2 /* workers */

bool lock;    /* of the client */
byte queued;
byte done;
byte idle;    /* workers that wait for work */
byte workers;
byte ended;
bool closing;
bool awaited; /* the caller wants to be told */
bool event;   /* the descriptor that it waits on is readable */
bool sleeps[MOST];

bool names_lock; /* of the resolver */
bool wanted;
bool known;
byte helpers;
bool waits[MOST];

byte spurious = 2;

inline acquire(a)
{
    atomic { !a -> a = true }
}

inline release(a)
{
    a = false
}

/* pthread_cond_wait: gives the lock back and sleeps in one step. */
inline wait(sleeper, a)
{
    atomic { sleeper = true; a = false }
    if
    :: !sleeper
    :: atomic { spurious > 0 -> spurious--; sleeper = false }
    fi;
    acquire(a)
}

/* pthread_cond_signal wakes one of those that sleep: any one. */
inline signal(first, second)
{
    atomic {
        if
        :: first -> first = false
        :: second -> second = false
        :: !first && !second
        fi
    }
}

inline broadcast(first, second)
{
    atomic { first = false; second = false }
}

inline notify()
{
    if
    :: awaited -> awaited = false; event = true
    :: else
    fi
}

proctype helper()
{
    acquire(names_lock);
    do
    :: wanted ->
        wanted = false;
        release(names_lock); /* the lookup, which may take long */
        acquire(names_lock);
        known = true;
#if defined(SIGNAL_WHEN_KNOWN)
        signal(waits[0], waits[1])
#else
        broadcast(waits[0], waits[1])
#endif
    :: else -> helpers--; break
    od;
    release(names_lock)
}

/* A worker that needs the name waits until it is known. */
inline resolve(me)
{
    acquire(names_lock);
    if
    :: !known && !wanted && helpers == 0 -> wanted = true; helpers++; run helper()
    :: else
    fi;
    do
    :: known -> break
    :: else -> wait(waits[me], names_lock)
    od;
    release(names_lock)
}

proctype worker(byte me)
{
    acquire(lock);
    do
    :: closing -> break
    :: !closing && queued == 0 ->
        idle++;
        wait(sleeps[me], lock);
        idle--
    :: !closing && queued > 0 ->
        queued--;
        release(lock);
        resolve(me);
        acquire(lock);
        done++;
        notify()
    od;
    ended++;
    release(lock)
}

inline submit()
{
    acquire(lock);
    queued++;
#if !defined(NO_SIGNAL)
    signal(sleeps[0], sleeps[1]);
#endif
    if
    :: idle >= queued || workers >= MOST
    :: else -> run worker(workers); workers++
    fi;
    release(lock)
}

/* Waits for one job that is done, and takes it. */
inline next()
{
    do
    :: acquire(lock);
        if
        :: done > 0 -> done--; release(lock); break
        :: else
        fi;
#if defined(AWAITED_TOO_LATE)
        release(lock);
        awaited = true;
#else
        awaited = true;
        release(lock);
#endif
        event; /* poll */
        event = false
    od
}

active proctype caller()
{
    byte submitted = 0;
    byte taken = 0;
    do
    :: submitted < JOBS -> submit(); submitted++
    :: taken < submitted -> next(); taken++
    :: taken == JOBS -> break
    :: taken > 0 && submitted < JOBS -> break /* closes early */
    od;
    acquire(lock);
    closing = true;
#if defined(SIGNAL_WHEN_CLOSED)
    signal(sleeps[0], sleeps[1]);
#else
    broadcast(sleeps[0], sleeps[1]);
#endif
    release(lock);
    ended == workers; /* joins them */
    assert(taken + done + queued == submitted)
}
