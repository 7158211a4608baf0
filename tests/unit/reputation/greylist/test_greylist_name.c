/* SPDX-License-Identifier: ISC */
/* Generic reverse names: what access lines have, and what large senders have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/suffix.h"
#include "reputation/greylist/greylist_name.h"

static struct gp_suffix_list *suffixes;

/* kind_of: by the list of public suffixes. */
static enum gp_greylist_name_kind kind_of(const char *name, const char *client)
{
	struct gp_ipaddr address;
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &address), GP_OK);
	return gp_greylist_name_kind(
		gp_span_from(name), gp_span_from(gp_suffix_registered(suffixes, name)), &address);
}

struct row {
	const char *name, *client;
};

/* Names as large senders have them: none of them is generic. */
static const struct row proper[] = {
	{"mail-lf1-f41.google.com", "209.85.167.41"},
	{"mail-pj1-f180.google.com", "209.85.216.180"},
	{"mail-sor-f69.google.com", "209.85.220.69"},
	{"mail-yw1-x112f.google.com", "2607:f8b0:4864:20::112f"},
	{"mail-ej1-x62b.google.com", "2a00:1450:4864:20::62b"},
	{"mail-bn8nam12on2045.outbound.protection.outlook.com", "40.107.237.45"},
	{"mail-vi1eur04on0712.outbound.protection.outlook.com", "40.107.8.112"},
	{"mail-am6eur05olkn2081.outbound.protection.outlook.com", "40.92.91.81"},
	{"mail-db3on0104.outbound.protection.outlook.com", "213.199.154.104"},
	{"sonic301-22.consmr.mail.ne1.yahoo.com", "66.163.184.148"},
	{"sonic306-20.consmr.mail.ir2.yahoo.com", "77.238.176.206"},
	{"sonic313-19.consmr.mail.gq1.yahoo.com", "98.137.65.82"},
	{"omta007.useast.a.cloudfilter.net", "44.202.169.34"},
	{"a8-62.smtp-out.amazonses.com", "54.240.8.62"},
	{"a27-19.smtp-out.us-west-2.amazonses.com", "54.240.27.19"},
	{"b224-15.smtp-out.eu-central-1.amazonses.com", "69.169.224.15"},
	{"e240-10.smtp-out.us-east-2.amazonses.com", "23.249.240.10"},
	{"o1.ptr7105.sendgrid.net", "167.89.77.12"},
	{"o1678977x12.outbound-mail.sendgrid.net", "167.89.77.12"},
	{"wrqvnxvx.outbound-mail.sendgrid.net", "149.72.136.10"},
	{"mail182-13.suw31.mandrillapp.com", "198.2.182.13"},
	{"mail133-12.atl131.mandrillapp.com", "198.2.133.12"},
	{"mail37.sea21.rsgsv.net", "148.105.8.37"},
	{"mail120.atl61.mcsv.net", "205.201.135.120"},
	{"mail-ed1-f170.google.com", "209.85.208.170"},
	{"69-171-232-151.mail-mail.facebook.com", "69.171.232.151"},
	{"66-220-144-150.mail-mail.facebook.com", "66.220.144.150"},
	{"66-220-155-151.outmail.facebook.com", "66.220.155.151"},
	{"mailc-fe.linkedin.com", "108.174.3.215"},
	{"maile-cc.linkedin.com", "108.174.0.170"},
	{"spruce-goose-ab.twitter.com", "199.16.156.165"},
	{"st43p00im-ztdg10073201.me.com", "17.58.63.177"},
	{"qs51p00im-qukt01072102.me.com", "17.57.155.23"},
	{"rn2-msbadger07106.apple.com", "17.171.2.117"},
	{"sender4-of-o52.zoho.com", "136.143.188.52"},
	{"sender11-pp-o94.zoho.eu", "31.186.226.228"},
	{"out-176.mta0.migadu.com", "91.218.175.176"},
	{"fout-b8-smtp.messagingengine.com", "202.12.124.151"},
	{"fhigh-a5-smtp.messagingengine.com", "103.168.172.156"},
	{"mail-40133.protonmail.ch", "185.70.40.133"},
	{"mail-4322.protonmail.ch", "185.70.43.22"},
	{"mout.gmx.net", "212.227.15.15"},
	{"mout.kundenserver.de", "212.227.126.187"},
	{"mout.web.de", "212.227.17.11"},
	{"mailout01.t-online.de", "194.25.134.80"},
	{"mailout11.t-online.de", "194.25.134.85"},
	{"mo4-p00-ob.smtp.rzone.de", "85.215.255.20"},
	{"mo6-p01-ob.smtp.rzone.de", "81.169.146.167"},
	{"relay5-d.mail.gandi.net", "217.70.183.197"},
	{"7.mo550.mail-out.ovh.net", "46.105.72.40"},
	{"smtpout.a2hosting.com", "68.66.200.200"},
	{"smtp-out-01.mail.example.org", "192.0.2.1"},
	{"mta0.migadu.com", "91.121.223.63"},
	{"resqmta-a1p-077302.sys.comcast.net", "96.103.146.54"},
	{"resqmta-po-01v.sys.comcast.net", "96.114.154.160"},
	{"atl4mhob07.registeredsite.com", "209.17.115.45"},
	{"p3plsmtpa11-07.prod.phx3.secureserver.net", "68.178.252.108"},
	{"p3plsmtps2ded02.prod.phx3.secureserver.net", "208.109.80.59"},
	{"gateway24.websitewelcome.com", "192.185.51.209"},
	{"outbound-ip.mxlogic.net", "208.65.144.12"},
	{"mx0a-001b2d01.pphosted.com", "148.163.156.1"},
	{"mx0b-00191d01.pphosted.com", "148.163.158.5"},
	{"us-smtp-delivery-124.mimecast.com", "170.10.129.124"},
	{"eu-smtp-delivery-151.mimecast.com", "185.58.86.151"},
	{"mail1.bemta31.messagelabs.com", "67.219.246.1"},
	{"mail6.bemta24.messagelabs.com", "67.219.250.6"},
	{"esa1.hc3370-68.iphmx.com", "216.71.145.142"},
	{"esa6.dell-outbound.iphmx.com", "68.232.149.229"},
	{"outbound-smtp24.blacknight.com", "81.17.249.192"},
	{"d.mail.sonic.net", "64.142.111.50"},
	{"mxout1-ec2-va.apache.org", "3.227.148.255"},
	{"mxout1-he-de.apache.org", "95.216.194.37"},
	{"lists.sourceforge.net", "216.105.38.7"},
	{"out-20.smtp.github.com", "192.30.252.203"},
	{"out-25.smtp.github.com", "192.30.252.208"},
	{"github-smtp2-ext7.iad.github.net", "192.30.252.198"},
	{"vger.kernel.org", "23.128.96.18"},
	{"tor.source.kernel.org", "172.105.4.254"},
	{"bendel.debian.org", "82.195.75.100"},
	{"muffat.debian.org", "206.12.19.146"},
	{"mailly.debian.org", "82.195.75.114"},
	{"smtp.fedoraproject.org", "38.145.60.11"},
	{"lists.gnu.org", "209.51.188.17"},
	{"eggs.gnu.org", "209.51.188.92"},
	{"mail.python.org", "188.166.95.178"},
	{"mx.postgresql.org", "217.196.149.52"},
	{"mail.ietf.org", "50.223.129.194"},
	{"mta-70-41-177.sparkpostmail.com", "70.41.177.12"},
	{"mta41.email.marriott.com", "66.231.91.41"},
	{"mta3.em.target.com", "13.111.18.3"},
	{"mta113b.pmx1.epsl1.com", "142.54.244.113"},
	{"smtp03-ia4-sp3.mta.salesforce.com", "13.110.14.12"},
	{"smtp14-ph2-sp4.mta.salesforce.com", "13.108.254.139"},
	{"mx-out-01a.example.co.uk", "198.51.100.30"},
	{"bounce.em.secureserver.net", "198.71.255.10"},
	{"m42-9.mailgun.net", "69.72.42.9"},
	{"m239-7.eu.mailgun.net", "185.250.239.7"},
	{"rs224.mailgun.us", "209.61.151.224"},
	{"pm-mta-out-12.mtasv.net", "50.31.205.12"},
	{"mta221a-ord.mtasv.net", "104.245.209.221"},
	{"sc-ord-mta1.mtasv.net", "50.31.156.6"},
	{"nl1.mailjet.com", "87.253.233.1"},
	{"o152.p9.mailjet.com", "87.253.234.152"},
	{"bz-01.emarsys.net", "185.4.120.25"},
	{"server1.colo.example.com", "203.0.113.5"},
	{"static.5.113.0.203.clients.your-server.de", "203.0.113.5"},
	{"static.203.0.113.5.example.net", "203.0.113.5"},
	{"mx.dyn.com", "216.146.45.33"},
	{"mx1.dynect.net", "216.146.40.25"},
	{"smtp.cable.example.org", "192.0.2.7"},
	{"example.org", "192.0.2.9"},
};

