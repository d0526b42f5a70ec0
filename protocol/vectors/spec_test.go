package vectors_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/seal"
	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/bag"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/chain"
	"comity.example/protocol/evidence"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// section returns the text of one numbered section of SPEC.md.
func section(t *testing.T, number int) string {
	t.Helper()
	b, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## "+strconv.Itoa(number)+". ")
	if !ok {
		t.Fatalf("SPEC.md has no section %d", number)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// rows returns the first two cells of each row of the tables in text.
func rows(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, " | ")
		if strings.HasPrefix(line, "| ") && len(cells) > 1 {
			out[strings.TrimPrefix(cells[0], "| ")] = strings.Trim(cells[1], " |\n")
		}
	}
	return out
}

func days(d time.Duration) int { return int(d / day) }

func TestSpecHasTheLimitsOfTheCode(t *testing.T) {
	limits := map[string]int{
		"limit": 0, "act, canonical form": protocol.MaxAct, "signed act": chain.MaxSigned,
		"recipients of an act": protocol.MaxRecipients, "acts that an act follows": protocol.MaxFollows,
		"endorsements": protocol.MaxEndorsements, "statement, signed": chain.MaxStatement,
		"reasons of a nondelivery": protocol.MaxNondeliveryReasons,
		"proof of a nondelivery":   protocol.MaxNondeliveryProof,
		"credential, signed":       register.MaxCredential, "life of an act, days": days(protocol.MaxLifetime),
		"skew of clocks, minutes":                             int(protocol.MaxSkew / time.Minute),
		"age of an endorsement, days":                         days(chain.MaxEndorsementAge),
		"acts in one another":                                 chain.MaxDepth,
		"questions that an act answers":                       protocol.MaxAnswers,
		"grounds of an objection, reasons of a clarification": protocol.MaxGrounds,
		"factors on a worksheet":                              protocol.MaxFactors,
		"members that a clarification names":                  protocol.MaxFields,
		"nonce of a challenge":                                protocol.NonceSize,
		"versions of a request":                               protocol.MaxFollows,
		"identifiers of a request":                            protocol.MaxIdentifiers,
		"data items of a request":                             protocol.MaxDataItems,
		"attestations of a request":                           protocol.MaxAttestations,
		"provisions of an offence":                            protocol.MaxProvisions,
		"matters related to a request":                        protocol.MaxRelated,
		"languages of a request":                              protocol.MaxLanguages,
		"own codes of one list":                               protocol.MaxCodes,
		"compartments of a request":                           protocol.MaxCompartments,
		"compartment, sealed":                                 protocol.MaxCompartment,
		"text of a compartment":                               protocol.MaxCompartmentText,
		"identifier":                                          protocol.MaxIdentifier,
		"free text":                                           protocol.MaxText,
		"reference, name":                                     protocol.MaxReference,
		"objects of a disclosure":                             protocol.MaxObjects,
		"object":                                              protocol.MaxObject,
		"segments of a live object":                           protocol.MaxSegments,
		"keys of a disclosure":                                protocol.MaxKeys,
		"block of an object":                                  evidence.MaxBlock,
		"line of a list":                                      evidence.MaxLine,
		"files of a list":                                     evidence.MaxListed,
		"hashes of a block":                                   evidence.MaxProof,
		"segment of a live object, sealed":                    wire.MaxSegment,
		"signed disclosure that is passed on":                 protocol.MaxOrigin,
		"name of an object":                                   protocol.MaxObjectName,
		"envelope":                                            seal.MaxEnvelope,
		"content of an envelope":                              seal.MaxPlaintext,
		"recipients of an envelope":                           seal.MaxRecipients,
		"JWS":                                                 seal.MaxSigned,
		"signers of a JWS":                                    seal.MaxSigners,
		"register, signed":                                    register.MaxSigned,
		"participants of a register":                          register.MaxParticipants,
		"roots of a Party":                                    register.MaxRoots,
		"revocations of a register":                           register.MaxRevoked,
		"life of a register, days":                            days(register.MaxLife),
		"life of a credential, days":                          days(register.MaxCredentialLife),
		"TLS pins of a participant":                           register.MaxPins,
		"instruments of a participant":                        register.MaxInstruments,

		"nationalities, residences, places of an offence": protocol.MaxNationality,
		"other Parties whose law binds a participant":     register.MaxAlsoUnder,

		"pin file":                         register.MaxPin,
		"agreement document":               agreement.MaxDocument,
		"agreement with signatures":        agreement.MaxSigned,
		"expression":                       agreement.MaxExpression,
		"notice, canonical form":           agreement.MaxNotice,
		"notices of one Party":             agreement.MaxNotices,
		"digests of a holdings-answer":     wire.MaxHoldings,
		"record":                           ledger.MaxRecord,
		"reasons of a record":              ledger.MaxReasons,
		"leaves of a ledger":               ledger.MaxSize,
		"hashes of a proof":                ledger.MaxPath,
		"proof":                            ledger.MaxProof,
		"checkpoint, signed":               cosign.MaxCheckpoint,
		"checkpoint on the wire":           wire.MaxCheckpoint,
		"document on the wire":             wire.MaxDocument,
		"register on the wire":             wire.MaxRegister,
		"decision with a refusal":          wire.MaxFindings,
		"name in a pull":                   wire.MaxName,
		"longest pause of a busy, seconds": int(wire.MaxRetryAfter / time.Second),
		"acts of a case":                   casefile.MaxThread,
		"file of a package, but evidence and `custody.jsonld`": casepack.MaxFile,
		"files of a bag":              bag.MaxFiles,
		"name of a file of a bag":     bag.MaxName,
		"line of a tag file of a bag": bag.MaxLine,
		"lines of bag-info.txt":       bag.MaxTags,
		"tag file of a bag":           bag.MaxTagFile,
		"manifest of a bag":           bag.MaxManifest,
		"objects of a package":        casepack.MaxObjects,
		"documents of a package":      casepack.MaxDocuments,

		"documents of a package, bytes together": casepack.MaxDocumentBytes,

		"acts of one participant in a case":                casefile.MaxSent,
		"recipients and acts that the acts of a case name": casefile.MaxNames,
		"those that the acts of one participant name":      casefile.MaxNamed,
		"objects that the disclosures of a case name":      casefile.MaxHanded,
	}
	said := rows(section(t, 15))
	for name, value := range said {
		if name == "wait of a segment-query, seconds" || strings.HasPrefix(name, "time to send a frame") {
			continue // the patience of a node, which no package of the protocol sees: node/spec_test.go
		}
		want, ok := limits[name]
		if !ok {
			t.Errorf("SPEC.md has a limit that the code does not have: %q", name)
		} else if name != "limit" && value != strconv.Itoa(want) {
			t.Errorf("%s: SPEC.md says %s, the code %d", name, value, want)
		}
	}
	for name := range limits {
		if _, ok := said[name]; !ok {
			t.Errorf("SPEC.md does not say the limit %q", name)
		}
	}
}

