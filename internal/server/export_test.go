package server

import "net/netip"

// RouteTable returns "METHOD /path" of every route, for the roles matrix.
func (s *Server) RouteTable() []string {
	var table []string
	for _, route := range s.echo.Routes() {
		table = append(table, route.Method+" "+route.Path)
	}
	return table
}

// ReaderLanguage is tested by itself.
var ReaderLanguage = readerLanguage

// ReadProxyHeader is fuzzed by itself.
var ReadProxyHeader = readProxyHeader

// HoldCopy is a public copy of a record that nobody reads, if there is room for it.
func (s *Server) HoldCopy(from netip.Prefix) (end func()) {
	end, _ = s.copies.begin(from, false)
	return end
}

// HoldMovies takes all places that an address on this machine has for movies.
func (s *Server) HoldMovies() (end func()) {
	var ends []func()
	for {
		end, ok := s.sending.begin(netip.MustParsePrefix("127.0.0.1/32"))
		if !ok {
			break
		}
		ends = append(ends, end)
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}
