// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/handle.hpp"
#include "peer/process.hpp"

#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace peer::internal::group {

class roster;

} // namespace peer::internal::group

namespace peer {

/// The options of `start_group`.
struct group_options {
  /// How to start each member. `wait_boot` determines whether, and how long, `start_group` waits until all members run.
  start_options each = {};

  /// The number of members; at least 1.
  std::size_t size = 1;

  /// Changes the options of single members, which are numbered from 0: names, the environment, the program. The kind of
  /// `wait_boot` must be the same for all members.
  std::function<void(std::size_t index, start_options& options)> adapt = {};

  /// Gives each member one CPU, in turn, of those that this program may use (`start_options::cpu_affinity`).
  bool spread_over_cpus = false;

  /// The number of additional peers that are started and kept in reserve. When a member ends, for whatever reason, a
  /// spare that runs takes its place at once, without the time of a start; a new spare is started after 100 ms, later
  /// if spares keep ending soon (`restart_backoff`). A member that ends while no spare runs gets its successor when one
  /// does. Spares are numbered from `size` on, for `adapt` and `spread_over_cpus`; a peer that ends leaves its number
  /// and its options to a new spare, so no two running peers have the same.
  ///
  /// `start_group` does not wait for spares; a spare that does not start is tried again (see `group::spares`). Invalid
  /// together with `peer_down::continue_`, which reports no end of a member.
  std::size_t spares = 0;
};

/// The state of a group's spares.
struct spares_state {
  /// The spares that run and wait for a place, the next one first. Use them for their pids and states only: a call to a
  /// spare is executed by a later member.
  std::vector<handle> running = {};

  /// The number of spares that have become members so far.
  std::uint64_t used = 0;

  /// Why the last spare that failed did not start, or has ended; no error if none has failed.
  caf::error last_failure = {};
};

/// How `group::map` distributes its items.
struct map_options {
  /// The number of calls that a peer may have at the same time; at least 1.
  std::size_t outstanding = 1;

  /// Whether to repeat a call that may have run, wholly or in part (`delivery::unanswered`): its peer has ended, or has
  /// not answered in time. A call that was not delivered is repeated in any case.
  bool safe_to_repeat = false;

  /// With `safe_to_repeat`, the number of calls of an item that may have run; at least 1. Bounds the number of peers
  /// that an item can crash.
  std::size_t attempts = 3;
};

/// Peers for the same work, for code that may block: what benchmark harnesses and drivers of tests do with many peers.
///
///     auto workers = peer::start_group(sys, {.each = {.exec = peer::exec{"worker"}}, .size = 50});
///     for (auto& answer : workers->multicall<int>("setup", "load", path)) …
///     auto counts = workers->map<int>("text", "count", files, {.outstanding = 2});
///     for (auto& report : workers->stop()) …
///
/// A group is a value: copies refer to the same peers. The destruction of the last copy stops the spares, but not the
/// members. A member that ends stays in the group until a spare takes its place, if there are spares; until then
/// requests to it fail at once. A request to all goes to the members at the time of the request. All functions that
/// request something block. Call them from any thread except the loop's, never from an event-based actor: that sends
/// requests to `group[i].actor()` for all `i` and counts the answers. The actor system must outlive the call.
class group {
public:
  // -- member types ---

  /// Iterates over the places of a group. The reference to the member of a place is valid until the iterator is
  /// incremented.
  class iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = handle;
    using difference_type = std::ptrdiff_t;
    using pointer = const handle*;
    using reference = const handle&;

    iterator(std::shared_ptr<const internal::group::roster> members, std::size_t index);

    reference operator*() const { return *current_; }
    pointer operator->() const { return &*current_; }

    iterator& operator++() {
      ++index_;
      load();
      return *this;
    }

    iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }

    friend bool operator==(const iterator& x, const iterator& y) noexcept { return x.index_ == y.index_; }

  private:
    void load();

