/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL over a descriptor that never blocks: each step is tried, and where it wants to read or
 * write first, poll waits until the deadline. The bytes go through a BIO of our own, because
 * OpenSSL's writes without MSG_NOSIGNAL, and a server that went away would end the whole process.
 */
#include "crypto/tls.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/ipaddr.h"

struct gp_crypto_tls_setup {
	SSL_CTX *context;
	BIO_METHOD *method;
};

struct gp_crypto_tls {
	SSL *ssl;
	int fd;
	const struct gp_clock *clock;
	bool ended; /* the peer has closed, with or without close_notify */
	char problem[GP_CRYPTO_TLS_PROBLEM];
};

/* owner: of a BIO of ours. */
static struct gp_crypto_tls *owner(BIO *bio)
{
	return BIO_get_data(bio);
}

/* again: tells OpenSSL to come back when the descriptor is ready. */
static int again(BIO *bio, ssize_t n, int flag)
{
	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_flags(bio, flag | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

/* bio_write: without a signal when nobody listens any more. */
static int bio_write(BIO *bio, const char *bytes, int size)
{
	return again(bio, send(owner(bio)->fd, bytes, (size_t)size, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

/* bio_read: what is there. */
static int bio_read(BIO *bio, char *buffer, int size)
{
	ssize_t n = recv(owner(bio)->fd, buffer, (size_t)size, 0);
	owner(bio)->ended = n == 0 || (n < 0 && errno == ECONNRESET);
	return again(bio, n, BIO_FLAGS_READ);
}

/* bio_ctrl: there is nothing to flush, and the end has been reached or not. */
static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return owner(bio)->ended;
	return command == BIO_CTRL_FLUSH;
}

/* bio_create: ready at once. */
static int bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

/* new_method: the table of the four above. */
static BIO_METHOD *new_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatepost");
	if (!method)
		return NULL;
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_ctrl(method, bio_ctrl);
	BIO_meth_set_create(method, bio_create);
	return method;
}

/* explain: OpenSSL's reason, or ours when it has none. */
static void explain(char problem[GP_CRYPTO_TLS_PROBLEM], const char *what, const char *detail)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	if (!reason)
		reason = detail;
	snprintf(problem, GP_CRYPTO_TLS_PROBLEM, "%s%s%s", what, reason ? ": " : "",
		reason ? reason : "");
	ERR_clear_error();
}

/* explain_file: which file, and what is wrong with it. */
static int explain_file(char problem[GP_CRYPTO_TLS_PROBLEM], const char *what, const char *path)
{
	char text[160];
	snprintf(text, sizeof text, "%.40s %.100s", what, path);
	explain(problem, text, NULL);
	return GP_EINVAL;
}

/* load_authorities: which certificates to trust. */
static int load_authorities(SSL_CTX *context, const char *path, char *problem)
{
	if (path && *path)
		return SSL_CTX_load_verify_locations(context, path, NULL) == 1
			       ? GP_OK
			       : explain_file(problem, "authorities in", path);
	return SSL_CTX_set_default_verify_paths(context) == 1
		       ? GP_OK
		       : explain_file(problem, "authorities of", "the system");
}

/* load_own: our certificate and its key, which must fit. */
static int load_own(SSL_CTX *context, const struct gp_crypto_tls_files *files, char *problem)
{
	if (!files->cert_file || !*files->cert_file)
		return GP_OK;
	const char *key = files->key_file && *files->key_file ? files->key_file : files->cert_file;
	if (SSL_CTX_use_certificate_chain_file(context, files->cert_file) != 1)
		return explain_file(problem, "certificate in", files->cert_file);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return explain_file(problem, "key in", key);
	if (SSL_CTX_check_private_key(context) != 1)
		return explain_file(problem, "key does not match the certificate: ", key);
	return GP_OK;
}

/* no_passphrase: an encrypted key cannot be used; asking on the terminal would block for ever. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* configure: what holds for every connection. */
static int configure(SSL_CTX *context, const struct gp_crypto_tls_files *files, char *problem)
{
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		explain(problem, "TLS 1.2", NULL);
		return GP_EINVAL;
	}
	int rc = load_authorities(context, files->ca_file, problem);
	return rc ? rc : load_own(context, files, problem);
}

/* gp_crypto_tls_setup_new: a context and a method. */
int gp_crypto_tls_setup_new(const struct gp_crypto_tls_files *files,
	struct gp_crypto_tls_setup **setup_out, char problem_out[GP_CRYPTO_TLS_PROBLEM])
{
	problem_out[0] = '\0';
	ERR_clear_error();
	struct gp_crypto_tls_setup *setup = calloc(1, sizeof *setup);
	if (!setup)
		return GP_ENOMEM;
	setup->context = SSL_CTX_new(TLS_client_method());
	setup->method = new_method();
	int rc = setup->context && setup->method ? configure(setup->context, files, problem_out)
						 : GP_ENOMEM;
	if (rc) {
		gp_crypto_tls_setup_free(setup);
		return rc;
	}
	*setup_out = setup;
	return GP_OK;
}

/* gp_crypto_tls_setup_free: connections must be gone. */
void gp_crypto_tls_setup_free(struct gp_crypto_tls_setup *setup)
{
	if (!setup)
		return;
	SSL_CTX_free(setup->context);
	BIO_meth_free(setup->method);
	free(setup);
}

/* expect_host: the name (which also travels as SNI) or the address that must be certified. */
static bool expect_host(SSL *ssl, const char *host)
{
	struct gp_ipaddr address;
	if (!host || !*host)
		return false;
	if (gp_ipaddr_parse(gp_span_from(host), &address) == GP_OK)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* await: until the descriptor can do what OpenSSL wants of it. */
static int await(struct gp_crypto_tls *tls, short events, int64_t deadline_us)
{
	struct pollfd fd = {.fd = tls->fd, .events = events};
	for (;;) {
		int left_ms = gp_clock_left_ms(tls->clock, deadline_us);
		int n = poll(&fd, 1, left_ms);
		if (n > 0)
			return GP_OK;
		if (n < 0 && errno != EINTR)
			return GP_EIO;
		if (n == 0 && gp_clock_left_ms(tls->clock, deadline_us) == 0)
			return GP_ETIMEOUT;
	}
}

/* failed: why OpenSSL gave up, in a text and a status. */
static int failed(struct gp_crypto_tls *tls, int error, int saved_errno)
{
	char text[96];
	long verify = SSL_get_verify_result(tls->ssl);
	if (verify != X509_V_OK) {
		snprintf(tls->problem, sizeof tls->problem, "certificate: %s",
			X509_verify_cert_error_string(verify));
		ERR_clear_error();
		return GP_EIO;
	}
	bool gone = tls->ended || error == SSL_ERROR_ZERO_RETURN ||
		    (error == SSL_ERROR_SYSCALL && !ERR_peek_error());
	explain(tls->problem, "TLS",
		saved_errno ? strerror_r(saved_errno, text, sizeof text) : "connection closed");
	return gone ? GP_ECLOSED : GP_EIO;
}

/* step: n is what the last call of OpenSSL returned; GP_OK: the call may be made again. */
static int step(struct gp_crypto_tls *tls, int n, int64_t deadline_us)
{
	int saved_errno = errno;
	int error = SSL_get_error(tls->ssl, n);
	if (error == SSL_ERROR_WANT_READ)
		return await(tls, POLLIN, deadline_us);
	if (error == SSL_ERROR_WANT_WRITE)
		return await(tls, POLLOUT, deadline_us);
	return failed(tls, error, saved_errno);
}

/* shake_hands: until both sides agree, or do not. */
static int shake_hands(struct gp_crypto_tls *tls, int64_t deadline_us)
{
	int rc = GP_OK;
	while (rc == GP_OK) {
		ERR_clear_error();
		errno = 0;
		int n = SSL_connect(tls->ssl);
		if (n == 1)
			return GP_OK;
		rc = step(tls, n, deadline_us);
	}
	return rc;
}

/* attach: an SSL object with a BIO of ours on both sides. */
static int attach(struct gp_crypto_tls_setup *setup, struct gp_crypto_tls *tls, const char *host)
{
	tls->ssl = SSL_new(setup->context);
	BIO *bio = BIO_new(setup->method);
	if (!tls->ssl || !bio) {
		BIO_free(bio);
		return GP_ENOMEM;
	}
	BIO_set_data(bio, tls);
	SSL_set_bio(tls->ssl, bio, bio);
	return expect_host(tls->ssl, host) ? GP_OK : GP_EINVAL;
}

/* gp_crypto_tls_connect: attach and shake hands. */
int gp_crypto_tls_connect(struct gp_crypto_tls_setup *setup, const struct gp_crypto_tls_peer *peer,
	struct gp_crypto_tls **tls_out, char problem_out[GP_CRYPTO_TLS_PROBLEM])
{
	problem_out[0] = '\0';
	struct gp_crypto_tls *tls = calloc(1, sizeof *tls);
	if (!tls)
		return GP_ENOMEM;
	tls->fd = peer->fd;
	tls->clock = peer->clock;
	int rc = attach(setup, tls, peer->host);
	if (rc == GP_OK)
		rc = shake_hands(tls, peer->deadline_us);
	if (rc) {
		memcpy(problem_out, tls->problem, sizeof tls->problem);
		SSL_free(tls->ssl);
		free(tls);
		return rc;
	}
	*tls_out = tls;
	return GP_OK;
}

/* gp_crypto_tls_free: close_notify is one write that may fail. */
void gp_crypto_tls_free(struct gp_crypto_tls *tls)
{
	if (!tls)
		return;
	if (!tls->problem[0])
		(void)SSL_shutdown(tls->ssl); /* a courtesy; the peer may be gone */
	ERR_clear_error();
	SSL_free(tls->ssl);
	free(tls);
}

/* gp_crypto_tls_send: OpenSSL writes all or asks to be called again with the same. */
int gp_crypto_tls_send(struct gp_crypto_tls *tls, struct gp_span bytes, int64_t deadline_us)
{
	size_t written = 0;
	int rc = GP_OK;
	while (rc == GP_OK && bytes.len) {
		ERR_clear_error();
		errno = 0;
		int n = SSL_write_ex(tls->ssl, bytes.ptr, bytes.len, &written);
		if (n == 1)
			bytes = gp_span_skip(bytes, written);
		else
			rc = step(tls, n, deadline_us);
	}
	return rc;
}

/* gp_crypto_tls_recv: tries before it waits, because OpenSSL may hold bytes already. */
int gp_crypto_tls_recv(
	struct gp_crypto_tls *tls, char *buffer, size_t size, int64_t deadline_us, size_t *got_out)
{
	int rc = GP_OK;
	while (rc == GP_OK) {
		ERR_clear_error();
		errno = 0;
		int n = SSL_read_ex(tls->ssl, buffer, size, got_out);
		if (n == 1)
			return GP_OK;
		rc = step(tls, n, deadline_us);
	}
	return rc;
}

/* gp_crypto_tls_problem: the text of the last failure. */
const char *gp_crypto_tls_problem(const struct gp_crypto_tls *tls)
{
	return tls->problem;
}
