/* SPDX-License-Identifier: ISC */
/* References counted under one lock. The resolver is one for all runtimes, and outlives them. */
#include "policyd/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/log_sink.h"
#include "store/store_fallback.h"

#define OPEN_MEMORY (4 * 1024 * 1024)
#define OPEN_US (5 * 1000000LL) /* of waiting for a store that does not answer */

struct counted {
	struct gp_runtime runtime; /* first, so that one is found from the other */
	struct gp_daemon_log_sink sink;
	unsigned refs;
};

struct gp_runtimes {
	struct gp_daemon_log_queue *queue;
	struct gp_counters *counters;
	struct gp_dns_gate *gate;
	struct gp_dns *dns; /* cache over wire, through the gate */
	/*
	 * Guards follow, and who sets how dns asks: a reload, and who tends. Held while resolv.conf
	 * is read, which nobody else waits for.
	 */
	pthread_mutex_t dns_lock;
	struct gp_config_follow follow;
	/* set once; only by the first runtime or a reload */
	struct gp_store *store;
	struct gp_limit_overrides *overrides;
	pthread_mutex_t lock; /* guards current, and refs of all runtimes */
	struct counted *current;
	_Atomic(struct counted *) newest; /* the same, to be compared without the lock */
};

/* open_dns: cache over wire, as configured, through the gate. */
static int open_dns(
	const struct gp_config *config, struct gp_dns_gate *gate, struct gp_dns **dns_out)
{
	struct gp_dns_options options = config->dns;
	struct gp_dns *wire = NULL;
	options.gate = gate;
	int rc = gp_dns_wire_new(&options, &wire);
	if (!rc)
		rc = gp_dns_cache_new(&config->dns_cache, wire, gp_clock_system(), dns_out);
	if (rc)
		gp_dns_free(wire);
	return rc;
}

/* counted_new: a runtime with one reference; takes config on success; borrows dns. */
static int counted_new(struct gp_config *config, struct gp_daemon_log_queue *queue,
	struct gp_dns *dns, struct counted **out)
{
	struct counted *c = calloc(1, sizeof *c);
	if (!c)
		return GP_ENOMEM;
	c->runtime.config = config;
	c->runtime.dns = dns;
	c->runtime.loaded_s = gp_clock_system()->wall_s(gp_clock_system());
	c->sink = (struct gp_daemon_log_sink) {&config->log, queue};
	gp_daemon_log_sink_init(&c->runtime.log, &c->sink);
	c->refs = 1;
	*out = c;
	return GP_OK;
}

/* close_store: and what lies in it. */
static void close_store(struct gp_runtimes *runtimes)
{
	gp_limit_overrides_free(runtimes->overrides);
	gp_store_close(runtimes->store);
	runtimes->overrides = NULL;
	runtimes->store = NULL;
}

/* open_store: and what was set at run time before the restart. */
static int open_store(struct gp_runtimes *runtimes, const struct gp_config *c, struct gp_ctx *ctx)
{
	int rc = gp_store_fallback_open(&c->store, ctx, &runtimes->store);
	if (!rc)
		rc = gp_limit_overrides_new(runtimes->store, &runtimes->overrides);
	if (rc)
		close_store(runtimes);
	return rc;
}

/* tend_store: the store first, so that one that is back is read at once. */
static void tend_store(struct gp_runtimes *runtimes, struct gp_ctx *ctx)
{
	gp_store_tend(runtimes->store, ctx);
	gp_limit_overrides_follow(runtimes->overrides, ctx);
}

/* open_overrides: with the first limits, and the store that stands in where one is configured. */
static int open_overrides(struct gp_runtimes *runtimes, struct counted *c)
{
	const struct gp_config *config = c->runtime.config;
	struct gp_ctx ctx = {.arena = gp_arena_new(OPEN_MEMORY),
		.clock = gp_clock_system(),
		.log = &c->runtime.log};
	int rc = ctx.arena ? GP_OK : GP_ENOMEM;
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + OPEN_US;
	bool is_new = !rc && config->limits.limit_count && !runtimes->overrides;
	bool is_local = config->store_on_failure == GP_LIMIT_FAILURE_LOCAL;
	if (is_new)
		rc = open_store(runtimes, config, &ctx);
	if (!rc && runtimes->store)
		rc = gp_store_fallback_local(runtimes->store, &config->store,
			is_local ? config->store_local_path : NULL, &ctx);
	if (!rc && is_new)
		tend_store(runtimes, &ctx); /* what was set before the restart */
	c->runtime.store = config->limits.limit_count ? runtimes->store : NULL;
	c->runtime.overrides = config->limits.limit_count ? runtimes->overrides : NULL;
	gp_arena_free(ctx.arena);
	return rc;
}

