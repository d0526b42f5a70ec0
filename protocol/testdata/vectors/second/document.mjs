// Agreements, as far as the vectors' own documents need a reader: a few lines
// of YAML in the style in which they are written, not YAML (SPEC.md §7.1).
const dates = ['signed', 'ratified', 'in_force', 'left', 'expires', 'ended'];

const day = (text) => (text ? Date.parse(text + 'T00:00:00Z') / 1000 : undefined);

// flow reads what stands in braces: {party: DE, in_force: 2021-01-01}.
const flow = (text) => Object.fromEntries([...text.matchAll(/([a-z_]+): ([^,}]+|\[[^\]]*\])/g)].map((m) => [m[1], m[2].trim()]));

// section returns the indented lines under a member of the document.
const section = (yaml, name) => new RegExp(`^${name}:\\n((?:  .*\\n)*)`, 'm').exec(yaml)?.[1] ?? '';

function parties(yaml, line) {
  if (line === 'any party') return { every: true, members: [] };
  const items = line ? line.replace(/[[\]]/g, '').split(', ') : section(yaml, 'parties').match(/- .*/g).map((x) => x.slice(2));
  return { every: false, members: items.map((x) => (x.startsWith('{') ? flow(x) : { party: x })) };
}

export function readDocument(bytes) {
  const yaml = bytes.toString('utf8');
  const line = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(yaml)?.[1].replaceAll('"', '');
  const lists = [...section(yaml, 'offence_lists').matchAll(/- id: (\S+)\n((?:    .*\n)*)/g)]
    .map((m) => ({ id: m[1], codes: [...m[2].matchAll(/{code: ([a-z0-9_]+)/g)].map((c) => c[1]) }));
  return {
    id: line('id'), version: line('version'), kind: line('kind'), status: line('status'), lists,
    ...Object.fromEntries(dates.map((d) => [d, day(line(d))])), ...parties(yaml, line('parties')),
    deletions: section(yaml, 'deletions').split('\n').filter((x) => x.includes('{')).map(flow),
    barred: section(yaml, 'barred_grounds').split('\n').filter((x) => x.includes('{')).map(flow),
  };
}

export const has = (doc, party) => doc.every || doc.members.some((m) => m.party === party);
export const governs = (doc, from, to) => doc.kind !== 'domestic_law' && from !== to && has(doc, from) && has(doc, to);

const reached = (when, at) => when !== undefined && at >= when;

// standsFor says whether a document is in force for each of the Parties.
export function standsFor(doc, at, ...of) {
  const stood = ['in_force', 'suspended', 'lapsed', 'terminated'].includes(doc.status);
  const begun = doc.kind === 'courtesy' || reached(doc.in_force, at);
  return stood && begun && !reached(doc.expires, at) && !reached(doc.ended, at) && of.every((party) => {
    if (doc.every) return true;
    const m = doc.members.find((x) => x.party === party);
    if (!m) return false;
    return Object.keys(m).length === 1 || (reached(day(m.in_force), at) && !reached(day(m.left), at));
  });
}

// deletionsFor are what a document says of a reason for a deletion, by a Party.
export const deletionsFor = (doc, { reason, by }) => doc.deletions.filter((t) => t.reasons === `[${reason}]` &&
  (!t.from || t.from === 'any party' || t.from === by));

// bars says whether the document bars a ground of refusal in a direction.
export const bars = (doc, ground, from, to, otherTreaty) => doc.barred.some((b) => b.ground === ground &&
  (!b.only || !otherTreaty) &&
  [[b.from, from], [b.to, to]].every(([want, party]) => !want || want === 'any party' || want === party));
