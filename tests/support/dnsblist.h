/* SPDX-License-Identifier: ISC */
/*
 * DNS lists for tests: settled ones, as a configuration would have them, with their canaries.
 */
#ifndef TESTS_SUPPORT_DNSBLIST_H
#define TESTS_SUPPORT_DNSBLIST_H

#include "reputation/dnsbl/dnsbl.h"
#include "support/zone.h"

#define TEST_DNSBLIST_KEY "k3ys3cr3tk3ys3cr3tk3ys3cr3"

/* About addresses: 127.0.0.2 (3), .4-7 (2), .10 (1). */
struct gp_dnsbl_list test_dnsblist_of_addresses(const char *name, const char *zone);

/* About all names of a mail: bits 8 (4), 16 (4), 64 (3), error bit 1; test-point.example.com. */
struct gp_dnsbl_list test_dnsblist_of_names(const char *name, const char *zone);

/* An allow list: 127.0.N.0 (0), .1 (-1), .2 (-3), .3 (-5), errors 127.0.10.N and 127.0.0.255. */
struct gp_dnsbl_list test_dnsblist_allow(const char *name, const char *zone);

/* Queried with a key: KEY.dq. before the zone. */
void test_dnsblist_add_key(struct gp_dnsbl_list *list, const char *asked_zone);

/* A table of health in memory of its own. */
struct gp_dnsbl_health *test_dnsblist_health(const struct gp_dnsbl_list *lists, size_t count);
void test_dnsblist_health_free(struct gp_dnsbl_health *health);

/* The same, of lists that have been tested. */
struct gp_dnsbl_health *test_dnsblist_tested(const struct gp_dnsbl_list *lists, size_t count);

/* When those tables began: the zone's clock. */
#define TEST_DNSBLIST_NOW_S 1700000000

#endif
