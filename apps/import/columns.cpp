#include "apps/import/columns.hpp"

#include <vector>

#include "apps/config/suggest.hpp"

namespace lensart::importing {
namespace {

struct Known {
  std::string_view name;
  ColumnKind kind;
};

/// In the order of Column.
constexpr std::array<Known, kColumns> kKnown = {
    {{"id", ColumnKind::kNumber},           {"user_id", ColumnKind::kNumber},
     {"branch_id", ColumnKind::kNumber},    {"date", ColumnKind::kInstant},
     {"address", ColumnKind::kText},        {"note", ColumnKind::kText},
     {"coupon_id", ColumnKind::kNumber},    {"total_price", ColumnKind::kNumber},
     {"order_status", ColumnKind::kText},   {"payment_status", ColumnKind::kText},
     {"payment_method", ColumnKind::kText}, {"user_name", ColumnKind::kText},
     {"user_email", ColumnKind::kText},     {"branch_name", ColumnKind::kText},
     {"branch_address", ColumnKind::kText}, {"created_at", ColumnKind::kInstant},
     {"order_details", ColumnKind::kJson},  {"user", ColumnKind::kJson},
     {"branch", ColumnKind::kJson},         {"status", ColumnKind::kJson},
     {"metadata", ColumnKind::kJson}}};

std::size_t columns_of(Form form) { return form == Form::kCsv ? kFlatColumns : kColumns; }

}  // namespace

std::string_view name_of(Column column) { return kKnown[static_cast<std::size_t>(column)].name; }
ColumnKind kind_of(Column column) { return kKnown[static_cast<std::size_t>(column)].kind; }

std::optional<Column> column_named(std::string_view name, Form form) {
  for (std::size_t i = 0; i < columns_of(form); ++i) {
    if (kKnown[i].name == name) return static_cast<Column>(i);
  }
  return std::nullopt;
}

std::string nearest_column(std::string_view name, Form form) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns_of(form); ++i) names.emplace_back(kKnown[i].name);
  return app::did_you_mean(name, names);
}

}  // namespace lensart::importing
