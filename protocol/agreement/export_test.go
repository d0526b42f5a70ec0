package agreement

import "comity.example/protocol"

// SignedBy returns a document as though those Parties' signatures had been
// verified, which takes long where thousands of books are made.
func SignedBy(d *Document, by ...protocol.Party) SignedDocument {
	return SignedDocument{doc: d, by: by}
}

// SignedAs returns a notice as though its Party's signature had been verified.
func SignedAs(n *Notice) SignedNotice { return SignedNotice{notice: n} }
