package main

import (
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// raw is the data source `external-raw`: what is asked and answered is text as it stands, with its last newline.
type raw struct {
	arguments struct {
		Program   []string `cty:"program"`
		Directory *string  `cty:"working_dir"`
		Query     *string  `cty:"query"`
	}
}

func (r *raw) ConfigSpec() hcldec.ObjectSpec { return spec(cty.String) }

func (r *raw) OutputSpec() hcldec.ObjectSpec { return result(cty.String) }

func (r *raw) Configure(raws ...any) error { return configure(&r.arguments, raws) }

func (r *raw) Execute() (cty.Value, error) {
	var query string
	if r.arguments.Query != nil {
		query = *r.arguments.Query
	}
	output, err := run(r.arguments.Program, r.arguments.Directory, []byte(query))
	if err != nil {
		return nothing, err
	}
	return cty.ObjectVal(map[string]cty.Value{"result": cty.StringVal(string(output))}), nil
}
