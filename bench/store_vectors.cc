// Makes an embedding table of a source without a model: every row gets a random point around one of many
// cluster centres, the same in every run. usage: store_vectors SOURCE KEY DIMENSIONS
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>

#include <jammi/database.h>

#include "embedding/source_rows.h"
#include "index/sidecar_writer.h"
#include "sql/quoting.h"
#include "storage/result_store.h"

namespace {

using namespace jammi;

constexpr uint64_t kRowsPerCluster = 100;

/// Unit-free points: a centre of standard normal values, and half as much noise.
class Points {
 public:
  Points(uint64_t num_rows, uint32_t dimensions)
      : dimensions_(dimensions), centres_((num_rows / kRowsPerCluster + 1) * dimensions) {
    for (float& value : centres_) value = normal_(random_);
  }

  void append_to(std::vector<float>& vectors) {
    const size_t centre = random_() % (centres_.size() / dimensions_) * dimensions_;
    for (uint32_t d = 0; d < dimensions_; ++d)
      vectors.push_back(centres_[centre + d] + 0.5f * normal_(random_));
  }

 private:
  std::mt19937_64 random_{11};
  std::normal_distribution<float> normal_;
  const uint32_t dimensions_;
  std::vector<float> centres_;
};

void store(Database& database, const std::string& source, const std::string& key, uint32_t dimensions) {
  storage::TableDefinition definition;
  definition.source_id = source;
  definition.dimensions = dimensions;
  definition.key_column = key;
  definition.model.id = "random";
  const std::string table = database.describe_source(source).at(0).name;
  const uint64_t num_rows = database.count_rows(source);
  const std::string fingerprint = database.source_fingerprint(source);
  auto writer = database.results().create(definition);
  index::SidecarWriter sidecars(database.results(), writer->table().table_name, definition);

  Points points(num_rows, dimensions);
  const auto reader = database.sql("SELECT CAST(" + sql::quote_identifier(key) + " AS VARCHAR) FROM " +
                                   sql::quote_path({source, "public", table}));
  std::shared_ptr<arrow::RecordBatch> batch;
  while (throw_if_error(reader->ReadNext(&batch)), batch != nullptr) {
    const auto& keys = static_cast<const arrow::StringArray&>(*batch->column(0));
    std::vector<std::string> row_ids;
    std::vector<float> vectors;
    for (int64_t row = 0; row < keys.length(); ++row) {
      row_ids.push_back(keys.GetString(row));
      points.append_to(vectors);
    }
    writer->append(row_ids, vectors);
    sidecars.add(row_ids, vectors);
  }
  writer->seal();
  sidecars.finish();
  embedding::write_source_rows(database, writer->table(), table, std::vector<bool>(num_rows, true),
                               fingerprint, {});
  writer->finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: store_vectors SOURCE KEY DIMENSIONS\n";
    return 2;
  }
  try {
    store(*Database::open(load_config()), argv[1], argv[2],
          static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  } catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
  }
}
