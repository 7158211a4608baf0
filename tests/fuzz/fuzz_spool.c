/* SPDX-License-Identifier: ISC */
/*
 * A spool file of any bytes, and a header as Exim may hand it over: the first octet of an input
 * says in which steps the body is read; the header follows up to the first empty line.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exim-dlfunc/bridge.h"
#include "exim-dlfunc/authres_spoof.h"
#include "fuzz/target.h"

#define ID "1xUx7S-00000K-2B"

const char *const fuzz_reached_seed = "lf";

static int reached;

/* read_all: every byte once, within bounds; the spool's text begins at first. */
static void read_all(struct gp_exim_spool *s, struct gp_span file, size_t step)
{
	char buffer[256];
	size_t got, at = sizeof ID - 1 + 3;
	if (s->left != file.len - at)
		abort();
	do {
		if (gp_exim_spool_read(s, buffer, step, &got))
			abort();
		if (got > step || at + got > file.len || memcmp(buffer, file.ptr + at, got) != 0)
			abort();
		at += got;
	} while (got);
	if (at != file.len)
		abort();
	reached = 1;
}

/* look_at_header: what Exim's own field is, and whose results there are. */
static void look_at_header(struct gp_span header)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_message m;
	if (!arena)
		return;
	if (gp_message_parse(arena, header, GP_MESSAGE_LF, &m) == GP_OK) {
		size_t before = m.count;
		gp_exim_message_drop_own(&m, gp_span_from(ID));
		if (m.count > before)
			abort();
		struct gp_exim_spoof forgery;
		gp_exim_spoof_find(arena, &m, "mx.example.org", &forgery);
		if (!forgery.foreign || (forgery.is_hidden && !forgery.is_forged))
			abort();
	}
	gp_arena_free(arena);
}

/* LLVMFuzzerTestOneInput: the file lives in memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_exim_spool s;
	reached = 0;
	if (size < 1)
		return 0;
	struct gp_span header, file = {(const char *)data + 1, size - 1};
	const char *gap = memmem(file.ptr, file.len, "\n\n", 2);
	header = (struct gp_span) {file.ptr, gap ? (size_t)(gap - file.ptr) + 1 : 0};
	if (gap)
		file = gp_span_skip(file, header.len + 1);
	look_at_header(header);
	int fd = memfd_create("spool", 0);
	if (fd < 0 || write(fd, file.ptr, file.len) != (ssize_t)file.len)
		abort();
	if (gp_exim_spool_attach(fd, gp_span_from(ID), &s) == GP_OK)
		read_all(&s, file, 1 + data[0]);
	else if (!s.problem || s.fd != -1)
		abort();
	gp_exim_spool_close(&s);
	return 0;
}

/* fuzz_reached: the last input was a whole spool file. */
int fuzz_reached(void)
{
	return reached;
}
