// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

/// @file
/// Boost.Process v2 (Boost 1.81): the only place that includes it. A file that starts processes with
/// it takes about 2 s longer to compile. Installed headers must not include it: the macro changes the layout of Boost's
/// types, and a program may choose otherwise.

#define BOOST_PROCESS_USE_STD_FS 1 // otherwise the headers of Boost.Filesystem are included

// Used and not included by Boost 1.81's v2.
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

// process.hpp needs it first.
#include <boost/process/v2/environment.hpp>

#include <boost/process/v2/posix/bind_fd.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>
