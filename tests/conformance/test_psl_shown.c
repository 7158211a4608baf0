/* SPDX-License-Identifier: ISC */
/*
 * Organisational domains by the list of public suffixes: the list's own test cases and others, each
 * against the distribution's list or the one that the case brings along. "null" is expected where a
 * name is a suffix itself, which stands for itself in DMARC (RFC 7489 3.2), or no name at all.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmarc/dmarc_private.h"
#include "mail/address.h"
#include "support/suite.h"

/* The number of cases so far, and of those that failed. */
static size_t number, failed;

/* open_text: a list that a case brings along. */
static int open_text(const char *text, struct gp_suffix_list **psl_out)
{
	char path[] = "/tmp/gatepost-test-psl-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0)
		return GP_EIO;
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	int rc = written ? gp_suffix_list_new(path, psl_out) : GP_EIO;
	unlink(path);
	return rc;
}

/* normal: a domain in A-labels; NULL when it is none. */
static const char *normal(struct gp_arena *arena, const char *domain)
{
	const char *text;
	return domain && gp_address_domain(arena, gp_span_from(domain), &text) == GP_OK ? text
											: NULL;
}

/* run_case: one name. */
static void run_case(const json_t *node, const struct gp_suffix_list *installed)
{
	const char *id = json_string_value(json_object_get(node, "id"));
	const json_t *input = json_object_get(node, "input");
	const char *list = json_string_value(json_object_get(input, "list"));
	const char *want =
		json_string_value(json_object_get(json_object_get(node, "expect"), "org_domain"));
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_suffix_list *own = NULL;
	number++;
	if (list ? open_text(list, &own) != GP_OK : !installed) {
		printf("ok %zu - %s # SKIP there is no list\n", number, id);
		gp_arena_free(arena);
		return;
	}
	const char *domain = normal(arena, json_string_value(json_object_get(input, "domain")));
	const char *got = domain ? gp_dmarc_psl_org_domain(own ? own : installed, domain) : NULL;
	want = want ? normal(arena, want) : domain;
	bool good = got && want ? strcmp(got, want) == 0 : got == want;
	failed += !good;
	printf("%s %zu - %s\n", good ? "ok" : "not ok", number, id);
	if (!good)
		printf("# expected %s, got %s\n", want ? want : "no name", got ? got : "no name");
	gp_suffix_list_free(own);
	gp_arena_free(arena);
}

/* run_file: the cases of this kind. */
static void run_file(const char *path, const struct gp_suffix_list *installed)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error), *node;
	size_t i;
	if (!file) {
		printf("Bail out! %s: %s\n", path, error.text);
		exit(1);
	}
	json_array_foreach(json_object_get(file, "cases"), i, node)
	{
		const char *kind = json_string_value(json_object_get(node, "kind"));
		if (kind && strcmp(kind, "psl") == 0)
			run_case(node, installed);
	}
	json_decref(file);
}

/* main: reads the case files and runs them; no case is left out. */
int main(void)
{
	char pattern[4096];
	glob_t files;
	struct gp_suffix_list *installed = NULL;
	snprintf(pattern, sizeof pattern, "%s/shown/cases/*.json", test_suite_folder());
	if (gp_suffix_list_new(NULL, &installed) != GP_OK)
		installed = NULL;
	if (glob(pattern, 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			run_file(files.gl_pathv[i], installed);
		globfree(&files);
	}
	if (number == 0)
		printf("ok %zu # SKIP there are no cases in %s\n", ++number, test_suite_folder());
	printf("1..%zu\n", number);
	gp_suffix_list_free(installed);
	return failed ? 1 : 0;
}
