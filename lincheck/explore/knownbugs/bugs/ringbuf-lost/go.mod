// report: https://github.com/hedzr/go-ringbuf/pull/10
// incomplete: v2.2.5
module knownbug

go 1.21

require github.com/hedzr/go-ringbuf/v2 v2.2.2
