#include "storage/result_table_writer.h"

#include <exception>
#include <functional>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "numerics/vector_ops.h"
#include "storage/table_files.h"

namespace jammi::storage {
namespace {

std::string temporary_path(const ResultTableRecord& table) {
  return table.parquet_path + std::string(kTemporarySuffix);
}

/// Runs a step of cleaning up whose failure recovery will make good later.
void attempt(const std::string& table_name, const std::function<void()>& step) noexcept {
  try {
    step();
  } catch (const std::exception& failure) {
    log::warn("result table " + table_name + " is left to recovery: " + failure.what());
  }
}

}  // namespace

ResultTableWriter::ResultTableWriter(std::shared_ptr<io::FileSystem> files,
                                     std::shared_ptr<catalog::Catalog> catalog, ResultTableRecord table,
                                     TableDefinition definition, std::unique_ptr<io::FileLock> lock)
    : files_(std::move(files)),
      catalog_(std::move(catalog)),
      table_(std::move(table)),
      definition_(std::move(definition)),
      lock_(std::move(lock)) {
  try {
    catalog_->result_tables().insert_building(table_);
    parquet_ = std::make_unique<ParquetVectorWriter>(*files_, temporary_path(table_), definition_);
  } catch (const std::exception& failure) {
    abandon(failure.what());
    throw;
  }
}

ResultTableWriter::~ResultTableWriter() {
  if (state_ != State::Done) abandon("it was not finished");
}

void ResultTableWriter::append(std::span<const std::string> row_ids, std::span<const float> vectors) {
  if (state_ != State::Writing) {
    throw Error(ErrorCode::Internal, ErrorCategory::Storage,
                "rows cannot be added to a sealed result table: " + table_.table_name);
  }
  if (vectors.size() != row_ids.size() * definition_.dimensions) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage,
                "vectors have another width than the result table: " + table_.table_name);
  }
  if (!numerics::all_finite(vectors)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage,
                "a vector holds a value that is not finite, for result table: " + table_.table_name);
  }
  if (row_ids.empty()) return;
  parquet_->append(row_ids, vectors);
  num_rows_ += row_ids.size();
}

void ResultTableWriter::seal() {
  if (state_ != State::Writing) return;
  parquet_->finish();
  parquet_.reset();
  files_->rename(temporary_path(table_), table_.parquet_path);
  files_->sync_directory(io::parent_directory(table_.parquet_path));
  state_ = State::Sealed;
}

ResultTableRecord ResultTableWriter::finish() {
  seal();
  table_ = catalog_->result_tables().mark_ready(table_.table_name, static_cast<int64_t>(num_rows_));
  state_ = State::Done;
  release_lock();
  return table_;
}

void ResultTableWriter::abandon(std::string_view reason) noexcept {
  if (state_ == State::Done) return;
  state_ = State::Done;
  parquet_.reset();
  attempt(table_.table_name, [&] {
    log::warn("result table " + table_.table_name + " was abandoned: " + std::string(reason));
    catalog_->result_tables().mark_failed(table_.table_name);
    remove_table_files(*files_, io::parent_directory(table_.parquet_path), table_.table_name);
  });
  release_lock();
}

void ResultTableWriter::release_lock() noexcept {
  attempt(table_.table_name, [&] {
    files_->remove(io::parent_directory(table_.parquet_path) + "/" + table_.table_name +
                   std::string(kLockSuffix));
  });
  lock_.reset();
}

}  // namespace jammi::storage
