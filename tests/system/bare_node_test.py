# Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

"""peer_node alone: origins that are none, that talk nonsense, or that die at any step.

    bare_node_test.py PEER_NODE [unittest arguments]
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest
import zlib

PEER_NODE = sys.argv.pop(1)
PATIENCE = 20  # seconds; only a test that fails takes so long


def atom(name):
    return b"\x77" + bytes([len(name)]) + name


def tuple_of(*elements):
    return b"\x68" + bytes([len(elements)]) + b"".join(elements)


STARTED = b"\x83" + tuple_of(atom(b"started"), atom(b"nonode@nohost"))


def packet(payload):
    return struct.pack(">I", len(payload)) + payload


def nibbles(data):
    return bytes(b for x in data for b in (0xC3 | (x >> 4) << 2, 0xC3 | (x & 15) << 2))


def stdio_frame(payload):
    return nibbles(struct.pack(">I", len(payload)) + payload + struct.pack(">I", zlib.crc32(payload)))


def list_of(*elements):
    return b"\x6c" + struct.pack(">I", len(elements)) + b"".join(elements) + b"\x6a" if elements else b"\x6a"


def call(function, *arguments, seq=0, module=b"erlang"):
    return b"\x83" + tuple_of(atom(b"call"), bytes([0x61, seq]), atom(module), atom(function), list_of(*arguments))


def reply(value, seq=0):
    return b"\x83" + tuple_of(atom(b"reply"), bytes([0x61, seq]), atom(b"ok"), value)


class NodeTest(unittest.TestCase):
    def node(self, *args, env=None, prefix=(), **more):
        environment = {**os.environ, **(env or {})}
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        process = subprocess.Popen([*prefix, PEER_NODE, *args], env=environment, **more)
        self.addCleanup(self.close, process)
        watchdog = threading.Timer(PATIENCE, process.kill)  # so that no read from its pipes hangs
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        return process

    @staticmethod
    def accept(server):
        server.settimeout(PATIENCE)
        connection, _ = server.accept()
        connection.settimeout(PATIENCE)
        return connection

    @staticmethod
    def close(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def ends(self, process, complaint):
        """Checks that the node ends with status 1, and that it says why: nothing if `complaint` is empty."""
        self.assertEqual(process.wait(PATIENCE), 1)
        error = process.stderr.read().decode()
        if complaint:
            self.assertIn(complaint, error)
        else:
            self.assertEqual(error, "")

    def inherited(self, *args, prefix=()):
        """A node and the other end of its socket. `prefix` is what starts the program, if it is not this test."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        self.addCleanup(ours.close)
        process = self.node("-user", "peer", *args, prefix=prefix, pass_fds=[theirs.fileno()],
                            env={"LIBPEER_DESCRIPTOR": str(theirs.fileno())})
        theirs.close()
        return process, ours

    def expect(self, connection, data):
        received = b""
        while len(received) < len(data):
            more = connection.recv(len(data) - len(received))
            self.assertTrue(more, received)
            received += more
        self.assertEqual(received, data)

    def expect_started(self, read):
        """The first message is the one that erl sends first."""
        self.assertEqual(read(struct.unpack(">I", read(4))[0]), STARTED)


