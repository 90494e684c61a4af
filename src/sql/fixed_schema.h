#pragma once

#include <functional>
#include <string>
#include <utility>

#include <duckdb/catalog/catalog_entry/schema_catalog_entry.hpp>

/// What the schemas of the engine's catalogs have in common: no statement makes, changes or drops anything in
/// them. Only .cc files of this folder include it.
namespace jammi::sql {

/// A schema of tables only. Statements that define something fail with the sentence `refusal`.
class FixedSchema : public duckdb::SchemaCatalogEntry {
 public:
  FixedSchema(duckdb::Catalog& owner, duckdb::CreateSchemaInfo info, std::string refusal)
      : SchemaCatalogEntry(owner, info), refusal_(std::move(refusal)) {}

  using SchemaCatalogEntry::Scan;

  // Only checkpoints and exports ask without a context; there is nothing of these catalogs for them to write.
  void Scan(duckdb::CatalogType, const std::function<void(duckdb::CatalogEntry&)>&) override {}

  // Suggestions would read every table of every source for the sake of an error text.
  duckdb::SimilarCatalogEntry GetSimilarEntry(duckdb::CatalogTransaction,
                                              const duckdb::EntryLookupInfo&) override {
    return {};
  }

  duckdb::optional_ptr<duckdb::CatalogEntry> CreateIndex(duckdb::CatalogTransaction, duckdb::CreateIndexInfo&,
                                                         duckdb::TableCatalogEntry&) override {
    refuse();
  }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateFunction(duckdb::CatalogTransaction,
                                                            duckdb::CreateFunctionInfo&) override {
    refuse();
  }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateTable(duckdb::CatalogTransaction,
                                                         duckdb::BoundCreateTableInfo&) override {
    refuse();
  }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateView(duckdb::CatalogTransaction,
                                                        duckdb::CreateViewInfo&) override {
    refuse();
  }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSequence(duckdb::CatalogTransaction,
                                                            duckdb::CreateSequenceInfo&) override {
    refuse();
  }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateType(duckdb::CatalogTransaction,
                                                        duckdb::CreateTypeInfo&) override {
    refuse();
  }
  void DropEntry(duckdb::ClientContext&, duckdb::DropInfo&) override { refuse(); }
  void Alter(duckdb::CatalogTransaction, duckdb::AlterInfo&) override { refuse(); }

 private:
  [[noreturn]] void refuse() const { throw duckdb::NotImplementedException(refusal_); }

  const std::string refusal_;
};

}  // namespace jammi::sql
