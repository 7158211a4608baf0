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
#include "store/store_fallback.h"

#define BROKEN_US 10000000 /* a broken file is not read more often unless it changes */

/* gp_exim_process_init: the log is ready at once. */
void gp_exim_process_init(struct gp_exim_process *process)
{
	*process = (struct gp_exim_process) {.sample_key = {.may_make = true}};
	gp_exim_log_init(&process->log);
}

/* drop_overrides: closes what this process opened, and leaves alone what another one did. */
static void drop_overrides(struct gp_exim_process *p)
{
	if (p->store && p->pid == getpid()) {
		gp_limit_overrides_free(p->overrides);
		gp_store_close(p->store);
	}
	p->overrides = NULL;
	p->store = NULL;
	gp_exim_snapshot_release(p->overrides_of);
	p->overrides_of = NULL;
}

/* gp_exim_process_fini: in reverse order. */
void gp_exim_process_fini(struct gp_exim_process *process)
{
	drop_overrides(process);
	gp_exim_snapshot_release(process->current);
	gp_crypto_digest_free(process->digest);
	gp_exim_process_init(process);
}

/* drop_resolver: the last snapshot frees it. */
static void drop_resolver(struct gp_exim_resolver *resolver)
{
	if (--resolver->refs)
		return;
	gp_dns_free(resolver->dns);
	free(resolver);
}

/* gp_exim_snapshot_release: the last one frees. */
void gp_exim_snapshot_release(struct gp_exim_snapshot *snapshot)
{
	if (!snapshot || --snapshot->refs)
		return;
	drop_resolver(snapshot->resolver);
	gp_config_free(snapshot->config);
	free(snapshot->stamps);
	free(snapshot);
}

/* ---- stamps ---- */

/* stamp_of: all zero for a file that is not there. */
static struct gp_exim_stamp stamp_of(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return (struct gp_exim_stamp) {0};
	return (struct gp_exim_stamp) {.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.modified = st.st_mtim,
		.changed = st.st_ctim};
}

/* same_time: to the nanosecond. */
static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* same_stamp: nobody has touched it. */
static bool same_stamp(const struct gp_exim_stamp *a, const struct gp_exim_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

/* is_current: made from this path, and nothing has changed since. */
static bool is_current(const struct gp_exim_snapshot *s, const char *path)
{
	if (!s || strcmp(s->config->path, path))
		return false;
	for (size_t i = 0; i < s->stamp_count; i++) {
		struct gp_exim_stamp now = stamp_of(s->config->watched.items[i]);
		if (!same_stamp(&now, &s->stamps[i]))
			return false;
	}
	return true;
}

/* ---- reading ---- */

/* resolver_new: servers, and a memory of their answers; before: the snapshot until now, or NULL. */
static int resolver_new(const struct gp_config *config, const struct gp_dns_cache_options *cache,
	const struct gp_exim_snapshot *before, struct gp_exim_resolver **out)
{
	struct gp_exim_resolver *resolver = calloc(1, sizeof *resolver);
	struct gp_dns *wire = NULL;
	struct gp_dns_options options = config->dns;
	if (before)
		gp_config_inherit_dns(config, before->config, before->dns, &options);
	int rc = resolver ? gp_dns_wire_new(&options, &wire) : GP_ENOMEM;
	if (!rc)
		rc = gp_dns_cache_new(cache, wire, gp_clock_system(), &resolver->dns);
	if (rc) {
		gp_dns_free(wire);
		free(resolver);
		return rc;
	}
	*out = resolver;
	return GP_OK;
}

/* find_resolver: that of the same file as it was before, set anew: it keeps what it remembers. */
static int find_resolver(const struct gp_config *config, const struct gp_exim_snapshot *before,
	struct gp_exim_resolver **out)
{
	struct gp_dns_cache_options cache = config->dns_cache;
	int rc = GP_OK;
	cache.entries = config->exim.cache_entries;
	if (before && strcmp(config->path, before->config->path) == 0) {
		*out = before->resolver;
		rc = gp_config_renew_dns(config, before->config, &cache, before->dns);
		(*out)->follow.next_us = 0; /* looked at at once, and read */
		(*out)->follow.is_read = false;
	} else {
		rc = resolver_new(config, &cache, before, out);
	}
	if (!rc)
		(*out)->refs++;
	return rc;
}

/* snapshot_new: takes config on success. */
static int snapshot_new(struct gp_config *config, const struct gp_exim_snapshot *before,
	struct gp_exim_snapshot **out)
{
	size_t n = config->watched.count;
	struct gp_exim_snapshot *s = calloc(1, sizeof *s);
	struct gp_exim_stamp *stamps = calloc(n ? n : 1, sizeof *stamps);
	int rc = s && stamps ? find_resolver(config, before, &s->resolver) : GP_ENOMEM;
	if (rc) {
		free(stamps);
		free(s);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		stamps[i] = stamp_of(config->watched.items[i]);
	s->config = config;
	s->dns = s->resolver->dns;
	s->stamps = stamps;
	s->stamp_count = n;
	s->refs = 1;
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
		p->current ? "the configuration stays as it was before: "
			   : "there is no configuration: ",
		(int)line.len, line.ptr, path);
}

/* load: a new snapshot in place of the current one. */
static int load(struct gp_exim_process *p, const char *path)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_exim_snapshot *made = NULL;
	char problem[PATH_MAX + 160];
	/* looked at before it is read: what changes meanwhile is seen the next time */
	struct gp_exim_stamp main_stamp = stamp_of(path);
	int rc = gp_config_load(path, &config, &errors);
	const char *emptied =
		rc ? NULL : gp_config_emptied(config, p->current ? p->current->config : NULL);
	if (emptied) { /* a process that begins knows no other one, and is ended soon */
		snprintf(problem, sizeof problem, "%s: " GP_CONFIG_EMPTIED, emptied);
		gp_config_free(config); /* and with it the name */
		rc = GP_ESYNTAX;
	} else if (!rc) {
		rc = snapshot_new(config, p->current, &made);
		if (rc)
			gp_config_free(config);
	}
	if (rc) {
		p->broken = main_stamp;
		p->broken_us = gp_clock_now_us(gp_clock_system());
		say_broken(p, path, rc, emptied ? problem : errors.text);
	} else {
		if (made->stamp_count)
			made->stamps[0] = main_stamp;
		gp_exim_snapshot_release(p->current);
		p->current = made;
		p->log.facility = config->log.facility;
		p->broken_us = 0;
	}
	gp_config_errors_fini(&errors);
	return rc;
}

