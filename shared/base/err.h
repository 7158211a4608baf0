/* SPDX-License-Identifier: ISC */
/*
 * Status codes: could the work be done?
 *
 * A status says nothing about a mail; what is true of a mail is a verdict and travels as data in a
 * result. 0 is success, everything else is negative and has a text.
 *
 * Names: symbols begin gp_<directory>_, and gp_<file>_ in the directories that hold several
 * subjects (base, mail): gp_arena_new says more than gp_base_arena_new and collides as little.
 */
#ifndef GP_BASE_ERR_H
#define GP_BASE_ERR_H

enum gp_status {
	GP_OK = 0,
	GP_ENOMEM = -1,   /* the system has no memory left */
	GP_ETOOBIG = -2,  /* a ceiling of ours was reached: arena, buffer, size of an input */
	GP_EINVAL = -3,   /* an argument that the caller should not have passed */
	GP_ESYNTAX = -4,  /* foreign text does not follow its grammar */
	GP_ETIMEOUT = -5, /* a deadline passed */
	GP_EIO = -6,      /* a system call failed; errno says how */
	GP_ECLOSED = -7   /* the peer is gone */
};

/* The return value must be looked at; ignoring one is a cast to void with a reason. */
#define GP_MUST_CHECK __attribute__((warn_unused_result))

/* Text for a status, never NULL, static. */
const char *gp_err_text(int status);

#endif
