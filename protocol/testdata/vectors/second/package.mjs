// Case packages (SPEC.md §14): the archive and the bag, the documents, who signed
// which act and in which ledgers it stands, evidence, and the chain of custody.
// Decisions (§8) and the thread of the case (§13) are not made again here.
import { crc32 } from 'node:zlib';
import { canonical, digestOf, parseCanonical, refuse, sha512, utf8 } from './bytes.mjs';
import { verifyAgreement, verifyNotice } from './agreement.mjs';
import { arrive, open } from './chain.mjs';
import { custodyOf, handovers } from './custody.mjs';
import { readList } from './evidence.mjs';
import { verifyProof } from './ledger.mjs';
import { parseLogKey } from './keys.mjs';
import { Directory, parsePin } from './register.mjs';
import * as s from './shape.mjs';

const bad = (why) => refuse('refused', why);
const hexOf = (bytes) => sha512(bytes).toString('hex');
const standings = ['here', 'not_fetched', 'growing', 'quarantined', 'damaged', 'deleted', 'restricted'];

// readZIP returns the files of an archive, by name, in its order. It goes from the
// first to the last byte, and what it does not expect is not there.
export function readZIP(bytes) {
  if (bytes.length < 22 || bytes.readUInt32LE(bytes.length - 22) !== 0x06054b50) bad('no end of an archive');
  const count = bytes.readUInt16LE(bytes.length - 12);
  let at = bytes.readUInt32LE(bytes.length - 6);
  const files = new Map();
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) bad('table of contents');
    const size = bytes.readUInt32LE(at + 24), length = bytes.readUInt16LE(at + 28), from = bytes.readUInt32LE(at + 42);
    const name = bytes.subarray(at + 46, at + 46 + length).toString('utf8');
    if (bytes.readUInt16LE(at + 10) !== 0 || size !== bytes.readUInt32LE(at + 20)) bad('a file is compressed');
    const begin = from + 30 + length;
    if (begin + size > bytes.length || files.has(name)) bad('a file');
    files.set(name, bytes.subarray(begin, begin + size));
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  if (!writeZIP(files).equals(bytes)) bad('the archive has another form');
  return files;
}

// writeZIP writes the one form of an archive that needs no ZIP64.
export function writeZIP(files) {
  const out = [], table = [];
  let at = 0;
  for (const [text, content] of files) {
    const name = utf8(text), crc = crc32(content), flags = /^[ -}]*$/.test(text) && !text.includes('\\') ? 8 : 0x808;
    const local = Buffer.alloc(30), behind = Buffer.alloc(16), entry = Buffer.alloc(46);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(name.length, 26);
    [0x08074b50, crc, content.length, content.length].forEach((n, i) => behind.writeUInt32LE(n, 4 * i));
    entry.writeUInt32LE(0x02014b50, 0);
    [20, 20, flags].forEach((n, i) => entry.writeUInt16LE(n, 4 + 2 * i));
    [crc, content.length, content.length].forEach((n, i) => entry.writeUInt32LE(n, 16 + 4 * i));
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    out.push(local, name, content, behind);
    table.push(entry, name);
    at += 46 + name.length + content.length;
  }
  const contents = Buffer.concat(table), end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(contents.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...out, contents, end]);
}

const declaration = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
const lines = (files) => files.map(([name, content]) => `${hexOf(content)}  ${name}\n`).join('');

// writeBag returns the files of a bag, by name, for a payload and its index.
export function writeBag(payload, index) {
  const list = [...payload], size = list.reduce((n, [, content]) => n + content.length, 0);
  const info = [['Source-Organization', index.exporter], ['External-Identifier', index.case],
    ['External-Description', 'the acts, proofs and evidence of a case, to be checked with comity verify'],
    ['Bagging-Date', index.exported.slice(0, 10)], ['Payload-Oxum', `${size}.${list.length}`]]
    .map(([k, v]) => `${k}: ${v}\n`).join('');
  const tags = [['bagit.txt', utf8(declaration)], ['bag-info.txt', utf8(info)], ['manifest-sha512.txt', utf8(lines(list))]];
  return new Map([tags[0], ...list, tags[1], tags[2], ['tagmanifest-sha512.txt', utf8(lines(tags))]]);
}

