/** What `countersign help TOPIC` prints, and the manual has: paragraphs, and blocks that are indented by two. */
export const TOPICS: Readonly<Record<string, string>> = {
  config: `
The config file is what the functions read. \`config init\` writes one, \`config check\` finds every problem of one with
its place and fix, \`config schema\` prints its JSON Schema for editors.

Verbs that work without the API read it too: \`verify --local\`, \`preflight\`, \`gate\` and \`letters\`. They take the file
of --config, else of the variable COUNTERSIGN_CONFIG, else countersign.yaml in this folder.

  countersign config init countersign.yaml --fleet-project fleet-host --image us-docker.pkg.dev/acme/configs \\
    --signing-key release.pub
  countersign config check countersign.yaml
  countersign gate diff --config countersign.yaml --all
`,
  contexts: `
A context has a name, the URL of an API, and how a token for it is made. It is kept in a file of your own, and has no
token in it.

  countersign context add prod --url https://countersign.example --audience https://countersign-api.acme.internal
  countersign context use prod
  countersign status --context staging

What is asked is named by --url or --context, else by the variables COUNTERSIGN_URL and COUNTERSIGN_CONTEXT, else by the
context in use, else it is http://127.0.0.1:8080, the local world.
`,
  'exit-codes': `
Every verb ends with one of these:

  0    done, verified, live, well, no difference
  1    not: the service, or the config, was asked and the answer is no
  2    it could not be checked, is not allowed, or was asked wrongly
  3    the time was up
  130  Ctrl-C, and 143 SIGTERM; a line says what was left undone
  141  the reader of the output went away

Results go to standard output; progress, and why there is no result, to standard error.
`,
  names: `
An RSync is root-sync, RootSync/root-sync or rootsync/root-sync; in a namespace team-a/repo-sync or
reposync/team-a/repo-sync. A cluster is the id of its membership where only one has it, the full name of the membership,
or the context of the kubeconfig.

An image is HOST/PATH:TAG or HOST/PATH@sha256:…, with oci:// or without; a chart is HOST/PATH/CHART:VERSION. A digest may
be cut short to six hex digits where one alone begins so. A name that is not there is answered with the nearest ones.
`,
  output: `
-o table prints columns, -o wide more of them, -o json and -o yaml everything, -o name one name a line, for xargs.
Names of columns and of fields stay what they are: fields may be added. With -o json nothing else is printed on
standard output; \`events --follow -o json\` prints one object a line.

Colours are used on a terminal only, unless --color=always; never with NO_COLOR. Long output on a terminal goes through
PAGER, unless --no-pager.
`,
  tokens: `
An API that asks for a token takes an ID token. It is the first of these that there is:

  --token, then --token-command, then the command of the context that --context names
  COUNTERSIGN_TOKEN, then COUNTERSIGN_TOKEN_COMMAND, unless --context names another host than they would go to
  without it
  the command of the context in use
  Application Default Credentials, then gcloud, for an https URL that is not of this machine

The audience of the last is --audience, that of the context that --context names, COUNTERSIGN_AUDIENCE, that of the
context in use, or the URL. A token command is run
again when the service refuses what it gave. A token is sent by https only, or to this machine, and is never printed.
`,
};
