/// Named places at which tests make the process die or fail. Compiled out of a release.
///
/// `LENSART_FAILPOINTS="commit.inside=kill@3;relay.commit=error"`: the third time the process
/// reaches `commit.inside` it kills itself with SIGKILL; each time it reaches `relay.commit` the
/// place fails.
#pragma once

#include <string_view>

namespace lensart::storage {

#ifdef LENSART_FAILPOINTS
/// True when the place is to fail; does not return when it is to die.
bool failpoint(std::string_view name);
#define LENSART_FAILPOINT(name) static_cast<void>(::lensart::storage::failpoint(name))
#define LENSART_FAILS_AT(name) (::lensart::storage::failpoint(name))
#else
#define LENSART_FAILPOINT(name) static_cast<void>(0)
#define LENSART_FAILS_AT(name) false
#endif

}  // namespace lensart::storage
