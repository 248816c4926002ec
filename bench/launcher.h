/* SPDX-License-Identifier: MIT */
/*
 * launcher.h: the small process between the experiment and a client.
 *
 * A process that is forked from a large one and execs keeps the large one's peak in ru_maxrss.
 * The experiment therefore runs itself again as a launcher, which has never been large, and the
 * launcher starts the client. It also asks the kernel to stop the client at its very end, with
 * all memory still in place, and reads the peak there: no peak is missed between two samples.
 */
#ifndef BENCH_LAUNCHER_H
#define BENCH_LAUNCHER_H

/* The first argument that turns the experiment into a launcher. */
#define LAUNCHER_WORD "--launch"

/*
 * experiment --launch FD PROGRAM [ARGUMENT...]
 *
 * Writes lines to descriptor FD: `pid N` once the client runs, `error WHAT` if it cannot,
 * and at its end
 *   end EXIT SIGNAL WALL_NS USER_US SYSTEM_US MINOR MAJOR MAXRSS TRACED HWM RSS PRIVATE OWN
 * in kB from MAXRSS on. TRACED is 1 if the client was stopped at its end: then HWM, RSS and
 * PRIVATE are its VmHWM, its exact RSS and its private bytes there. OWN is the launcher's own
 * peak, which is what MAXRSS can be too large by. Returns the exit status.
 */
int launcher_main(int argc, char **argv);

#endif
