/* SPDX-License-Identifier: ISC */
/* The store over Redis: what every store means, and everything that may go wrong with a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_private.h"
#include "support/contract.h"
#include "support/redis_scene.h"

/* The server that most tests share; each begins with an empty one. */
struct shared {
	struct test_redis *redis;
	struct test_scene scene;
};

/* set_up: everything flushed, a scene that knows the server. */
static int set_up(void **state)
{
	struct shared *shared = *state;
	free(test_redis_ask(shared->redis, 1, "FLUSHALL"));
	test_scene_begin(&shared->scene);
	shared->scene.options.uris[0] = test_redis_uri(shared->redis);
	return 0;
}

/* tear_down: the store. */
static int tear_down(void **state)
{
	test_scene_end(&((struct shared *)*state)->scene);
	return 0;
}

/* write_file: into the server's directory; returns the path. */
static const char *write_file(const struct test_redis *redis, const char *name, const char *text)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", test_redis_folder(redis), name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

/* ---- getting in ---- */

/* The right password opens, a wrong or missing one is said to be so. */
static void passwords(void **state)
{
	(void)state;
	struct test_scene s;
	struct test_redis *redis =
		test_redis_start((const char *const[]) {"--requirepass", "open sesame", NULL});
	test_scene_begin(&s);
	s.options.uris[0] = test_redis_uri(redis);
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_false(test_scene_is_up(&s));
	assert_true(test_scene_complains(&s, "store.password_file"));
	assert_int_equal(test_scene_take(&s, "a", 1, 1), GP_EIO);
	s.options.password_file = write_file(redis, "wrong", "sesame\n");
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_false(test_scene_is_up(&s));
	assert_true(test_scene_complains(&s, "password is wrong"));
	s.options.password_file = write_file(redis, "right", "open sesame\nmore\n");
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_true(test_scene_is_up(&s));
	assert_int_equal(test_scene_take(&s, "a", 1, 1), GP_OK);
	assert_int_equal(test_scene_take(&s, "a", 1, 1), 1);
	assert_false(test_scene_logged(&s, "sesame"));
	test_scene_end(&s);
	test_redis_stop(redis);
}

/* A password file that changes is read again when the server is looked for. */
static void password_changes(void **state)
{
	(void)state;
	struct test_scene s;
	struct test_redis *redis =
		test_redis_start((const char *const[]) {"--requirepass", "new", NULL});
	test_scene_begin(&s);
	s.options.uris[0] = test_redis_uri(redis);
	s.options.password_file = write_file(redis, "secret", "old\n");
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_false(test_scene_is_up(&s));
	write_file(redis, "secret", "new\n");
	assert_true(test_scene_tend_until(&s, true, ""));
	test_scene_end(&s);
	test_redis_stop(redis);
}

/* A user with the rights that the manual names, and one with fewer. */
static void acl_users(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	free(test_redis_ask(shared->redis, 22, "ACL", "SETUSER", "gate", "on", ">pw", "~gatepost:*",
		"+evalsha", "+script|load", "+get", "+set", "+del", "+pttl", "+hset", "+hdel",
		"+hscan", "+scan", "+time", "+ping", "+select", "+role", "+cluster|slots",
		"+asking"));
	free(test_redis_ask(shared->redis, 9, "ACL", "SETUSER", "poor", "on", ">pw", "~gatepost:*",
		"+ping", "+time", "+script|load"));
	s->options.user = "gate";
	s->options.password_file = write_file(shared->redis, "acl", "pw");
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_true(test_scene_is_up(s));
	assert_int_equal(test_scene_take(s, "a", 1, 1), GP_OK);
	assert_int_equal(
		gp_store_put(s->store, &s->ctx, gp_span_from("k"), gp_span_from("v"), 0), GP_OK);
	assert_int_equal(gp_store_forget(s->store, &s->ctx, gp_span_from("a"), 1), GP_OK);
	gp_store_tend(s->store, &s->ctx);
	s->options.user = "poor";
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_int_equal(test_scene_take(s, "a", 1, 1), GP_EIO);
	assert_true(test_scene_complains(s, "ACL"));
	s->options.user = "nobody";
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	assert_true(test_scene_complains(s, "store.user"));
}

