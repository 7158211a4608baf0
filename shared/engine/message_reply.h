/* SPDX-License-Identifier: ISC */
/*
 * What templates about whole messages say (gp_reply_value): SPF and its domain, each signature's
 * result, the chain, and whose policy it is. A sender who reads only "failed" cannot mend it.
 */
#ifndef GP_ENGINE_MESSAGE_REPLY_H
#define GP_ENGINE_MESSAGE_REPLY_H

#include "engine/check.h"

gp_reply_value gp_engine_message_value;

#endif
