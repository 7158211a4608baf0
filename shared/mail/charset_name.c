/* SPDX-License-Identifier: ISC */
/*
 * Programs compare names in ways of their own: some drop signs and blanks, some take a bare number
 * for a code page. So a name is brought into one form first: lower case letters and digits, without
 * the prefixes that say nothing. Only charsets that are listed here have ASCII where ASCII is.
 */
#include "mail/charset.h"

#include <string.h>

#define NAME_MAX_LENGTH 64 /* letters and digits of a name that are looked at */

/* How names begin, the more special ones first; a $ is the end. */
static const struct {
	const char *start;
	enum gp_charset charset;
} families[] = {
	{"utf7imap", GP_CHARSET_OTHER},
	{"utf7", GP_CHARSET_UTF_7},
	{"unicode11utf7", GP_CHARSET_UTF_7},
	{"unicode20utf7", GP_CHARSET_UTF_7},
	{"u7$", GP_CHARSET_UTF_7},
	{"utf8", GP_CHARSET_ASCII},
	{"unicode11utf8", GP_CHARSET_ASCII},
	{"unicode20utf8", GP_CHARSET_ASCII},
	{"u8$", GP_CHARSET_ASCII},
	{"utf$", GP_CHARSET_ASCII},
	{"cesu8", GP_CHARSET_ASCII},
	{"utf", GP_CHARSET_OTHER},
	{"u16$", GP_CHARSET_OTHER},
	{"u32$", GP_CHARSET_OTHER},
	{"unicode", GP_CHARSET_OTHER},
	{"rawunicode", GP_CHARSET_OTHER},
	{"ucs", GP_CHARSET_OTHER},
	{"iso10646", GP_CHARSET_OTHER},
	{"10646", GP_CHARSET_OTHER},
	{"gb13000", GP_CHARSET_OTHER},
	{"scsu", GP_CHARSET_OTHER},
	{"bocu", GP_CHARSET_OTHER},
	{"ebcdic", GP_CHARSET_OTHER},
	{"ibm943", GP_CHARSET_SJIS},
	{"ibm", GP_CHARSET_OTHER},
	{"osf", GP_CHARSET_OTHER},
	{"punycode", GP_CHARSET_OTHER},
	{"idna", GP_CHARSET_OTHER},
	{"iso2022", GP_CHARSET_ISO_2022},
	{"jis7$", GP_CHARSET_ISO_2022},
	{"jis$", GP_CHARSET_ISO_2022},
	{"hz", GP_CHARSET_HZ},
	{"eucjp", GP_CHARSET_EUC_JP},
	{"eucjis", GP_CHARSET_EUC_JP},
	{"eucpkd", GP_CHARSET_EUC_JP},
	{"extendedunixcodepackedformatforjapanese", GP_CHARSET_EUC_JP},
	{"eucfix", GP_CHARSET_OTHER},
	{"extendedunixcode", GP_CHARSET_OTHER},
	{"ujis", GP_CHARSET_EUC_JP},
	{"jisx0213", GP_CHARSET_EUC_JP},
	{"jisx02", GP_CHARSET_OTHER},
	{"jisc", GP_CHARSET_OTHER},
	{"sjis", GP_CHARSET_SJIS},
	{"shiftjis", GP_CHARSET_SJIS},
	{"mskanji", GP_CHARSET_SJIS},
	{"windows31j", GP_CHARSET_SJIS},
	{"31j", GP_CHARSET_SJIS},
	{"macjapan", GP_CHARSET_SJIS},
	{"big5", GP_CHARSET_BIG5},
	{"bigfive", GP_CHARSET_BIG5},
	{"cnbig5", GP_CHARSET_BIG5},
	{"eten", GP_CHARSET_BIG5},
	{"macchintrad", GP_CHARSET_BIG5},
	{"macchinesetrad", GP_CHARSET_BIG5},
	{"gbk", GP_CHARSET_GBK},
	{"gb18030", GP_CHARSET_GBK},
	{"gb2312", GP_CHARSET_GBK}, /* of which programs make GBK */
	{"cngbisoir", GP_CHARSET_OTHER},
	{"cngb", GP_CHARSET_GBK},
	{"euccn", GP_CHARSET_GBK},
	{"eucgb", GP_CHARSET_GBK},
	{"chinese", GP_CHARSET_GBK},
	{"iso58gb", GP_CHARSET_GBK},
	{"isoir58$", GP_CHARSET_GBK},
	{"macchin", GP_CHARSET_GBK},
	{"uhc", GP_CHARSET_GBK},
	{"ksc", GP_CHARSET_GBK}, /* of which programs make code page 949 */
	{"ksx1001", GP_CHARSET_GBK},
	{"korean", GP_CHARSET_GBK},
	{"euckr", GP_CHARSET_GBK},
	{"isoir149$", GP_CHARSET_GBK},
	{"mackorean", GP_CHARSET_GBK},
	{"johab", GP_CHARSET_OTHER}, /* its signs stand elsewhere */
	{"euctw", GP_CHARSET_OTHER},
	{"cns", GP_CHARSET_OTHER},
	{"euc", GP_CHARSET_EUC},
	{"ascii", GP_CHARSET_ASCII},
	{"usascii", GP_CHARSET_ASCII},
	{"us$", GP_CHARSET_ASCII},
	{"646$", GP_CHARSET_ASCII},
	{"iso646us", GP_CHARSET_ASCII},
	{"ansi", GP_CHARSET_ASCII},
	{"iso8859", GP_CHARSET_ASCII},
	{"8859", GP_CHARSET_ASCII},
	{"isolatin", GP_CHARSET_ASCII},
	{"latin", GP_CHARSET_ASCII},
	{"l1$", GP_CHARSET_ASCII},
	{"l2$", GP_CHARSET_ASCII},
	{"l3$", GP_CHARSET_ASCII},
	{"l4$", GP_CHARSET_ASCII},
	{"l5$", GP_CHARSET_ASCII},
	{"l6$", GP_CHARSET_ASCII},
	{"l7$", GP_CHARSET_ASCII},
	{"l8$", GP_CHARSET_ASCII},
	{"l9$", GP_CHARSET_ASCII},
	{"l10$", GP_CHARSET_ASCII},
	{"koi8", GP_CHARSET_ASCII},
	{"tis620", GP_CHARSET_ASCII},
	{"viscii", GP_CHARSET_ASCII},
	{"macarabic", GP_CHARSET_OTHER}, /* a second dot over 0x7f */
	{"macfarsi", GP_CHARSET_OTHER},
	{"armscii", GP_CHARSET_OTHER},
	{"isiri", GP_CHARSET_OTHER},
	{"machebrew", GP_CHARSET_OTHER},
	{"mac", GP_CHARSET_ASCII},
	{"pc8", GP_CHARSET_ASCII}, /* csPC850Multilingual and its like */
	{"pc775", GP_CHARSET_ASCII},
	{"unknown", GP_CHARSET_ASCII}, /* what programs write that have no name for it */
	{"userdefined", GP_CHARSET_ASCII},
	{"default", GP_CHARSET_ASCII},
	{"binary", GP_CHARSET_ASCII},
	{"8bit", GP_CHARSET_ASCII},
	{"7bit", GP_CHARSET_ASCII},
};

