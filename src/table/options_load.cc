// SPDX-License-Identifier: Apache-2.0
//
// Settings from file, environment and flags, in their order of precedence.
// Runs on: the composition root.  Owns: nothing.  Invariant: all mistakes are reported, not the
// first.
#include "table/options.h"

#include "base/strings.h"
#include "table/config_file.h"
#include "table/rocketmq_keys.h"
#include "table/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace bolide::table {
namespace {

constexpr std::string_view environment_prefix = "BOLIDE_";
constexpr std::string_view rocketmq_naming_variable = "NAMESRV_ADDR";

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest(word, known);
  return near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near);
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> names;
  for (const OptionRow& row : option_rows()) names.push_back(row.name);
  return names;
}

std::string in_place(std::string_view place) {
  return place.empty() ? std::string() : fmt::format("{}: ", place);
}

std::string normal_path(std::string_view path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

// One run of load_options.
class Loader {
 public:
  explicit Loader(const LoadRequest& request) : request_(request) {}

  Result<Options> run() {
    apply_rocketmq_environment();
    BOLIDE_CHECK(apply_file());
    apply_environment();
    apply_sets();
    prefer_own_name_server();
    if (problems_.empty()) check_options(options_, problems_);
    if (!problems_.empty()) {
      return fail(Errc::config, fmt::format("{}", fmt::join(problems_, "\n")));
    }
    return std::move(options_);
  }

 private:
  void apply_rocketmq_environment() {
    const auto found = request_.environment.find(std::string(rocketmq_naming_variable));
    if (found == request_.environment.end()) return;
    set(Opt::broker_naming_servers, found->first, found->second,
        {Origin::Kind::environment_of_rocketmq, found->first});
  }

  // A shell has the variable for clients: a broker must not join their cluster because of it where
  // it has a name server in its own process.
  void prefer_own_name_server() {
    const auto& roles = options_.list(Opt::server_roles);
    if (std::ranges::find(roles, "naming") != roles.end() &&
        options_.origin(Opt::broker_naming_servers).kind == Origin::Kind::environment_of_rocketmq)
      options_.reset(Opt::broker_naming_servers);
  }

  Result<> apply_file() {
    if (request_.config_path.empty()) return {};
    auto read = request_.read_file(request_.config_path);
    if (!read)
      return Failure(
          std::move(read).error().fixed_by("name a file that can be read: --config FILE"));
    const std::string& text = *read;
    const std::string& path = request_.config_path;
    if (looks_like_toml(path, text)) {
      BOLIDE_TRY(const auto entries, read_toml(path, text));
      for (const ConfigEntry& entry : entries) apply_named(entry.key, entry.value, at(entry));
      return {};
    }
    BOLIDE_TRY(const auto entries, read_properties(path, text));
    const RocketmqFile file = is_naming_file() ? RocketmqFile::naming : RocketmqFile::broker;
    for (const ConfigEntry& entry : entries) apply_property(entry, file);
    check_places(entries, file);
    if (file == RocketmqFile::broker) warn_of_other_defaults();
    return {};
  }

  void apply_environment() {
    for (const OptionRow& row : option_rows()) {
      const std::string variable = environment_name(row);
      const auto found = request_.environment.find(variable);
      if (found == request_.environment.end()) continue;
      set(row.opt, variable, found->second, {Origin::Kind::environment, variable});
    }
    warn_of_unknown_variables();
  }

  void warn_of_unknown_variables() {
    std::vector<std::string> known;
    for (const OptionRow& row : option_rows()) known.push_back(environment_name(row));
    const std::vector<std::string_view> names(known.begin(), known.end());
    for (const auto& [variable, value] : request_.environment) {
      if (!variable.starts_with(environment_prefix)) continue;
      if (std::ranges::find(known, variable) != known.end()) continue;
      options_.warn(fmt::format("the environment variable {} sets no option{}", variable,
                                did_you_mean(variable, names)));
    }
  }

  void apply_sets() {
    for (const std::string& assignment : request_.sets) {
      const std::size_t equals = assignment.find('=');
      if (equals == std::string::npos) {
        problems_.push_back(fmt::format("--set {}: expects KEY=VALUE", assignment));
        continue;
      }
      apply_named(trim(std::string_view(assignment).substr(0, equals)),
                  std::string_view(assignment).substr(equals + 1), {Origin::Kind::flag, ""});
    }
  }

  // A key by our name, from a file or a flag.
  void apply_named(std::string_view key, std::string_view value, const Origin& origin) {
    if (const OptionRow* row = find_option(key)) {
      set(row->opt, key, value, origin);
      return;
    }
    std::string hint = did_you_mean(key, option_names());
    const RocketmqKey* rocketmq = find_rocketmq_key(key, RocketmqFile::any);
    if (rocketmq != nullptr && rocketmq->use == RocketmqKey::Use::option) {
      hint = fmt::format("; that is RocketMQ's name of \"{}\"", option_row(rocketmq->opt).name);
    }
    problems_.push_back(fmt::format("{}unknown key \"{}\"{}", in_place(origin.text()), key, hint));
  }

  // A line of broker.conf or namesrv.conf: RocketMQ's key, or ours.
  void apply_property(const ConfigEntry& entry, RocketmqFile file) {
    const Origin origin = at(entry);
    if (const OptionRow* own = find_option(entry.key)) {
      set(own->opt, entry.key, entry.value, origin);
      return;
    }
    const RocketmqKey* row = find_rocketmq_key(entry.key, file);
    if (row == nullptr) {
      problems_.push_back(fmt::format("{}: unknown key \"{}\"{}", origin.place, entry.key,
                                      did_you_mean(entry.key, property_names(file))));
      return;
    }
    switch (row->use) {
      case RocketmqKey::Use::option: apply_converted(*row, entry.value, origin); break;
      case RocketmqKey::Use::ignored:
        if (!row->value.empty() && entry.value == row->value) break;
        options_.warn(fmt::format("{}: {} is accepted and has no effect: {}", origin.place,
                                  entry.key, row->reason));
        break;
      case RocketmqKey::Use::demanded:
        if (entry.value == row->value) break;
        problems_.push_back(fmt::format("{}: {} = \"{}\": must be {}: {}", origin.place, entry.key,
                                        entry.value, row->value, row->reason));
        break;
      case RocketmqKey::Use::place: break;  // see check_places
    }
  }

  void apply_converted(const RocketmqKey& row, std::string_view value, const Origin& origin) {
    const std::string current = format_option_value(option_row(row.opt), options_.value(row.opt));
    auto converted = row.convert(value, current);
    if (!converted) {
      report(row.opt, row.key, value, origin, converted.error());
      return;
    }
    const auto result = options_.set(row.opt, *converted, origin);
    if (!result) report(row.opt, row.key, value, origin, result.error());
  }

  void check_places(const std::vector<ConfigEntry>& entries, RocketmqFile file) {
    const std::string root = normal_path(options_.text(Opt::server_data_dir));
    for (const ConfigEntry& entry : entries) {
      const RocketmqKey* row = find_rocketmq_key(entry.key, file);
      if (row == nullptr || row->use != RocketmqKey::Use::place) continue;
      const std::string wanted = normal_path(fmt::format("{}/{}", root, row->value));
      if (normal_path(entry.value) == wanted) continue;
      problems_.push_back(fmt::format("{}: {} = \"{}\": must be {} (storePathRootDir and {}): {}",
                                      at(entry).place, entry.key, entry.value, wanted, row->value,
                                      row->reason));
    }
  }

  // Where a file that says nothing means another thing to RocketMQ than to Bolide.
  void warn_of_other_defaults() {
    const std::string& path = request_.config_path;
    if (options_.is_default(Opt::server_data_dir)) {
      options_.warn(
          fmt::format("{}: storePathRootDir is not set: the data is kept in {}, where "
                      "RocketMQ would use ~/store",
                      path, options_.text(Opt::server_data_dir)));
    }
    if (options_.text(Opt::broker_listen).starts_with("127.0.0.1:")) {
      options_.warn(
          fmt::format("{}: bindAddress is not set: the broker listens on {} only, where "
                      "RocketMQ would on all addresses",
                      path, options_.text(Opt::broker_listen)));
    }
  }

  // A key=value file configures the name server if its name says so or the process is only that.
  bool is_naming_file() const {
    const std::string name = std::filesystem::path(request_.config_path).filename().string();
    if (name.find("namesrv") != std::string::npos || name.find("naming") != std::string::npos) {
      return true;
    }
    const OptionRow& roles = option_row(Opt::server_roles);
    std::string wanted;
    const auto variable = request_.environment.find(environment_name(roles));
    if (variable != request_.environment.end()) wanted = variable->second;
    const std::string assignment = fmt::format("{}=", roles.name);
    for (const std::string& set : request_.sets) {
      if (set.starts_with(assignment)) wanted = set.substr(assignment.size());
    }
    return trim(wanted) == "naming";
  }

  static std::vector<std::string_view> property_names(RocketmqFile file) {
    std::vector<std::string_view> names = option_names();
    for (const RocketmqKey& row : rocketmq_keys()) {
      if (row.file == file || row.file == RocketmqFile::any) names.push_back(row.key);
    }
    return names;
  }

  Origin at(const ConfigEntry& entry) const {
    return {Origin::Kind::file, fmt::format("{}:{}", request_.config_path, entry.line)};
  }

  void set(Opt opt, std::string_view key, std::string_view value, const Origin& origin) {
    const auto result = options_.set(opt, value, origin);
    if (!result) report(opt, key, value, origin, result.error());
  }

  // The mistake with its place, the key as it was written, and the option it belongs to.
  void report(Opt opt, std::string_view key, std::string_view value, const Origin& origin,
              const Error& error) {
    const OptionRow& row = option_row(opt);
    const std::string option = key == row.name ? "" : fmt::format(" ({})", row.name);
    problems_.push_back(fmt::format("{}{}{} = \"{}\": {}", in_place(origin.text()), key, option,
                                    row.secret ? "***" : value, error.context));
  }

  const LoadRequest& request_;
  Options options_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<Options> load_options(const LoadRequest& request) {
  return Loader(request).run();
}

}  // namespace bolide::table
