/* SPDX-License-Identifier: ISC */
/*
 * Straight code, one thread. The socket blocks, with timeouts of its own: a whole request normally
 * comes in one read, and the answer goes out before the log line is made.
 */
#include "policyd/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duration.h"
#include "engine/authres.h"
#include "engine/record.h"
#include "policyd/protocol.h"
#include "policyd/reader.h"
#include "policyd/message_asked.h"
#include "policyd/own_checks.h"
#include "policyd/trouble_log.h"
#include "runtime/runtime_deadline.h"

#define WRITE_TIMEOUT_MS 10000
#define ANSWER_MAX 4096
#define GIVE_BACK_MS 2000 /* for what a message held that did not come to its end */
#define PLACE_MS 5000     /* how long a request waits for a place, and half its deadline at most */
#define MALFORMED_SAY 30  /* lines about malformed requests per minute */
#define EXCUSE_MS 10      /* for a request that has no thread of its own, and has come already */
#define LATE_STAGE_SAY 3  /* messages in a row on one connection that came at their end only */

struct session {
	struct gp_session_shared *shared;
	struct gp_tally *tally; /* of shared->counters */
	const struct gp_daemon_runtime *runtime;
	struct gp_arena *arena;
	int fd;
	struct gp_daemon_place *place;
	struct gp_message_asked message;
	bool early_ever;    /* something came before the end of a message, on this connection */
	unsigned late_only; /* ends of messages, while nothing did */
	int64_t began_us;   /* of the request under way */
	unsigned read_ms;   /* how long a request may take to come */
	struct gp_reader reader;
};

/* set_timeout: of reads or writes that wait for the peer. */
static void set_timeout(int fd, int option, unsigned ms)
{
	const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	/* without it a silent peer holds its connection, which max_connections bounds */
	(void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv);
}

/*
 * malformed: logs why the connection is closed, and whose request it was as far as that is known.
 */
static int malformed(struct session *s, const char *problem, struct gp_span text)
{
	struct gp_protocol_request r;
	const char *known; /* the problem is; what could be read is wanted */
	(void)!gp_protocol_parse(text, &r, &known);
	gp_counters_tally_add(&s->tally->malformed);
	if (!gp_daemon_log_limited_may(&s->shared->counters->malformed_said,
		    gp_clock_now_us(gp_clock_system()), MALFORMED_SAY))
		return GP_ESYNTAX; /* the keeper says how many there were */
	const struct gp_log_field fields[] = {
		gp_log_field_text("problem", problem),
		gp_log_field_span("instance", r.instance),
		gp_log_field_span("stage", r.protocol_state),
		gp_log_field_span("client", r.client_address),
		gp_log_field_span(
			"begins", (struct gp_span) {text.ptr, text.len > 80 ? 80 : text.len}),
	};
	gp_log_event(&s->runtime->log, GP_LOG_WARNING, "malformed-request", fields,
		sizeof fields / sizeof fields[0]);
	return GP_ESYNTAX;
}

/* broken: the same for what has been read of a request that will not become whole. */
static int broken(struct session *s, const char *problem)
{
	return malformed(s, problem, gp_reader_begun(&s->reader));
}

/* wait_for_rest: a request that has begun must be whole before its deadline. */
static int wait_for_rest(struct session *s, int64_t deadline_us)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	int ready, left = gp_clock_left_ms(gp_clock_system(), deadline_us);
	do
		ready = left ? poll(&p, 1, left) : 0;
	while (ready < 0 && errno == EINTR);
	return ready > 0 ? GP_OK : broken(s, "request not complete within the deadline");
}

/* context: for a request or what follows from one, until the deadline. */
static struct gp_ctx context(struct session *s, int64_t deadline_us)
{
	return (struct gp_ctx) {
		.arena = s->arena,
		.clock = gp_clock_system(),
		.log = &s->runtime->log,
		.dns = s->runtime->dns,
		.deadline_us = deadline_us,
	};
}

