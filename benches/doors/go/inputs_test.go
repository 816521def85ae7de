package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"actra"

	"actra-bench-door/guard"
)

// policyOf compiles the policy that is measured.
func policyOf(t testing.TB) *actra.Policy {
	t.Helper()
	folder := filepath.Join("..", "..", "src", "guard")
	policy, err := actra.FromFiles(filepath.Join(folder, "schema.yaml"), filepath.Join(folder, "policy.yaml"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { policy.Close() })
	return policy
}

// folderOf writes a workload as `benches/src/door.rs` hands it to doors.
func folderOf(t testing.TB, policy *actra.Policy, inputs []guard.Input) string {
	t.Helper()
	folder := t.TempDir()
	artifact, err := policy.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for at := range inputs {
		if err := encoder.Encode(&inputs[at]); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{"policy.actra": artifact, "inputs.jsonl": lines.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func workloadOf(t testing.TB, policy *actra.Policy, inputs []guard.Input) *guard.Workload {
	t.Helper()
	workload, err := guard.Read(folderOf(t, policy, inputs))
	if err != nil {
		t.Fatal(err)
	}
	return workload
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// maybe gives a value so many times in a hundred.
func maybe[T any](rng *rand.Rand, percent int, value T) *T {
	if rng.IntN(100) < percent {
		return &value
	}
	return nil
}

// usualInputs are drawn as `benches/src/guard/generate.rs` draws them, though not evened out.
func usualInputs(count int, seed uint64) []guard.Input {
	rng := rand.New(rand.NewPCG(seed, 1))
	inputs := make([]guard.Input, count)
	for at := range inputs {
		place := pick(rng, "s3://public", "s3://private", "orders", "/var/data", "customer")
		end := pick(rng, "", ".csv", ".json", "/*", ".parquet")
		inputs[at] = guard.Input{
			Action: guard.Action{
				Type:     pick(rng, guard.Actions...),
				Amount:   rng.Int64N(6000),
				Currency: pick(rng, "USD", "EUR", "GBP", "JPY"),
				Target:   fmt.Sprintf("%s/%d%s", place, rng.IntN(100_000), end),
				Express:  maybe(rng, 30, rng.IntN(2) == 0),
			},
			Actor: guard.Actor{
				Type:   maybe(rng, 100, pick(rng, "ai_agent", "service", "human")),
				Role:   pick(rng, "lead", "admin", "owner", "assistant", "analyst", "support"),
				Level:  rng.Int64N(10),
				OnCall: maybe(rng, 95, rng.IntN(100) < 60),
			},
			Snapshot: guard.Snapshot{
				FraudFlag:  rng.IntN(100) < 8,
				DailyTotal: float64(rng.IntN(60_000)) + 0.25,
				Region:     maybe(rng, 97, pick(rng, "eu-west", "eu-north", "us-east", "apac", "unknown", "latam")),
			},
		}
	}
	return inputs
}

// edgeInputs are drawn from what rules tell apart by the least: bounds and their neighbours, texts
// that almost match, every optional field missing at times.
func edgeInputs(count int, seed uint64) []guard.Input {
	rng := rand.New(rand.NewPCG(seed, 2))
	inputs := make([]guard.Input, count)
	for at := range inputs {
		inputs[at] = guard.Input{
			Action: guard.Action{
				Type:     pick(rng, guard.Actions...),
				Amount:   pick[int64](rng, 0, 1, 199, 200, 201, 499, 500, 501, 999, 1000, 1001, 4999, 5000, 5001, 10_000_000),
				Currency: pick(rng, "USD", "EUR", "GBP", "JPY", "JPY"),
				Target: pick(rng, "", "*", "a*b", "s3://public", "s3://publi", "s3://Public/1", "xs3://public", "s3://public/*",
					".csv", "a.csv", "a.csvx", "a.CSV", "csv", "s3://public/1.csv", "émoi/1.csv", "s3://public\n.csv"),
				Express: maybe(rng, 60, rng.IntN(2) == 0),
			},
			Actor: guard.Actor{
				Type:   maybe(rng, 80, pick(rng, "ai_agent", "ai_agent", "service", "human", "", "AI_AGENT")),
				Role:   pick(rng, "lead", "admin", "owner", "Admin", "leads", "", "support"),
				Level:  rng.Int64N(10),
				OnCall: maybe(rng, 70, rng.IntN(2) == 0),
			},
			Snapshot: guard.Snapshot{
				FraudFlag:  rng.IntN(100) < 15,
				DailyTotal: pick(rng, 0, 0.25, 49_999, 49_999.75, 49_999.9999, 50_000, 50_000.0001, 50_000.25, 1e9),
				Region:     maybe(rng, 85, pick(rng, "eu-west", "us-east", "", "Unknown", "unknown", "embargoed", "latam", "apac")),
			},
		}
	}
	return inputs
}
