package explore

import "embed"

// Source holds the explorer's own packages, for builds of modules that do not require this one.
//
//go:embed *.go linear standin
var Source embed.FS
