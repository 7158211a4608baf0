/* SPDX-License-Identifier: ISC */
/*
 * Text to structs first, then values with what $name stands for, then lists of words. Whether a
 * value is long, or refers to itself, is bounded by one count of steps for each value, and by one
 * of classes for each list.
 */
#include "cli/doctor/doctor_postconf.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define STEPS_MAX 5000
#define DEPTH_MAX 24
#define CLASS_DEPTH_MAX 8
#define CLASSES_MAX 256 /* put in their places in one list; some hold themselves many times */

static const char blanks[] = " \t\r\n";
static const char separators[] = ", \t\r\n";

/* ---- text to structs ---- */

/* is_in: one of these bytes? */
static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

/* cut_word: the next word that such bytes separate; {...} is one, whatever is in it. */
static bool cut_word(struct gp_span *text, const char *set, struct gp_span *word_out)
{
	size_t i = 0, depth = 0;
	while (text->len && is_in(*text->ptr, set))
		*text = gp_span_skip(*text, 1);
	for (; i < text->len && (depth || !is_in(text->ptr[i], set)); i++) {
		depth += text->ptr[i] == '{';
		depth -= text->ptr[i] == '}' && depth;
	}
	*word_out = (struct gp_span) {text->ptr, i};
	*text = gp_span_skip(*text, i);
	return i > 0;
}

/* same: the span is exactly this text. */
static bool same(struct gp_span text, const char *word)
{
	return gp_span_equal(text, gp_span_from(word));
}

/* count_lines: how many there are, at most max. */
static size_t count_lines(struct gp_span text, size_t max)
{
	size_t n = 0;
	struct gp_span line;
	for (; text.len && n < max; n++)
		gp_span_cut(text, '\n', &line, &text);
	return n;
}

/* cut_pair: "name = value". */
static bool cut_pair(struct gp_span line, struct gp_postconf_pair *pair_out)
{
	*pair_out = (struct gp_postconf_pair) {.service = 0};
	bool is_pair = gp_span_cut(line, '=', &pair_out->name, &pair_out->value);
	pair_out->name = gp_span_trim(pair_out->name);
	pair_out->value = gp_span_trim(pair_out->value);
	/* what postconf says to its stderr has blanks in front of the first = */
	for (size_t i = 0; i < pair_out->name.len; i++)
		is_pair = is_pair && !is_in(pair_out->name.ptr[i], blanks);
	return is_pair && pair_out->name.len > 0;
}

/* parse_services: name type private unpriv chroot wakeup maxproc command arguments */
static int parse_services(struct gp_postconf *pc, struct gp_span text)
{
	size_t max = count_lines(text, GP_POSTCONF_SERVICES_MAX), n = 0;
	struct gp_postconf_service *services = gp_arena_array(pc->arena, max + 1, sizeof *services);
	struct gp_span line, words[8];
	if (!services)
		return gp_arena_status(pc->arena);
	while (text.len && n < max) {
		size_t i = 0;
		gp_span_cut(text, '\n', &line, &text);
		while (i < 8 && cut_word(&line, blanks, &words[i]))
			i++;
		if (i == 8)
			services[n++] = (struct gp_postconf_service) {
				words[0], words[1], words[4], words[6], words[7]};
	}
	pc->services = services;
	pc->service_count = n;
	return GP_OK;
}

/* find_service: by "name/type", which ends at the last two slashes of "name/type/parameter". */
static bool find_service(const struct gp_postconf *pc, struct gp_span *name, size_t *place_out)
{
	ptrdiff_t last = gp_span_find_last(*name, '/');
	if (last < 0)
		return false;
	struct gp_span whose = {name->ptr, (size_t)last};
	*name = gp_span_skip(*name, (size_t)last + 1);
	last = gp_span_find_last(whose, '/');
	if (last < 0)
		return false;
	struct gp_span type = gp_span_skip(whose, (size_t)last + 1);
	whose.len = (size_t)last;
	for (size_t i = 0; i < pc->service_count; i++)
		if (gp_span_equal(pc->services[i].name, whose) &&
			gp_span_equal(pc->services[i].type, type)) {
			*place_out = i;
			return true;
		}
	return false;
}

