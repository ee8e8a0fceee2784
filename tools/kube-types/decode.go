package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	kubejson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// For each line of base64 one of JSON: {"json": the object} as Kubernetes reads
// it from protobuf, or {"error": why it does not}.
func writeDecoded(in io.Reader, out io.Writer) {
	scheme := builtInScheme()
	stored := protobuf.NewSerializer(scheme, scheme)
	text := kubejson.NewSerializerWithOptions(kubejson.DefaultMetaFactory, scheme, scheme, kubejson.SerializerOptions{})
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		value, err := base64.StdEncoding.DecodeString(lines.Text())
		check(err)
		written, err := decodeOne(stored, text, value)
		if err != nil {
			check(encoder.Encode(map[string]string{"error": err.Error()}))
			continue
		}
		check(encoder.Encode(map[string]json.RawMessage{"json": written}))
	}
	check(lines.Err())
}

func decodeOne(stored, text runtime.Serializer, value []byte) (written []byte, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	object, err := runtime.Decode(stored, value)
	if err != nil {
		return nil, err
	}
	return runtime.Encode(text, object)
}
