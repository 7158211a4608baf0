/* SPDX-License-Identifier: ISC */
/*
 * Histogram: how many things took how long, in buckets that are the same everywhere, so that the
 * histograms of several threads, and of several hosts, can be added up.
 *
 *     struct gp_histogram h = {0};                 (all zeroes: empty)
 *     gp_histogram_add(&h, took_us);
 *     struct gp_histogram_sums sums = {0};
 *     gp_histogram_read(&h, &sums);                (adds to what is there already)
 *
 * Threads: any number adds and reads, nobody waits; what is read may lack what is being added.
 */
#ifndef GP_BASE_HISTOGRAM_H
#define GP_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define GP_HISTOGRAM_BOUNDS 18
#define GP_HISTOGRAM_BUCKETS (GP_HISTOGRAM_BOUNDS + 1) /* the last one has no bound */

/* Upper bounds in microseconds, each within its bucket: 100 us to 30 s, rising. */
extern const int64_t gp_histogram_bounds_us[GP_HISTOGRAM_BOUNDS];

struct gp_histogram {
	atomic_uint_fast64_t counts[GP_HISTOGRAM_BUCKETS];
	atomic_uint_fast64_t sum_us;
};

/* The same as plain numbers. */
struct gp_histogram_sums {
	uint64_t counts[GP_HISTOGRAM_BUCKETS];
	uint64_t sum_us;
};

/* One more, which took so long; less than nothing counts as nothing. */
void gp_histogram_add(struct gp_histogram *histogram, int64_t took_us);

/* Adds all there is to sums. */
void gp_histogram_read(struct gp_histogram *histogram, struct gp_histogram_sums *sums);

/* How many things all buckets hold. */
uint64_t gp_histogram_count(const struct gp_histogram_sums *sums);

/*
 * About how many microseconds that part (0 to 1) of all things stayed within, as if they lay evenly
 * in each bucket. The last bound where the bucket has none; 0 without any.
 */
int64_t gp_histogram_percentile(const struct gp_histogram_sums *sums, double part);

#endif
