module countersign.dev/test/e2e/tools/tar-double

go 1.26.8

tool countersign.dev/test/e2e/tools/tar-double
