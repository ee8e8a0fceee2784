package main

import (
	"context"
	"crypto/aes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"

	"k8s.io/apiserver/pkg/storage/value"
	aesvalue "k8s.io/apiserver/pkg/storage/value/encrypt/aes"
	"k8s.io/apiserver/pkg/storage/value/encrypt/secretbox"
)

type sealedVector struct {
	Provider string `json:"provider"`
	KeyName  string `json:"keyName"`
	Secret   []byte `json:"secret"`
	EtcdKey  string `json:"etcdKey"`
	Plain    []byte `json:"plain"`
	Value    []byte `json:"value"`
}

// Values sealed by the API server's own transformers, which take their nonces
// from the system: two runs print different lines.
func writeSealed(out io.Writer, seed, count int64) {
	random := rand.New(rand.NewSource(seed))
	encoder := json.NewEncoder(out)
	for index := range count {
		for _, provider := range []string{"aescbc", "aesgcm", "secretbox"} {
			secret := make([]byte, 32)
			if provider != "secretbox" {
				secret = make([]byte, []int{16, 24, 32}[index%3])
			}
			random.Read(secret)
			plain := append([]byte("k8s\x00"), make([]byte, random.Intn(int(1+index*7)))...)
			random.Read(plain[4:])
			name := fmt.Sprintf("key%d", index)
			etcdKey := fmt.Sprintf("/registry/secrets/default/name-%d", index)
			prefix := "k8s:enc:" + provider + ":v1:" + name + ":"
			transformer := value.NewPrefixTransformers(nil, value.PrefixTransformer{Prefix: []byte(prefix), Transformer: cipherOf(provider, secret)})
			sealed, err := transformer.TransformToStorage(context.Background(), plain, value.DefaultContext(etcdKey))
			check(err)
			check(encoder.Encode(sealedVector{provider, name, secret, etcdKey, plain, sealed}))
		}
	}
}

func cipherOf(provider string, secret []byte) value.Transformer {
	if provider == "secretbox" {
		return secretbox.NewSecretboxTransformer([32]byte(secret))
	}
	block, err := aes.NewCipher(secret)
	check(err)
	if provider == "aescbc" {
		return aesvalue.NewCBCTransformer(block)
	}
	transformer, err := aesvalue.NewGCMTransformer(block)
	check(err)
	return transformer
}
