/* SPDX-License-Identifier: ISC */
/* Each type by its constructor. */
#include "engine/value.h"

/* gp_engine_value_absent: zero. */
struct gp_value gp_engine_value_absent(void)
{
	return (struct gp_value) {.type = GP_VALUE_ABSENT};
}

/* gp_engine_value_text: or null. */
struct gp_value gp_engine_value_text(const char *text)
{
	return (struct gp_value) {
		.type = text ? GP_VALUE_TEXT : GP_VALUE_NULL, .text = gp_span_from(text)};
}

/* gp_engine_value_span: may be empty. */
struct gp_value gp_engine_value_span(struct gp_span text)
{
	return (struct gp_value) {.type = GP_VALUE_TEXT, .text = text};
}

/* gp_engine_value_made: of an arena that may have refused. */
struct gp_value gp_engine_value_made(const char *text)
{
	return text && *text ? gp_engine_value_text(text) : gp_engine_value_absent();
}

/* gp_engine_value_number: any. */
struct gp_value gp_engine_value_number(int64_t number)
{
	return (struct gp_value) {.type = GP_VALUE_NUMBER, .number = number};
}

/* gp_engine_value_some: where none need not be told. */
struct gp_value gp_engine_value_some(int64_t number)
{
	return number ? gp_engine_value_number(number) : gp_engine_value_absent();
}

/* gp_engine_value_bool: yes or no. */
struct gp_value gp_engine_value_bool(bool yes)
{
	return (struct gp_value) {.type = GP_VALUE_BOOL, .yes = yes};
}
