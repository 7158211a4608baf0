/* SPDX-License-Identifier: ISC */
/*
 * Until when a request may wait for others, so that it is answered within what is configured.
 */
#ifndef GP_RUNTIME_RUNTIME_DEADLINE_H
#define GP_RUNTIME_RUNTIME_DEADLINE_H

#include <stdint.h>

/*
 * Of a request that began then and is to be answered after deadline_ms at the latest: a tenth of
 * it, at most 200 ms, is left for what comes after the last wait.
 */
int64_t gp_runtime_deadline_us(int64_t began_us, unsigned deadline_ms);

#endif
