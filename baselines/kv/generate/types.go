package main

// keyType is a type of keys and values that maps are built and checked with. It becomes a
// constructor of kv.Entry.
type keyType struct {
	field      string // the constructor
	key, value string // the types, as Go writes them
	battery    battery
}

// battery is how package kvtest makes keys and values. The other strings than the name are Go
// expressions there.
type battery struct {
	name             string
	key              string // of an index
	hard             string // all keys that are easily mistaken for others
	value, fromValue string // of a number, and back
	large            bool   // maps grow large; set for types that maps treat differently
}

// workload is a way to make keys of a type. -keytype takes its name.
type workload struct {
	name, doc string
	label     string // the keys in a figure; "" stands for the name and "keys"
	field     string // of the type
	keys      string // a Go expression in package run, where r is the runner
	real      bool   // the keys are real input: those of a trace, or of source code
}

// types and workloads are the one list of key types. After a change run
//
//	go generate ./baselines/kv
var types = []keyType{
	{"Uint64", "uint64", "uint64", battery{"uint64", "spread", "hardWords", "number", "fromNumber", true}},
	{"Int", "int", "uint64", battery{"int", "alternate", "hardInts", "number", "fromNumber", false}},
	{"String", "string", "uint64", battery{"string", "text", "hardStrings", "number", "fromNumber", true}},
	{"Float64", "float64", "uint64", battery{"float64", "half", "hardFloats", "number", "fromNumber", false}},
	{"Prefix", "netip.Prefix", "uint64", battery{"prefix", "prefix", "hardPrefixes", "number", "fromNumber", false}},
	{"Line", "uint64", "kv.Line", battery{"line", "spread", "hardWords", "line", "fromLine", false}},
	{"Wide", "uint64", "kv.Wide", battery{"wide", "spread", "hardWords", "wide", "fromWide", false}},
	{"Pointer", "uint64", "*uint64", battery{"pointer", "spread", "hardWords", "pointer", "fromPointer", false}},
}

var workloads = []workload{
	{
		name: "uint64", field: "Uint64", keys: "workloads.Uint64Keys",
		doc: "64-bit numbers that look random, as hashes and identifiers do; small dense numbers would flatter weak hash functions",
	},
	{name: "int", field: "Int", keys: "workloads.KeysOf(func(x uint64) int { return int(x) })", doc: "the numbers of uint64, as int"},
	{
		name: "string", field: "String", keys: "workloads.StringKeys",
		doc: `45 bytes: "https://example.org/items?id=" and 16 hexadecimal digits; keys differ only near their ends`,
	},
	{
		name: "string-short", field: "String", keys: "workloads.ShortStringKeys",
		doc: "16 bytes: the hexadecimal digits alone; most keys differ near their beginnings",
	},
	{
		name: "uint64-line", field: "Line", keys: "workloads.Uint64Keys", label: "uint64 keys with values of 64 bytes",
		doc: "uint64 keys with values of 64 bytes; the other key types have values of 8 bytes",
	},
	{
		name: "uint64-wide", field: "Wide", keys: "workloads.Uint64Keys", label: "uint64 keys with values of 1024 bytes",
		doc: "uint64 keys with values of 1024 bytes",
	},
	{
		name: "uint64-pointer", field: "Pointer", keys: "workloads.Uint64Keys", label: "uint64 keys with values that are pointers",
		doc: "uint64 keys with pointers as values; each set allocates the 8 bytes that its value points to",
	},
	{name: "trace", field: "String", keys: "whole(r.trace.Keys)", real: true, doc: "the keys of the trace, as text (with -trace)"},
	{
		name: "prefix", field: "Prefix", keys: "whole(r.trace.PrefixKeys)", real: true,
		doc: "the keys of the trace, as netip.Prefix (with -trace, if all keys are IP prefixes)",
	},
	{
		name: "ident", field: "String", keys: "r.source.Keys", real: true,
		doc: "the first n identifiers of Go's standard library, in the order of its source",
	},
}
