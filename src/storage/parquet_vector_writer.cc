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

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/base64.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>

#include "storage/arrow_files.h"
#include "storage/result_table_schema.h"
#include "storage/table_files.h"

namespace jammi::storage {
namespace {

constexpr int64_t kRowsPerRowGroup = 65'536;

/// Vectors that are read back at a time.
constexpr int64_t kRowsPerSlice = 1024;

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

// Parquet wants a row group's columns one after the other, and 65,536 vectors are up to hundreds of
// megabytes. So the vectors of the row group being filled wait in a temporary file, from which its last
// column is written in slices.
struct ParquetVectorWriter::Impl {
  Impl(io::FileSystem& file_system, std::string file_path, const TableDefinition& table_definition)
      : files(file_system),
        path(std::move(file_path)),
        spool_path(path + ".vectors" + std::string(kTemporarySuffix)),
        definition(table_definition),
        width(definition.dimensions),
        output(std::make_shared<ArrowOutput>(files.create(path))) {}

  /// Runs `body`, which calls Parquet, and throws what went wrong in our own terms.
  template <typename Body>
  void write(Body body) {
    try {
      body();
    } catch (const parquet::ParquetException& error) {
      check(arrow::Status::IOError(error.what()), output->failure(), ErrorCode::Unavailable, path);
    }
  }

  void open() {
    const auto schema = result_table_schema(definition.dimensions);
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().build();
    const auto properties = file_properties();
    std::shared_ptr<parquet::SchemaDescriptor> columns;
    PARQUET_THROW_NOT_OK(
        parquet::arrow::ToParquetSchema(schema.get(), *properties, *arrow_properties, &columns));
    PARQUET_ASSIGN_OR_THROW(const auto serialized, arrow::ipc::SerializeSchema(*schema));
    const auto metadata = arrow::key_value_metadata(
        {kDefinitionKey, "ARROW:schema"},
        {definition.to_json(), arrow::util::base64_encode(std::string_view(*serialized))});
    const auto root = std::static_pointer_cast<parquet::schema::GroupNode>(columns->schema_root());
    writer = parquet::ParquetFileWriter::Open(output, root, properties, metadata);
  }

  void append(std::span<const std::string> ids, std::span<const float> vectors) {
    while (!ids.empty()) {
      const size_t room = static_cast<size_t>(kRowsPerRowGroup) - row_ids.size();
      const size_t count = std::min(ids.size(), room);
      if (!spool) spool = files.create(spool_path);
      spool->append(std::as_bytes(vectors.first(count * width)));
      row_ids.insert(row_ids.end(), ids.begin(), ids.begin() + static_cast<ptrdiff_t>(count));
      ids = ids.subspan(count);
      vectors = vectors.subspan(count * width);
      if (row_ids.size() == static_cast<size_t>(kRowsPerRowGroup)) write_row_group();
    }
  }

  void write_row_group() {
    if (row_ids.empty()) return;
    spool->close();
    spool.reset();
    write([this] {
      parquet::RowGroupWriter* group = writer->AppendRowGroup();
      write_strings(*group, [this](size_t row) -> const std::string& { return row_ids[row]; });
      write_strings(*group, [this](size_t) -> const std::string& { return definition.source_id; });
      write_strings(*group, [this](size_t) -> const std::string& { return definition.model.id; });
      write_vectors(*group);
      group->Close();
    });
    row_ids.clear();
    files.remove(spool_path);
  }

  template <typename TextOf>
  void write_strings(parquet::RowGroupWriter& group, TextOf text_of) {
    auto& column = static_cast<parquet::ByteArrayWriter&>(*group.NextColumn());
    std::vector<parquet::ByteArray> values(row_ids.size());
    for (size_t row = 0; row < values.size(); ++row)
      values[row] = parquet::ByteArray(std::string_view(text_of(row)));
    column.WriteBatch(static_cast<int64_t>(values.size()), nullptr, nullptr, values.data());
    column.Close();
  }

  void write_vectors(parquet::RowGroupWriter& group) {
    auto& column = static_cast<parquet::FloatWriter&>(*group.NextColumn());
    const auto input = files.open(spool_path);
    std::vector<float> slice;
    // Every value is present; the first of a row begins a new list.
    std::vector<int16_t> definition_levels;
    std::vector<int16_t> repetition_levels;
    for (size_t row = 0; row < row_ids.size(); row += static_cast<size_t>(kRowsPerSlice)) {
      const size_t count = std::min(static_cast<size_t>(kRowsPerSlice), row_ids.size() - row);
      slice.resize(count * width);
      definition_levels.assign(slice.size(), 1);
      repetition_levels.assign(slice.size(), 1);
      for (size_t i = 0; i < count; ++i) repetition_levels[i * width] = 0;
      const std::span<std::byte> bytes = std::as_writable_bytes(std::span(slice));
      if (input->read_at(row * width * sizeof(float), bytes) != bytes.size()) {
        throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
                    "temporary file was cut short: " + spool_path);
      }
      column.WriteBatch(static_cast<int64_t>(slice.size()), definition_levels.data(),
                        repetition_levels.data(), slice.data());
    }
    column.Close();
  }

  io::FileSystem& files;
  const std::string path;
  const std::string spool_path;
  const TableDefinition definition;
  const size_t width;
  // Closing the writer, which its destructor does too, still writes to the output.
  const std::shared_ptr<ArrowOutput> output;
  std::unique_ptr<parquet::ParquetFileWriter> writer;
  std::vector<std::string> row_ids;         ///< of the row group being filled
  std::unique_ptr<io::WritableFile> spool;  ///< its vectors; null while it is empty
};

ParquetVectorWriter::ParquetVectorWriter(io::FileSystem& files, const std::string& path,
                                         const TableDefinition& definition)
    : impl_(std::make_unique<Impl>(files, path, definition)) {
  impl_->write([this] { impl_->open(); });
}

ParquetVectorWriter::~ParquetVectorWriter() = default;

void ParquetVectorWriter::append(std::span<const std::string> row_ids, std::span<const float> vectors) {
  impl_->append(row_ids, vectors);
}

void ParquetVectorWriter::finish() {
  impl_->write_row_group();
  impl_->write([this] { impl_->writer->Close(); });
  impl_->output->file().sync();
  check(impl_->output->Close(), impl_->output->failure(), ErrorCode::Unavailable, impl_->path);
}

}  // namespace jammi::storage
