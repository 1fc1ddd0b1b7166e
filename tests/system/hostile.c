// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A program that is started as a peer and does everything wrong. It knows nothing of libpeer but what the wire demands.
//
//     hostile PHASE MODE [ARGUMENT...] [the arguments of a node]
//
// PHASE says how far it goes before it turns bad:
//
//     apart       leaves the connection alone
//     connected   connects, if the connection is TCP
//     started     says that it has started
//
// MODE is one of those in `modes`, at the end. Those that last say "ready" on standard error when they have begun.

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { no_descriptor = -1, at_most = 50 };

/// The control connection.
struct connection {
  int in;
  int out;
  bool nibbles; ///< Each byte goes as two, and a CRC ends a frame.
};

static void fail(const char* what) {
  perror(what);
  _exit(99);
}

// -- frames -----------------------------------------------------------------------------------------------------------

static void write_all(int fd, const void* data, size_t size) {
  const char* at = data;
  while (size > 0) {
    ssize_t done = write(fd, at, size);
    if (done < 0)
      fail("hostile: write");
    at += done;
    size -= (size_t)done;
  }
}

static void send_bytes(const struct connection* to, const unsigned char* bytes, size_t size) {
  if (!to->nibbles) {
    write_all(to->out, bytes, size);
    return;
  }
  for (size_t i = 0; i < size; ++i) {
    unsigned char pair[2] = {(unsigned char)(0xC3 | (bytes[i] >> 4) << 2),
                             (unsigned char)(0xC3 | (bytes[i] & 15) << 2)};
    write_all(to->out, pair, sizeof(pair));
  }
}

static void send_number(const struct connection* to, uint32_t number) {
  unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16), (unsigned char)(number >> 8),
                            (unsigned char)number};
  send_bytes(to, bytes, sizeof(bytes));
}

static uint32_t crc32_of(const unsigned char* bytes, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/// {started, nonode@nohost}
static const unsigned char started[] = "\x83\x68\x02\x77\x07started\x77\x0Dnonode@nohost";
static const size_t started_size = sizeof(started) - 1;

static void say_started(const struct connection* to) {
  send_number(to, (uint32_t)started_size);
  send_bytes(to, started, started_size);
  if (to->nibbles)
    send_number(to, crc32_of(started, started_size));
}

// -- the connection ---------------------------------------------------------------------------------------------------

static int connect_to(const char* address, const char* port) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  int result = socket(AF_INET, SOCK_STREAM, 0);
  if (inet_pton(AF_INET, address, &where.sin_addr) != 1
      || connect(result, (struct sockaddr*)&where, sizeof(where)) != 0)
    fail("hostile: connect");
  return result;
}

/// Takes the connection as the command line and the environment offer it; over TCP only if it is to connect.
static struct connection take_connection(char** arguments, bool connect) {
  const char* inherited = getenv("LIBPEER_DESCRIPTOR");
  if (inherited != NULL)
    return (struct connection){atoi(inherited), atoi(inherited), false};
  for (; *arguments != NULL; ++arguments)
    if (strcmp(*arguments, "-origin") == 0 && arguments[1] != NULL && arguments[2] != NULL) {
      int socket = connect ? connect_to(arguments[1], arguments[2]) : no_descriptor;
      return (struct connection){socket, socket, false};
    }
  return (struct connection){STDIN_FILENO, STDOUT_FILENO, true};
}

// -- modes ------------------------------------------------------------------------------------------------------------

static void ready(void) {
  write_all(STDERR_FILENO, "ready\n", 6);
}

static void hang(void) {
  for (;;)
    pause();
}

/// Reads nothing and says nothing.
static void stay_silent(struct connection* link, char** arguments) {
  (void)link, (void)arguments;
  ready();
  hang();
}

/// Reads the connection to its end, and stays.
static void only_read(struct connection* link, char** arguments) {
  (void)arguments;
  ready();
  char buffer[4096];
  if (link->in != no_descriptor)
    while (read(link->in, buffer, sizeof(buffer)) > 0) {
    }
  hang();
}

/// Ends by nothing but SIGKILL.
static void ignore_signals(struct connection* link, char** arguments) {
  for (int number = 1; number < 32; ++number)
    signal(number, SIG_IGN); // fails for two of them
  stay_silent(link, arguments);
}

/// family N: N children that sleep and hold every descriptor open.
static void make_family(struct connection* link, char** arguments) {
  for (int left = atoi(arguments[0]); left > 0; --left)
    if (fork() == 0)
      hang();
  stay_silent(link, arguments);
}

