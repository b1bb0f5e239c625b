// report: https://github.com/alphadose/haxmap/issues/23
module knownbug

go 1.21

require github.com/alphadose/haxmap v1.4.0
