module first

go 1.26

require github.com/alphadose/haxmap v1.4.1
