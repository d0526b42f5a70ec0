package protocol

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// An IdentifierType says how the value of an Identifier is to be read.
type IdentifierType string

// The identifier types. The list is append-only.
const (
	IdentifierAccount IdentifierType = "account" // the provider's own account name or number
	IdentifierEmail   IdentifierType = "email"   // RFC 5322 addr-spec
	IdentifierPhone   IdentifierType = "phone"   // E.164, with "+"
	IdentifierIMEI    IdentifierType = "imei"    // 15 digits, the last a Luhn check digit (3GPP TS 23.003)
	IdentifierIMSI    IdentifierType = "imsi"    // 14 or 15 digits (3GPP TS 23.003)
	IdentifierIP      IdentifierType = "ip"      // address and port: "198.51.100.7:443"; the time stands in seen
	IdentifierURL     IdentifierType = "url"     // absolute, http or https
	IdentifierDevice  IdentifierType = "device"  // the provider's device number
	IdentifierMAC     IdentifierType = "mac"     // 48 or 64 bits: "02:00:5e:10:00:00"
	IdentifierDomain  IdentifierType = "domain"  // a DNS name in small letters (RFC 1035; IDNA in its ASCII form)
	IdentifierNumber  IdentifierType = "customer_number"
)

// MaxIdentifier bounds an identifier's value, in bytes.
const MaxIdentifier = 512

// An Identifier names what the data is filed under. It is what an order must
// be specific about, and what nothing in the clear may carry.
type Identifier struct {
	Type    IdentifierType `json:"type"`
	Value   string         `json:"value"`
	Service string         `json:"service,omitzero"` // the provider's service: "mail"
	// Seen is when an IP address was used: addresses pass from user to user,
	// and one may be shared by many.
	Seen time.Time `json:"seen,omitzero"`
}

var (
	phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	imsiForm  = regexp.MustCompile(`^[0-9]{14,15}$`)
	imeiForm  = regexp.MustCompile(`^[0-9]{15}$`)
	macForm   = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}((:[0-9a-f]{2}){2})?$`)

	// domainForm: the last label begins with a letter, so that no address is a name.
	domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

const maxDomain = 253 // bytes of a DNS name (RFC 1035, 2.3.4)

// Check reports whether the value is well formed for its type. The error
// names the type and the mend, never the value.
func (id *Identifier) Check() error {
	if id.Value == "" || len(id.Value) > MaxIdentifier || len(id.Service) > MaxReference {
		return fmt.Errorf("want a value of 1 to %d bytes and a service of at most %d",
			MaxIdentifier, MaxReference)
	}
	if err := optionalTime("seen", id.Seen); err != nil {
		return err
	}
	if id.Type != IdentifierIP && !id.Seen.IsZero() {
		return errors.New("seen: leave it out: only an IP address is somebody's for a time")
	}
	return id.checkValue()
}

func (id *Identifier) checkValue() error {
	switch id.Type {
	case IdentifierAccount, IdentifierDevice, IdentifierNumber:
		if strings.ContainsAny(id.Value, "*?%") || strings.TrimSpace(id.Value) != id.Value {
			return fmt.Errorf("%s: want one exact name, without wildcards or outer spaces", id.Type)
		}
	case IdentifierEmail:
		if a, err := mail.ParseAddress(id.Value); err != nil || a.Address != id.Value {
			return errors.New("email: want one bare address, such as name@example.com")
		}
	case IdentifierPhone:
		if !phoneForm.MatchString(id.Value) {
			return errors.New("phone: want E.164, such as +441632960961")
		}
	case IdentifierIMEI:
		if !imeiForm.MatchString(id.Value) || !luhn(id.Value) {
			return errors.New("imei: want 15 digits of which the last is the check digit")
		}
	case IdentifierIMSI:
		if !imsiForm.MatchString(id.Value) {
			return errors.New("imsi: want 14 or 15 digits")
		}
	case IdentifierIP:
		if _, err := netip.ParseAddrPort(id.Value); err != nil {
			return errors.New("ip: want address and port, such as 198.51.100.7:443")
		}
	case IdentifierURL:
		u, err := url.Parse(id.Value)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return errors.New("url: want an absolute http or https address")
		}
	case IdentifierMAC:
		if !macForm.MatchString(id.Value) {
			return errors.New("mac: want 6 or 8 bytes in small letters, such as 02:00:5e:10:00:00")
		}
	case IdentifierDomain:
		if len(id.Value) > maxDomain || !domainForm.MatchString(id.Value) {
			return errors.New("domain: want a full name in small letters, such as example.com")
		}
	default:
		return errors.New("type: want one of account, email, phone, imei, imsi, ip, url, device, mac, " +
			"domain, customer_number")
	}
	return nil
}

// luhn reports whether the last digit is the check digit of ISO/IEC 7812-1,
// annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
