/// What the shop sells, where, and to whom: the words of the generated events, already escaped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lensart::generate {

struct Product {
  std::string name;
  std::int64_t price_dong = 0;
  bool has_color = false;
};

struct Branch {
  std::string name;
  std::string address;
};

/// Every text is the inside of a JSON string as `php_escape` writes it.
struct Catalogue {
  std::vector<std::string> family_names;
  std::vector<std::string> middle_names;
  std::vector<std::string> given_names;
  std::vector<std::string> mail_names;  ///< of the given name with the same index, in ASCII
  std::vector<std::string> mail_hosts;
  std::vector<std::string> streets;
  std::vector<std::string> districts;
  std::vector<std::string> notes;
  std::vector<std::string> colors;
  std::vector<Product> products;  ///< product_id is the index + 1
  std::vector<Branch> branches;   ///< branch_id is the index + 1
};

/// Threads: any.
const Catalogue& catalogue();

}  // namespace lensart::generate
