#include "sources.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "catalog/catalog.h"
#include "interruptible.h"

namespace nb = nanobind;

namespace jammi::python {
namespace {

struct SourceListing {
  std::vector<SourceRecord> sources;
  std::vector<ResultTableRecord> result_tables;
};

SourceListing read_listing(Session& session) {
  const auto database = session.database().within(session.database().scope());
  return {database->list_sources(), database->catalog().result_tables().list(database->scope())};
}

nb::dict to_dict(const ResultTableRecord& table) {
  nb::dict dict;
  dict["table_name"] = table.table_name;
  dict["source_id"] = table.source_id;
  dict["model_id"] = table.model_id;
  dict["dimensions"] = table.dimensions;
  dict["row_count"] = table.row_count;
  dict["status"] = to_string(table.status);
  return dict;
}

nb::dict to_dict(const TableDescription& table) {
  nb::list columns;
  for (const ColumnDescription& column : table.columns) {
    nb::dict dict;
    dict["name"] = column.name;
    dict["type"] = column.type;
    columns.append(dict);
  }
  nb::dict dict;
  dict["name"] = table.name;
  dict["columns"] = columns;
  return dict;
}

nb::dict to_dict(const SourceRecord& source, const std::vector<ResultTableRecord>& result_tables) {
  nb::list own_tables;
  for (const ResultTableRecord& table : result_tables) {
    if (table.source_id == source.id) own_tables.append(to_dict(table));
  }
  nb::dict dict;
  dict["source_id"] = source.id;
  dict["source_type"] = to_string(source.type);
  dict["status"] = "active";  // the one state of a registered source
  dict["url"] = source.connection.url;
  dict["format"] = source.connection.format.transform([](FileFormat format) { return to_string(format); });
  dict["result_tables"] = own_tables;
  return dict;
}

}  // namespace

nb::list list_sources(const SessionHandle& handle) {
  const std::shared_ptr<Session> session = handle.session();
  const SourceListing listing = run_without_gil([&] { return read_listing(*session); });
  nb::list sources;
  for (const SourceRecord& source : listing.sources) sources.append(to_dict(source, listing.result_tables));
  return sources;
}

nb::object describe_source(const SessionHandle& handle, const std::string& name) {
  const std::shared_ptr<Session> session = handle.session();
  const SourceListing listing = run_without_gil([&] { return read_listing(*session); });
  const auto source = std::ranges::find(listing.sources, name, &SourceRecord::id);
  if (source == listing.sources.end()) return nb::none();

  const std::vector<TableDescription> descriptions =
      run_without_gil([&] { return session->database().describe_source(name); });
  nb::list tables;
  for (const TableDescription& table : descriptions) tables.append(to_dict(table));
  nb::dict dict = to_dict(*source, listing.result_tables);
  dict["tables"] = tables;
  return dict;
}

}  // namespace jammi::python
