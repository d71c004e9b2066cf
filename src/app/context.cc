// SPDX-License-Identifier: Apache-2.0
//
// Reading, writing and choosing contexts.
// Runs on: the main thread.  Owns: nothing.  Invariant: see context.h.
#include "app/context.h"

#include "app/doc.h"
#include "base/strings.h"
#include "os/file_system.h"
#include "table/config_file.h"
#include "table/suggest.h"

#include <array>
#include <cstdlib>
#include <vector>

namespace bolide::app {
namespace {

constexpr std::uint64_t file_bytes_max = 1U << 20U;
constexpr std::string_view section = "context.";

struct TextField {
  std::string_view name;
  std::string_view flag;  // the option that says the same
  std::string Context::* member;
};
constexpr std::array<TextField, 6> text_fields = {{
    {"namesrv", "--namesrv", &Context::namesrv},
    {"description", "", &Context::description},
    {"tls_ca", "--tls-ca", &Context::tls_ca},
    {"tls_cert", "--tls-cert", &Context::tls_cert},
    {"tls_key", "--tls-key", &Context::tls_key},
    {"access_key_file", "--access-key-file", &Context::access_key_file},
}};

struct TruthField {
  std::string_view name;
  std::string_view flag;
  bool Context::* member;
};
constexpr std::array<TruthField, 2> truth_fields = {{
    {"tls", "--tls", &Context::tls},
    {"tls_insecure", "--tls-insecure", &Context::tls_insecure},
}};

bool set_field(std::string_view name, const std::string& value, Context* context) {
  for (const TextField& field : text_fields) {
    if (field.name != name) continue;
    context->*field.member = value;
    return true;
  }
  for (const TruthField& field : truth_fields) {
    if (field.name != name) continue;
    context->*field.member = value == "true";
    return true;
  }
  return false;
}

}  // namespace

std::string contexts_path() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  std::string folder = variable("XDG_CONFIG_HOME");
  if (folder.empty()) folder = variable("HOME") + "/.config";
  return folder + "/bolide/contexts.toml";
}

Result<Contexts> parse_contexts(std::string_view path, std::string_view text) {
  BOLIDE_TRY(const auto entries, table::read_toml(path, text));
  Contexts contexts;
  for (const table::ConfigEntry& entry : entries) {
    if (entry.key == "current") {
      contexts.current = entry.value;
      continue;
    }
    const std::string_view key = entry.key;
    const std::size_t dot = key.rfind('.');
    const bool ours = key.starts_with(section) && dot > section.size();
    const std::string name(ours ? key.substr(section.size(), dot - section.size()) : "");
    if (!ours || !set_field(key.substr(dot + 1), entry.value, &contexts.named[name]))
      return fail(Errc::config, std::string(path) + ":" + std::to_string(entry.line) + ": '" +
                                    entry.key + "' is not known");
  }
  if (!contexts.named.contains(contexts.current)) contexts.current.clear();
  return contexts;
}

std::string contexts_text(const Contexts& contexts) {
  std::string text = "# Clusters of bolide: bolide context --help\n";
  // JSON's texts are TOML's too.
  const auto quoted = [](const std::string& value) { return Doc(value).json(); };
  if (!contexts.current.empty()) text += "current = " + quoted(contexts.current) + "\n";
  for (const auto& [name, context] : contexts.named) {
    text += "\n[context." + name + "]\n";
    for (const TextField& field : text_fields) {
      const std::string& value = context.*field.member;
      if (!value.empty()) text.append(field.name).append(" = ").append(quoted(value)).append("\n");
    }
    for (const TruthField& field : truth_fields) {
      if (context.*field.member) text.append(field.name).append(" = true\n");
    }
  }
  return text;
}

Result<Contexts> load_contexts() {
  const std::string path = contexts_path();
  const auto text = os::read_file(os::posix_file_system(), path, file_bytes_max);
  if (!text && text.error().code == Errc::not_found) return Contexts{};
  if (!text) return Failure(text.error());
  return parse_contexts(path, *text);
}

Result<> save_contexts(const Contexts& contexts) {
  const std::string path = contexts_path();
  BOLIDE_CHECK(os::posix_file_system().make_directories(path.substr(0, path.rfind('/'))));
  return os::replace_file(os::posix_file_system(), path, contexts_text(contexts));
}

Result<Context> find_context(const std::string& name) {
  BOLIDE_TRY(const Contexts contexts, load_contexts());
  const auto found = contexts.named.find(name);
  if (found != contexts.named.end()) return found->second;
  std::vector<std::string_view> names;
  std::string list;
  for (const auto& [known, context] : contexts.named) {
    names.push_back(known);
    list.append(list.empty() ? "; there are: " : ", ").append(known);
  }
  const std::string_view near = table::nearest(name, names);
  if (!near.empty()) list = "; did you mean '" + std::string(near) + "'?";
  return Failure(Error{Errc::not_found, "context " + name + list}.fixed_by(
      "see: bolide context list; make one: bolide context add NAME --namesrv HOST:PORT"));
}

Result<Context> current_context() {
  BOLIDE_TRY(const Contexts contexts, load_contexts());
  const auto found = contexts.named.find(contexts.current);
  return found == contexts.named.end() ? Context{} : found->second;
}

void merge_flags(const Arguments& arguments, Context* context) {
  for (const TextField& field : text_fields) {
    if (!field.flag.empty() && arguments.has(field.flag))
      context->*field.member = arguments.text(field.flag);
  }
  for (const TruthField& field : truth_fields) {
    if (arguments.has(field.flag)) context->*field.member = true;
  }
}

}  // namespace bolide::app
