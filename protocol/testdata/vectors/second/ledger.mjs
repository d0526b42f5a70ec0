// Records, checkpoints and proofs (SPEC.md §9).
import { base64, parseCanonical, refuse, sha256, uint64, utf8 } from './bytes.mjs';
import { verifyEd25519, verifyMLDSA44 } from './keys.mjs';
import * as s from './shape.mjs';
import { reasons } from './reasons.mjs';

const bad = (why) => refuse('refused', why);

const record = s.object({
  v: s.oneOf(1),
  kind: s.oneOf('started', 'accepted', 'held', 'refused', 'sent', 'receipted', 'rejected', 'expired', 'decided',
    'register', 'agreement', 'notice', 'disclosed', 'destroyed', 'checkpoint', 'fork', 'note', 'clock'),
  at: s.time, 'act?': s.digest, 'id?': s.actID, 'case?': s.caseID, 'peer?': s.participant,
  'verdict?': s.oneOf('allow', 'hold', 'deny'), 'decision?': s.digest, 'reasons?': s.list(s.oneOf(...reasons), 1, 32),
  'document?': s.digest, 'previous?': s.digest,
});

export function parseRecord(bytes) {
  if (bytes.length > 4096) refuse('malformed', 'too long');
  const r = parseCanonical(bytes);
  record(r, 'record');
  return r;
}

const maxSize = 2 ** 48;

// parseBody reads the three lines of a checkpoint.
export function parseBody(text) {
  const m = /^([^\s+\p{Cc}]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/=]{44})\n$/u.exec(text) ?? bad('checkpoint');
  const root = base64(m[3], 'refused');
  if (Buffer.byteLength(m[1]) > 255 || Number(m[2]) > maxSize || root.length !== 32) bad('checkpoint');
  return { origin: m[1], size: Number(m[2]), root };
}

const keyID = (name, type, key) => sha256(utf8(name + '\n'), Buffer.from([type]), key).subarray(0, 4);

// openCheckpoint returns the checkpoint that the log signed with both its keys.
export function openCheckpoint(origin, key, bytes) {
  if (bytes.length > 40 << 10) bad('too long');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) bad('not UTF-8');
  const at = text.indexOf('\n\n');
  if (at < 0 || !text.endsWith('\n')) bad('no signatures');
  const c = parseBody(text.slice(0, at + 1));
  const lines = text.slice(at + 2, -1).split('\n');
  if (c.origin !== origin || lines.length < 2 || lines.length > 2 + 8) bad('lines');
  const [first, second] = lines.map((line) => {
    const m = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? bad('line');
    return { name: m[1], raw: Buffer.from(m[2], 'base64'), text: m[2] };
  });
  const ed = keyID(origin, 1, key.ed25519), ml = keyID(origin, 6, key.mldsa44);
  for (const [line, id] of [[first, ed], [second, ml]]) {
    if (line.name !== origin || !base64(line.text, 'refused').subarray(0, 4).equals(id)) bad('order or key');
  }
  if (lines.slice(2).some((l) => [first, second].some((o) => l.startsWith('— ' + origin + ' ') &&
      Buffer.from(l.split(' ')[2], 'base64').subarray(0, 4).equals(o.raw.subarray(0, 4))))) bad('twice');
  if (!verifyEd25519(key.ed25519, utf8(text.slice(0, at + 1)), first.raw.subarray(4))) bad('Ed25519');
  const stamp = second.raw.subarray(4, 12), when = stamp.readBigUInt64BE();
  const name = Buffer.concat([Buffer.from([Buffer.byteLength(origin)]), utf8(origin)]);
  const message = Buffer.concat([utf8('subtree/v1\n\0'), name, stamp, name, uint64(0), uint64(c.size), c.root]);
  if (when === 0n || when > 2n ** 63n - 1n || !verifyMLDSA44(key.mldsa44, message, second.raw.subarray(12))) {
    bad('ML-DSA-44');
  }
  return { ...c, signed: Number(when) };
}

const leafHash = (leaf) => sha256(Buffer.from([0]), leaf);
const nodeHash = (l, r) => sha256(Buffer.from([1]), l, r);
const half = (n) => 2 ** Math.floor(Math.log2(n - 1)); // the largest power of two below n

// rootFrom is RFC 6962, 2.1.1, read backwards. The last hash is the highest.
function rootFrom(index, size, leaf, path) {
  if (size === 1) return path.length === 0 ? leaf : bad('a hash too many');
  const beside = path.at(-1) ?? bad('a hash is missing'), rest = path.slice(0, -1), k = half(size);
  return index < k ? nodeHash(rootFrom(index, k, leaf, rest), beside)
    : nodeHash(beside, rootFrom(index - k, size - k, leaf, rest));
}

// verifyProof returns the record that a proof shows to stand in the ledger.
export function verifyProof(origin, key, bytes) {
  if (bytes.length > 16 << 10) bad('too long');
  const m = /^c2sp\.org\/tlog-proof@v1\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/=]{44}\n)*)\n/
    .exec(bytes.toString('latin1')) ?? bad('not a tlog-proof');
  const leaf = base64(m[1], 'refused'), index = Number(m[2]);
  const path = m[3].split('\n').filter((l) => l !== '').map((l) => base64(l, 'refused'));
  const c = openCheckpoint(origin, key, bytes.subarray(m[0].length));
  if (index >= c.size || path.length > 64) bad('index');
  if (!rootFrom(index, c.size, leafHash(leaf), path).equals(c.root)) bad('not in the tree');
  try {
    return parseRecord(leaf);
  } catch {
    bad('record');
  }
}

// roots returns what a consistency proof says of the old and the new root
// (RFC 6962, 2.1.2). whole says that the old tree ends where this one does.
function roots(m, n, proof, whole, oldRoot) {
  if (m === n) {
    if (whole) return proof.length === 0 ? [oldRoot, oldRoot] : bad('a hash too many');
    return proof.length === 1 ? [proof[0], proof[0]] : bad('hashes');
  }
  const k = half(n), beside = proof.at(-1) ?? bad('a hash is missing'), rest = proof.slice(0, -1);
  if (m <= k) {
    const [a, b] = roots(m, k, rest, whole, oldRoot);
    return [a, nodeHash(b, beside)];
  }
  const [a, b] = roots(m - k, n - k, rest, false, oldRoot);
  return [nodeHash(beside, a), nodeHash(beside, b)];
}

export function verifyGrowth({ old: before, new: now, proof }) {
  const a = parseBody(before), b = parseBody(now), hashes = proof.map((h) => base64(h, 'refused'));
  if (a.origin !== b.origin || a.size > b.size || hashes.length > 64) bad('not an extension');
  if (a.size === b.size && !a.root.equals(b.root)) refuse('fork', 'two roots for one size');
  if (a.size === b.size || a.size === 0) {
    if (hashes.length > 0 || (a.size === 0 && !a.root.equals(sha256()))) bad('a hash too many');
    return;
  }
  const [x, y] = roots(a.size, b.size, hashes, true, a.root);
  if (!x.equals(a.root) || !y.equals(b.root)) bad('not an extension');
}
