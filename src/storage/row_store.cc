// <name>.rows is an Arrow IPC file (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format):
//
//   "ARROW1", schema with metadata {"jammi.row_store": "1", "jammi.source_fingerprint": ...}
//   record batches of exactly 256 rows, the last one shorter, buffers compressed with LZ4
//   footer: schema, offset of every batch, "ARROW1"
//
// Row i is row i % 256 of batch i / 256.
#include "storage/row_store.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>

#include <jammi/error.h>

#include "storage/arrow_files.h"
#include "storage/table_files.h"

namespace jammi::storage {
namespace {

constexpr int64_t kRowsPerBlock = 256;
constexpr char kVersionKey[] = "jammi.row_store";
constexpr char kVersion[] = "1";
constexpr char kFingerprintKey[] = "jammi.source_fingerprint";

Error damaged(const std::string& path, const std::string& reason) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
               "damaged row store: " + path + ": " + reason);
}

}  // namespace

struct RowStoreWriter::Impl {
  Impl(io::FileSystem& file_system, std::string file_path)
      : files(file_system),
        path(std::move(file_path)),
        temporary_path(path + std::string(kTemporarySuffix)),
        output(std::make_shared<ArrowOutput>(files.create(temporary_path))) {}

  void check_written(const arrow::Status& status) const {
    check(status, output->failure(), ErrorCode::Unavailable, path);
  }

  arrow::Status open(const std::shared_ptr<arrow::Schema>& file_schema) {
    schema = file_schema;
    arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
    options.use_threads = false;
    ARROW_ASSIGN_OR_RAISE(options.codec, arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME));
    ARROW_ASSIGN_OR_RAISE(writer, arrow::ipc::MakeFileWriter(output, schema, options));
    return arrow::Status::OK();
  }

  /// Writes the pending rows in whole blocks; the remainder too when `is_last`.
  arrow::Status write_blocks(bool is_last) {
    if (pending.empty()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> rows, arrow::ConcatenateRecordBatches(pending));
    int64_t begin = 0;
    while (num_pending - begin >= kRowsPerBlock || (is_last && begin < num_pending)) {
      ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*rows->Slice(begin, kRowsPerBlock)));
      begin = std::min(begin + kRowsPerBlock, num_pending);
    }
    pending.clear();
    if (begin < num_pending) pending.push_back(rows->Slice(begin));
    num_pending -= begin;
    return arrow::Status::OK();
  }

  io::FileSystem& files;
  const std::string path;
  const std::string temporary_path;
  std::shared_ptr<ArrowOutput> output;
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  arrow::RecordBatchVector pending;  ///< rows that do not fill a block yet
  int64_t num_pending = 0;
  bool is_finished = false;
};

RowStoreWriter::RowStoreWriter(io::FileSystem& files, std::string path,
                               const std::shared_ptr<arrow::Schema>& schema,
                               const std::string& source_fingerprint)
    : impl_(std::make_unique<Impl>(files, std::move(path))) {
  impl_->check_written(impl_->open(schema->WithMetadata(
      arrow::key_value_metadata({kVersionKey, kFingerprintKey}, {kVersion, source_fingerprint}))));
}

RowStoreWriter::~RowStoreWriter() {
  if (impl_->is_finished) return;
  try {
    impl_->files.remove(impl_->temporary_path);
  } catch (const Error&) {
    // The next recovery removes temporary files of dead writers.
  }
}

void RowStoreWriter::append(const std::shared_ptr<arrow::RecordBatch>& rows) {
  impl_->pending.push_back(rows->ReplaceSchemaMetadata(impl_->schema->metadata()));
  impl_->num_pending += rows->num_rows();
  if (impl_->num_pending >= kRowsPerBlock) impl_->check_written(impl_->write_blocks(/*is_last=*/false));
}

void RowStoreWriter::finish() {
  impl_->check_written(impl_->write_blocks(/*is_last=*/true));
  impl_->check_written(impl_->writer->Close());
  impl_->output->file().sync();
  impl_->check_written(impl_->output->Close());
  impl_->files.rename(impl_->temporary_path, impl_->path);
  impl_->files.sync_directory(io::parent_directory(impl_->path));
  impl_->is_finished = true;
}

struct RowStore::Impl {
  std::string path;
  std::shared_ptr<io::FileBytes> bytes;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
  std::string fingerprint;
  uint64_t num_rows = 0;
  mutable std::mutex mutex;  // guards reader, which fills a cache of its own

  std::shared_ptr<arrow::RecordBatch> block(int number) const {
    std::lock_guard lock(mutex);
    auto batch = reader->ReadRecordBatch(number);
    if (!batch.ok()) throw damaged(path, batch.status().message());
    if (arrow::Status valid = (*batch)->ValidateFull(); !valid.ok()) throw damaged(path, valid.message());
    return std::move(batch).ValueUnsafe();
  }
};

RowStore::RowStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowStore::~RowStore() = default;

std::shared_ptr<const RowStore> RowStore::open(const io::FileSystem& files, const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->bytes = files.map(path);
  const std::span<const std::byte> bytes = impl->bytes->bytes();
  auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int64_t>(bytes.size()));
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  auto reader =
      arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(buffer), options);
  if (!reader.ok()) throw damaged(path, reader.status().message());
  impl->reader = std::move(reader).ValueUnsafe();

  const auto metadata = impl->reader->schema()->metadata();
  if (metadata == nullptr || metadata->Get(kVersionKey).ValueOr("") != kVersion)
    throw damaged(path, "unknown version");
  impl->fingerprint = metadata->Get(kFingerprintKey).ValueOr("");
  if (const int num_blocks = impl->reader->num_record_batches(); num_blocks > 0) {
    impl->num_rows =
        static_cast<uint64_t>((num_blocks - 1) * kRowsPerBlock + impl->block(num_blocks - 1)->num_rows());
  }
  return std::shared_ptr<const RowStore>(new RowStore(std::move(impl)));
}

const std::string& RowStore::source_fingerprint() const {
  return impl_->fingerprint;
}
uint64_t RowStore::num_rows() const {
  return impl_->num_rows;
}

std::shared_ptr<arrow::Table> RowStore::take(std::span<const uint64_t> positions) const {
  const std::shared_ptr<arrow::Schema> schema = impl_->reader->schema()->RemoveMetadata();
  arrow::RecordBatchVector rows;
  for (uint64_t position : positions) {
    std::shared_ptr<arrow::RecordBatch> block = impl_->block(static_cast<int>(position / kRowsPerBlock));
    const int64_t row = static_cast<int64_t>(position % kRowsPerBlock);
    if (row >= block->num_rows()) throw damaged(impl_->path, "short block");
    rows.push_back(block->Slice(row, 1)->ReplaceSchemaMetadata(nullptr));
  }
  auto table = arrow::Table::FromRecordBatches(schema, rows);
  if (table.ok()) table = (*table)->CombineChunks();
  if (!table.ok()) throw damaged(impl_->path, table.status().message());
  return std::move(table).ValueUnsafe();
}

}  // namespace jammi::storage