    std::shared_ptr<const internal::group::roster> members_;
    std::size_t index_;
    std::optional<handle> current_;
  };

  // -- constructors ---

  /// A group of peers that have been started already.
  group(caf::actor_system& sys, std::vector<handle> members);

  // -- properties ---

  [[nodiscard]] std::size_t size() const noexcept;

  /// The present member of that place.
  [[nodiscard]] handle operator[](std::size_t index) const;

  [[nodiscard]] iterator begin() const { return {members_, 0}; }
  [[nodiscard]] iterator end() const { return {members_, size()}; }

  /// The spares, which are not members yet.
  [[nodiscard]] spares_state spares() const;

  /// The same group with another time-out for calls. `caf::infinite` waits for ever.
  [[nodiscard]] group within(caf::timespan timeout) const;

  // -- calls ---

  /// Calls `module:function(xs…)` in all peers at the same time and waits for all, no longer than the time-out. Returns
  /// one answer for each peer, in their order; the errors are those of `handle::call` and name the member.
  template <class T, class... Ts>
  [[nodiscard]] std::vector<caf::expected<T>> multicall(std::string_view module, std::string_view function,
                                                        const Ts&... xs) const {
    auto arguments = encode_arguments(xs...);
    if (!arguments)
      return std::vector<caf::expected<T>>(size(), arguments.error());
    auto result = read<T>(request_calls(module, function, std::move(*arguments)));
    for (std::size_t i = 0; i < result.size(); ++i)
      if (!result[i])
        result[i] = of_member(result[i].error(), i);
    return result;
  }

  /// Calls `module:function(item)` for each item in one of the peers and waits for all; the time-out is that of each
  /// call. Returns the results in the items' order; the errors are those of `handle::call`, and `delivery_of` shows
  /// whether an item can have run.
  ///
  /// An item whose call was not delivered is given to another peer, as is one whose call may have run if the options
  /// say that this is safe. A peer that has ended gets no more items, and neither does one that refuses a call since
  /// too much waits for it already (`errc::overload`). When no peer is left, the last error is the answer for all
  /// remaining items.
  template <class T, class Item>
  [[nodiscard]] std::vector<caf::expected<T>> map(std::string_view module, std::string_view function,
                                                  const std::vector<Item>& items,
                                                  const map_options& options = {}) const {
    auto encoded = std::vector<caf::expected<byte_buffer>>{};
    encoded.reserve(items.size());
    for (const Item& x : items)
      encoded.push_back(encode_arguments(x));
    return read<T>(request_map(module, function, std::move(encoded), options));
  }

  /// Starts `module:function(xs…)` in all peers. Fails only with `errc::bad_term` for an argument that is not a term.
  template <class... Ts>
  [[nodiscard]] caf::error cast(std::string_view module, std::string_view function, const Ts&... xs) const {
    auto arguments = encode_arguments(xs...);
    if (!arguments)
      return std::move(arguments.error());
    start_casts(module, function, *arguments);
    return {};
  }

  /// Sends a message to the process of that name in each peer. Fails only with `errc::bad_term` for content that is not
  /// a term.
  template <class T>
  [[nodiscard]] caf::error send(std::string_view registered_name, const T& content) const {
    auto encoded = byte_buffer{};
    if (auto err = save_term(encoded, content))
      return err;
    start_sends(registered_name, encoded);
    return {};
  }

  /// Waits until every peer runs and has processed what was sent to it before, no longer than `timeout`: messages are
  /// in the mailboxes of their receivers, and the functions of casts and calls have been started. They need not have
  /// returned, since nodes run them concurrently.
  /// @returns the error of the first member that failed, which names the member
  [[nodiscard]] caf::error barrier(caf::timespan timeout = defaults::call_timeout) const;

  // -- state ---

  /// What the process of each peer has used so far (see `usage_of`). The error is `errc::noproc` for a peer that has
  /// ended, or its end if its control actor lives on. The `exit_status` in a `failure` and in the report of `stop` has
  /// the usage of the whole life of a process.
  [[nodiscard]] std::vector<caf::expected<process_usage>> usage() const;

  /// Stops all peers at the same time, spares included, each by its option `shutdown`. Returns when all processes have
  /// ended and were reaped: the reports of the members, then those of the spares. A peer that has ended before has the
  /// report of that end, once; if it was started by others (the constructor) and its control actor has exited `normal`,
  /// the error is `errc::noproc`. From then on no spare is started or takes a place.
  std::vector<caf::expected<stop_report>> stop() const;

private:
  friend caf::expected<group> start_group(caf::actor_system& sys, const group_options& options);

  using answers = std::vector<caf::expected<encoded_term>>;

  template <class T>
  static std::vector<caf::expected<T>> read(answers encoded) {
    auto result = std::vector<caf::expected<T>>{};
    result.reserve(encoded.size());
    for (auto& x : encoded)
      if (!x)
        result.emplace_back(std::move(x.error()));
      else if constexpr (std::is_void_v<T>)
        result.emplace_back();
      else
        result.emplace_back(x->template as<T>());
    return result;
  }

  /// The same error, and which member it is about.
  static caf::error of_member(const caf::error& why, std::size_t index);

  group(caf::actor_system& sys, std::shared_ptr<internal::group::roster> members, caf::actor keeper);

  answers request_calls(std::string_view module, std::string_view function, byte_buffer arguments) const;
  answers request_map(std::string_view module, std::string_view function, std::vector<caf::expected<byte_buffer>> items,
                      const map_options& options) const;
  void start_casts(std::string_view module, std::string_view function, const byte_buffer& arguments) const;
  void start_sends(std::string_view registered_name, const byte_buffer& content) const;

  caf::actor_system* sys_;
  std::shared_ptr<internal::group::roster> members_;
  caf::actor keeper_; ///< of the spares; null without them
  caf::timespan timeout_{defaults::call_timeout};
};

/// Starts the members of a group, all at the same time, and, depending on `wait_boot`, waits until all of them run.
/// Fails with `errc::invalid_option` before anything is started, or with `errc::boot_failed` when the first member does
/// not start: then the others are stopped, no process is left, and the error names the member.
[[nodiscard]] caf::expected<group> start_group(caf::actor_system& sys, const group_options& options);

} // namespace peer
