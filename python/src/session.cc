#include "session.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <jammi/session.h>

#include "arrow_table.h"
#include "channels.h"
#include "config/logging.h"
#include "db/database_url.h"
#include "interruptible.h"
#include "mutable_tables.h"
#include "observer.h"
#include "search.h"
#include "session_handle.h"
#include "sources.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

using QueryVector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void open_session(SessionHandle* self, const std::optional<std::string>& config_path,
                  const std::optional<std::string>& artifact_dir, std::optional<int64_t> gpu_device,
                  std::optional<uint64_t> inference_batch_size) {
  auto session = run_without_gil([&] {
    Config config = config_path ? load_config(*config_path) : load_config();
    if (artifact_dir) config.artifact_dir = *artifact_dir;
    if (gpu_device) config.gpu.device = *gpu_device;
    if (inference_batch_size) config.inference.batch_size = *inference_batch_size;
    config::configure_log(config.logging);
    return Session::open(config);
  });
  new (self) SessionHandle(std::move(session));
}

/// Destroying a session waits for its threads, which must not hold up Python.
void close_session(SessionHandle& handle) {
  run_without_gil([&handle] { handle.close(); });
}

void add_source(const SessionHandle& handle, const std::string& name, const std::string& url,
                const std::optional<std::string>& format) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] {
    SourceConnection connection;
    connection.url = url;
    if (format) connection.format = parse_file_format(*format);
    session->database().add_source(name, db::source_type_of(url), std::move(connection));
  });
}

void remove_source(const SessionHandle& handle, const std::string& name) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] { session->database().remove_source(name); });
}

void set_source_tenant_column(const SessionHandle& handle, const std::string& name,
                              const std::optional<std::string>& column) {
  const std::shared_ptr<Session> session = handle.session();
  run_without_gil([&] { session->database().set_source_tenant_column(name, column); });
}

void with_tenant(const SessionHandle& handle, const std::string& tenant_id) {
  const std::shared_ptr<Session> session = handle.session();
  if (tenant_id.empty()) return session->unbind_tenant();
  session->bind_tenant(TenantId::parse(tenant_id));
}

std::optional<std::string> tenant(const SessionHandle& handle) {
  return handle.session()->tenant().transform([](const TenantId& id) { return id.text(); });
}

ArrowTable run_sql(const SessionHandle& handle, const std::string& query,
                   const std::map<std::string, ArrowTable>& relations) {
  const std::shared_ptr<Session> session = handle.session();
  std::map<std::string, std::shared_ptr<arrow::Table>> tables;
  for (const auto& [name, relation] : relations) tables.emplace(name, relation.table());
  return ArrowTable(run_interruptibly(
      [&](const std::stop_token& stop) { return session->database().sql_table(query, tables, stop); }));
}

/// The newest progress of a call, handed from the engine's threads to the thread that waits for them.
class LatestProgress {
 public:
  void set(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
  }

