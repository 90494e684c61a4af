#pragma once

#include <memory>

#include <jammi/transaction.h>

#include "sql/transaction.h"

namespace jammi {

struct Transaction::State {
  std::unique_ptr<sql::Transaction> transaction;
};

}  // namespace jammi
