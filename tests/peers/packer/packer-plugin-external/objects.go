package main

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// objects is the data source `external`: an object of strings is asked and answered.
type objects struct {
	arguments struct {
		Program   []string          `cty:"program"`
		Directory *string           `cty:"working_dir"`
		Query     map[string]string `cty:"query"`
	}
}

func (o *objects) ConfigSpec() hcldec.ObjectSpec { return spec(cty.Map(cty.String)) }

func (o *objects) OutputSpec() hcldec.ObjectSpec { return result(cty.Map(cty.String)) }

func (o *objects) Configure(raws ...any) error { return configure(&o.arguments, raws) }

// Execute asks with JSON, which is null for want of a query.
func (o *objects) Execute() (cty.Value, error) {
	query, err := json.Marshal(o.arguments.Query)
	if err != nil {
		return nothing, err
	}
	output, err := run(o.arguments.Program, o.arguments.Directory, query)
	if err != nil {
		return nothing, err
	}
	answer := map[string]string{}
	if err := json.Unmarshal(output, &answer); err != nil {
		return nothing, fmt.Errorf("failed parsing output of external program: %v", err)
	}
	values := cty.MapValEmpty(cty.String)
	if len(answer) > 0 {
		each := map[string]cty.Value{}
		for name, text := range answer {
			each[name] = cty.StringVal(text)
		}
		values = cty.MapVal(each)
	}
	return cty.ObjectVal(map[string]cty.Value{"result": values}), nil
}
