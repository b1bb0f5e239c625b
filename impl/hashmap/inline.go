package hashmap

// A generic function is compiled in the package that instantiates it, and a package gets
// the bodies of functions two imports away only where a package between has inlined them
// itself. Without this instantiation every call to an atomic operation within a look-up
// would be a real one in the packages of users, at twice the time. (Seen with Go 1.26;
// a test reads the machine code.)
var (
	_ = (*WriteHandle[uint64, uint64]).Publish
	_ = (*WriteHandle[uint64, uint64]).Insert
	_ = (*ReadHandle[uint64, uint64]).Get
	_ = (*Shared[uint64, uint64]).Get
	_ = ReadGuard[uint64, uint64].Get
	_ = ReadGuard[uint64, uint64].Release
)
