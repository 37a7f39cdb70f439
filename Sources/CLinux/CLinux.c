#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(EPOLLIN == linux_epoll_in && EPOLLOUT == linux_epoll_out, "epoll flags");
_Static_assert(EPOLLERR == linux_epoll_error && EPOLLHUP == linux_epoll_hang_up, "epoll flags");

int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, descriptor, &event);
}
int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}
int linux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}
int linux_epoll_remove(int epoll, int descriptor) { return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }
int linux_epoll_wait(int epoll, void *events, int capacity, int timeout_milliseconds) {
  return epoll_wait(epoll, events, capacity, timeout_milliseconds);
}
size_t linux_epoll_event_size(void) { return sizeof(struct epoll_event); }
uint32_t linux_epoll_event_flags(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].events;
}
uint64_t linux_epoll_event_token(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].data.u64;
}

int linux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int linux_signalfd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) {
    errno = error;
    return -1;
  }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
int linux_signalfd_read(int descriptor, int32_t *sender) {
  struct signalfd_siginfo information;
  ssize_t count = read(descriptor, &information, sizeof information);
  if (count != (ssize_t)sizeof information) return -1;
  *sender = (int32_t)information.ssi_pid;
  return (int)information.ssi_signo;
}

int linux_fallocate(int descriptor, int64_t offset, int64_t length) {
  return fallocate(descriptor, 0, offset, length);
}
int linux_flock_exclusive(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }
int linux_start_writing(int descriptor, int64_t offset, int64_t length) {
  return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}
void linux_flock_unlock(int descriptor) { flock(descriptor, LOCK_UN); }
int linux_getrandom(void *bytes, size_t count) { return (int)getrandom(bytes, count, 0); }

int linux_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

enum { control_bytes = CMSG_SPACE(sizeof(uint32_t)) };
typedef struct {
  _Alignas(struct cmsghdr) char bytes[control_bytes];
} control_block;
struct linux_datagram_slots {
  unsigned slots;
  size_t slot_bytes;
  uint8_t *bytes;
  struct mmsghdr *headers;
  struct iovec *vectors;
  struct sockaddr_storage *senders;
  control_block *controls;
  uint32_t kernel_drops;
};

linux_datagram_slots *linux_datagram_slots_create(unsigned slots, size_t slot_bytes) {
  linux_datagram_slots *set = calloc(1, sizeof *set);
  if (!set) abort();
  set->slots = slots;
  set->slot_bytes = slot_bytes;
  set->bytes = malloc(slots * slot_bytes);
  set->headers = calloc(slots, sizeof *set->headers);
  set->vectors = calloc(slots, sizeof *set->vectors);
  set->senders = calloc(slots, sizeof *set->senders);
  set->controls = calloc(slots, sizeof *set->controls);
  if (!set->bytes || !set->headers || !set->vectors || !set->senders || !set->controls) abort();
  return set;
}
void linux_datagram_slots_destroy(linux_datagram_slots *set) {
  free(set->bytes);
  free(set->headers);
  free(set->vectors);
  free(set->senders);
  free(set->controls);
  free(set);
}
int linux_datagram_slots_receive(linux_datagram_slots *set, int descriptor) {
  for (unsigned i = 0; i < set->slots; i++) {
    set->vectors[i] = (struct iovec){set->bytes + i * set->slot_bytes, set->slot_bytes};
    set->headers[i].msg_hdr = (struct msghdr){
        .msg_name = &set->senders[i],
        .msg_namelen = sizeof set->senders[i],
        .msg_iov = &set->vectors[i],
        .msg_iovlen = 1,
        .msg_control = set->controls[i].bytes,
        .msg_controllen = control_bytes,
    };
  }
  int count = recvmmsg(descriptor, set->headers, set->slots, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &set->headers[i].msg_hdr;
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item))
      if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_RXQ_OVFL)
        memcpy(&set->kernel_drops, CMSG_DATA(item), sizeof set->kernel_drops);
  }
  return count;
}
const uint8_t *linux_datagram_bytes(const linux_datagram_slots *set, int index) {
  return set->bytes + (size_t)index * set->slot_bytes;
}
size_t linux_datagram_count(const linux_datagram_slots *set, int index) { return set->headers[index].msg_len; }
bool linux_datagram_truncated(const linux_datagram_slots *set, int index) {
  return (set->headers[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}
const struct sockaddr *linux_datagram_sender(const linux_datagram_slots *set, int index, socklen_t *length) {
  *length = set->headers[index].msg_hdr.msg_namelen;
  return (const struct sockaddr *)&set->senders[index];
}
uint32_t linux_datagram_kernel_drops(const linux_datagram_slots *set) { return set->kernel_drops; }

int linux_enable_drop_counter(int descriptor) {
  int on = 1;
  return setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
}
int linux_set_receive_buffer(int descriptor, int bytes) {
  // SO_RCVBUFFORCE passes net.core.rmem_max but needs CAP_NET_ADMIN; without it the kernel's limit applies.
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return 0;
  return setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

int linux_name_current_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

void linux_hasten_current_thread(void) {
  // For root, and where the service has LimitNICE=. Not permitted is no reason to stop.
  (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -10);
}

void linux_yield_current_thread(void) {
  // On Linux a thread's own: by its id, not the process's. Not permitted is no reason to stop.
  (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
  // IOPRIO_WHO_PROCESS, class idle: honoured by the schedulers that know classes.
  (void)syscall(SYS_ioprio_set, 1, 0, 3 << 13);
}

int linux_netlink_open(void) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (netlink < 0) return -1;
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
  };
  if (bind(netlink, (struct sockaddr *)&address, sizeof address) == 0) return netlink;
  int code = errno;
  close(netlink);
  errno = code;
  return -1;
}

bool linux_netlink_has_news(int netlink) {
  bool has_news = false;
  _Alignas(struct nlmsghdr) char buffer[8192];
  for (;;) {
    ssize_t count = recv(netlink, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ENOBUFS) {
      has_news = true;
      continue;
    }
    if (count <= 0) return has_news;
    int remaining = (int)count;
    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, remaining);
         message = NLMSG_NEXT(message, remaining))
      has_news |= message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_NEWADDR;
  }
}
