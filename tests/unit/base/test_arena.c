/* SPDX-License-Identifier: ISC */
/* The memory of a request: alignment, ceiling, reset. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

/* test_alloc: zeroed, aligned, distinct, over block borders. */
static void test_alloc(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	unsigned char *before = NULL;
	(void)state;
	for (size_t size = 0; size < 600; size++) {
		unsigned char *p = gp_arena_alloc(arena, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		if (size)
			memset(p, 0xff, size);
		assert_true(size < 2 || p != before);
		before = p;
	}
	assert_non_null(gp_arena_alloc(arena, 100000));
	assert_int_equal(gp_arena_status(arena), GP_OK);
	gp_arena_free(arena);
	gp_arena_free(NULL);
}

/* test_ceiling: refusals say why and leave the arena usable; a reset gives everything back. */
static void test_ceiling(void **state)
{
	struct gp_arena *arena = gp_arena_new(64);
	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_non_null(gp_arena_alloc(arena, 48));
		assert_null(gp_arena_alloc(arena, 17));
		assert_int_equal(gp_arena_status(arena), GP_ETOOBIG);
		assert_non_null(gp_arena_alloc(arena, 16));
		assert_int_equal(gp_arena_used(arena), 64);
		assert_null(gp_arena_alloc(arena, SIZE_MAX));
		assert_null(gp_arena_alloc(arena, SIZE_MAX - 8));
		assert_null(gp_arena_array(arena, SIZE_MAX / 2, 3));
		assert_null(gp_arena_copy(arena, gp_span_from("more")));
		assert_null(gp_arena_printf(arena, "%d", 1));
		gp_arena_reset(arena);
		assert_int_equal(gp_arena_status(arena), GP_OK);
		assert_int_equal(gp_arena_used(arena), 0);
	}
	gp_arena_free(arena);
}

/* test_reset: what is given out afterwards is zeroed again, large blocks are gone. */
static void test_reset(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	(void)state;
	gp_arena_reset(arena);
	for (size_t size = 100; size < 100000; size *= 10) {
		char *p = gp_arena_alloc(arena, size);
		assert_non_null(p);
		assert_int_equal(p[0], 0);
		assert_int_equal(p[size - 1], 0);
		memset(p, 1, size);
		gp_arena_reset(arena);
	}
	gp_arena_free(arena);
}

/* test_text: copies end in a NUL, whatever the bytes. */
static void test_text(void **state)
{
	struct gp_arena *arena = gp_arena_new(4096);
	(void)state;
	assert_string_equal(gp_arena_copy(arena, (struct gp_span) {"abc", 2}), "ab");
	assert_string_equal(gp_arena_copy(arena, (struct gp_span) {NULL, 0}), "");
	assert_memory_equal(gp_arena_copy(arena, (struct gp_span) {"a\0b", 3}), "a\0b", 4);
	assert_string_equal(gp_arena_printf(arena, "%s-%d", "x", 7), "x-7");
	gp_arena_free(arena);
}

/* test_grow: only the newest allocation, only within its block and the ceiling, zeroed. */
static void test_grow(void **state)
{
	struct gp_arena *arena = gp_arena_new(4096);
	(void)state;
	assert_false(gp_arena_grow(arena, NULL, 0, 64));
	char *first = gp_arena_alloc(arena, 10);
	memset(first, 1, 10);
	assert_true(gp_arena_grow(arena, first, 10, 100));
	assert_int_equal(first[9], 1);
	for (size_t i = 16; i < 100; i++)
		assert_int_equal(first[i], 0);
	assert_int_equal(gp_arena_used(arena), 112);
	assert_false(gp_arena_grow(arena, first, 100, 4097));
	assert_false(gp_arena_grow(arena, first, 100, SIZE_MAX));
	assert_false(gp_arena_grow(arena, first, 100, 50));
	char *second = gp_arena_alloc(arena, 16);
	assert_false(gp_arena_grow(arena, first, 100, 200));
	assert_true(gp_arena_grow(arena, second, 16, 4096 - 112));
	assert_int_equal(gp_arena_used(arena), 4096);
	assert_false(gp_arena_grow(arena, second, 4096 - 112, 4096));
	gp_arena_free(arena);
}

/* test_small: the same promises with small blocks, also behind a reset, which keeps none. */
static void test_small(void **state)
{
	(void)state;
	struct gp_arena *a = gp_arena_new_small(16384);
	for (int round = 0; round < 2; round++) {
		size_t given = 0;
		for (size_t size = 1; given + size < 12000; size = size * 2 + 1) {
			unsigned char *p = gp_arena_alloc(a, size);
			assert_non_null(p);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, size);
			given += size;
		}
		assert_null(gp_arena_alloc(a, 16384));
		assert_int_equal(gp_arena_status(a), GP_ETOOBIG);
		gp_arena_reset(a);
		assert_int_equal(gp_arena_status(a), GP_OK);
	}
	gp_arena_free(a);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_small),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
