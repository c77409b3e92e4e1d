/// Runs the program the way a user does: a child with its own environment, signals and exit code.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/error.hpp"

namespace lensart::support {

struct ProcessOptions {
  std::vector<std::string> command;  ///< looked up in PATH if it has no slash
  /// Added to this process's environment, or replacing what is there.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Where stdout and stderr go, each truncated first; the same file may be given for both. Empty:
  /// to a file in the temporary directory, removed with the object.
  std::filesystem::path stdout_file;
  std::filesystem::path stderr_file;
  std::filesystem::path working_directory;  ///< empty: this process's
};

/// How a child ended.
struct ExitStatus {
  std::optional<int> code;    ///< if it exited
  std::optional<int> signal;  ///< if a signal killed it
  std::string describe() const;
};

/// A child process. Killed and reaped with the object, and killed if the thread that started it
/// ends. Threads: one at a time.
class Process {
 public:
  /// Fails with kFatal if the command cannot be run.
  static Result<Process> start(ProcessOptions options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  void send_signal(int signal) const;
  /// SIGKILL, and waits for the end.
  ExitStatus kill();
  /// Nothing if it still runs when `patience` is over. Asked again, it answers the same.
  std::optional<ExitStatus> wait(std::chrono::milliseconds patience);
  bool is_running();

  /// What it has written so far.
  std::string stdout_text() const;
  std::string stderr_text() const;

 private:
  Process() = default;
  void release() noexcept;

  pid_t pid_ = -1;
  int pid_descriptor_ = -1;  ///< becomes readable when the child ends
  std::optional<ExitStatus> status_;
  std::filesystem::path stdout_file_;
  std::filesystem::path stderr_file_;
  std::vector<std::filesystem::path> temporary_files_;
};

/// Runs a command to its end. Fails with kFatal if it does not end in time; then it is killed.
struct Finished {
  ExitStatus status;
  std::string stdout_text;
  std::string stderr_text;
};
Result<Finished> run_process(ProcessOptions options, std::chrono::milliseconds patience);

}  // namespace lensart::support
