// SPDX-License-Identifier: Apache-2.0
//
// Marks what libbolide.so offers; everything else stays inside it.
#pragma once

// Stands before what libbolide.so offers.
#define BOLIDE_API [[gnu::visibility("default")]]
