// Package drive runs maps. It records short histories of a map, under random and under directed
// schedules, and it runs a check in a child process, so that a map that crashes, hangs or takes all
// memory takes only the child with it. Package lincheck says which schedules a level needs; package
// judge judges the histories.
//
// A [Driver] records one history of a map. A [Rig] is the map with its clients while the driver
// runs. Each [Schedule] says what the clients of a rig do. All random choices follow from a
// seed; how the clients interleave does not.
//
// # Order of the files
//
// Each file uses only those before it: recorder, client, rig, random, storm, rush, directed,
// stacks, child, supervise.
package drive
