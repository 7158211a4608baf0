/* SPDX-License-Identifier: ISC */
/*
 * Time is the time since the boot, which runs on in sleep and which nobody can set, and an offset
 * that lies in counters together with the kernel's id of the boot: the first process after a boot
 * takes it from the wall clock, and all others take it from there.
 */
#include "store/lmdb/lmdb_time.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/lmdb/lmdb_record.h"
#include "store/lmdb/lmdb_val.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

static const char time_key[] = "time"; /* of another length than a subject's key */

/* gp_store_lmdb_boot_ms: CLOCK_BOOTTIME. */
int64_t gp_store_lmdb_boot_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* read_boot_id: false where the kernel does not tell. */
static bool read_boot_id(char out[GP_STORE_LMDB_BOOT_ID])
{
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, GP_STORE_LMDB_BOOT_ID);
	close(fd);
	return n == GP_STORE_LMDB_BOOT_ID;
}

/* agree_on_time: the stored offset, if it is of this boot, or else ours, which is stored. */
static int agree_on_time(MDB_env *mdb, MDB_dbi dbi, struct gp_store_lmdb_time *time)
{
	MDB_val key = gp_store_lmdb_val_from(time_key, sizeof time_key - 1), data;
	unsigned char bytes[GP_STORE_LMDB_TIME_RECORD];
	struct gp_store_lmdb_time stored;
	MDB_txn *txn;
	int rc = mdb_txn_begin(mdb, NULL, 0, &txn);
	if (rc)
		return rc;
	rc = mdb_get(txn, dbi, &key, &data);
	if (rc == 0 && gp_store_lmdb_time_decode(gp_store_lmdb_val_span(&data), &stored) &&
		memcmp(stored.boot_id, time->boot_id, sizeof stored.boot_id) == 0) {
		time->offset_ms = stored.offset_ms;
		mdb_txn_abort(txn);
		return 0;
	}
	gp_store_lmdb_time_encode(time, bytes);
	data = gp_store_lmdb_val_from(bytes, sizeof bytes);
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = mdb_put(txn, dbi, &key, &data, 0);
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* gp_store_lmdb_time_agree: where the kernel names no boot, the wall clock has to do. */
int gp_store_lmdb_time_agree(MDB_env *mdb, MDB_dbi dbi, int64_t wall_ms, int64_t *offset_ms_out)
{
	struct gp_store_lmdb_time time = {.offset_ms = wall_ms - gp_store_lmdb_boot_ms()};
	int rc = read_boot_id(time.boot_id) ? agree_on_time(mdb, dbi, &time) : 0;
	*offset_ms_out = time.offset_ms;
	return rc;
}
