/* SPDX-License-Identifier: ISC */
/* A tag list from outside: every tag is found under its name, once, and lies within the text. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "mail/taglist.h"

const char *const fuzz_reached_seed = "folds";

static bool reached;

/* fuzz_reached: was the last input a list of the grammar? */
int fuzz_reached(void)
{
	return reached;
}

/* check: one tag of the list. */
static void check(struct gp_span text, const struct gp_taglist *list, const struct gp_tag *tag)
{
	char name[256];
	if (tag->rest.ptr < text.ptr || tag->rest.ptr + tag->rest.len > text.ptr + text.len)
		abort();
	if (tag->value.len && (tag->value.ptr < tag->rest.ptr || tag->value.len > tag->rest.len))
		abort();
	if (tag->name.len == 0 || memchr(tag->name.ptr, ';', tag->name.len))
		abort();
	if (tag->name.len >= sizeof name)
		return;
	memcpy(name, tag->name.ptr, tag->name.len);
	name[tag->name.len] = 0;
	if (gp_taglist_find(list, name) != tag)
		abort();
}

/* LLVMFuzzerTestOneInput: parse, then look at what there is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_taglist list;
	if (gp_taglist_parse(arena, text, &list) != GP_OK)
		abort();
	if (list.count > GP_TAGLIST_MAX || (list.has_duplicate && !list.problem))
		abort();
	for (size_t i = 0; i < list.count; i++)
		check(text, &list, &list.tags[i]);
	reached = list.count > 1 && !list.problem;
	gp_arena_free(arena);
	return 0;
}
