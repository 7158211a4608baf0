/* SPDX-License-Identifier: ISC */
/* From a request to a command: by its name in a table. */
#include <string.h>

#include "operator/operator_private.h"

static const struct {
	const char *name;
	json_t *(*run)(struct gp_operator_call *call);
} commands[] = {
	{"limits", gp_operator_limits},
	{"show", gp_operator_show},
	{"reset", gp_operator_reset},
	{"set", gp_operator_set},
	{"unset", gp_operator_unset},
	{"overrides", gp_operator_overrides},
	{"lists", gp_operator_lists},
	{"lists-off", gp_operator_lists_off},
	{"lists-on", gp_operator_lists_on},
	{"lists-retest", gp_operator_lists_retest},
	{"greylist", gp_operator_greylist},
	{"greylist-mail", gp_operator_greylist_mail},
	{"greylist-allow", gp_operator_greylist_allow},
	{"greylist-remove", gp_operator_greylist_remove},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* find: the place of the row, or the number of rows. */
static size_t find(const char *name)
{
	size_t i = 0;
	while (i < COMMANDS && (!name || strcmp(name, commands[i].name) != 0))
		i++;
	return i;
}

/* gp_operator_knows: by the table. */
bool gp_operator_knows(const char *command)
{
	return find(command) < COMMANDS;
}

/* gp_operator_answer: by the table. */
json_t *gp_operator_answer(struct gp_operator_call *call)
{
	size_t i = find(json_string_value(json_object_get(call->request, "command")));
	return i < COMMANDS ? commands[i].run(call) : gp_operator_error("there is no such command");
}
