/* SPDX-License-Identifier: ISC */
/*
 * A line on the operator's socket: what is JSON gets an answer, of one line of JSON, whatever its
 * members are; nothing that it sets stays behind.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/control.h"
#include "daemon/control_command.h"
#include "fuzz/target.h"
#include "support/served.h"

#define MEMORY (64 * 1024 * 1024)
#define TIME_US 30000000

const char *const fuzz_reached_seed = "set";

static const char conf[] =
	"limit people { key = user count = recipients max = 100 per = 1h }\n"
	"limit domains { key = user_domain count = messages max = 100 per = 1h }\n"
	"limit senders { key = sender count = bytes max = 1M per = 1d }\n"
	"limit hosts { key = client count = recipients max = 10 per = 1d }\n"
	"limit nets { key = network count = recipients max = 10 per = 1d }\n"
	"limit site { key = all count = recipients max = 1000 per = 1d }\n"
	"override { user = \"bob\" people = unlimited }\n"
	"override { client = \"192.0.2.0/24\" hosts = 7 }\n";

static int reached;
static struct gp_arena *arena;

/* fuzz_reached: was the last input a command that was done? */
int fuzz_reached(void)
{
	return reached;
}

/* ask: one request; its answer, new. */
static json_t *ask(const json_t *request)
{
	struct gp_daemon *daemon = gp_test_served(conf);
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	struct gp_ctx ctx = {.arena = arena,
		.clock = gp_clock_system(),
		.log = &r->log,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + TIME_US};
	struct gp_daemon_control_call call = {
		.daemon = daemon, .runtime = r, .ctx = &ctx, .request = request, .peer_uid = -1};
	json_t *value = gp_daemon_control_answer(&call);
	gp_arena_reset(arena);
	gp_daemon_runtimes_release(daemon->runtimes, r);
	return value;
}

/* check: an object that can be written on one line and read again. */
static void check(const json_t *value)
{
	fuzz_require(json_is_object(value));
	char *text = json_dumps(value, JSON_COMPACT);
	fuzz_require(text && !strchr(text, '\n'));
	json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	fuzz_require(again && json_equal(value, again));
	json_decref(again);
	free(text);
}

/* take_back: what a set has left, so that the store stays small. */
static void take_back(json_t *request)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	if (!command || strcmp(command, "set") != 0)
		return;
	fuzz_require(json_object_set_new(request, "command", json_string("unset")) == 0);
	json_t *value = ask(request);
	check(value);
	fuzz_require(!json_object_get(value, "error"));
	json_decref(value);
}

/* LLVMFuzzerTestOneInput: one line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	json_t *request = size <= GP_DAEMON_CONTROL_REQUEST_MAX
				  ? gp_operator_parse((struct gp_span) {line, size})
				  : NULL;
	reached = 0;
	if (!arena)
		arena = gp_arena_new(MEMORY);
	fuzz_require(arena != NULL);
	if (!request)
		return 0;
	json_t *value = ask(request);
	check(value);
	reached = !json_object_get(value, "error");
	if (reached)
		take_back(request);
	json_decref(value);
	json_decref(request);
	return 0;
}
