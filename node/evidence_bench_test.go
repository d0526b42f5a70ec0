//go:build linux

package node_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

var (
	objectSize = flag.Int64("object", 8<<30, "bytes of the large object that is measured")
	smallCount = flag.Int("small", 10_000, "small objects, of 4 KiB")
)

// The targets of evidence.
const (
	rawShare    = 0.70            // of raw QUIC on the same machine, at least
	peakTarget  = 160 << 20       // bytes that a node's memory may ever take
	resumeAfter = 2 * time.Second // at most, after a kill
)

const (
	provider      protocol.ParticipantID = "us.contoso"
	smallSize                            = 4 << 10
	firstObject                          = 1 << 30 // bytes of the object before the large one
	besideMost                           = 8 << 30 // bytes that go by other means, at most
	fetchPatience                        = 2 * time.Hour
	look                                 = 50 * time.Millisecond
)

// A moved object says how long it took.
type moved struct {
	Size     int64
	TakeIn   time.Duration // until it was sealed and synced at the provider
	Transfer time.Duration // until all its blocks were verified and synced at the authority
	Compare  time.Duration // from then until its content was compared with what was signed

	// What CPU time that took: the transfer, of the provider's node and of the
	// authority's.
	TakeInWork, CompareWork time.Duration
	TransferWork            [2]time.Duration
}

// evidence does the orders that are about evidence.
func (e *end) evidence(ctx context.Context, o order) (report, error) {
	began := time.Now()
	r := report{Case: o.Case}
	var err error
	switch o.Do {
	case "ask":
		var drafts []desk.Draft
		if drafts, err = e.draft(ctx, 1); err == nil {
			r.Case = drafts[0].Case
			_, err = e.submit(ctx, drafts[0])
		}
	case "certify":
		err = e.speak(ctx, o.Case, protocol.Body{Certification: &protocol.Certification{
			Invokes: true, Contact: "desk", Targeting: "procedure 1"}})
	case "take in":
		r.Objects, err = e.takeIn(ctx, o)
	case "disclose":
		err = e.speak(ctx, o.Case, protocol.Body{Disclosure: &protocol.Disclosure{
			Status: protocol.ProductionPartial, Objects: o.Objects}})
	case "some":
		r.Have, err = e.some(ctx, o.Case, o.Size)
	case "fetch":
		r.Landed, r.Work, err = e.fetch(ctx, o.Case)
	default:
		return e.liveProduct(ctx, o)
	}
	r.Took = time.Since(began)
	return r, err
}

// speak submits an act of a case that an officer of this home signs, as soon as the
// case is here and takes it, and waits for its receipts.
func (e *end) speak(ctx context.Context, id protocol.CaseID, b protocol.Body) error {
	lock, err := e.home.Lock("")
	if err != nil {
		return err
	}
	officer, err := home.ReadOfficer(filepath.Join(e.home.Dir, "officer.key"), lock)
	if err != nil {
		return err
	}
	patience := time.Now().Add(20 * time.Second)
	for {
		p, err := e.node.Prepare(ctx, desk.Draft{Case: id, Body: b})
		if err != nil && time.Now().Before(patience) {
			time.Sleep(look)
			continue
		}
		if err != nil {
			return err
		}
		p.Statement.Signed = time.Now().UTC().Truncate(time.Second)
		endorsement, err := officer.Endorse(p.Statement)
		if err != nil {
			return err
		}
		_, err = e.submit(ctx, desk.Draft{Case: id, Body: p.Body, Endorsements: []protocol.Endorsement{endorsement}})
		return err
	}
}

// takeIn takes in objects of pseudo-random bytes, several at a time if they are many.
func (e *end) takeIn(ctx context.Context, o order) ([]protocol.Object, error) {
	for patience := time.Now().Add(20 * time.Second); ; time.Sleep(look) { // the certification comes
		_, err := e.node.Case(ctx, o.Case)
		if err == nil {
			break
		}
		if time.Now().After(patience) {
			return nil, err
		}
	}
	objects := make([]protocol.Object, o.Count)
	next, failed := make(chan int, o.Count), make(chan error, many)
	for i := range objects {
		next <- i
	}
	close(next)
	workers := min(o.Count, max(1, o.InFlight))
	for range workers {
		go func() {
			var err error
			for i := range next {
				if err == nil {
					objects[i], err = e.node.TakeIn(ctx, o.Case, desk.Intake{Name: fmt.Sprintf("object-%d-%d.bin", o.Size, i),
						MediaType: "application/octet-stream"}, io.LimitReader(filler(byte(i), byte(i>>8), byte(o.Size>>20)), o.Size))
				}
			}
			failed <- err
		}()
	}
	var err error
	for range workers {
		err = errors.Join(err, <-failed)
	}
	return objects, err
}

