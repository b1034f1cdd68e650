package store

import (
	"maps"
	"slices"
)

// Clone returns a copy of c that shares no slice or map with it.
func (c Chunk) Clone() Chunk {
	c.Origin = c.Origin.Clone()
	c.Marks = slices.Clone(c.Marks)
	c.Vector = slices.Clone(c.Vector)
	c.Meta = maps.Clone(c.Meta)
	for k, v := range c.Meta {
		if s, ok := v.([]string); ok {
			c.Meta[k] = slices.Clone(s)
		}
	}
	return c
}

// Clone returns a copy of o that shares no slice with it.
func (o Origin) Clone() Origin {
	o.Principals = slices.Clone(o.Principals)
	return o
}

// Select returns a copy of c with the parts that f names and those that are
// always there; it shares no slice or map with c.
func (c *Chunk) Select(f Fields) Chunk {
	d := Chunk{ID: c.ID, DocID: c.DocID, Source: c.Source, Ordinal: c.Ordinal, Version: c.Version, Start: c.Start, End: c.End}
	if f&FieldText != 0 {
		d.Text, d.Prefix = c.Text, c.Prefix
	}
	if f&FieldOrigin != 0 {
		d.Origin = c.Origin
	}
	if f&FieldMarks != 0 {
		d.Marks = c.Marks
	}
	if f&FieldMeta != 0 {
		d.Meta = c.Meta
	}
	if f&FieldVector != 0 {
		d.Vector, d.EmbedKey = c.Vector, c.EmbedKey
	}
	return d.Clone()
}
