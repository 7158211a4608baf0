/* SPDX-License-Identifier: ISC */
/* The secret of the samples for pct=: made once, read by all, never by others; or none at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/sample.h"

#define PROCESSES 8

/* What each case has: a directory, and a message. */
struct scene {
	char folder[64], path[128], logged[1024];
	struct gp_log log;
	struct gp_ctx ctx;
	struct gp_crypto_digest *digest;
	struct gp_message message;
};

/* keep: the last line. */
static void keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct scene *s = arg;
	(void)event;
	(void)count;
	snprintf(s->logged, sizeof s->logged, "%s: %.*s", gp_log_level_name(level),
		(int)fields[0].text.len, fields[0].text.ptr);
}

/* set_up: nothing is in the directory yet. */
static int set_up(void **state)
{
	static const char header[] =
		"From: a@a.test\nTo: b@b.test\nMessage-ID: <1@a.test>\nSubject: x\n";
	struct scene *s = calloc(1, sizeof *s);
	if (!s)
		return -1;
	snprintf(s->folder, sizeof s->folder, "/tmp/gp-sample-XXXXXX");
	if (!mkdtemp(s->folder))
		return -1;
	snprintf(s->path, sizeof s->path, "%s/key", s->folder);
	s->log = (struct gp_log) {keep, s, GP_LOG_DEBUG};
	s->ctx = (struct gp_ctx) {
		.arena = gp_arena_new(1 << 20), .clock = gp_clock_system(), .log = &s->log};
	*state = s;
	return s->ctx.arena && gp_crypto_digest_new(&s->digest) == GP_OK &&
			       gp_message_parse(s->ctx.arena, gp_span_from(header), GP_MESSAGE_LF,
				       &s->message) == GP_OK
		       ? 0
		       : -1;
}

/* tear_down: nothing is left. */
static int tear_down(void **state)
{
	struct scene *s = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", s->folder);
	int rc = system(command);
	gp_crypto_digest_free(s->digest);
	gp_arena_free(s->ctx.arena);
	free(s);
	return rc;
}

/* sample: of the message. */
static unsigned sample(struct scene *s, struct gp_sample_key *key)
{
	unsigned out;
	assert_int_equal(
		gp_engine_sample_of(&s->ctx, key, s->path, s->digest, &s->message, &out), GP_OK);
	assert_true(out < 100);
	return out;
}

/* write_key: a file with this text and mode. */
static void write_key(struct scene *s, const char *text, mode_t mode)
{
	int fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* it_is_made_once_and_is_private: 64 digits, and another process finds the same. */
static void it_is_made_once_and_is_private(void **state)
{
	struct scene *s = *state;
	struct gp_sample_key key = {.may_make = true}, other = {.may_make = true};
	struct stat st;
	mode_t before = umask(0);
	unsigned first = sample(s, &key);
	umask(before);
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(key.length, 64);
	assert_int_equal(sample(s, &other), first);
	assert_memory_equal(other.bytes, key.bytes, key.length);
	assert_string_equal(s->logged, "");
	assert_int_equal(unlink(s->path), 0);
	struct gp_sample_key third = {.may_make = true};
	(void)sample(s, &third);
	assert_memory_not_equal(third.bytes, key.bytes, key.length);
}

/* processes_at_once_agree: one of them makes it. */
static void processes_at_once_agree(void **state)
{
	struct scene *s = *state;
	pid_t children[PROCESSES];
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct gp_sample_key key = {.may_make = true};
			unsigned out = sample(s, &key);
			_exit(key.length == 64 ? (int)out : 200);
		}
	}
	struct gp_sample_key key = {.may_make = true};
	int expected = (int)sample(s, &key);
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), expected);
	}
}

/* hosts_with_one_file_agree: whatever the line's end; another secret decides otherwise. */
static void hosts_with_one_file_agree(void **state)
{
	static const char *const texts[] = {"one secret of the site\n", "one secret of the site",
		"one secret of the site\r\n", "one secret of the site\nmore\n"};
	struct scene *s = *state;
	unsigned first = 0, others = 0;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct gp_sample_key key = {.may_make = false};
		write_key(s, texts[i], 0640);
		unsigned out = sample(s, &key);
		first = i == 0 ? out : first;
		assert_int_equal(out, first);
		assert_int_equal(key.length, 22);
	}
	for (int i = 0; i < 50; i++) {
		struct gp_sample_key key = {.may_make = false};
		char text[64];
		snprintf(text, sizeof text, "another secret, number %d\n", i);
		write_key(s, text, 0600);
		others += sample(s, &key) != first;
	}
	assert_true(others > 40);
}

