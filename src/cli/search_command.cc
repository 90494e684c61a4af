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

/// Exactly the named columns, without those that every search brings along.
std::shared_ptr<arrow::Table> pick_columns(const arrow::Table& found, const std::vector<std::string>& names) {
  std::vector<int> positions;
  for (const std::string& name : names) positions.push_back(found.schema()->GetFieldIndex(name));
  arrow::Result<std::shared_ptr<arrow::Table>> picked = found.SelectColumns(positions);
  throw_if_error(picked.status());
  return *picked;
}

}  // namespace

void search(const Context& context, const SearchCommandOptions& options) {
  auto session = open_session(context);
  auto& tables = session->database().catalog().result_tables();
  const catalog::TenantScope scope = session->database().scope();
  ResultTableRecord table = options.table.empty() ? tables.latest_ready_embedding(options.source, scope)
                                                  : tables.get(options.table, scope);
  std::string model = options.model.empty() ? model_of(table) : model_argument(options.model);

  std::vector<float> vector = options.image.empty()
                                  ? session->encode_text_query(model, options.text, context.stop)
                                  : session->encode_image_query(model, options.image, context.stop);
  SearchBuilder builder = session->search(options.source, std::move(vector), options.k,
                                          {.table = table.table_name, .filter = options.filter});

  std::vector<std::string> columns = options.columns;
  if (!columns.empty() && !std::ranges::contains(columns, kSimilarity)) columns.push_back(kSimilarity);
  if (!columns.empty()) builder.select(columns);
  if (options.explains) {
    context.out << builder.explain(context.stop);
    return;
  }
  std::shared_ptr<arrow::Table> found = builder.run(context.stop);
  if (!columns.empty()) found = pick_columns(*found, columns);
  print_rows(*found, context.format, context.out);
}

}  // namespace jammi::cli
