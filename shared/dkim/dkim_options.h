/* SPDX-License-Identifier: ISC */
/* What the configuration says about DKIM: the section dkim. */
#ifndef GP_DKIM_DKIM_OPTIONS_H
#define GP_DKIM_DKIM_OPTIONS_H

#include "base/option.h"
#include "dkim/dkim.h"

struct gp_dkim_settings {
	enum gp_option_mode mode;
	unsigned reject; /* bits 1 << enum gp_dkim_verdict: refused when no signature passes */
	enum gp_option_on_error on_temperror; /* when no signature passes and one may later */
	const char *reject_code, *temperror_code;
	struct gp_dkim_options check;
};

extern const struct gp_option_section gp_dkim_section; /* places: struct gp_dkim_settings */

#endif
