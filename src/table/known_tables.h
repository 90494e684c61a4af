#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <jammi/mutable_table.h>

namespace jammi::table {

/// The definitions that transactions found, by id. Thread-safe.
class KnownTables {
 public:
  void note(const MutableTableDefinition& table);
  std::optional<MutableTableDefinition> find(const std::string& id) const;

 private:
  mutable std::mutex mutex_;  // guards tables_
  std::map<std::string, MutableTableDefinition> tables_;
};

}  // namespace jammi::table
