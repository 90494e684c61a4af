#include "arrow_table.h"

#include <utility>
#include <vector>

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/table.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "interruptible.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

constexpr char kStreamCapsule[] = "arrow_array_stream";

template <typename T>
T value_of(arrow::Result<T> result) {
  throw_if_error(result.status());
  return std::move(result).ValueUnsafe();
}

void destroy_stream(void* pointer) noexcept {
  auto* stream = static_cast<ArrowArrayStream*>(pointer);
  if (stream->release != nullptr) stream->release(stream);  // a consumer that took the stream left null here
  delete stream;
}

}  // namespace

std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader, std::stop_token stop) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (;;) {
    if (stop.stop_requested()) throw Error(ErrorCode::Cancelled, ErrorCategory::None, "Interrupted");
    std::shared_ptr<arrow::RecordBatch> batch;
    throw_if_error(reader.ReadNext(&batch));
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  return value_of(arrow::Table::FromRecordBatches(reader.schema(), batches));
}

ArrowTable ArrowTable::from_producer(const nb::object& producer) {
  const nb::object capsule = producer.attr("__arrow_c_stream__")();
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), kStreamCapsule));
  if (stream == nullptr) throw nb::python_error();
  const std::shared_ptr<arrow::RecordBatchReader> reader = value_of(arrow::ImportRecordBatchReader(stream));
  return ArrowTable(
      run_interruptibly([&reader](const std::stop_token& stop) { return read_table(*reader, stop); }));
}

nb::capsule ArrowTable::to_stream() const {
  auto stream = std::make_unique<ArrowArrayStream>();
  throw_if_error(
      arrow::ExportRecordBatchReader(std::make_shared<arrow::TableBatchReader>(table_), stream.get()));
  return nb::capsule(stream.release(), kStreamCapsule, destroy_stream);
}

void bind_arrow_table(nb::module_& module) {
  nb::class_<ArrowTable>(module, "Table",
                         "An Arrow table on its way into or out of the engine, without a copy.")
      .def(
          "__init__",
          [](ArrowTable* self, const nb::object& producer) {
            new (self) ArrowTable(ArrowTable::from_producer(producer));
          },
          nb::arg("producer"), "Reads an object that has __arrow_c_stream__.")
      .def(
          "__arrow_c_stream__",
          [](const ArrowTable& self, const nb::object& /*requested_schema*/) { return self.to_stream(); },
          nb::arg("requested_schema") = nb::none(),
          "The Arrow C stream of the rows; the schema is not negotiable.");
}

}  // namespace jammi::python
