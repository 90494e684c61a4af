// Runs each line of standard input as one SQL statement, reads all of its rows, and prints the milliseconds
// that took. usage: sql_bench [TENANT]
#include <chrono>
#include <iostream>
#include <string>

#include <arrow/record_batch.h>

#include <jammi/config.h>
#include <jammi/database.h>

namespace {

void run(jammi::Database& database, const std::string& statement) {
  std::shared_ptr<arrow::RecordBatchReader> rows = database.sql(statement);
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    jammi::throw_if_error(rows->ReadNext(&batch));
  } while (batch != nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto database = jammi::Database::open(jammi::load_config());
    if (argc == 2) database->bind_tenant(jammi::TenantId::parse(argv[1]));
    for (std::string statement; std::getline(std::cin, statement);) {
      auto started = std::chrono::steady_clock::now();
      run(*database, statement);
      std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - started;
      std::cout << elapsed.count() << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
  }
}
