/* SPDX-License-Identifier: ISC */
/* The address of the socket, then the address's kind or the file's permissions. */
#include "daemon/socket_reach.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ipaddr.h"

/* is_open_way: may everybody pass all directories of this path, which is cut for that? */
static bool is_open_way(char *path)
{
	struct stat st;
	for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
		*slash = 0;
		if (stat(path, &st) == 0 && !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

/* reach_unix: to connect is to write (unix(7)); an abstract name has no permissions. */
static enum gp_daemon_socket_reach reach_unix(const struct sockaddr_un *un, socklen_t size)
{
	char path[sizeof un->sun_path + 1];
	struct stat st;
	if (size <= offsetof(struct sockaddr_un, sun_path))
		return GP_DAEMON_SOCKET_REACH_PERMITTED;
	if (!un->sun_path[0])
		return GP_DAEMON_SOCKET_REACH_EVERYBODY;
	memcpy(path, un->sun_path, sizeof un->sun_path); /* the system need not end it */
	path[sizeof un->sun_path] = 0;
	bool is_open = stat(path, &st) == 0 && (st.st_mode & S_IWOTH);
	return is_open && is_open_way(path) ? GP_DAEMON_SOCKET_REACH_EVERYBODY
					    : GP_DAEMON_SOCKET_REACH_PERMITTED;
}

/* reach_inet: by the kind of address. */
static enum gp_daemon_socket_reach reach_inet(const struct gp_ipaddr *addr)
{
	const struct gp_ipaddr any = {.family = addr->family};
	if (gp_ipaddr_equal(addr, &any))
		return GP_DAEMON_SOCKET_REACH_ALL;
	if (gp_ipaddr_is_loopback(addr))
		return GP_DAEMON_SOCKET_REACH_LOOPBACK;
	return gp_ipaddr_is_private(addr) ? GP_DAEMON_SOCKET_REACH_PRIVATE
					  : GP_DAEMON_SOCKET_REACH_PUBLIC;
}

/* address_of: an IPv4 address that is written as one of IPv6 is one of IPv4 (RFC 4291 2.5.5.2). */
static struct gp_ipaddr address_of(const struct sockaddr_in6 *in6)
{
	struct gp_ipaddr addr = {.family = GP_IP_V6};
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		addr.family = GP_IP_V4;
		memcpy(addr.bytes, in6->sin6_addr.s6_addr + 12, 4);
	} else {
		memcpy(addr.bytes, &in6->sin6_addr, 16);
	}
	return addr;
}

/* gp_daemon_socket_reach_address: from the system. */
socklen_t gp_daemon_socket_reach_address(int fd, union gp_daemon_socket_reach_address *address_out)
{
	socklen_t size = sizeof *address_out;
	*address_out = (union gp_daemon_socket_reach_address) {.any.sa_family = AF_UNSPEC};
	if (getsockname(fd, &address_out->any, &size))
		address_out->any.sa_family = AF_UNSPEC;
	return size;
}

/* gp_daemon_socket_reach_of: by family. */
enum gp_daemon_socket_reach gp_daemon_socket_reach_of(int fd)
{
	union gp_daemon_socket_reach_address a;
	socklen_t size = gp_daemon_socket_reach_address(fd, &a);
	struct gp_ipaddr addr = {.family = GP_IP_V4};
	if (a.any.sa_family == AF_UNIX)
		return reach_unix(&a.un, size);
	if (a.any.sa_family == AF_INET6)
		addr = address_of(&a.in6);
	else if (a.any.sa_family == AF_INET)
		memcpy(addr.bytes, &a.in.sin_addr, 4);
	else
		return GP_DAEMON_SOCKET_REACH_PERMITTED;
	return reach_inet(&addr);
}

/* gp_daemon_socket_reach_name: a row for each. */
const char *gp_daemon_socket_reach_name(enum gp_daemon_socket_reach reach)
{
	static const char *const names[] = {[GP_DAEMON_SOCKET_REACH_PERMITTED] = "permitted",
		[GP_DAEMON_SOCKET_REACH_EVERYBODY] = "everybody",
		[GP_DAEMON_SOCKET_REACH_LOOPBACK] = "loopback",
		[GP_DAEMON_SOCKET_REACH_PRIVATE] = "private",
		[GP_DAEMON_SOCKET_REACH_PUBLIC] = "public",
		[GP_DAEMON_SOCKET_REACH_ALL] = "all"};
	return names[reach];
}
