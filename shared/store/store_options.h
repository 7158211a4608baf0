/* SPDX-License-Identifier: ISC */
/* What the configuration says about the store of limits: the section store. */
#ifndef GP_STORE_STORE_OPTIONS_H
#define GP_STORE_STORE_OPTIONS_H

#include "base/option.h"
#include "store/store.h"

/* What is done while the store is unavailable. */
enum gp_store_failure {
	GP_STORE_FAILURE_ACCEPT, /* mail passes uncounted */
	GP_STORE_FAILURE_DEFER,  /* mail that a limit applies to is deferred */
	GP_STORE_FAILURE_LOCAL   /* a store on this machine stands in */
};

/* As the file says it; where is opened is settled from this. */
struct gp_store_settings {
	struct gp_store_options options; /* but for its uris */
	struct gp_config_texts uris;
	enum gp_store_failure on_failure;
	const char *local_path; /* directory of the store that stands in */
};

extern const struct gp_option_section gp_store_section; /* places: struct gp_store_settings */

#endif
