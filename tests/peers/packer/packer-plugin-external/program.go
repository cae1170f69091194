package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os/exec"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// nothing goes with an error: the plugin SDK panics over cty.NilVal, and the error is lost.
var nothing = cty.EmptyObjectVal

// spec describes the arguments of a data source, whose query is of this type.
func spec(query cty.Type) hcldec.ObjectSpec {
	return hcldec.ObjectSpec{
		"program":     &hcldec.AttrSpec{Name: "program", Type: cty.List(cty.String), Required: true},
		"working_dir": &hcldec.AttrSpec{Name: "working_dir", Type: cty.String},
		"query":       &hcldec.AttrSpec{Name: "query", Type: query},
	}
}

// result describes what a data source gives: one attribute of this type.
func result(kind cty.Type) hcldec.ObjectSpec {
	return hcldec.ObjectSpec{"result": &hcldec.AttrSpec{Name: "result", Type: kind}}
}

// configure puts the arguments into a struct; Packer's own settings come beside them and are of no use.
func configure(arguments any, raws []any) error {
	for _, given := range raws {
		if value, ok := given.(cty.Value); ok {
			return gocty.FromCtyValue(value, arguments)
		}
	}
	return errors.New("no configuration was given")
}

// run gives a program its standard input, and returns its standard output if it succeeds.
func run(program []string, directory *string, input []byte) ([]byte, error) {
	if len(program) == 0 {
		return nil, errors.New("program must be specified")
	}
	if _, err := exec.LookPath(program[0]); err != nil {
		return nil, fmt.Errorf("external program lookup failed: %v", err)
	}
	command := exec.Command(program[0], program[1:]...)
	command.Stdin = bytes.NewReader(input)
	command.Dir = "."
	if directory != nil && *directory != "" {
		command.Dir = *directory
	}
	output, err := command.Output()
	if err != nil {
		var said []byte
		var status *exec.ExitError
		if errors.As(err, &status) {
			said = status.Stderr
		}
		return nil, fmt.Errorf("external program run failed: %v, stderr='%q'", err, said)
	}
	log.Println("command result:", string(output)) // so that it ends up in PACKER_LOG, as it does there
	return output, nil
}
