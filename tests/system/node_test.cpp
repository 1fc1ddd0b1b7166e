// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A peer in C++, over each connection: calls, messages, console, end.

#define CAF_SUITE peer.system.node

#include "console/sink.hpp"
#include "support/system_fixture.hpp"
#include "support/tcp_client.hpp"
#include "test_node.hpp"

#include <csignal>
#include <fstream>
#include <future>
#include <limits>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::errc;
using peer::exception_class;
using peer::pid;
using peer::stream;
using peer::term;
using peer::erl::tuple;

namespace {

using bytes = std::vector<std::byte>;

bytes to_bytes(std::string_view text) {
  auto data = std::as_bytes(std::span{text});
  return {data.begin(), data.end()};
}

/// Keeps text as soon as it comes, and does not tell that it has been written until it is opened.
class recording_sink final : public peer::internal::console::sink {
public:
  explicit recording_sink(bool open) : open_(open) {}

  void write(stream, std::string_view text, done written) override {
    auto guard = std::unique_lock{mutex_};
    text_ += text;
    more_.notify_all();
    if (!open_)
      return waiting_.push_back(std::move(written));
    guard.unlock();
    written({});
  }

  void release() {
    auto guard = std::unique_lock{mutex_};
    open_ = true;
    auto waiting = std::exchange(waiting_, {});
    guard.unlock();
    for (auto& written : waiting)
      written({});
  }

  /// Waits until that many bytes have come.
  bool wait_for(std::size_t count) {
    auto guard = std::unique_lock{mutex_};
    return more_.wait_for(guard, patience, [&] { return text_.size() >= count; });
  }

  /// What has come so far.
  std::string text() {
    auto guard = std::unique_lock{mutex_};
    return text_;
  }

private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<done> waiting_;
  std::string text_;
  bool open_;
};

/// All output to `sink`.
peer::sink_factory to(const std::shared_ptr<recording_sink>& sink) {
  return [sink](const peer::internal::loop::event_loop_ptr&, const std::string&) { return sink; };
}

struct node_fixture : system_fixture {
  static const std::vector<std::pair<std::string, peer::connection_kind>>& connections() {
    static const auto result = [] {
      auto kinds = std::vector<std::pair<std::string, peer::connection_kind>>{
          {"inherited", peer::inherited{}},
          {"standard_io", peer::standard_io{}},
          {"tcp", peer::tcp{}},
      };
      if (has_ipv6()) // not every host does
        kinds.emplace_back("tcp over IPv6", peer::tcp{"::1", 0});
      return kinds;
    }();
    return result;
  }

  /// Runs `test` with a new peer over each connection.
  template <class F>
  void over_each(F test) {
    for (auto& [name, kind] : connections()) {
      CAF_MESSAGE("over " << name);
      console = {}; // what an earlier peer printed does not count
      auto worker = start(node(kind));
      test(worker);
      static_cast<void>(worker.stop());
    }
  }

  peer::start_options node(const peer::connection_kind& kind) const {
    auto result = peer::start_options{};
    result.exec = peer::exec{TEST_NODE};
    result.connection = kind;
    result.wait_boot = caf::timespan{patience};
    result.output = line_log{console}.sink();
    return result;
  }

  /// Options for a peer whose handle ends with the reason of the peer's end.
  peer::start_options crashing(const peer::connection_kind& kind) const {
    auto result = node(kind);
    result.peer_down = peer::peer_down::crash;
    return result;
  }

  /// What the peer's standard output was, byte by byte, until the end.
  static std::string content(const std::string& path) {
    auto file = std::ifstream{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
};

peer::erl::exception exception_in(const caf::error& err) {
  auto found = peer::exception_of(err);
  if (found == nullptr)
    CAF_FAIL("no exception: " << peer::describe(err));
  return *found;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(node_tests, node_fixture)

// -- calls ------------------------------------------------------------------------------------------------------------

CAF_TEST(values and structs are arguments and results) {
  over_each([](peer::handle& worker) {
    CAF_CHECK_EQUAL(worker.node(), atom{"nonode@nohost"});
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "add", 40, 2)), 42);
    auto sent = parcel{1, "h\xC3\xA9llo", {0.5, 1.5}};
    CAF_CHECK_EQUAL(value_of(worker.call<parcel>("calls", "heavier", sent, 1.0)),
                    (parcel{2, "h\xC3\xA9llo", {1.5, 2.5}}));
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "count", 1, "two", 3.0)), 3);
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "apply", atom{"calls"}, atom{"add"}, std::vector{1, 2})), 3);
    CAF_CHECK_NOT_EQUAL(value_of(worker.call<pid>("calls", "self")), value_of(worker.call<pid>("calls", "self")));
    CAF_CHECK_EQUAL(value_of(worker.call<bool>("calls", "blocks_signals")), false);
  });
}

