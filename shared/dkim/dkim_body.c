/* SPDX-License-Identifier: ISC */
/*
 * The body goes through each form that is wanted once. What a form leaves as it is, which is nearly
 * everything, is hashed where it lies; short runs are collected first. What may turn out to be the
 * end of a line or of the body (white space, line ends) is held back as a few numbers.
 *
 * Blocks are looked at whole by loops without branches, which compilers turn into vector
 * instructions: looking costs a fraction of hashing.
 */
#include "dkim/dkim_canon.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 32        /* bytes looked at together; where they are calm, */
#define LONG_BLOCK 256  /* so many */
#define STAGE 1024      /* bytes of short runs that are collected */
#define SHORT_RUN 256   /* a longer run is hashed where it lies */
#define STRETCH 64      /* bytes looked at singly before blocks are tried again */
#define CONVERT 2048    /* bytes with LF that become CRLF at a time */
#define READ_SIZE 32768 /* bytes asked for at a time */

/* One form of the body as it grows. */
struct form {
	struct gp_crypto_hash *hash; /* NULL: not wanted */
	bool cr;                     /* the last byte was a CR, which may begin a line end */
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
	struct gp_arena *arena;
	const struct gp_crypto_digest *digest;
	struct form forms[2]; /* by enum gp_dkim_canon */
	unsigned count;
	struct slot slots[GP_DKIM_BODIES_MAX];
	bool began;
	bool last_cr; /* the last byte of the last piece */
	int status;   /* the first failure of a digest */
	const char *defect;
	unsigned checks; /* left; nothing of the body, but of all that share it */
	unsigned kept;   /* of the checks, see gp_dkim_bodies_kept */
};

static const char bare_cr[] = "the body has a bare CR";
static const char bare_lf[] = "the body has a bare LF";
static const char nul[] = "the body has a NUL byte";

/* gp_dkim_bodies_new: no form wanted. */
int gp_dkim_bodies_new(struct gp_arena *arena, const struct gp_crypto_digest *digest,
	struct gp_dkim_bodies **bodies_out)
{
	struct gp_dkim_bodies *bodies = gp_arena_alloc(arena, sizeof *bodies);
	if (!bodies)
		return gp_arena_status(arena);
	bodies->arena = arena;
	bodies->digest = digest;
	bodies->checks = GP_DKIM_CHECKS_MAX;
	bodies->kept = 0;
	*bodies_out = bodies;
	return GP_OK;
}

/* gp_dkim_bodies_checks: for who makes one. */
unsigned *gp_dkim_bodies_checks(struct gp_dkim_bodies *bodies)
{
	return &bodies->checks;
}

/* gp_dkim_bodies_kept: for who needs some later. */
unsigned *gp_dkim_bodies_kept(struct gp_dkim_bodies *bodies)
{
	return &bodies->kept;
}

/* gp_dkim_bodies_fini: the hashes; digests stay. */
void gp_dkim_bodies_fini(struct gp_dkim_bodies *bodies)
{
	if (!bodies)
		return;
	for (size_t i = 0; i < sizeof bodies->forms / sizeof bodies->forms[0]; i++) {
		gp_crypto_hash_free(bodies->forms[i].hash);
		bodies->forms[i].hash = NULL;
	}
}

/* gp_dkim_bodies_digest: as given. */
const struct gp_crypto_digest *gp_dkim_bodies_digest(const struct gp_dkim_bodies *bodies)
{
	return bodies->digest;
}

