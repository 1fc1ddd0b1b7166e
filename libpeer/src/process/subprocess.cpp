// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/subprocess.hpp"

#include "peer/detail/defaults.hpp"
#include "process/cgroup_limits.hpp"
#include "process/guardian.hpp"
#include "process/own_processes.hpp"
#include "process/reap.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include <poll.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgot that C++ includes it, too
}

namespace peer::internal::process {

namespace {

// -- the process ------------------------------------------------------------------------------------------------------

using steady = std::chrono::steady_clock;

/// How long to wait before checking again whether the rest of the family has ended.
class patience {
public:
  std::chrono::milliseconds next() { return std::exchange(delay_, std::min(2 * delay_, longest)); }

private:
  static constexpr auto longest = std::chrono::milliseconds{32};

  std::chrono::milliseconds delay_{1};
};

class subprocess_impl final : public subprocess {
public:
  subprocess_impl(boost::asio::io_context& io, spawned_process process, survivor_policy policy,
                  std::optional<cgroup> place, std::vector<std::string> limits_off)
      : id_(process.id),
        policy_(policy),
        limits_off_(std::move(limits_off)),
        family_(process.id, policy, std::move(place)),
        pidfd_(std::move(process.pidfd)),
        watched_(io),
        timer_(io) {}

  ~subprocess_impl() override {
    *alive_ = false;
    if (reported_)
      return;
    if (!status_) {
      ended_at_ = steady::now();
      family_.kill(leader());
      auto ended = pollfd{pidfd_.get(), POLLIN, 0};
      poll(&ended, 1, static_cast<int>(defaults::kill_timeout.count()));
      for (auto looks = patience{}; !reap_or_give_up();)
        poll(nullptr, 0, static_cast<int>(looks.next().count()));
      stop_watching();
    }
    for (auto looks = patience{}; !is_over({}); family_.kill_rest())
      poll(nullptr, 0, static_cast<int>(looks.next().count()));
    forget_group();
  }

  /// Returns an errno value, 0 for success.
  int watch() {
    auto failed = boost::system::error_code{};
    watched_.assign(pidfd_.get(), failed);
    return failed.value();
  }

  void on_exit(exit_handler handler) override {
    handler_ = std::move(handler);
    await_end();
  }

  void end(exit_handler handler) override {
    if (reported_)
      return;
    handler_ = std::move(handler);
    if (!ending_)
      finish();
  }

  void note_descendants() override {
    if (!status_ && leader() == leader_state::ours)
      family_.note();
  }

  void signal(int number, signal_scope scope) override {
    if (status_ || leader() == leader_state::stolen)
      return;
    if (scope == signal_scope::process) {
      pidfd_send_signal(pidfd_.get(), number, nullptr, 0);
      return;
    }
    if (number == SIGTERM || number == SIGKILL)
      family_.note();
    kill(-id_, number);
  }

  pid_t id() const noexcept override { return id_; }

  const std::vector<std::string>& limits_off() const noexcept override { return limits_off_; }

  const std::optional<exit_status>& status() const noexcept override { return status_; }

private:
  /// As long as the process has not been reaped its number cannot be reused. EPERM: it has changed its user.
  leader_state leader() {
    auto there = pidfd_send_signal(pidfd_.get(), 0, nullptr, 0) == 0 || errno != ESRCH;
    return there ? leader_state::ours : leader_state::stolen;
  }

  void await_end() {
    watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this, alive = alive_](const boost::system::error_code& code) {
                          // Destroying this object does not cancel a handler that is ready to run.
                          if (!code && *alive)
                            has_ended() ? finish() : await_end();
                        });
  }

  /// Polls the pidfd: Asio may report an event of a descriptor that was just closed.
  bool has_ended() const {
    auto ended = pollfd{pidfd_.get(), POLLIN, 0};
    return poll(&ended, 1, 0) == 1;
  }

  /// The process has ended, or has to.
  void finish() {
    ending_ = true;
    ended_at_ = steady::now();
    family_.kill(leader());
    stop_watching();
    take_status();
  }

  /// Reaps the process. May destroy this object, as may the functions below.
  void take_status() {
    status_ = reap_or_give_up();
    if (!status_)
      return look_later([this] { take_status(); });
    pidfd_.reset();
    settle();
  }

  /// The status, which is unknown if the process was not reaped in time; nothing if there is time left.
  std::optional<exit_status> reap_or_give_up() {
    auto known = own_processes::scope{};
    auto taken = reap(pidfd_.get());
    if (!taken && is_given_up())
      taken.emplace();
    if (taken)
      known.forget(id_);
    return taken;
  }

  /// Asio must not close the pidfd.
  void stop_watching() {
    if (watched_.is_open())
      watched_.release();
  }

  template <class F>
  void look_later(F look) {
    timer_.expires_after(looks_.next());
    timer_.async_wait([alive = alive_, look](const boost::system::error_code& code) {
      if (!code && *alive)
        look();
    });
  }

  /// Waits for the rest of the family.
  void settle() {
    if (!is_over(defaults::survivor_grace))
      return look_later([this] {
        family_.kill_rest();
        settle();
      });
    reported_ = true;
    forget_group();
    auto status = *status_;
    std::exchange(handler_, nullptr)(status, family_.survivors());
  }

  /// The guardian need not end a group of which nothing is left.
  void forget_group() {
    if (family_.ended())
      guardian::ended(id_);
  }

  bool is_given_up() const { return steady::now() - ended_at_ >= defaults::kill_timeout; }

  /// Whether no process is left to wait for. @param grace for descendants that are not killed.
  bool is_over(std::chrono::milliseconds grace) {
    if (is_given_up())
      return true;
    if (!family_.ended())
      return false;
    return family_.survivors().empty() || (policy_ == survivor_policy::report && steady::now() - ended_at_ >= grace);
  }

  pid_t id_;
  survivor_policy policy_;
  std::vector<std::string> limits_off_;
  family family_;
  descriptor pidfd_; ///< until the process has a status
  boost::asio::posix::stream_descriptor watched_;
  boost::asio::steady_timer timer_;
  patience looks_;
  exit_handler handler_;
  std::optional<exit_status> status_;
  steady::time_point ended_at_; ///< of the process, once it has ended
  bool ending_ = false;         ///< `finish` was called
  bool reported_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace

subprocess::~subprocess() = default;

void subprocess::release(std::unique_ptr<subprocess> process) {
  if (!process)
    return;
  auto self = std::shared_ptr<subprocess>{std::move(process)};
  self->end([self](const exit_status&, const std::vector<survivor>&) {});
}

caf::expected<std::unique_ptr<subprocess>> subprocess::spawn(boost::asio::io_context& io,
                                                             const spawn_options& options) {
  auto place = std::optional<cgroup>{};
  auto members = descriptor{};
  if (!options.process.cgroup.empty()) {
    auto made = cgroup::make(options.process.cgroup);
    if (!made)
      return std::move(made.error());
    place.emplace(std::move(*made));
    auto list = place->open_members();
    if (!list)
      return std::move(list.error());
    members = std::move(*list);
  }
  auto limits_off = limit_cgroup(place ? place->path() : "", options.process.limits);
  auto process = process::spawn(io, options, members.get());
  if (!process)
    return std::move(process.error());
  auto result = std::make_unique<subprocess_impl>(io, std::move(*process), options.process.survivors, std::move(place),
                                                  std::move(limits_off));
  if (auto code = result->watch(); code != 0) // no more epoll watches
    return system_failure("cannot watch the process of '" + options.program + "'", code);
  return result;
}

} // namespace peer::internal::process
