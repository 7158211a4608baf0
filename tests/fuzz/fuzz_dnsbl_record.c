/* SPDX-License-Identifier: ISC */
/*
 * Health of a DNS list as a store keeps it: what is taken for a record leaves a table that works
 * and is written again alike; anything else changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "support/dnsblist.h"

const char *const fuzz_reached_seed = "suspended";

static bool reached;

/* fuzz_reached: was the last input a record? */
int fuzz_reached(void)
{
	return reached;
}

/* use: as sessions and the tester do after it was loaded. */
static void use(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list, int64_t now_s)
{
	const struct gp_ipaddr client = {GP_IP_V4, {192, 0, 2, 1}};
	const struct gp_dnsbl_code codes[] = {{{127, 0, 0, 2}}, {{127, 0, 0, 99}}};
	const struct gp_dnsbl_noted noted = {.list = list,
		.questions = 2,
		.timeouts = 1,
		.codes = codes,
		.code_count = 2,
		.weight = 3};
	const struct gp_dnsbl_outcome bad = {.list = list, .reason = GP_DNSBL_TEST_MISSING};
	struct gp_dnsbl_events events = {0};
	struct gp_dnsbl_health_view view;
	enum gp_dnsbl_reason reason;
	bool is_usable;
	gp_dnsbl_health_usable(health, list, 1, now_s, &is_usable, &events);
	gp_dnsbl_health_note(health, &noted, 1, &client, now_s, &events);
	(void)gp_dnsbl_health_claim(health, list, now_s, &reason);
	gp_dnsbl_health_tested(health, &bad, now_s, &events);
	gp_dnsbl_health_view(health, list, now_s, &view);
	fuzz_require(view.is_known && (unsigned)view.status < GP_DNSBL_STATUSES);
	fuzz_require((unsigned)view.reason < GP_DNSBL_REASONS);
	fuzz_require(memchr(view.detail, 0, sizeof view.detail) != NULL);
	fuzz_require(view.next_test_s - now_s <= 2 * 3600);
	fuzz_require(events.count <= GP_DNSBL_EVENTS_MAX);
}

/* LLVMFuzzerTestOneInput: loaded into a new table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_s = TEST_DNSBLIST_NOW_S + 100000;
	const struct gp_dnsbl_list list = test_dnsblist_of_addresses("one", "bl.example.org");
	struct gp_dnsbl_health *health = test_dnsblist_health(&list, 1);
	const struct gp_span bytes = {(const char *)data, size};
	unsigned char record[GP_DNSBL_RECORD_MAX], again[GP_DNSBL_RECORD_MAX];
	reached = gp_dnsbl_health_load(health, &list, bytes, now_s);
	size_t length = gp_dnsbl_health_save(health, &list, record);
	const struct gp_span saved = {(const char *)record, length};
	fuzz_require(length > 0 && length <= GP_DNSBL_RECORD_MAX);
	fuzz_require(gp_dnsbl_health_load(health, &list, saved, now_s));
	fuzz_require(gp_dnsbl_health_save(health, &list, again) == length);
	fuzz_require(memcmp(record, again, length) == 0);
	fuzz_require(!gp_dnsbl_health_merge(health, &list, saved, now_s)); /* no news */
	(void)gp_dnsbl_health_merge(health, &list, bytes, now_s);
	use(health, &list, now_s);
	test_dnsblist_health_free(health);
	return 0;
}