/* gp_dkim_bodies_want: an old slot for the same pair, or another. */
int gp_dkim_bodies_want(
	struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon, uint64_t length, unsigned *id_out)
{
	if (bodies->began)
		return GP_EINVAL;
	for (unsigned i = 0; i < bodies->count; i++) {
		if (bodies->slots[i].canon == canon && bodies->slots[i].length == length) {
			*id_out = i;
			return GP_OK;
		}
	}
	if (bodies->count == GP_DKIM_BODIES_MAX)
		return GP_ETOOBIG;
	struct form *form = &bodies->forms[canon];
	int rc = form->hash ? GP_OK : gp_crypto_hash_new(bodies->digest, &form->hash);
	if (rc)
		return rc;
	bodies->slots[bodies->count] =
		(struct slot) {.canon = canon, .length = length, .left = length};
	*id_out = bodies->count++;
	return GP_OK;
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
static void deliver(struct gp_dkim_bodies *bodies, const struct form *form, struct gp_span bytes)
{
	uint64_t left = 0;
	while (bytes.len && least_left(bodies, form, &left)) {
		size_t n = bytes.len < left ? bytes.len : (size_t)left;
		gp_crypto_hash_add(form->hash, (struct gp_span) {bytes.ptr, n});
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
static void flush(struct gp_dkim_bodies *bodies, struct form *form)
{
	deliver(bodies, form, (struct gp_span) {form->stage, form->staged});
	form->staged = 0;
}

/* emit: bytes of a form's text. */
static void emit(struct gp_dkim_bodies *bodies, struct form *form, struct gp_span bytes)
{
	form->size += bytes.len;
	if (bytes.len > SHORT_RUN || bytes.len > STAGE - form->staged)
		flush(bodies, form);
	if (bytes.len > SHORT_RUN) {
		deliver(bodies, form, bytes);
	} else if (bytes.len) {
		memcpy(form->stage + form->staged, bytes.ptr, bytes.len);
		form->staged += bytes.len;
	}
}

/* emit_held: line ends and white space that turned out to be followed by something. */
static void emit_held(struct gp_dkim_bodies *bodies, struct form *form)
{
	for (; form->newlines; form->newlines--)
		emit(bodies, form, (struct gp_span) {"\r\n", 2});
	if (form->space)
		emit(bodies, form, (struct gp_span) {" ", 1});
	form->space = false;
}

/* emit_cr: a CR that began no line end. */
static void emit_cr(struct gp_dkim_bodies *bodies, struct form *form)
{
	emit_held(bodies, form);
	emit(bodies, form, (struct gp_span) {"\r", 1});
	form->cr = false;
}

/* feed_simple: all but the line ends at the end as it is (3.4.3). */
static void feed_simple(struct gp_dkim_bodies *bodies, struct form *form, struct gp_span text)
{
	if (form->cr && text.ptr[0] == '\n') {
		form->newlines++;
		form->cr = false;
		text = gp_span_skip(text, 1);
	} else if (form->cr) {
		emit_cr(bodies, form);
	}
	bool ends_cr = text.len && text.ptr[text.len - 1] == '\r';
	text.len -= ends_cr;
	uint64_t newlines = 0;
	while (text.len >= 2 && text.ptr[text.len - 1] == '\n' && text.ptr[text.len - 2] == '\r') {
		text.len -= 2;
		newlines++;
	}
	if (text.len) {
		emit_held(bodies, form);
		emit(bodies, form, text);
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

/* skip_calm: behind all blocks from p on in which relaxed changes nothing. */
static const unsigned char *skip_calm(const unsigned char *p, const unsigned char *end)
{
	while (end - p > BLOCK && !block_changes(p, BLOCK)) {
		p += BLOCK;
		while (end - p > LONG_BLOCK && !block_changes(p, LONG_BLOCK))
			p += LONG_BLOCK;
	}
	return p;
}

/* back_to_plain: p, or less: behind the last byte that is no white space nor line end. */
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

/* plain_end: from p on, the end of what relaxed leaves, looked at byte by byte; ends early behind a
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
 * behind a plain byte. Each byte is looked at a bounded number of times: what back_to_plain gives
 * back is white space, which feed_relaxed takes. */
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
static void feed_relaxed(struct gp_dkim_bodies *bodies, struct form *form, struct gp_span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	while (p < end) {
		if (form->cr && *p != '\n') {
			emit_cr(bodies, form);
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
			emit_held(bodies, form);
			emit(bodies, form, (struct gp_span) {(const char *)p, (size_t)(stop - p)});
			p = stop;
		}
	}
}

/* feed: text with CRLF line ends to the forms that are wanted. */
static void feed(struct gp_dkim_bodies *bodies, struct gp_span text)
{
	if (text.len && bodies->forms[GP_DKIM_SIMPLE].hash)
		feed_simple(bodies, &bodies->forms[GP_DKIM_SIMPLE], text);
	if (text.len && bodies->forms[GP_DKIM_RELAXED].hash)
		feed_relaxed(bodies, &bodies->forms[GP_DKIM_RELAXED], text);
}

struct block {
	char bytes[BLOCK];
};

/* copy_block: as a struct, which is a few moves. A memcpy becomes a call that compares sizes where
 * the room is known only as the program runs (_FORTIFY_SOURCE 3); who calls has compared them. */
static void copy_block(char *to, const char *from)
{
	*(struct block *)to = *(const struct block *)from;
}

/*
 * copy_line: a line, in blocks as long as both sides may be touched beyond its end: a call for some
 * dozens of bytes costs more than copying them.
 */
static void copy_line(char *to, const char *from, size_t len, size_t left)
{
	if (left < len + BLOCK) {
		memcpy(to, from, len);
		return;
	}
	for (size_t i = 0; i < len; i += BLOCK)
		copy_block(to + i, from + i);
}

/* to_crlf: LF becomes CRLF, line by line. made has room for twice the text and a block. Returns how
 * many bytes were made. */
static size_t to_crlf(char *made, struct gp_span text)
{
	const char *p = text.ptr, *end = text.ptr + text.len;
	char *out = made;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);
		copy_line(out, p, len, (size_t)(end - p));
		out += len;
		p += len;
		if (lf) {
			*out++ = '\r';
			*out++ = '\n';
			p++;
		}
	}
	return (size_t)(out - made);
}

/* feed_lf: the same from text with LF line ends. */
static void feed_lf(struct gp_dkim_bodies *bodies, struct gp_span text)
{
	char made[2 * CONVERT + BLOCK];
	while (text.len) {
		size_t part = text.len < CONVERT ? text.len : CONVERT;
		size_t n = to_crlf(made, (struct gp_span) {text.ptr, part});
		feed(bodies, (struct gp_span) {made, n});
		text = gp_span_skip(text, part);
	}
}

/*
 * block_is_odd: a NUL, or a CR without LF or LF without CR, in a long block? Reads one byte beyond.
 */
static bool block_is_odd(const unsigned char *p)
{
	unsigned char found = 0;
	for (size_t i = 0; i < LONG_BLOCK; i++)
		found |= (p[i] == 0) | ((p[i] == '\r') ^ (p[i + 1] == '\n'));
	return found;
}

/* pair_defect: what is wrong with a byte and the one after it; NULL: nothing. */
static const char *pair_defect(bool is_cr, unsigned char next)
{
	if (is_cr && next != '\n')
		return bare_cr;
	if (!is_cr && next == '\n')
		return bare_lf;
	return next == 0 ? nul : NULL;
}

/* look: for what may not be as it was signed, in text with CRLF line ends. */
static void look(struct gp_dkim_bodies *bodies, struct gp_span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	bool cr = bodies->last_cr;
	while (p < end && !bodies->defect) {
		if (end - p > LONG_BLOCK && (p[0] == '\n') == cr && !block_is_odd(p))
			p += LONG_BLOCK - 1;
		else
			bodies->defect = pair_defect(cr, *p);
		cr = *p++ == '\r';
	}
	bodies->last_cr = cr;
}

/* look_lf: the same where lines end with LF: then no CR belongs there. */
static void look_lf(struct gp_dkim_bodies *bodies, struct gp_span text)
{
	if (!bodies->defect && memchr(text.ptr, '\r', text.len))
		bodies->defect = bare_cr;
	if (!bodies->defect && memchr(text.ptr, 0, text.len))
		bodies->defect = nul;
}

/* gp_dkim_bodies_feed: looked at and fed. */
void gp_dkim_bodies_feed(
	struct gp_dkim_bodies *bodies, struct gp_span piece, enum gp_message_ending ending)
{
	bodies->began = true;
	if (piece.len == 0)
		return;
	if (ending == GP_MESSAGE_LF) {
		look_lf(bodies, piece);
		feed_lf(bodies, piece);
	} else {
		look(bodies, piece);
		feed(bodies, piece);
	}
}

/* finish_form: the end of the body: simple ends with CRLF always, relaxed when it is not empty. */
static void finish_form(struct gp_dkim_bodies *bodies, enum gp_dkim_canon canon)
{
	struct form *form = &bodies->forms[canon];
	if (form->cr)
		emit_cr(bodies, form);
	if (canon == GP_DKIM_SIMPLE || form->size)
		emit(bodies, form, (struct gp_span) {"\r\n", 2});
	flush(bodies, form);
}

/* gp_dkim_bodies_finish: the ends, then the hashes. */
int gp_dkim_bodies_finish(struct gp_dkim_bodies *bodies)
{
	bodies->began = true;
	if (bodies->last_cr && !bodies->defect)
		bodies->defect = bare_cr;
	finish_form(bodies, GP_DKIM_SIMPLE);
	finish_form(bodies, GP_DKIM_RELAXED);
	for (unsigned i = 0; i < bodies->count; i++)
		if (!bodies->slots[i].done)
			close_slot(bodies, &bodies->slots[i]);
	return bodies->status;
}

/* gp_dkim_bodies_read: buffer by buffer. */
int gp_dkim_bodies_read(struct gp_dkim_bodies *bodies, const struct gp_message_body *body)
{
	if (bodies->count == 0)
		return gp_dkim_bodies_finish(bodies);
	char *buffer = gp_arena_alloc(bodies->arena, READ_SIZE);
	if (!buffer)
		return gp_arena_status(bodies->arena);
	for (;;) {
		size_t got = 0;
		int rc = body->read(body->arg, buffer, READ_SIZE, &got);
		if (rc)
			return rc;
		if (got == 0)
			return gp_dkim_bodies_finish(bodies);
		gp_dkim_bodies_feed(bodies, (struct gp_span) {buffer, got}, body->ending);
	}
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

/* gp_dkim_bodies_defect: the first that was seen. */
const char *gp_dkim_bodies_defect(const struct gp_dkim_bodies *bodies)
{
	return bodies->defect;
}
