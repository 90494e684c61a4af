#include <arrow/record_batch.h>

#include <jammi/database.h>

#include "cli/commands.h"
#include "cli/configure.h"

namespace jammi::cli {

void query(const Context& context, const std::string& statement) {
  auto database = Database::open(configure(context));
  print_rows(*database->sql(statement, context.stop), context.format, context.out);
}

void explain(const Context& context, const std::string& statement) {
  query(context, "EXPLAIN " + statement);
}

}  // namespace jammi::cli
