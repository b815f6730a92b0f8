module countersign.dev/test/e2e/tools/nomos-double

go 1.26.8

tool countersign.dev/test/e2e/tools/nomos-double
