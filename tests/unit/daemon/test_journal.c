/* SPDX-License-Identifier: ISC */
/* Datagrams for systemd's journal: one line a field, whatever the values hold. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/journal.h"

/* test_datagram: names in capitals, numbers, values that cannot become fields. */
static void test_journal_datagram(void **state)
{
	(void)state;
	char storage[1024], wanted[1024];
	struct gp_strbuf buf;
	const struct gp_log_field fields[] = {gp_log_field_text("queue_id", "4Xy"),
		gp_log_field_text("sender", "a\nMESSAGE=forged\n"), gp_log_field_number("ms", -3),
		gp_log_field_text("helo", "b\xc3\xbc\xff")};
	gp_strbuf_init_fixed(&buf, storage, sizeof storage);
	gp_daemon_journal_begin(&buf, "gatepost-policyd", LOG_MAIL | LOG_INFO, "decision",
		gp_span_from("level=info event=decision"));
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		gp_daemon_journal_add(&buf, &fields[i]);
	snprintf(wanted, sizeof wanted,
		"SYSLOG_IDENTIFIER=gatepost-policyd\nSYSLOG_PID=%ld\n"
		"SYSLOG_FACILITY=2\nPRIORITY=6\n"
		"GATEPOST_EVENT=decision\nMESSAGE=level=info event=decision\n"
		"GATEPOST_QUEUE_ID=4Xy\nGATEPOST_SENDER=a?MESSAGE=forged?\nGATEPOST_MS=-3\n"
		"GATEPOST_HELO=b\xc3\xbc?\n",
		(long)getpid());
	assert_string_equal(buf.data, wanted);
}

/* test_stream: only where standard error leads to the journal. */
static void test_journal_stream(void **state)
{
	(void)state;
	char text[64];
	struct stat st;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(gp_daemon_journal_open(), -1);
	static const char *const others[] = {"", ":", "1", "1:2", "x:y", "-1:-1"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		setenv("JOURNAL_STREAM", others[i], 1);
		assert_int_equal(gp_daemon_journal_open(), -1);
	}
	/* the right numbers, where no journal listens or one does: a descriptor or none */
	snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	int fd = gp_daemon_journal_open();
	assert_int_equal(fd >= 0, access("/run/systemd/journal/socket", W_OK) == 0);
	if (fd >= 0)
		close(fd);
	unsetenv("JOURNAL_STREAM");
}

/* main: all of them. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal_datagram),
		cmocka_unit_test(test_journal_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
