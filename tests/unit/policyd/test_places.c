/* SPDX-License-Identifier: ISC */
/* Who has to go when there are too many connections, and who may not be ended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "policyd/places.h"

#define FDS 256
#define PATIENCE_MS 120000

static _Atomic(struct gp_place *) seen[FDS]; /* by descriptor */
static struct gp_places *places;

/* serve: until the connection ends; reads nothing. */
static void serve(void *arg, int fd, struct gp_place *place)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	(void)arg;
	atomic_store(&seen[fd], place);
	while (poll(&p, 1, PATIENCE_MS) < 0)
		continue;
	atomic_store(&seen[fd], NULL);
}

/* begin: room for so many. */
static void begin(unsigned max, unsigned share)
{
	const struct gp_places_options options = {
		.max = max, .share = share, .stack_bytes = 256 * 1024, .wake = -1, .serve = serve};
	assert_int_equal(gp_places_new(&options, &places), GP_OK);
}

/* finish: everybody ends. */
static void finish(void)
{
	const struct timespec until = gp_clock_after_ms(PATIENCE_MS);
	gp_places_end(places);
	assert_int_equal(gp_places_wait(places, &until), 0);
	gp_places_free(places);
}

/* A connection: the client's end, and the place of the other one. */
struct client {
	int fd;
	struct gp_place *place;
};

/* come: one more connection of this user. */
static enum gp_places_admitted come(struct client *client, uid_t uid)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(ends[1] < FDS);
	client->fd = ends[0];
	client->place = NULL;
	enum gp_places_admitted how = gp_places_admit(places, ends[1], uid);
	while (how != GP_PLACES_FULL && how != GP_PLACES_CROWDED &&
		!(client->place = atomic_load(&seen[ends[1]])))
		sched_yield();
	return how;
}

/* is_gone: has the other side ended it? */
static bool is_gone(const struct client *client)
{
	char byte;
	return recv(client->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* leave: closes the clients. */
static void leave(struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(clients[i].fd);
}

/* test_longest_idle: at the ceiling the one that has done nothing for longest goes. */
static void test_longest_idle(void **state)
{
	(void)state;
	struct client c[5];
	begin(3, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(come(&c[i], GP_PLACES_ANYBODY), GP_PLACES_SERVED);
	atomic_store(&c[0].place->idle_since_us, gp_clock_now_us(gp_clock_system()) + 1);
	assert_true(gp_places_has_room(places));
	assert_int_equal(come(&c[3], GP_PLACES_ANYBODY), GP_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]) && !is_gone(&c[2]));
	assert_int_equal(come(&c[4], GP_PLACES_ANYBODY), GP_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[2]) && !is_gone(&c[0]) && !is_gone(&c[3]));
	leave(c, 5);
	finish();
}

/* test_at_work: what is being worked on is never ended; who does not take an answer is. */
static void test_at_work(void **state)
{
	(void)state;
	struct client c[4];
	begin(2, 2);
	for (size_t i = 0; i < 2; i++) {
		come(&c[i], GP_PLACES_ANYBODY);
		atomic_store(&c[i].place->state, GP_PLACE_WORKS);
	}
	assert_false(gp_places_has_room(places));
	assert_int_equal(come(&c[2], GP_PLACES_ANYBODY), GP_PLACES_FULL);
	assert_true(is_gone(&c[2]));
	atomic_store(&c[1].place->state, GP_PLACE_WRITES);
	assert_true(gp_places_has_room(places));
	assert_int_equal(come(&c[3], GP_PLACES_ANYBODY), GP_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	leave(c, 4);
	finish();
}

/* test_unread: a request that its thread has not seen yet is not lost. */
static void test_unread(void **state)
{
	(void)state;
	struct client c[3];
	begin(2, 2);
	come(&c[0], GP_PLACES_ANYBODY);
	come(&c[1], GP_PLACES_ANYBODY);
	assert_int_equal(send(c[0].fd, "x", 1, 0), 1);
	assert_int_equal(come(&c[2], GP_PLACES_ANYBODY), GP_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	leave(c, 3);
	finish();
}

/* test_share: a limited user gives up what is its own, and gets nothing while that is at work. */
static void test_share(void **state)
{
	(void)state;
	struct client c[7];
	begin(4, 2);
	come(&c[0], GP_PLACES_ANYBODY);
	assert_int_equal(come(&c[1], 7), GP_PLACES_SERVED);
	assert_int_equal(come(&c[2], 7), GP_PLACES_SERVED);
	assert_int_equal(come(&c[3], 7), GP_PLACES_ENDED_OWN);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	atomic_store(&c[2].place->state, GP_PLACE_WORKS);
	atomic_store(&c[3].place->state, GP_PLACE_WORKS);
	assert_int_equal(come(&c[4], 7), GP_PLACES_CROWDED);
	assert_true(is_gone(&c[4]));
	/* somebody else gets in all the same, at first without and then at another's cost */
	assert_int_equal(come(&c[5], 8), GP_PLACES_SERVED);
	assert_int_equal(come(&c[6], GP_PLACES_ANYBODY), GP_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[0]));
	leave(c, 7);
	finish();
}

/* test_ending: nobody comes any more, and everybody goes. */
static void test_ending(void **state)
{
	(void)state;
	struct client c[2];
	begin(2, 2);
	come(&c[0], GP_PLACES_ANYBODY);
	assert_int_equal(gp_places_count(places), 1);
	gp_places_end(places);
	assert_int_equal(come(&c[1], GP_PLACES_ANYBODY), GP_PLACES_FULL);
	leave(c, 2);
	finish();
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_idle),
		cmocka_unit_test(test_at_work),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_ending),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
