/* SPDX-License-Identifier: ISC */
/*
 * Exim, when it is there: what it was built with, whether its configuration calls the module, and
 * whether the module loads. Exim itself is asked: -bV, -bP config, and -be for one expansion that
 * changes nothing.
 */
#include "cli/doctor/doctor_exim.h"

#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/access.h"
#include "cli/doctor/doctor_child.h"
#include "cli/doctor/doctor_program.h"
#include "cli/doctor/doctor_text.h"

#define EXIM_MS 20000
#define HEADER_MOST (64 * 1024) /* what Exim hands over of a header at most */
#define VERSION_LEAST_MAJOR 4
#define VERSION_LEAST_MINOR 96
#define MODULE "gatepost-exim.so"
#define DEBIAN_SETTINGS "/etc/exim4/update-exim4.conf.conf"
#define SETTINGS_MOST ((size_t)64 * 1024)

static const char *const modules[] = {"/usr/lib/gatepost/" MODULE, "/usr/lib64/gatepost/" MODULE,
	"/usr/local/lib/gatepost/" MODULE};
#define MODULES (sizeof modules / sizeof modules[0])

struct gp_doctor_exim {
	const char *skip; /* why it is not looked at; NULL: it is */
	bool is_broken;   /* it does not run or its configuration has errors: skip says so */
	const char *program;
	struct gp_span build, config;
	const char *module;   /* path that the configuration names, or where it is installed */
	bool calls, includes; /* the configuration calls the module; names gatepost.macros */
};

/* run: exim with options, the program in front. */
static bool run(struct gp_doctor *d, const char *const *options, struct gp_doctor_output *out)
{
	const char *argv[8] = {d->exim_facts->program};
	for (size_t i = 0; i < 6 && options[i]; i++)
		argv[i + 1] = options[i];
	gp_doctor_exec(d->arena, argv, EXIM_MS, out);
	return out->code == 0 && !out->is_late;
}

/* contains: is the text in there? Returns where, or NULL. */
static const char *contains(struct gp_span text, const char *word)
{
	return text.len ? memmem(text.ptr, text.len, word, strlen(word)) : NULL;
}

/* path_around: the path that a text at this place is the end of; NULL: it is none. */
static const char *path_around(struct gp_doctor *d, struct gp_span text, const char *at, size_t len)
{
	static const char stops[] = " \t\r\n{}\"'=";
	const char *begin = at;
	while (begin > text.ptr && !strchr(stops, begin[-1]))
		begin--;
	return *begin == '/' ? gp_doctor_text(d->arena, "%.*s", (int)(at + len - begin), begin)
			     : NULL;
}

/* find_module: the path that stands in the configuration, or where packages put it. */
static void find_module(struct gp_doctor *d, struct gp_doctor_exim *e)
{
	const char *at = contains(e->config, MODULE);
	e->module = at ? path_around(d, e->config, at, strlen(MODULE)) : NULL;
	for (size_t i = 0; i < MODULES && !e->module; i++)
		if (access(modules[i], F_OK) == 0)
			e->module = modules[i];
	/* a macro that is defined is not called yet: its definition begins with its name */
	struct gp_span rest = e->config, line;
	while (gp_doctor_line(&rest, &line)) {
		struct gp_span trimmed = gp_span_trim(line);
		bool is_mark = gp_span_has_prefix(trimmed, "# ");
		e->includes = e->includes || (is_mark && contains(trimmed, "gatepost.macros"));
		e->calls = e->calls || (!is_mark && contains(trimmed, "{gatepost_") &&
					       !gp_span_has_prefix(trimmed, "GATEPOST_"));
	}
}

