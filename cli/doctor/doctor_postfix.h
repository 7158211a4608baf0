/* SPDX-License-Identifier: ISC */
/*
 * The doctor's view of Postfix: each smtpd service of master.cf with what it would ask us, and
 * what our configuration needs to be asked. doctor_postfix.c finds it out, doctor_postfix_lists.c,
 * doctor_postfix_twice.c and doctor_postfix_service.c judge it, doctor_postfix_socket.c tries the
 * sockets, doctor_postfix_field.c looks at forged results, doctor_postfix_mend.c says how to mend
 * it.
 */
#ifndef GP_CLI_DOCTOR_POSTFIX_H
#define GP_CLI_DOCTOR_POSTFIX_H

#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_postconf.h"

#define GP_DOCTOR_VIEWS_MAX 64

/* The lists of smtpd, in the order in which they are gone through. */
enum gp_doctor_list {
	GP_DOCTOR_CLIENT,
	GP_DOCTOR_HELO,
	GP_DOCTOR_SENDER,
	GP_DOCTOR_RELAY,
	GP_DOCTOR_RECIPIENT,
	GP_DOCTOR_DATA,
	GP_DOCTOR_END,
	GP_DOCTOR_LISTS
};
extern const char *const gp_doctor_list_names[GP_DOCTOR_LISTS];

/* One smtpd service. */
struct gp_doctor_view {
	const struct gp_postconf_service *service;
	const char *label; /* "submission" */
	struct gp_doctor_postconf_list lists[GP_DOCTOR_LISTS];
	/* our first place in each list; NULL: not in it */
	const struct gp_postconf_policy *ours[GP_DOCTOR_LISTS];
	/* how often a list asks us, and how often it may where a table leads to a class */
	size_t sure[GP_DOCTOR_LISTS], maybe[GP_DOCTOR_LISTS];
	bool asks;                              /* before the end of a message */
	bool is_chrooted, has_users, is_inside; /* inside: on the loopback only */
	unsigned long processes;                /* 0: without a limit */
};

/* What a question is to get instead of what it has; NULL: as it is. */
struct gp_doctor_change {
	const char *endpoint, *timeout, *default_action, *policy_context;
};

/* What mends of this visit set already: later ones go on from there, so that all of them together,
 * done in their order, leave what each of them wants. */
#define GP_DOCTOR_SET_MAX 128
struct gp_doctor_set {
	const struct gp_postconf_service *service; /* NULL: main.cf */
	const char *name, *value;
};
struct gp_doctor_changed {
	struct gp_span text; /* of the question */
	struct gp_doctor_change change;
};

struct gp_doctor_postfix {
	const char *skip; /* why it is not looked at; NULL: it is */
	bool is_broken;   /* postconf failed: skip says how */
	struct gp_postconf pc;
	const char *version, *queue, *owner;
	const char *twice; /* the parameters that main.cf sets more than once; NULL: none */
	struct gp_doctor_view *views;
	size_t view_count, asking;
	bool has_logins; /* some service has smtpd_sasl_auth_enable */
	/* an endpoint where nobody is and that is taken for ours, since nothing else asks us */
	struct gp_span lost;
	struct gp_doctor_set sets[GP_DOCTOR_SET_MAX];
	struct gp_doctor_changed changed[GP_POSTCONF_POLICIES_MAX];
	size_t set_count, changed_count;
	/* what our limits need */
	bool wants_users, wants_networks, wants_bytes, wants_end;
};

/* What main.cf should say to ask us: "unix:gatepost/policy", "inet:127.0.0.1:10040". */
const char *gp_doctor_endpoint(struct gp_doctor *doctor);

/* Found out once; NULL: no memory. */
struct gp_doctor_postfix *gp_doctor_postfix_look(struct gp_doctor *doctor);

/*
 * The same, or NULL: then it has been said why there is nothing to judge (no Postfix, nobody asks).
 */
struct gp_doctor_postfix *gp_doctor_postfix_asking(struct gp_doctor *doctor);

/* One of these words of a list, NULL at the end? Postfix does not look at the case of what it has
 * built in (smtpd_check.c: strcasecmp); names of parameters and restriction classes it does. */
bool gp_doctor_is_any(struct gp_span word, const char *const *words);

/* Which services, for one finding about all of them. */
typedef bool (*gp_doctor_view_test)(
	const struct gp_doctor_postfix *postfix, const struct gp_doctor_view *view);

