// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "framed_term.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/endian/conversion.hpp>

#include <cstdint>

namespace peerctl {

namespace {

namespace asio = boost::asio;

std::string mib(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

caf::error failed(const std::string& why) {
  return peer::fail(peer::errc::system_failure, "the control connection " + why);
}

} // namespace

void framed_socket::send_frame(peer::byte_buffer term, patience limit, std::function<void(caf::error)> done) {
  if (term.size() > most_sent_)
    return done(peer::fail(peer::errc::overload, "the control connection takes at most " + mib(most_sent_) + ", not "
                                                     + std::to_string(term.size()) + " bytes"));
  boost::endian::store_big_u32(length_.data(), static_cast<std::uint32_t>(term.size()));
  content_ = std::move(term);
  begin(limit);
  asio::async_write(
      socket_, std::array<asio::const_buffer, 2>{asio::buffer(length_), asio::buffer(content_)},
      [self = shared_from_this(), done = std::move(done)](const error_code& ec, std::size_t) { done(self->end(ec)); });
}

void framed_socket::receive_frame(patience limit, frame_handler done) {
  begin(limit);
  asio::async_read(socket_, asio::buffer(length_),
                   [self = shared_from_this(), done = std::move(done)](const error_code& ec, std::size_t) mutable {
                     if (auto err = ec ? self->end(ec) : caf::error{})
                       done(std::move(err));
                     else
                       self->receive_content(std::move(done));
                   });
}

void framed_socket::receive_content(frame_handler done) {
  auto size = std::size_t{boost::endian::load_big_u32(length_.data())};
  if (size > most_received_) {
    static_cast<void>(end({}));
    return done(failed("announced " + std::to_string(size) + " bytes; the limit is " + mib(most_received_)));
  }
  content_.clear(); // grows with what arrives, not with what was announced
  asio::async_read(socket_, asio::dynamic_buffer(content_), asio::transfer_exactly(size),
                   [self = shared_from_this(), done = std::move(done)](const error_code& ec, std::size_t) {
                     if (auto err = self->end(ec))
                       done(std::move(err));
                     else
                       done(std::move(self->content_));
                   });
}

void framed_socket::stop_receiving() {
  auto ignored = error_code{};
  socket_.shutdown(socket::shutdown_receive, ignored);
}

void framed_socket::begin(patience limit) {
  late_ = false;
  if (!limit)
    return;
  deadline_.expires_after(*limit);
  deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || self->deadline_.expiry() > std::chrono::steady_clock::now())
      return;
    self->late_ = true;
    self->socket_.cancel();
  });
}

caf::error framed_socket::end(const error_code& ec) {
  deadline_.expires_at(std::chrono::steady_clock::time_point::max());
  if (!ec)
    return {};
  if (late_)
    return failed("was too slow");
  return ec == asio::error::eof ? failed("was closed") : failed("failed: " + ec.message());
}

} // namespace peerctl
