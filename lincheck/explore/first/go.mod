module first

go 1.26

require github.com/alphadose/haxmap v1.4.1

require golang.org/x/exp v0.0.0-20260824195058-e88cd73687aa // indirect
