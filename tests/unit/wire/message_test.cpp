// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.wire.message

#include "peer/detail/reader.hpp"
#include "peer/error.hpp"
#include "tests/support/hex.hpp"
#include "wire/message.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

using namespace std::literals;

using peer::byte_buffer;
using peer::errc;
using peer::test::from_hex;
using peer::test::to_hex;

namespace wire = peer::internal::wire;

namespace {

// -- golden payloads ---
//
// Each is erl's term_to_binary(Term, [{minor_version, 2}]) of the term in the comment, and so what OTP 26 sends.
// OTP 25 and older send ATOM_EXT (100) instead of SMALL_ATOM_UTF8_EXT (119).

/// {call, 300, lists, reverse, [[a, <<"b">>]]}
constexpr auto call_hex = "83 6805"
                          "77 04 63616C6C"                                     // call
                          "62 0000012C"                                        // Seq = 300
                          "77 05 6C69737473"                                   // M = lists
                          "77 07 72657665727365"                               // F = reverse
                          "6C 00000001 6C 00000002 770161 6D0000000162 6A 6A"; // A = [[a, <<"b">>]]

/// {cast, io, format, ["hi~n", []]}
constexpr auto cast_hex = "83 6804"
                          "77 04 63617374"                     // cast
                          "77 02 696F"                         // M = io
                          "77 06 666F726D6174"                 // F = format
                          "6C 00000002 6B0004 68697E6E 6A 6A"; // A = ["hi~n", []]

/// {message, printer, {hello, 1}}
constexpr auto message_hex = "83 6803"
                             "77 07 6D657373616765"      // message
                             "77 07 7072696E746572"      // To = printer
                             "6802 770568656C6C6F 6101"; // Content = {hello, 1}

/// {message, <0.9.0>, ping}
constexpr auto message_to_pid_hex = "83 6803"
                                    "77 07 6D657373616765"              // message
                                    "58 770D6E6F6E6F6465406E6F686F7374" // To: a pid, its node nonode@nohost,
                                    "00000009 00000000 00000000"        // its id, serial and creation
                                    "77 04 70696E67";                   // Content = ping

/// {io_reply, <0.9.0>, #Ref<0.1.2.3>, ok}
constexpr auto io_reply_hex = "83 6804"
                              "77 08 696F5F7265706C79"                 // io_reply
                              "58 770D6E6F6E6F6465406E6F686F7374"      // From: a pid, its node nonode@nohost,
                              "00000009 00000000 00000000"             // its id, serial and creation
                              "5A 0003 770D6E6F6E6F6465406E6F686F7374" // ReplyAs: a reference of 3 numbers, its node,
                              "00000000 00000003 00000002 00000001"    // its creation and the numbers
                              "77 02 6F6B";                            // Reply = ok

/// {started, nonode@nohost}
constexpr auto started_hex = "83 6802"
                             "77 07 73746172746564"              // started
                             "77 0D 6E6F6E6F6465406E6F686F7374"; // Node = nonode@nohost

/// {reply, 17, ok, [3, 2, 1]}
constexpr auto reply_ok_hex = "83 6804"
                              "77 05 7265706C79" // reply
                              "61 11"            // Seq = 17
                              "77 02 6F6B"       // Class = ok
                              "6B 0003 030201";  // Result = [3, 2, 1]

/// {reply, 18446744073709551615, throw, {oops, []}}
constexpr auto reply_throw_hex = "83 6804"
                                 "77 05 7265706C79"          // reply
                                 "6E 08 00 FFFFFFFFFFFFFFFF" // Seq = 2^64 - 1
                                 "77 05 7468726F77"          // Class = throw
                                 "6802 77046F6F7073 6A";     // Result = {oops, []}

/// {reply, 3, error, {badarg, []}}
constexpr auto reply_error_hex = "83 6804"
                                 "77 05 7265706C79"          // reply
                                 "61 03"                     // Seq = 3
                                 "77 05 6572726F72"          // Class = error
                                 "6802 7706626164617267 6A"; // Result = {badarg, []}

/// {reply, 4, exit, {normal, []}}
constexpr auto reply_exit_hex = "83 6804"
                                "77 05 7265706C79"          // reply
                                "61 04"                     // Seq = 4
                                "77 04 65786974"            // Class = exit
                                "6802 77066E6F726D616C 6A"; // Result = {normal, []}

/// {reply, 2, crash, killed}
constexpr auto reply_crash_hex = "83 6804"
                                 "77 05 7265706C79"    // reply
                                 "61 02"               // Seq = 2
                                 "77 05 6372617368"    // Class = crash
                                 "77 06 6B696C6C6564"; // Result = killed

/// {io_request, <0.9.0>, #Ref<0.1.2.3>, {put_chars, unicode, <<"x">>}}
constexpr auto io_request_hex = "83 6804"
                                "77 0A 696F5F72657175657374"             // io_request
                                "58 770D6E6F6E6F6465406E6F686F7374"      // From: a pid, its node nonode@nohost,
                                "00000009 00000000 00000000"             // its id, serial and creation
                                "5A 0003 770D6E6F6E6F6465406E6F686F7374" // ReplyAs: a reference of 3 numbers, its node,
                                "00000000 00000003 00000002 00000001"    // its creation and the numbers
                                "6803 77097075745F6368617273"            // Request = {put_chars,
                                "7707756E69636F6465 6D 00000001 78";     // unicode, <<"x">>}

/// Fields of the above.
constexpr auto pid_hex = "58770D6E6F6E6F6465406E6F686F7374000000090000000000000000";
constexpr auto reference_hex = "5A0003770D6E6F6E6F6465406E6F686F737400000000000000030000000200000001";

/// Writes `x` and compares with the golden payload.
template <class T>
void check_written(const T& x, std::string_view golden) {
  auto out = from_hex("00"); // what the buffer holds must stay
  write(out, x);
  CHECK_EQ(to_hex(out), "00" + to_hex(from_hex(golden)));
}

/// Both directions, each with a parser and the payload of its own, which the results view.
struct fixture {
  template <class T>
  T to_origin(std::string_view hex) {
    payload = from_hex(hex);
    auto result = parser.parse_to_origin(payload);
    if (!result)
      CAF_FAIL("parse_to_origin failed: " << result.error());
    CAF_REQUIRE(std::holds_alternative<T>(*result));
    return std::get<T>(*result);
  }

