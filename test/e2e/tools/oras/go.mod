module countersign.dev/test/e2e/tools/oras

go 1.26.8
