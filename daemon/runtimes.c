/* SPDX-License-Identifier: ISC */
/* References counted under one lock. The resolver is one for all runtimes, and outlives them. */
#include "daemon/runtimes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_started.h"
#include "daemon/log_sink.h"
#include "runtime/runtime_resolver.h"
#include "runtime/runtime_store.h"

#define OPEN_MEMORY (4 * 1024 * 1024)
#define OPEN_US (5 * 1000000LL) /* of waiting for a store that does not answer */

struct counted {
	struct gp_daemon_runtime runtime; /* first, so that one is found from the other */
	struct gp_daemon_log_sink sink;
	unsigned refs;
};

struct gp_daemon_runtimes {
	struct gp_daemon_runtimes_options options;
	struct gp_dns_gate *gate;
	/*
	 * Guards follow, and who sets how dns asks: a reload, and who tends. Held while resolv.conf
	 * is read, which nobody else waits for.
	 */
	pthread_mutex_t dns_lock;
	struct gp_runtime_resolver resolver;
	struct gp_runtime_store store;     /* opened once; only by the first runtime or a reload */
	struct gp_config_started *started; /* what a reload does not change */
	pthread_mutex_t lock;              /* guards current, and refs of all runtimes */
	struct counted *current;
	_Atomic(struct counted *) newest; /* the same, to be compared without the lock */
};

/* counted_free: one that was never in force, or is no longer; not what it was made of. */
static void counted_free(struct counted *c)
{
	for (size_t i = 0; c && i < GP_DAEMON_SERVICES_MAX; i++)
		free(c->runtime.data[i]);
	free(c);
}

/* counted_new: a runtime with one reference; takes what was loaded on success. */
static int counted_new(struct gp_daemon_runtimes *runtimes, const struct gp_runtime_config *loaded,
	struct counted **out)
{
	struct counted *c = calloc(1, sizeof *c);
	if (!c)
		return GP_ENOMEM;
	c->runtime.loaded = *loaded;
	c->runtime.config = loaded->config;
	c->runtime.dns = runtimes->resolver.dns;
	c->runtime.loaded_s = gp_clock_system()->wall_s(gp_clock_system());
	c->sink = (struct gp_daemon_log_sink) {
		.options = &loaded->config->log, .queue = runtimes->options.queue};
	gp_daemon_log_sink_init(&c->runtime.log, &c->sink);
	c->refs = 1;
	*out = c;
	return GP_OK;
}

/* configure: what the services make of it. */
static int configure(struct gp_daemon_runtimes *runtimes, struct counted *c)
{
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < GP_DAEMON_SERVICES_MAX; i++) {
		const struct gp_daemon_runtimes_hook *hook = &runtimes->options.hooks[i];
		if (hook->configure)
			rc = hook->configure(hook->state, c->runtime.config, &c->runtime.data[i]);
	}
	return rc;
}

/* configure_again: a configuration that could not be replaced, after the services have seen the
 * next one. What they have made of it is there already. */
static void configure_again(struct gp_daemon_runtimes *runtimes, const struct gp_config *config)
{
	for (size_t i = 0; i < GP_DAEMON_SERVICES_MAX; i++) {
		const struct gp_daemon_runtimes_hook *hook = &runtimes->options.hooks[i];
		void *data = NULL;
		if (hook->configure)
			(void)hook->configure(hook->state, config, &data); /* as good as it goes */
		free(data);
	}
}

/* open_store: with the first that wants one. */
static int open_store(struct gp_daemon_runtimes *runtimes, struct counted *c)
{
	const struct gp_config *config = c->runtime.config;
	bool is_wanted = gp_runtime_store_is_wanted(config);
	if (!is_wanted && !runtimes->store.store)
		return GP_OK;
	struct gp_ctx ctx = {.arena = gp_arena_new(OPEN_MEMORY),
		.clock = gp_clock_system(),
		.log = &c->runtime.log};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + OPEN_US;
	int rc = ctx.arena ? gp_runtime_store_open(config, &ctx, &runtimes->store) : GP_ENOMEM;
	c->runtime.store = is_wanted ? runtimes->store.store : NULL;
	c->runtime.overrides = is_wanted ? runtimes->store.overrides : NULL;
	gp_arena_free(ctx.arena);
	return rc ? rc : gp_config_started_note(runtimes->started, config, GP_CONFIG_STARTED_STORE);
}

