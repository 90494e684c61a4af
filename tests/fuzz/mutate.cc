// The main program of a fuzzer where libFuzzer is not linked. usage: fuzz_NAME SEED_DIRECTORY NUM_MUTATIONS
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzzer.h"

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kSeed = 20260325;
constexpr size_t kMaxEdits = 6;

std::vector<Bytes> read_seeds(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Bytes> seeds;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(std::vector<Bytes> seeds) : seeds_(std::move(seeds)) {}

  Bytes next() {
    Bytes input = seeds_[below(seeds_.size())];
    for (size_t edits = 1 + below(kMaxEdits); edits > 0; --edits) edit(input);
    return input;
  }

 private:
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

  void edit(Bytes& input) {
    if (input.empty()) {
      input.push_back(static_cast<uint8_t>(below(256)));
      return;
    }
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(below(input.size()));
    switch (below(6)) {
      case 0:
        *at = static_cast<uint8_t>(*at ^ (1u << below(8)));
        break;
      case 1:
        *at = kExtremes[below(std::size(kExtremes))];
        break;
      case 2:
        input.insert(at, static_cast<uint8_t>(below(256)));
        break;
      case 3:
        input.erase(at, at + static_cast<std::ptrdiff_t>(1 + below(static_cast<size_t>(input.end() - at))));
        break;
      case 4:
        repeat(input, static_cast<size_t>(at - input.begin()));
        break;
      default:
        splice(input, static_cast<size_t>(at - input.begin()));
    }
  }

  // A stretch of the input once more, which is how nesting and lists grow.
  void repeat(Bytes& input, size_t at) {
    const size_t length = 1 + below(std::min<size_t>(64, input.size() - at));
    const Bytes stretch(input.begin() + static_cast<std::ptrdiff_t>(at),
                        input.begin() + static_cast<std::ptrdiff_t>(at + length));
    for (size_t times = 1 + below(8); times > 0; --times) {
      input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), stretch.begin(), stretch.end());
    }
  }

  // The rest of the input from another seed.
  void splice(Bytes& input, size_t at) {
    const Bytes& other = seeds_[below(seeds_.size())];
    if (other.empty()) return;
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
  }

  static constexpr uint8_t kExtremes[] = {0, 1, 0x7F, 0x80, 0xFF, '"', '\'', '\\', '{', '[', '\n'};

  std::vector<Bytes> seeds_;
  std::mt19937_64 random_{kSeed};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " SEED_DIRECTORY NUM_MUTATIONS\n";
    return 2;
  }
  const std::vector<Bytes> seeds = read_seeds(argv[1]);
  if (seeds.empty()) {
    std::cerr << "no seeds in: " << argv[1] << '\n';
    return 1;
  }
  for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  Mutator mutator(seeds);
  const long mutations = std::strtol(argv[2], nullptr, 10);
  for (long i = 0; i < mutations; ++i) {
    const Bytes input = mutator.next();
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::cout << seeds.size() << " seeds and " << mutations << " mutations: OK\n";
}
