// Notices, signed agreements and decisions (SPEC.md §7, §8), as far as they go
// without a reader of YAML and CEL: rules are not computed here.
import { base64, canonical, digestOf, parseCanonical, refuse, utf8 } from './bytes.mjs';
import * as jws from './jws.mjs';
import * as s from './shape.mjs';

const bad = (why) => refuse('refused', why);
const id = s.like(/^[a-z0-9]+(-[a-z0-9]+){0,15}$/, 64);

const notice = s.both(s.object({
  id, agreement: id, party: s.party, kind: s.oneOf('suspend', 'resume'),
  toward: s.list(s.party, 0, 64), types: s.list(s.oneOf(...s.requestTypes), 0, 64),
  categories: s.list(s.oneOf(...s.categories), 0, 64), effective: s.time, issued: s.time,
  'article?': s.text(1, 128), ground: s.text(1, 4096),
}), s.check((n) => n.toward.length + n.types.length + n.categories.length <= 64, 'too many'),
s.check((n) => s.seconds(n.effective) >= s.seconds(n.issued), 'effective'),
s.check((n) => !n.toward.includes(n.party), 'toward'));

function signedByRoots(typ, bytes, party, pins) {
  const pin = pins.find((p) => p.party === party) ?? bad('unknown roots');
  const { payload, signers } = jws.verify(typ, bytes, pin.keys);
  if (signers.length < pin.threshold) bad('too few roots');
  return payload;
}

export function verifyNotice(bytes, pins) {
  const claimed = parseCanonical(jws.parse(bytes).payload);
  notice(claimed, 'notice');
  return parseCanonical(signedByRoots('comity-notice+jws', bytes, claimed.party, pins));
}

// head reads the few lines of a document that its signatures speak of.
function head(yaml) {
  const line = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(yaml)?.[1].replaceAll('"', '');
  return { id: line('id'), version: line('version'), parties: line('parties').replace(/[[\]]/g, '').split(', ') };
}

const payloadShape = s.object({ agreement: s.agreementRef, document: s.digest, party: s.party, signed: s.time });

export function verifyAgreement(bytes, pins) {
  const file = parseCanonical(bytes);
  s.object({ document: s.blob(1), signatures: s.blob(1) })(file, 'file');
  const document = base64(file.document), about = head(document.toString('utf8'));
  const { signatures } = parseCanonical(base64(file.signatures));
  s.list(s.object({ party: s.party, jws: s.blob(1) }), 0, 300)(signatures, 'signatures');
  for (const { party, jws: signed } of signatures) {
    if (!about.parties.includes(party)) bad('not that Party');
    const p = parseCanonical(signedByRoots('comity-agreement+jws', base64(signed), party, pins));
    payloadShape(p, 'payload');
    if (p.party !== party || p.agreement.id !== about.id || p.agreement.version !== about.version ||
        p.document !== digestOf(document)) bad('other bytes');
  }
  if (new Set(signatures.map((x) => x.party)).size < 2) bad('fewer than two Parties');
}

const worst = (findings) => {
  const outcomes = findings.map((f) => f.outcome);
  if (findings.length === 0 || outcomes.includes('fail')) return 'deny';
  return outcomes.includes('hold') ? 'hold' : 'allow';
};

// checkDecision checks what a decision says of itself: its verdict is that of
// its findings, and its documents are those that were given.
export function checkDecision(bytes, readDocument) {
  const { agreements, notices, facts, decision: d } = parseCanonical(bytes);
  for (const f of d.findings) {
    const reason = f.outcome === 'fail' || f.outcome === 'hold';
    if (('reason' in f) !== reason || ('side' in f) !== (f.outcome === 'hold')) bad(`finding ${f.rule}`);
  }
  if (d.verdict !== worst(d.findings) || (d.verdict === 'deny') !== (d.route.length > 0)) bad('verdict');
  if (d.at !== facts.at) bad('time');
  const documents = agreements.map(readDocument).filter((b) => head(b.toString('utf8')).id === d.agreement.id);
  const about = notices.filter((n) => n.agreement === d.agreement.id)
    .sort((a, b) => s.seconds(a.effective) - s.seconds(b.effective) || (a.kind < b.kind ? -1 : 1));
  const want = [...documents, ...about.map((n) => utf8(canonical(n)))].map(digestOf);
  if (d.documents.length > 0 && d.documents.join() !== want.join()) bad('documents');
  return d.verdict;
}
