// Package cel decides the guard with cel-go: for each action one program, which gives the id of the
// first rule whose condition holds.
package cel

import (
	_ "embed"
	"fmt"
	"strings"

	"actra-bench-door/guard"
	"actra-bench-door/peers/rules"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

//go:embed policy.csv
var policy []byte

// The variables' names hold dots: one lookup finds a field, where a map of maps takes two.
var variables = []cel.EnvOption{
	cel.Variable("action.amount", cel.IntType),
	cel.Variable("action.currency", cel.StringType),
	cel.Variable("action.target", cel.StringType),
	cel.Variable("action.express", cel.NullableType(cel.BoolType)),
	cel.Variable("actor.type", cel.NullableType(cel.StringType)),
	cel.Variable("actor.role", cel.StringType),
	cel.Variable("actor.level", cel.IntType),
	cel.Variable("actor.on_call", cel.NullableType(cel.BoolType)),
	cel.Variable("snapshot.fraud_flag", cel.BoolType),
	cel.Variable("snapshot.daily_total", cel.DoubleType),
	cel.Variable("snapshot.region", cel.NullableType(cel.StringType)),
}

// engine holds a program for each action, and what the rules that programs name come to.
type engine struct {
	programs map[string]cel.Program
	effects  map[string]string
}

// New gives two operations: the first reads the application's struct, the second values of CEL's
// own that are made before.
func New(inputs []guard.Input) (converted, ready guard.Operation, err error) {
	all, err := rules.Read(policy)
	if err != nil {
		return nil, nil, err
	}
	env, err := cel.NewEnv(variables...)
	if err != nil {
		return nil, nil, err
	}
	// No rule fired: the default.
	e := &engine{programs: map[string]cel.Program{}, effects: map[string]string{"": guard.Block}}
	for _, action := range guard.Actions {
		if e.programs[action], err = compile(env, rules.For(all, action)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", action, err)
		}
	}
	for _, rule := range all {
		e.effects[rule.ID] = rule.Effect
	}
	made := make([]values, len(inputs))
	for at := range inputs {
		made[at] = valuesOf(&inputs[at])
	}
	converted = func(at int) (guard.Decision, error) {
		input := &inputs[at]
		return e.decide(input.Action.Type, (*fields)(input))
	}
	ready = func(at int) (guard.Decision, error) {
		return e.decide(inputs[at].Action.Type, &made[at])
	}
	return converted, ready, nil
}

func compile(env *cel.Env, some []rules.Rule) (cel.Program, error) {
	var text strings.Builder
	for _, rule := range some {
		fmt.Fprintf(&text, "(%s) ? %q : ", rule.Condition, rule.ID)
	}
	text.WriteString(`""`)
	ast, issues := env.Compile(text.String())
	if err := issues.Err(); err != nil {
		return nil, err
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

func (e *engine) decide(action string, input cel.Activation) (guard.Decision, error) {
	program, ok := e.programs[action]
	if !ok {
		return guard.Decision{}, fmt.Errorf("there is no action `%s`", action)
	}
	out, _, err := program.Eval(input)
	if err != nil {
		return guard.Decision{}, err
	}
	rule, ok := out.(types.String)
	if !ok {
		return guard.Decision{}, fmt.Errorf("a program gave a %v", out.Type())
	}
	return guard.Decision{Effect: e.effects[string(rule)], Rule: string(rule)}, nil
}

// fields hands out an input's fields as a program asks for them: only what is read is converted.
type fields guard.Input

func (f *fields) Parent() cel.Activation { return nil }

func (f *fields) ResolveName(name string) (any, bool) {
	switch name {
	case "action.amount":
		return types.Int(f.Action.Amount), true
	case "action.currency":
		return types.String(f.Action.Currency), true
	case "action.target":
		return types.String(f.Action.Target), true
	case "action.express":
		return boolean(f.Action.Express), true
	case "actor.type":
		return text(f.Actor.Type), true
	case "actor.role":
		return types.String(f.Actor.Role), true
	case "actor.level":
		return types.Int(f.Actor.Level), true
	case "actor.on_call":
		return boolean(f.Actor.OnCall), true
	case "snapshot.fraud_flag":
		return types.Bool(f.Snapshot.FraudFlag), true
	case "snapshot.daily_total":
		return types.Double(f.Snapshot.DailyTotal), true
	case "snapshot.region":
		return text(f.Snapshot.Region), true
	}
	return nil, false
}

func boolean(value *bool) ref.Val {
	if value == nil {
		return types.NullValue
	}
	return types.Bool(*value)
}

func text(value *string) ref.Val {
	if value == nil {
		return types.NullValue
	}
	return types.String(*value)
}

// values are an input's fields, all of them converted.
type values struct {
	amount, currency, target, express ref.Val
	kind, role, level, onCall         ref.Val
	fraudFlag, dailyTotal, region     ref.Val
}

func valuesOf(input *guard.Input) values {
	return values{
		amount:     types.Int(input.Action.Amount),
		currency:   types.String(input.Action.Currency),
		target:     types.String(input.Action.Target),
		express:    boolean(input.Action.Express),
		kind:       text(input.Actor.Type),
		role:       types.String(input.Actor.Role),
		level:      types.Int(input.Actor.Level),
		onCall:     boolean(input.Actor.OnCall),
		fraudFlag:  types.Bool(input.Snapshot.FraudFlag),
		dailyTotal: types.Double(input.Snapshot.DailyTotal),
		region:     text(input.Snapshot.Region),
	}
}

func (v *values) Parent() cel.Activation { return nil }

func (v *values) ResolveName(name string) (any, bool) {
	switch name {
	case "action.amount":
		return v.amount, true
	case "action.currency":
		return v.currency, true
	case "action.target":
		return v.target, true
	case "action.express":
		return v.express, true
	case "actor.type":
		return v.kind, true
	case "actor.role":
		return v.role, true
	case "actor.level":
		return v.level, true
	case "actor.on_call":
		return v.onCall, true
	case "snapshot.fraud_flag":
		return v.fraudFlag, true
	case "snapshot.daily_total":
		return v.dailyTotal, true
	case "snapshot.region":
		return v.region, true
	}
	return nil, false
}