CAF_TEST(exceptions keep class and reason) {
  over_each([](peer::handle& worker) {
    for (auto cls : {exception_class::throw_, exception_class::error_, exception_class::exit_}) {
      auto raised =
          exception_in(error_of(worker.call<int>("calls", "raise", to_string(cls), peer::erl::tuple{atom{"why"}, 1})));
      CAF_CHECK_EQUAL(raised.cls, cls);
      CAF_CHECK_EQUAL(raised.reason, (term{peer::erl::tuple{atom{"why"}, 1}}));
    }
    auto failed = exception_in(error_of(worker.call<int>("calls", "fail", "no luck")));
    CAF_CHECK_EQUAL(failed.reason, (term{peer::erl::tuple{atom{"std::runtime_error"}, "no luck"}}));
    auto undefined = exception_in(error_of(worker.call<int>("calls", "nothing", 1)));
    CAF_CHECK_EQUAL(undefined.reason, term{atom{"undef"}});
    auto bad = exception_in(error_of(worker.call<int>("calls", "add", 1, "two")));
    CAF_CHECK_EQUAL(bad.reason, term{atom{"badarg"}});
    check_contains(to_string(bad.stacktrace), "calls:add(integer(), integer()) -> integer()");
  });
}

CAF_TEST(slow calls delay neither each other nor other calls) {
  over_each([](peer::handle& worker) {
    auto patient = worker.within(patience);
    auto waiting = std::vector<std::future<caf::expected<void>>>{};
    for (auto i = 0; i < 20; ++i)
      waiting.push_back(std::async(std::launch::async, [&] { return patient.call<void>("gate", "wait"); }));
    value_of(patient.call<void>("gate", "wait_for", 20));
    CAF_CHECK_EQUAL(value_of(patient.call<int>("calls", "add", 1, 2)), 3);
    value_of(patient.call<void>("gate", "open"));
    for (auto& x : waiting)
      CAF_CHECK(x.get());
  });
}

CAF_TEST(a function learns that its caller has given up) {
  over_each([](peer::handle& worker) {
    CAF_CHECK(error_of(worker.within(20ms).call<void>("patient", "wait")) == errc::timeout);
    CAF_CHECK(value_of(worker.within(patience).call<bool>("patient", "stopped")));
  });
}

CAF_TEST(large values pass) {
  over_each([](peer::handle& worker) {
    auto size = std::size_t{8} << 20;
    auto result = value_of(worker.within(patience).call<bytes>("calls", "large", size));
    CAF_CHECK_EQUAL(result.size(), size);
  });
}

CAF_TEST(a result that no frame can hold is an error and the next call works) {
  auto worker = start(node(peer::inherited{}));
  auto failed =
      exception_in(error_of(worker.within(caf::infinite).call<bytes>("calls", "large", std::size_t{300} << 20)));
  CAF_CHECK_EQUAL(failed.cls, exception_class::error_);
  check_contains(to_string(failed.reason), "bad_return_value");
  CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "add", 1, 2)), 3);
}

CAF_TEST(a term that is nested deeply arrives) {
  auto nested = term{1};
  for (auto i = 0; i < 100'000; ++i) {
    auto elements = std::vector<term>{};
    elements.push_back(std::move(nested)); // an initializer list would copy it
    nested = term{peer::erl::tuple{std::move(elements)}};
  }
  over_each([&](peer::handle& worker) {
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "count", nested)), 1);
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "add", 1, 2)), 3);
  });
}

