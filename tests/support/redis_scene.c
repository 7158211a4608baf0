/* SPDX-License-Identifier: ISC */
/* A store, its options, its log. */
#include "support/redis_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/digest.h"

/* note: the texts of all events. */
static void note(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct test_scene *scene = arg;
	(void)level;
	(void)event;
	pthread_mutex_lock(&scene->lock);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(scene->logged);
		snprintf(scene->logged + used, sizeof scene->logged - used, "%.*s\n",
			(int)fields[i].text.len, fields[i].text.ptr);
	}
	pthread_mutex_unlock(&scene->lock);
}

/* test_scene_begin: options that most tests want. */
void test_scene_begin(struct test_scene *scene)
{
	memset(scene, 0, sizeof *scene);
	pthread_mutex_init(&scene->lock, NULL);
	scene->log = (struct gp_log) {note, scene, GP_LOG_DEBUG};
	scene->ctx.clock = gp_clock_system();
	scene->ctx.log = &scene->log;
	scene->options = (struct gp_store_options) {.uri_count = 1,
		.prefix = "gatepost:",
		.user = "",
		.password_file = "",
		.sentinel_password_file = "",
		.tls_ca_file = "",
		.tls_cert_file = "",
		.tls_key_file = "",
		.timeout_ms = 5000,
		.connections = 8};
	test_scene_deadline(scene, 60000);
}

/* test_scene_end: and the end of it. */
void test_scene_end(struct test_scene *scene)
{
	gp_store_close(scene->store);
	scene->store = NULL;
	pthread_mutex_destroy(&scene->lock);
}

/* test_scene_open: again, perhaps. */
int test_scene_open(struct test_scene *scene)
{
	gp_store_close(scene->store);
	scene->store = NULL;
	test_scene_deadline(scene, 60000);
	int rc = gp_store_open(&scene->options, &scene->ctx, &scene->store);
	test_scene_deadline(scene, 60000);
	return rc;
}

/* test_scene_deadline: from now on. */
void test_scene_deadline(struct test_scene *scene, int64_t ms)
{
	scene->ctx.deadline_us = gp_clock_now_us(scene->ctx.clock) + ms * 1000;
}

/* test_scene_take: one counter; a context of its own, so that threads may share the scene. */
int test_scene_take(struct test_scene *scene, const char *subject, int64_t max, int64_t n)
{
	struct gp_ctx ctx = scene->ctx;
	struct gp_store_count count = {.id = 1, .per_ms = TEST_SCENE_PER_MS, .max = max, .take = n};
	struct gp_store_take take = {gp_span_from(subject), &count, 1};
	int rc = gp_store_take(scene->store, &ctx, gp_store_now_ms(scene->store), &take, 1);
	return rc ? rc : count.refused;
}

/* test_scene_take_two: all or nothing. */
int test_scene_take_two(struct test_scene *scene, const char *first, const char *second,
	const int64_t max[2], int64_t *used_out)
{
	struct gp_store_count counts[2];
	struct gp_store_take takes[2] = {
		{gp_span_from(first), &counts[0], 1}, {gp_span_from(second), &counts[1], 1}};
	for (int i = 0; i < 2; i++)
		counts[i] = (struct gp_store_count) {
			.id = 1, .per_ms = TEST_SCENE_PER_MS, .max = max[i], .take = 1};
	int rc = gp_store_take(scene->store, &scene->ctx, gp_store_now_ms(scene->store), takes, 2);
	for (int i = 0; used_out && i < 2; i++)
		used_out[i] = counts[i].used;
	return rc ? rc : counts[0].refused || counts[1].refused;
}

/* test_scene_used: a take of nothing. */
int64_t test_scene_used(struct test_scene *scene, const char *subject)
{
	struct gp_store_count count = {.id = 1, .per_ms = TEST_SCENE_PER_MS, .max = 1};
	struct gp_store_take take = {gp_span_from(subject), &count, 1};
	int rc = gp_store_take(scene->store, &scene->ctx, gp_store_now_ms(scene->store), &take, 1);
	return rc ? rc : count.used;
}

/* test_scene_tend_until: where "": anywhere. */
bool test_scene_tend_until(struct test_scene *scene, bool up, const char *where)
{
	for (int64_t begun_us = gp_clock_now_us(scene->ctx.clock);
		test_scene_since_ms(begun_us) < TEST_PATIENCE_MS;) {
		struct gp_store_health health;
		struct gp_ctx ctx = scene->ctx;
		ctx.deadline_us = gp_clock_now_us(ctx.clock) + 60000000;
		gp_store_tend(scene->store, &ctx);
		gp_store_health(scene->store, &health);
		if (health.up == up && strstr(health.where, where))
			return true;
		test_scene_pause(20);
	}
	return false;
}

/* test_scene_complains: of health. */
bool test_scene_complains(struct test_scene *scene, const char *text)
{
	struct gp_store_health health;
	gp_store_health(scene->store, &health);
	if (strstr(health.problem, text))
		return true;
	printf("# problem is: %s\n", health.problem);
	return false;
}

/* test_scene_logged: ever. */
bool test_scene_logged(struct test_scene *scene, const char *text)
{
	pthread_mutex_lock(&scene->lock);
	bool found = strstr(scene->logged, text) != NULL;
	pthread_mutex_unlock(&scene->lock);
	return found;
}

/* test_scene_is_up: of health. */
bool test_scene_is_up(struct test_scene *scene)
{
	struct gp_store_health health;
	gp_store_health(scene->store, &health);
	return health.up;
}

/* test_scene_key: as store.h and the store's private header make it. */
void test_scene_key(const char *subject, char key_out[64])
{
	struct gp_crypto_digest *digest;
	unsigned char hash[GP_CRYPTO_SHA256] = {0};
	if (gp_crypto_digest_new(&digest) == GP_OK) {
		if (gp_crypto_digest_of(digest, gp_span_from(subject), hash) != GP_OK)
			abort();
		gp_crypto_digest_free(digest);
	}
	char *p = key_out + sprintf(key_out, "gatepost:{");
	for (int i = 0; i < 16; i++)
		p += sprintf(p, "%02x", hash[i]);
	sprintf(p, "}");
}

/* test_scene_since_ms: rounded down. */
int64_t test_scene_since_ms(int64_t begun_us)
{
	return (gp_clock_now_us(gp_clock_system()) - begun_us) / 1000;
}

/* test_scene_pause: sleeps. */
void test_scene_pause(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}
