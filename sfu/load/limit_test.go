//go:build linux

package load_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/diemcau/diemcau/sfu/netio"
)

// replay is what the limit does: at each flush, the same runs to every receiver.
type replay struct {
	Ports   []uint16
	Flushes []flush
}

type flush struct {
	At   time.Duration
	Runs [][]int // sizes of datagrams; all equal but the last
}

// cost is what came out of it.
type cost struct {
	Micros  float64 // CPU
	Packets int
	Calls   int
}

// flushes finds the flushes of a trace, and their runs: packets that came at once.
func flushes(trace []arrival) []flush {
	const apart = 300 * time.Microsecond
	var all []flush
	for i, a := range trace {
		if i == 0 || a.at.Sub(trace[i-1].at) > apart {
			all = append(all, flush{At: a.at.Sub(trace[0].at)})
		}
		f := &all[len(all)-1]
		n := len(f.Runs)
		if n > 0 {
			run := f.Runs[n-1]
			open := len(run) == 1 || run[len(run)-1] == run[0]
			if open && a.size <= run[0] && a.at.Equal(trace[i-1].at) {
				f.Runs[n-1] = append(run, a.size)
				continue
			}
		}
		f.Runs = append(f.Runs, []int{a.size})
	}
	return all
}

// limit replays: it seals and sends, and that is all.
func limit(in io.Reader, out io.Writer) error {
	var r replay
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return err
	}
	conn, err := netio.Listen(netio.Config{})
	if err != nil {
		return err
	}
	defer conn.Close()
	w, err := conn.Writer(0)
	if err != nil {
		return err
	}
	peers, keys := make([]netio.Peer, len(r.Ports)), make([]cipher.AEAD, len(r.Ports))
	for i, port := range r.Ports {
		peers[i] = w.Peer(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
		block, err := aes.NewCipher(append(make([]byte, 12), byte(i), byte(i>>8), 1, 2))
		if err != nil {
			return err
		}
		if keys[i], err = cipher.NewGCM(block); err != nil {
			return err
		}
	}
	plain, buf, nonce := make([]byte, 2048), make([]byte, 96<<10), make([]byte, 12)
	var c cost
	begun, start := spent(), time.Now()
	timer := time.NewTimer(0)
	for _, f := range r.Flushes {
		if wait := f.At - time.Since(start); wait > 0 {
			timer.Reset(wait)
			<-timer.C
		}
		for i := range peers {
			for _, run := range f.Runs {
				b := buf[:0]
				for _, size := range run {
					c.Packets++
					at := len(b)
					b = b[:at+12]
					binary.BigEndian.PutUint64(nonce, uint64(c.Packets))
					b = keys[i].Seal(b, nonce, plain[:size-28], b[at:])
				}
				_ = w.Send(b, run[0], &peers[i])
				c.Calls++
			}
		}
	}
	c.Micros = spent() - begun
	runtime.KeepAlive(conn)
	return json.NewEncoder(out).Encode(c)
}

// spent returns the CPU time of this process, in microseconds.
func spent() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
}
