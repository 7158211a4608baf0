/* SPDX-License-Identifier: ISC */
/* Who has to go when there are too many connections, and who may not be ended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/places.h"

#define FDS 256
#define PATIENCE_MS 120000

static _Atomic(struct gp_daemon_place *) seen[FDS]; /* by descriptor */
static struct gp_daemon_places *places;

/* serve: until the connection ends; reads nothing. */
static void serve(void *arg, int fd, struct gp_daemon_place *place)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	(void)arg;
	atomic_store(&seen[fd], place);
	while (poll(&p, 1, PATIENCE_MS) < 0)
		continue;
	atomic_store(&seen[fd], NULL);
}

/* begin_with: room for so many, and so many guests; a time of grace. */
static void begin_with(unsigned max, unsigned share, unsigned spare, unsigned grace_ms)
{
	const struct gp_daemon_places_options options = {.max = max,
		.share = share,
		.spare = spare,
		.grace_ms = grace_ms,
		.message_ms = grace_ms,
		.stack_bytes = 256 * 1024,
		.wake = -1,
		.serve = serve};
	assert_int_equal(gp_daemon_places_new(&options, &places), GP_OK);
}

/* begin: without a time of grace. */
static void begin(unsigned max, unsigned share)
{
	begin_with(max, share, 8, 0);
}

/* finish: everybody ends. */
static void finish(void)
{
	const struct timespec until = gp_clock_after_ms(PATIENCE_MS);
	gp_daemon_places_end(places);
	assert_int_equal(gp_daemon_places_wait(places, &until), 0);
	gp_daemon_places_free(places);
}

/* A connection: the client's end, and the place of the other one. */
struct client {
	int fd;
	struct gp_daemon_place *place;
};

