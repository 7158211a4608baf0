/* SPDX-License-Identifier: ISC */
/*
 * Names as text and as the octets of a packet. Text is never copied: every function looks at it in
 * place, without the one trailing dot that it may have.
 */
#include "dns/dns_private.h"

#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */

/* without_final_dot: the one trailing dot that a name may have is cut off. */
static struct gp_span without_final_dot(struct gp_span name)
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	return name;
}

/* gp_dns_name_is_valid: bounds of RFC 1035 2.3.4 on the whole and on each label. */
bool gp_dns_name_is_valid(struct gp_span name)
{
	name = without_final_dot(name);
	if (name.len == 0)
		return true;
	if (name.len > GP_DNS_NAME_MAX)
		return false;
	size_t label = 0;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == 0)
			return false;
		if (name.ptr[i] != '.') {
			if (++label > LABEL_MAX)
				return false;
			continue;
		}
		if (label == 0)
			return false;
		label = 0;
	}
	return label > 0;
}

/* gp_dns_name_equal: text against text; RFC 4343 on case. */
bool gp_dns_name_equal(struct gp_span a, struct gp_span b)
{
	return gp_span_equal_nocase(without_final_dot(a), without_final_dot(b));
}

/* gp_dns_name_is_within: the ends agree, and the cut is at a dot. */
bool gp_dns_name_is_within(struct gp_span name, struct gp_span parent)
{
	name = without_final_dot(name);
	parent = without_final_dot(parent);
	if (parent.len == 0)
		return true;
	if (name.len < parent.len)
		return false;
	size_t cut = name.len - parent.len;
	if (!gp_span_equal_nocase(gp_span_skip(name, cut), parent))
		return false;
	return cut == 0 || name.ptr[cut - 1] == '.';
}

/* reverse_v6: 32 nibbles, the last first (RFC 3596 2.5). */
static void reverse_v6(const uint8_t bytes[16], char name_out[GP_DNS_NAME_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *p = name_out;
	for (int i = 15; i >= 0; i--) {
		*p++ = hex[bytes[i] & 15];
		*p++ = '.';
		*p++ = hex[bytes[i] >> 4];
		*p++ = '.';
	}
	(void)strlcpy(p, "ip6.arpa", GP_DNS_NAME_TEXT - 64); /* always fits */
}

/* gp_dns_name_reverse: by family; no family has the name "". */
void gp_dns_name_reverse(const struct gp_ipaddr *addr, char name_out[GP_DNS_NAME_TEXT])
{
	const uint8_t *b = addr->bytes;
	name_out[0] = 0;
	if (addr->family == GP_IP_V4) /* RFC 1035 3.5 */
		snprintf(name_out, GP_DNS_NAME_TEXT, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1],
			b[0]);
	else if (addr->family == GP_IP_V6)
		reverse_v6(b, name_out);
}

/* gp_dns_name_to_wire: a length octet before each label, 0 at the end (RFC 1035 3.1). */
size_t gp_dns_name_to_wire(struct gp_span name, uint8_t wire_out[GP_DNS_WIRE_NAME_MAX])
{
	struct gp_span label, rest = without_final_dot(name);
	size_t n = 0;
	while (rest.len > 0) {
		(void)gp_span_cut(rest, '.', &label, &rest); /* the last label has no dot */
		wire_out[n++] = (uint8_t)label.len;
		memcpy(wire_out + n, label.ptr, label.len);
		n += label.len;
	}
	wire_out[n++] = 0;
	return n;
}

/* gp_dns_name_from_wire: octets between length octets, which must lead exactly to the end. */
int gp_dns_name_from_wire(struct gp_span wire, char name_out[GP_DNS_NAME_TEXT])
{
	size_t in = 0, out = 0;
	while (in < wire.len && wire.ptr[in] != 0) {
		size_t label = (uint8_t)wire.ptr[in++];
		if (label > LABEL_MAX || label >= wire.len - in || out + label > GP_DNS_NAME_MAX)
			return GP_ESYNTAX;
		for (size_t end = in + label; in < end; in++) {
			if (wire.ptr[in] == '.' || wire.ptr[in] == 0)
				return GP_ESYNTAX;
			name_out[out++] = gp_span_lower(wire.ptr[in]);
		}
		name_out[out++] = '.';
	}
	if (in + 1 != wire.len)
		return GP_ESYNTAX;
	name_out[out > 0 ? out - 1 : 0] = 0;
	return GP_OK;
}
