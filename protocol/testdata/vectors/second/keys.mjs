// Keys: their public forms, their names, and how the vectors make them
// (SPEC.md §3, README.md).
import { createPublicKey, verify as verifyWith } from 'node:crypto';
import { base64, base64url, sha256, sha512, shake256, utf8, refuse } from './bytes.mjs';

// The algorithms that Node.js 20 lacks; load brings them in.
export const pq = {};

export async function load(importPackage) {
  Object.assign(pq, await importPackage('@noble/post-quantum/ml-dsa.js'),
    await importPackage('@noble/post-quantum/ml-kem.js'),
    { x25519: (await importPackage('@noble/curves/ed25519.js')).x25519,
      ed25519: (await importPackage('@noble/curves/ed25519.js')).ed25519 });
}

// seed returns the private key called name in the vectors, 64 bytes.
export const seed = (name) => sha512(utf8('comity vectors v1\n' + name));

export function verifyEd25519(publicKey, message, signature) {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return signature.length === 64 && verifyWith(null, message, key, signature);
}

export const verifyMLDSA65 = (publicKey, message, signature) =>
  signature.length === 3309 && pq.ml_dsa65.verify(signature, message, publicKey);

export const verifyMLDSA44 = (publicKey, message, signature) =>
  signature.length === 2420 && pq.ml_dsa44.verify(signature, message, publicKey);

const identity = (ed25519, mldsa65) => ({
  ed25519, mldsa65,
  fingerprint: sha256(utf8('comity identity v1\n'), ed25519, mldsa65).toString('hex'),
});

// identityOf returns the public half of a signing key of the vectors.
export function identityOf(name) {
  const s = seed(name);
  return identity(Buffer.from(pq.ed25519.getPublicKey(s.subarray(0, 32))),
    Buffer.from(pq.ml_dsa65.keygen(s.subarray(32)).publicKey));
}

const only = (object, members) => object !== null && typeof object === 'object' &&
  Object.keys(object).sort().join() === members;

// parseIdentity reads a JWK set of the two public keys.
export function parseIdentity(jwks) {
  if (!only(jwks, 'keys') || !Array.isArray(jwks.keys) || jwks.keys.length !== 2) refuse('malformed', 'key');
  const [a, b] = jwks.keys;
  if (!only(a, 'alg,crv,kty,x') || a.alg !== 'Ed25519' || a.crv !== 'Ed25519' || a.kty !== 'OKP' ||
      !only(b, 'alg,kty,pub') || b.alg !== 'ML-DSA-65' || b.kty !== 'AKP') refuse('malformed', 'key');
  const x = base64url(a.x), pub = base64url(b.pub);
  if (x.length !== 32 || pub.length !== 1952) refuse('malformed', 'key');
  return identity(x, pub);
}

const sealFingerprint = (packed) => sha256(utf8('comity seal v1\n'), packed).toString('hex');

// parseSealKey reads the JWK of a key to seal with.
export function parseSealKey(jwk) {
  if (!only(jwk, 'alg,kty,pub') || jwk.alg !== 'HPKE-9-KE' || jwk.kty !== 'AKP') refuse('malformed', 'seal key');
  const pub = base64url(jwk.pub);
  if (pub.length !== 1216) refuse('malformed', 'seal key');
  return { pub, fingerprint: sealFingerprint(pub) };
}

// openKey returns a private X-Wing key of the vectors, with its public half.
export function openKey(name) {
  const expanded = shake256(96, seed(name).subarray(0, 32));
  const kem = pq.ml_kem768.keygen(expanded.subarray(0, 64));
  const x = expanded.subarray(64);
  const pkX = Buffer.from(pq.x25519.getPublicKey(x));
  return { mlkem: kem.secretKey, x, pkX,
    fingerprint: sealFingerprint(Buffer.concat([kem.publicKey, pkX])) };
}

// parseLogKey reads the public key of a ledger.
export function parseLogKey(key) {
  if (!only(key, 'ed25519,mldsa44')) refuse('malformed', 'log key');
  const ed25519 = base64(key.ed25519), mldsa44 = base64(key.mldsa44);
  if (ed25519.length !== 32 || mldsa44.length !== 1312) refuse('malformed', 'log key');
  return { ed25519, mldsa44 };
}

// logKey returns the public half of a ledger's key of the vectors.
export function logKey(name) {
  const s = seed(name);
  return { ed25519: Buffer.from(pq.ed25519.getPublicKey(s.subarray(0, 32))),
    mldsa44: Buffer.from(pq.ml_dsa44.keygen(s.subarray(32)).publicKey) };
}
