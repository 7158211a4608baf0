/* SPDX-License-Identifier: ISC */
/*
 * A look at the files' stamps costs a microsecond each, so every check begins with one. A file that
 * is broken is read again when it changes, or after a while, since what it includes may have been
 * what was broken.
 */
#include "exim-dlfunc/process.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/library.h"

#define BROKEN_US 10000000 /* a broken file is not read more often unless it changes */

/* gp_exim_process_init: the log is ready at once. */
void gp_exim_process_init(struct gp_exim_process *process)
{
	*process = (struct gp_exim_process) {.sample_key = {.may_make = true}};
	gp_exim_log_init(&process->log);
}

/* drop_store: closes what this process opened, and leaves alone what another one did. */
static void drop_store(struct gp_exim_process *p)
{
	if (p->pid == getpid())
		gp_runtime_store_close(&p->store);
	p->store = (struct gp_runtime_store) {NULL, NULL};
	gp_exim_snapshot_release(p->store_of);
	p->store_of = NULL;
}

/* gp_exim_process_fini: in reverse order. */
void gp_exim_process_fini(struct gp_exim_process *process)
{
	drop_store(process);
	gp_exim_snapshot_release(process->current);
	gp_crypto_digest_free(process->digest);
	gp_exim_process_init(process);
}

/* drop_resolver: the last snapshot frees it. */
static void drop_resolver(struct gp_exim_resolver *resolver)
{
	if (--resolver->refs)
		return;
	gp_runtime_resolver_close(&resolver->resolver);
	free(resolver);
}

/* gp_exim_snapshot_release: the last one frees. */
void gp_exim_snapshot_release(struct gp_exim_snapshot *snapshot)
{
	if (!snapshot || --snapshot->refs)
		return;
	drop_resolver(snapshot->resolver);
	gp_runtime_config_fini(&snapshot->loaded);
	free(snapshot);
}

/* is_current: made from this path, and nothing has changed since. */
static bool is_current(const struct gp_exim_snapshot *s, const char *path)
{
	return s && strcmp(s->config->path, path) == 0 &&
	       !gp_runtime_config_has_changed(&s->loaded, true);
}

/* ---- reading ---- */

/* resolver_new: servers, and a memory of their answers; before: the snapshot until now, or NULL. */
static int resolver_new(const struct gp_config *config, const struct gp_dns_cache_options *cache,
	const struct gp_exim_snapshot *before, struct gp_exim_resolver **out)
{
	struct gp_exim_resolver *resolver = calloc(1, sizeof *resolver);
	const struct gp_runtime_resolver_plan plan = {.config = config,
		.cache = cache,
		.before = before ? before->config : NULL,
		.known = before ? before->dns : NULL};
	int rc = resolver ? gp_runtime_resolver_open(&plan, &resolver->resolver) : GP_ENOMEM;
	if (rc)
		free(resolver);
	else
		*out = resolver;
	return rc;
}

/* find_resolver: that of the same file as it was before, set anew: it keeps what it remembers. */
static int find_resolver(const struct gp_config *config, const struct gp_exim_snapshot *before,
	struct gp_exim_resolver **out)
{
	struct gp_dns_cache_options cache = config->dns_settings.cache;
	int rc = GP_OK;
	cache.entries = config->exim.cache_entries;
	if (before && strcmp(config->path, before->config->path) == 0) {
		*out = before->resolver;
		rc = gp_runtime_resolver_renew(&(*out)->resolver, config, before->config, &cache);
	} else {
		rc = resolver_new(config, &cache, before, out);
	}
	if (!rc)
		(*out)->refs++;
	return rc;
}

/* snapshot_new: takes what was loaded on success. */
static int snapshot_new(const struct gp_runtime_config *loaded,
	const struct gp_exim_snapshot *before, struct gp_exim_snapshot **out)
{
	struct gp_exim_snapshot *s = calloc(1, sizeof *s);
	int rc = s ? find_resolver(loaded->config, before, &s->resolver) : GP_ENOMEM;
	if (rc) {
		free(s);
		return rc;
	}
	s->loaded = *loaded;
	s->config = loaded->config;
	s->dns = s->resolver->resolver.dns;
	s->refs = 1;
	s->generation = before ? before->generation + 1 : 1;
	*out = s;
	return GP_OK;
}

/* say_broken: the first line of the report; the whole of it is had by gatepost check-config. */
static void say_broken(struct gp_exim_process *p, const char *path, int rc, const char *text)
{
	struct gp_span line, rest;
	gp_span_cut(gp_span_from(text && *text ? text : gp_err_text(rc)), '\n', &line, &rest);
	gp_exim_say(&p->log, GP_EXIM_BAD_CONFIG, (struct gp_span) {NULL, 0},
		"%s%.*s (see gatepost check-config %s)",
		p->current ? "the previous configuration stays in force: "
			   : "there is no configuration: ",
		(int)line.len, line.ptr, path);
}

