// SPDX-License-Identifier: Apache-2.0
//
// The declaration of all commands and options, and their parser.
// Runs on: the main thread.  Owns: nothing.
// Invariant: the only file that knows CLI11; its exceptions end here.
#include "app/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace bolide::app {
namespace {

// A command with what it means for the rest of the program.
class Commands {
 public:
  explicit Commands(CommandLine* line) : line_(*line), root_("Messaging server and its tools.") {
    root_.name("bolide");
    root_.set_help_flag("-h,--help", "show the help of a command");
    root_.fallthrough();
    root_.require_subcommand(0, 1);
    root_
        .add_option("--namesrv", line_.name_servers,
                    "name servers; or BOLIDE_NAMESRV, NAMESRV_ADDR, 127.0.0.1:9876")
        ->type_name("HOST:PORT[;...]");
    root_.add_option("-o,--output", output_, "tables for people, JSON for programs")
        ->type_name("FORMAT")
        ->check(one_of({"table", "text", "json"}));
    root_.footer(
        "bolide server --data-dir data\nbolide pub hello 'first message'\n"
        "bolide sub hello --from first --count 1");
    add_server();
    add_pub();
    add_sub();
    add_topic();
    add_config();
    add_store();
    add_others();
  }

  CLI::App& root() { return root_; }
  // The innermost command that was given.
  CLI::App& current();
  void finish();

 private:
  CLI::App* command(CLI::App* parent, const char* name, Verb verb, const char* doc);
  static CLI::App* group(CLI::App* parent, const char* name, const char* doc);
  static CLI::Validator one_of(std::vector<std::string> choices);
  // A check that does not show in help.
  static CLI::Validator unnamed(CLI::Validator check) { return check.description(""); }
  void add_settings(CLI::App* app);
  void add_server();
  void add_pub();
  void add_sub();
  void add_topic();
  void add_config();
  void add_store();
  void add_others();

