/* SPDX-License-Identifier: ISC */
/*
 * Each form that is wanted is a sink of the body, with one hash. What a form leaves as it is, which
 * is nearly everything, is hashed where it lies; short runs are collected first. What may turn out
 * to be the end of a line or of the body (white space, line ends) is held back as a few numbers.
 *
 * A form wants the body to its end, also when every l= is after it: how long it is, and whether the
 * bytes are those that were signed, is asked of the whole.
 *
 * Blocks are looked at whole by loops without branches, which compilers turn into vector
 * instructions: looking costs a fraction of hashing.
 */
#include "dkim/dkim_body.h"

#include <stdbool.h>
#include <string.h>

#define FORMS 2
#define BLOCK 32       /* bytes looked at together; where they are calm, */
#define LONG_BLOCK 256 /* so many */
#define STAGE 1024     /* bytes of short runs that are collected */
#define SHORT_RUN 256  /* a longer run is hashed where it lies */
#define STRETCH 64     /* bytes looked at singly before blocks are tried again */

/* One form of the body as it grows. */
struct form {
	struct gp_dkim_bodies *bodies;
	enum gp_dkim_canon canon;
	bool is_wanted;                                /* it is a sink of the body */
	struct gp_crypto_hash *hash;                   /* from begin on */
	void (*copy)(void *arg, struct gp_span bytes); /* NULL: nobody looks */
	void *copy_arg;
	bool cr;           /* the last byte was a CR, which may begin a line end */
	bool space;        /* white space was seen in this line and not written (relaxed) */
	uint64_t newlines; /* line ends that count only if something follows */
	uint64_t size;     /* bytes written */
	size_t staged;
	char stage[STAGE];
};

/* A hash that is wanted: that of its form when length bytes of it were written, or all. */
struct slot {
	enum gp_dkim_canon canon;
	uint64_t length, left;
	bool done;
	unsigned char digest[GP_CRYPTO_SHA256];
};

struct gp_dkim_bodies {
	struct gp_body *body;
	const struct gp_crypto_digest *digest;
	struct form forms[FORMS]; /* by enum gp_dkim_canon */
	unsigned count;
	struct slot slots[GP_DKIM_BODIES_MAX];
	int status;      /* the first failure of a digest */
	unsigned checks; /* left; nothing of the body, but of all that share it */
	unsigned kept;   /* of the checks, see gp_dkim_bodies_kept */
};

/* gp_dkim_bodies_new: no form wanted. */
int gp_dkim_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_body *body, struct gp_dkim_bodies **bodies_out)
{
	struct gp_dkim_bodies *bodies = gp_arena_alloc(arena, sizeof *bodies);
	if (!bodies)
		return gp_arena_status(arena);
	bodies->body = body;
	bodies->digest = digest;
	bodies->checks = GP_DKIM_CHECKS_MAX;
	bodies->kept = 0;
	for (int canon = 0; canon < FORMS; canon++) {
		bodies->forms[canon].bodies = bodies;
		bodies->forms[canon].canon = (enum gp_dkim_canon)canon;
	}
	*bodies_out = bodies;
	return GP_OK;
}

/* gp_dkim_bodies_checks: taken by each check. */
unsigned *gp_dkim_bodies_checks(struct gp_dkim_bodies *bodies)
{
	return &bodies->checks;
}

/* gp_dkim_bodies_kept: reserved for later checks. */
unsigned *gp_dkim_bodies_kept(struct gp_dkim_bodies *bodies)
{
	return &bodies->kept;
}

/* gp_dkim_bodies_fini: the hashes; digests stay. */
void gp_dkim_bodies_fini(struct gp_dkim_bodies *bodies)
{
	if (!bodies)
		return;
	for (size_t i = 0; i < FORMS; i++) {
		gp_crypto_hash_free(bodies->forms[i].hash);
		bodies->forms[i].hash = NULL;
	}
}

/* gp_dkim_bodies_digest: as given. */
const struct gp_crypto_digest *gp_dkim_bodies_digest(const struct gp_dkim_bodies *bodies)
{
	return bodies->digest;
}

/* is_open: does a slot of this form want more? */
static bool is_open(
	const struct gp_dkim_bodies *bodies, const struct slot *slot, const struct form *form)
{
	return &bodies->forms[slot->canon] == form && !slot->done;
}

/* least_left: how far it is to the next end of a hash of this form; false: none wants more. */
static bool least_left(
	const struct gp_dkim_bodies *bodies, const struct form *form, uint64_t *left_out)
{
	bool found = false;
	for (unsigned i = 0; i < bodies->count; i++) {
		const struct slot *slot = &bodies->slots[i];
		if (is_open(bodies, slot, form) && (!found || slot->left < *left_out)) {
			*left_out = slot->left;
			found = true;
		}
	}
	return found;
}

/* close_slot: its digest is that of the form as far as it was written. */
static void close_slot(struct gp_dkim_bodies *bodies, struct slot *slot)
{
	int rc = gp_crypto_hash_peek(bodies->forms[slot->canon].hash, slot->digest);
	slot->done = true;
	if (!bodies->status)
		bodies->status = rc;
}

