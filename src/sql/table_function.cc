#include "sql/table_function.h"

#include <utility>

#include <arrow/api.h>
#include <duckdb/main/extension/extension_loader.hpp>

#include "sql/arrow_scan.h"
#include "sql/arrow_status.h"
#include "sql/errors.h"
#include "sql/query_state.h"

namespace jammi::sql {
namespace {

struct Definition final : duckdb::TableFunctionInfo {
  Definition(TableFunction called, duckdb::TableFunction scan)
      : function(std::move(called)), arrow_scan(std::move(scan)) {}
  const TableFunction function;
  const duckdb::TableFunction arrow_scan;
};

/// The named columns of a reader's batches.
class ColumnReader final : public arrow::RecordBatchReader {
 public:
  ColumnReader(std::shared_ptr<arrow::RecordBatchReader> all, const std::vector<std::string>& columns)
      : all_(std::move(all)) {
    arrow::FieldVector fields;
    for (const std::string& column : columns) {
      positions_.push_back(all_->schema()->GetFieldIndex(column));
      fields.push_back(all_->schema()->field(positions_.back()));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(all_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    return (*batch)->SelectColumns(positions_).Value(batch);
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> all_;
  std::vector<int> positions_;
  std::shared_ptr<arrow::Schema> schema_;
};

class CalledRows final : public ArrowRows {
 public:
  CalledRows(FunctionRows rows, std::stop_token stop) : rows_(std::move(rows)), stop_(std::move(stop)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_.schema; }

  std::shared_ptr<arrow::RecordBatchReader> open(const std::vector<std::string>& columns) override {
    std::shared_ptr<arrow::RecordBatchReader> all = rows_.open(stop_);
    if (!all->schema()->Equals(*rows_.schema)) {
      throw Error(ErrorCode::Conflict, ErrorCategory::Sql,
                  "the columns changed while the query was being planned; run it again");
    }
    if (columns.empty()) return all;
    return std::make_shared<ColumnReader>(std::move(all), columns);
  }

  std::optional<uint64_t> num_rows() const override { return rows_.estimated_rows; }

 private:
  FunctionRows rows_;
  std::stop_token stop_;
};

std::vector<float> numbers_of(const duckdb::Value& list) {
  const bool is_array = list.type().id() == duckdb::LogicalTypeId::ARRAY;
  std::vector<float> numbers;
  for (const duckdb::Value& item :
       is_array ? duckdb::ArrayValue::GetChildren(list) : duckdb::ListValue::GetChildren(list)) {
    if (item.IsNull() || !item.type().IsNumeric()) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, "a vector holds numbers only");
    }
    numbers.push_back(item.GetValue<float>());
  }
  return numbers;
}

Constant constant_of(const duckdb::Value& value, size_t position) {
  if (value.IsNull()) return std::monostate();
  switch (value.type().id()) {
    case duckdb::LogicalTypeId::VARCHAR:
      return value.GetValue<std::string>();
    case duckdb::LogicalTypeId::LIST:
    case duckdb::LogicalTypeId::ARRAY:
      return numbers_of(value);
    default:
      if (value.type().IsIntegral()) return value.GetValue<int64_t>();
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                  "argument " + std::to_string(position) +
                      " is neither a text nor a whole number nor a list of numbers: " + value.ToString());
  }
}

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext& context,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::Identifier>& names) {
  const auto& definition = input.info->Cast<Definition>();
  return inside_function(definition.function.name, [&] {
    const Caller caller{scope_of(context), stop_token_of(context)};
    std::vector<Constant> arguments;
    for (const duckdb::Value& value : input.inputs) {
      arguments.push_back(constant_of(value, arguments.size() + 1));
    }
    BoundScan scan = bind_arrow_scan(
        context, definition.arrow_scan,
        std::make_unique<CalledRows>(definition.function.bind(arguments, caller), caller.stop));
    types = std::move(scan.types);
    names = std::move(scan.names);
    return std::move(scan.bind_data);
  });
}

}  // namespace

void register_table_function(duckdb::DatabaseInstance& database, const duckdb::TableFunction& arrow_scan,
                             TableFunction function) {
  duckdb::FunctionSignature signature;
  signature.AddArgs(duckdb::Identifier("arguments"), duckdb::LogicalType::ANY);
  duckdb::TableFunction registered(duckdb::Identifier(function.name), std::move(signature),
                                   arrow_scan.function);
  static_cast<duckdb::BaseTableFunction&>(registered) = arrow_scan;
  registered.bind = bind;
  registered.function_info = duckdb::make_shared_ptr<Definition>(std::move(function), arrow_scan);
  duckdb::ExtensionLoader(database, "jammi").RegisterFunction(std::move(registered));
}

}  // namespace jammi::sql