/* Code pages, as Windows and IBM number them; all others are EBCDIC, UTF-16, or nobody's. */
static const struct {
	unsigned short first, last;
	enum gp_charset charset;
} pages[] = {
	{367, 367, GP_CHARSET_ASCII},
	{437, 437, GP_CHARSET_ASCII},
	{720, 720, GP_CHARSET_ASCII},
	{737, 737, GP_CHARSET_ASCII},
	{775, 775, GP_CHARSET_ASCII},
	{813, 813, GP_CHARSET_ASCII},
	{819, 819, GP_CHARSET_ASCII},
	{850, 850, GP_CHARSET_ASCII},
	{852, 853, GP_CHARSET_ASCII},
	{855, 869, GP_CHARSET_ASCII},
	{874, 874, GP_CHARSET_ASCII},
	{878, 878, GP_CHARSET_ASCII},
	{912, 916, GP_CHARSET_ASCII},
	{920, 923, GP_CHARSET_ASCII},
	{932, 932, GP_CHARSET_SJIS},
	{936, 936, GP_CHARSET_GBK},
	{942, 943, GP_CHARSET_SJIS},
	{949, 949, GP_CHARSET_GBK}, /* pairs as in GBK, row 3 too */
	{950, 950, GP_CHARSET_BIG5},
	{954, 954, GP_CHARSET_EUC_JP},
	{970, 970, GP_CHARSET_GBK},
	{1089, 1089, GP_CHARSET_ASCII},
	{1125, 1125, GP_CHARSET_ASCII},
	{1208, 1208, GP_CHARSET_ASCII},
	{1250, 1258, GP_CHARSET_ASCII},
	{1363, 1363, GP_CHARSET_GBK},
	{1370, 1370, GP_CHARSET_BIG5},
	{1375, 1375, GP_CHARSET_BIG5},
	{1381, 1381, GP_CHARSET_GBK},
	{1383, 1383, GP_CHARSET_GBK},
	{1386, 1386, GP_CHARSET_GBK},
	{8859, 8859, GP_CHARSET_ASCII},
	{10000, 10000, GP_CHARSET_ASCII},
	{10001, 10001, GP_CHARSET_SJIS},
	{10002, 10002, GP_CHARSET_BIG5},
	{10003, 10003, GP_CHARSET_GBK},
	{10006, 10007, GP_CHARSET_ASCII},
	{10008, 10008, GP_CHARSET_GBK},
	{10029, 10029, GP_CHARSET_ASCII},
	{10081, 10081, GP_CHARSET_ASCII},
	{20127, 20127, GP_CHARSET_ASCII},
	{20866, 20866, GP_CHARSET_ASCII},
	{20932, 20932, GP_CHARSET_EUC_JP},
	{20936, 20936, GP_CHARSET_GBK},
	{20949, 20949, GP_CHARSET_GBK},
	{21866, 21866, GP_CHARSET_ASCII},
	{28591, 28606, GP_CHARSET_ASCII},
	{33722, 33722, GP_CHARSET_EUC_JP},
	{50220, 50229, GP_CHARSET_ISO_2022},
	{51932, 51932, GP_CHARSET_EUC_JP},
	{51936, 51936, GP_CHARSET_GBK},
	{51949, 51949, GP_CHARSET_GBK},
	{52936, 52936, GP_CHARSET_HZ},
	{54936, 54936, GP_CHARSET_GBK},
	{65000, 65000, GP_CHARSET_UTF_7},
	{65001, 65001, GP_CHARSET_ASCII},
};

