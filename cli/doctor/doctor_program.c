/* SPDX-License-Identifier: ISC */
/* PATH first, then the directories where system programs are. */
#include "cli/doctor/doctor_program.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "cli/doctor/doctor_text.h"

/* in_directories: the first directory of a list that holds such a program; NULL: none. */
static const char *in_directories(struct gp_arena *arena, const char *directories, const char *name)
{
	struct gp_span rest = gp_span_from(directories), directory;
	struct stat st;
	while (rest.len) {
		gp_span_cut(rest, ':', &directory, &rest);
		if (directory.len == 0 || *directory.ptr != '/')
			continue; /* not from wherever the operator happens to stand */
		const char *path =
			gp_doctor_text(arena, "%.*s/%s", (int)directory.len, directory.ptr, name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* gp_doctor_program: a user's PATH often lacks the system's directories. */
const char *gp_doctor_program(struct gp_arena *arena, const char *name)
{
	const char *path = getenv("PATH");
	const char *found = path ? in_directories(arena, path, name) : NULL;
	return found ? found
		     : in_directories(arena, "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin", name);
}

/* gp_doctor_program_exim: Debian calls it exim4. */
const char *gp_doctor_program_exim(struct gp_arena *arena)
{
	const char *found = gp_doctor_program(arena, "exim4");
	return found ? found : gp_doctor_program(arena, "exim");
}

/* gp_doctor_install: by what this system has. */
const char *gp_doctor_install(struct gp_arena *arena, const char *package)
{
	static const char *const managers[][2] = {
		{"apt-get", "apt"}, {"dnf", "dnf"}, {"zypper", "zypper"}};
	for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
		if (gp_doctor_program(arena, managers[i][0]))
			return gp_doctor_text(arena, "%s install %s", managers[i][1], package);
	return gp_doctor_text(arena, "install the package %s", package);
}