CAF_TEST(messages reach named actors as what they were and come back) {
  over_each([this](peer::handle& worker) {
    auto self = caf::scoped_actor{*sys};
    auto here = value_of(worker.expose(caf::actor_cast<caf::actor>(self)));
    auto answer = [&] {
      auto result = ""s;
      self->receive([&](const term& x) { result = to_string(x); },
                    caf::after(patience) >> [] { CAF_FAIL("no answer"); });
      return result;
    };
    CAF_CHECK(!worker.send("witness", here));
    CAF_CHECK(!worker.send("witness", caf::make_message("text"s, 7)));
    CAF_CHECK_EQUAL(answer(), "{string_and_int,{<<\"text\">>,7}}");
    CAF_CHECK(!worker.send("witness", parcel{1, "t", {}}));
    CAF_CHECK_EQUAL(answer(), "{parcel,{parcel,1,<<\"t\">>,[]}}");
    auto there = value_of(worker.call<pid>("message", "whereis", "witness"));
    CAF_CHECK(!worker.send(there, caf::make_message(parcel{2, "u", {}})));
    CAF_CHECK_EQUAL(answer(), "{parcel,{parcel,2,<<\"u\">>,[]}}");
    CAF_CHECK(!worker.send("witness", std::vector{1, 2, 300}));
    CAF_CHECK_EQUAL(answer(), "{term,[1,2,300]}");
    value_of(worker.call<atom>("message", "send", here, "hello"));
    CAF_CHECK_EQUAL(answer(), "<<\"hello\">>");
  });
}

CAF_TEST(what a function sends comes before its result) {
  over_each([this](peer::handle& worker) {
    auto self = caf::scoped_actor{*sys};
    auto here = value_of(worker.expose(caf::actor_cast<caf::actor>(self)));
    for (auto i = 0; i < 100; ++i) {
      value_of(worker.within(patience).call<atom>("message", "send", here, i));
      self->receive([&](const term& x) { CAF_CHECK_EQUAL(x, term{i}); },
                    caf::after(0ms) >> [&] { CAF_ERROR("message " << i << " is not there yet"); });
    }
  });
}

CAF_TEST(all messages that a function sends come before its result) {
  static constexpr auto count = 1000;
  over_each([this](peer::handle& worker) {
    auto self = caf::scoped_actor{*sys};
    auto here = value_of(worker.expose(caf::actor_cast<caf::actor>(self)));
    value_of(worker.within(patience).call<void>("message", "send_many", here, count));
    auto received = 0;
    for (auto more = true; more;)
      self->receive([&](const term& x) { CAF_CHECK_EQUAL(x, term{received++}); },
                    caf::after(0ms) >> [&] { more = false; });
    CAF_CHECK_EQUAL(received, count);
  });
}

CAF_TEST(messages to nobody are harmless) {
  over_each([](peer::handle& worker) {
    CAF_CHECK(!worker.send("no_such_name", 1));
    CAF_CHECK(!worker.send(value_of(worker.call<pid>("calls", "self")), 1));
    CAF_CHECK(!worker.send(pid{atom{"other@node"}, 1, 2, 3}, 1));
    CAF_CHECK(!worker.send("witness", atom{"quit"}));
    CAF_CHECK(!worker.send("witness", 1));
    value_of(worker.call<atom>("message", "send", pid{atom{"libpeer@origin"}, 999, 0, 1}, "hello"));
    CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "add", 1, 2)), 3);
  });
}

// -- console ----------------------------------------------------------------------------------------------------------

CAF_TEST(what a function prints comes before its result) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto output = std::make_shared<recording_sink>(true);
    auto options = node(kind);
    options.output = to(output);
    auto worker = start(std::move(options));
    auto printed = ""s;
    for (auto i = 0; i < 100; ++i) {
      auto line = "line " + std::to_string(i) + "\n";
      printed += line;
      value_of(worker.within(patience).call<void>("console", "print", to_bytes(line)));
      CAF_CHECK_EQUAL(output->text(), printed); // is there already: nobody waits for it
    }
    static_cast<void>(worker.stop());
  }
}

CAF_TEST(every byte may be printed) {
  auto all = ""s;
  for (auto i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  all += "\xC3\xA9\xE2\x82\xAC";
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto path = "/tmp/libpeer_node_test_" + std::to_string(getpid());
    std::remove(path.c_str());
    auto options = node(kind);
    options.output = peer::file_output(path);
    auto worker = start(std::move(options));
    for (auto i = 0; i < 3; ++i) {
      value_of(worker.call<void>("console", "print", to_bytes(all)));
      value_of(worker.call<void>("console", "flush"));
    }
    value_of(worker.stop());
    sys.reset();
    CAF_CHECK_EQUAL(content(path), all + all + all);
    std::remove(path.c_str());
    sys.emplace(config);
  }
}

