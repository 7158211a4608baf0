/* SPDX-License-Identifier: ISC */
/*
 * Mta_view: does a mail server hand over another header than the file has? gatepost verify judges
 * what is in the file, as it went over the wire; a module in the mail server sees what that keeps.
 */
#ifndef GP_CLI_MTA_VIEW_H
#define GP_CLI_MTA_VIEW_H

#include "base/arena.h"
#include "mail/message.h"

/* In one line for people, without a line end: the difference that matters most; NULL: none is
 * known. The text lives in the arena. */
const char *gp_cli_mta_view(struct gp_arena *arena, const struct gp_message *message);

#endif