  std::optional<Progress> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(progress_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<Progress> progress_;
};

/// Runs `generate`, a verb of the session that makes an embedding table, and returns the table's name.
template <typename Generate>
std::string generate_embeddings(const std::optional<nb::callable>& on_progress, const Generate& generate) {
  LatestProgress latest;
  const auto embed = [&](const std::stop_token& stop) {
    EmbeddingOptions options;
    options.stop = stop;
    if (on_progress) options.progress = [&latest](const Progress& progress) { latest.set(progress); };
    return generate(options);
  };
  const auto report = [&] {
    if (const std::optional<Progress> progress = latest.take()) (*on_progress)(*progress);
  };
  return run_interruptibly(embed, report).table.table_name;
}

std::string generate_text_embeddings(const SessionHandle& handle, const std::string& source,
                                     const std::string& model, const std::vector<std::string>& columns,
                                     const std::string& key, const std::optional<nb::callable>& on_progress) {
  const std::shared_ptr<Session> session = handle.session();
  return generate_embeddings(on_progress, [&](const EmbeddingOptions& options) {
    return session->generate_text_embeddings(source, model, columns, key, options);
  });
}

std::string generate_image_embeddings(const SessionHandle& handle, const std::string& source,
                                      const std::string& model, const std::string& image_column,
                                      const std::string& key,
                                      const std::optional<nb::callable>& on_progress) {
  const std::shared_ptr<Session> session = handle.session();
  return generate_embeddings(on_progress, [&](const EmbeddingOptions& options) {
    return session->generate_image_embeddings(source, model, image_column, key, options);
  });
}

ArrowTable infer(const SessionHandle& handle, const std::string& source, const std::string& model,
                 const std::vector<std::string>& columns, const std::string& task, const std::string& key,
                 const std::optional<nb::callable>& on_progress) {
  const std::shared_ptr<Session> session = handle.session();
  LatestProgress latest;
  const auto read = [&](const std::stop_token& stop) {
    InferenceOptions options;
    options.stop = stop;
    if (on_progress) options.progress = [&latest](const Progress& progress) { latest.set(progress); };
    const auto reader = session->infer(source, model, columns, parse_model_task(task), key, options);
    return read_table(*reader, stop);
  };
  const auto report = [&] {
    if (const std::optional<Progress> progress = latest.take()) (*on_progress)(*progress);
  };
  return ArrowTable(run_interruptibly(read, report));
}

std::vector<float> encode_text_query(const SessionHandle& handle, const std::string& model,
                                     const std::string& text) {
  const std::shared_ptr<Session> session = handle.session();
  return run_interruptibly(
      [&](const std::stop_token& stop) { return session->encode_text_query(model, text, stop); });
}

std::vector<float> encode_image_query(const SessionHandle& handle, const std::string& model,
                                      const nb::bytes& image) {
  const std::shared_ptr<Session> session = handle.session();
  const auto bytes = std::as_bytes(std::span(image.c_str(), image.size()));
  return run_interruptibly(
      [&](const std::stop_token& stop) { return session->encode_image_query(model, bytes, stop); });
}

void preload_model(const SessionHandle& handle, const std::string& model, const std::string& task) {
  const std::shared_ptr<Session> session = handle.session();
  run_interruptibly(
      [&](const std::stop_token& stop) { session->preload_model(model, parse_model_task(task), stop); });
}

nb::list loaded_models(const SessionHandle& handle) {
  nb::list models;
  for (const LoadedModel& model : handle.session()->loaded_models()) {
    nb::dict dict;
    dict["model_id"] = model.model_id;
    dict["task"] = std::string(to_string(model.task));
    dict["memory_bytes"] = model.memory_bytes;
    dict["num_users"] = model.num_users;
    dict["last_used_at"] = model.last_used_at;
    models.append(dict);
  }
  return models;
}

void evict_model(const SessionHandle& handle, const std::string& model) {
  const std::shared_ptr<Session> session = handle.session();
  const nb::gil_scoped_release released;
  session->evict_model(model);
}

nb::dict to_dict(const CacheStatistics& statistics) {
  nb::dict dict;
  dict["hits"] = statistics.hits;
  dict["misses"] = statistics.misses;
  dict["hit_rate"] = statistics.hit_rate();
  dict["entries"] = statistics.entries;
  dict["size"] = statistics.size;
  dict["capacity"] = statistics.capacity;
  return dict;
}

nb::dict cache_statistics(const SessionHandle& handle) {
  const QueryCacheStatistics statistics = handle.session()->cache_statistics();
  nb::dict dict;
  dict["embedding_cache"] = to_dict(statistics.embedding_cache);
  dict["ann_cache"] = to_dict(statistics.ann_cache);
  return dict;
}

std::unique_ptr<Search> begin_search(const SessionHandle& handle, const std::string& source,
                                     const QueryVector& query, size_t k, const std::string& filter) {
  const std::shared_ptr<Session> session = handle.session();
  const std::vector<float> vector(query.data(), query.data() + query.size());
  return std::make_unique<Search>(handle, session, run_without_gil([&] {
                                    return session->search(source, vector, k, {.filter = filter});
                                  }));
}

// An observer often refers to the database that it observes: the garbage collector has to see that.
int traverse_observers(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  for (const auto& observer : nb::inst_ptr<SessionHandle>(self)->observers()) {
    Py_VISIT(observer->callable().ptr());
  }
  return 0;
}

int clear_observers(PyObject* self) {
  if (nb::inst_ready(self)) nb::inst_ptr<SessionHandle>(self)->clear_observers();
  return 0;
}

PyType_Slot kCollectedSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse_observers)},
                                 {Py_tp_clear, reinterpret_cast<void*>(clear_observers)},
                                 {0, nullptr}};

}  // namespace

