// Evidence (SPEC.md §18): sealed objects, their tree hash, lists, and the keys of a disclosure.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
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

// seal is the other way round.
function seal(content, key, salt, context) {
  const derived = expand(key, Buffer.concat([utf8('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0'), salt, context]), 76);
  const out = [salt, derived.subarray(44)];
  for (let n = 0, at = 0; ; n++, at += chunk) {
    const piece = content.subarray(at, at + chunk), nonce = Buffer.from(derived.subarray(32, 44));
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ n) >>> 0, 8);
    const c = createCipheriv('aes-256-gcm', derived.subarray(0, 32), nonce);
    out.push(c.update(piece), c.final(), c.getAuthTag());
    if (piece.length < chunk) return Buffer.concat(out);
  }
}

const leafHash = (leaf) => sha256(Buffer.from([0]), leaf);
const nodeHash = (l, r) => sha256(Buffer.from([1]), l, r);

// treeOf is RFC 9162, 2.1.1, over leaves.
function treeOf(leaves) {
  const hash = (list) => {
    if (list.length === 1) return leafHash(list[0]);
    const k = 2 ** Math.floor(Math.log2(list.length - 1));
    return nodeHash(hash(list.slice(0, k)), hash(list.slice(k)));
  };
  return 'sha256:' + (leaves.length === 0 ? sha256() : hash(leaves)).toString('hex');
}

// cut returns the blocks of a sealed object.
function cut(sealed) {
  const blocks = [sealed.subarray(0, header + block)];
  for (let at = header + block; at < sealed.length; at += block) blocks.push(sealed.subarray(at, at + block));
  return blocks;
}

// included is RFC 9162, 2.1.3.2, step by step.
function included(index, count, leaf, proof, tree) {
  if (index >= count) refuse('refused', 'index');
  let fn = index, sn = count - 1, r = leafHash(leaf);
  for (const p of proof) {
    if (sn === 0) refuse('refused', 'a hash too many');
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      r = nodeHash(r, p);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  if (sn !== 0 || 'sha256:' + r.toString('hex') !== tree) refuse('refused', 'not in the tree');
}

// sealedSize is how long a sealed object of n bytes is.
const sealedSize = (n) => header + n + tag * (Math.floor(n / chunk) + 1);

// verifyBlock: a block of content that is sealed here stands where a proof says.
export function verifyBlock(proof, v) {
  const content = Buffer.from(Uint8Array.from({ length: Number(v.content) }, (_, n) => n % 251));
  const sealed = seal(content, Buffer.from(v.key, 'hex'), Buffer.from(v.salt, 'hex'), utf8(`comity evidence v1\n${v.case}\n`));
  const got = cut(sealed)[Number(v.block)], size = Number(v.size), index = Number(v.index);
  const count = Math.floor(size / 1048576) + 1;
  const begin = index === 0 ? 0 : header + index * block, end = Math.min(sealedSize(size), header + (index + 1) * block);
  if (index >= count || got.length !== end - begin) refuse('refused', 'the length of the block');
  const hashes = [];
  for (let at = 0; at < proof.length; at += 32) hashes.push(proof.subarray(at, at + 32));
  if (hashes.length > 64) refuse('refused', 'hashes');
  included(index, count, got, hashes, v.tree);
}

// join makes a key of its two shares.
const join = (a, b) => a.map((x, i) => x ^ b[i]);

// verifySegments: segments of a live object are the product that an act says.
export function verifySegments(body, v) {
  const key = join(Buffer.from(v.held, 'hex'), Buffer.from(v.sent, 'hex'));
  const segments = body.toString('latin1').split('\n').map((line) => Buffer.from(line, 'hex'));
  const contents = segments.map((sealed, i) => {
    if (sealed.length > 262472) refuse('refused', 'too long');
    return openSealed(sealed, key, utf8(`comity evidence v1\n${v.case}\nlive ${v.live.slice(7)} ${Number(v.seq) + i}\n`));
  });
  const whole = Buffer.concat(contents);
  if (treeOf(segments) !== v.tree || segments.length !== Number(v.segments) || whole.length !== Number(v.size) ||
      sha512(whole).toString('hex') !== v.sha512) refuse('refused', 'not the product that was signed');
}

// verifyObject: the sealed bytes are what an act says of them.
export function verifyObject(sealed, { key, case: id, tree, size, sha512: digest }) {
  if (treeOf(cut(sealed)) !== tree) refuse('refused', 'tree');
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
