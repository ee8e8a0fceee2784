package main

import (
	"encoding/json"
	"io"
	mathrand "math/rand"
	"strings"

	"sigs.k8s.io/yaml"
)

// What YAML could take for something else, what it must quote, and what it folds.
var awkward = []string{
	"", "a", "app", "true", "false", "yes", "No", "on", "OFF", "y", "n", "null", "~", "Null", "1", "-1", "+1", "0x1f", "0o17", "017", "0b11", "1_000",
	"1.0", "1e3", ".5", "5.", ".inf", "-.INF", ".nan", "1:30", "12:30:45", "2020-01-02", "2020-01-02T03:04:05Z", "=", "<<", "-", "- a", "a: b", "a:b", "a:",
	":a", "a #b", "a#b", "#a", "? a", "?a", "[a]", "{a}", "a,b", ",a", "a]", "!x", "&x", "*x", "|x", ">x", "'x'", "\"x\"", "%x", "@x", "`x`", "---", "...", "--- a",
	" lead", "trail ", "tab\tin", "\ttab", "two  spaces", "line\nline", "line\n", "line\n\n", "\nline", "line\n  indented\nback\n", "  first indented\nx\n",
	"trailing space \nnext\n", "crlf\r\nline", "ls\u2028x", "bom\ufeffx", "\u00e9t\u00e9", "\u65e5\u672c", "\U0001f600", "bell\a", "nul\x00", "esc\x1b[0m",
	"back\\slash", "it's", "a'b\"c", "0", "00", "0.0", "-0", "1e", "e1", "0x", "1.2.3", "10.0.0.1", "1.5Gi", "100m", "v1.34.4", "sha256:abc", "k8s.io/name",
	"__proto__", "constructor", "9", "10", "a1", "a10", "a9", "A", "B", "Ab", "a-b", "a.b", "a_b", "f:metadata", "k:{\"port\":80}", ".", "..", "NaN", "Infinity", "0.1e+5", "1E3", "+.5", "190:20:30.15",
	"a very long sentence that goes on for well over eighty characters so that the writer must fold it somewhere in the middle of it",
	"a very long sentence: that goes on for well over eighty characters so that the writer must fold it somewhere in the middle of it",
	"a very long sentence\tthat goes on for well over eighty characters so that the writer must fold it somewhere in the middle of it \a",
	"averylongwordwithoutaspaceaverylongwordwithoutaspaceaverylongwordwithoutaspaceaverylongwordwithoutaspaceaverylongwordwithoutaspace",
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"a name\",\"namespace\":\"default\"},\"data\":{\"key\":\"a value\"}}\n",
}

func (f *filler) text() string {
	switch f.random.Intn(10) {
	case 0, 1, 2, 3, 4:
		return pick(f.random, awkward...)
	case 5:
		return pick(f.random, awkward...) + pick(f.random, " ", "\n", ": ", "\n\n", "", "/") + pick(f.random, awkward...)
	default:
		return pick(f.random, "app", "web", "etcd", "node", "cp") + pick(f.random, "-", "", ".", "/") + pick(f.random, "1", "x", "server", "2a")
	}
}

// JSON lines of {"json": VALUE, "yaml": what kubectl prints for it}.
func writeStrings(out io.Writer, seed, count int64) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	filler := &filler{random: mathrand.New(mathrand.NewSource(seed)), density: 0.5}
	write := func(value any) {
		written, err := json.Marshal(value)
		check(err)
		printed, err := yaml.JSONToYAML(written)
		if err != nil {
			return // kubectl cannot print it either
		}
		check(encoder.Encode(map[string]any{"json": json.RawMessage(written), "yaml": string(printed)}))
	}
	for _, text := range awkward {
		write(map[string]any{text: text, "list": []any{text, []any{text}, map[string]any{text: []string{text}}}, "deep": map[string]any{"deep": text}})
	}
	for range count {
		write(filler.tree(0))
	}
}

func (f *filler) tree(depth int) any {
	switch choice := f.random.Intn(12); {
	case choice < 3 && depth < 6:
		result := map[string]any{}
		for range f.random.Intn(6) {
			result[f.noise()] = f.tree(depth + 1)
		}
		return result
	case choice < 5 && depth < 6:
		result := []any{}
		for range f.random.Intn(4) {
			result = append(result, f.tree(depth+1))
		}
		return result
	case choice == 5:
		return f.integer()
	case choice == 6:
		return f.float()
	case choice == 7:
		return pick[any](f.random, nil, true, false)
	default:
		return f.noise()
	}
}

// Half of it text of f.text, half any mixture of what matters to a YAML writer.
func (f *filler) noise() string {
	if f.random.Intn(2) == 0 {
		return f.text()
	}
	var text strings.Builder
	for range f.random.Intn(pick(f.random, 4, 12, 60, 200)) {
		text.WriteString(pick(f.random, "a", "b", "Z", "0", "7", " ", " ", "  ", "\n", "\t", ":", ": ", "#", " #", "-", "'", "\"", "\\", ",", "[", "]", "{", "}", "word ", "another ", "\u00e9", "\u2028", "\x01", "\U0001f600", "?", "!", "&", "*", "%", "@", "`", "|", ">", "=", "~", ".", "\r"))
	}
	return text.String()
}
