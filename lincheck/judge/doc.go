// Package judge decides whether a recorded history keeps the laws that it claims to keep. The
// facade lincheck calls it for each history that it records, and the command for saved histories.
//
// The outcome of a verdict is [history.Ok], [history.Illegal] or [history.Unknown]. Unknown is
// never a pass.
//
// # Laws
//
// A sweep judges stamped guards, in linear time and little memory, see sweep.go. S(v) is the
// content after the first v publishes.
//
//	C0  publishes make the versions 1, 2, 3 … and do not overlap
//	C1  no future: publish v was called before the opening of a guard of v returned
//	C2  fresh: publish v+1 had not returned before the opening of a guard of v was called
//	C3  no inversion: when a guard of v begins to open, no guard that has opened before
//	    has a higher version
//	C4  monotone: the versions that one handle opens never go back
//	C5  bounded lag: while a guard of v is open, publish v+1+n does not return and no guard
//	    of v+1+n or later opens, where the history's header gives n
//	C6  content: what a guard of v reads is S(v)
//
// If several clients write and publish, the versions order the publishes, and a publish takes
// writes that overlap it or not. Then C0 says that a publish of an earlier version does not begin
// after one of a later version has returned. C6 says that for some choice of what the publishes
// took every guard read the content of its version. See several.go.
//
// C1 and C2 make a regular register of versions, C3 makes it atomic (Lamport, On interprocess
// communication, 1986).
//
// Calls without versions are judged by a search for an order in which they can have taken effect,
// see package order. For linearizable maps it has a model of one key, and a model of the whole map
// for calls that must take effect for all keys at one instant. For unstamped batches it has a model
// of eventual consistency, of all keys together.
//
// A walk, clear, retain or len is judged by one of two rules, as the history says. By the snapshot
// rule it takes effect for all keys at one instant. By the weak rule it takes effect for each key
// at a separate instant between its call and its return. A walk sees no key twice by either rule.
//
// The time of a search is in proportion to the calls, and exponential in the writes that overlap.
// It does not depend on the number of clients, nor on the calls that never returned. Where a search
// takes too long, the verdict is Unknown. A violation elsewhere still makes it Illegal. Porcupine
// (github.com/anishathalye/porcupine) draws the pictures of violations. In the tests it is a second
// judge.
//
// These laws need no history:
//
//	C7  online: a guard's version v is at least the last that was published before the guard
//	    was called and at most the last that was begun before it was open, and publish v+2
//	    does not begin while it is open
//	C8  copy audit: the two copies are alike when all operations have been applied to both
//	C9  liveness: no goroutine waits for ever, and a reader takes a bounded number of steps
//	C10 final state: after a timed cell the map's content follows from what its workers wrote
//
// Package soak checks C7 on every guard of a running map, with C0, C4 and C6. Package buffers
// checks C8 after a replay, in checked builds. Packages soak and drive check the first half of C9,
// with the stacks of all goroutines as evidence; lincheck/explore checks both halves. The command
// checks C10 after every cell.
//
// # Order of the files
//
// Each file uses only those before it: laws, verdict, register, sweep, several, window, count,
// search, judge, reduce, picture, evidence.
package judge
