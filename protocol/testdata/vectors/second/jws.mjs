// Signed documents (SPEC.md §3.3).
import { base64url, refuse, utf8 } from './bytes.mjs';
import { verifyEd25519, verifyMLDSA65 } from './keys.mjs';

const form = /^\{"payload":"([A-Za-z0-9_-]*)","signatures":\[(.*)\]\}$/s;
const item = /^\{"protected":"([A-Za-z0-9_-]*)","signature":"([A-Za-z0-9_-]*)"\}$/s;
const header = /^\{"alg":"(Ed25519|ML-DSA-65)","kid":"([0-9a-f]{64})","typ":"([a-z0-9+\-./]{1,64})"\}$/s;

// parse reads the one encoding of a JWS. Everything else throws formCode.
export function parse(bytes, formCode = 'not_authentic') {
  const bad = (why) => refuse(formCode, why);
  if (bytes.length > 15 << 20) bad('too long');
  const m = form.exec(bytes.toString('latin1')) ?? bad('not a JWS in its one encoding');
  const signatures = m[2] === '' ? [] : m[2].split(/(?<=\}),(?=\{)/).map((text) => {
    const s = item.exec(text) ?? bad('not a signature');
    const h = header.exec(base64url(s[1], formCode).toString('latin1')) ?? bad('protected header');
    return { protected: s[1], alg: h[1], kid: h[2], typ: h[3], value: base64url(s[2], formCode) };
  });
  if (signatures.length > 32) bad('more than 16 signers');
  return { text: m[1], payload: base64url(m[1], formCode), signatures };
}

// verify returns the payload and the fingerprints of those who signed, if
// every signature is one of a whole pair, by a candidate, under the type.
export function verify(typ, bytes, candidates) {
  const m = parse(bytes), s = m.signatures, signers = [];
  if (s.length === 0) refuse('signature_missing', 'none');
  for (let i = 0; i < s.length; i += 2) {
    const [a, b] = [s[i], s[i + 1]];
    if (b === undefined || a.kid !== b.kid) refuse('signature_missing', 'half');
    if (a.alg !== 'Ed25519' || b.alg !== 'ML-DSA-65') refuse('not_authentic', 'algorithms');
    if (a.typ !== typ || b.typ !== typ) refuse('not_authentic', 'type');
    if (i > 0 && s[i - 2].kid >= a.kid) refuse('not_authentic', 'order');
  }
  for (let i = 0; i < s.length; i += 2) {
    const key = candidates.find((c) => c.fingerprint === s[i].kid);
    const input = (x) => utf8(x.protected + '.' + m.text);
    if (!key || !verifyEd25519(key.ed25519, input(s[i]), s[i].value) ||
        !verifyMLDSA65(key.mldsa65, input(s[i + 1]), s[i + 1].value)) refuse('not_authentic', s[i].kid);
    signers.push(s[i].kid);
  }
  return { payload: m.payload, signers };
}
