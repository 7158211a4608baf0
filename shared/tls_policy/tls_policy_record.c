/* SPDX-License-Identifier: ISC */
/* Both TXT records are lists of tags as DKIM and DMARC have them, with the version first. */
#include "mail/taglist.h"
#include "tls_policy/tls_policy.h"

#define ID_MAX 32 /* RFC 8461 3.1 */
#define SHA256_OCTETS 32
#define SHA512_OCTETS 64

/* is_id: letters and digits, not too many. */
static bool is_id(struct gp_span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!gp_span_is_alnum(id.ptr[i]))
			return false;
	return id.len > 0 && id.len <= ID_MAX;
}

/* has_address: is there one that reports can be sent to? */
static bool has_address(struct gp_span rua)
{
	struct gp_span one;
	while (rua.len) {
		(void)gp_span_cut(rua, ',', &one, &rua); /* no comma: the last one */
		one = gp_span_trim(one);
		if ((gp_span_has_prefix(one, "mailto:") && gp_span_find_last(one, '@') > 7) ||
			gp_span_has_prefix(one, "https://"))
			return true;
	}
	return false;
}

/* What a TXT record has to be. */
struct form {
	const char *version, *tag;
	bool (*is_valid)(struct gp_span value);
	const char *problem; /* when the tag is missing or not valid */
};

/* has_version: the version, exact, then the end or a separator. */
static bool has_version(const struct gp_taglist *list, const char *version)
{
	return list->count && gp_span_equal(list->tags[0].name, gp_span_from("v")) &&
	       gp_span_equal(list->tags[0].value, gp_span_from(version));
}

/* parse_txt: the version, then the tag. */
static int parse_txt(struct gp_arena *arena, struct gp_span text, const struct form *form,
	struct gp_tls_policy_txt *txt_out)
{
	struct gp_taglist list;
	*txt_out = (struct gp_tls_policy_txt) {.problem = NULL};
	int rc = gp_taglist_parse(arena, text, &list);
	if (rc)
		return rc;
	if (!has_version(&list, form->version))
		return GP_ESYNTAX;
	const struct gp_tag *tag = gp_taglist_find(&list, form->tag);
	if (tag)
		txt_out->value = tag->value;
	if (!tag || !form->is_valid(tag->value))
		txt_out->problem = form->problem;
	return GP_OK;
}

/* gp_tls_policy_sts_parse: RFC 8461 3.1. */
int gp_tls_policy_sts_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_tls_policy_txt *sts_out)
{
	static const struct form form = {
		"STSv1", "id", is_id, "id= is missing, or not 1 to 32 letters and digits"};
	return parse_txt(arena, text, &form, sts_out);
}

/* gp_tls_policy_reports_parse: RFC 8460 3. */
int gp_tls_policy_reports_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_tls_policy_txt *reports_out)
{
	static const struct form form = {
		"TLSRPTv1", "rua", has_address, "rua= has no address (mailto: or https:)"};
	return parse_txt(arena, text, &form, reports_out);
}

/* judge_tlsa: NULL, or why no sender uses it. */
static const char *judge_tlsa(const struct gp_tls_policy_tlsa *t)
{
	if (t->usage != 2 && t->usage != 3)
		return "its usage is neither 2 nor 3, which alone are for SMTP (RFC 7672 3.1.3)";
	if (t->selector > 1)
		return "its selector is neither 0 nor 1";
	if (t->matching > 2)
		return "its matching type is none of 0, 1 and 2";
	if ((t->matching == 1 && t->data.len != SHA256_OCTETS) ||
		(t->matching == 2 && t->data.len != SHA512_OCTETS) || !t->data.len)
		return "its data have another length than its matching type wants";
	return NULL;
}

/* gp_tls_policy_tlsa_parse: three octets, and the data. */
void gp_tls_policy_tlsa_parse(struct gp_span octets, struct gp_tls_policy_tlsa *tlsa_out)
{
	*tlsa_out = (struct gp_tls_policy_tlsa) {.problem = "it is too short"};
	if (octets.len < 3)
		return;
	tlsa_out->usage = (unsigned char)octets.ptr[0];
	tlsa_out->selector = (unsigned char)octets.ptr[1];
	tlsa_out->matching = (unsigned char)octets.ptr[2];
	tlsa_out->data = gp_span_skip(octets, 3);
	tlsa_out->problem = judge_tlsa(tlsa_out);
}
