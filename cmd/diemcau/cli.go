package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

// streams are where a command writes: results to out, logs and errors to err.
type streams struct{ out, err io.Writer }

// cli is every command and flag; each flag is also DIEMCAU_NAME in the environment.
type cli struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Serve       serveCmd      `cmd:"" help:"Run the server."`
	Conference  conferenceCmd `cmd:"" help:"Create, open or close a conference without the page."`
	Links       linksCmd      `cmd:"" help:"Make signed one-use links for a role; works while the server runs."`
	EdgeToken   edgeTokenCmd  `cmd:"" help:"Make the token an edge is started with (serve --edge-of)."`
	Record      recordCmd     `cmd:"" help:"Copy a conference's record, or check a copy of one."`
	Healthcheck healthCmd     `cmd:"" help:"Exit 0 when the server on this data folder is ready (for containers)."`
	Rehearse    rehearseCmd   `cmd:"" help:"Play a conference against a running server and check what it promised."`
}

// usageError is a mistake in the command line: exit code 2 and one line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// exited carries the code of --help and --version through kong, which would end the process.
type exited int

// run parses the command line and carries it out; the result is the exit code.
func run(ctx context.Context, args []string, to streams) (code int) {
	defer func() {
		if value := recover(); value != nil {
			early, is := value.(exited)
			if !is {
				panic(value)
			}
			code = int(early)
		}
	}()
	var commands cli
	parser, err := kong.New(&commands,
		kong.Name("diemcau"),
		kong.Description("Điểm Cầu links the venues of an online conference, takes the citizens' questions and puts them on air.\n\n"+
			"Every flag is also an environment variable: --media-port is DIEMCAU_MEDIA_PORT."),
		kong.DefaultEnvars("DIEMCAU"),
		kong.Vars{"version": version},
		kong.Writers(to.out, to.err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(to),
	)
	if err != nil {
		return fail(to, exitFault, err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(to, exitUsage, err)
	}
	err = parsed.Run()
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong):
		return fail(to, exitUsage, err)
	}
	return fail(to, exitFault, err)
}

// fail prints one line, whatever the error holds.
func fail(to streams, code int, err error) int {
	line := strings.Join(strings.Fields(err.Error()), " ")
	_, _ = fmt.Fprintf(to.err, "diemcau: %s\n", line) // nobody is left to tell
	return code
}
