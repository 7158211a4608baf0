/* SPDX-License-Identifier: ISC */
/*
 * Patience: how long a test waits for an event before it says that something hangs.
 *
 * Longer than any machine takes, however busy it is. No test measures how long something took.
 */
#ifndef TESTS_SUPPORT_PATIENCE_H
#define TESTS_SUPPORT_PATIENCE_H

#define TEST_PATIENCE_MS 120000

#endif
