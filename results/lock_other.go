//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package results

import "os"

// Lock opens the folder dir. Here it does not keep others from it.
func Lock(dir string) (*os.File, error) { return os.Open(dir) }
