#include "apps/explain/database.hpp"

#include "apps/audit/migrate.hpp"

namespace lensart::app {

Result<Json> rows_as_json(storage::Connection& connection, const Config& config,
                          std::string_view sql, const std::vector<std::string>& parameters) {
  const std::vector<storage::Connection::Parameter> texts(parameters.begin(), parameters.end());
  const std::string named =
      with_names(sql, connection, config.postgres.schema, config.pipeline.name);
  LENSART_ASSIGN(
      const storage::Rows rows,
      connection.query("SELECT row_to_json(answer)::text FROM (" + named + ") answer", texts));
  Json out = Json::array();
  for (int i = 0; i < rows.count(); ++i) {
    out.push_back(Json::parse(rows.text(i, 0), nullptr, false));
  }
  return out;
}

}  // namespace lensart::app