CAF_TEST(what a function prints needs no newline to come before its result) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto sink = std::make_shared<recording_sink>(true);
    auto options = node(kind);
    options.output = to(sink);
    auto worker = start(std::move(options));
    auto expected = std::string{};
    for (auto i = 0; i < 100; ++i) {
      expected += std::to_string(i); // neither a newline nor a flush
      value_of(worker.call<void>("console", "print", to_bytes(std::to_string(i))));
      if (sink->text() != expected)
        CAF_ERROR("after call " << i << " there is '" << sink->text() << "'");
    }
    static_cast<void>(worker.stop());
  }
}

CAF_TEST(what a function prints before it exits is not lost) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto sink = std::make_shared<recording_sink>(true);
    auto options = node(kind);
    options.output = to(sink);
    auto worker = start(std::move(options));
    auto err = error_of(worker.within(patience).call<void>("process", "print_and_leave", "good"));
    auto end = peer::failure_of(err);
    CAF_REQUIRE(end != nullptr);
    CAF_CHECK_EQUAL(err, errc::exit_status);
    CAF_CHECK_EQUAL(peer::shell_status(*end->status), 5);
    CAF_CHECK_EQUAL(sink->text(), "good");
  }
}

CAF_TEST(standard error is a stream of its own) {
  over_each([this](peer::handle& worker) {
    value_of(worker.call<void>("console", "complain", "careful\n"));
    CAF_CHECK(console.wait_for("careful"));
    CAF_CHECK_EQUAL(console.lines(stream::standard_error).back(), "careful");
  });
}

CAF_TEST(a function prints and reads at the origin) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    console = {};
    auto options = node(kind);
    options.input = peer::text_input("first\nsecond");
    auto worker = start(std::move(options));
    value_of(worker.call<atom>("console", "print_at_origin", "gr\xC3\xBC\xC3\x9F\n"));
    CAF_CHECK(console.wait_for("gr\xC3\xBC\xC3\x9F"));
    CAF_CHECK_EQUAL(value_of(worker.call<std::string>("console", "get_line", "? ")), "first\n");
    CAF_CHECK_EQUAL(value_of(worker.call<std::string>("console", "get_line", "")), "second");
    CAF_CHECK_EQUAL(value_of(worker.call<atom>("console", "get_line", "")), atom{"undefined"});
    CAF_CHECK_EQUAL(value_of(worker.call<term>("console", "io_request", atom{"nonsense"})),
                    (term{peer::erl::tuple{atom{"error"}, atom{"request"}}}));
    CAF_CHECK_EQUAL(value_of(worker.call<int>("console", "read_stdin")), 0);
  }
}

CAF_TEST(a sink that does not keep up costs bounded memory and delays no call) {
  constexpr auto size = std::size_t{8} << 20;
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto slow = std::make_shared<recording_sink>(false);
    auto options = node(kind);
    options.output = to(slow);
    auto worker = start(std::move(options));
    // Whoever prints has to wait: nobody takes 8 MiB into memory.
    auto held_up = worker.within(500ms).call<void>("console", "print", bytes(size, std::byte{'x'}));
    CAF_CHECK(error_of(std::move(held_up)) == errc::timeout);
    CAF_REQUIRE(slow->wait_for(1));
    for (auto i = 0; i < 100; ++i)
      CAF_CHECK_EQUAL(value_of(worker.within(patience).call<int>("calls", "add", i, 2)), i + 2);
    CAF_CHECK_LESS(slow->text().size(), std::size_t{2} << 20);
    slow->release();
    CAF_CHECK(slow->wait_for(size));
    CAF_CHECK(slow->text() == std::string(size, 'x'));
    static_cast<void>(worker.stop());
  }
}

// -- the end ----------------------------------------------------------------------------------------------------------

CAF_TEST(an abort is told with its last words) {
  over_each([](peer::handle& worker) {
    auto err = error_of(worker.call<void>("process", "crash", "the disk is full"));
    CAF_CHECK(err == errc::exit_status);
    auto ended = peer::failure_of(err);
    CAF_REQUIRE(ended != nullptr);
    CAF_REQUIRE(ended->status);
    CAF_CHECK_EQUAL(ended->status->value, SIGABRT);
    CAF_CHECK_EQUAL(ended->last_words, (std::vector{"the disk is full"s}));
    check_contains(peer::describe(err), "killed by signal 6 (SIGABRT)");
  });
}

