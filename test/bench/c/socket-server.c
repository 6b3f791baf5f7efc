/*
 * socket-server PORT KIND: the peer in C of the benchmarks of sockets, on epoll. KIND is udp (echo), tcp
 * (echo) or http (1 KiB for every end of a head). Until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BYTES_MAX = 65536, BODY_BYTES = 1024 };

static char bytes[BYTES_MAX], answer[BODY_BYTES + 256];

/* One call for a datagram each way, as a simple server has it. */
static int echo_datagrams(int udp) {
  for (;;) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    long got = recvfrom(udp, bytes, sizeof bytes, MSG_DONTWAIT, (void *)&from, &size);
    if (got >= 0) {
      sendto(udp, bytes, got, 0, (void *)&from, size);
      continue;
    }
    struct pollfd wait = {udp, POLLIN, 0};
    if (poll(&wait, 1, -1) < 0) return 1;
  }
}

/* Ends of heads: a request of the load generator comes in one piece. */
static int requests(long got) {
  int found = 0;
  for (long at = 3; at < got; at++) found += memcmp(bytes + at - 3, "\r\n\r\n", 4) == 0;
  return found;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  int is_udp = strcmp(words[2], "udp") == 0, is_http = strcmp(words[2], "http") == 0, on = 1;
  int listener = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&local, sizeof local) < 0 || (!is_udp && listen(listener, 1024) < 0)) {
    perror("bind");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  if (is_udp) return echo_datagrams(listener);
  int head = sprintf(answer,
                     "HTTP/1.1 200 OK\r\nServer: socket-server\r\nContent-Type: text/html\r\n"
                     "Content-Length: %d\r\nConnection: keep-alive\r\n\r\n",
                     BODY_BYTES);
  memset(answer + head, 'x', BODY_BYTES);
  int epoll = epoll_create1(0);
  struct epoll_event events[EVENTS_MAX], interest = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest);
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int at = 0; at < ready; at++) {
      int socket = events[at].data.fd;
      if (socket == listener) {
        interest.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (interest.data.fd < 0) continue;
        setsockopt(interest.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, interest.data.fd, &interest);
        continue;
      }
      long got = read(socket, bytes, sizeof bytes);
      if (got <= 0) {
        close(socket);
      } else if (is_http) {
        for (int left = requests(got); left > 0; left--)
          if (write(socket, answer, head + BODY_BYTES) < 0) break;
      } else if (write(socket, bytes, got) < 0) {
        close(socket);
      }
    }
  }
}
