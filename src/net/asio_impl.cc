// SPDX-License-Identifier: Apache-2.0
//
// The compiled half of Boost.Asio (BOOST_ASIO_SEPARATE_COMPILATION is set for the whole module).
// Runs on: -  Owns: nothing.  Invariant: the only unit that includes it.
#include <boost/asio/impl/src.hpp>
