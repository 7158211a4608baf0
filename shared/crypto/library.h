/* SPDX-License-Identifier: ISC */
/*
 * Library: how OpenSSL behaves in the process of another program.
 *
 * Otherwise it registers a cleanup with atexit(3), which walks its tables in each process that
 * forks and ends: a quarter of a millisecond for a connection of Exim that was told everything by
 * its parent.
 */
#ifndef GP_CRYPTO_LIBRARY_H
#define GP_CRYPTO_LIBRARY_H

/* Before anything else of this directory: OpenSSL leaves the end of the process alone. No effect
 * where the process has initialised it before. May be called again. */
void gp_crypto_library_guest(void);

#endif
