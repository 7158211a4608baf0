/* SPDX-License-Identifier: ISC */
/* Sums of each second of the last minute; the oldest is what the newest is compared with. */
#include "daemon/dns_health.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/strbuf.h"

#define SAID_EVERY_US (60 * 1000000LL)
#define JUDGED_US (10 * 1000000LL) /* so long own questions need not be asked again */
#define OWN_MS 3000                /* for all of them, at a few servers */
#define OWN_SERVER_MS 1000         /* at least, at each server: one that is slow does answer */
#define OWN_MEMORY (256 * 1024)
#define OWN_NAMES 3
#define OWN_QUESTIONS (2 * OWN_NAMES) /* addresses, then TXT */
#define SERVERS_TEXT (GP_DNS_SERVERS_MAX * (GP_DNS_SERVER_TEXT + 2))

/* sums_of: since the resolver was made. */
static struct gp_daemon_dns_health_sums sums_of(struct gp_dns *dns)
{
	struct gp_dns_wire_stats stats;
	struct gp_daemon_dns_health_sums sums = {0};
	gp_dns_wire_stats(dns, &stats);
	sums.failed = stats.given_up + stats.answers[GP_DNS_TEMPFAIL] +
		      stats.answers[GP_DNS_BOGUS] + stats.answers[GP_DNS_TROUBLE];
	sums.asked = sums.failed + stats.answers[GP_DNS_FOUND] + stats.answers[GP_DNS_NODATA] +
		     stats.answers[GP_DNS_NXDOMAIN];
	return sums;
}

/* since: what has come; another resolver than that of the earlier sums counts from 0. */
static struct gp_daemon_dns_health_sums since(
	struct gp_daemon_dns_health_sums now, struct gp_daemon_dns_health_sums earlier)
{
	if (now.asked < earlier.asked || now.failed < earlier.failed)
		return now;
	return (struct gp_daemon_dns_health_sums) {
		now.asked - earlier.asked, now.failed - earlier.failed};
}

/* gp_daemon_dns_health_minute: by the sums of this moment. */
struct gp_daemon_dns_health_sums gp_daemon_dns_health_minute(
	struct gp_daemon_dns_seen *seen, struct gp_dns *dns)
{
	struct gp_daemon_dns_health_sums earlier = {
		.asked = atomic_load(&seen->asked), .failed = atomic_load(&seen->failed)};
	return since(sums_of(dns), earlier);
}

/* gp_daemon_dns_health_is_bad: more than half of enough. */
bool gp_daemon_dns_health_is_bad(uint64_t asked, uint64_t failed)
{
	return asked >= GP_DAEMON_DNS_HEALTH_FEW && failed > asked / 2;
}

