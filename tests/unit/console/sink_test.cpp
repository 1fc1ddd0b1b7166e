// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.sink

#include "console/messages.hpp"
#include "console/sink.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "process/descriptor.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace std::literals;

using peer::output_line;
using peer::stream;
using peer::internal::console::sink_ptr;

namespace {

constexpr auto out = stream::standard_output;
constexpr auto err = stream::standard_error;

/// Writes and waits until that is done.
caf::error result_of_write(peer::internal::console::sink& where, stream from, std::string_view text) {
  std::promise<caf::error> done;
  where.write(from, text, [&](const caf::error& failed) { done.set_value(failed); });
  return done.get_future().get();
}

void write(peer::internal::console::sink& where, stream from, std::string_view text) {
  static_cast<void>(result_of_write(where, from, text));
}

/// Opens and waits until that is done.
caf::error open(peer::internal::console::sink& what) {
  std::promise<caf::error> done;
  what.open([&](const caf::error& failed) { done.set_value(failed); });
  return done.get_future().get();
}

std::string to_string(const output_line& line) {
  return (line.from == out ? "out:" : "err:") + line.text;
}

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    sys.emplace(config);
    auto name = (std::filesystem::temp_directory_path() / "libpeer-XXXXXX").string();
    place = mkdtemp(name.data());
  }

  ~fixture() {
    sys.reset();
    std::filesystem::remove_all(place);
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  sink_ptr make(const peer::sink_factory& factory, const std::string& peer_name = "name") {
    auto result = unbox(factory(*peer::internal::loop::event_loop::of(*sys), peer_name));
    CAF_CHECK_EQUAL(open(*result), caf::error{});
    return result;
  }

  std::string content(const std::string& name) const {
    auto file = std::ifstream{place / name};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  peer::test::process_guard guard;
  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
  std::filesystem::path place;
};

/// What the program prints while `body` uses the console sink: its stdout, a bar, its stderr.
std::string
console(bool prefix,
        const std::function<void(const peer::sink_factory&, const peer::internal::loop::event_loop_ptr&)>& body) {
  auto printed = unbox(peer::internal::process::make_pipe("stdout"));
  auto complained = unbox(peer::internal::process::make_pipe("stderr"));
  auto null = unbox(peer::internal::process::open_null());
  {
    peer::test::without_streams scope;
    dup2(null.get(), 0);
    dup2(printed.write.get(), 1);
    dup2(complained.write.get(), 2);
    caf::actor_system_config config;
    caf::actor_system sys{config};
    body(peer::console_output(prefix), *peer::internal::loop::event_loop::of(sys));
  }
  printed.write.reset();
  complained.write.reset();
  return peer::test::read_to_end(printed.read.get()) + "|" + peer::test::read_to_end(complained.read.get());
}

} // namespace

// -- the console
// ---------------------------------------------------------------------------------------------------------

CAF_TEST(the console gets both streams as they are) {
  auto printed =
      console(false, [](const peer::sink_factory& factory, const peer::internal::loop::event_loop_ptr& loop) {
        auto sink = *factory(loop, "name");
        write(*sink, out, "one\ntw");
        write(*sink, err, "\xFF bad\n");
        write(*sink, out, "o");
        sink->finish();
      });
  CAF_CHECK_EQUAL(printed, "one\ntwo|\xFF bad\n");
}

CAF_TEST(with a prefix the console gets whole lines of several peers) {
  auto printed = console(true, [](const peer::sink_factory& factory, const peer::internal::loop::event_loop_ptr& loop) {
    auto first = *factory(loop, "a");
    auto second = *factory(loop, "b@host");
    write(*first, out, "one\ntw");
    write(*second, out, "three\n\n");
    write(*second, err, "oops\n");
    write(*first, out, "o\nlast out");
    write(*first, err, "last err");
    second->finish();
    first->finish();
  });
  CAF_CHECK_EQUAL(printed, "[a] one\n[b@host] three\n[b@host] \n[a] two\n[a] last out\n|[b@host] oops\n[a] last err\n");
}

CAF_TEST(a console that nobody reads delays no other output) {
  console(false, [](const peer::sink_factory& factory, const peer::internal::loop::event_loop_ptr& loop) {
    auto sink = *factory(loop, "name");
    sink->write(out, std::string(1 << 20, 'x'), [](const caf::error&) {});
    CAF_CHECK_EQUAL(result_of_write(*sink, err, "not late"), caf::error{});
    auto file = *peer::file_output("/dev/null")(loop, "name");
    CAF_CHECK_EQUAL(open(*file), caf::error{});
    CAF_CHECK_EQUAL(result_of_write(*file, out, "not late"), caf::error{});
  });
}