CAF_TEST(halt passes on what was printed and ends with its status) {
  over_each([](peer::handle& worker) {
    auto err = error_of(worker.call<void>("process", "halt", 7));
    CAF_REQUIRE(peer::failure_of(err) != nullptr);
    CAF_CHECK_EQUAL(peer::failure_of(err)->status->value, 7);
    auto reason = peer::failure_of(err)->connection == "tcp" ? "tcp_closed" : "{exit_status,7}"; // as OTP tells it
    CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), reason);
  });
  over_each([this](peer::handle& worker) {
    auto text = "last " + std::to_string(process_of(worker));
    auto err = error_of(worker.call<void>("process", "print_and_halt", text + "\n"));
    CAF_CHECK_EQUAL(peer::failure_of(err)->status->value, 0);
    CAF_CHECK(console.wait_for(text));
  });
}

CAF_TEST(a program may leave by exit) {
  over_each([](peer::handle& worker) {
    auto err = error_of(worker.call<void>("process", "leave"));
    CAF_REQUIRE(peer::failure_of(err) != nullptr);
    CAF_CHECK_EQUAL(peer::failure_of(err)->status->value, 5);
  });
}

CAF_TEST(each way to stop) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto stop = [&, &which = kind](peer::shutdown_option how) {
      auto options = node(which);
      options.shutdown = how;
      return value_of(start(std::move(options)).stop());
    };
    auto by_default = stop(peer::shutdown_default{});
    CAF_CHECK(by_default.ended_by == peer::stop_step::asked);
    CAF_CHECK_EQUAL(by_default.status->value, 0);
    auto halted = stop(peer::shutdown_halt{});
    CAF_CHECK(halted.ended_by == peer::stop_step::closed);
    CAF_CHECK_EQUAL(halted.status->value, 1);
    auto closed = stop(peer::shutdown_close{});
    CAF_CHECK(closed.ended_by == peer::stop_step::closed);
    auto asked = stop(caf::timespan{10s});
    CAF_CHECK(asked.ended_by == peer::stop_step::asked);
    CAF_CHECK_EQUAL(asked.status->value, 0);
  }
}

CAF_TEST(a function that runs when the peer is stopped returns its result and destructors run) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    console = {};
    auto worker = start(node(kind));
    CAF_REQUIRE(worker.call<void>("process", "bid_farewell"));
    CAF_REQUIRE(!worker.cast("patient", "wait"));
    auto result = std::async(std::launch::async, [&] { return worker.within(patience).call<atom>("gate", "wait"); });
    value_of(worker.within(patience).call<void>("gate", "wait_for", 1));
    auto stopped = std::async(std::launch::async, [&] { return worker.stop(); });
    CAF_CHECK(console.wait_for("told to stop"));
    CAF_CHECK(!worker.send("gate", atom{"open"}));
    CAF_CHECK_EQUAL(value_of(result.get()), atom{"ok"});
    auto report = value_of(stopped.get());
    CAF_CHECK(report.ended_by == peer::stop_step::asked);
    CAF_CHECK_EQUAL(report.status->value, 0);
    CAF_CHECK(console.wait_for("farewell"));
  }
}

CAF_TEST(the destructors after a stop that the node itself began are not cut) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    console = {};
    auto worker = start(crashing(kind));
    auto watch = end_watch{*sys, worker.actor()};
    constexpr auto longer_than_grace = 3 * peer::defaults::exit_grace;
    CAF_REQUIRE(worker.call<void>("process", "linger", static_cast<int>(longer_than_grace.count())));
    CAF_REQUIRE(worker.call<void>("process", "bid_farewell"));
    CAF_CHECK_EQUAL(value_of(worker.call<atom>("init", "stop")), atom{"ok"});
    CAF_CHECK_EQUAL(end_status(watch.reason()), 0);
    CAF_CHECK(console.wait_for("farewell"));
  }
}

CAF_TEST(init stop waits for functions that can be told) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    console = {};
    auto worker = start(crashing(kind));
    auto watch = end_watch{*sys, worker.actor()};
    CAF_REQUIRE(!worker.cast("patient", "wait"));
    CAF_CHECK_EQUAL(value_of(worker.call<atom>("init", "stop")), atom{"ok"});
    CAF_CHECK_EQUAL(end_status(watch.reason()), 0);
    CAF_CHECK(console.wait_for("told to stop")); // its last words
  }
}

