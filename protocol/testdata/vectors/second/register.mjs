// Registers, pins and credentials: who is who (SPEC.md §6).
import { Refused, parseCanonical, digestOf, refuse, sha512, utf8 } from './bytes.mjs';
import { parseIdentity, parseLogKey, parseSealKey } from './keys.mjs';
import * as jws from './jws.mjs';
import * as s from './shape.mjs';

const fingerprint = s.like(/^[0-9a-f]{64}$/);
const key = (parse) => (v) => { parse(v); };
const ascending = (of) => s.check((v) => v.every((x, i) => i === 0 || of(v[i - 1]) < of(x)), 'want ascending order');
const shown = s.both(s.text(1, 128),
  s.check((v) => v.trim() === v && !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(v), 'want printable text'));

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const host = new RegExp(`^(${label}(\\.${label})*|\\[[0-9a-f:.]+\\]):([1-9][0-9]{0,4})$`);
const address = s.both(s.like(host, 259), s.check((v) => Number(v.split(':').at(-1)) < 65536, 'port'));

const roots = s.both(
  s.object({ threshold: s.integer(1, 8), keys: s.list(key(parseIdentity), 1, 8) }),
  s.check((r) => r.threshold <= r.keys.length, 'threshold'),
  s.check((r) => r.keys.map((k) => parseIdentity(k).fingerprint).every((f, i, all) => i === 0 || all[i - 1] < f),
    'want ascending fingerprints'));

const clock = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const hours = s.both(
  s.object({ zone: s.like(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, 128), days: s.list(s.oneOf(...days), 1, 7),
    from: s.like(clock), to: s.check((v) => v === '24:00' || clock.test(v), 'to') }),
  s.check((h) => h.from < h.to, 'want from before to'),
  s.check((h) => h.days.every((d, i) => i === 0 || days.indexOf(h.days[i - 1]) < days.indexOf(d)), 'days'));

const participant = s.both(s.object({
  id: s.participant, name: shown, roles: s.distinct(s.list(s.oneOf(...s.roles), 1, 8)), address,
  tls: s.distinct(s.list(s.digest, 1, 4)), signing: key(parseIdentity), enrolment: key(parseIdentity), seal: key(parseSealKey), log: key(parseLogKey),
  'hours?': hours, 'contact?': s.object({ desk: shown, 'email?': shown, 'phone?': shown }),
  instruments: s.distinct(s.list(shown, 0, 64)), since: s.time, 'until?': s.time,
  'also_under?': s.distinct(s.list(s.party, 1, 8)),
}), s.check((p) => !p.also_under?.includes(s.partyOf(p.id)), 'also_under'), s.check((p) => !('until' in p) || s.seconds(p.until) > s.seconds(p.since), 'until'));

const register = s.object({
  v: s.oneOf('comity/1'), party: s.party, version: s.integer(1, 2 ** 32), previous: s.digestOrNone,
  issued: s.time, expires: s.time, roots,
  participants: s.both(s.list(participant, 0, 1000), ascending((p) => p.id)),
  revoked: s.both(s.list(s.object({ key: fingerprint, time: s.time,
    cause: s.oneOf('compromised', 'superseded', 'ceased') }), 0, 4096), ascending((r) => r.key)),
});

const parsedRoots = (r) => ({ threshold: r.threshold, keys: r.keys.map(parseIdentity) });
const count = (r, signers) => r.keys.filter((k) => signers.includes(k.fingerprint)).length;

function parseRegister(bytes) {
  const r = parseCanonical(bytes);
  register(r, 'register');
  const bad = (why) => refuse('malformed', why);
  const life = s.seconds(r.expires) - s.seconds(r.issued);
  if ((r.version === 1) !== (r.previous === '')) bad('previous');
  if (life <= 0 || life > s.days(400)) bad('expires');
  const used = new Set(r.roots.keys.map((k) => parseIdentity(k).fingerprint));
  if (r.revoked.some((v) => used.has(v.key))) bad('a root is revoked');
  for (const p of r.participants) {
    if (s.partyOf(p.id) !== r.party) bad(`participant ${p.id}`);
    for (const k of [p.signing, p.enrolment]) {
      const f = parseIdentity(k).fingerprint;
      if (used.has(f)) bad(`participant ${p.id}`);
      used.add(f);
    }
  }
  return r;
}

export function parsePin(bytes) {
  const p = JSON.parse(bytes.toString('utf8'));
  s.object({ party: s.party, threshold: () => {}, keys: () => {} })(p, 'pin');
  roots({ threshold: p.threshold, keys: p.keys }, 'pin');
  return { party: p.party, ...parsedRoots(p) };
}

// spoken is the pin as two people read it to each other.
export function spoken(pin) {
  const sum = sha512(utf8(`comity pin v1\n${pin.party} ${pin.threshold} of ${pin.keys.length}\n`),
    ...pin.keys.map((k) => Buffer.from(k.fingerprint, 'hex')));
  const groups = [];
  for (let i = 0; i < 10; i++) {
    groups.push(String(sum.readUIntBE(5 * i, 5) % 100000).padStart(5, '0'));
  }
  return [pin.party, ...groups].join(' ');
}

