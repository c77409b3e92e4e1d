#include "bench/many_orders/shop_log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <system_error>

#include "apps/generate/random.hpp"
#include "apps/generate/render.hpp"

namespace lensart::bench {

namespace {

constexpr std::uint64_t kSeed = 20261130;
constexpr std::uint64_t kRecentDays = 3;
constexpr std::chrono::microseconds kBetweenOrders =
    std::chrono::microseconds(std::chrono::hours(24)) / ShopLog::kOrdersADay;
constexpr std::chrono::microseconds kBetweenUpdates = std::chrono::milliseconds(1);

}  // namespace

ShopLog::ShopLog(std::uint64_t orders, std::uint64_t updates, Instant updates_begin)
    : orders_(orders),
      updates_(updates),
      recent_(std::min(orders, kRecentDays * kOrdersADay)),
      updates_begin_(updates_begin) {}

Instant ShopLog::created_at(std::uint64_t order) const {
  return updates_begin_ - (orders_ - order) * kBetweenOrders;
}

Instant ShopLog::updated_at(std::uint64_t update) const {
  return updates_begin_ + update * kBetweenUpdates;
}

std::uint64_t ShopLog::order_of_update(std::uint64_t index) const {
  generate::Random random(kSeed, index);
  return random.chance(0.9) ? orders_ - recent_ + random.below(recent_) : random.below(orders_);
}

void ShopLog::render(std::string& out, std::uint64_t order, generate::Step step,
                     std::uint64_t number) const {
  const generate::OrderPlan plan = generate::make_plan({kSeed, 1, 1}, order, created_at(order));
  const bool is_recent = order >= orders_ - recent_;
  step.status = is_recent ? generate::Status::kPending : generate::Status::kDelivered;
  step.payment = is_recent ? generate::PaymentStatus::kUnpaid : generate::PaymentStatus::kPaid;
  generate::render_event(out, plan, step, kSeed, number);
}

void ShopLog::render_created(std::string& out, std::uint64_t index) const {
  generate::Step step;
  step.type = orders::EventType::kCreated;
  step.at = created_at(index);
  render(out, index, step, index);
}

void ShopLog::render_update(std::string& out, std::uint64_t index) const {
  generate::Step step;
  step.type = orders::EventType::kUpdated;
  step.at = updated_at(index);
  step.version = 1;
  render(out, order_of_update(index), step, orders_ + index);
}

ShopSource::ShopSource(nodes::SourceDirectory& directory, const ShopLog& log,
                       const std::string& updates_file)
    : directory_(directory), log_(log) {
  if (log.updates() == 0) return;
  std::ofstream file(updates_file, std::ios::binary | std::ios::trunc);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  for (std::uint64_t i = 0; i < log.updates(); ++i) {
    log.render_update(payload_, i);
    file.write(payload_.data(), static_cast<std::streamsize>(payload_.size()));
    mapped_bytes_ += payload_.size();
    ends_.push_back(mapped_bytes_);
  }
  file.close();
  const int descriptor = ::open(updates_file.c_str(), O_RDONLY | O_CLOEXEC);
  void* const mapped = descriptor < 0
                           ? MAP_FAILED
                           : ::mmap(nullptr, mapped_bytes_, PROT_READ, MAP_SHARED, descriptor, 0);
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  ::unlink(updates_file.c_str());
  if (mapped == MAP_FAILED) throw std::system_error(error, std::generic_category(), updates_file);
  mapped_ = static_cast<const char*>(mapped);
}

ShopSource::~ShopSource() {
  if (mapped_ != nullptr) ::munmap(const_cast<char*>(mapped_), mapped_bytes_);
}

Result<Unit> ShopSource::start(std::span<const storage::SourcePosition> positions) {
  created_ = directory_.add("order-created", 0, 0);
  updated_ = directory_.add("order-updated", 0, 1);
  next_created_ = next_update_ = 0;
  for (const storage::SourcePosition& position : positions) {
    (position.source == created_ ? next_created_ : next_update_) =
        static_cast<std::uint64_t>(position.next_offset);
  }
  return Unit{};
}

Result<Unit> ShopSource::poll(nodes::RecordBatch& into, const nodes::PollLimits& limits) {
  while (into.records.size() < limits.max_records && into.bytes.size() < limits.max_bytes) {
    if (next_created_ < log_.orders()) {
      log_.render_created(payload_, next_created_);
      into.add(created_, static_cast<std::int64_t>(next_created_++), -1, payload_);
    } else if (next_update_ < log_.updates()) {
      const std::uint64_t from = next_update_ == 0 ? 0 : ends_[next_update_ - 1];
      into.add(updated_, static_cast<std::int64_t>(next_update_), -1,
               {mapped_ + from, ends_[next_update_] - from});
      ++next_update_;
    } else {
      break;
    }
  }
  return Unit{};
}

}  // namespace lensart::bench
