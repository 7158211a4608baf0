/* SPDX-License-Identifier: ISC */
/*
 * Not through the daemon, which may be what does not work. Started as root it goes where the daemon
 * goes and becomes its user first (on a host with Exim alone: Exim's), so that no file of the store
 * ever belongs to root.
 */
#include <bsd/string.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/format.h"
#include "cli/store/store_check.h"
#include "cli/store/store_hint.h"
#include "cli/usage.h"

#define SUBJECT "gatepost-store-check"
#define ROUNDS 100
#define PER_MS 60000     /* what a check that is killed leaves behind counts so long */
#define STEP_US 10000000 /* for each step */
#define CLOCKS_MS 5000   /* how far the clocks of two hosts may be apart */
#define CHECK_MEMORY (64 * 1024 * 1024)

/* What a check carries from step to step. */
struct check {
	const struct gp_cli_store_user *who;
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_span name;       /* of the fact and the counter: no other check has it */
	bool is_looking;           /* reads only */
	unsigned errors, warnings; /* that were logged */
	char last[512];            /* the last one */
	int64_t rounds_us[ROUNDS];
};

/* ---- becoming the daemon's user ---- */

/* cannot: why the user could not be changed. */
static int cannot(const char *what, const char *name)
{
	fprintf(stderr, "gatepost store: %s %s: %s\n", what, name, strerror(errno));
	return GP_CLI_TROUBLE;
}

/* find_user: the numbers of policyd.user and policyd.group, or of Exim's user. */
static int find_user(const struct gp_cli_store_user *options, uid_t *uid_out, gid_t *gid_out)
{
	const struct passwd *pw = getpwnam(options->user);
	const struct group *gr = *options->group ? getgrnam(options->group) : NULL;
	if (!pw || (*options->group && !gr)) {
		fprintf(stderr,
			"gatepost store: there is no %s \"%s\": create it, or set policyd.%s\n",
			pw ? "group" : "user", pw ? options->group : options->user,
			pw ? "group" : "user");
		return GP_CLI_TROUBLE;
	}
	*uid_out = pw->pw_uid;
	*gid_out = gr ? gr->gr_gid : pw->pw_gid;
	if (*uid_out && *gid_out)
		return GP_CLI_FINE;
	fputs("gatepost store: policyd.user and policyd.group must not be root\n", stderr);
	return GP_CLI_TROUBLE;
}

/* become_user: like the daemon: groups, chroot, group, user. */
static int become_user(const struct gp_cli_store_user *options)
{
	uid_t uid;
	gid_t gid;
	if (geteuid() != 0) {
		if (*options->chroot)
			printf("not started as root: policyd.chroot is left out\n");
		return GP_CLI_FINE;
	}
	int code = find_user(options, &uid, &gid);
	if (code)
		return code;
	if (initgroups(options->user, gid))
		return cannot("groups of", options->user);
	if (*options->chroot && (chroot(options->chroot) || chdir("/")))
		return cannot("policyd.chroot", options->chroot);
	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid) || setuid(0) == 0)
		return cannot("becoming the user", options->user);
	printf("as the user %s:\n", options->user);
	return GP_CLI_FINE;
}

/* ---- what is said ---- */

/* take_log: gp_log.write: the store says itself what is wrong; errors are counted. */
static void take_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct check *c = arg;
	bool is_message = strcmp(event, "message") == 0 && count == 1;
	const char *text = is_message ? gp_arena_copy(c->ctx.arena, fields[0].text) : NULL;
	char storage[2048] = "";
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, storage, sizeof storage);
	for (size_t i = 0; i < count; i++) {
		gp_strbuf_add(&buf, i ? " " : "");
		gp_log_format_field(&buf, &fields[i]);
	}
	text = text ? gp_cli_visible(c->ctx.arena, text) : storage;
	c->errors += level == GP_LOG_ERROR;
	c->warnings += level == GP_LOG_WARNING;
	(void)strlcpy(c->last, text, sizeof c->last); /* what is cut was printed whole */
	fprintf(stderr, "  %s: %s\n", gp_log_level_name(level), text);
}

