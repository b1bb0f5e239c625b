// report: https://github.com/puzpuzpuz/xsync/issues/24
// repaired: v1.0.2
// flags: -plain
module knownbug

go 1.21

require github.com/puzpuzpuz/xsync v1.0.1
