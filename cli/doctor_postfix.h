/* SPDX-License-Identifier: ISC */
/*
 * The doctor's view of Postfix: each smtpd service of master.cf with what it would ask us, and
 * what our configuration needs to be asked. doctor_postfix.c finds it out, doctor_postfix_lists.c
 * and doctor_postfix_service.c judge it, doctor_postfix_socket.c tries the sockets.
 */
#ifndef GP_CLI_DOCTOR_POSTFIX_H
#define GP_CLI_DOCTOR_POSTFIX_H

#include "cli/doctor.h"
#include "cli/doctor_postconf.h"

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
	struct gp_postconf_list lists[GP_DOCTOR_LISTS];
	/* our first place in each list; NULL: not in it */
	const struct gp_postconf_policy *ours[GP_DOCTOR_LISTS];
	bool asks;                              /* before the end of a message */
	bool is_chrooted, has_users, is_inside; /* inside: on the loopback only */
	unsigned long processes;                /* 0: without a limit */
};

struct gp_doctor_postfix {
	const char *skip; /* why it is not looked at; NULL: it is */
	bool is_broken;   /* postconf failed: skip says how */
	struct gp_postconf pc;
	const char *version, *queue, *owner;
	struct gp_doctor_view *views;
	size_t view_count, asking;
	bool has_logins; /* some service has smtpd_sasl_auth_enable */
	/* what our limits need */
	bool wants_users, wants_networks, wants_bytes, wants_end;
};

/* Found out once; NULL: no memory. */
struct gp_doctor_postfix *gp_doctor_postfix_look(struct gp_doctor *doctor);

/* The same, or NULL: then it has been said why there is nothing to judge (no Postfix, nobody asks).
 */
struct gp_doctor_postfix *gp_doctor_postfix_asking(struct gp_doctor *doctor);

/* Which services, for one finding about all of them. */
typedef bool (*gp_doctor_view_test)(
	const struct gp_doctor_postfix *postfix, const struct gp_doctor_view *view);

/* "smtp, submission", or NULL when the test holds for none. */
const char *gp_doctor_postfix_which(struct gp_doctor *doctor,
	const struct gp_doctor_postfix *postfix, gp_doctor_view_test test);

/* ---- how to be asked (doctor_postfix_mend.c) ---- */

/* The question: check_policy_service with all that belongs to it. */
const char *gp_doctor_question(struct gp_doctor *doctor);

/* Commands for main.cf that make it ask: at all; at the end of messages. */
void gp_doctor_mend_asking(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix);
void gp_doctor_mend_end(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix);

/* Lines for master.cf, for each service that the test holds for. */
void gp_doctor_mend_services(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	gp_doctor_view_test test, bool for_users);

/* Where a policy service leads. */
struct gp_doctor_place {
	bool is_unix;
	const char *path;            /* absolute, when it is unix */
	bool is_absolute;            /* as it was written */
	const char *host;            /* a name that is not looked up; NULL: an address */
	struct gp_dns_server server; /* when it is not unix */
};

/* Reads an endpoint; false: it is none we know. */
bool gp_doctor_place_parse(struct gp_doctor *doctor, const struct gp_doctor_postfix *postfix,
	struct gp_span endpoint, struct gp_doctor_place *place_out);

/* Does our daemon listen there, as far as the configuration tells? */
bool gp_doctor_place_is_served(struct gp_doctor *doctor, const struct gp_doctor_place *place);

/* What a value is for a service: timeout and default_action of one policy service. */
struct gp_span gp_doctor_policy_value(const struct gp_doctor_postfix *postfix,
	const struct gp_doctor_view *view, struct gp_span own, const char *parameter);

#endif
