/* SPDX-License-Identifier: ISC */
/* What cli/direct*.c share. */
#ifndef GP_CLI_DIRECT_PRIVATE_H
#define GP_CLI_DIRECT_PRIVATE_H

#include "base/ctx.h"
#include "cli/direct.h"
#include "operator/operator.h"
#include "reputation/dnsbl/dnsbl_kept.h"
#include "runtime/runtime_store.h"

struct gp_cli_direct {
	const char *command; /* for what is printed; borrowed */
	struct gp_config *config;
	struct gp_runtime_store store; /* not open where nothing wants one */
	struct gp_log log;
	struct gp_dnsbl_kept kept; /* of the last answer */
	void *table;               /* of its health; NULL: none */
	struct gp_arena *arena;
	int64_t uid; /* who has called the command */
	char user[64];
};

/* What is known of DNS lists now; NULL: nothing, for want of lists or a store. Until the next. */
const struct gp_dnsbl_kept *gp_cli_direct_lists(struct gp_cli_direct *direct, struct gp_ctx *ctx);

/* The answers that the daemon gives otherwise. */
json_t *gp_cli_direct_status(struct gp_cli_direct *direct, struct gp_operator_call *call);
json_t *gp_cli_direct_metrics(struct gp_cli_direct *direct, struct gp_operator_call *call);

#endif
