/* SPDX-License-Identifier: ISC */
/*
 * The window of one counter: sums of slots, newest first, and arithmetic on them.
 *
 * Slot k is the time from k*w to (k+1)*w; it counts at a time t as long as its end lies less than
 * per before t: (k+1)*w > t - per. Entries carry their age, last - k, so that a clock that goes
 * back moves all of them by changing last alone.
 */
#include "store/store_private.h"

#include <string.h>

#define SUM_MAX (1LL << 53) /* sums stop here: beyond, a double (Redis) is not exact */

/* gp_store_window_width: rounded up. */
int64_t gp_store_window_width(int64_t per_ms)
{
	return (per_ms + GP_STORE_SLOTS - 1) / GP_STORE_SLOTS;
}

/* slot_of: the slot a time lies in; times before 0 do not occur. */
static int64_t slot_of(const struct gp_store_window *window, int64_t at_ms)
{
	return at_ms / gp_store_window_width(window->per_ms);
}

/* effective: a time before the newest slot is taken for that slot's begin. */
static int64_t effective(const struct gp_store_window *window, int64_t now_ms)
{
	int64_t begin = window->last * gp_store_window_width(window->per_ms);
	return now_ms > begin ? now_ms : begin;
}

/* end_of: when the slot of this entry stops counting. */
static int64_t end_of(const struct gp_store_window *window, unsigned i)
{
	int64_t slot = window->last - window->entry[i].age;
	return (slot + 1) * gp_store_window_width(window->per_ms) + window->per_ms;
}

/* gp_store_window_end: of the newest entry. */
int64_t gp_store_window_end(const struct gp_store_window *window)
{
	return end_of(window, 0);
}

/* gp_store_window_init: no entries. */
void gp_store_window_init(struct gp_store_window *window, int64_t per_ms, int64_t now_ms)
{
	window->per_ms = per_ms;
	window->last = now_ms / gp_store_window_width(per_ms);
	window->entries = 0;
}

/* shift: all entries grow older; the first that grows too old ends the list. */
static void shift(struct gp_store_window *window, int64_t slots)
{
	unsigned kept = 0;
	while (kept < window->entries && window->entry[kept].age + slots <= GP_STORE_SLOTS) {
		window->entry[kept].age = (uint8_t)(window->entry[kept].age + slots);
		kept++;
	}
	window->entries = kept;
}

/* gp_store_window_advance: one slot back is ignored, more is another clock. */
void gp_store_window_advance(struct gp_store_window *window, int64_t now_ms)
{
	int64_t slot = slot_of(window, now_ms);
	if (slot > window->last && window->entries > 0)
		shift(window, slot - window->last);
	if (window->entries == 0 || slot > window->last || slot < window->last - 1)
		window->last = slot;
	int64_t now = effective(window, now_ms);
	while (window->entries > 0 && end_of(window, window->entries - 1) <= now)
		window->entries--;
}

/* gp_store_window_used: the sum, which stops at 2^53. */
int64_t gp_store_window_used(const struct gp_store_window *window)
{
	int64_t sum = 0;
	for (unsigned i = 0; i < window->entries; i++) {
		if (window->entry[i].count >= SUM_MAX - sum)
			return SUM_MAX;
		sum += window->entry[i].count;
	}
	return sum;
}

/* gp_store_window_add: into the entry of age 0, which is made when there is none. */
void gp_store_window_add(struct gp_store_window *window, int64_t amount)
{
	if (amount <= 0)
		return;
	if (window->entries == 0 || window->entry[0].age != 0) {
		/* all 65 ages taken would include age 0: there is room */
		memmove(&window->entry[1], &window->entry[0],
			window->entries * sizeof window->entry[0]);
		window->entries++;
		window->entry[0].age = 0;
		window->entry[0].count = 0;
	}
	int64_t room = SUM_MAX - window->entry[0].count;
	window->entry[0].count += amount < room ? amount : room;
}

/* gp_store_window_back: an entry that becomes 0 vanishes. */
int64_t gp_store_window_back(struct gp_store_window *window, int64_t amount, int64_t at_ms)
{
	int64_t age = window->last - slot_of(window, at_ms);
	unsigned i = 0;
	while (i < window->entries && window->entry[i].age < age)
		i++;
	if (amount <= 0 || age < 0 || i == window->entries || window->entry[i].age != age)
		return 0;
	if (amount < window->entry[i].count) {
		window->entry[i].count -= amount;
		return amount;
	}
	amount = window->entry[i].count;
	window->entries--;
	memmove(&window->entry[i], &window->entry[i + 1],
		(window->entries - i) * sizeof window->entry[0]);
	return amount;
}

/*
 * gp_store_window_wait: from the newest slot on, as many are kept as leave room; the one after them
 * is the last that has to stop counting.
 */
int64_t gp_store_window_wait(
	const struct gp_store_window *window, int64_t now_ms, int64_t amount, int64_t max)
{
	int64_t sum = amount;
	if (amount <= 0)
		return 0;
	if (amount > max)
		return -1;
	for (unsigned i = 0; i < window->entries; i++) {
		if (window->entry[i].count > max - sum)
			return end_of(window, i) - effective(window, now_ms);
		sum += window->entry[i].count;
	}
	return 0;
}

/* gp_store_window_test: nothing is added yet. */
void gp_store_window_test(
	struct gp_store_window *window, struct gp_store_count *count, int64_t now_ms)
{
	gp_store_window_advance(window, now_ms);
	(void)gp_store_window_back(window, count->back, count->back_ms);
	count->used = gp_store_window_used(window);
	count->wait_ms = gp_store_window_wait(window, now_ms, count->take, count->max);
	count->refused = count->wait_ms != 0 && !count->forced;
}

/* gp_store_window_count: adds, and says what is so afterwards. */
void gp_store_window_count(
	struct gp_store_window *window, struct gp_store_count *count, int64_t now_ms)
{
	gp_store_window_add(window, count->take);
	count->used = gp_store_window_used(window);
	count->wait_ms = gp_store_window_wait(window, now_ms, 1, count->max);
	count->refused = false;
}

/* gp_store_window_is_valid: what the other functions take for granted. */
bool gp_store_window_is_valid(const struct gp_store_window *window)
{
	if (window->per_ms < GP_STORE_PER_MIN_MS || window->per_ms > GP_STORE_PER_MAX_MS)
		return false;
	if (window->last < 0 || window->entries > GP_STORE_ENTRIES ||
		window->last > SUM_MAX / gp_store_window_width(window->per_ms))
		return false;
	for (unsigned i = 0; i < window->entries; i++) {
		if (window->entry[i].count <= 0 || window->entry[i].count > SUM_MAX ||
			window->entry[i].age > GP_STORE_SLOTS ||
			(i > 0 && window->entry[i].age <= window->entry[i - 1].age))
			return false;
	}
	return true;
}
