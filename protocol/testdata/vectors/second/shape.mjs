// Shapes: what a canonical document may hold. A member that is not listed, or
// missing, or left empty where it may be left out, is refused (SPEC.md §2.2).
import { base64, refuse } from './bytes.mjs';

const bad = (path, why) => refuse('malformed', `${path}: ${why}`);
const bytesOf = (s) => Buffer.byteLength(s);

// object takes members by name; a name that ends in "?" may be left out.
export const object = (members) => (v, path) => {
  if (v === null || typeof v !== 'object' || Array.isArray(v)) bad(path, 'want an object');
  const left = new Set(Object.keys(v));
  for (const [name, shape] of Object.entries(members)) {
    const plain = name.replace('?', '');
    if (!left.delete(plain)) {
      if (plain === name) bad(path, `${name} is missing`);
      continue;
    }
    if (plain !== name && empty(v[plain])) bad(path, `${plain} is there and empty`);
    shape(v[plain], `${path}.${plain}`);
  }
  if (left.size > 0) bad(path, `unknown ${[...left]}`);
};

const empty = (v) => v === '' || v === 0 || v === false || v === null || (Array.isArray(v) && v.length === 0);

export const text = (least, most) => (v, path) => {
  if (typeof v !== 'string' || bytesOf(v) < least || bytesOf(v) > most) bad(path, `want ${least} to ${most} bytes`);
};
export const like = (pattern, most = Infinity) => (v, path) => {
  if (typeof v !== 'string' || !pattern.test(v) || bytesOf(v) > most) bad(path, `want ${pattern}`);
};
export const oneOf = (...list) => (v, path) => { if (!list.includes(v)) bad(path, `want ${list}`); };
export const integer = (least, most) => (v, path) => {
  if (!Number.isInteger(v) || v < least || v > most) bad(path, `want ${least} to ${most}`);
};
export const flag = (v, path) => { if (typeof v !== 'boolean') bad(path, 'want true or false'); };
export const anObject = (v, path) => {
  if (v === null || typeof v !== 'object' || Array.isArray(v)) bad(path, 'want an object');
};
export const blob = (least = 0) => (v, path) => {
  if (base64(v).length < least) bad(path, `want ${least} bytes at least`);
};
export const list = (shape, least, most) => (v, path) => {
  if (!Array.isArray(v) || v.length < least || v.length > most) bad(path, `want ${least} to ${most} items`);
  v.forEach((item, i) => shape(item, `${path}[${i}]`));
};
export const distinct = (shape) => (v, path) => {
  shape(v, path);
  if (new Set(v.map((x) => JSON.stringify(x))).size !== v.length) bad(path, 'want each once');
};
export const both = (...shapes) => (v, path) => shapes.forEach((s) => s(v, path));
export const check = (test, why) => (v, path) => { if (!test(v)) bad(path, why); };

// time is in UTC and whole seconds: one instant has one form.
export const time = (v, path) => {
  if (typeof v !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(v) || Number.isNaN(Date.parse(v)) || v === '0001-01-01T00:00:00Z' ||
      new Date(v).toISOString().replace('.000', '') !== v) bad(path, 'want a time in UTC and whole seconds');
};
export const seconds = (v) => Date.parse(v) / 1000;
export const days = (n) => n * 86400;

export const party = like(/^[A-Z]{2}$/);
export const participant = like(/^[a-z]{2}\.[a-z0-9]+(-[a-z0-9]+)*$/, 64);
export const partyOf = (id) => id.slice(0, 2).toUpperCase();
export const digest = like(/^sha256:[0-9a-f]{64}$/);
export const digestOrNone = like(/^(sha256:[0-9a-f]{64})?$/);
export const caseID = like(/^case-[a-z2-7]{26}$/);
export const actID = like(/^act-[a-z2-7]{26}$/);
export const officerID = like(/^officer-[a-z2-7]{26}$/);
export const agreementRef = object({ id: text(0, 128), version: text(0, 128) });
export const roles = ['issuing', 'validating', 'central', 'designated', 'enforcing', 'provider', 'oversight',
  'point-of-contact-24/7'];
export const requestTypes = ['production', 'preservation', 'subscriber', 'interception', 'path_disclosure'];
export const categories = ['subscriber', 'user_identification', 'domain_registration', 'traffic_stored',
  'traffic_realtime', 'location', 'content_stored', 'content_realtime', 'other_records'];
export const skew = 300;
