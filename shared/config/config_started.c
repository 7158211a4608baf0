/* SPDX-License-Identifier: ISC */
/* Values are compared as the file spells them, so that every kind is compared alike. */
#include "config/config_started.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_private.h"

#define MEMORY (1024 * 1024)
#define VALUE_MAX 65536
#define ROWS_MAX 512
#define NAME_MAX_BYTES 80

struct gp_config_started {
	pthread_mutex_t lock; /* guards all that follows */
	struct gp_arena *arena;
	bool is_noted[GP_CONFIG_STARTED_PARTS];
	const char *values[ROWS_MAX]; /* by the number of the row; NULL: not noted */
};

/* What an option of a part says in its row. */
static const unsigned flags[] = {[GP_CONFIG_STARTED_DAEMON] = GP_OPTION_AT_START,
	[GP_CONFIG_STARTED_STORE] = GP_OPTION_AT_OPEN};

/* value_of: as the file spells it; NULL: the arena refused. */
static const char *value_of(
	struct gp_arena *arena, const struct gp_config *config, const struct gp_option *row)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, VALUE_MAX);
	gp_config_value_format(&buf, gp_config_base_of(config, row->section), row);
	return gp_strbuf_finish(&buf, &text) ? NULL : text;
}

/* gp_config_started_new: empty. */
int gp_config_started_new(struct gp_config_started **started_out)
{
	struct gp_config_started *s = calloc(1, sizeof *s);
	if (!s)
		return GP_ENOMEM;
	s->arena = gp_arena_new(MEMORY);
	if (!s->arena || pthread_mutex_init(&s->lock, NULL)) {
		gp_arena_free(s->arena);
		free(s);
		return GP_ENOMEM;
	}
	*started_out = s;
	return GP_OK;
}

/* gp_config_started_free: with the values. */
void gp_config_started_free(struct gp_config_started *started)
{
	if (!started)
		return;
	pthread_mutex_destroy(&started->lock);
	gp_arena_free(started->arena);
	free(started);
}

/* note: the values of a part; the lock is held. */
static int note(struct gp_config_started *s, const struct gp_config *config,
	enum gp_config_started_part part)
{
	const struct gp_option *row;
	for (size_t i = 0; i < ROWS_MAX && (row = gp_config_row_at(i)); i++) {
		if (!(row->flags & flags[part]))
			continue;
		s->values[i] = value_of(s->arena, config, row);
		if (!s->values[i])
			return gp_arena_status(s->arena) ? gp_arena_status(s->arena) : GP_ETOOBIG;
	}
	return GP_OK;
}

/* gp_config_started_note: once. */
int gp_config_started_note(struct gp_config_started *started, const struct gp_config *config,
	enum gp_config_started_part part)
{
	int rc = GP_OK;
	pthread_mutex_lock(&started->lock);
	if (!started->is_noted[part])
		rc = note(started, config, part);
	started->is_noted[part] = started->is_noted[part] || !rc;
	pthread_mutex_unlock(&started->lock);
	return rc;
}

/* gp_config_started_list: row by row. */
void gp_config_started_list(struct gp_config_started *started, const struct gp_config *config,
	void (*visit)(void *arg, const char *name), void *arg)
{
	struct gp_arena *arena = gp_arena_new(MEMORY);
	const struct gp_option *row;
	if (!arena)
		return;
	pthread_mutex_lock(&started->lock);
	for (size_t i = 0; i < ROWS_MAX && (row = gp_config_row_at(i)); i++) {
		char name[NAME_MAX_BYTES];
		const char *now = started->values[i] ? value_of(arena, config, row) : NULL;
		if (!now || strcmp(now, started->values[i]) == 0)
			continue;
		snprintf(name, sizeof name, "%s.%s", row->section, row->name);
		visit(arg, name);
	}
	pthread_mutex_unlock(&started->lock);
	gp_arena_free(arena);
}
