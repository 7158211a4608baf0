/* SPDX-License-Identifier: ISC */
/* What postconf prints: three texts with a NUL between them, and the lists that come of them. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "cli/doctor/doctor_postconf.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "all";

static int reached;

/* look: lists and values of one service, or of main.cf. */
static void look(const struct gp_postconf *pc, const struct gp_postconf_service *service)
{
	struct gp_doctor_postconf_list list;
	int64_t ms;
	if (gp_doctor_postconf_list(pc, service, "smtpd_recipient_restrictions", &list))
		return;
	if (list.word_count > GP_POSTCONF_WORDS_MAX || list.policy_count > GP_POSTCONF_POLICIES_MAX)
		__builtin_trap();
	for (size_t i = 0; i < list.policy_count; i++) {
		if (!list.policies[i].is_conditional && list.policies[i].at > list.word_count)
			__builtin_trap();
		reached = reached || (service && list.policies[i].timeout.len);
	}
	struct gp_span value =
		gp_doctor_postconf_value(pc, service, "smtpd_policy_service_timeout");
	if (value.len > GP_POSTCONF_VALUE_MAX || (gp_doctor_postconf_time_ms(value, &ms) && ms < 0))
		__builtin_trap();
}

/* LLVMFuzzerTestOneInput: bounds hold whatever the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span rest = {(const char *)data, size}, params, services, overrides;
	struct gp_arena *arena = gp_arena_new(64 * 1024 * 1024);
	struct gp_postconf pc;
	reached = 0;
	gp_span_cut(rest, '\0', &params, &rest);
	gp_span_cut(rest, '\0', &services, &overrides);
	if (arena && gp_doctor_postconf_parse(arena, params, services, overrides, &pc) == GP_OK) {
		look(&pc, NULL);
		for (size_t i = 0; i < pc.service_count && i < 4; i++)
			look(&pc, &pc.services[i]);
	}
	gp_arena_free(arena);
	return 0;
}

/* fuzz_reached: the last input had a service with a policy service that has a timeout. */
int fuzz_reached(void)
{
	return reached;
}
