// The calls of Linux that Swift's `Glibc` module leaves out.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// <sys/socket.h> declares accept4 only with _GNU_SOURCE, which would make other types differ from those that Swift's
// modules were built with; so it is declared here, by its symbol.
int linux_accept4(int socket, void *address, unsigned int *length, int flags) __asm__("accept4");

// <string.h> declares memmem only with _GNU_SOURCE, likewise.
void *linux_memmem(const void *text, unsigned long size, const void *word, unsigned long length) __asm__("memmem");
