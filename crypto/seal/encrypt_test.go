package seal

import (
	"bytes"
	"strings"
	"testing"
)

// TestCiphertextThatIsNotBoundToItsKeyAndRecipientsIsRefused plays the sender
// who encrypts correctly but binds something else. AES-GCM alone would let him
// make one envelope that two recipients open to two contents.
func TestCiphertextThatIsNotBoundToItsKeyAndRecipientsIsRefused(t *testing.T) {
	key, err := GenerateOpenKey()
	if err != nil {
		t.Fatal(err)
	}
	content, other := bytes.Repeat([]byte{1}, contentKeySize), bytes.Repeat([]byte{2}, contentKeySize)
	r, err := encryptKey(content, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	list := []recipient{r}
	for name, c := range map[string]struct {
		binding []byte
		want    error
	}{
		"bound":              {bind(content, encodeRecipients(list)), nil},
		"other content key":  {bind(other, encodeRecipients(list)), ErrOpen},
		"other recipients":   {bind(content, encodeRecipients([]recipient{r, r})), ErrOpen},
		"nothing":            {make([]byte, bindingSize), ErrOpen},
		"binding of no size": {nil, ErrOpen},
	} {
		e := &envelope{typ: "test", iv: make([]byte, ivSize), binding: c.binding}
		e.address(list)
		e.encryptContent(content, []byte("content"))
		if _, err := Open("test", e.encode(), key); err != c.want {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestEnvelopeThatItsSenderWroteInAnotherFormIsRefused plays the sender who
// authenticates a form that is not the one: Open must not come to the point
// where the authentication would save it.
func TestEnvelopeThatItsSenderWroteInAnotherFormIsRefused(t *testing.T) {
	e := &envelope{typ: "test", binding: make([]byte, bindingSize), iv: make([]byte, ivSize)}
	for i := range MaxRecipients + 1 {
		e.recipients = append(e.recipients, recipient{kid: [32]byte{byte(i)}})
	}
	e.tag = make([]byte, tagSize)
	with := func(list []recipient) string {
		altered := *e
		altered.address(list)
		return string(altered.encode())
	}
	good := with(e.recipients[:2])
	header := base64url.EncodeToString([]byte(protectedEnvelopeHeader("test")))
	headerIs := func(text string) string {
		return strings.Replace(good, header, base64url.EncodeToString([]byte(text)), 1)
	}
	if _, ok := readEnvelope([]byte(good)); !ok {
		t.Fatal("the form that is right is refused")
	}
	if _, ok := readEnvelope([]byte(with(e.recipients[:MaxRecipients]))); !ok {
		t.Error("MaxRecipients are refused")
	}
	for name, bad := range map[string]string{
		"nobody":              with(nil),
		"too many":            with(e.recipients),
		"descending":          with([]recipient{e.recipients[1], e.recipients[0]}),
		"twice":               with([]recipient{e.recipients[0], e.recipients[0]}),
		"header and bytes":    headerIs(protectedEnvelopeHeader("test") + " "),
		"header with zip":     headerIs(`{"enc":"A256GCM","typ":"test","zip":"DEF"}`),
		"header with crit":    headerIs(`{"crit":["typ"],"enc":"A256GCM","typ":"test"}`),
		"header reversed":     headerIs(`{"typ":"test","enc":"A256GCM"}`),
		"type with an escape": headerIs(`{"enc":"A256GCM","typ":"t\u0065st"}`),
		"comma at the end":    strings.Replace(good, `}}]`, `}},]`, 1),
		"tag of another size": strings.Replace(good, `"tag":"AA`, `"tag":"AAAAAA`, 1),
		"iv of another size":  strings.Replace(good, `"iv":"AA`, `"iv":"AAAAAA`, 1),
		"aad of another size": strings.Replace(good, `"aad":"AA`, `"aad":"AAAAAA`, 1),
		"iv missing":          strings.Replace(good, `"iv":"AAAAAAAAAAAAAAAA",`, ``, 1),
	} {
		if bad == good {
			t.Fatalf("%s: the case alters nothing", name)
		}
		if _, ok := readEnvelope([]byte(bad)); ok {
			t.Errorf("%s: the form is accepted", name)
		}
	}
}
