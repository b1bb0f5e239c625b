// report: https://github.com/anthdm/hollywood/issues/177
// repaired: v1.0.4
module knownbug

go 1.21

require github.com/anthdm/hollywood v1.0.3
