// Package order searches for an order in which the calls of a recorded history can have taken
// effect. Package judge calls it for histories whose calls carry no versions.
//
// # The search
//
// It is Wing and Gong's search (Testing and verifying concurrent objects, 1993) in the form of
// Lowe's just-in-time linearization (Testing for linearizability, 2017). The search goes through
// the history in the order of time. It keeps all configurations that the past allows. A
// configuration is a state of the map and the set of open calls that have already taken effect.
// When a call returns, each configuration lets open calls take effect until that call has done so.
// If no configuration can, the history has no order.
//
// So the work is in proportion to the length of the history, and exponential only in the writes
// that are open at the same time. It does not matter how many clients there are. These rules keep
// the configurations few, and lose no order:
//
//   - A call that changes nothing takes effect as soon as it can. A configuration in which it still
//     waits allows no more than one in which it has taken effect.
//   - A call that never returned stays open, but need not take effect. Of two configurations that
//     differ in such calls only, the one in which fewer have taken effect allows more.
//   - Of equal calls that never returned, the first takes effect first.
//   - The calls of one client take effect in its order, also if their times are equal. A call that
//     never returned has no place in that order.
//
// Where the configurations become many, the search goes on with a few of them and comes back to the
// others only if these fail. So it soon finds an order if there are many. It gives up when it has
// searched for too long. If it has dropped configurations because there were too many, it may still
// find an order, but it never says that there is none.
//
// # Models
//
// A [Model] says what calls do. [OneKey] is one key of a map. [Contents] is a whole map. [Batches]
// is a map whose writes become visible in batches.
//
// # Order of the files
//
// Each file uses only those before it: parts, config, model, search, states, key, contents, cuts,
// batches, versions.
package order
