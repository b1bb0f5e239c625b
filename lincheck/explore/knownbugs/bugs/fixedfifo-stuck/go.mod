// report: https://github.com/enriquebris/goconcurrentqueue/issues/34
// repaired: v0.7.0
// flags: -const github.com/enriquebris/goconcurrentqueue.dequeueOrWaitForNextElementInvokeGapTime=1
module knownbug

go 1.21

require github.com/enriquebris/goconcurrentqueue v0.6.3
