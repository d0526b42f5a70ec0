// The bodies of a case's life (SPEC.md §4.2).
import { canonical, refuse } from './bytes.mjs';
import * as s from './shape.mjs';
import { reasons as known } from './reasons.mjs';

const reference = s.text(0, 128), free = s.text(0, 4096), named = s.text(1, 128), told = s.text(1, 4096);
const reason = s.oneOf(...known);
const reasons = (least) => s.distinct(s.list(reason, least, 16));
const answers = (least) => s.distinct(s.list(s.digest, least, 8));
const code = s.like(/^[a-z0-9]+(_[a-z0-9]+){0,15}$/, 128);
const field = s.like(/^[a-z_]+(\[[0-9]{1,3}\])?(\.[a-z_]+(\[[0-9]{1,3}\])?)*$/, 128);
const factors = s.list(s.object({ code, text: free }), 1, 16);
const has = (name, when, why) => s.check((v) => (name in v) === when(v), why ?? name);
const needs = (when, ...names) => s.check((v) => !when(v) || names.every((n) => n in v), names.join(', '));
const later = (from, to) => s.check((v) => !(to in v) || s.seconds(v[to]) > s.seconds(v[from]), `${to} is not after ${from}`);
const nonce = s.like(/^[0-9a-f]{64}$/);
const is = (member, ...words) => (v) => words.includes(v[member]);

// An object of evidence, who can read it, and their sealed keys.
const objectName = s.both(s.text(1, 255), s.check((v) => !/[/\\\0]/.test(v) && v !== '.' && v !== '..', 'a path'));
export const object = s.object({
  name: objectName,
  media_type: reference, 'role?': s.oneOf('pack', 'list'), size: s.integer(0, 2 ** 42), sha512: s.like(/^[0-9a-f]{128}$/),
  tree: s.digest, 'segments?': s.integer(1, 2 ** 26), 'collected?': s.time, 'collector?': reference,
});
export const readers = s.both(s.distinct(s.list(s.participant, 1, 9)),
  s.check((v) => v.every((id, i) => i === 0 || v[i - 1] < id), 'want ascending order'));
export const keys = s.both(s.anObject, s.check((v) => canonical(v).length <= 49152, 'want at most 49152 bytes'));
const live = s.object({ id: s.digest, name: objectName, media_type: reference, readers, keys });

export const secrecyGrounds = ['endanger_life', 'flight', 'tamper_evidence', 'intimidate_witness', 'jeopardise_investigation',
  'obstruct_inquiry', 'prejudice_detection', 'public_security', 'national_security', 'rights_of_others'];