/* parse_pairs: a line each; of an override, "name/type/parameter = value", with its service. */
static int parse_pairs(struct gp_postconf *pc, struct gp_span text, bool is_override,
	const struct gp_postconf_pair **pairs_out, size_t *count_out)
{
	size_t max = count_lines(text, GP_POSTCONF_PAIRS_MAX), n = 0;
	struct gp_postconf_pair *pairs = gp_arena_array(pc->arena, max + 1, sizeof *pairs);
	struct gp_span line;
	if (!pairs)
		return gp_arena_status(pc->arena);
	while (text.len && n < max) {
		gp_span_cut(text, '\n', &line, &text);
		n += cut_pair(line, &pairs[n]) &&
		     (!is_override || find_service(pc, &pairs[n].name, &pairs[n].service));
	}
	*pairs_out = pairs;
	*count_out = n;
	return GP_OK;
}

/* gp_doctor_postconf_parse: services before what they overrule. */
int gp_doctor_postconf_parse(struct gp_arena *arena, struct gp_span params, struct gp_span services,
	struct gp_span overrides, struct gp_postconf *pc_out)
{
	*pc_out = (struct gp_postconf) {.arena = arena};
	int rc = parse_pairs(pc_out, params, false, &pc_out->params, &pc_out->param_count);
	if (!rc)
		rc = parse_services(pc_out, services);
	return rc ? rc
		  : parse_pairs(
			    pc_out, overrides, true, &pc_out->overrides, &pc_out->override_count);
}

/* ---- values ---- */

/* One value under way. */
struct expansion {
	const struct gp_postconf *pc;
	const struct gp_postconf_service *service;
	unsigned steps, depth;
	struct gp_strbuf *buf;
};

static void expand(struct expansion *x, struct gp_span text);

/* override_of: what the service overrules, by name. */
static bool override_of(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	struct gp_span name, struct gp_span *value_out)
{
	for (size_t i = 0; service && i < pc->override_count; i++)
		if (pc->overrides[i].service == (size_t)(service - pc->services) &&
			gp_span_equal(pc->overrides[i].name, name)) {
			*value_out = pc->overrides[i].value;
			return true;
		}
	return false;
}

/* gp_doctor_postconf_override: as it stands in master.cf. */
bool gp_doctor_postconf_override(const struct gp_postconf *pc,
	const struct gp_postconf_service *service, const char *name, struct gp_span *value_out)
{
	return override_of(pc, service, gp_span_from(name), value_out);
}

/* raw_value: as it stands in the file; the last one counts. */
static struct gp_span raw_value(const struct gp_postconf *pc,
	const struct gp_postconf_service *service, struct gp_span name)
{
	struct gp_span value;
	if (override_of(pc, service, name, &value))
		return value;
	for (size_t i = pc->param_count; i-- > 0;)
		if (gp_span_equal(pc->params[i].name, name))
			return pc->params[i].value;
	return (struct gp_span) {NULL, 0};
}

/* expand_apart: a text by itself, in the arena. */
static struct gp_span expand_apart(struct expansion *x, struct gp_span text)
{
	struct gp_strbuf buf, *outer = x->buf;
	gp_strbuf_init(&buf, x->pc->arena, GP_POSTCONF_VALUE_MAX);
	x->buf = &buf;
	expand(x, text);
	x->buf = outer;
	return gp_strbuf_span(&buf);
}

/* cut_braces: the inside of {...} at the beginning of text, which continues after it. */
static bool cut_braces(struct gp_span *text, struct gp_span *inside_out)
{
	size_t depth = 0;
	*text = gp_span_trim(*text);
	for (size_t i = 0; i < text->len; i++) {
		depth += text->ptr[i] == '{';
		depth -= text->ptr[i] == '}' && depth;
		if (i == 0 && !depth)
			return false;
		if (!depth) {
			*inside_out = gp_span_trim((struct gp_span) {text->ptr + 1, i - 1});
			*text = gp_span_skip(*text, i + 1);
			return true;
		}
	}
	return false;
}

