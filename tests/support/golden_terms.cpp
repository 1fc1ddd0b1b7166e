// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/golden_terms.hpp"
#include "tests/support/hex.hpp"

namespace peer::test {

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  while (times-- > 0)
    result += text;
  return result;
}

std::string characters(std::initializer_list<int> codes) {
  std::string result;
  for (auto code : codes)
    result += static_cast<char>(code);
  return result;
}

term big(bool negative, std::initializer_list<int> magnitude) {
  return peer::erl::big_integer{negative, characters(magnitude)};
}

class collector {
public:
  /// What OTP 25 makes with `term_to_binary(Expression, [{minor_version, 2}])`, and we, too.
  void canonical(std::string expression, const std::string& hex, term value) {
    result.push_back({std::move(expression), from_hex("83" + hex), std::move(value), true});
  }

  /// What OTP 25 makes of the expression or reads as the term, but we write in another form.
  void readable(std::string expression, const std::string& hex, term value) {
    result.push_back({std::move(expression), from_hex("83" + hex), std::move(value), false});
  }

  /// What OTP 25 does not read: forms of older and newer releases, with their description in ERTS' manual.
  void foreign(std::string what, const std::string& hex, bool canonical) {
    auto bytes = from_hex(hex);
    result.push_back({std::move(what), from_hex("83" + hex),
                      peer::erl::opaque{std::string{peer::detail::as_text(bytes)}}, canonical, false});
  }

  std::vector<golden_term> result;
};

void add_numbers(collector& f) {
  //                                             tag size sign value
  f.canonical("0", /*                         */ "61 00", 0);
  f.canonical("255", /*                       */ "61 FF", 255);
  f.canonical("256", /*                       */ "62 00000100", 256);
  f.canonical("-1", /*                        */ "62 FFFFFFFF", -1);
  f.canonical("2147483647", /*                */ "62 7FFFFFFF", 2147483647);
  f.canonical("-2147483648", /*               */ "62 80000000", INT64_C(-2147483648));
  f.canonical("2147483648", /*                */ "6E 04 00 00000080", INT64_C(2147483648));
  f.canonical("-2147483649", /*               */ "6E 04 01 01000080", INT64_C(-2147483649));
  f.canonical("9223372036854775807", /*       */ "6E 08 00 FFFFFFFFFFFFFF7F", INT64_MAX);
  f.canonical("-9223372036854775808", /*      */ "6E 08 01 0000000000000080", INT64_MIN);
  f.canonical("9223372036854775808", /*       */ "6E 08 00 0000000000000080", UINT64_C(9223372036854775808));
  f.canonical("18446744073709551616", /*      */ "6E 09 00 000000000000000001",
              big(false, {0, 0, 0, 0, 0, 0, 0, 0, 1}));
  auto large = std::string(255, '\0') + '\1';
  f.canonical("1 bsl 2032", "6E FF 00" + repeat("00", 254) + "01", peer::erl::big_integer{false, large.substr(1)});
  f.canonical("-(1 bsl 2040)", "6F 00000100 01" + repeat("00", 255) + "01", peer::erl::big_integer{true, large});
  f.readable("binary_to_term(<<131,110,1,0,7>>)", "6E 01 00 07", 7);
  f.readable("binary_to_term(<<131,111,1:32,1,7>>)", "6F 00000001 01 07", -7);
  f.readable("binary_to_term(<<131,110,0,1>>)", "6E 00 01", 0);
  //                            tag IEEE 754
  f.canonical("1.5", /*      */ "46 3FF8000000000000", 1.5);
  f.canonical("-0.1", /*     */ "46 BFB999999999999A", -0.1);
  f.canonical("5.0e-324", /* */ "46 0000000000000001", 5e-324);
  f.readable("term_to_binary(1.5, [{minor_version, 0}])",
             "63"                                                   // tag
             "312E3530303030303030303030303030303030303030652B3030" // 1.50000000000000000000e+00
             "0000000000",                                          // up to 31 bytes
             1.5);
}

