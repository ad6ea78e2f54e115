package intake

import (
	"slices"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
)

// places finds a topic or a venue by its id or by what its names fold to.
type places[ID ~string] struct {
	ids    map[string]ID
	names  map[string][]ID // full names
	shorts map[string][]ID // without "quận", "phường" …
}

func newPlaces[ID ~string]() *places[ID] {
	return &places[ID]{ids: map[string]ID{}, names: map[string][]ID{}, shorts: map[string][]ID{}}
}

func (p *places[ID]) add(id ID, names ...string) {
	p.ids[string(id)] = id
	for _, name := range names {
		if key := fold(name); key != "" {
			p.names[key] = put(p.names[key], id)
			p.shorts[withoutRank(key)] = put(p.shorts[withoutRank(key)], id)
		}
	}
}

// find returns what the cell names; found is 0 for nothing and 2 or more when the cell
// could mean several.
func (p *places[ID]) find(cell string) (id ID, found int) {
	if id, ok := p.ids[strings.ToLower(strings.TrimSpace(cell))]; ok {
		return id, 1
	}
	key := fold(cell)
	for _, ids := range [][]ID{p.names[key], p.shorts[withoutRank(key)]} {
		if len(ids) > 0 {
			return ids[0], len(ids)
		}
	}
	return "", 0
}

func put[ID comparable](ids []ID, id ID) []ID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// withoutRank takes what kind of place it is off a folded name: "quan dong da" and
// "q dong da" are "dong da". A name that is nothing else, or a number ("quan 1"), is kept.
func withoutRank(key string) string {
	for _, rank := range []string{
		"uy ban nhan dan ", "ubnd ", "diem cau ", "thanh pho ", "tp ", "quan ", "q ", "huyen ", "h ", "thi xa ", "tx ",
		"thi tran ", "tt ", "phuong ", "p ", "xa ",
	} {
		if rest, ok := strings.CutPrefix(key, rank); ok && rest != "" && (rest[0] < '0' || rest[0] > '9') {
			return withoutRank(rest)
		}
	}
	return key
}

func topicsOf(info *conference.Info) *places[conference.TopicID] {
	topics := newPlaces[conference.TopicID]()
	for _, topic := range info.Topics {
		topics.add(topic.ID, topic.Name, topic.NameEn)
	}
	return topics
}

func venuesOf(info *conference.Info) *places[conference.VenueID] {
	venues := newPlaces[conference.VenueID]()
	for _, venue := range info.Venues {
		venues.add(venue.ID, venue.Name)
	}
	return venues
}
