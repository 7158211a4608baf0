/* SPDX-License-Identifier: ISC */
/*
 * Labels are cut into words at everything but letters. For IPv4 the numbers of the name are
 * compared with the octets, forwards and backwards and from any octet on; for both families the
 * name without its separators is searched for the hexadecimal digits of the address.
 */
#include "reputation/greylist/greylist_name.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_BYTES 255
#define NUMBERS_MAX 32
#define OCTETS_MOST 3   /* of four: most of an address */
#define NIBBLES_MOST 16 /* of an address of IPv6: half of it, which no counter has by chance */

/* ---- words ---- */

/* Of access lines. */
static const char *const line_words[] = {"adsl", "broadband", "cable", "cablemodem", "catv", "cgn",
	"cgnat", "cpe", "cust", "customer", "customers", "dhcp", "dial", "dialin", "dialup", "dip",
	"docsis", "dsl", "dyn", "dynamic", "dynamicip", "dynip", "dynadsl", "ftth", "gprs",
	"hotspot", "hsd", "hsi", "isdn", "lte", "modem", "pool", "pools", "ppp", "pppoe", "res",
	"residential", "resnet", "umts", "unassigned", "vdsl", "wimax", "wireless", "xdsl", NULL};

/* Of mail servers: they speak against a generic name in a label that has no other words. */
static const char *const mail_words[] = {"bounce", "bounces", "email", "mail", "mailer", "mailgate",
	"mailgw", "mailin", "mailout", "mailrelay", "mails", "mta", "mx", "mxa", "mxb", "mxin",
	"mxout", "newsletter", "out", "outbound", "outgoing", "outmail", "relay", "relays", "send",
	"sender", "smtp", "smtpin", "smtpout", "smtps", NULL};

/* Of hosting: they speak against it as a whole label only, since access lines have them as well. */
static const char *const hosting_words[] = {
	"colo", "dedicated", "server", "servers", "static", NULL};

/* is_in: is the word, which is not empty, one of a list that NULL ends? */
static bool is_in(const char *const *words, struct gp_span word)
{
	for (; *words; words++)
		if (**words == *word.ptr && gp_span_is(word, *words))
			return true;
	return false;
}

/* is_letter: of a name in lower case. */
static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* is_digit: of a number. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* next_word: the next run of letters; an empty one: there is none. */
static struct gp_span next_word(struct gp_span *rest)
{
	size_t from = 0, to;
	while (from < rest->len && !is_letter(rest->ptr[from]))
		from++;
	for (to = from; to < rest->len && is_letter(rest->ptr[to]);)
		to++;
	struct gp_span word = {rest->ptr + from, to - from};
	*rest = gp_span_skip(*rest, to);
	return word;
}

/* is_of_mail: has the label words, and all of them are of mail servers? */
static bool is_of_mail(struct gp_span label)
{
	struct gp_span word = next_word(&label);
	if (word.len == 0)
		return false;
	for (; word.len; word = next_word(&label))
		if (!is_in(mail_words, word))
			return false;
	return true;
}

/* speaks_against: is there a label of a mail server or of hosting? */
static bool speaks_against(struct gp_span name)
{
	struct gp_span label;
	while (name.len) {
		gp_span_cut(name, '.', &label, &name);
		struct gp_span rest = label, word = next_word(&rest);
		bool is_whole = word.len && word.ptr == label.ptr;
		for (size_t i = 0; i < rest.len; i++)
			is_whole = is_whole && is_digit(rest.ptr[i]);
		if (is_of_mail(label) || (is_whole && is_in(hosting_words, word)))
			return true;
	}
	return false;
}

/* has_line_word: is there a word of access lines? */
static bool has_line_word(struct gp_span name)
{
	for (struct gp_span word = next_word(&name); word.len; word = next_word(&name))
		if (is_in(line_words, word))
			return true;
	return false;
}

/* ---- addresses ---- */

/* numbers_of: the runs of digits in a name, and the value of each; one that is too large for an
 * octet is 256. */
static size_t numbers_of(struct gp_span name, unsigned numbers_out[NUMBERS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < name.len && n < NUMBERS_MAX;) {
		if (!is_digit(name.ptr[i])) {
			i++;
			continue;
		}
		unsigned value = 0;
		for (; i < name.len && is_digit(name.ptr[i]); i++)
			value = value > 255 ? 256 : value * 10 + (unsigned)(name.ptr[i] - '0');
		numbers_out[n++] = value > 255 ? 256 : value;
	}
	return n;
}

/* run_of: how many octets in a row stand in the numbers, from octet at on, in steps of step. */
static size_t run_of(
	const uint8_t *octets, size_t at, size_t step, const unsigned *numbers, size_t n)
{
	size_t run = 0;
	while (run < 4 && run < n && numbers[run] == octets[(at + run * step) % 4])
		run++;
	return run;
}

/* has_octets: most of the octets as numbers, in a row, forwards or backwards. */
static bool has_octets(struct gp_span name, const uint8_t *octets)
{
	unsigned numbers[NUMBERS_MAX];
	size_t n = numbers_of(name, numbers);
	for (size_t i = 0; i + OCTETS_MOST <= n; i++)
		for (size_t at = 0; at < 4; at++)
			if (run_of(octets, at, 1, numbers + i, n - i) >= OCTETS_MOST ||
				run_of(octets, at, 3, numbers + i, n - i) >= OCTETS_MOST)
				return true;
	return false;
}

