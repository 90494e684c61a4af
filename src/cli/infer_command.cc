#include <arrow/record_batch.h>

#include <jammi/session.h>

#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/model_argument.h"
#include "cli/progress_line.h"

namespace jammi::cli {

void infer(const Context& context, const InferCommandOptions& options) {
  auto session = open_session(context);
  ProgressLine line(context.status, context.status_is_terminal);
  InferenceOptions inference{.progress = {}, .stop = context.stop};
  // Rows that scroll by on the same terminal are progress enough.
  if (!context.out_is_terminal) inference.progress = [&](const Progress& progress) { line.show(progress); };
  auto rows = session->infer(options.source, model_argument(options.model), options.columns,
                             parse_model_task(options.task), options.key, inference);
  print_rows(*rows, context.format, context.out);
}

}  // namespace jammi::cli
