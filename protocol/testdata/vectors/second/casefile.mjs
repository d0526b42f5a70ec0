// The core of a case (SPEC.md §13): states, the table of turns, to whom an act goes,
// and questions. Written from the specification alone. An act is here what the
// walks say of it, by its number.

const states = ['requested', 'under_review', 'served', 'accepted', 'expired', 'refused', 'partly_produced', 'produced',
  'impossible', 'not_applicable', 'lifted', 'ground_raised', 'withdrawn', 'closed'];
const merge = (a, b) => (states.indexOf(b) > states.indexOf(a) ? b : a);
const asked = ['under_review', 'served', 'accepted', 'partly_produced'];
const begun = ['requested', ...asked];
const ended = states.filter((x) => !begun.includes(x) && x !== 'closed');
const heard = [...asked, ...ended];
const hasEnded = (state) => !begun.includes(state);

// The table: kind, word ('' is every other), parts, states, leads to.
const I = ['issuer', 'certifier'], D = ['addressee'], A = ['authority'];
const rows = [
  ['certification', '', ['certifier'], ['requested'], 'decision'],
  ['disclosure', '', D, asked, 'produced'],
  ['refusal', '', D, ['served', 'under_review', 'accepted'], 'refused'],
  ['refusal', '', A, [...asked, 'produced'], 'ground_raised'],
  ['withdrawal', '', I, [...begun, 'ground_raised'], 'withdrawn'],
  ['clarification', '', D, asked], ['clarification', '', A, heard], ['clarification', '', ['certifier'], ['requested']],
  ['reply', 'confirmed', I, begun, 'impossible'],
  ['reply', '', I, [...begun, 'produced', 'refused']],
  ['amendment', '', I, asked],
  ['objection', '', D, asked],
  ['determination', 'not_applicable', A, heard, 'not_applicable'],
  ['determination', 'lifted', [...I, ...D], asked, 'lifted'],
  ['determination', '', [...D, ...A], heard], ['determination', '', I, asked],
  ['acceptance', '', D, asked, 'accepted'], ['acceptance', '', A, heard], ['acceptance', '', I, heard],
  ['conditions', '', D, [...asked, 'produced']], ['conditions', '', A, heard],
  ['consultation', '', D, [...asked, 'produced']], ['consultation', '', A, heard],
  ['postponement', '', D, ['under_review', 'served', 'accepted']], ['challenge', '', D, ['under_review', 'served', 'accepted']],
  ['enforcement', '', I, [...asked, 'refused']],
  ['use', '', I, heard],
  ['response', '', I, asked],
  ['extension', '', [...I, ...D], asked], ['extension', '', A, heard],
  ['preservation', '', I, heard],
  ['secrecy', 'challenged', D, heard], ['secrecy', 'lifted', [...I, ...D, ...A], heard], ['secrecy', '', I, heard],
  ['notice', '', [...I, ...D], [...begun, ...ended]],
  ['validation', 'denied', I, [...begun, ...ended], 'withdrawn'], ['validation', 'lapsed', I, [...begun, ...ended], 'withdrawn'],
  ['validation', '', I, [...begun, ...ended]],
  ['interception', 'renewed', I, asked], ['interception', 'started', D, asked], ['interception', 'stopped', D, heard],
  ['costs', 'claimed', [...D, ...A], heard], ['costs', 'paid', [...I, ...D, ...A], heard], ['costs', '', I, heard],
  ['closure', '', I, [...begun, ...ended], 'closed'],
  ['deletion', '', [...I, ...D], [...heard, 'closed']],
];
const ownWay = ['request', 'certification', 'disclosure', 'relay', 'withdrawal', 'nondelivery'];
const questions = ['clarification', 'objection', 'conditions', 'postponement', 'consultation', 'challenge', 'enforcement', 'use'];
const answersOnly = ['reply', 'determination', 'response'];
const partyOf = (id) => id.slice(0, 2);

class Turn extends Error {}
const refuse = (reason) => { throw new Turn(reason); };

// settles: what answers a question, by the table of questions.
function settles(kind, word, q) {
  const objectsTo = q.kind === 'objection' ? q.word : '';
  switch (kind) {
    case 'reply':
      return (['clarification', 'consultation'].includes(q.kind) || objectsTo === 'issuer') &&
        (word !== 'waiver' || q.kind === 'consultation') && (word !== 'confirmed' || (q.kind === 'clarification' && q.word === 'impossible'));
    case 'amendment': return ['clarification', 'consultation', 'conditions'].includes(q.kind) || objectsTo === 'issuer';
    case 'objection': return objectsTo === 'issuer';
    case 'determination': {
      const by = { not_applicable: ['receiving_authority'], overruled: ['receiving_authority', 'court'],
        modified: ['receiving_authority', 'court'], lifted: ['court'], recognised: ['enforcement'],
        denied: ['enforcement', 'use'], allowed: ['use'] }[word];
      return by.includes(objectsTo || q.kind);
    }
    case 'acceptance': return ['conditions', 'postponement'].includes(q.kind);
    case 'refusal':
      return ['clarification', 'consultation', 'postponement', 'challenge', 'conditions'].includes(q.kind) || objectsTo === 'issuer';
    case 'response': return q.kind === 'challenge';
  }
  return false;
}