  CommandLine& line_;
  CLI::App root_;
  std::string output_;
};

CLI::App* Commands::command(CLI::App* parent, const char* name, Verb verb, const char* doc) {
  CLI::App* app = parent->add_subcommand(name, doc);
  app->parse_complete_callback([this, verb] { line_.verb = verb; });
  return app;
}

CLI::App* Commands::group(CLI::App* parent, const char* name, const char* doc) {
  CLI::App* app = parent->add_subcommand(name, doc);
  app->require_subcommand(1);
  return app;
}

CLI::Validator Commands::one_of(std::vector<std::string> choices) {
  std::string text;
  for (const std::string& choice : choices) text.append(text.empty() ? "" : "|").append(choice);
  const auto check = [choices = std::move(choices), text](const std::string& value) {
    if (std::ranges::find(choices, value) != choices.end()) return std::string();
    return "'" + value + "' is none of " + text;
  };
  return CLI::Validator(check, text);
}

void Commands::add_settings(CLI::App* app) {
  app->add_option("--config", line_.server.config_path,
                  "settings: TOML, or RocketMQ's broker.conf or namesrv.conf")
      ->type_name("FILE");
  app->add_option("--set", line_.server.sets, "one setting; stands above file and environment")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void Commands::add_server() {
  CLI::App* app = command(&root_, "server", Verb::server, "run a server until it is stopped");
  app->add_option("--data-dir", line_.server.data_dir, "where everything is kept")
      ->type_name("DIR");
  add_settings(app);
  app->add_option("--role", line_.server.roles, "only this part; without it all of them")
      ->type_name("ROLE")
      ->allow_extra_args(false)
      ->check(one_of({"naming", "broker"}));
  app->footer(
      "bolide server --data-dir data\n"
      "bolide server --data-dir data --set broker.listen=0.0.0.0:10911");
}

void Commands::add_pub() {
  CLI::App* app = command(&root_, "pub", Verb::pub, "send messages");
  PubArguments& pub = line_.pub;
  app->add_option("TOPIC", pub.topic, "where to")->required();
  app->add_option("MESSAGE", pub.messages,
                  "one message each; without any, each line of standard input is one");
  app->add_option("-f,--file", pub.file, "one message: all of this file, - for standard input")
      ->type_name("FILE");
  app->add_option("--tag", pub.tag, "what consumers filter by")->type_name("TAG");
  app->add_option("--key", pub.keys, "what the message is found by; may be given again")
      ->type_name("KEY")
      ->allow_extra_args(false);
  app->add_option("--property", pub.properties, "a property; may be given again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app->add_option("--queue", pub.queue, "only queues of this number")
      ->type_name("N")
      ->check(unnamed(CLI::NonNegativeNumber));
  app->footer(
      "bolide pub orders 'an order' --tag paid --key 4711\n"
      "journalctl -f | bolide pub logs\nbolide pub images -f cat.png");
}

void Commands::add_sub() {
  CLI::App* app = command(&root_, "sub", Verb::sub,
                          "print messages as they come, without taking them from anyone");
  SubArguments& sub = line_.sub;
  app->add_option("TOPIC", sub.topic, "what to read")->required();
  app->add_option("--from", sub.from,
                  "first, last, a time (2026-01-31T12:00:00Z, milliseconds) or how long ago (15m)")
      ->type_name("PLACE");
  app->add_option("-n,--count", sub.count, "stop after so many messages")
      ->type_name("N")
      ->check(unnamed(CLI::PositiveNumber));
  app->add_option("--tag", sub.tags, "only messages with one of these: 'red || blue'")
      ->type_name("TAGS");
  app->footer(
      "bolide sub orders --from first --count 10\n"
      "bolide sub orders --from 15m --tag 'paid || sent' -o json");
}

void Commands::add_topic() {
  CLI::App* topic = group(&root_, "topic", "list, create, describe and delete topics");
  TopicArguments& arguments = line_.topic;
  const auto named = [&](const char* name, Verb verb, const char* doc) {
    CLI::App* app = command(topic, name, verb, doc);
    app->add_option("TOPIC", arguments.name, "its name")->required();
    return app;
  };
  CLI::App* list = command(topic, "list", Verb::topic_list, "names of all topics");
  list->add_flag("--all", arguments.all, "also those that servers make for themselves");
  CLI::App* create = named("create", Verb::topic_create, "make a topic, or change it");
  create->add_option("--queues", arguments.queues, "how many per broker (4)")
      ->type_name("N")
      ->check(unnamed(CLI::Range(1, 65536)));
  create->add_option("--perm", arguments.perm, "what clients may do (rw)")
      ->type_name("PERM")
      ->check(one_of({"r", "w", "rw"}));
  create->add_flag("--order", arguments.order, "keep the order when a broker is away");
  create->add_option("--attribute", arguments.attributes, "as RocketMQ knows them")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  create->add_option("--cluster", arguments.cluster, "only on this cluster's brokers")
      ->type_name("NAME");
  create->footer("bolide topic create orders --queues 8");
  named("describe", Verb::topic_describe, "settings and queues of a topic");
  named("delete", Verb::topic_delete, "delete a topic with its messages");
  CLI::App* route = command(&root_, "route", Verb::route, "which brokers serve a topic");
  route->add_option("TOPIC", arguments.name, "its name")->required();
}

void Commands::add_config() {
  CLI::App* config = group(&root_, "config", "show and check the server's settings");
  CLI::App* print = command(config, "print", Verb::config_print,
                            "all settings in effect, and where each comes from");
  add_settings(print);
  CLI::App* check = command(config, "check", Verb::config_check, "find what is wrong in a file");
  add_settings(check);
  command(config, "docs", Verb::config_docs, "every setting, as Markdown");
  command(config, "default", Verb::config_default, "a file that shows every setting");
}

void Commands::add_store() {
  CLI::App* store = group(&root_, "store", "look into the files of a stopped server");
  const auto offline = [&](const char* name, Verb verb, const char* doc) {
    CLI::App* app = command(store, name, verb, doc);
    app->add_option("--data-dir", line_.store.data_dir, "the server's directory")
        ->type_name("DIR")
        ->required();
    return app;
  };
  offline("verify", Verb::store_verify, "read everything and check every checksum");
  CLI::App* dump = offline("dump", Verb::store_dump, "print one line for each stored message");
  dump->add_option("--from", line_.store.from, "from this position of the log on")
      ->type_name("POSITION")
      ->check(unnamed(CLI::NonNegativeNumber));
  dump->add_option("-n,--count", line_.store.count, "stop after so many messages")
      ->type_name("N")
      ->check(unnamed(CLI::PositiveNumber));
  offline("export", Verb::store_export, "write what Apache RocketMQ's broker wants beside the log");
}

void Commands::add_others() {
  CLI::App* metrics = group(&root_, "metrics", "what the server measures");
  command(metrics, "docs", Verb::metrics_docs, "every metric, as Markdown");
  command(&root_, "version", Verb::version, "print the version");
  CLI::App* completion =
      command(&root_, "completion", Verb::completion, "a shell's completions for bolide");
  completion->add_option("SHELL", line_.shell, "for which shell")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  completion->footer("source <(bolide completion bash)");
  command(&root_, "man", Verb::man, "the manual page: bolide man | man -l -");
}

// CLI11 takes a word "[a,b]" for a list, where to us it is text. Such words go through it behind
// this mark.
constexpr char bracket_mark = '\x01';

std::string marked(const std::string& word) {
  return word.starts_with('[') ? bracket_mark + word : word;
}

void take_marks_off(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    option->transform(
        [](const std::string& word) {
          return word.starts_with(bracket_mark) ? word.substr(1) : word;
        },
        "");
  }
  for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; }))
    take_marks_off(*child);
}

