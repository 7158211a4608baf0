/* SPDX-License-Identifier: ISC */
/* DNS lists while a configuration is read: the sections list, use and dead. */
#ifndef GP_CONFIG_CONFIG_DNSBL_H
#define GP_CONFIG_CONFIG_DNSBL_H

#include "config/config_load_private.h"

/* As sections that repeat (config_repeat.h). */
int gp_config_list_begin(struct gp_config_draft *draft, void *element, const char *title);
int gp_config_use_begin(struct gp_config_draft *draft, void *element, const char *title);
int gp_config_list_finish(struct gp_config_draft *draft, void *element);
int gp_config_dead_begin(struct gp_config_draft *draft, void *element, const char *title);
int gp_config_dead_finish(struct gp_config_draft *draft, void *element);
void gp_config_list_dump(struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets);
void gp_config_no_dump(struct gp_strbuf *buf, const struct gp_config *config, bool with_secrets);

#endif