/* has_means: for own questions: as many files as they need at once. */
static bool has_means(void)
{
	int fds[OWN_QUESTIONS];
	size_t n = 0;
	while (n < OWN_QUESTIONS && (fds[n] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0)
		n++;
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	return n == OWN_QUESTIONS;
}

/*
 * find: what the answers show. Trouble is that a server cannot be reached from this host, which
 * doctor can tell; where files are short it says nothing of servers, and has its own line in the
 * log.
 */
static enum gp_daemon_dns_failing find(
	const struct gp_dns_question *questions, const struct gp_dns_answer *answers)
{
	bool is_trouble = false, has_a = false, has_txt = false;
	for (size_t i = 0; i < OWN_QUESTIONS; i++) {
		bool is_answer = !gp_dns_state_is_failure(answers[i].state);
		has_a |= is_answer && questions[i].type == GP_DNS_A;
		has_txt |= is_answer && questions[i].type == GP_DNS_TXT;
		is_trouble |= answers[i].state == GP_DNS_TROUBLE;
	}
	if ((has_a && has_txt) || (is_trouble && !has_means()))
		return GP_DAEMON_DNS_FAILING_NOT;
	return has_a     ? GP_DAEMON_DNS_FAILING_TXT
	       : has_txt ? GP_DAEMON_DNS_FAILING_A
			 : GP_DAEMON_DNS_FAILING_ALL;
}

/* ask_own: made-up names of a resolver of its own, so that they are not counted; each name is asked
 * for once. */
static enum gp_daemon_dns_failing ask_own(struct gp_ctx *ctx)
{
	static const char *const below[OWN_NAMES] = {"com", "net", "org"};
	char names[OWN_QUESTIONS][64];
	struct gp_dns_question questions[OWN_QUESTIONS];
	struct gp_dns_answer answers[OWN_QUESTIONS];
	for (size_t i = 0; i < OWN_QUESTIONS; i++) {
		snprintf(names[i], sizeof names[i], "gatepost-%08x%08x.%s", arc4random(),
			arc4random(), below[i % OWN_NAMES]);
		questions[i] =
			(struct gp_dns_question) {names[i], i < OWN_NAMES ? GP_DNS_A : GP_DNS_TXT};
	}
	return gp_dns_query(ctx, questions, OWN_QUESTIONS, answers) ? GP_DAEMON_DNS_FAILING_NOT
								    : find(questions, answers);
}

/*
 * judge: does any of the servers that dns asks answer now? Each is asked once, as there are several
 * questions. Without memory or files, nothing is said.
 */
static enum gp_daemon_dns_failing judge(struct gp_dns *dns)
{
	struct gp_dns_options options;
	struct gp_ctx ctx = {.clock = gp_clock_system()};
	enum gp_daemon_dns_failing failing = GP_DAEMON_DNS_FAILING_NOT;
	if (!gp_dns_wire_options(dns, &options))
		return failing;
	unsigned servers = (unsigned)options.server_count;
	unsigned each_ms = OWN_MS / servers > OWN_SERVER_MS ? OWN_MS / servers : OWN_SERVER_MS;
	options.gate = NULL; /* what others have no place for says nothing */
	options.attempts = 1;
	if (options.timeout_ms > each_ms)
		options.timeout_ms = each_ms;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + (int64_t)each_ms * servers * 1000;
	ctx.arena = gp_arena_new(OWN_MEMORY);
	if (ctx.arena && gp_dns_wire_new(&options, &ctx.dns) == GP_OK)
		failing = ask_own(&ctx);
	gp_dns_free(ctx.dns);
	gp_arena_free(ctx.arena);
	return failing;
}

/* gp_daemon_dns_health_kind: for people. */
const char *gp_daemon_dns_health_kind(enum gp_daemon_dns_failing failing)
{
	return failing == GP_DAEMON_DNS_FAILING_A     ? "A"
	       : failing == GP_DAEMON_DNS_FAILING_TXT ? "TXT"
						      : "";
}

/* gp_daemon_dns_health_failing: two that judge at once come to the same. */
enum gp_daemon_dns_failing gp_daemon_dns_health_failing(struct gp_daemon_dns_seen *seen,
	struct gp_dns *dns, struct gp_daemon_dns_health_sums minute, int64_t now_us)
{
	long long judged_us = atomic_load(&seen->judged_us);
	if (!gp_daemon_dns_health_is_bad(minute.asked, minute.failed))
		return GP_DAEMON_DNS_FAILING_NOT;
	if (judged_us && now_us - judged_us < JUDGED_US)
		return (enum gp_daemon_dns_failing)atomic_load(&seen->failing);
	enum gp_daemon_dns_failing failing = judge(dns);
	atomic_store(&seen->failing, (int)failing);
	atomic_store(&seen->judged_us, now_us ? now_us : 1);
	return failing;
}

/* begin_again: another resolver counts from 0. */
static void begin_again(struct gp_daemon_dns_health *h, const struct gp_dns *dns)
{
	h->dns = dns;
	h->sums[0] = (struct gp_daemon_dns_health_sums) {0};
	h->count = h->next = 1;
}

/* servers_text: all of them. */
static void servers_text(struct gp_dns *dns, char *text, size_t size)
{
	struct gp_dns_options options;
	struct gp_strbuf buf;
	char server[GP_DNS_SERVER_TEXT];
	gp_strbuf_init_fixed(&buf, text, size);
	bool known = gp_dns_wire_options(dns, &options);
	for (size_t i = 0; known && i < options.server_count; i++)
		gp_strbuf_printf(&buf, "%s%s", i ? ", " : "",
			gp_dns_server_format(&options.servers[i], server));
}

/* say: that it is so, or that it is over. */
static void say(struct gp_daemon_dns_health *h, struct gp_dns *dns, const struct gp_log *log,
	struct gp_daemon_dns_health_sums minute)
{
	static const char *const what[] = {[GP_DAEMON_DNS_FAILING_NOT] = "",
		[GP_DAEMON_DNS_FAILING_ALL] = "test queries",
		[GP_DAEMON_DNS_FAILING_A] = "test queries for addresses (A), not those for TXT,",
		[GP_DAEMON_DNS_FAILING_TXT] = "test queries for TXT, not those for addresses (A),"};
	char servers[SERVERS_TEXT] = "";
	servers_text(dns, servers, sizeof servers);
	if (h->failing)
		gp_log_text(log, GP_LOG_WARNING,
			"DNS: %llu of %llu queries in the last minute failed; the servers are %s, "
			"and %s failed as well: check whether they run and answer this host%s "
			"(gatepost doctor dns)",
			(unsigned long long)minute.failed, (unsigned long long)minute.asked,
			servers, what[h->failing],
			h->failing == GP_DAEMON_DNS_FAILING_TXT
				? ", for TXT as well, which SPF, DKIM and DMARC need"
				: "");
	else
		gp_log_text(log, GP_LOG_NOTICE, "DNS: the servers %s answer again", servers);
}

/* gp_daemon_dns_health_look: one more second. */
void gp_daemon_dns_health_look(struct gp_daemon_dns_health *health, struct gp_dns *dns,
	int64_t now_us, const struct gp_log *log, struct gp_daemon_dns_seen *seen_out)
{
	struct gp_daemon_dns_health *h = health;
	struct gp_daemon_dns_health_sums now = sums_of(dns), minute;
	unsigned newest =
		(h->next + GP_DAEMON_DNS_HEALTH_SECONDS - 1) % GP_DAEMON_DNS_HEALTH_SECONDS;
	if (h->dns != dns || h->count == 0 || now.asked < h->sums[newest].asked)
		begin_again(h, dns);
	const struct gp_daemon_dns_health_sums *oldest =
		&h->sums[h->count < GP_DAEMON_DNS_HEALTH_SECONDS ? 0 : h->next];
	atomic_store(&seen_out->asked, oldest->asked);
	atomic_store(&seen_out->failed, oldest->failed);
	minute = since(now, *oldest);
	h->sums[h->next] = now;
	h->next = (h->next + 1) % GP_DAEMON_DNS_HEALTH_SECONDS;
	h->count += h->count < GP_DAEMON_DNS_HEALTH_SECONDS;
	bool was_failing = h->failing != GP_DAEMON_DNS_FAILING_NOT;
	h->failing = gp_daemon_dns_health_failing(seen_out, dns, minute, now_us);
	bool is_due = !h->said_us || now_us - h->said_us >= SAID_EVERY_US;
	bool is_heard =
		minute.asked > minute.failed ||
		gp_daemon_dns_health_is_bad(minute.asked, minute.failed); /* own questions were */
	bool is_over = was_failing && !h->failing && is_heard;
	if (h->failing && is_due)
		h->said_us = now_us ? now_us : 1;
	if ((h->failing && is_due) || is_over)
		say(h, dns, log, minute);
}