// TestSpecHasTheFramesOfTheCode: each row of the table has a message's number
// and name, what answers it, and the sizes that its parts may have.
func TestSpecHasTheFramesOfTheCode(t *testing.T) {
	sizes := map[wire.Type][]int{
		wire.TypeDeliver: {wire.MaxEnvelope}, wire.TypeReceipt: {wire.MaxProof},
		wire.TypeRefusal:          {wire.MaxProof, wire.MaxFindings},
		wire.TypeBusy:             {int(wire.MaxRetryAfter / time.Millisecond)},
		wire.TypePublish:          {wire.MaxDocument, wire.MaxRegister},
		wire.TypePull:             {wire.MaxName},
		wire.TypeCheckpointAnswer: {wire.MaxConsistencyProof, wire.MaxCheckpoint},
		wire.TypePong:             {wire.MaxPongTime},
		wire.TypeHoldingsAnswer:   {wire.MaxHoldings},
	}
	said := map[wire.Type]bool{}
	for line := range strings.Lines(section(t, 10)) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		number, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil || len(cells) != 4 { // no row of that table
			continue
		}
		frame := wire.Type(number)
		said[frame] = true
		if got := strings.TrimSpace(cells[1]); got != frame.String() {
			t.Errorf("type %d: SPEC.md says %s, the code %s", number, got, frame)
		}
		for _, size := range sizes[frame] {
			if !slices.Contains(numbers(cells[2]), strconv.Itoa(size)) {
				t.Errorf("%s: SPEC.md does not say %d: %s", frame, size, cells[2])
			}
		}
		var want []string
		for answer := range wire.Type(255) {
			if answer.Answers(frame) {
				want = append(want, strconv.Itoa(int(answer)))
			}
		}
		got := numbers(cells[3])
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: SPEC.md says that %v answer it, the code %v", frame, got, want)
		}
	}
	for frame := range wire.Type(255) {
		if known := !strings.HasPrefix(frame.String(), "type-"); known != said[frame] {
			t.Errorf("%s: it is in the code: %t, in SPEC.md: %t", frame, known, said[frame])
		}
	}
}