CAF_TEST(init stop may name the exit status) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto worker = start(crashing(kind));
    auto watch = end_watch{*sys, worker.actor()};
    auto bad = exception_in(error_of(worker.call<atom>("init", "stop", 256)));
    CAF_CHECK_EQUAL(bad.reason, term{atom{"badarg"}});
    CAF_CHECK_EQUAL(value_of(worker.call<atom>("init", "stop", 9)), atom{"ok"});
    CAF_CHECK_EQUAL(end_status(watch.reason()), 9);
  }
}

CAF_TEST(a function that holds an actor does not keep a node from ending) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto worker = start(crashing(kind));
    auto watch = end_watch{*sys, worker.actor()};
    CAF_CHECK(value_of(worker.call<bool>("captured", "lives")));
    CAF_CHECK_EQUAL(value_of(worker.call<atom>("init", "stop")), atom{"ok"});
    CAF_CHECK_EQUAL(end_status(watch.reason()), 0);
  }
}

CAF_TEST(a node whose channel actor is killed ends with status 1) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto worker = start(crashing(kind));
    auto watch = end_watch{*sys, worker.actor()};
    CAF_CHECK(!worker.cast("erlang", "exit", channel_of_node(worker), atom{"kill"}));
    CAF_CHECK_EQUAL(end_status(watch.reason()), 1);
    CAF_CHECK(console.wait_for("libpeer: peer_supervision ended: {peer_channel_terminated,killed}"));
  }
}

CAF_TEST(a node is not ended by exits to its other actors) {
  auto worker = start(node(peer::inherited{}));
  auto witness = value_of(worker.call<pid>("message", "whereis", "witness"));
  CAF_CHECK(value_of(worker.call<bool>("erlang", "exit", witness, atom{"normal"})));
  CAF_CHECK(value_of(worker.call<bool>("erlang", "exit", witness, atom{"enough"})));
  CAF_CHECK_EQUAL(value_of(worker.call<int>("calls", "add", 1, 2)), 3);
}

CAF_TEST(a peer that is held up by a function ends with its connection) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto options = node(kind);
    options.shutdown = peer::shutdown_halt{};
    auto worker = start(std::move(options));
    CAF_REQUIRE(!worker.cast("gate", "wait"));
    value_of(worker.within(patience).call<void>("gate", "wait_for", 1));
    auto report = value_of(worker.stop());
    CAF_CHECK(report.ended_by == peer::stop_step::closed);
    CAF_CHECK_EQUAL(report.status->value, 1);
  }
}

CAF_TEST(children of a peer get nothing of its connection) {
  over_each([](peer::handle& worker) {
    auto seen = value_of(worker.within(patience).call<std::string>("process", "from_a_child"));
    // Its standard input; its descriptors, of which 3 is the directory that it lists; lines of the environment that
    // name a descriptor.
    CAF_CHECK_EQUAL(seen, "/dev/null\n0\n1\n2\n3\n0\n");
  });
}

CAF_TEST(nodes have names as Erlang makes them) {
  auto options = node(peer::inherited{});
  options.name = "some_name";
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(worker.node().name().substr(0, 10), "some_name@");
  CAF_CHECK_EQUAL(value_of(worker.call<atom>("erlang", "node")), worker.node());
  CAF_CHECK(!worker.send("witness", 1));
  options = node(peer::standard_io{});
  options.name = "other";
  options.host = "host.example";
  options.longnames = true;
  CAF_CHECK_EQUAL(start(std::move(options)).node(), atom{"other@host.example"});
}

CAF_TEST(a hundred peers start at once) {
  for (auto& [name, kind] : connections()) {
    CAF_MESSAGE("over " << name);
    auto starting = std::vector<std::future<caf::expected<peer::handle>>>{};
    for (auto i = 0; i < 100; ++i)
      starting.push_back(
          std::async(std::launch::async, [this, &which = kind] { return peer::start(*sys, node(which)); }));
    auto running = 0;
    for (auto& x : starting) {
      auto worker = x.get();
      if (worker)
        running += worker->call<int>("calls", "add", 1, 2) ? 1 : 0;
      else
        CAF_MESSAGE(peer::describe(worker.error()));
    }
    CAF_CHECK_EQUAL(running, 100);
    sys.reset();
    sys.emplace(config);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