class Case {
  constructor(walk) {
    Object.assign(this, walk, { certifier: '', joined: [], thread: [], acts: new Map() });
  }

  has(id, ...roles) { return roles.some((r) => this.roles[id].includes(r)); }
  isAuthority(id) { return this.notified.includes(id) || this.joined.includes(id); }
  held(n) { return this.thread.some((e) => e.act === n || e.inner?.act === n); }

  parts(id, act) {
    const first = this.thread[0], out = [];
    if (id === this.issuer) out.push('issuer');
    const asCertifier = this.certifier === '' && id !== this.addressee && first.to.includes(id) && !this.isAuthority(id);
    if (id === this.certifier || asCertifier || (act.kind === 'certification' && this.certifier === '')) out.push('certifier');
    if (id === this.addressee) out.push('addressee');
    if (this.isAuthority(id)) out.push('authority');
    return out;
  }

  // behind: the entries that one holds who holds these acts: whole, or for what they carry.
  behind(follows) {
    const seen = new Set(follows), out = [];
    for (const e of [...this.thread].reverse()) {
      const whole = seen.has(e.act);
      if (!whole && !(e.inner && seen.has(e.inner.act))) continue;
      out.push([e, whole]);
      if (whole) e.follows.forEach((f) => seen.add(f));
      if (e.inner) [e.inner.act, ...e.inner.follows].forEach((f) => seen.add(f));
    }
    return out;
  }

  stood(act) {
    let state = '';
    for (const [e, whole] of this.behind(act.follows)) {
      state = merge(state, !whole && e.kind === 'certification' ? 'requested' : e.leads);
    }
    const answer = (kind) => kind === 'disclosure' || kind === 'refusal';
    if (answer(act.kind) && act.from === this.addressee) {
      for (const e of this.thread) {
        if ((answer(e.kind) && e.from === this.addressee) || (e.inner && answer(e.inner.kind))) state = merge(state, e.leads);
      }
    }
    return state;
  }

  issuing() { return [...new Set([this.certifier, this.issuer].filter((x) => x !== ''))]; }

  awaited(q) {
    const put = () => [this.joined, this.notified, [this.addressee]].map((ids) => q.to.filter((id) => ids.includes(id)))
      .find((ids) => ids.length > 0) ?? [];
    switch (q.kind) {
      case 'objection':
        if (q.word === 'receiving_authority') return put();
        if (q.word === 'court') return [q.from, ...this.issuing()];
        break;
      case 'postponement': return [q.from];
      case 'challenge': return this.issuing();
      case 'enforcement': case 'use': return put();
    }
    return this.issuing().filter((id) => id !== q.from);
  }

  mayAnswer(kind, q, self) {
    if (kind === 'refusal' || kind === 'objection') return q.from === self;
    if (kind === 'acceptance') {
      return q.from === self ? ['postponement', 'conditions'].includes(q.kind) : q.kind === 'conditions' && this.awaited(q).includes(self);
    }
    return this.awaited(q).includes(self);
  }

  unanswered(known) {
    const open = new Map(known.filter((e) => questions.includes(e.kind)).map((e) => [e.act, e]));
    for (const e of known) {
      if (e.kind === 'certification') {
        for (const [n, q] of open) if (q.kind === 'clarification' && q.from === e.from) open.delete(n);
      }
      for (const n of e.answers ?? []) {
        const q = open.get(n);
        if (q && settles(e.kind, e.word ?? '', q) && this.mayAnswer(e.kind, q, e.from)) open.delete(n);
      }
    }
    return open;
  }

  // open: what people are asked.
  open() {
    const out = {}, produced = this.state === 'produced';
    for (const [n, q] of this.unanswered(this.thread)) {
      const late = q.kind === 'use' || (q.kind === 'enforcement' && this.state === 'refused') ||
        (q.kind === 'consultation' && (produced || (this.state === 'refused' && this.isAuthority(q.from)))) ||
        (q.kind === 'conditions' && produced);
      if (this.state === 'closed' || (hasEnded(this.state) && !late)) continue;
      out[n] = this.awaited(q).sort();
    }
    return out;
  }

  circle(known) {
    const first = this.thread[0];
    if (first.leads === 'requested' && !known.some((e) => e.kind === 'certification')) {
      return new Set([this.issuer, first.from, ...first.to]);
    }
    return new Set([this.issuer, this.certifier, this.addressee, ...this.notified, ...known.flatMap((e) => e.joins)].filter((x) => x !== ''));
  }