CAF_TEST(a console that is gone keeps nobody waiting) {
  auto printed =
      console(false, [](const peer::sink_factory& factory, const peer::internal::loop::event_loop_ptr& loop) {
        auto sink = *factory(loop, "name");
        close(1);
        write(*sink, out, "lost");
        write(*sink, err, "not lost");
      });
  CAF_CHECK_EQUAL(printed, "|not lost");
}

CAF_TEST(a console that nobody reads does not keep the system from ending) {
  auto printed =
      console(false, [](const peer::sink_factory& factory, const peer::internal::loop::event_loop_ptr& loop) {
        auto sink = *factory(loop, "name");
        auto written = std::make_shared<std::promise<void>>();
        sink->write(out, std::string(1 << 20, 'x'), [written](const caf::error&) { written->set_value(); });
      });
  CAF_CHECK_GREATER(printed.size(), 4096u); // what fits into the pipe
  CAF_CHECK_EQUAL(printed.find_first_not_of('x'), printed.size() - 1);
}

CAF_TEST_FIXTURE_SCOPE(sink_tests, fixture)

// -- files ------------------------------------------------------------------------------------------------------------

CAF_TEST(a file gets everything in order and keeps what it has) {
  std::ofstream{place / "log"} << "before\n";
  {
    auto sink = make(peer::file_output(place / "log"));
    write(*sink, out, "one");
    write(*sink, err, "two\n");
    write(*sink, out, "");
    write(*sink, out, "\xFF\0"sv);
    sink->finish();
  }
  CAF_CHECK_EQUAL(content("log"), "before\nonetwo\n\xFF\0"s);
}

CAF_TEST(what is written in one go is written before the system ends) {
  {
    auto sink = make(peer::file_output(place / "log"));
    for (auto i = 0; i < 100; ++i)
      sink->write(out, std::string(10'000, 'x'), [](const caf::error&) {});
  }
  sys.reset();
  CAF_CHECK_EQUAL(content("log").size(), 1'000'000u);
}

CAF_TEST(a file that cannot be opened is an error with the cause) {
  auto sink = unbox(peer::file_output(place / "no" / "log")(*peer::internal::loop::event_loop::of(*sys), "name"));
  auto failed = open(*sink);
  CAF_CHECK_EQUAL(failed, peer::errc::system_failure);
  CAF_CHECK_EQUAL(peer::test::error_text(failed),
                  "cannot open the output file '" + (place / "no" / "log").string() + "': No such file or directory");
}

CAF_TEST(a disk that is full keeps nobody waiting and is reported) {
  auto sink = make(peer::file_output("/dev/full"));
  auto failed = result_of_write(*sink, out, "lost");
  CAF_CHECK_EQUAL(failed, peer::errc::system_failure);
  CAF_CHECK_EQUAL(peer::test::error_text(failed),
                  "output is lost: cannot write to '/dev/full': No space left on device");
}

CAF_TEST(a FIFO that nobody reads delays no other output) {
  auto path = place / "fifo";
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto stalled = make(peer::file_output(path));
  auto file = make(peer::file_output(place / "log"));
  stalled->write(out, std::string(1 << 20, 'x'), [](const caf::error&) {});
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(result_of_write(*file, out, "line\n"), caf::error{});
  CAF_CHECK_EQUAL(content("log").size(), 50u);
  CAF_CHECK(!peer::flush_console(*sys, 0s));
  auto again = make(peer::file_output(path)); // the peer is started again
}

CAF_TEST(a FIFO keeps its text for the next reader) {
  auto path = place / "fifo";
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto sink = make(peer::file_output(path));
  for (auto text : {"one"sv, "two"sv}) { // each with a reader of its own
    CAF_CHECK_EQUAL(result_of_write(*sink, out, text), caf::error{});
    auto reader = peer::internal::process::descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    auto buffer = std::string(16, '\0');
    buffer.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(reader.get(), buffer.data(), buffer.size()))));
    CAF_CHECK_EQUAL(buffer, text);
  }
}

CAF_TEST(files that were renamed are opened again) {
  auto sink = make(peer::file_output(place / "log"));
  write(*sink, out, "old\n");
  std::filesystem::rename(place / "log", place / "log.1");
  write(*sink, out, "still old\n");
  peer::reopen_files(*sys);
  CAF_CHECK(peer::flush_console(*sys));
  CAF_CHECK(std::filesystem::exists(place / "log")); // before anything is written
  CAF_CHECK_EQUAL(result_of_write(*sink, out, "new\n"), caf::error{});
  CAF_CHECK_EQUAL(content("log.1"), "old\nstill old\n");
  CAF_CHECK_EQUAL(content("log"), "new\n");
}

