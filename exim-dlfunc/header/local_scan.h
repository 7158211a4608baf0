/* SPDX-License-Identifier: ISC */
/*
 * What dlfunc.c needs of Exim's <local_scan.h>, for systems whose Exim comes without it, as
 * Fedora's does: make EXIM_INCLUDE=exim-dlfunc/header
 *
 * It is what the Exim specification promises to functions that ${dlfunc} calls (11.5): how they are
 * called, and that 0 is success. A lint compares it with Exim's own header where that is at hand.
 */
#ifndef LOCAL_SCAN_H
#define LOCAL_SCAN_H

#define OK 0

typedef unsigned char uschar;
typedef int exim_dlfunc_t(uschar **yield, int argc, uschar *argv[]);

#endif