/* context_now: for what is not a request: releasing. */
static struct gp_ctx context_now(struct session *s)
{
	return context(s, gp_clock_now_us(gp_clock_system()) + GIVE_BACK_MS * 1000LL);
}

/* wait_for_first: what the message under way holds is released in time. */
static void wait_for_first(struct session *s)
{
	for (;;) {
		int left = gp_message_asked_left_ms(&s->message);
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		if (left < 0)
			return; /* the read has a timeout of its own */
		int ready = left ? poll(&p, 1, left) : 0;
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return;
		if (ready == 0) {
			struct gp_ctx ctx = context_now(s);
			gp_message_asked_expire(&s->message, &ctx);
			gp_arena_reset(s->arena);
		}
	}
}

/* fill: one read. GP_ECLOSED when the peer has closed or is idle for too long. */
static int fill(struct session *s)
{
	char *place;
	size_t room;
	ssize_t n;
	bool has_begun = gp_reader_has_begun(&s->reader);
	gp_reader_space(&s->reader, &place, &room);
	do
		n = read(s->fd, place, room);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		if (!has_begun)
			atomic_store(&s->place->idle_since_us, gp_clock_now_us(gp_clock_system()));
		atomic_store(&s->place->state, GP_DAEMON_PLACE_BEGINS);
		gp_reader_add(&s->reader, (size_t)n);
		return GP_OK;
	}
	if (has_begun && !atomic_load(&s->place->is_ended))
		return broken(s, "connection closed within a request");
	return GP_ECLOSED;
}

/* read_request: until a whole request is there; *cut_out: it was too large and is not all here. */
static int read_request(struct session *s, struct gp_span *text_out, bool *cut_out)
{
	const struct gp_clock *clock = gp_clock_system();
	int64_t deadline_us = 0;
	enum gp_reader_found found;
	while ((found = gp_reader_find(&s->reader, text_out)) == GP_READER_MORE) {
		bool has_begun = gp_reader_has_begun(&s->reader);
		if (has_begun && !deadline_us)
			deadline_us = gp_clock_now_us(clock) + (int64_t)s->read_ms * 1000;
		int rc = GP_OK;
		if (has_begun)
			rc = wait_for_rest(s, deadline_us);
		else
			wait_for_first(s);
		if (!rc)
			rc = fill(s);
		if (rc)
			return rc;
	}
	if (found == GP_READER_BROKEN)
		return broken(s, "line without =");
	*cut_out = found == GP_READER_TOO_LARGE;
	s->began_us = gp_clock_now_us(clock);
	/* ended a moment ago: it will be asked again, and is not to count twice */
	return gp_daemon_places_work(s->place) ? GP_OK : GP_ECLOSED;
}

/* begin_writing: a client that does not read the answer may be closed for another one after a
 * second. */
static void begin_writing(struct session *s)
{
	atomic_store(&s->place->idle_since_us, gp_clock_now_us(gp_clock_system()));
	atomic_store(&s->place->state, GP_DAEMON_PLACE_WRITES);
}

/* write_answer: all of it; GP_ECLOSED when the peer does not read it. */
static int write_answer(struct session *s, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(s->fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return GP_ECLOSED;
		text += n;
		len -= (size_t)n;
	}
	return GP_OK;
}

/* ---- the answer ---- */

/* What is known about a request, and what is to be done. */
struct answer {
	struct gp_facts facts;
	struct gp_verdict verdict;
};

/*
 * note_stage: said once when messages come at their end only. One of them may have come before it
 * over another connection, or in a request that was not understood; several in a row on this one
 * have not.
 */
static void note_stage(struct session *s, enum gp_protocol_state state)
{
	if (state != GP_STATE_END_OF_MESSAGE) {
		/* the other two are about no message; a state that is not known may be */
		s->early_ever |= state != GP_STATE_CONNECT && state != GP_STATE_HELO;
		return;
	}
	if (s->early_ever || ++s->late_only != LATE_STAGE_SAY ||
		atomic_flag_test_and_set(&s->shared->counters->late_stage_said))
		return;
	gp_log_text(&s->runtime->log, GP_LOG_WARNING,
		"Postfix sends requests at END-OF-MESSAGE only: SPF is checked at RCPT, add "
		"check_policy_service to smtpd_recipient_restrictions as well");
}

