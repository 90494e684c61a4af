#include "sql/batching_operator.h"

#include <utility>

#include <duckdb/execution/expression_executor.hpp>
#include <duckdb/execution/physical_operator.hpp>
#include <duckdb/execution/physical_plan_generator.hpp>

namespace jammi::sql {
namespace {

constexpr const char* kName = "BATCHED";

class BatchingState final : public duckdb::OperatorState {
 public:
  BatchingState(duckdb::ClientContext& context,
                const duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& computed,
                duckdb::vector<duckdb::LogicalType> types)
      : context_(context), types_(std::move(types)), executor_(context, computed) {
    begin_batch();
  }

  bool has_room_for(const duckdb::DataChunk& rows) const {
    return waiting_.size() + rows.size() <= STANDARD_VECTOR_SIZE;
  }

  void append(const duckdb::DataChunk& rows) { waiting_.Append(rows); }

  bool is_empty() const { return waiting_.size() == 0; }

  /// Moves the waiting rows to `out` and computes the columns behind them.
  void flush(duckdb::DataChunk& out) {
    for (size_t column = 0; column < types_.size(); ++column) {
      out.data[column].Reference(waiting_.data[column]);
    }
    for (size_t i = 0; i < executor_.expressions.size(); ++i) {
      executor_.ExecuteExpression(i, out.data[types_.size() + i]);
    }
    out.CheckCardinality(waiting_.size());
    begin_batch();
  }

 private:
  void begin_batch() {
    // The rows given out may live on in the operators above: every batch has memory of its own.
    waiting_.Destroy();
    waiting_.Initialize(context_, types_);
    executor_.SetChunk(waiting_);
  }

  duckdb::ClientContext& context_;
  const duckdb::vector<duckdb::LogicalType> types_;
  duckdb::DataChunk waiting_;
  duckdb::ExpressionExecutor executor_;
};

class PhysicalBatching final : public duckdb::PhysicalOperator {
 public:
  PhysicalBatching(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> output_types,
                   duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> computed, size_t cardinality)
      : PhysicalOperator(plan, duckdb::PhysicalOperatorType::EXTENSION, std::move(output_types), cardinality),
        computed_(std::move(computed)) {}

  duckdb::string GetName() const override { return kName; }

  duckdb::InsertionOrderPreservingMap<duckdb::string> ParamsToString() const override {
    duckdb::string calls;
    for (const auto& call : computed_) calls += (calls.empty() ? "" : "\n") + call->ToString();
    duckdb::InsertionOrderPreservingMap<duckdb::string> shown;
    shown["Computes"] = calls;
    return shown;
  }

  duckdb::unique_ptr<duckdb::OperatorState> GetOperatorState(
      duckdb::ExecutionContext& context) const override {
    return duckdb::make_uniq<BatchingState>(context.client, computed_, children[0].get().GetTypes());
  }

  duckdb::OperatorResultType Execute(duckdb::ExecutionContext&, duckdb::DataChunk& input,
                                     duckdb::DataChunk& out, duckdb::GlobalOperatorState&,
                                     duckdb::OperatorState& operator_state) const override {
    auto& state = operator_state.Cast<BatchingState>();
    if (!state.has_room_for(input)) {
      state.flush(out);
      return duckdb::OperatorResultType::HAVE_MORE_OUTPUT;  // the same input comes again
    }
    state.append(input);
    return duckdb::OperatorResultType::NEED_MORE_INPUT;
  }

  bool RequiresFinalExecute() const override { return true; }

  duckdb::OperatorFinalizeResultType FinalExecute(duckdb::ExecutionContext&, duckdb::DataChunk& out,
                                                  duckdb::GlobalOperatorState&,
                                                  duckdb::OperatorState& operator_state) const override {
    auto& state = operator_state.Cast<BatchingState>();
    if (!state.is_empty()) state.flush(out);
    return duckdb::OperatorFinalizeResultType::FINISHED;
  }

 private:
  const duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> computed_;
};

}  // namespace

BatchingOperator::BatchingOperator(duckdb::TableIndex index,
                                   duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> computed,
                                   duckdb::unique_ptr<duckdb::LogicalOperator> child)
    : LogicalExtensionOperator(std::move(computed)), index_(index) {
  children.push_back(std::move(child));
}

duckdb::ColumnBinding BatchingOperator::binding(size_t position) const {
  return duckdb::ColumnBinding(index_, duckdb::ProjectionIndex(position));
}

duckdb::PhysicalOperator& BatchingOperator::CreatePlan(duckdb::ClientContext&,
                                                       duckdb::PhysicalPlanGenerator& planner) {
  duckdb::PhysicalOperator& child = planner.CreatePlan(*children[0]);
  duckdb::PhysicalOperator& batching =
      planner.Make<PhysicalBatching>(types, std::move(expressions), estimated_cardinality);
  batching.children.push_back(child);
  return batching;
}

duckdb::vector<duckdb::ColumnBinding> BatchingOperator::GetColumnBindings() {
  duckdb::vector<duckdb::ColumnBinding> bindings = children[0]->GetColumnBindings();
  for (size_t i = 0; i < expressions.size(); ++i) bindings.push_back(binding(i));
  return bindings;
}

duckdb::string BatchingOperator::GetName() const {
  return kName;
}

void BatchingOperator::ResolveTypes() {
  types = children[0]->types;
  for (const auto& computed : expressions) types.push_back(computed->GetReturnType());
}

}  // namespace jammi::sql