/* The number of the database counts. */
static void database(void **state)
{
	struct shared *shared = *state;
	char uri[96];
	snprintf(uri, sizeof uri, "%s/7", test_redis_uri(shared->redis));
	shared->scene.options.uris[0] = uri;
	assert_int_equal(test_scene_open(&shared->scene), GP_OK);
	assert_int_equal(test_scene_take(&shared->scene, "a", 1, 1), GP_OK);
	char *answer = test_redis_ask(shared->redis, 2, "INFO", "keyspace");
	assert_non_null(strstr(answer, "db7:keys=1"));
	assert_null(strstr(answer, "db0"));
	free(answer);
	struct gp_store_health health;
	gp_store_health(shared->scene.store, &health);
	assert_string_equal(health.where, uri);
}

/* Options that make no store are refused, with a line in the log. */
static void bad_options(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	const struct gp_store_options good = s->options;
	s->options.password_file = "/nonexistent/password";
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	assert_true(test_scene_logged(s, "/nonexistent/password"));
	s->options.password_file = "/dev/zero";
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	s->options.password_file = write_file(shared->redis, "empty", "\n");
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	char text[2000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	s->options.password_file = write_file(shared->redis, "long", text);
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	s->options = good;
	s->options.user = "somebody";
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	s->options = good;
	s->options.prefix = text;
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	s->options = good;
	s->options.uris[0] = "rediss://127.0.0.1";
	s->options.tls_ca_file = "/nonexistent/ca.pem";
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	assert_true(test_scene_logged(s, "ca.pem"));
}

/* ---- TLS ---- */

/* make_certificates: an authority, a server for localhost and 127.0.0.1, one for another name, a
 * client, another authority. */
static void make_certificates(const char *folder)
{
	static const char script[] =
		"cd '%s' && exec >/dev/null 2>&1 && "
		"key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; } && "
		"ca() { key $1 && openssl req -x509 -new -key $1.key -subj /CN=$1 -days 2 "
		"-out $1.pem; } && "
		"leaf() { key $1 && openssl req -new -key $1.key -subj /CN=$1 -out $1.csr && "
		"echo \"subjectAltName=$2\" >$1.ext && openssl x509 -req -in $1.csr -CA ca.pem "
		"-CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem; } && "
		"ca ca && ca other && leaf good DNS:localhost,IP:127.0.0.1 && "
		"leaf bad DNS:elsewhere.example && leaf client DNS:client.example";
	char command[2048];
	snprintf(command, sizeof command, script, folder);
	assert_int_equal(system(command), 0);
}

/* start_tls: a server that speaks TLS on its port, with a certificate. */
static struct test_redis *start_tls(const char *folder, const char *name, const char *clients)
{
	char cert[128], key[128], ca[128];
	snprintf(cert, sizeof cert, "%s/%s.pem", folder, name);
	snprintf(key, sizeof key, "%s/%s.key", folder, name);
	snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	return test_redis_start((const char *const[]) {"--port", "0", "--tls-port", "%d",
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca,
		"--tls-auth-clients", clients, NULL});
}

/* tls_uri: by name or address. */
static const char *tls_uri(const struct test_redis *redis, const char *host)
{
	static char uri[96];
	snprintf(uri, sizeof uri, "rediss://%s:%u", host, test_redis_port(redis));
	return uri;
}

/* The name or address must be in the certificate, and that must come from who is believed. */
static void tls(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	const char *folder = test_redis_folder(shared->redis);
	char ca[128], other[128];
	if (system("openssl version >/dev/null 2>&1") != 0)
		skip();
	make_certificates(folder);
	snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	snprintf(other, sizeof other, "%s/other.pem", folder);
	struct test_redis *good = start_tls(folder, "good", "no");
	struct test_redis *bad = start_tls(folder, "bad", "no");
	s->options.tls_ca_file = ca;
	for (int i = 0; i < 2; i++) {
		s->options.uris[0] = tls_uri(good, i ? "127.0.0.1" : "localhost");
		assert_int_equal(test_scene_open(s), GP_OK);
		assert_true(test_scene_is_up(s));
		assert_int_equal(test_scene_take(s, "a", 2, 1), GP_OK);
	}
	assert_int_equal(test_scene_take(s, "a", 2, 1), 1);
	s->options.tls_ca_file = other;
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	assert_true(test_scene_complains(s, "certificate"));
	s->options.tls_ca_file = ""; /* the system's do not know our authority either */
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	s->options.tls_ca_file = ca;
	for (int i = 0; i < 2; i++) {
		s->options.uris[0] = tls_uri(bad, i ? "127.0.0.1" : "localhost");
		assert_int_equal(test_scene_open(s), GP_OK);
		assert_false(test_scene_is_up(s));
		assert_true(test_scene_complains(s, "mismatch"));
	}
	test_redis_stop(good);
	test_redis_stop(bad);
}

/* A server that wants to know us gets our certificate; a plain one where TLS is wanted does not. */
static void tls_client(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	const char *folder = test_redis_folder(shared->redis);
	char ca[128], cert[128], key[128];
	if (system("openssl version >/dev/null 2>&1") != 0)
		skip();
	make_certificates(folder);
	snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	snprintf(cert, sizeof cert, "%s/client.pem", folder);
	snprintf(key, sizeof key, "%s/client.key", folder);
	struct test_redis *strict = start_tls(folder, "good", "yes");
	s->options.tls_ca_file = ca;
	s->options.uris[0] = tls_uri(strict, "localhost");
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	s->options.tls_cert_file = cert;
	s->options.tls_key_file = key;
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_true(test_scene_is_up(s));
	for (int i = 0; i < 50; i++)
		assert_int_equal(test_scene_take(s, "a", 100, 1), GP_OK);
	for (int i = 0; i < 5; i++) {
		free(test_redis_ask(strict, 4, "CLIENT", "KILL", "TYPE", "normal"));
		assert_int_equal(test_scene_take(s, "a", 100, 1), GP_OK);
	}
	test_redis_kill(strict);
	assert_int_equal(test_scene_take(s, "a", 100, 1), GP_EIO);
	test_redis_again(strict);
	assert_true(test_scene_tend_until(s, true, ""));
	assert_int_equal(test_scene_take(s, "a", 100, 1), GP_OK);
	s->options.tls_key_file = ca; /* no key */
	assert_int_equal(test_scene_open(s), GP_EINVAL);
	s->options.tls_key_file = key;
	s->options.uris[0] = tls_uri(shared->redis, "localhost");
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	test_redis_stop(strict);
}

/* ---- servers that come and go ---- */

/* Threads that take all the time. */
struct load {
	struct test_scene *scene;
	pthread_t threads[4];
	atomic_bool stop;
	atomic_int taken, failed;
};

/* run_load: one of them. */
static void *run_load(void *arg)
{
	struct load *load = arg;
	while (!atomic_load(&load->stop)) {
		int rc = test_scene_take(load->scene, "load", 1LL << 40, 1);
		atomic_fetch_add(rc == GP_OK ? &load->taken : &load->failed, 1);
		if (rc)
			test_scene_pause(1);
	}
	return NULL;
}

/* begin_load, end_load: all of them. */
static void begin_load(struct load *load, struct test_scene *scene)
{
	load->scene = scene;
	atomic_init(&load->stop, false);
	atomic_init(&load->taken, 0);
	atomic_init(&load->failed, 0);
	test_scene_deadline(scene, 60000);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&load->threads[i], NULL, run_load, load), 0);
}

