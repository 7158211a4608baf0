/* SPDX-License-Identifier: ISC */
/*
 * What is known of the servers from one question to the next: how silent each was of late, which
 * decides the order in which they are asked, and what is counted.
 */
#include "dns/dns_wire_private.h"

#define SILENT_MAX 3                 /* timeouts in a row... */
#define ASKED_LAST_US (10 * 1000000) /* ...after which a server is asked last for so long */

/* gp_dns_wire_order: two passes over the configured order: the good ones, then the silent ones. */
void gp_dns_wire_order(struct gp_dns_wire *wire, int64_t now_us, uint8_t *order_out)
{
	bool late[GP_DNS_SERVERS_MAX];
	size_t count = wire->options.server_count, n = 0;
	for (size_t i = 0; i < count; i++)
		late[i] = atomic_load(&wire->memory[i].last_until_us) > now_us;
	for (size_t i = 0; i < count; i++)
		if (!late[i])
			order_out[n++] = (uint8_t)i;
	for (size_t i = 0; i < count; i++)
		if (late[i])
			order_out[n++] = (uint8_t)i;
}

/* gp_dns_wire_heard: forgets the silence. */
void gp_dns_wire_heard(struct gp_dns_wire *wire, size_t server)
{
	atomic_store(&wire->memory[server].silent, 0);
	atomic_store(&wire->memory[server].last_until_us, 0);
}

/* gp_dns_wire_silent: counts; enough of it moves the server to the end for a while. */
void gp_dns_wire_silent(struct gp_dns_wire *wire, size_t server, int64_t now_us)
{
	struct gp_dns_wire_memory *memory = &wire->memory[server];
	if (atomic_fetch_add(&memory->silent, 1) + 1 >= SILENT_MAX)
		atomic_store(&memory->last_until_us, now_us + ASKED_LAST_US);
}

/* gp_dns_wire_count: in no order with anything else. */
void gp_dns_wire_count(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* gp_dns_wire_answered: by state; what we gave up says nothing about the servers. */
void gp_dns_wire_answered(
	struct gp_dns_wire *wire, const struct gp_dns_answer *answer, int64_t took_us)
{
	struct gp_dns_wire_counts *counts = wire->counts;
	bool given_up = answer->ours && answer->state == GP_DNS_TEMPFAIL;
	gp_dns_wire_count(given_up ? &counts->given_up : &counts->answers[answer->state]);
	gp_histogram_add(&counts->took, took_us);
}