  joins(act) {
    if (!(act.kind === 'enforcement' || act.kind === 'use' || (act.kind === 'objection' && act.word === 'receiving_authority'))) return [];
    return act.to.filter((id) => partyOf(id) === partyOf(this.addressee) && id !== this.addressee && !this.notified.includes(id));
  }

  order() { return (this.thread.find((e) => e.kind === 'certification') ?? this.thread[0]).act; }

  // take returns the state to which an act leads, '' for none.
  take(act) {
    const state = this.stood(act), word = act.word ?? '';
    if (act.kind === 'certification' && this.certifier === '' && act.carries !== this.thread[0].act) refuse('thread');
    const parts = this.parts(act.from, act), plays = (row) => row[2].some((p) => parts.includes(p));
    const own = word !== '' && rows.some((r) => r[0] === act.kind && r[1] === word);
    const mine = rows.filter((r) => r[0] === act.kind && r[1] === (own ? word : ''));
    if (mine.length === 0) refuse('out_of_turn');
    if (!mine.some(plays)) refuse('role');
    const row = mine.find((r) => plays(r) && r[3].includes(state));
    if (!row || (act.kind === 'certification' && this.certifier !== '')) refuse('out_of_turn');
    if (['objection', 'enforcement', 'use'].includes(act.kind)) {
      if (act.carries ? act.carries !== this.order() : this.joins(act).some((id) => !this.joined.includes(id))) refuse('thread');
    }
    const known = this.behind([...act.follows, ...(act.answers ?? [])]).filter(([, whole]) => whole).map(([e]) => e);
    const open = this.unanswered(known);
    this.toWhom(act, parts, known);
    this.answersOpen(act, open);
    this.guard({ act, word, row, parts, known, open: [...open.values()] });
    if (row[4] === 'decision') return act.decision;
    if (act.kind === 'disclosure' && word === 'partial') return 'partly_produced';
    return row[4] ?? '';
  }

  toWhom(act, parts, known) {
    const answer = act.kind === 'disclosure' || act.kind === 'refusal';
    if (answer && parts.includes('addressee')) {
      if (act.to.length !== 1 || act.to[0] !== (this.certifier || this.issuer)) refuse('wrong_recipient');
      return;
    }
    if (ownWay.includes(act.kind)) return;
    const want = this.circle(known);
    if ([...want].some((id) => id !== act.from && !act.to.includes(id)) ||
      act.to.some((id) => !want.has(id) && (partyOf(id) !== partyOf(this.addressee) || id === this.addressee))) refuse('wrong_recipient');
  }

  answersOpen(act, open) {
    const answers = act.answers ?? [];
    if (answers.length === 0 && answersOnly.includes(act.kind)) refuse('question_not_open');
    for (const n of answers) {
      let q = open.get(n);
      if (!q && (act.kind === 'refusal' || act.kind === 'objection')) {
        q = this.thread.find((e) => e.act === n && e.from === act.from && questions.includes(e.kind));
      }
      if (!q || !settles(act.kind, act.word ?? '', q) || !this.mayAnswer(act.kind, q, act.from)) refuse('question_not_open');
    }
  }

