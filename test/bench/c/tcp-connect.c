/*
 * tcp-connect ADDRESS PORT AT_ONCE SECONDS: connects, sends a byte, gets it back, closes; again and again,
 * AT_ONCE at a time. Prints JSON: connections a second, and how many failed.
 * tcp-connect ADDRESS PORT hold COUNT: keeps COUNT connections idle until standard input ends; prints
 * JSON once all are there.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256 };

static struct sockaddr_in server;
static int epoll;
static long failed;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* Told when the connection is made, or has failed. */
static void begin(void) {
  int one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (one < 0 || (connect(one, (void *)&server, sizeof server) < 0 && errno != EINPROGRESS)) {
    perror("connect");
    exit(1);
  }
  struct epoll_event interest = {.events = EPOLLOUT, .data.fd = one};
  epoll_ctl(epoll, EPOLL_CTL_ADD, one, &interest);
}

/* Sends the byte of a connection that has been made. */
static void greet(int one) {
  if (write(one, "x", 1) != 1) failed++;
  struct epoll_event interest = {.events = EPOLLIN, .data.fd = one};
  epoll_ctl(epoll, EPOLL_CTL_MOD, one, &interest);
}

static int hold(long count) {
  long begun = 0, made = 0;
  struct epoll_event events[EVENTS_MAX];
  while (made < count) {
    for (; begun < count && begun < made + EVENTS_MAX; begun++) begin();
    int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int at = 0; at < ready; at++) {
      char byte;
      if (events[at].events & EPOLLOUT) {
        greet(events[at].data.fd);
      } else {
        if (read(events[at].data.fd, &byte, 1) != 1) failed++;
        epoll_ctl(epoll, EPOLL_CTL_DEL, events[at].data.fd, NULL);
        made++;
      }
    }
  }
  printf("{\"held\": %ld, \"failed\": %ld}\n", made, failed);
  fflush(stdout);
  while (getchar() != EOF) {}
  return 0;
}

int main(int count, char **words) {
  if (count < 5) return 2;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
  inet_pton(AF_INET, words[1], &server.sin_addr);
  epoll = epoll_create1(0);
  if (strcmp(words[3], "hold") == 0) return hold(atol(words[4]));
  long at_once = atol(words[3]), ended = 0;
  double start = now(), end = start + atof(words[4]);
  for (long one = 0; one < at_once; one++) begin();
  struct epoll_event events[EVENTS_MAX];
  while (now() < end) {
    int ready = epoll_wait(epoll, events, EVENTS_MAX, 100);
    for (int at = 0; at < ready; at++) {
      char byte;
      int one = events[at].data.fd;
      if (events[at].events & EPOLLOUT) {
        greet(one);
        continue;
      }
      if (read(one, &byte, 1) != 1) failed++;
      close(one);
      ended++;
      begin();
    }
  }
  printf("{\"perSecond\": %.0f, \"failed\": %ld}\n", ended / (now() - start), failed);
  return 0;
}
