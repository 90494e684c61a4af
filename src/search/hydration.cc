#include "search/hydration.h"

#include <string>
#include <utility>

#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "db/find_table.h"
#include "search/columns.h"
#include "search/result_assembly.h"
#include "sql/quoting.h"

namespace jammi::search {
namespace {

constexpr char kNeighborsRelation[] = "_jammi_neighbors";
constexpr char kRowsRelation[] = "_jammi_rows";

/// _row_id, _source_id, similarity and rank of the neighbours.
struct NeighborColumns {
  std::shared_ptr<arrow::Array> row_ids, source_ids, similarities, ranks;
};

NeighborColumns columns_of(const std::vector<index::Neighbor>& neighbors, const std::string& source_id) {
  arrow::StringBuilder row_ids;
  arrow::StringBuilder source_ids;
  arrow::FloatBuilder similarities;
  arrow::Int64Builder ranks;
  for (size_t rank = 0; rank < neighbors.size(); ++rank) {
    throw_if_error(row_ids.Append(neighbors[rank].row_id));
    throw_if_error(source_ids.Append(source_id));
    throw_if_error(similarities.Append(neighbors[rank].similarity));
    throw_if_error(ranks.Append(static_cast<int64_t>(rank)));
  }
  return {finish_array(row_ids), finish_array(source_ids), finish_array(similarities), finish_array(ranks)};
}

std::string join_query(const std::vector<std::string>& source_columns, const std::string& key_column) {
  const std::vector<std::string> names = result_names(source_columns);
  std::string columns;
  for (size_t i = 0; i < names.size(); ++i) {
    columns +=
        "s." + sql::quote_identifier(source_columns[i]) + " AS " + sql::quote_identifier(names[i]) + ", ";
  }
  const std::string rank = std::string("n.") + kRankColumn;
  return "SELECT n._row_id, n._source_id, " + columns + "n.similarity, " + rank + " FROM " + kRowsRelation +
         " s JOIN " + kNeighborsRelation + " n ON CAST(s." + sql::quote_identifier(key_column) +
         " AS VARCHAR) = n._row_id ORDER BY " + rank;
}

std::shared_ptr<arrow::Table> hydrate_from_source(Database& database, const ResultTableRecord& table,
                                                  const std::vector<index::Neighbor>& neighbors,
                                                  const std::string& predicate, const std::stop_token& stop) {
  const std::string& key_column = table.key_column.value();
  std::vector<std::string> keys;
  for (const index::Neighbor& neighbor : neighbors) keys.push_back(neighbor.row_id);
  const std::string name = db::find_table(database, table.source_id, embedded_columns(table)).name;
  auto rows = read_table(*database.fetch_rows(table.source_id, name, key_column, keys, predicate, stop));

  NeighborColumns own = columns_of(neighbors, table.source_id);
  auto schema = arrow::schema(
      {arrow::field("_row_id", arrow::utf8()), arrow::field("_source_id", arrow::utf8()),
       arrow::field("similarity", arrow::float32()), arrow::field(kRankColumn, arrow::int64())});
  auto own_table = arrow::Table::Make(schema, {own.row_ids, own.source_ids, own.similarities, own.ranks});
  const std::string query = join_query(rows->schema()->field_names(), key_column);
  return database.sql_table(query, {{kNeighborsRelation, own_table}, {kRowsRelation, rows}}, stop);
}

}  // namespace

bool is_current(Database& database, const ResultTableRecord& table, const storage::RowStore* rows) {
  return rows != nullptr && database.source_fingerprint(table.source_id) == rows->source_fingerprint();
}

std::shared_ptr<arrow::Table> hydrate_from_row_store(const ResultTableRecord& table,
                                                     const storage::RowStore& rows,
                                                     const std::vector<index::Neighbor>& neighbors) {
  std::vector<uint64_t> positions;
  for (const index::Neighbor& neighbor : neighbors) positions.push_back(neighbor.row);
  const std::shared_ptr<arrow::Table> source = rows.take(positions);

  NeighborColumns own = columns_of(neighbors, table.source_id);
  arrow::ChunkedArrayVector columns = {std::make_shared<arrow::ChunkedArray>(own.row_ids),
                                       std::make_shared<arrow::ChunkedArray>(own.source_ids)};
  columns.insert(columns.end(), source->columns().begin(), source->columns().end());
  columns.push_back(std::make_shared<arrow::ChunkedArray>(own.similarities));
  columns.push_back(std::make_shared<arrow::ChunkedArray>(own.ranks));
  return arrow::Table::Make(hits_schema(*source->schema()), columns, static_cast<int64_t>(neighbors.size()));
}

std::shared_ptr<arrow::Table> hydrate(Database& database, const ResultTableRecord& table,
                                      const storage::RowStore* rows,
                                      const std::vector<index::Neighbor>& neighbors,
                                      const std::string& predicate, std::stop_token stop) {
  if (is_current(database, table, rows)) return hydrate_from_row_store(table, *rows, neighbors);
  return hydrate_from_source(database, table, neighbors, predicate, stop);
}

}  // namespace jammi::search
