/* SPDX-License-Identifier: ISC */
/*
 * What templates about whole messages say (gp_reply_value): SPF and its domain, each signature's
 * result, the chain, and whose policy it is. From "failed" alone a sender cannot see what to
 * correct.
 */
#ifndef GP_ENGINE_MESSAGE_REPLY_H
#define GP_ENGINE_MESSAGE_REPLY_H

#include "engine/check.h"

gp_reply_value gp_engine_message_value;

#endif
