// Command tar-double says what Config Sync takes from the layers of images.
//
// It does what go-containerregistry's mutate.Extract and Config Sync's oci-sync do with the names, types and targets
// of entries, over Go's own archive/tar and compress/gzip, and writes no file. Layers in Zstandard are not read: Go's
// standard library has no decoder.
//
// Standard input: a list of images in JSON, each a list of layers in base64, lowest first. Standard output: for each
// image, whether Go could read all of it, and every entry that would be written.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

type entry struct {
	// Bytes: JSON has no others than UTF-8.
	Name   []byte `json:"name"`
	Kind   string `json:"kind"`
	Target []byte `json:"target"`
}

type result struct {
	Failed  bool    `json:"failed"`
	Entries []entry `json:"entries"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("tar-double 1")
		return
	}
	var images [][][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&images); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	results := make([]result, 0, len(images))
	for _, layers := range images {
		results = append(results, take(layers))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func take(layers [][]byte) result {
	var flat bytes.Buffer
	failed := flatten(layers, &flat) != nil
	taken := result{Failed: failed, Entries: []entry{}}
	reader := tar.NewReader(&flat)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return taken
		}
		if err != nil {
			taken.Failed = true
			return taken
		}
		kind := "file"
		if header.FileInfo().IsDir() {
			kind = "directory"
		} else if header.Linkname != "" {
			kind = "link"
		}
		path := filepath.Join("/root", header.Name)
		name := strings.TrimPrefix(strings.TrimPrefix(path, "/root"), "/")
		if path != "/root" && !strings.HasPrefix(path, "/root/") {
			name = "outside:" + path
		}
		taken.Entries = append(taken.Entries, entry{[]byte(name), kind, []byte(header.Linkname)})
	}
}

// flatten is mutate.Extract.
func flatten(layers [][]byte, w io.Writer) error {
	writer := tar.NewWriter(w)
	defer writer.Close()
	seen := map[string]bool{}
	for at := len(layers) - 1; at >= 0; at-- {
		layer, err := decompress(layers[at])
		if err != nil {
			return err
		}
		reader := tar.NewReader(layer)
		for {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			header.Name = filepath.Clean(header.Name)
			header.Format = tar.FormatPAX
			base, dir := filepath.Base(header.Name), filepath.Dir(header.Name)
			tombstone := strings.HasPrefix(base, ".wh.")
			if tombstone {
				base = base[len(".wh."):]
			}
			name := header.Name
			if header.Typeflag != tar.TypeDir {
				name = filepath.Join(dir, base)
			}
			if _, ok := seen[name]; ok || hidden(seen, name) {
				continue
			}
			seen[name] = tombstone || header.Typeflag != tar.TypeDir
			if tombstone {
				continue
			}
			if err := writer.WriteHeader(header); err != nil {
				return err
			}
			if header.Size > 0 {
				if _, err := io.CopyN(writer, reader, header.Size); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func decompress(layer []byte) (io.Reader, error) {
	if !bytes.HasPrefix(layer, []byte{0x1f, 0x8b}) {
		return bytes.NewReader(layer), nil
	}
	return gzip.NewReader(bytes.NewReader(layer))
}

func hidden(seen map[string]bool, file string) bool {
	for file != "" {
		dir := filepath.Dir(file)
		if file == dir {
			return false
		}
		if gone, ok := seen[dir]; ok && gone {
			return true
		}
		file = dir
	}
	return false
}
