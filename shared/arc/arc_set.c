/* SPDX-License-Identifier: ISC */
/*
 * The fields are counted and weighed before any is read: a chain of N sets has 3N of them, so their
 * number says which instances there must be, and each that is read has one place to go to.
 */
#include <string.h>

#include "arc/arc_private.h"
#include "mail/authres.h"

#define FIELDS_MAX (GP_ARC_PARTS * GP_ARC_INSTANCES_MAX)

static const char *const names[GP_ARC_PARTS] = {
	"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};

static const char why_count[] = "a set is incomplete or has a field twice";
static const char why_many[] = "more than 50 sets";
static const char why_large[] = "the ARC fields are too large";
static const char why_instance[] = "a field has no valid instance number";
static const char why_broken[] = "the newest seal says that the chain was already broken";
static const char why_first_cv[] = "the first seal does not say cv=none";
static const char why_later_cv[] = "a later seal does not say cv=pass";

/* find_part: which ARC field this is; GP_ARC_PARTS: none. */
static unsigned find_part(const struct gp_message_field *field)
{
	unsigned part = 0;
	while (part < GP_ARC_PARTS && !gp_span_is(field->name, names[part]))
		part++;
	return part;
}

/* check_amount: how many sets there must be; else why there cannot be a chain. */
static const char *check_amount(const struct gp_message *message, unsigned *count_out)
{
	size_t counts[GP_ARC_PARTS + 1] = {0}, bytes = 0;
	for (size_t i = 0; i < message->count; i++) {
		unsigned part = find_part(&message->fields[i]);
		counts[part]++;
		bytes += part < GP_ARC_PARTS ? message->fields[i].raw.len : 0;
	}
	size_t all = counts[GP_ARC_RESULTS] + counts[GP_ARC_SIGNATURE] + counts[GP_ARC_SEAL];
	*count_out = 0;
	if (all > FIELDS_MAX) /* 4.2.1 */
		return why_many;
	if (bytes > GP_ARC_BYTES_MAX)
		return why_large;
	*count_out = (unsigned)((all + GP_ARC_PARTS - 1) / GP_ARC_PARTS);
	if (counts[GP_ARC_RESULTS] != counts[GP_ARC_SEAL] ||
		counts[GP_ARC_SIGNATURE] != counts[GP_ARC_SEAL]) /* 5.2 step 3.1 */
		return why_count;
	return NULL;
}

/* read_field: into instance, whose place is not known yet; its i= in *number_out, 0: none. */
static int read_field(struct gp_ctx *ctx, const struct gp_message_field *field, unsigned part,
	struct gp_arc_instance *instance, unsigned *number_out)
{
	int rc = GP_OK;
	*number_out = 0;
	if (part == GP_ARC_RESULTS) {
		if (!gp_authres_instance(field->value, number_out, &instance->results))
			*number_out = 0;
	} else if (part == GP_ARC_SIGNATURE) {
		rc = gp_dkim_sig_parse(
			ctx, GP_DKIM_ARC_MESSAGE_SIGNATURE, field, &instance->signature);
		*number_out = instance->signature.instance;
	} else {
		rc = gp_dkim_sig_parse(ctx, GP_DKIM_ARC_SEAL, field, &instance->seal);
		*number_out = instance->seal.instance;
	}
	return rc;
}

/* place_field: reads one and puts it where its instance says; *problem says why that cannot be. */
static int place_field(struct gp_ctx *ctx, const struct gp_message_field *field, unsigned part,
	struct gp_arc_sets *sets, const char **problem)
{
	struct gp_arc_instance read;
	unsigned number;
	int rc = read_field(ctx, field, part, &read, &number);
	if (rc)
		return rc;
	if (number < 1 || number > GP_ARC_INSTANCES_MAX) { /* 4.2.1 */
		*problem = why_instance;
		return GP_OK;
	}
	/* 5.2 step 3.2: another number than the count allows leaves a gap elsewhere */
	if (number > sets->count || sets->items[number - 1].fields[part]) {
		*problem = why_count;
		return GP_OK;
	}
	struct gp_arc_instance *place = &sets->items[number - 1];
	place->fields[part] = field;
	if (part == GP_ARC_RESULTS)
		place->results = read.results;
	else if (part == GP_ARC_SIGNATURE)
		place->signature = read.signature;
	else
		place->seal = read.seal;
	return GP_OK;
}

/* check_cv: 5.2 steps 2 and 3.3; NULL: as they must be. */
static const char *check_cv(const struct gp_arc_sets *sets)
{
	if (gp_span_is(sets->items[sets->count - 1].seal.cv, "fail"))
		return why_broken;
	if (!gp_span_is(sets->items[0].seal.cv, "none"))
		return why_first_cv;
	for (unsigned i = 1; i < sets->count; i++)
		if (!gp_span_is(sets->items[i].seal.cv, "pass"))
			return why_later_cv;
	return NULL;
}

/* check_fields: what the seals and the newest signature say of themselves, newest first. */
static int check_fields(struct gp_arena *arena, struct gp_arc_sets *sets)
{
	const struct gp_dkim_sig *newest = &sets->items[sets->count - 1].signature;
	const char *what = "message signature", *problem = newest->problem;
	unsigned number = sets->count;
	for (unsigned i = sets->count; i > 0 && !problem; i--) {
		what = "seal";
		number = i;
		problem = sets->items[i - 1].seal.problem;
	}
	if (!problem)
		return GP_OK;
	sets->problem = gp_arena_printf(arena, "%s %u: %s", what, number, problem);
	return sets->problem ? GP_OK : gp_arena_status(arena);
}

/* collect: all fields in their places, or a problem. */
static int collect(struct gp_ctx *ctx, const struct gp_message *message, struct gp_arc_sets *sets)
{
	sets->items = gp_arena_array(ctx->arena, sets->count, sizeof *sets->items);
	if (!sets->items)
		return gp_arena_status(ctx->arena);
	for (size_t i = 0; i < message->count && !sets->problem; i++) {
		unsigned part = find_part(&message->fields[i]);
		if (part == GP_ARC_PARTS)
			continue;
		int rc = place_field(ctx, &message->fields[i], part, sets, &sets->problem);
		if (rc)
			return rc;
	}
	/* 3N fields, none twice, none beyond N: every set is complete, and there is no gap */
	if (!sets->problem)
		sets->problem = check_cv(sets);
	return sets->problem ? GP_OK : check_fields(ctx->arena, sets);
}

/* say_cut: further sets, and what the signatures sign, may be after the end of a header that was
 * cut; so there is no chain that could be verified. */
static int say_cut(
	struct gp_arena *arena, const struct gp_message *message, struct gp_arc_sets *sets)
{
	if (!message->is_cut || (sets->count == 0 && !sets->problem))
		return GP_OK;
	sets->problem = gp_arena_printf(arena, "not verifiable: %s", message->defect);
	return sets->problem ? GP_OK : gp_arena_status(arena);
}

/* gp_arc_sets_collect: amount, places, rules. */
int gp_arc_sets_collect(
	struct gp_ctx *ctx, const struct gp_message *message, struct gp_arc_sets *sets_out)
{
	*sets_out = (struct gp_arc_sets) {.count = 0};
	sets_out->problem = check_amount(message, &sets_out->count);
	int rc = say_cut(ctx->arena, message, sets_out);
	if (!rc && sets_out->count > 0 && !sets_out->problem)
		rc = collect(ctx, message, sets_out);
	if (rc || sets_out->problem) {
		sets_out->items = NULL;
		sets_out->count = 0;
	}
	return rc;
}
