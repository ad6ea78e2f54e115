package testnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

const (
	device   = "tun0"
	mtu      = 1500
	tunQueue = 10_000 // packets the kernel keeps for a program that is not given the CPU
)

// openTUN makes the TUN device in the namespace of the calling thread.
func openTUN() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun (the kernel's TUN driver, read and write): %w", err)
	}
	request, err := unix.NewIfreq(device)
	if err != nil {
		unix.Close(fd) //nolint:errcheck,gosec // the first error is told
		return nil, fmt.Errorf("name %s: %w", device, err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		unix.Close(fd) //nolint:errcheck,gosec // the first error is told
		return nil, fmt.Errorf("make the TUN device: %w", err)
	}
	return os.NewFile(uintptr(fd), device), nil
}

// ioctl does one interface request in the namespace of the calling thread.
func ioctl(name string, request uint, fill func(*unix.Ifreq) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	r, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("name %s: %w", name, err)
	}
	if err := fill(r); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, request, r); err != nil {
		return fmt.Errorf("configure %s: %w", name, err)
	}
	return nil
}

// switchOn brings an interface up.
func switchOn(name string) error {
	return ioctl(name, unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error {
		r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		return nil
	})
}

// size gives the TUN device its MTU and a queue that a busy machine does not overflow.
// The kernel lets only the real root make the queue longer; others live with its own.
func size() error {
	err := ioctl(device, unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(mtu); return nil })
	if err != nil {
		return err
	}
	err = ioctl(device, unix.SIOCSIFTXQLEN, func(r *unix.Ifreq) error { r.SetUint32(tunQueue); return nil })
	if errors.Is(err, unix.EPERM) {
		return nil
	}
	return err
}

// address gives the TUN device its only address, in the place of the one before, and the
// default route.
func address(a netip.Addr) error {
	four := a.As4()
	err := ioctl(device, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(four[:]) })
	if err != nil {
		return err
	}
	err = ioctl(device, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr([]byte{255, 255, 0, 0}) })
	if err != nil {
		return err
	}
	return defaultRoute()
}

// defaultRoute sends everything to the TUN device: browsers look for a default route
// before they use an interface (rtnetlink(7), RTM_NEWROUTE).
func defaultRoute() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	r, err := unix.NewIfreq(device)
	if err != nil {
		return fmt.Errorf("name %s: %w", device, err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		return fmt.Errorf("find %s: %w", device, err)
	}
	return routeAll(r.Uint32())
}

func routeAll(index uint32) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // the answer was read
	native := binary.NativeEndian
	body := []byte{
		unix.AF_INET, 0, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0,
	}
	body = native.AppendUint16(body, 8)
	body = native.AppendUint16(body, unix.RTA_OIF)
	body = native.AppendUint32(body, index)
	var message []byte
	message = native.AppendUint32(message, uint32(unix.NLMSG_HDRLEN+len(body))) // 36
	message = native.AppendUint16(message, unix.RTM_NEWROUTE)
	message = native.AppendUint16(message, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	message = native.AppendUint32(message, 1) // sequence
	message = native.AppendUint32(message, 0)
	message = append(message, body...)
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask for the default route: %w", err)
	}
	answer := make([]byte, 256)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return fmt.Errorf("read netlink's answer: %w", err)
	}
	if n < unix.NLMSG_HDRLEN+4 {
		return fmt.Errorf("netlink answered %d bytes", n)
	}
	if code := int32(native.Uint32(answer[unix.NLMSG_HDRLEN:])); code != 0 {
		return fmt.Errorf("set the default route: %w", unix.Errno(-code))
	}
	return nil
}
