// Evidence (SPEC.md §18): sealed objects, their tree hash, lists, and the keys of a disclosure.
import { createDecipheriv, createHmac } from 'node:crypto';
import { parseCanonical, refuse, sha256, sha512, utf8 } from './bytes.mjs';
import * as s from './shape.mjs';
import { object } from './life.mjs';

const chunk = 16384, tag = 16, header = 24 + 32, block = 64 * (chunk + tag);

// expand is HKDF-Expand with SHA-512 (RFC 5869, 2.3).
function expand(key, info, size) {
  let out = Buffer.alloc(0), last = out;
  for (let i = 1; out.length < size; i++) {
    last = createHmac('sha512', key).update(last).update(info).update(Buffer.from([i])).digest();
    out = Buffer.concat([out, last]);
  }
  return out.subarray(0, size);
}

// openSealed returns what is in a sealed object.
function openSealed(sealed, key, context) {
  if (sealed.length < header + tag) refuse('refused', 'too short');
  const derived = expand(key, Buffer.concat([utf8('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0'), sealed.subarray(0, 24), context]), 76);
  if (!derived.subarray(44).equals(sealed.subarray(24, header))) refuse('refused', 'another key or context');
  const out = [];
  for (let n = 0, at = header; ; n++) {
    const piece = sealed.subarray(at, at + chunk + tag), nonce = Buffer.from(derived.subarray(32, 44));
    if (piece.length < tag) refuse('refused', 'the end is missing');
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ n) >>> 0, 8);
    const d = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), nonce);
    d.setAuthTag(piece.subarray(-tag));
    try {
      out.push(Buffer.concat([d.update(piece.subarray(0, -tag)), d.final()]));
    } catch {
      refuse('refused', `chunk ${n}`);
    }
    at += piece.length;
    if (piece.length === chunk + tag) continue;
    if (at !== sealed.length) refuse('refused', 'more behind the end');
    return Buffer.concat(out);
  }
}

// treeHash is RFC 9162, 2.1.1, over the blocks.
function treeHash(sealed) {
  const blocks = [sealed.subarray(0, header + block)];
  for (let at = header + block; at < sealed.length; at += block) blocks.push(sealed.subarray(at, at + block));
  const hash = (list) => {
    if (list.length === 1) return sha256(Buffer.from([0]), list[0]);
    const k = 2 ** Math.floor(Math.log2(list.length - 1));
    return sha256(Buffer.from([1]), hash(list.slice(0, k)), hash(list.slice(k)));
  };
  return 'sha256:' + hash(blocks).toString('hex');
}

// verifyObject: the sealed bytes are what an act says of them.
export function verifyObject(sealed, { key, case: id, tree, size, sha512: digest }) {
  if (treeHash(sealed) !== tree) refuse('refused', 'tree');
  const content = openSealed(sealed, Buffer.from(key, 'hex'), utf8(`comity evidence v1\n${id}\n`));
  if (content.length !== Number(size) || sha512(content).toString('hex') !== digest) refuse('refused', 'content');
}

const entry = (e, path) => {
  const { pack, offset, ...rest } = e;
  s.digest(pack, path);
  s.integer(0, 2 ** 42)(offset, path);
  if ('tree' in rest || 'role' in rest || 'segments' in rest) refuse('malformed', 'not of a file in a pack');
  object({ ...rest, tree: pack }, path);
};

// readList reads a list of files in packs of known sizes.
export function readList(bytes, sizes) {
  const seen = new Set();
  let pack = '', end = 0, at = 0;
  const whole = () => { if (pack !== '' && end !== sizes[pack]) refuse('malformed', 'bytes that no file has'); };
  while (at < bytes.length) {
    const next = bytes.indexOf(10, at);
    if (next < 0 || next - at >= 4096) refuse('malformed', 'line');
    const e = parseCanonical(bytes.subarray(at, next));
    entry(e, 'list');
    if (e.pack !== pack) {
      whole();
      if (!(e.pack in sizes) || seen.has(e.pack)) refuse('malformed', 'pack');
      seen.add(pack = e.pack);
      end = 0;
    }
    if (e.offset !== end || (end += e.size) > sizes[pack]) refuse('malformed', 'offset');
    at = next + 1;
  }
  whole();
}

const keys = s.object({ case: s.caseID, shares: s.list(s.object({ object: s.digest, share: s.blob(32) }), 1, 64) });

// readKeys reads what the keys of a disclosure hold.
export function readKeys(bytes, id) {
  const k = parseCanonical(bytes);
  keys(k, 'keys');
  if (k.case !== id || k.shares.some((x) => Buffer.from(x.share, 'base64').length !== 32) ||
      new Set(k.shares.map((x) => x.object)).size !== k.shares.length) refuse('malformed', 'keys');
}
