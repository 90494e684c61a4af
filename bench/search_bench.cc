// Searches a source for each line of standard input, a JSON object with a "text" to embed or a "vector", and
// perhaps a "filter". Prints, for each, one JSON object with the keys found, the query's vector and the time
// of each search in milliseconds. Text is embedded outside of the timing. usage: search_bench SOURCE MODEL K
// REPEATS
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/table.h>
#include <nlohmann/json.hpp>

#include <jammi/session.h>

namespace {

std::vector<std::string> row_ids(const arrow::Table& found) {
  std::vector<std::string> ids;
  for (const auto& chunk : found.GetColumnByName("_row_id")->chunks()) {
    const auto& column = dynamic_cast<const arrow::StringArray&>(*chunk);
    for (int64_t row = 0; row < column.length(); ++row) ids.push_back(column.GetString(row));
  }
  return ids;
}

nlohmann::json search(jammi::Session& session, const std::string& source, const std::vector<float>& query,
                      size_t k, const std::string& filter, int repeats) {
  std::vector<std::string> ids;
  std::vector<double> milliseconds;
  for (int i = 0; i < repeats; ++i) {
    auto started = std::chrono::steady_clock::now();
    std::shared_ptr<arrow::Table> found = session.search(source, query, k, {.filter = filter}).run();
    std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - started;
    milliseconds.push_back(elapsed.count());
    ids = row_ids(*found);
  }
  return {{"ids", ids}, {"vector", query}, {"milliseconds", milliseconds}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: search_bench SOURCE MODEL K REPEATS\n";
    return 2;
  }
  try {
    auto session = jammi::Session::open(jammi::load_config());
    for (std::string line; std::getline(std::cin, line);) {
      const nlohmann::json asked = nlohmann::json::parse(line);
      const std::vector<float> query = asked.contains("vector")
                                           ? asked["vector"].get<std::vector<float>>()
                                           : session->encode_text_query(argv[2], asked["text"]);
      std::cout << search(*session, argv[1], query, std::strtoul(argv[3], nullptr, 10),
                          asked.value("filter", ""), std::atoi(argv[4]))
                << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
  }
}
