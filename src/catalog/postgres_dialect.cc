#include "catalog/postgres_dialect.h"

#include <algorithm>

namespace jammi::catalog {
namespace {

constexpr std::string_view kNow = "CURRENT_TIMESTAMP";
constexpr std::string_view kNowAsText =
    "to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string to_postgres(std::string_view sql) {
  std::string out;
  int num_parameters = 0;
  while (!sql.empty()) {
    size_t length = 1;
    const char first = sql.front();
    if (first == '\'' || first == '"') {  // a doubled quote ends one part and begins the next
      length = std::min(sql.find(first, 1), sql.size() - 1) + 1;
      out += sql.substr(0, length);
    } else if (first == '?') {
      const bool is_numbered = sql.size() > 1 && is_digit(sql[1]);
      out += is_numbered ? "$" : "$" + std::to_string(++num_parameters);
    } else if (sql.starts_with(kNow)) {
      length = kNow.size();
      out += kNowAsText;
    } else {
      out += first;
    }
    sql.remove_prefix(length);
  }
  return out;
}

}  // namespace jammi::catalog
