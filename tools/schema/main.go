// Command schema prints kustomize's built-in OpenAPI definitions as JSON, for generate.py.
package main

import (
	"encoding/json"
	"os"

	"sigs.k8s.io/kustomize/kyaml/openapi"
)

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(openapi.Schema().Definitions); err != nil {
		panic(err)
	}
}
