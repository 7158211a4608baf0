/* SPDX-License-Identifier: ISC */
/* A list of public suffixes of a test's own, in the form of publicsuffix.org. */
#ifndef TESTS_SUPPORT_SUFFIXES_H
#define TESTS_SUPPORT_SUFFIXES_H

#include "mail/suffix.h"

/* Returns new; what goes wrong ends the program. */
struct gp_suffix_list *test_suffixes(const char *text);

#endif
