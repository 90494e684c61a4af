#include <arrow/record_batch.h>

#include <jammi/session.h>

#include "cli/commands.h"
#include "cli/configure.h"

namespace jammi::cli {

void query(const Context& context, const std::string& statement) {
  auto session = open_session(context);
  print_rows(*session->database().sql(statement, context.stop), context.format, context.out);
}

void explain(const Context& context, const std::string& statement) {
  query(context, "EXPLAIN " + statement);
}

}  // namespace jammi::cli