static void end_load(struct load *load)
{
	atomic_store(&load->stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(load->threads[i], NULL);
}

/* goes_on: something is taken from now on. */
static bool goes_on(struct load *load)
{
	int before = atomic_load(&load->taken);
	for (int i = 0; i < TEST_PATIENCE_MS / 10 && atomic_load(&load->taken) < before + 10; i++)
		test_scene_pause(10);
	return atomic_load(&load->taken) >= before + 10;
}

/* When the first server dies under load the second takes over; when it is back, it is used. */
static void failover_and_return(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	struct load load;
	struct test_redis *first = test_redis_start(NULL);
	s->options.uris[0] = test_redis_uri(first);
	s->options.uris[1] = test_redis_uri(shared->redis);
	s->options.uri_count = 2;
	assert_int_equal(test_scene_open(s), GP_OK);
	begin_load(&load, s);
	assert_true(goes_on(&load));
	test_redis_kill(first);
	assert_true(test_scene_tend_until(s, true, test_redis_uri(shared->redis)));
	assert_true(goes_on(&load));
	test_redis_again(first);
	assert_true(test_scene_tend_until(s, true, test_redis_uri(first)));
	assert_true(goes_on(&load));
	end_load(&load);
	test_redis_stop(first);
}

/* A restart costs what fails while the server is unavailable, and nothing else. */
static void restart_under_load(void **state)
{
	struct shared *shared = *state;
	struct load load;
	assert_int_equal(test_scene_open(&shared->scene), GP_OK);
	begin_load(&load, &shared->scene);
	for (int i = 0; i < 3; i++) {
		assert_true(goes_on(&load));
		test_redis_kill(shared->redis);
		test_redis_again(shared->redis);
		assert_true(test_scene_tend_until(&shared->scene, true, ""));
		assert_true(goes_on(&load));
	}
	end_load(&load);
}

/* Idle connections that the server closed are replaced without anybody noticing. */
static void closed_while_idle(void **state)
{
	struct shared *shared = *state;
	assert_int_equal(test_scene_open(&shared->scene), GP_OK);
	for (int i = 0; i < 5; i++) {
		free(test_redis_ask(shared->redis, 4, "CLIENT", "KILL", "TYPE", "normal"));
		assert_int_equal(test_scene_take(&shared->scene, "a", 100, 1), GP_OK);
	}
	assert_int_equal(test_scene_used(&shared->scene, "a"), 5);
}

/* Nobody there: the store opens and is down, does not try at each question, and finds the server
 * later. */
static void nobody_there(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	test_redis_kill(shared->redis);
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	assert_true(test_scene_complains(s, "refused"));
	for (int i = 0; i < 100; i++)
		assert_int_equal(test_scene_take(s, "a", 1, 1), GP_EIO);
	int64_t off_s = gp_store_now_ms(s->store) / 1000 - s->ctx.clock->wall_s(s->ctx.clock);
	assert_true(off_s >= -2 && off_s <= 2);
	gp_store_tend(s->store, &s->ctx);
	assert_false(test_scene_is_up(s));
	test_redis_again(shared->redis);
	assert_true(test_scene_tend_until(s, true, test_redis_uri(shared->redis)));
	assert_int_equal(test_scene_take(s, "a", 1, 1), GP_OK);
	struct test_redis_liar *liar = test_redis_liar_start(TEST_REDIS_CLOSE, false);
	s->options.uris[0] = test_redis_liar_uri(liar);
	assert_int_equal(test_scene_open(s), GP_OK);
	int before = test_redis_liar_clients(liar);
	for (int i = 0; i < 100; i++)
		assert_int_equal(test_scene_take(s, "a", 1, 1), GP_EIO);
	assert_int_equal(test_redis_liar_clients(liar), before);
	test_scene_end(s);
	test_scene_begin(s);
	test_redis_liar_stop(liar);
}

/* The caller's deadline and our timeout both end a wait; then nobody waits again. */
static void server_hangs(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	s->options.timeout_ms = 2000;
	assert_int_equal(test_scene_open(s), GP_OK);
	test_redis_hang(shared->redis, true);
	test_scene_deadline(s, 0);
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_ETIMEOUT);
	test_scene_deadline(s, 50);
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_ETIMEOUT);
	assert_true(test_scene_is_up(s)); /* 50 ms prove nothing */
	test_scene_deadline(s, TEST_PATIENCE_MS);
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_ETIMEOUT);
	assert_false(test_scene_is_up(s));
	assert_true(test_scene_complains(s, "no answer in time"));
	/* another status than after a wait */
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_EIO);
	gp_store_tend(s->store, &s->ctx);
	assert_false(test_scene_is_up(s));
	test_redis_hang(shared->redis, false);
	assert_true(test_scene_tend_until(s, true, ""));
	assert_int_equal(test_scene_take(s, "b", 9, 1), GP_OK);
}