/* say_private: once, that a client's address says nothing. */
static void say_private(struct session *s)
{
	if (!atomic_flag_test_and_set(&s->shared->counters->private_client_said))
		gp_log_text(&s->runtime->log, GP_LOG_NOTICE,
			"a client has a private address or one of this host: SPF is not enforced "
			"for such clients. If all mail comes from such an address, a NAT or proxy "
			"in front of Postfix hides the clients");
}

/* count: the verdict in numbers; what an operator has to know is also said. */
static void count(struct session *s, const struct gp_facts *f, const struct gp_verdict *v)
{
	struct gp_tally *t = s->tally;
	gp_counters_decided(s->shared->counters, t, f, v);
	if (f->limit.name)
		gp_counters_tally_add(&t->limited);
	if (f->store_failed)
		gp_counters_tally_add(&t->store_failed);
	if (f->trouble) {
		gp_counters_tally_add(&t->failures);
		gp_trouble_log_note(s->shared->counters, &s->runtime->log, f->trouble);
	}
	if (v->would != v->action)
		gp_counters_tally_add(&t->would_refuse);
	if (f->private_client) {
		gp_counters_tally_add(&t->private_client);
		say_private(s);
	}
}

/* is_pass: has SPF passed, for the identity that counts? */
static bool is_pass(const struct gp_facts *f)
{
	const struct gp_spf_result *r = gp_engine_spf_result(f);
	return r && r->verdict == GP_SPF_PASS;
}

/* say_mark: one that keeps nobody from forging the field is said, once. */
static void say_mark(struct session *s, const struct gp_protocol_request *r)
{
	static const char *const texts[] = {
		[GP_MARK_KNOWN] =
			"the mark that Postfix sends is the public one of the example and is not "
			"used: header_checks treat the field with our results as forged; set "
			"gatepost_mark in main.cf to 12 to 64 letters and digits of your own, and "
			"nothing else",
		[GP_MARK_BAD] =
			"policy_context is mark: without 12 to 64 letters and digits after it, so "
			"that header_checks cannot distinguish the field with our results from a "
			"forged one; correct gatepost_mark in main.cf",
	};
	if ((r->mark_state == GP_MARK_KNOWN || r->mark_state == GP_MARK_BAD) &&
		!atomic_flag_test_and_set(&s->shared->counters->mark_said))
		gp_log_text(&s->runtime->log, GP_LOG_WARNING, "%s", texts[r->mark_state]);
}

/* add_header: the field with the results, which one answer about a message carries. */
static int add_header(struct session *s, const struct gp_protocol_request *r, struct answer *a,
	struct gp_strbuf *buf)
{
	struct gp_ctx ctx = context(s, s->began_us);
	int rc = gp_engine_header(&ctx, s->shared->counters->pipeline, &a->facts, &a->verdict);
	if (rc)
		return rc;
	say_mark(s, r);
	gp_protocol_format_field(buf, a->verdict.header, r->mark);
	return GP_OK;
}

/* format_action: the verdict as Postfix wants it. *prepended_out: a header was given. */
static int format_action(struct session *s, const struct gp_protocol_request *r, struct answer *a,
	struct gp_strbuf *buf, bool *prepended_out)
{
	const char *pass_action = s->runtime->config->policyd.pass_action;
	const struct gp_verdict *v = &a->verdict;
	*prepended_out = false;
	if (v->action == GP_ACTION_HOLD) {
		gp_protocol_format(buf, "HOLD", v->reply);
	} else if (v->action != GP_ACTION_ACCEPT) {
		gp_protocol_format(buf, "", v->reply);
	} else if (*pass_action && is_pass(&a->facts)) {
		gp_protocol_format(buf, pass_action, NULL);
	} else if (gp_engine_has_header(s->shared->counters->pipeline, &a->facts, v) &&
		   gp_header_once_first(s->shared->instances, r->instance)) {
		*prepended_out = true;
		return add_header(s, r, a, buf);
	} else {
		gp_protocol_format(buf, "DUNNO", NULL);
	}
	return GP_OK;
}

