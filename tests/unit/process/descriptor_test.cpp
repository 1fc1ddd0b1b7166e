// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.process.descriptor

#include "peer/error.hpp"
#include "process/descriptor.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_facts.hpp"
#include "tests/support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace std::literals;

using peer::internal::process::descriptor;
using peer::test::error_text;

namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

bool is_close_on_exec(int fd) {
  return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

peer::internal::process::descriptor open_something() {
  return peer::internal::process::descriptor{open("/", O_RDONLY | O_CLOEXEC)};
}

struct fixture {
  ~fixture() { CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{}); }

  peer::test::process_guard guard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(descriptor_tests, fixture)

CAF_TEST(a descriptor is closed with its owner) {
  auto number = -1;
  {
    auto fd = open_something();
    number = fd.get();
    CAF_CHECK(fd);
    CAF_CHECK(is_open(number));
  }
  CAF_CHECK(!is_open(number));
}

CAF_TEST(moving a descriptor moves the ownership) {
  auto first = open_something();
  auto number = first.get();
  auto second = std::move(first);
  CAF_CHECK_EQUAL(first.get(), -1);
  CAF_CHECK(!first);
  CAF_CHECK_EQUAL(second.get(), number);
  auto replaced = open_something();
  auto old = replaced.get();
  replaced = peer::internal::process::descriptor{second.release()};
  CAF_CHECK_EQUAL(second.get(), -1);
  CAF_CHECK_EQUAL(replaced.get(), number);
  CAF_CHECK(is_open(number));
  CAF_CHECK(!is_open(old));
}

CAF_TEST(reset closes once) {
  auto fd = open_something();
  auto number = fd.get();
  fd.reset();
  CAF_CHECK(!is_open(number));
  auto other = open_something(); // gets the same number
  CAF_CHECK_EQUAL(other.get(), number);
  fd.reset();
  CAF_CHECK(is_open(number));
}

CAF_TEST(the ends of a pipe are close on exec) {
  auto ends = unbox(peer::internal::process::make_pipe("a test"));
  CAF_CHECK(is_close_on_exec(ends.read.get()));
  CAF_CHECK(is_close_on_exec(ends.write.get()));
  CAF_CHECK_EQUAL(write(ends.write.get(), "x", 1), 1);
  ends.write.reset();
  CAF_CHECK_EQUAL(peer::test::read_to_end(ends.read.get()), "x");
}

CAF_TEST(the ends of a socket pair are connected and close on exec) {
  auto ends = unbox(peer::internal::process::make_socket_pair("a test"));
  CAF_CHECK(is_close_on_exec(ends.first.get()));
  CAF_CHECK(is_close_on_exec(ends.second.get()));
  CAF_CHECK_EQUAL(write(ends.first.get(), "x\n", 2), 2);
  CAF_CHECK_EQUAL(peer::test::read_line(ends.second.get()), "x");
  CAF_CHECK_EQUAL(write(ends.second.get(), "y", 1), 1);
  ends.second.reset();
  CAF_CHECK_EQUAL(peer::test::read_to_end(ends.first.get()), "y");
}

CAF_TEST(the null device can be read and written and is close on exec) {
  auto fd = unbox(peer::internal::process::open_null());
  auto c = char{};
  CAF_CHECK(is_close_on_exec(fd.get()));
  CAF_CHECK_EQUAL(write(fd.get(), "x", 1), 1);
  CAF_CHECK_EQUAL(read(fd.get(), &c, 1), 0);
}

CAF_TEST(in a program without standard streams no descriptor takes their place) {
  auto right = false;
  auto private_ = false;
  auto tidy = false;
  {
    peer::test::without_streams scope;
    auto ends = peer::internal::process::make_pipe("a test");
    auto sockets = peer::internal::process::make_socket_pair("a test");
    auto null = peer::internal::process::open_null();
    right = ends && sockets && null && ends->read.get() > 2 && ends->write.get() > 2 && sockets->first.get() > 2
         && sockets->second.get() > 2 && null->get() > 2;
    private_ = right && is_close_on_exec(ends->read.get()) && is_close_on_exec(ends->write.get())
            && is_close_on_exec(sockets->first.get()) && is_close_on_exec(sockets->second.get())
            && is_close_on_exec(null->get());
    tidy = !is_open(0) && !is_open(1) && !is_open(2);
  }
  CAF_CHECK(right);
  CAF_CHECK(private_);
  CAF_CHECK(tidy);
}

CAF_TEST(running out of descriptors is an error that names the purpose) {
  auto before = rlimit{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto low = rlimit{64, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  auto all = std::vector<peer::internal::process::descriptor>{};
  do
    all.push_back(peer::internal::process::descriptor{fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)});
  while (all.back());
  auto ends = peer::internal::process::make_pipe("a test");
  auto sockets = peer::internal::process::make_socket_pair("a test");
  auto null = peer::internal::process::open_null();
  all.clear();
  setrlimit(RLIMIT_NOFILE, &before);
  CAF_REQUIRE(!ends && !sockets && !null);
  CAF_CHECK_EQUAL(error_text(ends.error()), "cannot make a pipe for a test: Too many open files");
  CAF_CHECK_EQUAL(error_text(sockets.error()), "cannot make a socket pair for a test: Too many open files");
  CAF_CHECK_EQUAL(error_text(null.error()), "cannot open /dev/null: Too many open files");
}

CAF_TEST(reads of a nonblocking descriptor return) {
  auto ends = unbox(peer::internal::process::make_pipe("a test"));
  peer::internal::process::set_nonblocking(ends.read.get());
  auto c = char{};
  auto got = read(ends.read.get(), &c, 1);
  auto code = errno;
  CAF_CHECK_EQUAL(got, -1);
  CAF_CHECK_EQUAL(code, EAGAIN);
}

CAF_TEST(the error of a system call names the call and the cause) {
  auto err = peer::internal::process::system_failure("cannot test", ENOENT);
  CAF_CHECK_EQUAL(err, peer::errc::system_failure);
  CAF_CHECK_EQUAL(error_text(err), "cannot test: No such file or directory");
}

CAF_TEST_FIXTURE_SCOPE_END()
