/// Job 3, RealTimeMetricsAggregator: orders and revenue by branch, in tumbling hours of the
/// business zone and in sliding hours (docs/contract.md §3, order_metrics).
///
///   keys      branch
///   windows   tumbling 1 h by the wall clock; sliding 1 h by 5 min, UTC
///   sums      orders, revenue, orders by status, orders by payment
///   tables    order_metrics, order_metrics_sliding
#pragma once

#include <chrono>
#include <memory>

#include "apps/jobs/windowed_job.hpp"
#include "graph/time_zone.hpp"

namespace lensart::jobs {

/// `zone` must outlive the job.
std::unique_ptr<WindowedJob> make_hourly_metrics(const TimeZone& zone);
/// Windows whose end is more than `retention` before the watermark are not kept.
std::unique_ptr<WindowedJob> make_sliding_metrics(std::chrono::microseconds retention);

}  // namespace lensart::jobs
