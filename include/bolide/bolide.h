// SPDX-License-Identifier: Apache-2.0
//
// The whole client library.
#pragma once

#include <bolide/admin.h>
#include <bolide/client.h>
#include <bolide/filter.h>
#include <bolide/lite_pull_consumer.h>
#include <bolide/message.h>
#include <bolide/producer.h>
#include <bolide/push_consumer.h>
#include <bolide/reader.h>
#include <bolide/simple_consumer.h>
#include <bolide/status.h>
#include <bolide/transaction_producer.h>
