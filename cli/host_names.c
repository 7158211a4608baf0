/* SPDX-License-Identifier: ISC */
/* PTR, then the addresses of all names at once. */
#include "cli/host_names.h"

#include "mail/address.h"

/* judge: what the addresses of a name say. */
static enum gp_cli_forward judge(const struct gp_dns_answer *answer, const struct gp_ipaddr *addr)
{
	if (gp_dns_state_is_failure(answer->state))
		return GP_CLI_FORWARD_UNKNOWN;
	for (size_t i = 0; i < answer->count; i++)
		if (gp_ipaddr_equal(&answer->records[i].addr, addr))
			return GP_CLI_FORWARD_CONFIRMED;
	return answer->count ? GP_CLI_FORWARD_OTHER : GP_CLI_FORWARD_NONE;
}

/* confirm: each name that there is. */
static int confirm(
	struct gp_ctx *ctx, const struct gp_ipaddr *addr, struct gp_cli_host_names *names)
{
	struct gp_dns_question questions[GP_CLI_HOST_NAMES_MAX];
	struct gp_dns_answer answers[GP_CLI_HOST_NAMES_MAX];
	enum gp_dns_type type = addr->family == GP_IP_V4 ? GP_DNS_A : GP_DNS_AAAA;
	for (size_t i = 0; i < names->count; i++)
		questions[i] = (struct gp_dns_question) {names->names[i].name, type};
	int rc = gp_dns_query(ctx, questions, names->count, answers);
	for (size_t i = 0; !rc && i < names->count; i++) {
		struct gp_cli_host_name *name = &names->names[i];
		name->forward = judge(&answers[i], addr);
		if (!names->confirmed && name->forward == GP_CLI_FORWARD_CONFIRMED &&
			gp_address_is_host_name(name->name))
			names->confirmed = name->name;
	}
	return rc;
}

/* gp_cli_host_names_find: what comes after the tenth name is not looked at. */
int gp_cli_host_names_find(
	struct gp_ctx *ctx, const struct gp_ipaddr *addr, struct gp_cli_host_names *names_out)
{
	char reverse[GP_DNS_NAME_TEXT];
	gp_dns_name_reverse(addr, reverse);
	*names_out = (struct gp_cli_host_names) {
		.reverse = gp_arena_copy(ctx->arena, gp_span_from(reverse))};
	if (!names_out->reverse)
		return gp_arena_status(ctx->arena);
	const struct gp_dns_question question = {names_out->reverse, GP_DNS_PTR};
	int rc = gp_dns_query(ctx, &question, 1, &names_out->ptr);
	if (rc)
		return rc;
	for (size_t i = 0; i < names_out->ptr.count && names_out->count < GP_CLI_HOST_NAMES_MAX;
		i++)
		names_out->names[names_out->count++].name = names_out->ptr.records[i].name;
	return names_out->count ? confirm(ctx, addr, names_out) : GP_OK;
}
