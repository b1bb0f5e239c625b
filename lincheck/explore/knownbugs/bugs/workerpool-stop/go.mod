// report: https://github.com/gammazero/workerpool/issues/76
module knownbug

go 1.21

require github.com/gammazero/workerpool v1.1.3
