/* SPDX-License-Identifier: ISC */
/* Removing what is over from the files of an embedded store, little by little. */
#include <string.h>

#include "store/store_lmdb_book.h"

#define SWEEP 4000        /* records that tend looks at in one call */
#define SWEEP_FULL 200000 /* when there is no room left */
#define SWEEP_DELETE 256  /* records removed in one transaction */

/* is_over: may the record go? What cannot be read counts as absent. */
static bool is_over(struct gp_store_books *books, const struct gp_store_book *book,
	const MDB_val *key, const MDB_val *data)
{
	int64_t now_ms = gp_store_books_now_ms(books), expires_ms;
	struct gp_span value;
	if (book == &books->book[GP_STORE_FACTS])
		return !gp_store_fact_decode(gp_store_val_span(data), &value, &expires_ms) ||
		       (expires_ms != 0 && expires_ms <= now_ms);
	if (key->mv_size != GP_STORE_KEY)
		return false;
	if (!gp_store_record_decode(gp_store_val_span(data), books->record))
		return true;
	gp_store_record_purge(books->record, now_ms);
	return books->record->count == 0;
}

/* What one transaction of a sweep did. */
struct swept {
	bool removing;          /* or else only looking for something to remove */
	unsigned seen, removed; /* records */
	bool found, end;        /* stands at something to remove; stands at the end */
};

/* sweep_records: from where the last one ended; a status of LMDB. */
static int sweep_records(struct gp_store_books *books, struct gp_store_book *book,
	MDB_cursor *cursor, struct swept *swept)
{
	MDB_val key = gp_store_val_from(book->swept, book->swept_size), data;
	unsigned most = swept->removing ? 2 * SWEEP_DELETE : SWEEP;
	int rc = mdb_cursor_get(cursor, &key, &data, key.mv_size > 0 ? MDB_SET_RANGE : MDB_FIRST);
	while (rc == 0 && swept->seen < most && swept->removed < SWEEP_DELETE) {
		bool over = is_over(books, book, &key, &data);
		swept->found = over && !swept->removing;
		if (swept->found)
			break;
		if (over)
			rc = mdb_cursor_del(cursor, 0);
		if (rc)
			return rc;
		swept->removed += over;
		swept->seen++;
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	swept->end = rc == MDB_NOTFOUND;
	book->swept_size = 0;
	if (rc == 0 && key.mv_size <= sizeof book->swept) {
		memcpy(book->swept, key.mv_data, key.mv_size);
		book->swept_size = key.mv_size;
	}
	return swept->end ? 0 : rc;
}

/* sweep_once: one transaction, which writes only when removing. */
static int sweep_once(struct gp_store_books *books, enum gp_store_book_kind kind, bool removing,
	struct swept *swept_out)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	*swept_out = (struct swept) {.removing = removing};
	int rc = gp_store_books_begin(books, kind, removing ? 0 : MDB_RDONLY, &txn);
	if (rc)
		return rc;
	struct gp_store_book *book = &books->book[kind];
	rc = mdb_cursor_open(txn, book->dbi, &cursor);
	if (rc == 0) {
		rc = sweep_records(books, book, cursor, swept_out);
		mdb_cursor_close(cursor);
	}
	if (rc == 0 && !removing) {
		mdb_txn_abort(txn);
		gp_store_books_leave(books);
		return GP_OK;
	}
	return gp_store_books_end(books, kind, txn, rc);
}

/*
 * gp_store_books_sweep: some records from where the last call ended, all of them when there was no
 * room. Looks for something to remove without holding up anybody, and removes in small
 * transactions.
 */
void gp_store_books_sweep(struct gp_store_books *books, enum gp_store_book_kind kind)
{
	struct gp_store_book *book = &books->book[kind];
	bool full = atomic_exchange(&book->full, false);
	unsigned most = full ? SWEEP_FULL : SWEEP, seen = 0;
	struct swept swept = {0};
	if (full)
		book->swept_size = 0;
	do {
		if (sweep_once(books, kind, swept.found, &swept) != GP_OK)
			return;
		seen += swept.seen;
	} while (!swept.end && seen < most);
}
