/* SPDX-License-Identifier: ISC */
/* Every name that could cover a mail is made, and all are looked up at once. */
#include "reputation/greylist/greylist_allow.h"

#include <string.h>

#include "mail/address.h"
#include "reputation/greylist/greylist_key.h"
#include "reputation/reputation_order.h"

#define DOMAINS_MAX 12 /* names of one domain: itself and those above it, the nearest first */

/* ---- names ---- */

/* network_name: of the first bits of an address. */
static const char *network_name(struct gp_arena *arena, struct gp_ipaddr addr, unsigned length)
{
	const struct gp_prefix prefix =
		gp_prefix_masked((struct gp_prefix) {.addr = addr, .length = length});
	return gp_greylist_network_text(arena, &prefix);
}

/* problem_of: of a network that cannot be covered; NULL: it can. */
static const char *problem_of(const struct gp_prefix *prefix)
{
	bool is_v6 = prefix->addr.family == GP_IP_V6;
	if (prefix->length < (is_v6 ? GP_GREYLIST_ALLOW_V6_MIN : GP_GREYLIST_ALLOW_V4_MIN))
		return "the network is too large; greylist.mode = off delays nobody";
	if (is_v6 && prefix->length != 128 && (prefix->length > 64 || prefix->length % 4))
		return "the length of a network of IPv6 is 128, or at most 64 and a multiple of 4";
	return NULL;
}

/* gp_greylist_allow_parse: an address is a network of one. */
int gp_greylist_allow_parse(
	struct gp_arena *arena, const char *text, const char **name_out, const char **problem_out)
{
	struct gp_prefix prefix;
	*name_out = NULL;
	*problem_out = "it is neither a network (192.0.2.0/24) nor a domain (example.org)";
	if (gp_prefix_parse(gp_span_from(text), &prefix) == GP_OK) {
		const char *problem = problem_of(&prefix);
		if (problem)
			*problem_out = problem;
		else
			*name_out = network_name(arena, prefix.addr, prefix.length);
		return problem ? GP_ESYNTAX : *name_out ? GP_OK : gp_arena_status(arena);
	}
	int rc = gp_address_domain(arena, gp_span_from(text), name_out);
	if (rc == GP_OK && (!gp_address_is_host_name(*name_out) || !strchr(*name_out, '.') ||
				   strspn(*name_out, "0123456789.") == strlen(*name_out)))
		rc = GP_ESYNTAX;
	return rc;
}

/* ---- looking them up ---- */

/* Names under way, and the gets for them. */
struct lookup {
	struct gp_arena *arena;
	const char *names[GP_STORE_OPS_MAX];
	struct gp_store_get gets[GP_STORE_OPS_MAX];
	struct gp_store_op ops[GP_STORE_OPS_MAX];
	size_t count;
};

/* add_name: one more, unless it cannot have been kept. */
static void add_name(struct lookup *l, const char *name)
{
	const char *key =
		name && l->count < GP_STORE_OPS_MAX
			? gp_reputation_order_key(l->arena, GP_REPUTATION_GREYLIST_ALLOW, name)
			: NULL;
	if (!key)
		return;
	l->names[l->count] = name;
	l->gets[l->count] = (struct gp_store_get) {.key = gp_span_from(key)};
	l->ops[l->count] =
		(struct gp_store_op) {.kind = GP_STORE_OP_GET, .get = &l->gets[l->count]};
	l->count++;
}

/* add_networks: those that the address lies in, the smallest first. */
static void add_networks(struct lookup *l, struct gp_ipaddr addr)
{
	if (addr.family == GP_IP_V4)
		for (unsigned n = 32; n >= GP_GREYLIST_ALLOW_V4_MIN; n--)
			add_name(l, network_name(l->arena, addr, n));
	if (addr.family == GP_IP_V6) {
		add_name(l, network_name(l->arena, addr, 128));
		for (unsigned n = 64; n >= GP_GREYLIST_ALLOW_V6_MIN; n -= 4)
			add_name(l, network_name(l->arena, addr, n));
	}
}

/* add_domains: a name and those above it that have a dot. */
static void add_domains(struct lookup *l, const char *domain)
{
	for (size_t i = 0; i < DOMAINS_MAX && domain && strchr(domain, '.'); i++) {
		add_name(l, domain);
		domain = strchr(domain, '.') + 1;
	}
}

/* gp_greylist_allow_find: the first that is there. */
int gp_greylist_allow_find(struct gp_store *store, struct gp_ctx *ctx,
	const struct gp_greylist_allow_mail *mail, const char **name_out)
{
	struct lookup *l = gp_arena_alloc(ctx->arena, sizeof *l);
	*name_out = NULL;
	if (!l)
		return gp_arena_status(ctx->arena);
	*l = (struct lookup) {.arena = ctx->arena};
	add_networks(l, gp_ipaddr_unmap(mail->client));
	add_domains(l, mail->client_name);
	add_domains(l, mail->sender_domain);
	if (gp_arena_status(ctx->arena) || !l->count)
		return gp_arena_status(ctx->arena);
	int rc = gp_store_do(store, ctx, gp_store_now_ms(store), l->ops, l->count);
	for (size_t i = 0; !rc && !*name_out && i < l->count; i++)
		if (l->gets[i].value.found == GP_STORE_FOUND)
			*name_out = l->names[i];
	return rc;
}
