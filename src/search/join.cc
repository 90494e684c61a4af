#include "search/join.h"

#include <string_view>
#include <tuple>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <jammi/error.h>

#include "search/columns.h"

namespace jammi::search {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The two names around the first '='.
std::pair<std::string, std::string> parse_condition(std::string_view on) {
  const size_t equals = on.find('=');
  if (equals == std::string_view::npos) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "Join: 'on' must contain '=', got '" + shown(on) + "'");
  }
  return {std::string(trimmed(on.substr(0, equals))), std::string(trimmed(on.substr(equals + 1)))};
}

bool compares_text(const arrow::DataType& left, const arrow::DataType& right) {
  const auto is_number = [](const arrow::DataType& type) {
    return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id());
  };
  return !left.Equals(right) && !(is_number(left) && is_number(right));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> joined_columns(const std::vector<std::string>& present,
                                                                const std::string& source,
                                                                const std::vector<std::string>& columns) {
  std::vector<std::pair<std::string, std::string>> joined;
  for (const std::string& column : columns) {
    std::string name = column;
    if (has_name(present, name) || is_engine_column(name)) {
      name = source + "_" + column;
      if (has_name(present, name) || has_name(columns, name)) {
        throw Error(ErrorCode::Conflict, ErrorCategory::Sql,
                    "Join column '" + column + "' of source '" + source +
                        "': the search has columns of this name and of the name '" + name +
                        "'; drop one of them with select first");
      }
    }
    joined.emplace_back(column, std::move(name));
  }
  return joined;
}

Join plan_join(Database& database, const arrow::Schema& rows, const std::string& source,
               const std::string& on, JoinType type) {
  Join join;
  join.type = type;
  join.source = source;
  std::tie(join.left, join.right) = parse_condition(on);
  join.table_path = table_path(database, source, {join.right});
  const auto left = rows.GetFieldByName(join.left);
  if (left == nullptr) throw unknown_column("Join", join.left, "the search");
  const std::shared_ptr<arrow::Schema> table = table_schema(database, join.table_path);
  const auto right = table->GetFieldByName(join.right);
  if (right == nullptr) throw unknown_column("Join", join.right, "source '" + source + "'");
  join.compares_text = compares_text(*left->type(), *right->type());
  join.columns = joined_columns(rows.field_names(), source, table->field_names());
  return join;
}

}  // namespace jammi::search
