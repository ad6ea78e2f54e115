package archtest_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/diemcau/diemcau/"

// arrows lists, for each package of the house, the packages of the house it may import.
// A key ending in "/..." stands for the folder and everything below it.
var arrows = map[string][]string{
	"internal/conference": {},
	"internal/text":       {},
	"internal/secret":     {},
	"internal/pow":        {},

	"moderation":         {"internal/conference"},
	"moderation/screen":  {},
	"moderation/similar": {"internal/conference", "internal/text"},
	"sfu/floor":          {"internal/conference"},

	"internal/registration": {"internal/conference"},
	"internal/outbox":       {"internal/conference", "internal/registration"},

	"internal/eventlog":              {"internal/conference"},
	"internal/eventlog/eventlogtest": {"internal/conference", "internal/eventlog"},
	"internal/eventlog/sqlitelog":    {"internal/conference", "internal/eventlog"},
	"internal/eventlog/redislog":     {"internal/conference", "internal/eventlog"},

	"internal/limits": {"internal/conference", "internal/eventlog", "internal/pow"},

	"internal/record": {"internal/conference", "internal/eventlog"},
	"internal/replay": {"internal/conference"},

	"internal/live": {
		"internal/conference", "internal/eventlog", "internal/outbox", "internal/record", "internal/replay", "internal/registration", "internal/secret", "internal/text",
		"moderation", "moderation/similar", "sfu/floor",
	},
	"internal/access": {"internal/conference", "internal/eventlog", "internal/secret"},
	"internal/demo":   {"internal/conference"},

	"internal/oneport":       {}, // beneath HTTP, ICE-TCP and TURN: knows none of them
	"internal/workday":       {"internal/conference"},
	"internal/sheet":         {},
	"internal/ticket":        {},
	"internal/ticket/paper":  {},
	"internal/ticket/issue":  {"internal/conference", "internal/live", "internal/registration", "internal/ticket", "internal/ticket/paper"},
	"internal/intake":        {"internal/conference", "internal/text"},
	"internal/zalo":          {"internal/conference"},
	"internal/onetime":       {"internal/conference", "internal/eventlog"},
	"internal/mail":          {"internal/conference", "internal/live", "internal/outbox", "internal/registration", "internal/ticket/issue"},
	"internal/mail/mailtest": {}, // for tests alone

	"signaling/protocol": {"internal/conference", "internal/line", "moderation", "sfu/floor"}, // their states are the wire's unions
	"signaling": {
		"internal/access", "internal/conference", "internal/limits", "internal/line", "internal/live", "moderation", "moderation/similar",
		"sfu/floor", "signaling/protocol",
	},
	"internal/line":       {"internal/conference"},
	"internal/home":       {"internal/conference"},
	"internal/edge":       {"internal/conference"},
	"internal/livestream": {"internal/conference", "internal/record", "sfu/h264", "sfu/hls"},
	"internal/liaison":    {"internal/conference", "internal/line", "signaling", "signaling/protocol"},
	"internal/server": {
		"internal/access", "internal/conference", "internal/edge", "internal/intake", "internal/limits", "internal/line", "internal/live",
		"internal/pow", "internal/liaison", "internal/livestream", "internal/outbox", "internal/record", "internal/registration", "internal/replay",
		"internal/sheet", "internal/text", "internal/ticket/issue", "internal/ticket/paper", "internal/workday", "moderation",
		"signaling", "signaling/protocol", "web",
	},
	"web": {},

	"sfu/ring":      {},
	"sfu/netio":     {},
	"sfu/seal":      {},
	"sfu/burst":     {},
	"sfu/load":      {}, // benchmarks and tests only
	"sfu/rewrite":   {},
	"sfu/h264":      {},
	"sfu/hls":       {"sfu/h264"},
	"sfu/bus":       {"internal/conference", "sfu/rewrite", "sfu/h264"},
	"sfu/mixer":     {"internal/conference"},
	"sfu/slate":     {"sfu/h264"},
	"sfu/icetcp":    {},
	"sfu/speaker":   {"internal/conference"},
	"sfu/relay":     {},
	"sfu/layer":     {},
	"sfu/repair":    {},
	"sfu/bandwidth": {},
	"sfu": {
		"internal/conference", "sfu/bandwidth", "sfu/burst", "sfu/bus", "sfu/h264", "sfu/icetcp", "sfu/layer", "sfu/mixer", "sfu/netio", "sfu/relay", "sfu/repair",
		"sfu/rewrite", "sfu/ring", "sfu/seal", "sfu/slate", "sfu/speaker",
	},

	"internal/rehearse": {
		"internal/access", "internal/conference", "internal/rehearse/clips", "internal/secret", "moderation",
		"sfu/bandwidth", "sfu/floor", "sfu/h264", "sfu/repair", "sfu/ring", "signaling/protocol",
	},
	"internal/rehearse/clips": {},
	"internal/archtest":       {},
	"internal/testnet":        {}, // for tests alone

	"cmd/acceptance": {},
	"cmd/wiregen":    {},
	"cmd/diemcau":    {"*"},
}

