/* SPDX-License-Identifier: ISC */
/*
 * Socket reach: who may connect to a listening socket, as the system has it, whatever process
 * opened it.
 *
 * A port has no permissions; a unix socket has those of its file, and of the directories that it
 * lies in. Any client that may connect may use up the limits of others. To be checked where the
 * path is visible: before a chroot.
 */
#ifndef GP_DAEMON_SOCKET_REACH_H
#define GP_DAEMON_SOCKET_REACH_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What a socket is bound to, by its family; AF_UNSPEC: the system does not say. */
union gp_daemon_socket_reach_address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum gp_daemon_socket_reach {
	GP_DAEMON_SOCKET_REACH_PERMITTED, /* a unix socket that is not for everybody */
	GP_DAEMON_SOCKET_REACH_EVERYBODY, /* one that is */
	GP_DAEMON_SOCKET_REACH_LOOPBACK,  /* a port of the loopback: any local user */
	GP_DAEMON_SOCKET_REACH_PRIVATE,   /* a private address: hosts of the network */
	GP_DAEMON_SOCKET_REACH_PUBLIC,    /* any host that is let through */
	GP_DAEMON_SOCKET_REACH_ALL        /* all addresses of this host: the same */
};

/* Its size, of which the system need not end a path with NUL. */
socklen_t gp_daemon_socket_reach_address(int fd, union gp_daemon_socket_reach_address *address_out);

/* Of a socket that listens; what cannot be told is GP_DAEMON_SOCKET_REACH_PERMITTED. */
enum gp_daemon_socket_reach gp_daemon_socket_reach_of(int fd);

/* "permitted", "everybody", "loopback", "private", "public", "all": for programs. */
const char *gp_daemon_socket_reach_name(enum gp_daemon_socket_reach reach);

#endif
