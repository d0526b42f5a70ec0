package desk_test

import (
	"net/http"
	"testing"

	"comity.example/node/desk"
)

// TestAnEmptyAnswerArrives: the handler is done before anybody has looked.
func TestAnEmptyAnswerArrives(t *testing.T) {
	c := http.Client{Transport: desk.InProcess{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}}
	for range 20_000 {
		r, err := c.Get("http://node/")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
}
