#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include <duckdb.hpp>
#include <duckdb/main/retained_result_collection.hpp>

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace jammi::sql {

/// What readers of the format may ask of its global state.
struct RecordBatchState : duckdb::ResultFormatGlobalState {
  std::shared_ptr<arrow::Schema> schema;
};

/// A result as Arrow record batches with the schema and the values of duckdb::ArrowFormat. A batch ends at
/// `batch_rows`, or before a column's texts pass `max_text_bytes`; a single text that does is an error.
class RecordBatchFormat final : public duckdb::ResultFormatBase<RecordBatchFormat> {
 public:
  using T = std::shared_ptr<arrow::RecordBatch>;
  using GlobalState = RecordBatchState;
  static constexpr const char* NAME = "record_batch";

  explicit RecordBatchFormat(uint64_t batch_rows,
                             int64_t max_text_bytes = std::numeric_limits<int32_t>::max())
      : batch_rows_(batch_rows), max_text_bytes_(max_text_bytes) {}

  const char* Name() const override { return NAME; }
  duckdb::unique_ptr<duckdb::ResultFormatGlobalState> InitGlobal(
      const duckdb::ResultFormatContext& context) override;
  duckdb::unique_ptr<duckdb::ResultFormatLocalState> InitLocal(
      duckdb::ResultFormatGlobalState& state) override;
  void AppendToUnit(duckdb::ResultFormatGlobalState& state, duckdb::ResultFormatLocalState& batches,
                    duckdb::DataChunk& chunk) override;
  bool IsUnitFinished(duckdb::ResultFormatLocalState& batches) override;
  duckdb::unique_ptr<duckdb::ResultUnit> FinishUnit(duckdb::ResultFormatGlobalState& state,
                                                    duckdb::ResultFormatLocalState& batches) override;
  static duckdb::unique_ptr<T> UnpackUnit(duckdb::unique_ptr<duckdb::ResultUnit> unit);

 private:
  uint64_t batch_rows_;
  int64_t max_text_bytes_;
};

}  // namespace jammi::sql