// bodies returns them, given the shapes that a request has too.
export const bodies = ({ identifier, item, authorisation, validation }) => ({
  clarification: s.both(s.object({ ask: s.oneOf('information', 'returned', 'impossible', 'redirect'), reasons: reasons(1),
    'fields?': s.distinct(s.list(field, 1, 32)), 'text?': free, 'controller?': reference }),
  has('controller', is('ask', 'redirect'))),
  reply: s.object({ answers: answers(1), result: s.oneOf('provided', 'insists', 'agrees', 'waiver', 'confirmed'), 'text?': free }),
  amendment: s.object({ 'answers?': answers(1), version: s.integer(2, 16), identifiers: s.list(identifier, 0, 64),
    data: s.list(item, 1, 32), dropped: s.list(s.object({ member: field, why: told }), 1, 96) }),
  objection: s.both(s.object({ level: s.oneOf('issuer', 'receiving_authority', 'court'), 'answers?': answers(1),
    grounds: reasons(1), text: told, 'factors?': factors, 'request?': s.anObject, 'reference?': reference }),
  has('request', is('level', 'receiving_authority')), needs(is('level', 'court'), 'reference')),
  determination: s.object({ answers: answers(1), result: s.oneOf('not_applicable', 'overruled', 'modified', 'lifted',
    'recognised', 'denied', 'allowed'), 'grounds?': reasons(1), 'text?': free, 'factors?': factors, 'reference?': reference }),
  acceptance: s.object({ 'answers?': answers(1), 'text?': free }),
  conditions: s.both(s.object({ limits: s.list(s.object({ 'code?': code, text: told }), 1, 16), 'partial?': s.flag,
    'reason?': reason }), needs((v) => v.partial === true, 'reason')),
  postponement: s.object({ reason, 'text?': free, review: s.time }),
  consultation: s.object({ reasons: reasons(1), 'text?': free }),
  extension: s.object({ until: s.time, reason: told }),
  preservation: s.both(s.object({ action: s.oneOf('extended', 'confirmed', 'released'), 'until?': s.time,
    'case?': s.caseID, 'reference?': reference }), needs(is('action', 'extended'), 'until'),
  s.check((v) => v.action !== 'confirmed' || 'case' in v || 'reference' in v, 'case or reference')),
  secrecy: s.both(s.object({ action: s.oneOf('ordered', 'extended', 'challenged', 'lifted'), 'authority?': reference,
    'reference?': reference, 'grounds?': s.distinct(s.list(s.oneOf(...secrecyGrounds), 1, 10)), 'start?': s.time,
    'end?': s.time, 'binds?': s.distinct(s.list(s.oneOf('user', 'controller', 'public'), 1, 3)) }),
  needs(is('action', 'ordered', 'extended'), 'authority', 'reference', 'grounds', 'start', 'binds'),
  needs(is('action', 'challenged', 'lifted'), 'reference'),
  s.check((v) => !is('action', 'ordered', 'extended')(v) || !('end' in v) || s.seconds(v.end) > s.seconds(v.start), 'end')),
  notice: s.both(s.object({ to: s.oneOf('user', 'third_state'), status: s.oneOf('delivered', 'delayed', 'omitted'),
    'at?': s.time, 'until?': s.time, 'ground?': s.oneOf(...secrecyGrounds), 'state?': s.party, 'method?': reference,
    'text?': s.digest }), needs(is('status', 'delivered'), 'at'), needs(is('status', 'delayed'), 'until'),
  needs(is('status', 'delayed', 'omitted'), 'ground'), has('state', is('to', 'third_state'))),
  validation: s.both(s.object({ result: s.oneOf('sought', 'granted', 'denied', 'lapsed'), 'by?': validation }),
    has('by', is('result', 'granted'))),
  interception: s.both(s.object({ action: s.oneOf('started', 'renewed', 'stopped'), at: s.time, 'until?': s.time,
    'authorisation?': authorisation, 'live?': live, 'product?': object }), has('until', is('action', 'renewed')), has('authorisation', is('action', 'renewed')),
  later('at', 'until'), s.check((v) => !('live' in v) || v.action === 'started', 'live outside a start'),
  s.check((v) => !('product' in v) || v.action === 'stopped', 'product outside a stop'),
  s.check((v) => !('product' in v) || v.product.size === 0 || 'segments' in v.product, 'no segments')),
  costs: s.both(s.object({ action: s.oneOf('claimed', 'agreed', 'disputed', 'paid'), 'amount?': s.integer(1, Number.MAX_SAFE_INTEGER),
    'currency?': s.like(/^[A-Z]{3}$/), 'basis?': free }), has('amount', is('action', 'claimed')), has('currency', is('action', 'claimed'))),
  challenge: s.object({ nonce, until: s.time }),
  response: s.object({ answers: answers(1), nonce }),
  enforcement: s.object({ request: s.anObject, reason, 'text?': free }),
  use: s.object({ purpose: code, 'text?': free, 'request?': s.anObject }),
  closure: s.object({ 'deleted?': s.flag, 'text?': free }),
  deletion: s.both(s.object({ action: s.oneOf('deleted', 'restricted'), reason: s.oneOf('refused_after', 'not_validated',
    'minimisation', 'retention', 'withdrawn', 'court_decision', 'purge'), objects: s.distinct(s.list(s.digest, 1, 64)), 'text?': free }),
  s.check((v) => v.action === 'deleted' || ['refused_after', 'not_validated', 'minimisation'].includes(v.reason), 'action')),
});

const compartment = s.object({ name: s.oneOf('facts', 'necessity'), for: s.distinct(s.list(s.participant, 1, 8)), sealed: s.anObject });

// compartments are sealed away from the addressee; what they hold is not looked at.
export const compartments = s.list(compartment, 1, 2);
export const sealedAway = s.check((r) => {
  const list = r.compartments ?? [];
  return new Set(list.map((c) => c.name)).size === list.length &&
    list.every((c) => !c.for.includes(r.addressee) && Buffer.byteLength(JSON.stringify(c.sealed)) <= 49152);
}, 'compartments');

// narrow refuses an amendment that asks for what was not asked for before.
export function narrow(request, amendment) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const within = (d, b) => d.category === b.category && s.seconds(d.from) >= s.seconds(b.from) &&
    s.seconds(d.to) <= s.seconds(b.to) && ('own' in d) === ('own' in b) && (d.own ?? []).every((c) => b.own.includes(c));
  if (!amendment.identifiers.every((i) => request.identifiers.some((x) => same(i, x))) ||
      !amendment.data.every((d) => request.data.some((b) => within(d, b)))) refuse('not_narrower', 'asks for more');
}