/* Names of access lines, made from the address. */
static const struct row of_address[] = {
	{"ip-203-0-113-5.example.net", "203.0.113.5"},
	{"203.0.113.5.example.net", "203.0.113.5"},
	{"5.113.0.203.example.net", "203.0.113.5"},
	{"203-0-113-5.example.net", "203.0.113.5"},
	{"203_0_113_5.example.net", "203.0.113.5"},
	{"host5-113-0-203.range203-0.example.com", "203.0.113.5"},
	{"c-73-12-34-56.hsd1.ca.comcast.net", "73.12.34.56"},
	{"pool-96-255-10-20.washdc.fios.verizon.net", "96.255.10.20"},
	{"cpe-24-30-40-50.socal.res.rr.com", "24.30.40.50"},
	{"ec2-54-240-8-62.compute-1.amazonaws.com", "54.240.8.62"},
	{"62.8.240.54.bc.googleusercontent.com", "54.240.8.62"},
	{"p5dd1a2b3.dip0.t-ipconnect.de", "93.209.162.179"},
	{"pd9e12345.dip0.t-ipconnect.de", "217.225.35.69"},
	{"cb007105.example.net", "203.0.113.5"},
	{"ip-cb007105.example.net", "203.0.113.5"},
	{"203000113005.example.net", "203.0.113.5"},
	{"host203000113005.example.net", "203.0.113.5"},
	{"20301135.example.net", "203.0.11.35"},
	{"dsl-113-5-203.example.net", "203.0.113.5"},
	{"ppp-0-113-5.example.net", "203.0.113.5"},
	{"113.5.203.0.example.net", "203.0.113.5"},
	{"static-203-0-113-5.example.net", "203.0.113.5"},
	{"host-203-0-113-5.example.co.uk", "203.0.113.5"},
	{"x5-113-0-203.example.net", "203.0.113.6"}, /* of a neighbour: most of it */
	{"HOST-203-0-113-5.EXAMPLE.NET", "203.0.113.5"},
	{"203-0-113-5.example.net.", "203.0.113.5"},
	{"2001-db8-1-2-3-4-5-6.example.net", "2001:db8:1:2:3:4:5:6"},
	{"2001-db8--5-6.host.example.net", "2001:db8::5:6"},
	{"20010db8000100020003000400050006.example.net", "2001:db8:1:2:3:4:5:6"},
	{"6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.v6.example.net", "2001:db8:1:2:3:4:5:6"},
};

