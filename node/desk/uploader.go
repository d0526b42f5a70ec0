package desk

import (
	"net/http"
	"strings"
	"time"

	"comity.example/protocol"
)

// refusedPatience bounds how long somebody whose request is refused may still send it.
const refusedPatience = 10 * time.Second

// A Pass says what an uploader may do.
type Pass struct {
	// Uploader is its name. It finds the uploads that it began; "" finds all.
	Uploader string
	// Case is the only one that it uploads to; "" is any.
	Case protocol.CaseID
	// Check returns a Problem once the pass no longer stands. nil: it always does.
	Check func() error
}

// Uploaders lets whoever holds an uploader's token upload to n, and do nothing else.
// who returns the pass of such a token, or a Problem; nil, nil for every other
// token, with which a request goes on to next.
func Uploaders(n Uploader, who func(token string) (*Pass, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		pass, err := who(token)
		switch {
		case err != nil:
			refuse(w, err)
		case pass == nil:
			next.ServeHTTP(w, r)
		default:
			uploadsOnly(n, *pass).ServeHTTP(w, r)
		}
	})
}

// uploadsOnly serves the uploads of a pass. There is nothing else behind it.
func uploadsOnly(n Uploader, pass Pass) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/cases/{case}/uploads/", func(w http.ResponseWriter, r *http.Request) {
		if pass.Case != "" && r.PathValue("case") != string(pass.Case) {
			refuse(w, &Problem{http.StatusForbidden, "this token uploads to another case",
				"a token for this one: comity uploader new NAME --case CASE"})
			return
		}
		n.Uploads(pass).ServeHTTP(w, r)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, &Problem{http.StatusForbidden, "this token uploads evidence, and opens nothing else",
			"uploads go to /v1/cases/CASE/uploads/"})
	})
	return mux
}

// Strangers refuses all who hold no token that opens anything where uploads alone
// are served.
func Strangers() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, &Problem{http.StatusUnauthorized, "the token is missing or wrong",
			"send an uploader's token as a bearer token: comity uploader new makes one"})
	})
}

// refuse answers with a Problem, and does not wait for the rest of the request.
func refuse(w http.ResponseWriter, err error) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(refusedPatience)) // where there is one to set
	w.Header().Set("Connection", "close")
	fail(w, err)
}
