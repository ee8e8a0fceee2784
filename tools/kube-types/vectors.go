package main

import (
	"encoding/json"
	"io"
	"math"
	"math/rand"
	"reflect"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubejson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

type vector struct {
	Kind  string          `json:"kind"`
	Value []byte          `json:"value"`
	JSON  json.RawMessage `json:"json"`
	YAML  string          `json:"yaml,omitempty"`
}

// Each vector: a typed object written to the stored form by Kubernetes' own
// serializer, read back by it, and written as JSON by its JSON serializer; the
// YAML is that JSON as kubectl prints it, absent where kubectl cannot. Of COUNT objects of a kind, the first
// has every field filled, the second none, the others some.
func writeVectors(out io.Writer, seed, count int64) {
	scheme := builtInScheme()
	stored := protobuf.NewSerializer(scheme, scheme)
	text := kubejson.NewSerializerWithOptions(kubejson.DefaultMetaFactory, scheme, scheme, kubejson.SerializerOptions{})
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for kindIndex, kind := range storedKinds(scheme) {
		for round := range count {
			filler := &filler{random: rand.New(rand.NewSource(seed*1_000_003 + int64(kindIndex)*1009 + round)), density: densityOf(round)}
			object := reflect.New(kind.goType)
			filler.fill(object.Elem(), 0)
			typed := object.Interface().(runtime.Object)
			typed.GetObjectKind().SetGroupVersionKind(kind.gvk)
			value, err := runtime.Encode(stored, typed)
			check(err)
			decoded, err := runtime.Decode(stored, value)
			check(err)
			written, err := runtime.Encode(text, decoded)
			check(err)
			printed, _ := yaml.JSONToYAML(sorted(written)) // fails as kubectl does where a string holds a control character
			check(encoder.Encode(vector{kind.gvk.GroupVersion().String() + " " + kind.gvk.Kind, value, json.RawMessage(written), string(printed)}))
		}
	}
}

func densityOf(round int64) float64 {
	switch round {
	case 0:
		return 1
	case 1:
		return 0
	default:
		return 0.15 + 0.2*float64(round%5)
	}
}

// As kubectl has it: an unstructured object.
func sorted(written []byte) []byte {
	var object map[string]any
	check(utiljson.Unmarshal(written, &object)) // integers as int64, all else as float64
	result, err := json.Marshal(object)
	check(err)
	return result
}

// Objects nest without end (schemas of CRDs); this deep they stop.
const depthMax = 9

// Of one object: with every field filled, a schema holds twenty others.
const schemasMax = 40

type filler struct {
	random  *rand.Rand
	density float64
	schemas int
}

func (f *filler) fill(value reflect.Value, depth int) {
	if f.fillSpecial(value, depth) {
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(f.text())
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32:
		value.SetInt(int64(int32(f.integer())))
	case reflect.Int64:
		value.SetInt(f.integer())
	case reflect.Float64:
		value.SetFloat(f.float())
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		if f.random.Float64() < 0.9 || f.density == 1 { // else: a pointer to a zero value
			f.fill(value.Elem(), depth)
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for range f.length() {
			key, item := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
			key.SetString(f.text())
			f.fill(item, depth+1)
			value.SetMapIndex(key, item)
		}
	case reflect.Slice:
		count := f.length()
		value.Set(reflect.MakeSlice(value.Type(), count, count))
		if value.Type().Elem().Kind() == reflect.Uint8 {
			f.random.Read(value.Bytes())
			return
		}
		for index := range count {
			f.fill(value.Index(index), depth+1)
		}
	case reflect.Struct:
		f.fillStruct(value, depth)
	default:
		fail("kube-types: no way to fill a %s", value.Type())
	}
}

func (f *filler) fillStruct(value reflect.Value, depth int) {
	if value.Type().Name() == "JSONSchemaProps" {
		if f.schemas++; f.schemas > schemasMax {
			return
		}
	}
	for index := range value.NumField() {
		if value.Type().Field(index).Type == reflect.TypeFor[metav1.TypeMeta]() {
			continue
		}
		if (depth > depthMax && !value.Type().Field(index).Anonymous) || f.random.Float64() >= f.density {
			continue
		}
		f.fill(value.Field(index), depth+1)
	}
}

func (f *filler) fillSpecial(value reflect.Value, depth int) bool {
	switch target := value.Addr().Interface().(type) {
	case *metav1.Time:
		*target = metav1.NewTime(f.time().Truncate(time.Second))
	case *metav1.MicroTime:
		*target = metav1.NewMicroTime(f.time())
	case *metav1.Duration:
		target.Duration = time.Duration(f.integer())
	case *metav1.FieldsV1:
		check(target.UnmarshalJSON([]byte(f.rawJSON())))
	case *resource.Quantity:
		*target = resource.MustParse(pick(f.random, "0", "1", "250m", "1500m", "1Gi", "1025Ki", "3e6", "0.5", "-7", "123456789012345678901", "1.5Gi", "2E", "100u", "1n"))
	case *intstr.IntOrString:
		if f.random.Intn(2) == 0 {
			*target = intstr.FromInt32(int32(f.integer()))
		} else {
			*target = intstr.FromString(f.text())
		}
	case *runtime.RawExtension:
		target.Raw = []byte(f.rawJSON())
	case *apiextensionsv1.JSON:
		target.Raw = []byte(f.rawJSON())
	case *apiextensionsv1beta1.JSON:
		target.Raw = []byte(f.rawJSON())
	case *apiextensionsv1.JSONSchemaPropsOrBool, *apiextensionsv1.JSONSchemaPropsOrArray, *apiextensionsv1.JSONSchemaPropsOrStringArray,
		*apiextensionsv1beta1.JSONSchemaPropsOrBool, *apiextensionsv1beta1.JSONSchemaPropsOrArray, *apiextensionsv1beta1.JSONSchemaPropsOrStringArray:
		f.fillOneOf(value, depth)
	default:
		return false
	}
	return true
}

func (f *filler) fillOneOf(value reflect.Value, depth int) {
	if depth > depthMax {
		return
	}
	field := value.Field(f.random.Intn(value.NumField()))
	f.fill(field, depth+2)
}

func (f *filler) length() int {
	if f.density == 1 {
		return 1
	}
	return f.random.Intn(4) // 0: an empty list, which the stored form cannot tell from none
}

func (f *filler) integer() int64 {
	return pick(f.random, 0, 1, -1, 7, 65535, math.MaxInt32, math.MinInt32, 1<<53-1, 1<<53, 1<<53+1, math.MaxInt64, math.MinInt64, f.random.Int63(), f.random.Int63n(100000))
}

func (f *filler) float() float64 {
	return pick(f.random, 0, 1, -1.5, 0.1, 1e21, 1e20, 123456789.125, 1e-7, 0.000001, 1e100, f.random.NormFloat64(), float64(f.random.Intn(1000)))
}

func (f *filler) time() time.Time {
	switch f.random.Intn(6) {
	case 0:
		return time.Unix(0, 0)
	case 1:
		return time.Unix(-1-f.random.Int63n(3e9), 5000)
	case 2:
		return time.Time{}
	default:
		return time.Unix(f.random.Int63n(4e9), f.random.Int63n(1e9))
	}
}

func (f *filler) rawJSON() string {
	return pick(f.random, `{}`, `null`, `[1,2.50,"<&>"]`, `{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}`, `{"b":[],"a":{"10":1,"9":-0.0,"2":1e3}}`,
		`"text"`, `true`, `-9223372036854775807`, `9007199254740993`, f.quoted(`{"__proto__":`, `}`))
}

func (f *filler) quoted(before, after string) string {
	text, err := json.Marshal(f.text())
	check(err)
	return before + string(text) + after
}

func pick[T any](random *rand.Rand, values ...T) T {
	return values[random.Intn(len(values))]
}
