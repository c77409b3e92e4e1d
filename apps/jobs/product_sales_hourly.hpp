/// The fifth job, the worked example of docs/writing-a-job.md: sales by product and hour.
///
///   keys      product
///   windows   tumbling 1 h by the business zone's wall clock, where the order was placed
///   sums      orders, pieces, revenue
///   table     product_sales_hourly
#pragma once

#include <memory>

#include "apps/jobs/windowed_job.hpp"
#include "graph/time_zone.hpp"

namespace lensart::jobs {

/// `zone` must outlive the job.
std::unique_ptr<WindowedJob> make_product_sales_hourly(const TimeZone& zone);

}  // namespace lensart::jobs