/* Names with a word for access lines. */
static const struct row of_line[] = {
	{"dyn77.example.net", "192.0.2.1"},
	{"dynamic-host.example.net", "192.0.2.1"},
	{"dhcp12.example.net", "192.0.2.1"},
	{"x.dhcp.example.net", "192.0.2.1"},
	{"pool7.isp.example.net", "192.0.2.1"},
	{"user.adsl.example.net", "192.0.2.1"},
	{"dsl12.example.net", "192.0.2.1"},
	{"cable-99.example.net", "192.0.2.1"},
	{"ppp99.example.net", "192.0.2.1"},
	{"dial-in.example.net", "192.0.2.1"},
	{"xyz.dialup.example.co.uk", "192.0.2.1"},
	{"a1b2.cust.example.net", "192.0.2.1"},
	{"abc.dip0.t-ipconnect.de", "192.0.2.1"},
	{"client.broadband.example.net", "192.0.2.1"},
};

/* check: all rows are of this kind. */
static void check(const struct row *rows, size_t count, enum gp_greylist_name_kind kind)
{
	for (size_t i = 0; i < count; i++)
		if (kind_of(rows[i].name, rows[i].client) != kind)
			fail_msg("%s [%s]", rows[i].name, rows[i].client);
}

/* test_proper: a hundred names of large senders, and some more. */
static void test_proper(void **state)
{
	(void)state;
	assert_true(sizeof proper / sizeof proper[0] >= 100);
	check(proper, sizeof proper / sizeof proper[0], GP_GREYLIST_NAME_PROPER);
}

