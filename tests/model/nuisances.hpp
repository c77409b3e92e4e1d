/// Values that are at home in some field of a payload and poison in another.
#pragma once

#include <string>
#include <vector>

namespace lensart::model {

/// Raw JSON, and some that is none.
const std::vector<std::string>& nuisances();

}  // namespace lensart::model
