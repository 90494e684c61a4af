#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <jammi/search.h>

#include "arrow_table.h"
#include "session_handle.h"

namespace jammi::python {

/// A search under construction: `_jammi.Search`. Keeps its session alive until it has run. Steps from several
/// threads take turns. Every call fails as `SessionHandle::session` does once the database is closed.
class Search {
 public:
  /// `handle` must outlive the search.
  Search(const SessionHandle& handle, std::shared_ptr<Session> session, SearchBuilder builder);

  void join(const std::string& source, const std::string& on, const std::string& how);
  void annotate(const std::string& model, const std::string& task, const std::vector<std::string>& columns);
  void filter(const std::string& predicate);
  void sort(const std::string& column, bool descending);
  void limit(size_t num_rows);
  void select(const std::vector<std::string>& columns);
  std::string explain();
  ArrowTable run();

 private:
  template <typename Step>
  void add_step(const Step& step);

  SearchBuilder& builder();
  SearchBuilder take_builder();

  const SessionHandle& handle_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<Session> session_;
  std::optional<SearchBuilder> builder_;
};

void bind_search(nanobind::module_& module);

}  // namespace jammi::python