/* deliver: bytes of a form to its one hash, up to each place where l= ends one (3.7). */
static void deliver(const struct form *form, struct gp_span bytes)
{
	struct gp_dkim_bodies *bodies = form->bodies;
	uint64_t left = 0;
	while (bytes.len && least_left(bodies, form, &left)) {
		size_t n = bytes.len < left ? bytes.len : (size_t)left;
		gp_crypto_hash_add(form->hash, (struct gp_span) {bytes.ptr, n});
		if (form->copy)
			form->copy(form->copy_arg, (struct gp_span) {bytes.ptr, n});
		bytes = gp_span_skip(bytes, n);
		for (unsigned i = 0; i < bodies->count; i++) {
			struct slot *slot = &bodies->slots[i];
			if (!is_open(bodies, slot, form))
				continue;
			slot->left -= n;
			if (slot->left == 0)
				close_slot(bodies, slot);
		}
	}
}

/* flush: what was collected. */
static void flush(struct form *form)
{
	deliver(form, (struct gp_span) {form->stage, form->staged});
	form->staged = 0;
}

/* emit: bytes of a form's text. */
static void emit(struct form *form, struct gp_span bytes)
{
	form->size += bytes.len;
	if (bytes.len > SHORT_RUN || bytes.len > STAGE - form->staged)
		flush(form);
	if (bytes.len > SHORT_RUN) {
		deliver(form, bytes);
	} else if (bytes.len) {
		memcpy(form->stage + form->staged, bytes.ptr, bytes.len);
		form->staged += bytes.len;
	}
}

/* emit_held: line ends and white space that turned out to be followed by something. */
static void emit_held(struct form *form)
{
	for (; form->newlines; form->newlines--)
		emit(form, (struct gp_span) {"\r\n", 2});
	if (form->space)
		emit(form, (struct gp_span) {" ", 1});
	form->space = false;
}

/* emit_cr: a CR that began no line end. */
static void emit_cr(struct form *form)
{
	emit_held(form);
	emit(form, (struct gp_span) {"\r", 1});
	form->cr = false;
}

/* ---- the forms ---- */

/* feed_simple: all but the line ends at the end as it is (3.4.3). */
static void feed_simple(struct form *form, struct gp_span text)
{
	if (form->cr && text.ptr[0] == '\n') {
		form->newlines++;
		form->cr = false;
		text = gp_span_skip(text, 1);
	} else if (form->cr) {
		emit_cr(form);
	}
	bool ends_cr = text.len && text.ptr[text.len - 1] == '\r';
	text.len -= ends_cr;
	uint64_t newlines = 0;
	while (text.len >= 2 && text.ptr[text.len - 1] == '\n' && text.ptr[text.len - 2] == '\r') {
		text.len -= 2;
		newlines++;
	}
	if (text.len) {
		emit_held(form);
		emit(form, text);
	}
	form->newlines += newlines;
	form->cr = ends_cr;
}

/* is_plain: neither white space nor CR; LF that ends a line comes after a CR. */
static bool is_plain(unsigned char c)
{
	return c != ' ' && c != '\t' && c != '\r';
}

/* block_changes: may relaxed change anything in these bytes? A tab, or a space before a byte up to
 * a space. Reads one byte beyond. n is a constant where it is called: that makes it fast. */
static inline bool block_changes(const unsigned char *p, size_t n)
{
	unsigned char found = 0;
	for (size_t i = 0; i < n; i++)
		found |= (p[i] == '\t') | ((p[i] == ' ') & (p[i + 1] <= ' '));
	return found;
}

/* skip_calm: after all blocks from p on in which relaxed changes nothing. */
static const unsigned char *skip_calm(const unsigned char *p, const unsigned char *end)
{
	while (end - p > BLOCK && !block_changes(p, BLOCK)) {
		p += BLOCK;
		while (end - p > LONG_BLOCK && !block_changes(p, LONG_BLOCK))
			p += LONG_BLOCK;
	}
	return p;
}

/* back_to_plain: p, or less: after the last byte that is no white space nor line end. */
static const unsigned char *back_to_plain(const unsigned char *from, const unsigned char *p)
{
	for (;;) {
		if (p > from && !is_plain(p[-1]))
			p--;
		else if (p - from > 1 && p[-1] == '\n' && p[-2] == '\r')
			p -= 2;
		else
			return p;
	}
}

/* plain_end: from p on, the end of what relaxed leaves, looked at byte by byte; ends early after a
 * plain byte once limit is reached. */
static const unsigned char *plain_end(
	const unsigned char *p, const unsigned char *limit, const unsigned char *end)
{
	while (p < limit) {
		if (*p > ' ' || is_plain(*p))
			p++;
		else if (*p == ' ' && end - p > 1 && is_plain(p[1]))
			p += 2;
		else if (*p == '\r' && end - p > 2 && p[1] == '\n' && is_plain(p[2]))
			p += 3;
		else
			break;
	}
	return p;
}