// filler returns bytes that do not repeat and cost little.
func filler(seed ...byte) io.Reader {
	var key [32]byte
	copy(key[:], seed)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right size
	}
	return cipher.StreamReader{S: cipher.NewCTR(block, make([]byte, aes.BlockSize)), R: zeros{}}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// fetch waits until the evidence of a case is complete. It returns when the last
// block was here, and when all was compared.
func (e *end) fetch(ctx context.Context, id protocol.CaseID) (landed, work [2]time.Duration, err error) {
	for patience := time.Now().Add(20 * time.Second); ; time.Sleep(look) { // the disclosure comes
		v, err := e.node.Evidence(ctx, id)
		if err == nil && len(v.Items) > 0 {
			break
		}
		if time.Now().After(patience) {
			return landed, work, errors.Join(err, errors.New("nothing was disclosed"))
		}
	}
	if _, err = e.node.Fetch(ctx, id, desk.Fetch{}); err != nil {
		return landed, work, err
	}
	began, idle := time.Now(), spent()
	for pause := look; time.Since(began) < fetchPatience; time.Sleep(pause) {
		asked := time.Now()
		v, err := e.node.Evidence(ctx, id)
		if err != nil {
			return landed, work, err
		}
		pause = max(look, 4*time.Since(asked)) // to look at very many is work, too
		moving := slices.ContainsFunc(v.Items, func(i desk.EvidenceItem) bool {
			return i.State == desk.EvidenceFetching || i.State == desk.EvidenceWaiting
		})
		if !moving && landed[0] == 0 {
			landed[0], work[0] = time.Since(began), spent()-idle
		}
		if !slices.ContainsFunc(v.Items, func(i desk.EvidenceItem) bool { return i.State != desk.EvidenceComplete }) {
			landed[1], work[1] = time.Since(began), spent()-idle
			return landed, work, nil
		}
		for _, i := range v.Items {
			if i.State == desk.EvidenceDamaged {
				return landed, work, errors.New("evidence is damaged")
			}
		}
	}
	return landed, work, errors.New("the evidence does not come")
}

// some fetches until more than so many bytes of a case's evidence are here, at least
// 64 MiB, and returns how many.
func (e *end) some(ctx context.Context, id protocol.CaseID, more int64) (int64, error) {
	for patience := time.Now().Add(time.Minute); time.Now().Before(patience); time.Sleep(look / 10) {
		v, err := e.node.Evidence(ctx, id)
		if err != nil || len(v.Items) == 0 {
			continue
		}
		if v.Items[0].State == desk.EvidenceWaiting && more == 0 {
			if _, err := e.node.Fetch(ctx, id, desk.Fetch{}); err != nil {
				return 0, err
			}
		}
		if have := v.Items[0].Have; have > max(more, 64<<20) {
			return have, nil
		}
	}
	return 0, errors.New("the evidence does not come")
}

// TestMeasureEvidence measures objects on their way from a provider to an
// authority, each node a process of its own, beside raw QUIC and rsync.
func TestMeasureEvidence(t *testing.T) {
	if !*measuring {
		return // make bench runs it
	}
	p := newPair(t, "evidence")
	p.holder = startEnd(t, p.world.Home(provider).Dir, "evidence-provider")
	var large []moved
	for _, size := range []int64{firstObject, *objectSize} {
		say("an object of %d MiB", size>>20)
		large = append(large, p.move(t, size, 1))
		p.peaks = append(p.peaks, [2]int64{p.holder.memory(t, "VmHWM"), p.to.memory(t, "VmHWM")})
	}
	say("the same over raw QUIC, by rsync over ssh, and only written")
	f := evidenceFloor{size: min(*objectSize, besideMost)}
	f.raw = rawQUIC(t, f.size)
	f.joined = rawQUIC(t, f.size, "-rawjoined")
	f.rsync, f.noRsync = rsync(t, f.size)
	var err error
	if f.written, err = written(t.TempDir(), firstObject); err != nil {
		t.Fatal(err)
	}
	say("%d objects of 4 KiB", *smallCount)
	small := p.moveSmall(t, *smallCount)
	if f.synced, err = syncedWrites(t.TempDir(), smallSize); err != nil {
		t.Fatal(err)
	}
	say("live product, %d pieces of 4 KiB", livePieces)
	ages := p.live(t)
	p.to.stop(t) // whoever is killed leaves no profile
	p.to = startEnd(t, p.world.Home(receiver).Dir, p.name+"-killed")
	resumed := p.resume(t, firstObject)

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	p.printLarge(w, large)
	f.print(w, large[len(large)-1])
	fmt.Fprintf(w, "%d objects of 4 KiB taken in; fetched and compared\t%.0f/s; %.0f/s\tsynced writes of 4 KiB one by one: %.0f/s\n",
		*smallCount, float64(*smallCount)/small.TakeIn.Seconds(), float64(*smallCount)/small.Compare.Seconds(), f.synced)
	fmt.Fprintf(w, "live product, from the feed to the authority's disk: p50, p99\t%v, %v\t%s\n",
		percentile(ages, 50).Round(100*time.Microsecond), percentile(ages, 99).Round(100*time.Microsecond),
		met(percentile(ages, 99) < liveTarget, "p99 < 1 s"))
	fmt.Fprintf(w, "after a kill of the authority's node in the middle: until bytes flow again\t%v\t%s\n",
		resumed.Round(time.Millisecond), met(resumed <= resumeAfter, "2 s"))
}