/* While one server hangs at every try, the next one is found all the same. */
static void first_hangs_second_works(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	struct test_redis_liar *liar = test_redis_liar_start(TEST_REDIS_SILENT, false);
	s->options.uris[0] = test_redis_liar_uri(liar);
	s->options.uris[1] = test_redis_uri(shared->redis);
	s->options.uri_count = 2;
	s->options.timeout_ms = 2000;
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_true(test_scene_is_up(s));
	test_redis_kill(shared->redis);
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_EIO);
	test_redis_again(shared->redis);
	assert_true(test_scene_tend_until(s, true, test_redis_uri(shared->redis)));
	test_scene_end(s);
	test_scene_begin(s);
	test_redis_liar_stop(liar);
}

/* Whatever is said instead of Redis' protocol: a status and a text. */
static void liars(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	s->options.timeout_ms = 2000; /* in which the polite ones must be able to answer */
	for (int lie = TEST_REDIS_SILENT; lie <= TEST_REDIS_MANY; lie++) {
		for (int after_login = 0; after_login < 2; after_login++) {
			struct test_redis_liar *liar =
				test_redis_liar_start((enum test_redis_lie)lie, after_login == 1);
			s->options.uris[0] = test_redis_liar_uri(liar);
			assert_int_equal(test_scene_open(s), GP_OK);
			assert_int_equal(test_scene_is_up(s), after_login);
			const int64_t max[2] = {5, 5};
			assert_true(test_scene_take_two(s, "a", "b", max, NULL) < 0);
			assert_true(test_scene_take(s, "a", 5, 1) < 0);
			gp_store_tend(s->store, &s->ctx);
			assert_true(test_scene_complains(s, "127.0.0.1") ||
				    test_scene_complains(s, "answer"));
			gp_store_close(s->store);
			s->store = NULL;
			test_redis_liar_stop(liar);
		}
	}
}

