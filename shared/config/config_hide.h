/* SPDX-License-Identifier: ISC */
/*
 * Hide: keys of DNS lists in the texts of errors and warnings, wherever they were written.
 *
 * A key may stand where no key belongs: in a title, in another option, as a stray word. So what
 * looks like a key is remembered while sections about DNS lists are read, and replaced in all lines
 * at the end; and so is what stands before a zone that is queried with a key.
 *
 *     gp_config_hide_seen(draft, word)        for each word of such a section
 *     gp_config_hide_keys(errors, draft)      after gp_config_errors_end
 */
#ifndef GP_CONFIG_CONFIG_HIDE_H
#define GP_CONFIG_CONFIG_HIDE_H

#include "config/config_load_private.h"

/* A word as it stands in the file; memory is the draft's. What has no memory is not hidden, and
 * the load fails for the same reason. */
void gp_config_hide_seen(struct gp_config_draft *draft, struct gp_span word);

/* Rewrites the text of the errors: each key becomes "(hidden)". Without memory the text becomes a
 * sentence that says so. */
void gp_config_hide_keys(struct gp_config_errors *errors, struct gp_config_draft *draft);

/* The place of the zone behind the labels in which a key stands, in a name below a zone of an
 * operator that sells keys: for "abc.sbl.dq.spamhaus.net" 4; 0: there is no key in it. */
size_t gp_config_hide_operator(const struct gp_dnsbl_settings *table, struct gp_span name);

#endif