// homes says where a technology may be imported; tests are free.
var homes = map[string][]string{
	"github.com/labstack/echo":     {"internal/server"},
	"github.com/gorilla/websocket": {"signaling", "internal/rehearse"},
	"github.com/pion/":             {"sfu", "sfu/", "internal/rehearse"},
	"github.com/redis/go-redis":    {"internal/eventlog/redislog", "cmd/diemcau"},
	"modernc.org/sqlite":           {"internal/eventlog/sqlitelog"},
	"github.com/alecthomas/kong":   {"cmd/diemcau"},
	"github.com/thesyncim/gopus":   {"sfu/mixer", "sfu/slate", "internal/rehearse"},
	"github.com/xuri/excelize":     {"internal/intake", "internal/sheet"},
	"github.com/altcha-org/":       {"internal/pow"},
	"codeberg.org/go-pdf/":         {"internal/ticket/paper"},
	"github.com/go-fonts/":         {"internal/ticket/paper"},
	"github.com/wneessen/go-mail":  {"internal/mail"},
	"github.com/emersion/":         {"internal/mail/mailtest"},
	"github.com/boombuler/barcode": {"internal/ticket/paper", "cmd/diemcau"},
}

// pure packages hold rules: no network, no clock of their own.
var pure = map[string]bool{"internal/conference": true, "internal/registration": true, "internal/outbox": true, "moderation": true, "moderation/screen": true, "moderation/similar": true, "sfu/floor": true, "sfu/speaker": true, "internal/line": true, "internal/replay": true, "internal/workday": true, "internal/ticket": true}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := arrows[from]
		if !known {
			t.Errorf("package %s is not on the map: draw it in internal/archtest", from)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				checkHome(t, from, imported)
				continue
			}
			if !slices.Contains(allowed, to) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s: this arrow is not on the map", from, to)
			}
		}
	}
}

func TestMapHasNoGhosts(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, p := range listPackages(t) {
		found[strings.TrimPrefix(p.ImportPath, module)] = true
	}
	for from, allowed := range arrows {
		if !found[from] {
			t.Errorf("the map names %s, which does not exist", from)
		}
		for _, to := range allowed {
			if to != "*" && !found[to] {
				t.Errorf("the map lets %s import %s, which does not exist", from, to)
			}
		}
	}
}

func checkHome(t *testing.T, from, imported string) {
	t.Helper()
	if pure[from] && (strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") || imported == "net/http") {
		t.Errorf("%s imports %s: rules import the standard library only, and no net/http", from, imported)
	}
	for technology, rooms := range homes {
		if !strings.HasPrefix(imported, technology) {
			continue
		}
		at := slices.ContainsFunc(rooms, func(room string) bool {
			return from == room || (strings.HasSuffix(room, "/") && strings.HasPrefix(from, room))
		})
		if !at {
			t.Errorf("%s imports %s: its home is %v", from, imported, rooms)
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Standard,Imports", module+"...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	return packages
}