/* A replica is no server to count on, neither at first nor when a master becomes one. */
static void replicas(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char port[8];
	snprintf(port, sizeof port, "%u", test_redis_port(shared->redis));
	struct test_redis *replica =
		test_redis_start((const char *const[]) {"--replicaof", "127.0.0.1", port, NULL});
	s->options.uris[0] = test_redis_uri(replica);
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_false(test_scene_is_up(s));
	assert_true(test_scene_complains(s, "replica"));
	test_redis_await(replica, "master_link_status:up", 2, "INFO", "replication");
	free(test_redis_ask(replica, 3, "REPLICAOF", "NO", "ONE"));
	assert_true(test_scene_tend_until(s, true, ""));
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_OK);
	free(test_redis_ask(replica, 3, "REPLICAOF", "127.0.0.1", port));
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_EIO);
	assert_true(test_scene_complains(s, "replica"));
	assert_false(test_scene_is_up(s));
	test_redis_stop(replica);
}

/* A server whose memory is full refuses; it is in use again as soon as there is room. */
static void out_of_memory(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	assert_int_equal(test_scene_open(s), GP_OK);
	free(test_redis_ask(shared->redis, 4, "CONFIG", "SET", "maxmemory", "1"));
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_EIO);
	assert_true(test_scene_complains(s, "maxmemory"));
	free(test_redis_ask(shared->redis, 4, "CONFIG", "SET", "maxmemory", "0"));
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_OK);
}

/* A script that somebody else lets run for ever is told from a server that hangs. */
static void busy_server(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	assert_int_equal(test_scene_open(s), GP_OK);
	free(test_redis_ask(shared->redis, 4, "CONFIG", "SET", "lua-time-limit", "20"));
	pid_t child = fork();
	if (child == 0) {
		free(test_redis_ask(shared->redis, 3, "EVAL", "while true do end", "0"));
		_exit(0);
	}
	test_redis_await(shared->redis, "BUSY", 1, "PING");
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_EIO);
	assert_true(test_scene_complains(s, "SCRIPT KILL"));
	free(test_redis_ask(shared->redis, 2, "SCRIPT", "KILL"));
	waitpid(child, NULL, 0);
	assert_true(test_scene_tend_until(s, true, ""));
	assert_int_equal(test_scene_take(s, "a", 9, 1), GP_OK);
}

/* server_now_ms: what the server takes for the time. */
static int64_t server_now_ms(const struct test_redis *redis)
{
	char *answer = test_redis_ask(redis, 3, "EVAL",
		"local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000)", "0");
	int64_t now_ms = strtoll(answer, NULL, 10);
	free(answer);
	return now_ms;
}

/* Names of hosts are resolved, and the store's time is the server's. */
static void by_name_and_on_time(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char uri[64];
	snprintf(uri, sizeof uri, "redis://localhost:%u", test_redis_port(shared->redis));
	s->options.uris[0] = uri;
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_true(test_scene_is_up(s));
	int64_t before_ms = server_now_ms(shared->redis), now_ms = gp_store_now_ms(s->store);
	assert_in_range(now_ms, before_ms - 20, server_now_ms(shared->redis) + 20);
	s->options.uris[0] = "redis://no-such-host.invalid";
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_true(test_scene_complains(s, "no-such-host.invalid"));
}

/* ---- many at once ---- */