void bind_session(nb::module_& module) {
  nb::class_<Progress>(module, "Progress", "State of a long call, as a progress callback gets it.")
      .def_ro("rows_done", &Progress::rows_done, "Rows read so far, failed ones included.")
      .def_ro("rows_total", &Progress::rows_total, "Rows of the source, None while that is unknown.")
      .def_ro("rows_failed", &Progress::rows_failed, "Rows that have no vector: no text or no key.")
      .def_ro("tokens_done", &Progress::tokens_done, "Model tokens computed, special tokens included.")
      .def_ro("elapsed_seconds", &Progress::elapsed_seconds, "Seconds since the call began.")
      .def("__repr__", [](const Progress& self) {
        const std::string total = self.rows_total ? std::to_string(*self.rows_total) : "None";
        return "Progress(rows_done=" + std::to_string(self.rows_done) + ", rows_total=" + total +
               ", rows_failed=" + std::to_string(self.rows_failed) +
               ", tokens_done=" + std::to_string(self.tokens_done) + ")";
      });

  nb::class_<SessionHandle>(module, "Session",
                            "The engine behind a jammi_ai.Database, which documents its verbs.",
                            nb::type_slots(kCollectedSlots))
      .def("__init__", open_session, nb::arg("config").none(), nb::arg("artifact_dir").none(),
           nb::arg("gpu_device").none(), nb::arg("inference_batch_size").none())
      .def("close", close_session)
      .def_prop_ro("is_closed", &SessionHandle::is_closed)
      .def_prop_ro("artifact_dir",
                   [](const SessionHandle& handle) {
                     return handle.session()->database().config().artifact_dir.string();
                   })
      .def("add_source", add_source, nb::arg("name"), nb::arg("url"), nb::arg("format").none())
      .def("remove_source", remove_source, nb::arg("name"))
      .def("list_sources", list_sources, nb::sig("def list_sources(self) -> list[jammi_ai._records.Source]"))
      .def("describe_source", describe_source, nb::arg("name"),
           nb::sig("def describe_source(self, name: str) -> jammi_ai._records.SourceDescription | None"))
      .def("set_source_tenant_column", set_source_tenant_column, nb::arg("name"), nb::arg("column").none())
      .def("with_tenant", with_tenant, nb::arg("tenant_id"))
      .def("tenant", tenant)
      .def("register_channel", register_channel, nb::arg("channel_id"), nb::arg("priority"),
           nb::arg("columns"))
      .def("add_channel_columns", add_channel_columns, nb::arg("channel_id"), nb::arg("columns"))
      .def("list_channels", list_channels,
           nb::sig("def list_channels(self) -> list[jammi_ai._records.Channel]"))
      .def("merge_channels", merge_channels, nb::arg("batches"), nb::arg("participating"),
           nb::arg("retrieved_by"), nb::arg("annotated_by"), nb::arg("contributions"))
      .def("create_mutable_table", create_mutable_table, nb::arg("name"), nb::arg("schema"),
           nb::arg("primary_key"), nb::arg("indexes"), nb::arg("order_column").none(),
           nb::arg("chunk_size").none())
      .def("drop_mutable_table", drop_mutable_table, nb::arg("name"), nb::arg("if_exists"))
      .def("list_mutable_tables", list_mutable_tables,
           nb::sig("def list_mutable_tables(self) -> list[jammi_ai._records.MutableTable]"))
      .def("insert_batch", insert_batch, nb::arg("table"), nb::arg("rows"))
      .def("scan_after", scan_after, nb::arg("table"), nb::arg("value"), nb::arg("limit").none())
      .def("sql", run_sql, nb::arg("query"), nb::arg("relations"))
      .def("generate_text_embeddings", generate_text_embeddings, nb::arg("source"), nb::arg("model"),
           nb::arg("columns"), nb::arg("key"), nb::arg("progress").none(),
           nb::sig("def generate_text_embeddings(self, source: str, model: str, columns: "
                   "collections.abc.Sequence[str], "
                   "key: str, progress: collections.abc.Callable[[Progress], object] | None) -> str"))
      .def("generate_image_embeddings", generate_image_embeddings, nb::arg("source"), nb::arg("model"),
           nb::arg("image_column"), nb::arg("key"), nb::arg("progress").none(),
           nb::sig("def generate_image_embeddings(self, source: str, model: str, image_column: str, "
                   "key: str, progress: collections.abc.Callable[[Progress], object] | None) -> str"))
      .def(
          "infer", infer, nb::arg("source"), nb::arg("model"), nb::arg("columns"), nb::arg("task"),
          nb::arg("key"), nb::arg("progress").none(),
          nb::sig(
              "def infer(self, source: str, model: str, columns: collections.abc.Sequence[str], "
              "task: str, key: str, progress: collections.abc.Callable[[Progress], object] | None) -> Table"))
      .def("add_observer", &SessionHandle::add_observer, nb::arg("observer"),
           nb::sig(
               "def add_observer(self, observer: collections.abc.Callable[[pyarrow.RecordBatch, BatchInfo], "
               "object]) -> None"))
      .def("remove_observer", &SessionHandle::remove_observer, nb::arg("observer"))
      .def("encode_text_query", encode_text_query, nb::arg("model"), nb::arg("text"))
      .def("encode_image_query", encode_image_query, nb::arg("model"), nb::arg("image"))
      .def("preload_model", preload_model, nb::arg("model"), nb::arg("task"))
      .def("loaded_models", loaded_models,
           nb::sig("def loaded_models(self) -> list[jammi_ai._records.LoadedModel]"))
      .def("evict_model", evict_model, nb::arg("model"))
      .def("cache_statistics", cache_statistics,
           nb::sig("def cache_statistics(self) -> jammi_ai._records.QueryCacheStatistics"))
      .def(
          "search", begin_search, nb::arg("source"), nb::arg("query"), nb::arg("k"), nb::arg("filter"),
          nb::keep_alive<0, 1>(),
          nb::sig(
              "def search(self, source: str, query: collections.abc.Buffer, k: int, filter: str) -> Search"));
}

}  // namespace jammi::python
