/* SPDX-License-Identifier: ISC */
/*
 * Health of DNS lists: which of them work at present, why not, since when; and what they have said.
 *
 * A table with one record for each list. Memory of the caller's, which threads and processes forked
 * later may share (one robust lock inside); time is an argument (Unix seconds). Sends no query:
 * gp_dnsbl_ask and gp_dnsbl_test (dnsbl.h) do, and use all calls below but these:
 *
 *     memory = allocate(gp_dnsbl_health_size());                   zeroed
 *     rc = gp_dnsbl_health_init(memory, &health);
 *     gp_dnsbl_health_configure(health, &lists, now_s);            at the start, after each reload
 *     gp_dnsbl_health_switch(health, &list, off, now_s);           when the operator says so
 *     gp_dnsbl_health_view(health, &list, now_s, &view);           for status and metrics
 *     size = gp_dnsbl_health_save(health, &list, record);          for programs of short life,
 *     gp_dnsbl_health_load(health, &list, bytes, now_s);           which keep it in a store
 *
 * A list is asked about mail only while it is GP_DNSBL_OK. It is suspended by one answer of its
 * error set, by one that no such list gives, by failed tests, by silence or refusals, and when it
 * lists nearly every client; a suspended list is asked its tests only, after 1, 2, 4 ... 60
 * minutes, and returns after two good rounds. A local problem never counts against a list.
 *
 * Nearly every client may be what a good list lists: on a server that few but spammers connect to.
 * So after good rounds that share alone does not suspend the list again, as long as its hourly
 * tests go well; it only makes them due sooner (ten minutes after the last ones).
 *
 * A list is known by its name and the zone that is queried, so that another key is another list.
 * Neither the zone nor the key is in the table, in a view or in a record.
 *
 * What is to be logged comes back as events. The death of a process in the middle of a call leaves
 * a table that works; what it had to add may be lost.
 *
 * Limits: GP_DNSBL_LISTS_MAX lists; codes and unknown codes by list are bounded (more are counted
 * together). Clients of one network (/24, /48) count as one.
 */
#ifndef GP_REPUTATION_DNSBL_HEALTH_H
#define GP_REPUTATION_DNSBL_HEALTH_H

#include "base/histogram.h"
#include "base/ipaddr.h"
#include "base/span.h"
#include "reputation/dnsbl/dnsbl_list.h"

struct gp_dnsbl_health;

enum gp_dnsbl_status {
	GP_DNSBL_UNTESTED, /* since the start: not asked about mail until it has been tested */
	GP_DNSBL_OK,
	GP_DNSBL_SUSPENDED, /* asked its tests only; returns after two good rounds, or after one if
			     * it only was not tested in time */
	GP_DNSBL_DEAD,      /* suspended, and no test has succeeded for a week; or known to be
			     * closed: then it is asked nothing */
	GP_DNSBL_OFF        /* by the configuration or the operator: asked nothing */
};
#define GP_DNSBL_STATUSES 5

/* Why a list is suspended. */
enum gp_dnsbl_reason {
	GP_DNSBL_NO_REASON,
	GP_DNSBL_ERROR_CODE,      /* an answer of its error set */
	GP_DNSBL_ANSWERS_OUTSIDE, /* not in 127.0.0.0/8 */
	GP_DNSBL_LEAVES_ZONE,     /* a CNAME to a name outside the list's zone */
	GP_DNSBL_CANARY_LISTED,   /* lists what no list has (RFC 5782 5) */
	GP_DNSBL_TEST_MISSING,    /* lacks an entry that it must have */
	GP_DNSBL_TIMEOUTS,        /* 10 in a row, or more than half of the last 50 queries */
	GP_DNSBL_REFUSED,         /* REFUSED or SERVFAIL for everything */
	GP_DNSBL_LISTS_WORLD,     /* lists more clients than a real list does */
	GP_DNSBL_NO_KEY,          /* cannot be asked: no key, unreadable file */
	GP_DNSBL_NOT_TESTED       /* not tested in time after the start */
};
#define GP_DNSBL_REASONS 11

/* "ok", "error code", "test entry missing"; NO_REASON: "". */
const char *gp_dnsbl_status_name(enum gp_dnsbl_status status);
const char *gp_dnsbl_reason_text(enum gp_dnsbl_reason reason);

