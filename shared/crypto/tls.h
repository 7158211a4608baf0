/* SPDX-License-Identifier: ISC */
/*
 * TLS: the client's side, over a descriptor that is connected already.
 *
 * Knows certificates, host names and the TLS protocol; does not know what is talked about. The peer
 * is authenticated: its certificate is verified against the authorities given, and against the host
 * name or address; there is no way to switch that off. TLS 1.2 at least.
 *
 *     gp_crypto_tls_setup_new(&files, &setup, problem);        (files are read here, once)
 *     gp_crypto_tls_connect(setup, &peer, &tls, problem);
 *     gp_crypto_tls_send(tls, bytes, deadline_us);
 *     gp_crypto_tls_recv(tls, ...);
 *     gp_crypto_tls_free(tls);                                 (the descriptor stays the caller's)
 *
 * GP_EIO with a text for people when the peer or its certificate is not acceptable, GP_ECLOSED when
 * it has gone, GP_ETIMEOUT at the deadline. After any of them nothing but free.
 *
 * Threads: a setup is used by any number of threads, a connection by one at a time.
 */
#ifndef GP_CRYPTO_TLS_H
#define GP_CRYPTO_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

#define GP_CRYPTO_TLS_PROBLEM 200 /* room for a text that says what is wrong */

struct gp_crypto_tls_setup;
struct gp_crypto_tls;

/* PEM files; "" for what there is not: the system's authorities, no certificate of our own. */
struct gp_crypto_tls_files {
	const char *ca_file;
	const char *cert_file; /* with its chain; needs key_file */
	const char *key_file;
};

/* Reads the files. GP_EINVAL: one of them is not usable; GP_ENOMEM. */
int gp_crypto_tls_setup_new(const struct gp_crypto_tls_files *files,
	struct gp_crypto_tls_setup **setup_out,
	char problem_out[GP_CRYPTO_TLS_PROBLEM]) GP_MUST_CHECK;
void gp_crypto_tls_setup_free(struct gp_crypto_tls_setup *setup); /* accepts NULL */

/* The peer, and the deadline of the handshake. */
struct gp_crypto_tls_peer {
	int fd;           /* connected and non-blocking; borrowed for as long as the result lives */
	const char *host; /* name or address that the certificate must be for */
	const struct gp_clock *clock; /* borrowed for as long as the result lives */
	int64_t deadline_us;
};

/* The handshake. Returns new. */
int gp_crypto_tls_connect(struct gp_crypto_tls_setup *setup, const struct gp_crypto_tls_peer *peer,
	struct gp_crypto_tls **tls_out, char problem_out[GP_CRYPTO_TLS_PROBLEM]) GP_MUST_CHECK;
void gp_crypto_tls_free(
	struct gp_crypto_tls *tls); /* accepts NULL; sends close_notify, never waits */

/* Sends all of it. */
int gp_crypto_tls_send(
	struct gp_crypto_tls *tls, struct gp_span bytes, int64_t deadline_us) GP_MUST_CHECK;

/* Waits for something and gives at most size bytes of it, at least one. */
int gp_crypto_tls_recv(struct gp_crypto_tls *tls, char *buffer, size_t size, int64_t deadline_us,
	size_t *got_out) GP_MUST_CHECK;

/* Why the last call failed; "" when there is nothing to say. Lives as long as tls. */
const char *gp_crypto_tls_problem(const struct gp_crypto_tls *tls);

#endif
