// Command runbench checks concurrent maps, measures them side by side, and draws and
// reports what it found. Run it with -help to begin.
package main

import (
	"os"

	"doublebuf/cmd/runbench/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }
