// SPDX-License-Identifier: Apache-2.0
//
// A message as commands show it.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include "app/doc.h"
#include "base/result.h"

#include <string>

namespace bolide::app {

// A body that is no UTF-8 stands as "body_base64"; a broker that is not known does not stand there.
Doc message_doc(const ReceivedMessage& message);
// One row of a list of messages, and its columns.
std::string messages_table(const Doc& messages);
// Everything, for people; the body last.
std::string message_page(const ReceivedMessage& message);

// %t topic, %b broker, %q queue, %o offset, %i id, %g tag, %k keys, %d stored time, %p properties,
// %s body, %n new line, %% a percent sign. Errors: usage.
Result<std::string> format_message(std::string_view format, const ReceivedMessage& message);

}  // namespace bolide::app
