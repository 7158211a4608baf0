/* SPDX-License-Identifier: ISC */
/* One event, one line; a list is named by its public zone. */
#include "reputation/dnsbl/dnsbl_log.h"

/* gp_dnsbl_advice: by the reason. */
const char *gp_dnsbl_advice(const struct gp_dnsbl_list *list, enum gp_dnsbl_reason reason)
{
	switch (reason) {
	case GP_DNSBL_NO_REASON:
		return "";
	case GP_DNSBL_ERROR_CODE:
		if (list->terms & GP_DNSBL_TERMS_OWN_RESOLVER)
			return "the list refuses public resolvers, those of cloud providers whose "
			       "address has no attributable name, and too many queries: run a "
			       "resolver of your own, or use a key of the list";
		return "the list answers with an error instead of a result: too many queries, or "
		       "no right to query it";
	case GP_DNSBL_ANSWERS_OUTSIDE:
	case GP_DNSBL_LEAVES_ZONE:
		return "the answer does not come from the list: the zone is parked, or the "
		       "resolver redirects it";
	case GP_DNSBL_CANARY_LISTED:
		return "the list, or the resolver, answers for everything";
	case GP_DNSBL_TEST_MISSING:
		return "the list is closed or empty, or does not answer this resolver; some lists "
		       "want its address to be registered";
	case GP_DNSBL_TIMEOUTS:
		return "the list's name servers do not answer in time";
	case GP_DNSBL_REFUSED:
		return (list->terms & GP_DNSBL_TERMS_KEY) || list->secret
			       ? "the list refuses every query: the key is wrong or has expired"
			       : "the list refuses every query of this resolver";
	case GP_DNSBL_LISTS_WORLD:
		return "the list has an entry for nearly every client: it may be closed or "
		       "broken; it is used again if its tests succeed (dnsbl.world_percent)";
	case GP_DNSBL_NO_KEY:
		return "set key_file or key in its section";
	case GP_DNSBL_NOT_TESTED:
		return "its tests had no answer in time at the start; they are repeated";
	}
	return "";
}

/* fields_of: about one list; how many. */
static size_t fields_of(const struct gp_dnsbl_event *e, struct gp_log_field f[4])
{
	size_t n = 0;
	f[n++] = gp_log_field_text("list", e->list->zone);
	if (e->kind == GP_DNSBL_EVENT_UNKNOWN) {
		f[n++] = gp_log_field_text("code", e->detail);
	} else if (e->reason != GP_DNSBL_NO_REASON) {
		f[n++] = gp_log_field_text("reason", gp_dnsbl_reason_text(e->reason));
		if (*e->detail)
			f[n++] = gp_log_field_text("detail", e->detail);
		if (e->kind != GP_DNSBL_EVENT_BACK) /* that is over */
			f[n++] = gp_log_field_text("advice", gp_dnsbl_advice(e->list, e->reason));
	}
	return n;
}

/* log_event: by its kind. */
static void log_event(const struct gp_log *log, const struct gp_dnsbl_event *e)
{
	struct gp_log_field f[4];
	size_t n = e->list ? fields_of(e, f) : 0;
	switch (e->kind) {
	case GP_DNSBL_EVENT_SUSPENDED:
		gp_log_event(log, GP_LOG_WARNING, "list-suspended", f, n);
		return;
	case GP_DNSBL_EVENT_DEAD:
		gp_log_event(log, GP_LOG_WARNING, "list-dead", f, n);
		return;
	case GP_DNSBL_EVENT_BACK:
		gp_log_event(log, GP_LOG_NOTICE, "list-back", f, n);
		return;
	case GP_DNSBL_EVENT_UNKNOWN:
		gp_log_event(log, GP_LOG_NOTICE, "list-unknown-code", f, n);
		return;
	case GP_DNSBL_EVENT_NONE_LEFT:
		gp_log_text(log, GP_LOG_ERROR,
			"no DNS list works: mail is accepted without them; see gatepost lists");
		return;
	case GP_DNSBL_EVENT_SOME_LEFT:
		gp_log_text(log, GP_LOG_NOTICE, "DNS lists work again");
		return;
	}
}

/* gp_dnsbl_log: one after the other. */
void gp_dnsbl_log(const struct gp_log *log, const struct gp_dnsbl_event *events, size_t event_count)
{
	for (size_t i = 0; log && i < event_count; i++)
		log_event(log, &events[i]);
}
