#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

extern char** environ;

namespace lensart::support {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<std::filesystem::path> make_temporary_file() {
  std::string name = (std::filesystem::temp_directory_path() / "lensart-output.XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return fail(Errc::kFatal, name + ": " + std::strerror(errno));
  close(descriptor);
  return std::filesystem::path(name);
}

/// This process's environment with some variables replaced, as exec wants it.
std::vector<std::string> merged_environment(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(changes.begin(), changes.end(),
                                      [&](const auto& change) { return change.first == name; });
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct ChildPlan {
  char** arguments;
  char** environment;
  const char* stdout_file;
  const char* stderr_file;
  const char* directory;
  pid_t parent;
  int failure_pipe;
};

/// Between fork and exec; only what is safe after the fork of a program with threads.
[[noreturn]] void become(const ChildPlan& plan) {
  const auto redirect = [](const char* file, int target) {
    const int descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return descriptor >= 0 && dup2(descriptor, target) >= 0;
  };
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool ready = getppid() == plan.parent && nothing >= 0 && dup2(nothing, 0) >= 0 &&
                     redirect(plan.stdout_file, 1) && redirect(plan.stderr_file, 2) &&
                     (*plan.directory == '\0' || chdir(plan.directory) == 0);
  if (ready) execvpe(plan.arguments[0], plan.arguments, plan.environment);
  const int problem = errno;
  static_cast<void>(!write(plan.failure_pipe, &problem, sizeof problem));
  _exit(127);
}

ExitStatus to_status(int raw) {
  ExitStatus status;
  if (WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
  if (WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
  return status;
}

}  // namespace

std::string ExitStatus::describe() const {
  if (code) return "exit code " + std::to_string(*code);
  if (signal) return "signal " + std::to_string(*signal);
  return "no end";
}

Result<Process> Process::start(ProcessOptions options) {
  Process process;
  for (auto* file : {&options.stdout_file, &options.stderr_file}) {
    if (file->empty()) {
      LENSART_ASSIGN(*file, make_temporary_file());
      process.temporary_files_.push_back(*file);
    }
    std::ofstream(*file, std::ios::trunc);
  }
  process.stdout_file_ = options.stdout_file;
  process.stderr_file_ = options.stderr_file;

  std::vector<std::string> environment = merged_environment(options.environment);
  std::vector<char*> environment_pointers = pointers(environment);
  std::vector<char*> arguments = pointers(options.command);
  int failure_pipe[2];
  if (pipe2(failure_pipe, O_CLOEXEC) != 0) return fail(Errc::kFatal, std::strerror(errno));
  const ChildPlan plan{arguments.data(),
                       environment_pointers.data(),
                       options.stdout_file.c_str(),
                       options.stderr_file.c_str(),
                       options.working_directory.c_str(),
                       getpid(),
                       failure_pipe[1]};
  process.pid_ = fork();
  if (process.pid_ == 0) become(plan);
  close(failure_pipe[1]);
  int problem = process.pid_ < 0 ? errno : 0;
  // The pipe closes without a word when exec succeeds.
  const bool failed =
      process.pid_ < 0 || read(failure_pipe[0], &problem, sizeof problem) == sizeof problem;
  close(failure_pipe[0]);
  if (failed) return fail(Errc::kFatal, options.command.front() + ": " + std::strerror(problem));
  process.pid_descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, process.pid_, 0));
  if (process.pid_descriptor_ < 0) return fail(Errc::kFatal, std::strerror(errno));
  return process;
}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  release();
  pid_ = std::exchange(other.pid_, -1);
  pid_descriptor_ = std::exchange(other.pid_descriptor_, -1);
  status_ = other.status_;
  stdout_file_ = std::move(other.stdout_file_);
  stderr_file_ = std::move(other.stderr_file_);
  temporary_files_ = std::exchange(other.temporary_files_, {});
  return *this;
}

Process::~Process() { release(); }

void Process::release() noexcept {
  if (pid_ > 0 && !status_) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (pid_descriptor_ >= 0) close(pid_descriptor_);
  std::error_code ignored;
  for (const auto& file : temporary_files_) std::filesystem::remove(file, ignored);
  temporary_files_.clear();
}

void Process::send_signal(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

ExitStatus Process::kill() {
  send_signal(SIGKILL);
  return wait(std::chrono::hours(1)).value_or(ExitStatus{});
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds patience) {
  if (status_) return status_;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd ended{pid_descriptor_, POLLIN, 0};
    const int ready = poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    int raw = 0;
    if (waitpid(pid_, &raw, 0) != pid_) return std::nullopt;
    status_ = to_status(raw);
    return status_;
  }
}

bool Process::is_running() { return !wait(std::chrono::milliseconds(0)); }

std::string Process::stdout_text() const { return read_file(stdout_file_); }
std::string Process::stderr_text() const { return read_file(stderr_file_); }

Result<Finished> run_process(ProcessOptions options, std::chrono::milliseconds patience) {
  const std::string name = options.command.front();
  LENSART_ASSIGN(Process process, Process::start(std::move(options)));
  const auto status = process.wait(patience);
  if (!status) {
    return fail(Errc::kFatal, name + " did not end in " + std::to_string(patience.count()) +
                                  " ms; stderr: " + process.stderr_text());
  }
  return Finished{*status, process.stdout_text(), process.stderr_text()};
}

}  // namespace lensart::support