export const within = (folder, files) => new Map([...files].map(([name, b]) => [`${folder}/${name}`, b]));

const indexShape = s.object({
  format: s.oneOf('comity-case/2'), case: s.caseID, exporter: s.participant, exported: s.time,
  acts: s.list(s.object({ digest: s.digest, decision: s.anObject,
    receipts: s.list(s.object({ from: s.participant, name: s.text(1, 1024) }), 0, 8) }), 1, 512),
  documents: s.list(s.object({ kind: s.oneOf('register', 'agreement', 'notice'), name: s.both(s.text(1, 1024),
    s.check((v) => !/[/\\]/.test(v), 'a path')), digest: s.digest }), 0, 1024),
  evidence: s.list(s.object({ tree: s.digest, standing: s.oneOf(...standings) }), 0, 32768),
  pins: s.list(s.anObject, 0, 256),
});

// readBag returns the payload, without data/ before the names, and the index.
function readBag(bytes) {
  const archive = readZIP(bytes), folder = [...archive.keys()][0]?.split('/')[0];
  const payload = new Map([...archive].filter(([name]) => name.startsWith(`${folder}/data/`))
    .map(([name, b]) => [name.slice(folder.length + 1), b]));
  const index = parseCanonical(payload.get('data/case.json') ?? bad('no index'), 'refused');
  indexShape(index, 'index');
  if (folder !== index.case) bad('the folder is not named after the case');
  const again = within(folder, writeBag(payload, index));
  if (again.size !== archive.size) bad('a file beside those of a bag');
  const names = [...archive.keys()];
  let i = 0;
  for (const [name, content] of again) {
    if (names[i++] !== name || !archive.get(name).equals(content)) bad(`${name} is another`);
  }
  return { index, files: new Map([...payload].map(([name, b]) => [name.slice(5), b])) };
}

// A Verifier goes through a package.
class Verifier {
  constructor(files, index) {
    Object.assign(this, { files, index, used: new Set(['case.json']), times: {}, handed: new Map(), named: new Set(), docs: [] });
    this.pins = index.pins.map((p) => parsePin(utf8(JSON.stringify(p)))); // compared with the Parties' by whoever relies on it
    this.keys = new Map();
  }

  read(name) {
    this.used.add(name);
    return this.files.get(name) ?? bad(`${name} is missing`);
  }

  // proof returns the record of an act or document in a participant's ledger.
  proof(digest, by) {
    const name = `proofs/${digest.slice(7)}.${by}.tlog-proof`, bytes = this.read(name);
    const key = this.keys.get(by) ?? bad(`${by} stands in no register`);
    const record = verifyProof(by + '/comity', key, bytes);
    const index = Number(/\nindex (\d+)\n/.exec(bytes.toString('latin1'))[1]);
    return { ...record, index, name };
  }

  // documents: registers first, since the others are verified with what they say.
  documents() {
    const all = this.index.documents.map((d) => ({ ...d, bytes: this.read(`documents/${d.kind}/${d.name}`) }));
    const whole = new Directory(this.pins);
    for (const d of all) {
      if (digestOf(d.bytes) !== d.digest) bad('a document is another');
      if (d.kind === 'register') whole.take(d.bytes, s.seconds(this.index.exported));
    }
    for (const r of whole.held.values()) for (const p of r.participants) this.keys.set(p.id, parseLogKey(p.log));
    for (const d of all) {
      if (d.kind === 'agreement') verifyAgreement(d.bytes, this.pins);
      if (d.kind === 'notice') verifyNotice(d.bytes, this.pins);
      const r = this.proof(d.digest, this.index.exporter);
      if (r.kind !== d.kind || r.document !== d.digest) bad('the ledger has another document');
      this.docs.push({ ...d, at: s.seconds(r.at), index: r.index });
    }
  }

  directory(before) {
    const d = new Directory(this.pins);
    for (const x of this.docs) if (x.kind === 'register' && x.index < before) d.take(x.bytes, x.at);
    return d;
  }

