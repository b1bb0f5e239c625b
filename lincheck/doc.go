// Package lincheck judges whether a map keeps the consistency that it declares.
//
// # Words
//
// A client is one goroutine with one handle of the map. A call is one operation of a
// client, with the times at which it was called and at which it returned. A guard is
// an open read of one version; it is stamped if it tells which. A history is all calls
// and guards of a few clients. A claim is what a history is judged by. A verdict is
// [Ok], [Illegal] or [Unknown]; Unknown is never a pass.
//
// # Laws
//
// Stamped guards are judged by one sweep, in linear time and little memory, see sweep.go.
// S(v) is the content after the first v publishes.
//
//	C0  publishes make the versions 1, 2, 3 … and do not overlap
//	C1  no future: publish v was called before the opening of a guard of v returned
//	C2  fresh: publish v+1 had not returned before the opening of a guard of v was called
//	C3  no inversion: no guard that was open before the opening of a guard of v was
//	    called has a higher version
//	C4  monotone: the versions that one handle opens never go back
//	C5  bounded lag: publish v+1+n does not return while a guard of v is open, where the
//	    history's header gives n
//	C6  content: what a guard of v reads is S(v)
//
// C1 and C2 make a regular register of versions, C3 makes it atomic (Lamport, On
// interprocess communication, 1986). What carries no version is judged by porcupine
// (Wing and Gong's search with Lowe's partitioning): linearizable maps by a model of
// one key, unstamped batches by a model of eventual consistency, see model.go. Its search is exponential in
// what overlaps, so a long history is cut, key by key, where all calls have returned (and no batch is
// pending), and judged window by window, see windows.go. Up to 8 clients and 4,000 calls may come
// between two such points; where more do, or the search takes too long, the verdict is Unknown, which a
// later breach still makes Illegal.
//
// These need no history:
//
//	C7  online: the version of a guard is the last that was published before it or a later
//	    one that was begun, and the next but one is not begun while it is open; by [Soak],
//	    on every guard of a map that runs, with C0, C4 and C6
//	C8  twins: the two copies are alike when all operations have been applied to both; by
//	    package buffers after a replay, in checked builds
//	C9  liveness: nobody waits for ever, and a reader takes a bounded number of steps; the
//	    first by [Soak] and [Supervise], with the stacks of all as evidence, both by
//	    lincheck/explore
//	C10  sum: what is in the map after a timed cell is what its workers put in and did not
//	    take out; by the command, after every cell
//
// # Time
//
// Times are read from the monotonic clock. Two readings on two processors may stand in
// the wrong order by a little: a processor may read its clock early, while older
// instructions are under way. So an order of two events of different clients that
// rests on less than the history's slack is ambiguous: it is counted, and it never
// makes a history Illegal. The order of one client's events is certain.
//
// # History files
//
// A history file is JSON Lines. The first line is the header:
//
//	{"history":1,"claim":"atomic","map":"dbuf","seed":7,"slack_ns":100,"lag":1,"verdict":"Illegal","checker":"C2","note":"a stale guard"}
//
// history and claim must be there. A history of stamped guards may begin late: "from":33 says that the first publish
// made version 34, and that version 33 counts as empty. verdict, checker and note tell what the history was
// found to be; they are not believed when it is judged.
//
// Every other line is a call or a guard. Lines may come in any order, but those of one
// client in that client's. A history of stamped guards or of a linearizable map whose lines all come in
// the order of called is judged while it is read, however long it is. One without any call or
// guard is Unknown. Times are nanoseconds on one clock, of any origin. Keys and
// values are numbers below 2^63 or strings; a value that is not there is null or left
// out. A call without returned never did.
//
//	{"client":0,"op":"set","key":3,"new":17,"called":100,"returned":140}
//	{"client":1,"op":"get","key":3,"result":17,"called":120,"returned":160}
//	{"client":0,"op":"publish","version":1,"called":150,"returned":190}
//	{"client":2,"op":"guard","version":1,"called":200,"opened":210,"closed":300,"reads":[[3,17],[4,null]],"all":[[3,17]]}
//
// A guard's reads are single look-ups; all is its whole content, in any order. A
// last line without a newline was cut off; what is wrong elsewhere is an error.
//
// # Where a map is checked
//
// [Check] records many short, seeded histories of a map in its own process. Programs
// call [Supervise] instead, and [ChildMain] in the child that it starts, so that a map
// that crashes, hangs or eats the memory takes only a child with it, and one that leaves goroutines
// behind is found. [Soak] runs a map of
// versions for as long as one likes. [Controls] are
// maps that must fail: a checker that cannot say Illegal proves nothing.
//
// A level of consistency is a value: the histories that must be legal, and by them the
// checkers that it implies, and the directed schedules that must break the next stronger
// level, see level.go. [Properties] are what a map is found to have or not to have. The
// mutants in lincheck/mutants are what the checkers are tested against; matrix.md there says
// who catches which.
package lincheck
