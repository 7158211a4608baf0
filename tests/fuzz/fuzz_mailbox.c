/* SPDX-License-Identifier: ISC */
/*
 * A From field from outside. Whatever is read from it, written down in the plainest form, has to be
 * read as the same once more: then nothing was there that a second reader could take differently.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "fuzz/target.h"
#include "mail/mailbox.h"

const char *const fuzz_reached_seed = "everything";

static bool reached;

/* fuzz_reached: did the last input name anybody? */
int fuzz_reached(void)
{
	return reached;
}

/* is_clean: are there no control bytes but tabs? */
static bool is_clean(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* write_plain: <"local"@domain>, with a pair for each byte of the local part. */
static void write_plain(struct gp_strbuf *buf, const struct gp_mailbox *m)
{
	gp_strbuf_add(buf, buf->len ? ",<\"" : "<\"");
	for (size_t i = 0; i < m->local.len; i++) {
		gp_strbuf_add_char(buf, '\\');
		gp_strbuf_add_char(buf, m->local.ptr[i]);
	}
	gp_strbuf_add(buf, "\"@");
	gp_strbuf_add_span(buf, m->domain);
	gp_strbuf_add(buf, ">");
}

/* check_again: the plain form says the same. */
static void check_again(struct gp_arena *arena, const struct gp_mailbox_list *list)
{
	struct gp_strbuf buf;
	struct gp_mailbox_list again;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 18);
	for (size_t i = 0; i < list->count; i++)
		write_plain(&buf, &list->items[i]);
	if (gp_strbuf_finish(&buf, &text) != GP_OK)
		abort();
	if (buf.len > GP_MAILBOX_BYTES || list->count == 0)
		return;
	if (gp_mailbox_parse(arena, gp_strbuf_span(&buf), &again) != GP_OK ||
		again.count != list->count)
		abort();
	for (size_t i = 0; i < list->count; i++)
		if (!gp_span_equal(again.items[i].local, list->items[i].local) ||
			!gp_span_equal(again.items[i].domain, list->items[i].domain) ||
			again.items[i].is_literal != list->items[i].is_literal)
			abort();
}

/* LLVMFuzzerTestOneInput: parse, look at what came of it, parse that. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_mailbox_list list;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	int rc = gp_mailbox_parse(arena, (struct gp_span) {(const char *)data, size}, &list);
	if (rc != GP_OK && (rc != GP_ESYNTAX || !list.problem || list.count))
		abort();
	reached = rc == GP_OK && list.count > 0;
	if (list.count > GP_MAILBOX_MAX)
		abort();
	for (size_t i = 0; i < list.count; i++)
		if (!is_clean(list.items[i].local) || !is_clean(list.items[i].domain) ||
			list.items[i].domain.len == 0)
			abort();
	if (rc == GP_OK)
		check_again(arena, &list);
	gp_arena_free(arena);
	return 0;
}
