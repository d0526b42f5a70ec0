package vectors_test

import (
	"comity.example/protocol/canon"
)

// canonArea holds JSON texts, without a schema: which bytes are canonical.
func (w world) canonArea() area {
	text := func(name, expect, about, body string) recipe {
		return recipe{name, expect, about, nil, func() []byte { return []byte(body) }}
	}
	raw := func(name, expect, about, body string) recipe {
		return recipe{name, expect, about, []field{{"form", "hex"}}, func() []byte { return []byte(body) }}
	}
	return area{"canon", []recipe{
		text("empty-object", "valid", "an object without members", `{}`),
		text("order", "valid", "members in the order of their names", `{"a":1,"aa":2,"b":{"c":[true,false,null]}}`),
		raw("order-utf16", "valid", "members in the order of UTF-16, which is not that of UTF-8 (RFC 8785, 3.2.3)",
			"{\"\U0001f600\":1,\"\ufb33\":2}"),
		text("escapes", "valid", "the escapes that JSON demands, and no other", `{"a":"\"\\\b\f\n\r\t\u0001/é€"}`),
		text("numbers", "valid", "numbers as ECMAScript writes them", `[0,-1,4294967296,1e+21,0.000001,1e-7]`),
		raw("not-normalised", "valid", "texts are compared byte for byte: Unicode is not normalised",
			"{\"a\":\"e\u0301\"}"),

		text("space", "malformed", "a space after a colon", `{"a": 1}`),
		text("line-end", "malformed", "a line feed behind the value", "{\"a\":1}\n"),
		text("unsorted", "malformed", "members out of order", `{"b":1,"a":2}`),
		text("duplicate", "malformed", "a member twice", `{"a":1,"a":1}`),
		text("trailing", "malformed", "a second value", `{"a":1}{}`),
		text("cut", "malformed", "the last byte is missing", `{"a":1`),
		text("escaped-slash", "malformed", "an escape that need not be", `{"a":"\/"}`),
		text("escaped-letter", "malformed", "a letter as an escape", `{"a":"\u0061"}`),
		text("escape-capitals", "malformed", "hexadecimal digits of an escape in capitals", `{"a":"\u001F"}`),
		text("number-fraction", "malformed", "an integer with a fraction", `{"a":1.0}`),
		text("number-exponent", "malformed", "an integer with an exponent", `{"a":1e1}`),
		text("number-minus-zero", "malformed", "minus zero", `{"a":-0}`),
		text("number-leading-zero", "malformed", "a zero before a number", `{"a":01}`),
		text("comment", "malformed", "a comment", `{"a":1/**/}`),
		raw("byte-order-mark", "malformed", "a byte order mark", "\xef\xbb\xbf{\"a\":1}"),
		raw("invalid-utf8", "malformed", "a byte that is not UTF-8", "{\"a\":\"\xff\"}"),
		raw("overlong-utf8", "malformed", "a slash in two bytes", "{\"a\":\"\xc0\xaf\"}"),
		raw("raw-control", "malformed", "a control character that is not escaped", "{\"a\":\"\x01\"}"),
		text("lone-surrogate", "malformed", "half of a surrogate pair", `{"a":"\ud800"}`),
		text("empty", "malformed", "nothing at all", ""),
	}, func(_ world, v *vector) string {
		var any any
		if canon.Decode(v.body, &any) != nil {
			return "malformed"
		}
		return "valid"
	}}
}
