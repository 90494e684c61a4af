// Shows random rows of a source whose key is the row's number, as a search does with the rows it has found:
// from a row store, which is written first, and from the source itself. Prints a JSON object with the time of
// each in milliseconds. usage: hydration_bench SOURCE KEY K QUERIES
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <arrow/table.h>
#include <nlohmann/json.hpp>

#include <jammi/database.h>

#include "embedding/source_rows.h"
#include "search/hydration.h"
#include "storage/result_store.h"
#include "storage/row_store.h"

namespace {

using namespace jammi;

std::shared_ptr<const storage::RowStore> store_rows(Database& database, const ResultTableRecord& table) {
  embedding::write_source_rows(database, table, database.describe_source(table.source_id).at(0).name,
                               std::vector<bool>(database.count_rows(table.source_id), true),
                               database.source_fingerprint(table.source_id), {});
  const storage::ResultStore& results = database.results();
  return storage::RowStore::open(results.files(),
                                 results.file_path(table.table_name, storage::kRowStoreExtension));
}

std::vector<std::vector<index::Neighbor>> draw_neighbors(uint64_t num_rows, size_t k, size_t num_queries) {
  std::mt19937_64 random(7);
  std::vector<std::vector<index::Neighbor>> drawn(num_queries);
  for (std::vector<index::Neighbor>& neighbors : drawn) {
    for (size_t i = 0; i < k; ++i) {
      const uint64_t row = random() % num_rows;
      neighbors.push_back({row, std::to_string(row), 1.0f - 0.01f * static_cast<float>(i)});
    }
  }
  return drawn;
}

std::vector<double> time_hydration(Database& database, const ResultTableRecord& table,
                                   const storage::RowStore* rows,
                                   const std::vector<std::vector<index::Neighbor>>& queries) {
  std::vector<double> milliseconds;
  for (const std::vector<index::Neighbor>& neighbors : queries) {
    const auto started = std::chrono::steady_clock::now();
    const auto found = search::hydrate(database, table, rows, neighbors, "", {});
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - started;
    if (found->num_rows() != static_cast<int64_t>(neighbors.size()))
      throw std::runtime_error("rows are missing");
    milliseconds.push_back(elapsed.count());
  }
  return milliseconds;
}

void run(const std::string& source, const std::string& key, size_t k, size_t num_queries) {
  const auto database = Database::open(load_config());
  ResultTableRecord table;
  table.table_name = "hydration_" + source;
  table.source_id = source;
  table.key_column = key;
  const std::shared_ptr<const storage::RowStore> rows = store_rows(*database, table);
  const auto queries = draw_neighbors(rows->num_rows(), k, num_queries);
  std::cout << nlohmann::json{{"stored", time_hydration(*database, table, rows.get(), queries)},
                              {"looked_up", time_hydration(*database, table, nullptr, queries)}}
            << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: hydration_bench SOURCE KEY K QUERIES\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10), std::strtoul(argv[4], nullptr, 10));
  } catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
  }
}
