// report: https://github.com/puzpuzpuz/xsync/issues/109
// repaired: v3.0.1
// flags: -const github.com/puzpuzpuz/xsync/v3.minMapTableLen=1
module knownbug

go 1.21

require github.com/puzpuzpuz/xsync/v3 v3.0.0
