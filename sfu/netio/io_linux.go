//go:build linux

package netio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many datagrams one system call receives at most.
const batchSize = 32

const canShare = true

// share lets sockets share a port; it is called before bind.
func share(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); e != nil {
		return e
	}
	return err
}

// rawAddr is a sockaddr_in or sockaddr_in6.
type rawAddr struct {
	bytes [unix.SizeofSockaddrInet6]byte
	size  uint32
}

// netip returns the address in the buffer.
func (a *rawAddr) netip() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.bytes[2:])
	if binary.NativeEndian.Uint16(a.bytes[:]) == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.bytes[4:8])), port)
	}
	ip := netip.AddrFrom16([16]byte(a.bytes[8:24]))
	if scope := binary.NativeEndian.Uint32(a.bytes[24:]); scope != 0 && !ip.Is4In6() {
		ip = ip.WithZone(strconv.FormatUint(uint64(scope), 10))
	}
	return netip.AddrPortFrom(ip, port)
}

// mmsghdr is struct mmsghdr (recvmmsg(2)).
type mmsghdr struct {
	header unix.Msghdr
	n      uint32
	_      uint32
}

// reader receives many datagrams at once. It belongs to one goroutine.
type reader struct {
	raw      syscall.RawConn
	messages [batchSize]mmsghdr
	vectors  [batchSize]unix.Iovec
	names    [batchSize]rawAddr
	receive  func(fd uintptr) bool // made once: a closure per call would be allocated
	n        int
	err      syscall.Errno
}

func (r *reader) prepare(u *net.UDPConn) error {
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	r.raw = raw
	for i := range r.messages {
		h := &r.messages[i].header
		h.Iov, h.Name = &r.vectors[i], &r.names[i].bytes[0]
		h.SetIovlen(1)
	}
	r.receive = func(fd uintptr) bool {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd,
			uintptr(unsafe.Pointer(&r.messages[0])), batchSize, unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // the kernel's own structure
		if errno == unix.EAGAIN {
			return false
		}
		r.n, r.err = int(n), errno
		return true
	}
	return nil
}

// fill waits for datagrams and puts them into the batch.
func (r *reader) fill(b *batch) error {
	for i := range r.messages {
		r.vectors[i].Base = &b.bufs[i][0]
		r.vectors[i].SetLen(MaxPacket)
		r.messages[i].header.Namelen = uint32(len(r.names[i].bytes))
	}
	b.n, b.next = 0, 0
	if err := r.raw.Read(r.receive); err != nil {
		return err
	}
	if r.err != 0 {
		if r.err == unix.ECONNREFUSED || r.err == unix.EINTR {
			return nil // an ICMP answer to something sent; or nothing
		}
		return fmt.Errorf("receive: %w", r.err)
	}
	b.n = r.n
	for i := range r.n {
		b.sizes[i], b.from[i] = int(r.messages[i].n), r.names[i].netip()
	}
	return nil
}

// missed returns how many packets the kernel dropped before they were read from the socket:
// SK_MEMINFO_DROPS of SO_MEMINFO (Linux 4.12), of 32 bits.
func missed(u *net.UDPConn) (n uint64, ok bool) {
	const drops, words = 8, 9
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		var info [words]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // the kernel's own structure
		n, ok = uint64(info[drops]), errno == 0 && size > drops*4
	})
	return n, ok && err == nil
}

// output sends datagrams without going through the runtime's poller: the socket never
// blocks, and what has no room is lost.
type output struct {
	fd     uintptr
	v6     bool
	able   bool
	header unix.Msghdr
	vector unix.Iovec
	// control is one control message: UDP_SEGMENT with a size of 16 bits.
	control [24]byte
}

func (o *output) prepare(u *net.UDPConn) error {
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var option error
	if err := raw.Control(func(fd uintptr) {
		o.fd = fd
		if sa, err := unix.Getsockname(int(fd)); err == nil {
			_, o.v6 = sa.(*unix.SockaddrInet6)
		}
		_, option = unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	}); err != nil {
		return err
	}
	o.able = option == nil // Linux 4.18 and later
	o.header.Iov = &o.vector
	o.header.SetIovlen(1)
	h := (*unix.Cmsghdr)(unsafe.Pointer(&o.control[0])) //nolint:gosec // the kernel's own structure
	h.Level, h.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	return nil
}

func (o *output) runs() bool { return o.able }

// address encodes an address for the socket's family.
func (o *output) address(to netip.AddrPort) rawAddr {
	var a rawAddr
	binary.BigEndian.PutUint16(a.bytes[2:], to.Port())
	if !o.v6 {
		binary.NativeEndian.PutUint16(a.bytes[:], unix.AF_INET)
		four := to.Addr().Unmap().As4()
		copy(a.bytes[4:], four[:])
		a.size = unix.SizeofSockaddrInet4
		return a
	}
	binary.NativeEndian.PutUint16(a.bytes[:], unix.AF_INET6)
	sixteen := to.Addr().As16() // 4 becomes ::ffff:…
	copy(a.bytes[8:], sixteen[:])
	if zone := to.Addr().Zone(); zone != "" {
		binary.NativeEndian.PutUint32(a.bytes[24:], scope(zone))
	}
	a.size = unix.SizeofSockaddrInet6
	return a
}

// scope returns the index of an interface given by name or number.
func scope(zone string) uint32 {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// send sends b as packets of size bytes, 0 for one packet.
func (o *output) send(b []byte, size int, to *rawAddr) error {
	o.header.Name, o.header.Namelen = &to.bytes[0], to.size
	o.vector.Base = &b[0]
	o.vector.SetLen(len(b))
	o.header.Control = nil
	o.header.SetControllen(0)
	if size > 0 {
		binary.NativeEndian.PutUint16(o.control[unix.CmsgLen(0):], uint16(size))
		o.header.Control = &o.control[0]
		o.header.SetControllen(len(o.control))
	}
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, o.fd,
			uintptr(unsafe.Pointer(&o.header)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) //nolint:gosec // the kernel's own structure
		// ECONNREFUSED: an ICMP answer to an earlier packet was waiting; it is gone now.
		if errno == unix.EINTR || errno == unix.ECONNREFUSED {
			continue
		}
		if errno != 0 {
			return errno
		}
		return nil
	}
}

// refusal reports an error by which the kernel says that it cannot send runs on this way.
func refusal(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EMSGSIZE) ||
		errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOPROTOOPT)
}

// full reports that there was no room.
func full(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) }
