// Package explore runs a concurrent program in different orders of its atomic operations and
// reports the first failure with a schedule that replays it. It tries every order that can make a
// difference, or only the orders within a bound, or a random sample. For Go's sync/atomic it is
// what loom is for Rust's atomics.
//
// # Words
//
//   - A program is a function that sets up shared state and starts a fixed number of goroutines
//     on it. No goroutine runs before the function returns.
//   - A step is an atomic operation, an access to a plain shared word, a lock, a sleep, a yield,
//     or the begin or end of an access to a copy. The types of package hooked make these steps.
//     Between two steps a goroutine runs alone.
//   - A step is enabled if it can happen now. A Lock of a locked Mutex is not enabled.
//   - Two steps are dependent if one goroutine does both, or if both access one location and at
//     least one of them may write it.
//   - An execution is one run of the program. Its schedule is the sequence of the goroutines that
//     took the steps.
//
// # Searches
//
//   - [Exhaustive] groups executions that differ only in the order of independent steps, and runs
//     at least one of each group. It searches depth first with sleep sets (Godefroid), and takes
//     another turn only where it sees a race (source-DPOR, Abdulla and others). A finished search
//     has seen every final state and every failure. [SleepSets] does the same without looking for
//     races.
//   - [UpTo] runs all executions with at most k preemptions, for k = 0, 1, … A preemption takes
//     the turn from a goroutine that could continue (Musuvathi and Qadeer). UpTo finds the
//     simplest schedules first. It uses no sleep sets. They keep one execution of each group, and
//     that could be one that the bound forbids.
//   - [PCT] samples schedules by random priorities with d-1 changes (Burckhardt and others). Each
//     run finds a bug that needs d ordering constraints with a probability of at least
//     1/(n·k^(d-1)), where n is the number of goroutines and k the number of steps.
//
// Go's atomics are sequentially consistent, and so are executions. With Config.TSO each goroutine
// has a store buffer, as on x86. A plain store enters the buffer and reaches memory later, in
// order, by a step of its own. A goroutine reads its own buffered stores. Atomic stores,
// read-modify-writes and locks wait until the goroutine's own buffer is empty. A membarrier waits
// until the stores that it finds in all buffers have reached memory.
//
// # Failures
//
//   - a panic of the program, or a failed check of [Exec.Finally]
//   - a copy is written while it is read or written
//   - a deadlock; a lost wake-up is a deadlock with a sleeping goroutine
//   - a livelock: a loop yields and waits for a change that no goroutine will make, or an
//     execution exceeds Config.MaxSteps
//   - a step bound is exceeded ([Exec.AtMost])
//   - the program is not deterministic
//
// # Rules for programs
//
//   - A process runs one exploration at a time.
//   - The same schedule must give the same execution. So a program uses no clocks, no random
//     numbers, no iteration over Go maps, and no state of earlier executions.
//   - A program blocks only through package hooked. A real lock or channel between two of its
//     goroutines hangs the exploration.
//   - A waiting loop calls hooked.Yield and changes nothing shared between two calls.
//   - The explorer unwinds abandoned executions by a panic. The program must not recover it.
//   - Bodies do not call runtime.Goexit, and so not testing.T.FailNow.
//
// # Unmodified code
//
// [Check] explores tests of any module: see GUIDE.md. Package instrument builds them. Their
// goroutines start at any time and wait in loops of their own, see whole.go.
//
// # Order of the files
//
// Each file uses only those before it: schedule, failure, state, program, names, memory, stack,
// ledger, races, search, whole, execution, explore, check.
package explore