/* is_worth_reading: not a file that was found broken a moment ago. */
static bool is_worth_reading(const struct gp_exim_process *p, const char *path)
{
	struct gp_exim_stamp now = stamp_of(path);
	return !p->broken_us || !same_stamp(&now, &p->broken) ||
	       gp_clock_now_us(gp_clock_system()) - p->broken_us >= BROKEN_US;
}

/* follow_dns: resolv.conf may have changed; a look a second at most. */
static void follow_dns(struct gp_exim_process *p)
{
	char storage[1024];
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, sizeof storage);
	const struct gp_exim_snapshot *s = p->current;
	if (gp_config_follow_dns(&s->resolver->follow, s->config, s->dns, &text) ==
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

/* gp_exim_process_tend: the store first, so that one that is back is read at once. */
void gp_exim_process_tend(struct gp_exim_process *process, struct gp_ctx *ctx)
{
	gp_store_tend(process->store, ctx);
	gp_limit_overrides_follow(process->overrides, ctx);
}

/* open_overrides: the store, the one that stands in, and what the operator has set. */
static int open_overrides(struct gp_exim_process *p, struct gp_exim_snapshot *s, struct gp_ctx *ctx)
{
	const struct gp_config *c = s->config;
	gp_crypto_library_guest(); /* for TLS */
	int rc = gp_store_fallback_open(&c->store, ctx, &p->store);
	if (!rc && c->store_on_failure == GP_LIMIT_FAILURE_LOCAL)
		rc = gp_store_fallback_local(p->store, &c->store, c->store_local_path, ctx);
	if (!rc)
		rc = gp_limit_overrides_new(p->store, &p->overrides);
	p->pid = getpid();
	if (rc) {
		gp_store_close(p->store);
		p->store = NULL;
		return rc;
	}
	gp_exim_process_tend(p, ctx);
	p->overrides_of = s;
	s->refs++;
	return GP_OK;
}

/* gp_exim_process_overrides: of this process, and of this snapshot. */
int gp_exim_process_overrides(struct gp_exim_process *process, struct gp_exim_snapshot *snapshot,
	struct gp_ctx *ctx, struct gp_limit_overrides **overrides_out)
{
	int rc = GP_OK;
	if (process->store && (process->overrides_of != snapshot || process->pid != getpid()))
		drop_overrides(process);
	if (!process->store)
		rc = open_overrides(process, snapshot, ctx);
	*overrides_out = process->overrides;
	return rc;
}
