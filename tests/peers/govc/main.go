// Command govc is the real govc, with the commands that the tests ask for.
package main

import (
	"os"
	"runtime/debug"

	"github.com/vmware/govmomi/cli"
	"github.com/vmware/govmomi/cli/flags"

	_ "github.com/vmware/govmomi/cli/about"
	_ "github.com/vmware/govmomi/cli/extension"
	_ "github.com/vmware/govmomi/cli/object"
	_ "github.com/vmware/govmomi/cli/option"
	_ "github.com/vmware/govmomi/cli/session"
	_ "github.com/vmware/govmomi/cli/sso/service"
	_ "github.com/vmware/govmomi/cli/tags"
	_ "github.com/vmware/govmomi/cli/version"
)

func main() {
	flags.BuildVersion = govmomiVersion()
	os.Exit(cli.Run(os.Args[1:]))
}

// govmomiVersion is the version in go.mod: a release has it set by its linker, this build does not.
func govmomiVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/vmware/govmomi" {
				return module.Version
			}
		}
	}
	return flags.BuildVersion
}
