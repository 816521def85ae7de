package main

import (
	"actra"

	"actra-bench-door/guard"
)

// ours gives the operations of package actra.
func ours(policy *actra.Policy, workload *guard.Workload) ([]operation, error) {
	slots, err := slotsOf(policy)
	if err != nil {
		return nil, err
	}
	binding, err := actra.Bind[guard.Input](policy)
	if err != nil {
		return nil, err
	}
	builder := policy.NewBuilder()
	maps := make([]actra.Input, len(workload.Inputs))
	for at := range workload.Inputs {
		maps[at] = mapsOf(&workload.Inputs[at])
	}
	return []operation{
		{"builder", func(at int) (guard.Decision, error) {
			slots.fill(builder, &workload.Inputs[at])
			return told(builder.Evaluate())
		}},
		{"map", func(at int) (guard.Decision, error) {
			return told(policy.Evaluate(maps[at]))
		}},
		{"bind", func(at int) (guard.Decision, error) {
			return told(binding.Evaluate(&workload.Inputs[at]))
		}},
		{"json", func(at int) (guard.Decision, error) {
			return told(policy.EvaluateJSON(workload.Lines[at]))
		}},
	}, nil
}

func told(decision actra.Decision, err error) (guard.Decision, error) {
	return guard.Decision{Effect: decision.Effect.String(), Rule: decision.MatchedRule}, err
}

// slots are the fields' places, found once.
type slots struct {
	kind, amount, currency, target, express actra.Slot
	actorKind, role, level, onCall          actra.Slot
	fraudFlag, dailyTotal, region           actra.Slot
}

func slotsOf(policy *actra.Policy) (*slots, error) {
	s := &slots{}
	for _, field := range []struct {
		slot *actra.Slot
		name string
	}{
		{&s.kind, "action.type"},
		{&s.amount, "action.amount"},
		{&s.currency, "action.currency"},
		{&s.target, "action.target"},
		{&s.express, "action.express"},
		{&s.actorKind, "actor.type"},
		{&s.role, "actor.role"},
		{&s.level, "actor.level"},
		{&s.onCall, "actor.on_call"},
		{&s.fraudFlag, "snapshot.fraud_flag"},
		{&s.dailyTotal, "snapshot.daily_total"},
		{&s.region, "snapshot.region"},
	} {
		slot, err := policy.Slot(field.name)
		if err != nil {
			return nil, err
		}
		*field.slot = slot
	}
	return s, nil
}

// fill puts an input into a builder, in place of the one before.
func (s *slots) fill(b *actra.Builder, input *guard.Input) {
	b.Reset()
	b.SetString(s.kind, input.Action.Type)
	b.SetInt(s.amount, input.Action.Amount)
	b.SetString(s.currency, input.Action.Currency)
	b.SetString(s.target, input.Action.Target)
	if input.Action.Express != nil {
		b.SetBool(s.express, *input.Action.Express)
	}
	if input.Actor.Type != nil {
		b.SetString(s.actorKind, *input.Actor.Type)
	}
	b.SetString(s.role, input.Actor.Role)
	b.SetInt(s.level, input.Actor.Level)
	if input.Actor.OnCall != nil {
		b.SetBool(s.onCall, *input.Actor.OnCall)
	}
	b.SetBool(s.fraudFlag, input.Snapshot.FraudFlag)
	b.SetFloat(s.dailyTotal, input.Snapshot.DailyTotal)
	if input.Snapshot.Region != nil {
		b.SetString(s.region, *input.Snapshot.Region)
	}
}

// mapsOf gives an input as a caller has it who has maps.
func mapsOf(input *guard.Input) actra.Input {
	maps := actra.Input{
		Action: map[string]any{
			"type":     input.Action.Type,
			"amount":   input.Action.Amount,
			"currency": input.Action.Currency,
			"target":   input.Action.Target,
		},
		Actor: map[string]any{
			"role":  input.Actor.Role,
			"level": input.Actor.Level,
		},
		Snapshot: map[string]any{
			"fraud_flag":  input.Snapshot.FraudFlag,
			"daily_total": input.Snapshot.DailyTotal,
		},
	}
	if input.Action.Express != nil {
		maps.Action["express"] = *input.Action.Express
	}
	if input.Actor.Type != nil {
		maps.Actor["type"] = *input.Actor.Type
	}
	if input.Actor.OnCall != nil {
		maps.Actor["on_call"] = *input.Actor.OnCall
	}
	if input.Snapshot.Region != nil {
		maps.Snapshot["region"] = *input.Snapshot.Region
	}
	return maps
}