/* test_of_address: in any of its forms; one of another address is none. */
static void test_of_address(void **state)
{
	(void)state;
	check(of_address, sizeof of_address / sizeof of_address[0], GP_GREYLIST_NAME_OF_ADDRESS);
	assert_int_equal(
		kind_of("host-198-51-100-7.example.net", "203.0.113.5"), GP_GREYLIST_NAME_PROPER);
}

/* test_of_line: with word boundaries. */
static void test_of_line(void **state)
{
	(void)state;
	check(of_line, sizeof of_line / sizeof of_line[0], GP_GREYLIST_NAME_OF_LINE);
	assert_int_equal(kind_of("dynamo.example.net", "192.0.2.1"), GP_GREYLIST_NAME_PROPER);
	assert_int_equal(kind_of("carpool.example.net", "192.0.2.1"), GP_GREYLIST_NAME_PROPER);
	assert_int_equal(kind_of("cablecar.example.net", "192.0.2.1"), GP_GREYLIST_NAME_PROPER);
}

/* test_odd: no address, no registered domain, texts that are no names. */
static void test_odd(void **state)
{
	static char text[5000];
	const struct gp_ipaddr none = {.family = GP_IP_NONE};
	const struct gp_span empty = {NULL, 0};
	(void)state;
	memset(text, '1', sizeof text);
	assert_int_equal(gp_greylist_name_kind(gp_span_from("dsl1.a.example.net"), empty, &none),
		GP_GREYLIST_NAME_OF_LINE);
	assert_int_equal(gp_greylist_name_kind(gp_span_from("dsl.net"), empty, &none),
		GP_GREYLIST_NAME_PROPER);
	assert_int_equal(gp_greylist_name_kind(empty, empty, &none), GP_GREYLIST_NAME_PROPER);
	assert_int_equal(gp_greylist_name_kind((struct gp_span) {text, sizeof text}, empty, &none),
		GP_GREYLIST_NAME_PROPER);
	assert_int_equal(
		gp_greylist_name_kind(gp_span_from("..."), empty, &none), GP_GREYLIST_NAME_PROPER);
}

/* open_list: the distribution's. */
static int open_list(void **state)
{
	(void)state;
	return gp_suffix_list_new(NULL, &suffixes);
}

/* close_list: likewise. */
static int close_list(void **state)
{
	(void)state;
	gp_suffix_list_free(suffixes);
	return 0;
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proper),
		cmocka_unit_test(test_of_address),
		cmocka_unit_test(test_of_line),
		cmocka_unit_test(test_odd),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, open_list, close_list) ? 1 : 0;
}
