// Package rego decides the guard with OPA's rego package: a prepared query for the rules that fire.
package rego

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"

	"actra-bench-door/guard"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

//go:embed policy.rego
var policy string

// rule is what a rule comes to, and its place in the guard's order.
type rule struct {
	place  int
	effect string
}

var rules = map[string]rule{
	"frozen_by_fraud_flag":   {0, guard.Block},
	"region_under_sanctions": {1, guard.Block},
	"public_export_by_agent": {2, guard.Block},
	"delete_off_call":        {3, guard.Block},
	"daily_limit":            {4, guard.Block},
	"junior_transfer":        {5, guard.Block},
	"large_refund":           {6, guard.RequireApproval},
	"agent_payout":           {7, guard.RequireApproval},
	"wide_delete":            {8, guard.RequireApproval},
	"small_refund":           {9, guard.Allow},
	"lead_payout":            {10, guard.Allow},
	"report_export":          {11, guard.Allow},
}

// engine is what outlives a decision.
type engine struct {
	query rego.PreparedEvalQuery
	// What Eval would otherwise make for each decision: a read transaction, a goroutine that waits
	// for a cancellation, timers.
	transaction, cancel, metrics rego.EvalOption
}

// New gives two operations: the first makes an input document of the application's struct, the
// second has it made before.
func New(inputs []guard.Input) (converted, ready guard.Operation, err error) {
	ctx := context.Background()
	store := inmem.New()
	query, err := rego.New(
		rego.Query("data.guard.fired"),
		rego.Module("policy.rego", policy),
		rego.Store(store),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, nil, err
	}
	transaction, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, nil, err
	}
	e := &engine{
		query:       query,
		transaction: rego.EvalTransaction(transaction),
		cancel:      rego.EvalExternalCancel(topdown.NewCancel()),
		metrics:     rego.EvalMetrics(metrics.NoOp()),
	}
	made := make([]ast.Value, len(inputs))
	for at := range inputs {
		made[at] = document(&inputs[at])
	}
	converted = func(at int) (guard.Decision, error) { return e.decide(ctx, document(&inputs[at])) }
	ready = func(at int) (guard.Decision, error) { return e.decide(ctx, made[at]) }
	return converted, ready, nil
}

func (e *engine) decide(ctx context.Context, input ast.Value) (guard.Decision, error) {
	results, err := e.query.Eval(ctx, rego.EvalParsedInput(input), e.transaction, e.cancel, e.metrics)
	if err != nil {
		return guard.Decision{}, err
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return guard.Decision{}, fmt.Errorf("the query gave %d results", len(results))
	}
	fired, ok := results[0].Expressions[0].Value.([]any)
	if !ok {
		return guard.Decision{}, fmt.Errorf("the query gave a %T", results[0].Expressions[0].Value)
	}
	best, found := guard.Decision{Effect: guard.Block}, rule{place: len(rules)}
	for _, id := range fired {
		id, _ := id.(string)
		one, ok := rules[id]
		if !ok {
			return guard.Decision{}, fmt.Errorf("the query gave `%s`, which is no rule", id)
		}
		if one.place < found.place {
			best, found = guard.Decision{Effect: one.effect, Rule: id}, one
		}
	}
	return best, nil
}

// The keys of input documents, made once.
var (
	keyAction, keyActor, keySnapshot  = ast.StringTerm("action"), ast.StringTerm("actor"), ast.StringTerm("snapshot")
	keyType, keyAmount, keyCurrency   = ast.StringTerm("type"), ast.StringTerm("amount"), ast.StringTerm("currency")
	keyTarget, keyExpress, keyRole    = ast.StringTerm("target"), ast.StringTerm("express"), ast.StringTerm("role")
	keyLevel, keyOnCall, keyFraudFlag = ast.StringTerm("level"), ast.StringTerm("on_call"), ast.StringTerm("fraud_flag")
	keyDailyTotal, keyRegion          = ast.StringTerm("daily_total"), ast.StringTerm("region")
)

// document makes an input of the application's struct in OPA's own terms, without the detour by
// JSON that EvalInput takes.
func document(input *guard.Input) ast.Value {
	action := ast.NewObjectWithCapacity(5)
	action.Insert(keyType, ast.InternedTerm(input.Action.Type))
	action.Insert(keyAmount, ast.InternedTerm(int(input.Action.Amount)))
	action.Insert(keyCurrency, ast.InternedTerm(input.Action.Currency))
	action.Insert(keyTarget, ast.InternedTerm(input.Action.Target))
	if input.Action.Express != nil {
		action.Insert(keyExpress, ast.InternedTerm(*input.Action.Express))
	}
	actor := ast.NewObjectWithCapacity(4)
	if input.Actor.Type != nil {
		actor.Insert(keyType, ast.InternedTerm(*input.Actor.Type))
	}
	actor.Insert(keyRole, ast.InternedTerm(input.Actor.Role))
	actor.Insert(keyLevel, ast.InternedTerm(int(input.Actor.Level)))
	if input.Actor.OnCall != nil {
		actor.Insert(keyOnCall, ast.InternedTerm(*input.Actor.OnCall))
	}
	snapshot := ast.NewObjectWithCapacity(3)
	snapshot.Insert(keyFraudFlag, ast.InternedTerm(input.Snapshot.FraudFlag))
	total := strconv.FormatFloat(input.Snapshot.DailyTotal, 'g', -1, 64)
	snapshot.Insert(keyDailyTotal, ast.NumberTerm(json.Number(total)))
	if input.Snapshot.Region != nil {
		snapshot.Insert(keyRegion, ast.InternedTerm(*input.Snapshot.Region))
	}
	return ast.NewObject(
		ast.Item(keyAction, ast.NewTerm(action)),
		ast.Item(keyActor, ast.NewTerm(actor)),
		ast.Item(keySnapshot, ast.NewTerm(snapshot)),
	)
}
