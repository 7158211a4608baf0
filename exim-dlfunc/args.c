/* SPDX-License-Identifier: ISC */
/* Lines of the first argument, and the envelope in the others. */
#include "exim-dlfunc/args.h"

#include <stddef.h>

static const struct {
	const char *key;
	size_t offset;
} place_rows[] = {
	{"conf", offsetof(struct gp_exim_place, conf)},
	{"id", offsetof(struct gp_exim_place, id)},
	{"spool", offsetof(struct gp_exim_place, spool)},
	{"server", offsetof(struct gp_exim_place, server)},
	{"lines", offsetof(struct gp_exim_place, lines)},
	{"queue", offsetof(struct gp_exim_place, queue)},
	{"host", offsetof(struct gp_exim_place, host)},
};
#define PLACE_ROWS (sizeof place_rows / sizeof place_rows[0])

/* gp_exim_place_parse: line by line, each key once. */
void gp_exim_place_parse(struct gp_span text, struct gp_exim_place *place_out)
{
	struct gp_span line, key, value;
	bool seen[PLACE_ROWS] = {false};
	*place_out = (struct gp_exim_place) {0};
	while (text.len) {
		gp_span_cut(text, '\n', &line, &text);
		if (!gp_span_cut(line, '=', &key, &value))
			continue;
		for (size_t i = 0; i < PLACE_ROWS; i++)
			if (!seen[i] && gp_span_is(key, place_rows[i].key)) {
				seen[i] = true;
				*(struct gp_span *)((char *)place_out + place_rows[i].offset) =
					value;
			}
	}
}

/* gp_exim_host_name: up to the first blank. */
struct gp_span gp_exim_host_name(struct gp_span fullhost)
{
	struct gp_span name, rest;
	if (fullhost.len == 0 || fullhost.ptr[0] == '(' || fullhost.ptr[0] == '[')
		return (struct gp_span) {NULL, 0};
	gp_span_cut(fullhost, ' ', &name, &rest);
	return name;
}

/* parse_address: empty for mail that did not come over the network. */
static int parse_address(struct gp_span text, struct gp_ipaddr *addr_out)
{
	*addr_out = (struct gp_ipaddr) {.family = GP_IP_NONE};
	if (text.len == 0)
		return GP_OK;
	int rc = gp_ipaddr_parse(text, addr_out);
	if (!rc)
		*addr_out = gp_ipaddr_unmap(*addr_out);
	return rc ? GP_EINVAL : GP_OK;
}

/* gp_exim_call_parse: the place first. */
int gp_exim_call_parse(
	const struct gp_span *args, struct gp_exim_call *call_out, const char **problem_out)
{
	struct gp_exim_call *c = call_out;
	struct gp_envelope *e = &c->envelope;
	*c = (struct gp_exim_call) {.client = args[GP_EXIM_CLIENT]};
	gp_exim_place_parse(args[GP_EXIM_PLACE], &c->place);
	e->helo = args[GP_EXIM_HELO];
	e->sender = args[GP_EXIM_SENDER];
	e->sasl_username = args[GP_EXIM_USER];
	e->recipient = args[GP_EXIM_RECIPIENT];
	e->client_name = gp_exim_host_name(c->place.host);
	int rc = parse_address(c->client, &e->client);
	if (rc)
		*problem_out = "the client's address is not valid";
	else if ((rc = parse_address(c->place.server, &e->server)) != GP_OK)
		*problem_out = "the server's address is not valid";
	return rc;
}
