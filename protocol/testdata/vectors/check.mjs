// check.mjs reads every vector of this folder with an implementation that
// shares no code with the Go one, and says how many it read.
//
//   node protocol/testdata/vectors/check.mjs [--modules DIR]
//
// It needs Node.js 20.19 or later and, for ML-DSA, ML-KEM and X25519, the npm
// packages that package.json names; package-lock.json pins them by digest.
// Without --modules they are installed into a fresh temporary directory, which
// is removed in the end; with it, DIR is a directory in which `npm ci` was run.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Refused, parseCanonical, refuse } from './second/bytes.mjs';
import * as keys from './second/keys.mjs';
import * as jws from './second/jws.mjs';
import { parseAct } from './second/act.mjs';
import { Directory, parsePin, spoken, validAt, verifyCredential } from './second/register.mjs';
import { arrive, open, verifyStatement } from './second/chain.mjs';
import * as ledger from './second/ledger.mjs';
import * as envelope from './second/envelope.mjs';
import { checkDecision, verifyAgreement, verifyNotice } from './second/agreement.mjs';
import { replay } from './second/casefile.mjs';
import { readKeys, readList, verifyBlock, verifyObject, verifySegments } from './second/evidence.mjs';
import { changePackage, verifyPackage } from './second/package.mjs';
import { readStream } from './second/wire.mjs';

const here = dirname(fileURLToPath(import.meta.url));