/* problem_of: the store's own words, which a log line may have said before. */
static const char *problem_of(struct check *c)
{
	struct gp_store_health h = {0};
	if (c->store)
		gp_store_health(c->store, &h);
	return gp_cli_visible(c->ctx.arena, *h.problem ? h.problem : c->last);
}

/* failed: a step that did not work, with what the store says itself unless it has just said so. */
static int failed(struct check *c, const char *step, int rc)
{
	struct gp_store_health h;
	gp_store_health(c->store, &h);
	const char *why = gp_cli_visible(c->ctx.arena, *h.problem ? h.problem : gp_err_text(rc));
	bool is_said = strstr(c->last, why) != NULL;
	fprintf(stderr, "  %s does not work%s%s\n", step, is_said ? "" : ": ", is_said ? "" : why);
	return GP_CLI_TROUBLE;
}

/* ---- the steps ---- */

/* begin: another deadline. */
static void begin(struct check *c)
{
	c->ctx.deadline_us = gp_clock_now_us(c->ctx.clock) + STEP_US;
}

/* see_fact: visitor: is it ours, with its value? */
static bool see_fact(void *arg, const struct gp_store_fact *fact)
{
	struct gp_span *expected = arg; /* key and value are the same */
	if (gp_span_equal(fact->key, *expected) && gp_span_equal(fact->value, *expected))
		*expected = (struct gp_span) {NULL, 0};
	return true;
}

/* check_fact: written, read, removed. */
static int check_fact(struct check *c)
{
	struct gp_span seen = c->name;
	int64_t now_ms = gp_store_now_ms(c->store);
	begin(c);
	int rc = gp_store_put(c->store, &c->ctx, c->name, c->name, now_ms + PER_MS);
	if (rc)
		return failed(c, "writing a fact", rc);
	rc = gp_store_facts(c->store, &c->ctx, now_ms, c->name, see_fact, &seen);
	if (rc)
		return failed(c, "reading a fact", rc);
	rc = gp_store_remove(c->store, &c->ctx, c->name);
	if (rc)
		return failed(c, "removing a fact", rc);
	if (!seen.ptr) {
		puts("  a fact: written, read, removed");
		return GP_CLI_FINE;
	}
	fputs("  a fact that was written could not be read again\n", stderr);
	return GP_CLI_TROUBLE;
}

/* check_soft: a soft fact and a seen set: written, read, over at once. */
static int check_soft(struct check *c)
{
	int64_t now_ms = gp_store_now_ms(c->store);
	char value[sizeof "soft"] = "";
	struct gp_store_note note = {
		.key = c->name, .value = gp_span_from("soft"), .expires_ms = now_ms + PER_MS};
	struct gp_store_note over = {.key = c->name, .expires_ms = 0};
	struct gp_store_get get = {
		.key = c->name, .soft = true, .value = {.bytes = value, .room = 4}};
	struct gp_store_within within = {.ms = 1};
	struct gp_store_see see = {.subject = c->name,
		.item = c->name,
		.most = 1,
		.within = &within,
		.within_count = 1};
	const struct gp_store_op ops[] = {{GP_STORE_OP_NOTE, {.note = &note}},
		{GP_STORE_OP_GET, {.get = &get}}, {GP_STORE_OP_NOTE, {.note = &over}},
		{GP_STORE_OP_SEE, {.see = &see}}};
	begin(c);
	int rc = gp_store_do(c->store, &c->ctx, now_ms, ops, sizeof ops / sizeof ops[0]);
	if (rc)
		return failed(c, "noting what was seen", rc);
	if (strcmp(value, "soft") == 0 && see.is_new && within.seen == 1) {
		puts("  what was seen: noted, read, removed");
		return GP_CLI_FINE;
	}
	fputs("  what was noted could not be read again: the store has no room for it\n", stderr);
	return GP_CLI_TROUBLE;
}

