package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/server"
)

// demoValid is how long the links of a demonstration hold, if it runs that long.
const demoValid = 24 * time.Hour

// seed makes and opens the demonstration, once.
func (a *app) seed(ctx context.Context) error {
	system := conference.Actor{Role: conference.RoleSystem}
	if _, err := a.live.Conference(demo.ID); err == nil {
		return nil
	}
	err := a.live.Create(ctx, system, demo.Conference())
	if err != nil && !errors.Is(err, &conference.Error{Code: "conference.exists"}) {
		return fmt.Errorf("seed the demonstration: %w", err)
	}
	running, err := a.live.Conference(demo.ID)
	if err != nil {
		return fmt.Errorf("seed the demonstration: %w", err)
	}
	if running.Snapshot().Info.State != conference.StatePlanned {
		return nil
	}
	_, err = running.Do(ctx, conference.Command{ID: access.NewID(), Actor: system, Body: conference.Open{}})
	if err != nil {
		return fmt.Errorf("open the demonstration: %w", err)
	}
	return nil
}

// announce prints where the pages are; with --demo, a link for each role.
func (a *app) announce() error {
	var out strings.Builder
	base := a.localURL()
	fmt.Fprintf(&out, "\nĐiểm Cầu: %s/\n", base)
	if a.flags.Demo {
		a.announceDemo(&out, base)
	}
	_, err := fmt.Fprint(a.to.out, out.String())
	return err
}

func (a *app) announceDemo(out *strings.Builder, base string) {
	fmt.Fprintf(out, "\nDEMO – đường dẫn dùng lại được đến khi tắt máy chủ / links work again and again until the server stops\n\n")
	fmt.Fprintf(out, "  %-34s %s/c/%s\n", "người dân / citizen", base, demo.ID)
	for _, line := range []struct {
		name  string
		role  conference.Role
		venue conference.VenueID
	}{
		{"UBND Thành phố / City Hall", conference.RoleVenue, demo.CityHall},
		{"điểm cầu / hall: Quận Ba Đình", conference.RoleVenue, "ba-dinh"},
		{"điểm cầu / hall: Huyện Ba Vì", conference.RoleVenue, "ba-vi"},
		{"kiểm duyệt / moderator", conference.RoleModerator, ""},
		{"điều phối / stage manager", conference.RoleStage, ""},
		{"màn hình / screen", conference.RoleScreen, ""},
		{"bàn tiếp đón / registrar", conference.RoleRegistrar, ""},
		{"trả lời / official", conference.RoleOfficial, ""},
		{"quản trị / administrator", conference.RoleAdmin, ""},
	} {
		fmt.Fprintf(out, "  %-34s %s\n", line.name, a.demoLink(base, line.role, line.venue))
	}
	fmt.Fprintf(out, "\n  30 điểm cầu / all 30 halls: bin/diemcau links --role=venue --data=%s\n", a.flags.Data)
	origins := a.origins()
	if len(origins) == 0 {
		return
	}
	lan := origins[0]
	fmt.Fprintf(out, "\nMáy khác trong phòng / another machine in the room (%s/ca tells how to trust it):\n\n", a.lanPlain(lan))
	hall := a.demoLink(lan, conference.RoleVenue, "ba-dinh")
	fmt.Fprintf(out, "  %-34s %s/c/%s\n", "người dân / citizen", lan, demo.ID)
	fmt.Fprintf(out, "  %-34s %s\n", "điểm cầu / hall: Quận Ba Đình", hall)
	fmt.Fprintf(out, "  %-34s %s\n\n", "điểm cầu / hall: Huyện Ba Vì", a.demoLink(lan, conference.RoleVenue, "ba-vi"))
	fmt.Fprintf(out, "Điện thoại làm điểm cầu Ba Đình / a phone as the hall of Ba Đình:\n\n")
	out.WriteString(qrCode(hall))
}

func (a *app) demoLink(base string, role conference.Role, venue conference.VenueID) string {
	token := a.signer.Sign(access.Grant{
		ID: access.NewID(), Conference: demo.ID, Role: role, Venue: venue,
		Expires: time.Now().Add(demoValid).UTC().Truncate(time.Second), Demo: a.demoRun,
	})
	return server.LinkURL(base, role, token)
}

// qrCode draws a code with half blocks, two rows of it to a line, dark on light whatever
// the terminal's colours are; "" when the text is too long for one.
func qrCode(text string) string {
	code, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		return ""
	}
	const quiet = 2
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		if x < 0 || y < 0 || x >= size || y >= size {
			return false
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	var out strings.Builder
	for y := -quiet; y < size+quiet; y += 2 {
		out.WriteString("  \x1b[30;107m")
		for x := -quiet; x < size+quiet; x++ {
			switch upper, lower := dark(x, y), dark(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteRune(' ')
			}
		}
		out.WriteString("\x1b[0m\n")
	}
	return out.String()
}

// localURL is where programs on this machine reach the server.
func (a *app) localURL() string {
	host, port := splitAddr(a.bound.plain.Addr())
	if host == "" || host == "::" || host == "0.0.0.0" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// lanPlain is where another machine reads how to trust the certificate: over plain http
// when it can be reached, because over https its browser would warn first.
func (a *app) lanPlain(secure string) string {
	host, port := splitAddr(a.bound.plain.Addr())
	hosts := a.hosts()
	if len(hosts) == 0 || (host != "" && host != "::" && host != "0.0.0.0") {
		return secure
	}
	return "http://" + net.JoinHostPort(hosts[0].String(), port)
}

// origins are the https origins other machines can reach, the likeliest first.
func (a *app) origins() []string {
	if a.bound.secure == nil {
		return nil
	}
	host, port := splitAddr(a.bound.secure.Addr())
	switch {
	case a.flags.TLSDomain != "":
		return []string{"https://" + withPort(a.flags.TLSDomain, port)}
	case host != "" && host != "::" && host != "0.0.0.0":
		return []string{"https://" + withPort(host, port)}
	}
	list := []string{}
	for _, addr := range a.hosts() {
		if !addr.IsLinkLocalUnicast() {
			list = append(list, "https://"+withPort(addr.String(), port))
		}
	}
	return list
}

// hosts returns this machine's addresses but loopback, IPv4 first, and those announced
// by --public-ip before all.
func (a *app) hosts() []netip.Addr {
	list := slices.Clone(a.flags.PublicIP)
	var found []netip.Addr
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return list
	}
	for _, each := range addrs {
		prefix, err := netip.ParsePrefix(each.String())
		if err != nil || prefix.Addr().IsLoopback() {
			continue
		}
		found = append(found, prefix.Addr().Unmap().WithZone(""))
	}
	slices.SortStableFunc(found, func(x, y netip.Addr) int {
		switch {
		case x.Is4() && !y.Is4():
			return -1
		case !x.Is4() && y.Is4():
			return 1
		}
		return 0
	})
	return append(list, found...)
}

func splitAddr(address net.Addr) (host, port string) {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String(), ""
	}
	return host, port
}

// withPort leaves the usual port of https out.
func withPort(host, port string) string {
	if port == strconv.Itoa(443) {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}