// parse reads a vector's file: a header, an empty line, the body.
function parse(bytes) {
  const at = bytes.indexOf('\n\n');
  const v = Object.fromEntries(bytes.subarray(0, at).toString('utf8').split('\n')
    .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
  v.body = bytes.subarray(at + 2, -1);
  if (v.form === 'hex') v.body = Buffer.from(v.body.toString('latin1').replaceAll('\n', ''), 'hex');
  if (v['pad-to']) v.body = Buffer.concat([v.body, Buffer.alloc(Number(v['pad-to']) - v.body.length, ' ')]);
  return v;
}

const load = (name) => parse(readFileSync(join(here, name + '.txt')));
const at = (text) => Date.parse(text) / 1000;
const now = at('2026-11-22T10:00:00Z'); // at which registers that others name were taken
const pins = () => ['gb', 'us', 'xa'].map((name) => parsePin(load('pin/' + name).body));

function directory(names, when) {
  const d = new Directory(pins());
  for (const name of names.split(' ')) {
    if (name !== 'none') d.take(load('register/' + name).body, when);
  }
  return d;
}

// The areas: each reads a vector, and throws Refused or returns what it is.
const areas = {
  canon: (v) => parseCanonical(v.body),
  jws: (v) => jws.verify(v.type, v.body, v.candidates.split(', ').map(keys.identityOf)),
  pin: (v) => { if (spoken(parsePin(v.body)) !== v.spoken) refuse('refused', 'fingerprint'); },
  register: (v) => directory(v.held, at(v.at)).take(v.body, at(v.at)),
  credential: (v) => {
    const p = directory(v.directory, now).participant(v.participant, at(v.at));
    if (!validAt(verifyCredential(v.body, p), at(v.at))) refuse('officer_invalid', 'time');
  },
  act: (v) => parseAct(v.body),
  chain: (v) => arrive(v.body, { directory: directory(v.directory, now), at: at(v.at), peer: v.peer, self: v.self }),
  statement: (v) => {
    const credential = JSON.parse(jws.parse(load('credential/' + v.credential).body).payload);
    verifyStatement(v.body, keys.parseIdentity(credential.key), open(load('chain/' + v.act).body).act);
  },
  envelope: (v) => {
    const content = envelope.open(v.type, v.body, keys.openKey(v.key));
    const want = v.holds ? load(v.holds).body : Buffer.from(v.content, 'hex');
    if (!content.equals(want)) throw new Error('another content');
  },
  record: (v) => ledger.parseRecord(v.body),
  checkpoint: (v) => ledger.openCheckpoint(v.origin, keys.logKey(v.key), v.body),
  proof: (v) => ledger.verifyProof(v.origin, keys.logKey(v.key), v.body),
  consistency: (v) => ledger.verifyGrowth(parseCanonical(v.body)),
  notice: (v) => verifyNotice(v.body, pins()),
  agreement: (v) => verifyAgreement(v.body, pins()),
  object: (v) => verifyObject(v.body, v),
  block: (v) => verifyBlock(v.body, v),
  segment: (v) => verifySegments(v.body, v),
  list: (v) => readList(v.body, Object.fromEntries(v.packs.split(' ').map((p) => p.split('=')).map(([tree, size]) => [tree, Number(size)]))),
  keys: (v) => readKeys(v.body, v.case),
  decision: (v) => checkDecision(v.body, (name) => readFileSync(join(here, 'decision', name))),
};

// outcome is what this implementation makes of a vector. Where SPEC.md names
// no reason, vectors say "refused" for every one.
function outcome(area, v) {
  try {
    const got = areas[area](v);
    return typeof got === 'string' ? got : 'valid';
  } catch (e) {
    if (!(e instanceof Refused)) return `an error (${e.message})`;
    return v.expect === 'refused' ? 'refused' : e.code;
  }
}

// Frames have vectors of their own, beside package wire, with a header that
// names the message.
function checkFrames(count) {
  const dir = join(here, '../../wire/testdata');
  for (const name of readdirSync(dir).filter((n) => n.endsWith('.hex'))) {
    const [head, body] = readFileSync(join(dir, name), 'utf8').split('\n\n');
    const v = Object.fromEntries(head.split('\n').map((line) => line.split(': ')));
    let got = 'accepted';
    try {
      if (readStream(Buffer.from((body ?? '').replaceAll('\n', ''), 'hex')) !== v.message) got = 'another message';
    } catch (e) {
      got = e instanceof Refused ? 'refused' : `an error (${e.message})`;
    }
    count(got === v.expect, `wire/${name}: got ${got}, want ${v.expect}`);
  }
}

// Walks of a case stand beside package casefile: a line each.
function checkWalks(count) {
  const lines = readFileSync(join(here, '../../casefile/testdata/walks.jsonl'), 'utf8').trim().split('\n');
  lines.forEach((line, i) => {
    const wrong = replay(JSON.parse(line));
    count(wrong.length === 0, `walk ${i + 1}: ${wrong[0]}`);
  });
}

// A package stands beside package casepack, and what is changed in it: a line each.
function checkPackages(count) {
  const dir = join(here, '../../casepack/testdata'), whole = gunzipSync(readFileSync(join(dir, 'package.zip.gz')));
  for (const line of readFileSync(join(dir, 'packages.jsonl'), 'utf8').trim().split('\n')) {
    const { about, expect, ...change } = JSON.parse(line), changed = changePackage(whole, change);
    let got = 'holds';
    try {
      verifyPackage(changed);
    } catch (e) {
      got = e instanceof Refused ? 'fails' : `an error (${e.stack})`;
    }
    count(got === expect, `package: ${about}: got ${got}, want ${expect}`);
    if (expect === 'holds') count(changed.equals(whole), `package: ${about}: written again it is another`);
  }
}

function checkAll() {
  let checks = 0, failures = 0;
  const count = (ok, words) => {
    checks++;
    if (ok) return;
    failures++;
    console.error(words);
  };
  for (const area of readdirSync(here, { withFileTypes: true }).filter((e) => e.isDirectory() && e.name !== 'second')) {
    const names = readdirSync(join(here, area.name)).filter((n) => n.endsWith('.txt'));
    if (!(area.name in areas) || names.length === 0) throw new Error(`area ${area.name} is not known or empty`);
    for (const name of names) {
      const v = parse(readFileSync(join(here, area.name, name))), got = outcome(area.name, v);
      count(got === v.expect, `${area.name}/${name}: got ${got}, want ${v.expect}: ${v.about}`);
    }
  }
  checkFrames(count);
  checkWalks(count);
  checkPackages(count);
  return { checks, failures };
}

// modules returns a directory with node_modules, and how to leave it.
function modules() {
  const i = process.argv.indexOf('--modules');
  if (i > 0) return { dir: process.argv[i + 1], leave: () => {} };
  const dir = mkdtempSync(join(tmpdir(), 'comity-check-vectors-'));
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(here, name), join(dir, name));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: dir, stdio: 'inherit' });
  return { dir, leave: () => rmSync(dir, { recursive: true }) };
}

const { dir, leave } = modules();
try {
  await keys.load((name) => import(pathToFileURL(join(dir, 'node_modules', name))));
  const { checks, failures } = checkAll();
  console.log(`${checks} vectors checked, ${failures} not as expected`);
  if (failures > 0 || checks < 550) process.exitCode = 1;
} finally {
  leave();
}
