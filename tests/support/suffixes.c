/* SPDX-License-Identifier: ISC */
/* By way of a file, since libpsl reads files only. */
#include "support/suffixes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* test_suffixes: the file is gone afterwards. */
struct gp_suffix_list *test_suffixes(const char *text)
{
	char path[] = "/tmp/gatepost-test-suffixes-XXXXXX";
	struct gp_suffix_list *list = NULL;
	int fd = mkstemp(path);
	size_t len = strlen(text);
	bool is_written = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0)
		close(fd);
	if (!is_written || gp_suffix_list_new(path, &list)) {
		perror("a list of suffixes");
		abort();
	}
	unlink(path);
	return list;
}
