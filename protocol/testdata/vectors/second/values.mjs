// What the variables of expressions stand for (SPEC.md §8.5), computed from a
// request and what is known of it.
import { seconds, categories, partyOf } from './shape.mjs';

const zero = '0001-01-01T00:00:00Z';
const once = (list) => [...new Set(list)];
// Of lengths of which one is not known the longest is not known.
const longest = (lengths) => (lengths.includes(0) ? 0 : Math.max(...lengths));

const days = (from, to) => (from && to ? Math.ceil(Math.max(seconds(to) - seconds(from), 0) / 86400) : 0);
const independent = (kind) => ['judge', 'court', 'investigating_judge'].includes(kind);
const codes = (list) => (list ?? []).map((a) => a.statement);

export const lawOf = (standing) => [partyOf(standing.id), ...(standing.also_under ?? [])];

export function notifiedRoles(facts) {
  const told = (facts.notified ?? []).filter((p) => partyOf(p.id) === partyOf(facts.addressee.id) && p.id !== facts.addressee.id);
  return once(told.flatMap((p) => p.roles));
}

function shape({ nationalities, resident_in, incorporated_in, government_of }) {
  const kinds = [];
  if (nationalities || resident_in) kinds.push('person');
  if (incorporated_in) kinds.push('organisation');
  if (government_of) kinds.push('public_authority');
  return kinds.length === 1 ? kinds[0] : '';
}

// valuesOf returns every variable. The document is the one that governs.
export function valuesOf(r, facts, document, otherTreaty) {
  const { offence: o, target: t, authorisation: a, secrecy = {}, sentence = {}, service = {}, interception: w = {} } = r;
  const c = facts.certification, addresses = r.identifiers.filter((x) => x.type === 'ip');
  const v = {
    at: facts.at, 'issuing.party': partyOf(facts.issuing.id), 'issuing.roles': facts.issuing.roles,
    'receiving.party': partyOf(facts.addressee.id), 'addressee.roles': facts.addressee.roles,
    'addressee.law': lawOf(facts.addressee), 'notified.roles': notifiedRoles(facts),
    'sender.party': partyOf(facts.sender.id), 'sender.roles': facts.sender.roles,
    'officer.present': 'officer' in facts, 'officer.roles': facts.officer?.roles ?? [],
    'certification.present': c !== undefined, 'certification.party': c ? partyOf(c.by.id) : '',
    'certification.roles': c?.by.roles ?? [], 'certification.invokes': c?.invokes ?? false,
    'certification.contact': c?.contact ?? '', 'certification.targeting': c?.targeting ?? '',
    certified: codes(c?.attestations), attested: codes(r.attestations),
    'agreement.id': document?.id ?? '', 'agreement.kind': document?.kind ?? '', 'treaty.other': otherTreaty,
    'authorisation.kind': a.kind, 'authorisation.independent': independent(a.kind),
    'authorisation.judicial': independent(a.kind) || independent(a.validated_by?.kind),
    'authorisation.validated_by': a.validated_by?.kind ?? '', 'authorisation.unvalidated': a.unvalidated ?? false,
    'authorisation.date': a.date,
    'interception.start': w.start ?? zero, 'interception.end': w.end ?? zero, 'interception.days': days(w.start, w.end),
    'interception.less_intrusive_considered': w.less_intrusive_considered ?? false,
    'offence.listed_in': (document?.lists ?? []).filter((l) => l.codes.includes(o.category)).map((l) => l.id),
    'secrecy.requested': 'secrecy' in r, 'secrecy.grounds': secrecy.grounds ?? [], 'secrecy.ends': 'until' in secrecy,
    'secrecy.days': days(facts.issued, secrecy.until),
    'target.shape': shape(t),
  };
  const either = { text: '', list: [], number: 0, flag: false };
  const take = (prefix, from, kind, names) => { for (const n of names.split(' ')) v[`${prefix}.${n}`] = from[n] ?? either[kind]; };
  take('offence', o, 'number', 'max_custody_months receiving_max_custody_months');
  take('offence', o, 'flag', 'death_penalty speech by_information_system fiscal political military');
  take('offence', o, 'list', 'committed_in lists');
  take('offence', o, 'text', 'category');
  take('sentence', sentence, 'number', 'months');
  take('sentence', sentence, 'flag', 'in_absentia absconded');
  take('service', service, 'text', 'class capacity capacity_reason');
  take('target', t, 'text', 'located_in incorporated_in government_of');
  take('target', t, 'list', 'nationalities resident_in protected');
  return Object.assign(v, {
    'request.type': r.type, 'request.categories': categories.filter((x) => r.data.some((d) => d.category === x)),
    'request.identifier_count': r.identifiers.length, 'request.identifiers_typed': r.identifiers.length > 0,
    'request.identifier_types': once(r.identifiers.map((x) => x.type)),
    'request.ip_without_time': addresses.some((x) => !('seen' in x)),
    'request.emergency': r.emergency?.kind ?? '', 'request.issued': facts.issued,
    'request.related': (r.related ?? []).map((x) => x.relation), 'request.proceedings': r.proceedings ?? '',
    'request.languages': r.languages ?? [], 'request.range_days': longest(r.data.map((d) => days(d.from, d.to))),
    'request.range_end': r.data.map((d) => d.to).sort((a, b) => seconds(a) - seconds(b)).at(-1),
    'request.has_purpose': r.purpose !== '', 'request.has_deadline': 'deadline' in r,
    ...Object.fromEntries(['facts', 'nexus', 'promise', 'procedure'].map((n) => [`request.has_${n}`, n in r])),
  });
}
