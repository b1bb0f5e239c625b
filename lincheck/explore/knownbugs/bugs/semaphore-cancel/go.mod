// report: https://github.com/golang/go/issues/37852
// repaired: v0.0.0-20200317015054-43a5402ce75a
module knownbug

go 1.21

require golang.org/x/sync v0.0.0-20190911185100-cd5d95a43a6e
