/* SPDX-License-Identifier: ISC */
/*
 * DNS health: whether most questions of the last minute failed, because name servers do not work.
 *
 * Each verdict says what it found, and a temporary error is an ordinary one; that all of them are
 * caused by the name servers shows only in their sum. But senders of mail choose what is queried: a
 * broken zone of their own, or the names of a thousand others, can cause any number of failures. So
 * when most have failed, test queries decide that no sender has chosen: made-up names below com,
 * net and org, which no server has cached and every working one can deny, for addresses and for
 * TXT, of which verdicts are made: a server that fails one type only counts as silent. The keeper
 * looks every second, warns once a minute while it is so, with the servers, and leaves the sums of
 * a minute ago, by which gatepost status and doctor get the numbers of the moment.
 *
 *     struct gp_daemon_dns_health h = {0};
 *     gp_daemon_dns_health_look(&h, dns, now_us, log, &shared->dns_seen);     (every second, one
 * thread)
 *
 * Queries that could not be sent (GP_DNS_TROUBLE) count as failed: so does a name server that this
 * host cannot reach, and the test queries distinguish that from a lack of descriptors. Threads:
 * what was seen may be read by any.
 *
 * Known gap: where the name servers know an inner network only, the test queries always fail, and a
 * broken zone that is queried often is reported as a failure of the servers.
 */
#ifndef GP_DAEMON_DNS_HEALTH_H
#define GP_DAEMON_DNS_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "dns/dns.h"

#define GP_DAEMON_DNS_HEALTH_SECONDS 60
#define GP_DAEMON_DNS_HEALTH_FEW 20 /* questions below which their failures say nothing */

/* Whether name servers are wanting, and for what. */
enum gp_daemon_dns_failing {
	GP_DAEMON_DNS_FAILING_NOT,
	GP_DAEMON_DNS_FAILING_ALL, /* no own question was answered */
	GP_DAEMON_DNS_FAILING_A,   /* none for addresses */
	GP_DAEMON_DNS_FAILING_TXT  /* none for TXT */
};

/* The resolver's sums a minute ago, as of the last look; and what own questions came to. */
struct gp_daemon_dns_seen {
	atomic_ullong asked, failed;
	atomic_llong judged_us; /* when they were asked last; 0: never */
	atomic_int failing;     /* enum gp_daemon_dns_failing: what that showed */
};

/* Sums of one moment. */
struct gp_daemon_dns_health_sums {
	uint64_t asked, failed;
};

struct gp_daemon_dns_health {
	const struct gp_dns *dns; /* whose sums these are */
	struct gp_daemon_dns_health_sums sums[GP_DAEMON_DNS_HEALTH_SECONDS]; /* a ring */
	unsigned count, next;
	enum gp_daemon_dns_failing failing;
	int64_t said_us;
};

/* Looks at the resolver's counters; warns, at most once a minute, and says when it is over. */
void gp_daemon_dns_health_look(struct gp_daemon_dns_health *health, struct gp_dns *dns,
	int64_t now_us, const struct gp_log *log, struct gp_daemon_dns_seen *seen_out);

/* What the resolver was asked from a minute ago until now, and how much of it failed. */
struct gp_daemon_dns_health_sums gp_daemon_dns_health_minute(
	struct gp_daemon_dns_seen *seen, struct gp_dns *dns);

/* Did most of so many questions fail? */
bool gp_daemon_dns_health_is_bad(uint64_t asked, uint64_t failed);

/* The kind of question that is not answered: "A", "TXT", or "": all or none. */
const char *gp_daemon_dns_health_kind(enum gp_daemon_dns_failing failing);

/* Did most of this minute's fail for want of name servers? Then those are asked, which may take
 * three seconds, unless they were in the ten seconds before now_us. */
enum gp_daemon_dns_failing gp_daemon_dns_health_failing(struct gp_daemon_dns_seen *seen,
	struct gp_dns *dns, struct gp_daemon_dns_health_sums minute, int64_t now_us);

#endif
