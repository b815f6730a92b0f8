// Command kubeconfig-double calls clusters as kubectl does, by client-go, in the version that go.mod names.
//
// Standard input: a list in JSON of files, in the order of KUBECONFIG, and a context of them. Standard output: for each,
// the status of GET /version; or why there is none.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type question struct {
	Files   []string `json:"files"`
	Context string   `json:"context"`
}

type result struct {
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("kubeconfig-double 1")
		return
	}
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	results := make([]result, 0, len(questions))
	for _, asked := range questions {
		status, err := call(asked)
		if err != nil {
			results = append(results, result{Error: err.Error()})
			continue
		}
		results = append(results, result{Status: status})
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func call(asked question) (int, error) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: asked.Files}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: asked.Context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return 0, err
	}
	config.Timeout = 10 * time.Second
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return 0, err
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return 0, err
	}
	response, err := client.Get(base.JoinPath("version").String())
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