/* first_lines: what Exim says of its trouble; the second line has the reason. */
static const char *first_lines(struct gp_doctor *d, const char *program, struct gp_span text)
{
	struct gp_span first = {"", 0}, second = {"", 0};
	if (!gp_doctor_line(&text, &first))
		return gp_doctor_text(d->arena, "%s: no answer", program);
	gp_doctor_line(&text, &second);
	second = gp_span_trim(second);
	return gp_doctor_text(d->arena, "%s: %.*s %.*s", program, (int)first.len, first.ptr,
		(int)second.len, second.ptr ? second.ptr : "");
}

/* look: all of it. */
static void look(struct gp_doctor *d, struct gp_doctor_exim *e)
{
	static const char *const version[] = {"-bV", NULL}, *const config[] = {
								    "-bP", "config", NULL};
	struct gp_doctor_output out;
	struct gp_span rest;
	e->program = d->exim ? d->exim : gp_doctor_program_exim(d->arena);
	if (!e->program) {
		e->skip = "Exim is not installed";
		return;
	}
	bool is_fine = run(d, version, &out);
	e->build = rest = out.text;
	if (is_fine) {
		is_fine = run(d, config, &out);
		e->config = rest = out.text;
	}
	if (!is_fine) {
		e->is_broken = true;
		e->skip = first_lines(d, e->program, out.is_late ? gp_span_from("") : rest);
		return;
	}
	find_module(d, e);
	if (!e->calls && !e->includes && !e->module)
		e->skip = "Exim does not use gatepost";
}

/* look_once: never NULL but when memory is out. */
static struct gp_doctor_exim *look_once(struct gp_doctor *d)
{
	if (!d->exim_facts) {
		d->exim_facts = gp_arena_alloc(d->arena, sizeof *d->exim_facts);
		if (d->exim_facts)
			look(d, d->exim_facts);
	}
	return d->exim_facts;
}

/* facts: NULL when there is nothing to judge, which has been said. */
static struct gp_doctor_exim *facts(struct gp_doctor *d)
{
	struct gp_doctor_exim *e = look_once(d);
	if (e && !e->skip)
		return e;
	gp_doctor_say(d->report, GP_DOCTOR_SKIPPED, "%s",
		!e             ? "out of memory"
		: e->is_broken ? "Exim does not answer"
			       : e->skip);
	return NULL;
}

/* is_old: "Exim version 4.94 ..." */
static bool is_old(struct gp_span version)
{
	struct gp_span major, minor, rest;
	uint64_t a, b;
	gp_span_cut(version, '.', &major, &rest);
	size_t n = 0;
	while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
		n++;
	minor = (struct gp_span) {rest.ptr, n};
	if (gp_span_parse_uint(major, 1000, &a) || gp_span_parse_uint(minor, 1000, &b))
		return false;
	return a < VERSION_LEAST_MAJOR || (a == VERSION_LEAST_MAJOR && b < VERSION_LEAST_MINOR);
}

/* check_exim_build: can this Exim call modules? */
static void check_exim_build(struct gp_doctor *doctor)
{
	const struct gp_doctor_exim *e = look_once(doctor);
	struct gp_span rest, line = {"", 0}, version;
	if (e && e->is_broken) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "%s", e->skip);
		gp_doctor_mend(doctor->report, "%s -bV", gp_doctor_word(doctor->arena, e->program));
		return;
	}
	if (!facts(doctor))
		return;
	rest = e->build;
	while (gp_doctor_line(&rest, &line) && !gp_span_has_prefix(line, "Exim version "))
		;
	gp_span_cut(gp_span_skip(line, strlen("Exim version ")), ' ', &version,
		&(struct gp_span) {NULL, 0});
	if (is_old(version)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"Exim %.*s is too old: the module needs %d.%d", (int)version.len,
			version.ptr, VERSION_LEAST_MAJOR, VERSION_LEAST_MINOR);
		gp_doctor_mend(doctor->report, "upgrade Exim");
	}
	if (!contains(e->build, "Expand_dlfunc")) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"Exim %.*s was built without ${dlfunc} (EXPAND_DLFUNC)", (int)version.len,
			version.ptr);
		gp_doctor_mend(doctor->report,
			"Debian: apt install exim4-daemon-heavy; elsewhere build it "
			"with EXPAND_DLFUNC=yes");
	}
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "Exim %.*s with ${dlfunc}",
			(int)version.len, version.ptr);
}

