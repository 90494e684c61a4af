#include "storage/result_table_reader.h"

#include <exception>
#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include "storage/arrow_files.h"
#include "storage/result_table_schema.h"

namespace jammi::storage {
namespace {

constexpr int64_t kRowsPerBatch = 8192;

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> open_file(std::shared_ptr<ArrowInput> input) {
  parquet::ReaderProperties file_properties;
  file_properties.set_page_checksum_verification(true);
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_batch_size(kRowsPerBatch);
  arrow_properties.set_pre_buffer(false);  // would hold whole row groups
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(input), file_properties));
  return builder.properties(arrow_properties)->Build();
}

}  // namespace

struct ResultTableReader::Impl {
  Impl(const io::FileSystem& files, std::string file_path)
      : path(std::move(file_path)), input(std::make_shared<ArrowInput>(files.open(path))) {}

  /// Runs a step of reading, with every way Arrow has of failing turned into one error.
  template <typename Step>
  void read(Step step) {
    arrow::Status status;
    try {
      status = step();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& failure) {
      status = arrow::Status::Invalid(failure.what());
    }
    check(status, input->failure(), ErrorCode::DataCorruption, path);
  }

  arrow::Status open() {
    ARROW_ASSIGN_OR_RAISE(file, open_file(input));
    const auto metadata = file->parquet_reader()->metadata();
    const auto& key_values = metadata->key_value_metadata();
    if (key_values == nullptr) return arrow::Status::Invalid("it has no definition");
    ARROW_ASSIGN_OR_RAISE(const std::string json, key_values->Get(kDefinitionKey));
    definition = TableDefinition::from_json(json);
    num_rows = static_cast<uint64_t>(metadata->num_rows());

    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(file->GetSchema(&schema));
    if (!schema->Equals(*result_table_schema(definition.dimensions), /*check_metadata=*/false))
      return arrow::Status::Invalid("its columns are not those of a result table");
    ARROW_ASSIGN_OR_RAISE(batches,
                          file->GetRecordBatchReader(all_row_groups(), {kRowIdColumn, kVectorColumn}));
    return arrow::Status::OK();
  }

  std::vector<int> all_row_groups() const {
    std::vector<int> groups(static_cast<size_t>(file->num_row_groups()));
    for (size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
    return groups;
  }

  arrow::Status next(VectorBatch& out) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    out = {};
    if (batch == nullptr) {
      return num_rows_read == num_rows ? arrow::Status::OK() : arrow::Status::Invalid("rows are missing");
    }
    const auto& ids = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*batch->column(1));
    const auto& values = static_cast<const arrow::FloatArray&>(*lists.values());
    const int64_t num_values = batch->num_rows() * definition.dimensions;
    if (values.length() - lists.value_offset(0) < num_values || values.null_count() != 0)
      return arrow::Status::Invalid("vectors are incomplete");

    out.row_ids.reserve(static_cast<size_t>(batch->num_rows()));
    for (int64_t row = 0; row < batch->num_rows(); ++row) out.row_ids.push_back(ids.GetView(row));
    out.vectors = {values.raw_values() + lists.value_offset(0), static_cast<size_t>(num_values)};
    num_rows_read += out.row_ids.size();
    out.storage = std::move(batch);
    return arrow::Status::OK();
  }

  const std::string path;
  const std::shared_ptr<ArrowInput> input;
  std::unique_ptr<parquet::arrow::FileReader> file;
  std::unique_ptr<arrow::RecordBatchReader> batches;
  TableDefinition definition;
  uint64_t num_rows = 0;
  uint64_t num_rows_read = 0;
};

ResultTableReader::ResultTableReader(const io::FileSystem& files, const std::string& path)
    : impl_(std::make_unique<Impl>(files, path)) {
  try {
    impl_->read([&] { return impl_->open(); });
  } catch (Error& error) {
    throw error.add_activity("reading " + path);
  }
}

ResultTableReader::~ResultTableReader() = default;

uint64_t ResultTableReader::num_rows() const {
  return impl_->num_rows;
}

uint32_t ResultTableReader::dimensions() const {
  return impl_->definition.dimensions;
}

const TableDefinition& ResultTableReader::definition() const {
  return impl_->definition;
}

bool ResultTableReader::next(VectorBatch& batch) {
  impl_->read([&] { return impl_->next(batch); });
  return batch.storage != nullptr;
}

}  // namespace jammi::storage