class StartTest(NodeTest):
    def test_without_an_origin(self):
        self.ends(self.node(), "no origin has started this program")

    def test_the_distribution_is_refused(self):
        self.ends(self.node("-user", "peer", "-origin", "g1hYdw1ub25vZGVAbm9ob3N0"), "'distribution' is not available")

    def test_a_descriptor_that_is_none(self):
        for value in ("99", "x", "", "2", "-1", "3 "):
            with self.subTest(value=value):
                self.ends(self.node("-user", "peer", env={"LIBPEER_DESCRIPTOR": value}),
                          f"LIBPEER_DESCRIPTOR is '{value}', which is not a ")

    def test_a_descriptor_that_is_no_socket(self):
        read, write = os.pipe()
        process = self.node("-user", "peer", pass_fds=[read], env={"LIBPEER_DESCRIPTOR": str(read)})
        os.close(read)
        os.close(write)
        self.ends(process, "which is not a stream socket")

    def test_a_long_name_that_cannot_be_made(self):
        self.ends(self.node("-name", "@", "-user", "peer"), "invalid argument -name")

    def test_nobody_listens(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            self.ends(self.node("-user", "peer", "-origin", "127.0.0.1", str(port)),
                      f"cannot connect to the origin at 127.0.0.1, port {port}: Connection refused")

    def test_an_address_that_is_none(self):
        self.ends(self.node("-user", "peer", "-origin", "nowhere", "1"), "the address of the origin, 'nowhere', must be an IPv4 or IPv6 address in numbers")

    def test_the_second_address_is_tried_after_the_first(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = self.node("-user", "peer", "-origin", "192.0.2.300,127.0.0.1", str(server.getsockname()[1]))
            connection = self.accept(server)
            with connection:
                self.expect_started(connection.makefile("rb").read)
            self.ends(process, "")

    def test_a_token_that_is_missing_or_none(self):
        for text in (b"", b"abc\n", b"0" * 63 + b"\n", b"g" * 64 + b"\n", b"0" * 1000):
            with self.subTest(text=text):
                process = self.node("-user", "peer", "-origin", "127.0.0.1", "1", "-token", "stdin",
                                    stdin=subprocess.PIPE)
                process.stdin.write(text)
                process.stdin.close()
                self.ends(process, "token")


class TokenTest(NodeTest):
    def test_the_token_comes_first(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = self.node("-user", "peer", "-origin", "127.0.0.1", str(server.getsockname()[1]), "-token",
                                "stdin", stdin=subprocess.PIPE)
            secret = bytes(range(32))
            process.stdin.write(secret.hex().encode() + b"\n")
            process.stdin.close()
            connection = self.accept(server)
            with connection:
                self.expect(connection, packet(b"\x83" + tuple_of(atom(b"token"), b"\x6d\0\0\0\x20" + secret)))
                self.expect(connection, packet(STARTED))
            self.ends(process, "")


class OriginEndTest(NodeTest):
    """An origin that dies, at each step, over each connection."""

    def test_before_anything(self):
        process, origin = self.inherited()
        origin.close()
        self.ends(process, "")

    def test_after_the_start(self):
        process, origin = self.inherited()
        self.expect(origin, packet(STARTED))
        origin.close()
        self.ends(process, "")

    def test_inside_of_a_frame(self):
        process, origin = self.inherited()
        self.expect(origin, packet(STARTED))
        origin.sendall(packet(call(b"node"))[:-1])
        origin.close()
        self.ends(process, "the connection to the origin failed")

    def test_during_a_call(self):
        process, origin = self.inherited()
        self.expect(origin, packet(STARTED))
        forever = b"\x83" + tuple_of(atom(b"call"), b"\x61\0", atom(b"timer"), atom(b"sleep"),
                                     b"\x6c\0\0\0\1" + atom(b"infinity") + b"\x6a")
        origin.sendall(packet(forever) + packet(call(b"node", seq=1)))
        self.expect(origin, packet(b"\x83" + tuple_of(atom(b"reply"), b"\x61\1", atom(b"ok"), atom(b"nonode@nohost"))))
        origin.close()
        self.ends(process, "")

    def test_while_the_node_writes(self):
        process, origin = self.inherited()
        self.expect(origin, packet(STARTED))
        binary = b"\x6d" + struct.pack(">I", 8 << 20) + bytes(8 << 20)
        origin.sendall(packet(b"\x83" + tuple_of(atom(b"call"), b"\x61\0", atom(b"peer_node"), atom(b"echo"),
                                                 b"\x6c\0\0\0\1" + binary + b"\x6a")))
        self.assertTrue(origin.recv(1))
        origin.close()
        self.ends(process, "")

    def test_over_standard_io(self):
        process = self.node("-user", "peer", stdin=subprocess.PIPE)
        started = stdio_frame(STARTED)
        self.assertEqual(process.stdout.read(len(started)), started) # as erl begins
        process.stdin.close()
        self.ends(process, "")

    def test_over_standard_io_before_anything(self):
        self.ends(self.node("-user", "peer"), "")

    def test_over_tcp(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = self.node("-user", "peer", "-origin", "127.0.0.1", str(server.getsockname()[1]))
            connection = self.accept(server)
            connection.close()
            self.ends(process, "")


class SignalTest(NodeTest):
    """SIGTERM means init:stop() to a node that runs, as it does to erl."""

    SLEEP = call(b"sleep", atom(b"infinity"), module=b"timer")

    def running(self, *prefix):
        process, origin = self.inherited(prefix=prefix)
        self.expect(origin, packet(STARTED))
        return process, origin

    def busy(self, *prefix):
        """A node with a call that ends only when it is told to."""
        process, origin = self.running(*prefix)
        origin.sendall(packet(self.SLEEP) + packet(call(b"node", seq=1)))
        self.expect(origin, packet(reply(atom(b"nonode@nohost"), seq=1)))
        return process, origin

    def test_an_idle_node_ends_in_order(self):
        process, origin = self.running()
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(origin.recv(1), b"")
        self.assertEqual(process.stderr.read(), b"")

    def test_functions_are_told(self):
        process, origin = self.busy()
        process.terminate()
        self.expect(origin, packet(reply(atom(b"ok"))))
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_second_one_ends_the_node_at_once(self):
        process, origin = self.stuck()
        process.terminate()
        self.is_stopping(origin)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)

    def test_process_1_follows_it_too(self):
        if not self.can_unshare():
            self.skipTest("no namespaces for this user")
        for prepare, count, status in ((self.running, 1, 0), (self.stuck, 2, 143)):
            with self.subTest(count):
                process, origin = prepare("unshare", "--map-root-user", "--pid", "--fork", "--kill-child")
                node = self.child_of(process.pid)
                os.kill(node, signal.SIGTERM)
                if count == 2:
                    self.is_stopping(origin)
                    os.kill(node, signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE), status)

    def test_a_program_that_ignores_it_goes_on_doing_so(self):
        process, origin = self.running("sh", "-c", "trap '' TERM; exec \"$0\" \"$@\"")
        process.terminate()
        origin.sendall(packet(call(b"node")))
        self.expect(origin, packet(reply(atom(b"nonode@nohost"))))
        origin.close()
        self.ends(process, "")

    # -- helpers ---

    def stuck(self, *prefix):
        """A node with a call that does not care that nobody waits: it prints, and nobody reads that."""
        process, origin = self.running(*prefix)
        origin.sendall(packet(call(b"spam", b"\x62\x7f\xff\xff\xff", b"\x6d\0\0\0\x01x", module=b"peer_node")))
        origin.sendall(packet(call(b"node", seq=1)))
        self.expect(origin, packet(reply(atom(b"nonode@nohost"), seq=1)))
        return process, origin

    def is_stopping(self, origin):
        """Waits until the node refuses calls."""
        refusal = packet(b"\x83" + tuple_of(atom(b"reply"), b"\x61\2", atom(b"exit"),
                                            tuple_of(atom(b"shutdown"), b"\x6a")))
        answer = packet(reply(atom(b"nonode@nohost"), seq=2))
        while True:
            origin.sendall(packet(call(b"node", seq=2)))
            received = b""
            while received not in (refusal, answer):
                more = origin.recv(1)
                self.assertTrue(more)
                received += more
            if received == refusal:
                return

    @staticmethod
    def can_unshare():
        return shutil.which("unshare") and subprocess.run(["unshare", "--map-root-user", "--pid", "--fork", "true"],
                                                          stderr=subprocess.DEVNULL).returncode == 0

    @staticmethod
    def child_of(pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            return int(children.read())


class NonsenseTest(NodeTest):
    def check(self, data, complaint):
        with self.subTest(data=data[:40]):
            process, origin = self.inherited()
            self.expect(origin, packet(STARTED))
            origin.sendall(data)
            self.ends(process, complaint)

    def test_frames(self):
        self.check(b"\xff" * 100, "frame")
        self.check(struct.pack(">I", 0xFFFFFFFF), "frame")
        self.check(packet(b""), "libpeer: the connection to the origin failed")
        self.check(packet(b"no term"), "libpeer: the connection to the origin failed")

    def test_messages(self):
        self.check(packet(b"\x83" + atom(b"hello")), "a message must be a tuple")
        self.check(packet(b"\x83" + tuple_of(atom(b"hello"))), "unknown message from the origin")
        self.check(packet(STARTED), "unknown message from the origin")
        self.check(packet(b"\x83" + tuple_of(atom(b"call"), atom(b"x"), atom(b"m"), atom(b"f"), b"\x6a")),
                   "message call: Seq must be an integer")
        self.check(packet(call(b"node") + b"x"), "message call: 1 bytes follow it")

    def test_over_standard_io(self):
        for data in (nibbles(b"\0\0\0\1xxxxx"), stdio_frame(b"\x83" + atom(b"hello"))):
            with self.subTest(data=data):
                process = self.node("-user", "peer", stdin=subprocess.PIPE)
                process.stdin.write(b"text between frames, which erl ignores" + data)
                process.stdin.flush()
                self.ends(process, "libpeer: the connection to the origin failed")

    def test_what_harms_nobody(self):
        process, origin = self.inherited()
        self.expect(origin, packet(STARTED))
        nobody = b"\x58" + atom(b"other@node") + struct.pack(">III", 1, 0, 0)
        for message in (tuple_of(atom(b"message"), atom(b"nobody"), b"\x6a"),
                        tuple_of(atom(b"message"), nobody, b"\x6a"),
                        tuple_of(atom(b"message"), tuple_of(atom(b"libpeer_calls"), atom(b"nonode@nohost")), b"\x61\7"),
                        tuple_of(atom(b"message"), tuple_of(atom(b"libpeer_calls"), atom(b"nonode@nohost")), b"\x6a"),
                        tuple_of(atom(b"io_reply"), nobody, b"\x6a", b"\x6a"),
                        tuple_of(atom(b"cast"), atom(b"no"), atom(b"such"), b"\x6a")):
            origin.sendall(packet(b"\x83" + message))
        origin.sendall(packet(call(b"node")))
        self.expect(origin, packet(b"\x83" + tuple_of(atom(b"reply"), b"\x61\0", atom(b"ok"), atom(b"nonode@nohost"))))
        origin.close()
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn("cast of no:such failed: error", process.stderr.read().decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
