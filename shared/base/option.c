/* SPDX-License-Identifier: ISC */
/* Choices that several sections have. */
#include "base/option.h"

const struct gp_option_choice gp_option_modes[] = {
	{"off", GP_MODE_OFF}, {"label", GP_MODE_LABEL}, {"enforce", GP_MODE_ENFORCE}, {NULL, 0}};
const struct gp_option_choice gp_option_accept_defer[] = {
	{"accept", GP_ON_ERROR_ACCEPT}, {"defer", GP_ON_ERROR_DEFER}, {NULL, 0}};
const struct gp_option_choice gp_option_accept_defer_reject[] = {{"accept", GP_ON_ERROR_ACCEPT},
	{"defer", GP_ON_ERROR_DEFER}, {"reject", GP_ON_ERROR_REJECT}, {NULL, 0}};
const struct gp_option_choice gp_option_bools[] = {
	{"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {NULL, 0}};
