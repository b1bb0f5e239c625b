// report: https://github.com/cornelk/hashmap/issues/54
module knownbug

go 1.21

require github.com/cornelk/hashmap v1.0.8
