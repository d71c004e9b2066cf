// SPDX-License-Identifier: Apache-2.0
//
// Records of traces, from and to text: fields in the order of one table for each kind.
// Runs on: any thread.  Owns: nothing.  Invariant: see trace_record.h.
#include "client/trace_record.h"

#include "base/strings.h"

#include <array>
#include <optional>
#include <span>
#include <variant>

namespace bolide::client {
namespace {

constexpr char field_end = '\1';
constexpr char record_end = '\2';
// What Java writes for a text that there is not.
constexpr std::string_view nothing = "null";

using Kind = TraceRecord::Kind;
using Text = std::string TraceRecord::*;
using Number = std::int64_t TraceRecord::*;
using Truth = bool TraceRecord::*;
using TypeField = TraceRecord::Type TraceRecord::*;
using CodeField = TraceRecord::Code TraceRecord::*;

struct TraceField {
  std::variant<Text, Number, Truth, TypeField, CodeField> member;
  bool optional_text = false;  // Java writes "null" where there is none
};

constexpr TraceField time_field{&TraceRecord::time_ms};
constexpr TraceField region_field{&TraceRecord::region};
constexpr TraceField group_field{&TraceRecord::group};
constexpr TraceField topic_field{&TraceRecord::topic};
constexpr TraceField id_field{&TraceRecord::id};
constexpr TraceField tags_field{&TraceRecord::tags, true};
constexpr TraceField keys_field{&TraceRecord::keys, true};
constexpr TraceField host_field{&TraceRecord::store_host};
constexpr TraceField cost_field{&TraceRecord::cost_ms};
constexpr TraceField type_field{&TraceRecord::type};
constexpr TraceField success_field{&TraceRecord::success};
constexpr TraceField request_field{&TraceRecord::request_id};

constexpr TraceField pub_fields[] = {time_field,
                                     region_field,
                                     group_field,
                                     topic_field,
                                     id_field,
                                     tags_field,
                                     keys_field,
                                     host_field,
                                     {&TraceRecord::body_bytes},
                                     cost_field,
                                     type_field,
                                     {&TraceRecord::offset_id},
                                     success_field,
                                     {&TraceRecord::client_host}};
constexpr TraceField before_fields[] = {time_field,    region_field, group_field,
                                        request_field, id_field,     {&TraceRecord::retries},
                                        keys_field};
constexpr TraceField after_fields[] = {request_field, id_field,   cost_field,
                                       success_field, keys_field, {&TraceRecord::code},
                                       time_field,    group_field};
constexpr TraceField end_fields[] = {time_field,
                                     region_field,
                                     group_field,
                                     topic_field,
                                     id_field,
                                     tags_field,
                                     keys_field,
                                     host_field,
                                     type_field,
                                     {&TraceRecord::transaction_id},
                                     {&TraceRecord::state},
                                     {&TraceRecord::from_check}};
constexpr TraceField recall_fields[] = {time_field,  region_field, group_field,
                                        topic_field, id_field,     success_field};

struct Form {
  Kind kind;
  std::string_view name;
  std::span<const TraceField> fields;
  std::size_t written;  // of the fields, by this library and Apache's
  std::size_t least;    // older clients write fewer
};
constexpr std::array<Form, 5> forms{{
    {Kind::pub, "Pub", pub_fields, 13, 12},
    {Kind::sub_before, "SubBefore", before_fields, 7, 6},
    {Kind::sub_after, "SubAfter", after_fields, 8, 5},
    {Kind::end_transaction, "EndTransaction", end_fields, 12, 12},
    {Kind::recall, "Recall", recall_fields, 6, 6},
}};

void append(std::string* text, const TraceRecord& record, const TraceField& field) {
  const auto write = [&](const auto& member) {
    const auto& value = record.*member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>)
      text->append(value.empty() && field.optional_text ? nothing : std::string_view(value));
    else if constexpr (std::is_same_v<Value, bool>)
      text->append(value ? "true" : "false");
    else
      text->append(DecimalText(static_cast<std::int64_t>(value)).view());
  };
  std::visit(write, field.member);
}

// False: it is no such value.
bool read(std::string_view text, const TraceField& field, TraceRecord* record) {
  const auto take = [&](const auto& member) {
    auto& value = record->*member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      value = field.optional_text && text == nothing ? std::string_view() : text;
      return true;
    } else if constexpr (std::is_same_v<Value, bool>) {
      value = is_true(text);
      return true;
    } else {
      const auto number = parse_integer<std::int64_t>(text);
      if (!number) return false;
      if constexpr (std::is_enum_v<Value>) {
        if (*number < 0 || *number > 4) return false;
      }
      value = static_cast<Value>(*number);
      return true;
    }
  };
  return std::visit(take, field.member);
}

// The field behind offset_id came later than the one behind it.
bool lacks_offset_id(const Form& form, std::size_t fields) {
  return form.kind == Kind::pub && fields == form.least;
}

std::optional<TraceRecord> decode_one(std::string_view line) {
  const auto parts = split(line, field_end);
  for (const Form& form : forms) {
    const std::size_t fields = parts.size() - 1;
    if (parts.front() != form.name || fields < form.least) continue;
    TraceRecord record{.kind = form.kind};
    std::size_t part = 1;
    for (const TraceField& field : form.fields) {
      if (part >= parts.size()) break;
      const auto* const text = std::get_if<Text>(&field.member);
      if (lacks_offset_id(form, fields) && text != nullptr && *text == &TraceRecord::offset_id)
        continue;
      if (!read(parts[part++], field, &record)) return std::nullopt;
    }
    return record;
  }
  return std::nullopt;
}

}  // namespace

std::string encode_trace(const TraceRecord& record) {
  const Form& form = forms[static_cast<std::size_t>(record.kind)];
  std::string text(form.name);
  for (const TraceField& field : form.fields.first(form.written)) {
    text.push_back(field_end);
    append(&text, record, field);
  }
  text.push_back(record_end);
  return text;
}

std::vector<TraceRecord> decode_trace(std::string_view body) {
  std::vector<TraceRecord> records;
  for (const std::string_view line : split(body, record_end)) {
    if (auto record = decode_one(line)) records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace bolide::client
