// Package explore runs a concurrent program under every interleaving of its atomic
// operations that can matter, or under those that a bound or a sample leaves, and
// reports the first failure with a schedule that replays it. It is to Go's sync/atomic
// what loom is to Rust's.
//
// # Words
//
// A program is a function that sets up shared state, which nobody sees yet, and starts
// a fixed number of goroutines on it. The types of package hooked make every atomic
// operation, plain shared word, lock, sleep, yield and access to a copy a step. An
// execution is one run of the program; its schedule is the sequence of the goroutines
// that took the steps. Between two steps a goroutine runs alone. A step whose time has
// not come, like a Lock of a locked Mutex, is not enabled. Two steps are dependent if
// they are of one goroutine, or touch the same location and one of them may write it.
//
// # Searches
//
//   - [Exhaustive] runs at least one execution of each class of those that differ only in
//     the order of independent steps: depth first, with Godefroid's sleep sets, and other
//     turns only where a race calls for them (Abdulla and others, source-DPOR). Finished, it
//     has seen every final state and every failure. [SleepSets] does the same without
//     looking for races.
//   - [UpTo] runs all executions of at most k preemptions, for k = 0, 1, …: a preemption
//     takes the turn from a goroutine that could go on (Musuvathi and Qadeer). It finds
//     the simplest schedules first. It does not use sleep sets: the execution that a sleep
//     set keeps of a class may be one that the bound forbids.
//   - [PCT] samples schedules by random priorities with d-1 changes (Burckhardt and others):
//     each run finds a bug that needs d ordering constraints, among n goroutines and k
//     steps, with a probability of at least 1/(n·k^(d-1)).
//
// Go's atomics are sequentially consistent, and so are executions. With Config.TSO each
// goroutine has a store buffer as on x86: plain stores enter it and reach memory later,
// in order, by steps of their own; a goroutine reads its own stores early. Atomic stores
// and read-modify-writes and locks wait until the own buffer is empty, and a membarrier
// until all are.
//
// # Failures
//
// A panic of the program, a failed [Exec.Finally], a copy written while it is read or
// written, a deadlock, a lost wake-up (the same, with a goroutine parked), a livelock (a
// loop that yields and waits for what nobody will change, or that exceeds Config.MaxSteps),
// a step bound that is exceeded ([Exec.AtMost]), and a program that is not deterministic.
//
// # What a program must keep to
//
// One exploration at a time in a process. The program must do the same whenever it is given
// the same schedule: no clocks, no random numbers, no iteration over Go maps, no state kept
// from one execution to the next. It blocks by package hooked only: a real lock or channel
// between two of its goroutines hangs the exploration. A waiting loop calls hooked.Yield
// and changes nothing shared between two calls. Abandoned executions are unwound by a panic,
// which the program does not recover. Bodies do not call runtime.Goexit (testing.T.FailNow).
//
// # In another project
//
// Copy the folders impl/atomicx/hooked and lincheck/explore. In the project to be checked
// let one package stand between the code and sync/atomic: with the build tag explore its
// types are aliases of those of hooked, without it of those of sync/atomic (impl/atomicx
// is an example). Then write programs in tests with that tag.
package explore