/* release: one user less under the lock; the last one frees, without it. */
static void release(struct gp_daemon_runtimes *runtimes, struct counted *c)
{
	pthread_mutex_lock(&runtimes->lock);
	bool last = --c->refs == 0;
	pthread_mutex_unlock(&runtimes->lock);
	if (last) {
		gp_runtime_config_fini(&c->runtime.loaded);
		counted_free(c);
	}
}

/* say_dns: which servers are queried; a warning where that cannot be intended. */
static void say_dns(const struct gp_daemon_runtime *r)
{
	char storage[1024];
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	bool is_odd = gp_config_describe_dns(r->config, &text);
	gp_log_text(&r->log, is_odd ? GP_LOG_WARNING : GP_LOG_NOTICE, "%s", storage);
}

/* init_locks: both or none. */
static int init_locks(struct gp_daemon_runtimes *r)
{
	if (pthread_mutex_init(&r->lock, NULL))
		return GP_ENOMEM;
	if (pthread_mutex_init(&r->dns_lock, NULL) == 0)
		return GP_OK;
	pthread_mutex_destroy(&r->lock);
	return GP_ENOMEM;
}

/* free_rest: when no runtime and no overrides are there any more. */
static void free_rest(struct gp_daemon_runtimes *r)
{
	gp_runtime_resolver_close(&r->resolver);
	gp_config_started_free(r->started);
	gp_dns_gate_free(r->gate);
	pthread_mutex_destroy(&r->dns_lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* replacement: a new runtime for what was loaded, not hung up yet. */
static int replacement(struct gp_daemon_runtimes *runtimes, const struct gp_runtime_config *loaded,
	struct counted **out)
{
	struct counted *c = NULL;
	int rc = counted_new(runtimes, loaded, &c);
	if (!rc)
		rc = open_store(runtimes, c);
	if (!rc)
		rc = configure(runtimes, c);
	if (rc)
		counted_free(c);
	else
		*out = c;
	return rc;
}

/* gp_daemon_runtimes_new: the first runtime. */
int gp_daemon_runtimes_new(const struct gp_runtime_config *loaded,
	const struct gp_daemon_runtimes_options *options, struct gp_daemon_runtimes **runtimes_out)
{
	struct gp_daemon_runtimes *r = calloc(1, sizeof *r);
	if (!r)
		return GP_ENOMEM;
	int rc = init_locks(r);
	if (rc) {
		free(r);
		return rc;
	}
	r->options = *options;
	rc = gp_dns_gate_new(options->questions, &r->gate);
	const struct gp_runtime_resolver_plan plan = {.config = loaded->config, .gate = r->gate};
	if (!rc)
		rc = gp_config_started_new(&r->started);
	if (!rc)
		rc = gp_config_started_note(r->started, loaded->config, GP_CONFIG_STARTED_DAEMON);
	if (!rc)
		rc = gp_runtime_resolver_open(&plan, &r->resolver);
	if (!rc)
		rc = replacement(r, loaded, &r->current);
	if (rc) { /* what was loaded goes back to the caller */
		gp_runtime_store_close(&r->store);
		free_rest(r);
		return rc;
	}
	say_dns(&r->current->runtime);
	atomic_init(&r->newest, r->current);
	*runtimes_out = r;
	return GP_OK;
}

/* gp_daemon_runtimes_free: the current one was the last. */
void gp_daemon_runtimes_free(struct gp_daemon_runtimes *runtimes)
{
	if (!runtimes)
		return;
	release(runtimes, runtimes->current);
	gp_runtime_store_close(&runtimes->store);
	free_rest(runtimes);
}

/* gp_daemon_runtimes_acquire: one more reference. */
const struct gp_daemon_runtime *gp_daemon_runtimes_acquire(struct gp_daemon_runtimes *runtimes)
{
	pthread_mutex_lock(&runtimes->lock);
	struct counted *c = runtimes->current;
	c->refs++;
	pthread_mutex_unlock(&runtimes->lock);
	return &c->runtime;
}

/* gp_daemon_runtimes_is_current: the caller keeps this one, so no other can have its address. */
bool gp_daemon_runtimes_is_current(
	struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *runtime)
{
	return &atomic_load(&runtimes->newest)->runtime == runtime;
}

/* gp_daemon_runtimes_release: one less. */
void gp_daemon_runtimes_release(
	struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *runtime)
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
	const struct gp_dns_cache_options *c = &a->dns_settings.cache, *d = &b->dns_settings.cache;
	return same_texts(&a->dns_settings.servers, &b->dns_settings.servers) &&
	       strcmp(a->dns_settings.resolv_conf, b->dns_settings.resolv_conf) == 0 &&
	       a->dns.timeout_ms == b->dns.timeout_ms && a->dns.attempts == b->dns.attempts &&
	       a->dns_settings.trust_ad == b->dns_settings.trust_ad &&
	       a->dns_settings.transport == b->dns_settings.transport && c->entries == d->entries &&
	       c->ttl_min_s == d->ttl_min_s && c->ttl_max_s == d->ttl_max_s &&
	       c->negative_max_s == d->negative_max_s && c->failure_s == d->failure_s &&
	       c->patience_ms == d->patience_ms && c->stale_s == d->stale_s;
}

/* log_restart: visitor: an option that waits. */
static void log_restart(void *arg, const char *name)
{
	gp_log_text(arg, GP_LOG_WARNING, "reload: a change of %s takes effect at the next restart",
		name);
}

/* gp_daemon_runtimes_waiting: of the store once it is open. */
void gp_daemon_runtimes_waiting(struct gp_daemon_runtimes *runtimes, const struct gp_config *config,
	void (*visit)(void *arg, const char *name), void *arg)
{
	gp_config_started_list(runtimes->started, config, visit, arg);
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

/* gp_daemon_runtimes_log_warnings: one event a line. */
void gp_daemon_runtimes_log_warnings(const struct gp_config *config, const struct gp_log *log)
{
	for (size_t i = 0; i < config->warnings.count; i++)
		gp_log_text(log, GP_LOG_WARNING, "configuration: %s", config->warnings.items[i]);
}

/*
 * hang_up: config and resolver at once, as seen by the thread that follows resolv.conf. What
 * sessions of the old runtime ask from now on goes where those of the new one ask; what is under
 * way ends as it began (gp_dns_wire_set). What is remembered stays: a reload while no server
 * answers must not forget the domains that are known. GP_ENOMEM: the old one stays published.
 */
static int hang_up(
	struct gp_daemon_runtimes *runtimes, const struct gp_config *before, struct counted *after)
{
	const struct gp_config *config = after->runtime.config;
	struct counted *old = NULL;
	pthread_mutex_lock(&runtimes->dns_lock);
	bool is_same = same_dns(before, config); /* then it is left to the thread that follows
						  * resolv.conf */
	int rc = is_same ? GP_OK
			 : gp_runtime_resolver_renew(&runtimes->resolver, config, before, NULL);
	if (!rc) {
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

/* read_again: the files, and a runtime made of them, which hangs there then. */
static int read_again(struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *before,
	struct counted **after_out)
{
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded = {NULL, NULL};
	int rc = gp_runtime_config_load(before->config->path, &loaded, &errors);
	const char *emptied = rc ? NULL : gp_config_emptied(loaded.config, before->config);
	if (rc)
		log_errors(&before->log, errors.text ? errors.text : gp_err_text(rc));
	gp_config_errors_fini(&errors);
	if (emptied) {
		gp_log_text(&before->log, GP_LOG_ERROR, "%s: " GP_CONFIG_EMPTIED, emptied);
		rc = GP_ESYNTAX;
	}
	if (!rc)
		gp_config_inherit_keys(loaded.config, before->config);
	bool is_good = !rc;
	if (!rc)
		rc = replacement(runtimes, &loaded, after_out);
	if (!rc) {
		gp_daemon_log_sink_open(loaded.config, runtimes->options.name);
		rc = hang_up(runtimes, before->config, *after_out);
		if (rc)
			counted_free(*after_out);
	}
	if (is_good && rc)
		configure_again(runtimes, before->config);
	if (rc)
		gp_runtime_config_fini(&loaded);
	return rc;
}

/* gp_daemon_runtimes_reload: load, check, then hang up. Only the signal thread calls it: nobody
 * else replaces the one before. */
int gp_daemon_runtimes_reload(struct gp_daemon_runtimes *runtimes)
{
	const struct gp_daemon_runtime *before = gp_daemon_runtimes_acquire(runtimes);
	struct counted *after = NULL;
	int rc = read_again(runtimes, before, &after);
	struct gp_daemon_counters *counters = runtimes->options.counters;
	atomic_fetch_add(rc ? &counters->reloads_failed : &counters->reloads, 1);
	atomic_store(&counters->reload_failed, rc != GP_OK);
	if (rc) {
		gp_log_text(&before->log, GP_LOG_ERROR,
			"reload: %s stays in force as it was "
			"loaded before",
			before->config->path);
	} else {
		const struct gp_config *config = after->runtime.config;
		gp_daemon_runtimes_waiting(
			runtimes, config, log_restart, (void *)(uintptr_t)&before->log);
		gp_daemon_runtimes_log_warnings(config, &before->log);
		gp_log_text(
			&after->runtime.log, GP_LOG_NOTICE, "reload: %s is in force", config->path);
	}
	gp_daemon_runtimes_release(runtimes, before);
	return rc;
}

/* gp_daemon_runtimes_has_changed: behind a chroot nothing is seen. */
bool gp_daemon_runtimes_has_changed(const struct gp_daemon_runtime *runtime)
{
	return gp_runtime_config_has_changed(&runtime->loaded, false);
}

/* follow_dns: resolv.conf may have changed. Where a reload was sooner, r says nothing any more. */
static void follow_dns(struct gp_daemon_runtimes *runtimes, const struct gp_daemon_runtime *r)
{
	char storage[1024];
	enum gp_config_followed followed = GP_CONFIG_AS_BEFORE;
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	pthread_mutex_lock(&runtimes->dns_lock);
	if (gp_daemon_runtimes_is_current(runtimes, r))
		followed = gp_runtime_resolver_follow(&runtimes->resolver, r->config, &text);
	pthread_mutex_unlock(&runtimes->dns_lock);
	if (followed != GP_CONFIG_AS_BEFORE)
		gp_log_text(&r->log, followed == GP_CONFIG_CHANGED ? GP_LOG_NOTICE : GP_LOG_WARNING,
			"%s", storage);
}

/* gp_daemon_runtimes_tend: with the log of the current configuration. */
void gp_daemon_runtimes_tend(struct gp_daemon_runtimes *runtimes)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(runtimes);
	follow_dns(runtimes, r);
	struct gp_ctx ctx = {.arena = r->overrides ? gp_arena_new(OPEN_MEMORY) : NULL,
		.clock = gp_clock_system(),
		.log = &r->log};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + OPEN_US;
	if (ctx.arena)
		gp_runtime_store_tend(&runtimes->store, &ctx);
	gp_arena_free(ctx.arena);
	gp_daemon_runtimes_release(runtimes, r);
}
