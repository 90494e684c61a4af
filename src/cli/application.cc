#include "cli/application.h"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

namespace jammi::cli {
namespace {

constexpr int kUsageError = 2;
constexpr size_t kMostNeighbors = 1'000'000;
constexpr char kModelHelp[] =
    "Hugging Face repository, directory (./DIR or local:DIR), or address of a server (https://HOST#MODEL)";
const std::vector<std::string> kTasks{"text_embedding", "image_embedding", "classification", "ner"};

/// Makes a sub-command that runs `command` with its options once everything is parsed.
template <typename Command>
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      Command command, const std::string& examples) {
  CLI::App* app = parent.add_subcommand(name, description);
  app->footer("Examples:\n" + examples);
  app->callback(std::move(command));
  return app;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description,
                    const std::string& examples) {
  CLI::App* group = parent.add_subcommand(name, description);
  group->footer("Examples:\n" + examples);
  group->require_subcommand(1);
  return group;
}

/// A single value, without the library's type name in the help.
template <typename Value>
CLI::Option* add_text(CLI::App& app, const std::string& name, Value& value, const std::string& description) {
  return app.add_option(name, value, description)->type_name("");
}

/// Values separated by commas in one argument.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& description) {
  return add_text(app, name, values, description)->delimiter(',')->allow_extra_args(false);
}

/// Exactly one of the options must be given. Asked for by hand: an option group would show as a section of
/// its own in the help.
void require_one(CLI::App& app, const std::vector<CLI::Option*>& options) {
  for (size_t i = 0; i < options.size(); ++i) {
    for (size_t other = i + 1; other < options.size(); ++other) options[other]->excludes(options[i]);
  }
  app.parse_complete_callback([options] {
    if (!std::ranges::all_of(options, &CLI::Option::empty)) return;
    std::vector<std::string> names;
    for (const CLI::Option* option : options) names.push_back(option->get_name());
    throw CLI::RequiredError(fmt::format("{}", fmt::join(names, " or ")));
  });
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  return {[words](std::string& word) {
            if (std::ranges::contains(words, word)) return std::string();
            return fmt::format("must be {}, not {}", fmt::join(words, ", "), word);
          },
          ""};
}

/// Options of all commands; filled while parsing, read by the callbacks.
struct Arguments {
  AddSourceOptions add_source;
  EmbedOptions embed;
  InferCommandOptions infer;
  SearchCommandOptions search;
  ChannelOptions channel;
  MutableTableOptions mutable_table;
  TenantColumnOptions tenant_column;
  PreloadOptions preload;
  std::string source;
  std::string model;
  std::string statement;
};

void add_source_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* sources = add_group(app, "sources", "Register, list and remove data sources",
                                "  jammi sources add patents --path patents.parquet\n"
                                "  jammi sources list");

  CLI::App* add = add_command(
      *sources, "add", "Register files or a database", [&] { add_source(context, arguments.add_source); },
      "  jammi sources add patents --path /data/patents.parquet\n"
      "  jammi sources add events --path '/data/events/*.jsonl' --format json\n"
      "  jammi sources add companies --url file:///data/companies.csv\n"
      "  jammi sources add shop --postgres postgresql://ann:secret@localhost:5432/shop\n"
      "  jammi sources add notes --sqlite /data/notes.db");
  AddSourceOptions& options = arguments.add_source;
  add_text(*add, "NAME", options.name, "Name of the source in SQL")->required();
  CLI::Option* path = add_text(*add, "--path", options.path, "Local file, directory or glob");
  CLI::Option* url = add_text(*add, "--url", options.url, "The same or a database, as a URL");
  CLI::Option* postgres = add_text(*add, "--postgres", options.postgres,
                                   "PostgreSQL: postgresql://user:password@host:5432/database");
  CLI::Option* mysql =
      add_text(*add, "--mysql", options.mysql, "MySQL or MariaDB: mysql://user:password@host:3306/database");
  CLI::Option* sqlite = add_text(*add, "--sqlite", options.sqlite, "SQLite: path of the file");
  require_one(*add, {path, url, postgres, mysql, sqlite});
  add_text(*add, "--format", options.format,
           "Of files: parquet, csv or json; told by the extension if left out")
      ->check(one_of({"parquet", "csv", "json"}));

  add_command(
      *sources, "list", "List the registered sources", [&] { list_sources(context); },
      "  jammi sources list\n"
      "  jammi sources list --format json");

  CLI::App* remove = add_command(
      *sources, "remove", "Forget a source and delete its embeddings; its files stay",
      [&] { remove_source(context, arguments.source); }, "  jammi sources remove patents");
  add_text(*remove, "NAME", arguments.source, "Name of the source")->required();

  CLI::App* describe = add_command(
      *sources, "describe", "Show the tables and columns of a source",
      [&] { describe_source(context, arguments.source); }, "  jammi sources describe patents");
  add_text(*describe, "NAME", arguments.source, "Name of the source")->required();

  TenantColumnOptions& tenant_column = arguments.tenant_column;
  CLI::App* set_tenant_column = add_command(
      *sources, "set-tenant-column", "Declare which column holds the tenant of a row",
      [&] { set_source_tenant_column(context, tenant_column); },
      "  jammi sources set-tenant-column notes customer_id\n"
      "  jammi sources set-tenant-column notes --none");
  add_text(*set_tenant_column, "NAME", tenant_column.source, "Name of the source")->required();
  CLI::Option* column =
      add_text(*set_tenant_column, "COLUMN", tenant_column.column, "A column of the source's tables");
  CLI::Option* none =
      set_tenant_column->add_flag("--none", "No column: all rows are everybody's, unless it is tenant_id");
  require_one(*set_tenant_column, {column, none});
}

