/* SPDX-License-Identifier: ISC */
/*
 * Place: where a command gets its answers: from the running daemon, or from the store itself.
 *
 *     struct gp_cli_control control = {.stop_fd = -1};
 *     code = gp_cli_place_find(&control, call);        (-1, or an exit code)
 *     ... gp_cli_control_ask(&control, ...) ...
 *     gp_cli_place_leave(&control);
 *
 * The daemon is asked, unless nobody listens on its control socket and its store is Exim's: there
 * is Exim on this host and no daemon, or the directory of the store belongs to Exim's user. A
 * daemon that should be there and does not answer is an error. With --direct the store is used,
 * whether a daemon listens or not. Where the store is used, a line on stderr says so.
 */
#ifndef GP_CLI_PLACE_H
#define GP_CLI_PLACE_H

#include "cli/control.h"

/* --direct; --config and --socket are those of control.h. */
extern const struct gp_cli_option gp_cli_direct_option[];

/*
 * By these options of the call; -1 to go on, else an exit code, and what is wrong was said on
 * stderr. As root the process becomes the user of a store that it uses, for good.
 */
int gp_cli_place_find(struct gp_cli_control *control, const struct gp_cli_call *call) GP_MUST_CHECK;

/* Closes what was opened. */
void gp_cli_place_leave(struct gp_cli_control *control);

#endif
