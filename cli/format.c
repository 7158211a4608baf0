/* SPDX-License-Identifier: ISC */
/* Widths of characters come from the locale; without UTF-8 there only ASCII is shown. */
#include "cli/format.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "base/span.h"
#include "base/encode.h"
#include "base/strbuf.h"

/* ---- numbers ---- */

/* gp_cli_amount: one decimal below ten. */
const char *gp_cli_amount(int64_t n, bool is_bytes, char text_out[GP_CLI_TEXT])
{
	static const char units[] = "kMGTP";
	int unit = -1;
	int64_t whole = n, tenths = 0;
	while (is_bytes && whole >= 1024 && units[unit + 1]) {
		tenths = whole % 1024 * 10 / 1024;
		whole /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text_out, GP_CLI_TEXT, "%lld", (long long)n);
	else if (whole < 10 && tenths)
		snprintf(text_out, GP_CLI_TEXT, "%lld.%lld%c", (long long)whole, (long long)tenths,
			units[unit]);
	else
		snprintf(text_out, GP_CLI_TEXT, "%lld%c", (long long)whole, units[unit]);
	return text_out;
}

/* gp_cli_percent: rounded down. */
const char *gp_cli_percent(int64_t used, int64_t max, char text_out[GP_CLI_TEXT])
{
	double percent = max > 0 ? (double)used * 100 / (double)max : used ? 1e9 : 100;
	if (max < 0)
		*text_out = 0;
	else if (percent >= 1000)
		snprintf(text_out, GP_CLI_TEXT, ">999%%");
	else
		snprintf(text_out, GP_CLI_TEXT, "%d%%", (int)percent);
	return text_out;
}

/* gp_cli_bar: full from the maximum on. */
const char *gp_cli_bar(int64_t used, int64_t max, size_t width, char text_out[GP_CLI_TEXT])
{
	size_t filled = width;
	*text_out = 0;
	if (max < 0 || width >= GP_CLI_TEXT)
		return text_out;
	if (used < max)
		filled = (size_t)((double)used * (double)width / (double)max);
	memset(text_out, '#', filled);
	memset(text_out + filled, '.', width - filled);
	text_out[width] = 0;
	return text_out;
}

/* number_and_unit: digits, then what is left. */
static bool number_and_unit(const char *text, int64_t max, int64_t *n_out, const char **unit_out)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t n;
	if (gp_span_parse_uint((struct gp_span) {text, digits}, (uint64_t)max, &n))
		return false;
	*n_out = (int64_t)n;
	*unit_out = text + digits;
	return true;
}

/* gp_cli_amount_parse: the configuration's way to write them. */
bool gp_cli_amount_parse(const char *text, int64_t max, int64_t *n_out, bool *has_unit_out)
{
	static const struct {
		const char *letters;
		int shift;
	} units[] = {{"kK", 10}, {"mM", 20}, {"gG", 30}, {"tT", 40}};
	const char *unit;
	*has_unit_out = false;
	if (!number_and_unit(text, max, n_out, &unit))
		return false;
	if (!*unit)
		return true;
	*has_unit_out = true;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strchr(units[i].letters, *unit) && !unit[1]) {
			if (*n_out > max >> units[i].shift)
				return false;
			*n_out <<= units[i].shift;
			return true;
		}
	return false;
}

/* ---- times ---- */

