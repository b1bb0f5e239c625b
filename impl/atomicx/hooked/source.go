package hooked

import "embed"

// Source holds this package, for builds of modules that do not require this one.
//
//go:embed *.go
var Source embed.FS
