// SPDX-License-Identifier: Apache-2.0
//
// The program's entry.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  // Buffers of our own: then lines that wait on standard input can be seen.
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  return bolide::app::run_cli(std::vector<std::string>(argv + 1, argv + argc),
                              {std::cin, std::cout, std::cerr});
}