/* put_octet: its digits, as many as it has or more; where the text ends then. */
static size_t put_octet(char *out, size_t at, unsigned octet, unsigned digits)
{
	for (unsigned unit = 100, left = 3; left; left--, unit /= 10)
		if (left <= digits || octet >= unit)
			out[at++] = (char)('0' + octet / unit % 10);
	return at;
}

/* has_run: all octets without anything between them, in one run of digits that holds no more. */
static bool has_run(struct gp_span name, const uint8_t *octets, bool is_backwards, unsigned digits)
{
	char text[16];
	size_t len = 0;
	for (size_t i = 0; i < 4; i++)
		len = put_octet(text, len, octets[is_backwards ? 3 - i : i], digits);
	for (size_t i = 0; i + len <= name.len; i++)
		if (memcmp(name.ptr + i, text, len) == 0 &&
			(i == 0 || !is_digit(name.ptr[i - 1])) &&
			(i + len == name.len || !is_digit(name.ptr[i + len])))
			return true;
	return false;
}

/* nibbles_of: the address in hexadecimal digits, forwards or backwards; for IPv4 by octets. */
static size_t nibbles_of(const struct gp_ipaddr *client, bool is_backwards, char out[32])
{
	static const char digits[] = "0123456789abcdef";
	size_t octets = gp_ipaddr_bits(client) / 8;
	for (size_t i = 0; i < octets; i++) {
		uint8_t octet = client->bytes[is_backwards ? octets - 1 - i : i];
		bool is_swapped = is_backwards && octets == 16;
		out[2 * i] = digits[is_swapped ? octet & 15 : octet >> 4];
		out[2 * i + 1] = digits[is_swapped ? octet >> 4 : octet & 15];
	}
	return 2 * octets;
}

/* has_nibbles: so many in a row, in the name without its separators. */
static bool has_nibbles(struct gp_span name, const char *nibbles, size_t count, size_t most)
{
	char bare[NAME_MAX_BYTES];
	size_t n = 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] != '-' && name.ptr[i] != '.')
			bare[n++] = name.ptr[i];
	for (size_t from = 0; from + most <= count; from++)
		if (memmem(bare, n, nibbles + from, most))
			return true;
	return false;
}

/* has_groups: an address of IPv6 with its zeros left out: three of its groups, one of the host's
 * among them, each as a part of its own. */
static bool has_groups(struct gp_span name, const struct gp_ipaddr *client)
{
	size_t found = 0, of_host = 0;
	for (size_t i = 0; i < 8; i++) {
		char text[5];
		unsigned group = (unsigned)client->bytes[2 * i] << 8 | client->bytes[2 * i + 1];
		size_t len = 0;
		for (int shift = 12; shift >= 0; shift -= 4)
			if (len || group >> shift)
				text[len++] = "0123456789abcdef"[group >> shift & 15];
		for (size_t k = 0; len && k + len <= name.len; k++) {
			bool begins = k == 0 || !gp_span_is_alnum(name.ptr[k - 1]);
			bool ends = k + len == name.len || !gp_span_is_alnum(name.ptr[k + len]);
			if (begins && ends && memcmp(name.ptr + k, text, len) == 0) {
				found++;
				of_host += i >= 4;
				break;
			}
		}
	}
	return found >= 3 && of_host > 0;
}

/* has_address: in any of its forms. */
static bool has_address(struct gp_span name, const struct gp_ipaddr *client)
{
	char nibbles[32];
	if (client->family == GP_IP_NONE)
		return false;
	bool is_v4 = client->family == GP_IP_V4;
	for (int backwards = 0; backwards < 2; backwards++) {
		size_t count = nibbles_of(client, backwards, nibbles);
		if (has_nibbles(name, nibbles, count, is_v4 ? count : NIBBLES_MOST))
			return true;
		if (is_v4 && (has_run(name, client->bytes, backwards, 3) ||
				     has_run(name, client->bytes, backwards, 1)))
			return true;
	}
	return is_v4 ? has_octets(name, client->bytes) : has_groups(name, client);
}

/* ---- both ---- */

/* below: what stands before the registered domain, without the dot. */
static struct gp_span below(struct gp_span name, struct gp_span registered)
{
	if (registered.len && registered.len <= name.len) {
		name.len -= registered.len;
	} else {
		for (int labels = 0; labels < 2; labels++) {
			ptrdiff_t at = gp_span_find_last(name, '.');
			name.len = at < 0 ? 0 : (size_t)at;
		}
	}
	while (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	return name;
}

/* gp_greylist_name_kind: in lower case; a longer text is no name. */
enum gp_greylist_name_kind gp_greylist_name_kind(
	struct gp_span name, struct gp_span registered, const struct gp_ipaddr *client)
{
	char lower[NAME_MAX_BYTES];
	if (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	name = below(name, registered);
	if (name.len == 0 || name.len > sizeof lower)
		return GP_GREYLIST_NAME_PROPER;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = gp_span_lower(name.ptr[i]);
	name.ptr = lower;
	if (speaks_against(name))
		return GP_GREYLIST_NAME_PROPER;
	if (has_address(name, client))
		return GP_GREYLIST_NAME_OF_ADDRESS;
	return has_line_word(name) ? GP_GREYLIST_NAME_OF_LINE : GP_GREYLIST_NAME_PROPER;
}
