// The order of checks on arrival (SPEC.md §4.4).
import { Refused, base64, canonical, digestOf, parseCanonical, refuse, utf8 } from './bytes.mjs';
import { bodyDigest, kindOf, parseAct } from './act.mjs';
import { validAt, verifyCredential } from './register.mjs';
import { verifyProof } from './ledger.mjs';
import * as jws from './jws.mjs';
import * as s from './shape.mjs';

const contact = 'point-of-contact-24/7';
const issuing = ['issuing', 'designated', 'central', contact];
const answering = ['provider', 'central', contact];
const receiving = [...answering, 'enforcing', 'designated'];
const authorities = ['central', contact, 'enforcing', 'designated'];
const anyone = [...receiving, 'issuing'];
const transmitting = ['designated', 'central'];
const duties = {
  certification: { roles: transmitting },
  disclosure: { roles: answering, alone: ['provider'] },
  nondelivery: { roles: transmitting, alone: transmitting },
  relay: { roles: ['designated', 'central', 'enforcing'], alone: ['designated', 'central', 'enforcing'] },
};
const share = (roles, ...kinds) => { for (const k of kinds) duties[k] = { roles }; };
share(issuing, 'request', 'withdrawal', 'amendment', 'response', 'reply', 'preservation', 'enforcement', 'use', 'closure', 'validation');
share(receiving, 'refusal', 'clarification');
share(answering, 'objection', 'challenge');
share(authorities, 'conditions', 'postponement', 'consultation');
share(anyone, 'determination', 'acceptance', 'extension', 'secrecy', 'notice', 'costs', 'interception', 'deletion');

// Two facts a node states by itself.
function alone(act) {
  if (act.body.validation?.result === 'lapsed') return issuing;
  if (act.body.interception?.action === 'stopped') return answering;
  return duties[kindOf(act)].alone ?? [];
}
const shares = (a, b) => a.some((x) => b.includes(x));

const statement = s.object({ kind: s.oneOf(...Object.keys(duties)), body: s.digest, case: s.caseID,
  participant: s.participant, agreement: s.agreementRef, signed: s.time });

// arrive returns an act that peer delivered to self. Without them nobody asks
// who delivered it, nor to whom.
export function arrive(bytes, { directory, at, peer, self }) {
  return examine({ bytes, directory, at, moment: at, peer, self, depth: 0 });
}

const bytesOf = (value) => utf8(canonical(value)); // of what was canonical when it was read
const beside = s.object({ act: s.anObject,
  endorsements: s.list(s.object({ credential: s.anObject, statement: s.anObject }), 0, 4) });

// open reads a signed act: the act, its JWS, and the endorsements that it names.
export function open(bytes) {
  const whole = parseCanonical(bytes);
  beside(whole, 'signed act');
  const signed = bytesOf(whole.act), payload = jws.parse(signed, 'malformed').payload, act = parseAct(payload);
  const digests = whole.endorsements.map((e) => digestOf(bytesOf(e)));
  if (canonical(digests) !== canonical(act.endorsements)) refuse('malformed', 'other endorsements');
  return { act, signed, payload, endorsements: whole.endorsements };
}

function examine(q) {
  if (q.bytes.length > 672856) refuse('too_large', String(q.bytes.length));
  const { act, signed, payload, endorsements } = open(q.bytes);
  const sender = q.directory.participant(act.from, q.moment);
  if (q.directory.revoked(s.partyOf(act.from), sender.signing.fingerprint, q.at)) refuse('key_revoked', act.from);
  jws.verify('comity-act+jws', signed, [sender.signing]);
  if (q.peer !== undefined && q.peer !== act.from) refuse('wrong_sender', q.peer);
  if (q.self !== undefined && !act.to.includes(q.self)) refuse('wrong_recipient', q.self);
  if (s.seconds(act.issued) > q.moment + s.skew) refuse('clock', act.issued);
  if (!q.passedOn && q.moment > s.seconds(act.expires)) refuse('expired', act.expires);
  const found = { act, sender, endorsements, digest: digestOf(payload), directory: q.directory, at: q.at };
  checkRole(found, q.moment);
  found.inner = carried(found, q);
  checkProof(found, q.moment);
  found.officers = officers(found);
  checkOfficers(found);
  return found;
}

function checkRole({ act, sender, directory }, moment) {
  if (!shares(sender.roles, duties[kindOf(act)].roles)) refuse('role', act.from);
  const r = act.body.request;
  if (!r || r.issuer === act.from) return;
  let issuer;
  try {
    issuer = directory.participant(r.issuer, moment);
  } catch (e) {
    refuse('role', e.message);
  }
  if (s.partyOf(r.issuer) !== s.partyOf(act.from) || !issuer.roles.includes('issuing') ||
      !sender.roles.includes('designated')) refuse('role', r.issuer);
}

// within says which act a carried one may carry in turn, by what carries it.
const within = { objection: 'certification', enforcement: 'certification', use: 'certification', relay: 'disclosure' };

