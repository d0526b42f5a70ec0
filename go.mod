module comity.example

go 1.26.0

require (
	cel.dev/cel-go v0.33.2 // rules of agreements: typed, cost-limited expressions without side effects
	filippo.io/age v1.3.2 // keys at rest: a reviewed file format with passphrases and post-quantum recipients
	github.com/alecthomas/kong v1.17.0 // the command line as typed structs
	github.com/cenkalti/backoff/v5 v5.0.3 // pauses with jitter between deliveries
	github.com/cloudflare/circl v1.6.5 // ML-DSA, which the standard library has from Go 1.27 on
	github.com/dgraph-io/badger/v4 v4.9.6 // the embedded store
	github.com/go-jose/go-jose/v4 v4.1.8 // the oracle of our JWS and JWE, in tests only
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3 // strict JSON, in the standard library from Go 1.27 on
	github.com/goccy/go-yaml v1.19.2 // agreements and requests as people write them, with the line of an error
	github.com/jotaen/kong-completion v0.0.4 // shell completion
	github.com/miekg/pkcs11 v1.1.2 // officers' keys on tokens, in a binary built with -tags pkcs11
	github.com/pelletier/go-toml/v2 v2.4.3 // configuration files, with the line of an error
	github.com/posener/complete v1.2.3 // the predictors of shell completion
	github.com/prometheus/client_golang v1.25.0 // metrics
	github.com/quic-go/quic-go v0.65.0 // QUIC, and a network in virtual time for tests
	github.com/rickar/cal/v2 v2.1.27 // tests: the oracle of the table of public holidays
	github.com/rogpeppe/go-internal v1.16.0 // transcripts: txtar archives, and scripts that test the command line
	github.com/tus/tusd/v2 v2.9.1 // resumable uploads over HTTP: its handler and its lock in memory, none of its stores
	go.uber.org/goleak v1.3.0 // tests: no goroutine is left
	golang.org/x/exp v0.0.0-20250106191152-7588d65b2ba8 // the type of logger that tusd wants, to keep it quiet
	golang.org/x/mod v0.42.0 // the tree and the signed notes of the ledger
	golang.org/x/net v0.59.0 // a bound on connections where strangers knock, and how quic-go reads many packets at a time
	golang.org/x/sys v0.49.0 // fdatasync and disk room
	golang.org/x/term v0.47.0 // asks for a passphrase without showing it
	golang.org/x/text v0.42.0 // names in bags that differ in case or normalisation only
	golang.org/x/time v0.16.0 // rate limits
	google.golang.org/protobuf v1.36.12 // reads the index of the store's tables, to survey them before they are opened
	pgregory.net/rapid v1.3.0 // tests: properties
)

require (
	cel.dev/expr v0.25.1 // indirect
	filippo.io/hpke v0.4.0 // indirect
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dgraph-io/ristretto/v2 v2.2.0 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/flatbuffers v25.2.10+incompatible // indirect
	github.com/hashicorp/errwrap v1.1.0 // indirect
	github.com/hashicorp/go-multierror v1.1.1 // indirect
	github.com/klauspost/compress v1.20.1 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/riywo/loginshell v0.0.0-20200815045211-7d26008be1ab // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel v1.41.0 // indirect
	go.opentelemetry.io/otel/metric v1.41.0 // indirect
	go.opentelemetry.io/otel/trace v1.41.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20251202230838-ff82c1b0f217 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260122232226-8e98ce8d340d // indirect
)
