#include "sql/vector_aggregates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <duckdb/common/vector/array_vector.hpp>
#include <duckdb/common/vector/flat_vector.hpp>
#include <duckdb/function/aggregate_function.hpp>
#include <duckdb/main/extension/extension_loader.hpp>

#include <jammi/error.h>

#include "sql/errors.h"

namespace jammi::sql {
namespace {

struct Sum {
  static constexpr double kStart = 0;
  static double add(double total, double value) { return total + value; }
  static double result(double total, uint64_t) { return total; }
};

struct Mean : Sum {
  static double result(double total, uint64_t num_rows) { return total / static_cast<double>(num_rows); }
};

struct Max {
  static constexpr double kStart = -std::numeric_limits<double>::infinity();
  static double add(double largest, double value) {
    return value > largest || std::isnan(value) ? value : largest;
  }
  static double result(double largest, uint64_t) { return largest; }
};

/// A group's state: the number of its rows, and behind it in memory one double for each element.
struct State {
  uint64_t num_rows;

  double* totals() { return reinterpret_cast<double*>(this + 1); }
};

size_t width_of(const duckdb::BoundAggregateFunction& function) {
  return duckdb::ArrayType::GetSize(function.GetReturnType());
}

duckdb::idx_t state_size(duckdb::AggregateStateInput& input) {
  return sizeof(State) + width_of(input.function) * sizeof(double);
}

template <class Operation>
void initialize(duckdb::AggregateStateInput& input, duckdb::data_ptr_t* states, duckdb::idx_t count) {
  const size_t width = width_of(input.function);
  for (size_t i = 0; i < count; ++i) {
    State& state = *reinterpret_cast<State*>(states[i]);
    state.num_rows = 0;
    std::fill_n(state.totals(), width, Operation::kStart);
  }
}

void require_whole(const duckdb::ValidityMask& elements, size_t row, size_t width) {
  if (elements.CheckAllValid((row + 1) * width, row * width)) return;
  throw to_duckdb(Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                        "vector aggregate over a vector that holds NULL"));
}

template <class Operation>
void update(duckdb::Vector inputs[], duckdb::AggregateInputData& data, duckdb::idx_t, duckdb::Vector& states,
            duckdb::idx_t count) {
  const size_t width = width_of(data.function);
  const duckdb::Vector& vectors = inputs[0];
  vectors.Flatten();
  const duckdb::Vector& elements = duckdb::ArrayVector::GetChild(vectors);
  elements.Flatten();
  const auto* values = duckdb::FlatVector::GetData<float>(elements);
  duckdb::UnifiedVectorFormat groups;
  states.ToUnifiedFormat(groups);
  const auto* group_states = reinterpret_cast<State* const*>(groups.data);
  for (size_t row = 0; row < count; ++row) {
    if (duckdb::FlatVector::IsNull(vectors, row)) continue;
    require_whole(duckdb::FlatVector::Validity(elements), row, width);
    State& state = *group_states[groups.sel->get_index(row)];
    ++state.num_rows;
    double* totals = state.totals();
    const float* vector = values + row * width;
    for (size_t i = 0; i < width; ++i) totals[i] = Operation::add(totals[i], vector[i]);
  }
}

template <class Operation>
void combine(duckdb::Vector& sources, duckdb::Vector& targets, duckdb::AggregateInputData& data,
             duckdb::idx_t count) {
  const size_t width = width_of(data.function);
  const auto* from = duckdb::FlatVector::GetData<State*>(sources);
  const auto* into = duckdb::FlatVector::GetData<State*>(targets);
  for (size_t row = 0; row < count; ++row) {
    into[row]->num_rows += from[row]->num_rows;
    double* totals = into[row]->totals();
    const double* other = from[row]->totals();
    for (size_t i = 0; i < width; ++i) totals[i] = Operation::add(totals[i], other[i]);
  }
}

template <class Operation>
void finalize(duckdb::Vector& states, duckdb::AggregateFinalizeInputData& data, duckdb::Vector& result,
              duckdb::idx_t count, duckdb::idx_t offset) {
  const size_t width = width_of(data.function);
  const auto* groups = duckdb::FlatVector::GetData<State*>(states);
  auto* values = duckdb::FlatVector::GetDataMutable<float>(duckdb::ArrayVector::GetChildMutable(result));
  for (size_t row = 0; row < count; ++row) {
    State& state = *groups[row];
    if (state.num_rows == 0) {
      duckdb::FlatVector::SetNull(result, offset + row, true);
      continue;
    }
    float* vector = values + (offset + row) * width;
    for (size_t i = 0; i < width; ++i) {
      vector[i] = static_cast<float>(Operation::result(state.totals()[i], state.num_rows));
    }
  }
}

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::BindAggregateFunctionInput& input) {
  const duckdb::LogicalType& type = input.GetArguments()[0]->GetReturnType();
  if (type.id() != duckdb::LogicalTypeId::ARRAY ||
      duckdb::ArrayType::GetChildType(type) != duckdb::LogicalType::FLOAT) {
    throw to_duckdb(
        Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
              "vector aggregate requires a FixedSizeList<Float32> argument, got " + type.ToString()));
  }
  input.GetBoundFunction().GetArguments()[0] = type;
  input.GetBoundFunction().SetReturnType(type);
  return nullptr;
}

template <class Operation>
void add_aggregate(duckdb::ExtensionLoader& loader, const char* name) {
  loader.RegisterFunction(duckdb::AggregateFunction(duckdb::Identifier(name), {duckdb::LogicalType::ANY},
                                                    duckdb::LogicalType::ARRAY(duckdb::LogicalType::FLOAT, 1),
                                                    state_size, initialize<Operation>, update<Operation>,
                                                    combine<Operation>, finalize<Operation>,
                                                    duckdb::AggregateFunction::NoClusterUpdate(), bind));
}

}  // namespace

void register_vector_aggregates(duckdb::DatabaseInstance& database) {
  duckdb::ExtensionLoader loader(database, "jammi");
  add_aggregate<Sum>(loader, "vector_sum");
  add_aggregate<Mean>(loader, "vector_mean");
  add_aggregate<Max>(loader, "vector_max");
}

}  // namespace jammi::sql
