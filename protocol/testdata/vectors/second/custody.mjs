// The chain of custody in the terms of CASE and UCO (SPEC.md §14.2).
import { canonical, digestOf, sha256, utf8 } from './bytes.mjs';

const uco = 'https://ontology.unifiedcyberontology.org/uco/';
const context = {
  kb: 'http://comity.example/kb/', 'case-investigation': 'https://ontology.caseontology.org/case/investigation/',
  'uco-action': uco + 'action/', 'uco-core': uco + 'core/', 'uco-identity': uco + 'identity/',
  'uco-observable': uco + 'observable/', 'uco-tool': uco + 'tool/', 'uco-types': uco + 'types/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};

// name is that of a node: what it is about decides it.
function name(kind, ...about) {
  const u = sha256(utf8(canonical([kind, ...about]))).subarray(0, 16);
  u[6] = (u[6] & 15) | 128;
  u[8] = (u[8] & 63) | 128;
  const h = u.toString('hex');
  return `kb:${kind}-${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

const time = (t) => ({ '@type': 'xsd:dateTime', '@value': t });
const ref = (id) => ({ '@id': id });
const fileName = (o) => name('file', o.tree, o.sha512, o.name);

function file(o) {
  return { '@id': fileName(o), '@type': 'uco-observable:File', 'uco-core:hasFacet': [
    { '@id': name('file-facet', o.tree, o.name), '@type': 'uco-observable:FileFacet',
      'uco-observable:fileName': o.name, 'uco-observable:sizeInBytes': o.size },
    { '@id': name('content-data-facet', o.tree, o.sha512, o.media_type), '@type': 'uco-observable:ContentDataFacet',
      ...(o.media_type !== '' && { 'uco-observable:mimeType': o.media_type }), 'uco-observable:sizeInBytes': o.size,
      'uco-observable:hash': [{ '@id': name('hash', o.tree, o.sha512), '@type': 'uco-types:Hash', 'uco-types:hashMethod': 'SHA512',
        'uco-types:hashValue': { '@type': 'xsd:hexBinary', '@value': o.sha512 } }] }] };
}

// handovers returns an act and those that it carries, if there are objects in one.
export function handovers(bytes, open) {
  const out = [];
  let objects = [];
  for (let next = bytes; next;) {
    const { act, payload } = open(next), { disclosure, relay, interception } = act.body;
    const inner = relay?.act ?? disclosure?.origin;
    objects = disclosure?.objects ?? (interception?.product ? [interception.product] : []);
    out.push({ act, digest: digestOf(payload), kind: Object.keys(act.body)[0] });
    next = inner && utf8(canonical(inner));
  }
  return objects.length === 0 ? [] : out.map((h) => ({ ...h, objects }));
}

// custodyOf tells it from the index, what each act hands over, and the times of the records.
export function custodyOf(index, handed, times) {
  const graph = [], seen = new Set(), here = [];
  const waiting = new Set(index.evidence.filter((e) => e.standing === 'here').map((e) => e.tree));
  const add = (node) => {
    if (!seen.has(node['@id'])) graph.push(node);
    seen.add(node['@id']);
    return ref(node['@id']);
  };
  const organisation = (id) => ({
    'uco-action:performer': add({ '@id': name('organization', id), '@type': 'uco-identity:Organization', 'uco-core:name': id }),
    'uco-action:instrument': add({ '@id': name('tool', id), '@type': 'uco-tool:Tool', 'uco-core:name': `Comity node of ${id}` }),
  });
  const action = (id, word, members) => add({ '@id': id, '@type': 'case-investigation:InvestigativeAction', 'uco-core:name': word, ...members });
  const list = (key, refs) => refs.length > 0 ? { [key]: refs } : {};

  const handOver = ({ act, digest, kind, objects }, carrier) => {
    const who = organisation(act.from), files = [], records = [];
    objects.forEach((o, i) => {
      const f = add(file(o));
      files.push(f);
      if (o.collected) {
        action(name('collected', o.tree, o.collected), 'collected', { 'uco-action:startTime': time(o.collected),
          'uco-action:performer': who['uco-action:performer'], 'uco-action:result': [f] });
      }
      if (waiting.delete(o.tree)) here.push(f);
      records.push(add({ '@id': name('provenance-record', digest, o.tree), '@type': 'case-investigation:ProvenanceRecord',
        'case-investigation:exhibitNumber': `${digest.slice(7, 15)}-${i + 1}`,
        'uco-core:description': `as ${act.from} signed it in the ${kind} ${digest}`, 'uco-core:object': [f] }));
    });
    action(name('disclosed', digest), 'disclosed', { ...who, 'uco-action:startTime': time(act.issued),
      'uco-core:description': `${kind} to ${act.to.join(', ')}, in the act ${digest}` +
        (carrier === digest ? '' : `, which the act ${carrier} carries`),
      'uco-action:object': files, 'uco-action:result': records });
  };
  const receipt = ({ digest, objects }, by, at) => {
    action(name('receipted', digest, by), 'receipted', { ...organisation(by), 'uco-core:description': `the act ${digest}`,
      'uco-action:startTime': time(at), 'uco-action:object': objects.map((o) => ref(fileName(o))) });
  };

  for (const e of index.acts) {
    const chain = handed.get(e.digest), proof = (by) => times[`proofs/${e.digest.slice(7)}.${by}.tlog-proof`];
    if (chain.length === 0) continue;
    for (const h of [...chain].reverse()) handOver(h, e.digest);
    if (chain[0].act.from !== index.exporter) receipt(chain[0], index.exporter, proof(index.exporter));
    for (const r of e.receipts) receipt(chain[0], r.from, proof(r.from));
  }
  action(name('exported', index.case, index.exporter, index.exported), 'exported', { ...organisation(index.exporter),
    'uco-action:startTime': time(index.exported), ...list('uco-action:object', here) });
  return { '@context': context, '@graph': [{ '@id': name('investigation', index.case), '@type': 'case-investigation:Investigation',
    'uco-core:name': index.case, 'uco-core:object': graph.map((n) => ref(n['@id'])) }, ...graph] };
}
