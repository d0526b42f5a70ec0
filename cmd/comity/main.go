// Command comity is the one program of this repository: it makes a participant's home,
// runs its node, and is what people work with. There is one file for each verb.
//
// What a person does goes to the node's API on this machine. Officers sign
// here: their keys are unlocked in this process, sign what was shown, and never
// reach the node. The command line is trusted with that, and with showing what
// is signed and nothing else.
package main

import (
	"context"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"comity.example/protocol"
	"comity.example/protocol/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(int(status))
}

// run parses the arguments and runs one verb.
func run(ctx context.Context, args []string) exitStatus {
	var c cli
	parser := kong.Must(&c,
		kong.Name("comity"),
		kong.Description("Requests for electronic evidence between States and providers: "+
			"signed, encrypted, and held to the agreement that carries them."),
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: maxWidth}),
		kong.ShortUsageOnError(),
		kong.TypeMapper(reflect.TypeFor[time.Time](), kong.MapperFunc(readMoment)),
		kong.Vars{"version": version(), "roles": words(protocol.Roles()), "reports": words(report.Kinds())},
	)
	if os.Getenv("COMP_LINE") != "" { // a shell asks: to register what it may ask takes time
		kongcompletion.Register(parser, kongcompletion.WithPredictors(predictors()))
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help": // comity help request: comity request --help
		args = append(args[1:len(args):len(args)], "--help")
	}
	a := &app{in: os.Stdin, out: os.Stdout, errs: os.Stderr, now: time.Now}
	kctx, err := parser.Parse(args)
	if err != nil {
		return a.fail(usage(err))
	}
	a.globals = c.globals
	kctx.BindTo(ctx, (*context.Context)(nil))
	return a.fail(kctx.Run(a))
}

// version says which build this is.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