#define GP_DNSBL_DETAIL 72     /* room for a detail: "127.255.255.254", "test entry dbltest.com" */
#define GP_DNSBL_EVENTS_MAX 48 /* of one call of gp_dnsbl_ask or gp_dnsbl_test; more are dropped */

/* What is worth a line in the log. */
enum gp_dnsbl_event_kind {
	GP_DNSBL_EVENT_SUSPENDED, /* reason and detail say why */
	GP_DNSBL_EVENT_BACK,      /* works again, or for the first time after it was suspended */
	GP_DNSBL_EVENT_DEAD,      /* suspended for a week */
	GP_DNSBL_EVENT_UNKNOWN,   /* a code that no rule knows, in detail; once a day and code */
	GP_DNSBL_EVENT_NONE_LEFT, /* no list works: an alert; list is NULL */
	GP_DNSBL_EVENT_SOME_LEFT  /* one works again; list is NULL */
};

struct gp_dnsbl_event {
	enum gp_dnsbl_event_kind kind;
	const struct gp_dnsbl_list *list; /* borrowed */
	enum gp_dnsbl_reason reason;
	char detail[GP_DNSBL_DETAIL]; /* printable ASCII; "": none */
};

struct gp_dnsbl_events {
	size_t count;
	struct gp_dnsbl_event items[GP_DNSBL_EVENTS_MAX];
};

/* The lists of a configuration, and when one of them lists too many. */
struct gp_dnsbl_health_lists {
	const struct gp_dnsbl_list *lists;
	size_t count;
	unsigned world_percent;  /* of different client networks; 0: never */
	unsigned world_networks; /* at least so many are needed; 0: 50; at most 64 */
	bool is_private;         /* the table is of one process among others that have theirs */
};

/* Bytes of a table. */
size_t gp_dnsbl_health_size(void);

/*
 * Makes a table of zeroed memory of that size, which it borrows: no list is known. GP_ENOMEM: no
 * lock. Ends with the memory.
 */
int gp_dnsbl_health_init(void *memory, struct gp_dnsbl_health **health_out) GP_MUST_CHECK;

/*
 * These lists from now on. What is known of those that stay is kept, and their tests are due when
 * they do not work; new ones are untested, until 2 s have passed: then suspended. Others are
 * forgotten.
 */
void gp_dnsbl_health_configure(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_health_lists *lists, int64_t now_s);

/* Is it such a table? What it tells for the first time, another process may have told before. */
bool gp_dnsbl_health_is_private(struct gp_dnsbl_health *health);

/* Switches a list off, or on again: then it is untested. The same once more changes nothing. */
void gp_dnsbl_health_switch(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	bool is_off, int64_t now_s);

/*
 * Which of count lists may be asked about mail: is_usable_out has a place for each. Lists that were
 * not tested in time are suspended here. A list that the table does not know is not usable. events
 * may be NULL here and below: then nobody learns of them.
 */
void gp_dnsbl_health_usable(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *lists,
	size_t count, int64_t now_s, bool *is_usable_out, struct gp_dnsbl_events *events);

/* What came of all queries of one list about one mail. */
struct gp_dnsbl_noted {
	const struct gp_dnsbl_list *list;
	unsigned questions; /* all, with those below */
	unsigned timeouts;  /* no answer, although there was time enough */
	unsigned refused;   /* REFUSED or SERVFAIL */
	unsigned failed;    /* another failure of servers */
	unsigned unasked;   /* a local problem, or too little time: counts for nothing */
	bool leaves_zone;   /* an answer's canonical name is outside the zone */
	const struct gp_dnsbl_code *codes; /* of all answers */
	size_t code_count;
	int weight;      /* of the list for this mail */
	int64_t took_us; /* of its slowest query; -1: known without asking */
};

/* Adds what lists answered about a mail of this client (GP_IP_NONE: not known). */
void gp_dnsbl_health_note(struct gp_dnsbl_health *health, const struct gp_dnsbl_noted *noted,
	size_t count, const struct gp_ipaddr *client, int64_t now_s,
	struct gp_dnsbl_events *events);

/*
 * Is the list's test due? Then it is the caller's to do, for a minute; nobody else gets it.
 * Due: at once when untested, hourly (give or take a tenth) when it works, sooner when it lists
 * nearly all of ten clients, and with growing pauses while suspended. Never due: off, no key, a
 * zone that is known to be closed. reason_out: why it is suspended now; LISTS_WORLD also for one
 * that works and lists nearly all clients, which then gets canaries that it cannot know.
 */
