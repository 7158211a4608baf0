/* SPDX-License-Identifier: ISC */
/* A row with fields only. */
#include "engine/check_dns.h"

#include "engine/value.h"

/* trouble: what kept us from asking. */
static struct gp_value trouble(const struct gp_record *r, size_t item)
{
	(void)item;
	return gp_engine_value_text(r->facts->trouble);
}

/* stale: expired answers that were used because no server answered. */
static struct gp_value stale(const struct gp_record *r, size_t item)
{
	(void)item;
	return gp_engine_value_some(r->facts->notes.stale);
}

static const struct gp_field fields[] = {
	{.log = "trouble",
		.type = GP_FIELD_SENTENCE,
		.value = trouble,
		.help = "why DNS could not be queried"},
	{.log = "dns_stale",
		.line = NULL,
		.value = stale,
		.help = "expired answers that were used because no server answered"},
	{.value = NULL},
};

const struct gp_check gp_engine_check_dns = {
	.name = "dns", .runs = 80, .weighs = 70, .fields = fields};
