/* SPDX-License-Identifier: ISC */
/* The clock that windows are measured by, and the age of signatures. */
#include <errno.h>
#include <string.h>
#include <sys/timex.h>

#include "base/clock.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_program.h"

#define YEAR_LEAST 1767225600LL /* 2026: nothing of this is older */
#define YEAR_MOST 4102444800LL  /* 2100 */

/* check_clock: the kernel says whether it is synchronised. */
static void check_clock(struct gp_doctor *doctor)
{
	struct timex t = {.modes = 0};
	char text[GP_CLOCK_TEXT];
	const struct gp_clock *clock = gp_clock_system();
	int64_t now_s = clock->wall_s(clock);
	int state = adjtimex(&t);
	if (now_s < YEAR_LEAST || now_s > YEAR_MOST) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "the clock says %s",
			gp_clock_format(now_s, text));
		gp_doctor_mend(doctor->report, "timedatectl set-ntp true   (or: %s)",
			gp_doctor_install(doctor->arena, "chrony"));
	} else if (state < 0) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "adjtimex: %s", strerror(errno));
	} else if (state == TIME_ERROR || (t.status & STA_UNSYNC)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"the kernel's clock is not synchronised: signatures and limits depend on "
			"it");
		gp_doctor_mend(doctor->report, "timedatectl set-ntp true   (or: %s)",
			gp_doctor_install(doctor->arena, "chrony"));
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s, synchronised",
			gp_clock_format(now_s, text));
	}
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_clock_checks[] = {
	{"clock", check_clock, 0, "it is synchronised"},
	{NULL, NULL, 0, NULL},
};