bool gp_dnsbl_health_claim(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	int64_t now_s, enum gp_dnsbl_reason *reason_out);

/*
 * Makes the list's test due now, although its time has not come: an operator has mended something.
 * False: it is not tested at all (off, no key, closed), or not known.
 */
bool gp_dnsbl_health_hurry(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list, int64_t now_s);

/* Seconds until the next test of any list is due, at most most_s; for the thread that tests. */
int64_t gp_dnsbl_health_next_s(struct gp_dnsbl_health *health, int64_t now_s, int64_t most_s);

/* What came of one round of tests of a list. */
struct gp_dnsbl_outcome {
	const struct gp_dnsbl_list *list;
	bool is_void;                /* a local problem: nothing was learnt */
	enum gp_dnsbl_reason reason; /* GP_DNSBL_NO_REASON: a good round */
	char detail[GP_DNSBL_DETAIL];
	unsigned timeouts;
	int64_t took_us; /* of the slowest query; -1: not known */
};

/* Ends a claim. */
void gp_dnsbl_health_tested(struct gp_dnsbl_health *health, const struct gp_dnsbl_outcome *outcome,
	int64_t now_s, struct gp_dnsbl_events *events);

/* ---- for people, programs and other processes ---- */

#define GP_DNSBL_CODES_MAX 24  /* codes that are counted one by one */
#define GP_DNSBL_UNKNOWN_MAX 8 /* the same of unknown ones */

struct gp_dnsbl_code_count {
	struct gp_dnsbl_code code;
	uint64_t count;
};

struct gp_dnsbl_health_view {
	bool is_known; /* false: the table does not have the list, and the rest is 0 */
	enum gp_dnsbl_status status;
	enum gp_dnsbl_reason reason; /* of SUSPENDED and DEAD */
	char detail[GP_DNSBL_DETAIL];
	int64_t since_s;                     /* when this status began */
	int64_t last_test_s;                 /* 0: never */
	int64_t last_test_us;                /* its slowest query; -1: not known */
	int64_t next_test_s;                 /* 0: none */
	unsigned good_rounds, failed_rounds; /* since it was suspended; failed: in a row */
	/* about mail, since the table was made */
	uint64_t questions;
	uint64_t listed, not_listed; /* mails with a hit, with nothing but "not listed" */
	uint64_t unknown, errors;    /* records */
	uint64_t timeouts, refused, failed;
	struct gp_dnsbl_code_count codes[GP_DNSBL_CODES_MAX]; /* of hits, in the order seen */
	size_t code_count;
	uint64_t other_codes;
	struct gp_dnsbl_code_count unknown_codes[GP_DNSBL_UNKNOWN_MAX];
	size_t unknown_count;
	uint64_t other_unknown;
	struct gp_histogram_sums took; /* of queries about mail that were sent */
};

void gp_dnsbl_health_view(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	int64_t now_s, struct gp_dnsbl_health_view *view_out);

/* Is there a list of which no test has said anything yet, and whose time for it is not over? */
bool gp_dnsbl_health_has_untested(struct gp_dnsbl_health *health, int64_t now_s);

/*
 * Are there lists to ask (not off), and does none of them work? Lists that are asked about no mail
 * at RCPT TO (submission, DKIM alone) are tested and shown as all others, but not counted here.
 */
bool gp_dnsbl_health_none_left(struct gp_dnsbl_health *health, int64_t now_s);

#define GP_DNSBL_RECORD_MAX 512

/*
 * What is known of one list, without counters, for a store that several processes share: bytes of
 * record_out; 0: the table does not have the list. load takes it over, unless what the table has is
 * newer; false: these bytes are no record of this list, and nothing has changed.
 */
size_t gp_dnsbl_health_save(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	unsigned char record_out[GP_DNSBL_RECORD_MAX]);
bool gp_dnsbl_health_load(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	struct gp_span record, int64_t now_s);

/*
 * As load, before another process's record is replaced by the one here: takes over only what that
 * process has found out since (a later status, later tests); true: there was such a thing. Of two
 * processes that know of different changes the later one counts, and trouble before none.
 */
bool gp_dnsbl_health_merge(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list,
	struct gp_span record, int64_t now_s);

/* Has the record of a list changed since it was last saved or loaded? */
bool gp_dnsbl_health_is_changed(struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list);

#endif
