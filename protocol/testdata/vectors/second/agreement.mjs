// Notices, signed agreements and decisions (SPEC.md §7, §8), as far as they go
// without a reader of YAML and CEL: what a rule looks at is computed here, and
// not what it makes of it.
import { base64, canonical, digestOf, parseCanonical, refuse, utf8 } from './bytes.mjs';
import * as jws from './jws.mjs';
import * as s from './shape.mjs';
import { bars, deletionsFor, governs, has, readDocument, standsFor } from './document.mjs';
import { lawOf, notifiedRoles, valuesOf } from './values.mjs';

const bad = (why) => refuse('refused', why);
const id = s.like(/^[a-z0-9]+(-[a-z0-9]+){0,15}$/, 64);

// The kinds of notice: of two that take effect at once, the later one here decides.
const weakest = ['resume', 'withdraw', 'suspend', 'declare', 'reserve'];
const chooses = (kind) => ['reserve', 'declare', 'withdraw'].includes(kind);

const notice = s.both(s.object({
  id, agreement: id, party: s.party, kind: s.oneOf(...weakest), 'option?': id,
  toward: s.list(s.party, 0, 64), types: s.list(s.oneOf(...s.requestTypes), 0, 64),
  categories: s.list(s.oneOf(...s.categories), 0, 64), effective: s.time, issued: s.time,
  'article?': s.text(1, 128), ground: s.text(1, 4096),
}), s.check((n) => n.toward.length + n.types.length + n.categories.length <= 64, 'too many'),
s.check((n) => s.seconds(n.effective) >= s.seconds(n.issued), 'effective'),
s.check((n) => !n.toward.includes(n.party), 'toward'),
s.check((n) => chooses(n.kind) === ('option' in n), 'option'),
s.check((n) => !('option' in n) || n.types.length + n.categories.length === 0, 'an option has its own'));

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

const payloadShape = s.object({ agreement: s.agreementRef, document: s.digest, party: s.party, signed: s.time });

export function verifyAgreement(bytes, pins) {
  const file = parseCanonical(bytes);
  s.object({ document: s.blob(1), signatures: s.blob(1) })(file, 'file');
  const document = base64(file.document), about = readDocument(document);
  const { signatures } = parseCanonical(base64(file.signatures));
  s.list(s.object({ party: s.party, jws: s.blob(1) }), 0, 300)(signatures, 'signatures');
  for (const { party, jws: signed } of signatures) {
    if (!has(about, party)) bad('not that Party');
    const p = parseCanonical(signedByRoots('comity-agreement+jws', base64(signed), party, pins));
    payloadShape(p, 'payload');
    if (p.party !== party || p.agreement.id !== about.id || p.agreement.version !== about.version ||
        p.document !== digestOf(document)) bad('other bytes');
  }
  const enough = about.kind === 'domestic_law' ? 1 : 2;
  if (new Set(signatures.map((x) => x.party)).size < enough) bad('too few Parties');
}

const worst = (findings) => {
  const outcomes = findings.map((f) => f.outcome);
  if (findings.length === 0 || outcomes.includes('fail')) return 'deny';
  return outcomes.includes('hold') ? 'hold' : 'allow';
};

// inOrder returns the notices about an agreement in the order in which they take effect.
const inOrder = (notices, ref) => notices.filter((n) => n.agreement === ref).sort((a, b) =>
  s.seconds(a.effective) - s.seconds(b.effective) || weakest.indexOf(a.kind) - weakest.indexOf(b.kind) ||
  s.seconds(a.issued) - s.seconds(b.issued) || (a.id < b.id ? -1 : 1));

// checkDecision checks of a decision what needs no CEL: that its verdict is that
// of its findings, on which documents it rests, what its rules looked at, and
// the steps that depend on dates and participants alone.
export function checkDecision(bytes, read) {
  const q = parseCanonical(bytes), { facts, decision: d } = q;
  const held = q.agreements.map(read).map((b) => ({ ...readDocument(b), digest: digestOf(b) }));
  const digests = (doc) => [doc.digest, ...inOrder(q.notices, doc.id).map((n) => digestOf(utf8(canonical(n))))];
  for (const f of d.findings) {
    const reason = ['fail', 'hold', 'flag'].includes(f.outcome);
    if (('reason' in f) !== reason || ('side' in f) !== (f.outcome === 'hold')) bad(`finding ${f.rule}`);
  }
  if (d.verdict !== worst(d.findings)) bad('verdict');
  if (d.at !== facts.at) bad('time');
  const at = s.seconds(d.at), from = s.partyOf(facts.issuing.id), to = s.partyOf(facts.addressee.id);
  const governing = held.find((x) => x.id === d.agreement.id && x.version === d.agreement.version && governs(x, from, to));
  const other = held.some((x) => governing && x.id !== governing.id && governs(x, from, to) && standsFor(x, at, from, to) &&
    ['mutual_assistance', 'directive'].includes(x.kind));
  if (q.refusal) {
    if ((d.verdict === 'deny') !== (governing !== undefined && bars(governing, q.refusal, from, to, other))) bad('ground');
    if (d.route.length + (d.inputs ?? []).length > 0) bad('a ground has no route and no inputs');
    if (d.documents.join() !== (governing ? digests(governing) : []).join()) bad('documents');
    return d.verdict;
  }
  if (q.deletion) return checkDeletion(q, held, digests, at);
  const law = d.findings.some((f) => f.outcome === 'fail' && ['participants', 'agreement', 'version', 'right'].includes(f.rule))
    ? [] : domesticLaw(held, facts, at, from, to);
  if (d.documents.join() !== [...(governing ? [governing] : []), ...law].flatMap(digests).join()) bad('documents');
  const conflict = d.findings.some((f) => f.outcome === 'flag' && f.reason === 'third_country_law');
  if (d.route.length > 0 && d.verdict !== 'deny' && !conflict) bad('route');
  checkSteps(q, governing, at, from, to);
  checkInputs(d, valuesOf(q.request, facts, governing, other));
  return d.verdict;
}

