#pragma once

#include <duckdb.hpp>
#include <duckdb/planner/operator/logical_extension_operator.hpp>

namespace jammi::sql {

/// Passes rows on with columns appended, which it computes for full vectors of rows (2,048) even when the
/// rows come few at a time. Keeps the order of rows, on one thread: what it is for uses all cores itself.
class BatchingOperator final : public duckdb::LogicalExtensionOperator {
 public:
  /// `computed` are expressions over the columns of `child`; they get the bindings (`index`, 0 ..).
  BatchingOperator(duckdb::TableIndex index, duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> computed,
                   duckdb::unique_ptr<duckdb::LogicalOperator> child);

  /// Where the column of `computed[position]` is found.
  duckdb::ColumnBinding binding(size_t position) const;

  duckdb::PhysicalOperator& CreatePlan(duckdb::ClientContext& context,
                                       duckdb::PhysicalPlanGenerator& planner) override;
  duckdb::vector<duckdb::ColumnBinding> GetColumnBindings() override;
  duckdb::vector<duckdb::TableIndex> GetTableIndex() const override { return {index_}; }
  duckdb::string GetName() const override;
  bool SupportSerialization() const override { return false; }

 protected:
  void ResolveTypes() override;

 private:
  const duckdb::TableIndex index_;
};

}  // namespace jammi::sql
