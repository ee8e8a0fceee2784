// Kube-types prints what the Go types of the Kubernetes API say about their
// stored form, and makes values to test a reader of that form with.
//
//	kube-types table                    every kind and type, one line each
//	kube-types vectors SEED COUNT       COUNT filled objects of every kind, one JSON line each
//	kube-types strings SEED COUNT       strings and numbers, and the YAML that kubectl writes for them
//	kube-types decode                   objects of standard input (base64, one a line) as JSON
//	kube-types sealed SEED COUNT        COUNT encrypted values of each provider, with their keys
//
// The version is that of the module file it is built with.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"sort"
	"strconv"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgo "k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
)

func main() {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	switch command := argument(1); command {
	case "table":
		writeTable(out)
	case "vectors":
		writeVectors(out, number(2), number(3))
	case "strings":
		writeStrings(out, number(2), number(3))
	case "decode":
		writeDecoded(os.Stdin, out)
	case "sealed":
		writeSealed(out, number(2), number(3))
	default:
		fail("kube-types: unknown command %q; it is one of table, vectors, strings, decode, sealed", command)
	}
}

func argument(index int) string {
	if index < len(os.Args) {
		return os.Args[index]
	}
	return ""
}

func number(index int) int64 {
	value, err := strconv.ParseInt(argument(index), 10, 64)
	if err != nil {
		fail("kube-types: argument %d must be a number", index)
	}
	return value
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(2)
}

func check(err error) {
	if err != nil {
		fail("kube-types: %v", err)
	}
}

// Every kind that an API server of Kubernetes itself stores, and a few that it
// only answers with.
func builtInScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	check(clientgo.AddToScheme(scheme))
	check(apiextensionsv1.AddToScheme(scheme))
	check(apiextensionsv1beta1.AddToScheme(scheme))
	check(apiregistrationv1.AddToScheme(scheme))
	check(apiregistrationv1beta1.AddToScheme(scheme))
	return scheme
}

type storedKind struct {
	gvk    schema.GroupVersionKind
	goType reflect.Type
}

var objectMetaType = reflect.TypeFor[metav1.ObjectMeta]()

func storedKinds(scheme *runtime.Scheme) []storedKind {
	var kinds []storedKind
	for gvk, goType := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || goType.Kind() != reflect.Struct {
			continue
		}
		meta, found := goType.FieldByName("ObjectMeta")
		if !found || meta.Type != objectMetaType || !isProtobuf(goType) {
			continue
		}
		kinds = append(kinds, storedKind{gvk, goType})
	}
	sort.Slice(kinds, func(a, b int) bool { return kinds[a].gvk.String() < kinds[b].gvk.String() })
	return kinds
}

func isProtobuf(goType reflect.Type) bool {
	_, found := reflect.PointerTo(goType).MethodByName("MarshalToSizedBuffer")
	return found
}

// "1.34.4" for k8s.io/api v0.34.4.
func kubernetesVersion() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, module := range info.Deps {
			if module.Path == "k8s.io/api" && len(module.Version) > 2 {
				return "1" + module.Version[2:]
			}
		}
	}
	fail("kube-types: built without the version of k8s.io/api")
	return ""
}