  template <class T>
  T to_peer(std::string_view hex) {
    payload = from_hex(hex);
    auto result = parser.parse_to_peer(payload);
    if (!result)
      CAF_FAIL("parse_to_peer failed: " << result.error());
    CAF_REQUIRE(std::holds_alternative<T>(*result));
    return std::get<T>(*result);
  }

  /// Checks that an origin refuses a payload with `code`, and why.
  void check_origin_refuses(std::string_view hex, errc code, std::string_view what) {
    payload = from_hex(hex);
    check_error(parser.parse_to_origin(payload), code, what);
  }

  void check_peer_refuses(std::string_view hex, errc code, std::string_view what) {
    payload = from_hex(hex);
    check_error(parser.parse_to_peer(payload), code, what);
  }

  template <class T>
  void check_error(const caf::expected<T>& result, errc code, std::string_view what) {
    if (!CHECK(!result) || !CHECK_EQ(result.error(), code))
      return;
    auto text = result.error().context().template get_as<std::string>(0);
    CHECK_EQ(text.substr(0, what.size()), what);
  }

  /// Checks that a payload is refused, or known as a message of which a term cannot be decoded.
  template <class T>
  void check_bad_term(const caf::expected<T>& result) {
    if (!result) {
      CHECK_EQ(result.error(), errc::bad_term);
      return;
    }
    auto known = std::get_if<peer::internal::wire::undecodable>(&*result);
    auto refusable = false; // an I/O request without the request
    if constexpr (std::is_same_v<T, peer::internal::wire::to_origin>)
      if (auto request = std::get_if<peer::internal::wire::io_request>(&*result))
        refusable = request->request.empty();
    CHECK(refusable || (known != nullptr && known->why == errc::bad_term));
  }

