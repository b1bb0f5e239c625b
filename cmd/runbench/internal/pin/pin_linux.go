package pin

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Process binds all threads of the process to cpus, and with them the threads and child processes
// that they start later. It fails if one of cpus does not exist or is not allowed. Some threads may
// be bound then.
func Process(cpus []int) error {
	set, err := allowed(cpus)
	if err != nil {
		return err
	}
	// A thread that is not bound yet may start another one meanwhile. That one is not bound either,
	// and the next round finds it.
	bound := map[int]bool{}
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("cannot pin the process: %w", err)
		}
		before := len(bound)
		for _, t := range threads {
			id, err := strconv.Atoi(t.Name())
			if err != nil || bound[id] {
				continue
			}
			if err := unix.SchedSetaffinity(id, &set); err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
				return fmt.Errorf("cannot pin the process: %w", err)
			}
			bound[id] = true
		}
		if len(bound) == before {
			return nil
		}
	}
}

// Thread binds the thread of the calling goroutine to one processor. The goroutine must be locked
// to its thread.
func Thread(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cannot pin a thread to processor %d: %w", cpu, err)
	}
	return nil
}

// allowed returns cpus as a set, if the process may use all of them.
func allowed(cpus []int) (set unix.CPUSet, err error) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return set, fmt.Errorf("cannot find out which processors may be used: %w", err)
	}
	for _, cpu := range cpus {
		if !may.IsSet(cpu) {
			return set, fmt.Errorf("cannot pin to processor %d: this process may not use it, or there is none; want some of %s", cpu, list(&may))
		}
		set.Set(cpu)
	}
	return set, nil
}

func list(set *unix.CPUSet) string {
	var cpus []int
	for cpu := range maxCPU {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return Format(cpus)
}
