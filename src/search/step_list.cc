#include "search/step_list.h"

#include "search/columns.h"
#include "sql/quoting.h"

namespace jammi::search {

void StepList::filter(const std::string& canonical_expression, const std::string& written) {
  steps_.push_back({"filter: " + shown(written), [canonical_expression](const std::string& query) {
                      return "SELECT * FROM (" + query + ") WHERE (" + canonical_expression + ")";
                    }});
}

void StepList::join(const Join& join) {
  // Several matches of one row would otherwise come in an order of chance.
  std::string columns;
  std::string order = std::string("l.") + kRankColumn;
  for (const auto& [column, name] : join.columns) {
    const std::string value = "r." + sql::quote_identifier(column);
    columns += ", " + value + " AS " + sql::quote_identifier(name);
    order += ", " + value;
  }
  const auto side = [&](const char* relation, const std::string& column) {
    const std::string value = relation + sql::quote_identifier(column);
    return join.compares_text ? "CAST(" + value + " AS VARCHAR)" : value;
  };
  const bool is_inner = join.type == JoinType::Inner;
  const std::string select = std::string("SELECT l.* REPLACE (row_number() OVER (ORDER BY ") + order +
                             ") AS " + kRankColumn + ")" + columns + " FROM (";
  const std::string condition = std::string(is_inner ? ") l INNER JOIN " : ") l LEFT JOIN ") +
                                join.table_path + " r ON " + side("l.", join.left) + " = " +
                                side("r.", join.right);
  steps_.push_back({"join: " + join.source + " on " + join.left + " = " + join.right +
                        (is_inner ? ", inner" : ", left") + (join.compares_text ? ", compared as text" : ""),
                    [select, condition](const std::string& query) { return select + query + condition; }});
}

void StepList::sort(const std::string& column, bool descending) {
  const std::string order = sql::quote_identifier(column) + (descending ? " DESC" : " ASC") + " NULLS LAST";
  steps_.push_back(
      {"sort: " + column + (descending ? ", descending" : ""), [order](const std::string& query) {
         return "SELECT * REPLACE (row_number() OVER (ORDER BY " + order + ", " + kRankColumn + ") AS " +
                kRankColumn + ") FROM (" + query + ")";
       }});
}

void StepList::limit(size_t num_rows) {
  steps_.push_back({"limit: " + std::to_string(num_rows), [num_rows](const std::string& query) {
                      return "SELECT * FROM (" + query + ") ORDER BY " + kRankColumn + " LIMIT " +
                             std::to_string(num_rows);
                    }});
}

void StepList::select(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) list += sql::quote_identifier(column) + ", ";
  steps_.push_back({"select: " + shown(columns), [list](const std::string& query) {
                      return "SELECT " + list + kRankColumn + " FROM (" + query + ")";
                    }});
}

std::string StepList::query() const {
  std::string query = std::string("SELECT * FROM ") + kHitsRelation;
  for (const Step& step : steps_) query = step.wrap(query);
  return "SELECT * FROM (" + query + ") ORDER BY " + kRankColumn;
}

std::string StepList::description() const {
  std::string text;
  for (const Step& step : steps_) text += step.description + '\n';
  return text;
}

}  // namespace jammi::search
