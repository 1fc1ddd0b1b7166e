#!/usr/bin/env python3
# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.
"""Compiles programs with mistakes that users make, and checks that the compiler explains each with one sentence.

    compile_errors.py COMPILER OPTION...

Both places where a program adds functions are tried: `peer::node` and `peer::functions`.
"""

import re
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

COMPILER = sys.argv[1:]

PROGRAM = """
#include "peer/{header}.hpp"
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct no_default {{
  explicit no_default(int x) : value(x) {{}}
  int value;
}};

template <class Inspector>
bool inspect(Inspector& f, no_default& x) {{
  return f.object(x).fields(f.field("value", x.value));
}}

struct overloaded {{
  int operator()(int x) const {{ return x; }}
  int operator()(double) const {{ return 0; }}
}};

inline int add(int x, int y) {{ return x + y; }}

void add_functions(peer::{header}& target) {{
  target.function("m", "f", {function});
}}
"""

SIGNATURE = "must have one signature"
CONST = "must be const"
OWNER = "must own its value"
REFERENCE = "must be a value or a const reference"
DEFAULT = "must have a default constructor"

# The function, and a part of the sentence that explains what is wrong with it.
MISTAKES = [
    ("[](auto x) { return x; }", SIGNATURE),
    ("std::bind_front(add, 1)", SIGNATURE),
    ("overloaded{}", SIGNATURE),
    ("42", SIGNATURE),
    ("[n = 0]() mutable { return ++n; }", CONST),
    ("[](std::string_view text) { return text.size(); }", OWNER),
    ("[](const std::string_view& text) { return text.size(); }", OWNER),
    ("[](const char* text) { return std::string{text}; }", OWNER),
    ("[](std::string& text) { text.clear(); }", REFERENCE),
    ("[](no_default x) { return x.value; }", DEFAULT),
    ("[](int, const no_default& x) { return x.value; }", DEFAULT),
]

CORRECT = [
    "add",
    "&add",
    "[](int x) noexcept { return x; }",
    "std::function<int(int)>{[](int x) { return x; }}",
    "[](std::stop_token, const std::string& text) { return text.size(); }",
    "[](const peer::call_context&, std::string&& text) { return text.size(); }",
    "[state = std::make_shared<int>()](double) { ++*state; }",
    "[] { return caf::expected<int>{1}; }",
]

MOST_MESSAGES = 10

# "FILE:LINE:COLUMN: TEXT". Compilers differ in how much of the source they show besides.
MESSAGE = re.compile(r"\S.*:\d+:\d+: ")


def compile_function(function, header):
    """Returns the compiler's exit status and the lines that it printed."""
    source = PROGRAM.format(header=header, function=function)
    done = subprocess.run([*COMPILER, "-fsyntax-only", "-x", "c++", "-"], input=source, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


class CompileErrors(unittest.TestCase):
    def compile_all(self, functions):
        """Yields what was compiled with its result: the headers take turns."""
        jobs = [(function, ("node", "functions")[i % 2]) for i, function in enumerate(functions)]
        with ThreadPoolExecutor(2) as pool:
            yield from zip(jobs, pool.map(lambda job: compile_function(*job), jobs))

    def test_explains_each_mistake_with_one_sentence(self):
        sentences = [sentence for _, sentence in MISTAKES]
        for sentence, (job, (status, lines)) in zip(sentences, self.compile_all([x for x, _ in MISTAKES])):
            with self.subTest(job):
                output = "\n".join(lines)
                errors = [line for line in lines if " error: " in line]
                self.assertNotEqual(status, 0, output)
                self.assertEqual(len(errors), 1, output)
                self.assertIn(sentence, errors[0], output)
                self.assertLessEqual(sum(bool(MESSAGE.match(line)) for line in lines), MOST_MESSAGES, output)

    def test_accepts_correct_functions(self):
        for job, (status, lines) in self.compile_all(CORRECT):
            with self.subTest(job):
                self.assertEqual((status, lines), (0, []), "\n".join(lines))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