/* Registered sets (ISO-IR) that are ASCII below 0x80, or ASCII itself. */
static const unsigned short registered[] = {
	6, 100, 101, 109, 110, 126, 127, 138, 144, 148, 157, 166, 179, 199, 203, 226};

/* ---- one form of a name ---- */

/* squeeze: its letters and digits, small; an empty one when there are too many. What stands after a
 * slash tells iconv how to convert. */
static struct gp_span squeeze(struct gp_span name, char room[static NAME_MAX_LENGTH])
{
	struct gp_span squeezed = {room, 0};
	for (size_t i = 0; i < name.len && name.ptr[i] != '/'; i++) {
		char c = name.ptr[i];
		if (!gp_span_is_alnum(c))
			continue;
		if (squeezed.len == NAME_MAX_LENGTH)
			return (struct gp_span) {room, 0};
		room[squeezed.len++] = gp_span_lower(c);
	}
	return squeezed;
}

/* drop: a prefix, if more follows. */
static bool drop(struct gp_span *name, const char *prefix)
{
	size_t n = strlen(prefix);
	if (name->len <= n || !gp_span_has_prefix(*name, prefix))
		return false;
	*name = gp_span_skip(*name, n);
	return true;
}

/* number_behind: of a name that is nothing else but prefixes and it. */
static bool number_behind(struct gp_span name, uint64_t *number_out)
{
	static const char *const prefixes[] = {
		"ibm", "cp", "ccsid", "windows", "win", "ms", "dos", "codepage", "x", "cs", "0"};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0];)
		i = drop(&name, prefixes[i]) ? 0 : i + 1;
	return !gp_span_parse_uint(name, 99999, number_out);
}

/* ---- the lists ---- */

/* find_page: by its number. */
static enum gp_charset find_page(uint64_t number)
{
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (number >= pages[i].first && number <= pages[i].last)
			return pages[i].charset;
	return GP_CHARSET_OTHER;
}

/* find_registered: after "isoir". */
static enum gp_charset find_registered(struct gp_span name)
{
	uint64_t number;
	if (gp_span_parse_uint(name, 99999, &number))
		return GP_CHARSET_UNKNOWN;
	for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++)
		if (number == registered[i])
			return GP_CHARSET_ASCII;
	return GP_CHARSET_OTHER;
}

/* begins: does the name begin so, or is it the same where a $ ends this? */
static bool begins(struct gp_span name, const char *start)
{
	size_t n = strcspn(start, "$");
	return name.len >= n && memcmp(name.ptr, start, n) == 0 && (!start[n] || name.len == n);
}

/* gp_charset_find: numbers first, then how the name begins. */
enum gp_charset gp_charset_find(struct gp_span name)
{
	char room[NAME_MAX_LENGTH];
	struct gp_span language;
	uint64_t number;
	gp_span_cut(name, '*', &name, &language);
	bool is_empty = gp_span_trim(name).len == 0;
	name = squeeze(name, room);
	if (name.len == 0)
		return is_empty ? GP_CHARSET_UNKNOWN : GP_CHARSET_OTHER;
	if (number_behind(name, &number) && number != 646)
		return find_page(number);
	(void)drop(&name, "x"); /* most names have neither */
	(void)drop(&name, "cs");
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (begins(name, families[i].start))
			return families[i].charset;
	if (drop(&name, "isoir"))
		return find_registered(name);
	bool is_number = name.ptr[0] >= '0' && name.ptr[0] <= '9'; /* with more, as in 500V1 */
	return is_number ? GP_CHARSET_OTHER : GP_CHARSET_UNKNOWN;
}
