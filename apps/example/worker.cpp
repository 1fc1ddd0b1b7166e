// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "job.hpp"
#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

/// Called by the origin, several at once if it likes.
report analyse(const job& x) {
  auto result = report{x.number};
  auto words = std::istringstream{x.text};
  for (std::string word; words >> word; ++result.words)
    if (word.size() > result.longest.size())
      result.longest = word;
  std::cout << "job " << x.number << " is done" << std::endl; // appears at the origin
  return result;
}

/// The bug that every program has.
void shred() {
  std::cerr << "shredder: a finger is not paper" << std::endl;
  std::abort();
}

/// An actor like any other. It receives what the origin sends to the name "journal".
caf::behavior journal() {
  auto count = std::make_shared<int>(0);
  return {
      [count](const job& x) {
        ++*count;
        std::cout << "noted: " << x.text << std::endl;
      },
      [count](caf::get_atom) { return *count; },
  };
}

/// Asks the actor, and may wait for it: no other call is delayed.
caf::expected<int> count_notes(caf::actor_system& sys, const caf::actor& whom) {
  auto result = caf::expected<int>{0};
  auto self = caf::scoped_actor{sys};
  self->request(whom, caf::infinite, caf::get_atom_v)
      .receive([&](int count) { result = count; }, [&](caf::error& why) { result = std::move(why); });
  return result;
}

int main(int argc, char** argv) {
  caf::init_global_meta_objects<caf::id_block::example>();
  peer::register_message_types<job>(); // travels in messages
  auto node = peer::node{argc, argv};
  auto notes = node.system().spawn(journal);
  node.function("text", "analyse", analyse)
      .function("text", "shred", shred)
      .function("journal", "count", [&node, notes] { return count_notes(node.system(), notes); })
      .named_actor("journal", notes);
  return node.run();
}
