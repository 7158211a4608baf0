/* SPDX-License-Identifier: ISC */
/*
 * Record: what the store remembers of a contact, of the passes of a network or domain, or of a
 * domain, as bytes.
 *
 *   version 1, flags 1, passes 1, first 6, last 6; with the network of the first contact: its
 *   length 1, address 4 or 16. Numbers are little-endian, times in milliseconds of the store
 *
 * What is read is foreign (another version, another host): it is taken only when every field is as
 * encode writes it; anything else counts as absent.
 */
#ifndef GP_REPUTATION_GREYLIST_RECORD_H
#define GP_REPUTATION_GREYLIST_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/span.h"

#define GP_GREYLIST_RECORD_MAX 32
#define GP_GREYLIST_PASSES_MAX 255

struct gp_greylist_record {
	bool has_passed;          /* a mail came again in time */
	bool was_delayed;         /* the first one was really delayed, not only recorded */
	unsigned passes;          /* mails that passed, at most GP_GREYLIST_PASSES_MAX */
	int64_t first_ms;         /* of the first contact */
	int64_t last_ms;          /* of the last one that changed the record */
	struct gp_prefix network; /* of the first contact; family GP_IP_NONE: not kept */
};

/* Writes it; how many bytes. */
size_t gp_greylist_record_encode(
	const struct gp_greylist_record *record, unsigned char out[GP_GREYLIST_RECORD_MAX]);

/* False: it is none; then record_out is zero. */
bool gp_greylist_record_decode(struct gp_span bytes, struct gp_greylist_record *record_out);

#endif