void add_model_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* models = add_group(app, "models", "List models, fetch them ahead and forget them",
                               "  jammi models list\n"
                               "  jammi models preload sentence-transformers/all-MiniLM-L6-v2");
  add_command(
      *models, "list", "List the models used so far", [&] { list_models(context); },
      "  jammi models list\n"
      "  jammi models list --format json");

  CLI::App* show = add_command(
      *models, "show", "Show what is known of a model that was used",
      [&] { show_model(context, arguments.model); },
      "  jammi models show sentence-transformers/all-MiniLM-L6-v2\n"
      "  jammi models show ./my-model --format json");
  add_text(*show, "MODEL", arguments.model, kModelHelp)->required();

  PreloadOptions& options = arguments.preload;
  CLI::App* preload = add_command(
      *models, "preload", "Download models and check that they load, so that their first use does not wait",
      [&] { preload_models(context, options); },
      "  jammi models preload sentence-transformers/all-MiniLM-L6-v2\n"
      "  jammi models preload dslim/bert-base-NER --task ner\n"
      "  jammi models preload --config server.toml");
  add_text(*preload, "MODEL", options.models, "Models; those of server.preload_models if left out");
  add_text(*preload, "--task", options.task, "What they are to be used for")
      ->check(one_of(kTasks))
      ->capture_default_str();

  CLI::App* evict = add_command(
      *models, "evict",
      "Forget where the files of a model were found, so that its next use finds them anew. Deletes nothing. "
      "(In memory are the models of running programs: Python's Database.evict_model drops those.)",
      [&] { evict_model(context, arguments.model); },
      "  jammi models evict sentence-transformers/all-MiniLM-L6-v2");
  add_text(*evict, "MODEL", arguments.model, kModelHelp)->required();
}

void add_table_commands(CLI::App& app, const Context& context) {
  CLI::App* tables = add_group(app, "tables", "List embedding tables", "  jammi tables list");
  add_command(
      *tables, "list", "List the embedding tables", [&] { list_tables(context); },
      "  jammi tables list\n"
      "  jammi tables list --format csv");
}

void add_channel_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* channels =
      add_group(app, "channels", "Declare and list provenance channels",
                "  jammi channels register --name scored_by --priority 3 --column ranker:Utf8\n"
                "  jammi channels list");
  ChannelOptions& options = arguments.channel;
  const auto add_columns_option = [&options](CLI::App& command) {
    add_text(command, "--column", options.columns,
             "NAME:TYPE; Float32, Float64, Int32, Int64, Utf8 or Boolean; may be repeated")
        ->allow_extra_args(false);
  };

  CLI::App* add = add_command(
      *channels, "register", "Register a channel with its first columns",
      [&] { register_channel(context, options); },
      "  jammi channels register --name scored_by --priority 3 --column ranker:Utf8 --column "
      "rank_score:Float32");
  add_text(*add, "--name", options.name, "Lowercase letter, then lowercase letters, digits and _")
      ->required();
  add_text(*add, "--priority", options.priority, "Place of its columns in results; vector has 1, inference 2")
      ->required();
  add_columns_option(*add);

  CLI::App* extend = add_command(
      *channels, "add-column", "Append columns to a channel; none is ever changed or dropped",
      [&] { add_channel_columns(context, options); },
      "  jammi channels add-column scored_by --column scored_at:Utf8");
  add_text(*extend, "NAME", options.name, "Name of the channel")->required();
  add_columns_option(*extend);

  add_command(
      *channels, "list", "List the channels, the built-in ones included", [&] { list_channels(context); },
      "  jammi channels list\n"
      "  jammi channels list --format json");
}