/* take: one step of the counter. */
static int take(struct check *c, int64_t amount, int64_t *used_out)
{
	struct gp_store_count count = {
		.id = 1, .per_ms = PER_MS, .max = ROUNDS, .take = amount, .forced = amount == 0};
	struct gp_store_take one = {.subject = c->name, .counts = &count, .count = 1};
	begin(c);
	int64_t began_us = gp_clock_now_us(c->ctx.clock);
	int rc = gp_store_take(c->store, &c->ctx, gp_store_now_ms(c->store), &one, 1);
	if (amount && count.used >= 1 && count.used <= ROUNDS)
		c->rounds_us[count.used - 1] = gp_clock_now_us(c->ctx.clock) - began_us;
	*used_out = count.used;
	return rc;
}

/* miscounted: a store that loses or makes up what is counted. */
static int miscounted(int64_t used, int64_t expected)
{
	fprintf(stderr, "  the counter says %lld where %lld was counted\n", (long long)used,
		(long long)expected);
	return GP_CLI_TROUBLE;
}

/* check_counter: counted one by one, read, forgotten. */
static int check_counter(struct check *c)
{
	int64_t used;
	int rc;
	for (int64_t i = 1; i <= ROUNDS; i++) {
		rc = take(c, 1, &used);
		if (rc)
			return failed(c, "counting", rc);
		if (used != i)
			return miscounted(used, i);
	}
	rc = gp_store_forget(c->store, &c->ctx, c->name, 0);
	if (rc)
		return failed(c, "forgetting a counter", rc);
	rc = take(c, 0, &used);
	if (rc)
		return failed(c, "reading a counter", rc);
	if (used)
		return miscounted(used, 0);
	puts("  a counter: counted, read, forgotten");
	return GP_CLI_FINE;
}

/* by_size: order of numbers. */
static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* print_times: the median, and the slowest. */
static void print_times(struct check *c)
{
	char median[GP_CLI_TEXT], slowest[GP_CLI_TEXT];
	qsort(c->rounds_us, ROUNDS, sizeof c->rounds_us[0], by_size);
	printf(GP_CLI_STORE_STEP "%s (median of %d; the slowest took %s)\n",
		gp_cli_micros(c->rounds_us[ROUNDS / 2], median), ROUNDS,
		gp_cli_micros(c->rounds_us[ROUNDS - 1], slowest));
}

/* print_time: a server whose clock is another one than ours; what counts is its own. */
static void print_time(struct check *c, const char *uri)
{
	char text[GP_DURATION_TEXT];
	int64_t apart_ms = gp_store_now_ms(c->store) - c->ctx.clock->wall_s(c->ctx.clock) * 1000;
	if (strncmp(uri, "lmdb:", 5) == 0 || (apart_ms > -CLOCKS_MS && apart_ms < CLOCKS_MS))
		return;
	printf(GP_CLI_STORE_TIME "%s %s this host\n",
		gp_duration_wait(apart_ms < 0 ? -apart_ms : apart_ms, text),
		apart_ms < 0 ? "behind" : "ahead of");
}

/* read_fact: none of our name, but the question is answered. */
static int read_fact(struct check *c)
{
	char text[GP_CLI_TEXT];
	struct gp_span seen = c->name;
	begin(c);
	int64_t began_us = gp_clock_now_us(c->ctx.clock);
	int rc = gp_store_facts(
		c->store, &c->ctx, gp_store_now_ms(c->store), c->name, see_fact, &seen);
	if (rc)
		return failed(c, "reading a fact", rc);
	printf(GP_CLI_STORE_STEP "%s\n",
		gp_cli_micros(gp_clock_now_us(c->ctx.clock) - began_us, text));
	return GP_CLI_FINE;
}

