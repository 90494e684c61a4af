#include "catalog/schema.h"

#include <algorithm>
#include <set>
#include <string>

#include <jammi/error.h>

namespace jammi::catalog {
namespace {

/// The words of the migrations that PostgreSQL spells otherwise.
struct Spelling {
  std::string_view sqlite;
  std::string_view postgres;
};
constexpr Spelling kSpellings[] = {
    {" INTEGER", " BIGINT"},            // 64 bits, as SQLite's have
    {" TEXT", R"( TEXT COLLATE "C")"},  // compared by bytes, as SQLite does
};

// The steps keep the names and the order in which the schema grew, so that a catalog of any earlier version
// is brought forward. A step, once released, never changes. docs/formats/catalog.md shows the outcome.
constexpr Migration kMigrations[] = {
    {"001_core_tables", R"sql(
CREATE TABLE sources (
  source_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source_type TEXT NOT NULL,
  uri TEXT NOT NULL,
  schema_json TEXT,
  options TEXT,
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE models (
  model_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  model_type TEXT NOT NULL,
  task TEXT NOT NULL,
  backend TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  source TEXT,
  dimensions INTEGER,
  status TEXT NOT NULL DEFAULT 'available',
  metadata TEXT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE fine_tune_jobs (
  job_id TEXT PRIMARY KEY,
  base_model_id TEXT NOT NULL REFERENCES models(model_id),
  output_model_id TEXT,
  training_source TEXT NOT NULL,
  loss_type TEXT NOT NULL,
  hyperparams TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  metrics TEXT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE eval_runs (
  run_id TEXT PRIMARY KEY,
  model_id TEXT NOT NULL REFERENCES models(model_id),
  eval_type TEXT NOT NULL,
  source_id TEXT,
  metrics TEXT NOT NULL,
  config TEXT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE evidence_channels (
  channel_name TEXT PRIMARY KEY,
  priority INTEGER NOT NULL,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_models_model_type ON models(model_type);
CREATE INDEX idx_models_task ON models(task);
CREATE INDEX idx_fine_tune_jobs_status ON fine_tune_jobs(status);
CREATE INDEX idx_eval_runs_model_id ON eval_runs(model_id);
CREATE INDEX idx_eval_runs_eval_type ON eval_runs(eval_type);
CREATE INDEX idx_eval_runs_created_at ON eval_runs(created_at);
)sql"},
    {"002_result_tables", R"sql(
CREATE TABLE result_tables (
  table_name TEXT PRIMARY KEY,
  source_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  task TEXT NOT NULL,
  parquet_path TEXT NOT NULL,
  index_path TEXT,
  dimensions INTEGER,
  distance_metric TEXT DEFAULT 'cosine',
  row_count INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'building',
  key_column TEXT,
  text_columns TEXT,
  checkpoint INTEGER,
  created_at TEXT,
  completed_at TEXT
);
CREATE INDEX idx_result_tables_source_id ON result_tables(source_id);
CREATE INDEX idx_result_tables_task ON result_tables(task);
CREATE INDEX idx_result_tables_status ON result_tables(status);
)sql",
     // The order of insertion, which SQLite's rows have by themselves.
     "ALTER TABLE result_tables ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY"},
    {"003_eval_columns", R"sql(
ALTER TABLE eval_runs ADD COLUMN golden_source TEXT;
ALTER TABLE eval_runs ADD COLUMN k INTEGER;
ALTER TABLE eval_runs ADD COLUMN status TEXT NOT NULL DEFAULT 'completed';
)sql"},
    {"004_drop_embedding_sets", "DROP TABLE IF EXISTS embedding_sets"},
    {"005_tenant_scope", R"sql(
ALTER TABLE sources ADD COLUMN tenant_id TEXT;
ALTER TABLE models ADD COLUMN tenant_id TEXT;
ALTER TABLE fine_tune_jobs ADD COLUMN tenant_id TEXT;
ALTER TABLE eval_runs ADD COLUMN tenant_id TEXT;
ALTER TABLE evidence_channels ADD COLUMN tenant_id TEXT;
ALTER TABLE result_tables ADD COLUMN tenant_id TEXT;
CREATE INDEX idx_sources_tenant_id ON sources(tenant_id);
CREATE INDEX idx_models_tenant_id ON models(tenant_id);
CREATE INDEX idx_fine_tune_jobs_tenant_id ON fine_tune_jobs(tenant_id);
CREATE INDEX idx_eval_runs_tenant_id ON eval_runs(tenant_id);
CREATE INDEX idx_evidence_channels_tenant_id ON evidence_channels(tenant_id);
CREATE INDEX idx_result_tables_tenant_id ON result_tables(tenant_id);
)sql"},
    {"006_channel_columns", R"sql(
CREATE TABLE evidence_channel_columns (
  channel_name TEXT NOT NULL REFERENCES evidence_channels(channel_name),
  column_name TEXT NOT NULL,
  column_type TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  declared_at TEXT DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (channel_name, column_name),
  UNIQUE (channel_name, ordinal)
);
INSERT INTO evidence_channels (channel_name, priority) VALUES ('vector', 1), ('inference', 2);
INSERT INTO evidence_channel_columns (channel_name, column_name, column_type, ordinal) VALUES
  ('vector', 'similarity', 'Float32', 0),
  ('inference', 'inference_model', 'Utf8', 0),
  ('inference', 'inference_task', 'Utf8', 1),
  ('inference', 'inference_confidence', 'Float32', 2);
)sql"},
    {"007_mutable_tables", R"sql(
CREATE TABLE mutable_tables (
  id TEXT PRIMARY KEY,
  schema_json TEXT NOT NULL,
  primary_key TEXT NOT NULL,
  tenant_id TEXT,
  user_metadata TEXT NOT NULL DEFAULT '{}',
  backend_kind TEXT NOT NULL,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP,
  updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE mutable_table_indexes (
  table_id TEXT NOT NULL REFERENCES mutable_tables(id) ON DELETE CASCADE,
  index_name TEXT NOT NULL,
  columns TEXT NOT NULL,
  is_unique BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (table_id, index_name)
);
CREATE INDEX idx_mutable_tables_tenant_id ON mutable_tables(tenant_id);
)sql"},
    {"008_mutable_order_column", "ALTER TABLE mutable_tables ADD COLUMN order_column TEXT"},
    {"009_topics", R"sql(
CREATE TABLE topics (
  topic_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  schema_json TEXT NOT NULL,
  tenant_id TEXT,
  broker_metadata TEXT NOT NULL DEFAULT '{}',
  backing_table TEXT NOT NULL UNIQUE REFERENCES mutable_tables(id) ON DELETE RESTRICT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_topics_tenant_id ON topics(tenant_id);
CREATE INDEX idx_topics_name ON topics(name);
)sql"},
    {"010_rename_source_type_local_to_file",
     R"(UPDATE sources SET source_type = '"file"' WHERE source_type = '"local"')"},
};

bool has_ledger(Connection& connection) {
  const bool is_sqlite = connection.backend() == Backend::Sqlite;
  return Statement(connection, is_sqlite ? "SELECT 1 FROM sqlite_schema WHERE name = 'applied_migrations'"
                                         : "SELECT 1 FROM pg_tables WHERE tablename = 'applied_migrations' "
                                           "AND schemaname = current_schema()")
      .step();
}

std::set<std::string, std::less<>> applied_names(Connection& connection) {
  std::set<std::string, std::less<>> names;
  if (!has_ledger(connection)) return names;
  Statement select(connection, "SELECT name FROM applied_migrations");
  while (select.step()) names.insert(select.text(0));
  return names;
}

void refuse_unknown(const std::set<std::string, std::less<>>& applied) {
  for (const std::string& name : applied) {
    if (!std::ranges::contains(kMigrations, name, &Migration::name)) {
      throw Error(ErrorCode::Unsupported, ErrorCategory::Catalog,
                  "the catalog was written by a newer version of jammi, which applied migration: " + name);
    }
  }
}

void apply(Connection& connection, const Migration& migration) {
  std::string sql(migration.sql);
  if (connection.backend() == Backend::Postgres) {
    for (const Spelling& word : kSpellings) {
      for (size_t at = 0; (at = sql.find(word.sqlite, at)) != std::string::npos; at += word.postgres.size())
        sql.replace(at, word.sqlite.size(), word.postgres);
    }
    sql.append("; ").append(migration.postgres_sql);
  }
  connection.execute(sql);
  Statement(connection, "INSERT INTO applied_migrations VALUES (?, CURRENT_TIMESTAMP)")
      .bind(migration.name)
      .run();
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

void migrate(Connection& connection) {
  std::set<std::string, std::less<>> applied = applied_names(connection);
  refuse_unknown(applied);
  if (applied.size() == std::size(kMigrations)) return;

  Transaction transaction(connection);
  applied = applied_names(connection);  // another process may have migrated before this one got the lock
  refuse_unknown(applied);
  connection.execute(
      "CREATE TABLE IF NOT EXISTS applied_migrations (name TEXT PRIMARY KEY, applied_at TEXT)");
  for (const Migration& migration : kMigrations) {
    if (!applied.contains(migration.name)) apply(connection, migration);
  }
  transaction.commit();
}

}  // namespace jammi::catalog
