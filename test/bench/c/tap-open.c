/*
 * tap-open INTERFACE COMMAND...: runs a command that inherits the tap as descriptor 3, opened without a
 * virtio_net_hdr: no offloads.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INHERITED = 3 };

int main(int count, char **words) {
  if (count < 3) return 2;
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {0};
  strncpy(request.ifr_name, words[1], IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0 || (tap != INHERITED && dup2(tap, INHERITED) < 0)) {
    perror(words[1]);
    return 1;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 1;
}