/// Forks for ever: children come and go, and about `at_most` of them live.
static void keep_forking(struct connection* link, char** arguments) {
  (void)link, (void)arguments;
  for (int i = 1; i < at_most / 2; ++i)
    if (fork() == 0)
      break;
    else if (i == at_most / 2 - 1)
      ready();
  for (;;) {
    pid_t child = fork();
    if (child == 0)
      _exit(0);
    waitpid(child, NULL, 0);
  }
}

/// Leaves a process behind that has left its session and its parent, twice, and holds every descriptor open.
static void leave_daemon(void) {
  if (fork() != 0)
    return;
  for (int i = 0; i < 2; ++i) {
    setsid();
    if (fork() != 0)
      _exit(0);
  }
  ready();
  hang();
}

static void daemonise(struct connection* link, char** arguments) {
  (void)link, (void)arguments;
  leave_daemon();
  hang();
}

/// daemonise_and_exit [when_told]: its end has status 7, and comes when the origin has said something if it is to wait
/// for that. Over TCP the origin finds the owner of a socket only as long as there is one.
static void daemonise_and_exit(struct connection* link, char** arguments) {
  leave_daemon();
  int status = 0;
  wait(&status); // so that the daemon is there before this process is gone
  char said = 0;
  if (arguments[0] != NULL && strcmp(arguments[0], "when_told") == 0 && read(link->in, &said, 1) != 1)
    fail("hostile: read");
  _exit(7);
}

static void close_streams(struct connection* link, char** arguments) {
  (void)link, (void)arguments;
  ready();
  for (int fd = 0; fd < 3; ++fd)
    close(fd);
  hang();
}

/// spout STREAMS SEED: random bytes for ever on the descriptors whose digits STREAMS has.
static void spout(struct connection* link, char** arguments) {
  (void)link;
  uint64_t state = strtoull(arguments[1], NULL, 10) * 2 + 1;
  unsigned char bytes[1 << 15];
  for (;;) {
    for (size_t i = 0; i < sizeof(bytes); ++i) { // xorshift64*
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      bytes[i] = (unsigned char)(state * 0x2545F4914F6CDD1D >> 56);
    }
    for (const char* digit = arguments[0]; *digit != '\0'; ++digit)
      write_all(*digit - '0', bytes, sizeof(bytes));
  }
}

/// line FD BYTES: one line of that size without a newline. Then its end, with status 0.
static void print_line(struct connection* link, char** arguments) {
  (void)link;
  static char piece[1 << 16];
  memset(piece, 'x', sizeof(piece));
  unsigned long long left = strtoull(arguments[1], NULL, 10);
  while (left > 0) {
    size_t size = left < sizeof(piece) ? (size_t)left : sizeof(piece);
    write_all(atoi(arguments[0]), piece, size);
    left -= size;
  }
  _exit(0);
}

/// die FILE: writes the time of the monotonic clock in nanoseconds to FILE, and ends with status 7.
static void die(struct connection* link, char** arguments) {
  (void)link;
  int file = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  dprintf(file, "%lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
  _exit(7);
}

/// Stops itself, and again whenever somebody lets it go on.
static void suspend(struct connection* link, char** arguments) {
  (void)link, (void)arguments;
  ready();
  for (;;)
    raise(SIGSTOP);
}

/// frame SIZE SENT: a frame that announces SIZE bytes, of which SENT follow: the beginning of a message, then zeros.
static void begin_frame(struct connection* link, char** arguments) {
  static unsigned char payload[1 << 20];
  memcpy(payload, started, 3);
  send_number(link, (uint32_t)strtoul(arguments[0], NULL, 10));
  send_bytes(link, payload, strtoul(arguments[1], NULL, 10));
  stay_silent(link, arguments);
}

static const struct {
  const char* name;
  void (*run)(struct connection* link, char** arguments);
} modes[] = {
    {"silent", stay_silent},
    {"reader", only_read},
    {"deaf", ignore_signals},
    {"family", make_family},
    {"forking", keep_forking},
    {"daemonise", daemonise},
    {"daemonise_and_exit", daemonise_and_exit},
    {"close_streams", close_streams},
    {"spout", spout},
    {"line", print_line},
    {"die", die},
    {"suspend", suspend},
    {"frame", begin_frame},
};

int main(int count, char** arguments) {
  if (count < 3)
    return 98;
  const char* phase = arguments[1];
  struct connection link = take_connection(arguments + 3, strcmp(phase, "apart") != 0);
  if (strcmp(phase, "started") == 0)
    say_started(&link);
  for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); ++i)
    if (strcmp(modes[i].name, arguments[2]) == 0)
      modes[i].run(&link, arguments + 3);
  return 98;
}