  act(entry) {
    const name = `acts/${entry.digest.slice(7)}.json`, bytes = this.read(name), { exporter } = this.index;
    const own = this.proof(entry.digest, exporter);
    const { act, digest } = arrive(bytes, { directory: this.directory(own.index), at: s.seconds(own.at) });
    if (digest !== entry.digest || act.case !== this.index.case || own.act !== digest) bad('another act');
    const mine = act.from === exporter;
    if (mine ? own.kind !== 'sent' : !['accepted', 'held'].includes(own.kind) || own.peer !== act.from) bad('not sent or accepted');
    if (own.index < (this.next ?? 0)) bad('another order than that of the ledger');
    if (own.decision !== digestOf(utf8(canonical(entry.decision))) || entry.decision.verdict === 'deny') bad('decision');
    this.next = own.index + 1;
    this.times[own.name] = own.at;
    for (const r of entry.receipts) {
      const theirs = this.proof(digest, r.from);
      if (!mine || !act.to.includes(r.from) || theirs.name !== r.name || theirs.act !== digest || theirs.peer !== exporter ||
          !['accepted', 'held'].includes(theirs.kind)) bad('receipt');
      this.times[theirs.name] = theirs.at;
    }
    const handed = handovers(bytes, open);
    this.handed.set(entry.digest, handed);
    this.evidence(handed[0]?.objects ?? []);
  }

  evidence(objects) {
    const sizes = Object.fromEntries(objects.filter((o) => o.role === 'pack').map((o) => [o.tree, o.size]));
    for (const o of objects) {
      this.named.add(o.tree);
      const name = `evidence/${o.tree.slice(7)}`, there = this.files.has(name);
      const standing = this.index.evidence.find((e) => e.tree === o.tree)?.standing ?? bad('an object without a standing');
      if (standing === 'here' ? !there : there && standing !== 'quarantined') bad('there, or not, against its standing');
      if (!there) continue;
      const content = this.read(name);
      if (content.length !== o.size || hexOf(content) !== o.sha512) bad('other evidence');
      if (o.role === 'list') this.list(content, sizes);
    }
  }

  // list compares the files of packs that are here with what a list says of them.
  list(text, sizes) {
    readList(text, sizes);
    for (const line of text.toString('utf8').split('\n').slice(0, -1)) {
      const e = JSON.parse(line), pack = this.files.get(`evidence/${e.pack.slice(7)}`);
      if (pack && hexOf(pack.subarray(e.offset, e.offset + e.size)) !== e.sha512) bad('a file of a pack is another');
    }
  }

  rest() {
    if (this.index.evidence.some((e) => !this.named.has(e.tree))) bad('a standing of no object');
    const custody = utf8(canonical(custodyOf(this.index, this.handed, this.times)));
    if (!this.read('custody.jsonld').equals(custody)) bad('the chain of custody says something else');
    for (const name of this.files.keys()) if (!this.used.has(name)) bad(`${name} is part of no claim`);
  }
}

// verifyPackage throws Refused on the first doubt.
export function verifyPackage(bytes) {
  const { index, files } = readBag(bytes), v = new Verifier(files, index);
  v.documents();
  for (const entry of index.acts) v.act(entry);
  v.rest();
}

// changePackage is a package with other files, and manifests that fit them; or one
// that somebody has changed as it is.
export function changePackage(bytes, { copy = {}, replace = {}, add = {}, drop = [], flip = [], append = '' }) {
  const archive = readZIP(bytes), folder = [...archive.keys()][0].split('/')[0];
  const payload = new Map([...archive].filter(([name]) => name.startsWith(`${folder}/data/`))
    .map(([name, b]) => [name.slice(folder.length + 1), b])), had = new Map(payload);
  for (const [to, from] of Object.entries(copy)) payload.set(to, had.get(from));
  for (const [name, [from, to]] of Object.entries(replace)) {
    const b = payload.get(name), at = b.indexOf(from);
    if (at < 0) throw new Error(`${name} has no ${from}`);
    payload.set(name, Buffer.concat([b.subarray(0, at), utf8(to), b.subarray(at + Buffer.byteLength(from))]));
  }
  for (const [name, text] of Object.entries(add)) payload.set(name, utf8(text));
  for (const name of drop) payload.delete(name);
  const out = writeZIP(within(folder, writeBag(payload, JSON.parse(payload.get('data/case.json')))));
  for (const at of flip) out[at < 0 ? out.length + at : at] ^= 1;
  return Buffer.concat([out, utf8(append)]);
}
