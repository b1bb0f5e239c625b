package buffers

// See the file of this name in package hashmap.
var (
	_ = (*ReadHandle[int]).Enter
	_ = (*ReadHandle[int]).Leave
)
