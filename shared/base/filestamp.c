/* SPDX-License-Identifier: ISC */
/* One stat(2), and a comparison. */
#include "base/filestamp.h"

/* gp_filestamp_from: the members that tell. */
struct gp_filestamp gp_filestamp_from(const struct stat *st)
{
	return (struct gp_filestamp) {.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.modified = st->st_mtim,
		.changed = st->st_ctim};
}

/* gp_filestamp_of: of now. */
struct gp_filestamp gp_filestamp_of(const char *path)
{
	struct stat st;
	return stat(path, &st) ? (struct gp_filestamp) {0} : gp_filestamp_from(&st);
}

/* same_time: to the nanosecond. */
static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* gp_filestamp_is_same: member by member; there are gaps between them. */
bool gp_filestamp_is_same(struct gp_filestamp a, struct gp_filestamp b)
{
	return a.dev == b.dev && a.ino == b.ino && a.size == b.size &&
	       same_time(a.modified, b.modified) && same_time(a.changed, b.changed);
}

/* gp_filestamp_is_absent: no file has the number 0. */
bool gp_filestamp_is_absent(struct gp_filestamp stamp)
{
	return stamp.ino == 0;
}
