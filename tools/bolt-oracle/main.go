// The judge of our bbolt code: bbolt itself, asked by a small program.
//
//	bolt-oracle check FILE            what bbolt's own check finds, as JSON
//	bolt-oracle dump FILE             every bucket with a hash of its content, one JSON line each
//	bolt-oracle make FILE OPTIONS     a file that a random run of transactions leaves behind
//
// Each runs in a process of its own with little memory, because bbolt panics,
// faults, recurses without end or asks for all memory on many damaged files.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"hash"
	"math/rand"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
)

type verdict struct {
	Kind     string   `json:"kind"` // good, errors, open-error, panic
	Messages []string `json:"messages"`
}

func main() {
	debug.SetPanicOnFault(true)
	debug.SetMaxStack(64 << 20)
	const addressSpace = 3 << 30
	fail(syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: addressSpace, Max: addressSpace}))
	if len(os.Args) < 3 {
		fail(fmt.Errorf("bolt-oracle check|dump|make FILE"))
	}
	switch os.Args[1] {
	case "check":
		// Seconds of processor time, not of the clock: the machine may be busy.
		const processorSeconds = 10
		fail(syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: processorSeconds, Max: processorSeconds}))
		time.AfterFunc(time.Minute, func() { os.Exit(4) }) // waiting for nothing: a goroutine of its died
		answer := check(os.Args[2])
		_ = json.NewEncoder(os.Stdout).Encode(answer)
		if answer.Kind != "good" {
			os.Exit(3)
		}
	case "dump":
		dump(os.Args[2])
	case "make":
		makeFile(os.Args[2], os.Args[3:])
	default:
		fail(fmt.Errorf("unknown command %s", os.Args[1]))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(path string) (answer verdict) {
	defer func() {
		if r := recover(); r != nil {
			answer = verdict{"panic", []string{fmt.Sprint(r)}}
		}
	}()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		return verdict{"open-error", []string{err.Error()}}
	}
	defer db.Close()
	answer = verdict{"good", []string{}}
	err = db.View(func(tx *bolt.Tx) error {
		for found := range tx.Check() {
			answer.Kind = "errors"
			if len(answer.Messages) < 20 {
				answer.Messages = append(answer.Messages, found.Error())
			}
		}
		return nil
	})
	fail(err)
	return answer
}

type bucketLine struct {
	Path     string `json:"path"` // names in hex, joined by /
	Count    int    `json:"count"`
	Sha256   string `json:"sha256"`
	Sequence uint64 `json:"sequence"`
}

func dump(path string) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	fail(err)
	defer db.Close()
	out := json.NewEncoder(os.Stdout)
	fail(db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return dumpBucket(out, hex.EncodeToString(name), b) })
	}))
}

func dumpBucket(out *json.Encoder, path string, b *bolt.Bucket) error {
	sum, count := sha256.New(), 0
	err := b.ForEach(func(k, v []byte) error {
		if v == nil {
			return nil
		}
		count++
		add(sum, k)
		add(sum, v)
		return nil
	})
	if err != nil {
		return err
	}
	if err := out.Encode(bucketLine{path, count, hex.EncodeToString(sum.Sum(nil)), b.Sequence()}); err != nil {
		return err
	}
	return b.ForEachBucket(func(k []byte) error { return dumpBucket(out, path+"/"+hex.EncodeToString(k), b.Bucket(k)) })
}

func add(sum hash.Hash, bytes []byte) {
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(bytes)))
	sum.Write(length[:])
	sum.Write(bytes)
}

func makeFile(path string, args []string) {
	flags := flag.NewFlagSet("make", flag.ExitOnError)
	pageSize := flags.Int("page-size", 4096, "")
	freelist := flags.String("freelist", "array", "array or hashmap")
	noSync := flags.Bool("no-freelist-sync", false, "")
	seed := flags.Int64("seed", 1, "")
	rounds := flags.Int("rounds", 20, "transactions")
	puts := flags.Int("puts", 200, "per transaction")
	large := flags.Int("large", 0, "one value in so many has up to 200 KB")
	nested := flags.Bool("nested", true, "")
	fail(flags.Parse(args))
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		PageSize: *pageSize, FreelistType: bolt.FreelistType(*freelist), NoFreelistSync: *noSync, NoSync: true, NoGrowSync: true,
	})
	fail(err)
	random := rand.New(rand.NewSource(*seed))
	for round := 0; round < *rounds; round++ {
		fail(db.Update(func(tx *bolt.Tx) error { return change(tx, random, *puts, *large, *nested) }))
	}
	fail(db.Close())
}

func change(tx *bolt.Tx, random *rand.Rand, puts, large int, nested bool) error {
	b, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("bucket-%d", random.Intn(6))))
	if err != nil {
		return err
	}
	for nested && random.Intn(3) == 0 {
		if b, err = b.CreateBucketIfNotExists([]byte(fmt.Sprintf("~inner-%d", random.Intn(4)))); err != nil {
			return err
		}
	}
	if random.Intn(2) == 0 {
		b.FillPercent = 0.9
	}
	if _, err := b.NextSequence(); err != nil {
		return err
	}
	isDelete := random.Intn(4) == 0
	for i := 0; i < puts; i++ {
		key := []byte(fmt.Sprintf("key-%0*d", 1+random.Intn(40), random.Intn(puts*8)))
		if isDelete && random.Intn(5) > 0 {
			if k, _ := b.Cursor().Seek(key); k != nil && b.Get(k) != nil {
				if err := b.Delete(k); err != nil {
					return err
				}
			}
			continue
		}
		size := random.Intn(120)
		if large > 0 && random.Intn(large) == 0 {
			size = random.Intn(200_000)
		}
		value := make([]byte, size)
		random.Read(value)
		if err := b.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}
