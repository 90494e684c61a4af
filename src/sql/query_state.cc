#include "sql/query_state.h"

#include <utility>

#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>

namespace jammi::sql {
namespace {

constexpr const char* kStateKey = "jammi_stop_token";

struct StopState final : duckdb::ClientContextState {
  explicit StopState(std::stop_token token) : stop(std::move(token)) {}
  const std::stop_token stop;
};

}  // namespace

void set_stop_token(duckdb::ClientContext& context, std::stop_token stop) {
  context.registered_state->Remove(kStateKey);
  context.registered_state->Insert(kStateKey, duckdb::make_shared_ptr<StopState>(std::move(stop)));
}

std::stop_token stop_token_of(duckdb::ClientContext& context) {
  auto state = context.registered_state->Get<StopState>(kStateKey);
  return state ? state->stop : std::stop_token();
}

}  // namespace jammi::sql
