// Package cedar decides the guard with cedar-go: for each action the policies whose scope holds it,
// and the actors as entities that are known before.
package cedar

import (
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"actra-bench-door/guard"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

//go:embed policy.cedar
var document []byte

// rule is a policy, and what the guard calls it.
type rule struct {
	id     cedar.PolicyID
	effect string
	policy *cedar.Policy
}

// rules are policies in the guard's order, which a cedar.PolicySet does not keep.
type rules []rule

// All makes rules a cedar.PolicyIterator.
func (r rules) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for at := range r {
			if !yield(r[at].id, r[at].policy) {
				return
			}
		}
	}
}

// engine is what outlives a decision.
type engine struct {
	actions  map[string]cedar.EntityUID
	policies map[string]rules
	actors   cedar.EntityMap
	uids     []cedar.EntityUID
	target   cedar.EntityUID
}

// New gives two operations: the first makes a request's context of the application's struct, the
// second has it made before.
func New(inputs []guard.Input) (converted, ready guard.Operation, err error) {
	all, err := load()
	if err != nil {
		return nil, nil, err
	}
	e := &engine{
		actions:  map[string]cedar.EntityUID{},
		policies: map[string]rules{},
		actors:   cedar.EntityMap{},
		target:   cedar.NewEntityUID("Resource", "guarded"),
	}
	for _, action := range guard.Actions {
		e.actions[action] = cedar.NewEntityUID("Action", cedar.String(action))
		for _, rule := range all {
			if holds(rule.policy, e.actions[action]) {
				e.policies[action] = append(e.policies[action], rule)
			}
		}
	}
	made := make([]cedar.Record, len(inputs))
	for at := range inputs {
		e.know(&inputs[at].Actor, at)
		if made[at], err = contextOf(&inputs[at]); err != nil {
			return nil, nil, err
		}
	}
	converted = func(at int) (guard.Decision, error) {
		context, err := contextOf(&inputs[at])
		if err != nil {
			return guard.Decision{}, err
		}
		return e.decide(inputs[at].Action.Type, e.uids[at], context)
	}
	ready = func(at int) (guard.Decision, error) {
		return e.decide(inputs[at].Action.Type, e.uids[at], made[at])
	}
	return converted, ready, nil
}

func load() (rules, error) {
	list, err := cedar.NewPolicyListFromBytes("policy.cedar", document)
	if err != nil {
		return nil, err
	}
	var all rules
	for _, policy := range list {
		notes := policy.Annotations()
		all = append(all, rule{cedar.PolicyID(notes["id"]), string(notes["effect"]), policy})
	}
	return all, nil
}

// holds tells whether a policy's scope may hold an action, which has no parents.
func holds(policy *cedar.Policy, action cedar.EntityUID) bool {
	switch scope := policy.AST().Action.(type) {
	case ast.ScopeTypeEq:
		return scope.Entity == action
	case ast.ScopeTypeInSet:
		return slices.Contains(scope.Entities, action)
	default:
		return true
	}
}

// know makes an actor an entity.
func (e *engine) know(actor *guard.Actor, at int) {
	kind := "unknown"
	if actor.Type != nil {
		kind = *actor.Type
	}
	attributes := cedar.RecordMap{"role": cedar.String(actor.Role), "level": cedar.Long(actor.Level)}
	if actor.OnCall != nil {
		attributes["on_call"] = cedar.Boolean(*actor.OnCall)
	}
	uid := cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(strconv.Itoa(at)))
	e.actors[uid] = cedar.Entity{UID: uid, Attributes: cedar.NewRecord(attributes)}
	e.uids = append(e.uids, uid)
}

func contextOf(input *guard.Input) (cedar.Record, error) {
	// Cedar has no floating point: four digits after the point are what its decimals keep.
	total, err := cedar.NewDecimalFromFloat(input.Snapshot.DailyTotal)
	if err != nil {
		return cedar.Record{}, err
	}
	context := make(cedar.RecordMap, 8)
	context["amount"] = cedar.Long(input.Action.Amount)
	context["currency"] = cedar.String(input.Action.Currency)
	context["target"] = cedar.String(input.Action.Target)
	context["fraud_flag"] = cedar.Boolean(input.Snapshot.FraudFlag)
	context["daily_total"] = total
	if input.Action.Express != nil {
		context["express"] = cedar.Boolean(*input.Action.Express)
	}
	if input.Snapshot.Region != nil {
		context["region"] = cedar.String(*input.Snapshot.Region)
	}
	return cedar.NewRecord(context), nil
}

func (e *engine) decide(action string, actor cedar.EntityUID, context cedar.Record) (guard.Decision, error) {
	some, ok := e.policies[action]
	if !ok {
		return guard.Decision{}, fmt.Errorf("there is no action `%s`", action)
	}
	_, diagnostic := cedar.Authorize(some, e.actors, cedar.Request{
		Principal: actor,
		Action:    e.actions[action],
		Resource:  e.target,
		Context:   context,
	})
	if len(diagnostic.Errors) != 0 {
		return guard.Decision{}, fmt.Errorf("%s", diagnostic.Errors[0].String())
	}
	if len(diagnostic.Reasons) == 0 {
		return guard.Decision{Effect: guard.Block}, nil
	}
	// Reasons come in the order of policies, and forbidding ones alone where there are any: the
	// first is the guard's.
	first := diagnostic.Reasons[0].PolicyID
	for at := range some {
		if some[at].id == first {
			return guard.Decision{Effect: some[at].effect, Rule: string(first)}, nil
		}
	}
	return guard.Decision{}, fmt.Errorf("cedar names `%s`, which is no policy", first)
}
