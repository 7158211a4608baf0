/* SPDX-License-Identifier: ISC */
/*
 * Postconf: the configuration of a Postfix, from what postconf(1) prints: parameters, services,
 * what a service overrules, and lists of restrictions with the policy services in them.
 *
 * Knows the syntax of main.cf values, $name and ${name?text} included, and that of restriction
 * lists; does not know what a restriction does, nor what is right.
 *
 *     gp_doctor_postconf_parse(arena, params, services, overrides, &pc);    (of postconf, -M, -P)
 *     gp_doctor_postconf_value(&pc, service, "smtpd_recipient_restrictions");
 *     gp_doctor_postconf_list(&pc, service, "smtpd_recipient_restrictions", &list);
 *
 * The text is foreign: what is no parameter or service is passed over; expansion has a ceiling of
 * steps and of bytes, after which a value ends. Everything lives in the arena or borrows the text.
 */
#ifndef GP_CLI_DOCTOR_POSTCONF_H
#define GP_CLI_DOCTOR_POSTCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

#define GP_POSTCONF_SERVICES_MAX 512
#define GP_POSTCONF_PAIRS_MAX 20000
#define GP_POSTCONF_WORDS_MAX 1000
#define GP_POSTCONF_POLICIES_MAX 32
#define GP_POSTCONF_VALUE_MAX 65536

struct gp_postconf_pair {
	size_t service; /* whose: place in services; of a parameter of main.cf: 0 */
	struct gp_span name, value;
};

/* A line of master.cf. */
struct gp_postconf_service {
	struct gp_span name, type, chroot, maxproc, command;
};

struct gp_postconf {
	struct gp_arena *arena;
	const struct gp_postconf_pair *params, *overrides;
	size_t param_count, override_count;
	const struct gp_postconf_service *services;
	size_t service_count;
};

/* GP_OK, or the arena's refusal. */
int gp_doctor_postconf_parse(struct gp_arena *arena, struct gp_span params, struct gp_span services,
	struct gp_span overrides, struct gp_postconf *pc_out) GP_MUST_CHECK;

/* What the service overrules, by name; false: it does not. service NULL: false. */
bool gp_doctor_postconf_override(const struct gp_postconf *pc,
	const struct gp_postconf_service *service, const char *name, struct gp_span *value_out);

/* The value as the service has it (NULL: main.cf), expanded; "" when there is none. */
struct gp_span gp_doctor_postconf_value(
	const struct gp_postconf *pc, const struct gp_postconf_service *service, const char *name);

/* The same as it stands in the file. */
struct gp_span gp_doctor_postconf_raw(
	const struct gp_postconf *pc, const struct gp_postconf_service *service, const char *name);

/* Cuts off the next word of a list; {...} is one. false: there is none. */
bool gp_doctor_postconf_word(struct gp_span *text, struct gp_span *word_out);

/* "100s", "5m", "1h", "2d", "1w" or seconds, in milliseconds; false: no time. */
bool gp_doctor_postconf_time_ms(struct gp_span text, int64_t *ms_out);

/* One check_policy_service. */
struct gp_postconf_policy {
	size_t at;                              /* place among the words */
	struct gp_span text;                    /* all of it: equal ones share their connections */
	struct gp_span endpoint;                /* "unix:private/x", "inet:host:port" */
	struct gp_span timeout, default_action; /* ptr NULL: not set here */
	bool is_conditional; /* in a restriction class that only tables lead to */
};

/* A list of restrictions; classes are replaced by what they stand for. */
struct gp_doctor_postconf_list {
	const struct gp_span *words;
	size_t word_count;
	const struct gp_postconf_policy *policies;
	size_t policy_count;
};
int gp_doctor_postconf_list(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	const char *name, struct gp_doctor_postconf_list *list_out) GP_MUST_CHECK;

/* The same for a text as it may stand in a list, without what only tables lead to. */
int gp_doctor_postconf_words(const struct gp_postconf *pc,
	const struct gp_postconf_service *service, struct gp_span text,
	struct gp_doctor_postconf_list *list_out) GP_MUST_CHECK;

#endif
