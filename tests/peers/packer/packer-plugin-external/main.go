// Command packer-plugin-external gives Packer the data sources `external` and `external-raw`. It stands in for the
// plugin github.com/joomcode/external, whose module can not be had here, and keeps to its rules and its error texts.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/version"
)

func main() {
	set := plugin.NewSet()
	set.RegisterDatasource(plugin.DEFAULT_NAME, new(objects))
	set.RegisterDatasource("raw", new(raw))
	set.SetVersion(version.NewPluginVersion("0.0.2", "", ""))
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
