/* SPDX-License-Identifier: ISC */
/*
 * Decoded forms of bytes that the protocols share: base64, digits. The bytes are an arena's.
 */
#ifndef GP_BASE_DECODE_H
#define GP_BASE_DECODE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/*
 * The bytes of base64 text as RFC 6376 writes it (RFC 4648 4, white space anywhere): the whole
 * alphabet and nothing else, groups of four, '=' at the end only. Bits that padding leaves over are
 * not looked at. Empty text is no bytes. GP_ESYNTAX, or the arena's refusal.
 */
int gp_decode_base64(
	struct gp_arena *arena, struct gp_span text, struct gp_span *bytes_out) GP_MUST_CHECK;

/* The value of a digit of base64 (RFC 4648 4), or -1. */
int gp_decode_base64_digit(char c);

/* The value of a hexadecimal digit, or -1. */
int gp_decode_hex_digit(char c);

#endif
