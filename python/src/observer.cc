#include "observer.h"

#include <string>

#include <arrow/table.h>
#include <nanobind/stl/string.h>

#include <jammi/database.h>

#include "arrow_table.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

nb::object to_pyarrow(const std::shared_ptr<arrow::RecordBatch>& batch) {
  auto table = arrow::Table::FromRecordBatches({batch});
  throw_if_error(table.status());
  return nb::module_::import_("pyarrow")
      .attr("RecordBatchReader")
      .attr("from_stream")(ArrowTable(*table))
      .attr("read_next_batch")();
}

nb::object task_of(const BatchInfo& info) {
  return nb::module_::import_("jammi_ai._model_task").attr("ModelTask")(std::string(to_string(info.task)));
}

}  // namespace

PythonObserver::~PythonObserver() {
  if (!nb::is_alive()) {
    callable_.release();  // the interpreter is gone, and its objects with it
    return;
  }
  const nb::gil_scoped_acquire acquire;
  callable_.reset();
}

void PythonObserver::on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) {
  const nb::gil_scoped_acquire acquire;
  try {
    callable_(to_pyarrow(batch), info);
  } catch (nb::python_error& error) {
    error.discard_as_unraisable(callable_);
  }
}

void bind_observer(nb::module_& module) {
  nb::class_<BatchInfo>(module, "BatchInfo",
                        "How a batch of model output came about, as an observer gets it.")
      .def_ro("model_id", &BatchInfo::model_id, "The model, as in the batch's column `_model`.")
      .def_prop_ro("task", task_of, "What the model was asked for.",
                   nb::sig("def task(self) -> jammi_ai._model_task.ModelTask"))
      .def_ro("latency_ms", &BatchInfo::latency_ms,
              "Milliseconds from reading the batch's rows to their last result.")
      .def("__repr__", [](const BatchInfo& self) {
        return "BatchInfo(model_id='" + self.model_id + "', task=" + std::string(to_string(self.task)) +
               ", latency_ms=" + std::to_string(self.latency_ms) + ")";
      });
}

}  // namespace jammi::python