/* load: a new snapshot in place of the current one. */
static int load(struct gp_exim_process *p, const char *path)
{
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded = {NULL, NULL};
	struct gp_exim_snapshot *made = NULL;
	char problem[PATH_MAX + 160];
	/* looked at before it is read: what changes meanwhile is seen the next time */
	struct gp_filestamp main_stamp = gp_filestamp_of(path);
	int rc = gp_runtime_config_load(path, &loaded, &errors);
	const char *emptied =
		rc ? NULL
		   : gp_config_emptied(loaded.config, p->current ? p->current->config : NULL);
	if (emptied) { /* a process that begins knows no other one, and is ended soon */
		snprintf(problem, sizeof problem, "%s: " GP_CONFIG_EMPTIED, emptied);
		rc = GP_ESYNTAX;
	} else if (!rc) {
		rc = snapshot_new(&loaded, p->current, &made);
	}
	if (rc) {
		gp_runtime_config_fini(&loaded);
		p->broken = main_stamp;
		p->broken_us = gp_clock_now_us(gp_clock_system());
		say_broken(p, path, rc, emptied ? problem : errors.text);
	} else {
		gp_exim_snapshot_release(p->current);
		p->current = made;
		p->log.facility = made->config->log.facility;
		p->broken_us = 0;
	}
	gp_config_errors_fini(&errors);
	return rc;
}

/* is_worth_reading: not a file that was found broken a moment ago. */
static bool is_worth_reading(const struct gp_exim_process *p, const char *path)
{
	return !p->broken_us || !gp_filestamp_is_same(gp_filestamp_of(path), p->broken) ||
	       gp_clock_now_us(gp_clock_system()) - p->broken_us >= BROKEN_US;
}

/* follow_dns: resolv.conf may have changed; a look a second at most. */
static void follow_dns(struct gp_exim_process *p)
{
	char storage[1024];
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	const struct gp_exim_snapshot *s = p->current;
	if (gp_runtime_resolver_follow(&s->resolver->resolver, s->config, &text) ==
		GP_CONFIG_UNREADABLE)
		gp_exim_say(&p->log, GP_EXIM_NO_CHECK, (struct gp_span) {NULL, 0}, "%s", storage);
}

/* gp_exim_process_snapshot: the current one, or a new one. */
int gp_exim_process_snapshot(struct gp_exim_process *process, struct gp_span conf,
	struct gp_exim_snapshot **snapshot_out)
{
	char path[PATH_MAX];
	int rc = GP_OK;
	*snapshot_out = NULL;
	if (conf.len == 0 || conf.len >= sizeof path || conf.ptr[0] != '/') {
		gp_exim_say(&process->log, GP_EXIM_BAD_CALL, (struct gp_span) {NULL, 0},
			"the path of gatepost.conf must be absolute");
		return GP_EINVAL;
	}
	memcpy(path, conf.ptr, conf.len);
	path[conf.len] = 0;
	bool current = is_current(process->current, path);
	if (!current && is_worth_reading(process, path))
		rc = load(process, path);
	if (!process->current)
		return rc ? rc : GP_EIO;
	follow_dns(process);
	process->current->refs++;
	*snapshot_out = process->current;
	return GP_OK; /* with a broken file: what was in force before */
}

/* gp_exim_process_digest: once a process. */
int gp_exim_process_digest(
	struct gp_exim_process *process, const struct gp_crypto_digest **digest_out)
{
	int rc = GP_OK;
	if (!process->digest) {
		gp_crypto_library_guest();
		rc = gp_crypto_digest_new(&process->digest);
	}
	*digest_out = process->digest;
	return rc;
}

/* ---- limits ---- */

/* gp_exim_process_tend: of this process. */
void gp_exim_process_tend(struct gp_exim_process *process, struct gp_ctx *ctx)
{
	gp_runtime_store_tend(&process->store, ctx);
}

/* open_store: the store, the one that stands in, and what the operator has set. */
static int open_store(struct gp_exim_process *p, struct gp_exim_snapshot *s, struct gp_ctx *ctx)
{
	gp_crypto_library_guest(); /* for TLS */
	p->pid = getpid();
	int rc = gp_runtime_store_open(s->config, ctx, &p->store);
	if (rc)
		return rc;
	p->store_of = s;
	s->refs++;
	return GP_OK;
}

/* gp_exim_process_overrides: of this process, and of this snapshot. */
int gp_exim_process_overrides(struct gp_exim_process *process, struct gp_exim_snapshot *snapshot,
	struct gp_ctx *ctx, struct gp_limit_overrides **overrides_out)
{
	int rc = GP_OK;
	if (process->store.store && (process->store_of != snapshot || process->pid != getpid()))
		drop_store(process);
	if (!process->store.store)
		rc = open_store(process, snapshot, ctx);
	*overrides_out = process->store.overrides;
	return rc;
}
