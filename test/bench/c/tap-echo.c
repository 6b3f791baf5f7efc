/*
 * tap-echo INTERFACE [ADDRESS]: the peer of the benchmarks of tap. Answers ARP and echoes UDP on a tap
 * interface, one read and one write a frame, poll when there is nothing. Ends when standard input does,
 * and prints what it did.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FRAME_BYTES_MAX = 2048, BURST_MAX = 64 };

static unsigned char frame[FRAME_BYTES_MAX];
static const unsigned char mac[6] = {2, 0, 0, 0, 0, 2};
static unsigned char address[4] = {10, 0, 0, 2};

static void swap(int a, int b, int bytes) {
  for (int at = 0; at < bytes; at++) {
    unsigned char byte = frame[a + at];
    frame[a + at] = frame[b + at];
    frame[b + at] = byte;
  }
}

/* Whether the frame, turned around in place, is an answer. */
static int answer(long bytes) {
  if (bytes >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 1 &&
      memcmp(frame + 38, address, 4) == 0) {
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, mac, 6);
    frame[21] = 2;
    memcpy(frame + 32, frame + 22, 10);
    memcpy(frame + 22, mac, 6);
    memcpy(frame + 28, address, 4);
    return 1;
  }
  if (bytes >= 42 && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 && frame[23] == 17) {
    swap(0, 6, 6);
    swap(26, 30, 4);
    swap(34, 36, 2);
    return 1;
  }
  return 0;
}

int main(int count, char **words) {
  if (count < 2) return 2;
  if (count > 2) inet_pton(AF_INET, words[2], address);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {0};
  strncpy(request.ifr_name, words[1], IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) {
    perror(words[1]);
    return 1;
  }
  puts("{\"ready\": true}");
  fflush(stdout);
  long echoed = 0;
  for (;;) {
    for (int burst = 0; burst < BURST_MAX; burst++) {
      long bytes = read(tap, frame, sizeof frame);
      if (bytes <= 0) break;
      if (answer(bytes) && write(tap, frame, bytes) == bytes) echoed++;
    }
    struct pollfd wait[2] = {{tap, POLLIN, 0}, {0, POLLIN, 0}};
    poll(wait, 2, -1);
    if (wait[1].revents != 0) break;
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec +
                   (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("{\"frames\": %ld, \"cpuSeconds\": %.6f}\n", echoed, seconds);
  return 0;
}