/* run_steps: on a store that has been opened. */
static int run_steps(struct check *c, const char *uri)
{
	struct gp_store_health h;
	begin(c);
	if (!c->is_looking)
		gp_store_tend(c->store,
			&c->ctx); /* finds the way to a server that did not answer at once */
	gp_store_health(c->store, &h);
	if (h.up)
		printf("  open: %s\n", gp_cli_visible(c->ctx.arena, h.where));
	int code = c->is_looking ? read_fact(c) : check_fact(c);
	if (!code && !c->is_looking)
		code = check_counter(c);
	if (!code && !c->is_looking)
		code = check_soft(c);
	if (!code && !c->is_looking)
		print_times(c);
	if (!code)
		print_time(c, uri);
	return code;
}

/* check_store: one store, from open to close. */
static int check_store(struct check *c, const struct gp_store_options *options, const char *what)
{
	int code = GP_CLI_TROUBLE;
	printf("%s", what);
	for (size_t i = 0; i < options->uri_count; i++)
		printf(" %s", gp_cli_visible(c->ctx.arena, options->uris[i]));
	putchar('\n');
	(void)fflush(stdout); /* before what goes to stderr */
	begin(c);
	c->errors = c->warnings = 0;
	c->last[0] = 0;
	int rc = gp_store_open(options, &c->ctx, &c->store);
	if (rc)
		fprintf(stderr, "  cannot be opened%s%s\n", c->errors ? "" : ": ",
			c->errors ? "" : gp_err_text(rc));
	else
		code = run_steps(c, options->uris[0]);
	(void)fflush(stdout);
	if (code)
		gp_cli_store_hint(options->uris[0], problem_of(c), c->who);
	gp_store_close(c->store);
	c->store = NULL;
	if (!code)
		puts(c->errors        ? "  works now, after what is said above"
			: c->warnings ? "  works, with the warnings above"
				      : "  fine");
	return c->errors ? GP_CLI_TROUBLE : code;
}

/* check_main: the store. */
static int check_main(struct check *c, const struct gp_config *config)
{
	int code = check_store(c, &config->store, "store");
	if (config->limits.limit_count == 0)
		puts("no limit is configured: the daemon does not use the store");
	return code;
}

/* check_local: the one that stands in for it. */
static int check_local(struct check *c, const struct gp_config *config)
{
	struct gp_store_options local = config->store;
	local.uris[0] = gp_arena_printf(c->ctx.arena, "lmdb:%s", config->store_local_path);
	local.uri_count = 1;
	if (!local.uris[0])
		return GP_CLI_TROUBLE;
	return check_store(c, &local, "store that stands in");
}

/* gp_cli_store_check: the user first, then the stores asked for. */
int gp_cli_store_check(
	const struct gp_config *config, const struct gp_cli_store_user *who, unsigned stores)
{
	const struct gp_config_policyd *options = &config->policyd;
	const struct gp_cli_store_user configured = {
		options->user, options->group, options->chroot, false};
	struct check c = {
		.who = who ? who : &configured, .is_looking = (stores & GP_CLI_STORE_LOOK) != 0};
	const struct gp_log log = {take_log, &c, GP_LOG_WARNING};
	char name[128];
	int code = become_user(c.who), local_code = GP_CLI_FINE;
	if (code)
		return code;
	c.ctx = (struct gp_ctx) {
		.arena = gp_arena_new(CHECK_MEMORY), .clock = gp_clock_system(), .log = &log};
	snprintf(name, sizeof name, SUBJECT ":%ld:%llx", (long)getpid(),
		(unsigned long long)gp_clock_now_us(c.ctx.clock));
	c.name = gp_span_from(name);
	if (!c.ctx.arena)
		return GP_CLI_TROUBLE;
	if (stores & GP_CLI_STORE_MAIN)
		code = check_main(&c, config);
	if (stores & GP_CLI_STORE_LOCAL)
		local_code = check_local(&c, config);
	gp_arena_free(c.ctx.arena);
	return code ? code : local_code;
}
