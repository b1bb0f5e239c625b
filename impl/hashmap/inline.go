package hashmap

// Users' packages inline the atomic operations in a lookup only if this package has inlined them
// too. See impl/DESIGN.md, "The inliner". A test reads the machine code.
var (
	_ = (*WriteHandle[uint64, uint64]).Publish
	_ = (*WriteHandle[uint64, uint64]).Insert
	_ = (*ReadHandle[uint64, uint64]).Get
	_ = (*Shared[uint64, uint64]).Get
	_ = ReadGuard[uint64, uint64].Get
	_ = ReadGuard[uint64, uint64].Release
)
