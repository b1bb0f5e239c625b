package explore

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// nameLocations sets the names of the locations in the trace. A name is the path from one of the
// program's named roots, or else the type and a number.
func (e *execution) nameLocations() {
	w := walker{names: map[any]string{}, visited: map[any]bool{}}
	for _, l := range e.locations {
		w.names[l.key] = ""
	}
	for _, r := range e.roots {
		w.enter(r.name, reflect.ValueOf(r.root))
	}
	for len(w.queue) > 0 { // breadth first, so that names are short
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.walk(next.path, next.value)
	}
	for i := range e.trace {
		if n := e.trace[i].Loc; n >= 0 {
			key := e.locations[n].key
			e.trace[i].Location = w.names[key]
			if w.names[key] == "" {
				e.trace[i].Location = fmt.Sprintf("%s#%d", shortType(key), n)
			}
		}
	}
}

func shortType(key any) string {
	if _, memory := key.(unsafe.Pointer); memory {
		return "word"
	}
	s := strings.TrimPrefix(reflect.TypeOf(key).String(), "*")
	s, _, _ = strings.Cut(s, "[")
	return s[strings.LastIndexByte(s, '.')+1:]
}

// walker finds the paths to locations in a program's data.
type walker struct {
	names   map[any]string // location -> name, "" if not found yet
	visited map[any]bool
	queue   []place
}

// place is a value that the walker has still to visit.
type place struct {
	path  string
	value reflect.Value
}

func (w *walker) enter(path string, v reflect.Value) { w.queue = append(w.queue, place{path, v}) }

// name names the location with the given key, if it is one and has no name.
func (w *walker) name(path string, key any) {
	if name, ok := w.names[key]; ok && name == "" {
		w.names[key] = path
	}
}

// walk visits v and what v points to. It queues the fields and elements.
func (w *walker) walk(path string, v reflect.Value) {
	if v.CanAddr() {
		key := reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Interface() // also for unexported fields
		if w.visited[key] {
			return
		}
		w.visited[key] = true
		w.name(path, key)
		standin := strings.HasPrefix(v.Type().PkgPath(), ours)
		if kind := v.Kind(); standin || kind != reflect.Struct && kind != reflect.Array {
			p := unsafe.Pointer(v.UnsafeAddr())
			w.name(path, unsafe.Add(p, -int(uintptr(p)%8)))
		}
		if p, ok := key.(interface{ Target() any }); ok {
			w.walk(path+"→", reflect.ValueOf(p.Target()))
			return
		}
		if standin {
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.walk(path, v.Elem())
		}
	case reflect.Chan:
		w.name(path, v.UnsafePointer())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.enter(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Anonymous {
				w.walk(path, v.Field(i))
			} else {
				w.enter(path+"."+f.Name, v.Field(i))
			}
		}
	}
}
