#include "cli/application.h"

#include <map>

#include <CLI/CLI.hpp>

namespace jammi::cli {
namespace {

constexpr int kUsageError = 2;

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

/// Options of all commands; filled while parsing, read by the callbacks.
struct Arguments {
  AddSourceOptions add_source;
  EmbedOptions embed;
  SearchCommandOptions search;
  std::string source;
  std::string statement;
};

void add_source_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* sources = add_group(app, "sources", "Register, list and remove data sources",
                                "  jammi sources add patents --path patents.parquet\n"
                                "  jammi sources list");

  CLI::App* add = add_command(
      *sources, "add", "Register a file, a directory or a glob",
      [&] { add_source(context, arguments.add_source); },
      "  jammi sources add patents --path /data/patents.parquet\n"
      "  jammi sources add events --path '/data/events/*.jsonl' --format json\n"
      "  jammi sources add companies --url file:///data/companies.csv");
  add->add_option("NAME", arguments.add_source.name, "Name of the source in SQL")->required();
  CLI::Option_group* location = add->add_option_group("Location");
  location->add_option("--path", arguments.add_source.path, "Local file, directory or glob");
  location->add_option("--url", arguments.add_source.url, "The same as a URL");
  location->require_option(1);
  add->add_option("--format", arguments.add_source.format,
                  "Format of the files; told by the extension if left out")
      ->check(CLI::IsMember({"parquet", "csv", "json"}));

  add_command(
      *sources, "list", "List the registered sources", [&] { list_sources(context); },
      "  jammi sources list\n"
      "  jammi sources list --format json");

  CLI::App* remove = add_command(
      *sources, "remove", "Forget a source and delete its embeddings; its files stay",
      [&] { remove_source(context, arguments.source); }, "  jammi sources remove patents");
  remove->add_option("NAME", arguments.source, "Name of the source")->required();

  CLI::App* describe = add_command(
      *sources, "describe", "Show the tables and columns of a source",
      [&] { describe_source(context, arguments.source); }, "  jammi sources describe patents");
  describe->add_option("NAME", arguments.source, "Name of the source")->required();
}

void add_catalog_commands(CLI::App& app, const Context& context) {
  CLI::App* models = add_group(app, "models", "List models", "  jammi models list");
  add_command(
      *models, "list", "List the models used so far", [&] { list_models(context); },
      "  jammi models list\n"
      "  jammi models list --format json");

  CLI::App* tables = add_group(app, "tables", "List embedding tables", "  jammi tables list");
  add_command(
      *tables, "list", "List the embedding tables", [&] { list_tables(context); },
      "  jammi tables list\n"
      "  jammi tables list --format csv");
}

void add_query_commands(CLI::App& app, const Context& context, Arguments& arguments) {
  CLI::App* query_app = add_command(
      app, "query", "Run a SQL query and print its rows", [&] { query(context, arguments.statement); },
      "  jammi query \"SELECT title, year FROM patents.public.patents WHERE year > 2020 LIMIT 5\"\n"
      "  jammi query \"SELECT count(*) FROM patents.public.patents\" --format json");
  query_app->add_option("SQL", arguments.statement, "The statement")->required();

  CLI::App* explain_app = add_command(
      app, "explain", "Show how a query is executed", [&] { explain(context, arguments.statement); },
      "  jammi explain \"SELECT * FROM patents.public.patents WHERE year > 2020\"");
  explain_app->add_option("SQL", arguments.statement, "The statement")->required();
}

void add_embed_command(CLI::App& app, const Context& context, Arguments& arguments) {
  EmbedOptions& options = arguments.embed;
  CLI::App* embed_app = add_command(
      app, "embed", "Embed the text of a source with a model", [&] { embed(context, options); },
      "  jammi embed patents --model sentence-transformers/all-MiniLM-L6-v2 --columns title,abstract --key "
      "id\n"
      "  jammi embed patents --model ./my-model --columns abstract --key id");
  embed_app->add_option("SOURCE", options.source, "Name of the source")->required();
  embed_app
      ->add_option("--model", options.model, "Hugging Face repository, or a directory (./DIR or local:DIR)")
      ->required();
  embed_app->add_option("--columns", options.columns, "Columns whose text is embedded, comma-separated")
      ->delimiter(',')
      ->required();
  embed_app->add_option("--key", options.key, "Column that tells the rows apart")->required();
}

void add_search_command(CLI::App& app, const Context& context, Arguments& arguments) {
  SearchCommandOptions& options = arguments.search;
  CLI::App* search_app = add_command(
      app, "search", "Find the rows of a source nearest in meaning to a text",
      [&] { search(context, options); },
      "  jammi search patents \"quantum computing applications\"\n"
      "  jammi search patents \"error correction\" -k 5 --filter \"year > 2020\" --columns title,year");
  search_app->add_option("SOURCE", options.source, "Name of the source")->required();
  search_app->add_option("TEXT", options.text, "What to look for")->required();
  search_app->add_option("--model", options.model, "Model for the text; the table's own if left out");
  search_app->add_option("-k", options.k, "Number of rows")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  search_app->add_option("--filter", options.filter, "SQL condition that the rows must meet");
  search_app->add_option("--columns", options.columns, "Columns to print, comma-separated; all if left out")
      ->delimiter(',');
  search_app->add_option("--table", options.table, "Embedding table; the source's latest if left out");
}

void add_global_options(CLI::App& app, Context& context) {
  static const std::map<std::string, OutputFormat> kFormats = {
      {"table", OutputFormat::Table}, {"json", OutputFormat::Json}, {"csv", OutputFormat::Csv}};
  app.add_option("--config", context.config_path, "Configuration file");
  app.add_option("--format", context.format, "How rows are printed: table, json (one object a line) or csv")
      ->transform(CLI::CheckedTransformer(kFormats))
      ->type_name("FORMAT");
  app.set_version_flag("--version", "jammi " JAMMI_VERSION);
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
  add_global_options(app, context);
  add_source_commands(app, context, arguments);
  add_catalog_commands(app, context);
  add_query_commands(app, context, arguments);
  add_embed_command(app, context, arguments);
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
