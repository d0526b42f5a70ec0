package draft

import "strings"

// members are the names of members where the variable's is another, "" where
// nearly every rule looks at it. It is never written to.
var members = map[string]string{
	"request.type":                           "",
	"request.categories":                     "",
	"request.range_days":                     "data",
	"request.identifier_count":               "identifiers",
	"request.identifiers_typed":              "identifiers",
	"request.identifier_types":               "identifiers",
	"request.ip_without_time":                "identifiers",
	"request.issued":                         "",
	"request.emergency":                      "emergency",
	"request.has_facts":                      "facts",
	"request.has_nexus":                      "nexus",
	"request.has_promise":                    "promise",
	"request.has_deadline":                   "deadline",
	"request.has_purpose":                    "purpose",
	"request.has_procedure":                  "procedure",
	"secrecy.requested":                      "secrecy",
	"secrecy.grounds":                        "secrecy",
	"secrecy.ends":                           "secrecy.until",
	"secrecy.days":                           "secrecy.until",
	"offence.listed_in":                      "offence.category",
	"sentence.months":                        "sentence",
	"sentence.in_absentia":                   "sentence",
	"sentence.absconded":                     "sentence",
	"target.shape":                           "target.nationalities",
	"interception.days":                      "interception.end",
	"interception.less_intrusive_considered": "interception.less_intrusive_considered",
	"authorisation.independent":              "authorisation.kind",
	"authorisation.judicial":                 "authorisation.kind",
}

// memberOf returns the member of a request that a variable speaks of, "" for
// what stands elsewhere.
func memberOf(variable string) string {
	if m, ok := members[variable]; ok {
		return m
	}
	group, name, _ := strings.Cut(variable, ".")
	switch group {
	case "request":
		return name
	case "offence", "target", "service", "interception", "authorisation":
		return variable
	}
	return ""
}
