/* SPDX-License-Identifier: ISC */
/*
 * Store_told: the lines that a check of a store reports to its caller: gatepost store check prints
 * the lines, the doctor makes findings of them.
 */
#ifndef GP_CLI_STORE_TOLD_H
#define GP_CLI_STORE_TOLD_H

enum gp_cli_store_line {
	GP_CLI_STORE_TITLE,   /* which store it is */
	GP_CLI_STORE_FINE,    /* what works */
	GP_CLI_STORE_STEP,    /* how long a step takes */
	GP_CLI_STORE_CLOCK,   /* how far the clock of its server is apart */
	GP_CLI_STORE_WARNING, /* that the store logged */
	GP_CLI_STORE_TROUBLE  /* what does not work, and what to do */
};

struct gp_cli_store_told {
	/* One line, printable, without an end. */
	void (*line)(void *arg, enum gp_cli_store_line kind, const char *text);
	void *arg;
};

/* printf to it; what is too long is cut. */
void gp_cli_store_tell(const struct gp_cli_store_told *told, enum gp_cli_store_line kind,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