/* level_part: the next number of "3.6". */
static uint64_t level_part(struct gp_span *text)
{
	struct gp_span part;
	uint64_t n = 0;
	gp_span_cut(*text, '.', &part, text);
	if (gp_span_parse_uint(gp_span_trim(part), UINT32_MAX, &n))
		n = 0;
	return n;
}

/* compare: numbers and levels by their parts, other texts as such; below, equal or above 0. */
static int compare(struct gp_span a, struct gp_span b)
{
	if (gp_span_equal(a, b))
		return 0;
	while (a.len || b.len) {
		uint64_t x = level_part(&a), y = level_part(&b);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 1; /* texts that differ, which only == and != are used for */
}

/* is_true: "{a} op {b}", as in ${{$compatibility_level} <level {1} ? ...}. */
static bool is_true(struct expansion *x, struct gp_span text)
{
	static const struct {
		const char *word;
		bool below, equal, above;
	} operators[] = {{"==", false, true, false}, {"!=", true, false, true},
		{"<=", true, true, false}, {">=", false, true, true}, {"<", true, false, false},
		{">", false, false, true}};
	struct gp_span left, right, word;
	if (!cut_braces(&text, &left) || !cut_word(&text, " \t\r\n{", &word) || text.len == 0)
		return false;
	/* cut_word has stopped at the brace or before it */
	if (!cut_braces(&text, &right))
		return false;
	int order = compare(expand_apart(x, left), expand_apart(x, right));
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
		if (gp_span_has_prefix(word, operators[i].word))
			return order < 0   ? operators[i].below
			       : order > 0 ? operators[i].above
					   : operators[i].equal;
	return false;
}

/* expand_choice: what follows a condition: ?text, :text, ?{text}:{text}. */
static void expand_choice(struct expansion *x, struct gp_span text, bool is_set)
{
	struct gp_span yes = {NULL, 0}, no = {NULL, 0};
	text = gp_span_trim(text);
	char kind = text.len ? *text.ptr : 0;
	text = gp_span_skip(text, 1);
	if (kind == '?') {
		if (!cut_braces(&text, &yes)) {
			yes = text;
			text.len = 0;
		}
		text = gp_span_trim(text);
		if (text.len && *text.ptr == ':')
			text = gp_span_skip(text, 1);
	}
	if (text.len && !cut_braces(&text, &no))
		no = text;
	expand(x, is_set ? yes : no);
}

/* name_length: of a parameter's name at the beginning. */
static size_t name_length(struct gp_span text)
{
	size_t i = 0;
	while (i < text.len && (gp_span_is_alnum(text.ptr[i]) || text.ptr[i] == '_'))
		i++;
	return i;
}

/* expand_inside: what stands in ${...} or $(...). */
static void expand_inside(struct expansion *x, struct gp_span text)
{
	struct gp_span condition, rest = gp_span_trim(text);
	if (rest.len && *rest.ptr == '{') {
		/* {a} op {b} ? ...: the condition ends at the first ? outside of braces */
		size_t i = 0, depth = 0;
		for (; i < rest.len && (depth || rest.ptr[i] != '?'); i++) {
			depth += rest.ptr[i] == '{';
			depth -= rest.ptr[i] == '}' && depth;
		}
		condition = (struct gp_span) {rest.ptr, i};
		expand_choice(x, gp_span_skip(rest, i), is_true(x, condition));
		return;
	}
	size_t n = name_length(rest);
	struct gp_span name = {rest.ptr, n};
	rest = gp_span_trim(gp_span_skip(rest, n));
	if (rest.len)
		expand_choice(x, rest, raw_value(x->pc, x->service, name).len > 0);
	else
		expand(x, raw_value(x->pc, x->service, name));
}

/* expand_dollar: after a $; returns how many bytes it took. */
static size_t expand_dollar(struct expansion *x, struct gp_span text)
{
	char open = text.len ? *text.ptr : 0;
	if (open == '$') {
		gp_strbuf_add_char(x->buf, '$');
		return 1;
	}
	if (open != '{' && open != '(') {
		size_t n = name_length(text);
		expand(x, raw_value(x->pc, x->service, (struct gp_span) {text.ptr, n}));
		return n;
	}
	char close = open == '{' ? '}' : ')';
	size_t depth = 0, i = 0;
	for (; i < text.len; i++) {
		depth += text.ptr[i] == open;
		depth -= text.ptr[i] == close;
		if (depth == 0)
			break;
	}
	if (depth == 0)
		expand_inside(x, (struct gp_span) {text.ptr + 1, i - 1});
	return i < text.len ? i + 1 : i;
}

/* expand: text with what $name stands for, into the buffer. */
static void expand(struct expansion *x, struct gp_span text)
{
	if (x->depth >= DEPTH_MAX || x->steps >= STEPS_MAX)
		return;
	x->depth++;
	while (text.len && x->steps < STEPS_MAX) {
		struct gp_span plain, rest;
		x->steps++;
		bool has_dollar = gp_span_cut(text, '$', &plain, &rest);
		gp_strbuf_add_span(x->buf, plain);
		text = rest;
		if (has_dollar)
			text = gp_span_skip(text, expand_dollar(x, text));
	}
	x->depth--;
}

/* gp_doctor_postconf_value: one expansion. */
struct gp_span gp_doctor_postconf_value(
	const struct gp_postconf *pc, const struct gp_postconf_service *service, const char *name)
{
	struct expansion x = {.pc = pc, .service = service};
	return gp_span_trim(expand_apart(&x, raw_value(pc, service, gp_span_from(name))));
}

/* gp_doctor_postconf_raw: not expanded. */
struct gp_span gp_doctor_postconf_raw(
	const struct gp_postconf *pc, const struct gp_postconf_service *service, const char *name)
{
	return gp_span_trim(raw_value(pc, service, gp_span_from(name)));
}

/* gp_doctor_postconf_word: by the separators of lists. */
bool gp_doctor_postconf_word(struct gp_span *text, struct gp_span *word_out)
{
	return cut_word(text, separators, word_out);
}

/* gp_doctor_postconf_time_ms: a number and one letter. */
bool gp_doctor_postconf_time_ms(struct gp_span text, int64_t *ms_out)
{
	static const struct {
		char letter;
		int64_t s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	int64_t unit_s = 1;
	uint64_t n;
	text = gp_span_trim(text);
	for (size_t i = 0; text.len && i < sizeof units / sizeof units[0]; i++)
		if (text.ptr[text.len - 1] == units[i].letter) {
			unit_s = units[i].s;
			text.len--;
			break;
		}
	if (gp_span_parse_uint(text, INT32_MAX, &n))
		return false;
	*ms_out = (int64_t)n * unit_s * 1000;
	return true;
}

/* ---- lists ---- */

/* A list under way. */
struct listing {
	struct expansion x; /* counts the steps of all values in it */
	struct gp_span classes;
	struct gp_span words[GP_POSTCONF_WORDS_MAX];
	size_t word_count;
	struct gp_postconf_policy policies[GP_POSTCONF_POLICIES_MAX];
	size_t policy_count;
	size_t class_count; /* that were put in their places */
	bool is_conditional;
};

/* take_attribute: name=value, with or without braces around it. */
static void take_attribute(struct gp_postconf_policy *policy, struct gp_span text)
{
	struct gp_span name, value, inside;
	if (cut_braces(&text, &inside))
		text = inside;
	if (!gp_span_cut(text, '=', &name, &value))
		return;
	name = gp_span_trim(name);
	value = gp_span_trim(value);
	if (same(name, "timeout"))
		policy->timeout = value;
	else if (same(name, "default_action"))
		policy->default_action = value;
}

/* add_policy: what stands after check_policy_service. */
static void add_policy(struct listing *l, struct gp_span text)
{
	struct gp_span rest = text, word, inside;
	if (l->policy_count == GP_POSTCONF_POLICIES_MAX)
		return;
	struct gp_postconf_policy *policy = &l->policies[l->policy_count++];
	*policy = (struct gp_postconf_policy) {
		.at = l->word_count, .text = text, .is_conditional = l->is_conditional};
	if (cut_braces(&rest, &inside))
		rest = inside;                                /* else the word is the endpoint */
	(void)cut_word(&rest, separators, &policy->endpoint); /* may be missing: then it is none */
	while (cut_word(&rest, separators, &word))
		take_attribute(policy, word);
}

/* is_class: does smtpd_restriction_classes name it? */
static bool is_class(const struct listing *l, struct gp_span word)
{
	struct gp_span rest = l->classes, name;
	while (cut_word(&rest, separators, &name))
		if (gp_span_equal(name, word))
			return true;
	return false;
}

/* value_of: of a class. */
static struct gp_span value_of(struct listing *l, struct gp_span name)
{
	return gp_span_trim(expand_apart(&l->x, raw_value(l->x.pc, l->x.service, name)));
}

/* add_words: of a list, classes in their place. */
static void add_words(struct listing *l, struct gp_span text, unsigned depth)
{
	struct gp_span word;
	bool is_policy = false;
	while (l->word_count < GP_POSTCONF_WORDS_MAX && cut_word(&text, separators, &word)) {
		if (is_policy) {
			add_policy(l, word);
			is_policy = false;
			continue;
		}
		if (depth < CLASS_DEPTH_MAX && l->class_count < CLASSES_MAX && is_class(l, word)) {
			l->class_count++;
			add_words(l, value_of(l, word), depth + 1);
			continue;
		}
		is_policy = gp_span_is(word, "check_policy_service");
		l->words[l->word_count++] = word;
	}
}

/* is_table: does the word lead into a table? One without a word in front is that of the list's own
 * kind (smtpd_check.c). */
static bool is_table(struct gp_span word)
{
	return (gp_span_has_prefix(word, "check_") && gp_span_has_suffix(word, "_access")) ||
	       gp_span_find_last(word, ':') >= 0;
}

/* add_conditional: what tables lead to: all classes, where there is a table that could. */
static void add_conditional(struct listing *l)
{
	bool has_table = false;
	struct gp_span rest = l->classes, name;
	for (size_t i = 0; i < l->word_count; i++)
		has_table = has_table || is_table(l->words[i]);
	l->is_conditional = true;
	while (has_table && cut_word(&rest, separators, &name))
		add_words(l, value_of(l, name), 1);
}

/* keep_list: what a list under way has come to, in the arena. */
static int keep_list(
	const struct listing *l, size_t word_count, struct gp_doctor_postconf_list *list_out)
{
	struct gp_arena *arena = l->x.pc->arena;
	struct gp_span *words = gp_arena_array(arena, word_count + 1, sizeof *words);
	struct gp_postconf_policy *policies =
		gp_arena_array(arena, l->policy_count + 1, sizeof *policies);
	if (!words || !policies)
		return gp_arena_status(arena);
	memcpy(words, l->words, word_count * sizeof *words);
	memcpy(policies, l->policies, l->policy_count * sizeof *policies);
	*list_out = (struct gp_doctor_postconf_list) {words, word_count, policies, l->policy_count};
	return GP_OK;
}

/* list_text: the words of a text that is not expanded yet, then what tables may add. */
static int list_text(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	struct gp_span text, bool with_tables, struct gp_doctor_postconf_list *list_out)
{
	struct listing *l = calloc(1, sizeof *l);
	*list_out = (struct gp_doctor_postconf_list) {.word_count = 0};
	if (!l)
		return GP_ENOMEM;
	l->x = (struct expansion) {.pc = pc, .service = service};
	l->classes = gp_doctor_postconf_value(pc, service, "smtpd_restriction_classes");
	add_words(l, gp_span_trim(expand_apart(&l->x, text)), 0);
	size_t word_count = l->word_count;
	if (with_tables)
		add_conditional(l);
	int rc = keep_list(l, word_count, list_out);
	free(l);
	return rc;
}

/* gp_doctor_postconf_list: of a parameter; copies go to the arena. */
int gp_doctor_postconf_list(const struct gp_postconf *pc, const struct gp_postconf_service *service,
	const char *name, struct gp_doctor_postconf_list *list_out)
{
	return list_text(pc, service, raw_value(pc, service, gp_span_from(name)), true, list_out);
}

/* gp_doctor_postconf_words: of a text, which tables add nothing to. */
int gp_doctor_postconf_words(const struct gp_postconf *pc,
	const struct gp_postconf_service *service, struct gp_span text,
	struct gp_doctor_postconf_list *list_out)
{
	return list_text(pc, service, text, false, list_out);
}
