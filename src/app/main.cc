// SPDX-License-Identifier: Apache-2.0
//
// The program's entry.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
int main() { return 0; }
