/* SPDX-License-Identifier: ISC */
/* The table of known lists, lists.conf, of which the build makes one string. */
#include "reputation/dnsbl/dnsbl_options.h"

const char gp_dnsbl_table[] =
#include "reputation/dnsbl/lists.inc"
	;
