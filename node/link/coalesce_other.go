//go:build !linux

package link

import "net"

// coalesce is of use on Linux.
func coalesce(conn net.PacketConn) net.PacketConn { return conn }
