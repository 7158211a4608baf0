/* SPDX-License-Identifier: ISC */
/* Texts of the status codes, as a table. */
#include "base/err.h"

#include <stddef.h>

static const struct {
	int status;
	const char *text;
} texts[] = {
	{GP_OK, "success"},
	{GP_ENOMEM, "out of memory"},
	{GP_ETOOBIG, "too large"},
	{GP_EINVAL, "invalid argument"},
	{GP_ESYNTAX, "syntax error"},
	{GP_ETIMEOUT, "timed out"},
	{GP_EIO, "system call failed"},
	{GP_ECLOSED, "closed by the peer"},
};

/* gp_err_text: looks the status up. */
const char *gp_err_text(int status)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "unknown status";
}
