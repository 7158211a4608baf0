/* SPDX-License-Identifier: ISC */
/* What is asked for here has to be asked for first. */
#include "crypto/library.h"

#include <openssl/crypto.h>

/* gp_crypto_library_guest: a failure shows again when OpenSSL is used. */
void gp_crypto_library_guest(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