/* is_split: is Debian's configuration of Exim made of many files? */
static bool is_split(struct gp_doctor *d)
{
	struct gp_span text, line;
	bool split = false;
	if (!gp_doctor_read(d->arena, DEBIAN_SETTINGS, SETTINGS_MOST, &text))
		return false;
	while (gp_doctor_line(&text, &line)) /* as a shell reads it: the last one counts */
		if (gp_span_has_prefix(line, "dc_use_split_config="))
			split = contains(line, "true");
	return split;
}

/* mend_macros: the line that is missing, and where. Debian's own configuration, known by the name
 * of its file, takes debian.macros; any other one gatepost.macros, and calls in its ACLs. */
static void mend_macros(struct gp_doctor *d, const struct gp_doctor_exim *e)
{
	const char *folder = gp_doctor_text(d->arena, "%.*s",
		e->module ? (int)(strlen(e->module) - strlen(MODULE)) : 0,
		e->module ? e->module : "");
	const char *debian = gp_doctor_text(d->arena, "%sdebian.macros", folder);
	if (!e->includes && contains(e->build, "/config.autogenerated") &&
		access(debian, F_OK) == 0) {
		gp_doctor_mend(d->report, ".include_if_exists %s   (%s)", debian,
			is_split(d) ? "a line in /etc/exim4/conf.d/main/00_gatepost"
				    : "the last line of /etc/exim4/exim4.conf.localmacros");
		gp_doctor_mend(d->report, "update-exim4.conf && systemctl restart exim4");
		return;
	}
	if (!e->includes)
		gp_doctor_mend(
			d->report, ".include %sgatepost.macros   (in the main section)", folder);
	gp_doctor_mend(d->report, "ACLs to copy: conf-examples/exim/acls.conf, among the "
				  "documentation; gatepost-exim(7)");
}

/* check_exim_macros: does the configuration call us? */
static void check_exim_macros(struct gp_doctor *doctor)
{
	const struct gp_doctor_exim *e = facts(doctor);
	if (!e)
		return;
	if (e->calls) {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "the configuration calls the module");
		if (contains(e->build, " DKIM ") && !contains(e->config, "dkim_disable_verify")) {
			gp_doctor_say(doctor->report, GP_DOCTOR_NOTE,
				"Exim checks DKIM signatures itself as well, which is not needed");
			gp_doctor_mend(doctor->report, "in acl_smtp_rcpt: warn control = "
						       "dkim_disable_verify");
		}
		return;
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
		e->includes ? "gatepost.macros is included, but no ACL uses it: mail is not checked"
			    : "the module is installed, but Exim's configuration does not use it");
	mend_macros(doctor, e);
}

/* option: a value of exim -bP; "" when it is not said. */
static const char *option(struct gp_doctor *d, const char *name)
{
	const char *const options[] = {"-bP", name, NULL};
	struct gp_doctor_output out;
	struct gp_span line, before, value;
	if (!run(d, options, &out))
		return "";
	gp_doctor_line(&out.text, &line);
	if (!gp_span_cut(line, '=', &before, &value))
		return "";
	value = gp_span_trim(value);
	return gp_doctor_text(d->arena, "%.*s", (int)value.len, value.ptr);
}

/* gp_doctor_exim_user: as it says itself, or as packages call it. */
bool gp_doctor_exim_user(struct gp_doctor *doctor, struct gp_cli_user *user_out)
{
	static const char *const usual[] = {"Debian-exim", "exim", "mailnull"};
	const struct gp_doctor_exim *e = look_once(doctor);
	const char *name = e && e->program && !e->is_broken ? option(doctor, "exim_user") : "";
	if (*name && gp_cli_user_find(name, "", user_out))
		return true;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (gp_cli_user_find(usual[i], "", user_out))
			return true;
	return false;
}

