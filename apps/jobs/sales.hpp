/// What an order sold, product by product: the part of a snapshot's lines that sales are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "storage/codec.hpp"

namespace lensart::jobs {

struct Sale {
  std::int64_t product_id = 0;
  std::int64_t quantity = 0;    ///< over all of the order's lines of the product
  storage::Int128 revenue = 0;  ///< their total_price, in hundredths
};

/// The lines of a snapshot added up by product, as the state keeps them.
std::string encode_sales(const orders::Snapshot& snapshot);
/// Ascending by product. Empty for what encode_sales did not write.
std::vector<Sale> decode_sales(std::string_view bytes);

}  // namespace lensart::jobs