static const struct {
	char letter;
	int64_t s;
} periods[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
#define PERIODS (sizeof periods / sizeof periods[0])

/* gp_cli_duration_parse: a number with its unit. */
bool gp_cli_duration_parse(const char *text, int64_t max, int64_t *s_out)
{
	const char *unit;
	if (!number_and_unit(text, max, s_out, &unit) || *s_out == 0)
		return false;
	for (size_t i = 0; i < PERIODS; i++)
		if (*unit == periods[i].letter && !unit[1]) {
			if (*s_out > max / periods[i].s)
				return false;
			*s_out *= periods[i].s;
			return true;
		}
	return false;
}

/* gp_cli_micros: three figures, about. */
const char *gp_cli_micros(int64_t us, char text_out[GP_CLI_TEXT])
{
	if (us < 1)
		snprintf(text_out, GP_CLI_TEXT, "less than 1 us");
	else if (us < 1000)
		snprintf(text_out, GP_CLI_TEXT, "%lld us", (long long)us);
	else if (us < 1000000)
		snprintf(text_out, GP_CLI_TEXT, "%.*f ms", us < 10000 ? 1 : 0, (double)us / 1e3);
	else
		snprintf(text_out, GP_CLI_TEXT, "%.1f s", (double)us / 1e6);
	return text_out;
}

/* gp_cli_time: local, because people read it. */
const char *gp_cli_time(int64_t wall_s, char text_out[GP_CLI_TEXT])
{
	time_t t = (time_t)wall_s, now = time(NULL);
	struct tm tm, today;
	bool is_today = localtime_r(&t, &tm) && localtime_r(&now, &today) &&
			tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year;
	if (!localtime_r(&t, &tm) ||
		!strftime(text_out, GP_CLI_TEXT, is_today ? "%H:%M" : "%Y-%m-%d %H:%M", &tm))
		snprintf(text_out, GP_CLI_TEXT, "?");
	return text_out;
}

/* ---- names ---- */

/* is_sly: can such a character change how others look, or hide? Directions of writing, spaces
 * without a width, marks of byte order. */
static bool is_sly(wchar_t c)
{
	return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* character: at text: its bytes, and how many columns it takes; -1: it may not be shown. */
static size_t character(const char *text, int *columns_out)
{
	mbstate_t state = {0};
	wchar_t c;
	unsigned char byte = (unsigned char)*text;
	*columns_out = byte >= 0x20 && byte < 0x7f ? 1 : -1;
	if (byte < 0x80)
		return 1;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) {
		size_t n = mbrtowc(&c, text, strlen(text), &state);
		if (n == (size_t)-1 || n == (size_t)-2)
			return 1;
		if (iswprint((wint_t)c) && !is_sly(c))
			*columns_out = wcwidth(c);
		return n;
	}
	size_t n = 1; /* one question mark for a character, whatever it is */
	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* finish: the text, or what stands for it. */
static const char *finish(struct gp_strbuf *buf)
{
	const char *text;
	return gp_strbuf_finish(buf, &text) ? "?" : text;
}

/* gp_cli_visible: character by character. */
const char *gp_cli_visible(struct gp_arena *arena, const char *text)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, strlen(text) + 1);
	while (*text) {
		int columns;
		size_t n = character(text, &columns);
		if (columns >= 0)
			gp_strbuf_add_span(&buf, (struct gp_span) {text, n});
		else
			gp_strbuf_add_char(&buf, '?');
		text += n;
	}
	return finish(&buf);
}

/* gp_cli_visible_span: byte by byte. */
const char *gp_cli_visible_span(struct gp_arena *arena, struct gp_span bytes)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, bytes.len + 1);
	gp_encode_visible(&buf, bytes);
	return finish(&buf);
}

/* gp_cli_columns: the sum. */
size_t gp_cli_columns(const char *visible)
{
	size_t sum = 0;
	while (*visible) {
		int columns;
		visible += character(visible, &columns);
		sum += columns > 0 ? (size_t)columns : 0;
	}
	return sum;
}

/* gp_cli_cut_at: the beginning, three dots, and the end. */
const char *gp_cli_cut_at(struct gp_arena *arena, const char *visible, size_t columns, size_t head)
{
	size_t total = gp_cli_columns(visible), at = 0;
	if (total <= columns || columns < 5)
		return visible;
	size_t tail = columns - 3 - head;
	bool is_dotted = false;
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, strlen(visible) + 4);
	while (*visible) {
		int width;
		size_t n = character(visible, &width);
		if (at + (size_t)width <= head || at >= total - tail)
			gp_strbuf_add_span(&buf, (struct gp_span) {visible, n});
		else if (!is_dotted)
			gp_strbuf_add(&buf, "...");
		is_dotted = is_dotted || at + (size_t)width > head;
		at += (size_t)width;
		visible += n;
	}
	return finish(&buf);
}

/* gp_cli_cut: as much of the end as of the beginning. */
const char *gp_cli_cut(struct gp_arena *arena, const char *visible, size_t columns)
{
	return columns < 5 ? visible
			   : gp_cli_cut_at(arena, visible, columns, (columns - 3 + 1) / 2);
}

/* gp_cli_first: no character in part. */
const char *gp_cli_first(struct gp_arena *arena, const char *visible, size_t columns)
{
	size_t len = 0, at = 0;
	while (visible[len]) {
		int width;
		size_t n = character(visible + len, &width);
		if (at + (size_t)width > columns)
			break;
		at += (size_t)width;
		len += n;
	}
	const char *text = gp_arena_copy(arena, (struct gp_span) {visible, len});
	return text ? text : "?";
}
