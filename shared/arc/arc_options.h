/* SPDX-License-Identifier: ISC */
/* What the configuration says about ARC: the section arc. */
#ifndef GP_ARC_ARC_OPTIONS_H
#define GP_ARC_ARC_OPTIONS_H

#include "arc/arc.h"
#include "base/option.h"

/* When the chain is judged. */
enum gp_arc_evaluate_when { GP_ARC_ON_FAILURE, GP_ARC_ALWAYS, GP_ARC_NEVER };

struct gp_arc_settings {
	enum gp_option_mode mode; /* enforce lets trusted sealers excuse a DMARC failure */
	enum gp_arc_evaluate_when evaluate;
	struct gp_config_texts trusted_sealers, more_sealers;
	bool subdomains;
	struct gp_arc_options trust; /* settled from the above */
};

extern const struct gp_option_section gp_arc_section; /* places: struct gp_arc_settings */

#endif