void add_atoms(collector& f) {
  //                                           tag size characters
  f.canonical("ok", /*                      */ "77 02 6F6B", atom{"ok"});
  f.canonical("''", /*                      */ "77 00", atom{});
  f.canonical("'\\x{20AC}'", /*             */ "77 03 E282AC", atom{"\u20AC"});
  f.readable("term_to_binary(ok)", /*       */ "64 0002 6F6B", atom{"ok"});
  f.readable("term_to_binary('\\x{E9}')", /**/ "64 0001 E9", atom{"\u00E9"});
  f.readable("binary_to_term(<<131,115,1,233>>)", "73 01 E9", atom{"\u00E9"});
  f.readable("binary_to_term(<<131,118,2:16,\"ok\">>)", "76 0002 6F6B", atom{"ok"});
  f.canonical("list_to_atom(lists:duplicate(255, $a))", "77 FF" + repeat("61", 255), atom{std::string(255, 'a')});
  f.canonical("list_to_atom(lists:duplicate(255, 16#10FFFF))", "76 03FC" + repeat("F48FBFBF", 255),
              atom{repeat("\xF4\x8F\xBF\xBF", 255)});
  f.readable("term_to_binary(list_to_atom(lists:duplicate(255, 16#FF)))", "64 00FF" + repeat("FF", 255),
             atom{repeat("\u00FF", 255)});
}

void add_binaries(collector& f) {
  //                            tag size bits bytes
  f.canonical("<<>>", /*     */ "6D 00000000", "");
  f.canonical("<<1,2>>", /*  */ "6D 00000002 0102", characters({1, 2}));
  f.canonical("<<5:3>>", /*  */ "4D 00000001 03 A0", peer::erl::bitstring{characters({0xA0}), 5});
  f.canonical("<<255,1:1>>", "4D 00000002 01 FF80", peer::erl::bitstring{characters({0xFF, 0x80}), 7});
  f.readable("binary_to_term(<<131,77,1:32,3,16#BF>>)", "4D 00000001 03 BF",
             peer::erl::bitstring{characters({0xA0}), 5});
  f.readable("binary_to_term(<<131,77,1:32,8,7>>)", "4D 00000001 08 07", characters({7}));
  f.readable("binary_to_term(<<131,77,0:32,0>>)", "4D 00000000 00", "");
}

void add_containers(collector& f) {
  auto nils = std::vector<term>(256);
  //                            tag size elements
  f.canonical("{}", /*       */ "68 00", peer::erl::tuple{});
  f.canonical("{1,ok}", /*   */ "68 02 6101 77026F6B", peer::erl::tuple{1, atom{"ok"}});
  f.canonical("list_to_tuple(lists:duplicate(256, []))", "69 00000100" + repeat("6A", 256), peer::erl::tuple{nils});
  f.readable("binary_to_term(<<131,105,0:32>>)", "69 00000000", peer::erl::tuple{});
  //                            tag size elements tail
  f.canonical("[]", /*       */ "6A", peer::erl::list{});
  f.canonical("[1,2,255]", /**/ "6B 0003 0102FF", peer::erl::list{1, 2, 255});
  f.canonical("[1,256]", /*  */ "6C 00000002 6101 6200000100 6A", peer::erl::list{1, 256});
  f.canonical("[[]]", /*     */ "6C 00000001 6A 6A", peer::erl::list{term{peer::erl::list{}}});
  f.canonical("[1|2]", /*    */ "6C 00000001 6101 6102", peer::erl::list::cons({1}, 2));
  f.canonical("[a,b|c]", /*  */ "6C 00000002 770161 770162 770163",
              peer::erl::list::cons({atom{"a"}, atom{"b"}}, atom{"c"}));
  auto zeros = std::vector<term>(65535, term{0});
  f.canonical("lists:duplicate(65535, 0)", "6B FFFF" + repeat("00", 65535), peer::erl::list{zeros});
  zeros.emplace_back(0);
  f.canonical("lists:duplicate(65536, 0)", "6C 00010000" + repeat("6100", 65536) + "6A", peer::erl::list{zeros});
  f.readable("binary_to_term(<<131,107,0:16>>)", "6B 0000", peer::erl::list{});
  f.readable("binary_to_term(<<131,108,0:32,106>>)", "6C 00000000 6A", peer::erl::list{});
  f.readable("binary_to_term(<<131,108,0:32,97,1>>)", "6C 00000000 6101", 1);
  f.readable("binary_to_term(<<131,108,1:32,97,1,107,2:16,2,3>>)", "6C 00000001 6101 6B 0002 0203",
             peer::erl::list{1, 2, 3});
  f.readable("binary_to_term(<<131,108,1:32,97,1,108,1:32,106,97,2>>)", "6C 00000001 6101 6C 00000001 6A 6102",
             peer::erl::list::cons({1, peer::erl::list{}}, 2));
  //                            tag pairs key value
  f.canonical("#{}", /*      */ "74 00000000", peer::erl::map{});
  f.canonical("#{1=>a}", /*  */ "74 00000001 6101 770161", peer::erl::map{{1, atom{"a"}}});
  f.canonical("#{1=>a,1.0=>b}", "74 00000002 6101 770161 463FF0000000000000 770162",
              peer::erl::map{{1, atom{"a"}}, {1.0, atom{"b"}}});
}