/* Threads on one subject. */
struct crowd {
	struct test_scene *scene;
	int tries;
	int64_t max;
	atomic_int taken;
};

/* run_crowd: one of them. */
static void *run_crowd(void *arg)
{
	struct crowd *crowd = arg;
	for (int i = 0; i < crowd->tries; i++)
		if (test_scene_take(crowd->scene, "crowd", crowd->max, 1) == GP_OK)
			atomic_fetch_add(&crowd->taken, 1);
	return NULL;
}

/* let_run: eight threads; returns how many takes were let in. */
static int let_run(struct test_scene *scene, int tries, int64_t max)
{
	pthread_t threads[8];
	struct crowd crowd = {.scene = scene, .tries = tries, .max = max};
	atomic_init(&crowd.taken, 0);
	test_scene_deadline(scene, 60000);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_crowd, &crowd), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&crowd.taken);
}

/* Eight threads share one connection; nobody is left behind. */
static void one_connection(void **state)
{
	struct shared *shared = *state;
	shared->scene.options.connections = 1;
	shared->scene.options.timeout_ms = 5000;
	assert_int_equal(test_scene_open(&shared->scene), GP_OK);
	assert_int_equal(let_run(&shared->scene, 200, 1000), 1000);
	char *answer = test_redis_ask(shared->redis, 2, "INFO", "clients");
	assert_non_null(strstr(answer, "connected_clients:2\r\n")); /* ours and this question's */
	free(answer);
}

/* Two processes of eight threads each take exactly what there is. */
static void two_processes(void **state)
{
	struct shared *shared = *state;
	int pipe_fds[2], other = 0;
	shared->scene.options.timeout_ms = 5000;
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t child = fork();
	if (child == 0) {
		int taken = -1;
		if (test_scene_open(&shared->scene) == GP_OK)
			taken = let_run(&shared->scene, 500, 3000);
		gp_store_close(shared->scene.store);
		_exit(write(pipe_fds[1], &taken, sizeof taken) != sizeof taken);
	}
	assert_int_equal(test_scene_open(&shared->scene), GP_OK);
	int own = let_run(&shared->scene, 500, 3000);
	assert_int_equal(read(pipe_fds[0], &other, sizeof other), sizeof other);
	waitpid(child, NULL, 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	assert_int_equal(own + other, 3000);
	assert_int_equal(test_scene_used(&shared->scene, "crowd"), 3000);
}

/* ---- the contract ---- */

/* open_store: over the unix socket of an empty server. */
static struct gp_store *open_store(void *arg)
{
	struct shared *shared = arg;
	free(test_redis_ask(shared->redis, 1, "FLUSHALL"));
	test_scene_begin(&shared->scene);
	shared->scene.options.uris[0] = test_redis_unix_uri(shared->redis);
	shared->scene.options.timeout_ms = 5000;
	return test_scene_open(&shared->scene) ? NULL : shared->scene.store;
}

/* close_store: the store and its scene. */
static void close_store(struct gp_store *store, void *arg)
{
	(void)store; /* the scene's */
	test_scene_end(&((struct shared *)arg)->scene);
}

#define ROW(f) cmocka_unit_test_prestate_setup_teardown(f, set_up, tear_down, &shared)

/* main: a server for all, or the reason why not. */
int main(void)
{
	struct shared shared = {.redis = NULL};
	const char *missing = gp_store_has_redis ? test_redis_missing() : "this build has no Redis";
	if (missing) {
		printf("ok 1 - redis # SKIP %s\n1..1\n", missing);
		return 0;
	}
	shared.redis = test_redis_start(NULL);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords),
		cmocka_unit_test(password_changes),
		ROW(acl_users),
		ROW(database),
		ROW(bad_options),
		ROW(tls),
		ROW(tls_client),
		ROW(failover_and_return),
		ROW(restart_under_load),
		ROW(closed_while_idle),
		ROW(nobody_there),
		ROW(server_hangs),
		ROW(first_hangs_second_works),
		ROW(liars),
		ROW(replicas),
		ROW(out_of_memory),
		ROW(busy_server),
		ROW(by_name_and_on_time),
		ROW(one_connection),
		ROW(two_processes),
	};
	int failed = cmocka_run_group_tests_name("redis", tests, NULL, NULL);
	failed += gp_test_contract("redis", open_store, close_store, &shared);
	test_redis_stop(shared.redis);
	return failed;
}
