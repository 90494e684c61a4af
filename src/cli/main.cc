#include <exception>
#include <iostream>

#include <unistd.h>

#include <jammi/error.h>

#include "cli/application.h"
#include "cli/interrupt.h"

int main(int argc, char** argv) {
  jammi::cli::Interrupt interrupt;
  std::ios::sync_with_stdio(false);
  jammi::cli::Context context{.out = std::cout,
                              .status = std::cerr,
                              .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                              .status_is_terminal = isatty(STDERR_FILENO) == 1,
                              .stop = interrupt.token(),
                              .config_path = {},
                              .tenant = {}};
  try {
    int exit_code = jammi::cli::run(argc, argv, context);
    if (!std::cout.flush()) {
      throw jammi::Error(jammi::ErrorCode::Unavailable, jammi::ErrorCategory::Io,
                         "cannot write to standard output");
    }
    return exit_code;
  } catch (const jammi::Error& error) {
    std::cout.flush();
    std::cerr << "Error: " << error.what() << '\n';
    return jammi::error_traits(error.code()).exit_code;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
  }
}