/* log_decision: the one line about this request. */
static void log_decision(struct session *s, const struct gp_protocol_request *r,
	const struct answer *a, int64_t took_us)
{
	const struct gp_record record = {&a->facts, &a->verdict, s->arena};
	struct gp_log_field f[10 + GP_RECORD_LOG_MAX];
	size_t n = 0;
	if (!gp_log_wants(&s->runtime->log, GP_LOG_INFO))
		return;
	f[n++] = gp_log_field_span("instance", r->instance);
	f[n++] = gp_log_field_span("queue_id", r->queue_id);
	f[n++] = gp_log_field_span("stage", r->protocol_state);
	f[n++] = gp_log_field_span("client", r->client_address);
	f[n++] = gp_log_field_span("client_name", r->client_name);
	f[n++] = gp_log_field_span("helo", r->helo_name);
	f[n++] = gp_log_field_text("sender", "<>");
	if (r->sender.len)
		f[n - 1].text = r->sender;
	f[n++] = gp_log_field_span("recipient", r->recipient);
	f[n++] = gp_log_field_span("user", r->sasl_username);
	n += gp_engine_record_log(s->shared->counters->pipeline, &record, f + n, GP_RECORD_LOG_MAX);
	f[n++] = gp_log_field_number("ms", (took_us + 500) / 1000);
	gp_log_event(&s->runtime->log, GP_LOG_INFO, "decision", f, n);
}

/* decide: the engine's verdict, within the deadline. */
static int decide(struct session *s, const struct gp_protocol_request *r, struct answer *a)
{
	const struct gp_config *config = s->runtime->config;
	struct gp_ctx ctx =
		context(s, gp_runtime_deadline_us(s->began_us, config->policyd.deadline_ms));
	struct gp_envelope envelope;
	gp_protocol_envelope(r, &envelope);
	int rc = gp_protocol_sender(s->arena, envelope.sender, &envelope.sender);
	note_stage(s, r->state);
	return rc ? rc
		  : gp_message_asked_answer(
			    &s->message, &ctx, r, &envelope, &a->facts, &a->verdict);
}

/* know_nothing: what was found is gone with its memory. */
static void know_nothing(struct session *s, struct answer *a)
{
	const struct gp_envelope nobody = {.client = {.family = GP_IP_NONE}};
	gp_arena_reset(s->arena);
	gp_engine_facts_init(&a->facts, s->runtime->config, GP_STAGE_OTHER, &nobody);
}

/* unanswerable: the request is too large for its memory, or has a name that no limit can count. */
static void unanswerable(struct session *s, int rc, struct answer *a)
{
	know_nothing(s, a);
	gp_own_unanswerable(s->runtime->config, rc, &a->verdict);
}

/*
 * no_answer: there is no verdict for a local problem. It is answered all the same, since without an
 * answer the mail would come in by a default_action.
 */
static void no_answer(struct session *s, const char *trouble, struct answer *a)
{
	know_nothing(s, a);
	a->facts.trouble = trouble;
	gp_own_on_trouble(&a->facts, &a->verdict);
}

/* explain: what is decided and by which rule, for the operator's question. */
static void explain(const struct gp_verdict *v, struct gp_strbuf *buf)
{
	gp_protocol_explain(buf, "decision", gp_engine_action_name(v->action));
	gp_protocol_explain(buf, "rule", v->rule ? v->rule : "");
	gp_protocol_explain(buf, "would", gp_engine_action_name(v->would));
}

