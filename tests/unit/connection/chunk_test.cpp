// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.connection.chunk

#include "connection/chunk.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <set>
#include <thread>

CAF_TEST(threads that read one after the other need one chunk) {
  auto places = std::set<std::byte*>{};
  for (auto i = 0; i < 10; ++i)
    std::thread{[&] { places.insert(peer::internal::connection::chunk{}.data()); }}.join();
  CAF_CHECK_EQUAL(places.size(), 1u);
}

CAF_TEST(chunks that are in use at the same time are different) {
  auto places = std::set<std::byte*>{};
  {
    peer::internal::connection::chunk first, second, third;
    places = {first.data(), second.data(), third.data()};
    CAF_CHECK_EQUAL(places.size(), 3u);
  }
  peer::internal::connection::chunk again; // what was given back can be had again
  CAF_CHECK(places.contains(again.data()));
}