/* run_end: the end of the longest run from the plain byte p on that relaxed leaves as it is. Ends
 * after a plain byte. Each byte is looked at a bounded number of times: what back_to_plain returns
 * is white space, which feed_relaxed takes. */
static const unsigned char *run_end(const unsigned char *p, const unsigned char *end)
{
	for (p++;;) {
		p = back_to_plain(p, skip_calm(p, end));
		const unsigned char *limit = end - p > STRETCH ? p + STRETCH : end;
		p = plain_end(p, limit, end);
		if (p < limit || p == end)
			return p;
	}
}

/* feed_relaxed: white space runs become a space, or nothing at the end of a line (3.4.4). */
static void feed_relaxed(struct form *form, struct gp_span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	while (p < end) {
		if (form->cr && *p != '\n') {
			emit_cr(form);
		} else if (form->cr) {
			form->cr = form->space = false;
			form->newlines++;
			p++;
		} else if (*p == '\r') {
			form->cr = true;
			p++;
		} else if (*p == ' ' || *p == '\t') {
			form->space = true;
			while (p < end && (*p == ' ' || *p == '\t'))
				p++;
		} else {
			const unsigned char *stop = run_end(p, end);
			emit_held(form);
			emit(form, (struct gp_span) {(const char *)p, (size_t)(stop - p)});
			p = stop;
		}
	}
}

/* ---- a sink ---- */

/* begin_form: its hash. */
static int begin_form(void *arg)
{
	struct form *form = arg;
	int rc = gp_crypto_hash_new(form->bodies->digest, &form->hash);
	if (!form->bodies->status)
		form->bodies->status = rc;
	return rc;
}

/* take_simple: of the body. */
static int take_simple(void *arg, struct gp_span bytes)
{
	feed_simple(arg, bytes);
	return GP_OK;
}

/* take_relaxed: of the body. */
static int take_relaxed(void *arg, struct gp_span bytes)
{
	feed_relaxed(arg, bytes);
	return GP_OK;
}

/* end_form: simple ends with CRLF always, relaxed when it is not empty; then the hashes. */
static void end_form(void *arg)
{
	struct form *form = arg;
	struct gp_dkim_bodies *bodies = form->bodies;
	if (form->cr)
		emit_cr(form);
	if (form->canon == GP_DKIM_SIMPLE || form->size)
		emit(form, (struct gp_span) {"\r\n", 2});
	flush(form);
	for (unsigned i = 0; i < bodies->count; i++)
		if (is_open(bodies, &bodies->slots[i], form))
			close_slot(bodies, &bodies->slots[i]);
}

/* want_form: it becomes a sink, once. */
static int want_form(struct form *form)
{
	const struct gp_body_sink sink = {.begin = begin_form,
		.bytes = form->canon == GP_DKIM_SIMPLE ? take_simple : take_relaxed,
		.end = end_form,
		.arg = form};
	int rc = form->is_wanted ? GP_OK : gp_body_add(form->bodies->body, &sink);
	form->is_wanted = form->is_wanted || !rc;
	return rc;
}

/* gp_dkim_bodies_want: an old slot for the same pair, or another. */
int gp_dkim_bodies_want(
	struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon, uint64_t length, unsigned *id_out)
{
	if (gp_body_has_begun(bodies->body))
		return GP_EINVAL;
	for (unsigned i = 0; i < bodies->count; i++) {
		if (bodies->slots[i].canon == canon && bodies->slots[i].length == length) {
			*id_out = i;
			return GP_OK;
		}
	}
	if (bodies->count == GP_DKIM_BODIES_MAX)
		return GP_ETOOBIG;
	int rc = want_form(&bodies->forms[canon]);
	if (rc)
		return rc;
	bodies->slots[bodies->count] =
		(struct slot) {.canon = canon, .length = length, .left = length};
	*id_out = bodies->count++;
	return GP_OK;
}

/* gp_dkim_bodies_copy: one listener. */
void gp_dkim_bodies_copy(struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon,
	void (*copy)(void *arg, struct gp_span bytes), void *arg)
{
	bodies->forms[canon].copy = copy;
	bodies->forms[canon].copy_arg = arg;
}

/* ---- what came of it ---- */

/* gp_dkim_bodies_status: of all digests. */
int gp_dkim_bodies_status(const struct gp_dkim_bodies *bodies)
{
	return bodies->status;
}

/* gp_dkim_bodies_hash: made by finish. */
const unsigned char *gp_dkim_bodies_hash(const struct gp_dkim_bodies *bodies, unsigned id)
{
	return bodies->slots[id].digest;
}

/* gp_dkim_bodies_size: of the form. */
uint64_t gp_dkim_bodies_size(const struct gp_dkim_bodies *bodies, unsigned id)
{
	return bodies->forms[bodies->slots[id].canon].size;
}

/* gp_dkim_bodies_defect: that of the body. */
const char *gp_dkim_bodies_defect(const struct gp_dkim_bodies *bodies)
{
	return gp_body_defect(bodies->body);
}
