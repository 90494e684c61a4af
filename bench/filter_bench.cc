// What decides how a filtered search goes: the time of a walk through the graph and of a comparison one by
// one, on one thread, for several shares of matching rows. Vectors are random points around cluster centres.
//
//   filter_bench [ROWS=100000] [DIMENSIONS=384] [K=10]
//
// The last column is what index/sidecar_index.cc calls visits per candidate: the rows that could have been
// compared in the time of the walk, times the share, divided by the number of candidates.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "index/hnsw_graph.h"
#include "index/parallel.h"
#include "index/top_k.h"
#include "index/vectors_file.h"
#include "io/memory_file_system.h"
#include "numerics/vector_ops.h"

namespace {

using namespace jammi;
using Clock = std::chrono::steady_clock;

constexpr size_t kRowsPerCluster = 100;
constexpr size_t kNumQueries = 30;
constexpr size_t kRowsPerAdd = 10'000;

class Points {
 public:
  Points(size_t num_rows, uint32_t dimensions)
      : dimensions_(dimensions), centres_(num_rows / kRowsPerCluster * dimensions) {
    for (float& value : centres_) value = normal_(random_);
  }

  std::vector<float> draw() {
    const size_t cluster = random_() % (centres_.size() / dimensions_);
    std::vector<float> point(dimensions_);
    for (uint32_t d = 0; d < dimensions_; ++d)
      point[d] = centres_[cluster * dimensions_ + d] + 0.5f * normal_(random_);
    return point;
  }

 private:
  std::mt19937 random_{11};
  std::normal_distribution<float> normal_;
  uint32_t dimensions_;
  std::vector<float> centres_;
};

template <typename Search>
double median_ms(const std::vector<std::vector<float>>& queries, const Search& search) {
  std::vector<double> times;
  for (const std::vector<float>& query : queries) {
    const auto started = Clock::now();
    search(query);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - started).count());
  }
  std::ranges::nth_element(times, times.begin() + static_cast<ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2];
}

void measure(size_t num_rows, uint32_t dimensions, size_t k) {
  io::MemoryFileSystem files;
  index::VectorsFileWriter writer(files.create("vectors"), dimensions);
  index::HnswGraph graph(dimensions);
  Points points(num_rows, dimensions);
  for (size_t added = 0; added < num_rows; added += kRowsPerAdd) {
    std::vector<float> rows;
    for (size_t i = added; i < std::min(num_rows, added + kRowsPerAdd); ++i) {
      const std::vector<float> point = points.draw();
      rows.insert(rows.end(), point.begin(), point.end());
    }
    writer.append(rows);
    graph.add(rows, index::default_num_threads());
  }
  writer.finish();
  const index::VectorsFile vectors(files.map("vectors"), num_rows, dimensions);
  std::vector<std::vector<float>> queries;
  while (queries.size() < kNumQueries) queries.push_back(points.draw());

  const size_t num_candidates = std::max<size_t>(256, 8 * k);
  std::printf("%zu rows of %u, %zu candidates\n", num_rows, dimensions, num_candidates);
  std::printf("%8s %10s %10s %10s %10s\n", "share", "matching", "walk ms", "scan ms", "visits");
  std::mt19937 random(5);
  for (const double share : {0.9, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01}) {
    index::RowSet matching(num_rows);
    for (size_t row = 0; row < num_rows; ++row)
      if (std::bernoulli_distribution(share)(random)) matching.insert(row);
    const double walk = median_ms(queries, [&](const std::vector<float>& query) {
      graph.search(query, num_candidates, matching, std::numeric_limits<uint64_t>::max());
    });
    const double scan = median_ms(queries, [&](const std::vector<float>& query) {
      index::TopK best(k);
      matching.for_each(0, num_rows,
                        [&](uint64_t row) { best.push({numerics::cosine(query, vectors.row(row)), row}); });
    });
    const double row_ms = scan / static_cast<double>(matching.size());
    std::printf("%8.2f %10llu %10.2f %10.2f %10.1f\n", share,
                static_cast<unsigned long long>(matching.size()), walk, scan,
                walk / row_ms * share / static_cast<double>(num_candidates));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int position, size_t otherwise) {
    return argc > position ? std::strtoull(argv[position], nullptr, 10) : otherwise;
  };
  measure(argument(1, 100'000), static_cast<uint32_t>(argument(2, 384)), argument(3, 10));
}
