#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/row_writer.h"

/// The verbs of the command line. Each prints its result to `Context::out` and throws jammi::Error.
namespace jammi::cli {

/// What every command has around it.
struct Context {
  std::ostream& out;     ///< results
  std::ostream& status;  ///< progress and warnings
  bool out_is_terminal = false;
  bool status_is_terminal = false;
  std::stop_token stop;
  std::optional<std::filesystem::path> config_path;
  std::string tenant;  ///< a UUID; empty: none
  OutputFormat format = OutputFormat::Table;
};

struct AddSourceOptions {
  std::string name;
  std::string path;      ///< local file, directory or glob; relative to the current directory
  std::string url;       ///< of the same or of a database; used when `path` is empty
  std::string postgres;  ///< URL of a PostgreSQL database
  std::string mysql;     ///< URL of a MySQL or MariaDB database
  std::string sqlite;    ///< path of a SQLite file
  std::string format;    ///< empty: told by the file's extension
};

struct EmbedOptions {
  std::string source;
  std::string model;
  std::vector<std::string> columns;  ///< of text; empty when `image` is given
  std::string image;                 ///< column of images
  std::string key;
};

struct InferCommandOptions {
  std::string source;
  std::string model;
  std::vector<std::string> columns;
  std::string key;
  std::string task = "text_embedding";
};

struct PreloadOptions {
  std::vector<std::string> models;  ///< empty: those of server.preload_models
  std::string task = "text_embedding";
};

struct SearchCommandOptions {
  std::string source;
  std::string text;   ///< empty when `image` is given
  std::string image;  ///< path of an image file
  std::string model;  ///< empty: the model that made the table
  size_t k = 10;
  std::string filter;                ///< empty: none
  std::vector<std::string> columns;  ///< empty: all
  std::string table;                 ///< empty: the source's latest
  bool explains = false;             ///< print how the search goes, not its rows
};

struct ChannelOptions {
  std::string name;
  int32_t priority = 0;              ///< of a new channel
  std::vector<std::string> columns;  ///< each "name:Type"
};

struct MutableTableOptions {
  std::string name;
  std::string schema;  ///< path of a JSON array of {name, type, nullable}
  std::vector<std::string> primary_key;
  std::vector<std::string> indexes;  ///< each "name=X,columns=A+B,unique=false"
  std::string order_column;          ///< empty: none
};

struct TenantColumnOptions {
  std::string source;
  std::string column;  ///< empty: none
};

void add_source(const Context& context, const AddSourceOptions& options);
void list_sources(const Context& context);
void remove_source(const Context& context, const std::string& name);
void describe_source(const Context& context, const std::string& name);
void set_source_tenant_column(const Context& context, const TenantColumnOptions& options);
void list_models(const Context& context);
void show_model(const Context& context, const std::string& model);
void preload_models(const Context& context, const PreloadOptions& options);
void evict_model(const Context& context, const std::string& model);
void list_tables(const Context& context);
void register_channel(const Context& context, const ChannelOptions& options);
void add_channel_columns(const Context& context, const ChannelOptions& options);
void list_channels(const Context& context);
void create_mutable_table(const Context& context, const MutableTableOptions& options);
void drop_mutable_table(const Context& context, const std::string& name);
void list_mutable_tables(const Context& context);
void query(const Context& context, const std::string& statement);
void explain(const Context& context, const std::string& statement);
void embed(const Context& context, const EmbedOptions& options);
void infer(const Context& context, const InferCommandOptions& options);
void search(const Context& context, const SearchCommandOptions& options);

}  // namespace jammi::cli
