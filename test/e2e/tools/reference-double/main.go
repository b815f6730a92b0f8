// Command reference-double says how Config Sync reads image references.
//
// Config Sync's oci-sync passes `spec.oci.image` to name.ParseReference of go-containerregistry, in the version that
// go.mod names.
//
// Standard input: a list of references in JSON. Standard output: for each, the host that is dialled, the repository
// there, and the tag or digest that is asked for; or why it is none.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
)

type result struct {
	Host   string `json:"host,omitempty"`
	Path   string `json:"path,omitempty"`
	Wanted string `json:"wanted,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("reference-double 1")
		return
	}
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	results := make([]result, 0, len(texts))
	for _, text := range texts {
		results = append(results, read(text))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func read(text string) result {
	reference, err := name.ParseReference(text)
	if err != nil {
		return result{Error: err.Error()}
	}
	context := reference.Context()
	return result{
		Host:   context.RegistryStr(),
		Path:   context.RepositoryStr(),
		Wanted: reference.Identifier(),
	}
}
