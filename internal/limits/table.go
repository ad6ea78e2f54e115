package limits

import "time"

// Kind is what is limited.
type Kind string

// The kinds.
const (
	Submission Kind = "submission" // a question is submitted
	Vote       Kind = "vote"       // a vote, or following a question by vote
	Search     Kind = "search"     // similar questions are looked for
	Lookup     Kind = "lookup"     // a tracking code is looked up over HTTP
	Miss       Kind = "miss"       // a tracking code was looked up that does not exist
	SignIn     Kind = "signIn"     // a link is redeemed
	Watch      Kind = "watch"      // a viewer asks for media (WHEP)
	SendCode   Kind = "sendCode"   // a one-time code is sent to a telephone
)

// scope is whom a bucket belongs to.
type scope byte

const (
	scopeSession scope = 's'
	scopeAddress scope = 'a'
	scopeAll     scope = 'c' // a conference; all of them for kinds that know none
)

// size is what a bucket is: tokens a second, and how many it holds. The zero size limits
// nothing.
type size struct{ rate, burst float64 }

// sizes are strict for a session, which is one person, and generous for an address,
// because a mobile operator puts thousands of people behind one. The bucket of all
// protects the log and the moderators.
func sizeOf(kind Kind, of scope) size {
	type sizes struct{ session, address, all size }
	var s sizes
	switch kind {
	case Submission:
		s = sizes{session: size{2, 30}, address: size{50, 500}, all: size{2000, 5000}}
	case Vote:
		s = sizes{session: size{2, 30}, address: size{100, 1000}, all: size{5000, 20_000}}
	case Search:
		s = sizes{session: size{2, 30}, address: size{50, 500}, all: size{500, 2000}}
	case Lookup:
		s = sizes{address: size{50, 1000}, all: size{1000, 5000}}
	case Miss:
		// A tracking code has 50 random bits, a ticket 65: 200 guesses a second find none in a
		// lifetime.
		s = sizes{address: size{5, 60}, all: size{200, 1000}}
	case SignIn:
		s = sizes{address: size{10, 200}, all: size{200, 1000}}
	case SendCode:
		// Each costs money, and somebody a message: few from one address, but a family's.
		s = sizes{address: size{0.2, 30}, all: size{20, 500}}
	case Watch:
		// sfu.Config.MaxOpening over the rate is the time that is left to connect: 2 s.
		s = sizes{address: size{100, 500}, all: size{500, 1000}}
	}
	switch of {
	case scopeSession:
		return s.session
	case scopeAddress:
		return s.address
	case scopeAll:
	}
	return s.all
}

func (s size) times(scale float64) size { return size{s.rate * scale, s.burst * scale} }

// after returns how long the bucket takes to get so many tokens.
func (s size) after(tokens float64) time.Duration {
	return time.Duration(tokens / s.rate * float64(time.Second))
}
