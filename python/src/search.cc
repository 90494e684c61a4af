#include "search.h"

#include <utility>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jammi/error.h>

#include "interruptible.h"

namespace nb = nanobind;

namespace jammi::python {

Search::Search(const SessionHandle& handle, std::shared_ptr<Session> session, SearchBuilder builder)
    : handle_(handle), session_(std::move(session)), builder_(std::move(builder)) {}

SearchBuilder& Search::builder() {
  if (!builder_) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, "SearchBuilder already consumed by run()");
  }
  return *builder_;
}

SearchBuilder Search::take_builder() {
  const std::lock_guard lock(mutex_);
  SearchBuilder taken = std::move(builder());
  builder_.reset();
  session_.reset();
  return taken;
}

template <typename Step>
void Search::add_step(const Step& step) {
  const std::shared_ptr<Session> session = handle_.session();
  run_without_gil([&] {
    const std::lock_guard lock(mutex_);
    step(builder());
  });
}

void Search::join(const std::string& source, const std::string& on, const std::string& how) {
  add_step([&](SearchBuilder& builder) { builder.join(source, on, parse_join_type(how)); });
}

void Search::annotate(const std::string& model, const std::string& task,
                      const std::vector<std::string>& columns) {
  const std::shared_ptr<Session> session = handle_.session();
  run_interruptibly([&](const std::stop_token& stop) {
    const std::lock_guard lock(mutex_);
    builder().annotate(model, parse_model_task(task), columns, stop);
  });
}

void Search::filter(const std::string& predicate) {
  add_step([&](SearchBuilder& builder) { builder.filter(predicate); });
}

void Search::sort(const std::string& column, bool descending) {
  add_step([&](SearchBuilder& builder) { builder.sort(column, descending); });
}

void Search::limit(size_t num_rows) {
  add_step([&](SearchBuilder& builder) { builder.limit(num_rows); });
}

void Search::select(const std::vector<std::string>& columns) {
  add_step([&](SearchBuilder& builder) { builder.select(columns); });
}

std::string Search::explain() {
  const std::shared_ptr<Session> session = handle_.session();
  return run_interruptibly([&](const std::stop_token& stop) {
    const std::lock_guard lock(mutex_);
    return builder().explain(stop);
  });
}

ArrowTable Search::run() {
  const std::shared_ptr<Session> session = handle_.session();
  std::optional<SearchBuilder> running;
  std::shared_ptr<arrow::Table> rows = run_without_gil([&] {
    running = take_builder();
    return running->run_at_once();
  });
  if (!rows) rows = run_interruptibly([&](const std::stop_token& stop) { return running->run(stop); });
  return ArrowTable(std::move(rows));
}

void bind_search(nb::module_& module) {
  nb::class_<Search>(module, "Search", "A search under construction; see jammi_ai.SearchBuilder.")
      .def("join", &Search::join, nb::arg("source"), nb::arg("on"), nb::arg("how"))
      .def("annotate", &Search::annotate, nb::arg("model"), nb::arg("task"), nb::arg("columns"))
      .def("filter", &Search::filter, nb::arg("predicate"))
      .def("sort", &Search::sort, nb::arg("column"), nb::arg("descending"))
      .def("limit", &Search::limit, nb::arg("num_rows"))
      .def("select", &Search::select, nb::arg("columns"))
      .def("explain", &Search::explain)
      .def("run", &Search::run);
}

}  // namespace jammi::python