// ownLaw are the reasons for a deletion that name no rule of an agreement.
const ownLaw = ['retention', 'withdrawn', 'court_decision', 'purge'];

// checkDeletion computes whether a document knows the reason for a deletion.
function checkDeletion({ facts, deletion, decision: d }, held, digests, at) {
  const named = held.filter((x) => x.id === facts.agreement.id && x.version === facts.agreement.version);
  const docs = [...named, ...held.filter((x) => x.kind === 'domestic_law' && standsFor(x, at, deletion.by))];
  const terms = docs.flatMap((x) => deletionsFor(x, deletion).map((t) => ({ ...t, doc: x })));
  const known = terms.filter((t) => !t.advice);
  const denied = named.length > 0 && (known.length === 0 ? !ownLaw.includes(deletion.reason)
    : deletion.action === 'restricted' && !known.some((t) => t.restricts));
  if ((d.verdict === 'deny') !== denied) bad('deletion');
  const want = terms.map((t) => [(t.doc.kind === 'domestic_law' ? t.doc.id + '/' : '') + t.id, t.advice ? 'flag' : 'pass'].join());
  if (d.findings[0].rule !== 'deletion' || d.findings.slice(1).map((f) => [f.rule, f.outcome].join()).join(' ') !== want.join(' ')) bad('findings');
  const unread = named.length === 0 || (known.length === 0 && !denied);
  if ((d.findings[0].provenance === 'unverified') !== unread) bad('mark');
  if (d.documents.join() !== docs.flatMap(digests).join()) bad('documents');
  return d.verdict;
}

// domesticLaw returns the law that matters: of the issuing Party, of the
// receiving one, and of those whose law binds a provider.
function domesticLaw(held, facts, at, from, to) {
  const parties = [from, to, ...(facts.addressee.roles.includes('provider') ? lawOf(facts.addressee) : [])];
  const law = parties.flatMap((p) => held.filter((x) => x.kind === 'domestic_law' && standsFor(x, at, p)));
  return [...new Set(law)];
}

// checkSteps computes the steps that need neither rights nor CEL.
function checkSteps({ request, facts, decision: d }, governing, at, from, to) {
  const expect = (rule, ok) => {
    for (const f of d.findings.filter((x) => x.rule === rule)) {
      if ((f.outcome === 'pass') !== ok) bad(`${rule}: ${f.outcome}`);
    }
  };
  expect('participants', facts.issuing.id === request.issuer && facts.addressee.id === request.addressee);
  expect('in_force', governing !== undefined && standsFor(governing, at, from, to));
  expect('reciprocity_promise', 'promise' in request && [...(request.attestations ?? []),
    ...(facts.certification?.attestations ?? [])].some((a) => a.statement === 'reciprocity_promise'));
  if (d.findings.some((f) => f.rule === 'notification' && f.outcome === 'pass' && notifiedRoles(facts).length === 0)) bad('notification');
}

// checkInputs computes what the findings looked at, from the request and the facts.
function checkInputs(d, values) {
  const sorted = (names) => names.every((n, i) => i === 0 || names[i - 1] < n);
  const used = new Set(d.findings.flatMap((f) => f.inputs ?? [])), said = d.inputs ?? [];
  if (!d.findings.every((f) => sorted(f.inputs ?? [])) || !sorted(said.map((x) => x.name))) bad('order of inputs');
  if (used.size !== said.length) bad('inputs');
  for (const { name, value } of said) {
    if (!used.has(name) || !Object.hasOwn(values, name)) bad(`input ${name}`);
    if (canonical(values[name]) !== value) bad(`input ${name}: ${value}, want ${canonical(values[name])}`);
  }
}