// perSecond is a rate in MB/s, and perGiB is CPU time in seconds.
func perSecond(size int64, d time.Duration) float64 { return float64(size) / d.Seconds() / 1e6 }
func perGiB(size int64, d time.Duration) float64    { return d.Seconds() * (1 << 30) / float64(size) }

func (p *pair) printLarge(w io.Writer, large []moved) {
	for i, m := range large {
		fmt.Fprintf(w, "%d MiB taken in (sealed, hashed, synced)\t%.0f MB/s\t%.2f CPU s/GiB\n", m.Size>>20,
			perSecond(m.Size, m.TakeIn), perGiB(m.Size, m.TakeInWork))
		fmt.Fprintf(w, "%d MiB transferred (verified, synced at both ends)\t%.0f MB/s\tprovider %.2f, authority %.2f CPU s/GiB\n",
			m.Size>>20, perSecond(m.Size, m.Transfer), perGiB(m.Size, m.TransferWork[0]), perGiB(m.Size, m.TransferWork[1]))
		fmt.Fprintf(w, "%d MiB compared with what was signed\t%.0f MB/s\t%.2f CPU s/GiB\n", m.Size>>20,
			perSecond(m.Size, m.Compare), perGiB(m.Size, m.CompareWork))
		fmt.Fprintf(w, "peak memory: provider, authority\t%d, %d MiB\t%s\n", p.peaks[i][0]>>20, p.peaks[i][1]>>20,
			met(max(p.peaks[i][0], p.peaks[i][1]) < peakTarget, "less than 160 MiB"))
	}
}

// move has an object of a size go from the provider to the authority.
func (p *pair) move(t *testing.T, size int64, count int) moved {
	t.Helper()
	id := p.ask(t)
	m := moved{Size: size}
	before := p.holder.do(t, order{Do: "spent"}).CPU
	taken := p.holder.do(t, order{Do: "take in", Case: id, Size: size, Count: count, InFlight: many})
	m.TakeIn, m.TakeInWork = taken.Took, taken.CPU-before
	p.disclose(t, id, taken.Objects)
	before = p.holder.do(t, order{Do: "spent"}).CPU
	came := p.to.do(t, order{Do: "fetch", Case: id})
	lent := p.holder.do(t, order{Do: "spent"}).CPU - before
	m.Transfer, m.Compare = came.Landed[0], came.Landed[1]-came.Landed[0]
	m.TransferWork, m.CompareWork = [2]time.Duration{lent, came.Work[0]}, came.Work[1]-came.Work[0]
	return m
}

// ask has the police ask and the office certify, and returns the case.
func (p *pair) ask(t *testing.T) protocol.CaseID {
	t.Helper()
	id := p.from.do(t, order{Do: "ask"}).Case
	p.to.do(t, order{Do: "certify", Case: id})
	return id
}

// disclose has the provider disclose objects, as many as go into one act at a time.
func (p *pair) disclose(t *testing.T, id protocol.CaseID, objects []protocol.Object) {
	t.Helper()
	for some := range slices.Chunk(objects, protocol.MaxObjects) {
		p.holder.do(t, order{Do: "disclose", Case: id, Objects: some})
	}
}

// moveSmall has many small objects go, as many in one case as its acts can name.
func (p *pair) moveSmall(t *testing.T, count int) moved {
	t.Helper()
	m := moved{Size: smallSize}
	const each = casefile.MaxHanded
	for left := count; left > 0; left -= each {
		one := p.move(t, smallSize, min(left, each))
		m.TakeIn += one.TakeIn
		m.Compare += one.Transfer + one.Compare
	}
	return m
}

// resume kills the authority's node when some of an object is there, and measures
// from its start until more of it is.
func (p *pair) resume(t *testing.T, size int64) time.Duration {
	t.Helper()
	id := p.ask(t)
	taken := p.holder.do(t, order{Do: "take in", Case: id, Size: size, Count: 1})
	p.disclose(t, id, taken.Objects)
	fetching := order{Do: "some", Case: id}
	before := p.to.do(t, fetching).Have
	p.to.cmd.Process.Kill()
	p.to.cmd.Wait()
	began := time.Now()
	p.to = startEnd(t, p.world.Home(receiver).Dir, p.name+"-resumed")
	after := p.to.do(t, order{Do: "some", Case: id, Size: before}).Have
	took := time.Since(began)
	if after <= before {
		t.Fatalf("had %d bytes before the kill, and %d after it", before, after)
	}
	return took
}
