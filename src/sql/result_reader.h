#pragma once

#include <memory>
#include <stop_token>

#include <duckdb.hpp>

#include "sql/engine.h"

namespace arrow {
class RecordBatchReader;
}

namespace jammi::sql {

/// Submits `statement` on `connection`, which the reader then owns, and streams its rows in batches of at
/// most `batch_size`. Throws what planning throws; see Engine for what reads report.
std::shared_ptr<arrow::RecordBatchReader> stream(std::unique_ptr<duckdb::Connection> connection,
                                                 duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                 uint64_t batch_size, std::stop_token stop);

}  // namespace jammi::sql
