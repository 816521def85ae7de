package actra

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// doors decides one input in every way there is.
func doors(p *Policy) map[string]func() (Decision, error) {
	type input struct {
		Action struct {
			Type   string `actra:"type"`
			Amount int    `actra:"amount"`
		}
		Snapshot struct {
			FraudFlag bool `actra:"fraud_flag"`
		}
	}
	binding, err := Bind[input](p)
	if err != nil {
		panic(err)
	}
	bound := input{}
	bound.Action.Type, bound.Action.Amount = "refund", 20
	builder := p.NewBuilder()
	for name, value := range map[string]any{"action.type": "refund", "action.amount": 20, "snapshot.fraud_flag": false} {
		slot, err := p.Slot(name)
		if err != nil {
			panic(err)
		}
		builder.Set(slot, value)
	}
	return map[string]func() (Decision, error){
		"map": func() (Decision, error) {
			return p.Evaluate(Input{Action: map[string]any{"type": "refund", "amount": 20}, Snapshot: map[string]any{"fraud_flag": false}})
		},
		"json": func() (Decision, error) {
			return p.EvaluateJSON([]byte(`{"action": {"type": "refund", "amount": 20}, "snapshot": {"fraud_flag": false}}`))
		},
		"struct":  func() (Decision, error) { return binding.Evaluate(&bound) },
		"builder": builder.Evaluate,
		"explain": func() (Decision, error) {
			explained, err := p.ExplainJSON([]byte(`{"action": {"type": "refund", "amount": 20}, "snapshot": {"fraud_flag": false}}`))
			if err != nil {
				return Decision{}, err
			}
			return *explained.Decision, nil
		},
	}
}

func TestClosingRacesEvaluating(t *testing.T) {
	artifact, err := compileRefunds(t).Artifact()
	if err != nil {
		t.Fatal(err)
	}
	var decided, closed atomic.Int64
	for range setting("ACTRA_ROUNDS", 25) {
		policy, err := Load(artifact)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		start := make(chan struct{})
		for name, evaluate := range doors(policy) {
			spawn(&group, func() {
				<-start
				for {
					decision, err := evaluate()
					switch {
					case err == nil && decision.Allowed() && decision.MatchedRule == "small":
						decided.Add(1)
					case errors.Is(err, ErrClosed) && decision.Effect == Invalid:
						closed.Add(1)
						return
					default:
						t.Errorf("%s: %v, %v", name, decision, err)
						return
					}
				}
			})
		}
		for range 2 {
			spawn(&group, func() {
				<-start
				for range 50 {
					runtime.Gosched()
				}
				policy.Close()
			})
		}
		close(start)
		group.Wait()
		if !policy.handle.freed.Load() {
			t.Fatal("everybody is out, and the policy is not freed")
		}
	}
	if decided.Load() == 0 || closed.Load() == 0 {
		t.Errorf("%d decisions, %d after closing: nothing raced", decided.Load(), closed.Load())
	}
}

func TestAPolicyIsSwappedUnderItsUsers(t *testing.T) {
	compile := func(effect string) []byte {
		policy, err := Compile(Sources{Schema: refundSchema, Policy: fmt.Sprintf("version: 2\nrules: [{id: %s, scope: {action: refund}, effect: %s}]\n", effect, effect)})
		if err != nil {
			t.Fatal(err)
		}
		defer policy.Close()
		artifact, err := policy.Artifact()
		if err != nil {
			t.Fatal(err)
		}
		return artifact
	}
	artifacts := [][]byte{compile("allow"), compile("block")}
	var current atomic.Pointer[Policy]
	load := func(number int) *Policy {
		policy, err := Load(artifacts[number%2])
		if err != nil {
			t.Error(err)
		}
		return policy
	}
	current.Store(load(0))
	var done atomic.Bool
	var counts [4]atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		spawn(&group, func() {
			for !done.Load() {
				decision, err := current.Load().Evaluate(refund(20))
				if errors.Is(err, ErrClosed) {
					continue // It was swapped in between.
				}
				if err != nil || decision.MatchedRule != decision.Effect.String() {
					t.Errorf("%v, %v", decision, err)
					return
				}
				counts[decision.Effect].Add(1)
			}
		})
	}
	rounds, patience := setting("ACTRA_ROUNDS", 60), time.Now().Add(20*time.Second)
	bothSeen := func() bool { return counts[Allow].Load() > 0 && counts[Block].Load() > 0 }
	for number := 0; number < rounds || (!bothSeen() && time.Now().Before(patience)); number++ {
		current.Swap(load(number + 1)).Close()
		time.Sleep(time.Duration(number%5) * time.Millisecond)
	}
	done.Store(true)
	group.Wait()
	current.Load().Close()
	if counts[Allow].Load() == 0 || counts[Block].Load() == 0 {
		t.Errorf("%d allowed, %d blocked", counts[Allow].Load(), counts[Block].Load())
	}
}