  byte_buffer payload;
  peer::internal::wire::parser parser;
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

// -- golden payloads --------------------------------------------------------------------------------------------------

CAF_TEST(token) {
  auto secret = from_hex("00010203");
  auto hex = "83 6802 7705 746F6B656E 6D 00000004 00010203"; // {token, <<0, 1, 2, 3>>}
  check_written(peer::internal::wire::token{secret}, hex);
  auto bytes = from_hex(hex);
  auto parsed = peer::internal::wire::parse_token(bytes);
  CAF_REQUIRE(parsed);
  CHECK_EQ(to_hex(parsed->secret), "00010203");
  for (auto other : {"83 6802 7705 746F6B656E 6A", "83 6802 7705 746F6B656F 6D0000000100", "83 6801 7705 746F6B656E",
                     "83 6802 7705 746F6B656E 6D0000000100 00", "83", ""}) {
    bytes = from_hex(other);
    CHECK(!peer::internal::wire::parse_token(bytes));
  }
}

CAF_TEST(call) {
  auto x = to_peer<peer::internal::wire::call>(call_hex);
  CHECK_EQ(x.seq, 300u);
  CHECK_EQ(x.module, "lists");
  CHECK_EQ(x.function, "reverse");
  CHECK_EQ(to_hex(x.arguments), "6C000000016C000000027701616D00000001626A6A");
  check_written(x, call_hex);
}

CAF_TEST(cast) {
  auto x = to_peer<peer::internal::wire::cast>(cast_hex);
  CHECK_EQ(x.module, "io");
  CHECK_EQ(x.function, "format");
  CHECK_EQ(to_hex(x.arguments), "6C000000026B000468697E6E6A6A");
  check_written(x, cast_hex);
}

CAF_TEST(message to a name) {
  auto check = [](const peer::internal::wire::message& x) {
    CHECK_EQ(to_hex(x.to), "77077072696E746572");
    CHECK_EQ(to_hex(x.content), "6802770568656C6C6F6101");
    check_written(x, message_hex);
  };
  check(to_peer<peer::internal::wire::message>(message_hex));
  check(to_origin<peer::internal::wire::message>(message_hex));
}

CAF_TEST(message to a pid) {
  auto x = to_origin<peer::internal::wire::message>(message_to_pid_hex);
  CHECK_EQ(to_hex(x.to), pid_hex);
  CHECK_EQ(to_hex(x.content), "770470696E67");
  check_written(x, message_to_pid_hex);
}

CAF_TEST(io_reply) {
  auto x = to_peer<peer::internal::wire::io_reply>(io_reply_hex);
  CHECK_EQ(to_hex(x.from), pid_hex);
  CHECK_EQ(to_hex(x.reply_as), reference_hex);
  CHECK_EQ(to_hex(x.reply), "77026F6B");
  check_written(x, io_reply_hex);
}

CAF_TEST(started) {
  auto x = to_origin<peer::internal::wire::started>(started_hex);
  CHECK_EQ(x.node.name(), "nonode@nohost");
  check_written(x, started_hex);
}

CAF_TEST(replies of all classes) {
  auto check = [this](std::string_view golden, std::uint64_t seq, peer::internal::wire::reply_class cls,
                      std::string_view result) {
    auto x = to_origin<peer::internal::wire::reply>(golden);
    CHECK_EQ(x.seq, seq);
    CHECK(x.cls == cls);
    CHECK_EQ(to_hex(x.result), result);
    check_written(x, golden);
  };
  check(reply_ok_hex, 17, peer::internal::wire::reply_class::ok, "6B0003030201");
  check(reply_throw_hex, 0xFFFF'FFFF'FFFF'FFFF, peer::internal::wire::reply_class::throw_, "680277046F6F70736A");
  check(reply_error_hex, 3, peer::internal::wire::reply_class::error, "680277066261646172676A");
  check(reply_exit_hex, 4, peer::internal::wire::reply_class::exit, "680277066E6F726D616C6A");
  check(reply_crash_hex, 2, peer::internal::wire::reply_class::crash, "77066B696C6C6564");
}

CAF_TEST(io_request) {
  auto x = to_origin<peer::internal::wire::io_request>(io_request_hex);
  CHECK_EQ(to_hex(x.from), pid_hex);
  CHECK_EQ(to_hex(x.reply_as), reference_hex);
  CHECK_EQ(to_hex(x.request), "680377097075745F63686172737707756E69636F64656D0000000178");
  check_written(x, io_request_hex);
}

// -- other encodings of the same --------------------------------------------------------------------------------------

CAF_TEST(names in Latin - 1 become UTF - 8) {
  // term_to_binary({call, 1, 'é', f, []}) of OTP 25
  auto x = to_peer<peer::internal::wire::call>("83 6805 640004 63616C6C 6101 640001 E9 640001 66 6A");
  CHECK_EQ(x.module, "\u00E9");
  CHECK_EQ(x.function, "f");
  CHECK_EQ(to_hex(x.arguments), "6A");
  // SMALL_ATOM_EXT, which no current release sends
  CHECK_EQ(to_peer<peer::internal::wire::cast>("83 6804 7304 63617374 7301 E9 7301 66 6A").module, "\u00E9");
  // {started, 'é@h'}
  CHECK_EQ(to_origin<peer::internal::wire::started>("83 6802 640007 73746172746564 640003 E94068").node.name(),
           "\u00E9@h");
}

CAF_TEST(a compressed message is inflated) {
  // term_to_binary({message, printer, lists:duplicate(200, $a)}, [{minor_version, 2}, compressed])
  auto x =
      to_peer<peer::internal::wire::message>("83 50 000000DF"
                                             "789CCB602E67CF4D2D2E4E4C4F2D672F28CACC2B492DCA663891384C0000C8C5544C");
  CHECK_EQ(to_hex(x.to), "77077072696E746572");
  CHECK_EQ(to_hex(x.content), "6B00C8" + to_hex(peer::detail::as_byte_span(std::string(200, 'a'))));
}

CAF_TEST(a compressed message from a peer is refused) {
  // the same message
  check_origin_refuses("83 50 000000DF 789CCB602E67CF4D2D2E4E4C4F2D672F28CACC2B492DCA663891384C0000C8C5544C",
                       errc::protocol_violation, "a message from a peer must not be compressed");
}

CAF_TEST(arguments may be any proper list) {
  for (auto list : {"6A",                                   // []
                    "6B 0002 0102",                         // STRING_EXT: [1, 2]
                    "6C 00000001 6101 6A",                  // LIST_EXT: [1]
                    "6C 00000001 6101 6C 00000001 6102 6A", // [1 | [2]]
                    "6C 00000001 6101 6B 0001 02"}) {       // [1 | "\2"]
    auto x = to_peer<peer::internal::wire::cast>("83 6804 7704 63617374 7701 6D 7701 66"s + list);
    CHECK_EQ(to_hex(x.arguments), to_hex(from_hex(list)));
  }
}

CAF_TEST(a large tuple is a message too) {
  CHECK_EQ(to_origin<peer::internal::wire::started>("83 69 00000002 7707 73746172746564 7701 6E").node.name(), "n");
}

// -- errors -----------------------------------------------------------------------------------------------------------

CAF_TEST(a term that is no message is refused) {
  constexpr auto code = errc::protocol_violation;
  check_origin_refuses("83 6101", code, "a message must be a tuple, found an integer");
  check_origin_refuses("83 6A", code, "a message must be a tuple, found a list");
  check_origin_refuses("83 6800", code, "a message must not be an empty tuple");
  check_origin_refuses("83 6801 6D00000000", code, "a message must begin with an atom, found a binary");
  check_origin_refuses("83 6802 7703 666F6F 6101", code,
                       "unknown message from the peer: a tuple of 2 elements that begins with 'foo'");
  check_peer_refuses("83 6802 7703 666F6F 6101", code,
                     "unknown message from the origin: a tuple of 2 elements that begins with 'foo'");
}

CAF_TEST(a message of the wrong direction is refused) {
  constexpr auto code = errc::protocol_violation;
  for (auto hex : {call_hex, cast_hex, io_reply_hex})
    check_origin_refuses(hex, code, "unknown message from the peer");
  for (auto hex : {started_hex, reply_ok_hex, io_request_hex})
    check_peer_refuses(hex, code, "unknown message from the origin");
}

CAF_TEST(a wrong number of elements is refused) {
  constexpr auto code = errc::protocol_violation;
  check_peer_refuses("83 6801 7704 63616C6C", code, "message call: must have 5 elements, found 1");
  check_peer_refuses("83 6803 7704 63617374 6A 6A", code, "message cast: must have 4 elements, found 3");
  check_peer_refuses("83 6804 7707 6D657373616765 6A 6A 6A", code, "message message: must have 3 elements, found 4");
  check_peer_refuses("83 6802 7708 696F5F7265706C79 6A", code, "message io_reply: must have 4 elements, found 2");
  check_origin_refuses("83 6801 7707 73746172746564", code, "message started: must have 2 elements, found 1");
  check_origin_refuses("83 6803 7705 7265706C79 6A 6A", code, "message reply: must have 4 elements, found 3");
  check_origin_refuses("83 6801 770A 696F5F72657175657374", code, "message io_request: must have 4 elements, found 1");
}

CAF_TEST(bytes after a message are refused) {
  check_origin_refuses("83 6802 7707 73746172746564 7701 6E 6A6A", errc::protocol_violation,
                       "message started: 2 bytes follow it");
}

CAF_TEST(a field of the wrong type is named) {
  constexpr auto code = errc::protocol_violation;
  auto call = "83 6805 7704 63616C6C "s;
  check_peer_refuses(call + "6A 7701 6D 7701 66 6A", code,
                     "message call: Seq must be an integer from 0 to 2^64 - 1, found a list");
  check_peer_refuses(call + "62FFFFFFFF 7701 6D 7701 66 6A", code,
                     "message call: Seq must be an integer from 0 to 2^64 - 1, found another one");
  check_peer_refuses(call + "6E0900000000000000000001 7701 6D 7701 66 6A", code,
                     "message call: Seq must be an integer from 0 to 2^64 - 1, found another one");
  check_peer_refuses(call + "6101 6D00000001 6D 7701 66 6A", code, "message call: M must be an atom, found a binary");
  check_peer_refuses(call + "6101 7701 6D 6B000166 6A", code, "message call: F must be an atom, found a list");
  check_peer_refuses(call + "6101 7701 6D 7701 66 6101", code,
                     "message call: A must be a proper list, found an integer");
  check_peer_refuses(call + "6101 7701 6D 7701 66 6C00000001 6101 6102", code,
                     "message call: A must be a proper list, found an improper one");
  check_peer_refuses("83 6804 7704 63617374 6800 7701 66 6A", code, "message cast: M must be an atom, found a tuple");
  check_peer_refuses("83 6804 7704 63617374 7701 6D 7400000000 6A", code,
                     "message cast: F must be an atom, found a map");
  check_peer_refuses("83 6804 7704 63617374 7701 6D 7701 66 7701 61", code,
                     "message cast: A must be a proper list, found an atom");
  check_peer_refuses("83 6803 7707 6D657373616765 6101 6A", code,
                     "message message: To must be a pid, an atom or {Name, Node}, found an integer");
  check_peer_refuses("83 6804 7708 696F5F7265706C79 7701 61 6A 6A", code,
                     "message io_reply: From must be a pid, found an atom");
  check_origin_refuses("83 6802 7707 73746172746564 463FF0000000000000", code,
                       "message started: Node must be an atom, found a float");
  check_origin_refuses("83 6804 770A 696F5F72657175657374 6A 6A 6A", code,
                       "message io_request: From must be a pid, found a list");
  auto reply = "83 6804 7705 7265706C79 "s;
  check_origin_refuses(reply + "7701 61 7702 6F6B 6A", code,
                       "message reply: Seq must be an integer from 0 to 2^64 - 1, found an atom");
  check_origin_refuses(reply + "6101 6101 6A", code, "message reply: Class must be an atom, found an integer");
  check_origin_refuses(reply + "6101 7702 6B6F 6A", code,
                       "message reply: Class must be ok, throw, error, exit or crash, found 'ko'");
  check_origin_refuses(reply + "6101 7705 6572726F72 6A", code,
                       "message reply: Result must be {Reason, Stacktrace}, found a list");
  check_origin_refuses(reply + "6101 7704 65786974 6803 6A 6A 6A", code,
                       "message reply: Result must be {Reason, Stacktrace}, found a tuple of 3");
}

CAF_TEST(every shortened message is a bad term) {
  for (auto hex : {call_hex, cast_hex, message_hex, message_to_pid_hex, io_reply_hex}) {
    auto whole = from_hex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      payload.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      check_bad_term(parser.parse_to_peer(payload));
    }
  }
  for (auto hex : {started_hex, reply_ok_hex, reply_throw_hex, reply_crash_hex, io_request_hex}) {
    auto whole = from_hex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      payload.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      check_bad_term(parser.parse_to_origin(payload));
    }
  }
}

CAF_TEST(a call or reply with a bad term is still known by its number) {
  auto bad = std::string{"7400000002 6101 6A 6101 6A"}; // #{1 => [], 1 => []}
  auto call = to_peer<peer::internal::wire::undecodable>("83 6805 7704 63616C6C 6107 7701 6D 7701 66 6C00000001 " + bad
                                                         + " 6A");
  CHECK_EQ(call.seq, std::optional{std::uint64_t{7}});
  CHECK_EQ(call.why, errc::bad_term);
  CHECK_EQ(call.what, "call");
  auto reply = to_origin<peer::internal::wire::undecodable>("83 6804 7705 7265706C79 6108 7702 6F6B " + bad);
  CHECK_EQ(reply.seq, std::optional{std::uint64_t{8}});
  auto broken = to_origin<peer::internal::wire::undecodable>("83 6804 7705 7265706C79 6108 7702 6F6B FF");
  CHECK_EQ(broken.seq, std::optional{std::uint64_t{8}});
  check_origin_refuses("83 6804 7705 7265706C79 FF 7702 6F6B 6A", errc::bad_term, "message reply: Seq: ");
  auto cast =
      to_peer<peer::internal::wire::undecodable>("83 6804 7704 63617374 7701 6D 7701 66 6C00000001 " + bad + " 6A");
  CHECK_EQ(cast.what, "cast");
  CHECK(!cast.seq);
  auto message = to_origin<peer::internal::wire::undecodable>("83 6803 7707 6D657373616765 7701 61 " + bad);
  CHECK_EQ(message.what, "message");
  auto request = to_origin<peer::internal::wire::io_request>("83 6804 770A 696F5F72657175657374" + std::string{pid_hex}
                                                             + std::string{reference_hex} + bad);
  CHECK_EQ(to_hex(request.from), pid_hex);
  CHECK_EQ(to_hex(request.reply_as), reference_hex);
  CHECK(request.request.empty());
}

CAF_TEST(a field that could not be decoded later is refused now) {
  auto why = [this](const std::string& content) {
    auto result = to_origin<peer::internal::wire::undecodable>("83 6803 7707 6D657373616765 7701 61 " + content);
    auto text = result.why.context().get_as<std::string>(0);
    CHECK_EQ(text.substr(0, 30), "message message: Content: byte");
  };
  why("7400000002 6101 6A 6101 6A");      // #{1 => [], 1 => []}
  why("6801 7400000002 6101 6A 6101 6A"); // in a tuple
  why("467FF0000000000000");              // infinity
  why("7701 FF");                         // no UTF-8
  why("4D00000001 09 00");                // 9 bits
  why("00");                              // no tag
  why("6802 6101");                       // too short
}

CAF_TEST(a field may be nested as deeply as any term) {
  constexpr auto depth = 100'000;
  auto hex = "83 6803 7707 6D657373616765 7701 61 "s;
  for (int i = 0; i < depth; ++i)
    hex += i % 2 == 0 ? "6801" : "6C00000001";
  auto close = std::string(depth / 2 * 2, 'x');
  for (std::size_t i = 0; i < close.size(); i += 2)
    close.replace(i, 2, "6A");
  auto bytes = from_hex(hex + "7400000001 6101 6102" + close);
  auto result = peer::internal::wire::parser{}.parse_to_origin(bytes);
  CAF_REQUIRE(result);
  CHECK(std::holds_alternative<peer::internal::wire::message>(*result));
  bytes = from_hex(hex + "7400000002 6101 6102 6101 6102" + close);
  result = peer::internal::wire::parser{}.parse_to_origin(bytes);
  CAF_REQUIRE(result);
  CHECK(std::holds_alternative<peer::internal::wire::undecodable>(*result));
}

CAF_TEST(a parser may be used again after an error) {
  check_peer_refuses("83", errc::bad_term, "message: ");
  CHECK_EQ(to_peer<peer::internal::wire::call>(call_hex).function, "reverse");
}

END_FIXTURE_SCOPE()