// A Directory holds the pins and the newest register taken of each Party.
export class Directory {
  constructor(pins) {
    this.pins = new Map(pins.map((p) => [p.party, p]));
    this.held = new Map();
  }

  take(signed, at) {
    let claimed;
    try {
      claimed = JSON.parse(jws.parse(signed, 'malformed').payload.toString('utf8'));
      s.party(claimed?.party, 'party');
      roots(claimed.roots, 'roots');
    } catch (e) {
      refuse('malformed', e.message);
    }
    const pin = this.pins.get(claimed.party), held = this.held.get(claimed.party);
    if (!pin) refuse('unknown_party', claimed.party);
    const trusted = held ? parsedRoots(held.roots) : pin, own = parsedRoots(claimed.roots);
    const { payload, signers } = jws.verify('comity-register+jws', signed, [...trusted.keys, ...own.keys]);
    for (const r of [trusted, own]) {
      if (count(r, signers) < r.threshold) refuse('signature_missing', 'too few roots');
    }
    const next = parseRegister(payload);
    if (s.seconds(next.issued) > at + s.skew) refuse('clock', 'issued in the future');
    next.digest = digestOf(payload);
    if (held) succeeds(held, next);
    this.held.set(next.party, next);
  }

  // participant looks up who sends something new.
  participant(id, at) {
    const r = this.held.get(s.partyOf(id)) ?? refuse('unknown_party', id);
    if (at >= s.seconds(r.expires)) refuse('register_lapsed', id);
    return this.asOf(id, at);
  }

  // asOf looks up who is known already, by what its Party last said.
  asOf(id, at) {
    const p = this.held.get(s.partyOf(id))?.participants.find((x) => x.id === id);
    if (!p || at < s.seconds(p.since) || (p.until && at >= s.seconds(p.until))) refuse('unregistered', id);
    return { id, roles: p.roles, signing: parseIdentity(p.signing), enrolment: parseIdentity(p.enrolment),
      log: parseLogKey(p.log) };
  }

  revoked(party, fingerprint, at) {
    const v = this.held.get(party)?.revoked.find((x) => x.key === fingerprint);
    return v !== undefined && at >= s.seconds(v.time);
  }
}

function succeeds(held, next) {
  if (next.version < held.version) refuse('register_rollback', 'version');
  if (next.version === held.version && next.digest !== held.digest) refuse('conflict', 'version');
  if (next.version === held.version + 1 && next.previous !== held.digest) refuse('conflict', 'previous');
  if (s.seconds(next.issued) < s.seconds(held.issued)) refuse('register_rollback', 'issued');
  for (const v of held.revoked) {
    const again = next.revoked.find((x) => x.key === v.key);
    if (again && s.seconds(again.time) <= s.seconds(v.time)) continue;
    const old = s.seconds(next.issued) - s.seconds(v.time) > s.days(400);
    if (!again && old && !uses(next, v.key)) continue;
    refuse('register_rollback', 'a revocation was taken back');
  }
}

const uses = (r, key) => r.participants.some((p) =>
  [p.signing, p.enrolment].some((k) => parseIdentity(k).fingerprint === key) || p.tls.includes('sha256:' + key));

const credential = s.both(s.object({
  v: s.oneOf('comity/1'), participant: s.participant, officer: s.officerID,
  roles: s.distinct(s.list(s.oneOf(...s.roles), 1, 8)), types: s.distinct(s.list(s.oneOf(...s.requestTypes), 0, s.requestTypes.length)),
  'grades?': s.distinct(s.list(s.oneOf('duty', 'supervisor'), 1, 2)), key: key(parseIdentity), issued: s.time, expires: s.time,
}), s.check((c) => {
  const life = s.seconds(c.expires) - s.seconds(c.issued);
  return life > 0 && life <= s.days(400);
}, 'expires'));

// verifyCredential returns what a participant says of its officer. Whatever is
// wrong with it, the reason is the same.
export function verifyCredential(bytes, participant) {
  try {
    if (bytes.length > 16 << 10) refuse('malformed', 'too long');
    const { payload } = jws.verify('comity-credential+jws', bytes, [participant.enrolment]);
    const c = parseCanonical(payload);
    credential(c, 'credential');
    c.key = parseIdentity(c.key);
    if (c.participant !== participant.id || [participant.signing, participant.enrolment].some((k) => k.fingerprint === c.key.fingerprint)) {
      refuse('malformed', 'of another');
    }
    return c;
  } catch (e) {
    if (e instanceof Refused) refuse('officer_invalid', e.message);
    throw e;
  }
}

export const validAt = (c, at) => at >= s.seconds(c.issued) && at < s.seconds(c.expires);

