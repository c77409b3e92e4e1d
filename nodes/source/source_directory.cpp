#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

std::uint32_t SourceDirectory::add(const std::string& topic, std::int32_t partition,
                                   std::uint32_t topic_index) {
  const std::size_t size = size_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < size; ++i) {
    if (sources_[i]->partition == partition && sources_[i]->topic == topic) {
      return static_cast<std::uint32_t>(i);
    }
  }
  sources_.at(size) = std::make_unique<SourceInfo>(SourceInfo{topic, partition, topic_index});
  size_.store(size + 1, std::memory_order_release);
  return static_cast<std::uint32_t>(size);
}

}  // namespace lensart::nodes
