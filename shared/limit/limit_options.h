/* SPDX-License-Identifier: ISC */
/* What the configuration says about limits: the sections limits, limit and override. */
#ifndef GP_LIMIT_LIMIT_OPTIONS_H
#define GP_LIMIT_LIMIT_OPTIONS_H

#include "base/option.h"
#include "limit/limit.h"

/* The subject of an override, as in the file; not set: NULL. */
struct gp_limit_written {
	const char *user, *domain, *sender, *sender_domain;
	struct gp_option_network client;
};

extern const struct gp_option_section gp_limit_set_section; /* places: struct gp_limit_set */
extern const struct gp_option_section gp_limit_section;     /* places: struct gp_limit */
extern const struct gp_option_section
	gp_limit_override_section; /* places: struct gp_limit_written */

#endif
