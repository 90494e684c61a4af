#pragma once

#include <jammi/session.h>

#include "inference/runner.h"

namespace jammi::engine {

/// Makes models callable in the session's SQL (docs/sql-inference.md): the table functions `annotate` and
/// `vector_search` and the scalar function `embed`. Both arguments must live as long as the session's
/// database.
void add_sql_functions(Session& session, inference::Runner& runner);

}  // namespace jammi::engine
