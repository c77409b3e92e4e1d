#include "apps/doctor/state_probe.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apps/api/attention.hpp"
#include "apps/config/effective.hpp"
#include "apps/doctor/attention_finding.hpp"
#include "apps/explain/control_socket.hpp"
#include "apps/pipeline/options.hpp"
#include "storage/postgres/session.hpp"
#include "storage/protocol/start_check.hpp"

namespace lensart::app {

namespace {

namespace fs = std::filesystem;

Finding unwritable(const std::string& directory, const std::string& message) {
  return {"state",
          Finding::Verdict::kFailure,
          "state_unwritable",
          {{"directory", directory}, {"message", message}},
          "make_writable",
          exit_code_for(Errc::kStateFailed)};
}

/// The nearest folder of a path that is there.
fs::path nearest_existing(fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path, ignored);
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

std::string_view network_name(const fs::path& place) {
  struct statfs found {};
  if (::statfs(place.c_str(), &found) != 0) return {};
  switch (static_cast<std::uint32_t>(found.f_type)) {
    case 0x6969U:
      return "NFS";
    case 0xFF534D42U:
    case 0xFE534D42U:
    case 0x517BU:
      return "SMB";
    case 0x01021997U:
      return "9p";
    case 0x00C36400U:
      return "Ceph";
    default:
      return {};
  }
}

/// Whether the place can be used at all. False: nothing more can be said about it.
bool look_at_place(const std::string& directory, StateLook& look) {
  const fs::path place = nearest_existing(directory);
  std::error_code failed;
  if (!fs::is_directory(place, failed)) {
    look.findings.push_back(unwritable(directory, place.string() + " is no directory"));
    return false;
  }
  if (::access(place.c_str(), R_OK | W_OK | X_OK) != 0) {
    look.findings.push_back(unwritable(directory, std::strerror(errno)));
    return false;
  }
  if (const auto kind = network_name(place); !kind.empty()) {
    look.findings.push_back({"state",
                             Finding::Verdict::kWarning,
                             "state_on_network",
                             {{"directory", directory}, {"kind", kind}},
                             "use_local_disk"});
  }
  struct statvfs room {};
  if (::statvfs(place.c_str(), &room) == 0) {
    const std::uint64_t block = room.f_frsize;
    add_attention(look.findings, "state disk",
                  disk_attention(room.f_bavail * block, room.f_blocks * block));
  }
  return true;
}

std::uint64_t free_bytes(const std::string& directory) {
  struct statvfs room {};
  if (::statvfs(nearest_existing(directory).c_str(), &room) != 0) return 0;
  return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
}

void ask_instance(const Config& config, StateLook& look) {
  const std::string& directory = config.state.directory;
  auto overview = ask_running(directory, "overview");
  if (!overview) {
    look.overview = Json::object();
    look.findings.push_back({"instance",
                             Finding::Verdict::kFailure,
                             "instance_silent",
                             {{"message", overview.error().message}},
                             "look_at_log",
                             exit_code_for(Errc::kOwnedByAnother)});
    return;
  }
  look.overview = std::move(*overview);
  if (!look.overview) return;
  const auto also = [&](const char* question, std::optional<Json>& to) {
    if (auto answer = ask_running(directory, question)) to = std::move(*answer);
  };
  also("epochs", look.epochs);
  also("stats", look.stats);
  also("moment", look.moment);
}

void open_stopped(const Config& config, StateLook& look) {
  storage::StateStoreOptions options = state_options(config);
  options.read_only = true;
  auto store = storage::StateStore::open(options);
  if (store) {
    look.store = std::move(*store);
    return;
  }
  const Error& error = store.error();
  const bool other = error.code == Errc::kStateMismatch;
  look.findings.push_back({"state",
                           Finding::Verdict::kFailure,
                           other ? "state_mismatch" : "state_unusable",
                           {{"message", error.message}},
                           other ? "read_message" : "adopt_or_restore",
                           exit_code_for(error.code)});
}

}  // namespace

std::optional<std::int64_t> holder_of(const std::string& directory) {
  struct stat lock {};
  if (::stat((directory + "/lock").c_str(), &lock) != 0) return std::nullopt;
  const std::string wanted =
      fmt::format("{:02x}:{:02x}:{}", major(lock.st_dev), minor(lock.st_dev), lock.st_ino);
  // "3: FLOCK  ADVISORY  WRITE 4711 08:01:131074 0 EOF"
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, place;
    std::int64_t pid = 0;
    if (!(words >> number >> kind >> mode >> access >> pid >> place) || kind != "FLOCK") continue;
    if (place == wanted) return pid;
  }
  return std::nullopt;
}