/* build_answer: the verdict as text. */
static int build_answer(struct session *s, const struct gp_protocol_request *r, struct answer *a,
	struct gp_strbuf *buf, bool *prepended_out)
{
	const char *text;
	gp_strbuf_init(buf, s->arena, ANSWER_MAX);
	if (r->explain.len)
		explain(&a->verdict, buf);
	int rc = format_action(s, r, a, buf, prepended_out);
	if (!rc)
		rc = gp_strbuf_finish(buf, &text);
	if (rc && *prepended_out)
		gp_header_once_forget(s->shared->instances, r->instance);
	return rc;
}

/* adopt: the configuration that a reload has brought, from the next message on. */
static void adopt(struct session *s, const struct gp_protocol_request *r)
{
	struct gp_daemon_runtimes *runtimes = s->shared->runtimes;
	const struct gp_daemon_runtime *old = s->runtime;
	if (gp_daemon_runtimes_is_current(runtimes, old) ||
		gp_message_asked_is_same(&s->message, r))
		return;
	struct gp_ctx ctx = context_now(s);
	const struct gp_daemon_runtime *now = gp_daemon_runtimes_acquire(runtimes);
	gp_message_asked_adopt(&s->message, now, &ctx);
	s->runtime = now;
	s->read_ms = now->config->policyd.deadline_ms;
	set_timeout(s->fd, SO_RCVTIMEO, now->config->policyd.idle_timeout_ms);
	gp_daemon_runtimes_release(runtimes, old);
}

/*
 * take_place: false when there is none in time, because others' requests are worked on for as long:
 * slow requests of others must not keep this one from being answered.
 */
static bool take_place(struct session *s)
{
	int64_t ms = s->runtime->config->policyd.deadline_ms / 2;
	return gp_daemon_places_take(
		s->place, s->began_us + (ms < PLACE_MS ? ms : PLACE_MS) * 1000);
}

/* find_verdict: or an answer that needs none; is_cut: the request is too large and not all here. */
static int find_verdict(
	struct session *s, const struct gp_protocol_request *r, bool is_cut, struct answer *a)
{
	if (is_cut)
		return GP_ETOOBIG;
	if (take_place(s))
		return decide(s, r, a);
	no_answer(s, "all connections that policyd.max_connections allows are busy", a);
	return GP_OK;
}

/* answer: one request, from its text to the log line. */
static int answer(struct session *s, struct gp_span text, bool is_cut)
{
	struct gp_protocol_request r;
	struct answer a;
	struct gp_strbuf buf;
	const char *problem;
	bool prepended = false;
	/* a request that names no type is none, unless the name can be in what is not here */
	if (gp_protocol_parse(text, &r, &problem) && (!is_cut || r.request.len))
		return malformed(s, problem, text);
	gp_counters_tally_add(&s->tally->requests[r.state]);
	adopt(s, &r);
	int rc = find_verdict(s, &r, is_cut, &a);
	if (!rc)
		rc = build_answer(s, &r, &a, &buf, &prepended);
	if (rc == GP_ETOOBIG || rc == GP_EINVAL) {
		unanswerable(s, rc, &a);
		rc = build_answer(s, &r, &a, &buf, &prepended);
	}
	if (rc) {
		no_answer(s, gp_err_text(rc), &a);
		rc = build_answer(s, &r, &a, &buf, &prepended);
	}
	if (rc)
		return write_answer(s, gp_own_trouble_answer, strlen(gp_own_trouble_answer));
	count(s, &a.facts, &a.verdict);
	begin_writing(s);
	rc = write_answer(s, buf.data, buf.len);
	if (rc && prepended)
		gp_header_once_forget(s->shared->instances, r.instance);
	int64_t took_us = gp_clock_now_us(gp_clock_system()) - s->began_us;
	gp_counters_tally_answered(s->tally, a.verdict.action, took_us);
	log_decision(s, &r, &a, took_us);
	return rc;
}

/* is_over: was it answered without a place, or is its place wanted for another? */
static bool is_over(struct session *s)
{
	return atomic_load(&s->place->is_guest) || !gp_daemon_places_keep(s->place);
}