// collected runs the garbage collector until something is so.
func collected(is func() bool) bool {
	for range 200 {
		if is() {
			return true
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	return is()
}

func TestAPolicyThatIsGarbageIsFreed(t *testing.T) {
	artifact, err := compileRefunds(t).Artifact()
	if err != nil {
		t.Fatal(err)
	}
	load := func() (*handle, *Builder) {
		policy, err := Load(artifact)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Evaluate(refund(20)); err != nil {
			t.Fatal(err)
		}
		return policy.handle, policy.NewBuilder()
	}
	handle, builder := load()
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if handle.closed.Load() {
		t.Error("a policy is closed that a builder still has")
	}
	if _, err := builder.Evaluate(); errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	runtime.KeepAlive(builder)
	if !collected(handle.freed.Load) {
		t.Error("a policy that nobody has is not freed")
	}
	// One that was closed by hand is not freed again: this would crash.
	for range 20 {
		policy, err := Load(artifact)
		if err != nil {
			t.Fatal(err)
		}
		policy.Close()
	}
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func TestAStrictPolicyLivesOnItsOwn(t *testing.T) {
	policy := compileRefunds(t)
	strict, err := policy.RefuseUnknownFields()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := policy.Slot("action.amount")
	if err != nil {
		t.Fatal(err)
	}
	policy.Close()
	input := refund(20)
	if decision, err := strict.Evaluate(input); err != nil || !decision.Allowed() {
		t.Errorf("%v, %v", decision, err)
	}
	input.Action["amuont"] = 3
	if _, err := strict.Evaluate(input); !errors.Is(err, &InputError{Code: UnknownField, Field: "action.amuont"}) {
		t.Error(err)
	}
	builder := strict.NewBuilder()
	builder.SetInt(slot, 20)
	if _, err := builder.Evaluate(); !errors.Is(err, &InputError{Code: MissingRequired, Field: "action.type"}) {
		t.Error(err)
	}
	strict.Close()
	if _, err := strict.Evaluate(input); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// resident gives the memory that the process has, in bytes.
func resident(t *testing.T) int {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this machine does not tell how much memory a process has")
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// TestNothingLeaks does everything that allocates outside of Go again and again: ACTRA_CYCLES says
// how often.
func TestNothingLeaks(t *testing.T) {
	cycles := setting("ACTRA_CYCLES", 3000)
	policy := compileRefunds(t)
	artifact, err := policy.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	several := []byte(`{"action": {"type": "refund", "amount": 2000, "currency": "USD"}, "snapshot": {"fraud_flag": false}}`)
	for name, cycle := range map[string]func() error{
		"load, evaluate, close": func() error {
			loaded, err := Load(artifact)
			if err != nil {
				return err
			}
			defer loaded.Close()
			if _, err := loaded.EvaluateJSON(several); err != nil {
				return err
			}
			_, err = loaded.Evaluate(refund(2000))
			return err
		},
		"errors": func() error {
			if _, err := Load(artifact[:100]); err == nil {
				return errors.New("half an artifact loads")
			}
			_, err := policy.EvaluateJSON([]byte(`{"action": {"type": 5}}`))
			if err == nil {
				return errors.New("5 is an action")
			}
			return nil
		},
		"buffers": func() error {
			if _, err := policy.Artifact(); err != nil {
				return err
			}
			_, err := policy.ExplainJSON(several)
			return err
		},
	} {
		run := func(times int) {
			for range times {
				if err := cycle(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		run(min(cycles, 2000))
		before := resident(t)
		run(cycles)
		grown := resident(t) - before
		t.Logf("%s: %d KiB more after %d cycles", name, grown/1024, cycles)
		if grown > leakLimit {
			t.Errorf("%s: %d KiB more after %d cycles", name, grown/1024, cycles)
		}
	}
}

// leakLimit is what the process may grow by, in bytes, however many cycles there are.
const leakLimit = 6 << 20

func TestALeakWouldBeSeen(t *testing.T) {
	artifact, err := compileRefunds(t).Artifact()
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	var kept []policyPointer
	for range 3000 {
		pointer, err := loadArtifact(artifact, &loadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, pointer)
	}
	grown := resident(t) - before
	for _, pointer := range kept {
		pointer.free()
	}
	t.Logf("%d KiB for %d policies", grown/1024, len(kept))
	if grown < 2*leakLimit {
		t.Errorf("%d KiB are below what would be noticed", grown/1024)
	}
}

func TestBuildersOfOnePolicyAreManyGoroutines(t *testing.T) {
	policy := compileRefunds(t)
	kind, amount, flag := slotOf(t, policy, "action.type"), slotOf(t, policy, "action.amount"), slotOf(t, policy, "snapshot.fraud_flag")
	role, currency := slotOf(t, policy, "actor.role"), slotOf(t, policy, "action.currency")
	var group sync.WaitGroup
	for worker := range 8 {
		spawn(&group, func() {
			builder := policy.NewBuilder()
			for number := range 500 {
				builder.Reset()
				builder.SetString(kind, "refund")
				builder.SetString(currency, "EUR")
				builder.SetInt(amount, int64(number*4))
				builder.SetBool(flag, number%5 == worker%5)
				builder.SetString(role, strings.Repeat("r", worker))
				decision, err := builder.Evaluate()
				expected := "small"
				if number*4 > 1000 {
					expected = "large"
				}
				if number%5 == worker%5 {
					expected = "fraud"
				}
				if err != nil || decision.MatchedRule != expected {
					t.Errorf("%d: %v, %v, and not %s", number, decision, err, expected)
					return
				}
			}
		})
	}
	group.Wait()
}

func slotOf(t testing.TB, policy *Policy, name string) Slot {
	t.Helper()
	slot, err := policy.Slot(name)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

func spawn(group *sync.WaitGroup, run func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		run()
	}()
}
