#include <jammi/database.h>

#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"

namespace jammi::cli {

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
  auto database = open_database(context);
  for (const ResultTableRecord& table : database->catalog().result_tables().list(database->scope())) {
    listing.rows.push_back({table.source_id, std::to_string(table.row_count),
                            table.dimensions ? std::to_string(*table.dimensions) : "",
                            std::string(to_string(table.status)), table.created_at, table.model_id,
                            table.table_name});
  }
  print_listing(listing, context.format, context.out);
}

}  // namespace jammi::cli
