/* SPDX-License-Identifier: ISC */
/*
 * Verify: the verdict about a message, for people and for programs.
 */
#ifndef GP_CLI_VERIFY_H
#define GP_CLI_VERIFY_H

#include "base/arena.h"
#include "engine/record.h"

/* What the report says of the question itself. */
struct gp_cli_verify_about {
	bool has_ip;             /* a client was given */
	const char *return_path; /* MAIL FROM as it was taken from that field; NULL: it was not */
	const char *note;        /* one more line at the end; NULL */
};

/* A report of some lines on stdout. */
void gp_cli_verify_report(const struct gp_record *record, const struct gp_cli_verify_about *about);

#endif