CLI::App& Commands::current() {
  CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

void Commands::finish() {
  line_.json = output_ == "json";
  for (CLI::App* app = &root_; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    line_.path.push_back(app->get_name());
  }
}

OptionInfo describe(const CLI::Option& option) {
  OptionInfo info{.names = option.get_name(false, true),
                  .value = option.get_type_size() == 0 ? "" : option.get_type_name(),
                  .doc = option.get_description(),
                  .choices = {},
                  .positional = option.get_positional(),
                  .required = option.get_required(),
                  .many = option.get_items_expected_max() > 1};
  // CLI11 shows "TYPE:check" for options with a check; of ours the choices stand behind the colon.
  const std::size_t colon = info.value.rfind(':');
  const std::string check = colon == std::string::npos ? info.value : info.value.substr(colon + 1);
  if (check.find('|') == std::string::npos) return info;
  for (std::size_t at = 0; at <= check.size();) {
    const std::size_t end = std::min(check.find('|', at), check.size());
    info.choices.push_back(check.substr(at, end - at));
    at = end + 1;
  }
  info.value = check;
  return info;
}

CommandInfo describe(CLI::App& app) {
  CommandInfo info{.name = app.get_name(),
                   .doc = app.get_description(),
                   .examples = app.get_footer(),
                   .options = {},
                   .commands = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (app.get_parent() == nullptr || option != app.get_help_ptr())
      info.options.push_back(describe(*option));
  }
  for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; }))
    info.commands.push_back(describe(*child));
  return info;
}

// What stands behind a group's name when it should have been a command's.
std::string missing_command(CLI::App& group) {
  std::string names;
  for (const CLI::App* child : group.get_subcommands([](CLI::App*) { return true; }))
    names.append(names.empty() ? "" : ", ").append(child->get_name());
  return "'" + group.get_name() + "' is followed by one of: " + names;
}

}  // namespace

Result<CommandLine> parse_arguments(const std::vector<std::string>& arguments) {
  CommandLine line;
  Commands commands(&line);
  take_marks_off(commands.root());
  std::vector<std::string> words;  // last word first, as CLI11 wants them
  std::ranges::transform(arguments | std::views::reverse, std::back_inserter(words), marked);
  try {
    commands.root().parse(std::move(words));
    commands.finish();
  } catch (const CLI::CallForHelp&) {
    commands.finish();
    line.verb = Verb::help;
  } catch (const CLI::ParseError& error) {
    CLI::App& command = commands.current();
    if (command.get_require_subcommand_min() > 0)
      return fail(Errc::usage, missing_command(command));
    std::string cause = error.what();
    std::ranges::replace(cause, '\n', ' ');
    return fail(Errc::usage, std::move(cause));
  }
  return line;
}

CommandInfo describe_program() {
  CommandLine line;
  Commands commands(&line);
  return describe(commands.root());
}

}  // namespace bolide::app