// numbers returns the numbers of a text.
func numbers(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// TestSpecSaysTheSameLimitEverywhere: limits stand in sentences, too.
func TestSpecSaysTheSameLimitEverywhere(t *testing.T) {
	for number, sentences := range map[int][]string{
		4: {
			fmt.Sprintf("to %d participants, each once", protocol.MaxRecipients),
			fmt.Sprintf("oldest first, at most %d, none empty", protocol.MaxFollows),
			fmt.Sprintf("expires after issued by at most %d days", days(protocol.MaxLifetime)),
			fmt.Sprintf("at most %d digests, none empty", protocol.MaxEndorsements),
			fmt.Sprintf("At most %d bytes?", chain.MaxSigned),
			fmt.Sprintf("(1 or more of the recipients and the issuer, ascending, each once, at most %d)", protocol.MaxRecipients+1),
			fmt.Sprintf("JWE, at most %d bytes", protocol.MaxKeys),
			fmt.Sprintf("size 0 to %d", int64(protocol.MaxObject)),
			fmt.Sprintf("(at most %d of §12; none when expired)", protocol.MaxNondeliveryReasons),
			fmt.Sprintf("(bytes, at most %d; there exactly when refused", protocol.MaxNondeliveryProof),
			fmt.Sprintf("at most %d minutes after *at*", int(protocol.MaxSkew/time.Minute)),
			fmt.Sprintf("at most %d days before `issued`", days(chain.MaxEndorsementAge)),
			fmt.Sprintf("`committed_in?` (at most %d Parties, each once)", protocol.MaxNationality),
			fmt.Sprintf("`related?` | at most %d of", protocol.MaxRelated),
			fmt.Sprintf("`languages?` | at most %d, each once", protocol.MaxLanguages),
			fmt.Sprintf("`promise?` | at most %d each", protocol.MaxText),
			fmt.Sprintf("*Own codes* are at most %d, each once", protocol.MaxCodes),
		},
		6: {
			fmt.Sprintf("`participants` | at most %d,", register.MaxParticipants),
			fmt.Sprintf("`revoked` | at most %d of", register.MaxRevoked),
			fmt.Sprintf("tls 1 to %d pins", register.MaxPins),
			fmt.Sprintf("instruments at most %d,", register.MaxInstruments),
			fmt.Sprintf("also_under at most %d other Parties,", register.MaxAlsoUnder),
		},
		7: {
			fmt.Sprintf("Payload, at most %d bytes", agreement.MaxNotice),
			fmt.Sprintf("more than %d notices of one Party under one agreement", agreement.MaxNotices),
		},
		13: {fmt.Sprintf("fewer than %d acts", casefile.MaxThread), fmt.Sprintf("fewer than %d of them", casefile.MaxSent)},
		18: {
			fmt.Sprintf("64·*i* to 64·*i* + %d, 1 MiB of plaintext", evidence.BlockChunks-1),
			fmt.Sprintf("⌊*n* / %d⌋ + 1 blocks", evidence.BlockChunks*stream.ChunkSize),
			fmt.Sprintf("each of %d bytes of content and a tag of %d", stream.ChunkSize, stream.Overhead),
			fmt.Sprintf("salt %d random bytes", stream.SaltSize),
			fmt.Sprintf("`key (%d) ‖ base nonce (12) ‖ commitment (%d)`", stream.KeySize, stream.CommitSize),
			fmt.Sprintf("of type `%s`", evidence.KeysType),
			fmt.Sprintf("at most %d bytes with it, at most %d of them", evidence.MaxLine, evidence.MaxListed),
			fmt.Sprintf("*context* is `%s`, a line feed, the case id", strings.TrimSpace(string(evidence.Context("")))),
		},
	} {
		text := strings.Join(strings.Fields(section(t, number)), " ")
		for _, sentence := range sentences {
			if !strings.Contains(text, sentence) {
				t.Errorf("section %d of SPEC.md does not say %q", number, sentence)
			}
		}
	}
}

func TestSpecHasTheReasonsOfTheCode(t *testing.T) {
	var said []string
	for line := range strings.Lines(section(t, 12)) {
		if strings.HasPrefix(line, "| a") {
			said = append(said, codes(line)...)
		}
	}
	var want []string
	for _, r := range protocol.Reasons() {
		want = append(want, string(r))
	}
	if got := strings.Join(said, " "); got != strings.Join(want, " ") {
		t.Errorf("got  %s\nwant %s", got, strings.Join(want, " "))
	}
}

// codes returns what stands between backquotes.
func codes(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "`") {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}

func TestSpecHasTheVariablesOfTheCode(t *testing.T) {
	said := rows(section(t, 8))
	for _, v := range agreement.VariablesDoc() {
		if got := said["`"+v.Name+"`"]; got != v.Type {
			t.Errorf("variable %s: SPEC.md says %q, the code %q", v.Name, got, v.Type)
		}
	}
}

func TestSpecHasTheWordsOfTheCode(t *testing.T) {
	for number, words := range map[int][]string{
		4: slices.Concat(words(protocol.Kinds()), words(protocol.RequestTypes()), words(protocol.Categories()),
			words(protocol.Relations()), words(protocol.Stages()), words(protocol.Protections()),
			words(protocol.SecrecyGrounds())),
		6: words(protocol.Roles()),
		7: {string(agreement.Suspend), string(agreement.Resume), string(agreement.Reserve), string(agreement.Declare),
			string(agreement.Withdraw), string(agreement.KindDirective), string(agreement.KindDomestic),
			string(agreement.KindCourtesy), string(agreement.OtherwiseFlag), string(agreement.OptionReservation),
			string(agreement.OptionDeclaration), string(agreement.LawOfProvider), string(agreement.LawWithin)},
		8: {agreement.StepParticipants, agreement.StepAgreement, agreement.StepVersion, agreement.StepSigned,
			agreement.StepInForce, agreement.StepRight, agreement.StepReciprocal, agreement.StepPromise,
			agreement.StepTerms, agreement.StepTransmission, agreement.StepNotification, agreement.StepGround,
			agreement.PromiseStatement},
		9: words(ledger.Kinds()),
	} {
		text := section(t, number)
		for _, word := range words {
			if !strings.Contains(text, "`"+word+"`") {
				t.Errorf("section %d of SPEC.md does not have %s", number, word)
			}
		}
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// TestSpecHasThePrecedenceOfTheCode: who merges states otherwise ends cases
// otherwise.
func TestSpecHasThePrecedenceOfTheCode(t *testing.T) {
	want := "*" + strings.ReplaceAll(strings.Join(words(casefile.States()), ", "), "_", " ") + "*"
	if text := strings.Join(strings.Fields(section(t, 13)), " "); !strings.Contains(text, want) {
		t.Errorf("section 13 of SPEC.md does not have %s", want)
	}
}

// A sentence is one that SPEC.md has in quotation marks: *words* in it stand
// for anything.
type sentence struct {
	form *regexp.Regexp
	open bool // whether something in it stands for anything
	seen bool
}

// sentences returns those of a text, the most specific first.
func sentences(text string) []*sentence {
	hole := regexp.MustCompile(`\\\*[A-Za-z]+\\\*`)
	var out []*sentence
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 && strings.Contains(part, " ") {
			form := regexp.QuoteMeta(part)
			out = append(out, &sentence{form: regexp.MustCompile(`^` + hole.ReplaceAllString(form, `.+`) + `$`),
				open: hole.MatchString(form)})
		}
	}
	slices.SortStableFunc(out, func(a, b *sentence) int { return len(b.form.String()) - len(a.form.String()) })
	return out
}

// The sentences of the steps are part of a decision's bytes.
func TestSpecHasTheSentencesOfTheVectors(t *testing.T) {
	text := strings.Join(strings.Fields(section(t, 8)), " ")
	all := sentences(text)
	says := func(text string) bool {
		i := slices.IndexFunc(all, func(s *sentence) bool { return s.form.MatchString(text) })
		if i >= 0 {
			all[i].seen = true
		}
		return i >= 0
	}
	w := newWorld(t)
	own := map[string]string{} // the sentences that the documents give, by the name they report under
	for _, name := range documents {
		for _, r := range w.document(name).Rules {
			own[r.ID], own[w.document(name).ID+"/"+r.ID] = r.Text, r.Text
		}
		for _, x := range w.document(name).Deletions {
			own[x.ID], own[w.document(name).ID+"/"+x.ID] = x.Text, x.Text
		}
	}
	steps := 0
	for _, r := range w.decisionArea().recipes {
		q := w.asked(r.name)
		for _, route := range q.Decision.Routes {
			if !says(route.Text) {
				t.Errorf("%s: SPEC.md does not have %q", r.name, route.Text)
			}
		}
		for _, f := range q.Decision.Findings {
			rule, ruled := own[f.Rule]
			suffix, whole := strings.CutPrefix(f.Text, rule)
			switch {
			case f.Rule == agreement.StepTransmission, f.Rule == agreement.StepNotification, f.Rule == "review",
				f.Rule == agreement.StepGround && f.Outcome == protocol.Fail: // the document's own
			case ruled && whole && (suffix == "" || says(suffix[1:])):
			case !ruled && (says(f.Text) || strings.Contains(text, "| "+f.Text+" ")):
				steps++
			default:
				t.Errorf("%s: %s: SPEC.md does not have %q", r.name, f.Rule, f.Text)
			}
		}
	}
	for _, s := range all {
		if s.open && !s.seen {
			t.Errorf("no vector has the sentence %s", s.form)
		}
	}
	if steps == 0 {
		t.Error("no step reported")
	}
}
