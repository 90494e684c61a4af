#include "sql/vector_function.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <duckdb/common/vector/array_vector.hpp>
#include <duckdb/common/vector/flat_vector.hpp>
#include <duckdb/function/scalar_function.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>
#include <duckdb/main/extension/extension_loader.hpp>
#include <duckdb/planner/expression/bound_function_expression.hpp>

#include "sql/errors.h"
#include "sql/query_state.h"

namespace jammi::sql {
namespace {

constexpr const char* kStateKey = "jammi_vector_functions";

struct Definition final : duckdb::ScalarFunctionInfo {
  explicit Definition(VectorFunction called) : function(std::move(called)) {}
  const VectorFunction function;
};

/// What the calls of one statement were bound to. Thread-safe.
class BoundVectors final : public duckdb::ClientContextState {
 public:
  std::shared_ptr<const TextVectors> bind(const VectorFunction& function, const std::string& constant,
                                          const Caller& caller) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<const TextVectors>& bound = bound_[{function.name, constant}];
    if (bound == nullptr) bound = std::make_shared<const TextVectors>(function.bind(constant, caller));
    return bound;
  }

 private:
  std::mutex mutex_;  // guards bound_
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const TextVectors>> bound_;
};

struct CallData final : duckdb::FunctionData {
  explicit CallData(std::shared_ptr<const TextVectors> bound) : vectors(std::move(bound)) {}

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    return duckdb::make_uniq<CallData>(vectors);
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    return vectors == other.Cast<CallData>().vectors;
  }

  const std::shared_ptr<const TextVectors> vectors;
};

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::BindScalarFunctionInput& input) {
  auto& called = input.GetBoundFunction();
  const VectorFunction& function = called.GetExtraFunctionInfo().Cast<Definition>().function;
  duckdb::ClientContext& context = input.GetClientContext();
  return inside_function(function.name, [&] {
    const auto constant = input.TryGetConstant(0);
    if (!constant || constant->IsNull()) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                  "the first argument must be a constant text, the name of a model");
    }
    auto bound = context.registered_state->GetOrCreate<BoundVectors>(kStateKey)->bind(
        function, constant->GetValue<std::string>(), {scope_of(context), stop_token_of(context)});
    called.SetReturnType(duckdb::LogicalType::ARRAY(duckdb::LogicalType::FLOAT, bound->dimensions));
    return duckdb::make_uniq<CallData>(std::move(bound));
  });
}

void execute(duckdb::DataChunk& arguments, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const auto& call = state.expr.Cast<duckdb::BoundFunctionExpression>();
  const TextVectors& vectors = *call.BindInfo()->Cast<CallData>().vectors;
  duckdb::UnifiedVectorFormat cells;
  arguments.data[1].ToUnifiedFormat(cells);
  const auto* strings = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(cells);

  std::vector<std::string_view> texts;
  std::vector<size_t> rows;
  for (size_t row = 0; row < arguments.size(); ++row) {
    const size_t position = cells.sel->get_index(row);
    if (!cells.validity.RowIsValid(position) || strings[position].GetSize() == 0) {
      duckdb::FlatVector::SetNull(result, row, true);
      continue;
    }
    texts.emplace_back(strings[position].GetData(), strings[position].GetSize());
    rows.push_back(row);
  }
  if (texts.empty()) return;
  const std::vector<float> computed =
      inside_duckdb([&] { return vectors.compute(texts, stop_token_of(state.GetContext())); });
  auto* values = duckdb::FlatVector::GetDataMutable<float>(duckdb::ArrayVector::GetChildMutable(result));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(computed.begin() + static_cast<ptrdiff_t>(i * vectors.dimensions), vectors.dimensions,
                values + rows[i] * vectors.dimensions);
  }
}

}  // namespace

void register_vector_function(duckdb::DatabaseInstance& database, VectorFunction function) {
  duckdb::ScalarFunction registered(duckdb::Identifier(function.name),
                                    {duckdb::LogicalType::VARCHAR, duckdb::LogicalType::VARCHAR},
                                    duckdb::LogicalType::ARRAY(duckdb::LogicalType::FLOAT, 1), execute, bind);
  registered.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  // A model's files may change between statements, so what the function said once is no promise for later.
  registered.SetStability(duckdb::FunctionStability::CONSISTENT_WITHIN_QUERY);
  registered.SetFallible();
  registered.SetExtraFunctionInfo(duckdb::make_shared_ptr<Definition>(std::move(function)));
  duckdb::ExtensionLoader(database, "jammi").RegisterFunction(std::move(registered));
}

bool is_vector_call(const duckdb::Expression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_FUNCTION) return false;
  return expression.Cast<duckdb::BoundFunctionExpression>().Function().GetBindCallback() == bind;
}

}  // namespace jammi::sql
