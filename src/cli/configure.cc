#include "cli/configure.h"

#include <optional>

#include <jammi/tenant_id.h>

#include "config/logging.h"

namespace jammi::cli {
namespace {

std::optional<TenantId> tenant_of(const Context& context) {
  if (context.tenant.empty()) return std::nullopt;
  return TenantId::parse(context.tenant);
}

template <typename Opened>
std::unique_ptr<Opened> open(const Context& context) {
  const std::optional<TenantId> tenant = tenant_of(context);
  auto opened = Opened::open(configure(context));
  if (tenant) opened->bind_tenant(*tenant);
  return opened;
}

}  // namespace

Config configure(const Context& context) {
  Config config = load_config(context.config_path);
  config::configure_log(config.logging);
  return config;
}

std::unique_ptr<Database> open_database(const Context& context) {
  return open<Database>(context);
}

std::unique_ptr<Session> open_session(const Context& context) {
  return open<Session>(context);
}

}  // namespace jammi::cli
