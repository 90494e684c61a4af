#include <iostream>

#include <arrow/api.h>

#include <jammi/error.h>
#include <jammi/session.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: quickstart PATENTS.csv MODEL\n";
    return 2;
  }
  try {
    auto session = jammi::Session::open(jammi::load_config());
    jammi::Database& database = session->database();

    // 1. Register a file under a name.
    database.add_source("patents", jammi::SourceType::File,
                        {.url = argv[1], .format = jammi::FileFormat::Csv, .options = {}});

    // 2. Query it with SQL; rows come as Arrow record batches.
    auto rows =
        database.sql("SELECT title, year FROM patents.public.patents WHERE year > 2020 ORDER BY year");
    for (std::shared_ptr<arrow::RecordBatch> batch;;) {
      jammi::throw_if_error(rows->ReadNext(&batch));
      if (batch == nullptr) break;
      std::cout << batch->ToString();
    }

    // 3. Embed a column.
    jammi::EmbeddingSummary summary = session->generate_text_embeddings("patents", argv[2], {"title"}, "id");
    std::cout << "embedded " << summary.table.row_count << " rows\n";

    // 4. Search by meaning.
    std::vector<float> query = session->encode_text_query(argv[2], "quantum computing");
    std::shared_ptr<arrow::Table> found =
        session->search("patents", query, 5).filter("year > 2020").select({"title", "year"}).run();
    std::cout << found->ToString() << "\n";
  } catch (const jammi::Error& error) {
    std::cerr << "Error: " << error.what() << "\n";
    return 1;
  }
}