/* "smtp, submission", or NULL when the test holds for none. */
const char *gp_doctor_postfix_which(struct gp_doctor *doctor,
	const struct gp_doctor_postfix *postfix, gp_doctor_view_test test);

/* Does a policy service lead to us, or was it meant to? As the service sees parameters; NULL: as
 * main.cf does. */
bool gp_doctor_is_ours(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const struct gp_postconf_policy *policy);

/* ---- lists written again (doctor_postfix_rewrite.c) ---- */

#define GP_DOCTOR_PARAMETER "gatepost" /* the name that the examples give to the question */
/* What does nothing: smtpd does not start with a restriction class that has no value. */
#define GP_DOCTOR_NEUTRAL "check_client_access static:DUNNO"

/* Where the one question goes when all of ours have been taken out. */
enum gp_doctor_put {
	GP_DOCTOR_PUT_NOWHERE,
	GP_DOCTOR_PUT_OFF_CLASS, /* nowhere, and what is left of a class is never nothing */
	GP_DOCTOR_PUT_FIRST,
	GP_DOCTOR_PUT_BEHIND, /* before what ends the list; else last */
	GP_DOCTOR_PUT_THERE   /* where the first of ours has been; else last */
};

/* A value as it stands in the file, or as a mend of this visit has set it. */
struct gp_span gp_doctor_raw(const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const char *name);

/* The new value of a list, in the arena; NULL: too long, or not to be understood. */
const char *gp_doctor_rewritten(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	const struct gp_postconf_service *service, const char *list, const char *question,
	enum gp_doctor_put put);

/* The parameter by which a list asks this question (its text) and nothing else; NULL: by none. */
const char *gp_doctor_parameter_of(struct gp_doctor *doctor,
	const struct gp_doctor_postfix *postfix, const struct gp_postconf_service *service,
	const char *list, struct gp_span text);

/* ---- how to be asked (doctor_postfix_mend.c): commands, each of which replaces ---- */

/* The question: check_policy_service with all that belongs to it. */
const char *gp_doctor_question(struct gp_doctor *doctor);

/* The same with another endpoint or attribute than it has, and with what earlier mends of this
 * visit have changed in it. */
const char *gp_doctor_question_changed(struct gp_doctor *doctor,
	const struct gp_postconf_policy *policy, const struct gp_doctor_change *change);

/* That main.cf asks at all. */
void gp_doctor_mend_asking(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix);

/* That each service that the test holds for asks once about each recipient, in the right place. */
void gp_doctor_mend_place(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test);

/* That a list of it asks, once. */
void gp_doctor_mend_list(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test, enum gp_doctor_list list, enum gp_doctor_put where);

/* That it does not ask at all. */
void gp_doctor_mend_away(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test);

/* That restriction classes do not ask. */
void gp_doctor_mend_classes(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix);

/* That it is written once, under our name. */
void gp_doctor_mend_once(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test);

/* Another question in place of this one (its text), wherever it stands. */
void gp_doctor_mend_question(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	struct gp_span text, const char *question);

/* ---- asked once (doctor_postfix_twice.c) ---- */

/* Is anything asked twice that should be asked once? Says so. */
void gp_doctor_postfix_twice(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix);

/* Where a policy service leads. */
struct gp_doctor_place {
	bool is_unix;
	const char *path;            /* absolute, when it is unix */
	bool is_absolute;            /* as it was written */
	const char *host;            /* a name that is not looked up; NULL: an address */
	bool is_localhost;           /* the address was written as that name */
	struct gp_dns_server server; /* when it is not unix */
};

/* Reads an endpoint; false: it is none we know. */
bool gp_doctor_place_parse(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	struct gp_span endpoint, struct gp_doctor_place *place_out);

/*
 * Is nobody there, as far as can be seen from here: no such socket, or no listener on the loopback?
 */
bool gp_doctor_place_is_empty(const struct gp_doctor_place *place);

/* Does our daemon listen there, as far as the configuration tells? */
bool gp_doctor_place_is_served(struct gp_doctor *doctor, const struct gp_doctor_place *place);

/* What a value is for a service: timeout and default_action of one policy service. */
struct gp_span gp_doctor_policy_value(const struct gp_doctor_postfix *postfix,
	const struct gp_doctor_view *view, struct gp_span own, const char *parameter);

#endif
