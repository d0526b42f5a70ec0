package agreement_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/canon"
)

// words are what texts are drawn from: codes that mean something, and some that
// no parser would let through.
var words = []string{"", "production", "interception", "content_stored", "subscriber", "GB", "US", "gb.police",
	"us.office", "provider", "central", "judge", "follows", "sworn", "reciprocity_promise", "text-0", "1", "life",
	"\x00", "\xff\xfe", "</script>", "e\u0301"}

// scramble fills a value of any type.
func scramble(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(oneOf(t, "word", words...) + oneOf(t, "word", words...))
		if coin.Draw(t, "one word") {
			v.SetString(oneOf(t, "word", words...))
		}
	case reflect.Bool:
		v.SetBool(coin.Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint8: // of something signed or sealed
		v.SetUint(uint64(upTo(t, 255, "byte")))
	case reflect.Pointer:
		if coin.Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			scramble(t, v.Elem())
		}
	case reflect.Slice:
		for range upTo(t, 3, "items") {
			item := reflect.New(v.Type().Elem()).Elem()
			scramble(t, item)
			v.Set(reflect.Append(v, item))
		}
	case reflect.Array: // a digest
	case reflect.Func: // nobody knows the central authorities
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(anyMoment(t)))
			return
		}
		for i := range v.NumField() {
			scramble(t, v.Field(i))
		}
	default:
		t.Fatalf("nothing draws a %v", v.Type())
	}
}

func anyMoment(t *rapid.T) time.Time {
	return oneOf(t, "moment", time.Time{}, at("2021-01-01"), time.Unix(1<<60, 999), time.Unix(-1<<60, 0),
		at("2022-01-01").In(time.FixedZone("east", 3600)))
}

// Whatever it is asked, Decide answers, and says what it looked at.
func TestDecideAnswersWhateverItIsAsked(t *testing.T) {
	shipped := agreementtest.LibraryBook(t)
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		for _, book := range []*agreement.Book{w.book(r), shipped, new(agreement.Book)} {
			for range 3 {
				var s agreementtest.Scene
				scramble(r, reflect.ValueOf(&s).Elem())
				fit(r, &s)
				d := s.Decide(book)
				if len(d.Findings) == 0 || d.Verdict != protocol.Deny && s.Req.Addressee == "" {
					r.Fatalf("got %+v of %+v", d, s)
				}
				book.Notifies(&s.Req, s.Facts)
				if why := agreementtest.Unexplained(d); why != "" {
					r.Fatalf("%s: %+v", why, d)
				}
				canon.Encode(d) // has a form for what a request may hold, and no panic for the rest
			}
		}
	})
}

// fit lets the request through the first steps, so that the others are seen too.
func fit(t *rapid.T, s *agreementtest.Scene) {
	if !coin.Draw(t, "fit") {
		return
	}
	s.Req.Issuer, s.Req.Addressee = "gb.police", "us.office"
	s.Facts.Issuing.ID, s.Facts.Issuing.Party = s.Req.Issuer, "GB"
	s.Facts.Addressee = agreementtest.StandingOf(s.Req.Addressee, protocol.RoleProvider)
	s.Facts.Ref = protocol.AgreementRef{}
	s.Req.Type, s.Req.Data = protocol.Production, []protocol.DataItem{{Category: protocol.CategorySubscriber}}
}
