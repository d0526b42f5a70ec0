// Acts: what they may say (SPEC.md §4).
import { isIP } from 'node:net';
import { base64, canonical, digestOf, parseCanonical, refuse, utf8 } from './bytes.mjs';
import * as s from './shape.mjs';
import { reasons } from './reasons.mjs';
import * as life from './life.mjs';

const reference = s.text(0, 128), free = s.text(0, 4096);
const named = s.text(1, 128), told = s.text(1, 4096);

function luhn(digits) {
  let sum = 0;
  [...digits].reverse().forEach((c, i) => {
    let d = Number(c);
    if (i % 2 === 1 && (d *= 2) > 9) d -= 9;
    sum += d;
  });
  return sum % 10 === 0;
}

function addressAndPort(v) {
  const m = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(v);
  return m !== null && Number(m[3]) < 65536 && (m[1] ? isIP(m[1]) === 6 : isIP(m[2]) === 4);
}

const url = (v) => {
  try { return ['http:', 'https:'].includes(new URL(v).protocol) && /^https?:\/\/./.test(v); } catch { return false; }
};
const exact = (v) => !/[*?%]/.test(v) && v.trim() === v;

// An e-mail address is checked here only as far as the vectors go: a bare
// addr-spec without comments, quoting or a display name.
const forms = {
  account: exact, device: exact, customer_number: exact, url, ip: addressAndPort,
  email: (v) => /^[^\s<>()"@]+@[^\s<>()"@]+$/.test(v),
  phone: (v) => /^\+[1-9][0-9]{6,14}$/.test(v),
  imei: (v) => /^[0-9]{15}$/.test(v) && luhn(v),
  imsi: (v) => /^[0-9]{14,15}$/.test(v),
  mac: (v) => /^([0-9a-f]{2}:){5}(([0-9a-f]{2}:){2})?[0-9a-f]{2}$/.test(v),
  domain: (v) => /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(v) && v.length <= 253,
};

const identifier = s.both(
  s.object({ type: s.oneOf(...Object.keys(forms)), value: s.text(1, 512), 'service?': reference, 'seen?': s.time }),
  s.check((v) => v.type === 'ip' || !('seen' in v), 'seen, and not an IP address'),
  s.check((v) => forms[v.type](v.value), 'value does not fit its type'));

const after = (from, to) => s.check((v) => s.seconds(v[to]) > s.seconds(v[from]), `${to} is not after ${from}`);

const code = s.like(/^[a-z0-9]+(_[a-z0-9]+){0,15}$/, 128);
const codes = s.distinct(s.list(code, 1, 16));
const months = s.integer(1, 12000);
const kind = s.oneOf('judge', 'court', 'investigating_judge', 'prosecutor', 'police', 'administrative');
const attestations = s.list(s.object({ statement: named, 'reference?': reference }), 1, 32);

// What only some instruments ask for.
const particulars = {
  'related?': s.list(s.both(
    s.object({ relation: s.oneOf('follows', 'renews', 'replaces', 'preserves', 'converted_from'), 'case?': s.caseID,
      'reference?': named, 'date?': s.time }),
    s.check((x) => 'case' in x || 'reference' in x, 'related to nothing')), 1, 16),
  'proceedings?': s.oneOf('investigation', 'trial', 'sentence_execution', 'control_order', 'national_security',
    'administrative'),
  'sentence?': s.object({ months, 'in_absentia?': s.flag, 'absconded?': s.flag }),
  'service?': s.object({
    class: s.oneOf('electronic_communications', 'domain_or_ip', 'information_society', 'financial'),
    'capacity?': s.oneOf('controller', 'processor'),
    'capacity_reason?': s.oneOf('controller_unidentified', 'harmful_to_investigation') }),
  'languages?': s.distinct(s.list(s.like(/^[a-z]{2}$/), 1, 8)),
  'secrecy?': s.object({ grounds: s.distinct(s.list(s.oneOf(...life.secrecyGrounds), 1, 10)), 'until?': s.time }),
  'deadline?': s.object({ at: s.time, reason: told }),
  'procedure?': told, 'facts?': told, 'nexus?': told, 'promise?': told,
  'compartments?': life.compartments,
};

const validation = s.object({ kind, authority: named, reference: named, date: s.time });
const authorisation = s.both(s.object({
  kind, authority: named, reference: named, date: s.time, instrument: named, order: s.digestOrNone,
  'validated_by?': validation, 'unvalidated?': s.flag,
}), s.check((a) => !('validated_by' in a && 'unvalidated' in a), 'validated or not'));
const item = s.both(s.object({ category: s.oneOf(...s.categories), from: s.time, to: s.time,
  'description?': free, 'own?': codes }), after('from', 'to'));

