/* SPDX-License-Identifier: ISC */
/*
 * The functions that Exim's ${dlfunc} calls: arguments, call, result. The macros in gatepost.macros
 * write the calls; exports.map lists the names.
 *
 * Every function gives OK and a text. Exim copies the text before it calls again. It takes texts
 * that do not come from its own memory for untainted, so what is returned is fixed words, texts of
 * the configuration, and values that the engine has validated and encoded.
 *
 * The one object below is the process's: Exim offers no place for it, and runs no threads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DLFUNC_IMPL
#include <local_scan.h>

#include "exim-dlfunc/verdict.h"

#define ARGS_MAX 7 /* of the eight that Exim knows: see exim-dlfunc/args.h */

static struct gp_exim exim;
static bool exim_is_ready;

/* The arguments of one call, as spans. */
struct call {
	struct gp_span args[ARGS_MAX];
	struct gp_exim_call call;
	const char *problem; /* NULL: the arguments can be used */
};

/* the_process: made ready at the first call. */
static struct gp_exim *the_process(void)
{
	if (!exim_is_ready) {
		gp_exim_init(&exim);
		exim_is_ready = true;
	}
	return &exim;
}

/* give: the result of every function. */
static int give(uschar **yield, const char *text)
{
	*yield = (uschar *)(uintptr_t)text;
	return OK;
}

/* take: wanted arguments, no more and no less. */
static void take(struct call *c, int argc, uschar *argv[], int wanted)
{
	memset(c, 0, sizeof *c);
	for (int i = 0; i < argc && i < ARGS_MAX; i++)
		c->args[i] = gp_span_from((const char *)argv[i]);
	if (argc != wanted)
		c->problem = "wrong number of arguments";
}

/* take_call: an envelope, and what else is wanted. */
static void take_call(struct call *c, int argc, uschar *argv[], int wanted)
{
	take(c, argc, argv, wanted);
	if (c->problem)
		gp_exim_place_parse(c->args[GP_EXIM_PLACE], &c->call.place);
	else if (gp_exim_call_parse(c->args, &c->call, &c->problem) && !c->problem)
		c->problem = "arguments that cannot be read";
}

/* bad: the word for a call that cannot be made. */
static const char *bad(const struct call *c)
{
	return gp_exim_bad_call(the_process(), c->call.place.conf, c->problem);
}

/* take_amounts: "recipients bytes", as Exim writes numbers. */
static struct gp_limit_amounts take_amounts(struct call *c)
{
	struct gp_span recipients, bytes;
	uint64_t count = 0, size = 0;
	gp_span_cut(c->args[GP_EXIM_AMOUNTS], ' ', &recipients, &bytes);
	if (!c->problem && (gp_span_parse_uint(recipients, GP_STORE_AMOUNT_MAX, &count) ||
				   gp_span_parse_uint(bytes, GP_STORE_AMOUNT_MAX, &size)))
		c->problem = "a count that is no number";
	return (struct gp_limit_amounts) {
		.recipients = (int64_t)count, .messages = 1, .bytes = (int64_t)size};
}

/* ---- questions ---- */

__attribute__((visibility("default"))) exim_dlfunc_t gatepost_spf, gatepost_check, gatepost_limit,
	gatepost_reply, gatepost_limit_reply, gatepost_spf_header, gatepost_get, gatepost_results,
	gatepost_preload, gatepost_version;

/* gatepost_spf: {place}{client}{helo}{sender}{user}{recipient} */
int gatepost_spf(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take_call(&c, argc, argv, GP_EXIM_ENVELOPE_ARGS);
	return give(yield, c.problem ? bad(&c) : gp_exim_spf(the_process(), &c.call));
}

/* gatepost_check: the same and {headers} */
int gatepost_check(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take_call(&c, argc, argv, GP_EXIM_ENVELOPE_ARGS + 1);
	if (c.problem)
		return give(yield, bad(&c));
	return give(yield, gp_exim_check(the_process(), &c.call, c.args[GP_EXIM_HEADERS]));
}

/* gatepost_limit: as gatepost_spf, and {recipients bytes} */
int gatepost_limit(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take_call(&c, argc, argv, GP_EXIM_ENVELOPE_ARGS + 1);
	const struct gp_limit_amounts amounts = take_amounts(&c);
	return give(yield, c.problem ? bad(&c) : gp_exim_limit(the_process(), &c.call, &amounts));
}

/* ---- what was found ---- */

/* gatepost_reply: as gatepost_spf */
int gatepost_reply(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take_call(&c, argc, argv, GP_EXIM_ENVELOPE_ARGS);
	return give(yield, c.problem ? "" : gp_exim_reply(the_process(), &c.call));
}

/* gatepost_spf_header: as gatepost_spf */
int gatepost_spf_header(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take_call(&c, argc, argv, GP_EXIM_ENVELOPE_ARGS);
	return give(yield, c.problem ? "" : gp_exim_spf_header(the_process(), &c.call));
}

/* gatepost_limit_reply: {id} */
int gatepost_limit_reply(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take(&c, argc, argv, 1);
	return give(yield, c.problem ? "" : gp_exim_limit_reply(the_process(), c.args[0]));
}

/* gatepost_get: {id}{name} */
int gatepost_get(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take(&c, argc, argv, 2);
	return give(yield, c.problem ? "" : gp_exim_get(the_process(), c.args[0], c.args[1]));
}

/* gatepost_results: {place} */
int gatepost_results(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take(&c, argc, argv, 1);
	gp_exim_place_parse(c.args[GP_EXIM_PLACE], &c.call.place);
	return give(yield, gp_exim_results(the_process(), &c.call.place));
}

/* gatepost_preload: {place}{text}; the text, which belongs to Exim's configuration. */
int gatepost_preload(uschar **yield, int argc, uschar *argv[])
{
	struct call c;
	take(&c, argc, argv, 2);
	gp_exim_place_parse(c.args[GP_EXIM_PLACE], &c.call.place);
	gp_exim_preload(the_process(), c.call.place.conf);
	return give(yield, argc == 2 ? (const char *)argv[1] : "");
}

/* gatepost_version: of this module. */
int gatepost_version(uschar **yield, int argc, uschar *argv[])
{
	(void)argc;
	(void)argv;
	return give(yield, GP_VERSION);
}
