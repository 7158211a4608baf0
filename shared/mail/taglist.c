/* SPDX-License-Identifier: ISC */
/*
 * One pass: cut at each semicolon, then at the first '=' of the element. A duplicate is looked for
 * among the tags before it, of which there are few.
 */
#include "mail/taglist.h"

/* is_name: ALPHA *ALNUMPUNC (RFC 6376 3.2). */
static bool is_name(struct gp_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool later = (c >= '0' && c <= '9') || c == '_';
		if (!alpha && (i == 0 || !later))
			return false;
	}
	return name.len > 0;
}

/* read_element: what stands between two semicolons; NULL, or why it is no tag. */
static const char *read_element(struct gp_span text, struct gp_tag *tag_out)
{
	struct gp_span name;
	if (gp_span_trim(text).len == 0)
		return "an element of the tag list is empty";
	if (!gp_span_cut(text, '=', &name, &tag_out->rest))
		return "an element of the tag list has no '='";
	tag_out->name = gp_span_trim(name);
	tag_out->value = gp_span_trim(tag_out->rest);
	return is_name(tag_out->name) ? NULL : "the tag list has an invalid tag name";
}

/* find: by name, among the first count. */
static const struct gp_tag *find(const struct gp_tag *tags, size_t count, struct gp_span name)
{
	for (size_t i = 0; i < count; i++)
		if (gp_span_equal(tags[i].name, name))
			return &tags[i];
	return NULL;
}

/* count_elements: at most one over the limit. */
static size_t count_elements(struct gp_span text)
{
	struct gp_span element;
	size_t count = 1;
	while (count <= GP_TAGLIST_MAX && gp_span_cut(text, ';', &element, &text))
		count++;
	return count;
}

/* add_element: to the list, or what is wrong with it to its problem. */
static void add_element(struct gp_taglist *list, struct gp_tag *tags, struct gp_span element)
{
	struct gp_tag tag;
	const char *problem = read_element(element, &tag);
	if (!problem && find(tags, list->count, tag.name)) {
		list->has_duplicate = true;
		problem = "the tag list has a tag twice"; /* 3.2: MUST NOT occur */
	}
	if (!problem)
		tags[list->count++] = tag;
	else if (!list->problem)
		list->problem = problem;
}

/* gp_taglist_parse: element by element; a semicolon may end the last one (3.2). */
int gp_taglist_parse(struct gp_arena *arena, struct gp_span text, struct gp_taglist *list_out)
{
	*list_out = (struct gp_taglist) {.tags = NULL};
	size_t elements = count_elements(text);
	if (elements > GP_TAGLIST_MAX) {
		elements = GP_TAGLIST_MAX;
		list_out->problem = "the tag list has too many elements";
	}
	struct gp_tag *tags = gp_arena_array(arena, elements, sizeof *tags);
	if (!tags)
		return gp_arena_status(arena);
	list_out->tags = tags;
	for (size_t i = 0; i < elements; i++) {
		struct gp_span element;
		bool more = gp_span_cut(text, ';', &element, &text);
		if (more || gp_span_trim(element).len)
			add_element(list_out, tags, element);
	}
	return GP_OK;
}

/* gp_taglist_find: the exact name. */
const struct gp_tag *gp_taglist_find(const struct gp_taglist *list, const char *name)
{
	return find(list->tags, list->count, gp_span_from(name));
}
