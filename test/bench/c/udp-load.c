/*
 * udp-load ADDRESS PORT OUTSTANDING SECONDS BYTES: keeps datagrams on their way, and counts what comes
 * back. Prints JSON: answers a second, and the median latency in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, BYTES_MAX = 1472, SLOTS = 100000, LOST_MS = 200 };

static unsigned char out[BATCH][BYTES_MAX], in[BATCH][BYTES_MAX];
static struct mmsghdr sends[BATCH], receives[BATCH];
static struct iovec from[BATCH], to[BATCH];
/* Answers by latency, in microseconds. */
static long latency[SLOTS];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int count, char **words) {
  if (count < 6) return 2;
  int outstanding = atoi(words[3]), bytes = atoi(words[5]);
  double seconds = atof(words[4]);
  if (bytes < 8 || bytes > BYTES_MAX) return 2;
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
  inet_pton(AF_INET, words[1], &peer.sin_addr);
  if (connect(udp, (void *)&peer, sizeof peer) < 0) {
    perror("connect");
    return 1;
  }
  for (int at = 0; at < BATCH; at++) {
    from[at] = (struct iovec){out[at], bytes};
    to[at] = (struct iovec){in[at], BYTES_MAX};
    sends[at].msg_hdr = (struct msghdr){.msg_iov = &from[at], .msg_iovlen = 1};
    receives[at].msg_hdr = (struct msghdr){.msg_iov = &to[at], .msg_iovlen = 1};
  }
  uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9);
  long flying = 0, answers = 0;
  while (now() < end) {
    while (flying < outstanding) {
      int batch = outstanding - flying < BATCH ? outstanding - flying : BATCH;
      uint64_t time = now();
      for (int at = 0; at < batch; at++) memcpy(out[at], &time, sizeof time);
      int sent = sendmmsg(udp, sends, batch, 0);
      if (sent <= 0) break;
      flying += sent;
    }
    struct pollfd wait = {udp, POLLIN, 0};
    if (poll(&wait, 1, LOST_MS) == 0) {
      flying = 0;
      continue;
    }
    int received = recvmmsg(udp, receives, BATCH, MSG_DONTWAIT, 0);
    if (received <= 0) continue;
    uint64_t time = now();
    for (int at = 0; at < received; at++) {
      uint64_t sent;
      memcpy(&sent, in[at], sizeof sent);
      uint64_t micros = (time - sent) / 1000;
      latency[micros < SLOTS ? micros : SLOTS - 1]++;
    }
    answers += received;
    flying = flying > received ? flying - received : 0;
  }
  double elapsed = (now() - start) / 1e9;
  long seen = 0;
  int median = 0;
  while (median < SLOTS - 1 && (seen += latency[median]) * 2 < answers) median++;
  printf("{\"perSecond\": %.0f, \"medianUs\": %d}\n", answers / elapsed, median);
  return 0;
}
