#pragma once

#include <memory>
#include <stop_token>

#include <duckdb.hpp>

#include "sql/engine.h"

namespace arrow {
class RecordBatchReader;
}

namespace jammi::sql {

/// Submits `statement` on `connection`, which runs nothing else until the reader is gone or at its end, and
/// streams its rows in batches of at most `batch_size`. Throws what planning throws; see Engine for what
/// reads report.
std::shared_ptr<arrow::RecordBatchReader> stream(std::shared_ptr<duckdb::Connection> connection,
                                                 duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                 uint64_t batch_size, std::stop_token stop);

}  // namespace jammi::sql