void add_identifiers(collector& f) {
  auto node = atom{"a@b"};
  //                           tag node       id       serial   creation
  f.canonical("a pid", /*   */ "58 7703614062 00000026 00000001 00000102", pid{node, 38, 1, 258});
  f.readable("PID_EXT", /*  */ "67 64000361406200000026 00000001 02", pid{node, 38, 1, 2});
  //                           tag node       id       creation
  f.canonical("a port", /*  */ "59 7703614062 0FFFFFFF 00000102", peer::erl::port{node, (1 << 28) - 1, 258});
  f.readable("PORT_EXT", /* */ "66 640003614062 00000007 02", peer::erl::port{node, 7, 2});
  f.canonical("a late port", "78 7703614062 0000000010000000 00000102", peer::erl::port{node, 1 << 28, 258});
  f.readable("V4_PORT_EXT", "78 7703614062 0000000000000007 00000102", peer::erl::port{node, 7, 258});
  //                           tag size node     creation numbers
  f.canonical("a reference", "5A 0003 7703614062 00000102 00000001 00000002 00000003",
              peer::erl::reference{node, 258, {1, 2, 3}});
  f.canonical("a long one", /**/ "5A 0005 7703614062 00000102 00000001 00000002 00000003 00000004 00000005",
              peer::erl::reference{node, 258, {1, 2, 3, 4, 5}});
  f.readable("NEW_REFERENCE_EXT", "72 0003 640003614062 02 00000001 00000002 00000003",
             peer::erl::reference{node, 2, {1, 2, 3}});
  f.readable("REFERENCE_EXT", /**/ "65 640003614062 00000007 02", peer::erl::reference{node, 2, {7}});
}

void add_functions(collector& f) {
  //                                 tag module         function   arity
  f.canonical("fun lists:map/2", /**/ "71 77056C69737473 77036D6170 6102",
              peer::erl::export_fun{atom{"lists"}, atom{"map"}, 2});
  // In a module m: f(X) -> fun(Y) -> X + Y end. Then: f(1).
  auto closure = std::string{"70"                                       // tag
                             "0000003C"                                 // size, itself included
                             "01"                                       // arity
                             "065361AA461590D1BDF1EB62D1A6EB08"         // unique value of the module
                             "00000000"                                 // index
                             "00000001"                                 // number of free variables
                             "77016D"                                   // module
                             "6100"                                     // old index
                             "62029B0D58"                               // old unique value
                             "58 7703614062 00000026 00000000 00000102" // pid of the creator
                             "770161"};                                 // the free variable
  f.result.push_back({"a closure", from_hex("83" + closure),
                      peer::erl::opaque{std::string{peer::detail::as_text(from_hex(closure))}}, true});
  f.foreign("FUN_EXT",
            "75"                                   // tag
            "00000001"                             // number of free variables
            "67 640003614062 00000026 00000000 02" // pid of the creator
            "64 0001 6D"                           // module
            "6100"                                 // index
            "6200000100"                           // unique value
            "6101",                                // the free variable
            true);
  f.foreign("LOCAL_EXT (OTP 26)", "79 0123456789ABCDEF 6101", true);
}

} // namespace

std::vector<golden_term> golden_terms() {
  collector f;
  add_numbers(f);
  add_atoms(f);
  add_binaries(f);
  add_containers(f);
  add_identifiers(f);
  add_functions(f);
  f.readable("term_to_binary(lists:duplicate(30, a), [compressed])",
             "50"                   // tag
             "0000007E"             // inflated size
             "789CCB616060904B6160" // zlib stream
             "4C1C089C0500D81D1829",
             peer::erl::list{std::vector<term>(30, term{atom{"a"}})});
  return std::move(f.result);
}

} // namespace peer::test