/* find_places: where the limits of a runtime are counted. */
static void find_places(struct gp_runtimes *runtimes, struct counted *c)
{
	const struct gp_limit_set *set = &c->runtime.config->limits;
	for (size_t i = 0; i < set->limit_count; i++)
		c->runtime.limit_places[i] = (unsigned char)gp_counters_limit(
			runtimes->counters, set->limits[i].name, set->limits[i].unit);
}

/* release: one user less under the lock; the last one frees, without it. */
static void release(struct gp_runtimes *runtimes, struct counted *c)
{
	pthread_mutex_lock(&runtimes->lock);
	bool last = --c->refs == 0;
	pthread_mutex_unlock(&runtimes->lock);
	if (last) {
		gp_config_free(c->runtime.config);
		free(c);
	}
}

/* say_dns: whom it asks, and loudly where nobody can have meant it. */
static void say_dns(const struct gp_runtime *r)
{
	char storage[1024];
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	bool is_odd = gp_config_describe_dns(r->config, &text);
	gp_log_text(&r->log, is_odd ? GP_LOG_WARNING : GP_LOG_NOTICE, "%s", storage);
}

/* init_locks: both or none. */
static int init_locks(struct gp_runtimes *r)
{
	if (pthread_mutex_init(&r->lock, NULL))
		return GP_ENOMEM;
	if (pthread_mutex_init(&r->dns_lock, NULL) == 0)
		return GP_OK;
	pthread_mutex_destroy(&r->lock);
	return GP_ENOMEM;
}

