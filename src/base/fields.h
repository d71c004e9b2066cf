// SPDX-License-Identifier: Apache-2.0
//
// Field tables: the members of a body or header are declared once, with their names on the wire,
// and are read and written from that (fields_json.h: JSON bodies; fields_ext.h: the header's ext
// fields). Runs on: any agent.  Owns: constant data.  Invariant: fields are written in the order of
// the table, which by RocketMQ's custom is alphabetical.
//
//   struct QueueData {
//     std::string broker_name;
//     int perm = 6;
//     static constexpr auto fields = std::tuple{
//         Field{"brokerName", &QueueData::broker_name, Need::required},
//         Field{"perm", &QueueData::perm},
//     };
//   };
#pragma once

#include <bitset>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bolide {

// Whether reading fails when the field is absent. An optional field that is absent keeps its
// default.
enum class Need : bool { optional, required };

template <class Struct, class Value>
struct Field {
  std::string_view name;
  Value Struct::* member;
  Need need = Need::optional;
};
template <class Struct, class Value>
Field(std::string_view, Value Struct::*) -> Field<Struct, Value>;
template <class Struct, class Value>
Field(std::string_view, Value Struct::*, Need) -> Field<Struct, Value>;

// A struct that has a field table.
template <class T>
concept HasFields = requires { std::tuple_size<std::remove_cvref_t<decltype(T::fields)>>::value; };

// Calls visit(field, index) for each field in the order of the table, until it returns true. True
// if it did.
template <HasFields T, class Visit>
constexpr bool any_field(Visit&& visit) {
  return std::apply(
      [&](const auto&... field) {
        std::size_t index = 0;
        return (visit(field, index++) || ...);
      },
      T::fields);
}

// Which fields of T were read.
template <HasFields T>
class FieldMarks {
 public:
  void set(std::size_t index) { seen_.set(index); }
  // The name of the first required field that was not read, or an empty view.
  std::string_view missing() const {
    std::string_view name;
    any_field<T>([&](const auto& field, std::size_t index) {
      if (field.need != Need::required || seen_.test(index)) return false;
      name = field.name;
      return true;
    });
    return name;
  }

 private:
  std::bitset<std::tuple_size_v<std::remove_cvref_t<decltype(T::fields)>>> seen_;
};

namespace fields {

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... Args>
inline constexpr bool is_a<Template<Args...>, Template> = true;

}  // namespace fields
}  // namespace bolide
