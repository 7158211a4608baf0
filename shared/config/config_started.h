/* SPDX-License-Identifier: ISC */
/*
 * Started: the values with which a daemon began, of the options that a reload does not change, and
 * which of them are others in a configuration that has come since.
 *
 *     gp_config_started_new(&started);
 *     gp_config_started_note(started, config, GP_CONFIG_STARTED_DAEMON);   (at the start)
 *     gp_config_started_note(started, config, GP_CONFIG_STARTED_STORE);    (when it is opened)
 *     gp_config_started_list(started, another, &text);
 *     gp_config_started_free(started);
 *
 * Threads: note and list may be called by any.
 */
#ifndef GP_CONFIG_CONFIG_STARTED_H
#define GP_CONFIG_CONFIG_STARTED_H

#include "base/strbuf.h"
#include "config/config.h"

struct gp_config_started;

/* What takes effect together. */
enum gp_config_started_part {
	GP_CONFIG_STARTED_DAEMON, /* sockets, users, processes */
	GP_CONFIG_STARTED_STORE,  /* the store, all but store.on_failure */
	GP_CONFIG_STARTED_PARTS
};

/* Returns new: nothing has begun yet. GP_ENOMEM. */
int gp_config_started_new(struct gp_config_started **started_out) GP_MUST_CHECK;
void gp_config_started_free(struct gp_config_started *started); /* accepts NULL */

/* The values of this part; a second time changes nothing. GP_ENOMEM, GP_ETOOBIG. */
int gp_config_started_note(struct gp_config_started *started, const struct gp_config *config,
	enum gp_config_started_part part) GP_MUST_CHECK;

/*
 * Calls visit with the name of each option ("policyd.listen") that has another value in config than
 * the one that was noted, in the order of the example file. Without memory: fewer.
 */
void gp_config_started_list(struct gp_config_started *started, const struct gp_config *config,
	void (*visit)(void *arg, const char *name), void *arg);

#endif
