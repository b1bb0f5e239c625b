// Package faulty has maps that must fail their check. Each is a map of package baselines, but for
// one mistake. Package lincheck has them among its negative controls. The tests of package kvtest
// use them to show that its tests can fail.
package faulty

import (
	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

type map64 = kv.Map[uint64, uint64]

// handle is a handle of a double buffer that publishes in batches.
type handle interface {
	map64
	kv.Ranger[uint64, uint64]
	kv.BatchReader[uint64, uint64]
	kv.Versioned[uint64, uint64]
	kv.Clearer
	kv.Retainer[uint64, uint64]
	kv.Updater[uint64, uint64]
	kv.Rewriter[uint64, uint64]
	kv.Publisher
	kv.TryPublisher
	kv.ContextPublisher
	kv.Flusher
	Close()
}

// ownHandle is a handle of a double buffer whose handles have logs of their own.
type ownHandle interface {
	handle
	kv.HandOverer
}

// groupHandle is a handle of a hashmap.Group.
type groupHandle interface {
	map64
	kv.Ranger[uint64, uint64]
	kv.BatchReader[uint64, uint64]
	kv.Swapper[uint64, uint64]
	kv.Clearer
	kv.Retainer[uint64, uint64]
	kv.Rewriter[uint64, uint64]
	Close()
}

// sound is a map without a mistake.
type sound interface {
	map64
	kv.Opener[uint64, uint64]
	Close()
}

// wrapped is a sound map whose handles wrap makes wrong.
type wrapped struct {
	sound
	wrap func(h map64) map64
}

func (w wrapped) Open() map64 { return w.wrap(w.sound.Open()) }

// Publish publishes what was written without a handle.
func (w wrapped) Publish() uint64 { return kv.Publish(w.sound) }

// handles returns a function that makes the handles of a map wrong.
func handles[H any](wrap func(h H) map64) func(m sound) map64 {
	return func(m sound) map64 { return wrapped{m, func(h map64) map64 { return wrap(h.(H)) }} }
}

// planted returns the entry of the map that is named of, which plant makes wrong. It has keys of
// one type.
func planted(of, name, doc string, plant func(m sound) map64) kv.Entry {
	for _, e := range baselines.All() {
		if e.Name == of {
			open := e.Uint64
			e.Name, e.Doc = "control-"+name, "control: "+doc
			e.Identity, e.Broken, e.Constructors, e.Watched = kv.Identity{Role: kv.NegativeControl}, true, kv.Constructors{}, nil
			e.Uint64 = func(capacity int) map64 { return plant(open(capacity).(sound)) }
			return e
		}
	}
	panic("faulty: there is no map " + of)
}

// Entries returns all of them.
func Entries() []kv.Entry {
	const batched, own, group, free = "dbuf-epoch-b64", "dbuf-builtin-own-b64", "dbuf-group", "dbuf-indicator-b64"
	return []kv.Entry{
		planted(batched, "torn", "every hundredth Get returns the high half of the value that was there before", handles(func(h handle) map64 { return &torn{h, map[uint64]uint64{}, 0} })),
		planted(batched, "get-many", "GetMany reads its second half in the last version", handles(func(h handle) map64 { return twoVersions{h} })),
		planted(batched, "many-guards", "GetMany of a handle opens a guard for each key", handles(func(h handle) map64 { return manyGuards{h} })),
		planted(batched, "update-twice", "every eighth Update is applied twice", handles(func(h handle) map64 { return &updatesTwice{handle: h} })),
		planted(batched, "update-lost", "every eighth Update does nothing", handles(func(h handle) map64 { return &losesUpdates{handle: h} })),
		planted(batched, "update-in-two-steps", "Update reads what is published, and then sets", handles(func(h handle) map64 { return twoSteps{h} })),
		planted(batched, "rewrite", "Rewrite removes entries, but changes none", handles(func(h handle) map64 { return onlyRemoves{h} })),
		planted(batched, "try-publish-yes", "every fourth TryPublish returns true and publishes nothing", handles(func(h handle) map64 { return &saysYes{handle: h} })),
		planted(batched, "try-publish-no", "every fourth TryPublish publishes and returns false", handles(func(h handle) map64 { return &saysNo{handle: h} })),
		planted(batched, "try-publish-never", "TryPublish always refuses", handles(func(h handle) map64 { return neverTries{h} })),
		planted(batched, "cancelled-drops", "a PublishContext that is cancelled drops what is pending", dropsPending),
		planted(batched, "cancelled-publishes", "a PublishContext whose context is done publishes and returns the cause", handles(func(h handle) map64 { return lateCause{h} })),
		planted(batched, "flush", "Flush does not wait", handles(func(h handle) map64 { return doesNotFlush{h} })),
		planted(batched, "close-publishes", "Close publishes what is pending", func(m sound) map64 { return publishesLast{wrapped{m, func(h map64) map64 { return h }}} }),
		planted(batched, "close-silent", "Set does nothing after Close, and does not panic", handles(func(h handle) map64 { return silent{h} })),
		planted(free, "passed-guard", "a guard finds nothing in another goroutine", handles(func(h handle) map64 { return stays{h} })),
		planted(own, "hand-over-torn", "every third Set hands over", handles(func(h ownHandle) map64 { return &tearsBatches{ownHandle: h} })),
		planted(own, "hand-over-never", "HandOver does nothing", handles(func(h ownHandle) map64 { return keepsLog{h} })),
		planted(group, "group-close", "what is written beside Close is lost", losesLast),
		planted(group, "group-clear", "Clear does nothing", handles(func(h groupHandle) map64 { return doesNotClear{h} })),
		planted(group, "group-rewrite", "Rewrite leaves out every tenth entry", handles(func(h groupHandle) map64 { return leavesOut{h} })),
	}
}