/* check_way: may Exim's own user read the module? */
static bool check_way(struct gp_doctor *d, const char *module)
{
	struct gp_cli_user user;
	struct gp_cli_way way;
	const char *name = option(d, "exim_user");
	if (!*name || !gp_cli_user_find(name, "", &user) ||
		gp_cli_may(d->arena, &user, "", module, R_OK, &way))
		return true;
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "Exim's user %s may not read %s (%s)", name,
		module, way.blocked);
	gp_doctor_mend(d->report, "chmod o+r%s %s", way.is_directory ? "x" : "",
		gp_doctor_word(d->arena, way.blocked));
	return false;
}

/* check_exim_module: it is there, Exim may read it, and it loads. */
static void check_exim_module(struct gp_doctor *doctor)
{
	const struct gp_doctor_exim *e = facts(doctor);
	struct gp_doctor_output out;
	struct gp_span line = {"", 0}, rest;
	if (!e)
		return;
	if (!e->module || access(e->module, F_OK)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "there is no %s",
			e->module ? e->module : MODULE);
		gp_doctor_mend(
			doctor->report, "%s", gp_doctor_install(doctor->arena, "gatepost-exim"));
		gp_doctor_mend(doctor->report, "or set GATEPOST_SO = /path/to/" MODULE
					       " before gatepost.macros is included");
		return;
	}
	if (!check_way(doctor, e->module))
		return;
	const char *const expand[] = {"-be",
		gp_doctor_text(doctor->arena, "${dlfunc{%s}{gatepost_version}}", e->module), NULL};
	(void)run(doctor, expand, &out); /* what it says is looked at, its code is always 0 */
	rest = out.text;
	gp_doctor_line(&rest, &line);
	line = gp_span_trim(line);
	if (gp_span_is(line, GP_VERSION)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "%s loads", e->module);
	} else if (line.len && line.len < 20 && line.ptr[0] >= '0' && line.ptr[0] <= '9' &&
		   !memchr(line.ptr, ' ', line.len)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%s is version %.*s, this command is " GP_VERSION, e->module, (int)line.len,
			line.ptr);
		gp_doctor_mend(
			doctor->report, "install the same version of both, and restart Exim");
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM, "%s does not load: %.*s",
			e->module, (int)line.len, line.ptr);
		gp_doctor_mend(doctor->report, "%s -be %s",
			gp_doctor_word(doctor->arena, e->program),
			gp_doctor_word(doctor->arena, expand[1]));
	}
}

/* check_exim_options: those that decide about what the module sees. */
static void check_exim_options(struct gp_doctor *doctor)
{
	const struct gp_doctor_exim *e = facts(doctor);
	uint64_t n;
	if (!e)
		return;
	if (!e->calls) {
		gp_doctor_say(
			doctor->report, GP_DOCTOR_SKIPPED, "the configuration does not call it");
		return;
	}
	if (!gp_span_parse_uint(gp_span_from(option(doctor, "header_maxsize")), INT64_MAX, &n) &&
		n >= HEADER_MOST) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"header_maxsize = %llu: the module sees only a part of headers over 64 KiB",
			(unsigned long long)n);
		gp_doctor_mend(doctor->report,
			"header_maxsize = 60K   (main section of the configuration)");
	}
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"header_maxsize is small enough for the module to see whole headers");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_exim_checks[] = {
	{"exim.build", check_exim_build, 0, "its version, and ${dlfunc}"},
	{"exim.macros", check_exim_macros, 0, "its configuration calls the module"},
	{"exim.module", check_exim_module, 0, "the module loads"},
	{"exim.options", check_exim_options, 0, "it passes whole headers to the module"},
	{NULL, NULL, 0, NULL},
};