/* serve: request after request. */
static void serve(struct session *s)
{
	struct gp_span text;
	bool is_cut = false;
	while (read_request(s, &text, &is_cut) == GP_OK) {
		int rc = answer(s, text, is_cut);
		atomic_store(&s->place->in_message, gp_message_asked_is_under_way(&s->message));
		atomic_store(&s->place->state, GP_DAEMON_PLACE_READS);
		gp_arena_reset(s->arena);
		if (rc || gp_daemon_is_stopping(s->shared->daemon) || is_over(s))
			return;
		gp_reader_next(&s->reader);
	}
}

/* serve_unchecked: nothing can be checked, and each request is answered all the same. */
static void serve_unchecked(struct session *s, const char *trouble, bool is_once)
{
	struct gp_span text;
	bool is_cut = false;
	bool defers = s->runtime->config->policyd.on_trouble == GP_ON_ERROR_DEFER &&
		      gp_own_may_refuse(s->runtime->config);
	const char *reply = defers ? gp_own_trouble_answer : "action=DUNNO\n\n";
	while (read_request(s, &text, &is_cut) == GP_OK) {
		gp_counters_tally_add(&s->tally->failures);
		gp_trouble_log_note(s->shared->counters, &s->runtime->log, trouble);
		begin_writing(s);
		int rc = write_answer(s, reply, strlen(reply));
		atomic_store(&s->place->state, GP_DAEMON_PLACE_READS);
		if (rc || is_once || gp_daemon_is_stopping(s->shared->daemon) || is_over(s))
			return;
		gp_reader_next(&s->reader);
	}
}

/* begin: all but the arena. Not zeroed: of the reader only the pages that are read into become
 * memory. */
static void begin(
	struct session *s, struct gp_session_shared *shared, int fd, struct gp_daemon_place *place)
{
	s->shared = shared;
	s->tally = gp_counters_tally(shared->counters);
	s->runtime = gp_daemon_runtimes_acquire(shared->runtimes);
	s->arena = NULL;
	s->fd = fd;
	s->place = place;
	s->early_ever = false;
	s->late_only = 0;
	s->read_ms = s->runtime->config->policyd.deadline_ms;
	gp_reader_init(&s->reader);
	s->reader.is_used = gp_protocol_is_used;
	gp_message_asked_init(&s->message, shared->counters->pipeline, s->runtime, shared->stages,
		shared->lists, s->tally);
	set_timeout(fd, SO_RCVTIMEO, s->runtime->config->policyd.idle_timeout_ms);
	set_timeout(fd, SO_SNDTIMEO, WRITE_TIMEOUT_MS);
}

/* finish: undoes begin. */
static void finish(struct session *s)
{
	gp_reader_fini(&s->reader);
	gp_arena_free(s->arena);
	gp_daemon_runtimes_release(s->shared->runtimes, s->runtime);
}

/* gp_session_serve: what a session needs, the loop, and back again. */
void gp_session_serve(struct gp_session_shared *shared, int fd, struct gp_daemon_place *place)
{
	struct session s;
	begin(&s, shared, fd, place);
	s.arena = gp_arena_new(s.runtime->config->policyd.request_memory);
	if (s.arena) {
		serve(&s);
		struct gp_ctx ctx = context_now(&s);
		if (atomic_load(&place->is_ended) || gp_daemon_is_stopping(shared->daemon))
			gp_message_asked_cut(&s.message);
		gp_message_asked_fini(&s.message, &ctx);
	} else {
		serve_unchecked(&s, gp_err_text(GP_ENOMEM), false);
	}
	finish(&s);
}

/* gp_session_excuse: in the thread of the caller, so only for a moment. */
void gp_session_excuse(struct gp_session_shared *shared, int fd, const char *trouble)
{
	struct session s;
	struct gp_daemon_place place = {.state = GP_DAEMON_PLACE_READS};
	begin(&s, shared, fd, &place);
	s.read_ms = EXCUSE_MS;
	set_timeout(fd, SO_RCVTIMEO, EXCUSE_MS);
	set_timeout(fd, SO_SNDTIMEO, EXCUSE_MS);
	serve_unchecked(&s, trouble, true);
	finish(&s);
}
