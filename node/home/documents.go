package home

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"comity.example/node"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
)

// Pins reads the root keys that were compared out of band.
func (h *Home) Pins() ([]register.Pin, error) { return ReadPins(h.path(PinsDir)) }

// ReadPins reads every pin in a directory.
func ReadPins(dir string) ([]register.Pin, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var pins []register.Pin
	for _, name := range names {
		b, err := readFile(name)
		if err != nil {
			return nil, err
		}
		p, err := register.ParsePin(b)
		if err != nil {
			return nil, fmt.Errorf("home: %s: %w", name, err)
		}
		pins = append(pins, *p)
	}
	return pins, nil
}

// Documents reads the registers, agreements and notices that were exchanged as
// files. A node that runs verifies them.
func (h *Home) Documents() ([]node.Document, error) {
	registers, err := ReadRegisters(h.path(RegistersDir))
	if err != nil {
		return nil, err
	}
	agreements, err := ReadAgreements(h.path(AgreementsDir))
	return append(registers, agreements...), err
}

// ReadRegisters reads every signed register in a directory (*.jws).
func ReadRegisters(dir string) ([]node.Document, error) {
	return readAll(filepath.Join(dir, "*.jws"), node.RegisterDocument)
}

// ReadAgreements reads every agreement with signatures (*.yaml beside
// *.signatures.json) and every notice (*.jws) in a directory. A document
// without signatures is left out: it binds nobody yet.
func ReadAgreements(dir string) ([]node.Document, error) {
	docs, err := readAll(filepath.Join(dir, "*.jws"), node.NoticeDocument)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		signatures := SignaturesOf(name)
		if _, err := os.Stat(signatures); err != nil {
			continue
		}
		text, err := readFile(name)
		if err != nil {
			return nil, err
		}
		sigs, err := readFile(signatures)
		if err != nil {
			return nil, err
		}
		b, err := agreement.EncodeSigned(text, sigs)
		if err != nil {
			return nil, fmt.Errorf("home: %s: %w", name, err)
		}
		docs = append(docs, node.Document{Kind: node.AgreementDocument, Bytes: b, File: name})
	}
	return docs, nil
}

// SignaturesOf is the name of the file of signatures beside an agreement.
func SignaturesOf(yaml string) string { return strings.TrimSuffix(yaml, ".yaml") + ".signatures.json" }

func readAll(pattern string, kind node.DocumentKind) ([]node.Document, error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var docs []node.Document
	for _, name := range names {
		b, err := readFile(name)
		if err != nil {
			return nil, err
		}
		docs = append(docs, node.Document{Kind: kind, Bytes: b, File: name})
	}
	return docs, nil
}
