// Envelopes (SPEC.md §5): JWE with HPKE-9-KE, opened without a JOSE library.
import { createDecipheriv, createHmac } from 'node:crypto';
import { base64url, refuse, sha3, shake256, utf8 } from './bytes.mjs';
import { pq } from './keys.mjs';

const b = '([A-Za-z0-9_-]*)';
const form = new RegExp(`^\\{"aad":"${b}","ciphertext":"${b}","iv":"${b}","protected":"${b}",` +
  `"recipients":(\\[.*\\]),"tag":"${b}"\\}$`);
const item = new RegExp(`^\\{"encrypted_key":"${b}","header":\\{"alg":"HPKE-9-KE","ek":"${b}","kid":"([0-9a-f]{64})"\\}\\}$`);
const bad = (why) => refuse('unreadable', why);
const read = (text) => base64url(text, 'unreadable');
const prefixed = (bytes) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);

export function open(typ, bytes, key) {
  if (bytes.length > 1 << 20) bad('too long');
  const m = form.exec(bytes.toString('latin1')) ?? bad('not an envelope in its one encoding');
  const [aad, ciphertext, iv, tag] = [m[1], m[2], m[3], m[6]].map(read);
  if (read(m[4]).toString('latin1') !== `{"enc":"A256GCM","typ":"${typ}"}`) bad('protected header');
  if (aad.length !== 32 || iv.length !== 12 || tag.length !== 16) bad('sizes');
  const recipients = m[5] === '[]' ? [] : m[5].slice(1, -1).split(/(?<=\}),(?=\{)/).map((text) => {
    const r = item.exec(text) ?? bad('recipient');
    return { encryptedKey: read(r[1]), ek: read(r[2]), kid: r[3] };
  });
  if (recipients.length < 1 || recipients.length > 16) bad('recipients');
  if (recipients.some((r, i) => i > 0 && recipients[i - 1].kid >= r.kid)) bad('order');
  const ours = recipients.find((r) => r.kid === key.fingerprint) ?? bad('not for us');
  const contentKey = unwrap(ours, key);
  const bound = createHmac('sha256', contentKey).update('comity envelope v1\n').update(m[5]).digest();
  if (!bound.equals(aad)) bad('other recipients');
  return unpad(decrypt(contentKey, iv, Buffer.concat([ciphertext, tag]), utf8(m[4] + '.' + m[1])));
}

function decrypt(key, nonce, sealed, authenticated) {
  const d = createDecipheriv('aes-256-gcm', key, nonce);
  d.setAAD(authenticated).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([d.update(sealed.subarray(0, -16)), d.final()]);
  } catch {
    return bad('tag');
  }
}

// unwrap is HPKE in base mode, with X-Wing, SHAKE256 in one stage and A256GCM.
function unwrap({ encryptedKey, ek }, key) {
  if (ek.length !== 1120 || encryptedKey.length !== 48) bad('sizes');
  const ctM = ek.subarray(0, 1088), ctX = ek.subarray(1088);
  const shared = sha3(pq.ml_kem768.decapsulate(ctM, key.mlkem), pq.x25519.getSharedSecret(key.x, ctX),
    ctX, key.pkX, Buffer.from('5c2e2f2f5e5c', 'hex'));
  const suite = Buffer.from('48504b45647a00110002', 'hex'); // "HPKE", KEM, KDF, AEAD
  const info = Buffer.concat([utf8('JOSE-HPKE rcpt'), Buffer.from([255]), utf8('A256GCM'), Buffer.from([255])]);
  const size = 32 + 12 + 64;
  const secret = shake256(size, prefixed(Buffer.alloc(0)), prefixed(shared), utf8('HPKE-v1'), suite,
    prefixed(utf8('secret')), Buffer.from([size >> 8, size & 255]),
    Buffer.from([0]), prefixed(Buffer.alloc(0)), prefixed(info));
  return decrypt(secret.subarray(0, 32), secret.subarray(32, 44), encryptedKey, Buffer.alloc(0));
}

// paddedSize is Padmé with a floor of 1 KiB.
function paddedSize(n) {
  if (n <= 1024) return 1024;
  const e = Math.floor(Math.log2(n)), bits = Math.floor(Math.log2(e)) + 1, unit = 2 ** (e - bits);
  return Math.ceil(n / unit) * unit;
}

function unpad(padded) {
  if (padded.length < 1024) bad('not padded');
  const n = padded.readUInt32BE(0);
  if (n > 737276 || padded.length !== paddedSize(4 + n) || padded.subarray(4 + n).some((x) => x !== 0)) bad('padding');
  return padded.subarray(4, 4 + n);
}
