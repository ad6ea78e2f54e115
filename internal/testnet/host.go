package testnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is one network namespace with one address. Its loopback interface works.
// All methods may be called concurrently.
type Host struct {
	name string
	net  *Net
	tun  *os.File
	ns   int         // file descriptor of the namespace
	jobs chan func() // for the thread that holds the namespace
	gone chan struct{}

	// All below is guarded by net.mu.
	addr     netip.Addr
	up, down *direction
	border   border
}

// newHost makes the namespace and everything in it.
func newHost(n *Net, name string, addr netip.Addr) (*Host, error) {
	h := &Host{name: name, net: n, addr: addr, jobs: make(chan func()), gone: make(chan struct{})}
	made := make(chan error)
	onThread(func() {
		defer close(h.gone)
		err := h.enter()
		made <- err
		if err != nil {
			return
		}
		for job := range h.jobs { // ends with close
			job()
		}
	})
	if err := <-made; err != nil {
		<-h.gone
		return nil, fmt.Errorf("make host %s: %w", name, err)
	}
	return h, nil
}

// onThread runs f in a goroutine with a thread of its own that ends with f, and with it
// what only this thread held: its namespace, and children that asked to die with it.
func onThread(f func()) {
	// Stopped by f's return.
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		// The main thread cannot end; keep it busy until another has done the work.
		defer runtime.UnlockOSThread()
		ended := make(chan struct{})
		onThread(func() {
			defer close(ended)
			f()
		})
		<-ended
	}()
}

// enter moves the calling thread into a new namespace and furnishes it.
func (h *Host) enter() (err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace (needs root or CAP_SYS_ADMIN): %w", err)
	}
	if h.ns, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("open the namespace: %w", err)
	}
	if h.tun, err = openTUN(); err == nil {
		err = errors.Join(size(), switchOn("lo"), switchOn(device), address(h.addr))
	}
	if err != nil {
		unix.Close(h.ns) //nolint:errcheck,gosec // the first error is told
		if h.tun != nil {
			h.tun.Close() //nolint:errcheck,gosec // likewise
		}
	}
	return err
}

// close ends the namespace: children die, sockets lose their network.
func (h *Host) close() {
	close(h.jobs)
	<-h.gone
	h.tun.Close()    //nolint:errcheck,gosec // a device that is thrown away
	unix.Close(h.ns) //nolint:errcheck,gosec // likewise
}

// Addr returns the host's address.
func (h *Host) Addr() netip.Addr {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return h.addr
}

// SetUp changes what happens to packets the host sends.
func (h *Host) SetUp(l Line) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.up.set(l)
}

// SetDown changes what happens to packets the host is sent.
func (h *Host) SetDown(l Line) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.down.set(l)
}

// SetBoth changes both directions.
func (h *Host) SetBoth(l Line) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.up.set(l)
	h.down.set(l)
}

// Unplug loses everything in both directions, what is on the way included, and leaves the
// lines' other settings. Programs are not told, as when a router dies behind the wall.
func (h *Host) Unplug() { h.plugged(false) }

// Plug ends Unplug.
func (h *Host) Plug() { h.plugged(true) }

func (h *Host) plugged(in bool) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	for _, d := range []*direction{h.up, h.down} {
		l := d.line
		l.Down = !in
		d.set(l)
	}
}

// SetFirewall changes the host's firewall.
func (h *Host) SetFirewall(f Firewall) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.border.set(f)
}

// Counts returns what the lines have done since the start.
func (h *Host) Counts() (up, down Counts) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return h.up.counts, h.down.counts
}

// Move gives the host another address, free in this network, in the place of its own:
// sockets bound to the old one are cut off, as when a laptop changes its network.
func (h *Host) Move(to netip.Addr) error {
	h.net.mu.Lock()
	for _, other := range h.net.hosts {
		if other.addr == to {
			h.net.mu.Unlock()
			return fmt.Errorf("move %s to %s: %s has it", h.name, to, other.name)
		}
	}
	h.addr = to
	h.net.mu.Unlock()
	var err error
	if doErr := h.Do(func() { err = address(to) }); doErr != nil {
		err = doErr
	}
	if err != nil {
		return fmt.Errorf("move %s to %s: %w", h.name, to, err)
	}
	return nil
}

// Do runs f in the namespace, on a thread of its own, and returns when it has. Sockets that
// f opens stay in the namespace whoever uses them later; goroutines that f starts run
// outside. The error says why the namespace could not be entered.
func (h *Host) Do(f func()) error {
	var err error
	var wg sync.WaitGroup
	wg.Add(1)
	onThread(func() {
		defer wg.Done()
		if err = unix.Setns(h.ns, unix.CLONE_NEWNET); err == nil {
			f()
		}
	})
	wg.Wait()
	if err != nil {
		return fmt.Errorf("enter the namespace of %s: %w", h.name, err)
	}
	return nil
}

// Dial connects from the host; address has a literal IP (there is no DNS).
func (h *Host) Dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	if doErr := h.Do(func() { c, err = new(net.Dialer).DialContext(ctx, network, address) }); doErr != nil {
		return nil, doErr
	}
	return c, err //nolint:wrapcheck // stands for net.Dial
}

// Listen listens on the host.
func (h *Host) Listen(ctx context.Context, network, address string) (l net.Listener, err error) {
	if doErr := h.Do(func() { l, err = new(net.ListenConfig).Listen(ctx, network, address) }); doErr != nil {
		return nil, doErr
	}
	return l, err //nolint:wrapcheck // stands for net.Listen
}

// ListenPacket listens on the host.
func (h *Host) ListenPacket(ctx context.Context, network, address string) (c net.PacketConn, err error) {
	if doErr := h.Do(func() { c, err = new(net.ListenConfig).ListenPacket(ctx, network, address) }); doErr != nil {
		return nil, doErr
	}
	return c, err //nolint:wrapcheck // stands for net.ListenPacket
}

// Start starts a command in the namespace, in the place of cmd.Start. The child, but not
// children of its own, is killed when the network or this process ends; the caller waits
// for it.
func (h *Host) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// The signal comes with the end of the thread that started the child.
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	h.jobs <- func() { started <- cmd.Start() }
	return <-started //nolint:wrapcheck // stands for cmd.Start
}
