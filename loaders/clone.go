package loaders

import (
	"maps"
	"slices"
)

// Clone returns a copy of d that shares no slice or map with it.
func (d Document) Clone() Document {
	d.Spans = slices.Clone(d.Spans)
	for i := range d.Spans {
		d.Spans[i].Boxes = slices.Clone(d.Spans[i].Boxes)
	}
	d.Meta = maps.Clone(d.Meta)
	for k, v := range d.Meta {
		if s, ok := v.([]string); ok {
			d.Meta[k] = slices.Clone(s)
		}
	}
	d.Principals = slices.Clone(d.Principals)
	d.Warnings = slices.Clone(d.Warnings)
	return d
}
