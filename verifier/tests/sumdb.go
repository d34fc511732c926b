// Answers, for each case on standard input, whether Go's own note and tlog packages accept it.
package main

import (
	"encoding/json"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type input struct {
	Records []struct {
		Size, Index int64
		Root, Leaf  []byte
		Proof       [][]byte
	}
	Trees []struct {
		Size, Older     int64
		Root, OlderRoot []byte
		Proof           [][]byte
	}
	Notes []struct{ Key, Note string }
}

func toHash(bytes []byte) (hash tlog.Hash) {
	copy(hash[:], bytes)
	return hash
}

func toHashes(all [][]byte) (hashes []tlog.Hash) {
	for _, one := range all {
		hashes = append(hashes, toHash(one))
	}
	return hashes
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	records, trees, notes := []bool{}, []bool{}, []bool{}
	for _, one := range in.Records {
		err := tlog.CheckRecord(toHashes(one.Proof), one.Size, toHash(one.Root), one.Index, toHash(one.Leaf))
		records = append(records, err == nil)
	}
	for _, one := range in.Trees {
		err := tlog.CheckTree(toHashes(one.Proof), one.Size, toHash(one.Root), one.Older, toHash(one.OlderRoot))
		trees = append(trees, err == nil)
	}
	for _, one := range in.Notes {
		verifier, err := note.NewVerifier(one.Key)
		if err != nil {
			panic(err)
		}
		_, err = note.Open([]byte(one.Note), note.VerifierList(verifier))
		notes = append(notes, err == nil)
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string][]bool{"records": records, "trees": trees, "notes": notes}); err != nil {
		panic(err)
	}
}
