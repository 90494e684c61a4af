#include "catalog/postgres_error.h"

#include <algorithm>
#include <string>

namespace jammi::catalog {
namespace {

struct Verdict {
  std::string_view sqlstate;  // or the beginning of several
  ErrorCode code;
  std::string_view sentence;
};

// The first that fits counts.
constexpr Verdict kVerdicts[] = {
    {"08P01", ErrorCode::Internal, "a catalog statement failed"},
    {"08", ErrorCode::Unavailable, "the connection to the catalog was lost"},
    {"0A", ErrorCode::Unavailable, "a table of the catalog was changed meanwhile, try again"},
    {"22", ErrorCode::InvalidArgument, "the catalog cannot hold this value"},
    {"23505", ErrorCode::AlreadyExists, "the catalog already holds this key"},
    {"23", ErrorCode::Conflict, "the catalog's rows do not allow this change"},
    {"25006", ErrorCode::InvalidArgument, "the catalog cannot be written"},
    {"25P02", ErrorCode::Conflict, "an earlier statement of this transaction failed"},
    {"28", ErrorCode::InvalidArgument, "the catalog's server refuses the user"},
    {"3D", ErrorCode::InvalidArgument, "the catalog's database does not exist"},
    {"3F", ErrorCode::InvalidArgument, "the catalog's database has no schema for its tables"},
    {"40", ErrorCode::Unavailable, "other writers are changing the same rows of the catalog"},
    {"42501", ErrorCode::InvalidArgument, "the catalog cannot be written"},
    {"53300", ErrorCode::Unavailable, "the catalog's server has no free connection"},
    {"53", ErrorCode::ResourceExhausted, "no space left for the catalog"},
    {"54", ErrorCode::InvalidArgument, "the catalog cannot hold this value"},
    {"55P03", ErrorCode::Unavailable, "the catalog is locked by another writer"},
    {"57", ErrorCode::Unavailable, "the catalog's server ended the connection or the statement"},
    {"58", ErrorCode::Unavailable, "the catalog's server cannot read or write its files"},
    {"XX001", ErrorCode::DataCorruption, "the catalog's database is damaged"},
    {"XX002", ErrorCode::DataCorruption, "the catalog's database is damaged"},
    {"", ErrorCode::Internal, "a catalog statement failed"},
};

Error error(ErrorCode code, std::string_view sentence, std::string_view address, std::string_view message) {
  return Error(code, ErrorCategory::Catalog,
               std::string(sentence) + ": " + std::string(address) + ": " +
                   std::string(message.substr(0, message.find('\n'))));
}

}  // namespace

Error postgres_error(std::string_view sqlstate, std::string_view address, std::string_view message) {
  const auto fits = [&](const Verdict& verdict) { return sqlstate.starts_with(verdict.sqlstate); };
  const Verdict* verdict = std::ranges::find_if(kVerdicts, fits);
  return error(verdict->code, verdict->sentence, address, message);
}

Error postgres_unavailable(std::string_view address, std::string_view message) {
  return error(ErrorCode::Unavailable, "the catalog's server cannot be reached", address, message);
}

}  // namespace jammi::catalog
