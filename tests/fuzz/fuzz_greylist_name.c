/* SPDX-License-Identifier: ISC */
/* A reverse name as anybody may publish it: classified in any case of its letters alike; and the
 * local part of a sender, whose plain form hides nothing. */
#include <string.h>

#include "fuzz/target.h"
#include "reputation/greylist/greylist_key.h"
#include "reputation/greylist/greylist_name.h"

const char *const fuzz_reached_seed = "of-address";

static bool reached;

/* fuzz_reached: was the last name generic? */
int fuzz_reached(void)
{
	return reached;
}

/* check_name: with and without an address; capitals change nothing. */
static enum gp_greylist_name_kind check_name(struct gp_span name, const struct gp_ipaddr *client)
{
	const struct gp_span none = {NULL, 0};
	const struct gp_ipaddr nobody = {.family = GP_IP_NONE};
	char *capitals = malloc(name.len + 1);
	fuzz_require(capitals);
	for (size_t i = 0; i < name.len; i++)
		capitals[i] = (char)(name.ptr[i] >= 'a' && name.ptr[i] <= 'z' ? name.ptr[i] - 32
									      : name.ptr[i]);
	const struct gp_span other = {capitals, name.len};
	enum gp_greylist_name_kind kind = gp_greylist_name_kind(name, none, client);
	fuzz_require(kind == gp_greylist_name_kind(other, none, client));
	fuzz_require(gp_greylist_name_kind(name, none, &nobody) != GP_GREYLIST_NAME_OF_ADDRESS);
	fuzz_require(gp_greylist_name_kind(name, name, client) == GP_GREYLIST_NAME_PROPER ||
		     (name.len && name.ptr[name.len - 1] == '.'));
	free(capitals);
	return kind;
}

/* LLVMFuzzerTestOneInput: an address of either family, then the name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reached = false;
	if (size < 16 || size > 8192)
		return 0;
	struct gp_ipaddr client = {.family = data[15] & 1 ? GP_IP_V6 : GP_IP_V4};
	memcpy(client.bytes, data, client.family == GP_IP_V4 ? 4 : 16);
	const struct gp_span name = {(const char *)data + 16, size - 16};
	reached = check_name(name, &client) != GP_GREYLIST_NAME_PROPER;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	const char *plain = arena ? gp_greylist_plain_local(arena, name) : NULL;
	fuzz_require(plain && strlen(plain) <= name.len);
	for (const char *p = plain; *p; p++)
		fuzz_require((*p < 'A' || *p > 'Z') && (*p < '0' || *p > '9'));
	gp_arena_free(arena);
	return 0;
}
