/* SPDX-License-Identifier: ISC */
/* Value: what a field's function returns (engine/check.h), made of what C has. */
#ifndef GP_ENGINE_VALUE_H
#define GP_ENGINE_VALUE_H

#include "engine/check.h"

/* Not looked for. */
struct gp_value gp_engine_value_absent(void);

/* A text that lives as long as the record; NULL: there is none. */
struct gp_value gp_engine_value_text(const char *text);
struct gp_value gp_engine_value_span(struct gp_span text);

/* The same; "" counts as none as well, and NULL as absent. */
struct gp_value gp_engine_value_made(const char *text);

struct gp_value gp_engine_value_number(int64_t number);
struct gp_value gp_engine_value_some(int64_t number); /* 0 is absent */
struct gp_value gp_engine_value_bool(bool yes);

#endif
