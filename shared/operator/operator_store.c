/* SPDX-License-Identifier: ISC */
/* Health as JSON. */
#include "operator/operator.h"
#include "operator/operator_text.h"

/* open_files: which files an embedded store has open. */
static json_t *open_files(const struct gp_store_health *h)
{
	json_t *list = json_array();
	for (size_t i = 0; i < h->file_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", h->files[i].name,
						    "device", (json_int_t)h->files[i].device,
						    "inode", (json_int_t)h->files[i].inode));
	return list;
}

/* gp_operator_store: all that gp_store_health says. */
json_t *gp_operator_store(struct gp_arena *arena, struct gp_store *store)
{
	struct gp_store_health h;
	if (!store)
		return json_null();
	gp_store_health(store, &h);
	return json_pack("{s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "up", h.up,
		"where", gp_operator_text(arena, gp_span_from(h.where)), "problem",
		gp_operator_text(arena, gp_span_from(h.problem)), "problem_age_ms",
		(json_int_t)h.problem_age_ms, "round_trip_us", (json_int_t)h.round_trip_us, "taken",
		(json_int_t)h.taken, "failed", (json_int_t)h.failed, "forgotten",
		(json_int_t)h.forgotten, "forgotten_disk", (json_int_t)h.forgotten_disk,
		"disk_is_full", h.disk_is_full, "files", open_files(&h));
}
