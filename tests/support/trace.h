/* SPDX-License-Identifier: ISC */
/* Trace: a listener for checks whose lines are to be made, and are of no interest. */
#ifndef TESTS_SUPPORT_TRACE_H
#define TESTS_SUPPORT_TRACE_H

#include "base/trace.h"

extern const struct gp_trace test_trace_ignored;

#endif
