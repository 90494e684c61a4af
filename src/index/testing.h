#pragma once

#include <memory>

#include "base/testing.h"
#include "index/sidecar_writer.h"
#include "index/vector_index.h"
#include "io/memory_file_system.h"
#include "storage/testing.h"

namespace jammi::index::testing {

/// A result store in memory with its catalog in a temporary directory.
class StoreTest : public ::testing::Test {
 protected:
  /// Writes `rows` as a table with sidecars, 100 rows at a time.
  ResultTableRecord write_table(const storage::testing::Rows& rows, uint32_t dimensions);

  /// The first `k` of `rows` by cosine similarity to `query`, computed in double.
  static std::vector<uint64_t> true_neighbors(const storage::testing::Rows& rows,
                                              std::span<const float> query, size_t k);

  /// Replaces a table's file.
  void put(const ResultTableRecord& table, const std::string& extension, const std::string& content);

  jammi::testing::TemporaryDirectory directory_;
  std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::shared_ptr<catalog::Catalog> catalog_ = catalog::Catalog::open(directory_.path() / "catalog.db");
  storage::ResultStore store_{files_, "jammi_db", catalog_};
};

}  // namespace jammi::index::testing