/* what_is_no_secret: is said, and the sample is 0, which every policy takes. */
static void what_is_no_secret(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *problem;
	} rows[] = {
		{"a secret that all may read\n", 0644, ": other users may read or change it"},
		{"a secret that the group may write\n", 0660, "other users may read or change it"},
		{"too short\n", 0600, ": its first line must have 16 to 1024 bytes"},
		{"                                \n", 0600, ": its first line is blank"},
		{" \t \t \t \t \t \t \t \t \t\r\n", 0600, ": its first line is blank"},
		{"00000000000000000000000000000000\n", 0600, "a single repeated character"},
		{"xxxxxxxxxxxxxxxxxxxx", 0600, "a single repeated character"},
		{"", 0600, "its first line must have 16 to 1024 bytes"},
		{"\nthe second line is no secret\n", 0600, "its first line must have"},
	};
	struct scene *s = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_sample_key key = {.may_make = true};
		write_key(s, rows[i].text, rows[i].mode);
		s->logged[0] = '\0';
		assert_int_equal(sample(s, &key), 0);
		assert_non_null(strstr(key.problem, rows[i].problem));
		assert_non_null(strstr(s->logged, rows[i].problem));
		assert_non_null(strstr(s->logged, "warning: dmarc: there is no secret"));
		assert_null(strstr(s->logged, " : "));
		s->logged[0] = '\0';
		assert_int_equal(sample(s, &key), 0);
		assert_string_equal(s->logged, ""); /* not with every message */
	}
	char long_text[GP_SAMPLE_KEY_MOST + 3];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	struct gp_sample_key key = {.may_make = true};
	write_key(s, long_text, 0600);
	assert_int_equal(sample(s, &key), 0);
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(symlink("/etc/passwd", s->path), 0);
	struct gp_sample_key linked = {.may_make = true};
	assert_int_equal(sample(s, &linked), 0);
	assert_int_equal(linked.length, 0);
}

/* who_only_looks_makes_nothing: nor is anything made where it cannot be. */
static void who_only_looks_makes_nothing(void **state)
{
	struct scene *s = *state;
	struct gp_sample_key looks = {.may_make = false}, nowhere = {.may_make = true};
	assert_int_equal(sample(s, &looks), 0);
	assert_int_equal(access(s->path, F_OK), -1);
	assert_non_null(strstr(looks.problem, "does not exist"));
	snprintf(s->path, sizeof s->path, "%s/no/such/folder/key", s->folder);
	assert_int_equal(sample(s, &nowhere), 0);
	assert_non_null(strstr(nowhere.problem, "does not exist and cannot be created"));
	unsigned out = 1;
	assert_int_equal(
		gp_engine_sample_of(&s->ctx, NULL, s->path, s->digest, &s->message, &out), GP_OK);
	assert_int_equal(out, 0);
	struct gp_sample_key unnamed = {.may_make = true};
	assert_int_equal(
		gp_engine_sample_of(&s->ctx, &unnamed, "", s->digest, &s->message, &out), GP_OK);
	assert_int_equal(out, 0);
}

/* another_path_is_another_secret: after a reload. */
static void another_path_is_another_secret(void **state)
{
	struct scene *s = *state;
	struct gp_sample_key key = {.may_make = true};
	char first[GP_SAMPLE_KEY_MOST];
	(void)sample(s, &key);
	memcpy(first, key.bytes, key.length);
	snprintf(s->path, sizeof s->path, "%s/below/key", s->folder);
	if (geteuid() == 0) {
		assert_int_equal(
			sample(s, &key), 0); /* root makes no directory that only it can use */
		char folder[128];
		snprintf(folder, sizeof folder, "%s/below", s->folder);
		assert_int_equal(mkdir(folder, 0700), 0);
		assert_int_equal(chown(folder, 65534, 65534), 0);
		key = (struct gp_sample_key) {.may_make = true};
	}
	(void)sample(s, &key);
	assert_int_equal(key.length, 64);
	assert_memory_not_equal(first, key.bytes, key.length);
	struct stat st;
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 65534 : geteuid());
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_made_once_and_is_private),
		CASE(processes_at_once_agree),
		CASE(hosts_with_one_file_agree),
		CASE(what_is_no_secret),
		CASE(who_only_looks_makes_nothing),
		CASE(another_path_is_another_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
