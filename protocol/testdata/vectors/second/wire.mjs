// Frames (SPEC.md §10). A reader that throws on every byte that is not spoken for.
import { refuse } from './bytes.mjs';

const bad = (why) => refuse('refused', why);
const need = (test, why) => { if (!test) bad(why); };
const MiB = 1 << 20, proof = 16 << 10, block = 1049656;
const visible = (b) => b.every((c) => c > 0x20 && c < 0x7f);

// Each message: its name, the least and greatest size of its body, and what
// else must be true of it.
const messages = {
  1: ['deliver', 2, 1 + MiB, (b) => need(b[0] <= 1, 'lane')],
  2: ['receipt', 1, proof, () => {}],
  3: ['refusal', 5, 4 + proof + (64 << 10), (b) => {
    const n = b.readUInt32BE(0);
    need(n > 0 && n <= proof && n <= b.length - 4 && b.length - 4 - n <= 64 << 10, 'proof');
  }],
  4: ['busy', 4, 4, (b) => need(b.readUInt32BE(0) <= 3600000, 'an hour')],
  5: ['publish', 2, 1 + 15 * MiB, (b) => {
    need(b[0] >= 1 && b[0] <= 4 && (b[0] === 1 || b.length <= 1 + MiB), 'kind or length');
  }],
  6: ['pull', 33, 33 + 128, (b) => need(b[0] >= 1 && b[0] <= 4 && visible(b.subarray(33)), 'kind or name')],
  7: ['nothing', 0, 0, () => {}],
  8: ['checkpoint-query', 8, 8, () => {}],
  9: ['checkpoint-answer', 2, 1 + 64 * 32 + (8 << 10), (b) => {
    const left = b.length - 1 - 32 * b[0];
    need(b[0] <= 64 && left > 0 && left <= 8 << 10, 'hashes');
  }],
  10: ['ping', 16, 16, () => {}],
  11: ['pong', 24, 24, (b) => need(b.readBigUInt64BE(16) <= 253402300799n, 'year')],
  12: ['holdings-query', 65, 65, (b) => need(b[0] === 2 || b[0] === 3, 'kind')],
  13: ['holdings-answer', 32, 1024 * 32, (b) => {
    need(b.length % 32 === 0, 'digests');
    for (let i = 32; i < b.length; i += 32) {
      need(b.compare(b, i, i + 32, i - 32, i) < 0, 'order');
    }
  }],
  14: ['block-query', 72, 72, () => {}],
  15: ['block', 2, 1 + 64 * 32 + block, (b) => {
    const left = b.length - 1 - 32 * b[0];
    need(b[0] <= 64 && left > 0 && left <= block, 'hashes');
  }],
  16: ['share-query', 64, 64, () => {}],
  17: ['share', 32, 32, () => {}],
  18: ['segment-query', 40, 40, () => {}],
  19: ['segment', 1, 262472, () => {}],
};

// readStream returns the name of the one message that a stream holds.
export function readStream(bytes) {
  need(bytes.length >= 5, 'header');
  const [name, least, most, check] = messages[bytes[0]] ?? bad('type');
  const size = bytes.readUInt32BE(1), body = bytes.subarray(5);
  need(size >= least && size <= most && body.length === size, 'length');
  check(body);
  return name;
}
