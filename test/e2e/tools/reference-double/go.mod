module countersign.dev/test/e2e/tools/reference-double

go 1.26.8

tool countersign.dev/test/e2e/tools/reference-double

require github.com/google/go-containerregistry v0.20.6

require github.com/opencontainers/go-digest v1.0.0 // indirect