StateLook look_at_state(const Config& config) {
  StateLook look;
  const std::string& directory = config.state.directory;
  if (!look_at_place(directory, look)) return look;
  std::error_code ignored;
  look.has_state = fs::exists(fs::path(directory) / "data.mdb", ignored);
  ask_instance(config, look);
  if (look.running()) {
    if (!look.stats) return look;
    look.findings.push_back({"state",
                             Finding::Verdict::kGood,
                             "state_there",
                             {{"directory", directory},
                              {"epoch", look.moment ? (*look.moment)["epoch"] : Json(nullptr)},
                              {"used_bytes", (*look.stats)["used_bytes"]},
                              {"free_bytes", free_bytes(directory)}}});
    return look;
  }
  if (const auto pid = holder_of(directory)) {
    look.findings.push_back({"instance",
                             Finding::Verdict::kWarning,
                             "state_locked",
                             {{"pid", *pid}, {"directory", directory}},
                             "wait_or_look"});
    return look;
  }
  if (!look.has_state) {
    look.findings.push_back(
        {"state", Finding::Verdict::kGood, "state_none", {{"directory", directory}}});
    return look;
  }
  open_stopped(config, look);
  if (!look.store) return look;
  add_attention(look.findings, "state",
                state_attention(look.store->used_bytes(), config.state.max_size));
  look.findings.push_back({"state",
                           Finding::Verdict::kGood,
                           "state_there",
                           {{"directory", directory},
                            {"epoch", look.store->chain().back().number},
                            {"used_bytes", look.store->used_bytes()},
                            {"free_bytes", free_bytes(directory)}}});
  return look;
}

Findings lineage_findings(const Config& config, const StateLook& state,
                          storage::Connection& connection) {
  const auto refused = [](std::string code, Json parameters, std::string remedy) {
    return Finding{"state lineage",   Finding::Verdict::kFailure,
                   std::move(code),   std::move(parameters),
                   std::move(remedy), exit_code_for(Errc::kStateMismatch)};
  };
  Findings findings;
  const auto settings = connection.query(
      fmt::format("SELECT fingerprint FROM {}.pipeline_settings WHERE pipeline = $1",
                  storage::quoted_identifier(config.postgres.schema)),
      {config.pipeline.name});
  if (settings && settings->count() == 1 && settings->text(0, 0) != settings_fingerprint(config)) {
    findings.push_back(refused("settings_changed", Json::object(), "set_back_or_rebuild"));
  }
  const auto rows =
      storage::read_lane_rows(connection, config.postgres.schema, config.pipeline.name, false);
  if (!rows || state.running()) return findings;
  if (!state.has_state) {
    if (rows->empty()) return findings;
    findings.push_back(refused(
        "state_lost", {{"epoch", rows->front().epoch}, {"directory", config.state.directory}},
        "point_state_back"));
    return findings;
  }
  if (!state.store) return findings;
  const auto binding = state.store->binding();
  const auto identity = connection.query("SELECT system_identifier::text FROM pg_control_system()");
  if (binding && identity && identity->count() == 1 && !binding->database_system_id.empty() &&
      binding->database_system_id != identity->text(0, 0)) {
    findings.push_back(refused(
        "database_other",
        {{"known", binding->database_system_id}, {"found", std::string(identity->text(0, 0))}},
        "point_database_back"));
    return findings;
  }
  const auto plan =
      storage::plan_start(state.store->chain(), *rows, static_cast<int>(config.sink.lanes));
  if (!plan) {
    findings.push_back(
        refused("state_refused", {{"message", plan.error().message}}, "read_message"));
  } else if (!rows->empty()) {
    findings.push_back({"state lineage",
                        Finding::Verdict::kGood,
                        "lineage_good",
                        {{"epoch", rows->front().epoch}}});
  }
  return findings;
}

}  // namespace lensart::app
