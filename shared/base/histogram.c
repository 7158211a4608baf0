/* SPDX-License-Identifier: ISC */
/*
 * Most of what is measured ends in one of the first buckets, so they are looked through in order.
 */
#include "base/histogram.h"

const int64_t gp_histogram_bounds_us[GP_HISTOGRAM_BOUNDS] = {100, 250, 500, 1000, 2500, 5000, 10000,
	25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 20000000,
	30000000};

/* gp_histogram_add: two additions, in no order with anything else. */
void gp_histogram_add(struct gp_histogram *histogram, int64_t took_us)
{
	size_t i = 0;
	if (took_us < 0)
		took_us = 0;
	while (i < GP_HISTOGRAM_BOUNDS && took_us > gp_histogram_bounds_us[i])
		i++;
	atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)took_us, memory_order_relaxed);
}

/* gp_histogram_read: bucket by bucket. */
void gp_histogram_read(struct gp_histogram *histogram, struct gp_histogram_sums *sums)
{
	for (size_t i = 0; i < GP_HISTOGRAM_BUCKETS; i++)
		sums->counts[i] +=
			atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
	sums->sum_us += atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
}

/* gp_histogram_count: made of the buckets, so that it always fits them. */
uint64_t gp_histogram_count(const struct gp_histogram_sums *sums)
{
	uint64_t n = 0;
	for (size_t i = 0; i < GP_HISTOGRAM_BUCKETS; i++)
		n += sums->counts[i];
	return n;
}

/* gp_histogram_percentile: linear within the bucket where that part is reached. */
int64_t gp_histogram_percentile(const struct gp_histogram_sums *sums, double part)
{
	double wanted = (double)gp_histogram_count(sums) * part, below = 0;
	for (size_t i = 0; i < GP_HISTOGRAM_BUCKETS; i++) {
		double n = (double)sums->counts[i];
		if (n == 0 || below + n < wanted) {
			below += n;
			continue;
		}
		if (i == GP_HISTOGRAM_BOUNDS)
			return gp_histogram_bounds_us[i - 1];
		int64_t from = i ? gp_histogram_bounds_us[i - 1] : 0;
		double width = (double)(gp_histogram_bounds_us[i] - from);
		return from + (int64_t)(width * (wanted - below) / n);
	}
	return 0;
}