CAF_TEST(a file that cannot be opened again stays open) {
  auto folder = place / "folder";
  std::filesystem::create_directory(folder);
  auto sink = make(peer::file_output(folder / "log"));
  std::filesystem::rename(folder, place / "other");
  peer::reopen_files(*sys);
  CAF_CHECK_EQUAL(result_of_write(*sink, out, "one\n"), peer::errc::system_failure);
  CAF_CHECK_EQUAL(result_of_write(*sink, out, "two\n"), caf::error{});
  CAF_CHECK_EQUAL(content("other/log"), "one\ntwo\n");
}

// -- lines ------------------------------------------------------------------------------------------------------------

CAF_TEST(a function gets whole lines of each stream) {
  auto lines = std::vector<std::string>{};
  auto on_loop = false;
  auto loop = *peer::internal::loop::event_loop::of(*sys);
  auto factory = peer::line_output([&](const output_line& line) {
    lines.push_back(to_string(line));
    on_loop = on_loop || loop->in_this_thread();
  });
  auto first = make(factory);
  auto second = make(factory);
  write(*first, out, "one\ntw");
  CAF_CHECK_EQUAL(lines, std::vector{"out:one"s});
  write(*first, err, "er");
  write(*second, out, "other\n");
  write(*first, out, "o\n\nla");
  write(*first, out, "st");
  first->finish();
  second->finish();
  write(*second, out, "\n"); // runs after the rest
  CAF_CHECK_EQUAL(lines, (std::vector{"out:one"s, "out:other"s, "out:two"s, "out:"s, "out:last"s, "err:er"s, "out:"s}));
  CAF_CHECK(!on_loop); // it may block
}

CAF_TEST(a write is done when the function has seen its lines) {
  std::promise<void> entered, leave;
  auto sink = make(peer::line_output([&](const output_line&) {
    entered.set_value();
    leave.get_future().wait();
  }));
  std::promise<void> done;
  auto waits = done.get_future();
  sink->write(out, "one\n", [&](const caf::error&) { done.set_value(); });
  entered.get_future().wait();
  CAF_CHECK(waits.wait_for(0s) == std::future_status::timeout);
  leave.set_value();
  waits.wait();
}

CAF_TEST(an actor gets whole lines as messages) {
  caf::scoped_actor self{*sys};
  auto sink = make(peer::actor_output(caf::actor{self}));
  write(*sink, out, "one\ntw");
  write(*sink, err, "oops\n");
  write(*sink, out, "o");
  sink->finish();
  auto lines = std::vector<std::string>{};
  for (auto i = 0; i < 3; ++i)
    self->receive([&](const output_line& line) { lines.push_back(to_string(line)); });
  CAF_CHECK_EQUAL(lines, (std::vector{"out:one"s, "err:oops"s, "out:two"s}));
  CAF_CHECK(!self->has_next_message());
}

CAF_TEST(an actor that does not keep up delays what comes later) {
  caf::scoped_actor self{*sys};
  auto sink = make(peer::actor_output(caf::actor{self}));
  auto line = std::string(peer::defaults::output_high_water, 'x') + "\n";
  std::promise<void> done;
  auto waits = done.get_future();
  write(*sink, out, "first\n"); // it need not look into its mailbox
  sink->write(out, line, [&](const caf::error&) { done.set_value(); });
  auto pieces = std::size_t{0};
  self->receive([](const output_line& x) { CAF_CHECK_EQUAL(x.text, "first"); });
  CAF_CHECK(waits.wait_for(0s) == std::future_status::timeout);
  for (auto size = std::size_t{0}; size + 1 < line.size(); ++pieces)
    self->receive([&](const output_line& x) { size += x.text.size(); });
  CAF_CHECK(pieces > 1); // a long line comes in pieces
  waits.wait();
}

CAF_TEST(an actor gets the last lines although the sink is gone) {
  caf::scoped_actor self{*sys};
  constexpr auto count = 1000;
  auto sink = make(peer::actor_output(caf::actor{self}));
  std::promise<void> leave;
  (*peer::internal::loop::event_loop::of(*sys))->post([&] {
    leave.get_future().wait();
  }); // nothing is sent before that
  for (auto i = 0; i < count; ++i)
    sink->write(out, std::to_string(i) + "\n", [](const caf::error&) {});
  sink->write(out, "last", [](const caf::error&) {});
  sink->finish();
  sink.reset();
  leave.set_value();
  auto lines = std::vector<std::string>{};
  for (auto i = 0; i <= count; ++i)
    self->receive([&](const output_line& line) { lines.push_back(line.text); });
  CAF_CHECK_EQUAL(lines.front(), "0");
  CAF_CHECK_EQUAL(lines.back(), "last");
}

