#pragma once

#include <memory>

#include <nanobind/nanobind.h>

#include <jammi/inference.h>

namespace jammi::python {

/// Calls a Python callable as `callable(batch: pyarrow.RecordBatch, info: BatchInfo)`, with the GIL, on
/// whatever thread reads the inference. What it raises goes to `sys.unraisablehook`.
class PythonObserver final : public InferenceObserver {
 public:
  explicit PythonObserver(nanobind::callable callable) : callable_(std::move(callable)) {}

  /// Takes the GIL.
  ~PythonObserver() override;

  void on_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const BatchInfo& info) override;

  const nanobind::callable& callable() const { return callable_; }

 private:
  nanobind::callable callable_;
};

/// Binds `_jammi.BatchInfo`.
void bind_observer(nanobind::module_& module);

}  // namespace jammi::python
