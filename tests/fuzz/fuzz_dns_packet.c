/* SPDX-License-Identifier: ISC */
/*
 * Replies of name servers. The first octet of an input chooses the type, the rest is the packet;
 * the id is the packet's own and the name is "example.org", so that the parser goes as deep as it
 * can.
 */
#include <stddef.h>
#include <stdint.h>

#include "dns/dns_private.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "txt";

static int reached;

/* read_all: every octet of an answer, so that a sanitizer sees what is not there. */
static unsigned read_all(const struct gp_dns_answer *answer)
{
	unsigned sum = 0;
	if (answer->canonical && !gp_dns_name_is_valid(gp_span_from(answer->canonical)))
		__builtin_trap();
	if (gp_dns_state_is_failure(answer->state) == (answer->failure == GP_DNS_FAILURE_NONE))
		__builtin_trap();
	for (size_t i = 0; i < answer->count; i++) {
		const struct gp_dns_record *r = &answer->records[i];
		for (size_t j = 0; j < r->text.len; j++)
			sum += (uint8_t)r->text.ptr[j];
		if (r->name && !gp_dns_name_is_valid(gp_span_from(r->name)))
			__builtin_trap(); /* a name of an answer can be asked for */
		sum += r->addr.bytes[15];
	}
	return sum;
}

/* LLVMFuzzerTestOneInput: one packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum gp_dns_type types[] = {
		GP_DNS_TXT, GP_DNS_A, GP_DNS_AAAA, GP_DNS_MX, GP_DNS_PTR, GP_DNS_TLSA};
	struct gp_dns_reply reply;
	volatile unsigned sum = 0;
	reached = 0;
	if (size < 3)
		return 0;
	struct gp_dns_question question = {
		"example.org", types[data[0] % (sizeof types / sizeof types[0])]};
	struct gp_span packet = {(const char *)data + 1, size - 1};
	uint16_t id = (uint16_t)(data[1] << 8 | data[2]);
	struct gp_arena *arena = gp_arena_new(1 << 18);
	if (!arena)
		return 0;
	if (gp_dns_wire_parse(arena, packet, id, &question, &reply) == GP_OK) {
		reached = reply.answer.state == GP_DNS_FOUND;
		sum = read_all(&reply.answer);
	}
	(void)sum;
	gp_arena_free(arena);
	return 0;
}

/* fuzz_reached: the last input was an answer with records. */
int fuzz_reached(void)
{
	return reached;
}
