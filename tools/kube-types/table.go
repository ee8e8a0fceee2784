package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Types whose JSON is not that of their fields. The reader knows each by name.
var specialTypes = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():                                       "@Time",
	reflect.TypeFor[metav1.MicroTime]():                                  "@MicroTime",
	reflect.TypeFor[metav1.Duration]():                                   "@Duration",
	reflect.TypeFor[metav1.FieldsV1]():                                   "@Raw",
	reflect.TypeFor[resource.Quantity]():                                 "@Quantity",
	reflect.TypeFor[intstr.IntOrString]():                                "@IntOrString",
	reflect.TypeFor[runtime.RawExtension]():                              "@Raw",
	reflect.TypeFor[apiextensionsv1.JSON]():                              "@Raw",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():             "@OrBool",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():            "@OrArray",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray]():      "@OrStrings",
	reflect.TypeFor[apiextensionsv1beta1.JSON]():                         "@Raw",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrBool]():        "@OrBool",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrArray]():       "@OrArray",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrStringArray](): "@OrStrings",
}

var jsonMarshaler = reflect.TypeFor[json.Marshaler]()

type table struct {
	lines map[reflect.Type]string
}

// Lines of the table:
//
//	version 1.34.4
//	kind apps/v1 Deployment deployments apps/v1.Deployment
//	type apps/v1.Deployment :0:meta/v1.TypeMeta metadata:1:meta/v1.ObjectMeta:e …
//
// A field is JSON-NAME:NUMBER:TYPE[:FLAGS]. No JSON name: its fields stand in
// its parent's JSON. Flags: e omitempty, z omitzero. Types: s string, b bool,
// i int32, l int64, d float64, y bytes, []T, {}T (map with string keys), *T,
// @Name (JSON of its own), NAME (a message).
func writeTable(out io.Writer) {
	scheme := builtInScheme()
	result := table{lines: map[reflect.Type]string{}}
	fmt.Fprintf(out, "version %s\n", kubernetesVersion())
	for _, kind := range storedKinds(scheme) {
		plural, _ := meta.UnsafeGuessKindToResource(kind.gvk)
		result.add(kind.goType)
		fmt.Fprintf(out, "kind %s %s %s %s\n", kind.gvk.GroupVersion(), kind.gvk.Kind, plural.Resource, typeName(kind.goType))
	}
	var lines []string
	for _, line := range result.lines {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}

func typeName(goType reflect.Type) string {
	parts := strings.Split(goType.PkgPath(), "/")
	return strings.Join(parts[len(parts)-2:], "/") + "." + goType.Name()
}

func (t *table) add(goType reflect.Type) {
	if _, found := t.lines[goType]; found {
		return
	}
	t.lines[goType] = "" // recursive types end here
	line := "type " + typeName(goType)
	for index := range goType.NumField() {
		field := goType.Field(index)
		if written := t.field(goType, field); written != "" {
			line += " " + written
		}
	}
	t.lines[goType] = line
}

func (t *table) field(owner reflect.Type, field reflect.StructField) string {
	where := typeName(owner) + "." + field.Name
	if field.Type == reflect.TypeFor[metav1.TypeMeta]() {
		return "" // not in a message; the envelope has it
	}
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	tag := strings.Split(field.Tag.Get("protobuf"), ",")
	if len(tag) < 2 {
		fail("kube-types: %s has no protobuf tag", where)
	}
	flags := ""
	for _, option := range strings.Split(options, ",") {
		switch option {
		case "omitempty":
			flags += "e"
		case "omitzero":
			if field.Type != reflect.TypeFor[metav1.Time]() {
				fail("kube-types: %s is omitzero; the reader knows that of a Time only", where)
			}
			flags += "z"
		case "inline", "":
		default:
			fail("kube-types: %s has the JSON option %q", where, option)
		}
	}
	if name == "" && !(field.Anonymous || strings.Contains(options, "inline")) {
		fail("kube-types: %s has no JSON name", where)
	}
	if name == "" && (!field.Anonymous || field.Type.Kind() != reflect.Struct) {
		fail("kube-types: %s is inline and not an embedded struct", where)
	}
	written := name + ":" + tag[1] + ":" + t.typeOf(where, field.Type)
	if flags != "" {
		written += ":" + flags
	}
	return written
}

func (t *table) typeOf(where string, goType reflect.Type) string {
	if special, found := specialTypes[goType]; found {
		if goType.Kind() == reflect.Struct && strings.HasPrefix(special, "@Or") {
			schema, _ := goType.FieldByName("Schema")
			t.add(schema.Type.Elem())
			return special + "(" + typeName(schema.Type.Elem()) + ")"
		}
		return special
	}
	if goType.Implements(jsonMarshaler) || (goType.Kind() != reflect.Pointer && reflect.PointerTo(goType).Implements(jsonMarshaler)) {
		if goType.Kind() != reflect.Pointer {
			fail("kube-types: %s has JSON of its own (%s)", where, goType)
		}
	}
	switch goType.Kind() {
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Int32:
		return "i"
	case reflect.Int64:
		return "l"
	case reflect.Float64:
		return "d"
	case reflect.Pointer:
		return "*" + t.typeOf(where, goType.Elem())
	case reflect.Map:
		if goType.Key().Kind() != reflect.String {
			fail("kube-types: %s is a map whose keys are not strings", where)
		}
		return "{}" + t.typeOf(where, goType.Elem())
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "y"
		}
		if isProtobuf(goType) { // a named list that is a message of its own: ExtraValue, Verbs
			if goType.Elem().Kind() != reflect.String {
				fail("kube-types: %s is a list of its own whose items are not strings", where)
			}
			return "@Strings"
		}
		return "[]" + t.typeOf(where, goType.Elem())
	case reflect.Struct:
		t.add(goType)
		return typeName(goType)
	default:
		fail("kube-types: %s has a type that no table line can say: %s", where, goType)
		return ""
	}
}