  guard(st) {
    const { act, word, row, parts, known, open } = st, said = (kind) => known.filter((e) => e.kind === kind);
    const official = this.has(act.from, 'central', 'designated', 'enforcing', 'point-of-contact-24/7');
    const isAuthority = parts.includes('authority'), official_ = () => { if (!official) refuse('role'); };
    switch (act.kind) {
      case 'acceptance':
        if (row[2] !== I) official_(); // whoever is both answers by the row of its state
        else if ((act.answers ?? []).length === 0) refuse('question_not_open');
        break;
      case 'postponement': case 'consultation': official_(); break;
      case 'conditions':
        if (isAuthority && act.partial && !this.notified.includes(act.from)) refuse('role');
        official_();
        break;
      case 'refusal':
        if (isAuthority && !parts.includes('addressee') && (!this.notified.includes(act.from) || !official)) refuse('role');
        if (act.reason === 'challenge_unanswered') {
          if (!open.some((q) => q.kind === 'challenge' && q.until <= act.issued)) refuse('question_not_open');
        } else if ((isAuthority || (official && !this.has(act.from, 'provider'))) && this.consult.includes('refusal') &&
          !said('consultation').some((e) => e.from === act.from)) refuse('consultation_missing');
        break;
      case 'determination':
        if (word === 'not_applicable') {
          if (!this.has(act.from, 'central', 'designated')) refuse('role');
        } else if (open.some((q) => act.answers.includes(q.act) && !(q.kind === 'objection' && q.word === 'court'))) official_();
        break;
      case 'disclosure': this.discloses(st); break;
      case 'amendment':
        if (act.version < Math.max(2, ...said('amendment').map((e) => e.version + 1))) refuse('not_narrower');
        break;
      case 'objection':
        if (word !== 'receiving_authority') break;
        if (!said('objection').some((e) => e.word === 'issuer' && e.from === act.from)) refuse('out_of_turn');
        // falls through: it goes to an authority
      case 'enforcement':
        if (this.joins(act).length === 0 && !act.to.some((id) => this.isAuthority(id))) refuse('wrong_recipient');
        break;
      case 'response':
        if (act.signer !== this.thread[0].signer) refuse('challenge_unanswered');
        break;
      case 'validation': {
        if (!this.unvalidated) refuse('out_of_turn');
        const over = ['granted', 'denied', 'lapsed', ...(word === 'lapsed' ? ['sought'] : [])];
        if (said('validation').some((e) => over.includes(e.word))) refuse('out_of_turn');
        break;
      }
      case 'interception':
        if (this.window.length === 0 || (word === 'started' && act.at < this.window[0]) ||
          (word !== 'stopped' && said('interception').some((e) => e.word === 'stopped'))) refuse('interception_limits');
        if (act.live) {
          const live = (w) => said('interception').some((e) => e.live && e.word === w);
          if (live(word) || (word === 'stopped' && !live('started'))) refuse('out_of_turn');
          if (word === 'started') {
            this.readable(act);
            this.nothingHolds(open);
          }
        }
    }
  }

  readable(act) {
    if ((act.readers ?? []).some((id) => id !== this.issuer && !act.to.includes(id))) refuse('wrong_recipient');
  }

  nothingHolds(open) {
    if (open.some((q) => q.kind === 'challenge')) refuse('challenge_unanswered');
    if (open.some((q) => q.kind === 'conditions' && q.partial)) refuse('notification_pending');
    if (open.some((q) => q.kind === 'objection' && q.word === 'court')) refuse('court_decision');
  }

  discloses({ act, word, known, open }) {
    this.readable(act);
    this.nothingHolds(open);
    if (this.window.length === 0) return;
    const taps = this.thread.filter((e) => e.kind === 'interception');
    const end = Math.max(this.window[1], ...taps.map((e) => e.until ?? 0));
    const stopped = known.some((e) => e.kind === 'interception' && e.word === 'stopped');
    if (act.issued < this.window[0] || (word === 'partial' && (stopped || act.issued >= end))) refuse('interception_limits');
  }

  // apply takes the next act, or throws the reason for which it is refused.
  apply(act) {
    this.acts.set(act.act, act);
    const inner = act.carries ? this.acts.get(act.carries) : undefined;
    if (this.thread.length === 0) {
      this.notified = act.to.filter((id) => id !== this.addressee && partyOf(id) !== partyOf(this.issuer));
      this.state = act.decision;
      this.thread.push({ ...act, leads: act.decision, joins: [] });
      return;
    }
    const relay = act.kind === 'relay', moves = relay ? inner : act;
    if (relay) {
      const toAll = !ownWay.includes(moves.kind) && !(moves.kind === 'refusal' && moves.from === this.addressee);
      if (this.parts(act.from, act).length === 0 || toAll) refuse('out_of_turn');
      if (this.thread.some((e) => e.kind === 'relay' && e.inner.act === moves.act)) refuse('thread');
    }
    for (const n of [...act.follows, ...(act.answers ?? []), ...moves.follows, ...(moves.answers ?? [])]) {
      if (!this.held(n)) refuse('early');
    }
    const leads = this.held(moves.act) ? '' : this.take(moves);
    const joins = this.joins(act);
    if (act.kind === 'certification') this.certifier = act.from;
    this.joined = [...new Set([...this.joined, ...joins])];
    this.thread.push({ ...act, leads, joins, inner: relay || act.kind === 'certification' ? inner : undefined });
    this.state = merge(this.state, leads);
  }
}

// replay walks a case, and returns what differs from what the walk says.
export function replay(walk) {
  const c = new Case(walk), wrong = [];
  for (const s of walk.steps) {
    let result;
    try {
      c.apply(s);
      result = c.state;
    } catch (e) {
      if (!(e instanceof Turn)) throw e;
      result = e.message;
    }
    const open = c.open(), keys = Object.keys({ ...open, ...s.open });
    const same = keys.every((n) => (open[n] ?? []).join() === (s.open[n] ?? []).join());
    if (result !== s.result || !same) wrong.push(`act ${s.act}, ${s.kind} ${s.word ?? ''} of ${s.from}: got ${result}, want ${s.result}` +
      (same ? '' : `; open ${JSON.stringify(open)}, want ${JSON.stringify(s.open)}`));
  }
  return wrong;
}
