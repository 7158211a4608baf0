/* SPDX-License-Identifier: ISC */
/*
 * A walk over the trees of a file, the list of free pages, the records and the table whose entry
 * lies among them, from the newest meta page down. Pages are read one by one into memory of our
 * own, one for each level: what another process does to the file meanwhile cannot hurt the walk.
 * Each page is used once, so the walk ends.
 *
 * Numbers are in the machine's byte order, as LMDB writes them; a file from elsewhere fails by its
 * magic number. Layouts are those of LMDB 0.9: page header (number 8, pad 2, flags 2, lower 2 and
 * upper 2, or pages 4), then the places of nodes, 2 each; node (low 4: size of the data or of a
 * page number, flags or the high 16 bits of that number 2, size of the key 2, key, data).
 */
#include "store/lmdb/lmdb_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define MAGIC 0xBEEFC0DEu
#define FORMAT 1
#define HEADER 16       /* bytes of a page before its nodes' places, and before a meta */
#define NODE 8          /* bytes of a node before its key */
#define KEY_MAX 511     /* LMDB's own limit as it is built everywhere */
#define SOFT_KEY_MAX 21 /* of the table beside the main one (lmdb_soft.h) */
#define DEPTH_MAX 32    /* LMDB's stack of pages */
#define NO_PAGE (~(uint64_t)0)
#define PAGES_MAX ((uint64_t)1 << 40)
#define MAP_MAX ((uint64_t)1 << 41) /* bytes; store.size is at most half of it */
#define META_TRIES 100

enum page_flags { P_BRANCH = 1, P_LEAF = 2, P_OVERFLOW = 4, P_META = 8 };
enum node_flags { F_BIGDATA = 1, F_SUBDATA = 2 };
enum tree_flags { T_INTEGERKEY = 8, T_ENV = 0x4000 /* the environment's own, without a meaning */ };

/* One tree as a meta page describes it. */
struct tree {
	uint32_t pad;
	uint16_t flags, depth;
	uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};

/* A meta page as it stands in the file. */
struct meta {
	uint32_t magic, version;
	uint64_t address, map_size;
	struct tree free, main;
	uint64_t last_page, txnid;
};

/* All of one check. */
struct check {
	const struct gp_store_lmdb_file *file;
	size_t page_size;
	char *problem;
	struct meta meta;
	uint8_t *seen;          /* a bit for each page: used, or free */
	uint64_t free_past_end; /* free pages that the file does not reach to */
	uint64_t end;           /* pages that the file reaches to */
	uint8_t *pages;         /* one for each level of a tree, and one more */
	uint8_t *places;        /* a byte for each two of a page: taken by a node */
	struct tree table;      /* the one whose entry lies in the main tree... */
	bool has_table;         /* ...if it does */
	/* of the tree that is walked now */
	const struct tree *tree;
	struct tree counted;
	bool has_last, last_separates; /* is there a last key, and was it of a branch? */
	uint8_t last[KEY_MAX];
	size_t last_size;
};

/* One node within its page. */
struct node {
	uint32_t low;
	uint16_t flags, key_size;
	const uint8_t *key, *data;
	size_t room; /* bytes from data to the page's end */
};

/* fail: the text for people, with a page's number; always GP_ESYNTAX. */
static int fail(struct check *c, uint64_t page, const char *what)
{
	snprintf(
		c->problem, GP_STORE_LMDB_PROBLEM, "page %llu: %s", (unsigned long long)page, what);
	return GP_ESYNTAX;
}

