#pragma once

#include <memory>
#include <span>

#include <jammi/mutable_table.h>

#include "catalog/connection.h"
#include "catalog/tenant_scope.h"
#include "sql/mutable_store.h"

/// The writers of a transaction on `connection`, as StoreTransaction describes them. They borrow the
/// connection and the definition.
namespace jammi::table {

/// To PostgreSQL all but the first rows go by COPY.
std::unique_ptr<sql::RowWriter> insert_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table,
                                              const catalog::TenantScope& scope);
std::unique_ptr<sql::RowWriter> update_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table,
                                              std::span<const size_t> columns,
                                              const catalog::TenantScope& scope);
std::unique_ptr<sql::RowWriter> remove_writer(catalog::Connection& connection,
                                              const MutableTableDefinition& table,
                                              const catalog::TenantScope& scope);

}  // namespace jammi::table
