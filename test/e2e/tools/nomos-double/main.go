// Command nomos-double says of Config Sync's objects what `nomos status --resources=false` says of them.
//
// nomos itself is on no module proxy. This is what its package cmd/nomos/status does, retold from what
// docs/facts/config-sync.md#nomos-status says and from its releases 1.19 to 1.22, independently of what Countersign makes of
// the same objects. What is not retold but real: text/tabwriter, and how Go prints a time.
//
// Standard input: a list of clusters in JSON, each with the objects as an API server returns them.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type cluster struct {
	Name      string
	Reachable bool
	Objects   []object
}

type object struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     spec
	Status   status
}

type spec struct {
	SourceType string
	Git        *struct{ Repo, Branch, Revision, Dir string }
	Oci        *struct{ Image, Dir string }
	Helm       *struct{ Repo, Chart, Version string }
}

type status struct {
	Conditions              []condition
	Source, Rendering, Sync stage
}

type stage struct {
	LastUpdate *time.Time
	Errors     []struct{ ErrorMessage string }
}

type condition struct {
	Type, Status, Message, Commit string
	ErrorSourceRefs               []string
	ErrorSummary                  *summary
}

type summary struct {
	TotalCount, ErrorCountAfterTruncation int
	Truncated                             bool
}

// row is one object, read.
type row struct {
	scope, name, source, word, commit string
	at                                time.Time
	errors                            []string
	summary                           *summary
}

func main() {
	if slices.Contains(os.Args[1:], "version") {
		fmt.Println("nomos-double of nomos 1.22")
		return
	}
	var clusters []cluster
	if err := json.NewDecoder(os.Stdin).Decode(&clusters); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	slices.SortFunc(clusters, func(a, b cluster) int { return cmp.Compare(a.Name, b.Name) })
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	for _, one := range clusters {
		one.print(out)
	}
	if err := out.Flush(); err != nil {
		panic(err)
	}
}

const line = "  --------------------\n"

func (c cluster) print(out *tabwriter.Writer) {
	fmt.Fprintf(out, "\n%s\n", c.Name)
	switch {
	case !c.Reachable:
		fmt.Fprintf(out, line+"  N/A\tFailed to connect to cluster\n")
	case len(c.Objects) == 0:
		root, namespace := "Root repo error: No RootSync resources found", "Namespace repo error: No RepoSync resources found"
		fmt.Fprintf(out, line+"  UNKNOWN\t%s, %s\n", root, namespace)
	}
	rows := []row{}
	for _, one := range c.Objects {
		rows = append(rows, tell(one))
	}
	slices.SortFunc(rows, func(a, b row) int {
		// "<root>" comes before every namespace by the order of the lists, not by that of the letters.
		roots := cmp.Compare(strings.Count(b.scope, "<"), strings.Count(a.scope, "<"))
		return cmp.Or(roots, cmp.Compare(a.scope, b.scope), cmp.Compare(a.name, b.name))
	})
	for _, one := range rows {
		fmt.Fprint(out, line)
		one.print(out)
	}
}

func (r row) print(out *tabwriter.Writer) {
	fmt.Fprintf(out, "  %s:%s\t%s\t\n", r.scope, r.name, r.source)
	if r.word == "SYNCED" {
		fmt.Fprintf(out, "  %s @ %v\t%s\t\n", r.word, r.at, r.commit)
	} else {
		fmt.Fprintf(out, "  %s\t%s\t\n", r.word, r.commit)
	}
	if s := r.summary; s != nil && s.TotalCount > 0 {
		fmt.Fprintf(out, "  TotalErrorCount: %d", s.TotalCount)
		if s.Truncated {
			fmt.Fprintf(out, ", ErrorTruncated: %v, ErrorCountAfterTruncation: %d", true, s.ErrorCountAfterTruncation)
		}
		fmt.Fprintln(out)
	}
	for _, message := range r.errors {
		fmt.Fprintf(out, "  Error:\t%s\t\n", message)
	}
}

// tell walks the conditions in nomos' order: the first that holds is what it says.
func tell(o object) row {
	r := row{scope: o.Metadata.Namespace, name: o.Metadata.Name, source: o.Spec.show(), commit: "N/A"}
	if o.Kind == "RootSync" {
		r.scope = "<root>"
	}
	stalled, reconciling, syncing := o.find("Stalled"), o.find("Reconciling"), o.find("Syncing")
	switch {
	case stalled != nil && stalled.Status == "True":
		r.word, r.errors = "STALLED", []string{stalled.Message}
		r.summary = cmp.Or(stalled.ErrorSummary, &summary{TotalCount: 1, ErrorCountAfterTruncation: 1})
	case reconciling != nil && reconciling.Status == "True":
		r.word = "RECONCILING"
	case syncing == nil:
		r.word = "PENDING"
	case syncing.Status == "True":
		r.word, r.commit = "PENDING", syncing.Commit
		r.summary, r.errors = syncing.ErrorSummary, o.errorsOf(syncing)
	case syncing.ErrorSummary == nil || syncing.ErrorSummary.TotalCount == 0:
		r.word, r.commit = "SYNCED", syncing.Commit
		if at := o.Status.Sync.LastUpdate; at != nil {
			r.at = at.Local()
		}
	default:
		r.word, r.commit = "ERROR", syncing.Commit
		r.summary, r.errors = syncing.ErrorSummary, o.errorsOf(syncing)
	}
	return r
}

func (o object) find(name string) *condition {
	at := slices.IndexFunc(o.Status.Conditions, func(c condition) bool { return c.Type == name })
	if at < 0 {
		return nil
	}
	return &o.Status.Conditions[at]
}

func (o object) errorsOf(c *condition) []string {
	stages := map[string]stage{
		"status.source.errors":    o.Status.Source,
		"status.rendering.errors": o.Status.Rendering,
		"status.sync.errors":      o.Status.Sync,
	}
	messages := []string{}
	for _, name := range c.ErrorSourceRefs {
		for _, one := range stages[name].Errors {
			messages = append(messages, one.ErrorMessage)
		}
	}
	return messages
}

func (s spec) show() string {
	switch {
	case s.SourceType == "oci" && s.Oci != nil:
		return within(s.Oci.Image, s.Oci.Dir)
	case s.SourceType == "helm" && s.Helm != nil:
		return within(s.Helm.Repo, "") + "/" + s.Helm.Chart + ":" + cmp.Or(s.Helm.Version, "latest")
	case s.SourceType == "git" && s.Git != nil:
		revision := s.Git.Revision
		if revision == "HEAD" {
			revision = ""
		}
		return within(s.Git.Repo, s.Git.Dir) + "@" + cmp.Or(revision, s.Git.Branch, "master")
	}
	return "N/A"
}

func within(place, dir string) string {
	place = strings.TrimSuffix(place, "/")
	if dir == "" || dir == "." || dir == "/" {
		return place
	}
	return place + "/" + path.Clean(strings.TrimPrefix(dir, "/"))
}