/* get16: at any address. */
static uint16_t get16(const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* get32: at any address. */
static uint32_t get32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* get64: at any address. */
static uint64_t get64(const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* ---- pages ---- */

/* claim: a page may be claimed once, and the first two are the metas'. */
static int claim(struct check *c, uint64_t page)
{
	if (page < 2 || page > c->meta.last_page)
		return fail(c, page, "outside of the file's pages");
	uint8_t bit = (uint8_t)(1u << (page % 8));
	if (c->seen[page / 8] & bit)
		return fail(c, page, "in use twice");
	c->seen[page / 8] |= bit;
	return GP_OK;
}

/* read_page: claims it, and it must carry its own number and exactly these flags. */
static int read_page(struct check *c, uint64_t page, unsigned flags, uint8_t *buffer)
{
	int rc = claim(c, page);
	if (rc)
		return rc;
	if (page >= c->end ||
		!c->file->read(c->file->arg, page * c->page_size, buffer, c->page_size))
		return fail(c, page, "the file ends before it");
	if (get64(buffer) != page)
		return fail(c, page, "has the number of another page");
	if (get16(buffer + 10) != flags)
		return fail(c, page, "is not of the type expected there");
	return GP_OK;
}

/*
 * check_overflow: the pages of a value too large for a leaf; they stand in a row. There may be more
 * of them than it needs: a value that becomes smaller twice in a transaction keeps its pages.
 */
static int check_overflow(struct check *c, uint64_t first, uint64_t size)
{
	uint8_t header[HEADER];
	if (first >= c->end || !c->file->read(c->file->arg, first * c->page_size, header, HEADER))
		return fail(c, first, "the file ends before this large value");
	uint64_t pages = get32(header + 12);
	if (get64(header) != first || get16(header + 10) != P_OVERFLOW ||
		pages < (HEADER - 1 + size) / c->page_size + 1)
		return fail(c, first, "is not the beginning of this large value");
	if (pages > c->end - first)
		return fail(c, first, "the file ends within this large value");
	for (uint64_t i = 0; i < pages; i++) {
		int rc = claim(c, first + i);
		if (rc)
			return rc;
	}
	c->counted.overflow_pages += pages;
	return GP_OK;
}

/* ---- nodes ---- */

/* node_count: from the header; the places lie before the nodes. */
static int node_count(struct check *c, uint64_t page, const uint8_t *bytes, unsigned *count_out)
{
	unsigned lower = get16(bytes + 12), upper = get16(bytes + 14);
	if (lower < HEADER || lower % 2 != 0 || lower > upper || upper > c->page_size)
		return fail(c, page, "its bounds are wrong");
	*count_out = (lower - HEADER) / 2;
	memset(c->places, 0, c->page_size / 2);
	return GP_OK;
}

/* get_node: within the page, head and key; the data is not looked at. */
static bool get_node(const struct check *c, const uint8_t *bytes, unsigned i, struct node *node_out)
{
	size_t place = get16(bytes + HEADER + 2 * (size_t)i), upper = get16(bytes + 14);
	if (place < upper || place % 2 != 0 || place + NODE > c->page_size)
		return false;
	const uint8_t *at = bytes + place;
	node_out->low = get32(at);
	node_out->flags = get16(at + 4);
	node_out->key_size = get16(at + 6);
	if (node_out->key_size > KEY_MAX || node_out->key_size > c->page_size - place - NODE)
		return false;
	node_out->key = at + NODE;
	node_out->data = node_out->key + node_out->key_size;
	node_out->room = (size_t)(bytes + c->page_size - node_out->data);
	return true;
}

/* occupy: marks the node's bytes within the page; false when another node has some of them. */
static bool occupy(struct check *c, const uint8_t *bytes, const struct node *node, size_t data)
{
	size_t from = (size_t)(node->key - NODE - bytes) / 2;
	size_t units = (NODE + node->key_size + data + 1) / 2;
	if (from + units > c->page_size / 2 || memchr(c->places + from, 1, units))
		return false;
	memset(c->places + from, 1, units);
	return true;
}

/* is_packed: are all bytes from upper to the end some node's? */
static bool is_packed(const struct check *c, const uint8_t *bytes)
{
	size_t from = get16(bytes + 14) / 2;
	return get16(bytes + 14) % 2 == 0 && !memchr(c->places + from, 0, c->page_size / 2 - from);
}

/* compare: keys as the tree orders them. */
static int compare(
	const struct check *c, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	if (c->tree->flags & T_INTEGERKEY) {
		uint64_t x = get64(a), y = get64(b);
		return (x > y) - (x < y);
	}
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
	return order ? order : (a_size > b_size) - (a_size < b_size);
}

/*
 * next_key: keys rise through the whole tree; what a branch says to be the least of a page is more
 * than all before it, and the page may begin with it.
 */
static bool next_key(struct check *c, const struct node *node, bool separates)
{
	if (node->key_size == 0 ||
		((c->tree->flags & T_INTEGERKEY) && node->key_size != sizeof(uint64_t)))
		return false;
	if (c->has_last) {
		int order = compare(c, c->last, c->last_size, node->key, node->key_size);
		if (order > 0 || (order == 0 && !(c->last_separates && !separates)))
			return false;
	}
	memcpy(c->last, node->key, node->key_size);
	c->last_size = node->key_size;
	c->has_last = true;
	c->last_separates = separates;
	return true;
}

/* ---- the list of free pages ---- */

/* check_free_ids: one record's pages, in pieces: descending, each claimed. */
static int check_free_ids(struct check *c, uint64_t page, const uint8_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t id = get64(ids + 8 * i);
		if (i > 0 && id >= get64(ids + 8 * (i - 1)))
			return fail(c, page, "its free pages are out of order");
		int rc = claim(c, id);
		if (rc)
			return rc;
		c->free_past_end += id >= c->end;
	}
	return GP_OK;
}

/* check_free: a record of free pages: how many, then their numbers. */
static int check_free(struct check *c, uint64_t page, const struct node *node)
{
	uint8_t *copy = NULL;
	const uint8_t *ids = node->data;
	uint64_t size = node->low;
	uint64_t txnid = get64(node->key);
	if (txnid == 0 || txnid > c->meta.txnid)
		return fail(c, page, "has free pages of a later transaction");
	if (size < 8 || size % 8 != 0)
		return fail(c, page, "a record of free pages has an invalid length");
	if (node->flags & F_BIGDATA) {
		copy = malloc(size); /* bounded: check_overflow has found it within the file */
		if (!copy)
			return GP_ENOMEM;
		uint64_t at = get64(node->data) * c->page_size + HEADER;
		ids = copy;
		if (!c->file->read(c->file->arg, at, copy, size)) {
			free(copy);
			return fail(c, page, "its free pages cannot be read");
		}
	}
	uint64_t count = get64(ids);
	int rc = count > size / 8 - 1 ? fail(c, page, "more free pages than its record holds")
				      : check_free_ids(c, page, ids + 8, (size_t)count);
	free(copy);
	return rc;
}

/* ---- trees ---- */

/* keep_table: the entry of the one table that there may be beside the main one; for later. */
static int keep_table(struct check *c, uint64_t page, const struct node *node)
{
	static const char name[] = GP_STORE_LMDB_SOFT_NAME;
	if (c->tree != &c->meta.main || node->low != sizeof c->table ||
		node->key_size != sizeof name - 1 || memcmp(node->key, name, sizeof name - 1) != 0)
		return fail(c, page, "contains a table that is not used here");
	memcpy(&c->table, node->data, sizeof c->table);
	if (c->table.flags != 0 || c->table.pad != 0)
		return fail(c, page, "contains a table of another type");
	c->has_table = true;
	return GP_OK;
}

/* check_leaf_node: its key, where its value lies, and of the free list the value itself. */
static int check_leaf_node(struct check *c, uint64_t page, const uint8_t *bytes, unsigned i)
{
	struct node node;
	if (!get_node(c, bytes, i, &node))
		return fail(c, page, "a record lies outside");
	bool big = node.flags == F_BIGDATA, table = node.flags == F_SUBDATA;
	if (node.flags != 0 && !big && !table)
		return fail(c, page, "a record is of a type that is not used here");
	size_t stored = big ? 8 : node.low;
	if (stored > node.room || !occupy(c, bytes, &node, stored))
		return fail(c, page, "records overlap or extend past the page");
	if (!next_key(c, &node, false))
		return fail(c, page, "keys are out of order");
	if (c->tree == &c->table && node.key_size > SOFT_KEY_MAX)
		return fail(c, page, "a key is longer than any that is used here");
	int rc = big     ? check_overflow(c, get64(node.data), node.low)
		 : table ? keep_table(c, page, &node)
			 : GP_OK;
	if (rc == GP_OK && c->tree == &c->meta.free)
		rc = check_free(c, page, &node);
	c->counted.entries++;
	return rc;
}

/* check_leaf: all its records. */
static int check_leaf(struct check *c, uint64_t page, uint8_t *bytes)
{
	unsigned count;
	int rc = read_page(c, page, P_LEAF, bytes);
	if (rc == GP_OK)
		rc = node_count(c, page, bytes, &count);
	if (rc)
		return rc;
	if (count == 0)
		return fail(c, page, "is empty");
	for (unsigned i = 0; i < count && rc == GP_OK; i++)
		rc = check_leaf_node(c, page, bytes, i);
	c->counted.leaf_pages++;
	if (rc == GP_OK && !is_packed(c, bytes))
		rc = fail(c, page, "has gaps between its records");
	return rc;
}

/* check_branch_page: the page for itself, before its children are looked at. */
static int check_branch_page(struct check *c, uint64_t page, uint8_t *bytes, unsigned *count_out)
{
	struct node node;
	int rc = read_page(c, page, P_BRANCH, bytes);
	if (rc == GP_OK)
		rc = node_count(c, page, bytes, count_out);
	if (rc)
		return rc;
	/* LMDB itself allows this for the list of free pages only */
	if (*count_out < (c->tree == &c->meta.free ? 1 : 2))
		return fail(c, page, "has too few pages below it");
	for (unsigned i = 0; i < *count_out; i++) {
		if (!get_node(c, bytes, i, &node) || !occupy(c, bytes, &node, 0))
			return fail(c, page, "entries overlap or extend past the page");
	}
	c->counted.branch_pages++;
	return is_packed(c, bytes) ? GP_OK : fail(c, page, "has gaps between its entries");
}

/* child_of: the page that an entry of a branch leads to. */
static uint64_t child_of(const struct node *node)
{
	return (uint64_t)node->low | (uint64_t)node->flags << 32;
}

/* walk: a page and all below it; the depth is at most DEPTH_MAX. */
static int walk(struct check *c, uint64_t page, unsigned level)
{
	uint8_t *bytes = c->pages + level * c->page_size;
	struct node node;
	unsigned count;
	if (level + 1 == c->tree->depth)
		return check_leaf(c, page, bytes);
	int rc = check_branch_page(c, page, bytes, &count);
	if (rc)
		return rc; /* nobody has counted */
	for (unsigned i = 0; rc == GP_OK && i < count; i++) {
		if (!get_node(c, bytes, i, &node))
			return fail(c, page, "an entry lies outside");
		if (i > 0 && !next_key(c, &node, true)) /* the first key says nothing */
			return fail(c, page, "keys are out of order");
		rc = walk(c, child_of(&node), level + 1);
	}
	return rc;
}

/* check_tree: walks it, and what was counted must be what the meta says. */
static int check_tree(struct check *c, const struct tree *tree)
{
	c->tree = tree;
	c->counted = *tree;
	c->counted.branch_pages = c->counted.leaf_pages = 0;
	c->counted.overflow_pages = c->counted.entries = 0;
	c->has_last = false;
	if (tree->depth > DEPTH_MAX || (tree->root == NO_PAGE) != (tree->depth == 0))
		return fail(c, tree->root, "a tree of impossible depth");
	int rc = tree->depth > 0 ? walk(c, tree->root, 0) : GP_OK;
	if (rc == GP_OK && memcmp(&c->counted, tree, sizeof *tree) != 0)
		rc = fail(
			c, tree->root, "the tree below does not have the size that its entry says");
	return rc;
}

/* ---- the whole file ---- */

/* read_meta: one of the two, for itself. */
static int read_meta(struct check *c, unsigned page, struct meta *meta_out)
{
	uint8_t bytes[HEADER + sizeof *meta_out];
	if (!c->file->read(c->file->arg, page * (uint64_t)c->page_size, bytes, sizeof bytes))
		return fail(c, page, "the file is truncated");
	memcpy(meta_out, bytes + HEADER, sizeof *meta_out);
	if (get16(bytes + 10) != P_META || meta_out->magic != MAGIC)
		return fail(
			c, page, "not an LMDB file, or one of a machine with another byte order");
	if (meta_out->version != FORMAT)
		return fail(c, page, "of another version of LMDB");
	return GP_OK;
}

/* check_meta: bounds of the one that counts. */
static int check_meta(struct check *c)
{
	const struct meta *m = &c->meta;
	if (m->free.pad != c->page_size)
		return fail(c, 0, "of a machine with another page size");
	if ((m->free.flags & ~T_ENV) != T_INTEGERKEY || m->main.flags != 0 || m->main.pad != 0)
		return fail(c, 0, "an LMDB file of another program");
	if (m->txnid > INT64_MAX)
		return fail(c, 0, "an impossible number of transactions");
	/*
	 * Pages that were freed before they were ever written can lie past the end. The list of
	 * free pages names each of them in 8 bytes, which bounds how many there can be.
	 */
	if (m->last_page < 1 || m->last_page > c->end + c->file->size / 8)
		return fail(c, m->last_page, "the file is too short for it");
	return GP_OK;
}

/* check_trees: all, then that nothing in between is missing at the end. */
static int check_trees(struct check *c)
{
	int rc = check_tree(c, &c->meta.free);
	if (rc == GP_OK)
		rc = check_tree(c, &c->meta.main);
	if (rc == GP_OK && c->has_table)
		rc = check_tree(c, &c->table);
	if (rc)
		return rc;
	uint64_t past_end = c->meta.last_page >= c->end ? c->meta.last_page + 1 - c->end : 0;
	return past_end == c->free_past_end
		       ? GP_OK
		       : fail(c, c->meta.last_page, "the file is too short for it");
}

/* read_metas: both; the newer one counts. */
static int read_metas(struct check *c)
{
	struct meta other;
	int rc = read_meta(c, 0, &c->meta);
	if (rc == GP_OK)
		rc = read_meta(c, 1, &other);
	if (rc)
		return rc;
	if (other.txnid > c->meta.txnid)
		c->meta = other;
	return check_meta(c);
}

/* run: metas first, they say how much memory the rest needs. */
static int run(struct check *c)
{
	int rc = read_metas(c);
	if (rc)
		return rc;
	c->seen = calloc(1, (size_t)(c->meta.last_page / 8 + 1));
	c->pages = malloc(DEPTH_MAX * c->page_size);
	c->places = malloc(c->page_size / 2);
	return c->seen && c->pages && c->places ? check_trees(c) : GP_ENOMEM;
}

/* gp_store_lmdb_check: run, and its memory. */
int gp_store_lmdb_check(const struct gp_store_lmdb_file *file, size_t page_size,
	char problem[GP_STORE_LMDB_PROBLEM])
{
	struct check c = {.file = file, .page_size = page_size, .problem = problem};
	problem[0] = '\0';
	if (file->size == 0 || sizeof(size_t) != sizeof(uint64_t))
		return GP_OK;
	c.end = file->size / page_size;
	int rc = c.end > PAGES_MAX ? fail(&c, c.end, "too large") : run(&c);
	free(c.seen);
	free(c.pages);
	free(c.places);
	return rc;
}

/* ---- files ---- */

/* read_descriptor: all of it, wherever a call is interrupted. */
static bool read_descriptor(void *arg, uint64_t offset, void *buffer, size_t length)
{
	uint8_t *to = buffer;
	const int *fd = arg;
	while (length > 0) {
		ssize_t n = pread(*fd, to, length, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return true;
}

/*
 * gp_store_lmdb_check_map: read again when it does not fit together, since it may just be written.
 * What the file says to be its largest size is no more than store.size can be.
 */
int gp_store_lmdb_check_map(int fd, uint64_t *bytes_out, char problem[GP_STORE_LMDB_PROBLEM])
{
	struct check c = {.page_size = (size_t)sysconf(_SC_PAGESIZE), .problem = problem};
	struct stat st;
	int rc = GP_ESYNTAX;
	*bytes_out = 0; /* what the file says itself */
	if (sizeof(size_t) != sizeof(uint64_t))
		return GP_OK;
	for (int i = 0; i < META_TRIES && rc; i++) {
		if (fstat(fd, &st) != 0)
			return GP_EIO;
		const struct gp_store_lmdb_file file = {read_descriptor, &fd, (uint64_t)st.st_size};
		c.file = &file;
		c.end = file.size / c.page_size;
		rc = read_metas(&c);
		if (rc == GP_OK && c.meta.map_size > MAP_MAX)
			rc = fail(&c, 0, "an impossible size");
	}
	if (rc)
		return rc;
	uint64_t used = (c.meta.last_page + 1) * c.page_size;
	*bytes_out = c.meta.map_size > used ? c.meta.map_size : used;
	return GP_OK;
}

/* check_descriptor: an open file. */
static int check_descriptor(int fd, uint64_t *size_out, char problem[GP_STORE_LMDB_PROBLEM])
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		snprintf(problem, GP_STORE_LMDB_PROBLEM, "%s", strerror(errno));
		return GP_EIO;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(problem, GP_STORE_LMDB_PROBLEM, "not a regular file");
		return GP_EIO;
	}
	const struct gp_store_lmdb_file file = {read_descriptor, &fd, (uint64_t)st.st_size};
	*size_out = file.size;
	return gp_store_lmdb_check(&file, (size_t)sysconf(_SC_PAGESIZE), problem);
}

/* gp_store_lmdb_check_path: opened so that a pipe of that name does not hold us up. */
int gp_store_lmdb_check_path(
	const char *path, uint64_t *size_out, char problem[GP_STORE_LMDB_PROBLEM])
{
	*size_out = 0;
	problem[0] = '\0';
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return GP_OK;
	if (fd < 0) {
		snprintf(problem, GP_STORE_LMDB_PROBLEM, "%s", strerror(errno));
		return GP_EIO;
	}
	int rc = check_descriptor(fd, size_out, problem);
	close(fd);
	return rc;
}

/* gp_store_lmdb_set_aside: link fails where the name exists, so that nothing is overwritten. */
int gp_store_lmdb_set_aside(const char *path, int64_t wall_s, char *moved_to, size_t size)
{
	char stamp[32], lock[PATH_MAX];
	time_t when = (time_t)wall_s;
	struct tm tm;
	if (!gmtime_r(&when, &tm) || strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm) == 0)
		snprintf(stamp, sizeof stamp, "unknown");
	int made = -1;
	for (unsigned i = 0; made != 0 && i < 1000; i++) {
		int n = i == 0 ? snprintf(moved_to, size, "%s.damaged-%s", path, stamp)
			       : snprintf(moved_to, size, "%s.damaged-%s-%u", path, stamp, i);
		if (n < 0 || (size_t)n >= size) {
			errno = ENAMETOOLONG;
			return GP_EIO;
		}
		made = link(path, moved_to);
		if (made != 0 && errno != EEXIST)
			return GP_EIO;
	}
	if (made != 0 || unlink(path) != 0)
		return GP_EIO;
	int n = snprintf(lock, sizeof lock, "%s-lock", path);
	if (n > 0 && (size_t)n < sizeof lock)
		(void)unlink(lock); /* LMDB makes a new one; its absence is fine */
	return GP_OK;
}

