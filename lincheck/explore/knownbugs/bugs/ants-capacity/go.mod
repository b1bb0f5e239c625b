// report: https://github.com/panjf2000/ants/issues/374
module knownbug

go 1.21

require github.com/panjf2000/ants/v2 v2.11.3
