#include <algorithm>

#include <arrow/table.h>

#include <jammi/database.h>
#include <jammi/session.h>

#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/model_argument.h"

namespace jammi::cli {
namespace {

constexpr const char* kSimilarity = "similarity";

/// The asked columns and similarity, without the evidence columns that every search brings.
std::shared_ptr<arrow::Table> pick_columns(const arrow::Table& found, std::vector<std::string> names) {
  if (!std::ranges::contains(names, kSimilarity)) names.push_back(kSimilarity);
  std::vector<int> positions;
  for (const std::string& name : names) positions.push_back(found.schema()->GetFieldIndex(name));
  arrow::Result<std::shared_ptr<arrow::Table>> picked = found.SelectColumns(positions);
  throw_if_error(picked.status());
  return *picked;
}

}  // namespace

void search(const Context& context, const SearchCommandOptions& options) {
  auto session = Session::open(configure(context));
  auto& tables = session->database().catalog().result_tables();
  ResultTableRecord table =
      options.table.empty() ? tables.latest_ready_embedding(options.source) : tables.get(options.table);
  std::string model = options.model.empty() ? model_of(table) : model_argument(options.model);

  std::vector<float> vector = session->encode_text_query(model, options.text);
  SearchBuilder builder =
      session->search(options.source, std::move(vector), options.k, {.table = table.table_name});
  if (!options.filter.empty()) builder.filter(options.filter);
  if (!options.columns.empty()) builder.select(options.columns);
  std::shared_ptr<arrow::Table> found = builder.run(context.stop);
  if (!options.columns.empty()) found = pick_columns(*found, options.columns);
  print_rows(*found, context.format, context.out);
}

}  // namespace jammi::cli