/* come: one more connection of this user. */
static enum gp_daemon_places_admitted come(struct client *client, uid_t uid)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(ends[1] < FDS);
	client->fd = ends[0];
	client->place = NULL;
	enum gp_daemon_places_admitted how = gp_daemon_places_admit(places, ends[1], uid);
	while (how != GP_DAEMON_PLACES_FULL && how != GP_DAEMON_PLACES_CROWDED &&
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
		assert_int_equal(come(&c[i], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_SERVED);
	atomic_store(&c[0].place->idle_since_us, gp_clock_now_us(gp_clock_system()) + 1);
	assert_true(gp_daemon_places_has_room(places));
	assert_int_equal(come(&c[3], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]) && !is_gone(&c[2]));
	assert_int_equal(come(&c[4], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
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
		come(&c[i], GP_DAEMON_PLACES_ANYBODY);
		atomic_store(&c[i].place->state, GP_DAEMON_PLACE_WORKS);
	}
	assert_int_equal(come(&c[2], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	assert_false(is_gone(&c[0]) || is_gone(&c[1]) || is_gone(&c[2]));
	atomic_store(&c[1].place->state, GP_DAEMON_PLACE_WRITES);
	assert_int_equal(come(&c[3], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
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
	come(&c[0], GP_DAEMON_PLACES_ANYBODY);
	come(&c[1], GP_DAEMON_PLACES_ANYBODY);
	assert_int_equal(send(c[0].fd, "x", 1, 0), 1);
	assert_int_equal(come(&c[2], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	leave(c, 3);
	finish();
}

/* test_share: a limited user gives up what is its own, and gets nothing while that is at work. */
static void test_share(void **state)
{
	(void)state;
	struct client c[9];
	begin_with(4, 2, 4, 0); /* of the guests two */
	come(&c[0], GP_DAEMON_PLACES_ANYBODY);
	assert_int_equal(come(&c[1], 7), GP_DAEMON_PLACES_SERVED);
	assert_int_equal(come(&c[2], 7), GP_DAEMON_PLACES_SERVED);
	assert_int_equal(come(&c[3], 7), GP_DAEMON_PLACES_ENDED_OWN);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	atomic_store(&c[2].place->state, GP_DAEMON_PLACE_WORKS);
	atomic_store(&c[3].place->state, GP_DAEMON_PLACE_WORKS);
	assert_int_equal(come(&c[7], 7), GP_DAEMON_PLACES_GUEST_OWN);
	assert_int_equal(come(&c[8], 7), GP_DAEMON_PLACES_GUEST_OWN);
	assert_int_equal(come(&c[4], 7), GP_DAEMON_PLACES_CROWDED);
	assert_true(is_gone(&c[4]));
	/* somebody else gets in all the same, at first without and then at another's cost */
	assert_int_equal(come(&c[5], 8), GP_DAEMON_PLACES_SERVED);
	assert_int_equal(come(&c[6], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[0]));
	leave(c, 9);
	finish();
}

/* What a guest's thread does: waits for a place. */
struct request {
	pthread_t thread;
	struct gp_daemon_place *place;
	int64_t until_us;
	atomic_int has_place; /* -1: it waits */
};

/* take: the thread. */
static void *take(void *arg)
{
	struct request *r = arg;
	atomic_store(&r->place->state, GP_DAEMON_PLACE_WORKS);
	bool has = gp_daemon_places_take(r->place, r->until_us);
	atomic_store(&r->has_place, has);
	return NULL;
}

/* ask: a request of this client has come; returns when it waits. */
static void ask(struct request *r, struct client *client, unsigned patience_ms)
{
	unsigned before = gp_daemon_places_waiting(places);
	r->place = client->place;
	r->until_us = gp_clock_now_us(gp_clock_system()) + patience_ms * 1000LL;
	atomic_init(&r->has_place, -1);
	assert_int_equal(pthread_create(&r->thread, NULL, take, r), 0);
	while (gp_daemon_places_waiting(places) == before && atomic_load(&r->has_place) < 0)
		sched_yield();
}

/* outcome: whether it has found a place. */
static bool outcome(struct request *r)
{
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	return atomic_load(&r->has_place);
}

/* work: all of them, on a request each. */
static void work(struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		come(&clients[i], GP_DAEMON_PLACES_ANYBODY);
		atomic_store(&clients[i].place->has_asked, true);
		atomic_store(&clients[i].place->state, GP_DAEMON_PLACE_WORKS);
	}
}

/* answer: one has answered; true: it may go on. */
static bool answer(struct client *client)
{
	atomic_store(&client->place->idle_since_us, gp_clock_now_us(gp_clock_system()));
	atomic_store(&client->place->state, GP_DAEMON_PLACE_READS);
	return gp_daemon_places_keep(client->place);
}

/* whoever_has_answered_makes_room: for those that wait, in the order in which they came. */
static void whoever_has_answered_makes_room(void **state)
{
	(void)state;
	struct client c[6];
	struct request r[2];
	begin(3, 3);
	work(c, 3);
	for (size_t i = 3; i < 6; i++)
		assert_int_equal(come(&c[i], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	assert_true(answer(&c[0])); /* nobody wants it so far */
	atomic_store(&c[0].place->state, GP_DAEMON_PLACE_WORKS);
	ask(&r[0], &c[4], PATIENCE_MS);
	ask(&r[1], &c[3], PATIENCE_MS);
	assert_false(answer(&c[0]));
	assert_true(is_gone(&c[0]));
	assert_true(outcome(&r[1])); /* came before the other, though it asked later */
	assert_int_equal(atomic_load(&r[0].has_place), -1);
	assert_false(answer(&c[1]));
	assert_true(outcome(&r[0]));
	assert_true(answer(&c[2])); /* nobody waits any more: one without a request does not */
	assert_false(is_gone(&c[5]));
	leave(c, 6);
	finish();
}

/* a_guest_waits_for_a_time: then it is told that there is no place. */
static void a_guest_waits_for_a_time(void **state)
{
	(void)state;
	struct client c[2];
	struct request r;
	begin(1, 1);
	work(c, 1);
	assert_int_equal(come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	ask(&r, &c[1], 50);
	assert_false(outcome(&r));
	assert_false(is_gone(&c[1]));
	leave(c, 2);
	finish();
}

/* guests_make_room_for_guests: one that says nothing goes first, then the one that waits for
 * longest is told, which has waited long enough here. */
static void guests_make_room_for_guests(void **state)
{
	(void)state;
	struct client c[4];
	struct request r[2];
	begin_with(1, 1, 3, 0);
	work(c, 1);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(come(&c[i], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	assert_false(gp_daemon_places_has_room(places));
	ask(&r[0], &c[1], PATIENCE_MS);
	ask(&r[1], &c[2], PATIENCE_MS);
	gp_daemon_places_press(places);
	assert_true(is_gone(&c[3]) && !is_gone(&c[0]));
	assert_int_equal(atomic_load(&r[0].has_place), -1);
	close(c[3].fd);
	while (gp_daemon_places_count(places) > 3)
		sched_yield();
	gp_daemon_places_press(places);
	assert_false(outcome(&r[0]));
	gp_daemon_places_press(places);
	assert_false(outcome(&r[1]));
	leave(c, 3);
	finish();
}

/* a_guest_is_not_pressed_before_its_time: while others get places; further ones wait outside. */
static void a_guest_is_not_pressed_before_its_time(void **state)
{
	(void)state;
	struct client c[4];
	struct request r[3];
	const struct gp_daemon_places_options options = {.max = 1,
		.share = 1,
		.spare = 3,
		.grace_ms = PATIENCE_MS,
		.patience_ms = PATIENCE_MS,
		.still_ms = PATIENCE_MS,
		.stack_bytes = 256 * 1024,
		.wake = -1,
		.serve = serve};
	assert_int_equal(gp_daemon_places_new(&options, &places), GP_OK);
	work(c, 1);
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(come(&c[i], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
		ask(&r[i - 1], &c[i], PATIENCE_MS);
	}
	assert_false(gp_daemon_places_has_room(places));
	for (size_t i = 0; i < 100; i++)
		gp_daemon_places_press(places);
	assert_false(answer(&c[0]));
	assert_true(outcome(&r[0]));
	for (size_t i = 0; i < 2; i++) {
		close(c[i + 1].fd);
		assert_true(outcome(&r[i + 1]));
	}
	close(c[0].fd);
	close(c[3].fd);
	finish();
}

/* a_message_under_way_keeps_its_place: unless somebody has waited for the time of grace. */
static void a_message_under_way_keeps_its_place(void **state)
{
	(void)state;
	struct client c[5];
	struct request r;
	begin_with(2, 2, 4, PATIENCE_MS);
	work(c, 2);
	atomic_store(&c[0].place->in_message, true);
	assert_true(answer(&c[0]));
	assert_true(answer(&c[1]));
	/* of two that do nothing the one without a message goes, even if it does so for less */
	assert_int_equal(come(&c[2], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
	assert_true(is_gone(&c[1]) && !is_gone(&c[0]));
	assert_int_equal(come(&c[3], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	ask(&r, &c[3], PATIENCE_MS);
	assert_true(answer(&c[0])); /* in the middle of it, and at its end */
	assert_int_equal(atomic_load(&r.has_place), -1);
	atomic_store(&c[0].place->state, GP_DAEMON_PLACE_WORKS);
	atomic_store(&c[0].place->in_message, false);
	assert_false(answer(&c[0]));
	assert_true(outcome(&r));
	leave(c, 4);
	finish();
	/* nobody waits for ever */
	begin(1, 1);
	work(c, 1);
	assert_int_equal(come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	ask(&r, &c[1], PATIENCE_MS);
	atomic_store(&c[0].place->in_message, true);
	assert_false(answer(&c[0]));
	assert_true(outcome(&r));
	leave(c, 2);
	finish();
}

/* whose_share_is_taken_is_said: of a limited user, also while the guest of another one waits. */
static void whose_share_is_taken_is_said(void **state)
{
	(void)state;
	struct client c[4];
	struct request r;
	begin_with(2, 1, 8, PATIENCE_MS);
	assert_int_equal(come(&c[0], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_SERVED);
	assert_int_equal(come(&c[1], 7), GP_DAEMON_PLACES_SERVED);
	atomic_store(&c[1].place->state, GP_DAEMON_PLACE_WORKS);
	assert_int_equal(come(&c[2], 7), GP_DAEMON_PLACES_GUEST_OWN);
	ask(&r, &c[2], PATIENCE_MS);
	assert_int_equal(come(&c[3], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	/* a guest that may have no place keeps none from those that say nothing */
	atomic_fetch_sub(&c[0].place->idle_since_us, PATIENCE_MS * 1000LL);
	(void)gp_daemon_places_settle(places);
	assert_true(is_gone(&c[0]) && !atomic_load(&c[3].place->is_guest));
	close(c[1].fd);
	assert_true(outcome(&r));
	close(c[0].fd);
	leave(c + 2, 2);
	finish();
}

/* who_leaves_makes_room_for_guests: also for one that says nothing so far. */
static void who_leaves_makes_room_for_guests(void **state)
{
	(void)state;
	struct client c[3];
	struct request r;
	begin(1, 1);
	work(c, 1);
	assert_int_equal(come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	assert_int_equal(come(&c[2], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	ask(&r, &c[2], PATIENCE_MS);
	close(c[0].fd);
	assert_true(outcome(&r));
	assert_true(atomic_load(&c[1].place->is_guest));
	close(c[2].fd);
	while (atomic_load(&c[1].place->is_guest))
		sched_yield();
	close(c[1].fd);
	finish();
}

/* a_first_request_has_time_to_come: what has only come, has begun a request or is sent its answer
 * is not ended at once; one that has asked is. */
static void a_first_request_has_time_to_come(void **state)
{
	static const struct {
		bool has_asked;
		enum gp_daemon_place_state state;
		bool may_go;
	} rows[] = {
		{false, GP_DAEMON_PLACE_READS, false},
		{false, GP_DAEMON_PLACE_BEGINS, false},
		{true, GP_DAEMON_PLACE_BEGINS, false},
		{true, GP_DAEMON_PLACE_WRITES, false},
		{true, GP_DAEMON_PLACE_WORKS, false},
		{true, GP_DAEMON_PLACE_READS, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct client c[3];
		begin_with(1, 1, 4, PATIENCE_MS);
		come(&c[0], GP_DAEMON_PLACES_ANYBODY);
		atomic_store(&c[0].place->has_asked, rows[i].has_asked);
		atomic_store(&c[0].place->state, rows[i].state);
		enum gp_daemon_places_admitted how = come(&c[1], GP_DAEMON_PLACES_ANYBODY);
		assert_int_equal(how,
			rows[i].may_go ? GP_DAEMON_PLACES_ENDED_ANOTHER : GP_DAEMON_PLACES_GUEST);
		assert_int_equal(is_gone(&c[0]), rows[i].may_go);
		leave(c, 2);
		finish();
		if (rows[i].state == GP_DAEMON_PLACE_WORKS)
			continue;
		/* the time of grace is over */
		begin_with(1, 1, 4, PATIENCE_MS);
		come(&c[0], GP_DAEMON_PLACES_ANYBODY);
		atomic_store(&c[0].place->state, rows[i].state);
		atomic_fetch_sub(&c[0].place->idle_since_us, PATIENCE_MS * 1000LL);
		assert_int_equal(
			come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_ENDED_ANOTHER);
		assert_true(is_gone(&c[0]));
		leave(c, 2);
		finish();
	}
}

/* a_guest_sees_who_becomes_idle: it takes the place of one whose time of grace is over. */
static void a_guest_sees_who_becomes_idle(void **state)
{
	(void)state;
	struct client c[2];
	struct request r;
	begin_with(1, 1, 4, 1000000);
	come(&c[0], GP_DAEMON_PLACES_ANYBODY);
	assert_int_equal(come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_GUEST);
	ask(&r, &c[1], PATIENCE_MS);
	atomic_store(&c[0].place->has_asked, true);
	assert_true(outcome(&r));
	assert_true(is_gone(&c[0]));
	leave(c, 2);
	finish();
}

/* guests_that_say_nothing_are_no_further_connections: each takes the place of the longest idle. */
static void guests_that_say_nothing_are_no_further_connections(void **state)
{
	(void)state;
	struct client c[4];
	begin_with(2, 2, 4, PATIENCE_MS);
	for (size_t i = 0; i < 4; i++)
		come(&c[i], GP_DAEMON_PLACES_ANYBODY);
	assert_true(gp_daemon_places_settle(places)); /* all have only come */
	assert_false(is_gone(&c[0]) || is_gone(&c[1]));
	for (size_t i = 0; i < 2; i++)
		atomic_fetch_sub(&c[i].place->idle_since_us, PATIENCE_MS * 1000LL);
	assert_false(gp_daemon_places_settle(places));
	assert_true(is_gone(&c[0]) && is_gone(&c[1]) && !is_gone(&c[2]) && !is_gone(&c[3]));
	leave(c, 4);
	finish();
}

static atomic_uint lost; /* requests that were worked on and whose answer nobody could get */

/* linger: for a while that differs. */
static void linger(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	for (volatile unsigned i = *seed >> 16 & 4095; i > 0; i--)
		continue;
}

/* serve_busily: one request after the other, until it is ended or the client is gone. */
static void serve_busily(void *arg, int fd, struct gp_daemon_place *place)
{
	char byte;
	unsigned seed = (unsigned)fd;
	(void)arg;
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0 && gp_daemon_places_work(place)) {
		bool has_place = !atomic_load(&place->is_guest);
		linger(&seed);
		atomic_fetch_add(&lost, has_place && !gp_daemon_places_work(place));
		atomic_store(&place->state, GP_DAEMON_PLACE_READS);
		linger(&seed);
	}
}

/* what_is_worked_on_is_never_ended: neither what begins at the moment in which one has to go. */
static void what_is_worked_on_is_never_ended(void **state)
{
	enum { CLIENTS = 4, ROUNDS = 5000 };
	const struct gp_daemon_places_options options = {.max = 2,
		.share = 2,
		.spare = 8,
		.stack_bytes = 256 * 1024,
		.wake = -1,
		.serve = serve_busily};
	int clients[CLIENTS] = {-1, -1, -1, -1}, ends[2];
	unsigned ended = 0;
	(void)state;
	atomic_store(&lost, 0);
	assert_int_equal(gp_daemon_places_new(&options, &places), GP_OK);
	for (size_t i = 0; i < ROUNDS; i++) {
		int *client = &clients[i % CLIENTS];
		if (*client >= 0)
			close(*client);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		*client = ends[0];
		enum gp_daemon_places_admitted how =
			gp_daemon_places_admit(places, ends[1], GP_DAEMON_PLACES_ANYBODY);
		ended += how == GP_DAEMON_PLACES_ENDED_ANOTHER;
		(void)gp_daemon_places_settle(places); /* the guests end others as well */
		sched_yield();
	}
	assert_true(ended > 0);
	for (size_t i = 0; i < CLIENTS; i++)
		close(clients[i]);
	finish();
	assert_int_equal(atomic_load(&lost), 0);
}

/* test_ending: nobody comes any more, and everybody goes. */
static void test_ending(void **state)
{
	(void)state;
	struct client c[2];
	begin(2, 2);
	come(&c[0], GP_DAEMON_PLACES_ANYBODY);
	assert_int_equal(gp_daemon_places_count(places), 1);
	gp_daemon_places_end(places);
	assert_int_equal(come(&c[1], GP_DAEMON_PLACES_ANYBODY), GP_DAEMON_PLACES_FULL);
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
		cmocka_unit_test(whoever_has_answered_makes_room),
		cmocka_unit_test(a_guest_waits_for_a_time),
		cmocka_unit_test(guests_make_room_for_guests),
		cmocka_unit_test(a_guest_is_not_pressed_before_its_time),
		cmocka_unit_test(a_message_under_way_keeps_its_place),
		cmocka_unit_test(whose_share_is_taken_is_said),
		cmocka_unit_test(who_leaves_makes_room_for_guests),
		cmocka_unit_test(a_first_request_has_time_to_come),
		cmocka_unit_test(a_guest_sees_who_becomes_idle),
		cmocka_unit_test(guests_that_say_nothing_are_no_further_connections),
		cmocka_unit_test(what_is_worked_on_is_never_ended),
		cmocka_unit_test(test_ending),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
