// Result table, a Parquet file:
//
//   column      type                                  encoding
//   _row_id     string, required                      dictionary while it pays
//   _source_id  string, required                      dictionary
//   _model_id   string, required                      dictionary
//   vector      list of N floats, all required        plain
//
//   row groups of 65,536 rows, ZSTD, a CRC on every page, page statistics for the text columns only;
//   footer metadata: ARROW:schema (so that readers get the fixed-size list back) and jammi.definition.
#include "storage/parquet_vector_writer.h"

#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "storage/arrow_files.h"
#include "storage/result_table_schema.h"

namespace jammi::storage {
namespace {

constexpr int64_t kRowsPerRowGroup = 65'536;

arrow::Result<std::shared_ptr<arrow::Array>> string_array(std::span<const std::string> values) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(values.size())));
  for (const std::string& value : values) ARROW_RETURN_NOT_OK(builder.Append(value));
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> repeated_string(const std::string& value, size_t n) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(n)));
  for (size_t i = 0; i < n; ++i) ARROW_RETURN_NOT_OK(builder.Append(value));
  return builder.Finish();
}

std::shared_ptr<parquet::WriterProperties> file_properties() {
  return parquet::WriterProperties::Builder()
      .compression(arrow::Compression::ZSTD)
      ->max_row_group_length(kRowsPerRowGroup)
      ->enable_page_checksum()
      ->disable_dictionary("vector.list.element")
      ->disable_statistics("vector.list.element")
      ->build();
}

}  // namespace

std::shared_ptr<arrow::Schema> result_table_schema(uint32_t dimensions) {
  const auto element = arrow::field("element", arrow::float32(), /*nullable=*/false);
  return arrow::schema(
      {arrow::field("_row_id", arrow::utf8(), false), arrow::field("_source_id", arrow::utf8(), false),
       arrow::field("_model_id", arrow::utf8(), false),
       arrow::field("vector", arrow::fixed_size_list(element, static_cast<int32_t>(dimensions)), false)});
}

struct ParquetVectorWriter::Impl {
  Impl(io::FileSystem& files, std::string file_path, const TableDefinition& table_definition)
      : path(std::move(file_path)),
        definition(table_definition),
        output(std::make_shared<ArrowOutput>(files.create(path))),
        schema(result_table_schema(definition.dimensions)
                   ->WithMetadata(arrow::key_value_metadata({kDefinitionKey}, {definition.to_json()}))) {}

  void check_written(const arrow::Status& status) const {
    check(status, output->failure(), ErrorCode::Unavailable, path);
  }

  arrow::Status open() {
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    ARROW_ASSIGN_OR_RAISE(writer,
                          parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), output,
                                                           file_properties(), arrow_properties));
    return arrow::Status::OK();
  }

  arrow::Status append(std::span<const std::string> row_ids, std::span<const float> vectors) {
    ARROW_ASSIGN_OR_RAISE(auto ids, string_array(row_ids));
    ARROW_ASSIGN_OR_RAISE(auto sources, repeated_string(definition.source_id, row_ids.size()));
    ARROW_ASSIGN_OR_RAISE(auto models, repeated_string(definition.model.id, row_ids.size()));
    // The batch borrows the caller's vectors: WriteRecordBatch has encoded them when it returns.
    const auto values = std::make_shared<arrow::FloatArray>(
        static_cast<int64_t>(vectors.size()), arrow::Buffer::Wrap(vectors.data(), vectors.size()));
    const auto num_rows = static_cast<int64_t>(row_ids.size());
    const auto lists =
        std::make_shared<arrow::FixedSizeListArray>(schema->field(kVectorColumn)->type(), num_rows, values);
    return writer->WriteRecordBatch(
        *arrow::RecordBatch::Make(schema, num_rows, {ids, sources, models, lists}));
  }

  const std::string path;
  const TableDefinition definition;
  // Closing the writer, which its destructor does too, still writes to the output.
  const std::shared_ptr<ArrowOutput> output;
  const std::shared_ptr<arrow::Schema> schema;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
};

ParquetVectorWriter::ParquetVectorWriter(io::FileSystem& files, const std::string& path,
                                         const TableDefinition& definition)
    : impl_(std::make_unique<Impl>(files, path, definition)) {
  impl_->check_written(impl_->open());
}

ParquetVectorWriter::~ParquetVectorWriter() = default;

void ParquetVectorWriter::append(std::span<const std::string> row_ids, std::span<const float> vectors) {
  impl_->check_written(impl_->append(row_ids, vectors));
}

void ParquetVectorWriter::finish() {
  impl_->check_written(impl_->writer->Close());
  impl_->output->file().sync();
  impl_->check_written(impl_->output->Close());
}

}  // namespace jammi::storage