/* free_rest: when no runtime and no overrides are there any more. */
static void free_rest(struct gp_runtimes *r)
{
	gp_dns_free(r->dns);
	gp_dns_gate_free(r->gate);
	pthread_mutex_destroy(&r->dns_lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* gp_runtimes_new: the first runtime. */
int gp_runtimes_new(struct gp_config *config, struct gp_daemon_log_queue *queue,
	struct gp_counters *counters, unsigned questions, struct gp_runtimes **runtimes_out)
{
	struct gp_runtimes *r = calloc(1, sizeof *r);
	if (!r)
		return GP_ENOMEM;
	int rc = init_locks(r);
	if (rc) {
		free(r);
		return rc;
	}
	r->queue = queue;
	r->counters = counters;
	rc = gp_dns_gate_new(questions, &r->gate);
	if (!rc)
		rc = open_dns(config, r->gate, &r->dns);
	if (!rc)
		rc = counted_new(config, queue, r->dns, &r->current);
	if (!rc)
		rc = open_overrides(r, r->current);
	if (rc) {
		free(r->current); /* config goes back to the caller */
		close_store(r);
		free_rest(r);
		return rc;
	}
	find_places(r, r->current);
	say_dns(&r->current->runtime);
	atomic_init(&r->newest, r->current);
	*runtimes_out = r;
	return GP_OK;
}

/* gp_runtimes_free: the current one was the last. */
void gp_runtimes_free(struct gp_runtimes *runtimes)
{
	if (!runtimes)
		return;
	release(runtimes, runtimes->current);
	close_store(runtimes);
	free_rest(runtimes);
}

/* gp_runtimes_acquire: one more reference. */
const struct gp_runtime *gp_runtimes_acquire(struct gp_runtimes *runtimes)
{
	pthread_mutex_lock(&runtimes->lock);
	struct counted *c = runtimes->current;
	c->refs++;
	pthread_mutex_unlock(&runtimes->lock);
	return &c->runtime;
}

/* gp_runtimes_is_current: whoever asks keeps this one, so that no other can have its address. */
bool gp_runtimes_is_current(struct gp_runtimes *runtimes, const struct gp_runtime *runtime)
{
	return &atomic_load(&runtimes->newest)->runtime == runtime;
}

/* gp_runtimes_release: one less. */
void gp_runtimes_release(struct gp_runtimes *runtimes, const struct gp_runtime *runtime)
{
	release(runtimes, (struct counted *)(uintptr_t)runtime); /* its first member */
}

/* same_texts: item for item. */
static bool same_texts(const struct gp_config_texts *a, const struct gp_config_texts *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

/* same_dns: may the resolver and its cache stay as they are? Servers that come from resolv.conf are
 * followed there. */
static bool same_dns(const struct gp_config *a, const struct gp_config *b)
{
	const struct gp_dns_cache_options *c = &a->dns_cache, *d = &b->dns_cache;
	return same_texts(&a->dns_servers, &b->dns_servers) &&
	       strcmp(a->resolv_conf, b->resolv_conf) == 0 &&
	       a->dns.timeout_ms == b->dns.timeout_ms && a->dns.attempts == b->dns.attempts &&
	       a->dns_trust_ad == b->dns_trust_ad && a->dns_transport == b->dns_transport &&
	       c->entries == d->entries && c->ttl_min_s == d->ttl_min_s &&
	       c->ttl_max_s == d->ttl_max_s && c->negative_max_s == d->negative_max_s &&
	       c->failure_s == d->failure_s && c->patience_ms == d->patience_ms &&
	       c->stale_s == d->stale_s;
}

/* same_store: may the store of the limits stay as it is? */
static bool same_store(const struct gp_config *a, const struct gp_config *b)
{
	const struct gp_store_options *x = &a->store, *y = &b->store;
	return same_texts(&a->store_uris, &b->store_uris) && x->map_bytes == y->map_bytes &&
	       x->sync_ms == y->sync_ms && strcmp(x->prefix, y->prefix) == 0 &&
	       strcmp(x->user, y->user) == 0 && strcmp(x->password_file, y->password_file) == 0 &&
	       strcmp(x->sentinel_password_file, y->sentinel_password_file) == 0 &&
	       strcmp(x->tls_ca_file, y->tls_ca_file) == 0 &&
	       strcmp(x->tls_cert_file, y->tls_cert_file) == 0 &&
	       strcmp(x->tls_key_file, y->tls_key_file) == 0 && x->timeout_ms == y->timeout_ms &&
	       x->connections == y->connections &&
	       strcmp(a->store_local_path, b->store_local_path) == 0;
}

/* warn_restart: options that a reload cannot change. */
static void warn_restart(
	const struct gp_config *before, const struct gp_config *after, const struct gp_log *log)
{
	const struct gp_config_policyd *a = &before->policyd, *b = &after->policyd;
	if (!same_texts(&a->listen, &b->listen) || a->socket_mode != b->socket_mode ||
		strcmp(a->mail_user, b->mail_user) || strcmp(a->user, b->user) ||
		strcmp(a->group, b->group) || strcmp(a->chroot, b->chroot) ||
		a->supervise != b->supervise || a->max_connections != b->max_connections ||
		a->watchdog_ms != b->watchdog_ms || a->seccomp != b->seccomp ||
		strcmp(a->control_socket, b->control_socket) || a->control_mode != b->control_mode)
		gp_log_text(log, GP_LOG_WARNING,
			"reload: a change of policyd.listen, socket_mode, mail_user, user, group, "
			"chroot, supervise, watchdog, seccomp, max_connections, control_socket or "
			"control_mode takes effect at the next restart");
	if (!same_texts(&before->metrics.listen, &after->metrics.listen))
		gp_log_text(log, GP_LOG_WARNING,
			"reload: a change of metrics.listen takes effect at the next restart");
	if (!same_store(before, after))
		gp_log_text(log, GP_LOG_WARNING,
			"reload: a change of the store takes effect at the next restart, except "
			"for store.on_failure");
}

/* log_errors: one event a line of the report. */
static void log_errors(const struct gp_log *log, const char *text)
{
	struct gp_span line, rest = gp_span_from(text);
	while (rest.len) {
		gp_span_cut(rest, '\n', &line, &rest);
		gp_log_text(log, GP_LOG_ERROR, "configuration: %.*s", (int)line.len, line.ptr);
	}
}

/* gp_runtime_log_warnings: one event a line. */
void gp_runtime_log_warnings(const struct gp_config *config, const struct gp_log *log)
{
	for (size_t i = 0; i < config->warnings.count; i++)
		gp_log_text(log, GP_LOG_WARNING, "configuration: %s", config->warnings.items[i]);
}

/* replacement: a new runtime for config, not hung up yet. */
static int replacement(struct gp_runtimes *runtimes, struct gp_config *config, struct counted **out)
{
	int rc = counted_new(config, runtimes->queue, runtimes->dns, out);
	if (!rc) {
		rc = open_overrides(runtimes, *out);
		if (rc)
			free(*out);
	}
	return rc;
}

/*
 * hang_up: config and resolver at once, as far as who follows resolv.conf can see. What sessions of
 * the old runtime ask from now on goes where those of the new one ask; what is under way ends as it
 * began (gp_dns_wire_set). What is remembered stays: a reload while no server answers must not
 * forget the domains that are known. GP_ENOMEM: the old one hangs there still.
 */
static int hang_up(
	struct gp_runtimes *runtimes, const struct gp_config *before, struct counted *after)
{
	const struct gp_config *config = after->runtime.config;
	struct counted *old = NULL;
	pthread_mutex_lock(&runtimes->dns_lock);
	bool is_same = same_dns(before, config); /* then it is left to who follows resolv.conf */
	int rc = is_same ? GP_OK
			 : gp_config_renew_dns(config, before, &config->dns_cache, runtimes->dns);
	if (!rc) {
		if (!is_same)
			runtimes->follow =
				(struct gp_config_follow) {.said_us = runtimes->follow.said_us};
		pthread_mutex_lock(&runtimes->lock);
		old = runtimes->current;
		runtimes->current = after;
		atomic_store(&runtimes->newest, after);
		pthread_mutex_unlock(&runtimes->lock);
	}
	pthread_mutex_unlock(&runtimes->dns_lock);
	if (old)
		release(runtimes, old);
	return rc;
}

/* gp_runtimes_reload: load, check, then hang up. Only the signal thread calls it. */
int gp_runtimes_reload(struct gp_runtimes *runtimes)
{
	struct counted *before = (struct counted *)(uintptr_t)gp_runtimes_acquire(runtimes);
	const struct gp_log *log = &before->runtime.log;
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct counted *after = NULL;
	int rc = gp_config_load(before->runtime.config->path, &config, &errors);
	const char *emptied = rc ? NULL : gp_config_emptied(config, before->runtime.config);
	if (rc)
		log_errors(log, errors.text ? errors.text : gp_err_text(rc));
	if (emptied) {
		gp_log_text(log, GP_LOG_ERROR, "%s: " GP_CONFIG_EMPTIED, emptied);
		gp_config_free(config);
		rc = GP_ESYNTAX;
	}
	if (!rc) {
		rc = replacement(runtimes, config, &after);
		if (rc)
			gp_config_free(config);
	}
	if (!rc) {
		gp_daemon_log_sink_open(&config->log);
		find_places(runtimes, after);
		rc = hang_up(runtimes, before->runtime.config, after);
		if (rc) {
			gp_config_free(config);
			free(after);
		}
	}
	gp_tally_add(rc ? &runtimes->counters->reloads_failed : &runtimes->counters->reloads);
	atomic_store(&runtimes->counters->reload_failed, rc != GP_OK);
	if (rc) {
		gp_log_text(log, GP_LOG_ERROR, "reload: %s stays as it was loaded before",
			before->runtime.config->path);
	} else {
		warn_restart(before->runtime.config, config, log);
		gp_runtime_log_warnings(config, log);
		gp_log_text(
			&after->runtime.log, GP_LOG_NOTICE, "reload: %s is in force", config->path);
	}
	gp_config_errors_fini(&errors);
	gp_runtimes_release(runtimes, &before->runtime);
	return rc;
}

/* gp_runtime_has_changed: file by file. */
bool gp_runtime_has_changed(const struct gp_runtime *runtime)
{
	const struct gp_config_texts *watched = &runtime->config->watched;
	struct stat st;
	bool changed = false;
	for (size_t i = 0; !changed && i < watched->count; i++)
		changed = stat(watched->items[i], &st) == 0 && st.st_mtime > runtime->loaded_s;
	return changed;
}

/* follow_dns: resolv.conf may have changed. Where a reload was sooner, r says nothing any more. */
static void follow_dns(struct gp_runtimes *runtimes, const struct gp_runtime *r)
{
	char storage[1024];
	enum gp_config_followed followed = GP_CONFIG_AS_BEFORE;
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	pthread_mutex_lock(&runtimes->dns_lock);
	if (gp_runtimes_is_current(runtimes, r))
		followed = gp_config_follow_dns(&runtimes->follow, r->config, runtimes->dns, &text);
	pthread_mutex_unlock(&runtimes->dns_lock);
	if (followed != GP_CONFIG_AS_BEFORE)
		gp_log_text(&r->log, followed == GP_CONFIG_CHANGED ? GP_LOG_NOTICE : GP_LOG_WARNING,
			"%s", storage);
}

/* gp_runtimes_tend: with the log of the current configuration. */
void gp_runtimes_tend(struct gp_runtimes *runtimes)
{
	const struct gp_runtime *r = gp_runtimes_acquire(runtimes);
	follow_dns(runtimes, r);
	struct gp_ctx ctx = {.arena = r->overrides ? gp_arena_new(OPEN_MEMORY) : NULL,
		.clock = gp_clock_system(),
		.log = &r->log};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + OPEN_US;
	if (ctx.arena)
		tend_store(runtimes, &ctx);
	gp_arena_free(ctx.arena);
	gp_runtimes_release(runtimes, r);
}
