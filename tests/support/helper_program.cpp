// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "support/helper_program.hpp"

#include "process/initializers.hpp"

#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>
#include <span>

namespace peer::test {

namespace {

using namespace peer::internal::process;

pid_t start(std::span<const std::string> words, bp::process_stdio streams) {
  auto io = boost::asio::io_context{};
  auto launch = launcher{};
  auto failed = error_code{};
  launch(io.get_executor(), failed, words[0], words.subspan(1), search_path{}, streams).detach();
  if (!failed)
    return launch.pid;
  std::fprintf(stderr, "cannot start %s (%s): %s\n", words[0].c_str(), launch.failed_step, failed.message().c_str());
  std::abort();
}

} // namespace

pid_t start_helper(const std::vector<std::string>& words) {
  return start(words, {});
}

piped_helper start_helper(const std::vector<std::string>& words, piped streams) {
  auto ends = make_pipe("the output of " + words[0]);
  if (!ends)
    std::abort();
  auto to = ends->write.get();
  auto output = streams == piped::error ? STDOUT_FILENO : to;
  return {start(words, {STDIN_FILENO, output, to}), std::move(ends->read)};
}

} // namespace peer::test
