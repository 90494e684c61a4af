#include "index/sidecar_writer.h"

#include <array>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "index/hnsw_graph.h"
#include "index/parallel.h"
#include "index/row_map.h"
#include "index/vectors_file.h"
#include "io/checksum.h"
#include "storage/manifest.h"

namespace jammi::index {
namespace {

constexpr size_t kWriteSize = size_t{1} << 20;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

struct SidecarWriter::Impl {
  Impl(const storage::ResultStore& store, const std::string& table_name,
       storage::TableDefinition table_definition, size_t threads)
      : files(store.shared_files()),
        name(table_name),
        stem(store.file_path(table_name, "")),
        definition(std::move(table_definition)),
        num_threads(threads == 0 ? default_num_threads() : threads),
        graph(definition.dimensions) {}

  std::string path(const std::string& extension) const { return stem + extension; }
  std::string temporary(const std::string& extension) const { return stem + extension + ".tmp"; }

  /// Opens the files that grow with the rows.
  void start() {
    vectors = std::make_unique<VectorsFileWriter>(files->create(temporary("vectors")), definition.dimensions);
    rowmap = files->create(temporary("rowmap"));
    std::string header;
    append_row_map_header(header);
    rowmap->append(bytes_of(header));
  }

  void add(std::span<const std::string> row_ids, std::span<const float> rows) {
    if (!vectors) start();
    std::string entries;
    for (const std::string& row_id : row_ids) append_row_map_entry(entries, row_id);
    rowmap->append(bytes_of(entries));
    vectors->append(rows);
    graph.add(rows, num_threads);
  }

  void write_graph() {
    const auto file = files->create(temporary("usearch"));
    std::vector<std::byte> buffer;
    graph.save([&](std::span<const std::byte> bytes) {
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
      if (buffer.size() < kWriteSize) return;
      file->append(buffer);
      buffer.clear();
    });
    file->append(buffer);
    file->sync();
    file->close();
  }

  /// The manifest's entry for a temporary file, its checksum taken from byte `offset` on.
  storage::ManifestFile describe(const std::string& extension, uint64_t offset) const {
    const auto file = files->map(temporary(extension));
    return {name + "." + extension, file->bytes().size(), io::xxh64(file->bytes().subspan(offset))};
  }

  void finish() {
    vectors->finish();
    rowmap->sync();
    rowmap->close();
    write_graph();

    const uint64_t count = graph.size();
    storage::Manifest manifest;
    manifest.definition = definition;
    manifest.created_at = catalog::timestamp_now();
    manifest.segments = {
        {count, name + ".parquet", describe("usearch", HnswGraph::links_offset(count, definition.dimensions)),
         describe("rowmap", 0), describe("vectors", count * definition.dimensions * sizeof(float))}};
    // A manifest that names files of an earlier build would be refused; better none at all.
    files->remove(path("manifest.json"));
    for (const char* extension : kDataFiles) files->rename(temporary(extension), path(extension));
    io::write_file_atomically(*files, path("manifest.json"), bytes_of(manifest.to_json()));
    is_finished = true;
  }

  void remove_temporary_files() noexcept {
    try {
      for (const char* extension : kDataFiles) files->remove(temporary(extension));
    } catch (const std::exception& failure) {
      log::warn("temporary files of result table " + name + " are left to recovery: " + failure.what());
    }
  }

  static constexpr std::array<const char*, 3> kDataFiles = {"usearch", "rowmap", "vectors"};

  const std::shared_ptr<io::FileSystem> files;
  const std::string name;
  const std::string stem;  // path up to and with the '.' before the extension
  const storage::TableDefinition definition;
  const size_t num_threads;
  HnswGraph graph;
  std::unique_ptr<VectorsFileWriter> vectors;
  std::unique_ptr<io::WritableFile> rowmap;
  bool is_finished = false;
};

SidecarWriter::SidecarWriter(const storage::ResultStore& store, const std::string& table_name,
                             storage::TableDefinition definition, size_t num_threads)
    : impl_(std::make_unique<Impl>(store, table_name, std::move(definition), num_threads)) {}

SidecarWriter::~SidecarWriter() {
  if (impl_->vectors && !impl_->is_finished) impl_->remove_temporary_files();
}

void SidecarWriter::add(std::span<const std::string> row_ids, std::span<const float> vectors) {
  const size_t dimensions = impl_->definition.dimensions;
  if (vectors.size() != row_ids.size() * dimensions) {
    const size_t width = row_ids.empty() ? vectors.size() : vectors.size() / row_ids.size();
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage,
                "Vector dimension mismatch: expected " + std::to_string(dimensions) + ", got " +
                    std::to_string(width));
  }
  if (!row_ids.empty()) impl_->add(row_ids, vectors);
}

void SidecarWriter::finish() {
  if (impl_->vectors) impl_->finish();
}

void rebuild_sidecars(const storage::ResultStore& store, const ResultTableRecord& table, size_t num_threads) {
  const auto reader = store.open(table);
  SidecarWriter writer(store, table.table_name, reader->definition(), num_threads);
  for (storage::VectorBatch batch; reader->next(batch);) {
    const std::vector<std::string> row_ids(batch.row_ids.begin(), batch.row_ids.end());
    writer.add(row_ids, batch.vectors);
  }
  writer.finish();
}

}  // namespace jammi::index