void add_mutable_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* tables =
      add_group(app, "mutable", "Create, list and drop mutable tables",
                "  jammi mutable create --name items --schema items.json --primary-key item_id\n"
                "  jammi mutable list");
  MutableTableOptions& options = arguments.mutable_table;
  CLI::App* create = add_command(
      *tables, "create", "Register a table that SQL can change, as mutable.public.NAME",
      [&] { create_mutable_table(context, options); },
      "  echo '[{\"name\": \"id\", \"type\": \"Utf8\"}, {\"name\": \"n\", \"type\": \"Int64\", "
      "\"nullable\": true}]' > items.json\n"
      "  jammi mutable create --name items --schema items.json --primary-key id --index "
      "name=idx_n,columns=n\n"
      "  jammi query \"INSERT INTO mutable.public.items VALUES ('a', 1)\"");
  add_text(*create, "--name", options.name, "1 to 63 lowercase letters, digits and _")->required();
  add_text(*create, "--schema", options.schema, "JSON file: an array of {name, type, nullable}")->required();
  add_list(*create, "--primary-key", options.primary_key, "Columns, separated by commas")->required();
  add_text(*create, "--index", options.indexes, "name=X,columns=A+B,unique=false; may be repeated")
      ->allow_extra_args(false);
  add_text(*create, "--order-column", options.order_column,
           "Int64 or UInt64 column that rows are replayed by");

  CLI::App* drop = add_command(
      *tables, "drop", "Drop a table with its rows", [&] { drop_mutable_table(context, options.name); },
      "  jammi mutable drop items");
  add_text(*drop, "NAME", options.name, "Name of the table")->required();

  add_command(
      *tables, "list", "List the mutable tables", [&] { list_mutable_tables(context); },
      "  jammi mutable list\n"
      "  jammi mutable list --format json");
}

void add_query_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* query_app = add_command(
      app, "query", "Run a SQL query and print its rows", [&] { query(context, arguments.statement); },
      "  jammi query \"SELECT title, year FROM patents.public.patents WHERE year > 2020 LIMIT 5\"\n"
      "  jammi query \"SELECT count(*) FROM patents.public.patents\" --format json");
  add_text(*query_app, "SQL", arguments.statement, "The statement")->required();

  CLI::App* explain_app = add_command(
      app, "explain", "Show how a query is executed", [&] { explain(context, arguments.statement); },
      "  jammi explain \"SELECT * FROM patents.public.patents WHERE year > 2020\"");
  add_text(*explain_app, "SQL", arguments.statement, "The statement")->required();
}

void add_embed_command(CLI::App& app, const Context& context, Arguments& arguments) {
  EmbedOptions& options = arguments.embed;
  CLI::App* embed_app = add_command(
      app, "embed", "Embed the text or the images of a source with a model", [&] { embed(context, options); },
      "  jammi embed patents --model sentence-transformers/all-MiniLM-L6-v2 --columns title,abstract --key "
      "id\n"
      "  jammi embed patents --model ./my-model --columns abstract --key id\n"
      "  jammi embed patents --model https://api.example.com#my-model --columns abstract --key id\n"
      "  jammi embed figures --model laion/CLIP-ViT-B-32-laion2B-s34B-b79K --image image --key id");
  add_text(*embed_app, "SOURCE", options.source, "Name of the source")->required();
  add_text(*embed_app, "--model", options.model, kModelHelp)->required();
  CLI::Option* columns =
      add_list(*embed_app, "--columns", options.columns, "Columns whose text is embedded, comma-separated");
  CLI::Option* image = add_text(*embed_app, "--image", options.image,
                                "Column whose images are embedded: contents of files, or their paths");
  require_one(*embed_app, {columns, image});
  add_text(*embed_app, "--key", options.key, "Column that tells the rows apart")->required();
}

