// Bytes: digests, the strict encodings, and canonical JSON (SPEC.md §2).
import { createHash } from 'node:crypto';

export const utf8 = (text) => Buffer.from(text, 'utf8');
export const sha256 = (...parts) => hash('sha256', parts);
export const sha512 = (...parts) => hash('sha512', parts);

function hash(name, parts) {
  const h = createHash(name);
  for (const p of parts) h.update(p);
  return h.digest();
}

export const shake256 = (size, ...parts) => {
  const h = createHash('shake256', { outputLength: size });
  for (const p of parts) h.update(p);
  return h.digest();
};
export const sha3 = (...parts) => hash('sha3-256', parts);
export const digestOf = (bytes) => 'sha256:' + sha256(bytes).toString('hex');

// Refused is a refusal with the code that a vector expects.
export class Refused extends Error {
  constructor(code, why) {
    super(`${code}: ${why}`);
    this.code = code;
  }
}
export const refuse = (code, why) => { throw new Refused(code, why); };

// base64 and base64url decode what they would encode, and nothing else.
export const base64 = (text, code = 'malformed') => strict(text, 'base64', code);
export const base64url = (text, code = 'malformed') => strict(text, 'base64url', code);

function strict(text, form, code) {
  if (typeof text !== 'string') refuse(code, `no ${form}`);
  const bytes = Buffer.from(text, form);
  if (bytes.toString(form) !== text) refuse(code, `not strict ${form}`);
  return bytes;
}

export function uint64(n) {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
}

// canonical is RFC 8785: ECMAScript's own numbers and strings, and members in
// the order of their UTF-16 code units, which is that of sort().
export function canonical(value) {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  if (value !== null && typeof value === 'object') {
    return '{' + Object.keys(value).sort()
      .map((k) => JSON.stringify(k) + ':' + canonical(value[k])).join(',') + '}';
  }
  return JSON.stringify(value);
}

// parseCanonical reads bytes that must be the canonical form of what they say.
// A member that stands twice, a space or another escape does not come back.
export function parseCanonical(bytes, code = 'malformed') {
  let text, value;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    refuse(code, 'no JSON');
  }
  if (!wellFormed(value) || canonical(value) !== text) refuse(code, 'not canonical');
  return value;
}

// JSON.parse lets half of a surrogate pair pass.
function wellFormed(value) {
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([k, v]) => k.isWellFormed() && wellFormed(v));
}