CAF_TEST(an actor that answers with errors gets the next lines as well) {
  caf::scoped_actor self{*sys};
  auto receiver = sys->spawn([&self](caf::event_based_actor*) -> caf::behavior {
    return {[to = caf::actor{self}](const output_line& line) -> caf::result<void> {
      caf::anon_send(to, line);
      return caf::sec::runtime_error;
    }};
  });
  auto sink = make(peer::actor_output(receiver));
  write(*sink, out, "one\ntwo\n");
  write(*sink, out, "three\n");
  auto lines = std::vector<std::string>{};
  for (auto i = 0; i < 3; ++i)
    self->receive([&](const output_line& line) { lines.push_back(line.text); });
  CAF_CHECK_EQUAL(lines, (std::vector{"one"s, "two"s, "three"s}));
  caf::anon_send_exit(receiver, caf::exit_reason::user_shutdown);
}

CAF_TEST(a receiver that is gone keeps nobody waiting) {
  auto receiver = sys->spawn([](caf::event_based_actor*) {});
  auto sink = make(peer::actor_output(receiver));
  write(*sink, out, "one\n");
}

CAF_TEST(an exception of a function is the reason why a line is lost) {
  auto sink = make(peer::line_output([](const output_line&) { throw std::runtime_error{"no room"}; }));
  auto failed = result_of_write(*sink, out, "one\n");
  CAF_CHECK_EQUAL(failed, peer::errc::callback_failed);
  CAF_CHECK_EQUAL(peer::test::error_text(failed), "the handler of 'line_output' failed: no room");
}

// -- flushing ---------------------------------------------------------------------------------------------------------

CAF_TEST(flushing waits until a file and a function have what was printed) {
  auto lines = std::vector<std::string>{};
  auto file = make(peer::file_output(place / "log"));
  auto function = make(peer::line_output([&](const output_line& line) { lines.push_back(to_string(line)); }));
  for (auto i = 0; i < 1000; ++i)
    file->write(out, "x", [](const caf::error&) {});
  function->write(out, "one\ntwo\n", [](const caf::error&) {});
  CAF_CHECK(peer::flush_console(*sys));
  CAF_CHECK_EQUAL(content("log"), std::string(1000, 'x'));
  CAF_CHECK_EQUAL(lines, (std::vector{"out:one"s, "out:two"s}));
}

CAF_TEST(flushing does not block the loop) {
  auto result = std::promise<bool>{};
  (*peer::internal::loop::event_loop::of(*sys))->post([&] { result.set_value(peer::flush_console(*sys)); });
  CAF_CHECK(!result.get_future().get());
}

CAF_TEST(flushing has a limit) {
  std::promise<void> leave;
  auto sink = make(peer::line_output([&](const output_line&) { leave.get_future().wait(); }));
  sink->write(out, "one\n", [](const caf::error&) {});
  CAF_CHECK(!peer::flush_console(*sys, 0s));
  leave.set_value();
  CAF_CHECK(peer::flush_console(*sys));
}

// -- nowhere ----------------------------------------------------------------------------------------------------------

CAF_TEST(discarded output is done at once) {
  auto sink = make(peer::discard_output());
  auto done = false;
  sink->write(out, "one\n", [&](const caf::error&) { done = true; });
  CAF_CHECK(done);
  sink->finish();
}

// -- messages ---------------------------------------------------------------------------------------------------------

CAF_TEST(lines can be printed and sent) {
  CAF_CHECK_EQUAL(caf::deep_to_string(output_line{err, "one"}), R"__(peer::output_line(standard_error, "one"))__");
  auto value = out;
  CAF_CHECK(from_string("standard_error", value));
  CAF_CHECK_EQUAL(value, err);
  CAF_CHECK(from_string("standard_output", value));
  CAF_CHECK_EQUAL(value, out);
  CAF_CHECK(!from_string("stdout", value));
  CAF_CHECK(from_integer(1, value));
  CAF_CHECK_EQUAL(value, err);
  CAF_CHECK(!from_integer(2, value));
}

CAF_TEST_FIXTURE_SCOPE_END()
