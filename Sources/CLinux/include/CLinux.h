/// What Swift's Glibc module lacks of Linux: each function is the system call of the same name, nothing more.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

// epoll(7)
enum { linux_epoll_in = 0x001, linux_epoll_out = 0x004, linux_epoll_error = 0x008, linux_epoll_hang_up = 0x010 };
int linux_epoll_create(void);
int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int linux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token);
int linux_epoll_remove(int epoll, int descriptor);
int linux_epoll_wait(int epoll, void *events, int capacity, int timeout_milliseconds);
size_t linux_epoll_event_size(void);
uint32_t linux_epoll_event_flags(const void *events, int index);
uint64_t linux_epoll_event_token(const void *events, int index);

// eventfd(2), signalfd(2)
int linux_eventfd(void);
int linux_signalfd(const int *signals, int count);
/// The signal's number and sender, or -1 with errno set (EAGAIN: none waiting).
int linux_signalfd_read(int descriptor, int32_t *sender);

// files
int linux_fallocate(int descriptor, int64_t offset, int64_t length);
int linux_flock_exclusive(int descriptor);
int linux_start_writing(int descriptor, int64_t offset, int64_t length);
void linux_flock_unlock(int descriptor);
int linux_getrandom(void *bytes, size_t count);

// sockets
int linux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// A non-blocking rtnetlink(7) socket that tells of new addresses and routes; -1 with errno set.
int linux_netlink_open(void);
/// Reads what it has told: whether an address or a route is new, or so much has come that some was lost.
bool linux_netlink_has_news(int netlink);

/// A fixed set of receive slots for recvmmsg(2): `slots` datagrams of up to `slot_bytes` each.
typedef struct linux_datagram_slots linux_datagram_slots;
linux_datagram_slots *linux_datagram_slots_create(unsigned slots, size_t slot_bytes);
void linux_datagram_slots_destroy(linux_datagram_slots *slots);
/// The number of datagrams received without waiting, or -1 with errno set.
int linux_datagram_slots_receive(linux_datagram_slots *slots, int descriptor);
const uint8_t *linux_datagram_bytes(const linux_datagram_slots *slots, int index);
size_t linux_datagram_count(const linux_datagram_slots *slots, int index);
bool linux_datagram_truncated(const linux_datagram_slots *slots, int index);
const struct sockaddr *linux_datagram_sender(const linux_datagram_slots *slots, int index, socklen_t *length);
/// The kernel's cumulative drop counter of the socket as of the last receive (SO_RXQ_OVFL), 0 before the first drop.
uint32_t linux_datagram_kernel_drops(const linux_datagram_slots *slots);
int linux_enable_drop_counter(int descriptor);
int linux_set_receive_buffer(int descriptor, int bytes);

// threads
int linux_name_current_thread(const char *name);
/// Gives the calling thread the lowest priority for processor and disk.
void linux_hasten_current_thread(void);
void linux_yield_current_thread(void);

// processes
/// A pipe whose ends no child inherits: ends[0] is read, ends[1] written.
int linux_pipe(int *ends);
/// Starts a program (found in PATH) with the three descriptors as its standard ones and no other, in a process group of
/// its own, with no signal blocked or ignored. 0, or the errno.
int linux_spawn(char *const *arguments, int input, int output, int error_output, pid_t *process);
