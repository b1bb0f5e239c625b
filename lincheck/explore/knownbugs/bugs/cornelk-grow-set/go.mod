// report: https://github.com/cornelk/hashmap/issues/46
module knownbug

go 1.21

require github.com/cornelk/hashmap v1.0.8
