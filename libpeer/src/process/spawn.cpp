// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/spawn.hpp"

#include "peer/error.hpp"
#include "process/guardian.hpp"
#include "process/initializers.hpp"
#include "process/own_processes.hpp"

#include "caf/expected.hpp"

#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <string_view>

namespace peer::internal::process {

namespace {

/// An initializer that contributes only if `wanted`.
template <class Init, class... Args>
std::optional<Init> only_if(bool wanted, Args&&... args) {
  return wanted ? std::make_optional<Init>(std::forward<Args>(args)...) : std::nullopt;
}

/// The variable PATH, if there is one.
const char* path_in(const environment& variables) {
  auto found = variables.find("PATH");
  return found == variables.end() ? nullptr : found->second.c_str();
}

std::string list_of(const std::vector<int>& numbers) {
  auto result = std::string{};
  for (auto each : numbers)
    result += (result.empty() ? "" : ", ") + std::to_string(each);
  return result;
}

/// Describes the step that failed.
std::string what_failed(const launcher& launch, const set_limits& limits, const spawn_options& options) {
  auto& wanted = options.process;
  auto program = "'" + options.program + "'";
  auto step = std::string_view{launch.failed_step};
  if (step == launch_plan::process_step && (launch.failed_code == EMFILE || launch.failed_code == ENFILE))
    return "cannot make a descriptor of the process for " + program;
  if (step == launch_plan::process_step)
    return "cannot make a process for " + program
         + (wanted.pid_namespace ? " in a pid namespace of its own (option pid_namespace)" : "");
  if (step == launch_plan::descriptors_step)
    return "cannot give " + program + " its descriptors";
  if (step == launch_plan::directory_step)
    return "cannot enter directory '" + wanted.working_directory + "' for " + program;
  if (step == launch_plan::exec_step)
    return "cannot execute " + program
         + (wanted.working_directory.empty() ? "" : " in '" + wanted.working_directory + "'");
  if (step == launch_plan::watch_step)
    return "cannot watch the process of " + program;
  if (step == pid_namespace::name)
    return "cannot map user and group of " + program + " (option pid_namespace)";
  if (step == join_cgroup::name)
    return "cannot join a cgroup in '" + wanted.cgroup + "' for " + program;
  if (step == run_on::name)
    return "cannot let " + program + " run on the CPUs " + list_of(wanted.cpu_affinity) + " (option cpu_affinity)";
  if (step == set_limits::name)
    return "cannot limit " + std::string{limits.failed->name} + " of " + program + " to "
         + std::to_string(limits.failed->value.rlim_cur) + " (option limits)";
  return "cannot start " + program + " (" + launch.failed_step + ")";
}

} // namespace

caf::expected<spawned_process> spawn(boost::asio::io_context& io, const spawn_options& options, int cgroup_members) {
  auto& wanted = options.process;
  auto launch = launcher{};
  auto failed = error_code{};
  auto inherited = options.inherited_variables ? options.inherited_variables : current_environment();
  auto variables = changed(*inherited, options.environment);
  auto limits = set_limits{kernel_limits(wanted.limits)};
  auto orphans = options.reap_orphans || wanted.survivors == survivor_policy::kill;
  auto patience = options.patience_after_end;
  auto guardian_at = patience ? guardian::socket() : -1;
  auto known = own_processes::scope{};
  try {
    launch(io.get_executor(), failed, options.program, options.arguments, search_path{path_in(*inherited)},
           default_signals{}, new_session{},
           only_if<announce>(guardian_at >= 0, announce{guardian_at, guardian::introduction(patience)}),
           bp::process_stdio{options.standard_input, options.standard_output, options.standard_error},
           only_if<bp::posix::bind_fd>(options.inherited >= 0, spawn_options::inherited_number, int{options.inherited}),
           bp::process_environment{variables},
           only_if<bp::process_start_dir>(!wanted.working_directory.empty(), wanted.working_directory),
           only_if<join_cgroup>(cgroup_members >= 0, join_cgroup{cgroup_members}),
           only_if<pid_namespace>(wanted.pid_namespace), only_if<reap_orphans>(orphans),
           only_if<run_on>(!wanted.cpu_affinity.empty(), run_on{to_cpu_mask(wanted.cpu_affinity)}), limits)
        .detach();
  } catch (const boost::system::system_error&) {
    // The loop cannot get its descriptors. The launcher has the error.
  }
  if (launch.failed_process >= 0)
    guardian::ended(launch.failed_process);
  if (launch.failed_code != 0)
    return system_failure(what_failed(launch, limits, options), launch.failed_code);
  known.record(launch.pid);
  if (patience)
    guardian::started(launch.pid, *patience);
  return spawned_process{launch.pid, descriptor{launch.take_pidfd()}};
}

} // namespace peer::internal::process
