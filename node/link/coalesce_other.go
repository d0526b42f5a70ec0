//go:build !linux

package link

import "net"

// Coalesce is of use on Linux.
func Coalesce(conn net.PacketConn) net.PacketConn { return conn }
