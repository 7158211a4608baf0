/* SPDX-License-Identifier: ISC */
/*
 * Limits as a check: counts what the others let in, in the store of facts.counting, and refuses
 * what is over a limit; the reply says which limit, how much of it is used, and when there is room
 * again. Each limit has a mode of its own.
 */
#ifndef GP_ENGINE_CHECK_LIMIT_H
#define GP_ENGINE_CHECK_LIMIT_H

#include "engine/check.h"

/* What limits said about a message, in one word: the verdicts of its result. */
enum gp_limit_said {
	GP_LIMIT_SAID_FINE,
	GP_LIMIT_SAID_LABELLED,
	GP_LIMIT_SAID_HELD,
	GP_LIMIT_SAID_REFUSED,
	GP_LIMIT_SAID_AWAY /* the store could not count, and store.on_failure says defer */
};
#define GP_LIMIT_SAIDS 5

extern const struct gp_check gp_engine_check_limit;
extern const struct gp_check gp_engine_check_store; /* the rule for a store that is unavailable */

/* Whose mail the limits take it for: what gp_limit_resolve wants to know. */
struct gp_limit_who gp_engine_who(
	const struct gp_config *config, const struct gp_envelope *envelope);

/* What the limits said. */
enum gp_limit_said gp_engine_limit_said(const struct gp_facts *facts);
const char *gp_engine_limit_said_name(unsigned said);

#endif
