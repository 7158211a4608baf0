/* SPDX-License-Identifier: ISC */
/*
 * The file is made under a name of its own and then linked, so that of several processes at once
 * one wins, all read what that one has made, and nobody reads half of it.
 */
#include "engine/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"

#define RANDOM_BYTES 32
#define AGAIN_US 60000000 /* a secret that is not there is looked for no more often */

/* fail: remembers why there is none, for behind the path: a blank and a predicate, or a colon and a
 * sentence. */
static bool fail(struct gp_sample_key *key, const char *what, const char *why)
{
	snprintf(key->problem, sizeof key->problem, "%s%s%s%s", *what == ':' ? "" : " ", what,
		*why ? ": " : "", why);
	return false;
}

/* ---- reading ---- */

/* is_guessable: blanks alone, or one byte over and over? */
static bool is_guessable(const char *text, size_t length)
{
	bool is_blank = true, is_same = true;
	for (size_t i = 0; i < length; i++) {
		is_blank = is_blank && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'));
		is_same = is_same && text[i] == text[0];
	}
	return is_blank || is_same;
}

/* take_line: the first line, when it is long enough. */
static bool take_line(struct gp_sample_key *key, const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);
	size_t length = end ? (size_t)(end - text) : size;
	if (length > 0 && text[length - 1] == '\r')
		length--;
	if (length < GP_SAMPLE_KEY_LEAST || length > GP_SAMPLE_KEY_MOST)
		return fail(key, ": its first line must have 16 to 1024 bytes", "");
	if (is_guessable(text, length))
		return fail(key, ": its first line is blank or a single repeated character", "");
	memcpy(key->bytes, text, length);
	key->length = length;
	return true;
}

/* read_open: a regular file that others cannot read. */
static bool read_open(struct gp_sample_key *key, int fd)
{
	char text[GP_SAMPLE_KEY_MOST + 2];
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fail(key, "cannot be read", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(key, "is not a regular file", "");
	if (st.st_mode & (S_IWGRP | S_IRWXO))
		return fail(key, ": other users may read or change it: chmod 600", "");
	ssize_t n = read(fd, text, sizeof text);
	if (n < 0)
		return fail(key, "cannot be read", strerror(errno));
	return take_line(key, text, (size_t)n);
}

/* read_key: *missing_out: there is no file yet. */
static bool read_key(struct gp_sample_key *key, bool *missing_out)
{
	int fd = open(key->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*missing_out = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return fail(key, "cannot be read", strerror(errno));
	bool good = read_open(key, fd);
	close(fd);
	return good;
}

/* ---- making ---- */

/* fill: random bytes as text, so that the file can be copied by hand. */
static bool fill(int fd)
{
	unsigned char random[RANDOM_BYTES];
	char text[2 * RANDOM_BYTES + 1];
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return false;
	gp_encode_hex((struct gp_span) {(const char *)random, sizeof random}, text);
	text[sizeof text - 1] = '\n';
	return write(fd, text, sizeof text) == (ssize_t)sizeof text && fsync(fd) == 0;
}

/* give_to_owner: a file that root creates is given to the owner of its directory, who checks
 * mail. */
static bool give_to_owner(int fd, const char *directory)
{
	struct stat st;
	return geteuid() != 0 ||
	       (stat(directory, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0);
}

/* directory_of: of the path, made when it is not there. What root would make nobody else could
 * use. */
static bool directory_of(struct gp_sample_key *key, char directory[GP_SAMPLE_PATH])
{
	const char *slash = strrchr(key->path, '/');
	if (!slash)
		return fail(key, "is not an absolute path", "");
	size_t length = slash == key->path ? 1 : (size_t)(slash - key->path);
	memcpy(directory, key->path, length);
	directory[length] = '\0';
	if (geteuid() != 0)
		(void)mkdir(
			directory, 0700); /* what stands against it shows when the file is made */
	return true;
}

/* make_key: the file; another process may have been first. */
static bool make_key(struct gp_sample_key *key)
{
	char directory[GP_SAMPLE_PATH], made[GP_SAMPLE_PATH + 32];
	if (!directory_of(key, directory))
		return false;
	snprintf(made, sizeof made, "%s.new-%ld", key->path, (long)getpid());
	(void)unlink(made); /* of an earlier process of this number, which was killed */
	int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(key, "does not exist and cannot be created", strerror(errno));
	bool good = fill(fd) && give_to_owner(fd, directory) &&
		    (link(made, key->path) == 0 || errno == EEXIST);
	if (!good)
		(void)fail(key, "does not exist and cannot be created", strerror(errno));
	close(fd);
	(void)unlink(made);
	return good;
}

/* ---- using ---- */

/* find_key: read, or made and read. */
static bool find_key(struct gp_sample_key *key)
{
	bool missing;
	if (!*key->path)
		return fail(key, "no file is configured", "");
	if (read_key(key, &missing))
		return true;
	if (!missing)
		return false;
	if (!key->may_make)
		return fail(key,
			"does not exist; the program that checks mail creates it when it is "
			"needed",
			"");
	return make_key(key) && read_key(key, &missing);
}

/* has_key: looked for once, and again after a while. */
static bool has_key(struct gp_sample_key *key, const char *path, struct gp_ctx *ctx)
{
	int64_t now_us = gp_clock_now_us(ctx->clock);
	if (strcmp(key->path, path) != 0) {
		key->length = 0;
		key->looked_us = 0;
	}
	if (key->length > 0 || (key->looked_us != 0 && now_us - key->looked_us < AGAIN_US))
		return key->length > 0;
	snprintf(key->path, sizeof key->path, "%s", path);
	if (find_key(key)) {
		key->problem[0] = '\0';
		return true;
	}
	key->looked_us = now_us ? now_us : 1;
	gp_log_text(ctx->log, GP_LOG_WARNING,
		"dmarc: there is no secret for sampling by pct=, so policies apply to all "
		"messages: %s%s (dmarc.sample_key_file must belong to the user that checks mail)",
		path, key->problem);
	return false;
}

/* gp_engine_sample_of: over fields that make a message what it is, and that its sender chooses. */
int gp_engine_sample_of(struct gp_ctx *ctx, struct gp_sample_key *key, const char *path,
	const struct gp_crypto_digest *digest, const struct gp_message *message,
	unsigned *sample_out)
{
	static const char *const fields[] = {"From", "To", "Date", "Message-ID", "Subject"};
	unsigned char out[GP_CRYPTO_SHA256] = {0};
	struct gp_crypto_hash *hash;
	*sample_out = 0;
	if (!key || !has_key(key, path, ctx))
		return GP_OK;
	int rc = gp_crypto_hash_new(digest, &hash);
	if (rc)
		return rc;
	gp_crypto_hash_add(hash, (struct gp_span) {key->bytes, key->length});
	gp_crypto_hash_add(hash, gp_span_from("\n")); /* no secret holds one */
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const struct gp_message_field *f = gp_message_find(message, fields[i]);
		if (f)
			gp_crypto_hash_add(hash, f->raw);
	}
	rc = gp_crypto_hash_finish(hash, out);
	gp_crypto_hash_free(hash);
	if (rc == GP_OK)
		*sample_out = ((unsigned)out[0] << 16 | (unsigned)out[1] << 8 | out[2]) % 100;
	return rc;
}
