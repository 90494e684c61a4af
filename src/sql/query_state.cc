#include "sql/query_state.h"

#include <utility>

#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>

#include "sql/errors.h"

namespace jammi::sql {
namespace {

constexpr const char* kScopeKey = "jammi_scope";
constexpr const char* kStopKey = "jammi_stop_token";
constexpr const char* kFailureKey = "jammi_commit_failure";

struct ScopeState final : duckdb::ClientContextState {
  explicit ScopeState(catalog::TenantScope seen) : scope(std::move(seen)) {}
  const catalog::TenantScope scope;
};

struct FailureState final : duckdb::ClientContextState {
  explicit FailureState(Error reported) : failure(std::move(reported)) {}
  const Error failure;
};

struct StopState final : duckdb::ClientContextState {
  explicit StopState(std::stop_token token) : stop(std::move(token)) {}
  const std::stop_token stop;
};

}  // namespace

std::unique_ptr<duckdb::Connection> connect(duckdb::DatabaseInstance& database,
                                            const catalog::TenantScope& scope) {
  auto connection = std::make_unique<duckdb::Connection>(database);
  connection->context->registered_state->Insert(kScopeKey, duckdb::make_shared_ptr<ScopeState>(scope));
  return connection;
}

const catalog::TenantScope& scope_of(duckdb::ClientContext& context) {
  const auto state = context.registered_state->Get<ScopeState>(kScopeKey);
  if (!state) {
    throw Error(ErrorCode::Internal, ErrorCategory::Tenant, "a statement without a tenant scope was refused");
  }
  return state->scope;
}

void set_stop_token(duckdb::ClientContext& context, std::stop_token stop) {
  context.registered_state->Remove(kStopKey);
  context.registered_state->Insert(kStopKey, duckdb::make_shared_ptr<StopState>(std::move(stop)));
}

std::stop_token stop_token_of(duckdb::ClientContext& context) {
  auto state = context.registered_state->Get<StopState>(kStopKey);
  return state ? state->stop : std::stop_token();
}

void commit(duckdb::Connection& connection) {
  try {
    translated([&] { connection.Commit(); });
  } catch (const Error&) {
    const auto state = connection.context->registered_state->Get<FailureState>(kFailureKey);
    if (state) throw Error(state->failure);
    throw;
  }
}

void note_commit_failure(duckdb::ClientContext& context, const Error& failure) {
  context.registered_state->Insert(kFailureKey, duckdb::make_shared_ptr<FailureState>(failure));
}

}  // namespace jammi::sql