/* ---- which processes have the directory open ---- */

enum lock_byte { OPENING = 0, IN_USE = 1 };

/* lock_byte: one of the two, without waiting; conversion is atomic. */
static int lock_byte(const struct gp_store_lmdb_lock *lock, enum lock_byte which, short type)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)which, .l_len = 1};
	if (fcntl(lock->fd, F_OFD_SETLK, &range) == 0)
		return GP_OK;
	return errno == EAGAIN || errno == EACCES ? GP_ETIMEOUT : GP_EIO;
}

/* gp_store_lmdb_lock_open: only the owner may read it or hold it. */
int gp_store_lmdb_lock_open(struct gp_store_lmdb_lock *lock, const char *directory)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/lock", directory);
	lock->fd = -1;
	if (n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return GP_EIO;
	}
	lock->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	return lock->fd < 0 ? GP_EIO : GP_OK;
}

/* gp_store_lmdb_lock_take: asks again every few milliseconds; it is never held for long. */
int gp_store_lmdb_lock_take(struct gp_store_lmdb_lock *lock, int wait_ms, bool *alone_out)
{
	const struct timespec pause = {0, 10000000};
	int64_t end_us = gp_clock_now_us(gp_clock_system()) + wait_ms * (int64_t)1000;
	int rc = lock_byte(lock, OPENING, F_WRLCK);
	while (rc == GP_ETIMEOUT && gp_clock_now_us(gp_clock_system()) < end_us) {
		(void)nanosleep(&pause, NULL);
		rc = lock_byte(lock, OPENING, F_WRLCK);
	}
	if (rc)
		return rc;
	rc = lock_byte(lock, IN_USE, F_WRLCK);
	*alone_out = rc == GP_OK;
	return rc == GP_ETIMEOUT ? lock_byte(lock, IN_USE, F_RDLCK) : rc;
}

/* gp_store_lmdb_lock_share: in this order. */
int gp_store_lmdb_lock_share(struct gp_store_lmdb_lock *lock)
{
	int rc = lock_byte(lock, IN_USE, F_RDLCK);
	return rc ? GP_EIO : lock_byte(lock, OPENING, F_UNLCK);
}

/* gp_store_lmdb_lock_close: the locks end with the descriptor. */
void gp_store_lmdb_lock_close(struct gp_store_lmdb_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}
