#include "table/write_turn.h"

#include "catalog/mutable_table_error.h"

namespace jammi::table {

void WriteTurn::take() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, timeout_, [&] { return !is_taken_; })) {
    throw catalog::mutable_table_error(ErrorCode::Unavailable,
                                       "another transaction is still writing; try again");
  }
  is_taken_ = true;
}

void WriteTurn::give_back() noexcept {
  {
    std::lock_guard lock(mutex_);
    is_taken_ = false;
  }
  returned_.notify_one();
}

}  // namespace jammi::table
