/* SPDX-License-Identifier: ISC */
/* Health, within: the table of slots and its lock, for those files that work on slots. */
#ifndef GP_REPUTATION_DNSBL_HEALTH_PRIVATE_H
#define GP_REPUTATION_DNSBL_HEALTH_PRIVATE_H

#include <pthread.h>

#include "reputation/dnsbl/dnsbl_slot_private.h"

struct gp_dnsbl_health {
	pthread_mutex_t lock; /* guards all that follows; of base/shared_lock.h */
	struct gp_dnsbl_world world;
	bool none_left; /* has been told */
	bool is_private;
	struct gp_dnsbl_slot slots[GP_DNSBL_LISTS_MAX];
};

/* Takes the lock and finds the list's slot; NULL: it has none. The lock is held in any case. */
struct gp_dnsbl_slot *gp_dnsbl_health_take(
	struct gp_dnsbl_health *health, const struct gp_dnsbl_list *list);
void gp_dnsbl_health_release(struct gp_dnsbl_health *health);

#endif
