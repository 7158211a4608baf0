/* SPDX-License-Identifier: ISC */
/*
 * Dmarc_tags: a DMARC record tag by tag, as it is used: the value, whether it stands in the record
 * or is the default, and what it means in plain words.
 */
#ifndef GP_CLI_DMARC_TAGS_H
#define GP_CLI_DMARC_TAGS_H

#include "base/arena.h"
#include "dmarc/dmarc.h"

#define GP_CLI_DMARC_TAGS 11

/* All texts are printable; those of the record are in the arena. */
struct gp_cli_dmarc_tag {
	const char *name;
	const char *value;    /* as it is used; "" for an address that is not there */
	bool is_given;        /* it stands in the record, and is used */
	const char *rejected; /* what stands in the record and is not valid; NULL */
	const char *about;
};

/*
 * Fills the tags in the order of RFC 9989 4.7, pct last. text: the record, which
 * gp_dmarc_record_parse has read. *unknown_out: names of other tags,
 * "" for none. GP_ETOOBIG, GP_ENOMEM.
 */
int gp_cli_dmarc_tags(struct gp_arena *arena, struct gp_span text,
	const struct gp_dmarc_record *record, struct gp_cli_dmarc_tag tags_out[GP_CLI_DMARC_TAGS],
	const char **unknown_out) GP_MUST_CHECK;

#endif
