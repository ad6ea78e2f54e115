package server

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
