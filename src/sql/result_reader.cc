#include "sql/result_reader.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <duckdb/main/query_result_stream.hpp>

#include "sql/arrow_status.h"
#include "sql/errors.h"
#include "sql/query_state.h"
#include "sql/record_batch_format.h"

namespace jammi::sql {
namespace {

using DuckStream = duckdb::QueryResultStream<RecordBatchFormat>;

Error cancelled() {
  return Error(ErrorCode::Cancelled, ErrorCategory::Sql, "the query was cancelled");
}

// Interrupts its connection, and the functions that the query calls, when a stop is requested. Must be
// destroyed before the connection.
class Interrupter {
 public:
  Interrupter(duckdb::Connection& connection, std::stop_token stop)
      : connection_(connection), stop_(std::move(stop)), callback_(stop_, [this] { interrupt(); }) {
    set_stop_token(*connection.context, functions_.get_token());
  }

  bool is_stopped() const { return stop_.stop_requested(); }

  void interrupt() {
    functions_.request_stop();
    connection_.Interrupt();
  }

 private:
  duckdb::Connection& connection_;
  std::stop_source functions_;
  std::stop_token stop_;
  std::stop_callback<std::function<void()>> callback_;
};

// DuckDB sums integers in 128 bits, for which Arrow has only decimals: users expect integers back.
bool is_wide_integer(const duckdb::LogicalType& type) {
  return type.id() == duckdb::LogicalTypeId::HUGEINT;
}

arrow::Result<std::shared_ptr<arrow::Array>> narrowed(const arrow::Array& wide, const std::string& column) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(wide);
  arrow::Int64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(decimals.length()));
  for (int64_t row = 0; row < decimals.length(); ++row) {
    if (decimals.IsNull(row)) {
      builder.UnsafeAppendNull();
      continue;
    }
    arrow::Result<int64_t> value = arrow::Decimal128(decimals.GetValue(row)).ToInteger<int64_t>();
    if (!value.ok()) {
      return to_status(Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                             "integer out of the range of BIGINT; cast it to DOUBLE: " + column));
    }
    builder.UnsafeAppend(*value);
  }
  return builder.Finish();
}

class ResultReader final : public arrow::RecordBatchReader {
 public:
  ResultReader(std::shared_ptr<duckdb::Connection> connection, std::unique_ptr<Interrupter> interrupter,
               duckdb::unique_ptr<duckdb::QueryResult> result, bool is_explain)
      : connection_(std::move(connection)),
        interrupter_(std::move(interrupter)),
        stream_(std::make_unique<DuckStream>(std::move(result))) {
    read_schema(is_explain);
  }

  ~ResultReader() override { abandon(); }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (!failure_.ok()) return failure_;
    if (!stream_) return arrow::Status::OK();
    arrow::Status status = interrupter_->is_stopped() ? to_status(cancelled()) : fetch(batch);
    if (!status.ok()) failure_ = status;
    if (!status.ok() || *batch == nullptr) release();
    return status;
  }

  arrow::Status Close() override {
    abandon();
    return arrow::Status::OK();
  }

 private:
  void read_schema(bool is_explain) {
    schema_ = stream_->FormatState().schema;
    if (is_explain && schema_->num_fields() == 2) {
      schema_ = value_or_throw(schema_->WithNames({"plan_type", "plan"}));
    }
    for (int column = 0; column < schema_->num_fields(); ++column) {
      if (!is_wide_integer(stream_->GetTypes()[column])) continue;
      wide_columns_.push_back(column);
      schema_ = value_or_throw(
          schema_->SetField(column, arrow::field(schema_->field(column)->name(), arrow::int64())));
    }
  }

  arrow::Status fetch(std::shared_ptr<arrow::RecordBatch>* batch) {
    duckdb::unique_ptr<std::shared_ptr<arrow::RecordBatch>> fetched;
    try {
      fetched = stream_->Fetch();
      if (stream_->HasError()) return to_status(to_error(stream_->GetErrorObject()));
    } catch (const std::exception& thrown) {
      return to_status(to_error(duckdb::ErrorData(thrown)));
    }
    if (!fetched) return arrow::Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> columns = (*fetched)->columns();
    for (int column : wide_columns_) {
      ARROW_ASSIGN_OR_RAISE(columns[column], narrowed(*columns[column], schema_->field(column)->name()));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*fetched)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  // Ends a query that may still be running: releasing it waits for its tasks.
  void abandon() {
    if (stream_) interrupter_->interrupt();
    release();
  }

  void release() {
    stream_.reset();
    interrupter_.reset();
    connection_.reset();
  }

  std::shared_ptr<duckdb::Connection> connection_;
  std::unique_ptr<Interrupter> interrupter_;
  std::unique_ptr<DuckStream> stream_;  // null once ended, failed or closed
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> wide_columns_;
  arrow::Status failure_;
};

}  // namespace

std::shared_ptr<arrow::RecordBatchReader> stream(std::shared_ptr<duckdb::Connection> connection,
                                                 duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                 uint64_t batch_size, std::stop_token stop) {
  bool is_explain = statement->type == duckdb::StatementType::EXPLAIN_STATEMENT;
  auto interrupter = std::make_unique<Interrupter>(*connection, std::move(stop));
  return translated([&]() -> std::shared_ptr<arrow::RecordBatchReader> {
    auto result =
        connection->Submit(std::move(statement), duckdb::make_shared_ptr<RecordBatchFormat>(batch_size));
    if (interrupter->is_stopped()) {
      interrupter->interrupt();  // one that came before the query began was forgotten when it did
      throw cancelled();
    }
    if (result->HasError()) throw to_error(result->GetErrorObject());
    return std::make_shared<ResultReader>(std::move(connection), std::move(interrupter), std::move(result),
                                          is_explain);
  });
}

}  // namespace jammi::sql
