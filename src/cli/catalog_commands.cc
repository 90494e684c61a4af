#include <jammi/database.h>

#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"

namespace jammi::cli {

void list_models(const Context& context) {
  Listing listing{.columns = {{"Model ID", "model_id", 40},
                              {"Backend", "backend", 12},
                              {"Task", "task", 10},
                              {"Status", "status"}},
                  .rows = {},
                  .rule_width = 75,
                  .empty_message = "No models registered."};
  auto database = Database::open(configure(context));
  for (const ModelRecord& model : database->catalog().models().list()) {
    listing.rows.push_back({model.name, model.backend, std::string(to_string(model.task)), model.status});
  }
  print_listing(listing, context.format, context.out);
}

void list_tables(const Context& context) {
  // Names of tables and models are long: they stand last.
  Listing listing{.columns = {{"Source", "source"},
                              {"Rows", "rows"},
                              {"Dimensions", "dimensions"},
                              {"Status", "status"},
                              {"Created", "created_at"},
                              {"Model", "model"},
                              {"Table", "table"}},
                  .rows = {},
                  .empty_message = "No result tables."};
  auto database = Database::open(configure(context));
  for (const ResultTableRecord& table : database->catalog().result_tables().list()) {
    listing.rows.push_back({table.source_id, std::to_string(table.row_count),
                            table.dimensions ? std::to_string(*table.dimensions) : "",
                            std::string(to_string(table.status)), table.created_at, table.model_id,
                            table.table_name});
  }
  print_listing(listing, context.format, context.out);
}

}  // namespace jammi::cli
