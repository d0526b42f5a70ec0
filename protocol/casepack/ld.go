package casepack

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// The chain of custody is JSON-LD with the terms of CASE (Cyber-investigation Analysis
// Standard Expression) and UCO (Unified Cyber Ontology), which forensic tools exchange.

// ldContext are the prefixes of the terms, as the examples of CASE have them.
func ldContext() map[string]string {
	const uco = "https://ontology.unifiedcyberontology.org/uco/"
	return map[string]string{
		"kb":                 "http://comity.example/kb/",
		"case-investigation": "https://ontology.caseontology.org/case/investigation/",
		"uco-action":         uco + "action/",
		"uco-core":           uco + "core/",
		"uco-identity":       uco + "identity/",
		"uco-observable":     uco + "observable/",
		"uco-tool":           uco + "tool/",
		"uco-types":          uco + "types/",
		"xsd":                "http://www.w3.org/2001/XMLSchema#",
	}
}

// An ldNode is one thing in the graph.
type ldNode struct {
	ID          ldID      `json:"@id"`
	Type        string    `json:"@type"`
	Name        string    `json:"uco-core:name,omitzero"`
	Description string    `json:"uco-core:description,omitzero"`
	Objects     []ldRef   `json:"uco-core:object,omitempty"`
	Facets      []ldFacet `json:"uco-core:hasFacet,omitempty"`
	Exhibit     string    `json:"case-investigation:exhibitNumber,omitzero"`

	// Of an action.
	Start      *ldValue `json:"uco-action:startTime,omitempty"`
	Performer  *ldRef   `json:"uco-action:performer,omitempty"`
	Instrument *ldRef   `json:"uco-action:instrument,omitempty"`
	On         []ldRef  `json:"uco-action:object,omitempty"`
	Result     []ldRef  `json:"uco-action:result,omitempty"`
}

// An ldFacet says something of a file.
type ldFacet struct {
	ID        ldID     `json:"@id"`
	Type      string   `json:"@type"`
	FileName  string   `json:"uco-observable:fileName,omitzero"`
	MediaType string   `json:"uco-observable:mimeType,omitzero"`
	Size      int64    `json:"uco-observable:sizeInBytes"`
	Hash      []ldHash `json:"uco-observable:hash,omitempty"`
}

type ldHash struct {
	ID     ldID    `json:"@id"`
	Type   string  `json:"@type"`
	Method string  `json:"uco-types:hashMethod"`
	Value  ldValue `json:"uco-types:hashValue"`
}

type ldRef struct {
	ID ldID `json:"@id"`
}

type ldValue struct {
	Type  string `json:"@type"`
	Value string `json:"@value"`
}

func ldTime(t time.Time) *ldValue {
	return &ldValue{"xsd:dateTime", t.UTC().Format(time.RFC3339)}
}

// An ldID names a node.
type ldID string

// ldName makes the name of a node out of what it is about, so that it is the same
// whoever writes it (SPEC.md §14.2). UCO wants a UUID at its end.
func ldName(kind string, about ...string) ldID {
	text, err := canon.Encode(append([]string{kind}, about...))
	if err != nil {
		text = nil // a name that is not UTF-8: no act that holds has one
	}
	h := sha256.Sum256(text)
	u := h[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	s := hex.EncodeToString(u)
	return ldID("kb:" + kind + "-" + s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:])
}

func ldFileID(o *protocol.Object) ldID {
	return ldName("file", o.Tree.String(), o.SHA512, o.Name)
}

// ldFile is an object, described as its holder signed it.
func ldFile(o *protocol.Object) ldNode {
	tree := o.Tree.String()
	return ldNode{ID: ldFileID(o), Type: "uco-observable:File", Facets: []ldFacet{
		{ID: ldName("file-facet", tree, o.Name), Type: "uco-observable:FileFacet", FileName: o.Name, Size: o.Size},
		{ID: ldName("content-data-facet", tree, o.SHA512, o.MediaType), Type: "uco-observable:ContentDataFacet",
			MediaType: o.MediaType, Size: o.Size, Hash: []ldHash{{ID: ldName("hash", tree, o.SHA512), Type: "uco-types:Hash",
				Method: "SHA512", Value: ldValue{"xsd:hexBinary", o.SHA512}}}},
	}}
}
