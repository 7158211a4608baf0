/* SPDX-License-Identifier: ISC */
/*
 * Authres: Authentication-Results fields (RFC 8601), read and written.
 *
 * Reading serves ARC, whose sets carry the results that an earlier host saw; it takes the grammar
 * of 2.2 with comments and folds anywhere, quoted strings, a version, and what deployed hosts write
 * beside it: a property without its ptype ("action=none") and a value of other bytes than a token
 * has ("smtp.mailfrom=<>"). Nothing is said about whether the words are true.
 *
 * Writing gives one field that every reader takes: each value is made safe here, so that nothing
 * of a message can end its value, its field or its header.
 *
 *     struct gp_authres a;
 *     int rc = gp_authres_parse(arena, value, &a);
 *
 *     struct gp_authres_writer w;
 *     gp_authres_begin(&w, &buf, "mx.example.org", "\n\t");
 *     gp_authres_result(&w, "spf", "pass");
 *     gp_authres_comment(&w, "domain authorises client 192.0.2.1");
 *     gp_authres_property(&w, "smtp", "mailfrom", span);
 *     gp_authres_end(&w);                                       ("; none" when nothing was said)
 *
 * Ownership: what is read comes from the arena or points into the value, which is borrowed.
 * Bounds: GP_AUTHRES_RESULTS results of GP_AUTHRES_PROPERTIES each, else GP_ESYNTAX.
 */
#ifndef GP_MAIL_AUTHRES_H
#define GP_MAIL_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"

#define GP_AUTHRES_RESULTS 128
#define GP_AUTHRES_PROPERTIES 32

/* ptype.property=value; quotes and quoted pairs are off the value, comments are gone. */
struct gp_authres_property {
	struct gp_span ptype; /* "smtp", "header", ...; empty when it was left out */
	struct gp_span property;
	struct gp_span value;
};

struct gp_authres_result {
	struct gp_span method; /* "dmarc"; its version is dropped */
	struct gp_span result; /* "pass" */
	struct gp_span reason; /* empty when there is none */
	const struct gp_authres_property *properties;
	size_t count;
};

struct gp_authres {
	struct gp_span authserv_id;
	const struct gp_authres_result *results; /* none for "; none" */
	size_t count;
};

/* Reads the value of a field. GP_ESYNTAX: it is none. */
int gp_authres_parse(
	struct gp_arena *arena, struct gp_span value, struct gp_authres *authres_out) GP_MUST_CHECK;

/* The value of a result's property, ASCII case aside; an empty span when there is none. */
struct gp_span gp_authres_value(
	const struct gp_authres_result *result, const char *ptype, const char *property);

/*
 * Cuts the instance off the value of an ARC-Authentication-Results (RFC 8617 4.1.1): its number, 0
 * to 99, and what gp_authres_parse reads. false: the value does not begin with one.
 */
bool gp_authres_instance(
	struct gp_span value, unsigned *instance_out, struct gp_span *results_out) GP_MUST_CHECK;

/* ---- writing ---- */

struct gp_authres_writer {
	struct gp_strbuf *buf; /* borrowed; remembers failures */
	const char *fold;      /* stands before each result, and before what would make a line
				  longer than 78: " " or a line end and a blank */
	bool any;              /* a result has been written */
};

/* Begins the value of a field (its name is the caller's) with the authserv-id. */
void gp_authres_begin(struct gp_authres_writer *writer, struct gp_strbuf *buf,
	const char *authserv_id, const char *fold);

/* Begins a result: method and result are words of the registry, ours and static. */
void gp_authres_result(struct gp_authres_writer *writer, const char *method, const char *result);

/* (text), anything in it that could end a comment or a line shown as '?'; at most 200 bytes. */
void gp_authres_comment(struct gp_authres_writer *writer, const char *text);

/* reason="text", for the result begun last; must come before its properties (2.2). */
void gp_authres_reason(struct gp_authres_writer *writer, const char *text);

/* ptype.property=value, quoted where it must be; at most 512 bytes as it is written. */
void gp_authres_property(struct gp_authres_writer *writer, const char *ptype, const char *property,
	struct gp_span value);

/* Ends the value. */
void gp_authres_end(struct gp_authres_writer *writer);

#endif
