/* SPDX-License-Identifier: ISC */
/*
 * Redis servers for tests: real ones, on a loopback port and a unix socket of their own, in a
 * temporary directory, ended by process id.
 *
 *     struct test_redis *r = test_redis_start(NULL);        (NULL: see test_redis_missing)
 *     char *answer = test_redis_ask(r, 3, "SET", "key", "value");
 *     test_redis_stop(r);
 *
 * A server ends with the test, however that ends. What cannot be done ends the program with a
 * message.
 */
#ifndef TESTS_SUPPORT_REDIS_H
#define TESTS_SUPPORT_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/patience.h"

struct test_redis;

/* Why no server can be started here, or NULL. */
const char *test_redis_missing(void);

/* A port that nobody listens on just now. */
uint16_t test_redis_free_port(void);

/*
 * A server that answers; more are options as on its command line, ended by NULL: "--requirepass",
 * "secret". %d in one becomes the port, %s the directory.
 */
struct test_redis *test_redis_start(const char *const *more);

/* A sentinel that watches the server under a name. */
struct test_redis *test_redis_start_sentinel(const char *name, const struct test_redis *master);

void test_redis_stop(struct test_redis *redis); /* and removes the directory; accepts NULL */
void test_redis_kill(struct test_redis *redis); /* at once; it may be started again */
void test_redis_again(struct test_redis *redis);
void test_redis_hang(struct test_redis *redis, bool hang); /* neither answers nor ends */

uint16_t test_redis_port(const struct test_redis *redis);
const char *test_redis_folder(const struct test_redis *redis);
const char *test_redis_uri(const struct test_redis *redis);      /* redis://127.0.0.1:port */
const char *test_redis_unix_uri(const struct test_redis *redis); /* redis+unix:/folder/socket */

/* From now on the questions below begin with AUTH. */
void test_redis_auth(struct test_redis *redis, const char *password);

/* Sends a command of count words and returns its answer: text, number, error; of an array all bytes
 * as they came. Free it. */
char *test_redis_ask(const struct test_redis *redis, int count, ...);

/* The same with words of any bytes. */
char *test_redis_ask_bytes(
	const struct test_redis *redis, int count, const char *const *words, const size_t *lengths);

/* Asks until the answer contains the text; ends the program when that takes too long. */
void test_redis_await(const struct test_redis *redis, const char *text, int count, ...);

/*
 * What is no Redis server, on a loopback port: it lies in its first answer, or logs in properly and
 * lies when it is asked to count.
 */
enum test_redis_lie {
	TEST_REDIS_SILENT,     /* never a word */
	TEST_REDIS_CLOSE,      /* close at once */
	TEST_REDIS_RUBBISH,    /* another protocol */
	TEST_REDIS_HUGE_BULK,  /* a string of two gigabytes, of which bytes come without end */
	TEST_REDIS_HUGE_ARRAY, /* an array of two thousand million elements */
	TEST_REDIS_DEEP,       /* arrays in arrays in arrays */
	TEST_REDIS_OTHER_TYPE, /* a number where there should be something else */
	TEST_REDIS_NAN,        /* the right form, but numbers that are none */
	TEST_REDIS_MANY        /* more answers than questions */
};
struct test_redis_liar;
struct test_redis_liar *test_redis_liar_start(enum test_redis_lie lie, bool after_login);
void test_redis_liar_stop(struct test_redis_liar *liar); /* its clients are gone; accepts NULL */
const char *test_redis_liar_uri(const struct test_redis_liar *liar);
int test_redis_liar_clients(const struct test_redis_liar *liar); /* connections that it ever got */

#endif
