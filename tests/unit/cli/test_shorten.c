/* SPDX-License-Identifier: ISC */
/* Names in a narrow column: never wider than it, and no two different ones alike. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"
#include "cli/shorten.h"

#define MEMORY (64 * 1024 * 1024)
#define MOST 3000

/* check: shortens so many texts; each fits, equal ones stay equal, different ones different. */
static void check(const char *const *texts, size_t count, size_t columns, const char **shown_out)
{
	struct gp_arena *arena = gp_arena_new(MEMORY);
	static char kept[MOST][128];
	assert_non_null(arena);
	const char **work = calloc(count, sizeof *work);
	assert_non_null(work);
	memcpy(work, texts, count * sizeof *work);
	gp_cli_shorten(arena, work, count, 1, columns);
	for (size_t i = 0; i < count; i++) {
		if (gp_cli_columns(work[i]) > columns)
			fail_msg("%s is wider than %zu: %s", texts[i], columns, work[i]);
		for (size_t k = 0; k < i; k++)
			if ((strcmp(texts[i], texts[k]) == 0) != (strcmp(work[i], work[k]) == 0))
				fail_msg("%s and %s: %s and %s", texts[i], texts[k], work[i],
					work[k]);
		snprintf(kept[i], sizeof kept[i], "%s", work[i]);
		if (shown_out)
			shown_out[i] = kept[i];
	}
	free(work);
	gp_arena_free(arena);
}

/* what_fits_is_left_alone: and what is alone is cut in the middle. */
static void what_fits_is_left_alone(void **state)
{
	static const char *const texts[] = {
		"alice", "bob@example.org", "a-very-long-name-indeed@department.example.org"};
	const char *shown[3];
	(void)state;
	check(texts, 3, 20, shown);
	assert_string_equal(shown[0], "alice");
	assert_string_equal(shown[1], "bob@example.org");
	assert_string_equal(shown[2], "a-very-lo...mple.org");
}

/* a_difference_in_the_middle_is_shown: where the usual cut would hide it. */
static void a_difference_in_the_middle_is_shown(void **state)
{
	static const char *const texts[] = {
		"newsletter-spring-campaign@mail.example.org",
		"newsletter-autumn-campaign@mail.example.org",
		"newsletter-spring-campaign@mail.example.org",
		"newsletter-winter-campaign@mail.example.org",
	};
	const char *shown[4];
	(void)state;
	check(texts, 4, 24, shown);
	assert_string_equal(shown[0], "newsletter-s...ample.org");
	assert_string_equal(shown[1], "newsletter-a...ample.org");
	assert_string_equal(shown[2], shown[0]);
	assert_string_equal(shown[3], "newsletter-w...ample.org");
	check(texts, 4, 16, shown);
	assert_string_equal(shown[0], "newsletter-s...g");
}

/* far_from_both_ends: only a part of the middle tells them apart. */
static void far_from_both_ends(void **state)
{
	static const char *const texts[] = {
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	};
	const char *shown[2];
	(void)state;
	check(texts, 2, 20, shown);
	assert_string_equal(shown[0], "aa...1bbbbbbbbb...bb");
	assert_string_equal(shown[1], "aa...2bbbbbbbbb...bb");
}

/* several_differences: no part tells all apart: they are numbered. */
static void several_differences(void **state)
{
	static char room[MOST][80];
	const char *texts[MOST];
	const char *shown[MOST];
	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		memset(room[i], 'x', 70);
		for (size_t bit = 0; bit < 12; bit++)
			room[i][5 + 5 * bit] = i >> bit & 1 ? 'y' : 'z';
		texts[i] = room[i];
	}
	check(texts, MOST, 14, shown);
	check(texts, 16, 8, shown);
}

/* a_name_that_looks_like_a_cut_one: is no other's. */
static void a_name_that_looks_like_a_cut_one(void **state)
{
	static const char *const texts[] = {"abcdefghijklmnopqrstuvwxyz", "abcdef...vwxyz",
		"abcdefghijklmn0pqrstuvwxyz", "abcdefghijk~1", "abcdefghijk~2"};
	(void)state;
	for (size_t columns = 8; columns < 26; columns++)
		check(texts, 5, columns, NULL);
}

/* wide_characters: of two columns, at every width. */
static void wide_characters(void **state)
{
	static const char *const texts[] = {
		"\xe5\x90\x8d\xe5\x89\x8d\xe5\x90\x8d\xe5\x89\x8d\xe5\x90\x8d\xe5\x89\x8d@a.test",
		"\xe5\x90\x8d\xe5\x89\x8d\xe5\x90\x8d\xe5\x90\x8d\xe5\x90\x8d\xe5\x89\x8d@a.test",
		"\xe5\x90\x8d\xe5\x89\x8d\xe5\x89\x8d\xe5\x89\x8d\xe5\x90\x8d\xe5\x89\x8d@a.test",
	};
	(void)state;
	for (size_t columns = 8; columns < 24; columns++)
		check(texts, 3, columns, NULL);
}

/* made_up_names: of few letters, so that most look like others. */
static void made_up_names(void **state)
{
	static char room[300][64];
	const char *texts[300];
	unsigned seed = 1;
	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < 300; i++) {
			size_t len = 5 + (seed = seed * 1103515245 + 12345) / 65536 % 50;
			for (size_t k = 0; k < len; k++)
				room[i][k] =
					(seed = seed * 1103515245 + 12345) / 65536 % 40 ? 'a' : 'b';
			room[i][len] = 0;
			texts[i] = room[i];
		}
		check(texts, 300, 8 + (size_t)round, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_left_alone),
		cmocka_unit_test(a_difference_in_the_middle_is_shown),
		cmocka_unit_test(far_from_both_ends),
		cmocka_unit_test(several_differences),
		cmocka_unit_test(a_name_that_looks_like_a_cut_one),
		cmocka_unit_test(wide_characters),
		cmocka_unit_test(made_up_names),
	};
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