function carried({ act }, q) {
  const { certification, relay, objection, enforcement, use, disclosure } = act.body;
  const put = objection ?? enforcement ?? use;
  const whole = (certification ?? put)?.request ?? relay?.act ?? disclosure?.origin;
  if (whole === undefined) return null;
  const kind = kindOf(act);
  if (q.depth >= 2 || (q.depth > 0 && within[q.carrier] !== kind)) refuse('malformed', 'nested deeper');
  const inner = examine({ bytes: bytesOf(whole), directory: q.directory, at: q.at, carrier: kind,
    moment: s.seconds(act.issued), depth: q.depth + 1, passedOn: certification === undefined });
  const carries = kindOf(inner.act);
  if (certification && carries !== 'request') refuse('malformed', 'not a request');
  if (put && carries !== 'request' && carries !== 'certification') refuse('malformed', 'not an order');
  (disclosure ? fitsOrigin : fits)(act, inner.act);
  return inner;
}

// fits: an order, or what is relayed, is of the carrier's case, and was its sender's to carry.
function fits(act, i) {
  const { certification, relay } = act.body, toSender = i.to.includes(act.from);
  if (i.case !== act.case) refuse('wrong_case', 'of another case');
  if (relay) {
    if (!toSender) refuse('wrong_recipient', 'not sent to who passes it on');
    return;
  }
  if (JSON.stringify(i.agreement) !== JSON.stringify(act.agreement)) refuse('agreement_does_not_govern', 'agreement');
  if (certification && s.partyOf(i.from) !== s.partyOf(act.from)) refuse('role', 'of another Party');
  if (i.from !== act.from && !toSender) refuse('wrong_recipient', 'not sent to its sender');
}

// fitsOrigin: a disclosure from another case, by another of the same Party.
function fitsOrigin(act, i) {
  const d = i.body.disclosure, status = act.body.disclosure.status;
  if (!d || d.origin !== undefined) refuse('malformed', 'not what somebody disclosed');
  if (i.case === act.case) refuse('wrong_case', 'of the same case');
  if (i.from === act.from || s.partyOf(i.from) !== s.partyOf(act.from)) refuse('role', 'of another Party, or its own');
  if (!i.to.includes(act.from)) refuse('wrong_recipient', 'not sent to who passes it on');
  if (status !== d.status && status !== 'partial') refuse('malformed', 'passed on as something else');
  if (('keys' in act.body.disclosure) !== d.objects.length > 0) refuse('malformed', 'passed on with keys, or without');
}

// checkProof: the recipient's own ledger says that it refused the act.
function checkProof({ act, directory }, moment) {
  const n = act.body.nondelivery;
  if (n?.proof === undefined) return;
  let r;
  try {
    r = verifyProof(n.recipient + '/comity', directory.asOf(n.recipient, moment).log, base64(n.proof));
  } catch (e) {
    if (e instanceof Refused) refuse('not_authentic', e.message);
    throw e;
  }
  const envelope = r.act !== undefined && r.id === undefined && r.case === undefined;
  if (r.kind !== 'refused' || r.peer !== act.from || !(envelope || (r.act === n.act && r.case === act.case)) ||
      JSON.stringify(r.reasons ?? []) !== JSON.stringify(n.reasons)) refuse('not_authentic', 'another record');
}

function officers({ act, sender, endorsements, directory, at }) {
  const found = [];
  for (const e of endorsements) {
    const c = verifyCredential(bytesOf(e.credential), sender);
    if (directory.revoked(s.partyOf(act.from), c.key.fingerprint, at)) refuse('key_revoked', 'officer');
    const signed = verifyStatement(bytesOf(e.statement), c.key, act);
    const issued = s.seconds(act.issued);
    if (signed > issued + s.skew || issued - signed > s.days(30) || !validAt(c, signed) || !validAt(c, issued)) {
      refuse('officer_invalid', 'time of the statement');
    }
    if (found.some((o) => o.officer === c.officer || o.key.fingerprint === c.key.fingerprint)) {
      refuse('officer_invalid', 'the same officer again');
    }
    found.push(c);
  }
  return found;
}

// verifyStatement returns when an officer says that the act was endorsed.
export function verifyStatement(bytes, key, act) {
  let st;
  try {
    if (bytes.length > 16 << 10) refuse('malformed', 'too long');
    st = parseCanonical(jws.verify('comity-statement+jws', bytes, [key]).payload);
    statement(st, 'statement');
  } catch (e) {
    if (e instanceof Refused) refuse('officer_invalid', e.message);
    throw e;
  }
  if (st.case !== act.case) refuse('wrong_case', 'statement');
  if (st.kind !== kindOf(act) || st.body !== bodyDigest(act) || st.participant !== act.from ||
      st.agreement.id !== act.agreement.id || st.agreement.version !== act.agreement.version) {
    refuse('officer_invalid', 'for another act');
  }
  return s.seconds(st.signed);
}

function checkOfficers(found) {
  const { act, sender } = found, duty = duties[kindOf(act)];
  if (found.officers.length === 0) {
    if (!shares(sender.roles, alone(act))) refuse('officer_missing', kindOf(act));
    return;
  }
  let origin = found;
  while (origin.inner) origin = origin.inner;
  const type = origin.act.body.request?.type;
  const may = (o) => (!type || o.types.length === 0 || o.types.includes(type)) &&
    duty.roles.some((r) => o.roles.includes(r) && sender.roles.includes(r));
  if (!found.officers.some(may)) refuse('officer_role', kindOf(act));
}