const request = s.both(s.object({
  type: s.oneOf(...s.requestTypes), issuer: s.participant, addressee: s.participant, file_number: named,
  authorisation,
  offence: s.object({
    description: told, provisions: s.list(named, 1, 16), max_custody_months: s.integer(0, 12000),
    'death_penalty?': s.flag, 'speech?': s.flag, 'committed_in?': s.distinct(s.list(s.party, 1, 8)),
    'category?': code, 'lists?': codes, 'by_information_system?': s.flag, 'receiving_max_custody_months?': months,
    'fiscal?': s.flag, 'political?': s.flag, 'military?': s.flag,
  }),
  target: s.object({
    'located_in?': s.party, 'nationalities?': s.list(s.party, 1, 8), 'resident_in?': s.list(s.party, 1, 8),
    'incorporated_in?': s.party, 'government_of?': s.party, basis: told,
    'protected?': s.distinct(s.list(s.oneOf('privileged_profession', 'press', 'immunity',
      'public_authority_infrastructure'), 1, 4)),
  }),
  identifiers: s.list(identifier, 0, 64),
  data: s.list(item, 1, 32),
  purpose: free,
  'emergency?': s.object({ kind: s.oneOf('life', 'serious_injury', 'physical_integrity_or_safety',
    'critical_infrastructure', 'child'), facts: told }),
  'interception?': s.both(s.object({ start: s.time, end: s.time, 'less_intrusive_considered?': s.flag }),
    after('start', 'end')),
  'attestations?': attestations, 'drill?': s.flag, ...particulars,
}), life.sealedAway, s.check((r) => (r.type === 'interception') === ('interception' in r), 'interception and its window'));

const disclosure = s.both(
  s.object({ status: s.oneOf('complete', 'partial', 'no_data'), objects: s.list(life.object, 0, 64), 'note?': free, 'until?': s.time,
    'readers?': life.readers, 'keys?': life.keys, 'origin?': s.anObject }),
  s.check((d) => ('origin' in d ? d.objects.length === 0 && canonical(d.origin).length <= 175000 :
    (d.status === 'no_data') === (d.objects.length === 0)), 'objects and status'),
  s.check((d) => ('readers' in d) === ('keys' in d), 'readers and keys'),
  s.check((d) => !('until' in d) || d.status !== 'no_data', 'nothing to fetch until then'),
  s.check((d) => d.objects.length === 0 || 'readers' in d, 'nobody can read it'),
  s.check((d) => new Set(d.objects.map((o) => o.tree)).size === d.objects.length, 'one object twice'));

const bodies = {
  request, disclosure,
  certification: s.object({ request: s.anObject, invokes: s.flag, contact: told, targeting: reference,
    'attestations?': attestations }),
  relay: s.object({ act: s.anObject }),
  withdrawal: s.object({ 'note?': free }),
  refusal: s.object({ reason: s.oneOf(...reasons), 'note?': free, 'answers?': s.distinct(s.list(s.digest, 1, 8)) }),
  ...life.bodies({ identifier, item, authorisation, validation }),
  nondelivery: s.both(s.object({ act: s.digest, recipient: s.participant, state: s.oneOf('refused', 'expired'),
    reasons: s.list(s.oneOf(...reasons), 0, 32), 'proof?': s.blob(1) }),
  s.check((n) => (n.state === 'refused') === ('proof' in n) && (n.state === 'refused' || n.reasons.length === 0) &&
    base64(n.proof ?? '').length <= 16384, 'a proof and reasons of a refusal')),
};

const body = (v, path) => {
  const kinds = v && typeof v === 'object' ? Object.keys(v) : [];
  if (kinds.length !== 1 || !Object.hasOwn(bodies, kinds[0])) refuse('malformed', `${path}: want exactly one member`);
  bodies[kinds[0]](v[kinds[0]], `${path}.${kinds[0]}`);
};

const act = s.both(s.object({
  version: s.oneOf('comity/1'), id: s.actID, case: s.caseID, follows: s.list(s.digest, 0, 16), from: s.participant,
  to: s.distinct(s.list(s.participant, 1, 8)), agreement: s.agreementRef, issued: s.time, expires: s.time, body,
  endorsements: s.list(s.digest, 0, 4),
}), s.check((a) => {
  const life = s.seconds(a.expires) - s.seconds(a.issued);
  return life > 0 && life <= s.days(90);
}, 'expires'));

export function parseAct(bytes) {
  if (bytes.length > 400000) refuse('malformed', 'too long');
  const a = parseCanonical(bytes);
  act(a, 'act');
  return a;
}

export const kindOf = (a) => Object.keys(a.body)[0];
export const bodyDigest = (a) => digestOf(utf8(canonical(a.body)));
