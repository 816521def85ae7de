// Package casbin decides the guard with casbin: for each action an enforcer with the action's rules
// as its policy. What needs an approval is denied too; the rule that EnforceEx names tells the two
// apart.
package casbin

import (
	_ "embed"
	"fmt"
	"strings"

	"actra-bench-door/guard"
	"actra-bench-door/peers/rules"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
)

//go:embed policy.csv
var policy []byte

//go:embed model.conf
var modelText string

// engine holds an enforcer for each action.
type engine map[string]*casbin.Enforcer

// New gives two operations: the first makes a request's values of the application's struct, the
// second has them made before.
func New(inputs []guard.Input) (converted, ready guard.Operation, err error) {
	all, err := rules.Read(policy)
	if err != nil {
		return nil, nil, err
	}
	e := engine{}
	for _, action := range guard.Actions {
		if e[action], err = enforcer(rules.For(all, action)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", action, err)
		}
	}
	made := make([][]any, len(inputs))
	for at := range inputs {
		made[at] = request(&inputs[at])
	}
	converted = func(at int) (guard.Decision, error) {
		input := &inputs[at]
		return e.decide(input.Action.Type, request(input))
	}
	ready = func(at int) (guard.Decision, error) {
		return e.decide(inputs[at].Action.Type, made[at])
	}
	return converted, ready, nil
}

func enforcer(some []rules.Rule) (*casbin.Enforcer, error) {
	var matchers []string
	var policies [][]string
	for _, rule := range some {
		matchers = append(matchers, fmt.Sprintf("p.id == %q && (%s)", rule.ID, rule.Condition))
		eft := "deny"
		if rule.Effect == guard.Allow {
			eft = "allow"
		}
		policies = append(policies, []string{rule.ID, eft, rule.Effect})
	}
	text := strings.Replace(modelText, "MATCHER", strings.Join(matchers, " || "), 1)
	made, err := model.NewModelFromString(text)
	if err != nil {
		return nil, err
	}
	enforcer, err := casbin.NewEnforcer(made)
	if err != nil {
		return nil, err
	}
	enforcer.AddFunction("has_prefix", onTexts(strings.HasPrefix))
	enforcer.AddFunction("has_suffix", onTexts(strings.HasSuffix))
	enforcer.AddFunction("has_part", onTexts(strings.Contains))
	_, err = enforcer.AddPolicies(policies)
	return enforcer, err
}

func onTexts(test func(text, part string) bool) func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		text, ok := args[0].(string)
		part, fine := args[1].(string)
		if !ok || !fine {
			return nil, fmt.Errorf("a text is needed, not a %T and a %T", args[0], args[1])
		}
		return test(text, part), nil
	}
}

func (e engine) decide(action string, request []any) (guard.Decision, error) {
	enforcer, ok := e[action]
	if !ok {
		return guard.Decision{}, fmt.Errorf("there is no action `%s`", action)
	}
	allowed, rule, err := enforcer.EnforceEx(request...)
	switch {
	case err != nil:
		return guard.Decision{}, err
	case len(rule) == 3 && allowed == (rule[2] == guard.Allow):
		return guard.Decision{Effect: rule[2], Rule: rule[0]}, nil
	case len(rule) == 0 && !allowed:
		return guard.Decision{Effect: guard.Block}, nil
	default:
		return guard.Decision{}, fmt.Errorf("casbin tells %v by %v", allowed, rule)
	}
}

// request gives the values that the model's request definition names. Casbin knows no missing
// values: the caller puts in what restricts.
func request(input *guard.Input) []any {
	kind, region := "ai_agent", "unknown"
	if input.Actor.Type != nil {
		kind = *input.Actor.Type
	}
	if input.Snapshot.Region != nil {
		region = *input.Snapshot.Region
	}
	return []any{
		input.Action.Amount,
		input.Action.Currency,
		input.Action.Target,
		input.Action.Express != nil && *input.Action.Express,
		kind,
		input.Actor.Role,
		input.Actor.Level,
		input.Actor.OnCall != nil && *input.Actor.OnCall,
		input.Snapshot.FraudFlag,
		input.Snapshot.DailyTotal,
		region,
	}
}
