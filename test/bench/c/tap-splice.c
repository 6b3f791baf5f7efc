/*
 * tap-splice A B [offload]: carries frames between two tap interfaces, so that two kernels' stacks meet
 * over taps. With "offload" the frames have a virtio_net_hdr: checksums stay partial, segments large.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FRAME_BYTES_MAX = 70000, BURST_MAX = 64 };

static unsigned char frame[FRAME_BYTES_MAX];

static int attach(const char *name, int offload) {
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0);
  unsigned long offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0 ||
      (offload && ioctl(tap, TUNSETOFFLOAD, offloads) < 0)) {
    perror(name);
    return -1;
  }
  return tap;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  int taps[2] = {attach(words[1], count > 3), attach(words[2], count > 3)};
  if (taps[0] < 0 || taps[1] < 0) return 1;
  puts("ready");
  fflush(stdout);
  struct pollfd wait[2] = {{taps[0], POLLIN, 0}, {taps[1], POLLIN, 0}};
  for (;;) {
    if (poll(wait, 2, -1) < 0) return 1;
    for (int side = 0; side < 2; side++) {
      if (wait[side].revents == 0) continue;
      for (int burst = 0; burst < BURST_MAX; burst++) {
        long bytes = read(taps[side], frame, sizeof frame);
        if (bytes <= 0) break;
        /* A frame that the other side does not take is lost, as on any link. */
        if (write(taps[1 - side], frame, bytes) < 0) break;
      }
    }
  }
}
