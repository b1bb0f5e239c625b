// report: https://github.com/puzpuzpuz/xsync/issues/23
// repaired: v1.0.1
module knownbug

go 1.21

require github.com/puzpuzpuz/xsync v1.0.0
