package main

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// maxWidth is how many characters a line of text takes.
const maxWidth = 100

// words joins the words of a closed list.
func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// day writes the day of a time.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// moment writes a time as acts carry it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// table writes rows whose cells stand in columns.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	t.Flush() // errors stay in the bufio.Writer under w
}

// hang writes a first word and, beside it, a text that is wrapped and safe to show,
// whoever it is from.
func hang(w io.Writer, first, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	line := first
	for i, word := range strings.Fields(shown(text)) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > maxWidth {
			fmt.Fprintln(w, line)
			line = indent
		} else if i > 0 {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// field writes a name and what stands under it, in the column of all fields.
func field(w io.Writer, name, text string) {
	if text != "" {
		hang(w, fmt.Sprintf("%-10s ", name), text)
	}
}

// shown makes a text from a peer safe for a terminal: no control characters,
// and nothing that turns the direction of writing.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !strconv.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// nearest returns the word that a person probably meant: the first that at most
// two letters more, less or other make of what was written.
func nearest(written string, among []string) string {
	for typos := range 3 {
		for _, word := range among {
			if distance(written, word) == typos && typos < len(word)/2 {
				return word
			}
		}
	}
	return ""
}

// distance is how many letters must be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

// readMoment reads a time that a flag names.
func readMoment(ctx *kong.DecodeContext, target reflect.Value) error {
	var s string
	if err := ctx.Scan.PopValueInto("time", &s); err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("%q: want a time such as 2026-11-22T10:00:00Z", s)
	}
	target.Set(reflect.ValueOf(t))
	return nil
}

// parseUntil reads a day, or a number of days from now.
func parseUntil(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 3650 {
			return now.AddDate(0, 0, n), nil
		}
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, s); err == nil && t.After(now) {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, badInput(fmt.Sprintf("%q: want a day in the future such as 2027-11-22, or 365d", s), "")
}

// readSpan reads a duration, or a number of days.
func readSpan(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	return time.ParseDuration(s)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
