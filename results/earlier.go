package results

import (
	"time"

	"doublebuf/baselines/kv"
)

// earlier is the registry at the time when manifests began to hold identities. It serves the runs
// that were measured before, and never changes.
var earlier = map[string]Map{
	"dbuf-epoch-b1":         {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"}, Policy: kv.Policy{Every: 1}},
	"dbuf-epoch-b64":        {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"}, Policy: kv.Policy{Every: 64}},
	"dbuf-epoch-b4096":      {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"}, Policy: kv.Policy{Every: 4096}},
	"dbuf-epoch-demand":     {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"}},
	"dbuf-epoch-t100us":     {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"}, Policy: kv.Policy{Interval: 100 * time.Microsecond}},
	"dbuf-flat-b64":         {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "flat", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-flat-b4096":       {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "flat", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-maxwait-b1":       {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin", Writer: "maxwait", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-maxwait-b64":      {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin", Writer: "maxwait", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-refcount-b1":      {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "refcount", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-refcount-b64":     {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "refcount", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-refcount-b4096":   {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "refcount", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-indicator-b1":     {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "indicator", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-indicator-b64":    {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "indicator", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-indicator-b4096":  {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "indicator", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-collector-b64":    {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "collector", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-collector-b4096":  {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "collector", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-asymmetric-b1":    {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "asymmetric", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-asymmetric-b64":   {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "asymmetric", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-asymmetric-b4096": {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "asymmetric", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-adaptive-b1":      {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "adaptive", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-adaptive-b64":     {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "adaptive", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-adaptive-b4096":   {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "adaptive", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 4096}},
	"dbuf-counted-b1":       {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "counted", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-counted-b64":      {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "counted", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 64}},
	"dbuf-single-b1":        {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "single", Table: "builtin", Variation: true}, Policy: kv.Policy{Every: 1}},
	"dbuf-group":            {Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin", Writer: "group", Variation: true}},
	"syncmap":               {Identity: kv.Identity{Family: "syncmap"}},
	"xsync":                 {Identity: kv.Identity{Family: "xsync"}},
	"haxmap":                {Identity: kv.Identity{Family: "haxmap"}},
	"concurrent-map":        {Identity: kv.Identity{Family: "concurrent-map"}},
	"rwmutex":               {Identity: kv.Identity{Family: "rwmutex"}},
	"rbmutex":               {Identity: kv.Identity{Family: "rbmutex"}},
	"mutex":                 {Identity: kv.Identity{Family: "mutex"}},
	"sharded":               {Identity: kv.Identity{Family: "sharded"}},
	"cow":                   {Identity: kv.Identity{Family: "cow"}},
	"immutable":             {Identity: kv.Identity{Family: "immutable"}},
	"plain":                 {Identity: kv.Identity{Family: "plain", Role: kv.Ceiling}},
	"noop":                  {Identity: kv.Identity{Family: "noop", Role: kv.Floor}},
}