void add_infer_command(CLI::App& app, const Context& context, Arguments& arguments) {
  InferCommandOptions& options = arguments.infer;
  CLI::App* infer_app = add_command(
      app, "infer", "Run a model over a source and print its output; nothing is stored",
      [&] { infer(context, options); },
      "  jammi infer patents --model sentence-transformers/all-MiniLM-L6-v2 --columns abstract --key id\n"
      "  jammi infer patents --task ner --model dslim/bert-base-NER --columns abstract --key id\n"
      "  jammi infer patents --task classification --model ./my-model --columns title,abstract --key id "
      "--format json > labels.jsonl");
  add_text(*infer_app, "SOURCE", options.source, "Name of the source")->required();
  add_text(*infer_app, "--model", options.model, kModelHelp)->required();
  add_list(*infer_app, "--columns", options.columns,
           "Columns whose text, or the one whose images, the model reads; comma-separated")
      ->required();
  add_text(*infer_app, "--key", options.key, "Column that tells the rows apart")->required();
  add_text(*infer_app, "--task", options.task, "What the model is asked for")
      ->check(one_of(kTasks))
      ->capture_default_str();
}

void add_search_command(CLI::App& app, const Context& context, Arguments& arguments) {
  SearchCommandOptions& options = arguments.search;
  CLI::App* search_app = add_command(
      app, "search", "Find the rows of a source nearest in meaning to a text or an image",
      [&] { search(context, options); },
      "  jammi search patents \"quantum computing applications\"\n"
      "  jammi search patents \"error correction\" -k 5 --filter \"year > 2020\" --columns title,year\n"
      "  jammi search patents \"error correction\" --filter \"year > 2020\" --explain\n"
      "  jammi search figures --image query.png");
  add_text(*search_app, "SOURCE", options.source, "Name of the source")->required();
  CLI::Option* text = add_text(*search_app, "TEXT", options.text, "What to look for");
  CLI::Option* image = add_text(*search_app, "--image", options.image, "An image file to look for instead");
  require_one(*search_app, {text, image});
  add_text(*search_app, "--model", options.model, "Model for the query; the table's own if left out");
  add_text(*search_app, "-k", options.k, "Number of rows")
      ->check(CLI::Range(size_t{1}, kMostNeighbors).description(""))
      ->capture_default_str();
  add_text(*search_app, "--filter", options.filter,
           "SQL condition over the source's columns; the nearest rows that meet it are found");
  add_list(*search_app, "--columns", options.columns, "Columns to print, comma-separated; all if left out");
  add_text(*search_app, "--table", options.table, "Embedding table; the source's latest if left out");
  search_app->add_flag("--explain", options.explains, "Print how the rows are found and why, not the rows");
}

void add_global_options(CLI::App& app, Context& context) {
  add_text(app, "--config", context.config_path, "Configuration file");
  add_text(app, "--tenant", context.tenant, "Work for this tenant: see and write only what is its, a UUID");
  app.add_option_function<std::string>(
         "--format",
         [&](const std::string& word) {
           context.format = word == "json"  ? OutputFormat::Json
                            : word == "csv" ? OutputFormat::Csv
                                            : OutputFormat::Table;
         },
         "How rows are printed: table, json (one object a line) or csv")
      ->check(one_of({"table", "json", "csv"}))
      ->type_name("");
  app.set_version_flag("--version", "jammi " JAMMI_VERSION, "Print the version and exit");
}

}  // namespace

int run(int argc, const char* const* argv, Context& context) {
  Arguments arguments;
  CLI::App app{"Embeddings, semantic search and SQL over your data", "jammi"};
  app.footer(
      "Examples:\n"
      "  jammi sources add patents --path patents.parquet\n"
      "  jammi query \"SELECT count(*) FROM patents.public.patents\"\n"
      "  jammi embed patents --model sentence-transformers/all-MiniLM-L6-v2 --columns abstract --key id\n"
      "  jammi search patents \"quantum computing applications\"\n\n"
      "`jammi COMMAND --help` explains a command.");
  // Global options may stand behind the command as well; a command's own option of the same name wins there.
  app.fallthrough();
  app.require_subcommand(0, 1);
  // Examples are shown as they are written; sub-commands inherit the formatter.
  app.get_formatter()->enable_footer_formatting(false);
  app.get_formatter()->column_width(24);
  app.set_help_flag("-h,--help", "Print this help and exit");
  add_global_options(app, context);
  add_source_commands(app, context, arguments);
  add_model_commands(app, context, arguments);
  add_table_commands(app, context);
  add_channel_commands(app, context, arguments);
  add_mutable_commands(app, context, arguments);
  add_query_commands(app, context, arguments);
  add_embed_command(app, context, arguments);
  add_infer_command(app, context, arguments);
  add_search_command(app, context, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    bool is_usage_error = app.exit(error, context.out, context.status) != 0;
    return is_usage_error ? kUsageError : 0;
  }
  if (app.get_subcommands().empty()) context.out << app.help();
  return 0;
}

}  // namespace jammi::cli
